"""The text of a printed result: that of the command whose answer it is.

:class:`exactgeo.shown.Reported` asks for it by name. Nothing is searched for that the result does not know yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from exactgeo.report.landscape import landscape_text
from exactgeo.report.layers import layers_text
from exactgeo.report.minimum import minimum_text
from exactgeo.report.paths import path_text
from exactgeo.report.polished import polished_text
from exactgeo.report.probabilities import law_text
from exactgeo.report.starts import starts_text
from exactgeo.report.text import census_text, explanation_text, verdict_text

if TYPE_CHECKING:
    from exactgeo.standing import Verdict

__all__ = ["text_of"]


def text_of(result: Any) -> str:
    """What the command prints whose answer this is.

    Examples
    --------
    >>> import exactgeo as eg
    >>> print(eg.minimum(eg.load("swirszcz-prop1")))
    swirszcz-prop1 (Swirszcz, Czarnecki, Pascanu, Local Minima in Training of Deep Networks, 2017, Proposition 1)
    <BLANKLINE>
      loss            squared loss, sum
      global minimum  14
      at              W1 = [(-1)], b1 = (1), W2 = [(3/2)], b2 = (0)
      nodes           6
    """
    return TEXTS[type(result).__name__](result)


def _standing(explanation: Any) -> Verdict:
    """The verdict that the command explains."""
    from exactgeo.api import certify

    return certify(explanation.problem, explanation.point, time_limit=0)


TEXTS: dict[str, Callable[[Any], str]] = {
    "Census": lambda found: census_text(found.problem, found.answer(searched=False)),
    "DeepExplanation": lambda found: layers_text(found, _standing(found)),
    "Explanation": lambda found: explanation_text(found, _standing(found)),
    "FoundPath": lambda found: path_text(found.problem, found, found.to_json()),
    "GlobalMinimum": minimum_text,
    "Landscape": lambda found: landscape_text(found.problem, found, found.to_json()),
    "LevelLaw": law_text,
    "PenalisedCensus": lambda found: census_text(found.problem, found.to_json()),
    "Polished": polished_text,
    "Starts": starts_text,
    "Verdict": verdict_text,
}
"""By the name of the type: to import them all would load every room."""
