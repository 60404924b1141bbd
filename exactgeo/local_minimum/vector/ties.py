"""Zeros of a second-order form that are no way down: along them the loss is as it is at the point, and all else costs.

Let a form be nonnegative, positive in the moves K of the output weights, and z_1, ..., z_p zeros of it between which it
is 0 as well, on least sets J_1, ..., J_p of rays or on the free variables alone; z_i moves n_i units. With t_i along
z_i and the best output weights the loss changes by N(t) over the determinant det(A^T A) of the outputs A(t), both
polynomials of degree 2 n_i in each t_i. The loss is not below its value at the point near these directions, if with
the residuals r(t) and the output weights v_j(t), which have the same degrees,

* N = 0;
* ``D_g(t) = <v_j(t), r(t) g>``, the slope along g of unit j, is 0 for all generators g, but rays that *rise*: outside
  all J_i, the form bilinear in g and each z_i being positive;
* the form is positive in the rays g that do not rise, and in all free variables and rays of the J_i less one
  variable of each z_i that no other has.

For then the best values of what is free are analytic functions of t and of the moves along such rays, at 0 where these
are 0, and what is left is positive of second order; near the directions rays that rise cost more than they can gain.
Elsewhere the form is positive. A polynomial is 0 if it is so on a grid of more points than its degree in each variable:
4 n_i + 1.

References
----------
docs/mathematics.md, "Vector outputs", V5.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod

from exactgeo.deadline import Check, unlimited
from exactgeo.exact.copositive import copositivity
from exactgeo.exact.matrix import solve_regular
from exactgeo.exact.vectors import ZERO, Matrix, Vector, dot
from exactgeo.local_minimum.vector.actors import Actor
from exactgeo.local_minimum.vector.units import Model
from exactgeo.local_minimum.vector.work import Work

__all__ = ["flat"]

LARGEST = 200
"""Points of a grid, at most."""

UNIT = Fraction(1, 1009)
"""Of the grid: there outputs are unlikely to become dependent."""

Rows = Sequence[Sequence[Fraction]]


def flat(
    model: Model,
    actors: Sequence[Actor],
    rows: Rows,
    free: int,
    zeros: Sequence[Sequence[int]],
    work: Work,
    check: Check = unlimited,
) -> bool:
    """Whether all zeros of a form are flat in this sense.

    Parameters
    ----------
    model : Model
        Of the squared loss.
    actors : sequence of Actor
    rows, free : the form
        Of these actors, all with moves of their output weights; nonnegative.
    zeros : sequence of vectors
        As :func:`~exactgeo.exact.copositive.copositivity` gives them.
    work : Work
        Counts what the checker will do.
    check : callable
        Called before each least squares problem.
    """
    work.zeros(len(rows), len(zeros))
    found, own = _distinct(free, len(rows) - _changes(actors), zeros)
    if None in own:
        return False
    images = [[dot(row, z) for row in rows] for z in found]
    left = list(range(len(found)))
    while left:
        near = {k: [j for j in left if not dot(found[j], images[k])] for k in left}
        first = near[left[0]]
        # Between those that are 0 with one of them all have to be.
        if any(near[k] != first for k in first):
            return False
        if not _together(model, actors, rows, free, [found[k] for k in first], [own[k] for k in first], work, check):
            return False
        left = [k for k in left if k not in first]
    return True


def _changes(actors: Sequence[Actor]) -> int:
    return sum(len(actor.lines) + len(actor.rays) for actor in actors)


def _distinct(free: int, start: int, zeros: Sequence[Sequence[int]]) -> tuple[list[list[Fraction]], list[int | None]]:
    """Zeros with the same span, and for each a variable that no other has: a ray, or, on free variables alone, a line;
    None where there is none."""
    found = [[Fraction(q) for q in z] for z in zeros]
    own: list[int | None] = []
    for i, z in enumerate(found):
        if not any(z[free:]):
            k = next((k for k in range(start, free) if z[k]), None)
            for j, other in enumerate(found):
                if j != i and k is not None and other[k]:
                    found[j] = [a - other[k] / z[k] * b for a, b in zip(other, z, strict=True)]
        own.append(None)
    for i, z in enumerate(found):
        mine = range(free, len(z)) if any(z[free:]) else range(start, free)
        own[i] = next((k for k in mine if z[k] and not any(other[k] for other in found if other is not z)), None)
    return found, own


def _together(
    model: Model,
    actors: Sequence[Actor],
    rows: Rows,
    free: int,
    zeros: Sequence[Sequence[Fraction]],
    own: Sequence[int | None],
    work: Work,
    check: Check,
) -> bool:
    """Whether zeros between which the form is 0 are flat."""
    changes = [(j, g) for j, actor in enumerate(actors) for g in actor.lines]
    changes += [(j, g) for j, actor in enumerate(actors) for g in actor.rays]
    start = len(rows) - len(changes)
    used = {k for z in zeros for k in range(free, len(rows)) if z[k]}
    outside = [k for k in range(free, len(rows)) if k not in used]
    level = [k for k in outside if not all(dot(rows[k], z) for z in zeros)]
    inner = [*(k for k in (*range(free), *sorted(used)) if k not in own), *level]
    work.form(len(inner), len(level))
    if not copositivity([[rows[p][q] for q in inner] for p in inner], len(inner) - len(level), check).strict:
        return False
    still = [changes[k - start] for k in range(start, len(rows)) if k not in outside or k in level]
    moves = [[(j, z[k], g) for k, (j, g) in enumerate(changes, start) if z[k]] for z in zeros]
    degrees = [4 * len({j for j, _, _ in move}) for move in moves]
    if prod(degree + 1 for degree in degrees) > LARGEST:
        return False
    work.grid(prod(degree + 1 for degree in degrees), len(actors))
    for t in product(*([UNIT * k for k in range(1, degree + 2)] for degree in degrees)):
        check()
        columns = [actor.feature for actor in actors if actor.feature is not None]
        for size, move in zip(t, moves, strict=True):
            for j, q, g in move:
                columns[j] = tuple(a + size * q * b for a, b in zip(columns[j], g, strict=True))
        if not _rests(model, actors, columns, still):
            return False
    return True


def _rests(
    model: Model, actors: Sequence[Actor], columns: Sequence[Vector], still: Sequence[tuple[int, Vector]]
) -> bool:
    """Whether with these outputs and the best output weights the loss is that at the point, without slopes."""
    features = [actor.feature for actor in actors if actor.feature is not None]
    gram = [[dot(a, b) for b in columns] for a in columns]
    weights: list[Vector] = []
    residuals: Matrix = ()
    for o, row in enumerate(model.residuals):
        own = [actor.weight[o] for actor in actors]
        target = [sum((v * a[s] for v, a in zip(own, features, strict=True)), -r) for s, r in enumerate(row)]
        best = solve_regular(gram, [dot(a, target) for a in columns])
        if best is None:
            return False
        weights.append(best)
        now = (sum((v * a[s] for v, a in zip(best, columns, strict=True)), -y) for s, y in enumerate(target))
        residuals = (*residuals, tuple(now))
    if sum((dot(row, row) for row in residuals), ZERO) != sum((dot(row, row) for row in model.residuals), ZERO):
        return False
    return not any(
        sum((best[j] * dot(row, g) for best, row in zip(weights, residuals, strict=True)), ZERO) for j, g in still
    )
