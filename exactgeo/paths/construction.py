"""What a construction of paths is: a theorem about networks of some kind, and the points through which its path goes.

A new construction is a function in a file of its own and an entry of :data:`DOWNWARDS` or :data:`JOINING` of
:mod:`exactgeo.paths.constructions`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exactgeo.problem import Point, Problem

__all__ = ["Downwards", "Joining", "Stop"]

Stop = tuple[Point, str]
"""Where a path goes next, straight, and what that does."""


@dataclass(frozen=True)
class _Construction:
    name: str
    source: str


@dataclass(frozen=True)
class Downwards(_Construction):
    """From any point a path that never rises, to the least loss of all predictions that agree at equal rows of data.

    Attributes
    ----------
    name, source : str
        For people: a few words, and the theorem.
    stops : callable (problem, point)
        Law: the loss never rises on the way, nothing frozen moves, and the end has the least loss that any parameters
        have. It raises :class:`~exactgeo.paths.PathRefused` where a condition of the theorem does not hold, and says
        which.
    """

    stops: Callable[[Problem, Point], Sequence[Stop]]


@dataclass(frozen=True)
class Joining(_Construction):
    """Between any two points a path that is never above the higher one.

    Attributes
    ----------
    name, source : str
    stops : callable (problem, one, other)
        As of :class:`Downwards`; the last stop is the other point.
    """

    stops: Callable[[Problem, Point, Point], Sequence[Stop]]
