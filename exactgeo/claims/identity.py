"""The polynomial identity behind a claim, in sympy, rebuilt from the problem and the claim alone.

The loss moves by a sum of products coefficient * form, each coefficient a nonnegative rational of the proof and each
form nonnegative in one *case* of moves: upwards for a minimum, downwards for a descent. Every case has its identity.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING, Any

from exactgeo.claims.claim import Claim
from exactgeo.claims.descent_curve import DescentCurveClaim
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
from exactgeo.losses.piecewise_quadratic import Pieces
from exactgeo.problem import Direction, Point, Problem

if TYPE_CHECKING:
    import sympy

__all__ = ["Case", "Identity", "identity"]

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
        total = sum((coefficient * form for coefficient, form in self.terms), _rational(0))
        return self.change + total if self.falls else self.change - total


def identity(subject: Subject, claim: Claim, case: Case) -> Identity:
    """See :meth:`exactgeo.claims.certificate.Certificate.identity`."""
    if isinstance(subject, Problem) and len(subject.network.widths) <= 1 and subject.outputs == 1:
        match claim:
            case LocalMinimumClaim() | SubgradientMinimumClaim() | PenalisedMinimumClaim():
                return _Minimum(subject, claim, case).identity()
            case NotLocalMinimumClaim() | PenalisedDescentClaim():
                return _Descent(subject, claim, (claim.direction,), case).identity()
            case DescentCurveClaim():
                return _Descent(subject, claim, claim.curve, case).identity()
    raise ValueError(f"a claim of kind {claim.kind} has no polynomial identity")


def _rational(q: Fraction | int) -> Any:
    import sympy

    return sympy.Rational(q.numerator, q.denominator)


def _rationals(row: Iterable[Fraction | int]) -> list[Any]:
    return [_rational(q) for q in row]


def _total(terms: Iterable[Any]) -> Any:
    return sum(terms, _rational(0))


def _dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    return _total(p * q for p, q in zip(a, b, strict=True))


class _Net:
    """Data and parameters (or a direction) of a two-layer net or a linear model, as sympy numbers."""

    def __init__(self, problem: Problem, point: Point | Direction) -> None:
        net = problem.network
        self.problem = problem
        self.x = [_rationals(row) for row in problem.lifted]
        self.y = [_rational(q) for (q,) in problem.y]
        self.hidden = bool(net.widths)
        self.right, self.left = _rationals((net.activation.slopes if self.hidden else None) or (1, 1))
        self.c = _rational(point.shift)
        if self.hidden:
            self.w = [_rationals(neuron.w) for neuron in point.neurons]
            self.v = [_rational(neuron.v) for neuron in point.neurons]
        else:
            self.w, self.v = [_rationals(point.inputs)], [_rational(0 if isinstance(point, Direction) else 1)]
        train = problem.train
        both = (train.hidden[0], train.hidden_bias[0]) if self.hidden else (train.output, False)
        self.trained = [both[0] if k < problem.d else both[1] for k in range(len(self.x[0]))]
        self.moved = self.hidden and train.output
        self.shifted = net.output_bias and train.output_bias
        biases = problem.penalty.biases
        self.penalised = [flag and (k < problem.d or biases) for k, flag in enumerate(self.trained)]

    def pre(self, w: list[Any]) -> list[Any]:
        """The pre-activation of input weights at each data point."""
        return [_dot(w, row) for row in self.x]

    def slope(self, side: Any) -> Any:
        return self.right if side > 0 else self.left

    def predictions(self) -> list[Any]:
        columns = [[v * self.slope(z) * z for z in self.pre(w)] for w, v in zip(self.w, self.v, strict=True)]
        return [self.c + _total(column[t] for column in columns) for t in range(len(self.y))]


class _Piece:
    """The loss of one data point as the quadratic of one piece, seen from the prediction q at the point.

    ``side``: 1, -1 where the piece begins, ends at or beyond q; 0 where q lies inside. ``end``: where it is next to q.
    """

    def __init__(self, pieces: Pieces, q: Any, chosen: int | None) -> None:
        breaks = _rationals(pieces.breaks)
        quadratics = [_rationals(row) for row in pieces.quadratics]
        here = bisect_right(breaks, q)
        k = here if chosen is None else chosen
        if k not in range(len(quadratics)):
            raise ValueError(f"no piece {k} of the loss; there are {len(quadratics)}")
        before = quadratics[here - (here > 0 and breaks[here - 1] == q)]
        self.q, self.quadratic = q, quadratics[k]
        self.value = _at(quadratics[here], q)
        self.slopes = tuple(2 * a * q + b for a, b, _ in (before, quadratics[here]))
        self.side, self.end = 0, q
        if k and q <= breaks[k - 1]:
            self.side, self.end = 1, breaks[k - 1]
        elif k < len(breaks) and q >= breaks[k]:
            self.side, self.end = -1, breaks[k]

    def change(self, p: Any) -> Any:
        return _at(self.quadratic, p) - self.value

    def above(self, p: Any, slope: Any) -> Iterator[Term]:
        """``l(p) - l(q) - slope (p - q)`` on the piece, slope a subgradient at q: nonnegative, by convexity."""
        return self._terms(p, slope, _rational(0), 1)

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
        yield sign * (_at(self.quadratic, e) - self.value - slope * gap - curvature * gap**2), _rational(1)


def _at(quadratic: Sequence[Any], p: Any) -> Any:
    a, b, c = quadratic
    return a * p**2 + b * p + c


def _pieces(net: _Net, case: Case) -> list[_Piece]:
    problem = net.problem
    found = [problem.loss.pieces(y) for (y,) in problem.y]
    if strange := set(case.pieces) - set(range(len(found))):
        raise ValueError(f"no data points {sorted(strange)}")
    if any(pieces is None for pieces in found):
        raise ValueError(f"there is no polynomial identity for the {problem.loss.name} loss")
    listed = zip(found, net.predictions(), strict=True)
    return [_Piece(pieces, q, case.pieces.get(t)) for t, (pieces, q) in enumerate(listed) if pieces]


def _curvature(problem: Problem) -> Any:
    """The largest factor of a square in the loss: certificates of losses with a derivative have slopes / 2a."""
    found = [pieces for (y,) in problem.y if (pieces := problem.loss.pieces(y))]
    return _rational(max(a for pieces in found for a, _, _ in pieces.quadratics))


class _Minimum:
    """The identity of a local minimum: what the loss rises by in one case of moves."""

    def __init__(
        self,
        problem: Problem,
        claim: LocalMinimumClaim | SubgradientMinimumClaim | PenalisedMinimumClaim,
        case: Case,
    ) -> None:
        self.claim, self.problem = claim, problem
        self.net = net = _Net(problem, claim.point)
        self.pieces = _pieces(net, case)
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
        claim, weight = self.claim, _rational(self.problem.weight)
        slopes = [piece.slopes[0] for piece in self.pieces]
        # The proof is followed first: a side that it implies decides which polynomial the loss is.
        if isinstance(claim, SubgradientMinimumClaim):
            neurons = list(self._joint(claim, slopes))
        elif isinstance(claim, PenalisedMinimumClaim):
            neurons = list(self._penalised(claim, slopes))
        else:
            neurons = [term for i in range(len(claim.neurons)) for term in self._alone(i, slopes, 2 * self._a())]
        after, change = self._after(), _total([])
        terms = [(weight * q, form) for q, form in neurons]
        for piece, p, slope in zip(self.pieces, after, slopes, strict=True):
            change += weight * piece.change(p)
            terms += [(weight * q, form) for q, form in piece.above(p, slope)]
        change += self._penalty()
        return Identity(change, tuple((q, form) for q, form in terms if q != 0 and form != 0), False)

    def _a(self) -> Any:
        return _curvature(self.problem)

    def _after(self) -> list[Any]:
        net = self.net
        total = [net.c + self.dc] * len(net.y)
        for i, v in enumerate(net.v):
            for t, (z, form) in enumerate(zip(self.z[i], self.forms[i], strict=True)):
                total[t] += (v + self.dv[i]) * self._slope(i, t) * (z + form)
        return total

    def _phi(self, i: int, slopes: Sequence[Any]) -> Any:
        """<slopes, first-order change of the outputs> of a neuron in this case."""
        return _total(q * self._slope(i, t) * self.forms[i][t] for t, q in enumerate(slopes))

    def _bend(self, i: int, row: int, slopes: Sequence[Any], side: int | None = None) -> Any:
        """The slope of phi in the form of a kink, on its side in this case (or on another)."""
        side = side or self.sides[i, row]
        return _total(slopes[t] * q * self.net.slope(q * side) for t, q in self.kinks[i][row][0].items())

    def _alone(self, i: int, slopes: Sequence[Any], scale: Any, factor: Any = None) -> list[Term]:
        """``(v + dv) phi`` of a neuron: by the parts of ``factor * phi``, factor = sign(v) unless given."""
        import sympy

        v = self.net.v[i]
        factor = sympy.sign(v) if factor is None else factor
        size = (v + self.dv[i]) / factor if v else _total([])
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
                    coefficient = scale * _rational(leaf.multipliers.get(row, 0))
                else:
                    slope = scale * _rational(leaf.slopes.get(row, 0))
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
                slopes[t] = _rational(leaf.slopes.get(t, 0))
            ends |= {i: (leaf, i in signed or self.net.v[i] != 0) for i in part.neurons}
        for i in range(len(claim.neurons)):
            if i not in ends:
                yield from self._alone(i, slopes, _rational(1))
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
        value = _total(q * self._slope(i, t) * z for t, (q, z) in enumerate(zip(slopes, self.z[i], strict=True)))
        if i in leaf.strict:
            # Small moves do not change the sign of the second factor: that is what the radius is for.
            yield _rational(1), (sign * dv) * (sign * value + sign * self._phi(i, slopes))
            return
        if v == 0:
            yield sign * value, sign * dv
        if isinstance(leaf, CoveredSubgradient):
            parts = leaf.neurons[i].parts if i in leaf.neurons else ()
            yield from self._shared(i, parts, slopes, _rational(1), sign, sign * (v + dv))
            return
        multipliers: Mapping[int, Fraction] = leaf.multipliers.get(i, {})
        for row, (_, form) in self.kinks[i].items():
            side = self.sides[i, row]
            m = _rational(multipliers.get(row, 0))
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
        half = _rational(self.problem.penalty.l2) / 2
        return half * _total((q + d) ** 2 - q**2 for q, d in self._sizes())

    def _penalised(self, claim: PenalisedMinimumClaim, slopes: Sequence[Any]) -> Iterator[Term]:
        """The terms of the neurons, and of the squares, over the weight of the loss."""
        net, scale = self.net, 2 * self._a()
        decay = _rational(self.problem.penalty.l2 / self.problem.weight)
        if net.shifted and self.problem.penalty.biases:
            yield decay / 2, self.dc**2
        if not net.hidden:
            yield from ((decay / 2, move**2) for move in self.u[0])
            return
        if any(net.moved and any(net.trained) and v == 0 and not claim.neurons[i].above for i, v in enumerate(net.v)):
            raise ValueError("a minimum by its second order is an inequality, and no polynomial identity")
        for i, (v, dv) in enumerate(zip(net.v, self.dv, strict=True)):
            own = [(a, b) for a, b, flag in zip(net.w[i], self.u[i], net.penalised, strict=True) if flag]
            if v != 0:
                yield from self._alone(i, slopes, scale, v)
                yield from ((decay / 2, (u - dv / v * w) ** 2) for w, u in own)
                yield decay / 2 * (1 - _total(w**2 for w, _ in own) / v**2), dv**2
            elif net.moved and claim.neurons[i].above:
                yield from self._at_zero(i, claim, slopes, decay)
            else:
                yield from ((decay / 2, u**2) for _, u in own)
                yield decay / 2, dv**2

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
                coefficient = scale * _rational(leaf.multipliers.get(row, 0))
            else:
                coefficient = side * (scale * _rational(leaf.slopes.get(row, 0)) - slope)
            bound += coefficient * side * form
            yield coefficient, size * side * form
        bound = bound.expand()
        q = [bound.coeff(u) if flag else 0 for u, flag in zip(self.u[i], self.net.penalised, strict=True)]
        for u, k, flag in zip(self.u[i], q, self.net.penalised, strict=True):
            if flag:
                yield decay / 2, (u - size * k / decay) ** 2
        yield decay / 2 * (1 - _total(k**2 for k in q) / decay**2), size**2


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


class _Descent:
    """The identity of a descent: what the loss falls by along a curve, as a polynomial in s on (0, step]."""

    def __init__(
        self,
        problem: Problem,
        claim: NotLocalMinimumClaim | PenalisedDescentClaim | DescentCurveClaim,
        curve: Sequence[Direction],
        case: Case,
    ) -> None:
        import sympy

        if case.signs or case.outputs:
            raise ValueError("along a curve every pre-activation has its side")
        self.s = sympy.Symbol("s")
        self.problem, self.step = problem, _rational(claim.step)
        self.exact = isinstance(claim, DescentCurveClaim)
        self.start, self.ways = _Net(problem, claim.point), [_Net(problem, way) for way in curve]
        moves = self._moves()
        if self.exact:
            if case.pieces:
                raise ValueError("along a curve every prediction has its piece")
            default = _pieces(self.start, case)
            chosen = {
                t: self._piece(t, piece, move) for t, (piece, move) in enumerate(zip(default, moves, strict=True))
            }
            case = Case(pieces=chosen)
        self.moves, self.pieces = moves, _pieces(self.start, case)

    def _along(self, start: Any, ways: Iterable[Any]) -> Any:
        return start + _total(q * self.s**k for k, q in enumerate(ways, 1))

    def _side(self, polynomial: Any) -> int:
        """The sign for small s > 0: that of the lowest coefficient."""
        import sympy

        coefficients = sympy.Poly(polynomial, self.s).all_coeffs()[::-1]
        return next((1 if q > 0 else -1 for q in coefficients if q != 0), 0)

    def _piece(self, t: int, piece: _Piece, move: Any) -> int:
        """The piece into which the change leads, of the two at a break."""
        pieces = self.problem.loss.pieces(self.problem.y[t][0])
        here = bisect_right(_rationals(pieces.breaks), piece.q) if pieces else 0
        return here - 1 if piece.side > 0 and piece.end == piece.q and self._side(move) < 0 else here

    def _moves(self) -> list[Any]:
        """The change of each prediction, expanded in s."""
        import sympy

        start, ways = self.start, self.ways
        total = [_total(way.c * self.s**k for k, way in enumerate(ways, 1))] * len(start.y)
        for i, (w, v) in enumerate(zip(start.w, start.v, strict=True)):
            v_new = self._along(v, [way.v[i] for way in ways])
            changes = [way.pre(way.w[i]) for way in ways]
            for t, z in enumerate(start.pre(w)):
                z_new = self._along(z, [change[t] for change in changes])
                slope = start.slope(self._side(z_new))
                total[t] += v_new * slope * z_new - v * start.slope(z) * z
        return [sympy.expand(move) for move in total]

    def identity(self) -> Identity:
        import sympy

        weight, a = _rational(self.problem.weight), _curvature(self.problem)
        change, terms, bound = _total([]), [], _total([])
        for piece, move in zip(self.pieces, self.moves, strict=True):
            p, slope = piece.q + move, piece.slopes[0]
            change += weight * piece.change(p)
            if self.exact:
                own, b, _ = piece.quadratic
                bound += (2 * own * piece.q + b) * move + own * move**2
            else:
                bound += slope * move + a * move**2
                terms += [(weight * q, form) for q, form in piece.below(p, slope, a)]
        penalty, polynomial = self._penalty()
        total = sympy.Poly(weight * bound + polynomial, self.s).all_coeffs()[::-1]
        terms += self._fall(total)
        return Identity(change + penalty, tuple((q, form) for q, form in terms if q != 0 and form != 0), True)

    def _fall(self, coefficients: Sequence[Any]) -> Iterator[Term]:
        """Minus a polynomial on (0, step]: its lowest coefficient outweighs the positive ones."""
        low = next((k for k, q in enumerate(coefficients) if q != 0), 0)
        s, step = self.s, self.step
        rest = -coefficients[low]
        for k, q in enumerate(coefficients[low + 1 :], 1):
            if q < 0:
                yield -q, s ** (low + k)
            else:
                yield q, s**low * (step**k - s**k)
                rest -= q * step**k
        yield rest, s**low

    def _penalty(self) -> tuple[Any, Any]:
        """The change of the penalty along the way, as it is and by powers of s."""
        penalty, s, way = self.problem.penalty, self.s, self.ways[0]
        half, size = _rational(penalty.l2) / 2, _rational(penalty.l1)
        change = polynomial = _total([])
        for q, d in _penalised_pairs(self.start, way):
            side = self._side(q + s * d)
            change += half * ((q + s * d) ** 2 - q**2) + size * (side * (q + s * d) - abs(q))
            polynomial += (2 * half * q * d + size * side * d) * s + half * d**2 * s**2
        return change, polynomial


def _penalised_pairs(start: _Net, way: _Net) -> Iterator[tuple[Any, Any]]:
    """The penalised parameters with their moves along a way."""
    for w, u in zip(start.w, way.w, strict=True):
        yield from ((a, b) for a, b, flag in zip(w, u, start.penalised, strict=True) if flag)
    if start.moved:
        yield from zip(start.v, way.v, strict=True)
    if start.shifted and start.problem.penalty.biases:
        yield start.c, way.c
