"""What workers cost: processor time of all processes of a census, and of the regions of a sweep, by their number.

``OPENBLAS_NUM_THREADS=1 python benchmarks/workers.py [--m 9] [--dask]``. Each run is a process of its own, so that nothing is
warm. Ratios are to one process without a pool; the start of the workers (an empty pool) is given apart. The machine may
do other work: processor time predicts what free cores would give, the clock does not. Draws ``workers.png``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from typing import Any

from arrangement_regions import generic
from basin_scale import plane

import exactgeo as eg
from exactgeo.executors import processors


def spent() -> float:
    """Processor seconds of this process and of those that have ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def census(m: int, executor: Any) -> tuple[int, str]:
    found = eg.basins(plane(m, 3), executor)
    return len(found), hashlib.sha256(
        found.table.owners.tobytes() + repr(list(found.table.optima)).encode()
    ).hexdigest()


def regions(m: int, executor: Any) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    for block in eg.Arrangement(generic(6, 40)).blocks(executor, packed=True):
        count += len(block)
        digest.update(block.tobytes())
    return count, digest.hexdigest()


def nothing(m: int, executor: Any) -> tuple[int, str]:
    if executor is not None:
        list(executor.map(processors_of, range(executor._max_workers)))
    return 0, ""


def processors_of(_: int) -> int:
    import numpy  # noqa: F401

    import exactgeo.arrangement.stream
    import exactgeo.basin.schedule  # noqa: F401

    return processors()


WORK = {"census": census, "regions": regions, "nothing": nothing}


def one(name: str, m: int, workers: int, *, dask: bool) -> None:
    """One run, in this process; says what it took."""
    begun, clock = spent(), time.perf_counter()
    with ExitStack() as stack:
        executor: Any = None
        if dask:
            from distributed import Client, LocalCluster

            local = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
            executor = stack.enter_context(Client(stack.enter_context(local))).get_executor()
        elif workers:
            executor = stack.enter_context(ProcessPoolExecutor(workers, get_context("spawn")))
        count, digest = WORK[name](m, executor)
    print(json.dumps([count, digest, spent() - begun, time.perf_counter() - clock]))


def measured(name: str, m: int, workers: int, *, dask: bool = False) -> tuple[int, str, float, float]:
    options = ["--one", name, "--m", str(m), "--workers", str(workers), *["--dask"] * dask]
    done = subprocess.run([sys.executable, __file__, *options], capture_output=True, text=True, check=True)
    count, digest, used, clock = json.loads(done.stdout.splitlines()[-1])
    return count, digest, used, clock


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--m", type=int, default=9)
    parser.add_argument("--dask", action="store_true")
    parser.add_argument("--one")
    parser.add_argument("--workers", type=int, default=0)
    options = parser.parse_args()
    if options.one:
        one(options.one, options.m, options.workers, dask=options.dask)
        return
    counts, drawn = (1, 2, 4, 8, 16), {}
    start = {n: measured("nothing", options.m, n)[2] for n in counts}
    for name in ("census", "regions"):
        total, digest, alone, _ = measured(name, options.m, 0)
        print(f"{name}: {total:,}, one process {alone:.2f} s, {1e6 * alone / total:.2f} us each")
        print("| workers | all, s | ratio | without their start | dask |\n|---|---|---|---|---|")
        drawn[name] = [1e6 * alone / total], [1e6 * alone / total]
        for n in counts:
            same, other, used, _ = measured(name, options.m, n)
            assert (same, other) == (total, digest)
            far = ""
            if options.dask and n <= 2:
                same, other, dask, _ = measured(name, options.m, n, dask=True)
                assert (same, other) == (total, digest)
                far = f"{dask:.2f}"
            net = used - start[n]
            print(f"| {n} | {used:.2f} | {used / alone:.2f} | {net / alone:.2f} | {far} |", flush=True)
            drawn[name][0].append(1e6 * used / total)
            drawn[name][1].append(1e6 * net / total)
    draw((0, *counts), drawn)


def draw(counts: tuple[int, ...], drawn: dict[str, tuple[list[float], list[float]]]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(drawn), figsize=(9, 3.5))
    for ax, (name, (whole, net)) in zip(axes, drawn.items(), strict=True):
        places = range(len(counts))
        ax.plot(places, whole, "o-", label="with the start of the workers")
        ax.plot(places, net, "s--", label="without")
        ax.axhline(1.15 * whole[0], color="grey", lw=0.8, label="1.15 times one process")
        ax.set_xticks(places, ["none", *map(str, counts[1:])])
        ax.set(xlabel="worker processes", ylabel="processor time each, us", title=name, ylim=(0, None))
        ax.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig("benchmarks/workers.png", dpi=110)


if __name__ == "__main__":
    main()
