"""``exactgeo selftest``: does this installation give the answers it was built to give?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from exactgeo.cli.limited import Limited
from exactgeo.cli.options import DONE, NOT_SO, current_run, emit, epilog, json_option, limit_option

if TYPE_CHECKING:
    from exactgeo.selftest import Part

__all__ = ["selftest"]


@click.command(
    cls=Limited,
    epilog=epilog(
        "exactgeo selftest",
        exits="0 passed, 1 something failed, 3 ended by --time-limit",
    ),
)
@limit_option
@json_option
def selftest(time_limit: float | None, as_json: bool) -> int:
    """Test this installation: recorded certificates, the examples of the documentation, the laws of the registries."""
    from exactgeo.selftest import PARTS

    parts: list[Part] = []
    for run in PARTS.values():
        parts.append(run())
        rest = list(PARTS)[len(parts) :]
        current_run().tell(_text(parts, rest), _answer(parts, None))
    passed = not any(part.failures for part in parts)
    emit(_answer(parts, passed), lambda: _text(parts, []), as_json=as_json)
    return DONE if passed else NOT_SO


def _answer(parts: list[Part], passed: bool | None) -> dict[str, Any]:
    rows = [{"part": p.name, "tried": p.tried, "failures": list(p.failures), "skipped": p.skipped} for p in parts]
    return {"selftest": rows, "passed": passed}


def _text(parts: list[Part], rest: list[str]) -> str:
    from exactgeo.report.tables import columns

    rows: list[tuple[object, ...]] = [("part", "tried", "failed", "")]
    rows += [(part.name, part.tried, len(part.failures), part.skipped) for part in parts]
    rows += [(name, 0, 0, "not run") for name in rest]
    failures = [f"  {part.name}: {line}" for part in parts for line in part.failures]
    return "\n".join([*columns(rows, left=True), *failures])
