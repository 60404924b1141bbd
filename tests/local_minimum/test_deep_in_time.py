"""Every rung for deep networks asks whether there is time, and an answer that ran out of it says so. No clock is read."""

from __future__ import annotations

import random

import pytest
from deep_problems import case
from ended import Ended

from exactgeo.errors import OutOfTime
from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum import LADDER, Undecided, decide

RUNGS = {rung.name: rung for rung in LADDER}
MANY = 10**9


def asked(rung, problem) -> int:
    """How often a rung asks."""
    check = Ended(MANY)
    rung.decide(problem, problem.point, check)
    return MANY - check.left


def found(name: str, least: int, **options):
    """A point about which a rung asks at least so often."""
    for seed in range(400):
        problem = case(random.Random(f"time {seed}"), **options)
        if RUNGS[name].accepts(problem) is None and asked(RUNGS[name], problem) >= least:
            return problem
    raise AssertionError(name)


ASKING = {
    "linear_network": (4, {"activation": "linear", "outputs": 3}),
    "reachable_span": (3, {}),
    "first_order": (3, {}),
    "unrolled": (4, {}),
    "unrolled_faces": (3, {"outputs": 2}),
    "fixed_features": (5, {"bias": True}),
    "merged_layer": (5, {"bias": True}),
    "smooth_point": (6, {"bias": True}),
    "germ_curves": (5, {}),
    "silent_units": (4, {"widths": [3], "outputs": 2}),
    "dependent_outputs": (5, {"widths": [3], "outputs": 2}),
    "definite_faces": (6, {"widths": [3], "outputs": 2}),
    "tied_faces": (6, {"widths": [3], "outputs": 2}),
}


@pytest.mark.parametrize("name", ASKING)
def test_a_rung_ends_wherever_it_is(name):
    least, options = ASKING[name]
    problem = found(name, least, **options)
    count = asked(RUNGS[name], problem)
    for left in (0, 1, count // 2, count - 1):
        with pytest.raises(OutOfTime):
            RUNGS[name].decide(problem, problem.point, Ended(left))
    whole = RUNGS[name].decide(problem, problem.point)
    assert RUNGS[name].decide(problem, problem.point, Ended(count)).kind == whole.kind


@pytest.mark.parametrize("options", [{}, {"outputs": 2}, {"mixed": True, "bent": True}], ids=str)
def test_a_limit_ends_the_ladder_with_what_is_known(options):
    for seed in range(12):
        problem = case(random.Random(f"limit {seed}"), **options)
        check = Ended(MANY)
        whole = decide(problem, check=check)
        count = MANY - check.left
        for left in {0, count // 3, count - 1} - {-1}:
            ended = decide(problem, check=Ended(left))
            assert isinstance(ended, Undecided)
            assert ended.ended
            assert ended.loss == whole.loss
            assert ended.tries[-1].reason == "the decision ended after 7 s; raise --time-limit"
            assert [one.rung for one in ended.tries] == [one.rung for one in whole.tries][: len(ended.tries)]


def test_between_two_questions_no_rung_does_more_than_one_parameter_or_branch():
    """A smooth point asks once a row of its Hessian, a deep linear network once a row of its form."""
    tables = {
        "data": {"x": [[t, 1] for t in range(1, 7)], "y": [[t % 3, 1] for t in range(6)]},
        "network": {"widths": [4, 3], "activation": "leaky_relu(1/2)"},
        "point": {
            "weights": [[[1, 1]] * 4, [[1, 1, 1, 1]] * 3, [[1, 0, 0], [0, 1, 0]]],
            "biases": [[1] * 4, [1] * 3, [0, 0]],
        },
    }
    problem = problem_from_mapping(tables)
    parameters = 4 * 2 + 4 + 3 * 4 + 3 + 2 * 3 + 2
    slope = RUNGS["smooth_point"].decide(problem, problem.point)
    assert slope.kind == "not_local_minimum"
    problem = problem_from_mapping({**tables, "data": {**tables["data"], "y": problem_y(problem)}})
    assert asked(RUNGS["smooth_point"], problem) > parameters


def problem_y(problem):
    """Targets that are the predictions: no slope, so that the Hessian is computed."""
    return [[str(q) for q in row] for row in problem.predictions(problem.point)]
