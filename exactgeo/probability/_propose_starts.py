"""The basin value at random starts, drawn type by type: an estimate with an interval, where no proof is at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from exactgeo.exact.enclosure import Value
from exactgeo.exact.spherical import middle
from exactgeo.probability._propose_samples import clopper_pearson
from exactgeo.probability.neuron_types import Starts
from exactgeo.probability.sets import Values

__all__ = ["Estimate", "Interval"]

COUNT = 4096
"""Random starts a width."""

MISS = 1e-6


@dataclass(frozen=True)
class Interval:
    """An interval from random starts, and the probability with which such an interval holds."""

    lo: str
    hi: str
    level: str


@dataclass(frozen=True)
class Estimate:
    """Random starts of one level.

    Attributes
    ----------
    starts : Starts
    values : Values
    above : callable
        Whether a value is above the level.
    seed : int
    """

    starts: Starts
    values: Values
    above: Callable[[Value], bool]
    seed: int = 0
    count: int = COUNT
    _known: dict[int, bool] = field(default_factory=dict, repr=False)

    def row(self, counts: Sequence[int]) -> Interval:
        """P[Bas <= level] with these numbers of neurons."""
        import numpy as np

        random = np.random.default_rng(self.seed)
        hit = np.zeros((self.count, len(self.starts.types.columns)), dtype=bool)
        for part, neurons in enumerate(counts):
            chances = np.array([middle(self.starts.chances(1 << k)[part]) for k in range(hit.shape[1])])
            if neurons:
                hit |= random.multinomial(neurons, chances / chances.sum(), size=self.count) > 0
        packed = np.packbits(hit, axis=1, bitorder="little")
        below = sum(not self._is_above(int.from_bytes(row.tobytes(), "little")) for row in packed)
        low, high = clopper_pearson(below, self.count, MISS)
        return Interval(f"{low:.12f}", f"{high:.12f}", f"{1 - MISS:.6f}")

    def _is_above(self, types: int) -> bool:
        if types not in self._known:
            self._known[types] = self.above(self.values.value(types))
        return self._known[types]
