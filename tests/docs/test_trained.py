"""What docs/trained.md shows is what the tool does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "trained.md").read_text(encoding="utf-8")


def test_the_program_of_the_page_prints_what_stands_below_it():
    programs = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(programs) == 2
    for program, printed in programs:
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, printed), done.stderr
