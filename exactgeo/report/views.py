"""Results as HTML: what a notebook shows of them, and what the page of a report is made of. Sizes are bounded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Any

from exactgeo.exact.enclosure import Value
from exactgeo.exact.rational import format_rational
from exactgeo.exact.vectors import dot
from exactgeo.kinds import Globality, Kind
from exactgeo.report.html import (
    Html,
    bounded,
    cell,
    code,
    element,
    facts,
    fold,
    fragment,
    join,
    number,
    table,
    user,
)
from exactgeo.report.text import minima_of
from exactgeo.report.wording import (
    activation_sentences,
    loss_sentence,
    network_sentence,
    penalty_sentence,
    ranges,
    strictness_sentence,
    trained_sentence,
    verdict_sentence,
)

if TYPE_CHECKING:
    from exactgeo.arrangement import Arrangement
    from exactgeo.basin import Census
    from exactgeo.basin.penalised import PenalisedCensus
    from exactgeo.landscape import Landscape
    from exactgeo.path_search import FoundPath
    from exactgeo.paths import Path
    from exactgeo.problem import Direction, Point, Problem
    from exactgeo.standing import Verdict

__all__ = [
    "ROWS",
    "arrangement_html",
    "census_html",
    "fit_table",
    "hypotheses",
    "in_notebook",
    "kink_table",
    "landscape_html",
    "minima_table",
    "path_html",
    "path_table",
    "point_html",
    "problem_html",
    "valley_table",
    "values_table",
    "verdict_facts",
    "verdict_html",
]

ROWS = 20
"""Rows of a table; what is left out is counted."""

CODE = 20_000
"""Characters of a problem's file that a notebook shows."""

CROWD = 40
"""Data points that are named."""

CELLS = 8
"""Inputs of a data point that are written out."""


def in_notebook(result: Any) -> str:
    """What ``_repr_html_`` of a result is.

    Raises
    ------
    KeyError
        It is none of the results that have a view.
    """
    return fragment(_VIEWS[type(result).__name__](result))


# -- a problem ---------------------------------------------------------------------------------------------------------


def problem_html(problem: Problem) -> Html:
    """Name, hypotheses and file of a problem."""
    title = element("p", element("strong", user(problem.name or "Problem")), class_="lead")
    return join([title, hypotheses(problem), _file(problem)])


def hypotheses(problem: Problem) -> Html:
    """What every statement about the problem is about."""
    penalty, m = penalty_sentence(problem), problem.m
    entries = f", {len(problem.y[0])} targets each" if len(problem.y[0]) > 1 else ""
    return facts(
        [
            ("source", user(problem.source)) if problem.source else None,
            ("data", f"{m:,} points of dimension {problem.d}{entries}, exact rationals"),
            ("network", network_sentence(problem)),
            *(("activation", sentence) for sentence in activation_sentences(problem)),
            ("loss", loss_sentence(problem)),
            ("penalty", penalty) if penalty else None,
            ("trained", trained_sentence(problem)),
        ]
    )


def _file(problem: Problem) -> Html:
    written = problem.to_toml()
    if len(written) > CODE:
        return element("p", f"The problem's file has {len(written):,} characters: .to_toml() writes it.", class_="note")
    return code(written, label="problem file", folded=True)


def point_html(point: Point | Direction, label: str = "point") -> Html:
    """Parameters as the table [point] of a problem file, to be copied."""

    def row(values: Sequence[Fraction]) -> str:
        return "[" + ", ".join(_toml_number(q) for q in values) + "]"

    matrices = ["[" + ", ".join(map(row, matrix)) + "]" for matrix in point.weights]
    written = f"weights = [{', '.join(matrices)}]\nbiases  = [{', '.join(map(row, point.biases))}]"
    return code(written, label=label, folded=len(written) > 600)


def _toml_number(q: Fraction) -> str:
    return str(q.numerator) if q.denominator == 1 and abs(q) < 2**53 else f'"{format_rational(q)}"'


def fit_table(problem: Problem, point: Point | None, *, rest: str = "") -> Html:
    """Data, predictions and residuals, one row a data point."""
    predictions: Sequence[Sequence[Fraction]] | None = None
    why = None
    if point is not None:
        try:
            predictions = problem.predictions(point)
        except ValueError as error:
            why = element("p", f"Predictions are not rational here: {error}.", class_="note")
    head = ["t", "input", "target", *(["prediction"] if predictions else [])]
    single = predictions is not None and len(problem.y[0]) == len(predictions[0]) == 1 and not problem.loss.classes
    head += ["residual"] if single else []
    rows = []
    for t, (x, y) in enumerate(zip(problem.x[:ROWS], problem.y[:ROWS], strict=True)):
        cells: list[Any] = [t, _row(x), _row(y)]
        if predictions is not None:
            cells.append(_row(predictions[t]))
            cells += [bounded(predictions[t][0] - y[0])] if single else []
        rows.append(cells)
    return join(
        [table(head, rows, label="data and predictions", right=range(len(head)), total=problem.m, rest=rest), why]
    )


def kink_table(problem: Problem, point: Point) -> Html | None:
    """Where the units of the first hidden layer bend, and the data there; None without a kink or a hidden layer."""
    net = problem.network
    if not net.widths or not net.activations[0].has_kink:
        return None
    (units, *_), (biases, *_) = point.weights, point.biases
    rows: list[list[Any]] = []
    for i, unit in enumerate(units[:ROWS]):
        bias = biases[i] if biases else Fraction(0)
        on = [t for t, x in enumerate(problem.x) if dot(unit, x) + bias == 0]
        rows.append([i, _kink(unit, bias), ranges(on[:CROWD]) + (", …" if len(on) > CROWD else "") or "none"])
    head = ["unit", "kink" if problem.d == 1 else "kink where this is 0", "data on it"]
    return table(head, rows, label="kinks of the first hidden layer", total=len(units))


def _kink(unit: Sequence[Fraction], bias: Fraction) -> Html:
    if not any(unit):
        return Html("nowhere")
    if len(unit) == 1:
        return join(["x = ", cell(-bias / unit[0])])
    if len(unit) > CELLS:
        return Html("the unit's weights, in the file above")
    terms = [join([bounded(q), f" x{k + 1}"]) for k, q in enumerate(unit) if q]
    return join([*terms, *([bounded(bias)] if bias else [])], " + ")


def _row(values: Sequence[Fraction]) -> Html:
    shown = [bounded(q) for q in values[:CELLS]]
    if len(values) == 1:
        return shown[0]
    more = f", … ({len(values)} in all)" if len(values) > CELLS else ""
    return join(["(", join(shown, ", "), more, ")"])


# -- a verdict ---------------------------------------------------------------------------------------------------------


def verdict_html(verdict: Verdict) -> Html:
    """A verdict: its sentence, and what is known beside it."""
    title = element("p", element("strong", user(verdict.problem.name or "The point")))
    return join([title, element("p", verdict_sentence(verdict), class_="lead"), verdict_facts(verdict)])


VERDICTS = {
    Kind.LOCAL_MINIMUM: ("a local minimum, proved exactly", "good"),
    Kind.NOT_LOCAL_MINIMUM: ("not a local minimum, proved exactly", "bad"),
    Kind.UNDECIDED: ("undecided", None),
}


def verdict_facts(verdict: Verdict) -> Html:
    """What is known of a point, label by label."""
    words, colour = VERDICTS[verdict.kind]
    loss = verdict.exact_loss if verdict.exact_loss is not None else verdict.loss_enclosure
    strictness = strictness_sentence(verdict)
    return facts(
        [
            ("verdict", element("strong", words, class_=colour)),
            ("loss", number(loss)) if loss is not None else None,
            ("decided by", verdict.rung.message) if verdict.rung is not None else None,
            ("strictness", strictness) if strictness else None,
            _neighbourhood(verdict),
            *_descent(verdict),
            *_standing(verdict),
            ("because", verdict.detail or verdict.reason.message) if verdict.reason is not None else None,
            *(("remark", remark) for remark in verdict.remarks),
            ("the point", point_html(verdict.point)),
        ]
    )


def _neighbourhood(verdict: Verdict) -> tuple[str, Any] | None:
    for claim in minima_of(verdict):
        if claim.radius is None:
            return "neighbourhood", "everywhere"
        return "neighbourhood", join(["no lower loss while each parameter moves by at most ", number(claim.radius)])
    return None


def _descent(verdict: Verdict) -> list[tuple[str, Any]]:
    descent = verdict.descent
    if descent is None:
        return []
    if descent.direction is not None:
        way = join(["lower at every 0 < s ≤ ", number(descent.step), " along point + s · direction"])
        drawn = point_html(descent.direction, "direction")
    else:
        powers = " + ".join(f"s^{k} · P{k}" for k in range(1, len(descent.curve) + 1))
        way = join(["lower at every 0 < s ≤ ", number(descent.step), f" along point + {powers}"])
        drawn = join(point_html(direction, f"P{k}") for k, direction in enumerate(descent.curve, 1))
    there = join([number(descent.loss_after), " at the largest s"])
    return [("descent", join([way, drawn])), ("loss there", there)]


def _standing(verdict: Verdict) -> list[tuple[str, Any]]:
    if verdict.kind is Kind.UNDECIDED:
        return []
    if verdict.globality is Globality.GLOBAL:
        return [("among all points", element("strong", "global: no parameters have a lower loss", class_="good"))]
    rows: list[tuple[str, Any]] = []
    better = verdict.better
    if verdict.globality is Globality.UNKNOWN:
        rows.append(("among all points", "whether lower losses exist is not known"))
    elif better is not None and verdict.kind is Kind.LOCAL_MINIMUM:
        what = "spurious: the global minimum is " if better.complete else "spurious: a lower loss is "
        words = element("strong", what, class_="bad")
        rows.append(
            ("among all points", join([words, number(better.loss), ", at", point_html(better.point, "better point")]))
        )
    if verdict.lower_bound is not None and (better is None or not better.complete):
        rows.append(("lower bound", join(["no parameters have a loss below ", number(verdict.lower_bound)])))
    if verdict.bad_valley is None:
        return rows
    reach: Any = "no: a path that never rises above the point leads to the global minimum"
    if verdict.bad_valley:
        escape = verdict.escapes_at
        leaves = ["; it escapes at ", number(escape)] if escape is not None else []
        reach = join(["yes: the least loss in it is ", number(verdict.component_infimum), *leaves])
    return [*rows, ("bad valley", reach)]


# -- a census ----------------------------------------------------------------------------------------------------------


def census_html(census: Census | PenalisedCensus) -> Html:
    """Counts, the least value and the table of values of a census."""
    name = element("p", element("strong", user(census.problem.name or "All basins")))
    return join([name, census_facts(census), values_table(census)])


def census_facts(census: Census | PenalisedCensus) -> Html:
    """How many basins there are and what the least value is."""
    listed = census.count is not None
    attained = "" if census.minimum_attained else " (an infimum, not attained or not known to be)"
    what = "global minimum" if census.complete else "least value so far"
    return facts(
        [
            ("basins", f"{census.count:,}; {census.orbits:,} modulo permutation of neurons") if listed else None,
            ("regions", f"{census.regions_per_neuron:,} for each neuron") if listed else None,
            (what, join([number(census.minimum), attained])) if census.minimum is not None else None,
            ("because", census.reason) if not census.complete else None,
        ]
    )


def values_table(census: Census | PenalisedCensus, mark: Value | None = None) -> Html | None:
    """The distinct basin values, lowest first; the one equal to ``mark`` stands out."""
    values: list[tuple[Value, int]] = list(census.values)
    if not values:
        return None
    shown = values[:ROWS]
    rows = [[cell(value), f"{orbits:,}"] for value, orbits in shown]
    marked = [k for k, (value, _) in enumerate(shown) if mark is not None and value == mark]
    head = ["value of the basin", "basins modulo permutation"]
    return table(
        head, rows, label="basin values", right=(1,), marked=marked, total=len(values), rest="exactgeo basins lists all"
    )


def minima_table(levels: Sequence[Any], point: Value | None, lowest: Value | None) -> Html:
    """Every loss at which there is a local minimum, with its connected sets; the point's level stands out.

    ``levels`` are :class:`exactgeo.basin.minima.LocalMinima`, or bare values where sets are not known.
    """
    rows, marked = [], []
    for k, level in enumerate(levels[:ROWS]):
        value = getattr(level, "value", level)
        marked += [k] if point is not None and value == point else []
        notes = (["global minimum"] if value == lowest else []) + (["the point's loss"] if value == point else [])
        sets = getattr(level, "sets", None)
        rows.append([cell(value), *([] if sets is None else [len(sets), _sets(sets)]), ", ".join(notes)])
    several = [] if not levels or not hasattr(levels[0], "sets") else ["connected sets", "their kind; one member"]
    return table(
        ["loss", *several, ""],
        rows,
        label="local minima",
        right=(1,) if several else (),
        marked=marked,
        total=len(levels),
    )


def _sets(sets: Sequence[Any]) -> Html:
    kinds = []
    for (strictness, dimension), same in groupby(sets, key=lambda s: (s.strictness, s.flat_dimension)):
        members = list(same)
        word = "kind not decided" if strictness is None else str(strictness).replace("_", " ")
        size = "" if dimension is None else f", dimension {dimension}"
        count = f"{len(members)} × " if len(members) > 1 else ""
        kinds.append(fold(f"{count}{word}{size}", [point_html(one.point, "member") for one in members[:3]]))
    return join(kinds[:6])


# -- a landscape -------------------------------------------------------------------------------------------------------


def landscape_html(found: Landscape) -> Html:
    """The valleys of a landscape."""
    name = element("p", element("strong", user(found.problem.name or "Landscape")))
    return join([name, landscape_facts(found), valley_table(found)])


def landscape_facts(found: Landscape) -> Html:
    """What is known of all sublevel sets."""
    rows: list[tuple[str, Any] | None] = [
        ("space", "the full space" if found.full else "modulo permutation of neurons"),
        ("basins", f"{found.census.count:,}") if found.census.count is not None else None,
    ]
    if not found.complete:
        known = found.global_minimum
        rows.append(("global minimum", number(known)) if known is not None else None)
        return facts([*rows, ("because", found.reason)])
    extent: Any = ", at a connected set of points"
    if not found.global_minima_connected:
        count = len(found.valleys) - found.bad_valleys
        extent = [f", at {count:,} connected sets, joined at ", number(found.connected_at)]
    return facts(
        [
            *rows,
            ("global minimum", join([number(found.global_minimum), extent])),
            ("bad valleys", element("strong", f"{found.bad_valleys:,}", class_="bad" if found.bad_valleys else "good")),
        ]
    )


def valley_table(found: Landscape, mark: tuple[Value, Value | None] | None = None) -> Html | None:
    """One row a kind of valley; the one of this least loss and level of escape stands out."""
    valleys = found.known_valleys
    if not valleys:
        return None
    kinds = [
        (key, sum(1 for _ in same))
        for key, same in groupby(valleys, key=lambda v: (v.value, v.escapes_at, v.barrier, v.bad))
    ]
    rows = []
    for (value, level, rise, bad), count in kinds[:ROWS]:
        kind = element("span", "bad", class_="bad") if bad else element("span", "global", class_="good")
        escape = cell(level) if level is not None else ("not known" if bad else "—")
        rows.append([kind, cell(value), escape, cell(rise), f"{count:,}"])
    marked = [k for k, ((value, level, *_), _) in enumerate(kinds[:ROWS]) if mark == (value, level)]
    return table(
        ["valley", "its least loss", "escapes at", "barrier", "valleys"], rows,
        label="valleys", right=(4,), marked=marked, total=len(kinds), rest="exactgeo landscape --json lists all",
    )  # fmt: skip


# -- a path ------------------------------------------------------------------------------------------------------------


def path_html(path: Path | FoundPath) -> Html:
    """The losses and steps of a path."""
    inner: Path | None = path.path if hasattr(path, "path") else path
    name = element("p", element("strong", user(path.problem.name or "Path")))
    if inner is None:
        return join([name, element("p", f"No path: {path.reason}.")])  # type: ignore[union-attr]
    rises = "it never rises" if inner.never_rises else "the largest loss on it"
    rows = [
        ("from", number(inner.losses[0])),
        ("to", number(inner.losses[-1])),
        ("highest", join([number(inner.highest), f": {rises}"])),
    ]
    return join([name, facts(rows), path_table(inner)])


def path_table(path: Path) -> Html:
    """One row a stretch of the path."""
    rows: list[list[Any]] = [["start", "", cell(path.losses[0])]]
    stretches = list(path.stretches)
    for step, first, size in stretches[:ROWS]:
        kinds = sorted({str(segment.kind) for segment in path.segments[first : first + size]})
        rows.append([step or "move", f"{size:,} ({', '.join(kinds)})", cell(path.losses[first + size])])
    head = ["reached by", "segments and the shape of the loss", "loss"]
    return table(head, rows, label="path", total=len(stretches) + 1, rest="exactgeo path --json lists all")


# -- an arrangement ----------------------------------------------------------------------------------------------------


def arrangement_html(arrangement: Arrangement) -> Html:
    """What is known of an arrangement without its regions, and its hyperplanes."""
    kind = "central" if arrangement.central else "affine"
    count = len(arrangement.normals)
    rows: list[tuple[str, Any] | None] = [
        ("hyperplanes", f"{count:,} in dimension {arrangement.dimension}, {kind}, of rank {arrangement.rank}"),
    ]
    if count <= COUNTED:
        rows.append(("regions", f"{arrangement.count():,}"))
        polynomial = ", ".join(map(str, arrangement.characteristic_polynomial))
        rows.append(("characteristic polynomial", f"({polynomial}), highest coefficient first"))
    offsets = arrangement.offsets if not arrangement.central else None
    body = [
        [t, _row(row), *([] if offsets is None else [bounded(offsets[t])])]
        for t, row in enumerate(arrangement.normals[:ROWS])
    ]
    head = ["", "normal", *([] if offsets is None else ["offset"])]
    return join([facts(rows), table(head, body, label="hyperplanes", total=count)])


COUNTED = 12
"""Hyperplanes up to which a notebook counts the regions: more may take long."""

_VIEWS: dict[str, Callable[[Any], Html]] = {
    "Problem": problem_html,
    "Verdict": verdict_html,
    "Census": census_html,
    "PenalisedCensus": census_html,
    "Landscape": landscape_html,
    "Path": path_html,
    "FoundPath": path_html,
    "Arrangement": arrangement_html,
}
