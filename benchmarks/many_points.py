"""Many points of one problem, certified together and one by one: ``python benchmarks/many_points.py``.

The points of Proposition 1 are its local minimum at 1,000 scales, each a minimum in a bad valley with its certificate; the
others are random. "Alone" forgets what points have in common after each one, as a process a point would. Processor
milliseconds a point, and the processor seconds of the whole command on 1,000 points, its start included.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import exactgeo as eg
from exactgeo.problem import Point, Problem
from exactgeo.standing import globality


def scaled(point: Point, count: int, rng: random.Random) -> list[Point]:
    """A point at other scales of its units."""
    found = []
    for _ in range(count):
        scales = [Fraction(rng.randint(1, 99), rng.randint(1, 99)) for _ in point.neurons]
        neurons = [(tuple(c * q for q in w), v / c) for c, (w, v) in zip(scales, point.neurons, strict=True)]
        found.append(point.with_neurons(neurons))
    return found


def moved(point: Point, count: int, rng: random.Random) -> list[Point]:
    """Random points."""

    def number() -> Fraction:
        return Fraction(rng.randint(-99, 99), rng.randint(1, 20))

    return [
        Point(
            tuple(tuple(tuple(number() for _ in row) for row in layer) for layer in point.weights),
            tuple(tuple(number() for _ in layer) for layer in point.biases),
        )
        for _ in range(count)
    ]


def forget() -> None:
    for kept in ("_kept_census", "_kept_minimum", "_kept_bottom", "components_of"):
        getattr(globality, kept).cache_clear()


def milliseconds(problem: Problem, points: list[Point]) -> tuple[float, float]:
    """A point, together and alone."""
    forget()
    start = time.process_time()
    together = [v.to_json() for v in eg.certify_many(problem, points, time_limit=1000)]
    middle = time.process_time()
    few = points[:: max(1, len(points) // 50)]
    alone = []
    begun = time.process_time()
    for point in few:
        forget()
        alone.append(eg.certify(problem, point, time_limit=1000).to_json())
    end = time.process_time()
    assert alone == together[:: max(1, len(points) // 50)]
    return 1e3 * (middle - start) / len(points), 1e3 * (end - begun) / len(few)


def command(points: list[Point], compiled: str) -> float:
    """Processor seconds of ``exactgeo certify --points``."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "points.json"
        file.write_text(json.dumps([point.to_dict() for point in points]))
        run = [sys.executable, "-m", "exactgeo", "certify", "swirszcz-prop1", "--points", str(file), "--json"]
        # The bytecode of an installed package is there.
        known = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        known["PYTHONPYCACHEPREFIX"] = compiled
        subprocess.run([*run, "--time-limit", "0.1"], env=known, capture_output=True, check=False)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        out = subprocess.run([*run, "--time-limit", "60"], env=known, capture_output=True, check=False).stdout
        assert out.count(b"\n") == len(points)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    rng = random.Random(7)
    first, third = eg.load("swirszcz-prop1"), eg.load("swirszcz-prop3-local")
    assert first.point is not None
    assert third.point is not None
    cases = {
        "Proposition 1, its minimum at 1,000 scales": (first, scaled(first.point, 1000, rng)),
        "Proposition 1, 1,000 random points": (first, moved(first.point, 1000, rng)),
        "Proposition 3, its minimum at 300 scales": (third, scaled(third.point, 300, rng)),
    }
    print("| points | ms together | ms alone | the command, s |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as compiled:
        rows(cases, compiled)


def rows(cases: dict[str, tuple[Problem, list[Point]]], compiled: str) -> None:
    first = eg.load("swirszcz-prop1")
    for name, (problem, points) in cases.items():
        together, alone = milliseconds(problem, points)
        whole = f"{min(command(points, compiled) for _ in range(3)):.2f}" if problem == first else ""
        print(f"| {name} | {together:.2f} | {alone:.2f} | {whole} |")


if __name__ == "__main__":
    main()
