"""Arrangements against published counts and closed formulas; refusals; what is promised at the door."""

from __future__ import annotations

import itertools
import math
import random
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from arrangements import ORACLES, build, coxeter_b, differences, unit

from exactgeo.arrangement import Arrangement
from exactgeo.errors import InputError, InternalError
from exactgeo.exact.rational import FloatTakenExactly


def polynomial(*roots, lead=1):
    """Coefficients of lead * prod (t - root), highest first."""
    result = [lead]
    for root in roots:
        result = [p - root * q for p, q in zip([*result, 0], [0, *result], strict=True)]
    return tuple(result)


@pytest.mark.parametrize("entry", ORACLES, ids=[entry["name"] for entry in ORACLES])
def test_published_counts(entry):
    normals, offsets = build(entry["name"], entry["d"], entry["m"])
    assert len(normals) == entry["m"]
    arrangement = Arrangement(normals, offsets)
    assert arrangement.dimension == entry["d"]
    assert arrangement.central == (entry["kind"] == "central")
    assert arrangement.count() == entry["count"]
    assert arrangement.rank == entry.get("rank", entry["d"])
    regions = arrangement.regions()
    assert regions.count == len(regions) == entry["count"]
    signs = regions.signs
    assert signs.dtype == np.int8
    assert signs.shape == (entry["count"], entry["m"])
    assert np.array_equal(signs, np.unique(signs, axis=0)), "not distinct rows in lexicographic order"
    assert set(np.unique(signs)) <= {-1, 1}
    if arrangement.central:
        assert np.array_equal(signs, -signs[::-1])
    for i in random.Random(entry["name"]).sample(range(regions.count), min(regions.count, 40)):
        assert arrangement.signs_of(regions.witness(i)) == tuple(signs[i].tolist()) == regions[i]


@pytest.mark.parametrize("n", range(1, 7))
def test_braid_polynomial(n):
    # Stanley 2004, Section 2.2: t (t - 1) ... (t - n + 1).
    arrangement = Arrangement(differences(n, [0])[0], dimension=n)
    assert arrangement.characteristic_polynomial == polynomial(*range(n))
    assert arrangement.lineality() == [(1,) * n]


@pytest.mark.parametrize("n", range(1, 6))
def test_coxeter_b_and_d_polynomials(n):
    # Exponents 1, 3, ..., 2n - 1 of B_n; 1, 3, ..., 2n - 3, n - 1 of D_n; 2^(n-1) n! regions of D_n.
    odd = range(1, 2 * n, 2)
    assert Arrangement(coxeter_b(n)).characteristic_polynomial == polynomial(*odd)
    d = Arrangement(coxeter_b(n, single=False), dimension=n)
    assert d.characteristic_polynomial == polynomial(*odd[:-1], n - 1)
    assert d.count() == 2 ** (n - 1) * math.factorial(n)
    if n < 5:
        assert d.regions().count == d.count()


def test_exceptional_coxeter_groups():
    # F_4: exponents 1, 5, 7, 11, order 1152. E_6: exponents 1, 4, 5, 7, 8, 11, order 51840.
    halves = [tuple(q) for q in itertools.product((1, -1), repeat=4) if q[0] == 1]
    f4 = Arrangement([*coxeter_b(4), *halves])
    assert f4.characteristic_polynomial == polynomial(1, 5, 7, 11)
    assert f4.regions().count == 1152
    # Simple roots of E_6 (a chain of five with a sixth at its middle) and all their reflections.
    edges = {(0, 1), (1, 2), (2, 3), (3, 4), (2, 5)}
    cartan = [[2 if i == j else -int((min(i, j), max(i, j)) in edges) for j in range(6)] for i in range(6)]
    roots = {tuple(unit(6, (i, 1))) for i in range(6)}
    while True:
        more = set(roots)
        for root in roots:
            for i in range(6):
                image = list(root)
                image[i] -= sum(q * c for q, c in zip(root, cartan[i], strict=True))
                more.add(tuple(image))
        if more == roots:
            break
        roots = more
    positive = [root for root in roots if min(root) >= 0]
    assert len(positive) == 36
    assert Arrangement(positive).characteristic_polynomial == polynomial(1, 4, 5, 7, 8, 11)


@pytest.mark.parametrize("n", range(2, 5))
def test_deformations_of_the_braid_arrangement(n):
    # Stanley 2004, Section 5: Shi t (t - n)^(n-1), Catalan t (t - n - 1) ... (t - 2n + 1).
    shi = Arrangement(*differences(n, [0, 1]))
    assert shi.characteristic_polynomial == polynomial(0, *[n] * (n - 1))
    assert (shi.count(), shi.bounded) == ((n + 1) ** (n - 1), (n - 1) ** (n - 1))
    catalan = Arrangement(*differences(n, [-1, 0, 1]))
    assert catalan.characteristic_polynomial == polynomial(0, *range(n + 1, 2 * n))
    assert catalan.bounded == math.factorial(n) * math.comb(2 * n - 2, n - 1) // n
    # Linial, OEIS A007889; semiorder, OEIS A006531.
    assert Arrangement(*differences(n, [1])).regions().count == {2: 2, 3: 7, 4: 36}[n]
    assert Arrangement(*differences(n, [-1, 1])).regions().count == {2: 3, 3: 19, 4: 183}[n]


@pytest.mark.parametrize(("d", "m"), [(1, 1), (1, 5), (2, 1), (2, 7), (3, 2), (3, 8), (4, 9), (5, 8)])
def test_generic_arrangements(d, m):
    rows = [[t**j for j in range(d)] for t in range(m)]
    rank = min(d, m)
    central = Arrangement(rows)
    assert central.count() == central.regions().count == 2 * sum(math.comb(m - 1, i) for i in range(rank))
    assert central.bounded == 0
    lines = len(list(itertools.combinations(range(m), rank - 1)))
    assert len(central.rays()) == 2 * lines
    affine = Arrangement(rows, [t**d for t in range(m)])
    signed = [(-1) ** i * math.comb(m, i) for i in range(d + 1)]
    assert affine.characteristic_polynomial == tuple(signed)
    assert affine.regions().count == sum(math.comb(m, i) for i in range(d + 1))
    assert affine.bounded == (math.comb(m - 1, d) if m >= d else math.comb(m - 1, m))


@pytest.mark.parametrize("k", [0, 1, 2, 7, 8, 15, 16, 17, 40, 400, 2000])
def test_thin_cells(k):
    # Float tools find 4 of the 6 regions from k = 7 on (DESIGN, measured facts).
    arrangement = Arrangement([(1, 0), (10**k, 1), (0, 1)])
    regions = arrangement.regions()
    expected = [(-1, -1, -1), (-1, -1, 1), (-1, 1, 1), (1, -1, -1), (1, 1, -1), (1, 1, 1)]
    assert list(regions) == expected
    assert [arrangement.signs_of(regions.witness(i)) for i in range(6)] == expected
    lifted = Arrangement([(1, 0, 0), (10**k, 1, 0), (0, 1, 0), (1, 1, Fraction(1, 10**k))])
    assert lifted.regions().count == lifted.count() == 12  # three in a pencil, one across it
    strip = Arrangement([[1], [1]], [0, f"1e-{k}"])
    assert list(strip.regions()) == [(-1, -1), (1, -1), (1, 1)]


def test_rays_by_region_agree_with_rays_of():
    arrangement = Arrangement([*coxeter_b(3), [0, 0, 0], [2, 2, 0], [-1, 1, 0]])
    rays, regions = arrangement.rays(), arrangement.regions()
    assert len(rays) == 26  # the proper nonempty signed subsets: 3^3 - 1
    for i, indices in enumerate(arrangement.rays_by_region()):
        assert len(indices) == 3  # simplicial
        assert [rays[k] for k in indices] == arrangement.rays_of(regions[i])
    wide = Arrangement([[t, t * t + 1] for t in range(-40, 41)])
    for i, indices in enumerate(wide.rays_by_region()):
        assert [wide.rays()[k] for k in indices] == wide.rays_of(wide.regions()[i])
        assert len(indices) == 2


def test_numbers_of_every_kind_are_read_exactly():
    expected = Arrangement([["1/2", 1], [0, "-1/3"]], ["0.25", 2])
    assert Arrangement([[Fraction(1, 2), 1], ["0/5", Fraction(-1, 3)]], (Fraction(1, 4), "2")) == expected
    assert Arrangement(np.array([[1, 2], [3, 4]], dtype=np.int8)).normals == ((1, 2), (3, 4))
    assert Arrangement(np.array([[2**63, 1]], dtype=object)).normals == ((2**63, 1),)
    assert Arrangement((t, 1) for t in range(3)).m == 3
    assert Arrangement([iter([1, 2])], iter([3])).offsets == (3,)
    assert hash(expected) == hash(Arrangement([["1/2", 1], [0, "-1/3"]], ["0.25", 2]))
    with pytest.warns(FloatTakenExactly) as caught:
        floats = Arrangement(np.array([[0.1, 0.5], [0.3, 0.2]]), [0.1, 0.7])
    assert len(caught) == 1
    assert floats.normals[0][0] == Fraction(0.1) != Fraction(1, 10)
    assert floats.offsets[1] == Fraction(0.7)
    assert caught[0].filename == __file__
    for ask in (floats.signs_of, lambda w: floats.clip_to_box(w, [1, 1])):
        with pytest.warns(FloatTakenExactly) as caught:
            ask([0.1, 0.1])
        assert len(caught) == 1


@pytest.mark.parametrize(
    ("normals", "offsets", "message"),
    [
        ([], None, "normals: got no rows"),
        ([[1, 2], [1]], None, r"normals\[1\]: got 1 numbers, expected 2"),
        ([1, 2], None, r"normals\[0\]: got 1, expected a row"),
        ([[1, [2]]], None, r"normals\[0\]\[1\]"),
        ("12", None, "normals: got"),
        ([{1, 2}], None, r"normals\[0\]: got set"),
        (None, None, "normals: got NoneType"),
        (7, None, "normals: got 7"),
        ({"a": [1]}, None, "normals: got dict"),
        ([["1/0"]], None, r'normals\[0\]\[0\]: got "1/0"'),
        ([[float("nan")]], None, r"normals\[0\]\[0\]: got nan"),
        (np.array([[np.inf]]), None, r"normals\[0\]\[0\]: got inf"),
        (np.array(3), None, "normals: got ndarray"),
        (np.zeros((2, 2, 2), dtype=int), None, "normals: got an array of shape"),
        (np.zeros(3, dtype=int), None, "normals: got an array of shape"),
        ([[1], [2]], [1], "offsets: got 1 numbers, expected 2"),
        ([[1]], [float("inf")], r"offsets\[0\]: got inf"),
        ([[1]], 3, "offsets: got 3"),
        ([[True]], None, r"normals\[0\]\[0\]: got true"),
        (np.array([[1]], dtype="m8[ns]"), None, r"normals\[0\]\[0\]: got"),
        (np.array([[1]], dtype="M8[ns]"), None, r"normals\[0\]\[0\]: got datetime64"),
    ],
    ids=str,
)
def test_bad_input_is_refused(normals, offsets, message):
    with pytest.raises(InputError, match=message):
        Arrangement(normals, offsets)


def test_bad_arguments_are_refused():
    with pytest.raises(InputError, match="dimension"):
        Arrangement([], dimension=-1)
    with pytest.raises(InputError, match="expected 3"):
        Arrangement([[1, 2]], dimension=3)
    arrangement = Arrangement([[1, 2]], [1])
    with pytest.raises(InputError, match="point: got 3 numbers, expected 2"):
        arrangement.signs_of([1, 2, 3])
    for ask in (arrangement.rays, arrangement.rays_by_region):
        with pytest.raises(InputError, match="affine"):
            ask()
    central = Arrangement([[1, 2]])
    for signs in ((1, 1), (2,), ()):
        with pytest.raises(InputError, match="signs"):
            central.rays_of(signs)


def test_regions_are_a_container_of_sign_tuples():
    regions = Arrangement([[1, 0], [0, 0], [0, 1]], [0, 1, 0]).regions()
    assert len(regions) == 4
    assert (1, -1, 1) in regions
    assert (1, 1, 1) not in regions
    assert (1, -1) not in regions
    assert 3 not in regions
    assert regions[-1] == (1, -1, 1)
    with pytest.raises(IndexError):
        regions[4]
    assert not regions.signs.flags.writeable


def test_a_lost_region_or_a_wrong_witness_is_an_internal_error(monkeypatch):
    from exactgeo.arrangement.enumerators import deletion as module

    honest = module.central_regions
    rows = [[1, 0], [0, 1], [1, 1]]

    def lose(planes, dimension, watch=None):
        return dict(list(honest(planes, dimension).items())[1:])

    def move(planes, dimension, watch=None):
        return dict.fromkeys(honest(planes, dimension), (0, 1))

    for lie, message in ((lose, "5 regions found, 6 counted"), (move, "witness")):
        monkeypatch.setattr(module, "central_regions", lie)
        with pytest.raises(InternalError, match=message):
            Arrangement(rows).regions()


def test_numpy_is_imported_only_for_the_sign_matrix():
    code = (
        "import sys; from exactgeo.arrangement import Arrangement; A = Arrangement([[1, 0], [1, 1]]); "
        "A.regions().witness(0), A.rays(), A.bounded; assert 'numpy' not in sys.modules, 'numpy'; "
        "A.regions().signs; assert 'numpy' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
