"""Random networks for the constructions of paths: of each family the widths that its theorem asks for, and points with
zero, dead, equal and collapsed layers; and what has to hold of their paths, said by a second program.
"""

import itertools
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import walk_brute

from exactgeo.formats import problem_from_mapping
from exactgeo.paths import Path
from exactgeo.problem import Point, Problem

BIJECTIVE = ("leaky_relu(1/2)", "leaky_relu(1/10)", "pl(2, 1/3)", "pl(-1, -2)")
STEEP = (*BIJECTIVE, "abs", "pl(1, -1/3)")
BENT = (*BIJECTIVE, "relu", "abs", "pl(0, 1)")


def _data(rng: random.Random, most: int, outputs: int, loss: str) -> tuple[list, list, int]:
    size = rng.randint(1, most)
    x = [[rng.randint(-2, 2) for _ in range(rng.choice((1, 2)))] for _ in range(size)]
    x = [row[: min(map(len, x))] for row in x]
    if size > 1 and rng.random() < 0.3:
        x[-1] = list(x[0])
    targets = (-1, 1) if loss == "hinge" else range(-3, 4)
    y = [[rng.choice(targets) for _ in range(outputs)] for _ in range(size)]
    return x, y, len(set(map(tuple, x)))


def _point(rng: random.Random, sizes: list[int], biases: list[bool], still: tuple[int, ...] = ()) -> dict[str, Any]:
    """Weights and biases; layers ``still`` have biases 0."""
    weights = [
        [[rng.choice((-2, -1, -1, 0, 1, 1, 2)) for _ in range(a)] for _ in range(b)]
        for a, b in itertools.pairwise(sizes)
    ]
    shifts = [
        [rng.choice((-1, 0, 1)) for _ in range(n)] if has else [] for n, has in zip(sizes[1:], biases, strict=True)
    ]
    for layer, rows in enumerate(weights):
        what = rng.random()
        if what < 0.12:
            weights[layer] = [[0] * len(row) for row in rows]
        elif what < 0.3:
            rows[rng.randrange(len(rows))] = [0] * len(rows[0])
        elif what < 0.4 and len(rows) > 1:
            rows[1] = list(rows[0])
        if rng.random() < 0.2 and layer < len(weights) - 1 and shifts[layer]:
            shifts[layer] = [-9] * len(shifts[layer])
        if layer in still:
            shifts[layer] = [0] * len(shifts[layer])
    return {"weights": weights, "biases": shifts}


def _problem(
    rng, x, y, widths, activations, common, loss, hidden_bias=None, output_bias=True, train=None, still=()
) -> tuple:
    outputs = len(y[0])
    hidden = [True] * len(widths) if hidden_bias is None else hidden_bias
    sizes = [len(x[0]), *widths, outputs]
    if rng.random() < 0.4:
        activations = [rng.choice(common)] * len(activations)
    network = {"widths": widths, "activation": activations, "hidden_bias": hidden, "output_bias": output_bias}
    tables = {"data": {"x": x, "y": y}, "network": network, "loss": {"kind": loss}, "train": train or {}}

    def point() -> dict[str, Any]:
        return _point(rng, sizes, [*hidden, output_bias], still)

    problem = problem_from_mapping({**tables, "point": point()})
    other = problem_from_mapping({**tables, "point": point()}).point
    return problem, other


def one_wide(rng: random.Random, loss: str = "squared") -> Problem:
    """One wide layer among 1 to 4, none wider above it; layers below may collapse."""
    depth, k = rng.randint(1, 4), 1 if loss == "hinge" else rng.choice((1, 1, 2))
    x, y, distinct = _data(rng, 4, k, loss)
    wide = rng.randrange(depth)
    below = [rng.randint(1, 3) for _ in range(wide)]
    above = sorted((k + rng.randint(0, 2) for _ in range(depth - wide - 1)), reverse=True)
    activations = [rng.choice(BIJECTIVE) for _ in range(depth)]
    activations[wide] = rng.choice(BENT)
    return _problem(rng, x, y, [*below, distinct + rng.randint(0, 1), *above], activations, BIJECTIVE, loss)[0]


def collapsed(rng: random.Random) -> Problem:
    """A wide layer above one or two narrow ones, of which one looks at a single input."""
    x = [[rng.randint(-2, 2) for _ in range(2)] for _ in range(rng.randint(3, 7))]
    y = [[rng.randint(-3, 3)] for _ in x]
    below = [rng.randint(1, 2) for _ in range(rng.randint(1, 2))]
    wide = len(set(map(tuple, x))) + rng.choice((0, 0, 1, 3))
    activations = [*(rng.choice(STEEP) for _ in below), rng.choice(BENT), rng.choice(BIJECTIVE)]
    problem = _problem(rng, x, y, [*below, wide, 1], activations, BIJECTIVE, "squared")[0]
    blind = rng.randrange(len(below))
    weights = list(problem.point.weights)
    weights[blind] = tuple((row[0], *(Fraction(0) for _ in row[1:])) for row in weights[blind])
    return problem.at(Point(tuple(weights), problem.point.biases))


def all_wide(rng: random.Random, loss: str = "squared") -> Problem:
    """All layers wide, any activation; biases above the first layer may be absent, or frozen at 0."""
    depth, k = rng.randint(1, 4), 1 if loss == "hinge" else rng.choice((1, 1, 2))
    x, y, distinct = _data(rng, 4, k, loss)
    widths = [distinct + rng.randint(0, 1) for _ in range(depth)]
    activations = [rng.choice(BENT), *(rng.choice((*BENT, "linear")) for _ in range(depth - 1))]
    biases = [True, *(rng.random() < 0.7 for _ in range(depth - 1))]
    still = tuple(layer for layer in range(1, depth) if biases[layer] and rng.random() < 0.3)
    train = {"hidden_bias": [layer not in still for layer in range(depth)]}
    return _problem(rng, x, y, widths, activations, BENT, loss, biases, rng.random() < 0.5, train, still)[0]


def twice_wide(rng: random.Random, loss: str = "squared") -> tuple[Problem, Point]:
    """All layers twice as wide, any activation, biases or none, and a second point."""
    depth, k = rng.randint(1, 4), 1 if loss == "hinge" else rng.choice((1, 1, 2))
    x, y, distinct = _data(rng, 3, k, loss)
    widths = [2 * distinct + rng.randint(0, 1) for _ in range(depth)]
    activations = [rng.choice((*BENT, "linear")) for _ in range(depth)]
    biases = [rng.random() < 0.6 for _ in range(depth)]
    return _problem(rng, x, y, widths, activations, BENT, loss, biases, rng.random() < 0.5)


def first_twice_wide(rng: random.Random, loss: str = "squared") -> tuple[Problem, Point]:
    """The first layer twice as wide, falling widths above it, and a second point."""
    depth, k = rng.randint(1, 4), 1 if loss == "hinge" else rng.choice((1, 1, 2))
    x, y, distinct = _data(rng, 3, k, loss)
    above = sorted(rng.sample(range(k + 1, k + depth + 1), depth - 1), reverse=True)
    activations = [rng.choice(BENT), *(rng.choice(BIJECTIVE) for _ in above)]
    biases = [True, *(rng.random() < 0.6 for _ in above)]
    return _problem(
        rng, x, y, [2 * distinct + rng.randint(0, 1), *above], activations, BIJECTIVE, loss, biases, rng.random() < 0.5
    )


# -- what has to hold -----------------------------------------------------------------------------------------------


class Replay:
    """A path, evaluated by the second program."""

    def __init__(self, problem: Problem, path: Path) -> None:
        self.problem, self.path = problem, path
        self.slopes = [a.slopes for a in problem.network.activations]

    def outputs(self, k: int, s: Fraction) -> list[list[Fraction]]:
        segment = self.path.segments[k]
        ends = ((p.weights, p.biases) for p in (segment.start, segment.end))
        curves = [(c.index, c.numerators, c.denominator) for c in segment.curved]
        return walk_brute.outputs(walk_brute.between(*ends, s, curves), self.slopes, self.problem.x)

    def at(self, point: Point) -> Fraction:
        return self.loss(walk_brute.outputs((point.weights, point.biases), self.slopes, self.problem.x))

    def loss(self, outputs: list[list[Fraction]]) -> Fraction:
        return walk_brute.loss(self.problem.loss.name, outputs, self.problem.y) * self.problem.weight

    def samples(self, rng: random.Random, number: int) -> list[tuple[int, Fraction]]:
        """Segments and numbers on them, in order."""
        found = ((rng.randrange(len(self.path.segments)), Fraction(rng.randint(0, 997), 997)) for _ in range(number))
        return sorted(found) if self.path.segments else []


def goes_down(problem: Problem, path: Path, rng: random.Random, number: int) -> None:
    """The loss never rises along the samples, outputs move on the way to the fit alone, the end is the infimum."""
    replay = Replay(problem, path)
    last, still = (
        replay.at(path.point),
        walk_brute.outputs((path.point.weights, path.point.biases), replay.slopes, problem.x),
    )
    for k, s in replay.samples(rng, number):
        outputs = replay.outputs(k, s)
        now = replay.loss(outputs)
        assert now <= last, (k, s)
        assert path.segments[k].step == "straight to the fit" or outputs == still, path.segments[k].step
        last = now
    assert replay.at(path.end) == walk_brute.infimum(problem.loss.name, problem.x, problem.y) * problem.weight
    assert path.never_rises


def joins(problem: Problem, path: Path, other: Point, rng: random.Random, number: int) -> None:
    """From the point to the other, never above the higher one; outputs move on the way across alone."""
    replay = Replay(problem, path)
    assert (path.point, path.end) == (problem.point, other)
    top = max(replay.at(path.point), replay.at(other))
    for k, s in replay.samples(rng, number):
        outputs = replay.outputs(k, s)
        assert replay.loss(outputs) <= top, (k, s)
        step = path.segments[k].step
        assert step == "straight across" or outputs == replay.outputs(k, Fraction(0)), step
    assert all(segment.kind == "constant" for segment in path.segments if segment.step != "straight across")
    assert path.highest == top


FAMILIES: dict[str, Callable[..., Any]] = {
    "one_wide": one_wide,
    "collapsed": collapsed,
    "all_wide": all_wide,
    "twice_wide": twice_wide,
    "first_twice_wide": first_twice_wide,
}
