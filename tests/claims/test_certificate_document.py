"""docs/certificate-v1.md: the certificate it follows is the one the tool writes, and its lists are the checker's."""

from __future__ import annotations

import json
import re
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


def test_ten_rules():
    table = DOCUMENT[DOCUMENT.index("## The ten rules") : DOCUMENT.index("## The kinds of claims")]
    assert len(re.findall(r"^\| `", table, re.MULTILINE)) == 10


def test_limits_are_those_of_the_checker():
    for limit in (checker().MAX_DIGITS, checker().MAX_LONG):
        assert f"{limit:,}" in DOCUMENT
