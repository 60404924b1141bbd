"""How long the independent checker takes: start-up on a small certificate, and complete lists of regions.

    python benchmarks/check_regions.py [N]

The threshold arrangement in dimension n + 1 (normals (1, v), v in {0, 1}^n) has 14, 104, 1882, 94572 regions for
n = 2, 3, 4, 5.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from pathlib import Path

import exactgeo as eg


def timed(path: Path) -> tuple[float, str]:
    start = time.perf_counter()
    answer = eg.check(path)
    assert answer is not None
    assert answer.accepted
    return time.perf_counter() - start, answer.statement or ""


def main(largest: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cert.json"
        certificate = eg.certify(eg.load("swirszcz-prop1")).certificate
        assert certificate is not None
        certificate.write(path)
        best = min(timed(path)[0] for _ in range(5))
        print(f"Proposition 1, process and all: {best:.2f} s")
        for n in range(2, largest + 1):
            normals = [(1, *v) for v in itertools.product((0, 1), repeat=n)]
            eg.Arrangement(normals).certificate().write(path)
            seconds, statement = timed(path)
            print(f"n = {n}: {seconds:.2f} s, {path.stat().st_size} bytes: {statement}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 5)
