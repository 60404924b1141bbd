"""The loss on the plane through three points: drawn from floats, exact at the points and along the sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from exactgeo.exact.enclosure import Value
from exactgeo.exact.vectors import ONE, ZERO, dot
from exactgeo.losses import Loss
from exactgeo.pictures import position
from exactgeo.problem import Point, Problem, scope
from exactgeo.slices.balance import balanced, loss_value, single
from exactgeo.slices.line import LineSlice, slice_line

__all__ = ["PlaneSlice", "slice_plane"]

Affine = list[Any]
"""Arrays a, b, c: ``a s + b t + c``."""


@dataclass(frozen=True)
class PlaneSlice:
    """The loss at ``origin + s (right - origin) + t (up - origin)``. Made by :func:`slice_plane`.

    Attributes
    ----------
    problem : Problem
    origin, right, up : Point
        At (0, 0), (1, 0) and (0, 1); A, B and C in the picture.
    scaled : bool
        Whether they are other representatives of the functions that were given.
    """

    problem: Problem
    origin: Point
    right: Point
    up: Point
    scaled: bool = False

    @property
    def points(self) -> tuple[Point, Point, Point]:
        return self.origin, self.right, self.up

    @cached_property
    def corners(self) -> tuple[Value, Value, Value]:
        """The loss at the three points."""
        one, two, three = (loss_value(self.problem, point) for point in self.points)
        return one, two, three

    @cached_property
    def sides(self) -> tuple[LineSlice, LineSlice, LineSlice]:
        """The lines from origin to right, from origin to up, and from right to up."""
        pairs = (self.origin, self.right), (self.origin, self.up), (self.right, self.up)
        one, two, three = (slice_line(self.problem, a, b, balance=False) for a, b in pairs)
        return one, two, three

    @cached_property
    def _layers(self) -> list[Affine]:
        """Of each layer the weights, the bias last in a row; of the first the pre-activations, (units, m): as exact at
        the points as floats are."""
        found = []
        for k, biased in enumerate(self.problem.network.biases):
            corners: list[list[Sequence[Fraction]]] = [
                [(*row, point.biases[k][i]) if biased else row for i, row in enumerate(point.weights[k])]
                for point in self.points
            ]
            if not k:
                data = [(*x, ONE) if biased else x for x in self.problem.x]
                corners = [[[dot(row, x) for x in data] for row in rows] for rows in corners]
            found.append(affine(*corners))
        return found

    def _run(self, s: Any, t: Any) -> Iterator[tuple[list[Any], Any]]:
        """For each data point the pre-activations at which cells end, and the predictions, (k, places)."""
        import numpy as np

        net, (first, *layers) = self.problem.network, self._layers
        for datum in range(self.problem.m):
            sides: list[Any] = []
            values = at([part[:, datum, None] for part in first], s, t)
            for k, activation in enumerate(net.layer_activations):
                if k:
                    full = np.vstack([values, np.ones((1, len(s)))]) if net.biases[k] else values
                    values = at([part @ full for part in layers[k - 1]], s, t)
                up, down = map(float, activation.slopes or (ZERO, ZERO))
                if up != down:
                    sides += list(values)
                values = np.where(values >= 0, up * values, down * values)
            yield sides, values

    def walls(self, s: Any, t: Any) -> list[Any]:
        """Where cells end at arrays of s and t, in floats: where one of these arrays changes its sign. They are
        pre-activations, and the output weights of a single hidden layer."""
        flat = s.reshape(-1), t.reshape(-1)
        found = [side for sides, _ in self._run(*flat) for side in sides]
        if single(self.problem):
            width = self.problem.network.widths[0]
            found += list(at([part[0, :width, None] for part in self._layers[1]], *flat))
        return [side.reshape(s.shape) for side in found]

    def losses(self, s: Any, t: Any) -> Any:
        """The loss at arrays of s and t, in floats."""
        import numpy as np

        problem, shape = self.problem, np.shape(s)
        s, t = np.reshape(s, -1), np.reshape(t, -1)
        runs = zip(self._run(s, t), problem.y, strict=True)
        total = sum(heights(problem.loss, values, y) for (_, values), y in runs) * float(problem.weight)
        if problem.penalty:
            sizes = [list(problem.penalty.penalised(problem.train, point)) for point in self.points]
            for parameter in zip(*affine(*sizes), strict=True):
                q = at(parameter, s, t)
                total = total + float(problem.penalty.l2) / 2 * q * q + float(problem.penalty.l1) * np.abs(q)
        return total.reshape(shape)

    def plot(self, ax: Any = None, *, levels: Sequence[Any] = (), samples: int = 160) -> Any:
        """The loss with contours at the losses of the three points, on matplotlib axes, which are returned.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        levels : rationals
            Further contours.
        samples : int
            Each way.

        Raises
        ------
        InputError
            Matplotlib is not installed; a level that is no number.
        """
        from exactgeo.exact.rational import parse_rational
        from exactgeo.slices.plot import draw_plane

        return draw_plane(self, ax, levels=[parse_rational(q, "levels") for q in levels], samples=samples)


def slice_plane(problem: Problem, origin: Point, right: Point, up: Point, *, balance: bool = True) -> PlaneSlice:
    """The loss on the plane through three points; parameters and errors as of :func:`slice_line`.

    Examples
    --------
    >>> import exactgeo as eg
    >>> names = "swirszcz-prop1", "swirszcz-prop1-better", "swirszcz-d1-plateau"
    >>> problem, *_ = loaded = [eg.load(name) for name in names]
    >>> [str(q) for q in slice_plane(problem, *(item.point for item in loaded)).corners]
    ['18', '14', '106/5']
    """
    outside = scope.slices(problem)
    if outside is not None:
        raise outside
    given = origin, right, up
    for name, point in zip(("origin", "right", "up"), given, strict=True):
        problem.expect_point(point, name)
    one, two, three = (balanced(problem, point) if balance else point for point in given)
    return PlaneSlice(problem, one, two, three, (one, two, three) != given)


def affine(origin: Any, right: Any, up: Any) -> Affine:
    """Rationals that are affine on the plane, from their values at the three points, in arrays of one shape."""
    import numpy as np

    one, two, three = (np.array(values, dtype=object) for values in (origin, right, up))
    floats = np.vectorize(position, otypes=[float])
    return [floats(part) if part.size else part.astype(float) for part in (two - one, three - one, one)]


def at(form: Sequence[Any], s: Any, t: Any) -> Any:
    """Values at s and t."""
    a, b, c = form
    return a * s + b * t + c


def heights(loss: Loss, predictions: Any, targets: Sequence[Fraction]) -> Any:
    """The loss at one data point, in floats.

    Parameters
    ----------
    loss : Loss
    predictions : array of float, (k, places)
    targets : k Fractions
    """
    import numpy as np

    from exactgeo.numeric.losses import form_of

    form = form_of(loss, np.array([[float(y) for y in targets]]))
    if form is not None:
        return form.total(predictions.T[:, :, None])
    rows = zip(predictions.tolist(), targets, strict=True)
    return np.sum([[float(loss.value(Fraction(p), y)) for p in row] for row, y in rows], axis=0)
