"""The logistic loss, and cross-entropy of two classes, at rational points: traps, oracles, and exact replays."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction as F

import mpmath
import pytest
from damage import outcome
from labelled import labelled, two_outputs

import exactgeo as eg
from exactgeo.exact.combination import Combination, TanhCombination, sign, within
from exactgeo.kinds import Globality, Kind, Strictness
from exactgeo.local_minimum import Descent, Minimum, Undecided, decide, exact_loss
from exactgeo.local_minimum.rungs.ordered_slopes import OrderedSlopes
from exactgeo.losses import LOSSES, make_loss
from exactgeo.problem import Point

LOGISTIC = {"kind": "logistic"}


def load(**tables):
    return eg.load({"loss": LOGISTIC, **tables})


def kink(c):
    """Trap T6: phi = 3 sigma(c) - 2 on the right of the kink, 0 on its left."""
    return load(
        data={"x": [[1], [1], [1]], "y": [1, 1, -1]},
        network={"widths": [1], "hidden_bias": False},
        train={"output": False, "output_bias": False},
        point={"weights": [[[0]], [[1]]], "biases": [[], [c]]},
    )


# -- traps ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("numerator", "denominator"), [(56329360186853476865, 81266088598021724246)])
def test_convergents_of_log_2_on_either_side(numerator, denominator):
    above = decide(kink(f"{numerator}/{denominator}"))
    below = decide(kink("172040526737798773009/248202014756547403191"))
    assert (above.kind, below.kind) == (Kind.LOCAL_MINIMUM, Kind.NOT_LOCAL_MINIMUM)
    assert below.claim.step > 0
    # No pre-activation is off the kink: what is proved nearby holds everywhere.
    assert above.claim.radius is None
    assert eg.certify(kink(f"{numerator}/{denominator}"), time_limit=0).globality is Globality.GLOBAL


def test_many_digits_of_log_2():
    with mpmath.workdps(700):
        digits = int(mpmath.floor(mpmath.log(2) * mpmath.mpf(10) ** 600))
    assert decide(kink(f"{digits + 1}/{10**600}")).kind is Kind.LOCAL_MINIMUM
    assert decide(kink(f"{digits}/{10**600}")).kind is Kind.NOT_LOCAL_MINIMUM


@pytest.mark.parametrize("size", [1, 40, 1000, 10**9, 10**40])
def test_separated_data_are_never_a_minimum(size):
    """The slope is of the order of exp(-size): a sign, no zero."""
    problem = load(
        data={"x": [[1], [-1]], "y": [1, -1]},
        network={"widths": [], "output_bias": False},
        point={"weights": [[[size]]]},
    )
    found = decide(problem)
    assert isinstance(found, Descent)
    assert found.direction.inputs == (1,)
    assert outcome(found.certificate.to_json()).startswith("accepted")
    for k in (0, 1, 30):
        assert exact_loss(problem, problem.point.moved(found.direction, found.step / 2**k)) < found.loss


def test_a_step_below_all_rationals_of_use_is_undecided():
    """The slope is exp(-10^9) and the curvature is not: there is no step to write down."""
    tied = load(
        data={"x": [[1, 0], [1, 1], [1, 1]], "y": [1, 1, -1]},
        network={"widths": [], "output_bias": False},
        point={"weights": [[[10**9, -(10**9)]]]},
    )
    found = decide(tied)
    assert isinstance(found, Undecided)
    assert "below" in found.outside.reason
    answer = eg.certify(tied, time_limit=0).to_json()
    assert answer["verdict"] == "undecided"
    assert {"rung": "ordered_slopes", "outcome": "undecided", "reason": found.outside.reason} in answer["rungs"]


def test_predictions_p_and_minus_p_are_one_generator():
    """Trap T9."""
    problem = load(
        data={"x": [[1], [-1]], "y": [1, -1]},
        network={"widths": []},
        train={"output": False},
        point={"weights": [[["7/3"]]], "biases": [[0]]},
    )
    found = decide(problem)
    assert (found.kind, found.strictness) == (Kind.LOCAL_MINIMUM, Strictness.STRICT)
    assert str(found.loss) == "-14/3 + 2*log(1 + exp(7/3))"
    moved = problem.at(Point(problem.point.weights, ((F(1, 10**30),),)))
    assert decide(moved).kind is Kind.NOT_LOCAL_MINIMUM


def test_balanced_labels_at_equal_predictions():
    """The score 0 is the minimum of balanced labels; any other one is none."""
    for score in (0, F(1, 10**50), 1):
        problem = load(
            data={"x": [[0], [0]], "y": [1, -1]},
            network={"widths": []},
            point={"weights": [[[5]]], "biases": [[str(F(score))]]},
        )
        assert (decide(problem).kind is Kind.LOCAL_MINIMUM) == (score == 0)


# -- XOR: which of the published values are at rational points -----------------------------------------------------


def xor(point=None):
    tables = {"point": point} if point else {}
    return load(
        data={"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [-1, 1, 1, -1]},
        network={"widths": [2]},
        loss=LOGISTIC | {"reduction": "mean"},
        **tables,
    )


def test_only_log_2_of_the_xor_values_is_at_a_rational_point():
    """0, (log 2) / 2 and (3 / 4) H(1 / 3) are infima that no point has; log 2 is a local minimum, exactly."""
    with mpmath.workdps(30):
        entropy = (mpmath.log(3) - mpmath.mpf(2) / 3 * mpmath.log(2)) * 3 / 4
        wanted = [mpmath.mpf(0), mpmath.log(2) / 2, entropy, mpmath.log(2)]
        census = eg.basins(xor())
        found = {}
        for basin in census:
            key = next(
                k for k, value in enumerate(wanted)
                if basin.value.lo - F(1, 10**15) <= F(str(value)) <= basin.value.hi + F(1, 10**15)
            )  # fmt: skip
            found.setdefault(key, set()).add(basin.attained)
    assert found == {0: {False}, 1: {False}, 2: {False}, 3: {True}}
    dead = {"weights": [[[0, 0], [0, 0]], [[0, 0]]], "biases": [[-1, -1], [0]]}
    verdict = eg.certify(xor(dead))
    assert (verdict.kind, str(verdict.exact_loss)) == (Kind.LOCAL_MINIMUM, "log(2)")
    assert (verdict.loss, verdict.globality) == (None, Globality.SPURIOUS)
    assert verdict.better.loss.hi < F(69, 100)
    assert outcome(verdict.certificate.to_json()).startswith("accepted: ")


# -- what certify says ---------------------------------------------------------------------------------------------


def test_the_answer_has_an_enclosure_a_form_and_digits():
    verdict = eg.certify(xor({"weights": [[[1, 1], [1, -1]], [[1, 0]]], "biases": [[0, 0], [0]]}), time_limit=0)
    answer = verdict.to_json()
    assert answer["loss"] is None
    low, high = (F(answer["loss_enclosure"][end]) for end in ("lo", "hi"))
    assert low <= high < low + F(1, 10**30)
    assert answer["loss_form"] == "-1/2 + 1/4*log(2) + 1/2*log(1 + exp(1)) + 1/4*log(1 + exp(2))"
    assert low < F(answer["loss_decimal"]) + F(1, 10**14)
    assert F(answer["loss_decimal"]) - F(1, 10**14) < high
    assert answer["descent"]["loss_after"] is None
    assert F(answer["descent"]["loss_after_enclosure"]["hi"]) < low


def test_a_convex_problem_is_global():
    problem = load(
        data={"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [-1, 1, 1, -1]},
        network={"widths": []},
        point={"weights": [[[0, 0]]], "biases": [[0]]},
    )
    verdict = eg.certify(problem)
    assert (verdict.globality, verdict.bad_valley) == (Globality.GLOBAL, False)
    assert "No parameters with the same frozen ones" in outcome(verdict.certificate.to_json())


def test_three_classes_are_for_the_ladder():
    problem = eg.load(
        {
            "data": {"x": [[0], [1]], "y": [0, 2]},
            "network": {"widths": [1]},
            "loss": {"kind": "cross_entropy"},
            "point": {"weights": [[[1]], [[1], [0], [2]]], "biases": [[0], [0, 0, 0]]},
        }
    )
    assert "cross_entropy of two classes" in OrderedSlopes().accepts(problem).in_scope
    found = eg.certify(problem)
    # The slope of the loss in the first output bias is e / (1 + e + e^2) - 2/3 < 0.
    assert found.kind is Kind.NOT_LOCAL_MINIMUM
    assert outcome(found.certificate.to_json()).startswith("accepted")


# -- against the decision of the squared loss, samples, and exact replays ------------------------------------------


def rounded(number):
    """The number with each tanh(q / 2) rounded to 50 digits: what is 0 stays 0, and nothing small is met by chance."""
    if not isinstance(number, Combination):
        return number
    assert type(number) is TanhCombination
    with mpmath.workdps(60):
        total = number.constant
        for q, weight in number.terms:
            value = mpmath.tanh(mpmath.mpf(q.numerator) / q.denominator / 2)
            total += weight * F(int(mpmath.nint(value * mpmath.mpf(10) ** 50)), 10**50)
    return total


def moved(case, rng, size):
    """Trained parameters moved by multiples of an eighth of the size, at most by the size."""

    def row(values, free):
        return tuple(q + (size * F(rng.randint(-8, 8), 8) if free else 0) for q in values)

    return Point(
        tuple(
            tuple(row(values, free) for values in matrix)
            for matrix, free in zip(case.point.weights, case.train.weights, strict=True)
        ),
        tuple(row(values, free) for values, free in zip(case.point.biases, case.train.biases, strict=True)),
    )


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_verdicts_on_degenerate_points(first):
    """The shipped decision of squares with rounded residuals says the same; no sample is below a minimum."""
    seen = Counter()
    for seed in range(first, first + 100):
        rng = random.Random(seed)
        case = labelled(rng, tiny=rng.random() < 0.7)
        found = decide(case)
        predictions = [p for (p,) in case.predictions(case.point)]
        slopes = [rounded(case.loss.derivative(p, y)) for p, (y,) in zip(predictions, case.y, strict=True)]
        targets = tuple((p - r,) for p, r in zip(predictions, slopes, strict=True))
        squares = decide(replace(case, y=targets, loss=make_loss("half_squared")))
        assert found.kind == squares.kind
        seen[found.kind, any(predictions)] += 1
        assert outcome(found.certificate.to_json()).startswith("accepted: ")
        loss = exact_loss(case, case.point)
        assert found.loss == loss
        if isinstance(found, Minimum):
            assert (found.strictness, found.flat_dimension) == (squares.strictness, squares.flat_dimension)
            size = found.claim.radius or F(1)
            for _ in range(8):
                other = exact_loss(case, moved(case, rng, size / 2 ** rng.randint(0, 12)))
                assert sign(other - loss) >= 0
        else:
            for k in (0, 1, 3, 20):
                assert exact_loss(case, case.point.moved(found.direction, found.step / 2**k)) < loss
    assert min(seen[kind, some] for kind in (Kind.LOCAL_MINIMUM, Kind.NOT_LOCAL_MINIMUM) for some in (True, False)) >= 5


@pytest.mark.parametrize("first", range(0, 120, 60))
def test_two_outputs_say_what_their_score_says(first):
    for seed in range(first, first + 60):
        rng = random.Random(seed)
        one = labelled(rng)
        two = two_outputs(one, rng)
        found, score = decide(two), decide(one)
        assert found.kind == score.kind
        assert exact_loss(two, two.point) == exact_loss(one, one.point)
        assert outcome(found.certificate.to_json()).startswith("accepted: ")
        if isinstance(found, Descent):
            assert exact_loss(two, two.point.moved(found.direction, found.step)) < found.loss
            continue
        width = len(two.point.output_rows[0])
        gained = width * two.train.output + (two.network.output_bias and two.train.output_bias)
        assert found.flat_dimension == score.flat_dimension + gained
        assert found.strictness is Strictness.FLAT or not gained
        if found.claim.radius is not None:
            for _ in range(5):
                other = moved(two, rng, found.claim.radius)
                assert sign(exact_loss(two, other) - found.loss) >= 0


def test_the_loss_is_enclosed_by_the_old_enclosure():
    for seed in range(40):
        case = labelled(random.Random(seed))
        loss, bounds = within(exact_loss(case, case.point)), case.enclosure_at(case.point)
        assert loss.lo <= bounds.hi
        assert bounds.lo <= loss.hi


# -- the laws of a loss in ordered spaces --------------------------------------------------------------------------

ORDERED = [LOSSES[kind]() for kind in LOSSES if LOSSES[kind].ordered]


@pytest.mark.parametrize("loss", ORDERED, ids=lambda loss: loss.name)
@pytest.mark.parametrize("y", [F(1), F(-1)])
def test_derivatives_values_and_bounds(loss, y):
    for p in [F(n, 3) for n in range(-40, 41, 4)]:
        value, slope = loss.exact_value(p, y), loss.derivative(p, y)
        enclosed = loss.enclosure(p, y)
        assert enclosed.lo <= within(value).hi
        assert within(value).lo <= enclosed.hi
        w, reach = loss.quadratic_bound(p)
        for e in (F(-7, 2), F(-1), F(-1, 3), F(1, 1000), F(1, 2), F(1), F(5)):
            there = within(loss.exact_value(p + e, y) - value)
            tangent = within(slope * e)
            # Convex: above the tangent; within reach below the parabola.
            assert there.hi >= tangent.lo
            if reach is None or abs(e) <= reach:
                assert there.lo <= within(slope * e + w * e * e).hi
            change = within(loss.derivative(p + e, y) - slope)
            assert max(abs(change.lo), abs(change.hi)) <= loss.curvature() * abs(e) + F(1, 10**30)
            least = loss.least_curvature(p, abs(e))
            assert least > 0
            assert min(abs(change.lo), abs(change.hi)) >= least * abs(e) - F(1, 10**30)
