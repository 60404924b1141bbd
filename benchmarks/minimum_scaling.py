"""The global minimum of larger problems: nodes, processor time of search, certificate and checker.

    OPENBLAS_NUM_THREADS=1 python benchmarks/minimum_scaling.py [--seeds N] [--only TEXT]
    OPENBLAS_NUM_THREADS=1 python benchmarks/minimum_scaling.py --only 40,2,3 --workers 2 [--dask]

Data are random integers; each line is a problem, the first ones the same for every seed count. With ``--workers`` the
processor time of all processes of one search, without workers and with one, two, ...; every node and every dual vector
must be the same.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import on_workers

import exactgeo as eg
from exactgeo import checking
from exactgeo.basin.branch.tree import preorder
from exactgeo.basin.size import size_of
from exactgeo.exact.rational import short
from exactgeo.formats import problem_from_mapping

CASES = [(20, 1, 2), (60, 1, 3), (30, 1, 4), (60, 1, 4), (20, 2, 3), (30, 2, 3)]
TOP = 100


def on_integers(m: int, d: int, n: int, seed: int) -> eg.Problem:
    rng = random.Random(seed)
    x = [[q] for q in rng.sample(range(-TOP, TOP + 1), m)] if d == 1 else []
    x = x or [[rng.randint(-TOP, TOP) for _ in range(d)] for _ in range(m)]
    y = [rng.randint(-TOP, TOP) for _ in range(m)]
    return problem_from_mapping({"data": {"x": x, "y": y}, "network": {"widths": [n]}})


def measure(m: int, d: int, n: int, seed: int) -> str:
    problem = on_integers(m, d, n, seed)
    times = [time.process_time()]
    found = eg.minimum(problem)
    times.append(time.process_time())
    certificate = found.certificate
    assert certificate is not None
    with tempfile.TemporaryDirectory() as folder:
        path = certificate.write(Path(folder) / "minimum.json")
        times.append(time.process_time())
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(checking.CHECKER), str(path)], stdout=subprocess.PIPE, check=False
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = path.stat().st_size
    assert done.returncode == 0
    checked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    [claim] = certificate.claims
    orbits = short(size_of(problem).orbits_most)
    row = [
        m,
        d,
        n,
        seed,
        orbits,
        found.nodes,
        len(claim.duals),
        f"{times[1] - times[0]:.2f}",
        f"{times[2] - times[1]:.2f}",
    ]
    return "| " + " | ".join(map(str, [*row, f"{size / 1000:.0f}", f"{checked:.2f}"])) + " |"


def searched(case: str, executor: Any) -> tuple[int, Callable[[], str]]:
    """Nodes of the search of ``m,d,width``, and how to make a digest of its tree, its dual vectors and its point."""
    m, d, n = map(int, case.split(","))
    found = eg.minimum(on_integers(m, d, n, 0), executor)
    search = found._search
    assert search is not None

    def digest() -> str:
        tree = [(node.split, node.dual, len(node.children)) for node in preorder(search.roots)]
        duals = [(best.value, best.support, best.allowed) for best in search.duals]
        return hashlib.sha256(repr((tree, duals, found.point)).encode()).hexdigest()

    return found.nodes, digest


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int)
    parser.add_argument("--dask", action="store_true")
    parser.add_argument("--one", metavar="m,d,n")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", default="", help="m,d,n")
    arguments = parser.parse_args()
    if arguments.one is not None:
        on_workers.one(searched, arguments.one, arguments.workers, dask=arguments.dask)
        return
    if arguments.workers:
        on_workers.compared(__file__, arguments.only or "40,2,3", arguments.workers, dask=arguments.dask)
        return
    print("| m | d | width | seed | basins at most | nodes | duals | search, s | certificate, s | kB | checker, s |")
    print("|" + "---|" * 11)
    for case in CASES:
        for seed in range(arguments.seeds):
            if arguments.only in ("", ",".join(map(str, case))):
                print(measure(*case, seed), flush=True)


if __name__ == "__main__":
    main()
