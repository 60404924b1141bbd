"""The polynomial identity behind a claim, in sympy, rebuilt from the problem and the claim alone.

The loss moves by a sum of products coefficient * form, each coefficient a nonnegative rational of the proof and each
form nonnegative in one *case* of moves: upwards for a minimum, downwards for a descent. Every case has its identity.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from exactgeo.claims.claim import Claim
from exactgeo.claims.descent_curve import DescentCurveClaim
from exactgeo.claims.identity_descent import CurveDescent, LineDescent
from exactgeo.claims.identity_pieces import (
    Case,
    Identity,
    Net,
    Term,
    largest_curvature,
    pieces_of,
    sympy_rational,
    sympy_rationals,
    total,
)
from exactgeo.claims.local_minimum import Implied, Leaf, LocalMinimumClaim, Part, Split
from exactgeo.claims.not_local_minimum import NotLocalMinimumClaim
from exactgeo.claims.penalised_descent import PenalisedDescentClaim
from exactgeo.claims.penalised_minimum import NormLeaf, PenalisedMinimumClaim
from exactgeo.claims.subgradient_minimum import (
    CoveredSubgradient,
    JointStep,
    KinkSplit,
    SideImplied,
    SignSplit,
    Subgradient,
    SubgradientMinimumClaim,
)
from exactgeo.claims.subject import Subject
from exactgeo.problem import Problem

__all__ = ["Case", "Identity", "identity"]


def identity(subject: Subject, claim: Claim, case: Case) -> Identity:
    """See :meth:`exactgeo.claims.certificate.Certificate.identity`."""
    if isinstance(subject, Problem) and isinstance(claim, DescentCurveClaim):
        return CurveDescent(subject, claim, case).identity()
    if isinstance(subject, Problem) and len(subject.network.widths) <= 1 and subject.outputs == 1:
        match claim:
            case LocalMinimumClaim() | SubgradientMinimumClaim() | PenalisedMinimumClaim():
                return _Minimum(subject, claim, case).identity()
            case NotLocalMinimumClaim() | PenalisedDescentClaim():
                return LineDescent(subject, claim, case).identity()
    raise ValueError(f"a claim of kind {claim.kind} has no polynomial identity")


class _Minimum:
    """The identity of a local minimum: what the loss rises by in one case of moves."""

    def __init__(
        self,
        problem: Problem,
        claim: LocalMinimumClaim | SubgradientMinimumClaim | PenalisedMinimumClaim,
        case: Case,
    ) -> None:
        self.claim, self.problem = claim, problem
        self.net = net = Net(problem, claim.point)
        self.pieces = pieces_of(net, case)
        self._set_moves()
        self.z = [net.pre(w) for w in net.w]
        self.forms = [net.pre(u) for u in self.u]
        bent = net.hidden and net.right != net.left
        # By neuron: first data point of a kink -> its data points with their factors, and the form of factor 1.
        self.kinks = [self._kinks(i) if bent else {} for i in range(len(net.w))]
        known = {(i, row) for i, kinks in enumerate(self.kinks) for row in kinks}
        if strange := set(case.signs) - known:
            raise ValueError(f"no kinks (neuron, first data point): {sorted(strange)}; there are {sorted(known)}")
        units = {i for i, v in enumerate(net.v) if v == 0 and net.moved}
        if strange_units := set(case.outputs) - units:
            raise ValueError(f"no trained output weights of 0: {sorted(strange_units)}; there are {sorted(units)}")
        self.sides = dict.fromkeys(known, 1) | dict(case.signs)
        self.outputs = dict.fromkeys(units, 1) | dict(case.outputs)

    def _set_moves(self) -> None:
        """The moves of the parameters: a symbol each, 0 where frozen."""
        import sympy

        net, d = self.net, self.net.problem.d
        names = [f"dw{k}" if k < d else "db" for k in range(len(net.trained))]
        zero = sympy.Integer(0)
        self.u = [
            [sympy.Symbol(f"{name}_{i}") if flag else zero for name, flag in zip(names, net.trained, strict=True)]
            for i in range(len(net.w))
        ]
        self.dv = [sympy.Symbol(f"dv_{i}") if net.moved else zero for i in range(len(net.v))]
        self.dc = sympy.Symbol("dc") if net.shifted else zero

    def _kinks(self, i: int) -> dict[int, tuple[dict[int, Any], Any]]:
        found: dict[int, tuple[dict[int, Any], Any]] = {}
        for t, z in enumerate(self.z[i]):
            form = self.forms[i][t]
            if z != 0 or form == 0:
                continue
            unit = _unit_form(form)
            row = next((s for s, (_, known) in found.items() if known in (unit, -unit)), t)
            members, known = found.setdefault(row, ({}, unit))
            members[t] = _ratio(form, known)
        return found

    def _slope(self, i: int, t: int) -> Any:
        """The slope of the activation at a data point in this case."""
        if self.z[i][t] != 0:
            return self.net.slope(self.z[i][t])
        for row, (members, _) in self.kinks[i].items():
            if t in members:
                return self.net.slope(members[t] * self.sides[i, row])
        return self.net.right

    # -- the identity -----------------------------------------------------------------------------------------------

    def identity(self) -> Identity:
        claim, weight = self.claim, sympy_rational(self.problem.weight)
        if isinstance(claim, PenalisedMinimumClaim) and self._resisting(claim):
            return _SecondOrder(self, claim).identity()
        slopes = [piece.slopes[0] for piece in self.pieces]
        # The proof is followed first: a side that it implies decides which polynomial the loss is.
        if isinstance(claim, SubgradientMinimumClaim):
            neurons = list(self._joint(claim, slopes))
        elif isinstance(claim, PenalisedMinimumClaim):
            neurons = list(self._penalised(claim, slopes))
        else:
            neurons = [term for i in range(len(claim.neurons)) for term in self._alone(i, slopes, 2 * self._a())]
        after, change = self._after(), total([])
        terms = [(weight * q, form) for q, form in neurons]
        for piece, p, slope in zip(self.pieces, after, slopes, strict=True):
            change += weight * piece.change(p)
            terms += [(weight * q, form) for q, form in piece.above(p, slope)]
        change += self._penalty()
        return Identity(change, tuple((q, form) for q, form in terms if q != 0 and form != 0), False)

    def _a(self) -> Any:
        return largest_curvature(self.problem)

    def _after(self) -> list[Any]:
        net = self.net
        after = [net.c + self.dc] * len(net.y)
        for i, v in enumerate(net.v):
            for t, (z, form) in enumerate(zip(self.z[i], self.forms[i], strict=True)):
                after[t] += (v + self.dv[i]) * self._slope(i, t) * (z + form)
        return after

    def _phi(self, i: int, slopes: Sequence[Any]) -> Any:
        """<slopes, first-order change of the outputs> of a neuron in this case."""
        return total(q * self._slope(i, t) * self.forms[i][t] for t, q in enumerate(slopes))

    def _bend(self, i: int, row: int, slopes: Sequence[Any], side: int | None = None) -> Any:
        """The slope of phi in the form of a kink, on its side in this case (or on another)."""
        side = side or self.sides[i, row]
        return total(slopes[t] * q * self.net.slope(q * side) for t, q in self.kinks[i][row][0].items())

    def _alone(self, i: int, slopes: Sequence[Any], scale: Any, factor: Any = None) -> list[Term]:
        """``(v + dv) phi`` of a neuron: by the parts of ``factor * phi``, factor = sign(v) unless given."""
        import sympy

        v = self.net.v[i]
        factor = sympy.sign(v) if factor is None else factor
        size = (v + self.dv[i]) / factor if v else total([])
        return self._shared(i, self.claim.neurons[i].parts, slopes, scale, factor, size)

    def _shared(
        self, i: int, parts: Sequence[Part], slopes: Sequence[Any], scale: Any, factor: Any, size: Any
    ) -> list[Term]:
        """``size * factor * phi`` of a neuron, by the parts of ``factor * phi``."""
        terms: list[Term] = []
        for part in parts:
            leaf, decided = self._leaf(i, part)
            for row in part.rows:
                side, form = self.sides[i, row], self.kinks[i][row][1]
                if row in decided:
                    coefficient = scale * sympy_rational(leaf.multipliers.get(row, 0))
                else:
                    slope = scale * sympy_rational(leaf.slopes.get(row, 0))
                    coefficient = side * (factor * self._bend(i, row, slopes) - slope)
                terms.append((coefficient, size * side * form))
        return terms

    def _leaf(self, i: int, part: Part) -> tuple[Leaf, set[int]]:
        leaf, decided = self._follow(i, part.cover)
        if not isinstance(leaf, Leaf):
            raise ValueError("a covering without a leaf")
        return leaf, decided

    def _follow(self, i: int, cover: Sequence[Any]) -> tuple[Any, set[int]]:
        """Follow a covering in preorder to the cone of this case; a side that is implied overrides the choice."""
        index, decided = 0, set()
        while not isinstance(step := cover[index], Leaf | NormLeaf):
            decided.add(step.row)
            if isinstance(step, Implied):
                self.sides[i, step.row] = step.sign
                index += 1
            else:
                index = index + 1 if self.sides[i, step.row] > 0 else _behind(cover, index + 1)
        return step, decided

    # -- subgradients -------------------------------------------------------------------------------------------

    def _joint(self, claim: SubgradientMinimumClaim, slopes: list[Any]) -> Iterator[Term]:
        """The parts that share data, whose slopes they choose, and then the neurons alone."""
        ends: dict[int, tuple[Subgradient | CoveredSubgradient, bool]] = {}
        for part in claim.joint:
            leaf, signed = self._end(part.cover)
            for t in part.data:
                slopes[t] = sympy_rational(leaf.slopes.get(t, 0))
            ends |= {i: (leaf, i in signed or self.net.v[i] != 0) for i in part.neurons}
        for i in range(len(claim.neurons)):
            if i not in ends:
                yield from self._alone(i, slopes, sympy_rational(1))
            elif ends[i][1]:
                yield from self._signed(i, ends[i][0], slopes)

    def _end(self, cover: Sequence[JointStep]) -> tuple[Subgradient | CoveredSubgradient, set[int]]:
        index, signed = 0, set()
        while not isinstance(step := cover[index], Subgradient | CoveredSubgradient):
            match step:
                case SideImplied(neuron, row, sign):
                    self.sides[neuron, row], side = sign, 1
                case KinkSplit(neuron, row):
                    side = self.sides[neuron, row]
                case SignSplit(neuron):
                    side = self.outputs[neuron]
                    signed.add(neuron)
            index = index + 1 if side > 0 else _behind(cover, index + 1)
        return step, signed

    def _signed(self, i: int, leaf: Subgradient | CoveredSubgradient, slopes: Sequence[Any]) -> Iterator[Term]:
        """``dv <slopes, out> + (v + dv) phi``, v + dv having a sign."""
        import sympy

        net = self.net
        v, dv = net.v[i], self.dv[i]
        sign = sympy.sign(v) if v != 0 else self.outputs[i]
        value = total(q * self._slope(i, t) * z for t, (q, z) in enumerate(zip(slopes, self.z[i], strict=True)))
        if i in leaf.strict:
            # Small moves do not change the sign of the second factor: that is what the radius is for.
            yield sympy_rational(1), (sign * dv) * (sign * value + sign * self._phi(i, slopes))
            return
        if v == 0:
            yield sign * value, sign * dv
        if isinstance(leaf, CoveredSubgradient):
            parts = leaf.neurons[i].parts if i in leaf.neurons else ()
            yield from self._shared(i, parts, slopes, sympy_rational(1), sign, sign * (v + dv))
            return
        multipliers: Mapping[int, Fraction] = leaf.multipliers.get(i, {})
        for row, (_, form) in self.kinks[i].items():
            side = self.sides[i, row]
            m = sympy_rational(multipliers.get(row, 0))
            yield side * (sign * self._bend(i, row, slopes) - m), sign * (v + dv) * side * form

    # -- weight decay -------------------------------------------------------------------------------------------

    def _sizes(self) -> Iterator[tuple[Any, Any]]:
        """The penalised parameters with their moves."""
        net = self.net
        for w, u in zip(net.w, self.u, strict=True):
            yield from ((a, b) for a, b, flag in zip(w, u, net.penalised, strict=True) if flag)
        if net.moved:
            yield from zip(net.v, self.dv, strict=True)
        if net.shifted and net.problem.penalty.biases:
            yield net.c, self.dc

    def _penalty(self) -> Any:
        half = sympy_rational(self.problem.penalty.l2) / 2
        return half * total((q + d) ** 2 - q**2 for q, d in self._sizes())

    def _penalised(self, claim: PenalisedMinimumClaim, slopes: Sequence[Any]) -> Iterator[Term]:
        """The terms of the neurons, and of the squares, over the weight of the loss."""
        net, scale = self.net, 2 * self._a()
        decay = sympy_rational(self.problem.penalty.l2 / self.problem.weight)
        if net.shifted and self.problem.penalty.biases:
            yield decay / 2, self.dc**2
        if not net.hidden:
            yield from ((decay / 2, move**2) for move in self.u[0])
            return
        for i, (v, dv) in enumerate(zip(net.v, self.dv, strict=True)):
            own = [(a, b) for a, b, flag in zip(net.w[i], self.u[i], net.penalised, strict=True) if flag]
            if v != 0:
                yield from self._alone(i, slopes, scale, v)
                yield from ((decay / 2, (u - dv / v * w) ** 2) for w, u in own)
                yield decay / 2 * (1 - total(w**2 for w, _ in own) / v**2), dv**2
            elif net.moved and claim.neurons[i].above:
                yield from self._at_zero(i, claim, slopes, decay)
            else:
                yield from ((decay / 2, u**2) for _, u in own)
                yield decay / 2, dv**2

    def _resisting(self, claim: PenalisedMinimumClaim) -> bool:
        """Whether the bound of some output weight of 0 is left to the second order of all moves."""
        net = self.net
        return (
            net.moved and any(net.trained) and any(v == 0 and not claim.neurons[i].above for i, v in enumerate(net.v))
        )

    def _at_zero(self, i: int, claim: PenalisedMinimumClaim, slopes: Sequence[Any], decay: Any) -> Iterator[Term]:
        """``dv phi + decay / 2 (|u|^2 + dv^2)`` at an output weight of 0: - sign(dv) phi <= <q, u>, |q| <= decay."""
        sign, scale = self.outputs[i], 2 * self._a()
        proof = claim.neurons[i]
        leaf, decided = self._follow(i, proof.below if sign > 0 else proof.above)
        size = sign * self.dv[i]
        bound = -sign * self._phi(i, slopes)
        for row, (_, form) in self.kinks[i].items():
            side, slope = self.sides[i, row], -sign * self._bend(i, row, slopes)
            if self._bend(i, row, slopes, 1) == self._bend(i, row, slopes, -1):
                continue
            if row in decided:
                coefficient = scale * sympy_rational(leaf.multipliers.get(row, 0))
            else:
                coefficient = side * (scale * sympy_rational(leaf.slopes.get(row, 0)) - slope)
            bound += coefficient * side * form
            yield coefficient, size * side * form
        bound = bound.expand()
        q = [bound.coeff(u) if flag else 0 for u, flag in zip(self.u[i], self.net.penalised, strict=True)]
        for u, k, flag in zip(self.u[i], q, self.net.penalised, strict=True):
            if flag:
                yield decay / 2, (u - size * k / decay) ** 2
        yield decay / 2 * (1 - total(k**2 for k in q) / decay**2), size**2


class _SecondOrder:
    """The identity of a minimum by the second order of all moves, each neuron off its kinks.

    The change of a prediction is l + q, of first and second order. With rho the radius, and p, u, k moves, u within it,
    ``rho (p^2 + k^2) + 2 u p k`` is ``(rho + u) (p + k)^2 / 2 + (rho - u) (p - k)^2 / 2``: so each product of l q is
    paid for by squares, and what is left of the squares is a form that elimination writes as squares.
    """

    def __init__(self, at: _Minimum, claim: PenalisedMinimumClaim) -> None:
        self.at, self.radius = at, sympy_rational(claim.radius or 0)
        net = at.net
        self.inputs = [[u for u in row if u != 0] for row in at.u]
        self.moves = [*([at.dc] if at.dc != 0 else []), *(u for row in self.inputs for u in row)]
        self.moves += [dv for dv in at.dv if dv != 0]
        self.first, self.second = [], []
        for t in range(len(net.y)):
            slopes = [at._slope(i, t) for i in range(len(net.v))]
            first = at.dc + total(
                v * s * at.forms[i][t] + s * at.z[i][t] * at.dv[i]
                for i, (v, s) in enumerate(zip(net.v, slopes, strict=True))
            )
            self.first.append(first.expand())
            self.second.append([(i, s * at.forms[i][t]) for i, s in enumerate(slopes) if at.dv[i] != 0])

    def _curved(self, t: int) -> bool:
        """Whether the loss keeps its largest curvature as far as a prediction moves within the radius."""
        at = self.at
        reach = self.radius * total(abs(q) for q in _coefficients(self.first[t]).values())
        bent = (abs(q) for _, form in self.second[t] for q in _coefficients(form).values())
        reach += self.radius**2 * total(bent)
        (y,) = at.problem.y[t]
        pieces, q = at.problem.loss.pieces(y), at.pieces[t].q
        if pieces is None:
            return False
        number = bisect_right(breaks := sympy_rationals(pieces.breaks), q - reach)
        inside = number == len(breaks) or q + reach <= breaks[number]
        return bool(inside and sympy_rational(pieces.quadratics[number][0]) == at._a())

    def identity(self) -> Identity:
        at, terms = self.at, []
        weight, a = sympy_rational(at.problem.weight), at._a()
        change, form = at._penalty(), at._penalty()
        for t, (piece, p) in enumerate(zip(at.pieces, at._after(), strict=True)):
            slope = piece.slopes[0]
            bent = total(q * at.dv[i] for i, q in self.second[t])
            change += weight * piece.change(p)
            form += weight * slope * (self.first[t] + bent)
            if not self._curved(t):
                terms += [(weight * q, other) for q, other in piece.above(p, slope)]
                continue
            if piece.quadratic[0] != a or piece.side != 0:
                raise ValueError(f"within the radius prediction {t} stays in its piece of the loss")
            form += weight * a * self.first[t] ** 2
            terms.append((weight * a, bent**2))
            for move, p_move in _coefficients(self.first[t]).items():
                for i, inputs in self.second[t]:
                    for u, height in _coefficients(inputs).items():
                        paid = list(self._paid(weight * a * p_move * height, move, u, at.dv[i]))
                        terms += paid
                        form -= weight * a * abs(p_move * height) * self.radius * (move**2 + at.dv[i] ** 2)
        terms += _squares(form.expand(), self.moves)
        return Identity(change, tuple((q, other) for q, other in terms if q != 0 and other != 0), False)

    def _paid(self, q: Any, p: Any, u: Any, k: Any) -> Iterator[Term]:
        """``|q| rho (p^2 + k^2) + 2 q p u k``."""
        way = 1 if q > 0 else -1
        yield abs(q) / 2, (self.radius + way * u) * (p + k) ** 2
        yield abs(q) / 2, (self.radius - way * u) * (p - k) ** 2


def _coefficients(form: Any) -> dict[Any, Any]:
    """Of a linear form, by its symbols."""
    return dict(form.expand().as_coefficients_dict()) if form != 0 else {}


def _squares(form: Any, moves: Sequence[Any]) -> Iterator[Term]:
    """A quadratic form that is not negative as a sum of squares, by elimination."""
    for move in moves:
        pivot = form.coeff(move, 2)
        if pivot == 0:
            if form.coeff(move, 1) != 0:
                raise ValueError("a form of the second order is negative somewhere")
            continue
        if pivot < 0:
            raise ValueError("a form of the second order is negative somewhere")
        line = (form.coeff(move, 1) / (2 * pivot) + move).expand()
        yield pivot, line**2
        form = (form - pivot * line**2).expand()
    if form != 0:
        raise ValueError("the loss has a slope in its moves")


def _ratio(a: Any, b: Any) -> Any:
    """a / b of proportional linear forms, b not 0."""
    import sympy

    return sympy.cancel(a / b)


def _unit_form(form: Any) -> Any:
    """The positively proportional form with coprime integer coefficients."""
    import sympy

    numbers = list(form.as_coefficients_dict().values())
    scale = lcm(*(int(q.q) for q in numbers))
    common = gcd(*(int(q * scale) for q in numbers))
    return sympy.expand(form * scale / common)


def _behind(cover: Sequence[Any], index: int) -> int:
    """Index behind the subtree that starts at ``index``."""
    open_nodes = 1
    while open_nodes:
        two = isinstance(cover[index], Split | KinkSplit | SignSplit)
        open_nodes += 1 if two else 0 if isinstance(cover[index], Implied | SideImplied) else -1
        index += 1
    return index
