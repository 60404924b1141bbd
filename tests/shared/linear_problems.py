"""Critical points of deep linear networks that are written down: diagonal maps, seen through other coordinates in each layer.

``case(rng)``: some of the components of the best fit are there, others not; which, decides. Data are mirrored, so that
they are centred, or orthogonal to the constant.
"""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

from exactgeo.formats import problem_from_mapping
from exactgeo.problem import Problem

F = Fraction
Rows = list[list[Fraction]]


def case(rng: random.Random) -> Problem:
    d, k, depth = rng.randint(1, 3), rng.randint(1, 3), rng.choice((2, 2, 3))
    widths = [rng.choice((0, 1, 1, 1, 2, 2, 2, 3, 3)) for _ in range(depth - 1)]
    alpha = F(rng.choice(("1", "1", "2", "-1", "1/2")))
    lifted, shift = rng.choice(((False, False), (False, True), (True, False), (True, True)))
    size = d + (lifted and not shift)
    # Component j: input j to output j. The last input may be the constant 1.
    tops = [F(rng.randint(0, 4)) for _ in range(min(size, k))]
    kept = rng.sample(range(len(tops)), min(rng.choice((len(tops), min(widths))), min(widths), len(tops)))
    if rng.random() < 0.7:
        kept = sorted(range(len(tops)), key=lambda j: -tops[j])[: min(widths)]
    x = [[F(rng.randint(1, 2)) * (i == j) for i in range(d)] for j in range(d)]
    x += [[-q for q in row] for row in x] if lifted or shift or rng.random() < 0.3 else []
    x += [[F(0)] * d] if rng.random() < 0.3 else []
    mean = [F(rng.randint(-1, 1)) * shift for _ in range(k)]
    turn = _rotation(rng, k)
    full, maps = (
        _times(turn, [[tops[j] * (i == j) if j in part else F(0) for i in range(size)] for j in range(k)])
        for part in (range(len(tops)), kept)
    )
    y = [[a + b for a, b in zip(_map(full, [*row, F(1)][:size]), mean, strict=True)] for row in x]
    weights = _factors(rng, maps, turn, kept, widths, alpha)
    biases: list[list[Fraction]] = [[] for _ in widths]
    if lifted:
        biases[0] = [F(rng.randint(-1, 1)) if shift else row.pop() for row in weights[0]]
    if shift:
        # The data move by a vector, and the output bias follows.
        move = [F(rng.choice((0, 0, 1, -2))) for _ in range(d)]
        x = [[a + b for a, b in zip(row, move, strict=True)] for row in x]
        h = [a + b for a, b in zip(_map(weights[0], move), biases[0] or [F(0)] * widths[0], strict=True)]
        for w in weights[1:]:
            h = _map(w, [alpha * q for q in h])
        biases.append([a - b for a, b in zip(mean, h, strict=True)])
    else:
        biases.append([])
    text = lambda tree: [text(q) for q in tree] if isinstance(tree, list) else str(tree)  # noqa: E731
    tables: dict[str, Any] = {
        "data": {"x": text(x), "y": text(y)},
        "network": {
            "widths": widths,
            "activation": f"pl({alpha}, {alpha})",
            "hidden_bias": [lifted, *[False] * (depth - 2)],
            "output_bias": shift,
        },
        "loss": {"kind": rng.choice(("squared", "half_squared")), "reduction": rng.choice(("sum", "mean_entries"))},
        "point": {"weights": text(weights), "biases": text(biases)},
    }
    return problem_from_mapping(tables)


def _factors(
    rng: random.Random, maps: Rows, turn: Rows, kept: list[int], widths: list[int], alpha: Fraction
) -> list[Rows]:
    """Weights whose product, with alpha for each hidden layer, is the map: unit r of a layer carries component kept[r]."""
    weights, size = [], len(maps[0])
    below = _times([list(column) for column in zip(*turn, strict=True)], maps)
    turns = [_unimodular(rng, n) for n in widths]
    for layer, n in enumerate([*widths, len(maps)]):
        if layer == 0:
            rows = [[below[kept[r]][i] if r < len(kept) else F(0) for i in range(size)] for r in range(n)]
        elif layer < len(widths):
            rows = [[F(int(r == s and r < len(kept))) for s in range(widths[layer - 1])] for r in range(n)]
        else:
            rows = [[turn[o][kept[r]] if r < len(kept) else F(0) for r in range(widths[-1])] for o in range(n)]
        if layer:
            rows = _times(rows, turns[layer - 1][1])
            rows = [[q / alpha for q in row] for row in rows]
        weights.append(_times(turns[layer][0], rows) if layer < len(widths) else rows)
    return weights


def _unimodular(rng: random.Random, n: int) -> tuple[Rows, Rows]:
    """A matrix and its inverse."""
    one = [[F(int(i == j)) for j in range(n)] for i in range(n)]
    two = [list(row) for row in one]
    for _ in range(2 if n > 1 else 0):
        i, j = rng.sample(range(n), 2)
        q = rng.choice((-1, 1))
        one[i] = [a + q * b for a, b in zip(one[i], one[j], strict=True)]
        for row in two:
            row[j] -= q * row[i]
    return one, two


def _rotation(rng: random.Random, n: int) -> Rows:
    """An orthogonal matrix."""
    rows = [[F(int(i == j)) for j in range(n)] for i in range(n)]
    for _ in range(rng.choice((0, 1, 2)) if n > 1 else 0):
        i, j = rng.sample(range(n), 2)
        a, b = rows[i], rows[j]
        rows[i] = [F(3, 5) * p + F(4, 5) * q for p, q in zip(a, b, strict=True)]
        rows[j] = [F(3, 5) * q - F(4, 5) * p for p, q in zip(a, b, strict=True)]
    return rows


def _map(rows: Rows, vector: list[Fraction]) -> list[Fraction]:
    return [sum((p * q for p, q in zip(row, vector, strict=True)), F(0)) for row in rows]


def _times(a: Rows, b: Rows) -> Rows:
    columns = list(zip(*b, strict=True)) if b else []
    return [[sum((p * q for p, q in zip(row, column, strict=True)), F(0)) for column in columns] for row in a]
