"""What the law of the basin value can certify: bounds on the probability at some widths."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactgeo.basin.claims import Solutions, listed
from exactgeo.basin.cone_program import indices, loss_value
from exactgeo.basin.reduction import Reduction
from exactgeo.claims.basin_probability import BasinProbabilityClaim, WidthBounds
from exactgeo.exact.spherical import clipped, enclosure_of, exact, span_of, working
from exactgeo.exact.vectors import ZERO
from exactgeo.probability.law import Law
from exactgeo.probability.regions import BITS
from exactgeo.probability.sets import Values

__all__ = ["law_claim"]

DECIMALS = 25
"""Decimals of the bounds that are claimed."""

SETS = 2_000
"""Minimal sets up to which a checker goes through all of them in its time."""


def law_claim(reduction: Reduction, values: Values, law: Law, widths: Sequence[int]) -> BasinProbabilityClaim | None:
    """The claim of P[Bas <= at_most] at some widths.

    Parameters
    ----------
    reduction : Reduction
    values : Values
        Of the same problem.
    law : Law
    widths : sequence of ints

    Returns
    -------
    BasinProbabilityClaim or None
        None where the law or the probabilities of the regions are not proved, where values are enclosures, and where a
        checker would take too long.
    """
    problem = reduction.problem
    measure = law.starts.measure
    # Where more than the first precision was needed the checker's would not do.
    small = len(law.sure.good) <= SETS and measure.samples is None and measure.bits == BITS
    if not (law.complete and small and problem.loss.rational and widths):
        return None
    solutions = _solutions(reduction, values, law)
    point = reduction.invert({}, {}, (ZERO,) * len(reduction.program.lines))
    loss = loss_value(reduction.program, reduction.program.offset)
    return BasinProbabilityClaim(
        point,
        loss,
        law.at_most,
        tuple(sorted({values.optimum(types).gradient for types in law.sure.bad})),
        listed(problem, point),
        solutions.listed(),
        tuple(_bounds(law, width) for width in widths),
    )


def _bounds(law: Law, width: int) -> WidthBounds:
    """Room for the rounding of the checker's own balls, within [0, 1]."""
    with working(law.starts.measure.bits):
        below = exact(1) - law.above(width)
        room = exact(Fraction(1, 10 ** (DECIMALS + 1)))
        found = enclosure_of(clipped(span_of(below - room, below + room) + exact(0)), DECIMALS)
    return WidthBounds(width, max(found.lo, ZERO), min(found.hi, Fraction(1)))


def _solutions(reduction: Reduction, values: Values, law: Law) -> Solutions:
    """As few optima as they come that reach the level on every minimal set."""
    solutions, known = Solutions(reduction), set[frozenset[tuple[int, int]]]()
    for types in law.sure.good:
        cones = [
            (reduction.region_rays[region], sign)
            for k in indices(types)
            for region, sign in law.starts.types.members[k][:1]
        ]
        rays = {(ray, sign) for mask, sign in cones for ray in indices(mask)}
        if not any(chosen <= rays for chosen in known):
            known.add(frozenset(solutions.add(values.optimum(types), cones)))
    return solutions
