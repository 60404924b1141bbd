"""Solid angles in other ways than by orthants: Girard's formula ray by ray, and hits of random vectors."""

from __future__ import annotations

from itertools import combinations

import numpy as np


def girard(rows):
    """Rows of three numbers, pairwise independent: the probability of every region, in float64.

    Each ray of the arrangement gives each region around it an angle; a region of k rays has the sum less (k - 2) pi.
    """
    matrix = np.array(rows, dtype=float)
    matrix /= np.linalg.norm(matrix, axis=1)[:, None]
    sums, numbers, done = {}, {}, []
    for i, j in combinations(range(len(matrix)), 2):
        ray = np.cross(matrix[i], matrix[j])
        ray /= np.linalg.norm(ray)
        if any(abs(ray @ other) > 1 - 1e-12 for other in done):
            continue
        done.append(ray)
        for way in (ray, -ray):
            values = matrix @ way
            local = np.flatnonzero(abs(values) < 1e-9)
            one = matrix[i]
            other = np.cross(way, one)
            turns = np.arctan2(matrix[local] @ other, matrix[local] @ one)
            ends = np.sort(np.concatenate([turns + np.pi / 2, turns - np.pi / 2]) % (2 * np.pi))
            for a, b in zip(ends, [*ends[1:], ends[0] + 2 * np.pi], strict=True):
                middle = np.cos((a + b) / 2) * one + np.sin((a + b) / 2) * other
                signs = np.sign(values).astype(int)
                signs[local] = np.sign(matrix[local] @ middle)
                key = tuple(map(int, signs))
                sums[key] = sums.get(key, 0.0) + b - a
                numbers[key] = numbers.get(key, 0) + 1
    return {key: (total - (numbers[key] - 2) * np.pi) / (4 * np.pi) for key, total in sums.items()}


def hits(rows, count, seed):
    """How many of some random vectors lie in each region."""
    random = np.random.default_rng(seed)
    matrix = np.array([[float(q) for q in row] for row in rows]).T
    signs = np.where(random.standard_normal((count, len(matrix))) @ matrix > 0, 1, -1)
    listed, numbers = np.unique(signs, axis=0, return_counts=True)
    return {tuple(map(int, row)): int(n) for row, n in zip(listed, numbers, strict=True)}


def hits_of_gram(gram, count, seed):
    """How many of some random vectors are positive in all coordinates, with this matrix as their covariance."""
    factor = np.linalg.cholesky(np.array([[float(q) for q in row] for row in gram]))
    found = np.random.default_rng(seed).standard_normal((count, len(factor))) @ factor.T
    return int((found > 0).all(axis=1).sum())
