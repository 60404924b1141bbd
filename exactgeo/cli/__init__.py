"""The command line. Exit codes: 0 done, 1 not so, 2 bad input, 3 undecided or out of budget, 4 internal error."""

from __future__ import annotations

import signal
import sys
import traceback
from typing import Any

import click

from exactgeo.cli.exits import BAD_INPUT, DONE, INTERNAL, INTERRUPTED, UNDECIDED
from exactgeo.cli.limited import Commands, Interrupted, Run, emit_json
from exactgeo.errors import ExactgeoError, InputError, InternalError, OutOfScope, TaskLost, failure
from exactgeo.registry import Registry

__all__ = ["main"]


EPILOG = """\b
Examples:
  exactgeo certify swirszcz-prop1
  exactgeo certify --help
  exactgeo examples

\b
Exit codes: 0 done, or a local minimum; 1 not so; 2 bad input or out of scope;
3 undecided, or ended by --time-limit; 4 a bug of ours; 130 Ctrl-C.

\b
Completion of commands, options and names, for bash (or zsh, fish):
  eval "$(_EXACTGEO_COMPLETE=bash_source exactgeo)"
"""


COMMANDS: Registry[click.Command] = Registry(
    __name__,
    {
        "basins": "basins:basins",
        "certify": "certify:certify",
        "check": "check:check",
        "examples": "examples:examples",
        "explain": "explain:explain",
        "export": "export:export",
        "import": "import_:import_",
        "landscape": "landscape:landscape",
        "minimum": "minimum:minimum",
        "path": "path:path",
        "polish": "polish:polish",
        "probabilities": "probabilities:probabilities",
        "proofs": "proofs:proofs",
        "regions": "regions:regions",
        "report": "report:report",
        "schema": "schema:schema",
        "selftest": "selftest:selftest",
        "slice": "slice:slice_",
        "starts": "starts:starts",
    },
)
"""Each file of a command loads with it, and imports what it works with inside its function: help must start at once."""


@click.group(cls=Commands, commands=COMMANDS, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="exactgeo")
def cli() -> None:
    """The loss geometry of small neural networks, exactly, with certificates."""


def main(arguments: list[str] | None = None, *, owner: bool = False) -> None:
    """Entry point: every error becomes one line on stderr and its exit code; with --json a refusal is an object too.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the process where left out.
    owner : bool
        Whether the process is the command's own: then signals are taken, and a time limit is kept by a second process.
    """
    given = sys.argv[1:] if arguments is None else arguments
    run = Run(owner=owner)
    try:
        if owner:
            signal.signal(signal.SIGINT, run.interrupt)
        code = cli.main(args=given, prog_name="exactgeo", standalone_mode=False, obj=run)
    except BaseException as error:
        run.answering()
        code = _ended(run, error, as_json="--json" in given)
    code = code if isinstance(code, int) else DONE
    if owner:
        # What is left is to go: Ctrl-C then ends this process without a word.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        run.leave(code)
    sys.exit(code)


def _ended(run: Run, error: BaseException, *, as_json: bool) -> int:
    """What a run says that has no answer, and its exit code.

    ``as_json`` is asked of the words of the command line: one that cannot be read has no options yet.
    """
    if isinstance(error, Interrupted | KeyboardInterrupt | click.Abort) or (
        run.interrupted and not isinstance(error, ExactgeoError)
    ):
        # An import that Ctrl-C ended may fail in its own way.
        return run.ended("interrupted", as_json=as_json, code=INTERRUPTED)
    if isinstance(error, BrokenPipeError):
        # The reader closed stdout (e.g. `| head`): nothing is wrong here.
        sys.stderr.close()
        return DONE
    if isinstance(error, MemoryError):
        return run.ended("out of memory", as_json=as_json, code=UNDECIDED)
    if isinstance(error, SystemExit | click.exceptions.Exit):
        code = error.code if isinstance(error, SystemExit) else error.exit_code
        return code if isinstance(code, int) else DONE
    code, line, refusal = _refusal(run, error)
    click.echo(f"exactgeo: {line}", err=True)
    if as_json:
        emit_json(refusal, line=run.lines)
    return code


def _refusal(run: Run, error: BaseException) -> tuple[int, str, dict[str, Any]]:
    """The exit code, the line and the object of a refusal, or of a bug."""
    if isinstance(error, InputError):
        return BAD_INPUT, str(error), {"error": error.fields}
    if isinstance(error, TaskLost):
        return UNDECIDED, str(error), {"error": error.fields}
    if isinstance(error, OutOfScope):
        return BAD_INPUT, f"{run.subject}: out of scope: {error}", {"out_of_scope": error.fields}
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx is not None else "exactgeo"
        found, write = error.format_message(), f"{command} --help"
        wrong = InputError(command, found, "a command line as in --help", write)
        return BAD_INPUT, f"{found} (see {write})", {"error": wrong.fields}
    if isinstance(error, InternalError):
        found = str(error)
    else:
        # A bug of ours, whatever it is: the traceback helps us, the last line and the exit code help the user.
        traceback.print_exception(error)
        found = type(error).__name__
    line = f"internal error: {found}; please report it with the input"
    return INTERNAL, line, {"error": failure(run.subject, found).fields}
