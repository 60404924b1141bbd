"""How long the decision by subgradients takes at n units and m data: ``python benchmarks/subgradients.py [N M D]``.

Points of a ReLU net with the absolute loss: random targets (no minimum); all predictions at their targets; and targets at
which a random subgradient with slopes of size 1 at the other data fits, with two units of output weight 0, and with a
kink for each unit. Seconds of the process, not of the clock.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
from scipy.optimize import linprog

from exactgeo.activations import PiecewiseLinear
from exactgeo.local_minimum import decide
from exactgeo.local_minimum.two_layer_point import TwoLayerPoint
from exactgeo.losses import make_loss
from exactgeo.problem import Network, Point, Problem, Train

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
    point = Point((w, (v,)), (tuple(bias), (Fraction(0),)))
    net = Network(d, (n,), 1, (RELU,), (True,), True)
    train = Train((True,), (True,), True, True)
    problem = Problem(
        x=x,
        y=((Fraction(0),),) * m,
        network=net,
        loss=make_loss("absolute"),
        reduction="sum",
        train=train,
        point=point,
    )
    at = TwoLayerPoint.of(problem, point)
    moves = [Fraction(0)] * m
    if fit == "random":
        moves = [number() for _ in range(m)]
    if fit == "planted":
        half = Fraction(1, 2)
        columns = [[1.0] * m]
        for unit in at.neurons:
            columns.append([float(q) for q in unit.outputs])
            for k in range(d + 1):
                pairs = zip(unit.side, at.rows, strict=True)
                columns.append([float((half if s is None else s) * row[k]) for s, row in pairs])
        cost = [rng.gauss(0, 1) for _ in range(m)]
        r = linprog(cost, A_eq=np.array(columns), b_eq=np.zeros(len(columns)), bounds=[(-1, 1)] * m).x
        moves = [Fraction(round(q)) if abs(abs(q) - 1) < 1e-6 else Fraction(0) for q in r]
    return replace(problem, y=tuple((p - q,) for p, q in zip(at.predictions, moves, strict=True)))


def main(n: int, m: int, d: int) -> None:
    for fit in ("random", "all", "planted"):
        for idle, kinks in ((0, False), (2, False), (0, True)):
            problem = build(n, m, d, fit, idle, kinks)
            start = time.process_time()
            found = decide(problem, problem.point, strictness=False)
            took = time.process_time() - start
            print(f"{fit:8} idle {idle} kinks {kinks!s:5} {found.kind:17} {took:6.2f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]) if len(sys.argv) > 3 else (20, 200, 5))
