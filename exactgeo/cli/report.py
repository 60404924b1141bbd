"""``exactgeo report``: everything that is known of a problem and its point, as one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from exactgeo.cli.limited import Limited
from exactgeo.cli.options import (
    DONE,
    NOT_SO,
    SECONDS,
    UNDECIDED,
    current_run,
    emit,
    epilog,
    json_option,
    output_option,
    point_of,
    point_option,
    problem_argument,
    problem_of,
)
from exactgeo.files import writable

if TYPE_CHECKING:
    from exactgeo.report.page import Report

__all__ = ["report"]


def _html(path: str, option: str) -> None:
    writable(path, (".html", ".htm"), option)


@click.command(
    cls=Limited,
    epilog=epilog(
        "exactgeo report kink-global -o kink.html",
        "exactgeo examples kink-global | exactgeo report - -o kink.html --time-limit 600 --json",
        exits="0 a local minimum, or no point at all, 1 no local minimum, 3 undecided",
    ),
)
@problem_argument
@output_option("-o", "--output", check=_html, required=True, metavar="OUT.html", help="The page.")
@point_option("Report on this point")
@click.option("--time-limit", type=SECONDS, default=60.0, show_default=True, help="Seconds; then what is known.")
@json_option
def report(problem: str, output: str, point: str | None, time_limit: float, as_json: bool) -> int:
    """One offline page: verdict, problem, pictures, all minima, landscape, path down, certificates, references.

    The file is written again after each section: a run that is ended leaves the page so far. Exit 0 for a local
    minimum, or a problem without a point; 1 for a point that is none; 3 where that is undecided.
    """
    from exactgeo.kinds import Kind
    from exactgeo.report.page import State
    from exactgeo.report.page import report as build
    from exactgeo.report.progress import progress_bar

    loaded = problem_of(problem)
    chosen = loaded.point if point is None else point_of(point, loaded)
    run = current_run()

    def keep(so_far: Report) -> None:
        so_far.write(output)
        run.tell(_text(so_far, output), {**so_far.to_json(), "file": output})
        if run.interrupted:
            # A search that Ctrl-C ended has said what it knew.
            raise KeyboardInterrupt

    with progress_bar("report", quiet=as_json) as bar:

        def told(so_far: Report) -> None:
            keep(so_far)
            if bar is not None:
                bar(sum(one.state is not State.NOT_REACHED for one in so_far.sections), len(so_far.sections))

        found = build(loaded, chosen, time_limit=time_limit, known=told)
    emit({**found.to_json(), "file": output}, lambda: _text(found, output), as_json=as_json)
    if found.verdict is None or found.verdict.kind is Kind.LOCAL_MINIMUM:
        return DONE
    return NOT_SO if found.verdict.kind is Kind.NOT_LOCAL_MINIMUM else UNDECIDED


def _text(found: Report, output: str) -> str:
    """The verdict's sentence, and what the page does not have."""
    from exactgeo.report.tables import labelled, title_of
    from exactgeo.report.wording import verdict_sentence

    lines = [title_of(found.problem, "the problem"), ""]
    if found.verdict is not None:
        lines.append(f"  {verdict_sentence(found.verdict)}")
    lines += [labelled(one.key, one.reason) for one in found.sections if one.reason]
    return "\n".join([*lines, labelled("page", output)])
