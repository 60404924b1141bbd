"""Every loss at which the training loss has a local minimum, for piecewise linear losses: the absolute, the hinge.

Their subgradients differ from basin to basin, so the neurons do not decouple (compare :mod:`exactgeo.basin.minima`).

*Every v_i nonzero.* Small moves of the neurons cover a neighbourhood of z_i = v_i w_i, in the union of the closed
basins that contain the point; on each of them the loss is convex. So the point is a local minimum iff its loss is the
value of every basin that contains it, and these depend only on the joint face F: a face and a sign for each neuron,
z_i in the relative interior. A loss alpha occurs iff for some F all basins around F have the value alpha and a point
of the relative interior of F has the loss alpha: one linear program. Let r be a subgradient of the certificate of one
of these basins: L(q) >= alpha + <r, q - offset> on it, so a column of F with <r, column> > 0 excludes F at once.

*A dead region* (one with a(X w) = 0). If some v_i = 0 at a local minimum, put w_i into that region: the predictions
near the new point occur near the old one with v_i = 0, so it is a local minimum of the same loss, and v_i may be
anything but 0 there. Nothing new comes from v_i = 0, trained or not. (v_i = 0 and w_i = 0: a nonzero v_i allows fewer
moves and the same predictions, so this holds no new loss either.)

*No dead region, v trained, v_i = 0 for one neuron*, the others on F with predictions p. Near p the loss is
L(p) + max {<r, dp>: r in dL(p)}, a box, and the others' moves around F within one basin, whose columns are J, change
p by cone(J) + span(F) + lines. So their best answer to a change q is h_J(q) = max {<r, q>: r in P_J},

    P_J = {r in dL(p): <r, column> >= 0 on J, = 0 on F and on the lines}, not empty.

The point is a local minimum iff h_J(s a(X w)) >= 0 for all w near w_i, both signs s, and all J. This set of w_i is
open, so let w_i lie in an open region, where a(X w) = A w. If some r in P_J has A^T r = 0, then h_J >= 0 there. Else
the polytope A^T P_J misses 0, some w_0 has <., w_0> < 0 on it, and h_J(s A w) <= 0 at w makes h_J negative at points
w + s delta w_0: so h_J > 0 at w itself is needed, for both signs. That is: <., w> is positive at one vertex of A^T P_J
and negative at another. Cut the region along such vertices, finitely many, and try every choice. Which p of the
relative interior of F with the loss alpha is taken does not matter: with w fixed the loss is convex in the other
neurons' z and in |v_i|, so h_J >= 0 says that alpha is its minimum over cone(J, s a(X w)), whatever p is.

*Several v_i = 0 without a dead region*: likewise their w_i may be taken generic, each has to pass this test alone, and
h_J >= 0 is needed on all sums of k_i a(X w_i), k_i real. If generic a(X w_i) of these regions span what all columns of
the regions span, this says that some r in P_J vanishes on these columns. Where they do not, such an r is sufficient
for a J; so is, for each choice of signs s_i, an r in P_J with s_i <r, a(X w_i)> > 0 for all i: then h_J > 0 around, as
some s_i k_i > 0. Some w_i are tried; if none is sufficient, the question is left open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement, product
from random import Random

from exactgeo.basin.cone_program import Optimum, Program, indices, loss_value
from exactgeo.basin.reduction import Reduction
from exactgeo.basin.solvers import solve
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import exact
from exactgeo.exact.lp import minimise
from exactgeo.exact.matrix import Row, primitive, rank
from exactgeo.exact.vectors import ZERO, Integers, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.problem import Point

__all__ = ["Levels", "levels"]

PROGRAM = 100
"""What a linear program counts, in combinations of basins."""
TRIALS = 20
"""Choices of input weights tried for several output weights of 0 in given regions."""


@dataclass(frozen=True)
class Levels:
    """The losses at which a local minimum exists, ascending, each with a member.

    Attributes
    ----------
    points : mapping from value to Point
        Ascending; incomplete when there is a reason.
    reason : str
        Why it may be incomplete; "" when it is complete.
    """

    points: Mapping[Fraction, Point]
    reason: str = ""


_Generator = tuple[Integers, Vector]
"""w and a(X w)."""


class _AboveBudget(Exception):
    pass


@dataclass(frozen=True)
class _SignedFace:
    """A face and an output sign of one neuron; ``star`` are the columns of the regions around it."""

    rays: int
    sign: int
    mask: int
    star: tuple[int, ...]


@dataclass(frozen=True)
class _Joint:
    """A joint face: its columns, those of the basins around it, and one choice of signed faces that has them."""

    mask: int
    around: frozenset[int]
    chosen: tuple[tuple[int, _SignedFace], ...]


@dataclass(frozen=True)
class _Reached:
    weights: dict[int, Fraction]
    lines: Vector
    prediction: Vector


@dataclass(frozen=True)
class _Kink:
    """Of datum t: ``value``, ``under`` times max(0, at - p), and ``over`` times max(0, p - at)."""

    t: int
    at: Fraction
    under: Fraction
    over: Fraction
    value: Fraction


def levels(
    reduction: Reduction, known: Mapping[int, Optimum], budget: int, tick: Callable[[int], object] = int
) -> Levels:
    """Every loss with a local minimum, by joint faces and by output weights that are 0.

    Parameters
    ----------
    reduction : Reduction
        Of a problem with a piecewise linear loss that has a kink.
    known : mapping from column mask to Optimum
        Optima of basins; what is not among them is solved.
    budget : int
        Combinations of basins looked at before it gives up.
    tick : callable (int), optional
        Called with 0 now and then; raises when there is no more time.

    Returns
    -------
    Levels
        Cost: the joint faces times the basins around each, and one linear program a set of columns that passes.
    """
    return _JointFaceSearch(reduction, known, budget, tick).run()


class _JointFaceSearch:
    def __init__(
        self, reduction: Reduction, known: Mapping[int, Optimum], budget: int, tick: Callable[[int], object]
    ) -> None:
        self._tick = tick
        self.reduction = reduction
        self.program: Program = reduction.program
        self.left = budget
        self.optima = dict(known)
        self.excluded: dict[int, int] = {}
        self.reached: dict[tuple[int, Fraction], _Reached | None] = {}
        self.found: dict[Fraction, Point] = {}
        self._open = False

    def run(self) -> Levels:
        trained = [group for group in self.reduction.exchangeable if group.frozen is None]
        width = sum(len(group.neurons) for group in trained)
        dead = any(not self.reduction.column_mask(rays, 1) for rays in self.reduction.region_rays)
        doubtful: set[Fraction] = set()
        try:
            for idle in range(1 if dead else width + 1):
                for joint, value in self._minima(idle):
                    reached = self._reach(joint.mask, value)
                    if reached is None:
                        continue
                    outputs = self._outside(joint, reached.prediction, idle) if idle else ()
                    if outputs is not None:
                        self._replay(joint, value, outputs)
                        self._keep(joint, reached, value, outputs)
                    elif self._open:
                        doubtful.add(value)
        except _AboveBudget:
            return Levels(self._sorted(), "above the budget of face combinations")
        doubtful -= self.found.keys()
        reason = "" if not doubtful else "several trained output weights of 0 are not decided for this loss"
        return Levels(self._sorted(), reason)

    def _sorted(self) -> dict[Fraction, Point]:
        return dict(sorted(self.found.items()))

    def _spend(self, work: int) -> None:
        self._tick(0)
        self.left -= work
        if self.left < 0:
            raise _AboveBudget

    # -- joint faces --------------------------------------------------------------------------------------------

    def _minima(self, idle: int) -> Iterator[tuple[_Joint, Fraction]]:
        """Joint faces of all but ``idle`` neurons whose basins all have one value, not yet found, and this value."""
        for joint in self._joints(idle):
            value = self._level(joint)
            if value is not None and value not in self.found:
                yield joint, value

    def _joints(self, idle: int) -> Iterator[_Joint]:
        """One joint face for each set of columns and of columns around."""
        neurons = [(i, group) for group in self.reduction.exchangeable for i in group.neurons]
        states = {(0, frozenset([0])): _Joint(0, frozenset([0]), ())}
        for i, group in neurons[: len(neurons) - idle]:
            faces = self._signed_faces((1, -1) if group.frozen is None else ((1,) if group.frozen > 0 else (-1,)))
            grown: dict[tuple[int, frozenset[int]], _Joint] = {}
            for state in states.values():
                for face in faces:
                    self._spend(len(state.around) * len(face.star))
                    mask = state.mask | face.mask
                    around = frozenset(a | b for a in state.around for b in face.star)
                    if (mask, around) not in grown:
                        grown[mask, around] = _Joint(mask, around, (*state.chosen, (i, face)))
            states = grown
        return iter(states.values())

    def _signed_faces(self, signs: Sequence[int]) -> list[_SignedFace]:
        reduction = self.reduction
        found: dict[tuple[int, tuple[int, ...]], _SignedFace] = {}
        for sign in signs:
            for face in reduction.faces:
                around = [rays for rays in reduction.region_rays if not face.rays & ~rays]
                star = tuple(sorted({reduction.column_mask(rays, sign) for rays in around}))
                mask = reduction.column_mask(face.rays, sign)
                found.setdefault((mask, star), _SignedFace(face.rays, sign, mask, star))
        return list(found.values())

    def _level(self, joint: _Joint) -> Fraction | None:
        """The value shared by the basins around a joint face; None if they differ or a certificate excludes it."""
        value: Fraction | None = None
        for union in joint.around:
            best = self._optimum(union)
            if (value is not None and best.value != value) or joint.mask & self.excluded[union]:
                return None
            value = exact(best.value)
        return value

    def _optimum(self, mask: int) -> Optimum:
        if mask not in self.optima:
            self._tick(0)
            self.optima[mask] = solve(self.program, mask)
        best = self.optima[mask]
        if mask not in self.excluded:
            signs = self.program.signs(best.gradient)
            self.excluded[mask] = sum(1 << j for j in indices(mask) if signs[j] > 0)
        return best

    @cached_property
    def _kinks(self) -> list[_Kink]:
        """The losses of all data as sums over their kinks: the first carries the value there and the slope on its left,
        each the bend to its right."""
        program, kinks = self.program, []
        for t, y in enumerate(program.y):
            pieces = program.loss.pieces(y)
            if pieces is None or any(a for a, _, _ in pieces.quadratics):
                raise InternalError(f"the {program.loss.name} loss is not piecewise linear")
            slopes, breaks = [b for _, b, _ in pieces.quadratics], pieces.breaks or (ZERO,)
            kinks.append(_Kink(t, breaks[0], -slopes[0], slopes[min(1, len(pieces.breaks))], pieces.at(breaks[0])))
            kinks += [
                _Kink(t, at, ZERO, after - before, ZERO)
                for at, before, after in zip(breaks[1:], slopes[1:], slopes[2:], strict=False)
            ]
        return kinks

    # -- points of a face ---------------------------------------------------------------------------------------

    def _reach(self, mask: int, value: Fraction) -> _Reached | None:
        """Positive weights of all columns of the mask, and of lines, with this loss, the least that they can have."""
        if (mask, value) not in self.reached:
            self._spend(PROGRAM)
            self.reached[mask, value] = self._solve(mask, value)
        return self.reached[mask, value]

    def _solve(self, mask: int, value: Fraction) -> _Reached | None:
        program, kinks = self.program, self._kinks
        chosen = indices(mask)
        columns = [program.columns[j] for j in chosen]
        rows: list[Row] = []
        goal: list[Fraction | int] = []
        # weights = free part + margin on every column; p = kink + over - under, each at its cost.
        for k, kink in enumerate(kinks):
            entries: list[Fraction | int] = [column[kink.t] for column in columns]
            for line in program.lines:
                entries += [line[kink.t], -line[kink.t]]
            unit = [int(i == k) for i in range(len(kinks))]
            entries += [*unit, *(-q for q in unit), sum(column[kink.t] for column in columns), 0]
            rows.append(entries)
            goal.append(kink.at - program.offset[kink.t])
        free, both = len(chosen) + 2 * len(program.lines), 2 * len(kinks)
        costs = [*(kink.under for kink in kinks), *(kink.over for kink in kinks)]
        rows += [[0] * free + costs + [0, 0], [0] * (free + both) + [1, 1]]
        cost = value / program.weight - sum((kink.value for kink in kinks), ZERO)
        answer = minimise([0] * (free + both) + [-1, 0], rows, [*goal, cost, 1])
        if answer.status == "infeasible":
            return None
        if answer.status != "optimal" or answer.x is None:
            raise InternalError("a linear program of bounded value is unbounded")
        margin = answer.x[-2]
        if not margin:
            return None
        weights = {j: q + margin for j, q in zip(chosen, answer.x, strict=False)}
        rest = answer.x[len(chosen) : free]
        lines = tuple(a - b for a, b in zip(rest[::2], rest[1::2], strict=True))
        prediction = program.predictions(weights, lines)
        if loss_value(program, prediction) != value:
            raise InternalError("a point of a face does not have its loss")
        return _Reached(weights, lines, prediction)

    # -- an output weight of 0 ----------------------------------------------------------------------------------

    def _outside(self, joint: _Joint, prediction: Vector, idle: int) -> tuple[Integers, ...] | None:
        """Input weights in open regions of ``idle`` neurons that keep the local minimum with output weights 0.

        None when there are none, or, with ``_open`` set, none were found.
        """
        boxes = [_Subgradients(self.program, prediction, joint.mask, union) for union in joint.around]
        zero = (ZERO,) * self.program.m
        passed: list[tuple[list[_Generator], Integers]] = []
        for rays in self.reduction.region_rays:
            generators = self._generators(rays)
            outputs = [primitive(vector) for _, vector in generators if any(vector)]
            tight = [box for box in boxes if box.largest(zero, outputs) is None]
            w = self._cut(generators, [(box, sign) for box in tight for sign in (1, -1)])
            if w is not None and idle == 1:
                return (w,)
            if w is not None:
                passed.append((generators, w))
        self._open = False
        for chosen in combinations_with_replacement(passed, idle):
            found, decided = self._together(boxes, [g for g, _ in chosen], [w for _, w in chosen])
            if found is not None:
                return found
            self._open |= not decided
        return None

    def _generators(self, rays: int) -> list[_Generator]:
        reduction, program = self.reduction, self.program
        result = []
        for j in indices(rays):
            column, scale = reduction.ray_columns[j, 1]
            vector = tuple(scale * q for q in program.columns[column]) if scale else (ZERO,) * program.m
            result.append((reduction.rays[j], vector))
        return result

    def _together(
        self, boxes: Sequence[_Subgradients], regions: Sequence[list[_Generator]], first: Sequence[Integers]
    ) -> tuple[tuple[Integers, ...] | None, bool]:
        """Input weights in these regions that pass together, and whether None means that there are none."""
        zero = (ZERO,) * self.program.m
        outputs = [primitive(vector) for generators in regions for _, vector in generators if any(vector)]
        tight = [box for box in boxes if box.largest(zero, outputs) is None]
        if not tight:
            return tuple(first), True
        # Any weights do for the rank: what some of them span, generic ones span.
        source = Random(len(outputs))
        full = rank(outputs, self.program.m)
        for _ in range(TRIALS):
            picked = [_inside(generators, source) for generators in regions]
            vectors = [vector for _, vector in picked]
            if rank(vectors, self.program.m) == full:
                return None, True
            self._spend(PROGRAM)
            if all(
                box.separates([tuple(s * q for q in v) for s, v in zip(signs, vectors, strict=True)])
                for box in tight
                for signs in product((1, -1), repeat=len(vectors))
            ):
                return tuple(w for w, _ in picked), True
        return None, False

    def _cut(self, generators: list[_Generator], conditions: list[tuple[_Subgradients, int]]) -> Integers | None:
        """A w inside the cone of the generators (w, a(X w)) at which every box has an r with sign <r, a(X w)> > 0."""
        self._spend(PROGRAM)
        if not conditions:
            return primitive([sum(parts) for parts in zip(*(w for w, _ in generators), strict=True)])
        box, sign = conditions[0]
        i = 0
        while i < len(generators):
            r = box.largest(tuple(sign * q for q in generators[i][1]))
            if r is None:
                raise InternalError("a local minimum without a subgradient")
            sides = [sign * dot(r, v) for _, v in generators]
            if sides[i] <= 0:
                i += 1
                continue
            found = self._cut(_half(generators, sides), conditions[1:])
            if found is not None:
                return found
            if min(sides) >= 0:
                return None
            generators, i = _half(generators, [-q for q in sides]), 0
        return None

    def _replay(self, joint: _Joint, value: Fraction, outputs: Sequence[Integers]) -> None:
        """Check that no moves of the output weights from 0 lower the loss: one convex program a choice of signs."""
        reduction, program = self.reduction, self.program
        activation = reduction.problem.network.activation
        columns = [primitive([activation(dot(w, row)) for row in reduction.rows]) for w in outputs]
        for signs in product((1, -1), repeat=len(columns)):
            moves = tuple(tuple(s * q for q in column) for s, column in zip(signs, columns, strict=True))
            wider = replace(program, columns=program.columns + moves)
            extra = wider.full & ~program.full
            if any(solve(wider, union | extra).value != value for union in joint.around if outputs):
                raise InternalError("an output weight of 0 does not keep a local minimum")

    # -- points -------------------------------------------------------------------------------------------------

    def _keep(self, joint: _Joint, reached: _Reached, value: Fraction, outputs: Sequence[Integers]) -> None:
        """Build a member of the level and check its loss; ``outputs``: input weights of the neurons left out."""
        reduction = self.reduction
        faces = {neuron: (face.rays, face.sign) for neuron, face in joint.chosen}
        left = [i for group in reduction.exchangeable for i in group.neurons if i not in faces]
        idle = dict(zip(left, outputs, strict=True))
        point = reduction.invert(faces, reached.weights, reached.lines, inside=True, idle=idle)
        if reduction.problem.loss_at(point) != value:
            raise InternalError("a representative does not have its loss")
        self.found[value] = point


def _inside(generators: Sequence[_Generator], source: Random) -> _Generator:
    """A point w of the interior of a cone with its a(X w)."""
    factors = [source.randint(1, 12) ** 2 for _ in generators]
    w, vector = (
        [sum(k * g[j] for k, g in zip(factors, part, strict=True)) for j in range(len(part[0]))]
        for part in zip(*generators, strict=True)
    )
    return tuple(int(q) for q in w), tuple(Fraction(q) for q in vector)


def _half(generators: list[_Generator], sides: Sequence[Fraction]) -> list[_Generator]:
    """Generators of the part of a cone where the functional with these values on its generators is >= 0."""
    result = [g for g, side in zip(generators, sides, strict=True) if side >= 0]
    above = [(g, side) for g, side in zip(generators, sides, strict=True) if side > 0]
    below = [(g, side) for g, side in zip(generators, sides, strict=True) if side < 0]
    for (w, a), p in above:
        for (u, b), q in below:
            one, other = ([*map(Fraction, v), *c] for v, c in ((w, a), (u, b)))
            both = primitive([p * y - q * x for x, y in zip(one, other, strict=True)])
            result.append((both[: len(w)], tuple(Fraction(x) for x in both[len(w) :])))
    return list(dict.fromkeys(result))


class _Subgradients:
    """P_J of the module's docstring: subgradients r at p with <r, J> >= 0, <r, F> = 0 and <r, lines> = 0."""

    def __init__(self, program: Program, prediction: Vector, face: int, union: int) -> None:
        slopes = [program.loss.slopes(p, y) for p, y in zip(prediction, program.y, strict=True)]
        self.lower: Vector = tuple(left for left, _ in slopes)
        self.upper: Vector = tuple(right for _, right in slopes)
        self.equal: list[Integers] = [*program.lines, *(program.columns[j] for j in indices(face))]
        self.least: list[Integers] = [program.columns[j] for j in indices(union & ~face)]

    def largest(self, direction: Vector, zero: Sequence[Integers] = ()) -> Vector | None:
        """A vertex r with <r, direction> largest among those that vanish on ``zero`` too; None when there are none."""
        return self._vertex(direction, (*self.equal, *zero), ())

    def separates(self, vectors: Sequence[Vector]) -> bool:
        """Whether some r has <r, vector> > 0 for all of them."""
        return self._vertex(None, self.equal, vectors) is not None

    def _vertex(self, direction: Vector | None, equal: Sequence[Row], above: Sequence[Row]) -> Vector | None:
        """Without a direction: r with the least <r, v>, v in ``above``, as large as possible; None if that is 0."""
        free = [t for t, (a, b) in enumerate(zip(self.lower, self.upper, strict=True)) if a < b]
        size = len(free)
        bounds = [(form, 0) for form in self.least] + [(form, 1) for form in above]
        # r_t = lower_t + x_t, x_t + slack_t = upper_t - lower_t on the kinks; the rest is fixed. Last the margin.
        rows: list[Row] = []
        goal: list[Fraction] = []
        forms = [(form, -1, 0) for form in equal] + [(form, k, gap) for k, (form, gap) in enumerate(bounds)]
        for form, k, gap in forms:
            rows.append([form[t] for t in free] + [0] * size + [-int(k == e) for e in range(len(bounds))] + [-gap])
            goal.append(-sum((a * q for a, q in zip(self.lower, form, strict=True)), ZERO))
        for k, t in enumerate(free):
            rows.append([int(k == e) for e in range(size)] * 2 + [0] * (len(bounds) + 1))
            goal.append(self.upper[t] - self.lower[t])
        wanted = [ZERO] * size if direction is None else [-direction[t] for t in free]
        answer = minimise([*wanted, *[ZERO] * (size + len(bounds)), -int(direction is None)], rows, goal)
        if answer.status == "infeasible":
            return None
        if answer.status != "optimal" or answer.x is None:
            raise InternalError("a linear program over a box is unbounded")
        if direction is None and not answer.value:
            return None
        r = list(self.lower)
        for k, t in enumerate(free):
            r[t] += answer.x[k]
        return tuple(r)
