"""Spurious minima of the population loss of Safran and Shamir: published values, derivatives by quotients, attacks."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from damage import outcome
from replay_smooth import derivatives, population

from exactgeo.exact.krawczyk import bounds, precision
from exactgeo.numeric import student_teacher
from exactgeo.polishing.population import _Loss, enclosed_minimum, minimum_near

# Safran and Shamir 2018 (existence for 6 <= k <= 20; eigenvalues as in their public data): value, least eigenvalue.
PUBLISHED = {
    6: ("0.0250805810025", "0.004700355"),
    7: ("0.0232027149136", "0.014059013"),
    8: ("0.0215080371715", "0.021346589"),
    9: ("0.0200141758085", "0.027182087"),
    10: ("0.0187021945856", "0.031964028"),
    11: ("0.0175466759087", None),
    12: ("0.0165237927128", None),
}


def unit(k):
    return tuple(tuple(Fraction(int(i == j)) for j in range(k)) for i in range(k))


@pytest.mark.parametrize("k", PUBLISHED)
def test_floats_find_the_published_values(k):
    found = student_teacher(k)
    assert found.loss == pytest.approx(float(PUBLISHED[k][0]), abs=1e-12)
    assert found.slope < 1e-12
    assert found.loss == pytest.approx(population(unit(k), found.students.ravel(), k), abs=1e-12)


@pytest.mark.parametrize("k", [6, 7, *(pytest.param(k, marks=pytest.mark.slow) for k in range(8, 13))])
def test_the_minimum_is_proved_and_the_checker_agrees(k):
    found = enclosed_minimum(k)
    assert found is not None
    published = Fraction(PUBLISHED[k][0])
    half = Fraction(1, 2 * 10**13)
    assert published - half <= found.loss.lo <= found.loss.hi <= published + half
    answer = outcome(found.certificate.to_json())
    assert answer.startswith("accepted: Exactly one critical point of the population loss lies within")
    assert answer.endswith("it is spurious, since as many students as teachers reach 0.")


@pytest.mark.parametrize("k", [6, *(pytest.param(k, marks=pytest.mark.slow) for k in range(7, 11))])
def test_the_least_curvature_is_the_published_one(k):
    found = enclosed_minimum(k)
    published, half = Fraction(PUBLISHED[k][1]), Fraction(1, 10**9)
    assert found.curvatures_below(published - half) == 0
    assert found.curvatures_below(published + half) >= 1
    with precision(64):
        rows = _Loss(unit(k)).hessian(found.claim.students, Fraction(0)).tolist()
    values = np.linalg.eigvalsh(np.array([[float(q) for q in row] for row in rows]))
    for level in (Fraction(1, 100), Fraction(1, 5), Fraction(3, 10), Fraction(1)):
        assert found.curvatures_below(level) == (values < float(level)).sum()
    assert values[0] == pytest.approx(float(published), abs=1e-9)


def test_derivatives_are_difference_quotients_and_values_those_of_mpmath():
    rng = np.random.default_rng(2)
    teachers = tuple(tuple(Fraction(int(q), 3) for q in row) for row in rng.integers(-5, 6, (3, 3)))
    students = tuple(tuple(Fraction(int(q), 4) for q in row) for row in rng.integers(-5, 6, (2, 3)))
    texts = [[str(q) for q in row] for row in teachers]
    theta = np.array([float(q) for row in students for q in row])
    gradient, hessian = derivatives(lambda moved: population(texts, moved, 3), theta)
    with precision(96):
        loss = _Loss(teachers)
        assert [float(q) for q in loss.gradient(students)] == pytest.approx(list(gradient), abs=1e-7)
        ours = [[float(q) for q in row] for row in loss.hessian(students, Fraction(0)).tolist()]
        assert np.array(ours) == pytest.approx(hessian, abs=1e-6)
        value = bounds(loss.value(students))
    with mpmath.workdps(30):
        rows = [[mpmath.mpf(q.numerator) / q.denominator for q in row] for row in (*students, *teachers)]
        signs = [1, 1, -1, -1, -1]
        total = mpmath.mpf(0)
        for a, x in zip(signs, rows, strict=True):
            for b, y in zip(signs, rows, strict=True):
                one, other = (mpmath.sqrt(mpmath.fsum(q * q for q in row)) for row in (x, y))
                cosine = mpmath.fsum(p * q for p, q in zip(x, y, strict=True)) / (one * other)
                angle = mpmath.acos(min(cosine, mpmath.mpf(1)))
                total += a * b * one * other * (mpmath.sin(angle) + (mpmath.pi - angle) * cosine) / (4 * mpmath.pi)
        assert abs(total - mpmath.mpf(value.lo.numerator) / value.lo.denominator) < mpmath.mpf(10) ** -14


def test_the_loss_is_the_expectation():
    """Against 10^6 samples of a standard Gaussian."""
    rng = np.random.default_rng(0)
    x, students, teachers = rng.normal(size=(10**6, 2)), np.array([[1.0, 0.5], [-0.3, 0.8]]), np.array([[1.0, 1.0]])
    gap = np.maximum(x @ students.T, 0).sum(axis=1) - np.maximum(x @ teachers.T, 0).sum(axis=1)
    samples = gap**2 / 2
    exact = population([["1", "1"]], students.ravel(), 2)
    assert abs(samples.mean() - exact) < 5 * samples.std() / 10**3


def test_a_global_minimum_is_not_smooth_and_not_proved():
    assert minimum_near(unit(2), unit(2)) is None


def test_nothing_beside_the_minimum_is_lower():
    found = enclosed_minimum(6)
    centre = np.array([float(q) for row in found.claim.students for q in row])
    texts = [[str(q) for q in row] for row in unit(6)]
    least, rng = population(texts, centre, 6), np.random.default_rng(1)
    for scale in (1e-2, 1e-3):
        moves = rng.normal(size=(200, 36)) * scale
        assert min(population(texts, centre + move, 6) for move in moves) > least
