"""Networks of scikit-learn: ``MLPRegressor`` and ``MLPClassifier``.

scikit-learn stores inputs x units, takes *half* the squared error, and penalises weights but not biases by
``alpha / (2 m)`` times the sum of their squares.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactgeo.errors import InputError
from exactgeo.importers._filter_predictions import scores
from exactgeo.importers.model import LossTerms, TrainedModel, matrix
from exactgeo.problem import Problem

__all__ = ["from_sklearn"]

# Theirs and ours: what they call logistic is the sigmoid.
_ACTIVATIONS = dict(pair.split("=") for pair in ["identity=linear", "relu=relu", "logistic=sigmoid", "tanh=tanh"])


def from_sklearn(estimator: Any, X: ArrayLike, y: ArrayLike, *, sample_weight: None = None) -> Problem:
    """The training problem of a fitted ``MLPRegressor`` or ``MLPClassifier``, with its network as the point.

    Parameters
    ----------
    estimator : fitted MLPRegressor or MLPClassifier
        float32 or float64; taken as the exact dyadics they are.
    X : shape (m, d)
    y : shape (m,) or (m, k)
        Numbers for a regressor, classes for a classifier, as they were given to ``fit``.
    sample_weight : None
        Refused by name: the problem would be another one.

    Returns
    -------
    Problem
        Regressor: ``half_squared``, ``mean_entries``. Two classes: ``logistic``, ``mean``; more: ``cross_entropy``.
        ``alpha`` is the ``[penalty]`` on weights: l2 = alpha / m, where m is the size of a batch. Its loss is the
        estimator's own at its last parameters.

    Raises
    ------
    InputError
        Not fitted, another estimator, weights of data points, a loss that is not known, predictions that differ.

    Notes
    -----
    With k > 1 outputs the estimator reports the mean over m and k and descends the mean over m alone: its penalty is
    then k times as strong beside its reported loss, so l2 = alpha / (m k).
    """
    where = type(estimator).__name__
    kind = _kind(estimator)
    if sample_weight is not None:
        raise InputError(
            where, "sample_weight", "sample_weight = None, the unweighted loss", "it without sample_weight"
        )
    if not hasattr(estimator, "coefs_"):
        raise InputError(where, "an estimator that is not fitted", "a fitted one", "estimator.fit(X, y) first")
    rows = np.asarray(X)
    hidden = _ACTIVATIONS[estimator.activation]
    weights = tuple(matrix(np.asarray(coefs).T, f"{where}: coefs_[{k}]") for k, coefs in enumerate(estimator.coefs_))
    model = TrainedModel(
        weights,
        tuple(np.asarray(row) for row in estimator.intercepts_),
        (hidden,) * (len(weights) - 1),
        name=where,
    )
    outputs = model.outputs
    theirs: tuple[NDArray[Any], Any] | None
    if kind == "regressor":
        terms, targets, theirs = (
            LossTerms("half_squared", "mean_entries"),
            np.asarray(y),
            (estimator.predict(rows), 0.0),
        )
    else:
        terms, targets, theirs = _classes(estimator, np.asarray(y), rows, where)
    single = any(weight.dtype == np.float32 for weight in weights)
    if theirs is not None:
        model.agree(rows, theirs[0], single, theirs[1])
    batch = _batch(estimator, len(rows))
    l2 = Fraction(float(estimator.alpha)) / (batch * (outputs if kind == "regressor" else 1))
    return model.problem(rows, targets, terms, l2=l2, name=where, source="a network trained by scikit-learn")


def _kind(estimator: Any) -> str:
    names = [base.__name__ for base in type(estimator).__mro__]
    where = type(estimator).__name__
    for name, kind, loss in (
        ("MLPRegressor", "regressor", "squared_error"),
        ("MLPClassifier", "classifier", "log_loss"),
    ):
        if name in names:
            found = getattr(estimator, "loss", loss)
            if found != loss:
                raise InputError(f"{where}.loss", f'"{found}"', f'"{loss}"', f'loss = "{loss}"')
            return kind
    write = "from_arrays with its matrices for another model"
    raise InputError("estimator", where, "an MLPRegressor or an MLPClassifier", write)


def _classes(
    estimator: Any, y: NDArray[Any], rows: NDArray[Any], where: str
) -> tuple[LossTerms, NDArray[Any], tuple[NDArray[Any], NDArray[Any]] | None]:
    """The loss, the targets as it counts them, and the scores behind the probabilities with their rounding."""
    if y.ndim > 1 and y.shape[1] > 1:
        raise InputError(f"{where}: y", f"{y.shape[1]} labels a data point", "one class a data point", "one column")
    known = {value: index for index, value in enumerate(np.asarray(estimator.classes_).tolist())}
    found = y.ravel().tolist()
    for t, value in enumerate(found):
        if value not in known:
            raise InputError(f"{where}: y[{t}]", repr(value), "a class that it was fitted on", repr(min(known)))
    indices = np.array([known[value] for value in found])
    if estimator.out_activation_ == "softmax":
        return LossTerms("cross_entropy", "mean"), indices, scores(estimator, rows)
    return LossTerms("logistic", "mean", targets="zero_one"), indices, scores(estimator, rows)


def _batch(estimator: Any, m: int) -> int:
    """How many data points the penalty is divided by: all of them, or those of a batch."""
    if estimator.solver == "lbfgs":
        return m
    return min(200, m) if estimator.batch_size == "auto" else min(int(estimator.batch_size), m)
