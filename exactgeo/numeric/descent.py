"""Full-batch gradient descent from many starts at once: a proposer of points, never an argument about them."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactgeo.errors import InputError, expect_type
from exactgeo.numeric.constructors import at_least_0
from exactgeo.numeric.evaluation import loss_and_gradient
from exactgeo.numeric.layers import Floats
from exactgeo.numeric.networks import NumericNetworks

__all__ = ["DescentStatus", "GradientDescent", "descend", "random_starts"]

ARMIJO = 1e-4
SHORTEST = 2.0**-60
"""A step this small, relative to the parameters, is taken for the end of the descent."""


class DescentStatus(StrEnum):
    """Why a descent stopped. The values are the messages; none says that the end is a local minimum."""

    GRADIENT = "numeric: gradient norm below the tolerance"
    STEP = "numeric: no step along the gradient lowers the loss (a kink, or rounding)"
    BUDGET = "numeric: out of iterations"
    OVERFLOW = "numeric: the loss or its gradient is beyond the range of floats"


_ORDER: tuple[DescentStatus, ...] = tuple(DescentStatus)


@dataclass(frozen=True, eq=False)
class GradientDescent:
    """Ends of a batched descent; numeric throughout.

    Attributes
    ----------
    networks : NumericNetworks
        Where each descent ended.
    losses, gradient_norms : float64, shape (N,)
        At the ends; the norm is the greatest trained entry of one gradient (left slope on a kink). Where they
        overflow, the loss is infinite and the norm NaN.
    iterations : int, shape (N,)
    codes : int8, shape (N,)
        Position of the status in :class:`DescentStatus`; see :meth:`status`.
    """

    networks: NumericNetworks
    losses: Floats
    gradient_norms: Floats
    iterations: NDArray[np.int64]
    codes: NDArray[np.int8]

    def status(self, index: int) -> DescentStatus:
        """Why descent ``index`` stopped."""
        return _ORDER[int(self.codes[index])]

    def to_json(self) -> dict[str, Any]:
        """Summary as JSON values; ``status`` is always ``numeric``."""
        counts = {str(status): int((self.codes == code).sum()) for code, status in enumerate(_ORDER)}
        return {"status": "numeric", "networks": len(self.codes), "counts": counts}


def descend(
    nets: NumericNetworks,
    *,
    iterations: int = 10_000,
    gradient_tolerance: float = 1e-10,
    first_step: float = 0.1,
    time_limit: float | None = None,
) -> GradientDescent:
    """Full-batch gradient descent of every network, with backtracking; monotone up to rounding.

    Each network keeps its own step: the Barzilai-Borwein step of its last move, halved until the loss falls by
    Armijo's rule. Frozen blocks do not move. On a kink the gradient is one of several, so the descent can stop short
    there; the status says so.

    Parameters
    ----------
    nets : NumericNetworks
        The starts; any depth and number of outputs.
    iterations : int
        Trial steps of each network, the halved ones included.
    gradient_tolerance : float
        Stop when the greatest gradient entry is at most this.
    first_step : float
        Step tried first.
    time_limit : float, optional
        Seconds; descents that still move then end where they are, as when they are out of iterations.

    Returns
    -------
    GradientDescent. Cost: one forward and one backward pass a trial step, of the networks still moving.

    Examples
    --------
    >>> nets = NumericNetworks.from_arrays([[[3]]], [[1]], x=[[1], [2]], y=[1, 2])
    >>> end = descend(nets)
    >>> bool(end.losses[0] < 1e-18), str(end.status(0))
    (True, 'numeric: gradient norm below the tolerance')
    """
    expect_type(nets, NumericNetworks, "nets", "one that a from_* constructor makes")
    at_least_0(gradient_tolerance, "gradient_tolerance")
    if type(iterations) is not int or iterations < 0:
        raise InputError("iterations", str(iterations), "a whole number", "1000")
    if not at_least_0(first_step, "first_step"):
        raise InputError("first_step", str(first_step), "a number above 0", "0.1")
    end = math.inf if time_limit is None else time.monotonic() + at_least_0(time_limit, "time_limit")
    with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
        parts = [_descend(nets[part], iterations, gradient_tolerance, first_step, end) for part in nets.slices()]
    parts = parts or [_descend(nets, 0, gradient_tolerance, first_step, end)]
    return GradientDescent(
        nets.at(np.concatenate([part.networks.parameters for part in parts])),
        np.concatenate([part.losses for part in parts]),
        np.concatenate([part.gradient_norms for part in parts]),
        np.concatenate([part.iterations for part in parts]),
        np.concatenate([part.codes for part in parts]),
    )


def _descend(
    nets: NumericNetworks, iterations: int, tolerance: float, first_step: float, end: float
) -> GradientDescent:
    count = len(nets)
    trained = nets.trained()
    losses, norms = np.zeros(count), np.zeros(count)
    codes, taken = np.full(count, _ORDER.index(DescentStatus.BUDGET), dtype=np.int8), np.zeros(count, dtype=np.int64)
    ends = nets.parameters.copy()

    moving = np.arange(count)
    current = nets.at(ends.copy())
    loss, gradient = loss_and_gradient(current, trained)
    step = np.full(count, first_step)
    for trial in range(iterations + 1):
        norm = np.abs(gradient).max(axis=1, initial=0.0)
        reach = SHORTEST * np.maximum(1.0, np.abs(current.parameters).max(axis=1, initial=0.0))
        arrived = norm <= tolerance
        stuck = ~(step * norm > reach)
        done = arrived | stuck | (trial == iterations) | (time.monotonic() > end)
        if done.any():
            out = moving[done]
            ends[out], losses[out], norms[out] = current.parameters[done], loss[done], norm[done]
            taken[out] = trial
            lost = ~(np.isfinite(loss) & np.isfinite(norm))
            codes[out] = np.where(lost, 3, np.where(arrived, 0, np.where(stuck, 1, 2)))[done]
            keep = ~done
            moving, loss, gradient = moving[keep], loss[keep], gradient[keep]
            step, norm, current = step[keep], norm[keep], current[keep]
            if not len(moving):
                break
        proposed = current.at(current.parameters - step[:, None] * gradient)
        new_loss, new_gradient = loss_and_gradient(proposed, trained)
        square = np.einsum("np,np->n", gradient, gradient)
        accept = (new_loss <= loss - ARMIJO * step * square) & (new_loss < loss)
        # Where the loss no longer resolves the step (gradients near the root of the rounding unit), the gradient does.
        flat = np.abs(new_loss - loss) <= 4 * np.finfo(np.float64).eps * loss
        accept |= flat & (np.abs(new_gradient).max(axis=1, initial=0.0) < norm)
        curvature = np.einsum("np,np->n", new_gradient - gradient, gradient)
        # Along s = -step g the change of gradient gives <s, s> / <s, y>; a non-convex stretch doubles the step.
        longer = np.where(curvature < 0, -step * square / curvature, 2 * step)
        step = np.where(accept, np.minimum(longer, 1e6), step / 2)
        current = current.at(np.where(accept[:, None], proposed.parameters, current.parameters))
        loss = np.where(accept, new_loss, loss)
        gradient = np.where(accept[:, None], new_gradient, gradient)
    return GradientDescent(nets.at(ends), losses, norms, taken, codes)


def random_starts(nets: NumericNetworks, count: int, *, seed: int, scale: float = 1.0) -> NumericNetworks:
    """``count`` networks whose trained entries are Gaussian; frozen ones are those of the first network.

    Parameters
    ----------
    nets : NumericNetworks
        At least one network.
    seed : int
    scale : float
        Standard deviation of every trained entry.

    Raises
    ------
    InputError
        No network, a count or a scale below 0, or a scale whose draws leave the range of floats.
    """
    expect_type(nets, NumericNetworks, "nets", "one that a from_* constructor makes")
    if type(count) is not int or count < 0:
        raise InputError("count", str(count), "a whole number", "64")
    at_least_0(scale, "scale")
    if not len(nets):
        raise InputError("nets", "no network", "at least one", "a network with the frozen values")
    draws = np.random.default_rng(seed).normal(0.0, scale, (count, nets.parameters.shape[1]))
    if not np.isfinite(draws).all():
        raise InputError("scale", str(scale), "draws within the range of floats", "1.0")
    return nets.at(np.where(nets.trained(), draws, nets.parameters[:1]))
