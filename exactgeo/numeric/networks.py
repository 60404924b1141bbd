"""Many networks of one shape, in float64: losses, activation patterns, one-sided derivatives.

Every answer of this package is numeric. Nothing here is called by the exact side, and no type here is a
:class:`~exactgeo.kinds.Kind`: the way from here to a proof is :meth:`NumericNetworks.certify`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactgeo.errors import InputError
from exactgeo.exact.rational import format_rational
from exactgeo.problem import Activation, Loss, Network, Point, Problem, Train

if TYPE_CHECKING:
    from exactgeo.numeric.criterion import NumericCriterion

__all__ = ["NumericNetworks", "Patterns"]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]

CHUNK = 1 << 16
"""Pre-activations of a layer held at once, so that they stay in cache: batches are worked off in slices."""


@dataclass(frozen=True, eq=False)
class Patterns:
    """Signs of the pre-activations, one array a hidden layer.

    Attributes
    ----------
    signs : tuple of int8 arrays, shape (N, width, m)
        -1, 0 or 1; 0 where the margin is at most ``kink_tolerance``.
    margins : tuple of float64 arrays, shape (N, width, m)
        Absolute pre-activations: how far each sign is from changing.
    kink_tolerance : float
    """

    signs: tuple[NDArray[np.int8], ...]
    margins: tuple[Floats, ...]
    kink_tolerance: float


def finite(value: ArrayLike, where: str, ndim: int) -> Floats:
    """``value`` as a finite float64 array of ``ndim`` axes, refused otherwise."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InputError(where, type(value).__name__, "an array of numbers", "a rectangular float array") from None
    if array.ndim != ndim:
        raise InputError(where, f"an array of shape {array.shape}", f"{ndim} axes", f"an array of {ndim} axes")
    if not np.isfinite(array).all():
        raise InputError(where, "NaN or infinity", "finite numbers", "finite numbers")
    return array


def _expect(where: str, array: Floats, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise InputError(where, f"shape {array.shape}", f"shape {shape}", f"an array of shape {shape}")


def _float(q: Fraction, where: str) -> tuple[float, bool]:
    """The nearest float and whether it is another number."""
    try:
        value = float(q)
    except OverflowError:
        raise InputError(where, format_rational(q), "a number below 1.8e308", "a smaller number") from None
    return value, Fraction(value) != q


def activate(z: Floats, slopes: tuple[float, float]) -> Floats:
    right, left = slopes
    # Convex or concave: a maximum or minimum of two products, several times faster than a masked one.
    bend = np.maximum if right >= left else np.minimum
    value: Floats = bend(right * z, left * z)
    return value


@dataclass(frozen=True, eq=False)
class NumericNetworks:
    """N networks of one shape over one data set. Build it with a ``from_*`` constructor.

    Attributes
    ----------
    parameters : float64, shape (N, P)
        Layer after layer, the weight matrix row by row, then its bias vector. :meth:`weights`,
        :meth:`biases` and :meth:`flatten` translate.
    x, y : float64, shapes (m, d) and (m, k)
    network, loss, train : as in :class:`~exactgeo.problem.Problem`
    rounded : bool, shape (N,)
        True where a rational was not a float and was rounded: such a network can never be said to
        satisfy the conditions here.
    problem : Problem or None
        The exact problem, when the networks came from one.
    """

    parameters: Floats
    x: Floats
    y: Floats
    network: Network
    loss: Loss
    train: Train
    rounded: Bools
    problem: Problem | None = None

    # -- constructors -------------------------------------------------------------------------------------

    @classmethod
    def from_layers(
        cls,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike | None],
        *,
        x: ArrayLike,
        y: ArrayLike,
        slopes: tuple[float, float] = (1.0, 0.0),
        loss: Loss | None = None,
        train: Train | None = None,
    ) -> NumericNetworks:
        """Networks of any depth from one stacked array a layer.

        Parameters
        ----------
        weights : one array of shape (N, units, inputs) a layer
        biases : one array of shape (N, units), or None, a layer
        x : shape (m, d)
        y : shape (m,) or (m, k)
        slopes : (right, left)
            Of the activation: ReLU (1, 0), leaky ReLU (1, s), absolute value (1, -1), linear (1, 1).
        loss : Loss, optional
            squared or half_squared, sum or mean; squared and summed by default.
        train : Train, optional
            All blocks by default.

        Raises
        ------
        InputError
            Shapes that do not fit, NaN or infinity, a loss that is not quadratic.
        """
        loss = loss or Loss()
        if not loss.quadratic:
            raise InputError("loss", loss.name, "squared or half_squared", 'Loss("squared", "sum")')
        data = finite(x, "x", 2)
        targets = finite(y, "y", np.ndim(y) if np.ndim(y) in (1, 2) else 2)
        targets = targets.reshape(len(targets), -1)
        if not data.size or len(data) != len(targets) or not targets.shape[1]:
            raise InputError("y", f"shape {targets.shape}", f"{len(data)} rows, at least one", "a target a row of x")
        if not weights or len(weights) != len(biases):
            raise InputError("biases", f"{len(biases)} layers", f"{len(weights)}, at least one", "None for no bias")
        blocks: list[Floats] = []
        inputs, count = data.shape[1], 0
        for index, (layer, bias) in enumerate(zip(weights, biases, strict=True)):
            matrix = finite(layer, f"weights[{index}]", 3)
            count = len(matrix) if index == 0 else count
            units = targets.shape[1] if index == len(weights) - 1 else matrix.shape[1]
            _expect(f"weights[{index}]", matrix, (count, units, inputs))
            blocks.append(matrix.reshape(count, units * inputs))
            if bias is not None:
                vector = finite(bias, f"biases[{index}]", 2)
                _expect(f"biases[{index}]", vector, (count, units))
                blocks.append(vector)
            inputs = units
        right, left = (Fraction(float(s)) for s in finite(slopes, "slopes", 1))
        network = Network(
            tuple(block.shape[1] for block in map(np.asarray, weights[:-1])),
            Activation(f"pl({format_rational(right)}, {format_rational(left)})", (right, left)),
            tuple(bias is not None for bias in biases[:-1]),
            biases[-1] is not None,
        )
        depth = len(network.widths)
        train = train or Train((True,) * depth, network.hidden_bias, True, network.output_bias)
        if len(train.hidden) != depth or len(train.hidden_bias) != depth:
            raise InputError(
                "train", f"{len(train.hidden)} layers", f"{depth} hidden layers", "one flag a hidden layer"
            )
        rounded = np.zeros(count, dtype=np.bool_)
        return cls(np.concatenate(blocks, axis=1), data, targets, network, loss, train, rounded)

    @classmethod
    def from_arrays(
        cls,
        W: ArrayLike,
        v: ArrayLike,
        b: ArrayLike | None = None,
        c: ArrayLike | None = None,
        *,
        x: ArrayLike,
        y: ArrayLike,
        slopes: tuple[float, float] = (1.0, 0.0),
        loss: Loss | None = None,
        train: Train | None = None,
    ) -> NumericNetworks:
        """One hidden layer, scalar output: ``p(x) = sum_i v_i a(<w_i, x> + b_i) + c``.

        Parameters
        ----------
        W : shape (N, n, d)
        v : shape (N, n)
        b : shape (N, n), optional
        c : shape (N,), optional
        x, y, slopes, loss, train : see :meth:`from_layers`

        Raises
        ------
        InputError
            See :meth:`from_layers`.

        Examples
        --------
        >>> nets = NumericNetworks.from_arrays([[[1]], [[2]]], [[1], [1]], x=[[1], [2]], y=[1, 2])
        >>> [int(value) for value in nets.losses()]
        [0, 5]
        """
        outer = finite(v, "v", 2)
        shift = None if c is None else finite(c, "c", 1)[:, None]
        return cls.from_layers([W, outer[:, None, :]], [b, shift], x=x, y=y, slopes=slopes, loss=loss, train=train)

    @classmethod
    def from_points(cls, problem: Problem, points: Sequence[Point]) -> NumericNetworks:
        """The networks of a problem at many points, each number rounded to the nearest float.

        ``rounded`` says for each network whether any of its numbers (or of the problem's) changed.

        Raises
        ------
        InputError
            A smooth activation, a loss that is not quadratic, or a number beyond the range of floats.
        """
        slopes = problem.network.activation.slopes
        if slopes is None:
            raise InputError(
                "network.activation", problem.network.activation.name, "piecewise linear", '"relu" or "pl(1, -1/3)"'
            )
        altered = False

        def array(rows: Any, where: str) -> list[list[float]]:
            nonlocal altered
            result = []
            for row in rows:
                pairs = [_float(q, where) for q in row]
                altered = altered or any(changed for _, changed in pairs)
                result.append([value for value, _ in pairs])
            return result

        x, y, (pair,) = array(problem.x, "data.x"), array(problem.y, "data.y"), array([slopes], "network.activation")
        shared = altered
        flat, rounded = [], []
        for index, point in enumerate(points):
            altered = shared
            row: list[float] = []
            for layer, weights in enumerate(point.weights):
                for unit in array(weights, f"points[{index}].weights[{layer}]"):
                    row += unit
                if problem.has_bias(layer):
                    row += array([point.biases[layer]], f"points[{index}].biases[{layer}]")[0]
            flat.append(row)
            rounded.append(altered)
        sizes = problem.layer_sizes()
        size = sum(o * (i + problem.has_bias(k)) for k, (i, o) in enumerate(pairwise(sizes)))
        parameters = np.array(flat, dtype=np.float64).reshape(len(points), size)
        if not problem.loss.quadratic:
            raise InputError("loss", problem.loss.name, "squared or half_squared", '"squared"')
        activation = replace(problem.network.activation, slopes=(Fraction(pair[0]), Fraction(pair[1])))
        return cls(
            parameters,
            np.array(x),
            np.array(y),
            replace(problem.network, activation=activation),
            problem.loss,
            problem.train,
            np.array(rounded, dtype=np.bool_),
            problem,
        )

    # -- shape --------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.parameters)

    def __getitem__(self, chosen: slice | NDArray[Any]) -> NumericNetworks:
        """The networks of a slice, a mask or an index array."""
        return replace(self, parameters=self.parameters[chosen], rounded=self.rounded[chosen])

    def at(self, parameters: Floats) -> NumericNetworks:
        """The same setting with other float parameters, shape (N, P)."""
        return replace(self, parameters=parameters, rounded=np.zeros(len(parameters), dtype=np.bool_))

    @property
    def slopes(self) -> tuple[float, float]:
        """Slopes of the activation, right and left."""
        assert self.network.activation.slopes is not None
        right, left = self.network.activation.slopes
        return float(right), float(left)

    def _blocks(self) -> list[tuple[slice, slice | None, int, int]]:
        """Columns of each layer's weights and bias, its units and inputs."""
        sizes = (self.x.shape[1], *self.network.widths, self.y.shape[1])
        flags = (*self.network.hidden_bias, self.network.output_bias)
        result: list[tuple[slice, slice | None, int, int]] = []
        start = 0
        for inputs, units, bias in zip(sizes[:-1], sizes[1:], flags, strict=True):
            stop = start + units * inputs
            result.append((slice(start, stop), slice(stop, stop + units) if bias else None, units, inputs))
            start = stop + units * bias
        return result

    def weights(self, layer: int) -> Floats:
        """Weight matrices of a layer, shape (N, units, inputs)."""
        columns, _, units, inputs = self._blocks()[layer]
        return self.parameters[:, columns].reshape(len(self), units, inputs)

    def biases(self, layer: int) -> Floats | None:
        """Bias vectors of a layer, shape (N, units), or None."""
        columns = self._blocks()[layer][1]
        return None if columns is None else self.parameters[:, columns]

    def flatten(self, weights: Sequence[ArrayLike], biases: Sequence[ArrayLike | None]) -> Floats:
        """Stacked layers as rows of ``parameters``: how directions are written."""
        parts = [
            np.asarray(part, dtype=np.float64).reshape(len(self), -1)
            for pair in zip(weights, biases, strict=True)
            for part in pair
            if part is not None
        ]
        result = np.concatenate(parts, axis=1)
        _expect("weights", result, self.parameters.shape)
        return result

    def trained(self) -> Bools:
        """Which of the P parameters are trained, shape (P,)."""
        mask = np.zeros(self.parameters.shape[1], dtype=np.bool_)
        hidden = (*self.train.hidden, self.train.output)
        bias = (*self.train.hidden_bias, self.train.output_bias)
        for (columns, shift, _, _), of_weights, of_bias in zip(self._blocks(), hidden, bias, strict=True):
            mask[columns] = of_weights
            if shift is not None:
                mask[shift] = of_bias
        return mask

    def point(self, index: int) -> Point:
        """Network ``index`` as exact rationals: the dyadics its floats are."""
        row = [Fraction(float(value)) for value in self.parameters[index]]
        weights, biases = [], []
        for columns, shift, units, inputs in self._blocks():
            entries = row[columns]
            weights.append(tuple(tuple(entries[u * inputs : (u + 1) * inputs]) for u in range(units)))
            biases.append(tuple(row[shift]) if shift is not None else ())
        return Point(tuple(weights), tuple(biases))

    def exact_problem(self) -> Problem:
        """The problem these networks belong to: the one given, or the dyadics of the arrays."""
        if self.problem is not None:
            return self.problem
        x, y = (tuple(tuple(Fraction(float(q)) for q in row) for row in array) for array in (self.x, self.y))
        return Problem(x, y, self.network, self.loss, self.train)

    def slices(self) -> Iterator[slice]:
        """Slices of networks small enough to be worked off at once."""
        width = max((*self.network.widths, self.y.shape[1]))
        step = max(1, CHUNK // max(1, width * len(self.x)))
        for start in range(0, len(self), step):
            yield slice(start, start + step)

    # -- evaluation ---------------------------------------------------------------------------------------

    def preactivations(self) -> list[Floats]:
        """Outputs of each layer before its activation, shape (N, units, m); the last are the predictions."""
        result: list[Floats] = []
        count, m = len(self), len(self.x)
        for layer, (_, _, units, inputs) in enumerate(self._blocks()):
            weights, bias = self.weights(layer), self.biases(layer)
            if layer == 0:
                # The inputs are shared: one product for all networks and units.
                z = (weights.reshape(count * units, inputs) @ self.x.T).reshape(count, units, m)
            else:
                z = weights @ activate(result[-1], self.slopes)
            if bias is not None:
                z += bias[:, :, None]
            result.append(z)
        return result

    def _sliced(self, function: Callable[[NumericNetworks], Floats]) -> Floats:
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            parts = [function(self[part]) for part in self.slices()]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _losses(self) -> Floats:
        residuals = self.preactivations()[-1] - self.y.T
        total: Floats = np.einsum("nkm,nkm->n", residuals, residuals)
        if self.loss.kind == "half_squared":
            total *= 0.5
        return total / len(self.x) if self.loss.reduction == "mean" else total

    def losses(self) -> Floats:
        """Training losses, shape (N,). Cost: one forward pass; infinite where it overflows."""
        return self._sliced(NumericNetworks._losses)

    def patterns(self, *, kink_tolerance: float = 0.0) -> Patterns:
        """Signs of all hidden pre-activations and their margins.

        Parameters
        ----------
        kink_tolerance : float
            Sign 0 where the pre-activation is at most this in absolute value.

        Examples
        --------
        >>> nets = NumericNetworks.from_arrays([[[1]]], [[1]], [[-1]], x=[[0], [1], [2]], y=[0, 0, 1])
        >>> nets.patterns().signs[0].tolist()
        [[[-1, 0, 1]]]
        """
        depth, count = len(self.network.widths), len(self)
        shapes = [(count, width, len(self.x)) for width in self.network.widths]
        signs = tuple(np.empty(shape, dtype=np.int8) for shape in shapes)
        margins = tuple(np.empty(shape) for shape in shapes)
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            for part in self.slices():
                for layer, z in enumerate(self[part].preactivations()[:depth]):
                    above, below = z > kink_tolerance, z < -kink_tolerance
                    np.subtract(above.view(np.int8), below.view(np.int8), out=signs[layer][part])
                    np.abs(z, out=margins[layer][part])
        return Patterns(signs, margins, kink_tolerance)

    def one_sided_derivatives(self, directions: ArrayLike, *, kink_tolerance: float = 0.0) -> Floats:
        """One-sided derivatives of the loss along directions, ``lim (L(p + s q) - L(p)) / s``, s falling to 0.

        Parameters
        ----------
        directions : shape (N, P) or (K, N, P)
            As :meth:`flatten` writes them. Frozen blocks are not masked: what moves is what the direction says.
        kink_tolerance : float
            A unit whose pre-activation is at most this in absolute value counts as on its kink.

        Returns
        -------
        float64 array of shape (N,) or (K, N). Cost: one forward pass, and one more a direction.

        Examples
        --------
        >>> nets = NumericNetworks.from_arrays([[[0]]], [[1]], x=[[1]], y=[1])
        >>> nets.one_sided_derivatives([[[1, 0]], [[-1, 0]]]).astype(int).tolist()
        [[-2], [0]]
        """
        moves = np.asarray(directions, dtype=np.float64)
        if moves.ndim not in (2, 3) or moves.shape[-2:] != self.parameters.shape:
            raise InputError(
                "directions",
                f"shape {moves.shape}",
                f"(N, P) or (K, N, P) with {self.parameters.shape}",
                "flatten(...)",
            )
        batch = moves[None] if moves.ndim == 2 else moves
        result = np.empty(batch.shape[:2])
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            for part in self.slices():
                nets = self[part]
                layers = nets.preactivations()
                for index in range(len(batch)):
                    result[index, part] = nets._derivative(layers, batch[index, part], kink_tolerance)
        return result[0] if moves.ndim == 2 else result

    def _derivative(self, layers: list[Floats], move: Floats, kink_tolerance: float) -> Floats:
        right, left = self.slopes
        tangent = replace(self, parameters=move)
        below: Floats | None = None
        for layer, z in enumerate(layers):
            rows = self.x.T if layer == 0 else activate(layers[layer - 1], self.slopes)
            change = tangent.weights(layer) @ rows
            if below is not None:
                change += self.weights(layer) @ below
            bias = tangent.biases(layer)
            if bias is not None:
                change += bias[:, :, None]
            if layer < len(layers) - 1:
                side = np.where(np.abs(z) <= kink_tolerance, change, z)
                change = np.where(side >= 0, right, left) * change
            below = change
        assert below is not None
        total: Floats = np.einsum("nkm,nkm->n", layers[-1] - self.y.T, below)
        if self.loss.kind == "squared":
            total *= 2.0
        return total / len(self.x) if self.loss.reduction == "mean" else total

    # -- conditions, and the way to a proof ---------------------------------------------------------------

    def criterion(self, *, kink_tolerance: float, margin: float, max_rays: int = 4096) -> NumericCriterion:
        """The local minimum conditions of one hidden layer, in floats; see :class:`NumericCriterion`.

        Parameters
        ----------
        kink_tolerance : float
            A pre-activation of at most this in absolute value (or below its rounding error) is taken for a kink.
        margin : float
            A one-sided derivative must beat this, beyond its rounding error, to decide anything.
        max_rays : int
            Bound on the subsets of kink points tried for rays in one pattern of kinks.
        """
        from exactgeo.numeric.criterion import criterion

        return criterion(self, kink_tolerance=kink_tolerance, margin=margin, max_rays=max_rays)

    def certify(self, index: int, *, max_denominator: int | None = None) -> Any:
        """Hand one network to the exact decision.

        Parameters
        ----------
        max_denominator : int or None
            None decides the very point the floats are (dyadic rationals). A bound decides *another* point: each
            coordinate replaced by the nearest rational of at most that denominator.

        Returns
        -------
        exactgeo.local_minimum.Decision : exact, of the point ``decide`` was given.

        Raises
        ------
        InputError
            Not one hidden layer with scalar output.
        """
        from exactgeo.local_minimum import decide

        if len(self.network.widths) != 1 or self.y.shape[1] != 1:
            raise InputError("network.widths", str(self.network.widths), "one hidden layer, scalar output", "[3]")
        point = self.point(index)
        if max_denominator is not None:
            point = Point(
                tuple(tuple(tuple(q.limit_denominator(max_denominator) for q in u) for u in w) for w in point.weights),
                tuple(tuple(q.limit_denominator(max_denominator) for q in b) for b in point.biases),
            )
        return decide(self.exact_problem(), point)
