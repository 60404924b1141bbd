"""The census against one CVXPY program a basin: same problems, same run. ``python benchmarks/basin_census.py``.

Prints, for each problem, orbits, exact optima, microseconds a basin with its exact value and certificate,
microseconds a fresh CVXPY program takes with Clarabel (on a sample), the ratio, and the seconds
``local_minimum_values`` takes.
"""

from __future__ import annotations

import random
import time
from itertools import islice

from exactgeo.basin import census
from exactgeo.formats import problem_from_mapping
from exactgeo.library import load
from exactgeo.problem import Problem

SAMPLE = 40


def line(m: int, width: int) -> Problem:
    rng = random.Random(3)
    data = {"x": [[t] for t in range(m)], "y": [rng.randint(-9, 9) for _ in range(m)]}
    return problem_from_mapping({"data": data, "network": {"widths": [width]}})


def plane(m: int, width: int) -> Problem:
    rng = random.Random(3)
    x = [[rng.randint(-9, 9), rng.randint(-9, 9)] for _ in range(m)]
    data = {"x": x, "y": [rng.randint(-9, 9) for _ in range(m)]}
    return problem_from_mapping({"data": data, "network": {"widths": [width]}})


def main() -> None:
    problems = {f"line, m = 10, width {n}": line(10, n) for n in (1, 2, 3)}
    problems |= {f"plane, m = 8, width {n}": plane(8, n) for n in (1, 2)}
    problems |= {name: load(name) for name in ("xor-3", "jellyfish-3")}
    print(f"{'problem':24} {'orbits':>7} {'optima':>7} {'us exact':>9} {'us CVXPY':>9} {'ratio':>6} {'s minima':>9}")
    for name, problem in problems.items():
        start = time.perf_counter()
        found = census(problem)
        exact = (time.perf_counter() - start) / len(found)
        basins = list(islice(found, 0, None, max(1, len(found) // SAMPLE)))
        programs = [basin.program for basin in basins]
        programs[0]().solve()  # CVXPY's import is not part of the comparison
        start = time.perf_counter()
        for program in programs:
            program().solve()
        model = (time.perf_counter() - start) / len(programs)
        start = time.perf_counter()
        values = found.local_minimum_values
        minima = f"{time.perf_counter() - start:9.2f}" if values is not None else f"{'-':>9}"
        print(
            f"{name:24} {len(found):7} {len(found.optima):7} {exact * 1e6:9.0f} {model * 1e6:9.0f} "
            f"{model / exact:6.0f} {minima}"
        )


if __name__ == "__main__":
    main()
