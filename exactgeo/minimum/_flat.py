"""How large is the set of equal loss around a local minimum? Its dimension, exactly.

At a local minimum of the squared loss equal loss means equal predictions. Write (u_i, k_i) for a small move of
neuron i's trained input weights and output weight. Where v_i != 0 the change of its predictions is exactly
piecewise linear in (|v_i'| w_i' - |v_i| w_i), which has the dimension count of (|v_i| u_i, k_i); a kink
``<form, u> = plus - minus`` enters as two nonnegative numbers of which one is zero. The largest polyhedral
cone of solutions is found by branch and bound on these pairs. A neuron with v_i = 0 (v trained) either keeps
v_i' = 0, and w_i' is free, or has v_i' = k != 0; then t = k u must be small against k, which a
lexicographic sequence of exact linear programs decides.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

from exactgeo.errors import InternalError
from exactgeo.exact.lp import Multipliers, relative_interior
from exactgeo.exact.matrix import Row, rank
from exactgeo.minimum._local import Kink, Local, Neuron, dot
from exactgeo.problem import ZERO, Vector
from exactgeo.verdict import Strictness

__all__ = ["Flatness", "flatness", "strictness"]


@dataclass(frozen=True)
class Vanishing:
    """On the cone of moves this relies on, ``variable`` is 0.

    ``-variable = sum bounds[j] * variable_j + sum equations[e] * equation_e`` with ``bounds >= 0``, where each
    variable counts with its sign, modulo the variables already known to be 0.
    """

    variable: int
    bounds: tuple[tuple[int, Fraction], ...]
    equations: tuple[tuple[int, Fraction], ...]


@dataclass(frozen=True)
class Branch:
    """One step of a covering of the moves, in preorder.

    ``pair`` splits: first its plus is 0, then its minus. Otherwise a proof: with ``still`` None, the variables in
    ``zero`` vanish and what is left has dimension at most the claimed one; else no move has t_j / k_j -> 0
    for the active neurons numbered in ``still``, because with their t_j = 0 their k_j vanish.
    """

    pair: int | None = None
    zero: tuple[Vanishing, ...] = ()
    still: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Flatness:
    """Dimension of the set of equal loss, with both halves of its proof.

    Attributes
    ----------
    dimension : int
    covers : pairs (mode, branches)
        For each mode of the other neurons with trained v = 0 (1 or -1: the sign of v', 0: v' = 0), a covering.
        Modes whose number of moves is within the claimed dimension are left out.
    mode, zero, curve : the largest cone
        Its mode, the kink variables that are 0 on it, and moves x_1, x_2, ... such that ``sum eps^k x_k`` lies in
        its interior for small eps > 0, with t_j / k_j -> 0.
    """

    dimension: int
    covers: tuple[tuple[tuple[int, ...], tuple[Branch, ...]], ...]
    mode: tuple[int, ...]
    zero: tuple[int, ...]
    curve: tuple[tuple[int, ...], ...]


@dataclass
class _Moves:
    """Columns of the linear map from moves to predictions, with the constraints on the moves."""

    local: Local
    columns: list[Vector] = field(default_factory=list)
    equalities: list[dict[int, Fraction]] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    active: list[tuple[int, int, tuple[int, ...]]] = field(default_factory=list)

    def add(self, column: Vector) -> int:
        self.columns.append(column)
        return len(self.columns) - 1

    def add_inputs(self, neuron: Neuron, outer: int, inner: int) -> tuple[int, ...]:
        """Moves t of the trained input weights that change the predictions by ``outer * a'(z; inner * t)``."""
        local = self.local
        turn = outer * inner
        places = tuple(
            self.add(tuple(turn * (s or ZERO) * row[k] for s, row in zip(neuron.side, local.rows, strict=True)))
            for k in range(len(local.trained))
        )
        for kink in neuron.kinks:
            plus = self.add(_kink_column(kink, local, outer, 1))
            minus = self.add(_kink_column(kink, local, outer, -1))
            self.pairs.append((plus, minus))
            equality = {place: Fraction(inner * q) for place, q in zip(places, kink.form, strict=True) if q}
            self.equalities.append({**equality, plus: Fraction(-1), minus: Fraction(1)})
        return places

    def rows(self) -> list[Row]:
        """All equations: one a data point, then the others in the order they were added."""
        size = len(self.columns)
        dense: list[Row] = [[column[t] for column in self.columns] for t in range(self.local.problem.m)]
        for equality in self.equalities:
            row = [ZERO] * size
            for place, q in equality.items():
                row[place] = q
            dense.append(row)
        return dense


def _kink_column(kink: Kink, local: Local, outer: int, q: int) -> Vector:
    """``outer * a'(0; factor * q)`` at the data points of a kink, for q = 1 or -1."""
    up, down = local.slopes
    column = [ZERO] * local.problem.m
    for t, factor in kink.members:
        z = factor * q
        column[t] = outer * z * (up if z > 0 else down)
    return tuple(column)


def _unit(size: int, place: int, value: int = 1) -> Row:
    row = [0] * size
    row[place] = value
    return row


def _dead(neuron: Neuron, local: Local) -> bool:
    """Whether a neuron with v = 0 has outputs 0 wherever it moves (a kink could give it others)."""
    live = any(s and any(row) for s, row in zip(neuron.side, local.rows, strict=True))
    return not (neuron.kinks or any(neuron.outputs) or live)


def flatness(local: Local) -> Flatness:
    """Largest local dimension of the set of equal loss at a local minimum, in the trained parameters.

    Cost: branch and bound over the kinks; exponential in the kinks that the first-order conditions leave open
    and in the neurons with a trained output weight of 0.

    References
    ----------
    The definition is that of ``docs/mathematics.md``, "Strictness".
    """
    problem = local.problem
    size = len(local.trained)
    base = 0
    idle: list[Neuron] = []
    moving: list[Neuron] = []
    for neuron in local.neurons:
        if neuron.v:
            moving.append(neuron)
        elif not problem.train.output:
            base += size
        elif _dead(neuron, local):
            base += size + 1
        else:
            idle.append(neuron)
    # Modes with the most active neurons have the largest bound; trying them first prunes the rest.
    modes = sorted(product((1, -1, 0), repeat=len(idle)), key=lambda mode: -sum(map(abs, mode)))
    common = len(moving) * (size + problem.train.output) + len(local.linear)

    def free(mode: tuple[int, ...]) -> int:
        return base + size * mode.count(0)

    def room(mode: tuple[int, ...]) -> int:
        """Number of moves: what the dimension could be at most."""
        return free(mode) + common + (size + 1) * (len(mode) - mode.count(0))

    best = -1
    chosen: tuple[tuple[int, ...], _Cone] | None = None
    covers: list[tuple[tuple[int, ...], tuple[Branch, ...]]] = []
    for mode in modes:
        if room(mode) <= best:
            continue
        found, cover = _search(_moves(local, moving, idle, mode), best - free(mode))
        covers.append((mode, cover))
        if found is not None:
            best, chosen = found.dimension + free(mode), (mode, found)
    if chosen is None:
        raise InternalError("a local minimum has no set of equal loss")
    mode, cone = chosen
    return Flatness(best, tuple(covers), mode, cone.zero, cone.curve)


def _moves(local: Local, moving: list[Neuron], idle: list[Neuron], mode: tuple[int, ...]) -> _Moves:
    moves = _Moves(local)
    trained = local.problem.train.output
    for neuron in moving:
        places = moves.add_inputs(neuron, neuron.sign, 1)
        if neuron.kinks:
            moves.equalities.append(_no_change(moves, neuron, places))
        if trained:
            moves.add(neuron.outputs)
    for neuron, sign in zip(idle, mode, strict=True):
        if sign:
            places = moves.add_inputs(neuron, sign, sign)
            moves.active.append((moves.add(neuron.outputs), sign, places))
    for _, column in local.linear:
        moves.add(column)
    return moves


def _no_change(moves: _Moves, neuron: Neuron, places: tuple[int, ...]) -> dict[int, Fraction]:
    # At a local minimum equal loss needs sign(v) phi_i = 0 for each neuron by itself: a valid cut.
    residuals = moves.local.residuals
    used = [*places, *(place for pair in moves.pairs[-len(neuron.kinks) :] for place in pair)]
    return {place: dot(residuals, moves.columns[place]) for place in used}


@dataclass(frozen=True)
class _Cone:
    dimension: int
    zero: tuple[int, ...]
    curve: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class _Node:
    """One node of the branching: the variables that are 0, and what exact linear programs say of the rest."""

    dimension: int
    undecided: int | None
    zero: frozenset[int]
    vanishing: tuple[Vanishing, ...]
    still: tuple[int, ...] | None
    curve: tuple[tuple[int, ...], ...]


def _search(moves: _Moves, floor: int) -> tuple[_Cone | None, tuple[Branch, ...]]:
    """The largest polyhedral cone of moves with equal predictions, if its dimension is above ``floor``.

    With it a covering that proves no cone larger than that (or than ``floor``). What bounds a branch is the
    dimension of its linear hull seen in the moves other than plus and minus, which they determine.
    """
    best = None
    branches: list[Branch] = []
    stack: list[frozenset[int]] = [frozenset()]
    while stack:
        zero = stack.pop()
        if _hull(moves, zero) <= floor:
            branches.append(Branch())
            continue
        node = _examine(moves, zero)
        if node.still is not None or node.dimension <= floor:
            branches.append(Branch(zero=node.vanishing, still=node.still))
        elif node.undecided is None:
            floor = node.dimension
            best = _Cone(node.dimension, tuple(sorted(node.zero)), node.curve)
            branches.append(Branch(zero=node.vanishing))
        else:
            plus, minus = moves.pairs[node.undecided]
            branches.append(Branch(pair=node.undecided))
            stack += [zero | {minus}, zero | {plus}]
    return best, tuple(branches)


def _hull(moves: _Moves, zero: Collection[int]) -> int:
    """Dimension, in the moves other than plus and minus, of the solutions with the variables ``zero`` at 0."""
    size = len(moves.columns)
    paired = {place for pair in moves.pairs for place in pair}
    fixed = [*moves.rows(), *(_unit(size, place) for place in sorted(zero))]
    hidden = [_unit(size, place) for place in range(size) if place not in paired]
    return rank([*fixed, *hidden], size) - rank(fixed, size)


def _examine(moves: _Moves, zero: frozenset[int]) -> _Node:
    size = len(moves.columns)
    signed = [(place, 1) for pair in moves.pairs for place in pair if place not in zero]
    signed += [(place, sign) for place, sign, _ in moves.active]
    rows = moves.rows()
    equalities = [*rows, *(_unit(size, place) for place in sorted(zero))]
    cone = relative_interior(equalities, [_unit(size, *item) for item in signed], size)
    vanishing = tuple(_vanishing(k, cone.farkas[k], signed, len(rows)) for k in sorted(cone.implicit))
    gone = zero | {item.variable for item in vanishing}
    dimension = _hull(moves, gone)
    undecided = next((k for k, pair in enumerate(moves.pairs) if not gone & set(pair)), None)
    curve: list[tuple[int, ...]] = []
    waiting = list(range(len(moves.active)))
    ahead = signed
    # On each scale the moves t_j of the neurons still to settle are 0; those whose k_j can then be nonzero
    # are settled, and the next scale lives in the tangent cone at that solution.
    while waiting:
        still = [_unit(size, place) for j in waiting for place in moves.active[j][2]]
        scale = relative_interior([*equalities, *still], [_unit(size, *item) for item in ahead], size)
        settled = [j for j in waiting if scale.point[moves.active[j][0]]]
        if not settled:
            # Dropping the inequalities that earlier scales settled only enlarges the cone: prove it on all of them.
            frozen = relative_interior([*equalities, *still], [_unit(size, *item) for item in signed], size)
            wanted = {moves.active[j][0] for j in waiting}
            proof = [
                _vanishing(k, frozen.farkas[k], signed, len(rows))
                for k in sorted(frozen.implicit)
                if signed[k][0] in wanted
            ]
            return _Node(dimension, undecided, zero, tuple(proof), tuple(waiting), ())
        curve.append(scale.point)
        waiting = [j for j in waiting if j not in settled]
        ahead = [item for item in ahead if not scale.point[item[0]]]
    curve.append(cone.point)
    return _Node(dimension, undecided, frozenset(gone), vanishing, None, tuple(curve))


def _vanishing(index: int, farkas: Multipliers, signed: list[tuple[int, int]], count: int) -> Vanishing:
    return Vanishing(
        signed[index][0],
        tuple((signed[k][0], q) for k, q in enumerate(farkas.generators) if q),
        tuple((e, q) for e, q in enumerate(farkas.lines[:count]) if q),
    )


def strictness(local: Local, dimension: int) -> Strictness:
    """Strict, strict modulo rescaling, or flat, from the dimension of the set of equal loss.

    The rescaling orbit lies in that set. Where the set holds anything else it also holds the orbits of those
    points and their multiples, one dimension more; so the two sets are equal iff their dimensions are.
    """
    train = local.problem.train
    orbit = 0
    for neuron in local.neurons:
        inside = not any(q for k, q in enumerate(neuron.w) if k not in local.trained)
        if inside and (train.output if neuron.v else any(neuron.w)):
            orbit += 1
    if dimension == 0:
        return Strictness.STRICT
    return Strictness.STRICT_MODULO_SYMMETRY if dimension == orbit else Strictness.FLAT
