"""``exactgeo regions``: the regions of an arrangement of hyperplanes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from exactgeo.cli.options import DONE, UNDECIDED, certificate_option, emit, json_option

if TYPE_CHECKING:
    from exactgeo.arrangement import Arrangement

__all__ = ["regions"]


@click.command()
@click.argument("arrangement", metavar="FILE")
@click.option("--signs", is_flag=True, help="List the regions' sign vectors, in lexicographic order.")
@click.option("--bounded", is_flag=True, help="List those of the relatively bounded regions only.")
@certificate_option("the complete list, with a point in each,")
@click.option("--time-limit", type=click.FloatRange(min=0), help="Seconds; then how many are found, and exit 3.")
@json_option
def regions(
    arrangement: str, signs: bool, bounded: bool, certificate: str | None, time_limit: float | None, as_json: bool
) -> int:
    """Count and list the regions of an arrangement of hyperplanes."""
    from exactgeo.arrangement import Arrangement
    from exactgeo.formats import read_arrangement

    normals, offsets = read_arrangement(arrangement)
    given = Arrangement(normals, offsets)
    ended = None if time_limit is None else _listed_within(given, time_limit)
    if ended is not None:
        part = {"found": ended, "complete": False, "rank": given.rank}
        emit(part, lambda: f"regions found so far        {ended}", as_json=as_json)
        click.echo(f"exactgeo: {arrangement}: not all within {time_limit:g} s; raise --time-limit", err=True)
        return UNDECIDED
    listed = given.regions()
    answer: dict[str, Any] = {
        "count": listed.count,
        "rank": given.rank,
        "characteristic_polynomial": list(given.characteristic_polynomial),
        "bounded": given.bounded,
        "fallbacks": listed.fallbacks,
    }
    if signs or bounded:
        answer["signs"] = [list(row) for row in (given.bounded_regions() if bounded else listed)]
    if certificate is not None:
        answer["certificate"] = str(given.certificate().write(certificate))
    emit(answer, lambda: _text(answer), as_json=as_json)
    return DONE


def _listed_within(arrangement: Arrangement, seconds: float) -> int | None:
    """How many regions were listed when the time was over; None where all of them were."""
    end, known = time.monotonic() + seconds, 0
    for block in arrangement.blocks(packed=True):
        known += len(block)
        if time.monotonic() > end:
            return known
    return None


def _text(answer: dict[str, Any]) -> str:
    lines = [
        f"regions                     {answer['count']}",
        f"relatively bounded          {answer['bounded']}",
        f"rank of the normals         {answer['rank']}",
        f"characteristic polynomial   {' '.join(map(str, answer['characteristic_polynomial']))}",
    ]
    signs = {1: "+", -1: "-", 0: "0"}
    return "\n".join([*lines, *("".join(signs[sign] for sign in row) for row in answer.get("signs", ()))])
