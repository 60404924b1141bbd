"""The census: counts, values, programs, points, exports; published and hand-checked numbers first."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
import tracemalloc
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction
from itertools import pairwise
from math import comb
from pathlib import Path

import basin_brute as brute
import pytest
from problems import D1, KINK, PLANE, problem, random_case

import exactgeo
from exactgeo import certify
from exactgeo.basin import Census, Enclosure, census
from exactgeo.basin.reduction import reduce
from exactgeo.basin.size import size_of
from exactgeo.deadline import Deadline
from exactgeo.errors import InputError, OutOfScope
from exactgeo.formats import problem_from_mapping
from exactgeo.library import load, names
from exactgeo.report.text import census_text

# -- what is known -----------------------------------------------------------------------------------------------------


def test_d1_minima_of_width_1_and_2():
    one, two, three = (census(problem(*D1, n)) for n in (1, 2, 3))
    assert (one.minimum, two.minimum, three.minimum) == (14, Fraction(1, 14), 0)
    assert [c.infinite_width_minimum for c in (one, two, three)] == [0, 0, 0]
    # Five distinct points on a line: 2 * 5 regions of (w, b), two output signs.
    assert (one.regions_per_neuron, one.count, two.count, three.count) == (10, 20, 400, 8000)
    assert (one.orbits, two.orbits, three.orbits) == (20, comb(21, 2), comb(22, 3))


def test_the_global_minimum_on_a_kink():
    found = census(problem(*KINK, 1))
    assert found.minimum == 10
    kinks = [w * x[0] + b for x in KINK[0] for (w,), b in [(found.best.weights[0][0], found.best.biases[0][0])]]
    assert 0 in kinks
    assert found.problem.loss_at(found.best) == 10


def test_swirszcz_global_minima_are_the_census_minima():
    better = load("swirszcz-prop1-better")
    assert census(better).minimum <= better.loss_at(better.point)


def test_one_neuron_by_hand():
    # relu(w) at x = 1 and x = -1, no biases: w >= 0 fits (1, 0), w <= 0 fits (0, 1), either output sign.
    found = census(problem([[1], [-1]], [2, 1], 1, hidden_bias=False, output_bias=False))
    assert found.values == [(1, 1), (4, 1), (5, 2)]
    assert found.infinite_width_minimum == 0


@pytest.mark.parametrize("seed", range(40))
def test_values_against_brute_force(seed):
    case, data, options = random_case(random.Random(seed))
    found = census(case)
    assert sorted(basin.value for basin in found) == brute.basin_values(*data, **options)
    assert sum(number for _, number in found.values) == found.orbits == len(found)
    assert sum(basin.multiplicity for basin in found) == found.count


# -- every basin of every named problem --------------------------------------------------------------------------------


def distinct_problems():
    seen = {}
    for name, _ in names():
        case = load(name)
        key = (case.x, case.y, case.network, case.loss, case.train, case.train.output or case.point.weights[-1])
        seen.setdefault(key, name)
    return list(seen.values())


def check_kkt(basin, census_):
    """The KKT conditions of the H-form at the point the basin names, from the problem alone."""
    case = census_.problem
    point, value = basin.minimiser, basin.value
    assert case.loss_at(point) == value
    assert basin.index in {b.index for b in census_.containing(point)}
    rows, right, left = census_.reduction.rows, *case.network.activation.slopes
    for (region, b), mu in zip(basin.signs, basin.multipliers, strict=True):
        assert min(mu, default=0) >= 0
        derivative = [
            sum(
                q * (right if s >= 0 else left) * row[j] * census_.problem.weight
                for q, s, row in zip(basin.optimum.gradient, region, rows, strict=True)
            )
            for j in range(len(rows[0]))
        ]
        assert derivative == [
            sum(q * b * s * row[j] for q, s, row in zip(mu, region, rows, strict=True)) for j in range(len(rows[0]))
        ]


@pytest.mark.parametrize("name", distinct_problems())
def test_named_problem_kkt_and_cvxpy(name):
    case = load(name)
    try:
        found = census(case)
    except OutOfScope:
        pytest.fail(f"{name} should be in scope")
    rng = random.Random(1)
    basins = list(found)
    for basin in rng.sample(basins, min(len(basins), 25)):
        if basin.attained and not isinstance(basin.value, Enclosure):
            check_kkt(basin, found)
    # CVXPY once a distinct optimum: basins with the same optimum have the same value by its certificate.
    first = {}
    for basin in basins:
        first.setdefault(id(basin.optimum), basin)
    for basin in rng.sample(list(first.values()), min(len(first), 6)):
        program = basin.program()
        value = program.solve()
        assert program.status == "optimal"
        assert set(program.named) <= {f"region[{i}]" for i in range(len(basin.signs))}
        assert all(c.dual_value is not None for c in program.named.values())
        low, high = (basin.value.lo, basin.value.hi) if isinstance(basin.value, Enclosure) else (basin.value,) * 2
        assert float(low) - 1e-6 <= value <= float(high) + 1e-6 * (1 + abs(float(high)))


@pytest.mark.slow
@pytest.mark.parametrize("name", distinct_problems())
def test_named_problem_every_basin_in_cvxpy(name):
    for basin in census(load(name)):
        value = basin.program().solve()
        assert abs(value - float(basin.value)) <= 1e-5 * (1 + abs(value))


# -- the rest of the interface -----------------------------------------------------------------------------------------


def test_minimum_falls_with_width_and_infinite_width_bounds_it():
    rng = random.Random(11)
    for _ in range(4):
        x = [[rng.randint(-3, 3)] for _ in range(5)]
        y = [rng.randint(-5, 5) for _ in range(5)]
        lists = [census(problem(x, y, n)) for n in (1, 2, 3)]
        values = [c.minimum for c in lists]
        assert values == sorted(values, reverse=True)
        assert min(values) >= lists[0].infinite_width_minimum
        # ReLU with hidden bias has dead units: each basin value of width n is one of width n + 1.
        for small, large in pairwise(lists):
            assert {v for v, _ in small.values} <= {v for v, _ in large.values}


def test_infinite_width_is_reached_at_the_rank():
    found = census(problem([[1], [2], [2]], [1, 5, 3], 2, hidden_bias=False, output_bias=False))
    # Without a bias and left of 0 no data: p = w x, the line through (1, 1), (2, 5), (2, 3) with slope 17/9.
    assert found.infinite_width_minimum == found.minimum == 35 - Fraction(17 * 17, 9)


def test_width_0_and_no_hidden_layer():
    constant = census(problem([[1], [2], [4]], [1, 2, 6], 0))
    assert (constant.count, constant.minimum) == (1, 14)
    linear = problem_from_mapping({"data": {"x": [[1], [2], [3]], "y": [1, 2, 4]}, "network": {"widths": []}})
    found = census(linear)
    assert (found.count, found.minimum, found.regions_per_neuron) == (1, Fraction(1, 6), 0)
    assert linear.loss_at(found.best) == Fraction(1, 6)
    singular = problem_from_mapping(
        {"data": {"x": [[1, 2], [2, 4], [0, 0]], "y": [1, 2, 4]}, "network": {"widths": [], "output_bias": False}}
    )
    assert census(singular).minimum == 16
    assert singular.loss_at(census(singular).best) == 16


def test_frozen_outputs_identical_ones_are_exchangeable_and_zero_drops():
    same = census(problem(*D1, 2, frozen=[1, 1]))
    mixed = census(problem(*D1, 2, frozen=[1, 2]))
    dropped = census(problem(*D1, 2, frozen=[1, 0]))
    alone = census(problem(*D1, 1, frozen=[1]))
    assert (same.count, same.orbits) == (100, 55)
    assert (mixed.count, mixed.orbits) == (100, 100)
    assert (dropped.count, dropped.orbits, dropped.values) == (10, 10, alone.values)
    # Scaling a frozen weight scales w: the same predictions.
    assert {v for v, _ in same.values} == {v for v, _ in mixed.values}
    for found in (same, mixed, dropped):
        assert found.problem.loss_at(found.best) == found.minimum
        assert found.best.weights[1] == found.problem.point.weights[1]
        assert found.infinite_width_minimum is None
        assert "frozen" in found.reason


def test_frozen_output_bias_and_hidden_bias_at_0():
    data = {"x": [[1], [2]], "y": [3, 5]}
    point = {"weights": [[[0]], [[0]]], "biases": [[0], [1]]}
    train = {"output_bias": False, "hidden_bias": False}
    case = problem_from_mapping({"data": data, "network": {"widths": [1]}, "train": train, "point": point})
    found = census(case)
    assert (found.minimum, found.count) == (0, 4)
    assert found.best.biases == ((0,), (1,))
    assert case.loss_at(found.best) == 0


def test_linear_activation_has_one_region():
    found = census(problem([[1], [2], [3]], [1, 2, 4], 2, activation="linear"))
    assert (found.regions_per_neuron, found.count, found.orbits) == (1, 4, 3)
    assert {v for v, _ in found.values} == {Fraction(1, 6)}


def test_zero_data_have_one_region_and_no_column():
    found = census(problem([[0], [0]], [1, 3], 1, hidden_bias=False, output_bias=False))
    assert (found.regions_per_neuron, found.count, found.minimum) == (1, 2, 10)


def test_cross_entropy_of_two_classes_is_logistic():
    x = [[0], [0], [1], [1], [2], [2]]
    two = problem_from_mapping(
        {"data": {"x": x, "y": [1, 0, 1, 0, 1, 0]}, "network": {"widths": [1]}, "loss": {"kind": "cross_entropy"}}
    )
    score = census(problem(x, [1, -1, 1, -1, 1, -1], 1, loss="logistic"))
    found = census(two)
    assert found.values == score.values
    assert isinstance(found.minimum, Enclosure)
    assert len(found.best.weights[1]) == 2
    assert found.local_minimum_values is None
    assert "logistic" in found.reason


def test_logistic_infimum_not_attained():
    found = census(problem([[0], [1], [2]], [1, 1, -1], 1, loss="logistic"))
    assert found.minimum == Enclosure(Fraction(0), Fraction(0))
    assert not found.minimum_attained
    assert found.best is None
    assert found.to_json()["minimum"] == {"lo": "0", "hi": "0"}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"network": {"widths": [1, 1]}}, "2 hidden layers"),
        ({"data": {"x": [[1]], "y": [[1, 2]]}}, "2 outputs"),
        ({"network": {"widths": [1], "activation": "tanh"}}, "smooth"),
        ({"train": {"hidden": False}}, "hidden weights are frozen"),
        ({"train": {"hidden_bias": False}}, "hidden bias is frozen"),
        ({"train": {"output": False}}, "output weights are frozen"),
        ({"train": {"output_bias": False}}, "output bias is frozen"),
        ({"data": {"x": [[1], [2], [3]], "y": [0, 1, 2]}, "loss": {"kind": "cross_entropy"}}, "3 classes"),
    ],
)
def test_out_of_scope_is_refused_by_name(change, match):
    base = {"data": {"x": [[1], [2]], "y": [1, 2]}, "network": {"widths": [1]}}
    with pytest.raises(OutOfScope, match=match):
        census(problem_from_mapping({**base, **change}))


def test_containing_lists_all_basins_at_a_kink():
    found = census(problem(*KINK, 1))
    point = found.best
    places = found.containing(point)
    assert len(places) == 2
    assert {b.value for b in places} == {10}
    zero = problem_from_mapping(
        {
            "data": {"x": KINK[0], "y": KINK[1]},
            "network": {"widths": [1]},
            "point": {"weights": [[[0]], [[0]]], "biases": [[0], [0]]},
        }
    ).point
    assert len(found.containing(zero)) == found.count


def test_neighbour_graph_of_one_neuron_is_a_prism():
    # On a line the ten regions of D1 form a cycle; the output sign doubles it.
    graph = census(problem(*D1, 1)).to_networkx()
    assert sorted(dict(graph.degree).values()) == [3] * 20
    assert sum(1 for *_, wall in graph.edges(data="wall") if wall == "output") == 10


@pytest.mark.parametrize("frozen", [None, [1, 2], [1, 1]])
def test_facets_are_shared(frozen):
    found = census(problem(*PLANE, 2, frozen=frozen))
    around = [sorted(found.facets.around(index)) for index in range(len(found))]
    for index, facets in enumerate(around):
        for other, columns, kind in facets:
            assert (index, columns, kind) in around[other]
            # A facet lies in both basins.
            assert not columns & ~found.reduction.mask(found[index].patterns)
            assert not columns & ~found.reduction.mask(found[other].patterns)
    each = sorted((i, j, columns, kind) for i, facets in enumerate(around) for j, columns, kind in facets if i <= j)
    assert sorted(found.facets) == each


def test_the_columns_of_a_facet_are_those_of_the_rays_of_both_regions():
    found = census(problem(*PLANE, 1))
    reduction = found.reduction
    (group,) = reduction.exchangeable
    for one, other, columns, kind in found.facets:
        a, b = (group.patterns[found[index].patterns[0][0]] for index in (one, other))
        common = reduction.region_rays[a.region] & reduction.region_rays[b.region]
        assert (a.sign == b.sign, a.region == b.region) == (kind == "data", kind == "output")
        assert columns == (reduction.column_mask(common, a.sign) if kind == "data" else 0)


def test_a_table_finds_its_orbits():
    table = census(problem(*D1, 2)).table
    assert [table.index_of(table.orbit(index)) for index in range(len(table))] == list(range(len(table)))
    assert table.find(((7, 3),)) is None
    with pytest.raises(KeyError):
        table.index_of(((7, 3),))
    assert table.minimum == min(table.value(index) for index in range(len(table)))
    assert {table.value(index) for index in table.lowest} == {table.minimum}
    assert table.problem.loss_at(table.best) == table.minimum


def test_executor_changes_nothing():
    case = problem(*D1, 2)
    serial = census(case)
    with ThreadPoolExecutor(2) as pool:
        parallel = census(case, executor=pool)
    assert serial.to_records() == parallel.to_records()
    assert [b.minimiser for b in serial] == [b.minimiser for b in parallel]


@pytest.mark.slow
def test_a_process_pool_changes_nothing():
    case = problem(*D1, 2)
    with ProcessPoolExecutor(2) as pool:
        assert census(case, executor=pool).to_records() == census(case).to_records()


@pytest.mark.parametrize(
    ("d", "seconds", "why"),
    [(2, 0.1, "was not begun under this time limit"), (8, 0.1, "is out of reach"), (8, None, "is out of reach")],
)
def test_a_large_problem_says_how_large_it_is(d, seconds, why):
    rng = random.Random(2)
    x = [[rng.randint(-9, 9) for _ in range(d)] for _ in range(30)]
    found = census(problem(x, list(range(30)), 3), time_limit=seconds)
    assert (found.complete, found.count, found.orbits, found.regions_per_neuron) == (False, None, None, None)
    answer = found.to_json()
    assert answer["minimum"] is None
    assert f"a census {why}" in answer["reason"]
    assert answer["regions_at_least"] <= answer["regions_estimate"] <= answer["regions_at_most"]
    assert answer["orbits_estimate"] <= answer["orbits_at_most"]
    assert "`exactgeo certify`" in answer["try_instead"]
    assert "None" not in census_text(found.problem, answer)


@pytest.mark.parametrize("case", [problem(*D1, 2), problem(*D1, 1)])
def test_the_size_foreseen_bounds_the_census(case):
    size, found = size_of(case), census(case)
    assert size.regions[0] <= found.regions_per_neuron <= size.regions[1]
    assert found.orbits <= size.orbits_most
    assert not size.large


def test_orbits_are_listed_one_at_a_time():
    # 1.8 million orbits; their list would take hundreds of megabytes.
    reduction = reduce(problem([[t] for t in range(20)], list(range(20)), 4))
    tracemalloc.start()
    first = next(reduction.orbit_choices())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert first == ((0, 0, 0, 0),)
    assert peak < 1_000_000


def test_time_limit_and_interrupt_end_with_what_is_known(monkeypatch):
    case = problem(*D1, 2)
    monkeypatch.setattr("exactgeo.basin.schedule.BLOCK", 50)
    nothing = census(case, time_limit=0)
    assert (nothing.complete, len(nothing), nothing.minimum, nothing.best) == (False, 0, None, None)
    assert nothing.count == 400
    assert nothing.to_json()["local_minimum_values"] is None

    def stop(done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    some = census(case, progress=stop)
    assert not some.complete
    assert 0 < len(some) < 210
    assert some.minimum >= Fraction(1, 14)
    assert case.loss_at(some.best) == some.minimum
    assert "ended" in some.reason


def test_progress_is_monotone_and_ends_at_the_total():
    calls: list[tuple[int, int]] = []
    census(problem(*D1, 2), progress=lambda done, total: calls.append((done, total)))
    assert calls == sorted(calls)
    assert calls[-1][0] == calls[-1][1]


def test_certificate_data_proves_the_value():
    found = census(problem(*D1, 2))
    for basin in list(found)[::17]:
        data = basin.certificate_data()
        p = [
            o
            + sum(q * data["columns"][j][t] for j, q in data["weights"].items())
            + sum(q * line[t] for q, line in zip(data["line_weights"], data["lines"], strict=True))
            for t, o in enumerate(data["offset"])
        ]
        e = [y[0] - q for y, q in zip(found.problem.y, p, strict=True)]
        assert data["residual"] == e
        assert sum(q * q for q in e) == data["value"]
        assert set(data["weights"]) <= set(data["allowed"])
        for j in data["allowed"]:
            side = sum(a * b for a, b in zip(e, data["columns"][j], strict=True))
            assert side <= 0
            assert data["signs"][j] == (side < 0)


def test_exports_agree(tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    found = census(problem(*D1, 1))
    for suffix in ("csv", "json", "parquet"):
        found.write(tmp_path / f"out.{suffix}")
    records = found.to_records()
    with (tmp_path / "out.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows == [{key: str(value) for key, value in record.items()} for record in records]
    answer = json.loads((tmp_path / "out.json").read_text())
    assert answer["basins"] == records
    assert (answer["count"], answer["minimum"]) == (20, "14")
    assert pandas.read_parquet(tmp_path / "out.parquet").to_dict("records") == records


def test_export_refusals(tmp_path):
    found = census(problem(*D1, 1))
    with pytest.raises(InputError, match=r"\.csv, \.json or \.parquet"):
        found.write("basins.xlsx")
    with pytest.raises(InputError, match="got no folder"):
        found.write(tmp_path / "nowhere" / "out.csv")


def test_a_census_is_a_sequence():
    found = census(problem(*D1, 1))
    assert isinstance(found, Census)
    assert found[-1].index == 19
    assert [b.index for b in found] == list(range(20))
    with pytest.raises(IndexError):
        found[20]


# -- behind certify ----------------------------------------------------------------------------------------------------


def test_points_with_the_same_frozen_values_share_one_census():
    base = {"data": {"x": [[1], [2]], "y": [1, 0]}, "network": {"widths": [1]}}
    one = {"weights": [[[1]], [[2]]], "biases": [[0], [0]]}
    other = {"weights": [[[-3]], [[2]]], "biases": [[0], [5]]}
    for frozen, shared in (
        ({}, True),
        ({"output": False}, True),
        ({"hidden_bias": False}, True),
        ({"output_bias": False}, False),
    ):
        cases = [problem_from_mapping({**base, "train": frozen, "point": point}) for point in (one, other)]
        assert (cases[0] == cases[1]) == (hash(cases[0]) == hash(cases[1])) == shared
        assert cases[0].point != cases[1].point
        assert (cases[0].frozen is None) == (not frozen)
        # What a problem is compared by is all that its census depends on.
        assert (census(cases[0]).values == census(cases[1]).values) == shared


def test_an_interrupted_census_is_not_kept(monkeypatch):
    from exactgeo import standing

    case = problem(*D1, 2)
    calls = []

    def interrupted(case, **options):
        def stop(done, total):
            raise KeyboardInterrupt

        calls.append(case)
        return census(case, progress=stop if len(calls) == 1 else None, **options)

    monkeypatch.setattr("exactgeo.basin.schedule.BLOCK", 50)
    monkeypatch.setattr("exactgeo.basin.census", interrupted)
    standing.globality._kept_census.cache_clear()
    first = standing.globality.census_of(case, Deadline.after(60.0))
    assert first.interrupted
    assert not first.complete
    second = standing.globality.census_of(case, Deadline.after(60.0))
    assert second.complete
    assert standing.globality.census_of(case, Deadline.after(60.0)) is second
    assert len(calls) == 2
    standing.globality._kept_census.cache_clear()


@pytest.mark.parametrize("hidden_bias", [True, False])
@pytest.mark.parametrize(
    "train", [{"hidden": False}, {"hidden": False, "output": False}, {"output_bias": False}, {"output": False}]
)
def test_a_constant_model_is_a_global_minimum_whatever_is_frozen(tmp_path, hidden_bias, train):
    # Without hidden neurons only the output bias counts: 1/2 is the mean of the targets.
    point = {"weights": [[], [[]]], "biases": [[], ["1/2"]]}
    network = {"widths": [0], "hidden_bias": hidden_bias}
    case = problem_from_mapping(
        {"data": {"x": [[1], [2]], "y": [1, 0]}, "network": network, "train": train, "point": point}
    )
    verdict = certify(case)
    assert (verdict.kind, verdict.loss, verdict.globality) == ("local_minimum", Fraction(1, 2), "global")
    verdict.certificate.write(tmp_path / "cert.json")
    checker = Path(exactgeo.__file__).with_name("check.py")
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(checker), str(tmp_path / "cert.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_least_value_so_far_is_told(monkeypatch):
    monkeypatch.setattr("exactgeo.basin.schedule.BLOCK", 20)
    told = []
    found = census(problem(*D1, 2, reduction="mean"), watch=told.append)
    assert told == sorted(told, reverse=True)
    assert len(told) == len(set(told)) > 1
    assert told[-1] == found.minimum == Fraction(1, 70)
