"""``exactgeo minimum``: the global minimum with its proof, by branch and bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from exactgeo.cli.limited import Limited
from exactgeo.cli.options import (
    DONE,
    UNDECIDED,
    certificate_option,
    current_run,
    drawn,
    emit,
    epilog,
    json_option,
    limit_option,
    plot_option,
    problem_argument,
    problem_of,
    with_plot,
    workers_option,
)

if TYPE_CHECKING:
    from exactgeo.basin.branch import GlobalMinimum

__all__ = ["minimum"]


@click.command(
    cls=Limited,
    epilog=epilog(
        "exactgeo minimum swirszcz-prop1",
        "exactgeo minimum swirszcz-prop1 --certificate minimum.json",
        "exactgeo check minimum.json",
        exits="0 found and proved, 3 ended by --time-limit with bounds",
    ),
)
@problem_argument
@certificate_option("the certificate of the minimum, or of the bound where the limit ended the search,")
@plot_option("the fit of the best point")
@workers_option
@limit_option
@json_option
def minimum(
    problem: str,
    certificate: str | None,
    plot: str | None,
    workers: int | None,
    time_limit: float | None,
    as_json: bool,
) -> int:
    """The global minimum with its proof, by branch and bound: also where a census of all basins is too large.

    Exit 0 where it is found, 3 where the limit ended the search: then the least loss found and a proved lower bound.
    """
    from exactgeo.api import minimum as search
    from exactgeo.deadline import Deadline
    from exactgeo.errors import OutOfTime
    from exactgeo.executors import Workers, processors
    from exactgeo.report.minimum import minimum_text
    from exactgeo.report.progress import progress_bar

    loaded, run = problem_of(problem), current_run()
    deadline = None if time_limit is None else Deadline.after(time_limit)
    # The certificate is written within the limit as well.
    part = SEARCH if certificate is not None else 1.0
    with progress_bar("minimum", quiet=as_json) as bar, Workers(workers or processors()) as pool:

        def told(known: GlobalMinimum) -> None:
            run.tell(minimum_text(known), known.to_json())
            if bar is not None:
                bar.between(known.lower_bound, known.incumbent, known.nodes)

        limit = None if time_limit is None else part * time_limit
        found = search(loaded, pool, time_limit=limit, progress=told)
    answer = found.to_json()
    run.tell(minimum_text(found), answer)
    if certificate is not None:
        try:
            proof = found.prove(check=lambda: None) if deadline is None else found.prove(check=deadline.check)
        except OutOfTime:
            proof = None
        answer["certificate"] = None if proof is None else str(proof.write(certificate))
    answer |= drawn(plot, found.plot)

    def text() -> str:
        return with_plot(minimum_text(found, answer["certificate"], asked=certificate is not None), answer)

    emit(answer, text, as_json=as_json)
    return DONE if found.complete else UNDECIDED


SEARCH = 0.8
"""Of the limit, for the search, where a certificate is asked for."""
