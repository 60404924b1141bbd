"""The loss along a polynomial curve of parameters, at any depth and for any number of outputs: the one refutation.

``point + s P_1 + s^2 P_2 + ...`` is run through the network over Q[s]. For small s > 0 a pre-activation has the sign of
its lowest coefficient, so the predictions are polynomials, and so is the loss: it falls iff its lowest coefficient is
negative. The step is one up to which no pre-activation and no change of a prediction changes sign, no prediction
passes a break of the loss, and the change of the loss stays negative, each by the sizes of its coefficients.

References
----------
docs/mathematics.md, "Deep networks", D1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from exactgeo.claims.descent_curve import DescentCurveClaim
from exactgeo.errors import InternalError
from exactgeo.exact.combination import Number
from exactgeo.exact.matrix import integer_rows
from exactgeo.exact.polynomial import Polynomial, add, keeps_sign, multiply, order, times, value
from exactgeo.exact.vectors import ZERO, Vector
from exactgeo.kinds import Argument
from exactgeo.local_minimum.class_curve import class_descent
from exactgeo.local_minimum.decision import Descent
from exactgeo.problem import Direction, Point, Problem

__all__ = ["Along", "centred", "descent_along", "loss_along"]

Curve = Sequence[Direction]
"""The coefficients of s, s^2, ..."""


@dataclass
class Along:
    """The change of the loss along a curve, as a polynomial in s, and what has to stay as it is.

    Attributes
    ----------
    change : Polynomial
    kept : list of polynomials
        None may change its sign; each is known up to a positive factor.
    within : list of (polynomial, Fraction)
        The sum of the positive terms of each stays below its bound.
    """

    change: Polynomial
    kept: list[Sequence[Fraction | int]]
    within: list[tuple[Sequence[Fraction | int], Fraction]]

    @staticmethod
    def of(
        problem: Problem,
        predictions: Sequence[Vector],
        changes: Sequence[Sequence[Sequence[Any]]],
        kept: list[Sequence[Fraction | int]],
        unit: int = 1,
    ) -> Along:
        """From the predictions at the point and ``unit`` times the change of each; those go to ``kept`` as well."""
        within: list[tuple[Sequence[Fraction | int], Fraction]] = []
        first: list[Any] = []
        bent: list[Any] = []
        for scores, targets, row in zip(predictions, problem.y, changes, strict=True):
            for p, y, change in zip(scores, targets, row, strict=True):
                low = order(change)
                if low is None:
                    continue
                pieces = problem.loss.pieces(y)
                if pieces is None:
                    raise InternalError("a curve of a loss that is not quadratic between breaks")
                upwards = change[low] > 0
                a, b, _ = pieces.around(p)[upwards]
                kept.append(change)
                ahead = [abs(q - p) for q in pieces.breaks if q != p and (q > p) == upwards]
                if ahead:
                    within.append((change if upwards else times(-1, change), unit * min(ahead)))
                first = add(first, times(2 * a * p + b if a else b, change))
                if a:
                    bent = add(bent, times(a, multiply(change, change)))
        weight = problem.weight / unit
        return Along(add(times(weight, first), times(weight / unit, bent)), kept, within)

    @property
    def lead(self) -> int | None:
        """The order of a fall; None where the loss does not fall."""
        low = order(self.change)
        return None if low is None or self.change[low] > 0 else low

    @property
    def step(self) -> Fraction:
        """The largest power of 1/2, at most 1, up to which all of this holds."""
        halvings = 0
        for row in (*self.kept, self.change):
            (whole,), _ = integer_rows([row])
            while not keeps_sign(whole, halvings):
                halvings += 1
        step = Fraction(1, 2**halvings)
        for row, room in self.within:
            while value([max(q, 0) for q in row], step) > room:
                step /= 2
        return step

    def descent(
        self,
        problem: Problem,
        point: Point,
        loss: Fraction,
        curve: Callable[[], Curve],
        replay: Callable[[Point], Fraction],
    ) -> Descent | None:
        """The descent along the curve, None where the loss does not fall.

        ``loss`` is that at the point; ``replay`` computes that of the end.

        Raises
        ------
        InternalError
            The loss at the end is another than the polynomial says.
        """
        if self.lead is None:
            return None
        claim = DescentCurveClaim(point, loss, tuple(curve()), self.step)
        argument = Argument.CURVE
        if len(claim.curve) == 1:
            argument = Argument.FIRST_ORDER if self.lead == 1 else Argument.SECOND_ORDER
        after = loss + value(self.change, claim.step)
        found = Descent(problem, claim, argument, after, tuple(self.change))
        if replay(found.end) != after:
            raise InternalError("the loss along a curve is not the polynomial it should be")
        return found


def loss_along(problem: Problem, point: Point, curve: Curve) -> Along:
    """The loss along ``point + sum_l s^l curve_l``; the activations are piecewise linear, the loss quadratic in pieces.

    Cost: one forward pass in polynomials.
    """
    kept: list[Sequence[Fraction | int]] = []
    rows = _run(problem, point, curve, kept)
    predictions = [tuple(after[0] if after else ZERO for after in row) for row in rows]
    return Along.of(problem, predictions, [[[ZERO, *after[1:]] for after in row] for row in rows], kept)


def _run(problem: Problem, point: Point, curve: Curve, kept: list[Sequence[Fraction | int]]) -> list[list[Polynomial]]:
    """The predictions along a curve; the pre-activations of kinked layers that move are added to ``kept``."""
    net = problem.network
    rows: list[list[Polynomial]] = [[_short([q]) for q in row] for row in problem.x]
    for k, activation in enumerate((*net.activations, net.output_activation)):
        if activation.slopes is None:
            raise InternalError("a curve through a smooth activation")
        up, down = activation.slopes
        layers = [point.weights[k], *(way.weights[k] for way in curve)]
        weights = [[_short(list(entry)) for entry in zip(*unit, strict=True)] for unit in zip(*layers, strict=True)]
        bias = [_short(list(entry)) for entry in zip(point.biases[k], *(w.biases[k] for w in curve), strict=True)]
        passed = []
        for row in rows:
            units = []
            for unit, start in zip(weights, bias or [[] for _ in weights], strict=True):
                z: Polynomial = list(start)
                for weight, q in zip(unit, row, strict=True):
                    if weight and q:
                        z = _accumulate(z, weight, q)
                z = _short(z)
                if up != down and len(z) > 1:
                    kept.append(z)
                low = order(z)
                slope = up if low is None or z[low] > 0 else down
                units.append(z if slope == 1 else times(slope, z) if slope else [])
            passed.append(units)
        rows = passed
    return rows


def _short(row: Polynomial) -> Polynomial:
    """Without zeros at its end."""
    while row and not row[-1]:
        row.pop()
    return row


def _accumulate(z: Polynomial, a: Polynomial, b: Polynomial) -> Polynomial:
    """z + a b, in place."""
    z.extend([ZERO] * (len(a) + len(b) - 1 - len(z)))
    for i, p in enumerate(a):
        if p:
            for j, q in enumerate(b):
                if q:
                    z[i + j] += p * q
    return z


def descent_along(problem: Problem, point: Point, loss: Number, curve: Curve) -> Descent | None:
    """The descent along a curve, None where the loss does not fall; of classes also where it is not seen to.

    Parameters
    ----------
    problem : Problem
    point : Point
    loss : Number
        At the point.
    curve : sequence of Direction
        P_1, P_2, ...; 0 for what is frozen.
    """
    if problem.loss.classes:
        kept: list[Sequence[Fraction | int]] = []
        rows = _run(problem, point, curve, kept)
        return class_descent(problem, point, curve, rows, kept)
    if not isinstance(loss, Fraction):
        raise InternalError("a curve of a loss that is not quadratic between breaks")
    return loss_along(problem, point, curve).descent(problem, point, loss, lambda: curve, problem.loss_at)


def centred(problem: Problem, point: Point, curve: Curve) -> tuple[Direction, ...]:
    """The same curve with output biases that keep the mean of each prediction as it is at the point."""
    rows = _run(problem, point, curve, [])
    means: list[Polynomial] = []
    for o in range(problem.outputs):
        total: Polynomial = []
        for row in rows:
            total = add(total, row[o])
        means.append(times(Fraction(1, problem.m), total))
    found, zero = list(curve), Direction.zero(point)
    found += [zero] * (max(len(mean) for mean in means) - 1 - len(found))
    for power, way in enumerate(found, 1):
        *biases, last = way.biases
        moved = tuple(b - (mean[power] if power < len(mean) else 0) for b, mean in zip(last, means, strict=True))
        found[power - 1] = Direction(way.weights, (*biases, moved))
    return tuple(found)
