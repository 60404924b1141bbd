"""Arrangements from arrangements: deletion, restriction, cone. Rows keep their numbers wherever they can."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Self

from exactgeo.arrangement.hyperplanes import Hyperplanes
from exactgeo.errors import InputError

__all__ = ["Derived", "eliminated", "pivot"]


def pivot(row: Sequence[int]) -> int | None:
    """The coordinate to eliminate: that of the smallest nonzero coefficient (the constant, last, is none), or None."""
    return min(((abs(q), j) for j, q in enumerate(row[:-1]) if q), default=(0, None))[1]


def eliminated(rows: Sequence[Sequence[Fraction | int]], h: Sequence[Fraction | int], p: int) -> list[list[Fraction]]:
    """Functionals (constant last) on the hyperplane h = 0, in the coordinates other than p."""
    result = []
    for row in rows:
        factor = Fraction(row[p]) / h[p]
        result.append([Fraction(a) - factor * b for j, (a, b) in enumerate(zip(row, h, strict=True)) if j != p])
    return result


class Derived(Hyperplanes):
    """Hyperplanes, and the arrangements made from them."""

    def deletion(self, *rows: int) -> Self:
        """The arrangement without some rows.

        Examples
        --------
        >>> from exactgeo import Arrangement
        >>> Arrangement([[1, 0], [0, 1], [1, 1]]).deletion(1).count()
        4
        """
        gone = {self._row(t) for t in rows}
        kept = [t for t in range(self.m) if t not in gone]
        return self._made([self.normals[t] for t in kept], [self.offsets[t] for t in kept], self.dimension)

    def restriction(self, row: int) -> Self:
        """What the hyperplanes cut out on one of them, in all coordinates but that of its smallest coefficient.

        Rows keep their numbers: those that contain the hyperplane become zero rows, parallel ones constant.

        Raises
        ------
        InputError
            The row is a zero normal, or there is none such.

        Examples
        --------
        >>> from exactgeo import Arrangement
        >>> A = Arrangement([[1, 0], [0, 1], [1, 1]])
        >>> B = A.restriction(2)
        >>> B.dimension, B.count(), A.count() == A.deletion(2).count() + B.count()
        (1, 2, True)
        """
        t = self._row(row)
        p = pivot(self._integral[t])
        if p is None:
            raise InputError("row", f"row {row}, a zero normal", "a hyperplane", "another row")
        table = [(*normal, -q) for normal, q in zip(self.normals, self.offsets, strict=True)]
        return self._of_functionals(eliminated(table, table[t], p), self.dimension - 1)

    def essentialization(self) -> Self:
        """The same regions in a space of dimension :attr:`rank`: the other coordinates are set to 0.

        Examples
        --------
        >>> from exactgeo import Arrangement
        >>> E = Arrangement([[1, -1, 0], [0, 1, -1]]).essentialization()
        >>> E.dimension, E.count(), E.lineality()
        (2, 4, [])
        """
        kept = self._coordinates
        return self._made([[row[j] for j in kept] for row in self.normals], self.offsets, len(kept))

    def cone(self) -> Self:
        """The central arrangement one dimension up: rows (normal, -offset), and the hyperplane at infinity last.

        Examples
        --------
        >>> from exactgeo import Arrangement
        >>> Arrangement([[1], [1]], [0, 1]).cone().normals[1:] == ((1, -1), (0, 1))
        True
        """
        rows = [(*row, -q) for row, q in zip(self.normals, self.offsets, strict=True)]
        return self._made([*rows, (*(0,) * self.dimension, 1)], None, self.dimension + 1)

    def decone(self, row: int = -1) -> Self:
        """The affine arrangement on the parallel to a hyperplane of a central one, where that row is 1; the row goes.

        It has half as many regions, where the row itself is not repeated.

        Raises
        ------
        InputError
            The arrangement is affine, or the row is zero or there is none such.

        Examples
        --------
        >>> from exactgeo import Arrangement
        >>> A = Arrangement([[1, 0], [0, 1], [1, 1]])
        >>> A.decone(0).count(), Arrangement([[1], [1]], [0, 1]).cone().decone().offsets == (0, 1)
        (3, True)
        """
        if not self.central:
            raise InputError("offsets", "an affine arrangement", "a central one", "cone(), or decone a central one")
        t = self._row(row)
        chosen = (*self.normals[t], Fraction(-1))
        # The last coordinate if it can be: then deconing undoes coning.
        p = self.dimension - 1 if self.dimension and chosen[self.dimension - 1] else pivot(self._integral[t])
        if p is None:
            raise InputError("row", f"row {row}, a zero normal", "a hyperplane", "another row")
        others = [(*self.normals[k], Fraction(0)) for k in range(self.m) if k != t]
        return self._of_functionals(eliminated(others, chosen, p), self.dimension - 1)
