"""What `docs/architecture.md` shows of the package: its layers, and its files with the first sentence of their docstrings.

After a file has come, gone or changed its first sentence, or a layer, from the root of the repository:

    python tests/shared/tree.py

writes both blocks of the document again.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "exactgeo"
DOCUMENT = ROOT / "docs" / "architecture.md"
WIDTH = 34


def sentence(path: Path) -> str:
    """The first sentence, or the first line, of a file's docstring."""
    first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    return first.partition(". ")[0].removesuffix(".")


def lines(folder: Path, indent: str = "  ") -> Iterator[str]:
    """A folder says what its ``__init__.py`` says; its files follow, then its folders."""
    entries = sorted(folder.iterdir(), key=lambda path: (path.is_dir(), path.name))
    for path in entries:
        if path.suffix == ".py" and path.name != "__init__.py":
            yield f"{indent + path.name:<{WIDTH}}  {sentence(path)}"
        elif (path / "__init__.py").exists():
            yield f"{indent + path.name + '/':<{WIDTH}}  {sentence(path / '__init__.py')}"
            yield from lines(path, indent + "  ")
        elif path.is_dir() and path.name != "__pycache__":
            kinds = sorted({f"*{file.suffix}" for file in path.iterdir()})
            yield f"{indent + path.name + '/':<{WIDTH}}  {', '.join(kinds)}"


def files() -> str:
    return "".join(f"{line.rstrip()}\n" for line in lines(PACKAGE))


def layers() -> str:
    """The import contract's layers, the highest first; those in one line do not import each other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return "".join(f"{layer}\n" for layer in project["tool"]["importlinter"]["contracts"][0]["layers"])


def written() -> str:
    """The document with its two blocks as they should be."""
    blocks = iter((layers(), f"exactgeo/\n{files()}"))
    text = DOCUMENT.read_text(encoding="utf-8")
    return re.sub(r"(?<=```text\n).*?(?=^```$)", lambda _: next(blocks), text, flags=re.DOTALL | re.MULTILINE)


if __name__ == "__main__":
    DOCUMENT.write_text(written(), encoding="utf-8")
