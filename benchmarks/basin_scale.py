"""A large census against CVXPY re-parametrised (DPP): same problems, same run.

``OPENBLAS_NUM_THREADS=1 python benchmarks/basin_scale.py``: processor time of threads that wait would be counted, too.
One line a problem, each in a process of its own: orbits, distinct optima, processor seconds of the census, processor
microseconds a basin, those of one Clarabel solve of a CVXPY problem that is built once and gets each basin's
matrices as parameters (on a sample whose values are compared with the exact ones), the ratio, and the peak memory of
the census. Every figure also on degenerate data: repeated points, points on a line, zero rows.

``--million`` adds plane data, m = 10, width 3: 1,055,240 orbits in general position. ``--minima`` adds the processor
seconds of ``local_minimum_values``; ``--workers N`` the wall clock and processor seconds of N processes.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from math import comb
from multiprocessing import get_context
from typing import Any

from exactgeo.basin import Census, Enclosure, census
from exactgeo.formats import problem_from_mapping
from exactgeo.problem import Problem

SAMPLE = 60
LOSSES = ("half_squared", "squared_hinge", "huber(2)", "absolute", "hinge", "logistic")


def made(x: list[list[int]], width: int, loss: str, rng: random.Random) -> Problem:
    labels = "hinge" in loss or loss == "logistic"
    y = [rng.choice([-1, 1]) if labels else rng.randint(-9, 9) for _ in x]
    return problem_from_mapping({"data": {"x": x, "y": y}, "network": {"widths": [width]}, "loss": {"kind": loss}})


def line(m: int, width: int, loss: str = "squared") -> Problem:
    """Points t = 0, 1, ... of a line."""
    return made([[t] for t in range(m)], width, loss, random.Random(3))


def plane(m: int, width: int, loss: str = "squared") -> Problem:
    """Points of the plane, no three of them on a line."""
    rng = random.Random(3)
    while True:
        x = [[rng.randint(-99, 99), rng.randint(-99, 99)] for _ in range(m)]
        found = made(x, width, loss, rng)
        few = len(census(made(x, 1, "squared", rng)))
        if few == 4 * sum(comb(m - 1, k) for k in range(3)):
            return found


def bent_line(m: int, width: int, loss: str = "squared") -> Problem:
    """Points of a line, some of them twice, 0 three times."""
    return made(
        [[t // 2 if t < 4 else t - 3] if t else [0] for t in range(m - 1)] + [[0]], width, loss, random.Random(3)
    )


def bent_plane(m: int, width: int, loss: str = "squared") -> Problem:
    """Repeated points, points on a line and a zero row."""
    rng = random.Random(3)
    x = [[0, 0], [1, 2], [1, 2], [2, 4], [-3, -6]]
    x += [[rng.randint(-9, 9), rng.randint(-9, 9)] for _ in range(m - len(x))]
    return made(x, width, loss, rng)


def modelled(found: Census) -> float:
    """Processor seconds CVXPY and Clarabel take a basin, the model built once; its values are checked."""
    import cvxpy as cp
    import numpy as np

    reduction = found.reduction
    rows = np.array([[float(q) for q in row] for row in reduction.rows])
    y = np.array([float(q) for q in reduction.program.y])
    width = reduction.problem.network.widths[0]
    slopes = [cp.Parameter(rows.shape) for _ in range(width)]
    sides = [cp.Parameter(rows.shape) for _ in range(width)]
    z: list[Any] = [cp.Variable(rows.shape[1]) for _ in range(width)]
    p = sum((a @ part for a, part in zip(slopes, z, strict=True)), cp.Variable())
    losses = {
        "squared": lambda: cp.sum_squares(p - y),
        "half_squared": lambda: cp.sum_squares(p - y) / 2,
        "absolute": lambda: cp.norm1(p - y),
        "huber": lambda: cp.sum(cp.huber(p - y, float(*reduction.program.loss.parameters))) / 2,
        "hinge": lambda: cp.sum(cp.pos(1 - cp.multiply(y, p))),
        "squared_hinge": lambda: cp.sum_squares(cp.pos(1 - cp.multiply(y, p))),
        "logistic": lambda: cp.sum(cp.logistic(-cp.multiply(y, p))),
    }
    model = cp.Problem(
        cp.Minimize(losses[reduction.program.loss.kind]()), [g @ part >= 0 for g, part in zip(sides, z, strict=True)]
    )
    assert model.is_dpp()
    total = 0.0
    chosen = random.Random(0).sample(range(len(found)), min(SAMPLE, len(found)))
    for turn, index in enumerate([chosen[0], *chosen]):
        basin = found[index]
        start = time.process_time()
        for (region, b), a, g in zip(basin.signs, slopes, sides, strict=True):
            signs = np.array(region)
            a.value = (signs > 0)[:, None] * rows
            g.value = (b * signs)[:, None] * rows
        value = model.solve(solver=cp.CLARABEL, max_step_fraction=0.9)
        # The first solve compiles the model, which is no part of the comparison.
        total += (time.process_time() - start) if turn else 0.0
        exact = float(basin.value.hi if isinstance(basin.value, Enclosure) else basin.value)
        assert abs(value - exact) <= 1e-4 * (1 + abs(value)), (index, value, exact)
    return total / len(chosen)


def measured(problem: Problem, minima: bool = False) -> tuple[int, int, float, int, float, float]:
    """Orbits, optima, seconds, peak MB, seconds a CVXPY solve, seconds of the search for local minima."""
    census(line(4, 1, problem.loss.name))  # imports and first calls are not part of the comparison
    start = time.process_time()
    found = census(problem)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    start = time.process_time()
    if minima and found.local_minimum_values is None:
        print("   ", found.reason)
    search = time.process_time() - start
    return len(found), found.distinct, seconds, peak, modelled(found), search


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--minima", action="store_true")
    parser.add_argument("--workers", type=int)
    options = parser.parse_args()
    problems = {f"line, width {n}": line(10, n) for n in (1, 2, 3, 4)}
    problems |= {f"line, degenerate, width {n}": bent_line(10, n) for n in (3, 4)}
    problems |= {f"plane, width {n}": plane(10, n) for n in (1, 2)}
    problems |= {"plane, degenerate, width 2": bent_plane(10, 2)}
    for loss in LOSSES:
        problems[f"line, width 3, {loss}"] = line(10, 3, loss)
        problems[f"line, degenerate, width 3, {loss}"] = bent_line(10, 3, loss)
    if options.million:
        problems["plane, width 3"] = plane(10, 3)
        problems["plane, degenerate, width 3"] = bent_plane(10, 3)
    head = f"{'m = 10':42} {'orbits':>8} {'optima':>7} {'s':>7} {'us exact':>9} {'us CVXPY':>9} {'ratio':>6} {'MB':>5}"
    print(head + (f" {'s minima':>9}" if options.minima else ""))
    for name, problem in problems.items():
        with ProcessPoolExecutor(1, get_context("spawn")) as alone:
            orbits, optima, seconds, peak, model, search = alone.submit(measured, problem, options.minima).result()
        print(
            f"{name:42} {orbits:8} {optima:7} {seconds:7.2f} {1e6 * seconds / orbits:9.0f} "
            f"{1e6 * model:9.0f} {model * orbits / seconds:6.0f} {peak:5}"
            + (f" {search:9.2f}" if options.minima else ""),
            flush=True,
        )
    if options.workers:
        from exactgeo.executors import Workers

        last = list(problems)[-2] if options.million else "line, width 4"
        for count in (1, options.workers):
            wall, start = time.perf_counter(), time.process_time()
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            with Workers(count) as pool:
                found = census(problems[last], executor=pool)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            there = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(
                f"{last}: {count} process{'es' if count > 1 else ''}: {len(found)} orbits, wall clock {time.perf_counter() - wall:.1f} s, "
                f"processor {time.process_time() - start:.1f} s here and {there:.1f} s there"
            )


if __name__ == "__main__":
    main()
