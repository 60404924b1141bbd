"""General position is proved: every minor that is 0 is found, and no other is taken for one, whatever the primes."""

from __future__ import annotations

import itertools
import math
import random

import flint
import numpy as np
import pytest
from arrangements import random_rows
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exactgeo import Arrangement
from exactgeo.arrangement import _filter_uniform as module
from exactgeo.arrangement._filter_uniform import is_uniform

PRIMES = list(itertools.islice(module._primes(), 4))


def by_determinants(table):
    width = len(table[0])
    return len(table) >= width and all(
        flint.fmpz_mat([table[t] for t in rows]).det() for rows in itertools.combinations(range(len(table)), width)
    )


def tables(width):
    entry = st.one_of(
        st.integers(-2, 2), st.integers(-40, 40), st.sampled_from([0, PRIMES[0], 3 * PRIMES[1], -(10**60)])
    )
    return st.lists(st.lists(entry, min_size=width, max_size=width), min_size=1, max_size=width + 4)


@settings(deadline=None, max_examples=150)
@given(st.integers(3, 6).flatmap(tables))
@example([[0, 0, 0]])
@example([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
@example([[1, 0, 0], [0, 1, 0], [1, 1, 0]])
def test_the_same_as_all_determinants(table):
    assert is_uniform(table) is by_determinants(table)


def bent(table, rows):
    """The last of these rows in the span of the others: their minor alone is 0."""
    *others, last = rows
    weights = range(3, 3 + len(others))
    replaced = [sum(w * table[t][j] for w, t in zip(weights, others, strict=True)) for j in range(len(table[0]))]
    return [replaced if t == last else row for t, row in enumerate(table)]


@pytest.mark.parametrize("rows", [(0, 1, 2, 3, 4), (0, 1, 2, 3, 15), (3, 7, 8, 10, 13), (11, 12, 13, 14, 15)])
@pytest.mark.parametrize("digits", [2, 60])
def test_one_minor_of_thousands(rows, digits):
    """Wherever it stands, the last of all included; and beside it by one in 10^60 there is none."""
    table = random_rows(5, 16, 5, 10**digits)
    assert is_uniform(table)
    found = bent(table, rows)
    assert sum(not flint.fmpz_mat([found[t] for t in s]).det() for s in itertools.combinations(range(16), 5)) == 1
    assert is_uniform(found) is False
    found[rows[-1]] = [10**60 * q + (j == 2) for j, q in enumerate(found[rows[-1]])]
    assert is_uniform(found) is True


@pytest.mark.parametrize("width", [3, 4, 5])
@pytest.mark.parametrize("fewer", [0, 1, 2])
def test_dependent_rows_that_are_fewer(width, fewer):
    table = random_rows(1, 12, width, 99)
    assert is_uniform(table)
    for rows in (tuple(range(width - fewer)), tuple(range(12 - width + fewer, 12))):
        assert is_uniform(bent(table, rows)) is False


@pytest.mark.parametrize("primes", [1, 2, 3])
def test_minors_that_vanish_modulo_the_primes(primes, monkeypatch):
    """All of them, since a column does or since all rows are one: what is asked next says that none is 0."""
    product = math.prod(PRIMES[:primes])
    asked = []
    monkeypatch.setattr(module, "_Field", lambda prime, made=module._Field: asked.append(prime) or made(prime))
    table = random_rows(2, 14, 4, 99)
    column = [[*row[:-1], product * row[-1]] for row in table]
    rows = [[a * b + product * q for b, q in zip(table[0], row, strict=True)] for a, row in enumerate(table, 1)]
    for found in (column, rows):
        asked.clear()
        assert is_uniform(found) is True
        assert asked == PRIMES[: primes + 1]
        assert is_uniform(bent(found, (2, 5, 9, 13))) is False


@pytest.mark.parametrize("width", [3, 4, 6])
def test_one_minor_that_is_a_multiple_of_the_prime(width, monkeypatch):
    """It is decided in integers, and no other prime is asked."""
    table = random_rows(4, 11, width, 99)
    rows = tuple(range(11 - width, 11))
    found = bent(table, rows)
    found[rows[-1]][0] += PRIMES[0]
    monkeypatch.setattr(module, "_primes", lambda: iter(PRIMES[:1]))
    decided = []
    honest = module._decided
    monkeypatch.setattr(module, "_decided", lambda table, rows: decided.append(rows) or honest(table, rows))
    assert is_uniform(found) is True
    assert list(rows[:-2]) in decided


def test_a_small_field_leaves_much_open_and_decides_the_same(monkeypatch):
    """Modulo 101, 97, ... entries, quotients and rows vanish all the time."""
    monkeypatch.setattr(module, "_BELOW", 102)
    monkeypatch.setattr(module, "_OPEN", 10_000)
    rng = random.Random(0)
    found = set()
    for trial in range(60):
        table = random_rows(trial, 8, rng.choice([3, 4]), 9)
        found.add((is_uniform(table), by_determinants(table)))
    assert found == {(True, True), (False, False)}


def test_products_of_residues_are_exact():
    rng = np.random.default_rng(0)
    field = module._Field(PRIMES[0])
    half = PRIMES[0] // 2
    corners = [-PRIMES[0] + 1, -half - 1, -half, -1, 1, 2, half, half + 1, PRIMES[0] - 1]
    a, b = (np.concatenate([np.repeat(corners, 9), rng.integers(1, PRIMES[0], 20_000)]) for _ in range(2))
    b[: 9 * 9] = np.tile(corners, 9)
    out = np.empty(len(a))
    field.times(a.astype(float), b.astype(float), out)
    assert ((out.astype(np.int64) - a * b) % PRIMES[0] == 0).all()
    assert (np.abs(out) <= half).all()
    both = np.array([a, b], dtype=float)
    assert ((field.divide(both)[0].astype(np.int64) * a - b) % PRIMES[0] == 0).all()


@pytest.mark.parametrize("affine", [False, True])
def test_the_last_vertex_alone_is_special(affine):
    """All hyperplanes of the last vertex and one more: blocks, regions and count are those of special position."""
    table = random_rows(6, 18, 5, 30)
    found = bent(table, (13, 14, 15, 16, 17))

    def arrangement(rows):
        return Arrangement([row[:-1] for row in rows], [row[-1] for row in rows]) if affine else Arrangement(rows)

    generic, special = arrangement(table), arrangement(found)
    assert (generic._uniform, special._uniform) == (True, False)
    # Of a point where five hyperplanes of a four-dimensional space meet, a bounded region is gone.
    assert special.count() == generic.count() - (1 if affine else 2)
    for one in (generic, special):
        blocks = np.concatenate(list(one.blocks(packed=True)))
        assert len(blocks) == one.count() == len(np.unique(blocks, axis=0))
        assert np.array_equal(np.unique(blocks, axis=0), one.regions().packed)
    assert np.array_equal(special.regions().packed, arrangement(found).regions("deletion-restriction").packed)
