"""How training begins: the distributions that random starts are drawn from, by name."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np

from exactgeo.errors import InputError, expect_type
from exactgeo.frozen import dataclass
from exactgeo.numeric.constructors import at_least_0
from exactgeo.numeric.layers import Block, Floats
from exactgeo.numeric.networks import NumericNetworks

__all__ = ["INITIALISATIONS", "Initialisation", "draws", "random_starts"]


@dataclass(frozen=True)
class Initialisation:
    """A distribution of the weights of a layer; every entry is independent of all others.

    Attributes
    ----------
    name : str
    uniform : bool
        Uniform on [-s, s] with s the size; else Gaussian with standard deviation s.
    size : callable (inputs, units) -> float
        Of the weights of a layer.
    bias : float
        Size of the biases.
    spherical : bool
        Whether each neuron's vector, its bias included, is spherically symmetric whatever the sizes of the layers:
        Assumption 1 of Safran and Shamir, On the Quality of the Initial Basin in Overspecified Neural Networks.
    """

    name: str
    uniform: bool
    size: Callable[[int, int], float]
    bias: float
    spherical: bool


INITIALISATIONS: dict[str, Initialisation] = {
    entry.name: entry
    for entry in (
        Initialisation("gaussian", False, lambda inputs, units: 1.0, 1.0, True),
        Initialisation("lecun", False, lambda inputs, units: sqrt(1 / inputs), 0.0, False),
        Initialisation("glorot", True, lambda inputs, units: sqrt(6 / (inputs + units)), 0.0, False),
        Initialisation("he", False, lambda inputs, units: sqrt(2 / inputs), 0.0, False),
        Initialisation("uniform", True, lambda inputs, units: 1.0, 1.0, False),
    )
}
"""LeCun et al. 1998 (normal), Glorot and Bengio 2010 (uniform), He et al. 2015 (normal): biases 0, as in Keras.

``gaussian`` is the one that satisfies Assumption 1."""


def random_starts(
    nets: NumericNetworks,
    count: int,
    *,
    seed: int | np.random.Generator,
    init: str = "gaussian",
    scale: float = 1.0,
    bias_scale: float | None = None,
    mean: float = 0.0,
) -> NumericNetworks:
    """``count`` networks whose trained entries are random; frozen ones are those of the first network.

    Parameters
    ----------
    nets : NumericNetworks
        At least one network.
    count : int
    seed : int or numpy Generator
        One generator, called again and again, gives the networks of one call with the sum of the counts.
    init : str
        A name of :data:`INITIALISATIONS`.
    scale : float
        What every weight and bias of the distribution is multiplied with.
    bias_scale : float, optional
        Standard deviation (or half width) of the biases, in place of the distribution's; not multiplied with ``scale``.
    mean : float
        What is added to every weight.

    Raises
    ------
    InputError
        No network, a name that is none, a count or a scale below 0, or draws that leave the range of floats.

    Examples
    --------
    >>> nets = NumericNetworks.from_arrays([[[0]]], [[0]], [[0]], x=[[1]], y=[1])
    >>> random_starts(nets, 2, seed=0, init="he").parameters.shape
    (2, 3)
    """
    expect_type(nets, NumericNetworks, "nets", "one that a from_* constructor makes")
    if type(count) is not int or count < 0:
        raise InputError("count", str(count), "a whole number", "64")
    if init not in INITIALISATIONS:
        raise InputError("init", str(init), " or ".join(INITIALISATIONS), '"gaussian"')
    at_least_0(scale, "scale")
    if bias_scale is not None:
        at_least_0(bias_scale, "bias_scale")
    if not len(nets):
        raise InputError("nets", "no network", "at least one", "a network with the frozen values")
    found = INITIALISATIONS[init]
    generator = np.random.default_rng(seed)
    with np.errstate(over="ignore", invalid="ignore"):
        drawn = draws(found, nets.blocks(), nets.parameters.shape[1], count, generator, scale, bias_scale, mean)
    if not np.isfinite(drawn).all():
        raise InputError("scale", str(scale), "draws within the range of floats", "1.0")
    return nets.at(np.where(nets.trained(), drawn, nets.parameters[:1]))


def draws(
    init: Initialisation,
    blocks: list[Block],
    parameters: int,
    count: int,
    generator: np.random.Generator,
    scale: float,
    bias_scale: float | None,
    mean: float,
) -> Floats:
    """Rows of parameters of layers of these shapes, shape (count, parameters)."""
    size, shift = np.zeros(parameters), np.zeros(parameters)
    for block in blocks:
        size[block.weights] = scale * init.size(block.inputs, block.units)
        shift[block.weights] = mean
        if block.bias is not None:
            size[block.bias] = scale * init.bias if bias_scale is None else bias_scale
    shape = (count, parameters)
    base = generator.uniform(-1.0, 1.0, shape) if init.uniform else generator.normal(0.0, 1.0, shape)
    found: Floats = base * size + shift
    return found
