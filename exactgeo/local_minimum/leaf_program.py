"""Is there a subgradient for this part of the moves? The exact linear program of a leaf, and what its failure moves.

A *case* fixes the sign of some output weights that are 0 and the side of some kinks. A vector r of slopes between the
left and the right derivatives of the loss proves it when the first-order change ``<r, dp>`` of the loss is >= 0 for
every small move of the case: ``sign phi_i >= 0`` on the cone of each neuron's sides, which Farkas' lemma writes as

    lin_i(r) + sum_j m_ij form_ij = 0,   m_ij <= right_ij(r) unless on the minus side,
                                         m_ij >= left_ij(r) unless on the plus side,

linear in r and m together. Where v_i = 0 the moves are k (w_i + u) with u small: either ``sign phi_i(w_i) > 0``, or
``phi_i >= 0`` as above. Which neurons can have the first is found in rounds (:func:`solve_case`). When there is no r,
linear programming duality gives moves, one for each scale, whose sum ``x_1 + s x_2 + ... + s^K y`` descends.

References
----------
docs/mathematics.md, "Losses without a derivative": Theorem A, and the rounds.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import field
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple, Protocol

from exactgeo.claims.subgradient_minimum import NeuronCover
from exactgeo.deadline import Check, unlimited
from exactgeo.exact.bounded_lp import BoundedProgram
from exactgeo.exact.matrix import integer_rows, primitive
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot, integer_dot
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.two_layer_point import NeuronState, TwoLayerPoint

__all__ = ["Case", "Cut", "Cutter", "Failure", "Kinked", "Moves", "Part", "Proof", "solve_case"]


class Cut(NamedTuple):
    """A direction of T, and ``scale`` times phi along it."""

    u: tuple[int, ...]
    function: Sequence[int]
    scale: int


@dataclass(frozen=True)
class Kinked:
    """A neuron whose functions are affine in the slopes of a part.

    Each function is a vector: its coefficient at the excess of each slope over the left derivative, and last its value
    at the left derivatives.

    Attributes
    ----------
    state : NeuronState
    outputs : phi(w)
    linear : phi off the kinks, one function a coordinate of T
    bends : for each kink the slopes of phi to the right and to the left of it
    forms : of each kink, by its first data point
    support : of each kink, the only entries of its slopes that may differ from 0
    """

    state: NeuronState
    outputs: Vector
    linear: tuple[Vector, ...]
    bends: Mapping[int, tuple[Vector, Vector]]
    forms: Mapping[int, tuple[int, ...]]
    support: Mapping[int, tuple[int, ...]]

    @cached_property
    def whole(self) -> tuple[list[list[int]], list[list[int]], list[list[int]], int]:
        """``linear`` and the slopes to the right and to the left of the kinks, times a common denominator; and that."""
        size, pairs = len(self.linear), list(self.bends.values())
        table, unit = integer_rows([*self.linear, *(right for right, _ in pairs), *(left for _, left in pairs)])
        return table[:size], table[size : size + len(pairs)], table[size + len(pairs) :], unit

    def along(self, u: tuple[int, ...]) -> Cut:
        """phi along a direction of T. Cost: the size of a function a coordinate, and the members of the kinks."""
        linear, right, left, unit = self.whole
        total = [0] * len(self.outputs)
        for q, function in zip(u, linear, strict=True):
            if q:
                total = [p + q * a for p, a in zip(total, function, strict=True)]
        for j, (row, form) in enumerate(self.forms.items()):
            side = integer_dot(form, u)
            bend = left[j] if side < 0 else right[j]
            for entry in self.support[row] if side else ():
                total[entry] += side * bend[entry]
        return Cut(u, total, unit)

    def slope(self, k: int, left: Container[int], scale: int) -> list[Fraction]:
        """``scale`` times the slope of phi along coordinate k of T, to the left of the kinks in ``left``.

        Cost: the size of a function, and the members of the kinks.
        """
        total = list(self.linear[k]) if scale == 1 else [scale * q for q in self.linear[k]]
        for row, form in self.forms.items():
            if form[k]:
                bend, factor = self.bends[row][row in left], scale * form[k]
                for entry in self.support[row]:
                    total[entry] += factor * bend[entry]
        return total


@dataclass(frozen=True)
class Part:
    """Neurons that share data points at which the slope is not known, and no others.

    Attributes
    ----------
    data : the data points with left derivative < right derivative that any of them depends on
    widths : right minus left derivative at each of them
    low : left derivatives at all data points
    affine : functions of the parameters in which the predictions are affine, by their number
    neurons : by their number
    moved : whether output weights are trained
    """

    data: tuple[int, ...]
    widths: Vector
    low: Vector
    affine: Mapping[int, Vector]
    neurons: Mapping[int, Kinked]
    moved: bool

    @classmethod
    def of(
        cls,
        at: TwoLayerPoint,
        slopes: Sequence[tuple[Fraction, Fraction]],
        neurons: Sequence[int],
        affine: Sequence[int],
        data: Sequence[int],
    ) -> Part:
        """The part of these neurons, affine parameters and data points. Cost: O(m) for each function."""
        low = tuple(left for left, _ in slopes)

        def function(column: Sequence[Fraction]) -> Vector:
            return (*(column[t] for t in data), dot(column, low))

        return cls(
            tuple(data),
            tuple(slopes[t][1] - slopes[t][0] for t in data),
            low,
            {k: function(at.linear[k][1]) for k in affine},
            {i: _kinked(at, at.neurons[i], low, data) for i in neurons},
            at.problem.train.output,
        )

    @property
    def least_everywhere(self) -> bool:
        """Whether 0 is a slope at every data point: each loss is least, and 0 is a subgradient for all moves."""
        ends = list(self.low)
        for t, width in zip(self.data, self.widths, strict=True):
            if ends[t] <= 0 <= ends[t] + width:
                ends[t] = ZERO
        return not any(ends)

    @property
    def concave(self) -> bool:
        """Whether some kink of a neuron with output weight bends downwards for all slopes of the part."""
        return any(
            self.least([neuron.state.sign * (b - a) for a, b in zip(*pair, strict=True)]) > 0
            for neuron in self.neurons.values()
            if neuron.state.sign
            for pair in neuron.bends.values()
        )

    def slopes(self, excess: Vector) -> dict[int, Fraction]:
        """By data point."""
        return {t: self.low[t] + q for t, q in zip(self.data, excess, strict=True)}

    def value(self, function: Vector, excess: Vector) -> Fraction:
        return dot(function[:-1], excess) + function[-1]

    def sign(self, function: Sequence[Fraction]) -> int:
        """The sign of a function for all slopes of the part; 0 where it has none."""
        *slopes, start = primitive(function)
        *widths, unit = primitive((*self.widths, ONE))
        moves = [a * w for a, w in zip(slopes, widths, strict=True)]
        low, high = sum(q for q in moves if q < 0), sum(q for q in moves if q > 0)
        return (start * unit + low > 0) - (start * unit + high < 0)

    def least(self, function: Sequence[Fraction]) -> Fraction:
        """The least value of a function for all slopes of the part."""
        return function[-1] + sum((a * w for a, w in zip(function[:-1], self.widths, strict=True) if a < 0), ZERO)

    def convex(self, neuron: int, row: int, sign: int) -> bool:
        """Whether the kink bends upwards, or not at all, for all slopes of the part."""
        right, left = self.neurons[neuron].bends[row]
        return self.least([sign * (a - b) for a, b in zip(right, left, strict=True)]) >= 0


def _kinked(at: TwoLayerPoint, neuron: NeuronState, low: Vector, data: Sequence[int]) -> Kinked:
    number = {t: k for k, t in enumerate(data)}

    def entries(values: Mapping[int, Fraction], start: Fraction) -> Vector:
        return (*(values.get(t, ZERO) for t in data), start)

    start = at.smooth_part(neuron, low)
    sides = {t: side for t in data if (side := neuron.side[t])}
    linear = tuple(
        entries({t: side * at.rows[t][k] for t, side in sides.items()}, start[k]) for k in range(len(at.trained))
    )
    bends = {}
    up, down = at.slopes
    for kink in neuron.kinks:
        right = {t: factor * (up if factor > 0 else down) for t, factor in kink.members}
        left = {t: factor * (down if factor > 0 else up) for t, factor in kink.members}
        ends = at.kink_slopes(kink, low)
        bends[kink.row] = entries(right, ends[0]), entries(left, ends[1])
    forms = {kink.row: kink.form for kink in neuron.kinks}
    support = {kink.row: (*(number[t] for t, _ in kink.members if t in number), len(data)) for kink in neuron.kinks}
    (whole,), unit = integer_rows([low])
    outputs = (*(neuron.outputs[t] for t in data), Fraction(integer_dot(whole, neuron.levels), unit * neuron.unit))
    return Kinked(neuron, outputs, linear, bends, forms, support)


@dataclass(frozen=True)
class Case:
    """Signs chosen for output weights that are 0, and sides chosen for kinks (neuron, row)."""

    signs: Mapping[int, int] = field(default_factory=dict)
    sides: Mapping[tuple[int, int], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """Slopes of the part, multipliers m_ij, and the neurons with ``sign phi(w) > 0``.

    ``coverings`` in place of multipliers where the slopes come from cuts.
    """

    slopes: Mapping[int, Fraction]
    multipliers: Mapping[int, Mapping[int, Fraction]]
    strict: tuple[int, ...]
    coverings: Mapping[int, NeuronCover] | None = None


class Cutter(Protocol):
    """What finds cuts ``sign phi(u) >= 0`` of a case: see :mod:`exactgeo.local_minimum.cuts`."""

    def cuts(self, neuron: int) -> Sequence[Cut]:
        """Those of a neuron so far, and both ways in one those on which no kink changes."""

    def missed(self, case: Case, excess: Vector, strict: Sequence[int], check: Check) -> bool:
        """Add cuts that slopes violate; False where there are none."""

    def proof(self, case: Case, excess: Vector, strict: Sequence[int], check: Check) -> Proof:
        """The proof that slopes violate no cut."""


@dataclass(frozen=True)
class Moves:
    """A first-order move of a case.

    Of each neuron k and t: where v != 0, v and w move by ``sign(v) k`` and ``t / |v|``; where it is 0, they become
    ``sign * k`` and w + t / k.
    """

    affine: Mapping[int, Fraction]
    outputs: Mapping[int, Fraction]
    inputs: Mapping[int, Vector]

    def rounded(self, bits: int) -> Moves:
        """Multiples of the largest entry over 2^bits, as whole numbers."""
        entries = [*self.affine.values(), *self.outputs.values(), *(q for t in self.inputs.values() for q in t)]
        unit = max(map(abs, entries), default=ZERO) / 2**bits or ONE

        def short(q: Fraction) -> Fraction:
            return Fraction(round(q / unit))

        return Moves(
            {k: short(q) for k, q in self.affine.items()},
            {i: short(q) for i, q in self.outputs.items()},
            {i: tuple(map(short, t)) for i, t in self.inputs.items()},
        )


@dataclass(frozen=True)
class Failure:
    """There is no subgradient for a case: moves on ever smaller scales, and the case's choices that these rest on.

    Attributes
    ----------
    scales : tuple of Moves
        Their sum over the powers of a small s descends, if ``gaps`` is empty.
    gaps : tuple of (neuron, row), or (neuron, None)
        Kinks without a side (output weights without a sign) that the moves use both ways: the widest first.
    ways : mapping
        For each of them the side or the sign that the moves have more of.
    """

    scales: tuple[Moves, ...]
    gaps: tuple[tuple[int, int | None], ...]
    ways: Mapping[tuple[int, int | None], int]


class _Program:
    """``maximise`` over the slopes, the multipliers and the slacks of a case; rows are named by what they say."""

    def __init__(self, part: Part, case: Case, strict: Sequence[int], cutter: Cutter | None = None) -> None:
        self.part, self.case, self.cutter = part, case, cutter
        self.program = BoundedProgram(len(part.data), upper=dict(enumerate(part.widths)))
        self.names: list[tuple[str, int, int]] = []
        self.slack: dict[int, int] = {}
        self.multiplier: dict[tuple[int, int], tuple[Vector, int, int]] = {}
        self.ways: dict[int, Sequence[Cut]] = {}
        for k, function in part.affine.items():
            self._row(("affine", k, 0), function, 1)
        for i, neuron in part.neurons.items():
            sign = neuron.state.sign or case.signs.get(i, 0)
            if not sign:
                self._still(i, neuron)
                continue
            if part.moved:
                self._row(("outputs", i, 0), neuron.outputs, sign)
                if not neuron.state.v:
                    self.slack[i] = self._column(-ONE)
            if i not in strict and cutter is not None:
                self._cut(i, neuron, sign, cutter.cuts(i))
            elif i not in strict:
                self._nonnegative(i, neuron, sign)

    def _column(self, value: Fraction | None = None) -> int:
        """A new variable, with its coefficient in the last row."""
        if value is not None:
            self.program.rows[-1][self.program.size] = value
        self.program.size += 1
        return self.program.size - 1

    def _row(self, name: tuple[str, int, int], function: Sequence[Fraction], scale: int) -> None:
        if scale != 1:
            function = [scale * q for q in function]
        self.program.rows.append({j: q for j, q in enumerate(function[:-1]) if q})
        self.program.right.append(-function[-1])
        self.names.append(name)

    def _still(self, i: int, neuron: Kinked) -> None:
        """phi(w) = 0 and phi = 0: both signs of a move are in the case."""
        self._row(("outputs", i, 0), neuron.outputs, 1)
        for row, (right, left) in neuron.bends.items():
            self._row(("tie", i, row), [a - b for a, b in zip(right, left, strict=True)], 1)
        for k in range(len(neuron.linear)):
            self._row(("both", i, k), neuron.slope(k, (), 1), 1)

    def _cut(self, i: int, neuron: Kinked, sign: int, cuts: Sequence[Cut]) -> None:
        """``sign phi >= 0`` along these directions, and phi = 0 along those on which no kink changes."""
        self.ways[i] = cuts
        for k, cut in enumerate(cuts):
            self._row(("cut", i, k), [Fraction(q) for q in cut.function], sign)
            if any(integer_dot(form, cut.u) for form in neuron.forms.values()):
                self._column(-ONE)

    def _nonnegative(self, i: int, neuron: Kinked, sign: int) -> None:
        """``sign phi >= 0`` on the cone of the sides: m = sign right - a, or sign left + a, with a >= 0."""
        columns: list[tuple[int, int]] = []
        for row, (right, left) in neuron.bends.items():
            side = self.case.sides.get((i, row), 0)
            # m = right - a >= left: a + b = right - left, a bound where no slope of the part is in it.
            jump = [sign * (b - a) for a, b in zip(right, left, strict=True)]
            if side:
                column = self._column()
            elif jump[-1] < 0 and not any(jump[entry] for entry in neuron.support[row][:-1]):
                column = self._column()
                self.program.upper[column] = -jump[-1]
            else:
                self._row(("open", i, row), jump, 1)
                column = self._column(ONE)
                self._column(ONE)
            direction = 1 if side < 0 else -1
            self.multiplier[i, row] = (left if side < 0 else right, direction, column)
            columns.append((direction, column))
        minus = {row for row in neuron.bends if self.case.sides.get((i, row), 0) < 0}
        for k in range(len(neuron.linear)):
            self._row(("inputs", i, k), neuron.slope(k, minus, sign), 1)
            entries = self.program.rows[-1]
            for (direction, column), form in zip(columns, neuron.forms.values(), strict=True):
                if form[k]:
                    entries[column] = Fraction(direction * form[k])

    def maximise(self, waiting: Sequence[int], check: Check) -> tuple[Vector | None, Vector]:
        """The greatest sum of these slacks: the point and the multipliers of the rows; no point where none is."""
        answer = self.program.minimise({self.slack[i]: -ONE for i in waiting}, check)
        return answer.x, answer.y

    def proof(self, point: Vector, strict: Sequence[int], check: Check) -> Proof:
        part = self.part
        excess = point[: len(part.data)]
        if self.cutter is not None:
            return self.cutter.proof(self.case, excess, strict, check)
        multipliers: dict[int, dict[int, Fraction]] = {}
        for (i, row), (bend, direction, column) in self.multiplier.items():
            sign = part.neurons[i].state.sign or self.case.signs[i]
            value = sign * part.value(bend, excess) + direction * point[column]
            multipliers.setdefault(i, {})[row] = value
        return Proof(part.slopes(excess), multipliers, tuple(strict))

    def moves(self, y: Vector) -> Moves:
        affine: dict[int, Fraction] = {}
        outputs: dict[int, Fraction] = {}
        inputs: dict[int, list[Fraction]] = {}
        for (name, i, k), q in zip(self.names, y, strict=True):
            if name == "affine":
                affine[i] = q
            elif name == "outputs" and (self.part.neurons[i].state.v or i in self.case.signs):
                outputs[i] = q
            elif name == "inputs":
                inputs.setdefault(i, [ZERO] * len(self.part.neurons[i].linear))[k] = q
            elif name == "cut":
                total = inputs.get(i, [ZERO] * len(self.part.neurons[i].linear))
                cut = self.ways[i][k]
                inputs[i] = [p + cut.scale * q * a for p, a in zip(total, cut.u, strict=True)]
        return Moves(affine, outputs, {i: tuple(t) for i, t in inputs.items()})

    def _open(self, i: int) -> bool:
        return not self.part.neurons[i].state.v and i not in self.case.signs

    def gaps(self, y: Vector, moves: Moves) -> Iterator[tuple[Fraction, int, int | None, int]]:
        """What the moves take of a kink beyond what either side gives; any use of an output weight without a sign."""
        for (name, i, row), q in zip(self.names, y, strict=True):
            if name == "open" and not self.part.convex(i, row, self.part.neurons[i].state.sign or self.case.signs[i]):
                along = dot(self.part.neurons[i].forms[row], moves.inputs[i])
                if q < min(ZERO, along):
                    yield min(ZERO, along) - q, i, row, -1 if along < 0 else 1
            elif q and name in ("outputs", "tie", "both") and self._open(i):
                yield abs(q), i, None, -1 if q < 0 and name == "outputs" else 1
        weights = {(i, k): q for (name, i, k), q in zip(self.names, y, strict=True) if name == "cut" and q}
        for i, ways in self.ways.items():
            yield from self._both_ways(
                i, [(weights[i, k] * cut.scale, cut.u) for k, cut in enumerate(ways) if (i, k) in weights]
            )

    def _both_ways(
        self, i: int, mixture: Sequence[tuple[Fraction, tuple[int, ...]]]
    ) -> Iterator[tuple[Fraction, int, int | None, int]]:
        neuron = self.part.neurons[i]
        sign = neuron.state.sign or self.case.signs[i]
        for row, form in neuron.forms.items():
            sides = [q * integer_dot(form, u) for q, u in mixture]
            plus, minus = sum((q for q in sides if q > 0), ZERO), -sum((q for q in sides if q < 0), ZERO)
            if plus and minus and not self.part.convex(i, row, sign):
                yield min(plus, minus), i, row, 1 if plus >= minus else -1


def solve_case(part: Part, case: Case, check: Check = unlimited, cutter: Cutter | None = None) -> Proof | Failure:
    """A subgradient for all moves of a case, or moves that show that there is none.

    The neurons with a chosen sign start as strict: only ``sign phi(w) >= 0`` is asked of them. Those for which it
    cannot be positive are asked for ``phi >= 0`` as well, and so on. Cost: at most two linear programs for each; with a
    cutter, which asks for ``phi >= 0`` where kinks are concave too, as many more as it finds cuts.
    """
    strict = [i for i in part.neurons if i in case.signs]
    scales: list[Moves] = []
    gaps: dict[tuple[int, int | None], Fraction] = {}
    ways: dict[tuple[int, int | None], int] = {}
    while True:
        program = _Program(part, case, strict, cutter)
        waiting, found = strict, []
        missed = False
        while True:
            point, y = program.maximise(waiting, check)
            if point is None:
                break
            if cutter is not None and (missed := cutter.missed(case, point[: len(part.data)], strict, check)):
                break
            found.append(point)
            left = [i for i in waiting if not point[program.slack[i]]]
            if not left or left == waiting:
                waiting = left
                break
            waiting = left
        if missed:
            continue
        if point is not None and not waiting:
            mean = tuple(sum(column, ZERO) / len(found) for column in zip(*found, strict=True))
            return program.proof(mean, strict, check)
        moves = program.moves(y)
        scales.append(moves)
        for size, i, row, way in program.gaps(y, moves):
            gaps[i, row] = max(size, gaps.get((i, row), ZERO))
            ways.setdefault((i, row), way)
        if point is None:
            order = sorted(gaps, key=lambda key: (key[1] is not None, -gaps[key], key[0], key[1] or 0))
            return Failure(tuple(scales), tuple(order), ways)
        strict = [i for i in strict if i not in waiting]
