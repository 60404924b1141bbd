"""``exactgeo basins``: every basin with its exact value."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from exactgeo.cli.limited import Limited
from exactgeo.cli.options import (
    DONE,
    FINISHED,
    UNDECIDED,
    certificate_option,
    current_run,
    drawn,
    emit,
    epilog,
    foresee,
    json_option,
    limit_option,
    output_option,
    plot_option,
    problem_argument,
    problem_of,
    with_plot,
    workers_option,
)
from exactgeo.errors import InputError

if TYPE_CHECKING:
    from exactgeo.exact.enclosure import Value
    from exactgeo.problem import Problem
    from exactgeo.report.progress import Bar

__all__ = ["basins"]


def _table(path: str, option: str) -> None:
    from exactgeo.basin.export import SUFFIXES, check

    # A store is refused when it is opened, before the work too: one that is finished need not be written.
    if not path.endswith(".sqlite"):
        check(path, option, (*SUFFIXES, ".sqlite"))


@click.command(
    cls=Limited,
    epilog=epilog(
        "exactgeo basins swirszcz-prop1",
        "exactgeo basins swirszcz-prop1 --minima --certificate minima.json",
        "exactgeo check minima.json",
        "exactgeo basins swirszcz-prop1 --out basins.csv",
        "exactgeo basins swirszcz-prop3-local --out run.sqlite",
        "exactgeo basins swirszcz-prop3-local --out run.sqlite --resume --json",
        exits=FINISHED,
    ),
)
@problem_argument
@output_option("--out", check=_table, metavar="FILE", help="Every basin as a table: .csv, .json, .parquet or .sqlite.")
@click.option("--resume", is_flag=True, help="Take up the run in --out FILE.sqlite; it must be there.")
@workers_option
@click.option("--minima", is_flag=True, help="Every loss at a local minimum, with the connected sets of minimisers.")
@limit_option
@plot_option("all values, those of local minima marked")
@certificate_option("the certificate of all minima")
@json_option
def basins(
    problem: str,
    out: str | None,
    resume: bool,
    workers: int | None,
    plot: str | None,
    certificate: str | None,
    minima: bool,
    time_limit: float | None,
    as_json: bool,
) -> int:
    """Every basin with its exact value, and every loss at which there is a local minimum.

    With --out RUN.sqlite the run can be ended at any moment and taken up by the same command.
    """
    from exactgeo.basin import census
    from exactgeo.executors import Workers, processors
    from exactgeo.report.progress import progress_bar
    from exactgeo.report.text import census_text
    from exactgeo.store import Store

    kept = out is not None and out.endswith(".sqlite")
    if resume and not kept:
        raise InputError("--resume", "no file to resume", "--out FILE.sqlite", "the file of the earlier run")
    loaded = problem_of(problem)
    if loaded.penalty:
        return _penalised(loaded, (out, certificate, plot), minima, time_limit, as_json)
    foresee(loaded)
    with ExitStack() as stack:
        store = stack.enter_context(Store(out, resume=resume)) if out is not None and kept else None
        executor = stack.enter_context(Workers(workers or processors()))
        progress = stack.enter_context(progress_bar("basins", stages=2, quiet=as_json))
        told = _Told(loaded, progress)
        found = census(
            loaded,
            executor=executor,
            time_limit=time_limit,
            progress=told,
            store=store,
            watch=told.best,
            searching=None if progress is None else progress.stage(1),
        )
        answer = found.answer(searched=False)
        if found.complete:
            current_run().tell(census_text(loaded, answer), answer)
            answer = found.answer(minima=minima)
    if out is not None and not kept:
        found.write(out)
    proof = found.prove(minima=minima) if certificate is not None else None
    if certificate is not None:
        answer["certificate"] = None if proof is None else str(proof.write(certificate))
    answer |= drawn(plot, found.plot)
    emit(answer, lambda: with_plot(census_text(loaded, answer), answer), as_json=as_json)
    return UNDECIDED if found.stopped(minima=minima) else DONE


def _penalised(
    loaded: Problem, files: tuple[str | None, ...], minima: bool, time_limit: float | None, as_json: bool
) -> int:
    """The same of a problem with a penalty: bounds, and no run to take up."""
    from exactgeo.basin.penalised import penalised_census
    from exactgeo.report.progress import progress_bar
    from exactgeo.report.text import census_text

    out, certificate, plot = files
    if out is not None and out.endswith(".sqlite"):
        raise InputError("--out", out, "a table: a penalised census is not taken up again", "basins.csv")
    with progress_bar("basins", quiet=as_json) as progress:
        found = penalised_census(loaded, time_limit=time_limit, progress=progress)
    if out is not None:
        found.write(out)
    answer = found.to_json(minima=minima)
    if certificate is not None:
        proof = found.prove(minima=minima)
        answer["certificate"] = None if proof is None else str(proof.write(certificate))
    answer |= drawn(plot, found.plot)
    emit(answer, lambda: with_plot(census_text(loaded, answer), answer), as_json=as_json)
    return UNDECIDED if found.stopped(minima=minima) else DONE


class _Told:
    """What is known while basins get their values: told for the case that the run is ended, and drawn."""

    def __init__(self, problem: Problem, bar: Bar | None) -> None:
        self._name, self._bar, self._run = problem.name, bar, current_run()
        self._lowest: Value | None = None
        self._valued = 0, 0

    def __call__(self, done: int, total: int) -> None:
        if self._bar is not None:
            self._bar(done, total)
        self._valued = done, total
        self._tell(seldom=True)

    def best(self, value: Value) -> None:
        """The least value so far."""
        self._lowest = value
        if self._bar is not None:
            self._bar.best(value)
        self._tell(seldom=False)

    def _tell(self, *, seldom: bool) -> None:
        from exactgeo.exact.enclosure import plain
        from exactgeo.report.tables import labelled, value_text

        (done, total), lowest = self._valued, plain(self._lowest)
        lines = [self._name, "", labelled("valued", f"{done} of {total} basins modulo permutation of neurons")]
        lines.append(labelled("lowest so far", "unknown" if lowest is None else value_text(lowest)))
        self._run.tell("\n".join(lines), {"orbits": total, "valued": done, "minimum": lowest}, seldom=seldom)
