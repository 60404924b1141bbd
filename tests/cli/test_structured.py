"""All commands on problems with structured points: an exit code, one object, and every certificate accepted."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from fuzz import examine
from structured import ACTIVATIONS, LOSSES, structured

import exactgeo as eg


def test_the_generator_makes_what_it_promises():
    drawn = [structured(random.Random(seed)) for seed in range(400)]
    assert {case["network"]["activation"] for case in drawn} == set(ACTIVATIONS)
    assert {case["loss"]["kind"] for case in drawn} == set(LOSSES)
    seen = Counter()
    for case in drawn:
        problem = eg.load(case)
        x, units = problem.x, problem.point.neurons
        live = [(w, v) for w, v in units if any(w) and v]
        seen["frozen"] += not all(case["train"].values())
        seen["zero row"] += not all(map(any, x))
        seen["repeated rows"] += len(set(x)) < len(x)
        seen["zero unit"] += any(not any(w) and not v for w, v in units)
        seen["idle unit"] += any(any(w) and not v for w, v in units)
        seen["equal units"] += len(set(live)) < len(live)
        seen["cancelling units"] += any((w, -v) in live for w, v in live)
        seen["kink"] += any(
            z == 0 for w, _ in live for z in (sum(map(lambda a, b: a * b, w, row)) for row in problem.lifted)
        )
        seen["fit"] += problem.loss_at(problem.point) == 0
    assert len(seen) == 9
    assert min(seen.values()) >= 10, seen


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("start", range(0, 400, 50))
def test_no_command_fails_on_a_structured_point(tmp_path, start):
    faults = [fault for seed in range(start, start + 50) for fault in examine(seed, tmp_path)]
    assert not faults, "\n".join(faults)
