"""What a rung of the ladder is, and the laws it obeys."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from exactgeo.deadline import Check, unlimited
from exactgeo.errors import OutOfScope
from exactgeo.local_minimum.decision import Descent, Minimum, Undecided
from exactgeo.problem import Point, Problem

__all__ = ["Rung"]


class Rung(ABC):
    """One argument that decides whether points of some problems are local minima.

    Laws: a problem that is accepted is decided, at every point but those that the answer says the argument does not
    reach (the next rung is asked), and unless a number is too small for its sign to be found
    (:class:`~exactgeo.exact.combination.Unresolved`); the checker accepts the claim of the answer; two rungs that
    decide one point agree.

    Attributes
    ----------
    name : str
        As it stands in answers; docs/architecture.md lists the names.
    """

    name: ClassVar[str]

    @abstractmethod
    def accepts(self, problem: Problem) -> OutOfScope | None:
        """None for a problem whose points :meth:`decide` is for; else what puts it outside."""

    @abstractmethod
    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Descent | Undecided:
        """Decide one point of an accepted problem, or say what keeps it open.

        ``check`` is called between pieces of work; where it raises OutOfTime, that passes through.

        Raises
        ------
        InternalError
            An answer failed its own replay.
        """
