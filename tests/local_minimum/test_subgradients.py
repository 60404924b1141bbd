"""Losses without a derivative: the decision against all joint cells, exact samples, descents, the census; with certificates."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction as F

import pytest
import subgradient_brute
from damage import outcome
from degenerate import generate, make, to_problem
from grids import grid, minimum
from open_slopes import absolute_case, idle_case, with_loss

import exactgeo as eg
from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.subgradient_minimum import CoveredSubgradient, KinkSplit, SignSplit, Subgradient
from exactgeo.errors import OutOfScope
from exactgeo.kinds import Argument, Kind
from exactgeo.local_minimum import Descent, Minimum, decide
from exactgeo.local_minimum import subgradients as subgradients_module
from exactgeo.local_minimum._propose_cuts import CutProposer
from exactgeo.local_minimum.leaf_program import Failure, Moves, Part
from exactgeo.local_minimum.rungs.subgradient import Subgradient as SubgradientRung
from exactgeo.local_minimum.two_layer_point import TwoLayerPoint
from exactgeo.losses import LOSSES, Pieces, PiecewiseQuadratic, make_loss
from exactgeo.problem import Point

OPEN = [kind for kind, loss in LOSSES.items() if loss.rational and not loss.differentiable]


def absolute(case):
    return replace(to_problem(case), loss=make_loss("absolute"))


def ask(case):
    problem = absolute(case)
    return decide(problem, problem.point)


def rules(found: Minimum) -> list[str]:
    return [step.rule for part in found.claim.joint for step in part.cover]


def moved(problem, rng, size):
    """Trained parameters moved by multiples of an eighth, each neuron on a scale of its own, at most by the size."""
    net = problem.train

    def row(values, free):
        scale = size / 2 ** rng.choice((0, 0, 3, 6, 9))
        return tuple(q + (scale * F(rng.choice((0, 0, rng.randint(-8, 8))), 8) if free else 0) for q in values)

    weights = zip(problem.point.weights, net.weights, strict=True)
    biases = zip(problem.point.biases, net.biases, strict=True)
    return Point(
        tuple(tuple(row(values, free) for values in matrix) for matrix, free in weights),
        tuple(row(values, free) for values, free in biases),
    )


def hold(problem, found, rng, samples=25):
    """Everything that can be tried on a decision: replay, samples, certificate."""
    loss = problem.loss_at(problem.point)
    assert found.loss == loss
    if isinstance(found, Descent):
        assert found.loss_after == problem.loss_at(found.end)
        for k in range(12):
            s = found.step / 2**k
            end = problem.point
            for power, direction in enumerate(found.curve, 1):
                end = end.moved(direction, s**power)
            assert problem.loss_at(end) < loss
            assert problem.loss_at(end) == loss + sum(q * s**e for e, q in enumerate(found.polynomial))
    else:
        size = found.claim.radius or F(1)
        for _ in range(samples):
            assert problem.loss_at(moved(problem, rng, size / 2 ** rng.choice((0, 0, 2, 5, 12)))) >= loss
    if found.certificate.subject.loss.certified:
        assert outcome(found.certificate.to_json()).startswith("accepted: ")


def brute(problem, case, budget):
    at = TwoLayerPoint.of(problem, problem.point)
    return subgradient_brute.decide(case, at.subgradients, budget)


@pytest.mark.parametrize("first", range(0, 600, 100))
def test_all_joint_cells_agree(first):
    seen = Counter()
    for seed in range(first, first + 100):
        rng = random.Random(seed)
        kind = rng.choice(["absolute", "absolute", "hinge"])
        case = absolute_case(rng, tiny=rng.random() < 0.8)
        problem = with_loss(case, kind, rng)
        found = decide(problem, problem.point)
        hold(problem, found, rng)
        expected = brute(problem, case, 400)
        assert expected in (None, "minimum" if isinstance(found, Minimum) else "none"), seed
        seen[expected] += 1
    assert min(seen["minimum"], seen["none"]) >= 15


@pytest.mark.slow
@pytest.mark.parametrize("first", range(10_000, 16_000, 500))
def test_all_joint_cells_agree_on_thousands(first):
    for seed in range(first, first + 500):
        rng = random.Random(seed)
        make_case = rng.choice((absolute_case, absolute_case, idle_case))
        case = make_case(rng)
        problem = with_loss(case, rng.choice(OPEN), rng)
        found = decide(problem, problem.point)
        hold(problem, found, rng, samples=10)
        assert brute(problem, case, 1000) in (None, "minimum" if isinstance(found, Minimum) else "none"), seed


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_idle_neurons_on_several_scales_agree(first):
    seen = Counter()
    for seed in range(first, first + 100):
        rng = random.Random(seed)
        case = idle_case(rng)
        problem = with_loss(case, "absolute", rng)
        found = decide(problem, problem.point)
        hold(problem, found, rng)
        expected = brute(problem, case, 800)
        assert expected in (None, "minimum" if isinstance(found, Minimum) else "none"), seed
        seen[expected, len(found.curve) if isinstance(found, Descent) else 0] += 1
    assert seen["minimum", 0] >= 15
    assert sum(count for (kind, _), count in seen.items() if kind == "none") >= 15


# -- the traps, in their smallest instances --


def test_two_data_points_without_a_common_subgradient():
    found = ask(make([[4], [-1]], [0, 1], [[0]], [1], slopes=(1, F(1, 2))))
    assert (found.kind, found.loss, rules(found)) == (Kind.LOCAL_MINIMUM, 1, ["split", "subgradient", "subgradient"])


T1 = {"x": [[0], [-1], [1]], "y": [2, 1, 1], "c": 1}


def test_a_minimum_whose_doubled_neurons_are_at_none():
    found = ask(make(w=[[0], [0]], v=[2, -1], **T1))
    assert (found.kind, found.loss) == (Kind.LOCAL_MINIMUM, 1)
    assert "split" in rules(found)
    twice = ask(make(w=[[0]] * 4, v=[2, 2, -1, -1], **T1))
    assert (twice.kind, twice.argument) == (Kind.NOT_LOCAL_MINIMUM, Argument.FIRST_ORDER)


T3 = {"x": [[1, 0], [0, 1]], "y": [0, -1]}


def test_no_line_descends_but_a_curve():
    found = ask(make(w=[[0, -1], [1, 0]], v=[0, 0], **T3))
    assert (found.kind, found.argument, found.direction) == (Kind.NOT_LOCAL_MINIMUM, Argument.CURVE, None)
    assert len(found.curve) > 1
    hold(found.problem, found, random.Random(0))
    for w in ([[0, -1]], [[1, 0]]):
        assert ask(make(w=w, v=[0], **T3)).kind is Kind.LOCAL_MINIMUM


@pytest.mark.parametrize("n", [2, 3, 4])
def test_chains_of_neurons_need_higher_orders(n):
    """Neuron j balances at datum j what neuron j + 1 costs there, to gain at datum j + 1: the last gains s^(n + 1)."""
    x = [[int(j == k) for j in range(n)] for k in range(n)]
    w = [[1 if k == j - 1 else 0 if k == j else -1 for k in range(n)] for j in range(n)]
    case = make(x, [0] * (n - 1) + [-1], w, [0] * n)
    problem = absolute(case)
    found = decide(problem, problem.point)
    assert (found.kind, found.argument) == (Kind.NOT_LOCAL_MINIMUM, Argument.CURVE)
    hold(problem, found, random.Random(0))
    assert n > 3 or brute(problem, case, 1000) == "none"
    for left_out in range(n):
        kept = [row for j, row in enumerate(w) if j != left_out]
        assert ask(make(x, [0] * (n - 1) + [-1], kept, [0] * (n - 1))).kind is Kind.LOCAL_MINIMUM


@pytest.mark.parametrize(
    ("w", "kind"),
    [((3, 1), Kind.LOCAL_MINIMUM), ((2, 1), Kind.LOCAL_MINIMUM)]
    + [(w, Kind.NOT_LOCAL_MINIMUM) for w in ((1, 3), (1, 1))],
)
def test_an_output_weight_of_0_moves_only_along_nearby_outputs(w, kind):
    assert ask(make([[1, 0], [0, 1]], [0, 1], [w], [0])).kind is kind


def test_a_merged_kink_may_be_convex_where_one_of_its_rows_is_not():
    """Rows 1 and 2 of one line, slopes -1 and free: the kink is convex for some subgradients and concave for others."""
    for y, expected in (((1, 0), "minimum"), ((1, 1), "none")):
        case = make([[1], [2]], y, [[0]], [1])
        problem = absolute(case)
        assert brute(problem, case, 1000) == expected
        assert isinstance(decide(problem, problem.point), Minimum if expected == "minimum" else Descent)


def test_hinge_data_beyond_the_margin_do_not_count():
    case = make([[1], [-1], [2]], [1, -1, 1], [[2]], [1], b=[0], c=0)
    problem = replace(to_problem(case), loss=make_loss("hinge"))
    found = decide(problem, problem.point)
    hold(problem, found, random.Random(0))
    assert found.kind is Kind.LOCAL_MINIMUM if brute(problem, case, 1000) == "minimum" else Kind.NOT_LOCAL_MINIMUM


# -- one decision for all losses --


@pytest.mark.parametrize("kind", [kind for kind, loss in LOSSES.items() if loss.rational and loss.differentiable])
def test_the_general_decision_agrees_where_there_is_a_derivative(kind):
    """Also where all neurons are put into one part, so that nothing is left to the criterion of a derivative."""
    seen = Counter()
    for seed in range(120):
        rng = random.Random(seed)
        problem = with_loss(generate(rng, tiny=True), kind, rng)
        expected = decide(problem, problem.point)
        found = SubgradientRung().decide(problem, problem.point)
        assert found.kind == expected.kind
        hold(problem, found, rng, samples=5)
        at = TwoLayerPoint.of(problem, problem.point)
        neurons = [n.index for n in at.neurons if n.v or problem.train.output]
        part = Part.of(at, at.subgradients, neurons, range(len(at.linear)), ())
        assert isinstance(subgradients_module.search(at, part), Descent) == isinstance(expected, Descent)
        seen[expected.kind] += 1
    assert min(seen.values()) >= 20


@dataclass(frozen=True)
class Bowl(PiecewiseQuadratic):
    """``(p - y)^2 + |p - y|``, and flat from y + 1 to y + 2 on the scale of its slopes: a break with curvature beside it."""

    kind = "bowl"
    example = "bowl"
    differentiable = False

    def pieces(self, y):
        return Pieces((y,), ((F(1), -2 * y - 1, y * y + y), (F(1), 1 - 2 * y, y * y - y)))


def test_a_loss_with_breaks_and_curvature_needs_no_line_of_its_own():
    seen = Counter()
    for seed in range(200):
        rng = random.Random(seed)
        case = absolute_case(rng)
        problem = replace(to_problem(case), loss=Bowl())
        found = decide(problem, problem.point)
        hold(problem, found, rng)
        expected = brute(problem, case, 300)
        assert expected in (None, "minimum" if isinstance(found, Minimum) else "none"), seed
        seen[expected] += 1
    assert min(seen["minimum"], seen["none"]) >= 15


# -- against the census --


@pytest.mark.parametrize("kind", OPEN)
def test_the_census_agrees(kind):
    """With no output weight of 0 a point is a local minimum iff every basin around it has its loss as value."""
    seen = Counter()
    for seed in range(260):
        rng = random.Random(seed)
        problem = with_loss(absolute_case(rng), kind, rng)
        if not problem.network.widths or any(v == 0 for _, v in problem.point.neurons):
            continue
        try:
            around = list(eg.basins(problem).containing(problem.point))
        except OutOfScope:
            continue
        loss = problem.loss_at(problem.point)
        expected = all(basin.value == loss for basin in around)
        found = decide(problem, problem.point)
        assert isinstance(found, Minimum) == expected, seed
        seen[found.kind] += 1
    assert min(seen.values()) >= 10


# -- the proof --


def test_a_part_alone_is_searched():
    """Two neurons that share no datum with an open slope are two parts; a third depends on none."""
    w = [[1, -1, -1], [-1, 1, -1], [-1, -1, -1]]
    found = ask(make([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [1, 1, 1], w, [1, 1, 1]))
    assert sorted((part.neurons, part.data) for part in found.claim.joint) == [((0,), (0,)), ((1,), (1,))]


def test_no_program_is_solved_where_every_loss_is_at_its_least(monkeypatch):
    """0 is then a subgradient of all; with one datum off its target a program is needed, and none of these is none."""
    case = make([[1], [-1], [2]], [1, 0, 2], [[1], [0], [0]], [1, 1, 0])
    off = make([[1], [-1], [2], [-2]], [1, 0, 2, 1], [[1], [0], [0]], [1, -1, 0])

    def refused(*_):
        raise AssertionError("a program")

    with monkeypatch.context() as patch:
        patch.setattr(subgradients_module, "solve_case", refused)
        patch.setattr(subgradients_module, "_single", lambda part: ())
        found = ask(case)
        with pytest.raises(AssertionError, match="a program"):
            ask(off)
    assert [part.cover for part in found.claim.joint] == [(Subgradient(FrozenDict(), FrozenDict(), ()),)]
    assert outcome(found.certificate.to_json()).startswith("accepted: ")
    assert brute(absolute(case), case, 3000) == "minimum"
    assert brute(absolute(off), off, 3000) == ("minimum" if ask(off).kind == Kind.LOCAL_MINIMUM else "none")


@pytest.mark.parametrize("seed", range(40))
def test_a_slope_of_a_neuron_is_the_dense_sum(seed):
    """The sum over the members of the kinks alone is that over all slopes."""
    problem = absolute(absolute_case(random.Random(seed)))
    at = TwoLayerPoint.of(problem, problem.point)
    data = [t for t, (left, right) in enumerate(at.subgradients) if left < right]
    part = Part.of(at, at.subgradients, range(len(at.neurons)), (), data)
    for neuron in part.neurons.values():
        left = set(list(neuron.forms)[::2])
        for k, linear in enumerate(neuron.linear):
            dense = [-q for q in linear]
            for row, form in neuron.forms.items():
                dense = [p - form[k] * q for p, q in zip(dense, neuron.bends[row][row in left], strict=True)]
            assert neuron.slope(k, left, -1) == dense


def test_random_minima_mostly_have_one_subgradient():
    seen = Counter()
    for seed in range(400):
        problem = absolute(absolute_case(random.Random(seed)))
        found = decide(problem, problem.point)
        if isinstance(found, Minimum):
            steps = [step for part in found.claim.joint for step in part.cover]
            seen[any(isinstance(step, KinkSplit | SignSplit) for step in steps)] += 1
            assert not steps or any(isinstance(step, Subgradient | CoveredSubgradient) for step in steps)
    assert seen[True] >= 3
    assert seen[False] > 10 * seen[True]


@pytest.mark.parametrize("seed", range(3))
def test_floats_that_propose_nonsense_change_nothing(seed, monkeypatch):
    """A wrong basis is found out and the exact simplex decides."""
    import exactgeo.exact._propose_basis as floats
    from exactgeo.exact import bounded_lp

    monkeypatch.setattr(bounded_lp, "SMALL", 0)
    true, asked = floats.propose_basis, []

    def wrong(matrix, right, upper, cost, check):
        found = true(matrix, right, upper, cost)
        asked.append(found)
        if found is None or not found.basis:
            return found
        if seed == 0:
            return replace(found, feasible=not found.feasible)
        if seed == 1:
            bounded = {j for j in range(matrix.shape[1]) if upper[j] < float("inf")}
            return replace(found, high=bounded - found.high - set(found.basis))
        return replace(found, basis=[found.basis[0]] * len(found.basis))

    monkeypatch.setattr(floats, "propose_basis", wrong)
    for number in range(60):
        case = absolute_case(random.Random(number))
        problem = absolute(case)
        found = decide(problem, problem.point)
        assert brute(problem, case, 300) in (None, "minimum" if isinstance(found, Minimum) else "none")
    assert len(asked) > 30


@pytest.mark.parametrize("dives", [0, 1, 100])
def test_descents_looked_for_beside_the_covering_change_no_verdict(dives, monkeypatch):
    """The same points, whatever is looked for: the traps, and random ones with kinks of two neurons."""
    monkeypatch.setattr(subgradients_module, "DIVES", dives)
    twice = ask(make(w=[[0]] * 4, v=[2, 2, -1, -1], **T1))
    assert (twice.kind, ask(make(w=[[0], [0]], v=[2, -1], **T1)).kind) == (Kind.NOT_LOCAL_MINIMUM, Kind.LOCAL_MINIMUM)
    found = []
    for seed in range(60):
        rng = random.Random(seed)
        problem = with_loss(absolute_case(rng, tiny=False), "absolute", rng)
        found.append(str(decide(problem, problem.point, strictness=False).kind))
    assert Counter(found) == {"local_minimum": MINIMA, "not_local_minimum": 60 - MINIMA}


MINIMA = 42
"""Of the first 60 points above."""


def test_a_common_subgradient_proves_what_vanishes_whatever_idle_units_do():
    """The strictness of a minimum with one subgradient needs no linear program, and the unit may stay open."""
    problem = eg.load(
        {
            "data": {"x": [[1], [-1], [2]], "y": [1, 0, 2]},
            "network": {"widths": [2], "hidden_bias": False, "output_bias": False},
            "loss": {"kind": "absolute"},
            "point": {"weights": [[[1], [-1]], [[1, 0]]]},
        }
    )
    found = decide(problem)
    (end,) = found.flat.flatness.tree
    assert (end.rule, len(end.zero)) == ("bound", 1)
    assert set(end.zero[0].weights) <= set(range(5, 12))
    assert outcome(found.certificate.to_json()).startswith("accepted: ")


# -- many kinks that depend on each other --


@pytest.mark.parametrize(("m", "fit", "seed"), [(60, "planted", 3), (60, "few", 0), (60, "few", 2), (60, "minimum", 2)])
def test_points_of_grids_are_decided(m, fit, seed):
    """Data and weights of few values: up to a dozen kinks a unit, in three dimensions; it ends within few cases."""
    problem = minimum(6, m, 3, seed) if fit == "minimum" else grid(6, m, 3, fit, seed)
    looks = 0

    def check():
        nonlocal looks
        looks += 1
        assert looks < 20_000

    found = decide(problem, problem.point, strictness=False, check=check)
    hold(problem, found, random.Random(seed), samples=10)
    assert isinstance(found, Minimum) == ((fit, seed) in (("few", 0), ("minimum", 2)))


@pytest.mark.slow
def test_a_grid_whose_cases_need_slopes_of_their_own():
    problem = grid(6, 60, 3, "few", 3)
    found = decide(problem, problem.point, strictness=False)
    hold(problem, found, random.Random(0), samples=100)
    assert rules(found).count("split") >= 3


def test_cases_of_neurons_are_added_up():
    """Copies of a neuron with concave kinks: each has a covering of its own, and no case of all together is cut."""
    sizes = []
    for copies in (1, 4):
        w = [[0, 0]] * copies
        case = make([[2, -1], [-2, 1], [6, -3]], [F(-2, 3), 0, 0], w, [F(-1, 2)] * copies, b=[0] * copies)
        problem = absolute(case)
        found = decide(problem, problem.point, strictness=False)
        hold(problem, found, random.Random(copies))
        assert rules(found) == ["covered"]
        sizes.append(sum(len(p.cover) for c in found.claim.joint[0].cover[0].neurons.values() for p in c.parts))
    assert sizes[1] == 4 * sizes[0]


def test_floats_that_say_nothing_cost_time_only(monkeypatch):
    """Without proposals, or with wrong ones, the same answers."""

    def wrong(self, case, check):
        inputs = {i: (F(1),) * len(neuron.linear) for i, neuron in self.part.neurons.items()}
        return Failure((Moves({}, {}, inputs),), (), {})

    for proposal in (lambda self, case, check: None, wrong):
        with monkeypatch.context() as patch:
            patch.setattr(CutProposer, "propose", proposal)
            patch.setattr(CutProposer, "violated", lambda self, case, slopes, strict: {})
            for seed in (30, 84, 171, 372, 656, 5, 6):
                case = absolute_case(random.Random(seed))
                problem = absolute(case)
                found = decide(problem, problem.point, strictness=False)
                hold(problem, found, random.Random(seed))
                expected = brute(problem, case, 400)
                assert expected in (None, "minimum" if isinstance(found, Minimum) else "none"), seed
