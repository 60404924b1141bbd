"""Bytes to tree: read a bounded file and parse TOML or JSON without losing a digit."""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from pathlib import PurePath
from typing import Any, NoReturn

from exactgeo.errors import InputError

__all__ = ["MAX_JSON_BYTES", "MAX_TOML_BYTES", "NumberText", "Source", "Table", "read_tree"]

Source = str | os.PathLike[str] | bytes

MAX_JSON_BYTES = 16 * 2**20
"""Largest JSON file read; a parsed tree takes some twenty times its text."""

MAX_TOML_BYTES = 4 * 2**20
"""Largest TOML file read: tomllib is pure Python, about a second a mebibyte."""

# int() refuses longer text in stock CPython, and is quadratic where that limit has been lifted.
_INT_DIGITS = 4000
_LONG_RUN = re.compile(r"(?<![\d_])[\d_]{4000}", re.ASCII)
# Strings and comments first, closed or not, so that only integers outside them are left: linear time.
_LONG_INTEGER = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"""|\Z)?|'
    r"'''.*?(?:'''|\Z)|"
    r'"(?:\\.|[^"\\\n])*+"?|'
    r"'[^'\n]*+'?|#[^\n]*+|"
    r"(?<![\w.+-])([+-]?[1-9](?:_?\d){4000,}+)(?![\w.-])",
    re.DOTALL | re.ASCII,
)
# tomllib takes quadratic time in the parts of a dotted key.
_LONG_DOTTED_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}""")
_TOML_POSITION = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|(end of document))\)", re.DOTALL)


class NumberText(str):
    """A number as it stood in a file, digits kept; other strings in a tree were quoted."""

    __slots__ = ()


class Table(dict[str, Any]):
    """A JSON object that remembers the first key given twice."""

    duplicate: str | None = None


def _table(pairs: list[tuple[str, Any]]) -> Table:
    table = Table(pairs)
    if len(table) < len(pairs):
        seen: set[str] = set()
        table.duplicate = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return table


def _json_integer(text: str) -> int | NumberText:
    return int(text) if len(text) <= _INT_DIGITS else NumberText(text)


def _too_deep(label: str) -> InputError:
    return InputError(label, "lists nested hundreds deep", "at most four levels", "x as [[5], [4]], weights as [[[1]]]")


def _parse_json(text: str, label: str) -> Any:
    try:
        return json.loads(
            text,
            parse_float=NumberText,
            parse_int=_json_integer,
            parse_constant=NumberText,
            object_pairs_hook=_table,
        )
    except json.JSONDecodeError as error:
        found = f"text that is not JSON ({error.msg})"
        raise InputError(
            f"{label}: line {error.lineno}, column {error.colno}", found, "JSON", "it as JSON or TOML"
        ) from None
    except RecursionError:
        raise _too_deep(label) from None


def _toml_number(text: str) -> NumberText:
    return NumberText(text.replace("_", ""))


def _parse_toml(text: str, label: str) -> Any:
    if _LONG_DOTTED_KEY.search(text):
        raise InputError(
            label, "a dotted key of more than 32 parts", "the keys of a problem file", "data.x = [[5], [4]]"
        )
    if _LONG_RUN.search(text):
        # tomllib has a hook for decimals only: a long integer becomes one by an exponent of zero.
        text = _LONG_INTEGER.sub(lambda match: f"{match[1]}e0" if match[1] else match[0], text)
    try:
        return tomllib.loads(text, parse_float=_toml_number)
    except tomllib.TOMLDecodeError as error:
        match = _TOML_POSITION.fullmatch(str(error))
        message, line, column, _ = match.groups() if match else (str(error), None, None, None)
        where = f"{label}: line {line}, column {column}" if line else f"{label}: end of file"
        if message.startswith(("Cannot overwrite", "Cannot declare", "Cannot mutate", "Duplicate")):
            raise InputError(where, "a key or table given twice", "each one once", "it only once") from None
        raise InputError(where, f"text that is not TOML ({message})", "TOML", "it as TOML or JSON") from None
    except ValueError as error:
        # A date that is none, such as 2026-02-30.
        raise InputError(label, f"text that is not TOML ({error})", "TOML", "it as TOML or JSON") from None
    except RecursionError:
        raise _too_deep(label) from None


def _refuse_size(label: str, limit: int) -> NoReturn:
    raise InputError(
        label,
        f"more than {limit // 2**20} MiB",
        f"at most {MAX_TOML_BYTES // 2**20} MiB of TOML or {MAX_JSON_BYTES // 2**20} MiB of JSON",
        "a smaller problem, as JSON",
    )


def _read_bytes(source: Source, label: str) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        if source == "-":
            return sys.stdin.buffer.read(MAX_JSON_BYTES + 1)
        with open(source, "rb") as file:
            return file.read(MAX_JSON_BYTES + 1)
    except FileNotFoundError:
        found = "no such file"
    except IsADirectoryError:
        found = "a directory"
    except PermissionError:
        found = "a file that may not be read"
    except OSError as error:
        found = (error.strerror or type(error).__name__).lower()
    except ValueError:
        found = "a path with a NUL character"
    raise InputError(label, found, "a TOML or JSON file", "the path of one, or - for standard input")


def _label(source: Source, name: str | None) -> str:
    if name is not None:
        return name
    if isinstance(source, bytes):
        return "bytes"
    if source == "-":
        return "stdin"
    path = os.fspath(source)
    return path if len(path) <= 60 else PurePath(path).name


def read_tree(source: Source, name: str | None, holds: str, write: str) -> tuple[Any, str]:
    """Parse one file.

    Parameters
    ----------
    source : path, ``"-"`` for standard input, or bytes
    name : str or None
        What errors call the source; by default the path as given.
    holds, write : str
        What the file should hold and its keys, for the message on an empty one.

    Returns
    -------
    tree, label
        Dicts, lists, strings, booleans, None, ints, and :class:`NumberText` for every other number.

    Raises
    ------
    InputError
        Unreadable, too large, not UTF-8, empty, not TOML or JSON, nested too deeply.
    """
    if not isinstance(source, str | os.PathLike | bytes):
        raise InputError(name or "source", type(source).__name__, "a path, - or bytes", 'a path such as "prop1.toml"')
    label = _label(source, name)
    data = _read_bytes(source, label)
    if len(data) > MAX_JSON_BYTES:
        _refuse_size(label, MAX_JSON_BYTES)
    nul = data.find(b"\0")
    if nul >= 0:
        raise InputError(label, f"a NUL byte at offset {nul}", "a text file", "TOML or JSON in UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"bytes that are not UTF-8 at offset {error.start}"
        raise InputError(label, found, "a text file", "TOML or JSON in UTF-8") from None
    start = text.lstrip()[:1]
    if not start:
        raise InputError(label, "an empty file", holds, write)
    suffix = PurePath(label if isinstance(source, bytes) else os.fspath(source)).suffix.lower()
    # No TOML document begins with a brace, so the content decides before the suffix.
    if start == "{" or suffix == ".json":
        return _parse_json(text, label), label
    if len(data) > MAX_TOML_BYTES:
        _refuse_size(label, MAX_TOML_BYTES)
    return _parse_toml(text, label), label
