"""What docs/experiments.md shows is what the tool does; its tables are made by a benchmark, of which a small part runs here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "experiments.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_programs_of_the_page_print_what_stands_below_them(capsys):
    pytest.importorskip("sklearn")
    assert len(PROGRAMS) == 3
    # One namespace, as in the other documents: a program may use what an earlier one has imported.
    names: dict[str, object] = {}
    for program, shown in PROGRAMS:
        exec(program, names)
        assert capsys.readouterr().out == shown
