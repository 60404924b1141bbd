"""Critical points that are not rational: proved near basin optima, by hand, and never where samples go lower."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction as F

import mpmath
import pytest
from damage import outcome

import exactgeo as eg
from exactgeo.errors import OutOfScope
from exactgeo.exact.combination import within
from exactgeo.local_minimum import exact_loss
from exactgeo.local_minimum.critical_point import CriticalPoint, NotProved, critical_point_near
from exactgeo.local_minimum.ordered_criterion import OrderedPoint
from exactgeo.problem import Point

LOG2 = F(69314718055994530941723, 10**23)


def load(**tables):
    return eg.load({"loss": {"kind": "logistic"}, **tables})


def bias(c):
    """Two of three labels are 1: the minimum is at log 2."""
    return load(
        data={"x": [[0], [0], [0]], "y": [1, 1, -1]},
        network={"widths": []},
        point={"weights": [[[0]], ][:1], "biases": [[str(c)]]},
    )  # fmt: skip


def test_refusals():
    problem = bias(LOG2)
    with pytest.raises(ValueError, match="positive"):
        critical_point_near(problem, problem.point, F(0))
    squares = eg.load("swirszcz-prop1")
    with pytest.raises(OutOfScope, match="squared loss"):
        critical_point_near(squares, squares.point, F(1, 1000))


@pytest.mark.parametrize("exponent", [2, 5, 12, 20])
def test_log_2_by_hand(exponent):
    problem, rho = bias(LOG2), F(1, 10**exponent)
    found = critical_point_near(problem, problem.point, rho)
    assert isinstance(found, CriticalPoint)
    with mpmath.workdps(40):
        wanted = F(str(3 * mpmath.log(3) - 2 * mpmath.log(2)))
    assert found.value.lo - F(1, 10**30) < wanted < found.value.hi + F(1, 10**30)
    assert found.value.hi - found.value.lo < rho
    assert rho <= found.radius * 2 <= 4 * rho
    assert outcome(found.certificate.to_json()).startswith("accepted: Among the predictions")


def test_it_is_within_rho_or_nothing_is_said():
    rho = F(1, 10**6)
    for shift in (F(0), F(1, 2), F(99, 100)):
        assert isinstance(critical_point_near(bias(LOG2), bias(LOG2 + shift * rho / 2).point, rho), CriticalPoint)
    for shift in (F(1), F(2), F(100)):
        # In the predictions the distance is sqrt(3) times as long.
        found = critical_point_near(bias(LOG2), bias(LOG2 + shift * rho).point, rho)
        assert isinstance(found, NotProved)
        assert "come closer" in found.reason


def test_a_kink_is_kept_only_where_its_labels_hold_it():
    def at(labels):
        problem = load(
            data={"x": [[0]] * 2 + [[1]] * 3, "y": [*labels, 1, 1, -1]},
            network={"widths": [1], "output_bias": False},
            point={"weights": [[[1]], [[str(LOG2)]]], "biases": [[0], []]},
        )
        return critical_point_near(problem, problem.point, F(1, 10**6))

    assert isinstance(at([-1, -1]), CriticalPoint)
    assert isinstance(at([1, 1]), NotProved)
    # Balanced: phi is 0 on both sides, which no rational slopes near l' can say with room.
    assert isinstance(at([1, -1]), NotProved)


def lower_nearby(problem, point, value, rng):
    """Whether some sample of the neighbourhood that the criterion speaks of has a loss below the enclosure."""
    local = OrderedPoint.of(problem, point).local
    bounds = [abs(n.v) for n in local.neurons if n.v]
    for n in local.neurons:
        bounds += [abs(z) / sum(map(abs, row)) for z, row in zip(n.z, local.rows, strict=True) if z and any(row)]
    size = min(bounds, default=F(1)) / 4

    def moved(row, by):
        return tuple(q + by * F(rng.randint(-8, 8), 8) for q in row)

    for _ in range(25):
        by = size / 4 ** rng.randint(0, 6)
        other = Point(
            tuple(tuple(moved(row, by) for row in matrix) for matrix in point.weights),
            tuple(moved(row, by) for row in point.biases),
        )
        if within(exact_loss(problem, other), 80).hi < value.lo:
            return True
    return False


@pytest.mark.parametrize("first", range(0, 24, 8))
def test_basin_optima(first):
    """Optima of basins lie on kinks as a rule. Those that are proved local minima have nothing lower around them."""
    seen = Counter()
    for seed in range(first, first + 8):
        rng = random.Random(seed)
        d = rng.choice((1, 1, 2))
        x = [[rng.randint(-3, 3) for _ in range(d)] for _ in range(rng.randint(4, 6))]
        y = [rng.choice((1, -1)) for _ in x]
        again = rng.sample(range(len(x)), rng.randint(1, len(x)))
        net = {
            "widths": [rng.choice((1, 1, 2))],
            "activation": rng.choice(("relu", "relu", "leaky_relu(1/5)", "abs")),
            "hidden_bias": rng.random() < 0.6,
            "output_bias": rng.random() < 0.7,
        }
        problem = load(
            data={"x": x + [x[k] for k in again], "y": y + [-y[k] for k in again]},
            network=net,
            loss={"kind": "logistic", "reduction": rng.choice(("sum", "mean"))},
        )
        for basin in list(eg.basins(problem))[:8]:
            point = basin.minimiser
            if point is None:
                continue
            found = critical_point_near(problem, point, F(1, 10**6))
            kinks = sum(len(n.kinks) for n in OrderedPoint.of(problem, point).local.neurons)
            seen[type(found), bool(kinks)] += 1
            if isinstance(found, CriticalPoint):
                assert found.value.lo <= basin.value.hi
                assert basin.value.lo <= found.value.hi
                assert not lower_nearby(problem, point, found.value, rng)
                assert outcome(found.certificate.to_json()).startswith("accepted: ")
    assert seen[CriticalPoint, True] >= 3
    assert seen[NotProved, True] >= 3
