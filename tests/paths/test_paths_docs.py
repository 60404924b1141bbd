"""What docs/paths.md says beside its blocks, which tests/docs/test_blocks.py runs."""

import re
from pathlib import Path

from exactgeo.paths import Kind

TEXT = (Path(__file__).parents[2] / "docs" / "paths.md").read_text(encoding="utf-8")


def test_the_kinds_of_segments_are_those_of_the_code():
    table = TEXT[TEXT.index("| kind |") : TEXT.index("A kind is decided")]
    assert set(re.findall(r"`(\w+)`", table.replace("`highest`", ""))) == {str(kind) for kind in Kind}
