"""Units on one critical face each, and the second-order form of the loss in their moves."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactgeo.exact.matrix import primitive
from exactgeo.exact.orthogonal import off, orthogonal
from exactgeo.exact.vectors import ZERO, Matrix, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.vector.units import Model
from exactgeo.local_minimum.vector.work import TooLarge

__all__ = ["Actor", "pointed", "quadratic"]

RAYS, VARIABLES = 9, 40
"""Rays, and variables, of a form, at most."""


@dataclass(frozen=True)
class Actor:
    """A unit that takes part in a form.

    Attributes
    ----------
    feature : Vector or None
        Its outputs, where its output weights move.
    weight : Vector
    lines, rays : Matrix
        The changes of its outputs.
    """

    feature: Vector | None
    weight: Vector
    lines: Matrix
    rays: Matrix


def quadratic(model: Model, actors: Sequence[Actor]) -> tuple[list[list[Fraction]], int]:
    """The form in K, then the lines, then the rays, all actor by actor; and how many variables are free."""
    size = len(model.metric)
    moves = [i for i, actor in enumerate(actors) if actor.feature is not None for _ in range(size)]
    changes = [(i, g) for i, actor in enumerate(actors) for g in actor.lines]
    free = len(moves) + len(changes)
    changes += [(i, g) for i, actor in enumerate(actors) for g in actor.rays]
    if len(moves) + len(changes) > VARIABLES or len(moves) + len(changes) - free > RAYS:
        raise TooLarge
    # Each variable as a unit with the tensor product (vector of k) x (vector of m) that it adds to dP.
    tensors: list[tuple[Vector, Vector]] = []
    for n, i in enumerate(moves):
        feature = actors[i].feature
        assert feature is not None
        tensors.append((tuple(Fraction(n % size == o) for o in range(size)), feature))
    tensors += [(actors[i].weight, g) for i, g in changes]
    rows = [[ZERO] * len(tensors) for _ in tensors]
    for p, (v, a) in enumerate(tensors):
        for q, (w, b) in enumerate(tensors[: p + 1]):
            along = dot(a, b)
            rows[p][q] = rows[q][p] = along * model.inner(v, w) if along else ZERO
    for p, (i, g) in enumerate(changes, len(moves)):
        phi = model.phi(g)
        for q, j in enumerate(moves):
            if i == j:
                rows[p][q] += phi[q % size]
                rows[q][p] += phi[q % size]
    return rows, free


def pointed(lines: Sequence[Vector], rays: Sequence[Vector]) -> tuple[Matrix, Matrix]:
    """The same cone by orthogonal lines, and rays orthogonal to them of which no two are opposite."""
    basis = orthogonal(lines)
    while True:
        found: dict[tuple[int, ...], Vector] = {}
        for ray in rays:
            rest = off(ray, basis)
            if any(rest):
                found[primitive(rest)] = rest
        opposite = [ray for key, ray in found.items() if tuple(-q for q in key) in found]
        if not opposite:
            return tuple(basis), tuple(found.values())
        basis = orthogonal([*basis, *opposite])
