"""The sections that answer: the verdict, the problem, its data, minima, landscape, the path down, random starts."""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any

from exactgeo.api import basins, certify, path, probabilities
from exactgeo.basin import Census
from exactgeo.exact.enclosure import Enclosure, Value
from exactgeo.kinds import Kind, Reason
from exactgeo.landscape import landscape
from exactgeo.probability import LawRow, Probability
from exactgeo.probability.probabilities import Laws
from exactgeo.report.html import Html, cell, code, element, facts, inline, join, number, table
from exactgeo.report.page.pictures import picture
from exactgeo.report.page.section import Material, Section, left_out, section
from exactgeo.report.paths import ENDS
from exactgeo.report.probabilities import probability_text
from exactgeo.report.views import (
    ROWS,
    census_facts,
    fit_table,
    hypotheses,
    kink_table,
    landscape_facts,
    minima_table,
    path_table,
    valley_table,
    values_table,
    verdict_facts,
)

__all__ = ["certified", "data", "down", "file", "minima", "random_starts", "scope", "valleys"]

SEVEN = Context(prec=7, Emax=MAX_EMAX, Emin=MIN_EMIN)

NO_POINT = "the problem has no [point], and none was given"

DRAWN = 2000
"""Valleys up to which the merge tree is drawn."""

LEVELS = 12
"""Levels that are asked of the law of random starts."""


# -- the point and the problem -----------------------------------------------------------------------------------------


def certified(material: Material, seconds: float) -> Section:
    """Is the point a local minimum, of what kind, and where does it stand?"""
    if material.point is None:
        return left_out("verdict", "Verdict", NO_POINT)
    verdict = certify(material.problem, material.point, time_limit=seconds)
    material.verdict = verdict
    material.keep("the verdict", "exactgeo certify {file} --certificate {name}", verdict.certificate)
    reason = ""
    if verdict.reason is Reason.BUDGET or (verdict.kind is Kind.UNDECIDED and verdict.reason is not None):
        reason = verdict.detail or verdict.reason.message
    drawing: Html | None = None
    if verdict.descent is not None:
        drawing = picture(verdict.plot, "picture-descent", "The loss along the way down")
    return section("verdict", "Verdict", verdict_facts(verdict), drawing, reason=reason)


def scope(material: Material, seconds: float) -> Section:
    """What every statement of the page is about."""
    rule = (
        "A local minimum is a point such that no parameters within some positive distance of it have a lower loss; "
        "only what is trained moves. Numbers are exact: rationals, closed forms or proved bounds; a decimal beside one "
        "is for the eye."
    )
    return section("hypotheses", "Hypotheses", element("p", rule), hypotheses(material.problem))


def file(material: Material, seconds: float) -> Section:
    """The problem, to be copied."""
    written = material.problem.to_toml()
    lines = written.count("\n")
    use = "Saved as a file, this is what every command takes, and what every number of this page is about."
    # One line a row of data may be wide, but the whole is seldom long.
    block = code(written.rstrip("\n") + "\n", label="problem.toml", folded=lines > 60, id="problem-file")
    return section("problem", "Problem", element("p", use), block)


def data(material: Material, seconds: float) -> Section:
    """Data and prediction, drawn where the input has one or two dimensions."""
    problem, point = material.problem, material.point
    drawing: Html | None = None
    if problem.d > 2:
        words = f"The input has {problem.d} dimensions: no picture of the function is drawn."
        drawing = element("p", words, class_="note")
    else:
        what = "Data" if point is None else "Data and the function of the point, with its kinks"
        drawing = picture(lambda: problem.plot(point=point), "picture-fit", what)
    rest = "the file above has all" if point is None else "exactgeo explain --json lists all"
    kinks = None if point is None else kink_table(problem, point)
    return section("data", "Data and fit", drawing, fit_table(problem, point, rest=rest), kinks)


# -- all minima, all sublevel sets -------------------------------------------------------------------------------------


def minima(material: Material, seconds: float) -> Section:
    """Every basin with its value, and every loss at which there is a local minimum."""
    title = "Minima"
    census = basins(material.problem, time_limit=seconds)
    material.census = census
    loss = _loss(material)
    found: list[Any] = [census_facts(census)]
    reason = "" if census.complete else census.reason
    if isinstance(census, Census) and census.complete:
        sets, values = census.local_minima, census.local_minimum_values
        if sets is not None or values is not None:
            found.append(element("h3", "Every loss at which there is a local minimum"))
            found.append(minima_table(sets if sets is not None else values or (), loss, census.minimum))
        if sets is None:
            why = census.local_minima_reason
            found.append(element("p", f"Connected sets of local minima are not listed: {why}.", class_="note"))
        material.keep(
            "all basins and a member of each set of local minima",
            "exactgeo basins {file} --minima --certificate {name}",
            census.prove(minima=sets is not None),
        )
    elif census.complete:
        found.append(element("p", f"{census.reason}.", class_="note"))
        material.keep("bounds on every basin", "exactgeo basins {file} --certificate {name}", census.certificate)
    found += [element("h3", "The least loss of every basin"), values_table(census, loss)] if census.values else []
    return section("minima", title, found, reason=reason)


def _loss(material: Material) -> Value | None:
    verdict = material.verdict
    return None if verdict is None else verdict.loss


def valleys(material: Material, seconds: float) -> Section:
    """The merge tree of all sublevel sets, with the point on it."""
    title = "Landscape"
    census = material.census
    known = census if isinstance(census, Census) and census.complete else None
    found = landscape(material.problem, time_limit=seconds, basins=known)
    material.landscape = found
    material.keep(
        "all valleys and their levels", "exactgeo landscape {file} --certificate {name}",
        found.certificate if found.complete else None,
    )  # fmt: skip
    body: list[Any] = [element("p", MERGE_TREE), landscape_facts(found)]
    mark = None
    if found.complete and material.point is not None and found.census.complete:
        component = found.component(material.point, time_limit=max(1.0, seconds / 4))
        mark = (component.infimum, component.escapes_at) if component.complete else None
        body.append(_point_among(component))
    if found.complete and len(found.valleys) <= DRAWN:
        caption = _tree_title(material, found)
        body.append(picture(lambda: found.plot(point=material.point), "picture-tree", caption))
    body.append(valley_table(found, mark))
    return section("landscape", title, body, reason=found.reason)


MERGE_TREE = (
    "As the level rises the set of parameters with a loss below it grows: a valley is born at its least loss, and "
    "escapes where it first joins something lower. A valley is bad if it holds no global minimum."
)


def _tree_title(material: Material, found: Any) -> str:
    valleys = len(found.valleys)
    many = f"{valleys:,} valley{'s' * (valleys != 1)}, {found.bad_valleys:,} of them bad"
    on = ", with the point on it" if material.point is not None else ""
    return f"Merge tree of all sublevel sets{on}: {many}"


def _point_among(component: Any) -> Html:
    """Where the point stands among the sublevel sets."""
    loss = inline(component.loss)
    if component.bad is None:
        words = f"The point, at loss {loss}, reaches {inline(component.infimum)} or lower: {component.reason}."
    elif not component.bad:
        words = f"The point, at loss {loss}, lies in no bad valley: its component goes down to the global minimum."
    else:
        leaves = component.escapes_at
        where = "" if leaves is None else f", and escapes at {inline(leaves)}"
        words = f"The point, at loss {loss}, lies in a bad valley that goes down to {inline(component.infimum)}{where}."
    return element("p", words)


def down(material: Material, seconds: float) -> Section:
    """A path from the point that never rises, as low as can be proved."""
    title = "The path down"
    if material.point is None:
        return left_out("path", title, NO_POINT)
    found = path(material.problem, material.point, time_limit=seconds)
    material.path = found
    inner = found.path
    if inner is None:
        return left_out("path", title, found.reason)
    material.keep("the path down", "exactgeo path {file} --down --certificate {name}", found.certificate)
    end = f"{inline(inner.losses[-1])}: {ENDS[found.end]}"
    rows = [
        ("from", number(inner.losses[0])),
        ("to", end),
        ("highest", join([number(inner.highest), ": it never rises" if inner.never_rises else ""])),
        ("by", found.how) if found.how else None,
        *(("not by", words) for words in found.missing[:ROWS]),
    ]
    drawing: Html | None = None
    if inner.segments:
        drawing = picture(
            lambda: found.plot(), "picture-path", f"The loss along the path: {len(inner.segments):,} segments"
        )
    else:
        drawing = element("p", "The path stays where it is: nothing lower is reached without rising.")
    table_ = path_table(inner) if inner.segments else None
    return section("path", title, facts(rows), drawing, table_, reason=found.reason)


# -- random starts -----------------------------------------------------------------------------------------------------


def random_starts(material: Material, seconds: float) -> Section:
    """How likely a random start lies in a basin of low value."""
    title = "Random starts"
    owner = probabilities(material.problem)
    levels = _levels(material, owner, seconds)
    widths = sorted({owner.width, 10 * owner.width, 100 * owner.width}) if owner.any_width else [owner.width]
    laws = Laws(owner, levels, widths)
    laws.run(seconds)
    material.laws = laws
    material.keep("the law of random starts", _command(levels, widths), laws.certificate())
    rows = []
    for law in laws.laws:
        rate = law.rate
        cells = [_row_chance(row) for row in law]
        rows.append([cell(law.at_most), *cells, "—" if rate is None else element("span", _digits(rate), class_="q")])
    head = ["Bas at most", *(f"width {width:,}" for width in widths), "the rest decays as"]
    whole = len(laws.laws) == len(levels)
    drawing = picture(
        lambda: laws.plot(), "picture-starts", "How likely a random start lies in a basin of low value, by width"
    )
    reason = "" if laws.complete and whole else laws.to_json().get("reason", "")
    about = f"The data have rank {owner.rank}. Of a probability that is not rational the proved digits are written."
    chances = table(head, rows, label="probability that Bas is at most a level")
    note = element("p", about, class_="note")
    return section("starts", title, element("p", START), drawing, chances, note, reason=reason)


START = (
    "A start draws its neurons independently: input weights (with the bias) whose distribution no rotation changes, "
    "and output weights of fair sign where they are trained (Safran and Shamir, Assumption 1). Bas is the least loss "
    "of the basin in which it lies."
)


def _row_chance(row: LawRow) -> Html:
    """The probability, or what is left of 1 where that is little."""
    left = row.above
    near = left.lo != "0" and Decimal(left.hi) < Decimal("0.0001")
    words = _digits(left if near else row.probability)
    if near:
        words = f"≈ 1 − {words[2:]}" if words.startswith("≈ ") else f"1 − {words}"
    return element("span", words, class_="q")


def _digits(found: Probability) -> str:
    """A probability for a column: exact where it is short, else the digits that its bounds agree in, at most seven."""
    low, high = SEVEN.plus(Decimal(found.lo)), SEVEN.plus(Decimal(found.hi))
    if found.status == "enclosure" and low == high:
        return f"≈ {low.normalize(SEVEN)}".replace("E", "e")
    return probability_text(found).replace("~", "≈ ")


def _levels(material: Material, owner: Any, seconds: float) -> list[Any]:
    """The basin values, a few of many, the least and the largest among them."""
    found = owner.levels(time_limit=seconds / 3)
    census = material.census
    if census is not None and census.complete and census.values:
        values = [value.hi if isinstance(value, Enclosure) else value for value, _ in census.values]
        found = values if len(values) <= len(found) or not found else found
    if len(found) <= LEVELS:
        return list(found)
    return [found[k * (len(found) - 1) // (LEVELS - 1)] for k in range(LEVELS)]


def _command(levels: list[Any], widths: list[int]) -> str:
    asked = " ".join(f"--at-most {level}" for level in levels[:3]) + (" ..." if len(levels) > 3 else "")
    return f"exactgeo probabilities {{file}} --widths {','.join(map(str, widths))} {asked} --certificate {{name}}"
