"""exactgeo: the loss geometry of small neural networks, exactly, with certificates anyone can re-check."""

from __future__ import annotations

from exactgeo.on_demand import on_first_use

# Not from `typing`, which takes longer to load than all of this: Ctrl-C must be ours as early as can be.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    __version__: str

    from exactgeo.api import basins as basins
    from exactgeo.api import certify as certify
    from exactgeo.api import critical_point_near as critical_point_near
    from exactgeo.api import examples as examples
    from exactgeo.api import explain as explain
    from exactgeo.api import landscape as landscape
    from exactgeo.api import load as load
    from exactgeo.api import minimum as minimum
    from exactgeo.api import path as path
    from exactgeo.api import polish as polish
    from exactgeo.api import probabilities as probabilities
    from exactgeo.api import starts as starts
    from exactgeo.arrangement import Arrangement as Arrangement
    from exactgeo.checking import check as check
    from exactgeo.claims.certificate import Certificate as Certificate
    from exactgeo.errors import ExactgeoError as ExactgeoError
    from exactgeo.errors import InputError as InputError
    from exactgeo.errors import InternalError as InternalError
    from exactgeo.errors import OutOfScope as OutOfScope
    from exactgeo.errors import TaskLost as TaskLost
    from exactgeo.importers import from_arrays as from_arrays
    from exactgeo.importers import from_onnx as from_onnx
    from exactgeo.importers import from_sklearn as from_sklearn
    from exactgeo.importers import from_torch as from_torch
    from exactgeo.problem import Point as Point
    from exactgeo.problem import Problem as Problem
    from exactgeo.report.page import report as report
    from exactgeo.schema import schema as schema
    from exactgeo.standing import Better as Better
    from exactgeo.standing import Verdict as Verdict
    from exactgeo.standing.many_points import certify_many as certify_many

# Names load on first use: `exactgeo --help` and `exactgeo check` must start at once.
_DEFINED_IN = {
    "Arrangement": "arrangement",
    "Better": "standing",
    "Certificate": "claims.certificate",
    "ExactgeoError": "errors",
    "InputError": "errors",
    "InternalError": "errors",
    "OutOfScope": "errors",
    "Point": "problem",
    "Problem": "problem",
    "TaskLost": "errors",
    "Verdict": "standing",
    "basins": "api",
    "certify": "api",
    "certify_many": "standing.many_points",
    "check": "checking",
    "critical_point_near": "api",
    "examples": "api",
    "explain": "api",
    "from_arrays": "importers",
    "from_onnx": "importers",
    "from_sklearn": "importers",
    "from_torch": "importers",
    "landscape": "api",
    "load": "api",
    "minimum": "api",
    "path": "api",
    "polish": "api",
    "probabilities": "api",
    "report": "report.page",
    "schema": "schema",
    "starts": "api",
}

__all__ = sorted(_DEFINED_IN)


def __getattr__(name: str) -> Any:
    if name != "__version__":
        raise AttributeError(f"module 'exactgeo' has no attribute {name!r}")
    from importlib.metadata import version

    return version("exactgeo")


on_first_use(__name__, _DEFINED_IN)


def __dir__() -> list[str]:
    """What TAB offers: the names a user wants, and no submodule that was loaded on the way."""
    return [*__all__, "__version__"]
