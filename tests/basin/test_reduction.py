"""A problem as a cone program and back: points have the predictions of the program, and are found where they were put."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from losses import Pinball, is_rational, loss_names, targets
from problems import problem, random_case
from strange_losses import REFUSED, TAKEN

from exactgeo.basin import census
from exactgeo.basin.reduction import reduce
from exactgeo.errors import InternalError, OutOfScope
from exactgeo.exact.enclosure import scaled
from exactgeo.exact.matrix import integer_rows
from exactgeo.formats import point_from_mapping, problem_from_mapping
from exactgeo.losses import LOSSES

F = Fraction
CASES = st.randoms(use_true_random=False).map(lambda rng: (random_case(rng)[0], rng))


def linear_model(loss="squared", **options):
    data = {"x": [[1], [2], [-1]], "y": targets(loss, [1, 0, 2])}
    return problem_from_mapping({"data": data, "network": {"widths": []}, "loss": {"kind": loss}, **options})


def constant_model(loss="squared", width=1):
    """An activation that is 0 everywhere: nothing but the output bias reaches the predictions."""
    return problem([[1], [2], [-1]], targets(loss, [1, 0, 2]), width, loss=loss, activation="pl(0,0)")


def two_classes(width):
    return problem_from_mapping(
        {
            "data": {"x": [[0], [1], [3]], "y": [0, 1, 0]},
            "network": {"widths": [width] if width else [], "outputs": 2},
            "loss": {"kind": "cross_entropy"},
        }
    )


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", REFUSED, ids=lambda loss: loss.name)
def test_a_loss_that_no_solver_takes_is_refused_before_the_work(loss):
    with pytest.raises(OutOfScope, match=loss.name):
        reduce(replace(problem([[1], [2]], [1, 0], 1), loss=loss))


def test_points_without_the_frozen_values_are_in_no_basin():
    found = reduce(problem([[1], [2]], [1, 0], 1, frozen=[2]))
    here = {"weights": [[[3]], [[2]]], "biases": [[1], [5]]}
    case = found.problem
    (((k,),),) = found.locate(point_from_mapping(here, case))
    assert found.regions[found.exchangeable[0].patterns[k].region] == (1, 1)
    with pytest.raises(ValueError, match="output weight 0 is 3, but it is frozen at 2"):
        found.locate(point_from_mapping({**here, "weights": [[[3]], [[3]]]}, case))
    fixed = problem_from_mapping(
        {
            "data": {"x": [[1]], "y": [0]},
            "network": {"widths": [1]},
            "train": {"output_bias": False},
            "point": {"weights": [[[1]], [[1]]], "biases": [[0], [7]]},
        }
    )
    with pytest.raises(ValueError, match="frozen values"):
        reduce(fixed).locate(point_from_mapping(here, fixed))


def test_columns_without_neurons_are_an_error():
    found = reduce(problem([[1], [2]], [1, 0], 1))
    orbit = next(orbit for orbit in found.orbit_choices() if found.mask(orbit))
    faces = found.neuron_faces(orbit)
    outside = next(j for j in range(len(found.program.columns)) if not found.mask(orbit) >> j & 1)
    with pytest.raises(InternalError, match="belongs to no neuron"):
        found.inputs(faces, {outside: F(1)})
    with pytest.raises(InternalError, match="not inside"):
        found.inputs(faces, {}, inside=True)


# -- there and back ----------------------------------------------------------------------------------------------------


def orbits(found, rng, most=12):
    listed = list(islice(found.orbit_choices(), 400))
    return rng.sample(listed, min(most, len(listed)))


def check(found, orbit, weights, lines, *, inside):
    faces = found.neuron_faces(orbit)
    point = found.invert(faces, weights, lines, inside=inside)
    scores = found.problem.predictions(point)
    wanted = found.program.predictions(weights, lines)
    # Of two scores the second minus the first.
    assert tuple(row[-1] - (row[0] if len(row) == 2 else 0) for row in scores) == wanted
    located = found.locate(point)
    assert all(
        k in patterns
        for part, group in zip(orbit, located, strict=True)
        for k, patterns in zip(part, group, strict=True)
    )
    if inside:
        # In the interior of a region, so in one basin but for what an output of 0 leaves open.
        for part, group, neurons in zip(orbit, located, found.exchangeable, strict=True):
            for k, patterns in zip(part, group, strict=True):
                assert patterns == (k,) or not neurons.patterns[k].mask
    return point


@given(CASES)
def test_a_point_is_found_where_it_was_put(case):
    problem_, rng = case
    found = reduce(problem_)
    for orbit in orbits(found, rng):
        mask = found.mask(orbit)
        columns = [j for j in range(len(found.program.columns)) if mask >> j & 1]
        lines = tuple(F(rng.randint(-3, 3), 2) for _ in found.program.lines)
        some = {j: F(rng.randint(1, 6), rng.randint(1, 3)) for j in columns if rng.random() < 0.6}
        check(found, orbit, some, lines, inside=False)
        check(found, orbit, {j: some.get(j, F(1)) for j in columns}, lines, inside=True)


@pytest.mark.parametrize("case", [linear_model(), constant_model(), two_classes(0), two_classes(2)])
def test_models_without_columns_and_two_scores(case):
    found, rng = reduce(case), random.Random(2)
    for orbit in orbits(found, rng):
        columns = [j for j in range(len(found.program.columns)) if found.mask(orbit) >> j & 1]
        for inside in (False, True):
            lines = tuple(F(rng.randint(-3, 3), 2) for _ in found.program.lines)
            check(found, orbit, {j: F(j + 1) for j in columns}, lines, inside=inside)


@given(CASES)
def test_idle_neurons_keep_their_input_weights(case):
    problem_, rng = case
    found = reduce(problem_)
    trained = [i for group in found.exchangeable if group.frozen is None for i in group.neurons]
    w = tuple(rng.randint(-3, 3) for _ in found.rows[0])
    point = found.invert({}, {}, tuple(F(0) for _ in found.program.lines), idle=dict.fromkeys(trained, w))
    neurons = point.neurons
    (form,), _ = integer_rows([w])
    for i in trained:
        assert neurons[i].v == 0
        assert neurons[i].w[: len(w)] == tuple(F(q) for q in w) or any(form)
        assert all(a * b >= 0 for a, b in zip(neurons[i].w, w, strict=False))


# -- models that have no hidden layer, or whose neurons are 0 ------------------------------------------------------------


@pytest.mark.parametrize("loss", loss_names(is_rational))
@pytest.mark.parametrize("model", [linear_model, constant_model])
def test_a_convex_model_has_one_value(model, loss):
    """No hidden layer, or no generator column: both once were an internal error."""
    found = census(model(loss))
    assert found.complete
    assert len(found.values) == 1
    assert found.local_minimum_values == [found.minimum]
    assert found.problem.loss_at(found.best) == found.minimum
    if loss in ("squared", "half_squared"):
        scale = {"squared": 1, "half_squared": F(1, 2)}[loss]
        # y = 1, 0, 2 at x = 1, 2, -1: the mean is 1, and the line is 10/7 - 9/14 x.
        assert found.minimum == scale * (F(1, 14) if model is linear_model else 2)
        (level,) = found.local_minima
        assert level.count == 1
        assert str(level.sets[0].strictness) == ("strict" if model is linear_model else "flat")


def test_how_many_basins_they_have():
    assert (census(linear_model()).count, census(linear_model()).orbits) == (1, 1)
    # One region; the sign of the output weight counts, as everywhere.
    assert [census(constant_model(width=n)).count for n in (1, 2)] == [2, 4]


# -- a loss that the package does not have -----------------------------------------------------------------------------


@pytest.mark.parametrize("loss", TAKEN, ids=lambda loss: loss.name)
def test_a_new_loss_is_one_class(loss, monkeypatch):
    """Every optimum below is replayed; the program in CVXPY is derived from the same pieces, in floats."""
    monkeypatch.setitem(LOSSES, loss.kind, type(loss))
    y = [F(1), F(-1), F(1), F(-1)] if loss.targets else [F(2), F(-1), F(5), F(0)]
    case = replace(problem([[0], [1], [2], [4]], [1, -1, 1, -1], 1, reduction="mean"), loss=loss)
    case = replace(case, y=tuple((q,) for q in y))
    found = census(case)
    assert found.complete
    assert case.loss_at(found.best) == found.minimum == min(value for value, _ in found.values)
    for basin in list(found)[::5]:
        assert case.loss_at(basin.minimiser) == basin.value
        assert basin.program().solve() == pytest.approx(float(basin.value), abs=1e-5)


def test_pinball_from_a_problem_file(monkeypatch):
    monkeypatch.setitem(LOSSES, "pinball", Pinball)
    found = census(problem([[5], [4], [3], [1], [-1]], [2, 1, 0, -3, 3], 1, loss="pinball(1/4)"))
    assert found.problem.loss == Pinball(F(1, 4))
    assert found.problem.loss_at(found.best) == found.minimum
    assert found.local_minimum_values[0] == found.minimum


# -- the weight --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", loss_names())
def test_a_value_is_the_loss_wherever_it_is_read(loss):
    """Of a mean too; gradients stay those of the plain sum."""
    if loss == "cross_entropy":
        plain, mean = two_classes(1), replace(two_classes(1), reduction="mean")
    else:
        x, y = [[-1], [0], [1], [2]], targets(loss, [1, -2, 3, 1])
        plain, mean = (problem(x, y, 1, loss=loss, reduction=reduction) for reduction in ("sum", "mean"))
    one, other = census(plain), census(mean)
    assert other.table.reduction.program.weight == F(1, plain.m)
    for a, b in zip(one, other, strict=True):
        assert b.value == b.optimum.value == scaled(a.value, F(1, plain.m))
        assert b.optimum.gradient == a.optimum.gradient
        if plain.loss.rational:
            assert mean.loss_at(b.minimiser) == b.value
    assert other.infinite_width_minimum == scaled(one.infinite_width_minimum, F(1, plain.m))


@pytest.mark.parametrize("activation", ["relu", "abs", "pl(2, -1/3)"])
def test_long_numbers_have_the_columns_that_short_ones_have(activation):
    """The data times 10^30: beyond 64 bits, and the same rays, columns and patterns, their factors times 10^30."""
    x = [[3, -1], [0, 0], [2, 5], [-4, 1], [3, -1]]
    network = {"widths": [1], "activation": activation, "hidden_bias": False}
    short, long = (
        reduce(
            problem_from_mapping({"data": {"x": [[q * c for q in row] for row in x], "y": [1] * 5}, "network": network})
        )
        for c in (1, 10**30)
    )
    assert (short.rays, short.regions, short.region_rays) == (long.rays, long.regions, long.region_rays)
    assert short.program.columns == long.program.columns
    assert short.exchangeable == long.exchangeable
    assert {key: (at, 10**30 * q) for key, (at, q) in short.ray_columns.items()} == long.ray_columns
    # Each column is a(X ray), by the activation itself.
    activate = short.problem.network.activation
    for (ray, sign), (at, factor) in short.ray_columns.items():
        outputs = [sign * activate(sum(a * b for a, b in zip(row, short.rays[ray], strict=True))) for row in short.rows]
        assert outputs == [factor * q for q in short.program.columns[at]]
