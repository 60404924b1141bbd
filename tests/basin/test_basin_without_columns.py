"""Problems in which no hidden neuron is seen: a linear model, an activation that is 0; one convex program each."""

from __future__ import annotations

from fractions import Fraction

import pytest

from exactgeo.basin import census
from exactgeo.checking import check
from exactgeo.formats import problem_from_mapping
from exactgeo.landscape import landscape

DATA = {"x": [[1], [2], [-1]], "y": [1, 0, 2]}


@pytest.mark.parametrize(
    ("network", "minimum", "dimension"),
    [
        # The least squares line misses the points by 1/14, their mean by 2.
        ({"widths": []}, Fraction(1, 14), 0),
        ({"widths": [0]}, Fraction(2), 0),
        ({"widths": [1], "activation": "pl(0, 0)"}, Fraction(2), 3),
        ({"widths": [2], "activation": "pl(0, 0)"}, Fraction(2), 6),
        ({"widths": [1], "activation": "pl(0, 0)", "hidden_bias": False}, Fraction(2), 2),
    ],
)
def test_one_convex_program(tmp_path, network, minimum, dimension):
    problem = problem_from_mapping({"data": DATA, "network": network})
    found = census(problem)
    assert (found.complete, found.minimum, found.local_minimum_values) == (True, minimum, [minimum])
    (level,) = found.local_minima
    assert [(part.flat_dimension, problem.loss_at(part.point)) for part in level.sets] == [(dimension, minimum)]
    path = tmp_path / "certificate.json"
    found.prove(minima=True).write(str(path))
    assert check(str(path)).accepted
    assert landscape(problem).bad_valleys == 0


def test_only_the_output_bias_is_missing_too():
    network = {"widths": [1], "activation": "pl(0, 0)", "output_bias": False}
    found = census(problem_from_mapping({"data": DATA, "network": network}))
    assert (found.minimum, found.local_minimum_values) == (Fraction(5), [Fraction(5)])


@pytest.mark.parametrize("hidden_bias", [True, False])
@pytest.mark.parametrize("frozen", ["hidden", "output", "output_bias"])
def test_what_is_frozen_of_no_unit_leaves_the_certificate_true(tmp_path, hidden_bias, frozen):
    """A fuzz found certificates that were rejected: the frozen weights of no unit were taken for frozen weights."""
    problem = problem_from_mapping(
        {
            "data": DATA,
            "network": {"widths": [0], "hidden_bias": hidden_bias},
            "train": {frozen: False},
            "point": {"weights": [[], [[]]], "biases": [[], [1]]},
        }
    )
    found = census(problem)
    assert found.minimum == problem.loss_at(found.best)
    path = tmp_path / "certificate.json"
    found.prove().write(str(path))
    assert check(str(path)).accepted
    certificate = landscape(problem).certificate
    assert (certificate is None) == (frozen == "hidden")
    if certificate is not None:
        certificate.write(str(path))
        assert check(str(path)).accepted
