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

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import count, product

from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.strictness import Bound, Branch, Cone, Flatness, ModeCovering, PairSplit, Vanishing
from exactgeo.errors import InternalError
from exactgeo.exact.lp import Multipliers, relative_interior
from exactgeo.exact.matrix import Row, primitive, rank
from exactgeo.exact.vectors import ZERO, Vector, dot
from exactgeo.kinds import Strictness
from exactgeo.local_minimum.two_layer_point import Kink, NeuronState, TwoLayerPoint

__all__ = ["flatness", "strictness"]


@dataclass
class _Moves:
    """Columns of the linear map from moves to predictions, with the constraints on the moves."""

    local: TwoLayerPoint
    columns: list[Vector] = field(default_factory=list)
    equalities: list[dict[int, Fraction]] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    active: list[tuple[int, int, tuple[int, ...]]] = field(default_factory=list)

    def add(self, column: Vector) -> int:
        self.columns.append(column)
        return len(self.columns) - 1

    def add_inputs(self, neuron: NeuronState, outer: int, inner: int) -> tuple[int, ...]:
        """Moves t of the trained input weights that change the predictions by ``outer * a'(z; inner * t)``."""
        local = self.local
        factor = outer * inner
        variables = tuple(
            self.add(tuple(factor * (s or ZERO) * row[k] for s, row in zip(neuron.side, local.rows, strict=True)))
            for k in range(len(local.trained))
        )
        for kink in neuron.kinks:
            plus = self.add(_kink_column(kink, local, outer, 1))
            minus = self.add(_kink_column(kink, local, outer, -1))
            self.pairs.append((plus, minus))
            equality = {variable: Fraction(inner * q) for variable, q in zip(variables, kink.form, strict=True) if q}
            self.equalities.append({**equality, plus: Fraction(-1), minus: Fraction(1)})
        return variables

    @cached_property
    def rows(self) -> list[Row]:
        """All equations: one a data point, then the others in the order they were added."""
        size = len(self.columns)
        dense: list[Row] = [[column[t] for column in self.columns] for t in range(self.local.problem.m)]
        for equality in self.equalities:
            row = [ZERO] * size
            for variable, q in equality.items():
                row[variable] = q
            dense.append(row)
        return [primitive(row) for row in dense]

    @property
    def moves(self) -> int:
        """Number of moves besides plus and minus."""
        return len(self.columns) - 2 * len(self.pairs)

    def _span(self, zero: Collection[int], more: Sequence[Row] = ()) -> int:
        """Dimension, in the moves besides plus and minus, of the solutions with the variables ``zero`` at 0."""
        paired = {variable for pair in self.pairs for variable in pair}
        kept = [k for k in range(len(self.columns)) if k not in zero]
        hidden = [k for k in kept if k in paired]
        rows = [*self.rows, *more]
        known, unknown = ([[row[k] for k in part] for row in rows] for part in (kept, hidden))
        return len(kept) - len(hidden) + rank(unknown, len(hidden)) - rank(known, len(kept))

    def widest(self, zero: Collection[int]) -> int:
        """A bound on the dimension of every cone in which each kink still open takes a side; exact when none is open.

        All of them lie in one space, the first span. Where the open kinks have plus = minus, that is 0 = 0, they
        are known exactly: the last span, instead of what that space holds there.
        """
        size = len(self.columns)
        loose = [pair for pair in self.pairs if not set(pair) & set(zero)]
        if not loose:
            return self._span(zero)
        tied = [[(k == plus) - (k == minus) for k in range(size)] for plus, minus in loose]
        shut = {*zero, *(variable for pair in loose for variable in pair)}
        return self._span(zero) - self._span(zero, tied) + self._span(shut)


def _kink_column(kink: Kink, local: TwoLayerPoint, outer: int, q: int) -> Vector:
    """``outer * a'(0; factor * q)`` at the data points of a kink, for q = 1 or -1."""
    up, down = local.slopes
    column = [ZERO] * local.problem.m
    for t, factor in kink.members:
        z = factor * q
        column[t] = outer * z * (up if z > 0 else down)
    return tuple(column)


def _unit(size: int, variable: int, value: int = 1) -> Row:
    row = [0] * size
    row[variable] = value
    return row


def _dead(neuron: NeuronState, local: TwoLayerPoint) -> bool:
    """Whether a neuron with v = 0 has outputs 0 wherever it moves (a kink could give it others)."""
    live = any(s and any(row) for s, row in zip(neuron.side, local.rows, strict=True))
    return not (neuron.kinks or any(neuron.outputs) or live)


def flatness(local: TwoLayerPoint) -> tuple[int, Flatness]:
    """Largest local dimension of the set of equal loss at a local minimum, in the trained parameters; and its proof.

    Cost: branch and bound over the kinks; exponential in the kinks that the first-order conditions leave open
    and in the neurons with a trained output weight of 0.

    References
    ----------
    The definition is that of ``docs/mathematics.md``, "Strictness".
    """
    problem = local.problem
    size = len(local.trained)
    base = 0
    idle: list[NeuronState] = []
    moving: list[NeuronState] = []
    for neuron in local.neurons:
        if neuron.v:
            moving.append(neuron)
        elif not problem.train.output:
            base += size
        elif _dead(neuron, local):
            base += size + 1
        else:
            idle.append(neuron)
    systems = {mode: _moves(local, moving, idle, mode) for mode in product((1, -1, 0), repeat=len(idle))}
    free = {mode: base + size * mode.count(0) for mode in systems}
    # Best bound first: what is left when the best cone found reaches it needs no more than the bound as its proof.
    order = count()
    roots = {mode: _Tree(system) for mode, system in systems.items()}
    waiting = [(-free[mode] - system.moves, next(order), mode, roots[mode]) for mode, system in systems.items()]
    heapify(waiting)
    best, largest = -1, None
    while waiting and -waiting[0][0] > best:
        bound, _, mode, tree = heappop(waiting)
        if -bound > free[mode] + tree.width:
            heappush(waiting, (-free[mode] - tree.width, next(order), mode, tree))
            continue
        node = tree.examine()
        if node.still is not None or free[mode] + node.dimension <= best:
            continue
        if node.undecided is None:
            best = free[mode] + node.dimension
            largest = Cone(mode, tuple(sorted(node.zero)), node.curve)
            continue
        for child in tree.split(node.undecided):
            heappush(waiting, (-free[mode] - node.dimension, next(order), mode, child))
    if largest is None:
        raise InternalError("a local minimum has no set of equal loss")
    covers = tuple(
        ModeCovering(mode, tuple(root.proof(best - free[mode])))
        for mode, root in roots.items()
        if free[mode] + systems[mode].moves > best
    )
    return best, Flatness(covers, largest)


@dataclass
class _Tree:
    """A node of the search: the variables set to 0 on the way, and what became of it."""

    system: _Moves
    zero: frozenset[int] = frozenset()
    pair: int | None = None
    children: tuple[_Tree, ...] = ()
    node: _Node | None = None

    @cached_property
    def width(self) -> int:
        return self.system.widest(self.zero)

    def examine(self) -> _Node:
        self.node = _examine(self.system, self.zero)
        return self.node

    def split(self, pair: int) -> tuple[_Tree, ...]:
        self.pair = pair
        self.children = tuple(_Tree(self.system, self.zero | {variable}) for variable in self.system.pairs[pair])
        return self.children

    def proof(self, room: int) -> Iterator[Branch]:
        """The branches below in preorder; a leaf that its own width does not bound brings what vanishes there."""
        if self.pair is not None:
            yield PairSplit(self.pair)
            for child in self.children:
                yield from child.proof(room)
        elif self.width <= room:
            yield Bound()
        else:
            node = self.node or self.examine()
            if node.still is None and node.dimension > room:
                raise InternalError("a cone of moves is larger than the largest")
            yield Bound(node.still or (), node.vanishing)


def _moves(local: TwoLayerPoint, moving: list[NeuronState], idle: list[NeuronState], mode: tuple[int, ...]) -> _Moves:
    moves = _Moves(local)
    trained = local.problem.train.output
    for neuron in moving:
        variables = moves.add_inputs(neuron, neuron.sign, 1)
        if neuron.kinks:
            moves.equalities.append(_no_change(moves, neuron, variables))
        if trained:
            moves.add(neuron.outputs)
    for neuron, sign in zip(idle, mode, strict=True):
        if sign:
            variables = moves.add_inputs(neuron, sign, sign)
            moves.active.append((moves.add(neuron.outputs), sign, variables))
    for _, column in local.linear:
        moves.add(column)
    return moves


def _no_change(moves: _Moves, neuron: NeuronState, variables: tuple[int, ...]) -> dict[int, Fraction]:
    # At a local minimum equal loss needs sign(v) phi_i = 0 for each neuron by itself: a valid cut.
    residuals = moves.local.residuals
    used = [*variables, *(variable for pair in moves.pairs[-len(neuron.kinks) :] for variable in pair)]
    return {variable: dot(residuals, moves.columns[variable]) for variable in used}


@dataclass(frozen=True)
class _Node:
    """One node of the branching: the variables that are 0, and what exact linear programs say of the rest."""

    dimension: int
    undecided: int | None
    zero: frozenset[int]
    vanishing: tuple[Vanishing, ...]
    still: tuple[int, ...] | None
    curve: tuple[tuple[int, ...], ...]


def _examine(moves: _Moves, zero: frozenset[int]) -> _Node:
    size = len(moves.columns)
    signed = [(variable, 1) for pair in moves.pairs for variable in pair if variable not in zero]
    signed += [(variable, sign) for variable, sign, _ in moves.active]
    rows = moves.rows
    equalities = [*rows, *(_unit(size, variable) for variable in sorted(zero))]
    cone = relative_interior(equalities, [_unit(size, *item) for item in signed], size)
    vanishing = tuple(_vanishing(k, cone.farkas[k], signed, len(rows)) for k in sorted(cone.implicit))
    gone = zero | {item.variable for item in vanishing}
    dimension = moves.widest(gone)
    undecided = next((k for k, pair in enumerate(moves.pairs) if not gone & set(pair)), None)
    curve: list[tuple[int, ...]] = []
    waiting = list(range(len(moves.active)))
    ahead = signed
    # On each scale the moves t_j of the neurons still waiting are 0; those whose k_j can then be nonzero
    # have their scale, and the next scale lives in the tangent cone at that solution.
    while waiting:
        still = [_unit(size, variable) for j in waiting for variable in moves.active[j][2]]
        scale = relative_interior([*equalities, *still], [_unit(size, *item) for item in ahead], size)
        moving_now = [j for j in waiting if scale.point[moves.active[j][0]]]
        if not moving_now:
            # Without the inequalities that were positive on earlier scales the cone is larger: prove it on all of them.
            frozen = relative_interior([*equalities, *still], [_unit(size, *item) for item in signed], size)
            wanted = {moves.active[j][0] for j in waiting}
            proof = [
                _vanishing(k, frozen.farkas[k], signed, len(rows))
                for k in sorted(frozen.implicit)
                if signed[k][0] in wanted
            ]
            return _Node(dimension, undecided, zero, tuple(proof), tuple(waiting), ())
        curve.append(scale.point)
        waiting = [j for j in waiting if j not in moving_now]
        ahead = [item for item in ahead if not scale.point[item[0]]]
    curve.append(cone.point)
    return _Node(dimension, undecided, frozenset(gone), vanishing, None, tuple(curve))


def _vanishing(index: int, farkas: Multipliers, signed: list[tuple[int, int]], count: int) -> Vanishing:
    return Vanishing(
        signed[index][0],
        FrozenDict((signed[k][0], q) for k, q in enumerate(farkas.generators) if q),
        FrozenDict((e, q) for e, q in enumerate(farkas.lines[:count]) if q),
    )


def strictness(local: TwoLayerPoint, dimension: int) -> Strictness:
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
