"""Networks in ONNX files: a chain of Gemm or MatMul and Add, with activations between. Needs the package onnx."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactgeo.errors import InputError
from exactgeo.exact.rational import format_rational, parse_rational
from exactgeo.importers.model import LossTerms, TrainedModel, matrix
from exactgeo.problem import Problem

__all__ = ["from_onnx", "onnx_layers"]

_KNOWN = "Gemm, MatMul, Add, Relu, LeakyRelu, Abs, Sigmoid, Tanh, Identity or Flatten"


def from_onnx(
    source: str | os.PathLike[str] | bytes,
    X: ArrayLike,
    y: ArrayLike,
    loss: str = "squared",
    *,
    reduction: str = "mean_entries",
    l2: Any = 0,
    penalize_biases: bool = False,
    predictions: ArrayLike | None = None,
) -> Problem:
    """The training problem of a network in an ONNX file, with the network as its point.

    Parameters
    ----------
    source : path, or the bytes of the file
        Gemm (alpha, beta, transB), MatMul, Add, Relu, LeakyRelu, Abs, Sigmoid, Tanh in a chain; the weights are
        initializers of the graph.
    X : shape (m, d)
    y : shape (m,) or (m, k)
    loss, reduction : as in a problem file
    l2, penalize_biases : as in ``[penalty]``
    predictions : shape (m, k), optional
        What the network predicts, to be compared.

    Raises
    ------
    InputError
        The package onnx is missing, the file is no ONNX file, or the first node that is not known, by name.
    """
    trained = onnx_layers(source)
    if predictions is not None:
        trained.agree(X, predictions, trained.single)
    return trained.problem(
        X, y, LossTerms(loss, reduction), l2=l2, penalize_biases=penalize_biases, source="an ONNX file"
    )


def onnx_layers(source: str | os.PathLike[str] | bytes) -> TrainedModel:
    """The layers of an ONNX file; parameters and errors are those of :func:`from_onnx`."""
    graph, arrays, where = _graph(source)
    matrices: list[NDArray[Any]] = []
    shifts: list[NDArray[Any] | None] = []
    after: list[str] = []
    inputs = [entry.name for entry in graph.input if entry.name not in arrays]
    if len(inputs) != 1:
        raise InputError(where, f"{len(inputs)} inputs", "one", "a network of one input tensor")
    current = inputs[0]
    for node in graph.node:
        at = f"{where}: node {node.name or node.op_type}"
        others = [name for name in node.input if name != current]
        if node.op_type == "Constant":
            arrays[node.output[0]] = _constant(node, at)
            continue
        if current not in node.input or len(others) == len(node.input):
            raise InputError(
                at, "a node beside the chain", "each node the input of the next", "a network without branches"
            )
        operands = [_operand(arrays, name, at) for name in others if name]
        if node.op_type in ("Gemm", "MatMul"):
            weight, bias = _linear(node, operands, current, at)
            matrices.append(weight)
            shifts.append(bias)
            after.append("linear")
        elif node.op_type == "Add":
            if not after or after[-1] != "linear":
                raise InputError(at, "Add", "a Gemm or MatMul before it", "a network of these layers")
            shifts[-1] = _shift(operands[0], shifts[-1], len(matrices[-1]), at)
        else:
            _apply(node, after, at)
        current = node.output[0]
    if not matrices:
        raise InputError(where, "no Gemm or MatMul", "at least one", "the network itself")
    return TrainedModel(tuple(matrices), tuple(shifts), tuple(after[:-1]), after[-1], name=where)


def _graph(source: str | os.PathLike[str] | bytes) -> tuple[Any, dict[str, NDArray[Any]], str]:
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError:
        raise InputError("onnx", "no such package", "the package onnx", "pip install 'exactgeo[onnx]'") from None
    where = "onnx" if isinstance(source, bytes) else os.fspath(source)
    try:
        if isinstance(source, bytes):
            model = onnx.load_model_from_string(source)
        else:
            # Weights in other files are not followed: what is certified is what was given.
            model = onnx.load(where, load_external_data=False)
    except OSError as error:
        raise InputError(where, error.strerror or str(error), "a file that can be read", "another path") from None
    except Exception:
        raise InputError(
            where, "something that is no ONNX file", "a model that onnx can load", "another file"
        ) from None
    arrays = {}
    for tensor in model.graph.initializer:
        if tensor.external_data:
            raise InputError(
                f"{where}: {tensor.name}",
                "weights in another file",
                "weights in the file itself",
                "onnx.save(model, path)",
            )
        arrays[tensor.name] = numpy_helper.to_array(tensor)
    return model.graph, arrays, where


def _constant(node: Any, at: str) -> NDArray[Any]:
    from onnx import numpy_helper

    for attribute in node.attribute:
        if attribute.name == "value":
            return numpy_helper.to_array(attribute.t)
    raise InputError(at, "a Constant without a tensor", "a tensor", "the weights as initializers")


def _operand(arrays: Mapping[str, NDArray[Any]], name: str, at: str) -> NDArray[Any]:
    if name not in arrays:
        raise InputError(at, f'the input "{name}"', "an initializer of the graph", "a network without branches")
    return arrays[name]


def _attributes(node: Any) -> dict[str, Any]:
    return {entry.name: entry.f if entry.type == 1 else entry.i for entry in node.attribute}


def _scaled(values: NDArray[Any], factor: float) -> Any:
    """The exact product: that of floats would round."""
    if factor == 1:
        return values
    exact = parse_rational(factor, warn_float=False)
    parts = [exact * parse_rational(q, warn_float=False) for q in values.ravel().tolist()]
    found = np.empty(len(parts), object)
    found[:] = parts
    return found.reshape(values.shape)


def _linear(node: Any, operands: list[NDArray[Any]], current: str, at: str) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Units x inputs, and the bias of a Gemm."""
    given = _attributes(node)
    if node.input[0] != current:
        raise InputError(at, "weights on the left", "the data on the left", "x W or Gemm(x, W)")
    if node.op_type == "MatMul":
        return matrix(operands[0].T, at), None
    if given.get("transA", 0):
        raise InputError(at, "transA = 1", "transA = 0", "data points as rows")
    weight = operands[0] if given.get("transB", 0) else operands[0].T
    bias = None
    if len(operands) > 1:
        bias = _shift(_scaled(operands[1], given.get("beta", 1.0)), None, len(weight), at)
    return matrix(_scaled(weight, given.get("alpha", 1.0)), at), bias


def _shift(given: NDArray[Any], before: NDArray[Any] | None, units: int, at: str) -> NDArray[Any]:
    """A bias that is broadcast to the units, added to one that is there already (exactly)."""
    row = np.asarray(given)
    if row.size not in (1, units) or (row.ndim and row.shape[-1] not in (1, units)):
        raise InputError(at, f"a bias of shape {row.shape}", f"({units},), one number a unit", "one number a unit")
    flat = np.broadcast_to(row.reshape(-1), (units,))
    if before is None:
        return flat
    found = np.empty(units, object)
    pairs = zip(before.tolist(), flat.tolist(), strict=True)
    found[:] = [sum((parse_rational(q, warn_float=False) for q in pair), parse_rational(0)) for pair in pairs]
    return found


def _apply(node: Any, after: list[str], at: str) -> None:
    kind, given = node.op_type, _attributes(node)
    if kind == "Identity" or (kind == "Flatten" and given.get("axis", 1) == 1):
        return
    slope = parse_rational(given.get("alpha", float(np.float32(0.01))), warn_float=False)
    names = {
        "Relu": "relu",
        "LeakyRelu": f"leaky_relu({format_rational(slope)})",
        "Abs": "abs",
        "Sigmoid": "sigmoid",
        "Tanh": "tanh",
    }
    if kind not in names:
        raise InputError(at, kind, _KNOWN, "the network without it (a softmax belongs to the loss)")
    if not after or after[-1] != "linear":
        raise InputError(at, kind, "a Gemm or MatMul before each activation", "a network of these layers")
    after[-1] = names[kind]
