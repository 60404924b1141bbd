"""A verdict for a paper: what is stated is what is proved, every file's text is escaped, and LaTeX sets it."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256

import pytest
from command import run

import exactgeo as eg
from exactgeo.losses import LOSSES
from exactgeo.report.latex import escaped

WRONG = "50% of $x_1$ & {a} #3 ~ ^ \\end{document} <|> \"'` \u4e2d -- \u015awirszcz ]"


def problem(loss: str = "squared", activation: str = "relu", **more: object) -> eg.Problem:
    y = {"cross_entropy": [0, 1, 1]}.get(loss, [1, -1, 1])
    net = {"widths": [1], "activation": activation} | ({"outputs": 2} if loss == "cross_entropy" else {})
    point = {"weights": [[[0]], [[0]] * net.get("outputs", 1)], "biases": [[0], [0] * net.get("outputs", 1)]}
    data = {"data": {"x": [[1], [2], ["-1/3"]], "y": y}, "network": net, "loss": {"kind": loss}, "point": point}
    return eg.load(data | more)


def cases() -> list[str]:
    """Verdicts of every kind, as LaTeX."""
    names = ["swirszcz-prop1", "swirszcz-prop2-local", "swirszcz-prop1-better", "kink-global"]
    found = [eg.certify(eg.load(name)).to_latex() for name in names]
    examples = {kind: loss.example for kind, loss in LOSSES.items()}
    found += [eg.certify(problem(text), time_limit=1).to_latex() for text in examples.values()]
    found += [eg.certify(problem(activation=kind), time_limit=1).to_latex() for kind in ("tanh", "pl(2, -1/3)", "abs")]
    hostile = replace(eg.load("swirszcz-prop1"), name=WRONG, source=WRONG)
    long = problem(penalty={"l2": f"1/{3**200}"})
    deep = eg.load(
        {
            "data": {"x": [[1, 2], [2, 0]], "y": [[0, 1], [1, 1]]},
            "network": {"widths": [2, 1], "activation": ["relu", "abs"], "output_activation": "leaky_relu(1/10)"},
            "point": {"weights": [[[1, 0], [0, 1]], [[1, 1]], [[1], [2]]], "biases": [[0, 0], [0], [0, "1/7"]]},
            "train": {"output": False},
            "loss": {"kind": "squared", "reduction": "mean_entries"},
        }
    )
    return [*found, *(eg.certify(one, time_limit=1).to_latex() for one in (hostile, long, deep))]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return cases()


def test_what_is_stated_is_the_verdict(tmp_path):
    verdict = eg.certify(eg.load("swirszcz-prop1"), time_limit=1000)
    path = verdict.certificate.write(tmp_path / "a_1.json")
    text = verdict.to_latex(str(path))
    assert "the loss is $L = 18$, and they are a local minimum of $L$:" in text
    assert r"differ from them by at most $\tfrac{1}{8}$ each" in text
    assert "a set of dimension $1$" in text
    assert "It is not global: $L = 14$, the least of all, at" in text
    assert r"W_1 = -1, \quad b_1 = 1, \quad W_2 = \tfrac{3}{2}, \quad b_2 = 0" in text
    assert r"a loss below $18$ passes a loss of at least $\tfrac{106}{5}$" in text
    assert sha256(path.read_bytes()).hexdigest() in text.replace(r"\allowbreak ", "")
    assert r"\texttt{exactgeo check a\_1.json}" in text
    falls = eg.certify(eg.load("swirszcz-prop2-local")).to_latex()
    assert "they are not a local minimum of $L$:" in falls
    assert r"for every $0 < s \le \tfrac{1}{2}$" in falls
    assert r"$L = \tfrac{37}{6}$ at $s = \tfrac{1}{2}$" in falls


def test_of_an_undecided_point_nothing_is_stated():
    net = {"widths": [1, 1], "activation": ["relu", "tanh"]}
    point = {"weights": [[[1]], [[1]], [[1]]], "biases": [[0], [0], [0]]}
    open_point = eg.load({"data": {"x": [[1], [2]], "y": [0, 1]}, "network": net, "point": point})
    lines = eg.certify(open_point).to_latex().splitlines()
    assert all(line.startswith("%") for line in lines)
    assert lines[1].startswith("% Undecided")


def test_an_enclosure_is_rounded_outward():
    smooth = problem(activation="tanh", point={"weights": [[[1]], [[1]]], "biases": [[0], [0]]})
    verdict = eg.certify(smooth, time_limit=0)
    exact = verdict.loss_enclosure
    lo, hi = re.search(r"L \\in \[([\d.]+), ([\d.]+)\]", verdict.to_latex()).groups()
    assert Fraction(lo) < exact.lo < exact.hi < Fraction(hi)
    assert Fraction(hi) - Fraction(lo) < Fraction(1, 10**12)


def test_numbers_too_long_for_a_line_are_cut_and_that_is_said():
    text = eg.certify(problem(penalty={"l2": f"1/{3**200}"}), time_limit=0).to_latex()
    assert r"\ldots" in text
    assert "are cut here and exact in the certificate" in text
    assert "cut here" not in eg.certify(problem()).to_latex()


def test_every_text_is_ascii_with_braces_and_environments_in_pairs(texts):
    for text in texts:
        assert text.isascii()
        bare = re.sub(r"\\[\\{}%]", "", re.sub(r"(?m)^%.*$", "", text))
        assert bare.count("{") == bare.count("}")
        assert sorted(re.findall(r"\\begin\{(\w+)\}", bare)) == sorted(re.findall(r"\\end\{(\w+)\}", bare))
        assert bare.replace(r"\$", "").count("$") % 2 == 0


def test_every_loss_has_its_formula():
    assert all(loss.latex for loss in LOSSES.values())
    assert "[U+4E2D]" in escaped(WRONG)
    assert r"\end" not in escaped(WRONG)


def test_the_command_writes_it(capsys, tmp_path):
    proof, paper = tmp_path / "c.json", tmp_path / "paper.tex"
    arguments = [
        "certify",
        "swirszcz-prop1",
        "--time-limit",
        "1000",
        "--certificate",
        str(proof),
        "--latex",
        str(paper),
    ]
    assert run(capsys, *arguments)[0] == 0
    assert paper.read_text() == eg.certify(eg.load("swirszcz-prop1"), time_limit=1000).to_latex(str(proof))
    twice = ["--point", "swirszcz-prop1-better", "--point", "swirszcz-prop1"]
    code, _, err = run(capsys, "certify", "swirszcz-prop1", *twice, "--latex", str(paper))
    assert (code, err) == (2, "exactgeo: --latex: got 2 points, expected one point; write one --point\n")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_sets_all_of_it(tmp_path, texts):
    head = r"\documentclass{article}\usepackage{amsmath,amsthm}\newtheorem{proposition}{Proposition}\begin{document}"
    (tmp_path / "paper.tex").write_text("\n".join([head, *texts, r"\end{document}"]))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-1500:]
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000
