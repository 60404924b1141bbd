"""What the answers of a page rest on: statements with what has become of them, and BibTeX of their sources.

The papers are those of ``proofs/``, the other sources those of ``references.toml``. Nothing is filled in: an entry has
the fields that its source gives.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from exactgeo import documents
from exactgeo.frozen import dataclass
from exactgeo.kinds import Argument
from exactgeo.report.html import Html, code, element, fold, table
from exactgeo.report.page.section import Material, Section, section

__all__ = ["BEHIND", "Use", "bibtex", "statements", "used"]

MATHEMATICS = "docs/mathematics.md"
SAFRAN, NGUYEN = "safran-shamir-2016", "nguyen-2019"

BEHIND: Mapping[Argument, tuple[str, tuple[str, ...]]] = {
    Argument.LINEAR_MODEL: ("Local minimality", ()),
    Argument.TWO_LAYER: ("Local minimality", ("wu-simsek-ged",)),
    Argument.FIRST_ORDER: ("Local minimality", ()),
    Argument.SECOND_ORDER: ("Local minimality", ("wu-simsek-ged",)),
    Argument.SUBGRADIENT: ("Losses without a derivative", ()),
    Argument.CURVE: ("Losses without a derivative", ()),
    Argument.WEIGHT_DECAY: ("Weight decay", ("pilanci-ergen-2020",)),
    Argument.ORDERED_SLOPES: ("Exponentials at rational points", ()),
    Argument.CRITICAL_PREDICTIONS: ("Critical points that are not rational", ()),
    Argument.BALL: ("Minima enclosed in a box", ("krawczyk-1969", "rump-2010")),
    Argument.SMOOTH_CRITICAL: ("Smooth activations", ("krawczyk-1969", "rump-2010")),
    Argument.SMOOTH_GRADIENT: ("Smooth activations", ()),
    Argument.LINEAR_NETWORK: ("Deep networks", ("trager-kohn-bruna-2020", "laurent-von-brecht-2018")),
    Argument.REACHABLE: ("Deep networks", ()),
    Argument.UNROLLED: ("Deep networks", ()),
    Argument.BEHIND: ("Deep networks", ()),
    Argument.MERGED: ("Deep networks", ()),
    Argument.SMOOTH_POINT: ("Deep networks", ()),
    Argument.SILENT: ("Vector outputs", ()),
    Argument.DEFINITE: ("Vector outputs", ("cottle-habetler-lemke-1970",)),
    Argument.TIED: ("Vector outputs", ("cottle-habetler-lemke-1970",)),
    Argument.UNROLLED_FACES: ("Vector outputs", ("cottle-habetler-lemke-1970",)),
    Argument.GLOBAL_MINIMUM: ("Global statements", ("zaslavsky-1975",)),
}
"""Of each argument the section of docs/mathematics.md that proves it, and its sources."""


@dataclass(frozen=True)
class Use:
    """One statement that an answer rests on.

    Attributes
    ----------
    for_ : str
        The answer.
    statement : str
        Of a paper, or a section of docs/mathematics.md.
    source : str
        The folder of ``proofs/``, or a key of ``references.toml``; "" for what is proved in docs/mathematics.md alone.
    """

    for_: str
    statement: str
    source: str = ""


def used(material: Material) -> list[Use]:
    """What the answers that are on the page rest on."""
    found = list(_problem_uses(material))
    verdict = material.verdict
    if verdict is not None and verdict.rung is not None:
        heading, sources = BEHIND[verdict.rung]
        found.append(Use("verdict", f"{MATHEMATICS}, “{heading}”"))
        found += [_of("verdict", source) for source in sources]
    if material.census is not None:
        if material.problem.penalty:
            found.append(_of("minima", "pilanci-ergen-2020"))
        found.append(Use("minima", "Definition 2", SAFRAN))
        found.append(_of("minima", "zaslavsky-1975"))
    if material.landscape is not None:
        found.append(Use("landscape", "Lemma 1", SAFRAN))
        found.append(Use("landscape", "valleys and bad valleys", NGUYEN))
    if material.path is not None and material.path.segments:
        found.append(_of("path", "sturm-1829"))
        found += [Use("path", name, NGUYEN) for name in re.findall(r"Nguyen 2019, (Theorem \d)", material.path.how)]
    if material.laws is not None:
        found.append(Use("random starts", "Assumption 1", SAFRAN))
        theorems = sorted({row.theorem for law in material.laws.laws for row in law.theorems})
        found += [Use("random starts", f"Theorem {number}", SAFRAN) for number in theorems]
    return list(dict.fromkeys(found))


def _of(for_: str, source: str) -> Use:
    """What an answer takes from a source of ``references.toml``."""
    return Use(for_, str(_others()[source]["says"]), source)


def _problem_uses(material: Material) -> Iterable[Use]:
    """The paper that the problem's source names, and the statements of it that it names."""
    source = material.problem.source
    for paper in _papers():
        if len(paper.title) < 12 or paper.title.casefold() not in source.casefold():
            continue
        named = [claim.statement for claim in paper.claims if _names(source, claim.statement)]
        yield from (Use("problem", statement, paper.folder.name) for statement in named or ["the problem's source"])


def _names(source: str, statement: str) -> bool:
    """Whether a source names a statement, and not one that begins alike."""
    base = statement.partition(" (")[0]
    return re.search(rf"\b{re.escape(base)}(?![\w.]*\d)\b", source) is not None


@cache
def _papers() -> tuple[documents.Paper, ...]:
    try:
        return documents.papers(documents.folder())
    except documents.DocumentError:
        return ()


@cache
def _others() -> dict[str, dict[str, Any]]:
    return tomllib.loads((Path(__file__).with_name("references.toml")).read_text(encoding="utf-8"))


# -- BibTeX ------------------------------------------------------------------------------------------------------------


def bibtex(key: str) -> str:
    """The entry of a source.

    Examples
    --------
    >>> print(bibtex("zaslavsky-1975"))
    @article{zaslavsky-1975,
      author = {T. Zaslavsky},
      title = {Facing up to arrangements: face-count formulas for partitions of space by hyperplanes},
      journal = {Memoirs of the American Mathematical Society},
      volume = {154},
      year = {1975},
    }
    """
    paper = next((paper for paper in _papers() if paper.folder.name == key), None)
    if paper is None:
        fields = dict(_others()[key])
        return _entry(fields.pop("type"), key, {name: value for name, value in fields.items() if name != "says"})
    fields = {"author": paper.authors.replace(", ", " and "), "title": paper.title, "year": paper.year}
    number = re.search(r"abs/(\d{4}\.\d{4,5})", paper.where)
    if number is not None:
        fields |= {"eprint": number[1], "archiveprefix": "arXiv"}
    return _entry("misc", key, fields | {"note": paper.where})


def _entry(kind: str, key: str, fields: Mapping[str, Any]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def own_entry(version: str) -> str:
    """The entry of this program."""
    title = "exactgeo: the loss geometry of small neural networks, exactly, with certificates"
    fields = {"author": "{exactgeo developers}", "title": title, "version": version}
    return _entry("software", "exactgeo", fields)


# -- the section -------------------------------------------------------------------------------------------------------


def statements(material: Material, seconds: float) -> Section:
    """The table of statements, and the entries."""
    import exactgeo

    uses = used(material)
    rows = [[use.for_, use.statement, _short(use.source), *_standing(use)] for use in uses]
    keys = dict.fromkeys(use.source for use in uses if use.source)
    entries = "\n\n".join([own_entry(exactgeo.__version__), *map(bibtex, keys)])
    words = (
        "What the answers above rest on. “Found here” is what has become of a paper's statement when it was run as a "
        "program: exactgeo proofs --table lists all, and exactgeo proofs with the name of a document prints it."
    )
    head = ["for", "statement", "source", "found here", "document"]
    latex: list[Html] = []
    if material.verdict is not None:
        latex = [element("h3", "For a paper"), code(material.verdict.to_latex(), label="LaTeX of the verdict")]
    return section(
        "statements", "Statements used", element("p", words), table(head, rows, label="statements used"),
        element("h3", "BibTeX"), code(entries, label="BibTeX", folded=False, id="bibtex"), latex,
    )  # fmt: skip


def _short(source: str) -> str:
    """Authors and year."""
    if not source:
        return "this program"
    paper = next((paper for paper in _papers() if paper.folder.name == source), None)
    if paper is not None:
        return paper.short
    fields = _others()[source]
    year = f" {fields['year']}" if "year" in fields else f", arXiv {fields['eprint']}"
    return str(fields["author"]).replace(" and ", ", ") + year


def _standing(use: Use) -> list[Any]:
    """What has become of a statement of ``proofs/``, and its document."""
    for paper in _papers():
        for claim in paper.claims if paper.folder.name == use.source else ():
            if use.statement in (claim.statement, claim.statement.partition(" (")[0]):
                found: Any = fold(claim.status, element("p", claim.note)) if claim.note else claim.status
                return [found, element("code", claim.name, class_="q") if claim.name else "—"]
    return ["—", "—"]
