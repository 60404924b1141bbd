"""What the checker will count as work of a claim whose forms it computes again, piece by piece, mostly from above.

The checker refuses a file whose work is beyond its limit. So a search for such a claim counts along and gives up beyond
three quarters of that limit, which leaves room for what is counted too low here: no certificate is written that is
refused for its length.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm

from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.vector.units import Face, Model

__all__ = ["TooLarge", "Work"]

LIMIT = 30_000_000
"""Three quarters of the checker's."""


class TooLarge(Exception):
    """There are more products of faces, or variables, than can be looked at, or than the checker would look at."""


class Work:
    """A count of steps of arithmetic.

    Parameters
    ----------
    at : DeepPoint
        Its numbers say how much a step counts.

    Attributes
    ----------
    spent : int
    """

    def __init__(self, at: DeepPoint) -> None:
        problem, point = at.problem, at.point
        rows = [*problem.x, *problem.y, *(row for matrix in point.weights for row in matrix), *point.biases]
        self.m, self.k = problem.m, len(at.output)
        self._size, self.spent = (1 + _bits([q for row in rows for q in row]) // 1024) ** 2, 0
        # The forward pass, twice.
        weights = sum(len(row) + 1 for matrix in point.weights for row in matrix)
        self.spend(16 * self.m * weights * len(point.weights) ** 2)

    def spend(self, steps: int) -> None:
        """Count steps, before they are done.

        Raises
        ------
        TooLarge
            These are too many.
        """
        self.spent += steps * self._size
        if self.spent > LIMIT:
            raise TooLarge

    def units(self, model: Model) -> None:
        """The faces of the units, and what is projected out."""
        for i, unit in enumerate(model.units):
            rays = {ray for cone in unit.cones for ray in cone.rays}
            self.spend(8 * len(rays) ** 2 * (1 + self.m))
            self.spend(sum(2 ** len(face.rays) * (64 + 8 * len(rays)) for face in model.faces[i]))
        generators = sum(self._generators(model, face) for faces in model.faces for face in faces)
        self.spend(self._projection(4 * generators + 4 * len(model.units)))

    def product(self, model: Model, faces: tuple[Face, ...]) -> None:
        """One product of faces: the units on them."""
        generators = sum(self._generators(model, face) for face in faces)
        self.spend(1024 + self._projection((6 + 2 * len(faces)) * (generators + len(faces))))

    def form(self, variables: int, rays: int) -> None:
        """A form and whether it is copositive."""
        self.spend(16 * (1 + variables) ** 2 * (1 + self.k + self.m) + 16 * (1 + variables) ** 3)
        self.spend((64 + 16 * rays**3 + 3 * (rays + 2) ** 2) * 2**rays)

    def zeros(self, variables: int, number: int) -> None:
        """What a form is 0 on, as vectors."""
        self.spend(8 * (1 + number) * (2 + variables) ** 2)

    def grid(self, points: int, actors: int) -> None:
        """Least squares problems on a grid."""
        self.spend(points * ((64 * (1 + self.k) * (1 + self.m) + 4 * self.k) * (1 + actors) ** 2))

    def canonical(self, lines: int, rays: int) -> None:
        """A cone by lines and rays, made canonical."""
        self.spend(3 * (16 * (1 + min(lines, self.m)) * rays + 4 * lines) * (1 + self.m))

    def _projection(self, vectors: int) -> int:
        return 16 * vectors * self.m * (1 + self.m)

    @staticmethod
    def _generators(model: Model, face: Face) -> int:
        return sum(map(len, model.generators(face)))


def _bits(numbers: list[Fraction]) -> int:
    return lcm(*(q.denominator for q in numbers)).bit_length() + max(
        (abs(q.numerator).bit_length() for q in numbers), default=0
    )
