"""The engine at size against exact arithmetic: bounds that hold in both float types, blocks, samples of regions.

Data and points are of sevenths and thirds, which no float is: what float32 and float64 say must hold of the rationals.
"""

from __future__ import annotations

import random
import tracemalloc
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from losses import is_irrational, is_rational, loss_names, named, targets

from exactgeo.activations import PiecewiseLinear, make_activation
from exactgeo.arrangement import Arrangement
from exactgeo.errors import InputError, OutOfScope
from exactgeo.kinds import Kind
from exactgeo.local_minimum import decide
from exactgeo.losses import make_loss
from exactgeo.numeric import NumericNetworks, NumericStatus, SampledRegions, sampled_regions
from exactgeo.problem import Network, Point, Problem, Train

DTYPES = ["float32", "float64"]
ACCURACY = {"float32": 1e-3, "float64": 1e-11}
STEP = Fraction(1, 2**300)
ALL = Train((True,), (True,))
RELU = (Fraction(1), Fraction(0))


def number(rng):
    return Fraction(rng.randint(-9, 9), rng.choice([1, 3, 7]))


def matrix(rng, rows, columns):
    return tuple(tuple(number(rng) for _ in range(columns)) for _ in range(rows))


def problem_of(rng, widths, loss, *, m=20, outputs=1, slopes=(Fraction(1), Fraction(-1, 3)), reduction="mean"):
    activation = slopes if not isinstance(slopes, tuple) else PiecewiseLinear.of_slopes(*slopes)
    y = [targets(loss.name, [number(rng) for _ in range(1 if loss.classes else outputs)]) for _ in range(m)]
    network = Network(2, widths, outputs, (activation,) * len(widths), (True,) * len(widths), True)
    train = Train((True,) * len(widths), (True,) * len(widths))
    return Problem(matrix(rng, m, 2), tuple(map(tuple, y)), network, loss, train, reduction)


def points_of(rng, problem, count):
    sizes = problem.network.sizes
    return [
        Point(tuple(matrix(rng, o, i) for i, o in pairwise(sizes)), tuple(matrix(rng, 1, o)[0] for o in sizes[1:]))
        for _ in range(count)
    ]


def least_memory(call):
    """What the refusal of no memory says is needed."""
    with pytest.raises(InputError) as refused:
        call(1)
    return int(refused.value.expected.split()[-1])


def exact_slope(problem, point, direction):
    return (problem.loss_at(point.moved(direction, STEP)) - problem.loss_at(point)) / STEP


def holds(exact, value, error, slack=0):
    return abs(exact - Fraction(float(value))) <= Fraction(float(error)) + slack


# -- evaluation -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", loss_names(is_rational))
@pytest.mark.parametrize("widths", [(), (3,), (3, 2)])
def test_bounds_hold_of_the_exact_loss_and_its_derivatives(widths, name, dtype):
    rng = random.Random(f"{widths} {name}")
    problem = problem_of(rng, widths, named(name))
    points = points_of(rng, problem, 4)
    directions = points_of(rng, problem, 4)
    nets = NumericNetworks.from_points(problem, points)
    moves = NumericNetworks.from_points(problem, directions).parameters
    least = least_memory(lambda memory: nets.evaluate(directions=moves, memory=memory))
    for memory in (least, 1 << 22):
        said = nets.evaluate(dtype=dtype, directions=np.stack([moves, -moves]), memory=2 * memory)
        assert (said.loss_errors <= ACCURACY[dtype] * (1 + said.losses)).all()
        for i, (point, direction) in enumerate(zip(points, directions, strict=True)):
            assert holds(problem.loss_at(point), said.losses[i], said.loss_errors[i])
            for k, sign in enumerate((1, -1)):
                move = Point(
                    tuple(tuple(tuple(sign * q for q in u) for u in w) for w in direction.weights),
                    tuple(tuple(sign * q for q in b) for b in direction.biases),
                )
                slope = exact_slope(problem, point, move)
                assert holds(slope, said.derivatives[k, i], said.derivative_errors[k, i], Fraction(1, 2**200))


@pytest.mark.parametrize("name", loss_names(is_irrational))
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_float32_and_float64_never_exclude_each_other(name, activation):
    rng = random.Random(f"{name} {activation}")
    loss = named(name)
    problem = problem_of(rng, (3, 2), loss, outputs=3 if loss.classes else 1, slopes=make_activation(activation))
    nets = NumericNetworks.from_points(problem, points_of(rng, problem, 20))
    moves = np.random.default_rng(1).standard_normal((2, *nets.parameters.shape))
    one, two = (nets.evaluate(dtype=dtype, directions=moves) for dtype in DTYPES)
    assert two.losses == pytest.approx(nets.losses(), rel=1e-12)
    along = nets.one_sided_derivatives(moves, kink_tolerance=1e-12)
    assert two.derivatives == pytest.approx(along, rel=1e-9, abs=1e-12)
    assert (np.abs(one.losses - two.losses) <= one.loss_errors + two.loss_errors).all()
    assert (np.abs(one.derivatives - two.derivatives) <= one.derivative_errors + two.derivative_errors).all()
    assert (one.loss_errors < 1e-2 * (1 + one.losses)).all()
    assert (one.losses != two.losses).any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_sure_signs_are_the_exact_ones_and_kinks_are_never_sure(dtype):
    rng = random.Random(3)
    problem = problem_of(rng, (4,), make_loss("squared"), m=21)
    points = points_of(rng, problem, 5)
    # Unit 0 on a kink at every data point; unit 1 off it by less than either type can tell.
    points = [
        Point((((Fraction(0),) * 2, (Fraction(0),) * 2, *p.weights[0][2:]), p.weights[1]), p.biases) for p in points
    ]
    points = [Point(p.weights, ((Fraction(0), Fraction(1, 10**320), *p.biases[0][2:]), p.biases[1])) for p in points]
    nets = NumericNetworks.from_points(problem, points)
    least = least_memory(lambda memory: nets.evaluate(memory=memory))
    said = nets.evaluate(dtype=dtype, signs=True, memory=least)
    active, unsure = (np.unpackbits(bits[0], axis=2, count=21) for bits in (said.active, said.unsure))
    for i, point in enumerate(points):
        for u, (w, b) in enumerate(zip(point.weights[0], point.biases[0], strict=True)):
            z = [sum(a * q for a, q in zip(w, row, strict=True)) + b for row in problem.x]
            sure = unsure[i, u] == 0
            assert not any(sure) if u < 2 else any(sure)
            assert [bool(a) for a in active[i, u][sure]] == [q > 0 for q, s in zip(z, sure, strict=True) if s]
    assert said.doubtful.tolist() == unsure.sum(axis=(1, 2)).tolist()
    assert (said.kink_margin < 0).all()
    assert "exact signs" in said.needs(0)
    assert ("float64 first" in said.needs(0)) == (dtype == "float32")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_kink_that_is_missed_by_less_than_rounding_has_either_slope(dtype):
    rng = random.Random(6)
    problem = problem_of(rng, (3,), make_loss("squared"), m=9)
    near = []
    for point in points_of(rng, problem, 6):
        w, row = point.weights[0][0], problem.x[0]
        off = rng.choice([-1, 1]) * Fraction(1, 2**100)
        near.append(
            Point(point.weights, ((off - sum(a * q for a, q in zip(w, row, strict=True)), *point.biases[0][1:]), (0,)))
        )
    directions = points_of(rng, problem, 6)
    nets = NumericNetworks.from_points(problem, near)
    said = nets.evaluate(dtype=dtype, directions=NumericNetworks.from_points(problem, directions).parameters)
    assert (said.doubtful >= 1).all()
    wrong = 0
    for i, (point, direction) in enumerate(zip(near, directions, strict=True)):
        slope = exact_slope(problem, point, direction)
        assert holds(slope, said.derivatives[0, i], said.derivative_errors[0, i], Fraction(1, 2**200))
        wrong += not holds(slope, said.derivatives[0, i], 1e-2)
    assert wrong > 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_cancels_in_one_layer_widens_the_bound_of_the_next(dtype):
    rng = random.Random(2)
    problem = problem_of(rng, (3, 2), make_loss("absolute"), m=8)
    close = tuple((1 + Fraction(rng.randint(1, 9), 70000), Fraction(1)) for _ in range(8))
    problem = Problem(close, problem.y, problem.network, problem.loss, problem.train, problem.reduction)
    points = [
        Point((tuple((10000 * q, -10000 * q) for q in (number(rng) for _ in range(3))), *p.weights[1:]), p.biases)
        for p in points_of(rng, problem, 12)
    ]
    said = NumericNetworks.from_points(problem, points).evaluate(dtype=dtype)
    for point, loss, error in zip(points, said.losses, said.loss_errors, strict=True):
        assert holds(problem.loss_at(point), loss, error)


def test_a_break_of_the_loss_within_rounding_counts_with_its_steeper_side():
    network = Network(1, (), 1, (), (), False)
    weight = 1 - Fraction(1, 3 * 10**9)
    problem = Problem(((1,),), ((1,),), network, make_loss("hinge"), Train((), ()), "sum")
    point = Point((((weight,),),), ((),))
    said = NumericNetworks.from_points(problem, [point]).evaluate(dtype="float32")
    assert said.losses[0] == 0
    assert holds(problem.loss_at(point), 0, said.loss_errors[0])


@pytest.mark.parametrize("name", loss_names())
def test_losses_at_parts_of_the_data_add_up(name):
    rng = random.Random(name)
    loss = named(name)
    outputs = 3 if loss.classes else 2
    problem = problem_of(rng, (2,), loss, outputs=outputs, m=11)
    nets = NumericNetworks.from_points(problem, points_of(rng, problem, 3))
    form, p = nets.loss_form, np.random.default_rng(0).standard_normal((3, outputs, 11))
    parts = [slice(0, 4), slice(4, 11)]
    assert sum(form.at_points(q).total(p[:, :, q]) for q in parts) == pytest.approx(form.total(p), rel=1e-12)
    joined = [form.at_points(q).gradient(p[:, :, q]) for q in parts]
    assert np.concatenate(joined, axis=2).tolist() == form.gradient(p).tolist()


def test_numbers_beyond_a_type_bound_nothing_and_decide_nothing():
    x, y = [[1.0], [1.0]], [0.0, 1.0]
    nets = NumericNetworks.from_arrays([[[1e30], [-1e30]]], [[1e10, 1e10]], x=x, y=y, slopes=(1, 0.5))
    move = np.ones_like(nets.parameters)
    said, first = nets.evaluate(dtype="float32", directions=move), nets.first_order(margin=0, dtype="float32")
    assert said.losses.tolist() == [np.inf]
    assert said.loss_errors.tolist() == said.derivative_errors[0].tolist() == [np.inf]
    assert np.isnan(said.derivatives).all()
    assert first.status(0) is NumericStatus.CLOSE
    assert not first.candidates[0]
    assert "range of float32" in said.needs(0)
    assert "range of float32" in first.needs(0)
    assert said.to_json(0)["loss"] is None
    assert np.isfinite(nets.evaluate(directions=move).loss_errors).all()
    assert nets.first_order(margin=0).status(0) is NumericStatus.DESCENT


def test_blocks_keep_to_the_memory_and_report_progress():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((4000, 20)), rng.standard_normal(4000)
    W, v = rng.standard_normal((2, 64, 20)), rng.standard_normal((2, 64))
    nets = NumericNetworks.from_arrays(W, v, x=x, y=y)
    memory = 1 << 22
    for call in (nets.evaluate, lambda **options: nets.first_order(margin=1e-3, **options)):
        for dtype in DTYPES:
            told = []

            def tell(done, total, told=told):
                told.append((done, total))

            tracemalloc.start()
            call(dtype=dtype, memory=memory, progress=tell)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < memory
            assert told == sorted(set(told))
            assert len(told) > 2
            assert told[-1] == (8000, 8000)
    # One array of all pre-activations of one network would be half of that alone.
    assert memory / 3 < 64 * 4000 * 8


# -- first-order conditions -------------------------------------------------------------------------------


def least_squares(rng):
    """One active unit and one dead unit at the exact least squares line: a local minimum, of loss above 0."""
    m = 9
    x = [Fraction(rng.randint(1, 9), rng.choice([1, 3, 7])) for _ in range(m)]
    y = [number(rng) + 20 for _ in range(m)]
    mean_x, mean_y = sum(x) / m, sum(y) / m
    spread = sum((q - mean_x) ** 2 for q in x)
    if not spread:
        return least_squares(rng)
    slope = sum((q - mean_x) * (t - mean_y) for q, t in zip(x, y, strict=True)) / spread
    shift = mean_y - slope * mean_x
    # The unit is active at all points: its own bias is large, that of the output takes it back.
    far, outer = abs(slope) * 10 + Fraction(1, 3), Fraction(3, 7)
    network = Network(1, (2,), 1, (PiecewiseLinear.of_slopes(*RELU),), (True,), True)
    problem = Problem(
        tuple((q,) for q in x), tuple((t,) for t in y), network, make_loss("squared"), ALL, rng.choice(["sum", "mean"])
    )
    point = Point(
        (((slope / outer,), (Fraction(-1),)), ((outer, Fraction(2, 3)),)),
        ((far / outer, Fraction(-1, 3)), (shift - far,)),
    )
    return problem, point


@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_is_said_against_an_exact_minimum(dtype):
    rng = random.Random(7)
    for index in range(60):
        problem, point = least_squares(rng)
        assert decide(problem, point).kind is Kind.LOCAL_MINIMUM
        said = NumericNetworks.from_points(problem, [point]).first_order(margin=0, dtype=dtype)
        assert said.status(0) is NumericStatus.CLOSE, (index, problem, point)
        assert said.rate[0] == 0
        assert not said.descents.any()
        assert NumericNetworks.from_points(problem, [point]).first_order(margin=1e-2, dtype=dtype).candidates[0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_beside_a_minimum_each_type_says_only_what_it_can_tell(dtype):
    problem, point = least_squares(random.Random(8))
    zero = Point(tuple(tuple((Fraction(0),) * len(u) for u in w) for w in point.weights), ((Fraction(0),) * 2, (1,)))
    moved = [point.moved(zero, Fraction(1, 2**k)) for k in range(0, 70, 2)]
    said = NumericNetworks.from_points(problem, moved).first_order(margin=0, dtype=dtype)
    found = said.codes == 1
    first_missed = int(np.argmin(found))
    assert not found[first_missed:].any()
    assert (2 * first_missed < 24) if dtype == "float32" else (24 < 2 * first_missed < 53)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", loss_names(is_rational))
def test_every_descent_falls_at_its_rate_exactly(name, dtype):
    rng = random.Random(name)
    found = 0
    for slopes in (RELU, (Fraction(1), Fraction(-1)), (Fraction(-1), Fraction(1, 3))):
        problem = problem_of(rng, (3,), named(name), slopes=slopes, m=9)
        points = points_of(rng, problem, 6)
        # On kinks: a unit of weight 0; one without a say.
        points += [Point((((Fraction(0),) * 2, *p.weights[0][1:]), p.weights[1]), p.biases) for p in points]
        points = [Point(p.weights, ((Fraction(0), *p.biases[0][1:]), p.biases[1])) for p in points]
        points += [Point((p.weights[0], ((Fraction(0), *p.weights[1][0][1:]),)), p.biases) for p in points[:3]]
        nets = NumericNetworks.from_points(problem, points)
        said = nets.first_order(margin=1e-3, dtype=dtype)
        assert said.doubtful[6:12].min() >= problem.m
        for i, point in enumerate(points):
            direction = NumericNetworks.from_points(problem, points).at(said.descents.astype(float)).point(i)
            if said.status(i) is NumericStatus.DESCENT:
                found += 1
                assert exact_slope(problem, point, direction) <= -Fraction(float(said.rate[i])) * (
                    1 - Fraction(1, 10**9)
                )
                assert said.rate[i] > 1e-3
            else:
                assert not said.descents[i].any()
    assert found >= 20


def test_frozen_blocks_stay():
    rng = random.Random(4)
    problem = problem_of(rng, (3,), make_loss("squared"))
    points = points_of(rng, problem, 5)
    frozen = Problem(
        problem.x, problem.y, problem.network, problem.loss, Train((False,), (True,), False, True), problem.reduction
    )
    nets = NumericNetworks.from_points(frozen, points)
    said = nets.first_order(margin=0)
    assert said.descents[:, nets.trained()].any()
    assert not said.descents[:, ~nets.trained()].any()
    assert not said.slopes[:, ~nets.trained()].any()


def test_every_answer_says_it_is_numeric_and_what_a_proof_needs():
    problem, point = least_squares(random.Random(9))
    nets = NumericNetworks.from_points(problem, [point, *points_of(random.Random(1), problem, 2)])
    regions = sampled_regions(nets.x, 10)
    answers = [
        nets.at(nets.parameters).first_order(margin=0, dtype=dtype).to_json(i) for dtype in DTYPES for i in range(3)
    ]
    answers += [nets.evaluate(dtype="float32").to_json(1), regions.to_json()]
    for said in answers:
        assert said["status"] == "numeric"
        assert "certify" in said["needs"] or "census" in said["needs"]
    assert {said["answer"] for said in answers[:6]} == {str(NumericStatus.CLOSE), str(NumericStatus.DESCENT)}
    assert "its floats are other numbers" in nets.first_order(margin=0).needs(0)


# -- sampled regions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bias", [False, True])
def test_sampled_regions_are_regions_and_in_the_end_all(bias, dtype):
    x = [[1, 0], [3, 1], [1, 2], [-1, 3], [5, -2], [0, 0]]
    rows = [[*map(Fraction, row), *[Fraction(1)] * bias] for row in x]
    used = [row for row in rows if any(row)]
    exact = {tuple(int(s) for s in region) for region in Arrangement(used, dimension=2 + bias).regions().signs}
    told = []
    found = sampled_regions(x, 4000, bias=bias, dtype=dtype, memory=1 << 21, progress=lambda *p: told.append(p))
    signs = [tuple(int(s) for s in row[: len(used)]) for row in found.signs()]
    assert len(set(signs)) == len(found)
    assert set(signs) == exact
    assert found.counts.sum() + found.doubtful == found.samples == told[-1][0]
    assert found.missing == 0
    assert found.most >= len(exact)
    few = sampled_regions(x, 12, bias=bias, dtype=dtype)
    assert len(few) < len(exact)
    assert few.missing > 0
    assert {tuple(int(s) for s in row[: len(used)]) for row in few.signs()} < exact


def test_estimates_are_those_of_good_turing_and_chao():
    counts = np.array([1, 1, 1, 2, 2, 5])
    found = SampledRegions(np.zeros((6, 1), np.uint8), counts, 4, 3, 12, 0, "float64", 0)
    assert found.missing_mass == 3 / 12
    assert found.missing == 3 * 2 / (2 * 3)
    assert found.most == 2 * (1 + 3 + 3)
    said = found.to_json()
    assert said["missing_mass"]["estimator"] == "Good-Turing"
    assert said["missing_regions"]["estimator"].startswith("Chao1")


def test_float32_lists_no_region_that_its_rounding_made():
    # In float32 the first two rows are one hyperplane, and the third is its negative.
    x = [[1.0, 1.0], [1.0, 1.0 + 2.0**-40], [-1.0, -1.0 - 2.0**-41]]
    found = sampled_regions(x, 20000, bias=False, dtype="float32")
    exact = {tuple(int(s) for s in r) for r in Arrangement([[Fraction(q) for q in row] for row in x]).regions().signs}
    assert {tuple(int(s) for s in row) for row in found.signs()} == {(1, 1, -1), (-1, -1, 1)} < exact
    same = sampled_regions([[1e-44, 0.0], [0.0, 1.0]], 20000, bias=False, dtype="float32")
    assert len(same) == 0
    assert same.doubtful == 20000
    assert sampled_regions([[1e-44, 0.0], [0.0, 1.0]], 200, bias=False).doubtful == 0


# -- refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda nets: nets.evaluate(dtype="float16"), "dtype"),
        (lambda nets: nets.evaluate(dtype=np.float32), "dtype"),
        (lambda nets: nets.evaluate(memory=10), "memory"),
        (lambda nets: nets.evaluate(memory=1e9), "memory"),
        (lambda nets: nets.evaluate(progress=3), "progress"),
        (lambda nets: nets.evaluate(directions=[[1.0]]), "directions"),
        (lambda nets: nets.first_order(margin=-1), "margin"),
        (lambda nets: nets.first_order(margin=float("nan")), "margin"),
        (lambda nets: sampled_regions([[1]], 0), "samples"),
        (lambda nets: sampled_regions([[1]], 10**9), "memory"),
        (lambda nets: sampled_regions([[float("inf")]], 10), "x"),
        (lambda nets: sampled_regions([[]], 10), "x"),
        (lambda nets: sampled_regions([[1]], 10, seed=-1), "seed"),
    ],
)
def test_refusals(call, message):
    nets = NumericNetworks.from_arrays([[[1]]], [[1]], x=[[1], [2]], y=[1, 2])
    with pytest.raises(InputError) as refused:
        call(nets)
    assert refused.value.where == message


def test_first_order_conditions_are_of_one_hidden_layer_and_one_output():
    rng = random.Random(1)
    for widths, outputs in (((2, 2), 1), ((2,), 2), ((), 1)):
        problem = problem_of(rng, widths, make_loss("squared"), outputs=outputs)
        with pytest.raises(OutOfScope):
            NumericNetworks.from_points(problem, points_of(rng, problem, 1)).first_order(margin=0)


def test_no_network_is_a_batch_too():
    nets = NumericNetworks.from_arrays([[[1]]], [[1]], x=[[1], [2]], y=[1, 2])[:0]
    assert len(nets.evaluate(signs=True)) == len(nets.first_order(margin=0)) == 0
