"""Names of a package that load on first use: a command that needs one of its files loads no others."""

from __future__ import annotations

import sys
from types import ModuleType

# As in `exactgeo/__init__.py`, which this is loaded for: `typing` takes longer to load than both.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["on_first_use"]


class _Package(ModuleType):
    """A package with names that load on first use; each stays what it says it is, where a submodule is called the same.

    Importing a submodule binds it to its name in the package: ``exactgeo.landscape`` is a function all the same.
    """

    _names: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        file = self._names.get(name)
        if file is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"{self.__name__}.{file}"), name)
        setattr(self, name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        taken = name in self._names or not isinstance(vars(self).get(name, self), ModuleType)
        if not taken or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


def on_first_use(package: str, defined_in: Mapping[str, str]) -> None:
    """Let names of a package load on first use.

    Parameters
    ----------
    package : str
        Its ``__name__``; imports under ``TYPE_CHECKING`` tell type checkers what the names are.
    defined_in : mapping
        From each name to the file of the package that defines it.
    """
    module = sys.modules[package]
    vars(module)["_names"] = defined_in
    module.__class__ = _Package
