"""What workers cost: processor time of all processes by their number, which predicts a cluster.

``OPENBLAS_NUM_THREADS=1 python benchmarks/workers.py [WORK ...] [--dask]``, WORK one or more of ``census,m`` (plane, width
3), ``regions,d,m`` (generic; ``regions,B,8``: the mirrors of B_8), ``landscape,m`` (plane, width 3) and
``minimum,m,d,width``. Each run is a process of its own, so that nothing is warm; the best of ``--repeat``. Answers are
compared. Ratios are to one process without workers; the start of the workers (they load what the work needs and do
nothing) is given apart, since it is paid once and not by the size. The machine may do other work, and 16 processes share its cores: processor time predicts what free cores would give, the clock
does not. Cores that share caches, memory or an execution unit slow each other down, whatever runs on them: so the same work
is also done twice at once by two processes that have nothing to do with each other, and what that costs each is printed
above the table. Draws ``benchmarks/workers.png``.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from arrangement_regions import coxeter_b, generic
from basin_scale import plane
from landscape_scaling import joined
from minimum_scaling import searched
from on_workers import measured, one

import exactgeo as eg

Found = tuple[int, Callable[[], str]]

DEFAULT = ("census,9", "regions,7,40", "landscape,9", "minimum,40,2,3")


def census(argument: str, executor: Any) -> Found:
    found = eg.basins(plane(int(argument), 3), executor)

    def digest() -> str:
        return hashlib.sha256(found.table.owners.tobytes() + repr(list(found.table.optima)).encode()).hexdigest()

    return len(found), digest


def regions(argument: str, executor: Any) -> Found:
    d, m = argument.split(",")
    rows = coxeter_b(int(m)) if d == "B" else generic(int(d), int(m))
    digest, count = hashlib.sha256(), 0
    for block in eg.Arrangement(rows).blocks(executor, packed=True):
        count += len(block)
        digest.update(block.tobytes())
    return count, digest.hexdigest


def landscape(argument: str, executor: Any) -> Found:
    return joined(f"plane,{argument},3", executor)


WORK: dict[str, Callable[[str, Any], Found]] = {
    "census": census,
    "regions": regions,
    "landscape": landscape,
    "minimum": searched,
}


def work(argument: str, executor: Any) -> Found:
    name, _, rest = argument.partition(",")
    return WORK[name](rest, executor)


def best(argument: str, workers: int, repeat: int, *, dask: bool = False) -> list[Any]:
    """By the processor time."""
    found = [measured(__file__, argument, workers, dask=dask) for _ in range(repeat)]
    if len({(count, digest) for count, digest, *_ in found}) > 1:
        raise SystemExit(f"{argument}: two answers")
    return min(found, key=lambda run: float(run[2]))


def beside(argument: str, repeat: int) -> float:
    """The processor time of one process while another one does the same work."""
    costs = []
    for _ in range(repeat):
        with ThreadPoolExecutor(2) as two:
            both = [two.submit(measured, __file__, argument, 0, dask=False) for _ in range(2)]
        costs.append(sum(float(run.result()[2]) for run in both) / 2)
    return min(costs)


def table(
    argument: str, counts: tuple[int, ...], repeat: int, starts: dict[tuple[int, bool], float], *, dask: bool
) -> tuple[list[float], list[float]]:
    total, digest, alone, _, clock = best(argument, 0, repeat)
    two = beside(argument, repeat)
    print(f"\n{argument}: {total:,}; one process {alone:.2f} s, {1e6 * alone / total:.2f} us each, clock {clock:.2f} s")
    print(f"two unrelated processes at once: {two:.2f} s each, {two / alone:.2f} times one alone\n")
    print("| workers | all, s | the first, s | their start, s | ratio | without the start | clock, s | times faster |")
    print("|" + "---|" * 8)
    whole, net = [1e6 * alone / total], [1e6 * alone / total]
    for far in (False, True)[: 1 + dask]:
        for n in counts:
            if far and n > 2:
                continue
            if (n, far) not in starts:
                starts[n, far] = best("", n, repeat, dask=far)[2]
            same, other, every, here, then = best(argument, n, repeat, dask=far)
            if (same, other) != (total, digest):
                raise SystemExit(f"{argument}: another answer with {n} workers")
            without = every - starts[n, far]
            row = f"{every:.2f} | {here:.2f} | {starts[n, far]:.2f} | {every / alone:.2f} | {without / alone:.2f}"
            print(f"| {'dask, ' * far}{n} | {row} | {then:.2f} | {clock / then:.2f} |", flush=True)
            if not far:
                whole.append(1e6 * every / total)
                net.append(1e6 * without / total)
    return whole, net


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", nargs="*", default=DEFAULT)
    parser.add_argument("--dask", action="store_true")
    parser.add_argument("--one")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--most", type=int, default=16)
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args()
    if options.one is not None:
        one(work, options.one, options.workers, dask=options.dask)
        return
    counts = tuple(n for n in (2, 4, 8, 16) if n <= options.most)
    starts: dict[tuple[int, bool], float] = {}
    drawn = {name: table(name, counts, options.repeat, starts, dask=options.dask) for name in options.work}
    if len(counts) > 1:
        draw((0, *counts), drawn)


def draw(counts: tuple[int, ...], drawn: dict[str, tuple[list[float], list[float]]]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(drawn), figsize=(4 * len(drawn), 3.5), squeeze=False)
    for ax, (name, (whole, net)) in zip(axes[0], drawn.items(), strict=True):
        at = range(len(counts))
        ax.plot(at, whole, "o-", label="with the start of the workers")
        ax.plot(at, net, "s--", label="without")
        ax.axhline(1.15 * whole[0], color="grey", lw=0.8, label="1.15 times one process")
        ax.set_xticks(at, ["1, none", *map(str, counts[1:])])
        ax.set(xlabel="worker processes", title=name, ylim=(0, None))
        ax.set_ylabel("processor time, us: each " + {"m": "node", "r": "region"}.get(name[0], "basin"))
        ax.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig("benchmarks/workers.png", dpi=110)


if __name__ == "__main__":
    main()
