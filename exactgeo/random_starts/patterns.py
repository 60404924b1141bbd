"""The basin of each of many float networks, exactly: floats are the dyadics they are, and where a sign is in doubt it
is computed in rationals."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactgeo.basin.batch import solve_masks
from exactgeo.basin.reduction import Reduction
from exactgeo.exact.enclosure import Value
from exactgeo.exact.vectors import dot
from exactgeo.numeric import NumericNetworks

__all__ = ["BasinValues"]

UNIT = 2.0**-52
"""Twice the rounding unit."""

SMALLEST = 2.0**-1000
"""Pre-activations below this may have lost digits to the end of the range of floats."""

Numbers = NDArray[np.int32]


class BasinValues:
    """The exact values of the basins that networks lie in; each distinct basin is solved once.

    Parameters
    ----------
    reduction : Reduction
        With its regions listed.
    """

    def __init__(self, reduction: Reduction) -> None:
        self.reduction = reduction
        self._regions = {bytes(np.array(signs, dtype=np.int8)): k for k, signs in enumerate(reduction.regions)}
        self._patterns = [
            {(pattern.region, pattern.sign): k for k, pattern in enumerate(group.patterns)}
            for group in reduction.exchangeable
        ]
        self._known: dict[bytes, Value] = {}

    def of(self, nets: NumericNetworks) -> list[Value | None]:
        """One value a network; None where it lies on the boundary of basins. Cost: one forward pass, and one exact
        solve for each basin that was not met before."""
        rows = self._rows(nets)
        inside = [min(row, default=0) >= 0 for row in rows.tolist()]
        keys = [row.tobytes() for row in rows]
        fresh = {key: row for key, row, good in zip(keys, rows, inside, strict=True) if good and key not in self._known}
        masks = [self.reduction.mask(self.reduction.split(row.tolist())) for row in fresh.values()]
        optima, owners = solve_masks(self.reduction.program, masks)
        self._known.update({key: optima[owner].value for key, owner in zip(fresh, owners, strict=True)})
        return [self._known[key] if good else None for key, good in zip(keys, inside, strict=True)]

    def _rows(self, nets: NumericNetworks) -> Numbers:
        """The patterns of all neurons, group after group, ascending within a group; -1 where there is none."""
        regions, outer = self._region_numbers(nets), self._output_signs(nets)
        width = sum(len(group.neurons) for group in self.reduction.exchangeable)
        rows: Numbers = np.full((len(nets), width), -1, dtype=np.int32)
        first = 0
        for group, patterns in zip(self.reduction.exchangeable, self._patterns, strict=True):
            last = first + len(group.neurons)
            for column, neuron in enumerate(group.neurons, first):
                pairs = zip(regions[:, neuron].tolist(), outer[:, neuron].tolist(), strict=True)
                rows[:, column] = [patterns.get(pair, -1) for pair in pairs]
            rows[:, first:last].sort(axis=1)
            first = last
        return rows

    def _region_numbers(self, nets: NumericNetworks) -> Numbers:
        """The region of each neuron's input weights, shape (N, n); -1 on a boundary."""
        width = sum(nets.network.widths)
        if len(self.reduction.regions) < 2 or not width:
            # No kink, or no data that cuts: there is one region.
            return np.zeros((len(nets), width), dtype=np.int32)
        signs = self._signs(nets)
        found, back = np.unique(signs.reshape(-1, signs.shape[2]), axis=0, return_inverse=True)
        numbers = np.array([self._regions.get(bytes(row), -1) for row in found], dtype=np.int32)
        return numbers[back.reshape(signs.shape[:2])]

    def _signs(self, nets: NumericNetworks) -> NDArray[np.int8]:
        """The signs of the pre-activations, shape (N, n, m)."""
        weights, bias = nets.weights(0), nets.biases(0)
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            z = nets.preactivations()[0]
            size = np.abs(weights) @ np.abs(nets.x.T)
            if bias is not None:
                size += np.abs(bias)[:, :, None]
        # The data are rounded to floats once, every product and sum once more.
        doubtful = ~(np.abs(z) > UNIT * (nets.x.shape[1] + 4) * size) | (size < SMALLEST)
        signs = np.sign(np.nan_to_num(z)).astype(np.int8)
        for net, neuron, point in zip(*np.nonzero(doubtful), strict=True):
            side = self._exact_side(weights[net, neuron], None if bias is None else bias[net, neuron], int(point))
            signs[net, neuron, point] = (side > 0) - (side < 0)
        return signs

    def _exact_side(self, weights: NDArray[np.float64], bias: float | None, point: int) -> Fraction:
        row = self.reduction.rows[point]
        entries = [Fraction(q) for q in weights.tolist()]
        entries += [Fraction(float(bias))] if bias is not None else []
        # A bias that is frozen at 0 is no coordinate of the rows.
        return dot(entries[: len(row)], row)

    def _output_signs(self, nets: NumericNetworks) -> NDArray[np.int8]:
        """The signs of the output weights, shape (N, n)."""
        width = sum(nets.network.widths)
        if not width:
            return np.zeros((len(nets), 0), dtype=np.int8)
        last = nets.weights(len(nets.network.widths))
        # Of two scores only the difference matters; its sign is that of exact numbers.
        outer = last[:, 0] if last.shape[1] == 1 else last[:, 1] - last[:, 0]
        signs: NDArray[np.int8] = np.sign(outer).astype(np.int8)
        return signs
