"""Distinct inputs for a hidden layer k > 1 whose inputs agree where the data differ, at constant outputs.

*All agree.* Then layer k puts out constants, which go into the bias of layer k + 1: nothing below has an effect any
more, and the layers below get weights that tell the data apart.

*Some agree.* Let u = <w, input> take a value u_1 < ... < u_q on each of the q distinct inputs, and let layer k get
units ``a(+-(u - t))`` for several levels t, one by one in cleared places. What layer k + 1 gets of them is a
piecewise linear function of u that bends at the levels. With levels ``u_i + d`` and ``u_{i+1} - d``, i = 1, ..., q -
1, it can be constant on every ``[u_i - d, u_i + d]``, with the values it has to have: one straight move of (W(k + 1),
b(k + 1)) that keeps every output. Then the layers below may move as long as no u leaves its interval: they tell the
data apart by a small
move, if their activations are flat nowhere (and have biases, where they are not bijective).

Where layer k has fewer than 2 (q - 1) units, the levels are ``u_i +- d`` for values of several data and u_i for
values of one, the last one left out: with mu values of several data q + mu - 1 < N units. The values of one datum
then move with s, and (W(k + 1), b(k + 1)) solves a linear system ``A(s) W = p`` for each s: the outputs are constant,
W is a rational function.

References
----------
docs/mathematics.md, "Paths in networks of any depth", P7; a small move alone may raise the loss, as the example there.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from exactgeo.errors import InternalError
from exactgeo.exact.matrix import solve_regular
from exactgeo.exact.one_sided import determinant, spanning, transposed
from exactgeo.exact.polynomial import add, multiply, times
from exactgeo.exact.polynomial import value as value_at
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.paths.builder import PathRefused
from exactgeo.paths.constructions import hypotheses
from exactgeo.paths.constructions.full_rank import clear, separating
from exactgeo.paths.constructions.route import Layers, Node, Route, Unit, cut_at_zeros, preactivations
from exactgeo.paths.forward import RationalLayer
from exactgeo.problem import Point

__all__ = ["separable", "separate"]

HALVINGS = 400
"""How often a small move is halved."""


def separable(at: Layers, layer: int) -> None:
    """Whether :func:`separate` makes the inputs of a hidden layer distinct.

    Raises
    ------
    PathRefused
    """
    problem, lowest = at.problem, _lowest(at, layer)
    try:
        hypotheses.trained(problem, range(lowest, layer + 2))
        hypotheses.trained_bias(problem, [layer, layer + 1])
        if len(set(at.inputs(layer))) > 1:
            hypotheses.two_sided(problem, range(lowest, layer))
        else:
            hypotheses.trained_bias(problem, range(lowest, layer))
        hypotheses.kinked(problem, [layer])
    except PathRefused as refused:
        where = f"the inputs of hidden layer {layer} agree where the data differ, and"
        raise PathRefused(f"{where} {refused.reason}") from refused


def _lowest(at: Layers, layer: int) -> int:
    """The first layer whose outputs agree where the data differ."""
    return next(k for k in range(1, layer) if len(set(at.inputs(k + 1))) < len(at.rows))


def separate(route: Route, layer: int) -> None:
    """Make the inputs of a hidden layer distinct where the data are, at constant outputs; :func:`separable` agrees."""
    distinct = len(set(route.at.inputs(layer)))
    if distinct == len(route.at.rows):
        return
    if distinct == 1:
        _rebuild(route, layer)
    else:
        _split(route, layer)
    if len(set(route.at.inputs(layer))) < len(route.at.rows):
        raise InternalError("the inputs of a layer still agree where the data differ")


def _rebuild(route: Route, layer: int) -> None:
    """All inputs agree: free the layers below, take them to 0, and give them weights that tell the data apart."""
    kept = clear(route, layer, constant_first=True)
    if kept:
        raise InternalError("a constant layer has more than a constant")
    lowest = _lowest(route.at, layer)
    for k in range(layer, lowest - 1, -1):
        zero = {j: ((ZERO,) * len(row), ZERO) for j, row in enumerate(route.at.weights(k))}
        route.straight(route.at.with_units(k, zero), "free the layers below")
    for k in range(lowest, layer):
        inputs = route.at.inputs(k)
        w = separating(inputs)
        u = [dot(w, row) for row in inputs]
        right, _ = route.at.slopes(k)
        # All on the side of the kink where the activation is not 0.
        unit = (w, 1 - min(u)) if right else (w, -1 - max(u))
        route.straight(route.at.with_units(k, {0: unit}), "tell the data apart")


# -- some inputs agree ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Levels:
    """How the wide layer sees its inputs: the values of u = <w, input>, and the levels at which its new units bend.

    Attributes
    ----------
    layer : int
    w : Vector
    values : ascending
        u of the distinct inputs.
    several : one bool a value
        Whether it is that of several data.
    reach : Fraction
        How far u may move.
    sign : 1 or -1
        A new unit is ``a(sign (u - level))``.
    """

    layer: int
    w: Vector
    values: Vector
    several: tuple[bool, ...]
    reach: Fraction
    sign: int

    @classmethod
    def of(cls, at: Layers, layer: int) -> _Levels:
        inputs = at.inputs(layer)
        w = separating(inputs)
        u = [dot(w, row) for row in inputs]
        values = tuple(sorted(set(u)))
        gap = min(b - a for a, b in pairwise(values))
        right, _ = at.slopes(layer)
        return cls(layer, w, values, tuple(u.count(q) > 1 for q in values), gap / 4, 1 if right else -1)

    @property
    def plateaus(self) -> list[Fraction]:
        """Two levels between any two values."""
        return [level for a, b in pairwise(self.values) for level in (a + self.reach, b - self.reach)]

    @property
    def nodes(self) -> list[Fraction]:
        """Both ends of the interval around a value of several data, and the values of one."""
        found: list[Fraction] = []
        for value, several in zip(self.values, self.several, strict=True):
            found += [value - self.reach, value + self.reach] if several else [value]
        return found

    def unit(self, level: Fraction) -> Unit:
        return tuple(self.sign * q for q in self.w), -self.sign * level

    def of_inputs(self, at: Layers) -> list[Fraction]:
        """u at the distinct rows of the data."""
        return [dot(self.w, row) for row in at.inputs(self.layer)]


def _split(route: Route, layer: int) -> None:
    levels = _Levels.of(route.at, layer)
    flat = 2 * (len(levels.values) - 1) <= len(route.at.weights(layer))
    installed = _install(route, levels, levels.plateaus if flat else levels.nodes[:-1])
    system = _System(levels, tuple(installed), tuple(installed.values()), flat, route.at)
    u = levels.of_inputs(route.at)
    route.straight(system.point(route.at, u), "flatten around equal inputs" if flat else "bend at the inputs")
    idle = {j: ((ZERO,) * len(levels.w), ZERO) for j in range(len(route.at.weights(layer))) if j not in installed}
    route.straight(route.at.with_units(layer, idle), "free idle units")
    for below in range(_lowest(route.at, layer), layer):
        _tell_apart(route, system, below)


def _install(route: Route, levels: _Levels, wanted: Sequence[Fraction]) -> dict[int, Fraction]:
    """Units that bend at these levels, in cleared places: where they are.

    They are installed so that as many as can be are independent of each other and of a constant, first; clearing again
    keeps them rather than others, so that there is always room: the others are at most what is missing to q.
    """
    layer, rest = levels.layer, list(wanted)
    installed: dict[int, Fraction] = {}
    while rest:
        kept = clear(route, layer, list(installed), constant_first=True)
        free = [j for j in range(len(route.at.weights(layer))) if j not in kept and j not in installed]
        if not free:
            raise InternalError("no room for a unit that bends at a level")
        units = {}
        for j in free:
            if rest:
                level = _independent(route.at, levels, [*installed.values()], rest)
                rest.remove(level)
                installed[j] = level
                units[j] = levels.unit(level)
        route.send(layer, units, "bend at levels between the inputs")
    return installed


def _independent(at: Layers, levels: _Levels, installed: Sequence[Fraction], rest: Sequence[Fraction]) -> Fraction:
    """The first level whose unit is independent of those installed and of a constant; any where none is."""
    u = levels.of_inputs(at)

    def column(level: Fraction) -> Vector:
        (found,) = at.activate(levels.layer, (tuple(levels.sign * (q - level) for q in u),))
        return found

    constant = (ONE,) * len(u)
    chosen, _ = spanning([constant, *map(column, installed), *map(column, rest)])
    return rest[next((k - 1 - len(installed) for k in chosen if k > len(installed)), 0)]


@dataclass(frozen=True)
class _System:
    """What determines the weights and the bias of the layer above from u at the data, so that its inputs stay.

    A condition is a number and the value there of the function of u that each unit of the layer above gets. They stand
    for the installed units and the bias; other units have no outgoing weights.
    """

    levels: _Levels
    installed: tuple[int, ...]
    bends: Vector
    flat: bool
    start: Layers

    @property
    def _first(self) -> list[int]:
        """For each value a datum that has it."""
        u = self.levels.of_inputs(self.start)
        return [u.index(value) for value in self.levels.values]

    def positions(self, u: Sequence[Fraction]) -> list[tuple[Fraction, int]]:
        """The conditions: where, and the datum whose value is to be had there."""
        levels, found = self.levels, []
        for k, (value, datum) in enumerate(zip(levels.values, self._first, strict=True)):
            ends = [value - levels.reach, value + levels.reach]
            if self.flat:
                ends = ends[0 if k else 1 : None if k < len(levels.values) - 1 else 1]
            elif not levels.several[k]:
                ends = [u[datum]]
            found += [(q, datum) for q in ends]
        return found

    def matrix(self, u: Sequence[Fraction]) -> list[Vector]:
        """A row a condition: what the installed units put out there, and 1."""
        at, sign = self.start, self.levels.sign
        points = [q for q, _ in self.positions(u)]
        columns = at.activate(self.levels.layer, tuple(tuple(sign * (q - b) for q in points) for b in self.bends))
        rows = [(*row, ONE) for row in transposed(columns)]
        if self.flat:
            # Beyond the outermost levels it is constant, too: the slopes of all units add up to 0.
            rows.append((*(ONE for _ in self.bends), ZERO))
        return rows

    def rows(self, u: Sequence[Fraction]) -> list[Vector]:
        """The solution, one row a unit of the layer above: its weights of the installed units, and its bias."""
        matrix, z = self.matrix(u), self.start.z(self.levels.layer + 1)
        found = []
        for unit in z:
            values = [unit[datum] for _, datum in self.positions(u)] + [ZERO] * self.flat
            solution = solve_regular(matrix, values)
            if solution is None:
                raise InternalError("units that bend at levels do not determine a function")
            found.append(solution)
        return found

    def point(self, at: Layers, u: Sequence[Fraction]) -> Point:
        """The point with this solution in the layer above."""
        above = self.levels.layer + 1
        weights = [[ZERO] * len(row) for row in at.weights(above)]
        rows = self.rows(u)
        for row, solution in zip(weights, rows, strict=True):
            for j, q in zip(self.installed, solution, strict=False):
                row[j] = q
        return at.with_layer(above, tuple(map(tuple, weights)), [row[-1] for row in rows])


# -- the small move -------------------------------------------------------------------------------------------------


def _tell_apart(route: Route, system: _System, below: int) -> None:
    """Make what a lower layer puts out distinct where the data are, so little that no u leaves its interval."""
    at = route.at
    if len(set(at.inputs(below + 1))) == len(at.rows):
        return
    (row, *_), (bias, *_) = at.weights(below), at.bias(below)
    (step, lift), share = _direction(at, below), ONE
    for _ in range(HALVINGS):
        moved = tuple(p + share * q for p, q in zip(row, step, strict=True))
        end = at.with_units(below, {0: (moved, bias + share * lift)})
        curve = _curve(at, end, below, system)
        if curve is not None and len(set(Layers(at.problem, end).inputs(below + 1))) == len(at.rows):
            layers = [] if system.flat else _rational(system, at, curve)
            if layers is not None:
                break
        share /= 2
    else:
        raise InternalError("no small move tells the data apart")
    if not layers:
        route.straight(end, "tell the data apart")
    gap = at.point.towards(end)
    for (s, _), layer in zip(curve[1:], layers, strict=False):
        route.builder.curved([layer], "tell the data apart", at.point.moved(gap, s))


def _direction(at: Layers, below: int) -> Unit:
    """A direction of the first unit of a layer along which its outputs part, at once, wherever the data differ.

    Where outputs agree those of the unit do. They part if slope times change differ, the slope that of the side of the
    kink they are on; where all changes are positive this is one condition on the bias a pair.
    """
    inputs, outputs, (z, *_) = at.inputs(below), at.inputs(below + 1), at.z(below)
    right, left = at.slopes(below)
    w = separating(inputs)
    u = [dot(w, row) for row in inputs]
    lifts = [ZERO]
    if at.trains_bias(below):
        lifts += [1 - min(u) + k for k in range(len(u) ** 2)]
    for lift in lifts:
        changes = [(q + lift) * (right if (side or q + lift) > 0 else left) for q, side in zip(u, z, strict=True)]
        if len(set(zip(outputs, changes, strict=True))) == len(outputs):
            return w, lift
    raise InternalError("no direction of a unit tells the data apart")


_Curve = list[tuple[Fraction, list[Fraction]]]
"""u at the data along a move, affine between."""


def _curve(at: Layers, end: Point, below: int, system: _System) -> _Curve | None:
    """u at the data along a move of one lower layer; None where one leaves its interval."""
    levels = system.levels
    nodes: list[Node] = [(ZERO, at.z(below)), (ONE, Layers(at.problem, end).z(below))]
    for layer in range(below, levels.layer):
        if layer > below:
            nodes = [(s, preactivations(at.weights(layer), at.bias(layer), f)) for s, f in nodes]
        nodes = [(s, at.activate(layer, z)) for s, z in cut_at_zeros(nodes)]
    u = [[dot(levels.w, row) for row in transposed(features)] for _, features in nodes]
    before = levels.of_inputs(system.start)
    if any(abs(p - q) >= levels.reach for row in u for p, q in zip(row, before, strict=True)):
        return None
    offsets = [
        (s, tuple(tuple(q - b for q in row) for b in system.bends)) for (s, _), row in zip(nodes, u, strict=True)
    ]
    return [(s, [q + system.bends[0] for q in matrix[0]]) for s, matrix in cut_at_zeros(offsets)]


def interpolated(numbers: Sequence[Fraction], values: Sequence[Fraction]) -> list[Fraction]:
    """The polynomial of least degree with these values, by Newton's divided differences."""
    found: list[Fraction] = []
    basis = [ONE]
    for k, number in enumerate(numbers):
        share = (values[k] - value_at(found, number)) / value_at(basis, number)
        found = add(found, times(share, basis))
        basis = multiply(basis, [-number, ONE])
    return found


def _rational(system: _System, at: Layers, curve: _Curve) -> list[RationalLayer] | None:
    """The layer above along each piece of a curve; None where the system becomes singular on one."""
    found = []
    for (_, one), (_, other) in pairwise(curve):
        layer = _piece(system, at, one, other)
        if layer is None or not layer.positive:
            return None
        found.append(layer)
    return found


def _piece(system: _System, at: Layers, one: Sequence[Fraction], other: Sequence[Fraction]) -> RationalLayer | None:
    """The solution of the system as a rational function, by Cramer's rule from its values at enough numbers.

    Rows of data that stay are constant: the degree is the number of conditions that move.
    """
    degree = sum(1 for row, last in zip(system.matrix(one), system.matrix(other), strict=True) if row != last)
    numbers = [Fraction(k, max(degree, 1)) for k in range(degree + 1)]
    bottoms, tops = [], []
    for s in numbers:
        u = [p + s * (q - p) for p, q in zip(one, other, strict=True)]
        bottoms.append(determinant(tuple(system.matrix(u))))
        if not bottoms[-1]:
            return None
        tops.append([[bottoms[-1] * q for q in row] for row in system.rows(u)])
    sign = 1 if bottoms[0] > 0 else -1
    size, above = len(at.weights(system.levels.layer)), system.levels.layer + 1
    rows = []
    for unit in range(len(at.weights(above))):
        row: list[Vector] = [()] * (size + 1)
        for k, place in enumerate((*system.installed, size)):
            row[place] = tuple(times(sign, interpolated(numbers, [top[unit][k] for top in tops])))
        rows.append(tuple(row))
    return RationalLayer(above - 1, tuple(rows), tuple(times(sign, interpolated(numbers, bottoms))))
