"""What every kind of claim is: a frozen record that is written as one object and read back."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, Self

from exactgeo.claims.fields import from_data, to_data
from exactgeo.problem import Point
from exactgeo.shown import Shown

__all__ = ["Claim", "PointClaim"]


@dataclass(frozen=True)
class Claim(Shown, ABC):
    """One statement with its proof. A kind of claim is a frozen record in a file of its own and an entry in ``CLAIMS``.

    The fields are annotated with rationals, whole numbers, words, points, tuples, frozen mappings and records of these,
    which is all that :mod:`exactgeo.claims.fields` needs to write and read them. The laws, which ``tests/laws`` runs
    over ``CLAIMS``:

    * ``read(write(c)) == c``, and ``write(read(data)) == data`` for the data of an accepted certificate;
    * the names of the fields are the keys of the format document; the format grows by kinds, and no kind changes;
    * the checker accepts what a prover writes: it has a function for the kind, and the format document a section.

    Attributes
    ----------
    kind : str
        Of the class: the word under ``kind`` in a certificate.
    """

    kind: ClassVar[str]

    def write(self) -> dict[str, Any]:
        """The claim as JSON data; rationals are strings."""
        return dict(to_data(self))

    @cached_property
    def long_numbers(self) -> tuple[int, int]:
        """The digits of its numbers of more than 50 digits, together, and of the longest; perhaps one too many each."""
        digits = [1 + bits * 30103 // 100_000 for bits in _bits(self, [])]
        return sum(q for q in digits if q > 50), max(digits, default=0)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The claim from its JSON data.

        Raises
        ------
        exactgeo.claims.fields.Misread
            The data are not those of a claim of this kind.
        """
        claim: Self = from_data(cls, data)
        return claim


@dataclass(frozen=True)
class PointClaim(Claim):
    """A claim about a point: all kinds but that about the regions of an arrangement.

    Attributes
    ----------
    point : Point
        Its frozen parameters are those of the statement.
    loss : Fraction
        At the point.
    """

    point: Point
    loss: Fraction

    @property
    def at_point(self) -> Fraction:
        """The loss at the point, as a number."""
        return self.loss


def _bits(value: Any, found: list[int]) -> list[int]:
    """Of every numerator, denominator and integer in a record, its length in bits, added to a list."""
    # By the type where that is one of the many: a mapping is asked for last, for that takes longest.
    kind = type(value)
    if kind is Fraction:
        found += value.numerator.bit_length(), value.denominator.bit_length()
    elif kind is tuple:
        for item in value:
            _bits(item, found)
    elif kind is int or kind is bool:
        found.append(value.bit_length())
    elif kind is not str and value is not None:
        for item in _parts(value):
            _bits(item, found)
    return found


def _parts(value: Any) -> Iterable[Any]:
    if is_dataclass(value):
        return [getattr(value, field.name) for field in fields(value)]
    if isinstance(value, Mapping):
        return (item for entry in value.items() for item in entry)
    return value if isinstance(value, tuple | list | frozenset) else ()
