"""A walk through parameter space: points one after the other, straight between them, cut where a unit bends.

Layers are counted as in the literature: ``F(0)`` is the data, ``Z(l) = W(l) F(l - 1) + b(l)`` and ``F(l) = a(Z(l))`` for
l = 1, ..., L, one row a unit and one column a distinct row of the data; ``F(L)`` are the outputs. Between two
neighbouring points every pre-activation keeps its sign.

Two moves are all that there is. A *straight* one changes parameters such that all pre-activations are affine between
bends. A move *by features* takes the outputs of layer l along a straight line, and layers below answer:
``F(l - 1)`` follows by ``Z(l) = a^-1(F(l))`` and a right inverse of W(l), down to a layer whose inputs have full rank,
whose weights alone move. It is cut at the zeros of ``F(l)`` first, then, within the pieces, of the layers below.

References
----------
Q. Nguyen, On connected sublevel sets in deep learning, ICML 2019: Lemmas 3.2 and 3.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from exactgeo.errors import InternalError
from exactgeo.exact.matrix import solve
from exactgeo.exact.one_sided import added, left_inverse, product, right_inverse, transposed
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector, dot
from exactgeo.problem import Point, Problem

__all__ = ["Layers", "Node", "Step", "Unmet", "Walk"]

Node = tuple[Fraction, Matrix]
"""The value of a curve of matrices at a number; straight between neighbours."""


class Unmet(Exception):
    """A hypothesis of a construction that a problem, or a point, does not meet.

    Parameters
    ----------
    hypothesis : str
        What fails, as a sentence without its full stop.
    """

    def __init__(self, hypothesis: str) -> None:
        self.hypothesis = hypothesis
        super().__init__(hypothesis)


@dataclass(frozen=True)
class Step:
    """One segment of a walk.

    Attributes
    ----------
    end : Point
    name : str
        What it does, e.g. ``"raise rank"``.
    constant : bool
        Whether the outputs stay as they are.
    """

    end: Point
    name: str
    constant: bool = True


@dataclass(frozen=True)
class Layers:
    """A point with all that its layers put out at the distinct rows of the data."""

    problem: Problem
    point: Point
    rows: Matrix

    def weights(self, layer: int) -> Matrix:
        return self.point.weights[layer - 1]

    def bias(self, layer: int) -> Vector:
        """Zeros where the layer has none."""
        return self.point.biases[layer - 1] or (ZERO,) * len(self.point.weights[layer - 1])

    @cached_property
    def _all(self) -> list[Matrix]:
        found = [transposed(self.rows)]
        for layer in range(1, self.problem.network.depth + 1):
            z = preactivations(self.weights(layer), self.bias(layer), found[-1])
            found.append(self.activate(layer, z))
        return found

    def activate(self, layer: int, z: Matrix) -> Matrix:
        a = self.problem.network.layer_activations[layer - 1]
        return tuple(tuple(map(a, row)) for row in z)

    def features(self, layer: int) -> Matrix:
        """``F(layer)``: a row a unit, a column a distinct row of the data."""
        return self._all[layer]

    def z(self, layer: int) -> Matrix:
        """``Z(layer)``."""
        return preactivations(self.weights(layer), self.bias(layer), self._all[layer - 1])

    def has(self, layer: int, weights: Matrix | None = None, bias: Sequence[Fraction] | None = None) -> Point:
        """The point with other weights or another bias in one layer; a bias is left out where the layer has none."""
        matrices, vectors = list(self.point.weights), list(self.point.biases)
        if weights is not None:
            matrices[layer - 1] = weights
        if bias is not None and vectors[layer - 1]:
            vectors[layer - 1] = tuple(bias)
        return Point(tuple(matrices), tuple(vectors))


def preactivations(weights: Matrix, bias: Vector, inputs: Matrix) -> Matrix:
    columns = transposed(inputs)
    return tuple(tuple(dot(row, column) + b for column in columns) for row, b in zip(weights, bias, strict=True))


@dataclass
class Walk:
    """The steps so far, and where they lead.

    Attributes
    ----------
    problem : Problem
    start : Point
    steps : list of Step
    """

    problem: Problem
    start: Point
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.problem.expect_point(self.start)
        # Rows that agree stay together whatever the parameters are: one of each.
        self.rows: Matrix = tuple(dict.fromkeys(self.problem.x))
        self.at = Layers(self.problem, self.start, self.rows)

    @property
    def here(self) -> Point:
        return self.at.point

    @property
    def depth(self) -> int:
        return self.problem.network.depth

    @property
    def points(self) -> list[Point]:
        return [self.start, *(step.end for step in self.steps)]

    def reversed(self) -> list[Step]:
        """The steps of the way back, from where this walk leads to its start."""
        ends = [self.start, *(step.end for step in self.steps[:-1])]
        return [replace(step, end=end) for step, end in zip(reversed(self.steps), reversed(ends), strict=True)]

    def follow(self, steps: Sequence[Step]) -> None:
        """Take steps that are known to begin here."""
        for step in steps:
            self._add(step.end, step.name, step.constant)

    def _add(self, end: Point, name: str, constant: bool) -> None:
        if end != self.here:
            self.steps.append(Step(end, name, constant))
            self.at = Layers(self.problem, end, self.rows)

    # -- straight moves -------------------------------------------------------------------------------------------

    def straight(self, end: Point, name: str, *, constant: bool = True) -> None:
        """To another point by a straight line on which pre-activations are affine between bends: one layer moves, or
        moves of several layers leave all but one of them without effect."""
        gap = self.here.towards(end)
        start = self.here
        for s in self._bends(end)[1:]:
            self._add(end if s == 1 else start.moved(gap, s), name, constant)

    def _bends(self, end: Point) -> list[Fraction]:
        """0, the numbers where a unit, or the loss, passes a break, and 1."""
        one, other = self.at, Layers(self.problem, end, self.rows)
        gap = one.point.towards(end)
        cuts = [ZERO, ONE]
        curve: list[Node] = [(ZERO, one.features(0)), (ONE, one.features(0))]
        for layer in range(1, self.depth + 1):
            moves = any(map(any, gap.weights[layer - 1])) or any(gap.biases[layer - 1])
            if not moves and all(matrix == curve[0][1] for _, matrix in curve):
                z = one.z(layer)
                curve = [(s, z) for s in cuts]
            else:
                found = []
                for s, inputs in curve:
                    weights = added(one.weights(layer), gap.weights[layer - 1], s)
                    bias = tuple(p + s * (q - p) for p, q in zip(one.bias(layer), other.bias(layer), strict=True))
                    found.append((s, preactivations(weights, bias, inputs)))
                curve = found
            if layer < self.depth:
                if self.problem.network.layer_activations[layer - 1].has_kink:
                    curve = with_zeros(curve)
                curve = [(s, one.activate(layer, z)) for s, z in curve]
            else:
                curve = self._with_breaks(curve)
            cuts = [s for s, _ in curve]
        return cuts

    def _with_breaks(self, outputs: list[Node]) -> list[Node]:
        """Outputs along a curve, cut also where one passes a break of its loss."""
        found = set()
        for row, targets in zip(self.problem.x, self.problem.y, strict=True):
            column = self.rows.index(row)
            for unit, target in enumerate(targets):
                pieces = self.problem.loss.pieces(target)
                for level in pieces.breaks if pieces is not None else ():
                    found |= crossings([(s, z[unit][column] - level) for s, z in outputs])
        return cut(outputs, found)

    # -- moves by features ----------------------------------------------------------------------------------------

    def by_features(
        self,
        layer: int,
        goal: Matrix,
        name: str,
        *,
        moved: int,
        beside: Point | None = None,
        constant: bool = True,
    ) -> None:
        """``F(layer)`` along a straight line to ``goal``, by the weights of layer ``moved`` alone.

        Parameters
        ----------
        layer : int
            Of ``moved`` or above; the outputs where it is the depth.
        goal : Matrix
            The shape of ``F(layer)``.
        moved : int
            ``F(moved - 1)`` has independent columns, W(l) independent rows for l = moved + 1, ..., layer, and the
            activations of layers moved, ..., layer are bijective.
        beside : Point, optional
            Where other layers, above ``layer``, move at the same time, straight.
        """
        at, start = self.at, self.here
        curve: list[Node] = [(ZERO, at.features(layer)), (ONE, goal)]
        if not constant:
            curve = self._above(curve, layer)
        for below in range(layer, moved, -1):
            curve = self._inverted(curve, below)
            back = right_inverse(at.weights(below))
            inputs, z = at.features(below - 1), at.z(below)
            curve = [(s, added(inputs, product(back, added(values, z, -ONE)))) for s, values in curve]
        curve = self._inverted(curve, moved)
        back, z, weights = left_inverse(at.features(moved - 1)), at.z(moved), at.weights(moved)
        gap = None if beside is None else start.towards(beside)
        for s, values in curve[1:]:
            point = start if gap is None else start.moved(gap, s)
            found = added(weights, product(added(values, z, -ONE), back))
            self._add(Layers(self.problem, point, self.rows).has(moved, found), name, constant)

    def _inverted(self, curve: list[Node], layer: int) -> list[Node]:
        """Pre-activations from outputs of a layer, cut where one of these is 0."""
        activation = self.problem.network.layer_activations[layer - 1]
        if activation.slopes is None:
            raise InternalError("an activation without slopes has no inverse here")
        right, left = activation.slopes
        if activation.has_kink:
            curve = with_zeros(curve)
        return [(s, tuple(tuple(q / (right if q * right > 0 else left) for q in r) for r in f)) for s, f in curve]

    def _above(self, curve: list[Node], layer: int) -> list[Node]:
        """Cut also where an output passes a break of its loss, of the outputs or of the layer just below them."""
        if layer == self.depth:
            return self._with_breaks(curve)
        if layer != self.depth - 1:
            raise InternalError("features far below the outputs move them")
        outputs = [(s, preactivations(self.at.weights(self.depth), self.at.bias(self.depth), f)) for s, f in curve]
        return cut(curve, {s for s, _ in self._with_breaks(outputs)})

    # -- single units ---------------------------------------------------------------------------------------------

    def incoming(self, layer: int, z: Vector) -> tuple[Vector, Fraction] | None:
        """Weights and bias of a unit of a layer with these pre-activations; None where nothing trained gives them."""
        train, network = self.problem.train, self.problem.network
        free = train.weights[layer - 1], network.biases[layer - 1] and train.biases[layer - 1]
        if not free[0]:
            return None
        rows = [(*column, *((ONE,) if free[1] else ())) for column in transposed(self.at.features(layer - 1))]
        found = solve(rows, z)
        if found is None:
            return None
        return (found[:-1], found[-1]) if free[1] else (found, ZERO)

    def send(self, layer: int, units: Mapping[int, tuple[Vector, Fraction]], name: str) -> None:
        """Give units of a layer, which have no effect, other weights and biases: through 0, so that none bends."""
        still = len(self.at.weights(layer)[0])
        zero = {unit: ((ZERO,) * still, ZERO) for unit in units}
        for goal in (zero, units):
            self.straight(self.with_units(layer, goal), name)

    def with_units(self, layer: int, units: Mapping[int, tuple[Vector, Fraction]]) -> Point:
        """The point with other weights and biases of units of a layer."""
        weights, bias = list(self.at.weights(layer)), list(self.at.bias(layer))
        trains = self.problem.train.biases[layer - 1]
        for unit, (w, b) in units.items():
            weights[unit], bias[unit] = w, b if trains else bias[unit]
        return self.at.has(layer, tuple(weights), bias)


def crossings(values: Sequence[tuple[Fraction, Fraction]]) -> set[Fraction]:
    """Where a curve of numbers, straight between the given ones, passes 0 inside a stretch."""
    found = set()
    for (s, p), (t, q) in zip(values, values[1:], strict=False):
        if p * q < 0:
            found.add(s + (t - s) * p / (p - q))
    return found


def with_zeros(curve: list[Node]) -> list[Node]:
    """The same curve with a node wherever an entry passes 0."""
    found: set[Fraction] = set()
    for i, row in enumerate(curve[0][1]):
        for j in range(len(row)):
            found |= crossings([(s, matrix[i][j]) for s, matrix in curve])
    return cut(curve, found)


def cut(curve: list[Node], at: set[Fraction]) -> list[Node]:
    """The same curve with nodes at more numbers."""
    known = {s for s, _ in curve}
    if at <= known:
        return curve
    found, k = [], 0
    for s in sorted(at | known):
        while curve[k + 1][0] < s:
            k += 1
        (lo, one), (hi, other) = curve[k], curve[k + 1]
        found.append((s, one if s == lo else other if s == hi else mixed(one, other, (s - lo) / (hi - lo))))
    return found


def mixed(one: Matrix, other: Matrix, share: Fraction) -> Matrix:
    return added(one, added(other, one, -ONE), share)
