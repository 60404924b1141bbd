"""How large is the set of equal loss around a local minimum? Its dimension, exactly.

Where v_i != 0 the change of neuron i's predictions is exactly piecewise linear in (|v_i'| w_i' - |v_i| w_i), which has
the dimension count of (|v_i| u_i, k_i); a kink ``<form, u> = plus - minus`` enters as two nonnegative numbers of which
one is zero. A neuron with v_i = 0 (v trained) either keeps v_i' = 0, and w_i' is free, or has v_i' = k != 0; then
t = k u must be small against k, which a lexicographic sequence of exact linear programs decides. The largest
polyhedral cone of solutions is found by branch and bound, best bound first, on

* *covers*: which face of a covering of phi_i >= 0 a neuron's move lies on, if phi_i = 0 there (the covering's own
  Farkas multipliers say which kinks vanish on it);
* *units*: whether a neuron with v_i = 0 rests or is active, and the sign of its k;
* *pairs*: the side of a kink.

A unit that is not yet decided counts in a bound with all its inputs and one column, that of k at fixed u: for given u
the predictions are linear in the k, and giving u away costs no more dimensions than it has. So no list of modes is
made, and where nothing bends one node is all there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from heapq import heappop, heappush
from itertools import count
from math import lcm
from typing import TYPE_CHECKING, NamedTuple

from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.local_minimum import Implied, Leaf, NeuronProof, Part, Split
from exactgeo.claims.strictness import Branch, ByCover, ByPair, ByUnit, Cone, End, Vanishing
from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError
from exactgeo.exact.lp import positive_part
from exactgeo.exact.matrix import nullspace, primitive, solve
from exactgeo.exact.vectors import integer_dot
from exactgeo.kinds import Strictness
from exactgeo.local_minimum.moves import Moves, combined
from exactgeo.local_minimum.two_layer_point import TwoLayerPoint

if TYPE_CHECKING:
    from exactgeo.claims.subgradient_minimum import SubgradientMinimumClaim

__all__ = ["Cover", "Flat", "common", "covers", "search", "strictness"]

States = tuple[int | None, ...]
"""For each unit None (undecided), 0 (rests), 1 or -1: active with this sign of k (1 for a unit without kinks)."""


class Cover(NamedTuple):
    """Sets of variables that vanish, one of which does at every point of equal loss.

    Attributes
    ----------
    name : tuple of int
        Of a covering: neuron and part; whatever tells it from others elsewhere.
    alternatives : tuple of frozenset of variables
    """

    name: tuple[int, int]
    alternatives: tuple[frozenset[int], ...]


class Flat(NamedTuple):
    """The answer of a search: the dimension, the tree that bounds it, and the cone that has it."""

    dimension: int
    tree: tuple[Branch, ...]
    largest: Cone


def covers(at: TwoLayerPoint, moves: Moves, proofs: Sequence[NeuronProof]) -> list[Cover]:
    """What the coverings of phi_i >= 0 say of the moves with phi_i = 0, for the neurons with v_i != 0.

    On a leaf phi_i is a sum of terms >= 0: multipliers times forms, and what convex bends leave above their slope.
    """
    found = []
    for neuron, proof in zip(at.neurons, proofs, strict=True):
        if not neuron.v:
            continue
        forms = {kink.row: kink.form for kink in neuron.kinks}
        slopes = {kink.row: at.kink_slopes(kink) for kink in neuron.kinks}
        bends = {row: tuple(neuron.sign * q for q in pair) for row, pair in slopes.items()}
        for number, part in enumerate(proof.parts):
            pairs = {row: moves.pairs[moves.kinks[neuron.index, row]] for row in part.rows}
            faces = [_face(pairs, forms, zero, sides) for zero, sides in _leaves(part, bends)]
            found.append(Cover((neuron.index, number), _largest_faces(faces)))
    return found


def _leaves(part: Part, bends: dict[int, tuple[Fraction, ...]]) -> Iterator[tuple[list[int], list[tuple[int, int]]]]:
    """For each leaf of a covering the kinks that are 0 where phi is, and the sides of others."""
    waiting: list[dict[int, int]] = [{}]
    for step in part.cover:
        sides = waiting.pop()
        if isinstance(step, Split):
            waiting += [{**sides, step.row: -1}, {**sides, step.row: 1}]
        elif isinstance(step, Implied):
            waiting.append({**sides, step.row: step.sign})
        else:
            zero = [row for row, weight in step.multipliers.items() if weight]
            known = list(sides.items())
            for row in part.rows:
                if row not in sides:
                    right, left = bends[row]
                    slope = step.slopes.get(row, Fraction(0))
                    if slope == right:
                        known.append((row, 1))
                    elif slope == left:
                        known.append((row, -1))
                    else:
                        zero.append(row)
            yield zero, known


def _face(
    pairs: dict[int, tuple[int, int]],
    forms: dict[int, tuple[int, ...]],
    zero: list[int],
    sides: list[tuple[int, int]],
) -> frozenset[int]:
    """The variables plus and minus that are 0 on a face; kinks in the span of those that are 0 are 0 as well."""
    size = len(next(iter(forms.values())))
    left = nullspace([forms[row] for row in zero], size)
    gone: set[int] = set()
    for row, pair in pairs.items():
        if not any(integer_dot(forms[row], u) for u in left):
            gone |= set(pair)
    for row, side in sides:
        gone.add(pairs[row][1 if side > 0 else 0])
    return frozenset(gone)


def _largest_faces(faces: Sequence[frozenset[int]]) -> tuple[frozenset[int], ...]:
    """Without repeats, and without those on which more vanishes than on another."""
    distinct = list(dict.fromkeys(faces))
    return tuple(face for face in distinct if not any(other < face for other in distinct))


def common(at: TwoLayerPoint, moves: Moves, claim: SubgradientMinimumClaim) -> Vanishing | None:
    """What vanishes at equal loss, by one vector r of subgradients for all moves; None where the claim has none.

    ``h(dp) - <r, dp>`` is a sum of terms >= 0, one a slack of the data, and so is <r, dp>, one a side of a kink: the
    slack of h is minus their sum. As a combination of the equations: that of h, r_t times those of the data, and the
    multiplier of each kink times its own.
    """
    from exactgeo.claims.subgradient_minimum import Subgradient

    unit = 2 * at.curvature or Fraction(1)
    slopes = [left for left, _ in at.subgradients]
    weights: dict[int | tuple[int, int] | None, Fraction] = {None: Fraction(1)}
    for joint in claim.joint:
        step = joint.cover[0]
        if not isinstance(step, Subgradient):
            return None
        for t in joint.data:
            slopes[t] = step.slopes.get(t, Fraction(0))
        for i, found in step.multipliers.items():
            weights |= {(i, row): q / unit for row, q in found.items()}
    for neuron, proof in zip(at.neurons, claim.neurons, strict=True):
        for part in proof.parts:
            (leaf,) = part.cover if len(part.cover) == 1 else (None,)
            if not isinstance(leaf, Leaf) or leaf.multipliers:
                return None
            weights |= {(neuron.index, row): q / unit for row, q in leaf.slopes.items()}
        for kink in neuron.kinks:
            right, left = at.kink_slopes(kink, tuple(slopes))
            if right == left:
                weights.setdefault((neuron.index, kink.row), (neuron.sign or 1) * right / unit)
    weights |= {t: q / unit for t, q in enumerate(slopes)}
    used = {
        moves.named[name]: q / moves.factors[moves.named[name]] for name, q in weights.items() if name in moves.named
    }
    bottom = lcm(*(q.denominator for q in used.values()))
    whole = {row: int(q * bottom) for row, q in used.items() if q}
    total = [0] * moves.size
    for row, q in whole.items():
        total = [a + q * b for a, b in zip(total, moves.rows[row], strict=True)]
    gone = {k: q for k, q in enumerate(total) if q}
    signed = moves.signs.keys() - {k for unit in moves.units for k in unit.sides}
    if any(q < 0 or k not in signed for k, q in gone.items()):
        return None
    return Vanishing(FrozenDict(gone), FrozenDict(whole))


def search(moves: Moves, known: Sequence[Cover], check: Check = unlimited, sure: Vanishing | None = None) -> Flat:
    """Largest local dimension of the set of equal loss, in the trained parameters; and its proof.

    Parameters
    ----------
    moves : Moves
        At a local minimum.
    known : sequence of Cover
        What is known beside the equations; may be empty, which costs time only.
    check : callable
        Called at every node of the search; what it raises passes through.
    sure : Vanishing, optional
        What vanishes at every point of equal loss, whatever the units do.

    Returns
    -------
    Flat
        Cost: exponential in the kinks that the first-order conditions leave open and in the units, where bounds do
        not meet; one elimination where they do.

    References
    ----------
    The definition is that of ``docs/mathematics.md``, "Strictness".
    """
    found = _Search(moves, known, check, sure).run()
    if not moves.solves(found.basis):
        moves.all_rows()
        found = _Search(moves, known, check, sure).run()
    return Flat(found.dimension, tuple(found.root.proof(found.dimension)), found.largest)


class _Found(NamedTuple):
    dimension: int
    root: _Tree
    largest: Cone
    basis: list[tuple[int, ...]]


class _Search:
    """Branch and bound over one tree."""

    def __init__(self, moves: Moves, known: Sequence[Cover], check: Check, sure: Vanishing | None) -> None:
        self.moves, self.known, self.check = moves, known, check
        self.sure = () if sure is None else (sure,)

    def run(self) -> _Found:
        root = _Tree(self, (None,) * len(self.moves.units))
        order = count()
        best, found = -1, None
        waiting: list[tuple[int, int, int, _Tree]] = []

        def push(tree: _Tree, bound: int) -> None:
            # Best bound first, then the deepest, then in order.
            heappush(waiting, (-bound, -tree.depth, next(order), tree))

        push(root, root.moving_free + self.moves.size)
        while waiting and -waiting[0][0] > best:
            self.check()
            bound, _, _, tree = heappop(waiting)
            if tree.width < -bound:
                push(tree, tree.width)
                continue
            step = tree.next_step()
            if step is None:
                node = tree.examine()
                if node.still or node.dimension <= best:
                    continue
                step = tree.open_pair(node)
                if step is None:
                    best = node.dimension
                    found = (Cone(tree.filled, tuple(sorted(node.gone)), node.curve, _short(node.basis)), node.basis)
                    continue
            for child in tree.split(step):
                push(child, min(-bound, tree.reach))
        if found is None:
            raise InternalError("a local minimum has no set of equal loss")
        return _Found(best, root, *found)


_DIGITS = 100_000
"""Digits up to which a basis is written into a proof."""


def _short(basis: Sequence[Sequence[int]]) -> tuple[FrozenDict[int, int], ...] | None:
    vectors = tuple(FrozenDict((k, q) for k, q in enumerate(vector) if q) for vector in basis)
    return vectors if sum(q.bit_length() for v in vectors for q in v.values()) < 3 * _DIGITS else None


class _Node(NamedTuple):
    """What exact linear programs say of a node whose units are decided.

    Attributes
    ----------
    dimension : int
        A bound; exact where no pair is open.
    gone : frozenset of int
        The variables that vanish.
    proofs : tuple of Vanishing
    still : tuple of int
        The units whose k cannot differ from 0 while t / k -> 0; ``proofs`` is then the proof of that.
    curve, basis : of the largest cone
    """

    dimension: int
    gone: frozenset[int]
    proofs: tuple[Vanishing, ...]
    still: tuple[int, ...]
    curve: tuple[tuple[int, ...], ...]
    basis: list[tuple[int, ...]]


class _Tree:
    """A node of the search: the states of the units, the variables set to 0 on the way, and what became of it."""

    def __init__(self, task: _Search, states: States, zero: frozenset[int] = frozenset(), depth: int = 0) -> None:
        self.task, self.states, self.zero, self.depth = task, states, zero, depth
        self.step: Branch | None = None
        self.children: list[_Tree] = []
        self.node: _Node | None = None

    @property
    def moves(self) -> Moves:
        return self.task.moves

    @property
    def filled(self) -> tuple[int, ...]:
        return tuple(state or 0 for state in self.states)

    @property
    def moving_free(self) -> int:
        """Dimensions that no variable stands for: of units at rest, and of the inputs of undecided ones."""
        return self.moves.fixed + self.moves.inputs * sum(not state for state in self.states)

    @cached_property
    def absent(self) -> frozenset[int]:
        """The variables that are 0: chosen on the way, or not there in these states of the units."""
        gone = set(self.zero)
        for unit, state in zip(self.moves.units, self.states, strict=True):
            if not state:
                gone.update(unit.inputs, unit.sides)
            if state is not None or unit.slanted is None:
                gone.update(() if unit.slanted is None else (unit.slanted,))
            else:
                gone.add(unit.output)
            if state == 0:
                gone.add(unit.output)
        return frozenset(gone.union(*(proof.weights for proof in self.sure)))

    @property
    def sure(self) -> tuple[Vanishing, ...]:
        """What vanishes here whatever is chosen."""
        return self.task.sure

    @cached_property
    def basis(self) -> list[tuple[int, ...]]:
        return self.moves.solutions(self.absent)

    @cached_property
    def width(self) -> int:
        """A bound on the dimension of everything below, by ranks alone."""
        return self.moving_free + self.moves.widest(self.absent, self.basis)

    @property
    def reach(self) -> int:
        """The best bound known."""
        return self.width if self.node is None else min(self.width, self.node.dimension)

    # -- branching ------------------------------------------------------------------------------------------------

    def next_step(self) -> Branch | None:
        """What to branch on before linear programs may speak: covers with one face, units, other covers."""
        undecided = [c for c in self.task.known if not any(face <= self.zero for face in c.alternatives)]
        cover = min(undecided, key=lambda c: len(c.alternatives), default=None)
        if cover is not None and len(cover.alternatives) == 1:
            return ByCover(*cover.name)
        unit = next((j for j, state in enumerate(self.states) if state is None), None)
        if unit is not None:
            return ByUnit(unit)
        return None if cover is None else ByCover(*cover.name)

    def open_pair(self, node: _Node) -> Branch | None:
        pairs = enumerate(self.moves.pairs)
        pair = next((k for k, (p, q) in pairs if p not in node.gone and q not in node.gone), None)
        return None if pair is None else ByPair(pair)

    def split(self, step: Branch) -> list[_Tree]:
        self.step = step
        if isinstance(step, ByUnit):
            choices = [self._with_state(step.unit, state) for state in self._states(step.unit)]
            self.children = choices
            return sorted(choices, key=lambda tree: self._unlikely(step.unit, tree.states[step.unit] or 0))
        if isinstance(step, ByCover):
            name = (step.neuron, step.part)
            cover = next(c for c in self.task.known if c.name == name)
            faces: Sequence[frozenset[int]] = cover.alternatives
        elif isinstance(step, ByPair):
            faces = [frozenset((variable,)) for variable in self.moves.pairs[step.pair]]
        else:
            raise InternalError("no node splits at its end")
        self.children = [_Tree(self.task, self.states, self.zero | face, self.depth + 1) for face in faces]
        return self.children

    def _with_state(self, unit: int, state: int) -> _Tree:
        states = (*self.states[:unit], state, *self.states[unit + 1 :])
        return _Tree(self.task, states, self.zero, self.depth + 1)

    def _states(self, unit: int) -> list[int]:
        """Rest, active; of units that may be exchanged the first ones are active first, with k > 0 first."""
        allowed = [0, 1, -1] if self.moves.units[unit].signed else [0, 1]
        before = self.moves.units[unit].alike
        if before is None:
            return allowed
        limit = _rank(self.states[before] or 0)
        return [state for state in allowed if _rank(state) >= limit]

    def _unlikely(self, unit: int, state: int) -> bool:
        """Whether the state is not the one that the bound's own space of solutions suggests."""
        item = self.moves.units[unit]
        variable = item.output if item.slanted is None else item.slanted
        return bool(state) != any(vector[variable] for vector in self.basis)

    def proof(self, best: int) -> Iterator[Branch]:
        """The branches below in preorder; a node that its own width does not bound brings what vanishes there."""
        if self.width <= best:
            yield End((), self.sure)
        elif self.step is not None and (self.node is None or self.node.dimension > best):
            yield self.step
            for child in self.children:
                yield from child.proof(best)
        else:
            node = self.node or self.examine()
            if not node.still and node.dimension > best:
                raise InternalError("a cone of moves is larger than the largest")
            yield End(node.still, node.proofs)

    # -- linear programs ------------------------------------------------------------------------------------------

    def _signed(self) -> list[tuple[int, int]]:
        """The variables with a sign, and the sign: of kinks and slacks, and of a unit's kinks and k that of its k."""
        signs = {k: sign for k, sign in self.moves.signs.items() if k not in self.absent}
        for unit, state in zip(self.moves.units, self.states, strict=True):
            if state and unit.signed:
                signs |= {k: state for k in (*unit.sides, unit.output) if k not in self.absent}
        return sorted(signs.items())

    def examine(self) -> _Node:
        if self.node is None:
            self.node = self._examine()
        return self.node

    def _examine(self) -> _Node:
        moves, signed = self.moves, self._signed()
        cone = _Inside(moves.size, self.basis, signed, self.task.check)
        proofs = cone.proof(moves, self.absent)
        gone = self.absent | cone.zero
        basis = cone.span
        dimension = self.moving_free + moves.widest(gone, basis)
        units = moves.units
        waiting = [j for j, state in enumerate(self.states) if state]
        curve: list[tuple[int, ...]] = []
        ahead = signed
        # On each scale the inputs t of the units still waiting are 0; those whose k can then be nonzero have their
        # scale, and the next scale lives in the tangent cone at that solution.
        while waiting:
            self.task.check()
            tied = frozenset(k for j in waiting for k in units[j].inputs)
            still = _cut(self.basis, tied)
            scale = _Inside(moves.size, still, ahead, self.task.check)
            point = scale.generic([units[j].output for j in waiting if not units[j].signed])
            now = [j for j in waiting if point[units[j].output]]
            if not now:
                # Without what was positive on earlier scales the cone is larger: the proof is on all of it.
                frozen = _Inside(moves.size, still, signed, self.task.check)
                lines = [units[j].output for j in waiting if not units[j].signed]
                return _Node(
                    dimension,
                    gone,
                    (
                        *self.sure,
                        *frozen.proof(moves, self.absent | tied),
                        *_lines(moves, lines, self.absent | tied | frozen.zero),
                    ),
                    tuple(waiting),
                    (),
                    [],
                )
            curve.append(point)
            waiting = [j for j in waiting if j not in now]
            ahead = [(k, sign) for k, sign in ahead if not point[k]]
        curve.append(cone.point)
        return _Node(dimension, gone, (*self.sure, *proofs), (), tuple(curve), basis)


def _rank(state: int) -> int:
    return {1: 0, -1: 1, 0: 2}[state]


def _cut(basis: Sequence[Sequence[int]], zero: frozenset[int]) -> list[tuple[int, ...]]:
    """A basis of the part of a space where some variables are 0."""
    return combined(basis, nullspace([[b[k] for b in basis] for k in sorted(zero)], len(basis)))


class _Inside:
    """The part of a space where variables have their signs: what vanishes on it, and a point inside."""

    def __init__(
        self, size: int, basis: Sequence[Sequence[int]], signed: Sequence[tuple[int, int]], check: Check
    ) -> None:
        self.signed = signed
        found = positive_part([[sign * b[k] for b in basis] for k, sign in signed], len(basis), check)
        self.weights = {signed[place][0]: q for place, q in found.weights.items()}
        self.zero = frozenset(self.weights)
        points = combined(basis, [found.point])
        self.point = points[0] if points else (0,) * size
        self.span: list[tuple[int, ...]] = _cut(basis, self.zero) if self.zero else [tuple(b) for b in basis]

    def generic(self, wanted: Sequence[int]) -> tuple[int, ...]:
        """A point inside at which none of the wanted variables is 0 that is not 0 on the whole cone."""
        point = list(self.point)
        for k in wanted:
            if not point[k]:
                vector = next((b for b in self.span if b[k]), None)
                if vector is not None:
                    size = 1 + 2 * max(map(abs, vector))
                    point = [size * p + q for p, q in zip(point, vector, strict=True)]
        return primitive(point)

    def proof(self, moves: Moves, zero: frozenset[int]) -> tuple[Vanishing, ...]:
        """That the variables of ``zero`` of this cone vanish, modulo those that are 0 already."""
        if not self.weights:
            return ()
        signs = dict(self.signed)
        return (_vanishing(moves, {k: signs[k] * q for k, q in self.weights.items()}, zero),)


def _lines(moves: Moves, variables: Sequence[int], zero: frozenset[int]) -> tuple[Vanishing, ...]:
    """That variables without a sign are 0, each by the equations alone."""
    return tuple(_vanishing(moves, {k: 1}, zero) for k in variables)


def _vanishing(moves: Moves, weights: dict[int, int], zero: frozenset[int]) -> Vanishing:
    """``sum weights[k] * variable_k`` as a combination of equations, but for variables that are 0."""
    kept = [k for k in range(moves.size) if k not in zero]
    multipliers = solve([[row[k] for row in moves.kept] for k in kept], [weights.get(k, 0) for k in kept])
    if multipliers is None:
        raise InternalError("what vanishes on all solutions is no combination of the equations")
    bottom = lcm(*(q.denominator for q in multipliers))
    places = {row: number for number, row in reversed(list(enumerate(moves.rows)))}
    return Vanishing(
        FrozenDict((k, q * bottom) for k, q in weights.items()),
        FrozenDict((places[row], int(q * bottom)) for row, q in zip(moves.kept, multipliers, strict=True) if q),
    )


def strictness(at: TwoLayerPoint, dimension: int) -> Strictness:
    """Strict, strict modulo rescaling, or flat, from the dimension of the set of equal loss.

    The rescaling orbit lies in that set. Where the set holds anything else it also holds the orbits of those
    points and their multiples, one dimension more; so the two sets are equal iff their dimensions are.
    """
    train = at.problem.train
    orbit = 0
    for neuron in at.neurons:
        inside = not any(q for k, q in enumerate(neuron.w) if k not in at.trained)
        if inside and (train.output if neuron.v else any(neuron.w)):
            orbit += 1
    if dimension == 0:
        return Strictness.STRICT
    return Strictness.STRICT_MODULO_SYMMETRY if dimension == orbit else Strictness.FLAT
