"""``python -m exactgeo``, and what the command ``exactgeo`` starts with."""

# First of all Ctrl-C, before anything that takes time to load: `signal` is this module and all of `enum`.
import _signal  # type: ignore[import-not-found]
import gc
import os
import sys

__all__ = ["run"]

# What `errors.interruption` says: a module that is being loaded cannot be asked.
_OBJECT = b"""{
  "error": {
    "where": "exactgeo",
    "found": "Ctrl-C",
    "expected": "time to finish",
    "write": "the same command again"
  }
}
"""


def _interrupted(*_: object) -> None:
    # Nothing is open yet, and an exception in the middle of an import may be lost in it.
    os.write(2, b"exactgeo: interrupted\n")
    if "--json" in sys.argv:
        os.write(1, _OBJECT)
    os._exit(130)


def run() -> None:
    """The command in a process of its own. While its modules load Ctrl-C has no traceback to show."""
    _signal.signal(_signal.SIGINT, _interrupted)
    # Modules that load make many objects and leave none behind: to look for these took a tenth of a short command.
    gc.set_threshold(50_000)
    from exactgeo.cli import main

    main(owner=True)


if __name__ == "__main__":
    run()
