"""The certificate of a branch and bound: its tree, and the fewest and shortest dual vectors that close its leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from exactgeo.basin.batch import masks_of, words_of
from exactgeo.basin.branch.search import Search
from exactgeo.basin.branch.sides import Bools
from exactgeo.basin.branch.tree import Node, preorder
from exactgeo.basin.cone_program import Program
from exactgeo.claims.lower_bound import LowerBoundClaim
from exactgeo.exact.enclosure import low
from exactgeo.exact.vectors import ZERO, Vector, dot
from exactgeo.problem import Point

__all__ = ["bound_claim"]

LONG, ROOM = 50, 200_000
"""Digits of a number, and of all longer ones together, that a certificate may have without shorter dual vectors."""

POPULAR = 400
"""Dual vectors that are tried on all leaves."""

TOGETHER = 256
"""Leaves whose dual vectors are compared together."""


def bound_claim(
    search: Search, point: Point, loss: Fraction, bound: Fraction, check: Callable[[], None]
) -> LowerBoundClaim:
    """That no parameters have a loss below ``bound``, from a search of which every node is closed.

    Parameters
    ----------
    search : Search
    point : Point
        With the loss ``loss``; its frozen parameters are meant.
    bound : Fraction
        No higher than what closes the nodes.
    check : callable
        Called between pieces of work; it may raise.
    """
    leaves = [node for node in preorder(search.roots) if not node.children]
    owners, unions = _fewest(search, leaves)
    duals = []
    for k in unions:
        check()
        duals.append(search.duals[k].gradient(search.program))
    if sum(map(_long, duals)) > ROOM:
        shortened = _Shortened(search.program, bound)
        for i, (k, union) in enumerate(unions.items()):
            check()
            if _long(duals[i]) and low(search.duals[k].value) > bound:
                duals[i] = shortened(duals[i], union)
    number = {k: i for i, k in enumerate(unions)}
    closed = dict(zip(map(id, leaves), (number[k] for k in owners), strict=True))
    m = search.program.m
    tree = tuple(
        -1 - (node.split[0] * m + node.split[1]) if node.children else closed[id(node)]
        for node in preorder(search.roots)
    )
    return LowerBoundClaim(point, loss, bound, tuple(duals), tree)


def _fewest(search: Search, leaves: list[Node]) -> tuple[list[int], dict[int, int]]:
    """For each leaf a dual vector that closes it, few in all; and for each of these the columns that it must allow."""
    columns = len(search.program.columns)
    # Those that have closed most leaves are tried on all.
    counts = Counter(node.dual for node in leaves)
    tried = [k for k, _ in counts.most_common(POPULAR)]
    barred = words_of([search.program.full & ~search.duals[k].allowed for k in tried], columns)
    tables, words = [], []
    for first in range(0, len(leaves), TOGETHER):
        part = words_of(search.masks([node.groups for node in leaves[first : first + TOGETHER]]), columns)
        fits = np.ones((len(part), len(tried)), dtype=bool)
        for w in range(part.shape[1]):
            fits &= (part[:, w, None] & barred[None, :, w]) == 0
        tables.append(fits)
        words.append(part)
    owners = _greedy(np.concatenate(tables), tried, [node.dual for node in leaves])
    unions: dict[int, int] = {}
    for owner, mask in zip(owners, masks_of(np.concatenate(words)), strict=True):
        unions[owner] = unions.get(owner, 0) | mask
    return owners, unions


def _greedy(fits: Bools, tried: Sequence[int], own: Sequence[int]) -> list[int]:
    """For each leaf one of the dual vectors that fit: again and again the one that fits most leaves, while it fits
    several."""
    owners = np.array(own)
    missing, sizes = np.ones(len(own), dtype=bool), fits.sum(axis=0)
    while sizes.max(initial=0) > 1:
        best = int(sizes.argmax())
        mine = missing & fits[:, best]
        owners[mine] = tried[best]
        missing &= ~mine
        sizes = sizes - fits[mine].sum(axis=0)
    found: list[int] = owners.tolist()
    return found


def _long(dual: Vector) -> int:
    """The digits of its long numbers, about."""
    sizes = (size for q in dual for size in (q.numerator.bit_length(), q.denominator.bit_length()))
    return sum(size * 3 // 10 for size in sizes if size > LONG * 10 // 3)


class _Shortened:
    """Short dual vectors in place of long ones, where they prove as much."""

    def __init__(self, program: Program, bound: Fraction) -> None:
        from exactgeo.basin.branch._propose_short import Shortener

        self._program, self._bound = program, bound
        self._shortener = Shortener(program)

    def __call__(self, gradient: Vector, union: int) -> Vector:
        """A vector that allows the columns of ``union`` and has a bound as high as is asked."""
        near = self._shortener.near(gradient, union)
        return next((short for short in near if self._proves(short, union)), gradient)

    def _proves(self, dual: Vector, union: int) -> bool:
        program = self._program
        conjugates = [program.loss.conjugate(r, y) for r, y in zip(dual, program.y, strict=True)]
        if any(q is None for q in conjugates) or any(dot(dual, line) for line in program.lines):
            return False
        value = program.weight * (dot(dual, program.offset) - sum((q for q in conjugates if q is not None), ZERO))
        return value >= self._bound and not union & ~program.allowed(dual)
