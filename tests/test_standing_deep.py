"""Where points of deep networks stand among all points: what is proved, what is lifted, and what floats find."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from damage import outcome
from deep_problems import case

import exactgeo as eg
from exactgeo.formats import problem_from_mapping
from exactgeo.kinds import Globality


def network(x, y, weights, biases=None, **tables):
    net = {"widths": [len(matrix) for matrix in weights[:-1]], "hidden_bias": False, "output_bias": False}
    return problem_from_mapping(
        {
            "data": {"x": x, "y": y},
            "network": net | tables.pop("network", {}),
            "point": {"weights": weights, **({"biases": biases} if biases else {})},
            **tables,
        }
    )


def proved(verdict) -> list[str]:
    """The kinds of the claims of a certificate that the checker accepts."""
    text = verdict.certificate.to_json()
    assert outcome(text).startswith("accepted: "), outcome(text)
    return [claim.kind for claim in verdict.certificate.claims]


def test_no_function_of_the_inputs_is_better():
    """x = 1 has the targets 0 and 2: their mean is best, and x = 2 is met."""
    problem = network([[1], [1], [2]], [0, 2, 5], [[[4]], [[1]], [[1]]], [[], [], [-3]], network={"output_bias": True})
    verdict = eg.certify(problem)
    assert (verdict.kind, verdict.globality, verdict.loss, verdict.lower_bound) == ("local_minimum", "global", 2, 2)
    assert "deep_global_minimum" in proved(verdict)
    off = problem_from_mapping({**problem.to_dict(), "data": {"x": [[1], [1], [2]], "y": [0, 3, 5]}})
    assert eg.certify(off).globality is not Globality.GLOBAL


def test_behind_frozen_layers_the_census_of_the_rest_decides():
    """h = (1, 2), y = (1, 0), one unit: the best multiple of h is 1/5."""
    frozen = {"train": {"hidden": [False, True]}}
    best = eg.certify(network([[1], [2]], [1, 0], [[[1]], [[1]], [["1/5"]]], **frozen), time_limit=20)
    assert (best.kind, best.globality, str(best.loss)) == ("local_minimum", "global", "4/5")
    assert "deep_global_minimum" in proved(best)
    dead = network([[1], [2]], [1, 0], [[[1]], [[-1]], [["1/5"]]], **frozen)
    worse = eg.certify(dead, time_limit=20)
    assert (worse.kind, worse.globality) == ("local_minimum", "spurious")
    assert (worse.better.complete, str(worse.better.loss)) == (True, "4/5")
    assert dead.loss_at(worse.better.point) == worse.better.loss
    assert worse.better.point.weights[0] == dead.point.weights[0]
    assert {"lower_point", "deep_global_minimum"} <= {*proved(worse)}
    assert worse.remarks[0].startswith("hidden layer 2 is dead")


def test_a_linear_layer_is_merged_and_its_minimum_is_that_of_the_rest():
    mixed = {"network": {"activation": ["linear", "relu"]}}
    verdict = eg.certify(network([[1], [2]], [1, 0], [[[1]], [[1]], [["1/5"]]], **mixed), time_limit=20)
    assert (verdict.globality, verdict.certificate.claims[-1].proof.rule) == ("global", "merged")
    assert proved(verdict)[-1] == "deep_global_minimum"


def test_deep_linear_minima_are_global_and_loss_0_is():
    linear = network([[1], [2]], [[1, 0], [2, 1]], [[[1]], [["1"]], [[1], ["2/5"]]], network={"activation": "linear"})
    assert (eg.certify(linear).kind, eg.certify(linear).globality) == ("local_minimum", "global")
    fit = eg.certify(network([[1]], [1], [[[1]], [[1]], [[1]]]))
    assert (fit.globality, proved(fit)[-1]) == ("global", "global_minimum")


def test_floats_find_a_lower_point_than_a_dead_layer():
    problem = network(
        [[1], [2], [3]], [1, 2, 4], [[[1], [1]], [[-1, -1], [-1, -1]], [[1, 1]]],
        [[0, 0], [-1, -1], ["7/3"]], network={"hidden_bias": True, "output_bias": True},
    )  # fmt: skip
    verdict = eg.certify(problem, time_limit=20)
    assert (verdict.kind, verdict.globality) == ("local_minimum", "spurious")
    assert not verdict.better.complete
    assert problem.loss_at(verdict.better.point) == verdict.better.loss < verdict.loss
    assert "lower_point" in proved(verdict)
    assert "The least that revives it is a bias raised by more than" in verdict.remarks[0]


def test_an_output_activation_that_is_dead_says_so_and_is_its_own_parameters():
    """y = -1 under relu: 0 is the best output, and the point is a global minimum by convexity behind the kink."""
    dead = network([[1]], [-1], [[[1]], [[-1]]], network={"output_activation": "relu", "activation": "abs"})
    verdict = eg.certify(dead, time_limit=10)
    assert (verdict.kind, verdict.loss) == ("local_minimum", 1)
    assert verdict.remarks[0].startswith("the output layer is dead: its one unit is on the slope 0 of relu")
    assert [len(part) for part in verdict.point.weights] == [1, 1]
    proved(verdict)
    other = network([[1]], [1], [[[1]], [[-1]]], network={"output_activation": "relu", "activation": "abs"})
    found = eg.certify(other, time_limit=10)
    assert (found.kind, found.globality) == ("local_minimum", "spurious")
    assert other.loss_at(found.better.point) == found.better.loss < 1
    assert len(found.better.point.weights) == 2


def test_a_descent_under_an_output_activation_is_one_of_the_network():
    problem = network(
        [[1], [2]], [[3, 1], [5, 0]], [[[1]], [[1], [1]]], network={"output_activation": "leaky_relu(1/2)"}
    )
    verdict = eg.certify(problem)
    assert verdict.kind == "not_local_minimum"
    assert problem.loss_at(verdict.descent.end) == verdict.descent.loss_after < verdict.loss
    assert len(verdict.descent.direction.weights) == 2


@pytest.mark.parametrize("options", [{"freeze": True, "mixed": True}, {"bent": True, "mixed": True}], ids=str)
def test_what_is_said_of_all_points_is_proved(options):
    seen = Counter()
    for seed in range(16):
        problem = case(random.Random(f"all {seed}"), **options)
        verdict = eg.certify(problem, time_limit=2)
        seen[str(verdict.globality)] += 1
        if verdict.certificate is not None:
            kinds = proved(verdict)
            everywhere = {"global_minimum", "deep_global_minimum", "linear_network_minimum", "lower_bound"}
            if verdict.globality is Globality.GLOBAL:
                assert everywhere & {*kinds}, seed
        if verdict.better is not None:
            assert problem.loss_at(verdict.better.point) == verdict.better.loss < verdict.loss
        if verdict.globality is Globality.UNKNOWN:
            assert verdict.detail
    assert seen["spurious"] >= 3
