"""Blocks of regions, one after the other or on any executor, in bounded memory; the order does not depend on it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from functools import lru_cache
from itertools import islice

import numpy as np

from exactgeo.arrangement.bits import Words
from exactgeo.arrangement.sweep import Sweep

__all__ = ["stream"]

_AHEAD = 8

_Task = tuple[tuple[tuple[int, ...], ...], bool, bool]


@lru_cache(maxsize=1)
def _sweep(task: _Task) -> Sweep:
    """The flats of lower codimension, found again by each worker process, once: less than sending them."""
    planes, central, uniform = task
    return Sweep(planes, central=central, uniform=uniform)


def _piece(task: _Task, index: int) -> Words:
    return _block(_sweep(task), index)


def _block(sweep: Sweep, index: int) -> Words:
    words = sweep.chunk(index)
    return np.concatenate([words, words ^ sweep.full]) if sweep.central else words


def stream(
    planes: Sequence[Sequence[int]], *, central: bool, uniform: bool, executor: Executor | None = None
) -> Iterator[Words]:
    """Bit sets of regions, some 10^5 at a time, each region once.

    Parameters
    ----------
    executor : concurrent.futures.Executor, optional
        At most 8 blocks are under way at a time.
    """
    task = (tuple(map(tuple, planes)), central, uniform)
    # Not from the cache: what this process holds goes when the blocks have gone.
    sweep = Sweep(planes, central=central, uniform=uniform)
    indices = iter(range(sweep.chunks))
    if executor is None:
        for index in indices:
            yield _block(sweep, index)
        return
    del sweep
    waiting: deque[Future[Words]] = deque(executor.submit(_piece, task, i) for i in islice(indices, _AHEAD))
    try:
        while waiting:
            words = waiting.popleft().result()
            waiting.extend(executor.submit(_piece, task, i) for i in islice(indices, 1))
            yield words
    finally:
        for future in waiting:
            future.cancel()
