"""Blocks of regions, one after the other or on any executor, in bounded memory; the order does not depend on it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from functools import lru_cache
from itertools import count

from exactgeo.arrangement.bits import Words
from exactgeo.arrangement.enumerators.blocks import in_blocks
from exactgeo.arrangement.enumerators.flag import FlagSweep
from exactgeo.arrangement.enumerators.planar import Planar
from exactgeo.arrangement.enumerators.protocol import DistinctHyperplanes

__all__ = ["stream"]

_AHEAD = 8


@lru_cache(maxsize=1)
def _sweep(hyperplanes: DistinctHyperplanes) -> FlagSweep | Planar:
    """The flats of lower codimension, found again by each worker process, once: less than sending them."""
    return in_blocks(hyperplanes)


def _block(hyperplanes: DistinctHyperplanes, index: int) -> Words | None:
    sweep = _sweep(hyperplanes)
    return sweep.block(index) if index < sweep.blocks else None


def stream(hyperplanes: DistinctHyperplanes, executor: Executor | None = None) -> Iterator[Words]:
    """Bit sets of regions, some 10^5 at a time, each region once; central: only those where the first hyperplane is
    positive.

    Parameters
    ----------
    executor : concurrent.futures.Executor, optional
        At most 8 blocks are under way at a time. Only the workers know how many there are, so that this process need
        not find the flats as well.
    """
    if executor is None:
        # Not from the cache: what this process holds goes when the blocks have gone.
        sweep = in_blocks(hyperplanes)
        for index in range(sweep.blocks):
            yield sweep.block(index)
        return
    indices = count()
    waiting: deque[Future[Words | None]] = deque()
    try:
        while True:
            while len(waiting) < _AHEAD:
                waiting.append(executor.submit(_block, hyperplanes, next(indices)))
            words = waiting.popleft().result()
            if words is None:
                # Those still out lie beyond the end as well: dask complains of what is cancelled.
                while waiting:
                    waiting.popleft().result()
                return
            yield words
    finally:
        for future in waiting:
            future.cancel()
