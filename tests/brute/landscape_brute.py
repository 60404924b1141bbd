"""The landscape a second way, in the full space. Imports nothing of exactgeo.

Every pair of basins, not only facet neighbours, with the infimum of the loss over everything the two share; the
components of {L <= level} by search at each level on its own, no union-find; valleys by their definition.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations, product

import basin_brute as brute


class Brute:
    """All labelled basins of a small problem and the values of all their intersections."""

    def __init__(
        self, x, y, n, *, bias=True, output_bias=True, slopes=(1, 0), kind="squared", bound=Fraction(1), frozen=None
    ):
        self.rows = [[Fraction(q) for q in row] + ([Fraction(1)] if bias else []) for row in x]
        self.y = [Fraction(q) for q in y]
        width = len(self.rows[0])
        self.slopes = tuple(Fraction(q) for q in slopes)
        self.ones = [[Fraction(s)] * len(y) for s in (1, -1)] if output_bias else []
        self.rays = brute.rays(self.rows, width)
        self.kind, self.bound = kind, bound
        cells = brute.regions(self.rows, width)
        self.outputs = [v for v in frozen if v] if frozen is not None else [None] * n
        slots = [[(s, b) for s in cells for b in ((1, -1) if v is None else (v,))] for v in self.outputs]
        self.basins = list(product(*slots))
        self._known = {}
        self.value = [self.shared(basin, basin) for basin in self.basins]
        self.pairs = {
            (i, j): self.shared(self.basins[i], self.basins[j]) for i, j in combinations(range(len(self.basins)), 2)
        }
        self.levels = sorted({*self.value, *self.pairs.values()})

    def shared(self, one, other):
        """Infimum of the loss over the intersection of two closed basins."""
        generators = set()
        for (s, b), (t, c) in zip(one, other, strict=True):
            if b == c:
                meet = tuple(p if p == q else 0 for p, q in zip(s, t, strict=True))
                key = (meet, b)
                if key not in self._known:
                    self._known[key] = [
                        tuple(g) for g in brute.columns(meet, self.rows, self.rays, self.slopes, Fraction(b))
                    ]
                generators |= {self._primitive(g) for g in self._known[key]}
        key = frozenset(generators)
        if key not in self._known:
            self._known[key] = brute.minimum(self.kind, [list(g) for g in sorted(key)] + self.ones, self.y, self.bound)
        return self._known[key]

    @staticmethod
    def _primitive(vector):
        size = max(map(abs, vector))
        return tuple(q / size for q in vector)

    def components(self, level):
        """Sets of basins joined in {L <= level}."""
        left = {i for i, v in enumerate(self.value) if v <= level}
        near = {i: [] for i in left}
        for (i, j), v in self.pairs.items():
            if v <= level:
                near[i].append(j)
                near[j].append(i)
        parts = []
        while left:
            part, pending = set(), [left.pop()]
            while pending:
                i = pending.pop()
                if i not in part:
                    part.add(i)
                    pending += near[i]
            left -= part
            parts.append(frozenset(part))
        return parts

    def valleys(self):
        """(value, level of escape or None, members) of every leaf of the full space."""
        slices = [(level, self.components(level)) for level in self.levels]
        lowest = min(self.value)
        found = []
        for k, (level, parts) in enumerate(slices):
            for part in parts:
                if min(self.value[i] for i in part) < level:
                    continue
                if max(self.value[i] for i in part) > level:
                    raise AssertionError("a basin above the level of its component")
                if level not in {self.value[i] for i in part}:
                    continue
                escape = None
                if level > lowest:
                    some = min(part)
                    escape = next(
                        high
                        for high, above in slices[k:]
                        for whole in above
                        if some in whole and min(self.value[i] for i in whole) < level
                    )
                found.append((level, escape, part))
        return found

    def modulo_permutation(self, leaves):
        """One (value, escape) for each orbit of leaves."""
        orbits = {}
        for value, escape, part in leaves:
            images = set()
            for order in permutations(range(len(self.outputs))):
                if all(self.outputs[i] == self.outputs[j] for i, j in enumerate(order)):
                    images.add(frozenset(tuple(self.basins[i][j] for j in order) for i in part))
            orbits[frozenset(images)] = (value, escape)
        return list(orbits.values())

    def joined_at(self, members):
        """Least level at which basins, given by their places, lie in one component."""
        return next(level for level in self.levels if any(set(members) <= part for part in self.components(level)))

    def containing(self, weights, outputs):
        """Places of the basins that contain a point; lifted input weights."""
        found = []
        for k, basin in enumerate(self.basins):
            inside = all(
                b * v >= 0 and all(s * brute.dot(w, row) >= 0 for s, row in zip(signs, self.rows, strict=True))
                for (signs, b), w, v in zip(basin, weights, outputs, strict=True)
            )
            if inside:
                found.append(k)
        return found


def summary(leaves):
    """(value, escape) pairs in a fixed order."""
    return sorted(((v, e) for v, e, *_ in leaves), key=lambda leaf: (leaf[0], leaf[1] is not None, leaf[1] or 0))
