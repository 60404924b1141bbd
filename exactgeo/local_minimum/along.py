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

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from exactgeo.claims.descent_curve import DescentCurveClaim
from exactgeo.errors import InternalError
from exactgeo.exact.polynomial import Polynomial, add, keeps_sign, multiply, order, times, value
from exactgeo.exact.vectors import ONE, ZERO
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent
from exactgeo.problem import Direction, Point, Problem

__all__ = ["Along", "centred", "descent_along", "loss_along"]


@dataclass
class Along:
    """The change of the loss along a curve, as a polynomial in s, and what has to stay as it is.

    Attributes
    ----------
    change : Polynomial
    kept : list of Polynomial
        None may change its sign.
    within : list of (Polynomial, Fraction)
        The sum of the positive terms of each stays below its bound.
    """

    change: Polynomial = field(default_factory=list)
    kept: list[Polynomial] = field(default_factory=list)
    within: list[tuple[Polynomial, Fraction]] = field(default_factory=list)

    @property
    def lead(self) -> int | None:
        """The order of a fall; None where the loss does not fall."""
        low = order(self.change)
        return None if low is None or self.change[low] > 0 else low

    @property
    def step(self) -> Fraction:
        """The largest power of 1/2, at most 1, up to which all of this holds."""
        step = ONE
        for row in (*self.kept, self.change):
            while not keeps_sign(row, step):
                step /= 2
        for row, room in self.within:
            while sum((max(q, ZERO) * step**k for k, q in enumerate(row)), ZERO) > room:
                step /= 2
        return step


def loss_along(problem: Problem, point: Point, curve: Sequence[Direction]) -> Along:
    """The loss along ``point + sum_l s^l curve_l``; the activations are piecewise linear, the loss quadratic in pieces.

    Cost: one forward pass in polynomials.
    """
    found = Along()
    total: Polynomial = []
    for scores, targets in zip(_run(problem, point, curve, found.kept), problem.y, strict=True):
        for after, y in zip(scores, targets, strict=True):
            p, change = (after[0] if after else ZERO), [ZERO, *after[1:]]
            low = order(change)
            if low is None:
                continue
            pieces = problem.loss.pieces(y)
            if pieces is None:
                raise InternalError("a curve of a loss that is not quadratic between breaks")
            upwards = change[low] > 0
            a, b, _ = pieces.around(p)[upwards]
            found.kept.append(change)
            ahead = [abs(q - p) for q in pieces.breaks if q != p and (q > p) == upwards]
            if ahead:
                found.within.append((times(ONE if upwards else -ONE, change), min(ahead)))
            total = add(total, add(times(2 * a * p + b, change), times(a, multiply(change, change)) if a else []))
    found.change = times(problem.weight, total)
    return found


def _run(problem: Problem, point: Point, curve: Sequence[Direction], kept: list[Polynomial]) -> list[list[Polynomial]]:
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


def descent_along(problem: Problem, point: Point, loss: Fraction, curve: Sequence[Direction]) -> Descent | None:
    """The descent along a curve, None where the loss does not fall.

    Parameters
    ----------
    problem : Problem
    point : Point
    loss : Fraction
        At the point.
    curve : sequence of Direction
        P_1, P_2, ...; 0 for what is frozen.

    Raises
    ------
    InternalError
        The loss at the end is another than the polynomial says.
    """
    found = loss_along(problem, point, curve)
    lead = found.lead
    if lead is None:
        return None
    claim = DescentCurveClaim(point, loss, tuple(curve), found.step)
    argument = Argument.CURVE
    if len(claim.curve) == 1:
        argument = Argument.FIRST_ORDER if lead == 1 else Argument.SECOND_ORDER
    after = loss + value(found.change, claim.step)
    descent = Descent(problem, claim, argument, after, tuple(found.change))
    if problem.loss_at(descent.end) != after:
        raise InternalError("the loss along a curve is not the polynomial it should be")
    return descent


def centred(problem: Problem, point: Point, curve: Sequence[Direction]) -> tuple[Direction, ...]:
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
