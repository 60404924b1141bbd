"""Dead layers in words: which layer is dead, and what would revive it."""

from __future__ import annotations

from fractions import Fraction

from exactgeo.activations import Activation
from exactgeo.exact.rational import format_rational
from exactgeo.exact.vectors import ZERO, dot
from exactgeo.problem import Point, Problem

__all__ = ["dead_layers"]


LARGEST = 1_000_000
"""Products of a forward pass: beyond, nothing is said."""


def dead_layers(problem: Problem, point: Point) -> tuple[str, ...]:
    """One sentence for each layer, the outputs' included, of which every unit is strictly on a slope 0 at all data.

    () where the activations are not piecewise linear, or the network is large. Cost: one forward pass in rationals.
    """
    net, found = problem.network, list[str]()
    if problem.products > LARGEST or not all(activation.homogeneous for activation in net.activations):
        return ()
    rows = problem.x
    # No unit of the layers behind the last with a slope 0 is on one: the network need not be followed any further.
    last = max((k for k, one in enumerate(net.layer_activations) if not _slopes_are_nonzero(one)), default=-1)
    for k, (activation, width) in enumerate(zip(net.layer_activations[: last + 1], net.sizes[1:], strict=False)):
        if activation.slopes is None:
            break
        up, down = activation.slopes
        units = [*zip(point.weights[k], point.biases[k] or (ZERO,) * width, strict=True)]
        values = (dot(unit, row) + b for row in rows for unit, b in units)
        dead = width and all((q > 0 and not up) or (q < 0 and not down) for q in values)
        if dead or k < last:
            z = [tuple(dot(unit, row) + b for unit, b in units) for row in rows]
            found += [_sentence(problem, k, z)] if dead else []
            rows = tuple(tuple(map(activation, row)) for row in z)
    return tuple(found)


def _slopes_are_nonzero(activation: Activation) -> bool:
    return activation.slopes is not None and all(activation.slopes)


def _sentence(problem: Problem, k: int, z: list[tuple[Fraction, ...]]) -> str:
    size, t, i = min((abs(q), t, i) for t, row in enumerate(z) for i, q in enumerate(row))
    how = "raised" if z[t][i] < 0 else "lowered"
    net, train = problem.network, problem.train
    width, name = net.sizes[k + 1], net.layer_activations[k].name
    units = f"its {width} units are" if width > 1 else "its one unit is"
    layer = f"hidden layer {k + 1}" if k < len(net.widths) else "the output layer"
    sentence = (
        f"{layer} is dead: {units} on the slope 0 of {name} at every data point, and "
        f"near the point the network is one constant; nothing up to that layer has any influence. "
    )
    nearest = f"by more than {format_rational(size)} (unit {i}, data point {t})"
    if net.biases[k] and train.biases[k]:
        return sentence + f"The least that revives it is a bias {how} {nearest}"
    return sentence + f"To revive it a pre-activation must be {how} {nearest}, by its weights or the layers below"
