"""How far from stationary a network is, on a kink or not: the least convex combination of gradients around it.

At a local minimum 0 is a convex combination of limits of gradients (Clarke). Sampled in a small box around the point
(Burke, Lewis, Overton 2005) they are the gradients of the cells that meet there; the combination is proposed by
non-negative least squares, and its norm computed from the weights it really has.
"""

from __future__ import annotations

import numpy as np

from exactgeo.errors import expect_type
from exactgeo.numeric.constructors import at_least_0
from exactgeo.numeric.evaluation import loss_and_gradient
from exactgeo.numeric.layers import Floats
from exactgeo.numeric.networks import NumericNetworks

__all__ = ["least_combination", "stationarity"]

SAMPLES = 2
"""Gradients sampled a parameter, and as many more."""


def stationarity(nets: NumericNetworks, *, radius: float = 1e-7, enough: float = 1e-7, seed: int = 0) -> Floats:
    """The norm of a small convex combination of gradients within ``radius`` of each network, shape (N,).

    Parameters
    ----------
    nets : NumericNetworks
    radius : float
        Half the side of the box, relative to the largest parameter or 1.
    enough : float
        Where the gradient itself has no larger entry, nothing is sampled.
    seed : int

    Returns
    -------
    float64, shape (N,)
        The greatest entry of the combination; NaN where it overflows. Numeric: a small one says that the point is
        nearly stationary, not that it is a minimum. Cost: for each network that needs it 2 P + 2 gradients and one
        problem of non-negative least squares, P x (2 P + 2).

    Examples
    --------
    At the kink of ``|w - 1|`` no gradient is small, but a combination is.

    >>> from exactgeo.losses import make_loss
    >>> nets = NumericNetworks.from_layers([[[[1]]], ], [None], x=[[1]], y=[1], loss=make_loss("absolute"))
    >>> bool(stationarity(nets)[0] < 1e-9)
    True
    """
    expect_type(nets, NumericNetworks, "nets", "one that a from_* constructor makes")
    at_least_0(radius, "radius")
    trained = nets.trained()
    columns = np.flatnonzero(trained)
    found = np.zeros(len(nets))
    generator = np.random.default_rng(seed)
    count = SAMPLES * (len(columns) + 1)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for part in nets.slices():
            some = nets[part]
            _, gradient = loss_and_gradient(some, trained)
            found[part] = np.abs(gradient).max(axis=1, initial=0.0)
            for index in np.flatnonzero(found[part] > enough):
                # One box for the network alone: what is drawn does not depend on the networks beside it.
                row = some.parameters[index]
                reach = radius * max(1.0, float(np.abs(row).max(initial=0.0)))
                around = np.repeat(row[None], count + 1, axis=0)
                around[1:, columns] += generator.uniform(-reach, reach, (count, len(columns)))
                _, gradients = loss_and_gradient(some.at(around), trained)
                if np.isfinite(gradients).all():
                    norm = np.abs(least_combination(gradients[:, columns])).max(initial=0.0)
                    found[part.start + index] = min(found[part.start + index], float(norm))
    return found


def least_combination(vectors: Floats) -> Floats:
    """A convex combination of the rows of small Euclidean norm, near the least one.

    What non-negative least squares proposes is not believed: the combination is computed from its weights, and counts
    only where it is shorter than the shortest row.
    """
    from scipy.optimize import nnls

    shortest: Floats = vectors[np.einsum("np,np->n", vectors, vectors).argmin()]
    size = float(np.abs(vectors).max(initial=0.0))
    if not size:
        return shortest
    # The weights add up to 1: one more equation, as long as the others.
    matrix = np.vstack([vectors.T / size, np.ones(len(vectors))])
    goal = np.zeros(len(matrix))
    goal[-1] = 1.0
    try:
        weights, _ = nnls(matrix, goal)
    except RuntimeError:
        # Out of iterations.
        return shortest
    weights = np.maximum(weights, 0.0)
    if not weights.sum() > 0:
        return shortest
    found: Floats = weights @ vectors / weights.sum()
    return found if found @ found < shortest @ shortest else shortest
