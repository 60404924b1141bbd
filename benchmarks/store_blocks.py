"""What a store costs: processor time of a census without one, with one, taken up from one, and bytes a basin.

``OPENBLAS_NUM_THREADS=1 python benchmarks/store_blocks.py``; ``--million`` adds the largest instance. One process. Best of
three runs, one for the million.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial

from basin_scale import line, plane

from exactgeo.basin import census
from exactgeo.basin.census import Census
from exactgeo.problem import Problem
from exactgeo.store import Store


def seconds(work: Callable[[], Census]) -> tuple[float, Census]:
    """Processor time; nothing is remembered from one call to the next."""
    from exactgeo.basin.batch import _prepared

    _prepared.cache_clear()
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def costs(problem: Problem, repeat: int) -> tuple[int, int, list[float], int]:
    """Orbits, distinct optima, seconds plain, with a store, and from it; and the size of the file."""

    def kept(path: str) -> Census:
        with Store(path) as store:
            return census(problem, store=store)

    times, size, found = [float("inf")] * 3, 0, None
    for _ in range(repeat):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "run.sqlite")
            for k, work in enumerate((partial(census, problem), partial(kept, path), partial(kept, path))):
                spent, found = seconds(work)
                times[k] = min(times[k], spent)
            size = os.path.getsize(path)
    assert found is not None
    return len(found), found.distinct, times, size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action="store_true")
    options = parser.parse_args()
    problems = {
        "squared, line, width 4": (line(10, 4), 3),
        "huber(2), line, width 4": (line(10, 4, "huber(2)"), 3),
        "absolute, line, width 4": (line(10, 4, "absolute"), 3),
        "logistic, line, width 2": (line(10, 2, "logistic"), 1),
    }
    if options.million:
        problems["squared, plane, width 3"] = (plane(10, 3), 1)
    for name, (problem, repeat) in problems.items():
        orbits, optima, (plain, first, again), size = costs(problem, repeat)
        print(
            f"| {name} | {orbits:,} | {optima:,} | {plain:.2f} | {first:.2f} | {first / plain:.2f} | {again:.2f} "
            f"| {size / orbits:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
