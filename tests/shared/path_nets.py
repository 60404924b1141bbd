"""Random networks for paths, with dead and zero layers, and the replay of a path by a second program."""

import random
from fractions import Fraction as F
from itertools import pairwise

from walk_nets import Replay

from exactgeo.formats import point_from_mapping, problem_from_mapping
from exactgeo.paths import Path
from exactgeo.problem import Point, Problem

ACTIVATIONS = ("relu", "leaky_relu(1/10)", "abs", "pl(2, -1/3)")


def random_problem(rng: random.Random, loss: str, depth: int) -> tuple[Problem, Point]:
    """A problem and a second point; some layers are dead or zero."""
    outputs = 1 if loss == "hinge" else rng.randint(1, 2)
    sizes = [rng.randint(1, 3), *(rng.randint(1, 4) for _ in range(depth)), outputs]
    m = rng.randint(2, 5)
    targets = (-1, 1) if loss == "hinge" else range(-3, 4)

    def point():
        weights = [
            [[F(rng.randint(-3, 3), rng.choice((1, 1, 2))) for _ in range(a)] for _ in range(b)]
            for a, b in pairwise(sizes)
        ]
        biases = [[rng.randint(-2, 2) for _ in range(b)] for b in sizes[1:]]
        if rng.random() < 0.3:
            k = rng.randrange(depth + 1)
            weights[k] = [[0] * len(row) for row in weights[k]]
            biases[k] = [rng.choice((0, -1))] * len(biases[k])
        return {"weights": weights, "biases": biases}

    problem = problem_from_mapping({
        "data": {"x": [[rng.randint(-3, 3) for _ in range(sizes[0])] for _ in range(m)],
                 "y": [[rng.choice(targets) for _ in range(outputs)] for _ in range(m)]},
        "network": {"widths": sizes[1:-1], "activation": rng.choice(ACTIVATIONS)},
        "loss": {"kind": loss, "reduction": rng.choice(("sum", "mean"))},
        "point": point(),
    })  # fmt: skip
    return problem, point_from_mapping(point(), problem)


def replayed(path: Path, rng: random.Random, number: int) -> int:
    """Values on every segment by the second program: those of the loss, as the kind says, below the highest."""
    replay, values = Replay(path.problem, path), []
    for k, segment in enumerate(path.segments):
        times = [F(0), *sorted({F(rng.randint(1, 996), 997) for _ in range(number)}), F(1)]
        here = [replay.loss(replay.outputs(k, s)) for s in times]
        assert here == [segment.loss_at(s) for s in times]
        assert here == [path.loss_at(k + s) for s in times]
        assert (here[0], here[-1]) == segment.ends
        kind = str(segment.kind)
        if kind == "constant":
            assert len(set(here)) == 1
        elif kind == "decreasing":
            assert all(a > b for a, b in pairwise(here))
        elif kind == "rising":
            assert all(a < b for a, b in pairwise(here))
        elif kind == "convex":
            slopes = [(b - a) / (t - s) for (s, a), (t, b) in pairwise(zip(times, here, strict=True))]
            assert slopes == sorted(slopes)
        assert kind == "above" or max(here) == max(here[0], here[-1])
        values += here
    assert not path.highest < max(values, default=path.losses[0])
    return len(values)
