"""The exact optimum of one basin: KKT replay, brute force, CVXPY, degenerate input, refusals of damaged answers."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from fractions import Fraction

import basin_brute as brute
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from losses import example

from exactgeo.basin.cone_program import Program, replay
from exactgeo.basin.solvers import solve
from exactgeo.basin.solvers.enclosure import bounds
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.matrix import primitive
from exactgeo.losses import LOSSES, make_loss

RATIONAL = [kind for kind in LOSSES if LOSSES[kind].rational]
ONE = Fraction(1)


def make(kind, y, columns, line=False, offset=None, bound=ONE):
    distinct = tuple(dict.fromkeys(primitive(c) for c in columns if any(c)))
    zero = tuple(Fraction(0) for _ in y)
    lines = ((1,) * len(y),) if line else ()
    loss = make_loss(kind, *[bound] * len(example(kind).parameters))
    return Program(loss, ONE, tuple(map(Fraction, y)), tuple(offset or zero), distinct, lines)


@st.composite
def programs(draw, kinds=RATIONAL, most=3):
    """Degenerate first: entries in -2..2, so columns repeat, oppose, vanish and depend on each other."""
    m = draw(st.integers(1, most))
    kind = draw(st.sampled_from(kinds))
    small = st.integers(-2, 2)
    columns = draw(st.lists(st.tuples(*[small] * m), max_size=4))
    y = draw(st.tuples(*[st.sampled_from([-1, 1]) if LOSSES[kind].targets else small] * m))
    offset = draw(st.tuples(*[st.sampled_from([Fraction(0), Fraction(1, 2)])] * m))
    bound = draw(st.sampled_from([Fraction(1, 2), ONE]))
    return make(kind, y, columns, draw(st.booleans()), offset, bound)


@settings(max_examples=60, deadline=None)
@given(programs(most=2))
def test_every_rational_loss_against_brute_force(program):
    generators = [list(c) for c in program.columns]
    for line in program.lines:
        generators += [list(line), [-q for q in line]]
    generators = [[Fraction(q) for q in g] for g in generators]
    found = solve(program, program.full)  # replays its KKT conditions
    wanted = brute.minimum(
        program.loss.kind, generators, list(program.y), (*program.loss.parameters, ONE)[0], list(program.offset)
    )
    assert found.value == wanted


@pytest.mark.parametrize("kind", [kind for kind in RATIONAL if kind != "huber"])
def test_three_data_against_brute_force(kind):
    rng = random.Random(5)
    for _ in range(8):
        columns = [[rng.randint(-2, 2) for _ in range(3)] for _ in range(5)]
        y = [rng.choice([-1, 1]) if LOSSES[kind].targets else rng.randint(-4, 4) for _ in range(3)]
        program = make(kind, y, columns)
        generators = [[Fraction(q) for q in c] for c in program.columns]
        assert solve(program, program.full).value == brute.minimum(kind, generators, list(program.y))


@pytest.mark.parametrize("kind", RATIONAL)
def test_hundred_larger_ones_are_all_certified(kind):
    rng = random.Random(7)
    for _ in range(100):
        m, n = rng.randint(1, 9), rng.randint(0, 16)
        columns = [[rng.randint(-1, 1) for _ in range(m)] for _ in range(n)]
        columns += [[2 * q for q in c] for c in columns[:2]] + [[-q for q in c] for c in columns[2:4]]
        y = [
            rng.choice([-1, 1]) if LOSSES[kind].targets else Fraction(rng.randint(-9, 9), rng.randint(1, 4))
            for _ in range(m)
        ]
        program = make(kind, y, columns, rng.random() < 0.5, bound=Fraction(3, 2))
        solve(program, program.full)


def test_entries_beyond_every_float():
    huge = 10**400
    program = make("squared", [huge, 1], [(huge, 1), (-huge, 1), (1, huge)])
    assert solve(program, program.full).value == 0
    thin = make("squared", [0, 1], [(huge, 1), (-huge, 1)])
    assert solve(thin, thin.full).value == 0
    # One side only: the distance to the ray through (10^400, 1) is less than 1 by 1 / (10^800 + 1).
    side = make("squared", [0, 1], [(huge, 1)])
    assert solve(side, 1).value == 1 - Fraction(1, huge * huge + 1)


@pytest.mark.parametrize("kind", RATIONAL)
def test_a_damaged_certificate_is_refused(kind):
    program = make(kind, [1, -1, 1], [(1, 2, 0), (0, 1, 1), (-1, 0, 1)])
    good = solve(program, program.full)
    replay(program, program.full, good)
    damaged = [
        replace(good, gradient=tuple(q + Fraction(1, 10**30) for q in good.gradient)),
        replace(good, prediction=(good.prediction[0] + 1, *good.prediction[1:])),
        replace(good, weights={**good.weights, 0: Fraction(-1)}),
        replace(good, weights={**good.weights, 2: good.weights.get(2, Fraction(0)) + 1}),
    ]
    for bad in damaged:
        with pytest.raises(InternalError):
            replay(program, program.full, bad)


def test_a_gradient_that_leaves_a_column_descending_is_refused():
    program = make("squared", [3, 0], [(1, 0), (1, 1)])
    worse = solve(program, 2)
    with pytest.raises(InternalError):
        replay(program, 3, worse)


# -- logistic ----------------------------------------------------------------------------------------------------------


def test_logistic_with_nothing_to_train_is_log_2_a_datum():
    found = solve(make("logistic", [1, -1, 1], []), 0)
    assert isinstance(found.value, Enclosure)
    assert found.attained
    assert found.value.lo <= Fraction(math.log(2)) * 3 + Fraction(1, 10**14)
    assert found.value.hi >= Fraction(math.log(2)) * 3 - Fraction(1, 10**14)
    assert found.value.hi - found.value.lo < Fraction(1, 10**12)


def test_logistic_separable_data_have_infimum_0_not_attained():
    found = solve(make("logistic", [1, -1], [(1, -2)]), 1)
    assert (found.value, found.attained, dict(found.recession)) == (
        Enclosure(Fraction(0), Fraction(0)),
        False,
        found.recession,
    )
    assert found.recession[0] > 0


def test_logistic_partly_separable_keeps_what_cannot_be_separated():
    # Data 0 goes to loss 0 along the column; data 1 and 2 contradict each other on the line: log 2 each.
    found = solve(make("logistic", [1, 1, -1], [(1, 0, 0)], line=True), 1)
    assert not found.attained
    assert abs(found.value.lo - Fraction(2 * math.log(2))) < Fraction(1, 10**12)
    assert found.gradient[0] == 0


@settings(max_examples=60, deadline=None)
@given(programs(kinds=("logistic",), most=5))
def test_logistic_bounds_hold_at_random_points_and_are_tight(program):
    found = solve(program, program.full)
    assert 0 <= found.value.hi - found.value.lo < Fraction(1, 10**9)
    rng = random.Random(3)
    for _ in range(20):
        weights = {j: Fraction(rng.randint(0, 4), 2) for j in range(len(program.columns))}
        p = program.predictions(weights, tuple(Fraction(rng.randint(-3, 3)) for _ in program.lines))
        loss = sum(math.log1p(math.exp(-float(y * q))) for y, q in zip(program.y, p, strict=True))
        assert loss >= float(found.value.lo) - 1e-9
    if not found.attained:
        q = replace(program, offset=(Fraction(0),) * program.m).predictions(found.recession, found.recession_lines)
        sides = [y * a for y, a in zip(program.y, q, strict=True)]
        assert min(sides) >= 0
        assert max(sides) > 0


@settings(max_examples=40, deadline=None)
@given(programs(kinds=("logistic",), most=5))
def test_logistic_directions_of_other_sets_serve_where_they_say(program):
    known = []
    for mask in range(program.full + 1):
        with_help, alone = bounds(program, mask, known), bounds(program, mask)
        assert with_help.attained == alone.attained
        assert max(with_help.value.lo, alone.value.lo) <= min(with_help.value.hi, alone.value.hi)
        assert with_help.value.hi - with_help.value.lo < Fraction(1, 10**9)
        assert with_help.support & ~mask == 0 == mask & ~with_help.allowed
