"""What is given the wrong type, or a point of another network, is refused in one line that names the argument."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import exactgeo as eg
from exactgeo import formats, library
from exactgeo.api import own_point
from exactgeo.basin import census
from exactgeo.errors import InputError
from exactgeo.landscape import component, critical_path
from exactgeo.local_minimum import decide, explain
from exactgeo.numeric import NumericNetworks, descend, random_starts
from exactgeo.problem import Direction, Point
from exactgeo.slices import slice_line, slice_plane

PROBLEM = eg.load("swirszcz-prop1")
POINT = PROBLEM.point
ONE, TWO = Fraction(1), Fraction(2)
NETS = NumericNetworks.from_points(PROBLEM, [POINT])

NO_PROBLEM = (None, 5, "swirszcz-prop1", {"data": {}}, [1, 2], np.zeros((2, 2)), POINT, True)
NO_POINT = (
    5,
    "swirszcz-prop1-better",
    [1, 2],
    np.zeros((2, 2)),
    PROBLEM,
    Direction(POINT.weights, POINT.biases),
    (POINT.weights, POINT.biases),
)
OF_ANOTHER_NETWORK = (
    Point((((ONE, TWO),), ((ONE,),)), ((ONE,), (ONE,))),
    Point((((ONE,), (ONE,)), ((ONE, TWO),)), ((ONE, ONE), (ONE,))),
    Point((((ONE,),), ((ONE,),)), ((), (ONE,))),
    Point((((ONE,),), ((ONE,), (ONE,))), ((ONE,), (ONE, ONE))),
    Point((((ONE,),),), ((ONE,),)),
    Point(POINT.weights, POINT.biases[:1]),
)

OF_A_PROBLEM = {
    "certify": eg.certify,
    "basins": eg.basins,
    "landscape": eg.landscape,
    "minimum": eg.minimum,
    "path": lambda problem: eg.path(problem, POINT, POINT),
    "own_point": own_point,
    "decide": decide,
    "explain": lambda problem: explain(problem, POINT),
    "census": census,
    "component": component,
    "critical_path": lambda problem: critical_path(problem, POINT, POINT),
    "slice_line": lambda problem: slice_line(problem, POINT, POINT),
    "slice_plane": lambda problem: slice_plane(problem, POINT, POINT, POINT),
    "point_from_mapping": lambda problem: formats.point_from_mapping(POINT, problem),
    "from_points": lambda problem: NumericNetworks.from_points(problem, [POINT]),
}
OF_A_POINT = {
    "Problem.at": PROBLEM.at,
    "predictions": PROBLEM.predictions,
    "loss_at": PROBLEM.loss_at,
    "enclosure_at": PROBLEM.enclosure_at,
    "certify": lambda point: eg.certify(PROBLEM, point, time_limit=0),
    "path": lambda point: eg.path(PROBLEM, point, POINT),
    "path's end": lambda point: eg.path(PROBLEM, POINT, point),
    "decide": lambda point: decide(PROBLEM, point),
    "explain": lambda point: explain(PROBLEM, point),
    "component": lambda point: component(PROBLEM, point),
    "critical_path": lambda point: critical_path(PROBLEM, POINT, point),
    "slice_line": lambda point: slice_line(PROBLEM, POINT, point),
    "slice_plane": lambda point: slice_plane(PROBLEM, POINT, POINT, point),
    "from_points": lambda point: NumericNetworks.from_points(PROBLEM, [POINT, point]),
    "point_from_mapping": lambda point: formats.point_from_mapping(point, PROBLEM),
}


def refusal(call, argument) -> str:
    with pytest.raises(InputError) as refused:
        call(argument)
    message = str(refused.value)
    assert "\n" not in message
    assert len(message) < 300
    return message


@pytest.mark.parametrize("name", OF_A_PROBLEM)
def test_what_takes_a_problem_takes_nothing_else(name):
    for value in NO_PROBLEM:
        assert refusal(OF_A_PROBLEM[name], value).startswith("problem: got ")
    assert OF_A_PROBLEM[name](PROBLEM) is not None


@pytest.mark.parametrize("name", OF_A_POINT)
def test_what_takes_a_point_takes_no_other_type(name):
    for value in NO_POINT:
        assert ": got " in refusal(OF_A_POINT[name], value)


@pytest.mark.parametrize("name", OF_A_POINT)
def test_what_takes_a_point_takes_none_of_another_network(name):
    for value in OF_ANOTHER_NETWORK:
        # Refused as a Point, or as the mapping that would have made it.
        assert re.search(r"weight|bias", refusal(OF_A_POINT[name], value))


@pytest.mark.parametrize("value", [*NO_POINT, *OF_ANOTHER_NETWORK])
def test_census_and_landscape_take_points_of_their_problem(value):
    found = eg.landscape(PROBLEM)
    calls = [found.census.containing, found.component]
    if not isinstance(value, int):
        # An index of the census stands for a basin.
        calls.append(lambda point: found.critical_level(POINT, point))
    for call in calls:
        refusal(call, value)


def test_a_wrong_type_is_a_type_error_that_says_what_to_write():
    for call, value, message in (
        (PROBLEM.at, {}, r"point: got a dict, expected a Point; write exactgeo.formats.point_from_mapping\(weights and biases, problem\)"),
        (PROBLEM.at, None, "point: got None, expected a Point; write "),
        (eg.certify, {}, r"problem: got a dict, expected a Problem; write exactgeo.load\(file, name or mapping\)"),
        (lambda value: eg.basins(PROBLEM, executor=value), 2, "executor: got an int, expected an Executor; write a concurrent.futures.Executor"),
        (lambda value: eg.landscape(PROBLEM, executor=value), "2", "executor: got a str, expected an Executor"),
        (lambda value: next(eg.Arrangement([[1, 0], [0, 1]]).blocks(value)), 2, "executor: got an int"),
        (lambda value: POINT.moved(value, ONE), {}, "direction: got a dict, expected a Direction"),
        (POINT.towards, {}, "other: got a dict, expected a Point"),
        (descend, PROBLEM, "nets: got a Problem, expected a NumericNetworks"),
        (lambda value: random_starts(value, 3, seed=0), PROBLEM, "nets: got a Problem"),
        (lambda value: NumericNetworks.from_arrays([[[1]]], [[1]], x=[[1]], y=[1], loss=value), "squared", "loss: got a str, expected a Loss"),
        (lambda value: NumericNetworks.from_arrays([[[1]]], [[1]], x=[[1]], y=[1], train=value), {}, "train: got a dict, expected a Train"),
        (lambda value: NumericNetworks.from_points(PROBLEM, value), POINT, "points: got a Point, expected a Sequence"),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=message):
            call(value)
        refusal(call, value)


@pytest.mark.parametrize("value", OF_ANOTHER_NETWORK)
def test_shapes_are_compared_layer_by_layer(value):
    assert "a point of this network" in refusal(PROBLEM.at, value)


def test_the_shape_that_is_refused_is_shown():
    wide = Point((((ONE, TWO),), ((ONE,),)), ((ONE,), (ONE,)))
    assert refusal(PROBLEM.at, wide) == (
        "point.weights[0]: got rows of [2] numbers, expected 1 rows of 1; write a point of this network"
    )
    bare = Point(POINT.weights, ((), POINT.biases[1]))
    assert refusal(PROBLEM.at, bare) == "point.biases[0]: got 0 numbers, expected 1; write a point of this network"
    assert PROBLEM.at(POINT) == replace(PROBLEM, point=POINT)


def test_what_is_no_name_is_no_named_problem():
    for value in (None, 5, {}, [1], np.zeros(2)):
        refusal(library.load, value)


def test_a_time_on_a_path_is_an_exact_number_within_it():
    path = eg.path(PROBLEM, POINT, eg.load("swirszcz-prop1-better").point).path
    assert path.at("1/2") == path.at(Fraction(1, 2))
    for value in (None, "half", {}, [1], -1, len(path.points), float("nan")):
        assert refusal(path.at, value).startswith("time: got ")
    assert path.at(0) == path.points[0]
    assert path.at(len(path.points) - 1) == path.points[-1]


def test_signs_are_not_rounded_to_signs():
    plane = eg.Arrangement([[1, 0], [0, 1]])
    for value in (None, 5, "ab", (0.5, 1), (1, 1, 1), [[1, 1], [1, 1]], np.zeros((2, 2))):
        assert refusal(plane.rays_of, value).startswith("signs: got ")
    assert plane.rays_of(plane.regions().signs[3]) == plane.rays_of((1, 1)) == [(0, 1), (1, 0)]
    with pytest.raises(InputError, match=r"dimension: got 1\.5, expected a whole number"):
        next(plane.faces(1.5))
