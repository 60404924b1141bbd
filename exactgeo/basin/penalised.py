"""The census of a penalised problem: every basin with proved bounds on its least loss, the penalty included.

Modulo permutation, as :mod:`exactgeo.basin.census`; the bounds are those of :mod:`exactgeo.basin.group_norm`, whose
values are irrational as a rule.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from exactgeo.basin import export
from exactgeo.basin.census import REGIONS_A_SECOND
from exactgeo.basin.group_norm import Bounded, GroupNorm, root, square_root
from exactgeo.basin.reduction import reduce
from exactgeo.basin.size import size_of
from exactgeo.claims.basin_optimum import BasinCell
from exactgeo.claims.certificate import Certificate, certificate_of
from exactgeo.claims.claim import Claim
from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.penalised_basin import PenalisedBasinClaim
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import Enclosure, plain
from exactgeo.exact.rational import format_rational
from exactgeo.exact.vectors import ZERO, Vector
from exactgeo.local_minimum.penalised_bound import bound_claim
from exactgeo.problem import NO_PENALTY, Point, Problem, scope
from exactgeo.records import Records
from exactgeo.shown import Reported, Viewed, brief, value_line

__all__ = ["PenalisedCensus", "penalised_census"]

Orbit = tuple[tuple[int, ...], ...]

MOST_CLAIMED = 1000
"""Basins modulo permutation up to which a certificate bounds each of them."""


class PenalisedCensus(Reported, Viewed, Records):
    """Every basin of a penalised problem. Made by :func:`penalised_census`.

    Attributes
    ----------
    problem : Problem
    program : GroupNorm
    orbits_found : list of (Orbit, Bounded)
        In the order of the census of the loss alone; those the time limit left out are not there.
    complete : bool
        False when the time limit ended it.
    """

    def __init__(
        self, problem: Problem, program: GroupNorm, found: list[tuple[Orbit, Bounded]], complete: bool
    ) -> None:
        self.problem = problem
        self.program = program
        self.orbits_found = found
        self.complete = complete

    COLUMNS = export.FIELDS
    EXACT = ("value",)

    def _shown(self) -> str:
        lowest = "unknown" if self.minimum is None else value_line(self.minimum)
        state = "" if self.complete else ", incomplete"
        return f"penalised census: {brief(self.count)} basins, {brief(self.orbits)} orbits, minimum {lowest}{state}"

    @property
    def count(self) -> int | None:
        """Number of basins, permuted copies counted; None if the time limit did not allow to list the regions."""
        return self.program.reduction.count if self.program.reduction.listed else None

    @property
    def orbits(self) -> int | None:
        """Number of basins modulo permutation; None as for ``count``."""
        return self.program.reduction.orbits if self.program.reduction.listed else None

    @property
    def regions_per_neuron(self) -> int | None:
        """Regions one neuron's data cut its weight space into; None as for ``count``."""
        return len(self.program.reduction.regions) if self.program.reduction.listed else None

    @property
    def minimum(self) -> Enclosure | None:
        """Bounds on the least value, which is the infimum over all parameters when the census is complete."""
        values = [best.value for _, best in self.orbits_found]
        return Enclosure(min(v.lo for v in values), min(v.hi for v in values)) if values else None

    @property
    def minimum_attained(self) -> bool:
        """Whether some parameters have the least loss: where every parameter is penalised, or frozen."""
        net, train, penalty = self.problem.network, self.problem.train, self.problem.penalty
        hidden = any(net.widths) and any(net.hidden_bias) and any(train.hidden_bias)
        return self.complete and (penalty.biases or not (hidden or (net.output_bias and train.output_bias)))

    @property
    def values(self) -> list[tuple[Enclosure, int]]:
        """Basin values, ascending, each with its number of orbits; overlapping enclosures are counted together."""
        merged: list[tuple[Enclosure, int]] = []
        for value in sorted(best.value for _, best in self.orbits_found):
            if merged and value.lo <= merged[-1][0].hi:
                last, number = merged[-1]
                merged[-1] = Enclosure(last.lo, max(last.hi, value.hi)), number + 1
            else:
                merged.append((value, 1))
        return merged

    @property
    def infinite_width_minimum(self) -> Enclosure | None:
        """Bounds on the infimum over all widths: the program over all cells together. None where they are not listed.

        References
        ----------
        Pilanci and Ergen, Neural networks are convex regularizers, ICML 2020, Theorem 1.
        """
        return None if self._wide is None else self._wide.value

    @cached_property
    def _wide(self) -> Bounded | None:
        return self.program.bounds(range(len(self.program.cells))) if self.complete else None

    @cached_property
    def best(self) -> Point | None:
        """A point whose loss is near the upper bound of the minimum: balanced up to rounding."""
        if not self.orbits_found:
            return None
        orbit, best = min(self.orbits_found, key=lambda item: item[1].value.hi)
        return self.point(orbit, best)

    def point(self, orbit: Orbit, best: Bounded) -> Point:
        """Parameters of a basin with the predictions of a witness, balanced up to rounding."""
        problem, reduction = self.problem, self.program.reduction
        inputs = dict(zip(dict.fromkeys(k for part in orbit for k in part), best.inputs, strict=True))
        lifted = bool(problem.network.widths) and problem.network.hidden_bias[0]
        neurons, size = [], problem.d + int(lifted)
        for group, part in zip(reduction.exchangeable, orbit, strict=True):
            for k, _ in zip(part, group.neurons, strict=True):
                neurons.append(self._neuron(inputs.pop(k, ()), self.program.cells[k][1], size))
        shift = best.shift if reduction.program.lines else reduction.frozen_offset
        hidden = tuple(w[: problem.d] for w, _ in neurons)
        biases = tuple(w[-1] for w, _ in neurons) if lifted else ()
        return Point(
            (hidden, (tuple(v for _, v in neurons),)), (biases, (shift,) if problem.network.output_bias else ())
        )

    def _neuron(self, z: Vector, sign: int, size: int) -> tuple[Vector, Fraction]:
        """w and v with v w = z, of equal length up to rounding; 0 where there is no z.

        What only a bias without penalty moves costs the less the smaller v is.
        """
        seen = [q for k, q in enumerate(z) if k not in self.program.free]
        if not any(z):
            return (ZERO,) * size, ZERO
        v = sign * (square_root(root(seen)) if any(seen) else Fraction(1, 2**24))
        w = tuple(q / v for q in z)
        return (*w, *(ZERO,) * (size - len(w))), v

    # -- answers ------------------------------------------------------------------------------------------------

    @property
    def reason(self) -> str:
        """Why ``local_minimum_values`` is None, or basins are missing."""
        if not self.complete:
            return "the census ended before all basins were bounded: a time limit, or more regions than can be listed"
        return "local minima of a penalised loss are irrational as a rule: `exactgeo certify` decides single points"

    def stopped(self, *, minima: bool = False) -> bool:
        """Whether the time limit ended the census."""
        return not self.complete

    @property
    def certificate(self) -> Certificate | None:
        """Of each basin modulo permutation, up to :data:`MOST_CLAIMED` of them, that none of its points has a penalised
        loss below its lower bound, and that one has a loss near the upper one; that no parameters, at any width, have a
        loss below the lower bound of ``infinite_width_minimum``, and that ``best`` has the one it has. None for a loss
        without rational values."""
        return self.prove()

    def prove(self, *, minima: bool = False) -> Certificate | None:
        """The :attr:`certificate`; there are no local minima to add."""
        if self.best is None or not self.problem.loss.rational:
            return None
        claim = None if self._wide is None else bound_claim(self.problem, self.best, self._wide.dual)
        claims: list[Claim] = [] if claim is None else [claim]
        if len(self.orbits_found) <= MOST_CLAIMED:
            claims += [self.claim(orbit, best) for orbit, best in self.orbits_found]
        return certificate_of(self.problem, claims)

    def claim(self, orbit: Orbit, best: Bounded) -> PenalisedBasinClaim:
        """The claim about one basin: its lower bound, and a point of it with its loss."""
        program, point = self.program, self.point(orbit, best)
        cells = tuple(self._cell(k, best.dual) for part in orbit for k in part)
        bound = min(best.value.lo, program.dual_bound(best.dual) * program.reduction.program.weight)
        return PenalisedBasinClaim(point, self.problem.loss_at(point), bound, cells, best.dual)

    def _cell(self, k: int, dual: Vector) -> BasinCell:
        """Where a neuron is, and the multipliers of its sides that make its slope short."""
        (region, sign), rows = self.program.cells[k], self.program.reduction.rows
        shortest = self.program.projection(k, dual)
        if shortest is None:
            raise InternalError("a dual vector of a basin has a slope in a bias without penalty")
        sides: dict[Vector, int] = {}
        for t, (s, row) in enumerate(zip(region, rows, strict=True)):
            if s:
                sides.setdefault(tuple(sign * s * q for q in row), t)
        used = FrozenDict((t, q) for t, q in zip(sides.values(), shortest.rays, strict=True) if q)
        return BasinCell("".join("-0+"[s + 1] for s in region), sign, used)

    def plot(self, ax: Any = None) -> Any:
        """Every basin value with its number of basins, on matplotlib axes, which are returned.

        Raises
        ------
        InputError
            Matplotlib is not installed.
        """
        from exactgeo.basin.plot import draw_values

        title = f"{self.problem.name or 'basins'}: {self.orbits} basins modulo permutation, with the penalty"
        title += "" if self.complete else " (incomplete)"
        return draw_values(self.values, None, ax, title=title, wide=self.infinite_width_minimum)

    def records(self) -> Iterator[dict[str, Any]]:
        """One flat dict an orbit, as :meth:`exactgeo.basin.Census.records`."""
        for index, (orbit, best) in enumerate(self.orbits_found):
            cells = [self.program.cells[k] for part in orbit for k in part]
            yield {
                "index": index,
                "regions": " ".join("".join("-0+"[s + 1] for s in region) for region, _ in cells),
                "outputs": "".join("-0+"[sign + 1] for _, sign in cells),
                "multiplicity": self.program.reduction.copies(orbit),
                "value": f"[{format_rational(best.value.lo)}, {format_rational(best.value.hi)}]",
                "attained": self.minimum_attained,
            }

    def to_json(self, *, minima: bool = False) -> dict[str, Any]:
        """The answer of ``exactgeo basins --json``."""
        result: dict[str, Any] = {
            "count": self.count,
            "orbits": self.orbits,
            "regions_per_neuron": self.regions_per_neuron,
            "minimum": plain(self.minimum),
            "minimum_attained": self.minimum_attained,
            "values": [{"value": plain(value), "orbits": number} for value, number in self.values],
            "complete": self.complete,
            "infinite_width_minimum": plain(self.infinite_width_minimum),
            "local_minimum_values": None,
            "reason": self.reason,
        }
        return result | ({"local_minima": None} if minima else {})

    def write(self, path: str | Path) -> None:
        """Write the orbits to ``.csv``, ``.json`` or ``.parquet``."""
        export.write(path, self.records(), self.to_json)


def penalised_census(
    problem: Problem,
    *,
    time_limit: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PenalisedCensus:
    """Every basin of a penalised problem with proved bounds on its least loss.

    Parameters
    ----------
    problem : Problem
        One hidden layer, one output, any convex loss, a squared penalty; both layers trained, the hidden bias trained,
        absent or frozen at 0.
    time_limit : float, optional
        Seconds; afterwards the census holds what is known and ``complete`` is False.
    progress : callable (done, total), optional

    Returns
    -------
    PenalisedCensus
        Cost: one convex program in floats a set of cells, and one exact projection a cell of it.

    Raises
    ------
    OutOfScope
        The reason names what puts the problem out of scope.
    InternalError
        Bounds failed their replay.

    Examples
    --------
    >>> from exactgeo.formats import problem_from_mapping
    >>> data = {"data": {"x": [[1]], "y": [2]}, "network": {"widths": [1], "hidden_bias": False, "output_bias": False}}
    >>> found = penalised_census(problem_from_mapping(data | {"loss": {"kind": "half_squared"}, "penalty": {"l2": 1}}))
    >>> found.count, found.minimum.lo <= Fraction(3, 2) <= found.minimum.hi < Fraction(1501, 1000)
    (4, True)
    """
    start = time.monotonic()
    outside = scope.penalised_basins(problem)
    if outside is not None:
        raise outside
    bare = replace(problem, penalty=NO_PENALTY)
    size = size_of(bare)
    within = time_limit is None or size.regions[1] <= max(500, int(REGIONS_A_SECOND * time_limit))
    reduction = reduce(bare, listed=within and not size.hopeless)
    program = GroupNorm(reduction, problem.penalty)
    known: dict[frozenset[int], Bounded] = {}
    found: list[tuple[Orbit, Bounded]] = []
    for orbit in reduction.orbit_choices() if reduction.listed else ():
        if time_limit is not None and time.monotonic() - start > time_limit:
            return PenalisedCensus(problem, program, found, False)
        chosen = dict.fromkeys(k for part in orbit for k in part)
        cells = frozenset(chosen)
        if cells not in known:
            known[cells] = program.bounds(list(chosen))
        found.append((orbit, known[cells]))
        if progress is not None:
            progress(len(found), reduction.orbits)
    return PenalisedCensus(problem, program, found, reduction.listed)
