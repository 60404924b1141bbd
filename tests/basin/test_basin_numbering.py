"""Orbits by number, optima as bytes, facets many at a time: each against a list."""

from __future__ import annotations

import pickle
import random
import sys
from fractions import Fraction
from itertools import combinations_with_replacement, pairwise, product

import numpy as np
import pytest
from problems import D1, PLANE, problem

from exactgeo import spool
from exactgeo.basin import Enclosure, census, claims, optima
from exactgeo.basin.batch import Solved, masks_of, words_of
from exactgeo.basin.branch import minimum
from exactgeo.basin.cone_program import Optimum
from exactgeo.basin.numbering import Numbering
from exactgeo.basin.optima import Bases, Optima, rows
from exactgeo.basin.schedule import Block, Listing
from exactgeo.basin.table import Levels, Table
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


def listed_orbits(found):
    listing = Listing.of(found.reduction)
    return np.concatenate([listing.rows(number) for number in range(listing.blocks)])


def test_a_census_is_numbered_as_it_is_listed():
    for found in (census(problem(*D1, 2)), census(problem(*PLANE, 3, frozen=[1, -2, 1]))):
        listed = listed_orbits(found)
        assert found.table.choices(np.arange(len(found))).tolist() == listed.tolist()


def test_a_table_that_ended_within_a_block_knows_its_rows():
    found = census(problem(*D1, 2))
    table, cut = found.table, 64
    whole, count = Optima(len(found.reduction.program.columns), table.optima), len(table.optima)
    first = Block(0, 0, table.owners[:cut], range(count))
    owner = table.owners[cut:].copy()
    owner[1::3] = -1
    part = Table.gather(found.reduction, whole, [first, Block(1, cut, owner, range(count, count))])
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
    for _ in range(300):
        drawn = [tuple(sorted(rng.sample(range(12), rng.randrange(4)))) for _ in range(rng.randrange(40))]
        assert known.find(*rows(drawn)).tolist() == [expected.get(row, -1) for row in drawn]
        fresh = [row for row in dict.fromkeys(drawn) if row not in expected]
        known.add(*rows(fresh))
        expected |= {row: len(expected) + k for k, row in enumerate(fresh)}
    assert [known[k] for k in range(len(known))] == list(expected)
    some = rng.sample(range(len(known)), 50)
    flat, ends = known.of(np.array(some))
    assert [tuple(flat[i:j]) for i, j in pairwise(ends.tolist())] == [known[k] for k in some]


def test_tuples_of_one_hash_are_told_apart(monkeypatch):
    """Also those of different lengths, and where the table is made anew."""
    monkeypatch.setattr(optima, "_marks_of", lambda flat, ends: np.full(len(ends) - 1, 63, dtype=np.uint64))
    known = Bases()
    drawn = [(), (1,), (2,), (1, 2), (2, 1), *((k, k + 1, k + 2) for k in range(70))]
    for at in range(0, len(drawn), 10):
        known.add(*rows(drawn[at : at + 10]))
    assert known.find(*rows(drawn)).tolist() == list(range(len(drawn)))
    assert known.find(*rows([(3,), (2, 2), (1, 2, 3, 4)])).tolist() == [-1] * 3


def test_a_tuple_that_shall_not_be_found_is_not():
    known, hidden = Bases(), np.array([False])
    known.add(*rows([()]), hidden)
    assert known.find(*rows([()])).tolist() == [-1]
    known.add(*rows([(), *((k,) for k in range(100))]))
    known.add(*rows([(7,)]), hidden)
    known.add(*rows([(500,)]), hidden)
    assert known.find(*rows([(), (7,), (99,)])).tolist() == [1, 9, 101]
    # Nor where the table has been made anew.
    known.add(*rows([(k, k) for k in range(100)]))
    assert known.find(*rows([(), (7,), (500,)])).tolist() == [1, 9, -1]


WHOLE = Optimum(F(1), (F(1),), (F(0),), {}, (), 3, True, {}, ())


def solved(value, support, allowed, basis, proof=None):
    return Solved(value, support, allowed, True, basis, proof)


def test_optima_come_back_as_they_were():
    given = [
        solved(F(0), 0, 0, ()),
        solved(F(-(10**40), 3), 0b101, 0b1111101, (0, 2)),
        solved(F(255, 256), 1 << 69, (1 << 70) - 1, (69,)),
        solved(F(7), 0b1, 0b1, (0, 71)),  # 71 is a column of the loss
        solved(F(7), 0b1, 0b11, (0, 1)),  # its support is not its basis
        solved(Enclosure(F(1), F(2)), 0b10, 0b10, (1,)),
        solved(F(1), 0, 3, (), WHOLE),
        solved(F(1), 0, 3, (), WHOLE),
    ]
    found = Optima(70, given)
    assert list(found) == given
    assert found[1:3] == given[1:3]
    assert [*found.values()] == [best.value for best in given]
    # One with a basis comes once, one with its proof as often as it comes.
    assert [found.extend([best]).tolist() for best in given] == [[0], [1], [2], [3], [4], [5], [8], [9]]
    with pytest.raises(IndexError):
        _ = found[10]
    assert (found.rational, Optima(70, given[:5]).rational) == (False, True)
    # From one to another, without objects: some are there, and those with a proof never are.
    other = Optima(70, given[1:3])
    assert other.extend(found, 1, 8).tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert list(other) == given[1:]
    assert pickle.loads(pickle.dumps(other))[:] == given[1:]
    other.cut(2)
    assert (len(other), list(other)) == (2, given[1:3])


def test_what_optima_prove():
    given = [solved(F(0), 0, 0b11, ()), solved(F(1), 1 << 69, (1 << 70) - 2, (69,)), solved(F(1), 0, 3, (), WHOLE)]
    found = Optima(70, given)
    support, allowed = found.sets(np.array([2, 1]))
    assert (masks_of(support), masks_of(allowed)) == ([0, 1 << 69], [3, (1 << 70) - 2])
    for owner in range(3):
        for mask in (0, 1, 2, 3, 4, 1 << 69, 3 << 68, (1 << 69) + 1, (1 << 70) - 2):
            best = given[owner]
            wanted = not best.support & ~mask and not mask & ~best.allowed
            assert found.proves(np.array([owner]), words_of([mask], 70)) == wanted
    sets = words_of([3, 1 << 69], 70)
    assert found.proves(np.array([0, 1]), sets)
    for owner in ([0, 0], [0, 3], [-1, 1], [0], [0, 1, 1]):
        assert not found.proves(np.array(owner), sets)
    assert found.proves(np.array([], dtype=int), sets[:0])


def test_optima_in_a_file_are_those_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "HELD", 50)
    rng = random.Random(4)
    given = [solved(F(rng.randrange(10**k), 7), 0, rng.getrandbits(70), (k,)) for k in range(60)]
    given = [best._replace(support=1 << best.basis[0]) for best in given]
    kept, held = Optima(70, folder=str(tmp_path)), Optima(70)
    for at in range(0, 60, 7):
        kept.extend(given[at : at + 7])
        held.extend(given[at : at + 7])
    # The file has no name.
    assert not list(tmp_path.iterdir())
    assert kept._values._file >= 0
    assert list(kept) == list(held) == given
    assert [*kept.values(13)] == [best.value for best in given[13:]]
    assert all(np.array_equal(*pair) for pair in zip(kept.sets(np.arange(60)), held.sets(np.arange(60)), strict=True))
    assert list(pickle.loads(pickle.dumps(kept))) == given


def test_values_are_told_apart_where_floats_are_not():
    third, near = F(1, 3), F(1, 3) + F(1, 10**40)
    huge = F(10**400)
    given = [near, huge + 1, third, F(5), huge, third, near, F(5), F(7)]
    found = Optima(9, [solved(value, 1 << k, 1 << k, (k,)) for k, value in enumerate(given)])
    orbits = np.array([1, 2, 3, 4, 5, 6, 7, 8, 0])
    levels = Levels(found, orbits)
    assert list(levels) == [(third, 9), (near, 8), (F(5), 12), (huge, 5), (huge + 1, 2)]
    assert (levels[1:3], levels[-1], len(levels)) == ([(near, 8), (F(5), 12)], (huge + 1, 2), 5)
    assert list(Levels(found, 0 * orbits)) == []


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


def test_a_profiler_that_keeps_frames_does_not_keep_them_from_growing():
    """As that of dask's workers does: what is viewed by a local variable of a kept frame cannot grow."""
    kept, optima = [], Optima(3)
    sys.setprofile(lambda frame, event, argument: kept.append(frame))
    try:
        for k in range(100):
            optima.extend([Solved(Fraction(k), 1, 7, True, (0, k + 3))])
            assert optima.proves(np.array([k]), np.array([[1]], dtype=np.uint64))
    finally:
        sys.setprofile(None)
    assert len(optima) == 100
    assert kept
