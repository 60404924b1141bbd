"""Certified minima beside trained networks, and what gradient and Hessian say there: the table of docs/trained.md.

    python benchmarks/trained_table.py [NAME ...]

Each network is trained with scikit-learn from a fixed seed and polished; the certificate is checked. Names are those of
the first column; all of them without one.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import exactgeo as eg
from exactgeo.polishing import Polished, safe_decimal

HEADER = (
    "run",
    "found",
    "loss",
    "none within",
    "one within",
    "kinks",
    "gradient, least eigenvalue of the trained floats",
    "of the certified minimum, rounded",
)


@dataclass(frozen=True)
class Run:
    """A network to be trained: data, width, and whether it classifies."""

    data: str
    width: int
    alpha: float
    classifier: bool = False
    solver: str = "lbfgs"

    @property
    def name(self) -> str:
        kind = "logistic" if self.classifier else "squares"
        return f"{self.data}-{self.width}-{kind}" + (f"-{self.alpha:g}" if self.alpha else "")


RUNS = (
    Run("sine", 3, 0),
    *(Run("diabetes", width, 0) for width in (2, 4, 8)),
    *(Run("diabetes", width, 1e-3) for width in (2, 4, 8)),
    Run("iris", 2, 0),
    Run("iris", 2, 1e-2),
    *(Run("iris", 2, alpha, classifier=True) for alpha in (1e-2, 1e-3, 1e-4)),
    Run("iris", 2, 0, classifier=True),
    Run("setosa", 2, 0, classifier=True),
    Run("digits", 2, 0),
    Run("digits", 2, 1e-1),
    *(Run("digits", 2, alpha, classifier=True) for alpha in (1e-1, 1e-2)),
)


def data_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Columns of unit variance; diabetes: targets likewise; iris: versicolor and virginica; setosa: it and
    versicolor; digits: 3 and 8.
    """
    from sklearn import datasets

    if name == "sine":
        x = np.linspace(-1, 1, 50)[:, None]
        return x, np.sin(3 * x[:, 0])
    if name == "diabetes":
        x, y = datasets.load_diabetes(return_X_y=True)
        return x / x.std(axis=0), (y - y.mean()) / y.std()
    file, one, other = {"iris": ("iris", 1, 2), "setosa": ("iris", 0, 1), "digits": ("digits", 3, 8)}[name]
    x, labels = getattr(datasets, f"load_{file}")(return_X_y=True)
    kept = (labels == one) | (labels == other)
    x = x[kept]
    spread = x.std(axis=0)
    return x[:, spread > 0] / spread[spread > 0], np.where(labels[kept] == one, -1.0, 1.0)


def trained(run: Run) -> eg.Problem:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    x, y = data_of(run.data)
    kind = MLPClassifier if run.classifier else MLPRegressor
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = kind(
            hidden_layer_sizes=(run.width,), solver=run.solver, alpha=run.alpha, max_iter=5000, random_state=0
        ).fit(x, y)
    return eg.from_sklearn(estimator, x, y)


def diagnostics(problem: eg.Problem, point: eg.Point) -> tuple[float, float]:
    """Norm of the gradient and least eigenvalue of the Hessian in floats, as a framework has them: a'(0) = 0."""
    x, y = (np.array([[float(q) for q in row] for row in rows]) for rows in (problem.x, problem.y))
    neurons, weight, l2 = point.neurons, float(problem.weight), float(problem.penalty.l2)
    lifted = np.column_stack([x, np.ones(len(x))])
    w = np.array([[float(q) for q in neuron.w] for neuron in neurons])
    v = np.array([float(neuron.v) for neuron in neurons])
    on = (lifted @ w.T > 0).astype(float)
    outputs = on * (lifted @ w.T)
    p = outputs @ v + float(point.shift)
    if problem.loss.rational:
        bend = 2 * float(problem.loss.pieces(problem.y[0][0]).quadratics[0][0])
        slope, curvature = bend * (p - y[:, 0]), np.full(len(p), bend)
    else:
        s = 1 / (1 + np.exp(-p))
        slope, curvature = s - (1 + y[:, 0]) / 2, s * (1 - s)
    columns = [*((v[i] * on[:, i])[:, None] * lifted for i in range(len(v))), outputs, np.ones((len(x), 1))]
    change = np.concatenate(columns, axis=1)
    size = lifted.shape[1]
    shrink = l2 * np.array([*([1.0] * (size - 1) + [0.0]) * len(v), *[1.0] * len(v), 0.0])
    theta = np.concatenate([w.ravel(), v, [float(point.shift)]])
    gradient = weight * change.T @ slope + shrink * theta
    hessian = weight * change.T @ (curvature[:, None] * change) + np.diag(shrink)
    for i in range(len(v)):
        pull = weight * lifted.T @ (on[:, i] * slope)
        k = len(v) * size + i
        hessian[i * size : (i + 1) * size, k] += pull
        hessian[k, i * size : (i + 1) * size] += pull
    return float(np.linalg.norm(gradient)), float(np.linalg.eigvalsh(hessian)[0])


def rounded(point: eg.Point) -> eg.Point:
    from fractions import Fraction

    return eg.Point(
        tuple(tuple(tuple(Fraction(float(q)) for q in row) for row in matrix) for matrix in point.weights),
        tuple(tuple(Fraction(float(q)) for q in row) for row in point.biases),
    )


def kinks(found: Polished) -> int:
    """Data points at which a neuron of the minimum is on its kink."""
    if found.ball is not None:
        return sum(map(len, found.ball.claim.kinks))
    lifted = found.problem.lifted
    return sum(sum(a * b for a, b in zip(w, x, strict=True)) == 0 for w, _ in found.point.neurons for x in lifted)


def row(run: Run) -> tuple[str, ...]:
    problem = trained(run)
    found = eg.polish(problem, time_limit=300)
    norm, least = diagnostics(problem, problem.point)
    before = f"{norm:.1e}, {least:+.0e}"
    none = safe_decimal(found.none_within, up=False)
    if found.verdict is None or found.one_within is None:
        what = "no minimum: separated" if "separated" in found.reason else f"undecided: {found.reason}"
        return run.name, what, "", none, "", "", before, ""
    with tempfile.TemporaryDirectory() as folder:
        path = found.verdict.certificate.write(Path(folder) / "c.json")
        assert eg.check(path).accepted
    norm, least = diagnostics(problem, rounded(found.point))
    loss = found.loss if found.ball is None else found.loss.hi
    return (
        run.name,
        found.status,
        f"{float(loss):.9g}",
        none,
        safe_decimal(found.one_within, up=True),
        str(kinks(found)),
        before,
        f"{norm:.1e}, {least:+.0e}",
    )


def table(names: list[str]) -> Iterator[str]:
    """The lines of the table, as they are found."""
    yield "| " + " | ".join(HEADER) + " |"
    yield "|" + "---|" * len(HEADER)
    for run in RUNS:
        if not names or run.name in names:
            yield "| " + " | ".join(row(run)) + " |"


if __name__ == "__main__":
    for line in table(sys.argv[1:]):
        print(line, flush=True)
