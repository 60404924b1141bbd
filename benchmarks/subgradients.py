"""How long the decision by subgradients takes at n units and m data: ``python benchmarks/subgradients.py [N M D]``.

Points of a ReLU net with the absolute loss: random targets (no minimum); all predictions at their targets; and targets at
which a random subgradient with slopes of size 1 at the other data fits, with two units of output weight 0, and with a
kink for each unit. Then points of grids, whose kinks depend on each other: planted, and with one target in five off by 1.
Seconds of the process, not of the clock.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from statistics import median
from typing import Any

import numpy as np
from scipy.optimize import linprog

from exactgeo.activations import PiecewiseLinear
from exactgeo.deadline import Deadline, unlimited
from exactgeo.exact.vectors import Matrix
from exactgeo.local_minimum import Minimum, decide, measured
from exactgeo.local_minimum.two_layer_point import TwoLayerPoint
from exactgeo.losses import make_loss
from exactgeo.problem import Network, Point, Problem, Train

LIMIT = 20.0
"""Seconds of the clock for a point of a grid."""

RELU = PiecewiseLinear("relu", (Fraction(1), Fraction(0)))


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


def main(n: int, m: int, d: int) -> None:
    for fit in ("random", "all", "planted"):
        for idle, kinks in ((0, False), (2, False), (0, True)):
            problem = build(n, m, d, fit, idle, kinks)
            took, found = timed(lambda problem=problem: decide(problem, problem.point, strictness=False))
            line = f"{fit:8} idle {idle} kinks {kinks!s:5} {found.kind:17} {took:6.2f} s"
            if isinstance(found, Minimum):
                took, found = timed(lambda found=found: measured(found, unlimited))
                line += f", strictness {took:6.2f} s ({found.flat_dimension})"
            print(line, flush=True)
    dependent()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def dependent() -> None:
    for n, m, d in ((6, 60, 3), (10, 100, 4)):
        for fit in ("planted", "few"):
            times, kinds = [], []
            for seed in range(6):
                problem = grid(n, m, d, fit, seed)
                check = Deadline.after(LIMIT).check
                took, found = timed(lambda p=problem, c=check: decide(p, p.point, strictness=False, check=c))
                times.append(took)
                kinds.append(str(found.kind))
            words = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
            print(f"grid n {n} m {m} d {d} {fit:8} {words}: median {median(times):.2f} s, worst {max(times):.2f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]) if len(sys.argv) > 3 else (20, 200, 5))
