"""The regions that meet the interior of a polyhedron, against exact linear programs over all sign vectors; the bounds and
the estimate of a count."""

from __future__ import annotations

import itertools
import json
import random
from fractions import Fraction

import pytest
from command import run
from hypothesis import given, settings
from hypothesis import strategies as st

import exactgeo as eg
from exactgeo.arrangement._propose_count import without_broken_circuit
from exactgeo.exact.lp import minimise
from exactgeo.exact.matrix import nullspace, primitive

CUBE_PIECES = [1, 4, 96]
"""OEIS A333539: pieces of the d-cube cut by all hyperplanes through d of its vertices that span one, d = 1..3."""


def cube(d):
    """The hyperplanes spanned by the vertices of the d-cube, and the cube as A, b."""
    vertices = list(itertools.product([0, 1], repeat=d))
    planes = set()
    for chosen in itertools.combinations(vertices, d):
        kernel = nullspace([(*v, 1) for v in chosen], d + 1)
        if len(kernel) == 1 and any(kernel[0][:-1]):
            row = primitive(kernel[0])
            planes.add(max(tuple(row), tuple(-q for q in row)))
    box = [[s * int(i == j) for j in range(d)] for s in (1, -1) for i in range(d)], [1] * d + [0] * d
    return eg.Arrangement([p[:-1] for p in planes], [-p[-1] for p in planes]), box


@pytest.mark.parametrize("d", [1, 2, 3])
def test_pieces_of_the_cube(d):
    planes, box = cube(d)
    assert planes.regions(inside=box).count == CUBE_PIECES[d - 1]
    assert planes.count() > CUBE_PIECES[d - 1]


@pytest.mark.slow
def test_pieces_of_the_cube_in_four_dimensions():
    """OEIS A333539, d = 4: a minute and a half of processor time."""
    planes, box = cube(4)
    assert (len(planes.normals), planes.regions(inside=box).count) == (140, 570048)


def strictly_solvable(rows):
    """Whether some x has ``<a, x> + c > 0`` for all rows (a, c): the largest slack up to 1, as an exact linear program."""
    size = len(rows[0]) - 1
    # Variables: x = u - v, slack s <= 1, one surplus a row; a x - s + c = surplus.
    equalities, rhs = [], []
    for k, (*a, c) in enumerate(rows):
        surplus = [-int(i == k) for i in range(len(rows))]
        equalities.append([*a, *(-q for q in a), -1, 0, *surplus])
        rhs.append(-c)
    equalities.append([0] * (2 * size) + [1, 1] + [0] * len(rows))
    rhs.append(1)
    cost = [0] * (2 * size) + [-1, 0] + [0] * len(rows)
    answer = minimise(cost, equalities, rhs)
    return answer.value is not None and answer.value < 0


def brute(normals, offsets, rows, bounds):
    found = []
    inside = [(*(-q for q in row), b) for row, b in zip(rows, bounds, strict=True) if any(row) or b < 0]
    signs = [
        [-1, 1] if any(row) else [(q < 0) - (q > 0)] for row, q in zip(normals, offsets, strict=True)
    ]  # a zero row has the constant sign of -offset
    for chosen in itertools.product(*signs):
        system = [
            (*(s * q for q in row), -s * offset)
            for s, row, offset in zip(chosen, normals, offsets, strict=True)
            if any(row)
        ]
        if strictly_solvable([*system, *inside, (0,) * len(rows[0] if rows else normals[0]) + (1,)]):
            found.append(chosen)
    return sorted(found)


numbers = st.integers(-2, 2)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_same_as_linear_programs_over_all_sign_vectors(data):
    d = data.draw(st.integers(1, 3))
    row = st.lists(numbers, min_size=d, max_size=d)
    normals = data.draw(st.lists(row, min_size=1, max_size=4))
    offsets = data.draw(st.lists(numbers, min_size=len(normals), max_size=len(normals)))
    rows = data.draw(st.lists(row, min_size=1, max_size=4))
    bounds = data.draw(st.lists(numbers, min_size=len(rows), max_size=len(rows)))
    given_rows = eg.Arrangement(normals, offsets)
    wanted = brute(normals, offsets, rows, bounds)
    if not wanted:
        with pytest.raises(eg.InputError, match="no interior"):
            given_rows.regions(inside=(rows, bounds))
        return
    found = given_rows.regions(inside=(rows, bounds))
    assert list(found) == wanted
    for signs, point in zip(found, found.witnesses(), strict=True):
        assert given_rows.signs_of(point) == signs
        sides = [sum(a * q for a, q in zip(r, point, strict=True)) - b for r, b in zip(rows, bounds, strict=True)]
        assert all(side < 0 for r, side in zip(rows, sides, strict=True) if any(r))


LINES = [[1, 0], [0, 1], [1, 1]], [0, 0, 1]


@pytest.mark.parametrize(
    ("rows", "bounds", "count"),
    [
        ([[1, 0], [-1, 0], [0, 1], [0, -1]], [1, 1, 1, 1], 5),
        # Redundant, repeated and zero rows change nothing.
        ([[1, 0], [2, 0], [1, 0], [-1, 0], [0, 1], [0, -1], [0, 0]], [1, 2, 5, 1, 1, 1, 0], 5),
        # Unbounded: a half plane, and all of the plane.
        ([[1, 0]], [0], 3),
        ([[0, 0]], [0], 7),
        ([], [], 7),
        # Its walls are hyperplanes of the arrangement.
        ([[-1, 0], [0, -1], [1, 1]], [0, 0, 1], 1),
    ],
)
def test_polytopes_of_every_kind(rows, bounds, count):
    assert eg.Arrangement(*LINES).regions(inside=(rows, bounds)).count == count


@pytest.mark.parametrize(
    ("rows", "bounds"),
    [
        ([[1, 0], [-1, 0]], [0, -1]),  # empty
        ([[1, 0], [-1, 0]], [1, -1]),  # a line
        ([[1, 0], [-1, 0], [0, 1], [0, -1]], [0, 0, 0, 0]),  # a point
        ([[0, 0]], [-1]),  # 0 <= -1
    ],
)
def test_no_interior_is_refused_in_one_sentence(rows, bounds):
    with pytest.raises(eg.InputError, match=r"polytope: got \d inequalities that leave no interior"):
        eg.Arrangement(*LINES).regions(inside=(rows, bounds))


def test_the_command_counts_inside(capsys, tmp_path):
    planes, (rows, bounds) = cube(3)
    file, box = tmp_path / "planes.json", tmp_path / "box.toml"
    file.write_text(json.dumps({"normals": [[int(q) for q in r] for r in planes.normals],
                                "offsets": [int(q) for q in planes.offsets]}))  # fmt: skip
    box.write_text(f"[polytope]\nA = {rows}\nb = {bounds}\n")
    code, out, _ = run(capsys, "regions", str(file), "--inside", str(box), "--json", "--signs")
    answer = json.loads(out)
    assert (code, answer["count"], len(answer["signs"]), answer["rank"]) == (0, 96, 96, 3)
    code, out, _ = run(capsys, "regions", str(file), "--inside", str(box))
    assert (code, out.splitlines()[0]) == (0, "regions in the polytope     96")
    code, out, _ = run(capsys, "regions", str(file), "--inside", str(box), "--time-limit", "0", "--json")
    answer = json.loads(out)
    assert (code, answer["complete"]) == (3, False)
    assert 1 <= answer["at_least"] <= 96


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 'box'", "polytope: got nothing"),
        ("[polytope]\nA = [[1, 0]]", "polytope.b: got nothing"),
        ("[polytope]\nA = [[1]]\nb = [1]", "polytope.A: got rows of 1 numbers, expected 2"),
        ("[polytope]\nA = [[1, 0]]\nb = [1, 2]", "polytope.b"),
        ("[polytope]\nA = [[1, 0]]\nb = [1]\nc = 2", "polytope"),
        ("[polytope]\nA = [[1, 0], [-1, 0]]\nb = [0, -1]", "no interior"),
    ],
)
def test_a_bad_polytope_is_one_line(capsys, tmp_path, text, message):
    file, box = tmp_path / "planes.json", tmp_path / "box.toml"
    file.write_text('{"normals": [[1, 0], [0, 1]]}')
    box.write_text(text)
    code, out, err = run(capsys, "regions", str(file), "--inside", str(box))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


# -- the size of an arrangement, at once ---------------------------------------------------------------------------


def arrangements():
    rng = random.Random(4)
    for d in (1, 2, 3, 4):
        for m in (d, d + 2, d + 4):
            rows = [[rng.randint(-1, 1) for _ in range(d)] for _ in range(m)]
            yield eg.Arrangement(rows, dimension=d)
            yield eg.Arrangement(rows, [rng.randint(-1, 1) for _ in range(m)], dimension=d)


@pytest.mark.parametrize("case", list(arrangements()), ids=repr)
def test_the_bounds_hold_and_no_broken_circuit_is_counted(case):
    least, most = case.count_bounds
    assert least <= case.count() <= most
    vectors, rank = case._oriented[0], case.rank
    if not case.central:
        vectors, rank = [*vectors, (0,) * rank + (1,)], rank + 1
    # All sets instead of a few random ones: Whitney's theorem.
    sets = (chosen for k in range(rank + 1) for chosen in itertools.combinations(range(len(vectors)), k))
    found = sum(without_broken_circuit(vectors, chosen) for chosen in sets)
    assert found == case.count() * (1 if case.central else 2)


def test_the_estimate_is_exact_in_general_position_and_near_otherwise():
    moment = eg.Arrangement([[1, t, t**2, t**3, t**4] for t in range(30)])
    assert moment.count_estimate == moment.count() == moment.count_bounds[1]
    # The resonance arrangement, OEIS A034997.
    resonance = eg.Arrangement([row for row in itertools.product([0, 1], repeat=6) if any(row)])
    assert resonance.count() == 1066044
    assert Fraction(1, 3) < Fraction(resonance.count_estimate, 1066044) < 3


@pytest.mark.parametrize("offsets", [None, range(40)])
def test_what_is_told_while_regions_are_listed_is_never_more_than_there_are(offsets):
    given_rows = eg.Arrangement([[t**k % 23 - 11 for k in range(4)] for t in range(1, 41)], offsets)
    for enumerator in ("sweep", "deletion-restriction"):
        told = []
        assert given_rows.regions(enumerator, watch=told.append).count == given_rows.count()
        assert told == sorted(told)
        assert 0 < told[-1] <= given_rows.count()
        given_rows = eg.Arrangement(given_rows.normals, offsets)
