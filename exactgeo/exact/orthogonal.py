"""Orthogonal bases of rational spans, without square roots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from exactgeo.exact.matrix import primitive
from exactgeo.exact.vectors import Vector, dot

__all__ = ["off", "orthogonal", "within"]


def orthogonal(vectors: Iterable[Vector]) -> list[Vector]:
    """An orthogonal basis of a span, in whole numbers. Cost: Gram and Schmidt.

    Examples
    --------
    >>> one, two = Fraction(1), Fraction(2)
    >>> [[str(q) for q in row] for row in orthogonal([(two, two), (one, 0 * one), (one, one)])]
    [['1', '1'], ['1', '-1']]
    """
    basis: list[Vector] = []
    for vector in vectors:
        rest = off(vector, basis)
        if any(rest):
            basis.append(tuple(map(Fraction, primitive(rest))))
    return basis


def off(vector: Vector, basis: Sequence[Vector]) -> Vector:
    """What of a vector is orthogonal to an orthogonal basis."""
    for other in basis:
        q = dot(vector, other)
        if q:
            q /= dot(other, other)
            vector = tuple(a - q * b for a, b in zip(vector, other, strict=True))
    return vector


def within(vector: Vector, basis: Sequence[Vector]) -> bool:
    """Whether a vector is in the span of an orthogonal basis."""
    return not any(off(vector, basis))
