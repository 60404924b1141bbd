"""What `docs/statements.md` shows of `proofs/`: each paper's statements, the slips found, the slips of the pen.

After a row of a `paper.toml` has come, gone or changed, from the root of the repository:

    python tests/shared/statements.py

writes the document again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from exactgeo import documents

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "statements.md"

HEAD = """# Statements

Every statement of the papers below, with what has become of it, made from `proofs/*/paper.toml`. Each document says the claim as printed,
its hypotheses, what is shown and what is left open, and is executed: `exactgeo proofs`, `exactgeo proofs NAME` prints one.
How: *symbolic*, algebra in sympy; *instances*, exact computations on instances; *certificate*, one that `exactgeo check` accepts;
*probability*, exact or proved chances beside the printed bound.
"""


def lines(papers: tuple[documents.Paper, ...]) -> Iterator[str]:
    yield HEAD
    for paper in papers:
        yield f"## {paper.short}\n\n{paper.authors}, *{paper.title}*. {paper.where}.\n"
        yield "| statement | status | how | document |\n|---|---|---|---|"
        for claim in paper.claims:
            link = "" if claim.document is None else f"[{claim.document.stem}](../proofs/{claim.name}.md)"
            yield f"| {claim.statement} | {claim.status} | {', '.join(claim.how)} | {link} |"
        for title, kept in (("Slips", documents.SLIPS), ("Out of reach", (documents.OUT_OF_REACH,))):
            if found := [claim for claim in paper.claims if claim.status in kept]:
                yield f"\n### {title}\n"
                yield from (f"* **{claim.statement}** ({claim.status}). {claim.note}" for claim in found)
        if found := [claim for claim in paper.claims if claim.note and claim.status not in kept + documents.SLIPS]:
            yield "\n### Remarks\n"
            yield from (f"* **{claim.statement}.** {claim.note}" for claim in found)
        if paper.typos:
            yield "\n### Slips of the pen\n"
            yield from (f"* {where}: {slip}" for where, slip in paper.typos)
        yield ""


def written() -> str:
    """The document as it should be."""
    return "\n".join(lines(documents.papers(ROOT / "proofs"))).rstrip("\n") + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(written(), encoding="utf-8")
