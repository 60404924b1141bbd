"""Units of the last hidden layer as vectors with cones, on unrolled copies, for the second order of vector outputs.

The outputs of a unit of layer l change by ``a'(z; q)``, q in the sum of the span of its trained inputs (and 1) and, for
each weight W != 0 from below, sign(W) times what that unit's outputs may change by; over a trained weight 0 both signs,
for copies of their own. Those are finitely many polyhedral cones of R^m, by lines and rays: sums of cones, cut by the
kinks, each part multiplied by its slopes. Each small move of the network changes the outputs of the last layer by
vectors of these cones, one a unit; so a minimum over all choices is one of the network.

References
----------
docs/mathematics.md, "Deep networks", D3v.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from itertools import product

from exactgeo.deadline import Check, unlimited
from exactgeo.exact.matrix import primitive, rref
from exactgeo.exact.vectors import ONE, ZERO, Vector
from exactgeo.local_minimum.deep.point import DeepPoint, Layer
from exactgeo.local_minimum.vector.units import Cone, Model, Unit
from exactgeo.local_minimum.vector.work import TooLarge, Work

__all__ = ["unrolled_model"]

CONES, RAYS = 300, 24
"""Of one unit; of one cone: beyond, the argument is left out."""


def unrolled_model(at: DeepPoint, work: Work, check: Check = unlimited) -> Model | str:
    """The change of the loss near a point where it has no slope in the last layer; or what is in the way.

    Cost: up to 2^kinks cones a unit; ``work`` counts what the checker will do.

    Raises
    ------
    TooLarge
    """
    if not at.trains_output:
        return "the output weights are frozen"
    last = at.layers[-1]
    if at.slope_in_last:
        return f"the loss has a slope in {at.slope_in_last}"
    factor = at.square_factor
    if factor is None:
        return "the loss is not one square near the point"
    cones: list[list[Cone]] = []
    for layer in at.layers:
        cones = [_unit(at, layer, i, cones, work, check) for i in range(layer.width)]
    k = len(at.output)
    units = [Unit(a, tuple(row[i] for row in at.output), tuple(cones[i])) for i, a in enumerate(last.out)]
    if at.trains_shift:
        units.append(Unit((ONE,) * at.problem.m, (ZERO,) * k, ()))
    metric = tuple(tuple(ONE * (i == j) for j in range(k)) for i in range(k))
    residuals = tuple(tuple(q / (2 * factor) for q in row if isinstance(q, Fraction)) for row in at.gradient)
    return Model(residuals, metric, tuple(units), True)


def _unit(at: DeepPoint, layer: Layer, i: int, below: Sequence[Sequence[Cone]], work: Work, check: Check) -> list[Cone]:
    """The cones of the changes of a unit's outputs."""
    own = [*(at.inputs_of(layer.index) if layer.trains else ()), *([(ONE,) * at.problem.m] * layer.trains_bias)]
    options = []
    for w, cones in zip(layer.weights[i], below, strict=layer.index > 0):
        signs = (1,) if w > 0 else (-1,) if w < 0 else (1, -1) if layer.trains else ()
        options += [[_times(sign, cone) for cone in cones] for sign in signs]
    number = 1
    for some in options:
        number *= len(some)
    if number > CONES:
        raise TooLarge
    found: set[tuple[frozenset[Vector], frozenset[Vector]]] = set()
    for choice in product(*options):
        check()
        lines, rays = [*own], list[Vector]()
        for cone in choice:
            lines += cone.lines
            rays += cone.rays
        for part in _cut(_canonical(lines, rays, work), layer, i, work):
            found.add((frozenset(part.lines), frozenset(part.rays)))
            if len(found) > CONES:
                raise TooLarge
    work.spend(64 * len(found) ** 2)
    kept = [one for one in found if not any(one != other and _within(one, other) for other in found)]
    return [Cone(tuple(sorted(lines)), tuple(sorted(rays))) for lines, rays in sorted(kept, key=_order)]


def _within(one: tuple[frozenset[Vector], ...], other: tuple[frozenset[Vector], ...]) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True))


def _order(one: tuple[frozenset[Vector], frozenset[Vector]]) -> tuple[list[Vector], list[Vector]]:
    return sorted(one[0]), sorted(one[1])


def _times(sign: int, cone: Cone) -> Cone:
    return cone if sign > 0 else Cone(cone.lines, tuple(tuple(-q for q in ray) for ray in cone.rays))


def _canonical(lines: Sequence[Vector], rays: Collection[Vector], work: Work) -> Cone:
    """The same cone: independent lines, rays that are 0 in their pivots, none twice, opposite ones made lines."""
    size = len(lines[0]) if lines else 0
    work.canonical(len(lines), len(rays))
    while True:
        basis, pivots = rref(lines, size) if lines else ([], [])
        short = set()
        for ray in rays:
            rest = ray
            for row, pivot in zip(basis, pivots, strict=True):
                if rest[pivot]:
                    rest = tuple(a - rest[pivot] * b for a, b in zip(rest, row, strict=True))
            if any(rest):
                short.add(primitive(rest))
        opposite = [ray for ray in short if tuple(-q for q in ray) in short]
        rays = [tuple(map(Fraction, ray)) for ray in sorted(short)]
        if not opposite:
            if len(rays) > RAYS:
                raise TooLarge
            return Cone(tuple(basis), tuple(rays))
        lines = [*basis, *(tuple(map(Fraction, ray)) for ray in opposite)]
        size = len(lines[0])


def _cut(cone: Cone, layer: Layer, i: int, work: Work) -> list[Cone]:
    """The parts of a cone of changes of a pre-activation between the kinks, each multiplied by its slopes."""
    parts: list[tuple[Cone, dict[int, int]]] = [(cone, {})]
    slopes = layer.slope[i]
    for t, slope in enumerate(slopes):
        if slope is None:
            parts = [(half, {**sides, t: side}) for one, sides in parts for side, half in _halves(one, t, work)]
            if len(parts) > CONES:
                raise TooLarge
    found = []
    for one, sides in parts:
        factors = [layer.slopes[sides[t] < 0] if s is None else s for t, s in enumerate(slopes)]

        def moved(vector: Vector, factors: Sequence[Fraction] = factors) -> Vector:
            return tuple(f * q for f, q in zip(factors, vector, strict=True))

        lines = [moved(line) for line in one.lines]
        found.append(_canonical([line for line in lines if any(line)], [moved(ray) for ray in one.rays], work))
    return found


def _halves(cone: Cone, t: int, work: Work) -> list[tuple[int, Cone]]:
    """The parts of a cone on either side of a data point, with their sides; one part where it has no other."""
    line = next((line for line in cone.lines if line[t]), None)
    if line is not None:
        flat = [_off(other, line, t) for other in cone.lines if other is not line]
        rays = [_off(ray, line, t) for ray in cone.rays]
        ahead = line if line[t] > 0 else tuple(-q for q in line)
        behind = tuple(-q for q in ahead)
        return [(side, _canonical(flat, [*rays, way], work)) for side, way in ((1, ahead), (-1, behind))]
    signs = {(ray[t] > 0) - (ray[t] < 0) for ray in cone.rays} - {0}
    if len(signs) < 2:
        return [(signs.pop() if signs else 1, cone)]
    between = [
        tuple(p[t] * b - n[t] * a for a, b in zip(p, n, strict=True))
        for p in cone.rays
        if p[t] > 0
        for n in cone.rays
        if n[t] < 0
    ]
    work.spend(16 * len(between) * (1 + len(cone.rays[0])))
    return [
        (side, _canonical(cone.lines, [*(ray for ray in cone.rays if ray[t] * side >= 0), *between], work))
        for side in (1, -1)
    ]


def _off(vector: Vector, line: Vector, t: int) -> Vector:
    """A vector less a multiple of a line, 0 at t."""
    q = vector[t] / line[t]
    return tuple(a - q * b for a, b in zip(vector, line, strict=True)) if q else vector
