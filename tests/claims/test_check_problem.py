"""The checker never reads more of a problem file than the tool: thousands of changed files, read by both."""

from __future__ import annotations

import copy
import json
import random
import sys

import beside
import pytest
from damage import checker, places

import exactgeo as eg
from exactgeo import formats, library
from exactgeo.claims.subject import has_form, problem_data
from exactgeo.errors import InputError

D1 = {"x": [[5], [4], ["3"], [1], [-1]], "y": [2, 1, 0, -3, "6/2"]}
SIGNED = {"x": [[1, 2], [-1, 0], ["1/2", 1]], "y": [1, -1, 1]}
POINT = {"weights": [[[1]], [[1]]], "biases": [[-3], [0]]}
BASES = [
    {"data": D1, "network": {"widths": [1]}, "point": POINT},
    {
        "name": "n",
        "source": "s",
        "data": SIGNED,
        "network": {"widths": [2], "activation": "leaky_relu(1/10)", "hidden_bias": [False], "output_bias": True},
        "loss": {"kind": "squared_hinge", "reduction": "mean"},
        "train": {"hidden": [True], "hidden_bias": False, "output": False, "output_bias": True},
        "point": {"weights": [[[1, 2], ["1/2", 0]], [[1, -1]]], "biases": [[], ["1/3"]]},
    },
    {
        "data": {"x": [[1]], "y": [["1/2", 3]]},
        "network": {"widths": [], "output_activation": "linear", "outputs": 2},
        "loss": {"reduction": "mean_entries"},
    },
    {
        "data": D1,
        "network": {"widths": [2, 1], "activation": ["abs", "abs"], "hidden_bias": [True, False]},
        "loss": {"kind": "huber( 0.5 )"},
        "train": {"hidden": [True, False]},
    },
    {"data": SIGNED, "network": {"widths": [1], "activation": "pl(2, -1/3)"}, "loss": {"kind": "hinge"}},
]
VALUES = [
    *(None, True, False, 0, 1, -1, 2, 7, 10**6, 10**6 + 1, 10**40, "", "1", " 1 ", "1/2", "1 / 2", "1/0", "1/-2", "+3"),
    *(
        "1_0",
        "0x1",
        "1e3",
        "1e99999",
        "1E+2",
        "1e0000001",
        "1e-0000000000002",
        ".5",
        "5.",
        ".",
        "-",
        "1/2/3",
        "inf",
        "nan",
        "1\n",
        "\u0661",
    ),
    *("relu", "relu()", "relu(1)", " relu ", "abs", "pl(1,0)", "pl(1)", "pl(1, 0, 2)", "leaky_relu", "leaky_relu(1/0)"),
    *("leaky_relu(1/10)", "linear", "tanh", "sigmoid", "gelu", "RELU", "squared", "squared(1)", "squared()", "huber"),
    *(
        "huber(1)",
        "huber(0)",
        "huber(-1)",
        "huber(1, 2)",
        "huber(2/4)",
        "hinge",
        "logistic",
        "logistic(1/2)",
        "absolute",
    ),
    *(
        "cross_entropy",
        "half_squared",
        "sum",
        "mean",
        "max",
        "x" * 201,
        "\u0007",
        [],
        [1],
        [[1]],
        [[]],
        [True],
        [1, 2],
        {},
    ),
    *({"x": 1}, [[1], [2, 3]], [[[1]], [[2]]], ["1/2"]),
]
KEYS = [
    "x",
    "y",
    "data",
    "weights",
    "bias",
    "outputs",
    "frozen",
    "hidden",
    "widths",
    "kind",
    "offsets",
    "normals",
    "loss",
]
TEXTS = [
    "1.0",
    "1e2",
    "0.10",
    "-0.0",
    "1e-3",
    "1E5",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "1" * 5000,
    "1." + "3" * 60,
]
WORDS = ["1_000", "0x10", "0o7", "0b1", "+1", "inf", "-nan", "1979-05-27", "07:32:00", "1e5", "1_0.5", "true", "'1/2'"]
WORDS += [
    '"""1/2"""',
    "[]",
    "{}",
    "[[1]]",
    "{x = 1}",
    "1979-05-27T07:32:00Z",
    '"relu"',
    '"pl(1, 0)"',
    '"huber(1/2)"',
    "07",
]


def changed(tree: dict, rng: random.Random) -> str:
    """A problem file as JSON with one or two changes: other values, keys, lengths, ways to write a number."""
    tree = copy.deepcopy(tree)
    for _ in range(rng.choice([1, 1, 2])):
        way = rng.choice(list(places(tree)))
        holder = tree
        for step in way[:-1]:
            holder = holder[step]
        key, kind = way[-1], rng.random()
        if kind < 0.5:
            holder[key] = copy.deepcopy(rng.choice(VALUES))
        elif kind < 0.6:
            del holder[key]
        elif kind < 0.7 and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(rng.choice([holder[key], *VALUES])))
        elif kind < 0.85:
            table = rng.choice([tree, *(part for part in tree.values() if isinstance(part, dict))])
            table[rng.choice(KEYS)] = copy.deepcopy(rng.choice(VALUES))
        else:
            holder[key] = "@"
    return json.dumps(tree).replace('"@"', rng.choice(TEXTS))


def changed_toml(text: str, rng: random.Random) -> str:
    """The text of a TOML file with a line or a number changed."""
    lines = text.splitlines()
    for _ in range(rng.choice([1, 1, 2])):
        place, kind = rng.randrange(len(lines)), rng.random()
        if kind < 0.2:
            del lines[place]
        elif kind < 0.3:
            lines.insert(place, lines[rng.randrange(len(lines))])
        elif kind < 0.5:
            lines.insert(place, f"{rng.choice(KEYS)} = {rng.choice(WORDS)}")
        elif "=" in lines[place]:
            key, value = lines[place].split("=", 1)
            if kind < 0.7:
                lines[place] = f"{key}= {rng.choice(WORDS)}"
            else:
                cut = rng.randrange(len(value) + 1)
                lines[place] = (
                    f"{key}={value[:cut]}{rng.choice([*'0123456789.,-+e_/[]', ''])}{value[cut + rng.randint(0, 1) :]}"
                )
    return "\n".join(lines)


def both(text: str) -> tuple[object, object]:
    """What the tool and what the checker read: problem and point as a certificate has them, None where refused."""
    try:
        problem = formats.read_problem(text.encode())
        tool = None if not has_form(problem) else (problem_data(problem), problem.point and problem.point.to_dict())
        tool = tool or "no form in a certificate"
    except InputError:
        tool = None
    try:
        mine = checker().companion("check_problem.py").restate(text)
    except checker().Refused:
        mine = None
    return tool, mine


@pytest.fixture(autouse=True)
def long_numbers():
    """As in the command, where integers may be of any length."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    yield
    sys.set_int_max_str_digits(limit)


def test_the_list_of_problems_beside():
    """Each is read as the tool reads it, or refused."""
    for text, _ in beside.NAMED:
        tool, mine = both(text)
        # An arrangement is no problem of the tool; what has no form in a certificate agrees with none.
        if mine is not None and "normals" not in text and not isinstance(tool, str):
            assert tool == mine, text[:200]


def check(texts: list[str]) -> None:
    read = agreed = 0
    for text in texts:
        tool, mine = both(text)
        if mine is not None:
            assert tool is not None, f"the tool refuses: {text}"
            if isinstance(tool, tuple):
                # Activations of two names may be one function, of which the tool writes no certificate.
                assert tool == mine, text
        read += isinstance(tool, tuple)
        agreed += isinstance(tool, tuple) and mine is not None
    assert read > len(texts) // 20
    assert agreed > 0.98 * read


@pytest.mark.parametrize("number", range(len(BASES)))
def test_changed_json(number):
    rng = random.Random(number)
    tool, mine = both(json.dumps(BASES[number]))
    assert tool == mine
    check([changed(BASES[number], rng) for _ in range(1500)])


@pytest.mark.parametrize("name", ["swirszcz-prop1", "safran-shamir-c1-d2-mixed", "xor-1"])
def test_changed_toml(name):
    rng = random.Random(name)
    text = library.text(name)
    assert both(text)[0] == both(text)[1]
    check([changed_toml(text, rng) for _ in range(1000)])


def test_a_problem_written_by_the_tool_is_read():
    for tree in BASES:
        problem = eg.load(json.loads(json.dumps(tree)))
        assert both(problem.to_toml())[1] == (problem_data(problem), problem.point and problem.point.to_dict())
