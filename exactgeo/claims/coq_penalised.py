"""Local minima under weight decay as theorems for Coq: the lines of the losses, and squares that pay for the rest.

A neuron with v != 0 has ``S = v phi(u) + shrink <w, u> >= 0`` by its covering, times (v + dv) / v, and the squares of
``u - (dv / v) w``; one with v = 0 has, by cases on the sign of dv and on the kinks, ``- sign(dv) phi(u) <= <q, u>``,
and the squares of ``u - |dv| q / shrink``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from exactgeo.claims.coq_minimum import Minima, Move
from exactgeo.claims.coq_terms import number, plus
from exactgeo.claims.local_minimum import Implied, Split
from exactgeo.claims.penalised_minimum import NormLeaf, PenalisedMinimumClaim
from exactgeo.exact.vectors import ZERO

__all__ = ["PenalisedMinima"]


class PenalisedMinima(Minima):
    """The theorem of a local minimum of a loss with squares of its parameters."""

    def penalised_minimum(self, name: str, k: int, claim: PenalisedMinimumClaim) -> Iterator[str]:
        move = self.move(k, claim)
        yield from self.statement(name, claim.radius, move)
        a = self.costs.curvature if self.costs else self.factor
        weights = [slopes[0] / (2 * a) for slopes in move.slopes]
        shrink = self.l2 / (2 * a * self.weight)
        for i, (v, proof) in enumerate(zip(self.outputs, claim.neurons, strict=True) if self.hidden else ()):
            if not any(self.trained[key] for key in self.inputs[i]):
                # The outputs stay, and their slope in an output weight is paid for.
                if move.point[v] or self.trained[v]:
                    yield f"  assert (P{i} : 0 == {self.phi(i, weights, move)}) by sides.\n"
                    yield from self.product(i, 0, self.phi(i, weights, move), move)
            elif move.point[v]:
                yield from self._balanced(i, claim, weights, shrink, move)
            elif proof.above:
                yield f"  assert (G{i} : 0 <= {self._change(i, weights, shrink, move)}).\n  {{\n"
                yield f"  destruct (Qlt_le_dec 0 d{v}) as [O{i} | O{i}].\n"
                for sign, cover in ((1, proof.below), (-1, proof.above)):
                    yield from self._bounded(i, sign, list(cover), weights, shrink, move)
                yield "  }\n"
        for key in self.penalised:
            yield f"  pose proof (square_nonneg d{key}) as Q{key}.\n"
        for t in range(len(self.y)):
            yield self.under(t, move)
        yield "  lra.\nQed.\n"

    def _balanced(
        self, i: int, claim: PenalisedMinimumClaim, weights: list[Fraction], shrink: Fraction, move: Move
    ) -> Iterator[str]:
        """An output weight other than 0: its slope and the squares."""
        v = move.point[self.outputs[i]]
        own = [key for key in self.inputs[i] if key in self.penalised]
        scaled = [v * q for q in weights]
        yield from self.inequality(i, claim.neurons[i].parts, move.z[i], scaled, move.moved)
        pay = [f"{number(shrink * move.point[key])} * d{key}" for key in own if move.point[key]]
        slope = plus([self.phi(i, scaled, move), *pay])
        yield f"  assert (P{i} : 0 <= {slope}) by sides.\n"
        yield from self.product(i, 1 if v > 0 else -1, slope, move)
        if self.outputs[i] in self.penalised:
            for key in own:
                ratio = number(move.point[key] / v)
                yield f"  pose proof (square_nonneg (d{key} - {ratio} * d{self.outputs[i]})) as B{key}.\n"

    def _change(self, i: int, weights: list[Fraction], shrink: Fraction, move: Move) -> str:
        """What a neuron with output weight 0 adds to the lines and to the squares, in units of twice the curvature."""
        own = [key for key in (*self.inputs[i], self.outputs[i]) if key in self.penalised]
        squares = plus([f"d{key} * d{key}" for key in own])
        return f"d{self.outputs[i]} * ({self.phi(i, weights, move)}) + {number(shrink / 2)} * ({squares})"

    def _bounded(
        self, i: int, sign: int, cover: list[object], weights: list[Fraction], shrink: Fraction, move: Move
    ) -> Iterator[str]:
        """The case of a sign of dv: a covering in preorder, and at each leaf the slope q that outweighs phi."""
        kinks = self.kinks(i, move.z[i])
        forms = {row: form for row, (form, _) in kinks.items()}
        pending: list[dict[int, int]] = [{}]
        for step in cover:
            sides = pending.pop()
            match step:
                case Split(row):
                    yield f"  destruct (Qlt_le_dec 0 ({forms[row]})) as [K{row} | K{row}].\n"
                    pending += [{**sides, row: -1}, {**sides, row: 1}]
                case Implied(row, side):
                    fact = f"0 <= {forms[row]}" if side > 0 else f"{forms[row]} <= 0"
                    yield f"  assert (K{row} : {fact}) by lra.\n"
                    pending.append({**sides, row: side})
                case NormLeaf():
                    yield from self._leaf(i, sign, step, sides, weights, shrink, move)

    def _leaf(
        self,
        i: int,
        sign: int,
        leaf: NormLeaf,
        sides: Mapping[int, int],
        weights: list[Fraction],
        shrink: Fraction,
        move: Move,
    ) -> Iterator[str]:
        moving = [key for key in self.inputs[i] if self.trained[key]]
        q = dict.fromkeys(moving, ZERO)

        def add(factor: Fraction, t: int) -> None:
            for key, entry in zip(self.inputs[i], self.lifted[t], strict=True):
                if key in q:
                    q[key] += factor * entry

        kinks = self.kinks(i, move.z[i])
        on_kinks = {t for _, members in kinks.values() for t in members}
        for t, r in enumerate(weights):
            if t not in on_kinks:
                add(-sign * r * self.slope(move.z[i][t]), t)
        for row, (form, members) in kinks.items():
            # The kink's form is that of its first datum, up to the factor that this one has.
            unit = members[row]
            right, left = (
                sum((-sign * way * weights[t] * f * self.slope(way * f) for t, f in members.items()), ZERO) * way
                for way in (Fraction(1), Fraction(-1))
            )
            if row in sides:
                slope = right if sides[row] > 0 else left
                add((slope + sides[row] * leaf.multipliers.get(row, ZERO)) / unit, row)
                continue
            slope = right if right == left else leaf.slopes.get(row, ZERO)
            add(slope / unit, row)
            acts = [f"{number(-sign * weights[t])} * act ({self.pre(i, t, move.moved)})" for t in members if weights[t]]
            yield f"  assert (C{row} : {plus(acts)} <= {number(slope)} * ({form})).\n"
            yield f"  {{ destruct (Qlt_le_dec 0 ({form})) as [K | K]; sides. }}\n"
        size = f"{number(sign)} * d{self.outputs[i]}"
        along = plus([f"{number(a)} * d{key}" for key, a in q.items() if a])
        phi = self.phi(i, weights, move)
        rest = f"{along} + {number(sign)} * ({phi})"
        yield f"  assert (P : 0 <= {rest}) by sides.\n"
        yield f"  assert (V : 0 <= {size}) by lra.\n"
        yield f"  assert (M : 0 <= {size} * ({rest})) by (apply Qmult_le_0_compat; assumption).\n"
        for key in moving:
            if key in self.penalised:
                yield f"  pose proof (square_nonneg (d{key} - {number(q[key] / shrink)} * ({size}))) as B{key}.\n"
        yield f"  pose proof (square_nonneg d{self.outputs[i]}) as S.\n  lra.\n"
