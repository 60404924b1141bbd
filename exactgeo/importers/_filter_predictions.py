"""A guard in floats: a network whose predictions are not those of its framework is refused. It decides nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactgeo.activations import LINEAR, make_activation
from exactgeo.errors import InputError
from exactgeo.exact.rational import parse_rational

__all__ = ["compare", "scores"]

Floats = NDArray[np.float64]
Layer = tuple[NDArray[Any], NDArray[Any] | None, str]


def compare(
    layers: Sequence[Layer], x: ArrayLike, theirs: ArrayLike, single: bool, name: str, room: ArrayLike = 0.0
) -> None:
    """Refuse other predictions than those of these layers.

    Parameters
    ----------
    layers : (weights, bias or None, activation) each
    x : shape (m, d)
    theirs : shape (m,) or (m, k)
    single : bool
        Whether they were computed in float32.
    name : str
        What the refusal calls the network.
    room : numbers or an array like ``theirs``
        By how much these may be off besides.

    Raises
    ------
    InputError
        They differ by more than rounding can explain.
    """
    ours, sizes = _forward(layers, np.asarray(x, np.float64))
    other = np.asarray(theirs, np.float64).reshape(len(ours), -1)
    if other.shape != ours.shape:
        found = f"{other.shape[1]} outputs a data point"
        raise InputError(f"{name}: predictions", found, f"{ours.shape[1]}", "the predictions of this network")
    # Each layer rounds each of its sums once a term: a generous multiple of that, far below a wrong matrix.
    terms = 8 * sum(weight.shape[1] + 2 for weight, _, _ in layers)
    tolerance = terms * (2.0**-23 if single else 2.0**-52) * np.maximum(sizes, 1e-300)
    more = np.asarray(room, np.float64)
    wrong = np.argwhere(~(np.abs(ours - other) <= tolerance + (more.reshape(len(ours), -1) if more.ndim else more)))
    if len(wrong):
        t, k = (int(q) for q in wrong[0])
        raise InputError(
            f"{name}: prediction of data point {t}" + (f", output {k}" if ours.shape[1] > 1 else ""),
            repr(float(other[t, k])),
            f"{float(ours[t, k])!r}, the output of these layers",
            "the activations and the layout (rows = units) that the network was trained with",
        )


def _forward(layers: Sequence[Layer], x: Floats) -> tuple[Floats, Floats]:
    """The outputs, and a bound on the size of everything that was added up on the way to them."""
    rows, sizes = x, np.abs(x)
    for weight, bias, activation in layers:
        matrix = weight.astype(np.float64)
        shift = np.zeros(len(matrix)) if bias is None else bias.astype(np.float64)
        rows, sizes = rows @ matrix.T + shift, sizes @ np.abs(matrix).T + np.abs(shift)
        rows, sizes = _activate(activation, rows), _activate_sizes(activation, sizes)
    return rows, sizes


def _activation(name: str) -> Any:
    head, _, rest = name.partition("(")
    return make_activation(head, *(parse_rational(part, name) for part in rest.rstrip(")").split(",") if part.strip()))


def _activate(name: str, rows: Floats) -> Floats:
    if name == "sigmoid":
        return np.exp(-np.logaddexp(0, -rows))
    if name == "tanh":
        return np.tanh(rows)
    activation = _activation(name)
    if activation == LINEAR:
        return rows
    up, down = activation.slopes
    return np.where(rows > 0, float(up) * rows, float(down) * rows)


def _activate_sizes(name: str, sizes: Floats) -> Floats:
    if name in ("sigmoid", "tanh"):
        # Both have slope at most 1: what rounding did before them is no larger after them.
        return sizes + 1
    return sizes * max(1.0, *(abs(float(q)) for q in _activation(name).slopes))


def scores(estimator: Any, rows: NDArray[Any]) -> tuple[Floats, Floats] | None:
    """What a classifier's last layer gives before the logistic function, and what rounding leaves open of it.

    None where they do not tell: those of a softmax do not tell scores that differ by a constant, and those near 0 and 1
    are rounded.
    """
    probabilities = np.asarray(estimator.predict_proba(rows))
    if estimator.out_activation_ == "softmax" or not np.all((probabilities > 1e-9) & (probabilities < 1 - 1e-9)):
        return None
    rounding = 8 * (2.0**-23 if probabilities.dtype == np.float32 else 2.0**-52)
    return np.log(probabilities[:, 1] / probabilities[:, 0]), rounding / probabilities.min(axis=1)
