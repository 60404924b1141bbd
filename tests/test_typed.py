"""The package is typed: a user's program passes `mypy --strict`, and one that misuses it does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import exactgeo

USER = Path(__file__).parent / "typed" / "user.py"


def checked(file: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    options = ["--strict", "--config-file", "", "--cache-dir", str(cache)]
    command = [sys.executable, "-m", "mypy", *options, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cache)


def test_the_package_says_that_it_is_typed():
    assert (Path(exactgeo.__file__).parent / "py.typed").exists()


@pytest.mark.slow
def test_a_user_program_is_strictly_typed(tmp_path):
    pytest.importorskip("mypy")
    done = checked(USER, tmp_path)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import exactgeo as eg\nx: str = eg.certify(eg.load('a')).loss\neg.certify(3)\n")
    done = checked(wrong, tmp_path)
    assert done.stdout.count("error: ") == 2, done.stdout
