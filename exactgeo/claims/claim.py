"""What every kind of claim is: a frozen record that is written as one object and read back."""

from __future__ import annotations

from abc import ABC
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from functools import cache, cached_property
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
        """The digits of its numbers of more than 50 digits, together, and of the longest; perhaps one too many each.
        0 and 0 where there are none."""
        digits = [1 + number.bit_length() * 30103 // 100_000 for number in _long(self)]
        return sum(digits), max(digits, default=0)

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


SHORT = 1 << 166
"""The least number that may have more than 50 digits."""


def _long(value: Any) -> list[int]:
    """The numerators, denominators and integers in a record that may have more than 50 digits."""
    found: list[int] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        # By the type where that is one of the many: a mapping is asked for last, for that takes longest.
        kind = type(item)
        if kind is Fraction:
            top, bottom = item.as_integer_ratio()
            if bottom >= SHORT or not -SHORT < top < SHORT:
                found += [q for q in (top, bottom) if abs(q) >= SHORT]
        elif kind is tuple:
            waiting.extend(item)
        elif kind is int:
            if not -SHORT < item < SHORT:
                found.append(item)
        elif kind is not str and item is not None:
            waiting.extend(_parts(item))
    return found


def _parts(value: Any) -> Iterable[Any]:
    names = _names(value.__class__)
    if names:
        return [getattr(value, name) for name in names]
    if isinstance(value, Mapping):
        return (item for entry in value.items() for item in entry)
    return value if isinstance(value, tuple | list | frozenset) else ()


@cache
def _names(kind: Hashable) -> tuple[str, ...]:
    """The fields of a record; () of another type."""
    return tuple(item.name for item in fields(kind)) if is_dataclass(kind) else ()
