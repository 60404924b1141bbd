"""Companion of check.py: cross-entropy of any number of classes under softmax, at rational points.

The derivative of ``log sum_j exp(z_j) - z_y`` in z_j is ``exp(z_j) / sum_i exp(z_i)``, less 1 for j = y: at rational z
a number ``constant + sum terms[d; row] * exp(d) / sum(exp of row)``. Exponentials of distinct rationals are linearly
independent over Q (Lindemann, Weierstrass), so a number over a common denominator is 0 iff its numerator has no terms
(rule `independent`); of any other one the sign shows in narrow enough bounds. The loss is convex, so all rules about
minima that rest on its slopes alone hold as they stand (check_deep.py, check_vector.py).
"""

from fractions import Fraction
from math import factorial

from exactgeo.check import (
    MAX_CASES,
    Rejected,
    companion,
    dot,
    fields,
    form,
    meter,
    need,
    rational,
    typed,
    whole,
    zipped,
)

deep = companion("check_deep.py")

MAX_BITS = 2**14  # of one enclosure
MAX_CLASSES = 10_000
MAX_ORDER = 64  # of a series


def counted(net, loss):
    """The table of a network without the number of its classes, and that number."""
    form(type(loss) is dict and loss.get("kind") == "cross_entropy", "only classes have their number")
    rest = {key: value for key, value in net.items() if key != "outputs"}
    return rest, whole(net["outputs"], range(3, MAX_CLASSES + 1))


# -- numbers --


def scaled(row, shift, bits):
    """Bounds of exp(shift + d) for each d of a row of rationals at most -shift, as integers over 2^bits."""
    fall = companion("check_logistic.py").fall
    return [fall(-d - shift, bits) for d in row]


class Softmax:
    """``constant + sum terms[d, row] * exp(d) / sum(exp of row)``; a row descends from 0, and d < 0 is in it."""

    def __init__(self, constant, terms):
        self.constant, self.terms, self.side = constant, {key: q for key, q in terms.items() if q}, None

    def __add__(self, other):
        if not isinstance(other, Softmax):
            return Softmax(self.constant + other, self.terms)
        terms = dict(self.terms)
        meter.spend(8 * len(other.terms))
        for key, q in other.terms.items():
            terms[key] = terms.get(key, 0) + q
        return Softmax(self.constant + other.constant, terms)

    __radd__ = __add__

    def __mul__(self, factor):
        meter.spend(8 * len(self.terms))
        return Softmax(self.constant * factor, {key: q * factor for key, q in self.terms.items()})

    __rmul__ = __mul__

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -1 * other

    def __rsub__(self, other):
        return -self + other

    def __bool__(self):
        return self.sign != 0

    def __le__(self, other):
        return sign(self - other) <= 0

    def __lt__(self, other):
        return sign(self - other) < 0

    def __ge__(self, other):
        return sign(self - other) >= 0

    def __gt__(self, other):
        return sign(self - other) > 0

    @property
    def rows(self):
        return sorted({row for _, row in self.terms})

    @property
    def sign(self):
        """Rules `independent`, `sign`: 0, or the sign that bounds show."""
        if self.side is None:
            self.side = self.found()
        return self.side

    def found(self):
        if not self.terms:
            return (self.constant > 0) - (self.constant < 0)
        shift = 0 if self.constant else min(-d for d, _ in self.terms)
        bits = 64
        while bits <= MAX_BITS:
            low, high = self.bounds(shift, bits)
            if low > 0 or high < 0:
                return 1 if low > 0 else -1
            if bits == 64 and self.vanishes():
                return 0
            bits *= 4
        raise Rejected(f"a number has no sign at {MAX_BITS} bits")

    def bounds(self, shift, bits):
        """Of the number times exp(shift); with a shift the constant must be 0."""
        low = high = Fraction(self.constant)
        whole_rows = {row: scaled(row, 0, bits) for row in self.rows}
        for (d, row), q in self.terms.items():
            [(small, large)] = scaled([d], shift, bits)
            least, most = (sum(ends) for ends in zipped(*whole_rows[row]))
            ends = [q * Fraction(small, most), q * Fraction(large, least)]
            low, high = low + min(ends), high + max(ends)
        return low, high

    def vanishes(self):
        """The rule `independent`: over the product of all sums the number has no exponential left."""
        rows = self.rows
        size = 1
        for row in rows:
            size *= len(set(row))
            form(size <= MAX_CASES // 100, "too many products of exponentials")
        meter.spend(64 * size * (1 + len(self.terms)))
        total = {}
        parts = [(self.constant, 0, rows)]
        parts += [(q, d, [row for row in rows if row != own]) for (d, own), q in self.terms.items()]
        for q, d, others in parts:
            product = {d: q}
            for row in others:
                wide = {}
                for e, factor in product.items():
                    for r in row:
                        wide[e + r] = wide.get(e + r, 0) + factor
                product = wide
            for e, factor in product.items():
                total[e] = total.get(e, 0) + factor
        return not any(total.values())


def sign(number):
    return number.sign if isinstance(number, Softmax) else (number > 0) - (number < 0)


def softmax(scores, j):
    """``exp(z_j) / sum_i exp(z_i)``; the largest share is 1 less the others."""
    top = max(scores)
    row = tuple(sorted((z - top for z in scores), reverse=True))
    if scores[j] < top:
        return Softmax(Fraction(0), {(scores[j] - top, row): Fraction(1)})
    others = [d for d in row if d]
    least = len(row) - len(others)
    if not others:
        return Fraction(1, least)
    return Softmax(Fraction(1, least), {(d, row): Fraction(-others.count(d), least) for d in set(others)})


def named(text, rows):
    """A share by the text of its d and its row."""
    d, _, row = typed(text, str).partition(" of ")
    d, row = rational(d), tuple(rational(q) for q in row.split(" "))
    need(row in rows and d in row and d < 0, "a share that no data point has")
    return d, row


def mixed(tree, rows):
    """A number by its constant and terms."""
    constant, terms = fields(tree, "constant terms")
    terms = {named(key, rows): rational(q) for key, q in typed(terms, dict).items()}
    form(all(terms.values()), "a share with the coefficient 0")
    return Softmax(rational(constant), terms) if terms else rational(constant)


# -- a point from near by --


def stated(p, tree, loss):
    """The point of a statement, which must have the loss that the statement says; and the point layer by layer."""
    need(p.kind == "cross_entropy", "the rule needs cross-entropy")
    here = deep.forward(p, point := p.point(tree))
    here.scores, here.labels = list(zipped(*here.last.z)), [int(y) for (y,) in p.y]
    constant, terms, rows = Fraction(0), {}, set()
    for scores, y in zipped(here.scores, here.labels):
        top = max(scores)
        row = tuple(sorted((z - top for z in scores), reverse=True))
        rows.add(row)
        constant += p.weight * (top - scores[y])
        terms[row] = terms.get(row, 0) + p.weight
    said, given = fields(loss, "constant terms")
    given = {tuple(rational(q) for q in key.split(" ")): rational(q) for key, q in typed(given, dict).items()}
    need((rational(said), given) == (constant, terms), "the loss at a point is another one")
    every = [[softmax(scores, j) - (j == y) for j in range(p.sizes[-1])]
             for scores, y in zipped(here.scores, here.labels)]  # fmt: skip
    here.gradient = [list(row) for row in zipped(*every)]
    here.multipliers = lambda value, allowed, low=0: weighted(value, allowed, rows)
    here.text = shown(constant, terms)
    return point, here


def weighted(value, allowed, rows):
    """Numbers by index, as {"3": ...}."""
    names = {str(index): index for index in allowed}
    form(names.keys() >= typed(value, dict).keys(), "a weight on something that is not there")
    return {names[key]: mixed(q, rows) for key, q in value.items()}


def shown(constant, terms):
    """A loss in closed form."""
    parts = [str(constant)] * bool(constant)
    for row, q in sorted(terms.items()):
        inner = " + ".join(f"exp({d})" for d in row) if any(row) else str(len(row))
        parts.append(f"{q} * log({inner})")
    return " + ".join(parts)


# -- no local minimum --


def cut(a, b, n):
    """The product of two polynomials up to s^n."""
    meter.spend(8 * (n + 1) ** 2)
    total = [Fraction(0)] * (n + 1)
    for i, p in enumerate(a[: n + 1]):
        if p:
            for j, q in enumerate(b[: n + 1 - i]):
                total[i + j] += p * q
    return total


def series(changes, n):
    """``log(mean of exp(change))`` up to s^n; the changes are 0 at s = 0."""
    mean = [Fraction(0)] * (n + 1)
    for change in changes:
        power = [Fraction(1), *[Fraction(0)] * n]
        for k in range(1, n + 1):
            power = cut(power, change, n)
            mean = [a + b / (factorial(k) * len(changes)) for a, b in zipped(mean, power)]
    found = [Fraction(0)] * (n + 1)  # (1 + mean) f' = mean'
    for k in range(1, n + 1):
        found[k] = mean[k] - Fraction(sum(i * found[i] * mean[k - i] for i in range(1, k))) / k
    return found


def change_along(p, here, point, curve, step, n):
    """Rule `series`: the change of the loss along a curve up to s^n, without the weight, and what is left out at most,
    over s^(n + 1): with all |changes| of the scores within 1/2 for |s| <= R the series of a data point is bounded by
    that of -log(1 - M), M = mean(exp(D) - 1), D with absolute coefficients; at R it is below 11/10."""
    total, rest = [0] * (n + 1), Fraction(0)
    for t, (row, y) in enumerate(zipped(deep.run(p, point, curve, step), here.labels)):
        moves = [[0, *after[1:]] for after in row]
        changes = [deep.add(move, [-q for q in moves[y]]) for move in moves]
        if not any(changes):
            continue
        reach = Fraction(1)
        while any(sum(abs(q) * reach**k for k, q in enumerate(change)) > Fraction(1, 2) for change in changes):
            meter.spend(8 * sum(map(len, changes)))
            reach /= 2
        need(step <= reach, "the scores move too far for their series")
        rest += Fraction(11, 10) / reach ** (n + 1)
        scores = here.scores[t]
        if len(set(scores)) == 1:
            terms = series(changes, n)
        else:
            low = min(next(k for k, q in enumerate(change) if q) for change in changes if change)
            need(n < 2 * low, "the order is one at which the curvature of the loss takes part")
            terms = [0] * (n + 1)
            for j, change in enumerate(changes):
                part = softmax(scores, j)
                terms = [a + part * q for a, q in zip(terms, [*change, *[0] * (n + 1)], strict=False)]
        total = [a + b for a, b in zipped(total, terms)]
    return total, rest


def class_descent(p, claim):
    tree, loss, curve, step, order = fields(claim, "point loss curve step order")
    (point, here), step = stated(p, tree, loss), rational(step)
    curve, n = [p.point(way) for way in typed(curve, list)], whole(order, range(1, MAX_ORDER + 1))
    need(curve and step > 0, "there is no curve")
    need(not any(q for way in curve for q in p.frozen(way)), "the curve moves a frozen parameter")
    total, rest = change_along(p, here, point, curve, step, n)
    low = next((k for k, q in enumerate(total) if sign(q)), 0)
    bound = total[low] + rest * step ** (n + 1 - low)
    for k, q in enumerate(total[low + 1 :], low + 1):
        bound = bound + q * (step ** (k - low) if sign(q) > 0 else 0)
    need(sign(bound) < 0, "the loss does not fall")
    ways = ["point + s * direction"] if len(curve) == 1 else ["point"]
    ways += [f"s^{k} * curve_{k}" for k in range(1, len(curve) + 1)] if len(curve) > 1 else []
    return (
        f"The point, of loss {here.text}, is no local minimum: the loss is lower at {' + '.join(ways)}, "
        f"0 < s <= {step}."
    )


# -- minima --


def flat(p, here):
    """Rule `affine`: the scores are affine in what is trained, and the convex loss has no slope in it."""
    need(not any(layer.own for layer in here.hidden), "the scores are not affine in the trained parameters")
    need(not any(dot(g, own) for own in here.last.own for g in here.gradient), "the loss has a slope in the last layer")


def class_minimum(p, claim):
    tree, loss, radius, proof = fields(claim, "point loss radius proof")
    point, here = stated(p, tree, loss)
    rule = typed(typed(proof, dict).get("rule"), str)
    radius = None if radius is None and rule in ("behind", "merged", "silent") else rational(radius)
    need(here.hidden, "the rule needs a hidden layer")
    if radius is not None:
        deep.steady(p, here, radius)
    if rule == "reachable":
        fields(proof, "rule")
        deep.reachable(p, here)
    elif rule == "unrolled":
        deep.unrolled(p, here, fields(proof, "rule units")[1], radius)
    elif rule == "silent":
        fields(proof, "rule")
        need(p.layers == 1 and radius is None, "the rule needs one hidden layer")
        units, _, _ = companion("check_vector.py").look(p, here, here.gradient)
        need(not any(unit.loud for unit in units), "a unit is loud")
    else:
        form(rule in ("behind", "merged"), "an unknown proof")
        _, k, inner = fields(proof, "rule layer claim")
        prove = deep.behind if rule == "behind" else deep.merged_layers
        prove(p, here, point, whole(k, range(p.layers)), typed(inner, dict), radius)
    where = "near enough to the point" if radius is None else f"within {radius} of the point in the max norm"
    return f"No parameters {where} have a loss below the point's, {here.text}."


def class_global_minimum(p, claim):
    tree, loss, proof = fields(claim, "point loss proof")
    _, here = stated(p, tree, loss)
    [rule] = fields(proof, "rule")
    form(typed(rule, str) in ("affine", "function"), "an unknown proof")
    if rule == "function":
        companion("check_deep_global.py").function(p, here)
        return f"No function of the inputs has a loss below the point's, {here.text}."
    flat(p, here)
    return f"No parameters have a loss below the point's, {here.text}: the scores are affine in them."
