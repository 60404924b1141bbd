"""Directions of descent of a loss with weight decay, each with the step up to which it holds."""

from __future__ import annotations

from fractions import Fraction

from exactgeo.claims.penalised_descent import PenalisedDescentClaim
from exactgeo.errors import InternalError
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.local_minimum.decayed_point import DecayedPoint
from exactgeo.local_minimum.decision import Descent
from exactgeo.local_minimum.descent import change, direction_of, longest_step, order
from exactgeo.local_minimum.two_layer_point import NeuronState
from exactgeo.problem import Direction, Point

__all__ = ["certified", "down", "down_affine", "down_both", "down_slowly"]


def down_affine(local: DecayedPoint, number: int, sign: int) -> Descent:
    """Down a parameter in which the predictions are affine."""
    return certified(local, direction_of(local.at, affine=number, step=Fraction(sign)))


def down(local: DecayedPoint, neuron: NeuronState, u: Vector, kappa: Fraction) -> Descent:
    """Down along a move of one neuron with a negative slope."""
    return certified(local, direction_of(local.at, neurons={neuron.index: (u, kappa)}))


def down_slowly(local: DecayedPoint, neuron: NeuronState, u: Vector) -> Descent:
    """Down where the output weight is 0, along a u that costs no penalty and has phi(u) != 0.

    The loss changes by ``s^2 k (phi(u) + k (shrink + |a(z) + s a'(z; u)|^2) / 2)`` up to a positive factor: negative
    for k of the sign opposite to phi(u) and small enough.
    """
    kappa = -ONE if local.at.phi(neuron, u) > 0 else ONE
    for _ in range(100_000):
        found = below(local, direction_of(local.at, neurons={neuron.index: (u, kappa)}))
        if found is not None:
            return found
        kappa /= 2
    raise InternalError("a second-order descent was not found at any ratio")


def down_both(local: DecayedPoint, neuron: NeuronState, u: Vector) -> Descent:
    """Down where the output weight is 0 and ``phi(u)^2 > shrink (shrink + resistance) |u|^2``: with the best k and dc.

    The move (s u, s k, s dc) changes the loss by ``s^2 [k phi(u) + shrink |u|^2 / 2 + k^2 (shrink + resistance) / 2]``
    and higher powers, up to a positive factor, with dc = - k ratio.
    """
    ratio, resistance = resisted(local, neuron)
    kappa = -local.at.phi(neuron, u) / (local.shrink + resistance)
    moves = direction_of(local.at, neurons={neuron.index: (u, kappa)})
    if ratio:
        moves = moves.with_neurons(moves.neurons, -kappa * ratio)
    return certified(local, moves)


def resisted(local: DecayedPoint, neuron: NeuronState) -> tuple[Fraction, Fraction]:
    """How far the output bias follows an output weight of 0, and the curvature of the loss that is left.

    Where outputs a(z_t) are not 0 an output weight moves the predictions to first order; a trained output bias takes
    away what it can, the best ``dc = - k ratio``.
    """
    outputs, count = neuron.outputs, len(neuron.outputs)
    ratio = ZERO
    if any(name == "c" for name, _ in local.at.linear):
        ratio = sum(outputs, ZERO) / (count + local.shift)
    left = [q - ratio for q in outputs]
    return ratio, dot(left, left) + local.shift * ratio * ratio


def certified(local: DecayedPoint, direction: Direction) -> Descent:
    """The descent along a direction that is known to be one."""
    found = below(local, direction)
    if found is None:
        raise InternalError("a descent of the penalised loss failed its replay")
    return found


def below(local: DecayedPoint, direction: Direction) -> Descent | None:
    """The descent along a direction, or None when the loss is not lower for small steps."""
    at = local.at
    coefficients, reach = change(at, direction)
    penalty, reach = _penalised(local, direction, reach)
    coefficients = tuple(a + b for a, b in zip(coefficients, penalty, strict=True))
    step = longest_step(coefficients, reach)
    if step is None:
        return None
    loss, after = local.loss, at.problem.loss_at(at.point.moved(direction, step))
    bound = sum((q * step**k for k, q in enumerate(coefficients)), ZERO)
    if after - loss > bound or (after - loss < bound and not at.bends):
        raise InternalError("the penalised loss along a direction is not the polynomial it should be")
    claim = PenalisedDescentClaim(at.point, loss, direction, step)
    return Descent(at.problem, claim, order(coefficients), after, coefficients)


def _penalised(local: DecayedPoint, direction: Direction, reach: Fraction) -> tuple[Vector, Fraction]:
    """The change of the penalty as coefficients of powers of s, and as far as that holds."""
    problem = local.at.problem
    penalty, train = problem.penalty, problem.train
    change = [ZERO] * 5
    way = penalty.penalised(train, Point(direction.weights, direction.biases))
    for value, move in zip(penalty.penalised(train, local.at.point), way, strict=True):
        change[1] += penalty.l2 * value * move
        change[2] += penalty.l2 / 2 * move * move
        if penalty.l1:
            side = value or move
            change[1] += penalty.l1 * move * ((side > 0) - (side < 0))
            if value * move < 0:
                reach = min(reach, -value / move)
    return tuple(change), reach
