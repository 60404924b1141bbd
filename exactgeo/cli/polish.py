"""``exactgeo polish``: from trained floats to the certified local minimum beside them."""

from __future__ import annotations

import click

from exactgeo.cli.options import (
    DONE,
    UNDECIDED,
    certificate_option,
    emit,
    json_option,
    point_of,
    problem_argument,
    problem_of,
    write,
)

__all__ = ["polish"]


@click.command()
@problem_argument
@click.option("--point", "point", metavar="FILE-OR-NAME", help="Start at this point instead.")
@certificate_option("the certificate of the local minimum")
@click.option(
    "--time-limit", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds; then what is known."
)
@json_option
def polish(problem: str, point: str | None, certificate: str | None, time_limit: float, as_json: bool) -> int:
    """The exact local minimum beside a trained network, and how far it is.

    Exit 0 where one is certified, 3 where the walk did not end.
    """
    from exactgeo.api import polish as walk
    from exactgeo.report.polished import polished_text

    loaded = problem_of(problem)
    found = walk(loaded, point_of(point, loaded), time_limit=time_limit)
    path = None
    if certificate is not None and found.verdict is not None and found.verdict.certificate is not None:
        path = write(certificate, found.verdict.certificate.write)
    emit(found.to_json(path), lambda: polished_text(found, path), as_json=as_json)
    return DONE if found.verdict is not None else UNDECIDED
