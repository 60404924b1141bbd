"""Small moves of the parameters that keep the loss, as variables with linear equations and signs.

The set of equal loss around a local minimum is ``{dp_t in C_t for all t, h(dp) = 0}`` where a loss with left and right
derivatives r-_t <= r+_t has ``h(q) = sum_t (r+_t q_t^+ - r-_t q_t^-)`` and C_t holds the changes along which it is
affine near p_t: 0, a half-line, or everything. dp is piecewise linear in the moves of :class:`Moves`.

Interface for a decision that is not made neuron by neuron: :meth:`Moves.of` takes a germ a data point and nothing else
of the loss; what else is known on a leaf is handed to :func:`exactgeo.local_minimum.flatness.search` as *covers*, each
a list of alternatives (sets of variables that are 0) of which one holds at every point of equal loss.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import lcm
from random import Random
from typing import NamedTuple

from exactgeo.deadline import Check, unlimited
from exactgeo.exact.matrix import Row, annihilates, independent_rows, nullspace, primitive, rank
from exactgeo.exact.vectors import ONE, integer_dot
from exactgeo.local_minimum.two_layer_point import Kink, NeuronState, TwoLayerPoint

__all__ = ["Germ", "Moves", "Unit", "germs"]


class Germ(NamedTuple):
    """The loss of a data point near its prediction: one-sided derivatives, and on which sides it is affine.

    Attributes
    ----------
    low, high : Fraction
        The left and the right derivative, in any unit that is the same for all data.
    left, right : bool
        Whether the loss is affine on an interval that ends, that begins, at the prediction.
    """

    low: Fraction
    high: Fraction
    left: bool
    right: bool

    @property
    def free(self) -> bool:
        """Whether small changes of the prediction cost nothing that another data point could not give back."""
        return self.left and self.right and self.low == self.high

    @property
    def indifferent(self) -> bool:
        """Whether small changes of the prediction change nothing."""
        return self.free and not self.low


def germs(at: TwoLayerPoint) -> tuple[Germ, ...]:
    """The germs of the problem's loss at the point, in the unit of ``at.residuals`` where these are defined."""
    loss, unit = at.problem.loss, 2 * at.curvature or ONE
    found = []
    for p, (y,), (left, right) in zip(at.predictions, at.problem.y, at.subgradients, strict=True):
        low = left / unit
        found.append(Germ(low, low if left is right else right / unit, *loss.affine(p, y)))
    return tuple(found)


class Unit(NamedTuple):
    """A neuron with trained output weight 0 that is not dead: it rests (v' = 0) or is active (v' = k != 0, t = k u).

    Attributes
    ----------
    number : int
        Of the neuron.
    inputs, sides : the variables t, and plus and minus of its kinks
    output : the variable k
    slanted : int or None
        The variable with the column of k at a fixed generic u, for a unit without kinks.
    alike : int or None
        The unit before this one, in the order of units, that may be exchanged with it.
    """

    number: int
    inputs: tuple[int, ...]
    sides: tuple[int, ...]
    output: int
    slanted: int | None
    slant: tuple[int, ...]
    alike: int | None

    @property
    def signed(self) -> bool:
        """Whether the moves depend on the sign of k: without kinks they do not."""
        return bool(self.sides)


@dataclass
class Moves:
    """The variables of all moves at once, with their equations; a search sets some of them to 0.

    In this order: for each neuron but the dead and the frozen ones with v = 0 its t (for v != 0: |v| u; else k u),
    ``plus`` and ``minus`` of each kink with ``<form, t> = plus - minus``, one of them 0, and k, if v is trained; then
    the parameters in which the predictions are affine; then slacks of the loss.

    Attributes
    ----------
    size : int
        Number of variables.
    rows : list of integer rows
        The equations.
    pairs : (plus, minus) of each kink
    signs : for each variable that cannot have both signs, its sign (1); of units, times that of k
    hidden : variables that the others determine
    units : the idle neurons
    fixed : dimensions of what no variable stands for: dead neurons, frozen ones with v = 0
    inputs : number of trained coordinates of a neuron
    written : each equation of ``rows`` before it was made primitive, and the factor that it was written with
    named : the equations that have a name
        By the data point, by (neuron, row) of the kink, by None for that of h.
    """

    inputs: int
    size: int = 0
    fixed: int = 0
    rows: list[tuple[int, ...]] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    signs: dict[int, int] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    units: list[Unit] = field(default_factory=list)
    kinks: dict[tuple[int, int], int] = field(default_factory=dict)
    written: list[tuple[Row, int]] = field(default_factory=list)
    named: dict[int | tuple[int, int] | None, int] = field(default_factory=dict)

    @classmethod
    def of(cls, at: TwoLayerPoint, shape: Sequence[Germ], check: Check = unlimited) -> Moves:
        """All moves at a local minimum with these germs; ``check`` is called for each neuron.

        Cost: O(m n d) integers, and one elimination.
        """
        return _Builder(at, shape).build(check)

    @cached_property
    def kept(self) -> list[tuple[int, ...]]:
        """Equations that are independent and imply the others (:meth:`solves` makes sure of it)."""
        return [self.rows[k] for k in independent_rows(self.rows, self.size)]

    @cached_property
    def factors(self) -> list[Fraction]:
        """The positive factor of each equation of ``rows``, by which it is ``dp_t = plus - minus``, a kink's
        ``<form, t> = plus - minus``, or ``h(dp) + slack = 0``."""
        return [_ratio(short, row) * unit for short, (row, unit) in zip(self.rows, self.written, strict=True)]

    def all_rows(self) -> None:
        """Work with all equations: the ones kept did not imply the others."""
        self.__dict__["kept"] = list(self.rows)

    def solutions(self, zero: Collection[int]) -> list[tuple[int, ...]]:
        """A basis of the solutions with the variables ``zero`` at 0."""
        columns = [k for k in range(self.size) if k not in zero]
        basis = []
        for short in nullspace([[row[k] for k in columns] for row in self.kept], len(columns)):
            vector = [0] * self.size
            for k, q in zip(columns, short, strict=True):
                vector[k] = q
            basis.append(tuple(vector))
        return basis

    def solves(self, basis: Sequence[Sequence[int]]) -> bool:
        """Whether these are solutions of all equations."""
        return len(self.kept) == len(self.rows) or annihilates(self.rows, basis)

    def widest(self, zero: Collection[int], basis: Sequence[Sequence[int]] | None = None) -> int:
        """A bound on the dimension of every cone in which each kink still open takes a side; exact when none is open.

        All of them lie in one space, the solutions. Where the open kinks have plus = minus, that is 0 = 0, they are
        known exactly, instead of what that space holds there.
        """
        basis = self.solutions(zero) if basis is None else basis
        loose = [pair for pair in self.pairs if pair[0] not in zero and pair[1] not in zero]
        if not loose:
            return self._moving(basis)
        tied = _within(basis, [[b[p] - b[q] for b in basis] for p, q in loose])
        shut = _within(tied, [[b[p] for b in tied] for p, _ in loose])
        return self._moving(basis) - self._moving(tied) + self._moving(shut)

    def _moving(self, basis: Sequence[Sequence[int]]) -> int:
        """Dimension of a space of solutions, seen in the variables that are not determined by others."""
        if not self.hidden:
            return len(basis)
        seen = [k for k in range(self.size) if k not in self.hidden]
        return rank([[b[k] for k in seen] for b in basis], len(seen))


def _within(basis: Sequence[Sequence[int]], forms: Sequence[Row]) -> list[tuple[int, ...]]:
    """A basis of the part of a space where forms, given by their values on its basis, are 0."""
    return combined(basis, nullspace(forms, len(basis)))


def combined(basis: Sequence[Sequence[int]], coordinates: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """The vectors with these coordinates in a basis, primitive."""
    if not basis:
        return []
    columns = list(zip(*basis, strict=True))
    return [primitive([integer_dot(y, column) for column in columns]) for y in coordinates]


class _Builder:
    """One pass over the neurons: variables, and the parts of every data row in their order."""

    def __init__(self, at: TwoLayerPoint, shape: Sequence[Germ]) -> None:
        self.at, self.shape = at, shape
        self.moves = Moves(len(at.trained))
        self.parts: list[list[list[int]]] = []
        """Blocks of columns of the data equations: one row a data point."""
        self.equations: list[dict[int, Fraction | int]] = []
        self.names: dict[tuple[int, int] | None, int] = {}
        self.weights: dict[int, Fraction] = {}
        """The derivative of the loss along each variable, where it has one, for the row of h."""
        up, down = at.slopes
        affine = {q.denominator for _, column in at.linear for q in column}
        inner = at.frame.unit * at.frame.slope_unit
        self.scale = scale = lcm(inner, *affine, *(neuron.unit for neuron in at.neurons))
        rows = [tuple(column[t] for column in at.frame.columns) for t in range(len(shape))]

        def scaled(slope: Fraction) -> list[list[int]]:
            factor = int(slope * at.frame.slope_unit) * (scale // inner)
            return [[factor * q for q in row] for row in rows]

        self.ahead = {slope: scaled(slope) for slope in {up, down, -up, -down}}
        self.nothing = [0] * len(at.trained)
        self.smooth = all(germ.low == germ.high for germ in shape)
        lows = tuple(germ.low for germ in shape)
        # Those of the point are known in whole numbers.
        self.residuals = at.residuals if at.curvature and lows == at.residuals else lows

    def build(self, check: Check) -> Moves:
        at, moves = self.at, self.moves
        trained = at.problem.train.output
        idle = []
        for neuron in at.neurons:
            check()
            if neuron.v:
                self._moving(neuron, trained)
            elif not trained:
                moves.fixed += moves.inputs
            elif _dead(neuron, at):
                moves.fixed += moves.inputs + 1
            else:
                idle.append(self._idle(neuron))
        for _, column in at.linear:
            self._block([[self._int(q)] for q in column])
        self._units(idle)
        self._close()
        return moves

    def _outputs(self, neuron: NeuronState) -> list[list[int]]:
        factor = self.scale // neuron.unit
        return [[factor * q] for q in neuron.levels]

    def _int(self, q: Fraction) -> int:
        return q.numerator * (self.scale // q.denominator)

    def _block(self, rows: list[list[int]]) -> tuple[int, ...]:
        """New variables, by their columns."""
        self.parts.append(rows)
        first = self.moves.size
        self.moves.size += len(rows[0])
        return tuple(range(first, self.moves.size))

    def _inputs(self, neuron: NeuronState, sign: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        ahead, nothing = self.ahead, self.nothing
        rows = [ahead[sign * s][t] if s else nothing for t, s in enumerate(neuron.side)]
        variables = self._block(rows) if self.at.trained else ()
        sides: list[int] = []
        for kink in neuron.kinks:
            if all(self.shape[t].indifferent for t, _ in kink.members):
                continue
            plus, minus = self._block(self._kink_columns(kink, sign))
            self.moves.kinks[neuron.index, kink.row] = len(self.moves.pairs)
            self.moves.pairs.append((plus, minus))
            self.moves.hidden |= {plus, minus}
            self.moves.signs |= {plus: 1, minus: 1}
            sides += [plus, minus]
            equation: dict[int, Fraction | int] = {k: q for k, q in zip(variables, kink.form, strict=True) if q}
            self.names[neuron.index, kink.row] = len(self.equations)
            self.equations.append({**equation, plus: -1, minus: 1})
        return variables, tuple(sides)

    def _kink_columns(self, kink: Kink, sign: int) -> list[list[int]]:
        """``sign * a'(0; factor * q)`` at the data points of a kink, for q = 1 and -1."""
        up, down = self.at.slopes
        rows = [[0, 0] for _ in self.shape]
        for t, factor in kink.members:
            for place, z in enumerate((factor, -factor)):
                value = sign * z * (up if z > 0 else down) * self.scale
                # A factor of a row may bring denominators of its own: they are cleared row by row.
                rows[t][place] = value.numerator if value.denominator == 1 else value  # type: ignore[assignment]
        return rows

    def _moving(self, neuron: NeuronState, trained: bool) -> None:
        at, sign = self.at, neuron.sign
        variables, sides = self._inputs(neuron, sign)
        if self.smooth:
            residuals = self.residuals
            slopes = dict(zip(variables, (sign * q for q in at.smooth_part(neuron, residuals)), strict=True))
            for kink in neuron.kinks:
                if (neuron.index, kink.row) in self.moves.kinks:
                    plus, minus = self.moves.pairs[self.moves.kinks[neuron.index, kink.row]]
                    right, left = at.kink_slopes(kink, residuals)
                    slopes |= {plus: sign * right, minus: -sign * left}
            if sides:
                # At a local minimum equal loss needs sign(v) phi_i = 0 for each neuron by itself.
                self.equations.append(dict(slopes))
        if trained:
            self._block(self._outputs(neuron))

    def _idle(self, neuron: NeuronState) -> tuple[NeuronState, tuple[int, ...], tuple[int, ...], int]:
        variables, sides = self._inputs(neuron, 1)
        (output,) = self._block(self._outputs(neuron))
        return neuron, variables, sides, output

    def _units(self, idle: list[tuple[NeuronState, tuple[int, ...], tuple[int, ...], int]]) -> None:
        """The idle neurons; for those without kinks one more column, that of k at a generic u."""
        last: dict[tuple[tuple[int, ...], bool], int] = {}
        for place, (neuron, variables, sides, output) in enumerate(idle):
            slanted: int | None = None
            slant: tuple[int, ...] = ()
            if not sides:
                rng = Random(neuron.index)
                slant = tuple(rng.randint(1, 999) for _ in variables)
                column = [
                    [q + (integer_dot(slant, self.ahead[s][t]) if s else 0)]
                    for t, ((q,), s) in enumerate(zip(self._outputs(neuron), neuron.side, strict=True))
                ]
                (slanted,) = self._block(column)
                self.moves.hidden.discard(slanted)
            ray = (primitive(neuron.w), bool(sides))
            alike = last.get(ray)
            last[ray] = place
            self.moves.units.append(Unit(neuron.index, variables, sides, output, slanted, slant, alike))

    def _close(self) -> None:
        """The data equations with their slacks, then the others."""
        moves = self.moves
        rows: list[list[Fraction | int]] = []
        steep: dict[int, Fraction] = {}
        for t, germ in enumerate(self.shape):
            if germ.free and self.smooth:
                continue
            row: list[Fraction | int] = [q for part in self.parts for q in part[t]]
            extra: list[int] = []
            for side, (allowed, slope) in enumerate(((germ.right, germ.high), (germ.left, -germ.low))):
                if allowed:
                    moves.signs[moves.size] = 1
                    moves.hidden.add(moves.size)
                    steep[moves.size] = slope
                    extra.append(self.scale if side else -self.scale)
                    moves.size += 1
            moves.named[t] = len(rows)
            rows.append([*row, *[0] * (moves.size - len(row) - len(extra)), *extra])
        if not self.smooth:
            self._h(steep)
        moves.named |= {name: len(rows) + k for name, k in self.names.items()}
        dense: list[Row] = [[*row, *[0] * (moves.size - len(row))] for row in rows]
        dense += [[equation.get(k, 0) for k in range(moves.size)] for equation in self.equations]
        moves.rows = [primitive(row) for row in dense]
        # The data equations above are written with a factor of their own.
        units = [self.scale] * len(rows) + [1] * len(self.equations)
        moves.written = list(zip(dense, units, strict=True))

    def _h(self, steep: dict[int, Fraction]) -> None:
        """h(dp) + slack = 0: its value where the loss has a kink, or is affine, by the slacks of the data."""
        moves = self.moves
        moves.signs[moves.size] = 1
        moves.hidden.add(moves.size)
        self.names[None] = len(self.equations)
        self.equations.append({**steep, moves.size: 1})
        moves.size += 1


def _dead(neuron: NeuronState, at: TwoLayerPoint) -> bool:
    """Whether a neuron with v = 0 has outputs 0 wherever it moves (a kink could give it others)."""
    live = any(s and size for s, size in zip(neuron.side, at.frame.sizes, strict=True))
    return not (neuron.kinks or any(neuron.levels) or live)


def _ratio(short: Sequence[int], row: Row) -> Fraction:
    """The positive factor by which one row is the other."""
    return next((Fraction(p) / q for p, q in zip(short, row, strict=True) if p), Fraction(1))
