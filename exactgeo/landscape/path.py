"""Paths through basins and walls: on each segment the predictions are affine, so the loss is convex there.

One more kind of segment is a rescaling, (w, v) -> (s w, v / s), which moves no prediction: no polynomial path joins
(1, 1) to (2, 1/2) at constant product. The output weights are rational functions there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from exactgeo.basin.cone_program import Optimum
from exactgeo.basin.reduction import Reduction
from exactgeo.errors import InternalError
from exactgeo.exact.polynomial import multiply
from exactgeo.exact.vectors import ONE, ZERO, Vector
from exactgeo.landscape.permutations import replaced
from exactgeo.paths import Path, PathBuilder, RationalLayer
from exactgeo.paths.forward import Outputs, run
from exactgeo.problem import Neuron, Point, Problem

__all__ = ["BasinPathBuilder", "laid"]

_Change = tuple[Vector | None, Fraction | None]
"""New input weights and a new output weight of a neuron; None for what stays."""


def laid(problem: Problem, points: Sequence[Point]) -> Path:
    """The path through these points, straight but for rescalings.

    Raises
    ------
    InternalError
        Between two of them the predictions are not affine.
    """
    builder = PathBuilder(problem, points[0])
    for one, other in pairwise(points):
        if _rescaled(one, other):
            builder.curved([_outputs_between(one, other)], "rescale", other)
            continue
        first, outputs = builder.size, run(problem, one, other)
        # A silent neuron may pass kinks.
        bent = [] if isinstance(outputs, Outputs) else [q.unit for q in outputs]
        builder.straight(other, _step(problem, one, other))
        affine = all(segment.outputs.affine for segment in builder.path.segments[first:])
        if not affine or any(one.neurons[i].v or other.neurons[i].v for i in bent):
            raise InternalError("a segment of a path is not affine in the predictions")
    return builder.path


def _step(problem: Problem, one: Point, other: Point) -> str:
    """What a straight line does, in a few words."""
    before, after = problem.loss_at(one), problem.loss_at(other)
    if before == after:
        outputs = any(a.v != b.v for a, b in zip(one.neurons, other.neurons, strict=True))
        return "give a silent neuron its output weight" if outputs else "move within one loss"
    return "down within a basin" if after < before else "up to a wall"


def _rescaled(one: Point, other: Point) -> bool:
    """Each neuron becomes (s w, v / s) with an s > 0 of its own, and for one of them that is no straight line."""
    pairs = list(zip(one.neurons, other.neurons, strict=True))
    if one.shift != other.shift or not any(a.v != b.v and a.w != b.w for a, b in pairs):
        return False
    for (w, v), (u, k) in zip(one.neurons, other.neurons, strict=True):
        if (w, v) != (u, k) and (v * k <= 0 or tuple(v * a for a in w) != tuple(k * a for a in u)):
            return False
    return True


def _outputs_between(one: Point, other: Point) -> RationalLayer:
    """The output weights along a rescaling in which the input weights go straight: v / (1 + s (v / k - 1))."""
    factors = [ONE if a.v == b.v else a.v / b.v for a, b in zip(one.neurons, other.neurons, strict=True)]
    every = [ONE]
    for factor in dict.fromkeys(factors):
        every = multiply(every, [ONE, factor - 1]) if factor != 1 else every
    row = []
    for factor, neuron in zip(factors, one.neurons, strict=True):
        rest = [neuron.v]
        for other_factor in dict.fromkeys(factors):
            rest = multiply(rest, [ONE, other_factor - 1]) if other_factor not in (factor, 1) else rest
        row.append(tuple(rest))
    if one.biases[-1:] != ((),):
        row.append(tuple(one.shift * q for q in every))
    return RationalLayer(len(one.weights) - 1, (tuple(row),), tuple(every))


class BasinPathBuilder:
    """Lays a path through basins and walls; the state is the last point and the basin it is in.

    Parameters
    ----------
    reduction : Reduction
    point : Point
        Where the path starts.
    basin : for each group of exchangeable neurons the index of each one's pattern
        A basin that contains it.
    sizes : mapping from neurons to rationals, optional
        How large an output weight becomes when it leaves 0 or changes its sign; 1, and as large as before, where
        nothing is said.
    """

    def __init__(
        self,
        reduction: Reduction,
        point: Point,
        basin: Sequence[Sequence[int]],
        sizes: Mapping[int, Fraction] | None = None,
    ) -> None:
        self._reduction = reduction
        self._sizes = sizes or {}
        self._basin = [list(part) for part in basin]
        self.points = [point]
        idle = [
            (neuron, group.patterns[s].sign)
            for group, part in zip(reduction.exchangeable, self._basin, strict=True)
            for neuron, s in zip(group.neurons, part, strict=True)
            if point.neurons[neuron].v == 0
        ]
        # An output weight of 0: the neuron first goes to w = 0, then gets its basin's sign; neither moves a prediction.
        if idle:
            self._move({neuron: ((ZERO,) * len(point.neurons[neuron].w), None) for neuron, _ in idle})
            self._move({neuron: (None, sign * self._sizes.get(neuron, ONE)) for neuron, sign in idle})

    def _move(self, changes: Mapping[int, _Change], shift: Fraction | None = None) -> None:
        """Append the point with new input or output weights of some neurons; nothing if it is the last one."""
        last = self.points[-1]
        neurons = list(last.neurons)
        for i, (w, v) in changes.items():
            neurons[i] = Neuron(neurons[i].w if w is None else w, neurons[i].v if v is None else v)
        self._append(last.with_neurons(neurons, shift))

    def _append(self, point: Point) -> None:
        if point != self.points[-1]:
            self.points.append(point)

    def cross_orbit(self, orbit: Sequence[Sequence[int]], wall: Optimum) -> None:
        """Go to the optimum of the wall to a neighbouring orbit, and take the sign of the basin behind it."""
        k = next(k for k, part in enumerate(self._basin) if sorted(part) != list(orbit[k]))
        old, new = replaced(self._basin[k], orbit[k])
        self._cross(k, self._basin[k].index(old), new, wall)

    def cross(self, basin: Sequence[Sequence[int]], wall: Optimum) -> None:
        """Go to the optimum of the wall to a neighbouring basin, and take the sign of that."""
        k, i = next((k, i) for k, part in enumerate(basin) for i, new in enumerate(part) if new != self._basin[k][i])
        self._cross(k, i, basin[k][i], wall)

    def _cross(self, k: int, i: int, new: int, wall: Optimum) -> None:
        """The same where the i-th neuron of the k-th group changes its pattern."""
        reduction = self._reduction
        group = reduction.exchangeable[k]
        neuron, before, behind = group.neurons[i], group.patterns[self._basin[k][i]], group.patterns[new]
        shared = reduction.region_rays[before.region] & reduction.region_rays[behind.region]
        self._to(wall, {neuron: shared if before.sign == behind.sign else 0})
        self._basin[k][i] = new
        if before.sign != behind.sign:
            # On this wall the neuron's input weights are 0.
            size = self._sizes.get(neuron, abs(self.points[-1].neurons[neuron].v))
            self._move({neuron: (None, behind.sign * size)})

    def arrive(self, end: Point) -> None:
        """Go to a point of the basin, but for the size of the output weights."""
        if not end.neurons:
            self._append(end)
            return
        changes: dict[int, _Change] = {}
        for i, (last, (w, k)) in enumerate(zip(self.points[-1].neurons, end.neurons, strict=True)):
            changes[i] = (tuple(a * k / last.v for a in w) if last.v else w, None)
        self._move(changes, end.shift)

    def descend(self, best: Optimum) -> None:
        """Go to the optimum of the basin."""
        self._to(best, {})

    def _to(self, best: Optimum, faces: Mapping[int, int]) -> None:
        reduction = self._reduction
        if not reduction.problem.network.widths:
            self._append(reduction.invert({}, {}, best.lines))
            return
        cones = reduction.neuron_faces(self._basin)
        cones.update({neuron: (rays, cones[neuron][1]) for neuron, rays in faces.items()})
        changes: dict[int, _Change] = {}
        for neuron, z in reduction.inputs(cones, best.weights).items():
            last = self.points[-1].neurons[neuron]
            # A bias that is frozen at 0 is no coordinate of the rows.
            idle = (ZERO,) * (len(last.w) - len(z))
            changes[neuron] = ((*(q / abs(last.v) for q in z), *idle), None)
        self._move(changes, reduction.invert({}, {}, best.lines).shift)
