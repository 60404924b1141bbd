"""The identity behind a claim, in every case of moves: it expands to 0, and its inequalities hold."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import sympy
from made import ACCEPT

import exactgeo as eg
from exactgeo.claims import read_claim
from exactgeo.claims.certificate import Certificate
from exactgeo.problem import Direction, Point

MINIMA = ("local_minimum", "subgradient_minimum", "penalised_minimum")
DESCENTS = ("not_local_minimum", "descent_curve", "penalised_descent")
IRRATIONAL = ("logistic", "cross_entropy")


def with_identity() -> Iterator[tuple[str, Path, int]]:
    """Every claim about a loss with pieces in the accepted certificates: its kind, the file, its place in it."""
    for path in sorted(ACCEPT.glob("*.json")):
        tree = json.loads(path.read_text())
        for k, claim in enumerate(tree["claims"]):
            if claim["kind"] in MINIMA + DESCENTS and tree["problem"]["loss"]["kind"] not in IRRATIONAL:
                yield claim["kind"], path, k


LISTED = [pytest.param(path, k, id=f"{path.stem}-{k}") for kind, path, k in with_identity()]
KINDS = {kind for kind, _, _ in with_identity()}


def alone(path: Path, k: int) -> Certificate:
    """The certificate of one claim of a file."""
    found = Certificate.read(path)
    return Certificate(found.subject, found.claims[k : k + 1])


def activate(problem: eg.Problem, z: Fraction) -> Fraction:
    right, left = problem.network.activation.slopes if problem.network.widths else (1, 1)
    return z * (right if z > 0 else left)


def case_of(problem: eg.Problem, before: Point, after: Point) -> dict[str, Any]:
    """The case in which a move lies, from the definitions alone."""
    signs, outputs = {}, {}
    net = problem.network
    for i, (old, new) in enumerate(zip(before.neurons, after.neurons, strict=True)):
        seen: list[tuple[Fraction, ...]] = []
        flags = [problem.train.hidden[0]] * problem.d + [problem.train.hidden_bias[0]] * (len(old.w) - problem.d)
        for t, row in enumerate(problem.lifted):
            trained = [q for q, flag in zip(row, flags, strict=True) if flag]
            lead = next((q for q in trained if q), None)
            if sum(p * q for p, q in zip(old.w, row, strict=True)) or lead is None:
                continue
            shape = tuple(q / lead for q in trained)
            if net.activation.slopes[0] == net.activation.slopes[1] or shape in seen:
                continue
            seen.append(shape)
            signs[i, t] = 1 if sum(p * q for p, q in zip(new.w, row, strict=True)) >= 0 else -1
        if old.v == 0 and problem.train.output:
            outputs[i] = 1 if new.v >= 0 else -1
    return {"signs": signs, "outputs": outputs, "pieces": pieces_of(problem, after)}


def pieces_of(problem: eg.Problem, point: Point) -> dict[int, int]:
    return {
        t: sum(1 for b in problem.loss.pieces(y).breaks if b < p)
        for t, (p, (y,)) in enumerate(zip(predictions(problem, point), problem.y, strict=True))
    }


def predictions(problem: eg.Problem, point: Point) -> list[Fraction]:
    found = []
    for row, x in zip(problem.lifted, problem.x, strict=True):
        p = point.shift + sum((a * b for a, b in zip(point.inputs, x, strict=False)), Fraction(0))
        for w, v in point.neurons:
            p += v * activate(problem, sum((a * b for a, b in zip(w, row, strict=True)), Fraction(0)))
        found.append(p)
    return found


def random_move(problem: eg.Problem, point: Point, radius: Fraction | None, rng: random.Random) -> tuple[Any, dict]:
    """A point within the radius, and the values of the symbols of the moves that lead to it."""
    size = Fraction(3) if radius is None else radius
    values: dict[str, Fraction] = {}

    def draw(name: str, trained: bool) -> Fraction:
        if not trained:
            return Fraction(0)
        values[name] = size * Fraction(rng.choice((0, 1, -1, rng.randint(-7, 7), rng.randint(-7, 7))), 7)
        return values[name]

    train, d = problem.train, problem.d
    shift = draw("dc", train.output_bias and problem.network.output_bias)
    zero = Direction.zero(point)
    if not problem.network.widths:
        way = zero.with_inputs([draw(f"dw{k}_0", train.output) for k in range(d)], shift)
    else:
        moves = []
        for i, (w, _) in enumerate(point.neurons):
            u = [
                draw(f"dw{k}_{i}" if k < d else f"db_{i}", train.hidden[0] if k < d else train.hidden_bias[0])
                for k in range(len(w))
            ]
            moves.append((u, draw(f"dv_{i}", train.output)))
        way = zero.with_neurons(moves, shift)
    return point.moved(way, Fraction(1)), values


def number(expression: Any, values: dict[str, Fraction]) -> Fraction:
    found = sympy.sympify(expression).subs(
        {name: sympy.Rational(q.numerator, q.denominator) for name, q in values.items()}
    )
    assert found.is_Rational
    return Fraction(int(found.p), int(found.q))


def test_deeper_networks_and_second_orders_are_among_them():
    names = {path.stem for _, path, _ in with_identity()}
    assert {"deep-curve", "deep-curve-two-outputs", "linear-network-curve"} <= names
    assert {path.stem for path in ACCEPT.glob("second-order*.json")} <= names


@pytest.mark.parametrize("kind", ["deep_minimum", "ordered_penalised_minimum"])
def test_other_kinds_have_no_identity(kind):
    path = next(
        path for path in sorted(ACCEPT.glob("*.json")) if json.loads(path.read_text())["claims"][0]["kind"] == kind
    )
    with pytest.raises(ValueError, match="no polynomial identity"):
        alone(path, 0).identity()


def test_every_kind_with_an_identity_is_here():
    assert set(MINIMA + DESCENTS) == KINDS
    assert len(LISTED) >= 60


@pytest.mark.parametrize(("path", "k"), LISTED)
def test_the_identity_and_the_inequalities_of_accepted_claims(path, k):
    certificate = alone(path, k)
    problem, (claim,) = certificate.subject, certificate.claims
    rng = random.Random(f"{path.stem} {k}")
    for _ in range(4):
        if claim.kind in MINIMA:
            after, values = random_move(problem, claim.point, claim.radius, rng)
            case = case_of(problem, claim.point, after)
            rise = 1
        else:
            s = claim.step * Fraction(rng.randint(1, 5), 5)
            after = claim.at(s) if claim.kind == "descent_curve" else claim.point.moved(claim.direction, s)
            values = {"s": s}
            case = {} if claim.kind == "descent_curve" else {"pieces": pieces_of(problem, after)}
            rise = -1
        assert sympy.expand(certificate.identity(**case)) == 0
        terms = certificate.inequalities(**case)
        products = [(number(q, {}), number(form, values)) for q, form in terms]
        assert all(q >= 0 and form >= 0 for q, form in products)
        change = problem.loss_at(after) - problem.loss_at(claim.point)
        assert change == rise * sum(q * form for q, form in products)
        assert rise > 0 or change < 0


@pytest.mark.parametrize(
    "name",
    [
        "absolute-implied-side",
        "absolute-covered",
        "absolute-covered-on-a-side",
        "penalised-implied",
        "cones",
        "kinks-of-two-neurons",
        "absolute-no-common-subgradient",
    ],
)
def test_sides_that_no_move_has_give_way_to_what_they_imply(name):
    certificate = alone(ACCEPT / f"{name}.json", 0)
    problem, point = certificate.subject, certificate.claims[0].point
    keys = case_of(problem, point, point)
    assert keys["signs"]
    for choice in product((1, -1), repeat=min(len(keys["signs"]), 5)):
        signs = dict(zip(keys["signs"], choice, strict=False))
        assert sympy.expand(certificate.identity(signs)) == 0
        assert all(q >= 0 for q, _ in certificate.inequalities(signs))


def linear(loss: str, weight: str, y: list[int], **more: Any) -> Certificate:
    problem = {
        "data": {"x": [[1]] * len(y), "y": y},
        "network": {"widths": [], "output_bias": False},
        "loss": {"kind": loss},
        "point": {"weights": [[[weight]]]},
    }
    found = eg.certify(eg.load(problem | more)).certificate
    assert found is not None
    return Certificate(found.subject, found.claims[:1])


def test_a_curve_that_leaves_a_break_to_either_side():
    for y, way in (([0, -1, -1], -1), ([0, 1, 1], 1)):
        certificate = linear("absolute", "0", y)
        assert certificate.claims[0].kind == "descent_curve"
        assert certificate.claims[0].curve[0].inputs == (way,)
        assert sympy.expand(certificate.identity()) == 0
        assert certificate.inequalities()[-1] == (1, sympy.Symbol("s"))


def test_sizes_fall_towards_zero_from_either_side():
    for weight in ("-1", "1"):
        certificate = linear("squared", weight, [0], penalty={"l1": 1})
        assert certificate.claims[0].kind == "penalised_descent"
        assert sympy.expand(certificate.identity()) == 0
        assert all(q > 0 for q, _ in certificate.inequalities())


NOTHING = {"rule": "norm", "multipliers": {}, "slopes": {}}


def damaged(name: str, change: Any) -> Certificate:
    found = alone(ACCEPT / f"{name}.json", 0)
    data = found.claims[0].write()
    change(data)
    return Certificate(found.subject, (read_claim(data),))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("absolute-two-neurons", lambda claim: leaf_of(claim)["slopes"].update({"1": "9"})),
        ("absolute-two-neurons", lambda claim: claim["joint"][0]["cover"].__setitem__(slice(None), [leaf_of(claim)])),
        ("penalised-split", lambda claim: claim["neurons"][0].update(below=[NOTHING])),
        ("curve-on-two-scales", lambda claim: claim["curve"].reverse()),
        ("penalised-descent", lambda claim: claim.update(step="1000")),
        ("huber-descent", lambda claim: claim.update(step="1000")),
    ],
)
def test_a_wrong_proof_breaks_the_identity_or_an_inequality(name, change):
    assert holds(alone(ACCEPT / f"{name}.json", 0))
    assert not holds(damaged(name, change))


def leaf_of(claim: dict[str, Any]) -> dict[str, Any]:
    return next(step for step in claim["joint"][0]["cover"] if step["rule"] == "subgradient")


def holds(certificate: Certificate) -> bool:
    """In all cases of sides."""
    problem, point = certificate.subject, certificate.claims[0].point
    keys = case_of(problem, point, point)["signs"] if certificate.claims[0].kind in MINIMA else {}
    for choice in product((1, -1), repeat=len(keys)):
        signs = dict(zip(keys, choice, strict=True))
        if sympy.expand(certificate.identity(signs)) != 0 or any(q < 0 for q, _ in certificate.inequalities(signs)):
            return False
    return True


def test_what_is_no_case_is_refused():
    minimum, curve = alone(ACCEPT / "absolute-two-neurons.json", 0), alone(ACCEPT / "curve-is-a-line.json", 0)
    for certificate, case in (
        (minimum, {"signs": {(9, 0): 1}}),
        (minimum, {"outputs": {9: 1}}),
        (minimum, {"pieces": {99: 0}}),
        (minimum, {"pieces": {0: 2}}),
        (curve, {"pieces": {0: 0}}),
        (curve, {"signs": {(0, 0): 1}}),
        (alone(ACCEPT / "logistic-kink.json", 0), {}),
        (alone(ACCEPT / "regions-central.json", 0), {}),
    ):
        with pytest.raises(ValueError, match=r"^(no|there is no|along a curve|a claim of kind) "):
            certificate.identity(**case)
