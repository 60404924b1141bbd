"""docs/certificate-v1.md and docs/certificate-v2.md: the certificate that is followed is a file, and the lists are the checker's."""

from __future__ import annotations

import ast
import json
import re
from fractions import Fraction
from pathlib import Path

import pytest
from damage import CHECKER, checker
from forging import OLD

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT, DOCUMENT_V2 = ((DOCS / f"certificate-v{version}.md").read_text() for version in (1, 2))
FILES = {path.name: path.read_text() for path in (CHECKER, *CHECKER.parent.glob("check_*.py"))}


def test_the_example_is_the_file():
    block = re.search(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    assert block is not None
    assert json.loads(block[1]) == json.loads((OLD / "accept" / "prop1.json").read_text())


def fields_of(document: str, kind: str) -> list[str] | None:
    section = re.search(rf"### `{kind}`: (.*)", document)
    return sorted(section[1].split(", ")) if section else None


@pytest.mark.parametrize("version", [1, 2])
def test_every_kind_has_its_section_with_its_fields(version):
    """What version 2 has in another form, or more, stands in its document, the rest in that of version 1."""
    for kind, file in checker().KINDS[version].items():
        text = FILES[file or "check.py"]
        names = re.search(r'fields\(\s*claim, "([^"]*)"', text[text.index(f"def {kind}(") :])
        assert names is not None
        new = fields_of(DOCUMENT_V2, kind) if version == 2 else None
        assert (new or fields_of(DOCUMENT, kind)) == sorted(names[1].split()), kind


def test_the_table_of_companions_is_the_checker_s():
    table = re.findall(r"^\| `(check\w*\.py)` \| (.*) \|$", DOCUMENT_V2, re.MULTILINE)
    listed = {kind: file for file, kinds in table if file != "check_v1.py" for kind in re.findall(r"`(\w+)`", kinds)}
    assert listed == {kind: file or "check.py" for kind, file in checker().KINDS[2].items()}
    old = {kind for kind, file in checker().KINDS[1].items() if file == "check_v1.py"}
    assert {kind for file, kinds in table if file == "check_v1.py" for kind in re.findall(r"`(\w+)`", kinds)} == old


def test_every_rule_of_a_table_is_a_function_that_names_it():
    table = DOCUMENT[DOCUMENT.index("## The eleven rules") : DOCUMENT.index("## The kinds of claims")]
    new = DOCUMENT_V2[
        DOCUMENT_V2.index("Rules of `check_subgradient.py`") : DOCUMENT_V2.index("### `subgradient_minimum`")
    ]
    new += DOCUMENT_V2[DOCUMENT_V2.index("Rules of `check_deep.py`") : DOCUMENT_V2.index("### `deep_minimum`")]
    new += DOCUMENT_V2[
        DOCUMENT_V2.index("| `independent` | a number is 0 iff, mult") : DOCUMENT_V2.index("### `class_minimum`")
    ]
    rules = re.findall(r"^\| `(\w+)`", table + new, re.MULTILINE)
    docstrings = [
        ast.get_docstring(node) or ""
        for text in FILES.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
    ]
    # A function may be two rules: "Rules `one`, `other`: what they show".
    heads = [text.partition(":")[0] for text in docstrings if re.match(r"Rules? `", text)]
    named = [rule for head in heads for rule in re.findall(r"`(\w+)`", head)]
    assert sorted(rules) == sorted(named)
    assert len(rules) == len(set(rules)) >= 40


def test_curvatures_are_those_of_the_checker():
    table = DOCUMENT[DOCUMENT.index("| loss | a | r_t |") : DOCUMENT.index("So L(new) - L(point)")]
    listed = {}
    for names, curvatures in re.findall(r"^\| (`.*?) \| ([^|]*) \|", table, re.MULTILINE):
        for name, a in zip(re.findall(r"`(\w+)", names), curvatures.split(", "), strict=True):
            listed[name] = Fraction(a)
    assert listed == {kind: a for kind, (a, _) in checker().SMOOTH.items()}


def test_limits_are_those_of_the_checker():
    for limit in (checker().MAX_DIGITS, checker().MAX_LONG):
        assert f"{limit:,}" in DOCUMENT
