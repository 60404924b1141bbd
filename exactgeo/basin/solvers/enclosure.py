"""Proved bounds on the logistic infimum of a basin, and whether it is attained.

Any rational r with r_t = -y_t s_t, 0 <= s_t <= 1, <r, line> = 0 and <r, column> >= 0 bounds the loss on the whole
basin from below:

    L(p) >= <r, offset> - sum_t (s_t log s_t + (1 - s_t) log(1 - s_t)),

for every term is at least its Fenchel lower bound and <r, p - offset> >= 0. Any point of the basin bounds the infimum
from above. Both are evaluated in proved bounds, by the loss itself.

*Attained.* Such an r with every s_t > 0 leaves no direction q of the cone with y_t q_t >= 0 for all t and > 0 for
some, for <r, q> would be negative: the infimum is attained. Otherwise let q be such a direction with the most y_t q_t
> 0: along q these terms go to 0, on the others the infimum is attained, and it is the infimum of the whole (0 when no
others are left). An r with s_t > 0 on exactly the others proves that q has the most. (Existence of one of the two is
Farkas' lemma; both are found by one exact linear program.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil

from exactgeo.basin.cone_program import Optimum, Program, indices
from exactgeo.basin.solvers.solver import Solver
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import Enclosure, high, low, scaled
from exactgeo.exact.lp import minimise
from exactgeo.exact.matrix import least_squares
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.losses import Loss
from exactgeo.losses.logistic import Logistic

__all__ = ["EnclosureSolver", "bounds"]

BITS = 128
"""Significant bits of a bound; it is rounded outwards."""

LEAST = Fraction(1, 2**14)
"""A multiplier below which the infimum is taken to be perhaps not attained, until linear programming says."""

LEAN = Fraction(1, 2**40)
"""How much of multipliers that are positive where they must be is mixed into those that are not."""


class EnclosureSolver(Solver):
    """Proved bounds on the infimum of a logistic program."""

    @classmethod
    def accepts(cls, loss: Loss, y: Vector) -> bool:
        """The bounds are those of the logistic loss, so it or a loss derived from it."""
        return isinstance(loss, Logistic)

    def optimum(self, mask: int) -> Optimum:
        """An enclosure of the infimum, with both witnesses and the recession direction if any."""
        return bounds(self.program, mask)

    def series(self) -> Callable[[int], Optimum]:
        """What is remembered are the recession directions."""
        known: list[Recession] = []
        return lambda mask: bounds(self.program, mask, known)

    def replay(self, mask: int, optimum: Optimum) -> None:
        """The bounds are found again; those of another version of the library for balls may be a little wider."""
        program = self.program
        kept = [t for t, slope in enumerate(optimum.gradient) if slope]
        _replay(program, mask, kept, optimum)
        again = scaled(_bounds(program, kept, optimum.prediction, optimum.gradient), program.weight)
        good = (
            isinstance(optimum.value, Enclosure)
            and optimum.value.lo <= low(again)
            and high(again) <= optimum.value.hi
            and optimum.allowed == program.allowed(optimum.gradient)
            and optimum.attained == (len(kept) == program.m)
        )
        if not good:
            raise InternalError("an optimum with other bounds than those of its witnesses")


@dataclass(frozen=True)
class Recession:
    """A direction of the cone along which the most data are separated, and multipliers that prove that no more are.

    It serves every set of columns between ``support`` and ``allowed``.
    """

    support: int
    allowed: int
    weights: dict[int, Fraction]
    lines: Vector
    safe: list[Fraction]


def bounds(program: Program, mask: int, known: list[Recession] | None = None) -> Optimum:
    """An enclosure of the infimum over the columns of ``mask``, with both witnesses and the recession direction if
    any.

    ``known`` are directions of earlier calls for the same program; new ones are added.
    """
    known = [] if known is None else known
    chosen = indices(mask)
    kept = list(range(program.m))
    recession: dict[int, Fraction] = {}
    recession_lines: Vector = ()
    dual = None
    found = next((r for r in known if not r.support & ~mask and not mask & ~r.allowed), None)
    if found is None:
        weights, lines, multipliers = _guess(program, chosen, kept)
        dual = None if min(multipliers) < LEAST else _dual(program, chosen, kept, multipliers)
    if dual is None or not all(dual):
        if found is None:
            found = _recession(program, chosen)
            known.append(found)
        recession, recession_lines = found.weights, found.lines
        direction = replace(program, offset=(ZERO,) * program.m).predictions(recession, recession_lines)
        kept = [t for t in range(program.m) if not direction[t]]
        weights, lines, multipliers = _guess(program, chosen, kept)
        dual = _dual(program, chosen, kept, multipliers)
        if dual is None or any(not dual[t] for t in kept):
            # Lean on the feasible multipliers that the linear program proved positive where they must be.
            base = dual if dual is not None else [ZERO] * program.m
            part = LEAN if dual is not None else ONE
            dual = [(1 - part) * a + part * b for a, b in zip(base, found.safe, strict=True)]
    gradient = tuple(-y * s for y, s in zip(program.y, dual, strict=True))
    prediction = program.predictions(weights, lines)
    optimum = Optimum(
        scaled(_bounds(program, kept, prediction, gradient), program.weight),
        prediction,
        gradient,
        weights,
        lines,
        program.allowed(gradient),
        len(kept) == program.m,
        recession,
        recession_lines,
    )
    _replay(program, mask, kept, optimum)
    return optimum


def _guess(
    program: Program, chosen: Sequence[int], kept: Sequence[int]
) -> tuple[dict[int, Fraction], Vector, list[Fraction]]:
    from exactgeo.basin.solvers._propose_enclosure import propose

    if not kept:
        return {}, (ZERO,) * len(program.lines), [ZERO] * program.m
    columns = [[program.columns[j][t] for t in kept] for j in chosen]
    lines = [[line[t] for t in kept] for line in program.lines]
    labels = [int(program.y[t]) for t in kept]
    weights, line_weights, multipliers = propose(labels, [program.offset[t] for t in kept], columns, lines)
    full = [ZERO] * program.m
    for t, s in zip(kept, multipliers, strict=True):
        full[t] = s
    return {chosen[i]: q for i, q in weights.items()}, tuple(line_weights), full


def _dual(
    program: Program, chosen: Sequence[int], kept: Sequence[int], multipliers: Sequence[Fraction]
) -> list[Fraction] | None:
    """Multipliers near ``multipliers``, zero off ``kept``, whose gradient is feasible; None when rounding does not lead
    to any."""
    if not kept:
        return [ZERO] * program.m
    rows = {t: i for i, t in enumerate(kept)}
    labels = [int(program.y[t]) for t in kept]
    target = [-s * multipliers[t] for s, t in zip(labels, kept, strict=True)]
    near = {
        j
        for j in chosen
        if sum(q * program.columns[j][t] for q, t in zip(target, kept, strict=True))
        < Fraction(max(map(abs, program.columns[j])), 2**20)
    }
    # Orthogonal to the lines and to every column that would otherwise be nearly orthogonal or on the wrong side.
    while True:
        vectors = [[line[t] for t in kept] for line in program.lines]
        vectors += [[program.columns[j][t] for t in kept] for j in sorted(near)]
        _, r = least_squares(vectors, target)
        wrong = {j for j in chosen if sum(q * program.columns[j][t] for q, t in zip(r, kept, strict=True) if q) < 0}
        if not wrong:
            break
        near |= wrong
    found = [-labels[i] * q for i, q in enumerate(r)]
    if min(found) < 0:
        return None
    top = max(ONE, *found)
    result = [ZERO] * program.m
    for t, i in rows.items():
        result[t] = found[i] / top
    return result


def _recession(program: Program, chosen: Sequence[int]) -> Recession:
    """A direction q of the cone with y q >= 0, positive at the most data, and s >= 0 positive at the others.

    Maximise sum tau_t with y_t q_t = tau_t + sigma_t, tau_t <= 1; the optimal tau are 0 or 1, since q may be scaled.
    The multipliers pi_t of the first equations satisfy pi >= 0 and <pi y, column> <= 0, and where tau_t = 0 (so tau_t
    <= 1 is slack) pi_t >= 1.
    """
    m = program.m
    labels = [int(q) for q in program.y]
    vectors: list[Sequence[int]] = [program.columns[j] for j in chosen]
    for line in program.lines:
        vectors += [line, [-q for q in line]]
    rows = []
    for t in range(m):
        unit = [int(s == t) for s in range(m)]
        rows.append([labels[t] * v[t] for v in vectors] + [-q for q in unit] * 2 + [0] * m)
    for t in range(m):
        unit = [int(s == t) for s in range(m)]
        rows.append([0] * len(vectors) + unit + [0] * m + unit)
    answer = minimise([0] * len(vectors) + [-1] * m + [0] * 2 * m, rows, [0] * m + [1] * m)
    if answer.status != "optimal" or answer.x is None or answer.y is None:
        raise InternalError(f"the linear program of the recession directions is {answer.status}")
    tau = answer.x[len(vectors) : len(vectors) + m]
    if any(q not in (0, 1) for q in tau):
        raise InternalError("a recession direction could be longer")
    weights = {j: q for j, q in zip(chosen, answer.x, strict=False) if q}
    rest = answer.x[len(chosen) : len(vectors)]
    lines = tuple(a - b for a, b in zip(rest[::2], rest[1::2], strict=True))
    safe = [ZERO if q else answer.y[t] for t, q in enumerate(tau)]
    top = max(ONE, *safe)
    support = sum(1 << j for j in weights)
    # The multipliers of a gradient -y safe: a column that it allows does not separate more.
    allowed = program.allowed(tuple(-s * q for s, q in zip(labels, safe, strict=True)))
    return Recession(support, allowed, weights, lines, [q / top for q in safe])


def _bounds(program: Program, kept: Sequence[int], prediction: Vector, gradient: Vector) -> Enclosure:
    """Bounds on the plain sum over the data that are kept; the others go to 0."""
    loss = program.loss
    if not isinstance(loss, Logistic):
        raise InternalError("bounds of another loss than the logistic one")
    below, above = dot(gradient, program.offset), ZERO
    for t in kept:
        above += loss.enclosure(prediction[t], program.y[t]).hi
        conjugate = loss.conjugate_enclosure(gradient[t], program.y[t])
        if conjugate is None:
            raise InternalError("a gradient of no finite conjugate")
        below -= conjugate.hi
    return Enclosure(max(ZERO, _rounded(below, -1)), _rounded(above, 1))


def _rounded(q: Fraction, way: int) -> Fraction:
    """A neighbour of q with :data:`BITS` significant bits, below it or above it."""
    shift = BITS - (q.numerator.bit_length() - q.denominator.bit_length())
    unit = Fraction(2) ** shift
    return way * (ceil(way * q * unit) / unit)


def _replay(program: Program, mask: int, kept: Sequence[int], optimum: Optimum) -> None:
    """Check both witnesses and the recession direction from the data alone."""
    r = optimum.gradient
    q = [
        a - b
        for a, b in zip(
            program.predictions(optimum.recession, optimum.recession_lines or (ZERO,) * len(program.lines)),
            program.offset,
            strict=True,
        )
    ]
    multipliers = [-y * a for y, a in zip(program.y, r, strict=True)]
    inside = set(kept)
    good = (
        mask & ~optimum.allowed == 0
        and optimum.support & ~mask == 0
        and all(w > 0 for w in (*optimum.weights.values(), *optimum.recession.values()))
        and all(dot(r, line) == 0 for line in program.lines)
        and all((0 < s <= 1) if t in inside else s == 0 for t, s in enumerate(multipliers))
        and all((q[t] == 0) if t in inside else program.y[t] * q[t] > 0 for t in range(program.m))
        and optimum.prediction == program.predictions(optimum.weights, optimum.lines)
    )
    if not good:
        raise InternalError("the bounds of a logistic basin failed their replay")
