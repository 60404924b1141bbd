"""The laws of every solver of cone programs, over the losses of the registry and some that the package does not have."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from losses import Pinball, example, target
from strange_losses import REFUSED, TAKEN, Tilted

from exactgeo.basin import solvers
from exactgeo.basin.batch import solve_masks
from exactgeo.basin.cone_program import Program, loss_value, replay
from exactgeo.basin.solvers import SOLVERS, BasisSolver, solve
from exactgeo.basin.solvers.projection import Projection
from exactgeo.basin.solvers.simplex import Simplex
from exactgeo.errors import InternalError, OutOfScope
from exactgeo.exact.enclosure import high, low, scaled
from exactgeo.exact.matrix import primitive
from exactgeo.losses import LOSSES, Loss, make_loss

F, ONE = Fraction, Fraction(1)
# Of one score: cross-entropy becomes logistic before a program is made.
SCALAR = [loss for loss in map(example, LOSSES) if loss.pieces(F(1)) is not None or type(loss) is LOSSES["logistic"]]
LAWS = [*SCALAR, make_loss("huber", F(1, 2)), *TAKEN]
EXACT = [loss for loss in LAWS if loss.rational]


def over(losses):
    return pytest.mark.parametrize("loss", [pytest.param(loss, id=loss.name) for loss in losses])


def program(rng: random.Random, loss: Loss, m: int, n: int, weight: Fraction = ONE) -> Program:
    """Degenerate first: columns repeat, oppose, vanish and depend on each other; targets that occur twice."""
    columns = [[rng.randint(-2, 2) for _ in range(m)] for _ in range(n)]
    columns += [[-q for q in c] for c in columns[:1]]
    distinct = tuple(dict.fromkeys(primitive(c) for c in columns if any(c)))
    lines = ((1,) * m,) if rng.random() < 0.4 else ()
    y = tuple(target(loss, F(rng.randint(-4, 4), rng.choice([1, 2]))) for _ in range(m))
    offset = tuple(F(rng.choice([0, 0, 1]), 2) for _ in range(m))
    return Program(loss, weight, y, offset, distinct, lines)


# -- refusals ----------------------------------------------------------------------------------------------------------


@over(REFUSED)
def test_a_loss_that_no_solver_takes_is_named(loss):
    with pytest.raises(OutOfScope, match=f"the {loss.name} loss"):
        solve(Program(loss, F(1), (F(1),), (F(0),), ((1,),), ()), 1)


@over(EXACT)
def test_a_slope_outside_the_subgradient_is_refused(loss):
    """Whatever the loss's name is: the replay asks the loss. A lone datum, so that nothing else can be wrong."""
    for q in (F(-3), F(-1, 4), F(0), F(1, 2), F(2)):
        y = target(loss, F(1))
        case = Program(loss, F(1), (y,), (q,), (), ())
        good = solve(case, 0)
        left, right = loss.slopes(q, y)
        for slope in (left, right, (left + right) / 2):
            replay(case, 0, replace(good, gradient=(slope,)))
        for slope in (left - F(1, 10**30), right + F(1, 10**30), left - 5, right + 5):
            with pytest.raises(InternalError, match=r"failed its replay"):
                replay(case, 0, replace(good, gradient=(slope,)))


@over(EXACT)
def test_a_damaged_certificate_is_refused(loss):
    case = program(random.Random(5), loss, 3, 4)
    good = solve(case, case.full)
    for bad in (
        replace(good, prediction=(good.prediction[0] + 1, *good.prediction[1:])),
        replace(good, weights={**good.weights, 0: F(-1)}),
        replace(good, gradient=tuple(q + 7 for q in good.gradient)),
    ):
        with pytest.raises(InternalError, match=r"failed its replay"):
            replay(case, case.full, bad)


# -- choosing ----------------------------------------------------------------------------------------------------------


@over(LAWS)
def test_a_solver_is_chosen_by_the_pieces(loss):
    y = tuple(target(loss, F(q)) for q in (-1, 1))
    pieces = loss.pieces(y[0])
    accepting = [solver for solver in SOLVERS if solver.accepts(loss, y)]
    assert solvers.choose(loss, y) is accepting[0]
    assert len(accepting) == 1
    if pieces is None:
        assert accepting[0] not in (Projection, Simplex)
    else:
        assert accepting[0] is (Projection if any(a for a, _, _ in pieces.quadratics) else Simplex)


def test_one_solver_a_program():
    case = program(random.Random(1), Pinball(F(1, 3)), 3, 3)
    assert solvers.of(case) is solvers.of(case)
    assert solvers.of(case) is not solvers.of(replace(case))


# -- optima ------------------------------------------------------------------------------------------------------------


@over(LAWS)
def test_every_set_of_columns(loss):
    """Replayed by the solver; below every point tried, and the same for every set between support and allowed."""
    rng = random.Random(7)
    for _ in range(12):
        case = program(rng, loss, rng.randint(1, 4), rng.randint(0, 4))
        found = [solve(case, mask) for mask in range(case.full + 1)]
        for mask, best in enumerate(found):
            assert best.support & ~mask == 0 == mask & ~best.allowed
            for other, value in enumerate(found):
                if not mask & ~other:
                    assert low(value.value) <= high(best.value)
                if not best.support & ~other and not other & ~best.allowed:
                    assert low(value.value) <= high(best.value)
                    assert low(best.value) <= high(value.value)
        for _ in range(20):
            weights = {j: F(rng.randint(0, 4), 2) for j in range(len(case.columns))}
            p = case.predictions(weights, tuple(F(rng.randint(-3, 3)) for _ in case.lines))
            at = sum(loss.enclosure(q, y).hi for q, y in zip(p, case.y, strict=True))
            assert low(found[-1].value) <= at


@over(LAWS)
def test_many_sets_at_once_are_each_alone(loss):
    rng = random.Random(11)
    for _ in range(8):
        case = program(rng, loss, rng.randint(1, 4), rng.randint(0, 4), F(1, 3))
        masks = list(range(case.full + 1))
        optima, owner = solve_masks(case, masks)
        for mask, number in zip(masks, owner, strict=True):
            best, wanted = optima[number], solve(case, mask)
            assert low(best.value) <= high(wanted.value)
            assert low(wanted.value) <= high(best.value)
            assert best.support & ~mask == 0 == mask & ~best.allowed
            assert best.attained == wanted.attained


@over(EXACT)
def test_a_basis_says_what_its_optimum_says(loss):
    rng, seen = random.Random(13), 0
    for _ in range(20):
        case = program(rng, loss, rng.randint(1, 4), rng.randint(1, 4), F(1, 2))
        solver = solvers.of(case)
        assert isinstance(solver, BasisSolver)
        assert solver.count == len(case.columns)
        pivoting = solver.pivoting()
        usable = np.ones((case.full + 1, len(solver.columns)), dtype=bool)
        for mask in range(case.full + 1):
            usable[mask, : solver.count] = [mask >> j & 1 for j in range(solver.count)]
        for number in set(pivoting.ends(usable).tolist()):
            refined = solver.refined([j for j in pivoting.bases[number].tolist() if j < len(solver.columns)])
            if refined is None:
                continue
            signs = solver.signs([refined])[0].tolist()
            best = solver.on_support(refined.basis) if min(signs[solver.count :], default=0) >= 0 else None
            if best is not None:
                seen += 1
                assert best.value == refined.value == loss_value(case, best.prediction)
                assert best.support == sum(1 << j for j in refined.used)
                assert tuple(signs[: solver.count]) == case.signs(best.gradient)
    assert seen > 40


@over(LAWS)
def test_a_weight_scales_the_value_and_nothing_else(loss):
    case = program(random.Random(17), loss, 4, 4)
    one, third = solve(case, case.full), solve(replace(case, weight=F(1, 3)), case.full)
    assert third.value == scaled(one.value, F(1, 3))
    assert replace(third, value=one.value) == one


def test_the_best_constant_is_the_quantile():
    y = tuple(map(F, (1, 5, 2, 9, 4)))
    case = Program(Pinball(F(1, 4)), F(1), y, (F(0),) * 5, (), ((1,) * 5,))
    # A quarter of five data lies between the first and the second.
    assert solve(case, 0).prediction == (F(2),) * 5
    assert solve(case, 0).value == F(1, 4) * (3 + 7 + 2) + F(3, 4) * 1


def test_a_clipped_datum_is_followed_no_further():
    # Slopes -1 and 3: three data pull down with 1 each, one pulls up with 3 at most: level from -1/4 - ... to far above.
    y = tuple(map(F, (0, 0, 0, 100)))
    case = Program(Tilted(), F(1), y, (F(0),) * 4, (), ((1,) * 4,))
    best = solve(case, 0)
    assert best.gradient[3] == -1
    assert best.prediction[0] == F(1, 12)
    assert best.gradient[:3] == (F(1, 3),) * 3
