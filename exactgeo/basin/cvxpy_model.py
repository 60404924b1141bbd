# mypy: disable-error-code="attr-defined,no-untyped-call"
"""The convex program of a basin in CVXPY: the model people take elsewhere, and the reference of every exact value.

Imported only when asked for; CVXPY takes a second to load.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cvxpy as cp
import numpy as np

from exactgeo.basin.reduction import Reduction

__all__ = ["BasinProgram", "basin_program"]


class BasinProgram(cp.Problem):
    """A ``cvxpy.Problem`` with its parts by name; ``solve()`` uses Clarabel unless told otherwise.

    Attributes
    ----------
    z : list of cvxpy.Variable
        ``v_i (w_i, b_i)``, one a neuron.
    linear : cvxpy.Variable or None
        Trained output bias, after the trained weights of a linear model.
    named : dict from str to cvxpy.Constraint
        ``region[i]``: b_i s_it <z_i, x_t> >= 0 for all t. After a solve ``named["region[0]"].dual_value`` holds m
        numbers.
    """

    z: list[Any]
    linear: Any
    named: dict[str, Any]

    def solve(self, *args: Any, **kwargs: Any) -> Any:
        """As ``cvxpy.Problem.solve``, by default with Clarabel: CVXPY's own default is loose for these programs."""
        if not args and "solver" not in kwargs:
            # Basins are degenerate as a rule. At Clarabel's own step of 0.99 to the boundary it gives up on 3 of the
            # basins of the named problems of width 3; at 0.9 on none.
            kwargs = {"solver": cp.CLARABEL, "max_step_fraction": 0.9, **kwargs}
        return super().solve(*args, **kwargs)


def basin_program(reduction: Reduction, signs: Sequence[tuple[Sequence[int], int]]) -> BasinProgram:
    """Minimise the loss over ``z_i = v_i w_i`` subject to ``b_i s_it <z_i, x_t> >= 0`` (H-form).

    Parameters
    ----------
    reduction : Reduction
    signs : for each neuron the sign vector of its region and the sign of its output weight

    Returns
    -------
    BasinProgram
        Floats: the nearest to the data. The value of an infimum that is not attained is approached only.

    References
    ----------
    Safran and Shamir, On the Quality of the Initial Basin in Overspecified Neural Networks, Definition 2, Lemma 1.

    Examples
    --------
    >>> from exactgeo.basin import census
    >>> from exactgeo.formats import problem_from_mapping
    >>> data = {"x": [[1], [-1]], "y": [2, 1]}
    >>> basin = census(problem_from_mapping({"data": data, "network": {"widths": [1], "hidden_bias": False}}))[0]
    >>> program = basin.program()
    >>> f"{program.solve():.4f}", str(basin.value), list(program.named)
    ('0.5000', '1/2', ['region[0]'])
    """
    inner = reduction.program
    right, left = map(float, reduction.problem.network.activation.slopes or (1, 1))
    rows = np.array([[float(q) for q in row] for row in reduction.rows]).reshape(len(reduction.rows), -1)
    prediction: Any = np.array([float(q) for q in inner.offset])
    variables, named = [], {}
    for i, (region, b) in enumerate(signs):
        z = cp.Variable(rows.shape[1], name=f"z[{i}]")
        slope = np.array([right if s >= 0 else left for s in region])
        prediction = prediction + (slope[:, None] * rows) @ z
        side = b * np.array(region, dtype=float)
        if side.any():
            named[f"region[{i}]"] = cp.Constant(side[:, None] * rows) @ z >= 0
            named[f"region[{i}]"].set_label(f"region[{i}]")
        variables.append(z)
    linear = None
    if inner.lines:
        linear = cp.Variable(len(inner.lines), name="linear")
        prediction = prediction + np.array(inner.lines, dtype=float).T @ linear
    share = float(reduction.problem.weight)
    loss = _loss(inner.kind, float(inner.bound), prediction, np.array([float(q) for q in inner.y]))
    result = BasinProgram(cp.Minimize(share * loss), list(named.values()))
    result.z, result.linear, result.named = variables, linear, named
    return result


def _loss(kind: str, bound: float, p: Any, y: Any) -> Any:
    if kind == "squared":
        return cp.sum_squares(p - y)
    if kind == "half_squared":
        return cp.sum_squares(p - y) / 2
    if kind == "absolute":
        return cp.norm1(p - y)
    if kind == "huber":
        return cp.sum(cp.huber(p - y, bound)) / 2
    margin = cp.multiply(y, p)
    if kind == "hinge":
        return cp.sum(cp.pos(1 - margin))
    if kind == "squared_hinge":
        return cp.sum_squares(cp.pos(1 - margin))
    return cp.sum(cp.logistic(-margin))
