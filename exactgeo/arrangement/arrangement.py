"""Arrangements of hyperplanes over the rationals: the public face of this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from math import comb, lcm
from typing import TYPE_CHECKING, Any

from exactgeo.arrangement.enumerators import ENUMERATORS, deletion
from exactgeo.arrangement.enumerators.protocol import DistinctHyperplanes, Listed, SignVectors, Watch
from exactgeo.arrangement.operations import Derived
from exactgeo.arrangement.rays import Rays
from exactgeo.arrangement.regions import Regions, sign_matrix
from exactgeo.errors import InputError, InternalError, expect_type
from exactgeo.exact.matrix import primitive
from exactgeo.exact.vectors import Vector
from exactgeo.executors import start
from exactgeo.formats._values import Numbers, in_order
from exactgeo.shown import Viewed

if TYPE_CHECKING:
    import networkx
    import numpy as np
    import numpy.typing as npt

    from exactgeo.arrangement.faces import Flat
    from exactgeo.claims.certificate import Certificate

__all__ = ["Arrangement"]

# Below, the independent enumerator is as fast and needs no numpy.
_SMALL = 600
# With so many regions, if there are as many as can be, workers start while general position is looked for.
_FOR_WORKERS = 2_000_000
# The sweep keeps 2^(n + 1) minors of a set of hyperplanes at most, n the dimension it sweeps.
_SWEEP_DIMENSION = 9


class Arrangement(Viewed, Derived):
    """Hyperplanes ``<normal_t, w> = offset_t``; hyperplane t has the sign of ``<normal_t, w> - offset_t`` at w.

    Everything degenerate is allowed: repeated, proportional, opposite and parallel rows, normals that do not span,
    no rows, no dimension. A zero normal cuts nothing and has the constant sign of ``-offset``.

    Parameters
    ----------
    normals : m rows of d numbers, or a numpy array of shape (m, d)
        int, Fraction, text (``"1/2"``, ``"0.1"``), numpy integers; a float is the dyadic it is, with one warning.
    offsets : m numbers, optional
        Leave out for a central arrangement.
    dimension : int, optional
        d, needed only where no row shows it.

    Attributes
    ----------
    normals : tuple of rows of Fraction, shape (m, d)
    offsets : tuple of Fraction, length m
    dimension : int
    central : bool
        Every offset is 0.

    Raises
    ------
    InputError
        Ragged rows, something that is not a finite number, or no rows and no dimension.

    References
    ----------
    R. P. Stanley, An Introduction to Hyperplane Arrangements (2004), for the words used here.

    Examples
    --------
    >>> A = Arrangement([[1, 0], [0, 1], [1, 1]])
    >>> A.rank, A.characteristic_polynomial, A.count(), len(A.regions())
    (2, (1, -3, 2), 6, 6)
    >>> A.regions()[0], [str(q) for q in A.regions().witness(0)]
    ((-1, -1, -1), ['-1', '-1'])
    >>> A.rays()
    [(-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0)]
    >>> B = Arrangement([[1], [1], [0]], offsets=[0, "1/2", 3])
    >>> list(B.regions()), B.bounded
    ([(-1, -1, -1), (1, -1, -1), (1, 1, -1)], 1)
    """

    def regions(
        self, enumerator: str | None = None, *, inside: tuple[Any, Any] | None = None, watch: Watch | None = None
    ) -> Regions:
        """Every region, once, with an exact interior point on demand; computed on the first call.

        Cost: about a microsecond a region from some thousands on, and a machine word of memory. Every enumeration must
        agree with :meth:`count`.

        Parameters
        ----------
        enumerator : str, optional
            ``"sweep"`` (numpy), ``"deletion-restriction"`` (plain integers, independent, 50 times slower) or
            ``"stars"`` (numpy, of few hyperplanes of rank 3 or 4); by default the first, except for small arrangements
            and in dimensions above 9. The order of the regions is one, and so are their points by default.
        inside : (A, b), optional
            Only the regions that meet the interior of ``A x <= b``; an InputError where it has none.
        watch : callable (number of regions), optional
            Told from time to time how many regions there are at least; what it raises ends the enumeration.

        Raises
        ------
        InputError
            There is no such enumerator; or no point inside.
        InternalError
            The number of regions is not :meth:`count`.

        Examples
        --------
        >>> A = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, 1])
        >>> triangle = [[-1, 0], [0, -1], [1, 1]], [0, 0, 2]
        >>> A.count(), list(A.regions(inside=triangle))
        (7, [(1, 1, -1), (1, 1, 1)])
        """
        if inside is not None:
            return self._interior(*inside, watch)
        if enumerator is not None and enumerator not in ENUMERATORS:
            raise InputError("enumerator", f'"{enumerator}"', "one of " + ", ".join(ENUMERATORS), '"sweep"')
        if enumerator not in self._enumerated:
            vectors = self._by_default(watch) if enumerator is None else ENUMERATORS[enumerator](self._distinct, watch)
            self._prove_complete(vectors.count)
            self._enumerated[enumerator] = Regions(vectors, self._table)
        return self._enumerated[enumerator]

    @cached_property
    def _enumerated(self) -> dict[str | None, Regions]:
        return {}

    @property
    def _default_enumerator(self) -> str:
        count = len(self._oriented[0])
        ceiling = 2 * sum(comb(count, i) for i in range(self.rank + (not self.central)))
        small = self.rank < 2 or ceiling <= _SMALL
        return "deletion-restriction" if small or self.rank - self.central > _SWEEP_DIMENSION else "sweep"

    def _by_default(self, watch: Watch | None) -> SignVectors:
        """Few regions from stars, where numpy is loaded: that takes longer than they do. Their points are the same."""
        name = self._default_enumerator
        if self.rank + (not self.central) in (3, 4) and (name == "sweep" or "numpy" in sys.modules):
            from exactgeo.arrangement.enumerators.stars import stars_of_few

            few = DistinctHyperplanes(tuple(self._oriented[0]), self.rank, self.central)
            found = stars_of_few(few, lambda: ENUMERATORS[name](self._distinct), watch)
            if found is not None:
                return found
        return ENUMERATORS[name](self._distinct, watch)

    def _prove_complete(self, found: int) -> None:
        """As many as Zaslavsky's count: complete, as each is a region and none occurs twice."""
        if found != self.count():
            raise InternalError(f"{found} regions found, {self.count()} counted")

    def blocks(
        self, executor: Executor | None = None, *, packed: bool = False
    ) -> Iterator[npt.NDArray[np.int8] | npt.NDArray[np.uint64]]:
        """Every region once, in blocks of rows of signs, without ever holding all of them.

        The blocks and their order do not depend on the executor or the number of its workers; rows are not in
        lexicographic order. Memory: a block has some 10^5 rows, fewer of more than 100 hyperplanes; in special position
        it has the regions whose lowest vertex is one of some 10^4, or of a single one on very many hyperplanes. Up to
        eight blocks are under way in packed form, and each process holds the flats of dimension 1 and above, for
        lines in a plane nothing. Below some hundred regions and above dimension 9 all regions are one block.

        Parameters
        ----------
        executor : concurrent.futures.Executor, optional
            A process pool, loky, dask's ``client.get_executor()``; by default this process alone.
        packed : bool
            Bit sets as in :attr:`Regions.packed`, a fraction of the size, instead of signs.

        Yields
        ------
        numpy int8 array, shape (., m); packed: numpy uint64 array, shape (., W)

        Raises
        ------
        InternalError
            The number of regions is not :meth:`count`; raised after the last block.

        Examples
        --------
        >>> A = Arrangement([[1, t, t * t, t**3] for t in range(20)])
        >>> sum(len(block) for block in A.blocks()) == A.count() == 2320
        True
        """
        if executor is not None:
            expect_type(executor, Executor, "executor", "a concurrent.futures.Executor")
        if self._default_enumerator != "sweep":
            yield self.regions().packed if packed else self.regions().signs
            return
        if executor is not None and self.count_bounds[1] >= _FOR_WORKERS:
            start(executor, "exactgeo.arrangement.stream")
        import numpy as np

        from exactgeo.arrangement.bits import pack
        from exactgeo.arrangement.stream import stream

        everything = pack(np.ones((1, len(self._distinct.vectors)), dtype=np.bool_))
        total = 0
        for half in stream(self._distinct, executor):
            words = np.concatenate([half, half ^ everything]) if self.central else half
            total += len(words)
            yield words if packed else sign_matrix(words, self._table.oriented)
        self._prove_complete(total)

    def certificate(self) -> Certificate:
        """The complete list of regions as a certificate: sign vectors with integer points, for the checker to count."""
        from exactgeo.claims.certificate import Certificate
        from exactgeo.claims.regions import RegionsClaim, RegionTable
        from exactgeo.claims.subject import HyperplaneList

        listed, found = self.regions(), {}
        for signs, witness in zip(listed, listed.witnesses(), strict=True):
            point = witness + (() if self.central else (Fraction(1),))
            scale = lcm(*(q.denominator for q in point))
            found["".join("-0+"[s + 1] for s in signs)] = tuple(int(q * scale) for q in point)
        offsets = None if self.central else self.offsets
        return Certificate(HyperplaneList(self.normals, offsets), (RegionsClaim(RegionTable(found)),))

    def region_containing_point(self, point: Any) -> int:
        """Index in :meth:`regions` of the region around a point.

        Raises
        ------
        InputError
            The point is not d finite numbers, or lies on a hyperplane.

        Examples
        --------
        >>> A = Arrangement([[1, 0], [0, 1]])
        >>> A.region_containing_point([-2, "1/2"]), A.regions()[1]
        (1, (-1, 1))
        """
        signs = self.signs_of(point)
        for t, (sign, row) in enumerate(zip(signs, self._inner, strict=True)):
            if not sign and any(row[:-1]):
                raise InputError("point", f"a point on hyperplane {t}", "one off all hyperplanes", "another point")
        return self.regions().index(signs)

    @cached_property
    def _unbounded(self) -> list[int]:
        def regions_of(functionals: Sequence[Sequence[Fraction]]) -> Regions:
            return self._of_functionals(functionals, self.rank - 1).regions()

        from exactgeo.arrangement.bounded import unbounded

        return unbounded(self._inner, self.regions(), self.count() - self.bounded, regions_of)

    def unbounded_regions(self) -> Regions:
        """The regions that are not relatively bounded, in lexicographic order, as in Sage.

        Examples
        --------
        >>> A = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, 1])
        >>> len(A.unbounded_regions()), A.count() - A.bounded
        (6, 6)
        """
        return self.regions().some(self._unbounded)

    def bounded_regions(self) -> Regions:
        """The relatively bounded regions, in lexicographic order, as in Sage: bounded modulo the lineality space.

        Cost: the regions of two restrictions, to a hyperplane beyond all vertices on either side; as many as
        :attr:`bounded` are left, or it is an error.

        Raises
        ------
        InternalError
            Their number is not ``|chi(1)|``.

        Examples
        --------
        >>> A = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, 1])
        >>> list(A.bounded_regions()), [str(q) for q in A.bounded_regions().witness(0)]
        ([(1, 1, -1)], ['1/4', '1/2'])
        """
        outside = set(self._unbounded)
        return self.regions().some([i for i in range(self.count()) if i not in outside])

    def clip(self, normals: Any, offsets: Any = None) -> Regions:
        """The regions that meet an open polyhedron ``{w : <normal, w> > offset}``, a cone when there are no offsets.

        Each interior point lies in the polyhedron too. Cost: that of the regions inside alone, in plain integers, as
        ``"deletion-restriction"``.

        Examples
        --------
        >>> A = Arrangement([[1, 0], [0, 1], [1, 1]])
        >>> list(A.clip([[1, 0], [0, 1]]))
        [(1, 1, 1)]
        """
        polyhedron = Arrangement(normals, offsets, dimension=self.dimension)
        return self._clipped(polyhedron.normals, polyhedron.offsets, None)

    def _interior(self, rows: Any, bounds: Any, watch: Watch | None) -> Regions:
        """The regions that meet the interior of ``rows x <= bounds``."""
        polytope = Arrangement(rows, bounds, dimension=self.dimension)
        # A zero row bounds nothing, or leaves nothing.
        kept = [t for t, row in enumerate(polytope.normals) if any(row) or polytope.offsets[t] < 0]
        normals = [tuple([-q for q in polytope.normals[t]]) for t in kept]
        found = self._clipped(normals, [-polytope.offsets[t] for t in kept], watch)
        if not found.count:
            expected = "a polytope with interior points: some x with A x < b"
            raise InputError("polytope", f"{polytope.m} inequalities that leave no interior", expected, "other A and b")
        return found

    def _clipped(self, normals: Sequence[Vector], offsets: Sequence[Fraction], watch: Watch | None) -> Regions:
        """The regions that meet the open polyhedron ``<normal, w> > offset``."""
        # Of one arrangement, so that both have the same coordinates.
        both = self._made([*normals, *self.normals], [*offsets, *self.offsets], self.dimension)
        walls, inner = both._inner[: len(normals)], both._inner[len(normals) :]
        empty = any(not any(wall[:-1]) and wall[-1] <= 0 for wall in walls)
        table = replace(
            both._made(self.normals, self.offsets, self.dimension)._table,
            functionals=tuple(inner),
            coordinates=both._coordinates,
            central=False,
        )
        if empty:
            return Regions(Listed({}, table.planes), table)
        vectors, index = [], set()
        for t, (plane, _) in enumerate(table.oriented):
            if plane >= 0 and plane not in index:
                index.add(plane)
                vectors.append(primitive(inner[t]))
        proper = [primitive(wall) for wall in walls if any(wall[:-1])]
        return Regions(deletion.inside(vectors, proper, both.rank, watch), table)

    def clip_to_box(self, low: Any, high: Any) -> Regions:
        """The regions that meet the open box ``low < w < high``.

        Examples
        --------
        >>> A = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, 3])
        >>> len(A.clip_to_box([-1, -1], [1, 1])), A.count()
        (4, 7)
        """
        d = self.dimension
        unit = [[int(i == j) for j in range(d)] for i in range(d)]
        numbers = Numbers()
        least, most = self._point(low, "low", numbers), self._point(high, "high", numbers)
        numbers.warn(2)
        return self.clip([*unit, *([-q for q in row] for row in unit)], [*least, *(-q for q in most)])

    @cached_property
    def _flats(self) -> list[list[Flat]]:
        from exactgeo.arrangement.faces import flats

        return flats(self._inner, self.rank)

    def whitney_number(self, k: int, kind: int = 1) -> int:
        """Whitney numbers: of the first kind the coefficient of t^(d - k) of the characteristic polynomial, of the
        second the number of flats of codimension k.

        Examples
        --------
        >>> A = Arrangement([[1, -1, 0], [0, 1, -1], [1, 0, -1]])
        >>> [A.whitney_number(k) for k in range(3)], [A.whitney_number(k, kind=2) for k in range(3)]
        ([1, -3, 2], [1, 3, 1])
        """
        if kind not in (1, 2):
            raise InputError("kind", str(kind), "1 or 2", "kind=1")
        if type(k) is not int or not 0 <= k <= self.dimension:
            raise InputError("k", str(k), f"0 to {self.dimension}", "a codimension")
        if kind == 1:
            return self.characteristic_polynomial[k]
        return len(self._flats[k]) if k <= self.rank else 0

    def faces(self, dimension: int) -> Iterator[tuple[int, ...]]:
        """Sign vectors of the faces of one dimension; those of dimension d are the regions.

        Cost: the regions of every restriction to a flat of that dimension.

        Examples
        --------
        >>> sorted(Arrangement([[1, 0], [0, 1]]).faces(1))
        [(-1, 0), (0, -1), (0, 1), (1, 0)]
        """
        if type(dimension) is not int:
            raise InputError("dimension", str(dimension), "a whole number", "1")
        codimension = self.dimension - dimension
        if not 0 <= codimension <= self.rank:
            return
        for _, rows in self._flats[codimension]:
            yield from self._of_functionals(rows, self.rank - codimension).regions()

    @property
    def face_vector(self) -> tuple[int, ...]:
        """Number of faces of dimension 0 to d.

        References
        ----------
        T. Zaslavsky, Facing up to arrangements, Mem. AMS 154 (1975), Theorem B.

        Examples
        --------
        >>> Arrangement([[1, 0], [0, 1], [1, 1]]).face_vector
        (1, 6, 6)
        """
        counts = [
            sum(self._of_functionals(rows, self.rank - codimension).count() for _, rows in level)
            for codimension, level in enumerate(self._flats)
        ]
        return tuple([0] * (self.dimension - self.rank) + counts[::-1])

    def facets(self, region: int) -> list[int]:
        """The rows that are walls of a region, one row (the first) a hyperplane.

        Examples
        --------
        >>> A = Arrangement([[1, 0], [0, 1], [1, 1]])
        >>> A.regions()[5], A.facets(5)
        ((1, 1, 1), [0, 1])
        """
        return self.regions().walls(region)

    def tope_graph(self) -> networkx.Graph:
        """The graph of regions: indices into :meth:`regions`, joined where they share a wall, the edge attribute
        ``hyperplane`` its first row.

        Examples
        --------
        >>> G = Arrangement([[1, 0], [0, 1], [1, 1]]).tope_graph()
        >>> sorted(G.edges(data="hyperplane"))
        [(0, 1, 1), (0, 3, 0), (1, 2, 2), (2, 5, 0), (3, 4, 2), (4, 5, 1)]
        """
        from exactgeo.arrangement.faces import tope_graph

        return tope_graph(self.regions())

    def distance_between_regions(self, first: int, second: int) -> int:
        """How many hyperplanes separate two regions: their distance in :meth:`tope_graph`.

        Examples
        --------
        >>> Arrangement([[1, 0], [0, 1], [1, 1]]).distance_between_regions(0, 5)
        3
        """
        one, other = self.regions()[first], self.regions()[second]
        return sum(one[t] != other[t] for t in self.regions().leads)

    def intersection_poset(self) -> networkx.DiGraph:
        """The nonempty intersections, as the frozen sets of all rows that vanish there (zero rows included), ordered by
        reverse inclusion: an edge from each to those it covers it with, node attribute ``codimension``.

        Examples
        --------
        >>> P = Arrangement([[1, 0], [0, 1], [1, 1]]).intersection_poset()
        >>> [[sorted(X) for X, k in P.nodes(data="codimension") if k == c] for c in range(3)]
        [[[]], [[0], [1], [2]], [[0, 1, 2]]]
        >>> P.number_of_edges()
        6
        """
        from exactgeo.arrangement.faces import intersection_poset

        return intersection_poset([[zero for zero, _ in level] for level in self._flats])

    @property
    def is_simplicial(self) -> bool:
        """Every region of a central arrangement has as many facets as the rank.

        Examples
        --------
        >>> Arrangement([[1, 0], [0, 1], [1, 1]]).is_simplicial
        True
        >>> Arrangement([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]).is_simplicial
        False
        """
        if not self.central:
            raise InputError("offsets", "an affine arrangement", "a central one", "cone()")
        # In an essential region no fewer, so it is enough to count pairs of region and facet.
        found = self.regions()
        from exactgeo.arrangement.faces import neighbours

        walls = sum(len(low) for _, low, _ in neighbours(found.packed, len(found.leads)))
        return 2 * walls == self.rank * found.count

    def plot(self, ax: Any = None) -> Any:
        """A picture with the sides of each hyperplane, exact vertices and the regions' indices. Needs matplotlib, extra
        ``plot``.

        By rank: points of a line, lines of a plane, planes of space in a box; central planes of rank 3 on the
        projective disc, antipodal regions drawn once, or on the sphere where ``ax`` is three-dimensional.

        Parameters
        ----------
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib Axes
            The exact vertices are those of :meth:`vertices`.

        Raises
        ------
        InputError
            A rank above 3, or more hyperplanes than can be told apart.
        """
        from exactgeo.arrangement.plot import draw_arrangement

        return draw_arrangement(self, ax)

    def vertices(self) -> list[tuple[Fraction, ...]]:
        """Points where d independent hyperplanes meet, exactly; in lexicographic order.

        Examples
        --------
        >>> A = Arrangement([[1, 0], [0, 2], [1, 1]], [0, 1, 0])
        >>> [[str(q) for q in v] for v in A.vertices()]
        [['-1/2', '1/2'], ['0', '0'], ['0', '1/2']]
        """
        if self.rank < self.dimension:
            return []
        from exactgeo.arrangement.faces import vertices

        return vertices(self._flats[self.dimension], self.normals, self.offsets)

    @cached_property
    def _rays(self) -> Rays:
        if not self.central:
            raise InputError(
                "offsets",
                "an affine arrangement",
                "a central one (rays are one-dimensional cones)",
                "the cone over it: rows (normal, -offset) and (0, ..., 0, 1)",
            )
        return Rays(self._oriented[0], self._table)

    def rays(self) -> list[tuple[int, ...]]:
        """Rays (cocircuits) of a central arrangement: both directions of each line cut out by a flat of rank r - 1.

        With a lineality space, rays are cosets of it; the representative is 0 off the first coordinates that
        carry the rank (the pivot columns of the normals). Primitive integers, lexicographic order. The closure
        of every region is the cone of its rays plus :meth:`lineality`.

        Raises
        ------
        InputError
            The arrangement is affine.

        Examples
        --------
        >>> Arrangement([[1, -1, 0], [0, 1, -1]]).rays()
        [(-1, -1, 0), (-1, 0, 0), (1, 0, 0), (1, 1, 0)]
        """
        return list(self._rays.vectors)

    def rays_of(self, signs: Sequence[int]) -> list[tuple[int, ...]]:
        """Rays in ``{w : sign_t <normal_t, w> >= 0}``, with ``= 0`` where the sign is 0: generators of a region's
        closure (or of a face's), modulo :meth:`lineality`.

        Parameters
        ----------
        signs : m integers -1, 0, 1

        Raises
        ------
        InputError
            Wrong length or entries, or the arrangement is affine.

        Examples
        --------
        >>> A = Arrangement([[1, 0], [0, 1], [1, 1]])
        >>> A.rays_of((1, -1, 1))
        [(1, -1), (1, 0)]
        """
        found = in_order(signs)
        if found is None or len(found) != self.m or any(in_order(s) or s not in (-1, 0, 1) for s in found):
            raise InputError("signs", f"{signs}", f"{self.m} entries -1, 0 or 1", "a row of regions().signs")
        return self._rays.of(tuple(map(int, found)))

    def rays_by_region(self) -> list[tuple[int, ...]]:
        """For each region, in order, the indices into :meth:`rays` of the rays in its closure, increasing.

        Cost: one comparison of bit sets a region and ray, in numpy.

        Raises
        ------
        InputError
            The arrangement is affine.
        InternalError
            The closure of a region has fewer rays than the rank.

        Examples
        --------
        >>> A = Arrangement([[1, 0], [0, 1]])
        >>> A.rays(), A.rays_by_region()
        ([(-1, 0), (0, -1), (0, 1), (1, 0)], [(0, 1), (0, 2), (1, 3), (2, 3)])
        """
        return self._rays.by_region(self.regions().masks)
