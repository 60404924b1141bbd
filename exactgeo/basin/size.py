"""How large a census will be, said at once: bounds and an estimate, before any region is listed."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb, prod
from typing import Any

from exactgeo.arrangement import Arrangement
from exactgeo.exact.rational import short
from exactgeo.frozen import dataclass
from exactgeo.problem import Problem

__all__ = ["ORBITS", "REGIONS", "Size", "size_of"]

REGIONS = 3_000_000
"""Regions of one neuron above which no census is begun: each is a sign vector, a mask and a row of columns."""

ORBITS = 10**10
"""Basins modulo permutation above which no census is begun."""

TRY = "`exactgeo certify`, which decides one point of this problem; or fewer data points, inputs or neurons"


@dataclass(frozen=True)
class Size:
    """Regions of one neuron and basins modulo permutation.

    Attributes
    ----------
    regions : (least, most)
        Proved bounds.
    regions_about : int
        The estimate of :attr:`exactgeo.Arrangement.count_estimate`; the upper bound where that is small.
    orbits_most, orbits_about : int
        What follows for the basins modulo permutation.
    """

    regions: tuple[int, int]
    regions_about: int
    orbits_most: int
    orbits_about: int

    @property
    def hopeless(self) -> bool:
        """No census is begun."""
        return self.regions_about > REGIONS or self.orbits_about > ORBITS

    @property
    def large(self) -> bool:
        """Nobody waits for it without knowing how large it is."""
        return self.hopeless or self.regions_about > REGIONS // 100 or self.orbits_about > ORBITS // 100

    @property
    def try_instead(self) -> str:
        """What serves this very problem."""
        return TRY

    @property
    def sentence(self) -> str:
        """For people."""
        about, most = short(self.regions_about), short(self.regions[1])
        return (
            f"about {about} regions for each neuron (an estimate; at least {short(self.regions[0])}, at most {most}) "
            f"and about {short(self.orbits_about)} basins modulo permutation"
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "regions_at_least": self.regions[0],
            "regions_at_most": self.regions[1],
            "regions_estimate": self.regions_about,
            "orbits_at_most": self.orbits_most,
            "orbits_estimate": self.orbits_about,
            "try_instead": self.try_instead,
        }


@lru_cache(maxsize=4)
def size_of(problem: Problem) -> Size:
    """The size of a problem's census; the problem is in scope of :func:`exactgeo.basin.census`.

    Cost: the rank of the data; where the upper bound is large some hundred eliminations modulo a prime more.
    """
    net = problem.network
    if not net.widths or not net.activation.has_kink:
        least = most = about = 1
    else:
        trained_bias = net.hidden_bias[0] and problem.train.hidden_bias[0]
        rows = problem.lifted if trained_bias else problem.x
        arrangement = Arrangement(rows, dimension=len(rows[0]))
        least, most = arrangement.count_bounds
        large = most > REGIONS or orbits(problem, most) > ORBITS
        # No estimate may contradict the bounds.
        about = min(max(arrangement.count_estimate, least), most) if large else most
    return Size((least, most), about, orbits(problem, most), orbits(problem, about))


def orbits(problem: Problem, regions: int) -> int:
    """Basins modulo permutation of exchangeable neurons, for so many regions of one neuron."""
    if not problem.network.widths:
        return 1
    if problem.train.output or problem.frozen is None:
        patterns, width = 2 * regions, problem.network.widths[0]
        return comb(patterns + width - 1, width)
    weights = [v for _, v in problem.frozen.as_scalar().neurons]
    groups: dict[Fraction, int] = {}
    for v in weights:
        groups[v] = groups.get(v, 0) + bool(v)
    return prod(comb(regions + size - 1, size) for size in groups.values())
