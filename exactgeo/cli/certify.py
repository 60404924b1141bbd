"""``exactgeo certify``: is the problem's point a local minimum?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import click

from exactgeo import files
from exactgeo.cli import completion
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
    epilog,
    json_option,
    json_text,
    output_option,
    plot_option,
    point_of,
    problem_argument,
    problem_of,
    with_plot,
)
from exactgeo.errors import InputError

if TYPE_CHECKING:
    from exactgeo.problem import Problem
    from exactgeo.standing import Verdict

__all__ = ["certify"]

AT_LEAST = 0.5
"""Seconds for local verdicts, whatever the limit is."""


def _kinds() -> list[str]:
    from exactgeo.kinds import Kind

    return list(Kind)


@click.command(
    cls=Limited,
    epilog=epilog(
        "exactgeo certify swirszcz-prop1",
        "exactgeo certify swirszcz-prop1 --certificate prop1.json --latex prop1.tex",
        "exactgeo check prop1.json",
        "exactgeo certify swirszcz-prop2-local  # exit 1",
        "exactgeo certify swirszcz-prop2-local --expect not_local_minimum",
        "exactgeo certify swirszcz-prop1 --point swirszcz-prop1-better --json",
        "exactgeo examples swirszcz-prop1 | exactgeo certify -",
        exits="0 a local minimum, or --expect met, 1 not so, 3 undecided",
    ),
)
@problem_argument
@click.option(
    "--point",
    "points",
    multiple=True,
    metavar="FILE-OR-NAME",
    shell_complete=completion.problems,
    help="Decide this point instead; may be repeated.",
)
@click.option("--points", "many", metavar="FILE.json", help="Decide a list of points; one line each, as they come.")
@certificate_option("the certificate (one point only)")
@output_option("--latex", metavar="OUT.tex", help="Write the verdict for a paper, as a proposition (one point only).")
@plot_option("the fit with its kinks, or the loss along the way down (one point only)")
@click.option(
    "--expect", metavar="KIND", shell_complete=completion.words(_kinds), help="Exit 0 exactly when the verdict is KIND."
)
@click.option("--time-limit", type=SECONDS, default=5.0, show_default=True, help="Seconds; then what is known.")
@click.option("--no-strictness", is_flag=True, help="Leave strictness and the flat dimension out.")
@json_option
def certify(
    problem: str,
    points: tuple[str, ...],
    many: str | None,
    certificate: str | None,
    latex: str | None,
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
    for option, given in (("--certificate", certificate), ("--latex", latex), ("--plot", plot)):
        if given is not None and len(points) > 1:
            raise InputError(option, f"{len(points)} points", "one point", "one --point")
    if many is not None:
        beside = {"--point": points, "--certificate": certificate, "--latex": latex, "--plot": plot}
        other = next((name for name, value in beside.items() if value), None)
        if other is not None:
            raise InputError("--points", f"{other} beside it", "one of them", f"the command without {other}")
    if many == problem == "-":
        raise InputError("--points", "- for the problem too", "standard input once", "a file for one of them")
    loaded = problem_of(problem)
    if many is not None:
        return _stream(loaded, many, expect, time_limit, strictness=not no_strictness, as_json=as_json)
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
    if latex is not None:
        with files.replacing_text(latex, "ascii") as stream:
            stream.write(verdicts[-1].to_latex(path))
    answer = _answer(points, verdicts, path) | drawn(plot, verdicts[-1].plot)
    emit(answer, lambda: with_plot(_text(points, verdicts, path), answer), as_json=as_json)
    return _code({verdict.kind for verdict in verdicts}, expect)


def _code(kinds: Collection[str], expect: str | None) -> int:
    """The exit code of several verdicts: that of the worst."""
    from exactgeo.kinds import Kind

    if expect is not None:
        return DONE if all(kind == expect for kind in kinds) else NOT_SO
    if Kind.NOT_LOCAL_MINIMUM in kinds:
        return NOT_SO
    return UNDECIDED if Kind.UNDECIDED in kinds else DONE


def _stream(
    problem: Problem, source: str, expect: str | None, seconds: float, *, strictness: bool, as_json: bool
) -> int:
    """One line a point; the limit is one for all, and what is printed when it ends is what is known."""
    from exactgeo.deadline import Deadline
    from exactgeo.formats import read_points
    from exactgeo.report.text import verdict_line
    from exactgeo.standing.many_points import certify_many

    points, run = read_points(source, problem), current_run()
    deadline = Deadline.after(max(seconds, AT_LEAST))
    kinds: Counter[str] = Counter()
    run.lines = as_json
    for index, verdict in enumerate(certify_many(problem, points, time_limit=seconds, strictness=strictness)):
        answer = {"index": index, **verdict.to_json()} if as_json else {}
        run.line(json_text(answer, line=True) if as_json else f"{index}: {verdict_line(verdict)}")
        kinds[verdict.kind] += 1
        done = f"{index + 1} of {len(points)} points"
        run.tell(done, {"points": index + 1, "of": len(points)}, seldom=True)
        if index + 1 < len(points) and not deadline.left:
            run.tell(done, {"points": index + 1, "of": len(points)})
            return run.ended(f"{done} within {seconds:g} s; raise --time-limit", as_json=as_json, code=UNDECIDED)
    if not as_json:
        run.line(", ".join([f"{len(points)} points", *(f"{kinds[kind]} {kind}" for kind in sorted(kinds))]))
    return _code(kinds, expect)


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
