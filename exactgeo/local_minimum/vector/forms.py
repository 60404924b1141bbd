"""The second-order part of the loss on a product of critical faces, one of each unit that moves.

In the moves K of the output weights and the multiples of the generators it is the quadratic form
``|sum_i k_i a_i^T + v_i s_i^T|^2 + 2 sum_i <k_i, Phi(s_i)>``, s_i the change of unit i: K and lines are free, rays are
not negative. Negative somewhere: no minimum. Of a *minimum* the form is first made definite, by what leaves the loss:

* *Projection.* The vectors in the span of 1 and the silent units' outputs are free: all is projected on what is
  orthogonal to them. Changes of a silent unit with output weights 0 are projected out (``v_i + k_i`` is anything),
  those of another stay.
* *Rays that are not critical* are left out: along them the loss grows at first order.
* *Gauge.* A multiple of a_i in s_i is a scaling, which v_i undoes: s_i may be taken orthogonal to a_i; and to a_j
  where the lines of unit i with a_i hold all that unit j can be.

Positive on all products: a minimum, of all changes that are left a strict one.

*Ties.* The form may be 0. Without changes of silent units (they are projected out as well), and for a loss that is one
square near the point:

* one loud unit: ``(|a|^2 + |s|^2) (L' - L)`` less a square is the form, so its sign decides;
* loud units that all hold one another, without rays: least squares of bounded rank, where a critical point with a form
  >= 0 is a best one (Eckart, Young);
* units of which all that they can be is orthogonal to all of others' are decided apart;
* zeros along which the loss stays as it is (:mod:`~exactgeo.local_minimum.vector.ties`).

References
----------
docs/mathematics.md, "Vector outputs", V4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import prod

from exactgeo.deadline import Check, unlimited
from exactgeo.exact.copositive import Copositivity, copositivity
from exactgeo.exact.orthogonal import off, orthogonal, within
from exactgeo.exact.vectors import Vector, dot
from exactgeo.local_minimum.vector.actors import Actor, pointed, quadratic
from exactgeo.local_minimum.vector.ties import flat
from exactgeo.local_minimum.vector.units import Face, Model, Move
from exactgeo.local_minimum.vector.work import TooLarge, Work

__all__ = ["Reduced", "descent", "tied"]

PRODUCTS = 400
"""Products of faces, at most."""


def _products(model: Model, units: Sequence[int]) -> Iterator[tuple[Face, ...]]:
    """All choices of one critical face a unit."""
    if prod(len(model.faces[i]) for i in units) > PRODUCTS:
        raise TooLarge
    yield from product(*(model.faces[i] for i in units))


class Reduced:
    """The model after its projections, for proofs.

    Parameters
    ----------
    model : Model
    rule : str
        ``definite``: changes of silent units with output weights 0 are projected out. ``tied``: those of all silent
        units. ``whole``: none, and all units that move take part with their output weights.
    work : Work
        Counts what the checker will do.

    Attributes
    ----------
    model : Model
    acting : list of int
        The units whose output weights take part: the loud ones, or all that move.
    quiet : list of int
        Other units whose changes are left.
    features : dict of Vector
        Outputs of the acting units, projected.
    independent : bool
        Whether these are; if not, nothing is proved.
    """

    def __init__(self, model: Model, rule: str, work: Work) -> None:
        self.model, self.work = model, work
        work.units(model)
        moving = [i for i in range(len(model.units)) if any(map(any, self._changes(i)))]
        self.acting = moving if rule == "whole" else list(model.loud)
        others = [i for i in range(len(model.units)) if i not in self.acting]
        gone = [model.units[i].feature for i in others]
        for i in others:
            if rule == "tied" or not any(model.units[i].weight):
                gone += self._changes(i)
        self._basis = orthogonal(gone)
        self.quiet = [i for i in others if any(not within(g, self._basis) for g in self._changes(i))]
        self.features = {i: self.projected(model.units[i].feature) for i in self.acting}
        self.independent = len(orthogonal(list(self.features.values()))) == len(self.acting)

    def _changes(self, i: int) -> list[Vector]:
        return [g for face in self.model.faces[i] for part in self.model.generators(face) for g in part]

    def projected(self, vector: Vector) -> Vector:
        """What is orthogonal to all that is projected out."""
        return off(vector, self._basis)

    def parts(self) -> list[list[int]]:
        """The acting units, apart where all that they can be is orthogonal to all that others can be."""
        reach = {i: [self.features[i], *map(self.projected, self._changes(i))] for i in self.acting}
        left, found = list(self.acting), []
        while left:
            part = [left.pop(0)]
            for i in part:
                near = [j for j in left if any(dot(p, q) for p in reach[i] for q in reach[j])]
                part += near
                left = [j for j in left if j not in near]
            found.append(sorted(part))
        return found

    def products(self, units: Sequence[int]) -> Iterator[tuple[list[Actor], bool]]:
        """The actors on each product of faces of these units, and whether all are loud, take on one another and
        have no rays."""
        for faces in _products(self.model, units):
            self.work.product(self.model, faces)
            yield self._actors(faces)

    def form(self, actors: Sequence[Actor]) -> tuple[list[list[Fraction]], int]:
        """The form of actors, and how many of its variables are free."""
        rows, free = quadratic(self.model, actors)
        self.work.form(len(rows), len(rows) - free)
        return rows, free

    def _actors(self, faces: Sequence[Face]) -> tuple[list[Actor], bool]:
        cones = {}
        for face in faces:
            own = [self.features[face.unit]] if face.unit in self.features else []
            of_lines, of_rays = ([off(self.projected(g), own) for g in part] for part in self.model.generators(face))
            cones[face.unit] = pointed(of_lines, of_rays)
        acting = [face.unit for face in faces if face.unit in self.features]
        held = {}
        for i in acting:
            span = orthogonal([self.features[i], *cones[i][0]])
            held[i] = [
                j
                for j in acting
                if j != i and all(within(g, span) for g in (self.features[j], *cones[j][0], *cones[j][1]))
            ]
        actors = []
        for face in faces:
            lines, rays = cones[face.unit]
            others = orthogonal([self.features[j] for j in (face.unit, *held[face.unit])]) if face.unit in held else []
            lines, rays = pointed([off(g, others) for g in lines], [off(g, others) for g in rays])
            actors.append(Actor(self.features.get(face.unit), self.model.units[face.unit].weight, lines, rays))
        loud = all(face.unit in self.model.loud for face in faces)
        block = loud and all(len(held[i]) == len(faces) - 1 and not cones[i][1] for i in acting)
        return actors, block

    def strict(self, check: Check = unlimited) -> bool:
        """Whether the form is positive on every product of faces, changes of silent units included."""
        return self.independent and all(
            copositivity(*self.form(actors), check).strict for actors, _ in self.products([*self.acting, *self.quiet])
        )


def tied(reduced: Reduced, part: Sequence[int], check: Check = unlimited) -> bool:
    """Whether a part of the acting units is at a minimum though the form may be 0: on each product of its faces it is
    positive, or nonnegative and one unit's, or a block's, or has zeros that are flat."""
    for actors, block in reduced.products(part):
        check()
        rows, free = reduced.form(actors)
        form = copositivity(rows, free, check)
        if form.strict:
            continue
        if form.negative is not None or not reduced.model.exact:
            return False
        alone = len(part) == 1 and part[0] in reduced.model.loud
        if not (block or alone) and not flat(reduced.model, actors, rows, free, form.zeros, reduced.work, check):
            return False
    return True


def descent(model: Model, check: Check = unlimited) -> Move | None:
    """A way down at second order on some product of faces, first of the loud units alone, then of all that move."""
    moving = [i for i in model.silent if any(model.units[i].weight) and model.faces[i]]
    for units in (model.loud, (*model.loud, *moving)):
        for faces in _products(model, units):
            check()
            by_unit = {face.unit: face for face in faces}
            actors = [
                Actor(unit.feature, unit.weight, *(model.generators(by_unit[i]) if i in by_unit else ((), ())))
                for i, unit in enumerate(model.units)
            ]
            form = copositivity(*quadratic(model, actors), check)
            if form.negative is not None:
                return _move(model, faces, form)
    return None


def _move(model: Model, faces: Sequence[Face], form: Copositivity) -> Move:
    """The negative vector of a form, unit by unit."""
    assert form.negative is not None
    entries = iter(map(Fraction, form.negative))
    size = len(model.metric)
    weights = tuple(tuple(next(entries) for _ in range(size)) for _ in model.units)
    ordered = sorted(faces, key=lambda face: face.unit)
    lines = [tuple(next(entries) for _ in face.lines) for face in ordered]
    rays = [tuple(next(entries) for _ in face.rays) for face in ordered]
    return Move(weights, tuple(zip(ordered, lines, rays, strict=True)))
