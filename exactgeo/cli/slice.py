"""``exactgeo slice``: the loss on a line or a plane, drawn."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from exactgeo.cli import completion
from exactgeo.cli.limited import Limited
from exactgeo.cli.options import (
    DONE,
    FINISHED,
    current_run,
    emit,
    epilog,
    json_option,
    limit_option,
    output_option,
    picture,
    point_of,
    point_option,
    problem_argument,
    problem_of,
)
from exactgeo.errors import InputError

if TYPE_CHECKING:
    from exactgeo.slices import LineSlice, PlaneSlice

__all__ = ["slice_"]


@click.command(
    "slice",
    cls=Limited,
    epilog=epilog(
        "exactgeo slice swirszcz-prop1 --to swirszcz-prop1-better -o slice.svg",
        exits=FINISHED,
    ),
)
@problem_argument
@click.option(
    "--to",
    "ends",
    multiple=True,
    required=True,
    metavar="FILE-OR-NAME",
    shell_complete=completion.problems,
    help="One point for a line, two for a plane.",
)
@point_option("Draw from here")
@click.option("--level", "levels", multiple=True, metavar="LOSS", help="A contour of a plane; may be repeated.")
@click.option("--as-given", is_flag=True, help="The points as they are, with neurons of unbalanced weights.")
@output_option(
    "-o", "--output", "--plot", check=picture, required=True, metavar="OUT", help="The picture: .svg, .png or .pdf."
)
@limit_option
@json_option
def slice_(
    problem: str,
    ends: tuple[str, ...],
    point: str | None,
    levels: tuple[str, ...],
    as_given: bool,
    output: str,
    time_limit: float | None,
    as_json: bool,
) -> int:
    """Draw the loss on the line from the problem's point to another, or on the plane through three points.

    On a line the largest loss is exact, at any depth. Neurons of a single hidden layer are scaled so that |w| and |v|
    are of about the same size, which keeps the functions and their losses.
    """
    from exactgeo.exact.rational import parse_rational
    from exactgeo.pictures import save
    from exactgeo.slices import PlaneSlice, slice_line, slice_plane

    contours = [parse_rational(level, "--level") for level in levels]
    loaded = problem_of(problem)
    if len(ends) > 2:
        raise InputError("--to", f"{len(ends)} points", "one point for a line, two for a plane", "one or two --to")
    one, *others = point_of(point, loaded), *(point_of(end, loaded) for end in ends)
    found: LineSlice | PlaneSlice
    if len(others) == 1:
        if contours:
            raise InputError("--level", "a line", "a plane: contours are drawn there", "a second --to")
        found = slice_line(loaded, one, *others, balance=not as_given)
    else:
        found = slice_plane(loaded, one, *others, balance=not as_given)
    text, known = _known(found)
    current_run().tell(text, {"file": None, **known})
    save(found.plot(levels=contours) if isinstance(found, PlaneSlice) else found.plot(), output)
    emit({"file": output, **known}, lambda: f"wrote {output}: {text}", as_json=as_json)
    return DONE


def _known(found: LineSlice | PlaneSlice) -> tuple[str, dict[str, Any]]:
    """What is exact about a slice, as text and as an answer."""
    from exactgeo.exact.enclosure import plain
    from exactgeo.exact.rational import format_rational
    from exactgeo.paths.path import highest_json
    from exactgeo.slices import LineSlice

    losses = found.ends if isinstance(found, LineSlice) else found.corners
    text = "losses " + ", ".join(format_rational(q) if isinstance(q, Fraction) else str(q) for q in losses)
    known: dict[str, Any] = {"losses": [plain(q) if isinstance(q, Fraction) else None for q in losses]}
    if not found.problem.loss.rational:
        known["losses_enclosure"] = list(map(plain, losses))
    if isinstance(found, LineSlice) and found.highest is not None:
        top, s = found.highest
        known |= {**highest_json(top), "highest_at_decimal": f"{float(s):.15g}"}
        text += f"; highest {format_rational(top) if isinstance(top, Fraction) else top} at s = {float(s):.6g}"
    if found.scaled:
        text += "; neurons scaled to |w| ~ |v|"
    return text, {**known, "scaled": found.scaled}
