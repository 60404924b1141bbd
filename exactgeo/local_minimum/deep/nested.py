"""Is a nested piecewise-linear function nonnegative everywhere? Decided by branching on kinks, with a proof or a point.

The function is ``F(x) = <top, (x, a)>``, where kink k has the output ``a_k = up q_k`` for q_k >= 0 and ``down q_k``
else, and q_k is linear in x and in the outputs of kinks with higher numbers (those below it in a network).

*Relaxation.* With ``q_k = p_k - n_k``, p_k, n_k >= 0 and ``a_k = up p_k - down n_k``, all is linear but that one of p_k
and n_k is 0. Without that a linear program says whether F >= 0; a kink where it cheats (both positive) is split:
n_k = 0 (side 1), or p_k = 0 (side -1). Whatever the order of the splits, a branch where the program says F >= 0 is
proved, for it has fewer conditions than the truth.

*Proof* of a branch: a slope b_k for each kink, so that F's coefficients go down the kinks as derivatives do. With c_k
the coefficient of a_k, ``c_k a_k - b_k q_k = (c_k up - b_k) p_k + (b_k - c_k down) n_k``: so ``b_k <= c_k up`` unless
the side is -1, and ``b_k >= c_k down`` unless it is 1; and what is left on each x is 0.

References
----------
docs/mathematics.md, "Deep networks", D1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from fractions import Fraction
from typing import Any

from exactgeo.claims.deep_minimum import Cut, Leaf
from exactgeo.claims.fields import Weights
from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError
from exactgeo.exact.combination import Number, inner
from exactgeo.exact.lp import Separator, cone_member
from exactgeo.exact.matrix import primitive
from exactgeo.exact.ordered_cone import ordered_cone_member
from exactgeo.exact.vectors import ONE, ZERO
from exactgeo.frozen import dataclass

__all__ = ["Form", "Kink", "Nested", "combined"]

Form = dict[int, Fraction]
"""A linear form: coefficients of x_i under i, of a_k under ~k (that is, -1 - k)."""


def combined(*parts: tuple[Any, Mapping[int, Any]]) -> dict[int, Any]:
    """The sum of multiples of forms, without zeros."""
    total: dict[int, Any] = {}
    for factor, form in parts:
        if factor:
            for key, q in form.items():
                total[key] = total.get(key, ZERO) + factor * q
    return {key: q for key, q in total.items() if q}


@dataclass(frozen=True)
class Kink:
    """One kink: its input as a form in x and the kinks of higher numbers, and its two slopes."""

    inner: Form
    up: Fraction
    down: Fraction


@dataclass
class Nested:
    """A nested function: the number of variables x, the kinks, the form on top.

    Attributes
    ----------
    size : int
    kinks : sequence of Kink
    top : Form
        Its coefficients may lie in an ordered space over Q.
    limit : int
        Of branches, fewer of large functions: beyond, the answer is None.
    """

    size: int
    kinks: Sequence[Kink]
    top: dict[int, Any]
    limit: int = 0
    _spent: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if not self.limit:
            self.limit = max(16, min(200, 8000 // (1 + self.size + len(self.kinks))))

    def value(self, x: Sequence[Fraction]) -> Number:
        """F(x), exactly."""
        outputs: dict[int, Fraction] = {}

        def at(form: dict[int, Any]) -> Any:
            return inner((x[key] if key >= 0 else outputs[~key] for key in form), form.values())

        for k in reversed(range(len(self.kinks))):
            kink = self.kinks[k]
            q = at(kink.inner)
            outputs[k] = (kink.up if q > 0 else kink.down) * q
        found: Number = at(self.top)
        return found

    def prove(self, check: Check = unlimited) -> tuple[Cut | Leaf, ...] | tuple[Fraction, ...] | None:
        """The proof that F >= 0, in preorder; or an x with F(x) < 0 (whole numbers); or None beyond the limit.

        Cost: an exact linear program a branch; up to 2^kinks branches.
        """
        steps: list[Cut | Leaf] = []
        pending: list[dict[int, int]] = [{}]
        self._spent = 0
        while pending:
            check()
            sides = pending.pop()
            self._spent += 1
            if self._spent > self.limit:
                return None
            found = self._branch(sides)
            if isinstance(found, tuple):
                return found
            steps.append(found)
            if isinstance(found, Cut):
                pending += [{**sides, found.kink: -1}, {**sides, found.kink: 1}]
        return tuple(steps)

    def _branch(self, sides: Mapping[int, int]) -> Cut | Leaf | tuple[Fraction, ...]:
        """The linear program of one branch; its variables are x and n_k of the open kinks."""
        number = {k: self.size + i for i, k in enumerate(k for k in range(len(self.kinks)) if k not in sides)}
        inputs: dict[int, Form] = {}
        outputs: dict[int, Form] = {}

        def flat(form: dict[int, Any]) -> dict[int, Any]:
            return combined(*((q, {key: ONE} if key >= 0 else outputs[~key]) for key, q in form.items()))

        for k in reversed(range(len(self.kinks))):
            kink = self.kinks[k]
            inputs[k] = flat(kink.inner)
            side = sides.get(k, 0)
            if side:
                outputs[k] = combined((kink.up if side > 0 else kink.down, inputs[k]))
            else:
                outputs[k] = combined((kink.up, inputs[k]), (kink.up - kink.down, {number[k]: ONE}))
        goal = flat(self.top)
        width = self.size + len(number)
        generators: list[list[Fraction]] = []
        owners: list[tuple[int, int]] = []
        for k, form in inputs.items():
            side = sides.get(k, 0)
            if side >= 0:
                owners.append((k, 1))
                generators.append(_dense(combined((1, form), *([] if side else [(1, {number[k]: ONE})])), width))
            if side <= 0:
                owners.append((k, -1))
                generators.append(_dense(combined((-1, form)) if side else {number[k]: ONE}, width))
        target = _dense(goal, width)
        rational = all(isinstance(q, Fraction) for q in target)
        answer = cone_member(target, generators) if rational else ordered_cone_member(target, generators)
        if not isinstance(answer, Separator):
            return self._leaf(sides, dict(zip(owners, answer.generators, strict=True)))
        u = answer.normal
        x = tuple(Fraction(q) for q in primitive(u[: self.size]))
        if self.value(x) < 0:
            return x
        for k in sorted(number):
            n = u[number[k]]
            if n > 0 and n + sum(q * u[key] for key, q in inputs[k].items()) > 0:
                return Cut(k)
        raise InternalError("a relaxed point that is exact has another value")

    def _leaf(self, sides: Mapping[int, int], weights: Mapping[tuple[int, int], Any]) -> Leaf:
        """The slopes of a branch from the multipliers of p_k and n_k, replayed."""
        left = dict(self.top)
        slopes: dict[int, Any] = {}
        for k, kink in enumerate(self.kinks):
            c = left.pop(~k, ZERO)
            side = sides.get(k, 0)
            slope = c * kink.up - weights[k, 1] if side >= 0 else c * kink.down + weights[k, -1]
            if (side <= 0 and slope < c * kink.down) or (side >= 0 and slope > c * kink.up):
                raise InternalError("a slope is outside its bounds")
            left = combined((1, left), (slope, kink.inner))
            if slope:
                slopes[k] = slope
        if left:
            raise InternalError("the slopes of a branch leave something over")
        return Leaf(Weights(slopes))


def _dense(form: Mapping[int, Any], width: int) -> list[Any]:
    row: list[Any] = [ZERO] * width
    for key, q in form.items():
        row[key] = q
    return row
