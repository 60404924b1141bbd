"""Blocks of regions, one after the other or on any executor, in bounded memory; the order does not depend on it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from functools import lru_cache
from typing import Any

from exactgeo.arrangement.bits import Words
from exactgeo.arrangement.enumerators.blocks import in_blocks
from exactgeo.arrangement.enumerators.flag import FlagSweep
from exactgeo.arrangement.enumerators.planar import Planar
from exactgeo.arrangement.enumerators.protocol import DistinctHyperplanes
from exactgeo.errors import TaskLost
from exactgeo.executors import in_order
from exactgeo.mapped import Mapped

__all__ = ["stream"]

_AHEAD = 8
"""Blocks that are under way where there are few workers; else two a worker."""


@lru_cache(maxsize=1)
def _sweep(hyperplanes: DistinctHyperplanes) -> FlagSweep | Planar:
    """Where those that were found elsewhere cannot be seen, the flats are found again by each process, once."""
    return in_blocks(hyperplanes, keep=False)


def _block(hyperplanes: DistinctHyperplanes, mapped: Mapped, index: int) -> Words:
    sweep: FlagSweep | Planar | None = mapped.get()
    return (_sweep(hyperplanes) if sweep is None else sweep).block(index)


def stream(hyperplanes: DistinctHyperplanes, executor: Executor | None = None) -> Iterator[Words]:
    """Bit sets of regions, some 10^5 at a time, each region once; central: only those where the first hyperplane is
    positive.

    Parameters
    ----------
    executor : concurrent.futures.Executor, optional
        At most 8 blocks are under way at a time, or two a worker where that is more: given and not yet yielded, done or
        not. The flats of lower codimension are found once, here or in special position by tasks, and workers of this
        machine map them; others find them for themselves. When it has ended by itself the rest is done here.

    Raises
    ------
    TaskLost
        The executor did not give the answer of a block.
    """
    if executor is None:
        # Not from the cache: what this process holds goes when the blocks have gone.
        alone = in_blocks(hyperplanes, keep=False)
        yield from map(alone.block, range(alone.blocks))
        return
    sweep: FlagSweep | Planar = in_blocks(hyperplanes, keep=False, executor=executor)
    number = sweep.blocks
    with Mapped(sweep) as mapped:
        # The workers have it: here only where one of them has ended.
        del sweep
        jobs = ((index, (hyperplanes, mapped, index)) for index in range(number))
        for index, words in enumerate(in_order(executor, "block", _block, jobs, 2, least=_AHEAD)):
            yield _checked(hyperplanes, index, words)


def _checked(hyperplanes: DistinctHyperplanes, index: int, words: Any) -> Words:
    """What an executor gave, if it can be a block."""
    import numpy as np

    width = max(1, -(-len(hyperplanes.vectors) // 64))
    if isinstance(words, np.ndarray) and words.dtype == np.uint64 and words.shape[1:] == (width,):
        return words
    raise TaskLost(f"block {index}", f"a {type(words).__name__} that is no answer")
