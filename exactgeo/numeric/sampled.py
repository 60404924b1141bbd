"""Regions of one neuron met by random weights, with an estimate of how many were not met."""

from __future__ import annotations

from collections import Counter
from math import comb
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactgeo.errors import InputError
from exactgeo.frozen import dataclass
from exactgeo.numeric.blocks import MEMORY, Progress, expect_memory
from exactgeo.numeric.constructors import finite
from exactgeo.numeric.layers import Floats
from exactgeo.numeric.precision import Precision, precision_of

__all__ = ["SampledRegions", "sampled_regions"]

ENTRY = 256
"""Bytes that a dictionary of counts takes a key, beyond the packed signs, which are held twice."""


@dataclass(frozen=True, eq=False)
class SampledRegions:
    """Regions met by normal random weights of one neuron. Numeric: a sample and two estimates, no census.

    Each region listed exists, up to the floats' proved bound on rounding: weights with a doubtful sign are left out.

    Attributes
    ----------
    packed : uint8, shape (K, ceil(m / 8))
        The distinct sign vectors as ``numpy.packbits`` writes them (bit 1: positive), in the order they were met.
    counts : int64, shape (K,)
        How often each was met.
    m, dimension : int
        Data points, and trained coordinates of a neuron (its bias included).
    samples, doubtful : int
        Weights drawn, and those of them left out since the sign of a pre-activation is not sure.
    dtype : str
    seed : int
    """

    packed: NDArray[np.uint8]
    counts: NDArray[np.int64]
    m: int
    dimension: int
    samples: int
    doubtful: int
    dtype: str
    seed: int

    def __len__(self) -> int:
        return len(self.counts)

    def signs(self, chosen: slice = slice(None)) -> NDArray[np.int8]:
        """Sign vectors of some regions, shape (K, m), entries -1 and 1."""
        bits = np.unpackbits(self.packed[chosen], axis=1, count=self.m).astype(np.int8)
        return np.asarray(2 * bits - 1, dtype=np.int8)

    @property
    def once(self) -> int:
        """Regions that were met once."""
        return int((self.counts == 1).sum())

    @property
    def twice(self) -> int:
        """Regions that were met twice."""
        return int((self.counts == 2).sum())

    @property
    def missing_mass(self) -> float:
        """Good and Turing's estimate (Good 1953) of the probability that one more draw is in a region not yet met."""
        total = int(self.counts.sum())
        return self.once / total if total else 1.0

    @property
    def missing(self) -> float:
        """Chao's estimate (1984, bias-corrected) of the number of regions not met: a lower bound in expectation.

        Regions that are too small to be met leave no trace in it; :attr:`most` bounds what there can be.
        """
        return self.once * (self.once - 1) / (2 * (self.twice + 1))

    @property
    def most(self) -> int:
        """No central arrangement of m hyperplanes in this dimension has more regions (Schlaefli, Cover 1965). Exact."""
        return 2 * sum(comb(self.m - 1, i) for i in range(min(self.dimension, self.m))) if self.dimension else 0

    def needs(self) -> str:
        """What a proof would need."""
        return "a census: all regions, and their number, are what exactgeo.arrangement lists and proves"

    def to_json(self) -> dict[str, Any]:
        """Summary as JSON values; ``status`` is always ``numeric``, and each estimate has its name."""
        return {
            "status": "numeric",
            "dtype": self.dtype,
            "seed": self.seed,
            "samples": self.samples,
            "doubtful": self.doubtful,
            "regions_met": len(self),
            "missing_mass": {"estimate": self.missing_mass, "estimator": "Good-Turing"},
            "missing_regions": {"estimate": self.missing, "estimator": "Chao1, a lower bound in expectation"},
            "at_most": str(self.most),
            "needs": self.needs(),
        }


def sampled_regions(
    x: ArrayLike,
    samples: int,
    *,
    bias: bool = True,
    seed: int = 0,
    dtype: str = "float64",
    memory: int = MEMORY,
    progress: Progress | None = None,
) -> SampledRegions:
    """Activation patterns of one neuron at random weights, and estimates of what is missing.

    Parameters
    ----------
    x : shape (m, d)
    samples : int
        Weights to draw, standard normal in every coordinate: regions are met in proportion to their solid angle.
    bias : bool
        Draw a bias too.
    seed : int
    dtype : str
        ``"float64"`` or ``"float32"``; the weights drawn are floats of this type.
    memory : int
        Bytes that the sample and the block at work may take, the data not counted.
    progress : callable, optional
        Called with (done, total) samples after every block.

    Returns
    -------
    SampledRegions. Cost: two products of (samples, d) and (d, m).

    Raises
    ------
    InputError
        Data that are no finite matrix, no samples, another dtype, memory too small for the worst case, which is that
        every sample is in a region of its own.

    Examples
    --------
    >>> found = sampled_regions([[1], [2]], 1000, bias=False)
    >>> len(found), found.missing, found.most
    (2, 0.0, 2)
    """
    rows = finite(x, "x", 2)
    if type(samples) is not int or samples < 1:
        raise InputError("samples", str(samples), "a whole number from 1", "10000")
    if type(seed) is not int or seed < 0:
        raise InputError("seed", str(seed), "a whole number from 0", "0")
    if not rows.size:
        raise InputError("x", f"shape {rows.shape}", "at least one row and one column", "[[1, 2], [3, 4]]")
    precision = precision_of(dtype)
    if bias:
        rows = np.hstack([rows, np.ones((len(rows), 1))])
    draw = _Draw(rows, precision)
    least = samples * (2 * draw.bytes + ENTRY) + draw.per_sample
    expect_memory(memory, least)
    step = max(1, min(samples, (memory - least) // draw.per_sample + 1))
    generator = np.random.default_rng(seed)
    met: Counter[bytes] = Counter()
    doubtful = 0
    for start in range(0, samples, step):
        stop = min(start + step, samples)
        packed, sure = draw.signs(generator.standard_normal((stop - start, rows.shape[1]), dtype=precision.dtype))
        doubtful += int((~sure).sum())
        met.update(row.tobytes() for row in packed[sure])
        if progress is not None:
            progress(stop, samples)
    table = np.frombuffer(b"".join(met), dtype=np.uint8).reshape(len(met), draw.bytes)
    counts = np.fromiter(met.values(), dtype=np.int64, count=len(met))
    return SampledRegions(table, counts, len(rows), rows.shape[1], samples, doubtful, dtype, seed)


class _Draw:
    """The data in one float type, and the signs of many weights on them."""

    def __init__(self, rows: Floats, precision: Precision) -> None:
        self.columns = np.ascontiguousarray(rows.T.astype(precision.dtype))
        self.sizes = np.abs(self.columns) + precision.floor
        self.relative = precision.of_sum(len(self.columns))
        self.lost = precision.tiny * (len(self.columns) + 16)
        # A row of zeros is on no side: it is no hyperplane, and its sign is never asked.
        self.zero = ~rows.any(axis=1)
        self.bytes = -(-len(rows) // 8)
        self.per_sample = precision.dtype.itemsize * (4 * len(rows) + 2 * len(self.columns))

    def signs(self, weights: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Packed signs, and whether all of a row are sure."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            z = weights @ self.columns
            bound = np.abs(weights) @ self.sizes
            bound *= self.relative * (1 + 8 * self.relative)
            bound += self.lost
            sure = np.asarray(((np.abs(z) > bound) | self.zero).all(axis=1))
        return np.packbits((z > 0) & ~self.zero, axis=1), sure
