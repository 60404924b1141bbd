"""The loss on the straight line between two points, exactly: a polynomial on each stretch, and its largest value.

The line is cut where a pre-activation vanishes and where a prediction passes a break of the loss: at roots of
polynomials, layer after layer, since what a layer puts out is a polynomial between the cuts of those below it. Between
cuts the loss is a polynomial too, of at most twice as many degrees as there are weight layers; the largest value is at
a cut or at a root of a derivative, isolated by Sturm sequences and compared as algebraic numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any

from exactgeo.errors import InternalError
from exactgeo.exact.algebraic import Algebraic, value_at_root
from exactgeo.exact.enclosure import Value
from exactgeo.exact.polynomial import Polynomial, add, value
from exactgeo.exact.polynomial_matrix import PolynomialMatrix
from exactgeo.exact.sturm import isolate
from exactgeo.exact.vectors import ONE, ZERO
from exactgeo.paths.forward import Outputs, crossings, layer_between
from exactgeo.paths.segment import loss_along
from exactgeo.problem import Direction, Point, Problem, scope
from exactgeo.slices.balance import balanced, length_squared, loss_value, single

__all__ = ["LineSlice", "Stretch", "slice_line"]

Number = Fraction | Algebraic


@dataclass(frozen=True)
class Stretch:
    """A part of a line on which the loss is one polynomial.

    Attributes
    ----------
    first, last : Fraction or Algebraic
        The s at which it begins and ends.
    polynomial : list of Fraction
        The loss: coefficients of 1, s, s^2, ...
    """

    first: Number
    last: Number
    polynomial: Polynomial

    @cached_property
    def highest(self) -> tuple[Number, Number]:
        """The largest loss, and the s at which it is first."""
        slope = [k * q for k, q in enumerate(self.polynomial)][1:]
        places = (self.first, *_roots(slope, self.first, self.last), self.last)
        return max(((self._at(s), s) for s in places), key=lambda found: found[0])

    def _at(self, s: Number) -> Number:
        if isinstance(s, Fraction):
            return value(self.polynomial, s)
        return value_at_root(self.polynomial, [ONE], (s.polynomial, s.lo, s.hi))


@dataclass(frozen=True)
class LineSlice:
    """The loss at ``one + s (other - one)``, 0 <= s <= 1. Made by :func:`slice_line`.

    Attributes
    ----------
    problem : Problem
    one, other : Point
    kinks : tuple of Fraction or Algebraic
        The s, ascending, at which a pre-activation vanishes, or the output weight of a single hidden layer: there a
        basin ends.
    stretches : tuple of Stretch
        () of a loss without rational values.
    scaled : bool
        Whether the points are other representatives of the functions that were given; see :func:`balanced`.
    """

    problem: Problem
    one: Point
    other: Point
    kinks: tuple[Number, ...]
    stretches: tuple[Stretch, ...]
    scaled: bool = False

    @property
    def direction(self) -> Direction:
        return self.one.towards(self.other)

    @property
    def length_squared(self) -> Fraction:
        """Of the Euclidean distance of the two points, the square."""
        return length_squared(self.direction)

    @cached_property
    def ends(self) -> tuple[Value, Value]:
        """The loss at both points."""
        return loss_value(self.problem, self.one), loss_value(self.problem, self.other)

    @cached_property
    def highest(self) -> tuple[Number, Fraction] | None:
        """The largest loss and the least s at which it is, exactly; None of a loss without rational values.

        Of an s that is not rational the middle of bounds that agree in 15 digits; the stretch has the root itself.
        """
        best: tuple[Number, Fraction] | None = None
        for stretch in self.stretches:
            top, s = stretch.highest
            if best is None or top > best[0]:
                best = top, s if isinstance(s, Fraction) else (s.enclosure.lo + s.enclosure.hi) / 2
        return best

    def loss_at(self, s: Fraction) -> Value:
        """The loss at ``one + s (other - one)``."""
        return loss_value(self.problem, self.one.moved(self.direction, s))

    def plot(self, ax: Any = None, *, samples: int = 240) -> Any:
        """The loss along the line with its kinks and its exact maximum, on matplotlib axes, which are returned.

        Raises
        ------
        InputError
            Matplotlib is not installed.
        """
        from exactgeo.slices.plot import draw_line

        return draw_line(self, ax, samples=samples)


def slice_line(problem: Problem, one: Point, other: Point, *, balance: bool = True) -> LineSlice:
    """The loss on the straight line between two points.

    Parameters
    ----------
    problem : Problem
        Piecewise linear activations; any depth, outputs, loss and penalty.
    one, other : Point
        At s = 0 and s = 1.
    balance : bool
        Whether :func:`balanced` representatives of their functions are taken.

    Raises
    ------
    OutOfScope
        Another problem.
    InputError
        A point that is none of the problem's network.

    Notes
    -----
    Cost: a forward pass over polynomials a kink, and a factorisation for each pre-activation between those of the
    layers below.

    Examples
    --------
    >>> import exactgeo as eg
    >>> one, other = eg.load("swirszcz-prop1"), eg.load("swirszcz-prop1-better")
    >>> found = slice_line(one, one.point, other.point)
    >>> [str(q) for q in found.highest], [str(s) for s in found.kinks]
    (['23', '2/41'], ['1/33', '2/41', '4/7'])
    """
    outside = scope.slices(problem)
    if outside is not None:
        raise outside
    problem.expect_point(one, "one")
    problem.expect_point(other, "other")
    given = one, other
    if balance:
        one, other = (balanced(problem, point) for point in given)
    cells = list(_cells(problem, one, other))
    kinks: list[Number] = [first for first, _, _ in cells[1:]]
    if single(problem):
        outputs = zip(one.neurons, other.neurons, strict=True)
        kinks += [a / (a - b) for (_, a), (_, b) in outputs if a * b < 0]
    stretches = [part for cell in cells for part in _stretches(problem, (one, other), *cell)]
    return LineSlice(problem, one, other, tuple(_ascending(kinks)), tuple(stretches), (one, other) != given)


def _cells(problem: Problem, one: Point, other: Point) -> Iterator[tuple[Number, Number, Outputs]]:
    """The parts of the line inside which no pre-activation changes its sign, in order, with their predictions."""
    net = problem.network

    def above(k: int, rows: PolynomialMatrix, first: Number, last: Number) -> Iterator[tuple[Number, Number, Outputs]]:
        if k == len(net.layer_activations):
            yield first, last, Outputs(rows, (ONE,))
            return
        slopes = net.layer_activations[k].slopes
        if slopes is None:
            raise InternalError("a slice through a smooth activation")
        weights = layer_between(one, other, k, net.sizes[k] + net.biases[k])
        rows = weights.times(rows.extended((ONE,)) if net.biases[k] else rows)
        cuts: list[Number] = []
        if slopes[0] != slopes[1]:
            cuts = [root for _, _, entry in rows.entries() for root in _roots(entry, first, last)]
        for a, b in pairwise((first, *_ascending(cuts), last)):
            yield from above(k + 1, rows.bent(slopes, _between(a, b)), a, b)

    yield from above(0, PolynomialMatrix.of(tuple(zip(*problem.x, strict=True)), problem.m), ZERO, ONE)


def _stretches(
    problem: Problem, ends: tuple[Point, Point], first: Number, last: Number, outputs: Outputs
) -> Iterator[Stretch]:
    """The parts of a cell between breaks of the loss and of the penalty; none where the loss is not rational."""
    if not problem.loss.rational:
        return
    found = [root for crossing in crossings(outputs, problem) for root in _roots(crossing.polynomial, first, last)]
    if problem.penalty.l1:
        sizes = (problem.penalty.penalised(problem.train, point) for point in ends)
        changes = (a / (a - b) for a, b in zip(*sizes, strict=True) if a * b < 0)
        found += [s for s in changes if first < s < last]
    for a, b in pairwise((first, *_ascending(found), last)):
        middle = _between(a, b)
        loss = loss_along(problem, outputs, middle)[0]
        yield Stretch(a, b, add(loss, _penalty_along(problem, ends, (a, middle, b))))


def _penalty_along(problem: Problem, ends: tuple[Point, Point], part: tuple[Number, Fraction, Number]) -> Polynomial:
    """The penalty on a part of the line inside which no penalised parameter vanishes: a parabola, by three values."""
    if not problem.penalty:
        return []
    one, other = ends
    first, middle, last = part
    places = [_between(first, middle), middle, _between(middle, last)]
    total: Polynomial = []
    for s in places:
        p, q = (t for t in places if t != s)
        factor = problem.penalty.at(problem.train, one.moved(one.towards(other), s)) / ((s - p) * (s - q))
        total = add(total, [factor * p * q, -factor * (p + q), factor])
    return total


def _roots(polynomial: Sequence[Fraction], first: Number, last: Number) -> list[Number]:
    """The real roots inside a part of the line."""
    while polynomial and not polynomial[-1]:
        polynomial = polynomial[:-1]
    if len(polynomial) == 2:
        root = -polynomial[0] / polynomial[1]
        return [root] if first < root < last else []
    lo = first if isinstance(first, Fraction) else first.lo
    hi = last if isinstance(last, Fraction) else last.hi
    found: list[Number] = [a if a == b else Algebraic(factor, a, b) for factor, a, b in isolate(polynomial, lo, hi)]
    return [root for root in found if first < root < last]


def _ascending(numbers: Sequence[Number]) -> list[Number]:
    """Each of them once."""
    return [number for number, _ in groupby(sorted(numbers))]


def _between(a: Number, b: Number) -> Fraction:
    """A rational number between two numbers."""
    width = Fraction(1, 4)
    while True:
        low = a if isinstance(a, Fraction) else a.refined(width).hi
        high = b if isinstance(b, Fraction) else b.refined(width).lo
        if low < high or (low == high and a < low < b):
            return (low + high) / 2
        width /= 4
