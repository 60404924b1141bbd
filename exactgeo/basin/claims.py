"""What the census can certify: the optimum of one basin, those of all, and the global minimum over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from exactgeo.arrangement import Arrangement
from exactgeo.basin.cone_program import Optimum
from exactgeo.basin.reduction import Reduction
from exactgeo.basin.solvers import solve
from exactgeo.basin.table import Table
from exactgeo.claims import Claim
from exactgeo.claims.certificate import Certificate, certificate_of
from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.global_minimum import GlobalMinimumClaim
from exactgeo.claims.regions import RegionTable
from exactgeo.errors import InternalError
from exactgeo.exact.vectors import Matrix, Vector
from exactgeo.local_minimum import Minimum, decide
from exactgeo.problem import Point, Problem

if TYPE_CHECKING:
    from exactgeo.basin.minima import LocalMinima
    from exactgeo.claims.landscape import LandscapeClaim, Solution, Valley

__all__ = [
    "LISTED",
    "Wall",
    "basin_certificate",
    "census_certificate",
    "cones_of",
    "every_claim",
    "global_claim",
    "listed",
    "minima_claims",
    "unhurried",
]

_SIGNS = "-0+"

LISTED = 200_000
"""Basins modulo permutation up to which a certificate proves the minimum of each, not only the least."""

DUALS = 20_000
"""Distinct optima above which a certificate that lists all their gradients is the last resort."""

SEARCH = 120.0
"""Seconds for a shorter proof."""

Cones = Sequence[tuple[int, int]]
"""Where the terms of an optimum may lie: masks of rays, and the sign of the output weight there."""
Wall = tuple[Optimum, Cones]


def _seen(problem: Problem, point: Point) -> Matrix:
    """The data by which a neuron's outputs depend on its input weights; a bias frozen at 0 drops out."""
    net = problem.network
    biased = any(any(w[problem.d :]) for w, _ in point.as_scalar().neurons)
    lifted = bool(net.widths) and net.hidden_bias[0] and (problem.train.hidden_bias[0] or biased)
    return problem.lifted if lifted else problem.x


def unhurried() -> None:
    """What is asked between pieces of work where nothing ends it."""


def _regions(rows: Matrix, check: Callable[[], None]) -> RegionTable:
    """Every region of the rows' arrangement as text, with an integer interior point."""
    listed = Arrangement(rows, dimension=len(rows[0])).regions()
    found = {}
    for index, signs in enumerate(listed):
        check()
        witness = listed.witness(index)
        scale = lcm(*(q.denominator for q in witness))
        found["".join(_SIGNS[int(s) + 1] for s in signs)] = tuple(int(q * scale) for q in witness)
    return RegionTable(found)


def global_claim(
    problem: Problem,
    point: Point,
    loss: Fraction,
    gradients: Iterable[Vector],
    check: Callable[[], None] = unhurried,
) -> GlobalMinimumClaim:
    """The claim that a point is a global minimum, from dual vectors that together bound every basin.

    Parameters
    ----------
    problem : Problem
        One hidden layer or none, one output.
    point : Point
        With the loss ``loss``; its frozen parameters are meant.
    gradients : vectors of m rationals
        The certificates of a complete census of the problem, or of one with more trained blocks.
    check : callable, optional
        Called between pieces of work; it may raise.
    """
    duals = tuple(sorted(set(gradients)))
    return GlobalMinimumClaim(point, loss, duals, None if problem.affine else listed(problem, point, check))


class Solutions:
    """The distinct solutions that optima give, each as neurons with input weights on rays of the cones it may use."""

    def __init__(self, reduction: Reduction) -> None:
        self._reduction = reduction
        self._sources: dict[int, list[tuple[int, int]]] = {}
        for (ray, sign), (column, scale) in sorted(reduction.ray_columns.items()):
            if scale:
                self._sources.setdefault(column, []).append((ray, sign))
        # With the optimum, so that its id stays its own.
        self._known: dict[tuple[int, tuple[tuple[int, int], ...]], tuple[Optimum, Solution]] = {}

    def add(self, best: Optimum, cones: Cones) -> tuple[tuple[int, int], ...]:
        """An optimum over these cones; the rays, each with its output sign, on which its neurons are."""
        open_rays = {1: 0, -1: 0}
        for rays, sign in cones:
            open_rays[sign] |= rays
        chosen = tuple(
            next((ray, sign) for ray, sign in self._sources[column] if open_rays[sign] >> ray & 1)
            for column in sorted(best.weights)
        )
        if (id(best), chosen) not in self._known:
            self._known[id(best), chosen] = best, self._written(best, chosen)
        return chosen

    def _written(self, best: Optimum, chosen: Sequence[tuple[int, int]]) -> Solution:
        from exactgeo.claims.landscape import Solution as Written
        from exactgeo.claims.landscape import SolutionTerm

        reduction, terms = self._reduction, []
        for (column, weight), (ray, sign) in zip(sorted(best.weights.items()), chosen, strict=True):
            alone = reduction.inputs({0: (1 << ray, sign)}, {column: weight})
            terms.append(SolutionTerm(sign, tuple(alone[0])))
        return Written(tuple(terms), reduction.affine(best.lines))

    def listed(self) -> tuple[Solution, ...]:
        return tuple(sorted({solution for _, solution in self._known.values()}))


def cones_of(reduction: Reduction, orbit: Sequence[Sequence[int]]) -> Cones:
    """Where the neurons of a basin may be."""
    patterns = [group.patterns[s] for group, part in zip(reduction.exchangeable, orbit, strict=True) for s in part]
    return [(reduction.region_rays[pattern.region], pattern.sign) for pattern in patterns]


def every_claim(
    table: Table,
    walls: Iterable[Wall] = (),
    gradients: Iterable[Vector] = (),
    valleys: tuple[Valley, ...] | None = None,
    *,
    full: bool = False,
) -> LandscapeClaim | None:
    """The claim that lists the minima of all basins, and the least loss of all widths where the census has it.

    Parameters
    ----------
    table : Table
    walls : optima, each with its cones
        Of the walls that join components.
    gradients : vectors of m rationals
        That bound the other walls.
    valleys : optional
        As for :class:`~exactgeo.claims.landscape.LandscapeClaim`; the census' basins are copied for the full space.

    Returns
    -------
    LandscapeClaim or None
        None for a table that is not complete, has values that are enclosures or not attained, or more than
        ``LISTED`` basins modulo permutation; and where the weights of a layer without units are frozen, which the
        format takes for frozen input weights.
    """
    from exactgeo.claims.landscape import BasinMinimum
    from exactgeo.claims.landscape import LandscapeClaim as Listed

    reduction, problem, best = table.reduction, table.problem, table.best
    if problem.network.widths and not problem.train.hidden[0]:
        return None
    small = table.complete and len(table) <= LISTED
    optima = [table.replayed(owner) for owner in range(len(table.optima))] if small else []
    attained = all(isinstance(found.value, Fraction) and found.attained for found in optima)
    if not optima or not attained or best is None or not isinstance(table.minimum, Fraction):
        return None
    solutions = Solutions(reduction)
    for found, cones in walls:
        solutions.add(found, cones)
    numbers: Counter[Fraction] = Counter()
    for index in range(len(table)):
        orbit, value = table.orbit(index), table.value(index)
        solutions.add(table.optimum(index), cones_of(reduction, orbit))
        if isinstance(value, Fraction):
            numbers[value] += reduction.copies(orbit) if full else 1
    duals = {found.gradient for found in optima} | {*gradients}
    wide = table.infinite_width_minimum
    if isinstance(wide, Fraction) and problem.network.widths:
        # Columns of both signs: the cone of all of them is their span.
        found = solve(reduction.program, reduction.program.full)
        everywhere = (1 << len(reduction.rays)) - 1
        solutions.add(found, [(everywhere, 1), (everywhere, -1)])
        duals.add(found.gradient)
    return Listed(
        best,
        table.minimum,
        full=full,
        values=tuple(BasinMinimum(value, number) for value, number in sorted(numbers.items())),
        duals=tuple(sorted(duals)),
        regions=listed(problem, best),
        solutions=solutions.listed(),
        valleys=valleys,
        infinite_width=wide if isinstance(wide, Fraction) and problem.network.widths else None,
    )


def listed(problem: Problem, point: Point, check: Callable[[], None] = unhurried) -> RegionTable:
    """The regions that a claim about basins lists: none without a kink. ``check`` is called before each."""
    kinked = problem.network.activation.has_kink and problem.network.widths
    return _regions(_seen(problem, point), check) if kinked else RegionTable()


def minima_claims(problem: Problem, levels: Iterable[LocalMinima]) -> list[Claim]:
    """A local minimum of each set of each level, with strictness; that there are no others is not claimed.

    None for a loss that has no derivative somewhere: no rung decides it.
    """
    if not problem.loss.differentiable:
        return []
    found: list[Claim] = []
    for level in levels:
        for part in level.sets:
            decision = decide(problem, part.point)
            if not isinstance(decision, Minimum):
                raise InternalError(f"the local minimum listed at {level.value} is none")
            found += decision.claims
    return found


def census_certificate(table: Table, levels: Iterable[LocalMinima] = ()) -> Certificate | None:
    """The minima of all basins, or of very many basins that no parameters have a loss below the least of them.

    With ``levels`` also :func:`minima_claims`. None when the least value is not attained, known or rational.
    """
    problem, best = table.problem, table.best
    if not table.complete or best is None or not isinstance(table.minimum, Fraction):
        return None
    claim: Claim | None = every_claim(table)
    if claim is None and len(table.optima) > DUALS:
        claim = _searched(problem, best, table.minimum)
    if claim is None:
        gradients = (table.replayed(owner).gradient for owner in range(len(table.optima)))
        claim = global_claim(problem, best, table.minimum, gradients)
    return certificate_of(problem, (claim, *minima_claims(problem, levels)))


def _searched(problem: Problem, best: Point, least: Fraction) -> Claim | None:
    """That no parameters have a loss below the least one, by a branch and bound that needs few duals; None where that
    did not end in time, or found another minimum."""
    from exactgeo.basin.branch import minimum

    found = minimum(problem, time_limit=SEARCH)
    if found.interrupted:
        raise KeyboardInterrupt
    if not found.complete:
        return None
    if found.minimum != least:
        raise InternalError("a census and a search found different minima")
    return found.claim(best, least)


def basin_certificate(
    problem: Problem,
    minimiser: Point,
    value: Fraction,
    neurons: Iterable[tuple[tuple[int, ...], int, Sequence[Fraction]]],
    gradient: Vector,
) -> Certificate | None:
    """That no point of a basin has a loss below its value; None where the format has no form for the problem.

    Parameters
    ----------
    problem : Problem
        With a hidden layer.
    minimiser : Point
    value : Fraction
    neurons : for each, dropped ones left out, the signs of its region, that of its output weight, and its multipliers
        Those of the sum over the data, as the gradient is.
    gradient : m rationals
    """
    from exactgeo.claims.basin_optimum import BasinCell, BasinOptimumClaim

    chosen = iter(neurons)
    cells: list[BasinCell] = []
    for _, v in minimiser.neurons:
        if v == 0 and not problem.train.output:
            cells.append(BasinCell("+" * problem.m, 0, FrozenDict()))
            continue
        signs, output, multipliers = next(chosen)
        text = "".join(_SIGNS[s + 1] for s in signs)
        cells.append(BasinCell(text, output, FrozenDict((t, q) for t, q in enumerate(multipliers) if q)))
    return certificate_of(problem, [BasinOptimumClaim(minimiser, value, tuple(cells), gradient)])
