"""The checker's outcomes, one by one: what mutation testing runs. No process is started and exactgeo is not imported."""

from __future__ import annotations

import json
import random
import sys
from decimal import Decimal, localcontext
from fractions import Fraction
from hashlib import sha256
from math import comb, prod
from pathlib import Path
from types import ModuleType, SimpleNamespace

import basin_brute
import beside
import edits
import pytest
from damage import checker, outcome
from forge import verdicts
from forging import FOLDER, accepted, changed, changed_v1, put, tiny, written

ACCEPT = sorted((FOLDER / "accept").glob("*.json"))
INDEX = json.loads((FOLDER / "reject" / "index.json").read_text())
PROP1 = (FOLDER / "accept" / "prop1.json").read_text()
WORDS = "(strict_modulo_symmetry, flat dimension 1)"


@pytest.mark.parametrize("path", ACCEPT, ids=lambda path: path.stem)
def test_accepted(path):
    assert outcome(path.read_text()).startswith("accepted: ")


@pytest.mark.parametrize("name", INDEX)
def test_rejected(name):
    assert outcome((FOLDER / "reject" / f"{name}.json").read_text()) == INDEX[name]["reason"]


@pytest.mark.parametrize("item", edits.pinned(), ids=lambda item: f"{item[0]}-{item[1][-1]}")
def test_edited(item):
    """One entry changed: what random damage left to chance, and a mutant lived on."""
    assert outcome(edits.text_of(item)) == item[3]


def test_damaged():
    """Regenerate with ``python tests/forged/forge.py`` after a change of the checker's words, and look at the difference."""
    assert verdicts() == json.loads((FOLDER / "verdicts.json").read_text())


def test_statements():
    assert outcome(PROP1) == (
        "accepted: At P1: No parameters within 1/8 of the point in the max norm have a loss below the point's, 18. "
        f"At P1: The local minimum, of loss 18, is up to rescalings of neurons the only point nearby of its loss {WORDS}. "
        "At P1: The point, of loss 18, is no global minimum: another one has loss 14. "
        "At P2: No parameters have a loss below the point's, 14: every basin has a bound. "
        "At P1: Every path from the point, of loss 18, to the other, of loss 14, reaches 106/5; before it does, the loss is "
        "at least 18: the point is in a bad valley."
    )
    assert outcome(written(changed("prop1", put("claims", 4, "floor", "14")))).endswith("the loss is at least 14.")
    assert outcome(written(accepted("plateau"))).endswith(
        " A path of straight lines and rescalings from the point, of loss 106/5, to one of loss 14 never rises above 106/5."
    )
    assert outcome(written(accepted("landscape-full"))) == (
        "accepted: The 144 basins have the minima 0 (32), 2 (48), 8/3 (64); the valleys are 0 (6, without escape); "
        "no width has a loss below 0, and some width has it."
    )
    assert outcome(written(accepted("landscape-of-two-pairs"))) == (
        "accepted: The 6 basins modulo permutation have the minima 0 (5), 1/4 (1); the valleys modulo permutation are "
        "0 (1, without escape)."
    )
    assert outcome(written(accepted("basins-hinge"))) == (
        "accepted: The 4 basins modulo permutation have the minima 2 (4); no width has a loss below 0, and some width "
        "has it."
    )
    assert outcome(written(accepted("basin"))) == (
        "accepted: No parameters of the basin (--+++; 1) have a loss below that of its given point, 83/4."
    )
    assert outcome(written(accepted("regions-affine"))) == (
        "accepted: The arrangement has exactly 7 regions, those of the list."
    )


def test_problems_beside():
    """Regenerate with ``python tests/forged/beside.py`` after a change of the words, and look at the difference."""
    companion = checker().companion("check_problem.py")
    assert [beside.read(companion, *item) for item in beside.NAMED] == json.loads((FOLDER / "beside.json").read_text())


STATED = {
    "a cone without a basis, whose rank is taken": (
        changed("flat-split", put("claims", 1, "flatness", "largest", "basis", None)),
        "(flat, flat dimension 2). No parameters have a loss below the point's, 8: every basin has a bound.",
    ),
    "a bound below the loss of the point": (
        changed("penalised-ray-alone", put("claims", 2, "bound", "1/4")),
        "have a penalised loss below 1/4; the point has 1/2.",
    ),
}


@pytest.mark.parametrize("name", STATED)
def test_statements_of_what_the_tool_never_writes(name):
    tree, end = STATED[name]
    assert outcome(written(tree)).startswith("accepted: ")
    assert outcome(written(tree)).endswith(end)


def idle_cases(data_points: int, dimension: int, neurons: int) -> dict[str, object]:
    """Neurons of weights 0 at an exact fit of the absolute loss: every case of their signs, each a leaf of its own."""
    zero = ["0"] * dimension
    cover: list[dict[str, object]] = []

    def cut(number: int) -> None:
        if number == neurons:
            cover.append({"rule": "subgradient", "slopes": {}, "multipliers": {}, "strict": []})
            return
        cover.append({"rule": "sign", "neuron": number})
        cut(number + 1)
        cut(number + 1)

    cut(0)
    joint = [{"neurons": [*range(neurons)], "data": [*range(data_points)], "cover": cover}]
    point = {"weights": [[zero] * neurons, [["0"] * neurons]], "biases": [[], []]}
    claim = {"kind": "subgradient_minimum", "point": point, "loss": "0", "radius": None}
    claim |= {"neurons": [{"parts": []}] * neurons, "joint": joint}
    x = [["1", *zero[1:]] for _ in range(data_points)]
    tree = tiny(claim, x=x, y=["0"] * data_points, loss="absolute") | {"version": 2}
    tree["problem"]["network"]["widths"] = [neurons]
    return tree


def long_curve(ways: int, data_points: int) -> dict[str, object]:
    """Along a line down, as a curve of very many orders, of which the first and the last move."""
    way, still = ({"weights": [[[q]], [["0"]]], "biases": [[], []]} for q in ("-1", "0"))
    claim = {"kind": "descent_curve", "point": {"weights": [[["1"]], [["1"]]], "biases": [[], []]}, "step": "1/2"}
    claim |= {"loss": str(data_points), "curve": [way, *[still] * (ways - 2), way]}
    return tiny(claim, x=[["1"]] * data_points, y=["0"] * data_points, loss="absolute") | {"version": 2}


WORK = {
    "leaves": (idle_cases(2, 2, 2), idle_cases(400, 4, 8)),
    "curve": (long_curve(2, 2), long_curve(400, 60)),
}


@pytest.mark.parametrize("name", WORK)
def test_work_without_derivatives_is_counted_before_it_is_done(name):
    """The short file is accepted; the long one is refused when its work is behind the limit by one step at most."""
    module = checker()
    short, long = (written(tree) for tree in WORK[name])
    assert outcome(short).startswith("accepted: ")
    assert outcome(long) == "Refused: more work than a check may take"
    assert module.MAX_WORK < module.meter.spent < module.MAX_WORK * 1.1


def metered(module: ModuleType) -> list[object]:
    """How long numbers count, at the lengths where that changes; what is refused."""
    found: list[object] = []
    for bits in (1, 1021, 1022, 1023, 1024, 1025, 2046, 2047, 2048, 3072):
        for numbers in ([Fraction(1, 2**bits)], [Fraction(2**bits)], [Fraction(1, 2), Fraction(2**bits, 3)], []):
            module.meter.size = 1
            module.meter.long(numbers)
            found.append(module.meter.size)
    for bits in (module.MAX_BITS - 1, module.MAX_BITS):
        try:
            module.meter.long([Fraction(1, 2**bits)])
            found.append("read")
        except module.Refused as error:
            found.append(str(error))
    module.meter.spent, module.meter.size = 0, 1
    for steps in (module.MAX_WORK, 1):
        try:
            module.meter.spend(steps)
            found.append(module.meter.spent)
        except module.Refused as error:
            found.append(str(error))
    module.meter.spent = 0
    return found


def test_long_numbers_count_by_their_length():
    found = metered(checker())
    by_length = [[1] * 4, [1, 1, 2, 1], *[[2, 2, 2, 1]] * 4, *[[5, 5, 5, 1]] * 3, [10, 10, 10, 1]]
    assert found[:40] == [size for sizes in by_length for size in sizes]
    assert found[40:] == [
        "read",
        "numbers of too many digits over a common denominator",
        checker().MAX_WORK,
        "more work than a check may take",
    ]


def test_statements_without_strictness():
    """Nothing is said of the set of equal loss where no proof of it stands in the file; squares may do without as well."""
    first = changed("huber-minimum-at-the-break", lambda tree: tree.update(claims=tree["claims"][:1]))
    assert outcome(written(first)) == (
        "accepted: No parameters within 1/8 of the point in the max norm have a loss below the point's, 9."
    )
    silent = [put("claims", 0, key, None) for key in ("strictness", "flat_dimension", "flatness")]
    old = changed_v1("prop1", *silent, lambda tree: tree.update(claims=tree["claims"][:1]))
    for bare in (old, changed("prop1", lambda tree: tree.update(claims=tree["claims"][:1]))):
        assert outcome(written(bare)) == (
            "accepted: No parameters within 1/8 of the point in the max norm have a loss below the point's, 18."
        )
    for left in range(3):
        some = changed_v1("prop1", *silent[:left], *silent[left + 1 :])
        assert outcome(written(some)).startswith("Refused: ")


def test_long_lists_are_not_shown_whole():
    items = [str(k) for k in range(13)]
    shown = checker().companion("check_landscape.py").shown
    assert shown(items[:12]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"
    assert shown(items) == "the 13 listed, from 0 to 12"


def test_the_least_radius_is_accepted_and_no_more():
    assert outcome(written(changed("prop1", put("claims", 0, "radius", "1/5")))).startswith("accepted")
    assert "neighbourhood" in outcome(written(changed("prop1", put("claims", 0, "radius", "10001/50000"))))


def test_examine_and_main(tmp_path, capsys, monkeypatch):
    module = checker()
    path = tmp_path / "cert.json"
    path.write_text(PROP1)

    def read(name: str) -> tuple[bytes, str]:
        data = Path(name).read_bytes()
        return data, data.decode()

    monkeypatch.setattr(module, "read", read)
    found = module.examine(str(path), None)
    digest = found["sha256"]
    assert found["statement"].startswith("At P1: No parameters within 1/8")
    assert found["hypotheses"] == [
        "layers of sizes [1, 1, 1], activation slopes 1 (right) and 0 (left)",
        "loss: sum of squared over 5 data points",
        'frozen parameters keep their values; trained: {"hidden": [true], "hidden_bias": [true], '
        '"output": true, "output_bias": true}',
        "data (x, y as canonical JSON): sha256 a3a4b22599c08b5dfbbd08830638e6e4f3495c7b756d6fbf8b87abcffb74f5af",
    ]
    assert digest == __import__("hashlib").sha256(PROP1.encode()).hexdigest()
    limit = sys.get_int_max_str_digits()
    try:
        assert module.main([str(path)]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == f"  sha256 {digest}"
        assert module.main(["--json", str(path)]) == 0
        assert json.loads(capsys.readouterr().out) == found
        path.write_text(PROP1.replace('"18"', '"17"'))
        assert module.main([str(path)]) == 1
        assert capsys.readouterr().err == f"{path}: rejected: the loss at a point is another one\n"
        path.write_text("{")
        assert module.main([str(path)]) == 2
        assert capsys.readouterr().err.startswith(f"{path}: refused: not JSON")
        assert module.main([]) == 2
        assert capsys.readouterr().err == "check.py: refused: usage: check.py CERTIFICATE [PROBLEM] [--json]\n"
        assert sys.get_int_max_str_digits() == 0
    finally:
        sys.set_int_max_str_digits(limit)


TOML = """
[data]
x = [[5], [4], ["3"], [1.0], [-1]]
y = [2, 1e0, 0, -3, "6/2"]
[network]
widths = [1]
[point]
weights = [[[1]], [[1]]]
biases = [[-3], [0]]
"""


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("", "", None),
        ("[1]]]", "[2]]]", "point"),
        ("widths = [1]", "widths = [2]", "refused"),
        ("widths = [1]", 'widths = [1]\nactivation = "relu"', None),
        ("widths = [1]", 'widths = [1]\nactivation = " pl( 1, 0 ) "', None),
        ("widths = [1]", 'widths = [1]\nactivation = "abs"', "problem"),
        ("widths = [1]", 'widths = [1]\nactivation = "linear"', "problem"),
        ("widths = [1]", 'widths = [1]\nactivation = "tanh"', "problem"),
        ("widths = [1]", 'widths = [1]\nactivation = "leaky_relu(0)"', None),
        ("widths = [1]", "widths = [1]\nhidden_bias = [true]", None),
        ("widths = [1]", "widths = [1]\nhidden_bias = false", "refused"),
        ("widths = [1]", "widths = [1]\noutput_bias = false", "refused"),
        ("[point]", '[loss]\nkind = "squared"\nreduction = "sum"\n[point]', None),
        ("[point]", '[loss]\nkind = "huber(2)"\n[point]', "problem"),
        ("[point]", '[loss]\nreduction = "mean"\n[point]', "problem"),
        ("[point]", "[train]\nhidden = true\noutput = true\nhidden_bias = [true]\noutput_bias = true\n[point]", None),
        ("[point]", "[train]\nhidden = false\n[point]", "problem"),
        ("[point]", "[train]\nhidden_bias = false\n[point]", "problem"),
        ("[point]", "[train]\noutput = false\n[point]", "problem"),
        ("[point]", "[train]\noutput_bias = false\n[point]", "problem"),
        ("[5]", "[5.5]", "problem"),
        ('"6/2"', '"7/2"', "problem"),
        ("biases = [[-3], [0]]", "", "refused"),
        ("[data]", "note = 1\n[data]", "refused"),
        ("[5]", "[true]", "refused"),
        ("[5]", '["5;"]', "refused"),
        ("[data]", 'name = "n"\nsource = "s"\n[data]', None),
    ],
)
def test_the_problem_beside(old, new, code, monkeypatch):
    module = checker()
    text = TOML.replace(old, new, 1) if old else TOML
    assert text != TOML or not old
    monkeypatch.setattr(module, "read", lambda path: (b"", PROP1 if path == "cert" else text))
    if code is None:
        last = module.examine("cert", "problem")["hypotheses"][-1]
        assert last == f"the problem is that of the file beside the certificate, sha256 {sha256(b'').hexdigest()}"
    elif code == "refused":
        with pytest.raises(module.Refused):
            module.examine("cert", "problem")
    else:
        with pytest.raises(module.Rejected, match=f"another {code} than the file beside it"):
            module.examine("cert", "problem")


@pytest.mark.parametrize(
    "name",
    [
        "deep-mean-over-entries",
        "linear-network-fit",
        "ordered-penalised-descent",
        "ordered-penalised-strict",
        "penalised-balanced",
        "segments-none",
        "vector-silent",
    ],
)
def test_a_claim_beside_is_about_the_point_of_the_file(name, monkeypatch):
    module, tree = checker(), accepted(name)
    problem, point = tree["problem"], tree["claims"][0]["point"]
    network = {**problem["network"], "activation": "pl({}, {})".format(*problem["network"]["activation"])}
    given = {**problem, "network": network, "point": point}
    texts = {"cert": written(tree), "problem": json.dumps(given)}
    monkeypatch.setattr(module, "read", lambda path: (b"", texts[path]))
    assert module.examine("cert", "problem")["accepted"]
    point["weights"][0][0][0] = "7"
    texts["problem"] = json.dumps(given)
    with pytest.raises(module.Rejected, match="another point than the file beside it"):
        module.examine("cert", "problem")


def test_arrangements_beside():
    restate = checker().companion("check_problem.py").restate
    assert restate('{"normals": [[1, "1/2"]]}') == ({"normals": [["1", "1/2"]], "offsets": None}, None)
    assert restate('{"normals": [[1]], "offsets": [0.50]}') == ({"normals": [["1"]], "offsets": ["1/2"]}, None)
    assert restate('{"normals": [[1]], "offsets": [0]}') == ({"normals": [["1"]], "offsets": None}, None)


def arrangements() -> list[list[list[int]]]:
    rng = random.Random(0)
    shapes = [(m, d) for m in range(1, 7) for d in range(1, 5)] * 3
    return [[[rng.randint(-2, 2) for _ in range(d)] for _ in range(m)] for m, d in shapes]


def test_rays_and_ranks():
    """The values of the rows on every ray, and ranks, against another elimination."""
    module = checker()
    for rows in arrangements():
        width = len(rows[0])
        exact = [[Fraction(q) for q in row] for row in rows]
        expected = {
            module.primitive([basin_brute.dot(ray, row) for row in exact]) for ray in basin_brute.rays(exact, width)
        }
        assert {module.primitive(values) for values in module.generators(rows)} == expected
        assert len(module.echelon(rows)) == basin_brute.rank(exact, width)


def test_numbers_of_regions():
    """By deletion and restriction, against all sign vectors; one fewer than the number is too low a limit."""
    module = checker()
    for rows in arrangements():
        if len(rows) < 6:
            planes = tuple(sorted({module.line(row) for row in rows if any(row)}))
            number = len(basin_brute.regions([[Fraction(q) for q in row] for row in rows], len(rows[0])))
            assert module.count(planes, number, {}) == number
            if len(rows[0]) > 2 and len(planes) > 1:
                with pytest.raises(module.Rejected, match="regions are missing"):
                    module.count(planes, number - 1, {})


GENERATORS = {
    "fall": lambda x: x,
    "tanh_factor": lambda x: -2 / (1 + x),
    "log_factor": lambda x: (1 + x).ln() / x,
}
"""What the enclosures of the logistic loss enclose, by x = exp(-q)."""


def enclosed(companion: ModuleType, name: str) -> list[tuple[bool, bool]]:
    """Whether the bounds hold at few bits, where a wrong direction of rounding is seen; and whether they are near."""
    found = []
    for bits in range(6, 18):
        for q in (Fraction(k, 7) for k in range(43)):
            low, high = getattr(companion, name)(q, bits)
            with localcontext(prec=60):
                value = GENERATORS[name]((-Decimal(q.numerator) / q.denominator).exp()) * 2**bits
                # At 0 the values are rational, up to the last digits of a decimal.
                found.append((low - Decimal("1e-40") <= value <= high + Decimal("1e-40"), high - low <= WIDTHS[name]))
    return found


WIDTHS = {"fall": 1, "tanh_factor": 3, "log_factor": 10}  # in units of the last bit


def test_enclosures_enclose():
    """At few bits, against decimals of 60 digits."""
    companion = checker().companion("check_logistic.py")
    for name in GENERATORS:
        assert set(enclosed(companion, name)) == {(True, True)}


def signs(companion: ModuleType) -> list[int | str]:
    """The signs of numbers that lie at the ends of their first enclosure, of 64 bits, or between it and 0.

    tanh(1/2) less a rational: its bounds, a hundredth of the same, a hundredth of half a unit less.
    """
    found: list[int | str] = []
    generator = companion.Mixed(Fraction(0), {Fraction(1): Fraction(1)})
    low, high = (Fraction(q) / 2**64 for q in companion.bounds(generator, companion.TANH, 0, 64))
    half = Fraction(1, 2**65)
    for q in (low, high, low - half, high + half):
        for scale in (Fraction(1), Fraction(1, 100), Fraction(-1), Fraction(-1, 100)):
            found.append(companion.sign((generator - companion.Mixed(q)) * scale))
    near = Fraction(companion.bounds(generator, companion.TANH, 0, 512)[0]) / 2**512
    kept, companion.MAX_BITS = companion.MAX_BITS, 256
    try:
        companion.sign(generator - companion.Mixed(near))
    except companion.Rejected as error:
        found.append(str(error))
    finally:
        companion.MAX_BITS = kept
    return [*found, *(companion.sign(companion.Mixed(q)) for q in (Fraction(-1), Fraction(0), Fraction(1)))]


def test_signs_are_found_at_any_distance():
    one_by_one = [1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1, 1, 1]
    assert signs(checker().companion("check_logistic.py")) == [
        *one_by_one,
        "a number has no sign at 256 bits",
        *(-1, 0, 1),
    ]


ROOTS = [Fraction(n, d) for n in (1, 2, 3, 10**9, 10**60 + 1) for d in (1, 7, 4 * 10**8, 10**60 + 1)]


def test_roots():
    """At least the root, and near: 60 bits of it."""
    companion = checker().companion("check_critical.py")
    assert companion.root(Fraction(0)) == 0
    for q in ROOTS:
        assert q <= companion.root(q) ** 2 <= q * (1 + Fraction(1, 2**60))
    assert companion.length([Fraction(3), Fraction(4)]) >= 5


FORMS: list[tuple[dict[tuple[int, ...], int], bool]] = [
    ({(4, 0): 1, (0, 4): 1}, True),
    ({(4, 0): 1, (2, 2): -1, (0, 4): 1}, True),
    ({(4, 0): 1, (3, 1): -2, (2, 2): 2, (1, 3): -2, (0, 4): 2}, True),
    ({(4, 0): 5, (3, 1): -8, (2, 2): 4, (1, 3): -3, (0, 4): 4}, True),
    ({(4, 0): 1, (2, 2): -3, (0, 4): 1}, False),
    ({(4, 0): 1, (3, 1): -4, (2, 2): 6, (1, 3): -4, (0, 4): 1}, False),
    ({(4, 0): 16, (3, 1): -8, (0, 4): "1/10"}, False),
    ({(4, 0): 1, (2, 2): 1}, False),
    ({(2, 0): "1/2", (1, 1): "-7/10", (0, 2): "1/4"}, True),
    ({(2, 0): "1/2", (1, 1): "-3/4", (0, 2): "1/4"}, False),
    ({(6, 0): 1, (3, 3): -1, (0, 6): 1}, True),
    ({(2, 0, 0): 2, (0, 2, 0): 2, (0, 0, 2): 2, (1, 1, 0): -3, (1, 0, 1): 1}, True),
    ({(2, 0, 0): 2, (0, 2, 0): 2, (0, 0, 2): 2, (1, 1, 0): -3, (1, 0, 1): 3}, False),
    ({(4, 0, 0): 3, (0, 4, 0): 2, (0, 0, 4): 1, (1, 2, 1): -2, (2, 1, 1): -1}, True),
]
"""Forms, and whether they are positive but at 0."""


def forms(module: ModuleType) -> list[tuple[bool, str]]:
    """Of each form whether it is found again from its values, and whether its faces are positive."""
    companion, found = module.companion("check_symmetry.py"), []
    for named, _ in FORMS:
        given = {powers: Fraction(q) for powers, q in named.items()}
        size, degree = len(next(iter(given))), sum(next(iter(given)))
        points = list(companion.lattice(size, degree))
        values = {
            at: sum(q * prod(y**n for y, n in zip(at, powers, strict=True)) for powers, q in given.items())
            for at in points
        }
        again = {powers: q for powers, q in companion.through(values).items() if q}
        try:
            companion.positives(again)
            said = "positive"
        except module.Rejected as error:
            said = str(error)
        found.append((again == given and len(points) == len(set(points)) == comb(size + degree - 1, degree), said))
    return found


def test_forms_from_their_values_and_whether_they_are_positive():
    words = {True: "positive", False: "the lowest form is not positive"}
    assert forms(checker()) == [(True, words[good]) for _, good in FORMS]


SHARES: list[list[tuple[int | str, tuple[int, ...], int]]] = [
    # Each a sum of multiples of the share of one score.
    [(1, (0, -1), 1)],
    [(1, (1, 0), 0)],
    [(-3, (5, 5, 3), 1)],
    [(1, (0, 0), 0)],
    [(2, (0, 0, -1), 0)],
    [(1, (0, 0, -1), 0), ("-4/5", (0, 0), 0)],
    [(2, (0, 0, 0), 1), (-1, (1, 0), 0)],
    [(1, (0, -1), 1), (-1, (0, 0, -1, -1), 2), (-1, (0, 0, -1, -1), 3)],
    [(1, (0, -1), 1), (-1, (0, -1, -1, -2), 1), (-1, (0, -1, -1, -2), 3)],
    [(1, (0, -1), 1), (-1, (0, -1, -1, -2), 1), ("-1/2", (0, -1, -1, -2), 3)],
    [(1, (0, -1), 1), (1, (0, -2), 1), (-1, (0, -1, -2, -3), 3), (-1, (0, -1), 1), (-1, (0, -2), 1)],
    [(1, (0, -1), 1), (1, (0, -2), 1), (-1, (0, -1, -2, -3), 1), (-1, (0, -1, -2, -3), 2), (-2, (0, -1, -2, -3), 3)],
    [(1, (0, -100), 1), (-1, (0, -100, -300), 1)],
    [(-1, (0, -100), 1), (1, (0, -100, -300), 1)],
    [(1, (0, 0), 0), (-1, (300, 0), 0), ("1/2", (300, 0), 0)],
    [("1/1000000000000000000000000000000", (0, 0), 0), (-1, (100, 0), 1)],
]
"""Sums of shares; those that are 0 over different sums of exponentials are so by identities of exponentials alone."""


def shares(module: ModuleType) -> list[tuple[int, ...]]:
    """The sign of each sum of shares, of its opposite, and of how it compares with 0 and with the sums before it."""
    companion = module.companion("check_classes.py")
    numbers = []
    for parts in SHARES:
        number = companion.Softmax(Fraction(0), {})
        for q, scores, j in parts:
            number = number + Fraction(q) * companion.softmax([Fraction(z) for z in scores], j)
        numbers.append(number)
    found = []
    for k, a in enumerate(numbers):
        signs = [
            companion.sign(Fraction(1, 2)),
            companion.sign(a),
            companion.sign(-a),
            companion.sign(1 - a),
            bool(a),
            a < 0,
            a <= 0,
            a > 0,
            a >= 0,
        ]
        for b in numbers[:k]:
            signs += [companion.sign(a - b), a < b, a <= b, a > b, a >= b]
        found.append(tuple(map(int, signs)))
    return found


def test_signs_of_sums_of_shares():
    with localcontext() as context:
        context.prec = 300

        def share(scores: tuple[int, ...], j: int) -> Decimal:
            return Decimal(scores[j]).exp() / sum(Decimal(z).exp() for z in scores)

        values = [
            sum(Decimal(Fraction(q).numerator) / Fraction(q).denominator * share(scores, j) for q, scores, j in parts)
            for parts in SHARES
        ]

        def sign(a: Decimal) -> int:
            return 0 if abs(a) < Decimal(10) ** -280 else 1 if a > 0 else -1

        wanted = []
        for k, a in enumerate(values):
            s = sign(a)
            row = [1, s, -s, sign(1 - a), s != 0, s < 0, s <= 0, s > 0, s >= 0]
            for b in values[:k]:
                d = sign(a - b)
                row += [d, d < 0, d <= 0, d > 0, d >= 0]
            wanted.append(tuple(map(int, row)))
    assert shares(checker()) == wanted
    assert {row[1] for row in wanted} == {-1, 0, 1}


LOGARITHMS: list[list[list[int]]] = [
    [[], [0, 1]],
    [[0, 1], [0, -1, 2], [0, 0, "1/2", 3]],
    [[0, 2, -1, 1], [0, 1], [], [0, 0, 0, 1, "1/3"]],
]
"""Polynomials in s, which are 0 at 0."""


def logarithms(module: ModuleType) -> list[list[str]]:
    """``log(mean of exp)`` up to s^6."""
    series = module.companion("check_classes.py").series
    return [[str(q) for q in series([[Fraction(q) for q in row] for row in rows], 6)] for rows in LOGARITHMS]


def test_series_of_logarithms():
    """Their exponential is the mean of the exponentials."""

    def times(a: list[Fraction], b: list[Fraction]) -> list[Fraction]:
        return [sum((a[i] * b[k - i] for i in range(k + 1)), Fraction(0)) for k in range(7)]

    def exponential(row: list[Fraction]) -> list[Fraction]:
        row = [*row, *[Fraction(0)] * 7][:7]
        total = power = [Fraction(1), *[Fraction(0)] * 6]
        for n in range(1, 7):
            power = [q / n for q in times(power, row)]
            total = [a + b for a, b in zip(total, power, strict=True)]
        return total

    for rows, found in zip(LOGARITHMS, logarithms(checker()), strict=True):
        every = [exponential([Fraction(q) for q in row]) for row in rows]
        mean = [sum(column) / len(rows) for column in zip(*every, strict=True)]
        assert exponential([Fraction(q) for q in found]) == mean


CANCELLING: list[tuple[list[list[int]], list[list[int]], bool]] = [
    ([], [[1, 0], [0, 1], [-1, -1]], True),
    ([], [[1, 0], [0, 1], [1, 1]], False),
    ([], [[1, 0], [0, 1], [-1, 0]], False),
    ([], [[1, 0], [-2, 0]], True),
    ([], [[0, 0]], True),
    ([[1, 1]], [[1, 0], [0, 1]], True),
    ([[1, 1]], [[1, 0], [0, -1]], False),
    ([[1, 1]], [[-2, -2], [1, 0]], False),
    ([[1, 0, 0], [0, 1, 1]], [[5, 1, 0], [0, 0, 1]], True),
    ([[1, 0, 0], [0, 1, 1]], [[5, 1, 0], [0, 0, -1]], False),
    ([[1, 0, 0]], [[0, 1, 0], [0, 0, 1], [7, -1, -1]], True),
    ([[1, 0, 0]], [[0, 1, 0], [0, 0, 1], [7, -1, 1]], False),
]
"""Lines, rays, and whether the rays with positive weights and the lines with any can add up to 0."""


def test_rays_that_cancel():
    positive = checker().companion("check_penalty.py").positive
    for lines, rays, found in CANCELLING:
        assert positive(lines, rays) == found


def test_losses_and_their_conjugates():
    """Each conjugate is the largest r q - l(q), on a grid that holds the maximum; infinite where it keeps rising."""
    for kind, (loss, c, finite) in checker().LOSSES.items():
        for y in (Fraction(-1), Fraction(1)) if "hinge" in kind else (Fraction(-1), Fraction(0), Fraction(3, 2)):
            for numerator in range(-12, 13):
                r, bound = Fraction(numerator, 4), Fraction(1, 2) if kind == "huber" else None
                values = [r * q - loss(q, y, bound) for q in (Fraction(k, 8) for k in range(-80, 81))]
                inner = max(values)
                if finite(r, y, bound):
                    assert r * y + c * r * r == inner
                else:
                    assert inner in (values[0], values[-1])


def test_tangents_and_curvatures():
    """l(q + e) lies between l(q) + 2 a r e and that plus a e^2; both bounds are reached, and the others have kinks."""
    losses, smooth = checker().LOSSES, checker().SMOOTH
    grid = [Fraction(k, 8) for k in range(-24, 25)]
    for kind, (a, slope) in smooth.items():
        value, bound = losses[kind][0], Fraction(1, 2) if kind == "huber" else None
        for y in (Fraction(-1), Fraction(1)):
            seen = set()
            for q in grid:
                r = slope(q, y, bound)
                above = [(e, value(q + e, y, bound) - value(q, y, bound) - 2 * a * r * e) for e in grid]
                assert all(0 <= gap <= a * e * e for e, gap in above)
                seen |= {(gap == 0, gap == a * e * e) for e, gap in above if e}
            flat = {(True, False)} if kind in ("huber", "squared_hinge") else set()
            assert {(False, True)} | flat <= seen
    small, kinks = Fraction(1, 1000), {"absolute": Fraction(1), "hinge": Fraction(1)}
    assert losses.keys() - smooth.keys() == kinks.keys()
    for kind, q in kinks.items():
        ends = [losses[kind][0](p, Fraction(1), None) for p in (q - small, q, q + small)]
        assert ends[0] + ends[2] - 2 * ends[1] >= small


def test_squares_nearby():
    """Which data are left of a problem whose loss is a square near the point, by their margins or their residuals."""
    module = checker()

    def kept(loss, y, predictions):
        tree = tiny({}, x=[[str(t)] for t in range(len(y))], y=y, loss=loss)
        problem = module.Problem(tree["problem"])
        residuals = [Fraction(p) - Fraction(q) for p, q in zip(predictions, y, strict=True)]
        try:
            near = module.companion("check_modes.py").quadratic(problem, SimpleNamespace(residuals=residuals))
        except module.Rejected:
            return None
        assert [row for row in problem.x if row in near.x] == near.x
        assert near.y == [problem.y[int(x)] for (x,) in near.x]
        assert len(problem.x) == len(y)
        return [int(x) for (x,) in near.x]

    assert kept("squared", ["1", "2"], ["9", "2"]) == kept("half_squared", ["1", "2"], ["9", "2"]) == [0, 1]
    assert kept("huber(1)", ["1", "2"], ["1/2", "29/10"]) == [0, 1]
    for over in ("0", "2", "-7", "9"):
        assert kept("huber(1)", ["1", "2"], [over, "2"]) is None
    assert kept("squared_hinge", ["1", "-1", "1", "-1"], ["3/2", "2", "0", "-3"]) == [1, 2]
    assert kept("squared_hinge", ["1", "-1"], ["1/2", "-1/2"]) == [0, 1]
    for y, at in (("1", "1"), ("-1", "-1")):
        assert kept("squared_hinge", ["1", y], ["0", at]) is None
    assert kept("squared_hinge", ["1", "-1"], ["2", "-3/2"]) is None


def test_a_proof_by_modes_is_of_losses_with_a_derivative():
    """Equal loss is equal predictions there alone: with the absolute loss data on a slope may move."""
    modes = {"covers": [], "largest": {"mode": [], "zero": [], "curve": []}}
    tree = changed("absolute-flat", put("claims", 1, "flatness", modes))
    assert outcome(written(tree)) == "Refused: a proof by modes speaks of losses with a derivative"


def test_the_rank_modulo_a_prime_is_that_of_the_echelon_form():
    """Sparse, dependent and zero rows, and entries beyond the prime; and no more than what was asked for."""
    core = checker()
    flat, rng, seen = core.companion("check_flat.py"), random.Random(0), set()
    for _ in range(500):
        size, big = rng.randint(1, 7), rng.choice((1, 10**30))
        rows = [[rng.randint(-2, 2) * big for _ in range(size)] for _ in range(rng.randint(0, 7))]
        rank = len(core.echelon(rows))
        core.meter.spent, core.meter.size = 0, 1
        assert flat.modular(rows, size) == rank
        assert flat.modular(rows, 2) == min(rank, 2)
        seen.add(rank)
    assert seen == set(range(8))
    # A multiple of the prime is 0: the rank is never too large.
    assert flat.modular([[flat.PRIME, 0], [0, 1]], 2) == 1
