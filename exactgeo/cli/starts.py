"""``exactgeo starts``: how often training ends where."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from exactgeo.cli import completion
from exactgeo.cli.limited import Limited
from exactgeo.cli.options import (
    DONE,
    FINISHED,
    UNDECIDED,
    current_run,
    drawn,
    emit,
    epilog,
    foresee,
    json_option,
    limit_option,
    plot_option,
    problem_argument,
    problem_of,
    with_plot,
)
from exactgeo.errors import OutOfScope

if TYPE_CHECKING:
    from exactgeo.exact.enclosure import Value
    from exactgeo.problem import Problem

__all__ = ["starts"]

SECONDS_A_VALUE = 1.0
"""For the probability of a basin value; then it is a pair of bounds."""


def _inits() -> list[str]:
    from exactgeo.numeric.initialisation import INITIALISATIONS

    return list(INITIALISATIONS)


def _optimizers() -> list[str]:
    from exactgeo.numeric import OPTIMIZERS

    return list(OPTIMIZERS)


@click.command(
    cls=Limited,
    epilog=epilog(
        "exactgeo starts swirszcz-prop1 --count 20",
        "exactgeo starts swirszcz-prop1 --count 20 --optimizer lbfgs --init he --json",
        exits=FINISHED,
    ),
)
@problem_argument
@click.option("--count", type=click.IntRange(min=1), default=1000, show_default=True, help="Random starts.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the random starts.")
@click.option(
    "--init",
    shell_complete=completion.words(_inits),
    default="gaussian",
    show_default=True,
    help="gaussian, lecun, glorot, he or uniform.",
)
@click.option("--scale", type=float, default=1.0, show_default=True, help="Factor of the distribution.")
@click.option("--bias-scale", type=float, help="Deviation of the biases, in place of the distribution's.")
@click.option("--mean", type=float, default=0.0, show_default=True, help="Added to each weight.")
@click.option(
    "--optimizer",
    shell_complete=completion.words(_optimizers),
    default="adam",
    show_default=True,
    help="gradient_descent, backtracking, adam or lbfgs; full batch.",
)
@click.option("--rate", type=float, help="The optimizer's own if left out: 0.1, and 0.01 for adam.")
@click.option("--steps", type=click.IntRange(min=0), default=10_000, show_default=True, help="Of each start at most.")
@click.option(
    "--cooling", type=float, default=0.3, show_default=True, help="Last part of the steps in which the rate falls."
)
@click.option("--within", type=float, help="An end counts for a value within this of it; 0.000001 if left out.")
@plot_option("a histogram of the ends")
@limit_option
@json_option
def starts(
    problem: str,
    count: int,
    seed: int,
    init: str,
    scale: float,
    bias_scale: float | None,
    mean: float,
    optimizer: str,
    rate: float | None,
    steps: int,
    cooling: float,
    within: float | None,
    plot: str | None,
    time_limit: float | None,
    as_json: bool,
) -> int:
    """Train random starts and say at which exact local minimum value each ends, with shares and intervals.

    Where the exact list is not known the ends are numeric clusters. Exit 3 where the time limit ended it.
    """
    from exactgeo.api import starts as run
    from exactgeo.report.progress import progress_bar
    from exactgeo.report.starts import starts_text

    loaded = problem_of(problem)
    foresee(loaded)
    with progress_bar("starts", quiet=as_json) as progress:
        found = run(
            loaded,
            count,
            seed,
            init=init,
            scale=scale,
            bias_scale=bias_scale,
            mean=mean,
            optimizer=optimizer,
            rate=rate,
            steps=steps,
            cooling=cooling,
            within=within,
            time_limit=time_limit,
            known=lambda part: current_run().tell(starts_text(part), part.to_json()),
            progress=progress,
        )
    current_run().tell(starts_text(found), found.to_json())
    answer = found.to_json(_chances(loaded) if found.settings.assumption_1 and found.basins is not None else None)
    current_run().tell(starts_text(found), answer)
    answer |= drawn(plot, found.plot)
    emit(answer, lambda: with_plot(starts_text(found), answer), as_json=as_json)
    return DONE if found.complete else UNDECIDED


def _chances(problem: Problem) -> Callable[[Value], Any] | None:
    """The exact probability that such a start lies in a basin of a value; None where nothing is known of it."""
    from functools import partial

    from exactgeo.api import probabilities

    try:
        return partial(probabilities(problem).of_value, time_limit=SECONDS_A_VALUE)
    except OutOfScope:
        return None
