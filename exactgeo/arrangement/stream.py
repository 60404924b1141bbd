"""Blocks of regions, one after the other or on any executor, in bounded memory; the order does not depend on it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor
from functools import lru_cache
from itertools import count
from typing import Any

from exactgeo.arrangement.bits import Words
from exactgeo.arrangement.enumerators.blocks import in_blocks
from exactgeo.arrangement.enumerators.flag import FlagSweep
from exactgeo.arrangement.enumerators.planar import Planar
from exactgeo.arrangement.enumerators.protocol import DistinctHyperplanes
from exactgeo.errors import TaskLost
from exactgeo.executors import Tasks

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
        not find the flats as well. When it has ended by itself the rest is done here.

    Raises
    ------
    TaskLost
        The executor did not give the answer of a block.
    """
    if executor is None:
        yield from _from(hyperplanes, 0)
        return
    tasks, given = Tasks(executor, "block"), count()
    try:
        for index in count():
            try:
                while len(tasks) < _AHEAD:
                    number = next(given)
                    tasks.give(number, _block, hyperplanes, number)
                words = _checked(hyperplanes, index, tasks.take())
            except BrokenExecutor:
                # The rest is done here.
                tasks.cancel()
                yield from _from(hyperplanes, index)
                return
            if words is None:
                # Those still out lie beyond the end as well: dask complains of what is cancelled.
                while len(tasks):
                    tasks.take()
                return
            yield words
    finally:
        tasks.cancel()


def _from(hyperplanes: DistinctHyperplanes, first: int) -> Iterator[Words]:
    """The blocks from one on, in this process."""
    # Not from the cache: what this process holds goes when the blocks have gone.
    sweep = in_blocks(hyperplanes)
    for index in range(first, sweep.blocks):
        yield sweep.block(index)


def _checked(hyperplanes: DistinctHyperplanes, index: int, words: Any) -> Words | None:
    """What an executor gave, if it can be a block."""
    import numpy as np

    width = max(1, -(-len(hyperplanes.vectors) // 64))
    if words is None or (isinstance(words, np.ndarray) and words.dtype == np.uint64 and words.shape[1:] == (width,)):
        return words
    raise TaskLost(f"block {index}", f"a {type(words).__name__} that is no answer")
