"""The loss on the straight line between two points, exactly: a polynomial on each stretch, and its largest value.

The line is cut where a pre-activation vanishes, at rational places of one hidden layer, and where a prediction passes a
break of the loss, at roots of polynomials. Between cuts the loss is a polynomial of degree 4 at most; the largest value
is at a cut or at a root of a derivative, isolated by Sturm sequences and compared as algebraic numbers.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

from exactgeo.errors import InternalError
from exactgeo.exact.algebraic import Algebraic, value_at_root
from exactgeo.exact.enclosure import Value
from exactgeo.exact.polynomial import Polynomial, value
from exactgeo.exact.sturm import isolate
from exactgeo.exact.vectors import ONE, ZERO, dot
from exactgeo.frozen import dataclass
from exactgeo.paths.forward import Outputs, crossings, run
from exactgeo.paths.segment import loss_along
from exactgeo.problem import Direction, Point, Problem, scope
from exactgeo.slices.balance import balanced, length_squared, loss_value

__all__ = ["LineSlice", "Stretch", "slice_line"]

Number = Fraction | Algebraic


@dataclass(frozen=True)
class Stretch:
    """A part of a line on which the loss is one polynomial.

    Attributes
    ----------
    lo, hi : Fraction
        ``s = lo + (hi - lo) t``.
    first, last : Fraction or Algebraic
        Where it begins and ends, in t.
    polynomial : list of Fraction
        The loss: coefficients of 1, t, t^2, ...
    """

    lo: Fraction
    hi: Fraction
    first: Number
    last: Number
    polynomial: Polynomial

    @cached_property
    def highest(self) -> tuple[Number, Number]:
        """The largest loss, and the t at which it is first."""
        slope = [k * q for k, q in enumerate(self.polynomial)][1:]
        inside = [root for root in _roots(slope) if self.first < root < self.last]
        return max(((self._at(t), t) for t in (self.first, *inside, self.last)), key=lambda found: found[0])

    def _at(self, t: Number) -> Number:
        if isinstance(t, Fraction):
            return value(self.polynomial, t)
        return value_at_root(self.polynomial, [ONE], (t.polynomial, t.lo, t.hi))


@dataclass(frozen=True)
class LineSlice:
    """The loss at ``one + s (other - one)``, 0 <= s <= 1. Made by :func:`slice_line`.

    Attributes
    ----------
    problem : Problem
    one, other : Point
    kinks : tuple of Fraction
        The s at which a pre-activation or an output weight vanishes.
    stretches : tuple of Stretch
        () of a loss without rational values.
    scaled : bool
        Whether the points are other representatives of the functions that were given; see :func:`balanced`.
    """

    problem: Problem
    one: Point
    other: Point
    kinks: tuple[Fraction, ...]
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
            top, t = stretch.highest
            if best is None or top > best[0]:
                inside = t if isinstance(t, Fraction) else (t.enclosure.lo + t.enclosure.hi) / 2
                best = top, stretch.lo + (stretch.hi - stretch.lo) * inside
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
        One hidden layer, one output, a piecewise linear activation, no penalty.
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
    Cost: a forward pass over polynomials a kink.

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
    move, sides = one.towards(other), zip(forms(problem, one), forms(problem, other), strict=True)
    kinks = tuple(sorted({s for a, b in sides if a != b and 0 < (s := a / (a - b)) < 1}))
    stretches: list[Stretch] = []
    if problem.loss.rational:
        for lo, hi in pairwise((ZERO, *kinks, ONE)):
            outputs = run(problem, one.moved(move, lo), one.moved(move, hi))
            if not isinstance(outputs, Outputs):
                raise InternalError("a pre-activation changes its sign between two kinks of a line")
            stretches += _stretches(problem, outputs, lo, hi)
    return LineSlice(problem, one, other, kinks, tuple(stretches), (one, other) != given)


def forms(problem: Problem, point: Point) -> list[Fraction]:
    """All pre-activations, neuron by neuron, then all output weights: where one vanishes, a cell ends."""
    inner = [dot(w, row) for w, _ in point.neurons for row in problem.lifted]
    return [*inner, *(v for _, v in point.neurons)]


def _stretches(problem: Problem, outputs: Outputs, lo: Fraction, hi: Fraction) -> list[Stretch]:
    """The parts between breaks of the loss."""
    found = {root for crossing in crossings(outputs, problem) for root in _roots(crossing.polynomial)}
    marks: list[Number] = [ZERO, *sorted(found), ONE]
    return [
        Stretch(lo, hi, a, b, loss_along(problem, outputs, _between(a, b))[0])
        for a, b in pairwise(marks)
    ]  # fmt: skip


def _roots(polynomial: Any) -> list[Number]:
    """The real roots in (0, 1)."""
    return [a if a == b else Algebraic(factor, a, b) for factor, a, b in isolate(polynomial)]


def _between(a: Number, b: Number) -> Fraction:
    """A rational number between two numbers."""
    width = Fraction(1, 4)
    while True:
        low = a if isinstance(a, Fraction) else a.refined(width).hi
        high = b if isinstance(b, Fraction) else b.refined(width).lo
        if low < high or (low == high and a < low < b):
            return (low + high) / 2
        width /= 4
