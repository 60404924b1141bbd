"""Networks of torch: a module of ``Linear`` and activations, or a state dict. torch itself is never imported here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactgeo.errors import InputError
from exactgeo.exact.rational import format_rational, parse_rational
from exactgeo.importers.model import LossTerms, TrainedModel, matrix, options
from exactgeo.problem import Problem

__all__ = ["from_torch", "state_layers"]

_ACTIVATIONS: dict[str, Callable[[Any], str]] = {
    "ReLU": lambda _: "relu",
    "LeakyReLU": lambda layer: f"leaky_relu({format_rational(parse_rational(layer.negative_slope, warn_float=False))})",
    "Sigmoid": lambda _: "sigmoid",
    "Tanh": lambda _: "tanh",
}
_NOTHING = ("Identity", "Flatten", "Dropout")
_REDUCTIONS = {"mean": "mean_entries", "sum": "sum"}


def from_torch(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    loss: Any = "squared",
    *,
    reduction: str | None = None,
    activation: str | Sequence[str] | None = None,
    weight_decay: Any = 0,
    predictions: ArrayLike | None = None,
) -> Problem:
    """The training problem of a torch network, with the network as its point.

    Parameters
    ----------
    model : module, or state dict
        A module whose leaves are ``Linear``, ``ReLU``, ``LeakyReLU``, ``Sigmoid``, ``Tanh`` (``Identity``, ``Flatten``
        and a ``Dropout`` in evaluation mode do nothing), applied in the order in which they were made; it is called
        once, and other predictions than ours are refused. A state dict needs ``activation``.
    X : shape (m, d)
    y : shape (m,) or (m, k)
        For BCEWithLogitsLoss 0 and 1, for CrossEntropyLoss class indices.
    loss : torch loss, or a kind of a problem file
        MSELoss, L1Loss, HuberLoss, SmoothL1Loss(beta=1), BCEWithLogitsLoss, SoftMarginLoss, CrossEntropyLoss; or
        ``"squared"``, ``"hinge"``, ... as in ``[loss]``.
    reduction : str, optional
        Of a problem file; by default the loss' own, ``mean_entries`` for a kind by name.
    activation : str or one a hidden layer
        For a state dict.
    weight_decay : number
        The optimiser's: (weight_decay / 2) times the sum of squares of weights *and* biases.
    predictions : shape (m, k), optional
        What the network predicts, to be compared; a module is asked itself.

    Raises
    ------
    InputError
        A layer or an option that is not known, by name; predictions that differ.
    """
    terms = _loss(loss, reduction)
    if isinstance(model, Mapping):
        trained = state_layers({key: _numpy(value) for key, value in model.items()}, activation, "state dict")
    else:
        trained = _module(model)
        if predictions is None:
            predictions = _predict(model, X)
    rows = _numpy(X)
    if predictions is not None:
        trained.agree(rows, _numpy(predictions), trained.single)
    source = "a network trained by torch"
    return trained.problem(rows, _numpy(y), terms, l2=weight_decay, penalize_biases=True, source=source)


def state_layers(state: Mapping[str, NDArray[Any]], activation: str | Sequence[str] | None, name: str) -> TrainedModel:
    """The layers of a state dict, in its order: ``PREFIX.weight`` (units x inputs) and perhaps ``PREFIX.bias``.

    Raises
    ------
    InputError
        An entry that is neither, a weight that is no matrix, or no activation.
    """
    weights: dict[str, NDArray[Any]] = {}
    biases: dict[str, NDArray[Any]] = {}
    for key, value in state.items():
        prefix, _, last = key.rpartition(".")
        if last not in ("weight", "bias"):
            raise InputError(
                f"{name}: {key}", "an entry that is no weight or bias", "PREFIX.weight or PREFIX.bias", "it without"
            )
        (weights if last == "weight" else biases)[prefix] = value
    for prefix in biases:
        if prefix not in weights:
            raise InputError(f"{name}: {prefix}.bias", "a bias without its matrix", f"{prefix}.weight", "both")
    if not weights:
        raise InputError(name, "no weights", "PREFIX.weight, one matrix a layer", "the state dict of the network")
    # A file keeps entries by name: 10.weight stands before 2.weight there.
    numbered = {key: number for key in weights if (number := _natural(key)) is not None}
    order = sorted(weights, key=lambda key: numbered[key]) if len(numbered) == len(weights) else list(weights)
    hidden = len(order) - 1
    if activation is None and hidden:
        raise InputError(f"{name}: activation", "none", "one of a problem file, or one a hidden layer", '"relu"')
    chosen = (activation,) * hidden if isinstance(activation, str) else tuple(activation or ())
    if len(chosen) != hidden:
        raise InputError(f"{name}: activation", f"{len(chosen)}", f"{hidden} (hidden layers)", '"relu" for all')
    return TrainedModel(
        tuple(matrix(weights[key], f"{name}: {key}.weight") for key in order),
        tuple(biases.get(key) for key in order),
        chosen,
        name=name,
    )


def _natural(key: str) -> tuple[str, int] | None:
    """What comes before the number that ends a prefix (``net.10``, ``fc2``), and the number."""
    digits = len(key) - len(key.rstrip("0123456789"))
    return (key[: len(key) - digits], int(key[len(key) - digits :])) if digits else None


def _leaves(module: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    children = list(module.named_children())
    if not children:
        yield path or type(module).__name__, module
    for name, child in children:
        yield from _leaves(child, f"{path}.{name}" if path else name)


def _module(model: Any) -> TrainedModel:
    where = type(model).__name__
    if not callable(getattr(model, "named_children", None)):
        raise InputError("model", where, "a torch module or a state dict", "model, or model.state_dict()")
    weights: list[NDArray[Any]] = []
    biases: list[NDArray[Any] | None] = []
    after: list[str] = []
    for path, layer in _leaves(model):
        kind = type(layer).__name__
        if kind == "Linear":
            weights.append(matrix(_numpy(layer.weight), f"{where}: {path}.weight"))
            biases.append(None if layer.bias is None else _numpy(layer.bias))
            after.append("linear")
        elif kind in _ACTIVATIONS:
            if not after or after[-1] != "linear":
                raise InputError(
                    f"{where}: {path}", kind, "a Linear layer before each activation", "a Linear layer first"
                )
            after[-1] = _ACTIVATIONS[kind](layer)
        elif kind not in _NOTHING or (kind == "Dropout" and layer.training and layer.p):
            expected = "Linear, ReLU, LeakyReLU, Sigmoid or Tanh"
            write = "model.eval()" if kind == "Dropout" else "a network of these layers"
            raise InputError(f"{where}: {path}", kind, expected, write)
    if not weights:
        raise InputError(where, "no Linear layer", "at least one", "the network itself")
    return TrainedModel(tuple(weights), tuple(biases), tuple(after[:-1]), after[-1], name=where)


def _predict(model: Any, X: ArrayLike) -> NDArray[Any]:
    """What the module says of X: it is given the same kind of tensor as its weights are."""
    weight = next(layer.weight for _, layer in _leaves(model) if type(layer).__name__ == "Linear")
    given = X if hasattr(X, "detach") else weight.new_tensor(np.asarray(X, np.float64).tolist())
    return _numpy(model(given))


def _numpy(value: Any) -> NDArray[Any]:
    """A tensor as an array, wherever it lives; bfloat16, which numpy has not, as float32, which holds it."""
    for method in ("detach", "cpu"):
        if callable(getattr(value, method, None)):
            value = getattr(value, method)()
    if str(getattr(value, "dtype", "")) == "torch.bfloat16":
        value = value.float()
    return np.asarray(value.numpy() if callable(getattr(value, "numpy", None)) else value)


def _loss(loss: Any, reduction: str | None) -> LossTerms:
    if isinstance(loss, str):
        return LossTerms(loss, reduction or "mean_entries")
    kind = type(loss).__name__
    given = {key: getattr(loss, key, None) for key in ("weight", "pos_weight", "label_smoothing", "ignore_index")}
    options(given, kind, {"weight": None, "pos_weight": None, "label_smoothing": 0.0, "ignore_index": -100})
    found = getattr(loss, "reduction", None)
    if found not in _REDUCTIONS:
        raise InputError(f"{kind}.reduction", f'"{found}"', '"mean" or "sum"', 'reduction="mean"')
    chosen = reduction or _REDUCTIONS[found]
    if kind == "SmoothL1Loss" and loss.beta != 1:
        raise InputError(f"{kind}.beta", str(loss.beta), "1, where it is the Huber loss", "HuberLoss(delta)")
    terms = {
        "MSELoss": lambda: LossTerms("squared", chosen),
        "L1Loss": lambda: LossTerms("absolute", chosen),
        "HuberLoss": lambda: LossTerms(
            f"huber({format_rational(parse_rational(loss.delta, warn_float=False))})", chosen
        ),
        "SmoothL1Loss": lambda: LossTerms("huber(1)", chosen),
        "SoftMarginLoss": lambda: LossTerms("logistic", chosen),
        "BCEWithLogitsLoss": lambda: LossTerms("logistic", chosen, targets="zero_one"),
        "CrossEntropyLoss": lambda: LossTerms("cross_entropy", chosen),
    }
    if kind not in terms:
        raise InputError("loss", kind, f"one of {', '.join(terms)}", 'a kind of a problem file, such as "squared"')
    return terms[kind]()
