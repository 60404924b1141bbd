"""Companion of check.py: the claim `basin_probability`, how likely a random start lies in a basin of low value.

A start draws for each neuron a region of the arrangement of the (lifted) data, with the probability of its solid angle,
and, where output weights are trained, a sign of the output weight, by a fair coin.
"""

from exactgeo.check import (
    LOSSES,
    MAX_CASES,
    Patterns,
    bits,
    combine,
    companion,
    dot,
    dual,
    fields,
    fits,
    form,
    look,
    many,
    meter,
    need,
    rational,
    sides,
    signs,
    stated,
    typed,
    vector,
    whole,
    zipped,
)

solid = companion("check_solid_angle.py")
ONE, add, over, power, times, clip = solid.ONE, solid.add, solid.over, solid.power, solid.times, solid.clip
TERMS = 1 << 15  # of one inclusion and exclusion


# -- the law --


class Law:
    """The probability that what all neurons draw lies in one of some sets of patterns, as bits."""

    def __init__(self, p, here, patterns):
        every = patterns.regions
        angles = solid.solid_angles(here.seen, every) if p.kinked else dict.fromkeys(every, (ONE, ONE))
        self.moved, self.counts = here.moved, {b: sum(n.sign == b for n in here.neurons) for b in (1, -1)}
        self.patterns = [(b, angles[cell]) for b in patterns.signs for cell in every]

    def draws(self, width):
        """How many neurons draw, and among the patterns of which signs, all signs equally likely."""
        if self.moved:
            return [(width, (1, -1))]
        one = [b for b in (1, -1) if self.counts[b]]
        need(len(one) == 1 or width == sum(self.counts.values()), "frozen output weights are those of another width")
        return [(width, one)] if len(one) == 1 else [(self.counts[b], (b,)) for b in one]

    def inside(self, some, width):
        found = ONE, ONE
        for count, among in self.draws(width):
            meter.spend(len(self.patterns) + 4 * width.bit_length())
            total = 0, 0
            for k, (b, q) in enumerate(self.patterns):
                total = add(total, q) if some >> k & 1 and b in among else total
            found = times(found, power(clip(over(total, len(among))), count))
        return found

    def within(self, sets, width):
        """By inclusion and exclusion: the same for one of several sets."""
        total = 0, 0
        for some, c in sets.items():
            q = self.inside(some, width)
            total = add(total, (c * q[0], c * q[1]) if c > 0 else (c * q[1], c * q[0]))
        return clip(total)


def intersections(sets):
    total = {}
    for one in sets:
        meter.spend(8 * (1 + len(total)))
        new = {one: 1}
        for other, c in total.items():
            new[one & other] = new.get(one & other, 0) - c
        total = {key: total.get(key, 0) + new.get(key, 0) for key in total | new}
        total = {key: c for key, c in total.items() if c}
        form(len(total) <= TERMS, "too many intersections")
    return total


def transversals(edges):
    """The minimal sets that meet every one of some sets, all as bits."""
    found = {0}
    for edge in edges:
        kept, single = {h for h in found if h & edge}, [1 << k for k in range(edge.bit_length()) if edge >> k & 1]
        longer = set()
        for bit in single:
            inside = [q ^ bit for q in kept if q & edge == bit]
            meter.spend(4 * (len(found) - len(kept)) * (1 + len(inside)))
            longer |= {h | bit for h in found - kept if all(q & ~h for q in inside)}
        found = kept | longer
        form(len(found) <= MAX_CASES // 10, "too many transversals")
    return found


def uses(p, here, patterns, solution):
    """A network by its neurons: its loss, and for each neuron the patterns, as bits, that it fits."""
    terms, affine = fields(solution, "terms affine")
    meter.spend(8 * (1 + len(typed(terms, list))) * (len(patterns) + len(here.seen) * (2 + len(here.seen[0]))))
    predictions = combine(dict(enumerate(vector(affine, len(here.affine)))), here.affine, len(p.x))
    predictions, fitting = [a + b for a, b in zipped(predictions, here.offset)], []
    product = p.slopes[0] * p.slopes[1]
    for sign, w in many(terms, None, fields, "sign weights"):
        z = [dot(w, row) for w in [vector(w, len(here.seen[0]))] for row in here.seen]
        predictions = [q + whole(sign, (1, -1)) * p.activate(a) for q, a in zipped(predictions, z)]
        near = far = sign, sides(signs(z))
        if product and (not sum(p.slopes) or min(z) >= 0 or max(z) <= 0):
            # a(-c z) is a multiple of a(z) for some c > 0, and this the sign of it.
            far = -sign if product > 0 else sign, sides(signs([-q for q in z]))
        good = [not p.kinked or any(b == s and fits(way, cell) for s, way in (near, far)) for b, cell in patterns]
        fitting.append(bits(good))
    return p.weight * sum(LOSSES[p.kind][0](q, y, p.M) for q, (y,) in zipped(predictions, p.y)), fitting


def shown(q, side=1):
    """A bound within [0, 1] as a decimal, rounded down (1) or up (-1)."""
    q = side * (side * min(max(q, 0), 1) * 10**20 // 1)
    return f"{q // 10**20}.{q % 10**20:020d}".rstrip("0").rstrip(".")


def basin_probability(p, claim):
    tree, loss, at_most, duals, regions, solutions, widths = fields(
        claim, "point loss at_most duals regions solutions widths"
    )
    here, level = look(p, stated(p, tree, loss)), rational(at_most)
    need(p.layers == 1 and len(here.T) == len(here.seen[0]), "input weights are frozen, or there are none")
    duals = many(duals, None, vector, len(p.x))
    need(all(dual(p, r, here, here.affine) > level for r in duals), "a dual vector gives too low a bound")
    patterns = Patterns(p, here, duals, regions)
    listed = [(b, patterns.sides[cell]) for b in patterns.signs for cell in patterns.regions]
    allowed = [patterns.allowed(b, cell) for b in patterns.signs for cell in patterns.regions]
    # The sets of patterns that a dual allows: no basin of these alone reaches the level.
    bad = [bits(mask >> j & 1 for mask in allowed) for j in range(len(duals))]
    found = [uses(p, here, listed, solution) for solution in typed(solutions, list)]
    need(all(value <= level for value, _ in found), "a solution has a loss above the level")
    full = (1 << len(listed)) - 1
    least = transversals([full & ~b for b in bad])
    meter.spend(len(least) * len(found))
    complete = all(any(all(h & fit for fit in fitting) for _, fitting in found) for h in least)
    law, terms, texts = Law(p, here, patterns), intersections(bad), []
    for width, low, high in many(widths, None, fields, "width lo hi"):
        form(0 < whole(width) < 1 << 64, "a width is out of range")
        above = law.within(terms, width)
        need(rational(low) <= 0 or complete, "some patterns neither have a dual vector nor reach the level")
        inside = rational(low) * ONE <= ONE - above[1] and ONE - above[0] <= rational(high) * ONE
        need(inside, "the probability is not between these bounds")
        texts.append(f"between {shown(rational(low))} and {shown(rational(high), -1)} at width {width}")
    form(texts, "there is no width")
    text = "A start with independent neurons, input weights whose distribution no rotation changes, and fair signs of"
    return (
        f"{text} trained output weights lies in a basin of value at most {at_most} with probability {'; '.join(texts)}."
    )
