"""What docs/numeric.md shows is what the engine does."""

from __future__ import annotations

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "numeric.md"


def test_every_example_prints_what_stands_below_it():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.failed == 0
    assert result.attempted >= 12
