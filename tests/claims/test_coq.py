"""Certificates for a proof assistant: coqc accepts the file, without axioms, and its theorem is the statement."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from made import ACCEPT
from open_slopes import absolute_case, idle_case, with_loss

import exactgeo as eg
from exactgeo import library
from exactgeo.claims import coq as _coq
from exactgeo.claims.certificate import Certificate
from exactgeo.cli import main
from exactgeo.errors import InputError
from exactgeo.local_minimum import Minimum, decide

coqc = pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not installed (Debian: apt-get install coq)")


def export(tree: dict, path: Path) -> list[str]:
    text, left = _coq.coq(Certificate.from_data(tree))
    path.write_text(text)
    return left


def compile_file(path: Path, theorems: int) -> None:
    done = subprocess.run(
        ["coqc", "-q", path.name], cwd=path.parent, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == ["Closed under the global context"] * theorems + [""]


def exportable() -> list[Path]:
    found = []
    for path in sorted(ACCEPT.glob("*.json")):
        try:
            _coq.coq(Certificate.read(path))
        except InputError:
            continue
        found.append(path)
    return found


def test_most_of_the_accepted_ones_can_be_exported():
    assert len(exportable()) >= 18


@coqc
@pytest.mark.parametrize(
    "name", ["prop1", "descent-second-order", "basin", "plateau", "linear-model", "curve-on-two-scales"]
)
def test_coq_accepts(name, tmp_path):
    tree = json.loads((ACCEPT / f"{name}.json").read_text())
    left = export(tree, tmp_path / "claim.v")
    compile_file(tmp_path / "claim.v", len(tree["claims"]) - len(left))


def refutation(loss: str, y: list[int], point: dict) -> Certificate:
    """Of a loss by pieces, with a data point that is there twice."""
    problem = {
        "data": {"x": [[1], [1], [-2]], "y": y},
        "network": {"widths": [1], "activation": "relu"},
        "loss": {"kind": loss, "reduction": "mean"},
        "point": point,
    }
    found = eg.certify(eg.load(problem)).certificate
    assert found is not None
    return found


REFUTED = {
    "absolute": ("descent_curve", [0, 0, 3]),
    "hinge": ("descent_curve", [1, 1, -1]),
    "huber(1/2)": ("not_local_minimum", [0, 0, 3]),
    "squared_hinge": ("not_local_minimum", [1, 1, -1]),
}


@coqc
@pytest.mark.parametrize("loss", sorted(REFUTED))
def test_coq_accepts_refutations_of_losses_by_pieces(loss, tmp_path):
    kind, y = REFUTED[loss]
    found = refutation(loss, y, {"weights": [[[1]], [["1/2"]]], "biases": [[0], [0]]})
    assert found.claims[0].kind == kind
    left = export(found.to_data(), tmp_path / "claim.v")
    assert f"Theorem {kind} :\n  forall s : Q, 0 < s -> " in (tmp_path / "claim.v").read_text()
    compile_file(tmp_path / "claim.v", len(found.claims) - len(left))


def test_what_a_loss_by_pieces_has_no_theorem_for_is_named():
    found = Certificate.read(ACCEPT / "huber-minimum-anywhere.json")
    assert [claim.kind for claim in found.claims] == ["local_minimum", "strictness", "global_minimum"]
    text, left = _coq.coq(found)
    assert left == ["strictness", "global_minimum"]
    assert "Left out of this file: strictness, global_minimum. *)" in text
    with pytest.raises(InputError, match="got global_minimum, expected a claim of kind local_minimum, subgradient_min"):
        _coq.coq(Certificate(found.subject, found.claims[2:]))
    for name in (
        "absolute-covered-on-a-side",
        "penalised-descent-of-sizes",
        "second-order",
        "logistic-descent",
        "logistic-kink",
    ):
        certificate = Certificate.read(ACCEPT / f"{name}.json")
        with pytest.raises(InputError):
            _coq.coq(Certificate(certificate.subject, certificate.claims[:1]))


@coqc
@pytest.mark.parametrize("name", ["basin-huber", pytest.param("basins-hinge", marks=pytest.mark.slow)])
def test_coq_accepts_basins_of_losses_by_pieces(name, tmp_path):
    """The dual vector as lines that touch the losses."""
    found = Certificate.read(ACCEPT / f"{name}.json")
    basins = Certificate(found.subject, tuple(claim for claim in found.claims if claim.kind == "basin_optimum")[:2])
    assert basins.claims
    text, left = _coq.coq(basins)
    assert "Lemma touching_0_0 (p : Q) : " in text
    (tmp_path / "claim.v").write_text(text)
    compile_file(tmp_path / "claim.v", len(basins.claims) - len(left))


@coqc
def test_coq_accepts_the_bottom_of_an_affine_problem(tmp_path):
    problem = {
        "data": {"x": [[1], [1], [2]], "y": [0, 1, 1]},
        "network": {"widths": []},
        "loss": {"kind": "huber(1/2)"},
        "point": {"weights": [[["1/2"]]], "biases": [[0]]},
    }
    found = eg.certify(eg.load(problem)).certificate
    bottom = Certificate(found.subject, tuple(claim for claim in found.claims if claim.kind == "global_minimum"))
    text, _ = _coq.coq(bottom)
    (tmp_path / "claim.v").write_text(text)
    compile_file(tmp_path / "claim.v", 1)


# -- weight decay --

DECAYED = ["penalised-ray", "penalised-huber", "penalised-descent-with-the-output-bias", "penalised-frozen-inputs"]
MORE_DECAYED = [
    "penalised-balanced",
    "penalised-bias-at-a-kink",
    "penalised-bias-beside-a-datum-that-is-off",
    "penalised-biases",
    "penalised-descent-at-zero",
    "penalised-falling-ray",
    "penalised-frozen-outputs-of-long-inputs",
    "penalised-linear-model-with-a-bias",
    "penalised-squared-hinge",
    "penalised-without-biases",
]


@coqc
@pytest.mark.parametrize("name", [*DECAYED, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE_DECAYED)])
def test_coq_accepts_weight_decay(name, tmp_path):
    found = Certificate.read(ACCEPT / f"{name}.json")
    text, left = _coq.coq(found)
    assert f"Theorem {found.claims[0].kind} :" in text
    assert " * (w0_0 * w0_0" in text or " * (v0 * v0" in text or not found.subject.network.widths
    (tmp_path / "claim.v").write_text(text)
    compile_file(tmp_path / "claim.v", len(found.claims) - len(left))


@coqc
def test_coq_rejects_a_minimum_beyond_its_bound(tmp_path):
    """The same proof with less decay: the square is not paid for."""
    text, _ = _coq.coq(Certificate.read(ACCEPT / "penalised-ray-alone.json"))
    decayed = "+ (1 # 2) * (w0_0 * w0_0 + v0 * v0)"
    assert decayed in text
    (tmp_path / "claim.v").write_text(text.replace(decayed, "+ (1 # 3) * (w0_0 * w0_0 + v0 * v0)"))
    with pytest.raises(AssertionError):
        compile_file(tmp_path / "claim.v", 1)


# -- minima of losses by pieces --

MINIMA = [
    "absolute-no-common-subgradient",  # cases of one neuron, a slope each
    "absolute-covered",
    "absolute-covered-with-a-sign",
    "absolute-parts",
    "absolute-sign-of-an-idle-neuron",  # strict
    "hinge-linear-model",
    "huber-minimum-at-the-break",
    "squared-hinge-at-the-margin",
]


@coqc
@pytest.mark.parametrize("name", MINIMA)
def test_coq_accepts_minima_of_losses_by_pieces(name, tmp_path):
    found = Certificate.read(ACCEPT / f"{name}.json")
    text, left = _coq.coq(found)
    assert found.claims[0].kind in ("local_minimum", "subgradient_minimum")
    assert f"Theorem {found.claims[0].kind} :\n  forall " in text
    assert found.claims[0].kind not in left
    (tmp_path / "claim.v").write_text(text)
    compile_file(tmp_path / "claim.v", len(found.claims) - len(left))


def test_each_case_has_its_subgradients():
    text, _ = _coq.coq(Certificate.read(ACCEPT / "absolute-no-common-subgradient.json"))
    assert (
        """Theorem subgradient_minimum :
  forall dw0_0 dv0 : Q,
  -1 <= dw0_0 -> dw0_0 <= 1 ->
  -1 <= dv0 -> dv0 <= 1 ->
  loss (0) (1) <= loss (0 + dw0_0) (1 + dv0).
"""
        in text
    )
    # Both lines of the open data point, that of the left slope of the other; then a vector of slopes for each case.
    assert "Lemma below_0_0_0 (p : Q) : 0 + (-1) * (p - 0) <= cost0 p.\n" in text
    assert "Lemma below_0_0_1 (p : Q) : 0 + 1 * (p - 0) <= cost0 p.\n" in text
    assert "Lemma below_0_1_0 (p : Q) : 1 + (-1) * (p - 0) <= cost1 p.\n" in text
    assert "below_0_1_1" not in text
    p = "(1 + dv0) * act (4 * (0 + dw0_0))"
    for slope in ("1", "(-1)"):
        assert text.count(f"assert (B0 : 0 + {slope} * ({p} - 0) <= cost0 ({p})).\n") == 1
    assert text.count("destruct (Qlt_le_dec 0 (1 * dw0_0)) as [K0_0 | K0_0].\n") == 1


@coqc
@pytest.mark.parametrize("loss", ["squared", "absolute", "huber(2)"])
def test_coq_accepts_minima_of_a_linear_activation(loss, tmp_path):
    # No side of a pre-activation is known, and phi is 0 because three activations cancel.
    problem = {
        "data": {"x": [[1], [2], [3]], "y": [1, 1, -1]},
        "network": {"widths": [1], "activation": "linear", "hidden_bias": False, "output_bias": False},
        "loss": {"kind": loss},
        "point": {"weights": [[[0]], [[1]]]},
    }
    left = export(eg.certify(eg.load(problem)).certificate.to_data(), tmp_path / "claim.v")
    assert left == ["strictness", "global_minimum"]
    compile_file(tmp_path / "claim.v", 1)


def minimum(loss: str, seed: int) -> Certificate:
    """The first local minimum of a degenerate problem from this seed on: idle neurons, kinks, frozen blocks."""
    for number in range(seed, seed + 1000):
        rng = random.Random(number)
        problem = with_loss(rng.choice((absolute_case, idle_case))(rng), loss, rng)
        found = decide(problem, problem.point)
        if isinstance(found, Minimum):
            return found.certificate
    raise AssertionError("no minimum in a thousand cases")


@pytest.mark.slow
@coqc
@pytest.mark.parametrize("seed", range(0, 50_000, 5_000))
@pytest.mark.parametrize("loss", ["absolute", "hinge", "huber", "squared_hinge"])
def test_coq_accepts_degenerate_minima(loss, seed, tmp_path):
    text, left = _coq.coq(minimum(loss, seed))
    assert not set(left) & {"local_minimum", "subgradient_minimum"}
    (tmp_path / "claim.v").write_text(text)
    compile_file(tmp_path / "claim.v", 1)


def end(claim: dict, k: int) -> dict:
    """The k-th case of the first part."""
    return [step for step in claim["joint"][0]["cover"] if step["rule"] == "subgradient"][k]


BROKEN = {
    # For each the false or unproved step: a vector of slopes, the neighbourhood of one that is strict, a multiplier.
    "a slope of another case": ("absolute-no-common-subgradient", lambda c: end(c, 0).update(slopes={"0": "-1/2"})),
    "a slope outside": ("absolute-no-common-subgradient", lambda c: end(c, 0).update(slopes={"0": "2"})),
    "no slope": ("absolute-no-common-subgradient", lambda c: end(c, 1).update(slopes={})),
    "sides exchanged": (
        "absolute-no-common-subgradient",
        lambda c: c["joint"][0]["cover"].insert(1, c["joint"][0]["cover"].pop()),
    ),
    "not strict": ("absolute-sign-of-an-idle-neuron", lambda c: end(c, 1).update(slopes={}, strict=[])),
    "too large": ("absolute-sign-of-an-idle-neuron", lambda c: c.update(radius="3")),
    "a multiplier": ("absolute-multiplier-of-a-kink", lambda c: end(c, 0).update(multipliers={})),
    "a share": ("huber-minimum-on-slopes", lambda c: c.update(neurons=[{"parts": []} for _ in c["neurons"]])),
}


@pytest.mark.slow
@coqc
@pytest.mark.parametrize("what", sorted(BROKEN))
def test_coq_rejects_a_broken_proof(what, tmp_path):
    name, change = BROKEN[what]
    tree = json.loads((ACCEPT / f"{name}.json").read_text())
    change(tree["claims"][0])
    export(tree, tmp_path / "claim.v")
    done = subprocess.run(["coqc", "-q", "claim.v"], cwd=tmp_path, capture_output=True, timeout=280, check=False)
    assert done.returncode == 1


@pytest.mark.slow
@coqc
@pytest.mark.parametrize("path", exportable(), ids=lambda path: path.stem)
def test_coq_accepts_every_accepted_certificate(path, tmp_path):
    tree = json.loads(path.read_text())
    left = export(tree, tmp_path / "claim.v")
    compile_file(tmp_path / "claim.v", len(tree["claims"]) - len(left))


@pytest.mark.slow
@coqc
@pytest.mark.parametrize("name", [name for name, _ in library.names()])
def test_coq_accepts_every_named_verdict(name, tmp_path):
    tree = json.loads(eg.certify(eg.load(name), time_limit=0).certificate.to_json())
    left = export(tree, tmp_path / "claim.v")
    compile_file(tmp_path / "claim.v", len(tree["claims"]) - len(left))


@coqc
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("prop1", "-(1 # 8) <= dw0_0 -> dw0_0 <= (1 # 8)", "-(8) <= dw0_0 -> dw0_0 <= 8"),
        ("prop1", "== 18", "== 17"),
        ("descent-second-order", "s <= 1", "s <= 100"),
        ("basin", "0 <= v0 ->", "v0 <= 0 ->"),
        ("plateau", "<= (106 # 5))", "<= 21)"),
        ("curve-on-two-scales", "s <= 1 ->", "s <= 100 ->"),
        ("huber-descent", "s <= (1 # 2) ->", "s <= 100 ->"),
        ("absolute-no-common-subgradient", "-1 <= dv0", "-2 <= dv0"),
        ("hinge-linear-model", "(p : Q) : 0 + (-1) *", "(p : Q) : 0 + (-2) *"),
    ],
)
def test_coq_rejects_another_statement(name, old, new, tmp_path):
    text, _ = _coq.coq(Certificate.read(ACCEPT / f"{name}.json"))
    assert old in text
    (tmp_path / "claim.v").write_text(text.replace(old, new))
    done = subprocess.run(["coqc", "-q", "claim.v"], cwd=tmp_path, capture_output=True, timeout=280, check=False)
    assert done.returncode == 1


def test_the_theorem_is_the_statement():
    text, left = _coq.coq(Certificate.read(ACCEPT / "prop1.json"))
    assert left == ["strictness", "global_minimum", "barrier"]
    assert (
        """Theorem local_minimum :
  forall dw0_0 db0 dv0 dc : Q,
  -(1 # 8) <= dw0_0 -> dw0_0 <= (1 # 8) ->
  -(1 # 8) <= db0 -> db0 <= (1 # 8) ->
  -(1 # 8) <= dv0 -> dv0 <= (1 # 8) ->
  -(1 # 8) <= dc -> dc <= (1 # 8) ->
  loss (1) (-3) (1) (0) <= loss (1 + dw0_0) ((-3) + db0) (1 + dv0) (0 + dc).
"""
        in text
    )
    assert text.count("Print Assumptions") == 2
    assert "Axiom" not in text
    assert "Admitted" not in text
    assert "Left out of this file: strictness, global_minimum, barrier. *)" in text
    assert "The theorems are about the rationals" in text


def test_global_minima_and_paths_are_theorems():
    text, left = _coq.coq(Certificate.read(ACCEPT / "linear-model-trained.json"))
    assert left == ["strictness"]
    assert "Theorem global_minimum_1 : forall " in text
    text, left = _coq.coq(Certificate.read(ACCEPT / "plateau.json"))
    assert left == ["strictness", "global_minimum"]  # that one rests on a list of regions
    assert "Theorem path_2 :\n  (forall s : Q, 0 <= s -> s <= 1 -> loss " in text
    with pytest.raises(InputError):  # a neuron is rescaled on the way
        _coq.coq(Certificate.read(ACCEPT / "path-with-a-rescaling.json"))


def test_the_command(tmp_path, capsys):
    def run(*arguments: str) -> int:
        with pytest.raises(SystemExit) as end:
            main(["export", *arguments])
        return int(end.value.code or 0)

    target = tmp_path / "claim.v"
    assert run("--coq", str(ACCEPT / "prop1-global.json"), "-o", str(target), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"file": str(target), "left_out": ["strictness", "global_minimum"]}
    assert "Theorem local_minimum" in target.read_text()
    assert run("--coq", str(ACCEPT / "basin.json"), "-o", str(target)) == 0
    capsys.readouterr()
    for arguments in (
        ("--coq", str(ACCEPT / "census.json")),
        ("--coq", str(ACCEPT / "regions-affine.json")),
        ("--coq", str(ACCEPT.parent / "reject" / "strictness.json")),
        ("--coq", str(tmp_path / "missing.json")),
        (str(ACCEPT / "prop1.json"),),
    ):
        assert run(*arguments, "-o", str(target)) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert run("--coq", str(ACCEPT / "prop1.json"), "-o", str(tmp_path / "no" / "where.v")) == 2
