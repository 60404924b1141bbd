"""What the commands share: exit codes, options, how problems are read and answers given."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from exactgeo import files
from exactgeo.cli import completion
from exactgeo.cli.exits import BAD_INPUT, DONE, INTERNAL, INTERRUPTED, NOT_SO, UNDECIDED
from exactgeo.cli.limited import Run, emit_json, json_text

if TYPE_CHECKING:
    from exactgeo.problem import Point, Problem

__all__ = [
    "BAD_INPUT",
    "DONE",
    "FINISHED",
    "INTERNAL",
    "INTERRUPTED",
    "NOT_SO",
    "SECONDS",
    "UNDECIDED",
    "Run",
    "certificate_option",
    "current_run",
    "drawn",
    "emit",
    "emit_json",
    "epilog",
    "file_of",
    "foresee",
    "json_option",
    "json_text",
    "limit_option",
    "output_option",
    "picture",
    "plot_option",
    "point_of",
    "point_option",
    "problem_argument",
    "problem_of",
    "with_plot",
    "workers_option",
]

problem_argument = click.argument("problem", metavar="FILE-OR-NAME", shell_complete=completion.problems)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else there.")
workers_option = click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes; one a processor if left out."
)


class _Seconds(click.FloatRange):
    """A number of seconds: no NaN, no infinity."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value} is not a number of seconds", param, ctx)
        return seconds


SECONDS = _Seconds(min=0)


def epilog(*examples: str, exits: str) -> str:
    """What stands below the options of a command: examples, of which the tests run every line, and exit codes.

    An example that does not exit with 0 says so behind a ``#``.
    """
    lines = "\n".join(f"  {line}" for line in examples)
    return (
        f"\b\nExamples:\n{lines}\n\n\b\nExit codes: {exits};\n2 bad input or out of scope, 4 a bug of ours, 130 Ctrl-C."
    )


FINISHED = "0 done, 3 ended by --time-limit with what is known"
limit_option = click.option("--time-limit", type=SECONDS, help="Seconds; then what is known, and exit 3.")


def point_option(what: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """The option ``--point FILE-OR-NAME`` of a command that takes one point."""
    said = f"{what} instead of the problem's own point."
    return click.option("--point", metavar="FILE-OR-NAME", help=said, shell_complete=completion.problems)


Decorator = Callable[[Callable[..., int]], Callable[..., int]]


def output_option(*names: str, check: Callable[[str, str], None] | None = None, **settings: Any) -> Decorator:
    """An option that names a file to write; what cannot be written is refused before any work.

    ``check`` (path, name of the option) raises the refusal; by default :func:`exactgeo.files.writable`.
    """

    def checked(_: click.Context, option: click.Parameter, path: str | None) -> str | None:
        if path is not None and check is not None:
            check(path, option.opts[0])
        elif path is not None:
            files.writable(path, option=option.opts[0])
        return path

    return click.option(*names, callback=checked, **settings)


def certificate_option(what: str) -> Decorator:
    """The option ``--certificate OUT.json`` of a command whose certificate is of ``what``."""
    return output_option("--certificate", metavar="OUT.json", help=f"Write {what} here.")


def picture(path: str, option: str) -> None:
    """Refuse a file that no picture can be written to; see :func:`exactgeo.pictures.drawable`."""
    from exactgeo.pictures import drawable

    drawable(path, option)


def plot_option(what: str) -> Decorator:
    """The option ``--plot OUT`` of a command whose picture is of ``what``."""
    return output_option("--plot", check=picture, metavar="OUT", help=f"Draw {what}: .svg, .png or .pdf.")


def drawn(path: str | None, make: Callable[[], Any], *, at_once: bool = True) -> dict[str, Any]:
    """What ``--plot`` adds to an answer: nothing where it is not asked for, else the file, null where none was drawn.

    Parameters
    ----------
    path : str or None
    make : callable
        Draws, and returns the axes; a ValueError says why nothing can be drawn.
    at_once : bool
        Whether it draws what is known and searches nothing: then the answer is there, and the limit no longer counts.
    """
    if path is None:
        return {}
    from exactgeo.pictures import save

    if at_once:
        current_run().answering()
    try:
        save(make(), path)
    except ValueError as error:
        click.echo(f"exactgeo: --plot: nothing was drawn: {error}", err=True)
        return {"plot": None}
    return {"plot": path}


def with_plot(text: str, answer: dict[str, Any]) -> str:
    """A report, and where its picture is."""
    from exactgeo.report.tables import labelled

    return f"{text}\n{labelled('plot', answer['plot'] or 'none was drawn')}" if "plot" in answer else text


def current_run() -> Run:
    """The run that this command is of."""
    return click.get_current_context().ensure_object(Run)


def problem_of(source: str) -> Problem:
    """The problem of a file, of a named problem, or of standard input."""
    from exactgeo.api import load

    problem = load(source)
    # Every sentence calls it by its name, and one without by its file.
    problem = problem if problem.name else replace(problem, name="stdin" if source == "-" else source)
    current_run().about(problem.name)
    return problem


def foresee(problem: Problem) -> None:
    """Say at once how large a census will be, where nobody can wait for it; and keep that for the end."""
    from exactgeo.basin.size import size_of
    from exactgeo.problem import scope

    if scope.basins(problem) is not None:
        return
    size, run = size_of(problem), current_run()
    run.tell(f"{run.subject}: {size.sentence}\ntry {size.try_instead}", size.to_json())
    if size.large:
        click.echo(f"exactgeo: {run.subject}: {size.sentence}; try {size.try_instead}", err=True)


def point_of(source: str | None, problem: Problem) -> Point:
    """The point of a file or of a named problem; the problem's own where there is no ``source``."""
    from exactgeo.api import own_point
    from exactgeo.formats import read_point

    return own_point(problem) if source is None else read_point(file_of(source), problem)


def file_of(source: str) -> str:
    """A file, or the file of a named problem."""
    from exactgeo import library

    if source == "-" or os.path.exists(source) or source not in dict(library.names()):
        return source
    return str(library.path(source))


def emit(answer: dict[str, Any], text: Callable[[], str], *, as_json: bool) -> None:
    """Print an answer: one JSON object for programs, text for people."""
    shown = json_text(answer) if as_json else text()
    current_run().answering()
    click.echo(shown)
