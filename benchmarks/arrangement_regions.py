"""Regions: the sweep against a sign tree on warm-started HiGHS, the independent enumerator, and Sage if installed.

Same instances, one run, processor time of one process; quote the ratios. Every list of sign vectors is compared with
the sweep's: the linear programs may miss thin cells, and then the table says so.
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from exactgeo import Arrangement

Rows = list[list[int]]


def generic(d: int, m: int, reach: int = 99) -> Rows:
    rng = random.Random(1)
    return [[rng.randint(-reach, reach) for _ in range(d)] for _ in range(m)]


def resonance(n: int) -> Rows:
    return [list(v) for v in itertools.product((0, 1), repeat=n) if any(v)]


def ball(reach: int) -> Rows:
    """One normal a line through a lattice point of a cube: planes in R^3, up to hundreds of them through a line."""
    cube = itertools.product(range(-reach, reach + 1), repeat=3)
    return [list(v) for v in cube if math.gcd(*v) == 1 and next(q for q in v if q) > 0]


def braid(n: int) -> Rows:
    return [[(k == i) - (k == j) for k in range(n)] for i, j in itertools.combinations(range(n), 2)]


def coxeter_b(n: int) -> Rows:
    axes = [[int(k == i) for k in range(n)] for i in range(n)]
    pairs = [
        [(k == i) + s * (k == j) for k in range(n)] for i, j in itertools.combinations(range(n), 2) for s in (1, -1)
    ]
    return axes + pairs


INSTANCES: dict[str, Callable[[], Rows]] = {
    "generic d=3 m=20": lambda: generic(3, 20),
    "generic d=3 m=100": lambda: generic(3, 100),
    "generic d=3 m=1000": lambda: generic(3, 1000, 9999),
    "lattice d=3 m=49": lambda: ball(2),
    "lattice d=3 m=865": lambda: ball(6),
    "generic d=4 m=20": lambda: generic(4, 20),
    "generic d=4 m=30": lambda: generic(4, 30),
    "generic d=5 m=25": lambda: generic(5, 25),
    "generic d=6 m=20": lambda: generic(6, 20),
    "generic d=6 m=30": lambda: generic(6, 30),
    "resonance-4": lambda: resonance(4),
    "resonance-5": lambda: resonance(5),
    "B-6": lambda: coxeter_b(6),
    "braid-8": lambda: braid(8),
    "resonance-6": lambda: resonance(6),
}


def sign_tree(rows: Rows) -> np.ndarray[Any, Any]:
    """Sign vectors of a central arrangement by depth-first search, one warm-started linear program a node.

    A node at depth k is a region of the first k hyperplanes with a point in it. The point's side of the next one needs
    no program; the other side is feasible when ``s_i <a_i, x> >= 1`` is, and between two nodes only row bounds change,
    so the dual simplex goes on from the last basis. The opposite half is not searched.
    """
    import highspy

    a = np.array(rows, dtype=float)
    m, d = a.shape
    infinity = highspy.kHighsInf
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("presolve", "off")
    solver.setOptionValue("threads", 1)
    for _ in range(d):
        solver.addVar(-infinity, infinity)
    columns = np.arange(d, dtype=np.int32)
    for row in a:
        nonzero = np.flatnonzero(row)
        solver.addRow(-infinity, infinity, len(nonzero), columns[nonzero], row[nonzero])
    found: list[list[int]] = []
    signs = [0] * m
    bounded = [0] * m

    def bound(k: int, side: int) -> None:
        if bounded[k] != side:
            solver.changeRowBounds(k, 1.0 if side > 0 else -infinity, -1.0 if side < 0 else infinity)
            bounded[k] = side

    def search(k: int, point: np.ndarray[Any, Any]) -> None:
        if k == m:
            found.append(signs.copy())
            return
        value = float(a[k] @ point)
        near = 1 if value > 0 else -1
        for side in (near, -near) if k else (near,):
            signs[k] = side
            if side == near and value:
                search(k + 1, point)
                continue
            for j in range(m):
                bound(j, signs[j] if j <= k else 0)
            solver.run()
            if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                search(k + 1, np.array(solver.getSolution().col_value))

    search(0, np.array([1.0 + 0.1 * j for j in range(d)]))
    half = np.array(found, dtype=np.int8)
    return np.concatenate([half, -half])


def sage_regions(rows: Rows) -> int:
    """Sage's own enumeration; needs ``passagemath-polyhedra``."""
    import sage.all__sagemath_polyhedra  # noqa: F401
    from sage.geometry.hyperplane_arrangement.arrangement import HyperplaneArrangements
    from sage.rings.rational_field import QQ

    space = HyperplaneArrangements(QQ, tuple(f"x{j}" for j in range(len(rows[0]))))
    return len(space([[tuple(row), 0] for row in rows]).regions())


def clock(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="instances whose name contains this")
    parser.add_argument("--repeat", type=int, default=5, help="best of so many for the sweep")
    parser.add_argument("--highs", type=int, default=50_000, help="largest number of regions for HiGHS")
    parser.add_argument("--independent", type=int, default=50_000, help="largest for the independent enumerator")
    parser.add_argument("--sage", type=int, default=0, help="largest for Sage")
    options = parser.parse_args()
    Arrangement(generic(4, 20)).regions("sweep")
    print(
        "| instance | regions | count, s | sweep, s | us a region, both | HiGHS / both | independent / both | Sage / both |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, make in INSTANCES.items():
        if options.only not in name:
            continue
        rows = make()
        counting = sweeping = float("inf")
        for _ in range(options.repeat):
            arrangement = Arrangement(rows)
            seconds, count = clock(arrangement.count)
            counting = min(counting, seconds)
            seconds, regions = clock(lambda arrangement=arrangement: arrangement.regions("sweep"))
            sweeping = min(sweeping, seconds)
        both = counting + sweeping
        cells = [f"{counting:.3f}", f"{sweeping:.3f}", f"{1e6 * both / count:.2f}"]
        if count <= options.highs:
            seconds, signs = clock(lambda rows=rows: sign_tree(rows))
            right = np.array_equal(np.unique(signs, axis=0), regions.signs)
            cells.append(f"{seconds / both:.0f}" + ("" if right else f" (wrong: {len(signs)} regions)"))
        else:
            cells.append("")
        if count <= options.independent:
            seconds, other = clock(lambda rows=rows: Arrangement(rows).regions("deletion-restriction"))
            assert np.array_equal(other.signs, regions.signs)
            cells.append(f"{seconds / both:.0f}")
        else:
            cells.append("")
        if count <= options.sage:
            seconds, number = clock(lambda rows=rows: sage_regions(rows))
            cells.append(f"{seconds / both:.0f}" + ("" if number == count else f" (wrong: {number} regions)"))
        else:
            cells.append("")
        print("|", " | ".join([name, f"{count:,}", *cells]), "|", flush=True)


if __name__ == "__main__":
    main()
