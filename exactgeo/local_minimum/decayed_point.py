"""A point of a two-layer problem with weight decay, in the units of :class:`TwoLayerPoint`'s residuals.

The residuals are r_t = l'(p_t) / 2a and sums over the data have no weight, so the factors of the penalty are divided by
2a and by the weight of the reduction.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from exactgeo.claims.penalised_minimum import PenalisedProof
from exactgeo.exact.vectors import ZERO, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.decayed_flatness import leaf_vectors
from exactgeo.local_minimum.nonnegative import Term
from exactgeo.local_minimum.two_layer_point import NeuronState, TwoLayerPoint
from exactgeo.problem import Point, Problem

__all__ = ["DecayedPoint"]


@dataclass(frozen=True)
class DecayedPoint:
    """The loss and its penalty near a point.

    Attributes
    ----------
    at : TwoLayerPoint
        The loss alone.
    shrink : Fraction
        l2 in the units of the residuals: the penalty's slope in a penalised parameter is ``shrink`` times it.
    sparse : Fraction
        l1 in these units.
    shrunk, free : tuples of int
        The places in T of the penalised coordinates of a neuron's inputs, and of the others.
    """

    at: TwoLayerPoint
    shrink: Fraction
    sparse: Fraction
    shrunk: tuple[int, ...]
    free: tuple[int, ...]

    @classmethod
    def of(cls, problem: Problem, point: Point) -> DecayedPoint:
        """Evaluate a problem in scope of weight decay at a point."""
        at = TwoLayerPoint.of(problem, point)
        unit, penalty = 2 * at.curvature * problem.weight, problem.penalty
        shrunk = tuple(j for j, k in enumerate(at.trained) if k < problem.d or penalty.biases)
        free = tuple(j for j in range(len(at.trained)) if j not in shrunk)
        return cls(at, penalty.l2 / unit, penalty.l1 / unit, shrunk, free)

    @property
    def loss(self) -> Fraction:
        """The penalty included."""
        return self.at.problem.loss_at(self.at.point)

    @property
    def output(self) -> bool:
        """Whether the output weights are trained, and so penalised."""
        return self.at.problem.train.output

    @property
    def shift(self) -> Fraction:
        """``shrink`` where the output bias is penalised, else 0."""
        return self.shrink if self.at.problem.penalty.biases else ZERO

    @property
    def outward(self) -> Fraction:
        """``shrink`` of an output weight: the same, of one output."""
        return self.shrink

    @property
    def common(self) -> int:
        """Every trained parameter counts."""
        return 0

    def affine(self) -> Iterator[tuple[int, Fraction, Fraction]]:
        """Number, value, and factor of l1 of the parameters in which the predictions are affine whatever else moves."""
        for number, (name, _) in enumerate(self.at.linear):
            penalised = name != "c" or self.at.problem.penalty.biases
            value = self.at.point.shift if name == "c" else self.at.point.inputs[int(name[2:-1])]
            yield number, value if penalised else ZERO, self.sparse if penalised else ZERO

    def inputs(self, neuron: NeuronState) -> Vector:
        """The penalised trained input weights."""
        return tuple(neuron.w[self.at.trained[j]] for j in self.shrunk)

    def longer(self, neuron: NeuronState) -> int:
        """The sign of ``|w|^2 - v^2``."""
        w = self.inputs(neuron)
        found = dot(w, w) - neuron.v * neuron.v
        return (found > 0) - (found < 0)

    def phi(self, neuron: NeuronState, u: Vector) -> Fraction:
        """The slope of the loss as the inputs of a neuron of output weight 1 move along u."""
        return self.at.phi(neuron, u)

    def tight(self, neuron: NeuronState, proof: PenalisedProof) -> list[tuple[int, Vector]]:
        """Sign and vector of each leaf of a proof whose vector is as long as the bound."""
        found = []
        for sign, cover in ((1, proof.above), (-1, proof.below)):
            vectors = leaf_vectors(*self.gain(neuron, sign), cover)
            found += [(sign, q) for q in vectors if dot(q, q) == self.shrink * self.shrink]
        return found

    def slope(self, neuron: NeuronState) -> tuple[Vector, list[Term]]:
        """``v phi(u)`` plus the slope of the penalty along u, as a linear part and terms that bend."""
        at, v = self.at, neuron.v
        linear = [v * q for q in at.smooth_part(neuron)]
        bends: dict[tuple[int, ...], tuple[int, Fraction, Fraction]] = {}
        for kink in neuron.kinks:
            right, left = at.kink_slopes(kink)
            bends[kink.form] = kink.row, v * right, v * left
        for j, w in zip(self.shrunk, self.inputs(neuron), strict=True):
            linear[j] += self.shrink * w
            if w or not self.sparse:
                linear[j] += self.sparse * ((w > 0) - (w < 0))
                continue
            axis = tuple(int(k == j) for k in range(len(linear)))
            # A penalised weight at 0 bends like a kink; kinks point the way of their first data point.
            form = axis if axis in bends or tuple(-q for q in axis) not in bends else tuple(-q for q in axis)
            row, right, left = bends.get(form, (-1 - j, ZERO, ZERO))
            bends[form] = row, right + self.sparse, left - self.sparse
        terms = []
        for form, (row, right, left) in bends.items():
            if right == left:
                linear = [p + right * q for p, q in zip(linear, form, strict=True)]
            else:
                terms.append(Term(row, form, right, left))
        return tuple(linear), terms

    def gain(self, neuron: NeuronState, sign: int) -> tuple[Vector, list[Term]]:
        """``sign * phi`` as a linear part and terms that bend."""
        linear = tuple(sign * q for q in self.at.smooth_part(neuron))
        terms = []
        for kink in neuron.kinks:
            right, left = (sign * q for q in self.at.kink_slopes(kink))
            if right == left:
                linear = tuple(p + right * q for p, q in zip(linear, kink.form, strict=True))
            else:
                terms.append(Term(kink.row, kink.form, right, left))
        return linear, terms

    def output_slope(self, neuron: NeuronState) -> Fraction:
        """The slope of the loss, the squares of its penalty included, in the output weight."""
        return self.at.output_slope(neuron) + self.shrink * neuron.v
