"""``exactgeo proofs``: run the executable documents and print the table of statements."""

from __future__ import annotations

import time
from typing import Any

import click

from exactgeo.cli.limited import Limited
from exactgeo.cli.options import DONE, NOT_SO, UNDECIDED, current_run, emit, json_option, limit_option
from exactgeo.errors import InputError

__all__ = ["proofs"]


@click.command(cls=Limited)
@click.argument("name", required=False)
@click.option("--table", "only_table", is_flag=True, help="Print the table without running anything.")
@limit_option
@json_option
def proofs(name: str | None, only_table: bool, time_limit: float | None, as_json: bool) -> int:
    """Run the executable proofs that ship with exactgeo and print the table of statements; with NAME, the document."""
    from exactgeo import documents

    failures = []
    try:
        claims = documents.registry(documents.folder())
    except documents.DocumentError as error:
        claims, failures = (), [f"{error}\n"]
    if name is not None:
        known = {claim.document.stem: claim.document for claim in claims}
        if name not in known:
            raise InputError("proofs", f'"{name}"', "the name of a document", " or ".join(known))
        text = known[name].read_text(encoding="utf-8")
        emit({"name": name, "markdown": text}, lambda: text.removesuffix("\n"), as_json=as_json)
        return DONE
    rows: list[tuple[object, ...]] = []
    end = None if time_limit is None else time.monotonic() + time_limit
    late = False
    for claim in claims:
        late = late or (end is not None and time.monotonic() > end)
        if late and not only_table:
            rows.append((claim.statement, claim.document.stem, claim.status, 0, "not run"))
            continue
        outcome = documents.check(claim, execute=not only_table)
        result = "failed" if not outcome.passed else "listed" if only_table else "passed"
        rows.append((claim.statement, claim.document.stem, claim.status, outcome.examples, result))
        failures += [outcome.failure] * (not outcome.passed)
        rest = [(c.statement, c.document.stem, c.status, 0, "not run") for c in claims[len(rows) :]]
        current_run().tell(_text([*rows, *rest], 5), _answer([*rows, *rest], None), seldom=True)
    late = late and not only_table
    answer = _answer(rows, None if late and not failures else not failures)
    emit(answer, lambda: _text(rows, 3 if only_table else 5), as_json=as_json)
    for failure in failures:
        click.echo(failure, nl=False, err=True)
    if late:
        click.echo(f"exactgeo: proofs: not all within {time_limit:g} s; raise --time-limit", err=True)
    return NOT_SO if failures else UNDECIDED if late else DONE


def _answer(rows: list[tuple[object, ...]], passed: bool | None) -> dict[str, Any]:
    keys = ("statement", "document", "status", "examples", "result")
    return {"proofs": [dict(zip(keys, row, strict=True)) for row in rows], "passed": passed}


def _text(rows: list[tuple[object, ...]], shown: int) -> str:
    from exactgeo.report.tables import columns

    header = ("statement", "document", "status", "examples run", "result")
    return "\n".join(columns([row[:shown] for row in (header, *rows)], left=True))
