"""The whole merge tree against solving every wall with a re-parametrised CVXPY model (DPP): same problems, same run.

``OPENBLAS_NUM_THREADS=1 python benchmarks/landscape_scaling.py``. One line a problem: orbits, walls between them, exact
solves of walls that were needed, valleys, processor seconds of the census and of the tree, seconds of wall clock of
both, processor microseconds a wall, those of one Clarabel solve of a CVXPY model that is built once and gets each wall's
matrices as parameters (on a sample of walls whose values are compared with the exact ones), the ratio, and the hours
that all walls would take that way (extrapolated from the sample). ``--full`` adds the trees of the full space.

``--workers 2 [--only plane,9,3] [--dask]``: the processor time of all processes of one landscape with its census, without
workers and with one, two, ...; every value, node and wall of the spanning tree must be the same.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import on_workers
from basin_scale import plane as on_plane

from exactgeo.basin import Census, census
from exactgeo.exact.enclosure import exact
from exactgeo.formats import problem_from_mapping
from exactgeo.landscape import landscape
from exactgeo.landscape.permutations import replaced
from exactgeo.landscape.walls import Walls
from exactgeo.problem import Problem

SAMPLE = 60


def modelled(found: Census) -> float:
    """Processor seconds CVXPY and Clarabel take a wall, the model built once; its values are checked."""
    import cvxpy as cp

    reduction = found.reduction
    (group,) = reduction.exchangeable
    rows = np.array([[float(q) for q in row] for row in reduction.rows])
    size = rows.shape[1]
    y = np.array([float(q) for q in reduction.program.y])
    width = len(group.neurons)
    right, left = map(float, found.problem.network.activation.slopes or (0, 0))
    slopes = [cp.Parameter(rows.shape) for _ in range(width)]
    sides = [cp.Parameter(rows.shape) for _ in range(width)]
    cuts = [cp.Parameter((size, size)) for _ in range(width)]
    z: list[Any] = [cp.Variable(size) for _ in range(width)]
    prediction = sum((a @ part for a, part in zip(slopes, z, strict=True)), cp.Variable())
    conditions = [g @ part >= 0 for g, part in zip(sides, z, strict=True)]
    conditions += [cut @ part == 0 for cut, part in zip(cuts, z, strict=True)]
    model = cp.Problem(cp.Minimize(cp.sum_squares(prediction - y)), conditions)
    assert model.is_dpp()
    walls, rng, total = Walls(reduction.program), random.Random(0), 0.0
    for turn in range(SAMPLE + 1):
        index = rng.randrange(len(found))
        target, mask, kind = rng.choice(list(found.facets.around(index)))
        (here,), (there,) = found[index].choice, found[target].choice
        old, new = replaced(here, there)
        crossing = here.index(old)
        start = time.process_time()
        for k, slot in enumerate(here):
            signs = np.array(reduction.regions[group.patterns[slot].region])
            slopes[k].value = np.where(signs > 0, right, left)[:, None] * rows
            sides[k].value = (group.patterns[slot].sign * signs)[:, None] * rows
            cut = np.zeros((size, size))
            if k == crossing and kind == "output":
                cut = np.eye(size)
            elif k == crossing:
                # One hyperplane, which proportional rows share.
                cut[0] = rows[np.flatnonzero(signs != np.array(reduction.regions[group.patterns[new].region]))[0]]
            cuts[k].value = cut
        value = model.solve(solver=cp.CLARABEL, max_step_fraction=0.9)
        # The first solve compiles the model, which is no part of the comparison.
        total += (time.process_time() - start) if turn else 0.0
        hints = (found.optimum(index), found.optimum(target))
        wanted = float(exact(walls.optimum(mask, hints).value))
        assert abs(value - wanted) <= 1e-4 * (1 + abs(wanted)), (value, wanted)
    return total / SAMPLE


def repeated(m: int, width: int, activation: str = "relu") -> Problem:
    """Plane data with repeated points, points on a line and a zero row."""
    rng = random.Random(3)
    x = [[0, 0], [1, 2], [1, 2], [2, 4], [-3, -6]]
    x += [[rng.randint(-9, 9), rng.randint(-9, 9)] for _ in range(m - len(x))]
    data = {"x": x, "y": [rng.randint(-9, 9) for _ in range(m)]}
    return problem_from_mapping({"data": data, "network": {"widths": [width], "activation": activation}})


def joined(case: str, executor: Any) -> tuple[int, Callable[[], str]]:
    """Orbits of the landscape of ``plane,m,width`` or ``repeated,m,width``, and how to make a digest of all of it."""
    kind, m, width = case.split(",")
    problem = {"plane": on_plane, "repeated": repeated}[kind](int(m), int(width))
    found = landscape(problem, executor=executor)
    assert found.complete

    def digest() -> str:
        total = hashlib.sha256(repr(found.to_json()).encode() + found.census.table.owners.tobytes())
        for edge in found._known.edges:
            total.update(repr(tuple(edge)).encode())
        return total.hexdigest()

    return len(found.census), digest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="plane,9,3")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--dask", action="store_true")
    parser.add_argument("--one", metavar="kind,m,width")
    options = parser.parse_args()
    if options.one is not None:
        on_workers.one(joined, options.one, options.workers, dask=options.dask)
    elif options.workers:
        on_workers.compared(__file__, options.only, options.workers, dask=options.dask)
    else:
        listed(full=options.full)


def listed(*, full: bool) -> None:
    """The table of walls against CVXPY."""
    from basin_census import line, plane

    problems = {f"line, m = 10, width {n}": line(10, n) for n in (1, 2, 3, 4)}
    problems |= {f"plane, m = 7, width {n}": plane(7, n) for n in (1, 2, 3)}
    problems["degenerate plane, m = 9, width 3"] = repeated(9, 3)
    problems["degenerate plane, m = 9, width 3, leaky"] = repeated(9, 3, "leaky_relu(1/10)")
    print(
        f"{'problem':40} {'orbits':>8} {'walls':>8} {'solved':>6} {'valleys':>7} {'census':>7} {'tree':>7} {'clock':>7} "
        f"{'us wall':>8} {'us CVXPY':>8} {'ratio':>6} {'hours':>6} {'MB':>5}"
    )
    landscape(line(4, 1))
    for name, problem in problems.items():
        clock, start = time.perf_counter(), time.process_time()
        basins = census(problem)
        middle = time.process_time()
        found = landscape(problem, basins=basins)
        seconds, clock = time.process_time() - middle, time.perf_counter() - clock
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        walls = sum(1 for _ in basins.facets)
        model = modelled(basins)
        print(
            f"{name:40} {len(basins):8} {walls:8} {found._walls.solved:6} {len(found.valleys):7} {middle - start:7.2f} "
            f"{seconds:7.2f} {clock:7.2f} {1e6 * seconds / walls:8.1f} {1e6 * model:8.0f} "
            f"{model * walls / seconds:6.0f} {model * walls / 3600:6.2f} {peak:5}",
            flush=True,
        )
        if full:
            start = time.process_time()
            whole = landscape(problem, basins=basins, full=True)
            print(
                f"{'    full space':40} {basins.count:8} {len(whole.valleys):31} {time.process_time() - start:15.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
