"""``exactgeo polish``: from trained floats to the certified local minimum beside them."""

from __future__ import annotations

import click

from exactgeo.cli.limited import Limited
from exactgeo.cli.options import (
    DONE,
    SECONDS,
    UNDECIDED,
    certificate_option,
    current_run,
    drawn,
    emit,
    epilog,
    json_option,
    plot_option,
    point_of,
    point_option,
    problem_argument,
    problem_of,
    with_plot,
)

__all__ = ["polish"]


@click.command(
    cls=Limited,
    epilog=epilog(
        "exactgeo polish swirszcz-prop1",
        "exactgeo polish swirszcz-prop1 --method exact --certificate polished.json",
        "exactgeo check polished.json",
        exits="0 a local minimum is certified, 3 none is",
    ),
)
@problem_argument
@point_option("Start at this point")
@certificate_option("the certificate of the local minimum")
@plot_option("the fit, before and after")
@click.option(
    "--method",
    type=click.Choice(["exact", "balls"]),
    help="Rationals, or a box that holds exactly one minimum; by default rationals while numbers are short.",
)
@click.option("--time-limit", type=SECONDS, default=60.0, show_default=True, help="Seconds; then what is known.")
@json_option
def polish(
    problem: str,
    point: str | None,
    certificate: str | None,
    plot: str | None,
    method: str | None,
    time_limit: float,
    as_json: bool,
) -> int:
    """The local minimum beside a trained network, exact or enclosed in a box, and how far it is.

    Exit 0 where one is certified, 3 where none is.
    """
    from exactgeo.api import polish as walk
    from exactgeo.report.polished import polished_text

    loaded = problem_of(problem)
    run = current_run()
    found = walk(
        loaded,
        point_of(point, loaded),
        method=method,
        time_limit=time_limit,
        known=lambda part: run.tell(polished_text(part), part.to_json()),
    )
    path = None
    if certificate is not None and found.verdict is not None and found.verdict.certificate is not None:
        path = str(found.verdict.certificate.write(certificate))
    answer = found.to_json(path) | drawn(plot, found.plot)
    emit(answer, lambda: with_plot(polished_text(found, path), answer), as_json=as_json)
    return DONE if found.verdict is not None else UNDECIDED
