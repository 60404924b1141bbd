"""Rows of an arrangement: what is decided about hyperplanes without their regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from math import comb
from operator import mul
from typing import Any, Self

from exactgeo.arrangement.characteristic import central_polynomial, divide_by_t_minus_1, evaluate
from exactgeo.arrangement.enumerators.protocol import DistinctHyperplanes
from exactgeo.arrangement.regions import OrientedRow, RowTable
from exactgeo.errors import InputError, InternalError
from exactgeo.exact.matrix import nullspace, primitive, rref
from exactgeo.exact.vectors import Integers, Matrix, Vector
from exactgeo.formats._values import Numbers, describe, in_order

__all__ = ["Hyperplanes"]

# Fewer minors take longer than the restrictions do: to enumerate, and to count; and in rank 3, where these take little.
_MINORS_FROM, _POLYNOMIAL_TO, _MINORS_RANK_3 = 400, 2_000, 1_000_000
# Sets of rank - 2 hyperplanes that are held to verify general position, 16 bytes each.
_MINORS_HELD = 1 << 24
_WRITE_ROWS = "[[1, 0], [0, 1]], one row of d numbers a hyperplane"


class Hyperplanes:
    """Rows read, their rank, kernel, distinct hyperplanes, characteristic polynomial and signs at points."""

    normals: Matrix
    offsets: Vector
    dimension: int
    central: bool

    def __init__(self, normals: Any, offsets: Any = None, *, dimension: int | None = None) -> None:
        numbers = Numbers()
        rows, width = _rows(normals, dimension, numbers)
        constants = None if offsets is None else _vector(offsets, "offsets", numbers)
        if constants is not None and len(constants) != len(rows):
            raise InputError("offsets", f"{len(constants)} numbers", f"{len(rows)}", "one offset a normal")
        numbers.warn(2)
        self._hold(rows, constants, width)

    def _hold(self, normals: Matrix, offsets: Vector | None, dimension: int) -> None:
        self.normals, self.dimension = normals, dimension
        self.offsets = (Fraction(0),) * len(normals) if offsets is None else offsets
        self.central = not any(self.offsets)

    def _made(
        self, normals: Sequence[Sequence[Fraction | int]], offsets: Sequence[Fraction | int] | None, dimension: int
    ) -> Self:
        """Another arrangement of this kind, from exact numbers: not through the door for those from outside."""
        made = object.__new__(type(self))
        made._hold(
            tuple([tuple(map(_fraction, row)) for row in normals]),
            None if offsets is None else tuple(map(_fraction, offsets)),
            dimension,
        )
        return made

    def _of_functionals(self, rows: Sequence[Sequence[Fraction | int]], dimension: int) -> Self:
        """The arrangement of affine functionals, their constants last."""
        return self._made([row[:-1] for row in rows], [-row[-1] for row in rows], dimension)

    @property
    def m(self) -> int:
        """Number of rows, zero and repeated ones included."""
        return len(self.normals)

    @cached_property
    def _integral(self) -> list[Integers]:
        """Rows (normal, -offset) as primitive integers; positive multiples keep every sign."""
        return [primitive((*row, -q)) for row, q in zip(self.normals, self.offsets, strict=True)]

    @cached_property
    def _coordinates(self) -> tuple[int, ...]:
        """Coordinates that carry the rank: setting the others to 0 meets every region, for signs depend on w only
        modulo the lineality space and the coordinate subspace is a complement of it."""
        return tuple(rref([row[:-1] for row in self._integral], self.dimension)[1])

    @cached_property
    def _inner(self) -> list[Integers]:
        """The rows on those coordinates, constant last."""
        kept = self._coordinates
        return [(*(row[j] for j in kept), row[-1]) for row in self._integral]

    @property
    def rank(self) -> int:
        """Rank of the normals."""
        return len(self._coordinates)

    @cached_property
    def characteristic_polynomial(self) -> tuple[int, ...]:
        """Coefficients in the ambient dimension, highest degree first.

        Cost: one restriction a flat; in general position, where all minors are verified not to vanish, 25 ns for each
        set of one hyperplane less.

        Rows count once however often they are repeated; zero normals do not count.

        Raises
        ------
        InternalError
            The polynomial of the cone over an affine arrangement is not divisible by t - 1.
        """
        few = comb(len(self._oriented[0]), self.rank) <= _POLYNOMIAL_TO
        essential = self._polynomial if few or not self._uniform else self._generic_polynomial
        return (*essential, *(0 for _ in range(self.dimension - self.rank)))

    @property
    def _generic_polynomial(self) -> list[int]:
        """What it is where every set of at most rank-many hyperplanes is independent."""
        count = len(self._oriented[0])
        essential = [(-1) ** i * comb(count, i) for i in range(self.rank + 1)]
        if self.central and self.rank:
            essential[-1] = (-1) ** self.rank * comb(count - 1, self.rank - 1)
        return essential

    @cached_property
    def _polynomial(self) -> list[int]:
        vectors = self._oriented[0]
        if self.central:
            return central_polynomial(vectors, self.rank)
        infinity = (0,) * self.rank + (1,)
        essential, remainder = divide_by_t_minus_1(central_polynomial([*vectors, infinity], self.rank + 1))
        if remainder:
            raise InternalError("the characteristic polynomial of a cone does not vanish at 1")
        return essential

    def count(self) -> int:
        """Number of regions, ``|chi(-1)|``, without enumerating them.

        References
        ----------
        T. Zaslavsky, Facing up to arrangements, Mem. AMS 154 (1975), Theorem A.
        """
        return abs(evaluate(self.characteristic_polynomial, -1))

    @property
    def count_bounds(self) -> tuple[int, int]:
        """At least and at most so many regions, at once, from the rank and the number of distinct hyperplanes alone.

        Rank-many independent ones have ``2^rank``, and each further one is itself cut into at least ``2^(rank - 1)``
        pieces, which cut as many regions; in general position there are most.

        References
        ----------
        R. P. Stanley, An Introduction to Hyperplane Arrangements (2004), Lemma 2.1 and Proposition 2.4.

        Examples
        --------
        >>> from exactgeo import Arrangement
        >>> Arrangement([[1, 0], [0, 1], [1, 1]]).count_bounds, Arrangement([[1], [1]], [0, 1]).count_bounds
        ((6, 6), (3, 3))
        """
        planes, rank = len(self._oriented[0]), self.rank
        if not rank:
            return 1, 1
        least = (planes - rank + 2) << (rank - 1)
        if self.central:
            return least, 2 * sum(comb(planes - 1, i) for i in range(rank))
        return least, sum(comb(planes, i) for i in range(rank + 1))

    @cached_property
    def count_estimate(self) -> int:
        """About how many regions there are, at once: an estimate from random sets of hyperplanes, proved by nothing.

        Cost: some hundred eliminations of all rows modulo a prime; exact in general position, and the same every time.

        Examples
        --------
        >>> from exactgeo import Arrangement
        >>> A = Arrangement([[1, t, t * t] for t in range(50)], [t**4 for t in range(50)])
        >>> A.count_estimate, A.count()
        (20876, 20876)
        """
        from exactgeo.arrangement._propose_count import estimated_count

        vectors, rank = self._oriented[0], self.rank
        if self.central:
            return estimated_count(vectors, rank)
        # Those of the cone, where the hyperplane at infinity is positive.
        return estimated_count([*vectors, (0,) * rank + (1,)], rank + 1) // 2

    @property
    def bounded(self) -> int:
        """Number of relatively bounded regions, ``|chi(1)|``: bounded modulo the lineality space, as in Sage.

        A central arrangement has none, except that without any hyperplane the whole space, bounded modulo itself,
        counts as one.

        References
        ----------
        T. Zaslavsky, Facing up to arrangements, Mem. AMS 154 (1975), Theorem C.

        Examples
        --------
        >>> from exactgeo import Arrangement
        >>> Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, 1]).bounded, Arrangement([[1, 0]]).bounded
        (1, 0)
        """
        return abs(evaluate(self.characteristic_polynomial, 1))

    @property
    def poincare_polynomial(self) -> tuple[int, ...]:
        """Coefficients of ``(-t)^d chi(-1 / t)``, highest degree first: the sizes of the Whitney numbers of the first
        kind; its value at 1 is the number of regions.

        Examples
        --------
        >>> from exactgeo import Arrangement
        >>> Arrangement([[1, 0], [0, 1], [1, 1]]).poincare_polynomial
        (2, 3, 1)
        """
        return tuple(abs(q) for q in reversed(self.characteristic_polynomial))

    @property
    def is_essential(self) -> bool:
        """The normals span: there is no lineality space.

        Examples
        --------
        >>> from exactgeo import Arrangement
        >>> Arrangement([[1, -1, 0], [0, 1, -1]]).is_essential
        False
        """
        return self.rank == self.dimension

    @property
    def in_general_position(self) -> bool:
        """Every rank-many distinct hyperplanes are independent and, in an affine arrangement, no more have a common
        point: then there are as many regions as so many hyperplanes can have.

        References
        ----------
        R. P. Stanley, An Introduction to Hyperplane Arrangements (2004), Proposition 2.4.

        Examples
        --------
        >>> from exactgeo import Arrangement
        >>> Arrangement([[1, 0], [0, 1], [1, 1]]).in_general_position
        True
        >>> Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, 0]).cone().in_general_position
        False
        """
        return self._polynomial == self._generic_polynomial if self._uniform is None else self._uniform

    @cached_property
    def _oriented(self) -> tuple[list[Integers], list[OrientedRow]]:
        """Distinct hyperplanes in order of their first rows, positive where these are; each row's hyperplane, side."""
        index: dict[Integers, int] = {}
        vectors: list[Integers] = []
        rows: list[OrientedRow] = []
        for row in self._inner:
            if not any(row[:-1]):
                rows.append((-1, _sign(row[-1])))
                continue
            # Without the coordinates that carry no rank a row may have a divisor again.
            key = row[:-1] if self.central else row
            key = key if self.is_essential else primitive(key)
            opposite = tuple([-q for q in key])
            if key in index:
                rows.append((index[key], 1))
            elif opposite in index:
                rows.append((index[opposite], -1))
            else:
                index[key] = len(vectors)
                rows.append((len(vectors), 1))
                vectors.append(key)
        return vectors, rows

    @cached_property
    def _distinct(self) -> DistinctHyperplanes:
        """What is enumerated."""
        return DistinctHyperplanes(tuple(self._oriented[0]), self.rank, self.central, self._uniform)

    @cached_property
    def _table(self) -> RowTable:
        """What makes of its regions those of the rows."""
        vectors, oriented = self._oriented
        functionals = tuple([row[:-1] for row in self._inner] if self.central else self._inner)
        return RowTable(tuple(oriented), functionals, self._coordinates, self.dimension, self.central, len(vectors))

    @cached_property
    def _uniform(self) -> bool | None:
        """Every rank-many of the hyperplanes are independent (affine: with the one at infinity among them, one more).

        None where nobody has looked: of few minors the general way is as fast, and of very many too much is held.
        """
        vectors, _ = self._oriented
        table = vectors if self.central else [*vectors, (0,) * self.rank + (1,)]
        rank = self.rank + (not self.central)
        if rank < 3 or comb(len(table), rank) < (_MINORS_RANK_3 if rank == 3 else _MINORS_FROM):
            return None
        if comb(len(table), rank - 2) > _MINORS_HELD:
            return None
        from exactgeo.arrangement._filter_uniform import is_uniform

        return is_uniform(table)

    def signs_of(self, point: Any) -> tuple[int, ...]:
        """Signs (-1, 0, 1) of all rows at a point, exactly.

        Raises
        ------
        InputError
            The point is not d finite numbers.

        Examples
        --------
        >>> from exactgeo import Arrangement
        >>> Arrangement([[1, 0], [1, 1]], [0, 1]).signs_of(["1/3", "2/3"])
        (1, 0)
        """
        numbers = Numbers()
        w = self._point(point, "point", numbers)
        numbers.warn(2)
        *inner, scale = primitive((*w, 1))
        return tuple(_sign(sum(map(mul, row, (*inner, scale)))) for row in self._integral)

    def _point(self, value: Any, where: str, numbers: Numbers) -> Vector:
        w = _vector(value, where, numbers)
        if len(w) != self.dimension:
            raise InputError(where, f"{len(w)} numbers", f"{self.dimension}", "one number a coordinate")
        return w

    def _row(self, row: int) -> int:
        if type(row) is not int or not -self.m <= row < self.m:
            raise InputError("row", str(row), f"0 to {self.m - 1}", "the index of a row")
        return row % self.m

    def lineality(self) -> list[Integers]:
        """Basis of the kernel of the normals, primitive integer vectors: signs do not change along it.

        Examples
        --------
        >>> from exactgeo import Arrangement
        >>> Arrangement([[1, -1, 0], [0, 1, -1]]).lineality()
        [(1, 1, 1)]
        """
        return nullspace(self.normals, self.dimension)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Hyperplanes):
            return NotImplemented
        return (self.normals, self.offsets, self.dimension) == (other.normals, other.offsets, other.dimension)

    def __hash__(self) -> int:
        return hash((self.normals, self.offsets, self.dimension))

    def __repr__(self) -> str:
        kind = "central" if self.central else "affine"
        return f"<{kind} arrangement of {self.m} hyperplanes in dimension {self.dimension}>"


def _sign(q: int) -> int:
    return (q > 0) - (q < 0)


def _fraction(q: Fraction | int) -> Fraction:
    return q if type(q) is Fraction else Fraction(q)


def _rows(value: Any, dimension: int | None, numbers: Numbers) -> tuple[Matrix, int]:
    """Rows of one length, and that length; no rows at all where the dimension is given or an array shows it."""
    if dimension is not None and (type(dimension) is not int or dimension < 0):
        raise InputError("dimension", describe(dimension), "an integer >= 0", "the number of coordinates")
    entries = in_order(value)
    if entries is None:
        raise InputError("normals", _shown(value), "a list of rows", _WRITE_ROWS)
    shape = getattr(value, "shape", None)
    width = dimension
    if isinstance(shape, tuple):
        if len(shape) != 2:
            raise InputError("normals", f"an array of shape {shape}", "shape (m, d)", _WRITE_ROWS)
        width = int(shape[1]) if dimension is None else dimension
    rows = []
    for t, entry in enumerate(entries):
        row = _vector(entry, f"normals[{t}]", numbers, "a row of numbers", _WRITE_ROWS)
        width = len(row) if width is None else width
        if len(row) != width:
            raise InputError(f"normals[{t}]", f"{len(row)} numbers", f"{width}", "rows of one length")
        rows.append(row)
    if width is None:
        raise InputError("normals", "no rows", "at least one, or the dimension", "dimension=d")
    return tuple(rows), width


def _vector(
    value: Any, where: str, numbers: Numbers, expected: str = "a list of numbers", write: str = '[1, "1/2", 3]'
) -> Vector:
    entries = in_order(value)
    if entries is None:
        raise InputError(where, _shown(value), expected, write)
    return numbers.vector(entries, where, None, expected, write)


def _shown(value: Any) -> str:
    # In a file these would be null and a table.
    return type(value).__name__ if value is None or isinstance(value, Mapping) else describe(value)
