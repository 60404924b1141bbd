"""What the site of the documentation has beside the pages of docs/, and how it links what a forge links by itself.

`docs/conf.py` calls it. On a forge a page links files of the repository by their paths; in the site those that are pages
themselves (the executed documents, this repository's own papers) are copied under ``docs/_made`` and linked there, terms of
the glossary and theorems get an anchor, and tutorials stand beside their notebooks.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

from pages import DOCS, MADE, ROOT, blocks

__all__ = ["DEFINED", "for_the_site", "labels", "make", "notebook"]

PAPERS = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md", "tests/README.md")
"""Pages of the repository outside docs/, beside the documents of proofs/."""

DEFINED = re.compile(r"\*\*(?:Theorem |Claim )?([A-Z](?:\d+[a-z]?)?)(?: \([^)]*\))?\.?\*\*")
"""Where docs/mathematics.md says a statement for the first time: its number in bold."""

_TERM = re.compile(r"^\* \*\*(.+?)\*\*: (.*)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")


def copied() -> dict[Path, Path]:
    """Which file of the repository stands where in the site's sources."""
    found = {ROOT / name: MADE / "repository" / name.replace("/README", "").lower() for name in PAPERS}
    for document in sorted((ROOT / "proofs").glob("*/*.md")):
        found[document] = MADE / document.relative_to(ROOT)
    return found


def make() -> None:
    """Write ``docs/_made`` again: copies, lists of them, notebooks."""
    for folder in ("repository", "proofs", "notebooks"):
        shutil.rmtree(MADE / folder, ignore_errors=True)
    for source, target in copied().items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_relinked(source.read_text(encoding="utf-8"), source, target), encoding="utf-8")
    listed = "\n".join(str(path.relative_to(MADE / "proofs")) for path in copied().values() if "proofs" in path.parts)
    head = (
        "# Executed documents\n\nOne page a statement; [the table](../../statements.md) says what has become of each.\n"
    )
    (MADE / "proofs" / "index.md").write_text(
        f"{head}\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n", encoding="utf-8"
    )
    (MADE / "notebooks").mkdir(parents=True, exist_ok=True)
    for page in sorted((DOCS / "tutorials").glob("*.md")):
        (MADE / "notebooks" / f"{page.stem}.ipynb").write_text(notebook(page), encoding="utf-8")


def _relinked(text: str, source: Path, target: Path) -> str:
    """A copy's links lead where those of the original lead."""
    known = copied()

    def link(match: re.Match[str]) -> str:
        path, anchor = match[1], match[2] or ""
        if "://" in path or path.startswith("mailto:"):
            return match[0]
        there = (source.parent / path).resolve()
        there = known.get(there, there)
        return f"]({os.path.relpath(there, target.parent)}{anchor})"

    return _LINK.sub(link, text)


def for_the_site(name: str, text: str) -> str:
    """The source of a page of docs/ as the site reads it."""
    if name.startswith("_made/"):
        return text
    page = DOCS / f"{name}.md"
    text = _relinked(text, page, page)
    if name == "glossary":
        terms = "".join(f"{match[1]}\n  {match[2]}\n\n" for match in _TERM.finditer(text))
        head = text[: text.index("\n* ")]
        return f"{head}\n\n```{{glossary}}\n{terms}```\n"
    if name == "mathematics":
        return _linked_statements(text)
    if name.startswith("tutorials/"):
        stem = name.removeprefix("tutorials/")
        body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
        note = f"This page as a notebook: {{download}}`{stem}.ipynb <../_made/notebooks/{stem}.ipynb>`.\n"
        return f"{body.rstrip()}\n\n{note}"
    return text


def labels(text: str) -> list[str]:
    """The numbers of the statements of docs/mathematics.md, in order."""
    return DEFINED.findall(text)


def _linked_statements(text: str) -> str:
    """Each paragraph that says statements has their anchors, and the table at the top links them."""
    head, mark, body = text.partition("\nNotation.")
    paragraphs = body.split("\n\n")
    for place, paragraph in enumerate(paragraphs):
        anchors = "".join(f"(statement-{label.lower()})=\n" for label in labels(paragraph))
        paragraphs[place] = anchors + paragraph
    known = set(labels(body))

    def linked(row: re.Match[str]) -> str:
        names = [f"[{name}](#statement-{name.lower()})" if name in known else name for name in row[1].split(", ")]
        return f"| {', '.join(names)} |"

    return re.sub(r"^\| ([A-Z][\w, ]*) \|", linked, head, flags=re.MULTILINE) + mark + "\n\n".join(paragraphs)


def notebook(page: Path) -> str:
    """A tutorial as a Jupyter notebook: its Python blocks are the cells, what they print is left to them.

    Parameters
    ----------
    page : Path
        Markdown; a jupytext header is dropped.

    Returns
    -------
    str
        JSON of notebook format 4.5, without outputs.
    """
    lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
    cells: list[dict[str, object]] = []

    def add(kind: str, text: str) -> None:
        text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
        text = re.sub(r"^!\[[^\]]*\]\([^)]*\)\n", "", text, flags=re.MULTILINE).strip()
        if text:
            code = {"execution_count": None, "outputs": []} if kind == "code" else {}
            cells.append({"cell_type": kind, "id": f"cell-{len(cells)}", "metadata": {}, "source": text, **code})

    todo = blocks(page)
    if any(block.image for block in todo):
        add("code", "%matplotlib inline")
    at = 0
    for block in todo:
        length = block.text.count("\n") + 2
        if block.language == "python" or block.output:
            add("markdown", "".join(lines[at : block.line - 1]))
            at = block.line - 1 + length
        if block.language == "python":
            add("code", block.text)
    add("markdown", "".join(lines[at:]))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(notebook(Path(sys.argv[1])), encoding="utf-8")
