"""Networks as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from exactgeo.errors import InputError
from exactgeo.importers.model import LossTerms, TrainedModel, array, matrix
from exactgeo.problem import Problem

__all__ = ["from_arrays"]


def from_arrays(
    X: ArrayLike,
    y: ArrayLike,
    weights: Sequence[ArrayLike],
    biases: Sequence[ArrayLike | None] | None = None,
    *,
    activation: str | Sequence[str] = "relu",
    output_activation: str = "linear",
    loss: str = "squared",
    reduction: str = "sum",
    l2: Any = 0,
    penalize_biases: bool = False,
    predictions: ArrayLike | None = None,
) -> Problem:
    """A training problem with a network given by its arrays as its point.

    Parameters
    ----------
    X : shape (m, d)
    y : shape (m,) or (m, k)
    weights : one array of shape (units, inputs) a layer
        A layout of inputs x units (scikit-learn, keras) is to be transposed first; a square matrix passes every check
        of shapes, so give ``predictions`` where you have them.
    biases : one array of shape (units,), or None, a layer; optional
    activation : str, or one a hidden layer
        As in a problem file.
    output_activation, loss, reduction : as in a problem file
    l2, penalize_biases : as in ``[penalty]``
    predictions : shape (m, k), optional
        What the network predicts, to be compared.

    Raises
    ------
    InputError
        Shapes that do not fit, numbers that are not finite, predictions that differ.

    Examples
    --------
    >>> problem = from_arrays([[1.0], [2.0]], [0.5, 1.0], [[[0.5]], [[1.0]]], predictions=[0.5, 1.0])
    >>> print(problem.loss_at(problem.point))
    0
    """
    matrices = tuple(matrix(weight, f"weights[{k}]") for k, weight in enumerate(weights))
    given = [None] * len(matrices) if biases is None else list(biases)
    if len(given) != len(matrices):
        raise InputError("biases", f"{len(given)} vectors", f"{len(matrices)}, one a layer", "None for a layer without")
    rows = tuple(None if row is None else array(row, f"biases[{k}]", 1) for k, row in enumerate(given))
    hidden = len(matrices) - 1
    names = (activation,) * hidden if isinstance(activation, str) else tuple(activation)
    if len(names) != hidden:
        raise InputError("activation", f"{len(names)} names", f"{hidden} (hidden layers)", '"relu" for all of them')
    model = TrainedModel(matrices, rows, names, output_activation)
    if predictions is not None:
        model.agree(X, predictions, any(np.asarray(weight).dtype == np.float32 for weight in matrices))
    return model.problem(X, y, LossTerms(loss, reduction), l2=l2, penalize_biases=penalize_biases)
