"""The command line. Exit codes: 0 done, 1 not so, 2 bad input, 3 undecided or out of budget, 4 internal error."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from exactgeo.errors import InputError, InternalError

if TYPE_CHECKING:
    from exactgeo.problem import Point, Problem

__all__ = ["main"]

DONE, NOT_SO, BAD_INPUT, UNDECIDED, INTERNAL = 0, 1, 2, 3, 4
INTERRUPTED = 130

_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else there.")
_time_option = click.option(
    "--time-limit", type=click.FloatRange(min=0), default=5.0, show_default=True, help="Seconds; then what is known."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="exactgeo")
def cli() -> None:
    """The loss geometry of small neural networks, exactly, with certificates."""


def _emit(data: dict[str, Any]) -> None:
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def _load(source: str) -> Problem:
    from exactgeo.api import load

    return load(source)


def _point(source: str | None, problem: Problem) -> Point:
    if source is not None:
        from exactgeo.formats import read_point

        return read_point(source, problem)
    from exactgeo.api import own_point

    return own_point(problem)


def _file(source: str | None) -> str | None:
    """A file, or the file of a named problem."""
    if source is None or source == "-" or os.path.exists(source):
        return source
    from exactgeo import library

    return str(library.path(source)) if source in dict(library.names()) else source


@cli.command()
@click.argument("problem", metavar="FILE-OR-NAME")
@click.option("--point", "points", multiple=True, metavar="FILE", help="Decide this point instead; may be repeated.")
@click.option("--certificate", metavar="OUT.json", help="Write the certificate here (one point only).")
@click.option("--expect", metavar="KIND", help="Exit 0 exactly when the verdict is KIND.")
@_time_option
@_json_option
def certify(
    problem: str,
    points: tuple[str, ...],
    certificate: str | None,
    expect: str | None,
    time_limit: float,
    as_json: bool,
) -> int:
    """Decide exactly whether the problem's point is a local minimum."""
    from exactgeo.api import certify as decide
    from exactgeo.kinds import Kind
    from exactgeo.report.text import verdict_text

    if expect is not None and expect not in list(Kind):
        raise InputError("--expect", f'"{expect}"', "a verdict", " or ".join(Kind))
    if certificate is not None and len(points) > 1:
        raise InputError("--certificate", f"{len(points)} points", "one point", "one --point")
    loaded = _load(problem)
    verdicts = [decide(loaded, _point(source, loaded), time_limit=time_limit) for source in points or (None,)]
    path = None
    if certificate is not None and verdicts[0].certificate is not None:
        path = _write(certificate, verdicts[0].certificate.write)
    if as_json:
        answers = [verdict.to_json(path) for verdict in verdicts]
        _emit(answers[0] if len(answers) == 1 else {"points": [*map(_labelled, points, answers)]})
    else:
        labels = [f"{source}: " for source in points] if len(points) > 1 else [""]
        click.echo("\n\n".join(a + verdict_text(v, path) for a, v in zip(labels, verdicts, strict=True)))
    kinds = [verdict.kind for verdict in verdicts]
    if expect is not None:
        return DONE if all(kind == expect for kind in kinds) else NOT_SO
    if Kind.NOT_LOCAL_MINIMUM in kinds:
        return NOT_SO
    return UNDECIDED if Kind.UNDECIDED in kinds else DONE


def _labelled(source: str, answer: dict[str, Any]) -> dict[str, Any]:
    return {"file": source, **answer}


def _write(path: str, write: Callable[[str], object]) -> str:
    try:
        write(path)
    except OSError as error:
        raise InputError(path, error.strerror or str(error), "a file that can be written", "another path") from None
    return path


@cli.command()
@click.argument("problem", metavar="FILE-OR-NAME")
@click.option("--point", metavar="FILE", help="Explain this point instead.")
@_json_option
def explain(problem: str, point: str | None, as_json: bool) -> int:
    """Residuals, kinks and phi of each neuron, so that the verdict can be followed by hand."""
    from exactgeo.api import certify as decide
    from exactgeo.local_minimum import explain as lay_out
    from exactgeo.local_minimum import out_of_scope
    from exactgeo.report.text import explanation_json, explanation_text

    loaded = _load(problem)
    chosen = _point(point, loaded)
    detail = out_of_scope(loaded)
    if detail:
        click.echo(json.dumps({"reason": detail}) if as_json else f"nothing to lay out: {detail}")
        return UNDECIDED
    explanation = lay_out(loaded, chosen)
    verdict = decide(loaded, chosen, time_limit=0)
    if as_json:
        _emit(explanation_json(explanation, verdict))
    else:
        click.echo(explanation_text(explanation, verdict))
    return DONE


@cli.command()
@click.argument("problem", metavar="FILE-OR-NAME")
@click.option("--out", metavar="FILE", help="Every basin as a table: .csv, .json, .parquet or .sqlite.")
@click.option("--resume", is_flag=True, help="Take up the run in --out FILE.sqlite; it must be there.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes; one a processor if left out.")
@click.option("--minima", is_flag=True, help="Every loss at a local minimum, with the connected sets of minimisers.")
@click.option("--time-limit", type=click.FloatRange(min=0), help="Seconds; then what is known, and exit 3.")
@click.option("--certificate", metavar="OUT.json", help="Write the certificate of all minima here.")
@_json_option
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
    from contextlib import ExitStack

    from exactgeo.basin import OutOfScope, census
    from exactgeo.basin.claims import census_certificate
    from exactgeo.executors import Workers, processors
    from exactgeo.report.progress import progress_bar
    from exactgeo.report.text import census_text
    from exactgeo.store import Store

    kept = out is not None and out.endswith(".sqlite")
    if out is not None and not out.endswith((".csv", ".json", ".parquet", ".sqlite")):
        raise InputError("--out", out, "a file name ending in .csv, .json, .parquet or .sqlite", "basins.csv")
    if resume and not kept:
        raise InputError("--resume", "no file to resume", "--out FILE.sqlite", "the file of the earlier run")
    loaded = _load(problem)
    try:
        with ExitStack() as stack:
            keeper = stack.enter_context(Store(out, resume=resume)) if out is not None and kept else None
            executor = stack.enter_context(Workers(workers or processors()))
            progress = stack.enter_context(progress_bar("basins", quiet=as_json))
            found = census(
                loaded,
                executor=executor,
                time_limit=time_limit,
                progress=progress,
                keeper=keeper,
                watch=None if progress is None else progress.best,
            )
        if out is not None and not kept:
            found.write(out)
        proof = census_certificate(found, minima=minima) if certificate is not None else None
        answer = found.to_json(minima=minima)
    except OutOfScope as refusal:
        expected = "a problem whose basins are convex programs"
        write = "one that is in scope, or use certify, which needs none of this"
        raise InputError(loaded.name or problem, refusal.reason, expected, write) from None
    if certificate is not None:
        answer["certificate"] = None if proof is None else _write(certificate, proof.write)
    if as_json:
        _emit(answer)
    else:
        click.echo(census_text(loaded, answer))
    return UNDECIDED if found.ended else DONE


@cli.command()
@click.argument("problem", metavar="FILE-OR-NAME")
@click.option("--full", is_flag=True, help="The full space, not modulo permutation of neurons.")
@click.option("--plot", metavar="OUT", help="Draw the merge tree: .svg, .png or .pdf.")
@click.option("--out", metavar="RUN.sqlite", help="Keep census and walls here; what it has of them is taken up.")
@click.option("--resume", is_flag=True, help="Take up the run in --out RUN.sqlite; it must be there.")
@click.option("--certificate", metavar="OUT.json", help="Write the certificate of all minima and valleys here.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes; one a processor if left out.")
@click.option("--time-limit", type=click.FloatRange(min=0), help="Seconds; then what is known, and exit 3.")
@_json_option
def landscape(
    problem: str,
    full: bool,
    plot: str | None,
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
    from contextlib import ExitStack

    from exactgeo.basin import OutOfScope
    from exactgeo.executors import Workers, processors
    from exactgeo.landscape import landscape as build
    from exactgeo.report.landscape import landscape_text
    from exactgeo.report.progress import progress_bar
    from exactgeo.store import Store

    if out is not None and not out.endswith(".sqlite"):
        raise InputError("--out", out, "a file name ending in .sqlite", "run.sqlite")
    if resume and out is None:
        raise InputError("--resume", "no file to resume", "--out FILE.sqlite", "the file of the earlier run")
    loaded = _load(problem)
    start = time.monotonic()
    try:
        with ExitStack() as stack:
            keeper = None if out is None else stack.enter_context(Store(out, resume=resume))
            executor = stack.enter_context(Workers(workers or processors()))
            progress = stack.enter_context(progress_bar("landscape", quiet=as_json))
            found = build(loaded, executor=executor, full=full, time_limit=time_limit, progress=progress, keeper=keeper)
    except OutOfScope as refusal:
        expected = "a problem whose basins are convex programs with exact values"
        write = "one that is in scope, or use certify, which needs none of this"
        raise InputError(loaded.name or problem, refusal.reason, expected, write) from None
    answer = found.to_json()
    done = found.complete
    if loaded.point is not None and found.census.complete:
        left = None if time_limit is None else max(0.0, time_limit - (time.monotonic() - start))
        answer["point"] = found.place(loaded.point, time_limit=left).to_json()
        done &= answer["point"]["bad_valley"] is not None
    if plot is not None:
        from exactgeo.landscape.plot import save

        answer["plot"] = _write(plot, lambda path: save(found, path)) if found.complete else None
    if certificate is not None:
        proof = found.certificate
        answer["certificate"] = None if proof is None else _write(certificate, proof.write)
    if as_json:
        _emit(answer)
    else:
        click.echo(landscape_text(loaded, found, answer))
    return DONE if done else UNDECIDED


@cli.command()
@click.argument("problem", metavar="FILE-OR-NAME")
@click.option("--to", "end", required=True, metavar="FILE-OR-NAME", help="Where the path ends: a point's file.")
@click.option("--from", "start", metavar="FILE-OR-NAME", help="Where it starts, instead of the problem's point.")
@click.option("--plot", metavar="OUT", help="Draw the loss along the path: .svg, .png or .pdf.")
@click.option("--certificate", metavar="OUT.json", help="Write the certificate of the path and its level here.")
@click.option("--time-limit", type=click.FloatRange(min=0), help="Seconds; then what is known, and exit 3.")
@_json_option
def path(
    problem: str,
    end: str,
    start: str | None,
    plot: str | None,
    certificate: str | None,
    time_limit: float | None,
    as_json: bool,
) -> int:
    """A certified path between two points that rises no higher than every path must."""
    from exactgeo.api import path as build
    from exactgeo.basin import OutOfScope
    from exactgeo.report.landscape import path_text

    loaded = _load(problem)
    one, other = _point(_file(start), loaded), _point(_file(end), loaded)
    try:
        found = build(loaded, one, other, time_limit=time_limit)
    except OutOfScope as refusal:
        expected = "a problem whose basins are convex programs with exact values"
        raise InputError(loaded.name or problem, refusal.reason, expected, "one that is in scope") from None
    answer = found.to_json()
    if plot is not None:
        from exactgeo.landscape.plot import path_figure, write

        drawn = found.path
        answer["plot"] = None if drawn is None else _write(plot, lambda to: write(path_figure(drawn), to))
    if certificate is not None:
        answer["certificate"] = None if found.certificate is None else _write(certificate, found.certificate.write)
    if as_json:
        _emit(answer)
    else:
        click.echo(path_text(loaded, found, answer))
    return DONE if found.complete else UNDECIDED


@cli.command("slice")
@click.argument("problem", metavar="FILE-OR-NAME")
@click.option(
    "--to", "ends", multiple=True, required=True, metavar="FILE-OR-NAME", help="One point for a line, two for a plane."
)
@click.option("-o", "--output", required=True, metavar="OUT", help="The picture: .svg, .png or .pdf.")
@_json_option
def slice_(problem: str, ends: tuple[str, ...], output: str, as_json: bool) -> int:
    """Draw the loss on the line from the problem's point to another, or on the plane through three points."""
    from exactgeo.landscape.plot import slice_line, slice_plane, write

    loaded = _load(problem)
    if len(ends) > 2:
        raise InputError("--to", f"{len(ends)} points", "one point for a line, two for a plane", "one or two --to")
    one, *others = _point(None, loaded), *(_point(_file(end), loaded) for end in ends)
    figure = slice_line(loaded, one, *others) if len(others) == 1 else slice_plane(loaded, one, *others)
    written = _write(output, lambda to: write(figure, to))
    from exactgeo.exact.rational import format_rational

    losses = [format_rational(loaded.loss_at(point)) for point in (one, *others)]
    if as_json:
        _emit({"file": written, "losses": losses})
    else:
        click.echo(f"wrote {written}: losses {', '.join(losses)}")
    return DONE


@cli.command()
@click.argument("arrangement", metavar="FILE")
@click.option("--signs", is_flag=True, help="List the regions' sign vectors, in lexicographic order.")
@click.option("--bounded", is_flag=True, help="List those of the relatively bounded regions only.")
@click.option("--certificate", metavar="OUT.json", help="Write the complete list, with a point in each, here.")
@click.option("--time-limit", type=click.FloatRange(min=0), help="Seconds; then how many are found, and exit 3.")
@_json_option
def regions(
    arrangement: str, signs: bool, bounded: bool, certificate: str | None, time_limit: float | None, as_json: bool
) -> int:
    """Count and list the regions of an arrangement of hyperplanes."""
    from exactgeo.arrangement import Arrangement
    from exactgeo.formats import read_arrangement

    normals, offsets = read_arrangement(arrangement)
    found = Arrangement(normals, offsets)
    if time_limit is not None:
        end, known = time.monotonic() + time_limit, 0
        for block in found.blocks(packed=True):
            known += len(block)
            if time.monotonic() > end:
                if as_json:
                    _emit({"found": known, "complete": False, "rank": found.rank})
                else:
                    click.echo(f"regions found so far        {known}")
                click.echo(f"exactgeo: {arrangement}: not all within {time_limit:g} s; raise --time-limit", err=True)
                return UNDECIDED
    listed = found.regions()
    data: dict[str, Any] = {
        "count": listed.count,
        "rank": found.rank,
        "characteristic_polynomial": list(found.characteristic_polynomial),
        "bounded": found.bounded,
        "fallbacks": listed.fallbacks,
    }
    if signs or bounded:
        data["signs"] = [list(row) for row in (found.bounded_regions() if bounded else listed)]
    if certificate is not None:
        data["certificate"] = _write(certificate, found.certificate().write)
    if as_json:
        _emit(data)
    else:
        click.echo(f"regions                     {data['count']}")
        click.echo(f"relatively bounded          {data['bounded']}")
        click.echo(f"rank of the normals         {data['rank']}")
        click.echo(f"characteristic polynomial   {' '.join(map(str, data['characteristic_polynomial']))}")
        for row in data.get("signs", []):
            click.echo("".join({1: "+", -1: "-", 0: "0"}[sign] for sign in row))
    return DONE


@cli.command()
@click.argument("certificate", metavar="CERT.json")
@click.argument("problem", metavar="[PROBLEM]", required=False)
@click.option("--time-limit", type=click.FloatRange(min=0), help="Seconds; exit 3 when they end the check.")
@_json_option
def check(certificate: str, problem: str | None, time_limit: float | None, as_json: bool) -> int:
    """Check a certificate with the independent checker; with PROBLEM, that it speaks of that file."""
    from exactgeo.claims.certificate import check as run

    if problem is not None and not os.path.exists(problem) and problem != "-":
        from exactgeo import library

        problem = str(library.path(problem))
    answer = run(certificate, problem, time_limit=time_limit)
    if answer is None:
        click.echo(f"exactgeo: {certificate}: no answer within {time_limit:g} s; raise --time-limit", err=True)
        return UNDECIDED
    if as_json:
        _emit(answer.to_json())
    elif answer.accepted:
        click.echo(f"accepted: {answer.statement}")
        for line in (*answer.hypotheses, f"sha256 {answer.sha256}"):
            click.echo(f"  {line}")
    if not answer.accepted and not (as_json and answer.code == NOT_SO):
        click.echo(f"exactgeo: {certificate}: {answer.reason}", err=True)
    return answer.code


@cli.command()
@click.argument("certificate", metavar="CERT.json")
@click.option("--coq", is_flag=True, help="For Coq: theorems over Q, checked by coqc without axioms.")
@click.option("-o", "--output", required=True, metavar="OUT.v", help="The file to write.")
@_json_option
def export(certificate: str, coq: bool, output: str, as_json: bool) -> int:
    """Write the statement of a certificate, with a proof, for a proof assistant."""
    from exactgeo.claims.certificate import check as run
    from exactgeo.claims.coq import coq as render

    if not coq:
        raise InputError("export", "no proof assistant", "--coq", "exactgeo export --coq CERT.json -o OUT.v")
    answer = run(certificate)
    if answer is None or not answer.accepted:
        reason = "" if answer is None else answer.reason
        raise InputError(
            certificate, reason, "a certificate that `exactgeo check` accepts", "one of `exactgeo certify`"
        )
    with open(certificate, encoding="utf-8-sig") as file:
        text, left = render(json.load(file))

    def write(path: str) -> None:
        with open(path, "w", encoding="ascii") as target:
            target.write(text)

    _write(output, write)
    if as_json:
        _emit({"file": output, "left_out": left})
    else:
        click.echo(f"wrote {output}; check it with: coqc {output}")
    for kind in left if not as_json else []:
        click.echo(f"not exported: the claim {kind}", err=True)
    return DONE


@cli.command()
@click.argument("name", required=False)
@_json_option
def examples(name: str | None, as_json: bool) -> int:
    """The named problems that ship with exactgeo; with NAME, the file itself."""
    from exactgeo import library

    if name is not None:
        text = library.text(name)
        if as_json:
            _emit({"name": name, "toml": text})
        else:
            click.echo(text, nl=False)
        return DONE
    listing = dict(library.names())
    if as_json:
        _emit({"examples": [{"name": key, "about": about} for key, about in listing.items()]})
        return DONE
    width = max(map(len, listing))
    for key, about in listing.items():
        click.echo(f"{key:<{width}}  {about}")
    return DONE


@cli.command()
@click.argument("name", required=False)
@click.option("--table", "only_table", is_flag=True, help="Print the table without running anything.")
@_json_option
def proofs(name: str | None, only_table: bool, as_json: bool) -> int:
    """Run the executable proofs that ship with exactgeo and print the table of statements; with NAME, the document."""
    from exactgeo import documents

    failures = []
    try:
        claims = documents.registry(documents.folder())
    except documents.DocumentError as error:
        claims, failures = (), [f"{error}\n"]
    if name is not None:
        known = {claim.document.stem: claim.document for claim in claims}
        if name not in known:
            raise InputError("proofs", f'"{name}"', "the name of a document", " or ".join(known))
        text = known[name].read_text(encoding="utf-8")
        if as_json:
            _emit({"name": name, "markdown": text})
        else:
            click.echo(text, nl=False)
        return DONE
    rows = []
    for claim in claims:
        outcome = documents.check(claim, execute=not only_table)
        result = "failed" if not outcome.passed else "listed" if only_table else "passed"
        rows.append((claim.statement, claim.document.stem, claim.status, outcome.examples, result))
        failures += [outcome.failure] * (not outcome.passed)
    if as_json:
        keys = ("statement", "document", "status", "examples", "result")
        _emit({"proofs": [dict(zip(keys, row, strict=True)) for row in rows], "passed": not failures})
    else:
        shown = 3 if only_table else 5
        header = ("statement", "document", "status", "examples run", "result")
        click.echo(documents.table([tuple(row[:shown]) for row in (header, *rows)]))
    for failure in failures:
        click.echo(failure, nl=False, err=True)
    return NOT_SO if failures else DONE


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
