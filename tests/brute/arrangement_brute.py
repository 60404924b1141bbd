"""Regions and the characteristic polynomial of an arrangement from their definitions, by elimination in Fractions."""

from __future__ import annotations

import itertools
from fractions import Fraction


def strictly_feasible(rows):
    """Is there x with ``<a, x> + c > 0`` for all rows (a, c)? Fourier-Motzkin, one variable at a time."""
    rows = [tuple(Fraction(q) for q in row) for row in rows]
    for _ in range(len(rows[0]) - 1 if rows else 0):
        above = [row for row in rows if row[0] > 0]
        below = [row for row in rows if row[0] < 0]
        rest = [row[1:] for row in rows if row[0] == 0]
        for p in above:
            for q in below:
                rest.append(tuple(a / p[0] - b / q[0] for a, b in zip(p[1:], q[1:], strict=True)))
        rows = list(dict.fromkeys(rest))
    return all(row[-1] > 0 for row in rows)


def sign(q):
    return (q > 0) - (q < 0)


def brute_force(normals, offsets):
    """All sign vectors of regions, in lexicographic order, out of the 2^m that could be."""
    choices = [(-1, 1) if any(row) else (sign(-q),) for row, q in zip(normals, offsets, strict=True)]
    found = []
    for signs in itertools.product(*choices):
        rows = [(*(s * a for a in row), -s * q) for s, row, q in zip(signs, normals, offsets, strict=True) if any(row)]
        if strictly_feasible(rows):
            found.append(signs)
    return found


def kernel(rows, width):
    """Basis of the null space by elimination in Fractions, and the pivot columns."""
    table, pivots = [[Fraction(q) for q in row] for row in rows], []
    for j in range(width):
        top = len(pivots)
        found = next((i for i in range(top, len(table)) if table[i][j]), None)
        if found is None:
            continue
        table[top], table[found] = table[found], table[top]
        table[top] = [q / table[top][j] for q in table[top]]
        for i in range(len(table)):
            if i != top and table[i][j]:
                table[i] = [p - table[i][j] * q for p, q in zip(table[i], table[top], strict=True)]
        pivots.append(j)
    basis = []
    for free in set(range(width)) - set(pivots):
        vector = [Fraction(int(j == free)) for j in range(width)]
        for row, j in zip(table, pivots, strict=False):
            vector[j] = -row[free]
        basis.append(vector)
    return basis, pivots


def distinct(normals, offsets):
    """One functional a hyperplane, scaled to first nonzero entry 1."""
    found = {}
    for row, q in zip(normals, offsets, strict=True):
        lead = next((Fraction(a) for a in row if a), None)
        if lead is not None:
            found[tuple(a / lead for a in (*row, q))] = None
    return list(found)


def whitney(normals, offsets, d):
    """Characteristic polynomial by Whitney's theorem: sum over subsets with a common point of (-1)^|S| t^(d - rank)."""
    result = [0] * (d + 1)
    planes = distinct(normals, offsets)
    for size in range(len(planes) + 1):
        for chosen in itertools.combinations(planes, size):
            pivots = kernel(chosen, d + 1)[1]
            if d not in pivots:
                result[len(pivots)] += (-1) ** size
    return tuple(result)
