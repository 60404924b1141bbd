"""``exactgeo check``: the independent checker."""

from __future__ import annotations

import os

import click

from exactgeo.cli import completion
from exactgeo.cli.limited import Limited
from exactgeo.cli.options import NOT_SO, SECONDS, UNDECIDED, emit, emit_json, epilog, json_option

__all__ = ["check"]


@click.command(
    cls=Limited,
    epilog=epilog(
        "exactgeo certify swirszcz-prop1 --certificate prop1.json",
        "exactgeo check prop1.json",
        "exactgeo check prop1.json swirszcz-prop1",
        "exactgeo check prop1.json swirszcz-prop2-local  # exit 1",
        exits="0 accepted, 1 rejected, 3 ended by --time-limit",
    ),
)
@click.argument("certificate", metavar="CERT.json")
@click.argument("problem", metavar="[PROBLEM]", required=False, shell_complete=completion.problems)
@click.option("--time-limit", type=SECONDS, help="Seconds; exit 3 when they end the check.")
@json_option
def check(certificate: str, problem: str | None, time_limit: float | None, as_json: bool) -> int:
    """Check a certificate with the independent checker; with PROBLEM, that it speaks of that file."""
    from exactgeo.checking import check as run

    if problem is not None and not os.path.exists(problem) and problem != "-":
        from exactgeo import library

        problem = str(library.path(problem))
    answer = run(certificate, problem, time_limit=time_limit)
    if answer is None:
        reason = f"no answer within {time_limit:g} s; raise --time-limit"
        if as_json:
            emit_json({"accepted": None, "reason": reason})
        click.echo(f"exactgeo: {certificate}: {reason}", err=True)
        return UNDECIDED
    if as_json or answer.accepted:
        emit(answer.to_json(), lambda: answer.report, as_json=as_json)
    if not answer.accepted and not (as_json and answer.code == NOT_SO):
        click.echo(f"exactgeo: {certificate}: {answer.reason}", err=True)
    return answer.code
