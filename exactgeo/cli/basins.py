"""``exactgeo basins``: every basin with its exact value."""

from __future__ import annotations

from contextlib import ExitStack

import click

from exactgeo.cli.options import (
    DONE,
    UNDECIDED,
    certificate_option,
    emit,
    json_option,
    limit_option,
    problem_argument,
    problem_of,
    workers_option,
    write,
)
from exactgeo.errors import InputError

__all__ = ["basins"]


@click.command()
@problem_argument
@click.option("--out", metavar="FILE", help="Every basin as a table: .csv, .json, .parquet or .sqlite.")
@click.option("--resume", is_flag=True, help="Take up the run in --out FILE.sqlite; it must be there.")
@workers_option
@click.option("--minima", is_flag=True, help="Every loss at a local minimum, with the connected sets of minimisers.")
@limit_option
@certificate_option("the certificate of all minima")
@json_option
def basins(
    problem: str,
    out: str | None,
    resume: bool,
    workers: int | None,
    certificate: str | None,
    minima: bool,
    time_limit: float | None,
    as_json: bool,
) -> int:
    """Every basin with its exact value, and every loss at which there is a local minimum.

    With --out RUN.sqlite the run can be ended at any moment and taken up by the same command.
    """
    from exactgeo.basin import Census, census
    from exactgeo.basin.penalised import PenalisedCensus, penalised_census
    from exactgeo.executors import Workers, processors
    from exactgeo.report.progress import progress_bar
    from exactgeo.report.text import census_text
    from exactgeo.store import Store

    kept = out is not None and out.endswith(".sqlite")
    if out is not None and not out.endswith((".csv", ".json", ".parquet", ".sqlite")):
        raise InputError("--out", out, "a file name ending in .csv, .json, .parquet or .sqlite", "basins.csv")
    if resume and not kept:
        raise InputError("--resume", "no file to resume", "--out FILE.sqlite", "the file of the earlier run")
    loaded = problem_of(problem)
    if loaded.penalty and kept:
        raise InputError("--out", str(out), "a table (a penalised census is not resumed)", "basins.csv")
    with ExitStack() as stack:
        store = stack.enter_context(Store(out, resume=resume)) if out is not None and kept else None
        executor = stack.enter_context(Workers(workers or processors()))
        progress = stack.enter_context(progress_bar("basins", quiet=as_json))
        found: Census | PenalisedCensus
        if loaded.penalty:
            found = penalised_census(loaded, time_limit=time_limit, progress=progress)
        else:
            found = census(
                loaded,
                executor=executor,
                time_limit=time_limit,
                progress=progress,
                store=store,
                watch=None if progress is None else progress.best,
            )
    if out is not None and not kept:
        found.write(out)
    proof = found.prove(minima=minima) if certificate is not None else None
    answer = found.to_json(minima=minima)
    if certificate is not None:
        answer["certificate"] = None if proof is None else write(certificate, proof.write)
    emit(answer, lambda: census_text(loaded, answer), as_json=as_json)
    return UNDECIDED if found.stopped(minima=minima) else DONE
