"""What the README shows is what the tool does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from command import run

import exactgeo as eg
from exactgeo.cli import cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_main_command_prints_what_is_shown():
    done = subprocess.run(
        [sys.executable, "-m", "exactgeo", "certify", "swirszcz-prop1"], capture_output=True, text=True, check=True
    )
    assert done.stdout == blocks("text")[0]


@pytest.mark.parametrize(
    ("command", "shown"), re.findall(r"```text\n\$ exactgeo ([^\n]*)\n(.*?)```", README, flags=re.DOTALL)
)
def test_commands_print_what_is_shown(capsys, command, shown):
    assert run(capsys, *command.split())[:2] == (0, shown)


def test_the_problem_file_is_proposition_1():
    problem = eg.load(blocks("toml")[0].encode())
    assert eg.certify(problem).loss == 18


def test_the_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(blocks("python")[0], names)
    assert names["v"].kind == "local_minimum"
    assert str(names["census"].minimum) == "14"


def test_every_command_is_listed():
    listed = set(re.findall(r"^\| `exactgeo (\w+)", README, flags=re.MULTILINE))
    assert listed == set(cli.commands)


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target
