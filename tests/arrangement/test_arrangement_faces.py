"""Faces, walls, restriction, cones and clipping against formulas and the definitions; pictures by their exact parts."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest
from arrangement_brute import kernel
from arrangements import arrangements, coxeter_b, differences
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exactgeo.arrangement import Arrangement
from exactgeo.errors import InputError, InternalError

ANY = st.booleans().flatmap(arrangements)


def values(arrangement, w):
    return [
        sum((a * b for a, b in zip(row, w, strict=True)), Fraction(0)) - q
        for row, q in zip(arrangement.normals, arrangement.offsets, strict=True)
    ]


@settings(deadline=None, max_examples=60)
@given(ANY)
@example(([], [], 2))
@example(([[1, 0], [1, 0], [0, 0]], [0, 1, 0], 2))
def test_deletion_and_restriction(data):
    # Zaslavsky, Stanley Lemma 2.2: counts add up where the row is no repetition.
    normals, offsets, d = data
    arrangement = Arrangement(normals, offsets, dimension=d)
    for t, row in enumerate(arrangement.normals):
        if not any(row):
            with pytest.raises(InputError, match="zero normal"):
                arrangement.restriction(t)
            continue
        below = arrangement.restriction(t)
        assert below.dimension == d - 1
        assert below.m == arrangement.m
        less = arrangement.deletion(t)
        repeated = less.count() == arrangement.count()
        assert less.count() + (0 if repeated else below.count()) == arrangement.count()


@settings(deadline=None, max_examples=60)
@given(ANY)
@example(([[0, 0], [1, 1]], [1, 0], 2))
def test_essentialization_cone_and_decone(data):
    normals, offsets, d = data
    arrangement = Arrangement(normals, offsets, dimension=d)
    essential = arrangement.essentialization()
    assert essential.dimension == essential.rank == arrangement.rank
    assert list(essential.regions()) == list(arrangement.regions())
    cone = arrangement.cone()
    assert cone.central
    constants = [t for t, row in enumerate(arrangement.normals) if not any(row) and arrangement.offsets[t]]
    assert cone.count() == 2 * arrangement.count()
    assert cone.decone() == arrangement
    if not constants:
        # A region is bounded when its cone has no ray at infinity.
        rays = cone.rays()
        far = {k for k, ray in enumerate(rays) if ray[-1] == 0}
        up = [i for i, signs in enumerate(cone.regions()) if signs[-1] == 1]
        by_region = cone.rays_by_region()
        assert sum(not far & set(by_region[i]) for i in up) == arrangement.bounded


@settings(deadline=None, max_examples=40)
@given(ANY)
@example(([], [], 2))
@example(([[1]], [0], 1))
@example(([[1, 0], [0, 1], [1, 1], [1, 1]], [0, 0, 1, 0], 2))
def test_faces(data):
    normals, offsets, d = data
    arrangement = Arrangement(normals, offsets, dimension=d)
    by_dimension = [list(arrangement.faces(k)) for k in range(d + 1)]
    assert tuple(map(len, by_dimension)) == arrangement.face_vector
    everything = [signs for faces in by_dimension for signs in faces]
    assert len(set(everything)) == len(everything)
    assert sorted(by_dimension[d]) == list(arrangement.regions())
    # Euler characteristic of R^d with compact supports.
    assert sum((-1) ** k * f for k, f in enumerate(arrangement.face_vector)) == (-1) ** d
    # Covectors are closed under composition (oriented matroids) in central arrangements, and under sign change.
    if arrangement.central:
        known = set(everything)
        assert known == {tuple(-s for s in signs) for signs in known}
        for a, b in itertools.islice(itertools.product(everything, repeat=2), 300):
            assert tuple(p or q for p, q in zip(a, b, strict=True)) in known
    for k, faces in enumerate(by_dimension):
        for signs in faces[:20]:
            zero = [row for row, s in zip(arrangement.normals, signs, strict=True) if not s]
            assert d - len(kernel(zero, d)[1]) == k


def test_face_vectors_of_the_braid_arrangement():
    # Faces of dimension k: ordered set partitions into k blocks, k! S(n, k).
    for n in range(2, 6):
        stirling = [
            sum((-1) ** (k - j) * math.comb(k, j) * j**n for j in range(k + 1)) // math.factorial(k)
            for k in range(n + 1)
        ]
        arrangement = Arrangement(differences(n, [0])[0])
        assert arrangement.face_vector == tuple(math.factorial(k) * stirling[k] for k in range(n + 1))
        assert [arrangement.whitney_number(k, kind=2) for k in range(n)] == [stirling[n - k] for k in range(n)]
        assert [arrangement.whitney_number(k) for k in range(n)] == list(arrangement.characteristic_polynomial[:n])


def test_whitney_numbers_refuse():
    arrangement = Arrangement([[1, 0]])
    assert [arrangement.whitney_number(k, 2) for k in range(3)] == [1, 1, 0]
    with pytest.raises(InputError, match="kind"):
        arrangement.whitney_number(0, kind=3)
    with pytest.raises(InputError, match="0 to 2"):
        arrangement.whitney_number(3)


@settings(deadline=None, max_examples=50)
@given(ANY)
@example(([[1, 1], [2, 2], [0, 1]], [0, 0, 0], 2))
def test_facets_are_the_rows_without_which_the_region_grows(data):
    normals, offsets, d = data
    arrangement = Arrangement(normals, offsets, dimension=d)
    regions = arrangement.regions()
    graph = arrangement.tope_graph()
    listed = list(regions)
    for i, signs in enumerate(listed):
        walls = arrangement.facets(i)
        assert sorted(data["hyperplane"] for _, _, data in graph.edges(i, data=True)) == walls
        for wall in walls:
            # All rows of one hyperplane flip together, none else.
            face = [s for s in arrangement.faces(d - 1) if s[wall] == 0]
            agree = [f for f in face if all(p in (0, q) for p, q in zip(f, signs, strict=True))]
            assert len(agree) == 1
    # Each face of dimension d - 1 is the wall between two regions.
    assert graph.number_of_edges() == (arrangement.face_vector[d - 1] if d else 0)


def test_tope_graph_of_the_permutohedron():
    graph = Arrangement(differences(5, [0])[0]).tope_graph()
    assert graph.number_of_nodes() == 120
    assert {degree for _, degree in graph.degree()} == {4}


@settings(deadline=None, max_examples=60)
@given(ANY, st.data())
def test_clipping_to_a_cone(data, more):
    normals, offsets, d = data
    arrangement = Arrangement(normals, offsets, dimension=d)
    entries = st.integers(-2, 2)
    walls = more.draw(st.lists(st.lists(entries, min_size=d, max_size=d), max_size=3))
    levels = more.draw(st.none() | st.lists(entries, min_size=len(walls), max_size=len(walls)))
    found = arrangement.clip(walls, levels)
    inside = Arrangement([*walls, *normals], [*(levels or [0] * len(walls)), *offsets], dimension=d)
    expected = sorted(s[len(walls) :] for s in inside.regions() if all(q == 1 for q in s[: len(walls)]))
    assert list(found) == expected
    assert found.signs.shape == (len(expected), arrangement.m)
    for i, signs in enumerate(expected):
        w = found.witness(i)
        assert arrangement.signs_of(w) == signs
        assert found.index(signs) == i
        for row, level in zip(walls, levels or [0] * len(walls), strict=True):
            assert sum((a * b for a, b in zip(row, w, strict=True)), Fraction(0)) > level


def test_clipping_by_the_opposite_of_a_row():
    found = Arrangement([[-1, 0], [0, 1]]).clip([[1, 0]])
    assert list(found) == [(-1, -1), (-1, 1)]
    assert [found.index(signs) for signs in found] == [0, 1]


def test_clipping_to_a_box():
    grid = Arrangement([[1, 0]] * 5 + [[0, 1]] * 5, [*range(5), *range(5)])
    assert grid.count() == 36
    assert grid.clip_to_box([0, 0], [2, 3]).count == 6
    assert grid.clip_to_box(["1/2", "1/2"], ["3/4", "3/4"]).count == 1
    assert grid.clip_to_box([1, 0], [0, 1]).count == 0
    with pytest.raises(InputError, match="low: got 1 numbers"):
        grid.clip_to_box([0], [1, 1])


def test_vertices():
    arrangement = Arrangement([[1, 0], [0, 3], [1, 1], [2, 2]], [0, 1, 1, 5])
    found = arrangement.vertices()
    expected = [(Fraction(0), Fraction(1, 3)), (Fraction(0), Fraction(1)), (Fraction(0), Fraction(5, 2))]
    assert found == [*expected, (Fraction(2, 3), Fraction(1, 3)), (Fraction(13, 6), Fraction(1, 3))]
    assert all(values(arrangement, v).count(0) >= 2 for v in found)
    assert Arrangement([[1, 1]]).vertices() == []
    assert Arrangement([[1, 0], [0, 1]]).vertices() == [(0, 0)]


def test_points_and_rows_are_checked():
    arrangement = Arrangement([[1, 0], [0, 0]], [0, 1])
    assert arrangement.region_containing_point([1, 5]) == 1
    with pytest.raises(InputError, match="a point on hyperplane 0"):
        arrangement.region_containing_point([0, 5])
    with pytest.raises(InputError, match="0 to 1"):
        arrangement.deletion(2)
    with pytest.raises(InputError, match="affine"):
        arrangement.decone()
    with pytest.raises(InputError, match="zero normal"):
        Arrangement([[0, 0], [1, 0]]).decone(0)
    with pytest.raises(ValueError, match="not the sign vector"):
        arrangement.regions().index((1, 1))


def test_half_of_the_regions_lie_where_a_row_is_1():
    arrangement = Arrangement(coxeter_b(3))
    for t in range(arrangement.m):
        affine = arrangement.decone(t)
        assert affine.m == arrangement.m - 1
        assert 2 * affine.count() == arrangement.count()
        rest = [(*s[:t], *s[t + 1 :]) for s in arrangement.regions() if s[t] == 1]
        assert sorted(rest) == list(affine.regions())


def test_bounded_regions_in_bulk():
    # Catalan, n = 4: bounded regions by Zaslavsky; polygons of lines in general position; every one in a box of its own.
    catalan = Arrangement(*differences(4, [-1, 0, 1]))
    assert len(catalan.bounded_regions()) == catalan.bounded == math.factorial(4) * math.comb(6, 3) // 4
    lines = Arrangement([[1, 2 * t] for t in range(70)], [t * t for t in range(70)])
    bounded = lines.bounded_regions()
    assert len(bounded) == math.comb(69, 2)
    assert len(lines.unbounded_regions()) == 140
    far = max(abs(q) for v in lines.vertices() for q in v)
    inside = lines.clip_to_box([-far - 1] * 2, [far + 1] * 2)
    assert set(bounded) <= set(inside)
    for signs in itertools.islice(lines.unbounded_regions(), 30):
        assert tuple(-s for s in signs) in lines.unbounded_regions()
    planes = Arrangement([[1, t, t * t] for t in range(12)], [t**3 for t in range(12)])
    assert len(planes.bounded_regions()) == math.comb(11, 3)


def test_a_bad_slice_is_an_internal_error(monkeypatch):
    from exactgeo.arrangement import bounded as module

    arrangement = Arrangement([[1, 2 * t] for t in range(12)], [t * t for t in range(12)])
    # Too near: the two lines are not beyond all vertices.
    monkeypatch.setattr(module, "prod", lambda norms: 0)
    with pytest.raises(InternalError, match=r"unbounded|generic"):
        arrangement.bounded_regions()


def test_intersection_poset_of_the_braid_arrangement():
    # Partitions of 4: of type 3 + 1 cover three, of type 2 + 2 two.
    arrangement = Arrangement(differences(4, [0])[0])
    poset = arrangement.intersection_poset()
    levels = [[X for X, k in poset.nodes(data="codimension") if k == c] for c in range(4)]
    assert [len(level) for level in levels] == [1, 6, 7, 1] == [arrangement.whitney_number(k, 2) for k in range(4)]
    assert poset.number_of_edges() == 6 + 4 * 3 + 3 * 2 + 7
    for lower, upper in poset.edges:
        assert lower < upper
        assert poset.nodes[upper]["codimension"] == poset.nodes[lower]["codimension"] + 1
    # In general a partition into k blocks is covered by the C(k, 2) that merge two: 10 + 10 * 6 + 25 * 3 + 15.
    assert Arrangement(differences(5, [0])[0]).intersection_poset().number_of_edges() == 160
    parallel = Arrangement([[1, 0], [1, 0], [0, 1]], [0, 1, 0]).intersection_poset()
    assert set(parallel) == {frozenset(q) for q in ((), (0,), (1,), (2,), (0, 2), (1, 2))}
    assert parallel.number_of_edges() == 3 + 4


def test_simplicial_arrangements():
    assert Arrangement(coxeter_b(3)).is_simplicial
    assert Arrangement(differences(4, [0])[0]).is_simplicial
    assert Arrangement([], dimension=2).is_simplicial
    assert not Arrangement([[1, t, t * t] for t in range(5)]).is_simplicial
    # A pentagonal prism's worth of lines is; the near-pencil is; one more plane is not.
    assert Arrangement([[1, 0, 0], [0, 1, 0], [1, 1, 0], [1, 2, 0], [0, 0, 1]]).is_simplicial
    assert not Arrangement([[1, 0, 0], [0, 1, 0], [1, 1, 0], [1, 2, 0], [0, 0, 1], [5, 1, 1]]).is_simplicial
    with pytest.raises(InputError, match="affine"):
        _ = Arrangement([[1]], [1]).is_simplicial


@given(ANY)
@example(([[1, 0], [0, 1], [1, 1]], [0, 0, 1], 2))
@example(([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], [0, 0, 0, 0], 3))
@example(([[1, 0], [1, 0]], [0, 1], 2))
def test_general_position_and_polynomials(data):
    normals, offsets, d = data
    arrangement = Arrangement(normals, offsets, dimension=d)
    assert sum(arrangement.poincare_polynomial) == arrangement.count()
    assert arrangement.is_essential == (len(arrangement.lineality()) == 0)
    distinct = arrangement._oriented[0]
    rank = arrangement.rank
    if arrangement.central:
        dependent = any(
            len(kernel(chosen, rank)[1]) < min(rank, len(distinct))
            for chosen in itertools.combinations(distinct, min(rank, len(distinct)))
        )
    else:
        infinity = (0,) * rank + (1,)
        dependent = any(
            len(kernel(chosen, rank + 1)[1]) < min(rank, len(distinct)) + 1
            for chosen in itertools.combinations([*distinct, infinity], min(rank, len(distinct)) + 1)
        )
    assert arrangement.in_general_position != dependent


def test_distances_are_those_of_the_tope_graph():
    import networkx

    arrangement = Arrangement([[1, 0], [0, 1], [1, 1], [-2, -2], [0, 0]], [0, 0, 1, 5, 0])
    graph = arrangement.tope_graph()
    for i, lengths in networkx.all_pairs_shortest_path_length(graph):
        for j, length in lengths.items():
            assert arrangement.distance_between_regions(i, j) == length


def test_rays_and_faces_ask_for_no_more_than_they_need(monkeypatch):
    # General position is decided by up to 80 million minors; only enumeration and the polynomial make use of it.
    from exactgeo.arrangement import _filter_uniform as module

    monkeypatch.setattr(module, "is_uniform", lambda table: pytest.fail("all minors were computed"))
    arrangement = Arrangement([[1, t, t * t, t**3] for t in range(18)])
    assert len(arrangement.rays()) == 2 * math.comb(18, 3)
    assert arrangement.signs_of(arrangement.rays()[0]).count(0) == 3
    assert arrangement.whitney_number(1, kind=2) == 18
    with pytest.raises(pytest.fail.Exception):
        arrangement.count()
