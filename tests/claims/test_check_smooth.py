"""The interval arithmetic of the companions for smooth losses: every function holds the value that mpmath gives."""

from __future__ import annotations

import random
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from damage import checker, outcome
from forging import accepted, changed, put, written
from smooth_nets import real

from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum import decide

SMOOTH = checker().companion("check_smooth.py")
POPULATION = checker().companion("check_population.py")
WIDE = [Fraction(0), Fraction(1, 10**40), Fraction(1, 10**30), Fraction(1, 50), Fraction(1, 3)]


@pytest.fixture(autouse=True)
def _digits():
    with mpmath.workdps(90):
        yield


def interval(middle: Fraction, radius: Fraction):
    return SMOOTH.enclosed([middle], radius)


def holds(row, value: mpmath.mpf) -> bool:
    low, high = row.bounds()
    slack = mpmath.mpf(10) ** -80
    return bool(real(low) - slack <= value <= real(high) + slack)


def inside(middle: Fraction, radius: Fraction):
    """Points of an interval, its ends among them."""
    return [real(middle + radius * Fraction(k, 4)) for k in range(-4, 5)]


def points(source, count=40, limit=40):
    return [(Fraction(source.randint(-limit * 7, limit * 7), 7), source.choice(WIDE)) for _ in range(count)]


def sigmoid(z):
    return 1 / (1 + mpmath.exp(-z))


FUNCTIONS = {
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * sigmoid(-z), lambda z: sigmoid(z) * sigmoid(-z) * (1 - 2 * sigmoid(z))),
    "tanh": (mpmath.tanh, lambda z: mpmath.sech(z) ** 2, lambda z: -2 * mpmath.tanh(z) * mpmath.sech(z) ** 2),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_activations_and_their_derivatives(name):
    for middle, radius in points(random.Random(1)):
        found = SMOOTH.jet(name, interval(middle, radius))
        for row, function in zip(found, FUNCTIONS[name], strict=True):
            assert all(holds(row, function(z)) for z in inside(middle, radius))
            if not radius:
                assert row.rad[0] < 2**40


def test_losses_and_their_derivatives():
    """Of one datum at each target, for the three losses."""

    class Stub:
        kind = ""
        y: list

    cases = {
        "squared": (lambda p, y: (p - y) ** 2, lambda p, y: 2 * (p - y), lambda p, y: mpmath.mpf(2)),
        "half_squared": (lambda p, y: (p - y) ** 2 / 2, lambda p, y: p - y, lambda p, y: mpmath.mpf(1)),
        "logistic": (
            lambda p, y: mpmath.log1p(mpmath.exp(-y * p)),
            lambda p, y: -y * sigmoid(-y * p),
            lambda p, y: sigmoid(p) * sigmoid(-p),
        ),
    }
    for kind, functions in cases.items():
        for target in (Fraction(1), Fraction(-1)):
            problem = Stub()
            problem.kind, problem.y = kind, [[target]]
            for middle, radius in points(random.Random(2), 15, 20):
                found = SMOOTH.loss_jet(problem, 0, interval(middle, radius))
                for row, function in zip(found, functions, strict=True):
                    assert all(holds(row, function(p, real(target))) for p in inside(middle, radius))


def test_products_sums_and_inner_products_hold_those_of_their_points():
    source = random.Random(3)
    for _ in range(60):
        size = source.randint(1, 4)
        rows = [[(Fraction(source.randint(-99, 99), 13), source.choice(WIDE)) for _ in range(size)] for _ in range(2)]
        one, two = (SMOOTH.joined([interval(*pair) for pair in row]) for row in rows)
        for _ in range(5):
            a, b = ([q + r * Fraction(source.randint(-4, 4), 4) for q, r in row] for row in rows)
            total = sum(p * q for p, q in zip(a, b, strict=True))
            low, high = SMOOTH.inner(one, two).bounds()
            assert low <= total <= high
            for k, (p, q) in enumerate(zip(a, b, strict=True)):
                assert (one * two)[k].bounds()[0] <= p * q <= (one * two)[k].bounds()[1]
                assert (one + two)[k].bounds()[0] <= p + q <= (one + two)[k].bounds()[1]
                assert SMOOTH.minus(one)[k].bounds()[0] <= -p <= SMOOTH.minus(one)[k].bounds()[1]


def test_roots_inverses_and_angles():
    assert holds(POPULATION.pi(), +mpmath.pi)
    assert POPULATION.pi().rad[0] < 2**20
    source = random.Random(4)
    for _ in range(40):
        middle, radius = Fraction(source.randint(1, 500), 100), Fraction(source.choice([0, 1]), 10**6)
        for z in inside(middle, radius):
            assert holds(POPULATION.root(interval(middle, radius)), mpmath.sqrt(z))
            assert holds(POPULATION.inverse(interval(middle, radius)), 1 / z)
        cosine = Fraction(source.randint(-99, 99), 100)
        for z in inside(cosine, radius):
            assert holds(POPULATION.rest(interval(cosine, radius)), mpmath.pi - mpmath.acos(z))
        assert POPULATION.rest(interval(cosine, Fraction(0))).rad[0] < 2**30


def test_what_is_not_positive_has_no_root_and_no_inverse():
    for function in (POPULATION.root, POPULATION.inverse):
        for middle, radius in (
            (Fraction(0), Fraction(0)),
            (Fraction(1, 10), Fraction(1, 10)),
            (Fraction(-1), Fraction(0)),
        ):
            with pytest.raises(checker().Rejected, match="not proved to be positive"):
                function(interval(middle, radius))


def test_words_for_powers():
    assert SMOOTH.power(Fraction(0)) == "0"
    for q in (Fraction(1, 3), Fraction(1), Fraction(7, 2**90), Fraction(5)):
        exponent = int(SMOOTH.power(q).removeprefix("2^"))
        assert q <= Fraction(2) ** exponent <= 4 * q


def test_a_wider_claim_of_the_loss_and_a_smaller_box_are_accepted():
    claim = accepted("smooth-minimum")["claims"][0]
    for edit in (
        put("claims", 0, "low", "0"),
        put("claims", 0, "high", "2"),
        put("claims", 0, "radius", str(Fraction(claim["radius"]) / 1024)),
    ):
        assert outcome(written(changed("smooth-minimum", edit))).startswith("accepted: Exactly one critical point")


def test_a_change_beyond_the_proof_is_not():
    """Each entry of R may change by a little; the loss by nothing outside its bounds."""
    tree = accepted("smooth-minimum")
    entry = Fraction(tree["claims"][0]["factor"][0][0])
    little = changed("smooth-minimum", put("claims", 0, "factor", 0, 0, str(entry * (1 + Fraction(1, 2**20)))))
    assert outcome(written(little)).startswith("accepted")
    large = changed("smooth-minimum", put("claims", 0, "factor", 0, 0, str(entry * 3)))
    assert outcome(written(large)).startswith("Rejected")


def test_large_pre_activations_do_not_take_long():
    case = problem_from_mapping(
        {
            "data": {"x": [[10**6], [-1]], "y": [1, 2]},
            "network": {"widths": [1], "activation": "sigmoid"},
            "point": {"weights": [[[10**6]], [[1]]], "biases": [[0], [0]]},
        }
    )
    found = decide(case)
    assert outcome(found.certificate.to_json()).startswith("accepted: No local minimum")


def test_a_row_of_floats_and_one_of_intervals_agree():
    """The forward pass of the checker against numpy."""
    tree = accepted("smooth-minimum-deep")
    problem = checker().Problem(tree["problem"])
    point = problem.point(tree["claims"][0]["point"])
    layers, losses = SMOOTH.forward(problem, SMOOTH.box(problem, point, Fraction(0)))
    rows = np.array([[float(q) for q in row] for row in problem.x])
    for k, (matrix, bias) in enumerate(zip(*point, strict=True)):
        rows = rows @ np.array([[float(q) for q in row] for row in matrix]).T
        rows = rows + (np.array([float(q) for q in bias]) if bias else 0)
        rows = np.tanh(rows) if k < problem.layers else rows
        ours = [[q / SMOOTH.UNIT for q in unit[0].mid] for unit in layers[k][1]]
        assert pytest.approx(rows, abs=1e-12) == np.array(ours).T
    targets = np.array([[float(q) for q in row] for row in problem.y])
    ours = [[q / SMOOTH.UNIT for q in loss[0].mid] for loss in losses]
    assert pytest.approx((rows - targets) ** 2 / 2, abs=1e-12) == np.array(ours).T
