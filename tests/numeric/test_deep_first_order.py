"""One-sided first order at any depth in floats, against the exact condition: what descends there and what is sure."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from deep_problems import case

from exactgeo.errors import InputError
from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum import LADDER
from exactgeo.local_minimum.along import loss_along
from exactgeo.numeric import NumericNetworks, NumericStatus
from exactgeo.problem import Direction

FIRST = next(rung for rung in LADDER if rung.name == "first_order")


def direction(nets: NumericNetworks, row) -> Direction:
    """A row of parameters as an exact direction."""
    point = nets.at(row[None]).point(0)
    return Direction(point.weights, point.biases)


@pytest.mark.parametrize("options", [{}, {"mixed": True, "freeze": True}, {"outputs": 2}], ids=str)
def test_what_descends_in_floats_descends_exactly(options):
    seen = Counter()
    for seed in range(40):
        problem = case(random.Random(f"{options}{seed}"), **options)
        if FIRST.accepts(problem) is not None:
            continue
        nets = NumericNetworks.from_points(problem, [problem.point])
        said = nets.deep_first_order(margin=1e-9)
        exact = FIRST.decide(problem, problem.point)
        found = said.status(0) is NumericStatus.DESCENT
        seen[found] += 1
        assert found == (exact.kind == "not_local_minimum"), seed
        assert not said.sure[0] or found
        if found:
            along = loss_along(problem, problem.point, (direction(nets, said.descents[0]),)).change
            assert float(along[1]) == pytest.approx(said.derivatives[0]), seed
            frozen = ~nets.trained()
            assert not said.descents[0][frozen].any()
    assert min(seen.values()) >= 10


def test_networks_of_one_shape_are_taken_together_and_apart():
    problem = case(random.Random(4), widths=[2, 2], outputs=2, bias=True)
    own = NumericNetworks.from_points(problem, [problem.point])
    moved = own.parameters + np.arange(12)[:, None] / 8
    nets = own.at(moved)
    whole = nets.deep_first_order(margin=0, directions=0)
    for k in range(len(nets)):
        alone = own.at(moved[k : k + 1]).deep_first_order(margin=0, directions=0)
        assert alone.derivatives[0] == whole.derivatives[k]
        assert (alone.descents[0] == whole.descents[k]).all()
    assert whole.to_json(0)["status"] == "numeric"
    assert whole.tried == 2 * nets.trained().sum() + 2 + len(nets.blocks())
    again = nets.deep_first_order(margin=0, seed=3)
    assert (again.derivatives == nets.deep_first_order(margin=0, seed=3).derivatives).all()
    assert (again.derivatives <= whole.derivatives).all()


def test_nested_kinks_and_a_tolerance():
    """|w a+| falls nowhere from w = 0; a pre-activation of 1/1024 is on the kink for a tolerance of 1/512."""
    tables = {
        "data": {"x": [[1]], "y": [0]},
        "network": {"widths": [1, 1], "activation": ["relu", "abs"], "hidden_bias": False, "output_bias": True},
        "train": {"output": False, "output_bias": False},
        "point": {"weights": [[["1/1024"]], [[0]], [[1]]], "biases": [[], [], [1]]},
    }
    problem = problem_from_mapping(tables)
    nets = NumericNetworks.from_points(problem, [problem.point])
    assert nets.deep_first_order(margin=0).derivatives[0] == 0
    assert nets.certify(0).kind == "local_minimum"
    tables["point"]["weights"][1] = [["-1/512"]]
    problem = problem_from_mapping(tables)
    nets = NumericNetworks.from_points(problem, [problem.point])
    assert nets.deep_first_order(margin=0).status(0) is NumericStatus.DESCENT
    assert nets.deep_first_order(margin=0, kink_tolerance=1e-3).derivatives[0] == 0


@pytest.mark.parametrize(
    ("options", "where"), [({"margin": -1}, "margin"), ({"margin": 0, "directions": -1}, "directions")]
)
def test_refusals_of_deep_first_order(options, where):
    nets = NumericNetworks.from_arrays([[[1]]], [[1]], x=[[1], [2]], y=[1, 2])
    with pytest.raises(InputError) as refused:
        nets.deep_first_order(**options)
    assert refused.value.where == where
    assert len(nets[:0].deep_first_order(margin=0)) == 0
