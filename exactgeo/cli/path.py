"""``exactgeo path``: a certified path between two points, or down from one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from exactgeo.cli import completion
from exactgeo.cli.limited import Limited
from exactgeo.cli.options import (
    DONE,
    UNDECIDED,
    certificate_option,
    current_run,
    drawn,
    emit,
    epilog,
    foresee,
    json_option,
    limit_option,
    plot_option,
    point_of,
    problem_argument,
    problem_of,
)

if TYPE_CHECKING:
    from exactgeo.path_search import FoundPath

__all__ = ["path"]


@click.command(
    cls=Limited,
    epilog=epilog(
        "exactgeo path swirszcz-prop1 --to swirszcz-prop1-better",
        "exactgeo path swirszcz-prop1 --to swirszcz-prop1-better --certificate path.json",
        "exactgeo check path.json",
        "exactgeo path swirszcz-prop1 --down",
        exits="0 as low as is possible, 3 not proved to be, or ended by --time-limit",
    ),
)
@problem_argument
@click.option(
    "--to",
    "end",
    metavar="FILE-OR-NAME",
    shell_complete=completion.problems,
    help="Where the path ends: a point's file.",
)
@click.option("--down", is_flag=True, help="Instead of --to: a path that never rises, as low as is proved possible.")
@click.option(
    "--point",
    "--from",
    "start",
    metavar="FILE-OR-NAME",
    shell_complete=completion.problems,
    help="Where it starts, instead of the problem's point.",
)
@plot_option("the loss along the path")
@certificate_option("the certificate of the path and its level")
@limit_option
@json_option
def path(
    problem: str,
    end: str | None,
    down: bool,
    start: str | None,
    plot: str | None,
    certificate: str | None,
    time_limit: float | None,
    as_json: bool,
) -> int:
    """A certified path between two points that rises no higher than every path must, or down from one point."""
    from exactgeo.api import path as build
    from exactgeo.report.paths import path_text

    if (end is None) == (not down):
        raise click.UsageError("either --to FILE-OR-NAME or --down says where the path goes")
    loaded = problem_of(problem)
    one = point_of(start, loaded)
    other = None if end is None else point_of(end, loaded)
    foresee(loaded)

    def known(so_far: FoundPath) -> None:
        answer = so_far.to_json()
        current_run().tell(path_text(loaded, so_far, answer), answer)

    found = build(loaded, one, other, time_limit=time_limit, known=known)
    answer = found.to_json()
    current_run().tell(path_text(loaded, found, answer), answer)
    answer |= drawn(plot, found.plot, at_once=False)
    if certificate is not None:
        answer["certificate"] = None if found.certificate is None else str(found.certificate.write(certificate))
    emit(answer, lambda: path_text(loaded, found, answer), as_json=as_json)
    return DONE if found.complete else UNDECIDED
