"""The table of docs/trained.md is what the tool finds; its programs are run by tests/docs/test_blocks.py."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "trained.md").read_text(encoding="utf-8")


def rows(text: str) -> dict[str, list[str]]:
    found = [
        [cell.strip() for cell in line.strip("| ").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]
    return {name: cells for name, *cells in found if re.fullmatch(r"\w+-\d-\w+(-[\d.]+)?", name)}


LISTED = rows(PAGE)
QUICK = ["diabetes-2-squares-0.001", "iris-2-squares-0.01", "setosa-2-logistic"]


def agree(names: list[str]) -> None:
    """What is found, and its loss as far as two machines train to the same minimum."""
    pytest.importorskip("sklearn")
    script = ROOT / "benchmarks" / "trained_table.py"
    done = subprocess.run([sys.executable, str(script), *names], capture_output=True, text=True, check=True)
    found = rows(done.stdout)
    assert found.keys() == set(names)
    for name, cells in found.items():
        assert cells[0] == LISTED[name][0], name
        if cells[1]:
            assert float(cells[1]) == pytest.approx(float(LISTED[name][1]), rel=1e-2), name


def test_the_table_holds_what_it_is_to_show():
    assert {name.split("-")[0] for name in LISTED} == {"sine", "diabetes", "iris", "setosa", "digits"}
    assert sum(cells[0] in ("exact", "enclosed") for cells in LISTED.values()) >= 12


def test_some_rows_of_the_table():
    agree(QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTED)
def test_every_row_of_the_table(name):
    agree([name])
