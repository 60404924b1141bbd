"""The accepted certificates of tests/certificates/accept, each made again by the tool.

``PYTHONPATH=tests/brute:tests/shared python tests/forged/made.py`` writes them.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from unittest import mock

import made_ball
import made_logistic
import made_ordered_penalty
import made_penalty
import made_probability
import made_smooth
from degenerate import generate, to_problem
from made_cells import CELL_MAKERS
from made_classes import CLASS_MAKERS
from made_deep import DEEP_MAKERS
from made_minimum import MINIMUM_MAKERS
from made_path import PATH_MAKERS
from made_subgradient import SUBGRADIENT_MAKERS
from made_symmetry import SYMMETRY_MAKERS
from made_vector import VECTOR_MAKERS

import exactgeo as eg
from exactgeo import standing
from exactgeo.basin.claims import global_claim
from exactgeo.claims.basin_optimum import BasinCell, BasinOptimumClaim
from exactgeo.claims.certificate import Certificate
from exactgeo.claims.fields import FrozenDict
from exactgeo.formats import problem_from_mapping
from exactgeo.landscape.claims import barrier_claim, path_claim
from exactgeo.local_minimum import Descent, Minimum, decide

ACCEPT = Path(__file__).parents[1] / "certificates" / "accept"
D1 = {"x": [[5], [4], [3], [1], [-1]], "y": [2, 1, 0, -3, 3]}


def _certify(problem: eg.Problem) -> Certificate:
    found = eg.certify(problem).certificate
    assert found is not None
    return found


def _decided(problem: eg.Problem) -> Certificate:
    """Of what is local alone."""
    found = decide(problem)
    assert isinstance(found, Minimum | Descent)
    return found.certificate


def _resisting(**tables: object) -> eg.Problem:
    """A neuron at 0 whose bias has no penalty and that no output bias follows; or as the tables say."""
    given = {
        "data": {"x": [[1], [-1]], "y": ["-3/5", "3/5"]},
        "network": {"widths": [1], "output_bias": False},
        "loss": {"kind": "half_squared"},
        "penalty": {"l2": 1},
        "point": {"weights": [[[0]], [[0]]], "biases": [[1], []]},
    }
    return problem_from_mapping(given | tables)


def _named(name: str) -> Callable[[], Certificate]:
    return lambda: _certify(eg.load(name))


def _seed(seed: int, tiny: bool = True) -> Callable[[], Certificate]:
    return lambda: _certify(to_problem(generate(random.Random(seed), tiny)))


def _problem(**tables: object) -> eg.Problem:
    return problem_from_mapping(tables)


def _census(**tables: object) -> Callable[[], Certificate]:
    """The global minimum alone."""

    def make() -> Certificate:
        found = eg.basins(_problem(**tables))
        claim = global_claim(found.problem, found.best, found.minimum, (best.gradient for best in found.optima))
        return Certificate(found.problem, (claim,))

    return make


def _basins(**tables: object) -> Callable[[], Certificate]:
    def make() -> Certificate:
        found = eg.basins(_problem(**tables)).certificate
        assert found is not None
        return found

    return make


def _route(one: object, other: object, **tables: object) -> Callable[[], Certificate]:
    def make() -> Certificate:
        found = eg.path(_problem(point=one, **tables), one, other)
        assert found.path is not None
        assert found.critical is not None
        claims = path_claim(found.path), barrier_claim(found.critical)
        return Certificate(found.problem, tuple(claim for claim in claims if claim is not None))

    return make


def _minima(**tables: object) -> Callable[[], Certificate]:
    def make() -> Certificate:
        found = eg.basins(_problem(**tables)).prove(minima=True)
        assert found is not None
        return found

    return make


def _landscape(full: bool = False, **tables: object) -> Callable[[], Certificate]:
    def make() -> Certificate:
        found = eg.landscape(_problem(**tables), full=full).certificate
        assert found is not None
        return found

    return make


def _basin(index: int, **tables: object) -> Callable[[], Certificate]:
    def make() -> Certificate:
        found = eg.basins(_problem(**tables))[index].certificate
        assert found is not None
        return found

    return make


def _local(**tables: object) -> Callable[[], Certificate]:
    """What is local of a verdict: no time for the rest."""

    def make() -> Certificate:
        found = eg.certify(_problem(**tables), time_limit=0).certificate
        assert found is not None
        return found

    return make


def _cones_of(kind: str) -> Callable[[], Certificate]:
    """Three dependent concave kinks: cones that are split, one side implied, multipliers that are not 0."""
    data = {"x": [[1, 0], [0, 1], [1, 1], [2, 1], [1, 2], [2, -1], [-1, 2]], "y": [1, 1, 1, -3, -3, -3, -3]}
    network = {"widths": [1], "hidden_bias": False, "output_bias": False}
    return _local(data=data, network=network, loss={"kind": kind}, point={"weights": [[[0, 0]], [[1]]]})


def _skew_cones() -> Certificate:
    """The same with a form that is implied with other multipliers than 1."""
    data = {"x": [[1, 0], [0, 1], [2, 3], [2, 1], [1, 2], [2, -1], [-1, 2]], "y": [1, 1, 1, -3, -3, -3, -3]}
    network = {"widths": [1], "hidden_bias": False, "output_bias": False}
    verdict = eg.certify(_problem(data=data, network=network, point={"weights": [[[0, 0]], [[1]]]}), time_limit=0)
    assert verdict.certificate is not None
    return verdict.certificate


def _dead_beside_a_kink() -> Certificate:
    """A neuron with output weight 0 that is silent on one side of its kink; the set of equal loss has dimension 5."""
    return _certify(
        _problem(
            data={"x": [[1], [-1]], "y": [0, 0]},
            network={"widths": [3], "output_bias": False},
            train={"hidden_bias": False},
            point={"weights": [[[0], [0], [1]], [[1, 1, 0]]], "biases": [[0, 0, -1], []]},
        )
    )


def _deep_zero() -> Certificate:
    return _certify(
        _problem(
            data={"x": [[1, 0], [0, 2]], "y": [[1, 2], [0, 4]]},
            network={"widths": [2, 2]},
            point={"weights": [[[1, 0], [0, 1]], [[1, 0], [0, 1]], [[1, 0], [2, 2]]], "biases": [[0, 0]] * 3},
        )
    )


def _zero_loss(widths: list[int], y: list[list[int]]) -> Callable[[], Certificate]:
    """A network of ones, of units with one input, that fits its one data point."""

    def make() -> Certificate:
        sizes = [1, *widths, len(y[0])]
        weights = [[[1] * a for _ in range(b)] for a, b in pairwise(sizes)]
        point = {"weights": weights, "biases": [[0] * b for b in sizes[1:]]}
        return _certify(_problem(data={"x": [[1]], "y": y}, network={"widths": widths}, point=point))

    return make


def _frozen_zero() -> Certificate:
    """A basin of two neurons, one of them frozen at output weight 0, with a zero data point and a frozen bias."""
    problem = _problem(
        data={"x": [[0], [1]], "y": [3, 2]},
        network={"widths": [2]},
        loss={"kind": "half_squared", "reduction": "mean"},
        train={"output": False, "hidden_bias": False, "output_bias": False},
        point={"weights": [[[1], [1]], [[1, 0]]], "biases": [[0, 0], [1]]},
    )
    cells = BasinCell("0+", 1, FrozenDict()), BasinCell("0+", 0, FrozenDict())
    residuals = tuple(row[0] - y[0] for row, y in zip(problem.predictions(problem.point), problem.y, strict=True))
    claim = BasinOptimumClaim(problem.point, problem.loss_at(problem.point), cells, residuals)
    return Certificate(problem, (claim,))


_SIGNED = {"x": [[1], [-1], [2]], "y": [1, -1, -1]}
_SLOPED = {"x": [[1], [-1], [2]], "y": [1, -2, 2]}
_PLAIN = {"widths": [1], "hidden_bias": False}
_SHORT = {"x": [[0], [1], [2]], "y": [1, -2, 2]}
_ONE = {"widths": [1]}
_TWO = {"x": [[0], [1], [2]], "y": [1, -1, 1]}
_PROP1 = {"weights": [[[1]], [[1]]], "biases": [[-3], [0]]}
_MARGINS = {"x": [[0], [3], [1], [0], [1]], "y": [1, 1, -1, -1, 1]}
_OUTPUTS = {"weights": [[[0], [0], [0]], [[1, -2, 0]]], "biases": [[0, 0, 0], [1]]}


def _face(x: list[list[int]], y: list[int], v: int, activation: str, loss: str) -> Callable[[], Certificate]:
    """Of one neuron with w = 0, whose kinks are all data."""
    return lambda: _certify(
        _problem(
            data={"x": x, "y": y},
            network=_PLAIN | {"output_bias": False, "activation": activation},
            loss={"kind": loss},
            point={"weights": [[[0, 0]], [[v]]]},
        )
    )


MAKERS: dict[str, Callable[[], Certificate]] = {
    "prop1": _named("swirszcz-prop1"),
    "prop1-global": _named("swirszcz-prop1-better"),
    "kink-global": _named("kink-global"),
    "descent": _named("swirszcz-prop2-local"),
    "descent-second-order": _seed(1443),
    "descent-linear-model": _seed(133),
    "plateau": _named("swirszcz-d1-plateau"),
    "xor": _named("xor-1"),
    "frozen-outputs": _named("safran-shamir-c1-d2-mixed"),
    "cones": _cones_of("squared"),
    "cones-skew": _skew_cones,
    "dead-beside-a-kink": _dead_beside_a_kink,
    "idle": _seed(1195),
    "idle-separated": _seed(1252),
    "flat-vanishing": _seed(1303),
    "flat-split": _seed(1182),
    "slow-curve": _seed(1466),
    "kinks-of-two-neurons": _seed(3208, tiny=False),
    "silent-and-unmoved": _seed(2081, tiny=False),
    "leaky": _seed(2189, tiny=False),
    "parts": _seed(736),
    "strict-everywhere": _seed(607, tiny=False),
    "linear-model": _seed(449, tiny=False),
    "deep-zero-loss": _deep_zero,
    "two-outputs-zero-loss": _zero_loss([1], [[1, 1]]),
    "two-layers-zero-loss": _zero_loss([1, 1], [[1]]),
    "census": _census(data=D1, network=_ONE),
    "small-output-weight": lambda: _certify(
        _problem(data=D1, network=_ONE, point={"weights": [[[3]], [["1/3"]]], "biases": [[-9], [0]]})
    ),
    "two-units": _named("swirszcz-prop2-global-corrected"),
    "linear-model-trained": lambda: _certify(
        _problem(
            data={"x": [[1], [2], [3]], "y": [1, 2, 0]},
            network={"widths": []},
            point={"weights": [[["-1/2"]]], "biases": [[2]]},
        )
    ),
    "negative-slopes": lambda: _certify(
        _problem(
            data={"x": [[1, 0], [0, 1], [1, 1], [1, -1]], "y": [-3, -3, 1, -2]},
            network={"widths": [1], "activation": "abs", "hidden_bias": False, "output_bias": False},
            point={"weights": [[[0, 0]], [[1]]]},
        )
    ),
    # What vanishes whatever an idle unit does: by one subgradient, with the unit left open.
    "open-unit": lambda: _decided(
        _problem(
            data={"x": [[1], [-1], [2]], "y": [1, 0, 2]},
            network={"widths": [2], "hidden_bias": False, "output_bias": False},
            loss={"kind": "absolute"},
            point={"weights": [[[1], [-1]], [[1, 0]]]},
        )
    ),
    "open-unit-with-a-kink": lambda: _decided(
        _problem(
            data={"x": [[1, 0], [0, 1], [1, 1]], "y": [1, 0, 1]},
            network={"widths": [2], "hidden_bias": False, "output_bias": False},
            loss={"kind": "absolute"},
            point={"weights": [[[1, 0], [0, 1]], [[1, 0]]]},
        )
    ),
    # Neurons at 0 with outputs, under a penalty: the second order of the loss decides.
    "second-order": lambda: _decided(_resisting()),
    "second-order-of-two": lambda: _decided(
        _resisting(
            data={"x": [[1], [2], [-1], [-2]], "y": ["-1/2", "5/2", "1/5", "-1/5"]},
            network={"widths": [2], "output_bias": False},
            point={"weights": [[[1], [0]], [[1, 0]]], "biases": [["-1/2", 1], []]},
        )
    ),
    "second-order-of-huber": lambda: _decided(_resisting(loss={"kind": "huber(7/10)"})),
    "second-order-without-kinks": lambda: _decided(
        _resisting(network={"widths": [1], "activation": "linear", "output_bias": False})
    ),
    "dead-unit": lambda: _certify(
        _problem(
            data={"x": [[1], [2]], "y": [1, 3]}, network=_ONE, point={"weights": [[[-1]], [[0]]], "biases": [[-1], [2]]}
        )
    ),
    "kinks-that-do-not-bend": lambda: _certify(
        _problem(
            data={"x": [[1, 0], [-1, 0], [-1, 1], [0, 1]], "y": [-1, 1, 0, 2]},
            network={"widths": [1], "hidden_bias": False, "output_bias": False},
            point={"weights": [[[0, 1]], [[1]]]},
        )
    ),
    "abs-at-the-origin": lambda: _certify(
        _problem(
            data={"x": [[1]], "y": [0]},
            network={"widths": [1], "activation": "abs", "hidden_bias": False, "output_bias": False},
            point={"weights": [[[0]], [[0]]]},
        )
    ),
    "census-frozen-bias": _census(
        data=_SHORT,
        network={"widths": [1]},
        train={"output_bias": False},
        point={"weights": [[[0]], [[1]]], "biases": [[0], [1]]},
    ),
    "census-plane": _census(data={"x": [[1, 2], [2, -1], [-1, 1], [3, 1]], "y": [1, -2, 3, 1]}, network=_ONE),
    "census-two-neurons": _census(
        data=_SHORT, network={"widths": [2], "activation": "abs"}, loss={"reduction": "mean"}
    ),
    "census-frozen": _census(
        data={"x": [[0], [1], [2]], "y": [-3, 4, -3]},
        network={"widths": [3]},
        train={"output": False, "output_bias": False},
        point={"weights": [[[0], [0], [0]], [[1, -2, 0]]], "biases": [[0, 0, 0], [1]]},
    ),
    "census-linear-activation": _census(data=_SHORT, network={"widths": [1], "activation": "linear"}),
    "census-absolute": _census(data=_SLOPED, network=_PLAIN, loss={"kind": "absolute"}),
    "census-huber": _census(data=_SLOPED, network=_PLAIN, loss={"kind": "huber(1/2)"}),
    "census-hinge": _census(data=_SIGNED, network=_PLAIN, loss={"kind": "hinge"}),
    "census-squared-hinge": _census(data=_SIGNED, network=_PLAIN, loss={"kind": "squared_hinge"}),
    "huber-minimum": _local(data=D1, network=_ONE, loss={"kind": "huber(4)"}, point=_PROP1),
    # The residuals of Proposition 1 are 3 and -3: at the break, and beyond it.
    "huber-minimum-at-the-break": _local(data=D1, network=_ONE, loss={"kind": "huber(3)"}, point=_PROP1),
    "huber-minimum-on-slopes": _cones_of("huber(2)"),
    "huber-minima": _minima(data=_SLOPED, network=_PLAIN, loss={"kind": "huber(1)", "reduction": "mean"}),
    "squared-hinge-minima": _minima(data=_SIGNED, network=_PLAIN, loss={"kind": "squared_hinge", "reduction": "mean"}),
    "huber-descent": lambda: _certify(
        _problem(
            data=D1,
            network=_ONE,
            loss={"kind": "huber(1/2)", "reduction": "mean"},
            point={"weights": [[[1]], [[1]]], "biases": [[0], [1]]},
        )
    ),
    "huber-minimum-anywhere": lambda: _certify(
        _problem(
            data={"x": [[1], [2]], "y": [3, -1]},
            network={"widths": [1], "hidden_bias": False, "output_bias": False},
            loss={"kind": "huber(2)"},
            point={"weights": [[[0]], [[0]]]},
        )
    ),
    "huber-descent-second-order": lambda: _certify(
        _problem(
            data={"x": [[1], [2]], "y": [3, 1]},
            network={"widths": [1], "hidden_bias": False, "output_bias": False},
            loss={"kind": "huber(2)"},
            point={"weights": [[[0]], [[0]]]},
        )
    ),
    # The unit moves as it likes as long as it is silent at 0 and 1; what it does at 3 is beyond the margin.
    "squared-hinge-minimum": _local(
        data=_MARGINS,
        network=_ONE,
        loss={"kind": "squared_hinge"},
        point={"weights": [[["3/4"]], [[1]]], "biases": [["-3/4"], [0]]},
    ),
    "squared-hinge-at-the-margin": _local(
        data=_MARGINS,
        network=_ONE,
        loss={"kind": "squared_hinge"},
        point={"weights": [[["1/2"]], [[1]]], "biases": [["-1/2"], [0]]},
    ),
    "squared-hinge-descent": lambda: _certify(
        _problem(
            data={"x": [[0], [3], [1], [2]], "y": [1, 1, -1, -1]},
            network=_ONE,
            loss={"kind": "squared_hinge"},
            point={"weights": [[[2]], [[1]]], "biases": [[-1], [0]]},
        )
    ),
    "squared-hinge-descent-second-order": lambda: _certify(
        _problem(
            data={"x": [[1], [2]], "y": [1, -1]},
            network={"widths": [1], "hidden_bias": False},
            train={"output_bias": False},
            loss={"kind": "squared_hinge"},
            point={"weights": [[[0]], [[0]]], "biases": [[], [2]]},
        )
    ),
    "half-squared-descent": lambda: _certify(
        _problem(
            data=D1,
            network=_ONE,
            loss={"kind": "half_squared"},
            point={"weights": [[[1]], [[1]]], "biases": [[0], [1]]},
        )
    ),
    "basins": _basins(data=_SHORT, network={"widths": [2]}),
    "minima": _minima(data={"x": [[0], [1], [2]], "y": [0, 0, 1]}, network=_ONE),
    "basins-hinge": _basins(data=_SIGNED, network=_PLAIN, loss={"kind": "hinge"}),
    "landscape": _landscape(data={"x": [[0], [1], [2]], "y": [0, 0, 1]}, network=_ONE),
    "landscape-of-equal-valleys": _landscape(
        data={"x": [[-2], [1], [-1], [0]], "y": [1, 0, 1, 2]},
        network={"widths": [1], "activation": "abs", "output_bias": False},
    ),
    "landscape-of-many-levels": _landscape(
        data={"x": [[-1], [0], [1], [2]], "y": [-3, -1, -3, -2]},
        network={"widths": [1], "activation": "leaky_relu(-1/2)", "output_bias": False},
    ),
    "landscape-modulo-permutation": _landscape(data=_TWO, network={"widths": [2]}),
    "landscape-full": _landscape(full=True, data=_TWO, network={"widths": [2]}),
    "landscape-two-copies": _landscape(
        full=True,
        data={"x": [[-1], [1]], "y": [1, 2]},
        network={"widths": [2], "hidden_bias": False, "output_bias": False},
    ),
    "landscape-of-two-pairs": _landscape(
        data={"x": [[-2], [1]], "y": [1, 2]},
        network={"widths": [3], "hidden_bias": False},
        train={"output": False},
        point={"weights": [[[0], [0], [0]], [[2, -1, 2]]], "biases": [[], [0]]},
        loss={"reduction": "mean"},
    ),
    "landscape-frozen": _landscape(
        data={"x": [[0], [1], [2]], "y": [-3, 4, -3]},
        network={"widths": [3]},
        train={"output": False, "output_bias": False, "hidden_bias": False},
        point=_OUTPUTS,
    ),
    "landscape-positive-outputs": _landscape(
        data=_SHORT,
        network={"widths": [2], "hidden_bias": False},
        train={"output": False},
        point={"weights": [[[0], [0]], [[1, 3]]], "biases": [[], [0]]},
    ),
    "landscape-frozen-linear-model": _landscape(
        data=_SHORT, network={"widths": []}, train={"output": False}, point={"weights": [[[2]]], "biases": [[0]]}
    ),
    "landscape-abs": _landscape(
        data=_SHORT, network={"widths": [1], "activation": "abs", "output_bias": False}, loss={"reduction": "mean"}
    ),
    "landscape-leaky": _landscape(
        data={"x": [[1, 0], [0, 1], [0, 0], [1, 1]], "y": [1, 2, 1, -1]},
        network={"widths": [1], "activation": "leaky_relu(-1/2)", "hidden_bias": False},
        loss={"kind": "half_squared"},
    ),
    "landscape-linear-activation": _landscape(data=_SHORT, network={"widths": [2], "activation": "linear"}),
    "landscape-linear-model": _landscape(data=_SHORT, network={"widths": []}),
    "landscape-absolute": _landscape(data=_SLOPED, network=_PLAIN, loss={"kind": "absolute"}),
    "landscape-huber": _landscape(data=_SLOPED, network=_PLAIN, loss={"kind": "huber(1/2)"}),
    "landscape-squared-hinge": _landscape(data=_SIGNED, network=_PLAIN, loss={"kind": "squared_hinge"}),
    "barrier-mean": lambda: _certify(
        _problem(
            data={"x": [[0], [1], [2]], "y": [0, 0, 1]},
            network=_ONE,
            loss={"reduction": "mean"},
            point={"weights": [[[-1]], [["-1/2"]]], "biases": [[3], ["4/3"]]},
        )
    ),
    "path-between-copies": _route(
        {"weights": [[[2], [-1]], [[1, 1]]]},
        {"weights": [[[-1], [2]], [[1, 1]]]},
        data={"x": [[-1], [1]], "y": [1, 2]},
        network={"widths": [2], "hidden_bias": False, "output_bias": False},
    ),
    "path-with-a-rescaling": _route(
        {"weights": [[[2]], [["1/2"]]], "biases": [[0], [0]]},
        {"weights": [[[4]], [["1/4"]]], "biases": [[0], [0]]},
        data={"x": [[0], [1], [2]], "y": [0, 1, 2]},
        network={"widths": [1]},
        train={"output_bias": False},
    ),
    "path-of-one-point": _route(
        {"weights": [[[2]], [[1]]], "biases": [[0], [0]]},
        {"weights": [[[2]], [[1]]], "biases": [[0], [0]]},
        data=_SHORT,
        network={"widths": [1]},
    ),
    "path-two-neurons": _named("jellyfish-3"),
    "basin": _basin(3, data=D1, network=_ONE),
    "basin-two-neurons": _basin(40, data=_SHORT, network={"widths": [2]}, loss={"reduction": "mean"}),
    "basin-frozen-zero": _frozen_zero,
    "basin-of-three-signs": _basin(0, data={"x": [[0], [1], [-1]], "y": [1, 2, -1]}, network=_PLAIN),
    "basin-huber": _basin(1, data=_SLOPED, network=_PLAIN, loss={"kind": "huber(1/2)"}),
    "regions-central": lambda: eg.Arrangement(
        [[1, 0, 0], [0, 1, 0], [1, 1, 0], [2, 0, 0], [0, 0, 0], [1, 2, 3]]
    ).certificate(),
    **made_penalty.MAKERS,
    **made_probability.MAKERS,
    # Faces of coverings whose leaves have sides, open kinks at the one or the other slope, and multipliers.
    "face-of-sides": _face([[-1, 1], [1, 1], [0, 1], [2, 0]], [0, -1, 1, -1], 2, "abs", "huber(1/2)"),
    "face-of-a-left-slope": _face([[2, 1], [-1, 2], [2, 2]], [1, -1, -1], 2, "leaky_relu(-1/2)", "huber(1/2)"),
    "face-of-a-negative-output": _face([[0, -1], [1, 1], [-1, 0]], [0, 1, 0], -1, "relu", "squared"),
    **made_ball.MAKERS,
    "regions-affine": lambda: eg.Arrangement([[1, 0], [10**7, 1], [0, 1], [0, 0]], [0, 1, 2, 3]).certificate(),
    **made_logistic.MAKERS,
    **made_ordered_penalty.ORDERED_PENALTY_MAKERS,
    **made_smooth.MAKERS,
    **PATH_MAKERS,
    **SUBGRADIENT_MAKERS,
    **MINIMUM_MAKERS,
    **DEEP_MAKERS,
    **VECTOR_MAKERS,
    **CELL_MAKERS,
    **SYMMETRY_MAKERS,
    **CLASS_MAKERS,
}


def _without_haste(make: Callable[[], Certificate]) -> Callable[[], Certificate]:
    """The certificate that a machine of any speed makes: the little time that is given in any case is enough."""

    def made() -> Certificate:
        with mock.patch.object(standing, "AT_LEAST", 600.0):
            return make()

    return made


MAKERS = {name: _without_haste(make) for name, make in MAKERS.items()}


def main() -> None:
    ACCEPT.mkdir(parents=True, exist_ok=True)
    for name, make in MAKERS.items():
        make().write(ACCEPT / f"{name}.json")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
