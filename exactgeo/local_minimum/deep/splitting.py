"""The splitting lemma off all kinks, where the Hessian is positive semidefinite and vanishes along symmetries and more.

Near the point the loss is that on the slice of the coordinates that symmetries do not move. There, with y coordinates
on which the kernel of the Hessian projects one to one and x the others, the Hessian in x is positive definite, so the
least loss over x is a function f(y), and the point is a minimum iff f has one at 0. On a curve c(s) with y = s e and
derivatives in x that are O(s^a) the loss is ``f(s e) + O(s^(2a))``: it tells the parts f_q of f of degree q < 2a.

*One line.* The lowest coefficient decides. *More*: the lowest form f_q that is not 0 is known by its values on a
lattice of vectors e. Odd, or negative somewhere: along that curve, or back, the loss falls. Positive but at 0: a
minimum. If along all curves the derivatives in x and the change of the loss are 0, f is 0, and the point is a minimum
too: these are forms in e of bounded degree, 0 if they are so on a lattice.

References
----------
docs/mathematics.md, "Deep networks", D5.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb

from exactgeo.deadline import Check, unlimited
from exactgeo.exact.matrix import nullspace, rank, rref, solve_regular
from exactgeo.exact.polynomial import Polynomial, order
from exactgeo.exact.positive_form import form_through, lattice, not_positive
from exactgeo.exact.vectors import ONE, ZERO, Vector
from exactgeo.local_minimum.along import loss_along
from exactgeo.local_minimum.deep.second_order import Parameter, SecondOrder
from exactgeo.problem import Direction

__all__ = ["Splitting"]

TERMS = 4
"""Of the series: it decides up to order 9."""

CURVES = 36
"""Vectors of a lattice, at most."""

Curve = tuple[Direction, ...]


class Splitting:
    """The lines beyond the symmetries.

    Parameters
    ----------
    second : SecondOrder
        Where the loss is smooth and critical, with a positive semidefinite Hessian.
    symmetries : list of vectors

    Attributes
    ----------
    lines : int
        The dimension of the kernel of the Hessian beyond the symmetries.
    """

    def __init__(self, second: SecondOrder, symmetries: Sequence[Vector]) -> None:
        self.second = second
        size = len(second.parameters)
        self.lines = size - rank(second.hessian, size) - rank(symmetries, size)
        held = set(rref(symmetries, size)[1]) if symmetries else set()
        self.slice = [i for i in range(size) if i not in held]
        rows = [[second.hessian[i][j] for j in self.slice] for i in self.slice]
        kernel = nullspace(rows, len(self.slice)) if self.lines else []
        reduced, own = rref(kernel, len(self.slice)) if kernel else ([], [])
        self._basis = [[Fraction(q) / row[k] for q in row] for row, k in zip(reduced, own, strict=True)]
        self._others = [k for k in range(len(self.slice)) if k not in own]
        self._regular = [[rows[i][j] for j in self._others] for i in self._others]

    def curve(self, check: Check = unlimited) -> Curve | None:
        """The curve of the series along which the loss tells; None where it does not, or where there are more lines."""
        if self.lines != 1:
            return None
        terms = self._line([ONE])
        for power in range(2, TERMS + 2):
            check()
            low = order(self._change(terms))
            # So far the derivatives are of the order of `power`.
            if (low is not None and low < 2 * power) or (low is None and self._rests(terms)):
                return self._ways(terms)
            terms.append(self._next(terms))
        return None

    def surface(self, check: Check = unlimited) -> Curve | None:
        """Of several lines: () at a minimum, a curve along which the loss falls or may fall, or None.

        Cost: a curve for each vector of a lattice, CURVES at most.
        """
        for degree in range(3, 2 * TERMS + 2):
            number = degree // 2
            if degree % 2 == 0 and self._flat(number - 1, check):
                return ()
            if comb(self.lines + degree - 1, degree) > CURVES:
                return None
            values = {}
            for e in lattice(self.lines, degree):
                check()
                terms = self._series(list(map(Fraction, e)), number)
                value = [*self._change(terms), *[ZERO] * (degree + 1)][degree]
                if value < 0 or (value and degree % 2):
                    return self._ways(self._series([Fraction(q if value < 0 else -q) for q in e], number))
                values[e] = value
            if any(values.values()):
                witness = not_positive(form_through(values), check)
                if witness is None:
                    return ()
                return self._ways(self._series(witness, number))
        return None

    def _flat(self, number: int, check: Check) -> bool:
        """Whether curves of so many terms rest, whatever their vector."""
        degree = 2 * number * (len(self.second.at.layers) + 1)
        if comb(self.lines + degree - 1, degree) > CURVES:
            return False
        for e in lattice(self.lines, degree):
            check()
            terms = self._series(list(map(Fraction, e)), number)
            if any(self._change(terms)) or not self._rests(terms):
                return False
        return True

    def _line(self, e: Sequence[Fraction]) -> list[list[Fraction]]:
        """The first term of the curve of e."""
        rows = list(zip(*self._basis, strict=True))
        return [[sum((p * q for p, q in zip(e, row, strict=True)), ZERO) for row in rows]]

    def _series(self, e: Sequence[Fraction], number: int) -> list[list[Fraction]]:
        terms = self._line(e)
        while len(terms) < number:
            terms.append(self._next(terms))
        return terms

    def _next(self, terms: Sequence[Sequence[Fraction]]) -> list[Fraction]:
        """The term with which the derivatives in x are of one order more."""
        power, others = len(terms) + 1, self._others
        slopes = self._slopes(self._ways(terms), power + 1)
        wanted = [slopes[self.slice[k]][power] if len(slopes[self.slice[k]]) > power else ZERO for k in others]
        found = solve_regular(self._regular, [-q for q in wanted]) if others else ()
        assert found is not None
        term = [ZERO] * len(self.slice)
        for k, q in zip(others, found, strict=True):
            term[k] = q
        return term

    def _change(self, terms: Sequence[Sequence[Fraction]]) -> Polynomial:
        return loss_along(self.second.at.problem, self.second.at.point, self._ways(terms)).change

    def _rests(self, terms: Sequence[Sequence[Fraction]]) -> bool:
        """Whether the derivatives in x are 0 along the whole curve."""
        last = 2 * len(terms) * (len(self.second.at.layers) + 1) + 1
        slopes = self._slopes(self._ways(terms), last)
        return not any(any(slopes[self.slice[k]]) for k in self._others)

    def _ways(self, terms: Sequence[Sequence[Fraction]]) -> Curve:
        return tuple(map(self._direction, terms))

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
