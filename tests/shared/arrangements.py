"""Arrangements that many tests start from: named ones with published counts, random rows, degenerate ones; their laws."""

from __future__ import annotations

import itertools
import json
import random
from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

ORACLES = json.loads((Path(__file__).parents[1] / "oracles" / "region_counts.json").read_text())


def unit(n, *entries):
    row = [0] * n
    for j, q in entries:
        row[j] = q
    return row


def pairs(n):
    return itertools.combinations(range(n), 2)


def differences(n, constants):
    """x_i - x_j = c for i < j and c in constants."""
    rows = [(unit(n, (i, 1), (j, -1)), c) for i, j in pairs(n) for c in constants]
    return [row for row, _ in rows], [c for _, c in rows]


def coxeter_b(n, single=True):
    axes = [unit(n, (i, 1)) for i in range(n)] if single else []
    return axes + [unit(n, (i, 1), (j, s)) for i, j in pairs(n) for s in (1, -1)]


def build(name, d, m):
    """(normals, offsets or None) of a named entry of region_counts.json."""
    kind, *numbers = name.split("-")
    n = int(numbers[-1]) if numbers else 0
    if kind == "resonance":
        return [v for v in itertools.product((0, 1), repeat=n) if any(v)], None
    if kind == "threshold":
        return [(1, *e) for e in itertools.product((-1, 1), repeat=n)], None
    if kind == "braid":
        return differences(n, [0])[0], None
    if kind == "B":
        return coxeter_b(n), None
    if kind in ("shi", "catalan"):
        return differences(n, [0, 1] if kind == "shi" else [-1, 0, 1])
    moment = [[t**j for j in range(d)] for t in range(1, m + 1)]
    return moment, [t**d for t in range(1, m + 1)] if numbers[0] == "affine" else None


def random_rows(seed, m, d, reach):
    rng = random.Random(seed)
    return [[rng.randint(-reach, reach) for _ in range(d)] for _ in range(m)]


entries = st.integers(-2, 2) | st.sampled_from([0, 1, Fraction(1, 2), Fraction(-2, 3), 10**20])
factors = st.sampled_from([1, -1, 2, -3, Fraction(1, 2), Fraction(-1, 7)])


@st.composite
def arrangements(draw, affine):
    """Rows that repeat, oppose, sum up and vanish; offsets that make parallels, repeats and common points."""
    d = draw(st.integers(0, 3))
    normals, offsets = [], []
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["new", "new", "multiple", "parallel", "sum", "zero"]))
        if kind == "zero" or (kind != "new" and not normals):
            row, offset = [0] * d, draw(st.sampled_from([0, 1, -1]))
        elif kind == "new":
            row, offset = [draw(entries) for _ in range(d)], draw(entries)
        elif kind == "sum":
            i, j = (draw(st.integers(0, len(normals) - 1)) for _ in range(2))
            factor = draw(factors)
            row = [p + factor * q for p, q in zip(normals[i], normals[j], strict=True)]
            offset = offsets[i] + factor * offsets[j]
        else:
            i, factor = draw(st.integers(0, len(normals) - 1)), draw(factors)
            row, offset = [factor * q for q in normals[i]], factor * offsets[i]
            if kind == "parallel":
                offset += draw(entries)
        normals.append(row)
        offsets.append(offset if affine else 0)
    return normals, offsets, d


def check_laws(arrangement, regions, sample=60):
    """Right number, no repeats, increasing, witnesses inside, lookups consistent: against Fractions and the count."""
    assert regions.count == arrangement.count()
    signs = regions.signs
    assert signs.shape == (regions.count, arrangement.m)
    assert np.array_equal(signs, np.unique(signs, axis=0))
    chosen = random.Random(regions.count).sample(range(regions.count), min(sample, regions.count))
    for i in chosen:
        w = regions.witness(i)
        values = [
            sum((a * b for a, b in zip(row, w, strict=True)), Fraction(0)) - q
            for row, q in zip(arrangement.normals, arrangement.offsets, strict=True)
        ]
        assert tuple((v > 0) - (v < 0) for v in values) == regions[i] == tuple(signs[i].tolist())
        assert regions.index(regions[i]) == i == arrangement.region_containing_point(w)
    rows = [signs[i].tobytes() for i in chosen]
    witnesses = list(regions.witnesses(0, min(regions.count, 9)))
    assert witnesses == [regions.witness(i) for i in range(len(witnesses))]
    assert len(set(rows)) == len(rows)
