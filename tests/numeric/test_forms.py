"""The float forms of every loss and activation of the registries against proved enclosures and exact slopes."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pytest
from losses import Pinball, example
from strange_losses import REFUSED, TAKEN

from exactgeo.activations import ACTIVATIONS, Activation, PiecewiseLinear, make_activation
from exactgeo.errors import OutOfScope
from exactgeo.losses import LOSSES, Loss, make_loss
from exactgeo.numeric import DescentStatus, NumericNetworks, descend
from exactgeo.numeric.activations import form_of as activation_form
from exactgeo.numeric.evaluation import loss_and_gradient, preactivations
from exactgeo.numeric.losses import form_of as loss_form
from exactgeo.problem import Network, Point, Problem, Train

CLOSE = 1e-13


def every_loss():
    return [*map(example, LOSSES), make_loss("huber", Fraction(1, 2)), Pinball(Fraction(1, 4)), *TAKEN, *REFUSED]


def every_activation():
    written = [text.rstrip(")").split("(") for text, _ in ACTIVATIONS.values()]
    return [make_activation(kind, *map(Fraction, rest[0].split(",") if rest else [])) for kind, *rest in written]


def named(item):
    return item.name


def targets(loss, rng, rows, outputs):
    """m rows of targets of the loss, small dyadics where all are allowed."""
    allowed = [
        q for q in (Fraction(k, 2) for k in range(-6, 7)) if loss.allows(q) and (not loss.classes or q < outputs)
    ]
    return tuple(tuple(rng.choice(allowed) for _ in range(1 if loss.classes else outputs)) for _ in range(rows))


def middle(enclosure):
    return float((enclosure.lo + enclosure.hi) / 2)


@pytest.mark.parametrize("outputs", [1, 2, 3])
@pytest.mark.parametrize("loss", every_loss(), ids=named)
def test_a_loss_in_floats_lies_in_its_enclosure(loss, outputs):
    rng = random.Random(f"{loss.name} {outputs}")
    y = targets(loss, rng, 7, outputs)
    form = loss_form(loss, np.array(y, dtype=float))
    rows = [[[Fraction(rng.randint(-32, 32), 8) for _ in range(outputs)] for _ in range(7)] for _ in range(40)]
    found = form.total(np.array(rows, dtype=float).transpose(0, 2, 1))
    for value, scores in zip(found.tolist(), rows, strict=True):
        expected = sum(middle(loss.enclosure_of_row(row, target)) for row, target in zip(scores, y, strict=True))
        if loss.rational and not form.rounded:
            # Small dyadics: nothing rounds.
            assert value == expected
        else:
            assert math.isclose(value, expected, rel_tol=CLOSE)


@pytest.mark.parametrize("outputs", [1, 2, 3])
@pytest.mark.parametrize("loss", every_loss(), ids=named)
def test_a_gradient_in_floats_lies_between_difference_quotients(loss, outputs):
    """Convexity: at distance h on either side, the quotient of the loss bounds the one-sided derivative."""
    rng, h = random.Random(f"{loss.name} {outputs}"), Fraction(1, 2**20)
    y = targets(loss, rng, 1, outputs)
    form = loss_form(loss, np.array(y, dtype=float))
    sides = 0
    for trial in range(60):
        scores = [Fraction(rng.randint(-16, 16), 4) for _ in range(outputs)]
        if not (trial or loss.classes):
            scores = list(y[0])
        p = np.array(scores, dtype=float)[None, :, None]
        left, right = form.gradient(p, -np.ones_like(p)), form.gradient(p, np.ones_like(p))
        assert (form.gradient(p) == left).all()
        assert (form.gradient(p, np.zeros_like(p)) == left).all()
        for j in range(outputs):
            at = loss.enclosure_of_row(scores, y[0])
            step = [q + h * (k == j) for k, q in enumerate(scores)], [q - h * (k == j) for k, q in enumerate(scores)]
            above, below = (loss.enclosure_of_row(moved, y[0]) for moved in step)
            least, greatest = float((at.lo - below.hi) / h), float((above.hi - at.lo) / h)
            assert least - 1e-12 <= left[0, j, 0] <= right[0, j, 0] <= greatest + 1e-12
            sides += bool(left[0, j, 0] != right[0, j, 0])
            if loss.rational:
                slopes = tuple(map(float, loss.slopes(scores[j], y[0][j])))
                assert (left[0, j, 0], right[0, j, 0]) == (pytest.approx(slopes, rel=CLOSE) if form.rounded else slopes)
    assert (sides > 0) != loss.differentiable


def test_near_a_break_is_on_it_only_within_the_tolerance():
    form = loss_form(make_loss("absolute"), np.array([[1.0]]))
    p, up = np.array([[[1.0 - 2**-20]]]), np.ones((1, 1, 1))
    assert form.gradient(p, up).tolist() == [[[-1.0]]]
    assert form.gradient(p, up, 2.0**-20).tolist() == [[[1.0]]]
    assert form.gradient(p, -up, 2.0**-20).tolist() == [[[-1.0]]]


def test_losses_of_far_predictions_neither_overflow_nor_cancel():
    logistic = loss_form(make_loss("logistic"), np.array([[1.0], [-1.0]]))
    p = np.array([[[-1000.0, -1000.0]], [[1000.0, -40.0]]])
    assert logistic.total(p).tolist() == [1000.0, math.log1p(math.exp(-40))]
    assert logistic.gradient(p)[:, 0].tolist() == [[-1.0, 0.0], [0.0, math.exp(-40) / (1 + math.exp(-40))]]
    classes = loss_form(make_loss("cross_entropy"), np.array([[2.0]]))
    scores = np.array([[[0.0], [-1000.0], [1000.0]], [[0.0], [0.0], [40.0]], [[2000.0], [0.0], [0.0]]])
    assert classes.total(scores).tolist() == [0.0, pytest.approx(2 * math.exp(-40), rel=1e-12), 2000.0]
    assert np.isfinite(classes.gradient(scores)).all()


@pytest.mark.parametrize("activation", every_activation(), ids=named)
def test_an_activation_in_floats_lies_in_its_enclosure(activation):
    form = activation_form(activation)
    exact = [Fraction(k, 4) for k in range(-40, 41)]
    z = np.array(exact, dtype=float)
    expected = [middle(activation.enclosure(q)) for q in exact]
    assert np.allclose(form.value(z), expected, rtol=CLOSE, atol=0)
    h = Fraction(1, 2**20)
    for sign in (1, -1):
        moved = [middle(activation.enclosure(q + sign * h)) for q in exact]
        quotient = np.array([(a - b) / float(sign * h) for a, b in zip(moved, expected, strict=True)])
        change = form.change(z, np.full_like(z, sign), 0.0)
        assert np.allclose(change * sign, quotient, rtol=0, atol=1e-6)
        if sign < 0 or not activation.has_kink:
            assert (form.slope(z) * sign == change).all()
    assert (form.change(z, np.ones_like(z), 0.5) != form.change(z, np.ones_like(z), 0.0)).any() == activation.has_kink
    assert np.isfinite(form.value(np.array([-1e300, 1e300]))).all()
    assert np.isfinite(form.slope(np.array([-1e300, 1e300]))).all()


# -- whole networks ---------------------------------------------------------------------------------------


def deep(loss, activations, reduction="sum", output_activation=None, count=5):
    """A network with one hidden layer an activation, dyadic points."""
    rng = random.Random(f"{loss.name} {[a.name for a in activations]}")
    widths, outputs = tuple(rng.randint(1, 3) for _ in activations), 3 if loss.classes else 2
    sizes, depth = (2, *widths, outputs), len(widths)

    def matrix(rows, columns):
        return tuple(tuple(Fraction(rng.randint(-6, 6), 4) for _ in range(columns)) for _ in range(rows))

    linear = make_activation("linear")
    network = Network(2, widths, outputs, tuple(activations), (True,) * depth, True, output_activation or linear)
    problem = Problem(
        matrix(4, 2), targets(loss, rng, 4, outputs), network, loss, Train((True,) * depth, (True,) * depth), reduction
    )
    points = [
        Point(tuple(matrix(o, i) for i, o in pairwise(sizes)), tuple(matrix(1, o)[0] for o in sizes[1:]))
        for _ in range(count)
    ]
    return problem, points


HALF = PiecewiseLinear.of_slopes(Fraction(1), Fraction(-1, 2))


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("loss", every_loss(), ids=named)
def test_losses_of_networks_are_the_exact_ones(loss, reduction):
    problem, points = deep(loss, (HALF, HALF), reduction)
    nets = NumericNetworks.from_points(problem, points)
    found = nets.losses().tolist()
    if loss.rational and not nets.loss_form.rounded:
        assert found == [float(problem.loss_at(point)) for point in points]
    for value, point in zip(found, points, strict=True):
        assert math.isclose(value, middle(problem.enclosure_at(point)), rel_tol=CLOSE)


REFERENCE = {"sigmoid": lambda z: 1 / (1 + math.exp(-z)), "tanh": math.tanh}


@pytest.mark.parametrize("last", [None, *REFERENCE])
def test_activations_differ_by_layer_and_the_outputs_have_one(last):
    activations = [make_activation("tanh"), make_activation("relu"), make_activation("sigmoid")]
    output = None if last is None else make_activation(last)
    problem, points = deep(make_loss("squared"), activations, output_activation=output)
    nets = NumericNetworks.from_points(problem, points)
    assert not nets.rounded.any()
    functions = [REFERENCE["tanh"], lambda z: max(z, 0.0), REFERENCE["sigmoid"], REFERENCE.get(last, lambda z: z)]
    for value, point in zip(nets.losses().tolist(), points, strict=True):
        total = 0.0
        for x, y in zip(problem.x, problem.y, strict=True):
            row = [float(q) for q in x]
            for weights, bias, function in zip(point.weights, point.biases, functions, strict=True):
                row = [
                    function(sum(float(w) * q for w, q in zip(unit, row, strict=True)) + float(b))
                    for unit, b in zip(weights, bias, strict=True)
                ]
            total += sum((p - float(q)) ** 2 for p, q in zip(row, y, strict=True))
        assert math.isclose(value, total, rel_tol=1e-12)


@pytest.mark.parametrize("output_activation", ["linear", "tanh"])
@pytest.mark.parametrize("activation", every_activation(), ids=named)
@pytest.mark.parametrize("loss", every_loss(), ids=named)
def test_gradients_and_one_sided_derivatives_agree_with_differences(loss, activation, output_activation):
    """Off kinks and breaks the three are one; both derivatives also on random directions."""
    problem, points = deep(
        loss, (activation, activation), output_activation=make_activation(output_activation), count=8
    )
    nets = NumericNetworks.from_points(problem, points)
    smooth = np.ones(len(nets), dtype=bool)
    for z in preactivations(nets)[:-1]:
        smooth &= (np.abs(z) > 2.0**-10).all(axis=(1, 2))
    nets = nets[smooth]
    assert len(nets) >= 2
    _, gradient = loss_and_gradient(nets, nets.trained())
    move = np.random.default_rng(0).integers(-3, 4, gradient.shape).astype(float)
    along, back = (nets.one_sided_derivatives(sign * move) for sign in (1, -1))
    flat = along == -back
    slope = np.einsum("np,np->n", gradient, move)
    assert np.allclose(along[flat], slope[flat], rtol=1e-9, atol=1e-9)
    h = 2.0**-17
    quotient = (nets.at(nets.parameters + h * move).losses() - nets.losses()) / h
    assert np.allclose(along, quotient, rtol=1e-2, atol=1e-2)
    assert (along + back >= -1e-9).all()


@pytest.mark.parametrize("loss", every_loss(), ids=named)
def test_descent_lowers_every_loss(loss):
    problem, points = deep(loss, (make_activation("tanh"),))
    nets = NumericNetworks.from_points(problem, points)
    end = descend(nets, iterations=200)
    assert (end.losses < nets.losses()).all()
    assert all(isinstance(end.status(i), DescentStatus) for i in range(len(nets)))


def test_classes_have_an_output_each_and_at_least_those_seen():
    loss, x, y = make_loss("cross_entropy"), [[0], [1]], [0, 1]
    three = NumericNetworks.from_layers([np.zeros((1, 3, 1))], [np.zeros((1, 3))], x=x, y=y, loss=loss)
    assert three.network.outputs == 3
    assert three.losses().tolist() == [pytest.approx(2 * math.log(3))]
    assert three.exact_problem().enclosure_at(three.point(0)).lo > Fraction(219, 100)
    with pytest.raises(Exception, match=r"weights\[0\]: got shape \(1, 1, 1\), expected shape \(1, 2, 1\)"):
        NumericNetworks.from_layers([np.zeros((1, 1, 1))], [None], x=x, y=y, loss=loss)


def test_a_loss_or_an_activation_without_a_form_is_refused_in_one_sentence():
    @dataclass(frozen=True)
    class Cubic(type(make_loss("logistic"))):
        kind: ClassVar[str] = "cubic"

    @dataclass(frozen=True)
    class Sine(Activation):
        name: str = "sine"
        slopes: None = None

        def __call__(self, z):
            raise ValueError

        enclosure = derivatives = __call__

    with pytest.raises(OutOfScope, match="the cubic loss has no form in floats"):
        NumericNetworks.from_arrays([[[1]]], [[1]], x=[[1]], y=[1], loss=Cubic())
    network = Network(1, (1,), 1, (Sine(),), (False,), False)
    one = ((Fraction(1),),)
    with pytest.raises(OutOfScope, match="the sine activation has no form in floats"):
        NumericNetworks.from_points(Problem(one, one, network, make_loss("squared"), Train((True,), (False,))), [])
    assert isinstance(Cubic(), Loss)
