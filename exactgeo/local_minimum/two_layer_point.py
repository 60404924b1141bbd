"""The loss near a point, neuron by neuron: pre-activations, kinks, and the function phi.

Everything is written in the *trained* coordinates T of a neuron's lifted input weights (w_i, b_i).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import gcd, lcm

from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector, dot
from exactgeo.problem import Point, Problem

__all__ = ["Kink", "NeuronState", "TwoLayerPoint"]


def _form(row: Vector) -> tuple[tuple[int, ...], Fraction] | None:
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
class Kink:
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
class NeuronState:
    """One hidden neuron at the point.

    Attributes
    ----------
    index : int
    w : lifted input weights; v : output weight; sign : sign of v
    z : pre-activations, one a data point; outputs : a(z_t)
    side : slope of the activation at each data point off the kinks, None on a kink
    kinks : hyperplanes in T through data points with z_t = 0 (none when the slopes are equal)
    """

    index: int
    w: Vector
    v: Fraction
    z: Vector
    outputs: Vector
    side: tuple[Fraction | None, ...]
    kinks: tuple[Kink, ...]

    @property
    def sign(self) -> int:
        return (self.v > 0) - (self.v < 0)


@dataclass(frozen=True)
class TwoLayerPoint:
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
        trained, rows, forms = _frame(problem)
        net, m = problem.network, problem.m
        predictions = [point.shift] * m
        linear: list[tuple[str, Vector]] = []
        neurons: list[NeuronState] = []
        if net.widths:
            lifted = problem.lifted
            activation = net.activation
            assert activation.slopes is not None
            up, down = activation.slopes
            for i, (w, v) in enumerate(point.neurons):
                z = tuple(dot(w, row) for row in lifted)
                outputs = tuple(q * (up if q > 0 else down) for q in z)
                kinked = activation.has_kink
                side = tuple(up if q > 0 or (q == 0 and not kinked) else down if q < 0 else None for q in z)
                kinks = _kinks([t for t, q in enumerate(z) if q == 0], forms) if kinked else ()
                neurons.append(NeuronState(i, w, v, z, outputs, side, kinks))
                predictions = [p + v * a for p, a in zip(predictions, outputs, strict=True)]
        else:
            predictions = [p + dot(point.inputs, row) for p, row in zip(predictions, problem.x, strict=True)]
            if problem.train.output:
                linear += [(f"w[{k}]", tuple(row[k] for row in problem.x)) for k in range(problem.d)]
        if net.output_bias and problem.train.output_bias:
            linear.append(("c", (ONE,) * m))
        return cls(problem, point, trained, rows, tuple(neurons), tuple(predictions), tuple(linear))

    @cached_property
    def slopes(self) -> tuple[Fraction, Fraction]:
        return self.problem.network.activation.slopes or (ONE, ONE)

    @cached_property
    def curvature(self) -> Fraction:
        """a, the largest coefficient of a square in the pieces of the loss: l(p + e) <= l(p) + l'(p) e + a e^2."""
        pieces = (self.problem.loss.pieces(y) for (y,) in self.problem.y)
        return max(a for piece in pieces if piece is not None for a, _, _ in piece.quadratics)

    @cached_property
    def bends(self) -> bool:
        """Whether the loss is more than one quadratic."""
        return any(
            piece is None or piece.breaks for piece in map(self.problem.loss.pieces, {y for (y,) in self.problem.y})
        )

    @cached_property
    def residuals(self) -> Vector:
        """r_t = l'(p_t) / 2a; p_t - y_t for the squared losses."""
        loss, double = self.problem.loss, 2 * self.curvature
        pairs = zip(self.predictions, self.problem.y, strict=True)
        return tuple(loss.slopes(p, y)[0] / double for p, (y,) in pairs)

    def along(self, column: Vector) -> Fraction:
        """The derivative of the loss, up to a factor, as the predictions move along a column."""
        return dot(self.residuals, column)

    @cached_property
    def loss(self) -> Fraction:
        return self.problem.loss_of(tuple((p,) for p in self.predictions))

    def smooth_part(self, neuron: NeuronState, residuals: Vector | None = None) -> Vector:
        """phi's contribution of the data points off the kinks, a vector of T."""
        weights = self.residuals if residuals is None else residuals
        total = [ZERO] * len(self.trained)
        for r, slope, row in zip(weights, neuron.side, self.rows, strict=True):
            if slope and r:
                for k, x in enumerate(row):
                    total[k] += r * slope * x
        return tuple(total)

    def kink_slopes(self, kink: Kink) -> tuple[Fraction, Fraction]:
        """(right, left): phi's contribution of a kink is right * q for q = <form, u> >= 0, left * q for q <= 0."""
        up, down = self.slopes
        right = left = ZERO
        for t, factor in kink.members:
            weight = self.residuals[t] * factor
            right += weight * (up if factor > 0 else down)
            left += weight * (down if factor > 0 else up)
        return right, left

    def phi(self, neuron: NeuronState, u: Vector) -> Fraction:
        """``sum_t r_t a'(<w_i, x_t>; <u, x_t>)`` for a direction u of T (MATH: residuals, not loss derivatives)."""
        total = dot(self.smooth_part(neuron), u)
        for kink in neuron.kinks:
            q = dot(kink.form, u)
            right, left = self.kink_slopes(kink)
            total += q * (right if q > 0 else left)
        return total


@lru_cache(maxsize=8)
def _frame(problem: Problem) -> tuple[tuple[int, ...], Matrix, tuple[tuple[tuple[int, ...], Fraction] | None, ...]]:
    """What depends on the problem alone: trained coordinates, restricted rows and their forms."""
    trained: tuple[int, ...] = ()
    if problem.network.widths:
        if problem.train.hidden[0]:
            trained += tuple(range(problem.d))
        if problem.network.hidden_bias[0] and problem.train.hidden_bias[0]:
            trained += (problem.d,)
    rows = tuple(tuple(row[k] for k in trained) for row in problem.lifted)
    return trained, rows, tuple(_form(row) for row in rows)


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
