"""A figure: cost of a region (count and enumeration) against regions, hyperplanes and dimension, generic and degenerate."""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

from arrangement_regions import Rows, ball, braid, coxeter_b, generic, resonance

from exactgeo import Arrangement

Point = tuple[int, int, int, float]
"""Dimension, hyperplanes, regions, microseconds a region."""


def cost(rows: Rows, repeat: int) -> Point:
    """Count and enumeration together; best of some, fewer where one takes long."""
    best = float("inf")
    for _ in range(repeat):
        arrangement = Arrangement(rows)
        start = time.process_time()
        count = arrangement.count()
        arrangement.regions("sweep")
        best = min(best, time.process_time() - start)
        if best > 2:
            break
    return len(rows[0]), len(rows), count, 1e6 * best / count


def regions_of(d: int, m: int) -> int:
    return 2 * sum(math.comb(m - 1, i) for i in range(d))


def sizes(d: int, regions: list[int]) -> list[int]:
    """How many hyperplanes in general position have about so many regions."""
    return [min(range(d + 1, 3000), key=lambda m: abs(regions_of(d, m) - goal)) for goal in regions]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("arrangement_scaling.png"))
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    goals = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000]
    series: dict[str, list[Rows]] = {
        f"generic, d = {d}": [generic(d, m, 9999) for m in dict.fromkeys(sizes(d, goals))] for d in range(3, 9)
    }
    series["lattice planes, d = 3"] = [ball(r) for r in (1, 2, 3, 4, 5, 6, 7)]
    series["resonance, d = 4 to 6"] = [resonance(n) for n in (4, 5, 6)]
    series["B, d = 4 to 7"] = [coxeter_b(n) for n in (4, 5, 6, 7)]
    series["braid, d = 5 to 9"] = [braid(n) for n in (5, 6, 7, 8, 9)]
    cost(generic(4, 20), 1)
    fig, axes = plt.subplots(1, 3, figsize=(15, 5), sharey=True, layout="constrained")
    for name, instances in series.items():
        points = [cost(rows, options.repeat) for rows in instances]
        for d, m, count, each in points:
            print(f"{name:22} d={d} m={m:4} {count:9,} regions {each:7.2f} us a region", flush=True)
        style = "o-" if name.startswith("generic") else "s--"
        for axis, column in ((axes[0], 2), (axes[1], 1)):
            axis.loglog([p[column] for p in points], [p[3] for p in points], style, label=name, markersize=4)
        # Against the dimension: families, and of a single dimension what comes nearest to 10^5 regions.
        single = len({p[0] for p in points}) == 1
        near = [min(points, key=lambda p: abs(math.log(p[2] / 1e5)))] if single else points
        axes[2].plot(
            [p[0] for p in near], [p[3] for p in near], style, markersize=4, color=axes[0].lines[-1].get_color()
        )
    for axis, label in zip(
        axes, ("regions", "hyperplanes m", "dimension d (single points: about 10^5 regions)"), strict=True
    ):
        axis.axhline(1, color="grey", linewidth=0.7, linestyle=":")
        axis.axhline(5, color="grey", linewidth=0.7, linestyle=":")
        axis.set_xlabel(label)
    axes[0].set_ylabel("microseconds of processor time a region, exact count included")
    axes[0].legend(fontsize=8)
    fig.savefig(options.output, dpi=110)


if __name__ == "__main__":
    main()
