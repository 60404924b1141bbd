"""Where a descent in floats ended, made ready for a proof. It proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from exactgeo.frozen import dataclass
from exactgeo.local_minimum.stationary import Tie
from exactgeo.polishing._propose_minimiser import Proposal
from exactgeo.polishing._propose_network import FloatNetwork, Floats, Sides
from exactgeo.polishing._propose_refined import refined, value
from exactgeo.polishing.cell import Pattern, moving_coordinates
from exactgeo.problem import Point, Problem

__all__ = ["Landing", "land", "rested", "tied"]

NEAR = 1e-3
"""A pre-activation that is this small beside the largest is near a kink."""

LEVEL = 1e-9
"""A rise of the loss that is this small beside it may be a fall."""

AWAY = 0.1
"""How far from its kinks a neuron with one slope is moved, beside the range of its pre-activations."""

ALIKE = 1e-5
"""Neurons whose weights are that near to multiples of each other are taken for such."""

SMALL = 1e-2
REST = 1e-6
"""A neuron is at 0 whose part is that small beside the largest, or beside SMALL."""


@dataclass(frozen=True)
class Landing:
    """Where the descent ended: float parameters, and of each neuron the data points on a kink.

    Attributes
    ----------
    w : (n, D); v : (n,); inputs : weights of a linear model; shift : output bias
    kinks : of each neuron one data point a class of proportional rows
    near : of each neuron those that are near a kink, and not on it
    cells : how many were visited
    straight : neurons with one slope, whose biases the output bias can replace
    """

    w: Floats
    v: Floats
    inputs: Floats
    shift: float
    kinks: tuple[tuple[int, ...], ...]
    near: tuple[tuple[int, ...], ...]
    cells: int
    pattern: Pattern
    sides: Sides
    straight: frozenset[int]


def tied(landing: Landing) -> list[Tie | None]:
    """Neurons whose parameters are a multiple of those of a larger one, as far as floats can tell.

    Under a penalty on both factors only; a balanced point.
    """
    found: list[Tie | None] = [None] * len(landing.v)
    order = sorted(range(len(landing.v)), key=lambda i: -abs(landing.v[i]))
    for n, i in enumerate(order):
        for leader in order[:n]:
            product, straight = landing.v[i] * landing.v[leader], {i, leader} <= landing.straight
            if found[leader] is not None or found[i] is not None or not (product > 0 or (product and straight)):
                continue
            factor = landing.v[i] / landing.v[leader]
            # Two biases of neurons with one slope are what the output bias makes of them.
            seen = slice(None, -1 if straight else None)
            gap = np.abs(landing.w[i] - factor * landing.w[leader])[seen].max(initial=0)
            if gap <= ALIKE * np.abs(landing.w[leader][seen]).max(initial=0):
                share = max(1, min(2**20, round(abs(factor) * 2**20)))
                found[i] = Tie(leader, Fraction(share if product > 0 else -share, 2**20))
    return found


def land(network: FloatNetwork, best: Proposal, sides: Sides, cells: int) -> Landing:
    """The minimiser of a cell as a landing: one direction for neurons that add up, and neurons at 0."""
    return _Land(network, best, sides).landing(cells)


def rested(problem: Problem, point: Point, landing: Landing, neuron: int) -> Landing:
    """The same with a neuron at 0, whose part is small; what its bias gave the output bias takes over."""
    w, v = landing.w.copy(), landing.v.copy()
    moving = moving_coordinates(problem)
    free = problem.d in moving and not problem.penalty.biases and problem.network.output_bias
    bias = w[neuron, problem.d :] if free and problem.train.output_bias else w[neuron, :0]
    shift = landing.shift + float(v[neuron]) * _constant(problem, bias)
    _rest(problem, point, w, v, neuron)
    without = tuple(() if i == neuron else rows for i, rows in enumerate(landing.kinks))
    near = tuple(() if i == neuron else rows for i, rows in enumerate(landing.near))
    return replace(landing, w=w, v=v, shift=shift, kinks=without, near=near, straight=landing.straight - {neuron})


def _constant(problem: Problem, bias: Floats) -> float:
    """What a neuron without other input weights puts out."""
    slopes = problem.network.activation.slopes
    assert slopes is not None
    return float(sum(float(slopes[bool(q < 0)]) * q for q in bias))


def _rest(problem: Problem, point: Point, w: Floats, v: Floats, i: int) -> None:
    """A neuron at 0; a hidden bias without a penalty is that of the point, where the neuron has the least output."""
    v[i] = 0.0
    slopes = problem.network.activation.slopes
    assert slopes is not None
    for k in moving_coordinates(problem):
        if k < problem.d or problem.penalty.biases:
            w[i, k] = 0.0
        else:
            side = 1.0 if abs(slopes[0]) < abs(slopes[1]) else -1.0
            w[i, k] = side * (abs(float(point.neurons[i].w[k])) or 1.0)


@dataclass(frozen=True)
class _Land:
    network: FloatNetwork
    best: Proposal
    sides: Sides

    def landing(self, cells: int) -> Landing:
        net, problem = self.network, self.network.problem
        size, values = len(net.moving), self.shared(self.best.values, self.sides)
        w, v, inputs = net.w.copy(), net.v.copy(), np.array([float(q) for q in net.point.inputs])
        active = self.best.active.reshape(len(net.live), -1) if self.best.active.size else None
        kinks: list[tuple[int, ...]] = [()] * len(v)
        lengths = [float(np.linalg.norm(values[n * size : (n + 1) * size][net.heavy])) for n in range(len(net.live))]
        rest = values[len(net.live) * size :]
        if problem.train.output and not net.moving:
            count = len(v) if problem.network.widths else len(inputs)
            v, inputs, rest = (rest[:count], inputs, rest[count:]) if len(v) else (v, rest[:count], rest[count:])
        shift = float(rest[0]) if len(rest) else float(net.point.shift)
        for number, i in enumerate(net.live):
            zeta = values[number * size : (number + 1) * size]
            if net.joint and lengths[number] <= REST * max(*lengths, SMALL):
                # At 0, and its bias is the output bias's.
                shift += net.signs[i] * self.level * _constant(problem, zeta[-1:])
                _rest(problem, net.point, w, v, i)
                continue
            if net.joint:
                v[i] = net.signs[i] * np.sqrt(lengths[number])
            w[i, net.moving] = zeta / abs(v[i])
            if active is not None:
                kinks[i] = tuple(net.first[k] for k in np.flatnonzero(active[number]))
        for i in set(range(len(v))) - set(net.live) if net.joint else ():
            _rest(problem, net.point, w, v, i)
        sides = self.sides
        if net.joint and v.any():
            w, v, shift = refined(net, w, v, shift, kinks)
            w, v, shift = self.levelled(w, v, shift, kinks)
            sides = self.turned(w, v, kinks)
            self.aligned(w, v, sides)
        straight = self.straight(sides)
        shift += self.straighten(w, v, kinks, sides, straight)
        near, pattern = self.near(w, kinks), net.pattern(sides)
        return Landing(w, v, inputs, shift, tuple(kinks), near, cells, pattern, sides, straight)

    def levelled(
        self, w: Floats, v: Floats, shift: float, kinks: Sequence[Sequence[int]]
    ) -> tuple[Floats, Floats, float]:
        """Neurons with one slope but at data whose loss is as good as 0: where these do not tell, all have one slope.

        There the loss falls so slowly that floats see no fall, and the minimum is where all data have one side.
        """
        net, best = self.network, value(self.network, w, v, shift)
        for i in map(int, np.flatnonzero(v) if self.level else ()):
            z = net.x @ w[i]
            side = 1.0 if (z > 0).sum() >= (z < 0).sum() else -1.0
            slope = float(net.slope_of(np.array(side)))
            lack = max(0.0, AWAY * float(np.ptp(z)) - float((side * z).min()))
            if kinks[i] or not slope or not (side * z < 0).any():
                continue
            trial = w.copy()
            trial[i, net.problem.d] += side * lack
            moved = shift - float(v[i]) * slope * side * lack
            if value(net, trial, v, moved) <= best + LEVEL * abs(best):
                w, v, shift = refined(net, trial, v, moved, kinks)
        return w, v, shift

    def turned(self, w: Floats, v: Floats, kinks: Sequence[Sequence[int]]) -> Sides:
        """The sides after a refinement; on kinks and of neurons at 0 those of before."""
        net, found = self.network, self.sides.copy()
        for number, i in enumerate(net.live):
            for k, z in enumerate(net.x[net.first] @ w[i] if v[i] else ()):
                if z and net.first[k] not in kinks[i]:
                    found[number, k] = 1 if z > 0 else -1
        return found

    @cached_property
    def level(self) -> bool:
        """Whether the output bias can do what a hidden bias does to a neuron with one slope, at no cost."""
        problem = self.network.problem
        trained = problem.network.output_bias and problem.train.output_bias and problem.d in self.network.moving
        return bool(trained and not problem.penalty.biases)

    def aligned(self, w: Floats, v: Floats, sides: Sides) -> None:
        """One direction for the neurons that are to have one, in place."""
        net, size = self.network, len(self.network.moving)
        values = np.concatenate([abs(v[i]) * w[i, net.moving] for i in net.live])
        for number, (i, zeta) in enumerate(zip(net.live, self.shared(values, sides).reshape(-1, size), strict=True)):
            if v[i] and (zeta != values.reshape(-1, size)[number]).any():
                v[i] = net.signs[i] * np.sqrt(np.linalg.norm(zeta[net.heavy]))
                w[i, net.moving] = zeta / abs(v[i])

    def shared(self, values: Floats, every: Sides) -> Floats:
        """The same predictions by neurons of one direction, where the penalty wants it and the solver nearly has it.

        Of neurons in one cell, and of all that have one slope, only the sum counts, and it costs least if all have its
        direction: ``|z_1| + |z_2| >= |z_1 + z_2|``.
        """
        net = self.network
        if not net.joint:
            return values
        found, size, straight = values.copy(), len(net.moving), self.straight(every)
        groups: dict[tuple[object, ...], list[int]] = {}
        for number, i in enumerate(net.live):
            one_slope, sides = i in straight, every[number]
            own = float(net.slope_of(sides[0])) if one_slope else net.signs[i]
            groups.setdefault((one_slope, own, *(() if one_slope else sides)), []).append(number)
        for key, members in groups.items():
            spans = [slice(n * size, (n + 1) * size) for n in members]
            signs = [net.signs[net.live[n]] for n in members]
            # A bias of a neuron with one slope stays its own.
            moved = net.heavy if key[0] else list(range(size))
            lengths = np.array([np.linalg.norm(values[span][net.heavy]) for span in spans])
            if len(members) > 1 and lengths.max() > REST * SMALL:
                shares = np.maximum(lengths / lengths.sum(), REST)
                total = sum(sign * values[span][moved] for sign, span in zip(signs, spans, strict=True))
                for share, sign, span in zip(shares / shares.sum(), signs, spans, strict=True):
                    found[np.arange(span.start, span.stop)[moved]] = sign * share * total
        return found

    def straight(self, sides: Sides) -> frozenset[int]:
        """Neurons with one slope in the cell, whose biases the output bias can replace."""
        live = self.network.live if self.level else ()
        one = ((own == own[0]).all() and self.network.slope_of(own[0]) for own in sides)
        return frozenset(i for i, same in zip(live, one, strict=False) if same)

    def straighten(
        self, w: Floats, v: Floats, kinks: list[tuple[int, ...]], every: Sides, straight: frozenset[int]
    ) -> float:
        """What the output bias takes over from neurons with one slope, whose biases move away from the kinks.

        A kink on which the cell's minimum happens to be has no multiplier: along the bias the loss is constant.
        """
        net, total = self.network, 0.0
        for sides, i in zip(every, net.live, strict=False) if net.slopes[0] != net.slopes[1] else ():
            if i in straight and v[i]:
                kinks[i] = ()
                side, z = sides[0], net.x @ w[i]
                lack = max(0.0, AWAY * float(np.ptp(z)) - float((side * z).min()))
                w[i, net.problem.d] += side * lack
                total -= v[i] * float(net.slope_of(side)) * side * lack
        return total

    def near(self, w: Floats, kinks: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
        net = self.network
        found: list[tuple[int, ...]] = [()] * len(w)
        for i in net.live if net.slopes[0] != net.slopes[1] else ():
            z = np.abs(net.x @ w[i])
            found[i] = tuple(t for t in net.first if z[t] <= NEAR * z.max(initial=0) and t not in kinks[i])
        return tuple(found)
