"""The laws of every rung of the ladder, over degenerate problems of every loss."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest
from damage import outcome
from degenerate import generate, to_problem
from losses import example, target

from exactgeo.errors import OutOfScope
from exactgeo.kinds import Kind
from exactgeo.local_minimum import LADDER, Descent, Minimum, Undecided, decide
from exactgeo.losses import LOSSES
from exactgeo.problem import NO_PENALTY, Penalty


def problem(seed: int, kind: str):
    """A degenerate problem with its point, of any loss; its targets made to fit."""
    case = to_problem(generate(random.Random(seed), tiny=True))
    loss = example(kind)
    y = tuple((target(loss, q),) for (q,) in case.y)
    network = replace(case.network, outputs=max(loss.outputs(y), 1)) if loss.classes else case.network
    if loss.classes and network.outputs != case.network.outputs:
        point = case.point.with_outputs(2) if network.outputs == 2 else None
        return replace(case, loss=loss, y=y, network=network, point=point)
    return replace(case, loss=loss, y=y)


@pytest.mark.parametrize("kind", LOSSES)
def test_an_accepted_problem_is_decided_and_the_checker_accepts_the_claim(kind):
    seen = Counter()
    for seed in range(40):
        case = problem(seed, kind)
        answers = {}
        for rung in LADDER:
            outside = rung.accepts(case)
            if outside is not None:
                assert isinstance(outside, OutOfScope)
                assert outside.reason
                assert outside.try_instead
                continue
            if case.point is None:
                continue
            found = rung.decide(case, case.point)
            assert isinstance(found, Minimum | Descent)
            assert outcome(found.certificate.to_json()).startswith("accepted: ")
            answers[rung.name] = found.kind
            seen[found.kind] += 1
        # Two rungs that accept one problem agree.
        assert len(set(answers.values())) <= 1
        if case.point is None:
            continue
        whole = decide(case)
        assert [one.rung for one in whole.tries] == [rung.name for rung in LADDER][: len(whole.tries)]
        assert isinstance(whole, Undecided) == (not answers)
        if answers:
            assert whole.tries[-1].outcome == whole.kind == next(iter(answers.values()))
        else:
            assert all(one.outcome == "out_of_scope" and one.reason for one in whole.tries)
    if LOSSES[kind].rational or LOSSES[kind].differentiable:
        assert min(seen[Kind.LOCAL_MINIMUM], seen[Kind.NOT_LOCAL_MINIMUM]) >= 3
    else:
        assert not seen


def test_names_are_different():
    names = [rung.name for rung in LADDER]
    assert len(set(names)) == len(names)


def test_nothing_is_said_without_a_point():
    with pytest.raises(ValueError, match="needs a point"):
        decide(replace(problem(0, "squared"), point=None))


@pytest.mark.parametrize("kind", LOSSES)
def test_a_penalty_is_for_one_rung_only(kind):
    """The others refuse it by name; that one decides, with a claim that the checker accepts, or says what it lacks."""
    seen = Counter()
    for seed in range(25):
        case = problem(seed, kind)
        if case.point is None:
            continue
        case = replace(case, penalty=Penalty(Fraction(1, 2), Fraction(seed % 5 == 0), biases=seed % 2 == 0))
        open_to = [rung for rung in LADDER if rung.accepts(case) is None]
        assert [rung.name for rung in open_to] in ([], ["weight_decay"], ["ordered_weight_decay"])
        for rung in open_to:
            found = rung.decide(case, case.point)
            seen[found.kind] += 1
            if isinstance(found, Undecided):
                assert found.outside.reason
            else:
                assert outcome(found.certificate.to_json()).startswith("accepted: ")
        assert all(rung.accepts(replace(case, penalty=NO_PENALTY)) for rung in LADDER if "weight_decay" in rung.name)
    assert bool(seen) == LOSSES[kind].differentiable
