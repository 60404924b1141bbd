"""Verdicts, explanations and arrangements as plain text, one screen each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from exactgeo.exact.rational import format_rational
from exactgeo.kinds import Globality, Kind, Strictness
from exactgeo.problem import Point, Problem

if TYPE_CHECKING:
    from exactgeo.api import Verdict
    from exactgeo.local_minimum import Condition, Explanation, NeuronView

__all__ = ["census_text", "explanation_json", "explanation_text", "point_text", "verdict_text"]

_WIDTH = 16
_LONG = 60


def _number(q: Fraction | int) -> str:
    """A rational for a screen: long ones are cut in the middle, with their length."""
    text = format_rational(q)
    return text if len(text) <= _LONG else f"{text[:24]}...{text[-12:]} ({len(text)} characters)"


def _vector(values: Iterable[Fraction | int]) -> str:
    return "(" + ", ".join(_number(q) for q in values) + ")"


def _row(label: str, text: str) -> str:
    return f"  {label:<{_WIDTH}}{text}"


def point_text(point: Point) -> str:
    """One line: ``W1 = [...], b1 = [...], W2 = ...``."""
    parts = []
    for k, (weights, bias) in enumerate(zip(point.weights, [*point.biases, *[()] * len(point.weights)], strict=False)):
        parts.append(f"W{k + 1} = [{', '.join(_vector(row) for row in weights)}]")
        if bias:
            parts.append(f"b{k + 1} = {_vector(bias)}")
    return ", ".join(parts)


def _title(problem: Problem, unnamed: str) -> str:
    name = problem.name or unnamed
    return f"{name} ({problem.source})" if problem.source else name


def verdict_text(verdict: Verdict, certificate_path: str | None = None) -> str:
    """The report of ``exactgeo certify``."""
    headline = {
        Kind.LOCAL_MINIMUM: "a local minimum, proved exactly",
        Kind.NOT_LOCAL_MINIMUM: "NOT a local minimum, proved exactly",
        Kind.UNDECIDED: "undecided",
    }[verdict.kind]
    lines = [_title(verdict.problem, "the point"), "", f"  {headline}"]
    if verdict.loss is not None:
        lines.append(_row("loss", _number(verdict.loss)))
    if verdict.rung is not None:
        lines.append(_row("decided by", verdict.rung.message))
    if verdict.strictness is not None:
        lines.append(_row("strictness", _strictness(verdict)))
    if verdict.kind is Kind.LOCAL_MINIMUM and verdict.certificate is not None:
        radius = verdict.certificate.claims[0]["radius"]
        reach = "everywhere" if radius is None else f"no lower loss while each parameter moves by at most {radius}"
        lines.append(_row("neighbourhood", reach))
    if verdict.descent is not None:
        descent = verdict.descent
        lines += [
            _row("descent", f"lower at every 0 < s <= {_number(descent.step)} along"),
            _row("", point_text(descent.direction)),
            _row("loss there", f"{_number(descent.loss_after)} at s = {_number(descent.step)}"),
        ]
    if verdict.kind is not Kind.UNDECIDED:
        lines += _standing(verdict)
    if verdict.bad_valley is not None and verdict.globality is not Globality.GLOBAL:
        reach = "no: a path that never rises reaches the global minimum"
        if verdict.bad_valley and verdict.component_infimum is not None and verdict.escapes_at is not None:
            floor, level = _number(verdict.component_infimum), _number(verdict.escapes_at)
            reach = f"yes: it goes down to {floor} and escapes at {level}"
        lines.append(_row("bad valley", reach))
    if verdict.reason is not None:
        lines.append(_row("because", f"{verdict.detail or verdict.reason.message}"))
    if certificate_path is not None:
        lines.append(_row("certificate", certificate_path))
    return "\n".join(lines)


def _strictness(verdict: Verdict) -> str:
    dimension = verdict.flat_dimension
    if verdict.strictness is Strictness.STRICT:
        return "strict: every other point nearby has a larger loss"
    if verdict.strictness is Strictness.STRICT_MODULO_SYMMETRY:
        return f"strict up to rescaling (w, v) -> (s w, v / s); equal loss on a set of dimension {dimension}"
    return f"flat: equal loss on a set of dimension {dimension}"


def _standing(verdict: Verdict) -> list[str]:
    if verdict.globality is Globality.UNKNOWN:
        return [_row("globality", "unknown")]
    if verdict.globality is Globality.GLOBAL:
        return [_row("globality", "global: no parameters have a lower loss")]
    better = verdict.better
    if better is None or verdict.kind is not Kind.LOCAL_MINIMUM:
        return []
    what = "the global minimum is" if better.complete else "a lower loss is"
    return [
        _row("globality", f"spurious: {what} {_number(better.loss)}, at"),
        _row("", point_text(better.point)),
    ]


def census_text(problem: Problem, answer: dict[str, Any]) -> str:
    """The report of ``exactgeo basins``, from its JSON answer."""
    lines = [_title(problem, "the problem"), ""]
    lines.append(_row("basins", f"{answer['count']}, {answer['orbits']} modulo permutation of neurons"))
    lines.append(_row("regions", f"{answer['regions_per_neuron']} for each neuron"))
    attained = "" if answer["minimum_attained"] else " (an infimum, not attained or not known to be)"
    what = "global minimum" if answer["complete"] else "lowest so far"
    lowest = answer["minimum"]
    lines.append(_row(what, "unknown" if lowest is None else f"{_shown(lowest)}{attained}"))
    if answer.get("infinite_width_minimum") is not None:
        lines.append(_row("at any width", f"no lower than {_shown(answer['infinite_width_minimum'])}"))
    minima = answer.get("local_minimum_values")
    if minima is not None:
        lines.append(_row("local minima", f"at {len(minima)} losses: {_listed(minima)}"))
    for entry in answer.get("local_minima") or ():
        kinds = [f"{part['strictness']}, dimension {part['flat_dimension']}" for part in entry["sets"]]
        plural = "s" if entry["count"] != 1 else ""
        lines.append(_row("", f"{entry['value']}: {entry['count']} connected set{plural} ({'; '.join(kinds)})"))
    if answer.get("reason"):
        lines.append(_row("because", answer["reason"]))
    if "certificate" in answer:
        lines.append(_row("certificate", answer["certificate"] or "none was written"))
    rows = [["value", "orbits"], *([_shown(item["value"]), str(item["orbits"])] for item in answer["values"][:20])]
    if answer["values"]:
        lines += ["", *_table(rows)]
    if len(answer["values"]) > 20:
        lines.append(f"  ... and {len(answer['values']) - 20} more values (--json or --out for all)")
    return "\n".join(lines)


def _listed(values: Sequence[str]) -> str:
    return ", ".join(values[:12]) + (", ..." if len(values) > 12 else "")


def _shown(value: Any) -> str:
    """A rational, or the enclosure [lo, hi] of a value that has none, rounded outwards for the eye."""
    if isinstance(value, dict):
        return f"in [{float(Fraction(value['lo'])):.12g}, {float(Fraction(value['hi'])):.12g}]"
    return str(value)


def explanation_text(explanation: Explanation, verdict: Verdict) -> str:
    """The report of ``exactgeo explain``: every number the criterion uses."""
    here = explanation.local
    problem = here.problem
    lines = [
        _title(verdict.problem, "the point"),
        "",
        f"loss {_number(here.loss)} ({problem.loss.name}, {problem.loss.reduction})",
        "",
    ]
    rows = [["t", "x_t", "y_t", "p_t", "r_t = p_t - y_t"]]
    for t, (x, y, r) in enumerate(zip(problem.x, problem.y, here.residuals, strict=True)):
        rows.append([str(t), _vector(x), _number(y[0]), _number(y[0] + r), _number(r)])
    lines += _table(rows)
    if explanation.conditions:
        lines += ["", *(_condition(c) for c in explanation.conditions)]
    for view in explanation.neurons:
        neuron = view.neuron
        frozen = "" if problem.train.output else " (frozen)"
        lines += [
            "",
            f"neuron {neuron.index}: w = {_vector(neuron.w)}, v = {_number(neuron.v)}{frozen}",
            _row("w.x > 0 at t =", _places(view.active)),
            _row("w.x < 0 at t =", _places(view.inactive)),
            _row("w.x = 0 at t =", _places(view.on_kink)),
        ]
        if explanation.coordinates:
            lines.append(_row("phi(u) =", _phi(explanation, view)))
        if neuron.v == 0 and not problem.train.output:
            lines.append("  no condition: the neuron is frozen off")
        lines += [_condition(c) for c in view.conditions]
    lines += ["", f"{verdict.kind}: {verdict.message}"]
    return "\n".join(lines)


def _places(points: Sequence[int]) -> str:
    return ", ".join(map(str, points)) or "none"


def _condition(condition: Condition) -> str:
    mark = "holds" if condition.holds else "FAILS"
    return f"  {condition.quantity} = {_number(condition.value)}, must be {condition.required}: {mark}"


def _linear(coefficients: Sequence[Fraction | int], names: Sequence[str]) -> str:
    terms = []
    for value, name in zip(map(Fraction, coefficients), names, strict=True):
        if value:
            size = "" if abs(value) == 1 else _number(abs(value)) + " "
            terms.append(("- " if value < 0 else "+ ") + size + name)
    text = " ".join(terms) or "0"
    return text[2:] if text.startswith("+ ") else "-" + text[2:] if text.startswith("- ") else text


def _phi(explanation: Explanation, view: NeuronView) -> str:
    names = [f"u_{name}" for name in explanation.coordinates]
    text = _linear(view.linear, names)
    for kink, right, left in view.bends:
        if right or left:
            form = _linear(kink.form, names)
            text += f" + ({_number(right)} q if q >= 0, {_number(left)} q if q <= 0, for q = {form})"
    return text


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return ["  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]


def explanation_json(explanation: Explanation, verdict: Verdict) -> dict[str, Any]:
    """What ``exactgeo explain --json`` prints; rationals are strings, data points are counted from 0."""
    here = explanation.local

    def conditions(items: Iterable[Any]) -> list[dict[str, Any]]:
        return [
            {"quantity": c.quantity, "value": format_rational(c.value), "required": c.required, "holds": c.holds}
            for c in items
        ]

    def numbers(values: Iterable[Fraction | int]) -> list[str]:
        return [format_rational(q) for q in values]

    return {
        "verdict": str(verdict.kind),
        "loss": format_rational(here.loss),
        "residuals": numbers(here.residuals),
        "predictions": [format_rational(y[0] + r) for y, r in zip(here.problem.y, here.residuals, strict=True)],
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
                "phi": {
                    "linear": numbers(view.linear),
                    "bends": [
                        {
                            "points": [t for t, _ in kink.members],
                            "form": numbers(kink.form),
                            "right": format_rational(right),
                            "left": format_rational(left),
                        }
                        for kink, right, left in view.bends
                    ],
                    "rays": [{"u": numbers(u), "phi": format_rational(value)} for u, value in view.rays],
                },
                "conditions": conditions(view.conditions),
            }
            for view in explanation.neurons
        ],
    }
