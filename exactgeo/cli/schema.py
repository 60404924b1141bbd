"""``exactgeo schema``: what ``--json`` prints, as a JSON Schema."""

from __future__ import annotations

import click

from exactgeo.cli import completion
from exactgeo.cli.options import DONE, emit, epilog, json_option, json_text

__all__ = ["schema"]


def _commands() -> list[str]:
    from exactgeo.schema import commands

    return commands()


@click.command(
    epilog=epilog(
        "exactgeo schema certify > certify.schema.json",
        exits="0 done",
    )
)
@click.argument("command", required=False, metavar="[COMMAND]", shell_complete=completion.words(_commands))
@json_option
def schema(command: str | None, as_json: bool) -> int:
    """The JSON Schema (draft 2020-12) of what commands print with --json, or of COMMAND alone."""
    from exactgeo.schema import schema as of

    found = of(command)
    emit(found, lambda: json_text(found), as_json=as_json)
    return DONE
