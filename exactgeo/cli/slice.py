"""``exactgeo slice``: the loss on a line or a plane, drawn."""

from __future__ import annotations

import click

from exactgeo.cli.options import DONE, emit, json_option, output_option, picture, point_of, problem_argument, problem_of
from exactgeo.errors import InputError

__all__ = ["slice_"]


@click.command("slice")
@problem_argument
@click.option(
    "--to", "ends", multiple=True, required=True, metavar="FILE-OR-NAME", help="One point for a line, two for a plane."
)
@output_option("-o", "--output", check=picture, required=True, metavar="OUT", help="The picture: .svg, .png or .pdf.")
@json_option
def slice_(problem: str, ends: tuple[str, ...], output: str, as_json: bool) -> int:
    """Draw the loss on the line from the problem's point to another, or on the plane through three points."""
    from exactgeo.exact.rational import format_rational
    from exactgeo.landscape.plot import write as draw
    from exactgeo.report.figures import slice_line, slice_plane

    loaded = problem_of(problem)
    if len(ends) > 2:
        raise InputError("--to", f"{len(ends)} points", "one point for a line, two for a plane", "one or two --to")
    one, *others = point_of(None, loaded), *(point_of(end, loaded) for end in ends)
    figure = slice_line(loaded, one, *others) if len(others) == 1 else slice_plane(loaded, one, *others)
    draw(figure, output)
    losses = [format_rational(loaded.loss_at(point)) for point in (one, *others)]
    emit({"file": output, "losses": losses}, lambda: f"wrote {output}: losses {', '.join(losses)}", as_json=as_json)
    return DONE
