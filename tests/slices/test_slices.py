"""Slices of a loss: exact maxima on lines, balanced neurons, the plane against exact losses, refusals in one line."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from command import run
from losses import is_rational, loss_names, named, target
from pictures import texts, unreadable

import exactgeo as eg
from exactgeo.exact.algebraic import Algebraic
from exactgeo.pictures import position
from exactgeo.slices import balanced, slice_line, slice_plane
from exactgeo.slices.plane import heights
from exactgeo.slices.plot import length

F = Fraction
ONE, OTHER, THIRD = (eg.load(n) for n in ("swirszcz-prop1", "swirszcz-prop1-better", "swirszcz-d1-plateau"))
DATA = {"x": [[1], [2], [-1]], "y": [0, 1, 1]}


def two(loss, one, other, data=DATA, width=1):
    problem = {"data": data, "network": {"widths": [width]}, "loss": {"kind": loss}}
    ends = [eg.load({**problem, "point": point}) for point in (one, other)]
    return ends[0], ends[0].point, ends[1].point


# -- lines -------------------------------------------------------------------------------------------------------------


def test_the_maximum_of_a_line_is_exact():
    found = slice_line(ONE, ONE.point, OTHER.point)
    assert found.highest == (23, F(2, 41))
    assert found.loss_at(F(2, 41)) == 23
    assert found.ends == (18, 14)
    assert found.kinks == (F(1, 33), F(2, 41), F(4, 7))


@pytest.mark.parametrize("loss", ["squared", "absolute", "huber(1/2)"])
def test_no_point_of_a_line_is_above_its_maximum_and_the_stretches_are_the_loss(loss):
    """Against the exact loss at many places; with breaks of the loss at places that are not rational."""
    data = {"x": [[1], [2], [-1], [3]], "y": [0, 1, 2, -1]}
    one = {"weights": [[[2]], [["-3/2"]]], "biases": [["1/3"], [1]]}
    other = {"weights": [[["-5/3"]], [[4]]], "biases": [["7/5"], [-2]]}
    found = slice_line(*two(loss, one, other, data))
    top, at = found.highest
    losses = {s: found.loss_at(s) for s in (F(k, 120) for k in range(121))}
    assert max(losses.values()) <= top
    assert abs(position(found.loss_at(at)) - position(top)) < 1 / 10**9
    are_the_loss(found, losses)


def are_the_loss(found, losses):
    """Stretches, one behind the other from 0 to 1, on which the polynomials have these values."""
    for stretch in found.stretches:
        for s, loss_there in losses.items():
            if stretch.first <= s <= stretch.last:
                assert sum(q * s**k for k, q in enumerate(stretch.polynomial)) == loss_there
    assert (found.stretches[0].first, found.stretches[-1].last) == (0, 1)
    assert all(one.last == other.first for one, other in pairwise(found.stretches))
    assert all(stretch.first < stretch.last for stretch in found.stretches)


def test_a_maximum_may_be_an_irrational_number():
    one = {"weights": [[[1]], [[3]]], "biases": [[1], [0]]}
    other = {"weights": [[[3]], [[-1]]], "biases": [[2], [0]]}
    found = slice_line(*two("squared", one, other, {"x": [[1], [2]], "y": [1, -2]}))
    top, at = found.highest
    assert isinstance(top, Algebraic)
    assert top > max(found.ends)
    assert top > found.loss_at(at) or top < found.loss_at(at)
    assert abs(position(top) - position(found.loss_at(at))) < 1 / 10**9


def test_a_line_is_drawn_as_it_is():
    found = slice_line(ONE, ONE.point, OTHER.point)
    axes = found.plot(samples=50)
    (curve,) = [line for line in axes.lines if len(line.get_xdata()) > 10]
    assert [position(found.loss_at(s)) for s in (F(0), F(1))] == [curve.get_ydata()[0], curve.get_ydata()[-1]]
    assert max(curve.get_ydata()) == 23
    (peak,) = [line for line in axes.lines if line.get_marker() == "^"]
    assert (list(peak.get_xdata()), list(peak.get_ydata())) == ([2 / 41], [23])
    dotted = [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"]
    assert dotted == [position(s) for s in found.kinks]
    written = " ".join(text for text, _ in texts(axes.figure))
    assert "maximum 23 at s = 2/41" in written
    assert "||B - A|| = sqrt(65) ~ 8.06226" in written
    assert unreadable(axes.figure) == []


def test_lengths_are_exact_where_they_are_short():
    assert [length(F(q)) for q in ("0", "49/4", "2", "1/1000003")] == [
        "= 0", "= 7/2 = 3.5", "= sqrt(2) ~ 1.41421", "= sqrt(1/1000003) ~ 0.000999999"]  # fmt: skip
    assert length(F(10**40 + 1)) == "~ 1e+20"


# -- balance -----------------------------------------------------------------------------------------------------------


def test_neurons_of_unbalanced_weights_are_scaled_and_the_caption_says_so():
    far = {"weights": [[[62429]], [["1/190926"]]], "biases": [[5], [0]]}
    problem, one, other = two("squared", far, {"weights": [[[-1]], [[3]]], "biases": [["1/3"], [1]]})
    near = balanced(problem, one)
    ((w, v),) = near.neurons
    assert F(1, 2) < abs(v) / abs(w[0]) < 2
    assert problem.predictions(near) == problem.predictions(one)
    found = slice_line(problem, one, other)
    assert found.scaled
    assert found.one == near
    assert found.other == other
    assert "neurons scaled" in found.plot(samples=4).get_title(loc="left")
    given = slice_line(problem, one, other, balance=False)
    assert (given.one, given.scaled) == (one, False)
    assert "scaled" not in given.plot(samples=4).get_title(loc="left")


def test_what_is_frozen_penalised_or_zero_is_not_scaled():
    point = {"weights": [[[10**6], [0], [10**6]], [[1, 5, 0]]], "biases": [[0, 0, 0], [0]]}
    problem = {"data": DATA, "network": {"widths": [3]}, "point": point}
    free = eg.load(problem)
    (first, _), idle, silent = balanced(free, free.point).neurons
    assert (first[0] < 10**6, idle, silent) == (True, free.point.neurons[1], free.point.neurons[2])
    for more in ({"train": {"output": False}}, {"train": {"hidden": False}}, {"penalty": {"l2": "1/2"}}):
        held = eg.load({**problem, **more})
        assert balanced(held, held.point) == held.point
    abrupt = eg.load(
        {**problem, "point": {"weights": [[[10**4000], [1], [1]], [[1, 1, 1]]], "biases": [[0, 0, 0], [0]]}}
    )
    ((w, v), *_) = balanced(abrupt, abrupt.point).neurons
    assert F(1, 2) < v / w[0] < 2


# -- planes ------------------------------------------------------------------------------------------------------------


def test_a_plane_draws_the_loss_it_computes():
    plane = slice_plane(ONE, ONE.point, OTHER.point, THIRD.point)
    step, up = ONE.point.towards(OTHER.point), ONE.point.towards(THIRD.point)
    for s, t in [(0, 0), (1, 0), (0, 1), (F(1, 3), F(-1, 4)), (F(5, 4), F(1, 2))]:
        exact = ONE.loss_at(ONE.point.moved(step, F(s)).moved(up, F(t)))
        assert abs(float(plane.losses(float(s), float(t))) - float(exact)) < 1 / 10**9
    assert plane.corners == (18, 14, F(106, 5))
    assert [str(side.highest[0]) for side in plane.sides] == ["23", "1003/45", "341/16"]
    axes = plane.plot(samples=30, levels=["20"])
    assert unreadable(axes.figure) == []
    shown = [text for text, _ in texts(axes.figure)]
    assert {"A: 18", "B: 14", "C: 106/5 = 21.2"} <= set(shown)
    written = " ".join(shown).replace("\n", " ")
    assert "maximum on the sides: AB 23, AC 1003/45 ~ 22.2889, BC 341/16 = 21.3125" in written
    assert "||B - A|| = sqrt(65)" in written
    peaks = {(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_marker() == "^"}
    one, two, three = (position(side.highest[1]) for side in plane.sides)
    assert peaks == {(one, 0.0), (0.0, two), (1 - three, three)}


@pytest.mark.parametrize("name", loss_names(is_rational))
def test_heights_are_the_values_of_the_loss(name):
    loss, points = named(name), [F(k, 4) for k in range(-12, 13)]
    one, other = (target(loss, F(q)) for q in (-1, F(2, 3)))
    exact = [float(loss.value(p, one) + loss.value(-p, other)) for p in points]
    predictions = np.array([[float(p) for p in points], [float(-p) for p in points]])
    assert np.abs(heights(loss, predictions, [one, other]) - exact).max() < 0.000001
    # And of a loss that has no pieces.
    bare = SimpleNamespace(pieces=lambda y: None, value=loss.value, rational=True)
    assert np.abs(heights(bare, predictions, [one, other]) - exact).max() < 1 / 10**12


# -- any depth, outputs and penalty ------------------------------------------------------------------------------------

DEEP = {
    "data": {"x": [[1, 0], [2, -1], [-1, 1], [0, 2]], "y": [[1, 0], [0, -1], [2, 1], [-1, 1]]},
    "network": {"widths": [3, 2], "activation": "leaky_relu(1/10)"},
}
ENDS = (
    {
        "weights": [[[1, 0], [-1, 2], [2, 1]], [[1, -2, "1/2"], [-1, 1, 1]], [[1, -1], [2, "1/3"]]],
        "biases": [[0, 1, -1], ["1/2", -1], [0, 1]],
    },
    {
        "weights": [[[-2, 1], [1, 1], [0, -1]], [[-1, 1, 2], [3, "-1/2", 0]], [[-2, 1], [0, -1]]],
        "biases": [[1, -2, 0], [0, 1], [-1, "1/2"]],
    },
    {
        "weights": [[[0, 3], [1, -1], [1, 1]], [[2, 0, -1], [0, 1, -3]], [[0, 2], [-1, 1]]],
        "biases": [[-1, 0, 2], [1, 1], [0, 0]],
    },
)
KINDS = {
    "squared": {},
    "absolute": {"loss": {"kind": "absolute"}},
    "huber": {"loss": {"kind": "huber(1/2)", "reduction": "mean"}},
    "decay": {"penalty": {"l2": "1/3", "biases": True}},
    "sparse": {"penalty": {"l1": "1/5", "l2": "1/7"}},
    "bent outputs": {"network": {**DEEP["network"], "output_activation": "relu"}},
    "no biases": {"network": {**DEEP["network"], "hidden_bias": False, "output_bias": False}},
    "linear": {"network": {"widths": [3, 2], "activation": "linear"}},
}


def deep(kind, count):
    problem = {**DEEP, **KINDS[kind]}
    points = ENDS if kind != "no biases" else [{**end, "biases": [[], [], []]} for end in ENDS]
    loaded = [eg.load({**problem, "point": end}) for end in points[:count]]
    return loaded[0], [one.point for one in loaded]


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_of_any_network_is_exact(kind):
    """Two hidden layers and two outputs: kinks of the second layer are roots of quadratic polynomials."""
    problem, (one, other) = deep(kind, 2)
    found = slice_line(problem, one, other)
    top, at = found.highest
    losses = {s: found.loss_at(s) for s in (F(k, 240) for k in range(241))}
    assert losses[F(0)] == problem.loss_at(one)
    assert max(losses.values()) <= top
    assert abs(position(found.loss_at(at)) - position(top)) < 1 / 10**9
    are_the_loss(found, losses)
    signs = [signs_at(problem, one.moved(one.towards(other), s)) for s in losses]
    # Opposite signs at two places need a kink between them.
    for (s, before), (t, after) in pairwise(zip(losses, signs, strict=True)):
        opposite = any(a * b < 0 for a, b in zip(before, after, strict=True))
        assert not opposite or any(s <= kink <= t for kink in found.kinks)
    assert any(isinstance(kink, Algebraic) for kink in found.kinks) == (kind != "linear")


def signs_at(problem, point):
    """Of all pre-activations where an activation bends, by a forward pass of this file."""
    signs = []
    for x in problem.x:
        values = list(x)
        for k, activation in enumerate(problem.network.layer_activations):
            up, down = activation.slopes
            bias = point.biases[k] or [0] * len(point.weights[k])
            values = [
                sum(a * b for a, b in zip(row, values, strict=True)) + b
                for row, b in zip(point.weights[k], bias, strict=True)
            ]
            if up != down:
                signs += [(z > 0) - (z < 0) for z in values]
            values = [(up if z > 0 else down) * z for z in values]
    return signs


@pytest.mark.parametrize(
    "seed", [39, *range(5), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(40, 100))]
)
def test_lines_of_small_numbers_are_exact(seed):
    """Where numbers are small much vanishes, coincides or touches."""
    rng = random.Random(seed)

    def matrix(rows, columns):
        return [[F(rng.randint(-2, 2), rng.choice([1, 1, 2])) for _ in range(columns)] for _ in range(rows)]

    for loss in ("squared", "absolute", "huber(1)", "hinge", "squared_hinge"):
        inner, m = [rng.randint(1, 2) for _ in range(rng.randint(0, 3))], rng.randint(1, 3)
        sizes = [rng.randint(1, 2), *inner, 1 if "hinge" in loss else rng.randint(1, 2)]
        penalty = rng.choice([{}, {"l2": "1/2"}, {"l1": "1/3", "biases": True}, {"l1": "1/3", "l2": 1}])
        made = {
            "data": {
                "x": [[rng.randint(-1, 1) for _ in range(sizes[0])] for _ in range(m)],
                "y": [[rng.choice([-1, 1]) for _ in range(sizes[-1])] for _ in range(m)],
            },
            "network": {"widths": inner, "activation": rng.choice(["relu", "leaky_relu(1/2)", "abs", "linear"])},
            "loss": {"kind": loss},
            **({"penalty": penalty} if penalty else {}),
        }
        points = [
            {
                "weights": [matrix(b, a) for a, b in pairwise(sizes)],
                "biases": [matrix(1, b)[0] for b in sizes[1:]],
            }
            for _ in range(2)
        ]
        one, other = (eg.load({**made, "point": point}) for point in points)
        found = slice_line(one, one.point, other.point)
        losses = {s: found.loss_at(s) for s in (F(k, 24) for k in range(25))}
        are_the_loss(found, losses)
        assert max(losses.values()) <= found.highest[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_plane_of_any_network_is_its_loss(kind):
    problem, points = deep(kind, 3)
    plane = slice_plane(problem, *points)
    one, two, three = points
    s, t = np.meshgrid(np.linspace(-0.5, 1.5, 5), np.linspace(-0.25, 1.25, 4))
    found, walls = plane.losses(s, t), plane.walls(s, t)
    for place in np.ndindex(s.shape):
        u, v = F(float(s[place])), F(float(t[place]))
        there = one.moved(one.towards(two), u).moved(one.towards(three), v)
        exact = float(problem.loss_at(there))
        assert abs(found[place] - exact) < 1e-9 * (1 + exact)
        assert [int(np.sign(wall[place])) for wall in walls] == signs_at(problem, there)
    assert plane.corners == tuple(map(problem.loss_at, points))
    if kind == "sparse":
        assert unreadable(plane.plot(samples=20).figure) == []


def test_classes_are_drawn_from_enclosures():
    """Cross-entropy of three classes, one hidden layer: no exact maximum, and every height within its bounds."""
    data = {"x": [[1], [-1], [2]], "y": [0, 2, 1]}
    ends = [
        {"weights": [[[1], [-1]], [[1, 0], [0, 1], [-1, 2]]], "biases": [[0, 1], [0, 1, 0]]},
        {"weights": [[[2], [1]], [[0, 1], [1, 1], [1, -2]]], "biases": [[1, 0], [1, 0, 0]]},
        {"weights": [[[-1], [3]], [[2, 1], [0, 1], [1, 0]]], "biases": [[0, 0], [0, 0, -1]]},
    ]
    made = {"data": data, "network": {"widths": [2]}, "loss": {"kind": "cross_entropy"}}
    problem, *others = [eg.load({**made, "point": end}) for end in ends]
    line = slice_line(problem, problem.point, others[0].point)
    assert (line.highest, line.stretches) == (None, ())
    assert len(line.kinks) > 1
    assert "highest of " in line.plot(samples=20).get_title(loc="left")
    plane = slice_plane(problem, problem.point, *(other.point for other in others))
    for s, t, end in ((0, 0, problem), (1, 0, others[0]), (0, 1, others[1])):
        assert abs(float(plane.losses(float(s), float(t))) - float(end.enclosure_at(end.point).lo)) < 1 / 10**9


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("third", [False, True])
def test_the_command_draws_slices(capsys, tmp_path, third):
    out = tmp_path / "slice.svg"
    more = ["--to", "swirszcz-d1-plateau", "--level", "20"] if third else []
    code, text, _ = run(capsys, "slice", "swirszcz-prop1", "--to", "swirszcz-prop1-better", *more, "-o", str(out))
    said = "losses 18, 14, 106/5" if third else "losses 18, 14; highest 23 at s = 0.0487805"
    assert (code, text) == (0, f"wrote {out}: {said}\n")
    assert b"<?xml" in out.read_bytes()[:200]
    png = str(tmp_path / "slice.png")
    code, text, _ = run(capsys, "slice", "swirszcz-prop1", "--to", "swirszcz-prop1-better", "--plot", png, "--json")
    answer = json.loads(text)
    assert (code, answer["file"], answer["losses"], answer["highest"]) == (0, png, ["18", "14"], "23")


def test_what_slices_do_not_draw_is_refused(capsys, tmp_path):
    smooth = tmp_path / "smooth.json"
    point = {"weights": [[[1]], [[1]]], "biases": [[0], [0]]}
    network = {"widths": [1], "activation": "tanh"}
    smooth.write_text(json.dumps({"data": {"x": [[1]], "y": [0]}, "network": network, "point": point}))
    better = ["--to", "swirszcz-prop1-better"]
    for arguments, message in (
        ([str(smooth), "--to", str(smooth)], "the smooth activation tanh"),
        (["swirszcz-prop1", *better * 3], "3 points"),
        (["swirszcz-prop1", "--to", "swirszcz-prop2-local"], "weights"),
        (["swirszcz-prop1", *better, "--level", "20"], "--level"),
        (["swirszcz-prop1", *better * 2, "--level", "x"], "--level"),
    ):
        code, out, err = run(capsys, "slice", *arguments, "-o", str(tmp_path / "s.svg"))
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert message in err
    assert [path.name for path in tmp_path.iterdir()] == ["smooth.json"]


SIGNED = {
    "data": {"x": [[1], [-1], [2]], "y": [1, -1, 1]},
    "network": {"widths": [1]},
    "loss": {"kind": "logistic"},
    "point": {"weights": [[[1]], [[1]]], "biases": [[0], [0]]},
}


def test_a_loss_without_rational_values_is_drawn_from_enclosures(capsys, tmp_path):
    """Scores 1, 0, 2 at the one end, -1, 1, -2 at the other: each sampled height lies in its proved bounds."""
    one = eg.load(SIGNED)
    far = {"weights": [[[-1]], [[2]]], "biases": [["1/2"], [-1]]}
    other = eg.load({**SIGNED, "point": far})
    found = slice_line(one, one.point, other.point)
    assert found.highest is None
    axes = found.plot(samples=40)
    assert "highest of " in axes.get_title(loc="left")
    (curve,) = [line for line in axes.lines if len(line.get_xdata()) > 10]
    step = one.point.towards(other.point)
    for s, height in zip(curve.get_xdata(), curve.get_ydata(), strict=True):
        bounds = one.enclosure_at(one.point.moved(step, F(float(s))))
        assert abs(height - float(bounds.lo)) < 1 / 10**9
    ends = [eg.load({**SIGNED, "point": point}) for point in (far, {"weights": [[[0]], [[1]]], "biases": [[2], [1]]})]
    plane = slice_plane(one, one.point, *(end.point for end in ends))
    for s, t, end in ((0, 0, one), (1, 0, ends[0]), (0, 1, ends[1])):
        assert abs(float(plane.losses(float(s), float(t))) - float(end.enclosure_at(end.point).lo)) < 1 / 10**9
    first, second = tmp_path / "one.json", tmp_path / "other.json"
    first.write_text(json.dumps(SIGNED))
    second.write_text(json.dumps({**SIGNED, "point": far}))
    out = tmp_path / "slice.svg"
    code, text, _ = run(capsys, "slice", str(first), "--to", str(second), "-o", str(out), "--json")
    answer = json.loads(text)
    assert (code, answer["losses"]) == (0, [None, None])
    bounds = answer["losses_enclosure"][0]
    assert F(bounds["lo"]) <= F(float(curve.get_ydata()[0])) + F(1, 10**9)
    assert 0 < F(bounds["hi"]) - F(bounds["lo"]) < F(1, 10**15)
    code, text, _ = run(capsys, "slice", str(first), "--to", str(second), "-o", str(out))
    assert code == 0
    assert text.startswith(f"wrote {out}: losses [")
