"""The site of the documentation: all pages are in it, links lead somewhere, tutorials are notebooks; and it builds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib

import pages
import pytest
import site_pages
from pages import DOCS, ROOT

import exactgeo

PAGES = [*pages.pages(), *(ROOT / name for name in site_pages.PAPERS)]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")


def test_every_page_is_in_the_table_of_contents_once():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    trees = "\n".join(re.findall(r"```\{toctree\}\n(.*?)```", index, re.DOTALL))
    listed = re.findall(r"^(?!:)([\w/-]+)$", trees, re.MULTILINE)
    there = {str(path.relative_to(DOCS).with_suffix("")) for path in pages.pages() if DOCS in path.parents}
    assert len(listed) == len(set(listed))
    assert {*listed} >= there - {"index"}
    assert {name for name in listed if not name.startswith("_made")} <= there


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    for target in LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        there = path.parent / target
        assert there.exists() or pages.MADE in there.parents, target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_names_no_machine_and_no_host(path):
    assert not re.findall(r"https?://\S+|/(?:home|root|work|tmp)/\S+", path.read_text(encoding="utf-8"))


def test_the_citation_is_that_of_the_repository():
    shown = re.search(r"```bibtex\n(.*?)```", (DOCS / "citing.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    kept = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    for key in ("title", "version", "license"):
        value = re.search(rf'^{key}: "?(.*?)"?$', kept, re.MULTILINE)
        assert value is not None
        assert re.search(rf"{key} += {{{re.escape(value[1])}}}", shown[1]), key
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"{{{project['version']}}}" in shown[1]
    assert f"{{{{{project['authors'][0]['name']}}}}}" in shown[1]


def test_the_api_page_has_every_public_name():
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\.\. auto\w+:: (\w+)$", text, re.MULTILINE)
    assert sorted(shown) == sorted({*exactgeo.__all__})


TUTORIALS = sorted((DOCS / "tutorials").glob("*.md"))


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_is_a_notebook(page):
    book = json.loads(site_pages.notebook(page))
    code = [cell["source"] for cell in book["cells"] if cell["cell_type"] == "code"]
    programs = [block.text.strip() for block in pages.blocks(page) if block.language == "python"]
    assert [text for text in code if not text.startswith("%")] == programs
    words = "\n".join(cell["source"] for cell in book["cells"] if cell["cell_type"] == "markdown")
    assert words.startswith("# ")
    assert "```" not in words, "what a cell prints is left to the notebook"
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])


def test_there_are_three_tutorials():
    assert [path.stem for path in TUTORIALS] == ["basins", "counterexample", "trained"]


def test_the_glossary_of_the_site_has_every_term():
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    made = site_pages.for_the_site("glossary", text)
    terms = re.findall(r"^\* \*\*(.+?)\*\*: ", text, re.MULTILINE)
    assert len(terms) > 100
    assert re.findall(r"^(\S.*)\n  \S", made[made.index("{glossary}") :], re.MULTILINE) == terms


def test_copies_are_linked_as_their_originals(tmp_path):
    known = site_pages.copied()
    document = next(path for path in known if path.name == "theorem-6.md")
    made = site_pages.for_the_site("statements", "[one](../proofs/safran-shamir-2016/theorem-6.md) [a](trust.md#there)")
    assert made == "[one](_made/proofs/safran-shamir-2016/theorem-6.md) [a](trust.md#there)"
    assert document in known


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path):
    pytest.importorskip("sphinx")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "index.html").exists()
    assert len(list((tmp_path / "_images").glob("*.svg"))) > 5


@pytest.mark.slow
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda path: path.stem)
def test_a_notebook_runs_in_a_kernel(page, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    book = nbformat.reads(site_pages.notebook(page), as_version=4)
    nbformat.validate(book)
    done = nbclient.NotebookClient(book, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = [
        "".join(out["text"] for out in cell.outputs if out.get("name") == "stdout")
        for cell in done.cells
        if cell.cell_type == "code"
    ]
    shown = [block.text for block in pages.blocks(page) if block.output]
    assert [text for text in printed if text] == shown
