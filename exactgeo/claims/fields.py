"""The fields of a claim as JSON data, and back: one form for each type, taken from the annotations of the claim.

A rational is ``"p/q"`` in lowest terms, a tuple a list, a record (a point, say) an object of its fields, with ``kind``
or ``rule`` where the record has one, a :class:`FrozenDict` an object. Reading refuses whatever writing would have
written otherwise, so that equal data are equal texts; whether a claim is *true* is the checker's matter.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from exactgeo.exact.rational import format_rational, read_rational

__all__ = ["FrozenDict", "Misread", "Weights", "from_data", "to_data"]

K = TypeVar("K", int, str)
V = TypeVar("V")


class FrozenDict(Mapping[K, V]):
    """A mapping that does not change; two are equal when their entries are, in whatever order.

    Examples
    --------
    >>> weights = FrozenDict([(4, 1), (0, 3)])
    >>> weights[4], len(weights), weights == FrozenDict({0: 3, 4: 1})
    (1, 2, True)
    """

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[K, V] | Iterable[tuple[K, V]] = ()) -> None:
        self._entries: dict[K, V] = dict(entries)

    def __getitem__(self, key: K) -> V:
        return self._entries[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def items(self) -> ItemsView[K, V]:
        # The mixin of Mapping looks up each key.
        return self._entries.items()

    def __hash__(self) -> int:
        return hash(frozenset(self._entries.items()))

    def __repr__(self) -> str:
        return f"FrozenDict({self._entries!r})"


Weights = FrozenDict[int, Fraction]
"""Rational weights of indices; those left out have weight 0."""


class Misread(Exception):
    """Data that a type does not have: the way to it, what stood there and what belongs there."""

    def __init__(self, found: Any, expected: str) -> None:
        self.path = ""
        self.found = repr(found) if isinstance(found, (str, int, NoneType)) else f"a {type(found).__name__}"
        self.expected = expected
        super().__init__(expected)

    def under(self, step: str) -> Misread:
        """The same, seen from one level above."""
        self.path = step + self.path
        return self


def to_data(value: Any) -> Any:
    """The JSON data of a field. Cost: one conversion of each rational.

    Raises
    ------
    TypeError
        A value of a type that no claim has.
    """
    if isinstance(value, Fraction):
        return format_rational(value)
    if isinstance(value, tuple):
        return [to_data(item) for item in value]
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, FrozenDict):
        return {str(key): to_data(item) for key, item in value.items()}
    record: type = type(value)
    if is_dataclass(record):
        return _tag(record) | {name: to_data(getattr(value, name)) for name in _types(record)}
    raise TypeError(f"{record.__name__} has no place in a certificate")


def from_data(kind: Any, data: Any) -> Any:
    """The value of a type (as a field is annotated) from its JSON data: the inverse of :func:`to_data`.

    Raises
    ------
    Misread
        The data are not what :func:`to_data` makes of a value of this type.
    """
    origin = get_origin(kind)
    if kind is Fraction:
        return _rational(data)
    if origin is tuple:
        return _many(get_args(kind)[0], data)
    if origin in (Union, UnionType):
        return _one_of([member for member in get_args(kind) if member is not NoneType], kind, data)
    if origin is FrozenDict:
        key, item = get_args(kind)
        return _mapping(key, item, data)
    if issubclass(kind, StrEnum):
        if type(data) is not str or data not in set(kind):
            raise Misread(data, "one of " + ", ".join(kind))
        return kind(data)
    if is_dataclass(kind):
        return _record(kind, data)
    if type(data) is not kind:
        raise Misread(data, f"a value of type {kind.__name__}")
    return data


@cache
def _types(record: type) -> dict[str, Any]:
    hints = get_type_hints(record)
    return {item.name: hints[item.name] for item in fields(record)}


@cache
def _tag(record: type) -> dict[str, str]:
    """What tells a record from the others that may stand in its place."""
    return {name: getattr(record, name) for name in ("kind", "rule") if isinstance(getattr(record, name, None), str)}


def _rational(data: Any) -> Fraction:
    if type(data) is not str:
        raise Misread(data, 'a rational as text, such as "1/2"')
    try:
        return read_rational(data)
    except ValueError:
        raise Misread(data, 'a rational in lowest terms, such as "1/2"') from None


def _many(item: Any, data: Any) -> tuple[Any, ...]:
    if type(data) is not list:
        raise Misread(data, "a list")
    found = []
    for k, entry in enumerate(data):
        try:
            found.append(from_data(item, entry))
        except Misread as error:
            raise error.under(f"[{k}]") from None
    return tuple(found)


def _mapping(key: type, item: Any, data: Any) -> FrozenDict[Any, Any]:
    found: dict[Any, Any] = {}
    for name, entry in _keyed(data).items():
        if key is int and not (name.isascii() and name.isdigit() and str(int(name)) == name):
            raise Misread(name, "an index")
        try:
            found[key(name)] = from_data(item, entry)
        except Misread as error:
            raise error.under(f".{name}") from None
    return FrozenDict(found)


def _keyed(data: Any) -> dict[str, Any]:
    if type(data) is not dict:
        raise Misread(data, "an object")
    return data


def _one_of(members: list[Any], union: Any, data: Any) -> Any:
    if data is None and NoneType in get_args(union):
        return None
    if str in members and type(data) is str:
        return data
    members = [member for member in members if member is not str]
    if len(members) > 1 and all(get_origin(member) is tuple for member in members):
        # Lists of other things: a vector, or rows.
        deep = isinstance(data, list) and any(isinstance(entry, list) for entry in data)
        members = [member for member in members if (get_origin(get_args(member)[0]) is tuple) == deep]
    if len(members) == 1:
        return from_data(members[0], data)
    # Claims have a kind, other records a rule; at most one of them has none: what is written without one.
    name = "kind" if all("kind" in _tag(member) for member in members) else "rule"
    rules = {_tag(member).get(name): member for member in members}
    rule = _keyed(data).get(name)
    if not isinstance(rule, str | NoneType) or rule not in rules:
        raise Misread(rule, f"one of the {name}s " + ", ".join(filter(None, rules)))
    return _record(rules[rule], data)


def _record(record: Any, data: Any) -> Any:
    types, tag = _types(record), _tag(record)
    if odd := _keyed(data).keys() ^ types.keys() ^ tag.keys():
        raise Misread(min(odd), "an object of exactly the keys " + ", ".join([*tag, *types]))
    values = {}
    for name, text in tag.items():
        if data[name] != text:
            raise Misread(data[name], f'"{text}"').under(f".{name}")
    for name, kind in types.items():
        try:
            values[name] = from_data(kind, data[name])
        except Misread as error:
            raise error.under(f".{name}") from None
    return record(**values)
