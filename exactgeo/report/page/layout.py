"""What stands around the sections: head, title, the verdict at a glance, contents, foot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exactgeo.kinds import Globality, Kind
from exactgeo.report.html import Html, element, inline, join, stylesheet, user, visible
from exactgeo.report.page.pictures import colours
from exactgeo.report.page.section import Section, State
from exactgeo.report.tables import loss_name
from exactgeo.report.wording import verdict_sentence

if TYPE_CHECKING:
    from exactgeo.problem import Problem
    from exactgeo.standing import Verdict

__all__ = ["page"]

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What a browser may do with the page: show it. No script runs, nothing is fetched."""


def page(problem: Problem, verdict: Verdict | None, sections: Sequence[Section]) -> str:
    """The whole file."""
    name = problem.name or "problem"
    body = join([_header(problem, verdict), _contents(sections), element("main", map(_section, sections)), _footer()])
    summary = verdict_sentence(verdict) if verdict is not None else "The loss geometry of a small network, exactly."
    styles = join([stylesheet("pieces"), stylesheet("page"), colours(body)], "\n")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        # The policy stands before anything that it is about.
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", f"{name[:120]}: exact loss geometry"),
        element("meta", name="description", content=summary[:300]),
        element("meta", name="generator", content="exactgeo"),
        element("meta", name="color-scheme", content="light dark"),
        element("style", styles),
    )
    document = element("html", head, element("body", body, class_="exactgeo"), lang="en")
    return f"<!DOCTYPE html>\n{document}\n"


def _header(problem: Problem, verdict: Verdict | None) -> Html:
    source = element("p", user(problem.source), class_="source") if problem.source else None
    title = element("h1", user(problem.name or "A problem"))
    if verdict is None:
        return element("header", title, source)
    lead = element("p", verdict_sentence(verdict), class_="lead", id="sentence")
    return element("header", title, source, lead, _glance(problem, verdict))


VERDICTS = {
    Kind.LOCAL_MINIMUM: ("local minimum", "good"),
    Kind.NOT_LOCAL_MINIMUM: ("no local minimum", "bad"),
    Kind.UNDECIDED: ("undecided", None),
}
AMONG = {
    Globality.GLOBAL: ("global", "good"),
    Globality.SPURIOUS: ("not global", "bad"),
    Globality.UNKNOWN: ("not known", None),
}


def _glance(problem: Problem, verdict: Verdict) -> Html:
    """The verdict at a glance."""
    cells = [("the point is", *VERDICTS[verdict.kind])]
    loss = verdict.exact_loss if verdict.exact_loss is not None else verdict.loss_enclosure
    if loss is not None:
        cells.append((loss_name(problem), inline(loss), None))
    if verdict.kind is Kind.LOCAL_MINIMUM:
        if verdict.strictness is not None:
            cells.append(("of kind", str(verdict.strictness).replace("_", " "), None))
        cells.append(("among all points", *AMONG[verdict.globality]))
        if verdict.bad_valley is not None:
            cells.append(("bad valley", "yes" if verdict.bad_valley else "no", "bad" if verdict.bad_valley else "good"))
    items = [
        element("div", element("dt", label), element("dd", value, class_=colour)) for label, value, colour in cells
    ]
    return element("dl", items, class_="glance")


def _contents(sections: Sequence[Section]) -> Html:
    links = [element("li", element("a", one.title, href=f"#{one.key}")) for one in sections]
    return element("nav", element("ul", links), aria_label="Contents")


def _section(one: Section) -> Html:
    heading = element("h2", one.title, id=f"{one.key}-title")
    state = None if one.state in (State.COMPLETE, State.LEFT_OUT) else str(one.state)
    return element("section", heading, one.body, id=one.key, aria_labelledby=f"{one.key}-title", data_state=state)


def _footer() -> Html:
    words = visible("Made by exactgeo. The page is whole: no script, nothing is loaded from elsewhere.")
    return element("footer", element("p", words))
