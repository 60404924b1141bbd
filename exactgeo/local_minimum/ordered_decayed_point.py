"""A point of a problem with weight decay whose loss has slopes in an ordered space: one score, or two under softmax.

In units of the slopes g_t = l_t'(p_t), sums over the data without weight, the factor of the penalty is ``shrink``. Of
two outputs everything is said of the score, the second minus the first: for one difference of two output weights the
sum of their squares is least where they are opposite, half the square of the difference. So an output weight of the
score costs ``outward`` = shrink / 2; that the two are opposite is a condition of its own (:meth:`last_layer`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from exactgeo.claims.ordered_penalised_minimum import OrderedPenalisedProof
from exactgeo.exact.combination import Number, compare_length, inner
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.decayed_flatness import leaf_vectors
from exactgeo.local_minimum.ordered_cover import OrderedTerm
from exactgeo.local_minimum.ordered_criterion import OrderedPoint
from exactgeo.local_minimum.two_layer_point import NeuronState, TwoLayerPoint
from exactgeo.problem import Direction, Point, Problem

__all__ = ["OrderedDecayedPoint"]


@dataclass(frozen=True)
class OrderedDecayedPoint:
    """The loss and its penalty near a point.

    Attributes
    ----------
    point : OrderedPoint
        The loss alone.
    shrink, sparse : Fraction
        l2 and l1 in the units of the slopes.
    shrunk, free : tuples of int
        The places in T of the penalised coordinates of a neuron's inputs, and of the others.
    """

    point: OrderedPoint
    shrink: Fraction
    sparse: Fraction
    shrunk: tuple[int, ...]
    free: tuple[int, ...]

    @classmethod
    def of(cls, problem: Problem, point: Point) -> OrderedDecayedPoint:
        """Evaluate a problem in scope at a point."""
        near = OrderedPoint.of(problem, point)
        trained, penalty = near.local.trained, problem.penalty
        shrunk = tuple(j for j, k in enumerate(trained) if k < problem.d or penalty.biases)
        free = tuple(j for j in range(len(trained)) if j not in shrunk)
        return cls(near, penalty.l2 / problem.weight, penalty.l1 / problem.weight, shrunk, free)

    @property
    def at(self) -> TwoLayerPoint:
        """The score."""
        return self.point.local

    @property
    def outputs(self) -> int:
        return self.point.problem.outputs

    @property
    def outward(self) -> Fraction:
        """``shrink`` of an output weight of the score."""
        return self.shrink / self.outputs

    @property
    def shift(self) -> Fraction:
        """``outward`` where the output bias is penalised, else 0."""
        return self.outward if self.point.problem.penalty.biases else ZERO

    @property
    def square(self) -> Fraction:
        """``phi(u)^2 <= square |u|^2`` is the bound of a neuron at 0."""
        return self.shrink * self.outward

    @property
    def output(self) -> bool:
        """Whether the output weights are trained, and so penalised."""
        return self.point.problem.train.output

    @property
    def common(self) -> int:
        """How many trained parameters move no score and cost nothing: the output biases of two outputs together."""
        affine = any(name == "c" for name, _ in self.at.linear)
        return int(self.outputs == 2 and affine and not self.shift)

    def last_layer(self) -> Iterator[tuple[Direction, Number, Fraction, Fraction]]:
        """The trained parameters of the last layer, as they are in the problem.

        Of each its unit move, the slope of the loss and of the squares of its penalty, its value, and its factor of l1.
        """
        problem, point = self.point.problem, self.point.point
        zero, penalty = Direction.zero(point), problem.penalty
        columns = [neuron.outputs for neuron in self.at.neurons]
        if not problem.network.widths:
            columns = [tuple(row[k] for row in problem.x) for k in range(problem.d)]
        for r in range(self.outputs):
            side = 1 if r == self.outputs - 1 else -1
            for k, column in enumerate(columns if problem.train.output else ()):
                value = point.output_rows[r][k]
                slope = self.point.along(column) * Fraction(side) + self.shrink * value
                yield zero.along_output(r, k), slope, value, self.sparse
            if problem.network.output_bias and problem.train.output_bias:
                value = point.output_biases[r] if penalty.biases else ZERO
                slope = self.point.along((ONE,) * problem.m) * Fraction(side) + self.shrink * value
                yield zero.along_output(r), slope, value, self.sparse * penalty.biases

    def inputs(self, neuron: NeuronState) -> Vector:
        """The penalised trained input weights."""
        return tuple(neuron.w[self.at.trained[j]] for j in self.shrunk)

    def longer(self, neuron: NeuronState) -> int:
        """The sign of ``shrink |w|^2 - outward v^2``."""
        w = self.inputs(neuron)
        found = self.shrink * dot(w, w) - self.outward * neuron.v * neuron.v
        return (found > 0) - (found < 0)

    def phi(self, neuron: NeuronState, u: Vector) -> Number:
        """The slope of the loss as the inputs of a neuron of output weight 1 move along u."""
        return self.point.phi(neuron, u)

    def slope(self, neuron: NeuronState) -> tuple[list[Number], list[OrderedTerm]]:
        """``v phi(u)`` plus the slope of the penalty along u, as a linear part and terms that bend."""
        linear, terms = self.gain(neuron, neuron.v)
        bends = {tuple(term.form): term for term in terms}
        for j, w in zip(self.shrunk, self.inputs(neuron), strict=True):
            linear[j] += self.shrink * w
            if w or not self.sparse:
                linear[j] += self.sparse * ((w > 0) - (w < 0))
                continue
            axis = tuple(int(k == j) for k in range(len(linear)))
            # A penalised weight at 0 bends like a kink; kinks point the way of their first data point.
            form = axis if axis in bends or tuple(-q for q in axis) not in bends else tuple(-q for q in axis)
            old = bends.get(form, OrderedTerm(-1 - j, form, ZERO, ZERO))
            bends[form] = replace(old, right=old.right + self.sparse, left=old.left - self.sparse)
        return _straightened(linear, list(bends.values()))

    def gain(self, neuron: NeuronState, factor: Fraction) -> tuple[list[Number], list[OrderedTerm]]:
        """``factor * phi`` as a linear part and terms that bend."""
        linear: list[Number] = [factor * q for q in self.point.smooth_part(neuron)]
        terms = []
        for kink in neuron.kinks:
            right, left = (factor * q for q in self.point.kink_slopes(kink))
            terms.append(OrderedTerm(kink.row, kink.form, right, left))
        return _straightened(linear, terms)

    def tight(self, neuron: NeuronState, proof: OrderedPenalisedProof) -> list[tuple[int, Vector]]:
        """Sign and vector of each leaf of a proof whose vector is as long as the bound: only rational ones are."""
        found = []
        for sign, cover in ((1, proof.above), (-1, proof.below)):
            linear, terms = self.gain(neuron, Fraction(sign))
            for q in leaf_vectors(linear, terms, cover, lambda weight: weight.slopes()):
                if not compare_length(q, self.square):
                    found.append((sign, q))
        return found


def _straightened(linear: Sequence[Number], terms: Sequence[OrderedTerm]) -> tuple[list[Number], list[OrderedTerm]]:
    """Terms that do not bend as a part of what is linear."""
    whole = list(linear)
    for term in terms:
        if term.right == term.left:
            whole = [p + inner([Fraction(q)], [term.right]) for p, q in zip(whole, term.form, strict=True)]
    return whole, [term for term in terms if term.right != term.left]
