"""Cells of one neuron in branch and bound: what some of the data's sides leave of its rays, and the columns there.

Some sides of one neuron, {w : s_t <w, x_t> >= 0 for the t decided}, are a union of closed regions, each of which its
rays generate. So a cell is a set of rays, a mask, and deciding one more side is one intersection of masks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from exactgeo.basin.batch import words_of
from exactgeo.basin.reduction import Reduction
from exactgeo.exact.matrix import integer_rows, products

__all__ = ["Neurons", "SideTable", "roots"]

Bools = npt.NDArray[np.bool_]


class Neurons(NamedTuple):
    """Neurons with the same decided sides, and so exchangeable.

    Attributes
    ----------
    sign : int
        Of their output weights.
    rays : int
        The mask of the rays of their cell.
    count : int
    """

    sign: int
    rays: int
    count: int  # type: ignore[assignment]  # that of a tuple is of no use here


Groups = tuple[Neurons, ...]


def roots(reduction: Reduction) -> list[tuple[int, int]]:
    """How many output weights may be positive and how many negative, 0 counted as either: where the search begins."""
    free = sum(len(group.neurons) for group in reduction.exchangeable if group.frozen is None)
    fixed = [(group.frozen > 0, len(group.neurons)) for group in reduction.exchangeable if group.frozen is not None]
    up, down = (sum(size for side, size in fixed if side is positive) for positive in (True, False))
    return [(up + k, down + free - k) for k in range(free + 1)]


class SideTable:
    """The rays of a reduction, by the sides of the data they lie on.

    Attributes
    ----------
    every : int
        The mask of all rays.
    sides : m pairs of int
        For each data point the rays that are not on its negative, and not on its positive side.
    """

    def __init__(self, reduction: Reduction) -> None:
        self.reduction = reduction
        self.every = (1 << len(reduction.rays)) - 1
        self.products = _products(reduction)
        kinked = reduction.problem.network.widths and reduction.problem.network.activation.has_kink
        # Without a kink no side matters.
        self.sides = [(self.every, self.every)] * reduction.problem.m
        if kinked and self.products:
            # Objects: the products may be of any length.
            table = np.array(self.products, dtype=object)
            halves = [_packed((table.T >= 0).astype(bool)), _packed((table.T <= 0).astype(bool))]
            self.sides = list(zip(*halves, strict=True))

    def root(self, up: int, down: int) -> Groups:
        """All neurons undecided."""
        return tuple(Neurons(sign, self.every, count) for sign, count in ((1, up), (-1, down)) if count)

    def split(self, groups: Groups, index: int, datum: int) -> list[Groups]:
        """The children of a node: 0, 1, ..., all neurons of a group on the positive side of a data point."""
        group = groups[index]
        above, below = (group.rays & side for side in self.sides[datum])
        found = []
        for k in range(group.count + 1):
            parts = [Neurons(group.sign, rays, n) for rays, n in ((above, k), (below, group.count - k)) if n]
            found.append((*groups[:index], *parts, *groups[index + 1 :]))
        return found

    def cuts(self, rays: int) -> list[int]:
        """The data points that have rays of a cell on both of their sides."""
        return [t for t, (above, below) in enumerate(self.sides) if rays & ~above and rays & ~below]

    def cut(self, rays: int, datum: int) -> bool:
        """Whether a data point has rays of a cell on both of its sides."""
        above, below = self.sides[datum]
        return bool(rays & ~above and rays & ~below)

    def decided(self, rays: int) -> tuple[int, ...]:
        """A side of each data point for a cell that none of them cuts."""
        return tuple(1 if not rays & ~above else -1 for above, _ in self.sides)

    def region(self, signs: Iterable[int]) -> int:
        """The rays of the cell with these sides of all data points."""
        rays = self.every
        for (above, below), sign in zip(self.sides, signs, strict=True):
            rays &= above if sign > 0 else below
        return rays

    # -- columns ------------------------------------------------------------------------------------------------

    @cached_property
    def sources(self) -> list[list[tuple[int, int]]]:
        """For each column the (output sign, ray) that it comes from."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.reduction.program.columns]
        for (ray, sign), (column, _) in sorted(self.reduction.ray_columns.items()):
            if column >= 0:
                found[column].append((sign, ray))
        return found

    @cached_property
    def _layers(self) -> dict[int, list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]]:
        """For each output sign lists of rays and of their columns; no column twice in a list."""
        found: dict[int, list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]] = {}
        for sign in (1, -1):
            layers: list[list[tuple[int, int]]] = []
            for column, sources in enumerate(self.sources):
                for depth, ray in enumerate(ray for side, ray in sources if side == sign):
                    if depth == len(layers):
                        layers.append([])
                    layers[depth].append((ray, column))
            found[sign] = [(np.array([r for r, _ in part]), np.array([c for _, c in part])) for part in layers]
        return found

    def members(self, nodes: Sequence[Groups]) -> Bools:
        """For each node the columns that it may use, one row a node."""
        columns = np.zeros((len(nodes), len(self.reduction.program.columns)), dtype=bool)
        for sign, layers in self._layers.items():
            unions = [_union(groups, sign) for groups in nodes]
            words = words_of(unions, len(self.reduction.rays))
            bits = np.unpackbits(np.ascontiguousarray(words).view(np.uint8), axis=1, bitorder="little")
            for rays, there in layers:
                columns[:, there] |= bits[:, rays].astype(bool)
        return columns


def _union(groups: Groups, sign: int) -> int:
    rays = 0
    for group in groups:
        if group.sign == sign:
            rays |= group.rays
    return rays


def _packed(rows: Bools) -> list[int]:
    """Each row of flags as a mask."""
    return [int.from_bytes(row.tobytes(), "little") for row in np.packbits(rows, axis=1, bitorder="little")]


def _products(reduction: Reduction) -> list[list[int]]:
    """Whole multiples of <ray, row>, for each ray in the order of the rows."""
    if not reduction.rays:
        return []
    data, _ = integer_rows(reduction.rows)
    return products(reduction.rays, data)
