"""``exactgeo explain``: the numbers behind a verdict."""

from __future__ import annotations

from functools import partial

import click

from exactgeo.cli.limited import Limited
from exactgeo.cli.options import (
    DONE,
    FINISHED,
    drawn,
    emit,
    epilog,
    json_option,
    limit_option,
    plot_option,
    point_of,
    point_option,
    problem_argument,
    problem_of,
    with_plot,
)

__all__ = ["explain"]


@click.command(
    cls=Limited,
    epilog=epilog(
        "exactgeo explain swirszcz-prop1",
        "exactgeo explain swirszcz-prop1 --point swirszcz-prop1-better",
        "exactgeo explain xor-2 --json",
        exits=FINISHED,
    ),
)
@problem_argument
@point_option("Explain this point")
@plot_option("data, fit, and the kinks of the neurons by number")
@limit_option
@json_option
def explain(problem: str, point: str | None, plot: str | None, time_limit: float | None, as_json: bool) -> int:
    """Residuals, kinks and phi of each neuron, or every layer and output: the verdict, to be followed by hand."""
    from exactgeo.api import certify as decide
    from exactgeo.local_minimum import DeepExplanation
    from exactgeo.local_minimum import explain as lay_out
    from exactgeo.problem.plot import draw_fit
    from exactgeo.report.layers import layers_json, layers_text
    from exactgeo.report.text import explanation_json, explanation_text

    loaded = problem_of(problem)
    chosen = point_of(point, loaded)
    explanation = lay_out(loaded, chosen)
    verdict = decide(loaded, chosen, time_limit=0)
    if isinstance(explanation, DeepExplanation):
        found = explanation
        answer, text = layers_json(found, verdict), partial(layers_text, found, verdict)
    else:
        answer, text = explanation_json(explanation, verdict), partial(explanation_text, explanation, verdict)
    answer |= drawn(plot, lambda: draw_fit(loaded, chosen, neurons=True))
    emit(answer, lambda: with_plot(text(), answer), as_json=as_json)
    return DONE
