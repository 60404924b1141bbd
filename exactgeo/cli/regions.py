"""``exactgeo regions``: the regions of an arrangement of hyperplanes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from exactgeo.cli.limited import Limited
from exactgeo.cli.options import (
    DONE,
    FINISHED,
    UNDECIDED,
    certificate_option,
    current_run,
    drawn,
    emit,
    epilog,
    json_option,
    limit_option,
    plot_option,
    with_plot,
)
from exactgeo.errors import InputError

if TYPE_CHECKING:
    from exactgeo.arrangement import Arrangement

__all__ = ["regions"]

MANY = 100_000
"""Regions above which an estimate is worth its time."""


@click.command(
    cls=Limited,
    epilog=epilog(
        "echo '{\"normals\": [[1, 0], [0, 1], [1, 1]]}' > planes.json",
        "exactgeo regions planes.json",
        "exactgeo regions planes.json --signs --json",
        "exactgeo regions planes.json --certificate regions.json",
        "exactgeo check regions.json",
        exits=FINISHED,
    ),
)
@click.argument("arrangement", metavar="FILE")
@click.option("--count-only", is_flag=True, help="Count the regions without listing any.")
@click.option("--inside", metavar="FILE", help="Only regions that meet the interior of its [polytope] A x <= b.")
@click.option("--signs", is_flag=True, help="List the regions' sign vectors, in lexicographic order.")
@click.option("--bounded", is_flag=True, help="List those of the relatively bounded regions only.")
@plot_option("the hyperplanes with their sides, rank 3 at most")
@certificate_option("the complete list, with a point in each,")
@limit_option
@json_option
def regions(
    arrangement: str,
    count_only: bool,
    inside: str | None,
    signs: bool,
    bounded: bool,
    plot: str | None,
    certificate: str | None,
    time_limit: float | None,
    as_json: bool,
) -> int:
    """Count and list the regions of an arrangement of hyperplanes."""
    from exactgeo.arrangement import Arrangement
    from exactgeo.formats import read_arrangement, read_polytope

    listing = {
        "--signs": signs,
        "--bounded": bounded,
        "--certificate": certificate is not None,
        "--plot": plot is not None,
    }
    _refuse_together("--count-only", count_only, listing)
    _refuse_together("--inside", inside is not None, {name: listing[name] for name in listing if name != "--signs"})
    if inside == "-" == arrangement:
        raise InputError("--inside", "standard input for both files", "a file for one of them", "a path")
    given = Arrangement(*read_arrangement(arrangement))
    current_run().about(arrangement)
    if plot is not None:
        from exactgeo.arrangement.plot import refuse

        refuse(given)
    polytope = None if inside is None else read_polytope(inside, given.dimension)
    watch = _Watch(given, time_limit, polytope is not None)
    try:
        if polytope is not None:
            answer = _inside(given, polytope, watch, signs=signs)
        elif count_only:
            watch.counting()
            answer = _counts(given)
        else:
            listed = given.regions(watch=watch)
            answer = _counts(given) | {"fallbacks": listed.fallbacks}
            if signs or bounded:
                answer["signs"] = [list(row) for row in (given.bounded_regions() if bounded else listed)]
    except _Late:
        emit(watch.known, lambda: watch.text, as_json=as_json)
        click.echo(f"exactgeo: {arrangement}: not all within {time_limit:g} s; raise --time-limit", err=True)
        return UNDECIDED
    if certificate is not None:
        answer["certificate"] = str(given.certificate().write(certificate))
    answer |= drawn(plot, given.plot)
    emit(answer, lambda: with_plot(_text(answer), answer), as_json=as_json)
    return DONE


def _refuse_together(option: str, chosen: bool, others: dict[str, Any]) -> None:
    for other, given in others.items():
        if chosen and given:
            raise InputError(option, f"{option} with {other}", "one of them", f"{option} alone, or {other} alone")


class _Late(Exception):
    """The time is over; what was found is known."""


class _Watch:
    """Told how many regions there are at least; tells it on, and ends the work when its time is over."""

    def __init__(self, arrangement: Arrangement, seconds: float | None, inside: bool) -> None:
        self._arrangement, self._inside = arrangement, inside
        self._end = None if seconds is None else time.monotonic() + seconds
        self._run = current_run()
        self._tell(0)

    def __call__(self, found: int) -> None:
        self._tell(found)
        if self._end is not None and time.monotonic() > self._end:
            raise _Late

    def counting(self) -> None:
        """Nothing is listed: an estimate in its place."""
        self._tell(None)
        if self._end is not None and time.monotonic() > self._end:
            raise _Late

    def _tell(self, found: int | None) -> None:
        least, most = self._arrangement.count_bounds
        least = max(1, found or 0) if self._inside else max(least, found or 0)
        self.known: dict[str, Any] = {"complete": False, "rank": self._arrangement.rank}
        lines = []
        if found is not None:
            self.known["found"] = found
            lines.append(f"regions found so far        {found}")
        self.known |= {"at_least": least, "at_most": most}
        lines.append(f"regions                     at least {least}, at most {most}")
        if not self._inside and most > MANY:
            about = self.known["estimate"] = min(max(self._arrangement.count_estimate, least), most)
            lines.append(f"regions, an estimate        {about}")
        self.text = "\n".join(lines)
        self._run.tell(self.text, self.known, seldom=bool(found))


def _counts(given: Arrangement) -> dict[str, Any]:
    return {
        "count": given.count(),
        "rank": given.rank,
        "characteristic_polynomial": list(given.characteristic_polynomial),
        "bounded": given.bounded,
    }


def _inside(given: Arrangement, polytope: tuple[Any, Any], watch: _Watch, *, signs: bool) -> dict[str, Any]:
    found = given.regions(inside=polytope, watch=watch)
    answer: dict[str, Any] = {"count": found.count, "rank": given.rank, "inside": True}
    if signs:
        answer["signs"] = [list(row) for row in found]
    return answer


def _text(answer: dict[str, Any]) -> str:
    if "inside" in answer:
        lines = [f"regions in the polytope     {answer['count']}", f"rank of the normals         {answer['rank']}"]
    else:
        lines = [
            f"regions                     {answer['count']}",
            f"relatively bounded          {answer['bounded']}",
            f"rank of the normals         {answer['rank']}",
            f"characteristic polynomial   {' '.join(map(str, answer['characteristic_polynomial']))}",
        ]
    signs = {1: "+", -1: "-", 0: "0"}
    return "\n".join([*lines, *("".join(signs[sign] for sign in row) for row in answer.get("signs", ()))])
