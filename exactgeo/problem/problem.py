"""A training problem: data, network, loss and its reduction, what is trained, and perhaps a point."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

from exactgeo.activations import LINEAR
from exactgeo.errors import InputError, expect_type
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.rational import format_rational
from exactgeo.exact.vectors import ONE, ZERO, Matrix, dot
from exactgeo.losses import Loss
from exactgeo.problem.network import Network, Train
from exactgeo.problem.penalty import NO_PENALTY, Penalty
from exactgeo.problem.point import Point
from exactgeo.shown import Shown, Viewed, brief

__all__ = ["REDUCTIONS", "Problem"]

REDUCTIONS = ("sum", "mean", "mean_entries")
"""How the losses of the data points become one: added, or added and divided by m, or by m k (k entries a target)."""


@dataclass(frozen=True)
class Problem(Shown, Viewed):
    """A training problem over the rationals.

    Attributes
    ----------
    x : m rows of d rationals
    y : m rows of k rationals
    network, loss, train : see their types
    reduction : str
        One of :data:`REDUCTIONS`; ``mean`` where ``mean_entries`` is the same.
    penalty : Penalty
        What is added to the reduced loss; false where nothing is.
    frozen : Point or None
        The values of what is not trained, 0 for what is; None where everything is trained or no values are known. Those
        of ``point`` where there is one.
    point : Point or None
        The point that came with the problem. It is no part of what the problem is: neither compared nor hashed.
    name, source : str
    """

    x: Matrix
    y: Matrix
    network: Network
    loss: Loss
    train: Train
    reduction: str = "sum"
    penalty: Penalty = NO_PENALTY
    frozen: Point | None = None
    point: Point | None = field(default=None, compare=False)
    name: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if self.reduction == "mean_entries" and len(self.y[0]) == 1:
            # One entry a target: one name for one thing.
            object.__setattr__(self, "reduction", "mean")
        values = self.frozen if self.point is None else self.point
        object.__setattr__(self, "frozen", None if values is None else self._untrained(values))

    def __hash__(self) -> int:
        return self._hash

    def _shown(self) -> str:
        net = self.network
        kinds = dict.fromkeys(activation.name for activation in net.activations)
        parts = [f"{self.m} data points", f"layers {' - '.join(map(str, net.sizes))}", *kinds]
        parts += [f"{self.loss.name} loss", self.reduction, *["penalty"] * bool(self.penalty)]
        parts += ["no point"] if self.point is None else []
        name = f"problem {brief(self.name)}".rstrip()
        return f"{name}: {', '.join(map(brief, parts))}"

    def __getstate__(self) -> dict[str, object]:
        """What another process needs: what is derived, the hash included, is derived again there."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @cached_property
    def _hash(self) -> int:
        # The data may be long, and a problem is looked up in caches again and again.
        return hash(tuple(getattr(self, item.name) for item in fields(self) if item.compare))

    def _untrained(self, values: Point) -> Point | None:
        train = self.train
        biases = [free or not has for free, has in zip(train.biases, self.network.biases, strict=True)]
        if all(train.weights) and all(biases):
            return None
        return Point(
            tuple(
                tuple((ZERO,) * len(row) for row in matrix) if free else matrix
                for matrix, free in zip(values.weights, train.weights, strict=True)
            ),
            tuple((ZERO,) * len(row) if free else row for row, free in zip(values.biases, biases, strict=True)),
        )

    @property
    def m(self) -> int:
        return len(self.x)

    @property
    def d(self) -> int:
        return self.network.inputs

    @property
    def outputs(self) -> int:
        """Number of outputs of the network; for classes that of the classes."""
        return self.network.outputs

    @property
    def weight(self) -> Fraction:
        """What the loss of each data point is multiplied by."""
        divisors = {"sum": 1, "mean": self.m, "mean_entries": self.m * len(self.y[0])}
        return Fraction(1, divisors[self.reduction])

    def at(self, point: Point) -> Problem:
        """The same problem with another point, whose values of what is frozen are meant.

        Raises
        ------
        InputError
            As :meth:`expect_point`.
        """
        if point is self.point:
            return self
        self.expect_point(point)
        if self.frozen != self._untrained(point):
            return replace(self, point=point)
        # An equal problem: what has been derived, of all but the point, is the same.
        found = object.__new__(type(self))
        found.__dict__.update(self.__dict__, point=point)
        return found

    def expect_point(self, point: Point, where: str = "point") -> None:
        """Refuse what is no Point of this network's shape. Cost: the lengths of its rows.

        Raises
        ------
        InputError
            Another shape; another type (:class:`~exactgeo.errors.WrongType`, a TypeError too).
        """
        expect_type(point, Point, where, "exactgeo.formats.point_from_mapping(weights and biases, problem)")
        net, write = self.network, "a point of this network"
        layers = len(point.weights), len(point.biases)
        if layers != (net.depth, net.depth):
            found = f"{layers[0]} weight matrices and {layers[1]} bias vectors"
            raise InputError(where, found, f"{net.depth} of each", write)
        for k, (inputs, units) in enumerate(pairwise(net.sizes)):
            rows, bias = [len(row) for row in point.weights[k]], len(point.biases[k])
            if rows != [inputs] * units:
                raise InputError(f"{where}.weights[{k}]", f"rows of {rows} numbers", f"{units} rows of {inputs}", write)
            if bias != units * net.biases[k]:
                raise InputError(f"{where}.biases[{k}]", f"{bias} numbers", str(units * net.biases[k]), write)

    @property
    def products(self) -> int:
        """How many products of numbers one forward pass takes."""
        return self.m * sum(a * b for a, b in pairwise(self.network.sizes))

    @cached_property
    def lifted(self) -> Matrix:
        """Rows ``(x_t, 1)`` when the first hidden layer has a bias, else ``x_t``."""
        if self.network.hidden_bias and self.network.hidden_bias[0]:
            return tuple((*row, ONE) for row in self.x)
        return self.x

    @property
    def affine(self) -> bool:
        """Whether the predictions are affine in the trained parameters: no hidden layer, or its inputs all frozen."""
        train = self.train
        return not self.network.widths or not (any(train.hidden) or any(train.hidden_bias))

    # -- values ---------------------------------------------------------------------------------------------------

    def predictions(self, point: Point) -> Matrix:
        """Network outputs at every data point, m rows of k. Cost: one exact forward pass.

        Raises
        ------
        InputError
            As :meth:`expect_point`.
        ValueError
            An activation has an irrational value.
        """
        self.expect_point(point)
        net, rows = self.network, self.x
        for weights, bias, activate in zip(point.weights, point.biases, net.layer_activations, strict=True):
            shifts = bias or (ZERO,) * len(weights)
            rows = tuple(tuple(dot(unit, row) + b for unit, b in zip(weights, shifts, strict=True)) for row in rows)
            if activate != LINEAR:
                rows = tuple(tuple(map(activate, row)) for row in rows)
        return rows

    def loss_at(self, point: Point) -> Fraction:
        """Exact training loss at a point, the penalty included.

        Raises
        ------
        ValueError
            The loss or an activation has an irrational value (logistic, cross_entropy, sigmoid, tanh).
        """
        return self.loss_of(self.predictions(point)) + self.penalty.at(self.train, point)

    def loss_of(self, predictions: Matrix) -> Fraction:
        """Exact loss of given predictions (m rows of k) without a penalty; raises as :meth:`loss_at`."""
        return self.weight * sum((self.loss.of_row(p, y) for p, y in self._pairs(predictions)), ZERO)

    def enclosure_at(self, point: Point) -> Enclosure:
        """Proved bounds on the training loss at a point, the penalty included, for every loss.

        Raises
        ------
        ValueError
            An activation has an irrational value.
        """
        parts = (self.loss.enclosure_of_row(p, y) for p, y in self._pairs(self.predictions(point)))
        total, penalty = sum(parts, Enclosure(ZERO, ZERO)), self.penalty.at(self.train, point)
        return Enclosure(self.weight * total.lo, self.weight * total.hi) + penalty

    def _pairs(self, predictions: Matrix) -> Iterable[tuple[tuple[Fraction, ...], tuple[Fraction, ...]]]:
        return zip(predictions, self.y, strict=True)

    # -- pictures -------------------------------------------------------------------------------------------------

    def plot(self, ax: Any = None, *, point: Point | None = None) -> Any:
        """Data and, of a point, the fit: with one input a curve with its kinks, with two a map, else predictions
        against targets. Needs matplotlib, extra ``plot``.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        point : Point, optional
            The problem's own where there is one.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        InputError
            Matplotlib is not installed; or as :meth:`expect_point`.
        """
        from exactgeo.problem.plot import draw_fit

        shown = self.point if point is None else point
        if shown is not None:
            self.expect_point(shown)
        return draw_fit(self, shown, ax)

    # -- files ----------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """The problem file as a mapping: rationals as ``"p/q"`` strings; what its defaults say is left out only for
        activations and outputs."""

        def number(q: Fraction) -> int | str:
            return int(q) if q.denominator == 1 and abs(q) < 2**53 else format_rational(q)

        net = self.network
        result: dict[str, Any] = {"name": self.name} if self.name else {}
        if self.source:
            result["source"] = self.source
        single = len(self.y[0]) == 1
        result["data"] = {
            "x": [[number(q) for q in row] for row in self.x],
            "y": [number(q) for (q,) in self.y] if single else [[number(q) for q in row] for row in self.y],
        }
        result["network"] = {
            "widths": list(net.widths),
            **self._activations(),
            "hidden_bias": list(net.hidden_bias),
            "output_bias": net.output_bias,
        }
        if net.outputs != self.loss.outputs(self.y):
            result["network"]["outputs"] = net.outputs
        result["loss"] = {"kind": self.loss.name, "reduction": self.reduction}
        if self.penalty:
            parts = {"l2": self.penalty.l2, "l1": self.penalty.l1}
            result["penalty"] = {key: number(q) for key, q in parts.items() if q} | {"biases": self.penalty.biases}
        result["train"] = {
            "hidden": list(self.train.hidden),
            "hidden_bias": list(self.train.hidden_bias),
            "output": self.train.output,
            "output_bias": self.train.output_bias,
        }
        if self.point is not None:
            result["point"] = {
                "weights": [[[number(q) for q in row] for row in layer] for layer in self.point.weights],
                "biases": [[number(q) for q in layer] for layer in self.point.biases],
            }
        return result

    def _activations(self) -> dict[str, Any]:
        net = self.network
        names = [activation.name for activation in net.activations]
        found: dict[str, Any] = {}
        if names:
            found["activation"] = names[0] if len(set(names)) == 1 else names
        if net.output_activation != LINEAR:
            found["output_activation"] = net.output_activation.name
        return found

    def to_toml(self) -> str:
        """The problem as a TOML file that reads back to an equal problem with an equal point."""

        def value(item: Any) -> str:
            if isinstance(item, bool):
                return "true" if item else "false"
            if isinstance(item, list):
                return "[" + ", ".join(value(part) for part in item) + "]"
            # A JSON string is a TOML basic string once DEL is escaped too; surrogate pairs are not, so keep characters.
            return (
                str(item) if isinstance(item, int) else json.dumps(item, ensure_ascii=False).replace("\x7f", "\\u007f")
            )

        lines: list[str] = []
        tables = self.to_dict()
        for key in ("name", "source"):
            if key in tables:
                lines.append(f"{key} = {value(tables.pop(key))}")
        for table, entries in tables.items():
            lines += ["", f"[{table}]"] if lines else [f"[{table}]"]
            lines += [f"{key} = {value(item)}" for key, item in entries.items()]
        return "\n".join(lines) + "\n"
