"""`certify` end to end: named claims, two independent decisions, globality, the identity behind a verdict."""

from __future__ import annotations

import random
import subprocess
import sys
from fractions import Fraction
from types import SimpleNamespace

import pytest
import sympy
from degenerate import generate, to_problem

import exactgeo as eg
from exactgeo import deadline, library, standing
from exactgeo.basin.table import Table
from exactgeo.claims import read_claim
from exactgeo.exact.enclosure import high, low
from exactgeo.local_minimum import decide, explain

F = Fraction
S001 = "Swirszcz, Czarnecki, Pascanu 2017"
S003 = "Safran, Shamir 2016"

# name: kind, loss, strictness, globality, loss of the global minimiser, source of the loss.
CLAIMS = {
    "swirszcz-prop1": (
        "local_minimum",
        "18",
        "strict_modulo_symmetry",
        "spurious",
        "14",
        f"{S001}, Remark 1",
    ),
    "swirszcz-prop1-better": ("local_minimum", "14", "flat", "global", None, f"{S001}, Appendix B.4"),
    "swirszcz-prop2-local": (
        "not_local_minimum",
        "23/3",
        None,
        "spurious",
        None,
        f"{S001}, Prop. 2 as printed",
    ),
    "swirszcz-prop2-global": (
        "not_local_minimum",
        "29",
        None,
        "spurious",
        None,
        f"{S001}, Prop. 2 as printed",
    ),
    "swirszcz-prop2-global-corrected": (
        "local_minimum",
        "0",
        "strict_modulo_symmetry",
        "global",
        None,
        f"{S001}, Prop. 2",
    ),
    "swirszcz-prop2-local-corrected": ("local_minimum", "8/3", "flat", "spurious", "0", f"{S001}, Proposition 2"),
    "swirszcz-prop3-better": ("local_minimum", "1/6", "flat", "spurious", "0", f"{S001}, Proposition 3"),
    "swirszcz-prop3-local": ("local_minimum", "2/3", "flat", "spurious", "0", f"{S001}, Proposition 3"),
    "kink-global": ("local_minimum", "10", "strict_modulo_symmetry", "global", None, "checked by hand"),
    "safran-shamir-c2-d3-good": ("local_minimum", "1/18", "strict", "global", None, f"{S003}, Appendix C.2"),
    "safran-shamir-c2-d3-bad": ("local_minimum", "1/2", "strict", "spurious", "1/18", f"{S003}, Appendix C.2"),
    "xor-2": ("local_minimum", "0", "flat", "global", None, "a perfect fit"),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_named_claims(name):
    kind, loss, strictness, globality, best, _ = CLAIMS[name]
    v = eg.certify(eg.load(name))
    assert (v.kind, str(v.loss), v.strictness, v.globality) == (kind, loss, strictness, globality)
    if best is not None:
        assert v.better.complete
        assert str(v.better.loss) == best
        assert v.problem.loss_at(v.better.point) == v.better.loss


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("construction", ["c1", "c2"])
def test_appendix_c_has_two_to_the_d_strict_minima(construction, d):
    """Seed 003, Theorem 6 and C.2: the Cartesian products of the two one-dimensional minima, values averaged."""
    good = eg.load(f"safran-shamir-{construction}-d{d}-good")
    bad = eg.load(f"safran-shamir-{construction}-d{d}-bad")
    low, high = good.point.weights[0][0], bad.point.weights[0][0]
    epsilon, half = good.loss_at(good.point), bad.loss_at(bad.point)
    assert half == F(1, 2)
    for choice in range(2**d):
        picks = [choice >> k & 1 for k in range(d)]
        weights = [[[(high if pick else low)[k] for k, pick in enumerate(picks)]], [[1]]]
        v = eg.certify(good, {"weights": weights, "biases": [[], []]})
        assert (v.kind, v.strictness, v.flat_dimension) == ("local_minimum", "strict", 0)
        assert v.loss == (sum(picks) * half + (d - sum(picks)) * epsilon) / d
        assert v.globality == ("global" if not any(picks) else "spurious")


def test_rays_and_farkas_agree():
    """Two decisions that share only phi: all rays of every kink arrangement, and the coverings behind `decide`."""
    rng = random.Random(20240611)
    seen = {True: 0, False: 0}
    for _ in range(500):
        problem = to_problem(generate(rng))
        layout = explain(problem, problem.point)
        conditions = [*layout.conditions, *(c for view in layout.neurons for c in view.conditions)]
        by_rays = all(c.holds for c in conditions)
        assert by_rays == (decide(problem).kind == "local_minimum"), problem.to_toml()
        seen[by_rays] += 1
    assert min(seen.values()) > 60


@pytest.mark.parametrize("name", sorted(dict(library.names())))
def test_identity_expands_to_zero(name):
    problem = eg.load(name)
    decision = decide(problem)
    claim = decision.certificate.claims[0]
    sides = [{}]
    if claim.kind == "local_minimum":
        rows = {(i, row): -1 for i, n in enumerate(claim.neurons) for part in n.parts for row in part.rows}
        sides.append(rows)
    for signs in sides:
        assert sympy.expand(decision.certificate.identity(signs)) == 0


def test_identity_on_random_degenerate_minima():
    rng = random.Random(7)
    found = 0
    while found < 12:
        problem = to_problem(generate(rng, tiny=True))
        decision = decide(problem)
        parts = decision.kind == "local_minimum" and [
            (i, row) for i, n in enumerate(decision.certificate.claims[0].neurons) for p in n.parts for row in p.rows
        ]
        if not parts:
            continue
        found += 1
        for _ in range(3):
            signs = {key: rng.choice((1, -1)) for key in parts}
            assert sympy.expand(decision.certificate.identity(signs)) == 0


def test_a_wrong_number_breaks_the_identity():
    minimum = eg.certify(eg.load("kink-global")).certificate
    data = minimum.claims[0].write()
    leaf = next(step for step in data["neurons"][0]["parts"][0]["cover"] if step["rule"] == "farkas")
    kind = "slopes" if leaf["slopes"] else "multipliers"
    row = next(iter(leaf[kind]))
    leaf[kind][row] = "12345"
    assert sympy.expand(minimum.identity()) == 0
    assert sympy.expand(eg.Certificate(minimum.subject, (read_claim(data),)).identity()) != 0


def test_many_points_of_one_problem():
    problem = eg.load("swirszcz-prop1")
    losses = []
    for b in range(-6, 3):
        v = eg.certify(problem, {"weights": [[[1]], [[1]]], "biases": [[b], [0]]})
        assert v.loss == problem.loss_at(v.point)
        losses.append((str(v.kind), b))
    assert ("local_minimum", -3) in losses
    assert sum(kind == "local_minimum" for kind, _ in losses) == 1


def test_moving_a_target_by_ten_to_the_minus_thirty_decides():
    base = eg.load("swirszcz-prop1").to_dict()
    base["data"]["y"][2] = "1/" + "1" + "0" * 30
    assert eg.certify(eg.load(base)).kind == "not_local_minimum"
    base["data"]["y"][2] = 0
    assert eg.certify(eg.load(base)).kind == "local_minimum"


def test_out_of_scope_is_undecided_with_its_reason():
    deep = {
        "data": {"x": [[1], [2]], "y": [0, 1]},
        "network": {"widths": [1, 1], "activation": ["relu", "tanh"]},
        "point": {"weights": [[[1]], [[1]], [[1]]], "biases": [[0], [0], [0]]},
    }
    v = eg.certify(eg.load(deep))
    assert (v.kind, v.globality, v.certificate) == ("undecided", "unknown", None)
    assert v.to_json()["reason"].startswith("out_of_scope: a smooth activation")
    assert v.loss is None  # tanh(1) and tanh(2) are not rational


@pytest.mark.parametrize("loss", ["squared", "hinge", "logistic"])
@pytest.mark.parametrize("weight", [0, 1])
def test_a_smooth_activation_with_frozen_inputs_is_refuted_where_the_loss_is_smooth(loss, weight):
    """The loss is convex in what is trained, but its features are not rational (at weight 0 they are)."""
    problem = eg.load(
        {
            "data": {"x": [[-1], [2], [0]], "y": [1, -1, 1]},
            "network": {"widths": [1], "activation": "tanh", "hidden_bias": False, "output_bias": True},
            "loss": {"kind": loss},
            "train": {"hidden": [False]},
            "point": {"weights": [[[weight]], [[2]]], "biases": [[], ["1/3"]]},
        }
    )
    verdict = eg.certify(problem)
    if loss == "hinge" or (loss, weight) == ("squared", 0):
        # With the features 0 the bias is the mean of the targets: every derivative is 0.
        assert (verdict.kind, verdict.globality) == ("undecided", "unknown")
        assert ("tanh" if loss == "hinge" else "`exactgeo polish`") in verdict.to_json()["reason"]
        return
    assert (verdict.kind, verdict.globality) == ("not_local_minimum", "spurious")
    assert verdict.rung == "smooth_gradient"
    assert high(verdict.better.loss) < low(verdict.loss if verdict.loss is not None else verdict.loss_enclosure)
    # What is frozen does not move.
    assert verdict.descent.direction.weights[0] == ((0,),)


def test_globality_outside_the_census():
    """A frozen nonzero hidden bias: the census refuses, a relaxation or a proposed lower point settles it."""
    data = {
        "data": {"x": [[5], [4], [3], [1], [-1]], "y": [2, 1, 0, -3, 3]},
        "network": {"widths": [1]},
        "train": {"hidden_bias": [False]},
    }
    spurious = eg.certify(eg.load(data), {"weights": [[[1]], [[1]]], "biases": [[-3], [0]]})
    assert spurious.kind == "local_minimum"
    assert spurious.globality == "spurious"
    assert spurious.better.loss < 18
    assert spurious.better.loss == spurious.problem.loss_at(spurious.better.point)
    assert spurious.better.point.biases[0] == (-3,)
    best = eg.certify(eg.load("swirszcz-prop1-better"))
    point = {
        "weights": [[list(best.point.weights[0][0])], [list(best.point.weights[1][0])]],
        "biases": best.point.biases,
    }
    assert eg.certify(eg.load(data), point).globality == "global"


def test_bad_valleys():
    """Proposition 1's point is in one; the plateau and the minima of Propositions 2 and 3 are not."""
    names = ("swirszcz-prop1", "swirszcz-d1-plateau", "swirszcz-prop2-local-corrected", "swirszcz-prop3-local")
    assert [eg.certify(eg.load(name)).bad_valley for name in names] == [True, False, False, False]
    places = [(v.component_infimum, v.escapes_at) for v in (eg.certify(eg.load(name)) for name in names)]
    assert places == [(18, F(106, 5)), (14, None), (0, None), (0, None)]
    assert eg.certify(eg.load("kink-global")).bad_valley is False
    assert eg.certify(eg.load("swirszcz-prop2-local")).bad_valley is None
    assert eg.certify(eg.load("swirszcz-prop1"), time_limit=0).bad_valley is None


def test_no_point_is_refused():
    problem = eg.load({"data": {"x": [[1]], "y": [1]}, "network": {"widths": [1]}})
    with pytest.raises(eg.InputError, match=r"got no point, expected a \[point\] table"):
        eg.certify(problem)


def test_certify_path_is_light():
    """The README's main command loads neither sympy nor cvxpy, and `--help` nothing but click."""
    code = (
        "import sys; from exactgeo.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(sorted({'sympy','cvxpy','scipy','numpy','flint','networkx','rich'} & set(sys.modules)), file=sys.stderr)"
    )
    for arguments, allowed in ((["--help"], set()), (["certify", "swirszcz-prop1"], {"flint", "numpy"})):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
        assert set(eval(done.stderr.splitlines()[-1])) <= allowed


@pytest.mark.parametrize("output_bias", [True, False])
def test_no_unit_and_a_frozen_hidden_bias(output_bias):
    """A constant model outside the census: the search for a lower point must end, not break off."""
    data = {
        "data": {"x": [[1], [2]], "y": [0, 1]},
        "network": {"widths": [0]},
        "train": {"hidden_bias": False, "output_bias": output_bias},
        "point": {"weights": [[], [[]]], "biases": [[], ["1/2"]]},
    }
    v = eg.certify(eg.load(data))
    assert (v.kind, v.loss) == ("local_minimum", F(1, 2))
    assert v.globality == "global"


def test_the_replay_of_a_census_ends_with_the_limit(monkeypatch):
    """By a clock on which every replay of an optimum takes a second: what the census said stays, its proof does not."""
    problem, now, replays = eg.load("swirszcz-prop1"), [0.0], [0]
    whole = eg.certify(problem, time_limit=60)
    replayed = Table.replayed

    def slow(self, owner):
        now[0] += 1
        replays[0] += 1
        return replayed(self, owner)

    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(Table, "replayed", slow)
    standing.globality._kept_census.cache_clear()
    found = eg.certify(problem, time_limit=3)
    # One replay for the point of the minimum, the rest for its proof.
    assert 0 < replays[0] <= 4
    assert (found.kind, found.globality, found.better.loss) == (whole.kind, whole.globality, whole.better.loss)
    assert (found.bad_valley, whole.bad_valley) == (None, True)
    names = [[claim.kind for claim in verdict.certificate.claims] for verdict in (found, whole)]
    assert "global_minimum" not in names[0]
    assert "global_minimum" in names[1]
    standing.globality._kept_census.cache_clear()
    assert eg.certify(problem, time_limit=6000).to_json() == whole.to_json()


# -- many points -------------------------------------------------------------------------------------------------------


def many_points():
    """A problem with minima of several kinds, and points at and off them: each minimum twice, at other scales."""
    data = {"x": [[0, 1], [2, -1], [3, 3], [-1, 2], [1, 1]], "y": [1, -2, 0, 2, -1]}
    problem = eg.load({"name": "many", "data": data, "network": {"widths": [2]}})
    found = [part.point for level in eg.basins(problem).local_minima for part in level.sets][:6]
    points = []
    for k, point in enumerate(found):
        for scale in (F(1), F(k + 2, 3)):
            points.append(point.with_neurons([(tuple(scale * q for q in w), v / scale) for w, v in point.neurons]))
        points.append(point.moved(point, F(1, k + 2)))
    return problem, points


def forget():
    for kept in (standing.globality._kept_census, standing.globality._kept_minimum):
        kept.cache_clear()
    standing.globality._kept_bottom.cache_clear()
    standing.globality.components_of.cache_clear()


def test_many_points_are_answered_as_one_by_one():
    """Certificates too, byte by byte, whatever was asked before."""
    problem, points = many_points()
    alone = []
    for point in points:
        forget()
        alone.append(eg.certify(problem, point, time_limit=1000))
    assert {str(v.kind) for v in alone} == {"local_minimum", "not_local_minimum"}
    assert {v.bad_valley for v in alone} >= {True, None}
    for order in (list(range(len(points))), list(reversed(range(len(points))))):
        forget()
        found = list(eg.certify_many(problem, [points[k] for k in order], time_limit=1000))
        for k, verdict in zip(order, found, strict=True):
            assert verdict.to_json() == alone[k].to_json()
            assert verdict.certificate.to_json() == alone[k].certificate.to_json()


OTHERS = {
    "frozen outputs": {"train": {"output": False}},
    "absolute": {"loss": {"kind": "absolute"}},
    "huber": {"loss": {"kind": "huber(1)", "reduction": "mean"}},
    "penalty": {"penalty": {"l2": "1/10"}},
    "tanh": {"network": {"widths": [1], "activation": "tanh"}},
}


@pytest.mark.parametrize("name", OTHERS)
def test_points_of_other_problems_are_answered_as_one_by_one(name):
    """Each with frozen values, a loss, a penalty, an activation of its own; none may take another's answer."""
    data = {"x": [[5], [4], [3], [1], [-1]], "y": [2, 1, 0, -3, 3]}
    problem = eg.load({"data": data, "network": {"widths": [1]}} | OTHERS[name])
    points = [
        {"weights": [[[F(1, c)]], [[v * c]]], "biases": [[F(b, c)], [0]]}
        for b, v, c in ((-3, 1, 1), (-3, 1, 2), (-3, 2, 1), (2, 0, 1), (-9, 1, 1), (-3, 1, 1))
    ]
    alone = []
    for point in points:
        forget()
        alone.append(eg.certify(problem, point, time_limit=1000))
    forget()
    found = list(eg.certify_many(problem, points, time_limit=1000))
    assert [v.to_json() for v in found] == [v.to_json() for v in alone]
    written = [[v.certificate and v.certificate.to_json() for v in one] for one in (found, alone)]
    assert written[0] == written[1]


def test_a_problem_at_another_point_is_equal_but_for_frozen_values():
    problem = eg.load("swirszcz-prop1")
    other = problem.at(problem.point.moved(problem.point, F(1)))
    assert problem.at(problem.point) is problem
    assert (other, hash(other), other.lifted) == (problem, hash(problem), problem.lifted)
    assert other.point != problem.point
    frozen = eg.load(problem.to_dict() | {"train": {"output": False}})
    moved = frozen.at(other.point)
    assert hash(frozen) != hash(moved)
    assert moved != frozen
    assert moved.frozen.weights[1] == other.point.weights[1]


def test_what_points_have_in_common_is_found_once(monkeypatch):
    """Each minimum that is not global is there at two scales."""
    import exactgeo.basin
    from exactgeo import local_minimum
    from exactgeo.landscape import Components
    from exactgeo.local_minimum.rungs.two_layer import TwoLayer

    problem, points = many_points()
    calls = {"census": 0, "search": 0, "accepts": 0}

    def counted(name, function):
        def call(*arguments, **options):
            calls[name] += 1
            return function(*arguments, **options)

        return call

    forget()
    local_minimum._outside.cache_clear()
    monkeypatch.setattr(TwoLayer, "accepts", counted("accepts", TwoLayer.accepts))
    monkeypatch.setattr(exactgeo.basin, "census", counted("census", exactgeo.basin.census))
    monkeypatch.setattr(Components, "_search", counted("search", Components._search))
    spurious = [
        v
        for v in eg.certify_many(problem, points, time_limit=1000)
        if v.kind == "local_minimum" and v.better is not None
    ]
    assert calls == {"census": 1, "search": len(spurious) // 2, "accepts": 1}
    list(eg.certify_many(problem, points, time_limit=1000))
    assert calls == {"census": 1, "search": len(spurious) // 2, "accepts": 1}
    forget()


def test_a_bad_point_is_refused_by_its_index_before_any_is_decided(monkeypatch):
    problem, points = many_points()
    monkeypatch.setattr("exactgeo.standing.many_points.verdict_on", lambda *_, **__: pytest.fail("the work has begun"))
    bad = {"weights": [[[1, 2], [3, 4]], [[1, "x"]]], "biases": [[0, 0], [0]]}
    with pytest.raises(eg.InputError, match=r'^points\[2\]: weights\[1\]\[0\]\[1\]: got "x"'):
        eg.certify_many(problem, [*points[:2], bad])
    with pytest.raises(eg.InputError, match=r"^points\[1\]"):
        eg.certify_many(problem, iter([points[0], 3]))
    for wrong in (3, "points", {1: 2}, None):
        with pytest.raises(eg.InputError, match=r"^points"):
            eg.certify_many(problem, wrong)


def test_no_points_are_no_verdicts():
    assert list(eg.certify_many(eg.load("swirszcz-prop1"), [])) == []


def test_floats_of_many_points_are_one_warning():
    point = {"weights": [[[1.0]], [[1.0]]], "biases": [[-3.0], [0.0]]}
    with pytest.warns(eg.exact.rational.FloatTakenExactly) as warned:
        list(eg.certify_many(eg.load("swirszcz-prop1"), [point, point]))
    assert len(warned) == 1
