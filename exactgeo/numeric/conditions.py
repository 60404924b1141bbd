"""The local minimum conditions of one hidden layer, over many networks at once, with margins.

For neuron i let ``phi_i(u) = sum_t r_t a'(z_it; <u, x_t>)``, r the loss derivative at the predictions and T the trained
directions of ``w~_i = (w_i, b_i)``. The point is a local minimum iff ``sum_t r_t = 0`` (c trained) and, for every i,

* ``phi_i(w~_i) = 0`` when v is trained (``w~_i`` keeps all of neuron i's kinks, so the condition on
  ``T + span{w~_i}`` splits into this and the next one);
* ``sign(v_i) phi_i >= 0`` on T when ``v_i != 0``; ``phi_i = 0`` on T when ``v_i = 0`` and v is trained.

phi_i is linear on the cones that neuron i's kink points cut T into, so it is tested on the common kernel of these
points (both ways) and on the rays. Kernel and rays depend on the data alone: they are exact
(:mod:`~exactgeo.numeric.kinks`). Everything else is float64 with a bound on its rounding error.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactgeo.errors import InternalError
from exactgeo.frozen import dataclass
from exactgeo.numeric.criterion import CODES, NumericCriterion, NumericStatus
from exactgeo.numeric.kinks import KinkDirections, alike
from exactgeo.numeric.layers import Bools, Floats, Layers
from exactgeo.numeric.rounding import UNIT, exactly_zero, grid, in_range
from exactgeo.numeric.tested import Phi, Tested
from exactgeo.problem import scope

__all__ = ["criterion"]


@dataclass(frozen=True, eq=False)
class _Forward:
    """One forward pass: parameters, pre-activations and predictions with the sums that bound their errors.

    Attributes
    ----------
    w : shape (N, n, d), or d + 1 with the bias
    v : shape (N, n)
    c : shape (N,) or None
    z, act : shape (N, n, m); ``size`` sums the absolute terms of z
    kinks, doubtful : bool, shape (N, n, m)
    e, e_err : p - y and a bound on its error, shape (N, m)
    unit : rounding error relative to a sum of absolute terms
    """

    w: Floats
    v: Floats
    c: Floats | None
    z: Floats
    size: Floats
    act: Floats
    kinks: Bools
    doubtful: Bools
    e: Floats
    e_err: Floats
    unit: float


@dataclass(frozen=True, eq=False)
class _Sums:
    """What must be 0 when c and v are trained: ``sum_t e_t``, shape (N,), and ``phi_i(w~_i)``, (N, n); errors."""

    total: Floats
    total_err: Floats
    radial: Floats
    radial_err: Floats


@dataclass(frozen=True, eq=False)
class _Move:
    """The move of each network along which the loss most surely falls.

    Attributes
    ----------
    index : int, shape (N,)
        0: c; from 1: v_i; from 1 + n: w~_i; from 1 + 2 n: w~_i and v_i, at second order.
    gain : how surely, units of e
    second : bool, the last kind
    """

    index: NDArray[np.intp]
    gain: Floats
    second: Bools


class _Conditions:
    """One call: the data, what is trained, and the kink directions met so far."""

    def __init__(self, nets: Layers, curvature: float, kink_tolerance: float, margin: float, max_rays: int) -> None:
        self.kink_tolerance, self.margin = kink_tolerance, margin
        self.bias, self.out_bias = nets.network.hidden_bias[0], nets.network.output_bias
        self.x = np.hstack([nets.x, np.ones((len(nets.x), 1))]) if self.bias else nets.x
        # Conditions are tested on e = p - y; r = factor * e. Dividing each r_t by m would lose exact zeros.
        self.y, self.factor = nets.loss_form.centre[0], curvature / nets.divisor
        self.slopes, (self.activation, _) = nets.slopes, nets.activation_forms()
        self.steepest = max(map(abs, self.slopes))
        train = nets.train
        flags = [train.hidden[0]] * nets.x.shape[1] + [train.hidden_bias[0]] * self.bias
        self.columns = np.flatnonzero(flags)
        self.xt = np.ascontiguousarray(self.x[:, self.columns])
        self.v_trained, self.c_trained = train.output, train.output_bias and self.out_bias
        self.safe_data = bool(in_range(np.concatenate([self.x.ravel(), self.y, np.array(self.slopes)])[None])[0])
        self.directions = KinkDirections(self.xt, max_rays)

    def run(self, nets: Layers) -> NumericCriterion:
        """One slice of networks."""
        forward = self._forward(nets)
        sums = self._sums(forward)
        tested = self._tested(forward)
        move = self._move(forward, sums, tested)
        codes = self._codes(nets, forward, sums, tested, move)
        descent = codes == CODES[NumericStatus.DESCENT]
        examined = codes != CODES[NumericStatus.BUDGET]
        least_slack = np.where(codes == CODES[NumericStatus.HOLDS], tested.slack.min(axis=1, initial=np.inf), np.nan)
        off = np.where(forward.kinks, np.inf, np.abs(forward.z)).reshape(len(nets), -1 if len(nets) else 0)
        return NumericCriterion(
            networks=nets,
            kink_tolerance=self.kink_tolerance,
            margin=self.margin,
            codes=codes,
            sum_r=sums.total * self.factor,
            radial=sums.radial * self.factor,
            linear=tested.linear * self.factor,
            least_ray=tested.least_ray * self.factor,
            least_derivative=self._least_derivative(sums, tested) * self.factor,
            slack=np.where(descent, move.gain * self.factor, least_slack),
            kink_margin=off.min(axis=1, initial=np.inf),
            kinks=forward.kinks,
            doubtful=forward.doubtful,
            candidates=~descent & examined & self._near(sums, tested),
            second_order=move.second & descent,
            descents=self._descents(nets, forward, sums, tested, move, descent),
        )

    # -- what is computed ---------------------------------------------------------------------------------

    def _forward(self, nets: Layers) -> _Forward:
        count, n, m, width = len(nets), nets.network.widths[0], len(self.x), self.x.shape[1]
        w, b, c = nets.weights(0), nets.biases(0), nets.biases(1)
        if b is not None:
            w = np.concatenate([w, b[:, :, None]], axis=2)
        v = nets.weights(1)[:, 0]
        flat = np.ascontiguousarray(w).reshape(count * n, width)
        z = (flat @ self.x.T).reshape(count, n, m)
        size = (np.abs(flat) @ np.abs(self.x.T)).reshape(count, n, m)
        # Generous: a dot product of k terms errs by at most k units of its absolute terms; inputs may be rounded too.
        unit = UNIT * 2 * (width + n + m + 8)
        right, left = self.slopes
        kinks = (np.abs(z) <= np.maximum(self.kink_tolerance, unit * size)) & (right != left)
        doubtful = kinks.copy()
        i, u, t = np.nonzero(kinks)
        doubtful[i, u, t] = ~(exactly_zero(w[i, u], self.x[t]) & ~nets.rounded[i])

        act = self.activation.value(z)
        e = np.einsum("ni,nim->nm", v, act) - self.y
        e_size = np.einsum("ni,nim->nm", np.abs(v), size) * self.steepest + np.abs(self.y)
        if c is not None:
            e += c
            e_size += np.abs(c)
        return _Forward(w, v, c, z, size, act, kinks, doubtful, e, unit * e_size + unit * np.abs(e), unit)

    def _sums(self, forward: _Forward) -> _Sums:
        return _Sums(
            forward.e.sum(axis=1),
            forward.e_err.sum(axis=1),
            np.einsum("nim,nm->ni", forward.act, forward.e),
            self.steepest * np.einsum("nim,nm->ni", forward.size, forward.e_err),
        )

    def _tested(self, forward: _Forward) -> Tested:
        """phi of every neuron over the kernel and the rays of its kink points, neurons taken by kink pattern."""
        (count, n, m), (right, left), trained = forward.z.shape, self.slopes, len(self.columns)
        tested = Tested(count, n, trained)
        # A frozen output weight of 0 leaves the neuron without any condition.
        active = (forward.v != 0) | self.v_trained
        tested.holds[~active] = True
        tested.near[~active] = True
        if not trained:
            tested.holds[:] = tested.near[:] = True
            return tested
        slope = np.where(forward.kinks, 0.0, np.where(forward.z >= 0, right, left))
        linear = (slope * forward.e[:, None, :]).reshape(count * n, m) @ self.xt
        size = self.steepest * (forward.e_err @ np.abs(self.xt))
        kinks, doubtful = forward.kinks.reshape(count * n, m), forward.doubtful.reshape(count * n, m)
        outer = forward.v.reshape(count * n)
        for neurons in alike(kinks, np.flatnonzero(active.reshape(count * n))):
            points = kinks[neurons[0]]
            directions = self.directions(points)
            if directions is None:
                tested.over.reshape(-1)[neurons] = True
                continue
            unit = np.vstack(directions)
            net = neurons // n
            reach = self.xt[points] @ unit.T
            reach[:, : len(directions.kernel)] = 0.0
            residual = forward.e[net][:, points]
            value = linear[neurons] @ unit.T + residual @ (np.where(reach >= 0, right, left) * reach)
            error = size[net] @ np.abs(unit.T)
            # A doubtful kink may have either slope along u: the worse of the two, above and below.
            swing = np.where(doubtful[neurons][:, points], residual * (left - right), 0.0)
            high = value + np.maximum(swing, 0.0) @ np.abs(reach) + error
            low = value + np.minimum(swing, 0.0) @ np.abs(reach) - error
            unsure = np.asarray(doubtful[neurons].any(axis=1))
            phi = Phi(directions, value, error, high, low, outer[neurons], unsure)
            tested.record(neurons, phi, self.margin, self.factor)
        return tested

    # -- what is said -------------------------------------------------------------------------------------

    def _move(self, forward: _Forward, sums: _Sums, tested: Tested) -> _Move:
        count, n = forward.v.shape
        never = np.full((count, n), -np.inf)
        gain_c = np.abs(sums.total) - sums.total_err if self.c_trained else np.full(count, -np.inf)
        gain_v = np.abs(sums.radial) - sums.radial_err if self.v_trained else never
        first = np.where(forward.v != 0, tested.gain, -np.inf)
        second = np.where(forward.v == 0, tested.gain, -np.inf)
        gains = np.concatenate([gain_c[:, None], gain_v, first], axis=1)
        index = gains.argmax(axis=1)
        gain = gains[np.arange(count), index]
        # The second-order descent only where no first-order one decides.
        greatest = second.max(axis=1, initial=-np.inf)
        late = ~(gain * self.factor > self.margin) & (greatest * self.factor > self.margin)
        if n:
            index = np.where(late, 1 + 2 * n + second.argmax(axis=1), index)
            gain = np.where(late, greatest, gain)
        return _Move(index, gain, late)

    def _codes(self, nets: Layers, forward: _Forward, sums: _Sums, tested: Tested, move: _Move) -> NDArray[np.int8]:
        safe = in_range(nets.parameters) & self.safe_data
        descent = (move.gain * self.factor > self.margin) & safe
        holds = safe & ~nets.rounded & tested.holds.all(axis=1)
        if self.c_trained:
            holds &= sums.total == 0
        if self.v_trained:
            holds &= (sums.radial == 0).all(axis=1)
        some = np.flatnonzero(holds)
        if len(some):
            holds[some] = self._unrounded(forward, sums, tested, some)
        says = np.where(holds, CODES[NumericStatus.HOLDS], CODES[NumericStatus.CLOSE])
        says = np.where(tested.over.any(axis=1), CODES[NumericStatus.BUDGET], says)
        return np.where(descent, CODES[NumericStatus.DESCENT], says).astype(np.int8)

    def _unrounded(self, forward: _Forward, sums: _Sums, tested: Tested, some: NDArray[np.intp]) -> Bools:
        """Whether the sums of some networks cannot have rounded: multiples of a power of two, below 2^53 of it."""
        # Magnitudes from the error bounds, which are ``unit`` times at least the sum of the absolute terms.
        unit = forward.unit
        grid_x, grid_slope = int(grid(self.x.ravel())), int(grid(np.array(self.slopes)))
        flat = np.ascontiguousarray(forward.w).reshape(len(forward.w), -1)
        grid_act = grid(flat[some]) + grid_x + grid_slope
        grid_e = np.minimum(grid(forward.v[some]) + grid_act, int(grid(self.y)))
        if forward.c is not None:
            grid_e = np.minimum(grid_e, grid(forward.c[some]))
        exact: Bools = np.ldexp(sums.total_err[some] / unit, -grid_e) < 2.0**53
        if self.v_trained:
            largest = sums.radial_err[some].max(axis=1, initial=0.0) / unit
            exact &= np.ldexp(largest, -(grid_e + grid_act)) < 2.0**53
        largest = tested.span[some].max(axis=1, initial=0.0) / unit
        exact &= np.ldexp(largest, -(grid_e + grid_slope + grid_x)) < 2.0**53
        return exact

    def _near(self, sums: _Sums, tested: Tested) -> Bools:
        """Nothing fails by more than the margin when the doubtful kinks are taken as placed."""
        limit = self.margin / self.factor
        near: Bools = np.asarray(tested.near.all(axis=1))
        if self.c_trained:
            near &= np.abs(sums.total) <= limit
        if self.v_trained:
            near &= np.abs(sums.radial).max(axis=1, initial=0.0) <= limit
        return near

    def _least_derivative(self, sums: _Sums, tested: Tested) -> Floats:
        least: Floats = tested.least_derivative.min(axis=1, initial=np.inf)
        if self.c_trained:
            least = np.minimum(least, -np.abs(sums.total))
        if self.v_trained:
            least = np.minimum(least, -np.abs(sums.radial).max(axis=1, initial=0.0))
        return least

    def _descents(
        self, nets: Layers, forward: _Forward, sums: _Sums, tested: Tested, move: _Move, descent: Bools
    ) -> Floats:
        """The moves of the networks that descend as rows of parameters."""
        count, n, width = forward.w.shape
        move_w, move_v, move_c = np.zeros((count, n, width)), np.zeros((count, n)), np.zeros(count)
        chosen = np.flatnonzero(descent)
        kind = move.index[chosen]
        at = chosen[kind == 0]
        move_c[at] = -np.sign(sums.total[at])
        inside = (kind > 0) & (kind <= n)
        at, unit = chosen[inside], kind[inside] - 1
        move_v[at, unit] = -np.sign(sums.radial[at, unit])
        inside = kind > n
        at, unit = chosen[inside], (kind[inside] - 1 - n) % max(n, 1)
        move_w[at[:, None], unit[:, None], self.columns] = tested.direction[at, unit]
        # Second order: along (s u, s kappa) the sum of e^2 changes by s^2 (2 kappa phi(u) + kappa^2 sum a^2) + O(s^3).
        late = kind > 2 * n
        at, unit = chosen[late], kind[late] - 1 - 2 * n
        phi, square = tested.phi[at, unit], (forward.act[at, unit] ** 2).sum(axis=1)
        move_v[at, unit] = -np.where(square > 0, phi / (2 * np.where(square > 0, square, 1.0)), np.sign(phi))
        d = nets.x.shape[1]
        return nets.flatten(
            [move_w[:, :, :d], move_v[:, None, :]],
            [move_w[:, :, d] if self.bias else None, move_c[:, None] if self.out_bias else None],
        )


def criterion(nets: Layers, *, kink_tolerance: float, margin: float, max_rays: int) -> NumericCriterion:
    """See :meth:`NumericNetworks.criterion`."""
    curvature = nets.loss_form.curvature
    outside = scope.numeric_conditions(nets.network, nets.loss, quadratic=curvature is not None)
    if outside is not None or curvature is None:
        raise outside or InternalError("a loss without curvature is in scope")
    call = _Conditions(nets, curvature, kink_tolerance, margin, max_rays)
    with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
        parts = [call.run(nets[part]) for part in nets.slices()] or [call.run(nets)]
    fields = [name for name in NumericCriterion.__dataclass_fields__ if isinstance(getattr(parts[0], name), np.ndarray)]
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in fields}
    return NumericCriterion(networks=nets, kink_tolerance=kink_tolerance, margin=margin, **joined)
