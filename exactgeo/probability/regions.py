"""The probability of every region of an arrangement under a spherical distribution: exact, proved balls, or sampled.

The regions of a central arrangement are numbered by their signs; no geometry but that of the orthants is needed. A new
hyperplane h cuts some regions in two. The probabilities of the cut-off parts are a function on the regions of the
restriction to h, and its sums over orthants S of the restriction are known: ``P(S and h > 0)`` less the regions in S
beyond h that h does not cut. So the same is asked one dimension lower, and in the end of the orthants of the
no-broken-circuit sets, one a region (:func:`distribute`).

If the reflections in the hyperplanes generate a finite group, every region is a union of chambers of the arrangement of
all its reflections, and the chambers are congruent: the probabilities are rational (:func:`chambers`).

References
----------
A. N. Varchenko, I. M. Gelfand, Heaviside functions of a configuration of hyperplanes, Funct. Anal. Appl. 21 (1987) 255;
J. E. Humphreys, Reflection Groups and Coxeter Groups (1990), Section 1.12.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from exactgeo.arrangement import Arrangement
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import primitive, rank
from exactgeo.exact.spherical import Number, Orthants, exact, is_exact, may_vanish, missing_bits, working
from exactgeo.exact.vectors import Integers, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.probability._propose_samples import Samples

__all__ = ["Measure", "chambers", "distribute", "measure_of"]

ROOTS = 60
"""Hyperplanes of the largest group that is looked for; numpy's integers hold the signs."""

CHAMBERS = 60_000
"""Chambers that are listed: those of E6 still are."""

BITS = 256
"""Of the first attempt. The next one has what the first one lacked, which grows with the number of hyperplanes."""

ATTEMPTS = 4

Signs = Sequence[int]


@dataclass(frozen=True)
class Measure:
    """The probabilities of the regions, and of sets of them.

    Attributes
    ----------
    regions : tuple of Number
        One a region; balls from samples where ``samples`` is not None.
    method : str
        How they were found: chambers, orthants or samples.
    bits : int
        The precision that the balls were made in.
    samples : Samples or None
    """

    regions: tuple[Number, ...]
    method: str
    bits: int
    samples: Samples | None = None

    def of(self, regions: Iterable[int]) -> Number:
        """The probability of a union of regions, by their numbers."""
        chosen = tuple(sorted(regions))
        if self.samples is not None:
            return self.samples.probability(chosen)
        total = exact(0)
        for k in chosen:
            total = total + self.regions[k]
        return total


def measure_of(rows: Sequence[Vector], regions: Sequence[Signs], *, seed: int = 0) -> Measure:
    """The probability of every region, under a distribution of w that no rotation changes.

    Parameters
    ----------
    rows : m vectors of rationals
        The normals; zero and proportional ones are allowed.
    regions : sequence of sign vectors, m entries each
        All regions.
    seed : int
        Of the samples, where an irreducible block has a rank above 5 and no finite group.

    Returns
    -------
    Measure
        Cost: an orthant a region (a millisecond in rank 4), and a sum of balls for two of them.

    Raises
    ------
    InternalError
        The probabilities do not add up to 1, or are not positive, or those of a region and its opposite differ.

    Examples
    --------
    >>> rows = [(Fraction(1), Fraction(0)), (Fraction(1), Fraction(1))]
    >>> [str(q) for q in measure_of(rows, [(1, 1), (1, -1), (-1, -1), (-1, 1)]).regions]
    ['3/8', '1/8', '3/8', '1/8']
    """
    if len(regions) == 1:
        # Nothing cuts the weight space, or nothing that has a kink.
        return Measure((exact(1),), "chambers", BITS)
    planes, masks = _distinct(rows, regions)
    groups = [chambers([planes[k] for k in block]) for block in _blocks(planes)]
    if all(group is not None for group in groups):
        found = Measure(_product(_blocks(planes), masks, [group for group in groups if group]), "chambers", BITS)
        _check(found, masks, len(planes))
        return found
    orthants = Orthants([[dot(a, b) for b in planes] for a in planes])
    known, bits = _simplicial(planes, masks), BITS
    for _ in range(ATTEMPTS):
        with working(bits):
            try:
                table = distribute(set(masks), range(len(planes)), _Given(orthants))
            except _NoFormula:
                samples = Samples(planes, masks, seed)
                found = Measure(samples.regions, "samples", bits, samples)
                _check(found, masks, len(planes))
                return found
            numbers = tuple(_met(table[mask], known.get(mask)) for mask in masks)
            lacking = max(map(missing_bits, numbers))
            if not lacking and all(number > 0 for number in numbers):
                found = Measure(numbers, "orthants", bits)
                _check(found, masks, len(planes))
                return found
            bits += 64 + lacking
    raise InternalError("the probability of a region is not seen to be positive")


def _distinct(rows: Sequence[Vector], regions: Sequence[Signs]) -> tuple[list[Integers], list[int]]:
    """The hyperplanes, each once, and for each region those that are positive on it, as bits."""
    index: dict[Integers, int] = {}
    columns = []
    for t, row in enumerate(rows):
        vector = primitive(row)
        if any(vector) and tuple(-q for q in vector) not in index and vector not in index:
            index[vector] = len(index)
            columns.append(t)
    masks = [sum(1 << k for k, t in enumerate(columns) if signs[t] > 0) for signs in regions]
    if len(set(masks)) != len(masks):
        raise InternalError("two regions have the same signs")
    return list(index), masks


def _blocks(planes: Sequence[Integers]) -> list[list[int]]:
    """The hyperplanes in parts that are orthogonal to each other."""
    rest, found = set(range(len(planes))), []
    while rest:
        pending = [min(rest)]
        block = set(pending)
        while pending:
            i = pending.pop()
            near = {j for j in rest - block if dot(planes[i], planes[j])}
            block |= near
            pending += near
        rest -= block
        found.append(sorted(block))
    return found


def _simplicial(planes: Sequence[Integers], masks: Sequence[int]) -> dict[int, Number]:
    """The rational probabilities of single regions, in rank 2 and 3: those with so many walls and known angles."""
    size = rank(planes, len(planes[0])) if planes else 0
    if size not in (2, 3):
        return {}
    found, every = {}, set(masks)
    for mask in masks:
        walls = [k for k in range(len(planes)) if mask ^ 1 << k in every]
        if len(walls) == size:
            inward = [planes[k] if mask >> k & 1 else tuple(-q for q in planes[k]) for k in walls]
            number = Orthants([[dot(a, b) for b in inward] for a in inward]).probability(tuple(range(size)))
            if number is not None and is_exact(number):
                found[mask] = number
    return found


def _met(ball: Number, known: Number | None) -> Number:
    """A probability found in two ways, of which the second is rational if it is there.

    Raises
    ------
    InternalError
        They differ.
    """
    if known is None:
        return ball
    if not may_vanish(ball - known):
        raise InternalError("two ways to the probability of a region differ")
    return known


def _product(
    blocks: Sequence[Sequence[int]], masks: Sequence[int], groups: Sequence[dict[int, Fraction]]
) -> tuple[Number, ...]:
    found = []
    for mask in masks:
        total = exact(1)
        for block, group in zip(blocks, groups, strict=True):
            total = total * exact(group[sum(1 << i for i, k in enumerate(block) if mask >> k & 1)])
        found.append(total)
    return tuple(found)


def _check(found: Measure, masks: Sequence[int], planes: int) -> None:
    """Sum 1, all positive, equal on opposite regions: whatever method they came from."""
    with working(found.bits):
        at = dict(zip(masks, found.regions, strict=True))
        full = (1 << planes) - 1
        total = found.of(range(len(masks))) - exact(1)
        differences = [number - at[full ^ mask] for mask, number in at.items()]
        if not all(may_vanish(q) for q in (total, *differences)) or any(q < 0 for q in found.regions):
            raise InternalError("the probabilities of the regions contradict each other")


class _NoFormula(Exception):
    """An orthant of a rank that has no formula."""


class _Given:
    """The probability of an orthant, by the hyperplanes that are positive on it, as bits."""

    def __init__(self, orthants: Orthants) -> None:
        self._orthants = orthants

    def __call__(self, subset: int) -> Number:
        found = self._orthants.probability(tuple(k for k in range(subset.bit_length()) if subset >> k & 1))
        if found is None:
            raise _NoFormula
        return found


def distribute(regions: set[int], planes: Sequence[int], given: Callable[[int], Number]) -> dict[int, Number]:
    """The function on regions whose sums over orthants are given.

    Parameters
    ----------
    regions : set of int
        The regions of a central arrangement: the hyperplanes that are positive on each, as bits.
    planes : ascending numbers of those bits
        Each hyperplane once.
    given : callable
        For independent hyperplanes, as bits, the sum over the regions on which all of them are positive.

    Returns
    -------
    dict
        Its value for each region. ``given`` is asked once for each.
    """
    values = {0: given(0)}
    below = 0
    for h in planes:
        bit = 1 << h
        longer = {region & (below | bit) for region in regions}
        cut = [p for p in values if p in longer and p | bit in longer]
        ahead = [(p, q) for p, q in values.items() if p not in longer]

        def rest(subset: int, bit: int = bit, ahead: list[tuple[int, Number]] = ahead) -> Number:
            total = given(subset | bit)
            for p, q in ahead:
                if p & subset == subset:
                    total = total - q
            return total

        kept = _kept(cut, [k for k in planes if k < h])
        mask = sum(1 << k for k in kept)
        parts = distribute({p & mask for p in cut}, kept, rest)
        divided = set(cut)
        new: dict[int, Number] = {}
        for p, q in values.items():
            if p in divided:
                new[p | bit] = parts[p & mask]
                new[p] = q - new[p | bit]
            else:
                new[p if p in longer else p | bit] = q
        values, below = new, below | bit
    return values


def _kept(regions: Sequence[int], planes: Sequence[int]) -> list[int]:
    """The hyperplanes that are the first of those with the same trace on a restriction, seen from its regions."""
    full = (1 << len(regions)) - 1
    traces: set[int] = set()
    kept = []
    for k in planes:
        trace = sum((region >> k & 1) << i for i, region in enumerate(regions))
        if trace not in traces:
            traces |= {trace, full ^ trace}
            kept.append(k)
    return kept


def chambers(normals: Sequence[Integers]) -> dict[int, Fraction] | None:
    """The probabilities of the regions where the reflections in the normals generate a finite group.

    Parameters
    ----------
    normals : distinct up to multiples, none zero

    Returns
    -------
    dict or None
        For each region, by the normals that are positive on it as bits; None when the group is not finite, or has too
        many elements.

    Examples
    --------
    The braid arrangement of three points, and lines at 45 degrees:

    >>> sorted(map(str, chambers([(1, -1, 0), (0, 1, -1), (1, 0, -1)]).values()))
    ['1/6', '1/6', '1/6', '1/6', '1/6', '1/6']
    >>> chambers([(1, 0), (2, 1)]) is None
    True
    """
    roots = _roots(normals)
    if roots is None:
        return None
    arrangement = Arrangement(roots, dimension=len(normals[0]))
    total = arrangement.count()
    if total > CHAMBERS:
        return None
    signs = arrangement.regions().signs[:, : len(normals)] > 0
    numbers = Counter((signs @ [1 << k for k in range(len(normals))]).tolist())
    return {int(mask): Fraction(number, total) for mask, number in numbers.items()}


def _roots(normals: Sequence[Integers]) -> list[Integers] | None:
    """The normals of all reflections that those in the given ones generate, these first; None when there are many."""
    found = [primitive(row) for row in normals]
    lines = set(found) | {tuple(-q for q in row) for row in found}
    for i, a in enumerate(found):
        square = dot(a, a)
        # The list grows while it is walked through: each pair is met once both are in it.
        for b in found[:i]:
            product = dot(a, b)
            if 4 * product * product not in (0, square * dot(b, b), 2 * square * dot(b, b), 3 * square * dot(b, b)):
                return None
            for one, other, size in ((a, b, square), (b, a, dot(b, b))):
                image = primitive([size * q - 2 * product * p for p, q in zip(one, other, strict=True)])
                if image not in lines:
                    lines |= {image, tuple(-q for q in image)}
                    found.append(image)
        if len(found) > ROOTS:
            return None
    return found
