"""The constructions of paths: what each misses, what its paths are, both said by a second program (brute/walk_brute.py)."""

import itertools
import random
from fractions import Fraction

import pytest
import walk_brute
import walk_nets

from exactgeo.checking import check
from exactgeo.exact.matrix import rank
from exactgeo.formats import problem_from_mapping
from exactgeo.paths import PathBuilder, PathRefused
from exactgeo.paths.claims import path_certificate
from exactgeo.paths.constructions.all_wide import ALL_WIDE
from exactgeo.paths.constructions.first_twice_wide import FIRST_TWICE_WIDE
from exactgeo.paths.constructions.one_wide_layer import ONE_WIDE_LAYER
from exactgeo.paths.constructions.twice_wide import TWICE_WIDE

DOWN = {"one_wide": ONE_WIDE_LAYER, "collapsed": ONE_WIDE_LAYER, "all_wide": ALL_WIDE}
JOIN = {"twice_wide": TWICE_WIDE, "first_twice_wide": FIRST_TWICE_WIDE}


def net(x, y, widths, activation="leaky_relu(1/2)", weights=None, biases=None, **more):
    """A problem with a point: all weights 1 and all biases 0 where nothing is said."""
    y = [list(row) if isinstance(row, (list, tuple)) else [row] for row in y]
    sizes = [len(x[0]), *widths, len(y[0])]
    weights = weights or [[[1] * a for _ in range(b)] for a, b in itertools.pairwise(sizes)]
    biases = biases or [[0] * n for n in sizes[1:]]
    hidden = more.pop("hidden_bias", [True] * len(widths))
    biases = [b if has else [] for b, has in zip(biases, [*hidden, True], strict=True)]
    network = {"widths": widths, "activation": activation, "hidden_bias": hidden, "output_bias": True}
    network |= more.pop("network", {})
    tables = {"data": {"x": x, "y": y}, "network": network, "loss": {"kind": more.pop("loss", "squared")}, **more}
    return problem_from_mapping({**tables, "point": {"weights": weights, "biases": biases}})


def laid(construction, problem, *other):
    builder = PathBuilder(problem, problem.point)
    construction.lay(builder, *other)
    return builder.path


X, Y = [[-1], [0], [1]], [1, -2, 1]

MISSED = [
    (ONE_WIDE_LAYER, net(X, Y, [2]), "no hidden layer has a unit for each of 3 distinct data; 2 at most"),
    (ONE_WIDE_LAYER, net(X, Y, []), "there is no hidden layer"),
    (ONE_WIDE_LAYER, net(X, Y, [3, 2], ["leaky_relu(1/2)", "relu"]), "hidden layer 2, relu, is not piecewise linear and bijective"),
    (ONE_WIDE_LAYER, net(X, [[1, 1], [0, 0], [1, 2]], [3, 1]), "the output layer has more units than the layer below it, 2 and 1"),
    (ONE_WIDE_LAYER, net(X, Y, [3, 1, 2]), "hidden layer 3 has more units than the layer below it, 2 and 1"),
    (ONE_WIDE_LAYER, net(X, Y, [3], train={"output": False}), "the weights of the output layer are not trained"),
    (ONE_WIDE_LAYER, net(X, Y, [3], train={"hidden": [False]}), "the weights of hidden layer 1 are not trained"),
    (ONE_WIDE_LAYER, net(X, Y, [3], "linear"), "hidden layer 1 has no kink: its units reach rank 2 at 3 distinct inputs"),
    (ONE_WIDE_LAYER, net(X, Y, [3], hidden_bias=[False]), "hidden layer 1 has no trained bias: its units reach rank 2 at 3 distinct inputs"),
    (ONE_WIDE_LAYER, net(X, Y, [3], "tanh"), "the activation of hidden layer 1, tanh, is not piecewise linear"),
    (ONE_WIDE_LAYER, net(X, [1, -1, 1], [3], loss="logistic"), "the logistic loss is not quadratic between breaks"),
    (ONE_WIDE_LAYER, net(X, Y, [3], penalty={"l2": "1/2"}), "the loss has a penalty"),
    (
        ONE_WIDE_LAYER,
        net(X, Y, [1, 3], ["relu", "leaky_relu(1/2)"]),
        "the inputs of hidden layer 2 agree where the data differ, and the activation of hidden layer 1, relu, is flat on one side",
    ),
    (ALL_WIDE, net(X, Y, [3, 2]), "hidden layer 2 has 2 units for 3 distinct data"),
    (ALL_WIDE, net(X, Y, [3, 3], train={"hidden": [True, False]}), "the weights of hidden layer 2 are not trained"),
    (ALL_WIDE, net(X, Y, [3, 3], ["relu", "pl(0, 0)"]), "the activation of hidden layer 2 is 0"),
]  # fmt: skip


@pytest.mark.parametrize(("construction", "problem", "sentence"), MISSED)
def test_what_a_theorem_misses_is_said_and_nothing_is_laid(construction, problem, sentence):
    builder = PathBuilder(problem, problem.point)
    with pytest.raises(PathRefused) as refused:
        construction.lay(builder)
    assert sentence in refused.value.reason
    assert not builder.size


def test_what_joins_misses_is_said():
    narrow = net(X, Y, [5])
    with pytest.raises(PathRefused, match="hidden layer 1 has 5 units, fewer than two for each of 3 distinct data"):
        laid(FIRST_TWICE_WIDE, narrow, narrow.point)
    full = net(X, Y, [3], weights=[[[1], [1], [1]], [[1, 1, 1]]], biases=[[0, 1, -1], [0]])
    other = net(X, Y, [3], weights=[[[1], [-1], [1]], [[1, 1, 1]]], biases=[[0, 1, -1], [0]]).point
    with pytest.raises(PathRefused, match="hidden layer 1 has 3 units, fewer than its ranks at the ends"):
        laid(TWICE_WIDE, full, other)


def test_equal_widths_keep_two_global_minima_apart():
    """Widths must fall: on the way from W(3) = 1 to W(3) = -1 all outputs are equal once, at a loss of 1/2 or more."""
    first = [[[1], [1], [1], [1]], [[1, 0, 0, 0]]]
    plus = net([[0], [1]], [0, 1], [4, 1], weights=[*first, [[1]]])
    minus = net([[0], [1]], [0, 1], [4, 1], weights=[first[0], [[-2, 0, 0, 0]], [[-1]]])
    assert plus.loss_at(plus.point) == plus.loss_at(minus.point) == 0
    with pytest.raises(PathRefused, match="the output layer has not fewer units than the layer below it, 1 and 1"):
        laid(FIRST_TWICE_WIDE, plus, minus.point)
    assert walk_brute.infimum("squared", [[0], [0]], [[0], [1]]) == Fraction(1, 2)


def test_equal_outputs_are_joined_where_hidden_layers_differ():
    """One datum, hidden layers (1, 0) and (0, 1) under the weights (1, 1): straight outputs alone would leave them."""
    last = [[1, 1]]
    problem = net([[0]], [5], [2, 2], weights=[[[0], [0]], [[1, 0], [0, 0]], last], biases=[[1, 1], [0, 0], [0]])
    other = net([[0]], [5], [2, 2], weights=[[[0], [0]], [[0, 0], [1, 0]], last], biases=[[1, 1], [0, 0], [0]])
    path = laid(FIRST_TWICE_WIDE, problem, other.point)
    walk_nets.joins(problem, path, other.point, random.Random(0), 100)
    assert set(path.losses) == {16}


# -- random networks ------------------------------------------------------------------------------------------------

SEEDS = [(family, seed) for family in (*DOWN, *JOIN) for seed in range(8)]


def replayed(family: str, seed: int, number: int) -> None:
    rng = random.Random(f"{family} {seed}")
    found = walk_nets.FAMILIES[family](rng)
    if family in DOWN:
        walk_nets.goes_down(found, laid(DOWN[family], found), rng, number)
    else:
        problem, other = found
        walk_nets.joins(problem, laid(JOIN[family], problem, other), other, rng, number)


@pytest.mark.parametrize(("family", "seed"), SEEDS)
def test_paths_of_random_networks(family, seed):
    replayed(family, seed, 100)


@pytest.mark.slow
@pytest.mark.parametrize("family", [*DOWN, *JOIN])
@pytest.mark.parametrize("block", range(20))
def test_paths_of_many_random_networks(family, block):
    for seed in range(100 + 4 * block, 104 + 4 * block):
        replayed(family, seed, 1000)


# -- examples -------------------------------------------------------------------------------------------------------


def step_names(path):
    return [step for step, _, _ in path.stretches]


def test_collapsed_inputs_do_not_rise_where_a_small_move_does():
    """Hidden layers of 1 and 3 units, the first blind: moving its weight alone raises the loss 6 to 301/50."""
    weights = [[[0]], [[1], [0], [0]], [[1, 0, 0]]]
    problem = net(X, Y, [1, 3], weights=weights, biases=[[1], [0, 0, 0], [-1]])
    moved = net(X, Y, [1, 3], weights=[[["1/10"]], *weights[1:]], biases=[[1], [0, 0, 0], [-1]])
    assert (problem.loss_at(problem.point), moved.loss_at(moved.point)) == (6, Fraction(301, 50))
    path = laid(ONE_WIDE_LAYER, problem)
    walk_nets.goes_down(problem, path, random.Random(0), 1000)
    assert path.losses[-1] == 0
    assert step_names(path) == [
        "clear layer 2", "free the layers below", "tell the data apart", "raise rank of layer 2", "straight to the fit",
    ]  # fmt: skip


def partly(widths, wide):
    """Six data of which the first layer sees one coordinate: it takes the values 0 (of four data), 1 and 2."""
    x = [[0, 0], [0, 1], [0, 2], [0, 3], [1, 0], [2, 0]]
    y = [1, -2, 3, 0, 1, -1]
    weights = [[[1, 0]], [[1] for _ in range(wide)], [[1] * wide]]
    return net(
        x, y, [1, wide], ["leaky_relu(1/2)", widths], weights=weights, biases=[[0], [0, *range(1 - wide, 0)], [0]]
    )


@pytest.mark.parametrize("activation", ["relu", "leaky_relu(1/2)", "abs", "pl(0, 1)"])
def test_partly_collapsed_inputs_are_told_apart_on_plateaus(activation):
    problem = partly(activation, 6)
    path = laid(ONE_WIDE_LAYER, problem)
    walk_nets.goes_down(problem, path, random.Random(0), 200)
    assert path.losses[-1] == 0
    assert "flatten around equal inputs" in step_names(path)
    assert not any(segment.curved for segment in path.segments)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu(1/2)"])
def test_there_is_room_for_the_levels_where_the_layer_has_no_unit_more(activation):
    """Values 0, 1, 2 of four data: 4 levels, 4 units. Units a(u - t) of a ReLU are 0 at the first value: there is room
    because what is constant goes into the bias of the layer above, not into a fifth unit."""
    weights = [[[1, 0]], [[1], [1], [1], [1]], [[1, 1, 1, 1]]]
    activations = ["leaky_relu(1/2)", activation]
    problem = net(
        [[0, 0], [0, 1], [1, 0], [2, 0]], [1, -2, 3, 0], [1, 4], activations, weights, [[0], [1, 0, -1, -2], [0]]
    )
    path = laid(ONE_WIDE_LAYER, problem)
    walk_nets.goes_down(problem, path, random.Random(0), 200)
    assert path.losses[-1] == 0
    assert "flatten around equal inputs" in step_names(path)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu(1/2)", "abs", "pl(0, 1)"])
def test_with_few_units_the_layer_above_follows_as_a_rational_function(activation):
    """Values 0, 1, 2, 3, the first one of two data: 2 (4 - 1) = 6 levels, and 5 units."""
    x = [[0, 0], [0, 1], [1, 0], [2, 0], [3, 0]]
    weights = [[[1, 0]], [[1], [1], [1], [1], [1]], [[1, 0, 0, 0, 0]]]
    problem = net(
        x,
        [1, -2, 3, 0, 1],
        [1, 5],
        ["leaky_relu(1/2)", activation],
        weights=weights,
        biases=[[0], [1, 0, -1, -2, -3], [0]],
    )
    path = laid(ONE_WIDE_LAYER, problem)
    walk_nets.goes_down(problem, path, random.Random(0), 1000)
    assert path.losses[-1] == 0
    curved = [segment for segment in path.segments if segment.curved]
    assert curved
    assert all(segment.kind == "constant" for segment in curved)


def test_equal_widths_are_no_obstacle_downwards():
    weights = [[[1], [1], [1]], [[0, 0, 0], [1, 1, 1]], [[1, 1], [1, 1]], [[0, 0], [0, 0]]]
    problem = net(X, [[1, 0], [-2, 1], [1, 1]], [3, 2, 2], weights=weights)
    path = laid(ONE_WIDE_LAYER, problem)
    walk_nets.goes_down(problem, path, random.Random(0), 200)
    assert path.losses[-1] == 0
    assert "complete the weights of layer 4" in step_names(path)


def test_the_last_layer_falls_along_one_parabola():
    """One wide hidden layer at full rank: one straight segment, so one parabola with its lowest point at the end."""
    problem = net(X, Y, [3], weights=[[[1], [1], [1]], [[0, 0, 0]]], biases=[[0, 1, 2], [0]])
    (segment,) = laid(ONE_WIDE_LAYER, problem).segments
    assert segment.kind == "decreasing"
    assert segment.loss == ([6, -12, 6], [1])


@pytest.mark.parametrize("loss", ["half_squared", "absolute", "huber(1)", "hinge"])
@pytest.mark.parametrize("family", ["one_wide", "all_wide", "twice_wide", "first_twice_wide"])
def test_other_losses(family, loss):
    for seed in range(2):
        rng = random.Random(f"{family} {loss} {seed}")
        found = walk_nets.FAMILIES[family](rng, loss)
        if family in DOWN:
            walk_nets.goes_down(found, laid(DOWN[family], found), rng, 50)
        else:
            problem, other = found
            walk_nets.joins(problem, laid(JOIN[family], problem, other), other, rng, 50)


def test_a_mean_of_repeated_data_ends_at_the_means():
    problem = net([[0], [0], [1]], [1, 4, 2], [2], loss="squared")
    problem = problem_from_mapping({**problem.to_dict(), "loss": {"kind": "squared", "reduction": "mean"}})
    path = laid(ONE_WIDE_LAYER, problem)
    assert path.losses[-1] == Fraction(3, 2)
    assert problem.predictions(path.end) == ((Fraction(5, 2),), (Fraction(5, 2),), (2,))


@pytest.mark.parametrize("family", JOIN)
def test_global_minima_are_joined_by_global_minima(family):
    """The corollary of Theorem 2: of two points without loss the way across moves nothing."""
    for seed in range(6):
        rng = random.Random(f"global {seed}")
        problem, other = walk_nets.FAMILIES[family](rng)
        try:
            ends = [
                laid(construction, problem.at(point)).end
                for point in (problem.point, other)
                for construction in [down(problem)]
            ]
        except PathRefused:
            continue
        path = laid(JOIN[family], problem.at(ends[0]), ends[1])
        assert path.highest == path.losses[0] == min(path.losses)


def down(problem):
    """The construction downwards that applies."""
    try:
        laid(ONE_WIDE_LAYER, problem)
    except PathRefused:
        return ALL_WIDE
    return ONE_WIDE_LAYER


def test_joining_a_loss_without_rational_values():
    """Any convex loss: outputs are affine on every segment, or stay."""
    for family in JOIN:
        rng = random.Random(f"logistic {family}")
        problem, other = walk_nets.FAMILIES[family](rng, "hinge")
        problem = problem_from_mapping({**problem.to_dict(), "loss": {"kind": "logistic"}})
        path = laid(JOIN[family], problem, other)
        assert path.end == other
        assert all(segment.outputs.constant or segment.outputs.affine for segment in path.segments)


@pytest.mark.parametrize(
    ("x", "activation", "reached"),
    [
        ([[1, 0], [0, 1], [1, 1]], "relu", 3),
        ([[1, 0], [0, 1], [1, 1], [1, -1], [2, 3]], "abs", 5),
        ([[1, 0], [-1, 0], [0, 1]], "relu", 3),
        ([[1, 0], [-1, 0], [0, 1]], "abs", 2),
        ([[1, 2], [2, 4], [0, 1]], "relu", 2),
        ([[1, 2], [2, 4], [-1, -2], [0, 1]], "relu", 3),
        ([[1, 0], [0, 0]], "relu", 1),
        ([[1], [2]], "relu", 1),
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], "linear", 3),
        ([[-2, -1, -2], [2, -1, 1], [1, 2, -1], [-2, -1, 2]], "abs", 4),
        ([[1, 0, 1], [0, 1, 1], [1, 1, 1], [2, 0, 1]], "relu", 4),
    ],
)
def test_without_biases_what_bends_on_planes_through_0_reaches(x, activation, reached):
    """Even functions of the lines of the data, and linear ones where the slopes are not opposite."""
    y = [(-1) ** k * k for k in range(len(x))]
    problem = net(x, y, [len(x)], activation, hidden_bias=[False], weights=[[[0] * len(x[0])] * len(x), [[1] * len(x)]])
    if reached == len(x):
        walk_nets.goes_down(problem, laid(ONE_WIDE_LAYER, problem), random.Random(0), 50)
    else:
        with pytest.raises(
            PathRefused, match=f"no trained bias: its units reach rank {reached} at {len(x)} distinct inputs"
        ):
            laid(ONE_WIDE_LAYER, problem)
    rng, slopes = random.Random(1), problem.network.activations[0].slopes
    columns = [
        [walk_brute.outputs(([[w]], [()]), [slopes], [row])[0][0] for row in x]
        for _ in range(400)
        for w in [[rng.randint(-9, 9) for _ in x[0]]]
    ]
    assert rank(columns, len(x)) == reached


def test_what_is_frozen_stays():
    """The first layer and its biases, and the bias of the output; the data are told apart already."""
    weights, biases = [[[1], [1], [1]], [[1, 1, 1]]], [[0, 1, -1], [7]]
    train = {"hidden": [False], "hidden_bias": [False], "output_bias": False}
    problem = net(X, Y, [3], "relu", weights=weights, biases=biases, train=train)
    with pytest.raises(PathRefused, match="the weights of hidden layer 1 are not trained"):
        laid(ONE_WIDE_LAYER, problem)
    problem = net(X, Y, [3], weights=weights, biases=biases, train=train)
    path = laid(ONE_WIDE_LAYER, problem)
    assert path.losses[-1] == 0
    assert {(point.weights[0], point.biases) for point in path.points} == {
        (problem.point.weights[0], problem.point.biases)
    }


@pytest.mark.slow
@pytest.mark.parametrize(("distinct", "checked"), [(18, True), (19, False)])
def test_a_curve_of_high_degree_has_a_certificate_as_far_as_it_can_be_checked(distinct, checked, tmp_path):
    """Values 0 (of two data), 1, 2, ...: all but the first move, so the degree is the number of data less 2."""
    x = [[0, 0], [0, 1], *([k, 0] for k in range(1, distinct - 1))]
    weights = [[[1, 0]], [[1]] * distinct, [[1] * distinct]]
    problem = net(
        x,
        [(-1) ** k * k for k in range(distinct)],
        [1, distinct],
        weights=weights,
        biases=[[0], [1 - k for k in range(distinct)], [0]],
    )
    path = laid(ONE_WIDE_LAYER, problem)
    assert path.never_rises
    assert [len(segment.curved[0].denominator) for segment in path.segments if segment.curved] == [distinct - 1]
    certificate = path_certificate(path)
    assert (certificate is not None) == checked
    if certificate is not None:
        answer = check(certificate.write(tmp_path / "path.json"))
        assert answer.accepted, answer.reason


@pytest.mark.parametrize("family", DOWN)
def test_random_blocks_frozen(family):
    """Either a sentence, or a path to the infimum on which they stay."""
    reached = 0
    for seed in range(12):
        rng = random.Random(f"frozen {family} {seed}")
        data = walk_nets.FAMILIES[family](rng).to_dict()
        flags = [[rng.random() < 0.8 for _ in data["network"]["widths"]] for _ in range(2)]
        train = {"hidden": flags[0], "hidden_bias": flags[1], "output_bias": rng.random() < 0.5}
        problem = problem_from_mapping({**data, "train": train})
        try:
            path = laid(DOWN[family], problem)
        except PathRefused:
            continue
        walk_nets.goes_down(problem, path, rng, 10)
        assert all(problem.at(point).frozen == problem.frozen for point in path.points)
        reached += not all((*flags[0], *flags[1]))
    assert reached


@pytest.mark.parametrize("family", [*DOWN, *JOIN])
def test_the_independent_checker_accepts(family, tmp_path):
    accepted = 0
    for seed in range(20):
        found = walk_nets.FAMILIES[family](random.Random(f"checked {family} {seed}"))
        problem, other = (found, ()) if family in DOWN else (found[0], found[1:])
        if problem.network.uniform is None:
            # The format of certificates knows one activation.
            continue
        try:
            path = laid(DOWN.get(family) or JOIN[family], problem, *other)
        except PathRefused:
            continue
        certificate = path_certificate(path)
        assert certificate is not None
        answer = check(certificate.write(tmp_path / "path.json"))
        assert answer.accepted, answer.reason
        accepted += 1
        if accepted == 2:
            return
    raise AssertionError("too few networks")
