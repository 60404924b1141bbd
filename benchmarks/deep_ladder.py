"""Which rung decides degenerate points of networks of any depth, how many stay open, and how long it takes.

    PYTHONPATH=tests/shared:tests/forged python benchmarks/deep_ladder.py [COUNT] [NAME]

NAME is a part of the names of generators.

Only points are counted that first order does not refute. Each minimum must survive random curves of another seed, and
each certificate the checker.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections import Counter

from class_problems import class_case, unequal_case
from damage import outcome
from deep_problems import case
from vector_problems import pieces_case, vector_case

from exactgeo.local_minimum import decide
from exactgeo.local_minimum.deep.germs import germ_descent

GENERATORS = {
    "two or three hidden layers, one output": {"outputs": 1},
    "two or three hidden layers, two outputs": {"outputs": 2},
    "the same with frozen blocks": {"freeze": True},
    "widths (n, 1, 1), one output": {"widths": [2, 1, 1], "outputs": 1},
    "widths (n, 1, 1), two outputs": {"widths": [2, 1, 1], "outputs": 2},
    "two or three hidden layers, activations that differ, frozen blocks": {"mixed": True, "freeze": True},
    "the same with activations of the outputs": {"mixed": True, "freeze": True, "bent": True},
    "deep linear": {"activation": "linear"},
    "one hidden layer, two outputs": {"widths": [2], "outputs": 2},
    "one hidden layer, three units, three outputs": {"widths": [3], "outputs": 3},
    "one hidden layer, many kinks and ties, one unit": {"widths": [1], "make": vector_case},
    "one hidden layer, many kinks and ties, two units": {"widths": [2], "make": vector_case},
    "one hidden layer, many kinks and ties, three units": {"widths": [3], "make": vector_case},
    "one hidden layer, ties, Huber inside": {"make": pieces_case},
    "one hidden layer, ties, Huber at the end": {"make": pieces_case, "end": True},
    "classes, one hidden layer": {"widths": [2], "make": class_case},
    "classes, one to three hidden layers": {"make": class_case},
    "classes, the same with frozen blocks": {"make": class_case, "freeze": True},
    "classes, frozen outputs, scores that differ": {"make": unequal_case},
}


def share(name: str, count: int) -> None:
    seen: Counter[str] = Counter()
    wrong, times, seed = 0, [], 0
    options = dict(GENERATORS[name])
    make = options.pop("make", case)
    while sum(seen.values()) < count:
        problem = make(random.Random(f"benchmark {name} {seed}"), **options)
        seed += 1
        start = time.process_time()
        found = decide(problem)
        spent = time.process_time() - start
        if getattr(found, "argument", "") == "first_order":
            continue
        times.append(spent)
        if found.kind == "undecided":
            seen["undecided"] += 1
            continue
        seen[found.tries[-1].rung] += 1
        wrong += not outcome(found.certificate.to_json()).startswith("accepted: ")
        if found.kind == "local_minimum":
            wrong += germ_descent(problem, problem.point, count=2048, seed=seed) is not None
    parts = ", ".join(f"{rung} {100 * number / count:.1f} %" for rung, number in seen.most_common())
    print(f"{name}: {count} of {seed} points; wrong {wrong}; {parts}")
    print(f"    median {statistics.median(times):.3f} s, longest {max(times):.2f} s")


def parameters(problem) -> int:
    point = problem.point
    return sum(len(row) for matrix in point.weights for row in matrix) + sum(map(len, point.biases))


def sized() -> None:
    """100 networks with 18 to 22 parameters and at most 10 data points."""
    times, seed = [], 0
    while len(times) < 100:
        problem = case(random.Random(f"size {seed}"), widths=[3, 2], outputs=1 + seed % 2, data=10)
        seed += 1
        if 18 <= parameters(problem) <= 22:
            start = time.process_time()
            decide(problem)
            times.append(time.process_time() - start)
    print(
        f"18 to 22 parameters, m <= 10, 100 networks: median {statistics.median(times):.3f} s, longest {max(times):.2f} s"
    )


if __name__ == "__main__":
    part = sys.argv[2] if sys.argv[2:] else ""
    for one in GENERATORS:
        if part in one:
            share(one, int(sys.argv[1]) if sys.argv[1:] else 1000)
    if not part:
        sized()
