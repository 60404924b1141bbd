"""Characteristic polynomials up to permutations of coordinates, against deletion and restriction."""

from __future__ import annotations

import random
from itertools import permutations, product

import pytest

from exactgeo import Arrangement
from exactgeo.arrangement import characteristic, symmetric
from exactgeo.arrangement.characteristic import central_polynomial
from exactgeo.arrangement.symmetric import coordinate_classes, symmetric_polynomial


def resonance(n):
    return [row for row in product((0, 1), repeat=n) if any(row)]


def orbits(n, seeds, rng):
    """All permutations of some vectors, normalised."""
    found = set()
    for _ in range(seeds):
        row = [rng.randint(-2, 2) for _ in range(n)]
        found |= {characteristic._normalised(image) for image in permutations(row) if any(row)}
    return sorted(found)


def plainly(rows):
    return characteristic._polynomial(tuple(sorted(rows)), len(rows[0]), {}, None)


@pytest.mark.parametrize("n", [4, 5])
@pytest.mark.parametrize("seed", range(4))
def test_orbits_of_random_vectors(n, seed):
    rows = orbits(n, 2 if n == 4 else 1, random.Random(seed))
    assert symmetric_polynomial(rows, coordinate_classes(rows)) == plainly(rows)


@pytest.mark.parametrize(
    "rows",
    [
        [(*row, 0) for row in resonance(4)],  # they do not span
        [(*row, last) for row in resonance(4) for last in (0, 3)] + [(0, 0, 0, 0, 1)],
        [(1, *row) for row in product((0, 1), repeat=4)],
        [(1, 0, 0, 0)],
        [(1, 0, 0, 0), (1, 1, 1, 1)],
        [(1, 2, 3, 4), (1, 3, 2, 4), (0, 1, 5, 7), (2, 1, 1, 0), (3, 1, 4, 1)],  # no symmetry at all
    ],
)
def test_symmetries_of_some_coordinates_and_none(rows):
    assert symmetric_polynomial(rows, coordinate_classes(rows)) == plainly(rows)


@pytest.mark.parametrize("classes", [[[0, 1, 2, 3]], [[0, 1], [2, 3]], [[0], [1], [2, 3]], [[0], [1], [2], [3]]])
def test_part_of_the_symmetry_is_as_right_as_all_of_it(classes):
    assert symmetric_polynomial(resonance(4), classes) == [1, -15, 80, -170, 104]


def test_classes_are_of_swaps_that_map_the_rows_to_themselves():
    assert coordinate_classes(resonance(3)) == [[0, 1, 2]]
    assert coordinate_classes([(1, -1, 0), (0, 1, 1), (1, 0, 1)]) == [[0, 1], [2]]
    assert coordinate_classes([(1, 0), (1, 2)]) == [[0], [1]]


def test_numbers_that_may_not_fit_are_left_to_deletion_and_restriction():
    rows = [tuple(10**6 * q + (j == i) for j, q in enumerate(row)) for i, row in enumerate(resonance(4))]
    assert symmetric_polynomial(rows, [[0, 1, 2, 3]]) is None


def test_large_symmetric_arrangements_go_there(monkeypatch):
    asked = []

    def told(rows, classes):
        asked.append(classes)
        return symmetric_polynomial(rows, classes)

    monkeypatch.setattr(symmetric, "symmetric_polynomial", told)
    assert central_polynomial(resonance(5), 5) == plainly(resonance(5))
    assert not asked
    monkeypatch.setattr(characteristic, "_MUCH", 20)
    assert central_polynomial(resonance(5), 5) == plainly(resonance(5))
    assert asked == [[[0, 1, 2, 3, 4]]]
    # One row less, and too little symmetry is left to pay.
    assert central_polynomial(resonance(5)[2:], 5) == plainly(resonance(5)[2:])
    assert len(asked) == 1


def test_an_affine_arrangement_goes_there_by_its_cone(monkeypatch):
    rows = resonance(4)
    expected = Arrangement(rows, [1] * len(rows)).characteristic_polynomial
    monkeypatch.setattr(characteristic, "_MUCH", 1)
    assert Arrangement(rows, [1] * len(rows)).characteristic_polynomial == expected


@pytest.mark.slow
def test_resonance_7():
    """Kamiya, Takemura and Terao, Ranking patterns of unfolding models of codimension one, Adv. Appl. Math. 47 (2011)."""
    found = Arrangement(resonance(7))
    assert found.count() == 347_326_352
    assert found.characteristic_polynomial[2] == 7035
