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

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

from exactgeo.exact.lp import relative_interior
from exactgeo.exact.matrix import Row, rank
from exactgeo.minimum._local import Kink, Local, Neuron, dot
from exactgeo.problem import ZERO, Vector
from exactgeo.verdict import Strictness

__all__ = ["flat_dimension", "strictness"]


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
        size = len(self.columns)
        dense: list[Row] = [[column[t] for column in self.columns] for t in range(self.local.problem.m)]
        for equality in self.equalities:
            row = [ZERO] * size
            for place, q in equality.items():
                row[place] = q
            dense.append(row)
        return [row for row in dense if any(row)]


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


def _vanishing_cell(neuron: Neuron, local: Local) -> bool:
    """Whether some full-dimensional cone of moves of a v = 0 neuron leaves all its outputs 0."""
    if any(neuron.outputs) or any(s and any(row) for s, row in zip(neuron.side, local.rows, strict=True)):
        return False
    up, down = local.slopes
    if up and down:
        return not neuron.kinks
    rows = []
    for kink in neuron.kinks:
        for _, factor in kink.members:
            turn = -1 if (factor > 0) == bool(up) else 1
            rows.append([turn * q for q in kink.form])
    if not (up or down):
        return True
    return not relative_interior([], rows, len(local.trained)).implicit


def flat_dimension(local: Local) -> int:
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
        elif _vanishing_cell(neuron, local):
            base += size + 1
        else:
            idle.append(neuron)
    best = -1
    # Modes with the most active neurons have the largest bound; trying them first prunes the rest.
    for mode in sorted(product((1, -1, 0), repeat=len(idle)), key=lambda mode: -sum(map(abs, mode))):
        free = base + size * mode.count(0)
        moves = _Moves(local)
        for neuron in moving:
            places = moves.add_inputs(neuron, neuron.sign, 1)
            if neuron.kinks:
                moves.equalities.append(_no_change(moves, neuron, places))
            if problem.train.output:
                moves.add(neuron.outputs)
        for neuron, sign in zip(idle, mode, strict=True):
            if sign:
                places = moves.add_inputs(neuron, sign, sign)
                moves.active.append((moves.add(neuron.outputs), sign, places))
        for _, column in local.linear:
            moves.add(column)
        found = _largest_cone(moves, best - free)
        if found is not None:
            best = found + free
    return best


def _no_change(moves: _Moves, neuron: Neuron, places: tuple[int, ...]) -> dict[int, Fraction]:
    # At a local minimum equal loss needs sign(v) phi_i = 0 for each neuron by itself: a valid cut.
    residuals = moves.local.residuals
    used = [*places, *(place for pair in moves.pairs[-len(neuron.kinks) :] for place in pair)]
    return {place: dot(residuals, moves.columns[place]) for place in used}


def _largest_cone(moves: _Moves, floor: int) -> int | None:
    """Dimension above ``floor`` of the largest polyhedral cone of moves with equal predictions, None if none."""
    size = len(moves.columns)
    if size - len(moves.pairs) <= floor:
        return None
    rows = moves.rows()
    best = None
    stack: list[frozenset[int]] = [frozenset()]
    while stack:
        zero = stack.pop()
        signed = [(place, 1) for pair in moves.pairs for place in pair if place not in zero]
        signed += [(place, sign) for place, sign, _ in moves.active]
        equalities: list[Row] = [*rows, *(_unit(size, place) for place in zero)]
        cone = relative_interior(equalities, [_unit(size, *item) for item in signed], size)
        implied = {signed[k][0] for k in cone.implicit}
        if any(place in implied for place, _, _ in moves.active):
            continue
        dimension = size - rank([*equalities, *(_unit(size, place) for place in implied)], size)
        if dimension <= floor or not _reaches_the_point(moves, equalities, signed):
            continue
        gone = zero | implied
        undecided = next((pair for pair in moves.pairs if not gone & set(pair)), None)
        if undecided is None:
            best = floor = dimension
        else:
            stack += [zero | {undecided[0]}, zero | {undecided[1]}]
    return best


def _reaches_the_point(moves: _Moves, equalities: list[Row], signed: list[tuple[int, int]]) -> bool:
    """Whether solutions have t_j / k_j -> 0 for every active neuron: found scale by scale.

    On each scale the moves t_j of the neurons still to settle are 0; those whose k_j can then be nonzero
    are settled, and the next scale lives in the tangent cone at that solution.
    """
    size = len(moves.columns)
    waiting = list(moves.active)
    while waiting:
        still = [_unit(size, place) for _, _, places in waiting for place in places]
        cone = relative_interior([*equalities, *still], [_unit(size, *item) for item in signed], size)
        settled = [item for item in waiting if cone.point[item[0]]]
        if not settled:
            return False
        waiting = [item for item in waiting if item not in settled]
        signed = [item for item in signed if not cone.point[item[0]]]
    return True


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
