"""What the census can certify: the optimum of one basin, and the global minimum over all of them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any

from exactgeo.arrangement import Arrangement
from exactgeo.certificate import Certificate, basin_optimum, global_minimum, problem_data
from exactgeo.problem import Matrix, Point, Problem

if TYPE_CHECKING:
    from exactgeo.basin.census import Basin, Census

__all__ = ["basin_certificate", "census_certificate", "global_claim"]

_SIGNS = "-0+"


def _seen(problem: Problem, point: Point) -> Matrix:
    """The data by which a neuron's outputs depend on its input weights; a bias frozen at 0 drops out."""
    net = problem.network
    lifted = bool(net.widths) and net.hidden_bias[0] and (problem.train.hidden_bias[0] or any(point.biases[0]))
    return problem.lifted if lifted else problem.x


def _regions(rows: Matrix) -> dict[str, list[int]]:
    """Every region of the rows' arrangement as text, with an integer interior point."""
    listed = Arrangement(rows, dimension=len(rows[0])).regions()
    found = {}
    for index, signs in enumerate(listed):
        witness = listed.witness(index)
        scale = lcm(*(q.denominator for q in witness))
        found["".join(_SIGNS[int(s) + 1] for s in signs)] = [int(q * scale) for q in witness]
    return found


def global_claim(problem: Problem, point: Point, loss: Fraction, gradients: Iterable[Any]) -> dict[str, Any]:
    """The claim that a point is a global minimum, from dual vectors that together bound every basin.

    Parameters
    ----------
    problem : Problem
        One hidden layer or none, one output.
    point : Point
        With the loss ``loss``; its frozen parameters are meant.
    gradients : vectors of m rationals
        The certificates of a complete census of the problem, or of one with more trained blocks.
    """
    net = problem.network
    duals = sorted(set(map(tuple, gradients)))
    if problem.affine:
        return global_minimum(point, loss, duals)
    return global_minimum(point, loss, duals, _regions(_seen(problem, point)) if net.activation.has_kink else {})


def census_certificate(census: Census) -> Certificate | None:
    """That no parameters have a loss below the census' minimum; None when that is not attained, known or rational."""
    if not census.complete or census.best is None or not isinstance(census.minimum, Fraction):
        return None
    problem = census.problem
    claim = global_claim(problem, census.best, census.minimum, (optimum.gradient for optimum in census.optima))
    return Certificate(problem_data(problem), (claim,))


def basin_certificate(basin: Basin) -> Certificate | None:
    """That no point of a basin has a loss below its value; None where that is an enclosure or there are no neurons."""
    problem, minimiser = basin.census.problem, basin.minimiser
    if minimiser is None or not isinstance(basin.value, Fraction) or not problem.network.widths:
        return None
    chosen = iter(zip(basin.signs, basin.multipliers, strict=True))
    cells: list[tuple[str, int, dict[int, Fraction]]] = []
    for v in minimiser.weights[1][0]:
        if v == 0 and not problem.train.output:
            cells.append(("+" * problem.m, 0, {}))
            continue
        (signs, output), multipliers = next(chosen)
        text = "".join(_SIGNS[s + 1] for s in signs)
        # The census multiplies by 1/m for a mean; the dual vector is that of the sum.
        cells.append((text, output, {t: q / basin.census.share for t, q in enumerate(multipliers) if q}))
    claim = basin_optimum(minimiser, basin.value, cells, basin.optimum.gradient)
    return Certificate(problem_data(problem), (claim,))
