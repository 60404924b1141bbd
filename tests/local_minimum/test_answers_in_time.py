"""What an answer says of what it does not know: after a limit, and where a question has no answer. No test reads a clock."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction as F

import pytest
from degenerate import generate, make, to_problem
from ended import Ended
from losses import example, target

import exactgeo as eg
from exactgeo import standing
from exactgeo.errors import OutOfTime
from exactgeo.exact import bounded_lp
from exactgeo.kinds import Globality, Kind, Reason
from exactgeo.local_minimum import Undecided, decide
from exactgeo.losses import LOSSES
from exactgeo.problem import Penalty


def kinks(kind: str, **penalty):
    """Two idle and two busy neurons with every data point on a kink."""
    case = to_problem(make([[1], [-2], [3]], [0, 0, 0], [[0], [0], [0]], [1, -1, 0], c=0))
    loss = example(kind)
    y = tuple((target(loss, q),) for q in (F(1), F(-1), F(1)))
    return replace(case, loss=loss, y=y, penalty=Penalty(**penalty) if penalty else case.penalty)


@pytest.mark.parametrize("kind", [kind for kind, loss in LOSSES.items() if not loss.classes])
@pytest.mark.parametrize("penalty", [{}, {"l2": F(1, 2), "l1": F(0), "biases": False}])
def test_a_limit_ends_the_decision_of_every_loss(kind, penalty):
    problem = kinks(kind, **penalty)
    whole = decide(problem)
    if isinstance(whole, Undecided):
        return
    asked = Ended(10**9)
    decide(problem, strictness=False, check=asked)
    count = 10**9 - asked.left
    for left in {0, count // 2, count - 1}:
        found = decide(problem, strictness=False, check=Ended(left))
        assert isinstance(found, Undecided)
        assert found.ended
        assert found.outside.reason == "the decision ended after 7 s; raise --time-limit"
        assert found.tries[-1].reason == found.outside.reason
    assert decide(problem, strictness=False, check=Ended(count)).kind is whole.kind


@pytest.mark.parametrize("small", [10**9, 0])
def test_a_check_is_asked_inside_a_linear_program(small, monkeypatch):
    """Where one program is all there is: its pivots are pieces of work, the exact ones and the proposed ones."""
    monkeypatch.setattr(bounded_lp, "SMALL", small)
    rng = random.Random(5)
    rows = [{j: F(rng.randint(-9, 9)) for j in range(12)} for _ in range(5)]
    inside = [F(rng.randint(0, 4), 4) for _ in range(12)]
    right = [sum(q * inside[j] for j, q in row.items()) for row in rows]
    program = bounded_lp.BoundedProgram(12, rows, right, dict.fromkeys(range(12), F(1)))
    asked = Ended(10**9)
    whole = program.minimise({0: F(1), 5: F(-1)}, asked)
    count = 10**9 - asked.left
    assert count > 3
    with pytest.raises(OutOfTime):
        program.minimise({0: F(1), 5: F(-1)}, Ended(count - 1))
    assert program.minimise({0: F(1), 5: F(-1)}, Ended(count)) == whole


@pytest.fixture
def at_once(monkeypatch):
    """No time at all for the decision and the strictness."""
    monkeypatch.setattr(standing, "AT_LEAST", 0)


def test_out_of_time_the_verdict_is_undecided_with_its_reason(at_once):
    problem = kinks("absolute")
    found = eg.certify(problem, time_limit=0)
    answer = found.to_json()
    assert (found.kind, found.globality, found.reason) == (Kind.UNDECIDED, Globality.UNKNOWN, Reason.BUDGET)
    assert answer["reason"] == "budget: the decision ended after 0 s; raise --time-limit"
    assert answer["loss"] == "3"
    assert set(answer["reasons"]) == {key for key, value in answer.items() if value is None}


def test_a_point_of_loss_0_is_global_whatever_the_limit(at_once):
    problem = kinks("absolute")
    problem = replace(problem, y=problem.predictions(problem.point))
    told = []
    found = eg.certify(problem, time_limit=0, known=told.append)
    assert {one.globality for one in (*told, found)} == {Globality.GLOBAL}
    assert (found.kind, found.loss) == (Kind.LOCAL_MINIMUM, 0)


PROBLEMS = {
    **{f"{kind}-{seed}": (kind, seed) for kind in LOSSES if not LOSSES[kind].classes for seed in range(6)},
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_null_of_an_answer_has_its_reason(name):
    kind, seed = PROBLEMS[name]
    case = to_problem(generate(random.Random(seed), tiny=True))
    loss = example(kind)
    case = replace(case, loss=loss, y=tuple((target(loss, q),) for (q,) in case.y))
    if seed % 3 == 2:
        case = replace(case, penalty=Penalty(F(1, 3), F(seed % 2), biases=True))
    told = []
    for found in (eg.certify(case, time_limit=0.3, known=told.append), *told):
        answer = found.to_json()
        nulls = {key for key, value in answer.items() if value is None} - {"reason"}
        assert set(answer["reasons"]) == nulls
        assert all(len(text) > 10 for text in answer["reasons"].values())
