"""The regions of an arrangement by a sweep along a flag, vectorised over its flats; no linear program, no search.

Take an essential affine arrangement in dimension n and a flag of affine subspaces F^0 < F^1 < ... < F^n, F^k of
dimension k, in general position to it; let y_k vanish on F^(k-1). A region that meets F^k but not F^(k-1) lies on one
side of F^(k-1) and has there a unique point nearest to it in the sense of y_k: a vertex v_X, where a flat X of
codimension k meets F^k. So the regions are counted by pairs (X, rho), rho a region of the local arrangement A_X in F^k
on which |y_k| grows away from v_X, each exactly once; the region is the composition of the signs at v_X with rho.
There are |mu(X)| of them [1]_, |chi(-1)| in all.

In general position all this is subset arithmetic (:mod:`.general_position`); in special position the flats are found
by joins (:mod:`.flats`) and rho from the flats that X covers (:mod:`.local_regions`). A central arrangement is swept in
the affine space where one hyperplane is 1; the other regions are the negatives. Lines of a plane have a sweep of their
own (:mod:`.planar`).

References
----------
.. [1] C. Greene, T. Zaslavsky, On the interpretation of Whitney numbers through arrangements of hyperplanes, zonotopes,
   non-Radon partitions, and orientations of graphs, Trans. AMS 280 (1983), 97-126.
"""

from __future__ import annotations

from exactgeo.arrangement.enumerators.deletion import deletion_restriction
from exactgeo.arrangement.enumerators.protocol import DistinctHyperplanes, SignVectors, Watch

__all__ = ["sweep"]


def sweep(hyperplanes: DistinctHyperplanes, watch: Watch | None = None) -> SignVectors:
    """Vectorised over the flats, or along the lines of a plane; the entry of ``ENUMERATORS``.

    Raises
    ------
    InternalError
        A region was found twice, or no flag in general position was found.
    """
    if hyperplanes.rank - hyperplanes.central < 1:
        return deletion_restriction(hyperplanes, watch)
    # Not at the top: numpy takes longer to load than a small arrangement to enumerate.
    from exactgeo.arrangement.enumerators.ordered import Ordered

    return Ordered(hyperplanes, watch)
