"""Cross-entropy with more than two classes: numbers, decisions against germ curves and descents in small boxes, traps."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from fractions import Fraction

import pytest
from class_problems import class_case, unequal_case
from damage import outcome
from made_classes import KINKS, classes, falling
from replay import holds
from small_boxes import falls

import exactgeo as eg
from exactgeo.claims.class_descent import ClassDescentClaim
from exactgeo.claims.class_minimum import ClassLeaf
from exactgeo.claims.subject import has_form, problem_data, read_subject
from exactgeo.exact.combination import Unresolved, inner, sign
from exactgeo.exact.softmax import LogSumCombination, SoftmaxCombination
from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum import LADDER, decide
from exactgeo.local_minimum.along import descent_along
from exactgeo.local_minimum.deep.germs import germ_descent
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.problem import Direction, scope

F = Fraction


# -- numbers --


def softmax(scores, j) -> float:
    parts = [math.exp(float(q - max(scores))) for q in scores]
    return parts[j] / sum(parts)


def test_combinations_of_shares_have_the_values_of_floats():
    rng = random.Random(0)
    for _ in range(200):
        rows = [[F(rng.randint(-6, 6), rng.choice((1, 2))) for _ in range(rng.randint(2, 4))] for _ in range(3)]
        picks = [(row, rng.randrange(len(row)), F(rng.randint(-3, 3))) for row in rows]
        found = inner([q for *_, q in picks], [SoftmaxCombination.softmax(row, j) for row, j, _ in picks])
        value = sum(float(q) * softmax(row, j) for row, j, q in picks)
        assert float(found) == pytest.approx(value, abs=1e-12)
        assert abs(value) < 1e-9 or sign(found) == (1 if value > 0 else -1)


def test_shares_of_one_data_point_add_up_and_equal_scores_are_rational():
    rng = random.Random(1)
    for _ in range(100):
        row = [F(rng.randint(-3, 3)) for _ in range(rng.randint(2, 5))]
        shares = [SoftmaxCombination.softmax(row, j) for j in range(len(row))]
        assert inner([1] * len(row), shares) == 1
        assert isinstance(shares[0], Fraction) == (len(set(row)) == 1)


def test_shares_that_depend_on_each_other_are_told_from_0_by_their_exponentials():
    """1 + x + x^2 + x^3 = (1 + x)(1 + x^2): at x = exp(-1) 1/(1 + x) + 1/(1 + x^2) is 1 + the share of 1 + that of x^2."""
    four = [SoftmaxCombination.softmax([F(0), F(-1), F(-2), F(-3)], j) for j in range(4)]
    two = [2 * SoftmaxCombination.softmax([F(0), F(0), F(-q), F(-q)], 0) for q in (1, 2)]
    difference = two[0] + two[1] - (2 * four[0] + four[1] + four[2])
    assert difference == 0
    assert isinstance(difference, Fraction)
    assert two[0] + two[1] == 2 * four[0] + four[1] + four[2]
    assert two[0] + two[1] != 2 * four[0] + four[1]
    assert sign(two[0] + two[1] - (2 * four[0] + four[1] + four[2]) + F(1, 10**30)) == 1


def test_too_many_sums_of_exponentials_are_named():
    rows = [[F(0), F(-1), F(-p, 7)] for p in range(8, 20)]
    total = inner([1] * len(rows), [SoftmaxCombination.softmax(row, 1) for row in rows])
    with pytest.raises(Unresolved, match="different sums of exponentials"):
        total._vanishes(sorted({row for (_, row), _ in total.terms}))


def test_losses_are_logarithms_of_sums():
    loss = LogSumCombination.log_sum([F(1), F(2), F(4)]) - 4
    assert float(loss) == pytest.approx(math.log(1 + math.exp(-2) + math.exp(-3)))
    assert LogSumCombination.log_sum([F(0), F(-1000)]) > 0
    assert LogSumCombination.log_sum([F(0), F(-1000)]) < F(1, 10**400)


# -- decisions --

FAMILIES = {
    "one hidden layer": (class_case, {"widths": [2]}),
    "one hidden layer, four classes": (class_case, {"widths": [3], "outputs": 4}),
    "any depth": (class_case, {}),
    "frozen blocks": (class_case, {"freeze": True}),
    "two classes in depth": (class_case, {"widths": [2, 2], "outputs": 2}),
    "scores that differ": (unequal_case, {}),
    "scores that differ, two classes in depth": (unequal_case, {"widths": [1, 1], "outputs": 2}),
}


def attack(family: str, seeds: range) -> Counter[str]:
    make, options = FAMILIES[family]
    seen = Counter[str]()
    for seed in seeds:
        problem = make(random.Random(f"classes {family} {seed}"), **options)
        found = decide(problem, strictness=False)
        seen[str(found.kind)] += 1
        if found.kind == "undecided":
            continue
        assert outcome(found.certificate.to_json()).startswith("accepted: "), seed
        if seed % 10 == 0:
            assert holds(json.loads(found.certificate.to_json())), seed
        if found.kind == "local_minimum":
            radius = getattr(found.claim, "radius", None)
            assert not falls(problem, 1.0 if radius is None else float(radius), seed), seed
            assert germ_descent(problem, problem.point, count=1024, seed=1000 + seed) is None, seed
    return seen


@pytest.mark.parametrize("family", FAMILIES)
def test_minima_survive_and_certificates_are_accepted(family):
    assert attack(family, range(8))["undecided"] <= 1


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_hundreds_of_minima_survive(family):
    seen = attack(family, range(8, 308))
    assert min(seen["local_minimum"], seen["not_local_minimum"]) >= 20
    assert seen["undecided"] <= 15


def test_the_adversary_falls_where_the_loss_does():
    seen = Counter[bool]()
    for seed in range(60):
        problem = class_case(random.Random(f"fall {seed}"), widths=[2])
        found = decide(problem, strictness=False)
        if found.kind == "not_local_minimum" and found.argument in ("first_order", "second_order"):
            seen[falls(problem, 1.0, seed)] += 1
    assert seen[True] > 4 * seen[False]


# -- named instances --


def test_equal_scores_of_balanced_classes_are_the_best_linear_model():
    problem = classes([[1], [-1]] * 3, [0, 0, 1, 1, 2, 2], [[[0], [0], [0]]], [[1, 1, 1]])
    verdict = eg.certify(problem)
    assert (verdict.kind, verdict.globality, str(verdict.exact_loss)) == ("local_minimum", "global", "6*log(3)")
    assert verdict.certificate is not None


def test_log_2_to_32_digits_is_not_critical():
    """Labels 0, 0, 1, 2: the best bias is (log 2, 0, 0). A rational with 32 digits of it passes floats."""
    near = F("69314718055994530941723212145818") / 10**32
    for shift, side in ((near, -1), (near - F(1, 10**32), 1)):
        problem = classes([[0]] * 4, [0, 0, 1, 2], [[[0], [0], [0]]], [[str(shift), 0, 0]])
        found = decide(problem)
        assert found.kind == "not_local_minimum"
        assert found.direction.biases[-1][0] * side > 0
        assert outcome(found.certificate.to_json()).startswith("accepted: ")


def test_unequal_scores_are_no_minimum_where_the_outputs_are_trained():
    seen = 0
    for seed in range(40):
        problem = unequal_case(random.Random(f"unequal {seed}"))
        problem = problem_from_mapping({**problem.to_dict(), "train": {}})
        if len({len(set(row)) for row in problem.predictions(problem.point)} - {1}) == 0:
            continue
        found = decide(problem, strictness=False)
        assert (found.kind, found.argument) == ("not_local_minimum", "first_order"), seed
        seen += 1
    assert seen > 20


def test_on_kinks_with_frozen_outputs_the_shares_decide():
    """Scores (1, 0, 0), labels 0: a move costs 1 - sigma_0 + 2 sigma_2 > 0; with labels 2 two less, which is below 0."""
    problem = classes(*KINKS, train={"output": False, "output_bias": False})
    assert (decide(problem).kind, decide(falling()).kind) == ("local_minimum", "not_local_minimum")
    shared = unequal_case(random.Random("m177"))
    units = decide(shared).claim.proof.units
    steps = [step for unit in units for cover in unit.covers for step in cover]
    assert any(slope.terms for step in steps if isinstance(step, ClassLeaf) for slope in step.slopes.values())


def test_an_order_at_which_the_curvature_takes_part_is_not_asked_for():
    """Scores (1, 0, 0): along s^2 orders 2 and 3 are linear in the shares."""
    problem = classes([[1]], [0], [[[1], [0], [0]]])
    point, loss = problem.point, DeepPoint.of(problem, problem.point).loss
    way = Direction((((F(1),), (F(0),), (F(0),)),), ((),))
    found = descent_along(problem, point, loss, (Direction.zero(point), way))
    assert isinstance(found.claim, ClassDescentClaim)
    assert found.claim.order == 2
    assert descent_along(problem, point, loss, (way.turned,)) is None


def test_a_lower_point_is_found_beside_a_minimum_that_is_not_global():
    """A dead unit: equal scores are the best constant, and a living unit tells the classes apart."""
    problem = classes([[1], [2], [3]], [0, 1, 2], [[[-1]], [[1], [1], [1]]], [[0], [0, 0, 0]])
    verdict = eg.certify(problem)
    assert (verdict.kind, verdict.globality) == ("local_minimum", "spurious")
    assert verdict.better.loss.hi < 3
    assert "dead" in verdict.remarks[0]


def test_two_classes_with_one_hidden_layer_go_on_as_ever():
    problem = problem_from_mapping(
        {
            "data": {"x": [[1], [-1]], "y": [0, 1]},
            "network": {"widths": [1], "outputs": 2},
            "loss": {"kind": "cross_entropy"},
            "point": {"weights": [[[0]], [[0], [0]]], "biases": [[0], [0, 0]]},
        }
    )
    found = decide(problem)
    assert found.tries[-1].rung == "ordered_slopes"
    assert "outputs" not in problem_data(problem)["network"]


def test_explain_tells_every_share():
    problem = classes(*KINKS, train={"output": False, "output_bias": False})
    found = eg.explain(problem)
    assert str(found.at.gradient[1][0]) == "exp(-1)/(1 + 2*exp(-1))"
    assert isinstance(found.conditions, tuple)


# -- the format --


def test_the_number_of_classes_is_part_of_the_problem():
    problem = classes([[1]], [0], [[[0], [0], [0], [0]]])
    data = problem_data(problem)
    assert (has_form(problem), data["network"]["outputs"]) == (True, 4)
    again = read_subject({"problem": data})
    assert again.network.outputs == 4
    assert problem_data(again) == data


@pytest.mark.parametrize(("outputs", "y"), [(2, "0"), (1, "0"), (10_001, "0"), ("3", "0"), (3, "3"), (3, "1/2")])
def test_a_number_of_classes_has_one_form(outputs, y):
    data = problem_data(classes([[1]], [0], [[[0], [0], [0]]]))
    data["network"]["outputs"], data["data"]["y"] = outputs, [[y]]
    with pytest.raises(Exception, match=r"from 3 to 10000 classes|classes from 0 to 2"):
        read_subject({"problem": data})


def test_basins_of_three_classes_stay_refused_by_name():
    problem = class_case(random.Random(0), widths=[1])
    assert scope.basins(problem).reason.startswith("cross_entropy with ")
    names = [rung.name for rung in LADDER if rung.accepts(problem) is None]
    assert names[:3] == ["reachable_span", "first_order", "unrolled"]
