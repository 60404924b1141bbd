"""``exactgeo proofs``: run the executable documents and print the table of statements."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from exactgeo.cli import completion
from exactgeo.cli.limited import Limited
from exactgeo.cli.options import DONE, NOT_SO, UNDECIDED, current_run, emit, epilog, json_option, limit_option
from exactgeo.errors import InputError

if TYPE_CHECKING:
    from exactgeo.documents import Claim

__all__ = ["proofs"]


def _documents() -> list[str]:
    from exactgeo import documents

    claims = [claim for paper in documents.papers(documents.folder()) for claim in paper.claims]
    return sorted({claim.name for claim in claims if claim.document is not None})


@click.command(
    cls=Limited,
    epilog=epilog(
        "exactgeo proofs --table",
        "exactgeo proofs --table --json",
        exits="0 all hold, 1 one does not, 3 ended by --time-limit",
    ),
)
@click.argument("name", required=False, shell_complete=completion.words(_documents))
@click.option("--table", "only_table", is_flag=True, help="Print the table without running anything.")
@click.option("--slow", is_flag=True, help="Run the random and long instances of the documents too.")
@limit_option
@json_option
def proofs(name: str | None, only_table: bool, slow: bool, time_limit: float | None, as_json: bool) -> int:
    """Run the executable proofs that ship with exactgeo and print the table of statements; with NAME, the document."""
    from exactgeo import documents

    try:
        claims = [claim for paper in documents.papers(documents.folder()) for claim in paper.claims]
        failures = []
    except documents.DocumentError as error:
        claims, failures = [], [f"{error}\n"]
    if name is not None:
        return _print(name, claims, as_json)
    groups: dict[object, list[documents.Claim]] = {}
    for claim in claims:
        groups.setdefault(claim.document or claim, []).append(claim)
    found: dict[object, tuple[int, str]] = {}
    end = None if time_limit is None else time.monotonic() + time_limit
    late = False
    for key, group in groups.items():
        late = not only_table and (late or (end is not None and time.monotonic() > end))
        if late:
            break
        outcome = documents.check(group, slow=slow, execute=not only_table)
        listed = only_table or group[0].document is None
        found[key] = outcome.examples, "failed" if not outcome.passed else "listed" if listed else "passed"
        failures += [outcome.failure] * (not outcome.passed)
        rows = _rows(claims, found)
        current_run().tell(_text(rows), _answer(rows, None), seldom=True)
    rows = _rows(claims, found)
    answer = _answer(rows, None if late and not failures else not failures)
    emit(answer, lambda: _table(rows) if only_table else _text(rows), as_json=as_json)
    for failure in failures:
        click.echo(failure, nl=False, err=True)
    if late:
        click.echo(f"exactgeo: proofs: not all within {time_limit:g} s; raise --time-limit", err=True)
    return NOT_SO if failures else UNDECIDED if late else DONE


def _print(name: str, claims: list[Claim], as_json: bool) -> int:
    """The document of that name: folder/stem, or the stem alone where one folder has it."""
    known = {claim.name: claim.document for claim in claims if claim.document is not None}
    meant = [full for full in known if name in (full, full.partition("/")[2])]
    if len(meant) != 1:
        raise InputError("proofs", f'"{name}"', "the name of a document", " or ".join(meant or known))
    text = known[meant[0]].read_text(encoding="utf-8")
    emit({"name": meant[0], "markdown": text}, lambda: text.removesuffix("\n"), as_json=as_json)
    return DONE


def _rows(claims: list[Claim], found: dict[object, tuple[int, str]]) -> list[dict[str, Any]]:
    rows = []
    for claim in claims:
        examples, result = found.get(claim.document or claim, (0, "not run"))
        row = {"paper": claim.paper, "statement": claim.statement, "document": claim.name, "status": claim.status}
        rows.append({**row, "how": list(claim.how), "note": claim.note, "examples": examples, "result": result})
    return rows


def _answer(rows: list[dict[str, Any]], passed: bool | None) -> dict[str, Any]:
    return {"proofs": rows, "passed": passed}


def _table(rows: list[dict[str, Any]]) -> str:
    from exactgeo.report.tables import columns

    shown = [(row["paper"], row["statement"], row["status"], ", ".join(row["how"]), row["document"]) for row in rows]
    return "\n".join(columns([("paper", "statement", "status", "how", "document"), *shown], left=True))


def _text(rows: list[dict[str, Any]]) -> str:
    from exactgeo.report.tables import columns

    keys = ("paper", "statement", "document", "status", "examples", "result")
    shown = [tuple(row[key] for key in keys) for row in rows]
    return "\n".join(columns([(*keys[:4], "examples run", "result"), *shown], left=True))
