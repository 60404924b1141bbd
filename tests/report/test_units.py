"""A loss is printed with its decimal and its name; a point that is no minimum says how far from one it is, in floats."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from command import run

import exactgeo as eg
from exactgeo.report.floats import in_floats
from exactgeo.report.tables import loss_line, loss_name

DATA = {"x": [[1], [2], [-1]], "y": [1, 1, 0]}


def problem(point=None, **loss):
    tree = {"data": DATA, "network": {"widths": [1]}, "loss": loss or {"kind": "squared"}}
    return eg.load(tree | ({} if point is None else {"point": point}))


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        ({"kind": "squared"}, "squared loss, sum"),
        ({"kind": "half_squared", "reduction": "mean"}, "half squared loss, mean over the data points"),
        ({"kind": "huber(1/2)", "reduction": "mean"}, "huber(1/2) loss, mean over the data points"),
    ],
)
def test_a_loss_says_which_it_is(loss, name):
    assert loss_name(problem(**loss)) == name
    assert loss_line(problem(**loss), F(1, 3)) == f"1/3 ~ 0.333333 ({name})"


def test_means_over_entries_and_penalties_are_named():
    two = eg.load(
        {
            "data": {"x": [[1]], "y": [[1, 2]]},
            "network": {"widths": [1]},
            "loss": {"kind": "squared", "reduction": "mean_entries"},
            "penalty": {"l2": 1},
        }
    )
    assert loss_name(two) == "squared loss, mean over data points and outputs, with the penalty"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["certify", "swirszcz-prop1"], ["18 (squared loss, sum)", "escapes at 106/5 = 21.2"]),
        (["certify", "swirszcz-prop2-local"], ["23/3 ~ 7.66667 (squared loss, sum)", "37/6 ~ 6.16667 at s"]),
        (["explain", "swirszcz-prop2-local"], ["loss 23/3 ~ 7.66667 (squared loss, sum)"]),
        (["basins", "swirszcz-prop1"], ["squared loss, sum", "75/4 = 18.75, 614/29 ~ 21.1724"]),
        (["basins", "swirszcz-prop1", "--minima"], ["106/5 = 21.2: 1 connected set"]),
        (["landscape", "swirszcz-prop1"], ["squared loss, sum", "106/5 = 21.2"]),
        (
            ["path", "swirszcz-prop1", "--to", "swirszcz-prop1-better"],
            ["squared loss, sum", "106/5 = 21.2      rising"],
        ),
        (["polish", "xor-2"], ["your loss       0 (squared loss, sum)"]),
    ],
)
def test_commands_print_losses_with_decimal_and_name(capsys, arguments, words):
    _, out, _ = run(capsys, *arguments)
    for word in words:
        assert word in out


def at(bias):
    """The perfect fit of two points by one unit and the output bias, and the bias moved."""
    return {"weights": [[[0]], [[0]]], "biases": [[0], [bias]]}


def test_far_from_a_minimum_the_gain_is_said():
    # Predictions 2, targets 1, 1, 0: the slope by the output bias is 8, and a third of the loss 6 is ...
    lines = in_floats(eg.certify(problem(at(2)), time_limit=0))
    assert len(lines) == 1
    assert "largest derivative by a parameter 8" in lines[0]
    gain = float(lines[0].split("falls by ")[1].split(",")[0])
    assert 0 < gain <= 6


def test_beside_a_minimum_floats_cannot_see_the_descent():
    # The least constant is 2/3; a float beside it is no minimum, by 1e-33.
    verdict = eg.certify(problem(at(F(2 / 3))), time_limit=0)
    assert verdict.kind == "not_local_minimum"
    first, *rest = in_floats(verdict)
    assert "e-1" in first
    assert rest == [
        "float64 cannot see that: to it the point may be a minimum",
        "`exactgeo polish` goes to the exact minimum beside it",
    ]


def test_a_minimum_and_a_loss_without_rational_values_have_no_such_line(capsys):
    assert in_floats(eg.certify(eg.load("swirszcz-prop1"), time_limit=0)) == []
    logistic = eg.load({"data": {"x": [[1]], "y": [1]}, "network": {"widths": [1]}, "loss": {"kind": "logistic"}})
    verdict = eg.certify(logistic, at(0), time_limit=0)
    assert in_floats(verdict) == []


def test_a_gain_below_the_range_of_floats():
    tiny = F(1, 10**400)
    lines = in_floats(eg.certify(problem(at(F(2, 3) + tiny)), time_limit=0))
    assert "less than 1e-307" in lines[0]
