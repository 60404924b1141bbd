"""What docs/paths.md shows is what the tool does."""

import re
from pathlib import Path

import pytest
from command import run

from exactgeo.paths import Kind

TEXT = (Path(__file__).parents[2] / "docs" / "paths.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```text\n\$ exactgeo ([^\n]*)\n(.*?)```", TEXT, flags=re.DOTALL)
PROGRAMS = re.findall(r"```python\n(.*?)```\n\n```text\n(?!\$)(.*?)```", TEXT, flags=re.DOTALL)


@pytest.mark.parametrize(("command", "shown"), COMMANDS)
def test_commands_print_what_is_shown(capsys, command, shown):
    assert run(capsys, *command.split())[:2] == (0, shown)


@pytest.mark.parametrize(("program", "shown"), PROGRAMS)
def test_programs_print_what_is_shown(capsys, program, shown):
    exec(program, {})
    assert capsys.readouterr().out == shown


def test_nothing_was_missed():
    assert (len(COMMANDS), len(PROGRAMS)) == (1, 1)
    table = TEXT[TEXT.index("| kind |") : TEXT.index("A kind is decided")]
    assert set(re.findall(r"`(\w+)`", table.replace("`highest`", ""))) == {str(kind) for kind in Kind}
