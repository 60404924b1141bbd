"""The global minimum by branch and bound: against the census and brute force, whatever the floats propose."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product

import basin_brute
import numpy as np
import pytest
from damage import outcome
from degenerate import generate, to_problem
from made_minimum import Countdown, stopped
from problems import SIGNED, on_integers

import exactgeo as eg
from exactgeo import library
from exactgeo.basin.branch import known_of, minimum, proof
from exactgeo.basin.branch._propose_branches import Branch, Proposer
from exactgeo.basin.branch.relaxations import _Bases
from exactgeo.basin.branch.search import Search
from exactgeo.basin.branch.sides import Neurons, SideTable, roots
from exactgeo.basin.reduction import reduce
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.vectors import dot
from exactgeo.formats import problem_from_mapping
from exactgeo.problem import scope

LOSSES = ("squared", "half_squared", "huber(1/2)", "squared_hinge", "absolute", "hinge")


def with_loss(problem, loss):
    tables = problem.to_dict()
    tables["loss"]["kind"] = loss
    if loss in SIGNED:
        tables["data"]["y"] = [1 if t % 3 else -1 for t in range(problem.m)]
    return problem_from_mapping(tables)


def agree(found, problem):
    """The census and the search say the same rational, and the point and the certificate prove it."""
    census = eg.basins(problem)
    assert census.complete
    assert (found.minimum, found.incumbent, found.lower_bound) == (census.minimum,) * 3
    assert found.complete
    assert problem.loss_at(found.point) == found.minimum
    certificate = found.certificate
    assert certificate is not None
    assert outcome(certificate.to_json()).startswith("accepted: ")


# -- refusals --


@pytest.mark.parametrize(
    "tables",
    [
        {"network": {"widths": [1, 1]}},
        {"network": {"widths": [1]}, "penalty": {"l2": 1}},
        {"network": {"widths": [1], "activation": "tanh"}},
    ],
)
def test_what_the_census_refuses_is_refused(tables):
    problem = problem_from_mapping({"data": {"x": [[0], [1]], "y": [0, 1]}, **tables})
    with pytest.raises(eg.OutOfScope) as refusal:
        eg.minimum(problem)
    assert refusal.value.fields == scope.basins(problem).fields


# -- the same as the census, and as brute force --


NAMED = [name for name, _ in library.names() if scope.basins(library.load(name)) is None]


@pytest.mark.parametrize("name", [name for name in NAMED if library.load(name).network.widths[0] <= 3])
def test_named_problems(name):
    problem = library.load(name)
    if problem.m <= 8:
        agree(eg.minimum(problem), problem)
    else:
        assert eg.minimum(problem).complete


def degenerate(seed, loss):
    problem = with_loss(to_problem(generate(random.Random(seed), bool(seed % 3))), loss)
    return None if scope.basins(problem) else problem


@pytest.mark.parametrize("loss", LOSSES)
def test_degenerate_problems(loss):
    compared = 0
    for seed in range(50):
        problem = degenerate(seed, loss)
        if problem is not None:
            agree(eg.minimum(problem), problem)
            compared += 1
    assert compared > 40


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES)
def test_many_degenerate_problems(loss):
    for seed in range(1000, 1200):
        problem = degenerate(seed, loss)
        if problem is not None:
            agree(eg.minimum(problem), problem)


@pytest.mark.parametrize("seed", range(10))
def test_the_logistic_minimum_is_enclosed(seed):
    problem = on_integers(5, 1, 1 + seed % 2, seed, "logistic", top=3)
    found, census = eg.minimum(problem), eg.basins(problem)
    assert found.complete
    assert isinstance(found.minimum, Enclosure) or found.minimum == census.minimum
    low, high = (getattr(census.minimum, end, census.minimum) for end in ("lo", "hi"))
    assert found.lower_bound <= high
    assert low <= getattr(found.minimum, "hi", found.minimum)
    assert getattr(found.minimum, "hi", found.minimum) - found.lower_bound < F(1, 10**8) * (1 + high)
    if found.point is not None:
        at = problem.enclosure_at(found.point)
        assert (at.lo <= found.incumbent.hi, found.incumbent.lo <= at.hi) == (True, True)


@pytest.mark.parametrize(("loss", "slopes"), [*product(("squared", "huber(1)", "absolute", "hinge"), ("relu", "abs"))])
def test_brute_force(loss, slopes):
    for seed in range(2):
        problem = on_integers(4 if loss == "squared" else 3, 1, 1, seed, loss, top=3, activation=slopes)
        pair = (1, 0) if slopes == "relu" else (1, -1)
        y = [q for (q,) in problem.y]
        values = basin_brute.basin_values(problem.x, y, 1, slopes=pair, kind=loss.partition("(")[0])
        assert eg.minimum(problem).minimum == values[0]


@pytest.mark.parametrize("n", [2, 3])
def test_brute_force_of_several_neurons(n):
    for seed in range(3):
        problem = on_integers(6 - n, 1, n, seed, top=3, output_bias=False)
        y = [q for (q,) in problem.y]
        assert eg.minimum(problem).minimum == basin_brute.basin_values(problem.x, y, n, output_bias=False)[0]


@pytest.mark.parametrize("frozen", [(1, 2), (1, -1), (-2, 0), (0, 0), (3, -1, 2)])
def test_frozen_output_weights(frozen):
    data = {"x": [[-2], [-1], [1], [2], [4]], "y": [-1, 4, -2, 1, 3]}
    n = len(frozen)
    point = {"weights": [[[0]] * n, [list(frozen)]], "biases": [[0] * n, ["1/2"]]}
    tables = {"data": data, "network": {"widths": [n]}, "train": {"output": False, "output_bias": False}}
    problem = problem_from_mapping(tables | {"point": point})
    found = eg.minimum(problem)
    agree(found, problem)
    assert found.point.weights[1][0] == tuple(map(F, frozen))


def test_the_minimum_of_more_basins_than_a_census_begins():
    """The same problem twice in the plane, once by way of a line: m = 30 points, two neurons, 1.5 million basins."""
    rng = random.Random(3)
    x = rng.sample(range(-100, 100), 30)
    y = [rng.randint(-50, 50) for _ in x]
    line = problem_from_mapping({"data": {"x": [[q] for q in x], "y": y}, "network": {"widths": [2]}})
    plane = problem_from_mapping({"data": {"x": [[q, 3 * q] for q in x], "y": y}, "network": {"widths": [2]}})
    found = eg.minimum(line)
    assert found.minimum == eg.minimum(plane).minimum
    assert outcome(found.certificate.to_json()).startswith("accepted: ")


def test_where_nonnegative_least_squares_in_floats_go_wrong():
    """These columns, from the trap of scipy.optimize.nnls, as the outputs of one neuron on its rays."""
    x = [[0, 0, 0, 0], [2, 0, 0, 2], [0, 0, 0, 0], [1, 2, 0, 0], [3, 2, 2, 0]]
    problem = problem_from_mapping(
        {"data": {"x": x, "y": [1, -1, 2, 0, 3]}, "network": {"widths": [2], "hidden_bias": False}}
    )
    agree(eg.minimum(problem), problem)


# -- floats propose, and nothing rests on them --


@pytest.mark.parametrize("lie", ["low", "high", "random", "nothing"])
def test_estimates_may_be_anything(monkeypatch, lie):
    rng = random.Random(0)
    honest = _Bases._value

    def value(self, number):
        factor = {"low": F(0), "high": F(10**6), "random": F(rng.randint(0, 2000), 1000), "nothing": F(1)}[lie]
        return honest(self, number) * factor

    monkeypatch.setattr(_Bases, "_value", value)
    if lie == "nothing":
        monkeypatch.setattr(_Bases, "weights", lambda self, key: {})
    for seed in range(3):
        problem = on_integers(6, 1, 2, seed, top=5)
        agree(eg.minimum(problem), problem)


def test_bases_may_be_anything(monkeypatch):
    rng = np.random.default_rng(0)
    honest = _Bases.estimates

    def estimates(self, members, starts):
        found = honest(self, members, starts)
        return [found[i] for i in rng.integers(len(found), size=len(found))]

    monkeypatch.setattr(_Bases, "estimates", estimates)
    for seed in range(3):
        problem = on_integers(5, 1, 2, seed, top=5)
        agree(eg.minimum(problem), problem)


def test_branches_may_be_anything(monkeypatch):
    rng = random.Random(0)
    honest = Proposer.branch

    def branch(self, groups, weights):
        found = honest(self, groups, weights)
        cuts = [(g, t) for g, group in enumerate(groups) for t in self._table.cuts(group.rays)]
        signs = tuple(tuple(rng.choice((1, -1)) for _ in part) for part in found.signs)
        return Branch(rng.choice(cuts) if cuts else None, signs if cuts else found.signs)

    monkeypatch.setattr(Proposer, "branch", branch)
    for seed in range(3):
        problem = on_integers(5, 1, 2, seed, top=5)
        agree(eg.minimum(problem), problem)


# -- ended before its time --


@pytest.mark.parametrize("loss", ["squared", "absolute", "huber(1)"])
@pytest.mark.parametrize("batches", [0, 1, 2, 3])
def test_a_search_that_ends_early_says_what_is_proved(loss, batches):
    problem = on_integers(8, 1, 2, 5, loss)
    truth, found = eg.minimum(problem).minimum, stopped(problem, batches)
    assert found.lower_bound <= truth <= found.incumbent
    assert problem.loss_at(found.point) == found.incumbent
    assert found.complete or found.minimum is None
    said = outcome(found.certificate.to_json())
    assert said.startswith(f"accepted: No parameters have a loss below {found.lower_bound}")
    assert said.endswith("global minimum.") == found.complete


def test_the_bound_never_falls_and_the_incumbent_never_rises():
    problem = on_integers(10, 1, 2, 4)
    found = [stopped(problem, batches) for batches in range(8)]
    bounds, losses = [one.lower_bound for one in found], [one.incumbent for one in found]
    assert bounds == sorted(bounds)
    assert losses == sorted(losses, reverse=True)
    assert found[-1].complete
    assert len(set(bounds)) > 2


def test_no_time_at_all():
    problem = on_integers(6, 1, 2, 1)
    found = eg.minimum(problem, time_limit=0)
    assert (found.complete, found.minimum) == (False, None)
    assert found.lower_bound <= eg.minimum(problem).minimum <= found.incumbent
    answer = found.to_json()
    assert answer["minimum"] is None
    assert set(answer["reasons"]) == {"minimum"}
    assert "--time-limit" in answer["reason"]


def test_ctrl_c_ends_it_like_the_limit():
    def interrupt(known):
        raise KeyboardInterrupt

    problem = on_integers(8, 1, 2, 5)
    found = minimum(problem, progress=interrupt)
    assert (found.interrupted, found.complete) == (True, False)
    assert found.lower_bound <= eg.minimum(problem).minimum <= found.incumbent
    assert outcome(found.certificate.to_json()).startswith("accepted: ")


@pytest.mark.parametrize("calls", range(1, 60, 4))
def test_ctrl_c_anywhere_loses_no_node(monkeypatch, calls):
    """An interruption inside a batch, wherever it comes: the tree covers everything all the same."""
    problem = on_integers(6, 1, 2, 2)
    left = [calls]
    for name in ("split", "members"):
        honest = getattr(SideTable, name)

        def counted(self, *arguments, honest=honest):
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            return honest(self, *arguments)

        monkeypatch.setattr(SideTable, name, counted)
    found = minimum(problem)
    monkeypatch.undo()
    assert found.lower_bound <= eg.minimum(problem).minimum
    if found.point is not None:
        assert outcome(found.certificate.to_json()).startswith("accepted: ")


def test_progress_is_proved(monkeypatch):
    monkeypatch.setattr("exactgeo.basin.branch.SELDOM", 0.0)
    problem, known = on_integers(8, 1, 2, 5), []
    truth = eg.minimum(problem, progress=known.append).minimum
    assert len(known) > 2
    assert all(one.lower_bound <= truth <= one.incumbent == problem.loss_at(one.point) for one in known)


def test_it_begins_with_the_problem_s_own_point():
    problem = on_integers(12, 2, 2, 0)
    best = eg.minimum(problem)
    search = Search(reduce(problem, regions=False))
    search.include(best.point)
    assert search.incumbent.value == best.minimum


# -- proofs --


def floats(m, d, n, seed):
    """Data of 53 bits: exact dual vectors are long."""
    rng = random.Random(seed)
    data = {
        "x": [[str(F(rng.gauss(0, 1))) for _ in range(d)] for _ in range(m)],
        "y": [str(F(rng.gauss(0, 1))) for _ in range(m)],
    }
    return problem_from_mapping({"data": data, "network": {"widths": [n]}})


@pytest.mark.parametrize(("m", "d", "n"), [(10, 1, 2), (8, 2, 1), (14, 1, 2)])
def test_short_dual_vectors_prove_as_much(monkeypatch, m, d, n):
    found = eg.minimum(floats(m, d, n, 1))
    long = found.certificate
    monkeypatch.setattr(proof, "ROOM", 0)
    short = eg.minimum(floats(m, d, n, 1)).certificate
    assert len(short.to_json()) < len(long.to_json())
    assert outcome(short.to_json()).startswith("accepted: ")


def test_each_dual_vector_is_needed():
    certificate = eg.minimum(on_integers(8, 1, 2, 5)).certificate
    [claim] = certificate.claims
    assert set(range(len(claim.duals))) == {step for step in claim.tree if step >= 0}


# -- cells --


@pytest.mark.parametrize("seed", range(8))
def test_a_cell_is_what_its_rays_generate(seed):
    """A random input vector lies on some sides; its outputs are a combination of the columns there, exactly."""
    problem = degenerate(seed, "squared")
    if problem is None or not problem.network.widths:
        pytest.skip("no hidden neuron to look at")
    reduction = reduce(problem, regions=False)
    table, rng = SideTable(reduction), random.Random(seed)
    activation = problem.network.activation
    for _ in range(20):
        w = [F(rng.randint(-3, 3)) for _ in reduction.rows[0]] if reduction.rows else []
        sides = [dot(w, row) for row in reduction.rows]
        decided = [t for t in range(problem.m) if rng.random() < 0.7]
        rays = table.every
        for t in decided:
            rays &= table.sides[t][0 if sides[t] >= 0 else 1]
        out = [activation(z) for z in sides]
        columns = [[activation(F(z)) for z in table.products[j]] for j in range(len(reduction.rays)) if rays >> j & 1]
        assert basin_brute.minimum("squared", columns, out, F(1), [F(0)] * problem.m) == 0


def test_roots_are_all_numbers_of_positive_output_weights():
    assert roots(reduce(on_integers(3, 1, 3, 0), regions=False)) == [(0, 3), (1, 2), (2, 1), (3, 0)]


def test_neurons_of_which_the_same_is_decided_are_split_together():
    table = SideTable(reduce(on_integers(5, 1, 3, 0), regions=False))
    [root] = [table.root(3, 0)]
    t = table.cuts(table.every)[0]
    children = table.split(root, 0, t)
    above, below = table.sides[t]
    assert children == [
        (Neurons(1, below, 3),),
        (Neurons(1, above, 1), Neurons(1, below, 2)),
        (Neurons(1, above, 2), Neurons(1, below, 1)),
        (Neurons(1, above, 3),),
    ]


def test_a_search_that_has_not_begun_knows_the_trivial_bound():
    problem = on_integers(5, 1, 1, 0)
    search = Search(reduce(problem, regions=False))
    found = known_of(problem, search, search.lower_bound(), False, False)
    assert (found.incumbent, found.point, found.lower_bound, found.gap) == (None, None, 0, None)


def test_a_countdown_ends_a_search():
    search = Search(reduce(on_integers(8, 1, 2, 5), regions=False))
    deadline = Countdown(1)
    search.run(deadline, deadline.over)
    assert search.open_nodes()


def test_more_rays_than_a_search_begins(monkeypatch):
    """What is known then: the problem's own point, and that no loss is negative."""
    problem = eg.load("swirszcz-prop1")
    monkeypatch.setattr("exactgeo.basin.branch.RAYS", 9)
    found = eg.minimum(problem)
    assert (found.complete, found.incumbent, found.point, found.lower_bound) == (False, 18, problem.point, 0)
    assert "up to 10 rays, too many" in found.reason
    assert found.certificate is None
