"""One gradient: whether the faces it allows hold a local minimum, and the connected sets of them.

The claims of :mod:`exactgeo.basin.minima` for one gradient, by linear programs that remember why they failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property, reduce
from itertools import combinations_with_replacement, product
from operator import mul, or_

from exactgeo.basin.cone_program import Optimum, indices
from exactgeo.basin.minima.candidates import SignedFace
from exactgeo.basin.reduction import Reduction
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import exact
from exactgeo.exact.lp import LPAnswer, minimise
from exactgeo.exact.matrix import nullspace, rank
from exactgeo.exact.vectors import ZERO, Vector
from exactgeo.losses import Loss
from exactgeo.problem import Point

__all__ = ["FaceSearch", "height"]


class FaceSearch:
    """One gradient of a census: which combinations of the faces it allows hold a local minimum.

    Parameters
    ----------
    reduction : Reduction
    best : Optimum
        Of rational value.
    faces : for each group of neurons the signed faces each may have
    spend : callable (int)
        Told of the work done, in sets of columns formed; raises when there shall be no more.
    """

    def __init__(
        self,
        reduction: Reduction,
        best: Optimum,
        faces: Sequence[Sequence[SignedFace]],
        spend: Callable[[int], None],
    ) -> None:
        self.reduction = reduction
        self.best = best
        self.value = exact(best.value)
        self.faces = faces
        self._spend = spend
        self._reached: dict[int, tuple[dict[int, Fraction], Vector] | None] = {}
        self._obstacles: list[tuple[int, int]] = []

    @cached_property
    def _goals(self) -> list[tuple[int, Fraction, int]]:
        """Which predictions have this gradient: for a datum a goal for prediction minus offset, and 0 (equal), 1 (at
        least) or -1 (at most)."""
        program = self.reduction.program
        goals = []
        for t, (r, p, y) in enumerate(zip(self.best.gradient, self.best.prediction, program.y, strict=True)):
            lowest, highest = _predictions(program.loss, r, p, y)
            if lowest == highest:
                goals.append((t, p - program.offset[t], 0))
                continue
            goals += [(t, q - program.offset[t], side) for q, side in ((lowest, 1), (highest, -1)) if q is not None]
        return goals

    def reach(self, mask: int) -> tuple[dict[int, Fraction], Vector] | None:
        """Positive weights of all columns of the mask, and line weights, with this gradient; None when there are
        none."""
        if mask not in self._reached:
            self._reached[mask] = None if self._barring(mask) else self._reach(mask)
        return self._reached[mask]

    def _barring(self, mask: int) -> list[tuple[int, int]]:
        """The obstacles learnt so far that bar a set of columns."""
        return [pair for pair in self._obstacles if not mask & pair[0] and (not pair[1] or mask & pair[1])]

    def _holds(self, mask: int) -> bool:
        """Whether :meth:`reach` finds something; mostly without the linear program.

        Let the prediction be a positive combination of S <= mask. A little of a column c that S, the lines and the
        columns that come with their opposites span can be added to it and taken back from these.
        """
        support = self.best.support
        if mask in self._reached or support & ~mask:
            return self.reach(mask) is not None
        program = self.reduction.program
        two_sided = sum(1 << j for j in indices(mask) if mask >> program.opposite[j] & 1)
        inner = [*program.lines, *(program.columns[j] for j in indices((support | two_sided) & mask))]
        outer = [program.columns[j] for j in indices(mask & ~support & ~two_sided)]
        if rank(inner, program.m) == rank([*inner, *outer], program.m):
            return True
        return self.reach(mask) is not None

    def _reach(self, mask: int, apart: bool = False) -> tuple[dict[int, Fraction], Vector] | None:
        """With ``apart``, the predictions held by an inequality keep off their bounds as well."""
        program = self.reduction.program
        chosen = indices(mask)
        columns = [program.columns[j] for j in chosen]
        # weights = free part + margin on every column: maximise the margin, at most 1.
        rows, slack = [], [k for k, (_, _, side) in enumerate(self._goals) if side]
        for k, (t, _, side) in enumerate(self._goals):
            row = [column[t] for column in columns]
            for line in program.lines:
                row += [line[t], -line[t]]
            row += [-side * int(s == k) for s in slack]
            rows.append([*row, sum(column[t] for column in columns) - apart * side, 0])
        width = len(rows[0])
        rows.append([0] * (width - 2) + [1, 1])
        answer = minimise([0] * (width - 2) + [-1, 0], rows, [*(goal for _, goal, _ in self._goals), 1])
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
        u, bound = [ZERO] * self.reduction.program.m, ZERO
        for q, (t, goal, _) in zip(answer.y, self._goals, strict=False):
            u[t] -= q
            bound -= q * goal
        signs = self.reduction.program.signs(tuple(u))
        below = sum(1 << j for j, s in enumerate(signs) if s < 0)
        above = sum(1 << j for j, s in enumerate(signs) if s > 0) if bound == 0 else 0
        if mask & below or bound > 0 or (bound == 0 and not mask & above):
            raise InternalError("a functional does not bar the columns it was found for")
        self._obstacles.append((below, above))

    def exists(self) -> bool:
        """Whether some choice of faces reaches the predictions."""
        choices = [list({face.mask for face in faces}) for faces in self.faces]
        union = _union(choices)
        while not self._holds(union):
            # No choice can have a column above an obstacle of the union: it has none below that would make up for it.
            for _, above in self._barring(union):
                choices = [[mask for mask in masks if above and not mask & above] for masks in choices]
            if not all(choices):
                return False
            union = _union(choices)
        sizes = [len(group.neurons) for group in self.reduction.exchangeable]
        return (
            self._covers(choices, sizes, union) or self._within(choices, sizes, union) or self._searched(choices, sizes)
        )

    def _covers(self, choices: Sequence[Sequence[int]], sizes: Sequence[int], union: int) -> bool:
        """Whether so many choices have all columns of the union, if the largest gain each time leads there."""
        covered = 0
        for masks, size in zip(choices, sizes, strict=True):
            for _ in range(size):
                covered |= max(masks, key=lambda mask: ((mask & ~covered).bit_count(), mask))
        return covered == union

    def _within(self, choices: Sequence[Sequence[int]], sizes: Sequence[int], union: int) -> bool:
        """Whether choices inside the span of the optimum's own columns have all of these; then they reach it."""
        program, support = self.reduction.program, self.best.support
        own = [*program.lines, *(program.columns[j] for j in indices(support))]
        normals = nullspace(own, program.m)
        inside = sum(1 << j for j in indices(union) if not any(sum(map(mul, n, program.columns[j])) for n in normals))
        # What of the optimum's columns is covered, with one union that covers it.
        parts = {0: 0}
        for masks, size in zip(choices, sizes, strict=True):
            fit = [mask for mask in masks if not mask & ~inside]
            for _ in range(size):
                self._spend(len(parts) * len(fit))
                parts = {(union | mask) & support: union | mask for union in parts.values() for mask in fit}
        return support in parts and self._holds(parts[support])

    def _searched(self, choices: Sequence[Sequence[int]], sizes: Sequence[int]) -> bool:
        unions = {0}
        for masks, size in zip(choices, sizes, strict=True):
            for _ in range(size):
                self._spend(len(unions) * len(masks))
                unions = {union | mask for union in unions for mask in masks}
        # Large sets first: what keeps their cone from the predictions bars their subsets as well.
        for union in sorted(unions, key=lambda union: (-union.bit_count(), union)):
            self._spend(1)
            if self._holds(union):
                return True
        return False

    def components(self) -> list[Point]:
        """A representative of each connected set of local minimisers with this gradient, modulo permutation."""
        import networkx as nx

        classes = [_classes(faces) for faces in self.faces]
        sizes = [len(group.neurons) for group in self.reduction.exchangeable]
        graph = nx.Graph()
        spaces = [
            list(combinations_with_replacement(range(len(found)), size))
            for (found, _), size in zip(classes, sizes, strict=True)
        ]
        for node in product(*spaces):
            self._spend(0)
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
            min((self._point([c for c, _ in classes], node) for node in sorted(part)[:12]), key=height)
            for part in sorted(sorted(part) for part in nx.connected_components(graph))
        ]

    def _point(self, classes: Sequence[Sequence[Sequence[SignedFace]]], node: Sequence[Sequence[int]]) -> Point:
        """A member of a nonempty cell: weights of a shared column are split evenly, rays without a column get weight
        1."""
        reduction = self.reduction
        picked: dict[int, SignedFace] = {}
        union = 0
        for group, found, part in zip(reduction.exchangeable, classes, node, strict=True):
            for neuron, k in zip(group.neurons, part, strict=True):
                picked[neuron] = min(found[k], key=lambda face: (abs(face.sign), face.rays.bit_count(), face.rays))
                union |= picked[neuron].mask
        bounded = any(side for _, _, side in self._goals)
        reached = (self._reach(union, apart=True) if bounded else None) or self.reach(union)
        if reached is None:
            raise InternalError("a nonempty cell became empty")
        faces = {neuron: (face.rays, face.sign) for neuron, face in picked.items()}
        return reduction.invert(faces, *reached, inside=True)


def _predictions(loss: Loss, r: Fraction, p: Fraction, y: Fraction) -> tuple[Fraction | None, Fraction | None]:
    """Least and largest prediction at which r is the derivative, as at p; None where there is none."""
    pieces = loss.pieces(y)
    if pieces is None:
        raise InternalError(f"the {loss.name} loss has no pieces")
    begins, ends = (None, *pieces.breaks), (*pieces.breaks, None)
    for lowest, highest, (a, b, _) in zip(begins, ends, pieces.quadratics, strict=True):
        if not a and b == r:
            return lowest, highest
    return p, p


def _classes(faces: Sequence[SignedFace]) -> tuple[list[list[SignedFace]], list[set[int]]]:
    """Faces with the same columns that touch, joined into classes; and for each class those that its closure touches.

    A face touches another one of its closure: a face of it, with the same sign or 0. Faces with the same
    columns are filled or empty together, so a class is connected within any cell.
    """
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(range(len(faces)))
    pairs = [
        (i, j)
        for i, upper in enumerate(faces)
        for j, lower in enumerate(faces)
        if i != j and not lower.rays & ~upper.rays and lower.sign in (upper.sign, 0)
    ]
    graph.add_edges_from((i, j) for i, j in pairs if faces[i].mask == faces[j].mask)
    parts = sorted(sorted(part) for part in nx.connected_components(graph))
    class_of = {i: k for k, part in enumerate(parts) for i in part}
    down: list[set[int]] = [set() for _ in parts]
    for i, j in pairs:
        if class_of[i] != class_of[j]:
            down[class_of[i]].add(class_of[j])
    return [[faces[i] for i in part] for part in parts], down


def _union(choices: Sequence[Sequence[int]]) -> int:
    return reduce(or_, (mask for masks in choices for mask in masks), 0)


def height(point: Point) -> tuple[int, int]:
    """How long a point is to write: total bits of its rationals, then their number of nonzero entries."""
    entries = [q for layer in point.weights for row in layer for q in row] + [
        q for layer in point.biases for q in layer
    ]
    return (
        sum(q.numerator.bit_length() + q.denominator.bit_length() for q in entries),
        sum(1 for q in entries if q),
    )
