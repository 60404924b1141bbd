"""``exactgeo certify``: is the problem's point a local minimum?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from exactgeo.cli.limited import Limited
from exactgeo.cli.options import (
    DONE,
    NOT_SO,
    SECONDS,
    UNDECIDED,
    certificate_option,
    current_run,
    drawn,
    emit,
    json_option,
    plot_option,
    point_of,
    problem_argument,
    problem_of,
    with_plot,
)
from exactgeo.errors import InputError

if TYPE_CHECKING:
    from exactgeo.standing import Verdict

__all__ = ["certify"]


@click.command(cls=Limited)
@problem_argument
@click.option(
    "--point", "points", multiple=True, metavar="FILE-OR-NAME", help="Decide this point instead; may be repeated."
)
@certificate_option("the certificate (one point only)")
@plot_option("the fit with its kinks, or the loss along the way down (one point only)")
@click.option("--expect", metavar="KIND", help="Exit 0 exactly when the verdict is KIND.")
@click.option("--time-limit", type=SECONDS, default=5.0, show_default=True, help="Seconds; then what is known.")
@click.option("--no-strictness", is_flag=True, help="Leave strictness and the flat dimension out.")
@json_option
def certify(
    problem: str,
    points: tuple[str, ...],
    certificate: str | None,
    plot: str | None,
    expect: str | None,
    time_limit: float,
    no_strictness: bool,
    as_json: bool,
) -> int:
    """Decide exactly whether the problem's point is a local minimum."""
    from exactgeo.api import certify as decide
    from exactgeo.kinds import Kind

    if expect is not None and expect not in list(Kind):
        raise InputError("--expect", f'"{expect}"', "a verdict", " or ".join(Kind))
    if certificate is not None and len(points) > 1:
        raise InputError("--certificate", f"{len(points)} points", "one point", "one --point")
    if plot is not None and len(points) > 1:
        raise InputError("--plot", f"{len(points)} points", "one point", "one --point")
    loaded = problem_of(problem)
    verdicts: list[Verdict] = []

    def kept(verdict: Verdict) -> str | None:
        if certificate is None or verdict.certificate is None:
            return None
        return str(verdict.certificate.write(certificate))

    def tell(verdict: Verdict) -> None:
        # A run that is ended leaves the answer so far, and its certificate.
        found, path = [*verdicts, verdict], kept(verdict)
        current_run().tell(_text(points, found, path), _answer(points, found, path))

    for source in points or (None,):
        point = point_of(source, loaded)
        verdicts.append(decide(loaded, point, time_limit=time_limit, strictness=not no_strictness, known=tell))
    path = kept(verdicts[-1])
    answer = _answer(points, verdicts, path) | drawn(plot, verdicts[-1].plot)
    emit(answer, lambda: with_plot(_text(points, verdicts, path), answer), as_json=as_json)
    kinds = [verdict.kind for verdict in verdicts]
    if expect is not None:
        return DONE if all(kind == expect for kind in kinds) else NOT_SO
    if Kind.NOT_LOCAL_MINIMUM in kinds:
        return NOT_SO
    return UNDECIDED if Kind.UNDECIDED in kinds else DONE


def _answer(points: Sequence[str], found: Sequence[Verdict], path: str | None) -> dict[str, Any]:
    """One object for one point; for several one that lists those that are decided."""
    answers = [verdict.to_json(path) for verdict in found]
    if len(points) < 2:
        return answers[0]
    return {"points": [{"file": source, **answer} for source, answer in zip(points, answers, strict=False)]}


def _text(points: Sequence[str], found: Sequence[Verdict], path: str | None) -> str:
    from exactgeo.report.text import verdict_text

    labels = [f"{source}: " for source in points] if len(points) > 1 else [""]
    return "\n\n".join(a + verdict_text(v, path) for a, v in zip(labels, found, strict=False))
