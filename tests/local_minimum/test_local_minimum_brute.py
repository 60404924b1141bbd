"""The two-layer decision against brute force (tests/brute/brute.py) on problems whose degeneracy is forced."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from math import comb

import brute
import pytest
from brute import Case
from degenerate import ABS, ACTIVATIONS, cases, generate, kinks_matter, make, to_problem
from hypothesis import HealthCheck, given, settings

from exactgeo import certify
from exactgeo.local_minimum import Descent, Minimum, decide

F = Fraction


def negative_on_unit_interval(q: list[Fraction], depth: int = 40) -> bool:
    """Whether the polynomial sum_k q[k] t^k is negative on [0, 1]: Bernstein coefficients, halving the interval."""
    n = len(q) - 1
    bernstein = [sum(F(comb(j, k), comb(n, k)) * q[k] for k in range(j + 1)) for j in range(n + 1)]
    if all(a < 0 for a in bernstein):
        return True
    if bernstein[0] >= 0 or bernstein[-1] >= 0 or depth == 0:
        return False
    left = [q[k] / 2**k for k in range(n + 1)]
    right = [sum(comb(j, k) * left[j] for j in range(k, n + 1)) for k in range(n + 1)]
    return negative_on_unit_interval(left, depth - 1) and negative_on_unit_interval(right, depth - 1)


def moved_loss(case: Case, direction, s: Fraction) -> Fraction:
    def plus(p, q):
        return tuple(a + s * b for a, b in zip(p, q, strict=True))

    if case.linear:
        d_v, d_c = direction.weights[0][0], direction.biases[0]
        w, b = (), None
    else:
        d_w, (d_v,) = direction.weights
        d_b, d_c = direction.biases
        w = [plus(p, q) for p, q in zip(case.w, d_w, strict=True)]
        b = plus(case.b, d_b) if case.b is not None else None
    c = case.c + s * d_c[0] if case.c is not None else None
    return brute.loss(case, w, b, plus(case.v, d_v), c)


def check_descent(case: Case, descent, start: Fraction) -> None:
    """Lower at every 0 < s <= step, no kink crossed, nothing frozen moved."""
    direction, step = descent.direction, descent.claim.step
    assert step > 0
    if not case.linear:
        d_w, (d_v,) = direction.weights
        d_b, d_c = direction.biases
        for i, row in enumerate(case.w):
            u = (*d_w[i], d_b[i]) if case.b is not None else d_w[i]
            assert len(u) == len(row) + (case.b is not None)
            for x in case.lifted:
                before, change = brute.dot(x, case.weight(i)), brute.dot(x, u)
                # With two equal slopes there is no kink.
                assert case.slopes[0] == case.slopes[1] or before * (before + step * change) >= 0
        assert case.hidden or not any(q for row in d_w for q in row)
        assert case.hidden_bias or not any(d_b)
    else:
        (d_v,), d_c = direction.weights[0], direction.biases[0]
    assert case.output or not any(d_v)
    assert case.output_bias or not any(d_c)
    assert moved_loss(case, direction, step) == descent.loss_after
    for k in range(21):
        assert moved_loss(case, direction, step / 2**k) < start
    # Within the cells the loss is a polynomial of degree 4 in s; interpolate it at five points of (0, step].
    nodes = [F(j, 5) for j in range(1, 6)]
    values = [(moved_loss(case, direction, step * t) - start) / t for t in nodes]
    quotient = [F(0)] * 5
    for t, value in zip(nodes, values, strict=True):
        basis = [F(1)]
        for other in nodes:
            if other != t:
                basis = [(p - other * q) / (t - other) for p, q in zip([F(0), *basis], [*basis, F(0)], strict=True)]
        quotient = [p + value * q for p, q in zip(quotient, basis, strict=True)]
    assert quotient[4] == 0, "the loss along the descent is not one polynomial of degree 4"
    while quotient[0] == 0:
        quotient = quotient[1:]
    assert negative_on_unit_interval(quotient)


def check(case: Case, rng: random.Random, samples: int = 120, oracle: str | None = None) -> str:
    """The verdict of exactgeo on one case against everything brute force knows; returns the brute class."""
    expected = oracle or brute.decide(case)
    problem = to_problem(case)
    verdict = decide(problem, problem.point)
    start = brute.loss(case, case.w, case.b, case.v, case.c)
    assert verdict.loss == start
    if expected == "minimum":
        assert isinstance(verdict, Minimum)
        assert verdict.kind == "local_minimum"
        assert brute.best_difference(case, rng, samples) >= 0
    else:
        assert isinstance(verdict, Descent)
        assert verdict.kind == "not_local_minimum"
        check_descent(case, verdict, start)
    return expected


CHUNK = 120


@pytest.mark.parametrize("chunk", range(10))
def test_degenerate_problems(chunk):
    seeds = range(chunk * CHUNK, (chunk + 1) * CHUNK)
    tally = Counter()
    for seed in seeds:
        rng = random.Random(seed)
        case = generate(rng)
        try:
            tally[check(case, rng)] += 1
        except AssertionError:
            print(f"seed {seed}: {case}")
            raise
    assert sum(tally.values()) == CHUNK


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(20))
def test_degenerate_problems_at_length(chunk):
    for seed in range(10**6 + 1000 * chunk, 10**6 + 1000 * (chunk + 1)):
        rng = random.Random(seed)
        case = generate(rng)
        try:
            check(case, rng, samples=400)
        except AssertionError:
            print(f"seed {seed}: {case}")
            raise


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=cases())
def test_hypothesis_cases(case):
    check(case, random.Random(0), samples=40)


def test_generator_keeps_testing_something():
    """Minima, first-order and second-order descents, every one at least a tenth; kinks decide half of them."""
    drawn = [generate(random.Random(seed)) for seed in range(600)]
    classes = Counter(brute.decide(case) for case in drawn)
    print(dict(classes))
    assert min(classes[name] for name in ("minimum", "first", "second")) >= 60
    bent = Counter(brute.decide(case) for case in drawn if kinks_matter(case, brute.residual(case)))
    assert sum(bent.values()) >= 300
    assert min(bent[name] for name in ("minimum", "first", "second")) >= 50
    assert {case.slopes for case in drawn} == set(ACTIVATIONS)
    assert {len(case.w) for case in drawn if not case.linear} == {0, 1, 2, 3}
    assert sum(case.linear for case in drawn) >= 10
    flags = {(case.hidden, case.hidden_bias, case.output, case.output_bias) for case in drawn}
    assert len(flags) == 16
    assert sum(not any(brute.residual(case)) for case in drawn) < 60
    for name, hit in {
        "zero point": lambda p: any(not any(x) for x in p.x),
        "repeated point": lambda p: len(set(p.x)) < len(p.x),
        "zero weight": lambda p: any(not any(p.weight(i)) for i in range(len(p.w))),
        "zero output weight": lambda p: 0 in p.v,
        "both zero": lambda p: any(q == 0 and not any(p.weight(i)) for i, q in enumerate(p.v[: len(p.w)])),
        "duplicate neuron": lambda p: len({p.weight(i) for i in range(len(p.w))}) < len(p.w),
    }.items():
        assert sum(map(hit, drawn)) >= 20, name


def test_oracle_agrees_with_its_joint_cells_and_its_sampler():
    """The oracle itself: neuron by neuron = on all joint cells; the sampler finds the descents there are."""
    missed = total = 0
    for seed in range(250):
        case = generate(random.Random(seed), tiny=True)
        verdict = brute.decide(case)
        if case.w:
            assert (brute.decide(case, joint=True) == "minimum") == (verdict == "minimum")
        lower = brute.best_difference(case, random.Random(seed), 250) < 0
        if verdict == "minimum":
            assert not lower
        else:
            total += 1
            missed += not lower
    assert total >= 60
    assert missed * 20 <= total


@pytest.mark.parametrize("seed", range(60))
def test_certify_says_what_decide_says(seed):
    case = generate(random.Random(seed))
    problem = to_problem(case)
    verdict, decision = certify(problem), decide(problem, problem.point)
    assert verdict.kind == decision.kind
    assert verdict.loss == decision.loss
    assert verdict.flat_dimension == getattr(decision, "flat_dimension", None)
    assert verdict.strictness == getattr(decision, "strictness", None)
    assert verdict.kind != "undecided"
    if isinstance(decision, Descent):
        check_descent(case, verdict.descent, verdict.loss)


# --------------------------------------------------------------------------------------------------------------------
# named hard cases

SLOPE = F(1000001, 1000000)
TINY = F(1, 10**30)


@pytest.mark.parametrize("output", [True, False])
@pytest.mark.parametrize(
    ("ratio", "minimum"),
    [
        (F(1), True),
        (SLOPE, True),
        (1 / SLOPE, True),
        (SLOPE + TINY, False),
        (1 / SLOPE - TINY, False),
        (SLOPE - TINY, True),
    ],
)
def test_slopes_a_millionth_apart(ratio, minimum, output):
    # x = 1, -1 at w = 0, v = 1, slopes 1 and l = 1 + 10^-6, residual (-1, -rho):
    # phi(u) = u (l rho - 1) for u > 0 and |u| (l - rho) for u < 0: a minimum iff 1/l <= rho <= l.
    case = make([[1], [-1]], [1, ratio], [[0]], [1], slopes=(1, SLOPE), output=output)
    assert brute.residual(case) == [-1, -ratio]
    assert (check(case, random.Random(0)) == "minimum") == minimum
    assert (check(replace(case, slopes=(F(1), F(1))), random.Random(0)) == "minimum") == (ratio == 1)


@pytest.mark.parametrize(("shift", "minimum"), [(TINY, True), (F(0), True), (-TINY, False)])
def test_targets_moved_by_a_hair(shift, minimum):
    # Proposition 1 of Swirszcz et al.: the point x = 3 lies on the kink with residual 0. Give it the residual `shift`
    # and keep the sum zero: phi(u) = shift * max(0, 3 u_w + u_b).
    case = make([[5], [4], [3], [1], [-1]], [2, 1, -shift, -3 + shift, 3], [[1]], [1], b=[-3], c=0)
    assert brute.residual(case) == [0, 0, shift, 3 - shift, -3]
    assert (check(case, random.Random(0)) == "minimum") == minimum


def test_offset_moved_by_a_hair():
    # The offset's derivative is the sum of residuals: 10^-30 is not 0.
    case = make([[5], [4], [3], [1], [-1]], [2, 1, 0, -3, 3], [[1]], [1], b=[-3], c=0)
    assert check(case, random.Random(0)) == "minimum"
    moved = replace(case, y=(*case.y[:3], case.y[3] + TINY, F(3)))
    assert check(moved, random.Random(0)) == "first"
    assert check(replace(moved, output_bias=False), random.Random(0)) == "minimum"


@pytest.mark.parametrize("k", [1, 7, 20, 40])
def test_thin_kink_cells(k):
    # w = 0 puts all three points on the kink. phi = -max(0, u1) + max(0, 10^k u1 + u2) is negative only where
    # u1 > 0 and u2 < -(10^k - 1) u1: one thin cone at the ray (1, -10^k).
    x = [[1, 0], [10**k, 1], [0, 1]]
    thin = make(x, [1, -1, 0], [[0, 0]], [1])
    assert check(thin, random.Random(0)) == "first"
    # With the first residual 0 nothing is negative; with -10^-30 the thin cone is.
    assert check(replace(thin, y=(F(0), F(-1), F(0))), random.Random(0)) == "minimum"
    assert check(replace(thin, y=(TINY, F(-1), F(0))), random.Random(0)) == "first"
    # phi(0, 1) = r2 + r3 and phi(1, 0) = r1 + 10^k r2 both 0: a minimum by equality, lost by a hair.
    tight = make(x, [-(10**k), 1, -1], [[0, 0]], [1])
    assert check(tight, random.Random(0)) == "minimum"
    assert check(replace(tight, y=(F(-(10**k)) + TINY, F(1), F(-1))), random.Random(0)) == "first"
    assert check(replace(tight, y=(F(-(10**k)), F(1), -1 + TINY)), random.Random(0)) == "first"


def test_absolute_value_at_the_origin():
    # p = v |w| with x = 1 at (w, v) = (0, 0). Target 0: p = 0 is best. Target 1: dp = kappa |u| of either sign.
    assert check(make([[1]], [0], [[0]], [0], slopes=ABS), random.Random(0)) == "minimum"
    assert check(make([[1]], [1], [[0]], [0], slopes=ABS), random.Random(0)) == "second"
    assert check(make([[1]], [1], [[0]], [0], slopes=ABS, output=False), random.Random(0)) == "minimum"
    assert check(make([[1]], [1], [[0]], [0], slopes=ABS, hidden=False), random.Random(0)) == "minimum"


def test_descent_of_second_order_at_a_silent_neuron():
    # X = I, w = (1, 0), v = 0, residual (0, -1): the derivative in v is <r, relu(Xw)> = 0, in w it is 0 as v = 0; but
    # (u, kappa) = (eps e_2, eps) predicts eps^2 at the second point.
    case = make([[1, 0], [0, 1]], [0, 1], [[1, 0]], [0])
    assert check(case, random.Random(0)) == "second"
    assert check(replace(case, y=(F(1), F(0))), random.Random(0)) == "first"
    # The second point strictly inside the dead side: no small u wakes it.
    assert check(replace(case, w=((F(1), F(-1)),)), random.Random(0)) == "minimum"


def test_global_minimum_only_on_a_kink():
    # x = -1, 0, 1, 2, y = 1, -2, 3, 1, one ReLU with bias, no offset: w = v = 1, b = 0 has loss 1 + 4 + 4 + 1 = 10.
    # phi(u, beta) = -2 (u + beta) + (2 u + beta) + 2 max(0, beta) = |beta|.
    case = make([[-1], [0], [1], [2]], [1, -2, 3, 1], [[1]], [1], b=[0])
    assert brute.loss(case, case.w, case.b, case.v, case.c) == 10
    assert check(case, random.Random(0)) == "minimum"
    # Move the bias: the kink is left, and the descent leads back.
    assert check(replace(case, b=(F(-1, 10),)), random.Random(0)) == "first"


def test_sign_of_the_output_weight_decides():
    # phi(u) = max(0, u) - max(0, -u) * (-1) = |u| for residual (1, 1) at x = 1, -1, w = 0.
    for v, expected in ((1, "minimum"), (-1, "first")):
        case = make([[1], [-1]], [-1, -1], [[0]], [v])
        assert check(case, random.Random(0)) == expected
    # v = 0: phi is not identically 0.
    assert check(make([[1], [-1]], [-1, -1], [[0]], [0]), random.Random(0)) == "second"


def test_frozen_bias_and_trained_output():
    # w = 1, bias 1 frozen, x = 0, residual -1: v moves the prediction although w cannot.
    case = make([[0]], [2], [[1]], [1], b=[1], hidden_bias=False)
    assert check(case, random.Random(0)) == "first"
    assert check(replace(case, output=False), random.Random(0)) == "minimum"


def test_nothing_trained_is_a_minimum():
    flags = {"hidden": False, "hidden_bias": False, "output": False, "output_bias": False}
    assert check(make([[1]], [7], [[1]], [1], b=[0], c=0, **flags), random.Random(0)) == "minimum"


def test_no_neuron():
    assert check(make([[1], [2]], [1, -1], [], [], c=0), random.Random(0)) == "minimum"
    assert check(make([[1], [2]], [1, -2], [], [], c=0), random.Random(0)) == "first"
    assert check(make([[1], [2]], [1, -2], [], [], c=0, output_bias=False), random.Random(0)) == "minimum"
