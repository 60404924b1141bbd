"""Many lines in a plane and planes through the origin of R^3: cost, decisions in integers and memory, each in a process
of its own, so that the first touch of every page counts."""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

from arrangement_regions import Rows, ball, coxeter_b, generic

from exactgeo import Arrangement


def lines(m: int) -> Arrangement:
    rng = random.Random(1)
    normals = [[rng.randint(-999, 999) for _ in range(2)] for _ in range(m)]
    return Arrangement(normals, [rng.randint(-(10**5), 10**5) for _ in range(m)])


def grid(n: int) -> Arrangement:
    """n lines in each of four directions, up to four through a point."""
    rows = [(1, 0, t) for t in range(n)] + [(0, 1, t) for t in range(n)]
    rows += [(1, side, t + n // 2) for side in (1, -1) for t in range(-n if side < 0 else 0, n if side > 0 else 0)]
    return Arrangement([row[:2] for row in rows], [row[2] for row in rows])


def moved(rows: Rows, size: int) -> Arrangement:
    """The same in other coordinates: the same regions, up to signs and order, but long coefficients."""
    rng = random.Random(1)
    image = [[rng.randint(-size, size) for _ in rows[0]] for _ in rows[0]]
    return Arrangement([[sum(a * b for a, b in zip(row, column, strict=True)) for column in image] for row in rows])


def floats(m: int) -> Arrangement:
    import numpy as np

    warnings.simplefilter("ignore")
    return Arrangement(np.random.default_rng(1).normal(size=(m, 3)))


INSTANCES: dict[str, Callable[[], Arrangement]] = {
    "d=3, m=1000, generic": lambda: Arrangement(generic(3, 1000, 9999)),
    "d=3, m=1000, float64 normals": lambda: floats(1000),
    "d=3, m=1000, generic, 60 digits": lambda: Arrangement(generic(3, 1000, 10**60)),
    "d=2, m=1413, affine, generic": lambda: lines(1413),
    "d=2, m=1000, grid": lambda: grid(250),
    "d=3, m=865, lattice": lambda: Arrangement(ball(6)),
    "d=3, m=865, lattice, 12 digits": lambda: moved(ball(6), 10**12),
    "d=3, m=865, lattice, 40 digits": lambda: moved(ball(6), 10**40),
    "B-8, packed blocks": lambda: Arrangement(coxeter_b(8)),
}


def measured(name: str) -> list[Any]:
    arrangement = INSTANCES[name]()
    start = time.process_time()
    count = arrangement.count()
    between = time.process_time()
    if "blocks" in name:
        assert sum(map(len, arrangement.blocks(packed=True))) == count
        fallbacks: int | str = ""
    else:
        fallbacks = arrangement.regions("sweep").fallbacks
    end = time.process_time()
    unit = 1 if sys.platform == "darwin" else 1024
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 2**20
    both = f"{1e6 * (end - start) / count:.2f}"
    return [name, f"{count:,}", f"{between - start:.2f}", f"{end - between:.2f}", both, fallbacks, memory]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", choices=INSTANCES, help="in this process")
    options = parser.parse_args()
    if options.one:
        print("|", " | ".join(map(str, measured(options.one))), "|")
        return
    print("| instance | regions | count, s | sweep, s | us a region, both | decided in integers | peak, MB |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for name in INSTANCES:
        subprocess.run([sys.executable, __file__, "--one", name], check=True)


if __name__ == "__main__":
    main()
