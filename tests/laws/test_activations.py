"""The laws of every registered activation."""

from __future__ import annotations

import math
import re
import tomllib
from fractions import Fraction
from functools import partial

import pytest

from exactgeo.activations import ACTIVATIONS, LINEAR, Activation, PiecewiseLinear, make_activation
from exactgeo.exact.enclosure import Enclosure
from exactgeo.formats import problem_from_mapping

F = Fraction

# Written from the literature in floats, independently of the code: (pre-activation, parameters).
REFERENCES = {
    "relu": lambda z: max(z, 0.0),
    "leaky_relu": lambda z, left: z if z > 0 else left * z,
    "pl": lambda z, right, left: right * z if z > 0 else left * z,
    "abs": abs,
    "linear": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "tanh": math.tanh,
}

MORE = {"leaky_relu": [(F(1, 3),), (F(-2),), (F(1),)], "pl": [(F(-1, 2), F(-2)), (F(0), F(0)), (F(3), F(3))]}
POINTS = sorted({F(n, d) for n in range(-8, 9) for d in (1, 2, 3)})


def parameters(kind: str) -> tuple[Fraction, ...]:
    """Those of the example that a problem file may hold."""
    return tuple(map(Fraction, re.findall(r"-?\d+(?:/\d+)?", ACTIVATIONS[kind][0].removeprefix(kind))))


LAWS = [(kind, numbers) for kind in ACTIVATIONS for numbers in [parameters(kind), *MORE.get(kind, [])]]


def in_floats(reference, numbers, z):
    return reference(z, *map(float, numbers))


def laws(condition=lambda activation: True):
    found = [(make_activation(kind, *numbers), REFERENCES[kind], numbers) for kind, numbers in LAWS]
    return pytest.mark.parametrize(
        ("activation", "reference"),
        [
            pytest.param(activation, partial(in_floats, f, numbers), id=activation.name)
            for activation, f, numbers in found
            if condition(activation)
        ],
    )


def has_slopes(activation: Activation) -> bool:
    return activation.slopes is not None


def is_smooth(activation: Activation) -> bool:
    return activation.slopes is None


def bounds(activation: Activation, z: Fraction) -> Enclosure:
    found = activation.enclosure(z)
    assert found.lo <= found.hi
    return found


def test_every_activation_has_a_reference_here():
    assert REFERENCES.keys() == ACTIVATIONS.keys(), "write the new activation in floats, from the literature"


@pytest.mark.parametrize(("kind", "numbers"), LAWS)
def test_the_name_makes_the_activation_again(kind, numbers):
    activation = make_activation(kind, *numbers)
    assert activation.name.partition("(")[0] == kind
    assert make_activation(kind, *numbers) == activation
    assert hash(make_activation(kind, *numbers)) == hash(activation)
    assert make_activation(kind, *parameters(kind)).name == ACTIVATIONS[kind][0]


@pytest.mark.parametrize(("kind", "numbers"), LAWS)
def test_through_a_file_and_back(kind, numbers):
    activation = make_activation(kind, *numbers)
    data = {"data": {"x": [[1], [2]], "y": [0, 1]}, "network": {"widths": [2], "activation": activation.name}}
    problem = problem_from_mapping(data)
    again = problem_from_mapping(tomllib.loads(problem.to_toml()))
    assert again == problem
    assert activation.name in problem.to_toml()


@laws()
def test_value_against_the_reference(activation, reference):
    for z in POINTS:
        found = bounds(activation, z)
        assert float(found.lo) == pytest.approx(reference(float(z)), abs=1e-12)
        assert found.hi - found.lo < F(1, 10**12)
        if activation.homogeneous or not z:
            assert found.lo == found.hi == activation(z)
        else:
            with pytest.raises(ValueError, match="no exact rational values"):
                activation(z)


@laws(has_slopes)
def test_derivatives_are_difference_quotients(activation, reference):
    h = F(1, 10**6)
    for z in POINTS:
        here = activation(z)
        assert activation.derivatives(z) == ((here - activation(z - h)) / h, (activation(z + h) - here) / h)


@laws(is_smooth)
def test_smooth_derivatives_agree_with_difference_quotients(activation, reference):
    h = F(1, 10**5)
    for z in POINTS:
        try:
            left, right = activation.derivatives(z)
        except ValueError:
            continue
        assert left == right
        quotient = float((bounds(activation, z + h).lo - bounds(activation, z - h).lo) / (2 * h))
        assert quotient == pytest.approx(float(left), abs=1e-6)
    assert activation.derivatives(F(0))
    with pytest.raises(ValueError, match="rational at 0 only"):
        activation.derivatives(F(1))


@laws()
def test_homogeneous_if_and_only_if_it_has_slopes(activation, reference):
    assert activation.homogeneous == (activation.slopes is not None)
    scaled = [(bounds(activation, 3 * z), bounds(activation, z)) for z in (F(-2), F(-1, 3), F(1, 2), F(4))]
    assert activation.homogeneous == all(a.lo <= 3 * b.hi and 3 * b.lo <= a.hi for a, b in scaled)
    if activation.slopes is not None:
        assert isinstance(activation, PiecewiseLinear)
        assert activation.slopes == (activation(F(1)), -activation(F(-1)))


@laws()
def test_a_kink_is_where_the_derivatives_differ(activation, reference):
    left, right = activation.derivatives(F(0))
    assert activation.has_kink == (left != right)


def test_linear_is_no_kink_by_any_name():
    assert make_activation("linear") == LINEAR
    for same in (LINEAR, make_activation("leaky_relu", F(1)), make_activation("pl", F(1), F(1))):
        assert same.slopes == (1, 1)
        assert not same.has_kink


@laws()
def test_a_jet_holds_values_and_difference_quotients(activation, reference):
    """On a ball of radius 1/8; the quotients are those of the enclosures, which are independent of it."""
    from exactgeo.exact.krawczyk import ball

    h = F(1, 10**8)
    for z in POINTS[::3]:
        wide, narrow = activation.jet(ball(z, F(1, 8))), activation.jet(ball(z))
        if wide is None:
            assert activation.has_kink
            assert abs(z) <= F(1, 8)
            continue
        for there in (z, z - F(1, 8), z + F(1, 9)):
            left, here, right = (activation.enclosure(q).lo for q in (there - h, there, there + h))
            values = map(float, (here, (right - left) / (2 * h), (right - 2 * here + left) / h**2))
            for k, (value, error) in enumerate(zip(values, (1e-12, 1e-6, 1e-3), strict=True)):
                assert float(wide[k].lower()) - error <= value <= float(wide[k].upper()) + error
                if there == z:
                    assert float(narrow[k]) == pytest.approx(value, abs=error)
