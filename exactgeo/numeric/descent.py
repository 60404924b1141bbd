"""Full-batch training from many starts at once: a proposer of points, never an argument about them."""

from __future__ import annotations

import math
import time
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactgeo.errors import InputError, expect_type
from exactgeo.frozen import dataclass
from exactgeo.numeric.constructors import at_least_0
from exactgeo.numeric.evaluation import loss_and_gradient
from exactgeo.numeric.layers import Floats
from exactgeo.numeric.networks import NumericNetworks
from exactgeo.numeric.optimizers import Backtracking, Optimizer, State

__all__ = ["DescentStatus", "Trained", "descend", "train"]


class DescentStatus(StrEnum):
    """Why a descent stopped. The values are the messages; none says that the end is a local minimum."""

    GRADIENT = "numeric: gradient norm below the tolerance"
    STEP = "numeric: no step along the gradient lowers the loss (a kink, or rounding)"
    BUDGET = "numeric: out of iterations"
    OVERFLOW = "numeric: the loss or its gradient is beyond the range of floats"


_ORDER: tuple[DescentStatus, ...] = tuple(DescentStatus)


@dataclass(frozen=True, eq=False)
class Trained:
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
) -> Trained:
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
    Trained. Cost: one forward and one backward pass a trial step, of the networks still moving.

    Examples
    --------
    >>> nets = NumericNetworks.from_arrays([[[3]]], [[1]], x=[[1], [2]], y=[1, 2])
    >>> end = descend(nets)
    >>> bool(end.losses[0] < 1e-18), str(end.status(0))
    (True, 'numeric: gradient norm below the tolerance')
    """
    if not at_least_0(first_step, "first_step"):
        raise InputError("first_step", str(first_step), "a number above 0", "0.1")
    return train(
        nets,
        Backtracking(first_step),
        iterations=iterations,
        gradient_tolerance=gradient_tolerance,
        time_limit=time_limit,
    )


def train(
    nets: NumericNetworks,
    optimizer: Optimizer,
    *,
    iterations: int = 10_000,
    gradient_tolerance: float = 1e-10,
    time_limit: float | None = None,
) -> Trained:
    """Full-batch training of every network by one optimizer.

    Parameters
    ----------
    nets, iterations, gradient_tolerance, time_limit
        As for :func:`descend`.
    optimizer : Optimizer
        Of :data:`~exactgeo.numeric.optimizers.OPTIMIZERS`.

    Returns
    -------
    Trained. Cost: one forward and one backward pass a step, of the networks still moving.

    Examples
    --------
    >>> from exactgeo.numeric.optimizers import Adam
    >>> nets = NumericNetworks.from_arrays([[[3]]], [[1]], x=[[1], [2]], y=[1, 2])
    >>> bool(train(nets, Adam(rate=0.05), iterations=2_000).losses[0] < 1e-12)
    True
    """
    expect_type(nets, NumericNetworks, "nets", "one that a from_* constructor makes")
    expect_type(optimizer, Optimizer, "optimizer", "one of exactgeo.numeric.OPTIMIZERS")
    at_least_0(gradient_tolerance, "gradient_tolerance")
    if type(iterations) is not int or iterations < 0:
        raise InputError("iterations", str(iterations), "a whole number", "1000")
    end = math.inf if time_limit is None else time.monotonic() + at_least_0(time_limit, "time_limit")
    with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
        parts = [_train(nets[part], optimizer, iterations, gradient_tolerance, end) for part in nets.slices()]
    parts = parts or [_train(nets, optimizer, 0, gradient_tolerance, end)]
    return Trained(
        nets.at(np.concatenate([part.networks.parameters for part in parts])),
        np.concatenate([part.losses for part in parts]),
        np.concatenate([part.gradient_norms for part in parts]),
        np.concatenate([part.iterations for part in parts]),
        np.concatenate([part.codes for part in parts]),
    )


def _train(nets: NumericNetworks, optimizer: Optimizer, iterations: int, tolerance: float, end: float) -> Trained:
    count = len(nets)
    trained = nets.trained()
    losses, norms = np.zeros(count), np.zeros(count)
    codes, taken = np.full(count, _ORDER.index(DescentStatus.BUDGET), dtype=np.int8), np.zeros(count, dtype=np.int64)
    ends = nets.parameters.copy()

    moving = np.arange(count)
    state = State(ends.copy(), *loss_and_gradient(nets, trained), iterations)
    optimizer.begin(state)
    for trial in range(iterations + 1):
        state.step = trial
        norm = np.abs(state.gradient).max(axis=1, initial=0.0)
        lost = ~(np.isfinite(state.loss) & np.isfinite(norm))
        arrived = norm <= tolerance
        stuck = optimizer.stuck(state)
        done = arrived | stuck | lost | (trial == iterations) | (time.monotonic() > end)
        if done.any():
            out = moving[done]
            ends[out], losses[out], norms[out] = state.parameters[done], state.loss[done], norm[done]
            taken[out] = trial
            codes[out] = np.where(lost, 3, np.where(arrived, 0, np.where(stuck, 1, 2)))[done]
            moving = moving[~done]
            state.keep(~done)
            if not len(moving):
                break
        proposed = optimizer.propose(state)
        optimizer.take(state, proposed, *loss_and_gradient(nets.at(proposed), trained))
    return Trained(nets.at(ends), losses, norms, taken, codes)
