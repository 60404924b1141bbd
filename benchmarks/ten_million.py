"""A census of 12,794,200 orbits in a file, its minimum and the certificate of that; a landscape of 1,055,240 orbits.

``OPENBLAS_NUM_THREADS=1 python benchmarks/ten_million.py RUN.sqlite``: points of the plane, m = 15, width 3, hidden bias,
squared loss. Prints wall clock, processor seconds of this process and of the workers, the largest peak memory of each,
bytes of the file a basin; then the minimum and what the independent checker says of its certificate. A run that was
killed is taken up by the same command. ``--m`` for fewer points, ``--seconds`` for an end before.

``OPENBLAS_NUM_THREADS=1 python benchmarks/ten_million.py --landscape``: m = 10, in this process alone.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import time
from pathlib import Path

from basin_scale import plane

from exactgeo.basin import census
from exactgeo.checking import check
from exactgeo.executors import Workers
from exactgeo.landscape import landscape
from exactgeo.store import Store


def peak(who: int) -> int:
    """Largest resident memory of this process, or of any of its children, MB."""
    return resource.getrusage(who).ru_maxrss // 1024


def listed(path: str, m: int, workers: int, seconds: float | None) -> None:
    problem = plane(m, 3)
    wall, start = time.perf_counter(), time.process_time()
    with Store(path) as store, Workers(workers) as pool:
        found = census(problem, executor=pool, store=store, time_limit=seconds)
    here, wall = time.process_time() - start, time.perf_counter() - wall
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    there = children.ru_utime + children.ru_stime
    print(
        f"{len(found):,} of {found.orbits:,} orbits, {found.distinct:,} optima: wall clock {wall:.0f} s, "
        f"processor {here:.0f} s here and {there:.0f} s there, {1e6 * (here + there) / len(found):.1f} us an orbit"
    )
    print(f"peak {peak(resource.RUSAGE_SELF)} MB here, {peak(resource.RUSAGE_CHILDREN)} MB there", flush=True)
    print(f"{os.path.getsize(path):,} bytes in the file, {os.path.getsize(path) / len(found):.1f} a basin")
    owners = hashlib.sha256(found.table.owners.tobytes())
    print(f"owners {owners.hexdigest()[:16]}, minimum {found.minimum}", flush=True)
    if not found.complete:
        return
    start = time.process_time()
    proof = found.certificate
    if proof is None:
        raise SystemExit("no certificate")
    written = Path(proof.write(f"{path}.json"))
    print(f"certificate in {time.process_time() - start:.1f} s, {written.stat().st_size:,} bytes")
    start = time.perf_counter()
    verdict = check(written)
    answer = "none" if verdict is None else verdict.reason or verdict.statement
    print(f"checker: {answer} in {time.perf_counter() - start:.1f} s; peak here {peak(resource.RUSAGE_SELF)} MB")


def joined(m: int) -> None:
    problem = plane(m, 3)
    start = time.process_time()
    found = census(problem)
    middle = time.process_time()
    tree = landscape(problem, basins=found)
    end = time.process_time()
    print(
        f"{len(found):,} orbits, {len(tree.valleys)} valleys: census {middle - start:.1f} s, tree {end - middle:.1f} s"
    )
    print(f"peak {peak(resource.RUSAGE_SELF)} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?")
    parser.add_argument("--landscape", action="store_true")
    parser.add_argument("--m", type=int)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float)
    options = parser.parse_args()
    if options.landscape:
        joined(options.m or 10)
    if options.path:
        listed(options.path, options.m or 15, options.workers, options.seconds)


if __name__ == "__main__":
    main()
