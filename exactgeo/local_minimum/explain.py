"""The numbers behind a verdict, laid out so that a reader can follow them by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from exactgeo.exact.combination import Number
from exactgeo.exact.rational import format_rational
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.ordered_criterion import OrderedPoint
from exactgeo.local_minimum.two_layer_point import Kink, NeuronState, TwoLayerPoint
from exactgeo.problem import Point, Problem
from exactgeo.records import Records
from exactgeo.shown import Reported, Shown, value_line

__all__ = ["Condition", "Explanation", "NeuronView", "explain_point"]


@dataclass(frozen=True)
class Condition(Shown):
    """One condition of the criterion: ``quantity`` must be ``required`` (``= 0`` or ``>= 0``) and is ``value``."""

    quantity: str
    value: Number
    required: str

    @property
    def holds(self) -> bool:
        """Whether ``value`` is as required."""
        return self.value == 0 if self.required == "= 0" else self.value >= 0


@dataclass(frozen=True)
class NeuronView(Shown):
    """One neuron: where the data points lie, its phi, and what the criterion asks of it.

    Attributes
    ----------
    active, inactive, on_kink : data points (0-based) with positive, negative, zero pre-activation
    linear : coefficients of phi's linear part in the trained input weights
    bends : for each kink hyperplane (Kink, right slope, left slope) of phi across it
    rays : for each ray u of the kink arrangement, and +-u for each direction along all kinks, (u, phi(u))
    conditions : what the criterion asks; they hold for all u iff they hold for the ones listed
    """

    neuron: NeuronState
    active: tuple[int, ...]
    inactive: tuple[int, ...]
    on_kink: tuple[int, ...]
    linear: tuple[Number, ...] = ()
    bends: tuple[tuple[Kink, Number, Number], ...] = ()
    rays: tuple[tuple[tuple[int, ...], Number], ...] = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Explanation(Reported, Records):
    """Residuals, global conditions, and one view a neuron.

    Attributes
    ----------
    problem, point
        What was asked for.
    local : TwoLayerPoint
        Of the score, where there are two outputs.
    loss : Fraction or LogCombination
    residuals : m numbers
        The derivatives of the loss, up to a factor where they are rational; () where they are not one number each.
    slopes : one pair a data point, the left and the right derivative of the loss at the prediction
    coordinates : names of the trained input weights; () without phi
    conditions, neurons : without conditions and phi where a derivative of the loss is not one number
    """

    problem: Problem
    point: Point
    local: TwoLayerPoint
    loss: Number
    residuals: tuple[Number, ...]
    slopes: tuple[tuple[Number, Number], ...]
    coordinates: tuple[str, ...]
    conditions: tuple[Condition, ...]
    neurons: tuple[NeuronView, ...]

    COLUMNS = ("t", "x", "target", "prediction", "left", "right")
    EXACT = ("target", "prediction")

    def _shown(self) -> str:
        asked = [*self.conditions, *(c for view in self.neurons for c in view.conditions)]
        failed = sum(not c.holds for c in asked)
        return f"explanation: loss {value_line(self.loss)}, {len(self.neurons)} neurons, {failed} conditions fail"

    def records(self) -> Iterator[dict[str, Any]]:
        """One flat dict a data point: target, prediction, and the one-sided derivatives of the loss there."""
        problem = self.local.problem
        rows = zip(problem.x, problem.y, self.local.predictions, self.slopes, strict=True)
        for t, (x, (y,), p, (left, right)) in enumerate(rows):
            yield {
                "t": t,
                "x": " ".join(map(format_rational, x)),
                "target": format_rational(y),
                "prediction": format_rational(p),
                "left": str(left),
                "right": str(right),
            }


def explain_point(at: TwoLayerPoint | OrderedPoint, asked: tuple[Problem, Point]) -> Explanation:
    """Lay out the criterion at a point. Cost: the rays of each neuron's kink arrangement."""
    local = at.local if isinstance(at, OrderedPoint) else at
    slopes: tuple[tuple[Number, Number], ...]
    residuals: tuple[Number, ...]
    if isinstance(at, OrderedPoint):
        residuals, slopes = at.slopes, tuple((q, q) for q in at.slopes)
    else:
        loss, pairs = at.problem.loss, zip(at.predictions, at.problem.y, strict=True)
        slopes = tuple(loss.slopes(p, y) for p, (y,) in pairs)
        if not loss.differentiable:
            return Explanation(*asked, at, at.loss, (), slopes, (), (), tuple(map(_sides, at.neurons)))
        residuals = at.residuals
    names = tuple("b" if k == local.problem.d else f"w[{k}]" for k in local.trained)
    conditions = tuple(
        Condition("sum_t r_t" if name == "c" else f"sum_t r_t x_t{name[1:]}", at.along(column), "= 0")
        for name, column in local.linear
    )
    views = tuple(_view(at, local, neuron) for neuron in local.neurons)
    return Explanation(*asked, local, at.loss, residuals, slopes, names, conditions, views)


def _view(at: TwoLayerPoint | OrderedPoint, local: TwoLayerPoint, neuron: NeuronState) -> NeuronView:
    from exactgeo.arrangement import Arrangement

    train = local.problem.train
    conditions = []
    if train.output:
        conditions.append(Condition("phi(w)", at.along(neuron.outputs), "= 0"))
    rays: list[tuple[tuple[int, ...], Number]] = []
    if local.trained and (neuron.v or train.output):
        fan = Arrangement([kink.form for kink in neuron.kinks], dimension=len(local.trained))
        straight = [tuple(sign * q for q in u) for u in fan.lineality() for sign in (1, -1)]
        for u in [*straight, *fan.rays()]:
            value = at.phi(neuron, tuple(map(Fraction, u)))
            rays.append((u, value))
            name = f"phi({', '.join(map(str, u))})"
            if neuron.v:
                sign = neuron.sign
                conditions.append(Condition(name if sign > 0 else f"-{name}", sign * value, ">= 0"))
            else:
                conditions.append(Condition(name, value, "= 0"))
    return replace(
        _sides(neuron),
        linear=tuple(at.smooth_part(neuron)),
        bends=tuple((kink, *at.kink_slopes(kink)) for kink in neuron.kinks),
        rays=tuple(rays),
        conditions=tuple(conditions),
    )


def _sides(neuron: NeuronState) -> NeuronView:
    """Where the data points lie, and nothing else."""
    return NeuronView(
        neuron,
        tuple(t for t, z in enumerate(neuron.z) if z > 0),
        tuple(t for t, z in enumerate(neuron.z) if z < 0),
        tuple(t for t, z in enumerate(neuron.z) if z == 0),
    )
