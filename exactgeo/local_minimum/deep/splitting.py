"""The splitting lemma off all kinks, where the Hessian is positive semidefinite and vanishes along symmetries and one
line more.

Near the point the loss is that on the slice of the coordinates that symmetries do not move. There, with y the
coordinate along the line and x the others, the Hessian in x is positive definite, so the least loss over x is a
function f(y), and the point is a minimum iff f has one at 0. On a curve c(y) with derivatives in x that are O(y^a) the
loss is ``f(y) + O(y^(2a))``: its lowest coefficient tells, if it is of an order below 2a. If the derivatives in x and
the change of the loss are 0 along the curve, f is 0, and the point is a minimum too.

References
----------
docs/mathematics.md, "Deep networks", D5.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactgeo.deadline import Check, unlimited
from exactgeo.exact.matrix import nullspace, rank, rref, solve_regular
from exactgeo.exact.polynomial import Polynomial, order
from exactgeo.exact.vectors import ZERO, Vector
from exactgeo.local_minimum.along import loss_along
from exactgeo.local_minimum.deep.second_order import Parameter, SecondOrder
from exactgeo.problem import Direction

__all__ = ["Splitting"]

TERMS = 4
"""Of the series: it decides up to order 9."""


class Splitting:
    """The one line beyond the symmetries, where there is one.

    Parameters
    ----------
    second : SecondOrder
        Where the loss is smooth and critical, with a positive semidefinite Hessian.
    symmetries : list of vectors
    """

    def __init__(self, second: SecondOrder, symmetries: Sequence[Vector]) -> None:
        self.second = second
        size = len(second.parameters)
        self.lines = size - rank(second.hessian, size) - rank(symmetries, size)
        held = set(rref(symmetries, size)[1]) if symmetries else set()
        self.slice = [i for i in range(size) if i not in held]

    def curve(self, check: Check = unlimited) -> tuple[Direction, ...] | None:
        """The curve of the series along which the loss tells; None where it does not, or where there are more lines."""
        if self.lines != 1:
            return None
        rows = self.second.hessian
        inside = [[rows[i][j] for j in self.slice] for i in self.slice]
        (line,) = nullspace(inside, len(self.slice))
        first = next(k for k, q in enumerate(line) if q)
        others = [k for k in range(len(self.slice)) if k != first]
        regular = [[inside[i][j] for j in others] for i in others]
        terms: list[list[Fraction]] = [[Fraction(q, line[first]) for q in line]]
        for power in range(2, TERMS + 2):
            check()
            ways = [self._direction(term) for term in terms]
            change = loss_along(self.second.at.problem, self.second.at.point, ways).change
            low = order(change)
            # So far the derivatives are of the order of `power`.
            if low is not None and low < 2 * power:
                return tuple(ways)
            slopes = self._slopes(ways, power + 1)
            wanted = [slopes[self.slice[k]][power] if len(slopes[self.slice[k]]) > power else ZERO for k in others]
            if low is None and not any(any(slopes[self.slice[k]]) for k in others) and self._flat(ways, others):
                return tuple(ways)
            found = solve_regular(regular, [-q for q in wanted]) if others else ()
            assert found is not None
            term = [ZERO] * len(self.slice)
            for k, q in zip(others, found, strict=True):
                term[k] = q
            terms.append(term)
        return None

    def _flat(self, ways: Sequence[Direction], others: Sequence[int]) -> bool:
        """Whether the derivatives are 0 along the whole curve."""
        last = 2 * len(ways) * (len(self.second.at.layers) + 1) + 1
        slopes = self._slopes(ways, last)
        return not any(any(slopes[self.slice[k]]) for k in others)

    def _direction(self, term: Sequence[Fraction]) -> Direction:
        x = [ZERO] * len(self.second.parameters)
        for k, q in zip(self.slice, term, strict=True):
            x[k] = q
        return self.second.direction(x)

    def _slopes(self, ways: Sequence[Direction], terms: int) -> list[Polynomial]:
        """The derivative of the loss in each parameter along a curve, up to so many terms."""
        at, point = self.second.at, self.second.at.point
        weights = [
            [[[q, *(way.weights[k][i][j] for way in ways)] for j, q in enumerate(row)] for i, row in enumerate(matrix)]
            for k, matrix in enumerate(point.weights)
        ]
        biases = [
            [[q, *(way.biases[k][i] for way in ways)] for i, q in enumerate(row)] for k, row in enumerate(point.biases)
        ]
        seen = self._forward(weights, biases, terms)
        ends = seen.pop()
        back = [[self._gradient(o, t, p[:terms]) for t, p in enumerate(row)] for o, row in enumerate(ends)]
        found: dict[Parameter, Polynomial] = {}
        for k in reversed(range(len(weights))):
            for i, passed in enumerate(back):
                found[Parameter(k, i, None)] = _sum(passed)
                for j, row in enumerate(seen[k]):
                    parts = [_product(a, b, terms) for a, b in zip(passed, row, strict=True)]
                    found[Parameter(k, i, j)] = _sum(parts)
            if k:
                slope = at.layers[k - 1].slope
                back = [
                    [
                        _times(
                            s, _sum([_product(row[j], b[t], terms) for row, b in zip(weights[k], back, strict=True)])
                        )
                        for t, s in enumerate(slopes)
                    ]
                    for j, slopes in enumerate(slope)
                ]
        return [found[one] for one in self.second.parameters]

    def _forward(
        self, weights: list[list[list[Polynomial]]], biases: list[list[Polynomial]], terms: int
    ) -> list[list[list[Polynomial]]]:
        """The inputs of each layer along a curve, one row a unit, and the predictions."""
        at = self.second.at
        found: list[list[list[Polynomial]]] = [[[[q] for q in row] for row in at.columns]]
        for k, matrix in enumerate(weights):
            below, rows = found[-1], []
            for i, unit in enumerate(matrix):
                start = biases[k][i] if biases[k] else []
                row = [
                    _sum([start, *(_product(w, one[t], terms) for w, one in zip(unit, below, strict=True))])
                    for t in range(at.problem.m)
                ]
                if k < len(at.layers):
                    row = [_times(s, z) for s, z in zip(at.layers[k].slope[i], row, strict=True)]
                rows.append(row)
            found.append(rows)
        return found

    def _gradient(self, o: int, t: int, p: Polynomial) -> Polynomial:
        """The derivative of the loss at a prediction that moves."""
        start, curvatures = self.second.at.gradient[o][t], self.second.curvatures
        assert curvatures is not None
        assert isinstance(start, Fraction)
        return [start, *(curvatures[o][t] * q for q in p[1:])]


def _product(a: Sequence[Fraction], b: Sequence[Fraction], terms: int) -> Polynomial:
    """The first terms of a b."""
    total = [ZERO] * min(terms, max(0, len(a) + len(b) - 1))
    for i, p in enumerate(a):
        if p:
            for j, q in enumerate(b[: max(0, terms - i)]):
                total[i + j] += p * q
    return total


def _times(slope: Fraction | None, a: Polynomial) -> Polynomial:
    return [slope * q for q in a] if slope else []


def _sum(parts: Sequence[Sequence[Fraction]]) -> Polynomial:
    total = [ZERO] * max(map(len, parts), default=0)
    for part in parts:
        for k, q in enumerate(part):
            total[k] += q
    return total
