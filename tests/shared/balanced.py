"""Two neurons that mirror each other, with targets so scaled that the Hessian vanishes along one line beyond the
symmetries: whether such a point is a minimum is decided at third or fourth order.

The data are symmetric about 0, the neurons are a(x + b) and a(-x + b), only b and the output weights are trained. The
first output is ``c_1 a_1 + c_2 a_2`` and fits; the others are 0, their residuals multiples of one n orthogonal to a_1
and a_2. With s_i the slopes, pi the projection off a_1 and a_2, and c = (1, 1) or (1, -1), the Hessian in b less the
best output weights is ``c_i c_j <pi s_i, pi s_j> - scale <n, s_1>^2 G^-1``, G the Gram matrix of a_1 and a_2; both
parts have the eigenvectors (1, 1) and (1, -1), so the scale at which it becomes singular is rational.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from math import isqrt

from exactgeo.exact.matrix import least_squares, nullspace
from exactgeo.exact.vectors import dot
from exactgeo.formats import problem_from_mapping
from exactgeo.problem import Problem

SLOPES = ((1, 0), (2, -1), (1, 2), (1, -2), (-1, 2))
LARGEST = 10**7


def balanced(turns: tuple[int, ...] = (1, -1)) -> Iterator[Problem]:
    """Problems with such a point, c = (1, turn)."""
    for half in combinations((1, 2, 3, 5, 7), 2):
        for shift in (-4, -2, 1, 2, 4, 6):
            for slopes in SLOPES:
                for turn in turns:
                    yield from _balanced(half, shift, slopes, turn)


def _balanced(half: tuple[int, ...], shift: int, slopes: tuple[int, int], turn: int) -> Iterator[Problem]:
    x = [*(-q for q in reversed(half)), *half]
    if any(abs(q) == abs(shift) for q in x):
        return
    sides = [[slopes[sign * q + shift < 0] for q in x] for sign in (1, -1)]
    outputs = [
        [s * (sign * q + shift) for s, q in zip(row, x, strict=True)] for row, sign in zip(sides, (1, -1), strict=True)
    ]
    gram = [[dot(a, b) for b in outputs] for a in outputs]
    determinant = gram[0][0] * gram[1][1] - gram[0][1] ** 2
    if not determinant:
        return
    (_, first), (_, other) = (least_squares(outputs, row) for row in sides)
    size = len(half)
    even = [[Fraction(i in (j, 2 * size - 1 - j)) for i in range(2 * size)] for j in range(size)]
    for multiples in nullspace([[dot(row, outputs[0]) for row in even]], size):
        n = [sum(q * row[i] for q, row in zip(multiples, even, strict=True)) for i in range(2 * size)]
        pull = dot(n, sides[0]) ** 2
        if not pull:
            continue
        scales = [
            (dot(first, first) + turn * sign * dot(first, other))
            * determinant
            / pull
            / (gram[1][1] - sign * gram[0][1])
            for sign in (1, -1)
        ]
        scale = Fraction(min(scales))
        whole = scale.numerator * scale.denominator
        if scales[0] != scales[1] and 0 < whole <= LARGEST:
            rho = [Fraction(q, scale.denominator) for q in _squares(whole)]
            yield _problem(x, shift, slopes, turn, outputs, [[q * e for q in rho] for e in n])


def _problem(
    x: list[int], shift: int, slopes: tuple[int, int], turn: int, outputs: list[list[int]], rest: list[list[Fraction]]
) -> Problem:
    y = [[str(a + turn * b), *(str(-q) for q in row)] for a, b, row in zip(*outputs, rest, strict=True)]
    weights = [[[1], [-1]], [[1, turn], *([0, 0] for _ in rest[0])]]
    return problem_from_mapping(
        {
            "data": {"x": [[q] for q in x], "y": y},
            "network": {"widths": [2], "activation": f"pl({slopes[0]}, {slopes[1]})", "output_bias": False},
            "train": {"hidden": [False]},
            "point": {"weights": weights, "biases": [[shift, shift], []]},
        }
    )


def side_by_side(one: Problem, other: Problem) -> Problem:
    """Two such problems of ReLU neurons in one: each neuron is dead on the data of the other problem, and the loss is
    the sum. Its Hessian vanishes along two lines."""
    parts = [problem.to_dict() for problem in (one, other)]
    outputs = max(len(part["point"]["weights"][1]) for part in parts)
    x, y, w, v = (
        list[list[object]](),
        list[list[object]](),
        list[list[object]](),
        [list[object]() for _ in range(outputs)],
    )
    for k, part in enumerate(parts):
        for (q,), row in zip(part["data"]["x"], part["data"]["y"], strict=True):
            x.append([q, 0, 1, 0] if k == 0 else [0, q, 0, 1])
            y.append([*row, *[0] * (outputs - len(row))])
        weights, rows = part["point"]["weights"]
        w += [[q, 0, 0, -1000] if k == 0 else [0, q, -1000, 0] for (q,) in weights]
        for o in range(outputs):
            v[o] += rows[o] if o < len(rows) else [0, 0]
    return problem_from_mapping(
        {
            "data": {"x": x, "y": y},
            "network": {"widths": [4], "output_bias": False},
            "train": {"hidden": [False]},
            "point": {
                "weights": [w, v],
                "biases": [[*parts[0]["point"]["biases"][0], *parts[1]["point"]["biases"][0]], []],
            },
        }
    )


def _squares(n: int) -> list[int]:
    """At most four whole numbers of which n is the sum of squares (Lagrange)."""
    for a in range(isqrt(n), -1, -1):
        for b in range(min(a, isqrt(n - a * a)), -1, -1):
            for c in range(min(b, isqrt(n - a * a - b * b)), -1, -1):
                d = isqrt(n - a * a - b * b - c * c)
                if d <= c and a * a + b * b + c * c + d * d == n:
                    return [q for q in (a, b, c, d) if q]
    raise AssertionError(n)
