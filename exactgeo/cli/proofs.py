"""``exactgeo proofs``: run the executable documents and print the table of statements."""

from __future__ import annotations

import click

from exactgeo.cli.limited import Limited
from exactgeo.cli.options import DONE, NOT_SO, emit, json_option
from exactgeo.errors import InputError

__all__ = ["proofs"]


@click.command(cls=Limited)
@click.argument("name", required=False)
@click.option("--table", "only_table", is_flag=True, help="Print the table without running anything.")
@json_option
def proofs(name: str | None, only_table: bool, as_json: bool) -> int:
    """Run the executable proofs that ship with exactgeo and print the table of statements; with NAME, the document."""
    from exactgeo import documents
    from exactgeo.report.tables import columns

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
    rows = []
    for claim in claims:
        outcome = documents.check(claim, execute=not only_table)
        result = "failed" if not outcome.passed else "listed" if only_table else "passed"
        rows.append((claim.statement, claim.document.stem, claim.status, outcome.examples, result))
        failures += [outcome.failure] * (not outcome.passed)
    keys = ("statement", "document", "status", "examples", "result")
    header = ("statement", "document", "status", "examples run", "result")
    shown = 3 if only_table else 5
    emit(
        {"proofs": [dict(zip(keys, row, strict=True)) for row in rows], "passed": not failures},
        lambda: "\n".join(columns([row[:shown] for row in (header, *rows)], left=True)),
        as_json=as_json,
    )
    for failure in failures:
        click.echo(failure, nl=False, err=True)
    return NOT_SO if failures else DONE
