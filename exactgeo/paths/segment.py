"""One segment of a path: two points, what moves between them, the exact loss along it and its shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

from exactgeo.errors import InternalError
from exactgeo.exact.algebraic import Algebraic, value_at_root
from exactgeo.exact.enclosure import Enclosure, Value
from exactgeo.exact.polynomial import Polynomial, add, multiply, times, value
from exactgeo.exact.sturm import isolate, sign_on
from exactgeo.exact.vectors import ONE, ZERO, Vector
from exactgeo.losses.piecewise_quadratic import Quadratic
from exactgeo.paths.forward import Outputs, RationalLayer, crossings, pieces_of, run
from exactgeo.problem import Point, Problem
from exactgeo.shown import Shown, brief, value_line

__all__ = ["Kind", "Segment", "loss_along"]


class Kind(StrEnum):
    """What the loss does along a segment, the first that is so."""

    CONSTANT = "constant"
    DECREASING = "decreasing"  # strictly, from the start to the end
    RISING = "rising"  # strictly
    CONVEX = "convex"  # so never above the higher of its ends
    BELOW = "below"  # never above the higher of its ends
    ABOVE = "above"  # above both its ends somewhere


@dataclass(frozen=True)
class Segment(Shown):
    """A segment on which no pre-activation changes its sign and no prediction passes a break of the loss.

    Attributes
    ----------
    problem : Problem
    start, end : Point
    step : str
        What it does, in a few words.
    curved : tuple of RationalLayer
        Layers that move as rational functions; all others move straight, or not at all.

    Raises
    ------
    InternalError
        It is none: replayed when it is made.
    """

    problem: Problem
    start: Point
    end: Point
    step: str = ""
    curved: tuple[RationalLayer, ...] = ()

    def _shown(self) -> str:
        one, other = map(value_line, self.ends)
        return f"segment: {self.kind}, {one} -> {other}{', ' if self.step else ''}{brief(self.step)}"

    def known(self, outputs: Outputs) -> Segment:
        """The same segment, whose predictions are known, with all that is asked of them."""
        self.__dict__["outputs"] = outputs
        self.__post_init__()
        return self

    @classmethod
    def unchecked(
        cls, problem: Problem, start: Point, end: Point, step: str, curved: tuple[RationalLayer, ...]
    ) -> Segment:
        """A move that has still to be cut: it may be asked for its points, and for nothing else."""
        found = object.__new__(cls)
        values = {"problem": problem, "start": start, "end": end, "step": step, "curved": curved}
        found.__dict__.update(values)
        return found

    def __post_init__(self) -> None:
        for layer in self.curved:
            ends = layer.point(self.start, ZERO) == self.start and layer.point(self.end, ONE) == self.end
            if not (layer.positive and ends):
                raise InternalError("a layer has a pole on its segment, or other ends")
        if "outputs" not in self.__dict__ and crossings(self.outputs, self.problem):
            raise InternalError("a prediction passes a break of the loss inside a segment")

    @cached_property
    def outputs(self) -> Outputs:
        """The predictions along the segment."""
        found = run(self.problem, self.start, self.end, self.curved)
        if not isinstance(found, Outputs):
            raise InternalError("a pre-activation changes its sign inside a segment of a path")
        return found

    @cached_property
    def ends(self) -> tuple[Value, Value]:
        """The loss at the start and at the end: rationals, or enclosures where it has no rational values."""
        if self.loss is None:
            return _loss(self.problem, self.start), _loss(self.problem, self.end)
        return self.loss_at(ZERO), self.loss_at(ONE)

    @cached_property
    def loss(self) -> tuple[Polynomial, Polynomial] | None:
        """The loss as a rational function of s, numerator and positive denominator; None of a loss without pieces.

        Cost: one square of a polynomial a prediction.
        """
        return None if not self.problem.loss.rational else loss_along(self.problem, self.outputs)

    @cached_property
    def _slope(self) -> Polynomial:
        """The derivative of the loss, times the square of its denominator."""
        assert self.loss is not None
        top, bottom = self.loss
        return _slope_of(top, bottom)

    @cached_property
    def kind(self) -> Kind:
        """The shape of the loss, decided by Sturm sequences; without rational values by convexity."""
        if self.loss is None:
            return self._kind_of_convex()
        if not self._slope:
            return Kind.CONSTANT
        side = sign_on(self._slope)
        if side is not None:
            return Kind.DECREASING if side < 0 else Kind.RISING
        top, bottom = self.loss
        # (N / V^2)' = (N' V - 2 N V') / V^3.
        bent = add(multiply(_derivative(self._slope), bottom), times(-2, multiply(self._slope, _derivative(bottom))))
        if sign_on(bent) == 1:
            return Kind.CONVEX
        start, end = self.ends
        assert isinstance(start, Fraction)
        assert isinstance(end, Fraction)
        room = add(times(max(start, end), bottom), times(-1, top))
        return Kind.BELOW if sign_on(room) in (0, 1) else Kind.ABOVE

    def _kind_of_convex(self) -> Kind:
        """Affine predictions make every loss convex; its slope at the ends tells the rest, where bounds on it do."""
        if self.outputs.constant:
            return Kind.CONSTANT
        if not self.outputs.affine:
            raise InternalError("a loss without rational values along predictions that are not affine")
        if self._slope_bound(ONE)[1] <= 0:
            return Kind.DECREASING
        return Kind.RISING if self._slope_bound(ZERO)[0] >= 0 else Kind.CONVEX

    def _slope_bound(self, s: Fraction) -> tuple[Fraction, Fraction]:
        """Bounds on the derivative of the loss at s, of a loss that is a function of one score."""
        problem = self.problem
        scalar = problem.loss.as_scalar(problem.outputs, problem.y)
        if scalar is None:
            return -ONE, ONE
        loss, targets = scalar
        first, last = self.outputs.numerators.at(ZERO), self.outputs.numerators.at(ONE)
        here, bottom = self.outputs.numerators.at(s), self.outputs.denominator[0]
        low = high = ZERO
        for t, y in enumerate(targets):
            (p, move) = (_score([row[t] for row in rows]) / bottom for rows in (here, first))
            move = _score([row[t] for row in last]) / bottom - move
            ends = [move * q for q in loss.slope_range(p, p, y)]
            low, high = low + min(ends), high + max(ends)
        return low, high

    @property
    def highest(self) -> Value | Algebraic:
        """The largest loss on the segment, an algebraic number where it is above both ends."""
        return self._peak[0]

    @property
    def highest_at(self) -> Fraction:
        """Where it is, 0 <= s <= 1; of a root that is not rational the middle of bounds that agree in 15 digits."""
        return self._peak[1]

    @cached_property
    def _peak(self) -> tuple[Value | Algebraic, Fraction]:
        one, other = self.ends
        if self.loss is None:
            return max((one, ZERO), (other, ONE), key=lambda found: _upper(found[0]))
        assert isinstance(one, Fraction)
        assert isinstance(other, Fraction)
        best: tuple[Fraction | Algebraic, Fraction] = (one, ZERO) if one >= other else (other, ONE)
        # A loss of affine predictions is convex.
        if not self.outputs.affine and self.kind is Kind.ABOVE:
            for factor, a, b in isolate(self._slope):
                top = value_at_root(*self.loss, (factor, a, b))
                if top > best[0]:
                    inside = a if a == b else Algebraic(factor, a, b).enclosure
                    best = top, inside if isinstance(inside, Fraction) else (inside.lo + inside.hi) / 2
        return best

    def loss_at(self, s: Fraction) -> Value:
        """The loss at 0 <= s <= 1 of the way."""
        if self.loss is not None:
            top, bottom = self.loss
            return value(top, s) / value(bottom, s)
        return _loss(self.problem, self.at(s))

    def at(self, s: Fraction) -> Point:
        """The point at 0 <= s <= 1 of the way."""
        between = _mixed(self.start, self.end, s)
        for layer in self.curved:
            between = layer.point(between, s)
        return between

    def reversed(self) -> Segment:
        """The same segment backwards."""
        layers = tuple(layer.on(ONE, ZERO) for layer in self.curved)
        return Segment(self.problem, self.end, self.start, self.step, layers)


def loss_along(problem: Problem, outputs: Outputs, middle: Fraction = Fraction(1, 2)) -> tuple[Polynomial, Polynomial]:
    """The loss of predictions on the stretch around ``middle`` on which none passes a break: numerator, denominator.

    Cost: one square of a polynomial a prediction.
    """
    bottom = list(outputs.denominator)
    rows = [[_piece(problem, outputs, (o, t), middle) for t in range(problem.m)] for o in range(problem.outputs)]
    constant = sum((c for row in rows for _, _, c in row), ZERO)
    squares, firsts = outputs.numerators.quadratic([[(a, b) for a, b, _ in row] for row in rows])
    weight = problem.weight
    if len(bottom) == 1:
        q = bottom[0]
        total = add(add(times(weight / q**2, squares), times(weight / q, firsts)), [weight * constant])
        return _short(total), [ONE]
    total = add(add(squares, multiply(firsts, bottom)), times(constant, multiply(bottom, bottom)))
    return _short(times(weight, total)), multiply(bottom, bottom)


def _piece(problem: Problem, outputs: Outputs, entry: tuple[int, int], middle: Fraction) -> Quadratic:
    """The parabola of the loss on which a prediction is."""
    o, t = entry
    pieces = pieces_of(problem.loss, problem.y[t][o])
    if pieces is None:
        raise InternalError("a loss with rational values has no pieces")
    if not pieces.breaks:
        return pieces.quadratics[0]
    top = outputs.numerators.entry(o, t)
    reached = value(top, middle) / value(outputs.denominator, middle)
    left, right = pieces.around(reached)
    if left == right:
        return left
    # It touches a break there, without passing it, or stays on it.
    return right if _sign_beside(add(top, times(-reached, outputs.denominator)), middle) > 0 else left


def _sign_beside(a: Polynomial, s: Fraction) -> int:
    """The sign of a polynomial on both sides of a number at which it does not change it; 0 of 0."""
    passes = False
    while a:
        if q := value(a, s):
            if passes:
                raise InternalError("a prediction passes a break of the loss")
            return 1 if q > 0 else -1
        a, passes = _derivative(a), not passes
    return 0


def _mixed(one: Point, other: Point, s: Fraction) -> Point:
    """(1 - s) one + s other; layers that stay are not touched."""

    def row(a: Vector, b: Vector) -> Vector:
        return a if a == b else tuple(p if p == q else p + s * (q - p) for p, q in zip(a, b, strict=True))

    return Point(
        tuple(
            m if m is n or m == n else tuple(map(row, m, n)) for m, n in zip(one.weights, other.weights, strict=True)
        ),
        tuple(map(row, one.biases, other.biases)),
    )


def _upper(value: Value) -> Fraction:
    return value.hi if isinstance(value, Enclosure) else value


def _score(scores: Sequence[Fraction]) -> Fraction:
    """One score, or the second minus the first of two."""
    return scores[0] if len(scores) == 1 else scores[1] - scores[0]


def _loss(problem: Problem, point: Point) -> Value:
    return problem.loss_at(point) if problem.loss.rational else problem.enclosure_at(point)


def _derivative(a: Polynomial) -> Polynomial:
    return [k * q for k, q in enumerate(a)][1:]


def _slope_of(top: Polynomial, bottom: Polynomial) -> Polynomial:
    found = multiply(_derivative(top), bottom)
    if len(bottom) > 1:
        found = add(found, times(-1, multiply(top, _derivative(bottom))))
    return _short(found)


def _short(a: Polynomial) -> Polynomial:
    while a and not a[-1]:
        a = a[:-1]
    return a
