"""The named problems against their sources: exact losses, claims that hold, claims that do not."""

from __future__ import annotations

import json
from fractions import Fraction as F
from itertools import product

import pytest

from exactgeo import library
from exactgeo.errors import InputError
from exactgeo.formats import problem_from_mapping, read_problem
from exactgeo.local_minimum import decide

MINIMUM, NO_MINIMUM = "local_minimum", "not_local_minimum"

SWIRSZCZ = [
    # name, loss, verdict, where the figure comes from
    ("swirszcz-prop1", F(18), MINIMUM, "B.4: 0 + 0 + 0 + 9 + 9 = 18"),
    ("swirszcz-prop1-better", F(14), MINIMUM, "B.4: 4 + 1 + 0 + 9 + 0 = 14; verdict: see the regression test below"),
    ("swirszcz-d1-plateau", F(106, 5), MINIMUM, "Theorem 1; sum of (y - 3/5)^2"),
    ("swirszcz-prop2-global", F(29), NO_MINIMUM, "printed claim: 0; by hand 4 + 9 + 16"),
    ("swirszcz-prop2-global-corrected", F(0), MINIMUM, "Proposition 2: perfect fit"),
    ("swirszcz-prop2-local", F(23, 3), NO_MINIMUM, "by hand 8/3 + 0 + 1 + 4"),
    ("swirszcz-prop2-local-corrected", F(8, 3), MINIMUM, "residuals -2/3, 4/3, -2/3 of the regression line"),
    ("swirszcz-prop3-local", F(2, 3), MINIMUM, "residuals -1/3, 2/3, -1/3 of the regression line"),
    ("swirszcz-prop3-better", F(1, 6), MINIMUM, "residuals 1/6, -1/3, 1/6 of the regression line"),
    ("kink-global", F(10), MINIMUM, "the one-knot regression below"),
]
CLASSES = [
    (f"{data}-{width}{suffix}", loss * scale, MINIMUM, "by hand, targets 0/1; -1/1 scale the residuals by 2")
    for data, width, loss in [
        ("xor", 1, F(2, 3)),
        ("xor", 2, F(0)),
        ("xor", 3, F(1)),
        ("jellyfish", 1, F(49, 58)),
        ("jellyfish", 2, F(0)),
        ("jellyfish", 3, F(1)),
    ]
    for suffix, scale in [("", 1), ("-pm", 4)]
]
# Appendix C: the mean over the axes of epsilon (good) and 1/2 (bad); epsilon is 1/8 in C.1 and 1/18 in C.2.
APPENDIX_C = [
    (f"safran-shamir-c{part}-d{d}-{kind}", (good * epsilon + (d - good) * F(1, 2)) / d, MINIMUM, "Theorem 6, C.2")
    for part, epsilon in [(1, F(1, 8)), (2, F(1, 18))]
    for d in (1, 2, 3)
    for kind, good in [("good", d), ("bad", 0), ("mixed", 1)]
    if (kind, d) != ("mixed", 1)
]
TABLE = SWIRSZCZ + CLASSES + APPENDIX_C
NAMES = [name for name, _ in library.names()]


def test_every_file_is_in_the_table():
    assert sorted(row[0] for row in TABLE) == NAMES


@pytest.mark.parametrize(("name", "loss", "verdict", "_why"), TABLE, ids=[row[0] for row in TABLE])
def test_loss_and_verdict(name, loss, verdict, _why):
    problem = library.load(name)
    assert problem.loss_at(problem.point) == loss
    assert str(decide(problem).kind) == verdict


@pytest.mark.parametrize("name", NAMES)
def test_first_line_tells_the_loss(name):
    """The description ``examples`` prints is data too: its figure is the exact loss."""
    problem = library.load(name)
    first = library.text(name).splitlines()[0]
    assert first == f"# {dict(library.names())[name]}"
    assert f"loss {problem.loss_at(problem.point)}" in first


@pytest.mark.parametrize("name", NAMES)
def test_file_names_itself_and_its_source(name):
    problem = library.load(name)
    assert problem.name == name
    assert problem.source
    printed = "(as printed)" in library.text(name)
    assert printed or any(
        word in library.text(name) for word in ("Corrected:", "is ours", "are ours", "own:", "of Goodfellow")
    )
    assert not (printed and name.endswith("-corrected"))


@pytest.mark.parametrize("name", NAMES)
def test_writes_back_to_an_equal_problem(name):
    problem = library.load(name)
    assert read_problem(problem.to_toml().encode()) == problem
    assert read_problem(json.dumps(problem.to_dict()).encode()) == problem
    assert problem_from_mapping(problem.to_dict()) == problem


def one_dimensional(name):
    problem = library.load(name)
    (w, v), (b, (c,)) = problem.point.weights, problem.point.biases
    return problem, [row[0] for row in w], b, v[0], c


@pytest.mark.parametrize(
    ("name", "w", "b", "v", "c"),
    [
        ("swirszcz-prop1", (1,), (-3,), (1,), 0),
        ("swirszcz-prop1-better", (-7,), (-4,), (1,), 0),
        ("swirszcz-prop2-global", (-5, -1), (1, -8), (1, -1), -1),
        ("swirszcz-prop2-global-corrected", (-5, 1), (1, -8), (1, -1), -1),
        ("swirszcz-prop2-local", (-3, -1), (4 + F(1, 3), -10), (1, -1), -3),
        ("swirszcz-prop2-local-corrected", (-3, 1), (4 + F(1, 3), -10), (1, -1), -3),
        ("swirszcz-prop3-local", (-2, 1, 1), (3 + F(2, 3), -10, -11), (1, -1, -1), -3),
        ("swirszcz-prop3-better", (F(-3, 2), F(-3, 2), F(3, 2)), (1, 0, -13 - F(1, 6)), (1, 1, -1), -1),
    ],
)
def test_numbers_as_printed(name, w, b, v, c):
    """Parameters read off the paper's text, in its order w, b, v, c; '-corrected' changes the sign of w_2 alone."""
    _, *found = one_dimensional(name)
    assert [tuple(part) if isinstance(part, list) else part for part in found] == [w, b, v, c]


@pytest.mark.parametrize(
    "x_and_y", [("swirszcz-prop2-", (5, 0, -1, -3, -4, -5)), ("swirszcz-prop3-", (3, 0, -1, -3, -4, -6))]
)
def test_data_as_printed(x_and_y):
    prefix, y = x_and_y
    for name in NAMES:
        if name.startswith(prefix):
            problem = library.load(name)
            assert [row[0] for row in problem.x] == [-1, 0, 1, 10, 11, 12]
            assert tuple(row[0] for row in problem.y) == y


def first_order_violation(problem):
    """An own check of the criterion on a grid of directions, with relu and Fractions only; None if it holds there."""
    point, relu = problem.point, lambda z: max(z, F(0))
    (w_rows, (v,)), biased = point.weights, problem.network.hidden_bias[0]
    rows = [(*row, F(1)) if biased else row for row in problem.x]
    units = [(*w, point.biases[0][i]) if biased else w for i, w in enumerate(w_rows)]
    c = point.biases[1][0] if problem.network.output_bias else F(0)
    dot = lambda p, q: sum((a * b for a, b in zip(p, q, strict=True)), F(0))  # noqa: E731
    residuals = [
        sum((vi * relu(dot(u, x)) for vi, u in zip(v, units, strict=True)), c) - y[0]
        for x, y in zip(rows, problem.y, strict=True)
    ]
    if problem.network.output_bias and sum(residuals) != 0:
        return "sum of residuals", sum(residuals)
    for unit, vi in zip(units, v, strict=True):
        for u in product(range(-2, 3), repeat=len(unit)):
            phi = F(0)
            for x, r in zip(rows, residuals, strict=True):
                z, q = dot(unit, x), dot(u, x)
                phi += r * (q if z > 0 else 0 if z < 0 else relu(q))
            if vi * phi < 0:
                return unit, u
    return None


@pytest.mark.parametrize(("name", "_loss", "verdict", "_why"), TABLE, ids=[row[0] for row in TABLE])
def test_verdict_by_an_own_criterion(name, _loss, verdict, _why):
    assert (first_order_violation(library.load(name)) is None) == (verdict == MINIMUM)


def test_kink_global_is_the_best_one_knot_regression():
    """All functions c + v relu(+-(x - tau)): the least loss is 10, and only a knot at the data point 0 reaches it.

    On a split with the knot strictly between two data points the best fit is the mean on one side and a line on the
    other if these meet between the two points, and else lies on the border of the split, at a data point or a line.
    """
    problem = library.load("kink-global")
    xs, ys = [row[0] for row in problem.x], [row[0] for row in problem.y]

    def line(points):
        n = len(points)
        sz, sy = sum(z for z, _ in points), sum(y for _, y in points)
        szz, szy = sum(z * z for z, _ in points), sum(z * y for z, y in points)
        spread = n * szz - sz * sz
        v = (n * szy - sz * sy) / spread if spread else F(0)
        c = (sy - v * sz) / n
        return c, v, sum((c + v * z - y) ** 2 for z, y in points)

    found = {"line": line(list(zip(xs, ys, strict=True)))[2]}
    for sign in (1, -1):
        for knot in xs:
            found["knot", sign, knot] = line([(max(F(0), sign * (x - knot)), y) for x, y in zip(xs, ys, strict=True)])[
                2
            ]
        ordered = sorted(zip(xs, ys, strict=True), key=lambda point: sign * point[0])
        for k in range(1, len(ordered) - 1):
            c, _, off = line([(F(0), y) for _, y in ordered[:k]])
            a, v, on = line(ordered[k:])
            if v and sign * ordered[k - 1][0] < sign * (c - a) / v < sign * ordered[k][0]:
                found["split", sign, k] = off + on
    assert min(found.values()) == 10 == problem.loss_at(problem.point)
    assert [key for key, value in found.items() if value == 10] == [("knot", 1, F(0))]
    _, w, b, v, c = one_dimensional("kink-global")
    assert (w, b, v, c) == ([1], (0,), (1,), 0)


@pytest.mark.parametrize(("part", "x", "y", "bad"), [(1, F(1, 2), F(1, 2), F(1)), (2, F(1, 2), F(1, 3), F(2, 3))])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_appendix_c_has_its_points_on_every_choice_of_axes(part, x, y, bad, d):
    """Theorem 6: all 2^d products of the two one-dimensional minima are strict minima, with the average value."""
    problem = library.load(f"safran-shamir-c{part}-d{d}-good")
    sample = {(tuple(q if i == j else F(0) for i in range(d)), t) for j in range(d) for q, t in [(x, y), (F(-1), F(1))]}
    assert {(row, target[0]) for row, target in zip(problem.x, problem.y, strict=True)} == sample
    assert problem.reduction == "mean"
    assert not problem.train.output
    epsilon = y * y / 2
    for w in product([F(-1), bad], repeat=d):
        point = problem.at(problem.point.__class__(((w,), ((F(1),),)), ((), ())))
        good = w.count(F(-1))
        assert point.loss_at(point.point) == (good * epsilon + (d - good) * F(1, 2)) / d
        verdict = decide(point)
        assert (str(verdict.kind), str(verdict.strictness)) == (MINIMUM, "strict")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "swirszcz-prop4",
            'named problem: got "swirszcz-prop4", expected the name of a problem in the library; '
            "write swirszcz-prop1, swirszcz-prop3-local, swirszcz-prop2-local",
        ),
        (
            "XOR-2",
            'named problem: got "XOR-2", expected the name of a problem in the library; write xor-2, xor-3, xor-1',
        ),
        (
            "../problems/xor-2",
            'named problem: got "../problems/xor-2", expected the name of a problem in the library; '
            "write xor-2, xor-2-pm",
        ),
        (
            "",
            'named problem: got "", expected the name of a problem in the library; '
            "write one that `exactgeo examples` lists",
        ),
    ],
)
def test_unknown_name(name, message):
    for function in (library.load, library.text):
        with pytest.raises(InputError) as caught:
            function(name)
        assert str(caught.value) == message
