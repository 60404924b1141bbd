"""What the commands share: exit codes, options, how problems are read and answers given."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from exactgeo import files

if TYPE_CHECKING:
    from exactgeo.problem import Point, Problem

__all__ = [
    "BAD_INPUT",
    "DONE",
    "INTERNAL",
    "INTERRUPTED",
    "NOT_SO",
    "UNDECIDED",
    "Run",
    "certificate_option",
    "emit",
    "emit_json",
    "file_of",
    "json_option",
    "limit_option",
    "output_option",
    "picture",
    "point_of",
    "problem_argument",
    "problem_of",
    "workers_option",
]

DONE, NOT_SO, BAD_INPUT, UNDECIDED, INTERNAL = 0, 1, 2, 3, 4
INTERRUPTED = 130


@dataclass
class Run:
    """One run of the command: what a refusal has to name, which knows only its reason."""

    subject: str = "problem"


problem_argument = click.argument("problem", metavar="FILE-OR-NAME")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else there.")
workers_option = click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes; one a processor if left out."
)
limit_option = click.option(
    "--time-limit", type=click.FloatRange(min=0), help="Seconds; then what is known, and exit 3."
)


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


def picture(path: str, option: str) -> None:
    """The ``check`` of an option that names a picture."""
    from exactgeo.landscape.plot import check

    check(path, option)


def certificate_option(what: str) -> Decorator:
    """The option ``--certificate OUT.json`` of a command whose certificate is of ``what``."""
    return output_option("--certificate", metavar="OUT.json", help=f"Write {what} here.")


def problem_of(source: str) -> Problem:
    """The problem of a file, of a named problem, or of standard input."""
    from exactgeo.api import load

    problem = load(source)
    click.get_current_context().ensure_object(Run).subject = problem.name or ("stdin" if source == "-" else source)
    return problem


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
    if as_json:
        emit_json(answer)
    else:
        click.echo(text())


def emit_json(answer: dict[str, Any]) -> None:
    """Print an answer, or a refusal, as one JSON object."""
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
