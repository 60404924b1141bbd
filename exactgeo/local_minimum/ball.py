"""Exactly one local minimum in a box around a point, proved by fixed-point intervals.

With A near the inverse of the slopes D of the equations of :mod:`exactgeo.local_minimum.stationary`, radii rho around a
centre x, and

    |A g(x)| + |I - A D| rho < rho        (entry by entry; D on the box),

the map ``q -> q - A g(q)`` sends the box into itself and contracts it: exactly one solution there. If off the kinks
that are held every pre-activation keeps its side, and across each of these the loss rises on both sides, it is a local
minimum; along every ray from it that keeps these sides the loss is convex and rises, so it is the only one in the
larger box where they do.

References
----------
docs/mathematics.md, "Minima enclosed in a box". R. Krawczyk, Newton-Algorithmen zur Bestimmung von Nullstellen mit
Fehlerschranken, Computing 4 (1969); S. M. Rump, Verification methods, Acta Numerica 19 (2010), Theorem 13.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactgeo.claims.ball import BallClaim
from exactgeo.claims.certificate import Certificate, certificate_of
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.fixed_point import BITS, Intervals
from exactgeo.exact.vectors import ONE, ZERO, dot
from exactgeo.local_minimum import _propose_inverse
from exactgeo.local_minimum.stationary import Box, Stationary, Tie
from exactgeo.problem import Point, Problem

__all__ = ["Ball", "NoBall", "Wrong", "ball_near"]

Integers = NDArray[np.object_]

DIGITS = 96
"""Binary digits of a centre: a margin of 32 below the arithmetic."""

ROOM = 24
"""Binary digits, of those behind the point, by which the equations may be wrong."""

FARTHEST = 32
"""Binary digits before the point of the largest correction."""

ROUNDS = 24
"""Corrections by the approximate inverse; each gains several digits."""


@dataclass(frozen=True)
class Ball:
    """Exactly one local minimum near a point.

    Attributes
    ----------
    problem : Problem
    claim : BallClaim
    within : Fraction
        The minimum lies within it of ``point`` (max norm).
    radius : Fraction or None
        No other one with the same held parameters lies within it of ``point``; None: there is no other at all.
    value : Enclosure
        Of the training loss there.
    moving : int
        How many neurons have unknown parameters.
    free : int
        The number of held parameters of neurons without output, each of which may change freely.
    """

    problem: Problem
    claim: BallClaim
    within: Fraction
    radius: Fraction | None
    value: Enclosure
    moving: int
    free: int

    @property
    def point(self) -> Point:
        return self.claim.point

    @property
    def kinks(self) -> tuple[tuple[int, ...], ...]:
        """Of each neuron the data points on a kink, one of those with proportional rows."""
        return self.claim.kinks

    @property
    def certificate(self) -> Certificate | None:
        return certificate_of(self.problem, (self.claim,))


@dataclass(frozen=True)
class Wrong:
    """A condition that does not hold, by neuron and data point: on a kink that is held, or off one."""

    neuron: int
    row: int
    held: bool


@dataclass(frozen=True)
class NoBall:
    """Nothing is said of the point, and why."""

    reason: str
    wrong: Wrong | None = None


class _Fails(Exception):
    def __init__(self, reason: str, wrong: Wrong | None = None) -> None:
        super().__init__(reason)
        self.wrong = wrong


def ball_near(
    problem: Problem, point: Point, kinks: Sequence[Sequence[int]], ties: Sequence[Tie | None] = ()
) -> Ball | NoBall:
    """Prove that exactly one local minimum lies near a point, with these kinks and the sides of the point.

    Parameters
    ----------
    problem : Problem
        In scope of :func:`exactgeo.problem.scope.polish`; a loss with a derivative; squares alone as penalty.
    point : Point
        Close to it.
    kinks : of each neuron the data points on a kink, one of those with proportional rows
    ties : of each neuron None, or whose multiple it is; none by default

    Returns
    -------
    Ball or NoBall
        Cost: a float inverse, and products of matrices of the size of the unknowns (trained parameters and kinks) on
        integers of some 128 bits.
    """
    try:
        free = tuple(ties) or (None,) * len(kinks)
        return _Proof(Stationary(problem, point, tuple(map(tuple, kinks)), free)).proved()
    except _Fails as why:
        return NoBall(str(why), why.wrong)


@dataclass(frozen=True)
class _Proof:
    start: Stationary

    def proved(self) -> Ball:
        centre, inverse, scale = self._centre()
        at = self.start if not self.start.size else self._at(centre)
        radii, box = _enclosed(at, centre, inverse, scale)
        within = max(radii[: len(at.parameters)], default=ZERO)
        radius = self._sides(at, within)
        self._bends(at, box)
        free = self._still(at, box)
        value = _roomy(at.value(box))
        claim = BallClaim(
            at.point,
            at.kinks,
            tuple(unit.index if tie is None else tie.leader for unit, tie in zip(at.units, at.ties, strict=True)),
            tuple(ONE if tie is None else tie.factor for tie in at.ties),
            _by_neuron(at, centre),
            tuple(radii),
            scale,
            tuple(tuple(int(q) for q in row) for row in inverse),
            radius,
            _outward(value.lo, up=False),
            _outward(value.hi, up=True),
        )
        return Ball(at.problem, claim, within, radius, value, len(at.live), free)

    def _at(self, centre: Sequence[Fraction]) -> Stationary:
        """The equations at the centre: the sides of its pre-activations are those of the start, or the proof fails."""
        start = self.start
        at = Stationary(start.problem, start.point_at(centre[: len(start.parameters)]), start.kinks, start.ties)
        for one, other in zip(start.units, at.units, strict=True):
            for t, (p, q) in enumerate(zip(one.slope, other.slope, strict=True)):
                if p != q:
                    raise _Fails(
                        f"a pre-activation of neuron {one.index} changes its side on the way to the critical point",
                        Wrong(one.index, t, held=False),
                    )
        # A neuron whose sides are all one has fewer unknowns: only where the sides are the same does this compare.
        if at.size != start.size:
            raise _Fails("a neuron loses its output on the way to the critical point")
        return at

    def _centre(self) -> tuple[list[Fraction], Integers, int]:
        """A point near the solution, and an approximate inverse there."""
        start = self.start
        exact = [*start.parameters, *([ZERO] * start.number)]
        here = Intervals.of(exact) if exact else _nothing()
        box = start.box(here)
        matrix = start.slopes(box)
        found = _propose_inverse.inverse(matrix)
        if found is None:
            raise _Fails(SINGULAR)
        inverse, scale = found
        guess = _propose_inverse.multipliers(matrix, start.equations(box), len(start.parameters))
        middle = here.middle.copy()
        for k, q in enumerate(guess):
            middle[len(start.parameters) + k] = round(Fraction(q) * 2**BITS)
        pieces = start.problem.loss.pieces(start.problem.y[0][0])
        straight = pieces is not None and not pieces.breaks and not start.outputs_move
        size = None
        for _ in range(ROUNDS):
            box = start.box(Intervals(middle, np.zeros_like(middle)))
            if not straight and (size is None or size >> BITS // 2):
                again = _propose_inverse.inverse(start.slopes(box))
                inverse, scale = again if again is not None else (inverse, scale)
            change = np.array([q >> scale for q in inverse.dot(start.equations(box).middle)], object)
            middle, last = middle - change, size
            size = max((abs(q) for q in change), default=0)
            if size >> BITS + FARTHEST:
                raise _Fails("the corrections by the approximate inverse lead away from the point")
            if not size >> (BITS - DIGITS - 2) or (last is not None and size >= last and not last >> BITS // 2):
                break
        shift = BITS - DIGITS
        return [Fraction(int(q + (1 << shift - 1)) >> shift, 2**DIGITS) for q in middle], inverse, scale

    def _sides(self, at: Stationary, within: Fraction) -> Fraction | None:
        """A radius within which every pre-activation off the kinks, and every output weight, keeps its sign."""
        bounds = []
        kinked = bool(at.live) and at.problem.network.activation.has_kink
        # In fixed point: lower bounds of |z_t|, upper bounds of |x_t|_1 on T.
        moving = list(at.moving)
        z = at.rows @ Intervals.of([w for w, _ in at.point.neurons]).T if at.live else _nothing()
        sizes = at.rows[:, moving].upper_size().sum(axis=1) if moving else []
        # A straight neuron that is tied has a bias of its own: its sides are no others' sides.
        apart = [unit for unit, tie in zip(at.units, at.ties, strict=True) if tie is not None and not at.follows(unit)]
        for unit in (*at.live, *apart):
            held = {t for bend in unit.bends for t, _ in bend.members}
            if at.outputs_move:
                bounds.append((abs(at.point.neurons[unit.index].v), Wrong(unit.index, -1, held=False)))
            for t in range(at.problem.m if kinked else 0):
                if t not in held and any(at.problem.lifted[t][k] for k in moving):
                    away = max(0, abs(z.middle[t, unit.index]) - z.radius[t, unit.index])
                    bounds.append((Fraction(away, sizes[t]), Wrong(unit.index, t, held=False)))
        if not bounds:
            return None
        least, wrong = min(bounds, key=lambda bound: bound[0])
        radius = _outward(least * Fraction(99, 100), up=False)
        if radius <= within:
            what = "an output weight" if wrong.row < 0 else "a pre-activation off the kinks"
            raise _Fails(f"{what} of neuron {wrong.neuron} may change its sign within {float(within):.3g}", wrong)
        return radius

    def _bends(self, at: Stationary, box: Box) -> None:
        """Across each kink that is held the loss rises, on both sides."""
        used = 0
        activation = at.problem.network.activation if at.live else None
        for unit in at.live:
            for bend in unit.bends:
                assert activation is not None
                slopes = box.slopes[[t for t, _ in bend.members]]
                right = Intervals.of([activation(factor) for _, factor in bend.members])
                left = Intervals.of([activation(-factor) for _, factor in bend.members])
                # The multiplier is that of all neurons tied to this one.
                multiplier = box.multipliers[used : used + 1]
                v = box.v[unit.index : unit.index + 1] * Intervals.of([unit.count])
                above = multiplier + (slopes * right).sum(axis=0) * v
                below = multiplier - (slopes * left).sum(axis=0) * v
                if above.signs()[0] != 1 or below.signs()[0] != -1:
                    raise _Fails(
                        f"across the kink of data point {bend.row} neuron {unit.index} has a multiplier that is not "
                        "proved to rise on both sides",
                        Wrong(unit.index, bend.row, held=True),
                    )
                used += 1

    def _still(self, at: Stationary, box: Box) -> int:
        """Neurons without output: their parameters are held, and no move of them lowers the loss."""
        if not at.moving:
            return 0
        free = 0
        output = at.problem.train.output
        for unit in at.units:
            if unit.moves or at.ties[unit.index] is not None:
                # A bias that the output bias can follow; how much a neuron has of a sum, and of the sum of biases.
                own = len(unit.coordinates) if unit.moves else len(at.moving if unit.bends else at.decayed) - 1
                free += len(at.moving) - own
                continue
            if not output and not at.point.neurons[unit.index].v:
                self._still_frozen(at, unit.index)
                free += len(at.moving)
                continue
            free += self._still_one(at, box, unit.index, output)
        return free

    def _still_frozen(self, at: Stationary, index: int) -> None:
        w, _ = at.point.neurons[index]
        if any(w[k] for k in at.decayed):
            raise _Fails(f"neuron {index} has output weight 0, and its input weights a penalty")

    def _still_one(self, at: Stationary, box: Box, index: int, output: bool) -> int:
        """How many of its parameters are free."""
        w, v = at.point.neurons[index]
        slopes = at.problem.network.activation.slopes
        assert slopes is not None
        kinked = at.problem.network.activation.has_kink
        sides = set()
        for x in at.problem.lifted:
            z = dot(w, x)
            if any(x[k] for k in at.moving) and kinked and not z:
                raise _Fails(f"neuron {index} has no output and is on a kink, where balls do not decide")
            sides.add(slopes[z < 0])
        if at.decay and (any(w[k] for k in at.decayed) or (output and v)):
            raise _Fails(f"neuron {index} has no output, and its weights a penalty")
        if sides <= {ZERO}:
            return len(at.moving) - len(at.decayed) + (output and not at.decay)
        return self._still_silent(at, box, index, sides)

    def _still_silent(self, at: Stationary, box: Box, index: int, sides: set[Fraction]) -> int:
        """A neuron at 0 with a hidden bias that is not 0: what it could gain is less than its penalty."""
        slope = max(sides, key=abs)
        level = any(all(q == 1 for q in column) and not penalised for column, _, penalised in at.affine)
        if not at.decay or len(sides) > 1 or not level:
            raise _Fails(f"neuron {index} has output weight 0, where balls do not decide")
        pull = ((box.slopes[None, :] @ at.rows)[0] * Intervals.of([slope]))[list(at.decayed)]
        total = (pull * pull).sum(axis=0)
        limit = Intervals.of([at.decay * at.decay])
        if (limit - total).signs()[0] != 1:
            raise _Fails(f"neuron {index} is 0, and might gain more than its penalty")
        return len(at.moving) - len(at.decayed)


SINGULAR = "the equations of the critical point are singular: kinks that depend on each other, or flat directions"


def _roomy(value: Enclosure) -> Enclosure:
    """Room for whoever encloses the losses of the data points in another way; no loss is negative."""
    room = (1 + abs(value.hi)) / 2 ** (BITS - ROOM)
    return Enclosure(max(value.lo - room, ZERO), value.hi + room)


def _nothing() -> Intervals:
    return Intervals(np.zeros(0, object), np.zeros(0, object))


def _enclosed(at: Stationary, centre: Sequence[Fraction], inverse: Integers, scale: int) -> tuple[list[Fraction], Box]:
    """Radii of a box that holds exactly one solution, and what the box makes of the network."""
    if not at.size:
        return [], at.box(_nothing())
    exact = Intervals.of(centre)
    here = at.box(exact)
    approximate = Intervals(inverse << (BITS - scale) if scale <= BITS else inverse >> (scale - BITS), inverse * 0)
    # Room for whoever rounds more than is done here.
    room = np.abs(inverse).sum(axis=1) << ROOM >> scale
    change = (approximate @ at.equations(here)).upper_size() + room
    wide = change * 4 + 2**16
    for _ in range(4):
        box = at.box(Intervals(exact.middle, wide + 1))
        rest = _identity(at.size) - approximate @ at.slopes(box)
        sizes = rest.upper_size()
        proposal = _propose_inverse.radii(
            _propose_inverse.floats_of(Intervals(change, change)), _propose_inverse.floats_of(Intervals(sizes, sizes))
        )
        if proposal is None:
            raise _Fails(SINGULAR)
        radii = np.array([int(Fraction(float(q)) * 2**BITS) for q in proposal], object)
        if (radii <= wide).all():
            reach = [change[k] * 2**BITS + int(sizes[k].dot(radii)) for k in range(at.size)]
            if all(q < r * 2**BITS for q, r in zip(reach, radii, strict=True)):
                return [Fraction(int(q), 2**BITS) for q in radii], box
            raise _Fails(SINGULAR)
        wide = np.maximum(radii, wide) * 2
    raise _Fails("no box around the critical point was found that is narrow enough")


def _identity(size: int) -> Intervals:
    middle = np.zeros((size, size), object)
    middle[np.arange(size), np.arange(size)] = 2**BITS
    return Intervals(middle, middle * 0)


def _by_neuron(at: Stationary, centre: Sequence[Fraction]) -> tuple[tuple[Fraction, ...], ...]:
    rest = list(centre[len(at.parameters) :])
    return tuple(tuple(rest.pop(0) for _ in unit.bends) if unit.moves else () for unit in at.units)


def _outward(value: Fraction, *, up: bool) -> Fraction:
    """A dyadic of few digits at least, or at most, a value."""
    if not value:
        return ZERO
    shift = 60 - (abs(value.numerator).bit_length() - value.denominator.bit_length())
    scaled = value * Fraction(2) ** shift
    whole = -(-scaled.numerator // scaled.denominator) if up else scaled.numerator // scaled.denominator
    return Fraction(whole) / Fraction(2) ** shift
