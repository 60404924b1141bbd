"""Landscapes that many tests start from, and their leaves in an order of their own."""

from __future__ import annotations

from landscape_brute import summary
from problems import D1, KINK, PLANE

LAWS = [
    (D1, 1, {}),
    (D1, 2, {}),
    (KINK, 1, {}),
    (KINK, 2, {}),
    (PLANE, 2, {"hidden_bias": False}),
    (([[0], [0], [1], [3], [3]], [1, 2, -1, 2, 0]), 2, {}),
    (([[1], [2], [-1]], [1, -2, 1]), 2, {"activation": "abs", "hidden_bias": False}),
    (([[1], [2], [-1]], [1, -2, 1]), 2, {"activation": "leaky_relu(1/10)", "output_bias": False}),
    (([[1], [2], [-1]], [1, -2, 1]), 2, {"frozen": [1, -1]}),
    (([[1], [2], [-1], [0]], [1, -2, 1, 0]), 3, {"frozen": [1, 1, -2]}),
    (([[1, 0], [0, 1], [1, 1], [0, 0]], [1, 1, 0, 2]), 1, {"loss": "absolute"}),
]


def leaves(found):
    return summary([(v.value, v.escapes_at) for v in found.valleys])
