"""Certificates as files: what is written is read, the text is canonical, and the data set becomes text once."""

from __future__ import annotations

import cProfile
import json
import pstats
from dataclasses import replace
from fractions import Fraction

import pytest
from damage import checker
from losses import Pinball
from made import ACCEPT, D1

import exactgeo as eg
from exactgeo import library
from exactgeo.claims.certificate import MOST_DIGITS, MOST_DIGITS_OF_A_NUMBER, Certificate, certificate_of
from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.global_minimum import GlobalMinimumClaim
from exactgeo.claims.local_minimum import Leaf, LocalMinimumClaim, NeuronProof, Part
from exactgeo.claims.subject import has_form, problem_data, read_subject, square_factor
from exactgeo.errors import InputError
from exactgeo.formats import problem_from_mapping
from exactgeo.losses import LOSSES

ACCEPTED = sorted(ACCEPT.glob("*.json"))
PROP1 = json.loads((ACCEPT / "prop1.json").read_text())
ONE = Fraction(1)


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_read_and_write_are_inverse(path, tmp_path):
    certificate = Certificate.read(path)
    assert certificate.to_json() == path.read_text()
    written = certificate.write(tmp_path / "again.json")
    assert written.read_bytes() == path.read_bytes()
    assert Certificate.read(written) == certificate


@pytest.mark.parametrize("name", [name for name, _ in library.names()])
def test_a_verdict_is_read_back(name):
    certificate = eg.certify(eg.load(name), time_limit=0).certificate
    again = Certificate.from_data(json.loads(certificate.to_json()))
    assert again.claims == certificate.claims
    assert problem_data(again.subject) == problem_data(certificate.subject)


@pytest.mark.parametrize("kind", LOSSES)
def test_every_loss_is_read_back(kind):
    if not LOSSES[kind].rational:
        pytest.skip("no certificate speaks of a loss without rational values")
    targets = D1["y"] if LOSSES[kind].targets is None else [1, -1, 1, -1, 1]
    for written in ({"kind": LOSSES[kind].example}, {"kind": LOSSES[kind].example, "reduction": "mean"}):
        problem = problem_from_mapping({"data": {**D1, "y": targets}, "network": {"widths": [2]}, "loss": written})
        assert read_subject({"problem": problem_data(problem)}) == problem


def test_square_factor():
    factors = {"squared": ONE, "half_squared": ONE / 2}
    for kind, loss in LOSSES.items():
        targets = [1, -1, 1, -1, 1] if loss.targets is not None else D1["y"]
        if kind == "cross_entropy":
            targets = [0, 1, 0, 1, 1]
        problem = problem_from_mapping(
            {"data": {**D1, "y": targets}, "network": {"widths": [1]}, "loss": {"kind": loss.example}}
        )
        assert square_factor(problem) == factors.get(kind)


@pytest.mark.parametrize(
    ("network", "form", "written"),
    [
        ({"activation": "abs"}, True, True),
        ({"activation": ["relu", "relu"]}, True, True),
        ({"activation": ["relu", "abs"]}, True, True),
        ({"activation": ["tanh", "sigmoid"]}, False, False),
        # The certificate speaks of the same network with one layer more.
        ({"activation": "relu", "output_activation": "abs"}, False, True),
        ({"activation": "relu", "output_activation": "tanh"}, False, False),
        # There are claims about tanh, but none that its loss is 0 by its exact values at 0.
        ({"activation": "tanh"}, True, False),
    ],
)
def test_no_certificate_of_what_the_format_has_no_form_for(network, form, written):
    """The loss is 0, which is a global minimum in any network; but the format knows one activation."""
    tables = {"data": {"x": [[1]], "y": [0]}, "network": {"widths": [1, 1], "output_bias": False, **network}}
    point = {"weights": [[[0]]] * 2 + [[[0]]], "biases": [[0], [0], []]}
    verdict = eg.certify(problem_from_mapping({**tables, "point": point}))
    assert (verdict.certificate is not None) == written
    assert has_form(verdict.problem) == form
    if not form:
        with pytest.raises(ValueError, match="one activation"):
            problem_data(verdict.problem)


def test_the_losses_of_the_format_are_those_of_the_checker():
    assert {*checker().LOSSES, "logistic", "cross_entropy"} == {kind for kind, loss in LOSSES.items() if loss.certified}


def test_no_certificate_of_a_loss_that_is_not_in_the_format(monkeypatch):
    """A registered loss is solved everywhere; that the checker knows it is another version of the format."""
    monkeypatch.setitem(LOSSES, "pinball", Pinball)
    assert not has_form(
        problem_from_mapping({"data": D1, "network": {"widths": [1]}, "loss": {"kind": "pinball(1/3)"}})
    )


def test_claims_that_the_checker_would_not_read_are_left_out(tmp_path):
    """On 16 patients `certify` once wrote a file that `check` refused: "numbers of too many digits"."""
    assert (MOST_DIGITS, MOST_DIGITS_OF_A_NUMBER) == (checker().MAX_LONG, checker().MAX_DIGITS)
    found = eg.certify(eg.load("swirszcz-prop1")).certificate
    first, *others = found.claims
    assert certificate_of(found.subject, found.claims) == found
    # `radius` is written in full: that number alone.
    for digits, fits in ((MOST_DIGITS_OF_A_NUMBER - 1, True), (MOST_DIGITS_OF_A_NUMBER + 1, False)):
        claim = replace(first, radius=Fraction(1, 10 ** (digits - 1)))
        kept = certificate_of(found.subject, [first, claim, *others])
        assert kept.claims == ((first, claim, *others) if fits else (first,))
    many = [replace(first, radius=Fraction(1, 10 ** (MOST_DIGITS_OF_A_NUMBER - 20)))] * 11
    assert certificate_of(found.subject, many).claims == tuple(many[:10])
    whole = eg.check(Certificate(found.subject, tuple(many)).write(tmp_path / "long.json"))
    assert (whole.code, "too many digits" in whole.reason) == (2, True)
    assert certificate_of(found.subject, [replace(first, radius=Fraction(1, 10**60_000))]) is None


def test_numbers_of_more_than_fifty_digits_are_counted_wherever_they_stand():
    first = eg.certify(eg.load("swirszcz-prop1")).certificate.claims[0]
    long, short = 2**166, 2**166 - 1
    assert (len(str(long)), first.long_numbers) == (50, (0, 0))
    for q, digits in ((short, 0), (long, 51), (2**999, 302)):
        for number in (Fraction(q), Fraction(-q), Fraction(1, q)):
            for claim in (
                replace(first, loss=number),
                replace(first, point=replace(first.point, biases=((number,), (Fraction(0),)))),
                replace(
                    first, neurons=(NeuronProof((Part((2,), (), (Leaf(FrozenDict({2: number}), FrozenDict()),)),)),)
                ),
            ):
                assert claim.long_numbers == (digits, digits)
    rows = replace(first, neurons=(NeuronProof((Part((-long, 2**200), (), ()),)),))
    assert rows.long_numbers == (51 + 61, 61)


def test_white_space_and_order_say_nothing(tmp_path):
    path = tmp_path / "wide.json"
    path.write_text("\ufeff" + json.dumps(dict(reversed(PROP1.items())), indent=3), encoding="utf-8")
    assert Certificate.read(path).to_json() == (ACCEPT / "prop1.json").read_text()


def test_the_first_claim_of_a_type():
    certificate = Certificate.read(ACCEPT / "prop1.json")
    assert certificate.first(LocalMinimumClaim).radius == Fraction(1, 8)
    assert certificate.first(GlobalMinimumClaim) is certificate.claims[3]
    assert Certificate.read(ACCEPT / "descent.json").first(LocalMinimumClaim) is None


def test_the_data_set_becomes_text_once():
    """Deciding converts no number; writing, however often, converts each number of the data once."""
    m, d = 300, 3
    x = [[(7 * t + 3 * k) % 23 - 11 for k in range(d)] for t in range(m)]
    y = [Fraction(t % 17 - 8, 1 + t % 5) for t in range(m)]
    point = {"weights": [[[1, 0, 2], [0, 1, 1]], [[1, -1]]], "biases": [[1, 2], [0]]}
    problem = problem_from_mapping({"data": {"x": x, "y": y}, "network": {"widths": [2]}, "point": point})

    def conversions(work) -> int:
        profile = cProfile.Profile()
        profile.runcall(work)
        counts = {name: calls[0] for (_, _, name), calls in pstats.Stats(profile).stats.items()}
        return counts.get("format_rational", 0)

    verdict = eg.certify(problem, time_limit=0)
    assert conversions(lambda: eg.certify(problem, time_limit=0)) == 0
    own = conversions(lambda: [claim.write() for claim in verdict.certificate.claims])
    assert conversions(verdict.certificate.to_json) == m * (d + 1) + 2 + own
    assert conversions(verdict.certificate.to_json) == own


def damaged(**changes: object) -> dict:
    return {**PROP1, **changes}


def within(table: str, **changes: object) -> dict:
    problem = PROP1["problem"]
    return damaged(problem={**problem, table: {**problem[table], **changes}})


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ([], "certificate: got a list, expected an object with format exactgeo-certificate and version 2 (or 1)"),
        (damaged(version=3), "certificate: got a dict, expected an object with format"),
        (damaged(claims={}), "certificate: claims: got a dict, expected a list"),
        (damaged(claims=[{"kind": "rumour"}]), "certificate: claims[0].kind: got 'rumour', expected one of the kinds"),
        (damaged(problem=None), "certificate: problem: got None, expected an object"),
        (
            within("loss", kind="hubris"),
            "certificate: problem.loss.kind: got 'hubris', expected a loss, one of squared",
        ),
        (within("loss", kind="huber(-1)"), "certificate: problem.loss.kind: got 'huber(-1)'"),
        (within("loss", kind="huber(2/2)"), "certificate: problem.loss.kind: got 'huber(2/2)'"),
        (within("loss", reduction="max"), "certificate: problem.loss.reduction: got 'max', expected one of sum, mean"),
        (within("data", x=[["1"], ["1", "2"]]), "certificate: problem.data.x: got "),
        (within("data", y=[["1"]]), "certificate: problem.data.y: got "),
        (within("data", x=[["1"], ["0.5"]]), "certificate: problem.data.x[1][0]: got '0.5', expected a rational"),
        (within("network", activation=["1"]), "certificate: problem.network.activation: got "),
        (within("network", widths=[1, 1]), "certificate: problem.network.widths: got "),
        (
            within("network", bias=True),
            "certificate: problem.network: got 'bias', expected an object of exactly the keys",
        ),
    ],
)
def test_what_is_no_certificate_is_refused(data, where):
    with pytest.raises(InputError) as refusal:
        Certificate.from_data(data)
    assert str(refusal.value).startswith(where)


def test_what_is_no_json_is_refused(tmp_path):
    path = tmp_path / "cert.json"
    path.write_text("no certificate")
    with pytest.raises(InputError, match=r"cert\.json: got .*, expected JSON"):
        Certificate.read(path)


def test_an_arrangement_is_read_back():
    certificate = eg.Arrangement([[1, 0], [0, 1]], [1, 2]).certificate()
    assert Certificate.from_data(certificate.to_data()) == certificate
    tree = certificate.to_data()
    tree["arrangement"]["offsets"] = ["1"]
    with pytest.raises(InputError, match=r"arrangement\.offsets"):
        Certificate.from_data(tree)


def test_a_changed_claim_is_another_certificate():
    certificate = Certificate.read(ACCEPT / "prop1.json")
    claim = replace(certificate.claims[0], radius=Fraction(2))
    other = Certificate(certificate.subject, (claim, *certificate.claims[1:]))
    assert other != certificate
    assert other.to_data()["claims"][0]["radius"] == "2"
