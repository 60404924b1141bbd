"""The pages about the code are about the code as it is: its files, its names, its layers, its nouns."""

from __future__ import annotations

import importlib
import re

import pytest
import ratchets
import tree

DOCS = tree.ROOT / "docs"
ARCHITECTURE = tree.DOCUMENT.read_text(encoding="utf-8")
GLOSSARY = (DOCS / "glossary.md").read_text(encoding="utf-8")
PROSE = re.sub(r"```text\n.*?```", "", ARCHITECTURE, flags=re.DOTALL)
NAMED = sorted(set(re.findall(r"`([a-z_]+(?:\.[A-Za-z_]+)+)`", PROSE)))
TERMS = re.findall(r"^\* \*\*(.+?)\*\*: ", GLOSSARY, flags=re.MULTILINE)


def words() -> str:
    """All that the package and the other pages say, in small letters."""
    pages = [path.read_text(encoding="utf-8") for path in DOCS.glob("*.md") if path.name != "glossary.md"]
    return re.sub(r"[\s_]+", " ", " ".join([*ratchets.package_sources().values(), *pages])).lower()


def test_files_and_layers_are_those_of_the_package():
    assert ARCHITECTURE.splitlines() == tree.written().splitlines(), "write it again: python tests/shared/tree.py"


def test_every_file_says_in_one_line_what_it_is():
    for line in tree.files().splitlines():
        name, _, what = line.strip().partition(" ")
        assert what.strip(), name


@pytest.mark.parametrize("name", [name for name in NAMED if not name.endswith((".py", ".md", ".toml"))])
def test_a_name_of_the_page_is_a_name_of_the_code(name):
    value = importlib.import_module("exactgeo")
    path = "exactgeo"
    for part in name.split("."):
        path = f"{path}.{part}"
        try:
            value = importlib.import_module(path)
        except ModuleNotFoundError:
            value = getattr(value, part)


def test_the_page_names_the_ways():
    assert len(NAMED) >= 30


def test_every_file_that_the_glossary_names_exists():
    for named in re.findall(r"`(\w+)/(\w*)`", GLOSSARY):
        folder = tree.PACKAGE / named[0]
        assert folder.is_dir() or named[0] == "proofs", named
        assert not named[1] or (folder / f"{named[1]}.py").exists() or (folder / named[1]).is_dir(), named


def test_the_glossary_is_sorted_and_says_each_thing_once():
    assert len(TERMS) == GLOSSARY.count("\n* ")
    assert sorted(set(TERMS)) == TERMS


def test_every_noun_of_the_glossary_is_used():
    said = words()
    assert [term for term in TERMS if not re.search(rf"\b{re.escape(term.lower())}", said)] == []


def test_no_word_that_is_to_go_is_explained():
    assert not [term for term in TERMS if any(ratchets.WORDS.fullmatch(word) for word in term.split())]
