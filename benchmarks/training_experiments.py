"""The training experiments of Swirszcz, Czarnecki and Pascanu, Local Minima in Training of Deep Networks, again.

`python benchmarks/training_experiments.py table1 | zigzag | digits | scaled` prints the tables of docs/experiments.md.
Everything here is numeric, but for the losses at which local minima exist, which are exact.
"""

from __future__ import annotations

import argparse
import time
from fractions import Fraction
from typing import Any

import numpy as np

import exactgeo as eg
from exactgeo.numeric import NumericNetworks, random_starts, train
from exactgeo.numeric.optimizers import Adam, GradientDescent
from exactgeo.random_starts import Settings, starts

PAPER = {
    ("adam", "xor", "relu"): (28, 52, 68, 81, 91, 97),
    ("adam", "xor", "sigmoid"): (79, 98, 100, 100, 100, 100),
    ("adam", "jellyfish", "relu"): (7, 34, 50, 51, 61, 69),
    ("adam", "jellyfish", "sigmoid"): (0, 0, 2, 27, 17, 58),
    ("gradient_descent", "xor", "relu"): (23, 47, 70, 80, 89, 89),
    ("gradient_descent", "xor", "sigmoid"): (90, 100, 100, 100, 100, 100),
    ("gradient_descent", "jellyfish", "relu"): (16, 33, 66, 68, 69, 86),
    ("gradient_descent", "jellyfish", "sigmoid"): (62, 100, 100, 100, 100, 100),
}
"""Table 1: per cent, h = 2 to 7."""


def problem_of(data: str, activation: str, width: int, loss: str) -> eg.Problem:
    """XOR or jellyfish with targets -1 and 1, mean loss; 2-h-1 with all biases."""
    tree = eg.load(f"{data}-1-pm").to_dict()
    return eg.load(
        {
            "data": tree["data"],
            "network": {"widths": [width], "activation": activation},
            "loss": {"kind": loss, "reduction": "mean"},
        }
    )


def classified(problem: eg.Problem, seeds: int, optimizer: str, rate: float, steps: int, init: str) -> Any:
    """The share of trained networks that classify all points, their losses, and the networks."""
    net = problem.network
    zero = [np.zeros((1, net.widths[0], problem.d)), np.zeros((1, 1, net.widths[0]))]
    point = eg.Point(
        tuple(tuple(tuple(Fraction(0) for _ in row) for row in layer[0]) for layer in zero),
        ((Fraction(0),) * net.widths[0], (Fraction(0),)),
    )
    nets = random_starts(NumericNetworks.from_points(problem, [point]), seeds, seed=0, init=init)
    rule = GradientDescent(rate) if optimizer == "gradient_descent" else Adam(rate)
    ended = train(nets, rule, iterations=steps, gradient_tolerance=1e-8)
    right = np.sign(ended.networks.preactivations()[-1][:, 0]) == ended.networks.y[:, 0]
    return right.all(axis=1), ended.losses


def table1(args: argparse.Namespace) -> None:
    """Per cent of seeds that end with no training error, beside the paper's."""
    print(
        f"{args.seeds} seeds, {args.loss} loss (mean), targets -1 and 1, init {args.init}, biases 0, {args.steps} steps,"
    )
    print(f"gradient descent rate {args.rate}, Adam rate {args.adam}; per cent: ours (paper)")
    for optimizer in ("adam", "gradient_descent"):
        rate = args.adam if optimizer == "adam" else args.rate
        print(
            f"\n| h, {optimizer} | xor relu | xor sigmoid | jellyfish relu | jellyfish sigmoid |\n|---|---|---|---|---|"
        )
        for width in args.widths:
            cells = []
            for data in ("xor", "jellyfish"):
                for activation in ("relu", "sigmoid"):
                    problem = problem_of(data, activation, width, args.loss)
                    right, _ = classified(problem, args.seeds, optimizer, rate, args.steps, args.init)
                    cells.append(f"{100 * right.mean():.0f} ({PAPER[optimizer, data, activation][width - 2]})")
            print(f"| {width} | {' | '.join(cells)} |", flush=True)


def exact(args: argparse.Namespace) -> None:
    """ReLU and the squared loss: where all seeds end, beside the exact list."""
    for data in ("xor", "jellyfish"):
        for optimizer in ("adam", "gradient_descent", "lbfgs"):
            for width in args.widths:
                rates = {"adam": args.adam, "gradient_descent": args.rate}
                settings = Settings(init=args.init, optimizer=optimizer, rate=rates.get(optimizer), steps=args.steps)
                found = starts(problem_of(data, "relu", width, "squared"), args.seeds, settings, time_limit=3000)
                ends = ", ".join(f"{end.value}: {end.proportion.count}" for end in found.ends or ())
                off = sum(cluster.proportion.count for cluster in found.clusters)
                print(f"| {data} | {optimizer} | {width} | {ends} | {found.not_converged} | {off} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=["table1", "exact", "zigzag", "digits", "scaled"])
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--adam", type=float, default=0.001)
    parser.add_argument("--loss", default="squared")
    parser.add_argument("--init", default="lecun")
    parser.add_argument("--widths", type=lambda text: [int(q) for q in text.split(",")], default=[2, 3, 4, 5, 6, 7])
    args = parser.parse_args()
    start = time.perf_counter()
    globals()[args.part](args)
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
