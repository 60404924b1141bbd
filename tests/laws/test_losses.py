"""The laws of every registered loss, and of one that is defined here: that one is no more than a class."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise, product

import pytest
from losses import Pinball, example, named, target

from exactgeo.exact.enclosure import Enclosure
from exactgeo.losses import LOSSES, Loss, PiecewiseQuadratic, make_loss
from exactgeo.losses.logistic import Logistic

F = Fraction


# Written from the literature in floats, independently of the code: (prediction, target, parameters).
REFERENCES = {
    "squared": lambda p, y: (p - y) ** 2,
    "half_squared": lambda p, y: (p - y) ** 2 / 2,
    "absolute": lambda p, y: abs(p - y),
    "huber": lambda p, y, bound: abs(p - y) * bound - bound**2 / 2 if abs(p - y) > bound else (p - y) ** 2 / 2,
    "hinge": lambda p, y: max(0.0, 1 - y * p),
    "squared_hinge": lambda p, y: max(0.0, 1 - y * p) ** 2,
    "logistic": lambda p, y: math.log1p(math.exp(-y * p)),
    # Of two classes, at the scores (0, p).
    "cross_entropy": lambda p, y: math.log(1 + math.exp(p)) - (p if y else 0),
    "pinball": lambda p, y, q: q * (y - p) if p < y else (1 - q) * (p - y),
}

LAWS = [example(kind) for kind in LOSSES] + [make_loss("huber", F(1, 2)), Pinball(F(1, 3))]
RATIONAL = [loss for loss in LAWS if loss.rational]
IRRATIONAL = [loss for loss in LAWS if not loss.rational]

POINTS = sorted({F(n, d) for n in range(-8, 9) for d in (1, 2, 3)})
SLOPES = [F(n, 4) for n in range(-12, 13)] + [F(1, 3), F(-2, 3), F(2, 3)]


def label(loss: Loss) -> str:
    return loss.name


def targets(loss: Loss) -> list[Fraction]:
    return sorted({target(loss, y) for y in (F(-2), F(-1, 3), F(0), F(1), F(5, 2)) if loss.allows(y) or y})


def cases(losses: list[Loss]):
    return pytest.mark.parametrize(
        ("loss", "y"),
        [pytest.param(loss, y, id=f"{loss.name} y={y}") for loss in losses for y in targets(loss)],
    )


def bounds(loss: Loss, p: Fraction, y: Fraction) -> Enclosure:
    found = loss.enclosure(p, y)
    assert found.lo <= found.hi
    return found


# -- the registry ------------------------------------------------------------------------------------------------------


def test_every_loss_has_a_reference_here():
    assert REFERENCES.keys() == {*LOSSES, "pinball"}, "write the new loss in floats, from the literature"


@pytest.mark.parametrize("loss", LAWS, ids=label)
def test_the_name_makes_the_loss_again(loss, monkeypatch):
    monkeypatch.setitem(LOSSES, "pinball", Pinball)
    assert LOSSES[loss.kind] is type(loss)
    assert make_loss(loss.kind, *loss.parameters) == loss == named(loss.name)
    assert hash(make_loss(loss.kind, *loss.parameters)) == hash(loss)
    assert type(loss).refuse_parameters(loss.parameters) is None
    assert example(loss.kind).name == LOSSES[loss.kind].example
    assert "." not in loss.kind


@pytest.mark.parametrize("loss", LAWS, ids=label)
def test_refused_targets_come_with_words(loss):
    numbers = [F(-3), F(-1), F(0), F(1, 2), F(1), F(2)]
    assert (loss.targets is None) == all(map(loss.allows, numbers))
    assert any(map(loss.allows, numbers))


# -- value -------------------------------------------------------------------------------------------------------------


@cases(LAWS)
def test_value_against_the_reference(loss, y):
    for p in POINTS:
        reference = REFERENCES[loss.kind](float(p), float(y), *map(float, loss.parameters))
        found = bounds(loss, p, y)
        if loss.rational:
            assert found.lo == found.hi == loss.value(p, y)
        else:
            with pytest.raises(ValueError, match="no exact rational values"):
                loss.value(p, y)
        assert float(found.lo) == pytest.approx(reference, abs=1e-12)
        assert float(found.hi - found.lo) < 1e-12


@cases(LAWS)
def test_convex_and_never_negative(loss, y):
    for p, q in product(POINTS[::3], repeat=2):
        middle, left, right = (bounds(loss, t, y) for t in ((p + 2 * q) / 3, p, q))
        assert middle.lo <= (left.hi + 2 * right.hi) / 3
        assert middle.hi >= 0


# -- derivatives -------------------------------------------------------------------------------------------------------


def one_sided(loss: Loss, p: Fraction, y: Fraction, side: int) -> Fraction:
    """The limit of the difference quotients, exactly: on a quadratic they are affine in the step."""
    step = side * F(1, 10**6)
    whole, half = ((loss.value(p + h, y) - loss.value(p, y)) / h for h in (step, step / 2))
    return 2 * half - whole


@cases(RATIONAL)
def test_slopes_are_the_limits_of_difference_quotients(loss, y):
    found = [loss.slopes(p, y) for p in POINTS]
    assert found == [(one_sided(loss, p, y, -1), one_sided(loss, p, y, 1)) for p in POINTS]
    assert all(left <= right for left, right in found)
    assert all(right <= left for (_, right), (left, _) in pairwise(found))
    if loss.differentiable:
        assert all(left == right for left, right in found)
    else:
        assert any(left < right for left, right in found)


@cases(IRRATIONAL)
def test_irrational_slopes_are_refused_and_rational_ones_bounded_by_difference_quotients(loss, y):
    assert loss.differentiable
    for p in POINTS:
        try:
            left, right = loss.slopes(p, y)
        except ValueError:
            continue
        assert left == right
        for h in (F(1, 10), F(1, 1000)):
            below, here, above = (bounds(loss, q, y) for q in (p - h, p, p + h))
            assert (here.lo - below.hi) / h <= left <= (above.hi - here.lo) / h
            assert float((above.lo - below.hi) / (2 * h)) == pytest.approx(float(left), abs=1e-3)
    assert loss.slopes(F(0), y)[0] == loss.slopes(F(0), y)[1]


@cases(RATIONAL)
def test_affine_is_where_second_differences_vanish(loss, y):
    def bend(p, h):
        return loss.value(p, y) - 2 * loss.value(p + h / 2, y) + loss.value(p + h, y)

    h = F(1, 10**6)
    for p in POINTS:
        assert loss.affine(p, y) == (not bend(p, -h), not bend(p, h))


@cases(IRRATIONAL)
def test_an_irrational_loss_is_affine_nowhere(loss, y):
    for p in POINTS:
        assert loss.affine(p, y) == (False, False)
        low, middle, high = (bounds(loss, p + h, y) for h in (F(0), F(1, 8), F(1, 4)))
        assert low.lo + high.lo > 2 * middle.hi


# -- conjugate ---------------------------------------------------------------------------------------------------------


@cases(RATIONAL)
def test_conjugate_by_brute_force(loss, y):
    breaks = loss.pieces(y).breaks
    for r in SLOPES:
        found = loss.conjugate(r, y)
        far = [r * p - loss.value(p, y) for p in (F(-(10**9)), F(10**9))]
        if found is None:
            assert max(far) > 10**6
            continue
        assert max(far) <= found
        # A supremum of a concave function: at a break, or where the slope is r on one of the intervals between them.
        ends = [breaks[0] - 100, *breaks, breaks[-1] + 100] if breaks else [F(-100), F(100)]
        tried = [*breaks, *POINTS]
        for low, high in pairwise(ends):
            a, b = loss.slopes(low, y)[1], loss.slopes(high, y)[0]
            if a < b and a <= r <= b:
                tried.append(low + (high - low) * (r - a) / (b - a))
            elif a == b == r:
                tried.append(low)
        assert found == max(r * p - loss.value(p, y) for p in tried)


@cases(RATIONAL)
def test_fenchel_young(loss, y):
    for p in POINTS:
        left, right = loss.slopes(p, y)
        for r in (left, (left + 2 * right) / 3, right):
            assert loss.conjugate(r, y) == r * p - loss.value(p, y)
        for r in SLOPES:
            found = loss.conjugate(r, y)
            assert found is None or found >= r * p - loss.value(p, y)


@cases(IRRATIONAL)
def test_the_conjugate_of_an_irrational_loss_where_it_is_rational(loss, y):
    side = F(-1) if REFERENCES[loss.kind](1.0, float(y)) < REFERENCES[loss.kind](-1.0, float(y)) else F(1)
    assert loss.conjugate(F(0), y) == loss.conjugate(side, y) == 0
    assert loss.conjugate(side * 2, y) is None
    assert loss.conjugate(-side, y) is None
    with pytest.raises(ValueError, match="rational"):
        loss.conjugate(side / 3, y)


def test_the_conjugate_of_the_logistic_loss_is_enclosed():
    for y, s in product((F(-1), F(1)), (F(1, 7), F(1, 2), F(9, 10))):
        found = Logistic().conjugate_enclosure(-y * s, y)
        exact = float(s) * math.log(s) + float(1 - s) * math.log(1 - s)
        assert float(found.lo) == pytest.approx(exact, abs=1e-12)
        assert 0 <= found.hi - found.lo < F(1, 10**12)
        for p in POINTS:
            assert found.hi >= -y * s * p - bounds(Logistic(), p, y).hi


# -- pieces ------------------------------------------------------------------------------------------------------------


@cases(LAWS)
def test_pieces_say_all(loss, y):
    pieces = loss.pieces(y)
    if pieces is None:
        assert not isinstance(loss, PiecewiseQuadratic)
        return
    assert len(pieces.quadratics) == len(pieces.breaks) + 1
    assert list(pieces.breaks) == sorted(set(pieces.breaks))
    assert all(a >= 0 for a, _, _ in pieces.quadratics)
    for p, before, after in zip(pieces.breaks, pieces.quadratics, pieces.quadratics[1:], strict=False):
        assert before != after
        assert (before[0] * p + before[1]) * p + before[2] == (after[0] * p + after[1]) * p + after[2]
    assert all(q >= 0 for q in pieces.bends)
    assert loss.differentiable == (not any(pieces.bends))
    for p in {*POINTS, *pieces.breaks}:
        assert pieces.at(p) == loss.value(p, y)
        assert pieces.slopes(p) == loss.slopes(p, y)
        assert tuple(not a for a, _, _ in pieces.around(p)) == loss.affine(p, y)
    assert [pieces.conjugate(r) for r in SLOPES] == [loss.conjugate(r, y) for r in SLOPES]


# -- of a data point ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LAWS, ids=label)
def test_the_scalar_loss_of_a_data_point_is_the_same(loss):
    ys = targets(loss)
    for outputs in (1, 2):
        found = loss.as_scalar(outputs, tuple((y,) for y in ys))
        if found is None:
            continue
        scalar, labels = found
        for y, t in zip(ys, labels, strict=True):
            assert scalar.allows(t)
            for p in POINTS[::4]:
                scores = [p] if outputs == 1 else [F(1, 3), p + F(1, 3)]
                one, other = loss.enclosure_of_row(scores, [y]), scalar.enclosure_of_row([p], [t])
                assert one.lo <= other.hi
                assert other.lo <= one.hi
                assert one.hi - one.lo < F(1, 10**12)
                if loss.rational:
                    assert loss.of_row(scores, [y]) == scalar.of_row([p], [t]) == one.lo


def test_a_data_point_of_several_entries_is_the_sum_of_them():
    for loss in RATIONAL:
        ys = targets(loss)
        scores = [F(k, 3) for k in range(len(ys))]
        parts = [loss.value(p, y) for p, y in zip(scores, ys, strict=True)]
        assert loss.of_row(scores, ys) == sum(parts) == loss.enclosure_of_row(scores, ys).lo


# -- on balls ----------------------------------------------------------------------------------------------------------


@cases(LAWS)
def test_a_jet_holds_values_and_difference_quotients(loss, y):
    from exactgeo.exact.krawczyk import ball

    assert loss.smooth == (loss.jet(ball(F(1, 3)), y) is not None)
    if not loss.smooth:
        return
    h = F(1, 10**6)
    for p in POINTS[::3]:
        jet = loss.jet(ball(p, F(1, 8)), y)
        for there in (p, p - F(1, 8), p + F(1, 9)):
            left, here, right = (bounds(loss, q, y).lo for q in (there - h, there, there + h))
            values = map(float, (here, (right - left) / (2 * h), (right - 2 * here + left) / h**2))
            for k, (value, error) in enumerate(zip(values, (1e-12, 1e-6, 1e-2), strict=True)):
                assert float(jet[k].lower()) - error <= value <= float(jet[k].upper()) + error
