"""Exact piecewise linear paths in parameter space whose loss is convex on every segment.

One more kind of segment is a rescaling, (w, v) -> (s w, v / s), which moves no prediction: no polynomial path joins
(1, 1) to (2, 1/2) at constant product.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from exactgeo.basin.cone_program import Optimum
from exactgeo.basin.reduction import Reduction
from exactgeo.errors import InputError, InternalError
from exactgeo.exact.rational import format_rational, parse_rational
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.landscape.permutations import replaced
from exactgeo.problem import Neuron, Point, Problem

__all__ = ["Path", "PathBuilder"]

_Change = tuple[Vector | None, Fraction | None]
"""New input weights and a new output weight of a neuron; None for what stays."""


@dataclass(frozen=True)
class Path:
    """A piecewise linear path, but for rescalings. On each segment the predictions are affine, so the loss is convex
    there; that is replayed when the path is made.

    Attributes
    ----------
    problem : Problem
    points : tuple of Point
        The breakpoints, exact.
    """

    problem: Problem
    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        for one, other in zip(self.points, self.points[1:], strict=False):
            if not _affine(self.problem, one, other) and not _rescaled(one, other):
                raise InternalError("a segment of a path is not affine in the predictions")

    @cached_property
    def losses(self) -> tuple[Fraction, ...]:
        """The loss at each breakpoint."""
        return tuple(self.problem.loss_at(point) for point in self.points)

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """Of each segment: ``constant``, ``decreasing`` (its end is lower, and lowest), ``increasing``, ``below``
        (never above the higher of its ends), or ``rescaling`` (constant, and not a straight line)."""
        result = []
        for (one, a), (other, b) in zip(
            zip(self.points, self.losses, strict=True),
            zip(self.points[1:], self.losses[1:], strict=True),
            strict=False,
        ):
            if not _affine(self.problem, one, other):
                result.append("rescaling")
                continue
            middle = self.problem.loss_at(_between(one, other, Fraction(1, 2)))
            # A convex function is constant iff it agrees at the ends and in the middle.
            if a == b == middle:
                result.append("constant")
            elif a > b and self._falls(one, other, b):
                result.append("decreasing")
            else:
                result.append("increasing" if a < b and self._falls(other, one, a) else "below")
        return tuple(result)

    def _falls(self, one: Point, other: Point, end: Fraction) -> bool:
        """Whether a convex loss falls all the way: on the last stretch without a kink of the loss, a parabola, its
        slope at the end is not positive."""
        problem, (start, goal) = self.problem, (self.problem.predictions(one), self.problem.predictions(other))
        pieces = [problem.loss.pieces(row[0]) for row in problem.y]
        kinks = {ZERO}
        for (a, *_), (b, *_), piece in zip(start, goal, pieces, strict=True):
            if a != b and piece is not None:
                kinks |= {s for target in piece.breaks if 0 < (s := (target - a) / (b - a)) < 1}
        last = max(kinks)

        def at(s: Fraction) -> Fraction:
            return problem.loss_of(tuple((p[0] + s * (q[0] - p[0]),) for p, q in zip(start, goal, strict=True)))

        return at(last) - 4 * at((last + 1) / 2) + 3 * end <= 0

    @property
    def highest(self) -> Fraction:
        """The largest loss on the path: convexity puts it at a breakpoint."""
        return max(self.losses)

    def at(self, time: Fraction) -> Point:
        """The point after ``time`` segments, a rational with 0 <= time <= number of segments.

        Raises
        ------
        InputError
        """
        time = parse_rational(time, "time")
        if not 0 <= time < len(self.points):
            raise InputError("time", format_rational(time), f"0 to {len(self.points) - 1}", "1/2")
        k = min(int(time), len(self.points) - 2)
        one, other = self.points[k], self.points[k + 1]
        between = _between(one, other, time - k)
        if _affine(self.problem, one, other):
            return between
        return between.with_neurons(
            [
                (middle.w, start.v if start.w == end.w else start.v * _factor(start.w, middle.w))
                for start, middle, end in zip(one.neurons, between.neurons, other.neurons, strict=True)
            ]
        )

    def __repr__(self) -> str:
        return f"<path: {' -> '.join(map(str, self.losses))}>"

    def to_json(self) -> dict[str, Any]:
        return {
            "points": [point.to_dict() for point in self.points],
            "losses": [format_rational(q) for q in self.losses],
            "segments": list(self.segments),
        }


def _between(one: Point, other: Point, time: Fraction) -> Point:
    return one.moved(one.towards(other), time)


def _affine(problem: Problem, one: Point, other: Point) -> bool:
    """Each neuron either keeps its output weight and crosses no kink of the data, or keeps its input weights, or has
    output weight 0 throughout: then its part of the predictions is affine along the segment."""
    rows, kinks = problem.lifted, problem.network.activation.has_kink
    for (w, v), (u, k) in zip(one.neurons, other.neurons, strict=True):
        if w == u or (v == 0 and k == 0):
            continue
        if v != k or (kinks and any(dot(w, row) * dot(u, row) < 0 for row in rows)):
            return False
    return True


def _rescaled(one: Point, other: Point) -> bool:
    """Each neuron becomes (s w, v / s) with an s > 0 of its own; nothing else moves."""
    if one.shift != other.shift:
        return False
    for (w, v), (u, k) in zip(one.neurons, other.neurons, strict=True):
        if (w, v) != (u, k) and (v * k <= 0 or tuple(v * a for a in w) != tuple(k * a for a in u)):
            return False
    return True


def _factor(w: Vector, u: Vector) -> Fraction:
    """s with w = s u."""
    return next(a / b for a, b in zip(w, u, strict=True) if b)


class PathBuilder:
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
