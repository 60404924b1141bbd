"""``dataclasses.dataclass`` for frozen records, whose methods are made when a class is first used.

A command loads a hundred records and makes objects of half of them; to write and compile the methods of the rest took
more time than all else that it loads. What a record is, is said by :func:`dataclasses.dataclass` as ever: this says
when. Equality, hash and text are those of a dataclass too, without code of their own for each class.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from reprlib import recursive_repr
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["dataclass"]

T = TypeVar("T")

MADE = ("__dataclass_fields__", "__dataclass_params__", "__delattr__", "__init__", "__match_args__", "__setattr__")
"""What :func:`dataclasses.dataclass` gives a class."""

_making = RLock()


class _Pending:
    """An attribute of a class that is not made yet: whoever asks for one of them makes all."""

    def __init__(self, made: type, name: str) -> None:
        self._made, self._name = made, name

    def __get__(self, instance: object, owner: type) -> Any:
        with _making:
            if vars(self._made).get(self._name) is self:
                for name in MADE:
                    if isinstance(vars(self._made).get(name), _Pending):
                        delattr(self._made, name)
                dataclasses.dataclass(frozen=True, eq=False, repr=False)(self._made)
        return getattr(owner if instance is None else instance, self._name)


def _frozen(made: type[T], eq: bool) -> type[T]:
    own = vars(made)

    @cache
    def compared() -> Callable[[Any], Any]:
        names = [item.name for item in dataclasses.fields(made) if item.compare]  # type: ignore[arg-type]
        return attrgetter(*names) if len(names) > 1 else lambda self: tuple([getattr(self, name) for name in names])

    def __eq__(self: Any, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return bool(compared()(self) == compared()(other))

    def __hash__(self: Any) -> int:
        return hash(compared()(self))

    @recursive_repr()
    def __repr__(self: Any) -> str:
        shown = [f"{item.name}={getattr(self, item.name)!r}" for item in dataclasses.fields(made) if item.repr]  # type: ignore[arg-type]
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    methods: list[Callable[..., Any]] = [] if "__repr__" in own else [__repr__]
    if eq:
        # A class with an equality of its own has a hash of None, unless it has one of its own too.
        methods += [] if own.get("__hash__") is not None else [__hash__]
        methods += [] if "__eq__" in own else [__eq__]
    for method in methods:
        method.__qualname__ = f"{made.__qualname__}.{method.__name__}"
        setattr(made, method.__name__, method)
    for name in MADE:
        if name not in own:
            setattr(made, name, _Pending(made, name))
    return made


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool, eq: bool = True) -> Callable[[type[T]], type[T]]:
        """:func:`dataclasses.dataclass` with ``frozen=True``, made at first use.

        Examples
        --------
        >>> @dataclass(frozen=True)
        ... class Pair:
        ...     first: int
        ...     second: int = 2
        >>> Pair(1), Pair(1) == Pair(1, 2), dataclasses.replace(Pair(1), second=3)
        (Pair(first=1, second=2), True, Pair(first=1, second=3))
        """
        assert frozen
        return lambda made: _frozen(made, eq)
