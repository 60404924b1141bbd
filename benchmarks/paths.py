"""Paths of random networks: segments, longest numbers, size and check of the certificate, seconds.

    python benchmarks/paths.py [SEED]

Down by a theorem (one wide layer; all layers wide), down by a search (narrow networks), and between two points by the
2N construction and by the best of some ways; ReLU below wide layers, leaky ReLU else, squared loss.
"""

from __future__ import annotations

import itertools
import random
import sys
import tempfile
import time
from pathlib import Path

import exactgeo as eg
from exactgeo.formats import point_from_mapping, problem_from_mapping
from exactgeo.paths import Path as Route

CASES = [
    # what, data, input dimension, widths, activation, outputs
    ("down", 4, 2, [4], "relu", 1),
    ("down", 8, 2, [8], "relu", 1),
    ("down", 16, 4, [16], "relu", 1),
    ("down", 6, 2, [6, 4, 3], "leaky_relu(1/10)", 1),
    ("down", 10, 3, [12, 8, 4], "leaky_relu(1/10)", 2),
    ("down", 6, 2, [3, 6, 3], "leaky_relu(1/10)", 1),
    ("down", 5, 2, [5, 5, 5], "abs", 1),
    ("down", 12, 3, [4, 3], "relu", 1),
    ("down", 20, 3, [5, 5, 3], "leaky_relu(1/10)", 1),
    ("to", 3, 2, [6], "relu", 1),
    ("to", 4, 2, [8, 8], "leaky_relu(1/10)", 1),
    ("to", 5, 2, [10, 4, 3], "leaky_relu(1/10)", 1),
    ("to", 12, 3, [4, 3], "relu", 1),
    ("to", 30, 4, [10, 10], "relu", 2),
]
LIMIT = 20.0


def problem_of(
    rng: random.Random, m: int, d: int, widths: list[int], activation: str, k: int
) -> tuple[eg.Problem, eg.Point]:
    sizes = [d, *widths, k]

    def point() -> dict[str, object]:
        pairs = list(itertools.pairwise(sizes))
        weights = [[[f"{rng.randint(-99, 99)}/50" for _ in range(a)] for _ in range(b)] for a, b in pairs]
        return {"weights": weights, "biases": [[f"{rng.randint(-99, 99)}/100" for _ in range(b)] for b in sizes[1:]]}

    problem = problem_from_mapping({
        "data": {"x": [[rng.randint(-9, 9) for _ in range(d)] for _ in range(m)],
                 "y": [[rng.randint(-9, 9) for _ in range(k)] for _ in range(m)]},
        "network": {"widths": widths, "activation": activation},
        "point": point(),
    })  # fmt: skip
    return problem, point_from_mapping(point(), problem)


def bits(path: Route) -> int:
    rows = (row for point in path.points for part in (*point.weights, point.biases) for row in part)
    return max(max(abs(q.numerator).bit_length(), q.denominator.bit_length()) for row in rows for q in row)


def main(seed: int) -> None:
    print(
        "what  data widths        by                            end            segments  bits   file kB  check s  seconds"
    )
    for what, m, d, widths, activation, k in CASES:
        problem, other = problem_of(random.Random(f"{seed} {widths} {m}"), m, d, widths, activation, k)
        begun = time.monotonic()
        found = eg.path(problem, to=None if what == "down" else other, time_limit=LIMIT)
        path = found.path
        if path is None:
            print(f"{what:5} {m:4} {widths!s:13} no path within {LIMIT:g} s")
            continue
        certificate = path.certificate
        seconds = time.monotonic() - begun
        with tempfile.TemporaryDirectory() as folder:
            file = certificate.write(Path(folder) / "path.json") if certificate else None
            begun = time.monotonic()
            accepted = eg.check(file).accepted if file else None
            checked = time.monotonic() - begun
            size = file.stat().st_size / 1000 if file else 0
        end = str(found.end) if what == "down" else ("lowest" if found.complete else "open")
        verdict = f"{checked:7.2f}" if accepted else "none"
        print(
            f"{what:5} {m:4} {widths!s:13} {found.how.partition(' (')[0][:29]:29} {end:14} {len(path.segments):8} "
            f"{bits(path):5} {size:9.0f}  {verdict}  {seconds:7.2f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 0)
