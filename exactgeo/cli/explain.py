"""``exactgeo explain``: the numbers behind a verdict."""

from __future__ import annotations

import click

from exactgeo.cli.limited import Limited
from exactgeo.cli.options import (
    DONE,
    FINISHED,
    emit,
    epilog,
    json_option,
    limit_option,
    point_of,
    point_option,
    problem_argument,
    problem_of,
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
@limit_option
@json_option
def explain(problem: str, point: str | None, time_limit: float | None, as_json: bool) -> int:
    """Residuals, kinks and phi of each neuron, or every layer and output: the verdict, to be followed by hand."""
    from exactgeo.api import certify as decide
    from exactgeo.local_minimum import DeepExplanation
    from exactgeo.local_minimum import explain as lay_out
    from exactgeo.report.layers import layers_json, layers_text
    from exactgeo.report.text import explanation_json, explanation_text

    loaded = problem_of(problem)
    chosen = point_of(point, loaded)
    explanation = lay_out(loaded, chosen)
    verdict = decide(loaded, chosen, time_limit=0)
    if isinstance(explanation, DeepExplanation):
        found = explanation
        emit(layers_json(found, verdict), lambda: layers_text(found, verdict), as_json=as_json)
        return DONE
    emit(explanation_json(explanation, verdict), lambda: explanation_text(explanation, verdict), as_json=as_json)
    return DONE
