"""Optimizers of many networks at once against plain loops; initialisations; stationarity; shares."""

from __future__ import annotations

import math
from fractions import Fraction as F

import numpy as np
import pytest
from losses import loss_names, named, targets

from exactgeo.errors import InputError
from exactgeo.losses import make_loss
from exactgeo.numeric import (
    INITIALISATIONS,
    OPTIMIZERS,
    DescentStatus,
    NumericNetworks,
    descend,
    random_starts,
    train,
)
from exactgeo.numeric.classification import Closeness, closest, clusters
from exactgeo.numeric.optimizers import LBFGS, Adam, Backtracking, GradientDescent, State
from exactgeo.numeric.proportions import proportion_of
from exactgeo.numeric.stationarity import least_combination, stationarity

X, Y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]


def networks(count, *, width=2, seed=0, loss=None, y=Y, slopes=(1.0, 0.0), reduction="mean"):
    zero = np.zeros
    nets = NumericNetworks.from_arrays(
        zero((1, width, 2)), zero((1, width)), zero((1, width)), zero(1), x=X, y=y, loss=loss, slopes=slopes, reduction=reduction
    )  # fmt: skip
    return random_starts(nets, count, seed=seed)


def test_refusals():
    nets = networks(2)
    for call in (
        lambda: random_starts(nets, 2, seed=0, init="xavier"),
        lambda: random_starts(nets, 2, seed=0, bias_scale=-1.0),
        lambda: random_starts(nets, 2, seed=0, mean=math.inf),
        lambda: train(nets, Adam(), iterations=-1),
        lambda: train(nets, Adam(), gradient_tolerance=-1.0),
        lambda: stationarity(nets, radius=-1.0),
        lambda: Closeness(loss=0.0),
        lambda: Closeness(slope=-1.0),
    ):
        with pytest.raises(InputError):
            call()
    with pytest.raises(InputError, match="optimizer: got an ABCMeta"):
        train(nets, Adam)


# -- initialisations ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("init", INITIALISATIONS)
def test_moments_of_each_layer_are_those_of_the_literature(init):
    zero = np.zeros
    shapes = [zero((1, 9, 4)), zero((1, 1, 9))], [zero((1, 9)), zero((1, 1))]
    nets = NumericNetworks.from_layers(*shapes, x=zero((1, 4)), y=[0])
    many = random_starts(nets, 4000, seed=1, init=init)
    variance = {
        "gaussian": lambda i, u: 1,
        "lecun": lambda i, u: 1 / i,
        "glorot": lambda i, u: 2 / (i + u),
        "he": lambda i, u: 2 / i,
        "uniform": lambda i, u: 1 / 3,
    }[init]
    for layer, (inputs, units) in enumerate(((4, 9), (9, 1))):
        weights, bias = many.weights(layer), many.biases(layer)
        assert abs(weights.var() / variance(inputs, units) - 1) < 0.05
        assert abs(weights.mean()) < 0.03
        assert (bias == 0).all() if init in ("lecun", "glorot", "he") else bias.std() > 0.5
    assert INITIALISATIONS[init].spherical == (init == "gaussian")


def test_scales_means_and_frozen_blocks():
    nets = networks(1)
    one = random_starts(nets, 500, seed=3, scale=2.0, bias_scale=0.5, mean=-10.0)
    assert abs(one.weights(0).mean() + 10) < 0.3
    assert abs(one.weights(0).std() - 2) < 0.2
    assert abs(one.biases(0).std() - 0.5) < 0.1
    assert abs(one.biases(0).mean()) < 0.1
    frozen = NumericNetworks.from_arrays([[[1, 2]]], [[3]], [[4]], [5], x=X, y=Y, train=None)
    frozen = NumericNetworks.from_arrays(
        [[[1, 2]]], [[3]], [[4]], [5], x=X, y=Y, train=type(frozen.train)((True,), (False,), False, True)
    )
    some = random_starts(frozen, 3, seed=0)
    assert (some.weights(1) == 3).all()
    assert (some.biases(0) == 4).all()
    assert len(np.unique(some.weights(0))) == 6


def test_a_generator_called_again_goes_on_where_it_was():
    nets = networks(1)
    whole = random_starts(nets, 7, seed=11).parameters
    generator = np.random.default_rng(11)
    parts = [random_starts(nets, k, seed=generator).parameters for k in (3, 4)]
    assert np.array_equal(np.concatenate(parts), whole)


# -- optimizers --------------------------------------------------------------------------------------------------------


def gradient(theta):
    """Mean squared loss of two ReLU units with biases, in plain Python: loss and gradient, left slope on a kink."""
    w, b, v, c = theta[:4], theta[4:6], theta[6:8], theta[8]
    slope, loss = [0.0] * 9, 0.0
    for (x1, x2), y in zip(X, Y, strict=True):
        z = [w[0] * x1 + w[1] * x2 + b[0], w[2] * x1 + w[3] * x2 + b[1]]
        r = sum(vi * max(zi, 0.0) for vi, zi in zip(v, z, strict=True)) + c - y
        loss += r * r / 4
        for i in range(2):
            if z[i] > 0:
                for j, x in enumerate((x1, x2)):
                    slope[2 * i + j] += r * v[i] * x / 2
                slope[4 + i] += r * v[i] / 2
                slope[6 + i] += r * z[i] / 2
        slope[8] += r / 2
    return loss, slope


def plain_descent(theta, rate, steps):
    for _ in range(steps):
        theta = [q - rate * g for q, g in zip(theta, gradient(theta)[1], strict=True)]
    return theta


def plain_adam(theta, rate, steps):
    m, u = [0.0] * 9, [0.0] * 9
    for t in range(1, steps + 1):
        g = gradient(theta)[1]
        m = [0.9 * a + 0.1 * q for a, q in zip(m, g, strict=True)]
        u = [0.999 * a + 0.001 * q * q for a, q in zip(u, g, strict=True)]
        theta = [
            q - rate * (a / (1 - 0.9**t)) / (math.sqrt(s / (1 - 0.999**t)) + 1e-8)
            for q, a, s in zip(theta, m, u, strict=True)
        ]
    return theta


@pytest.mark.parametrize(
    ("optimizer", "plain"), [(GradientDescent(0.05), plain_descent), (Adam(0.01), plain_adam)], ids=["gd", "adam"]
)
def test_the_vectorised_run_is_the_plain_loop(optimizer, plain):
    nets = networks(6, seed=2)
    end = train(nets, optimizer, iterations=200, gradient_tolerance=0.0)
    for row, start in zip(end.networks.parameters, nets.parameters.tolist(), strict=True):
        theta = plain(start, optimizer.rate, 200)
        assert np.abs(row - theta).max() < 1e-9
    assert end.iterations.tolist() == [200] * 6


@pytest.mark.parametrize("kind", OPTIMIZERS.values(), ids=list(OPTIMIZERS))
def test_where_a_network_goes_does_not_depend_on_its_neighbours(kind):
    nets = networks(5, seed=4)
    together = train(nets, kind(rate=0.02), iterations=60)
    for k in range(5):
        alone = train(nets[k : k + 1], kind(rate=0.02), iterations=60)
        assert np.allclose(alone.networks.parameters[0], together.networks.parameters[k], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kind", OPTIMIZERS.values(), ids=list(OPTIMIZERS))
def test_frozen_parameters_stay_and_a_linear_model_is_fitted(kind):
    data, targets = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [1.0, 2.0, 3.5]
    nets = NumericNetworks.from_layers([[[[0.0, 0.0]]]], [[[0.25]]], x=data, y=targets, reduction="mean")
    frozen = NumericNetworks.from_layers(
        [[[[0.0, 0.0]]]], [[[0.25]]], x=data, y=targets, reduction="mean", train=type(nets.train)((), (), True, False)
    )
    end = train(frozen, kind(rate=0.1), iterations=5000)
    best, *_ = np.linalg.lstsq(np.array(data), np.array(targets) - 0.25, rcond=None)
    assert end.networks.biases(0).tolist() == [[0.25]]
    assert np.abs(end.networks.weights(0)[0, 0] - best).max() < 1e-5


def test_a_smooth_valley_and_a_kink_for_lbfgs():
    # |w - 1| + ... on a kink: the absolute loss has no gradient there.
    nets = NumericNetworks.from_layers(
        [[[[3.0]], [[-2.0]]][0:1]], [None], x=[[1.0]], y=[1.0], loss=make_loss("absolute")
    )
    end = train(nets, LBFGS(), iterations=500)
    assert end.losses[0] < 1e-9
    ends = train(networks(200, seed=6), LBFGS(), iterations=3000)
    assert {str(ends.status(k)) for k in range(200)} <= {str(DescentStatus.GRADIENT), str(DescentStatus.STEP)}


def test_cooling_brings_a_network_on_a_kink_to_rest():
    nets = NumericNetworks.from_layers([[[[3.0]]]], [None], x=[[1.0]], y=[1.0], loss=make_loss("absolute"))
    for kind in (GradientDescent, Adam):
        warm = train(nets, kind(0.3), iterations=400).losses[0]
        cool = train(nets, kind(0.3, 0.5), iterations=400).losses[0]
        assert cool < 1e-7 < warm


def test_a_rate_that_is_too_large_ends_beyond_the_floats_and_says_so():
    end = train(networks(3), GradientDescent(1e6), iterations=500)
    assert [str(end.status(k)) for k in range(3)] == [str(DescentStatus.OVERFLOW)] * 3


def test_descend_is_backtracking():
    nets = networks(4, seed=9)
    one, other = descend(nets, iterations=300, first_step=0.2), train(nets, Backtracking(0.2), iterations=300)
    assert np.array_equal(one.networks.parameters, other.networks.parameters)


def test_lbfgs_forgets_its_pairs_where_no_step_is_found_and_is_stuck_where_there_were_none():
    state = State(np.zeros((2, 1)), np.ones(2), np.array([[2.0], [2.0]]), 5)
    optimizer = LBFGS()
    optimizer.begin(state)
    state.memory["pairs"][:] = (1, 0)
    state.memory["direction"][:] = -3.0
    state.memory["long"][:] = state.memory["step"][:] = 2.0**-70
    optimizer.take(state, optimizer.propose(state), np.full(2, 7.0), np.ones((2, 1)))
    assert optimizer.stuck(state).tolist() == [False, True]
    assert state.memory["direction"][0] == -2.0
    assert (state.memory["short"][0], state.memory["long"][0]) == (0, np.inf)
    assert state.memory["pairs"].tolist() == [0, 0]
    assert (state.parameters == 0).all()


def test_networks_that_have_ended_leave_the_memory():
    state = State(np.eye(3), np.arange(3.0), np.eye(3), 5)
    optimizer = LBFGS()
    optimizer.begin(state)
    state.keep(np.array([True, False, True]))
    assert {len(array) for array in state.memory.values()} == {2}
    assert state.loss.tolist() == [0.0, 2.0]


@pytest.mark.parametrize("name", loss_names())
def test_every_loss_is_trained(name):
    loss = named(name)
    outputs = 3 if loss.classes else 1
    y = [0, 1, 2, 2] if loss.classes else [float(q) for q in targets(name, [F(0), F(1), F(1), F(1)])]
    weights, bias = np.full((1, outputs, 2), 0.3), np.full((1, outputs), -0.2)
    nets = NumericNetworks.from_layers([weights], [bias], x=X, y=y, loss=loss)
    begin = nets.losses()[0]
    for kind in OPTIMIZERS.values():
        assert train(nets, kind(rate=0.01), iterations=50).losses[0] < begin


# -- stationarity ------------------------------------------------------------------------------------------------------


def test_least_combination_is_one_and_no_longer_than_the_shortest_row():
    rng = np.random.default_rng(0)
    for _ in range(200):
        vectors = rng.integers(-3, 4, (rng.integers(1, 9), rng.integers(1, 5))).astype(float)
        found = least_combination(vectors)
        assert found @ found <= (vectors**2).sum(axis=1).min() + 1e-12
        # KKT of the least one: <found, v> >= <found, found> for every row v.
        assert (vectors @ found >= found @ found - 1e-6).all()


def test_stationarity_tells_a_kink_minimum_from_a_kink_on_the_way():
    # |x w| at targets 1 and -1 with weights 1 and 2: (w - 1) and 2 (w + 1) by the absolute loss; the minimum is w = -1.
    nets = NumericNetworks.from_layers(
        [[[[-1.0]], [[1.0]], [[-1.0]], [[0.3]]]], [None], x=[[1.0], [2.0]], y=[1.0, -2.0], loss=make_loss("absolute")
    )
    found = stationarity(nets)
    assert found[0] < 1e-6
    assert found[2] < 1e-6
    assert min(found[1], found[3]) > 0.5


def test_classification():
    losses = np.array([1.0 + 5e-7, 1.0 + 5e-6, np.inf, np.nan, 2.0])
    assert closest(losses, [1.0, 2.0], Closeness()).tolist() == [0, -1, -1, -1, 1]
    assert closest(np.array([1.0]), [1.0, 1.0 + 1e-7], Closeness()).tolist() == [-1]
    assert closest(losses, [], Closeness()).tolist() == [-1] * 5
    assert clusters(np.zeros(0), Closeness()) == []
    assert clusters(np.array([3.0, 1.0, 1.0 + 5e-7, 3.0]), Closeness()) == [(1.0, 2), (3.0, 2)]


# -- shares ------------------------------------------------------------------------------------------------------------


def tail(n, k, p):
    """P[X >= k] of n trials with probability p, exactly."""
    return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))


@pytest.mark.parametrize(("count", "total"), [(0, 1), (1, 1), (0, 40), (3, 40), (20, 40), (40, 40), (7, 100)])
def test_intervals_are_those_of_clopper_and_pearson_rounded_outward(count, total):
    one, half, grid = proportion_of(count, total), F(1, 40), F(1, 10**4)
    assert one.ratio == F(count, total)
    if count:
        assert tail(total, count, one.low) <= half <= tail(total, count, one.low + grid)
    else:
        assert one.low == 0
    if count < total:
        assert 1 - tail(total, count + 1, one.high) <= half <= 1 - tail(total, count + 1, one.high - grid)
    else:
        assert one.high == 1
