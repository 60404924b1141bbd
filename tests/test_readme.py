"""What the README says beside its blocks, which tests/docs/test_blocks.py runs."""

from __future__ import annotations

import re
from pathlib import Path

import exactgeo as eg
from exactgeo.cli import cli

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_problem_file_is_proposition_1():
    shown = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    assert eg.certify(eg.load(shown[1].encode())).loss == 18


def test_every_command_is_listed():
    listed = set(re.findall(r"^\| `exactgeo (\w+)", README, flags=re.MULTILINE))
    assert listed == set(cli.commands)
