"""Problem, point and arrangement files: exact values, defaults, round trips."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import warnings
from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactgeo.activations import PiecewiseLinear, make_activation
from exactgeo.errors import InputError
from exactgeo.exact.rational import FloatTakenExactly
from exactgeo.formats import (
    arrangement_from_mapping,
    point_from_mapping,
    problem_from_mapping,
    read_arrangement,
    read_point,
    read_problem,
)
from exactgeo.losses import LOSSES, make_loss
from exactgeo.problem import Network, Point, Problem, Train

PROP1 = """
name   = "swirszcz-prop1"
source = "Swirszcz, Czarnecki, Pascanu 2017, Proposition 1"

[data]
x = [[5], [4], [3], [1], [-1]]
y = [2, 1, 0, -3, 3]

[network]
widths      = [1]
activation  = "relu"
hidden_bias = true
output_bias = true

[loss]
kind      = "squared"
reduction = "sum"

[train]
output = true

[point]
weights = [[[1]], [[1]]]
biases  = [[-3], [0]]
"""
EXPECTED = Problem(
    x=((F(5),), (F(4),), (F(3),), (F(1),), (F(-1),)),
    y=((F(2),), (F(1),), (F(0),), (F(-3),), (F(3),)),
    network=Network(1, (1,), 1, (PiecewiseLinear("relu", (F(1), F(0))),), (True,), True),
    loss=make_loss("squared"),
    train=Train((True,), (True,), True, True),
    point=Point((((F(1),),), ((F(1),),)), ((F(-3),), (F(0),))),
    name="swirszcz-prop1",
    source="Swirszcz, Czarnecki, Pascanu 2017, Proposition 1",
)


def small(**changes):
    """A problem of two data points in one dimension; keys are ``table__key``."""
    tree = {"data": {"x": [[1], [2]], "y": [1, 2]}, "network": {"widths": [1]}}
    for path, value in changes.items():
        table, _, key = path.partition("__")
        if key:
            tree.setdefault(table, {})[key] = value
        else:
            tree[table] = value
    return tree


def test_the_documented_file():
    assert read_problem(PROP1.encode()) == EXPECTED


@pytest.mark.parametrize("suffix", [".toml", ".json", ".txt", ""])
@pytest.mark.parametrize("form", ["toml", "json"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_content_decides_the_format(suffix, form, bom, newline, tmp_path, monkeypatch):
    if (form, suffix) == ("toml", ".json"):
        pytest.skip("a .json file that is no object is refused as JSON")
    text = PROP1 if form == "toml" else " \n" + json.dumps(EXPECTED.to_dict(), indent=1)
    data = bom + text.encode().replace(b"\n", newline)
    path = tmp_path / f"problem{suffix}"
    path.write_bytes(data)
    assert read_problem(path) == read_problem(str(path)) == read_problem(data) == EXPECTED
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert read_problem("-") == EXPECTED


def test_defaults():
    problem = problem_from_mapping(small(network__widths=[3, 2]))
    assert problem.network == Network(1, (3, 2), 1, (PiecewiseLinear("relu", (F(1), F(0))),) * 2, (True, True), True)
    assert (problem.loss, problem.reduction) == (make_loss("squared"), "sum")
    assert problem.train == Train((True, True), (True, True), True, True)
    assert (problem.point, problem.name, problem.source) == (None, "", "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", F(1, 10)),
        ("-1.50", F(-3, 2)),
        ("1e3", F(1000)),
        ("2.5E-3", F(1, 400)),
        ("123456789012345678901234567890", F(123456789012345678901234567890)),
        ("0.12345678901234567890123456789", F(12345678901234567890123456789, 10**29)),
        ("-0.0", F(0)),
        ('"13/3"', F(13, 3)),
        ('"-26/6"', F(-13, 3)),
        ('" 1 / 2 "', F(1, 2)),
        ('"+.5"', F(1, 2)),
        ("1e-9999", F(1, 10**9999)),
        pytest.param("9" * 4301, F(10**4301 - 1), id="4301 digits"),
        pytest.param("-" + "9" * 10_000, F(1 - 10**10_000), id="10000 digits"),
        pytest.param(f'"1/{"9" * 10_000}"', F(1, 10**10_000 - 1), id="10000 digits below"),
        pytest.param("0." + "3" * 5_000, F((10**5000 - 1) // 3, 10**5000), id="5000 decimals"),
    ],
)
@pytest.mark.parametrize("form", ["toml", "json"])
def test_numbers_are_exact(text, value, form):
    if form == "toml":
        data = f"[data]\nx = [[{text}]]\ny = [1] # {text}\n[network]\nwidths = []"
    else:
        data = f'{{"data": {{"x": [[{text}]], "y": [1]}}, "network": {{"widths": []}}}}'
    limit = sys.get_int_max_str_digits()
    problem = read_problem(data.encode())
    assert problem.x[0][0] == value
    assert type(problem.x[0][0].numerator) is int
    assert sys.get_int_max_str_digits() == limit
    assert read_problem(problem.to_toml().encode()) == problem


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1_000", F(1000)),
        ("0x1F", F(31)),
        ("0b101", F(5)),
        ("1_0.5_0", F(21, 2)),
        ("1_" + "9" * 4300, F(10**4300 * 2 - 1)),
    ],
)
def test_toml_spellings(text, value):
    assert read_problem(f"data = {{x = [[{text}]], y = [1]}}\nnetwork.widths = []".encode()).x[0][0] == value


def test_digits_in_strings_and_comments_stay():
    """A long integer is rewritten for the TOML parser; text that looks like one is not."""
    digits = "9" * 4500
    text = f"""# {digits} "
source = '''a " {digits} \\'''
data = {{x = [[{digits}]], y = [1]}} # {digits}
network.widths = []
"""
    problem = read_problem(text.encode())
    assert problem.x[0][0] == 10**4500 - 1
    assert problem.source == f'a " {digits} \\'
    for quoted in (f'"""a\n{digits}\\""" {digits}"""', f'"\\" {digits}"', f"'{digits}'"):
        problem = read_problem(f"source = {quoted}\ndata = {{x = [[1]], y = [1]}}\nnetwork.widths = []".encode())
        assert digits in problem.source
        assert "e0" not in problem.source


@pytest.mark.parametrize(
    ("written", "name", "slopes"),
    [
        ("relu", "relu", (1, 0)),
        ("abs", "abs", (1, -1)),
        ("linear", "linear", (1, 1)),
        ("leaky_relu(0.1)", "leaky_relu(1/10)", (1, F(1, 10))),
        (" leaky_relu( 2/20 ) ", "leaky_relu(1/10)", (1, F(1, 10))),
        ("pl(2,-1/3)", "pl(2, -1/3)", (2, F(-1, 3))),
        ("pl(0, 0)", "pl(0, 0)", (0, 0)),
        ("sigmoid", "sigmoid", None),
        ("tanh", "tanh", None),
    ],
)
def test_activations(written, name, slopes):
    problem = problem_from_mapping(small(network__activation=written))
    assert (problem.network.activation.name, problem.network.activation.slopes) == (name, slopes)
    assert read_problem(problem.to_toml().encode()) == problem


@pytest.mark.parametrize(
    ("kind", "loss", "y"),
    [
        ("half_squared", make_loss("half_squared"), [3, 4]),
        ("absolute", make_loss("absolute"), [3, 4]),
        ("huber(0.5)", make_loss("huber", F(1, 2)), [3, 4]),
        ("hinge", make_loss("hinge"), [1, -1]),
        ("squared_hinge", make_loss("squared_hinge"), ["-2/2", 1]),
        ("logistic", make_loss("logistic"), [[1], [-1]]),
        ("cross_entropy", make_loss("cross_entropy"), [0, 2]),
    ],
)
def test_losses(kind, loss, y):
    for reduction in ("sum", "mean"):
        problem = problem_from_mapping(small(loss__kind=kind, loss__reduction=reduction, data__y=y))
        assert (problem.loss, problem.reduction) == (loss, reduction)
        assert read_problem(json.dumps(problem.to_dict()).encode()) == problem


def test_rows_of_one_target_equal_scalars():
    assert problem_from_mapping(small(data__y=[[1], [2]])) == problem_from_mapping(small())


def test_widths_none_and_zero():
    linear = problem_from_mapping(small(network__widths=[], network__hidden_bias=False))
    assert linear.network.hidden_bias == linear.train.hidden == ()
    assert linear == problem_from_mapping(small(network__widths=[], network__hidden_bias=[]))
    point = {"weights": [[], [[]]], "biases": [[], [3]]}
    constant = problem_from_mapping(small(network__widths=[0], point=point))
    assert constant.point == Point(((), ((),)), ((), (F(3),)))
    assert constant.loss_at(constant.point) == 5
    assert read_problem(constant.to_toml().encode()) == constant


def test_flags_one_or_one_per_layer():
    tree = small(network__widths=[2, 2], network__hidden_bias=[True, False], train__hidden=[False, True])
    problem = problem_from_mapping(tree)
    assert problem.network.hidden_bias == (True, False)
    assert problem.train == Train((False, True), (True, False), True, True)
    none = problem_from_mapping(small(network__hidden_bias=False, network__output_bias=False, train__output=False))
    assert none.train == Train((True,), (False,), False, False)
    assert problem_from_mapping(small(train__hidden=False, train__hidden_bias=[np.False_])).train == Train(
        (False,), (False,), True, True
    )


def test_biases_may_be_left_out_where_no_layer_has_one():
    tree = small(network__hidden_bias=False, network__output_bias=False)
    point = {"weights": [[[1]], [[2]]]}
    problem = problem_from_mapping(tree)
    expected = Point((((F(1),),), ((F(2),),)), ((), ()))
    assert point_from_mapping(point, problem) == expected
    assert point_from_mapping({**point, "biases": [[], []]}, problem) == expected
    half = problem_from_mapping(small(network__hidden_bias=False))
    assert point_from_mapping({**point, "biases": [[], [3]]}, half).biases == ((), (F(3),))


def test_classes():
    """The number of classes: network.outputs, else the point's last layer, else the largest index + 1."""
    tree = small(data__y=[0, 1], loss__kind="cross_entropy", network__widths=[])
    four = {"weights": [[[1], [2], [3], [4]]], "biases": [[0, 0, 0, 0]]}
    assert len(problem_from_mapping({**tree, "point": four}).point.weights[0]) == 4
    assert problem_from_mapping({**tree, "point": four}).outputs == 4
    with pytest.raises(InputError, match=r"4 rows, expected 2 \(outputs\)"):
        point_from_mapping(four, problem_from_mapping(tree))
    tree["network"]["outputs"] = 4
    assert problem_from_mapping({**tree, "point": four}).point is not None


def test_point_files(tmp_path):
    top = b'{"weights": [[[1]], [["1/2"]]], "biases": [[0.5], [0]]}'
    expected = Point((((F(1),),), ((F(1, 2),),)), ((F(1, 2),), (F(0),)))
    assert read_point(top, EXPECTED) == expected
    assert read_point(b"[point]\nweights = [[[1]], [[0.5]]]\nbiases = [[0.5], [0]]", EXPECTED) == expected
    (tmp_path / "whole.toml").write_text(EXPECTED.at(expected).to_toml())
    assert read_point(tmp_path / "whole.toml", EXPECTED) == expected
    assert point_from_mapping(expected, EXPECTED) == expected
    assert point_from_mapping(expected.to_dict(), EXPECTED) == expected


def test_arrangements():
    assert read_arrangement(b"normals = [[1, 0.5], [0, 0]]\noffsets = ['1/3', 0]") == (
        ((F(1), F(1, 2)), (F(0), F(0))),
        (F(1, 3), F(0)),
    )
    assert read_arrangement(b'{"name": "a", "source": "b", "normals": [[1]]}') == (((F(1),),), None)
    assert arrangement_from_mapping({"normals": np.eye(2, dtype=int), "offsets": np.array([1, 2])}) == (
        ((F(1), F(0)), (F(0), F(1))),
        (F(1), F(2)),
    )


def test_python_values_of_all_kinds():
    """Ints, Fractions with numpy integers inside, text, tuples, arrays: all become Fractions of Python ints."""
    expected = problem_from_mapping(small(data__x=[[1], ["1/2"]]))
    for x in (
        ((1,), (F(1, 2),)),
        [np.array([1]), ["0.5"]],
        [range(1, 2), [F(np.int64(3), np.int64(6))]],
        np.array([[F(1)], [F(1, 2)]], dtype=object),
    ):
        problem = problem_from_mapping(small(data__x=x))
        assert problem == expected
        assert {type(q.numerator) for row in problem.x for q in row} == {int}
        hash(problem)
    integers = problem_from_mapping(small(data__x=np.array([[1], [2]]), data__y=np.array([1, 2], dtype=np.uint8)))
    assert integers == problem_from_mapping(small())
    assert {type(row[0].numerator) for row in integers.y} == {int}


def test_floats_warn_once_and_are_exact():
    tree = small(data__x=np.array([[0.1], [0.2]]), data__y=[0.25, np.float32(0.1)])
    with pytest.warns(FloatTakenExactly) as caught:
        problem = problem_from_mapping(tree)
    assert [str(w.message) for w in caught] == [
        "problem: data.x[0][0]: floats are taken as the exact dyadics they are, such as 0.1 as "
        '3602879701896397/36028797018963968; pass strings such as "1/10" or Fractions for other rationals'
    ]
    assert caught[0].filename == __file__
    assert problem.x[0][0] == F(3602879701896397, 36028797018963968)
    assert problem.y[1][0] == F(13421773, 134217728)
    point = {"weights": [[[0.5]], [[0.5]]], "biases": [[0.5], [0.5]]}
    with pytest.warns(FloatTakenExactly) as caught:
        point_from_mapping(point, problem)
    assert [str(w.message).split(": floats")[0] for w in caught] == ["point: weights[0][0][0]"]
    with pytest.warns(FloatTakenExactly) as caught:
        arrangement_from_mapping({"normals": [[1.5, 2.5]]})
    assert len(caught) == 1


def test_decimals_in_files_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_problem(b'{"data": {"x": [[0.1]], "y": [1e2]}, "network": {"widths": []}}')
        problem_from_mapping(small(data__y=np.array([1, 2])))


def test_the_mapping_is_left_alone():
    tree = small(data__x=np.array([[1], [2]]), point={"weights": [[[1]], [[1]]], "biases": [[0], [0]]})
    before = repr(tree)
    problem_from_mapping(tree)
    assert repr(tree) == before


def test_the_certify_path_stays_light():
    program = "import sys, exactgeo.library as l; l.load('xor-1'); print({'numpy', 'sympy', 'cvxpy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


RATIONALS = st.fractions(max_denominator=50) | st.sampled_from([F(0), F(1), F(-1), F(2**53), F(-(2**60)), F(1, 10**40)])
TEXT = st.text(st.sampled_from("aZ09 \n\"'\\#=[]{}é€𐊠"), max_size=20)


@st.composite
def problems(draw):
    """Any problem the file format can say, degenerate sizes first."""
    m, d, k = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    loss_type = LOSSES[draw(st.sampled_from(sorted(LOSSES)))]
    loss = loss_type(*[F(3, 2)] * loss_type.example.count("("))
    k = 1 if loss.targets else k
    targets = st.sampled_from([q for q in (F(-1), F(0), F(1)) if loss.allows(q)]) if loss.targets else RATIONALS
    matrix = lambda rows, columns, of=RATIONALS: tuple(  # noqa: E731
        tuple(draw(of) for _ in range(columns)) for _ in range(rows)
    )
    widths = tuple(draw(st.lists(st.integers(0, 2), max_size=2)))
    flag = st.booleans()
    hidden_bias, output_bias = tuple(draw(flag) for _ in widths), draw(flag)
    name, right, left = draw(st.sampled_from(["relu", "abs", "leaky", "pl"])), draw(RATIONALS), draw(RATIONALS)
    activation = {
        "relu": make_activation("relu"),
        "abs": make_activation("abs"),
        "leaky": make_activation("leaky_relu", left),
        "pl": make_activation("pl", right, left),
    }[name]
    y = matrix(m, k, targets)
    # Of classes there may be more than the targets show.
    outputs = loss.outputs(y) + draw(st.integers(0, 2)) if loss.classes else k
    sizes = (d, *widths, outputs)
    biased = (*hidden_bias, output_bias)
    point = Point(
        tuple(matrix(sizes[i + 1], sizes[i]) for i in range(len(widths) + 1)),
        tuple(matrix(1, sizes[i + 1])[0] if biased[i] else () for i in range(len(widths) + 1)),
    )
    return Problem(
        x=matrix(m, d),
        y=y,
        network=Network(d, widths, outputs, (activation,) * len(widths), hidden_bias, output_bias),
        loss=loss,
        reduction=draw(st.sampled_from(["sum", "mean"])),
        train=Train(
            tuple(draw(flag) for _ in widths),
            tuple(draw(flag) and has for has in hidden_bias),
            draw(flag),
            draw(flag) and output_bias,
        ),
        point=draw(st.sampled_from([None, point])),
        name=draw(TEXT),
        source=draw(TEXT),
    )


@settings(max_examples=200, deadline=None)
@given(problems())
def test_round_trips(problem):
    for again in (
        read_problem(problem.to_toml().encode()),
        read_problem(json.dumps(problem.to_dict()).encode()),
        read_problem(json.dumps(problem.to_dict(), ensure_ascii=False).encode()),
        problem_from_mapping(problem.to_dict()),
    ):
        assert again == problem
        # The point is no part of what a problem is.
        assert again.point == problem.point
        assert again.outputs == problem.outputs
    if problem.point is not None:
        assert point_from_mapping(problem.point.to_dict(), problem) == problem.point
        assert point_from_mapping(problem.point, problem) == problem.point


def test_activations_a_layer_and_of_the_outputs():
    problem = problem_from_mapping(
        small(network__widths=[2, 1], network__activation=["abs", "relu"], network__output_activation="relu")
    )
    assert [a.name for a in problem.network.activations] == ["abs", "relu"]
    again = read_problem(problem.to_toml().encode())
    assert again == problem
    assert (again.network.output_activation.name, again.network.uniform) == ("relu", None)
    point = {"weights": [[[1], [-2]], [[1, -1]], [[-1]]], "biases": [[0, 0], [0], [-1]]}
    # x = 1: |1|, |-2|, then relu(1 - 2) = 0, then relu(-1) = 0; and relu of a positive score is itself.
    assert [p for (p,) in problem.predictions(point_from_mapping(point, problem))] == [0, 0]
    point["biases"][2] = [3]
    assert [p for (p,) in problem.predictions(point_from_mapping(point, problem))] == [3, 3]


def test_three_classes_declared_are_three_outputs(tmp_path):
    """The number of outputs was checked and dropped: basins said log 2 where the infimum is log 3."""
    tree = {
        "data": {"x": [[0], [1]], "y": [0, 1]},
        "network": {"widths": [], "output_bias": False, "outputs": 3},
        "loss": {"kind": "cross_entropy"},
    }
    problem = problem_from_mapping(tree)
    assert problem.outputs == problem.network.outputs == 3
    assert read_problem(problem.to_toml().encode()).outputs == 3
    assert problem != problem_from_mapping({**tree, "network": {"widths": [], "output_bias": False}})
    zero = point_from_mapping({"weights": [[[0], [0], [0]]], "biases": [[]]}, problem)
    found = problem.enclosure_at(zero)
    # 2 log 3 = 2.1972...
    assert F(21972, 10**4) < found.lo <= found.hi < F(21973, 10**4)
