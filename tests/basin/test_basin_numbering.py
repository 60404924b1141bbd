"""Orbits by number, optima as bytes, facets many at a time: each against a list."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from problems import D1, PLANE, problem

from exactgeo.basin import Enclosure, census, claims
from exactgeo.basin.batch import Solved, masks_of
from exactgeo.basin.branch import minimum
from exactgeo.basin.cone_program import Optimum
from exactgeo.basin.numbering import Numbering
from exactgeo.basin.optima import Bases, Optima
from exactgeo.basin.schedule import Block, choices
from exactgeo.basin.table import Table
from exactgeo.checking import check
from exactgeo.claims.global_minimum import GlobalMinimumClaim
from exactgeo.claims.lower_bound import LowerBoundClaim
from exactgeo.errors import InternalError

F = Fraction


@pytest.mark.parametrize(
    "sizes", [[], [(1, 1)], [(5, 1)], [(4, 3)], [(1, 4)], [(3, 2), (2, 1)], [(2, 2), (1, 3), (3, 1)], [(40, 2)]]
)
def test_orbits_by_number_are_those_of_the_list(sizes):
    parts = [combinations_with_replacement(range(patterns), neurons) for patterns, neurons in sizes]
    listed = [tuple(a for part in row for a in part) for row in product(*parts)]
    numbering = Numbering(sizes)
    assert numbering.total == len(listed)
    rows = numbering.rows(np.arange(len(listed)))
    assert [tuple(row) for row in rows.tolist()] == listed
    assert numbering.numbers(rows).tolist() == list(range(len(listed)))
    assert [numbering.number(row) for row in listed] == list(range(len(listed)))


def test_orbits_by_number_where_there_are_very_many():
    numbering = Numbering([(3000, 3), (7, 2)])
    numbers = np.array(sorted(random.Random(0).sample(range(numbering.total), 1000)))
    assert numbering.numbers(numbering.rows(numbers)).tolist() == numbers.tolist()


@pytest.mark.parametrize("row", [(), (0,), (1, 0), (0, 3), (-1, 0), (0, 0, 0)])
def test_what_is_no_orbit_has_no_number(row):
    assert Numbering([(3, 2)]).number(row) is None


def test_a_census_is_numbered_as_it_is_listed():
    for found in (census(problem(*D1, 2)), census(problem(*PLANE, 3, frozen=[1, -2, 1]))):
        listed = np.concatenate(list(choices(found.reduction)))
        assert found.table.choices(np.arange(len(found))).tolist() == listed.tolist()


def test_a_table_that_ended_within_a_block_knows_its_rows():
    found = census(problem(*D1, 2))
    table, listed = found.table, np.concatenate(list(choices(found.reduction)))
    solved, cut = list(table.optima), 64
    first = Block(0, listed[:cut], solved, table.owners[:cut])
    owner = table.owners[cut:].copy()
    owner[1::3] = -1
    part = Table.gather(found.reduction, [first, Block(1, listed[cut:], solved, owner)])
    kept = [*range(cut), *(cut + np.flatnonzero(owner >= 0)).tolist()]
    assert [part.orbit(k) for k in range(len(part))] == [table.orbit(k) for k in kept]
    assert [part.value(k) for k in range(len(part))] == [table.value(k) for k in kept]
    rows = {orbit: k for k, orbit in enumerate(map(part.orbit, range(len(part))))}
    assert [part.find(table.orbit(k)) for k in range(len(table))] == [
        rows.get(table.orbit(k)) for k in range(len(table))
    ]
    assert not part.complete


# -- optima --------------------------------------------------------------------------------------------------------------


def test_tuples_are_found_again_however_many_there_are():
    rng, known, expected = random.Random(1), Bases(), {}
    for _ in range(2000):
        row = tuple(sorted(rng.sample(range(12), rng.randrange(4))))
        assert known.find(row) == expected.get(row, -1)
        if row not in expected:
            expected[row] = known.add(row)
    assert [known[k] for k in range(len(known))] == list(expected)
    known.cut(100)
    assert [known.find(row) for row in expected] == [k if k < 100 else -1 for k in range(len(expected))]
    assert known.add((99,)) == 100
    known.cut(0)
    assert (len(known), known.find((99,))) == (0, -1)


def test_a_tuple_that_shall_not_be_found_is_not():
    known = Bases()
    assert known.add((), found=False) == 0
    assert known.find(()) == -1
    assert known.add(()) == 1
    known.cut(2)
    assert known.find(()) == 1


def solved(value, support, allowed, basis, proof=None):
    return Solved(value, support, allowed, True, basis, proof)


def test_optima_come_back_as_they_were():
    whole = Optimum(F(1), (F(1),), (F(0),), {}, (), 3, True, {}, ())
    given = [
        solved(F(0), 0, 0, ()),
        solved(F(-(10**40), 3), 0b101, 0b1111101, (0, 2)),
        solved(F(255, 256), 1 << 69, (1 << 70) - 1, (69,)),
        solved(F(7), 0b1, 0b1, (0, 71)),  # 71 is a column of the loss
        solved(F(7), 0b1, 0b11, (0, 1)),  # its support is not its basis
        solved(Enclosure(F(1), F(2)), 0b10, 0b10, (1,)),
        solved(F(1), 0, 3, (), whole),
        solved(F(1), 0, 3, (), whole),
    ]
    found = Optima(70, given)
    assert list(found) == given
    assert found[1:3] == given[1:3]
    assert [*found.values()] == [best.value for best in given]
    # One with a basis comes once, one with its proof as often as it comes.
    assert [found.add(best) for best in given] == [0, 1, 2, 3, 4, 5, 8, 9]
    with pytest.raises(IndexError):
        _ = found[10]


# -- facets --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "frozen"), [(1, None), (2, None), (3, None), (3, [1, -2, 1])])
def test_facets_of_many_orbits_are_those_of_each(width, frozen):
    found = census(problem([[0], [0], [1], [3]], [1, -2, 0, 5], width, frozen=frozen))
    rows = random.Random(width).sample(range(len(found)), min(60, len(found)))
    item, neighbour, sets = found.facets.of(np.array(rows))
    listed = [(rows[i], v, mask) for i, v, mask in zip(item.tolist(), neighbour.tolist(), masks_of(sets), strict=True)]
    assert listed == [(row, v, mask) for row in rows for v, mask, _ in found.facets.around(row)]


# -- the certificate of very many ----------------------------------------------------------------------------------------


def test_the_minimum_of_very_many_optima_is_proved_by_a_search(monkeypatch, tmp_path):
    monkeypatch.setattr(claims, "LISTED", 10)
    found = census(problem(*D1, 2))
    assert isinstance(found.certificate.claims[0], GlobalMinimumClaim)
    monkeypatch.setattr(claims, "DUALS", 10)
    certificate = found.certificate
    (claim,) = certificate.claims
    assert isinstance(claim, LowerBoundClaim)
    assert (claim.point, claim.loss) == (found.best, F(1, 14))
    assert check(certificate.write(tmp_path / "minimum.json")).accepted
    # Out of time, the gradients prove it.
    monkeypatch.setattr(claims, "SEARCH", 0.0)
    assert isinstance(found.certificate.claims[0], GlobalMinimumClaim)


def test_a_search_that_finds_another_minimum_is_a_bug(monkeypatch):
    monkeypatch.setattr(claims, "LISTED", 10)
    monkeypatch.setattr(claims, "DUALS", 10)
    other = minimum(problem(*D1, 1))
    monkeypatch.setattr("exactgeo.basin.branch.minimum", lambda *_, **__: other)
    with pytest.raises(InternalError, match="different minima"):
        _ = census(problem(*D1, 2)).certificate
