"""How long ``certify`` takes at n units and m data: ``python benchmarks/subgradients.py [N M D] [--grids]``.

Points of a ReLU net: of every loss a random one and a local minimum; of the absolute loss random targets (no minimum),
all predictions at their targets, and targets at which a random subgradient with slopes of size 1 at the other data
fits, with two units of output weight 0, and with a kink for each unit. With ``--grids`` points of grids, whose kinks
depend on each other. Seconds of the process, not of the clock.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

from exactgeo.deadline import Deadline, unlimited
from exactgeo.local_minimum import Minimum, decide, measured
from exactgeo.losses import LOSSES, make_loss
from exactgeo.problem import Point, Problem

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "shared"))

from grids import absolute, fitted, grid, minimum

LIMIT = 60.0
"""Seconds of the clock for a point of a grid."""


def build(n: int, m: int, d: int, fit: str, idle: int, kinks: bool) -> Problem:
    rng = random.Random(1)

    def number() -> Fraction:
        return Fraction(rng.randint(-1000, 1000), 100)

    x = tuple(tuple(number() for _ in range(d)) for _ in range(m))
    w = tuple(tuple(number() for _ in range(d)) for _ in range(n))
    bias = [number() for _ in w]
    if kinks:
        bias = [-sum(a * b for a, b in zip(row, rng.choice(x), strict=True)) for row in w]
    v = tuple(Fraction(0 if i < idle else rng.choice((-2, -1, 1, 2))) for i in range(n))
    problem = absolute(x, Point((w, (v,)), (tuple(bias), (Fraction(0),))))
    return fitted(problem, rng, fit)


def main(n: int, m: int, d: int, grids: bool) -> None:
    if grids:
        dependent()
        return
    every_loss(n, m, d)
    for fit in ("random", "all", "planted"):
        for idle, kinks in ((0, False), (2, False), (0, True)):
            problem = build(n, m, d, fit, idle, kinks)
            took, found = timed(lambda problem=problem: decide(problem, problem.point, strictness=False))
            line = f"{fit:8} idle {idle} kinks {kinks!s:5} {found.kind:17} {took:6.2f} s"
            if isinstance(found, Minimum):
                took, found = timed(lambda found=found: measured(found, unlimited))
                line += f", strictness {took:6.2f} s ({found.flat_dimension})"
            print(line, flush=True)


def every_loss(n: int, m: int, d: int) -> None:
    """A random point, and a local minimum where there is one at rational parameters: all data fitted, or beyond the margin.

    Of the logistic loss, and of cross_entropy with two outputs: v = 0, c = 0, and each datum twice, with both labels.
    """
    for kind in LOSSES:
        loss = make_loss(kind, *([Fraction(1)] if kind == "huber" else []))
        for fit in ("random", "minimum"):
            problem = of_loss(build(n, m, d, "random", 0, False), loss, fit)
            took, found = timed(lambda problem=problem: decide(problem, problem.point, strictness=False))
            print(f"{kind:14} {fit:8} {found.kind:17} {took:6.2f} s", flush=True)


def of_loss(problem: Problem, loss: Any, fit: str) -> Problem:
    """The problem with another loss, and targets for it."""
    rng, point = random.Random(2), problem.point
    assert point is not None
    x, half = problem.x, len(problem.x) // 2
    even = not loss.rational and fit == "minimum"
    if even:
        x, point = x[:half] * 2, replace(point, weights=(point.weights[0], ((Fraction(0),) * len(point.neurons),)))
    elif loss.targets:
        # All predictions beyond the margin.
        steep = tuple(tuple(10**6 * q for q in row) for row in point.weights[1])
        point = replace(point, weights=(point.weights[0], steep))
    problem = replace(problem, x=x, point=point)
    predictions = [p for (p,) in problem.predictions(point)]
    y = problem.y if fit == "random" else tuple((p,) for p in predictions)
    if loss.targets:
        signs = [rng.choice((-1, 1)) if fit == "random" else 1 if p > 0 else -1 for p in predictions]
        signs = [1] * half + [-1] * half if even else signs
        y = tuple((Fraction((sign + 1) // 2 if loss.classes else sign),) for sign in signs)
    if loss.classes:
        point = point.with_outputs(2)
        problem = replace(problem, network=replace(problem.network, outputs=2), point=point)
    return replace(problem, y=y, loss=loss)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def dependent() -> None:
    for n, m, d, seeds in ((6, 60, 3, 6), (10, 100, 4, 6), (20, 200, 5, 2)):
        for fit in ("planted", "few", "minimum"):
            times, kinds = [], []
            for seed in range(seeds):
                problem = minimum(n, m, d, seed) if fit == "minimum" else grid(n, m, d, fit, seed)
                check = Deadline.after(LIMIT).check
                took, found = timed(lambda p=problem, c=check: decide(p, p.point, strictness=False, check=c))
                times.append(took)
                kinds.append(str(found.kind))
            words = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
            line = f"grid n {n} m {m} d {d} {fit:8} {words}: median {median(times):.2f} s, worst {max(times):.2f} s"
            print(line, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[20, 200, 5], metavar="N M D")
    parser.add_argument("--grids", action="store_true")
    options = parser.parse_args()
    main(*options.sizes, grids=options.grids)
