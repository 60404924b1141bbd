"""What ``--json`` prints, as a JSON Schema: one definition a command, and one of refusals (``answers.schema.json``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from exactgeo.errors import InputError

__all__ = ["FILE", "commands", "schema"]

FILE = Path(__file__).with_name("answers.schema.json")
"""The schema of all answers, draft 2020-12."""


def schema(command: str | None = None) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what a command prints with ``--json``, refusals included.

    Parameters
    ----------
    command : str, optional
        ``"certify"``, ``"basins"``, ...; of any command when left out.

    Returns
    -------
    dict
        With everything that it refers to under ``$defs``; no key is allowed that is not described there.

    Raises
    ------
    InputError
        There is no such command.

    Examples
    --------
    >>> import exactgeo as eg
    >>> sorted(eg.schema("slice")["$defs"]["slice"]["properties"])  # doctest: +NORMALIZE_WHITESPACE
    ['complete', 'file', 'highest', 'highest_at_decimal', 'highest_decimal', 'highest_enclosure', 'highest_polynomial',
     'losses', 'losses_enclosure', 'reason', 'scaled']
    """
    whole: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    if command is None:
        return whole
    if command not in (names := commands()):
        raise InputError("schema", f'"{command}"', "a command", " or ".join(names))
    chosen = [{"$ref": f"#/$defs/{command}"}, {"$ref": "#/$defs/refusal"}]
    kept: dict[str, Any] = {}
    pending = [_name(entry) for entry in chosen]
    while pending:
        name = pending.pop()
        if name not in kept:
            kept[name] = whole["$defs"][name]
            pending += _references(kept[name])
    title = f"Answers of exactgeo {command}"
    return {**whole, "title": title, "anyOf": chosen, "$defs": {name: kept[name] for name in sorted(kept)}}


def commands() -> list[str]:
    """Those whose answers are described."""
    entries = json.loads(FILE.read_text(encoding="utf-8"))["anyOf"]
    return [name for entry in entries if (name := _name(entry)) != "refusal"]


def _name(reference: dict[str, str]) -> str:
    return reference["$ref"].rpartition("/")[2]


def _references(part: Any) -> list[str]:
    """The definitions that a part names."""
    if isinstance(part, list):
        return [name for item in part for name in _references(item)]
    if not isinstance(part, dict):
        return []
    own = [_name(part)] if isinstance(part.get("$ref"), str) else []
    return own + [name for value in part.values() for name in _references(value)]
