"""The polynomial identity behind a claim, in sympy, rebuilt from the problem and the claim alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING, Any

from exactgeo.claims.claim import Claim
from exactgeo.claims.local_minimum import Implied, Leaf, LocalMinimumClaim, Split, Step
from exactgeo.claims.not_local_minimum import NotLocalMinimumClaim
from exactgeo.claims.subject import Subject, square_factor
from exactgeo.problem import Direction, Point, Problem

if TYPE_CHECKING:
    import sympy

__all__ = ["identity"]


def identity(subject: Subject, claim: Claim, signs: Mapping[tuple[int, int], int]) -> sympy.Expr:
    """See :meth:`exactgeo.claims.certificate.Certificate.identity`."""
    if isinstance(subject, Problem) and isinstance(claim, LocalMinimumClaim):
        return _Minimum(subject, claim, signs).expression()
    if isinstance(subject, Problem) and isinstance(claim, NotLocalMinimumClaim):
        return _descent(subject, claim)
    raise ValueError(f"a claim of kind {claim.kind} has no polynomial identity")


def _rational(q: Fraction | int) -> Any:
    import sympy

    return sympy.Rational(q.numerator, q.denominator)


def _rationals(row: Iterable[Fraction | int]) -> list[Any]:
    return [_rational(q) for q in row]


def _scale(problem: Problem) -> Any:
    factor = square_factor(problem)
    if factor is None:
        raise ValueError(f"there is no polynomial identity for the {problem.loss.name} loss")
    return _rational(factor * problem.weight)


class _Net:
    """Data and parameters (or a direction) of a two-layer net or a linear model, as sympy numbers."""

    def __init__(self, problem: Problem, point: Point | Direction) -> None:
        net = problem.network
        self.problem = problem
        self.x = [_rationals(row) for row in problem.lifted]
        self.y = [_rational(q) for (q,) in problem.y]
        self.right, self.left = _rationals(net.activation.slopes or (1, 1))
        self.hidden = bool(net.widths)
        self.c = _rational(point.shift)
        if self.hidden:
            self.w = [_rationals(neuron.w) for neuron in point.neurons]
            self.v = [_rational(neuron.v) for neuron in point.neurons]
        else:
            self.w, self.v = [_rationals(point.inputs)], [_rational(1)]
            self.right = self.left = _rational(1)

    def pre(self, w: list[Any]) -> list[Any]:
        """The pre-activation of input weights at each data point."""
        return [sum((p * q for p, q in zip(w, row, strict=True)), _rational(0)) for row in self.x]


class _Minimum:
    """The identity of a local minimum, on the cone of the chosen sides."""

    def __init__(self, problem: Problem, claim: LocalMinimumClaim, signs: Mapping[tuple[int, int], int]) -> None:
        self.net = _Net(problem, claim.point)
        self.claim = claim
        self.signs = dict(signs)
        self.known: set[tuple[int, int]] = set()

    def _moves(self) -> tuple[list[list[Any]], list[Any], Any]:
        import sympy

        net, train = self.net, self.net.problem.train
        d = self.net.problem.d
        if net.hidden:
            flags = [train.hidden[0]] * d + [train.hidden_bias[0]] * (len(net.x[0]) - d)
        else:
            flags = [train.output] * d
        names = [f"dw{k}" if k < d else "db" for k in range(len(flags))]
        u = [
            [sympy.Symbol(f"{name}_{i}") if flag else sympy.Integer(0) for name, flag in zip(names, flags, strict=True)]
            for i in range(len(net.w))
        ]
        moved = net.hidden and train.output
        dv = [sympy.Symbol(f"dv_{i}") if moved else sympy.Integer(0) for i in range(len(net.v))]
        free = self.net.problem.network.output_bias and train.output_bias
        return u, dv, sympy.Symbol("dc") if free else sympy.Integer(0)

    def expression(self) -> Any:
        import sympy

        net = self.net
        u, dv, dc = self._moves()
        m = len(net.y)
        before = [net.c] * m
        after = [net.c + dc] * m
        remainder: Any = sympy.Integer(0)
        for i, (w, v) in enumerate(zip(net.w, net.v, strict=True)):
            z = net.pre(w)
            z_new = net.pre([p + q for p, q in zip(w, u[i], strict=True)])
            sides = self._sides(i, z, net.pre(u[i]))
            slopes = [net.right if side > 0 else net.left for side in sides]
            before = [p + v * s * q for p, s, q in zip(before, slopes, z, strict=True)]
            after = [p + (v + dv[i]) * s * q for p, s, q in zip(after, slopes, z_new, strict=True)]
            if net.hidden:
                remainder += self._remainder(i, z, net.pre(u[i]), sympy.sign(v) * (v + dv[i]))
        if strange := set(self.signs) - self.known:
            raise ValueError(f"no kinks (neuron, first data point): {sorted(strange)}; there are {sorted(self.known)}")
        lower = sum(((p - y) ** 2 for p, y in zip(before, net.y, strict=True)), sympy.Integer(0))
        upper = sum(((p - y) ** 2 for p, y in zip(after, net.y, strict=True)), sympy.Integer(0))
        squares = sum(((p - q) ** 2 for p, q in zip(after, before, strict=True)), sympy.Integer(0))
        return _scale(net.problem) * (upper - lower - squares - 2 * remainder)

    def _sides(self, i: int, z: list[Any], moves: list[Any]) -> list[int]:
        """The side of every data point: that of its pre-activation, or the chosen one of its kink."""
        sides = []
        for t, q in enumerate(z):
            if q != 0:
                sides.append(1 if q > 0 else -1)
                continue
            leader = next(s for s in range(t + 1) if z[s] == 0 and self._ratio(moves[t], moves[s]) is not None)
            self.known.add((i, leader))
            chosen = self.signs.get((i, leader), 1)
            sides.append(chosen if self._ratio(moves[t], moves[leader]) >= 0 else -chosen)
        return sides

    @staticmethod
    def _ratio(a: Any, b: Any) -> Any:
        """a / b for proportional linear forms (0 for a = 0 when b = 0), else None."""
        import sympy

        if b == 0:
            return sympy.Integer(0) if a == 0 else None
        ratio = sympy.cancel(a / b)
        return ratio if ratio.is_number and ratio != 0 else None

    def _remainder(self, i: int, z: list[Any], moves: list[Any], size: Any) -> Any:
        """``size * sum multiplier * side * form``: the nonnegative multiples of the cone's constraints."""
        import sympy

        net = self.net
        residuals = self._residuals()
        sign = sympy.sign(net.v[i])
        total: Any = sympy.Integer(0)
        for part in self.claim.neurons[i].parts:
            chosen = {row: self.signs.get((i, row), 1) for row in part.rows}
            leaf = _find_leaf(part.cover, chosen)
            for row in part.rows:
                unit = self._unit_form(moves[row])
                side = chosen[row]
                if row in leaf.slopes:
                    slope = sympy.Integer(0)
                    for t, q in enumerate(z):
                        ratio = self._ratio(moves[t], unit) if q == 0 and moves[t] != 0 else None
                        if ratio is not None:
                            slope += residuals[t] * ratio * (net.right if ratio * side > 0 else net.left)
                    weight = side * (sign * slope - _rational(leaf.slopes[row]))
                else:
                    weight = _rational(leaf.multipliers.get(row, 0))
                total += weight * side * unit
        return size * total

    @staticmethod
    def _unit_form(form: Any) -> Any:
        """The positively proportional form with coprime integer coefficients."""
        import sympy

        numbers = list(form.as_coefficients_dict().values())
        scale = lcm(*(int(q.q) for q in numbers))
        common = gcd(*(int(q * scale) for q in numbers))
        return sympy.expand(form * scale / common)

    def _residuals(self) -> list[Any]:
        net = self.net
        totals = [net.c] * len(net.y)
        for w, v in zip(net.w, net.v, strict=True):
            z = net.pre(w)
            totals = [p + v * q * (net.right if q > 0 else net.left) for p, q in zip(totals, z, strict=True)]
        return [p - y for p, y in zip(totals, net.y, strict=True)]


def _find_leaf(cover: Sequence[Step], chosen: dict[int, int]) -> Leaf:
    """Follow a covering in preorder to the cone with the chosen sides; an implied side overrides the choice."""
    index = 0
    while True:
        match cover[index]:
            case Leaf() as leaf:
                return leaf
            case Implied(row, sign):
                chosen[row] = sign
                index += 1
            case Split(row):
                index = index + 1 if chosen[row] > 0 else _behind(cover, index + 1)


def _behind(cover: Sequence[Step], index: int) -> int:
    """Index behind the subtree that starts at ``index``."""
    open_nodes = 1
    while open_nodes:
        open_nodes += 1 if isinstance(cover[index], Split) else -1 if isinstance(cover[index], Leaf) else 0
        index += 1
    return index


def _descent(problem: Problem, claim: NotLocalMinimumClaim) -> Any:
    """With p the predictions along the way and e their change: p^2 - q^2 = e^2 + 2 e q, by the coefficients of e."""
    import sympy

    s = sympy.Symbol("s")
    start, way = _Net(problem, claim.point), _Net(problem, claim.direction)
    if not start.hidden:
        way.v = [sympy.Integer(0)]
    m = len(start.y)
    before, after = [start.c] * m, [start.c + s * way.c] * m
    first, second = [way.c] * m, [sympy.Integer(0)] * m
    for w, v, u, k in zip(start.w, start.v, way.w, way.v, strict=True):
        for t, (z, q) in enumerate(zip(start.pre(w), way.pre(u), strict=True)):
            slope = start.right if (z or q) > 0 else start.left
            before[t] += v * slope * z
            after[t] += (v + s * k) * slope * (z + s * q)
            first[t] += slope * (v * q + k * z)
            second[t] += slope * k * q
    total: Any = sympy.Integer(0)
    for p, q, y, a, b in zip(after, before, start.y, first, second, strict=True):
        polynomial = 2 * (q - y) * (a * s + b * s**2) + a**2 * s**2 + 2 * a * b * s**3 + b**2 * s**4
        total += (p - y) ** 2 - (q - y) ** 2 - polynomial
    return _scale(problem) * total
