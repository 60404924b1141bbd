"""Explanations of networks of any depth and any number of outputs: every layer and output, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from exactgeo.exact.rational import format_rational
from exactgeo.report.tables import columns, labelled, title_of
from exactgeo.report.text import FULL, condition_text, indices_text, loss_json, more_text, number_json
from exactgeo.shown import number_text, short_text, vector_text

if TYPE_CHECKING:
    from exactgeo.local_minimum.deep.explain import DeepExplanation
    from exactgeo.standing import Verdict

__all__ = ["layers_json", "layers_text"]


def layers_text(explanation: DeepExplanation, verdict: Verdict) -> str:
    """The report of ``exactgeo explain`` where there are several hidden layers or outputs."""
    at = explanation.at
    problem = at.problem
    lines = [
        title_of(verdict.problem, "the point"),
        "",
        f"loss {number_text(at.loss)} ({problem.loss.name}, {problem.reduction})",
        "",
    ]
    rows = [["t", "x_t", "y_t", "p_t", "g_t = l'(p_t)"]]
    numbers = zip(problem.x, problem.y, zip(*at.predictions, strict=True), zip(*at.gradient, strict=True), strict=True)
    for t, (x, y, p, g) in list(enumerate(numbers))[:FULL]:
        rows.append([str(t), vector_text(x), vector_text(y), vector_text(p), f"({', '.join(map(short_text, g))})"])
    lines += columns(rows, indent="  ")
    if problem.m > FULL:
        lines.append(f"  {more_text(problem.m - FULL, '--json for all')}")
    lines += ["", *(condition_text(c) for c in explanation.conditions)]
    for view in explanation.units:
        layer, i = view.layer, view.index
        frozen = "" if layer.trains else " (frozen)"
        bias = f", b = {number_text(layer.bias[i])}" if problem.network.biases[layer.index] else ""
        lines += [
            "",
            f"{_named(verdict, layer.index, i)}: w = {vector_text(layer.weights[i])}{bias}{frozen}",
            labelled("z > 0 at t =", indices_text(view.active)),
            labelled("z < 0 at t =", indices_text(view.inactive)),
            labelled("z = 0 at t =", indices_text(view.on_kink)),
        ]
    if len(at.layers) == len(verdict.problem.network.widths):
        lines.append("")
        for o, v in enumerate(at.output):
            lines.append(f"output {o}: v = {vector_text(v)}{'' if at.trains_output else ' (frozen)'}")
    lines += ["", f"changes of a prediction within reach: at most {explanation.reach} of {problem.m} dimensions"]
    lines += verdict.remarks
    lines += [
        "",
        *(f"  {one.rung}: {one.reason or one.outcome}" for one in verdict.tries if one.outcome != "out_of_scope"),
    ]
    lines += ["", f"{verdict.kind}: {verdict.message}"]
    return "\n".join(lines)


def _named(verdict: Verdict, index: int, unit: int) -> str:
    """A unit, with its activation where the layers have several; behind the hidden layers are the outputs."""
    net = verdict.problem.network
    activation = "" if net.uniform is not None else f" ({net.layer_activations[index].name})"
    if index == len(net.widths):
        return f"output {unit}{activation}"
    return f"layer {index + 1}{activation}, unit {unit}"


def layers_json(explanation: DeepExplanation, verdict: Verdict) -> dict[str, Any]:
    """What ``exactgeo explain --json`` prints there; rationals are strings, everything is counted from 0."""
    at = explanation.at

    def numbers(values: Iterable[Fraction]) -> list[str]:
        return [format_rational(q) for q in values]

    return {
        "verdict": str(verdict.kind),
        **loss_json(at.loss),
        "predictions": [numbers(row) for row in zip(*at.predictions, strict=True)],
        "targets": [numbers(row) for row in at.problem.y],
        "gradient": [[number_json(q) for q in row] for row in zip(*at.gradient, strict=True)],
        "conditions": [
            {
                "quantity": c.quantity,
                "value": number_json(c.value),
                "required": c.required,
                "holds": c.holds,
            }
            for c in explanation.conditions
        ],
        "layers": [
            {
                "index": layer.index,
                "activation": at.problem.network.activations[layer.index].name,
                "dead": layer.dead,
                "units": [
                    {
                        "index": view.index,
                        "w": numbers(layer.weights[view.index]),
                        "bias": format_rational(layer.bias[view.index]),
                        "pre_activations": numbers(layer.z[view.index]),
                        "positive": list(view.active),
                        "negative": list(view.inactive),
                        "kinks": list(view.on_kink),
                    }
                    for view in explanation.units
                    if view.layer is layer
                ],
            }
            for layer in at.layers
        ],
        "outputs": [{"index": o, "v": numbers(v)} for o, v in enumerate(at.output)],
        "reach": explanation.reach,
        "remarks": list(verdict.remarks),
        "rungs": [{"rung": one.rung, "outcome": one.outcome, "reason": one.reason} for one in verdict.tries],
    }
