"""A figure: processor time a basin, exact value and certificate included, against the number of basins.

``OPENBLAS_NUM_THREADS=1 python benchmarks/basin_scaling.py``; ``--million`` adds the largest instances.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from basin_scale import bent_line, bent_plane, line, plane

from exactgeo.basin import census
from exactgeo.problem import Problem


def cost(problem: Problem, repeat: int) -> tuple[int, float]:
    """Number of orbits and microseconds an orbit; nothing is remembered from one repetition to the next."""
    from exactgeo.basin.batch import _prepared

    best = float("inf")
    for _ in range(repeat):
        _prepared.cache_clear()
        start = time.process_time()
        orbits = len(census(problem))
        best = min(best, time.process_time() - start)
    return orbits, 1e6 * best / orbits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("basin_scaling.png"))
    parser.add_argument("--million", action="store_true")
    options = parser.parse_args()
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    most = 3 if options.million else 2
    series = {
        "squared, line": [line(10, n) for n in (1, 2, 3, 4)],
        "squared, line, degenerate": [bent_line(10, n) for n in (1, 2, 3, 4)],
        "squared, plane": [plane(10, n) for n in range(1, most + 1)],
        "squared, plane, degenerate": [bent_plane(10, n) for n in range(1, most + 1)],
        **{
            f"{loss}, line": [line(10, n, loss) for n in (1, 2, 3, 4)]
            for loss in ("huber(2)", "squared_hinge", "absolute", "hinge")
        },
        "logistic, line": [line(10, n, "logistic") for n in (1, 2, 3)],
    }
    cost(line(4, 1), 1)
    fig, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    for name, problems in series.items():
        points = [cost(problem, 1 if problem.network.widths[0] > 2 else 3) for problem in problems]
        for orbits, each in points:
            print(f"{name:28} {orbits:9,} orbits {each:8.1f} us an orbit", flush=True)
        style = "^:" if name.startswith("logistic") else "o-" if name.startswith("squared,") else "s--"
        ax.loglog([p for p, _ in points], [q for _, q in points], style, label=name, markersize=4)
    # A million in 40 seconds.
    ax.axhline(40, color="grey", linewidth=0.7, linestyle=":")
    ax.set_xlabel("basins modulo permutation (m = 10, widths 1, 2, ...)")
    ax.set_ylabel("microseconds of processor time a basin")
    ax.legend(fontsize=8)
    fig.savefig(options.output, dpi=110)


if __name__ == "__main__":
    main()
