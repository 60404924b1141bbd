"""Every answer of a command against the schema of its command; run as a program it writes docs/json.md from the schema."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from exactgeo.schema import schema

PAGE = Path(__file__).parents[2] / "docs" / "json.md"

HEAD = """# JSON answers

`--json` prints one object on stdout and nothing else there: the answer, or a refusal. What it may hold is a JSON Schema (draft 2020-12), `exactgeo schema` prints it, `exactgeo schema certify` the part of one command,
`eg.schema()` and `eg.schema("certify")` are the same in Python. The tests validate every answer against it, and no key is allowed that is not described. This page is written from it by `python tests/shared/answers.py`.

* Exact numbers are strings, `"106/5"` or `"14"`, in lowest terms and of any length. A single exact value `X` has `X_decimal` beside it, 15 digits for the eye; lists and points stay exact only.
* Where a value is not rational `X` is null and `X_enclosure` holds proved bounds; in `basins` and `path` the bounds `{lo, hi}` stand in its place.
* A null is explained: in `reasons` by its key, or in `reason`.
* Data points, neurons and layers are counted from 0.
* A command that a limit or Ctrl-C ended says what it knows: any part of its answer, `"complete": false` and a `reason`; exit 3, or 130.

```python
import jsonschema, exactgeo as eg

jsonschema.validate(eg.certify(eg.load("swirszcz-prop1")).to_json(), eg.schema("certify"))
```
"""


@cache
def _validator(command: str | None) -> Any:
    import jsonschema

    return jsonschema.Draft202012Validator(schema(command))


def faults(arguments: list[str] | tuple[str, ...], answer: Any) -> list[str]:
    """Where an answer is none that the schema of its command allows; [] where it is one."""
    known = {entry["$ref"].rpartition("/")[2] for entry in schema()["anyOf"]}
    named = next((word for word in arguments if not word.startswith("-")), None)
    found = _validator(named if named in known else None).iter_errors(answer)
    return [f"{error.json_path}: {error.message[:300]}" for error in found for error in _deepest(error)]


def _deepest(error: Any) -> Iterator[Any]:
    """Of a choice the errors of the branch that came nearest."""
    if not error.context:
        yield error
        return
    branches: dict[int, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    for inner in min(branches.values(), key=len):
        yield from _deepest(inner)


# -- the page --------------------------------------------------------------------------------------------------------


def written() -> str:
    """docs/json.md as the schema says it."""
    whole = schema()
    commands = [entry["$ref"].rpartition("/")[2] for entry in whole["anyOf"]]
    lines = [HEAD]
    for name in commands:
        lines += _section(name, whole["$defs"][name])
    lines += ["## What they share", ""]
    for name, part in whole["$defs"].items():
        if name not in commands:
            lines += _section(name, part, "###")
    return "\n".join(lines).rstrip() + "\n"


def _section(name: str, part: dict[str, Any], level: str = "##") -> list[str]:
    lines = [f"{level} {name}", ""]
    if "description" in part:
        lines += [part["description"], ""]
    for shape in part.get("anyOf", part.get("oneOf", [])) or [part]:
        shown = part if "properties" in part else shape
        if "properties" not in shown:
            continue
        needed = shown.get("required") or next(iter(shown.get("anyOf", [{}]))).get("required", [])
        lines += ["| key | | what |", "|---|---|---|"]
        for key, value in shown["properties"].items():
            always = "" if key in needed else "optional"
            lines.append(f"| `{key}` | {always} | {_cell(value)} |")
        lines.append("")
        if shown is part:
            break
    return lines


def _cell(value: dict[str, Any]) -> str:
    said = value.get("description", "")
    kind = _kind(value)
    return f"{kind}: {said}" if said and kind else kind or said


def _kind(value: dict[str, Any]) -> str:
    if "$ref" in value:
        return value["$ref"].rpartition("/")[2]
    if "enum" in value:
        return " \\| ".join("null" if one is None else str(one) for one in value["enum"])
    if "const" in value:
        return str(value["const"]).lower()
    if "anyOf" in value:
        return " \\| ".join(_kind(one) for one in value["anyOf"])
    kinds = value.get("type", "anything")
    names = [kinds] if isinstance(kinds, str) else kinds
    if "array" in names:
        inner = _kind(value["items"])
        return f"list of {inner}" + (" \\| null" if "null" in names else "")
    if "object" in names and "properties" in value:
        return "{" + ", ".join(value["properties"]) + "}" + (" \\| null" if "null" in names else "")
    return " \\| ".join(names)


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
