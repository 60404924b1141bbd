"""What a certificate's claims speak of: a problem, or the hyperplanes of an arrangement, as data and back."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import Any

from exactgeo.activations import LINEAR, Activation, PiecewiseLinear, make_activation
from exactgeo.claims.fields import Misread, from_data, to_data
from exactgeo.exact.rational import read_rational
from exactgeo.exact.vectors import Matrix, Vector
from exactgeo.frozen import dataclass
from exactgeo.losses import LOSSES, Loss, make_loss
from exactgeo.problem import REDUCTIONS, Network, Penalty, Problem, Train

__all__ = [
    "HyperplaneList",
    "Population",
    "Subject",
    "has_form",
    "problem_data",
    "read_subject",
    "square_factor",
    "subject_data",
]


@dataclass(frozen=True)
class HyperplaneList:
    """Hyperplanes ``<normal, w> = offset``; central (through 0) without offsets.

    Attributes
    ----------
    normals : m vectors
    offsets : m rationals or None
    """

    normals: Matrix
    offsets: Vector | None


@dataclass(frozen=True)
class Population:
    """The Gaussian population loss of ReLU students against teachers.

    Attributes
    ----------
    teachers : rows of d rationals
    """

    teachers: Matrix


Subject = Problem | HyperplaneList | Population

MAX_CLASSES = 10_000
"""That a certificate may speak of."""

SMOOTH = ("sigmoid", "tanh")
"""Activations without slopes that a certificate can name."""


# The tables of a certificate's problem, one record each.


@dataclass(frozen=True)
class _Data:
    x: Matrix
    y: Matrix


@dataclass(frozen=True)
class _Network:
    widths: tuple[int, ...]
    activation: Vector | Matrix | str
    hidden_bias: tuple[bool, ...]
    output_bias: bool


@dataclass(frozen=True)
class _Loss:
    kind: str
    reduction: str


@dataclass(frozen=True)
class _Tables:
    data: _Data
    network: _Network
    loss: _Loss
    train: Train


def has_form(problem: Problem) -> bool:
    """Whether a certificate can speak of the problem.

    It can where the loss is one that the format knows, the hidden layers are piecewise linear or have one smooth
    activation, and the outputs are linear and have a target each; of classes there are two or more.
    """
    net = problem.network
    smooth = net.uniform is not None and net.uniform.name in SMOOTH
    if net.output_activation != LINEAR or not (smooth or all(a.homogeneous for a in net.activations)):
        return False
    if problem.loss.classes:
        return problem.loss.certified and 2 <= net.outputs <= MAX_CLASSES
    return problem.loss.certified and net.outputs == len(problem.y[0])


def problem_data(problem: Problem) -> dict[str, Any]:
    """A problem as the ``problem`` of a certificate: no names, no point, one form.

    Targets are rows, the activation is its pair of slopes (right, left), a pair a hidden layer where these differ, or
    its name where it has none, and no bias that is not there is trained.

    Raises
    ------
    ValueError
        The format has no form for it, see :func:`has_form`.
    """
    net, train = problem.network, problem.train
    pairs = tuple(a.slopes for a in net.activations if a.slopes is not None)
    if net.output_activation != LINEAR or (net.uniform is None and len(pairs) < len(net.activations)):
        raise ValueError("a certificate has one activation, or piecewise linear ones, and linear outputs")
    activation: Vector | Matrix | str = pairs
    if len(set(pairs)) < 2:
        activation = pairs[0] if pairs else net.activation.slopes or net.activation.name
    hidden_bias = tuple(a and b for a, b in zip(train.hidden_bias, net.hidden_bias, strict=True))
    tables = _Tables(
        _Data(problem.x, problem.y),
        _Network(net.widths, activation, net.hidden_bias, net.output_bias),
        _Loss(problem.loss.name, problem.reduction),
        Train(train.hidden, hidden_bias, train.output, train.output_bias and net.output_bias),
    )
    found = dict(to_data(tables)) | ({"penalty": to_data(problem.penalty)} if problem.penalty else {})
    if problem.loss.classes and net.outputs > 2:
        found["network"]["outputs"] = net.outputs
    return found


def subject_data(subject: Subject) -> dict[str, Any]:
    """The subject under its key in a certificate. Cost: one conversion of each number of the data set."""
    if isinstance(subject, HyperplaneList):
        return {"arrangement": to_data(subject)}
    if isinstance(subject, Population):
        return {"population": to_data(subject)}
    return {"problem": problem_data(subject)}


def read_subject(data: dict[str, Any]) -> Subject:
    """The subject from a certificate's data, its inverse up to what a certificate does not say: names, a point, how an
    activation is called.

    Raises
    ------
    Misread
        There is none, or it is not in the one form.
    """
    key = next((key for key in ("arrangement", "population") if key in data), "problem")
    try:
        if key == "population":
            return _population(from_data(Population, data[key]))
        if key == "arrangement":
            return _planes(from_data(HyperplaneList, data[key]))
        return _read_problem(data.get(key))
    except Misread as error:
        raise error.under(key) from None


def _read_problem(data: Any) -> Problem:
    """A problem, with a table more where it has a penalty."""
    tables, penalty = data, Penalty()
    if isinstance(data, dict) and "penalty" in data:
        tables = {key: table for key, table in data.items() if key != "penalty"}
        try:
            penalty = from_data(Penalty, data["penalty"])
        except Misread as error:
            raise error.under(".penalty") from None
        if not penalty or min(penalty.l2, penalty.l1) < 0:
            raise Misread([], "factors that are not negative, and not both 0").under(".penalty")
    classes, tables = _classes(tables)
    return replace(_problem(from_data(_Tables, tables), classes), penalty=penalty)


def _classes(tables: Any) -> tuple[int, Any]:
    """The number of classes, where a network has it, and the tables without it; 2 where there are no more."""
    net = tables.get("network") if isinstance(tables, dict) else None
    if not isinstance(net, dict) or "outputs" not in net:
        return 2, tables
    number = net["outputs"]
    if type(number) is not int or not 2 < number <= MAX_CLASSES:
        raise Misread(number, f"from 3 to {MAX_CLASSES} classes").under(".network.outputs")
    return number, tables | {"network": {key: value for key, value in net.items() if key != "outputs"}}


def _population(found: Population) -> Population:
    if len({len(row) for row in found.teachers}) != 1 or not found.teachers[0]:
        raise Misread([], "rows of one length").under(".teachers")
    return found


def _planes(planes: HyperplaneList) -> HyperplaneList:
    dimensions = {len(row) for row in planes.normals}
    if len(dimensions) != 1:
        raise Misread([], "rows of one length").under(".normals")
    if planes.offsets is not None and len(planes.offsets) != len(planes.normals):
        raise Misread([], "one offset a hyperplane").under(".offsets")
    return planes


def _problem(tables: _Tables, classes: int) -> Problem:
    x, y, net = tables.data.x, tables.data.y, tables.network
    for name, rows in (("x", x), ("y", y)):
        if not rows or not rows[0] or len({len(row) for row in rows}) > 1 or len(rows) != len(x):
            raise Misread([], "rows of one length, one a data point").under(f".data.{name}")
    layers = len(net.widths)
    if {layers} != {len(flags) for flags in (net.hidden_bias, tables.train.hidden, tables.train.hidden_bias)}:
        raise Misread([], "as many widths as flags").under(".network.widths")
    if tables.loss.reduction not in REDUCTIONS:
        raise Misread(tables.loss.reduction, "one of " + ", ".join(REDUCTIONS)).under(".loss.reduction")
    activations = _activations(net.activation, layers)
    loss = _loss(tables.loss.kind)
    outputs = classes if loss.classes else len(y[0])
    if loss.classes and not all(len(row) == 1 and loss.allows(row[0]) and row[0] < classes for row in y):
        raise Misread([], f"classes from 0 to {classes - 1}").under(".data.y")
    if not loss.classes and classes > 2:
        raise Misread(classes, "a loss with classes").under(".network.outputs")
    network = Network(len(x[0]), net.widths, outputs, activations, net.hidden_bias, net.output_bias)
    return Problem(x, y, network, loss, tables.train, tables.loss.reduction)


def _activations(slopes: Vector | Matrix | str, layers: int) -> tuple[Activation, ...]:
    """One a hidden layer, from one for all or from pairs that are not all the same."""
    pairs = [row for row in slopes if isinstance(row, tuple)]
    if not pairs or isinstance(slopes, str):
        return (_activation(slopes),) * layers  # type: ignore[arg-type]
    if len(pairs) != layers or len(set(pairs)) < 2:
        raise Misread([], "one pair of slopes, or one a hidden layer where these differ").under(".network.activation")
    return tuple(map(_activation, pairs))


def _activation(slopes: Vector | str) -> Activation:
    if isinstance(slopes, str):
        found = make_activation(slopes) if slopes in SMOOTH else None
        if found is None:
            raise Misread(slopes, "two slopes, or one of " + ", ".join(SMOOTH)).under(".network.activation")
        return found
    if len(slopes) != 2:
        raise Misread([], "the right and the left slope").under(".network.activation")
    named = (PiecewiseLinear.relu(), PiecewiseLinear.absolute(), PiecewiseLinear.linear())
    other = PiecewiseLinear.of_slopes(*slopes)
    return next((activation for activation in named if activation.slopes == other.slopes), other)


def _loss(name: str) -> Loss:
    """The loss of a name: the inverse of ``Loss.name``."""
    match = re.fullmatch(r"(\w+)(?:\((.*)\))?", name)
    try:
        loss = make_loss(match[1], *(read_rational(q) for q in (match[2] or "").split(", ") if q)) if match else None
    except (KeyError, TypeError, ValueError):
        loss = None
    if loss is None or loss.name != name or loss.refuse_parameters(loss.parameters) is not None:
        raise Misread(name, "a loss, one of " + ", ".join(kind.example for kind in LOSSES.values())).under(".loss.kind")
    return loss


def square_factor(problem: Problem) -> Fraction | None:
    """The factor a where the loss of each prediction is ``a (p - y)^2``; None where it is not."""
    factors = set()
    for y in {y for row in problem.y for y in row}:
        pieces = problem.loss.pieces(y)
        if pieces is None or pieces.breaks:
            return None
        a, b, c = pieces.quadratics[0]
        if not a or (b, c) != (-2 * a * y, a * y * y):
            return None
        factors.add(a)
    return factors.pop() if len(factors) == 1 else None
