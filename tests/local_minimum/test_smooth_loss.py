"""Losses with sigmoid and tanh: enclosures against mpmath and its difference quotients; descents at rational points."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from damage import outcome
from smooth_nets import loss_at, problem, real

import exactgeo as eg
from exactgeo.exact.krawczyk import bounds, precision
from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum import Descent, Undecided, decide
from exactgeo.local_minimum.smooth_loss import SmoothLoss
from exactgeo.problem import scope

H = mpmath.mpf(10) ** -15


class Reference:
    """The loss of a problem in mpmath, as a function of the trained parameters."""

    def __init__(self, case):
        self.case, self.loss = case, SmoothLoss(case)
        weights = [q for matrix in case.point.weights for row in matrix for q in row]
        self.every = [real(q) for q in weights + [q for bias in case.point.biases for q in bias]]
        self.start = [q for q, free in zip(self.every, self.loss.trained, strict=True) if free]

    def __call__(self, moves):
        """At the start plus moves {index: change}."""
        changed = iter([q + moves.get(k, 0) for k, q in enumerate(self.start)])
        flat = iter([next(changed) if free else q for q, free in zip(self.every, self.loss.trained, strict=True)])
        weights = [[[next(flat) for _ in row] for row in matrix] for matrix in self.case.point.weights]
        return loss_at(self.case, weights, [[next(flat) for _ in bias] for bias in self.case.point.biases])


def holds(enclosure, value, error):
    return real(enclosure.lo) - error <= value <= real(enclosure.hi) + error


@pytest.mark.parametrize("seed", range(25))
def test_value_gradient_and_hessian_hold_difference_quotients(seed):
    source = random.Random(seed)
    with mpmath.workdps(60), precision(160):
        exact = Reference(problem(source))
        loss, point, size = exact.loss, exact.case.point, len(exact.start)
        assert loss.point(loss.vector(point), point) == point
        value = bounds(loss.value(point))
        assert holds(value, exact({}), mpmath.mpf(10) ** -40)
        assert value.hi - value.lo < Fraction(1, 2**120)
        if not size:
            return
        gradient, hessian = loss.gradient(point), loss.hessian(point)
        for k in range(size):
            assert holds(bounds(gradient[k]), (exact({k: H}) - exact({k: -H})) / (2 * H), mpmath.mpf(10) ** -24)
        for _ in range(5):
            i, j = source.randrange(size), source.randrange(size)
            corners = [
                a * b * exact({i: a * H} | {j: b * H + (a * H if i == j else 0)}) for a in (1, -1) for b in (1, -1)
            ]
            assert holds(bounds(hessian[i, j]), mpmath.fsum(corners) / (4 * H * H), mpmath.mpf(10) ** -20)


@pytest.mark.parametrize("seed", range(12))
def test_a_box_holds_its_points(seed):
    source = random.Random(100 + seed)
    case = problem(source)
    loss, point = SmoothLoss(case), case.point
    start, radius = loss.vector(point), Fraction(1, 50)
    with precision(128):
        value, gradient, hessian = loss.value(point, radius), loss.gradient(point, radius), loss.hessian(point, radius)
        for _ in range(4):
            other = loss.point([q + radius * Fraction(source.randint(-8, 8), 8) for q in start], point)
            assert value.contains(loss.value(other))
            assert all(wide.contains(q) for wide, q in zip(gradient, loss.gradient(other), strict=True))
            assert all(
                wide.contains(q) for wide, q in zip(hessian.entries(), loss.hessian(other).entries(), strict=True)
            )


@pytest.mark.parametrize("seed", range(12))
def test_the_slope_along_a_line_holds_that_at_its_points(seed):
    source = random.Random(200 + seed)
    case = problem(source)
    loss, point = SmoothLoss(case), case.point
    way = loss.direction([Fraction(source.randint(-4, 4), 3) for _ in loss.vector(point)], point)
    with precision(128):
        whole = loss.slope_along(point, way, Fraction(1, 16))
        for s in (Fraction(0), Fraction(1, 40), Fraction(1, 16)):
            gradient = loss.gradient(point.moved(way, s))
            there = sum((float(q.mid()) * float(u) for q, u in zip(gradient, loss.vector(way), strict=True)), 0.0)
            assert float(whole.lower()) - 1e-12 <= there <= float(whole.upper()) + 1e-12


def asked(found: Undecided) -> list[str]:
    """The rungs that accepted the problem."""
    return [tried.rung for tried in found.tries if tried.outcome != "out_of_scope"]


@pytest.mark.parametrize("seed", range(20))
def test_a_point_with_a_slope_is_refuted_and_the_loss_falls_all_along(seed):
    case = problem(random.Random(300 + seed), uniform=True)
    found = decide(case)
    if isinstance(found, Undecided):
        assert not SmoothLoss(case).vector(case.point) or asked(found) == ["smooth_gradient"]
        return
    assert isinstance(found, Descent)
    assert outcome(found.certificate.to_json()).startswith("accepted: No local minimum")
    with mpmath.workdps(40):
        losses = []
        for k in range(9):
            there = case.point.moved(found.direction, found.step * Fraction(k, 8))
            losses.append(
                loss_at(
                    case,
                    [[[real(q) for q in row] for row in matrix] for matrix in there.weights],
                    [[real(q) for q in bias] for bias in there.biases],
                )
            )
        assert all(b < a for a, b in pairwise(losses))
        assert holds(found.loss_after, losses[-1], mpmath.mpf(10) ** -30)


def test_no_slope_is_undecided_and_says_what_to_try():
    """At 0 every derivative of a net with tanh and without biases is 0, exactly."""
    case = problem_from_mapping(
        {
            "data": {"x": [[1], [-1]], "y": [1, -1]},
            "network": {"widths": [1], "activation": "tanh", "hidden_bias": False, "output_bias": False},
            "point": {"weights": [[[0]], [[0]]]},
        }
    )
    found = decide(case)
    assert isinstance(found, Undecided)
    assert asked(found) == ["smooth_gradient"]
    assert "no derivative" in found.outside.reason
    assert "exactgeo polish" in found.outside.try_instead
    verdict = eg.certify(case)
    assert verdict.kind == "undecided"
    assert "`exactgeo polish`" in verdict.to_json()["reason"]


def test_a_slope_too_small_for_the_checker_is_not_claimed():
    """The derivatives are about exp(-200): below 2^-128."""
    case = problem_from_mapping(
        {
            "data": {"x": [[1]], "y": ["1/2"]},
            "network": {"widths": [1], "activation": "tanh", "hidden_bias": False, "output_bias": False},
            "train": {"output": False},
            "point": {"weights": [[[100]], [[1]]]},
        }
    )
    assert isinstance(decide(case), Undecided)


def test_scope_names_what_is_outside():
    base = {
        "data": {"x": [[1], [2]], "y": [1, -1]},
        "network": {"widths": [1], "activation": "tanh"},
        "point": {"weights": [[[1]], [[1]]], "biases": [[0], [0]]},
    }
    reasons = {
        "no smooth activation": {"network": {"widths": [1]}},
        "huber": {"loss": {"kind": "huber(1)"}},
        "l1": {"penalty": {"l1": "1/2"}},
        "kink": {"network": {"widths": [1, 1], "activation": ["tanh", "relu"]},
                 "point": {"weights": [[[1]], [[1]], [[1]]], "biases": [[0], [0], [0]]}},
    }  # fmt: skip
    assert scope.smooth(problem_from_mapping(base)) is None
    for word, change in reasons.items():
        outside = scope.smooth(problem_from_mapping(base | change))
        assert outside is not None
        assert word in outside.reason
        assert outside.in_scope
        assert outside.try_instead


def test_losses_are_enclosed_where_an_activation_has_no_rational_values():
    case = problem(random.Random(7), uniform=True)
    verdict = eg.certify(case)
    lo, hi = verdict.loss_enclosure.lo, verdict.loss_enclosure.hi
    assert lo <= hi
    assert np.isclose(float(lo), float(hi))
    assert verdict.to_json()["loss"] is None
