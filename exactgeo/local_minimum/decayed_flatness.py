"""How large is the set of equal loss around a local minimum with weight decay? Its dimension, exactly.

Where the loss of a data point is strictly convex, equal loss nearby means its prediction stays (elsewhere, where it is
affine, the prediction counts for nothing), and that no neuron pays. A neuron with v != 0 then moves along its ray,
(w, v) to c (w, v), and a hidden bias without penalty as far as the slope there is 0; one with v = 0 moves out along a
ray (u, k) on which |phi(u)| is at its bound. In c^2 - 1, and in the squares of the lengths of these rays, the
predictions are linear: the set is a union of polyhedral cones, one for each choice of rays.

References
----------
docs/mathematics.md, "Weight decay".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any, Protocol

from exactgeo.claims.local_minimum import Implied, Split
from exactgeo.exact.combination import Number
from exactgeo.exact.lp import Multipliers, cone_member
from exactgeo.exact.matrix import rank
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.local_minimum.two_layer_point import NeuronState, TwoLayerPoint

__all__ = ["MOST_CHOICES", "Decayed", "flatness", "leaf_vectors"]

MOST_CHOICES = 512
"""Most choices of rays that are gone through; a limit of the format of certificates too."""


class Decayed(Protocol):
    """What is asked of a point with weight decay, whichever numbers its slopes are."""

    @property
    def at(self) -> TwoLayerPoint:
        """Its score."""

    @property
    def free(self) -> tuple[int, ...]:
        """The places in T of the coordinates without penalty."""

    @property
    def shift(self) -> Fraction:
        """The factor of the penalty of the output bias."""

    @property
    def output(self) -> bool:
        """Whether the output weights are trained."""

    @property
    def common(self) -> int:
        """How many trained parameters move no score and cost nothing."""

    def phi(self, neuron: NeuronState, u: Vector) -> Number:
        """The slope of the loss as the inputs of a neuron of output weight 1 move along u."""

    def longer(self, neuron: NeuronState) -> int:
        """-1 where the inputs of a neuron are shorter than those that balance its output weight, 0 where balanced."""

    def tight(self, neuron: NeuronState, proof: Any) -> list[tuple[int, Vector]]:
        """Sign and vector of each leaf of the proof of a neuron at 0 whose vector is as long as the bound."""


@dataclass
class _Moves:
    """Moves of equal penalty: columns with a weight of either sign, groups of which one may have a positive weight, and
    the number of moves without any effect."""

    lines: list[Vector] = field(default_factory=list)
    groups: list[list[Vector]] = field(default_factory=list)
    idle: int = 0


class _Unknown(Exception):
    """Why the dimension is not computed."""


def flatness(local: Decayed, proofs: Sequence[Any]) -> int | str:
    """Dimension of the set of equal loss at a proved local minimum, or the reason why it is not known.

    Cost: one linear program for each choice of rays.
    """
    try:
        return _dimension(_moves(local, proofs))
    except _Unknown as reason:
        return str(reason)


def _moves(local: Decayed, proofs: Sequence[Any]) -> _Moves:
    at, moves = local.at, _Moves(idle=local.common)
    kept = _bending(local)
    if any(name == "c" for name, _ in at.linear) and not local.shift:
        moves.lines.append((ONE,) * len(kept))
    for neuron, proof in zip(at.neurons, proofs, strict=True):
        if not at.trained:
            continue
        if not neuron.v:
            if local.output and (rays := _rays(local, neuron, proof)):
                moves.groups.append([tuple(column[t] for t in kept) for column in rays])
            moves.idle += len(local.free)
            continue
        if local.output:
            _along(local, neuron, moves, kept)
        _bias(local, neuron, moves, kept)
    return moves


def _bending(local: Decayed) -> list[int]:
    """The data at which the loss is strictly convex; at the others it must be affine."""
    problem, kept = local.at.problem, []
    for t, (p, (y,)) in enumerate(zip(local.at.predictions, problem.y, strict=True)):
        left, right = problem.loss.affine(p, y)
        if left != right:
            raise _Unknown(f"the {problem.loss.name} loss bends to one side only of prediction {t}")
        if not left:
            kept.append(t)
    return kept


def _along(local: Decayed, neuron: NeuronState, moves: _Moves, kept: Sequence[int]) -> None:
    """The neuron's own ray, which it has where it is as long as its output weight."""
    if local.longer(neuron) < 0:
        return
    if any(q for k, q in enumerate(neuron.w) if k not in local.at.trained):
        raise _Unknown(f"neuron {neuron.index} is balanced although its bias is frozen at another value than 0")
    moves.lines.append(tuple(neuron.v * neuron.outputs[t] for t in kept))


def _bias(local: Decayed, neuron: NeuronState, moves: _Moves, kept: Sequence[int]) -> None:
    """What a trained coordinate without penalty moves at no cost, to first order."""
    at = local.at
    for j in local.free:
        columns = []
        for sign in (1, -1):
            axis = tuple(Fraction(sign * int(k == j)) for k in range(len(at.trained)))
            if local.phi(neuron, axis):
                continue
            change = _change(at, neuron, axis)
            columns.append(tuple(neuron.v * change[t] for t in kept))
        if None not in neuron.side:
            moves.lines += columns[:1]
        elif columns:
            moves.groups.append(columns)


def _rays(local: Decayed, neuron: NeuronState, proof: Any) -> list[Vector]:
    """The changes of the predictions along the rays of a neuron with v = 0, up to positive factors."""
    at, found = local.at, {}
    for sign, q in local.tight(neuron, proof):
        if local.free:
            # Beside q there is a coordinate that q does not tell.
            raise _Unknown(f"neuron {neuron.index} is 0, its slope as long as its bound, and its bias has no penalty")
        if sign * local.phi(neuron, q) == dot(q, q):
            found[sign, q] = tuple(-sign * change for change in _change(at, neuron, q))
    if found and any(neuron.outputs):
        raise _Unknown(f"neuron {neuron.index} is at its bound and its outputs are not 0")
    return list(found.values())


def _change(at: TwoLayerPoint, neuron: NeuronState, u: Vector) -> list[Fraction]:
    """Slopes of the outputs of a neuron as its trained inputs move along u."""
    up, down = at.slopes
    moved = zip(neuron.side, (dot(u, row) for row in at.rows), strict=True)
    return [z * (side if side is not None else up if z > 0 else down) for side, z in moved]


def leaf_vectors(
    linear: Sequence[Any], terms: Sequence[Any], cover: Sequence[Any], number: Callable[[Any], Any] = lambda q: q
) -> list[tuple[Any, ...]]:
    """The vector q of each leaf of a covering, see :class:`exactgeo.claims.penalised_minimum.NormLeaf`.

    Parameters
    ----------
    number : callable
        The number that a multiplier or a slope of the covering is.
    """
    named = {term.row: term for term in terms}
    pending: list[dict[int, int]] = [{}]
    found = []
    for step in cover:
        sides = pending.pop()
        if isinstance(step, Split):
            pending += [{**sides, step.row: -1}, {**sides, step.row: 1}]
        elif isinstance(step, Implied):
            pending.append({**sides, step.row: step.sign})
        else:
            q = tuple(linear)
            for row, term in named.items():
                weight = number(step.slopes[row]) if row in step.slopes else ZERO
                if row in sides:
                    weight = term.right if sides[row] > 0 else term.left
                    if row in step.multipliers:
                        weight = weight + number(step.multipliers[row]) * Fraction(sides[row])
                q = tuple(a + weight * Fraction(b) for a, b in zip(q, term.form, strict=True))
            found.append(q)
    return found


def _dimension(moves: _Moves) -> int:
    choices = prod(len(group) + 1 for group in moves.groups)
    if choices > MOST_CHOICES:
        raise _Unknown(f"{choices} choices of rays of equal loss, more than {MOST_CHOICES}")
    best = 0
    for choice in product(*([None, *group] for group in moves.groups)):
        chosen = [column for column in choice if column is not None]
        opposite = [-sum(entries, ZERO) for entries in zip(*chosen, strict=True)]
        if chosen and opposite and not isinstance(cone_member(opposite, chosen, moves.lines), Multipliers):
            continue
        columns = [*moves.lines, *chosen]
        size = len(columns[0]) if columns else 0
        best = max(best, len(columns) - (rank(columns, size) if size else 0))
    return best + moves.idle
