"""``exactgeo path``: a certified path between two points."""

from __future__ import annotations

import click

from exactgeo.cli.limited import Limited
from exactgeo.cli.options import (
    DONE,
    UNDECIDED,
    certificate_option,
    current_run,
    emit,
    foresee,
    json_option,
    limit_option,
    output_option,
    picture,
    point_of,
    problem_argument,
    problem_of,
)

__all__ = ["path"]


@click.command(cls=Limited)
@problem_argument
@click.option("--to", "end", required=True, metavar="FILE-OR-NAME", help="Where the path ends: a point's file.")
@click.option(
    "--point", "--from", "start", metavar="FILE-OR-NAME", help="Where it starts, instead of the problem's point."
)
@output_option("--plot", check=picture, metavar="OUT", help="Draw the loss along the path: .svg, .png or .pdf.")
@certificate_option("the certificate of the path and its level")
@limit_option
@json_option
def path(
    problem: str,
    end: str,
    start: str | None,
    plot: str | None,
    certificate: str | None,
    time_limit: float | None,
    as_json: bool,
) -> int:
    """A certified path between two points that rises no higher than every path must."""
    from exactgeo.api import path as build
    from exactgeo.report.landscape import path_text

    loaded = problem_of(problem)
    one, other = point_of(start, loaded), point_of(end, loaded)
    foresee(loaded)
    found = build(loaded, one, other, time_limit=time_limit)
    answer = found.to_json()
    current_run().tell(path_text(loaded, found, answer), answer)
    if plot is not None:
        from exactgeo.landscape.plot import path_figure
        from exactgeo.landscape.plot import write as draw

        if found.path is not None:
            draw(path_figure(found.path), plot)
        answer["plot"] = None if found.path is None else plot
    if certificate is not None:
        answer["certificate"] = None if found.certificate is None else str(found.certificate.write(certificate))
    emit(answer, lambda: path_text(loaded, found, answer), as_json=as_json)
    return DONE if found.complete else UNDECIDED
