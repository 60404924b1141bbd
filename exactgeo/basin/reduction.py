"""The cells of one neuron and what they generate: regions, faces, rays, and the columns of predictions.

With z_i = v_i w_i (lifted by the hidden bias) a neuron in the cone spanned by rays rho with output sign b contributes
``sum lambda_rho b a(X rho)``, lambda >= 0. The columns b a(X rho) are shared by all neurons, kept primitive, and an
orbit of basins is then a set of columns: a bit mask.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement
from math import comb, factorial, gcd, prod
from operator import mul

from exactgeo.arrangement import Arrangement
from exactgeo.basin import solvers
from exactgeo.basin.cone_program import Program, indices
from exactgeo.exact.matrix import integer_rows, primitive, rref
from exactgeo.exact.vectors import ONE, ZERO, Integers, Vector, dot
from exactgeo.problem import Point, Problem, scope

__all__ = ["Exchangeable", "Face", "Pattern", "Reduction", "reduce"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What one neuron may choose in a basin: a region and the sign of its output weight."""

    region: int
    sign: int
    mask: int


@dataclass(frozen=True, slots=True)
class Exchangeable:
    """Exchangeable neurons.

    Attributes
    ----------
    frozen : Fraction or None
        The output weight they share where it is frozen; None when it is trained.
    neurons : tuple of int
        Their places in the network.
    patterns : tuple of Pattern
    """

    frozen: Fraction | None
    neurons: tuple[int, ...]
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Face:
    """A face of the arrangement of one neuron.

    Attributes
    ----------
    rays : int
        Mask of the rays in its closure; their sum is a relative interior point.
    star : int
        Mask of the rays of all regions that contain it.
    """

    rays: int
    star: int


@dataclass(frozen=True)
class Reduction:
    """A problem in scope, taken apart. Built by :func:`reduce`."""

    problem: Problem
    program: Program
    exchangeable: tuple[Exchangeable, ...]
    rows: tuple[Vector, ...]
    regions: tuple[tuple[int, ...], ...]
    region_rays: tuple[int, ...]
    rays: tuple[tuple[int, ...], ...]
    ray_columns: Mapping[tuple[int, int], tuple[int, Fraction]]
    line_sources: tuple[tuple[int, Fraction], ...]
    frozen_offset: Fraction
    listed: bool = True

    # -- counting -----------------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Basins, permuted copies counted."""
        return prod(len(g.patterns) ** len(g.neurons) for g in self.exchangeable)

    @property
    def orbits(self) -> int:
        """Basins modulo permutation of exchangeable neurons."""
        return prod(comb(len(g.patterns) + len(g.neurons) - 1, len(g.neurons)) for g in self.exchangeable)

    def orbit_choices(self) -> Iterator[tuple[tuple[int, ...], ...]]:
        """Every orbit: for each group an ascending tuple of pattern indices."""

        # itertools.product would list each factor first, which may not fit in memory.
        def extend(k: int) -> Iterator[tuple[tuple[int, ...], ...]]:
            if k == len(self.exchangeable):
                yield ()
                return
            group = self.exchangeable[k]
            for part in combinations_with_replacement(range(len(group.patterns)), len(group.neurons)):
                for rest in extend(k + 1):
                    yield (part, *rest)

        return extend(0)

    def copies(self, choice: Sequence[Sequence[int]]) -> int:
        """Number of basins in an orbit."""
        return prod(factorial(len(part)) // prod(factorial(part.count(s)) for s in set(part)) for part in choice)

    def split(self, row: Sequence[int]) -> tuple[tuple[int, ...], ...]:
        """The patterns of all neurons in a row, group by group."""
        parts, first = [], 0
        for group in self.exchangeable:
            parts.append(tuple(row[first : first + len(group.neurons)]))
            first += len(group.neurons)
        return tuple(parts)

    def mask(self, choice: Sequence[Sequence[int]]) -> int:
        """The columns an orbit may use."""
        union = 0
        for group, part in zip(self.exchangeable, choice, strict=True):
            for k in part:
                union |= group.patterns[k].mask
        return union

    # -- faces --------------------------------------------------------------------------------------------------

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """All faces, by number of rays, the lineality space included."""
        if self.regions and not any(self.regions[0]):
            whole = (1 << len(self.rays)) - 1
            return (Face(whole, whole),)
        zero = [
            sum(1 << j for j, ray in enumerate(self.rays) if not sum(a * b for a, b in zip(ray, row, strict=True)))
            for row in self.rows
        ]
        found: dict[int, int] = {}
        for whole in self.region_rays:
            local, pending = {whole}, [whole]
            while pending:
                face = pending.pop()
                for cut in zero:
                    smaller = face & cut
                    if smaller not in local:
                        local.add(smaller)
                        pending.append(smaller)
            for face in local:
                found[face] = found.get(face, 0) | whole
        order = sorted(found, key=lambda face: (face.bit_count(), face))
        return tuple(Face(face, found[face]) for face in order)

    def face_mask(self, face: Face, sign: int) -> int:
        """The columns of a face for an output weight of this sign; none for sign 0."""
        return self.column_mask(face.rays, sign) if sign else 0

    def column_mask(self, rays: int, sign: int) -> int:
        """The columns of a set of rays for an output weight of this sign."""
        return _column_mask(self.ray_columns, rays, sign)

    # -- points -------------------------------------------------------------------------------------------------

    def point(
        self,
        neurons: Mapping[int, tuple[Sequence[Fraction], int]],
        lines: Vector,
    ) -> Point:
        """The parameters with ``z`` and output sign as given for each neuron, and the given line weights.

        A trained output weight is chosen so that the neuron's weights are integers without common factor; sign 0 is
        an output weight of 0, and the neuron keeps the direction z.
        """
        problem = self.problem
        net = problem.network
        lifted = bool(net.widths) and net.hidden_bias[0]
        values = {i: group.frozen for group in self.exchangeable for i in group.neurons}
        weights: list[Vector] = []
        biases: list[Vector] = []
        outputs: list[Fraction] = []
        width = net.widths[0] if net.widths else 0
        size = problem.d + int(lifted)
        for i in range(width):
            z, sign = neurons.get(i, ((ZERO,) * size, 0))
            value = values.get(i, ZERO)
            if value is None:
                whole = primitive(z)
                place = next((t for t, q in enumerate(whole) if q), None)
                factor = ONE if place is None else z[place] / whole[place]
                vector: list[Fraction] = [Fraction(q) for q in whole]
                outputs.append(sign * factor)
            else:
                vector = [q / abs(value) for q in z] if value else [ZERO] * size
                outputs.append(value)
            # A frozen bias in scope is 0 and not among the lifted rows.
            vector += [ZERO] * (size - len(vector))
            weights.append(tuple(vector[: problem.d]))
            biases.append(tuple(vector[problem.d :]))
        line = [ZERO] * (problem.d + 1)
        for (source, scale), q in zip(self.line_sources, lines, strict=True):
            line[source] = q * scale
        if net.widths:
            top: tuple[Fraction, ...] = tuple(outputs)
        else:
            top = tuple(line[: problem.d]) if problem.train.output else self._frozen_inputs()
            line = line[problem.d :] if problem.train.output else line
        trained_bias = net.output_bias and problem.train.output_bias
        bias = ((line[0] if trained_bias else self.frozen_offset),) if net.output_bias else ()
        layers = ((top,),) if not net.widths else (tuple(weights), (top,))
        hidden_bias = tuple(b[0] for b in biases) if net.widths and net.hidden_bias[0] else ()
        found = Point(layers, (bias,) if not net.widths else (hidden_bias, bias))
        return found.with_outputs(problem.outputs, problem.frozen)

    def _frozen_inputs(self) -> Vector:
        frozen = self.problem.frozen
        return frozen.as_scalar().inputs if frozen is not None else ()

    def place(
        self, choice: Sequence[Sequence[int]], weights: Mapping[int, Fraction]
    ) -> dict[int, tuple[list[Fraction], int]]:
        """Give each column's weight to the first neuron that has the column: neuron -> (z, sign)."""
        remaining = dict(weights)
        placed = {}
        size = len(self.rows[0]) if self.rows else 0
        for group, part in zip(self.exchangeable, choice, strict=True):
            for neuron, s in zip(group.neurons, part, strict=True):
                pattern = group.patterns[s]
                z = [ZERO] * size
                for j, ray in enumerate(self.rays):
                    column, scale = self.ray_columns[j, pattern.sign]
                    if scale and self.region_rays[pattern.region] >> j & 1 and column in remaining:
                        share = remaining.pop(column) / scale
                        z = [a + share * b for a, b in zip(z, ray, strict=True)]
                placed[neuron] = (z, pattern.sign)
        return placed


def _column_mask(ray_columns: Mapping[tuple[int, int], tuple[int, Fraction]], rays: int, sign: int) -> int:
    mask = 0
    for j in indices(rays):
        column, scale = ray_columns[j, sign]
        if scale:
            mask |= 1 << column
    return mask


def reduce(problem: Problem, *, most_regions: int | None = None) -> Reduction:
    """Take a problem apart into the cells of a neuron and their columns.

    Above ``most_regions`` regions (by the bound for general position) none is listed, and ``listed`` is False.

    Raises
    ------
    OutOfScope
        Not one hidden layer with a scalar output, a loss and a freezing that MATH.md 2 covers; the reason names it.
    """
    outside = scope.basins(problem)
    if outside is not None:
        raise outside
    scalar = problem.loss.as_scalar(problem.outputs, problem.y)
    assert scalar is not None
    loss, y = scalar
    net, train = problem.network, problem.train
    # Of two scores only the difference matters.
    frozen = None if problem.frozen is None else problem.frozen.as_scalar()
    shift = ZERO
    if frozen is not None and net.output_bias and not train.output_bias:
        shift = frozen.shift
    offset = [shift] * problem.m
    inputs = not net.widths and train.output
    if not net.widths and not inputs and frozen is not None:
        offset = [q + dot(frozen.inputs, row) for q, row in zip(offset, problem.x, strict=True)]
    listed = most_regions is None or _most(problem) <= most_regions
    rows, regions, region_rays, rays = _arrange(problem) if listed else ((), (), (), ())
    columns: dict[tuple[int, ...], int] = {}
    ray_columns: dict[tuple[int, int], tuple[int, Fraction]] = {}
    patterns: dict[int, tuple[Pattern, ...]] = {}
    values = _output_weights(problem)
    outputs = _outputs(problem, rows, rays)
    for sign in (1, -1):
        for j, (whole, scale) in enumerate(outputs):
            if not scale:
                ray_columns[j, sign] = (-1, ZERO)
            else:
                turned = tuple(sign * q for q in whole)
                ray_columns[j, sign] = (columns.setdefault(turned, len(columns)), scale)
        patterns[sign] = tuple(
            Pattern(k, sign, _column_mask(ray_columns, mask, sign)) for k, mask in enumerate(region_rays)
        )
    groups = []
    for value in dict.fromkeys(values):
        members = tuple(i for i, q in enumerate(values) if q == value)
        if value is None:
            groups.append(Exchangeable(None, members, patterns[1] + patterns[-1]))
        elif value:
            groups.append(Exchangeable(value, members, patterns[1 if value > 0 else -1]))
    lines, scales = _lines(problem)
    solvers.choose(loss, y)
    program = Program(loss, ONE, y, tuple(offset), tuple(columns), lines)
    return Reduction(
        problem, program, tuple(groups), rows, regions, region_rays, rays, ray_columns, scales, shift, listed
    )


def _lines(problem: Problem) -> tuple[tuple[Integers, ...], tuple[tuple[int, Fraction], ...]]:
    """What moves predictions both ways, the weights of a linear model and the output bias: independent ones, primitive;
    and for each its number among these parameters and the factor that makes its weight the parameter."""
    train = problem.train
    free = (
        [[row[j] for row in problem.x] for j in range(problem.d)] if not problem.network.widths and train.output else []
    )
    free += [[ONE] * problem.m] if problem.network.output_bias and train.output_bias else []
    kept = rref(list(zip(*free, strict=True)), len(free))[1] if free else []
    lines = tuple(primitive(free[j]) for j in kept)
    return lines, tuple(
        (j, next(Fraction(a) / b for a, b in zip(line, free[j], strict=True) if b))
        for j, line in zip(kept, lines, strict=True)
    )


def _arrange(
    problem: Problem,
) -> tuple[tuple[Vector, ...], tuple[tuple[int, ...], ...], tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """Lifted rows, regions as sign vectors, their rays as masks, and the rays of one neuron's arrangement."""
    net, m = problem.network, problem.m
    if not net.widths:
        return (), (), (), ()
    trained_bias = net.hidden_bias[0] and problem.train.hidden_bias[0]
    rows = problem.lifted if trained_bias else problem.x
    size = len(rows[0])
    if not net.activation.has_kink:
        # Nothing cuts the weight space: one region, generated by plus and minus the unit vectors.
        rays = tuple(tuple(sign * int(i == j) for i in range(size)) for j in range(size) for sign in (1, -1))
        return rows, ((0,) * m,), ((1 << len(rays)) - 1,), rays
    arrangement = Arrangement(rows, dimension=size)
    masks = tuple(sum(1 << j for j in part) for part in arrangement.rays_by_region())
    return rows, tuple(tuple(map(int, signs)) for signs in arrangement.regions()), masks, tuple(arrangement.rays())


def _outputs(
    problem: Problem, rows: Sequence[Vector], rays: Sequence[tuple[int, ...]]
) -> list[tuple[tuple[int, ...], Fraction]]:
    """For each ray a(X ray) as a primitive integer vector and the positive factor in front of it, 0 where it is 0."""
    if not rays:
        return []
    # Whole numbers throughout: rows and slopes times their common denominators.
    data, bottom = integer_rows(rows)
    (slopes,), share = integer_rows([problem.network.activation.slopes or (ZERO, ZERO)])
    right, left = map(int, slopes)
    found = []
    for ray in rays:
        sides = [sum(map(mul, ray, row)) for row in data]
        vector = [(right if side >= 0 else left) * int(side) for side in sides]
        factor = gcd(*vector)
        found.append((tuple(q // (factor or 1) for q in vector), Fraction(factor, bottom * share)))
    return found


def _most(problem: Problem) -> int:
    """At least the number of regions of one neuron."""
    if not problem.network.widths or not problem.network.activation.has_kink:
        return 1
    forms = {primitive(row) for row in problem.lifted if any(row)}
    planes = {max(form, tuple(-q for q in form)) for form in forms}
    return 2 * sum(comb(max(len(planes) - 1, 0), i) for i in range(len(problem.lifted[0])))


def _output_weights(problem: Problem) -> list[Fraction | None]:
    if not problem.network.widths:
        return []
    if problem.train.output or problem.frozen is None:
        return [None] * problem.network.widths[0]
    return [v for _, v in problem.frozen.as_scalar().neurons]
