"""The bounds of Safran and Shamir (Theorems 2 to 6) on the law of the basin value, where their hypotheses hold.

The constants of Theorem 5 are those of its proof (Appendix B.7), with its singular values replaced by rational bounds
on them, so that its level can only become larger.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from exactgeo.exact.matrix import rank, solve_regular
from exactgeo.exact.spherical import (
    Number,
    ceiling,
    clipped,
    exact,
    exponential,
    largest,
    pi,
    power,
    root,
    sine,
)
from exactgeo.exact.vectors import Matrix, dot
from exactgeo.frozen import dataclass
from exactgeo.probability.closed_forms import IndependentData, SeparateLines, Side
from exactgeo.problem import Problem

__all__ = ["Bound", "bounds"]

THREE_QUARTERS, SEVEN_EIGHTHS = Fraction(3, 4), Fraction(7, 8)


@dataclass(frozen=True)
class Bound:
    """A bound on P[Bas <= alpha] at a width.

    Attributes
    ----------
    theorem : int
    below : bool
        Whether the probability is at least this; else it is at most this.
    number : Number
    """

    theorem: int
    below: bool
    number: Number


def bounds(
    problem: Problem,
    alpha: Fraction,
    width: int,
    lines: SeparateLines | None,
    independent: IndependentData | None,
) -> list[Bound]:
    """The bounds that the theorems give on P[Bas <= alpha] at a width; none where no hypotheses hold.

    Parameters
    ----------
    problem : Problem
    alpha : Fraction
    width : int
    lines, independent
        The closed forms of the problem, where it has them.
    """
    found = [
        *(_theorem_2(problem, alpha, width, lines) if lines is not None else ()),
        *_theorem_3(problem, alpha, width),
        *(_theorem_4(problem, alpha, width, independent) if independent is not None else ()),
        *_theorem_5(problem, alpha, width),
        *(_theorem_6(problem, alpha, width, lines) if lines is not None else ()),
    ]
    return [Bound(bound.theorem, bound.below, clipped(bound.number)) for bound in found]


def _theorem_2(problem: Problem, alpha: Fraction, width: int, form: SeparateLines) -> Iterator[Bound]:
    """``1 - 2 d (3/4)^n`` for singletons, from the width on at which the least value is the sum over the sides."""
    singletons = all(sum(map(bool, row)) <= 1 for row in problem.x)
    if singletons and form.frozen is None and width >= form.least_from and alpha >= form.least:
        yield Bound(2, True, exact(1) - 2 * problem.d * power(exact(THREE_QUARTERS), width))


def _theorem_4(problem: Problem, alpha: Fraction, width: int, form: IndependentData) -> Iterator[Bound]:
    """``1 - m (3/4)^n`` for independent data, likewise."""
    if width >= form.least_from and alpha >= form.least:
        yield Bound(4, True, exact(1) - problem.m * power(exact(THREE_QUARTERS), width))


def _plain(problem: Problem) -> bool:
    """ReLU, the mean of squares, and nothing but the theorems' parameters."""
    net, loss = problem.network, problem.loss
    pieces = loss.pieces(Fraction(0)) if problem.outputs == 1 and loss.rational else None
    squares = pieces is not None and not pieces.breaks and loss.value(Fraction(1), Fraction(0)) == 1
    return (
        squares
        and problem.weight == Fraction(1, problem.m)
        and _is_relu(problem)
        and not net.output_bias
        and problem.train.output
        and not (net.hidden_bias[0] and not problem.train.hidden_bias[0])
    )


def _is_relu(problem: Problem) -> bool:
    slopes = problem.network.activation.slopes
    return slopes is not None and slopes[0] == 1 and slopes[1] == 0


def _rows(problem: Problem) -> Matrix:
    return problem.lifted if problem.network.hidden_bias[0] else problem.x


def _theorem_3(problem: Problem, level: Fraction, width: int) -> Iterator[Bound]:
    """``1 - exp(-c n / 4)`` at width ``c ceil(n / p)``, where the problem's point has n neurons and the loss 0."""
    rows = _rows(problem)
    if not _plain(problem) or problem.point is None or level <= 0 or any(dot(x, x) > 1 for x in rows):
        return
    neurons = [(w, v) for w, v in problem.point.as_scalar().neurons if v and any(w)]
    fit = [sum((v * max(dot(w, x), Fraction(0)) for w, v in neurons), Fraction(0)) for x in rows]
    dimension = rank(rows, len(rows[0])) - 1
    if not neurons or dimension < 1 or any(p != y for p, (y,) in zip(fit, problem.y, strict=True)):
        return
    n = len(neurons)
    # eps / (n B)^2 with B^2 the largest square of a product of weights.
    part = level / (n * n * max(v * v * dot(w, w) for w, v in neurons))
    if part > 2:
        # Beyond the largest value of p a smaller eps says as much.
        part = Fraction(2)
    chance = power(root(exact(part * (1 - part / 4))), dimension) / (2 * pi() * dimension)
    step = ceiling(n / chance)
    if width >= 2 * step:
        yield Bound(3, True, exact(1) - exponential(exact(Fraction(-width * n, 4 * step))))


def _clusters(problem: Problem, rows: Matrix) -> list[list[int]] | None:
    """The data in balls around some of them, as small as Theorem 5 wants; None where it is more than dimensions."""
    d = len(rows[0])
    limit = power(2 * sine(root(2 * pi()) / (16 * d * root(exact(d)))), 2)
    found: list[list[int]] = []
    for t, row in enumerate(rows):
        near = next((c for c in found if _distance(rows[c[0]], row) < limit * exact(dot(rows[c[0]], rows[c[0]]))), None)
        if near is not None:
            near.append(t)
        elif len(found) < d:
            found.append([t])
        else:
            return None
    return found


def _distance(one: Sequence[Fraction], other: Sequence[Fraction]) -> Number:
    return exact(sum(((a - b) ** 2 for a, b in zip(one, other, strict=True)), Fraction(0)))


def _theorem_5(problem: Problem, alpha: Fraction, width: int) -> Iterator[Bound]:
    """``1 - d (7/8)^n`` for clusters, at the level of the proof of the theorem."""
    rows = _rows(problem)
    if not _plain(problem) or any(not any(row) for row in rows):
        return
    clusters = _clusters(problem, rows)
    if clusters is None or len(clusters) == problem.m:
        return
    centres = [rows[c[0]] for c in clusters]
    if rank(centres, len(centres[0])) < len(centres):
        return
    gram = [[dot(a, b) for b in centres] for a in centres]
    unit = [[Fraction(int(i == j)) for i in range(len(centres))] for j in range(len(centres))]
    inverse = [row for row in (solve_regular(gram, e) for e in unit) if row is not None]
    # The trace bounds the largest eigenvalue, and that of the inverse the inverse of the least one.
    largest = sum(gram[i][i] for i in range(len(gram)))
    ratio = root(exact(largest)) * exact(sum(inverse[i][i] for i in range(len(gram))))
    spread = _extent(problem, rows, clusters)
    if spread is None:
        return
    radius, slope = spread
    targets = [problem.y[c[0]][0] for c in clusters]
    least, most = min(gram[i][i] for i in range(len(gram))), max(dot(x, x) for x in rows)
    first = (1 + root(exact(most / least))) * width * ratio * root(exact(sum(y * y for y in targets)))
    level = radius * power(first + 2 * root(slope), 2)
    if level <= exact(alpha):
        yield Bound(5, True, exact(1) - len(rows[0]) * power(exact(SEVEN_EIGHTHS), width))


def _extent(problem: Problem, rows: Matrix, clusters: Sequence[Sequence[int]]) -> tuple[Number, Number] | None:
    """The squares of the largest radius of a cluster and of the slope of the targets; None where that is infinite."""
    slope, radius = exact(0), exact(0)
    for cluster in clusters:
        for i, t in enumerate(cluster):
            radius = largest([radius, _distance(rows[cluster[0]], rows[t])])
            for s in cluster[:i]:
                rise, run = abs(problem.y[t][0] - problem.y[s][0]), _distance(rows[t], rows[s])
                if rise and run == 0:
                    return None
                slope = largest([slope, exact(rise * rise) / run]) if rise else slope
    return radius, slope


def _theorem_6(problem: Problem, alpha: Fraction, width: int, form: SeparateLines) -> Iterator[Bound]:
    """``exp(-d / 16)`` for one neuron and d equal lines with a good and a bad side, at a quarter of the bad value."""
    if form.frozen != (1, 0) or width != 1 or form.constant:
        return
    values = {(_served(one, other), _served(other, one)) for one, other in form.lines}
    if len(values) != 1 or len(form.lines) != problem.d:
        return
    bad = problem.d * max(next(iter(values)))
    if len(set(next(iter(values)))) == 2 and 4 * alpha <= bad:
        yield Bound(6, False, exponential(exact(Fraction(-problem.d, 16))))


def _served(one: Side, other: Side) -> Fraction:
    """The loss of a line when a positive neuron lies on its first side."""
    return (one.best if one.asks >= 0 else one.idle) + other.idle
