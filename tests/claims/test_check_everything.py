"""Every path that returns a verdict or an exact value writes a certificate, and the checker accepts it."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from itertools import pairwise

import pytest
from damage import checker
from degenerate import generate, to_problem
from losses import is_rational, loss_names, named, takes_numbers

import exactgeo as eg
from exactgeo import library
from exactgeo.errors import OutOfScope
from exactgeo.formats import point_from_mapping, problem_from_mapping
from exactgeo.landscape import landscape

LOSSES = [*loss_names(is_rational), "huber(1/2)"]


def proved(certificate) -> str:
    """The statement that the checker reads off a certificate."""
    assert certificate is not None
    return checker().run(certificate.to_json())


PROVED = {
    "local_minimum": {
        "subgradient_minimum",
        "deep_minimum",
        "linear_network_minimum",
        "symmetric_minimum",
        "vector_minimum",
        "unrolled_minimum",
    },
    "not_local_minimum": {"descent_curve"},
    "undecided": set(),
}
"""Claims that say what a verdict says, beside that of its name."""


def check_verdict(verdict) -> None:
    """What the verdict says is among the claims of its certificate, and accepted."""
    kinds = [] if verdict.certificate is None else [claim.kind for claim in verdict.certificate.claims]
    # What no rung decides is a local minimum all the same where it is proved to be a global one.
    by_rank = verdict.kind == "local_minimum" and verdict.globality == "global" and verdict.strictness is None
    claimed = verdict.kind in kinds or not PROVED[verdict.kind].isdisjoint(kinds)
    assert claimed or verdict.kind == "undecided" or by_rank
    best = verdict.globality == "global" or (verdict.better is not None and verdict.better.complete)
    assert ("global_minimum" in kinds) == best
    assert ("lower_point" in kinds) == (verdict.globality == "spurious")
    # Whether a point that is no global minimum is in a bad valley: the walls around it, or a path down.
    assert ("barrier" in kinds) == (verdict.bad_valley is True)
    assert ("path" in kinds) == (verdict.bad_valley is False and verdict.globality != "global")
    if not kinds:
        return
    statement = proved(verdict.certificate)
    assert str(verdict.loss) in statement
    if verdict.strictness is not None:
        assert f"({verdict.strictness}, flat dimension {verdict.flat_dimension})" in statement
    if verdict.bad_valley:
        assert statement.endswith(": the point is in a bad valley.")
    for claim in verdict.certificate.claims:
        if claim.kind == "path":
            assert claim.losses[-1] == verdict.better.loss
            assert max(claim.losses) <= verdict.loss
        if claim.kind == "lower_point":
            assert claim.better == verdict.better.point
            assert claim.better_loss == verdict.better.loss


def check_census(problem) -> int:
    try:
        found = eg.basins(problem)
    except OutOfScope:
        return 0
    if not isinstance(found.minimum, Fraction):
        return 0
    statement = proved(found.certificate)
    assert statement.startswith(f"The {found.orbits} basins modulo permutation have the minima ")
    if len(found.values) <= 12:
        assert f"minima {', '.join(f'{value} ({number})' for value, number in found.values)}" in statement
    (claim,) = found.certificate.claims
    assert [(e.value, e.basins) for e in claim.values] == found.values
    wide = found.infinite_width_minimum if problem.network.widths else None
    assert claim.infinite_width == wide
    check_landscape(problem, found)
    neurons = bool(problem.network.widths)
    for basin in list(found)[:: max(1, len(found) // 8)]:
        if neurons:
            assert proved(basin.certificate).endswith(f"below that of its given point, {basin.value}.")
    return len(found)


def test_local_minima_of_a_census():
    """One claim for each connected set of local minima, and none of them is missing from the list."""
    for name in ("swirszcz-prop1", "kink-global", "jellyfish-1", "xor-2", "safran-shamir-c1-d2-mixed"):
        found = eg.basins(eg.load(name))
        certificate = found.prove(minima=True)
        assert proved(certificate)
        minima = [claim for claim in certificate.claims if claim.kind == "local_minimum"]
        assert [claim.loss for claim in minima] == [level.value for level in found.local_minima for _ in level.sets]
        flat = [claim.strictness for claim in certificate.claims if claim.kind == "strictness"]
        assert flat == [part.strictness for level in found.local_minima for part in level.sets]


def check_route(problem, one, other) -> str:
    found = eg.path(problem, one, other)
    statement = proved(found.certificate)
    assert statement.startswith(("A path of ", "At P1: A path of ", "The path stays"))
    assert f"its highest loss is {found.highest}" in statement or found.path.never_rises
    higher = found.highest > max(problem.loss_at(one), problem.loss_at(other))
    assert (f", reaches {found.highest};" in statement) == higher
    return statement


def test_paths_between_points():
    rng, barriers = random.Random(3), 0
    for _ in range(60):
        d, n = rng.randint(1, 2), rng.randint(1, 2)
        m = rng.randint(1, 4 if n == 1 else 3)
        train = rng.choice([{}, {}, {"output": False}, {"output_bias": False}])
        bias, offset, frozen = rng.random() < 0.5, rng.random() < 0.6, [rng.choice([-1, 1, 2, 0]) for _ in range(n)]
        held = rng.randint(-1, 1)

        def point(n=n, d=d, rng=rng, train=train, bias=bias, offset=offset, frozen=frozen, held=held):
            output = [rng.randint(-2, 2) for _ in range(n)] if train.get("output", True) else frozen
            last = rng.randint(-2, 2) if train.get("output_bias", True) else held
            weights = [[[rng.randint(-2, 2) for _ in range(d)] for _ in range(n)], [output]]
            return {"weights": weights, "biases": [[rng.randint(-2, 2) for _ in range(n)] * bias, [last] * offset]}

        one = point()
        problem = problem_from_mapping(
            {
                "data": {
                    "x": [[rng.randint(-2, 2) for _ in range(d)] for _ in range(m)],
                    "y": [rng.randint(-3, 3) for _ in range(m)],
                },
                "network": {
                    "widths": [n],
                    "activation": rng.choice(["relu", "abs", "leaky_relu(-1/2)", "linear"]),
                    "hidden_bias": bias,
                    "output_bias": offset,
                },
                "loss": {"kind": rng.choice(loss_names(takes_numbers)), "reduction": rng.choice(["sum", "mean"])},
                "train": train,
                "point": one,
            }
        )
        # From minimum to minimum there is more to cross than between points somewhere.
        census = eg.basins(problem)
        ends = [
            problem.point,
            point_from_mapping(point(), problem),
            census[0].minimiser,
            census[len(census) - 1].minimiser,
        ]
        for start, end in pairwise(ends):
            barriers += "Every path" in check_route(problem, start, end)
    assert barriers > 10


def statement_of(valleys) -> str:
    """Some of the valleys as the checker's sentence lists them."""
    number = sum(v.value == valleys[0].value and v.escapes_at is None for v in valleys)
    return f" {valleys[0].value} ({number}, without escape)"


def check_landscape(problem, census) -> None:
    """All valleys with their levels, modulo permutation and in the full space."""
    for full in (False, True):
        if census.count > 1000:
            continue
        found = landscape(problem, basins=census, full=full)
        assert statement_of(found.valleys) in proved(found.certificate)
        (claim,) = found.certificate.claims
        assert claim.full == full
        assert sum(e.number for e in claim.valleys) == len(found.valleys)
        assert {(e.value, e.escapes_at) for e in claim.valleys} == {(v.value, v.escapes_at) for v in found.valleys}


@pytest.mark.parametrize("name", [name for name, _ in library.names()])
def test_named_problems(name):
    problem = eg.load(name)
    check_verdict(eg.certify(problem))
    if len(problem.network.widths) < 2:
        assert check_census(problem)


@pytest.mark.parametrize("tiny", [True, False])
def test_degenerate_problems(tiny):
    for seed in range(150):
        check_verdict(eg.certify(to_problem(generate(random.Random(seed), tiny)), time_limit=1))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(10))
def test_thousands_of_degenerate_problems(chunk):
    for seed in range(1000 * chunk, 1000 * chunk + 1000):
        check_verdict(eg.certify(to_problem(generate(random.Random(seed), seed % 2 == 0)), time_limit=1))


@pytest.mark.parametrize("kind", LOSSES)
def test_censuses_of_every_loss(kind):
    rng = random.Random(kind)
    for _ in range(6):
        m, d = rng.randint(1, 4), rng.randint(1, 2)
        train = rng.choice([{}, {}, {"output": False}, {"output_bias": False}, {"output": False, "output_bias": False}])
        bias, offset, n = rng.random() < 0.5, rng.random() < 0.6, rng.randint(1, 2)
        labels = [-1, 1] if named(kind).targets else [-2, -1, 0, 1, 3]
        tables = {
            "data": {
                "x": [[rng.randint(-2, 2) for _ in range(d)] for _ in range(m)],
                "y": [rng.choice(labels) for _ in range(m)],
            },
            "network": {
                "widths": [n],
                "activation": rng.choice(["relu", "abs", "leaky_relu(1/10)", "linear"]),
                "hidden_bias": bias,
                "output_bias": offset,
            },
            "loss": {"kind": kind, "reduction": rng.choice(["sum", "mean"])},
            "train": train,
            "point": {
                "weights": [[[1] * d] * n, [[rng.choice([-1, 0, 2]) for _ in range(n)]]],
                "biases": [[0] * n if bias else [], [1] if offset else []],
            },
        }
        assert check_census(problem_from_mapping(tables))


def test_verdicts_outside_the_decision():
    """A zero loss is a global minimum in any network, and the certificate says so."""
    tables = {
        "data": {"x": [[1, 0], [0, 2]], "y": [[1, 2], [0, 4]]},
        "network": {"widths": [2, 2]},
        "point": {"weights": [[[1, 0], [0, 1]], [[1, 0], [0, 1]], [[1, 0], [2, 2]]], "biases": [[0, 0]] * 3},
    }
    check_verdict(eg.certify(problem_from_mapping(tables)))
    tables["point"] = {**tables["point"], "biases": [[0, 0], [0, 0], [1, 0]]}
    check_verdict(eg.certify(problem_from_mapping(tables)))
    for kind in ("absolute", "huber(2)"):
        tables = {
            "data": {"x": [[1], [2]], "y": [1, 2]},
            "network": {"widths": [1]},
            "loss": {"kind": kind},
            "point": {"weights": [[[1]], [[1]]], "biases": [[0], [0]]},
        }
        check_verdict(eg.certify(problem_from_mapping(tables)))


def test_partly_frozen_networks():
    """Outside the census of basins: bounds from training more, lower points from a search."""
    for train in ({"hidden": False}, {"hidden_bias": False}, {"hidden": False, "hidden_bias": False}):
        for y in ([0, 1, 0], [1, 2, 3], [0, 0, 5]):
            for v in (0, 1, -2):
                tables = {
                    "data": {"x": [[-1], [0], [2]], "y": y},
                    "network": {"widths": [2]},
                    "train": train,
                    "point": {"weights": [[[1], [-1]], [[v, 1]]], "biases": [[1, 0], [0]]},
                }
                check_verdict(eg.certify(problem_from_mapping(tables)))


def test_arrangements():
    rng = random.Random(0)
    for _ in range(60):
        d, m = rng.randint(1, 4), rng.randint(1, 6)
        normals = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(m)]
        offsets = None if rng.random() < 0.5 else [rng.randint(-2, 2) for _ in range(m)]
        arrangement = eg.Arrangement(normals, offsets)
        assert f"exactly {len(arrangement.regions())} regions" in proved(arrangement.certificate())


def test_certificates_are_canonical():
    for name in ("swirszcz-prop1", "xor-2"):
        text = eg.certify(eg.load(name)).certificate.to_json()
        assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")) + "\n"
        assert text.isascii()
