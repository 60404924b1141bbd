"""Which changes of the predictions are within reach of small moves, at most: one subspace of R^m, layer by layer.

The change of a pre-activation is a combination of the changes of the layer below, of the outputs of the layer below at
the point (weights trained), and of 1 (bias trained). A unit multiplies it by its slopes; at a kink t it may do
anything: its slope at t is left out, and t is a dimension of its own if anything reaches it.

References
----------
docs/mathematics.md, "Deep networks", D2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction

from exactgeo.deadline import Check, unlimited
from exactgeo.exact.combination import inner
from exactgeo.exact.matrix import independent_rows
from exactgeo.exact.vectors import ONE, ZERO, Vector
from exactgeo.local_minimum.deep.point import DeepPoint

__all__ = ["no_better_function", "out_of_reach", "reach"]


def reach(at: DeepPoint, check: Check = unlimited) -> list[Vector]:
    """Spanning vectors of the changes of a prediction. Cost: one elimination a layer."""
    m, span = at.problem.m, list[Vector]()
    for layer in at.layers:
        check()
        span = _affine(at, layer.index, layer.trains, layer.trains_bias, span)
        found: list[Vector] = []
        for row in set(layer.slope):
            check()
            found += [tuple(ZERO if s is None else s * q for s, q in zip(row, v, strict=True)) for v in span]
            for t, slope in enumerate(row):
                if slope is None and any(v[t] for v in span):
                    found.append(tuple(ONE if i == t else ZERO for i in range(m)))
        span = _independent(found, m)
    return _affine(at, len(at.layers), at.trains_output, at.trains_shift, span)


def out_of_reach(at: DeepPoint, check: Check = unlimited) -> bool:
    """Whether the derivatives of the loss are orthogonal to all of it: then the point is a local minimum."""
    if at.still:
        return True
    return not any(at.along(o, vector) for vector in reach(at, check) for o in range(len(at.gradient)))


def no_better_function(at: DeepPoint) -> bool:
    """Whether the derivatives of the loss sum to 0 over the data points of each input: no function of the inputs, near
    or far, has a lower loss.

    Raises
    ------
    exactgeo.exact.combination.Unresolved
        A sum was not told from 0.
    """
    groups = defaultdict[Vector, list[int]](list)
    for t, row in enumerate(at.problem.x):
        groups[row].append(t)
    return not any(inner([1] * len(ts), [g[t] for t in ts]) for ts in groups.values() for g in at.gradient)


def _affine(at: DeepPoint, index: int, trains: bool, trains_bias: bool, below: Sequence[Vector]) -> list[Vector]:
    m = at.problem.m
    own: list[tuple[Fraction, ...]] = list(at.inputs_of(index)) if trains else []
    return _independent([*below, *own, *([(ONE,) * m] if trains_bias else [])], m)


def _independent(rows: list[Vector], m: int) -> list[Vector]:
    return [rows[k] for k in independent_rows(rows, m)] if rows else []
