"""The interval arithmetic of the companions, at few bits, where a bound on the wrong side of the truth is seen.

No certificate shows it: their bounds are wider than a rounding. ``seen`` is every interval, which mutants.py pins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise, product
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from damage import checker
from mpmath import mp, mpf

F = Fraction
Found = tuple[str, tuple[Any, Any], list[Any]]  # what, its bounds, what they have to hold

ENTRIES = [(m, r) for m in (-70, -33, -4, 0, 5, 41) for r in (0, 3, 20)]
SQUARES = [F(k, 8) for k in range(1, 8)]


@contextmanager
def at_bits(core: ModuleType, bits: int) -> Iterator[Callable[[str], Any]]:
    """The companions with numbers of so many bits."""
    names = ("check_ball.py", "check_smooth.py", "check_population.py", "check_solid_angle.py")
    modules = {name: core.companion(name) for name in names}
    kept = {name: {key: getattr(m, key, None) for key in ("BITS", "UNIT", "ONE")} for name, m in modules.items()}

    def forgotten() -> None:
        for module in modules.values():
            for key in ("pi", "angle", "logistic"):
                if hasattr(getattr(module, key, None), "cache_clear"):
                    getattr(module, key).cache_clear()

    forgotten()
    try:
        for name, module in modules.items():
            for key, value in kept[name].items():
                if value is not None:
                    setattr(module, key, bits if key == "BITS" else 1 << bits)
        yield modules.__getitem__
    finally:
        for name, module in modules.items():
            for key, value in kept[name].items():
                if value is not None:
                    setattr(module, key, value)
        forgotten()


def exact(q: Fraction) -> Any:
    return mpf(q.numerator) / q.denominator


def corners(*entries: tuple[int, int]) -> Iterator[tuple[Fraction, ...]]:
    """The ends and the middles of intervals of six bits."""
    return product(*([F(m - r, 64), F(m, 64), F(m + r, 64)] for m, r in entries))


def balls(core: ModuleType) -> Iterator[Found]:
    with at_bits(core, 6) as companion:
        of = companion("check_ball.py")
        for a, b in product(ENTRIES, ENTRIES):
            yield "times", of.ends(of.times(a, b)), [p * q for p, q in corners(a, b)]
            yield "plus", of.ends(of.plus(a, b)), [p + q for p, q in corners(a, b)]
            found = of.inner(of.row([a, b]), of.row([b, (9, 2)]))
            yield "inner", of.ends(found), [p * q + q * s for p, q, s in corners(a, b, (9, 2))]
            yield "inner", of.ends(of.inner(of.row([a]), of.row([b]))), [p * q for p, q in corners(a, b)]
        for a in ENTRIES:
            yield "minus", of.ends(of.minus(a)), [-p for (p,) in corners(a)]
        for k, radius in product(range(-9, 10), (F(0), F(1, 3), F(2))):
            q = F(k, 7)
            yield "around", of.ends(of.around(q, radius)), [q - radius, q + radius]
            yield "between", of.ends(of.between(q, q + radius)), [q, q + radius]
        yield "around", of.ends(of.around(F(1, 7))), [F(1, 7)]
        for a, y in product([*ENTRIES, (300, 9), (-300, 9)], (-1, 1)):
            slope, bend, value = of.logistic(a, y)
            part = [(1 / (1 + mp.exp(-exact(q))), exact(q)) for (q,) in corners(a)]
            yield "logistic", of.ends(slope), [s - mpf(1 + y) / 2 for s, _ in part]
            more = [mpf(1) / 4] if abs(a[0]) <= a[1] else []
            yield "logistic bend", of.ends(bend), [s * (1 - s) for s, _ in part] + more
            yield "logistic value", tuple(value), [mp.log(1 + mp.exp(-y * exact(F(a[0], 64))))]
        for a, y, kind in product(ENTRIES, (-1, 1), ("squared", "half_squared", "huber", "squared_hinge")):
            yield from of_quadratic(core, of, a, F(y), SimpleNamespace(kind=kind, M=F(1, 2)))


def of_quadratic(core: ModuleType, of: ModuleType, a: tuple[int, int], y: Fraction, p: Any) -> Iterator[Found]:
    """Slopes at many places, curvatures from one to the next."""
    slope, bend, value = of.quadratic(p, a, y)
    curvature, r = core.SMOOTH[p.kind]
    places = [F(8 * (a[0] - a[1]) + k * a[1], 512) for k in range(17)]
    slopes = [2 * curvature * r(q, y, p.M) for q in places]
    yield p.kind, of.ends(slope), slopes
    bends = [(t - s) / (q - o) for (o, s), (q, t) in pairwise(zip(places, slopes, strict=True)) if q > o]
    yield f"{p.kind} bend", of.ends(bend), bends
    yield f"{p.kind} value", tuple(value), [core.LOSSES[p.kind][0](F(a[0], 64), y, p.M)]


def rows(core: ModuleType) -> Iterator[Found]:
    with at_bits(core, 6) as companion:
        of = companion("check_smooth.py")
        for a, b in product(ENTRIES, ENTRIES):
            one, two = (of.Row([m], [r]) for m, r in (a, b))
            yield "add", (one + two).bounds(), [p + q for p, q in corners(a, b)]
            yield "mul", (one * two).bounds(), [p * q for p, q in corners(a, b)]
            both = of.Row([a[0], b[0]], [a[1], b[1]])
            yield "total", both.total().bounds(), [p + q for p, q in corners(a, b)]
            yield "inner", of.inner(both, both).bounds(), [p * p + q * q for p, q in corners(a, b)]
            yield "inner", of.inner(one, two).bounds(), [p * q for p, q in corners(a, b)]
            yield "repeated", (both * two)[0].bounds(), [p * q for p, q in corners(a, b)]
        for k, radius in product(range(-9, 10), (F(0), F(1, 3), F(2))):
            yield "enclosed", of.enclosed([F(k, 7)], radius).bounds(), [F(k, 7) - radius, F(k, 7) + radius]
        for m, r in [*ENTRIES, (9, 7), (9, 8), (9, 1)]:
            z, places = of.Row([m], [r]), [exact(q) for (q,) in corners((m, r))]
            yield "sigmoid", of.sigmoid(z).bounds(), [sigmoid(q) for q in places]
            yield "softplus", of.softplus(z).bounds(), [mp.log(1 + mp.exp(q)) for q in places]
            for name, truth in (("sigmoid", sigmoid), ("tanh", mp.tanh)):
                for order, found in enumerate(of.jet(name, z)):
                    yield f"{name} {order}", found.bounds(), [mp.diff(truth, q, order) for q in places]
            for kind, y in product(("squared", "half_squared", "logistic"), (-1, 1)):
                problem = SimpleNamespace(kind=kind, y=[[F(y)]])
                for order, found in enumerate(of.loss_jet(problem, 0, z)):
                    yield f"{kind} {order}", found.bounds(), [mp.diff(LOSSES[kind](y), q, order) for q in places]


def sigmoid(q: Any) -> Any:
    return 1 / (1 + mp.exp(-q))


LOSSES: dict[str, Callable[[int], Callable[[Any], Any]]] = {
    "squared": lambda y: lambda q: (q - y) ** 2,
    "half_squared": lambda y: lambda q: (q - y) ** 2 / 2,
    "logistic": lambda y: lambda q: mp.log(1 + mp.exp(-y * q)),
}


def population(core: ModuleType) -> Iterator[Found]:
    """Functions of one interval, and the loss of a pair with its derivatives, at 20 bits."""
    with at_bits(core, 20) as companion:
        of, make = companion("check_population.py"), companion("check_smooth.py").enclosed
        for q, radius in product((F(1, 9), F(2, 3), F(1), F(7, 4)), (F(0), F(1, 20))):
            row, places = make([q], radius), [exact(q + s * radius) for s in (-1, 0, 1)]
            yield "root", of.root(row).bounds(), [mp.sqrt(z) for z in places]
            yield "inverse", of.inverse(row).bounds(), [1 / z for z in places]
            yield "arc", of.arc(row).bounds(), [mp.atan(z) for z in places]
        yield "pi", of.pi().bounds(), [mp.pi]
        for k in range(-7, 8):
            yield "rest", of.rest(make([F(k, 8)])).bounds(), [mp.pi - mp.acos(mpf(k) / 8)]
        for w, v in (((1, 2), (3, -1)), ((-1, F(1, 2)), (2, 1)), ((1, 1), (1, F(3, 2)))):
            pair = of.Pair(make([F(q) for q in w]), make([F(q) for q in v]))
            place, found = [exact(F(q)) for q in (*w, *v)], {(0, 0, 0, 0): pair.value()}
            for i in range(2):
                found[tuple(int(j == i) for j in range(4))] = pair.slope()[i]
                for j, k in product((0, 1), (0, 2)):
                    table = pair.mixed() if k else pair.curvature()
                    orders = [0, 0, 0, 0]
                    orders[i] += 1
                    orders[j + k] += 1
                    # Rows of `mixed` are by w, entries by v.
                    found[(*orders, i)] = table[i][j]
            for orders, row in found.items():
                yield f"pair {orders}", row.bounds(), [mp.diff(of_pair, tuple(place), orders[:4])]


def of_pair(a: Any, b: Any, c: Any, d: Any) -> Any:
    one, other = mp.sqrt(a * a + b * b), mp.sqrt(c * c + d * d)
    t = mp.acos((a * c + b * d) / (one * other))
    return one * other * (mp.sin(t) + (mp.pi - t) * mp.cos(t))


def angles(core: ModuleType) -> Iterator[Found]:
    with at_bits(core, 20) as companion:
        of, one = companion("check_solid_angle.py"), 1 << 20

        def scaled(found: tuple[int, int]) -> tuple[Fraction, Fraction]:
            return F(found[0], one), F(found[1], one)

        ends = [(0, 7), (1, 1), (3, one), (one // 3, one // 2 + 1), (one - 1, one)]
        for a, b in product(ends, ends):
            places = [(F(p, one), F(q, one)) for p, q in product(a, b)]
            yield "add", scaled(of.add(a, b)), [p + q for p, q in places]
            yield "subtract", scaled(of.subtract(a, b)), [p - q for p, q in places]
            yield "times", scaled(of.times(a, b)), [p * q for p, q in places]
        for a, n in product(ends, range(1, 6)):
            yield "over", scaled(of.over(a, n)), [F(p, one) / n for p in a]
            yield "power", scaled(of.power(a, n)), [F(p, one) ** n for p in a]
        for a in ((-5, 3), (2, one + 9), (4, 5)):
            yield "clip", scaled(of.clip(a)), [F(min(max(p, 0), one), one) for p in a]
        for k in (5, 6, 57, 239):
            yield "arctan of inverse", scaled(of.arctan_of_inverse(k)), [mp.atan(mpf(1) / k)]
        yield "pi", scaled(of.pi()), [mp.pi]
        for t in range(0, one + 1, one // 16):
            yield "arctan", scaled(of.arctan(t)), [mp.atan(mpf(t) / one)]
        for q in SQUARES:
            yield "root", scaled(of.root(q)), [mp.sqrt(exact(q))]
            yield "angle", scaled(of.angle(q)), [mp.asin(mp.sqrt(exact(q)))]
        for b in range(-2, 3):
            yield "circle", scaled(of.circle_part(F(3), F(b), F(2))), [mp.acos(b / mp.sqrt(6)) / (2 * mp.pi)]
        for k, error, (x, y, z) in product((-12, 3, 9), (0, 40), ((1, 2, 3), (5, -3, 8), (9, 9, 9))):
            places = [mpf(k) / 16 + s * mpf(error) / one for s in (-1, 0, 1)]
            cosines = (F(x, 9), F(y, 9), F(z, 9))
            truth = [series(q, [mp.acos(exact(c)) for c in cosines]) for q in places]
            yield "series", scaled(of.series(k * (one >> 4), error, cosines)), truth


def series(base: Any, turns: list[Any]) -> Any:
    def term(k: int) -> Any:
        x, y, z = (mp.cos(k * t) for t in turns)
        return base**k * (x - y + z - 1) / k**2

    return mp.fsum(term(k) for k in range(1, 160))


def orthants(core: ModuleType) -> Iterator[Found]:
    """Simple roots see one chamber of all of a reflection group; n vectors at 60 degrees see 1 / (n + 1) of space."""
    for bits in (64, 320):
        with at_bits(core, bits) as companion:
            of = companion("check_solid_angle.py")
            for rows, part in chambers():
                low, high = of.Orthants(rows)((1 << len(rows)) - 1)
                yield "chamber", (F(low, 1 << bits), F(high, 1 << bits)), [part]
                if len(rows) > 1:
                    # One vector the other way: what is left of the others.
                    low, high = of.Orthants([*rows[:-1], [-q for q in rows[-1]]])((1 << len(rows)) - 1)
                    rest = of.Orthants(rows[:-1])((1 << len(rows) - 1) - 1)
                    yield "beside", (F(low - rest[1], 1 << bits), F(high - rest[0], 1 << bits)), [-part]


def chambers() -> Iterator[tuple[list[list[int]], Fraction]]:
    order = 1
    for n in range(1, 6):
        line = [[int(k == i) - int(k == i + 1) for k in range(n + 1)] for i in range(n)]
        order *= n + 1
        yield line, F(1, order)
        yield [[int(k == i) + int(k == n) for k in range(n + 1)] for i in range(n)], F(1, n + 1)
        if 2 <= n <= 4:
            yield [*[row[:n] for row in line[:-1]], [int(k == n - 1) for k in range(n)]], F(1, 2**n * order // (n + 1))
    yield [[0, 2, -2, 0], [0, 0, 2, -2], [0, 0, 0, 2], [1, -1, -1, -1]], F(1, 1152)
    yield [[1, -1, 0, 0], [0, 1, -1, 0], [0, 0, 1, -1], [0, 0, 1, 1]], F(1, 192)


FAMILIES = {"balls": balls, "rows": rows, "population": population, "angles": angles, "orthants": orthants}


def seen(core: ModuleType, family: str) -> list[Any]:
    """Every interval; the truth is left out, as a mutant cannot change it."""
    with mp.workdps(40):
        return [(what, *map(str, bounds)) for what, bounds, _ in FAMILIES[family](core)]


@pytest.mark.parametrize("family", FAMILIES)
def test_intervals_hold_the_truth(family):
    with mp.workdps(40):
        found = list(FAMILIES[family](checker()))
        assert len(found) > 30
        for what, (low, high), truth in found:
            for q in truth:
                near = mpf(0) if isinstance(q, Fraction) else mpf(10) ** -15
                value = exact(q) if isinstance(q, Fraction) else q
                good = low <= q <= high if isinstance(q, Fraction) else exact(low) - near <= value <= exact(high) + near
                assert good, (what, low, high, value)
