"""The code of the documentation: every fenced block of a page, what it is, and what running it gives.

A block is run unless the line above it says otherwise, and a page is one session: its Python blocks share their names, its
commands and files share a folder. What a block prints stands in the ``text`` block below it, what it draws in the image below
it. The line above a block is a comment, which no reader of the page sees:

* ``<!-- file: NAME -->``: the block is the file NAME, for the commands after it;
* ``<!-- not run: REASON -->``: it cannot be run by a test; tests/docs/test_blocks.py counts these;
* ``<!-- held by: FILE -->``: another test holds it.

After a picture has changed, from the root of the repository:

    python tests/shared/pages.py

runs the pages that draw one and writes their images again.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
DIRECTIVES = {"{eval-rst}", "{include}", "{toctree}"}
"""What looks like a block and is an instruction to the site, whose build runs it."""

MADE = DOCS / "_made"
"""What the build of the site makes and no clone holds: the gallery's images among it."""

_FENCE = re.compile(r"( *)(`{3,})(.*)")
_MARK = re.compile(r"<!-- (file|not run|held by): (.+) -->")
_IMAGE = re.compile(r"!\[[^\]]*\]\(([^)]+\.svg)\)")


class PageError(AssertionError):
    """A block that does not do what its page says, with its place."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its first line's number, its language, its mark ("" without), and the image below it ("")."""

    page: Path
    line: int
    language: str
    text: str
    mark: str = ""
    about: str = ""
    image: str = ""
    output: bool = False

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """The pages a reader is sent to, and no page that a build has made."""
    docs = [
        path for path in DOCS.rglob("*.md") if not any(part.startswith("_") for part in path.relative_to(DOCS).parts)
    ]
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted(docs)]


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page in order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    found: list[Block] = []
    number = 0
    above = 0
    while number < len(lines):
        opening = _FENCE.fullmatch(lines[number])
        if opening is None:
            number += 1
            continue
        indent, fence, language = opening[1], opening[2], opening[3].strip()
        if language.startswith("{"):
            language = language.split()[0]
        end = next((n for n in range(number + 1, len(lines)) if lines[n].strip() == fence), None)
        if end is None:
            raise PageError(f"{page.name}:{number + 1}: a block is open at the end of the page")
        text = "".join(f"{line.removeprefix(indent)}\n" for line in lines[number + 1 : end])
        mark = _MARK.fullmatch(lines[number - 1].strip()) if number else None
        between = [line for line in lines[above:number] if line.strip() and not _MARK.fullmatch(line.strip())]
        follows = bool(found) and not between and found[-1].language in ("python", "sh")
        output = follows and language == "text" and mark is None and not text.startswith("$ ")
        image = next((line for line in lines[end + 1 :] if line.strip()), "")
        drawn = _IMAGE.fullmatch(image.strip())
        found.append(
            Block(
                page,
                number + 1,
                language,
                text,
                *(mark.groups() if mark else ("", "")),
                drawn[1] if drawn else "",
                output,
            )
        )
        number = above = end + 1
    return found


@dataclass
class Session:
    """One page as it is run: the names of its programs, in a folder of its own.

    ``drawn`` has each picture by the path that the page has for it.
    """

    folder: Path
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "page"})
    drawn: dict[str, bytes] = field(default_factory=dict)
    shown: Any = None
    last_exit: int = 0

    def run(self, page: Path) -> None:
        """Every block of a page, in order."""
        todo = blocks(page)
        for place, block in enumerate(todo):
            below = todo[place + 1] if place + 1 < len(todo) and todo[place + 1].output else None
            image = block.image or (below.image if below else "")
            if block.output or block.mark in ("not run", "held by"):
                continue
            if block.mark == "file":
                (self.folder / block.about).write_text(block.text, encoding="utf-8")
                continue
            printed = self._block(block)
            if printed != (below.text if below else ""):
                raise PageError(f"{block.place}: prints\n{printed}and shows\n{below.text if below else 'nothing'}")
            if image and block.language == "python":
                self.drawn[image] = figure(self.shown, block)

    def _block(self, block: Block) -> str:
        if block.language == "python" and ">>> " in block.text:
            return self._examples(block)
        if block.language == "python":
            return self._program(block)
        if block.language == "sh":
            return "".join(self._command(block, line) for line in _joined(block.text))
        if block.language == "text" and block.text.startswith("$ "):
            self._dialogue(block)
            return ""
        if block.language in DIRECTIVES:
            return ""
        if block.language == "toml":
            import exactgeo

            exactgeo.load(block.text.encode())
            return ""
        raise PageError(f"{block.place}: a block of {block.language or 'no language'} is not run and does not say why")

    def _examples(self, block: Block) -> str:
        test = doctest.DocTestParser().get_doctest(block.text, self.names, block.page.name, str(block.page), block.line)
        test.globs = self.names
        report: list[str] = []
        done = doctest.DocTestRunner(verbose=False).run(test, out=report.append, clear_globs=False)
        if done.failed or not done.attempted:
            raise PageError(f"{block.place}: {''.join(report) or 'no example'}")
        return ""

    def _program(self, block: Block) -> str:
        """In this process; what starts processes of its own is a script."""
        if "__main__" in block.text:
            script = self.folder / "script.py"
            script.write_text(block.text, encoding="utf-8")
            done = subprocess.run(
                [sys.executable, str(script)], capture_output=True, text=True, check=False, env=_environment()
            )
            if done.returncode:
                raise PageError(f"{block.place}: {done.stderr}")
            return done.stdout
        tree = ast.parse("\n" * block.line + block.text, str(block.page))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.chdir(self.folder):
            exec(compile(tree, str(block.page), "exec"), self.names)
            # As in a notebook: the value of the last line is what may be looked at.
            self.shown = (
                eval(compile(ast.Expression(last.value), str(block.page), "eval"), self.names) if last else None
            )
        return out.getvalue()

    def _command(self, block: Block, line: str) -> str:
        from exactgeo.cli import main

        words = shlex.split(line, comments=True)
        if words[:1] != ["exactgeo"]:
            raise PageError(f"{block.place}: {line}: only exactgeo is run")
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()), contextlib.chdir(self.folder):
            try:
                main(words[1:])
            except SystemExit as stop:
                self.last_exit = int(stop.code or 0)
        return out.getvalue()

    def _dialogue(self, block: Block) -> None:
        """Commands after ``$``, each with what it prints; an exit code other than 0 is shown by ``$ echo $?``."""
        parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
        for place, part in enumerate(parts):
            line, _, shown = part.partition("\n")
            if line == "echo $?":
                printed = f"{self.last_exit}\n"
            else:
                printed = self._command(block, line)
                asked = parts[place + 1 : place + 2] and parts[place + 1].startswith("echo $?\n")
                if self.last_exit and not asked:
                    raise PageError(f"{block.place}: {line}: exit {self.last_exit}, which `$ echo $?` has to show")
            if printed != shown:
                raise PageError(f"{block.place}: {line} prints\n{printed}and the page shows\n{shown}")


def _joined(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line


def _environment() -> dict[str, str]:
    """That of this process, with this package in front, wherever the script is run."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


def figure(shown: Any, block: Block) -> bytes:
    """What a block ends with, axes or a figure, as an SVG that is the same in every run."""
    from exactgeo import pictures

    if not hasattr(shown, "figure"):
        raise PageError(f"{block.place}: an image stands below, and the block does not end with axes: {shown!r}")
    return pictures.svg(shown).encode() + b"\n"


def texts(svg: bytes) -> list[str]:
    """What is written in a picture."""
    return re.findall(r"<(?:text|tspan)[^>]*>([^<]+)</", svg.decode())


def run(page: Path) -> dict[str, bytes]:
    """Run a page in a fresh folder; the pictures it draws, by the path that the page has for them."""
    with tempfile.TemporaryDirectory() as folder:
        session = Session(Path(folder))
        with headless():
            session.run(page)
    return session.drawn


@contextlib.contextmanager
def headless() -> Iterator[None]:
    """Figures are drawn without a screen, where matplotlib is installed."""
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        yield
        return
    import matplotlib

    with matplotlib.rc_context({"backend": "agg"}):
        yield


def write_pictures(only: Path | None = None) -> None:
    """Draw the pictures of all pages, or of one, where the pages look for them."""
    for page in pages() if only is None else [only]:
        if any(block.image for block in blocks(page)):
            for name, svg in run(page).items():
                target = page.parent / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(svg)


if __name__ == "__main__":
    write_pictures()
