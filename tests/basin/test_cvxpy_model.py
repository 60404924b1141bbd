"""A loss in CVXPY, derived from its pieces: convex by its rules, and equal to the loss itself."""

from __future__ import annotations

import random
from fractions import Fraction

import cvxpy as cp
import numpy as np
import pytest
from losses import example, target
from strange_losses import REFUSED, TAKEN

from exactgeo.basin.cone_program import Program
from exactgeo.basin.cvxpy_model import summed_loss
from exactgeo.basin.solvers import solve
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import high, low
from exactgeo.losses import LOSSES, make_loss

F = Fraction
SCALAR = [example(kind) for kind in LOSSES if kind != "cross_entropy"]
ALL = [*SCALAR, make_loss("huber", F(1, 3)), *TAKEN, *REFUSED]


@pytest.mark.parametrize("loss", ALL, ids=lambda loss: loss.name)
def test_the_sum_of_the_losses(loss):
    rng = random.Random(3)
    for _ in range(30):
        y = tuple(target(loss, F(rng.randint(-9, 9), 3)) for _ in range(4))
        p = [F(rng.randint(-40, 40), 7) for _ in range(3)]
        # At a break too.
        p.append(y[-1])
        variable = cp.Variable(4)
        found = summed_loss(loss, y, variable)
        assert found.is_convex()
        variable.value = np.array([float(q) for q in p])
        wanted = sum(float(loss.enclosure(q, target).lo) for q, target in zip(p, y, strict=True))
        assert float(found.value) == pytest.approx(wanted, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("loss", [*SCALAR, *TAKEN], ids=lambda loss: loss.name)
def test_its_optimum_is_the_solvers(loss):
    rng = random.Random(5)
    for _ in range(4):
        columns = tuple(tuple(rng.randint(-2, 2) for _ in range(5)) for _ in range(3))
        y = tuple(target(loss, F(rng.randint(-4, 4))) for _ in range(5))
        case = Program(loss, F(1), y, (F(0),) * 5, columns, ((1,) * 5,))
        weights, line = cp.Variable(3, nonneg=True), cp.Variable()
        model = cp.Problem(cp.Minimize(summed_loss(loss, y, np.array(columns).T @ weights + line)))
        value, best = model.solve(solver=cp.CLARABEL), solve(case, case.full).value
        assert float(low(best)) - 1e-5 <= value <= float(high(best)) + 1e-5


def test_a_loss_without_pieces_has_a_form_of_its_own_or_none():
    with pytest.raises(InternalError, match="cross_entropy"):
        summed_loss(make_loss("cross_entropy"), (F(1),), cp.Variable(1))
