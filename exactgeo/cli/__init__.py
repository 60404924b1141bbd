"""The command line. Exit codes: 0 done, 1 not so, 2 bad input, 3 undecided or out of budget, 4 internal error."""

from __future__ import annotations

import sys
import traceback

import click

# Every file of a command imports what it works with inside its function: `exactgeo --help` must start at once.
from exactgeo.cli import basins, certify, check, examples, explain, export, landscape, path, proofs, regions
from exactgeo.cli import slice as slice_
from exactgeo.cli.options import BAD_INPUT, DONE, INTERNAL, INTERRUPTED
from exactgeo.errors import InputError, InternalError

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
    landscape.landscape,
    path.path,
    proofs.proofs,
    regions.regions,
    slice_.slice_,
):
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Entry point: every error becomes one line on stderr and its exit code."""
    try:
        code = cli.main(args=arguments, prog_name="exactgeo", standalone_mode=False)
    except InputError as error:
        click.echo(f"exactgeo: {error}", err=True)
        code = BAD_INPUT
    except click.UsageError as error:
        hint = error.ctx.command_path if error.ctx is not None else "exactgeo"
        click.echo(f"exactgeo: {error.format_message()} (see {hint} --help)", err=True)
        code = BAD_INPUT
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
