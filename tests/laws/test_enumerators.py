"""The laws of :mod:`exactgeo.arrangement.enumerators.protocol`, over the registry: a new entry is tested by being there."""

from __future__ import annotations

import itertools
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from arrangement_brute import brute_force
from arrangements import arrangements
from hypothesis import example, given
from hypothesis import strategies as st

from exactgeo.arrangement import Arrangement
from exactgeo.arrangement.enumerators import ENUMERATORS
from exactgeo.arrangement.enumerators.protocol import Chosen, Listed
from exactgeo.errors import InternalError

CASES = st.booleans().flatmap(arrangements)


def distinct_hyperplanes(case):
    normals, offsets, dimension = case
    return Arrangement(normals, offsets, dimension=dimension)._distinct


def value(hyperplanes, vector, point):
    """Of a functional at an integer point: at the others divided by the last entry where there is a constant."""
    if hyperplanes.central:
        return sum(a * b for a, b in zip(vector, point, strict=True))
    assert point[-1] > 0
    return sum(a * Fraction(b, point[-1]) for a, b in zip(vector, point, strict=True))


def check(hyperplanes, vectors, expected):
    """The laws of SignVectors, the regions being the expected bit sets."""
    count, q = vectors.count, len(hyperplanes.vectors)
    assert [vectors.mask(i) for i in range(count)] == expected
    found = {mask: vectors.find(mask) for mask in range(1 << q)}
    assert found == {mask: expected.index(mask) if mask in expected else None for mask in found}
    words = vectors.words()
    assert words.dtype == np.uint64
    assert words.shape == (count, max(1, -(-q // 64)))
    assert [int(word) for word in words[:, 0]] == [mask << 64 - q for mask in expected]
    points = vectors.points(0, count)
    assert [points[i] for i in range(count)] == [vectors.points(i, i + 1)[0] for i in range(count)]
    for mask, point in zip(expected, points, strict=True):
        assert all(type(x) is int for x in point)
        for k, vector in enumerate(hyperplanes.vectors):
            side = value(hyperplanes, vector, point)
            assert side
            assert (side > 0) == bool(mask >> (q - 1 - k) & 1)
    assert vectors.fallbacks >= 0


def brute_masks(hyperplanes):
    end = None if hyperplanes.central else -1
    offsets = [0 if hyperplanes.central else -vector[-1] for vector in hyperplanes.vectors]
    regions = brute_force([vector[:end] for vector in hyperplanes.vectors], offsets)
    return [sum(1 << k for k, sign in enumerate(reversed(signs)) if sign > 0) for signs in regions]


@pytest.mark.parametrize("name", ENUMERATORS)
@given(case=CASES)
@example(case=([], [], 0))
@example(case=([], [], 3))
@example(case=([[1]], [0], 1))
@example(case=([[1], [1], [1]], [0, 1, 2], 1))
@example(case=([[1, 0], [0, 1], [1, 1], [1, -1]], [0, 0, 0, 0], 2))
@example(case=([[1, 0], [0, 1], [1, 1], [1, 0]], [0, 0, 0, 1], 2))
@example(case=([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], [0, 0, 0, 1], 3))
@example(case=([[1, t, t * t, t**3] for t in range(6)], [0] * 6, 4))
# Lines 10^20 apart: a point depended on how many were asked for together.
@example(
    case=(
        [[0, 0, 0], [0, 2, Fraction(1, 2)], [0, 0, 2], [0, 2, Fraction(1, 2)], [0, 0, 2], [1, 0, 0]],
        [1, 0, 0, 1, 10**20, 0],
        3,
    )
)
def test_every_enumerator_obeys_the_laws(name, case):
    hyperplanes = distinct_hyperplanes(case)
    expected = brute_masks(hyperplanes)
    # What is known of general position may save time and must not matter.
    for uniform in (None, False):
        check(hyperplanes, ENUMERATORS[name](replace(hyperplanes, uniform=uniform)), expected)


@pytest.mark.parametrize("name", ENUMERATORS)
@pytest.mark.parametrize("affine", [False, True])
def test_general_position_known_or_not(name, affine):
    for d, m in ((1, 4), (2, 5), (3, 6), (4, 7)):
        rows = [[t**j for j in range(d)] for t in range(1, m + 1)]
        hyperplanes = Arrangement(rows, [t**d for t in range(1, m + 1)] if affine else None)._distinct
        expected = brute_masks(hyperplanes)
        for uniform in (True, False, None):
            check(hyperplanes, ENUMERATORS[name](replace(hyperplanes, uniform=uniform)), expected)


@pytest.mark.parametrize("name", ENUMERATORS)
def test_some_of_the_regions_obey_them_too(name):
    hyperplanes = distinct_hyperplanes(([[1, 0], [0, 1], [1, 1], [2, 1]], [0, 0, 1, 5], 2))
    everything = ENUMERATORS[name](hyperplanes)
    masks = [everything.mask(i) for i in range(everything.count)]
    for indices in ([], [0], [1, 2, 5], range(3, 7), range(everything.count)):
        check(hyperplanes, Chosen(everything, indices), [masks[i] for i in indices])


def test_a_new_enumerator_is_a_function_and_an_entry(monkeypatch):
    points = list(itertools.product(range(-9, 10), repeat=2))

    def guesses(hyperplanes, watch=None):
        q, found = len(hyperplanes.vectors), {}
        for point in points:
            sides = [value(hyperplanes, vector, point) for vector in hyperplanes.vectors]
            if all(sides):
                found[sum((side > 0) << (q - 1 - k) for k, side in enumerate(sides))] = point
        return Listed(found, q)

    monkeypatch.setitem(ENUMERATORS, "guesses", guesses)
    rows = [[1, 0], [0, 1], [1, 1], [2, 1]]
    assert list(Arrangement(rows).regions("guesses")) == list(Arrangement(rows).regions())
    points = points[:3]
    with pytest.raises(InternalError, match=r"\d regions found, 8 counted"):
        Arrangement(rows).regions("guesses")


def test_the_registry_needs_no_numpy():
    code = "import sys; import exactgeo.arrangement.enumerators; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
