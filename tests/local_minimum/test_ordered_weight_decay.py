"""Points of the penalised logistic loss, and of two classes: against every face in long decimals, samples, and by hand."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction as F

import decay_judge as judge
import pytest
import replay_logistic as replay
from damage import outcome

import exactgeo as eg
from exactgeo.claims.subject import problem_data
from exactgeo.exact.combination import TanhCombination, compare_length, sign
from exactgeo.exact.ordered_least_norm import OrderedBox, ordered_least_norm
from exactgeo.kinds import Argument, Kind, Strictness
from exactgeo.local_minimum import Descent, Minimum, Undecided, decide

WANTED = {Kind.LOCAL_MINIMUM: "minimum", Kind.NOT_LOCAL_MINIMUM: "descent", Kind.UNDECIDED: "open"}
NAMES = ("relu", "leaky_relu(1/2)", "abs", "linear")
SLOPES = {"relu": (1, 0), "leaky_relu(1/2)": (1, F(1, 2)), "abs": (1, -1), "linear": (1, 1)}


def tables(x, y, w, v, *, l2=1, b=None, c=None, **options):
    """v of one output; of two outputs as two rows, and c as a pair."""
    two = bool(v) and isinstance(v[0], list)
    network = {"widths": [len(w)], "hidden_bias": b is not None, "output_bias": c is not None}
    network |= {"activation": options.get("activation", "relu")}
    shift = [] if c is None else c if two else [c]
    return {
        "data": {"x": x, "y": y},
        "network": network | ({"outputs": 2} if two else {}),
        "loss": {"kind": "cross_entropy" if two else "logistic", "reduction": options.get("reduction", "sum")},
        "penalty": {"l2": l2, "l1": options.get("l1", 0), "biases": options.get("biases", False)},
        "train": options.get("train", {}),
        "point": {"weights": [w, v if two else [v]], "biases": [b or [], shift]},
    }


def decided(*numbers, **options):
    return decide(eg.load(tables(*numbers, **options)))


def standing(rng):
    """Neurons that balance a frozen output bias: v w sums to 1, so that all slopes on their side are -1/2 or 1/2."""
    x = [[1]] * rng.randint(1, 4) + [[0]] * rng.randint(0, 2) + [[-1]] * rng.randint(0, 2)
    active = len([row for row in x if row == [1]])
    y = [1 if t < active - rng.randint(0, 1) else rng.choice([1, -1]) for t in range(len(x))]
    l2 = F(sum(y[:active]), 2) + rng.choice([0, 0, 0, 0, 1])
    pairs = rng.choice([[("1", "1")], [("3/5", "3/5"), ("4/5", "4/5")], [("-1", "-1")], [("1/2", "2")]])
    pairs += [("0", "0")] * rng.randint(0, 2)
    w, v = [[w] for w, _ in pairs], [v for _, v in pairs]
    bias = rng.random() < 0.3
    two = rng.random() < 0.2
    if two:
        y, l2 = [(q + 1) // 2 for q in y], l2 * 2
        v = [[str(-F(q) / 2) for q in v], [str(F(q) / 2) for q in v]]
    return tables(
        x,
        y,
        w,
        v,
        b=[0] * len(w) if bias else None,
        c=["1/2", "-1/2"] if two else -1,
        l2=str(max(l2, F(1, 4))),
        train={"output_bias": False, "output": rng.random() < 0.9, "hidden_bias": rng.random() < 0.5},
        biases=rng.random() < 0.5,
    )


def resisting(rng):
    """A neuron at 0 that a frozen or free bias gives outputs, which the second order may keep at 0."""
    x = [[rng.choice([1, 2])] for _ in range(rng.randint(1, 4))]
    x += [[-q for q in row] for row in x]
    y = [1] * (len(x) // 2) + [-1] * (len(x) // 2)
    rng.shuffle(y)
    l2, free = str(F(rng.randint(4, 40), 20)), {"hidden_bias": rng.random() < 0.5, "output_bias": rng.random() < 0.3}
    return tables(x, y, [[0]], [0], b=[rng.choice([1, 2])], c=rng.choice([None, 0, 0, 1]), l2=l2, train=free)


def generate(rng):
    """A problem with a point at which many conditions hold: most neurons are at 0, an output bias may be frozen."""
    if rng.random() < 0.3:
        return standing(rng)
    if rng.random() < 0.15:
        return resisting(rng)
    two, d, m, n = rng.random() < 0.4, rng.choice([1, 1, 2]), rng.randint(1, 5), rng.choice([1, 1, 2, 3])
    bias, shift = rng.random() < 0.5, rng.random() < 0.7
    x = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(m)]
    if rng.random() < 0.5:
        x += [[-q for q in row] for row in x]
    y = [rng.choice([1, -1]) for _ in x]
    if rng.random() < 0.4:
        y = [1] * (len(y) // 2) + [-1] * (len(y) - len(y) // 2)
    train = {key: rng.random() < 0.75 for key in ("hidden", "hidden_bias", "output", "output_bias")}
    train["output_bias"] &= rng.random() < 0.4
    w, v, b = [], [], []
    for _ in range(n):
        dull = rng.random() < 0.75
        w.append([0 if dull else rng.randint(-2, 2) for _ in range(d)])
        b.append(rng.choice([0, 0, 1, -1]))
        v.append(0 if dull and train["output"] else rng.choice([0, 1, -1, "1/2"]))
    c = rng.choice([0, 1, -1, "1/2", 3, -40]) if shift else None
    if two:
        y = [(q + 1) // 2 for q in y]
        spread = 0 if rng.random() < 0.9 else 1
        v = [[str(spread - F(q) / 2) for q in v], [str(spread + F(q) / 2) for q in v]]
        c = [0, c] if shift else None
    return tables(
        x,
        y,
        w,
        v,
        b=b if bias else None,
        c=c,
        l2=rng.choice(["1/5", "1/2", 1, 1, 2, 3]),
        train=train,
        activation=rng.choice(NAMES),
        biases=rng.random() < 0.4,
        reduction="mean" if rng.random() < 0.3 else "sum",
    )


def judged(case, seen):
    problem = eg.load(case)
    found, data = decide(problem), problem_data(problem)
    here, opposite = replay.decayed(data, problem.point.to_dict())
    want = judge.decide(here) if opposite else "descent"
    assert WANTED[found.kind] == want or want == "open"
    seen[WANTED[found.kind]] += 1
    if isinstance(found, Undecided):
        assert found.outside.reason
        seen[found.outside.reason[:12]] += 1
        return
    assert found.argument in (Argument.WEIGHT_DECAY, Argument.FIRST_ORDER, Argument.SECOND_ORDER)
    tree = found.certificate.to_data()
    assert outcome(found.certificate.to_json()).startswith("accepted: ")
    for claim in tree["claims"]:
        seen[claim["kind"]] += 1
        assert replay.JUDGES[claim["kind"]](data, claim)
    if isinstance(found, Minimum):
        assert replay.within(data, tree["claims"][0], 12)
        if want == "open":
            assert "second order" in found.reason
            seen["second order"] += 1
            return
        assert found.flat_dimension == judge.dimension(here)
        assert (found.flat_dimension is None) == bool(found.reason)
        seen[f"dimension {found.flat_dimension}"] += 1


@pytest.mark.parametrize("part", range(2))
def test_against_every_face(part):
    seen = Counter()
    for seed in range(50):
        judged(generate(random.Random(1000 * part + seed)), seen)
    assert min(seen["minimum"], seen["descent"]) >= 10
    assert seen["ordered_penalised_strictness"] >= 5


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_against_every_face_at_length(part):
    seen = Counter()
    for seed in range(150):
        judged(generate(random.Random(10_000 + 1000 * part + seed)), seen)
    assert {"dimension 0", "dimension 1", "dimension 2", "second order"} <= set(seen)


# -- by hand ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("l2", "kind"), [("3/2", "local_minimum"), ("1499/1000", "not_local_minimum")])
def test_a_neuron_at_zero_is_a_minimum_up_to_its_bound(l2, kind):
    """phi(u) = -(relu(u) + relu(2 u)) / 2: the slope of log(1 + exp(-p)) at 0 is -1/2."""
    assert str(decided([[1], [2]], [1, 1], [[0]], [0], l2=l2).kind) == kind


@pytest.mark.parametrize(("l2", "kind"), [("2113/1000", "not_local_minimum"), ("2122/1000", "local_minimum")])
def test_of_two_classes_the_bound_is_the_root_of_a_half(l2, kind):
    """Two opposite output weights cost half as much as their difference: 3/2 <= l2 / sqrt(2), l2 >= 2.1213."""
    found = decided([[1], [2]], [1, 1], [[0]], [[0], [0]], l2=l2)
    assert str(found.kind) == kind


def test_output_weights_of_two_classes_have_to_be_opposite():
    for rows, kind in (([[1], [1]], Kind.NOT_LOCAL_MINIMUM), ([[0], [0]], Kind.LOCAL_MINIMUM)):
        assert decided([[1], [-1]], [1, 1], [[0]], rows, l2=3).kind is kind


@pytest.mark.parametrize("l2", ["80706/100000", "80707/100000"])
def test_the_bound_may_be_irrational(l2):
    """c = 1 is frozen: phi(u) = -3 relu(u) / (1 + e) + ..., and 3 / (1 + e) = 0.806824."""
    found = decided([[1], [2]], [1, 1], [[0]], [0], c=1, l2=l2, train={"output_bias": False})
    assert isinstance(found, Minimum)
    below = decided([[1], [2]], [1, 1], [[0]], [0], c=1, l2="8068/10000", train={"output_bias": False})
    assert isinstance(below, Descent)
    assert below.argument is Argument.SECOND_ORDER


def test_far_from_zero_nothing_is_rounded_away():
    """At c = 1000 the slope is e^-1000: below every l2 of use, but not below l2 = 0 of a bias."""
    free = {"output_bias": False}
    assert isinstance(decided([[1]], [1], [[0]], [0], c=1000, l2="1/1000000", train=free), Minimum)
    found = decided([[1]], [1], [[0]], [0], b=[0], c=1000, train=free)
    assert isinstance(found, Descent)
    assert outcome(found.certificate.to_json()).startswith("accepted: ")


def test_a_ray_at_its_bound_is_flat():
    """c = -1 is frozen, and v w = 1 has the slope -1/2: a neuron at 0 may take over. At x = 0 the slope is not rational."""
    for w, v, dimension in (([[1]], [1], 0), ([[1], [0]], [1, 0], 1), ([["3/5"], ["4/5"]], ["3/5", "4/5"], 1)):
        found = decided([[1], [0]], [1, -1], w, v, c=-1, l2="1/2", train={"output_bias": False})
        assert (found.kind, found.flat_dimension) == (Kind.LOCAL_MINIMUM, dimension)
        assert outcome(found.certificate.to_json()).startswith("accepted: ")
    found = decided([[1], [1]], [1, -1], [[0], [0]], [0, 0], l2=1)
    assert (found.strictness, found.flat_dimension) == (Strictness.STRICT, 0)
    # One datum, slope -1/2 = the bound; the neuron may grow only with the prediction, which costs.
    found = decided([[1]], [1], [[0]], [0], l2="1/2")
    assert (found.strictness, found.flat_dimension) == (Strictness.STRICT, 0)
    # x = 1 and y = 1, x = -1 and y = -1: each half-line has a neuron, and the predictions are independent.
    found = decided([[1], [-1]], [1, -1], [[0], [0]], [0, 0], l2="1/2")
    assert found.flat_dimension == 0


def test_the_second_order_decides_neurons_with_outputs():
    """b = 1 is frozen: an output weight moves the predictions, which costs l''; 1 <= l2 (l2 + 4 / 4) from 0.618 on."""
    free = {"hidden_bias": False}
    point = ([[1], [-1], [2], [-2]], [1, -1, -1, 1], [[0]], [0])
    assert decided(*point, b=[1], train=free, l2="13/20").kind is Kind.LOCAL_MINIMUM
    assert decided(*point, b=[1], train=free, l2="3/5").kind is Kind.NOT_LOCAL_MINIMUM


def test_a_descent_is_met_without_a_covering_where_that_would_be_large():
    """60 data of three inputs: thousands of cells, and little decay."""
    rng = random.Random(1)
    x = [[rng.randint(-9, 9) for _ in range(3)] for _ in range(60)]
    y = [rng.choice([1, -1]) for _ in x]
    found = decided(x, y, [[0, 0, 0]], [0], c=1, train={"output_bias": False})
    assert (found.kind, found.argument) == (Kind.NOT_LOCAL_MINIMUM, Argument.SECOND_ORDER)
    assert outcome(found.certificate.to_json()).startswith("accepted: ")


@pytest.mark.parametrize("l2", [0, 1])
def test_sizes_are_refuted_only(l2):
    found = decided([[1]], [1], [[0]], [0], l2=l2, l1="1/10")
    assert isinstance(found, Undecided)
    assert "l1" in found.outside.reason
    assert isinstance(decided([[1]], [1], [[1]], [1], l2=l2, l1="1/10"), Descent)


def test_a_linear_model_with_classes():
    """Convex: the weights at 0, and equally many labels."""
    case = {
        "data": {"x": [[1], [1]], "y": [0, 1]},
        "network": {"widths": [], "outputs": 2},
        "loss": {"kind": "cross_entropy"},
        "penalty": {"l2": 1},
        "point": {"weights": [[[0], [0]]], "biases": [[5, 5]]},
    }
    found = decide(eg.load(case))
    assert (found.kind, found.flat_dimension) == (Kind.LOCAL_MINIMUM, 1)
    assert outcome(found.certificate.to_json()).startswith("accepted: ")
    case["penalty"]["biases"] = True
    assert decide(eg.load(case)).kind is Kind.NOT_LOCAL_MINIMUM


# -- the arithmetic under it -----------------------------------------------------------------------------------------


def test_a_sum_of_squares_is_rational_only_of_rationals():
    """tanh(1/2)^2 + (1 - tanh(1/2))^2 is beside the rational number that its first 40 digits are."""
    x = TanhCombination.tanh_half(F(1))
    near = x.bounds(140)
    square = ((near.lo + near.hi) / 2) ** 2
    assert compare_length([x], square) in (1, -1)
    assert compare_length([x], near.lo**2) == 1 == -compare_length([x], near.hi**2)
    assert compare_length([F(3, 5), F(4, 5)], F(1)) == 0
    assert compare_length([x, F(0)], F(0)) == 1


def test_shortest_vectors_over_an_ordered_space():
    """The conditions of Karush, Kuhn and Tucker, signs exactly; the base is a mix of two generators."""
    rng = random.Random(5)
    one, other = TanhCombination.tanh_half(F(1)), TanhCombination.tanh_half(F(2, 3))

    def number():
        return rng.randint(-2, 2) + rng.randint(-2, 2) * one + rng.randint(-2, 2) * other

    for _ in range(60):
        d = rng.randint(1, 3)
        base = [F(0) + number() for _ in range(d)]
        rays = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(rng.randint(0, 4))]
        boxes = [
            OrderedBox(tuple(F(rng.randint(-2, 2)) for _ in range(d)), low, low + rng.choice([1, one]))
            for low in (F(0) + number() for _ in range(rng.randint(0, 2)))
        ]
        found = ordered_least_norm(base, boxes, rays)
        total = list(base)
        for weight, vector in [
            *zip(found.boxes, (b.vector for b in boxes), strict=True),
            *zip(found.rays, rays, strict=True),
        ]:
            total = [p + weight * F(q) for p, q in zip(total, vector, strict=True)]
        assert all(not (p - q) for p, q in zip(total, found.vector, strict=True))
        # Slopes of |q|^2 / 2 along each move, in floats: they are 0, or the weight is at an end.
        q = [float(p) for p in found.vector]
        for weight, ray in zip(found.rays, rays, strict=True):
            slope = sum(a * b for a, b in zip(q, ray, strict=True))
            assert sign(weight) >= 0
            assert slope > -1e-9
            assert not sign(weight) or abs(slope) < 1e-9
        for weight, box in zip(found.boxes, boxes, strict=True):
            slope = sum(a * float(b) for a, b in zip(q, box.vector, strict=True))
            assert sign(weight - box.low) >= 0 <= sign(box.high - weight)
            assert abs(slope) < 1e-9 or not (weight - (box.low if slope > 0 else box.high))
