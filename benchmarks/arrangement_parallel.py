"""Blocks of regions in this process, on a process pool and on a local dask cluster, with the same blocks each time.

`python benchmarks/arrangement_parallel.py --workers 2 --dask`; dask needs the extra ``dask``. On a machine that does other work
as well, the speed-up by the clock says little: the processor time of all processes says what free cores would give.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context

from arrangement_regions import generic

from exactgeo import Arrangement


def run(arrangement: Arrangement, executor: Executor | None) -> tuple[float, float, int, str]:
    """Seconds, processor time of this process, number of regions and a digest of all blocks in order."""
    digest, count = hashlib.sha256(), 0
    start, used = time.perf_counter(), time.process_time()
    for block in arrangement.blocks(executor):
        count += len(block)
        digest.update(block[:: len(block) // 100 + 1].tobytes())
    return time.perf_counter() - start, time.process_time() - used, count, digest.hexdigest()[:16]


def pooled(arrangement: Arrangement | None, workers: int) -> tuple[float, tuple[float, float, int, str] | None]:
    """Processor time of a pool's workers, and the run; without an arrangement that of their start alone."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # The pool forks no copy of this process's flats: every worker makes its own, as a cluster's would.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(Arrangement(generic(4, 20)).blocks(pool))
        found = None if arrangement is None else run(arrangement, pool)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--d", type=int, default=7)
    parser.add_argument("--m", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--dask", action="store_true")
    options = parser.parse_args()
    arrangement = Arrangement(generic(options.d, options.m))
    start = time.perf_counter()
    print(f"{arrangement.count():,} regions, counted in {time.perf_counter() - start:.2f} s")
    idle, _ = pooled(None, options.workers)
    used, parallel = pooled(arrangement, options.workers)
    assert parallel is not None
    serial = run(arrangement, None)
    assert parallel[2:] == serial[2:]
    unit = 1 if sys.platform == "darwin" else 1024
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 2**20
    work = used - idle
    print(f"alone {serial[0]:.2f} s, {serial[1]:.2f} s of processor time, peak {memory} MB")
    print(
        f"process pool of {options.workers}: {parallel[0]:.2f} s, same blocks, speed-up {serial[0] / parallel[0]:.2f}"
    )
    print(f"processor time {work:.2f} s in the workers, {parallel[1]:.2f} s here")
    print(f"on as many free cores: {serial[1] * options.workers / (work + parallel[1]):.2f}")
    if options.dask:
        from distributed import Client, LocalCluster

        local = LocalCluster(n_workers=options.workers, threads_per_worker=1, dashboard_address=None)
        with local as cluster, Client(cluster) as client:
            executor = client.get_executor()
            list(Arrangement(generic(4, 20)).blocks(executor))
            remote = run(arrangement, executor)
        assert remote[2:] == serial[2:]
        print(f"dask, {options.workers} workers {remote[0]:.2f} s, same blocks, speed-up {serial[0] / remote[0]:.2f}")


if __name__ == "__main__":
    main()
