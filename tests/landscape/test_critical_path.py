"""Paths between two points: no higher than they must be, evaluated from the data alone, against all pairs of basins."""

from __future__ import annotations

import json
import random
import sys
from fractions import Fraction
from types import SimpleNamespace

import basin_brute
import pytest
from command import run
from landscape_brute import Brute
from losses import brute_kind, loss_names, takes_numbers
from problems import D1, line, problem

import exactgeo as eg
from exactgeo.basin import census
from exactgeo.errors import InputError, InternalError, OutOfScope
from exactgeo.formats import point_from_mapping
from exactgeo.landscape import critical_path, landscape
from exactgeo.landscape.path import laid
from exactgeo.problem import Point

F = Fraction


def evaluated(case, point):
    """The loss from its definition."""
    right, left = case.network.activation.slopes
    bias = point.biases[0] if case.network.hidden_bias[0] else [F(0)] * len(point.weights[0])
    total = F(0)
    for row, (y,) in zip(case.x, case.y, strict=True):
        p = point.biases[-1][0] if case.network.output_bias else F(0)
        for w, b, v in zip(point.weights[0], bias, point.weights[1][0], strict=True):
            z = sum((a * q for a, q in zip(w, row, strict=True)), b)
            p += v * z * (right if z > 0 else left)
        total += basin_brute.loss(p=p, y=y, **brute_kind(case.loss.name))
    return total / (case.m if case.reduction == "mean" else 1)


def kinds(path):
    return [str(segment.kind) for segment in path.segments]


def check(found, one, other):
    """Ends, continuity, and every segment at many rational places, from the data alone."""
    case, path = found.problem, found.path
    assert (path.points[0], path.points[-1]) == (one, other)
    assert found.highest == path.highest == max(path.losses) == found.at_least
    for k, (segment, a, b) in enumerate(zip(path.segments, path.points, path.points[1:], strict=False)):
        kind = segment.kind
        samples = [path.at(k + F(j, 16)) for j in range(17)]
        assert (samples[0], samples[-1]) == (a, b)
        values = [evaluated(case, point) for point in samples]
        assert max(values) <= found.highest
        assert (values[0], values[-1]) == path.losses[k : k + 2]
        assert a != b
        if kind == "constant":
            assert len(set(values)) == 1
        elif kind == "decreasing":
            assert values == sorted(values, reverse=True)
            assert len(set(values)) == 17
        elif kind == "rising":
            assert values == sorted(values)
        else:
            assert max(values) in (values[0], values[-1])
        if not segment.curved:
            middle = tuple(
                tuple(tuple((p + q) / 2 for p, q in zip(r, s, strict=True)) for r, s in zip(m, n, strict=True))
                for m, n in zip(a.weights, b.weights, strict=True)
            )
            assert path.at(k + F(1, 2)).weights == middle
        else:
            for w, u, v in zip(a.weights[0], samples[5].weights[0], b.weights[0], strict=True):
                assert all(min(p, r) <= q <= max(p, r) for p, q, r in zip(w, u, v, strict=True))


CASES = [
    # points, width, activation, slopes, hidden bias, loss, frozen outputs
    (4, 1, "relu", (1, 0), True, "squared", None),
    (3, 1, "relu", (1, 0), True, "absolute", None),
    (3, 1, "leaky_relu(1/3)", (1, F(1, 3)), False, "huber(1)", None),
    (3, 2, "relu", (1, 0), False, "squared", None),
    (3, 2, "abs", (1, -1), False, "squared", None),
    (3, 2, "leaky_relu(1/3)", (1, F(1, 3)), False, "half_squared", None),
    (3, 2, "relu", (1, 0), True, "squared", [1, 1]),
    (3, 2, "relu", (1, 0), True, "squared", [2, -1]),
    (3, 2, "abs", (1, -1), False, "absolute", [1, 0]),
    (2, 2, "relu", (1, 0), True, "squared", None),
    (3, 3, "relu", (1, 0), False, "squared", [1, 1, -2]),
]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in range(1, 6))])
def test_against_all_pairs_of_basins(case, seed):
    m, n, activation, slopes, bias, loss, frozen = case
    rng = random.Random(str((case, seed)))
    x = [[rng.randint(-2, 2)] for _ in range(m)]
    y = [rng.randint(-3, 3) for _ in range(m)]
    setting = problem(x, y, n, frozen=frozen, hidden_bias=bias, activation=activation, loss=loss)
    brute = Brute(x, y, n, bias=bias, frozen=frozen, slopes=slopes, kind=loss.partition("(")[0])
    known, full = census(setting), landscape(setting, full=True)
    live = [i for i in range(n) if frozen is None or frozen[i]]
    points = []
    for _ in range(4):
        w = [[F(rng.randint(-2, 2), rng.choice([1, 3])) for _ in range(1 + bias)] for _ in range(n)]
        v = [F(q) for q in frozen] if frozen else [F(rng.randint(-2, 2), rng.choice([1, 2])) for _ in range(n)]
        data = {
            "weights": [[row[:1] for row in w], [v]],
            "biases": [[row[1] for row in w] if bias else [], [F(rng.randint(-1, 1))]],
        }
        point = point_from_mapping(data, setting)
        points.append((point, brute.containing([w[i] for i in live], [v[i] for i in live])[0]))
    # Copies of a point by permutation of its neurons.
    if frozen is None and n == 2:
        point, _ = points[0]
        swapped = Point(
            (point.weights[0][::-1], (point.weights[1][0][::-1],)), (point.biases[0][::-1], point.biases[1])
        )
        rows = [(*w, *point.biases[0][::-1][i : i + 1]) for i, w in enumerate(swapped.weights[0])]
        points.append((swapped, brute.containing(rows, swapped.weights[1][0])[0]))
    for one, first in points[:-1]:
        for other, second in points[1:]:
            floor = max(evaluated(setting, one), evaluated(setting, other))
            wanted = max(floor, brute.joined_at([first, second]))
            found = critical_path(setting, one, other, census=known)
            assert found.highest == wanted == full.critical_level(one, other)
            if one != other:
                check(found, one, other)


# -- what is known -----------------------------------------------------------------------------------------------------


def moved(case, point, rows, outputs):
    bias = [row[1] for row in rows]
    data = {"weights": [[row[:1] for row in rows], [outputs]], "biases": [bias, list(point.biases[1])]}
    return point_from_mapping(data, case)


def test_proposition_1_to_the_global_minimum():
    one, other = eg.load("swirszcz-prop1"), eg.load("swirszcz-prop1-better")
    found = critical_path(one, one.point, other.point)
    assert (found.highest, found.complete, found.reason) == (F(106, 5), True, "")
    check(found, one.point, other.point)
    back = critical_path(one, other.point, one.point)
    assert back.highest == F(106, 5)
    check(back, other.point, one.point)


def test_copies_of_the_global_minimum_of_d1():
    case = problem(*D1, 2)
    point = census(case).best
    copy = Point((point.weights[0][::-1], (point.weights[1][0][::-1],)), (point.biases[0][::-1], point.biases[1]))
    found = critical_path(case, point, copy)
    assert found.highest == 14
    check(found, point, copy)


def test_a_rescaling_of_a_strict_minimum_is_no_straight_line():
    # At the level of the point itself nothing but the rescaling orbit is there.
    case = eg.load("swirszcz-prop1")
    (w,), (b,), (v,) = case.point.weights[0], case.point.biases[0], case.point.weights[1][0]
    other = moved(case, case.point, [[w[0] / 3, b / 3]], [3 * v])
    found = critical_path(case, case.point, other)
    assert (kinds(found.path), found.highest) == (["constant"], 18)
    assert [layer.index for layer in found.path.segments[0].curved] == [1]
    check(found, case.point, other)
    half = found.path.at(F(1, 2))
    assert (half.weights[0][0][0] * half.weights[1][0][0], half.weights[0][0][0]) == (w[0] * v, w[0] * F(2, 3))


def test_where_there_is_room_below_the_level_every_segment_is_straight():
    one, other = eg.load("swirszcz-prop1"), eg.load("swirszcz-prop1-better")
    (w,), (b,), (v,) = other.point.weights[0], other.point.biases[0], other.point.weights[1][0]
    for factor in (F(1, 5), F(2), F(40)):
        end = moved(one, other.point, [[w[0] / factor, b / factor]], [factor * v])
        found = critical_path(one, one.point, end)
        assert found.highest == F(106, 5)
        assert not any(segment.curved for segment in found.path.segments)
        check(found, one.point, end)


def test_output_weights_of_zero_at_either_end():
    case = problem(*D1, 2)
    zero = moved(case, census(case).best, [[1, 2], [-3, 1]], [0, 0])
    dead = moved(case, census(case).best, [[0, 0], [-1, -9]], [3, F(1, 2)])
    best = census(case).best
    for one, other in ((zero, dead), (dead, zero), (zero, best), (best, dead)):
        found = critical_path(case, one, other)
        assert found.highest == max(case.loss_at(one), case.loss_at(other))
        check(found, one, other)


def test_a_point_and_itself():
    case = eg.load("swirszcz-prop1")
    found = critical_path(case, case.point, case.point)
    assert (found.highest, found.path.points, found.path.segments) == (18, (case.point,), ())


def test_a_linear_model_goes_straight():
    case = eg.load({"data": {"x": [[1], [2]], "y": [1, 0]}, "network": {"widths": [], "activation": "relu"}})
    one, other = (point_from_mapping({"weights": [[[a]]], "biases": [[b]]}, case) for a, b in ((1, 2), (3, -1)))
    found = critical_path(case, one, other)
    assert found.path.points == (one, other)
    assert found.highest == max(case.loss_at(one), case.loss_at(other))


def test_the_mean_divides_every_level():
    case = problem(*D1, 1, reduction="mean")
    one, other = (eg.load(name).point for name in ("swirszcz-prop1", "swirszcz-prop1-better"))
    found = critical_path(case, one, other)
    assert found.highest == F(106, 25)
    check(found, one, other)


def test_between_all_valleys_both_ways():
    # Level and path have to be the same whichever of the two components is the smaller one.
    case = line(7, 2)
    full = landscape(case, full=True)
    spots = list({valley.basins[0]: valley.point for valley in full.valleys}.values())[:4]
    higher = 0
    for one in spots:
        for other in spots:
            found = critical_path(case, one, other, census=full.census)
            assert found.highest == full.critical_level(one, other)
            ends = {case.loss_at(one), case.loss_at(other)}
            if found.highest > max(ends):
                higher += 1
                assert not any(segment.curved for segment in found.path.segments)
    assert higher > 6


# -- refusals, and no time ---------------------------------------------------------------------------------------------


def test_refusals():
    one = eg.load("swirszcz-prop1").point
    with pytest.raises(OutOfScope, match="logistic"):
        critical_path(problem([[1], [2]], [1, -1], 1, loss="logistic"), one, one)
    frozen = problem(*D1, 1, frozen=[1])
    with pytest.raises(InputError, match="two values of what is frozen"):
        critical_path(frozen, one, moved(frozen, one, [[1, 1]], [2]))
    # Frozen at other values than the problem's own point has, but both at the same.
    one, other = moved(frozen, one, [[1, 1]], [2]), moved(frozen, one, [[-1, 1]], [2])
    check(critical_path(frozen, one, other), one, other)


def test_a_segment_on_which_predictions_are_not_affine_is_refused():
    case = eg.load("swirszcz-prop1")
    one = case.point
    (w,), (b,) = one.weights[0], one.biases[0]
    for rows, outputs in (
        ([[w[0] / 2, b / 2]], [3]),
        ([[w[0] / 2, b / 3]], [2]),
        ([[-w[0], -b]], [-1]),
        ([[-w[0], -b]], [1]),
    ):
        with pytest.raises(InternalError, match="not affine"):
            laid(case, (one, moved(case, one, rows, outputs)))
    off = moved(case, one, [[w[0] / 2, b / 2]], [0])
    for start, end in ((one, off), (off, one)):
        with pytest.raises(InternalError, match="not affine"):
            laid(case, (start, end))
    shifted = moved(case, one, [[w[0] / 2, b / 2]], [2])
    with pytest.raises(InternalError, match="not affine"):
        laid(case, (one, Point(shifted.weights, (shifted.biases[0], (F(1),)))))


def test_what_a_segment_is_called():
    # One point, prediction c: |c| falls to 0 on the way from 5 to -1 and rises again; the middle does not show it.
    for loss in (*loss_names(takes_numbers), "huber(1/2)"):
        case = problem([[1]], [0], 1, loss=loss)
        for start, end, names in (
            (5, -1, "decreasing convex rising"), (5, 0, "decreasing"), (0, 5, "rising"),
            (-1, 5, "decreasing convex rising"), (5, 3, "decreasing"), (-2, 2, "decreasing convex rising"),
            (3, 4, "rising"),
        ):  # fmt: skip
            ends = [point_from_mapping({"weights": [[[0]], [[1]]], "biases": [[0], [c]]}, case) for c in (start, end)]
            path = laid(case, ends)
            # A segment ends where the loss has a break.
            breaks = {F(q) for q in case.loss.pieces(F(0)).breaks if min(start, end) < q < max(start, end)}
            assert {point.shift for point in path.points} == breaks | {start, end}
            order = [names.split().index(name) for name in kinds(path)]
            assert order == sorted(order)
            assert path.losses[-1] == case.loss_at(ends[-1])


@pytest.mark.parametrize("interrupt", [False, True])
def test_out_of_time_says_what_is_ruled_out(monkeypatch, interrupt):
    case = problem(*D1, 2)
    known = census(case)
    point = known.best
    copy = Point((point.weights[0][::-1], (point.weights[1][0][::-1],)), (point.biases[0][::-1], point.biases[1]))
    module = sys.modules[critical_path.__module__]
    levels = []
    for moment in range(2, 40):
        left = iter(range(moment, -10, -1))

        def clock(left=left):
            if next(left) > 0:
                return 0
            if interrupt:
                raise KeyboardInterrupt
            return 100

        with monkeypatch.context() as patch:
            patch.setattr(module, "time", SimpleNamespace(monotonic=clock))
            found = critical_path(case, point, copy, census=known, time_limit=50)
        if found.complete:
            break
        levels.append(found.at_least)
        assert (found.highest, found.path) == (None, None)
        assert "raise --time-limit" in found.reason
    assert levels == sorted(levels)
    assert (levels[0], len(set(levels)) > 1, levels[-1] <= 14) == (F(1, 14), True, True)
    large = eg.load("xor-3-pm")
    found = critical_path(large, large.point, large.point, time_limit=0)
    assert (found.complete, found.at_least) == (False, 4)


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_prints_one_object(capsys, tmp_path):
    code, out, err = run(capsys, "path", "swirszcz-prop1", "--to", "swirszcz-prop1-better", "--json")
    answer = json.loads(out)
    assert (code, err, answer["highest"], answer["complete"]) == (0, "", "106/5", True)
    assert answer["losses"][:1] + answer["losses"][-1:] == ["18", "14"]
    assert len(answer["points"]) == len(answer["losses"]) == len(answer["segments"]) + 1
    # What it prints is a point file again.
    case = eg.load("swirszcz-prop1")
    for k, (point, loss) in enumerate(zip(answer["points"], answer["losses"], strict=True)):
        file = tmp_path / f"{k}.json"
        file.write_text(json.dumps(point))
        assert evaluated(case, point_from_mapping(point, case)) == F(loss)
    code, out, _ = run(
        capsys, "path", "swirszcz-prop1", "--from", str(tmp_path / "3.json"), "--to", str(tmp_path / "0.json"), "--json"
    )
    assert (code, json.loads(out)["losses"][0]) == (0, answer["losses"][3])


def test_the_report_of_a_path(capsys):
    code, out, _ = run(capsys, "path", "swirszcz-prop1", "--to", "swirszcz-prop1-better")
    assert code == 0
    assert "highest         106/5 = 21.2: every path between the two points reaches it" in out
    assert "from            loss 18" in out
    assert "to              loss 14" in out


def test_the_command_out_of_time_and_refusals(capsys, tmp_path):
    code, out, err = run(capsys, "path", "xor-3-pm", "--to", "xor-3-pm", "--time-limit", "0", "--json")
    assert (code, err, json.loads(out)["points"]) == (3, "", None)
    code, out, err = run(capsys, "path", "xor-3-pm", "--to", "xor-3-pm", "--time-limit", "0")
    assert code == 3
    assert "because" in out
    other = tmp_path / "p.json"
    other.write_text(json.dumps({"weights": [[[1], [1]], [[1, 1]]], "biases": [[0, 0], [0]]}))
    for arguments, message in (
        (["swirszcz-prop1"], "either --to FILE-OR-NAME or --down"),
        (["swirszcz-prop1", "--down", "--to", "swirszcz-prop1"], "either --to FILE-OR-NAME or --down"),
        (["swirszcz-prop1", "--to", "nowhere.toml"], "nowhere.toml"),
        (["swirszcz-prop1", "--to", str(other)], "p.json"),
    ):
        code, out, err = run(capsys, "path", *arguments)
        assert (code, out) == (2, "")
        assert message in err
        assert err.count("\n") == 1
