"""``exactgeo path``: down from any point and between two, what is proved of it, what is said to be missing."""

import json
import random
from fractions import Fraction as F

import pytest
import walk_brute
from command import run
from path_nets import random_problem, replayed

import exactgeo as eg
from exactgeo.checking import check
from exactgeo.errors import InputError, OutOfScope
from exactgeo.formats import point_from_mapping, problem_from_mapping
from exactgeo.landscape import component
from exactgeo.paths.claims import is_least
from exactgeo.paths.constructions import DOWNWARDS


def falls(found, rng):
    """No segment rises, by a second program and by its kind; the checker says the same."""
    path = found.path
    replayed(path, rng, 2)
    assert all(str(segment.kind) in ("constant", "decreasing") for segment in path.segments)
    assert path.point == found.problem.point


@pytest.mark.parametrize("depth", range(1, 5))
def test_down_from_random_points(depth, tmp_path):
    """Of depths 1 to 4, dead and zero layers included: it never rises, and its end is what it is said to be."""
    rng, ends = random.Random(depth), set()
    for _ in range(5):
        problem, _ = random_problem(rng, rng.choice(["squared", "squared", "huber(1)"]), depth)
        found = eg.path(problem, time_limit=4)
        end = str(found.end)
        ends.add(end)
        if not found.path.never_rises:
            assert "the path rises on its way, never above its start" in found.reason
            assert found.highest == found.losses[0]
            continue
        falls(found, rng)
        assert found.complete == (not found.reason)
        least = walk_brute.infimum(problem.loss.name, problem.x, problem.y) * problem.weight
        assert is_least(problem, found.path.end) == (found.losses[-1] == least)
        if end == "infimum":
            assert found.complete
            assert found.losses[-1] == least or "landscape" in found.how
        else:
            # What would say more is named, each theorem with the condition that fails.
            named = {text.partition(" (")[0] for text in found.missing}
            assert {construction.name for construction in DOWNWARDS} <= named
        answer = check(found.certificate.write(tmp_path / "down.json"))
        assert answer.accepted, answer.reason
    assert ends <= {"infimum", "valley_minimum", "local_minimum", "open"}


@pytest.mark.parametrize(("rate", "lowest"), [(F(1, 10**60), False), (F(-1, 10**60), True)])
def test_a_rise_too_small_for_enclosures_is_none_of_the_lowest_paths(rate, lowest):
    """From (1, s, 1) to (1 - e, s / (1 - e), 1) the prediction is s; between the two moves it is s (1 - e) or s / (1 - e)."""
    s, chain = F(1, 3), {"widths": [1, 1], "hidden_bias": False, "output_bias": False}
    tables = {"data": {"x": [[1]], "y": [1]}, "loss": {"kind": "logistic"}, "network": chain}
    points = [[[[1]], [[s]], [[1]]], [[[1 - rate]], [[s / (1 - rate)]], [[1]]]]
    one, other = (eg.load({**tables, "point": {"weights": weights}}) for weights in points)
    found = eg.path(one, to=other.point)
    between = min(one.predictions(point)[0][0] for point in found.points)
    assert found.complete
    assert between == s
    assert (found.how == "layer by layer, from the first to the last") == lowest


def test_down_within_a_valley():
    """One hidden layer: the minimum of the valley, from every point; the path never rises."""
    rng, ends = random.Random(5), []
    for _ in range(8):
        problem, _ = random_problem(rng, "squared", 1)
        if problem.outputs > 1:
            continue
        valley = component(problem, problem.point)
        found = eg.path(problem)
        ends.append(str(found.end))
        if "the landscape" in found.how:
            assert found.losses[-1] == valley.infimum == found.at_least
            assert ends[-1] == ("infimum" if valley.infimum == valley.global_minimum else "valley_minimum")
        if found.path.never_rises:
            falls(found, rng)
    assert {"infimum"} < set(ends) or len(set(ends)) == 1


def test_a_bad_valley_has_no_way_down():
    found = eg.path(eg.load("swirszcz-prop1"))
    assert (found.complete, str(found.end), found.segments, found.losses) == (True, "valley_minimum", (), (18,))
    assert found.missing
    statement = check_of(found)
    assert statement.startswith("The path stays at the point, of loss 18.")
    assert "reaches 106/5" in statement


def test_a_plateau_is_left():
    found = eg.path(eg.load("swirszcz-d1-plateau"))
    assert [str(segment.kind) for segment in found.segments] == ["constant", "decreasing"]
    assert (found.losses[-1], found.at_least, found.complete) == (14, 14, True)
    assert "No parameters have a loss below the point's, 14" in check_of(found)


def check_of(found):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        answer = check(found.certificate.write(f"{folder}/path.json"))
    assert answer.accepted, answer.reason
    return answer.statement


def test_a_local_minimum_at_the_end_is_part_of_the_certificate():
    # Two hidden layers, one unit each, data that no such network fits.
    problem = problem_from_mapping({
        "data": {"x": [[0], [1], [2]], "y": [0, 2, 1]},
        "network": {"widths": [1, 1], "activation": "leaky_relu(1/2)"},
        "point": {"weights": [[[1]], [[1]], [[1]]], "biases": [[1], [1], [0]]},
    })  # fmt: skip
    found = eg.path(problem, time_limit=10)
    assert found.path.never_rises
    if str(found.end) == "local_minimum":
        assert "No parameters within" in check_of(found)
    assert len(found.missing) >= 2


# -- between two points ------------------------------------------------------------------------------------------------


def test_between_points_of_deep_networks(tmp_path):
    rng, complete = random.Random(11), 0
    for depth in (1, 2, 2, 3, 4):
        problem, other = random_problem(rng, rng.choice(["squared", "absolute", "huber(1)"]), depth)
        found = eg.path(problem, to=other, time_limit=5)
        assert (found.path.point, found.path.end) == (problem.point, other)
        replayed(found.path, rng, 2)
        ends = max(found.losses[0], found.losses[-1])
        assert not found.highest < found.at_least
        assert found.at_least >= ends
        assert found.complete == (found.highest == found.at_least)
        assert bool(found.reason) != found.complete
        complete += found.complete
        # Predictions that are one constant are never far: the highest loss is at most theirs, or that of an end.
        means = [tuple(sum(column, F(0)) / problem.m for column in zip(*problem.y, strict=True))] * problem.m
        assert not found.highest > max(ends, problem.loss_of(tuple(means)))
        answer = check(found.certificate.write(tmp_path / "path.json"))
        assert answer.accepted, answer.reason
    assert complete


def test_the_landscape_says_what_every_path_reaches(tmp_path):
    one, other = eg.load("swirszcz-prop1"), eg.load("swirszcz-prop1-better")
    found = eg.path(one, to=other.point)
    assert (found.highest, found.at_least, found.complete) == (F(106, 5), F(106, 5), True)
    assert found.loss_at(F(1, 2)) == one.loss_at(found.path.at(F(1, 2)))
    records = found.to_records()
    assert [row["to"] for row in records] == list(map(str, found.losses[1:]))
    assert {row["kind"] for row in records} == {"rising", "decreasing", "constant"}
    answer = check(found.certificate.write(tmp_path / "path.json"))
    assert "reaches 106/5" in answer.statement


def test_refusals():
    problem, other = random_problem(random.Random(2), "squared", 2)
    smooth = problem_from_mapping(
        {**problem.to_dict(), "network": {**problem.to_dict()["network"], "activation": "tanh"}}
    )
    for down in (True, False):
        with pytest.raises(OutOfScope, match="tanh"):
            eg.path(smooth, to=None if down else smooth.point)
    penalised = problem_from_mapping({**problem.to_dict(), "penalty": {"l2": 1}})
    with pytest.raises(OutOfScope, match="penalty"):
        eg.path(penalised)
    frozen = problem_from_mapping({**problem.to_dict(), "train": {"output": False}})
    moved = [*other.weights[:-1], [[q + 1 for q in row] for row in problem.point.weights[-1]]]
    goal = point_from_mapping({"weights": moved, "biases": other.biases}, frozen)
    with pytest.raises(InputError, match="two values of what is frozen"):
        eg.path(frozen, to=goal)


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_goes_down(capsys, tmp_path):
    certificate, picture = tmp_path / "c.json", tmp_path / "p.png"
    code, out, err = run(
        capsys,
        "path",
        "swirszcz-d1-plateau",
        "--down",
        "--json",
        "--certificate",
        str(certificate),
        "--plot",
        str(picture),
    )
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert {"complete", "at_least", "highest", "points", "segments", "end", "how", "missing"} <= answer.keys()
    assert (answer["highest"], answer["highest_decimal"], answer["end"]) == ("106/5", "21.2", "infimum")
    assert [set(segment) for segment in answer["segments"]] == [{"kind", "step"}] * 2
    assert [segment["kind"] for segment in answer["segments"]] == ["constant", "decreasing"]
    assert check(certificate).accepted
    assert picture.read_bytes()[1:4] == b"PNG"
    code, out, _ = run(capsys, "path", "swirszcz-d1-plateau", "--down")
    assert code == 0
    assert "no parameters have a lower loss" in out
    assert "it never rises" in out
    assert "not by" in out


def test_the_command_says_what_is_open(capsys, tmp_path):
    file = tmp_path / "deep.json"
    problem, _ = random_problem(random.Random(8), "squared", 2)
    file.write_text(json.dumps(problem.to_dict()))
    code, out, _ = run(capsys, "path", str(file), "--down", "--json", "--time-limit", "5")
    answer = json.loads(out)
    assert code == (0 if answer["complete"] else 3)
    assert answer["complete"] or answer["reason"]
    assert answer["losses"] == sorted(answer["losses"], key=F, reverse=True)


def test_an_algebraic_height_in_json():
    network = {"widths": [1, 1], "hidden_bias": False, "output_bias": False, "activation": "relu"}
    problem = problem_from_mapping(
        {"data": {"x": [[1]], "y": [-1]}, "network": network, "point": {"weights": [[[2]], [[0]], [[1]]]},
         "train": {"output_bias": False}}
    )  # fmt: skip
    from exactgeo.path_search import End, FoundPath
    from exactgeo.paths import PathBuilder

    builder = PathBuilder(problem, problem.point)
    builder.straight(point_from_mapping({"weights": [[[0]], [[1]], [[2]]]}, problem), "at once")
    answer = FoundPath(problem, builder.path, False, F(1), End.POINT, "at once", (), "no bound").to_json()
    assert (answer["highest"], len(answer["highest_polynomial"])) == (None, 3)
    lo, hi = (F(answer["highest_enclosure"][key]) for key in ("lo", "hi"))
    # (h - 43/27)^2 = 64/27 changes its sign between the two.
    assert (lo - F(43, 27)) ** 2 < F(64, 27) < (hi - F(43, 27)) ** 2
    assert hi - lo <= F(1, 10**14)
