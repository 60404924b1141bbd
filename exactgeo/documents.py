"""Executable documents: one Markdown file a statement, its examples run by the standard doctest.

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
    "STATUSES",
    "Claim",
    "Document",
    "DocumentError",
    "Outcome",
    "check",
    "folder",
    "read",
    "registry",
    "run",
]

FIELDS = ("claim", "source", "hypotheses", "status", "certificate")
"""What the head of every document says."""

STATUSES = ("verified as printed", "verified, with a hypothesis added", "false as printed, corrected")
"""How the status of a document begins."""

_FIELD = re.compile(r"- \*\*(\w+)\.\*\* +(\S.*)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,}) *(.*)")
_PROMPT = re.compile(r"[ >]*>>> ")
_DECIMAL = re.compile(r"\d\.\d|\d[eE][-+]?\d|\bnan\b|\binf\b")
_CLAIM_KEYS = {"statement", "document", "status"}


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
    """

    path: Path
    title: str
    text: str
    fields: Mapping[str, str]
    examples: tuple[doctest.Example, ...]


@dataclass(frozen=True)
class Claim:
    """A row of the table of claims."""

    statement: str
    document: Path
    status: str


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
    examples = tuple(_examples(path, lines))
    if not any(example.want for example in examples):
        raise DocumentError(f"{path.name}: no executed example; a document proves nothing without one")
    return Document(path, lines[0][2:].strip(), text, _head(path, lines), examples)


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
    if not fields["status"].startswith(STATUSES):
        raise DocumentError(f"{path.name}: status begins with none of: {'; '.join(STATUSES)}")
    return fields


def _examples(path: Path, lines: Sequence[str]) -> Iterator[doctest.Example]:
    parser = doctest.DocTestParser()
    for start, language, block in _blocks(path, lines):
        if language != "python":
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
            yield example


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


def run(document: Document, *, stop_early: bool = False) -> Outcome:
    """Run the examples of a document in one namespace, in order.

    Parameters
    ----------
    document : Document
    stop_early : bool
        End at the first example that fails.

    Returns
    -------
    Outcome
        The number of examples that were run and doctest's report of those that failed.

    Notes
    -----
    Cost: that of the examples; seconds at most for the documents that ship with exactgeo.
    """
    report: list[str] = []
    flags = doctest.FAIL_FAST if stop_early else 0
    runner = doctest.DocTestRunner(verbose=False, optionflags=flags)
    name, path = document.path.stem, str(document.path)
    test = doctest.DocTest(list(document.examples), {"__name__": "__main__"}, name, path, 0, document.text)
    results = runner.run(test, out=report.append)
    if results.failed == 0 and results.attempted != len(document.examples):
        report.append(f"{document.path.name}: {results.attempted} of {len(document.examples)} examples were run")
    return Outcome(results.attempted, "".join(report))


def registry(folder: Path) -> tuple[Claim, ...]:
    """The table of claims ``claims.toml`` of a folder, held to the documents beside it.

    Raises
    ------
    DocumentError
        A document without a claim, a claim without a document, or a row that is malformed.
    """
    try:
        text = (folder / "claims.toml").read_text(encoding="utf-8")
        rows: Any = tomllib.loads(text).get("claim", [])
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DocumentError(f"claims.toml: {error}") from None
    claims = []
    for number, row in enumerate(rows):
        if set(row) != _CLAIM_KEYS or not all(isinstance(value, str) and value for value in row.values()):
            raise DocumentError(f"claims.toml: claim[{number}]: expected {', '.join(sorted(_CLAIM_KEYS))}")
        if row["status"] not in STATUSES:
            raise DocumentError(f"claims.toml: claim[{number}].status: expected one of: {'; '.join(STATUSES)}")
        claims.append(Claim(row["statement"], folder / row["document"], row["status"]))
    listed = [claim.document.name for claim in claims]
    if repeated := sorted({name for name in listed if listed.count(name) > 1}):
        raise DocumentError(f"claims.toml: listed more than once: {', '.join(repeated)}")
    present = {path.name for path in folder.glob("*.md")}
    if strangers := sorted(present - set(listed)):
        raise DocumentError(f"claims.toml: no claim for {', '.join(strangers)}")
    if missing := sorted(set(listed) - present):
        raise DocumentError(f"claims.toml: no document {', '.join(missing)}")
    return tuple(claims)


def check(claim: Claim, *, execute: bool = True) -> Outcome:
    """Read a claim's document, compare its status with the claim's, and run it.

    A document that is not in form counts as failed; nothing is raised for it.
    """
    try:
        document = read(claim.document)
        if not document.fields["status"].startswith(claim.status):
            raise DocumentError(f"{claim.document.name}: its status does not begin with {claim.status!r}")
    except DocumentError as error:
        return Outcome(0, f"{error}\n")
    return run(document) if execute else Outcome(0, "")
