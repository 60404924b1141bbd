"""The identities of descents: along a line, where a polynomial bounds the loss, and along a curve, where it is one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from exactgeo.claims.descent_curve import DescentCurveClaim
from exactgeo.claims.identity_pieces import (
    Case,
    Identity,
    Net,
    Piece,
    Term,
    largest_curvature,
    pieces_of,
    sympy_rational,
    sympy_rationals,
    total,
)
from exactgeo.claims.not_local_minimum import NotLocalMinimumClaim
from exactgeo.claims.penalised_descent import PenalisedDescentClaim
from exactgeo.problem import Problem

__all__ = ["CurveDescent", "LineDescent"]


class LineDescent:
    """The identity of a descent along a line: what the loss falls by, as a polynomial in s on (0, step]."""

    def __init__(self, problem: Problem, claim: NotLocalMinimumClaim | PenalisedDescentClaim, case: Case) -> None:
        import sympy

        _expect_no_sides(case)
        self.s = sympy.Symbol("s")
        self.problem, self.step = problem, sympy_rational(claim.step)
        self.start, self.way = Net(problem, claim.point), Net(problem, claim.direction)
        self.moves, self.pieces = self._moves(), pieces_of(self.start, case)

    def _moves(self) -> list[Any]:
        """The change of each prediction, expanded in s."""
        import sympy

        start, way, s = self.start, self.way, self.s
        moved = [way.c * s] * len(start.y)
        for i, (w, v) in enumerate(zip(start.w, start.v, strict=True)):
            v_new, change = v + s * way.v[i], way.pre(way.w[i])
            for t, z in enumerate(start.pre(w)):
                z_new = z + s * change[t]
                moved[t] += v_new * start.slope(_side(z_new, s)) * z_new - v * start.slope(z) * z
        return [sympy.expand(move) for move in moved]

    def identity(self) -> Identity:
        import sympy

        weight, a = sympy_rational(self.problem.weight), largest_curvature(self.problem)
        change, terms, bound = total([]), [], total([])
        for piece, move in zip(self.pieces, self.moves, strict=True):
            p, slope = piece.q + move, piece.slopes[0]
            change += weight * piece.change(p)
            bound += slope * move + a * move**2
            terms += [(weight * q, form) for q, form in piece.below(p, slope, a)]
        penalty, polynomial = self._penalty()
        powers = sympy.Poly(weight * bound + polynomial, self.s).all_coeffs()[::-1]
        terms += _fall(powers, self.s, self.step)
        return Identity(change + penalty, tuple((q, form) for q, form in terms if q != 0 and form != 0), True)

    def _penalty(self) -> tuple[Any, Any]:
        """The change of the penalty along the way, as it is and by powers of s."""
        penalty, s, way = self.problem.penalty, self.s, self.way
        half, size = sympy_rational(penalty.l2) / 2, sympy_rational(penalty.l1)
        change = polynomial = total([])
        for q, d in _penalised_pairs(self.start, way):
            side = _side(q + s * d, s)
            change += half * ((q + s * d) ** 2 - q**2) + size * (side * (q + s * d) - abs(q))
            polynomial += (2 * half * q * d + size * side * d) * s + half * d**2 * s**2
        return change, polynomial


def _fall(coefficients: Sequence[Any], s: Any, step: Any) -> Iterator[Term]:
    """Minus a polynomial on (0, step]: its lowest coefficient outweighs the positive ones."""
    low = next((k for k, q in enumerate(coefficients) if q != 0), 0)
    rest = -coefficients[low]
    for k, q in enumerate(coefficients[low + 1 :], 1):
        if q < 0:
            yield -q, s ** (low + k)
        else:
            yield q, s**low * (step**k - s**k)
            rest -= q * step**k
    yield rest, s**low


def _side(polynomial: Any, s: Any) -> int:
    """The sign for small s > 0: that of the lowest coefficient."""
    import sympy

    coefficients = sympy.Poly(polynomial, s).all_coeffs()[::-1]
    return next((1 if q > 0 else -1 for q in coefficients if q != 0), 0)


def _expect_no_sides(case: Case) -> None:
    if case.signs or case.outputs:
        raise ValueError("along a curve every pre-activation has its side")


class CurveDescent:
    """The identity of a descent along a curve: the loss is one polynomial in s on (0, step], at any depth."""

    def __init__(self, problem: Problem, claim: DescentCurveClaim, case: Case) -> None:
        import sympy

        _expect_no_sides(case)
        if case.pieces:
            raise ValueError("along a curve every prediction has its piece")
        self.s = sympy.Symbol("s")
        self.problem, self.claim = problem, claim

    def _along(self, start: Fraction, ways: Iterable[Fraction]) -> Any:
        """A parameter as a polynomial in s."""
        import sympy

        terms = [sympy_rational(q) * self.s**k for k, q in enumerate((start, *ways))]
        return sympy.Poly(total(terms), self.s, domain="QQ")

    def _predictions(self) -> list[list[Any]]:
        """The network, run over Q[s]: an output by data point and place."""
        import sympy

        net, point, curve = self.problem.network, self.claim.point, self.claim.curve
        rows = [[sympy.Poly(sympy_rational(q), self.s, domain="QQ") for q in row] for row in self.problem.x]
        for layer, activation in enumerate((*net.activations, net.output_activation)):
            right, left = sympy_rationals(activation.slopes or ())
            blocks = [point.weights[layer], *(way.weights[layer] for way in curve)]
            weights = [
                [self._along(q, ways) for q, *ways in zip(*unit, strict=True)] for unit in zip(*blocks, strict=True)
            ]
            shifts = zip(point.biases[layer], *(way.biases[layer] for way in curve), strict=True)
            biases = [self._along(q, ways) for q, *ways in shifts] or [rows[0][0] * 0] * len(weights)
            sums = [
                [
                    sum((w * q for w, q in zip(unit, row, strict=True)), bias)
                    for unit, bias in zip(weights, biases, strict=True)
                ]
                for row in rows
            ]
            rows = [[z * (right if _side(z, self.s) > 0 else left) for z in row] for row in sums]
        return rows

    def identity(self) -> Identity:
        import sympy

        problem, s, change = self.problem, self.s, total([])
        weight, bound = sympy_rational(problem.weight), sympy.Poly(0, self.s, domain="QQ")
        for row, targets in zip(self._predictions(), problem.y, strict=True):
            for after, y in zip(row, targets, strict=True):
                pieces = problem.loss.pieces(y)
                if pieces is None:
                    raise ValueError(f"there is no polynomial identity for the {problem.loss.name} loss")
                q = after.eval(0)
                breaks = sympy_rationals(pieces.breaks)
                number = bisect_right(breaks, q)
                back = number > 0 and breaks[number - 1] == q and _side(after - q, s) < 0
                piece = Piece(pieces, q, number - back)
                own, b, _ = piece.quadratic
                move = after - q
                bound += move * (2 * own * q + b) + move**2 * own
                change += weight * piece.change(after.as_expr())
        terms = _fall((bound * weight).all_coeffs()[::-1], s, sympy_rational(self.claim.step))
        return Identity(change, tuple((q, form) for q, form in terms if q != 0 and form != 0), True)


def _penalised_pairs(start: Net, way: Net) -> Iterator[tuple[Any, Any]]:
    """The penalised parameters with their moves along a way."""
    for w, u in zip(start.w, way.w, strict=True):
        yield from ((a, b) for a, b, flag in zip(w, u, start.penalised, strict=True) if flag)
    if start.moved:
        yield from zip(start.v, way.v, strict=True)
    if start.shifted and start.problem.penalty.biases:
        yield start.c, way.c
