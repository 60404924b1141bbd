"""A point with one hidden layer as units with cones, and ways down as directions of its parameters."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from math import comb

from exactgeo.arrangement.rays import central_rays
from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import nullspace, primitive, rank, rref, solve
from exactgeo.exact.vectors import ONE, ZERO, Integers, Matrix, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.along import descent_along
from exactgeo.local_minimum.decision import Descent
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.vector.units import Cone, Model, Move, Unit
from exactgeo.local_minimum.vector.work import Work
from exactgeo.problem import Direction

__all__ = ["VectorLayer"]

LARGEST = 4000
"""Sets of kinks that may cut out a ray, at most: beyond, the cones of a unit take too long."""

CONES = 300
"""Cones of one unit, at most."""


@dataclass(frozen=True)
class VectorLayer:
    """A point with one hidden layer, and its units.

    Attributes
    ----------
    at : DeepPoint
    model : Model
    moves : for each unit and each of its cones the moves of its input weights that its lines and rays stand for
    work : Work
        What the checker will do up to here.
    """

    at: DeepPoint
    model: Model
    moves: tuple[tuple[tuple[Matrix, Matrix], ...], ...]
    work: Work

    @classmethod
    def of(cls, at: DeepPoint, check: Check = unlimited) -> VectorLayer | str:
        """The units of a point at which the loss has no slope in the output weights; or what is in the way.

        Raises
        ------
        TooLarge
        """
        if len(at.layers) != 1:
            return "it has more than one hidden layer"
        if not at.trains_output:
            return "the output weights are frozen: first order decides"
        (layer,) = at.layers
        if at.slope_in_last:
            return f"the loss has a slope in {at.slope_in_last}"
        if not at.rational:
            return "the scores of some data point differ, and slopes are not rational"
        factor = at.square_factor
        curvature = factor or _curvature(at)
        columns = [*(at.columns if layer.trains else ()), *([(ONE,) * at.problem.m] if layer.trains_bias else ())]
        rows = tuple(zip(*columns, strict=True)) if columns else ((),) * at.problem.m
        units, moves, work = [], [], Work(at)
        for i, (slopes, feature) in enumerate(zip(layer.slope, layer.out, strict=True)):
            check()
            kinks = [row for row, slope in zip(rows, slopes, strict=True) if slope is None]
            found = _regions(kinks, len(columns))
            if found is None:
                return f"unit {i} has too many kinks"
            work.spend(64 * _sets(kinks, len(columns)) * (1 + len(kinks)) * (1 + len(columns)) ** 2)
            cones = []
            for region in found:
                parts = (tuple(_change(layer.slopes, slopes, rows, u) for u in part) for part in region)
                cones.append(Cone(*parts))
            units.append(Unit(feature, tuple(row[i] for row in at.output), tuple(cones)))
            moves.append(tuple(found))
        if at.trains_shift:
            units.append(Unit((ONE,) * at.problem.m, (ZERO,) * len(at.output), ()))
        residuals = tuple(tuple(q / (2 * curvature) for q in row if isinstance(q, Fraction)) for row in at.gradient)
        metric = tuple(tuple(ONE * (i == j) for j in range(len(at.output))) for i in range(len(at.output)))
        return cls(at, Model(residuals, metric, tuple(units), factor is not None), tuple(moves), work)

    @cached_property
    def square(self) -> Model | None:
        """A model that the loss is never below near the point, of squares at some of the data points: the model itself
        where it is exact; None where there is none.

        The loss of the others is convex. Its slopes count as before: residuals of those that are left, with the same
        products with all features and changes.
        """
        if self.model.exact:
            return self.model
        kept = () if self.at.problem.loss.classes else self.at.squares(_curvature(self.at))
        # Rays that are not critical cost more than they can gain, whatever the squares are.
        units = self.model.units
        faces = [[self.model.generators(face) for face in some] for some in self.model.faces]
        changes = [g for some in faces for face in some for part in face for g in part]
        vectors = list(dict.fromkeys([*(unit.feature for unit in units), *changes]))

        def short(vector: Vector) -> Vector:
            return tuple(vector[t] for t in kept)

        residuals = []
        for row in self.model.residuals if kept else ():
            found = solve([short(g) for g in vectors], [dot(row, g) for g in vectors])
            if found is None:
                return None
            residuals.append(found)
        if not residuals:
            return None
        cut = [
            Unit(short(unit.feature), unit.weight, tuple(Cone(*(tuple(map(short, p)) for p in face)) for face in some))
            for unit, some in zip(units, faces, strict=True)
        ]
        return Model(tuple(residuals), self.model.metric, tuple(cut), True)

    @property
    def bent(self) -> str:
        """Why the loss near the point is more than its second-order part; "" where it is not."""
        if self.model.exact:
            return ""
        if self.at.problem.loss.classes:
            return "the curvature of a loss with classes is bounded, and not used as it is"
        return (
            "the loss is not one square near the point: a prediction is at a break of its pieces, or on a straight one"
        )

    def descent(self, *moves: Move) -> Descent:
        """The way down along ``s move_1 + s^2 move_2 + ...``, in the parameters, replayed.

        Raises
        ------
        InternalError
            The loss does not fall.
        """
        at = self.at
        found = descent_along(at.problem, at.point, at.loss, tuple(map(self._direction, moves)))
        if found is None:
            raise InternalError("a descent of several outputs failed its replay")
        return found

    def _direction(self, move: Move) -> Direction:
        at, zero = self.at, Direction.zero(self.at.point)
        (layer,) = at.layers
        (inputs, _), (shifts, still) = zero.weights, zero.biases
        weights, bias = [list(row) for row in inputs], list(shifts)
        for face, lines, rays in move.faces:
            of_lines, of_rays = self.moves[face.unit][face.cone]
            used = [*zip(lines, of_lines, strict=True)]
            used += zip(rays, (of_rays[g] for g in face.rays), strict=True)
            total = [sum((q * u[k] for q, u in used), ZERO) for k in range(len(used[0][1]))] if used else []
            if layer.trains:
                weights[face.unit] = total[: len(at.columns)]
            if layer.trains_bias:
                bias[face.unit] = total[-1]
        rows = tuple(zip(*move.weights[: layer.width], strict=True))
        *_, constant = move.weights
        last = constant if at.trains_shift else still
        return Direction((tuple(map(tuple, weights)), rows), (tuple(bias), last))


def _curvature(at: DeepPoint) -> Fraction:
    """The largest curvature of the loss: ``l(p + e) <= l(p) + l'(p) e + a e^2``.

    Of classes: the Hessian in the scores, ``diag(s) - s s^T``, has no value above 1/2."""
    if at.problem.loss.classes:
        return Fraction(1, 4)
    largest = ZERO
    for row in at.problem.y:
        for y in row:
            pieces = at.problem.loss.pieces(y)
            if pieces is None:
                raise InternalError("a loss that is not quadratic between breaks")
            largest = max(largest, *(a for a, _, _ in pieces.quadratics))
    return largest


def _change(slopes: tuple[Fraction, Fraction], own: tuple[Fraction | None, ...], rows: Matrix, u: Vector) -> Vector:
    """The change of the outputs of a unit along a move of its input weights."""
    found = []
    for row, slope in zip(rows, own, strict=True):
        q = dot(row, u)
        found.append((slopes[0] if q > 0 else slopes[1]) * q if slope is None else slope * q)
    return tuple(found)


def _regions(kinks: list[Vector], size: int) -> list[tuple[Matrix, Matrix]] | None:
    """Lines and rays of the closed regions that the kinks cut out of R^size; None where there are too many.

    Rays of which no two lie on different sides of a kink have a closed region in common: that of their sum. So regions
    are the largest sets of such rays.
    """
    if not size:
        return []
    oriented = {primitive(row) for row in kinks if any(row)}
    rows = sorted({max(row, tuple(-q for q in row)) for row in oriented})
    lines = tuple(tuple(map(Fraction, u)) for u in nullspace(rows, size))
    # With the coordinates outside the pivots 0 the kinks meet in 0 only.
    _, pivots = rref(rows, size) if rows else ([], [])
    if _sets(kinks, size) > LARGEST:
        return None
    rays = central_rays([(primitive([row[j] for j in pivots]), 1 << t, 0) for t, row in enumerate(rows)], len(pivots))
    sets = _largest([(positive, negative) for _, positive, negative in rays])
    if sets is None:
        return None
    full = [_filled(ray, pivots, size) for ray, _, _ in rays]
    return [(lines, tuple(full[k] for k in chosen)) for chosen in sets]


def _sets(kinks: list[Vector], size: int) -> int:
    """The sets of kinks that may cut out a ray."""
    oriented = {primitive(row) for row in kinks if any(row)}
    rows = {max(row, tuple(-q for q in row)) for row in oriented}
    return comb(len(rows), max(rank(list(rows), size) - 1, 0))


def _filled(ray: Integers, pivots: list[int], size: int) -> Vector:
    values = dict(zip(pivots, ray, strict=True))
    return tuple(Fraction(values.get(k, 0)) for k in range(size))


def _largest(signs: list[tuple[int, int]]) -> list[list[int]] | None:
    """The largest sets of rays of which no two have different signs anywhere (Bron and Kerbosch); None beyond CONES."""
    near = [{j for j, (q, n) in enumerate(signs) if j != i and not (p & n or m & q)} for i, (p, m) in enumerate(signs)]
    found: list[list[int]] = []
    pending: list[tuple[list[int], set[int], set[int]]] = [([], set(range(len(signs))), set())]
    while pending:
        chosen, left, done = pending.pop()
        if not left and not done:
            found.append(sorted(chosen))
            if len(found) > CONES:
                return None
            continue
        pivot = max(left | done, key=lambda i: len(near[i] & left))
        for i in sorted(left - near[pivot]):
            pending.append(([*chosen, i], left & near[i], done & near[i]))
            left = left - {i}
            done = done | {i}
    return found
