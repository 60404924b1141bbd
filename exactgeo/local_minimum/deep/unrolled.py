"""A sufficient condition at any depth: each unit of the last hidden layer on a copy of the network below it.

Near the point the loss changes by at least ``sum_t <g_t, dp_t>`` (tangents of a convex loss, g its derivatives). If
sum_t g_t = 0 (output bias trained) and sum_t g_t a(z_it) = 0 (output weights trained), that is
``sum_i <v_i + k_i, Phi_i(q_i)>`` exactly, with Phi_i(q) = sum_t g_t a'(z_it; q_t) and q_i the change of the
pre-activation of unit i. As a is homogeneous, q may be scaled: a copy of unit j below unit i over a weight W_ij != 0,
which keeps its sign, is scaled by |W_ij|, and ``q_i = lin{a(z_j), 1} + sum_j sign(W_ij) a'(z_j; q_j)``; over a trained
weight 0 there are two copies, one of each sign. So it is enough that <v, Phi_i> >= 0 on this nested function for the v
around v_i: for one output the sign of v_i (both where v_i = 0 is trained), for several v_i with one entry up or down by
a margin.

References
----------
docs/mathematics.md, "Deep networks", D3; complete for widths (n, 1, ..., 1) and one output.
"""

from __future__ import annotations

from dataclasses import field
from fractions import Fraction
from functools import cached_property

from exactgeo.claims.deep_minimum import Step, UnitProof
from exactgeo.deadline import Check, unlimited
from exactgeo.exact.combination import inner
from exactgeo.exact.vectors import ONE, ZERO, Vector
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.deep.nested import Form, Kink, Nested, combined
from exactgeo.local_minimum.deep.point import DeepPoint

__all__ = ["Blocked", "prove_units"]

LARGEST = 40
"""Kinks of one unrolled unit: beyond, the argument is left out."""

COPIES = 20_000
"""Units of the unrolled network, each at every data point: beyond, the argument is left out."""

HALVINGS = (1, 3, 8, 20)
"""Margins that are tried: 1/2^k of the least output weight that is not 0."""


@dataclass(frozen=True)
class Blocked:
    """Why the units are not proved.

    Attributes
    ----------
    reason : str
    """

    reason: str


def prove_units(at: DeepPoint, check: Check = unlimited) -> tuple[UnitProof, ...] | Blocked:
    """A proof for each unit of the last hidden layer, or what is in the way.

    Cost: a few nested programs (:class:`~exactgeo.local_minimum.deep.nested.Nested`) a unit.
    """
    if at.slope_in_last:
        return Blocked(f"the loss has a slope in {at.slope_in_last}")
    last = at.layers[-1]
    copies = last.width
    for layer in at.layers[1:]:
        copies *= max(1, len(at.inputs_of(layer.index)))
    if copies * at.problem.m > COPIES:
        return Blocked(f"unrolled, the network has {copies} units or more")
    found = []
    unrolled = _Unrolled(at, check)
    for i in range(last.width):
        proof = _unit(at, unrolled, i)
        if isinstance(proof, Blocked):
            return proof
        found.append(proof)
    return tuple(found)


def _unit(at: DeepPoint, unrolled: _Unrolled, i: int) -> UnitProof | Blocked:
    v = tuple(row[i] for row in at.output)
    if not at.trains_output or len(v) == 1:
        signs: list[Vector] = [v] if any(v) else [(ONE,), (-ONE,)] if at.trains_output else []
        return unrolled.proved(i, ZERO, signs)
    least = min((abs(q) for q in v if q), default=ONE)
    found: UnitProof | Blocked = Blocked(f"unit {i} of the last hidden layer")
    for k in HALVINGS:
        margin = least / 2**k
        found = unrolled.proved(i, margin, nearby(v, margin))
        if isinstance(found, UnitProof) or not any(v):
            return found
    return found


def nearby(v: Vector, margin: Fraction) -> list[Vector]:
    """v with one entry up or down by the margin: all vectors within it, in the 1-norm, are between these."""
    found = []
    for k in range(len(v)):
        for q in (margin, -margin):
            found.append(tuple(p + q if j == k else p for j, p in enumerate(v)))
    return found


@dataclass
class _Copy:
    """A copy of a unit in an unrolled network: its kinks by data point, its inputs with the signs of their weights."""

    layer: int
    unit: int
    kinks: dict[int, int]
    inputs: list[tuple[int, _Copy]] = field(default_factory=list)


class _Unrolled:
    """The unrolled copies of the units of the last hidden layer."""

    def __init__(self, at: DeepPoint, check: Check) -> None:
        self.at = at
        self.check = check
        self.m = at.problem.m

    @cached_property
    def alive(self) -> list[list[list[bool]]]:
        """Whether a pre-activation can move at all: by layer, unit and data point."""
        found: list[list[list[bool]]] = []
        below = [[False] * self.m for _ in self.at.columns]
        for layer in self.at.layers:
            inputs = self.at.inputs_of(layer.index)
            rows = []
            for weights in layer.weights:
                row = [layer.trains_bias] * self.m
                for j, w in enumerate(weights):
                    for t in range(self.m):
                        moves = below[j][t] and (w or layer.trains)
                        row[t] = bool(row[t] or moves or (layer.trains and inputs[j][t]))
                rows.append(row)
            found.append(rows)
            below = [
                [bool(q and s != 0) for q, s in zip(row, slopes, strict=True)]
                for row, slopes in zip(rows, layer.slope, strict=True)
            ]
        return found

    def proved(self, i: int, margin: Fraction, weights: list[Vector]) -> UnitProof | Blocked:
        """A covering for each output weight."""
        covers: list[tuple[Step, ...]] = []
        for v in weights:
            nested = self._nested(i, v)
            if nested is None:
                return Blocked(f"the unrolled copy of unit {i} of the last hidden layer has over {LARGEST} kinks")
            found = nested.prove(self.check)
            if found is None:
                return Blocked(f"unit {i} of the last hidden layer takes more than {nested.limit} branches")
            if isinstance(found[0], Fraction):
                return Blocked(f"unit {i} of the last hidden layer fails on its unrolled copy, which proves nothing")
            covers.append(tuple(step for step in found if not isinstance(step, Fraction)))
        return UnitProof(margin, tuple(covers))

    def _nested(self, i: int, v: Vector) -> Nested | None:
        last = len(self.at.layers) - 1
        kinks: list[int] = []
        root = self._copy(last, i, kinks)
        if root is None:
            return None
        forms: dict[int, Kink] = {}
        sizes = [0]
        change = self._forms(root, forms, sizes)
        top = combined(
            *(
                (inner(v, column), form)
                for column, form in zip(zip(*self.at.gradient, strict=True), change, strict=True)
            )
        )
        return Nested(sizes[0], [forms[k] for k in kinks], top)

    def _copy(self, layer: int, unit: int, kinks: list[int]) -> _Copy | None:
        """A copy with all below it; kinks are numbered in preorder. None where there are too many."""
        self.check()
        at, own = self.at.layers[layer], {}
        for t, slope in enumerate(at.slope[unit]):
            if slope is None and self.alive[layer][unit][t]:
                own[t] = len(kinks)
                kinks.append(len(kinks))
        copy = _Copy(layer, unit, own)
        for j, w in enumerate(at.weights[unit] if layer else ()):
            signs = (1,) if w > 0 else (-1,) if w < 0 else (1, -1) if at.trains else ()
            for sign in signs:
                if len(kinks) > LARGEST:
                    return None
                below = self._copy(layer - 1, j, kinks)
                if below is None:
                    return None
                copy.inputs.append((sign, below))
        return copy

    def _forms(self, copy: _Copy, kinks: dict[int, Kink], sizes: list[int]) -> list[Form]:
        """The change of the output of a copy at each data point, in variables of its own and those below."""
        layer = self.at.layers[copy.layer]
        below = [(sign, self._forms(other, kinks, sizes)) for sign, other in copy.inputs]
        own: list[tuple[int, Vector]] = []
        columns = [*(self.at.inputs_of(copy.layer) if layer.trains else ()), *([(ONE,) * self.m] * layer.trains_bias)]
        for column in columns:
            own.append((sizes[0], column))
            sizes[0] += 1
        found = []
        for t, slope in enumerate(layer.slope[copy.unit]):
            new: Form = {key: column[t] for key, column in own if column[t]}
            q = combined((1, new), *((sign, forms[t]) for sign, forms in below))
            if t in copy.kinks:
                kinks[copy.kinks[t]] = Kink(q, *layer.slopes)
                found.append({~copy.kinks[t]: ONE})
            else:
                found.append(combined((slope or 0, q)))
        return found
