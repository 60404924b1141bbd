"""From floats to an enclosed critical point: minima attacked by search, saddles left, degenerate ends said to be so."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from command import run
from damage import outcome
from replay import holds
from smooth_nets import problem

from exactgeo.claims.certificate import Certificate
from exactgeo.deadline import Deadline
from exactgeo.exact.krawczyk import precision
from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum.smooth_loss import SmoothLoss
from exactgeo.polishing.smooth import Critical, OpenEnd, critical_near, inertia, sloped_within

XOR = {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [0, 1, 1, 0]}


def near(case, **choices):
    return critical_near(case, case.point, Deadline.after(60), **choices)


def random_start(seed, widths, data, **tables):
    source = random.Random(seed)
    sizes = [len(data["x"][0]), *widths, 1]

    def rows(count, length):
        return [[str(Fraction(round(source.gauss(0, 1) * 1000), 1000)) for _ in range(length)] for _ in range(count)]

    weights = [rows(units, below) for below, units in pairwise(sizes)]
    point = {"weights": weights, "biases": [row for units in sizes[1:] for row in rows(1, units)]}
    network = {"widths": widths, "activation": "tanh"}
    return problem_from_mapping({"data": data, "network": network, "point": point, **tables})


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.parametrize("kind", ["squared", "logistic"])
def test_penalised_xor_ends_in_a_proved_minimum_and_the_checker_agrees(kind, activation):
    data = XOR | ({"y": [-1, 1, 1, -1]} if kind == "logistic" else {})
    case = random_start(1, [2], data, loss={"kind": kind}, penalty={"l2": "1/200", "biases": True})
    case = problem_from_mapping(case.to_dict() | {"network": {"widths": [2], "activation": activation}})
    found = near(case)
    assert isinstance(found, Critical), found
    assert found.minimum
    certificate = Certificate(case, (found.claim,))
    assert outcome(certificate.to_json()).startswith("accepted: Exactly one critical point")
    assert holds(certificate.to_data())
    assert found.within < Fraction(1, 2**100) < found.claim.radius
    assert found.value.hi - found.value.lo < Fraction(1, 2**50)


@pytest.mark.parametrize("seed", range(15))
def test_random_problems_end_in_what_the_checker_accepts(seed):
    case = problem(random.Random(seed), uniform=True)
    found = near(case)
    if isinstance(found, OpenEnd):
        assert found.reason
        return
    assert outcome(Certificate(case, (found.claim,)).to_json()).startswith("accepted: ")


def test_nothing_in_the_box_is_lower_and_nothing_else_in_it_is_critical():
    case = random_start(3, [2], XOR, penalty={"l2": "1/20"})
    found = near(case)
    assert isinstance(found, Critical)
    loss, centre, source = SmoothLoss(case), found.claim.point, random.Random(0)
    start = loss.vector(centre)
    with precision(256):
        least = loss.value(centre, found.within)
        for scale in (1, Fraction(1, 8), Fraction(1, 2**20)):
            for _ in range(10):
                moves = [found.claim.radius * scale * Fraction(source.randint(-16, 16), 16) for _ in start]
                other = loss.point([a + b for a, b in zip(start, moves, strict=True)], centre)
                assert loss.value(other) > least
                assert any(q > 0 or q < 0 for q in loss.gradient(other))


SADDLE = {
    "data": {"x": [[-1], [1], [2]], "y": [1, -1, 2]},
    "network": {"widths": [1], "activation": "tanh", "hidden_bias": False, "output_bias": False},
    "penalty": {"l2": "1/10"},
    "point": {"weights": [[[0]], [[0]]]},
}


def test_a_saddle_is_refuted_and_left():
    case = problem_from_mapping(SADDLE)
    stopped, left = near(case, saddles=0), near(case)
    assert isinstance(stopped, Critical)
    assert not stopped.minimum
    assert stopped.claim.signs.count(-1) == 1
    assert outcome(Certificate(case, (stopped.claim,)).to_json()).startswith("accepted: No point within 1/64")
    assert isinstance(left, Critical)
    assert left.minimum
    assert left.visited == 2
    assert left.value.hi < stopped.value.lo


def test_a_degenerate_end_is_undecided_with_its_inertia():
    """Two equal units: a line of critical points, since only their sum counts."""
    case = problem_from_mapping(
        {
            "data": {"x": [[1], [2], [-1]], "y": [1, 0, 2]},
            "network": {"widths": [2], "activation": "tanh", "hidden_bias": False, "output_bias": False},
            "train": {"hidden": False},
            "point": {"weights": [[[1], [1]], [["1/3", "1/3"]]]},
        }
    )
    found = near(case)
    assert isinstance(found, OpenEnd)
    assert "1 curvatures are proved to be positive there, 0 negative, and 1 not told from 0" in found.reason


def test_separable_data_have_no_minimum():
    case = random_start(0, [1], {"x": [[1], [-1]], "y": [1, -1]}, loss={"kind": "logistic"})
    found = near(case)
    assert isinstance(found, OpenEnd)
    assert "no critical point is proved" in found.reason


def test_nothing_trained_is_said():
    train = {"hidden": False, "hidden_bias": False, "output": False, "output_bias": False}
    case = random_start(0, [1], XOR, train=train)
    assert near(case).reason == "nothing is trained"


def test_inertia_of_a_matrix_with_a_kernel():
    from exactgeo.exact.krawczyk import ball, balls

    source = random.Random(4)
    for _ in range(20):
        size = source.randint(2, 5)
        signs = [source.choice([-1, 0, 1]) for _ in range(size)]
        square = np.array([[source.randint(-3, 3) for _ in range(size)] for _ in range(size)])
        if not round(np.linalg.det(square)):
            continue
        form = square.T @ np.diag(signs) @ square
        with precision(128):
            found = inertia(balls([[ball(int(q)) for q in row] for row in form]))
        assert found == (signs.count(1), signs.count(-1))


@pytest.mark.parametrize("seed", range(6))
def test_no_point_of_the_first_radius_is_critical(seed):
    case = problem(random.Random(seed), uniform=True)
    radius = sloped_within(case, case.point)
    if not radius:
        return
    loss, source = SmoothLoss(case), random.Random(seed)
    start = loss.vector(case.point)
    signs = set()
    with precision(128):
        for _ in range(20):
            moves = [radius * Fraction(source.randint(-8, 8), 8) for _ in start]
            gradient = loss.gradient(loss.point([a + b for a, b in zip(start, moves, strict=True)], case.point))
            signs.add(tuple((q > 0) - (q < 0) for q in gradient))
    # One and the same derivative keeps its sign.
    assert any(len(set(column)) == 1 and column[0] for column in zip(*signs, strict=True))


def test_the_command_writes_what_the_checker_accepts(tmp_path, capsys):
    case = problem_from_mapping(SADDLE)
    path, certificate = tmp_path / "saddle.toml", tmp_path / "certificate.json"
    path.write_text(case.to_toml())
    code, out, _ = run(capsys, "polish", str(path), "--certificate", str(certificate), "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["status"] == "enclosed"
    assert answer["verdict"]["verdict"] == "local_minimum"
    assert answer["verdict"]["rung"] == "smooth_critical"
    # The start is the saddle itself: no local minimum in its box.
    assert 0 < float(answer["none_within"]) < float(answer["one_within"])
    assert float(answer["radius"]) < float(answer["alone_within"])
    code, out, _ = run(capsys, "check", str(certificate), str(path), "--json")
    assert code == 0
    assert [claim["kind"] for claim in json.loads(out)["claims"]] == ["smooth_minimum", "smooth_saddle"]


def test_the_command_says_what_is_degenerate(tmp_path, capsys):
    case = random_start(0, [1], {"x": [[1], [-1]], "y": [1, -1]}, loss={"kind": "logistic"})
    path = tmp_path / "separable.toml"
    path.write_text(case.to_toml())
    code, out, _ = run(capsys, "polish", str(path))
    assert code == 3
    assert "curvatures are proved to be positive there" in out


def test_rationals_are_refused_by_name(tmp_path, capsys):
    path = tmp_path / "saddle.toml"
    path.write_text(problem_from_mapping(SADDLE).to_toml())
    code, _, err = run(capsys, "polish", str(path), "--method", "exact")
    assert code == 2
    assert "irrational" in err
