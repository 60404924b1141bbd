"""What docs/landscape.md shows is what the tool does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command import run

import exactgeo as eg

TEXT = (Path(__file__).parents[2] / "docs" / "landscape.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```text\n\$ exactgeo ([^\n]*)\n(.*?)```", TEXT, flags=re.DOTALL)
PROGRAMS = re.findall(r"```python\n(.*?)```(?:\n\n```text\n(?!\$)(.*?)```)?", TEXT, flags=re.DOTALL)


@pytest.mark.parametrize(("command", "shown"), COMMANDS)
def test_commands_print_what_is_shown(capsys, command, shown):
    assert run(capsys, *command.split())[:2] == (0, shown)


@pytest.mark.parametrize(("program", "shown"), PROGRAMS)
def test_programs_print_what_is_shown(capsys, program, shown):
    exec(program, {})
    assert capsys.readouterr().out == shown


def test_nothing_was_missed():
    assert (len(COMMANDS), len(PROGRAMS)) == (7, 3)


def test_the_smallest_data_for_width_2_has_a_bad_valley_at_width_1_too():
    data = {"x": [[0], [1], [2], [3]], "y": [0, 0, 1, 0]}
    assert eg.landscape(eg.load({"data": data, "network": {"widths": [1]}})).bad_valleys > 0
