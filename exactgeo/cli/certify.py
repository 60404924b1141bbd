"""``exactgeo certify``: is the problem's point a local minimum?"""

from __future__ import annotations

from typing import Any

import click

from exactgeo.cli.limited import Limited
from exactgeo.cli.options import (
    DONE,
    NOT_SO,
    SECONDS,
    UNDECIDED,
    certificate_option,
    emit,
    json_option,
    point_of,
    problem_argument,
    problem_of,
)
from exactgeo.errors import InputError

__all__ = ["certify"]


@click.command(cls=Limited)
@problem_argument
@click.option(
    "--point", "points", multiple=True, metavar="FILE-OR-NAME", help="Decide this point instead; may be repeated."
)
@certificate_option("the certificate (one point only)")
@click.option("--expect", metavar="KIND", help="Exit 0 exactly when the verdict is KIND.")
@click.option("--time-limit", type=SECONDS, default=5.0, show_default=True, help="Seconds; then what is known.")
@json_option
def certify(
    problem: str,
    points: tuple[str, ...],
    certificate: str | None,
    expect: str | None,
    time_limit: float,
    as_json: bool,
) -> int:
    """Decide exactly whether the problem's point is a local minimum."""
    from exactgeo.api import certify as decide
    from exactgeo.kinds import Kind
    from exactgeo.report.text import verdict_text

    if expect is not None and expect not in list(Kind):
        raise InputError("--expect", f'"{expect}"', "a verdict", " or ".join(Kind))
    if certificate is not None and len(points) > 1:
        raise InputError("--certificate", f"{len(points)} points", "one point", "one --point")
    loaded = problem_of(problem)
    verdicts = [decide(loaded, point_of(source, loaded), time_limit=time_limit) for source in points or (None,)]
    path = None
    if certificate is not None and verdicts[0].certificate is not None:
        path = str(verdicts[0].certificate.write(certificate))
    answers = [verdict.to_json(path) for verdict in verdicts]
    labels = [f"{source}: " for source in points] if len(points) > 1 else [""]
    emit(
        answers[0] if len(answers) == 1 else {"points": [*map(_labelled, points, answers)]},
        lambda: "\n\n".join(a + verdict_text(v, path) for a, v in zip(labels, verdicts, strict=True)),
        as_json=as_json,
    )
    kinds = [verdict.kind for verdict in verdicts]
    if expect is not None:
        return DONE if all(kind == expect for kind in kinds) else NOT_SO
    if Kind.NOT_LOCAL_MINIMUM in kinds:
        return NOT_SO
    return UNDECIDED if Kind.UNDECIDED in kinds else DONE


def _labelled(source: str, answer: dict[str, Any]) -> dict[str, Any]:
    return {"file": source, **answer}
