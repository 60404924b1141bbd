"""Networks of scikit-learn, torch (a stand-in with its protocol) and ONNX: predictions and losses are the framework's."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest

import exactgeo as eg
from exactgeo.errors import InputError
from exactgeo.problem import scope


def exact(problem):
    return float(problem.loss_at(problem.point))


def data(seed=0, m=15, d=2):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, d)), rng.normal(size=m)


# -- scikit-learn --------------------------------------------------------------------------------------------------


def fitted(kind, X, y, **given):
    network = pytest.importorskip("sklearn.neural_network")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(network, kind)(
            **{"hidden_layer_sizes": (3,), "solver": "lbfgs", "max_iter": 30, "random_state": 1, "alpha": 0, **given}
        ).fit(X, y)


def test_a_regressor_has_the_loss_it_reports():
    X, y = data()
    estimator = fitted("MLPRegressor", X, y)
    problem = eg.from_sklearn(estimator, X, y)
    assert problem.network.widths == (3,)
    assert (problem.loss.kind, problem.reduction) == ("half_squared", "mean")
    assert exact(problem) == pytest.approx(estimator.loss_, rel=1e-12)
    ours = [float(p) for (p,) in problem.predictions(problem.point)]
    assert ours == pytest.approx(estimator.predict(X).tolist(), rel=1e-12)
    assert problem.point.weights[0][0][1] == F(float(estimator.coefs_[0][1, 0]))


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_alpha_is_a_penalty_on_the_weights(solver):
    X, y = data()
    estimator = fitted("MLPRegressor", X, y, alpha=0.25, solver=solver, batch_size=5)
    problem = eg.from_sklearn(estimator, X, y)
    assert not problem.penalty.biases
    # A batch divides alpha by its own size; L-BFGS takes all data.
    assert problem.penalty.l2 == F(1, 4) / (5 if solver == "adam" else len(y))
    if solver == "lbfgs":
        assert exact(problem) == pytest.approx(estimator.loss_, rel=1e-12)


def test_several_outputs_are_a_mean_over_all_entries():
    X, y = data()
    y = np.stack([y, y**2], axis=1)
    estimator = fitted("MLPRegressor", X, y, hidden_layer_sizes=(3, 2))
    problem = eg.from_sklearn(estimator, X, y)
    assert problem.reduction == "mean_entries"
    assert exact(problem) == pytest.approx(estimator.loss_, rel=1e-12)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_classifier_has_the_loss_it_reports(classes):
    X, y = data()
    labels = np.array(["a", "b", "c"])[np.digitize(y, [0, 1][: classes - 1])]
    estimator = fitted("MLPClassifier", X, labels, max_iter=8)
    problem = eg.from_sklearn(estimator, X, labels)
    assert problem.loss.kind == ("logistic" if classes == 2 else "cross_entropy")
    found = problem.enclosure_at(problem.point)
    assert float(found.lo) == pytest.approx(estimator.loss_, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_probabilities_leave_scores_open_by_their_rounding_alone(seed, monkeypatch):
    X, labels = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([0, 1, 1, 0])
    estimator = fitted("MLPClassifier", X, labels, alpha=1e-2, max_iter=5000, random_state=seed)
    assert eg.from_sklearn(estimator, X, labels).loss.kind == "logistic"
    rounded = estimator.predict_proba(X) + 1e-12 * np.array([-1, 1])
    monkeypatch.setattr(estimator, "predict_proba", lambda rows: rounded, raising=False)
    with pytest.raises(InputError, match="prediction of data point 0"):
        eg.from_sklearn(estimator, X, labels)


def test_single_precision_and_identity():
    X, y = data()
    estimator = fitted("MLPRegressor", X.astype(np.float32), y.astype(np.float32), activation="identity")
    problem = eg.from_sklearn(estimator, X.astype(np.float32), y.astype(np.float32))
    assert problem.network.activation.name == "linear"
    assert all(q.denominator & (q.denominator - 1) == 0 for row in problem.point.weights[0] for q in row)


def test_what_would_be_another_problem_is_refused_by_name():
    X, y = data()
    estimator = fitted("MLPRegressor", X, y)
    with pytest.raises(InputError, match="sample_weight"):
        eg.from_sklearn(estimator, X, y, sample_weight=np.ones(len(y)))
    with pytest.raises(InputError, match="not fitted"):
        eg.from_sklearn(type(estimator)(), X, y)
    estimator.loss = "poisson"
    with pytest.raises(InputError, match="poisson"):
        eg.from_sklearn(estimator, X, y)
    with pytest.raises(InputError, match="MLPRegressor or an MLPClassifier"):
        eg.from_sklearn(object(), X, y)


def test_a_transposed_square_matrix_is_refused():
    X, y = data()
    estimator = fitted("MLPRegressor", X, y, hidden_layer_sizes=(2,))
    kept = estimator.predict(X)
    estimator.coefs_[0] = estimator.coefs_[0].T
    estimator.predict = lambda rows: kept
    with pytest.raises(InputError, match="prediction of data point"):
        eg.from_sklearn(estimator, X, y)


# -- torch: what from_torch asks of a module, and nothing else --------------------------------------------------------


class Tensor:
    def __init__(self, values):
        self.values = np.asarray(values, np.float32)
        self.dtype = self.values.dtype

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.values

    def new_tensor(self, values):
        return Tensor(values)


class Module:
    training = False

    def named_children(self):
        return iter(())


class Linear(Module):
    def __init__(self, weight, bias):
        self.weight = Tensor(weight)
        self.bias = None if bias is None else Tensor(bias)

    def __call__(self, x):
        return Tensor(x.values @ self.weight.values.T + (0 if self.bias is None else self.bias.values))


class ReLU(Module):
    def __call__(self, x):
        return Tensor(np.maximum(x.values, 0))


class LeakyReLU(Module):
    negative_slope = 0.125

    def __call__(self, x):
        return Tensor(np.where(x.values > 0, x.values, 0.125 * x.values))


class Dropout(Module):
    p = 0.5

    def __call__(self, x):
        return x


class Softplus(Module):
    def __call__(self, x):
        return x


class Sequential(Module):
    def __init__(self, *layers):
        self.layers = layers

    def named_children(self):
        return ((str(k), layer) for k, layer in enumerate(self.layers))

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def torch_like(seed=0, activation=ReLU, outputs=1):
    rng = np.random.default_rng(seed)
    return Sequential(
        Linear(rng.normal(size=(2, 2)), rng.normal(size=2)),
        activation(),
        Linear(rng.normal(size=(outputs, 2)), None),
    )


def loss_of(name, **given):
    return type(name, (), {"reduction": "mean", **given})()


def test_a_module_its_layers_and_predictions():
    X, y = data()
    model = torch_like(activation=LeakyReLU)
    problem = eg.from_torch(model, X, y)
    assert problem.network.activation.name == "leaky_relu(1/8)"
    assert problem.network.biases == (True, False)
    theirs = model(Tensor(X)).values[:, 0]
    assert [float(p) for (p,) in problem.predictions(problem.point)] == pytest.approx(theirs.tolist(), abs=1e-5)
    assert exact(problem) == pytest.approx(float(np.mean((theirs - y) ** 2)), rel=1e-5)


def test_a_state_dict_in_the_order_of_its_numbers():
    X, y = data()
    model = torch_like()
    state = {
        "net.10.weight": model.layers[2].weight,
        "net.2.bias": model.layers[0].bias,
        "net.2.weight": model.layers[0].weight,
    }
    problem = eg.from_torch(state, X, y, activation="relu")
    assert problem.point == eg.from_torch(model, X, y).point
    with pytest.raises(InputError, match="activation"):
        eg.from_torch(state, X, y)
    with pytest.raises(InputError, match="running_mean"):
        eg.from_torch({**state, "bn.running_mean": model.layers[0].bias}, X, y, activation="relu")


def test_a_module_in_another_layout_is_refused():
    X, y = data()
    model = torch_like()

    class Transposed(Sequential):
        def __call__(self, x):
            first, rest = self.layers[0], self.layers[1:]
            return Sequential(Linear(first.weight.values.T, first.bias.values), *rest)(x)

    with pytest.raises(InputError, match="rows = units"):
        eg.from_torch(Transposed(*model.layers), X, y)


def test_layers_that_are_not_known_are_named():
    X, y = data()
    first, _, last = torch_like().layers
    with pytest.raises(InputError, match="Sequential: 1: got Softplus"):
        eg.from_torch(Sequential(first, Softplus(), last), X, y)
    drop = Dropout()
    assert eg.from_torch(Sequential(first, ReLU(), drop, last), X, y).network.widths == (2,)
    drop.training = True
    with pytest.raises(InputError, match="Dropout"):
        eg.from_torch(Sequential(first, ReLU(), drop, last), X, y)


LOSSES = [
    (loss_of("MSELoss"), "squared", lambda p, y: (p - y) ** 2),
    (loss_of("L1Loss"), "absolute", lambda p, y: abs(p - y)),
    (
        loss_of("HuberLoss", delta=0.5),
        "huber(1/2)",
        lambda p, y: (p - y) ** 2 / 2 if abs(p - y) <= 0.5 else 0.5 * (abs(p - y) - 0.25),
    ),
    (
        loss_of("SmoothL1Loss", beta=1.0),
        "huber(1)",
        lambda p, y: (p - y) ** 2 / 2 if abs(p - y) <= 1 else abs(p - y) - 0.5,
    ),
    (loss_of("SoftMarginLoss"), "logistic", lambda p, y: math.log1p(math.exp(-y * p))),
    (loss_of("BCEWithLogitsLoss"), "logistic", lambda p, y: math.log1p(math.exp(-(2 * y - 1) * p))),
]


@pytest.mark.parametrize(("loss", "kind", "formula"), LOSSES, ids=[type(row[0]).__name__ for row in LOSSES])
def test_losses_of_torch(loss, kind, formula):
    X, y = data()
    name = type(loss).__name__
    if name == "SoftMarginLoss":
        y = np.sign(y)
    if name == "BCEWithLogitsLoss":
        y = (y > 0).astype(float)
    model = torch_like()
    problem = eg.from_torch(model, X, y, loss)
    assert (problem.loss.name, problem.reduction) == (kind, "mean")
    theirs = [float(p) for p in model(Tensor(X)).values[:, 0]]
    wanted = sum(formula(p, t) for p, t in zip(theirs, y.tolist(), strict=True)) / len(y)
    assert float(problem.enclosure_at(problem.point).lo) == pytest.approx(wanted, rel=1e-5)


def test_cross_entropy_of_torch():
    X, y = data()
    model = torch_like(outputs=3)
    labels = np.digitize(y, [-0.5, 0.5])
    problem = eg.from_torch(
        model, X, labels, loss_of("CrossEntropyLoss", label_smoothing=0.0, weight=None, ignore_index=-100)
    )
    scores = model(Tensor(X)).values.astype(float)
    wanted = np.mean(np.log(np.exp(scores).sum(1)) - scores[np.arange(len(y)), labels])
    assert float(problem.enclosure_at(problem.point).lo) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "named"),
    [
        (loss_of("BCEWithLogitsLoss", pos_weight=Tensor([2.0])), "pos_weight"),
        (loss_of("CrossEntropyLoss", label_smoothing=0.1), "label_smoothing"),
        (loss_of("CrossEntropyLoss", weight=Tensor([1.0, 2.0])), "weight"),
        (loss_of("SmoothL1Loss", beta=0.5), "beta"),
        (loss_of("MSELoss", reduction="none"), "reduction"),
        (loss_of("PoissonNLLLoss"), "PoissonNLLLoss"),
    ],
)
def test_what_weighs_or_smooths_is_refused_by_name(loss, named):
    X, y = data()
    with pytest.raises(InputError, match=named):
        eg.from_torch(torch_like(), X, (y > 0).astype(float), loss)


def test_torch_takes_the_mean_over_all_entries():
    X, y = data()
    y = np.stack([y, 2 * y, -y], axis=1)
    model = torch_like(outputs=3)
    problem = eg.from_torch(model, X, y)
    assert problem.reduction == "mean_entries"
    assert exact(problem) == pytest.approx(float(np.mean((model(Tensor(X)).values - y) ** 2)), rel=1e-5)


# -- ONNX ------------------------------------------------------------------------------------------------------------


@dataclass
class Graph:
    """A chain of nodes, written with the package onnx."""

    nodes: list[Any] = field(default_factory=list)
    arrays: list[Any] = field(default_factory=list)
    last: str = "x"

    def add(self, kind, *arrays, before=True, **attributes):
        import onnx

        names = []
        for values in arrays:
            names.append(f"a{len(self.arrays)}")
            self.arrays.append(onnx.numpy_helper.from_array(np.asarray(values, np.float32), names[-1]))
        inputs = [self.last, *names] if before else [*names, self.last]
        self.last = f"n{len(self.nodes)}"
        self.nodes.append(
            onnx.helper.make_node(kind, inputs, [self.last], name=f"{kind}_{len(self.nodes)}", **attributes)
        )
        return self

    def bytes(self):
        import onnx

        value = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph(
            self.nodes, "g", [value("x", 1, [None, 2])], [value(self.last, 1, [None, 1])], self.arrays
        )
        return onnx.helper.make_model(graph).SerializeToString()


@pytest.fixture
def chain():
    pytest.importorskip("onnx")
    return Graph()


W1, B1, W2 = [[1, 2], [3, 4], [5, -6]], [0.5, -1, 2], [[1, -2, 0.25]]


def test_gemm_and_matmul_are_one_network(chain):
    X, y = data()
    chain.add("Gemm", W1, B1, transB=1).add("LeakyRelu", alpha=0.25).add("Gemm", np.transpose(W2), alpha=2.0)
    other = Graph().add("MatMul", np.transpose(W1)).add("Add", B1, before=False).add("LeakyRelu", alpha=0.25)
    other.add("MatMul", 2 * np.transpose(W2)).add("Identity")
    one, two = (eg.from_onnx(graph.bytes(), X, y) for graph in (chain, other))
    assert one.point.weights == two.point.weights
    assert one.point.biases[0] == two.point.biases[0] == (F(1, 2), F(-1), F(2))
    assert one.network.activation.name == "leaky_relu(1/4)"
    z = X @ np.transpose(W1) + B1
    wanted = 2 * (np.where(z > 0, z, z / 4) @ np.transpose(W2))[:, 0]
    assert [float(p) for (p,) in one.predictions(one.point)] == pytest.approx(wanted.tolist())


def test_beta_and_two_biases_are_added_exactly(chain):
    X, y = data()
    chain.add("Gemm", W1, B1, transB=1, beta=0.5).add("Add", [1.0]).add("Abs").add("MatMul", np.transpose(W2))
    problem = eg.from_onnx(chain.bytes(), X, y)
    assert problem.point.biases[0] == (F(5, 4), F(1, 2), F(2))
    assert problem.network.activation.name == "abs"


@pytest.mark.parametrize("kind", ["Softmax", "Conv", "Relu6x"])
def test_the_first_node_that_is_not_known_is_named(chain, kind):
    X, y = data()
    chain.add("Gemm", W1, B1, transB=1).add(kind).add("MatMul", np.transpose(W2))
    with pytest.raises(InputError, match=f"node {kind}_1: got {kind}"):
        eg.from_onnx(chain.bytes(), X, y)


def test_smooth_activations_are_read(chain):
    X, y = data()
    chain.add("Gemm", W1, B1, transB=1).add("Tanh").add("MatMul", np.transpose(W2)).add("Sigmoid")
    problem = eg.from_onnx(chain.bytes(), X, y)
    assert [activation.name for activation in problem.network.activations] == ["tanh"]
    assert problem.network.output_activation.name == "sigmoid"
    assert scope.complete_decision(problem) is not None


def test_a_file_that_is_no_model(chain, tmp_path):
    X, y = data()
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model at all")
    with pytest.raises(InputError, match="no ONNX file"):
        eg.from_onnx(bad, X, y)
    with pytest.raises(InputError, match="a file that can be read"):
        eg.from_onnx(tmp_path / "none.onnx", X, y)


# -- arrays ----------------------------------------------------------------------------------------------------------


def test_arrays_and_their_refusals():
    X, y = data()
    rng = np.random.default_rng(3)
    W, v, b = rng.normal(size=(2, 2)), rng.normal(size=(1, 2)), rng.normal(size=2)
    theirs = np.maximum(X @ W.T + b, 0) @ v.T
    problem = eg.from_arrays(X, y, [W, v], [b, None], predictions=theirs)
    assert [float(p) for (p,) in problem.predictions(problem.point)] == pytest.approx(theirs[:, 0].tolist())
    with pytest.raises(InputError, match="prediction of data point"):
        eg.from_arrays(X, y, [W.T, v], [b, None], predictions=theirs)
    with pytest.raises(InputError, match="it transposed"):
        eg.from_arrays(X, y, [W, v.T])
    with pytest.raises(InputError, match="NaN or infinity"):
        eg.from_arrays(X, y, [W * np.nan, v])
    with pytest.raises(InputError, match="one number a unit"):
        eg.from_arrays(X, y, [W, v], [b[:1], None])
    with pytest.raises(InputError, match="vectors"):
        eg.from_arrays(X, y, [W, v], [b])
