"""``python -m exactgeo``, and what the command ``exactgeo`` starts with."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from exactgeo.errors import interruption

__all__ = ["run"]


def run() -> None:
    """The command in a process of its own. While its modules load Ctrl-C has no traceback to show."""
    signal.signal(signal.SIGINT, _interrupted)
    from exactgeo.cli import main

    main(owner=True)


def _interrupted(*_: Any) -> None:
    # Nothing is open yet, and an exception in the middle of an import may be lost in it.
    import json

    os.write(2, b"exactgeo: interrupted\n")
    if "--json" in sys.argv:
        os.write(1, json.dumps({"error": interruption("exactgeo").fields}, indent=2).encode() + b"\n")
    os._exit(130)


if __name__ == "__main__":
    run()
