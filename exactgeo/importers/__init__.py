"""Networks trained elsewhere, as problems: scikit-learn, torch, ONNX, safetensors, npz, arrays.

Every float becomes the dyadic rational it is. No framework is imported unless one of its objects or files is given, and
nothing that would run code on loading (a pickle) is ever loaded.
"""

from __future__ import annotations

from exactgeo.importers.arrays import from_arrays
from exactgeo.importers.files import import_file
from exactgeo.importers.onnx_graph import from_onnx
from exactgeo.importers.scikit_learn import from_sklearn
from exactgeo.importers.torch_module import from_torch

__all__ = ["from_arrays", "from_onnx", "from_sklearn", "from_torch", "import_file"]
