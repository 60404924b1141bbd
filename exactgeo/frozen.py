"""``dataclasses.dataclass`` for frozen records, whose methods are made when a class is first used.

A command loads a hundred records and makes objects of half of them; to write and compile six methods of each took more
time than all else that it loads. What a record is, is said as for :func:`dataclasses.dataclass`, and ``fields`` and
``replace`` know it. Only the initialiser is code of its own for each class, compiled when it is first called.
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

MADE = ("__dataclass_fields__", "__dataclass_params__", "__init__", "__match_args__")
"""What is made at first use."""

_making = RLock()


class _Factory:
    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _Factory()
"""The default, in a signature, of a field whose values are made."""


class _Pending:
    """An attribute of a class that is not made yet: whoever asks for one of them makes all."""

    def __init__(self, made: type, name: str) -> None:
        self._made, self._name = made, name

    def __get__(self, instance: object, owner: type) -> Any:
        made = self._made
        with _making:
            if vars(made).get(self._name) is self:
                for name in MADE:
                    if isinstance(vars(made).get(name), _Pending):
                        delattr(made, name)
                # It would write the signature there, and `inspect` parse that of `object` for it.
                made.__doc__ = made.__doc__ or made.__name__
                # Not frozen for `dataclasses`: it would compile two methods that say what ours say.
                dataclasses.dataclass(init=False, eq=False, repr=False)(made)
                if "__init__" not in vars(made):
                    made.__init__ = _initialiser(made)  # type: ignore[misc]
        return getattr(owner if instance is None else instance, self._name)


def _initialiser(made: Any) -> Callable[..., None]:
    """What ``dataclasses`` writes for a frozen record."""
    known: dict[str, Any] = {"_assign": object.__setattr__, "_missing": _FACTORY}
    heads, lines = ["self"], []
    for item in dataclasses.fields(made):
        if item.kw_only or not item.init:
            raise TypeError(f"{made.__qualname__}.{item.name}: a frozen record takes all its fields, in order")
        head, value = item.name, item.name
        if item.default is not dataclasses.MISSING:
            known[f"_default_{item.name}"] = item.default
            head += f"=_default_{item.name}"
        elif item.default_factory is not dataclasses.MISSING:
            known[f"_make_{item.name}"] = item.default_factory
            head += "=_missing"
            value = f"_make_{item.name}() if {item.name} is _missing else {item.name}"
        heads.append(head)
        lines.append(f"    _assign(self, {item.name!r}, {value})\n")
    if hasattr(made, "__post_init__"):
        lines.append("    self.__post_init__()\n")
    exec(f"def __init__({', '.join(heads)}):\n{''.join(lines) or '    pass'}", known)
    found: Callable[..., None] = known["__init__"]
    found.__qualname__ = f"{made.__qualname__}.__init__"
    found.__annotations__ = {item.name: item.type for item in dataclasses.fields(made)} | {"return": None}
    return found


def _set(self: Any, name: str, value: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _frozen(made: Any, eq: bool) -> Any:
    @cache
    def compared() -> Callable[[Any], Any]:
        names = [item.name for item in dataclasses.fields(made) if item.compare]
        return attrgetter(*names) if len(names) > 1 else lambda self: tuple([getattr(self, name) for name in names])

    def __eq__(self: Any, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return bool(compared()(self) == compared()(other))

    def __hash__(self: Any) -> int:
        return hash(compared()(self))

    @recursive_repr()
    def __repr__(self: Any) -> str:
        shown = [f"{item.name}={getattr(self, item.name)!r}" for item in dataclasses.fields(made) if item.repr]
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    methods = {"__repr__": __repr__, "__setattr__": _set, "__delattr__": _delete}
    if eq:
        methods |= {"__eq__": __eq__, "__hash__": __hash__}
    own = dict(vars(made))
    if own.get("__hash__", 0) is None:
        # Python's own, beside an equality that the class defines.
        del own["__hash__"]
    for name, method in methods.items():
        if name not in own:
            setattr(made, name, method)
    for name in MADE:
        if name not in own:
            setattr(made, name, _Pending(made, name))
    return made


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(made: type[T] | None = None, /, **settings: Any) -> Any:
        """:func:`dataclasses.dataclass`; with ``frozen=True`` and no more than ``eq`` beside it, made at first use.

        Examples
        --------
        >>> @dataclass(frozen=True)
        ... class Pair:
        ...     first: int
        ...     second: int = 2
        >>> Pair(1), Pair(1) == Pair(1, 2), dataclasses.replace(Pair(1), second=3)
        (Pair(first=1, second=2), True, Pair(first=1, second=3))
        """
        if made is not None or not settings.get("frozen") or settings.keys() - {"frozen", "eq"}:
            return dataclasses.dataclass(made, **settings)
        return lambda made: _frozen(made, settings.get("eq", True))
