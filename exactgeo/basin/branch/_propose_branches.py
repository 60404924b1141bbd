"""Float proposals for a branch and bound: where a node is split, and which basin is tried. Nothing here is believed.

A relaxation gives weights to columns. Each column goes to a neuron that may have its ray; what the neuron then adds to
the predictions, less what its inputs would add, is its gap. Without gaps the relaxation is the node's minimum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from exactgeo.basin.branch.sides import Groups, Neurons, SideTable

Regions = tuple[tuple[int, int], ...]

__all__ = ["Branch", "Proposer"]

Floats = npt.NDArray[np.float64]

NEAREST = 4
"""Sides of a neuron beyond which its neighbours are tried."""

LEVEL = 1e-9
"""Share of the largest pre-activation below which one counts as 0."""


@dataclass(frozen=True, slots=True)
class Branch:
    """What is proposed at a node.

    Attributes
    ----------
    split : (int, int) or None
        A group and a data point that cuts its cell; None where none cuts any.
    signs : for each neuron, group after group, a side of each data point
        A basin of the node.
    """

    split: tuple[int, int] | None
    signs: tuple[tuple[int, ...], ...]


class Proposer:
    """Branches for the nodes of one reduction."""

    def __init__(self, table: SideTable, seed: int = 0) -> None:
        self._table = table
        reduction = table.reduction
        tops = [max(map(abs, row), default=0) or 1 for row in table.products]
        # Along each ray the pre-activations at the length that gives its column.
        self._inputs = np.array([[q / top for q in row] for row, top in zip(table.products, tops, strict=True)])
        self._inputs = self._inputs.reshape(len(tops), reduction.problem.m)
        self._lengths = np.abs(self._inputs).max(axis=0, initial=0.0) + LEVEL
        slopes = reduction.problem.network.activation.slopes if reduction.problem.network.widths else None
        self._right, self._left = map(float, slopes or (0, 0))
        self._outputs = self._out(self._inputs)
        # What these add, and the largest of it.
        sizes = np.abs(self._outputs).max(axis=1, initial=0.0)
        self._sizes = np.where(sizes, sizes, 1.0)
        self._tops = [max(map(abs, column)) for column in reduction.program.columns]
        self._signed = reduction.problem.train.output
        self._random = np.random.default_rng(seed)

    def at(self, number: int) -> Proposer:
        """The same with random numbers of its own."""
        found = copy(self)
        found._random = np.random.default_rng((1, number))
        return found

    def _out(self, inputs: Floats) -> Floats:
        found: Floats = np.where(inputs > 0, self._right * inputs, self._left * inputs)
        return found

    def branch(self, groups: Groups, weights: Mapping[int, Fraction]) -> Branch:
        """Where to split a node, and a basin to try, from the weights of its relaxation."""
        owners = [g for g, group in enumerate(groups) for _ in range(group.count)]
        inputs, outputs = self._dealt(groups, owners, weights)
        gaps = np.abs(outputs - self._out(inputs))
        best: tuple[float, int, int] | None = None
        for g, group in enumerate(groups):
            cuts = self._table.cuts(group.rays)
            if not cuts:
                continue
            mine = gaps[[k for k, owner in enumerate(owners) if owner == g]].max(axis=0)[cuts]
            at = int(mine.argmax())
            if best is None or mine[at] > best[0]:
                best = float(mine[at]), g, cuts[at]
        signs = tuple(self._signs(groups[g].rays, inputs[k]) for k, g in enumerate(owners))
        return Branch(None if best is None else best[1:], signs)

    def _dealt(self, groups: Groups, owners: Sequence[int], weights: Mapping[int, Fraction]) -> tuple[Floats, Floats]:
        """For each neuron its pre-activations and what it adds, when each column adds least to the gap."""
        m = self._inputs.shape[1]
        inputs, outputs, gaps = np.zeros((len(owners), m)), np.zeros((len(owners), m)), np.zeros(len(owners))
        rays, factors, able = [], [], []
        for column, weight in weights.items():
            for sign, ray in self._table.sources[column]:
                takers = [k for k, g in enumerate(owners) if groups[g].sign == sign and groups[g].rays >> ray & 1]
                if takers:
                    # At this length of the ray its column has this weight.
                    factors.append(float(weight) * self._tops[column])
                    rays.append(ray)
                    able.append(takers)
                    break
        factor = (np.array(factors) / self._sizes[rays])[:, None]
        steps, outs = factor * self._inputs[rays], factor * self._outputs[rays]
        for i in np.argsort(-np.abs(outs).max(axis=1, initial=0.0), kind="stable").tolist():
            takers = able[i]
            new = np.abs(outputs[takers] + outs[i] - self._out(inputs[takers] + steps[i])).sum(axis=1)
            best = int((new - gaps[takers]).argmin())
            k = takers[best]
            inputs[k] += steps[i]
            outputs[k] += outs[i]
            gaps[k] = new[best]
        return inputs, outputs

    def _signs(self, rays: int, inputs: Floats) -> tuple[int, ...]:
        """A side of each data point that the cell leaves open, those of the pre-activations where they have one."""
        level = LEVEL * float(np.abs(inputs).max(initial=0.0))
        if not level:
            inputs = self.inside(rays)
            level = LEVEL * float(np.abs(inputs).max(initial=0.0))
        found = []
        for q, (above, below) in zip(inputs.tolist(), self._table.sides, strict=True):
            sign = 1 if q >= 0 else -1
            if abs(q) <= level:
                sign = 1 if not rays & ~above else -1 if not rays & ~below else int(self._random.choice((1, -1)))
            found.append(sign)
        return tuple(found)

    def inside(self, rays: int) -> Floats:
        """Pre-activations of a random point of a cell."""
        packed = np.frombuffer(rays.to_bytes(rays.bit_length() // 8 + 1, "little"), dtype=np.uint8)
        chosen = np.flatnonzero(np.unpackbits(packed, bitorder="little"))
        if not len(chosen):
            return np.zeros(self._inputs.shape[1])
        picked = self._random.choice(chosen, size=min(len(chosen), 4), replace=False)
        found: Floats = self._random.uniform(0.1, 1.0, len(picked)) @ self._inputs[picked]
        return found

    def neighbours(self, regions: Sequence[tuple[int, int]], weights: Mapping[int, Fraction]) -> list[Regions]:
        """Basins beside one whose minimum has these weights: a neuron beyond one of its nearest sides, or elsewhere."""
        groups = tuple(Neurons(sign, rays, 1) for rays, sign in regions)
        inputs, _ = self._dealt(groups, range(len(groups)), weights)
        found = []
        for k, (rays, sign) in enumerate(regions):
            mine = inputs[k] if inputs[k].any() else self.inside(rays)
            signs = [1 if not rays & ~above else -1 for above, _ in self._table.sides]
            beyond = [self._table.region([*signs[:t], -signs[t], *signs[t + 1 :]]) for t in self._nearest(mine)]
            elsewhere = [self._table.region(self._signs(self._table.every, self.inside(self._table.every)))]
            others = [(part, sign) for part in beyond + elsewhere]
            others += [(part, -sign) for part in [rays, *elsewhere]] if self._signed else []
            found += [(*regions[:k], other, *regions[k + 1 :]) for other in others]
        return found

    def _nearest(self, inputs: Floats) -> list[int]:
        """The data points of the least pre-activations, for their length."""
        order: list[int] = np.argsort(np.abs(inputs) / self._lengths, kind="stable").tolist()
        return order[:NEAREST]

    def starts(self, groups: Groups, count: int) -> list[tuple[tuple[int, ...], ...]]:
        """Random basins of a node."""
        neurons = [group for group in groups for _ in range(group.count)]
        return [tuple(self._signs(group.rays, self.inside(group.rays)) for group in neurons) for _ in range(count)]
