"""How long the probabilities of all regions of one neuron take, the certificate of a law, and its check.

python benchmarks/solid_angles.py
"""

from __future__ import annotations

import random
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import exactgeo as eg
from exactgeo import Arrangement
from exactgeo.probability.regions import measure_of


def regions() -> None:
    print("rank, rows, regions, method, s, largest radius")
    for m, d in ((30, 2), (30, 3), (12, 4), (20, 4), (10, 5)):
        rng = random.Random(1)
        rows = [tuple(Fraction(rng.randint(-9, 9)) for _ in range(d)) for _ in range(m)]
        signs = [tuple(map(int, s)) for s in Arrangement(rows).regions()]
        start = time.process_time()
        found = measure_of(rows, signs)
        spent = time.process_time() - start
        radius = max(float(q.rad()) if hasattr(q, "rad") else 0.0 for q in found.regions)
        print(f"{d}, {m}, {len(signs)}, {found.method}, {spent:.2f}, {radius:.1g}")


def laws() -> None:
    print("rows, inputs, types, maximal sets, minimal sets, terms, law s, 10^9 neurons more s, certificate kB, check s")
    for m, d in ((5, 1), (8, 1), (12, 1), (5, 2), (6, 2)):
        rng = random.Random(m * d)
        x = [[rng.randint(-5, 5) for _ in range(d)] for _ in range(m)]
        y = [rng.randint(-4, 4) for _ in range(m)]
        found = eg.probabilities(eg.load({"data": {"x": x, "y": y}, "network": {"widths": [2]}}))
        full, none = (found.values.value(types) for types in (found.starts.types.full, 0))
        start = time.process_time()
        law = found.law(full + (none - full) / 2, widths=[1, 10, 1000])
        spent = time.process_time() - start
        start = time.process_time()
        law.law.row(10**9)
        more, proof, check = time.process_time() - start, law.certificate(), float("nan")
        size = 0
        if proof is not None:
            with tempfile.TemporaryDirectory() as folder:
                path = proof.write(Path(folder) / "law.json")
                size, start = path.stat().st_size, time.monotonic()
                assert eg.check(path).accepted
                check = time.monotonic() - start
        sets = law.law.sure
        print(
            f"{m}, {d}, {len(found.starts.types.columns)}, {len(sets.bad)}, {len(sets.good)}, {law.law.terms}, "
            f"{spent:.2f}, {more:.3f}, {size / 1000:.0f}, {check:.2f}"
        )


if __name__ == "__main__":
    regions()
    laws()
