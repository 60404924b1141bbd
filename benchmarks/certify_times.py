"""Times of ``certify`` by n, m, d, kinks, digits, idle units: the verdict, the flat dimension, and structured points.

    python benchmarks/certify_times.py [--seeds N]

Processor seconds of one process, so that other work on the machine counts little. Fits have loss 0 at random points;
structured points are those of the tests' generator.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import exactgeo as eg
from exactgeo.local_minimum import Minimum, decide
from exactgeo.local_minimum.nonnegative import Term, prove_nonnegative

sys.path[:0] = [str(Path(__file__).parents[1] / "tests" / name) for name in ("shared", "brute")]


def fit(n: int, m: int, d: int, *, kinks: int = 0, digits: int = 3, idle: int = 0) -> eg.Problem:
    """A network with loss 0: n units, of which the first have kinks through d data points, the last output weight 0."""
    rng, size = random.Random(0), 10**digits

    def row(length: int) -> list[Fraction]:
        return [Fraction(rng.randint(-size, size), size) for _ in range(length)]

    x = [row(d) for _ in range(m)]
    w, b = [row(d) for _ in range(n)], row(n)
    for i in range(kinks):
        b[i] = -sum((p * q for p, q in zip(w[i], x[i % m], strict=True)), Fraction(0))
    v = [q or Fraction(1) for q in row(n)]
    v[n - idle :] = [Fraction(0)] * idle
    net = {"widths": [n]}
    point = {"weights": [[_text(q) for q in w], [_text(v)]], "biases": [_text(b), ["1"]]}
    problem = eg.load({"data": {"x": [_text(q) for q in x], "y": ["0"] * m}, "network": net, "point": point})
    return replace(problem, y=problem.predictions(problem.point))


def _text(row: list[Fraction]) -> list[str]:
    return [str(q) for q in row]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def table() -> None:
    print("| n | m | d | kinks | digits | idle | verdict | with strictness | dimension |\n" + "|---" * 9 + "|")
    rows = [
        (10, 100, 5, 0, 3, 0),
        (100, 1000, 5, 0, 3, 0),
        (20, 200, 5, 5, 3, 0),
        (20, 200, 5, 0, 15, 0),
        (30, 100, 5, 0, 3, 30),
        (30, 20, 2, 0, 3, 25),
        (6, 40, 3, 3, 3, 2),
    ]
    for n, m, d, kinks, digits, idle in rows:
        problem = fit(n, m, d, kinks=kinks, digits=digits, idle=idle)
        verdict, _ = timed(lambda problem=problem: decide(problem, strictness=False))
        whole, found = timed(lambda problem=problem: decide(problem))
        size = found.flat_dimension if isinstance(found, Minimum) else "-"
        print(
            f"| {n} | {m} | {d} | {kinks} | {digits} | {idle} | {verdict:.2f} s | {whole:.2f} s | {size} |", flush=True
        )


def checked(n: int, m: int, d: int) -> None:
    """The independent checker on the certificate of the largest row, in processor seconds of its process."""
    problem = fit(n, m, d)
    with tempfile.TemporaryDirectory() as folder:
        found = eg.certify(problem, time_limit=60)
        assert found.certificate is not None
        path = found.certificate.write(Path(folder) / "certificate.json")
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        accepted = eg.check(str(path)).accepted
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    print(f"its certificate (n = {n}, m = {m}, d = {d}): accepted {accepted}, {seconds:.1f} s", flush=True)


def concave(n: int, d: int) -> list[Term]:
    """n concave terms in general position that d convex ones outweigh."""
    rng = random.Random(1)
    forms: dict[tuple[int, ...], None] = {}
    while len(forms) < n:
        forms[(*(rng.choice((1, 2, 3, 5, 7)) * rng.choice((1, -1)) for _ in range(d - 1)), 11)] = None
    terms = [Term(k, form, Fraction(-1), Fraction(1)) for k, form in enumerate(forms)]
    unit = [tuple(int(i == k) for i in range(d)) for k in range(d)]
    return [*terms, *(Term(n + k, e, Fraction(11 * n), Fraction(-11 * n)) for k, e in enumerate(unit))]


def structured_points(seeds: int) -> None:
    from structured import structured

    verdicts, wholes = [], []
    for seed in range(seeds):
        problem = eg.load(structured(random.Random(seed)))
        verdicts.append((timed(lambda problem=problem: decide(problem, strictness=False))[0], seed))
        wholes.append((timed(lambda problem=problem: eg.certify(problem, time_limit=5))[0], seed))
    for name, times in (("verdict", verdicts), ("certify, limit 5 s", wholes)):
        times.sort()
        middle, high, worst = (times[min(int(q * seeds), seeds - 1)] for q in (0.5, 0.99, 1))
        print(
            f"{seeds} structured points, {name}: median {middle[0]:.3f} s, 99 % {high[0]:.2f} s, worst {worst[0]:.2f} s"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=500)
    seeds = parser.parse_args().seeds
    table()
    checked(100, 1000, 5)
    for n, d in ((80, 3), (24, 5)):
        terms = concave(n, d)
        seconds, found = timed(lambda terms=terms, d=d: prove_nonnegative((Fraction(0),) * d, terms, d))
        steps = sum(len(part.cover) for part in found) if isinstance(found, list) else "none"
        print(f"{n} dependent concave kinks in {d} dimensions: {seconds:.2f} s, {steps} steps", flush=True)
    structured_points(seeds)


if __name__ == "__main__":
    main()
