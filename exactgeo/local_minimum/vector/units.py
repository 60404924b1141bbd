"""Units as vectors over the data: outputs, output weights, and the cones in which their outputs move.

With a_i the outputs of unit i, v_i its output weights and s_i the change of its outputs, which ranges over finitely
many polyhedral cones, the loss changes by a multiple of

    |dP|^2 + 2 sum_i <v_i + k_i, Phi(s_i)>,    dP = sum_i k_i a_i^T + (v_i + k_i) s_i^T,    Phi(s) = sum_t r_t s_t

exactly, for a loss that is one square near the point and where it has no slope in the v_i (with another metric for dP
to second order, and from above, for other losses). An output bias is a unit with outputs 1 that do not move. All v_i
are trained.

*First order*: <v_i, Phi> >= 0 on all cones. Where it is 0 on a generator, that is *critical*; a unit is *silent* if Phi
is 0 on all its critical generators, else *loud*. Are all silent, the point is a minimum: Phi_i(C) is then a cone on
which <v_i, .> is positive but at 0, hence >= epsilon |Phi_i|, and <v_i + k_i, Phi_i> >= 0 for small k_i.

References
----------
docs/mathematics.md, "Vector outputs", V1 to V3.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property

from exactgeo.exact.matrix import rank, solve
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector, dot
from exactgeo.frozen import dataclass

__all__ = ["Cone", "Face", "Model", "Move", "Unit"]


@dataclass(frozen=True)
class Cone:
    """All sums of multiples of the lines and nonnegative multiples of the rays.

    Attributes
    ----------
    lines, rays : tuples of vectors
    """

    lines: Matrix
    rays: Matrix


@dataclass(frozen=True)
class Unit:
    """One unit.

    Attributes
    ----------
    feature : Vector, m
        Its outputs.
    weight : Vector, k
        Its output weights.
    cones : tuple of Cone
        Of changes of its outputs; together they are all changes there are.
    """

    feature: Vector
    weight: Vector
    cones: tuple[Cone, ...]


@dataclass(frozen=True)
class Face:
    """The critical face of a cone of a unit, by the numbers of what generates it.

    Attributes
    ----------
    unit, cone : int
    lines, rays : tuples of int
        All lines of the cone, and some of its rays.
    """

    unit: int
    cone: int
    lines: tuple[int, ...]
    rays: tuple[int, ...]


@dataclass(frozen=True)
class Move:
    """A way down, to second order: ``s`` times all of this.

    Attributes
    ----------
    weights : Matrix
        What is added to the output weights, one vector of k a unit.
    faces : tuple of (Face, multiples of its lines, of its rays)
    """

    weights: Matrix
    faces: tuple[tuple[Face, Vector, Vector], ...]


@dataclass(frozen=True)
class Model:
    """The change of the loss near a point where it has no slope in the output weights.

    Attributes
    ----------
    residuals : Matrix, k rows of m
        The slopes of the loss, so scaled that the loss changes by a multiple of ``dP metric dP + 2 <residuals, dP>``.
    metric : Matrix, k rows of k
        Positive definite.
    units : tuple of Unit
        With an output bias that is trained one with the outputs 1.
    exact : bool
        Whether the loss changes by this exactly, near the point: the squared loss, and others where all predictions are
        inside of their curved pieces; else its second-order part, or a bound from above.
    """

    residuals: Matrix
    metric: Matrix
    units: tuple[Unit, ...]
    exact: bool

    def phi(self, change: Vector) -> Vector:
        """Phi of a change of the outputs of a unit."""
        return tuple(dot(row, change) for row in self.residuals)

    def inner(self, p: Sequence[Fraction], q: Sequence[Fraction]) -> Fraction:
        """The product of two vectors of k in the metric."""
        return dot(p, [dot(row, q) for row in self.metric])

    @cached_property
    def faces(self) -> tuple[tuple[Face, ...], ...]:
        """For each unit the critical faces that no other one contains."""
        return tuple(tuple(self._faces(i)) for i in range(len(self.units)))

    def _faces(self, i: int) -> list[Face]:
        unit, found = self.units[i], list[tuple[set[Vector], Face]]()
        for c, cone in enumerate(unit.cones):
            rays = tuple(g for g, ray in enumerate(cone.rays) if not dot(unit.weight, self.phi(ray)))
            moved = {cone.rays[g] for g in rays} | {*cone.lines, *(tuple(-q for q in line) for line in cone.lines)}
            if not any(moved <= other for other, _ in found):
                found = [(other, face) for other, face in found if not other <= moved]
                found.append((moved, Face(i, c, tuple(range(len(cone.lines))), rays)))
        return [face for _, face in found]

    def generators(self, face: Face) -> tuple[Matrix, Matrix]:
        """The lines and the rays of a face."""
        cone = self.units[face.unit].cones[face.cone]
        return cone.lines, tuple(cone.rays[g] for g in face.rays)

    @cached_property
    def first_order(self) -> bool:
        """Whether <v_i, Phi> >= 0 on all cones."""
        for unit in self.units:
            for cone in unit.cones:
                if any(dot(unit.weight, self.phi(line)) for line in cone.lines):
                    return False
                if any(dot(unit.weight, self.phi(ray)) < 0 for ray in cone.rays):
                    return False
        return True

    @cached_property
    def loud(self) -> tuple[int, ...]:
        """The units on which Phi is not 0 on some critical generator."""
        return tuple(i for i in range(len(self.units)) if self._heard(i) is not None)

    @property
    def silent(self) -> tuple[int, ...]:
        """The others."""
        return tuple(i for i in range(len(self.units)) if i not in self.loud)

    def _heard(self, i: int) -> tuple[Face, Vector, Vector] | None:
        """A critical generator of a unit on which Phi is not 0, as multiples."""
        for face in self.faces[i]:
            lines, rays = self.generators(face)
            for g, change in enumerate((*lines, *rays)):
                if any(self.phi(change)):
                    chosen = [ONE * (j == g) for j in range(len(lines) + len(rays))]
                    return face, tuple(chosen[: len(lines)]), tuple(chosen[len(lines) :])
        return None

    def dependence(self, i: int) -> Vector | None:
        """Multiples b, b_i = 1, with ``sum_j b_j a_j = 0``: the outputs of a unit are in the span of the others'."""
        feature = self.units[i].feature
        others = [unit.feature for j, unit in enumerate(self.units) if j != i]
        if not any(feature):
            return tuple(ONE * (j == i) for j in range(len(self.units)))
        if not others:
            return None
        found = solve(tuple(zip(*others, strict=True)), feature)
        if found is None:
            return None
        return (*(-q for q in found[:i]), ONE, *(-q for q in found[i:]))

    def necessary(self) -> Move | None:
        """A way down where a loud unit has output weights 0, or outputs in the span of the others' (V2).

        With g = Phi(s) != 0 on a critical s: ``k_j = -b_j g`` for all j leaves the predictions as they are to first
        order, s_i = e s changes the loss by ``e^2 |v_i|^2 |s|^2 - 2 e |g|^2``; where v_i = 0, ``k_i = -e g``, s_i = s
        by ``e^2 |g|^2 |a_i|^2 - 2 e |g|^2``. Here e is half of what is too much.
        """
        features = [unit.feature for unit in self.units]
        dependent = bool(features) and rank(features, len(features[0])) < len(features)
        for i in self.loud:
            heard, unit = self._heard(i), self.units[i]
            assert heard is not None
            face, lines, rays = heard
            g_lines, g_rays = self.generators(face)
            change = next(s for q, s in zip((*lines, *rays), (*g_lines, *g_rays), strict=True) if q)
            g = self.phi(change)
            if not any(unit.weight):
                much = self.inner(g, g) * dot(unit.feature, unit.feature)
                e = dot(g, g) / much if much else ONE
                weights = [(ZERO,) * len(g)] * len(self.units)
                weights[i] = tuple(-e * q for q in g)
                return Move(tuple(weights), ((face, lines, rays),))
            b = self.dependence(i) if dependent else None
            if b is not None:
                e = dot(g, g) / (self.inner(unit.weight, unit.weight) * dot(change, change))
                scaled = tuple(e * q for q in lines), tuple(e * q for q in rays)
                return Move(tuple(tuple(-q * p for p in g) for q in b), ((face, *scaled),))
        return None
