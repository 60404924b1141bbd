"""A float minimiser of a convex loss of affine predictions under linear constraints. It proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactgeo.frozen import dataclass
from exactgeo.losses import Pieces
from exactgeo.numeric.losses import LossForm, form_of
from exactgeo.problem import Problem

__all__ = ["FloatProgram", "Growing", "Proposal", "Terms", "Unsettled", "propose"]

Floats = NDArray[np.float64]

PROXIMITY = 1e-9
"""Weight of the distance to where the network is, in units of the largest entry of the quadratic form."""

TOLERANCE = 1e-12
"""Of the solver; where it comes less near, what it has is taken."""

NEWTON = 40
"""Quadratic models of a loss without pieces."""

FAR = 30.0
"""Predictions of a loss without pieces beyond which there is no minimum to be seen in floats."""


class Unsettled(Exception):
    """The active set of a cell was not found."""


class Growing(Unsettled):
    """The predictions grow without bound: there may be no minimum."""


@dataclass(frozen=True)
class Terms:
    """The loss of each data point, in floats.

    Attributes
    ----------
    form : LossForm
    pieces : one for each data point; () for a loss without pieces
    """

    form: LossForm
    pieces: tuple[Pieces, ...]

    @classmethod
    def of(cls, problem: Problem) -> Terms:
        """Of a problem with one output."""
        targets = [y for (y,) in problem.y]
        known = {y: problem.loss.pieces(y) for y in set(targets)}
        form = form_of(problem.loss, np.array([[float(y)] for y in targets]))
        assert form is not None
        return cls(form, tuple(part for part in (known[y] for y in targets) if part is not None))

    def slopes(self, predictions: Floats) -> Floats:
        return np.asarray(self.form.gradient(predictions[None, None, :])[0, 0])

    def bends(self, predictions: Floats) -> Floats:
        """Curvatures, from differences of slopes."""
        step = 1e-5
        ahead, behind = self.slopes(predictions + step), self.slopes(predictions - step)
        return np.asarray(np.maximum((ahead - behind) / (2 * step), 1e-12))

    def value(self, predictions: Floats) -> float:
        return float(self.form.total(predictions[None, None, :])[0])


@dataclass(frozen=True)
class FloatProgram:
    """``sum_t l_t(offset + columns u) + sum squares_j u_j^2 / 2 + sum of weighted norms``, ``sides u >= bounds``.

    Attributes
    ----------
    terms : Terms
    columns : (m, q); offset : (m,); sides : (k, q); bounds : (k,); squares : (q,)
    norms : tuple of (indices of unknowns, weight)
    own : (q,)
        Where the network is: of minimisers that the data do not tell apart, one near it is meant.
    """

    terms: Terms
    columns: Floats
    offset: Floats
    sides: Floats
    bounds: Floats
    squares: Floats
    own: Floats
    norms: tuple[tuple[NDArray[np.int64], float], ...] = field(default=())

    def predictions(self, unknowns: Floats) -> Floats:
        found: Floats = self.offset + self.columns @ unknowns
        return found

    def value(self, unknowns: Floats) -> float:
        norms = sum(weight * float(np.linalg.norm(unknowns[k])) for k, weight in self.norms)
        return self.terms.value(self.predictions(unknowns)) + float(self.squares @ unknowns**2) / 2 + norms


@dataclass(frozen=True)
class Proposal:
    """Unknowns; a multiplier of each side, and whether it is active: larger than the slack, in units of its row."""

    values: Floats
    multipliers: Floats
    active: NDArray[np.bool_]


def propose(program: FloatProgram) -> Proposal:
    """A float minimiser with the multipliers of its sides, on columns scaled to length 1.

    Raises
    ------
    Unsettled
        The float solver found nothing, or the predictions grow without bound.
    """
    if program.terms.pieces:
        return _Quadratic(program, program.terms.pieces).solved()
    values = program.own
    for _ in range(NEWTON):
        found = _Quadratic(program, _models(program, values)).solved()
        step, start = 1.0, program.value(values)
        while step > 1e-10 and program.value(values + step * (found.values - values)) > start:
            step /= 2
        moved = values + step * (found.values - values)
        gain, values = start - program.value(moved), moved
        if gain <= 1e-15 * max(1.0, abs(start)):
            break
    bounded = program.norms or program.squares.all()
    if not bounded and np.abs(program.predictions(values)).max(initial=0) > FAR:
        raise Growing("the predictions grow without bound")
    return Proposal(values, found.multipliers, found.active)


def _models(program: FloatProgram, values: Floats) -> list[Pieces]:
    """Quadratic models at these unknowns: slopes from the loss, curvatures from differences of slopes."""
    p = program.predictions(values)
    slope, bend = program.terms.slopes(p), program.terms.bends(p)
    models = []
    for a, b in zip(bend / 2, slope - bend * p, strict=True):
        models.append(Pieces((), ((Fraction(float(a)), Fraction(float(b)), Fraction(0)),)))
    return models


@dataclass(frozen=True)
class _Quadratic:
    """The program with a loss in pieces, as a conic program: one variable a piece where there are several."""

    program: FloatProgram
    pieces: Sequence[Pieces]

    def solved(self) -> Proposal:
        import clarabel
        from scipy import sparse

        program = self.program
        count = program.columns.shape[1]
        lengths = np.linalg.norm(program.columns, axis=0)
        lengths[lengths == 0] = 1
        matrix = program.columns / lengths
        square, linear, rows, right, low, high = self._pieces(matrix)
        size = len(linear)
        scale = max(float(np.abs(square[:count, :count]).max(initial=0)), 1e-3)
        near = PROXIMITY * scale
        square[:count, :count] += np.diag(program.squares / lengths**2 + near)
        linear[:count] -= near * program.own * lengths
        sides, bounds, sizes = self._sides(lengths, size)
        blocks, ends = [rows, -sides], [right, -bounds]
        cones = [clarabel.ZeroConeT(len(rows))] if len(rows) else []
        box, limits = _box(low, high)
        if len(sides) + len(box):
            blocks.append(box)
            ends.append(limits)
            cones.append(clarabel.NonnegativeConeT(len(sides) + len(box)))
        extra = len(program.norms)
        square, linear = np.pad(square, (0, extra)), np.pad(linear, (0, extra))
        blocks = [np.pad(block, ((0, 0), (0, extra))) for block in blocks]
        for k, (indices, weight) in enumerate(program.norms):
            linear[size + k] = weight
            cone = np.zeros((1 + len(indices), size + extra))
            cone[0, size + k] = -1
            cone[np.arange(1, 1 + len(indices)), indices] = -1 / lengths[indices]
            blocks.append(cone)
            ends.append(np.zeros(len(cone)))
            cones.append(clarabel.SecondOrderConeT(len(cone)))
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = TOLERANCE
        solution = clarabel.DefaultSolver(
            sparse.csc_matrix(np.triu(square)),
            linear,
            sparse.csc_matrix(np.concatenate(blocks)),
            np.concatenate(ends),
            cones,
            settings,
        ).solve()
        values = np.array(solution.x)
        if not np.isfinite(values).all():
            raise Unsettled("the float solver found nothing")
        span = slice(len(rows), len(rows) + len(sides))
        strength, slack = np.array(solution.z)[span], np.array(solution.s)[span]
        return Proposal(values[:count] / lengths, strength / sizes, strength > slack)

    def _sides(self, lengths: Floats, size: int) -> tuple[Floats, Floats, Floats]:
        sides = self.program.sides / lengths
        sizes = np.linalg.norm(sides, axis=1)
        sizes[sizes == 0] = 1
        return np.pad(sides / sizes[:, None], ((0, 0), (0, size - len(lengths)))), self.program.bounds / sizes, sizes

    def _pieces(self, matrix: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
        """Quadratic form, linear form; equations; bounds (of all variables) from below and above."""
        offset, count = self.program.offset, matrix.shape[1]
        plain = [t for t, part in enumerate(self.pieces) if not part.breaks]
        bent = [t for t, part in enumerate(self.pieces) if part.breaks]
        parts = [(t, k) for t in bent for k in range(len(self.pieces[t].quadratics))]
        size = count + len(parts)
        square, linear = np.zeros((size, size)), np.zeros(size)
        low, high = np.full(size, -np.inf), np.full(size, np.inf)
        quadratics = np.array([[float(q) for q in self.pieces[t].quadratics[0]] for t in plain]).reshape(-1, 3)
        own = matrix[plain]
        square[:count, :count] = own.T @ (2 * quadratics[:, :1] * own)
        linear[:count] = own.T @ (2 * quadratics[:, 0] * offset[plain] + quadratics[:, 1])
        rows, right = np.zeros((len(bent), size)), np.zeros(len(bent))
        number = {t: i for i, t in enumerate(bent)}
        for j, (t, k) in enumerate(parts, start=count):
            breaks = [float(q) for q in self.pieces[t].breaks]
            a, b, _ = (float(q) for q in self.pieces[t].quadratics[k])
            # p = first break - s_0 + s_1 + s_2 + ...: marginal costs do not fall, so that pieces fill in their order.
            start, sign = breaks[max(k - 1, 0)], -1.0 if k == 0 else 1.0
            square[j, j], linear[j] = 2 * a, sign * (2 * a * start + b)
            low[j] = 0
            high[j] = breaks[k] - start if 0 < k < len(breaks) else np.inf
            rows[number[t], j] = -sign
            rows[number[t], :count] = matrix[t]
            right[number[t]] = breaks[0] - offset[t]
        return square, linear, rows, right, low, high


def _box(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Rows and right sides of ``low <= u <= high``, where these are finite."""
    eye = np.eye(len(low))
    below, above = np.isfinite(low), np.isfinite(high)
    return np.concatenate([-eye[below], eye[above]]), np.concatenate([-low[below], high[above]])
