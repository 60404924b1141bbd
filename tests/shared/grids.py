"""Points whose kinks depend on each other: data and weights of few values, absolute loss; and targets of many kinds."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
from scipy.optimize import linprog

from exactgeo.activations import PiecewiseLinear
from exactgeo.deadline import unlimited
from exactgeo.exact.vectors import Matrix
from exactgeo.local_minimum._propose_cuts import CutProposer
from exactgeo.local_minimum.leaf_program import Case, Part
from exactgeo.local_minimum.two_layer_point import TwoLayerPoint
from exactgeo.losses import make_loss
from exactgeo.problem import Network, Point, Problem, Train

__all__ = ["absolute", "fitted", "grid", "minimum"]

RELU = PiecewiseLinear("relu", (Fraction(1), Fraction(0)))


def absolute(x: Matrix, point: Point) -> Problem:
    d, n = len(x[0]), len(point.neurons)
    return Problem(
        x=x,
        y=((Fraction(0),),) * len(x),
        network=Network(d, (n,), 1, (RELU,), (True,), True),
        loss=make_loss("absolute"),
        reduction="sum",
        train=Train((True,), (True,), True, True),
        point=point,
    )


def fitted(problem: Problem, rng: random.Random, fit: str) -> Problem:
    """With targets that are the predictions, or next to them."""
    at, m, d = TwoLayerPoint.of(problem, problem.point), problem.m, problem.d
    moves = [Fraction(0)] * m
    if fit == "random":
        moves = [Fraction(rng.randint(-1000, 1000), 100) for _ in range(m)]
    if fit == "few":
        moves = [Fraction(rng.choice((0,) * 8 + (1, -1))) for _ in range(m)]
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


def grid(n: int, m: int, d: int, fit: str, seed: int) -> Problem:
    """Data and weights of few values: many data on kinks of one unit."""
    rng = random.Random(seed)
    x = tuple(tuple(Fraction(rng.randint(-2, 2)) for _ in range(d)) for _ in range(m))
    w = tuple(tuple(Fraction(rng.randint(-1, 1)) for _ in range(d)) for _ in range(n))
    b = tuple(Fraction(rng.randint(-1, 1)) for _ in range(n))
    v = tuple(Fraction(rng.choice((-2, -1, 1, 2))) for _ in range(n))
    point = Point((w, (v,)), (b, (Fraction(0),)))
    problem = absolute(x, point)
    return fitted(problem, rng, fit)


def minimum(n: int, m: int, d: int, seed: int) -> Problem:
    """The grid with targets for which one vector of slopes, -1 or 1 at many data, serves all moves: a local minimum."""
    problem, rng = grid(n, m, d, "all", seed), random.Random(seed)
    at = TwoLayerPoint.of(problem, problem.point)
    neurons = [unit.index for unit in at.neurons]
    part = Part.of(at, at.subgradients, neurons, range(len(at.linear)), range(m))
    proposer = CutProposer(part, unlimited)
    inside = proposer._inside(Case())
    equal = np.array([row.row for row in proposer.equations])
    cost, cuts = [rng.gauss(0, 1) for _ in range(m)], []
    while True:
        rows = np.array([cut.row for cut in cuts]).reshape(len(cuts), m + 1)
        conditions = {"A_ub": -rows[:, :-1], "b_ub": rows[:, -1], "A_eq": equal[:, :-1], "b_eq": -equal[:, -1]}
        excess = linprog(cost, bounds=[(0, 2)] * m, **conditions).x
        new = proposer._violated(np.append(excess, 1.0), 0.0, inside)
        if not new:
            break
        cuts += new
    ends = [round(q - 1) if abs(abs(q - 1) - 1) < 1e-6 else 0 for q in excess]
    return replace(problem, y=tuple((p - q,) for p, q in zip(at.predictions, ends, strict=True)))
