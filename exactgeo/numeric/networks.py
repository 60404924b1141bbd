"""Many networks of one shape, in floats: losses, activation patterns, one-sided derivatives, conditions.

Every answer of this package is numeric. Nothing here is called by the exact side, and no type here is a
:class:`~exactgeo.kinds.Kind`: the way from here to a proof is :meth:`NumericNetworks.certify`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Self

from numpy.typing import ArrayLike

from exactgeo.errors import InputError
from exactgeo.frozen import dataclass
from exactgeo.losses import Loss
from exactgeo.numeric import evaluation
from exactgeo.numeric.blocks import MEMORY, Progress
from exactgeo.numeric.conditions import criterion
from exactgeo.numeric.constructors import at_least_0, finite, of_arrays, of_points
from exactgeo.numeric.criterion import NumericCriterion
from exactgeo.numeric.deep_first_order import DeepFirstOrder, deep_first_order
from exactgeo.numeric.evaluation import Patterns
from exactgeo.numeric.first_order import FirstOrder, first_order
from exactgeo.numeric.layers import Floats, Layers
from exactgeo.numeric.streaming import Evaluation, evaluate
from exactgeo.problem import Point, Problem, Train

__all__ = ["NumericNetworks"]


@dataclass(frozen=True, eq=False)
class NumericNetworks(Layers):
    """N networks of one shape over one data set. Build it with a ``from_*`` constructor.

    Its attributes (``parameters``, ``x``, ``y``, ``network``, ``loss``, ``reduction``, ``train``, ``rounded``,
    ``problem``) are those of :class:`~exactgeo.numeric.layers.Layers`.
    """

    # -- constructors -------------------------------------------------------------------------------------

    @classmethod
    def _of(cls, layers: Layers) -> Self:
        return cls(**{field.name: getattr(layers, field.name) for field in fields(Layers)})

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
        reduction: str = "sum",
        train: Train | None = None,
    ) -> Self:
        """Networks of any depth from one stacked array a layer.

        Parameters
        ----------
        weights : one array of shape (N, units, inputs) a layer
        biases : one array of shape (N, units), or None, a layer
        x : shape (m, d)
        y : shape (m,) or (m, k)
            For classes m indices; then the last layer has as many units as there are classes.
        slopes : (right, left)
            Of the activation: ReLU (1, 0), leaky ReLU (1, s), absolute value (1, -1), linear (1, 1).
        loss : Loss, optional
            The squared loss by default.
        reduction : str
            ``"sum"`` or ``"mean"``.
        train : Train, optional
            All blocks by default.

        Raises
        ------
        InputError
            Shapes that do not fit, NaN or infinity, a target that the loss does not allow.
        OutOfScope
            A loss without a float form.
        """
        return cls._of(of_arrays(weights, biases, x, y, slopes, loss, reduction, train))

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
        reduction: str = "sum",
        train: Train | None = None,
    ) -> Self:
        """One hidden layer, scalar output: ``p(x) = sum_i v_i a(<w_i, x> + b_i) + c``.

        Parameters
        ----------
        W : shape (N, n, d)
        v : shape (N, n)
        b : shape (N, n), optional
        c : shape (N,), optional
        x, y, slopes, loss, reduction, train : see :meth:`from_layers`

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
        return cls._of(of_arrays([W, outer[:, None, :]], [b, shift], x, y, slopes, loss, reduction, train))

    @classmethod
    def from_points(cls, problem: Problem, points: Sequence[Point]) -> Self:
        """The networks of a problem at many points, each number rounded to the nearest float.

        ``rounded`` says for each network whether any of its numbers (or of the problem's) changed.

        Raises
        ------
        InputError
            A number beyond the range of floats; what is no point of the problem's network.
        OutOfScope
            A loss or an activation without a float form.
        """
        return cls._of(of_points(problem, points))

    # -- evaluation ---------------------------------------------------------------------------------------

    def preactivations(self) -> list[Floats]:
        """Outputs of each layer before its activation, shape (N, units, m); the last are the predictions.

        NaN where a number on the way overflows: its sign is not known either.
        """
        return evaluation.preactivations(self)

    def losses(self) -> Floats:
        """Training losses, shape (N,). Cost: one forward pass; infinite where it overflows.

        Examples
        --------
        >>> nets = NumericNetworks.from_arrays([[[1e200], [-1e200]]], [[1e200, 1e200]], x=[[1]], y=[0], slopes=(1, 1))
        >>> nets.losses().tolist()
        [inf]
        """
        return evaluation.losses(self)

    def patterns(self, *, kink_tolerance: float = 0.0) -> Patterns:
        """Signs of all hidden pre-activations and their margins; sign 0 and margin NaN where a number overflows.

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
        return evaluation.patterns(self, at_least_0(kink_tolerance, "kink_tolerance"))

    def one_sided_derivatives(self, directions: ArrayLike, *, kink_tolerance: float = 0.0) -> Floats:
        """One-sided derivatives of the loss along directions, ``lim (L(p + s q) - L(p)) / s``, s falling to 0.

        Parameters
        ----------
        directions : shape (N, P) or (K, N, P)
            As :meth:`flatten` writes them. Frozen blocks are not masked: what moves is what the direction says.
        kink_tolerance : float
            A unit whose pre-activation is at most this in absolute value counts as on its kink, and a prediction within
            this of a break of the loss as on the break.

        Returns
        -------
        float64 array of shape (N,) or (K, N), NaN where a number on the way overflows. Cost: one forward pass, and one
        more a direction.

        Raises
        ------
        InputError
            Directions of another shape, or with NaN or infinity.

        Examples
        --------
        >>> nets = NumericNetworks.from_arrays([[[0]]], [[1]], x=[[1]], y=[1])
        >>> nets.one_sided_derivatives([[[1, 0]], [[-1, 0]]]).astype(int).tolist()
        [[-2], [0]]
        """
        tolerance = at_least_0(kink_tolerance, "kink_tolerance")
        return evaluation.one_sided_derivatives(self, finite(directions, "directions", 2, 3), tolerance)

    # -- at size ------------------------------------------------------------------------------------------

    def evaluate(
        self,
        *,
        directions: ArrayLike | None = None,
        signs: bool = False,
        dtype: str = "float64",
        memory: int = MEMORY,
        progress: Progress | None = None,
    ) -> Evaluation:
        """Losses, signs and one-sided derivatives with bounds on rounding, in blocks of networks and data points.

        Parameters
        ----------
        directions : shape (N, P) or (K, N, P), optional
            As :meth:`flatten` writes them.
        signs : bool
            Give the packed signs of all hidden pre-activations too: N * width * m / 4 bytes a layer.
        dtype : str
            ``"float64"`` or ``"float32"``: half the time and memory, and bounds 2^29 times as wide.
        memory : int
            Bytes that the arrays of a block may take; data and answers are not counted.
        progress : callable, optional
            Called with (done, total) after every block, in pairs of a network and a data point.

        Returns
        -------
        Evaluation. Cost: two forward passes, and four more a direction.

        Raises
        ------
        InputError
            Another dtype, directions of another shape, memory below the least block.

        Examples
        --------
        >>> nets = NumericNetworks.from_arrays([[[1]], [[2]]], [[1], [1]], x=[[1], [2]], y=[1, 2])
        >>> said = nets.evaluate(dtype="float32")
        >>> said.losses.tolist(), bool((said.loss_errors < 1e-3).all()), said.doubtful.tolist()
        ([0.0, 5.0], True, [0, 0])
        """
        return evaluate(self, dtype=dtype, memory=memory, progress=progress, directions=directions, signs=signs)

    def first_order(
        self, *, margin: float, dtype: str = "float64", memory: int = MEMORY, progress: Progress | None = None
    ) -> FirstOrder:
        """The one-sided first-order conditions of one hidden layer, with margins, whatever the number of kinks.

        Necessary for a local minimum, not sufficient: :meth:`criterion` tests all conditions, at smaller size.

        Parameters
        ----------
        margin : float
            A one-sided derivative along a coordinate must beat this, beyond the bound on its rounding.
        dtype, memory, progress : see :meth:`evaluate`

        Returns
        -------
        FirstOrder. Cost: two gradients.

        Raises
        ------
        InputError
            A margin that is no number of at least 0; see :meth:`evaluate`.
        OutOfScope
            Not one hidden layer, one output, a piecewise linear activation; a loss of classes.

        Examples
        --------
        >>> nets = NumericNetworks.from_arrays([[[1]], [[2]]], [[1], [1]], x=[[1], [2]], y=[1, 2])
        >>> said = nets.first_order(margin=1e-6)
        >>> str(said.status(0)), str(said.status(1)), said.descents[1].tolist()
        ('numeric: too close to call', 'numeric: descent direction found', [-1, -1])
        """
        least = at_least_0(margin, "margin")
        return first_order(self, margin=least, dtype=dtype, memory=memory, progress=progress)

    def deep_first_order(
        self, *, margin: float, kink_tolerance: float = 0.0, directions: int = 64, seed: int = 0
    ) -> DeepFirstOrder:
        """One-sided derivatives at any depth, for any number of outputs, along many directions: is one negative?

        Parameters
        ----------
        margin : float
            A one-sided derivative along a direction of greatest entry 1 must beat this.
        kink_tolerance : float
            See :meth:`one_sided_derivatives`.
        directions : int
            Random ones, beside both ways along each trained coordinate and those down the gradient.
        seed : int
            Of the random directions. The answer is the same for the same number.

        Returns
        -------
        DeepFirstOrder. Cost: a forward pass a direction, of all networks together.

        Raises
        ------
        InputError
            A margin or a tolerance that is no number of at least 0, a number of directions that is none.

        Examples
        --------
        >>> from exactgeo.formats import problem_from_mapping
        >>> problem = problem_from_mapping({"data": {"x": [[1]], "y": [1]}, "network": {"widths": [1, 1]},
        ...     "point": {"weights": [[[1]], [[1]], [[1]]], "biases": [[0], [0], [1]]}})
        >>> said = NumericNetworks.from_points(problem, [problem.point]).deep_first_order(margin=1e-6)
        >>> print(said.status(0), float(said.derivatives[0]) <= -2, bool(said.sure[0]))
        numeric: descent direction found True True
        """
        if type(directions) is not int or directions < 0:
            raise InputError("directions", str(directions), "a whole number", "64")
        tolerance, least = at_least_0(kink_tolerance, "kink_tolerance"), at_least_0(margin, "margin")
        return deep_first_order(self, margin=least, kink_tolerance=tolerance, count=directions, seed=seed)

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
            Bound on the subsets of kink points that could each give a ray, in one pattern of kinks.

        Raises
        ------
        InputError
            A tolerance or a margin that is no number of at least 0.
        OutOfScope
            Not one hidden layer, one output, a piecewise linear activation and a loss that is one quadratic.
        """
        if type(max_rays) is not int or max_rays < 0:
            raise InputError("max_rays", str(max_rays), "a whole number", "4096")
        tolerance, least = at_least_0(kink_tolerance, "kink_tolerance"), at_least_0(margin, "margin")
        return criterion(self, kink_tolerance=tolerance, margin=least, max_rays=max_rays)

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
            A bound below 1.
        IndexError
            There is no network of that index.
        """
        from exactgeo.local_minimum import decide

        if max_denominator is not None and (type(max_denominator) is not int or max_denominator < 1):
            raise InputError("max_denominator", str(max_denominator), "a whole number from 1", "1000")
        point = self.point(index)
        if max_denominator is not None:
            point = Point(
                tuple(tuple(tuple(q.limit_denominator(max_denominator) for q in u) for u in w) for w in point.weights),
                tuple(tuple(q.limit_denominator(max_denominator) for q in b) for b in point.biases),
            )
        return decide(self.exact_problem(), point)
