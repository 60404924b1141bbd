"""Points of penalised losses: against every face, against samples at many scales, and by hand."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction as F

import decay_brute as brute
import decay_judge as judge
import pytest
from damage import outcome

import exactgeo as eg
from exactgeo.claims.subject import problem_data
from exactgeo.kinds import Kind, Strictness
from exactgeo.local_minimum import Descent, Minimum, Undecided, decide
from exactgeo.local_minimum.decayed_descent import resisted
from exactgeo.local_minimum.decayed_point import DecayedPoint
from exactgeo.problem import NO_PENALTY, Point

KINDS = ["half_squared", "half_squared", "squared", "huber(1)", "huber(1/2)"]
WANTED = {Kind.LOCAL_MINIMUM: "minimum", Kind.NOT_LOCAL_MINIMUM: "descent", Kind.UNDECIDED: "open"}


def decayed(*numbers, **options):
    return eg.load(tables(*numbers, **options))


def tables(x, y, w, v, *, l2=1, loss="half_squared", b=None, c=None, **options):
    network = {"widths": [len(v)], "hidden_bias": b is not None, "output_bias": c is not None}
    point = {"weights": [w, [v]], "biases": [b or [], [] if c is None else [c]]}
    return {
        "data": {"x": x, "y": y},
        "network": network | {"activation": options.get("activation", "relu")},
        "loss": {"kind": loss, "reduction": options.get("reduction", "sum")},
        "penalty": {"l2": l2, "l1": options.get("l1", 0), "biases": options.get("biases", False)},
        "train": options.get("train", {}),
        "point": point,
    }


def kind_of(problem):
    return str(decide(problem).kind)


def judged(case, rng, seen):
    """One problem file with its point, decided twice; what both say counts."""
    problem = eg.load(case)
    start, _ = brute.parameters(case)
    assert problem.loss_at(problem.point) == brute.value(case, start)
    found, here = decide(problem), judge.of_problem(problem_data(problem), problem.point.to_dict())
    want = judge.decide(here)
    # Where its conditions are not known to be sufficient and necessary, the second order may decide all the same.
    assert WANTED[found.kind] == want or want == "open"
    seen[WANTED[found.kind]] += 1
    if isinstance(found, Undecided):
        assert found.outside.reason
        return
    assert outcome(found.certificate.to_json()).startswith("accepted: ")
    if isinstance(found, Descent):
        way, trained = brute.parameters(case, found.claim.direction.to_dict())
        assert not any(q for q, free in zip(way, trained, strict=True) if not free)
        for k in (0, 1, 3, 9, 27):
            step = found.claim.step / 2**k
            assert brute.value(case, [a + step * q for a, q in zip(start, way, strict=True)]) < found.loss
        assert (
            brute.value(case, [a + found.claim.step * q for a, q in zip(start, way, strict=True)]) == found.loss_after
        )
    if isinstance(found, Minimum):
        assert brute.lower(case, rng, 40, found.claim.radius) is None
        if want == "open":
            assert "second order" in found.reason
            return
        assert found.flat_dimension == judge.dimension(here)
        assert (found.flat_dimension is None) == bool(found.reason)
        seen[f"dimension {found.flat_dimension}"] += 1


@pytest.mark.parametrize("freeze", [False, True])
@pytest.mark.parametrize("part", range(4))
def test_against_every_face(part, freeze):
    seen = Counter()
    for seed in range(45):
        rng = random.Random(1000 * part + seed + 500_000 * freeze)
        judged(brute.generate(rng, rng.choice(KINDS), freeze), rng, seen)
    assert min(seen["minimum"], seen["descent"]) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("freeze", [False, True])
@pytest.mark.parametrize("part", range(8))
def test_against_every_face_at_length(part, freeze):
    seen = Counter()
    for seed in range(400):
        rng = random.Random(10_000 + 1000 * part + seed + 500_000 * freeze)
        judged(brute.generate(rng, rng.choice(KINDS), freeze), rng, seen)
    assert {"minimum", "descent", "dimension 0", "dimension 1", "dimension 2"} <= set(seen)


def test_a_squared_hinge_with_labels():
    """Random points of labelled data: at v = 0 many are minima."""
    seen = Counter()
    for seed in range(60):
        rng = random.Random(seed)
        judged(brute.generate(rng, "squared_hinge"), rng, seen)
    assert seen["descent"] >= 20


# -- by hand ---------------------------------------------------------------------------------------------------------


def test_the_balanced_circle():
    """x = 1, y = 2: |v w| sums to 1 for both pairs, so both have the value 3/2 and lie on one set of equal loss."""
    for w, v in ((["3/5"], ["4/5"]), (["5/13"], ["12/13"])):
        found = decide(decayed([[1]], [2], [w, v], [*w, *v]))
        assert isinstance(found, Minimum)
        assert (found.loss, found.strictness, found.flat_dimension) == (F(3, 2), Strictness.FLAT, 1)


@pytest.mark.parametrize("factor", ["2", "1/2", "101/100"])
def test_rescaled_points_are_never_minima(factor):
    k = F(factor)
    found = decide(decayed([[1]], [2], [[str(k)]], [str(1 / k)]))
    assert isinstance(found, Descent)
    assert kind_of(decayed([[1]], [2], [[1]], [1])) == "local_minimum"


@pytest.mark.parametrize("y", ["101/100", "1", "1/3", "-1", "-101/100", "-50"])
def test_a_neuron_at_zero_is_a_minimum_up_to_its_bound(y):
    """phi(u) = -y relu(u), at most |y| |u|: where y < 0 an output weight of the other sign helps as much."""
    assert kind_of(decayed([[1]], [y], [[0]], [0])) == ("local_minimum" if abs(F(y)) <= 1 else "not_local_minimum")


def test_weights_at_zero_without_the_other():
    assert kind_of(decayed([[1]], ["1/2"], [[1]], [0])) == "not_local_minimum"
    assert kind_of(decayed([[1]], ["1/2"], [[0]], [1])) == "not_local_minimum"


def test_the_output_bias_has_to_follow():
    """The refutation of LOSSES at 0: without a move of c the loss rises along the same (u, k)."""
    problem = decayed([[1], [-1]], ["-3/5", "3/5"], [[0]], [0], b=[1], c=0)
    found = decide(problem)
    assert isinstance(found, Descent)
    way = found.claim.direction
    assert way.shift
    alone = way.with_neurons(way.neurons, F(0))
    for step in (F(1, 4), F(1, 64), F(1, 10**6)):
        assert problem.loss_at(problem.point.moved(way, step)) < problem.loss_at(problem.point)
        assert problem.loss_at(problem.point.moved(alone, step)) > problem.loss_at(problem.point)


def test_a_bias_without_penalty_alone():
    """phi(0, 1) != 0 refutes although (0, 1) is no generator of a cone: it lies inside one."""
    found = decide(decayed([[1], [2]], ["1/100", "1/100"], [[0]], [0], b=[0]))
    assert isinstance(found, Descent)
    ((u, k),) = found.claim.direction.neurons
    assert u[0] == 0 != u[1]
    assert k


def test_outputs_without_an_output_bias_are_decided_but_where_the_second_order_is_degenerate():
    assert kind_of(decayed([[1], [-1]], ["-3/5", "3/5"], [[0]], [0], b=[1])) == "local_minimum"
    near = decide(decayed([[1], [-1]], ["-3/8", "3/8"], [[0]], [0], b=[1], l2="1/4"))
    assert isinstance(near, Undecided)
    assert "neuron 0" in near.outside.reason
    assert kind_of(decayed([[1], [-1]], [-2, 2], [[0]], [0], b=[1])) == "not_local_minimum"
    assert kind_of(decayed([[1], [-1]], ["-1/2", "1/2"], [[0]], [0], b=[1])) == "local_minimum"


def test_longer_than_its_output_weight():
    """b = -8/3 is frozen: all slopes are 0, and the Hessian has a negative direction: nothing is said."""
    found = decide(decayed([[1]], ["10/3"], [[3]], [1], b=["-8/3"], train={"hidden_bias": False}))
    assert isinstance(found, Undecided)
    assert "longer" in found.outside.reason


def test_a_mean_is_a_sum_with_more_decay():
    for y in range(-3, 4):
        one = decayed([[1], [2]], [y, 1], [["3/5"]], ["3/5"], l2="1/2", reduction="mean")
        other = decayed([[1], [2]], [y, 1], [["3/5"]], ["3/5"], l2=1)
        assert decide(one).kind == decide(other).kind
        assert 2 * one.loss_at(one.point) == other.loss_at(other.point)


def test_sizes_are_refuted_or_left_open():
    """(v w - 7/2)^2 + 5 (|w| + |v|) at (1, 1) is critical and no minimum: first order does not tell."""
    found = decide(decayed([[1]], ["7/2"], [[1]], [1], l2=0, l1=5, loss="squared"))
    assert isinstance(found, Undecided)
    assert "l1" in found.outside.reason
    assert isinstance(decide(decayed([[1]], ["7/2"], [[1]], [1], l2=0, l1=4, loss="squared")), Descent)
    assert isinstance(decide(decayed([[1]], [1], [[1], [0]], [1, 0], l2=0, l1="1/10")), Descent)


def test_decay_that_goes_to_zero():
    """Balanced minima of ever less decay: v w = 2 - l2; the loss falls to that of the data, where the point is a minimum."""
    last = None
    for k in range(1, 30):
        # v = w = s with s^2 = 2 - l2.
        s = F(577, 408) - F(1, 10 * k)
        l2 = 2 - s * s
        problem = decayed([[1]], [2], [[str(s)]], [str(s)], l2=str(l2))
        found = decide(problem)
        assert isinstance(found, Minimum)
        assert found.loss == l2 * l2 / 2 + l2 * s * s
        assert last is None or found.loss < last
        last = found.loss
        assert isinstance(decide(replace(problem, penalty=NO_PENALTY)), Descent)
    fitted = decayed([[1]], [4], [[2]], [2], l2=0)
    assert isinstance(decide(fitted), Minimum)
    assert isinstance(decide(decayed([[1]], [4], [[2]], [2], l2=F(1, 10**30))), Descent)


def test_many_kinks_at_zero():
    """Forty data points in the plane, all on the kink of a neuron at 0: a cover of many cones, checked."""
    rng = random.Random(7)
    x = [[rng.randint(-9, 9), rng.randint(-9, 9)] for _ in range(24)]
    y = [F(rng.randint(-9, 9), 40) for _ in range(24)]
    found = decide(decayed(x, list(map(str, y)), [[0, 0]], [0], l2=40))
    assert isinstance(found, Minimum)
    assert outcome(found.certificate.to_json()).startswith("accepted: ")
    assert isinstance(decide(decayed(x, list(map(str, y)), [[0, 0]], [0], l2="1/4")), Descent)


@pytest.mark.parametrize(
    ("loss", "y", "c", "l2"), [("half_squared", [2, 0, 2], None, 1), ("logistic", [1, -1, 1], -1, F(1, 2))]
)
def test_a_neuron_at_its_bound_grows_where_it_is_not_silent(loss, y, c, l2, tmp_path):
    """At x = 0 alone: it cannot take over from one that has the same output at all three."""
    train = {"hidden": False, "output_bias": False}
    options = {"l2": l2, "loss": loss, "biases": True, "b": [1, 0], "c": c, "train": train}
    found = eg.certify(decayed([[0], [1], [2]], y, [[0], [-1]], [1, 0], **options))
    assert (found.strictness, found.flat_dimension) == (Strictness.STRICT, 0)
    assert eg.check(found.certificate.write(tmp_path / "c.json")).accepted
    alike = eg.certify(decayed([[0], [1], [2]], y, [[0], [0]], [1, 0], **options))
    assert (alike.strictness, alike.flat_dimension) == (Strictness.FLAT, 1)


def test_a_verdict_with_its_certificate(tmp_path):
    verdict = eg.certify(decayed([[1]], [2], [["3/5"], ["4/5"]], ["3/5", "4/5"]))
    assert (verdict.kind, str(verdict.rung), verdict.globality) == ("local_minimum", "weight_decay", "global")
    path = verdict.certificate.write(tmp_path / "c.json")
    problem = tmp_path / "p.toml"
    problem.write_text(verdict.problem.to_toml())
    assert eg.check(path, problem).accepted
    problem.write_text(replace(verdict.problem, penalty=NO_PENALTY).to_toml())
    other = eg.check(path, problem)
    assert not other.accepted
    assert "another problem" in other.reason


def test_a_convex_problem_is_decided_globally():
    verdict = eg.certify(decayed([[1]], [3], [[1]], ["3/2"], train={"hidden": False}))
    assert (verdict.kind, verdict.globality) == ("local_minimum", "global")
    assert "same frozen ones" in outcome(verdict.certificate.to_json())


def test_global_by_its_derivatives_or_unknown():
    """Where the derivatives are a dual vector no parameters are lower, far away or near, of no width."""
    seen = Counter()
    for seed in range(150):
        rng = random.Random(seed)
        case = brute.generate(rng, rng.choice(KINDS))
        problem = eg.load(case)
        if not isinstance(decide(problem), Minimum):
            continue
        verdict = eg.certify(problem, time_limit=0)
        seen[verdict.globality] += 1
        start, _ = brute.parameters(case)
        if verdict.globality == "global":
            assert outcome(verdict.certificate.to_json()).startswith("accepted: ")
            for _ in range(60):
                far = [F(rng.randint(-9, 9), rng.choice([1, 2, 4])) for _ in start]
                assert brute.value(case, far) >= verdict.loss
        else:
            assert "basins" in verdict.detail
    assert min(seen["global"], seen["unknown"]) >= 3


def test_a_local_minimum_that_is_no_global_one():
    """A dead neuron at 0 beside data that another sign would fit: local, and the census is below."""
    problem = decayed([[1], [-1]], [4, 0], [[0]], [0], l2=1)
    assert isinstance(decide(problem), Descent)
    other = decayed([[1], [-1]], [2, 8], [[1]], [1], l2=1)
    verdict = eg.certify(other)
    assert (verdict.kind, verdict.globality) == ("local_minimum", "unknown")
    assert eg.basins(other).minimum.hi < verdict.loss


def test_many_cells_are_not_begun():
    """Two hundred points in five dimensions on the kink of a neuron at 0: a descent that is easy to meet, or no answer."""
    rng = random.Random(3)
    x = [[rng.randint(-9, 9) for _ in range(5)] for _ in range(200)]
    y = [str(rng.randint(-9, 9)) for _ in range(200)]
    found = decide(decayed(x, y, [[0] * 5], [0], l2=1))
    assert isinstance(found, Descent)
    assert outcome(found.certificate.to_json()).startswith("accepted: ")
    open_one = decide(decayed(x, y, [[0] * 5], [0], l2=10**6))
    assert isinstance(open_one, Undecided)
    assert "cells" in open_one.outside.reason


@pytest.mark.parametrize("l2", [F(1, 3), F(7)])
def test_what_a_penalised_output_bias_takes_away_is_the_least_that_is_left(l2):
    """|o - ratio|^2 + shift ratio^2 is least where ``sum (o - ratio) = shift ratio``; here shift = l2, never 1."""
    problem = decayed([[1], [2], [4]], [0, 1, 2], [[1]], [0], l2=str(l2), b=[0], c=0, biases=True, loss="half_squared")
    local = DecayedPoint.of(problem, problem.point)
    neuron = local.at.neurons[0]
    ratio, left = resisted(local, neuron)
    assert local.shift == l2
    assert ratio == F(7) / (3 + l2)
    assert sum(q - ratio for q in neuron.outputs) == local.shift * ratio
    assert left == sum((q - ratio) ** 2 for q in (1, 2, 4)) + l2 * ratio**2


# -- what the second order of the loss decides, all neurons at once --


def idle(copies=1, b=1, c=None, loss="half_squared", y=("-3/5", "3/5"), **options):
    """Neurons at 0 with a bias that costs nothing: their outputs are not 0, and no output bias follows them."""
    return decayed([[1], [-1]], list(y), [[0]] * copies, [0] * copies, b=[b] * copies, c=c, loss=loss, **options)


@pytest.mark.parametrize("loss", ["half_squared", "squared", "huber(1)", "huber(7/10)"])
def test_outputs_that_resist_make_a_minimum_beyond_the_bound(loss):
    """phi(u)^2 = 36/25 u^2 > u^2, but moving v costs 2 v^2 more: u^2 - 12/5 u v + 3 v^2 is positive."""
    problem = idle(loss=loss, l2=2 if loss == "squared" else 1)
    found = decide(problem)
    assert isinstance(found, Minimum)
    assert found.claim.neurons[0].above == found.claim.neurons[0].below == ()
    assert outcome(found.certificate.to_json()).startswith("accepted: No parameters within")
    rng, size = random.Random(1), found.claim.radius
    for _ in range(500):
        w, v, u = (size * F(rng.randint(-64, 64), 64) / 2 ** rng.choice((0, 3, 9)) for _ in range(3))
        assert problem.loss_at(Point((((w,),), ((v,),)), ((1 + u,), ()))) >= found.loss


def test_two_neurons_whose_outputs_cancel_do_not_resist():
    """v and -v of two neurons move no prediction at first order: no neuron alone shows it."""
    found = decide(idle(copies=2))
    assert (found.kind, str(found.argument)) == (Kind.NOT_LOCAL_MINIMUM, "second_order")
    assert outcome(found.certificate.to_json()).startswith("accepted: ")
    k, other = (v for _, v in found.direction.neurons)
    assert k * other < 0


def test_a_loss_that_is_straight_resists_to_no_side():
    """Residuals beyond 1: the predictions move at no cost, and the bound on the loss does not know it: undecided."""
    found = decide(idle(loss="huber(1/2)", l2="9/10"))
    assert isinstance(found, Undecided)
    assert "only to one side" in found.outside.reason


def test_a_degenerate_second_order_decides_nothing():
    """At phi(u)^2 = 9/16 u^2 = 1/4 (1/4 + 2) u^2 the form is 0 along one move; a little to either side it is not."""
    assert isinstance(decide(idle(y=("-3/8", "3/8"), l2="1/4")), Undecided)
    assert isinstance(decide(idle(y=("-3/8", "3/8"), l2="251/1000")), Minimum)
    assert isinstance(decide(idle(y=("-3/8", "3/8"), l2="249/1000")), Descent)


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_the_second_order_is_never_beaten(first):
    """Random neurons at 0 with biases, beside busy ones: minima against samples, descents against their replay."""
    seen = Counter()
    for seed in range(first, first + 100):
        rng = random.Random(seed)
        n, m = rng.randint(1, 2), rng.randint(2, 3)
        x = [[rng.randint(-2, 2)] for _ in range(m)]
        y = [F(rng.randint(-9, 9), 5) for _ in range(m)]
        y[-1] -= sum(y)
        b = [rng.choice((1, 2, -1)) for _ in range(n)]
        c = 0 if rng.random() < 0.3 else None
        case = tables(
            x, list(map(str, y)), [[0]] * n, [0] * n, l2=f"{rng.randint(1, 9)}/4", b=b, c=c,
            loss=rng.choice(KINDS), activation=rng.choice(("relu", "linear", "leaky_relu(1/2)")),
        )  # fmt: skip
        judged(case, rng, seen)
        found = decide(eg.load(case))
        if isinstance(found, Minimum) and "second order" in found.reason:
            seen["second"] += 1
    assert seen["second"] >= 3
    assert seen["descent"] >= 10
