"""What identities are made of: cases, products of a coefficient and a form, networks and losses as sympy numbers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from exactgeo.frozen import dataclass
from exactgeo.losses.piecewise_quadratic import Pieces
from exactgeo.problem import Direction, Point, Problem

if TYPE_CHECKING:
    import sympy

__all__ = [
    "Case",
    "Identity",
    "Net",
    "Piece",
    "Term",
    "dot_product",
    "largest_curvature",
    "pieces_of",
    "sympy_rational",
    "sympy_rationals",
    "total",
]

Term = tuple[Any, Any]
"""A coefficient and a form."""


@dataclass(frozen=True)
class Case:
    """Which moves an identity is about; what a claim's proof does not ask for is left out.

    Attributes
    ----------
    signs : mapping from (neuron, data point) to 1 or -1
        The side of a kink, by its first data point; 1 where left out. A side that others imply overrides the choice.
    outputs : mapping from neurons to 1 or -1
        The sign of the move of an output weight that is 0; 1 where left out.
    pieces : mapping from data points to whole numbers
        The piece of the loss, from the left, in which the moved prediction lies; that of the prediction at the point
        where left out, the right one at a break.
    """

    signs: Mapping[tuple[int, int], int] = field(default_factory=dict)
    outputs: Mapping[int, int] = field(default_factory=dict)
    pieces: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Identity:
    """``change = sum coefficient * form``; for a descent ``change = - sum coefficient * form``.

    Attributes
    ----------
    change : sympy.Expr
        The loss after the move minus that at the point, as a polynomial in the moves.
    terms : tuple of (coefficient, form)
    falls : bool
        Whether it is a descent.
    """

    change: sympy.Expr
    terms: tuple[Term, ...]
    falls: bool

    @property
    def expression(self) -> sympy.Expr:
        """What expands to 0."""
        total = sum((coefficient * form for coefficient, form in self.terms), sympy_rational(0))
        return self.change + total if self.falls else self.change - total


def sympy_rational(q: Fraction | int) -> Any:
    import sympy

    return sympy.Rational(q.numerator, q.denominator)


def sympy_rationals(row: Iterable[Fraction | int]) -> list[Any]:
    return [sympy_rational(q) for q in row]


def total(terms: Iterable[Any]) -> Any:
    return sum(terms, sympy_rational(0))


def dot_product(a: Sequence[Any], b: Sequence[Any]) -> Any:
    return total(p * q for p, q in zip(a, b, strict=True))


class Net:
    """Data and parameters (or a direction) of a two-layer net or a linear model, as sympy numbers."""

    def __init__(self, problem: Problem, point: Point | Direction) -> None:
        net = problem.network
        self.problem = problem
        self.x = [sympy_rationals(row) for row in problem.lifted]
        self.y = [sympy_rational(q) for (q,) in problem.y]
        self.hidden = bool(net.widths)
        self.right, self.left = sympy_rationals((net.activation.slopes if self.hidden else None) or (1, 1))
        self.c = sympy_rational(point.shift)
        if self.hidden:
            self.w = [sympy_rationals(neuron.w) for neuron in point.neurons]
            self.v = [sympy_rational(neuron.v) for neuron in point.neurons]
        else:
            self.w, self.v = [sympy_rationals(point.inputs)], [sympy_rational(0 if isinstance(point, Direction) else 1)]
        train = problem.train
        both = (train.hidden[0], train.hidden_bias[0]) if self.hidden else (train.output, False)
        self.trained = [both[0] if k < problem.d else both[1] for k in range(len(self.x[0]))]
        self.moved = self.hidden and train.output
        self.shifted = net.output_bias and train.output_bias
        biases = problem.penalty.biases
        self.penalised = [flag and (k < problem.d or biases) for k, flag in enumerate(self.trained)]

    def pre(self, w: list[Any]) -> list[Any]:
        """The pre-activation of input weights at each data point."""
        return [dot_product(w, row) for row in self.x]

    def slope(self, side: Any) -> Any:
        return self.right if side > 0 else self.left

    def predictions(self) -> list[Any]:
        columns = [[v * self.slope(z) * z for z in self.pre(w)] for w, v in zip(self.w, self.v, strict=True)]
        return [self.c + total(column[t] for column in columns) for t in range(len(self.y))]


class Piece:
    """The loss of one data point as the quadratic of one piece, seen from the prediction q at the point.

    ``side``: 1, -1 where the piece begins, ends at or beyond q; 0 where q lies inside. ``end``: where it is next to q.
    """

    def __init__(self, pieces: Pieces, q: Any, chosen: int | None) -> None:
        breaks = sympy_rationals(pieces.breaks)
        quadratics = [sympy_rationals(row) for row in pieces.quadratics]
        here = bisect_right(breaks, q)
        k = here if chosen is None else chosen
        if k not in range(len(quadratics)):
            raise ValueError(f"no piece {k} of the loss; there are {len(quadratics)}")
        before = quadratics[here - (here > 0 and breaks[here - 1] == q)]
        self.q, self.quadratic = q, quadratics[k]
        self.value = value_at(quadratics[here], q)
        self.slopes = tuple(2 * a * q + b for a, b, _ in (before, quadratics[here]))
        self.side, self.end = 0, q
        if k and q <= breaks[k - 1]:
            self.side, self.end = 1, breaks[k - 1]
        elif k < len(breaks) and q >= breaks[k]:
            self.side, self.end = -1, breaks[k]

    def change(self, p: Any) -> Any:
        return value_at(self.quadratic, p) - self.value

    def above(self, p: Any, slope: Any) -> Iterator[Term]:
        """``l(p) - l(q) - slope (p - q)`` on the piece, slope a subgradient at q: nonnegative, by convexity."""
        return self._terms(p, slope, sympy_rational(0), 1)

    def below(self, p: Any, slope: Any, curvature: Any) -> Iterator[Term]:
        """``l(q) + slope (p - q) + curvature (p - q)^2 - l(p)`` on the piece, no piece being more curved."""
        return self._terms(p, slope, curvature, -1)

    def _terms(self, p: Any, slope: Any, curvature: Any, sign: int) -> Iterator[Term]:
        # The difference by powers of p - end: where the piece begins or ends it is nonnegative, and grows away from q.
        a, b, _ = self.quadratic
        e, gap = self.end, self.end - self.q
        side = self.side or 1
        yield sign * (a - curvature), (p - e) ** 2
        yield sign * side * (2 * a * e + b - slope - 2 * curvature * gap), side * (p - e)
        yield sign * (value_at(self.quadratic, e) - self.value - slope * gap - curvature * gap**2), sympy_rational(1)


def value_at(quadratic: Sequence[Any], p: Any) -> Any:
    a, b, c = quadratic
    return a * p**2 + b * p + c


def pieces_of(net: Net, case: Case) -> list[Piece]:
    problem = net.problem
    found = [problem.loss.pieces(y) for (y,) in problem.y]
    if strange := set(case.pieces) - set(range(len(found))):
        raise ValueError(f"no data points {sorted(strange)}")
    if any(pieces is None for pieces in found):
        raise ValueError(f"there is no polynomial identity for the {problem.loss.name} loss")
    listed = zip(found, net.predictions(), strict=True)
    return [Piece(pieces, q, case.pieces.get(t)) for t, (pieces, q) in enumerate(listed) if pieces]


def largest_curvature(problem: Problem) -> Any:
    """The largest factor of a square in the loss: certificates of losses with a derivative have slopes / 2a."""
    found = [pieces for (y,) in problem.y if (pieces := problem.loss.pieces(y))]
    return sympy_rational(max(a for pieces in found for a, _, _ in pieces.quadratics))
