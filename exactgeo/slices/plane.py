"""The loss on the plane through three points: drawn from floats, exact at the points and along the sides."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

from exactgeo.exact.enclosure import Value
from exactgeo.exact.vectors import ZERO
from exactgeo.frozen import dataclass
from exactgeo.losses import Loss
from exactgeo.pictures import position
from exactgeo.problem import Point, Problem, scope
from exactgeo.slices.balance import balanced, loss_value
from exactgeo.slices.line import LineSlice, forms, slice_line

__all__ = ["PlaneSlice", "slice_plane"]


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
    def forms(self) -> list[tuple[float, float, float]]:
        """Pre-activations and output weights, and last the shift, as a s + b t + c."""
        corners = [[*forms(self.problem, point), point.shift] for point in self.points]
        return [(position(b - a), position(c - a), position(a)) for a, b, c in zip(*corners, strict=True)]

    def losses(self, s: Any, t: Any) -> Any:
        """The loss at arrays of s and t, in floats."""
        import numpy as np

        def at(form: tuple[float, float, float]) -> Any:
            return form[0] * s + form[1] * t + form[2]

        problem, m = self.problem, self.problem.m
        *sides, shift = self.forms
        up, down = map(float, problem.network.activation.slopes or (ZERO, ZERO))
        outputs = sides[len(sides) - problem.network.widths[0] :]
        total = 0.0
        for k in range(m):
            value = at(shift)
            for i, v in enumerate(outputs):
                z = at(sides[i * m + k])
                value = value + at(v) * np.where(z >= 0, up * z, down * z)
            total = total + heights(problem.loss, value, problem.y[k][0])
        return total * float(problem.weight)

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


def heights(loss: Loss, predictions: Any, y: Fraction) -> Any:
    """The loss of an array of predictions, in floats."""
    import numpy as np

    pieces = loss.pieces(y)
    if pieces is None and not loss.rational:
        from exactgeo.numeric.losses import form_of

        form = form_of(loss, np.array([[float(y)]]))
        if form is not None:
            flat = np.asarray(predictions, dtype=float)
            return form.total(flat.reshape(-1, 1, 1)).reshape(flat.shape)
    if pieces is None:
        return np.vectorize(lambda p: float(loss.value(Fraction(float(p)), y)), otypes=[float])(predictions)
    index = np.searchsorted([float(q) for q in pieces.breaks], predictions)
    a, b, c = np.array([[float(q) for q in quadratic] for quadratic in pieces.quadratics])[index].transpose(
        (-1, *range(np.ndim(predictions)))
    )
    return (a * predictions + b) * predictions + c
