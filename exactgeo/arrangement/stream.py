"""Blocks of regions, one after the other or on any executor, in bounded memory; the order does not depend on it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from functools import lru_cache
from itertools import count

from exactgeo.arrangement.bits import Words
from exactgeo.arrangement.enumerators.ordered import swept
from exactgeo.arrangement.enumerators.planar import Planar
from exactgeo.arrangement.enumerators.sweep import Sweep

__all__ = ["stream"]

_AHEAD = 8

_Task = tuple[tuple[tuple[int, ...], ...], bool, bool]


@lru_cache(maxsize=1)
def _sweep(task: _Task) -> Sweep | Planar:
    """The flats of lower codimension, found again by each worker process, once: less than sending them."""
    planes, central, uniform = task
    return swept(planes, central=central, uniform=uniform)


def _piece(task: _Task, index: int) -> Words | None:
    sweep = _sweep(task)
    return sweep.chunk(index) if index < sweep.chunks else None


def stream(
    planes: Sequence[Sequence[int]], *, central: bool, uniform: bool, executor: Executor | None = None
) -> Iterator[Words]:
    """Bit sets of regions, some 10^5 at a time, each region once; central: only those where the first hyperplane is
    positive.

    Parameters
    ----------
    executor : concurrent.futures.Executor, optional
        At most 8 blocks are under way at a time. Only the workers know how many there are, so that this process need
        not find the flats as well.
    """
    task = (tuple(map(tuple, planes)), central, uniform)
    if executor is None:
        # Not from the cache: what this process holds goes when the blocks have gone.
        sweep = swept(planes, central=central, uniform=uniform)
        for index in range(sweep.chunks):
            yield sweep.chunk(index)
        return
    indices = count()
    waiting: deque[Future[Words | None]] = deque()
    try:
        while True:
            while len(waiting) < _AHEAD:
                waiting.append(executor.submit(_piece, task, next(indices)))
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
