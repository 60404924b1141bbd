"""What other benchmarks share: one piece of work with and without workers, each run a process of its own.

A script gives ``work(argument, executor)``, which answers a count and how to make a digest of everything it found.
Processor time is that of the process and of all that it has started, without the digest; digests must agree.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

__all__ = ["Work", "compared", "measured", "one"]

Work = Callable[[str, Any], tuple[int, Callable[[], str]]]


def spent() -> float:
    """Processor seconds of this process and of those that have ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def started(executor: Any, workers: int) -> tuple[int, Callable[[], str]]:
    """Nothing but the start of the workers, with what each of them loads."""
    if executor is not None:
        # The first tasks of our own pool are done here.
        for task in [executor.submit(loaded, number) for number in range(2 + 4 * workers)]:
            task.result()
    return 0, str


def loaded(_: int) -> None:
    import exactgeo.arrangement.stream
    import exactgeo.basin.branch.batches
    import exactgeo.basin.schedule
    import exactgeo.basin.solvers  # noqa: F401

    # So that each gets one of these.
    time.sleep(0.05)


def one(work: Work, argument: str, workers: int, *, dask: bool) -> None:
    """One run, in this process: prints count, digest, processor seconds, those of this process, and the clock's.

    The clock's begin when a cluster of dask is there; our own pool starts as it is needed.
    """
    begun, here, clock = spent(), time.process_time(), time.perf_counter()
    with ExitStack() as stack:
        executor: Any = None
        if dask:
            from distributed import Client, LocalCluster

            local = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50)
            executor = stack.enter_context(Client(stack.enter_context(local))).get_executor()
            clock = time.perf_counter()
        elif workers:
            from exactgeo.executors import Workers

            executor = stack.enter_context(Workers(workers))
        count, digest = work(argument, executor) if argument else started(executor, workers)
        here, clock = time.process_time() - here, time.perf_counter() - clock
    every = spent() - begun
    print(json.dumps([count, digest(), every, here, clock]))


def compared(script: str, argument: str, workers: int, *, dask: bool) -> None:
    """Lines of a table: none, one, ... ``workers`` processes, and with dask; the second ratio is without their start."""
    print(f"{argument}; load {os.getloadavg()[0]:.1f}")
    print("| workers | all processes, s | the first, s | start alone, s | ratio | without | clock, s | times faster |")
    print("|" + "---|" * 8)
    alone: list[Any] = []
    for count, far in [(n, False) for n in range(workers + 1)] + ([(workers, True)] if dask else []):
        found = measured(script, argument, count, dask=far)
        start = measured(script, "", count, dask=far)[2] if far or count > 1 else 0.0
        alone = alone or found
        if found[:2] != alone[:2]:
            raise SystemExit(f"{found[:2]} for {alone[:2]}")
        _, _, every, here, clock = found
        ratios = f"{every / alone[2]:.2f} | {(every - start) / alone[2]:.2f}"
        name = f"dask, {count}" if far else count or "none"
        faster = f"{clock:.2f} | {alone[4] / clock:.2f}"
        print(f"| {name} | {every:.2f} | {here:.2f} | {start:.2f} | {ratios} | {faster} |", flush=True)


def measured(script: str, argument: str, workers: int, *, dask: bool) -> list[Any]:
    """What a run in a process of its own prints."""
    options = ["--one", argument, "--workers", str(workers), *(["--dask"] if dask else [])]
    done = subprocess.run([sys.executable, script, *options], stdout=subprocess.PIPE, text=True, check=True)
    found: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return found
