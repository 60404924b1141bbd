"""One subgradient for all moves of a case although kinks are concave: cutting planes, and a covering for each neuron.

For fixed slopes the neurons are decided one by one, as for a loss with a derivative, and ``sign phi_i >= 0`` is asked
of the slopes for one direction u at a time: ``sign phi_i(u) >= 0`` is linear in them. The cases of different neurons
are then added up, not multiplied; cases of all neurons together are cut only where no
vector of slopes serves all moves.

References
----------
docs/mathematics.md, "Losses without a derivative", cuts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.local_minimum import Leaf
from exactgeo.claims.local_minimum import Part as Share
from exactgeo.claims.subgradient_minimum import NeuronCover
from exactgeo.deadline import Check
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import nullspace, primitive, rref
from exactgeo.exact.vectors import ZERO, Vector, dot, integer_dot
from exactgeo.local_minimum._propose_cuts import CutProposer, Cuts, Vertex
from exactgeo.local_minimum.leaf_program import Case, Cut, Failure, Part, Proof, solve_case
from exactgeo.local_minimum.nonnegative import Term, prove_nonnegative

__all__ = ["CutSearch"]

ROUND = 2**20
"""Largest denominator of a slope that no equation determines."""
STEEPER = 40
"""How often a slope beyond a side is raised."""


class CutSearch:
    """The cuts of the cases of a part."""

    def __init__(self, part: Part, check: Check) -> None:
        self.part = part
        self.proposer = CutProposer(part, check)
        self.still = {
            i: [neuron.along(u) for u in nullspace(list(neuron.forms.values()), len(neuron.linear))]
            for i, neuron in part.neurons.items()
        }
        self._cuts: dict[int, dict[tuple[int, ...], Cut]] = {}
        self._found: tuple[Vector, dict[int, NeuronCover]] = ((), {})

    def failure(self, case: Case, check: Check) -> Failure | None:
        """Moves that show that there is no subgradient for a case, as floats know them; None where there may be one."""
        found = self.proposer.propose(case, check)
        if found is None:
            exact = self.solve(case, check)
            return exact if isinstance(exact, Failure) else None
        return found if isinstance(found, Failure) else None

    def guess(self, case: Case, check: Check) -> Proof | Failure:
        """As :meth:`solve`, but the moves of a failure come from floats, and need not descend without a gap."""
        found = self.proposer.propose(case, check)
        if isinstance(found, Failure):
            return found
        self._start(found.cuts if found else {})
        excess = None if found is None else self._exact(found)
        if excess is not None and not self.missed(case, excess, (), check):
            return self.proof(case, excess, (), check)
        return solve_case(self.part, case, check, self)

    def solve(self, case: Case, check: Check) -> Proof | Failure:
        """A subgradient for all moves of a case, or moves that show that there is none."""
        self._start({})
        return solve_case(self.part, case, check, self)

    def _start(self, cuts: Cuts) -> None:
        self._cuts = {i: {} for i in self.part.neurons}
        for i, directions in cuts.items():
            self._add(i, directions)

    def _exact(self, vertex: Vertex) -> Vector | None:
        """Slopes at which everything that nearly is an equation is one; None where there are none between their ends.

        What the equations leave free is as in the proposal. Cost: one elimination.
        """
        part, equations = self.part, [list(function) for function in self.part.affine.values()]
        for i, neuron in part.neurons.items():
            equations += [list(neuron.outputs)] if part.moved else []
            if neuron.state.v:
                equations += [[Fraction(q) for q in cut.function] for cut in self.cuts(i)]
            else:
                equations += [[p - q for p, q in zip(*pair, strict=True)] for pair in neuron.bends.values()]
                equations += [neuron.slope(k, (), 1) for k in range(len(neuron.linear))]
        excess = [part.widths[k] if k in vertex.high else ZERO for k in range(len(part.data))]
        free = [k for k in range(len(part.data)) if k not in vertex.low and k not in vertex.high]
        rows = [[*(row[k] for k in free), -row[-1] - dot(row[:-1], excess)] for row in equations]
        table, pivots = rref(rows, len(free) + 1)
        if pivots and pivots[-1] == len(free):
            return None
        for j, k in enumerate(free):
            if j not in pivots:
                excess[k] = Fraction(vertex.excess[k]).limit_denominator(ROUND)
        for row, pivot in zip(table, pivots, strict=True):
            rest = (row[j] * excess[k] for j, k in enumerate(free) if j not in pivots)
            excess[free[pivot]] = row[-1] - sum(rest, ZERO)
        inside = all(0 <= q <= width for q, width in zip(excess, part.widths, strict=True))
        return tuple(excess) if inside else None

    def _add(self, i: int, directions: Iterable[tuple[int, ...]]) -> bool:
        """Whether any of them is new."""
        new = {u: self.part.neurons[i].along(u) for u in directions if u not in self._cuts[i]}
        self._cuts[i] |= new
        return bool(new)

    # -- what the exact program asks for --

    def cuts(self, neuron: int) -> Sequence[Cut]:
        """Those of a neuron so far, and those on which no kink changes."""
        return [*self.still[neuron], *self._cuts[neuron].values()]

    def missed(self, case: Case, excess: Vector, strict: Sequence[int], check: Check) -> bool:
        """Add cuts that slopes violate; False where there are none."""
        seen = self.proposer.violated(case, excess, strict)
        bad = [self._add(i, (u for u in directions if self._inside(case, i, u))) for i, directions in seen.items()]
        if any(bad):
            return True
        found: dict[int, NeuronCover] = {}
        for i in self.part.neurons:
            if i in strict or not (self.part.neurons[i].state.v or i in case.signs):
                continue
            cover = self._cover(case, i, excess, check)
            if isinstance(cover, NeuronCover):
                found[i] = cover
            else:
                bad.append(self._add(i, [primitive(cover)]))
        self._found = excess, found
        return any(bad)

    def proof(self, case: Case, excess: Vector, strict: Sequence[int], check: Check) -> Proof:
        """The proof that slopes violate no cut: by multipliers where one cone is enough for each neuron."""
        if self._found[0] != excess and self.missed(case, excess, strict, check):
            raise InternalError("the mean of slopes that violate no cut violates one")
        coverings, slopes = self._found[1], self.part.slopes(excess)
        leaves = {i: [step for part in cover.parts for step in part.cover] for i, cover in coverings.items()}
        if any(not isinstance(step, Leaf) or step.multipliers for steps in leaves.values() for step in steps):
            return Proof(slopes, {}, tuple(strict), coverings)
        multipliers = {}
        for i, steps in leaves.items():
            sign = self.part.neurons[i].state.sign or case.signs[i]
            multipliers[i] = {
                row: right for row, (right, left) in self._bends(i, excess, sign).items() if right == left
            }
            multipliers[i] |= {row: q for step in steps if isinstance(step, Leaf) for row, q in step.slopes.items()}
        return Proof(slopes, multipliers, tuple(strict))

    def _bends(self, i: int, excess: Vector, sign: int) -> dict[int, tuple[Fraction, Fraction]]:
        """The slopes of ``sign phi`` to the right and to the left of each kink."""
        bends, value = self.part.neurons[i].bends, self.part.value
        return {row: (sign * value(right, excess), sign * value(left, excess)) for row, (right, left) in bends.items()}

    def _inside(self, case: Case, i: int, u: Sequence[int]) -> bool:
        forms = self.part.neurons[i].forms
        sides = ((row, side) for (j, row), side in case.sides.items() if j == i)
        return all(side * integer_dot(forms[row], u) >= 0 for row, side in sides)

    def _cover(self, case: Case, i: int, excess: Vector, check: Check) -> NeuronCover | Vector:
        """``sign phi >= 0`` on the sides of a neuron, or a direction there where it is not.

        Beyond a side the slope is raised until phi is nonnegative there, or negative on this side of it.
        """
        part, neuron = self.part, self.part.neurons[i]
        sign = neuron.state.sign or case.signs[i]
        linear = [sign * part.value(function, excess) for function in neuron.linear]
        slopes = self._bends(i, excess, sign)
        sides = {row: side for (j, row), side in case.sides.items() if j == i}
        steep = 1 + sum(map(abs, linear), ZERO) + sum((abs(q) for pair in slopes.values() for q in pair), ZERO)
        for _ in range(STEEPER):
            beyond = {row: steep if side < 0 else -steep for row, side in sides.items()}
            found = self._parts(i, linear, slopes, sides, beyond, check)
            if not isinstance(found, list):
                if all(side * dot(neuron.forms[row], found) >= 0 for row, side in sides.items()):
                    return found
                steep *= 16
                continue
            return NeuronCover(FrozenDict(beyond), tuple(found))
        raise InternalError("no slope beyond the sides of a case makes a function nonnegative there")

    def _parts(
        self,
        i: int,
        linear: Sequence[Fraction],
        slopes: Mapping[int, tuple[Fraction, Fraction]],
        sides: Mapping[int, int],
        beyond: Mapping[int, Fraction],
        check: Check,
    ) -> list[Share] | Vector:
        """phi with these slopes, and those beyond its sides, shared out and covered; or where it is negative."""
        terms, total = [], list(linear)
        for row, form in self.part.neurons[i].forms.items():
            right, left = slopes[row]
            if row in sides:
                right, left = (right, beyond[row]) if sides[row] > 0 else (beyond[row], left)
            if right == left:
                total = [p + right * q for p, q in zip(total, form, strict=True)]
            else:
                terms.append(Term(row, form, right, left))
        return prove_nonnegative(tuple(total), terms, len(total), check)
