"""The regions of a small arrangement of rank 3 or 4 from the stars of its flats of codimension 2.

Every region has a face of codimension 2, and lies around it as a region of the hyperplanes through that face: those of
a plane, in cyclic order. So the regions are the compositions of a face F in a flat X of codimension 2 with a region of
the hyperplanes through X. Both are found in the same way, for X is a line (rank 3) or a plane itself (rank 4). In a
plane, with the forms u_1, ..., u_s, the region behind the ray d_i where u_i = 0, counterclockwise, holds ``M d_i`` plus
d_i turned by a right angle, M larger than all <u_j, u_k>; with its opposites these are all regions.

All in integers of 64 bits, which the largest product must fit; no order is computed and no point. A point of each
region is asked of another enumerator, which must have found the same regions. An affine arrangement is that of its
cone, on the positive side of the hyperplane at infinity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from exactgeo.arrangement.enumerators.deletion import deletion_restriction
from exactgeo.arrangement.enumerators.protocol import DistinctHyperplanes, Listed, SignVectors, Watch
from exactgeo.errors import InternalError
from exactgeo.exact.vectors import Integers

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

__all__ = ["stars", "stars_of_few"]

_MOST = {3: 30, 4: 20}
"""Hyperplanes, by the rank: beyond, the sweep is faster."""

_LARGEST = 10_000
"""Entries of the hyperplanes: then no determinant of three overflows, and what is made of these is measured."""


def stars(hyperplanes: DistinctHyperplanes, watch: Watch | None = None) -> SignVectors:
    """The stars of flats of codimension 2, where that is for the arrangement, with the points of deletion and
    restriction; else that alone; the entry of ``ENUMERATORS``."""
    found = stars_of_few(hyperplanes, lambda: deletion_restriction(hyperplanes), watch)
    return deletion_restriction(hyperplanes, watch) if found is None else found


def stars_of_few(
    hyperplanes: DistinctHyperplanes, points: Callable[[], SignVectors], watch: Watch | None = None
) -> SignVectors | None:
    """The regions of few hyperplanes of rank 3 or 4 (affine: of one less), with short numbers; None of others.

    Parameters
    ----------
    hyperplanes : DistinctHyperplanes
    points : callable
        Gives the regions with interior points, of another enumerator, when one is asked for.
    watch : callable (number of regions), optional
        As for every enumerator.
    """
    vectors = hyperplanes.vectors
    if not hyperplanes.central:
        vectors = (*vectors, (0,) * hyperplanes.rank + (1,))
    rank = hyperplanes.rank + (not hyperplanes.central)
    if rank not in _MOST or not rank <= len(vectors) <= _MOST[rank]:
        return None
    if max(max(map(abs, vector)) for vector in vectors) > _LARGEST:
        return None
    masks = _half(vectors)
    if masks is None:
        return None
    everything = (1 << len(vectors)) - 1
    if hyperplanes.central:
        masks += [everything ^ mask for mask in masks]
    else:
        masks = [mask >> 1 for mask in masks]
    if watch is not None:
        watch(len(masks))
    return Listed(_Later(masks, points), len(hyperplanes.vectors))


class _Later(Mapping[int, Integers]):
    """Points of regions, found when one is asked for."""

    def __init__(self, masks: list[int], points: Callable[[], SignVectors]) -> None:
        self._masks, self._make = masks, points
        self._points: dict[int, Integers] = {}

    def __getitem__(self, mask: int) -> Integers:
        if not self._points:
            found = self._make()
            known = list(map(found.mask, range(found.count)))
            if known != sorted(self._masks):
                raise InternalError("two enumerators find different regions")
            self._points = dict(zip(known, found.points(0, found.count), strict=True))
        return self._points[mask]

    def __iter__(self) -> Iterator[int]:
        return iter(self._masks)

    def __len__(self) -> int:
        return len(self._masks)


def _half(vectors: tuple[Integers, ...]) -> list[int] | None:
    """One of each pair of opposite regions of linear hyperplanes, as bit sets: where the last one is positive.

    None where a product might not fit.
    """
    import numpy as np

    rows = np.array(vectors, dtype=np.int64)
    count = len(rows)
    bits = np.int64(1) << np.arange(count - 1, -1, -1, dtype=np.int64)
    order = np.arange(count)
    first, second = (order[:, None] < order).nonzero()
    forms, through = _on_flats(rows, first, second)
    # Each flat once: as the pair of the first two of its hyperplanes.
    alone = (through.cumsum(axis=1)[np.arange(len(first)), second] == 2).nonzero()[0]
    forms, through = forms[alone], through[alone]
    across = _across(rows, first[alone], second[alone])
    if not _fit(across) or (rows.shape[1] == 4 and not _fit(forms)):
        return None
    at, region = _around(across, through, bits)
    if rows.shape[1] == 3:
        face = ((forms[:, :, 0] > 0) @ bits)[at]
    else:
        plane, faces = _faces(forms, through, bits)
        entry, index, _ = _pairs(at, np.bincount(plane, minlength=len(alone)))
        at, region, face = at[entry], region[entry], faces[index]
    masks = np.concatenate([face | region, face | (through @ bits)[at] ^ region])
    # Opposite regions are one: of the two the one where the last hyperplane is positive.
    masks ^= (masks & 1 ^ 1) * np.int64((1 << count) - 1)
    masks.sort()
    new = np.ones(len(masks), dtype=bool)
    new[1:] = masks[1:] != masks[:-1]
    listed: list[int] = masks[new].tolist()
    return listed


def _fit(forms: Ints) -> bool:
    """Whether the products below are of 62 bits: those of two forms times more than the largest of these."""
    largest = int(abs(forms).max(initial=0))
    return (2 * largest * largest + 1) ** 2 < 1 << 62


def _on_flats(rows: Ints, first: Ints, second: Ints) -> tuple[Ints, Any]:
    """The hyperplanes as forms on the flats of pairs of them, shape (P, q, rank - 2), and which are 0 there.

    In rank 4 on coordinates that a flat projects to one to one: those off the largest minor of the pair.
    """
    import numpy as np

    a, b = rows[first], rows[second]
    if rows.shape[1] == 3:
        cross = np.stack(
            [
                a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1],
                a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2],
                a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0],
            ],
            axis=1,
        )
        forms = (cross @ rows.T)[:, :, None]
        return forms, forms[:, :, 0] == 0
    left, right, kept = _chosen(a, b)
    at = np.arange(len(a))
    minor = a[at, left] * b[at, right] - a[at, right] * b[at, left]
    # A vector e of the flat with e_s = 1, e_t = 0 beside it, times the minor: Cramer's rule.
    basis = np.zeros((len(a), 4, 2), dtype=np.int64)
    for k in (0, 1):
        s = kept[:, k]
        basis[at, s, k] = minor
        basis[at, left, k] = a[at, right] * b[at, s] - a[at, s] * b[at, right]
        basis[at, right, k] = a[at, s] * b[at, left] - a[at, left] * b[at, s]
    forms = rows @ basis
    return forms, (forms == 0).all(axis=2)


def _chosen(a: Ints, b: Ints) -> tuple[Ints, Ints, Ints]:
    """For each pair of rows the two columns of their largest minor, and the others."""
    import numpy as np

    columns = np.array(_COLUMNS[a.shape[1]])
    minors = a[:, columns[:, 0]] * b[:, columns[:, 1]] - a[:, columns[:, 1]] * b[:, columns[:, 0]]
    best = columns[np.abs(minors).argmax(axis=1)]
    return best[:, 0], best[:, 1], best[:, 2:]


_COLUMNS = {
    3: [(0, 1, 2), (0, 2, 1), (1, 2, 0)],
    4: [(0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2), (1, 2, 0, 3), (1, 3, 0, 2), (2, 3, 0, 1)],
}


def _across(rows: Ints, first: Ints, second: Ints) -> Ints:
    """The hyperplanes across the flats of pairs of them, as forms in a plane, shape (P, q, 2): for those through a flat
    two of their columns tell, those of a minor of the pair that is not 0."""
    import numpy as np

    left, right, _ = _chosen(rows[first], rows[second])
    return np.stack([rows[:, left].T, rows[:, right].T], axis=2)


def _around(forms: Ints, through: Any, bits: Ints) -> tuple[Ints, Ints]:
    """The regions around P flats, from the forms across, shape (P, q, 2), of those through it: which flat, and the bits
    of the hyperplanes through it. One of each pair of opposite regions; flats in order."""
    import numpy as np

    flat, ray = through.nonzero()
    vectors, bit = forms[flat, ray], bits[ray]
    behind, other, begin = _pairs(flat, np.bincount(flat, minlength=len(forms)))
    side = (_points_behind(vectors)[behind] * vectors[other]).sum(axis=1)
    return flat, np.add.reduceat((side > 0) * bit[other], begin)


def _faces(forms: Ints, through: Any, bits: Ints) -> tuple[Ints, Ints]:
    """The faces of dimension 2 in P planes, from the forms there, shape (P, q, 2): which plane, and the bits of the
    hyperplanes not through it. One of each pair of opposite faces at least once; planes in order."""
    side = forms @ _points_behind(forms).swapaxes(1, 2)
    plane, ray = (~through).nonzero()
    return plane, (bits @ (side > 0))[plane, ray]


def _points_behind(forms: Ints) -> Ints:
    """For each form u of two entries, the last axis: a point behind the ray d = (-y, x) where it is 0, ``M d - u``."""
    import numpy as np

    largest = 2 * int(abs(forms).max(initial=0)) ** 2 + 1
    return np.stack([-forms[..., 1], forms[..., 0]], axis=-1) * largest - forms


def _pairs(groups: Ints, sizes: Ints) -> tuple[Ints, Ints, Ints]:
    """Of every entry with all of a list that stands in its group: the entry, the index in the list; where each begins.

    Parameters
    ----------
    groups : the group of each entry
    sizes : how many of the list stand in each group, one group after the other
    """
    import numpy as np

    times = sizes[groups]
    begin = times.cumsum() - times
    start = (sizes.cumsum() - sizes)[groups] - begin
    entry = np.repeat(np.arange(len(groups)), times)
    return entry, np.arange(len(entry)) + start[entry], begin
