"""The certificate of a path: its points, the loss there, and the shape of the loss between them."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from exactgeo.claims.certificate import Certificate, certificate_of
from exactgeo.claims.segmented_path import CurvedLayer, PathSegment, SegmentedPathClaim
from exactgeo.exact.algebraic import Algebraic
from exactgeo.exact.vectors import ZERO
from exactgeo.paths.forward import RationalLayer
from exactgeo.problem import Point, Problem

if TYPE_CHECKING:
    from exactgeo.paths.path import Path

__all__ = ["is_least", "path_certificate"]


WORK = 600_000
"""Products of a forward pass, times segments, up to which a check is allowed the work."""

DIGITS = 500_000
"""Of all numbers above 50 digits together: what a certificate may have."""


DEGREE = 16
"""Of the denominator of predictions: a check goes up to 64, and the slope of the loss has four times as much."""


def path_certificate(path: Path) -> Certificate | None:
    """That the path is what it is.

    None where the format has no form for the problem, the loss no rational values, or the path is too long to check, or
    curved with too high a degree.

    Cost: the kind of each segment.
    """
    problem = path.problem
    if problem.reduction not in ("sum", "mean") or problem.products * len(path.segments) > WORK:
        return None
    curved = (segment for segment in path.segments if segment.curved)
    if any(len(segment.outputs.denominator) > DEGREE + 1 for segment in curved):
        return None
    claim = _claim(path)
    found = None if claim is None else certificate_of(problem, [claim])
    return None if found is None or _digits(found) > DIGITS else found


def _digits(certificate: Certificate) -> int:
    return sum(len(run) for run in re.findall("[0-9]{51,}", certificate.to_json()))


def _claim(path: Path) -> SegmentedPathClaim | None:
    highest = path.highest
    bounds = (highest.enclosure.lo, highest.enclosure.hi) if isinstance(highest, Algebraic) else (highest, highest)
    losses = [q for q in path.losses if isinstance(q, Fraction)]
    found = [q for q in bounds if isinstance(q, Fraction)]
    if len(losses) < len(path.losses) or len(found) < len(bounds):
        return None
    segments = tuple(PathSegment(str(s.kind), tuple(map(_layer, s.curved))) for s in path.segments)
    first, *others = losses
    lowest = is_least(path.problem, path.end)
    return SegmentedPathClaim(path.point, first, path.points[1:], tuple(others), segments, tuple(found), lowest)


def _layer(layer: RationalLayer) -> CurvedLayer:
    rows = tuple(tuple(map(_short, row)) for row in layer.numerators)
    return CurvedLayer(layer.index, rows, _short(layer.denominator))


def _short(polynomial: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
    while polynomial and not polynomial[-1]:
        polynomial = polynomial[:-1]
    return polynomial


def is_least(problem: Problem, point: Point) -> bool:
    """Whether no predictions that agree at equal rows of data have a lower loss than those at a point: then no
    parameters have. By convexity 0 has to be a subgradient at each different row and output.

    Of a loss without rational values, which may have no least one, it is False.
    """
    if not problem.loss.rational or problem.penalty:
        return False
    sums: dict[tuple[tuple[Fraction, ...], int], tuple[Fraction, Fraction]] = {}
    for x, scores, targets in zip(problem.x, problem.predictions(point), problem.y, strict=True):
        for o, (p, y) in enumerate(zip(scores, targets, strict=True)):
            left, right = problem.loss.slopes(p, y)
            before, behind = sums.get((x, o), (ZERO, ZERO))
            sums[x, o] = before + left, behind + right
    return all(left <= 0 <= right for left, right in sums.values())
