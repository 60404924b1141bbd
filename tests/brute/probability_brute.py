"""The law of the basin value without sets, orthants or balls: angles in float64 or random vectors, and neuron after neuron.

Values by ``basin_brute.py``. What a network of k neurons reaches is a set of columns; the probabilities of all of them
follow from those of k - 1 neurons, until there are n.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from functools import cache

import basin_brute
import numpy as np

SAMPLES = 200_000


@cache
def angles(rows):
    """The probability of each sign vector, and how far it may be off."""
    matrix = np.array([[float(q) for q in row] for row in rows])
    _, sizes, basis = np.linalg.svd(matrix)
    rank = int((sizes > 1e-9).sum())
    signs = np.where(np.array([any(row) for row in rows]), 1, 0)
    if rank <= 2:
        flat = matrix @ basis[:2].T if rank == 2 else np.hstack([matrix @ basis[:1].T, np.zeros((len(rows), 1))])
        turns = np.arctan2(flat[:, 1], flat[:, 0])[signs > 0]
        ends = np.sort(np.concatenate([turns + np.pi / 2, turns - np.pi / 2]) % (2 * np.pi))
        # Equal ends make sectors of angle 0.
        found = defaultdict(float)
        for a, b in zip(ends, [*ends[1:], ends[0] + 2 * np.pi], strict=True):
            if b - a > 1e-9:
                w = np.array([np.cos((a + b) / 2), np.sin((a + b) / 2)])
                found[tuple(int(q) for q in np.sign(flat @ w) * signs)] += (b - a) / (2 * np.pi)
        return dict(found) or {(0,) * len(rows): 1.0}, 1e-9
    random = np.random.default_rng(0)
    seen = np.sign(random.standard_normal((SAMPLES, matrix.shape[1])) @ matrix.T).astype(int) * signs
    listed, counts = np.unique(seen, axis=0, return_counts=True)
    return {tuple(map(int, row)): count / SAMPLES for row, count in zip(listed, counts, strict=True)}, 0.006


@cache
def _least(kind, generators, y, bound):
    return basin_brute.minimum(kind, [list(q) for q in generators], list(y), bound)


def law(
    x, y, level, width, *, bias=True, output_bias=True, slopes=(1, 0), kind="squared", bound=Fraction(1), frozen=None
):
    """P[least loss of the basin <= level] for a sum over the data, and how far it may be off.

    ``frozen`` holds the output weights where they are not trained, and then the width is theirs.
    """
    rows = [[Fraction(q) for q in row] + ([Fraction(1)] if bias else []) for row in x]
    y, slopes = [Fraction(q) for q in y], tuple(map(Fraction, slopes))
    lines = [[Fraction(s)] * len(y) for s in (1, -1)] if output_bias else []
    if slopes[0] == slopes[1]:
        every, error = {(0,) * len(rows): 1.0}, 1e-9
        units = [[Fraction(int(i == j)) * s for i in range(len(rows[0]))] for j in range(len(rows[0])) for s in (1, -1)]
        rays = units
    else:
        every, error = angles(tuple(map(tuple, rows)))
        rays = basin_brute.rays(rows, len(rows[0]))

    def reach(signs, factor):
        chosen = (
            basin_brute.columns(signs, rows, rays, slopes, factor)
            if any(signs)
            else [[factor * slopes[0] * basin_brute.dot(ray, row) for row in rows] for ray in rays]
        )
        return frozenset(tuple(column) for column in chosen if any(column))

    def good(columns):
        return _least(kind, columns | frozenset(map(tuple, lines)), tuple(y), bound) <= level

    draws = [None] * width if frozen is None else [v for v in frozen if v]
    states = {frozenset(): 1.0}
    for v in draws:
        options = (
            [(p / 2, reach(s, b)) for s, p in every.items() for b in (1, -1)]
            if v is None
            else [(p, reach(s, 1 if v > 0 else -1)) for s, p in every.items()]
        )
        new = defaultdict(float)
        for columns, p in states.items():
            for q, more in options:
                new[columns | more] += p * q
        states = new
    return sum(p for columns, p in states.items() if good(columns)), error * max(len(draws), 1)
