"""exactgeo.numeric against exact arithmetic: values to the last bit on dyadic data, answers on a thousand instances.

The oracle of the conditions shares no code with the package: it proves phi >= 0 cone by cone with Farkas multipliers
found by trying all supports, where the package evaluates phi on rays.
"""

from __future__ import annotations

import random
from fractions import Fraction
from functools import cache
from itertools import combinations, pairwise, product

import numpy as np
import pytest
from losses import is_rational, loss_names, named
from strange_losses import LiftedSquare

from exactgeo.activations import PiecewiseLinear, make_activation
from exactgeo.errors import InputError, OutOfScope
from exactgeo.kinds import Kind
from exactgeo.local_minimum import decide
from exactgeo.losses import make_loss
from exactgeo.numeric import DescentStatus, NumericNetworks, NumericStatus, descend, random_starts
from exactgeo.problem import Network, Point, Problem, Train

RATIONAL = loss_names(is_rational)
SETTINGS = {"kink_tolerance": 1e-9, "margin": 1e-9}
SLOPES = {"relu": (1, 0), "abs": (1, -1), "leaky": (1, Fraction(1, 4)), "concave": (-1, 2), "linear": (1, 1)}


# -- the oracle: fractions and itertools only -------------------------------------------------------------


def solve(columns, target):
    """Coefficients of ``target`` in linearly independent columns, or None."""
    rows = [[*entries, value] for *entries, value in zip(*columns, target, strict=True)]
    pivot = 0
    for j in range(len(columns)):
        found = next((i for i in range(pivot, len(rows)) if rows[i][j]), None)
        if found is None:
            return None
        rows[pivot], rows[found] = rows[found], rows[pivot]
        rows[pivot] = [q / rows[pivot][j] for q in rows[pivot]]
        for i, row in enumerate(rows):
            if i != pivot and row[j]:
                rows[i] = [a - row[j] * b for a, b in zip(row, rows[pivot], strict=True)]
        pivot += 1
    if any(row[-1] for row in rows[pivot:]):
        return None
    return [row[-1] for row in rows[:pivot]]


def in_cone(generators, target):
    """Caratheodory: a member of a cone is a combination >= 0 of independent generators."""
    if not any(target):
        return True
    for size in range(1, min(len(generators), len(target)) + 1):
        for support in combinations(generators, size):
            weights = solve(support, target)
            if weights is not None and min(weights) >= 0:
                return True
    return False


def is_minimum(problem, point):
    """The criterion for one hidden layer, scalar output."""
    right, left = problem.network.activation.slopes
    weights, outer = point.weights[0], point.weights[1][0]
    residuals = [p[0] - y[0] for p, y in zip(problem.predictions(point), problem.y, strict=True)]
    train, bias = problem.train, problem.network.hidden_bias[0]
    if problem.network.output_bias and train.output_bias and sum(residuals):
        return False
    moves = [train.hidden[0]] * problem.d + [train.hidden_bias[0]] * bias
    for i, v in enumerate(outer):
        full = [*weights[i], *([point.biases[0][i]] if bias else [])]
        z = [sum(a * b for a, b in zip(full, row, strict=True)) for row in problem.lifted]
        if train.output and sum(r * (right if q >= 0 else left) * q for r, q in zip(residuals, z, strict=True)):
            return False
        if not any(moves) or (v == 0 and not train.output):
            continue
        rows = [[q for q, move in zip(row, moves, strict=True) if move] for row in problem.lifted]
        smooth = [
            sum(r * (right if q > 0 else left) * row[j] for r, q, row in zip(residuals, z, rows, strict=True) if q)
            for j in range(len(rows[0]))
        ]
        kinks = [(r, row) for r, q, row in zip(residuals, z, rows, strict=True) if q == 0]
        for wanted in {1, -1} if v == 0 else {1 if v > 0 else -1}:
            for sides in product((1, -1), repeat=len(kinks)):
                form = list(smooth)
                for side, (r, row) in zip(sides, kinks, strict=True):
                    form = [a + r * (right if side > 0 else left) * b for a, b in zip(form, row, strict=True)]
                walls = [[side * q for q in row] for side, (_, row) in zip(sides, kinks, strict=True)]
                if not in_cone(walls, [wanted * q for q in form]):
                    return False
    return True


# -- instances: small integers, so that float arithmetic is exact ----------------------------------------


def fractions(rows):
    return tuple(tuple(map(Fraction, row)) for row in rows)


def random_problem(rng, *, generic=False):
    """A problem with a point whose kinks are forced and, unless generic, whose equalities are made to hold."""
    d, n, m = rng.choice([1, 1, 2, 2, 3]), rng.choice([1, 1, 2]), rng.choice([3, 4, 5])
    bias, out_bias = rng.random() < 0.5, rng.random() < 0.5
    slopes = SLOPES[rng.choice(list(SLOPES))]
    train = rng.choice(
        [Train((True,), (True,)), Train((True,), (True,))]
        + [Train((h,), (b,), o, c) for h, b, o, c in product((True, False), repeat=4)]
    )
    x = fractions([[rng.choice([-2, -1, -1, 0, 1, 1, 2]) for _ in range(d)] for _ in range(m)])
    network = Network(d, (n,), 1, (PiecewiseLinear.of_slopes(*map(Fraction, slopes)),), (bias,), out_bias)
    loss, reduction = make_loss(rng.choice(["squared", "half_squared"])), rng.choice(["sum", "mean"])
    problem = Problem(x, fractions([[0]] * m), network, loss, train, reduction)
    rows = problem.lifted
    hidden = []
    for _ in range(n):
        w = [Fraction(rng.choice([-2, -1, 0, 1, 2])) for _ in rows[0]]
        if not generic and len(w) > 1 and rng.random() < 0.7:
            # Through a data point: the last coordinate where it counts, or the whole vector turned.
            row = rng.choice(rows)
            w = [row[1] * 1, -row[0] * 1] + [Fraction(0)] * (len(w) - 2)
        hidden.append(w)
    v = [Fraction(rng.choice([-2, -1, 0, 1, 2])) for _ in range(n)]
    point = Point(
        (tuple(tuple(w[:d]) for w in hidden), (tuple(v),)),
        (tuple(w[-1] for w in hidden) if bias else (), (Fraction(rng.choice([-1, 0, 1])),) if out_bias else ()),
    )
    values = [p[0] for p in problem.predictions(point)]
    if generic:
        e = [Fraction(rng.choice([-3, -2, -1, 0, 1, 2, 3])) for _ in range(m)]
    else:
        e = residual_with_equalities(rng, problem, point)
    y = tuple((p - r,) for p, r in zip(values, e, strict=True))
    return Problem(x, y, network, loss, train, reduction), point


def kernel_vectors(rows, width):
    """All small integer vectors killed by the rows (multiples of 1/4): enough choice for these instances."""
    grid = np.array(list(product((-2, -1, 0, 1, 2), repeat=width)))
    forms = np.array([[int(4 * q) for q in row] for row in rows], dtype=np.int64).reshape(len(rows), width)
    return grid[~(grid @ forms.T).any(axis=1)].tolist()


def residual_with_equalities(rng, problem, point):
    """Residuals that kill what must vanish away from the kinks, so that only the kinks decide."""
    right, left = problem.network.activation.slopes
    rows, m = problem.lifted, problem.m
    conditions = [[1] * m]
    for i, unit in enumerate(point.weights[0]):
        w = [*unit, *(point.biases[0][i : i + 1])]
        z = [sum(a * b for a, b in zip(w, row, strict=True)) for row in rows]
        conditions.append([(right if q >= 0 else left) * q for q in z])
        kinks = [row for q, row in zip(z, rows, strict=True) if q == 0]
        for u in kernel_vectors(kinks, len(w))[:40]:
            conditions.append(
                [
                    (right if q >= 0 else left) * sum(a * b for a, b in zip(u, row, strict=True))
                    for q, row in zip(z, rows, strict=True)
                ]
            )
    choices = kernel_vectors(conditions, m)
    return [Fraction(q) for q in rng.choice(choices)]


def flat_direction(nets, index, direction):
    """Row of a direction array as a Point of exact dyadics."""
    return nets.at(np.asarray(direction)[None]).point(0)


# -- values -----------------------------------------------------------------------------------------------


def deep_problem(rng, widths, outputs, loss, reduction="sum"):
    sizes = (2, *widths, outputs)

    def matrix(rows, columns):
        return fractions([[Fraction(rng.randint(-6, 6), 4) for _ in range(columns)] for _ in range(rows)])

    activations = (PiecewiseLinear.of_slopes(Fraction(1), Fraction(-1, 2)),) * len(widths)
    network = Network(2, widths, outputs, activations, (True,) * len(widths), True)
    train = Train((True,) * len(widths), (True,) * len(widths))
    problem = Problem(matrix(5, 2), matrix(5, outputs), network, loss, train, reduction)
    points = [
        Point(
            tuple(matrix(o, i) for i, o in pairwise(sizes)),
            tuple(matrix(1, o)[0] for o in sizes[1:]),
        )
        for _ in range(12)
    ]
    return problem, points


SHAPES = [((), 1), ((3,), 1), ((2, 2), 1), ((2, 3, 2), 2)]


@pytest.mark.parametrize(("widths", "outputs"), SHAPES)
@pytest.mark.parametrize("kind", ["squared", "half_squared"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_losses_equal_the_exact_ones_to_the_last_bit(widths, outputs, kind, reduction):
    problem, points = deep_problem(random.Random(str((widths, kind))), widths, outputs, make_loss(kind), reduction)
    nets = NumericNetworks.from_points(problem, points)
    assert not nets.rounded.any()
    assert nets.losses().tolist() == [float(problem.loss_at(p)) for p in points]
    assert [nets.point(i) for i in range(len(points))] == points


def test_patterns_equal_the_signs_of_exact_preactivations():
    problem, points = deep_problem(random.Random(5), (3, 2), 1, make_loss("squared"))
    points.append(Point(points[0].weights, ((Fraction(0),) * 3, *points[0].biases[1:])))
    nets = NumericNetworks.from_points(problem, points)
    patterns = nets.patterns()
    assert [s.dtype for s in patterns.signs] == [np.int8, np.int8]
    zeros = 0
    for index, point in enumerate(points):
        rows = problem.x
        for layer in range(2):
            z = [
                [sum(a * b for a, b in zip(w, row, strict=True)) + c for row in rows]
                for w, c in zip(point.weights[layer], point.biases[layer], strict=True)
            ]
            assert patterns.signs[layer][index].tolist() == [[(q > 0) - (q < 0) for q in unit] for unit in z]
            assert patterns.margins[layer][index].tolist() == [[float(abs(q)) for q in unit] for unit in z]
            zeros += sum(q == 0 for unit in z for q in unit)
            rows = [[problem.network.activation(unit[t]) for unit in z] for t in range(problem.m)]
    assert zeros > 0
    wide = nets.patterns(kink_tolerance=0.5)
    assert ((wide.signs[0] == 0) == (patterns.margins[0] <= 0.5)).all()


def exact_derivative(problem, point, direction, degree):
    """Derivative at 0 of the polynomial in s through degree + 1 exact losses before the first kink."""
    steps = [Fraction(k, 2**40) for k in range(degree + 1)]
    values = [problem.loss_at(point.moved(direction, s)) for s in steps]
    # Derivative of Lagrange's form at s = 0, the first node.
    total = -values[0] * sum(1 / s for s in steps[1:])
    for k in range(1, degree + 1):
        others = [s for j, s in enumerate(steps) if j not in (0, k)]
        term = values[k] / steps[k]
        for s in others:
            term *= -s / (steps[k] - s)
        total += term
    return total


@pytest.mark.parametrize(("widths", "outputs"), SHAPES)
def test_one_sided_derivatives_equal_exact_finite_differences(widths, outputs):
    rng = random.Random(str(widths))
    problem, points = deep_problem(rng, widths, outputs, make_loss("squared"))
    if widths:
        # Onto kinks: no hidden bias and a unit of weight 0.
        zero = [
            Point(((p.weights[0][0], *[(Fraction(0),) * 2] * (widths[0] - 1)), *p.weights[1:]), p.biases)
            for p in points
        ]
        points += [Point(p.weights, ((Fraction(0),) * widths[0], *p.biases[1:])) for p in zero]
    nets = NumericNetworks.from_points(problem, points)
    directions = [[flat_direction(nets, i, d) for i, d in enumerate(block)] for block in sampled(rng, nets)]
    arrays = np.stack([NumericNetworks.from_points(problem, block).parameters for block in directions])
    found = nets.one_sided_derivatives(arrays)
    expected = [
        [float(exact_derivative(problem, p, q, 2 * len(p.weights))) for p, q in zip(points, block, strict=True)]
        for block in directions
    ]
    assert found.tolist() == expected
    assert nets.one_sided_derivatives(arrays[1]).tolist() == expected[1]
    both = nets.one_sided_derivatives(np.stack([arrays[0], -arrays[0]])).sum(axis=0)
    assert (both != 0).any() == bool(widths)


def sampled(rng, nets):
    count, size = nets.parameters.shape
    return [[[rng.randint(-4, 4) / 2 for _ in range(size)] for _ in range(count)] for _ in range(3)]


def test_slices_do_not_change_the_answers(monkeypatch):
    problem, point = random_problem(random.Random(3))
    nets = NumericNetworks.from_points(problem, [point] * 3)
    nets = nets.at(
        np.concatenate([nets.parameters, np.random.default_rng(0).integers(-3, 3, (60, nets.parameters.shape[1])) / 2])
    )
    whole = nets.losses(), nets.criterion(**SETTINGS), nets.one_sided_derivatives(nets.parameters)
    monkeypatch.setattr("exactgeo.numeric.layers.CHUNK", 1)
    assert len(list(nets.slices())) == len(nets)
    assert (nets.losses() == whole[0]).all()
    parts = nets.criterion(**SETTINGS)
    assert (parts.codes == whole[1].codes).all()
    assert (parts.descents == whole[1].descents).all()
    assert (nets.one_sided_derivatives(nets.parameters) == whole[2]).all()


# -- the conditions ---------------------------------------------------------------------------------------


@cache
def thousand():
    """250 problems, each with its point, a rescaled copy and two other points: 1000 instances."""
    rng, result = random.Random(2026), []
    for index in range(250):
        problem, point = random_problem(rng, generic=index % 5 == 0)
        (weights, (outer,)), (hidden_bias, out_bias) = point.weights, point.biases
        scaled = Point(
            (tuple(tuple(2 * q for q in u) for u in weights), (tuple(q / 2 for q in outer),)),
            (tuple(2 * q for q in hidden_bias), out_bias),
        )
        flipped = Point((weights, (tuple(-q for q in outer),)), point.biases)
        dead = Point((weights, ((Fraction(0), *outer[1:]),)), point.biases)
        result.append((problem, [point, scaled, flipped, dead]))
    return result


def falls(problem, point, direction):
    """Lower at small dyadic steps along a direction, exactly."""
    here = problem.loss_at(point)
    return all(problem.loss_at(point.moved(direction, Fraction(1, 2**k))) < here for k in (16, 20, 24))


def test_a_thousand_instances_against_two_exact_decisions():
    tally = dict.fromkeys(NumericStatus, 0)
    on_kinks, second = dict.fromkeys(NumericStatus, 0), 0
    for problem, points in thousand():
        nets = NumericNetworks.from_points(problem, points)
        answer = nets.criterion(**SETTINGS)
        for index, point in enumerate(points):
            truth = is_minimum(problem, point)
            decision = decide(problem, point)
            assert decision.kind is (Kind.LOCAL_MINIMUM if truth else Kind.NOT_LOCAL_MINIMUM), (problem, point)
            status = answer.status(index)
            tally[status] += 1
            on_kinks[status] += bool(answer.kinks[index].any())
            assert not answer.doubtful[index].any()
            if status is NumericStatus.HOLDS:
                assert truth, (problem, point)
                assert answer.slack[index] > 0
                assert answer.candidates[index]
            elif status is NumericStatus.DESCENT:
                assert not truth, (problem, point)
                direction = flat_direction(nets, index, answer.descents[index])
                assert falls(problem, point, direction), (problem, point)
                assert not answer.descents[index][~nets.trained()].any()
                along = nets.one_sided_derivatives(answer.descents)[index]
                if answer.second_order[index]:
                    second += 1
                    assert along == 0
                else:
                    assert along < 0
                    assert answer.least_derivative[index] < 0
                assert answer.slack[index] > 0
            else:
                # Only a ray derivative of 0 (or a zero residual) is out of reach on exact data.
                assert status is NumericStatus.CLOSE
                assert answer.candidates[index] == truth
                assert answer.kinks[index].any()
    assert sum(tally.values()) == 1000
    assert tally[NumericStatus.HOLDS] >= 150
    assert on_kinks[NumericStatus.HOLDS] >= 50
    assert on_kinks[NumericStatus.DESCENT] >= 200
    assert second >= 10
    assert 0 < tally[NumericStatus.CLOSE] <= 300


def test_every_answer_on_near_degenerate_instances_is_too_close_or_true():
    """Points moved by 2^-45: where the truth flips, floats must not decide."""
    rng, tiny = random.Random(7), Fraction(1, 2**45)
    flips = dict.fromkeys(("y", "x", "w", "v"), 0)
    for problem, points in thousand():
        point = points[0]
        if not is_minimum(problem, point):
            continue
        t, i, j = rng.randrange(problem.m), rng.randrange(len(point.weights[0])), rng.randrange(problem.d)
        hidden, outer = [list(u) for u in point.weights[0]], list(point.weights[1][0])
        x, y = [list(row) for row in problem.x], [list(row) for row in problem.y]
        for place in flips:
            moved = {"y": (y, t, 0), "x": (x, t, j), "w": (hidden, i, j), "v": ([outer], 0, i)}[place]
            rows, a, b = moved
            before = rows[a][b]
            rows[a][b] += rng.choice([tiny, -tiny])
            near = Problem(fractions(x), fractions(y), problem.network, problem.loss, problem.train, problem.reduction)
            here = Point((fractions(hidden), (tuple(outer),)), point.biases)
            rows[a][b] = before
            if place == "v":
                here = Point(
                    (here.weights[0], fractions([[q + tiny * (k == i) for k, q in enumerate(outer)]])), here.biases
                )
            nets = NumericNetworks.from_points(near, [here])
            assert not nets.rounded.any()
            answer = nets.criterion(**SETTINGS)
            truth = is_minimum(near, here)
            if truth:
                assert answer.status(0) in (NumericStatus.HOLDS, NumericStatus.CLOSE)
            else:
                flips[place] += 1
                assert answer.status(0) is NumericStatus.CLOSE, (near, here)
                assert answer.candidates[0]
    assert min(flips.values()) >= 40, flips


def ray_instance(delta):
    """One ReLU unit; the conditions hold iff delta >= 0 (the derivative along (0, 1) is 2 delta)."""
    return NumericNetworks.from_arrays(
        [[[1, 0]]], [[1]], x=[[1, 1], [0, 1], [1, 0]], y=[2, -1 - delta, 0], train=Train((True,), (False,), True, False)
    )


@pytest.mark.parametrize(
    ("delta", "status"),
    [
        (0.5, NumericStatus.HOLDS),
        (-0.5, NumericStatus.DESCENT),
        (0.0, NumericStatus.CLOSE),
        (2.0**-45, NumericStatus.CLOSE),
        (-(2.0**-45), NumericStatus.CLOSE),
    ],
)
def test_a_ray_decides_only_beyond_the_margin(delta, status):
    nets = ray_instance(delta)
    answer = nets.criterion(**SETTINGS)
    assert answer.status(0) is status
    assert answer.least_ray.tolist() == [[2 * delta]]
    assert is_minimum(nets.exact_problem(), nets.point(0)) == (delta >= 0)
    assert nets.certify(0).kind is (Kind.LOCAL_MINIMUM if delta >= 0 else Kind.NOT_LOCAL_MINIMUM)


def test_any_single_quadratic_has_the_conditions():
    """The ray instance under 3/4 (p - y - 1)^2 + 2 with targets one less: r is 3/4 of that of the squared loss."""
    for delta in (0.5, -0.5, 0.0):
        nets = ray_instance(delta)
        lifted = NumericNetworks.from_layers(
            [nets.weights(0), nets.weights(1)],
            [None, None],
            x=nets.x,
            y=nets.y - 1,
            loss=LiftedSquare(),
            train=nets.train,
        )
        assert lifted.losses().tolist() == [0.75 * nets.losses()[0] + 6]
        answer, squared = lifted.criterion(**SETTINGS), nets.criterion(**SETTINGS)
        assert answer.status(0) is squared.status(0)
        assert answer.least_ray.tolist() == [[0.75 * squared.least_ray[0, 0]]]
        assert (answer.descents == squared.descents).all()


def test_a_margin_of_zero_still_allows_for_rounding():
    assert ray_instance(2.0**-52).criterion(kink_tolerance=0.0, margin=0.0).status(0) is NumericStatus.CLOSE


def test_a_preactivation_that_only_rounds_to_zero_is_doubtful():
    # In floats 5 * 0.1 - 0.5 is 0; over the rationals these dyadics give 5.5e-17 or so.
    nets = NumericNetworks.from_arrays([[[0.1, -0.5]], [[0.25, -1.25]]], [[1], [1]], x=[[5, 1], [1, 1]], y=[0, 0])
    assert nets.preactivations()[0][:, 0, 0].tolist() == [0.0, 0.0]
    assert Fraction(0.1) * 5 != Fraction(1, 2)
    answer = nets.criterion(kink_tolerance=0.0, margin=1e-9)
    assert answer.kinks[:, 0, 0].tolist() == [True, True]
    assert answer.doubtful[:, 0, 0].tolist() == [True, False]
    assert "unit 0 at x[0]" in answer.needs(0) or answer.status(0) is NumericStatus.DESCENT


def test_a_doubtful_kink_never_lends_a_descent():
    # Exactly on the kink (0, 1) descends; a hair to its negative side nothing sees the second point.
    for shift, status in ((0.0, NumericStatus.DESCENT), (-(2.0**-45), NumericStatus.CLOSE)):
        nets = NumericNetworks.from_arrays([[[1, shift]]], [[1]], x=[[1, 0], [0, 1]], y=[1, 1])
        answer = nets.criterion(**SETTINGS)
        assert answer.status(0) is status
        truth = is_minimum(nets.exact_problem(), nets.point(0))
        assert truth == (shift != 0)


def test_rounded_rationals_are_flagged_and_never_hold():
    third = Fraction(1, 3)
    network = Network(1, (1,), 1, (make_activation("relu"),), (False,), False)
    problem = Problem(fractions([[1]]), fractions([[1]]), network, make_loss("squared"), Train((True,), (False,)))
    points = [Point(((((w,),)), (((1 / w),),)), ((), ())) for w in (third, Fraction(2))]
    nets = NumericNetworks.from_points(problem, points)
    answer = nets.criterion(**SETTINGS)
    assert nets.rounded.tolist() == [True, False]
    assert [answer.status(0), answer.status(1)] == [NumericStatus.CLOSE, NumericStatus.HOLDS]
    assert answer.candidates.all()
    assert "its floats are other numbers" in answer.needs(0)


def test_numbers_that_overflow_or_underflow_are_too_close_to_call():
    nets = NumericNetworks.from_arrays([[[1e200]], [[1e-200]], [[1.0]]], [[1e200], [1e-200], [3]], x=[[1]], y=[0])
    answer = nets.criterion(**SETTINGS)
    assert [answer.status(i) for i in range(3)] == [NumericStatus.CLOSE, NumericStatus.CLOSE, NumericStatus.DESCENT]
    assert np.isinf(nets.losses()[0])


def test_a_loss_is_infinite_where_it_overflows_and_never_nan():
    # Predictions inf - inf, and a ReLU of -inf, which is 0 times infinity.
    setting = {"x": [[1]], "y": [0]}
    difference = NumericNetworks.from_arrays([[[1e200], [1e200]]], [[1e200, -1e200]], **setting)
    assert difference.losses().tolist() == [np.inf]
    assert descend(difference, iterations=3).losses.tolist() == [np.inf]
    below = NumericNetworks.from_layers([[[[-1e200]]], [[[1e200]]], [[[1]]]], [None] * 3, x=[[1e200]], y=[0])
    assert below.losses().tolist() == [np.inf]
    # A NaN that was put in is no overflow.
    assert np.isnan(difference.at(np.full((1, 4), np.nan)).losses()[0])


HUGE = [
    ([1e200, -1e200], [1e200, 1e200], [0, 0], 0, 1.0),
    ([1e308, -1e308], [1e308, 1e308], [1e308, 1e308], -1e308, 10.0),
    ([1e308, 1e308], [1, 1], [-1e308, -1e308], 0, 1.5),
    ([1e308, 1e308], [0, 0], [1e308, 1e308], 0, 10.0),
    ([0, 0], [1e308, -1e308], [1, 1], 1e308, 1.0),
    ([-1e308, 1e308], [1e308, 1e308], [0, 0], 0, -1e308),
]


@pytest.mark.parametrize("loss", [*RATIONAL, "logistic"])
@pytest.mark.parametrize("slopes", [(1, 0), (1, -1), (1, 1)])
@pytest.mark.parametrize(("w", "v", "b", "c", "x"), HUGE)
def test_nothing_is_said_of_a_number_that_overflowed(loss, slopes, w, v, b, c, x):
    """Losses are infinite, all else is NaN, and no number is one that exact arithmetic contradicts."""
    nets = NumericNetworks.from_arrays(
        [[[q] for q in w]], [v], [b], [c], x=[[x]], y=[1], slopes=slopes, loss=named(loss)
    )
    problem, point = nets.exact_problem(), nets.point(0)
    value = nets.losses()[0]
    assert not np.isnan(value)
    if np.isfinite(value) and problem.loss.rational:
        assert value == pytest.approx(float(problem.loss_at(point)))
    patterns = nets.patterns()
    for i in range(2):
        z = Fraction(w[i]) * Fraction(x) + Fraction(b[i])
        known = not np.isnan(patterns.margins[0][0, i, 0])
        assert patterns.signs[0][0, i, 0] == ((z > 0) - (z < 0) if known else 0)
    slopes_along = nets.one_sided_derivatives(np.eye(nets.parameters.shape[1])[:, None, :])
    assert not np.isinf(slopes_along).any()
    end = descend(nets, iterations=20)
    assert not np.isnan(end.losses).any()
    assert not np.isnan(end.networks.parameters).any()
    lost = not np.isfinite([end.losses[0], end.gradient_norms[0]]).all()
    assert (end.status(0) is DescentStatus.OVERFLOW) == lost


def test_a_partial_sum_that_overflows_decides_no_sign():
    # In floats the first sum is infinite, though the number is -2e307; a hinge would call it a loss of 0.
    layers = [[[[1e308, 1e308, -1.5e308, -1.7e308]]], [[[0.1]]]]
    nets = NumericNetworks.from_layers(
        layers, [None] * 2, x=[[1, 1, 1, 1]], y=[1], slopes=(1, 1), loss=make_loss("hinge")
    )
    assert nets.losses().tolist() == [np.inf]
    assert nets.patterns().signs[0].tolist() == [[[0]]]
    assert np.isnan(nets.patterns().margins[0]).all()


@pytest.mark.parametrize(("widths", "outputs"), SHAPES)
def test_no_network_is_a_batch_too(widths, outputs):
    problem, _ = deep_problem(random.Random(0), widths, outputs, make_loss("squared"))
    nets = NumericNetworks.from_points(problem, [])
    assert len(nets) == len(nets.losses()) == len(nets.one_sided_derivatives(nets.parameters)) == 0
    assert nets.one_sided_derivatives(np.zeros((3, *nets.parameters.shape))).shape == (3, 0)
    assert [s.shape for s in nets.patterns().signs] == [(0, width, problem.m) for width in widths]
    assert (
        nets.flatten(
            [nets.weights(k) for k in range(len(widths) + 1)], [nets.biases(k) for k in range(len(widths) + 1)]
        ).shape
        == nets.parameters.shape
    )
    end = descend(nets)
    assert end.losses.tolist() == []
    assert end.networks.parameters.shape == nets.parameters.shape
    assert sum(end.to_json()["counts"].values()) == 0
    if len(widths) == outputs == 1:
        answer = nets.criterion(**SETTINGS)
        assert answer.descents.shape == nets.parameters.shape
        assert answer.kinks.shape == (0, *widths, problem.m)
        assert answer.to_json()["counts"] == {str(status): 0 for status in NumericStatus}


def test_too_many_rays_is_said_and_no_ray_is_skipped():
    x = [[1, k, k * k] for k in range(6)]
    nets = NumericNetworks.from_arrays([[[0, 0, 0]]], [[1]], x=x, y=[-1] * 6)
    small = nets.criterion(**SETTINGS, max_rays=14)
    assert small.status(0) is NumericStatus.BUDGET
    assert "max_rays" in small.needs(0)
    assert nets.criterion(**SETTINGS, max_rays=15).status(0) is NumericStatus.CLOSE
    # Every residual is 1, so phi >= 0, and it is 0 where all six see u negative: a true minimum, too close here.
    assert is_minimum(nets.exact_problem(), nets.point(0))


# -- what an answer says of itself ------------------------------------------------------------------------


def test_json_is_numeric_and_no_message_claims_more():
    import json

    answer = ray_instance(-0.5).criterion(**SETTINGS)
    whole, one = answer.to_json(), answer.to_json(0)
    assert json.loads(json.dumps(whole, allow_nan=False))["status"] == "numeric"
    assert json.loads(json.dumps(one, allow_nan=False)) == one
    assert one["status"] == "numeric"
    assert one["answer"] == "numeric: descent direction found"
    assert one["descent"] == [0.0, 1.0, 0.0]
    assert whole["counts"][str(NumericStatus.DESCENT)] == 1
    for status in (*NumericStatus, *DescentStatus):
        assert status.value.startswith("numeric: ")
        assert "certif" not in status.value
        assert "proved" not in status.value
        assert status.value not in {kind.value for kind in Kind}
    assert not isinstance(NumericStatus.HOLDS, Kind)


def test_the_package_is_used_by_nothing_below_it():
    """Never silently: certifying imports neither exactgeo.numeric nor numpy."""
    import subprocess
    import sys

    code = "import sys, exactgeo.local_minimum; print([m for m in sys.modules if 'numeric' in m or m == 'numpy'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"W": [[1]]}, r"W|weights\[0\]: got an array of shape \(1, 1\), expected 3 axes"),
        ({"v": [[1, 2]]}, r"weights\[1\]: got shape \(1, 1, 2\), expected shape \(1, 1, 1\)"),
        ({"W": [[[float("nan")]]]}, "NaN or infinity"),
        ({"b": [[1], [2]]}, r"biases\[0\]: got shape \(2, 1\), expected shape \(1, 1\)"),
        ({"c": [[1]]}, "c: got an array of shape"),
        ({"y": [1, 2]}, "y: got shape"),
        ({"W": [[["one"]]]}, "an array of numbers"),
        ({"loss": make_loss("hinge"), "y": [2]}, "y: got 2.0, expected -1 or 1"),
        ({"train": Train((True, True), (True, True))}, "train: got 2 layers"),
        ({"x": np.zeros((0, 1)), "y": []}, "y: got shape"),
        ({"x": np.zeros((1, 0))}, "y: got shape"),
        ({"y": 1}, "y: got an array of shape"),
        ({"slopes": (1, 0, 0)}, r"slopes: got shape \(3,\), expected shape \(2,\)"),
        ({"slopes": "relu"}, "slopes: got str, expected an array of numbers"),
        ({"W": np.zeros((0, 1, 1))}, r"weights\[1\]: got shape \(1, 1, 1\), expected shape \(0, 1, 1\)"),
    ],
)
def test_refusals(arguments, message):
    good = {"W": [[[1]]], "v": [[1]], "x": [[1]], "y": [1]}
    with pytest.raises(InputError, match=message):
        NumericNetworks.from_arrays(**(good | arguments))


def test_refusals_of_calls():
    deep = NumericNetworks.from_layers([[[[1]]], [[[1]]], [[[1]]]], [None] * 3, x=[[1]], y=[1])
    assert deep.certify(0).kind == "local_minimum"
    with pytest.raises(InputError, match="margin: got nan"):
        ray_instance(0).criterion(kink_tolerance=0, margin=float("nan"))
    with pytest.raises(InputError, match="directions: got shape"):
        deep.one_sided_derivatives([[1, 1]])
    with pytest.raises(InputError, match=r"weights\[0\]: got shape \(2, 1, 1\), expected shape \(1, 1, 1\)"):
        deep.flatten([[[[1]], [[1]]], [[[1]]], [[[1]]]], [None] * 3)
    for directions in ([[1, "a", 1]], [[1, float("nan"), 1]], [[1, [2], 1]], [], 1):
        with pytest.raises(InputError, match="directions: got "):
            deep.one_sided_derivatives(directions)
    for weights, biases in (([], []), ([[[[1]]]], [None])):
        with pytest.raises(InputError, match="expected 3 of each"):
            deep.flatten(weights, biases)
    with pytest.raises(InputError, match=r"weights\[0\]: got list, expected an array of numbers"):
        deep.flatten([[[1, [2]]], [[[1]]], [[[1]]]], [None] * 3)
    for layers in (3, "ab", None, []):
        with pytest.raises(InputError, match=r"(weights|biases): got "):
            NumericNetworks.from_layers(layers, [None], x=[[1]], y=[1])
    one = ray_instance(0)
    for name, call in (
        ("kink_tolerance", lambda value: one.patterns(kink_tolerance=value)),
        ("kink_tolerance", lambda value: one.criterion(kink_tolerance=value, margin=0)),
        ("kink_tolerance", lambda value: one.one_sided_derivatives(one.parameters, kink_tolerance=value)),
        ("max_rays", lambda value: one.criterion(kink_tolerance=0, margin=0, max_rays=value)),
        ("max_denominator", lambda value: one.certify(0, max_denominator="a" if value is None else value)),
        ("iterations", lambda value: descend(one, iterations=value)),
        ("first_step", lambda value: descend(one, first_step=value)),
        ("gradient_tolerance", lambda value: descend(one, gradient_tolerance=value)),
        ("count", lambda value: random_starts(one, value, seed=0)),
        ("scale", lambda value: random_starts(one, 3, seed=0, scale=value)),
    ):
        for value in (None, "1", -1, float("nan"), float("inf")):
            with pytest.raises(InputError, match=f"{name}: got "):
                call(value)
    with pytest.raises(InputError, match=r"scale: got 1\.7e"):
        random_starts(one, 100, seed=0, scale=1.7e308)
    with pytest.raises(InputError, match="reduction: got max, expected sum or mean"):
        NumericNetworks.from_arrays([[[1]]], [[1]], x=[[1]], y=[1], reduction="max")


def test_what_the_conditions_are_not_for_is_said_in_one_sentence():
    deep = NumericNetworks.from_layers([[[[1]]], [[[1]]], [[[1]]]], [None] * 3, x=[[1]], y=[1])
    two = NumericNetworks.from_layers([[[[1]]], [[[1], [1]]]], [None] * 2, x=[[1]], y=[[1, 1]])
    huber = NumericNetworks.from_arrays([[[1]]], [[1]], x=[[1]], y=[1], loss=make_loss("huber", Fraction(1)))
    smooth = Network(1, (1,), 1, (make_activation("tanh"),), (False,), False)
    one = ((Fraction(1),),)
    tanh = Problem(one, one, smooth, make_loss("squared"), Train((True,), (False,)))
    for nets, match in (
        (deep, "2 hidden layers; in scope: at most one hidden layer"),
        (two, "2 outputs; in scope: one output"),
        (huber, r"the huber\(1\) loss; in scope: a loss that is one quadratic"),
        (NumericNetworks.from_points(tanh, []), "the smooth activation tanh; in scope: a piecewise linear activation"),
    ):
        with pytest.raises(OutOfScope, match=match):
            nets.criterion(**SETTINGS)


# -- descent ----------------------------------------------------------------------------------------------

D1 = {"x": [[5], [4], [3], [1], [-1]], "y": [2, 1, 0, -3, 3]}
"""Swirszcz, Czarnecki, Pascanu 2017: data of Proposition 1."""


@pytest.mark.parametrize(("widths", "outputs"), SHAPES)
def test_gradients_are_the_derivatives_along_the_axes(widths, outputs):
    from exactgeo.numeric.evaluation import loss_and_gradient

    problem, points = deep_problem(random.Random(str(("gradient", widths))), widths, outputs, make_loss("half_squared"))
    nets = NumericNetworks.from_points(problem, points)
    off = np.ones(len(nets), dtype=bool)
    for margin in nets.patterns().margins:
        off &= (margin > 0).all(axis=(1, 2))
    nets = nets[off]
    assert len(nets) >= 6
    loss, gradient = loss_and_gradient(nets, nets.trained())
    axes = np.broadcast_to(np.eye(gradient.shape[1])[:, None], (gradient.shape[1], *gradient.shape))
    assert loss.tolist() == nets.losses().tolist()
    assert gradient.T.tolist() == nets.one_sided_derivatives(axes).tolist()


def test_descent_ends_at_the_local_minimum_values_of_d1():
    """At width 1: 14 (global), 18 (Proposition 1), 614/29 (all points active: least squares), 106/5 (dead unit)."""
    start = NumericNetworks.from_arrays([[[0]]], [[0]], [[0]], [0], **D1)
    # y = c + (x + 2)/29 is the least squares line; c = 2/5 the mean.
    line, dead = (1, 2, Fraction(1, 29), Fraction(13, 29)), (0, -1, 1, Fraction(3, 5))
    for (w, b, v, c), value in ((line, Fraction(614, 29)), (dead, Fraction(106, 5))):
        w, b, v, c = map(Fraction, (w, b, v, c))
        point = Point((((w,),), ((v,),)), ((b,), (c,)))
        assert start.exact_problem().loss_at(point) == value
        assert is_minimum(start.exact_problem(), point)
    starts = random_starts(start, 400, seed=1, scale=2.0)
    end = descend(starts, iterations=6000, gradient_tolerance=1e-9)
    assert (end.losses <= starts.losses() * (1 + 1e-12)).all()
    assert (end.losses == end.networks.losses()).all()
    arrived = end.codes == 0
    assert arrived.sum() >= 350
    gap = np.abs(end.losses[arrived][:, None] - np.array([14, 18, 614 / 29, 21.2]))
    assert gap.min(axis=1).max() < 1e-6
    assert sorted(set(gap.argmin(axis=1).tolist())) == [0, 1, 2, 3]
    answer = end.networks.criterion(kink_tolerance=1e-6, margin=1e-6)
    assert answer.candidates[arrived].all()
    assert end.to_json()["status"] == "numeric"


def test_frozen_blocks_stay_and_a_rationalised_end_is_certified():
    train = Train((True,), (True,), output=False)
    start = NumericNetworks.from_arrays([[[0]]], [[1]], [[0]], [0], **D1, train=train)
    starts = random_starts(start, 50, seed=3)
    assert (starts.weights(1) == 1).all()
    end = descend(starts, gradient_tolerance=1e-12)
    assert (end.networks.weights(1) == 1).all()
    index = int(np.flatnonzero(np.abs(end.losses - 18) < 1e-9)[0])
    assert end.networks.certify(index, max_denominator=1000).kind is Kind.LOCAL_MINIMUM
    exact = end.networks.certify(index)
    assert exact.kind is Kind.NOT_LOCAL_MINIMUM or exact.loss == 18


def test_descent_stops_with_a_reason():
    start = NumericNetworks.from_arrays([[[3.0]]], [[1.0]], x=[[1], [2]], y=[1, 2])
    assert descend(start, iterations=0).status(0) is DescentStatus.BUDGET
    done = descend(start)
    assert done.status(0) is DescentStatus.GRADIENT
    again = descend(done.networks)
    assert again.iterations.tolist() == [0]
    assert (again.networks.parameters == done.networks.parameters).all()
    # |w|, at its kink and convex there: the gradient is 1 in size and no step helps.
    kink = NumericNetworks.from_arrays(
        [[[0.0]]], [[1.0]], x=[[1]], y=[-1], slopes=(1, -1), train=Train((True,), (False,), False, False)
    )
    assert descend(kink).status(0) is DescentStatus.STEP
    assert kink.certify(0).kind is Kind.LOCAL_MINIMUM
