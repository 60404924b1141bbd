"""What workers cost: processor time of all processes of a census and of a sweep, by their number; predicts a cluster.

``OPENBLAS_NUM_THREADS=1 python benchmarks/workers.py [--m 9] [--dask]``. Each run is a process of its own, so that nothing is
warm; best of ``--repeat``. Answers are compared. Ratios are to one process without a pool; the start of the workers (they load
what the work needs and do nothing) is given apart, since it is paid once and not by the size. The machine may do other work,
and 16 processes share its two cores: processor time predicts what free cores would give, the clock does not. Draws
``benchmarks/workers.png``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from typing import Any

from arrangement_regions import generic
from basin_scale import plane

import exactgeo as eg
from exactgeo.executors import processors

Work = Callable[[Any], tuple[int, str]]


def spent() -> float:
    """Processor seconds of this process and of those that have ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def census(m: int) -> Work:
    problem = plane(m, 3)

    def run(executor: Any) -> tuple[int, str]:
        found = eg.basins(problem, executor)
        listed = found.table.owners.tobytes() + repr(list(found.table.optima)).encode()
        return len(found), hashlib.sha256(listed).hexdigest()

    return run


def regions(m: int) -> Work:
    arrangement = eg.Arrangement(generic(7, 40))
    # Counted before: one process verifies general position, whoever lists the regions.
    arrangement.count()

    def run(executor: Any) -> tuple[int, str]:
        digest, count = hashlib.sha256(), 0
        for block in arrangement.blocks(executor, packed=True):
            count += len(block)
            digest.update(block.tobytes())
        return count, digest.hexdigest()

    return run


def nothing(m: int) -> Work:
    def run(executor: Any) -> tuple[int, str]:
        if executor is not None:
            tasks = [executor.submit(loaded, number) for number in range(4 * getattr(executor, "_max_workers", 4))]
            for task in tasks:
                task.result()
        return 0, ""

    return run


def loaded(_: int) -> int:
    """What a worker of a census or a sweep loads."""
    import exactgeo.arrangement.stream
    import exactgeo.basin.schedule
    import exactgeo.basin.solvers  # noqa: F401

    time.sleep(0.05)
    return processors()


WORK = {"census": census, "regions": regions, "nothing": nothing}


def one(name: str, m: int, workers: int, *, dask: bool) -> None:
    """One run, in this process; says what it took."""
    work = WORK[name](m)
    begun, clock = spent(), time.perf_counter()
    with ExitStack() as stack:
        executor: Any = None
        if dask:
            from distributed import Client, LocalCluster

            local = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50)
            executor = stack.enter_context(Client(stack.enter_context(local))).get_executor()
        elif workers:
            executor = stack.enter_context(ProcessPoolExecutor(workers, get_context("spawn")))
        ready = time.perf_counter()
        count, digest = work(executor)
        clock = time.perf_counter() - (ready if dask else clock)
    print(json.dumps([count, digest, spent() - begun, clock]))


def measured(name: str, m: int, workers: int, repeat: int, *, dask: bool = False) -> tuple[int, str, float, float]:
    """The best of some runs, by their processor time."""
    options = ["--one", name, "--m", str(m), "--workers", str(workers), *["--dask"] * dask]
    found = []
    for _ in range(repeat):
        done = subprocess.run([sys.executable, __file__, *options], capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
    count, digest, used, clock = min(found, key=lambda run: run[2])
    assert len({(run[0], run[1]) for run in found}) == 1
    return count, digest, used, clock


def table(name: str, m: int, counts: tuple[int, ...], repeat: int, *, dask: bool) -> tuple[list[float], list[float]]:
    total, digest, alone, clock = measured(name, m, 0, repeat)
    print(
        f"\n{name}: {total:,}, one process {alone:.2f} s, {1e6 * alone / total:.2f} us each, {clock:.2f} s by the clock\n"
    )
    print(
        "| workers | all, s | their start, s | ratio | without the start | by the clock, s |\n|---|---|---|---|---|---|"
    )
    whole, net = [1e6 * alone / total], [1e6 * alone / total]
    for far in (False, True)[: 1 + dask]:
        for n in counts:
            if far and n > 4:
                continue
            _, _, start, _ = measured("nothing", m, n, repeat, dask=far)
            same, other, used, clock = measured(name, m, n, repeat, dask=far)
            assert (same, other) == (total, digest)
            row = f"{used:.2f} | {start:.2f} | {used / alone:.2f} | {(used - start) / alone:.2f} | {clock:.2f}"
            print(f"| {'dask, ' * far}{n} | {row} |", flush=True)
            if not far:
                whole.append(1e6 * used / total)
                net.append(1e6 * (used - start) / total)
    return whole, net


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--m", type=int, default=9, help="points of the census: 8 for 266,916 orbits, 9 for 551,300")
    parser.add_argument("--dask", action="store_true")
    parser.add_argument("--one", choices=list(WORK))
    parser.add_argument("--only", choices=["census", "regions"])
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--most", type=int, default=16)
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args()
    if options.one:
        one(options.one, options.m, options.workers, dask=options.dask)
        return
    counts = tuple(n for n in (1, 2, 4, 8, 16) if n <= options.most)
    names = [options.only] if options.only else ["census", "regions"]
    drawn = {name: table(name, options.m, counts, options.repeat, dask=options.dask) for name in names}
    draw((0, *counts), drawn)


def draw(counts: tuple[int, ...], drawn: dict[str, tuple[list[float], list[float]]]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(drawn), figsize=(4.5 * len(drawn), 3.5), squeeze=False)
    for ax, (name, (whole, net)) in zip(axes[0], drawn.items(), strict=True):
        at = range(len(counts))
        ax.plot(at, whole, "o-", label="with the start of the workers")
        ax.plot(at, net, "s--", label="without")
        ax.axhline(1.15 * whole[0], color="grey", lw=0.8, label="1.15 times one process")
        ax.set_xticks(at, ["none", *map(str, counts[1:])])
        ax.set(xlabel="worker processes", ylabel="processor time each, us", title=name, ylim=(0, None))
        ax.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig("benchmarks/workers.png", dpi=110)


if __name__ == "__main__":
    main()
