"""What one neuron may be at a random start: a region and the sign of its output weight, and how likely that is.

A basin's value depends on the set of types that its neurons hit alone: what the neurons of one region with one sign
reach together is what one of them reaches, for the cone of a region is closed under addition (docs/mathematics.md).
Types with the same columns of predictions are one type.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property

from exactgeo.basin.cone_program import indices
from exactgeo.basin.reduction import Reduction
from exactgeo.errors import InputError
from exactgeo.exact.spherical import Number, exact, power, working
from exactgeo.frozen import dataclass
from exactgeo.probability.regions import Measure

__all__ = ["NeuronTypes", "Starts", "of_width", "types_of"]


@dataclass(frozen=True)
class NeuronTypes:
    """The types of a neuron.

    Attributes
    ----------
    columns : tuple of int
        For each the columns of predictions that it may use, a mask; no two are equal.
    members : tuple of tuples of (region, sign)
        The regions and output signs that are this type.
    signs : tuple of int
        The output signs that occur.
    """

    columns: tuple[int, ...]
    members: tuple[tuple[tuple[int, int], ...], ...]
    signs: tuple[int, ...]

    @property
    def full(self) -> int:
        """The set of all types, as bits."""
        return (1 << len(self.columns)) - 1

    def reach(self, types: int) -> int:
        """The columns that some types may use together."""
        mask = 0
        for k in indices(types):
            mask |= self.columns[k]
        return mask

    def within(self, columns: int) -> int:
        """The types that use no other columns, as bits."""
        return sum(1 << k for k, mask in enumerate(self.columns) if not mask & ~columns)

    @cached_property
    def index(self) -> dict[tuple[int, int], int]:
        """The type of a region and an output sign."""
        return {member: k for k, members in enumerate(self.members) for member in members}


def types_of(reduction: Reduction) -> NeuronTypes:
    """The types of the neurons of a problem."""
    table: dict[int, dict[tuple[int, int], None]] = {}
    for group in reduction.exchangeable:
        for pattern in group.patterns:
            table.setdefault(pattern.mask, {})[pattern.region, pattern.sign] = None
    signs = tuple(s for s in (1, -1) if any((p.sign == s) for g in reduction.exchangeable for p in g.patterns))
    return NeuronTypes(tuple(table), tuple(map(tuple, table.values())), signs)


@dataclass(frozen=True, eq=False)
class Starts:
    """The random starts of networks of every width.

    Every neuron draws a region and, where output weights are trained, a sign, independently of the others. Frozen
    output weights have their signs: then some neurons draw a region among the types of the sign +, some of -.

    Attributes
    ----------
    measure : Measure
    types : NeuronTypes
    trained : bool
    frozen : (positive, negative)
        The number of frozen output weights of each sign; (0, 0) where they are trained.
    """

    measure: Measure
    types: NeuronTypes
    trained: bool
    frozen: tuple[int, int] = (0, 0)

    @classmethod
    def of(cls, reduction: Reduction, measure: Measure) -> Starts:
        """Those of a problem."""
        trained = any(group.frozen is None for group in reduction.exchangeable)
        values = [group.frozen for group in reduction.exchangeable for _ in group.neurons]
        frozen = sum(v is not None and v > 0 for v in values), sum(v is not None and v < 0 for v in values)
        return cls(measure, types_of(reduction), trained, frozen)

    def counts(self, width: int) -> tuple[int, ...]:
        """How many neurons draw in each way in a network of this width (:func:`of_width`)."""
        return (width,) if self.trained else of_width(self.frozen, width)

    def chances(self, types: int) -> tuple[Number, ...]:
        """For each way to draw the probability that the type is one of these."""
        if types == self.types.full:
            return (exact(Fraction(1)),) * (1 if self.trained else 2)
        if types not in self._known:
            with working(self.measure.bits):
                by_sign = [self._signed(types, sign) for sign in (1, -1)]
                self._known[types] = ((by_sign[0] + by_sign[1]) / 2,) if self.trained else tuple(by_sign)
        return self._known[types]

    @cached_property
    def _known(self) -> dict[int, tuple[Number, ...]]:
        return {}

    def _signed(self, types: int, sign: int) -> Number:
        if self.measure.samples is None:
            total = exact(0)
            for k in indices(types):
                total = total + self._each[sign][k]
            return total
        return self.measure.of(region for k in indices(types) for region, s in self.types.members[k] if s == sign)

    @cached_property
    def _each(self) -> dict[int, list[Number]]:
        """By output sign the probability of the regions of each type."""
        return {
            sign: [self.measure.of(region for region, s in members if s == sign) for members in self.types.members]
            for sign in (1, -1)
        }

    def all_within(self, types: int, counts: Sequence[int]) -> Number:
        """The probability that all neurons draw one of these types."""
        total = exact(Fraction(1))
        for chance, count in zip(self.chances(types), counts, strict=True):
            if count:
                total = total * power(chance, count)
        return total


def of_width(frozen: tuple[int, int], width: int) -> tuple[int, int]:
    """The numbers of frozen output weights of each sign in a network of a width, from those of the problem.

    Raises
    ------
    InputError
        They have both signs, and this is another width: nothing says what signs the other neurons have.
    """
    positive, negative = frozen
    if width == positive + negative:
        return frozen
    if positive and negative:
        found, write = f"width {width}", f"{positive + negative}, the neurons that are not frozen at 0"
        raise InputError("widths", found, "the width of the problem, whose output weights are frozen", write)
    return (width, 0) if positive else (0, width)
