"""``exactgeo slice``: the loss on a line or a plane, drawn."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

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
@output_option("-o", "--output", check=picture, required=True, metavar="OUT", help="The picture: .svg, .png or .pdf.")
@limit_option
@json_option
def slice_(
    problem: str, ends: tuple[str, ...], point: str | None, output: str, time_limit: float | None, as_json: bool
) -> int:
    """Draw the loss on the line from the problem's point to another, or on the plane through three points."""
    from exactgeo.exact.enclosure import plain
    from exactgeo.exact.rational import format_rational
    from exactgeo.landscape.plot import write as draw
    from exactgeo.problem import scope
    from exactgeo.report.figures import loss_value, slice_line, slice_plane

    loaded = problem_of(problem)
    if len(ends) > 2:
        raise InputError("--to", f"{len(ends)} points", "one point for a line, two for a plane", "one or two --to")
    one, *others = point_of(point, loaded), *(point_of(end, loaded) for end in ends)
    outside = scope.slices(loaded)
    if outside is not None:
        raise outside
    losses = [loss_value(loaded, end) for end in (one, *others)]
    text = ", ".join(format_rational(q) if isinstance(q, Fraction) else str(q) for q in losses)
    known: dict[str, Any] = {"losses": [plain(q) if isinstance(q, Fraction) else None for q in losses]}
    if not loaded.loss.rational:
        known["losses_enclosure"] = list(map(plain, losses))
    current_run().tell(f"losses {text}", {"file": None, **known})
    figure = slice_line(loaded, one, *others) if len(others) == 1 else slice_plane(loaded, one, *others)
    draw(figure, output)
    emit({"file": output, **known}, lambda: f"wrote {output}: losses {text}", as_json=as_json)
    return DONE
