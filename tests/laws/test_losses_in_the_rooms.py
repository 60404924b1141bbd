"""Every registered loss through files, basins, proofs, CVXPY and numpy; and one loss that is no more than a class."""

from __future__ import annotations

import random
import tomllib
from fractions import Fraction

import basin_brute as brute
import pytest
from damage import checker
from losses import Pinball, brute_kind, is_irrational, is_rational, loss_names, named, targets
from problems import problem

from exactgeo import certify
from exactgeo.basin import Enclosure, census
from exactgeo.formats import point_from_mapping, problem_from_mapping
from exactgeo.kinds import Globality, Kind
from exactgeo.losses import LOSSES
from exactgeo.numeric import NumericNetworks

F = Fraction
PINBALL = "pinball(1/3)"
RATIONAL = [*loss_names(is_rational), "huber(1/2)", PINBALL]
IRRATIONAL = loss_names(is_irrational)

SMALL = [[-1], [2], [0]], [2, -1, 1]
DEGENERATE = [[2], [2], [0]], [1, -1, 2]


@pytest.fixture(autouse=True)
def one_loss_more(monkeypatch):
    monkeypatch.setitem(LOSSES, "pinball", Pinball)


def make(name, x, y, width=1, **options):
    """A problem with targets that the loss allows."""
    return problem(x, targets(name, y), width, loss=name, **options)


@pytest.mark.parametrize("name", [*RATIONAL, *IRRATIONAL])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_through_a_file_and_back(name, reduction):
    case = make(name, *SMALL, reduction=reduction)
    again = problem_from_mapping(tomllib.loads(case.to_toml()))
    assert again == case
    assert f'"{name}"' in case.to_toml()


@pytest.mark.parametrize("name", RATIONAL)
@pytest.mark.parametrize(("reduction", "weight"), [("sum", F(1)), ("mean", F(1, 3))])
def test_the_loss_of_a_point_is_the_sum_over_the_data(name, reduction, weight):
    case = make(name, *SMALL, reduction=reduction)
    point = at(case, [[[1]], [[2]]], [[1], [-1]])
    loss, y = named(name), targets(name, SMALL[1])
    predictions = [2 * max(F(0), F(x) + 1) - 1 for (x,) in SMALL[0]]
    assert case.loss_at(point) == weight * sum(loss.value(p, t) for p, t in zip(predictions, y, strict=True))


def at(case, weights, biases):
    return point_from_mapping({"weights": weights, "biases": biases}, case)


@pytest.mark.parametrize("name", RATIONAL)
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_basins_against_brute_force(name, reduction):
    loss, rng = named(name), random.Random(1)
    data = [(*SMALL, 1), (*DEGENERATE, 1), ([[-1], [1]], [rng.randint(-2, 2), 1], 2)]
    for x, y, width in data:
        if len(x) == 3 and len(loss.pieces(F(1)).breaks) > 1:
            x, y = x[:2], y[:2]
        found = census(make(name, x, y, width, reduction=reduction))
        weight = F(1, len(x)) if reduction == "mean" else F(1)
        wanted = brute.basin_values(x, targets(name, y), width, **brute_kind(name))
        assert sorted(basin.value for basin in found) == [weight * value for value in wanted]
        for basin in found:
            assert found.problem.loss_at(basin.minimiser) == basin.value


@pytest.mark.parametrize("name", [*loss_names(lambda loss: loss.certified and loss.rational), "huber(1/2)"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_certificates_are_accepted(name, reduction):
    found = census(make(name, *SMALL, reduction=reduction))
    assert checker().run(found.certificate.to_json())
    for basin in found:
        assert checker().run(basin.certificate.to_json())


def test_a_loss_that_the_format_does_not_know_has_no_certificate():
    found = census(make(PINBALL, *SMALL))
    assert found.certificate is None
    assert {basin.certificate for basin in found} == {None}


@pytest.mark.parametrize("name", [*RATIONAL, *IRRATIONAL])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_cvxpy_agrees(name, reduction):
    x, y = [[-1], [0], [1], [2]], [2, -1, 0, 1]
    for basin in census(make(name, x, y, reduction=reduction, activation="leaky_relu(-1/2)")):
        value = basin.program().solve()
        high = basin.value.hi if isinstance(basin.value, Enclosure) else basin.value
        assert abs(value - float(high)) < 1e-5


@pytest.mark.parametrize("name", [*RATIONAL, *(name for name in IRRATIONAL if not named(name).classes)])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_numpy_agrees(name, reduction):
    case = make(name, *SMALL, reduction=reduction)
    point = at(case, [[[1]], [[2]]], [[1], [-1]])
    exact = case.enclosure_at(point)
    assert float(NumericNetworks.from_points(case, [point]).losses()[0]) == pytest.approx(float(exact.lo), rel=1e-12)


@pytest.mark.parametrize("name", RATIONAL)
def test_certify_says_where_a_global_minimum_is_one(name):
    case = make(name, *SMALL)
    verdict = certify(case, census(case).best)
    assert (verdict.kind, verdict.globality) == (Kind.LOCAL_MINIMUM, Globality.GLOBAL)
