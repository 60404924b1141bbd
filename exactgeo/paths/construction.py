"""What a construction of paths is: a theorem about networks of some kind, and how its path is laid.

A new construction is a class that obeys these laws, in a file of its own, and an entry of :data:`DOWNWARDS` or
:data:`JOINING` of :mod:`exactgeo.paths.constructions`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from exactgeo.deadline import Check
from exactgeo.paths.builder import PathBuilder
from exactgeo.problem import Point, Problem

__all__ = ["Downwards", "Joining", "Missing"]


@dataclass(frozen=True)
class Missing:
    """Why a construction does not apply: the condition of its theorem that does not hold, with numbers, for people.

    Examples
    --------
    >>> print(Missing("no hidden layer has 5 units or more, one for each different row of data (the widest has 3)"))
    no hidden layer has 5 units or more, one for each different row of data (the widest has 3)
    """

    reason: str

    def __str__(self) -> str:
        return self.reason


class _Construction(ABC):
    """What both kinds have.

    Attributes
    ----------
    name : str
        A few words, shown in answers.
    source : str
        The theorem.
    """

    name: ClassVar[str]
    source: ClassVar[str]


class Downwards(_Construction):
    """From any point a path that never rises. Laws:

    * where :meth:`missing` is None, :meth:`lay` ends, from every point, degenerate ones included;
    * no segment rises, and the end has the loss that :attr:`to_infimum` says;
    * what is frozen does not move.

    Attributes
    ----------
    to_infimum : bool
        Whether the end is at the infimum of the loss over all predictions that are equal at equal rows of data, which
        no parameters are below (for a loss without a minimum: as near to it as was asked for).
    """

    to_infimum: ClassVar[bool] = True

    @abstractmethod
    def missing(self, problem: Problem, point: Point) -> Missing | None:
        """Why the theorem does not apply; None where it does. Cost: little, no path is laid."""

    @abstractmethod
    def lay(self, builder: PathBuilder, check: Check) -> None:
        """Lay the path from ``builder.end``.

        Raises
        ------
        exactgeo.paths.PathRefused
            It cannot go on, with the reason.
        exactgeo.errors.OutOfTime
            By ``check``; what was laid so far stays.
        """


class Joining(_Construction):
    """Between any two points a path that is never above the higher one. Laws as of :class:`Downwards`."""

    @abstractmethod
    def missing(self, problem: Problem, one: Point, other: Point) -> Missing | None:
        """Why the theorem does not apply; None where it does."""

    @abstractmethod
    def lay(self, builder: PathBuilder, other: Point, check: Check) -> None:
        """Lay the path from ``builder.end`` to the other point; what it needs at that end is laid from there, and
        turned round by :meth:`exactgeo.paths.Path.reversed`."""
