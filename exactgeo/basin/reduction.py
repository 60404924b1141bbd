"""The cells of one neuron and what they generate: regions, faces, rays, and the columns of predictions.

With z_i = v_i w_i (lifted by the hidden bias) a neuron in the cone spanned by rays rho with output sign b contributes
``sum lambda_rho b a(X rho)``, lambda >= 0. The columns b a(X rho) are shared by all neurons, kept primitive, and an
orbit of basins is then a set of columns: a bit mask.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from functools import reduce as fold
from itertools import chain, combinations_with_replacement, repeat
from math import comb, factorial, gcd, prod
from operator import neg, or_
from typing import TYPE_CHECKING, NamedTuple

from exactgeo.arrangement import Arrangement
from exactgeo.basin import solvers
from exactgeo.basin.cone_program import Program, indices
from exactgeo.basin.numbering import Numbering
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import echelon, integer_rows, primitive, products
from exactgeo.exact.vectors import ONE, ZERO, Integers, Vector, dot, integer_dot
from exactgeo.problem import Neuron, Point, Problem, scope

if TYPE_CHECKING:
    from exactgeo.basin.batch import Numbers

__all__ = ["Exchangeable", "Face", "NeuronFace", "Pattern", "Reduction", "reduce"]

NeuronFace = tuple[int, int]
"""Where a neuron may be: the rays (mask) that span its cone, and the sign of its output weight."""


class Pattern(NamedTuple):
    """What one neuron may choose in a basin: a region and the sign of its output weight."""

    region: int
    sign: int
    mask: int


class Exchangeable(NamedTuple):
    """Exchangeable neurons.

    Attributes
    ----------
    frozen : Fraction or None
        The output weight they share where it is frozen; None when it is trained.
    neurons : tuple of int
        Their numbers in the network.
    patterns : tuple of Pattern
    """

    frozen: Fraction | None
    neurons: tuple[int, ...]
    patterns: tuple[Pattern, ...]


class Face(NamedTuple):
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
    """A problem in scope, taken apart: its cone program, and the way back. Built by :func:`reduce`.

    Attributes
    ----------
    problem : Problem
    program : Program
        With the columns of all neurons; a basin may use some of them, see :meth:`mask`.
    exchangeable : tuple of Exchangeable
        The neurons but for those whose output weight is frozen at 0.
    rows : m vectors
        What one neuron's input weights are multiplied with: the data, lifted by a trained hidden bias.
    regions : tuple of sign vectors, m entries each
        Of the rows' arrangement; one, all 0, where the activation has no kink.
    region_rays : tuple of int
        For each region the rays that generate it, a mask.
    rays : tuple of vectors of ints
    ray_columns : mapping from (ray, output sign) to (column, factor)
        Along the ray a(X w) is ``factor`` times the column for each unit; (-1, 0) where it is 0.
    line_sources : tuple of (number, factor), one a line
        Which parameter of :meth:`affine` a line is, and the factor that turns its weight into the parameter.
    frozen_offset : Fraction
        The output bias where it is frozen.
    listed : bool
        False when there are too many regions to begin with, or none were wanted; then there are none.
    """

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

    @cached_property
    def numbering(self) -> Numbering:
        """The orbits by number."""
        return Numbering([(len(group.patterns), len(group.neurons)) for group in self.exchangeable])

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

    def copies(self, patterns: Sequence[Sequence[int]]) -> int:
        """Number of basins in an orbit."""
        return prod(factorial(len(part)) // prod(factorial(part.count(s)) for s in set(part)) for part in patterns)

    def multiplicities(self, rows: Numbers) -> list[int]:
        """:meth:`copies` of many orbits at once.

        Parameters
        ----------
        rows : array of int32, (orbits, neurons)
            Group after group, ascending within a group.
        """
        import numpy as np

        copies = prod(factorial(len(group.neurons)) for group in self.exchangeable)
        # A pattern that k neurons have counts 1, 2, ..., k in its run: together k!.
        repeats = np.ones(len(rows), dtype=np.int64 if copies < 2**63 else object)
        first = 0
        for group in self.exchangeable:
            run = np.ones_like(repeats)
            for neuron in range(first + 1, first + len(group.neurons)):
                run = np.where(rows[:, neuron] == rows[:, neuron - 1], run + 1, 1)
                repeats *= run
            first += len(group.neurons)
        return [int(q) for q in (copies // repeats).tolist()]

    def split(self, row: Sequence[int]) -> tuple[tuple[int, ...], ...]:
        """The patterns of all neurons in a row, group by group."""
        parts, first = [], 0
        for group in self.exchangeable:
            parts.append(tuple(row[first : first + len(group.neurons)]))
            first += len(group.neurons)
        return tuple(parts)

    def mask(self, patterns: Sequence[Sequence[int]]) -> int:
        """The columns an orbit may use."""
        union = 0
        for group, part in zip(self.exchangeable, patterns, strict=True):
            for k in part:
                union |= group.patterns[k].mask
        return union

    # -- faces --------------------------------------------------------------------------------------------------

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """All faces, by number of rays, the lineality space included."""
        if self.regions and not any(self.regions[0]):
            every = (1 << len(self.rays)) - 1
            return (Face(every, every),)
        zero = [sum(1 << j for j, ray in enumerate(self.rays) if not dot(ray, row)) for row in self.rows]
        found: dict[int, int] = {}
        for region in self.region_rays:
            local, pending = {region}, [region]
            while pending:
                face = pending.pop()
                for cut in zero:
                    smaller = face & cut
                    if smaller not in local:
                        local.add(smaller)
                        pending.append(smaller)
            for face in local:
                found[face] = found.get(face, 0) | region
        order = sorted(found, key=lambda face: (face.bit_count(), face))
        return tuple(Face(face, found[face]) for face in order)

    def face_mask(self, face: Face, sign: int) -> int:
        """The columns of a face for an output weight of this sign; none for sign 0."""
        return self.column_mask(face.rays, sign) if sign else 0

    def column_mask(self, rays: int, sign: int) -> int:
        """The columns of a set of rays for an output weight of this sign."""
        return fold(or_, map(self._columns[sign].__getitem__, indices(rays)), 0)

    # -- points -------------------------------------------------------------------------------------------------

    def neuron_faces(self, orbit: Sequence[Sequence[int]]) -> dict[int, NeuronFace]:
        """Where each neuron of an orbit of basins may be: the rays of its region, and the sign of its output weight."""
        return {
            neuron: (self.region_rays[pattern.region], pattern.sign)
            for group, part in zip(self.exchangeable, orbit, strict=True)
            for neuron, pattern in zip(group.neurons, (group.patterns[k] for k in part), strict=True)
        }

    def inputs(
        self, faces: Mapping[int, NeuronFace], weights: Mapping[int, Fraction], *, inside: bool = False
    ) -> dict[int, list[Fraction]]:
        """z = v w of neurons on given faces that together give each column its weight.

        Parameters
        ----------
        faces : mapping from neuron to rays and sign
        weights : mapping from column to positive rational
            Each belongs to some neuron's face.
        inside : bool
            Every neuron gets into the relative interior of its face: those that have a column take equal parts of its
            weight, and rays without a column get the weight 1. Else the first neuron that has a column takes all of it.

        Raises
        ------
        InternalError
            A column belongs to no neuron.
        """
        # Which neurons take a column, each with the ray that it does so along and the factor of that ray's column.
        takers: dict[int, list[tuple[int, int, Fraction]]] = {}
        silent: list[tuple[int, int]] = []
        for neuron, (rays, sign) in faces.items():
            for j in indices(rays):
                column, scale = self.ray_columns[j, sign] if sign else (-1, ZERO)
                if scale and column in weights:
                    takers.setdefault(column, []).append((neuron, j, scale))
                elif inside and scale:
                    raise InternalError("a column without a weight is not inside a face")
                else:
                    silent.append((neuron, j))
        if len(takers) < len(weights):
            raise InternalError("a column of an optimum belongs to no neuron")
        parts: list[tuple[int, int, Fraction]] = []
        for column, uses in takers.items():
            for neuron, j, scale in uses if inside else uses[:1]:
                parts.append((neuron, j, weights[column] / (len(uses) if inside else 1) / scale))
        if inside:
            parts += [(neuron, j, ONE) for neuron, j in silent]
        size = len(self.rows[0]) if self.rows else 0
        found = {neuron: [ZERO] * size for neuron in faces}
        for neuron, j, weight in parts:
            z = found[neuron]
            for t, q in enumerate(self.rays[j]):
                if q:
                    z[t] += weight * q
        return found

    def affine(self, lines: Vector) -> Vector:
        """The trained parameters that move predictions both ways, from the weights of the lines: those of a linear
        model, then the output bias."""
        net, train = self.problem.network, self.problem.train
        size = self.problem.d * (not net.widths and train.output) + (net.output_bias and train.output_bias)
        found = [ZERO] * size
        for (source, scale), q in zip(self.line_sources, lines, strict=True):
            found[source] = q * scale
        return tuple(found)

    def invert(
        self,
        faces: Mapping[int, NeuronFace],
        weights: Mapping[int, Fraction],
        lines: Vector,
        *,
        inside: bool = False,
        idle: Mapping[int, Sequence[Fraction | int]] | None = None,
    ) -> Point:
        """Parameters whose predictions have these weights of columns and lines.

        Law: the predictions are those of the program; with the faces of an orbit :meth:`locate` finds the orbit again,
        and with ``inside`` nothing else but what every one of the faces lies in.

        Parameters
        ----------
        faces, weights, inside
            As for :meth:`inputs`. A neuron of sign 0 has an output weight of 0 and keeps the direction of its face.
        lines : rationals, one a line
        idle : mapping from neuron to vector, optional
            Input weights of further neurons, whose output weight is 0.

        Returns
        -------
        Point
            A trained output weight is chosen so that the neuron's input weights are integers without common factor.
        """
        problem = self.problem
        net, lifted = problem.network, bool(problem.network.widths) and problem.network.hidden_bias[0]
        chosen: dict[int, tuple[Sequence[Fraction | int], int]] = {
            neuron: (z, faces[neuron][1]) for neuron, z in self.inputs(faces, weights, inside=inside).items()
        }
        chosen.update({neuron: (w, 0) for neuron, w in (idle or {}).items()})
        frozen = {neuron: group.frozen for group in self.exchangeable for neuron in group.neurons}
        size = problem.d + int(lifted)
        neurons = [
            _neuron(*chosen.get(i, ((), 0)), frozen.get(i, ZERO), size)
            for i in range(net.widths[0] if net.widths else 0)
        ]
        affine = self.affine(lines)
        shift = affine[-1] if net.output_bias and problem.train.output_bias else self.frozen_offset
        bias = (shift,) if net.output_bias else ()
        if not net.widths:
            found = Point(((self._linear(affine),),), (bias,))
        else:
            hidden = tuple(w[: problem.d] for w, _ in neurons)
            hidden_bias = tuple(w[-1] for w, _ in neurons) if lifted else ()
            found = Point((hidden, (tuple(v for _, v in neurons),)), (hidden_bias, bias))
        return found.with_outputs(problem.outputs, problem.frozen)

    def _linear(self, affine: Vector) -> Vector:
        """The weights of a linear model."""
        frozen = self.problem.frozen
        return affine[: self.problem.d] if self.problem.train.output or frozen is None else frozen.as_scalar().inputs

    def locate(self, point: Point) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """The basins whose closure contains a point: for each group, for each of its neurons the patterns it may have.

        Raises
        ------
        ValueError
            The point lies in no basin: it does not have the frozen values of the problem.
        """
        neurons, size = point.as_scalar().neurons, len(self.rows[0]) if self.rows else 0
        for group in self.exchangeable:
            for i in group.neurons if group.frozen is not None else ():
                if neurons[i].v != group.frozen:
                    raise ValueError(f"output weight {i} is {neurons[i].v}, but it is frozen at {group.frozen}")
        frozen, given = self.problem.frozen, self.problem.at(point).frozen
        # Of two scores only the difference matters.
        if frozen is not None and (given is None or given.as_scalar() != frozen.as_scalar()):
            raise ValueError("the point does not have the frozen values of the problem")
        # A bias that is frozen at 0 is no coordinate of the rows.
        return tuple(
            tuple(self._fitting(group, neurons[i], size) for i in group.neurons) for group in self.exchangeable
        )

    @cached_property
    def _columns(self) -> dict[int, dict[int, int]]:
        return {sign: _column_bits(self.ray_columns, sign) for sign in (1, -1)}

    @cached_property
    def _region_at(self) -> dict[tuple[int, ...], int]:
        return {tuple(region): k for k, region in enumerate(self.regions)}

    @cached_property
    def _whole_rows(self) -> tuple[tuple[int, ...], ...]:
        """Integer rows on the same sides."""
        return tuple(map(primitive, self.rows))

    def _fitting(self, group: Exchangeable, neuron: Neuron, size: int) -> tuple[int, ...]:
        """The patterns that a neuron may have, ``size`` of its input weights counted."""
        weights = primitive(neuron.w[:size])
        sides = [(side > 0) - (side < 0) for side in (integer_dot(weights, row) for row in self._whole_rows)]
        # Without a kink there is one region, of no signs.
        inside = self._region_at.get(tuple(sides)) if all(sides) else None
        fit = (
            {inside}
            if inside is not None
            else {
                k
                for k, region in enumerate(self.regions)
                if all(s * side >= 0 for s, side in zip(region, sides, strict=True))
            }
        )
        return tuple(k for k, p in enumerate(group.patterns) if p.region in fit and p.sign * neuron.v >= 0)


def _neuron(z: Sequence[Fraction | int], sign: int, frozen: Fraction | None, size: int) -> tuple[Vector, Fraction]:
    """Input and output weights of a neuron with ``v w = z``, or with v = 0 and the direction z where the sign is 0."""
    if frozen is not None:
        w = tuple(Fraction(q) / abs(frozen) for q in z) if frozen else (ZERO,) * size
        v = frozen
    else:
        form = primitive(z)
        v = next((sign * Fraction(a) / b for a, b in zip(z, form, strict=True) if b), sign * ONE)
        w = tuple(map(Fraction, form))
    # A bias that is frozen at 0 is no coordinate of the rows.
    return (*w, *(ZERO,) * (size - len(w))), v


def reduce(problem: Problem, *, listed: bool = True, regions: bool = True) -> Reduction:
    """Take a problem apart into the cells of a neuron and their columns.

    Parameters
    ----------
    problem : Problem
    listed : bool
        Whether the rays and the regions of a neuron are listed; without them there are no basins either.
    regions : bool
        False for the rays alone: columns, and no patterns.

    Raises
    ------
    OutOfScope
        Not one hidden layer with a scalar output, or a loss or a freezing that is not treated; the reason names it.
    """
    outside = scope.basins(problem)
    if outside is not None:
        raise outside
    scalar = problem.loss.as_scalar(problem.outputs, problem.y)
    if scalar is None:
        raise InternalError("a problem in scope without a scalar loss")
    loss, y = scalar
    solvers.choose(loss, y)
    net, train = problem.network, problem.train
    # Of two scores only the difference matters.
    frozen = None if problem.frozen is None else problem.frozen.as_scalar()
    shift = frozen.shift if frozen is not None and net.output_bias and not train.output_bias else ZERO
    offset = [shift] * problem.m
    if not net.widths and not train.output and frozen is not None:
        offset = [q + dot(frozen.inputs, row) for q, row in zip(offset, problem.x, strict=True)]
    rows, signs, region_rays, rays = _arrange(problem, regions) if listed else ((), (), [], ())
    ray_bits = [1 << j for j in range(len(rays))]
    ray_columns, columns = _columns(_outputs(problem, rows, rays))
    lines, sources = _lines(problem)
    return Reduction(
        problem,
        Program(loss, problem.weight, y, tuple(offset), columns, lines),
        _exchangeable(problem, ray_columns, region_rays),
        rows,
        signs,
        tuple([sum(map(ray_bits.__getitem__, part)) for part in region_rays]),
        rays,
        ray_columns,
        sources,
        shift,
        listed and regions,
    )


def _columns(
    outputs: Sequence[tuple[Integers, Fraction]],
) -> tuple[dict[tuple[int, int], tuple[int, Fraction]], tuple[Integers, ...]]:
    """For each ray and output sign its column and the factor in front of it (-1 and 0 where it has none); the
    columns."""
    columns: dict[Integers, int] = {}
    ray_columns = {}
    for sign in (1, -1):
        for j, (vector, scale) in enumerate(outputs):
            signed = vector if sign > 0 else tuple(map(neg, vector))
            column = columns.setdefault(signed, len(columns)) if any(vector) else -1
            ray_columns[j, sign] = column, scale
    return ray_columns, tuple(columns)


def _column_bits(ray_columns: Mapping[tuple[int, int], tuple[int, Fraction]], sign: int) -> dict[int, int]:
    """For each ray the bit of its column, 0 where it has none."""
    return {j: 1 << at if at >= 0 else 0 for (j, side), (at, _) in ray_columns.items() if side == sign}


def _exchangeable(
    problem: Problem, ray_columns: Mapping[tuple[int, int], tuple[int, Fraction]], region_rays: Sequence[Integers]
) -> tuple[Exchangeable, ...]:
    """The neurons by their output weight; those frozen at 0 do nothing and are left out."""
    patterns = {}
    for sign in (1, -1):
        bit = _column_bits(ray_columns, sign).__getitem__
        # Two rays may have one column.
        masks = [fold(or_, map(bit, rays), 0) for rays in region_rays]
        # A Pattern of each, without a call of Python for any.
        made = partial(tuple.__new__, Pattern)
        patterns[sign] = tuple(map(made, zip(range(len(masks)), repeat(sign), masks, strict=False)))
    values, groups = _output_weights(problem), []
    for value in dict.fromkeys(values):
        members = tuple(i for i, q in enumerate(values) if q == value)
        if value is None:
            groups.append(Exchangeable(None, members, patterns[1] + patterns[-1]))
        elif value:
            groups.append(Exchangeable(value, members, patterns[1 if value > 0 else -1]))
    return tuple(groups)


def _lines(problem: Problem) -> tuple[tuple[Integers, ...], tuple[tuple[int, Fraction], ...]]:
    """What moves predictions both ways, the weights of a linear model and the output bias: independent ones, primitive;
    and for each its number among these parameters and the factor that turns its weight into the parameter."""
    train = problem.train
    free: list[list[Fraction | int]] = []
    if not problem.network.widths and train.output:
        free += [[row[j] for row in problem.x] for j in range(problem.d)]
    free += [[1] * problem.m] if problem.network.output_bias and train.output_bias else []
    # Equal data count once.
    rows = list(dict.fromkeys(zip(*free, strict=True)))
    kept = echelon(rows, len(free))[2]
    lines = tuple(primitive(free[j]) for j in kept)
    return lines, tuple(
        (j, next(Fraction(a) / b for a, b in zip(line, free[j], strict=True) if b))
        for j, line in zip(kept, lines, strict=True)
    )


def _arrange(
    problem: Problem, regions: bool
) -> tuple[tuple[Vector, ...], tuple[Integers, ...], list[Integers], tuple[Integers, ...]]:
    """Lifted rows, regions as sign vectors and the numbers of their rays (none where not wanted), and the rays of its
    arrangement."""
    net, m = problem.network, problem.m
    if not net.widths:
        return (), (), [], ()
    trained_bias = net.hidden_bias[0] and problem.train.hidden_bias[0]
    rows = problem.lifted if trained_bias else problem.x
    size = len(rows[0])
    if not net.activation.has_kink:
        # Nothing cuts the weight space: one region, generated by plus and minus the unit vectors.
        rays = tuple(tuple(sign * int(i == j) for i in range(size)) for j in range(size) for sign in (1, -1))
        return rows, ((0,) * m,), [tuple(range(len(rays)))], rays
    arrangement = Arrangement(rows, dimension=size)
    if not regions:
        return rows, (), [], tuple(arrangement.rays())
    signs = tuple(map(tuple, arrangement.regions().signs.tolist()))
    return rows, signs, arrangement.rays_by_region(), tuple(arrangement.rays())


def _outputs(
    problem: Problem, rows: Sequence[Vector], rays: Sequence[tuple[int, ...]]
) -> list[tuple[tuple[int, ...], Fraction]]:
    """For each ray a(X ray) as a primitive integer vector and the positive factor in front of it, 0 where it is 0."""
    if not rays:
        return []
    # Whole numbers throughout: rows and slopes times their common denominators.
    data, bottom = integer_rows(rows)
    (slopes,), unit = integer_rows([problem.network.activation.slopes or (ZERO, ZERO)])
    right, left = map(int, slopes)
    found = _short(rays, data, right, left)
    factors = {factor: Fraction(factor, bottom * unit) for factor in {factor for _, factor in found}}
    return [(vector, factors[factor]) for vector, factor in found]


def _short(rays: Sequence[Integers], data: list[list[int]], right: int, left: int) -> list[tuple[Integers, int]]:
    """For each ray its outputs as a primitive vector, and the factor in front of it."""
    import numpy as np

    longest = max(map(abs, chain.from_iterable(rays)), default=0) * max(sum(map(abs, row)) for row in data)
    if longest * max(abs(right), abs(left), 1) < 2**63:
        sides = np.array(rays, dtype=np.int64) @ np.array(data, dtype=np.int64).T
        outputs = np.where(sides >= 0, right, left) * sides
        common = np.gcd.reduce(outputs, axis=1)
        outputs //= np.maximum(common, 1)[:, None]
        return list(zip(map(tuple, outputs.tolist()), common.tolist(), strict=True))
    found = []
    for row in products(rays, data):
        vector = [(right if side >= 0 else left) * side for side in row]
        factor = gcd(*vector)
        found.append((tuple(vector) if factor <= 1 else tuple([q // factor for q in vector]), factor))
    return found


def _output_weights(problem: Problem) -> list[Fraction | None]:
    if not problem.network.widths:
        return []
    if problem.train.output or problem.frozen is None:
        return [None] * problem.network.widths[0]
    return [v for _, v in problem.frozen.as_scalar().neurons]
