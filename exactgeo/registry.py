"""Entries of a registry and members of a list that load when they are first asked for.

A command loads the arguments it asks and the claims it makes, and no others. What is named as text lies in the package
that names it; imports between packages stay imports, where types and the direction of imports are checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from importlib import import_module
from itertools import islice
from threading import Lock
from typing import TypeVar, overload

__all__ = ["Gradual", "Registry"]

T = TypeVar("T")


class Registry(MutableMapping[str, T]):
    """Entries by name, each loaded when it is asked for; iterating over the names loads none.

    Parameters
    ----------
    package : str
        That of the files.
    entries : mapping
        From each name to ``file:attribute``.

    Examples
    --------
    >>> found = Registry("exactgeo", {"kind": "kinds:Kind", "reason": "kinds:Reason"})
    >>> list(found), found["kind"].__name__
    (['kind', 'reason'], 'Kind')
    """

    def __init__(self, package: str, entries: Mapping[str, str]) -> None:
        self._package, self._entries = package, dict[str, str | T](entries)

    def __getitem__(self, name: str) -> T:
        entry = self._entries[name]
        if isinstance(entry, str):
            file, _, attribute = entry.partition(":")
            entry = self._entries[name] = getattr(import_module(f"{self._package}.{file}"), attribute)
        return entry

    def __setitem__(self, name: str, entry: T) -> None:
        self._entries[name] = entry

    def __delitem__(self, name: str) -> None:
        del self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class Gradual(Sequence[T]):
    """What a generator gives, taken as far as somebody looks: its imports run when their turn comes.

    Parameters
    ----------
    members : callable
        Makes the generator.

    Examples
    --------
    >>> found = Gradual(lambda: (print(k) or k for k in range(3)))
    >>> 1 in found
    0
    1
    True
    >>> list(found)
    2
    [0, 1, 2]
    """

    def __init__(self, members: Callable[[], Iterator[T]]) -> None:
        self._members = members()
        self._known: list[T] = []
        self._next = Lock()

    def __iter__(self) -> Iterator[T]:
        k = 0
        while k < len(self._known) or self._one_more():
            yield self._known[k]
            k += 1

    def _one_more(self) -> bool:
        with self._next:
            before = len(self._known)
            self._known += islice(self._members, 1)
            return len(self._known) > before

    def _all(self) -> list[T]:
        while self._one_more():
            pass
        return self._known

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...

    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return tuple(self._all()[index]) if isinstance(index, slice) else self._all()[index]

    def __len__(self) -> int:
        return len(self._all())
