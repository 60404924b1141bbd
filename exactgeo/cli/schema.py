"""``exactgeo schema``: what ``--json`` prints, as a JSON Schema."""

from __future__ import annotations

import click

from exactgeo.cli.options import DONE, emit, json_option, json_text

__all__ = ["schema"]


@click.command()
@click.argument("command", required=False, metavar="[COMMAND]")
@json_option
def schema(command: str | None, as_json: bool) -> int:
    """The JSON Schema (draft 2020-12) of what commands print with --json, or of COMMAND alone."""
    from exactgeo.schema import schema as of

    found = of(command)
    emit(found, lambda: json_text(found), as_json=as_json)
    return DONE
