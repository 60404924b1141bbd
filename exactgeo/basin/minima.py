"""Every loss at which the training loss has a local minimum, and the connected sets of local minimisers.

Let r be the loss derivatives at a point and F(u) = sum_t r_t a(<u, x_t>). By the theorem of :mod:`exactgeo.minimum`,
with the whole hidden layer trained, the point is a local minimum iff sum_t r_t = 0 (output bias trained) and for
every neuron w_i is a local minimum of sign(v_i) F (of nothing when v_i is frozen at 0; F = 0 around w_i when v_i = 0
is trained).

*Candidates.* A local minimum is a minimum of every basin it lies in, and the derivatives r at a basin's minimum are
unique for a differentiable loss: so r is one of the finitely many gradients of the census.

*Faces.* F is linear on every region and 0 at a local minimum of +-F. So, for r fixed, whether w_i qualifies depends
on its face only: F = 0 on the rays of the face and +-F >= 0 on the rays of all regions that contain it (its star); =
0 on the star for v_i = 0.

*Existence.* The faces and signs of all neurons chosen, the predictions reached are the relative interior of the cone
of their columns (a sum of relative interiors is the relative interior of the sum): one linear program a set of columns.

*Connected sets.* A cell is a face and a sign for each neuron, and is connected. A cell touches another one's closure
iff the latter's faces are faces of its own and its signs are the same or 0, both nonempty. (If v_i becomes 0, keep
w_i: the cell with the larger face and sign 0 is nonempty too and lies between.) For r = 0 all faces qualify; then
closed basins and the facets between them suffice.

All this is for differentiable losses. The values of the absolute and the hinge loss are those of
:mod:`exactgeo.basin.nonsmooth`, without connected sets; the logistic loss has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement, product
from typing import TYPE_CHECKING, Any

from exactgeo.basin.cells import Cells
from exactgeo.basin.optimum import Optimum, Vector, indices
from exactgeo.errors import InternalError
from exactgeo.exact.lp import LPAnswer, Multipliers, cone_member, minimise
from exactgeo.exact.rational import format_rational
from exactgeo.minimum import decide
from exactgeo.problem import Loss, Point, Problem
from exactgeo.verdict import Kind, Strictness

if TYPE_CHECKING:
    from exactgeo.basin.census import Census

__all__ = ["LocalMinima", "Minima", "MinimumSet"]

ZERO = Fraction(0)
MOST = 10_000
"""Distinct optima above which ``local_minimum_values`` is not begun."""

BUDGET = 3_000_000
"""Sets of columns formed before ``local_minimum_values`` gives up; ``local_minima`` knows no limit."""

DIFFERENTIABLE = ("squared", "half_squared", "huber", "squared_hinge")


@dataclass(frozen=True)
class MinimumSet:
    """A connected set of local minimisers, modulo permutation of exchangeable neurons.

    Attributes
    ----------
    point : Point
        A member.
    strictness, flat_dimension
        As in :class:`exactgeo.minimum.Decision`; None where that does not decide: a Huber loss with a residual of M or
        more, a squared hinge loss with a margin of 1.
    """

    point: Point
    strictness: Strictness | None
    flat_dimension: int | None

    def to_json(self) -> dict[str, Any]:
        return {
            "strictness": None if self.strictness is None else str(self.strictness),
            "flat_dimension": self.flat_dimension,
            "representative": self.point.to_dict(),
        }


@dataclass(frozen=True)
class LocalMinima:
    """All local minima of one loss value."""

    value: Fraction
    sets: tuple[MinimumSet, ...]

    @property
    def count(self) -> int:
        """Number of connected sets modulo permutation."""
        return len(self.sets)

    def to_json(self) -> dict[str, Any]:
        return {"value": format_rational(self.value), "count": self.count, "sets": [s.to_json() for s in self.sets]}


@dataclass(frozen=True)
class _Option:
    """A face and an output sign one neuron may have, with the columns of the face."""

    rays: int
    sign: int
    mask: int


class Minima:
    """The local minima of a complete census; everything is computed on first use."""

    def __init__(self, census: Census) -> None:
        self._census = census
        self._frame: Cells = census.cells
        self.reason = ""
        kind = self._frame.program.kind
        if not census.complete:
            self.reason = "the search was ended before every basin had its value"
        elif kind == "logistic":
            self.reason = "local_minimum_values: minima of the logistic loss are not rational and are not listed"
        self._supported = not self.reason
        self._decoupled = kind in DIFFERENTIABLE

    @cached_property
    def _candidates(self) -> list[_Candidate]:
        first: dict[Vector, Optimum] = {}
        for best in self._census.optima:
            first.setdefault(best.gradient, best)
        found = [_Candidate(self._frame, best) for best in first.values()]
        return sorted(found, key=lambda c: c.value)

    @cached_property
    def values(self) -> list[Fraction] | None:
        """Every loss at which a local minimum exists, ascending; None with a reason above the budget."""
        if not self._supported:
            return None
        if not self._decoupled:
            return self._by_joint_faces()
        if "sets" in self.__dict__:
            return [level.value for level in self.sets or []]
        if self._census.distinct > MOST:
            self.reason = f"local_minimum_values: {self._census.distinct} distinct optima, above the budget of {MOST}"
            self.reason += "; --minima forces it"
            return None
        lowest, left, found = self._census.minimum, BUDGET, []
        for candidate in self._candidates:
            value = self._scaled(candidate.value)
            if value in found:
                continue
            if value == lowest:
                found.append(value)
            else:
                exists, work = candidate.exists(left)
                left -= work
                if exists is None:
                    self.reason = "local_minimum_values: above the budget of face combinations; --minima forces it"
                    return None
                if exists:
                    found.append(value)
        return found

    @cached_property
    def sets(self) -> list[LocalMinima] | None:
        """Connected sets of local minimisers by loss value, ascending, with a representative of small height each."""
        if not self._supported:
            return None
        if not self._decoupled:
            kind = self._frame.program.kind
            self.reason = self.reason or f"local_minima: the connected sets of the {kind} loss are not counted"
            return None
        by_value: dict[Fraction, list[MinimumSet]] = {}
        for candidate in self._candidates:
            points = self._flat_zero() if not any(candidate.best.gradient) else candidate.components()
            if points:
                value = self._scaled(candidate.value)
                by_value.setdefault(value, []).extend(self._certified(point, value) for point in points)
        if self.reason.startswith("local_minimum_values"):
            self.reason = ""
        self.__dict__["values"] = sorted(by_value)
        return [LocalMinima(value, tuple(by_value[value])) for value in sorted(by_value)]

    def _by_joint_faces(self) -> list[Fraction] | None:
        from exactgeo.basin.nonsmooth import levels

        frame = self._frame
        found = levels(frame, {frame.mask(basin.choice): basin.optimum for basin in self._census}, BUDGET)
        if found.reason:
            self.reason = f"local_minimum_values: {found.reason} ({frame.program.kind} loss)"
            return None
        return [self._scaled(value) for value in found.points]

    def _scaled(self, value: Fraction) -> Fraction:
        return value * self._census.share

    def _certified(self, point: Point, value: Fraction) -> MinimumSet:
        problem = self._frame.problem
        if problem.loss_at(point) != value:
            raise InternalError("a representative does not have its loss")
        decision = decide(_locally_squared(problem, point), point)
        if decision.kind is Kind.NOT_LOCAL_MINIMUM:
            raise InternalError("a representative of a set of local minima is no local minimum")
        if decision.kind is Kind.UNDECIDED:
            return MinimumSet(point, None, None)
        return MinimumSet(point, decision.strictness, decision.flat_dimension)

    def _flat_zero(self) -> list[Point]:
        """Representatives of the connected sets where every derivative is 0: closed basins joined through facets."""
        import networkx as nx

        from exactgeo.basin.settle import settle

        census, frame = self._census, self._frame
        level = [basin for basin in census if not any(basin.optimum.gradient)]
        members = {basin.index for basin in level}
        graph = nx.Graph()
        graph.add_nodes_from(members)
        walls: dict[int, list[tuple[int, int]]] = {}
        for one, other, mask in census.walls():
            if one in members and other in members:
                walls.setdefault(mask, []).append((one, other))
        masks = list(walls)
        optima, owner = settle(frame.program, masks)
        for mask, o in zip(masks, owner, strict=True):
            if not any(optima[o].gradient):
                graph.add_edges_from(walls[mask])
        parts = sorted(sorted(part) for part in nx.connected_components(graph))
        return [min((_fit(census[i].minimiser) for i in part[:40]), key=_height) for part in parts]


class _Candidate:
    """One gradient of the census: which faces it allows and which of their combinations hold a local minimum."""

    def __init__(self, frame: Cells, best: Optimum) -> None:
        self.frame = frame
        self.best = best
        if not isinstance(best.value, Fraction):
            raise InternalError("local minima of an enclosure")
        self.value: Fraction = best.value
        signs = frame.program.signs(best.gradient)
        positive = negative = 0
        for j in range(len(frame.rays)):
            column, scale = frame.ray_columns[j, 1]
            side = signs[column] if scale else 0
            positive |= (side > 0) << j
            negative |= (side < 0) << j
        barred = {1: negative, -1: positive, 0: positive | negative}
        self.options: list[list[_Option]] = []
        for group in frame.groups:
            wanted = (1, -1, 0) if group.value is None else ((1,) if group.value > 0 else (-1,))
            self.options.append(
                [
                    _Option(face.rays, sign, frame.face_mask(face, sign))
                    for face in frame.faces
                    if not face.rays & (positive | negative)
                    for sign in wanted
                    if not face.star & barred[sign]
                ]
            )
        self._reached: dict[int, tuple[dict[int, Fraction], Vector] | None] = {}
        self._obstacles: list[tuple[int, int]] = []

    @cached_property
    def _possible(self) -> bool:
        """Whether the predictions lie in the cone of all allowed columns at all."""
        if not all(self.options):
            return False
        union = 0
        for options in self.options:
            for option in options:
                union |= option.mask
        rows, sides, _ = self._targets()
        if any(sides):
            return True
        program = self.frame.program
        columns = [program.columns[j] for j in indices(union)]
        return isinstance(cone_member(rows, columns, program.lines), Multipliers)

    def _targets(self) -> tuple[list[Fraction], list[int], int]:
        """Goal for each prediction minus offset, and 0 (equal), 1 (at least) or -1 (at most)."""
        program = self.frame.program
        goals, sides = [], []
        for r, p, y, o in zip(self.best.gradient, self.best.prediction, program.y, program.offset, strict=True):
            side = 0
            if program.kind == "huber" and abs(r) == program.bound:
                side, p = (1, y + program.bound) if r > 0 else (-1, y - program.bound)
            elif program.kind == "squared_hinge" and not r:
                side, p = int(y), y
            goals.append(p - o)
            sides.append(side)
        return goals, sides, len(goals)

    def reach(self, mask: int) -> tuple[dict[int, Fraction], Vector] | None:
        """Positive weights of all columns of the mask, and line weights, with this gradient; None when there are
        none."""
        if mask not in self._reached:
            barred = any(not mask & below and (not above or mask & above) for below, above in self._obstacles)
            self._reached[mask] = None if barred else self._reach(mask)
        return self._reached[mask]

    def _reach(self, mask: int, apart: bool = False) -> tuple[dict[int, Fraction], Vector] | None:
        """With ``apart``, the predictions held by an inequality keep off their bounds as well."""
        program = self.frame.program
        chosen = indices(mask)
        columns = [program.columns[j] for j in chosen]
        goals, sides, m = self._targets()
        # weights = free part + margin on every column: maximise the margin, at most 1.
        rows, slack = [], [t for t in range(m) if sides[t]]
        for t in range(m):
            row = [column[t] for column in columns]
            for line in program.lines:
                row += [line[t], -line[t]]
            row += [-sides[t] * int(s == t) for s in slack]
            rows.append([*row, sum(column[t] for column in columns) - apart * sides[t], 0])
        width = len(rows[0])
        rows.append([0] * (width - 2) + [1, 1])
        answer = minimise([0] * (width - 2) + [-1, 0], rows, [*goals, 1])
        if answer.status != "optimal" or answer.x is None or not answer.x[width - 2]:
            if not apart:
                self._learn(mask, answer)
            return None
        margin = answer.x[width - 2]
        rest = answer.x[len(columns) : len(columns) + 2 * len(program.lines)]
        lines = tuple(a - b for a, b in zip(rest[::2], rest[1::2], strict=True))
        return {j: q + margin for j, q in zip(chosen, answer.x, strict=False)}, lines

    def _learn(self, mask: int, answer: LPAnswer) -> None:
        """Keep the functional u that shows that the goals are not in the relative interior of a cone of columns.

        Either <u, column> >= 0 and <u, goals> < 0; or <u, goals> = 0 and some of the non-negative <u, column> are
        positive. It bars every other set of columns of which the same is true.
        """
        if answer.y is None:
            raise InternalError("a linear program of bounded value is unbounded")
        goals, _, m = self._targets()
        u = tuple(-q for q in answer.y[:m])
        side = sum((a * b for a, b in zip(u, goals, strict=True)), ZERO)
        signs = self.frame.program.signs(u)
        below = sum(1 << j for j, s in enumerate(signs) if s < 0)
        above = sum(1 << j for j, s in enumerate(signs) if s > 0) if side == 0 else 0
        if mask & below or side > 0 or (side == 0 and not mask & above):
            raise InternalError("a functional does not bar the columns it was found for")
        self._obstacles.append((below, above))

    def exists(self, budget: int) -> tuple[bool | None, int]:
        """Whether some choice of faces reaches the predictions, and the work done; None above the budget."""
        if not self._possible:
            return False, 1
        unions, work = {0}, 1
        for group, options in zip(self.frame.groups, self.options, strict=True):
            table = {option.mask for option in options}
            for _ in group.neurons:
                work += len(unions) * len(table)
                if work > budget:
                    return None, work
                unions = {union | mask for union in unions for mask in table}
        # Large sets first: what keeps their cone from the predictions bars their subsets as well.
        order = sorted(unions, key=lambda union: (-union.bit_count(), union))
        return any(self.reach(union) is not None for union in order), work + len(order)

    def components(self) -> list[Point]:
        """A representative of each connected set of local minimisers with this gradient, modulo permutation."""
        import networkx as nx

        if not self._possible:
            return []
        classes = [_classes(options) for options in self.options]
        sizes = [len(group.neurons) for group in self.frame.groups]
        graph = nx.Graph()
        spaces = [
            list(combinations_with_replacement(range(len(found)), size))
            for (found, _), size in zip(classes, sizes, strict=True)
        ]
        for node in product(*spaces):
            union = 0
            for (found, _), part in zip(classes, node, strict=True):
                for k in part:
                    union |= found[k][0].mask
            if self.reach(union) is not None:
                graph.add_node(node)
        nodes = list(graph)
        for node in nodes:
            below = [
                product(*(sorted({k, *down[k]}) for k in part)) for (_, down), part in zip(classes, node, strict=True)
            ]
            for lower in product(*below):
                other = tuple(tuple(sorted(part)) for part in lower)
                if other != node and other in graph:
                    graph.add_edge(node, other)
        return [
            min((self._point([c for c, _ in classes], node) for node in sorted(part)[:12]), key=_height)
            for part in sorted(sorted(part) for part in nx.connected_components(graph))
        ]

    def _point(self, classes: Sequence[Sequence[Sequence[_Option]]], node: Sequence[Sequence[int]]) -> Point:
        """A member of a nonempty cell: weights of a shared column are split evenly, rays without a column get weight
        1."""
        frame = self.frame
        picked: dict[int, _Option] = {}
        union = 0
        for group, found, part in zip(frame.groups, classes, node, strict=True):
            for neuron, k in zip(group.neurons, part, strict=True):
                picked[neuron] = min(found[k], key=lambda o: (abs(o.sign), o.rays.bit_count(), o.rays))
                union |= picked[neuron].mask
        reached = (self._reach(union, apart=True) if any(self._targets()[1]) else None) or self.reach(union)
        if reached is None:
            raise InternalError("a nonempty cell became empty")
        weights, lines = reached
        uses: dict[int, int] = {}
        for option in picked.values():
            for j in indices(option.rays):
                column, scale = frame.ray_columns[j, option.sign or 1]
                if scale and option.sign:
                    uses[column] = uses.get(column, 0) + 1
        neurons = {}
        for neuron, option in picked.items():
            z = [ZERO] * len(frame.rows[0])
            for j in indices(option.rays):
                column, scale = frame.ray_columns[j, option.sign or 1]
                share = weights[column] / uses[column] / scale if scale and option.sign else Fraction(1)
                z = [a + share * b for a, b in zip(z, frame.rays[j], strict=True)]
            neurons[neuron] = (z, option.sign)
        return frame.point(neurons, lines)


def _classes(options: Sequence[_Option]) -> tuple[list[list[_Option]], list[set[int]]]:
    """Options with the same columns that touch, joined into classes; and for each class those that its closure touches.

    An option touches another one of its closure: a face of its face, with the same sign or 0. Options with the same
    columns are filled or empty together, so a class is connected within any cell.
    """
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(range(len(options)))
    pairs = [
        (i, j)
        for i, upper in enumerate(options)
        for j, lower in enumerate(options)
        if i != j and not lower.rays & ~upper.rays and lower.sign in (upper.sign, 0)
    ]
    graph.add_edges_from((i, j) for i, j in pairs if options[i].mask == options[j].mask)
    parts = sorted(sorted(part) for part in nx.connected_components(graph))
    home = {i: k for k, part in enumerate(parts) for i in part}
    down: list[set[int]] = [set() for _ in parts]
    for i, j in pairs:
        if home[i] != home[j]:
            down[home[i]].add(home[j])
    return [[options[i] for i in part] for part in parts], down


def _locally_squared(problem: Problem, point: Point) -> Problem:
    """A problem with a squared loss whose loss differs by a constant near the point, where there is one; else the same.

    Squared hinge: (1 - y p)^2 = (p - y)^2 for y = +-1, and data with margin above 1 do not count. Huber: half squared
    while no residual is as large as M.
    """
    kind, bound = problem.loss.kind, problem.loss.parameter or Fraction(1)
    pairs = [(p[0], y[0]) for p, y in zip(problem.predictions(point), problem.y, strict=True)]
    if kind == "huber" and all(abs(p - y) < bound for p, y in pairs):
        return replace(problem, loss=Loss("half_squared", problem.loss.reduction))
    margins = [y * p for p, y in pairs]
    if kind == "squared_hinge" and 1 not in margins and min(margins) < 1:
        kept = [t for t, margin in enumerate(margins) if margin < 1]
        x, y = tuple(problem.x[t] for t in kept), tuple(problem.y[t] for t in kept)
        return replace(problem, x=x, y=y, loss=Loss("squared"))
    return problem


def _fit(point: Point | None) -> Point:
    if point is None:
        raise InternalError("a basin without a minimiser among exact fits")
    return point


def _height(point: Point) -> tuple[int, int]:
    """How long a point is to write: total bits of its rationals, then their number of nonzero entries."""
    entries = [q for layer in point.weights for row in layer for q in row] + [
        q for layer in point.biases for q in layer
    ]
    return (
        sum(q.numerator.bit_length() + q.denominator.bit_length() for q in entries),
        sum(1 for q in entries if q),
    )
