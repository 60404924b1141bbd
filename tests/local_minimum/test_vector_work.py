"""The work that the checker counts of a claim about vector outputs is foreseen: none is written that it refuses for it."""

from __future__ import annotations

import random
from copy import copy

import pytest
from damage import checker
from deep_problems import case
from vector_problems import vector_case

from exactgeo.local_minimum import LADDER
from exactgeo.local_minimum.vector import work

RUNGS = {rung.name: rung for rung in LADDER}


def counted(monkeypatch, name, problem) -> tuple[int, int] | None:
    """What is foreseen of a claim, and what the checker counts."""
    made = []

    class Counting(work.Work):
        def spend(self, steps):
            super().spend(steps)
            made.append(self)

    for module in ("rungs.unrolled_faces", "vector.layer"):
        monkeypatch.setattr(f"exactgeo.local_minimum.{module}.Work", Counting)
    found = RUNGS[name].decide(problem, problem.point)
    if found.kind != "local_minimum":
        return None
    core = checker()
    core.meter.spent, core.meter.size = 0, 1
    core.run(found.certificate.to_json())
    return made[-1].spent, core.meter.spent


CASES = {
    "silent_units": (vector_case, {"widths": [2], "outputs": 2}),
    "definite_faces": (vector_case, {"widths": [2], "outputs": 2}),
    "tied_faces": (vector_case, {"widths": [2], "outputs": 3}),
    "unrolled_faces": (case, {"outputs": 2}),
}


@pytest.mark.parametrize("name", CASES)
def test_no_more_is_counted_than_a_third_more_than_foreseen(name, monkeypatch):
    make, options = CASES[name]
    seen = []
    for seed in range(70):
        problem = make(random.Random(f"work {seed}"), **options)
        if RUNGS[name].accepts(problem) is None:
            seen += [pair for pair in [counted(monkeypatch, name, problem)] if pair]
    assert len(seen) >= 5
    assert all(3 * real <= 4 * foreseen for foreseen, real in seen)


def test_the_limit_is_below_that_of_the_checker():
    assert 4 * work.LIMIT <= 3 * checker().MAX_WORK


@pytest.mark.parametrize("name", CASES)
def test_what_would_be_refused_is_left_open(name, monkeypatch):
    make, options = CASES[name]
    problems = (make(random.Random(f"work {seed}"), **options) for seed in range(250))
    problem = next(one for one in problems if RUNGS[name].decide(one, one.point).kind == "local_minimum")
    monkeypatch.setattr(work, "LIMIT", 100)
    assert "too many" in RUNGS[name].decide(problem, problem.point).outside.reason


def test_long_numbers_count_more():
    problem = vector_case(random.Random(1), widths=[1], outputs=2)
    tables = problem.to_dict()
    tables["data"]["y"][0][0] = f"1/{3**2000}"
    plain, long = (work.Work(at_of(tables)) for tables in (problem.to_dict(), tables))
    assert long.spent > 9 * plain.spent
    twice = copy(plain)
    twice.spend(1)
    assert twice.spent == plain.spent + 1


def at_of(tables):
    from exactgeo.formats import problem_from_mapping
    from exactgeo.local_minimum.deep.point import DeepPoint

    problem = problem_from_mapping(tables)
    return DeepPoint.of(problem, problem.point)
