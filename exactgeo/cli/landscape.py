"""``exactgeo landscape``: valleys and the merge tree of all sublevel sets."""

from __future__ import annotations

import time
from contextlib import ExitStack

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
    plot_option,
    point_of,
    point_option,
    problem_argument,
    problem_of,
    workers_option,
)
from exactgeo.errors import InputError

__all__ = ["landscape"]


@click.command(
    cls=Limited,
    epilog=epilog(
        "exactgeo landscape swirszcz-prop1",
        "exactgeo landscape swirszcz-prop1 --full --certificate valleys.json",
        "exactgeo check valleys.json",
        "exactgeo landscape swirszcz-prop1 --out run.sqlite --json",
        exits=FINISHED,
    ),
)
@problem_argument
@click.option("--full", is_flag=True, help="The full space, not modulo permutation of neurons.")
@point_option("Say where this point stands")
@plot_option("the merge tree")
@click.option(
    "--level", metavar="LOSS", help="Count the connected sets of {loss <= LOSS}, and colour them in the picture."
)
@click.option("--out", metavar="RUN.sqlite", help="Keep census and walls here; what it has of them is taken up.")
@click.option("--resume", is_flag=True, help="Take up the run in --out RUN.sqlite; it must be there.")
@certificate_option("the certificate of all minima and valleys")
@workers_option
@limit_option
@json_option
def landscape(
    problem: str,
    full: bool,
    point: str | None,
    plot: str | None,
    level: str | None,
    out: str | None,
    resume: bool,
    certificate: str | None,
    workers: int | None,
    time_limit: float | None,
    as_json: bool,
) -> int:
    """Valleys, the levels they escape at, and where sublevel sets join, exactly.

    With --out RUN.sqlite the run can be ended at any moment and taken up by the same command; `basins` shares the file.
    """
    from exactgeo.exact.rational import format_rational, parse_rational
    from exactgeo.executors import Workers, processors
    from exactgeo.landscape import landscape as build
    from exactgeo.report.landscape import landscape_text
    from exactgeo.report.progress import progress_bar
    from exactgeo.store import Store

    if out is not None and not out.endswith(".sqlite"):
        raise InputError("--out", out, "a file name ending in .sqlite", "run.sqlite")
    if resume and out is None:
        raise InputError("--resume", "no file to resume", "--out FILE.sqlite", "the file of the earlier run")
    at_most = None if level is None else parse_rational(level, "--level")
    loaded = problem_of(problem)
    chosen = loaded.point if point is None else point_of(point, loaded)
    foresee(loaded)
    start = time.monotonic()
    with ExitStack() as stack:
        store = None if out is None else stack.enter_context(Store(out, resume=resume))
        executor = stack.enter_context(Workers(workers or processors()))
        progress = stack.enter_context(progress_bar("landscape", quiet=as_json))
        found = build(loaded, executor=executor, full=full, time_limit=time_limit, progress=progress, store=store)
    answer = found.to_json()
    current_run().tell(landscape_text(loaded, found, answer), answer)
    done = found.complete
    if chosen is not None and found.census.complete:
        left = None if time_limit is None else max(0.0, time_limit - (time.monotonic() - start))
        answer["point"] = found.component(chosen, time_limit=left).to_json()
        done &= "reason" not in answer["point"]
    if at_most is not None:
        sets = len(found.sublevel_sets(at_most)) if found.complete else None
        answer["level"] = {"at_most": format_rational(at_most), "connected_sets": sets}
    answer |= drawn(plot, lambda: found.plot(level=at_most, point=None if point is None else chosen))
    if certificate is not None:
        proof = found.certificate
        answer["certificate"] = None if proof is None else str(proof.write(certificate))
    emit(answer, lambda: landscape_text(loaded, found, answer), as_json=as_json)
    return DONE if done else UNDECIDED
