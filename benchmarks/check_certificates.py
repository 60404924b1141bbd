"""How long the independent checker takes, process and all, and how large its files are.

    python benchmarks/check_certificates.py [N] [WIDTH]

Start-up; complete lists of regions: the threshold arrangement in dimension n + 1 (normals (1, v), v in {0, 1}^n) has 14,
104, 1882, 94572 regions for n = 2, 3, 4, 5; the minima of all basins of 10 points on a line, up to WIDTH (4); all their
valleys, up to width 3.
"""

from __future__ import annotations

import itertools
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import exactgeo as eg
from exactgeo.claims.certificate import Certificate


def row(name: str, make: Callable[[], Certificate | None], path: Path) -> None:
    start = time.perf_counter()
    certificate = make()
    assert certificate is not None
    certificate.write(path)
    written = time.perf_counter() - start
    start = time.perf_counter()
    answer = eg.check(path)
    assert answer is not None
    assert answer.accepted
    checked = time.perf_counter() - start
    print(f"{name}: written in {written:.2f} s, {path.stat().st_size} bytes, checked in {checked:.2f} s", flush=True)


def line(width: int) -> eg.Problem:
    rng = random.Random(1)
    data = {"x": [[k] for k in range(10)], "y": [rng.randint(-9, 9) for _ in range(10)]}
    return eg.load({"data": data, "network": {"widths": [width]}})


def main(largest: int, width: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cert.json"
        problem = eg.load("swirszcz-prop1")
        row("Proposition 1", lambda: eg.certify(problem).certificate, path)
        for n in range(2, largest + 1):
            arrangement = eg.Arrangement([(1, *v) for v in itertools.product((0, 1), repeat=n)])
            count = arrangement.regions().count
            row(f"threshold n = {n}, {count} regions", arrangement.certificate, path)
        for n in range(1, width + 1):
            census = eg.basins(line(n))
            row(f"line, width {n}, minima of {len(census)} basins", lambda found=census: found.certificate, path)  # type: ignore[misc]
            if n <= 3:
                found = eg.landscape(line(n))
                name = f"line, width {n}, {len(found.valleys)} valleys of {len(census)} basins"
                row(name, lambda found=found: found.certificate, path)  # type: ignore[misc]


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 5, int(sys.argv[2]) if sys.argv[2:] else 4)
