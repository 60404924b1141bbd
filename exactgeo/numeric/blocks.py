"""Blocks of networks and data points that are worked off in bounded memory, with progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from exactgeo.errors import InputError
from exactgeo.frozen import dataclass
from exactgeo.numeric.layers import Layers
from exactgeo.numeric.precision import Precision

__all__ = ["MEMORY", "Blocks", "Progress", "blocks_of", "expect_memory"]

MEMORY = 1 << 27
"""Bytes of working memory unless told otherwise."""

ARRAYS = 24
"""Arrays of the size of a layer that a pass holds at once, at most; a direction adds a third of that."""

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how much is done, and how much there is, after every block."""


@dataclass(frozen=True)
class Blocks:
    """``networks`` and ``points`` in one block, of ``count`` and ``m``.

    Attributes
    ----------
    points : int
        A multiple of 8, so that packed signs of blocks fit together, or all.
    """

    networks: int
    points: int
    count: int
    m: int
    progress: Progress | None

    def of_networks(self) -> Iterator[slice]:
        """Slices of networks."""
        for start in range(0, self.count, self.networks):
            yield slice(start, min(start + self.networks, self.count))

    def of_points(self, part: slice) -> Iterator[slice]:
        """Slices of data points; told to ``progress`` in pairs of a network and a point."""
        some = part.stop - part.start
        for start in range(0, self.m, self.points):
            stop = min(start + self.points, self.m)
            yield slice(start, stop)
            if self.progress is not None:
                self.progress(part.start * self.m + some * stop, self.count * self.m)


def expect_memory(memory: int, least: int) -> None:
    """Refuse a bound that is no number, or below what the least block needs."""
    if type(memory) is not int or memory < least:
        raise InputError("memory", str(memory), f"bytes, at least {least}", str(max(least, MEMORY)))


def blocks_of(
    nets: Layers, precision: Precision, memory: int, progress: Progress | None, *, directions: int = 0
) -> Blocks:
    """The largest blocks that keep arrays below ``memory`` bytes; the data and the answers are not counted."""
    widest, entries = max(nets.network.sizes), nets.parameters.shape[1]
    pair = precision.dtype.itemsize * (ARRAYS + ARRAYS // 3 * directions) * widest
    own = 8 * 16 * entries * (1 + directions)
    m = len(nets.x)
    expect_memory(memory, own + 8 * pair)
    if progress is not None and not callable(progress):
        raise InputError("progress", type(progress).__name__, "a function of (done, total)", "progress=print")
    points = min(m, (memory - own) // pair // 8 * 8)
    networks = max(1, memory // (own + pair * points)) if points == m else 1
    return Blocks(networks, points, len(nets), m, progress)
