"""Where a point stands: bad valleys of the published propositions, paths replayed from scratch, brute force."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from fractions import Fraction
from types import SimpleNamespace

import pytest
from command import run
from landscape_brute import Brute
from problems import D1, KINK, line, problem

import exactgeo as eg
from exactgeo.basin import census
from exactgeo.errors import InternalError, OutOfScope
from exactgeo.formats import point_from_mapping
from exactgeo.kinds import Kind
from exactgeo.landscape import bad_valley, component, landscape
from exactgeo.landscape.frontier import Frontier
from exactgeo.landscape.path import laid
from exactgeo.local_minimum import decide

F = Fraction


def test_refusals():
    bare = problem(*D1, 1)
    with pytest.raises(ValueError, match="no point"):
        component(bare)
    point = eg.load("swirszcz-prop1").point
    with pytest.raises(OutOfScope, match="logistic"):
        component(problem([[1], [2]], [1, -1], 1, loss="logistic"), point)
    assert bad_valley(problem([[1], [2]], [1, -1], 1, loss="logistic"), point) is None
    frozen = problem(*D1, 1, frozen=[1])
    other = point_from_mapping({"weights": [[[1]], [[2]]], "biases": [[-3], [0]]}, frozen)
    with pytest.raises(ValueError, match="output weight 0 is 2, but it is frozen at 1"):
        component(frozen, other, census=census(frozen))


# name, bad valley, least loss reached without rising, escapes at
KNOWN = [
    ("swirszcz-prop1", True, 18, F(106, 5)),
    ("swirszcz-prop1-better", False, 14, None),
    ("swirszcz-d1-plateau", False, 14, None),
    ("swirszcz-prop2-local-corrected", False, 0, None),
    ("swirszcz-prop2-global-corrected", False, 0, None),
    ("swirszcz-prop3-local", False, 0, None),
    ("swirszcz-prop3-better", False, 0, None),
]


@pytest.mark.parametrize(("name", "bad", "low", "escape"), KNOWN)
def test_the_published_points(name, bad, low, escape):
    case = eg.load(name)
    here = component(case)
    assert (here.bad, here.infimum, here.escapes_at) == (bad, low, escape)
    assert bad_valley(case, case.point) is bad
    replay(here)
    if escape is not None:
        assert here.barriers
        assert min(b.value for b in here.barriers) == escape


@pytest.mark.parametrize("name", ["swirszcz-d1-plateau", "swirszcz-prop2-local-corrected", "swirszcz-prop3-local"])
def test_spurious_minima_on_plateaus_reach_lower(name):
    # Local minima, and yet a path leads down: constant to a point that is no minimum, then strictly lower.
    case = eg.load(name)
    assert decide(case, case.point).kind is Kind.LOCAL_MINIMUM
    path = component(case).descent
    assert [segment.kind for segment in path.segments] == ["constant"] * (len(path.segments) - 1) + ["decreasing"]
    assert decide(case, path.points[-2]).kind is Kind.NOT_LOCAL_MINIMUM
    assert path.losses[-1] < case.loss_at(case.point) == path.losses[-2]


def replay(here):
    """The paths, from the data alone: dense rational samples never above the start."""
    for path in (here.path, here.descent):
        if path is None:
            continue
        assert path.points[0] == here.point
        assert path.losses[0] == here.loss > path.losses[-1]
        for k, shape in enumerate(segment.kind for segment in path.segments):
            values = [here.problem.loss_at(path.at(k + F(j, 12))) for j in range(13)]
            assert (values[0], values[-1]) == path.losses[k : k + 2]
            assert max(values) <= here.loss
            if shape == "constant":
                assert len(set(values)) == 1
            elif shape == "decreasing":
                assert values == sorted(values, reverse=True)
                assert values[0] > values[-1]
    assert (here.path is None) == (here.infimum == here.loss)
    if here.path is not None:
        assert here.path.losses[-1] == here.infimum
        assert here.path.highest == here.loss


@pytest.mark.parametrize("seed", range(20))
def test_random_points_against_all_pairs(seed):
    rng = random.Random(seed)
    n, bias = rng.choice([1, 1, 2]), rng.random() < 0.6
    loss = rng.choice(["squared", "squared", "absolute", "squared" if bias else "huber(1)"]) if n == 1 else "squared"
    m = 4 if n == 1 and loss == "squared" else 3
    x = [[rng.randint(-2, 2)] for _ in range(m)]
    y = [rng.randint(-3, 3) for _ in range(m)]
    frozen = rng.choice([None, None, [rng.choice([1, -1, 2]) for _ in range(n)]])
    activation, slopes = rng.choice([("relu", (1, 0)), ("abs", (1, -1)), ("leaky_relu(1/3)", (1, F(1, 3)))])
    kind = loss.partition("(")[0]
    case = problem(x, y, n, frozen=frozen, hidden_bias=bias, activation=activation, loss=loss)
    brute = Brute(x, y, n, bias=bias, frozen=frozen, slopes=slopes, kind=kind)
    for _ in range(4):
        w = [[F(rng.randint(-2, 2)) for _ in range(1 + bias)] for _ in range(n)]
        v = frozen or [F(rng.randint(-1, 1)) for _ in range(n)]
        c = F(rng.randint(-1, 1))
        data = {"weights": [[row[:1] for row in w], [v]], "biases": [[row[1] for row in w] if bias else [], [c]]}
        point = point_from_mapping(data, case)
        here = component(case, point)
        level = case.loss_at(point)
        home = brute.containing(w, v)
        (part,) = [part for part in brute.components(level) if home[0] in part]
        assert set(home) <= part
        low = min(brute.value[i] for i in part)
        assert (here.infimum, here.bad) == (low, low > min(brute.value))
        if here.bad:
            wanted = next(
                a
                for a in brute.levels
                for p in brute.components(a)
                if home[0] in p and min(brute.value[i] for i in p) < low
            )
            assert here.escapes_at == wanted == min(b.value for b in here.barriers)
        else:
            assert here.escapes_at is None
        replay(here)


@pytest.mark.parametrize("case", [problem(*D1, 2), line(8, 2), line(5, 3)])
def test_a_point_agrees_with_the_tree(case):
    found = landscape(case)
    for valley in found.valleys:
        here = found.component(valley.point)
        assert (here.infimum, here.bad, here.escapes_at) == (valley.value, valley.bad, valley.escapes_at)
        assert here.descent is None
        # All walls around it, and nothing else, are what keeps it in.
        inside = set(here.inside)
        around = {(a, b) for a in inside for b, _, _ in found.census.facets.around(a) if b not in inside}
        assert {(wall.inside, wall.outside) for wall in here.barriers} == around
        assert all(wall.value >= valley.escapes_at for wall in here.barriers)


def test_a_damaged_path_is_refused():
    case = eg.load("swirszcz-prop3-better")
    points = component(case).descent.points
    with pytest.raises(InternalError, match="not affine"):
        laid(case, (points[0], points[-1].moved(points[-1], F(-3))))


def test_out_of_time_is_no_answer():
    case = eg.load("swirszcz-prop3-local")
    known = census(case)
    here = component(case, census=known, time_limit=0)
    assert (here.complete, here.bad) == (False, None)
    with pytest.raises(ValueError, match="raise time_limit"):
        component(case, time_limit=0)
    assert bad_valley(case, case.point, 0) is None


def answers(found):
    return [
        found.bad, found.infimum, found.escapes_at, found.inside, found.basins, found.complete, found.reason,
        [(b.inside, b.outside, b.mask, b.value, b.optimum.gradient) for b in found.barriers],
        found.path and found.path.points, found.descent and found.descent.points, found.to_json(),
    ]  # fmt: skip


def test_what_is_read_after_the_time_limit_is_what_was_read_before():
    case = eg.load("swirszcz-prop1")
    found = component(case, census=census(case), time_limit=0.6)
    before = answers(found)
    assert (found.escapes_at, found.reason) == (F(106, 5), "")
    time.sleep(0.8)
    assert answers(found) == before
    late = component(case, census=census(case), time_limit=0.6)
    time.sleep(0.8)
    # And so is what is read for the first time then.
    assert answers(late) == before
    assert not [value for value in vars(late).values() if isinstance(value, Frontier)]


def test_the_order_of_reading_changes_nothing():
    for name in ("swirszcz-prop1", "swirszcz-d1-plateau"):
        case = eg.load(name)
        names = ("barriers", "path", "descent", "escapes_at", "inside", "infimum", "bad", "reason")
        forwards, backwards = component(case), component(case)
        one = {name: getattr(forwards, name) for name in names}
        other = {name: getattr(backwards, name) for name in reversed(names)}
        assert {k: repr(v) for k, v in one.items()} == {k: repr(v) for k, v in other.items()}


@pytest.mark.parametrize("interrupt", [False, True])
def test_ended_at_any_moment_it_says_what_is_missing_for_ever(monkeypatch, interrupt):
    case = eg.load("swirszcz-prop1")
    known, module = census(case), sys.modules[component.__module__]
    full, seen = component(case, census=known), []
    for moment in range(1, 100):
        looks = iter(range(moment))

        def clock(looks=looks):
            if next(looks, None) is not None:
                return 0
            if interrupt:
                raise KeyboardInterrupt
            return 100

        with monkeypatch.context() as patch:
            patch.setattr(module, "time", SimpleNamespace(monotonic=clock))
            found = component(case, census=known, time_limit=50)
        if found.escapes_at is not None:
            assert found.to_json() == full.to_json()
            break
        seen.append(found.bad)
        # It holds no clock, so that the real one changes nothing.
        for _ in range(2):
            assert (found.escapes_at, found.inside, found.barriers) == (None, (), ())
            assert "raise --time-limit" in found.reason
            assert found.to_json()["reason"] == found.reason
            assert found.complete is (found.bad is not None)
    assert seen == sorted(seen, key=lambda bad: bad is not None)
    assert set(seen) == {None, True}


def test_a_point_outside_every_valley_falls_at_once():
    case = problem(*KINK, 2)
    point = point_from_mapping({"weights": [[[1], [1]], [[5, 5]]], "biases": [[1, 0], [0]]}, case)
    here = component(case, point)
    assert here.bad is False
    assert [segment.kind for segment in here.descent.segments] == ["decreasing"]
    replay(here)


def test_the_walk_needs_no_heavy_library():
    code = (
        "import sys, exactgeo as eg; from exactgeo.landscape import bad_valley; p = eg.load('swirszcz-prop1');"
        "assert bad_valley(p, p.point) is True;"
        "print([m for m in ('scipy', 'cvxpy', 'networkx', 'sympy', 'matplotlib') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_prints_one_object(capsys):
    code, out, err = run(capsys, "landscape", "swirszcz-prop1", "--json")
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert [v["escapes_at"] for v in answer["valleys"]] == [None, "106/5", "106/5"]
    assert answer["point"]["bad_valley"] is True
    assert answer["point"]["escapes_at"] == "106/5"
    assert answer["point"]["escapes_at_decimal"] == "21.2"
    code, out, _ = run(capsys, "landscape", "swirszcz-prop2-local-corrected", "--json", "--full")
    answer = json.loads(out)
    assert (answer["full"], answer["global_minima_connected"], answer["connected_at"]) == (True, False, "14/3")
    assert answer["point"]["descent"]["losses"] == ["8/3", "8/3", "0"]


def test_the_report_names_what_matters(capsys):
    code, out, _ = run(capsys, "landscape", "swirszcz-prop1")
    assert code == 0
    assert "bad valleys     2" in out
    assert "loss 18, in a bad valley that goes down to 18 and escapes at 106/5 = 21.2" in out
    tree = ["  106/5 = 21.2", "  ├─ 14 global minimum", "  ├─ 18 valley", "  └─ 614/29 ~ 21.1724 valley"]
    assert out.splitlines()[-4:] == tree


def test_what_is_not_known_of_the_point_has_its_reason_on_the_command_line(capsys, monkeypatch):
    module = sys.modules[component.__module__]
    monkeypatch.setattr(module, "_escape", lambda *_: None)
    code, out, _ = run(capsys, "landscape", "swirszcz-prop1", "--json")
    point = json.loads(out)["point"]
    assert (code, point["bad_valley"], point["escapes_at"]) == (3, True, None)
    assert "a way out of the bad valley" in point["reason"]
    code, out, _ = run(capsys, "landscape", "swirszcz-prop1")
    assert code == 3
    assert "in a bad valley that goes down to 18\n" in out
    assert "because" in out


def test_out_of_time_and_out_of_scope_on_the_command_line(capsys, tmp_path):
    code, out, _ = run(capsys, "landscape", "swirszcz-prop1", "--time-limit", "0", "--json")
    answer = json.loads(out)
    assert (code, answer["complete"], answer["valleys"], answer["global_minimum"]) == (3, False, [], None)
    code, out, err = run(capsys, "landscape", "xor-3-pm", "--time-limit", "0")
    assert code == 3
    assert "because" in out
    file = tmp_path / "p.json"
    file.write_text(
        json.dumps({"data": {"x": [[1], [2]], "y": [1, -1]}, "network": {"widths": [1]}, "loss": "logistic"})
    )
    code, out, err = run(capsys, "landscape", str(file))
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
