"""Executable documents: one folder a paper, one Markdown file a statement, its examples run by the standard doctest.

The same engine serves ``exactgeo proofs`` and the test command (``proofs/conftest.py``).
"""

from __future__ import annotations

import doctest
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "FIELDS",
    "MEANS",
    "OUT_OF_REACH",
    "SLIPS",
    "STATUSES",
    "Claim",
    "Document",
    "DocumentError",
    "Outcome",
    "Paper",
    "check",
    "folder",
    "papers",
    "read",
    "run",
]

FIELDS = ("claim", "source", "hypotheses", "status", "open", "certificate")
"""What the head of every document says."""

OUT_OF_REACH = "out of reach"
SLIPS = ("false as printed, corrected", "true, with a hypothesis added", "step wrong, conclusion true")
STATUSES = ("proved symbolically", "verified on instances", *SLIPS, OUT_OF_REACH)
"""What has become of a statement. ``SLIPS`` and ``OUT_OF_REACH`` come with a sentence that says what or why."""

MEANS = ("symbolic", "instances", "certificate", "probability")
"""How: algebra in sympy, exact computations on instances, a certificate that is accepted, exact or proved chances."""

_FIELD = re.compile(r"- \*\*(\w+)\.\*\* +(\S.*)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,}) *(.*)")
_PROMPT = re.compile(r"[ >]*>>> ")
_DECIMAL = re.compile(r"\d\.\d|\d[eE][-+]?\d|\bnan\b|\binf\b")
_PAPER_KEYS = {"short", "title", "authors", "year", "where", "quick"}
_CLAIM_KEYS = {"statement", "document", "status", "how", "note"}
_TYPO_KEYS = {"where", "slip"}


class DocumentError(ValueError):
    """A document or the table of claims that cannot count as a proof, with its place and the reason."""


@dataclass(frozen=True)
class Document:
    """A document that has been read but not run.

    Attributes
    ----------
    fields : dict
        The head, one entry for each of :data:`FIELDS`.
    examples : tuple of doctest.Example
        All ``>>>`` statements of the ``python`` blocks in order; line numbers count from the top of the file.
    slow : frozenset of int
        Which of them stand in blocks marked ``python slow``: random and long instances, run on request.
    """

    path: Path
    title: str
    text: str
    fields: Mapping[str, str]
    examples: tuple[doctest.Example, ...]
    slow: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Claim:
    """A statement of a paper: a row of its table.

    Attributes
    ----------
    document : Path or None
        None only for what is out of reach and has no document.
    note : str
        The slip in one line, or why a statement is out of reach; else empty or a remark.
    """

    paper: str
    statement: str
    document: Path | None
    status: str
    how: tuple[str, ...]
    note: str

    @property
    def name(self) -> str:
        """How ``exactgeo proofs NAME`` calls the document: folder/stem; empty without one."""
        return "" if self.document is None else f"{self.document.parent.name}/{self.document.stem}"


@dataclass(frozen=True)
class Paper:
    """A folder of documents, with its table of claims.

    Attributes
    ----------
    where : str
        Where it appeared, as its text or the text that cites it says.
    quick : frozenset of str
        The documents that run in well under a second.
    typos : tuple of (str, str)
        Slips of the pen, which change nothing: place, and what is meant.
    """

    folder: Path
    short: str
    title: str
    authors: str
    year: int
    where: str
    quick: frozenset[str]
    claims: tuple[Claim, ...]
    typos: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Outcome:
    """What running a document gave: ``failure`` is empty when every example printed what it says."""

    examples: int
    failure: str

    @property
    def passed(self) -> bool:
        return not self.failure


def folder() -> Path:
    """The folder of documents: inside an installed package, else next to it in a source checkout."""
    package = Path(__file__).resolve().parent
    shipped = package / "_proofs"
    return shipped if shipped.is_dir() else package.parent / "proofs"


def read(path: Path) -> Document:
    """Read a document and hold it to its form.

    Parameters
    ----------
    path : Path
        A Markdown file: a title, the head (``- **Claim.** ...`` and so on), words, and ``python`` blocks.

    Raises
    ------
    DocumentError
        A field is missing, no example prints anything, an example would not run (a prompt outside a ``python``
        block, an open block, a doctest directive) or would print a float.
    """
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    if not lines or not lines[0].startswith("# "):
        raise DocumentError(f"{path.name}:1: expected a title, # ...")
    found = list(_examples(path, lines))
    if not any(example.want for example, slow in found if not slow):
        raise DocumentError(f"{path.name}: no executed example; a document proves nothing without one")
    slow = frozenset(place for place, (_, late) in enumerate(found) if late)
    return Document(path, lines[0][2:].strip(), text, _head(path, lines), tuple(one for one, _ in found), slow)


def _head(path: Path, lines: Sequence[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    open_field = ""
    for line in lines[1:]:
        if line.startswith(("## ", "```")):
            break
        if match := _FIELD.fullmatch(line.rstrip()):
            open_field = match[1].lower()
            if open_field in fields:
                raise DocumentError(f"{path.name}: the field {open_field} stands twice")
            fields[open_field] = match[2]
        elif open_field and line.startswith("  ") and line.strip():
            fields[open_field] += " " + line.strip()
        else:
            open_field = ""
    missing = [name for name in FIELDS if name not in fields]
    if missing or len(fields) > len(FIELDS):
        raise DocumentError(f"{path.name}: head has {', '.join(fields) or 'no field'}; expected {', '.join(FIELDS)}")
    if not any(status in fields["status"] for status in STATUSES):
        raise DocumentError(f"{path.name}: status is none of: {'; '.join(STATUSES)}")
    return fields


def _examples(path: Path, lines: Sequence[str]) -> Iterator[tuple[doctest.Example, bool]]:
    parser = doctest.DocTestParser()
    for start, language, block in _blocks(path, lines):
        if language not in ("python", "python slow"):
            for offset, line in enumerate(block):
                if _PROMPT.match(line):
                    raise DocumentError(f"{path.name}:{start + offset + 1}: a prompt outside a python block never runs")
            continue
        try:
            found = parser.get_examples("\n".join(block) + "\n", path.name)
        except ValueError as error:
            raise DocumentError(f"{path.name}: block at line {start}: {error}") from None
        if not found:
            raise DocumentError(f"{path.name}:{start}: a python block without an example")
        for example in found:
            example.lineno += start
            where = f"{path.name}:{example.lineno + 1}"
            if example.options:
                raise DocumentError(f"{where}: a doctest directive weakens the comparison")
            if _DECIMAL.search(example.want):
                raise DocumentError(f"{where}: expected output may hold integers, rationals, strings, booleans only")
            yield example, language == "python slow"


def _blocks(path: Path, lines: Sequence[str]) -> Iterator[tuple[int, str, list[str]]]:
    """Stretches of text (language "") and fenced blocks, each with the index of its first line."""
    start, language, fence, block = 0, "", "", list[str]()
    for number, line in enumerate(lines):
        match = _FENCE.fullmatch(line)
        opens = match is not None and not fence
        closes = match is not None and bool(fence) and match[1].startswith(fence) and not match[2]
        if not (opens or closes):
            block.append(line)
            continue
        yield start, language, block
        start, block = number + 1, []
        # `py` or `{python}` look like python to a reader: they are prose here, and a prompt in prose is refused.
        fence, language = (match[1], match[2].strip() or "text") if opens and match is not None else ("", "")
    if fence:
        raise DocumentError(f"{path.name}:{start}: a block is open at the end of the file")
    yield start, language, block


def run(document: Document, *, slow: bool = False, stop_early: bool = False) -> Outcome:
    """Run the examples of a document in one namespace, in order.

    Parameters
    ----------
    document : Document
    slow : bool
        Run the blocks marked ``python slow`` too.
    stop_early : bool
        End at the first example that fails.

    Returns
    -------
    Outcome
        The number of examples that were run and doctest's report of those that failed.

    Notes
    -----
    Cost: that of the examples; without the slow ones seconds at most for the documents that ship with exactgeo.
    """
    report: list[str] = []
    flags = doctest.FAIL_FAST if stop_early else 0
    runner = doctest.DocTestRunner(verbose=False, optionflags=flags)
    name, path = document.path.stem, str(document.path)
    examples = [one for place, one in enumerate(document.examples) if slow or place not in document.slow]
    test = doctest.DocTest(examples, {"__name__": "__main__"}, name, path, 0, document.text)
    results = runner.run(test, out=report.append)
    if results.failed == 0 and results.attempted != len(examples):
        report.append(f"{document.path.name}: {results.attempted} of {len(examples)} examples were run")
    return Outcome(results.attempted, "".join(report))


def papers(folder: Path) -> tuple[Paper, ...]:
    """The papers of a folder, in the order of their folders' names, each table held to the documents beside it.

    Raises
    ------
    DocumentError
        A document without a claim, a claim without a document, or a table that is malformed.
    """
    return tuple(_paper(path.parent) for path in sorted(folder.glob("*/paper.toml")))


def _paper(folder: Path) -> Paper:
    where = f"{folder.name}/paper.toml"
    try:
        table: Any = tomllib.loads((folder / "paper.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DocumentError(f"{where}: {error}") from None
    head = _row(f"{where}: paper", table.get("paper", {}), _PAPER_KEYS, {"quick"})
    rows = table.get("claim", [])
    claims = tuple(_claim(f"{where}: claim[{number}]", folder, head["short"], row) for number, row in enumerate(rows))
    typos = [
        _row(f"{where}: typo[{number}]", row, _TYPO_KEYS, set()) for number, row in enumerate(table.get("typo", []))
    ]
    listed = {claim.document.name for claim in claims if claim.document is not None}
    present = {path.name for path in folder.glob("*.md")}
    if strangers := sorted(present - listed):
        raise DocumentError(f"{where}: no claim for {', '.join(strangers)}")
    if missing := sorted((listed | set(head.get("quick", ()))) - present):
        raise DocumentError(f"{where}: no document {', '.join(missing)}")
    statements = [claim.statement for claim in claims]
    if repeated := sorted({name for name in statements if statements.count(name) > 1}):
        raise DocumentError(f"{where}: listed more than once: {', '.join(repeated)}")
    quick = frozenset(head.pop("quick", ()))
    return Paper(folder, **head, quick=quick, claims=claims, typos=tuple((row["where"], row["slip"]) for row in typos))


def _row(where: str, row: Any, keys: set[str], optional: set[str]) -> dict[str, Any]:
    if not isinstance(row, dict) or not keys - optional <= set(row) <= keys or not all(row.values()):
        raise DocumentError(f"{where}: expected {', '.join(sorted(keys))}")
    return row


def _claim(where: str, folder: Path, paper: str, row: Any) -> Claim:
    row = _row(where, row, _CLAIM_KEYS, {"document", "note", "how"})
    status = row["status"]
    if status not in STATUSES:
        raise DocumentError(f"{where}.status: expected one of: {'; '.join(STATUSES)}")
    how, note = tuple(row.get("how", ())), row.get("note", "")
    if not set(how) <= set(MEANS) or (not how and status != OUT_OF_REACH):
        raise DocumentError(f"{where}.how: expected some of: {', '.join(MEANS)}")
    if not note and (status in SLIPS or status == OUT_OF_REACH):
        raise DocumentError(f"{where}.note: expected one line that says what is wrong, missing, or in the way")
    document = row.get("document")
    if document is None and status != OUT_OF_REACH:
        raise DocumentError(f"{where}: expected a document")
    return Claim(paper, row["statement"], None if document is None else folder / document, status, how, note)


def check(claims: Sequence[Claim], *, slow: bool = False, execute: bool = True) -> Outcome:
    """Read the document of some claims, compare its status with theirs, and run it.

    Parameters
    ----------
    claims : sequence of Claim
        All claims of one document. Its status begins with theirs; of several it says "statement: status" each.
    slow : bool
        Run the blocks marked ``python slow`` too.
    execute : bool
        False: read only.

    Returns
    -------
    Outcome
        A document that is not in form counts as failed; nothing is raised for it.
    """
    path = claims[0].document
    if path is None:
        return Outcome(0, "")
    try:
        document = read(path)
        said = document.fields["status"]
        for claim in claims:
            alone = len(claims) == 1 and said.startswith(claim.status)
            if not alone and f"{claim.statement}: {claim.status}" not in said:
                raise DocumentError(f"{claim.name}: its status does not say {claim.statement}: {claim.status}")
    except DocumentError as error:
        return Outcome(0, f"{error}\n")
    return run(document, slow=slow) if execute else Outcome(0, "")
