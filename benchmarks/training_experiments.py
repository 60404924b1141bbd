"""The training experiments of Swirszcz, Czarnecki and Pascanu, Local Minima in Training of Deep Networks, again.

`python benchmarks/training_experiments.py table1 | zigzag | digits | scaled` prints the tables of docs/experiments.md.
Everything here is numeric, but for the losses at which local minima exist, which are exact.
"""

from __future__ import annotations

import argparse
import time
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

import exactgeo as eg
from exactgeo.losses import make_loss
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
    for optimizer in args.optimizers:
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
        for optimizer in args.optimizers:
            for width in args.widths:
                rates = {"adam": args.adam, "gradient_descent": args.rate}
                settings = Settings(init=args.init, optimizer=optimizer, rate=rates.get(optimizer), steps=args.steps)
                found = starts(problem_of(data, "relu", width, "squared"), args.seeds, settings, time_limit=3000)
                ends = ", ".join(f"{end.value}: {end.proportion.count}" for end in found.ends or ())
                off = sum(cluster.proportion.count for cluster in found.clusters)
                print(f"| {data} | {optimizer} | {width} | {ends} | {found.not_converged} | {off} |", flush=True)


def zigzag(args: argparse.Namespace) -> None:
    """20 points with alternating targets, inputs scaled by tau: linear regions met at the start, and the end."""
    print(
        "| tau | width | linear regions at the start | least, median and greatest mean squared error at the end |\n|---|---|---|---|"
    )
    for tau in (1.0, 0.1, 0.01, 0.001):
        for width in (100, 300):
            x, y = zigzag_data(tau)
            nets = one_hidden_layer(x, y, width, outputs=1, loss="squared", count=args.networks, bias_scale=1.0)
            patterns = [regions_met(nets[k : k + 1]) for k in range(len(nets))]
            ended = train(nets, Adam(args.adam), iterations=args.steps, gradient_tolerance=0.0)
            low, mid, high = np.quantile(ended.losses, [0, 0.5, 1])
            print(
                f"| {tau:g} | {width} | {min(patterns)} to {max(patterns)} | {low:.2g}, {mid:.2g}, {high:.2g} |",
                flush=True,
            )


def zigzag_data(tau: float) -> tuple[Any, Any]:
    """Ours: the paper's text gives the number of points, 20, not where they are."""
    t = np.arange(20)
    return tau * (t - 9.5)[:, None], np.where(t % 2, 1.0, -1.0)


def regions_met(nets: NumericNetworks) -> int:
    """How many linear regions of one network hold data."""
    (signs,) = nets.patterns().signs
    return len(np.unique(signs[0], axis=1).T)


def one_hidden_layer(
    x: Any, y: Any, width: int, *, outputs: int, loss: str, count: int, **init: Any
) -> NumericNetworks:
    """Random networks with the mean of a loss, He's weights."""
    return deep(x, y, [width], outputs=outputs, loss=loss, count=count, **init)


def deep(x: Any, y: Any, widths: list[int], *, outputs: int, loss: str, count: int, **init: Any) -> NumericNetworks:
    sizes = [x.shape[1], *widths, outputs]
    weights = [np.zeros((1, b, a)) for a, b in pairwise(sizes)]
    nets = NumericNetworks.from_layers(
        weights, [np.zeros((1, b)) for b in sizes[1:]], x=x, y=y, loss=make_loss(loss), reduction="mean"
    )
    return random_starts(nets, count, seed=0, **{"init": "he", **init})


def digits_data() -> tuple[Any, Any]:
    """The 1,797 digits of scikit-learn, 8 x 8, in [0, 1]."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return found.data / 16.0, found.target


def accuracy(nets: NumericNetworks) -> Any:
    """Per cent of the training data whose greatest score is that of their class, one a network."""
    return 100 * (nets.preactivations()[-1].argmax(axis=1) == nets.y[:, 0]).mean(axis=1)


def dead(nets: NumericNetworks) -> float:
    """The share of hidden units of the first layer that are 0 on all data."""
    return float((nets.patterns().signs[0] <= 0).all(axis=2).mean())


def digits(args: argparse.Namespace) -> None:
    """Figure 1: initialisations with a negative mean, depth, and labels at random."""
    x, labels = digits_data()
    shuffled = np.random.default_rng(0).permutation(labels)
    print(
        "| labels | layers | width | weights at the start | units dead at the start | training accuracy, per cent |\n|---|---|---|---|---|---|"
    )
    for name, y in (("digits", labels), ("permuted", shuffled)):
        for layers in (2, 5):
            for width in (32, 128) if layers == 2 else (32,):
                for words, init in INITIALISATIONS.items():
                    nets = deep(
                        x, y, [width] * (layers - 1), outputs=10, loss="cross_entropy", count=args.networks, **init
                    )
                    ended = train(nets, Adam(args.adam), iterations=args.steps, gradient_tolerance=0.0)
                    found = ", ".join(f"{q:.1f}" for q in accuracy(ended.networks))
                    print(f"| {name} | {layers} | {width} | {words} | {dead(nets):.0%} | {found} |", flush=True)


INITIALISATIONS: dict[str, dict[str, Any]] = {
    "He, mean 0": {},
    "Gaussian, mean -0.1, deviation 0.1": {"init": "gaussian", "scale": 0.1, "mean": -0.1, "bias_scale": 0.0},
    "Gaussian, mean -1, deviation 0.1": {"init": "gaussian", "scale": 0.1, "mean": -1.0, "bias_scale": 0.0},
}


def scaled(args: argparse.Namespace) -> None:
    """Figure 2: the inputs scaled by tau."""
    x, y = digits_data()
    print(
        "| tau | width | linear regions at the start, of 1,797 points | training accuracy, per cent |\n|---|---|---|---|"
    )
    for tau in (1.0, 0.1, 0.01, 0.001):
        for width in (32, 128):
            nets = one_hidden_layer(
                tau * x, y, width, outputs=10, loss="cross_entropy", count=args.networks, bias_scale=1.0
            )
            met = regions_met(nets[:1])
            ended = train(nets, Adam(args.adam), iterations=args.steps, gradient_tolerance=0.0)
            found = ", ".join(f"{q:.1f}" for q in accuracy(ended.networks))
            print(f"| {tau:g} | {width} | {met} | {found} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=["table1", "exact", "zigzag", "digits", "scaled"])
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=5_000)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--adam", type=float, default=0.001)
    parser.add_argument("--networks", type=int, default=3, help="of zigzag, digits and scaled")
    parser.add_argument("--optimizers", type=lambda text: text.split(","), default=["adam", "gradient_descent"])
    parser.add_argument("--loss", default="squared")
    parser.add_argument("--init", default="lecun")
    parser.add_argument("--widths", type=lambda text: [int(q) for q in text.split(",")], default=[2, 3, 4, 5, 6, 7])
    args = parser.parse_args()
    start = time.perf_counter()
    globals()[args.part](args)
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
