"""Landscapes that many tests start from, and their leaves and trees in an order of their own."""

from __future__ import annotations

from landscape_brute import summary
from problems import D1, KINK, PLANE, line, problem

from exactgeo.formats import problem_from_mapping

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


def repeated(n, loss="squared", activation="relu"):
    """Points twice, points on a line, and the origin."""
    data = {"x": [[0, 0], [1, 2], [1, 2], [2, 4], [-3, -6], [3, -1]], "y": [1, -2, 0, 3, -1, 2]}
    network = {"widths": [n], "activation": activation}
    return problem_from_mapping({"data": data, "network": network, "loss": {"kind": loss}})


CASES = {
    "line": line(7, 3),
    "absolute": problem_from_mapping({**line(6, 2).to_dict(), "loss": {"kind": "absolute"}}),
    "repeated": repeated(2),
    "repeated, huber": repeated(2, "huber(1)"),
    "repeated, leaky": repeated(2, activation="leaky_relu(1/10)"),
    **{f"law {k}": problem(*data, n, **options) for k, (data, n, options) in enumerate(LAWS)},
}


def shape(found):
    """All of a merge tree but the numbers of nodes of one level: of each its own basins, and those of its children."""
    tree = found._tree
    names = [(node.level, tuple(sorted(node.basins))) for node in tree.nodes]
    nodes = {
        name: (node.minimum, node.escape, sorted(names[k] for k, _ in node.children))
        for name, node in zip(names, tree.nodes, strict=True)
    }
    entries = [names[tree.entry[row][0]] for row in range(len(found.census))]
    return nodes, entries, leaves(found), found.connected_at
