"""All losses at which a local minimum exists, and the connected sets of minimisers."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from itertools import permutations, product
from math import inf

import basin_brute as brute
import numpy as np
import pytest
from losses import is_irrational, is_kinked, is_smooth, loss_names, named, targets
from problems import D1, KINK, PLANE, problem, random_case
from strange_losses import HalfStraight, LiftedSquare, SmoothHinge, Tilted

from exactgeo.basin import Census, census
from exactgeo.basin import minima as module
from exactgeo.basin.cone_program import indices
from exactgeo.basin.minima.candidates import candidates
from exactgeo.basin.minima.faces import FaceSearch
from exactgeo.basin.reduction import Face
from exactgeo.basin.solvers import solve
from exactgeo.kinds import Kind, Strictness
from exactgeo.library import load
from exactgeo.local_minimum import decide
from exactgeo.numeric import DescentStatus, NumericNetworks, descend, random_starts


def values(*args, **options):
    return census(problem(*args, **options)).local_minimum_values


def searches(found):
    return module.searches(found.table, module._Limit(inf, None))


def test_d1_holds_propositions_1_and_its_plateau():
    # Proposition 1's point has loss 18; all units dead with the best constant is 106/5; MATH.md 4.
    found = values(*D1, 1)
    assert found == sorted(found)
    assert {14, 18, Fraction(106, 5)} <= set(found)


def test_a_value_that_exists_on_a_kink_only():
    found = census(problem(*KINK, 1))
    assert found.local_minimum_values[0] == 10
    lowest = found.local_minima[0]
    assert (lowest.value, lowest.count) == (10, 1)
    assert lowest.sets[0].strictness is Strictness.STRICT_MODULO_SYMMETRY
    # Its basins' own optima over open cells: no minimiser of loss 10 lies inside a cell.
    w, b = lowest.sets[0].point.weights[0][0][0], lowest.sets[0].point.biases[0][0]
    assert 0 in [w * x + b for (x,) in KINK[0]]


@pytest.mark.parametrize("seed", range(100, 140))
def test_against_every_combination_of_faces(seed):
    case, data, options = random_case(random.Random(seed))
    found = census(case)
    wanted = brute.local_minimum_values(*data, **options)
    assert found.local_minimum_values == wanted
    levels = found.local_minima
    assert [level.value for level in levels] == wanted
    for level in levels:
        for part in level.sets:
            verdict = decide(case, part.point)
            assert (verdict.kind, verdict.loss) == (Kind.LOCAL_MINIMUM, level.value)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1200))
def test_against_every_combination_of_faces_slow(seed):
    case, data, options = random_case(random.Random(seed))
    assert census(case).local_minimum_values == brute.local_minimum_values(*data, **options)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("part", ["bad", "good"])
def test_appendix_c_has_exactly_2_to_the_d_local_minima_all_strict(d, part):
    case = load(f"safran-shamir-c2-d{d}-{part}")
    levels = census(case).local_minima
    sets = [s for level in levels for s in level.sets]
    assert len(sets) == 2**d
    assert {s.strictness for s in sets} == {Strictness.STRICT}
    # On every axis w = -1 (value epsilon = 1/18) or w = 2/3 (value 1/2), averaged.
    points = {s.point.weights[0][0] for s in sets}
    assert points == set(product((Fraction(-1), Fraction(2, 3)), repeat=d))
    assert [level.value for level in levels] == [
        (Fraction(1, 18) * (d - k) + Fraction(1, 2) * k) / d for k in range(d + 1)
    ]
    assert case.loss_at(case.point) in [level.value for level in levels]


@pytest.mark.parametrize(
    "data", [D1, KINK, PLANE, ([[0], [1], [1], [3]], [1, 0, 2, -1]), ([[2, 1], [1, 2], [0, 0]], [1, -2, 1])]
)
def test_dead_units_carry_the_values_to_the_next_width(data):
    lists = [values(*data, n) for n in (1, 2)]
    assert set(lists[0]) <= set(lists[1])


def test_without_a_dead_cell_a_unit_hides_at_0_only_where_the_kink_helps():
    options = {"hidden_bias": False, "output_bias": False}
    for n in (1, 2):
        # v a(w) is monotone in w: only the fit is a local minimum.
        assert values([[1]], [-1], n, activation="leaky_relu(1/10)", **options) == [0]
        # v |w| >= 0 for v > 0, so w = 0 is the best answer to y = -1 there: (0 + 1)^2.
        assert values([[1]], [-1], n, activation="abs", **options) == [0, 1]


@pytest.mark.parametrize(
    ("data", "width", "options"),
    [
        (([[1], [-1]], [1, 1]), 2, {"hidden_bias": False, "output_bias": False}),
        (([[1], [-1]], [1, 2]), 2, {"hidden_bias": False, "output_bias": False, "frozen": [1, 2]}),
        (([[1], [2]], [1, -1]), 2, {"hidden_bias": False, "output_bias": True}),
        (([[0], [1], [2]], [0, 1, 0]), 2, {"output_bias": False}),
        (([[0], [1]], [1, -1]), 1, {}),
        (([[0], [1]], [1, -1]), 2, {"activation": "abs"}),
        (([[1, 0], [0, 1]], [1, -1]), 2, {"hidden_bias": False, "output_bias": False}),
    ],
)
def test_exact_fits_joined_through_walls_and_through_faces(data, width, options):
    # Two constructions of the same components: closed basins and their facets, or all faces and closures.
    found = census(problem(*data, width, **options))
    zero = [search for search in searches(found) if not any(search.best.gradient)]
    assert len(zero) == 1
    assert len(zero[0].components()) == len(module.exact_fits(found.table, found.facets))


def test_the_relu_unit_of_one_datum():
    # One datum, no bias: fit it, or be dead on it.
    assert values([[1]], [2], 1, hidden_bias=False, output_bias=False) == [0, 4]
    # Frozen at -1 it cannot fit; the dead unit is all there is.
    assert values([[1]], [2], 1, hidden_bias=False, output_bias=False, frozen=[-1]) == [4]
    assert values([[1]], [2], 1, hidden_bias=False, output_bias=False, activation="linear") == [0]


@pytest.mark.parametrize(
    ("data", "width"), [(D1, 1), (D1, 2), (KINK, 1), (KINK, 2), (([[0, 0], [1, 0], [0, 1], [1, 1]], [0, 1, 1, 0]), 2)]
)
@pytest.mark.parametrize("activation", ["relu", "leaky_relu(1/10)"])
def test_gradient_descent_ends_at_no_other_value(data, width, activation):
    case = problem(*data, width, activation=activation)
    allowed = np.array([float(v) for v in census(case).local_minimum_values])
    nets = NumericNetworks.from_points(case, [_zero(case)])
    ends = descend(random_starts(nets, 120, seed=4), iterations=6_000)
    settled = [loss for i, loss in enumerate(ends.losses) if ends.status(i) is DescentStatus.GRADIENT and loss < 1e6]
    assert len(settled) >= 12
    gaps = [float(np.min(np.abs(allowed - loss))) for loss in settled]
    assert max(gaps) < 1e-6


def _zero(case):
    from exactgeo.problem import Point

    width = case.network.widths[0]
    zero = Fraction(0)
    return Point((((zero,) * case.d,) * width, ((zero,) * width,)), ((zero,) * width, (zero,)))


@pytest.mark.parametrize("loss", loss_names(is_smooth))
def test_other_differentiable_losses(loss):
    found = census(problem(KINK[0], targets(loss, KINK[1]), 1, loss=loss))
    assert found.minimum in found.local_minimum_values
    assert set(found.local_minimum_values) <= {v for v, _ in found.values}
    for level in found.local_minima:
        for part in level.sets:
            assert found.problem.loss_at(part.point) == level.value
    if loss == "half_squared":
        assert found.local_minimum_values == [v / 2 for v in values(*KINK, 1)]


def test_strictness_of_losses_that_are_squared_nearby():
    wide = census(problem(*KINK, 1, loss="huber(100)")).local_minima
    half = census(problem(*KINK, 1, loss="half_squared")).local_minima
    assert [[s.strictness for s in level.sets] for level in wide] == [
        [s.strictness for s in level.sets] for level in half
    ]
    # One unit and labels 1, -1 at x = 1, -1: it gives one datum any margin of at least 1 and is 0 on the other.
    hinge = census(problem([[1], [-1]], [1, -1], 1, loss="squared_hinge", hidden_bias=False, output_bias=False))
    assert [(level.value, level.count) for level in hinge.local_minima] == [(1, 2)]
    assert {s.strictness for s in hinge.local_minima[0].sets} == {Strictness.FLAT}


def test_huber_with_a_large_bound_is_half_squared():
    assert values(*KINK, 1, loss="huber(100)") == values(*KINK, 1, loss="half_squared")
    assert values(*KINK, 2, loss="huber(100)") == values(*KINK, 2, loss="half_squared")


@pytest.mark.parametrize("data", [D1, KINK, PLANE])
def test_a_square_that_is_no_more_than_a_class(data):
    x, y = data
    squared = census(problem(x, [q + 1 for q in y], 1))
    found = census(replace(problem(x, y, 1), loss=LiftedSquare()))
    wanted = [Fraction(3, 4) * q + 2 * len(y) for q in squared.local_minimum_values]
    assert found.local_minimum_values == wanted
    assert [level.value for level in found.local_minima] == wanted
    for level, other in zip(found.local_minima, squared.local_minima, strict=True):
        kinds = [[(part.strictness, part.flat_dimension) for part in sets] for sets in (level.sets, other.sets)]
        assert kinds[0] == kinds[1]


@pytest.mark.parametrize("loss", [Tilted(), HalfStraight(), SmoothHinge()], ids=lambda loss: loss.kind)
@pytest.mark.parametrize("width", [1, 2])
def test_nothing_near_a_local_minimum_of_another_loss_is_lower(loss, width):
    x = [[-1], [0], [1], [2]]
    case = replace(problem(x, [1, -1, 1, 1] if loss.targets else [1, -2, 3, 1], width), loss=loss)
    found = census(case)
    assert found.minimum in found.local_minimum_values
    assert [level.value for level in found.local_minima] == found.local_minimum_values
    rng = random.Random(5)
    for level in found.local_minima:
        for part in level.sets[:3]:
            assert case.loss_at(part.point) == level.value
            for _ in range(100):
                step = Fraction(1, 10 ** rng.randint(4, 9))
                neurons = [
                    ([q + step * rng.randint(-9, 9) for q in w], v + step * rng.randint(-9, 9))
                    for w, v in part.point.neurons
                ]
                near = part.point.with_neurons(neurons, part.point.shift + step * rng.randint(-9, 9))
                assert case.loss_at(near) >= level.value


def test_permuted_copies_count_once_and_frozen_ones_apart():
    # Two units, each fits one of two data on its own side; 1 and 2 differ, so the order matters.
    data = ([[1], [-1]], [1, 1])
    options = {"hidden_bias": False, "output_bias": False}
    same = census(problem(*data, 2, frozen=[1, 1], **options)).local_minima
    other = census(problem(*data, 2, frozen=[1, 2], **options)).local_minima
    assert [level.value for level in same] == [level.value for level in other] == [0, 1]
    assert (same[0].count, other[0].count) == (1, 2)


def test_budget_gives_a_reason_and_local_minima_know_no_limit(monkeypatch):
    wanted = values(*D1, 1)
    monkeypatch.setattr(module, "BUDGET", 0)
    found = census(problem(*D1, 1))
    assert found.local_minimum_values is None
    assert "--minima" in found.reason
    again = census(problem(*D1, 1))
    assert [level.value for level in again.local_minima] == wanted
    assert again.local_minima_reason == ""
    # Whatever was read before: the values by themselves are above the budget, and say so.
    assert again.local_minimum_values is None
    assert again.reason == found.reason
    answer = census(problem(*D1, 1)).to_json(minima=True)
    assert answer["local_minimum_values"] == [level["value"] for level in answer["local_minima"]]
    assert {s["strictness"] for level in answer["local_minima"] for s in level["sets"]} <= {
        "strict",
        "strict_modulo_symmetry",
        "flat",
    }


@pytest.mark.parametrize("loss", [*loss_names(is_kinked), *loss_names(is_irrational)])
def test_losses_without_derivative_or_rational_minima_say_so(loss):
    found = census(problem([[0], [1]], targets(loss, [1, -1]), 1, loss=loss))
    assert (found.local_minimum_values is None) == (not named(loss).rational)
    assert found.local_minima is None
    # Cross-entropy of two classes is the logistic loss.
    assert found.reduction.program.loss.name in found.reason
    assert "reason" in found.to_json(minima=True)


@pytest.mark.parametrize("seed", range(300, 316))
@pytest.mark.parametrize("loss", loss_names(is_smooth))
def test_candidates_against_linear_programs(seed, loss):
    """Every gradient that is no candidate is one whose faces do not reach its predictions, and there is no other."""
    case, (x, y, n), options = random_case(random.Random(seed))
    frozen = options["frozen"]
    network = {"activation": case.network.activation.name, "hidden_bias": options["bias"]}
    found = census(
        problem(x, targets(loss, y), n, loss=loss, frozen=frozen, output_bias=options["output_bias"], **network)
    )
    reduction = found.reduction
    kept = {candidate.owner: candidate for part in candidates(reduction, found.table.optima) for candidate in part}
    for owner, best in enumerate(found.optima):
        sides = [
            0 if not s else reduction.program.signs(best.gradient)[j]
            for j, s in (reduction.ray_columns[r, 1] for r in range(len(reduction.rays)))
        ]
        wanted = []
        for group in reduction.exchangeable:
            outputs = (1, -1, 0) if group.frozen is None else ((1,) if group.frozen > 0 else (-1,))
            wanted.append(
                [
                    (face.rays, b)
                    for face in reduction.faces
                    if not any(sides[r] for r in indices(face.rays))
                    for b in outputs
                    if all(b * sides[r] >= 0 if b else not sides[r] for r in indices(face.star))
                ]
            )
        union = 0
        for rays, b in (pair for options in wanted for pair in options):
            union |= reduction.face_mask(Face(rays, 0), b)
        reached = all(wanted) and solve(reduction.program, union).value == best.value
        assert reached == (owner in kept)
        if reached:
            assert [[(face.rays, face.sign) for face in faces] for faces in kept[owner].faces] == wanted


def test_a_candidate_answers_without_linear_programs_as_with_them():
    rng = random.Random(11)
    for _ in range(12):
        case, _, _ = random_case(rng)
        found = census(case)
        for search in searches(found):
            again = FaceSearch(found.reduction, search.best, search.faces, int)
            masks = {face.mask for faces in search.faces for face in faces}
            for mask in masks | {a | b for a in masks for b in masks}:
                assert search._holds(mask) == (again._reach(mask) is not None)
            assert search.exists() == bool(again.components())


def test_the_time_limit_covers_the_search(monkeypatch):
    found = census(problem(*D1, 2))
    assert found.seconds is None
    found.seconds = 0.0
    assert found.local_minimum_values is None
    assert found.reason == "local_minimum_values: ended by the time limit"
    assert found.ended
    again = census(problem(*D1, 2), time_limit=1000)
    assert 0 < again.seconds < 1000
    assert again.local_minimum_values == census(problem(*D1, 2)).local_minimum_values
    assert not again.ended
    sets = census(problem(*D1, 2))
    sets.seconds = 0.0
    assert sets.local_minima is None
    assert sets.local_minima_reason == "local_minima: ended by the time limit"
    assert sets.stopped(minima=True)
    joint = census(problem(*D1, 1, loss="absolute"))
    joint.seconds = 0.0
    assert joint.local_minimum_values is None
    assert joint.ended


# -- what was read before ----------------------------------------------------------------------------------------------

READ = ("local_minimum_values", "local_minima", "reason", "local_minima_reason", "ended")


@pytest.mark.parametrize(
    ("options", "budget", "seconds"),
    [
        ({}, None, None),
        ({}, -1, None),
        ({}, None, 0.0),
        ({"loss": "absolute"}, None, None),
        ({"loss": "absolute"}, None, 0.0),
        ({"loss": "logistic"}, None, None),
        ({"frozen": [1]}, None, None),
        ({"frozen": [1]}, -1, None),
    ],
)
def test_nothing_depends_on_what_was_read_before(monkeypatch, options, budget, seconds):
    if budget is not None:
        monkeypatch.setattr(module, "BUDGET", budget)
    table = census(problem([[1], [-1]], [1, -1], 1, **options)).table

    def read(names):
        found = Census(table, seconds)
        answers = {name: getattr(found, name) for name in names}
        again = {name: getattr(found, name) for name in READ}
        plain, full = found.to_json(), found.to_json(minima=True)
        assert answers == {name: again[name] for name in names}
        return again, plain, full, found.stopped(), found.stopped(minima=True)

    wanted = read(())
    for names in permutations(READ):
        assert read(names) == wanted
    assert (wanted[0]["local_minimum_values"] is None) == (
        budget == -1 or seconds == 0 or "logistic" in options.values()
    )
    assert (wanted[0]["local_minimum_values"] is None) == bool(Census(table, seconds).local_minimum_values_reason)
    assert (wanted[0]["local_minima"] is None) == bool(wanted[0]["local_minima_reason"])


def test_an_incomplete_census_says_the_same_in_every_order():
    table = census(problem(*D1, 2), time_limit=0).table
    wanted = [getattr(Census(table, 0.0), name) for name in READ]
    assert wanted[:2] == [None, None]
    for order in permutations(range(len(READ))):
        found = Census(table, 0.0)
        assert {i: getattr(found, READ[i]) for i in order} == dict(enumerate(wanted))
