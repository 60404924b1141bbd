"""Exact optimum of the quadratic and piecewise quadratic losses: all of them are projections onto a cone.

* squared, half squared: project y onto cone(columns) + span(lines).
* squared hinge: with u = 1 - y p, minimise ``|max(0, u)|^2``: project 1 onto the cone of y * columns and -e_t.
* Huber: the dual is the projection of y onto {e : <e, column> <= 0, <e, line> = 0, |e_t| <= M}, least distance
  programming, which is a projection onto a cone one dimension higher (Lawson and Hanson, ch. 23, LDP).

The projection is Lawson and Hanson's active set method in exact arithmetic, started at a float proposal. It ends on
every input: after the first exact least squares each step lowers the objective, and there are finitely many supports.

References
----------
C. L. Lawson and R. J. Hanson, Solving Least Squares Problems, chapter 23 (1974).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

import flint

from exactgeo.basin.optimum import Optimum, Program, Vector, indices, loss_value, replay
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import integer_rows, rref

__all__ = ["on_support", "optimum", "project", "refined"]

ZERO = Fraction(0)


def optimum(program: Program, chosen: Sequence[int]) -> tuple[dict[int, Fraction], Vector, Vector]:
    """Weights of columns, of lines, and the gradient, at the optimum over the chosen columns."""
    columns = [program.columns[j] for j in chosen]
    y = [a - b for a, b in zip(program.y, program.offset, strict=True)]
    if program.kind == "huber":
        weights, lines, gradient = _huber(program, columns, y)
    elif program.kind == "squared_hinge":
        weights, lines, gradient = _squared_hinge(program, columns)
    else:
        weights, lines, residual = project(columns, program.lines, y)
        factor = -2 if program.kind == "squared" else -1
        gradient = tuple(factor * q for q in residual)
    return {chosen[i]: q for i, q in weights.items()}, lines, gradient


def _squared_hinge(program: Program, columns: Sequence[Sequence[int]]) -> tuple[dict[int, Fraction], Vector, Vector]:
    labels = [int(q) for q in program.y]
    flipped = [[s * q for s, q in zip(labels, vector, strict=True)] for vector in (*columns, *program.lines)]
    slack = [[-int(t == s) for t in range(program.m)] for s in range(program.m)]
    target = [1 - s * q for s, q in zip(labels, program.offset, strict=True)]
    weights, lines, excess = project([*flipped[: len(columns)], *slack], flipped[len(columns) :], target)
    gradient = tuple(-2 * s * q for s, q in zip(labels, excess, strict=True))
    return {j: q for j, q in weights.items() if j < len(columns)}, lines, gradient


def _huber(
    program: Program, columns: Sequence[Sequence[int]], y: Sequence[Fraction]
) -> tuple[dict[int, Fraction], Vector, Vector]:
    def dot(vector: Sequence[int]) -> Fraction:
        return sum((q * a for q, a in zip(vector, y, strict=True)), ZERO)

    # With x = e - y: minimise |x| subject to G x >= h, one row (G, h) a constraint, an equality for each line.
    rows: list[list[Fraction]] = [[*(Fraction(-q) for q in column), dot(column)] for column in columns]
    for t in range(program.m):
        for side in (1, -1):
            row = [ZERO] * program.m
            row[t] = Fraction(-side)
            rows.append([*row, side * y[t] - program.bound])
    equalities = [[*(Fraction(-q) for q in line), dot(line)] for line in program.lines]
    scales = [lcm(*(q.denominator for q in row)) for row in rows]
    line_scales = [lcm(*(q.denominator for q in row)) for row in equalities]
    cone = [[int(q * s) for q in row] for row, s in zip(rows, scales, strict=True)]
    free = [[int(q * s) for q in row] for row, s in zip(equalities, line_scales, strict=True)]
    weights, lines, residual = project(cone, free, [*[ZERO] * program.m, Fraction(1)])
    height = residual[-1]  # positive: e = 0 satisfies every constraint
    if height <= 0:
        raise InternalError("least distance programming found no feasible point where 0 is one")
    gradient = tuple(q / height - a for q, a in zip(residual, y, strict=False))
    return (
        {j: q * scales[j] / height for j, q in weights.items() if j < len(columns)},
        tuple(q * s / height for q, s in zip(lines, line_scales, strict=True)),
        tuple(gradient),
    )


def _independent(vectors: Sequence[Sequence[int]]) -> list[int]:
    """Indices of the first maximal independent subset."""
    if not vectors:
        return []
    return rref(list(zip(*vectors, strict=True)), len(vectors))[1]


def project(
    columns: Sequence[Sequence[int]], lines: Sequence[Sequence[int]], target: Sequence[Fraction]
) -> tuple[dict[int, Fraction], Vector, Vector]:
    """Project ``target`` onto ``cone(columns) + span(lines)``, exactly.

    Parameters
    ----------
    columns : n vectors of m ints
        Zero, repeated and dependent ones are allowed, and n = 0.
    lines : vectors of m ints, linearly independent
    target : m rationals

    Returns
    -------
    weights : dict from column index to positive Fraction
        Of linearly independent columns (modulo the lines).
    lines : tuple of Fraction
    residual : tuple of Fraction
        Unique; orthogonal to the lines and the columns with a weight, <residual, column> <= 0 for the others.

    Examples
    --------
    >>> from fractions import Fraction
    >>> weights, _, residual = project([(1, 1), (0, -1)], [], [Fraction(3), Fraction(1)])
    >>> {j: str(q) for j, q in weights.items()}, [str(q) for q in residual]
    ({0: '3', 1: '2'}, ['0', '0'])
    """
    from exactgeo.basin._propose_nnls import propose

    (goal, *_), scale = integer_rows([target])
    proposal = propose(columns, lines, goal)
    order = [*sorted(proposal)]
    free = len(lines)
    kept = _independent([*lines, *(columns[j] for j in order)])
    passive = [order[i - free] for i in kept[free:]]
    weights = {j: proposal[j] for j in passive}
    matrix = flint.fmpz_mat([list(column) for column in columns]) if columns else None
    while True:
        bottom, top, line_top = _unconstrained(columns, lines, passive, goal)
        if any(q <= 0 for q in top):
            # Walk from the current non-negative weights towards the unconstrained optimum until the first one vanishes.
            moves = [(weights[j], Fraction(q, bottom)) for j, q in zip(passive, top, strict=True)]
            step = min(old / (old - new) for old, new in moves if new <= 0)
            weights = {
                j: old + step * (new - old)
                for j, (old, new) in zip(passive, moves, strict=True)
                if old + step * (new - old) > 0
            }
            passive = list(weights)
            continue
        weights = {j: Fraction(q, bottom) for j, q in zip(passive, top, strict=True)}
        residual = _residual(columns, lines, passive, goal, (bottom, top, line_top))
        dots = [] if matrix is None else (matrix * flint.fmpz_mat([[q] for q in residual])).entries()
        worst = max(range(len(columns)), key=lambda j: dots[j], default=-1)
        if worst < 0 or dots[worst] <= 0:
            break
        passive.append(worst)
        weights[worst] = ZERO
    return (
        {j: q / scale for j, q in weights.items()},
        tuple(Fraction(q, bottom * scale) for q in line_top),
        tuple(Fraction(q, bottom * scale) for q in residual),
    )


def _unconstrained(
    columns: Sequence[Sequence[int]], lines: Sequence[Sequence[int]], passive: Sequence[int], goal: Sequence[int]
) -> tuple[int, list[int], list[int]]:
    """Least squares over the passive columns and the lines: common denominator, column and line numerators."""
    rows = [*(list(line) for line in lines), *(list(columns[j]) for j in passive)]
    if not rows:
        return 1, [], []
    basis = flint.fmpz_mat(rows)
    solution = (basis * basis.transpose()).solve(basis * flint.fmpz_mat([[q] for q in goal]))
    fractions = [(int(q.p), int(q.q)) for q in solution.entries()]
    bottom = lcm(*(q for _, q in fractions))
    entries = [p * (bottom // q) for p, q in fractions]
    return bottom, entries[len(lines) :], entries[: len(lines)]


def refined(program: Program, support: int, retries: int = 0) -> tuple[int, Fraction, list[int]] | None:
    """Least squares on a proposed support: the support, the value of the loss, and the residual times a positive
    integer; None when the support is dependent or a weight is not positive.

    Columns with a weight <= 0 leave the support, and the solve is repeated at most ``retries`` times.
    """
    goal, scale = program.goal
    chosen = indices(support)
    for _ in range(retries + 1):
        try:
            bottom, top, line_top = _unconstrained(program.columns, program.lines, chosen, goal)
        except ZeroDivisionError:
            return None
        kept = [j for j, q in zip(chosen, top, strict=True) if q > 0]
        if len(kept) == len(chosen):
            break
        chosen = kept
    else:
        return None
    residual = _residual(program.columns, program.lines, chosen, goal, (bottom, top, line_top))
    for line in program.lines:
        if sum(map(int.__mul__, residual, line)):
            raise InternalError("a least squares residual is not orthogonal to a line")
    square = Fraction(sum(q * q for q in residual), (bottom * scale) ** 2)
    return sum(1 << j for j in chosen), square if program.kind == "squared" else square / 2, residual


def on_support(program: Program, support: int) -> Optimum | None:
    """The optimum of a squared loss that uses exactly these columns, replayed; None when there is none."""
    goal, scale = program.goal
    chosen = indices(support)
    try:
        bottom, top, line_top = _unconstrained(program.columns, program.lines, chosen, goal)
    except ZeroDivisionError:
        return None
    if any(q <= 0 for q in top):
        return None
    residual = _residual(program.columns, program.lines, chosen, goal, (bottom, top, line_top))
    weights = {j: Fraction(q, bottom * scale) for j, q in zip(chosen, top, strict=True)}
    lines = tuple(Fraction(q, bottom * scale) for q in line_top)
    factor = -2 if program.kind == "squared" else -1
    gradient = tuple(Fraction(factor * q, bottom * scale) for q in residual)
    prediction = program.predictions(weights, lines)
    best = Optimum(loss_value(program, prediction), prediction, gradient, weights, lines, program.allowed(gradient))
    replay(program, support, best)
    return best


def _residual(
    columns: Sequence[Sequence[int]],
    lines: Sequence[Sequence[int]],
    chosen: Sequence[int],
    goal: Sequence[int],
    solution: tuple[int, list[int], list[int]],
) -> list[int]:
    """The residual times the common denominator of a least squares solution."""
    bottom, top, line_top = solution
    residual = [bottom * q for q in goal]
    for q, vector in [(q, columns[j]) for j, q in zip(chosen, top, strict=True)] + list(
        zip(line_top, lines, strict=True)
    ):
        for t, entry in enumerate(vector):
            residual[t] -= q * entry
    return residual
