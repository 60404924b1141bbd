"""A large census against CVXPY re-parametrised (DPP): same problems, same run.

``OPENBLAS_NUM_THREADS=1 python benchmarks/basin_scale.py``: processor time of threads that wait would be counted, too.
One line a problem: orbits, distinct optima, processor seconds of the census in this process, processor microseconds a
basin, those of one Clarabel solve of a CVXPY problem that is built once and gets each basin's matrices as parameters
(on a sample whose values are compared with the exact ones), and the ratio. ``--million`` adds plane data, m = 10,
width 3.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from typing import Any

import cvxpy as cp
import numpy as np
from basin_census import line, plane

from exactgeo.basin import Census, census
from exactgeo.problem import Problem

SAMPLE = 60


def repeated(m: int, width: int) -> Problem:
    """Plane data with repeated points, points on a line and a zero row."""
    from exactgeo.formats import problem_from_mapping

    rng = random.Random(3)
    x = [[0, 0], [1, 2], [1, 2], [2, 4], [-3, -6]]
    x += [[rng.randint(-9, 9), rng.randint(-9, 9)] for _ in range(m - len(x))]
    data = {"x": x, "y": [rng.randint(-9, 9) for _ in range(m)]}
    return problem_from_mapping({"data": data, "network": {"widths": [width]}})


def modelled(found: Census) -> float:
    """Processor seconds CVXPY and Clarabel take a basin, the model built once; its values are checked."""
    frame = found.cells
    rows = np.array([[float(q) for q in row] for row in frame.rows])
    y = np.array([float(q) for q in frame.program.y])
    width = frame.problem.network.widths[0]
    slopes = [cp.Parameter(rows.shape) for _ in range(width)]
    sides = [cp.Parameter(rows.shape) for _ in range(width)]
    z: list[Any] = [cp.Variable(rows.shape[1]) for _ in range(width)]
    prediction = sum((a @ part for a, part in zip(slopes, z, strict=True)), cp.Variable())
    model = cp.Problem(
        cp.Minimize(cp.sum_squares(prediction - y)), [g @ part >= 0 for g, part in zip(sides, z, strict=True)]
    )
    assert model.is_dpp()
    total = 0.0
    chosen = random.Random(0).sample(range(len(found)), min(SAMPLE, len(found)))
    for turn, index in enumerate([chosen[0], *chosen]):
        basin = found[index]
        start = time.process_time()
        for (region, b), a, g in zip(basin.signs, slopes, sides, strict=True):
            signs = np.array(region)
            a.value = (signs > 0)[:, None] * rows
            g.value = (b * signs)[:, None] * rows
        value = model.solve(solver=cp.CLARABEL, max_step_fraction=0.9)
        # The first solve compiles the model, which is no part of the comparison.
        total += (time.process_time() - start) if turn else 0.0
        assert abs(value - float(basin.value)) <= 1e-4 * (1 + abs(value))
    return total / len(chosen)


def main() -> None:
    problems = {f"line, m = 10, width {n}": line(10, n) for n in (1, 2, 3, 4)}
    problems |= {f"plane, m = 10, width {n}": plane(10, n) for n in (1, 2)}
    problems["degenerate plane, m = 10, width 2"] = repeated(10, 2)
    if "--million" in sys.argv:
        problems["plane, m = 10, width 3"] = plane(10, 3)
    print(f"{'problem':34} {'orbits':>8} {'optima':>7} {'s':>7} {'us exact':>9} {'us CVXPY':>9} {'ratio':>6} {'MB':>5}")
    census(line(4, 1))
    for name, problem in problems.items():
        start = time.process_time()
        found = census(problem)
        seconds = time.process_time() - start
        model = modelled(found)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{name:34} {len(found):8} {found.distinct:7} {seconds:7.2f} {1e6 * seconds / len(found):9.0f} "
            f"{1e6 * model:9.0f} {model * len(found) / seconds:6.0f} {peak:5}",
            flush=True,
        )


if __name__ == "__main__":
    main()
