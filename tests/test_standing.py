"""Globality from a branch and bound, where a census of all basins is too large: the same as from the census elsewhere."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from damage import outcome
from degenerate import generate, to_problem
from made_minimum import stopped

import exactgeo as eg
from exactgeo.formats import problem_from_mapping
from exactgeo.kinds import Globality
from exactgeo.problem import scope
from exactgeo.standing import globality


@pytest.fixture
def branching(monkeypatch):
    """Every problem in scope has too many basins for a census."""
    monkeypatch.setattr(globality, "FEW", 0)
    monkeypatch.setattr(globality, "BASINS_A_SECOND", 0)
    globality._kept_minimum.cache_clear()


def kinds_of(verdict):
    return [] if verdict.certificate is None else [claim.kind for claim in verdict.certificate.claims]


def on_a_line(y, n, point=None):
    tables = {"data": {"x": [[t] for t in range(len(y))], "y": y}, "network": {"widths": [n]}}
    return problem_from_mapping(tables | ({"point": point} if point else {}))


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_globality_is_that_of_the_census(monkeypatch, seed):
    problem = to_problem(generate(random.Random(seed), bool(seed % 2)))
    if scope.basins(problem) is not None:
        return
    before = eg.certify(problem, time_limit=20)
    monkeypatch.setattr(globality, "FEW", 0)
    monkeypatch.setattr(globality, "BASINS_A_SECOND", 0)
    after = eg.certify(problem, time_limit=20)
    assert (after.kind, after.globality, after.lower_bound) == (before.kind, before.globality, before.lower_bound)
    assert (after.better is None) == (before.better is None)
    if after.better is not None:
        assert (after.better.loss, after.better.complete) == (before.better.loss, before.better.complete)
    if after.certificate is not None:
        assert outcome(after.certificate.to_json()).startswith("accepted: ")


def test_a_global_minimum_is_proved_by_its_tree(branching):
    problem = on_a_line([0, 3, -1, 2, -2, 4], 2)
    best = eg.minimum(problem)
    verdict = eg.certify(problem, best.point, time_limit=20)
    assert (verdict.globality, verdict.loss, verdict.lower_bound) == (Globality.GLOBAL, best.minimum, best.minimum)
    assert kinds_of(verdict)[-1] == "lower_bound"
    assert outcome(verdict.certificate.to_json()).startswith("accepted: ")
    assert verdict.to_json()["lower_bound"] == "10"


def test_a_spurious_minimum_has_a_global_one_beside_it(branching):
    verdict = eg.certify(eg.load("swirszcz-prop1"), time_limit=20)
    assert (verdict.globality, verdict.better.loss, verdict.better.complete) == (Globality.SPURIOUS, 14, True)
    assert (verdict.lower_bound, "lower_bound" in kinds_of(verdict)) == (14, True)
    assert outcome(verdict.certificate.to_json()).startswith("accepted: ")


@pytest.mark.parametrize("batches", [1, 2])
def test_a_search_that_ends_leaves_a_gap(branching, monkeypatch, batches):
    """The point is a global minimum; what is known is a bound below it, with its certificate."""
    problem = on_a_line([2, 2, -4, 0, 4, 3, 2, -1, 5], 2)
    best = eg.minimum(problem)
    ended = stopped(problem.at(best.point), batches)
    assert not ended.complete
    monkeypatch.setattr(globality, "_kept_minimum", lambda *_: ended)
    monkeypatch.setattr(globality, "_lower_point", lambda *_: None)
    verdict = eg.certify(problem, best.point, time_limit=20)
    if ended.lower_bound == 0:
        assert (verdict.globality, verdict.lower_bound) == (Globality.UNKNOWN, None)
    else:
        assert (verdict.globality, verdict.lower_bound) == (Globality.UNKNOWN, ended.lower_bound)
        assert "a gap of" in verdict.detail
        assert kinds_of(verdict)[-1] == "lower_bound"
        assert outcome(verdict.certificate.to_json()).startswith("accepted: ")


def test_an_incumbent_below_the_point_proves_it_spurious(branching, monkeypatch):
    """Without the end of the search: the better point need not be a global minimum."""
    point = {"weights": [[[1]], [[1]]], "biases": [[-3], [0]]}
    problem = eg.load("swirszcz-prop1")
    ended = replace(stopped(problem, 1), complete=False)
    assert ended.incumbent < problem.loss_at(problem.point)
    monkeypatch.setattr(globality, "_kept_minimum", lambda *_: ended)
    verdict = eg.certify(problem, point, time_limit=20)
    assert (verdict.globality, verdict.better.complete) == (Globality.SPURIOUS, False)
    assert verdict.better.loss == ended.incumbent
    assert outcome(verdict.certificate.to_json()).startswith("accepted: ")


def test_without_time_there_is_no_bound():
    verdict = eg.certify(eg.load("swirszcz-prop1"), time_limit=0)
    assert (verdict.globality, verdict.lower_bound) == (Globality.UNKNOWN, None)
    assert verdict.to_json()["lower_bound"] is None
