"""What a notebook shows of a result: its numbers, escaped, of bounded size, and nothing that reaches the rest of the page."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from markup import Markup

import exactgeo as eg
from exactgeo.report.html import bounded, cell, element, inline, number, prose, shortened, table, visible
from exactgeo.report.views import CODE, ROWS, kink_table

F = Fraction
HOSTILE = '<script>alert("1")</script>&amp; \u05d0\u05d1'


@pytest.fixture(scope="module")
def results():
    problem = eg.load("swirszcz-d1-plateau")
    path = eg.path(problem)
    lines = eg.Arrangement([[1, 0], [0, 1], [1, 1]], ["1/3", 0, 0])
    return {
        "problem": problem,
        "verdict": eg.certify(problem),
        "census": eg.basins(problem),
        "landscape": eg.landscape(problem),
        "path found": path,
        "path": path.path,
        "arrangement": lines,
    }


def shown(result):
    text = result._repr_html_()
    assert text.startswith('<div class="exactgeo"><style>')
    assert len(text) < 60_000
    return Markup(text)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("problem", ["1 input, one hidden layer of 1 unit (relu) with biases", "squared: (p - y)^2", "kind = \"squared\""]),
        ("verdict", ["a local minimum, proved exactly", "106/5 = 21.2", "spurious: the global minimum is 14", "flat: equal loss on a set of dimension 3"]),
        ("census", ["20; 20 modulo permutation of neurons", "614/29 ≈ 21.1724"]),
        ("landscape", ["bad valleys2", "16/5 = 3.2"]),
        ("path found", ["move within one loss", "106/5 = 21.2", "it never rises"]),
        ("path", ["down within a basin", "14"]),
        ("arrangement", ["3 in dimension 2, affine, of rank 2", "regions7", "(1, -3, 3)", "1/3"]),
    ],
)  # fmt: skip
def test_what_a_notebook_shows(results, name, said):
    words = shown(results[name]).words
    assert [text for text in said if text not in words] == []


def test_the_style_reaches_nothing_but_the_piece(results):
    style = re.search("<style>(.*?)</style>", results["problem"]._repr_html_(), flags=re.DOTALL)[1]
    inside = re.sub(r"@media[^{]*\{((?:[^{}]*\{[^{}]*\})*)\s*\}", r"\1", style)
    selectors = [part.strip() for rule in re.findall(r"([^{}]+)\{", inside) for part in rule.split(",")]
    assert len(selectors) > 40
    assert [selector for selector in selectors if not selector.startswith(".exactgeo")] == []


def test_names_are_text_everywhere(results):
    from dataclasses import replace

    problem = replace(results["problem"], name=HOSTILE, source=HOSTILE)
    for result in (
        problem,
        eg.certify(problem, time_limit=0),
        eg.basins(problem),
        eg.landscape(problem),
        eg.path(problem),
    ):
        markup = shown(result)
        assert markup.of("script") == []
        assert HOSTILE in markup.words


def test_large_results_are_cut_and_counted():
    rows = [[t, t * t] for t in range(500)]
    problem = eg.load({"data": {"x": rows, "y": [t % 7 for t in range(500)]}, "network": {"widths": [3]}})
    words = shown(problem).words
    assert "500 points of dimension 2" in words
    wide = eg.load(
        {"data": {"x": [[f"1/{t + 10**30}"] for t in range(2000)], "y": [0] * 2000}, "network": {"widths": []}}
    )
    assert len(wide.to_toml()) > CODE
    assert f"has {len(wide.to_toml()):,} characters: .to_toml() writes it" in shown(wide).words
    planes = eg.Arrangement([[t, 1] for t in range(500)])
    markup = shown(planes)
    assert len(markup.of("tr")) == 1 + ROWS
    assert f"… and {500 - ROWS} more" in markup.words
    # Nothing long is begun for a picture of it.
    assert "characteristic" not in markup.words


def test_a_view_is_as_fast_as_its_result(results, monkeypatch):
    # A notebook asks for it after every line: no search is begun.
    census = eg.basins(results["problem"])
    monkeypatch.setattr("exactgeo.basin.minima.local_minimum_values", None)
    monkeypatch.setattr("exactgeo.basin.minima.local_minima", None)
    assert shown(census).of("table")


def test_penalised_and_incomplete_results_have_a_view():
    point = {"weights": [[[1]], [[1]]], "biases": [[0], [0]]}
    problem = eg.load(
        {"data": {"x": [[1], [2]], "y": [1, 0]}, "network": {"widths": [1]}, "penalty": {"l2": "1/4"}, "point": point}
    )
    assert "1/8 times the sum of squares of the trained weights" in shown(problem).words
    assert "in [" in shown(eg.basins(problem)).words
    late = eg.basins(eg.load("swirszcz-prop1"), time_limit=0)
    assert "because" in shown(late).words
    unknown = eg.landscape(eg.load("swirszcz-prop1"), time_limit=0)
    assert unknown.reason in shown(unknown).words


# -- pieces ------------------------------------------------------------------------------------------------------------


def test_kinks_are_where_units_bend():
    problem = eg.load({"data": {"x": [[1], [2], [3]], "y": [0, 0, 0]}, "network": {"widths": [3]},
                       "point": {"weights": [[[2], [0], [-3]], [[1, 1, 1]]], "biases": [[-4, 1, 1], [0]]}})  # fmt: skip
    rows = re.findall(r"<tr><td.*?</tr>", kink_table(problem, problem.point))
    words = [" ".join(re.sub("<[^>]*>", " ", row).split()) for row in rows]
    assert words == ["0 x = 2 1", "1 nowhere none", "2 x = 1/3 ≈ 0.333333 none"]
    plane = eg.load({"data": {"x": [[1, 1], [2, -2]], "y": [0, 0]}, "network": {"widths": [1]},
                     "point": {"weights": [[[1, "1/2"]], [[1]]], "biases": [[-1], [0]]}})  # fmt: skip
    row = re.findall(r"<tr><td.*?</tr>", kink_table(plane, plane.point))[0]
    assert " ".join(re.sub("<[^>]*>", " ", row).split()) == "0 1 x1 + 1/2 x2 + -1 1"


def test_numbers_are_exact_or_marked():
    assert inline(F(1, 4)) == "1/4 = 0.25"
    assert inline(F(2, 3)) == "2/3 ≈ 0.666667"
    assert inline(F(-7)) == "-7"
    long = F(10**60 + 1, 3)
    assert inline(long) == "≈ 3.33333e+59 (a rational of 63 characters)"
    assert Markup(number(long)).words.endswith(f"{10**60 + 1}/3")
    assert Markup(bounded(long)).words == "≈ 3.33333e+59"
    assert number(None) == "—"
    assert Markup(cell(F(10**20 + 1, 3**20))).words == f"≈ 2.86797e+10{10**20 + 1}/{3**20}"
    assert shortened("a loss of 1/3, between 0.25 and 2") == "a loss of 1/3, between 0.25 and 2"
    folded = Markup(shortened(f"a <loss> of {10**60 + 1}/3, or 7")).words
    assert (
        folded
        == f"a <loss> of ≈ 3.33333e+59 (a rational of 63 characters), or 7with every digita <loss> of {10**60 + 1}/3, or 7"
    )


def test_an_element_escapes_what_it_is_given():
    assert element("p", "<b>", None, [1, F(1, 2)], title='"') == '<p title="&quot;">&lt;b&gt;11/2</p>'
    assert visible("\u202ea\x00\U000e0001") == r"\u202ea\u0000\U000e0001"
    assert prose("a `b <c>` d") == "a <code>b &lt;c&gt;</code> d"
    assert prose("a `b") == "a `b"
    rows = table(["x"], [["<i>"], ["y"]], label="a<b", total=9, rest="else<where")
    assert "<i>" not in rows
    assert "… and 7 more (else&lt;where)." in rows
