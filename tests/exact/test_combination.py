"""Numbers of the ordered spaces: zero tests and signs against many digits, near misses and numbers of no size at all."""

from __future__ import annotations

import random
from fractions import Fraction as F

import mpmath
import pytest

from exactgeo.exact import ordered_cone
from exactgeo.exact.combination import (
    LogCombination,
    TanhCombination,
    Unresolved,
    inner,
    magnitude,
    sign,
    within,
)
from exactgeo.exact.lp import Separator
from exactgeo.exact.ordered_cone import ordered_cone_member

TANH, LOG = TanhCombination.tanh_half, LogCombination.softplus


def digits(q: F):
    return mpmath.mpf(q.numerator) / q.denominator


def reference(generator: str, q: F):
    return mpmath.tanh(digits(q) / 2) if generator == "tanh" else mpmath.log(1 + mpmath.exp(digits(q)))


def drawn(rng: random.Random, generator: str, count: int, size: int):
    """Weights and arguments, repeated and mirrored: half of the time they add up to 0 as the theorem says."""
    q = [F(rng.randint(-size, size), rng.choice((1, 1, 2, 3))) for _ in range(count)]
    weights = [F(rng.randint(-3, 3), rng.choice((1, 2))) for _ in range(count)]
    if rng.random() < 0.5:
        # tanh(-x) = -tanh(x); softplus(-x) = softplus(x) - x.
        mirrored = [rng.random() < 0.5 for _ in q]
        weights += [w if flip and generator == "tanh" else -w for w, flip in zip(weights, mirrored, strict=True)]
        q += [-a if flip else a for a, flip in zip(q, mirrored, strict=True)]
        order = rng.sample(range(len(q)), len(q))
        q, weights = [q[k] for k in order], [weights[k] for k in order]
    constant = rng.choice((F(0), F(0), F(rng.randint(-2, 2), 3)))
    if generator == "log":
        mirror = sum((w * a for w, a in zip(weights, q, strict=True) if a < 0), F(0))
        constant = rng.choice((constant, -mirror))
    return constant, weights, q


@pytest.mark.parametrize("generator", ["tanh", "log"])
@pytest.mark.parametrize("size", [2, 12, 300])
def test_zero_and_sign_against_ten_thousand_digits(generator, size):
    rng = random.Random(f"{generator} {size}")
    make, zeros = (TANH if generator == "tanh" else LOG), 0
    known = {}
    with mpmath.workdps(10_000):
        for _ in range(60):
            constant, weights, q = drawn(rng, generator, rng.randint(1, 5), size)
            found = constant + inner(weights, [make(a) for a in q])
            total = digits(constant)
            for w, a in zip(weights, q, strict=True):
                if a not in known:
                    known[a] = reference(generator, a)
                total += digits(w) * known[a]
            zero = abs(total) < mpmath.mpf(10) ** -9_900
            assert (found == 0) == zero
            assert sign(found) == (0 if zero else int(mpmath.sign(total)))
            zeros += zero
            bounds = within(found)
            assert digits(bounds.lo) <= total + mpmath.mpf(10) ** -9_900
            assert digits(bounds.hi) >= total - mpmath.mpf(10) ** -9_900
            assert bounds.hi - bounds.lo < F(1, 2**127)
            assert 0 <= digits(magnitude(found)) <= abs(total) + mpmath.mpf(10) ** -9_900
            assert (magnitude(found) > 0) == (not zero)
    assert 5 <= zeros <= 55


def test_a_number_beside_a_rational_of_many_digits_has_its_sign():
    for places in (20, 100, 400):
        with mpmath.workdps(places + 50):
            value = mpmath.tanh(mpmath.mpf(1) / 6)
            below = F(int(mpmath.floor(value * mpmath.mpf(10) ** places)), 10**places)
        assert below < TANH(F(1, 3)) < below + F(1, 10**places)
        assert TANH(F(1, 3)) - below > 0 > TANH(F(1, 3)) - below - F(1, 10**places)


def test_numbers_of_no_size_have_a_sign_at_once():
    # 1 - tanh(q / 2) is of the order of 2 exp(-q).
    for q in (F(1000), F(10**9), F(10**40)):
        assert 1 - TANH(q) > 0
        assert 2 - TANH(q) - TANH(q + F(1, 10**6)) > 0
        assert TANH(q + F(1, 10**6)) - TANH(q) > 0
        assert LOG(-q) > 0
        assert LOG(-q) - 2 * LOG(-q - 1) > 0 > LOG(-q) - 3 * LOG(-q - 1)
    assert 0 < magnitude(1 - TANH(F(1000))) < F(1, 10**433)
    with pytest.raises(Unresolved, match="below every rational"):
        magnitude(1 - TANH(F(10**9)))


def test_a_sign_that_needs_too_many_digits_is_given_up():
    size = 2**18 + 200
    with mpmath.workprec(size + 100):
        value = mpmath.tanh(mpmath.mpf(1) / 2)
        near = F(int(mpmath.floor(value * mpmath.mpf(2) ** size)), 2**size)
    with pytest.raises(Unresolved, match="no sign"):
        sign(TANH(F(1)) - near)


def test_one_generator_for_a_prediction_and_its_negative():
    """Trap T9: zero tests are canonical."""
    q = F(7, 3)
    assert TANH(q) + TANH(-q) == 0
    assert type(TANH(q) + TANH(-q)) is F
    assert TANH(F(0)) == 0
    assert LOG(q) - LOG(-q) == q
    assert LOG(F(0)) * 2 - LOG(F(0)) - LOG(F(0)) == 0
    assert hash(TANH(q) + 1) == hash(1 + TANH(q))


def test_arithmetic_with_rationals_on_either_side():
    x = TANH(F(1))
    assert (1 - x) + x == 1
    assert F(1, 2) * x == x / 2 == x * F(1, 2)
    assert 0 * x == 0
    assert max(F(0), x) == x
    assert min(x, F(1, 2)) == x
    assert abs(x - 1) == 1 - x
    assert sum([x, x], F(0)) == 2 * x
    assert str(x - 3) == "-3 + tanh(1/2)"
    assert str(-x / 2 + TANH(F(2))) == "-1/2*tanh(1/2) + tanh(1)"
    assert str(LOG(F(0)) / 2) == "1/2*log(2)"
    with pytest.raises(TypeError):
        x * x
    with pytest.raises(TypeError):
        x + LOG(F(1))


@pytest.mark.parametrize("proposed", [True, False])
def test_farkas_in_an_ordered_space_against_floats(proposed, monkeypatch):
    """Membership of a vector with coordinates in the space, in cones of small integers: some degenerate."""
    if not proposed:
        monkeypatch.setattr(ordered_cone, "_proposed", lambda *given: None)
    rng = random.Random(3)
    inside = 0
    for _ in range(300):
        d, count = rng.randint(1, 4), rng.randint(0, 6)
        generators = [tuple(rng.randint(-2, 2) for _ in range(d)) for _ in range(count)]
        values = [TANH(F(rng.randint(1, 3))), TANH(F(rng.randint(-3, 3))), F(1, 2), F(0)]
        if rng.random() < 0.5 and generators:
            weights = [rng.choice((F(0), F(1), TANH(F(rng.randint(1, 3))), 1 - TANH(F(2)))) for _ in generators]
            target = [inner([g[k] for g in generators], weights) for k in range(d)]
            made = True
        else:
            target, made = [inner([rng.randint(-1, 1) for _ in values], values) for _ in range(d)], False
        answer = ordered_cone_member(target, generators)
        if isinstance(answer, Separator):
            assert not made
            assert sign(inner(answer.normal, target)) < 0
            assert all(sum(a * b for a, b in zip(answer.normal, g, strict=True)) >= 0 for g in generators)
        else:
            inside += 1
            assert all(sign(q) >= 0 for q in answer.generators)
            for k in range(d):
                assert inner([g[k] for g in generators], answer.generators) == target[k]
    assert 100 <= inside <= 280
