"""A third necessary condition: a silent unit that can take over outputs of a loud one, and whose outputs others have.

Let s be a critical change of a silent unit j, ``s = sum_{l != j} b_l a_l`` with b_i != 0 for a loud unit i, and
``sum_l c_l a_l = 0`` with c_j = 1. Along t the moves ``s_j = t s``, ``k_l = -b_l (t v_j + t^2 w) + t c_l w`` leave all
predictions as they are, for any w. With ``s_i = t^2 e s'`` as well, s' critical with g = Phi(s') != 0 and
<v_j, g> = 0, the loss changes by ``-2 e t^4 b_i <w, g> + e^2 t^4 |v_i|^2 |s'|^2 + ...``: for w = b_i g and a small e it
falls at fourth order. (Where b_i <v_j, g> > 0 it falls at second order already.)

References
----------
docs/mathematics.md, "Vector outputs", V2.
"""

from __future__ import annotations

from collections.abc import Iterator

from exactgeo.exact.matrix import solve
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.local_minimum.vector.units import Face, Model, Move

__all__ = ["exchange"]


def exchange(model: Model) -> tuple[Move, Move] | None:
    """The first and the second coefficient of such a curve."""
    for j in model.silent:
        others = model.dependence(j) if any(True for _ in _critical(model, j)) else None
        if others is None:
            continue
        features = [unit.feature for n, unit in enumerate(model.units) if n != j]
        for face, lines, rays, s in _critical(model, j):
            found = solve(tuple(zip(*features, strict=True)), s) if features else None
            if found is None:
                continue
            b = (*found[:j], ZERO, *found[j:])
            for i in model.loud:
                if b[i]:
                    for of_i, i_lines, i_rays, change in _critical(model, i):
                        g = model.phi(change)
                        if any(g) and not dot(model.units[j].weight, g):
                            e = (
                                b[i]
                                * b[i]
                                * dot(g, g)
                                / (model.inner(model.units[i].weight, model.units[i].weight) * dot(change, change))
                            )
                            w = tuple(b[i] * q for q in g)
                            return _curve(model, j, (face, lines, rays), b, others, w), Move(
                                tuple(tuple(-q * p for p in w) for q in b),
                                ((of_i, tuple(e * q for q in i_lines), tuple(e * q for q in i_rays)),),
                            )
    return None


def _curve(model: Model, j: int, moved: tuple[Face, Vector, Vector], b: Vector, c: Vector, w: Vector) -> Move:
    weight = model.units[j].weight
    weights = tuple(tuple(-q * v + r * p for v, p in zip(weight, w, strict=True)) for q, r in zip(b, c, strict=True))
    return Move(weights, (moved,))


def _critical(model: Model, i: int) -> Iterator[tuple[Face, Vector, Vector, Vector]]:
    """Each critical generator of a unit, a line both ways: its face, multiples of lines and rays, the change."""
    for face in model.faces[i]:
        lines, rays = model.generators(face)
        for n, change in enumerate((*lines, *rays)):
            for sign in (ONE, -ONE) if n < len(lines) else (ONE,):
                chosen = [sign * (m == n) for m in range(len(lines) + len(rays))]
                yield (
                    face,
                    tuple(chosen[: len(lines)]),
                    tuple(chosen[len(lines) :]),
                    tuple(sign * q for q in change),
                )
