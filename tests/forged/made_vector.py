"""The accepted certificates of networks with one hidden layer and several outputs."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from deep_problems import case
from vector_problems import pieces_case, vector_case

from exactgeo.claims.certificate import Certificate
from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum import LADDER
from exactgeo.problem import Problem


def network(x: Any, y: Any, w: Any, v: Any) -> Problem:
    """A network without biases."""
    return problem_from_mapping(
        {
            "data": {"x": x, "y": y},
            "network": {"widths": [len(w)], "hidden_bias": False, "output_bias": False},
            "point": {"weights": [w, v]},
        }
    )


def one_ray(y: str) -> Problem:
    """X = I, w = (1, 0), v = (2, 0): the form is 4 - y^2 on one ray."""
    return network([[1, 0], [0, 1]], [[2, 0], [0, y]], [[1, 0]], [[2], [0]])


def halved(y: str) -> Problem:
    """The same with half the loss."""
    return problem_from_mapping({**one_ray(y).to_dict(), "loss": {"kind": "half_squared"}})


def meeting(one: int, other: int) -> Problem:
    """Two units that fit: outputs (1, 0), and (one, other); on its ray the first has (1, t)."""
    return network([[1, 0], [0, 1]], [[1, one], [0, other]], [[1, 0], [one, other]], [[1, 0], [0, 1]])


def block() -> Problem:
    """Two units, all data active: singular values 8 and 4, and 4 in the residual."""
    x = [[int(i == t) for i in range(4)] for t in range(4)]
    y = [[2, 4, -2], [-2, 4, -2], [-2, 4, 2], [2, 4, 2]]
    return network(x, y, [[3, 1, 1, 3], [1, 3, 3, 1]], [[1, -1], [1, 1], [0, 0]])


def apart() -> Problem:
    """Two units, each with a tie on a ray of its own."""
    x = [[int(i == t) for i in range(4)] for t in range(4)]
    y = [[2, 0], [0, 2], [2, 0], [0, 2]]
    return network(x, y, [[1, 0, -1, -1], [-1, -1, 1, 0]], [[2, 2], [0, 0]])


def turning() -> Problem:
    """A silent unit that takes on outputs of the loud one and costs as much as is gained: along the zero of the form the
    output weights, and with them the residual, turn one way."""
    y = [[1, 0, 0, 0], [0, 1, 1, -2], [1, 0, 0, 0], [-1, 1, 1, 1]]
    v = [[1, 0], [0, 1], [0, 1], [0, -2]]
    return network([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]], y, [[1, 0, -1], [-2, 1, 0]], v)


def _by(rung: str, problem: Callable[[], Problem]) -> Callable[[], Certificate]:
    chosen = next(one for one in LADDER if one.name == rung)

    def make() -> Certificate:
        given = problem()
        return chosen.decide(given, given.point).certificate  # type: ignore[union-attr, arg-type]

    return make


def _found(seed: str, outputs: int) -> Callable[[], Certificate]:
    return _by("tied_faces", lambda: vector_case(random.Random(seed), widths=[2], outputs=outputs))


VECTOR_MAKERS: dict[str, Callable[[], Certificate]] = {
    "vector-silent": _by("silent_units", lambda: network([[1]], [[3, 1]], [[0]], [[-1], [0]])),
    "vector-silent-huber": _by(
        "silent_units", lambda: case(random.Random("v26"), widths=[2], outputs=2, loss="huber(1)")
    ),
    "vector-dependent": _by(
        "dependent_outputs",
        lambda: network([[1, 0], [0, 1]], [[2, 0], [0, 1]], [[1, 0], [1, 0]], [[1, 1], [0, 0]]),
    ),
    "vector-definite": _by("definite_faces", lambda: one_ray("199/100")),
    "vector-definite-beside-a-silent-unit": _by(
        "definite_faces", lambda: vector_case(random.Random("q19472"), widths=[2], outputs=3)
    ),
    "vector-definite-two-units": _by(
        "definite_faces", lambda: vector_case(random.Random("p1201[2]"), widths=[2], outputs=3)
    ),
    "vector-definite-huber": _by("definite_faces", lambda: pieces_case(random.Random("h72"))),
    "vector-definite-beside-a-break": _by("definite_faces", lambda: pieces_case(random.Random("h72"), end=True)),
    "vector-tied-huber": _by("tied_faces", lambda: pieces_case(random.Random("h29"))),
    "vector-tied": _by("tied_faces", lambda: one_ray("2")),
    "vector-tied-block": _by("tied_faces", block),
    "vector-tied-apart": _by("tied_faces", apart),
    "vector-tied-flat": _by("tied_faces", lambda: vector_case(random.Random("p440[2]"), widths=[2], outputs=2)),
    "vector-whole": _by("tied_faces", lambda: vector_case(random.Random("q7762"), widths=[2], outputs=2)),
    "vector-whole-lines": _by("tied_faces", lambda: case(random.Random("q882"), widths=[2], outputs=2)),
    "vector-tied-flat-lines": _by("tied_faces", lambda: vector_case(random.Random("p293[2]"), widths=[2], outputs=3)),
    "vector-tied-half-squared": _by("tied_faces", lambda: halved("2")),
    "vector-whole-turning": _by("tied_faces", turning),
    "vector-whole-that-meets-afar": _by("tied_faces", lambda: meeting(1, 1013)),
    # Each has what the checker looks at and no other file has: opposite rays, rays that rise beside a zero, zeros on
    # free variables beside rays, two of them, and zeros of both kinds.
    "vector-tied-opposite-rays": _found("find v 2 3 838", 3),
    "vector-whole-rising": _found("find v 2 2 1170", 2),
    "vector-whole-rising-beside-lines": _found("find v 2 3 1210", 3),
    "vector-tied-two-lines": _found("find v 2 3 330", 3),
    "vector-tied-lines-and-rays": _found("find v 2 2 1256", 2),
}
