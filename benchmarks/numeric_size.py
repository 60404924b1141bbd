"""exactgeo.numeric at size: one wide network on many points, in both float types, against a Python loop and torch.

Processor time and peak memory of arrays, one run; quote the ratios. Every answer is compared within the bounds that the
engine itself gives. The loop works on a few points and is extrapolated; torch (``--torch PYTHON``, the interpreter of
an environment that has it) computes the loss and its gradient by autograd, without any bound, with one thread.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from exactgeo.numeric import NumericNetworks, sampled_regions

DTYPES = ("float32", "float64")

TORCH = """
import json, resource, sys, time
import numpy as np, torch
torch.set_num_threads(1)
data = np.load(sys.argv[1])
answers = {}
for dtype in ("float32", "float64"):
    x, y, w, b, v = (torch.from_numpy(data[q]).to(getattr(torch, dtype)) for q in ("x", "y", "W", "b", "v"))
    w, b, v = (q.requires_grad_() for q in (w, b, v))
    best = None
    for _ in range(3):
        w.grad = b.grad = v.grad = None
        start = time.process_time()
        loss = (((x @ w.T + b).relu() @ v - y) ** 2).sum()
        loss.backward()
        taken = time.process_time() - start
        best = taken if best is None else min(best, taken)
    np.savez(sys.argv[1] + dtype, w=w.grad.double().numpy(), b=b.grad.double().numpy(), v=v.grad.double().numpy())
    answers[dtype] = {"loss": loss.item(), "seconds": best}
print(json.dumps({"version": torch.__version__, "answers": answers}))
"""


def clock(call: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    best, result = float("inf"), None
    for _ in range(repeats):
        start = time.process_time()
        result = call()
        best = min(best, time.process_time() - start)
    return best, result


def peak(call: Callable[[], Any]) -> float:
    """Most that arrays take at once, MB."""
    tracemalloc.start()
    call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 2**20


def loop(W: Any, b: Any, v: Any, x: Any, y: Any) -> tuple[float, list[list[float]]]:
    """Loss and its gradient in W of one ReLU network in plain Python floats."""
    loss, gradient = 0.0, [[0.0] * len(W[0]) for _ in W]
    for row, target in zip(x, y, strict=True):
        z = [sum(map(float.__mul__, unit, row), shift) for unit, shift in zip(W, b, strict=True)]
        r = sum(outer * max(q, 0.0) for outer, q in zip(v, z, strict=True)) - target
        loss += r * r
        for i, q in enumerate(z):
            if q > 0:
                factor = 2 * r * v[i]
                gradient[i] = [g + factor * a for g, a in zip(gradient[i], row, strict=True)]
    return loss, gradient


def agree(what: str, found: Any, value: Any, error: Any) -> None:
    if not (np.abs(np.asarray(found) - value) <= error).all():
        raise SystemExit(f"the two sides disagree on {what}")


def torch_row(python: str, arrays: dict[str, Any], first: dict[str, Any], said: dict[str, Any]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "data.npz")
        np.savez(path, **arrays)
        run = subprocess.run([python, "-c", TORCH, path], capture_output=True, text=True, check=True)
        answers = json.loads(run.stdout)
        for dtype, answer in answers["answers"].items():
            grads = np.load(path + dtype + ".npz")
            # torch rounds as well, at most as much as the engine's bound in the same type allows.
            agree("torch's loss", answer["loss"], said[dtype].losses[0], 2 * said[dtype].loss_errors[0])
            nets = first[dtype].networks
            row = nets.flatten([grads["w"][None], grads["v"][None, None]], [grads["b"][None], None])
            agree("torch's gradient", row, first[dtype].slopes, 2 * first[dtype].errors)
    print(f"torch {answers['version']}, loss and gradient, one thread: both types agree within the bounds")
    return {dtype: answer["seconds"] for dtype, answer in answers["answers"].items()}


def regions(m: int, d: int, samples: int, exact: int | None) -> None:
    x = np.random.default_rng(1).standard_normal((m, d))
    memory = 1 << 28
    for dtype in DTYPES:
        taken, found = clock(
            lambda dtype=dtype: sampled_regions(x, samples, bias=False, dtype=dtype, memory=memory), repeats=1
        )
        truth = f", truth {exact - len(found)} missing" if exact is not None else ""
        print(
            f"m={m} d={d} {dtype}: {samples} samples in {taken:.2f} s, {found.doubtful} doubtful, {len(found)} regions met, "
            f"next draw is new with probability {found.missing_mass:.4f} (Good-Turing), "
            f"at least {found.missing:.0f} missing (Chao1){truth}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--m", type=int, default=10_000)
    parser.add_argument("--d", type=int, default=100)
    parser.add_argument("--width", type=int, default=1000)
    parser.add_argument("--loop", type=int, default=50, help="data points that the Python loop works on")
    parser.add_argument("--torch", help="the interpreter of an environment with torch")
    args = parser.parse_args()
    m, d, n = args.m, args.d, args.width
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((m, d)), rng.standard_normal(m)
    W, b, v = rng.standard_normal((n, d)) / d**0.5, rng.standard_normal(n), rng.standard_normal(n) / n**0.5
    arrays = {"W": W, "b": b, "v": v, "x": x, "y": y}

    def nets(points: int) -> NumericNetworks:
        return NumericNetworks.from_arrays(W[None], v[None], b[None], x=x[:points], y=y[:points])

    whole, few = nets(m), nets(args.loop)
    slow, (loss, gradient) = clock(lambda: loop(*(q.tolist() for q in (W, b, v, x[: args.loop], y[: args.loop]))), 1)
    print(f"m = {m}, d = {d}, width {n}; {W.size + b.size + v.size} parameters")
    print(f"Python loop, loss and gradient: {slow:.2f} s for {args.loop} points, {slow / args.loop * m:.0f} s for all")
    said, first, seconds = {}, {}, {}
    for dtype in DTYPES:
        agree("the loss", loss, few.evaluate(dtype=dtype).losses, few.evaluate(dtype=dtype).loss_errors)
        small = few.first_order(margin=0, dtype=dtype)
        agree("the gradient", np.ravel(gradient), small.slopes[0, : W.size], small.errors[0, : W.size] + 1e-9)
        taken, said[dtype] = clock(lambda dtype=dtype: whole.evaluate(dtype=dtype))
        most = peak(lambda dtype=dtype: whole.evaluate(dtype=dtype))
        error = said[dtype].loss_errors[0] / said[dtype].losses[0]
        print(f"{dtype} evaluate: {taken:.2f} s, {most:.0f} MB, loss known to {error:.0e} of itself, ", end="")
        print(f"{said[dtype].doubtful[0]} of {m * n} signs doubtful")
        seconds[dtype], first[dtype] = clock(lambda dtype=dtype: whole.first_order(margin=1e-6, dtype=dtype))
        most = peak(lambda dtype=dtype: whole.first_order(margin=1e-6, dtype=dtype))
        sure = (first[dtype].descents != 0).mean()
        print(
            f"{dtype} first_order: {seconds[dtype]:.2f} s, {most:.0f} MB, {100 * sure:.1f} % of coordinates surely ",
            end="",
        )
        print(f"off 0; Python loop / this {slow / args.loop * m / seconds[dtype]:.0f}")
    if args.torch:
        for dtype, taken in torch_row(args.torch, arrays, first, said).items():
            print(f"  {dtype}: torch {taken:.2f} s; this / torch {seconds[dtype] / taken:.1f}")
    else:
        print("torch: not asked for (--torch PYTHON)")
    regions(m, d, 5000, None)
    # In general position: 2 (1 + 49 + 49 * 48 / 2) regions.
    for samples in (1000, 10_000, 100_000):
        regions(50, 3, samples, 2452)


if __name__ == "__main__":
    main()
