"""The basin value at random starts, drawn type by type: an estimate with an interval, where no proof is at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field

from exactgeo.basin.reduction import Reduction
from exactgeo.errors import OutOfTime
from exactgeo.exact.enclosure import Value
from exactgeo.exact.spherical import middle
from exactgeo.frozen import dataclass
from exactgeo.probability._propose_samples import clopper_pearson
from exactgeo.probability.neuron_types import Starts
from exactgeo.probability.sets import Values

__all__ = ["Estimate", "Interval", "Simulation"]

COUNTS = range(64, 4097, 64)
"""Random starts a width: as many of these numbers as there is time for, the first one always."""

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
    check : callable
        Raises OutOfTime when there is no time left.
    """

    starts: Starts
    values: Values
    above: Callable[[Value], bool]
    seed: int = 0
    check: Callable[[], None] = lambda: None
    _known: dict[int, bool] = field(default_factory=dict, repr=False)

    def row(self, counts: Sequence[int]) -> Interval:
        """P[Bas <= level] with these numbers of neurons."""
        import numpy as np

        random = np.random.default_rng(self.seed)
        hit = np.zeros((COUNTS[-1], len(self.starts.types.columns)), dtype=bool)
        for part, neurons in enumerate(counts):
            chances = np.array([middle(self.starts.chances(1 << k)[part]) for k in range(hit.shape[1])])
            if neurons:
                hit |= random.multinomial(neurons, chances / chances.sum(), size=COUNTS[-1]) > 0
        packed = np.packbits(hit, axis=1, bitorder="little")
        below = done = 0
        for count in COUNTS:
            if done and self._late():
                break
            rows = packed[done:count]
            below += sum(not self._is_above(int.from_bytes(row.tobytes(), "little")) for row in rows)
            done = count
        low, high = clopper_pearson(below, done, MISS)
        return Interval(f"{low:.12f}", f"{high:.12f}", f"{1 - MISS:.6f}")

    def _late(self) -> bool:
        try:
            self.check()
        except OutOfTime:
            return True
        return False

    def _is_above(self, types: int) -> bool:
        if types not in self._known:
            self._known[types] = self.above(self.values.value(types))
        return self._known[types]


@dataclass(frozen=True)
class Simulation:
    """Random networks, drawn weight by weight: the input weights normally distributed, the signs by coins.

    A check of the law that shares its basin values only.

    Attributes
    ----------
    reduction : Reduction
    starts : Starts
    values : Values
    seed : int
    """

    reduction: Reduction
    starts: Starts
    values: Values
    seed: int = 0

    def hits(self, width: int, count: int) -> list[int]:
        """For each network the types that its neurons have, as bits."""
        import numpy as np

        random = np.random.default_rng(self.seed)
        rows = np.array([[float(q) for q in row] for row in self.reduction.rows])
        index = {np.packbits(np.array(signs) > 0).tobytes(): k for k, signs in enumerate(self.reduction.regions)}
        found = [0] * count
        for part, neurons in enumerate(self.starts.counts(width)):
            for _ in range(neurons):
                regions = np.packbits(random.standard_normal((count, rows.shape[1])) @ rows.T > 0, axis=1)
                signs = random.choice((1, -1), size=count) if self.starts.trained else [1 - 2 * part] * count
                for i, (region, sign) in enumerate(zip(regions, signs, strict=True)):
                    # Without a kink there is one region, whatever the signs.
                    k = index.get(region.tobytes(), 0)
                    found[i] |= 1 << self.starts.types.index[k, int(sign)]
        return found

    def values_of(self, width: int, count: int) -> list[Value]:
        """The basin value of each network."""
        return [self.values.value(types) for types in self.hits(width, count)]

    def below(self, above: Callable[[Value], bool], width: int, count: int) -> tuple[int, float, float]:
        """How many have a value that is not above a level, and the interval of that fraction."""
        number = sum(not above(value) for value in self.values_of(width, count))
        return (number, *clopper_pearson(number, count, MISS))
