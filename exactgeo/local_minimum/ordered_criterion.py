"""The criterion where the slopes of the loss are transcendental: exact at rational points, in an ordered space over Q.

The theorem is that of :mod:`exactgeo.local_minimum.criterion`, with g_t = l_t'(p_t): all it asks for are signs of
rational combinations of the g_t, which :mod:`exactgeo.exact.combination` decides. Nothing is decided by digits: a
condition ``= 0`` is a comparison of coefficients, and a sign is enclosed until it shows.

With two outputs under softmax everything is said of the score, their difference. It is linear in the two rows of output
weights and onto, so the verdict is the same; the set of equal loss gains one dimension for each parameter the rows have
in common.

The loss is strictly convex, so around a local minimum equal loss means equal scores: the dimension of that set is found
as for the squared loss with the predictions as targets, which has the same set.

References
----------
docs/mathematics.md, "Exponentials at rational points".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cached_property

from exactgeo.claims.ordered import Combined
from exactgeo.claims.ordered_descent import OrderedDescentClaim
from exactgeo.claims.ordered_minimum import OrderedMinimumClaim, OrderedNeuronProof, OrderedPart
from exactgeo.claims.ordered_strictness import OrderedStrictnessClaim
from exactgeo.claims.strictness import Tree
from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError
from exactgeo.exact.combination import MAX_SHIFT, Number, Unresolved, inner, sign
from exactgeo.exact.matrix import primitive
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.kinds import Argument, Strictness
from exactgeo.local_minimum.decision import Descent, Minimum
from exactgeo.local_minimum.descent import direction_of, score_change
from exactgeo.local_minimum.flatness import search, strictness
from exactgeo.local_minimum.moves import Moves, germs
from exactgeo.local_minimum.ordered_cover import OrderedTerm, ordered_nonnegative
from exactgeo.local_minimum.two_layer_point import Kink, NeuronState, TwoLayerPoint
from exactgeo.losses import make_loss
from exactgeo.problem import Direction, Point, Problem

__all__ = [
    "OrderedPoint",
    "conclude_ordered",
    "exact_loss",
    "largest_power",
    "measure_ordered",
    "one_score",
    "power_below",
    "radius_of",
]


@dataclass(frozen=True)
class OrderedPoint:
    """A point of a problem whose loss has slopes in an ordered space.

    Attributes
    ----------
    problem, point
        As given; one output, or two under softmax.
    local : TwoLayerPoint
        Of the score.
    slopes : m numbers
        l_t'(p_t).
    """

    problem: Problem
    point: Point
    local: TwoLayerPoint
    slopes: tuple[Number, ...]

    @classmethod
    def of(cls, problem: Problem, point: Point) -> OrderedPoint:
        """Evaluate a problem in scope at a point. Cost: O(m n d) rationals."""
        local = TwoLayerPoint.of(*one_score(problem, point))
        score = local.problem
        pairs = zip(local.predictions, score.y, strict=True)
        return cls(problem, point, local, tuple(score.loss.derivative(p, y) for p, (y,) in pairs))

    @cached_property
    def bounds(self) -> list[tuple[Number, Fraction | None]]:
        """w_t with ``l_t(p_t + e) <= l_t(p_t) + g_t e + w_t e^2``, and how far."""
        return [self.local.problem.loss.quadratic_bound(p) for p in self.local.predictions]

    @property
    def loss(self) -> Number:
        """The training loss at the point, its penalty included, exactly. Cost: m additions."""
        score = self.local.problem
        pairs = zip(self.local.predictions, score.y, strict=True)
        values = [score.loss.exact_value(p, y) for p, (y,) in pairs]
        total: Number = inner([score.weight] * len(values), values)
        return total + self.problem.penalty.at(self.problem.train, self.point)

    def along(self, column: Vector) -> Number:
        """The derivative of the loss (up to its weight) as the predictions move along a column."""
        value: Number = inner(column, self.slopes)
        return value

    # -- phi ------------------------------------------------------------------------------------------------------

    def smooth_part(self, neuron: NeuronState) -> list[Number]:
        """phi's contribution of the data points off the kinks, a vector of T."""
        sides = [slope or ZERO for slope in neuron.side]
        return [inner([s * row[k] for s, row in zip(sides, self.local.rows, strict=True)], self.slopes)
                for k in range(len(self.local.trained))]  # fmt: skip

    def kink_slopes(self, kink: Kink) -> tuple[Number, Number]:
        """(right, left): phi's contribution of a kink is right * q for q = <form, u> >= 0, left * q for q <= 0."""
        up, down = self.local.slopes
        slopes = [self.slopes[t] for t, _ in kink.members]
        right = inner([factor * (up if factor > 0 else down) for _, factor in kink.members], slopes)
        left = inner([factor * (down if factor > 0 else up) for _, factor in kink.members], slopes)
        return right, left

    def phi(self, neuron: NeuronState, u: Vector) -> Number:
        """``sum_t l_t'(p_t) a'(<w_i, x_t>; <u, x_t>)`` for a direction u of T."""
        weights = []
        up, down = self.local.slopes
        for slope, row in zip(neuron.side, self.local.rows, strict=True):
            q = dot(row, u)
            weights.append(q * (slope if slope is not None else up if q > 0 else down))
        value: Number = inner(weights, self.slopes)
        return value


def exact_loss(problem: Problem, point: Point) -> Number:
    """The training loss at a point of a problem whose loss has slopes in an ordered space."""
    return OrderedPoint.of(problem, point).loss


def one_score(problem: Problem, point: Point) -> tuple[Problem, Point]:
    """The problem and the point of the score: as they are with one output, else of the difference of the two.

    Raises
    ------
    InternalError
        The outputs have no scalar score.
    """
    scalar = problem.loss.as_scalar(problem.outputs, problem.y)
    if scalar is None:
        raise InternalError("outputs without a scalar score")
    if problem.outputs == 1:
        return problem, point
    loss, targets = scalar
    score = point.as_scalar()
    network = replace(problem.network, outputs=1)
    y = tuple((q,) for q in targets)
    return replace(problem, y=y, network=network, loss=loss, frozen=None, point=score), score


# -- the conditions ------------------------------------------------------------------------------------------------


def conclude_ordered(problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Descent:
    """Decide a point of a problem in scope of the complete decision whose loss has slopes in an ordered space.

    Raises
    ------
    exactgeo.exact.combination.Unresolved
        A number is too small for its sign, or for a rational step, to be found.
    """
    at = OrderedPoint.of(problem, point)
    proofs = _prove_all(at, check)
    if isinstance(proofs, Descent):
        return proofs
    claim = OrderedMinimumClaim(at.point, Combined.of(at.loss), radius_of(at), proofs)
    argument = Argument.ORDERED_SLOPES if problem.network.widths else Argument.LINEAR_MODEL
    return Minimum(problem, claim, argument)


def _prove_all(at: OrderedPoint, check: Check) -> tuple[OrderedNeuronProof, ...] | Descent:
    """For each neuron the covering that proves its condition, or a descent."""
    local = at.local
    for number, (_, column) in enumerate(local.linear):
        slope = sign(inner(column, at.slopes))
        if slope:
            return _certified(at, direction_of(local, affine=number, step=-ONE * slope))
    if local.problem.train.output:
        for neuron in local.neurons:
            slope = sign(inner(neuron.outputs, at.slopes))
            if slope:
                return _certified(at, direction_of(local, neurons={neuron.index: ((), -ONE * slope)}))
    proofs = []
    for neuron in local.neurons:
        found: list[OrderedPart] | Vector = []
        if local.trained and (neuron.v or local.problem.train.output):
            found = _prove(at, neuron, check)
        if isinstance(found, tuple):
            return _along_inputs(at, neuron, found)
        proofs.append(OrderedNeuronProof(tuple(found)))
    return tuple(proofs)


def _prove(at: OrderedPoint, neuron: NeuronState, check: Check) -> list[OrderedPart] | Vector:
    """``sign(v) phi >= 0`` on T by a covering, ``phi = 0`` for v = 0; or a direction of T that violates it."""
    side = neuron.sign or 1
    size = len(at.local.trained)
    linear: list[Number] = [side * q for q in at.smooth_part(neuron)]
    terms = []
    for kink in neuron.kinks:
        right, left = (side * q for q in at.kink_slopes(kink))
        if right == left:
            linear = [p + right * q for p, q in zip(linear, kink.form, strict=True)]
        else:
            terms.append(OrderedTerm(kink.row, kink.form, right, left))
    found = ordered_nonnegative(linear, terms, size, check)
    if neuron.v or not terms or isinstance(found, tuple):
        return found
    # v = 0 needs phi = 0, but phi bends: it is not 0 everywhere, and phi and -phi cannot both be >= 0.
    flipped = [replace(term, right=-term.right, left=-term.left) for term in terms]
    down = ordered_nonnegative([-q for q in linear], flipped, size, check)
    if not isinstance(down, tuple):
        raise InternalError("a function that bends is 0 everywhere")
    return down


def radius_of(at: OrderedPoint) -> Fraction | None:
    """Largest max-norm radius, a power of 2, such that no pre-activation off the kinks and no v_i != 0 changes sign.

    None when every radius will do, as where no input weight is trained. Of two outputs v_i is a difference, which may
    move by twice the radius.
    """
    local = at.local
    bounds = []
    for neuron in local.neurons:
        if neuron.v and local.problem.train.output and local.trained:
            bounds.append(abs(neuron.v) / at.problem.outputs)
        if not local.problem.network.activation.has_kink:
            continue
        for z, row in zip(neuron.z, local.rows, strict=True):
            size = sum(map(abs, row), ZERO)
            if z and size:
                bounds.append(abs(z) / size)
    return power_below(min(bounds)) if bounds else None


def power_below(bound: Fraction) -> Fraction:
    """The largest power of 2 that is at most a positive bound.

    Examples
    --------
    >>> print(power_below(Fraction(3, 16)), power_below(Fraction(5)))
    1/8 4
    """
    exponent = bound.numerator.bit_length() - bound.denominator.bit_length()
    power = Fraction(2) ** exponent
    return power if power <= bound else power / 2


# -- descents ------------------------------------------------------------------------------------------------------


def _along_inputs(at: OrderedPoint, neuron: NeuronState, u: Vector) -> Descent:
    """Down along input weights: ``sign(v) phi_i(u) < 0``; for v = 0, ``phi_i(u) != 0`` and v moves too.

    For v = 0 the loss changes by at most ``s^2 k (phi(u) + k sum_t w_t (a(z_t) + s a'(z_t; u))^2)``: negative for k of
    the sign opposite to phi(u) and small enough.
    """
    u = tuple(map(Fraction, primitive(u)))
    if neuron.v:
        return _certified(at, direction_of(at.local, neurons={neuron.index: (u, ZERO)}))
    phi = at.phi(neuron, u)
    up, down = at.local.slopes
    sizes = []
    for a, slope, row in zip(neuron.outputs, neuron.side, at.local.rows, strict=True):
        q = dot(row, u)
        moved = q * (slope if slope is not None else up if q > 0 else down)
        sizes.append((abs(a) + abs(moved)) ** 2)
    size: Number = inner(sizes, (w for w, _ in at.bounds))
    slope_there = phi if sign(phi) > 0 else -phi
    kappa = largest_power(lambda k: sign(slope_there - 2 * k * size) >= 0)
    return _certified(at, direction_of(at.local, neurons={neuron.index: (u, -kappa * sign(phi))}))


def largest_power(small_enough: Callable[[Fraction], bool]) -> Fraction:
    """The largest power of 1/2 that is small enough, at most 1: found by bisection of its exponent.

    Raises
    ------
    Unresolved
        There is none above about 2^-MAX_SHIFT.
    """
    low, high = -1, 0
    while not small_enough(Fraction(1, 2**high)):
        low, high = high, 2 * high + 1
        if high > MAX_SHIFT:
            raise Unresolved(f"a step below 2^-{MAX_SHIFT}")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if small_enough(Fraction(1, 2**middle)) else (middle, high)
    return Fraction(1, 2**high)


def _certified(at: OrderedPoint, direction: Direction) -> Descent:
    found = below(at, direction)
    if found is None:
        raise InternalError("a descent failed its replay")
    return found


def below(at: OrderedPoint, direction: Direction) -> Descent | None:
    """The descent along a direction of the score's parameters, or None where the bound on the loss does not fall.

    Up to its weight, the loss changes by at most ``<g, dp> + sum_t w_t dp_t^2`` as long as each |dp_t| is in reach of
    its bound, with dp = s first + s^2 second: a polynomial P of degree 4 in s. With P_low < 0 its lowest coefficient,
    and S the sum of the positive ones behind it, ``P(s) <= s^low (P_low + s S)`` for s <= 1.
    """
    local = at.local
    first, second, reach = score_change(local, direction)
    bends = [w for w, _ in at.bounds]
    coefficients: list[Number] = [
        inner(first, at.slopes),
        inner(second, at.slopes) + inner([a * a for a in first], bends),
        inner([2 * a * b for a, b in zip(first, second, strict=True)], bends),
        inner([b * b for b in second], bends),
    ]
    low = next((k for k, q in enumerate(coefficients) if q), None)
    if low is None or sign(coefficients[low]) > 0:
        return None
    for (_, limit), a, b in zip(at.bounds, first, second, strict=True):
        size = abs(a) + abs(b)
        if limit is not None and size:
            reach = min(reach, limit / size)
    behind: Number = sum((q for q in coefficients[low + 1 :] if sign(q) > 0), ZERO)
    lowest = coefficients[low]
    step = largest_power(lambda s: s <= reach and sign(lowest + 2 * s * behind) <= 0)
    if at.problem.outputs == 2:
        moved = Point(direction.weights, direction.biases).with_outputs(2)
        direction = Direction(moved.weights, moved.biases)
    argument = Argument.SECOND_ORDER if low else Argument.FIRST_ORDER
    claim = OrderedDescentClaim(at.point, Combined.of(at.loss), direction, step)
    after = OrderedPoint.of(at.problem, at.point.moved(direction, step)).loss
    if sign(after - at.loss) >= 0:
        raise InternalError("the loss at the end of a descent is not lower")
    polynomial = (ZERO, *(local.problem.weight * q for q in coefficients))
    return Descent(at.problem, claim, argument, after, polynomial)


def measure_ordered(found: Minimum, check: Check) -> OrderedStrictnessClaim:
    """How large the set of equal loss around a local minimum is, and the proof.

    Parameters
    ----------
    found : Minimum
        As :func:`conclude_ordered` gave it.
    check : callable
        Called between pieces of work; what it raises passes through.
    """
    at = OrderedPoint.of(found.problem, found.claim.point)
    score = at.local.problem
    targets = tuple((p,) for p in at.local.predictions)
    same = replace(score, y=targets, loss=make_loss("squared"), reduction="sum")
    near = TwoLayerPoint.of(same, at.local.point)
    moves = Moves.of(near, germs(near))
    check()
    flat = search(moves, (), check)
    kind = strictness(near, flat.dimension)
    common = _common(at)
    if common:
        # Both rows of output weights may move together: more than a rescaling.
        kind = Strictness.FLAT
    elif kind is Strictness.STRICT_MODULO_SYMMETRY and _held(at):
        # The score's output weight is 0, but the two that it is the difference of are frozen and not 0.
        kind = Strictness.FLAT
    tree = Tree(tuple(unit.slant for unit in moves.units), flat.tree, flat.largest)
    return OrderedStrictnessClaim(at.point, Combined.of(at.loss), kind, flat.dimension + common, tree)


def _common(at: OrderedPoint) -> int:
    """How many trained parameters the two rows of output weights have in common; 0 for one output."""
    net, train = at.problem.network, at.problem.train
    if at.problem.outputs == 1:
        return 0
    width = net.widths[-1] if net.widths else net.inputs
    return width * train.output + (net.output_bias and train.output_bias)


def _held(at: OrderedPoint) -> bool:
    """Whether some neuron has two frozen output weights that are equal and not 0."""
    if at.problem.outputs == 1 or not at.local.neurons:
        return False
    one, other = at.point.output_rows
    return any(p == q and p for p, q in zip(one, other, strict=True))
