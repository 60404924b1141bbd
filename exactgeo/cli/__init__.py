"""The command line. Exit codes: 0 done, 1 not so, 2 bad input, 3 undecided or out of budget, 4 internal error."""

from __future__ import annotations

import sys
import traceback

import click

# Every file of a command imports what it works with inside its function: `exactgeo --help` must start at once.
from exactgeo.cli import (
    basins,
    certify,
    check,
    examples,
    explain,
    export,
    import_,
    landscape,
    path,
    polish,
    proofs,
    regions,
)
from exactgeo.cli import slice as slice_
from exactgeo.cli.options import BAD_INPUT, DONE, INTERNAL, INTERRUPTED, Run, emit_json
from exactgeo.errors import InputError, InternalError, OutOfScope

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="exactgeo")
def cli() -> None:
    """The loss geometry of small neural networks, exactly, with certificates."""


for _command in (
    basins.basins,
    certify.certify,
    check.check,
    examples.examples,
    explain.explain,
    export.export,
    import_.import_,
    landscape.landscape,
    path.path,
    polish.polish,
    proofs.proofs,
    regions.regions,
    slice_.slice_,
):
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Entry point: every error becomes one line on stderr and its exit code; with --json a refusal is an object too."""
    given = sys.argv[1:] if arguments is None else arguments
    run = Run()
    try:
        code = cli.main(args=given, prog_name="exactgeo", standalone_mode=False, obj=run)
    except InputError as error:
        code = _refuse(given, str(error), error=(error.where, error.found, error.expected, error.write))
    except OutOfScope as outside:
        fields = (outside.reason, outside.in_scope, outside.try_instead)
        code = _refuse(given, f"{run.subject}: out of scope: {outside}", out_of_scope=fields)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx is not None else "exactgeo"
        found, write = error.format_message(), f"{command} --help"
        code = _refuse(given, f"{found} (see {write})", error=(command, found, "a command line as in --help", write))
    except InternalError as error:
        click.echo(f"exactgeo: internal error: {error}; please report it with the input", err=True)
        code = INTERNAL
    except (KeyboardInterrupt, click.Abort):
        click.echo("exactgeo: interrupted", err=True)
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader closed stdout (e.g. `| head`): nothing is wrong here.
        sys.stderr.close()
        code = DONE
    except Exception as error:
        # A bug of ours, whatever it is: the traceback helps us, the last line and the exit code help the user.
        traceback.print_exc()
        click.echo(f"exactgeo: internal error: {type(error).__name__}; please report it with the input", err=True)
        code = INTERNAL
    sys.exit(code if isinstance(code, int) else DONE)


_FIELDS = {"error": ("where", "found", "expected", "write"), "out_of_scope": ("reason", "in_scope", "try_instead")}


def _refuse(given: list[str], line: str, **refusal: tuple[str, ...]) -> int:
    """Say why nothing is answered: a line on stderr and, where --json was given, one object on stdout."""
    click.echo(f"exactgeo: {line}", err=True)
    # Asked of the words themselves: a command line that cannot be read has no options yet.
    if "--json" in given:
        ((kind, values),) = refusal.items()
        emit_json({kind: dict(zip(_FIELDS[kind], values, strict=True))})
    return BAD_INPUT
