"""docs/certificate-v1.md: the certificate it follows is the one the tool writes, and its lists are the checker's."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

from damage import CHECKER, checker
from made import ACCEPT

import exactgeo as eg

DOCUMENT = (Path(__file__).parents[2] / "docs" / "certificate-v1.md").read_text()


def test_the_example_is_what_the_tool_writes():
    block = re.search(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    assert block is not None
    example = json.loads(block[1])
    assert example == json.loads((ACCEPT / "prop1.json").read_text())
    certificate = eg.certify(eg.load("swirszcz-prop1")).certificate
    assert certificate is not None
    assert example == json.loads(certificate.to_json())


def test_every_kind_has_its_section_with_its_fields():
    text = CHECKER.read_text()
    for kind in checker().KINDS:
        section = re.search(rf"### `{kind}`: (.*)", DOCUMENT)
        assert section is not None, kind
        body = text[text.index(f"def {kind}(") :]
        names = re.search(r'fields\(\s*claim, "([^"]*)"', body)
        assert names is not None
        assert sorted(section[1].split(", ")) == sorted(names[1].split())


def test_eleven_rules():
    table = DOCUMENT[DOCUMENT.index("## The eleven rules") : DOCUMENT.index("## The kinds of claims")]
    rules = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
    assert len(rules) == len(set(rules)) == 11
    # A rule that the checker names is one of the table.
    named = re.findall(r"[Rr]ules? `(\w+)`|[Rr]ules `\w+`, `(\w+)`", CHECKER.read_text())
    assert {one or other for one, other in named} >= {"evaluate", "tangent", "dual"}
    assert {one or other for one, other in named} <= set(rules)


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
