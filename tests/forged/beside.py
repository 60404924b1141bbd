"""Problem files beside a certificate, and what ``check_problem.py`` must read of each: changes of one problem."""

from __future__ import annotations

import hashlib
import json
import sys
from types import ModuleType
from typing import Any

from damage import checker
from forging import FOLDER

PLAIN: dict[str, Any] = {"data": {"x": [[1, 2], [3, 4]], "y": [1, -1]}, "network": {"widths": [2]}}
BARE = {"network": {"widths": [2], "hidden_bias": False, "output_bias": False}}
CLASSES = {"loss": {"kind": "cross_entropy"}}
WEIGHTS = [[[1, 2], [3, "1/2"]], [[5, 6]]]


def net(**fields: Any) -> dict[str, Any]:
    return {"network": {"widths": [2], **fields}}


def data(x: Any, y: Any) -> dict[str, Any]:
    return {"data": {"x": x, "y": y}}


def of(q: Any) -> dict[str, Any]:
    """With this number for the first one."""
    return data([[q, 2], [3, 4]], [1, -1])


def text_of(given: Any) -> str:
    return given if isinstance(given, str) else json.dumps(PLAIN | given)


def read(companion: ModuleType, text: str, name: str) -> str:
    """What is read of a text, in a few words; a refusal in its words."""
    limit = sys.get_int_max_str_digits()
    # As the command does: the checker has limits of its own.
    sys.set_int_max_str_digits(0)
    try:
        problem, point = companion.restate(text, name)
    except Exception as error:
        # What follows is said by Python's own readers, and differs by version.
        return f"{type(error).__name__}: {error}".partition(" JSON: ")[0]
    finally:
        sys.set_int_max_str_digits(limit)
    found = json.dumps({**problem, "point": point} if point is not None else problem, sort_keys=True)
    return found if len(found) < 1000 else hashlib.sha256(found.encode()).hexdigest()


GIVEN: list[Any] = [
    {},
    *({"loss": {"kind": kind}} for kind in ("half_squared", "absolute", "hinge", "squared_hinge", "logistic")),
    *({"loss": {"kind": kind}} for kind in ("huber(1/2)", " huber ( 2/4 ) ", "huber(0)", "huber(-1)", "huber", "huber()")),
    *({"loss": {"kind": kind}} for kind in ("squared()", "huber(1,2)", "cubed", "squared extra", 5)),
    *({"loss": {"reduction": way}} for way in ("sum", "mean", "mean_entries", "max", 1)),
    {"loss": {"reduction": "mean_entries"}, **data([[1], [2]], [[1, 2], [3, "1/2"]])},
    {"loss": {"kind": "squared", "weight": 1}},
    *(net(activation=name) for name in ("relu", "abs", "linear", "leaky_relu(1/10)", "pl(2,-1/3)", "tanh", "sigmoid")),
    *(net(activation=name) for name in ("leaky_relu", "pl(1)", "relu(1)", "relu()", "swish", ["abs"], ["abs", "abs"], [])),
    net(widths=[2, 3], activation=["abs", "abs"]),
    net(widths=[2, 3], activation=["abs", "relu"]),
    net(widths=[2, 3], activation="abs", hidden_bias=[True, False]),
    *(net(widths=[], activation=name) for name in ("abs", [], ["abs"])),
    *(net(widths=widths) for widths in ([0], [-1], [True], [10**6], [10**6 + 1], 2, ["2"])),
    *(net(output_activation=name) for name in ("linear", "relu", "pl(1,1)")),
    *(net(hidden_bias=flag) for flag in (False, [False], [True, False], [], 1)),
    *(net(output_bias=flag) for flag in (False, 0, [False])),
    *(net(outputs=number) for number in (1, 2, 0, True, "1")),
    {"network": {}},
    {"network": {"activation": "relu"}},
    {"network": [2]},
    *({"penalty": table} for table in ({"l2": "1/2"}, {"l1": 2}, {"l2": 1, "l1": "0.5", "biases": True}, {"l2": 1, "biases": False})),
    *({"penalty": table} for table in ({}, {"l2": 0}, {"l2": 0, "l1": "0/5"}, {"biases": True}, {"l2": -1}, {"l2": 1, "l1": -1})),
    *({"penalty": table} for table in ({"l2": 1, "biases": 1}, {"l3": 1}, [])),
    *(data([[1], [2]], y) for y in ([[1], [-1]], [[1, 2], [3, "1/2"]], [[1], -1], [1, [-1]], [[1], [2, 3]], [], [[]], [1], "1", {})),
    *(data(x, [1, -1]) for x in ([], [[]], [[1], []], [[1], [2, 3]], [1, 2], [[1], 2], [[[1]], [[2]]], "12", [[1], [2], [3]])),
    {"data": {"x": [[1]]}},
    {"data": {"y": [1]}},
    {"data": {**PLAIN["data"], "z": 1}},
    {"loss": {"kind": "hinge"}, **data([[1], [2]], [1, 2])},
    {"loss": {"kind": "logistic"}, **data([[1], [2]], [1, 0])},
    {"loss": {"kind": "absolute"}, **data([[1], [2]], [1, 2])},
    CLASSES | data([[1], [2]], [0, 1]),
    CLASSES | data([[1], [2]], [1, 1]),
    CLASSES | data([[1], [2]], [0, 0]),
    CLASSES | data([[1], [2]], [0, 2]),
    CLASSES | data([[1], [2]], [0, 0]) | net(outputs=2),
    CLASSES | data([[1], [2]], [0, 1]) | net(outputs=2),
    CLASSES | data([[1], [2]], [0, 1]) | net(outputs=3),
    CLASSES | data([[1], [2]], [0, 1]) | net(outputs=1),
    CLASSES | data([[1], [2]], [[0, 1], [1, 0]]),
    *({"train": table} for table in ({}, {"output": False}, {"output_bias": False}, {"hidden": False}, {"hidden": [False]})),
    *({"train": table} for table in ({"hidden_bias": False}, {"hidden": [True, True]}, {"output": 1}, {"outputs": True})),
    net(hidden_bias=False, output_bias=False) | {"train": {"hidden_bias": True, "output_bias": True}},
    net(widths=[2, 3]) | {"train": {"hidden": [True, False], "hidden_bias": [False, True]}},
    {"point": {"weights": WEIGHTS, "biases": [[7, 8], [9]]}},
    {"point": {"weights": WEIGHTS}},
    BARE | {"point": {"weights": WEIGHTS}},
    BARE | {"point": {"weights": WEIGHTS, "biases": [[], []]}},
    BARE | {"point": {"weights": WEIGHTS, "biases": [[1], []]}},
    BARE | {"point": {"weights": WEIGHTS, "biases": [[]]}},
    BARE | {"point": {"biases": [[], []]}},
    BARE | {"point": {"weights": WEIGHTS, "units": 2}},
    BARE | {"point": [WEIGHTS]},
    *(BARE | {"point": {"weights": weights}} for weights in (WEIGHTS[:1], [*WEIGHTS, [[1]]], [WEIGHTS[0][:1], WEIGHTS[1]])),
    *(BARE | {"point": {"weights": weights}} for weights in ([[[1, 2], [3]], [[5, 6]]], [WEIGHTS[0], [[5]]], [1, 2], "12")),
    net(output_bias=False) | {"point": {"weights": WEIGHTS, "biases": [[7, 8], []]}},
    net(hidden_bias=False) | {"point": {"weights": WEIGHTS, "biases": [[], [1]]}},
    net(hidden_bias=False) | {"point": {"weights": WEIGHTS}},
    net(widths=[]) | {"point": {"weights": [[[1, 2]]], "biases": [[3]]}},
    *({"name": name} for name in ("a", "a" * 200, "a" * 201, "a\nb", "a\x07", 1)),
    *({"source": source} for source in ("a" * 10_000, "a" * 10_001, "\t", None)),
    {"author": "a"},
    *(of(q) for q in ("1/2", " 1 / 2 ", "-2/4", "+3", "007", "0.50", ".5", "5.", "-.5e-2", "1e3", "1E+03", "2.5e1", 2.5, -7)),
    *(of(q) for q in ("", ".", "e5", "1e", "1/0", "1/-2", "1.5/2", "1_000", "0x1", "\u0661", "nan", True, None, [1], "1e1234567")),
    *(of(q) for q in ("1e9999", "1e10000", "1e-9999", "1e-10000", "12e9999")),
    *(text_of(of("@")).replace('"@"', q) for q in ("1" + "0" * 9999, "1" + "0" * 10_000, "-1" + "0" * 10_000)),
    *(of(q) for q in ("7" * 10_000, "7" * 10_001, "1/" + "7" * 10_000, "1/" + "7" * 10_001, "0" * 20_099 + "1", " " * 20_100 + "1")),
    *(data([["1e9999"] * 50], [q]) for q in (1, "1e60", "7" * 50)),
    *(data([["7" * 51] * 1], ["1e9999"] * number) for number in (1,)),
    *(data([[q]] * number, [1] * number) for q, number in (("7" * 50, 10_001), ("7" * 51, 9_804), ("7" * 51, 9_803))),
    '{"data":{"x":[[NaN]],"y":[1]},"network":{"widths":[1]}}',
    '{"data":{"x":[[Infinity]],"y":[1]},"network":{"widths":[1]}}',
    '{"data":{"x":[[1e2]],"y":[1]},"network":{"widths":[1]}}',
    ' \n {"data":{"x":[[1]],"y":[1]},"network":{"widths":[1]}}',
    '{"data":{"x":[[1]],"y":[1]},"data":{"x":[[1]],"y":[1]},"network":{"widths":[1]}}',
    "data = {x = [[1_0, 0.5]], y = [1e1]}\nnetwork = {widths = [1]}",
    "data = {x = [[1]], y = [1]}\nnetwork = {widths = [1]}\nnetwork = {widths = [1]}",
    "data = {x = [[1]], y = [1979-05-27]}\nnetwork = {widths = [1]}",
    "data = {x = [[inf]], y = [1]}\nnetwork = {widths = [1]}",
    "[[data]]",
    "[" * 3,
    "",
    " \n",
    "name = '\x00'",
    *(f'{{"normals":{rows}}}' for rows in ("[[1,2],[3,4]]", "[[1],[2,3]]", "[]", "[[]]", "1")),
    *(f'{{"normals":[[1,2],[3,4]],"offsets":{row}}}' for row in ("[0,0]", '[1,"1/2"]', "[1]", "[1,2,3]", "null")),
    '{"normals":[[1]],"name":"a","source":"b"}',
    '{"normals":[[1]],"data":1}',
]  # fmt: skip

NAMED: list[tuple[str, str]] = [
    *((text_of(given), "") for given in GIVEN),
    ("[1]", "a.json"),
    ("[1]", "a.JSON"),
    ("a = 1", "a.json"),
    ("a = 1", "a.toml"),
    ("a = [", "a.toml"),
    (" " + "a" * 90, "a.toml"),
]


def main() -> None:
    """Writes what is read today: look at the difference."""
    found = [read(checker().companion("check_problem.py"), *item) for item in NAMED]
    (FOLDER / "beside.json").write_text(json.dumps(found, indent=0) + "\n")


if __name__ == "__main__":
    main()
