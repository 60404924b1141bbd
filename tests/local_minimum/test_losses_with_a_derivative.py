"""Huber and squared hinge by the criterion: against the census of basins, exact samples and descents; with certificates."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction as F

import pytest
from damage import outcome
from degenerate import generate, to_problem

import exactgeo as eg
from exactgeo.errors import OutOfScope
from exactgeo.kinds import Kind, Strictness
from exactgeo.local_minimum import Descent, Minimum, decide
from exactgeo.losses import LOSSES, make_loss
from exactgeo.problem import Point

BENT = [loss for loss in LOSSES.values() if loss.rational and loss.differentiable and loss().pieces(F(1)).breaks]


def with_loss(case, loss_type, rng):
    """The same network and point with another loss, targets made to fit."""
    bounds = [rng.choice([F(1, 2), F(1), F(2), F(3)])] * loss_type.example.count("(")
    loss = make_loss(loss_type.kind, *bounds)
    y = case.y if loss.targets is None else tuple((F(1 if q > 0 else -1),) for (q,) in case.y)
    return replace(case, loss=loss, y=y)


def moved(case, rng, size):
    """Trained parameters moved by multiples of an eighth of the size, at most by the size."""

    def row(values, free):
        return tuple(q + (size * F(rng.randint(-8, 8), 8) if free else 0) for q in values)

    weights = zip(case.point.weights, case.train.weights, strict=True)
    biases = zip(case.point.biases, case.train.biases, strict=True)
    return Point(
        tuple(tuple(row(values, free) for values in matrix) for matrix, free in weights),
        tuple(row(values, free) for values, free in biases),
    )


@pytest.mark.parametrize("loss_type", BENT, ids=lambda loss: loss.kind)
@pytest.mark.parametrize("first", range(0, 120, 30))
def test_verdicts_hold_and_their_certificates_are_accepted(loss_type, first):
    seen = Counter()
    for seed in range(first, first + 30):
        rng = random.Random(seed)
        case = with_loss(to_problem(generate(rng, tiny=rng.random() < 0.7)), loss_type, rng)
        found = decide(case)
        seen[type(found)] += 1
        assert outcome(found.certificate.to_json()).startswith("accepted: ")
        loss = case.loss_at(case.point)
        assert found.loss == loss
        if isinstance(found, Descent):
            for k in range(6):
                end = case.point.moved(found.claim.direction, found.claim.step / 8**k)
                assert case.loss_at(end) < loss
        else:
            size = found.claim.radius or F(1)
            assert all(case.loss_at(moved(case, rng, size / 2 ** rng.randint(0, 12))) >= loss for _ in range(25))
    assert min(seen[Minimum], seen[Descent]) >= 5


@pytest.mark.parametrize("loss_type", BENT, ids=lambda loss: loss.kind)
def test_the_census_agrees(loss_type):
    """With no output weight of 0 a point is a local minimum iff every basin around it has its loss as value."""
    seen = Counter()
    for seed in range(200):
        rng = random.Random(seed)
        case = with_loss(to_problem(generate(rng, tiny=True)), loss_type, rng)
        if not case.network.widths or any(v == 0 for _, v in case.point.neurons):
            continue
        try:
            around = eg.basins(case).containing(case.point)
        except OutOfScope:
            continue
        expected = all(basin.value == case.loss_at(case.point) for basin in around)
        assert (decide(case).kind is Kind.LOCAL_MINIMUM) == expected
        seen[expected] += 1
    assert min(seen[True], seen[False]) >= 10


@pytest.mark.parametrize(
    ("kind", "x", "y", "c", "strictness", "dimension"),
    [
        # Every residual below M: half the squared loss nearby.
        ("huber(2)", [0, 0, 0], [0, 1, -1], 0, Strictness.STRICT, 0),
        # Residuals of 3 and -3 lie on slopes of 1 and -1: any c between -2 and 2 is as good.
        ("huber(1)", [0, 0], [3, -3], 0, Strictness.FLAT, 1),
        # At the breaks the one bends to the right, the other to the left.
        ("huber(3)", [0, 0], [3, -3], 0, Strictness.STRICT, 0),
        # T5: within M; at M, so that one half-line is as good; beyond M on both sides.
        ("huber(1)", [0, 0], [1, -1], 0, Strictness.STRICT, 0),
        ("huber(1)", [0, 0], [1, -10], 0, Strictness.FLAT, 1),
        ("huber(1)", [0, 0], [10, -10], 0, Strictness.FLAT, 1),
        # A margin of 5 does not count; the two others hold c.
        ("squared_hinge", [0, 0, 5], [1, -1, 1], 0, Strictness.STRICT, 0),
        # At margin 1 the loss changes its piece, beyond it nothing is left.
        ("squared_hinge", [0, 0], [1, 1], 1, Strictness.FLAT, 1),
        ("squared_hinge", [0, 0], [1, 1], 2, Strictness.FLAT, 1),
    ],
)
def test_strictness_by_hand(kind, x, y, c, strictness, dimension):
    """Predictions x_t + c with the slope frozen at 1."""
    case = eg.load(
        {
            "data": {"x": [[q] for q in x], "y": y},
            "network": {"widths": []},
            "train": {"output": False},
            "loss": {"kind": kind},
            "point": {"weights": [[[1]]], "biases": [[c]]},
        }
    )
    found = decide(case)
    assert (found.kind, found.strictness) == (Kind.LOCAL_MINIMUM, strictness)
    assert (found.flat_dimension, found.reason) == (dimension, "")
    assert not {"strictness", "flat_dimension", "globality"} & {*eg.certify(case).to_json()["reasons"]}
    assert outcome(found.certificate.to_json()).startswith("accepted: No parameters")


def test_data_beyond_the_margin_do_not_count_for_the_flat_dimension():
    """A hidden unit that sees only what is beyond the margin may move as it likes."""
    one = {"x": [[1], [5]], "y": [1, -1]}
    case = eg.load(
        {
            "data": one,
            "network": {"widths": [1], "output_bias": False},
            "train": {"output": False},
            "loss": {"kind": "squared_hinge"},
            "point": {"weights": [[[-1]], [[1]]], "biases": [[0], []]},
        }
    )
    # A dead unit: predictions 0, margins 0 below 1 at both points; the loss is 2 around, on a set of dimension 2.
    found = decide(case)
    assert (found.kind, found.loss, found.flat_dimension) == (Kind.LOCAL_MINIMUM, 2, 2)
