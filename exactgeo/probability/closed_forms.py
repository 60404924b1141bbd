"""Closed forms of the law of the basin value, at any dimension and width, without the regions.

For ReLU without biases. *Separate lines*: the data lie on lines that are orthogonal to each other (singletons, Safran
and Shamir, Theorem 2). A side of a line are its data that are positive, or negative, multiples of its direction; its
predictions are one number times them, and the loss of a side is least at a positive number (it asks for an output
weight +), a negative one (-), or 0. Given k neurons with v > 0 and l with v < 0 the lines are independent, and a side
gets what it asks for if one of the neurons of that sign lies on it. *Independent data* (Theorem 4): each datum is a
side, and P[no neuron serves any datum of T] is a power of orthant probabilities.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from math import comb

from exactgeo.basin import solvers
from exactgeo.basin.cone_program import Program
from exactgeo.exact.matrix import primitive, rank
from exactgeo.exact.spherical import Number, Orthants, clipped, exact, power, span_of
from exactgeo.exact.vectors import ZERO, Matrix, dot
from exactgeo.problem import Problem

__all__ = ["IndependentData", "SeparateLines", "Side", "independent_data", "separate_lines"]

DIRECT = 3_000
"""Widths up to which the sum over the number of positive output weights is taken term by term."""

SUMS = 20_000
"""Values of the sum over lines that are kept apart."""

DATA = 12
"""Data of the inclusion and exclusion over sets of them."""

SERIES = 48
"""Terms of the expansion in powers of 2^-k and 2^-l that are summed at great widths."""


@dataclass(frozen=True, order=True)
class Side:
    """Data that share one number: what it asks for, and its loss with and without.

    Attributes
    ----------
    asks : int
        The sign of the output weight, 0 where nothing is gained.
    best, idle : Fraction
    """

    asks: int
    best: Fraction
    idle: Fraction


def _side(problem: Problem, entries: dict[int, Fraction]) -> Side | None:
    """The side with these multiples of its direction; None where its losses are not rational."""
    if not entries:
        return Side(0, ZERO, ZERO)
    scalar = problem.loss.as_scalar(problem.outputs, problem.y)
    if scalar is None or not problem.loss.rational:
        return None
    loss, targets = scalar
    y = tuple(targets[t] for t in entries)
    column = primitive(tuple(entries.values()))
    both = (column, tuple(-q for q in column))
    program = Program(loss, problem.weight, y, (ZERO,) * len(y), both, ())
    idle, up, down = (solvers.solve(program, mask).value for mask in (0, 1, 2))
    values = [value for value in (idle, up, down) if isinstance(value, Fraction)]
    if len(values) < 3:
        return None
    asks = 1 if values[1] < values[0] else -1 if values[2] < values[0] else 0
    return Side(asks, min(values), values[0])


def _treated(problem: Problem) -> bool:
    """ReLU, or a positive multiple of it, without biases, all input weights trained."""
    net = problem.network
    if len(net.widths) != 1 or not net.widths[0] or any(net.hidden_bias) or net.output_bias or problem.penalty:
        return False
    if problem.outputs != 1 or not problem.train.hidden[0]:
        return False
    slopes = net.activation.slopes
    return slopes is not None and slopes[0] > 0 == slopes[1]


def _signs(problem: Problem) -> tuple[int, int] | None:
    """The numbers of positive and negative frozen output weights; None where they are trained."""
    if problem.train.output or problem.frozen is None:
        return None
    values = [v for _, v in problem.frozen.as_scalar().neurons]
    return sum(v > 0 for v in values), sum(v < 0 for v in values)


@dataclass(frozen=True)
class SeparateLines:
    """Data on orthogonal lines.

    Attributes
    ----------
    lines : tuple of pairs of Side
    frozen : (positive, negative) or None
        Numbers of frozen output weights; None where they are trained.
    constant : Fraction
        The loss of data at 0.
    """

    lines: tuple[tuple[Side, Side], ...]
    frozen: tuple[int, int] | None
    constant: Fraction = ZERO

    @property
    def least(self) -> Fraction:
        """The sum of the least losses of all sides: no basin is below it."""
        return self.constant + sum((side.best for pair in self.lines for side in pair), ZERO)

    @property
    def least_from(self) -> int:
        """From this width on some basin has the value :attr:`least`, where output weights are trained.

        A neuron serves one side of every line: as many of each sign are needed as some line has sides that ask for it.
        """
        return (
            sum(max(sum(side.asks == s for side in pair) for pair in self.lines) for s in (1, -1)) if self.lines else 0
        )

    @property
    def rate(self) -> Number | None:
        """The base of the decay of P[Bas > least] in the width; None where it does not tend to 0."""
        asks = {side.asks for pair in self.lines for side in pair} - {0}
        if self.frozen is None:
            return exact(Fraction(3, 4)) if asks else exact(0)
        positive, negative = self.frozen
        if positive and negative:
            return None
        if not asks:
            return exact(0)
        return exact(Fraction(1, 2)) if asks == {1 if positive else -1} else exact(1)

    def above(self, alpha: Fraction, width: int) -> Number | None:
        """P[Bas > alpha]; None where it takes too long.

        With frozen output weights of both signs the width is theirs.
        """
        if alpha < self.least:
            return exact(1)
        if self.frozen is not None:
            positive, negative = self.frozen
            k = positive if width == positive + negative else width if positive else 0
            given = self._given(alpha, k, width - k)
            return None if given is None else exact(1) - given
        if width > DIRECT:
            return self._expanded(width) if alpha == self.least else None
        total = exact(0)
        for k in range(width + 1):
            given = self._given(alpha, k, width - k)
            if given is None:
                return None
            total = total + exact(comb(width, k)) * given
        return exact(1) - total * power(exact(Fraction(1, 2)), width)

    def _given(self, alpha: Fraction, k: int, l: int) -> Number | None:  # noqa: E741
        """P[Bas <= alpha] given the numbers of output weights of each sign: a convolution over the lines."""
        if alpha == self.least:
            found = exact(1)
            for pair, count in self._kinds.items():
                found = found * power(_outcomes(pair, k, l)[0][1], count)
            return found
        sums = {self.constant: exact(1)}
        for pair in self.lines:
            new: dict[Fraction, Number] = {}
            for value, chance in _outcomes(pair, k, l):
                for before, other in sums.items():
                    if before + value <= alpha:
                        new[before + value] = new.get(before + value, exact(0)) + other * chance
            sums = new
            if len(sums) > SUMS:
                return None
        return sum(sums.values(), exact(0))

    @cached_property
    def _kinds(self) -> dict[tuple[Side, Side], int]:
        """The lines, equal ones together."""
        found: dict[tuple[Side, Side], int] = {}
        for pair in self.lines:
            found[pair] = found.get(pair, 0) + 1
        return found

    def _expanded(self, width: int) -> Number:
        """P[Bas > least] for great widths, in powers of x = 2^-k and y = 2^-l.

        The mean of ``x^i y^j`` is ``((2^-i + 2^-j) / 2)^width``; k = 0 and l = 0, where a line that asks twice for one
        sign is no product, are put right apart. Terms left out are small beside 2^-width.
        """
        up, down = _polynomial(self._kinds, 1), _polynomial(self._kinds, -1)
        total = exact(0)
        for i, a in enumerate(up[:SERIES]):
            for j, b in enumerate(down[:SERIES]):
                mean = Fraction(1, 2 ** (i + 1)) + Fraction(1, 2 ** (j + 1))
                if i or j:
                    total = total - exact(a * b) * power(exact(mean), width)
        half = power(exact(Fraction(1, 2)), width)
        for k, l in ((0, width), (width, 0)):  # noqa: E741
            given = self._given(self.least, k, l)
            x, y = (power(exact(Fraction(1, 2)), n) for n in (k, l))
            total = total - half * ((exact(0) if given is None else given) - _value(up, x) * _value(down, y))
        if max(len(up), len(down)) > SERIES:
            size = sum(map(abs, up)) * sum(map(abs, down))
            rest = exact(size) * power(exact(Fraction(1, 2) + Fraction(1, 2 ** (SERIES + 1))), width)
            total = span_of(total - rest, total + rest)
        return total


def _outcomes(pair: tuple[Side, Side], k: int, l: int) -> list[tuple[Fraction, Number]]:  # noqa: E741
    """The values of a line with k positive and l negative output weights, best first, and their probabilities."""
    one, other = pair
    p, q = (exact(1) - _missed(side.asks, k, l) if side.asks else exact(1) for side in pair)
    if one.asks and one.asks == other.asks:
        count = k if one.asks > 0 else l
        both = exact(1) - 2 * _missed(one.asks, k, l) + exact(int(count == 0))
    else:
        both = p * q
    neither = exact(1) - p - q + both
    return [
        (one.best + other.best, both),
        (one.best + other.idle, p - both),
        (one.idle + other.best, q - both),
        (one.idle + other.idle, neither),
    ]


def _missed(asks: int, k: int, l: int) -> Number:  # noqa: E741
    """The probability that none of the neurons of a sign lies on a side."""
    return power(exact(Fraction(1, 2)), k if asks > 0 else l)


def _polynomial(kinds: dict[tuple[Side, Side], int], sign: int) -> list[int]:
    """The product over the lines of what their sides that ask for a sign contribute, in powers of 2^-k or 2^-l."""
    found = [1]
    for pair, count in kinds.items():
        asking = sum(side.asks == sign for side in pair)
        if asking:
            factor = [comb(count, i) * (-asking) ** i for i in range(count + 1)]
            found = [
                sum(found[i] * factor[j - i] for i in range(max(0, j - count), min(len(found), j + 1)))
                for j in range(len(found) + count)
            ]
    return found


def _value(coefficients: Sequence[int], x: Number) -> Number:
    total = exact(0)
    for c in reversed(coefficients):
        total = total * x + exact(c)
    return total


def separate_lines(problem: Problem) -> SeparateLines | None:
    """The closed form of data on orthogonal lines; None where the problem has none.

    Examples
    --------
    >>> import exactgeo as eg
    >>> problem = eg.load({"data": {"x": [[1, 0], [-1, 0], [0, 1]], "y": [1, 1, -1]},
    ...     "network": {"widths": [2], "hidden_bias": False, "output_bias": False}, "loss": {"kind": "squared"}})
    >>> form = separate_lines(problem)
    >>> str(form.least), form.least_from, [str(form.above(form.least, n)) for n in (1, 2, 3)]
    ('0', 3, ['1', '1', '29/32'])
    """
    if not _treated(problem):
        return None
    groups = _groups(problem.x)
    if groups is None:
        return None
    silent = [t for t, row in enumerate(problem.x) if not any(row)]
    lines = []
    for entries in groups:
        pair = [_side(problem, {t: abs(q) for t, q in entries.items() if (q > 0) == (s > 0)}) for s in (1, -1)]
        if pair[0] is None or pair[1] is None:
            return None
        lines.append((pair[0], pair[1]))
    constant = ZERO
    for t in silent:
        value = _constant(problem, t)
        if value is None:
            return None
        constant += value
    return SeparateLines(tuple(lines), _signs(problem), constant)


def _groups(rows: Matrix) -> list[dict[int, Fraction]] | None:
    """The rows by the lines on which they lie, with their multiples of the first; None if two are not orthogonal."""
    found: list[tuple[dict[int, Fraction], dict[int, Fraction]]] = []
    # By coordinate, the lines that have it: singletons meet one.
    having: dict[int, list[int]] = {}
    for t, row in enumerate(rows):
        entries = {j: q for j, q in enumerate(row) if q}
        near = {k for j in entries for k in having.get(j, ())}
        products = {k: sum((entries.get(j, ZERO) * q for j, q in found[k][0].items()), ZERO) for k in near}
        meeting = [k for k, product in products.items() if product]
        if not meeting and entries:
            for j in entries:
                having.setdefault(j, []).append(len(found))
            found.append((entries, {t: Fraction(1)}))
        elif entries:
            base, members = found[meeting[0]]
            factor = products[meeting[0]] / sum((q * q for q in base.values()), ZERO)
            if entries != {j: factor * q for j, q in base.items()}:
                return None
            members[t] = factor
    return [members for _, members in found]


def _constant(problem: Problem, t: int) -> Fraction | None:
    """The loss of a datum at the prediction 0."""
    return problem.weight * problem.loss.value(ZERO, problem.y[t][0]) if problem.loss.rational else None


@dataclass(frozen=True)
class IndependentData:
    """Linearly independent data.

    Attributes
    ----------
    asks : tuple of int
        What each datum asks for.
    least : Fraction
        The sum of the least losses of all data.
    orthants : Orthants
    """

    asks: tuple[int, ...]
    least: Fraction
    orthants: Orthants

    @property
    def least_from(self) -> int:
        """From this width on some basin has the value :attr:`least`: one neuron of each sign that is asked for."""
        return len(set(self.asks) - {0})

    @property
    def rate(self) -> Number:
        """The base of the decay of P[Bas > least] in the width."""
        return exact(Fraction(3, 4)) if any(self.asks) else exact(0)

    def above(self, alpha: Fraction, width: int) -> Number | None:
        """P[Bas > alpha] for alpha at most :attr:`least`; None elsewhere, and where an orthant has no formula."""
        if alpha < self.least:
            return exact(1)
        asking = [t for t, s in enumerate(self.asks) if s]
        if alpha > self.least or len(asking) > DATA:
            return None
        total = exact(0)
        for chosen in _subsets(asking):
            parts = [self.orthants.probability(tuple(t for t in chosen if self.asks[t] == s)) for s in (1, -1)]
            if parts[0] is None or parts[1] is None:
                return None
            if chosen:
                term = power((parts[0] + parts[1]) / 2, width)
                total = total + term if len(chosen) % 2 else total - term
        return clipped(total)


def _subsets(items: Sequence[int]) -> Iterator[tuple[int, ...]]:
    for size in range(len(items) + 1):
        yield from combinations(items, size)


def independent_data(problem: Problem) -> IndependentData | None:
    """The closed form of linearly independent data; None where the problem has none."""
    if not _treated(problem) or _signs(problem) is not None or rank(problem.x, problem.d) < problem.m:
        return None
    sides = [_side(problem, {t: Fraction(1)}) for t in range(problem.m)]
    known = [side for side in sides if side is not None]
    if len(known) < len(sides):
        return None
    gram = [[dot(a, b) for b in problem.x] for a in problem.x]
    return IndependentData(tuple(s.asks for s in known), sum((s.best for s in known), ZERO), Orthants(gram))
