"""In how many points lines of the projective plane meet: told apart as quotients in float64, compared in integers.

The quotient of two integers is the rational number rounded once. So different quotients are different numbers, and
equal ones are compared by cross multiplication: what is said here is exact.
"""

from __future__ import annotations

from collections.abc import Sequence

from exactgeo.exact.vectors import Integers

__all__ = ["points_met"]


def points_met(rows: Sequence[Integers]) -> list[int] | None:
    """In how many points each line meets those before it; None where integers have to say so.

    Parameters
    ----------
    rows : distinct lines, nonzero vectors of 3 integers, none a multiple of another

    Examples
    --------
    >>> points_met([(1, 0, 0), (0, 1, 0), (1, 1, 0), (0, 0, 1)])
    [0, 1, 1, 3]
    """
    found = []
    for k, (a, b, c) in enumerate(rows):
        # Two coordinates of the point where a line meets line k: those but one where line k is not 0.
        met: dict[float, tuple[int, int]] = {}
        for p, q, r in rows[:k]:
            if c:
                top, bottom = c * p - r * a, c * q - r * b
            elif b:
                top, bottom = b * p - q * a, b * r - q * c
            else:
                top, bottom = a * q - p * b, a * r - p * c
            if bottom:
                try:
                    key = top / bottom
                except OverflowError:
                    return None
            else:
                key = float("inf")
            old = met.setdefault(key, (top, bottom))
            if old[0] * bottom != top * old[1]:
                return None
        found.append(len(met))
    return found
