"""What a certificate's claims speak of: a problem, or the hyperplanes of an arrangement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exactgeo.claims.fields import to_data
from exactgeo.exact.vectors import Matrix, Vector
from exactgeo.problem import Problem

__all__ = ["HyperplaneList", "Subject", "problem_data", "subject_data"]


@dataclass(frozen=True)
class HyperplaneList:
    """Hyperplanes ``<normal, w> = offset``; central (through 0) without offsets.

    Attributes
    ----------
    normals : m vectors
    offsets : m rationals or None
    """

    normals: Matrix
    offsets: Vector | None


Subject = Problem | HyperplaneList


def problem_data(problem: Problem) -> dict[str, Any]:
    """A problem as the ``problem`` of a certificate: no names, no point, one form.

    Targets are rows, the activation is its pair of slopes (right, left), and no bias that is not there is trained.
    """
    net, train = problem.network, problem.train
    # A linear model has no use for an activation; a smooth one, and several, have no slopes and no claims.
    slopes = None if net.uniform is None else net.uniform.slopes
    return {
        "data": {"x": to_data(problem.x), "y": to_data(problem.y)},
        "network": {
            "widths": list(net.widths),
            "activation": to_data(slopes),
            "hidden_bias": list(net.hidden_bias),
            "output_bias": net.output_bias,
        },
        "loss": {"kind": problem.loss.name, "reduction": problem.reduction},
        "train": {
            "hidden": list(train.hidden),
            "hidden_bias": [a and b for a, b in zip(train.hidden_bias, net.hidden_bias, strict=True)],
            "output": train.output,
            "output_bias": train.output_bias and net.output_bias,
        },
    }


def subject_data(subject: Subject) -> dict[str, Any]:
    """The subject under its key in a certificate. Cost: one conversion of each number of the data set."""
    if isinstance(subject, HyperplaneList):
        return {"arrangement": to_data(subject)}
    return {"problem": problem_data(subject)}
