"""How results show themselves: one line for ``repr``, the command's text for ``str``, and only names a user wants.

The laws are over a gallery of results, of short numbers and of numbers of a thousand digits.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache

import pytest
from command import run

import exactgeo as eg
from exactgeo.exact.algebraic import Algebraic
from exactgeo.exact.combination import LogCombination
from exactgeo.exact.enclosure import Enclosure
from exactgeo.shown import brief

WIDEST = 420
"""Characters of a line: some numbers of at most 100, and words."""

NAME = "swirszcz-prop1"


@cache
def gallery() -> dict[str, object]:
    """Public results of one problem, by what they are called here."""
    problem = eg.load(NAME)
    found: dict[str, object] = {"problem": problem, "point": problem.point, "penalty": problem.penalty}
    verdict = eg.certify(problem, time_limit=1000)
    falls = eg.certify(problem, {"weights": [[[1]], [[1]]], "biases": [[-2], [0]]})
    deep = eg.certify(smooth())
    found |= {"verdict": verdict, "falls": falls, "undecided": deep, "better": verdict.better, "descent": falls.descent}
    found |= {"direction": falls.descent.direction, "try": verdict.tries[0], "certificate": verdict.certificate}
    found |= {f"claim {claim.kind}": claim for claim in verdict.certificate.claims}
    census = eg.basins(problem)
    found |= {"census": census, "basin": census[0], "optimum": census[0].optimum, "minima": census.local_minima[0]}
    found |= {"set": census.local_minima[0].sets[0], "part": eg.basins(problem, time_limit=0)}
    found["penalised"] = eg.basins(eg.load(decayed()))
    landscape = eg.landscape(problem)
    around = landscape.component(problem.point)
    found |= {"landscape": landscape, "valley": landscape.valleys[1], "component": around, "wall": around.barriers[0]}
    path = eg.path(problem, to=eg.load("swirszcz-prop1-better").point)
    found |= {"found path": path, "path": path.path, "segment": path.segments[0], "minimum": eg.minimum(problem)}
    likely = eg.probabilities(problem)
    law = likely.law(14, widths=[1, 10])
    found |= {"probabilities": likely, "law": law, "row": law[0], "region": likely.regions[0]}
    starts = eg.starts(problem, count=10, optimizer="lbfgs")
    found |= {"starts": starts, "ending": starts.ends[0], "proportion": starts.ends[0].proportion}
    explanation = eg.explain(problem)
    found |= {"explanation": explanation, "neuron": explanation.neurons[0], "condition": explanation.conditions[0]}
    found |= {"layers": eg.explain(deep_problem()), "polished": eg.polish(problem)}
    planes = eg.Arrangement([[1, 0], [0, 1], [1, 1]])
    return found | {"arrangement": planes, "regions": planes.regions(), "loss": eg.load(huber()).loss}


def smooth() -> eg.Problem:
    net = {"widths": [1], "activation": "tanh", "hidden_bias": False, "output_bias": False}
    point = {"weights": [[[0]], [[0]]]}
    return eg.load({"data": {"x": [[1], [2]], "y": [0, 0]}, "network": net, "point": point})


def deep_problem() -> eg.Problem:
    net = {"widths": [1, 1], "hidden_bias": False, "output_bias": False}
    return eg.load(
        {"data": {"x": [[1], [2]], "y": [0, 1]}, "network": net, "point": {"weights": [[[1]], [[1]], [[1]]]}}
    )


def decayed() -> dict[str, object]:
    net = {"widths": [1], "hidden_bias": False, "output_bias": False}
    return {"data": {"x": [[1], [2]], "y": [2, 1]}, "network": net, "penalty": {"l2": 1}, "name": "decayed"}


def huber() -> dict[str, object]:
    return {"data": {"x": [[1]], "y": [2]}, "network": {"widths": []}, "loss": {"kind": f"huber({3**3000}/7)"}}


def long_numbers() -> list[object]:
    """Results whose numbers have more than a thousand digits."""
    big = Fraction(10**1500 + 1, 3**700)
    data = {"x": [[str(big)], [1], [-1]], "y": [str(-big), str(big / 7), 0]}
    problem = eg.load(
        {"name": 200 * "n", "data": data, "network": {"widths": [1]}, "penalty": {"l2": str(1 / big)}}
        | {"point": {"weights": [[[str(big)]], [[str(1 / big)]]], "biases": [[str(big)], [1]]}}
    )
    bare = eg.load({**problem.to_dict(), "penalty": {"l2": 0}})
    verdicts = [eg.certify(bare, time_limit=0), eg.certify(problem, time_limit=0)]
    fits = eg.certify(bare, {"weights": [[[0]], [[0]]], "biases": [[0], [str(big)]]}, time_limit=0)
    found: list[object] = [problem, problem.point, problem.penalty, *verdicts, fits, eg.explain(bare), eg.basins(bare)]
    found += [verdict.descent for verdict in verdicts] + [v.certificate for v in verdicts]
    found += [*list(eg.basins(bare))[:2], eg.minimum(bare), *verdicts[0].certificate.claims]
    down = eg.path(bare, time_limit=1)
    found += [down, down.path, *down.segments[:1]]
    size = LogCombination.softplus(Fraction(0)) * big
    return [*found, Enclosure(-big, big), size, Algebraic((Fraction(-2) * big, Fraction(0), Fraction(1)), -big, big)]


def one_line(result: object) -> str:
    line = repr(result)
    assert line.isprintable()
    assert len(line) <= WIDEST, (len(line), line)
    assert "Fraction(" not in line
    assert " object at 0x" not in line
    return line


def test_every_result_has_one_line_of_bounded_length():
    for result in gallery().values():
        one_line(result)


def test_numbers_of_a_thousand_digits_are_shortened_with_their_length():
    lines = [one_line(result) for result in long_numbers() if result is not None]
    assert sum("characters" in line for line in lines) > 8
    assert "(1501 characters, about 1e+1500)" in brief(Fraction(10**1500))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("problem", f"<problem {NAME}: 5 data points, layers 1 - 1 - 1, relu, squared loss, sum>"),
        ("point", "<point: W1 = [(1)], b1 = (-3), W2 = [(1)], b2 = (0)>"),
        ("verdict", f"<verdict on {NAME}: local_minimum, loss 18, strict_modulo_symmetry, globality spurious>"),
        ("census", "<census: 20 basins, 20 orbits, minimum 14>"),
        ("basin", "<basin 0 of 20: value 106/5 = 21.2>"),
        ("valley", "<valley at 18, escapes at 106/5 = 21.2>"),
        ("landscape", "<landscape: 3 valleys, 2 bad, minimum 14>"),
        ("component", "<component: loss 18, down to 18, in a bad valley, escapes at 106/5 = 21.2>"),
        ("found path", "<path: 7 segments, 18 -> 14; complete>"),
        ("minimum", "<global minimum: 14, 6 nodes>"),
        ("arrangement", "<central arrangement of 3 hyperplanes in dimension 2>"),
        ("regions", "<6 regions of 3 hyperplanes>"),
    ],
)
def test_the_line_is_exact_with_its_decimal(name, line):
    assert repr(gallery()[name]) == line


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("verdict", ["certify", NAME, "--time-limit", "1000"]),
        ("landscape", ["landscape", NAME]),
        ("found path", ["path", NAME, "--to", "swirszcz-prop1-better"]),
        ("minimum", ["minimum", NAME]),
        ("explanation", ["explain", NAME]),
        ("polished", ["polish", NAME]),
        ("starts", ["starts", NAME, "--count", "10", "--optimizer", "lbfgs"]),
    ],
)
def test_printed_it_is_the_text_of_its_command(capsys, name, arguments):
    shown = str(gallery()[name]).splitlines()
    told = run(capsys, *arguments)[1].splitlines()
    # The command has the point as well.
    assert [line for line in told if not line.startswith("  the point")] == shown


def test_a_printed_census_searches_for_nothing(capsys, monkeypatch):
    def searched(*_, **__):
        raise AssertionError("a search has begun")

    monkeypatch.setattr("exactgeo.basin.minima.local_minimum_values", searched)
    lines = str(eg.basins(eg.load(NAME))).splitlines()
    monkeypatch.undo()
    told = run(capsys, "basins", NAME)[1].splitlines()
    assert [line for line in told if not line.startswith("  local minima")] == lines


def test_other_printed_results():
    shown = {name: str(gallery()[name]) for name in ("law", "penalised", "layers", "undecided", "part", "point")}
    assert "~0.161895904413" in shown["law"]
    assert "decayed" in shown["penalised"]
    assert "unit 0" in shown["layers"]
    assert "undecided" in shown["undecided"]
    assert "unknown" in shown["part"]
    assert shown["point"] == "W1 = [(1)], b1 = (-3), W2 = [(1)], b2 = (0)"


def test_a_checked_certificate_is_its_report(tmp_path):
    path = gallery()["certificate"].write(tmp_path / "c.json")
    answer = eg.check(path)
    assert repr(answer).startswith("<check: accepted: local_minimum, strictness, ")
    assert str(answer) == answer.report
    path.write_text("{}")
    refused = eg.check(path)
    assert (repr(refused).startswith("<check: not accepted: "), str(refused)) == (True, refused.reason)


def silent(result: object) -> list[str]:
    """What TAB offers of a result of which nothing is said: no docstring, no word in that of its class."""
    bases = [base for base in type(result).__mro__ if base.__module__.startswith("exactgeo")]
    words = "\n".join(base.__doc__ or "" for base in bases)
    found = []
    for name in dir(result):
        said = False
        for held in (base.__dict__.get(name) for base in type(result).__mro__):
            function = getattr(held, "fget", getattr(held, "func", getattr(held, "__func__", held)))
            said |= callable(function) and bool(function.__doc__)
        if not (name.startswith("_") or name.isupper() or said or re.search(rf"\b{name}\b", words)):
            found.append(name)
    return found


def test_what_tab_offers_is_explained():
    found = {type(result).__name__: names for result in gallery().values() if (names := silent(result))}
    assert not found
