"""Blocks of regions in this process, on a process pool and on a local dask cluster, with the same blocks each time.

`python benchmarks/arrangement_parallel.py --workers 2 --dask`; dask needs the extra ``distributed``.
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


def run(arrangement: Arrangement, executor: Executor | None) -> tuple[float, int, str]:
    """Seconds, number of regions and a digest of all blocks in order."""
    digest, count = hashlib.sha256(), 0
    start = time.perf_counter()
    for block in arrangement.blocks(executor):
        count += len(block)
        digest.update(block[:: len(block) // 100 + 1].tobytes())
    return time.perf_counter() - start, count, digest.hexdigest()[:16]


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
    # The pool forks no copy of this process's flats: every worker makes its own, as a cluster's would.
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        list(Arrangement(generic(4, 20)).blocks(pool))
        parallel = run(arrangement, pool)
    serial = run(arrangement, None)
    assert parallel[1:] == serial[1:]
    unit = 1 if sys.platform == "darwin" else 1024
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 2**20
    print(
        f"alone {serial[0]:.2f} s (peak {memory} MB); process pool of {options.workers} {parallel[0]:.2f} s, same blocks"
    )
    print(f"speed-up {serial[0] / parallel[0]:.2f}")
    if options.dask:
        from distributed import Client, LocalCluster

        local = LocalCluster(n_workers=options.workers, threads_per_worker=1, dashboard_address=None)
        with local as cluster, Client(cluster) as client:
            executor = client.get_executor()
            list(Arrangement(generic(4, 20)).blocks(executor))
            remote = run(arrangement, executor)
        assert remote[1:] == serial[1:]
        print(f"dask, {options.workers} workers {remote[0]:.2f} s, same blocks, speed-up {serial[0] / remote[0]:.2f}")


if __name__ == "__main__":
    main()
