"""Random starts in one vectorised run against loops over the starts, in one run: quote the ratios.

Full-batch gradient descent of 2-2-1 ReLU networks on XOR (squared loss, sum): a loop of plain Python floats, a loop of
numpy on one network after another, and `exactgeo.numeric.train` on all of them. All three must end at the same losses.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

import exactgeo as eg
from exactgeo.numeric import NumericNetworks, random_starts, train
from exactgeo.numeric.optimizers import GradientDescent

RATE = 0.05


def python_floats(theta: list[float], x: Any, y: Any, steps: int) -> list[float]:
    """One network: w (2 x 2), b (2), v (2), c as one list."""
    for _ in range(steps):
        slope = [0.0] * 9
        for (x1, x2), target in zip(x, y, strict=True):
            one = theta[0] * x1 + theta[1] * x2 + theta[4]
            two = theta[2] * x1 + theta[3] * x2 + theta[5]
            r = 2 * (theta[6] * max(one, 0.0) + theta[7] * max(two, 0.0) + theta[8] - target)
            if one > 0:
                slope[0] += r * theta[6] * x1
                slope[1] += r * theta[6] * x2
                slope[4] += r * theta[6]
                slope[6] += r * one
            if two > 0:
                slope[2] += r * theta[7] * x1
                slope[3] += r * theta[7] * x2
                slope[5] += r * theta[7]
                slope[7] += r * two
            slope[8] += r
        theta = [q - RATE * g for q, g in zip(theta, slope, strict=True)]
    return theta


def one_by_one(theta: Any, x: Any, y: Any, steps: int) -> Any:
    """One network in numpy."""
    w, b, v, c = theta[:4].reshape(2, 2).copy(), theta[4:6].copy(), theta[6:8].copy(), theta[8]
    for _ in range(steps):
        z = x @ w.T + b
        a = np.maximum(z, 0.0)
        r = 2 * (a @ v + c - y)
        g = (r[:, None] * v) * (z > 0)
        w, b, v, c = w - RATE * g.T @ x, b - RATE * g.sum(0), v - RATE * r @ a, c - RATE * r.sum()
    return np.concatenate([w.ravel(), b, v, [c]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=2_000)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--loop", type=int, default=40, help="starts that the loops train")
    args = parser.parse_args()
    problem = eg.load("xor-2")
    nets = random_starts(NumericNetworks.from_points(problem, [problem.point]), args.starts, seed=0)
    rows = nets.parameters[: args.loop]

    begin = time.process_time()
    plain = [python_floats(row, nets.x.tolist(), nets.y[:, 0].tolist(), args.steps) for row in rows.tolist()]
    slow = (time.process_time() - begin) / args.loop
    begin = time.process_time()
    single = [one_by_one(row, nets.x, nets.y[:, 0], args.steps) for row in rows]
    middle = (time.process_time() - begin) / args.loop
    begin = time.process_time()
    ended = train(nets, GradientDescent(RATE), iterations=args.steps, gradient_tolerance=0.0)
    fast = (time.process_time() - begin) / args.starts

    for other in (plain, single):
        if not np.allclose(nets.at(np.array(other)).losses(), ended.losses[: args.loop], rtol=1e-6, atol=1e-9):
            raise SystemExit("the loops end elsewhere")
    per = 1e6 / args.steps
    print(
        f"{args.starts} starts, {args.steps} steps of gradient descent, 2-2-1 ReLU on XOR; processor time a step of a start"
    )
    print(f"  plain Python floats   {per * slow:8.2f} us   ratio {slow / fast:.0f}")
    print(f"  numpy, one by one     {per * middle:8.2f} us   ratio {middle / fast:.0f}")
    print(f"  all at once           {per * fast:8.2f} us")


if __name__ == "__main__":
    main()
