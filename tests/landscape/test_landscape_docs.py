"""What docs/landscape.md says beside its blocks, which tests/docs/test_blocks.py runs."""

from __future__ import annotations

import exactgeo as eg


def test_the_smallest_data_for_width_2_has_a_bad_valley_at_width_1_too():
    data = {"x": [[0], [1], [2], [3]], "y": [0, 0, 1, 0]}
    assert eg.landscape(eg.load({"data": data, "network": {"widths": [1]}})).bad_valleys > 0
