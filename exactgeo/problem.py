"""The problem: data, network, loss, what is trained, and a point. Frozen, exact, hashable.

Nothing here validates; :mod:`exactgeo.formats` builds these types from files and mappings and refuses
what is wrong. Conventions are those of the problem file: ``x`` is m x d, ``y`` is m x k, ``weights``
holds one matrix a layer with one row a unit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from exactgeo.exact.rational import format_rational

__all__ = ["Activation", "Loss", "Network", "Point", "Problem", "Train"]

Vector = tuple[Fraction, ...]
Matrix = tuple[Vector, ...]

ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Activation:
    """A positively homogeneous piecewise-linear activation, or a smooth one.

    Attributes
    ----------
    name : str
        As written in the problem file, e.g. ``leaky_relu(1/10)``.
    slopes : (right, left) or None
        ``a(z) = right * z`` for ``z >= 0`` and ``left * z`` for ``z <= 0``; None for sigmoid and tanh.
    """

    name: str
    slopes: tuple[Fraction, Fraction] | None

    @property
    def piecewise_linear(self) -> bool:
        return self.slopes is not None

    @property
    def has_kink(self) -> bool:
        """False for equal slopes (and smooth activations): the map is linear through 0."""
        return self.slopes is not None and self.slopes[0] != self.slopes[1]

    def __call__(self, z: Fraction) -> Fraction:
        if self.slopes is None:
            raise ValueError(f"{self.name} has no exact rational values")
        return z * (self.slopes[0] if z >= 0 else self.slopes[1])


@dataclass(frozen=True)
class Loss:
    """Loss of one prediction and its reduction over the data.

    Attributes
    ----------
    kind : str
        squared, half_squared, absolute, huber, hinge, squared_hinge, logistic or cross_entropy.
    reduction : str
        sum, or mean (divided by m).
    parameter : Fraction or None
        M of ``huber(M)``.
    """

    kind: str = "squared"
    reduction: str = "sum"
    parameter: Fraction | None = None

    @property
    def name(self) -> str:
        """As written in the problem file."""
        return self.kind if self.parameter is None else f"{self.kind}({format_rational(self.parameter)})"

    @property
    def quadratic(self) -> bool:
        return self.kind in ("squared", "half_squared")

    def scale(self, m: int) -> Fraction:
        """Factor before ``sum_t (p_t - y_t)^2`` for the two quadratic losses."""
        half = Fraction(1, 2) if self.kind == "half_squared" else ONE
        return half / m if self.reduction == "mean" else half

    def at(self, p: Fraction, y: Fraction) -> Fraction:
        """Exact loss of one prediction p with target y, before the reduction.

        Raises
        ------
        ValueError
            The loss has no exact rational values (logistic, cross_entropy).
        """
        r = p - y
        if self.kind == "squared":
            return r * r
        if self.kind == "half_squared":
            return r * r / 2
        if self.kind == "absolute":
            return abs(r)
        if self.kind == "huber":
            bound = self.parameter or ONE
            return r * r / 2 if abs(r) <= bound else bound * abs(r) - bound * bound / 2
        if self.kind in ("hinge", "squared_hinge"):
            slack = max(ZERO, 1 - y * p)
            return slack if self.kind == "hinge" else slack * slack
        raise ValueError(f"the {self.kind} loss has no exact rational values")


@dataclass(frozen=True)
class Network:
    """Fully connected network; ``widths`` are the hidden ones, () is a linear model."""

    widths: tuple[int, ...]
    activation: Activation
    hidden_bias: tuple[bool, ...]
    output_bias: bool

    @property
    def depth(self) -> int:
        """Number of weight layers."""
        return len(self.widths) + 1


@dataclass(frozen=True)
class Train:
    """Which blocks are trained; one flag a hidden layer for ``hidden`` and ``hidden_bias``."""

    hidden: tuple[bool, ...]
    hidden_bias: tuple[bool, ...]
    output: bool = True
    output_bias: bool = True


@dataclass(frozen=True)
class Point:
    """Parameters (or a direction): one weight matrix and one bias vector a layer, () where it has no bias."""

    weights: tuple[Matrix, ...]
    biases: tuple[Vector, ...]

    def to_dict(self) -> dict[str, Any]:
        """Weights and biases as nested lists of ``"p/q"`` strings."""
        return {
            "weights": [[[format_rational(q) for q in row] for row in layer] for layer in self.weights],
            "biases": [[format_rational(q) for q in layer] for layer in self.biases],
        }

    def moved(self, direction: Point, step: Fraction) -> Point:
        """``self + step * direction``."""
        return Point(
            tuple(
                tuple(tuple(a + step * b for a, b in zip(p, q, strict=True)) for p, q in zip(m, n, strict=True))
                for m, n in zip(self.weights, direction.weights, strict=True)
            ),
            tuple(
                tuple(a + step * b for a, b in zip(p, q, strict=True))
                for p, q in zip(self.biases, direction.biases, strict=True)
            ),
        )


@dataclass(frozen=True)
class Problem:
    """A training problem over the rationals.

    Attributes
    ----------
    x : m rows of d rationals
    y : m rows of k rationals
    network, loss, train : see their types
    point : Point or None
    name, source : str
    """

    x: Matrix
    y: Matrix
    network: Network
    loss: Loss
    train: Train
    point: Point | None = None
    name: str = ""
    source: str = ""

    @property
    def m(self) -> int:
        return len(self.x)

    @property
    def d(self) -> int:
        return len(self.x[0])

    @property
    def outputs(self) -> int:
        return len(self.y[0])

    def at(self, point: Point | None) -> Problem:
        """The same problem with another point."""
        return replace(self, point=point)

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

    def layer_sizes(self) -> tuple[int, ...]:
        """Inputs, hidden widths, outputs."""
        return (self.d, *self.network.widths, self.outputs)

    def has_bias(self, layer: int) -> bool:
        """Whether weight layer ``layer`` (0-based, the last one is the output) has a bias vector."""
        flags = (*self.network.hidden_bias, self.network.output_bias)
        return flags[layer]

    def predictions(self, point: Point) -> Matrix:
        """Network outputs at every data point, m rows of k. Cost: one exact forward pass.

        Raises
        ------
        ValueError
            The activation is smooth.
        """
        rows = self.x
        last = len(point.weights) - 1
        for index, weights in enumerate(point.weights):
            bias = point.biases[index] if self.has_bias(index) else (ZERO,) * len(weights)
            activate = self.network.activation if index < last else (lambda z: z)
            rows = tuple(
                tuple(
                    activate(sum((w * a for w, a in zip(unit, row, strict=True)), b))
                    for unit, b in zip(weights, bias, strict=True)
                )
                for row in rows
            )
        return rows

    def loss_at(self, point: Point) -> Fraction:
        """Exact training loss at a point.

        Raises
        ------
        ValueError
            The loss or the activation has no exact rational values (logistic, cross_entropy, sigmoid, tanh).
        """
        return self.loss_of(self.predictions(point))

    def loss_of(self, predictions: Matrix) -> Fraction:
        """Exact training loss of given predictions (m rows of k)."""
        total = ZERO
        for row, target in zip(predictions, self.y, strict=True):
            for p, y in zip(row, target, strict=True):
                total += self.loss.at(p, y)
        return total / self.m if self.loss.reduction == "mean" else total

    def to_dict(self) -> dict[str, Any]:
        """The problem file as a mapping: every key written out, rationals as ``"p/q"`` strings."""

        def number(q: Fraction) -> int | str:
            return int(q) if q.denominator == 1 and abs(q) < 2**53 else format_rational(q)

        net = self.network
        result: dict[str, Any] = {"name": self.name} if self.name else {}
        if self.source:
            result["source"] = self.source
        result["data"] = {
            "x": [[number(q) for q in row] for row in self.x],
            "y": [[number(q) for q in row] for row in self.y] if self.outputs > 1 else [number(r[0]) for r in self.y],
        }
        result["network"] = {
            "widths": list(net.widths),
            "activation": net.activation.name,
            "hidden_bias": list(net.hidden_bias),
            "output_bias": net.output_bias,
        }
        result["loss"] = {"kind": self.loss.name, "reduction": self.loss.reduction}
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

    def to_toml(self) -> str:
        """The problem as a TOML file that reads back to an equal problem."""
        import json

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
