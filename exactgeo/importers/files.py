"""Trained models and data in files: .onnx, .safetensors, .npz, .csv. No pickle is ever loaded."""

from __future__ import annotations

import csv
import os
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactgeo.errors import InputError
from exactgeo.importers.model import LossTerms, TrainedModel, array, matrix
from exactgeo.importers.onnx_graph import onnx_layers
from exactgeo.importers.torch_module import state_layers
from exactgeo.problem import Problem

__all__ = ["import_file"]

_MODELS, _DATA = (".onnx", ".safetensors", ".npz"), (".npz", ".csv")
_KEY = re.compile(r"[Wb]([1-9][0-9]*)")


def import_file(
    model: str,
    data: str | None,
    loss: str,
    *,
    reduction: str,
    activation: str | None = None,
    l2: Any = 0,
    penalize_biases: bool = False,
    target: str | None = None,
    predictions: str | None = None,
) -> Problem:
    """The training problem of a model in a file, with the network as its point.

    Parameters
    ----------
    model : path
        ``.onnx``; ``.safetensors`` (a torch state dict); ``.npz`` with W1, b1, W2, ... (units x inputs).
    data : path, or None for an .npz model that holds X and y as well
        ``.npz`` with X and y, or ``.csv`` with a line of names, whose decimals are taken exactly as they are printed.
    loss, reduction, l2, penalize_biases : as in a problem file
    activation : str, optional
        As in a problem file; an ONNX file has its own.
    target : str, optional
        The column of y in a .csv file; its last one if left out.
    predictions : path, optional
        ``.csv`` or ``.npz`` (key P) with what the network predicts; refused when ours differ.

    Raises
    ------
    InputError
        A file that cannot be read or is no such file; what is missing in it, by name.
    """
    trained = _model(model, activation)
    holder = data if data is not None else model
    if data is None and _suffix(model) != ".npz":
        raise InputError("--data", "nothing", "a file with the data", "--data DATA.npz or DATA.csv")
    x, y = _data(holder, target)
    if predictions is not None:
        trained.agree(np.asarray(x, np.float64), _predictions(predictions), trained.single)
    terms = LossTerms(loss, reduction)
    source = f"imported from {os.path.basename(model)}"
    return trained.problem(x, y, terms, l2=l2, penalize_biases=penalize_biases, source=source)


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _unknown(path: str, known: Sequence[str]) -> InputError:
    names = f"{', '.join(known[:-1])} or {known[-1]}"
    return InputError(path, f"the suffix {_suffix(path) or 'of no kind'}", names, f"a file saved as {names}")


def _model(path: str, activation: str | None) -> TrainedModel:
    suffix = _suffix(path)
    names = None if activation is None else [part.strip() for part in re.split(r",(?![^(]*\))", activation)]
    chosen = names[0] if names is not None and len(names) == 1 else names
    if suffix == ".onnx":
        if chosen is not None:
            raise InputError("--activation", f'"{activation}"', "nothing: an ONNX file has its own", "it without")
        return onnx_layers(path)
    if suffix == ".safetensors":
        return state_layers(_safetensors(path), chosen, path)
    if suffix == ".npz":
        return _npz_model(_npz(path), chosen, path)
    raise _unknown(path, _MODELS)


def _safetensors(path: str) -> dict[str, NDArray[Any]]:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError:
        write = "pip install 'exactgeo[torch]'"
        raise InputError("safetensors", "no such package", "the package safetensors", write) from None
    try:
        return dict(load_file(path))
    except OSError as error:
        raise InputError(path, error.strerror or str(error), "a file that can be read", "another path") from None
    except (SafetensorError, KeyError, TypeError, ValueError):
        expected = "a file of safetensors with 16-, 32- or 64-bit floats"
        raise InputError(path, "something that is none", expected, "safetensors.torch.save_file(state, path)") from None


def _npz(path: str) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as found:
            return {key: found[key] for key in found.files}
    except OSError as error:
        raise InputError(path, error.strerror or str(error), "a file that can be read", "another path") from None
    except (ValueError, zipfile.BadZipFile, AttributeError, EOFError):
        raise InputError(
            path, "something that is no .npz of numbers", "arrays of numbers", "numpy.savez(path, W1=...)"
        ) from None


def _npz_model(arrays: Mapping[str, NDArray[Any]], activation: str | list[str] | None, path: str) -> TrainedModel:
    layers = 0
    while f"W{layers + 1}" in arrays:
        layers += 1
    if not layers:
        raise InputError(
            path, f"the keys {', '.join(arrays) or 'none'}", "W1, b1, W2, ...", "numpy.savez(path, W1=..., b1=...)"
        )
    for key in arrays:
        match = _KEY.fullmatch(key)
        if (match and int(match[1]) > layers) or (not match and key not in ("X", "y", "P")):
            raise InputError(
                f"{path}: {key}", "an unknown key", f"W1 to W{layers}, b1 to b{layers}, X, y", "it without"
            )
    names = (activation,) * (layers - 1) if isinstance(activation, str | None) else tuple(activation)
    if len(names) != layers - 1 or None in names:
        raise InputError("--activation", f"{activation}", f"one, or {layers - 1} (hidden layers)", "--activation relu")
    return TrainedModel(
        tuple(matrix(arrays[f"W{k}"], f"{path}: W{k}") for k in range(1, layers + 1)),
        tuple(array(arrays[f"b{k}"], f"{path}: b{k}", 1) if f"b{k}" in arrays else None for k in range(1, layers + 1)),
        tuple(str(name) for name in names),
        name=path,
    )


def _table(path: str) -> tuple[list[str], list[list[str]]]:
    """Names and rows of a .csv file, as text."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row]
    except OSError as error:
        raise InputError(path, error.strerror or str(error), "a file that can be read", "another path") from None
    except (UnicodeDecodeError, csv.Error):
        raise InputError(path, "something that is no text", "a table with commas", "a .csv file in UTF-8") from None
    if len(rows) < 2:
        raise InputError(path, f"{len(rows)} lines", "a line of names and one a data point", "x1,x2,y")
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(rows[0]):
            raise InputError(f"{path}: row {number}", f"{len(row)} entries", f"{len(rows[0])} (names)", "one a name")
    return [name.strip() for name in rows[0]], [[entry.strip() for entry in row] for row in rows[1:]]


def _data(path: str, target: str | None) -> tuple[Any, Any]:
    suffix = _suffix(path)
    if suffix == ".npz":
        arrays = _npz(path)
        for key in ("X", "y"):
            if key not in arrays:
                raise InputError(f"{path}: {key}", "nothing", "X and y", "numpy.savez(path, X=..., y=...)")
        if target is not None:
            raise InputError("--target", target, "nothing: an .npz file has y", "it without --target")
        return arrays["X"], arrays["y"]
    if suffix != ".csv":
        raise _unknown(path, _DATA)
    names, rows = _table(path)
    column = len(names) - 1 if target is None else _column(names, target, path)
    return [row[:column] + row[column + 1 :] for row in rows], [row[column] for row in rows]


def _column(names: list[str], target: str, path: str) -> int:
    if names.count(target) == 1:
        return names.index(target)
    found = "several columns of that name" if target in names else f'"{target}"'
    raise InputError(f"{path}: --target", found, f"one of {', '.join(names)}", names[-1])


def _predictions(path: str) -> NDArray[Any]:
    if _suffix(path) == ".npz":
        arrays = _npz(path)
        if "P" not in arrays:
            raise InputError(f"{path}: P", "nothing", "P, the predictions", "numpy.savez(path, P=...)")
        return arrays["P"]
    if _suffix(path) != ".csv":
        raise _unknown(path, _DATA)
    _, rows = _table(path)
    try:
        return np.array(rows, np.float64)
    except ValueError:
        raise InputError(path, "entries that are no numbers", "numbers", "one row a data point") from None
