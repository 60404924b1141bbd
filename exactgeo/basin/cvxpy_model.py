# mypy: disable-error-code="attr-defined,no-untyped-call"
"""The convex program of a basin in CVXPY: the model people take elsewhere, and the reference of every exact value.

Imported only when asked for; CVXPY takes a second to load.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import cvxpy as cp
import numpy as np

from exactgeo.basin.reduction import Reduction
from exactgeo.errors import InternalError
from exactgeo.exact.vectors import ZERO, Vector
from exactgeo.losses import Loss, Pieces
from exactgeo.losses.logistic import Logistic
from exactgeo.problem import Penalty

__all__ = ["BasinProgram", "basin_program", "group_norm_program", "summed_loss"]


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
    loss = float(inner.weight) * summed_loss(inner.loss, inner.y, prediction)
    result = BasinProgram(cp.Minimize(loss), list(named.values()))
    result.z, result.linear, result.named = variables, linear, named
    return result


def group_norm_program(
    reduction: Reduction,
    signs: Sequence[tuple[Sequence[int], int]],
    cones: Sequence[tuple[Sequence[Vector], Sequence[Vector]]],
    penalty: Penalty,
) -> BasinProgram:
    """Minimise the penalised loss over ``z_i = v_i w_i`` in given cones, with the group norm of balanced neurons.

    Parameters
    ----------
    reduction : Reduction
        Of the loss alone.
    signs : for each cell the sign vector of its region and the sign of its output weight
    cones : for each cell the rays that generate its region, and vectors along which nothing is cut
    penalty : Penalty

    Returns
    -------
    BasinProgram
        ``z`` holds the pairs of weights (of the rays, of the others); ``named["predictions"]`` has m dual values.

    References
    ----------
    Pilanci and Ergen, Neural networks are convex regularizers, ICML 2020, for all cells together.
    """
    inner = reduction.program
    shrink, size = float(penalty.l2), reduction.problem.d + bool(penalty.biases)
    right, left = map(float, reduction.problem.network.activation.slopes or (1, 1))
    rows = np.array([[float(q) for q in row] for row in reduction.rows]).reshape(len(reduction.rows), -1)
    prediction: Any = np.array([float(q) for q in inner.offset])
    variables: list[Any] = []
    cost: Any = cp.Constant(0)
    for (region, b), (rays, lines) in zip(signs, cones, strict=True):
        parts = (
            [cp.Variable(len(rays), nonneg=True), cp.Variable(len(lines))]
            if lines
            else [cp.Variable(len(rays), nonneg=True)]
        )
        basis = [np.array([[float(q) for q in v] for v in part]) for part in (rays, lines) if len(part)]
        z = sum(
            (b * matrix.T @ part for matrix, part in zip(basis, parts, strict=True)),
            cp.Constant(np.zeros(rows.shape[1])),
        )
        slope = np.array([right if s >= 0 else left for s in region])
        prediction = prediction + (slope[:, None] * rows) @ z
        cost = cost + shrink * cp.norm2(z[:size])
        variables.append(parts)
    linear = None
    if inner.lines:
        linear = cp.Variable(1, name="linear")
        prediction = prediction + np.ones(inner.m) * linear
        cost = cost + (shrink / 2 * cp.sum_squares(linear) if penalty.biases else 0)
    p = cp.Variable(inner.m, name="p")
    tied = p == prediction
    result = BasinProgram(cp.Minimize(float(inner.weight) * summed_loss(inner.loss, inner.y, p) + cost), [tied])
    result.z, result.linear, result.named = variables, linear, {"predictions": tied}
    return result


# -- losses ---------------------------------------------------------------------------------------------------------


def _logistic(y: Any, p: Any) -> Any:
    return cp.sum(cp.logistic(-cp.multiply(y, p)))


WITHOUT_PIECES: dict[type[Loss], Callable[[Any, Any], Any]] = {Logistic: _logistic}
"""What the sum of a loss without pieces is in CVXPY, from targets and predictions; all others follow from theirs."""


_Terms = dict[tuple[str, float], list[tuple[int, Fraction, Fraction]]]
"""Terms of one kind, and one length of the parabola: of which datum, factor, and the point they rise from."""


def summed_loss(loss: Loss, y: Vector, p: Any) -> Any:
    """The sum of a loss over the data, in the terms that CVXPY knows to be convex.

    Parameters
    ----------
    loss : Loss
    y : m rationals
    p : cvxpy.Expression, m entries

    Returns
    -------
    cvxpy.Expression
        Of each datum the least value, and kinks and parabolas that rise on both sides of where it is taken.

    Raises
    ------
    InternalError
        The loss has no pieces and is not among :data:`WITHOUT_PIECES`.
    """
    if type(loss) in WITHOUT_PIECES:
        return WITHOUT_PIECES[type(loss)](np.array([float(q) for q in y]), p)
    least, right, left = ZERO, _Terms(), _Terms()
    for t, q in enumerate(y):
        pieces = loss.pieces(q)
        if pieces is None:
            raise InternalError(f"the {loss.name} loss has no pieces and no form in CVXPY")
        bottom = _minimiser(pieces)
        least += pieces.at(bottom)
        for terms, side, mirrored in zip((right, left), (1, -1), (pieces, _mirrored(pieces)), strict=True):
            for (kind, length), factor, knot in _rising(mirrored, side * bottom):
                terms.setdefault((kind, length), []).append((t, factor, side * knot))
    total: Any = float(least)
    for key in dict.fromkeys([*right, *left]):
        if right.get(key) == left.get(key):
            # The same to both sides of the same points: an even function.
            total += _summed(key, right[key], p, cp.abs)
        else:
            total += _summed(key, right[key], p, cp.pos) if key in right else 0
            total += _summed(key, left[key], -p, cp.pos, -1) if key in left else 0
    return total


def _summed(
    key: tuple[str, float], terms: Sequence[tuple[int, Fraction, Fraction]], p: Any, part: Any, side: int = 1
) -> Any:
    kind, length = key
    data, factors, knots = (list(column) for column in zip(*terms, strict=True))
    beyond = (p if data == list(range(p.size)) else p[data]) - np.array([float(side * q) for q in knots])
    if kind == "curve":
        rising = beyond if part is cp.abs else part(beyond)
        rising = cp.square(rising) if math.isinf(length) else cp.huber(rising, length)
    else:
        rising = part(beyond)
    return cp.sum(cp.multiply(np.array([float(q) for q in factors]), rising))


def _minimiser(pieces: Pieces) -> Fraction:
    """Where a piecewise quadratic is least: a break, or inside a parabola."""
    for k, (a, b, _) in enumerate(pieces.quadratics):
        bottom = -b / (2 * a) if a else ZERO
        inside = (not k or pieces.breaks[k - 1] <= bottom) and (k == len(pieces.breaks) or bottom <= pieces.breaks[k])
        if a and inside:
            return bottom
    return min(pieces.breaks, key=pieces.at, default=ZERO)


def _mirrored(pieces: Pieces) -> Pieces:
    """The function of -p."""
    return Pieces(
        tuple(-q for q in reversed(pieces.breaks)), tuple((a, -b, c) for a, b, c in reversed(pieces.quadratics))
    )


def _rising(pieces: Pieces, bottom: Fraction) -> Iterator[tuple[tuple[str, float], Fraction, Fraction]]:
    """What the function gains to the right of where it is least: kinks, and parabolas that go on straight."""
    for knot in (bottom, *(q for q in pieces.breaks if q > bottom)):
        before, after = pieces.slopes(knot)
        jump = after - (ZERO if knot == bottom else before)
        if jump:
            yield ("kink", 0.0), jump, knot
        curvature = pieces.around(knot)[1][0]
        if curvature:
            end = next((q for q in pieces.breaks if q > knot), None)
            yield ("curve", math.inf if end is None else float(end - knot)), curvature, knot
