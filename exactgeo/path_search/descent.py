"""Down as low as a search finds: strict descents only, each proved when it is laid.

For one hidden layer and one output the minima of cells are exact (``polish``). Else floats propose steps of single
layers, along which every loss is convex, and what does not fall strictly is left out. Where no step falls any more the
decision of ``certify`` says why: a local minimum, or a line or curve that still descends.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactgeo.activations import LINEAR
from exactgeo.claims import Claim
from exactgeo.deadline import Deadline
from exactgeo.errors import OutOfTime
from exactgeo.exact.enclosure import Value, high, low
from exactgeo.exact.matrix import least_squares
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.local_minimum import Descent, Minimum, decide
from exactgeo.path_search._propose_step import Searcher
from exactgeo.paths import Path, PathBuilder, PathRefused, RationalLayer, with_layers
from exactgeo.polishing import Polished, polish
from exactgeo.problem import Direction, Point, Problem, scope
from exactgeo.problem.linear_outputs import bends_outputs

__all__ = ["Lowered", "lowered"]

ROUNDS = 60
"""Sweeps over all layers."""

ESCAPES = 6
"""How often the decision of ``certify`` is asked for a way on."""

ENOUGH = Fraction(1, 10**6)
"""A sweep that lowers the loss by a smaller share is the last one."""

HALVINGS = 24
"""How often the way of a descent is halved until the loss falls strictly on it."""

UNLIMITED = 60.0
"""Seconds of a search without a limit of its own."""


@dataclass(frozen=True)
class Lowered:
    """How low the search came.

    Attributes
    ----------
    path : Path
    minimum : bool
        Whether the end is proved to be a local minimum.
    everywhere : bool
        Whether it is proved to be a global one.
    reason : str
        Why the search ended.
    claims : tuple of Claim
        What proves the end to be a minimum.
    """

    path: Path
    minimum: bool
    everywhere: bool
    reason: str
    claims: tuple[Claim, ...] = ()


def lowered(problem: Problem, point: Point, deadline: Deadline | None) -> Lowered:
    """The path as low as the search finds; it never rises.

    Parameters
    ----------
    problem : Problem
        In scope of :func:`exactgeo.problem.scope.paths`.
    point : Point
    deadline : Deadline or None
        Of the search; without one it ends by itself, or after :data:`UNLIMITED` seconds.
    """
    clock = deadline or Deadline.after(UNLIMITED)
    builder = PathBuilder(problem, point, clock.check)
    try:
        if scope.polish(problem) is None and scope.polish_by(problem, "exact") is None:
            found = _by_cells(builder, clock)
            if found is not None:
                return found
        return _by_layers(builder, clock)
    except OutOfTime:
        return Lowered(
            builder.path, False, False, f"the search was ended after {clock.seconds:g} s; raise --time-limit"
        )


# -- one hidden layer, one output: the minima of cells -----------------------------------------------------------------


def _by_cells(builder: PathBuilder, clock: Deadline) -> Lowered | None:
    """The descent of ``polish`` in rationals; None where it comes to no end."""
    visited: list[Point] = []

    def known(found: Polished) -> None:
        visited.append(found.point)

    found = polish(builder.problem, builder.end, method="exact", time_limit=clock.left, known=known)
    for end in (*visited, found.point):
        _to_cell_minimum(builder, end)
    if found.verdict is None:
        return None
    everywhere = found.verdict.globality == "global"
    proof = found.verdict.certificate
    claims = (
        () if proof is None else tuple(claim for claim in proof.claims if getattr(claim, "point", None) == builder.end)
    )
    return Lowered(builder.path, True, everywhere, "the end is the minimum of its cells, and a local one", claims)


def _to_cell_minimum(builder: PathBuilder, end: Point) -> None:
    """Within a closed cell: a neuron with output weight 0 goes to input weights 0 and then to its new output weight,
    which moves no prediction; then all input weights go straight to the minimum of the cell."""
    start = builder.end
    if start == end:
        return
    before, after = start.neurons, end.neurons
    idle = {i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a.v == 0 != b.v}
    if idle:
        still = [(((ZERO,) * len(a.w), a.v) if i in idle else a) for i, a in enumerate(before)]
        builder.straight(start.with_neurons(still), "clear a silent neuron")
        given = [((a[0], after[i].v) if i in idle else a) for i, a in enumerate(still)]
        builder.straight(start.with_neurons(given), "give it an output weight")
    builder.straight(end, "straight to the minimum of the cell")


# -- any depth: steps of single layers ---------------------------------------------------------------------------------


def _by_layers(builder: PathBuilder, clock: Deadline) -> Lowered:
    searcher, escapes = Searcher(builder.problem), 0
    while True:
        for _ in range(ROUNDS):
            before = high(_loss(builder))
            for proposal in searcher.proposals(builder.end):
                clock.check()
                goal = with_layers(builder.end, {proposal.layer: proposal.weights}, {proposal.layer: proposal.bias})
                _take(builder, goal, f"lower the loss by layer {proposal.layer + 1}")
            if before - high(_loss(builder)) <= ENOUGH * before:
                break
        _best_outputs(builder)
        decision = decide(builder.problem, builder.end, strictness=False, check=clock.check)
        bent = bends_outputs(builder.problem)
        if isinstance(decision, Minimum):
            # Claims about the network whose last hidden layer has the activation of the outputs are of another shape.
            claims = () if bent else decision.claims
            return Lowered(builder.path, True, decision.everywhere, "the end is a local minimum", claims)
        if not isinstance(decision, Descent):
            return Lowered(builder.path, False, False, f"no step lowers the loss: {decision.outside.reason}")
        if bent:
            decision = decision.without_identity(builder.problem)
        escapes += 1
        if escapes > ESCAPES or not _escape(builder, decision):
            return Lowered(builder.path, False, False, "the search came to an end; the loss still falls from there")


def _loss(builder: PathBuilder) -> Value:
    problem = builder.problem
    return problem.loss_at(builder.end) if problem.loss.rational else problem.enclosure_at(builder.end)


def _take(builder: PathBuilder, goal: Point, step: str) -> bool:
    """Go straight to a point where that is lower and the loss never rises on the way; at half the way else."""
    for _ in range(3):
        trial = PathBuilder(builder.problem, builder.end)
        trial.straight(goal, step)
        path = trial.path
        if path.never_rises and path.segments and low(path.losses[0]) > high(path.losses[-1]):
            builder.follow(path)
            return True
        goal = builder.end.moved(builder.end.towards(goal), Fraction(1, 2))
    return False


def _best_outputs(builder: PathBuilder) -> None:
    """Straight to the best weights of the outputs, exactly: least squares, where the loss is one parabola a target."""
    problem, last = builder.problem, builder.problem.network.depth - 1
    train, net = problem.train, problem.network
    pieces = [] if problem.loss.classes else [[problem.loss.pieces(y) for y in row] for row in problem.y]
    if not pieces or not train.output or any(q is None or q.breaks for row in pieces for q in row):
        return
    if net.output_activation != LINEAR or (net.output_bias and not train.output_bias):
        return
    columns = [list(column) for column in zip(*_features(problem, builder.end), strict=True)]
    columns += [[ONE] * problem.m] if net.output_bias else []
    rows: list[Vector] = []
    shifts: list[Fraction] = []
    for o in range(problem.outputs):
        lowest = [-q.quadratics[0][1] / (2 * q.quadratics[0][0]) for q in (row[o] for row in pieces) if q is not None]
        found, _ = least_squares(columns, lowest)
        rows.append(found[: len(columns) - net.output_bias])
        shifts += found[len(columns) - 1 :] if net.output_bias else []
    _take(builder, with_layers(builder.end, {last: rows}, {last: shifts}), "straight to the best outputs")


def _features(problem: Problem, point: Point) -> Matrix:
    """What the last layer multiplies, m rows."""
    *inner, _ = point.weights
    rows = problem.x
    for weights, bias, activate in zip(inner, point.biases, problem.network.activations, strict=False):
        shifts = bias or (ZERO,) * len(weights)
        rows = tuple(tuple(activate(dot(w, row) + b) for w, b in zip(weights, shifts, strict=True)) for row in rows)
    return rows


def _escape(builder: PathBuilder, found: Descent) -> bool:
    """Follow the line or curve of a descent as far as the loss falls strictly, or half as far, and so on."""
    reach = found.step
    for _ in range(HALVINGS):
        trial = PathBuilder(builder.problem, builder.end)
        try:
            if len(found.curve) == 1:
                trial.straight(builder.end.moved(found.curve[0], reach), "down a line that certify finds")
            else:
                trial.curved(_curved(builder.end, found.curve, reach), "down a curve that certify finds")
        except PathRefused:
            return False
        if trial.path.never_rises and trial.path.segments:
            builder.follow(trial.path)
            return True
        reach /= 2
    return False


def _curved(start: Point, curve: Sequence[Direction], reach: Fraction) -> list[RationalLayer]:
    """The layers along start + sum_l (reach s)^l curve_l."""
    layers = []
    for k, (weights, bias) in enumerate(zip(start.weights, start.biases, strict=True)):
        rows = []
        for i, row in enumerate(weights):
            entries = [(q, *(reach**p * way.weights[k][i][j] for p, way in enumerate(curve, 1)))
                       for j, q in enumerate(row)]  # fmt: skip
            if bias:
                entries.append((bias[i], *(reach**p * way.biases[k][i] for p, way in enumerate(curve, 1))))
            rows.append(tuple(entries))
        if any(any(entry[1:]) for row in rows for entry in row):
            layers.append(RationalLayer(k, tuple(rows), (ONE,)))
    return layers
