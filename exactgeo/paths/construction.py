"""What a construction of paths is: a theorem about networks of some kind, and how its path is laid.

A new construction is a function in a file of its own and an entry of :data:`DOWNWARDS` or :data:`JOINING` of
:mod:`exactgeo.paths.constructions`.
"""

from __future__ import annotations

from collections.abc import Callable

from exactgeo.frozen import dataclass
from exactgeo.paths.builder import PathBuilder
from exactgeo.problem import Point

__all__ = ["Downwards", "Joining"]


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
    lay : callable (builder)
        Lays the path from the builder's end. Law: the loss never rises on the way, nothing frozen moves, and the end
        has the least loss that any parameters have. It raises :class:`~exactgeo.paths.PathRefused` where a condition of
        the theorem does not hold, and says which, before anything is laid.
    """

    lay: Callable[[PathBuilder], None]


@dataclass(frozen=True)
class Joining(_Construction):
    """Between any two points a path that is never above the higher one.

    Attributes
    ----------
    name, source : str
    lay : callable (builder, other)
        As of :class:`Downwards`, from the builder's end to the other point.
    """

    lay: Callable[[PathBuilder, Point], None]
