"""Where a random start lands, as text."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Any

from exactgeo.report.tables import columns, labelled, title_of
from exactgeo.shown import value_line

if TYPE_CHECKING:
    from exactgeo.probability import LawRow, LevelLaw, Probability, TheoremRow
    from exactgeo.probability.probabilities import Laws
    from exactgeo.problem import Problem

__all__ = ["law_text", "probabilities_text", "probability_text"]

ROWS = 30
"""Rows of a table."""


def _digits(count: int, rounding: str = ROUND_HALF_EVEN) -> Context:
    return Context(prec=count, rounding=rounding, Emax=MAX_EMAX, Emin=MIN_EMIN)


MANY, MIDDLING, FEW = _digits(12), _digits(9), _digits(4)
FEW_DOWN, FEW_UP = _digits(4, ROUND_FLOOR), _digits(4, ROUND_CEILING)

NEAR = Decimal("0.000001")
"""What is left of 1 is written where it is less than this."""


def probability_text(found: Probability) -> str:
    """A probability for the eye: exactly, the digits that its bounds agree in, or an interval.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from exactgeo.probability import Probability
    >>> probability_text(Probability("exact", Fraction(1, 8), "0.125", "0.125"))
    '1/8 = 0.125'
    >>> probability_text(Probability("enclosure", None, "0.12345678912345", "0.12345678912347"))
    '~0.123456789123'
    >>> probability_text(Probability("enclosure", None, "2.16779796761E-3010", "2.16779796762E-3010"))
    '~2.16779797E-3010'
    >>> probability_text(Probability("enclosure", None, "0.25", "0.75"))
    'in [0.25, 0.75]'
    >>> probability_text(Probability("estimate", None, "0E-12", "0.2028"))
    'about [0, 0.2028]'
    """
    if found.value is not None and len(str(found.value)) <= 20:
        return value_line(found.value)
    low, high = (Decimal(q) or Decimal(0) for q in (found.lo, found.hi))
    if found.status == "estimate":
        return f"about [{FEW.plus(low)}, {FEW.plus(high)}]"
    for digits in (MANY, MIDDLING):
        if digits.plus(low) == digits.plus(high):
            return f"~{digits.plus(low).normalize(digits)}"
    return f"in [{FEW_DOWN.plus(low)}, {FEW_UP.plus(high)}]"


def probabilities_text(problem: Problem, answer: Laws, known: dict[str, Any] | None = None) -> str:
    """The report of ``exactgeo probabilities``."""
    owner = answer.owner
    lines = [title_of(problem, "the problem"), ""]
    lines.append(labelled("start", "independent neurons, input weights whose distribution no rotation changes,"))
    lines.append(labelled("", "fair signs of trained output weights (Safran and Shamir, Assumption 1)"))
    lines.append(labelled("rank", str(owner.rank)))
    if not answer.complete:
        lines.append(labelled("because", answer.to_json()["reason"]))
    for key in ("plot", "certificate"):
        if known is not None and key in known:
            lines.append(labelled(key, known[key] or "none was written"))
    lines += ["", *_table(answer.laws)]
    if known is not None and "regions" in known:
        body = [
            ["".join("-0+"[s + 1] for s in row.signs), probability_text(row.probability)]
            for row in owner.regions[:ROWS]
        ]
        lines += ["", *columns([["region", "probability"], *body], left=True, indent="  ")]
        if len(owner.regions) > ROWS:
            lines.append(f"  ... and {len(owner.regions) - ROWS} more regions (--json for all)")
    return "\n".join(lines)


def law_text(law: LevelLaw) -> str:
    """One level of that report."""
    return "\n".join([title_of(law.problem, "the problem"), "", *_table([law])])


def _table(laws: Iterable[LevelLaw]) -> list[str]:
    """P[Bas <= at most] beside the theorems, and how fast the rest decays."""
    body, several = [], [(law, row, law.theorems_at(row.width)) for law in laws for row in law]
    bounded = any(theorems for _, _, theorems in several)
    for law, row, theorems in several[:ROWS]:
        rate = law.rate
        cells = [value_line(row.at_most), str(row.width), _cell(row), "" if rate is None else probability_text(rate)]
        body.append(cells + ([", ".join(map(_bound, theorems))] if bounded else []))
    head = ["at most", "width", "P[Bas <= at most]", "rest decays as", *(["bound"] if bounded else [])]
    lines = columns([head, *body], left=True, indent="  ")
    return [*lines, f"  ... and {len(several) - ROWS} more rows (--json for all)"] if len(several) > ROWS else lines


def _cell(row: LawRow) -> str:
    near = row.above.lo != "0" and Decimal(row.above.hi) < NEAR
    text = f"1 - {probability_text(row.above)}" if near else probability_text(row.probability)
    return text if row.estimate is None else f"{text}, {probability_text(row.estimate)} of random starts"


def _bound(row: TheoremRow) -> str:
    side = ">=" if row.kind == "at_least" else "<="
    return f"{side} {float(row.bound.lo if row.kind == 'at_least' else row.bound.hi):.6g} (Theorem {row.theorem})"
