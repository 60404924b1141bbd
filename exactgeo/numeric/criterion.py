"""The local minimum conditions of one hidden layer, over many networks at once, with margins.

For neuron i let ``phi_i(u) = sum_t r_t a'(z_it; <u, x_t>)``, r the loss derivative at the predictions and T the trained
directions of ``w~_i = (w_i, b_i)``. The point is a local minimum iff ``sum_t r_t = 0`` (c trained) and, for every i,

* ``phi_i(w~_i) = 0`` when v is trained (``w~_i`` keeps all of neuron i's kinks, so the condition on
  ``T + span{w~_i}`` splits into this and the next one);
* ``sign(v_i) phi_i >= 0`` on T when ``v_i != 0``; ``phi_i = 0`` on T when ``v_i = 0`` and v is trained.

phi_i is linear on the cones that neuron i's kink points cut T into, so it is tested on the common kernel of these
points (both ways) and on the rays. Kernel and rays depend on the data alone: they are computed over the integers, once
for every set of kink points that occurs. Everything else is float64 with a bound on its rounding error.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import combinations
from math import comb, gcd, lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactgeo.errors import InputError
from exactgeo.numeric.networks import Bools, Floats, NumericNetworks, activate

__all__ = ["NumericCriterion", "NumericStatus", "criterion"]

UNIT = 2.0**-53
RANGE = 2.0**100
"""Nonzero numbers outside [1/RANGE, RANGE] may underflow or overflow on the way: nothing is decided from them."""


class NumericStatus(StrEnum):
    """What floats say about a point. The values are the messages; none of them is a proof."""

    HOLDS = "numeric: conditions hold within margin"
    DESCENT = "numeric: descent direction found"
    CLOSE = "numeric: too close to call"
    BUDGET = "numeric: too many kink rays, not examined; raise max_rays"


_ORDER = (NumericStatus.HOLDS, NumericStatus.DESCENT, NumericStatus.CLOSE, NumericStatus.BUDGET)
_HOLDS, _DESCENT, _CLOSE, _BUDGET = range(4)


@dataclass(frozen=True, eq=False)
class NumericCriterion:
    """Answers of :meth:`NumericNetworks.criterion`, one entry a network. Numeric throughout: no verdict, no proof.

    HOLDS is said only when every equality is 0 in a sum that cannot have rounded (all its terms are multiples of one
    power of two, with fewer than 53 bits), every kink is exactly placed and every inequality beats the margin and its
    rounding error: expect it on hand-made or snapped points, and ``candidates`` on trained ones. DESCENT is said only
    when a derivative is below minus margin and rounding error, whichever side the doubtful kinks are on (or when phi
    at an output weight of 0 is that far from 0). All else is CLOSE.

    Attributes
    ----------
    networks : NumericNetworks
    kink_tolerance, margin : float
    codes : int8, shape (N,)
        Position of the status in :class:`NumericStatus`; see :meth:`status`.
    sum_r : shape (N,)
        Sum of the loss derivatives; must be 0 when c is trained.
    radial : shape (N, n)
        ``phi_i(w~_i)``; must be 0 when v is trained.
    linear : shape (N, n)
        Greatest ``|phi_i|`` over the tested directions on which it must be 0.
    least_ray : shape (N, n)
        Least ``sign(v_i) phi_i`` over the kink rays (of greatest entry in (1/2, 1]); infinity where there is none.
    least_derivative : shape (N,)
        Least one-sided derivative of the loss over all directions tested, unit steps in c and v_i included; infinity
        when there was none.
    slack : shape (N,)
        HOLDS: how far the nearest inequality is from failing, less rounding (infinity when there is none). DESCENT:
        how far the derivative is below 0, less rounding. NaN otherwise.
    kink_margin : shape (N,)
        Least absolute pre-activation among those not taken for kinks: moves smaller than this keep the pattern.
    kinks, doubtful : bool, shape (N, n, m)
        Pre-activations taken for kinks, and those of them that are not exactly 0.
    candidates : bool, shape (N,)
        Nothing tested fails by more than ``margin`` when the doubtful kinks are taken as placed: a nearby
        point may be a local minimum, whatever the status says of this one.
    second_order : bool, shape (N,)
        The descent is of second order, at an output weight that is 0: flat to first order.
    descents : shape (N, P)
        Descent directions, as :meth:`NumericNetworks.flatten` writes them; 0 where the status is another.
    """

    networks: NumericNetworks
    kink_tolerance: float
    margin: float
    codes: NDArray[np.int8]
    sum_r: Floats
    radial: Floats
    linear: Floats
    least_ray: Floats
    least_derivative: Floats
    slack: Floats
    kink_margin: Floats
    kinks: Bools
    doubtful: Bools
    candidates: Bools
    second_order: Bools
    descents: Floats

    def __len__(self) -> int:
        return len(self.codes)

    def status(self, index: int) -> NumericStatus:
        """What floats say about network ``index``."""
        return _ORDER[self.codes[index]]

    def where(self, status: NumericStatus) -> NDArray[np.intp]:
        """Indices of the networks with a status."""
        return np.flatnonzero(self.codes == _ORDER.index(status))

    def counts(self) -> dict[str, int]:
        """Networks by status message, zeros included."""
        return {str(status): int((self.codes == code).sum()) for code, status in enumerate(_ORDER)}

    def needs(self, index: int) -> str:
        """What a proof about network ``index`` would need."""
        status = self.status(index)
        if self.networks.rounded[index]:
            return "the rational point itself: its floats are other numbers; call exactgeo.certify on it"
        if status is NumericStatus.DESCENT:
            how = "certify(index) decides this point exactly; descents[index] is a direction to try"
            return how + (" (second order)" if self.second_order[index] else "")
        if status is NumericStatus.HOLDS:
            return f"certify(index): the same conditions over the rationals ({int(self.kinks[index].sum())} kinks)"
        if status is NumericStatus.BUDGET:
            return "a larger max_rays, or certify(index), which has no such bound"
        parts = []
        if self.doubtful[index].any():
            pairs = [f"unit {i} at x[{t}]" for i, t in np.argwhere(self.doubtful[index])[:5].tolist()]
            more = int(self.doubtful[index].sum()) - len(pairs)
            parts.append("place these kinks exactly: " + ", ".join(pairs) + (f" and {more} more" if more else ""))
        parts.append("rational coordinates at which the equalities hold exactly, then exactgeo.certify on that point")
        return "; ".join(parts)

    def to_json(self, index: int | None = None) -> dict[str, Any]:
        """Summary, or the answer about one network, as JSON values; ``status`` is always ``numeric``."""
        result: dict[str, Any] = {"status": "numeric", "kink_tolerance": self.kink_tolerance, "margin": self.margin}
        if index is None:
            return result | {"networks": len(self), "counts": self.counts(), "candidates": int(self.candidates.sum())}

        def number(value: Any) -> float | None:
            return float(value) if np.isfinite(value) else None

        return result | {
            "answer": str(self.status(index)),
            "needs": self.needs(index),
            "candidate": bool(self.candidates[index]),
            "sum_r": number(self.sum_r[index]),
            "radial": [number(q) for q in self.radial[index]],
            "linear": [number(q) for q in self.linear[index]],
            "least_ray": [number(q) for q in self.least_ray[index]],
            "least_derivative": number(self.least_derivative[index]),
            "slack": number(self.slack[index]),
            "kink_margin": number(self.kink_margin[index]),
            "kinks": np.argwhere(self.kinks[index]).tolist(),
            "doubtful_kinks": np.argwhere(self.doubtful[index]).tolist(),
            "second_order": bool(self.second_order[index]),
            "descent": self.descents[index].tolist() if self.codes[index] == _DESCENT else None,
        }


# -- kink geometry: integers only -------------------------------------------------------------------------


def _primitive(row: list[int]) -> tuple[int, ...]:
    divisor = gcd(*row)
    return tuple(q // divisor for q in row) if divisor else tuple(row)


def _kernel(rows: list[tuple[int, ...]], width: int) -> list[tuple[int, ...]]:
    """A basis of the common kernel of integer rows."""
    import flint

    if not rows:
        return [tuple(int(i == j) for j in range(width)) for i in range(width)]
    basis, nullity = flint.fmpz_mat([list(row) for row in rows]).nullspace()
    return [_primitive([int(basis[i, j]) for i in range(width)]) for j in range(nullity)]


def _scaled(rows: list[tuple[int, ...]], width: int) -> Floats:
    """Integer rows as floats, each over the power of two above its greatest entry (so the division is exact)."""
    result = [[float(Fraction(q, 1 << (max(map(abs, row)) - 1).bit_length())) for q in row] for row in rows]
    return np.array(result, dtype=np.float64).reshape(len(rows), width)


def _kink_geometry(rows: list[list[Fraction]], width: int, max_rays: int) -> tuple[Floats, Floats] | None:
    """Kernel basis and rays (both orientations) of the arrangement of ``rows``; None above the budget."""
    import flint

    integers = []
    for row in rows:
        scale = lcm(*(q.denominator for q in row))
        integers.append(_primitive([int(q * scale) for q in row]))
    distinct = sorted({max(row, tuple(-q for q in row)) for row in integers if any(row)})
    kernel = _kernel(distinct, width)
    rank = width - len(kernel)
    if rank == 0:
        return _scaled(kernel, width), np.zeros((0, width))
    if comb(len(distinct), rank - 1) > max_rays:
        return None
    # Modulo the kernel every vector is one supported on the pivot columns: there the arrangement is pointed.
    reduced, _, _ = flint.fmpz_mat([list(row) for row in distinct]).rref()
    pivots = [next(j for j in range(width) if reduced[i, j] != 0) for i in range(rank)]
    rays = set()
    for subset in combinations(distinct, rank - 1):
        line = _kernel([tuple(row[j] for j in pivots) for row in subset], rank)
        if len(line) == 1:
            ray = [0] * width
            for j, q in zip(pivots, line[0], strict=True):
                ray[j] = q
            rays |= {tuple(ray), tuple(-q for q in ray)}
    return _scaled(kernel, width), _scaled(sorted(rays), width)


# -- floats with error bounds -----------------------------------------------------------------------------


def _exactly_zero(left: Floats, right: Floats) -> Bools:
    """Whether the dot products of the rows are 0 with every product and sum exact in floats (sufficient for 0)."""
    # Dekker's product and Knuth's sum give the rounding error of each operation as a float.
    split = 134217729.0
    total = np.zeros(len(left))
    exact = np.ones(len(left), dtype=np.bool_)
    for a, b in zip(left.T, right.T, strict=True):
        product = a * b
        a_high = split * a - (split * a - a)
        b_high = split * b - (split * b - b)
        a_low, b_low = a - a_high, b - b_high
        error = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
        new = total + product
        part = new - total
        exact &= (error == 0) & ((total - (new - part)) + (product - part) == 0)
        total = new
    exact &= total == 0
    return exact


def _grid(array: Floats) -> NDArray[np.int64]:
    """Exponent of the greatest power of two that divides all entries of each row (4096 for a row of zeros)."""
    mantissa, exponent = np.frexp(array)
    bits = (mantissa * 2.0**53).astype(np.int64)
    lowest = np.frexp((bits & -bits).astype(np.float64))[1] - 54
    grid: NDArray[np.int64] = np.where(array == 0, 4096, exponent.astype(np.int64) + lowest).min(axis=-1, initial=4096)
    return grid


def _in_range(array: Floats) -> Bools:
    size = np.abs(array)
    fits: Bools = ((size == 0) | ((size >= 1 / RANGE) & (size <= RANGE))).all(axis=-1)
    return fits


class _Criterion:
    """One call: the data, what is trained, and the kink geometries met so far."""

    def __init__(self, nets: NumericNetworks, kink_tolerance: float, margin: float, max_rays: int) -> None:
        self.kink_tolerance, self.margin, self.max_rays = kink_tolerance, margin, max_rays
        self.bias, self.out_bias = nets.network.hidden_bias[0], nets.network.output_bias
        self.x = np.hstack([nets.x, np.ones((len(nets.x), 1))]) if self.bias else nets.x
        self.y = nets.y[:, 0]
        self.slopes = nets.slopes
        train = nets.train
        flags = [train.hidden[0]] * nets.x.shape[1] + [train.hidden_bias[0]] * self.bias
        self.columns = np.flatnonzero(flags)
        self.xt = np.ascontiguousarray(self.x[:, self.columns])
        self.v_trained, self.c_trained = train.output, train.output_bias and self.out_bias
        # Conditions are tested on e = p - y; r = factor * e. Dividing each r_t by m would lose exact zeros.
        self.factor = (2.0 if nets.loss.kind == "squared" else 1.0) / (
            len(self.x) if nets.loss.reduction == "mean" else 1
        )
        self.safe_data = bool(_in_range(np.concatenate([self.x.ravel(), self.y, np.array(self.slopes)])[None])[0])
        self.geometries: dict[bytes, tuple[Floats, Floats] | None] = {}

    def geometry(self, mask: Bools) -> tuple[Floats, Floats] | None:
        key = mask.tobytes()
        if key not in self.geometries:
            rows = [[Fraction(float(q)) for q in row] for row in self.xt[mask]]
            self.geometries[key] = _kink_geometry(rows, self.xt.shape[1], self.max_rays)
        return self.geometries[key]

    def run(self, nets: NumericNetworks) -> NumericCriterion:
        """One slice of networks."""
        count, n, m = len(nets), nets.network.widths[0], len(self.x)
        width, (right, left) = self.x.shape[1], self.slopes
        steepest = max(abs(right), abs(left))
        w, b, c = nets.weights(0), nets.biases(0), nets.biases(1)
        if b is not None:
            w = np.concatenate([w, b[:, :, None]], axis=2)
        v = nets.weights(1)[:, 0]
        flat = np.ascontiguousarray(w).reshape(count * n, width)
        z = (flat @ self.x.T).reshape(count, n, m)
        size = (np.abs(flat) @ np.abs(self.x.T)).reshape(count, n, m)
        # Generous: a dot product of k terms errs by at most k units of its absolute terms; inputs may be rounded too.
        unit = UNIT * 2 * (width + n + m + 8)
        kinks = (np.abs(z) <= np.maximum(self.kink_tolerance, unit * size)) & (right != left)
        doubtful = kinks.copy()
        i, u, t = np.nonzero(kinks)
        doubtful[i, u, t] = ~(_exactly_zero(w[i, u], self.x[t]) & ~nets.rounded[i])

        act = activate(z, self.slopes)
        e = np.einsum("ni,nim->nm", v, act) - self.y
        e_size = np.einsum("ni,nim->nm", np.abs(v), size) * steepest + np.abs(self.y)
        if c is not None:
            e += c
            e_size += np.abs(c)
        e_err = unit * e_size + unit * np.abs(e)

        sum_e = e.sum(axis=1)
        radial = np.einsum("nim,nm->ni", act, e)
        radial_err = steepest * np.einsum("nim,nm->ni", size, e_err)
        never = np.full(count, -np.inf)
        gain_c = np.abs(sum_e) - e_err.sum(axis=1) if self.c_trained else never
        gain_v = np.abs(radial) - radial_err if self.v_trained else np.full((count, n), -np.inf)

        side = self._directions(v, z, kinks, doubtful, e, e_err)
        sign = np.sign(v)
        first = np.where(sign != 0, side.gain, -np.inf)
        second = np.where(sign == 0, side.gain, -np.inf)
        order = np.concatenate([gain_c[:, None], gain_v, first], axis=1)
        best = order.argmax(axis=1)
        rows = np.arange(count)
        gain = order[rows, best]
        # The second-order descent only where no first-order one decides.
        late = ~(gain * self.factor > self.margin) & (second.max(axis=1, initial=-np.inf) * self.factor > self.margin)
        if n:
            best = np.where(late, 1 + 2 * n + second.argmax(axis=1), best)
            gain = np.where(late, second.max(axis=1), gain)

        safe = _in_range(nets.parameters) & self.safe_data
        descent = (gain * self.factor > self.margin) & safe
        holds = safe & ~nets.rounded & side.holds.all(axis=1)
        if self.c_trained:
            holds &= sum_e == 0
        if self.v_trained:
            holds &= (radial == 0).all(axis=1)
        some = np.flatnonzero(holds)
        if len(some):
            # Magnitudes from the error bounds, which are ``unit`` times at least the sum of the absolute terms.
            grid_x, grid_slope = int(_grid(self.x.ravel())), int(_grid(np.array(self.slopes)))
            grid_act = _grid(flat.reshape(count, n * width)[some]) + grid_x + grid_slope
            grid_e = np.minimum(_grid(v[some]) + grid_act, int(_grid(self.y)))
            if c is not None:
                grid_e = np.minimum(grid_e, _grid(c[some]))
            exact = np.ldexp(e_err[some].sum(axis=1) / unit, -grid_e) < 2.0**53
            if self.v_trained:
                largest = radial_err[some].max(axis=1, initial=0.0) / unit
                exact &= np.ldexp(largest, -(grid_e + grid_act)) < 2.0**53
            largest = side.span[some].max(axis=1, initial=0.0) / unit
            exact &= np.ldexp(largest, -(grid_e + grid_slope + grid_x)) < 2.0**53
            holds[some] = exact
        codes = np.where(descent, _DESCENT, np.where(holds, _HOLDS, _CLOSE))
        codes = np.where(side.over.any(axis=1) & ~descent, _BUDGET, codes).astype(np.int8)
        descent = codes == _DESCENT

        limit = self.margin / self.factor
        candidates = ~descent & (codes != _BUDGET) & side.near.all(axis=1)
        least = side.least_derivative.min(axis=1, initial=np.inf)
        if self.c_trained:
            candidates &= np.abs(sum_e) <= limit
            least = np.minimum(least, -np.abs(sum_e))
        if self.v_trained:
            candidates &= (np.abs(radial) <= limit).all(axis=1)
            least = np.minimum(least, -np.abs(radial).max(axis=1, initial=0.0))

        slack = np.where(
            descent, gain * self.factor, np.where(codes == _HOLDS, side.slack.min(axis=1, initial=np.inf), np.nan)
        )
        off = np.where(kinks, np.inf, np.abs(z)).reshape(count, n * m)
        return NumericCriterion(
            nets,
            self.kink_tolerance,
            self.margin,
            codes,
            sum_e * self.factor,
            radial * self.factor,
            side.linear * self.factor,
            side.least_ray * self.factor,
            least * self.factor,
            slack,
            off.min(axis=1, initial=np.inf),
            kinks,
            doubtful,
            candidates,
            late & descent,
            self._descents(nets, descent, best, sum_e, radial, act, side),
        )

    def _directions(self, v: Floats, z: Floats, kinks: Bools, doubtful: Bools, e: Floats, e_err: Floats) -> _Tested:
        """phi of every neuron over the kernel and the rays of its kink points, neurons grouped by kink pattern."""
        (count, n, m), (right, left), trained = z.shape, self.slopes, len(self.columns)
        tested = _Tested(count, n, trained)
        # A frozen output weight of 0 leaves the neuron without any condition.
        active = (v != 0) | self.v_trained
        tested.holds[~active] = True
        tested.near[~active] = True
        if not trained:
            tested.holds[:] = tested.near[:] = True
            return tested
        slope = np.where(kinks, 0.0, np.where(z >= 0, right, left))
        linear = (slope * e[:, None, :]).reshape(count * n, m) @ self.xt
        size = max(abs(right), abs(left)) * (e_err @ np.abs(self.xt))
        mask = kinks.reshape(count * n, m)
        flat_doubtful, flat_v = doubtful.reshape(count * n, m), v.reshape(count * n)

        live = np.flatnonzero(active.reshape(count * n))
        kinked = mask[live].any(axis=1)
        groups = [live[~kinked]]
        if kinked.any():
            packed = np.packbits(mask[live[kinked]], axis=1)
            _, inverse = np.unique(packed, axis=0, return_inverse=True)
            ordered = np.argsort(inverse.ravel(), kind="stable")
            cuts = np.flatnonzero(np.diff(inverse.ravel()[ordered])) + 1
            groups += np.split(live[kinked][ordered], cuts)
        for group in groups:
            if not len(group):
                continue
            points = mask[group[0]]
            geometry = self.geometry(points)
            if geometry is None:
                tested.over.reshape(-1)[group] = True
                continue
            kernel, rays = geometry
            unit = np.vstack([kernel, rays])
            k = len(kernel)
            net = group // n
            reach = self.xt[points] @ unit.T
            reach[:, :k] = 0.0
            residual = e[net][:, points]
            phi = linear[group] @ unit.T + residual @ (np.where(reach >= 0, right, left) * reach)
            error = size[net] @ np.abs(unit.T)
            # A doubtful kink may have either slope along u: the worse of the two, above and below.
            swing = np.where(flat_doubtful[group][:, points], residual * (left - right), 0.0)
            high = phi + np.maximum(swing, 0.0) @ np.abs(reach) + error
            low = phi + np.minimum(swing, 0.0) @ np.abs(reach) - error
            tested.record(
                group, k, unit, phi, error, high, low, flat_v[group], np.asarray(flat_doubtful[group].any(axis=1)), self
            )
        return tested

    def _descents(
        self,
        nets: NumericNetworks,
        descent: Bools,
        best: NDArray[np.intp],
        sum_e: Floats,
        radial: Floats,
        act: Floats,
        side: _Tested,
    ) -> Floats:
        count, n, width = len(nets), nets.network.widths[0], self.x.shape[1]
        move_w, move_v, move_c = np.zeros((count, n, width)), np.zeros((count, n)), np.zeros(count)
        chosen = np.flatnonzero(descent)
        kind = best[chosen]
        at = chosen[kind == 0]
        move_c[at] = -np.sign(sum_e[at])
        inside = (kind > 0) & (kind <= n)
        at, unit = chosen[inside], kind[inside] - 1
        move_v[at, unit] = -np.sign(radial[at, unit])
        inside = kind > n
        at, unit = chosen[inside], (kind[inside] - 1 - n) % max(n, 1)
        move_w[at[:, None], unit[:, None], self.columns] = side.direction[at, unit]
        # Second order: along (s u, s kappa) the sum of e^2 changes by s^2 (2 kappa phi(u) + kappa^2 sum a^2) + O(s^3).
        late = kind > 2 * n
        at, unit = chosen[late], kind[late] - 1 - 2 * n
        phi, square = side.phi[at, unit], (act[at, unit] ** 2).sum(axis=1)
        move_v[at, unit] = -np.where(square > 0, phi / (2 * np.where(square > 0, square, 1.0)), np.sign(phi))
        d = nets.x.shape[1]
        return nets.flatten(
            [move_w[:, :, :d], move_v[:, None, :]],
            [move_w[:, :, d] if self.bias else None, move_c[:, None] if self.out_bias else None],
        )


class _Tested:
    """Per neuron: what phi was on the directions tested. Values in units of e, not of r."""

    def __init__(self, count: int, n: int, trained: int) -> None:
        shape = (count, n)
        self.gain = np.full(shape, -np.inf)
        self.direction = np.zeros((*shape, trained))
        self.phi = np.zeros(shape)
        self.linear = np.zeros(shape)
        self.least_ray = np.full(shape, np.inf)
        self.least_derivative = np.full(shape, np.inf)
        self.slack = np.full(shape, np.inf)
        self.holds = np.zeros(shape, dtype=np.bool_)
        self.near = np.zeros(shape, dtype=np.bool_)
        self.over = np.zeros(shape, dtype=np.bool_)
        self.span = np.zeros(shape)

    def record(
        self,
        group: NDArray[np.intp],
        k: int,
        unit: Floats,
        phi: Floats,
        error: Floats,
        high: Floats,
        low: Floats,
        v: Floats,
        doubt: Bools,
        call: _Criterion,
    ) -> None:
        """Judge a group of neurons of one kink pattern; the first ``k`` directions count both ways."""
        sign = np.sign(v)[:, None]
        is_ray = np.arange(len(unit)) >= k
        equality = ~is_ray | (sign == 0)
        # How far sign * phi is surely below 0; on an equality either side is a failure.
        # In units of the derivative of the loss where there is one: v_i phi, but phi itself at v_i = 0.
        scale = np.where(v == 0, 1.0, np.abs(v))[:, None]
        gain = np.where(equality, np.maximum(-high, low), np.where(sign > 0, -high, low)) * scale
        worst = gain.argmax(axis=1)
        rows = np.arange(len(group))
        self.gain.reshape(-1)[group] = gain[rows, worst]
        value = phi[rows, worst]
        flip = np.where(equality[rows, worst] & (sign[:, 0] * value > 0), -1.0, 1.0)
        self.direction.reshape(-1, unit.shape[1])[group] = unit[worst] * flip[:, None]
        self.phi.reshape(-1)[group] = value * np.where(sign[:, 0] == 0, 1.0, flip)

        self.linear.reshape(-1)[group] = np.where(equality, np.abs(phi), 0.0).max(axis=1)
        towards = np.where(equality, np.inf, sign * phi)
        least = towards.min(axis=1)
        self.least_ray.reshape(-1)[group] = least
        both = np.where(equality, -np.abs(phi), towards).min(axis=1)
        self.least_derivative.reshape(-1)[group] = np.where(v == 0, np.inf, np.abs(v) * both)
        slack = (np.where(equality, np.inf, (towards - error) * scale).min(axis=1)) * call.factor
        self.slack.reshape(-1)[group] = slack
        self.span.reshape(-1)[group] = np.ldexp(error, -_grid(unit)).max(axis=1)
        exact = np.where(equality, phi == 0, True).all(axis=1)
        self.holds.reshape(-1)[group] = exact & (slack > call.margin) & ~doubt
        limit = call.margin / call.factor
        self.near.reshape(-1)[group] = np.where(equality, np.abs(phi) * scale <= limit, towards * scale >= -limit).all(
            axis=1
        )


def criterion(nets: NumericNetworks, *, kink_tolerance: float, margin: float, max_rays: int) -> NumericCriterion:
    """See :meth:`NumericNetworks.criterion`."""
    if len(nets.network.widths) != 1 or nets.y.shape[1] != 1:
        raise InputError("network.widths", str(nets.network.widths), "one hidden layer and one output", "[3]")
    for name, value in (("kink_tolerance", kink_tolerance), ("margin", margin)):
        if not 0 <= value < np.inf:
            raise InputError(name, str(value), "a number of at least 0", "1e-9")
    call = _Criterion(nets, kink_tolerance, margin, max_rays)
    with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
        parts = [call.run(nets[part]) for part in nets.slices()] or [call.run(nets)]
    fields = [name for name in NumericCriterion.__dataclass_fields__ if isinstance(getattr(parts[0], name), np.ndarray)]
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in fields}
    return NumericCriterion(networks=nets, kink_tolerance=kink_tolerance, margin=margin, **joined)
