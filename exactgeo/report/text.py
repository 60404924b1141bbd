"""Verdicts, explanations and arrangements as plain text, one screen each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from exactgeo.exact.combination import Combination, Number
from exactgeo.exact.enclosure import exact, plain
from exactgeo.exact.rational import beside, format_rational, short
from exactgeo.kinds import Argument, Globality, Kind, Strictness
from exactgeo.local_minimum.decision import NEARBY
from exactgeo.report.floats import in_floats
from exactgeo.report.tables import (
    columns,
    labelled,
    loss_line,
    loss_name,
    point_text,
    title_of,
    value_text,
)
from exactgeo.shown import number_text, short_text, value_line, vector_text

if TYPE_CHECKING:
    from exactgeo.local_minimum import Condition, Descent, Explanation, NeuronView
    from exactgeo.problem import Point, Problem
    from exactgeo.standing import Verdict

__all__ = [
    "FULL",
    "census_text",
    "condition_text",
    "explanation_json",
    "explanation_text",
    "indices_text",
    "minima_of",
    "more_text",
    "number_json",
    "verdict_line",
    "verdict_text",
]


MINIMA = {
    "local_minimum",
    "subgradient_minimum",
    "ordered_minimum",
    "penalised_minimum",
    "ordered_penalised_minimum",
    "deep_minimum",
    "class_minimum",
}
"""Claims of a minimum in a neighbourhood."""

BRIEF, FULL = 6, 20
"""Data points shown by a verdict, and by an explanation."""


class _WithRadius(Protocol):
    kind: ClassVar[str]
    radius: Fraction | None


def minima_of(verdict: Verdict) -> list[_WithRadius]:
    """The claim of a minimum in a neighbourhood: one, or none."""
    claims: list[Any] = [] if verdict.certificate is None else [*verdict.certificate.claims]
    return [claim for claim in claims if claim.kind in MINIMA][:1]


def verdict_line(verdict: Verdict) -> str:
    """A verdict in one line, where there are many."""
    loss = verdict.exact_loss if verdict.exact_loss is not None else verdict.loss_enclosure
    parts = [str(verdict.kind), "loss not known" if loss is None else f"loss {value_line(loss)}"]
    if verdict.kind is not Kind.NOT_LOCAL_MINIMUM:
        parts += [] if verdict.strictness is None else [str(verdict.strictness)]
        parts.append(
            f"globality {verdict.globality}" if verdict.globality is Globality.UNKNOWN else str(verdict.globality)
        )
    return ", ".join(parts)


def verdict_text(verdict: Verdict, certificate_path: str | None = None) -> str:
    """The report of ``exactgeo certify``."""
    headline = {
        Kind.LOCAL_MINIMUM: "a local minimum, proved exactly",
        Kind.NOT_LOCAL_MINIMUM: "NOT a local minimum, proved exactly",
        Kind.UNDECIDED: "undecided",
    }[verdict.kind]
    if verdict.rung is Argument.BALL:
        headline = "exactly one local minimum in a box around the point, proved by enclosure"
    elif verdict.rung is Argument.CRITICAL_PREDICTIONS:
        headline = "local minima beside the point, with one vector of predictions, proved by enclosure"
    lines = [title_of(verdict.problem, "the point"), "", f"  {headline}"]
    if verdict.exact_loss is not None:
        lines.append(labelled("loss", loss_line(verdict.problem, verdict.exact_loss)))
    elif verdict.loss_enclosure is not None:
        lines.append(labelled("loss", f"in {verdict.loss_enclosure} ({loss_name(verdict.problem)})"))
    lines += _fit(verdict.problem, verdict.point)
    if verdict.rung is not None:
        lines.append(labelled("decided by", verdict.rung.message))
    if verdict.strictness is not None:
        lines.append(labelled("strictness", _strictness(verdict)))
    elif verdict.strictness_reason:
        lines.append(labelled("strictness", f"not known: {verdict.strictness_reason}"))
    for claim in minima_of(verdict):
        lines.append(labelled("neighbourhood", _neighbourhood(claim.radius, claim.kind in NEARBY)))
    if verdict.descent is not None:
        descent = verdict.descent
        lines += [
            labelled("descent", f"lower at every 0 < s <= {number_text(descent.step)} along"),
            *(labelled("", text) for text in _way(descent)),
            labelled("loss there", f"{value_line(descent.loss_after)} at s = {number_text(descent.step)}"),
            *(labelled("" if k else "in floats", text) for k, text in enumerate(in_floats(verdict))),
        ]
    if verdict.kind is not Kind.UNDECIDED:
        lines += _standing(verdict)
    if verdict.bad_valley is not None and verdict.globality is not Globality.GLOBAL:
        reach = "no: a path that never rises reaches the global minimum"
        if verdict.bad_valley and verdict.component_infimum is not None and verdict.escapes_at is not None:
            floor, level = value_line(exact(verdict.component_infimum)), value_line(verdict.escapes_at)
            reach = f"yes: it goes down to {floor} and escapes at {level}"
        lines.append(labelled("bad valley", reach))
    if verdict.reason is not None:
        lines.append(labelled("because", f"{verdict.detail or verdict.reason.message}"))
    lines += [labelled("remark", text) for text in verdict.remarks]
    if certificate_path is not None:
        lines.append(labelled("certificate", certificate_path))
    return "\n".join(lines)


def _way(descent: Descent) -> list[str]:
    if descent.direction is not None:
        return [point_text(descent.direction)]
    return [f"s^{power}: {point_text(direction)}" for power, direction in enumerate(descent.curve, 1)]


def _fit(problem: Problem, point: Point) -> list[str]:
    """The first predictions beside their targets, to see that the weights are meant as they were read."""
    try:
        predictions = problem.predictions(point)
    except ValueError:
        # The value of an activation is not rational.
        return []
    rows = [["t", "target", "prediction"]]
    first = zip(problem.y[:BRIEF], predictions[:BRIEF], strict=True)
    rows += [[str(t), _entry(y), _entry(p)] for t, (y, p) in enumerate(first)]
    lines = [labelled("" if k else "fit", line) for k, line in enumerate(columns(rows))]
    if problem.m > BRIEF:
        lines.append(labelled("", more_text(problem.m - BRIEF, "exactgeo explain --json for all")))
    return lines


def _entry(row: Sequence[Fraction]) -> str:
    numbers = [short_text(q) for q in row]
    return numbers[0] if len(numbers) == 1 else f"({', '.join(numbers)})"


def more_text(number: int, where: str) -> str:
    return f"... and {number} more ({where})"


def _neighbourhood(radius: Fraction | None, nearby: bool) -> str:
    if radius is None:
        return "no lower loss near enough to the point" if nearby else "everywhere"
    return f"no lower loss while each parameter moves by at most {format_rational(radius)}"


def _strictness(verdict: Verdict) -> str:
    dimension = verdict.flat_dimension
    if verdict.strictness is Strictness.STRICT:
        return "strict: every other point nearby has a larger loss"
    if verdict.strictness is Strictness.STRICT_MODULO_SYMMETRY:
        return f"strict up to rescaling (w, v) -> (s w, v / s); equal loss on a set of dimension {dimension}"
    return f"flat: equal loss on a set of dimension {dimension}"


def _standing(verdict: Verdict) -> list[str]:
    if verdict.globality is Globality.UNKNOWN:
        return [labelled("globality", "unknown")]
    if verdict.globality is Globality.GLOBAL:
        return [labelled("globality", "global: no parameters have a lower loss")]
    better = verdict.better
    if better is None or verdict.kind is not Kind.LOCAL_MINIMUM:
        return []
    what = "the global minimum is" if better.complete else "a lower loss is"
    lower = value_line(better.loss) if isinstance(better.loss, Fraction) else f"in {better.loss}"
    return [
        labelled("globality", f"spurious: {what} {lower}, at"),
        labelled("", point_text(better.point)),
    ]


def census_text(problem: Problem, answer: dict[str, Any]) -> str:
    """The report of ``exactgeo basins``, from its JSON answer."""
    lines = [title_of(problem, "the problem"), ""]
    lines.append(labelled("loss", loss_name(problem)))
    lines += sizes(answer)
    attained = "" if answer["minimum_attained"] else " (an infimum, not attained or not known to be)"
    what = "global minimum" if answer["complete"] else "lowest so far"
    lowest = answer["minimum"]
    lines.append(labelled(what, "unknown" if lowest is None else f"{value_text(lowest)}{attained}"))
    if answer.get("infinite_width_minimum") is not None:
        lines.append(labelled("at any width", f"no lower than {value_text(answer['infinite_width_minimum'])}"))
    minima = answer.get("local_minimum_values")
    if minima is not None:
        lines.append(labelled("local minima", f"at {len(minima)} losses: {_listed(minima)}"))
    for entry in answer.get("local_minima") or ():
        kinds = [f"{part['strictness']}, dimension {part['flat_dimension']}" for part in entry["sets"]]
        plural = "s" if entry["count"] != 1 else ""
        lines.append(
            labelled("", f"{value_text(entry['value'])}: {entry['count']} connected set{plural} ({'; '.join(kinds)})")
        )
    if answer.get("reason"):
        lines.append(labelled("because", answer["reason"]))
    if "certificate" in answer:
        lines.append(labelled("certificate", answer["certificate"] or "none was written"))
    rows = [["value", "orbits"], *([value_text(item["value"]), str(item["orbits"])] for item in answer["values"][:20])]
    if answer["values"]:
        lines += ["", *columns(rows, indent="  ")]
    if len(answer["values"]) > 20:
        lines.append(f"  ... and {len(answer['values']) - 20} more values (--json or --out for all)")
    return "\n".join(lines)


def sizes(answer: dict[str, Any]) -> list[str]:
    """The numbers of basins and regions, or the bounds and the estimate in their place."""
    if answer.get("count") is not None:
        lines = [labelled("basins", f"{answer['count']}, {answer['orbits']} modulo permutation of neurons")]
        return [*lines, labelled("regions", f"{answer['regions_per_neuron']} for each neuron")]
    basins, regions = answer["orbits_estimate"], answer["regions_estimate"]
    least, most = answer["regions_at_least"], answer["regions_at_most"]
    return [
        labelled("basins", f"not listed: about {short(basins)} modulo permutation of neurons"),
        labelled("regions", f"about {short(regions)} for each neuron, at least {short(least)}, at most {short(most)}"),
        labelled("try", answer["try_instead"]),
    ]


def _listed(values: Sequence[str]) -> str:
    return ", ".join(map(value_text, values[:12])) + (", ..." if len(values) > 12 else "")


def explanation_text(explanation: Explanation, verdict: Verdict) -> str:
    """The report of ``exactgeo explain``: every number the criterion uses."""
    local = explanation.local
    problem = local.problem
    lines = [
        title_of(verdict.problem, "the point"),
        "",
        f"loss {loss_line(verdict.problem, explanation.loss)}",
        "",
    ]
    heading, last = _derivatives(explanation)
    rows = [["t", "x_t", "y_t", "p_t", heading]]
    for t, (x, y, p, r) in list(enumerate(zip(problem.x, problem.y, local.predictions, last, strict=True)))[:FULL]:
        rows.append([str(t), vector_text(x), number_text(y[0]), number_text(p), r])
    lines += columns(rows, indent="  ")
    if problem.m > FULL:
        lines.append(f"  {more_text(problem.m - FULL, '--json for all')}")
    if explanation.conditions:
        lines += ["", *(condition_text(c) for c in explanation.conditions)]
    for view in explanation.neurons:
        neuron = view.neuron
        frozen = "" if problem.train.output else " (frozen)"
        lines += [
            "",
            f"neuron {neuron.index}: w = {vector_text(neuron.w)}, v = {number_text(neuron.v)}{frozen}",
            labelled("w.x > 0 at t =", indices_text(view.active)),
            labelled("w.x < 0 at t =", indices_text(view.inactive)),
            labelled("w.x = 0 at t =", indices_text(view.on_kink)),
        ]
        if explanation.coordinates:
            lines.append(labelled("phi(u) =", _phi(explanation, view)))
        if neuron.v == 0 and not problem.train.output:
            lines.append("  no condition: the neuron is frozen off")
        lines += [condition_text(c) for c in view.conditions]
    lines += ["", f"{verdict.kind}: {verdict.message}"]
    return "\n".join(lines)


def _derivatives(explanation: Explanation) -> tuple[str, list[str]]:
    """The residuals, or the derivatives of the loss where they are no residuals: heading and one a data point."""
    local = explanation.local
    if not local.problem.loss.differentiable:
        pairs = [(number_text(left), number_text(right)) for left, right in explanation.slopes]
        return "l'(p_t), from both sides", [left if left == right else f"[{left}, {right}]" for left, right in pairs]
    heading = "r_t = l'(p_t)"
    if not local.problem.loss.ordered:
        heading = "r_t = l'(p_t) / 2a" if local.bends else "r_t = p_t - y_t"
    return heading, [number_text(r) for r in explanation.residuals]


def indices_text(points: Sequence[int]) -> str:
    """Data points, the first of many."""
    more = f", ... ({len(points)} in all)" if len(points) > FULL else ""
    return ", ".join(map(str, points[:FULL])) + more or "none"


def condition_text(condition: Condition) -> str:
    """A condition with its value, and whether it holds."""
    mark = "holds" if condition.holds else "FAILS"
    return f"  {condition.quantity} = {number_text(condition.value)}, must be {condition.required}: {mark}"


def _linear(coefficients: Sequence[Number | int], names: Sequence[str]) -> str:
    terms = []
    for value, name in zip(coefficients, names, strict=True):
        if value:
            size = "" if abs(value) == 1 else f"{_factor(value if value > 0 else -value)} "
            terms.append(("- " if value < 0 else "+ ") + size + name)
    text = " ".join(terms) or "0"
    return text[2:] if text.startswith("+ ") else "-" + text[2:] if text.startswith("- ") else text


def _factor(number: Number | int) -> str:
    """A number as a factor: a sum in parentheses."""
    return f"({number})" if isinstance(number, Combination) else number_text(number)


def _phi(explanation: Explanation, view: NeuronView) -> str:
    names = [f"u_{name}" for name in explanation.coordinates]
    text = _linear(view.linear, names)
    for kink, right, left in view.bends:
        if right or left:
            form = _linear(kink.form, names)
            text += f" + ({_factor(right)} q if q >= 0, {_factor(left)} q if q <= 0, for q = {form})"
    return text


def number_json(number: Number | int) -> Any:
    """``"p/q"``, or ``{"form", "lo", "hi"}`` of a number that is not rational."""
    if isinstance(number, Combination):
        return {"form": str(number), **plain(number.bounds())}
    return format_rational(number)


def loss_json(loss: Number) -> dict[str, Any]:
    """The loss under its keys: null, with its enclosure and its closed form beside it, where it is not rational."""
    if isinstance(loss, Combination):
        return {"loss": None, "loss_enclosure": plain(loss.bounds()), "loss_form": str(loss)}
    return {**beside("loss", loss)}


def explanation_json(explanation: Explanation, verdict: Verdict) -> dict[str, Any]:
    """What ``exactgeo explain --json`` prints; data points are counted from 0.

    Rationals are strings; other numbers are objects of their closed form and bounds.
    """
    local = explanation.local
    one_number = local.problem.loss.differentiable

    def conditions(items: Iterable[Any]) -> list[dict[str, Any]]:
        return [
            {"quantity": c.quantity, "value": number_json(c.value), "required": c.required, "holds": c.holds}
            for c in items
        ]

    def numbers(values: Iterable[Number | int]) -> list[Any]:
        return [number_json(q) for q in values]

    return {
        "verdict": str(verdict.kind),
        **loss_json(explanation.loss),
        "residuals": numbers(explanation.residuals) if one_number else None,
        "predictions": numbers(local.predictions),
        "targets": numbers(y for (y,) in local.problem.y),
        "slopes": [numbers(pair) for pair in explanation.slopes],
        "coordinates": list(explanation.coordinates),
        "conditions": conditions(explanation.conditions),
        "neurons": [
            {
                "index": view.neuron.index,
                "w": numbers(view.neuron.w),
                "v": format_rational(view.neuron.v),
                "pre_activations": numbers(view.neuron.z),
                "positive": list(view.active),
                "negative": list(view.inactive),
                "kinks": list(view.on_kink),
                "phi": None
                if not one_number
                else {
                    "linear": numbers(view.linear),
                    "bends": [
                        {
                            "points": [t for t, _ in kink.members],
                            "form": numbers(kink.form),
                            "right": number_json(right),
                            "left": number_json(left),
                        }
                        for kink, right, left in view.bends
                    ],
                    "rays": [{"u": numbers(u), "phi": number_json(value)} for u, value in view.rays],
                },
                "conditions": conditions(view.conditions),
            }
            for view in explanation.neurons
        ],
    }
