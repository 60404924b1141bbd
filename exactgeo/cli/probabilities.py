"""``exactgeo probabilities``: where a random start lands."""

from __future__ import annotations

import time

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
    json_option,
    limit_option,
    plot_option,
    problem_argument,
    problem_of,
)
from exactgeo.errors import InputError

__all__ = ["probabilities"]


@click.command(
    cls=Limited,
    epilog=epilog(
        "exactgeo probabilities swirszcz-prop1",
        "exactgeo probabilities swirszcz-prop1 --widths 1,10,1000 --at-most 14",
        "exactgeo probabilities swirszcz-prop1 --regions --json",
        exits=FINISHED,
    ),
)
@problem_argument
@click.option("--widths", metavar="N,N,...", help="Widths; the problem's own if left out. All cost the same.")
@click.option("--at-most", multiple=True, metavar="ALPHA", help="A level; every basin value, up to 50, if left out.")
@click.option("--regions", is_flag=True, help="The probability of every region of a neuron as well.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of what is sampled, if anything."
)
@plot_option("probability against width")
@certificate_option("the certificate of the law")
@limit_option
@json_option
def probabilities(
    problem: str,
    widths: str | None,
    at_most: tuple[str, ...],
    regions: bool,
    seed: int,
    plot: str | None,
    certificate: str | None,
    time_limit: float | None,
    as_json: bool,
) -> int:
    """P[Bas <= ALPHA] at any width: how likely a random start lies in a basin of low value.

    The start is that of Assumption 1 of Safran and Shamir. Exit 3 where not all is known within the limit.
    """
    from exactgeo.api import probabilities as of
    from exactgeo.exact.rational import parse_rational
    from exactgeo.probability.probabilities import Laws
    from exactgeo.report.probabilities import probabilities_text

    start = time.monotonic()

    def left() -> float | None:
        return None if time_limit is None else max(0.0, time_limit - (time.monotonic() - start))

    chosen = None if widths is None else _numbers(widths)
    levels = [parse_rational(text, "--at-most") for text in at_most]
    loaded = problem_of(problem)
    found, run = of(loaded, seed=seed), current_run()
    run.tell(f"{loaded.name}: no level is known yet", {"law": [], "rate": [], "theorems": []})
    answer = Laws(found, levels or found.levels(time_limit=left()), chosen)
    answer.run(left(), lambda: run.tell(probabilities_text(loaded, answer), answer.to_json(), seldom=True))
    known = answer.to_json(regions=regions)
    run.tell(probabilities_text(loaded, answer), known)
    known |= drawn(plot, answer.plot, at_once=False)
    if certificate is not None:
        proof = answer.certificate()
        known["certificate"] = None if proof is None else str(proof.write(certificate))
    emit(known, lambda: probabilities_text(loaded, answer, known), as_json=as_json)
    return DONE if answer.complete else UNDECIDED


def _numbers(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() and part.isascii() and int(part) > 0 for part in parts) or len(text) > 2000:
        raise InputError("--widths", text, "positive integers, separated by commas", "--widths 1,2,10,1000")
    return [int(part) for part in parts]
