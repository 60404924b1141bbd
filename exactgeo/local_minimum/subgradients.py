"""Local minimality where the loss need not have a derivative, decided and proved: Theorem A of docs/mathematics.md.

A point is a local minimum iff for every choice of a side of each kink, and of a sign of each output weight that is 0,
some vector of subgradients of the losses makes the first-order change of the loss >= 0 for all moves of that choice.
Vectors may differ from choice to choice. Neurons are coupled only by data points at which the loss has no derivative:
neurons that depend on none of them are decided as for a loss with a derivative. The others are searched by branch and
bound: one linear program asks for a vector for all choices at once, and where there is none, its duals show which kink
they use both ways; only that one is cut. Beside it descents are looked for where all such kinks have a side at once.
Deciding it is co-NP-complete (from MAX-CUT).

References
----------
docs/mathematics.md, "Losses without a derivative"; Tian, So, arXiv 2302.12261, for testing one direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from random import Random

from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.local_minimum import NeuronProof
from exactgeo.claims.subgradient_minimum import (
    CoveredSubgradient,
    JointProof,
    JointStep,
    KinkSplit,
    SideImplied,
    SignSplit,
    Subgradient,
    SubgradientMinimumClaim,
)
from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError
from exactgeo.exact.lp import Multipliers, cone_member
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot, integer_dot
from exactgeo.kinds import Argument
from exactgeo.local_minimum.criterion import prove_neuron, radius
from exactgeo.local_minimum.curve import descent
from exactgeo.local_minimum.cuts import CutSearch
from exactgeo.local_minimum.decision import Descent, Minimum
from exactgeo.local_minimum.leaf_program import Case, Failure, Moves, Part, Proof, solve_case
from exactgeo.local_minimum.two_layer_point import NeuronState, TwoLayerPoint
from exactgeo.problem import Point, Problem

__all__ = ["conclude", "prove", "search"]

Slopes = Sequence[tuple[Fraction, Fraction]]
"""Left and right derivative of the loss at each data point."""


def conclude(problem: Problem, point: Point, argument: Argument, check: Check = unlimited) -> Minimum | Descent:
    """Decide a point of a problem in scope of the complete decision.

    Parameters
    ----------
    problem : Problem
    point : Point
    argument : Argument
        What a local minimum is decided by.
    check : callable
        Called between pieces of work; what it raises passes through.
    """
    at = TwoLayerPoint.of(problem, point)
    found = prove(at, check)
    return found if isinstance(found, Descent) else Minimum(problem, found, argument, at=at)


def prove(at: TwoLayerPoint, check: Check = unlimited) -> SubgradientMinimumClaim | Descent:
    """Decide a point of one hidden layer and one output, for any convex piecewise quadratic loss.

    Cost: one linear program for each part of coupled neurons where one vector of subgradients is enough; exponential in
    the kinks that can be concave, and in the output weights that are 0, where none is.

    References
    ----------
    Theorem A of docs/mathematics.md.
    """
    slopes = at.subgradients
    low = tuple(left for left, _ in slopes)
    coupled, alone, balanced = _parts(at, slopes)
    for k in balanced:
        slope = dot(low, at.linear[k][1])
        if slope:
            return _fall(at, [Moves({k: -slope}, {}, {})], {})
    proofs = [NeuronProof(())] * len(at.neurons)
    for i in alone:
        found = _alone(at, at.neurons[i], low, check)
        if not isinstance(found, NeuronProof):
            return found
        proofs[i] = found
    joint, bounds = [], []
    for neurons, affine, data in coupled:
        part = Part.of(at, slopes, neurons, affine, data)
        steps = search(at, part, check)
        if isinstance(steps, Descent):
            return steps
        bounds += [
            q
            for step in steps
            if isinstance(step, Subgradient | CoveredSubgradient)
            for q in _room(at, low, data, step)
        ]
        joint.append(JointProof(tuple(neurons), tuple(data), tuple(steps)))
    return SubgradientMinimumClaim(at.point, at.loss, radius(at, bounds), tuple(proofs), tuple(joint))


def _parts(
    at: TwoLayerPoint, slopes: Slopes
) -> tuple[list[tuple[list[int], list[int], list[int]]], list[int], list[int]]:
    """The coupled parts (neurons, affine parameters, data points), the neurons alone, the affine parameters alone."""
    trained = at.problem.train.output
    open_data = [t for t, (left, right) in enumerate(slopes) if left < right]
    groups: list[tuple[list[int], list[int], set[int]]] = []
    alone, balanced = [], []
    members: list[tuple[list[int], list[int], set[int]]] = []
    for neuron in at.neurons:
        if not (neuron.v or trained) or not (at.trained or trained):
            continue
        touched = {t for t in open_data if _depends(at, neuron, t)}
        if touched:
            members.append(([neuron.index], [], touched))
        else:
            alone.append(neuron.index)
    for k, (_, column) in enumerate(at.linear):
        touched = {t for t in open_data if column[t]}
        if touched:
            members.append(([], [k], touched))
        else:
            balanced.append(k)
    for neurons, affine, touched in members:
        joined = [group for group in groups if group[2] & touched]
        groups = [group for group in groups if not group[2] & touched]
        for group in joined:
            neurons, affine, touched = group[0] + neurons, group[1] + affine, group[2] | touched
        groups.append((neurons, affine, touched))
    return [(sorted(a), sorted(b), sorted(c)) for a, b, c in groups], alone, balanced


def _depends(at: TwoLayerPoint, neuron: NeuronState, t: int) -> bool:
    """Whether phi of a neuron, or its value at w, depends on the slope at a data point."""
    if at.problem.train.output and neuron.outputs[t]:
        return True
    return neuron.side[t] != 0 and any(at.rows[t])


def _alone(at: TwoLayerPoint, neuron: NeuronState, low: Vector, check: Check) -> NeuronProof | Descent:
    """A neuron on which the loss depends as one with a derivative."""
    i = neuron.index
    if at.problem.train.output:
        slope = dot(low, neuron.outputs)
        if slope:
            sign = neuron.sign or (-1 if slope > 0 else 1)
            return _fall(at, [Moves({}, {i: -sign * slope}, {})], {i: sign})
    found = prove_neuron(at, neuron, low, check) if at.trained else []
    if isinstance(found, list):
        return NeuronProof(tuple(found))
    if neuron.v:
        return _fall(at, [Moves({}, {}, {i: found})], {})
    sign = -1 if at.phi(neuron, found, low) > 0 else 1
    return _fall(at, [Moves({}, {i: ONE}, {}), Moves({}, {}, {i: found})], {i: sign})


def _fall(at: TwoLayerPoint, scales: Sequence[Moves], signs: Mapping[int, int]) -> Descent:
    found = descent(at, scales, signs)
    if found is None:
        raise InternalError("a descent failed its replay")
    return found


def _room(
    at: TwoLayerPoint, low: Vector, data: Sequence[int], step: Subgradient | CoveredSubgradient
) -> Iterator[Fraction]:
    """How far the input weights of the strict neurons may move: |phi(u)| stays below |phi(w)|."""
    slopes = list(low)
    for t in data:
        slopes[t] = step.slopes.get(t, ZERO)
    steepest = max(map(abs, at.slopes))
    size = sum((abs(r) * sum(map(abs, row), ZERO) for r, row in zip(slopes, at.rows, strict=True)), ZERO)
    for i in step.strict:
        if size and steepest:
            yield abs(dot(slopes, at.neurons[i].outputs)) / (size * steepest)


# -- branch and bound ------------------------------------------------------------------------------------------------


def search(at: TwoLayerPoint, part: Part, check: Check = unlimited) -> list[JointStep] | Descent:
    """The covering of all cases of a part in preorder, or a descent."""
    if part.least_everywhere:
        return [Subgradient(FrozenDict(), FrozenDict(), ())]
    for moves, signs in _single(part):
        claim = descent(at, [moves], signs)
        if claim is not None:
            return claim
    if not part.concave:
        found = solve_case(part, Case(), check)
        if isinstance(found, Proof):
            return [_subgradient(found)]
        claim = descent(at, found.scales, {}, guess=bool(found.gaps))
        if claim is not None:
            return claim
    steps: list[JointStep] = []
    stack = [Case()]
    cuts = CutSearch(part, check)
    dives = 0
    while stack:
        case = stack.pop()
        found = cuts.guess(case, check)
        claim = None
        if isinstance(found, Failure):
            claim = descent(at, found.scales, case.signs, guess=True)
            if claim is None and not found.gaps:
                found = cuts.solve(case, check)
        if isinstance(found, Proof):
            steps.append(_subgradient(found))
            continue
        for _ in range(min(1 + len(found.gaps) // 8 if not steps else 1, DIVES - dives)):
            claim = claim or _dive(at, part, cuts, case, found, dives, check)
            dives += 1
        if claim is not None:
            return claim
        stack += reversed(_branch(part, case, found, steps))
    return steps


DIVES = 100
"""How many descents are looked for: some at once, then one a case of the covering that has no subgradient."""
NOISE = (0, 100, 300, 1000, 3000)
"""How much of 1000, the largest entry of a neuron's move, is added to it at random, one after the other."""


def _dive(
    at: TwoLayerPoint, part: Part, cuts: CutSearch, case: Case, failure: Failure, number: int, check: Check
) -> Descent | None:
    """A descent where all that the moves use both ways gets the side they use more, again and again; or None.

    Dives after the first one look at the moves from somewhere near: a side is then that of a point, so that all chosen
    sides have a common one.
    """
    rng, noise = Random(number), NOISE[number % len(NOISE)]
    found = failure
    while found.gaps:
        ways = dict(found.ways)
        if number:
            ways |= _sides_nearby(part, found, noise, rng)
        signs = {i: ways[i, row] for i, row in found.gaps if row is None}
        sides = {(i, row): ways[i, row] for i, row in found.gaps if row is not None}
        case = Case({**case.signs, **signs}, {**case.sides, **sides})
        answer = cuts.failure(case, check)
        if answer is None:
            return None
        found = answer
        claim = descent(at, found.scales, case.signs, guess=bool(found.gaps))
        if claim is not None:
            return claim
    return None


def _sides_nearby(
    part: Part, failure: Failure, noise: int, rng: Random
) -> Iterator[tuple[tuple[int, int | None], int]]:
    """The sides on which a point near the moves lies, of the kinks used both ways; now and then another sign."""
    points: dict[int, list[int]] = {}
    for i, t in failure.scales[-1].inputs.items():
        largest = max(map(abs, t), default=ZERO) or ONE
        points[i] = [round(1000 * q / largest) + round(rng.gauss(0, noise)) for q in t]
    for i, row in failure.gaps:
        if row is None:
            if noise and not rng.randrange(4):
                yield (i, row), -failure.ways[i, row]
        elif i in points:
            yield (i, row), 1 if integer_dot(part.neurons[i].forms[row], points[i]) >= 0 else -1


def _single(part: Part) -> Iterator[tuple[Moves, dict[int, int]]]:
    """The moves of one parameter along which the loss falls for all slopes of the part."""
    for k, function in part.affine.items():
        if sign := part.sign(function):
            yield Moves({k: Fraction(-sign)}, {}, {}), {}
    for i, neuron in part.neurons.items():
        if part.moved and (sign := part.sign(neuron.outputs)):
            yield Moves({}, {i: Fraction(-sign * neuron.state.sign or 1)}, {}), {i: -sign}
        for k in range(len(neuron.linear)) if neuron.state.v else ():
            for way in (1, -1):
                left = {row for row, form in neuron.forms.items() if way * form[k] <= 0}
                if part.sign(neuron.slope(k, left, way)) == -neuron.state.sign:
                    yield Moves({}, {}, {i: tuple(Fraction(way * (j == k)) for j in range(len(neuron.linear)))}), {}


def _subgradient(proof: Proof) -> Subgradient | CoveredSubgradient:
    if proof.coverings is not None:
        slopes = FrozenDict({t: r for t, r in proof.slopes.items() if r})
        return CoveredSubgradient(slopes, FrozenDict(proof.coverings), proof.strict)
    multipliers = {i: FrozenDict({row: m for row, m in found.items() if m}) for i, found in proof.multipliers.items()}
    return Subgradient(
        FrozenDict({t: r for t, r in proof.slopes.items() if r}),
        FrozenDict({i: found for i, found in multipliers.items() if found}),
        proof.strict,
    )


def _branch(part: Part, case: Case, failure: Failure, steps: list[JointStep]) -> list[Case]:
    """The cases below one that has no subgradient of its own: by the first gap of its moves."""
    if not failure.gaps:
        raise InternalError("a case without subgradient has no descent")
    i, row = failure.gaps[0]
    if row is None:
        steps.append(SignSplit(i))
        return [Case({**case.signs, i: sign}, case.sides) for sign in (1, -1)]
    form = part.neurons[i].forms[row]
    known = {other: side for (neuron, other), side in case.sides.items() if neuron == i}
    cone = [tuple(side * q for q in part.neurons[i].forms[other]) for other, side in known.items()]
    for sign in (1, -1):
        answer = cone_member(tuple(sign * q for q in form), cone)
        if isinstance(answer, Multipliers):
            used = FrozenDict((other, q) for other, q in zip(known, answer.generators, strict=True) if q)
            steps.append(SideImplied(i, row, sign, used))
            return [Case(case.signs, {**case.sides, (i, row): sign})]
    steps.append(KinkSplit(i, row))
    return [Case(case.signs, {**case.sides, (i, row): side}) for side in (1, -1)]
