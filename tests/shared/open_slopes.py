"""Degenerate problems with losses without a derivative: predictions at the breaks of the loss, slopes that fit the kinks."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

from brute import Case, predictions, residual
from degenerate import generate, to_problem

from exactgeo.losses import Loss, make_loss
from exactgeo.problem import Problem

F = Fraction


def absolute_case(rng: random.Random, tiny: bool = True) -> Case:
    """A degenerate case of the absolute loss: its slopes are residuals that fit the smooth conditions, cut to [-1, 1].

    At a residual of the largest size the slope is its sign; where it is smaller the prediction is at its target.
    """
    case = generate(rng, tiny)
    r, p = residual(case), predictions(case)
    top = max(map(abs, r), default=F(0))
    if rng.random() < 0.25 or not top:
        r, top = [F(rng.choice((-1, 0, 0, 1))) for _ in p], F(1)
    return replace(case, y=tuple(q - (a if abs(a) == top else 0) for q, a in zip(p, r, strict=True)))


def with_loss(case: Case, kind: str, rng: random.Random) -> Problem:
    """The case with a loss of this kind; for classes y is 1 or -1, mostly the prediction where that is one of them."""
    problem = to_problem(case)
    loss: Loss = make_loss(*([kind, F(rng.choice((1, 2)))] if kind == "huber" else [kind]))
    y = case.y
    if loss.targets is not None:
        y = tuple(
            p if abs(p) == 1 and rng.random() < 0.8 else F(1 if q > 0 else -1)
            for p, q in zip(predictions(case), case.y, strict=True)
        )
    return replace(problem, loss=loss, y=tuple((q,) for q in y))


def idle_case(rng: random.Random) -> Case:
    """Several neurons with output weight 0 whose outputs just balance: the first order is silent, scales decide."""
    n = rng.choice((2, 2, 3))
    d = rng.choice((2, 2, 3))
    x = tuple(tuple(F(int(j == k)) for j in range(d)) for k in range(d))
    x += tuple(tuple(F(rng.randint(-1, 2)) for _ in range(d)) for _ in range(rng.randint(0, 2)))
    w = tuple(tuple(F(rng.choice((-1, 0, 0, 1, 1, 2, 3))) for _ in range(d)) for _ in range(n))
    v = tuple(F(0) if rng.random() < 0.85 else F(rng.choice((-1, 1))) for _ in range(n))
    slopes = rng.choice(((F(1), F(0)), (F(1), F(0)), (F(1), F(-1)), (F(1), F(1, 2))))
    case = Case(x=x, y=(F(0),) * len(x), slopes=slopes, w=w, b=None, v=v, c=F(0) if rng.random() < 0.2 else None)
    return replace(case, y=tuple(p + rng.choice((-1, 0, 0, 0, 1)) for p in predictions(case)))
