"""A trained network as layers of floats, whoever trained it, and the problem it becomes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactgeo.errors import InputError
from exactgeo.exact.rational import FloatTakenExactly, parse_rational
from exactgeo.formats import problem_from_mapping
from exactgeo.frozen import dataclass
from exactgeo.importers._filter_predictions import compare
from exactgeo.problem import Problem

__all__ = ["LossTerms", "TrainedModel", "array", "matrix"]


@dataclass(frozen=True)
class LossTerms:
    """What was minimised, in the words of a problem file.

    Attributes
    ----------
    kind : str
        As ``[loss]`` names it, e.g. ``"huber(1)"``.
    reduction : str
        ``"sum"``, ``"mean"`` or ``"mean_entries"``.
    targets : "as given" | "zero_one"
        ``zero_one``: 0 and 1 mean -1 and 1.
    """

    kind: str
    reduction: str
    targets: str = "as given"


@dataclass(frozen=True)
class TrainedModel:
    """A fully connected network as numbers.

    Attributes
    ----------
    weights : one array of shape (units, inputs) a layer
    biases : one array of shape (units,), or None, a layer
    activations : one name a hidden layer, as in a problem file
    output_activation : str
        Applied to the outputs before the loss.
    name : str
        Where it comes from; what errors call it.
    """

    weights: tuple[NDArray[Any], ...]
    biases: tuple[NDArray[Any] | None, ...]
    activations: tuple[str, ...]
    output_activation: str = "linear"
    name: str = "model"

    def __post_init__(self) -> None:
        size = None
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            where = f"{self.name}: layer {k}"
            if size is not None and weight.shape[1] != size:
                found = f"a matrix of {weight.shape[0]} x {weight.shape[1]} (units x inputs)"
                raise InputError(where, found, f"{size} inputs, the units of the layer before", "it transposed")
            size = weight.shape[0]
            if bias is not None and bias.shape != (size,):
                raise InputError(where, f"a bias of shape {bias.shape}", f"({size},), one number a unit", "one a unit")

    @property
    def outputs(self) -> int:
        *_, last = self.weights
        return len(last)

    @property
    def single(self) -> bool:
        """Whether some weights have fewer than 64 bits."""
        return any(weight.dtype.itemsize < 8 for weight in self.weights)

    def agree(self, x: ArrayLike, theirs: ArrayLike, single: bool, room: ArrayLike = 0.0) -> None:
        """Refuse a network whose predictions are not those of the framework.

        Parameters
        ----------
        x : shape (m, d)
        theirs : shape (m,) or (m, k)
            What the framework predicts.
        single : bool
            Whether the framework computes in float32.
        room : like ``theirs``
            By how much these may be off besides.

        Raises
        ------
        InputError
            They differ by more than rounding can explain: a transposed matrix, another activation, another order.
        """
        layers = zip(self.weights, self.biases, (*self.activations, self.output_activation), strict=True)
        compare(list(layers), x, theirs, single, self.name, room)

    def problem(
        self,
        x: ArrayLike,
        y: ArrayLike,
        loss: LossTerms,
        *,
        l2: Any = 0,
        penalize_biases: bool = False,
        name: str = "",
        source: str = "",
    ) -> Problem:
        """The training problem with the network as its point; every float is taken as the dyadic it is.

        Raises
        ------
        InputError
            Shapes that do not fit, NaN or infinity, a target that the loss does not allow.
        """
        *hidden, _ = self.weights
        *inner, outer = self.biases
        mapping: dict[str, Any] = {
            "data": {"x": _rows(x), "y": _targets(y, loss, self.name)},
            "network": {
                "widths": [len(weight) for weight in hidden],
                "hidden_bias": [bias is not None for bias in inner],
                "output_bias": outer is not None,
                "outputs": self.outputs,
                **({"activation": list(self.activations)} if self.activations else {}),
            },
            "loss": {"kind": loss.kind, "reduction": loss.reduction},
            "point": {
                "weights": [weight.tolist() for weight in self.weights],
                "biases": [[] if bias is None else bias.tolist() for bias in self.biases],
            },
        }
        if self.output_activation != "linear":
            mapping["network"]["output_activation"] = self.output_activation
        if l2:
            mapping["penalty"] = {"l2": l2, "biases": penalize_biases}
        for key, value in (("name", name), ("source", source)):
            if value:
                mapping[key] = value
        with warnings.catch_warnings():
            # Whoever imports a trained network means its floats.
            warnings.simplefilter("ignore", FloatTakenExactly)
            return problem_from_mapping(mapping, self.name)


def array(value: ArrayLike, where: str, dimensions: int) -> NDArray[Any]:
    """An array of real numbers that are all finite.

    Raises
    ------
    InputError
        Another shape, other entries.
    """
    found = np.asarray(value)
    if found.dtype == object and found.size and all(isinstance(q, int | Fraction) for q in found.flat):
        return found if found.ndim == dimensions else _misshapen(found, where, dimensions)
    if found.dtype.kind not in "fiub" or found.dtype.itemsize > 8:
        raise InputError(where, f"entries of type {found.dtype}", "real numbers of at most 64 bits", "float64")
    if found.ndim != dimensions:
        _misshapen(found, where, dimensions)
    if not np.isfinite(found).all():
        raise InputError(where, "NaN or infinity", "finite numbers", "a network whose training did not diverge")
    return found


def _misshapen(found: NDArray[Any], where: str, dimensions: int) -> NDArray[Any]:
    what = {1: "one number a unit", 2: "a matrix, one row a unit"}[dimensions]
    raise InputError(where, f"an array of shape {found.shape}", what, f"an array of {dimensions} dimensions")


def matrix(value: ArrayLike, where: str) -> NDArray[Any]:
    """A matrix of finite numbers."""
    return array(value, where, 2)


def _rows(x: ArrayLike) -> Any:
    """Numbers as they are (text of a table stays text), one row a data point; a vector is one number a data point."""
    if isinstance(x, list | tuple):
        return [row if isinstance(row, list | tuple | np.ndarray) else [row] for row in x]
    found = np.asarray(x)
    return (found[:, None] if found.ndim == 1 else found).tolist()


def _targets(y: ArrayLike, loss: LossTerms, name: str) -> Any:
    given: Sequence[Any] = y if isinstance(y, list | tuple) else np.asarray(y).tolist()
    if loss.targets == "as given":
        return given
    signs = []
    for t, entry in enumerate(given):
        value = entry[0] if isinstance(entry, list | tuple) and len(entry) == 1 else entry
        number = parse_rational(value, f"{name}: y[{t}]", warn_float=False)
        if number not in (0, 1):
            raise InputError(f"{name}: y[{t}]", str(value), "0 or 1", "the class of each data point")
        signs.append(int(2 * number - 1))
    return signs


def options(given: Mapping[str, Any], where: str, refused: Mapping[str, Any]) -> None:
    """Refuse by name what weighs data points or bends targets: the problem would be another one.

    Parameters
    ----------
    given : mapping
        Options of an estimator or a loss.
    refused : mapping
        The names that are refused, with the value that does nothing.
    """
    for key, harmless in refused.items():
        value = given.get(key, harmless)
        if value is not None and not (np.ndim(value) == 0 and value == harmless):
            raise InputError(where, f"{key}", f"{key} = {harmless}, the unweighted loss", f"it without {key}")
