"""flat_dimension and strictness against the brute stratification of tests/brute/brute.py, and by hand."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import brute
import pytest
from degenerate import ABS, generate, make, to_problem

from exactgeo.local_minimum import decide

F = Fraction
LINEAR = (F(1), F(1))


def answer(case) -> tuple[str, int]:
    """exactgeo's strictness and dimension at a minimum; the brute ones must be the same."""
    assert brute.decide(case) == "minimum"
    problem = to_problem(case)
    verdict = decide(problem, problem.point)
    assert verdict.kind == "local_minimum"
    found = (str(verdict.strictness), verdict.flat_dimension)
    expected = brute.flat(case, budget=3000)
    assert expected is not None
    assert found == (expected.strictness, expected.dimension)
    return found


def sweep(seeds, tiny: bool) -> Counter:
    tally: Counter = Counter()
    for seed in seeds:
        case = generate(random.Random(seed), tiny=tiny)
        problem = to_problem(case)
        verdict = decide(problem, problem.point)
        if brute.decide(case) != "minimum":
            assert verdict.kind == "not_local_minimum", f"seed {seed}: {case}"
            continue
        assert verdict.kind == "local_minimum", f"seed {seed}: {case}"
        expected = brute.flat(case)
        if expected is None:
            tally["too many strata"] += 1
            continue
        found = (str(verdict.strictness), verdict.flat_dimension)
        assert found == (expected.strictness, expected.dimension), f"seed {seed}: {case}"
        tally[expected.strictness] += 1
    return tally


@pytest.mark.parametrize("chunk", range(8))
def test_tiny_minima(chunk):
    tally = sweep(range(300 * chunk, 300 * (chunk + 1)), tiny=True)
    kinds = ("strict", "strict_modulo_symmetry", "flat")
    assert min(tally[kind] for kind in kinds) >= 8
    assert sum(tally[kind] for kind in kinds) >= 130
    assert tally["too many strata"] <= 10


def test_small_minima():
    tally = sweep(range(5000, 5120), tiny=False)
    assert tally["flat"] >= 20
    assert tally["too many strata"] <= 30


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(10))
def test_tiny_minima_at_length(chunk):
    assert sweep(range(10**6 + 2000 * chunk, 10**6 + 2000 * (chunk + 1)), tiny=True)["flat"] > 0


def test_proposition_1_remark_1():
    # Swirszcz et al. 2017. Active points x = 5, 4 (x = 3 on the kink), dead ones 1, -1. On a dead point dp = dc = 0;
    # then dp = 0 at 5 and 4 gives d(vw) = d(vb) = 0. Left: (w, b, v) -> (s w, s b, v / s), one dimension.
    case = make([[5], [4], [3], [1], [-1]], [2, 1, 0, -3, 3], [[1]], [1], b=[-3], c=0)
    assert answer(case) == ("strict_modulo_symmetry", 1)
    assert answer(replace(case, output=False)) == ("strict", 0)
    # Bias frozen at -3: w and v are then determined by vw and vb.
    assert answer(replace(case, hidden_bias=False)) == ("strict", 0)


def test_dead_unit():
    # w = -1 < 0 at both points: (w, v) free in a neighbourhood.
    assert answer(make([[1], [2]], [3, 4], [[-1]], [1])) == ("flat", 2)
    assert answer(make([[1], [2]], [3, 4], [[-1]], [1], hidden=False)) == ("flat", 1)
    # hidden frozen, b trained: (b, v) free; the rescaling orbit does not fit into the trained parameters.
    assert answer(make([[1], [2]], [3, 4], [[-1]], [1], b=[0], hidden=False)) == ("flat", 2)


def test_kernel_of_the_data():
    # x = (1, 0): v w_1 = 1 and w_2 free.
    assert answer(make([[1, 0]], [1], [[1, 0]], [1])) == ("flat", 2)
    assert answer(make([[1, 0]], [1], [[1, 0]], [1], output=False)) == ("flat", 1)


def test_frozen_outputs_are_strict():
    assert answer(make([[1]], [1], [[1]], [1], output=False)) == ("strict", 0)
    # On the kink with a residual that bends upwards on both sides: phi(u) = |u|, and w = 0 is isolated.
    assert answer(make([[1], [-1]], [-1, -1], [[0]], [1], output=False)) == ("strict", 0)
    # v trained as well: w = 0, v free. The orbit of (0, v) is (0, v / s): the same line.
    assert answer(make([[1], [-1]], [-1, -1], [[0]], [1])) == ("strict_modulo_symmetry", 1)


def test_half_line():
    # relu(w) = 0 for w <= 0: a half-line at w = 0, and only the point 0 is a rescaling of it.
    assert answer(make([[1]], [0], [[0]], [1], output=False)) == ("flat", 1)
    # v trained: {w <= 0} x v, a half-plane.
    assert answer(make([[1]], [0], [[0]], [1])) == ("flat", 2)


def test_absolute_value_at_the_origin():
    # v |w| = 0 at (0, 0): two crossing lines; the orbit of (0, 0) is itself.
    assert answer(make([[1]], [0], [[0]], [0], slopes=ABS)) == ("flat", 1)
    # |w| = 0 with v = 1: the point (and the line of v when trained).
    assert answer(make([[1]], [0], [[0]], [1], slopes=ABS, output=False)) == ("strict", 0)
    assert answer(make([[1]], [0], [[0]], [1], slopes=ABS)) == ("strict_modulo_symmetry", 1)


def test_silent_neuron_with_one_direction():
    # v (1 + u) = 0 only for v = 0: w on its line, which is the orbit {(s w, 0)}.
    assert answer(make([[1]], [0], [[1]], [0])) == ("strict_modulo_symmetry", 1)
    # A second point on the dead side, with a residual, changes nothing.
    assert answer(make([[1], [-1]], [0, 5], [[1]], [0])) == ("strict_modulo_symmetry", 1)
    # Two directions: w free in the plane, more than its ray.
    assert answer(make([[1, 0], [0, 1]], [0, 0], [[1, 1]], [0])) == ("flat", 2)
    # w frozen: v = 0 alone.
    assert answer(make([[1]], [0], [[1]], [0], hidden=False)) == ("strict", 0)
    # Bias frozen: w moves off the ray of (w, b).
    assert answer(make([[1]], [0], [[1]], [0], b=[1], hidden_bias=False)) == ("flat", 1)


def test_silent_neuron_that_is_dead():
    # relu(-1 + u) = 0: (w, v) free around (-1, 0).
    assert answer(make([[1]], [0], [[-1]], [0])) == ("flat", 2)
    # v frozen at 0: w free; its orbit {(s w, 0)} is the same line.
    assert answer(make([[1]], [0], [[-1]], [0], output=False)) == ("strict_modulo_symmetry", 1)
    assert answer(make([[1]], [0], [[0]], [0], output=False)) == ("flat", 1)


def test_scales_that_differ():
    # Linear units, x = 1, v = (0, 0), w = (1, 0): k_1 (1 + u_1) + k_2 u_2 = 0. Both k = 0: two dimensions. Otherwise
    # k_1 = -k_2 u_2 / (1 + u_1), much smaller than k_2 and u_2: three dimensions, invisible to moves on one scale.
    assert answer(make([[1]], [0], [[1], [0]], [0, 0], slopes=LINEAR)) == ("flat", 3)
    # The same with ReLU: k_2 max(0, u_2) has either sign.
    assert answer(make([[1]], [0], [[1], [0]], [0, 0])) == ("flat", 3)
    # w = (1, 1): k_1 (1 + u_1) = -k_2 (1 + u_2), one scale, three dimensions.
    assert answer(make([[1]], [0], [[1], [1]], [0, 0])) == ("flat", 3)
    # X = I, w = (1, 0), (0, 1), 0: k_1 and k_2 follow from k_3, u_3 and the rest: 9 - 2. All k = 0: only 6.
    case = make([[1, 0], [0, 1]], [0, 0], [[1, 0], [0, 1], [0, 0]], [0, 0, 0], slopes=LINEAR)
    assert answer(case) == ("flat", 7)
    # Without the third unit: k_1 (1 + u_11) + k_2 u_21 = 0 = k_1 u_12 + k_2 (1 + u_22) has only k = 0 near the
    # point, as the determinant stays near 1.
    case = make([[1, 0], [0, 1]], [0, 0], [[1, 0], [0, 1]], [0, 0], slopes=LINEAR)
    assert answer(case) == ("flat", 4)


def test_scales_with_signs():
    # ReLU at x = 1, -1: unit 1 (w = 1, silent) reaches (k_1 (1 + u_1), 0), unit 2 (w = 0) reaches (k_2 u_2, 0) or
    # (0, k_2 |u_2|). Only u_2 > 0 lets k_1 compensate: 4 - 1 dimensions. With unit 1 dropped k_2 u_2 = 0: one.
    assert answer(make([[1], [-1]], [0, 0], [[1], [0]], [0, 0])) == ("flat", 3)
    assert answer(make([[1], [-1]], [0, 0], [[0]], [0])) == ("flat", 1)
    # |x| at x = 1, 2 with bias: unit 1 is (1 + u, 2 + ...) and so on; k = 0 gives 4, a cancelling pair 6 - 2.
    case = make([[1], [2]], [0, 0], [[1], [1]], [0, 0], b=[0, 0], slopes=ABS)
    assert answer(case) == ("flat", 4)


def test_scales_that_do_not_exist():
    # Biases and v trained, weights frozen; slopes 2 and -1/3; v = (-1, 0, -1). With k, t, y, q >= 0 for the moves,
    #     dp = k_1 (0, 1/3, 8) + t (s, -1/3, 2) + k_2 (1/3, 2/3, 2) + y (-1/3, -1/3, 2) - q (1, 1, 1),
    # s = -1/3 for t > 0 and 2 for t < 0, and dp = 0 has solutions with k_2 != 0. But y must be small against k_2: with
    # y = 0 the first row gives k_2 = 3 (q - s t), the others 23 q + 10 t = 14 k_2; so 19 q = -4 t for t > 0 and
    # 19 q = 94 t for t < 0: only 0. Left: the bias of unit 2 and v_3, two dimensions and not three.
    case = make(
        [[1, 1], [1, 2], [2, -2]],
        [0, 0, 0],
        [[1, -1], [-1, -1], [0, 0]],
        [-1, 0, -1],
        b=[0, 1, 0],
        slopes=(2, F(-1, 3)),
        hidden=False,
    )
    case = replace(case, y=tuple(brute.predictions(case)))
    assert answer(case) == ("flat", 2)


def test_cancelling_duplicates():
    # relu(w_1) v_1 + relu(w_2) v_2 = 0 with w = (1, 1), v = (1, -1): one smooth equation in four unknowns.
    case = make([[1]], [0], [[1], [1]], [1, -1])
    assert answer(case) == ("flat", 3)
    assert answer(replace(case, output=False)) == ("flat", 1)
    # On the kink w = (0, 0): relu(w_1) = relu(w_2) with v frozen has the quadrant w <= 0.
    assert answer(make([[1]], [0], [[0], [0]], [1, -1], output=False)) == ("flat", 2)


def test_two_independent_neurons():
    # X = I, relu, w = e_1, e_2 plus kink points: unit 1 sees x_1, and x_2 on its kink; v frozen, v = (1, 1):
    # dp_1 = u_11 + max(0, u_21), dp_2 = max(0, u_12) + u_22. u_12, u_21 free: two dimensions.
    case = make([[1, 0], [0, 1]], [1, 1], [[1, 0], [0, 1]], [1, 1], output=False)
    assert answer(case) == ("flat", 2)


def test_offset_against_a_neuron():
    # One point: v w + c is all that is seen. 3 parameters, 1 equation.
    assert answer(make([[1]], [1], [[1]], [1], c=0)) == ("flat", 2)
    assert answer(make([[1], [2]], [1, 2], [[1]], [1], c=0)) == ("strict_modulo_symmetry", 1)


def test_linear_models():
    linear = {"linear": True}
    assert answer(make([[1, 0], [0, 1]], [1, 2], [], [1, 2], **linear)) == ("strict", 0)
    assert answer(make([[1, 2]], [5], [], [1, 2], **linear)) == ("flat", 1)
    assert answer(make([[1, 2]], [5], [], [1, 2], c=0, **linear)) == ("flat", 2)
    assert answer(make([[1, 2]], [5], [], [1, 2], c=0, output=False, **linear)) == ("strict", 0)
    assert answer(make([[1]], [0], [], [], c=0)) == ("strict", 0)
