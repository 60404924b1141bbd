"""``exactgeo examples``: the named problems that ship with the package."""

from __future__ import annotations

import click

from exactgeo.cli import completion
from exactgeo.cli.options import DONE, emit, epilog, json_option

__all__ = ["examples"]


@click.command(
    epilog=epilog(
        "exactgeo examples",
        "exactgeo examples swirszcz-prop1 > prop1.toml",
        "exactgeo certify prop1.toml",
        exits="0 done",
    )
)
@click.argument("name", required=False, shell_complete=completion.examples)
@json_option
def examples(name: str | None, as_json: bool) -> int:
    """The named problems that ship with exactgeo; with NAME, the file itself."""
    from exactgeo import library

    if name is not None:
        text = library.text(name)
        emit({"name": name, "toml": text}, lambda: text.removesuffix("\n"), as_json=as_json)
        return DONE
    listing = dict(library.names())
    width = max(map(len, listing))
    emit(
        {"examples": [{"name": key, "about": about} for key, about in listing.items()]},
        lambda: "\n".join(f"{key:<{width}}  {about}" for key, about in listing.items()),
        as_json=as_json,
    )
    return DONE
