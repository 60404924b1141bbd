"""A figure: cost of a region (count and enumeration) against the number of regions, generic and degenerate."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from arrangement_regions import Rows, braid, coxeter_b, generic, resonance

from exactgeo import Arrangement


def cost(rows: Rows, repeat: int) -> tuple[int, float]:
    """Number of regions and microseconds a region."""
    best = float("inf")
    for _ in range(repeat):
        arrangement = Arrangement(rows)
        start = time.process_time()
        count = arrangement.count()
        arrangement.regions("sweep")
        best = min(best, time.process_time() - start)
    return count, 1e6 * best / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("arrangement_scaling.png"))
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    series: dict[str, list[Rows]] = {
        f"generic, d = {d}": [generic(d, m, 999) for m in sizes]
        for d, sizes in {
            3: (20, 40, 80, 160, 320),
            4: (12, 20, 32, 50, 80),
            5: (10, 15, 22, 32, 45),
            6: (10, 14, 20, 26, 34),
        }.items()
    }
    series["resonance-4 to 6"] = [resonance(n) for n in (4, 5, 6)]
    series["B-4 to B-7"] = [coxeter_b(n) for n in (4, 5, 6, 7)]
    series["braid-5 to 9"] = [braid(n) for n in (5, 6, 7, 8, 9)]
    cost(generic(4, 20), 1)
    fig, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    for name, instances in series.items():
        points = [cost(rows, options.repeat) for rows in instances]
        for rows, (count, each) in zip(instances, points, strict=True):
            print(f"{name:20} d={len(rows[0])} m={len(rows):4} {count:9,} regions {each:7.2f} us a region", flush=True)
        style = "o-" if name.startswith("generic") else "s--"
        ax.loglog([p for p, _ in points], [q for _, q in points], style, label=name, markersize=4)
        ax.annotate(f"m = {len(instances[-1])}", points[-1], xytext=(4, 2), textcoords="offset points", fontsize=7)
    ax.axhline(1, color="grey", linewidth=0.7, linestyle=":")
    ax.axhline(5, color="grey", linewidth=0.7, linestyle=":")
    ax.set_xlabel("regions")
    ax.set_ylabel("microseconds of processor time a region, exact count included")
    ax.legend(fontsize=8)
    fig.savefig(options.output, dpi=110)


if __name__ == "__main__":
    main()
