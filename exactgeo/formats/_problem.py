"""Tree to Problem and Point: every key of the problem file, with its defaults and its refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from fractions import Fraction
from numbers import Integral
from typing import Any

from exactgeo.activations import ACTIVATIONS, LINEAR, Activation, make_activation
from exactgeo.errors import InputError
from exactgeo.exact.rational import parse_rational
from exactgeo.exact.vectors import Matrix, Vector
from exactgeo.formats._text import NumberText
from exactgeo.formats._values import Numbers, close, describe, entries, flag, in_order, listed, table, text
from exactgeo.losses import LOSSES, Loss, make_loss
from exactgeo.problem import REDUCTIONS, Network, Penalty, Point, Problem, Train, scope

__all__ = ["MAX_WIDTH", "build_point", "build_problem"]

MAX_WIDTH = 10**6
"""Most units a hidden layer may have."""

_TOP = ("name", "source", "data", "network", "loss", "penalty", "train", "point")
_POINT = ("weights", "biases")
_CALL = re.compile(r"\s*(\w{1,40})\s*(?:\((.*)\)\s*)?", re.ASCII | re.DOTALL)


def build_problem(tree: Any, label: str, *, stacklevel: int) -> Problem:
    """The problem a tree denotes. ``label`` names the source in errors."""
    top = table(tree, label, _TOP, separator=": ")
    numbers = Numbers()
    at = f"{label}: "
    if "data" not in top:
        raise InputError(f"{at}data", "nothing", "a table with x and y", "[data] with x = [[5], [4]] and y = [2, 1]")
    if "network" not in top:
        raise InputError(f"{at}network", "nothing", "a table with widths", "[network] with widths = [1]")
    x, y = _data(top["data"], f"{at}data", numbers)
    shape = _network(top["network"], f"{at}network")
    loss, reduction = _loss(top.get("loss", {}), f"{at}loss")
    _check_targets(y, loss, f"{at}data.y")
    network = replace(shape, inputs=len(x[0]), outputs=_outputs(top, y, loss, at))
    problem = Problem(
        x=x,
        y=y,
        network=network,
        loss=loss,
        train=_train(top.get("train", {}), f"{at}train", network),
        reduction=reduction,
        penalty=_penalty(top.get("penalty", {}), f"{at}penalty", numbers),
        name=text(top["name"], f"{at}name", 200) if "name" in top else "",
        source=text(top["source"], f"{at}source", 10_000) if "source" in top else "",
    )
    if "point" in top:
        problem = problem.at(_point(top["point"], f"{at}point", problem, numbers))
    numbers.warn(stacklevel + 1)
    return problem


def _outputs(top: Mapping[str, Any], y: Matrix, loss: Loss, at: str) -> int:
    """What the file says, what its targets say, or for classes the rows of the point's last layer if they are more."""
    least = loss.outputs(y)
    where, net = f"{at}network.outputs", top["network"]
    if "outputs" in net:
        found = _whole(net["outputs"], where, 1, "a whole number", "1")
        if loss.classes and found < least:
            raise InputError(where, str(found), f"at least {least} (largest class index + 1)", str(least))
        if not loss.classes and found != least:
            raise InputError(where, str(found), f"{least} (entries of data.y)", str(least))
        return found
    point = top.get("point")
    if not loss.classes or not isinstance(point, Mapping):
        return least
    layers = entries(point.get("weights"))
    last = entries(layers[-1]) if layers else None
    return least if last is None else max(least, len(last))


def build_point(tree: Any, label: str, problem: Problem, *, stacklevel: int) -> Point:
    """The point a tree denotes: weights and biases at the top, in a [point] table, or a Point as it is."""
    numbers = Numbers()
    point = _denoted(tree, label, problem, numbers)
    numbers.warn(stacklevel + 1)
    return point


def build_points(tree: Any, label: str, problem: Problem, *, stacklevel: int) -> tuple[Point, ...]:
    """The points of a list, or of a table whose one key ``points`` is a list, each as in :func:`build_point`."""
    if isinstance(tree, Mapping):
        tree, label = table(tree, label, ("points",), ": ").get("points"), f"{label}: points"
    listed = in_order(tree)
    if listed is None:
        write = '[{"weights": [[[1]], [[1]]], "biases": [[-3], [0]]}]'
        raise InputError(label, describe(tree), "a list of points", write)
    numbers = Numbers()
    points = tuple([_denoted(entry, f"{label}[{i}]", problem, numbers) for i, entry in enumerate(listed)])
    numbers.warn(stacklevel + 1)
    return points


def _denoted(tree: Any, label: str, problem: Problem, numbers: Numbers) -> Point:
    scope.expect_problem(problem)
    where = label
    if isinstance(tree, Point):
        tree = {"weights": tree.weights, "biases": tree.biases}
    elif isinstance(tree, Mapping) and "weights" not in tree and "point" in tree:
        tree = table(tree, label, _TOP, separator=": ")["point"]
        where = f"{label}: point"
    elif isinstance(tree, Mapping):
        known = (*_POINT, "name", "source")
        tree = {key: value for key, value in table(tree, label, known, ": ").items() if key in _POINT}
    return _point(tree, where, problem, numbers, separator="." if where != label else ": ")


def _data(tree: Any, where: str, numbers: Numbers) -> tuple[Matrix, Matrix]:
    data = table(tree, where, ("x", "y"))
    for key, example in (("x", "x = [[5], [4]]"), ("y", "y = [2, 1]")):
        if key not in data:
            raise InputError(f"{where}.{key}", "nothing", "one entry per data point", example)
    y_rows = entries(data["y"])
    if y_rows is None:
        raise InputError(f"{where}.y", describe(data["y"]), "a list of targets", "[2, 1]")
    x_rows = entries(data["x"])
    # Lengths before entries: a long file is refused before it is worked through.
    if x_rows and len(y_rows) != len(x_rows):
        found = f"{len(y_rows)} target{'s' * (len(y_rows) != 1)}"
        raise InputError(f"{where}.y", found, f"{len(x_rows)} (rows of data.x)", "one target per data point")
    x = rational_rows(data["x"], f"{where}.x", numbers, "data point", "[[5], [4]]")
    y: Matrix
    if entries(y_rows[0]) is None:
        y = tuple((q,) for q in numbers.vector(y_rows, f"{where}.y", None, "", "[2, 1]"))
    else:
        y = rational_rows(y_rows, f"{where}.y", numbers, "target", "[[2, 0], [1, 1]]")
    return x, y


def rational_rows(value: Any, where: str, numbers: Numbers, unit: str, write: str) -> Matrix:
    """At least one row, all of one length of at least one."""
    rows = entries(value)
    if rows is None:
        raise InputError(where, describe(value), f"one row of numbers per {unit}", write)
    if not rows:
        raise InputError(where, "an empty list", f"at least one {unit}", write)
    first = entries(rows[0])
    if first is not None and not first:
        raise InputError(f"{where}[0]", "an empty list", "at least one number", "[5] for one")
    size = None if first is None else len(first)
    return tuple(
        [
            numbers.vector(
                row, f"{where}[{i}]", size, "entries of row 0", "rows of one length", each="a row of numbers"
            )
            for i, row in enumerate(rows)
        ]
    )


def _check_targets(y: Matrix, loss: Loss, where: str) -> None:
    if loss.targets is None:
        return
    if len(y[0]) != 1:
        raise InputError(f"{where}[0]", f"{len(y[0])} entries", f"one target per data point ({loss.kind})", "[1, -1]")
    expected, write = loss.targets
    for t, (target,) in enumerate(y):
        if not loss.allows(target):
            raise InputError(f"{where}[{t}]", describe(target), f"{expected} ({loss.kind})", write)


def _whole(value: Any, where: str, low: int, what: str, write: str) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise InputError(where, describe(value), what, write)
    number = int(value)
    if not low <= number <= MAX_WIDTH:
        raise InputError(where, describe(number), f"{what} from {low} to {MAX_WIDTH}", write)
    return number


def _network(tree: Any, where: str) -> Network:
    """The shape, but for inputs and outputs, which the data tell."""
    known = ("widths", "activation", "output_activation", "hidden_bias", "output_bias", "outputs")
    net = table(tree, where, known)
    if "widths" not in net:
        raise InputError(f"{where}.widths", "nothing", "one whole number per hidden layer", "widths = [1]")
    sizes = entries(net["widths"])
    if sizes is None:
        raise InputError(f"{where}.widths", describe(net["widths"]), "one whole number per hidden layer", "[1]")
    widths = tuple(
        [_whole(n, f"{where}.widths[{i}]", 0, "a whole number", "3 for three units") for i, n in enumerate(sizes)]
    )
    activations = _activations(net.get("activation", "relu"), f"{where}.activation", len(widths))
    hidden_bias = _flags(net.get("hidden_bias", True), f"{where}.hidden_bias", len(widths))
    output_bias = flag(net.get("output_bias", True), f"{where}.output_bias")
    last: Activation = LINEAR
    if "output_activation" in net:
        last = _activation(net["output_activation"], f"{where}.output_activation")
    return Network(0, widths, 0, activations, hidden_bias, output_bias, last)


def _flags(value: Any, where: str, layers: int) -> tuple[bool, ...]:
    listing = entries(value)
    if listing is None:
        return (flag(value, where, also=" or one per hidden layer"),) * layers
    if len(listing) != layers:
        found = f"{len(listing)} {'entry' if len(listing) == 1 else 'entries'}"
        raise InputError(where, found, f"{layers} (hidden layers)", "true, or one boolean per hidden layer")
    return tuple([flag(entry, f"{where}[{i}]") for i, entry in enumerate(listing)])


def _call(value: Any, where: str, names: Collection[str], example: Callable[[str], str]) -> tuple[str, list[Fraction]]:
    """Name and rational arguments of ``name`` or ``name(argument, ...)``, their number as in the name's example."""
    shown = describe(value)
    match = _CALL.fullmatch(value) if isinstance(value, str) and not isinstance(value, NumberText) else None
    if match is None or match[1] not in names:
        choices = tuple(map(example, names))
        guess = close(value.split("(")[0], choices) if isinstance(value, str) else None
        raise InputError(where, shown, listed(choices), f'"{guess or choices[0]}"')
    name, inside = match[1], match[2]
    parts = [] if inside is None else inside.split(",")
    arity = 0 if "(" not in example(name) else example(name).count(",") + 1
    if len(parts) != arity or (inside is not None and not arity):
        number = "no argument" if not arity else f"{arity} argument{'s' * (arity > 1)}"
        raise InputError(where, shown, f"{name} with {number}", f'"{example(name)}"')
    return name, [parse_rational(part, where) for part in parts]


def _activations(value: Any, where: str, layers: int) -> tuple[Activation, ...]:
    """One a hidden layer, from one for all or a list."""
    listing = entries(value)
    if listing is None:
        return (_activation(value, where),) * layers
    if len(listing) != layers:
        found = f"{len(listing)} {'entry' if len(listing) == 1 else 'entries'}"
        raise InputError(where, found, f"{layers} (hidden layers)", '"relu", or one activation per hidden layer')
    return tuple([_activation(entry, f"{where}[{i}]") for i, entry in enumerate(listing)])


def _activation(value: Any, where: str) -> Activation:
    name, arguments = _call(value, where, ACTIVATIONS, lambda name: ACTIVATIONS[name][0])
    return make_activation(name, *arguments)


def _loss(tree: Any, where: str) -> tuple[Loss, str]:
    """The loss and its reduction."""
    keys = table(tree, where, ("kind", "reduction"))
    kind, arguments = _call(keys.get("kind", "squared"), f"{where}.kind", LOSSES, lambda name: LOSSES[name].example)
    expected = LOSSES[kind].refuse_parameters(arguments)
    if expected is not None:
        raise InputError(f"{where}.kind", describe(keys["kind"]), expected, f'"{LOSSES[kind].example}"')
    reduction = keys.get("reduction", "sum")
    if reduction not in REDUCTIONS:
        raise InputError(f"{where}.reduction", describe(reduction), listed(REDUCTIONS), '"sum" or "mean"')
    return make_loss(kind, *arguments), str(reduction)


def _penalty(tree: Any, where: str, numbers: Numbers) -> Penalty:
    keys = table(tree, where, ("l2", "l1", "biases"))

    def factor(key: str) -> Fraction:
        found = numbers.number(keys.get(key, 0), f"{where}.{key}")
        if found < 0:
            raise InputError(f"{where}.{key}", describe(keys[key]), "a number that is not negative", '"1/2000" or 0')
        return found

    l2, l1 = factor("l2"), factor("l1")
    if keys and not {"l2", "l1"} & set(keys):
        raise InputError(where, "neither l2 nor l1", "at least one of them", 'l2 = "1/2000"')
    return Penalty(l2, l1, flag(keys.get("biases", False), f"{where}.biases"))


def _train(tree: Any, where: str, network: Network) -> Train:
    keys = table(tree, where, ("hidden", "hidden_bias", "output", "output_bias"))
    layers = len(network.widths)
    bias = _flags(keys.get("hidden_bias", True), f"{where}.hidden_bias", layers)
    # A bias that does not exist is not trained, whatever the default says.
    return Train(
        hidden=_flags(keys.get("hidden", True), f"{where}.hidden", layers),
        hidden_bias=tuple([asked and has for asked, has in zip(bias, network.hidden_bias, strict=True)]),
        output=flag(keys.get("output", True), f"{where}.output"),
        output_bias=flag(keys.get("output_bias", True), f"{where}.output_bias") and network.output_bias,
    )


def _layer(value: Any, where: str, layers: int, what: str, write: str) -> Any:
    rows = entries(value)
    if rows is None:
        raise InputError(where, describe(value), f"one {what} per layer", write)
    if len(rows) != layers:
        raise InputError(where, f"{len(rows)} layer{'s' * (len(rows) != 1)}", f"{layers} (hidden layers + 1)", write)
    return rows


def _point(tree: Any, where: str, problem: Problem, numbers: Numbers, separator: str = ".") -> Point:
    keys = table(tree, where, _POINT, separator)
    at = f"{where}{separator}"
    if "weights" not in keys:
        raise InputError(f"{at}weights", "nothing", "one matrix per layer", "weights = [[[1]], [[1]]]")
    depth = problem.network.depth
    matrices = _layer(keys["weights"], f"{at}weights", depth, "matrix", "[[[1]], [[1]]] for one hidden unit")
    sizes = list(problem.network.sizes)
    weights: list[Matrix] = []
    for index, matrix in enumerate(matrices):
        path = f"{at}weights[{index}]"
        rows = entries(matrix)
        units = "outputs" if index == depth - 1 else f"units of layer {index}"
        if rows is None:
            raise InputError(path, describe(matrix), "one row of numbers per unit", "[[1]] for one unit with one input")
        if len(rows) != sizes[index + 1]:
            found = f"{len(rows)} row{'s' * (len(rows) != 1)}"
            raise InputError(path, found, f"{sizes[index + 1]} ({units})", "one row per unit")
        inputs = f"inputs of layer {index}"
        weights.append(
            tuple(
                [
                    numbers.vector(
                        row, f"{path}[{i}]", sizes[index], inputs, "one number per input", each="a row of numbers"
                    )
                    for i, row in enumerate(rows)
                ]
            )
        )
    return Point(tuple(weights), _biases(keys, at, problem, numbers, sizes))


def _biases(
    keys: Mapping[str, Any], at: str, problem: Problem, numbers: Numbers, sizes: list[int]
) -> tuple[Vector, ...]:
    depth = problem.network.depth
    wanted = [sizes[index + 1] if problem.network.biases[index] else 0 for index in range(depth)]
    example = f"[{', '.join('[0]' if problem.network.biases[index] else '[]' for index in range(depth))}]"
    if "biases" not in keys:
        if any(wanted):
            raise InputError(f"{at}biases", "nothing", "one vector per layer", f"biases = {example}")
        return ((),) * depth
    vectors = _layer(keys["biases"], f"{at}biases", depth, "vector", example)
    return tuple(
        [
            numbers.vector(
                vector,
                f"{at}biases[{index}]",
                wanted[index],
                ("outputs" if index == depth - 1 else f"units of layer {index}")
                if problem.network.biases[index]
                else f"layer {index} has no bias",
                "one number per unit" if problem.network.biases[index] else "[]",
            )
            for index, vector in enumerate(vectors)
        ]
    )
