"""The law of the basin value: against direct summation, neuron by neuron, random starts, and what is known of it."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import probability_brute
import pytest

import exactgeo as eg
from exactgeo.exact.spherical import exact, middle, working
from exactgeo.probability import _propose_samples
from exactgeo.probability.law import intersections
from exactgeo.probability.sets import Transversals, level_sets

F = Fraction
X, Y = [[1], [2], [-1]], [1, -1, 2]
D1 = {"x": [[5], [4], [3], [1], [-1]], "y": [2, 1, 0, -3, 3]}


def problem(x=X, y=Y, widths=1, loss="squared", **tables):
    net = {"widths": [widths], **tables.pop("network", {})}
    return eg.load({"data": {"x": x, "y": y}, "network": net, "loss": {"kind": loss}, **tables})


def at_most(row) -> float:
    lo, hi = float(row.probability.lo), float(row.probability.hi)
    assert hi - lo < 1e-12
    return (lo + hi) / 2


# -- other ways to the same number --

CASES = {
    "relu": ({}, {}),
    "without-biases": (
        {"network": {"hidden_bias": False, "output_bias": False}},
        {"bias": False, "output_bias": False},
    ),
    "abs": ({"network": {"activation": "abs"}}, {"slopes": (1, -1)}),
    "leaky": ({"network": {"activation": "leaky_relu(1/10)"}}, {"slopes": (1, F(1, 10))}),
    "two-slopes": ({"network": {"activation": "pl(2, -1/3)"}}, {"slopes": (2, F(-1, 3))}),
    "linear": ({"network": {"activation": "linear"}}, {"slopes": (1, 1)}),
    "absolute": ({"x": [[1], [2]], "y": [1, -1], "loss": "absolute"}, {"kind": "absolute"}),
    "huber": ({"x": [[1], [2]], "y": [1, -1], "loss": "huber(1/2)"}, {"kind": "huber", "bound": F(1, 2)}),
    "hinge": ({"x": [[1], [2]], "y": [1, -1], "loss": "hinge"}, {"kind": "hinge"}),
    "plane": (
        {"x": [[1, 0], [0, 1], [1, 1], [0, 0]], "y": [1, 1, -1, 2], "network": {"hidden_bias": False}},
        {"bias": False},
    ),
    "singletons": (
        {"x": [[1, 0], [-2, 0], [0, 1]], "y": [1, 1, -1], "network": {"hidden_bias": False, "output_bias": False}},
        {"bias": False, "output_bias": False},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_neuron_by_neuron(name):
    """Every level between two values at widths 1 and 2, against a program that shares no code."""
    tables, brute = CASES[name]
    loaded = problem(**tables)
    found = eg.probabilities(loaded)
    levels = found.levels()
    for level in dict.fromkeys([levels[0], (levels[0] + levels[-1]) / 2]):
        for row in found.law(level, widths=[1, 2]):
            expected, error = probability_brute.law(loaded.x, [y for (y,) in loaded.y], level, row.width, **brute)
            assert abs(at_most(row) - expected) < error + 1e-9


@pytest.mark.parametrize("widths", [1, 2, 3])
@pytest.mark.parametrize("activation", ["relu", "abs"])
def test_direct_summation_over_all_multisets(widths, activation):
    loaded = problem(widths=widths, network={"activation": activation})
    found = eg.probabilities(loaded)
    reduction = found.reduction
    pattern = {}
    for group in reduction.exchangeable:
        for k, p in enumerate(group.patterns):
            pattern[k] = middle(found.measure.of([p.region])) / 2
    census = eg.basins(loaded)
    total: dict[Fraction, float] = {}
    for orbit, basin in zip(reduction.orbit_choices(), census, strict=True):
        value = basin.value
        chance = reduction.copies(orbit) * np.prod([pattern[k] for part in orbit for k in part])
        total[value] = total.get(value, 0.0) + float(chance)
    assert abs(sum(total.values()) - 1) < 1e-12
    running = 0.0
    for value in sorted(total):
        running += total[value]
        assert abs(at_most(found.law(value)[0]) - running) < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("widths", [1, 2, 3])
def test_a_hundred_thousand_random_starts(widths):
    """Weights drawn one by one; each network's basin by its signs alone, its value by the census."""
    loaded = eg.load({"data": D1, "network": {"widths": [widths]}})
    found, census = eg.probabilities(loaded), eg.basins(loaded)
    values = {}
    for orbit, basin in zip(census.reduction.orbit_choices(), census, strict=True):
        members = [census.reduction.exchangeable[0].patterns[k] for part in orbit for k in part]
        key = tuple(sorted((census.reduction.regions[p.region], p.sign) for p in members))
        values[key] = basin.value
    random, count = np.random.default_rng(7), 10**5
    rows = np.array([[*map(float, row), 1.0] for row in loaded.x])
    signs = np.where(random.standard_normal((count, widths, 2)) @ rows.T > 0, 1, -1)
    outputs = random.choice((1, -1), size=(count, widths))
    hit: dict[Fraction, int] = {}
    for one, v in zip(signs.tolist(), outputs.tolist(), strict=True):
        value = values[tuple(sorted(zip(map(tuple, one), v, strict=True)))]
        hit[value] = hit.get(value, 0) + 1
    running = 0
    for value in sorted(hit):
        running += hit[value]
        low, high = _propose_samples.clopper_pearson(running, count, 1e-9)
        assert low <= at_most(found.law(value)[0]) <= high


def test_the_simulation_of_the_package_agrees():
    found = eg.probabilities(problem(network={"activation": "abs"}))
    law = found.law(1, widths=[3])
    _, low, high = law.simulated(3, 4000)
    assert low <= at_most(law[0]) <= high
    assert high - low < 0.1


# -- what is known of a law --


def test_the_law_of_proposition_1():
    found = eg.probabilities(eg.load("swirszcz-prop1"))
    laws = [found.law(level, widths=[1, 2, 10, 1000, 10**9]) for level in found.levels()]
    table = [[F(row.probability.lo) for row in law] for law in laws]
    assert all(a <= b for rows in table for a, b in pairwise(rows)), "wider is better"
    assert all(a <= b for one, other in pairwise(table) for a, b in zip(one, other, strict=True))
    # The dead regions with either sign: alone they leave the constant, 106/5.
    assert str(laws[-1][0].probability.value) == "1"
    assert laws[0][3].above.hi.endswith("E-178")
    assert laws[0][4].above.hi.endswith("E-177838746")
    assert laws[0].rate.hi.startswith("0.66398956")


@pytest.mark.parametrize("width", [1, 5, 10**9])
def test_levels_out_of_reach_and_always_reached(width):
    found = eg.probabilities(problem())
    assert found.law(F(-1), widths=[width])[0].probability.value == 0
    assert found.law(10**6, widths=[width])[0].probability.value == 1
    assert str(found.law(F(-1)).rate.value) == "1"
    assert str(found.law(10**6).rate.value) == "0"


def test_a_value_is_reached_at_its_own_level():
    found = eg.probabilities(problem())
    level = found.levels()[0]
    at, below = (found.law(q)[0].probability for q in (level, level - F(1, 10**50)))
    assert float(at.lo) > 0
    assert below.value == 0


def test_few_neurons_that_cannot_reach_a_level_have_probability_exactly_0():
    found = eg.probabilities(problem(*[[[1], [2], [-1], [3]], [1, -1, 2, 5]]))
    law = found.law(0, widths=[1, 2, 3])
    need = min(h.bit_count() for h in law.law.sure.good)
    assert [row.probability.value == 0 for row in law] == [n < need for n in (1, 2, 3)]


def test_the_mean_of_a_loss_and_its_sum_have_one_law():
    one = eg.probabilities(problem())
    other = eg.probabilities(
        eg.load(
            {"data": {"x": X, "y": Y}, "network": {"widths": [1]}, "loss": {"kind": "squared", "reduction": "mean"}}
        )
    )
    assert [q / 3 for q in one.levels()] == other.levels()
    assert one.law(1)[0].probability == other.law(F(1, 3))[0].probability


# -- frozen output weights --


def frozen(v, widths=None, **network):
    return eg.load(
        {
            "data": {"x": X, "y": Y},
            "network": {"widths": [len(v)], **network},
            "train": {"output": False},
            "point": {"weights": [[[0]] * len(v), [v]], "biases": [[0] * len(v), [0]]},
        }
    )


@pytest.mark.parametrize("v", [[1], [-2], [1, 1], [1, -1], [3, -1, 0], [1, 2, -1]], ids=str)
def test_frozen_output_weights(v):
    found = eg.probabilities(frozen(v))
    assert found.width == sum(map(bool, v))
    for level in found.levels()[:2]:
        expected, error = probability_brute.law(X, Y, level, len(v), frozen=[F(q) for q in v])
        assert abs(at_most(found.law(level)[0]) - expected) < error + 1e-9


def test_only_the_signs_of_frozen_output_weights_count():
    one, other = (eg.probabilities(frozen(v)).law(2)[0].probability for v in ([1, -1], ["1/3", -5]))
    assert one == other


def test_frozen_signs_have_one_width():
    found = eg.probabilities(frozen([1, -1]))
    assert found.law(2).rate is None
    with pytest.raises(eg.InputError, match="width 3, expected the width of the problem"):
        found.law(2, widths=[3])
    same = eg.probabilities(frozen([1, 1]))
    assert at_most(same.law(2, widths=[3])[0]) == pytest.approx(probability_brute.law(X, Y, 2, 3, frozen=[F(1)] * 3)[0])


# -- sets, transversals, inclusion and exclusion --


def test_transversals_are_the_minimal_ones():
    rng = np.random.default_rng(5)
    for _ in range(30):
        edges = [int(q) for q in rng.integers(1, 64, size=5)]
        found = Transversals()
        for edge in edges:
            found.add(edge)
        every = [h for h in range(64) if all(h & edge for edge in edges)]
        minimal = {h for h in every if not any(q != h and q & ~h == 0 for q in every)}
        assert found.minimal == minimal


def test_inclusion_and_exclusion_counts_every_subset_once():
    sets = [0b0111, 0b1110, 0b1011, 0b0001]
    terms, left_out = intersections(sets)
    assert left_out == []
    for some in range(16):
        inside = any(some & ~one == 0 for one in sets)
        assert sum(c for f, c in terms.items() if some & ~f == 0) == inside


def test_the_sets_are_all_maximal_and_minimal_ones():
    found = eg.probabilities(problem())
    law = found.law(1).law
    types, values = found.starts.types, found.values
    above = {h: values.value(h) > 1 for h in range(types.full + 1)} if types.full < 2**12 else {}
    assert above, "small enough for all sets"
    bad = {
        h
        for h, up in above.items()
        if up and not any(above[h | 1 << k] for k in range(types.full.bit_length()) if not h >> k & 1)
    }
    good = {
        h
        for h, up in above.items()
        if not up and all(above[h & ~(1 << k)] for k in range(types.full.bit_length()) if h >> k & 1)
    }
    assert (set(law.sure.bad), set(law.sure.good)) == (bad, good)


# -- bounds and estimates --


class OutOfTimeAfter:
    def __init__(self, calls):
        self.calls = calls

    def __call__(self):
        from exactgeo.errors import OutOfTime

        self.calls -= 1
        if self.calls < 0:
            raise OutOfTime("after so many")


@pytest.mark.parametrize("calls", [0, 1, 3, 8, 20, 60])
def test_whenever_it_ends_the_bounds_hold(calls):
    from dataclasses import replace

    data = {"x": [[-2], [-1], [0], [1], [3]], "y": [1, -2, 3, 0, 1]}
    found = eg.probabilities(eg.load({"data": data, "network": {"widths": [2]}}))
    honest = found.law(2, widths=[1, 2, 5, 50])
    assert honest.complete
    sets = level_sets(found.values, lambda value: value > 2, OutOfTimeAfter(calls))
    law = replace(honest.law, sure=sets, possible=sets)
    assert law.complete is sets.complete
    for width, row in zip([1, 2, 5, 50], honest, strict=True):
        part = law.row(width)
        assert F(part.probability.lo) <= F(row.probability.hi)
        assert F(part.probability.hi) >= F(row.probability.lo)
        assert (part.estimate is None) == sets.complete
        if part.estimate is not None:
            assert part.probability.status == "enclosure"
            assert float(part.estimate.lo) <= at_most(row) <= float(part.estimate.hi)
    assert F(law.rate.lo) <= F(honest.rate.hi)
    assert F(law.rate.hi) >= F(honest.rate.lo)


def test_without_time_there_are_bounds_and_an_estimate():
    found = eg.probabilities(problem())
    law = found.law(1, widths=[2], time_limit=0.0)
    assert not law.complete
    assert (law[0].probability.lo, law[0].probability.hi) == ("0", "1")
    assert law[0].estimate.status == "estimate"
    assert law[0].estimate.level == "0.999999"


def test_terms_that_are_left_out_are_bounded(monkeypatch):
    from exactgeo.probability import law as room

    found = eg.probabilities(eg.load("swirszcz-prop1"))
    honest = found.law(18, widths=[1, 2, 7])
    monkeypatch.setattr(room, "TERMS", 1)
    short = found.law(18, widths=[1, 2, 7])
    assert len(short.law.sure.bad) > 1
    for row, exact_row in zip(short, honest, strict=True):
        assert (
            F(row.probability.lo) <= F(exact_row.probability.lo) <= F(exact_row.probability.hi) <= F(row.probability.hi)
        )


def test_logistic_values_are_enclosures_and_a_level_inside_one_is_undecided():
    loaded = problem([[1], [2], [-1], [-1]], [1, -1, 1, -1], loss="logistic")
    found = eg.probabilities(loaded)
    values = sorted({q for q, _ in eg.basins(loaded).values}, key=lambda q: q.lo)
    one = values[0]
    clear = found.law(one.hi + F(1, 100))
    assert clear.complete
    assert 0 < at_most(clear[0]) < 1
    inside = found.law((one.lo + one.hi) / 2)
    assert not inside.complete
    assert F(inside[0].probability.lo) < F(inside[0].probability.hi)
    assert inside.certificate() is None


def test_rank_6_is_an_estimate_with_its_level(monkeypatch):
    monkeypatch.setattr(_propose_samples, "COUNT", 20_000)
    rng = np.random.default_rng(2)
    x = rng.integers(-3, 4, size=(6, 6)).tolist()
    loaded = problem(x, [3, 0, 0, 0, 0, 0], network={"hidden_bias": False})
    found = eg.probabilities(loaded)
    assert found.regions[0].probability.status == "estimate"
    law = found.law(2, widths=[4])
    row = law[0]
    assert row.probability.status == "estimate"
    assert float(row.probability.level) > 1 - 1e-6
    _, low, high = law.simulated(4, 2000)
    assert low <= float(row.probability.hi)
    assert float(row.probability.lo) <= high
    assert law.certificate() is None


# -- answers --


def test_the_answer_of_the_command(capsys):
    from exactgeo.cli import main

    with pytest.raises(SystemExit) as ended:
        main(
            [
                "probabilities",
                "swirszcz-prop1",
                "--widths",
                "1,10",
                "--at-most",
                "14",
                "--at-most",
                "75/4",
                "--regions",
                "--json",
            ]
        )
    answer = json.loads(capsys.readouterr().out)
    assert ended.value.code == 0
    assert answer["rank"] == 2
    assert [(row["at_most"], row["width"]) for row in answer["law"]] == [
        ("14", 1),
        ("14", 10),
        ("75/4", 1),
        ("75/4", 10),
    ]
    assert all(row["probability"].keys() == {"status", "value", "lo", "hi"} for row in answer["law"])
    assert [row["at_most"] for row in answer["rate"]] == ["14", "75/4"]
    assert len(answer["regions"]) == 10
    assert {row["probability"]["value"] for row in answer["regions"]} == {None, "1/4"}
    assert answer["complete"] is True


def test_the_command_refuses_before_the_work(capsys):
    from exactgeo.cli import main

    for arguments, word in (
        (["--widths", "1,x"], "--widths: got 1,x"),
        (["--widths", "0"], "--widths: got 0"),
        (["--at-most", "high"], "--at-most"),
        (["--plot", "p.jpg"], "--plot"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["probabilities", "swirszcz-prop1", *arguments])
        assert ended.value.code == 2
        assert word in capsys.readouterr().err


@pytest.mark.parametrize(
    ("tables", "word"),
    [
        ({"network": {"widths": []}}, "no hidden neuron"),
        ({"network": {"widths": [2, 2]}}, "2 hidden layers"),
        ({"network": {"widths": [1]}, "penalty": {"l2": 1}}, "penalty"),
        ({"network": {"widths": [1], "activation": "tanh"}}, "tanh"),
    ],
)
def test_out_of_scope_by_name(tables, word):
    with pytest.raises(eg.OutOfScope, match=word):
        eg.probabilities(eg.load({"data": {"x": X, "y": Y}, **tables}))


def test_too_many_regions_are_refused_by_name():
    rng = np.random.default_rng(1)
    x = rng.integers(-9, 10, size=(40, 6)).tolist()
    with pytest.raises(eg.OutOfScope, match="regions of one neuron"):
        eg.probabilities(problem(x, [0] * 40))


def test_the_picture(tmp_path):
    from exactgeo.cli import main

    path = tmp_path / "law.svg"
    with pytest.raises(SystemExit) as ended:
        main(["probabilities", "swirszcz-prop1", "--at-most", "14", "--plot", str(path)])
    assert ended.value.code == 0
    text = path.read_text()
    assert text.startswith("<?xml")
    assert "LineCollection" in text, "intervals of random starts"


@pytest.mark.parametrize("seed", range(6))
def test_certificates_of_random_problems_are_accepted(seed, tmp_path):
    rng = np.random.default_rng(seed)
    m, d = int(rng.integers(2, 5)), int(rng.integers(1, 4))
    activation = ["relu", "abs", "leaky_relu(1/10)", "pl(2, -1/3)", "pl(-1, 0)", "linear"][seed]
    loaded = problem(
        rng.integers(-2, 3, size=(m, d)).tolist(),
        rng.integers(-3, 4, size=m).tolist(),
        loss=["squared", "absolute", "huber(1)"][seed % 3],
        network={"activation": activation, "hidden_bias": bool(seed % 2), "output_bias": bool(seed % 3)},
    )
    found = eg.probabilities(loaded)
    for level in found.levels()[:3]:
        proof = found.law(level, widths=[1, 2, 10**6]).certificate()
        answer = eg.check(proof.write(tmp_path / "c.json"))
        assert answer.accepted, answer.reason
        assert "1000000" in answer.statement


def test_combinations_of_patterns_are_those_of_the_measure():
    """The probabilities of types add up to 1, and merged ones are counted."""
    for tables, _ in CASES.values():
        starts = eg.probabilities(problem(**tables)).starts
        with working():
            for width in (1, 3):
                total = starts.all_within(starts.types.full, starts.counts(width)) - exact(1)
                assert total == 0 if not hasattr(total, "contains") else total.contains(0)
        assert len(set(starts.types.columns)) == len(starts.types.columns)
        assert sorted(m for members in starts.types.members for m in members) == sorted(
            product(range(len(starts.measure.regions)), (1, -1))
        )
