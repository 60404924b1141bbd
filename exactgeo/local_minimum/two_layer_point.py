"""The loss near a point, neuron by neuron: pre-activations, kinks, and the function phi.

Everything is written in the *trained* coordinates T of a neuron's lifted input weights (w_i, b_i).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import gcd, lcm

from exactgeo.exact.matrix import integer_rows
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector, dot, integer_dot
from exactgeo.problem import Point, Problem
from exactgeo.shown import Shown

__all__ = ["Frame", "Kink", "NeuronState", "TwoLayerPoint", "row_form"]


def row_form(row: Vector) -> tuple[tuple[int, ...], Fraction] | None:
    """``row = factor * form`` with a primitive integer form whose first nonzero entry is positive."""
    scale = lcm(*(q.denominator for q in row)) if row else 1
    integers = [int(q * scale) for q in row]
    common = gcd(*integers)
    if common == 0:
        return None
    lead = next(q for q in integers if q)
    common = common if lead > 0 else -common
    return tuple(q // common for q in integers), Fraction(common, scale)


@dataclass(frozen=True)
class Kink(Shown):
    """A hyperplane ``<form, u> = 0`` of T on which a neuron's pre-activation vanishes at some data points.

    Attributes
    ----------
    row : int
        The first data point on it; ``form`` points the way of that point.
    form : primitive integer vector in T
    members : pairs (data point t, factor) with x_t restricted to T equal to factor * form
    """

    row: int
    form: tuple[int, ...]
    members: tuple[tuple[int, Fraction], ...]


@dataclass(frozen=True)
class NeuronState(Shown):
    """One hidden neuron at the point.

    Attributes
    ----------
    index : int
    w : lifted input weights; v : output weight; sign : sign of v
    heights, levels : integers
        Pre-activations and outputs of the data points, times ``unit``.
    z : pre-activations, one a data point; outputs : a(z_t)
    side : slope of the activation at each data point off the kinks, None on a kink
    kinks : hyperplanes in T through data points with z_t = 0 (none when the slopes are equal)
    """

    index: int
    w: Vector
    v: Fraction
    heights: tuple[int, ...]
    levels: tuple[int, ...]
    unit: int
    side: tuple[Fraction | None, ...]
    kinks: tuple[Kink, ...]

    @property
    def sign(self) -> int:
        return (self.v > 0) - (self.v < 0)

    @cached_property
    def z(self) -> Vector:
        return tuple(Fraction(q, self.unit) for q in self.heights)

    @cached_property
    def outputs(self) -> Vector:
        return tuple(Fraction(q, self.unit) for q in self.levels)


@dataclass(frozen=True)
class TwoLayerPoint(Shown):
    """A two-layer problem (or a linear model: no neurons) at a point.

    Attributes
    ----------
    trained : indices of the trained coordinates of a neuron's lifted weights (the space T)
    rows : lifted data points restricted to T
    predictions : p_t
    linear : names and columns of the parameters in which the predictions are affine everywhere
        (the output bias; all weights of a linear model)
    """

    problem: Problem
    point: Point
    trained: tuple[int, ...]
    rows: Matrix
    neurons: tuple[NeuronState, ...]
    predictions: Vector
    linear: tuple[tuple[str, Vector], ...]

    @classmethod
    def of(cls, problem: Problem, point: Point) -> TwoLayerPoint:
        """Evaluate a problem in scope of the complete decision at a point. Cost: O(m n d) rationals."""
        frame = _frame(problem)
        net, m = problem.network, problem.m
        shift = [point.shift] * m
        linear: list[tuple[str, Vector]] = []
        neurons: list[NeuronState] = []
        if net.widths:
            neurons = [_neuron(problem, frame, i, w, v) for i, (w, v) in enumerate(point.neurons)]
        else:
            shift = [p + dot(point.inputs, row) for p, row in zip(shift, problem.x, strict=True)]
            if problem.train.output:
                linear += [(f"w[{k}]", tuple(row[k] for row in problem.x)) for k in range(problem.d)]
        if net.output_bias and problem.train.output_bias:
            linear.append(("c", (ONE,) * m))
        predictions = _predictions(shift, neurons)
        return cls(problem, point, frame.trained, frame.rows, tuple(neurons), predictions, tuple(linear))

    @cached_property
    def frame(self) -> Frame:
        """The data in integers."""
        return _frame(self.problem)

    @cached_property
    def slopes(self) -> tuple[Fraction, Fraction]:
        return self.problem.network.activation.slopes or (ONE, ONE)

    @cached_property
    def curvature(self) -> Fraction:
        """a, the largest coefficient of a square in the pieces of the loss: l(p + e) <= l(p) + l'(p) e + a e^2."""
        return _curvature(self.problem)

    @cached_property
    def bends(self) -> bool:
        """Whether the loss is more than one quadratic."""
        return any(
            piece is None or piece.breaks for piece in map(self.problem.loss.pieces, {y for (y,) in self.problem.y})
        )

    @cached_property
    def residuals(self) -> Vector:
        """r_t = l'(p_t) / 2a; p_t - y_t for the squared losses."""
        double = 2 * self.curvature
        return tuple(left / double for left, _ in self.subgradients)

    def along(self, column: Vector) -> Fraction:
        """The derivative of the loss, up to a factor, as the predictions move along a column."""
        return dot(self.residuals, column)

    @cached_property
    def subgradients(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """The left and the right derivative of the loss at each prediction; neither reduction nor factor is in them."""
        loss = self.problem.loss
        return tuple(loss.slopes(p, y) for p, (y,) in zip(self.predictions, self.problem.y, strict=True))

    @cached_property
    def loss(self) -> Fraction:
        return self.problem.loss_of(tuple((p,) for p in self.predictions))

    @cached_property
    def whole_residuals(self) -> tuple[tuple[int, ...], int]:
        """The residuals times a common denominator, and that."""
        return _whole(self.residuals)

    def output_slope(self, neuron: NeuronState) -> Fraction:
        """``phi_i(w_i) = sum_t r_t a(<w_i, x_t>)``."""
        weights, unit = self.whole_residuals
        return Fraction(integer_dot(weights, neuron.levels), unit * neuron.unit)

    def smooth_part(self, neuron: NeuronState, residuals: Vector | None = None) -> Vector:
        """phi's contribution of the data points off the kinks, a vector of T."""
        if residuals is None or (self.curvature and residuals is self.residuals):
            weights, unit = self.whole_residuals
        else:
            weights, unit = _whole(residuals)
        frame = self.frame
        scaled = {slope: int(slope * frame.slope_unit) for slope in self.slopes}
        factors = [r * scaled[side] if side is not None else 0 for r, side in zip(weights, neuron.side, strict=True)]
        bottom = unit * frame.slope_unit * frame.unit
        return tuple(Fraction(integer_dot(factors, column), bottom) for column in frame.columns)

    def kink_slopes(self, kink: Kink, residuals: Vector | None = None) -> tuple[Fraction, Fraction]:
        """(right, left): phi's contribution of a kink is right * q for q = <form, u> >= 0, left * q for q <= 0."""
        weights = self.residuals if residuals is None else residuals
        up, down = self.slopes
        right = left = ZERO
        for t, factor in kink.members:
            weight = weights[t] * factor
            right += weight * (up if factor > 0 else down)
            left += weight * (down if factor > 0 else up)
        return right, left

    def phi(self, neuron: NeuronState, u: Vector, residuals: Vector | None = None) -> Fraction:
        """``sum_t r_t a'(<w_i, x_t>; <u, x_t>)`` for a direction u of T (MATH: residuals, not loss derivatives)."""
        total = dot(self.smooth_part(neuron, residuals), u)
        for kink in neuron.kinks:
            q = dot(kink.form, u)
            right, left = self.kink_slopes(kink, residuals)
            total += q * (right if q > 0 else left)
        return total


@dataclass(frozen=True)
class Frame:
    """What depends on the problem alone.

    Attributes
    ----------
    trained : trained coordinates of a neuron's lifted weights
    rows : lifted data points restricted to them
    forms : of each restricted row its primitive form and factor, None for a zero row
    lifted : the lifted data points times ``unit``, integers
    columns : the restricted rows times ``unit``, column by column
    sizes : sum of the absolute values of each restricted row, times ``unit``
    slope_unit : common denominator of the slopes of the activation
    """

    trained: tuple[int, ...]
    rows: Matrix
    forms: tuple[tuple[tuple[int, ...], Fraction] | None, ...]
    lifted: tuple[tuple[int, ...], ...]
    columns: tuple[tuple[int, ...], ...]
    sizes: tuple[int, ...]
    unit: int
    slope_unit: int


@lru_cache(maxsize=8)
def _curvature(problem: Problem) -> Fraction:
    pieces = (problem.loss.pieces(y) for (y,) in problem.y)
    return max(a for piece in pieces if piece is not None for a, _, _ in piece.quadratics)


@lru_cache(maxsize=8)
def _frame(problem: Problem) -> Frame:
    trained: tuple[int, ...] = ()
    if problem.network.widths:
        if problem.train.hidden[0]:
            trained += tuple(range(problem.d))
        if problem.network.hidden_bias[0] and problem.train.hidden_bias[0]:
            trained += (problem.d,)
    rows = tuple(tuple(row[k] for k in trained) for row in problem.lifted)
    lifted, unit = integer_rows(problem.lifted)
    columns = tuple(tuple(row[k] for row in lifted) for k in trained)
    sizes = tuple(sum(abs(row[k]) for k in trained) for row in lifted)
    slopes = problem.network.activation.slopes if problem.network.widths else None
    slope_unit = lcm(*(q.denominator for q in slopes or (ONE,)))
    forms = tuple(row_form(row) for row in rows)
    return Frame(trained, rows, forms, tuple(map(tuple, lifted)), columns, sizes, unit, slope_unit)


def _neuron(problem: Problem, frame: Frame, index: int, w: Vector, v: Fraction) -> NeuronState:
    activation = problem.network.activation
    assert activation.slopes is not None
    up, down = activation.slopes
    weights, unit = _whole(w)
    raw = [integer_dot(weights, row) for row in frame.lifted]
    right, left, scale = int(up * frame.slope_unit), int(down * frame.slope_unit), frame.slope_unit
    levels = tuple(h * right if h > 0 else h * left for h in raw)
    at_zero = None if activation.has_kink else up
    side = tuple(up if h > 0 else down if h < 0 else at_zero for h in raw)
    zero = [t for t, h in enumerate(raw) if not h] if activation.has_kink else []
    heights = tuple(raw) if scale == 1 else tuple(h * scale for h in raw)
    return NeuronState(index, w, v, heights, levels, unit * frame.unit * scale, side, _kinks(zero, frame.forms))


def _predictions(shift: Vector | list[Fraction], neurons: list[NeuronState]) -> Vector:
    """The sum of what the neurons contribute, in integers over one denominator."""
    live = [neuron for neuron in neurons if neuron.v]
    if not live:
        return tuple(shift)
    bottom = lcm(*(neuron.v.denominator * neuron.unit for neuron in live))
    total = [0] * len(shift)
    for neuron in live:
        factor = neuron.v.numerator * (bottom // (neuron.v.denominator * neuron.unit))
        total = [p + factor * q for p, q in zip(total, neuron.levels, strict=True)]
    return tuple(p + Fraction(q, bottom) for p, q in zip(shift, total, strict=True))


def _whole(vector: Vector) -> tuple[tuple[int, ...], int]:
    """A vector times the least common denominator, and that."""
    (row,), unit = integer_rows([vector])
    return tuple(row), unit


def _kinks(zero_rows: list[int], forms: tuple[tuple[tuple[int, ...], Fraction] | None, ...]) -> tuple[Kink, ...]:
    groups: dict[tuple[int, ...], list[tuple[int, Fraction]]] = {}
    for t in zero_rows:
        parts = forms[t]
        if parts is not None:
            groups.setdefault(parts[0], []).append((t, parts[1]))
    kinks = []
    for form, members in groups.items():
        side = 1 if members[0][1] > 0 else -1
        kinks.append(
            Kink(members[0][0], tuple(side * q for q in form), tuple((t, side * factor) for t, factor in members))
        )
    return tuple(kinks)
