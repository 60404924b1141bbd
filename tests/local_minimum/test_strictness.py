"""Strictness of losses that are affine somewhere, of many idle units, without time; every proof accepted."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from math import log2

import brute
import numpy as np
import pytest
from brute import Case
from damage import outcome
from structured import structured

import exactgeo as eg
from exactgeo.errors import OutOfTime
from exactgeo.kinds import Strictness
from exactgeo.local_minimum import Minimum, decide, measured

F = Fraction


def accepted(found: Minimum) -> bool:
    return outcome(found.certificate.to_json()).startswith("accepted: No parameters")


def drawn(rng: random.Random) -> dict:
    """One or two units with v frozen on a line: at most three trained parameters, predictions at breaks and beyond."""
    m, n = rng.randint(1, 4), rng.randint(1, 2)
    bias, kind = n == 1 and rng.random() < 0.5, rng.choice(["huber(1)", "squared_hinge"])
    x, w = [rng.randint(-2, 2) for _ in range(m)], [rng.randint(-1, 1) for _ in range(n)]
    v, b = [rng.choice((1, -1)) for _ in range(n)], [rng.randint(-1, 1) if bias else 0 for _ in range(n)]
    p = [sum(k * max(0, u * q + e) for k, u, e in zip(v, w, b, strict=True)) for q in x]
    if kind == "squared_hinge":
        y = [rng.choice((1, -1)) if not q else rng.choice((1, 1, -1)) * (1 if q > 0 else -1) for q in p]
    else:
        y = [q + rng.choice((0, 1, -1, 3, -3)) for q in p]
    return {
        "data": {"x": [[q] for q in x], "y": y},
        "network": {"widths": [n], "hidden_bias": bias, "output_bias": rng.random() < 0.6},
        "loss": {"kind": kind},
        "train": {"output": False},
        "point": {"weights": [[[q] for q in w], [v]], "biases": [b if bias else [], [0]]},
    }


def counted(case: dict) -> int:
    """The dimension of the set of equal loss, by how the number of lattice points on it grows. Imports no exactgeo."""
    (w, (v,)), (b, c) = case["point"]["weights"], case["point"]["biases"]
    x, y, kind = [q for (q,) in case["data"]["x"]], case["data"]["y"], case["loss"]["kind"]
    offset = case["network"]["output_bias"]
    size, scale = len(w) + len(b) + offset, 100

    def loss(moves):
        total = np.zeros(len(moves), dtype=np.int64)
        for q, t in zip(x, y, strict=True):
            p = scale * (c[0] if offset else 0) + (moves[:, -1] if offset else 0)
            for i, k in enumerate(v):
                bias = scale * b[i] + moves[:, len(w) + i] if b else 0
                p = p + k * np.maximum(0, (scale * w[i][0] + moves[:, i]) * q + bias)
            if kind == "squared_hinge":
                total += 2 * np.maximum(0, scale - t * p) ** 2
            else:
                r = abs(p - scale * t)
                total += np.where(r <= scale, r * r, 2 * scale * r - scale * scale)
        return total

    def points(reach):
        axis = np.arange(-reach, reach + 1)
        moves = np.stack(np.meshgrid(*[axis] * size, indexing="ij"), axis=-1).reshape(-1, size)
        return int((loss(moves) == loss(np.zeros((1, size), dtype=np.int64))).sum())

    return round(log2(points(16) / points(8)))


def agreeing(seeds) -> Counter:
    seen = Counter()
    for seed in seeds:
        case = drawn(random.Random(seed))
        if not case["network"]["output_bias"]:
            case["point"]["biases"][1] = []
        found = decide(eg.load(case))
        if isinstance(found, Minimum):
            assert found.flat_dimension == counted(case), (seed, case)
            assert accepted(found), (seed, case)
            seen[case["loss"]["kind"], found.flat_dimension] += 1
    return seen


def test_dimensions_where_the_loss_is_affine_against_lattice_points():
    seen = agreeing(range(400))
    print(seen)
    assert {dimension for _, dimension in seen} >= {0, 1, 2}
    assert all(sum(q for (name, _), q in seen.items() if name == kind) >= 30 for kind in ("huber(1)", "squared_hinge"))


@pytest.mark.slow
def test_dimensions_where_the_loss_is_affine_at_length():
    assert agreeing(range(10**6, 10**6 + 4000))


def idle(n: int) -> eg.Problem:
    """n units at one point with output weight 0, three data points in balance."""
    return eg.load(
        {
            "data": {"x": [[1], [2], [3]], "y": [0, 1, 2]},
            "network": {"widths": [n]},
            "train": {"output_bias": True},
            "point": {"weights": [[[0]] * n, [[0] * n]], "biases": [[-1 if n % 2 else 1] * n, [1]]},
        }
    )


def test_units_with_output_weight_zero_are_not_listed():
    """As the oracle has it for two units of kinks and none; with thirty the tree stays one node."""
    for n in (2, 30):
        case = idle(n)
        assert not isinstance(decide(case), Minimum)
    flat = eg.load(
        {
            "data": {"x": [[1], [2], [3]], "y": [1, 1, 1]},
            "network": {"widths": [30]},
            "point": {"weights": [[[1]] * 30, [[0] * 30]], "biases": [[0] * 30, [1]]},
        }
    )
    found = decide(flat)
    assert isinstance(found, Minimum)
    # dp = 0 at three collinear points is two equations in the 30 k and c, for any inputs near (1, 0): 60 + 31 - 2.
    assert (found.strictness, found.flat_dimension) == (Strictness.FLAT, 89)
    assert len(found.flat.flatness.tree) == 1
    assert accepted(found)


def test_thirty_units_at_the_origin():
    """w = 0 and v = 0: every data point is on every kink."""
    case = eg.load(
        {
            "data": {"x": [[1], [-1]], "y": [2, 2]},
            "network": {"widths": [30], "hidden_bias": False},
            "point": {"weights": [[[0]] * 30, [[0] * 30]], "biases": [[], [2]]},
        }
    )
    found = decide(case)
    # For any w three columns span at most two dimensions: 30 inputs, 31 - 2 of k and c.
    assert (found.strictness, found.flat_dimension) == (Strictness.FLAT, 59)
    assert accepted(found)


def ended() -> None:
    raise OutOfTime("after 0 s")


def test_out_of_time_the_verdict_stands_without_strictness():
    problem = eg.load("swirszcz-prop1")
    bare = decide(problem, strictness=False)
    assert (bare.strictness, bare.flat_dimension, bare.loss) == (None, None, 18)
    late = measured(bare, ended)
    assert (late.strictness, late.reason) == (
        None,
        "the search for the flat dimension ended after 0 s; raise --time-limit",
    )
    assert accepted(late)
    whole = measured(bare, lambda: None)
    assert (whole.strictness, whole.flat_dimension) == (Strictness.STRICT_MODULO_SYMMETRY, 1)


def test_strictness_left_out_says_so():
    told = []
    verdict = eg.certify(eg.load("swirszcz-prop1"), strictness=False, known=told.append)
    answer = verdict.to_json()
    assert (answer["strictness"], answer["flat_dimension"]) == (None, None)
    left_out = "left out, as --no-strictness asks"
    assert {key: answer["reasons"][key] for key in ("strictness", "flat_dimension")} == {
        "strictness": left_out,
        "flat_dimension": left_out,
    }
    assert [claim.kind for claim in verdict.certificate.claims][:2] == ["local_minimum", "lower_point"]
    assert outcome(verdict.certificate.to_json()).startswith("accepted: ")
    # Before the searches: the verdict, nothing else.
    assert [(one.kind, str(one.globality)) for one in told] == [("local_minimum", "unknown")]
    assert outcome(told[0].certificate.to_json()).startswith("accepted: ")


def without_time() -> dict:
    return eg.certify(eg.load("swirszcz-prop1"), time_limit=0).to_json()


def test_no_time_at_all_leaves_the_verdict():
    answer = without_time()
    assert (answer["verdict"], answer["globality"]) == ("local_minimum", "unknown")


def as_case(problem: eg.Problem) -> Case:
    """A problem of squares as the oracle takes it."""
    point, net, train = problem.point, problem.network, problem.train
    return Case(
        x=problem.x,
        y=tuple(y for (y,) in problem.y),
        slopes=net.activation.slopes,
        w=point.weights[0],
        b=point.biases[0] if net.hidden_bias[0] else None,
        v=point.weights[1][0],
        c=point.biases[1][0] if net.output_bias else None,
        hidden=train.hidden[0],
        hidden_bias=train.hidden_bias[0],
        output=train.output,
        output_bias=train.output_bias,
    )


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(8))
def test_structured_points(chunk):
    """Equal, cancelling, idle, dead units; degenerate rows; every activation and freezing: all proofs are accepted."""
    seen = Counter()
    for seed in range(500 * chunk, 500 * (chunk + 1)):
        tree = structured(random.Random(seed), points=5, inputs=2, units=3)
        problem = eg.load(tree)
        if not problem.loss.differentiable or tree["network"]["widths"] == [0]:
            continue
        found = decide(problem)
        if problem.loss.kind in ("squared", "half_squared"):
            case = as_case(problem)
            assert isinstance(found, Minimum) == (brute.decide(case) == "minimum"), seed
            expected = brute.flat(case) if isinstance(found, Minimum) else None
            if expected is not None:
                assert (str(found.strictness), found.flat_dimension) == (expected.strictness, expected.dimension), seed
                seen["oracle"] += 1
        if isinstance(found, Minimum):
            assert accepted(found), seed
            seen["accepted"] += 1
    assert min(seen["oracle"], seen["accepted"]) >= 20
