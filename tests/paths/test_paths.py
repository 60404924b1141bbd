"""The path object: every segment against a second program, its shape, its highest loss, its certificate, refusals."""

import random
from fractions import Fraction as F

import pytest
from losses import is_rational, loss_names, named, target
from path_nets import random_problem, replayed

import exactgeo as eg
from exactgeo.checking import check
from exactgeo.errors import InputError, InternalError
from exactgeo.exact.algebraic import Algebraic
from exactgeo.formats import point_from_mapping, problem_from_mapping
from exactgeo.paths import (
    Path,
    PathBuilder,
    PathRefused,
    RationalLayer,
    Segment,
    decreasing,
    levelled,
    with_layers,
)
from exactgeo.slices import slice_line


def by_layers(problem, other):
    builder = PathBuilder(problem, problem.point)
    for k in range(problem.network.depth):
        builder.move(f"layer {k}", {k: other.weights[k]}, {k: other.biases[k]})
    assert builder.end == other
    return builder.path


def accepted(path, tmp_path):
    answer = check(path.certificate.write(tmp_path / "path.json"))
    assert answer.accepted, answer.reason
    return answer.statement


@pytest.mark.parametrize("loss", ["squared", "absolute", "huber(1)", "hinge"])
@pytest.mark.parametrize("depth", range(5))
def test_layer_by_layer_against_a_second_program(loss, depth, tmp_path):
    rng, seen = random.Random(f"{loss} {depth}"), 0
    while seen < 60:
        problem, other = random_problem(rng, loss, depth)
        path = by_layers(problem, other)
        assert all(segment.outputs.affine for segment in path.segments)
        assert isinstance(path.highest, F)
        seen += replayed(path, rng, 3)
        replayed(path.reversed(), rng, 1)
    statement = accepted(path, tmp_path)
    assert str(path.highest) in statement or "never rises" in statement


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_a_thousand_points_of_random_paths(seed, tmp_path):
    rng, seen = random.Random(seed), 0
    while seen < 1000:
        loss = rng.choice(["squared", "absolute", "huber(1)", "hinge"])
        problem, other = random_problem(rng, loss, rng.randint(0, 4))
        path = by_layers(problem, other)
        seen += replayed(path, rng, 12)
    accepted(path, tmp_path)


def test_several_layers_at_once(tmp_path):
    """Polynomials of higher degree: every kind, the highest loss an algebraic number now and then, all certified."""
    rng, found, kinds, refused = random.Random(3), 0, set(), 0
    while found < 14:
        problem, other = random_problem(rng, "squared", rng.randint(1, 2))
        builder = PathBuilder(problem, problem.point)
        try:
            builder.straight(other, "at once")
        except PathRefused as refusal:
            refused += "where s is not rational" in refusal.reason
            continue
        found += 1
        replayed(builder.path, rng, 5)
        kinds |= {str(segment.kind) for segment in builder.path.segments}
        accepted(builder.path, tmp_path)
    assert refused
    assert {"rising", "decreasing", "convex"} <= kinds


def chain(y, *weights, **more):
    """One unit a layer, one datum 1, no biases."""
    network = {"widths": [1] * (len(weights) - 1), "hidden_bias": False, "output_bias": False, "activation": "relu"}
    return problem_from_mapping(
        {"data": {"x": [[1]], "y": [y]}, "network": network, "point": {"weights": [[[w]] for w in weights]}, **more}
    )


def to(problem, *weights):
    builder = PathBuilder(problem, problem.point)
    builder.straight(point_from_mapping({"weights": [[[w]] for w in weights]}, problem), "at once")
    return builder.path


def test_the_highest_loss_is_an_exact_number(tmp_path):
    # The prediction is 2 s - 2 s^3, at most a = sqrt(16/27); the loss (1 + a)^2 solves (h - 43/27)^2 = 64/27.
    path = to(chain(-1, 2, 0, 1), 0, 1, 2)
    high = path.highest
    assert [str(s.kind) for s in path.segments] == ["above"]
    assert isinstance(high, Algebraic)
    lead = high.polynomial[2]
    assert [q / lead for q in high.polynomial] == [F(43, 27) ** 2 - F(64, 27), F(-86, 27), 1]
    assert high > F(313219, 100000)
    assert high < F(313220, 100000)
    assert "at least 1566" in accepted(path, tmp_path)
    assert to(chain(1, 3, 0), 0, 3).highest == F(25, 16)
    below = to(chain("3/2", 3, 0), 0, 3)
    assert ([str(s.kind) for s in below.segments], below.highest) == (["below"], F(9, 4))


def touching(loss, y, level, bend):
    """From one point to another of a linear network: the prediction is level + bend (s - 1/2)^2 s (1 - s)."""
    sides = [
        {"weights": [[[a]], [[a]], [[b]], [[c]]], "biases": [[], [], [], [level]]}
        for a, b, c in ((F(-1, 2), 0, bend), (F(1, 2), 1, 0))
    ]
    network = {"widths": [1, 1, 1], "activation": "linear", "hidden_bias": False}
    made = {"data": {"x": [[1]], "y": [y]}, "loss": {"kind": loss}, "network": network}
    return [eg.load({**made, "point": side}) for side in sides]


@pytest.mark.parametrize("loss", loss_names(is_rational))
@pytest.mark.parametrize("bend", [100, -100])
def test_a_prediction_may_touch_a_break_half_way(tmp_path, loss, bend):
    """Its piece of the loss is the one on both sides, not the one left of the break; hump by hump, the exact loss."""
    y = target(named(loss), F(1))
    for level in named(loss).pieces(y).breaks or (F(0),):
        one, other = touching(loss, y, level, bend)
        builder = PathBuilder(one, one.point)
        builder.straight(other.point, "at once")
        (segment,) = builder.path.segments
        losses = {F(k, 60): one.loss_at(segment.at(F(k, 60))) for k in range(61)}
        assert {s: segment.loss_at(s) for s in losses} == losses
        assert segment.highest >= max(losses.values())
        if max(losses.values()) > max(segment.ends):
            assert segment.kind == "above"
        line = slice_line(one, one.point, other.point)
        assert line.highest[0] == segment.highest
        accepted(builder.path, tmp_path)


def test_a_curve_keeps_a_product(tmp_path):
    problem = chain(2, 1, 3)
    builder = PathBuilder(problem, problem.point)
    end = point_from_mapping({"weights": [[[6]], [["1/2"]]]}, problem)
    builder.curved([RationalLayer(1, (((F(3),),),), (F(1), F(5)))], "rescale", end)
    path = builder.path
    assert path.end == end
    assert [str(s.kind) for s in path.segments] == ["constant"]
    assert path.at(F(1, 5)).weights == (((F(2),),), ((F(3, 2),),))
    replayed(path, random.Random(0), 20)
    replayed(path.reversed(), random.Random(0), 5)
    assert "it never rises" in accepted(path, tmp_path)
    half = path.segments[0].curved[0].on(F(1, 2), F(1))
    assert half.at(F(0)) == ((F(6, 7),),)


def test_a_curve_with_a_pole_or_another_start_is_refused():
    problem = chain(2, 1, 3)
    for bottom in ((F(1), F(-2)), (F(1), F(-1)), (F(-1),), (F(0), F(1))):
        with pytest.raises((InternalError, ZeroDivisionError)):
            PathBuilder(problem, problem.point).curved([RationalLayer(1, (((F(3),),),), bottom)], "pole")
    with pytest.raises(InternalError, match="other ends"):
        PathBuilder(problem, problem.point).curved([RationalLayer(1, (((F(2),),),), (F(1), F(5)))], "start")


def test_what_is_frozen_does_not_move():
    problem = chain(2, 1, 3, train={"output": False})
    with pytest.raises(InternalError, match="frozen weights of layer 1"):
        to(problem, 1, 2)
    curve = RationalLayer(1, (((F(3), F(1), F(-1)),),), (F(1),))
    with pytest.raises(InternalError, match="frozen parameters of layer 1"):
        PathBuilder(problem, problem.point).curved([curve], "there and back")
    assert to(problem, 2, 3).end.weights[0] == ((F(2),),)


def test_a_path_that_jumps_or_a_segment_with_a_kink_is_refused():
    problem = chain(2, 1, 3)
    path = to(problem, 2, 3)
    with pytest.raises(InternalError, match="jumps"):
        Path(problem, path.end, path.segments)
    over = with_layers(problem.point, {0: [[F(-1)]]})
    with pytest.raises(InternalError, match="changes its sign"):
        Segment(problem, problem.point, over)
    builder = PathBuilder(problem, problem.point)
    builder.straight(over, "over the kink")
    assert [point.weights[0][0][0] for point in builder.path.points] == [1, 0, -1]
    absolute = chain(2, 1, 3, loss={"kind": "absolute"})
    with pytest.raises(InternalError, match="passes a break"):
        Segment(absolute, absolute.point, with_layers(absolute.point, {1: [[F(1)]]}))


def test_times_outside_are_refused():
    path = to(chain(2, 1, 3), 2, 3)
    for time in (F(-1, 2), F(9, 8)):
        with pytest.raises(InputError, match="0 to 1"):
            path.loss_at(time)


def test_losses_without_rational_values():
    problem = chain(1, 1, 3, loss={"kind": "logistic"})
    path = to(problem, 1, 5)
    assert [str(s.kind) for s in path.segments] == ["decreasing"]
    assert path.losses[0].lo > path.losses[1].hi
    assert path.highest.lo <= path.losses[0].hi
    assert path.certificate is None
    assert [str(s.kind) for s in path.reversed().segments] == ["rising"]
    with pytest.raises(PathRefused, match="no rational values"):
        to(problem, 2, 2)


# -- paths that fall from paths that do not ----------------------------------------------------------------------------


def detour(problem, *stops):
    builder = PathBuilder(problem, problem.point)
    for k, rows, shift in stops:
        builder.move("a detour", {k: rows}, {k: shift} if shift else None)
    return builder.path


def base_path():
    problem = eg.load({
        "data": {"x": [[1], [2], [-1]], "y": [1, 3, 1]},
        "network": {"widths": [2]},
        "point": {"weights": [[[2], [1]], [[2, 1]]], "biases": [[0, 0], [3]]},
    })  # fmt: skip
    return detour(problem, (0, [[F(4)], [F(2)]], None), (0, [[F(1)], [F(0)]], None), (1, [[F(1), F(0)]], [F(0)]))


def test_theorem_1_rescales_a_path_that_rises_above_its_start(tmp_path):
    base = base_path()
    assert base.highest > base.losses[0] > base.losses[-1]
    found = decreasing(base)
    assert {str(segment.kind) for segment in found.segments} == {"decreasing"}
    assert found.point == base.point
    assert found.losses[-1] <= base.losses[-1]
    replayed(found, random.Random(1), 2)
    assert "it never rises" in accepted(found, tmp_path)


def test_theorem_1_says_what_fails():
    base = base_path()
    with pytest.raises(PathRefused, match="no lower than its start"):
        decreasing(base.reversed())
    problem = chain(2, 1, 1)
    with pytest.raises(
        PathRefused, match="the start is no higher than the predictions to which the last layer shrinks"
    ):
        decreasing(to(problem, "3/2", 1).then(Path(problem, to(problem, "3/2", 1).end, ())))
    # From 5 by way of the prediction 0 to 2: there nothing can be rescaled.
    high = chain(2, 5, 1)
    path = detour(high, (0, [[F(0)]], None), (0, [[F(2)]], None))
    with pytest.raises(PathRefused, match="vanish on the base path"):
        decreasing(path)
    frozen = chain(2, 5, 1, train={"output": False})
    with pytest.raises(PathRefused, match="the output weights are frozen"):
        decreasing(to(frozen, 2, 1))


def test_outputs_keep_a_level_where_the_base_path_rises_below_its_start():
    problem = eg.load({
        "data": {"x": [[1], [2], [-1]], "y": [1, 3, 1]},
        "network": {"widths": [2]},
        "point": {"weights": [[[2], [-3]], [[2, 1]]], "biases": [[0, 0], [3]]},
    })  # fmt: skip
    base = detour(
        problem, (1, [[F(1), F(0)]], [F(1)]), (0, [[F(2)], [F(0)]], None), (0, [[F(1)], [F(0)]], None),
        (1, [[F(1), F(0)]], [F(1, 2)]),
    )  # fmt: skip
    assert not base.never_rises
    assert max(base.losses[1:]) < base.losses[0]
    found = levelled(base)
    assert found.never_rises
    assert found.point == base.point
    assert found.losses[-1] <= base.losses[-1]
    replayed(found, random.Random(2), 2)
