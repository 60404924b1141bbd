"""Local minima as theorems for Coq: the loss lies above its tangents, and no neuron lowers them.

The cases of a certificate are followed in its own order. In each the losses of the data points are bounded below by
their lines, a neuron's part of the lines is an output weight times phi, and both have a sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm

from exactgeo.claims.coq_terms import Terms, number, plus
from exactgeo.claims.local_minimum import Implied, LocalMinimumClaim, Part, Split
from exactgeo.claims.penalised_minimum import PenalisedMinimumClaim
from exactgeo.claims.subgradient_minimum import (
    CoveredSubgradient,
    JointProof,
    KinkSplit,
    SideImplied,
    SignSplit,
    Subgradient,
    SubgradientMinimumClaim,
)
from exactgeo.exact.vectors import ZERO
from exactgeo.frozen import dataclass

__all__ = ["Minima", "Move"]


@dataclass(frozen=True)
class Move:
    """A point, and a move of its trained parameters: what the theorem of claim ``k`` is about.

    ``slopes``: of the loss of each data point, the left and the right one. ``parts``: by open data point (the slopes
    differ) the part of the proof that has it, None for those of no part.
    """

    k: int
    radius: Fraction | None
    point: Mapping[str, Fraction]
    moved: Mapping[str, str]
    z: Sequence[Sequence[Fraction]]
    before: Sequence[Fraction]
    slopes: Sequence[tuple[Fraction, Fraction]]
    parts: Mapping[int, JointProof | None]

    def known(self, t: int) -> Fraction:
        """The slope at a data point; 0 where it depends on the case."""
        return ZERO if t in self.parts else self.slopes[t][0]


class Minima(Terms):
    """The theorem of a local minimum, of a loss with or without a derivative."""

    def minimum(self, name: str, k: int, claim: LocalMinimumClaim | SubgradientMinimumClaim) -> Iterator[str]:
        move = self.move(k, claim)
        yield from self.statement(name, claim.radius, move)
        joint = claim.joint if isinstance(claim, SubgradientMinimumClaim) else ()
        coupled = {i for part in joint for i in part.neurons}
        # What phi of a neuron alone is made of: half the slopes over the curvature in a claim of the first kind.
        curvature = self.costs.curvature if self.costs else self.factor
        scale = 1 if isinstance(claim, SubgradientMinimumClaim) else 2 * curvature
        weights = [move.known(t) / scale for t in range(len(self.y))]
        for i, v in enumerate(self.outputs if self.hidden else []):
            if i not in coupled and (move.point[v] or self.trained[v]):
                yield from self._neuron(i, claim.neurons[i].parts, weights, move)
        yield from self._unmoved(move)
        for j, part in enumerate(joint):
            yield from self._joint(j, part, move)
        for t in range(len(self.y)):
            if move.parts.get(t) is None:
                yield self.under(t, move)
        yield "  lra.\nQed.\n"

    def statement(self, name: str, radius: Fraction | None, move: Move) -> Iterator[str]:
        """The lines of the losses as lemmas, then the theorem, and the start of its proof."""
        k, at = move.k, {key: number(q) for key, q in move.point.items()}
        for t, (y, q, slopes) in enumerate(zip(self.y, move.before, move.slopes, strict=True)):
            if self.costs:
                for j, slope in enumerate(dict.fromkeys(slopes)):
                    yield self.costs.below(f"below_{k}_{t}_{j}", y, q, slope)
        names = [f"d{key}" for key, trained in self.trained.items() if trained]
        yield f"Theorem {name} :\n"
        if names:
            yield f"  forall {' '.join(names)} : Q,\n"
        for d in names if radius is not None else []:
            yield f"  -{number(radius or 0)} <= {d} -> {d} <= {number(radius or 0)} ->\n"
        yield f"  {self.call(at)} <= {self.call(move.moved)}.\nProof.\n"
        yield f"  intros. rewrite loss_at_point_{k}. unfold loss.\n"

    def move(self, k: int, claim: LocalMinimumClaim | SubgradientMinimumClaim | PenalisedMinimumClaim) -> Move:
        """A move of the trained parameters from the point of a claim."""
        point = self.values(claim.point)
        moved = {key: f"({number(q)} + d{key})" if self.trained[key] else number(q) for key, q in point.items()}
        before = self.predictions(claim.point)
        if self.costs:
            slopes = [self.costs.pieces[y].slopes(p) for y, p in zip(self.y, before, strict=True)]
        else:
            slopes = [(2 * self.factor * (p - y),) * 2 for p, y in zip(before, self.y, strict=True)]
        joint = claim.joint if isinstance(claim, SubgradientMinimumClaim) else ()
        shared = {t: part for part in joint for t in part.data}
        parts = {t: shared.get(t) for t, (left, right) in enumerate(slopes) if left != right}
        z = self.pre_activations(point)
        return Move(k, claim.radius, point, moved, z, before, slopes, parts)

    def under(self, t: int, move: Move) -> str:
        """The line of a data point: that of its left slope, which is the only one but where nothing moves it."""
        prediction = self.prediction(t, move.moved)
        if self.costs:
            return f"  pose proof (below_{move.k}_{t}_0 ({prediction})) as B{t}.\n"
        return f"  pose proof (square_nonneg ({prediction} - {number(move.before[t])})) as S{t}.\n"

    def _value(self, i: int, t: int, move: Move) -> str:
        """The output of a neuron at the point, for output weight 1."""
        z = move.z[i][t]
        return number(z * self.slope(z))

    def phi(self, i: int, weights: Sequence[Fraction], move: Move) -> str:
        """What a neuron of output weight 1 adds to the lines; from 0 where its output weight is 0 at the point."""
        terms = []
        for t, q in enumerate(weights):
            act = f"act ({self.pre(i, t, move.moved)})"
            if q:
                terms.append(f"{number(q)} * ({act} - {self._value(i, t, move)})")
        return plus(terms)

    def _neuron(self, i: int, parts: Sequence[Part], slopes: Sequence[Fraction], move: Move) -> Iterator[str]:
        """That a neuron does not lower the loss: phi has the sign of v on all moves, or is 0 for v = 0."""
        v = move.point[self.outputs[i]]
        weights = [-q if v < 0 else q for q in slopes]
        yield from self.inequality(i, parts, move.z[i], weights, move.moved)
        yield f"  assert (P{i} : {'0 <=' if v else '0 =='} {self.phi(i, weights, move)}) by sides.\n"
        yield from self.product(i, (v > 0) - (v < 0), self.phi(i, weights, move), move)

    def product(self, i: int, sign: int, phi: str, move: Move) -> Iterator[str]:
        """Fact P, the sign of phi, times the output weight of this sign; sign 0: phi is 0."""
        output = move.moved[self.outputs[i]]
        if not sign:
            yield f"  assert (M{i} : 0 == {output} * ({phi})) by (apply times_zero; assumption).\n"
            return
        side = output if sign > 0 else f"(- {output})"
        yield f"  assert (V{i} : 0 <= {side}) by lra.\n"
        yield f"  assert (M{i} : 0 <= {side} * ({phi})) by (apply Qmult_le_0_compat; assumption).\n"

    # -- subgradients: parts that share open data points --

    def _unmoved(self, move: Move) -> Iterator[str]:
        """No neuron outside the part of an open data point moves its prediction, but by what its slope is 0 on."""
        for t, part in move.parts.items():
            for i, v in enumerate(self.outputs if self.hidden else []):
                if (part and i in part.neurons) or not (move.point[v] or self.trained[v]):
                    continue
                output, value = move.moved[v], self._value(i, t, move)
                yield f"  assert (N{i}_{t} : {output} * act ({self.pre(i, t, move.moved)}) == {output} * {value}).\n"
                yield "  { sides. }\n"

    def _joint(self, j: int, part: JointProof, move: Move) -> Iterator[str]:
        """That a part lowers the loss of its own data and the lines of the known ones by nothing, case by case."""
        terms = []
        for t in part.data:
            assert self.costs is not None
            value = number(self.costs.pieces[self.y[t]].at(move.before[t]))
            terms.append(f"({self.costs.names[self.y[t]]} ({self.prediction(t, move.moved)}) - {value})")
        for t in range(len(self.y)):
            if slope := move.known(t):
                terms.append(f"{number(slope)} * ({self._added(t, part, move)})")
        yield f"  assert (J{j} : 0 <= {plus(terms)}).\n  {{\n"
        forms = {i: {row: form for row, (form, _) in self.kinks(i, move.z[i]).items()} for i in part.neurons}
        pending: list[dict[int, int]] = [{}]
        for step in part.cover:
            signs = pending.pop()
            match step:
                case KinkSplit(i, row):
                    yield f"  destruct (Qlt_le_dec 0 ({forms[i][row]})) as [K{i}_{row} | K{i}_{row}].\n"
                    pending += [signs, signs]
                case SignSplit(i):
                    yield f"  destruct (Qlt_le_dec 0 d{self.outputs[i]}) as [O{i} | O{i}].\n"
                    pending += [{**signs, i: -1}, {**signs, i: 1}]
                case SideImplied(i, row, sign):
                    side = f"0 <= {forms[i][row]}" if sign > 0 else f"{forms[i][row]} <= 0"
                    yield f"  assert (K{i}_{row} : {side}) by lra.\n"
                    pending.append(signs)
                case Subgradient() | CoveredSubgradient():
                    yield from self._end(part, step, signs, move)
        yield "  }\n"

    def _added(self, t: int, part: JointProof, move: Move) -> str:
        """What a part adds to a prediction: its neurons, and the affine parameters that reach its open data."""
        terms = []
        for i in part.neurons:
            output, v = move.moved[self.outputs[i]], move.point[self.outputs[i]]
            act = f"act ({self.pre(i, t, move.moved)})"
            terms.append(f"({output} * {act} - {number(v)} * {self._value(i, t, move)})")
        columns = {} if self.hidden else dict(zip(self.outputs, zip(*self.x, strict=True), strict=True))
        if self.output_bias:
            columns["c"] = (Fraction(1),) * len(self.y)
        for key, column in columns.items():
            touched = [s for s in move.parts if column[s]]
            if self.trained[key] and touched and move.parts[touched[0]] is part:
                terms.append(f"{number(column[t])} * d{key}")
        return plus(terms)

    def _end(
        self, part: JointProof, step: Subgradient | CoveredSubgradient, signs: Mapping[int, int], move: Move
    ) -> Iterator[str]:
        """A case with its vector of slopes: the lines of the data, the products of the neurons, and their sum."""
        slopes = [move.known(t) for t in range(len(self.y))]
        for t in part.data:
            assert self.costs is not None
            slopes[t] = step.slopes.get(t, ZERO)
            p, cost = self.prediction(t, move.moved), self.costs.names[self.y[t]]
            value = number(self.costs.pieces[self.y[t]].at(move.before[t]))
            line = f"{value} + {number(slopes[t])} * ({p} - {number(move.before[t])})"
            yield f"  assert (B{t} : {line} <= {cost} ({p})).\n"
            yield f"  {{ pose proof (below_{move.k}_{t}_0 ({p})). pose proof (below_{move.k}_{t}_1 ({p})). lra. }}\n"
        for i in part.neurons:
            v = move.point[self.outputs[i]]
            sign = (v > 0) - (v < 0) or signs.get(i, 0)
            weights = [-q if sign < 0 else q for q in slopes]
            if i in step.strict:
                yield from self._small(i, weights, move)
            elif isinstance(step, CoveredSubgradient):
                parts = step.neurons[i].parts if i in step.neurons else ()
                yield from self.inequality(i, parts, move.z[i], weights, move.moved)
            else:
                yield from self._bent(i, sign, weights, step, move)
            if v:
                phi = self.phi(i, weights, move)
            else:
                pairs = [(q, self.pre(i, t, move.moved)) for t, q in enumerate(weights) if q]
                phi = plus([f"{number(q)} * act ({pre})" for q, pre in pairs])
            yield f"  assert (P{i} : {'0 <=' if sign else '0 =='} {phi}) by sides.\n"
            yield from self.product(i, sign, phi, move)
        yield "  lra.\n"

    def _bent(self, i: int, sign: int, weights: Sequence[Fraction], step: Subgradient, move: Move) -> Iterator[str]:
        """Facts about the kinks of a neuron: at least a multiple of its form each, or equal to it without a sign."""
        for row, (form, members) in self.kinks(i, move.z[i]).items():
            acts = [(weights[t], self.pre(i, t, move.moved)) for t in members if weights[t]]
            terms = plus([f"{number(q)} * act ({pre})" for q, pre in acts])
            if sign:
                slope = step.multipliers[i].get(row, ZERO) if i in step.multipliers else ZERO
            else:
                slope = sum((weights[t] * f * self.slope(f) for t, f in members.items()), ZERO)
            yield f"  assert (C{i}_{row} : {number(slope)} * ({form}) {'<=' if sign else '=='} {terms}).\n"
            yield f"  {{ destruct (Qlt_le_dec 0 ({form})) as [K | K]; sides. }}\n"

    def _small(self, i: int, weights: Sequence[Fraction], move: Move) -> Iterator[str]:
        """The outputs of a neuron at its kinks are small, within the radius: none outweighs what is strict."""
        steepest = max(abs(self.right), abs(self.left))
        for _, (form, members) in self.kinks(i, move.z[i]).items():
            for t in members:
                if not weights[t]:
                    continue
                row = zip(self.inputs[i], self.lifted[t], strict=True)
                size = sum((abs(a) for name, a in row if self.trained[name]), ZERO)
                bound = number(steepest * size * (move.radius or 0))
                act = f"act ({self.pre(i, t, move.moved)})"
                for side, fact in (("D", f"{act} <= {bound}"), ("E", f"- {bound} <= {act}")):
                    yield f"  assert ({side}{i}_{t} : {fact}).\n"
                    yield f"  {{ destruct (Qlt_le_dec 0 ({form})) as [K | K]; sides. }}\n"

    # -- the parts of a neuron alone --

    def inequality(
        self, i: int, parts: Sequence[Part], z: Sequence[Fraction], weights: Sequence[Fraction], at: Mapping[str, str]
    ) -> Iterator[str]:
        """Facts about the kinks of a neuron: each part is nonnegative, each kink that does not bend is linear."""
        kinks = self.kinks(i, z)
        terms = {
            row: plus([f"{number(weights[t])} * act ({self.pre(i, t, at)})" for t in members if weights[t]])
            for row, (_, members) in kinks.items()
        }
        bent = [row for part in parts for row in part.rows]
        for row, (form, _) in kinks.items():
            if row not in bent and terms[row] != "0":
                factors = kinks[row][1].items()
                slope = sum((weights[t] * f * (self.right if f > 0 else self.left) for t, f in factors), ZERO)
                yield f"  assert (L{i}_{row} : {terms[row]} == {number(slope)} * ({form})).\n"
                yield f"  {{ destruct (Qlt_le_dec 0 ({form})) as [K | K]; sides. }}\n"
        moves = [f"d{name}" for name in self.inputs[i] if self.trained[name]]
        forms = {row: form for row, (form, _) in kinks.items()}
        for j, part in enumerate(parts):
            linear = [f"{number(q)} * {d}" for q, d in zip(part.linear, moves, strict=True) if q]
            yield f"  assert (R{i}_{j} : 0 <= {plus(linear + [terms[row] for row in part.rows])}).\n  {{\n"
            yield from self._cover(part, forms, terms)
            yield "  }\n"

    def _cover(self, part: Part, forms: Mapping[int, str], terms: Mapping[int, str]) -> Iterator[str]:
        """The covering of a part in preorder: cases on its kinks, and linear arithmetic at the leaves."""
        pending: list[tuple[int, ...]] = [()]
        for step in part.cover:
            decided = pending.pop()
            match step:
                case Split(row):
                    yield f"    destruct (Qlt_le_dec 0 ({forms[row]})) as [K{row} | K{row}].\n"
                    pending += [(*decided, row), (*decided, row)]
                case Implied(row, sign):
                    side = f"0 <= {forms[row]}" if sign > 0 else f"{forms[row]} <= 0"
                    yield f"    assert (K{row} : {side}) by lra.\n"
                    pending.append((*decided, row))
                case _:
                    for row in part.rows:
                        if row not in decided:
                            slope, form = step.slopes.get(row, ZERO), forms[row]
                            yield f"    assert (C{row} : {number(slope)} * ({form}) <= {terms[row]}).\n"
                            yield f"    {{ destruct (Qlt_le_dec 0 ({form})) as [K | K]; sides. }}\n"
                    yield "    sides.\n"

    def kinks(self, i: int, z: Sequence[Fraction]) -> dict[int, tuple[str, dict[int, Fraction]]]:
        """By first data point: the linear form of the trained moves, and the factors of the data points on it."""
        found: dict[int, tuple[str, dict[int, Fraction]]] = {}
        first: dict[tuple[int, ...], int] = {}
        for t, q in enumerate(z):
            row = [(n, a) for n, a in zip(self.inputs[i], self.lifted[t], strict=True) if self.trained[n]]
            if q != 0 or not self.bent or not any(a for _, a in row):
                continue
            scale = lcm(*(a.denominator for _, a in row))
            integers = [int(a * scale) for _, a in row]
            common = gcd(*integers)
            shape = tuple(a // common for a in integers)
            line: tuple[int, ...] = max(shape, tuple(-a for a in shape))
            if line not in first:
                first[line] = t
                form = plus([f"{number(a)} * d{n}" for (n, _), a in zip(row, shape, strict=True) if a])
                found[t] = form, {t: Fraction(common, scale)}
                continue
            leader = first[line]
            members = found[leader][1]
            k = next(k for k, a in enumerate(integers) if a)
            unit = [a for n, a in zip(self.inputs[i], self.lifted[leader], strict=True) if self.trained[n]]
            members[t] = row[k][1] / (unit[k] / members[leader])
        return found
