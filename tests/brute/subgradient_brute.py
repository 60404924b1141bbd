"""The second opinion where the loss has no derivative: all joint cells, and all signs of the changes of predictions.

On a joint cell of the neurons and a sign of each change dp_t the first-order change of the loss is linear,
``sum_t r_t dp_t`` with r_t the right derivative where dp_t > 0 and the left one where dp_t < 0. It is negative somewhere
in the cell, as far as the cell comes near the point, iff a system of strict linear inequalities can be solved: that is
Fourier-Motzkin elimination, with one eps for what must be small (tests/brute/brute.py). No subgradient is looked for.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

from brute import Case, _in_span, _offset_cells, _system, echelon, feasible, integers, neuron_cells


def decide(case: Case, slopes: Sequence[tuple[Fraction, Fraction]], budget: int = 3000) -> str | None:
    """``minimum`` or ``none``; None where there are more than ``budget`` systems to solve."""
    groups = [[cell] for cell in _offset_cells(case)]
    groups += [neuron_cells(case, i, with_zero=False) for i in range(len(case.w))]
    open_data = [t for t, (left, right) in enumerate(slopes) if left < right]
    if math.prod(map(len, groups)) * 2 ** len(open_data) > budget:
        return None
    for parts in itertools.product(*groups):
        if not parts:
            continue
        _, _, shift, size = _system(parts)
        moved = [t for t in open_data if any(shift[t])]
        for signs in itertools.product((1, -1), repeat=len(moved)):
            side = dict(zip(moved, signs, strict=True))
            r = integers([right if side.get(t) == 1 else left for t, (left, right) in enumerate(slopes)])
            strict, equal, _, _ = _system(parts, r)
            ways = [tuple(side[t] * q for q in shift[t]) for t in moved]
            if size and feasible([*strict, *ways], equal, size):
                return "none"
    return "minimum"


def orbit(case: Case) -> int:
    """Dimension of the orbit of the rescalings, as far as they stay within the trained parameters."""
    inside = [_in_span(case.weight(i), case.trained_directions()) for i in range(len(case.w))]
    moves = [case.output if v else any(case.weight(i)) for i, v in enumerate(case.v[: len(case.w)])]
    return sum(a and b for a, b in zip(inside, moves, strict=True))


def flat(case: Case, germs: Sequence[tuple[Fraction, Fraction, bool, bool]], budget: int = 600) -> int | None:
    """Dimension of the set of equal loss at a local minimum; None where there are more than ``budget`` strata.

    A germ is (left derivative, right derivative, affine to the left, affine to the right). A stratum is a relatively
    open face for each neuron and a sign of each change dp_t for which the loss is affine; on it the first-order change
    of the loss is 0. It counts when it comes near the point, with the dimension of its linear hull.
    """
    groups = [[cell] for cell in _offset_cells(case)]
    groups += [neuron_cells(case, i, with_zero=True) for i in range(len(case.w))]
    sides = [[0, *([-1] if left else []), *([1] if right else [])] for _, _, left, right in germs]
    if math.prod(map(len, [*groups, *sides])) > budget:
        return None
    best = 0
    for parts in itertools.product(*groups):
        strict, equal, shift, size = _system(parts)
        hidden = sum(cell.free for cell in parts)
        shift = shift or [()] * len(case.x)
        for signs in itertools.product(*sides):
            ways = [tuple(s * q for q in row) for s, row in zip(signs, shift, strict=True) if s]
            still = [*equal, *(row for s, row in zip(signs, shift, strict=True) if not s)]
            r = integers([high if s > 0 else low for s, (low, high, _, _) in zip(signs, germs, strict=True)])
            still.append(
                integers([sum(a * b for a, b in zip(r, column, strict=True)) for column in zip(*shift, strict=True)])
            )
            hull = size - len(echelon(still, size)[1]) + hidden
            if hull > best and feasible([*strict, *ways], still, size):
                best = hull
    return best
