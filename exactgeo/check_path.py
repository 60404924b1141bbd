"""Companion of check.py: the claim `segmented_path`, a path through the parameters of a network of any depth.

On a segment 0 <= s <= 1 parameters go straight, or layers are rational functions of s. The network is run over Q[s]:
what a layer puts out is polynomials over one positive polynomial, so that the loss is one rational function of s, and
its shape is decided by Sturm sequences. A segment on which a pre-activation or a prediction passes a break is refused.
"""

from fractions import Fraction
from itertools import accumulate, pairwise

from exactgeo.check import (
    LOSSES,
    companion,
    fields,
    form,
    many,
    meter,
    need,
    primitive,
    rational,
    stated,
    typed,
    vector,
    whole,
    zipped,
)

MAX_DEGREE = 64

# -- polynomials in s: lists of coefficients without zeros at the end --


def shortened(a):
    while a and not a[-1]:
        a = a[:-1]
    return a


def add(a, b):
    size = max(len(a), len(b))
    return shortened([x + y for x, y in zipped([*a, *[0] * (size - len(a))], [*b, *[0] * (size - len(b))])])


def times(a, b):
    meter.spend(8 * len(a) * len(b))
    form(len(a) + len(b) <= MAX_DEGREE + 2, "polynomials of too high a degree")
    total = [0] * max(len(a) + len(b) - 1, 0)
    for i, p in enumerate(a):
        for j, q in enumerate(b):
            total[i + j] += p * q
    return shortened(total)


def at(a, s):
    total = 0
    for q in reversed(a):
        total = total * s + q
    return total


def slope(a):
    return [k * q for k, q in enumerate(a)][1:]


def rest(a, b):
    """A positive multiple of the remainder of a by b, as whole numbers."""
    a, b = list(primitive(a)), list(primitive(b))
    while len(a) >= len(b):
        meter.spend(8 * len(b))
        top, lead, shift = a[-1], b[-1], len(a) - len(b)
        a = [abs(lead) * q for q in a]
        for k, q in enumerate(b):
            a[k + shift] -= top * q * (1 if lead > 0 else -1)
        a = shortened(a)
    meter.long(a)
    return list(primitive(a)) if a else []


def sturm(a):
    """Sturm's sequence. Where a has multiple roots all of it has their factor: it counts distinct roots all the same,
    between numbers that are no roots."""
    found = [a, slope(a)]
    while len(found[-1]) > 1:
        after = rest(found[-2], found[-1])
        if not after:
            break
        found.append([-q for q in after])
    return [entry for entry in found if entry]


def changes(sequence, s):
    signs = [q > 0 for q in (at(a, s) for a in sequence) if q]
    return sum(1 for a, b in pairwise(signs) if a != b)


def without_ends(a):
    """A polynomial that is not 0 without its factors s and 1 - s, which are positive on (0, 1)."""
    while not a[0]:
        a = a[1:]
    while not sum(a):
        a = list(accumulate(a))[:-1]
    return a


def side(a):
    """The sign of a polynomial on (0, 1), where it may touch 0; None where it changes its sign."""
    a = shortened(list(a))
    if not a:
        return 0
    a = without_ends(a)
    if (a[0] > 0) != (sum(a) > 0):
        return None
    if len(a) > 2:
        sequence, pending = sturm(list(primitive(a))), [(Fraction(0), Fraction(1))]
        while pending:
            lo, hi = pending.pop()
            meter.spend(16 * len(a) ** 2)
            number, signs = changes(sequence, lo) - changes(sequence, hi), (at(a, lo) > 0, at(a, hi) > 0)
            if number and signs[0] != signs[1]:
                return None
            if number > 1:
                middle = next(q for k in range(2, len(a) + 2) if at(a, q := lo + (hi - lo) / k))
                pending += [(lo, middle), (middle, hi)]
    return 1 if a[0] > 0 else -1


def roots(a):
    """The number of distinct roots in [0, 1]; 0 and 1 must be none."""
    need(a and a[0] and sum(a), "a denominator has a root")
    sequence = sturm(list(primitive(a)))
    return changes(sequence, Fraction(0)) - changes(sequence, Fraction(1))


# -- a segment --


def moving_layers(p, one, other, curved):
    """The rows (weights, bias) of each layer along a segment, and what they are divided by."""
    found = []
    for k, (first, last) in enumerate(zipped(zipped(*one), zipped(*other))):
        (one_w, one_b), (other_w, other_b) = first, last
        start, end = ([[*row, *b] for row, b in zipped(w, [[q] for q in bias] or [[]] * len(w))]
                      for w, bias in ((one_w, one_b), (other_w, other_b)))  # fmt: skip
        if k not in curved:
            rows = [[shortened([a, b - a]) for a, b in zipped(*pair)] for pair in zipped(start, end)]
            found.append((rows, [1]))
            continue
        rows, bottom = curved[k]
        need(bottom and bottom[0] > 0 and not roots(bottom), "a denominator has a pole, or is negative")
        rows = many(rows, len(start), many, p.sizes[k] + p.bias[k], coefficients)
        for row, values in zipped(rows, start):
            for j, (entry, q) in enumerate(zipped(row, values)):
                trained = p.trains[k] if j < p.sizes[k] else p.trains_bias[k]
                need(trained or entry == times([q], bottom), "a segment moves a frozen parameter")
        for s, ends in ((0, start), (1, end)):
            good = all(at(entry, s) == q * at(bottom, s) for pair in zipped(rows, ends) for entry, q in zipped(*pair))
            need(good, "the path jumps")
        found.append((rows, bottom))
    return found


def coefficients(value):
    form(len(typed(value, list)) <= MAX_DEGREE, "polynomials of too high a degree")
    row = vector(value, len(value))
    form(not row or row[-1], "a polynomial with zeros at its end")
    return row


def forward(p, moving):
    """The predictions along a segment, polynomials over one positive polynomial."""
    rows, bottom = [[shortened([q]) for q in row] for row in p.x], [1]
    for k, (matrix, divisor) in enumerate(moving):
        meter.spend(8 * len(rows) * len(matrix) * (1 + p.sizes[k]))
        inputs, rows = rows, []
        for row in inputs:
            units = []
            for weights in matrix:
                z = times(weights[-1], bottom) if p.bias[k] else []
                for weight, q in zip(weights, row, strict=False):
                    z = add(z, times(weight, q)) if weight and q else z
                slope, left = p.bends[k]
                if slope != left:
                    need((sign := side(z)) is not None, "a pre-activation changes its sign inside a segment")
                    slope = slope if sign > 0 else left
                z = shortened([slope * q for q in z])
                units.append(z)
            rows.append(units)
        bottom = times(bottom, divisor)
    return rows, bottom


def along(p, moving):
    """The loss along a segment, a rational function: numerator and positive denominator."""
    (rows, bottom), half, total = forward(p, moving), Fraction(1, 2), []
    square = times(bottom, bottom)
    for row, targets in zipped(rows, p.y):
        for q, y in zipped(row, targets):
            breaks, parts = companion("check_subgradient.py").PIECES[p.kind](y, p.M)
            middle = at(q, half) / at(bottom, half)
            # Half-way it may touch a break: its piece is that of the whole segment.
            sides = [side(add(q, times([-e], bottom))) for e in breaks]
            need(None not in sides, "a prediction passes a break of the loss")
            a, b = parts[sides.count(1)]
            constant = LOSSES[p.kind][0](middle, y, p.M) - (a * middle + b) * middle
            for factor, other in ((a, q), (b, bottom)):
                total = add(total, times([factor], times(q, other))) if factor else total
            total = add(total, times([constant], square)) if constant else total
    return [p.weight * q for q in total], square


def shaped(kind, loss, bottom, ends):
    """Whether the loss has the shape that a segment claims."""
    change = add(times(slope(loss), bottom), times([-1], times(loss, slope(bottom))))  # l' bottom^2
    if kind in ("constant", "decreasing", "rising"):
        return side(change) == {"constant": 0, "decreasing": -1, "rising": 1}[kind]
    if kind == "convex":
        return side(add(times(slope(change), bottom), times([-2], times(change, slope(bottom))))) in (0, 1)
    form(kind in ("below", "above"), "an unknown kind of segment")
    return kind == "above" or side(add(times([max(ends)], bottom), times([-1], loss))) in (0, 1)


def segmented_path(p, claim):
    tree, loss, points, losses, segments, highest, lowest = fields(
        claim, "point loss points losses segments highest lowest"
    )
    form(p.kind in companion("check_subgradient.py").PIECES, "a path of a loss that is not quadratic between breaks")
    points = [stated(p, tree, loss), *(stated(p, *end) for end in zipped(typed(points, list), typed(losses, list)))]
    need(all(p.frozen(point) == p.frozen(points[0]) for point in points), "the path moves a frozen parameter")
    values, (low, high) = [rational(loss), *map(rational, losses)], many(highest, 2, rational)
    need(low <= high, "the bounds of the highest loss are none")
    attained, counts = max(values) >= low, {}
    for ends, between, (kind, curved) in zipped(
        pairwise(points), pairwise(values), many(segments, len(points) - 1, fields, "kind curved")
    ):
        read = [fields(layer, "layer numerators denominator") for layer in typed(curved, list)]
        given = {whole(k, range(p.layers + 1)): (rows, coefficients(bottom)) for k, rows, bottom in read}
        form(len(given) == len(read), "a layer is given twice")
        top, bottom = along(p, moving_layers(p, *ends, given))
        need(shaped(typed(kind, str), top, bottom, between), "a segment is not of its kind")
        counts[kind] = counts.get(kind, 0) + 1
        if kind == "above":
            rest_of = [add(times([q], bottom), times([-1], top)) for q in (high, low)]
            need(side(rest_of[0]) in (0, 1), "a segment is higher than is said")
            attained = attained or side(rest_of[1]) != 1 or roots(without_ends(rest_of[1]))
    need(max(values) <= high, "a point is higher than is said")
    need(attained, "no segment is as high as is said")
    if typed(lowest, bool):
        least(p, points[-1])
    return said(counts, loss, losses[-1] if losses else loss, low, high) + (
        " No parameters have a lower loss than its end." if lowest else ""
    )


def said(counts, first, last, low, high):
    if not counts:
        return f"The path stays at the point, of loss {first}."
    ways, number = ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())), sum(counts.values())
    size = f"{number} segments" if number > 1 else "one segment"
    text = f"A path of {size} ({ways}) leads from the point, of loss {first}, to loss {last}"
    if not counts.keys() - {"constant", "decreasing"}:
        return f"{text}: it never rises."
    if low == high:
        return f"{text}; its highest loss is {high}."
    return f"{text}; its highest loss is at least {low} and at most {high}."


def least(p, point):
    """No predictions that agree at equal rows of data have a lower loss than those of the point."""
    pieces, sums = companion("check_subgradient.py").PIECES[p.kind], {}
    rows, _ = forward(p, moving_layers(p, point, point, {}))
    for x, row, targets in zipped(p.x, rows, p.y):
        for o, (entry, y) in enumerate(zipped(row, targets)):
            q = entry[0] if entry else 0
            breaks, parts = pieces(y, p.M)
            below = sum(1 for e in breaks if e < q)
            (a, b), (c, d) = parts[below], parts[below + (q in breaks)]
            left, right = sums.get((*x, o), (0, 0))
            sums[(*x, o)] = left + 2 * a * q + b, right + 2 * c * q + d
    need(all(left <= 0 <= right for left, right in sums.values()), "other predictions have a lower loss")
