"""The independent checker of exactgeo certificates, format version 2 (docs/certificate-v2.md); it reads version 1 too.

    python -I -S check.py CERTIFICATE [PROBLEM] [--json]

Standard library only. No field is believed: whatever a statement needs is computed again from the data, in rational
arithmetic. With a PROBLEM file (TOML or JSON) the certificate must speak of that problem. Exit code: 0 accepted,
1 rejected (the file does not prove its statement), 2 refused (no certificate of this format, or too large).

This file is the core: reading, linear algebra, the rules, claims about networks with one hidden layer and one output.
Each other family of claims is one companion, a file beside this one that is loaded only for its claims (`KINDS`). A
companion has a function of the kind's name, and imports what it needs from ``exactgeo.check``, which is this file
whether or not it lies in a package.
"""

import hashlib
import json
import re
import sys
from fractions import Fraction
from functools import cache, partial
from itertools import combinations, pairwise
from math import gcd, lcm
from operator import mul
from os.path import dirname, join
from types import SimpleNamespace

MAX_BYTES, MAX_DIGITS, MAX_LONG = 32 * 2**20, 50_000, 500_000  # of a number; of all above 50 digits together
MAX_BITS, MAX_CASES = 200_000, 1_000_000  # of the common denominator of a point; of one enumeration
MAX_WORK = 40_000_000  # of a file, in steps of arithmetic on short numbers, about an eighth of a microsecond each

zipped = partial(zip, strict=True)


class Refused(Exception):
    """The file is no certificate of this format, or too large."""


class Rejected(Exception):
    """The certificate does not prove its statement."""


def form(good, why):
    if not good:
        raise Refused(why)


def need(good, why):
    if not good:
        raise Rejected(why)


class Meter:
    """Counts the work of a file before it is done: a step on long numbers is as many as it takes time."""

    spent, size = 0, 1

    def long(self, numbers):
        """Numbers that will be added: with their common denominator they must not be too long."""
        common = 1
        for bottom in {q.denominator for q in numbers}:
            common = lcm(common, bottom)
            form(common.bit_length() <= MAX_BITS, "numbers of too many digits over a common denominator")
        bits = common.bit_length() + max((q.numerator.bit_length() for q in numbers), default=0)
        self.size = max(self.size, 1 + (bits // 1024) ** 2)

    def spend(self, steps):
        self.spent += steps * self.size
        form(self.spent <= MAX_WORK, "more work than a check may take")


meter = Meter()


# -- reading: every field has one form, and a file that strays from it is refused --


def read(path):
    """Bytes and text of a file, unless it or its numbers are too long to work with."""
    try:
        with sys.stdin.buffer if path == "-" else open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise Refused(f"unreadable: {error}") from None
    runs = [len(run[0]) for run in re.finditer("[0-9][0-9_]{50,}", text)]
    form(len(data) <= MAX_BYTES, f"more than {MAX_BYTES} bytes")
    form(max(runs, default=0) <= MAX_DIGITS and sum(runs) <= MAX_LONG, "numbers of too many digits")
    return data, text


def parse(text, decimal):
    def table(pairs):
        form(len(dict(pairs)) == len(pairs), "a key stands twice in one object")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=table, parse_float=decimal, parse_constant=decimal)
    except ValueError as error:
        raise Refused(f"not JSON: {error}") from None


def fields(tree, names):
    """The values of an object that has exactly these keys."""
    form(type(tree) is dict, f"something that is no object stands in place of one with {names}")
    odd = sorted(set(names.split()) ^ set(tree))
    form(not odd, f"unknown or missing key {odd[:1]}, where the keys are {names}")
    return [tree[name] for name in names.split()]


def typed(value, kind):
    if type(value) is not kind:  # not `form`: the words are not made in vain a million times
        raise Refused(f"{ascii(value)[:40]} is no {kind.__name__}")
    return value


def whole(value, allowed=None):
    typed(value, int)
    if allowed is not None and value not in allowed:
        raise Refused(f"{ascii(value)[:40]} is out of range")
    return value


def rational(text):
    match = re.fullmatch("(0|-?[1-9][0-9]*)(?:/([1-9][0-9]*))?", typed(text, str))
    form(match, f"{ascii(text)[:40]} is no rational")
    top, bottom = int(match[1]), int(match[2] or 1)
    form(gcd(top, bottom) == 1 and (bottom > 1) == bool(match[2]), f"{ascii(text)[:40]} is not in lowest terms")
    return Fraction(top, bottom)


def many(value, length, item, *arguments):
    """A list (of this length unless it is None) with each entry read by ``item``."""
    form(length in (None, len(typed(value, list))), f"a list of length {len(value)}, not {length}")
    return [item(entry, *arguments) for entry in value]


def vector(value, length):
    row = many(value, length, rational)
    meter.long(row)
    meter.spend(16 * (3 + len(row)))
    return row


def sparse(value, allowed, low=0):
    """Rational weights of indices, as {"3": "1/2"}; nonnegative unless ``low`` says otherwise."""
    names = {str(index): index for index in allowed}
    form(names.keys() >= typed(value, dict).keys(), "a weight on something that is not there")
    weights = {names[key]: rational(text) for key, text in value.items()}
    need(low is None or all(q >= low for q in weights.values()), "a multiplier is negative")
    return weights


# -- vectors --


def dot(a, b):
    return sum(map(mul, a, b))


def combine(weights, vectors, size):
    """``sum weights[k] * vectors[k]``."""
    total = [0] * size
    meter.spend(8 * size * len(weights))
    for k, q in weights.items():
        total = [a + q * b for a, b in zipped(total, vectors[k])] if q else total
    return total


def primitive(row):
    """The integer vector without common factor that points the same way."""
    scale = lcm(*(q.denominator for q in row))
    common = gcd(*(row := [q.numerator * (scale // q.denominator) for q in row])) or 1
    return tuple(q // common for q in row)


def line(row):
    """The primitive vector up to sign: its first nonzero entry is positive."""
    row = primitive(row)
    return row if next(filter(None, row)) > 0 else tuple(-q for q in row)


def cancel(row, other, k):
    """A multiple of a row without its entry k, by another row that has one."""
    mine, theirs = (sum(q.numerator.bit_length() for q in one) for one in (row, other))
    long = mine * other[k].numerator.bit_length() + theirs * row[k].numerator.bit_length()
    meter.spend(1 + (4 * len(row) + long // 50_000) // meter.size)  # the length of the numbers is counted here
    return [other[k] * a - row[k] * b for a, b in zipped(row, other)]


def echelon(rows):
    """The reduced echelon form, {pivot column: integer row}; its length is the rank."""
    found = {}
    for row in rows:
        meter.spend(2 * len(row) + len(found))
        for pivot, other in found.items():
            row = cancel(row, other, pivot) if row[pivot] else row
        if any(row := primitive(row)):
            new = next(k for k, q in enumerate(row) if q)
            found |= {key: primitive(cancel(other, row, new)) for key, other in found.items() if other[new]}
            found[new] = row
    return found


# -- problem, point, loss --

HALF = Fraction(1, 2)
# kind: loss at a prediction q, c of its conjugate r y + c r r, and where that is finite; target y, M of huber(M)
LOSSES = {
    "squared": (lambda q, y, M: (q - y) ** 2, Fraction(1, 4), lambda r, y, M: True),
    "half_squared": (lambda q, y, M: (q - y) ** 2 / 2, HALF, lambda r, y, M: True),
    "absolute": (lambda q, y, M: abs(q - y), 0, lambda r, y, M: abs(r) <= 1),
    "huber": (lambda q, y, M: ((q - y) ** 2 - max(0, abs(q - y) - M) ** 2) / 2, HALF, lambda r, y, M: abs(r) <= M),
    "hinge": (lambda q, y, M: max(0, 1 - y * q), 0, lambda r, y, M: 0 <= -r * y <= 1),
    "squared_hinge": (lambda q, y, M: max(0, 1 - y * q) ** 2, Fraction(1, 4), lambda r, y, M: r * y <= 0),
}


# kind: the largest curvature a of its pieces, and r = l'(q) / 2a; the losses with a derivative everywhere
SMOOTH = {
    "squared": (Fraction(1), lambda q, y, M: q - y),
    "half_squared": (HALF, lambda q, y, M: q - y),
    "huber": (HALF, lambda q, y, M: max(-M, min(M, q - y))),
    "squared_hinge": (Fraction(1), lambda q, y, M: -y * max(0, 1 - y * q)),
}


class Problem:
    def __init__(self, tree):
        data, net, loss, train = fields({**tree, "penalty": 0}, "data network loss train penalty")[:4]
        self.penalty = None  # (l2, l1, whether biases have one), where the loss has one
        if "penalty" in typed(tree, dict):
            l2, l1, biases = fields(tree["penalty"], "l2 l1 biases")
            self.penalty = rational(l2), rational(l1), typed(biases, bool)
            form(min(self.penalty[:2]) >= 0 < max(self.penalty[:2]), "a penalty that is none, or negative")
        x, y = fields(data, "x y")
        form(many(x, None, typed, list) and x[0] and many(y, len(x), typed, list) and y[0], "there is no data")
        self.x, self.y = many(x, None, vector, len(x[0])), many(y, None, vector, len(y[0]))
        meter.long([q for rows in (self.x, self.y) for row in rows for q in row])
        # `outputs`: the number of classes, where they are more than two.
        net, outputs = companion("check_classes.py").counted(net, loss) if "outputs" in typed(net, dict) else (net, 2)
        widths, slopes, hidden_bias, output_bias = fields(net, "widths activation hidden_bias output_bias")
        self.sizes = [len(x[0]), *many(widths, None, whole, range(MAX_CASES)), len(y[0])]
        self.smooth = slopes if widths and slopes in ("sigmoid", "tanh") else None  # an activation without slopes
        # `bends`: the slopes of each layer, of which the last is linear; given as one pair, or as pairs that differ.
        self.layers, self.pairs = len(widths), slopes if type(slopes) is list and list in map(type, slopes) else []
        bends = many(self.pairs or [["0", "0"] if self.smooth else slopes] * max(self.layers, 1), None, vector, 2)
        self.bends = [*bends[: self.layers], [Fraction(1)] * 2]
        self.slopes, self.kinked = self.bends[0], self.bends[0][0] != self.bends[0][1]
        form(not self.pairs or len(bends) == self.layers > bends.count(bends[0]), "one activation, or too many or few")
        self.bias = [*many(hidden_bias, self.layers, typed, bool), typed(output_bias, bool)]
        kind, reduction = fields(loss, "kind reduction")
        self.kind, _, bound = typed(kind, str).partition("(")
        self.M = rational(bound.removesuffix(")")) if self.kind == "huber" else None
        known = self.kind in (*LOSSES, "logistic", "cross_entropy")
        form(known and kind == (f"huber({self.M})" if self.M else self.kind), "a loss not in the format")
        form(self.M is None or self.M > 0, "huber(M) needs M > 0")
        signed, classes = "hinge" in kind or kind == "logistic", kind == "cross_entropy"
        targets = {q for row in self.y for q in row}
        form(not signed or targets <= {1, -1}, "losses of signs need y = 1 or -1")
        form(not classes or (len(y[0]) == 1 and targets <= {*range(outputs)}), "a target that is no class")
        self.sizes[-1] += (outputs - 1) * classes
        form(reduction in ("sum", "mean", "mean_entries"), "a reduction not in the format")
        self.weight = Fraction(1, {"sum": 1, "mean": len(x)}.get(reduction, len(x) * len(y[0])))
        hidden, bias, output, output_bias = fields(train, "hidden hidden_bias output output_bias")
        self.trains = [*many(hidden, self.layers, typed, bool), typed(output, bool)]
        # The point evaluated last, and its loss; the points that claims have shown to be local minima, each with what
        # proves it of each neuron.
        self.evaluated, self.minima = (None, None), []
        self.trains_bias = [*many(bias, self.layers, typed, bool), typed(output_bias, bool)]
        form(all(a <= b for a, b in zipped(self.trains_bias, self.bias)), "a bias that is not there is trained")

    def point(self, tree):
        """Weights and biases, one matrix and one vector a layer."""
        weights, biases = fields(tree, "weights biases")
        many(weights, self.layers + 1, typed, list), many(biases, self.layers + 1, typed, list)
        weights = [many(w, self.sizes[k + 1], vector, self.sizes[k]) for k, w in enumerate(weights)]
        biases = [vector(b, self.sizes[k + 1] if self.bias[k] else 0) for k, b in enumerate(biases)]
        meter.long([q for matrix in [*weights, biases] for row in matrix for q in row])
        return weights, biases

    def frozen(self, point):
        """The parameters that are not trained, in a list."""
        kept = [row for matrix, trained in zipped(point[0], self.trains) if not trained for row in matrix]
        return [q for row in [*kept, *(b for b, on in zipped(point[1], self.trains_bias) if not on)] for q in row]

    def activate(self, z, layer=0):
        return z * self.bends[layer][0 if z > 0 else 1]


def evaluate(p, point):
    """Rule `evaluate`: the loss at a point, by one forward pass."""
    rows = p.x
    for k, (matrix, bias) in enumerate(zipped(*point)):
        meter.spend(8 * len(rows) * len(matrix) * (1 + p.sizes[k]) * (k + 1) ** 2)
        rows = [[p.activate(dot(u, row) + b, k) for u, b in zipped(matrix, bias or [0] * len(matrix))] for row in rows]
    need(p.kind in LOSSES, "the rule needs a loss with rational values")
    return p.weight * sum(LOSSES[p.kind][0](q, y, p.M) for row, ys in zipped(rows, p.y) for q, y in zipped(row, ys))


def stated(p, tree, loss):
    """The point of a statement, which must have the loss that the statement says."""
    # Claims about one point follow one another.
    p.evaluated = p.evaluated if p.evaluated[0] == (point := p.point(tree)) else (point, evaluate(p, point))
    need(p.evaluated[1] == rational(loss), "the loss at a point is another one")
    return point


def tangent(p, here):
    """Rule `tangent`: the curvature a and r_t, with l(q + e) between l(q) + 2a r e and that plus a e^2."""
    need(p.kind in SMOOTH, "the rule needs a loss with a derivative")
    curvature, slope = SMOOTH[p.kind]
    return curvature, [slope(q + y, y, p.M) for q, (y,) in zipped(here.residuals, p.y)]


def look(p, point):
    """A point of a network with at most one hidden layer and one output, from near by.

    ``T``: the trained coordinates of a neuron's lifted input weights (w, b); ``rows``: the lifted data in T; ``seen``:
    the data by which a neuron's output depends on its input weights; ``affine``: the columns of the parameters in which
    the predictions are affine, whatever the others do; ``offset``: what these leave. Of a neuron: z, out = a(z),
    ``slope`` of a at each data point (None on a kink), ``kinks``: {first data point: (form, {data point: factor})}, the
    data points with z = 0, grouped where their rows are factor * form.
    """
    need(p.layers <= 1 and p.sizes[-1] == 1, "the rule needs at most one hidden layer and one output")
    (weights, biases), m, d, hidden = point, len(p.x), len(p.x[0]), p.layers == 1
    here = SimpleNamespace(neurons=[], moved=hidden and p.trains[1])
    here.lifted = [[*row, 1] for row in p.x] if hidden and p.bias[0] else p.x
    here.seen = here.lifted if hidden and (p.trains_bias[0] or any(biases[0])) else p.x
    here.T = [k for k in range(len(here.lifted[0])) if (p.trains[0] if k < d else p.trains_bias[0])] if hidden else []
    here.rows = [[row[k] for k in here.T] for row in here.lifted]
    inputs, constant = [] if hidden else [list(column) for column in zipped(*p.x)], [[1] * m] if p.bias[-1] else []
    here.affine = inputs * p.trains[-1] + constant * p.trains_bias[-1]
    fixed = combine(dict(enumerate(weights[0][0])) if inputs else {}, inputs, m)
    predictions = combine(dict(enumerate(biases[-1])), constant, m)
    held = [predictions * (not p.trains_bias[-1]) or [0] * m, fixed * (not p.trains[-1]) or [0] * m]
    here.offset = [a + b for a, b in zipped(*held)]
    for i, v in enumerate(weights[1][0] if hidden else []):
        n = SimpleNamespace(v=v, sign=(v > 0) - (v < 0), w=[*weights[0][i], *biases[0][i : i + 1]], kinks={})
        n.z = [dot(n.w, row) for row in here.lifted]
        n.out = [p.activate(z) for z in n.z]
        n.slope = [None if z == 0 and p.kinked else p.slopes[0 if z > 0 else 1] for z in n.z]
        first = {}
        for t, row in enumerate(here.rows):
            if n.slope[t] is None and any(row):
                shape, members = n.kinks.setdefault(first.setdefault(line(row), t), (primitive(row), {}))
                members[t] = Fraction(dot(row, shape)) / dot(shape, shape)
        here.neurons.append(n)
        predictions = [q + v * a for q, a in zipped(predictions, n.out)]
    meter.spend(8 * m * (1 + len(here.neurons)) * (1 + len(here.lifted[0])))
    here.residuals = [a + b - y for a, b, (y,) in zipped(predictions, fixed, p.y)]
    return here


# -- coverings: every cone is visited, and every leaf proved --


def split(cover, root, step_at):
    """Rule `split`, preorder: ``step_at(cone, step)`` checks a step and returns the cones below it, none at a leaf."""
    pending = [root]
    for step in typed(cover, list):
        need(pending, "a covering has steps behind its end")
        pending += reversed(step_at(pending.pop(), typed(step, dict)))
    need(not pending, "a covering leaves something out")


def farkas(weights, forms, size):
    """Rule `farkas`: a combination with nonnegative multipliers of forms that are nonnegative."""
    return combine(sparse(weights, forms), forms, size)


def cut(sides, step, bends, names="row"):
    """The cones below one where some bends have a side: both, or by `implied` the one that these have to have."""
    row = whole(step.get("row"))
    need(row in bends and row not in sides, "a cone is cut by no open kink of its part")
    if step.get("rule") == "split":
        fields(step, f"rule {names}")
        return [{**sides, row: 1}, {**sides, row: -1}]
    *_, side, given = fields(step, f"rule {names} sign multipliers")
    form(step["rule"] == "implied" and whole(side, (-1, 1)), "an unknown step in a covering")
    shape = [side * q for q in bends[row][0]]
    need(farkas(given, cone_of(sides, bends), len(shape)) == shape, "a side is not implied by the others")
    return [{**sides, row: side}]


def cone_of(sides, bends):
    """The forms that are nonnegative on a cone, by bend."""
    return {row: [side * q for q in bends[row][0]] for row, side in sides.items()}


def nonnegative(linear, bends, parts):
    """``<linear, u> + sum over bends of (right * q if q > 0 else left * q), q = <form, u>``, is >= 0 for all u.

    The parts share out linear and the bends; each is proved on a covering by cones, where some bends have a side.
    By `split` and `farkas` (also for a side that the others imply).
    """
    total, seen, size = [0] * len(linear), [], len(linear)
    for rows, base, cover in many(parts, None, fields, "rows linear cover"):
        mine, base = {row: bends[row] for row in many(rows, None, whole, bends)}, vector(base, size)
        seen += rows
        total = [a + b for a, b in zipped(total, base)]

        def step_at(sides, step, mine=mine, base=base):
            meter.spend((1 + size) * (1 + len(sides) + 8 * len(mine) * (step.get("rule") == "farkas")))
            if step.get("rule") != "farkas":
                return cut(sides, step, mine)
            _, weights, slopes = fields(step, "rule multipliers slopes")
            slopes, total = sparse(slopes, mine.keys() - sides, None), base
            for row, (shape, right, left) in mine.items():
                slope = (right if sides[row] > 0 else left) if row in sides else slopes.get(row, 0)
                need(row in sides or left <= slope <= right, "a slope outside those of its kink")
                total = [a + slope * b for a, b in zipped(total, shape)]
            need(farkas(weights, cone_of(sides, mine), size) == total, "the multipliers do not give the function")
            return []

        split(cover, {}, step_at)
    need(sorted(seen) == sorted(bends) and total == linear, "the parts do not add up to the function")


# -- local minimum --


def local_minimum(p, claim):
    tree, loss, radius, proofs = fields(claim, "point loss radius neurons")
    here = look(p, point := stated(p, tree, loss))
    (_, r), bounds = tangent(p, here), []
    need(not any(dot(r, column) for column in here.affine), "the loss has a slope in an affine parameter")
    for n, [parts] in zipped(here.neurons, many(proofs, len(here.neurons), fields, "parts")):
        need(n.v or parts == [], "parts of a neuron with nothing to share out")
        if here.moved or n.v:
            need(not here.moved or not dot(r, n.out), "the loss has a slope in an output weight")
            sign, bends = n.sign or 1, {}
            weights = {t: sign * q * s for t, (q, s) in enumerate(zipped(r, n.slope)) if s}
            linear = combine(weights, here.rows, len(here.T))
            for row, (shape, members) in n.kinks.items():
                right = sign * sum(r[t] * p.activate(factor) for t, factor in members.items())
                left = -sign * sum(r[t] * p.activate(-factor) for t, factor in members.items())
                if right == left:
                    linear = [a + right * b for a, b in zipped(linear, shape)]
                else:
                    bends[row] = shape, right, left
            nonnegative(linear, bends, parts)
        bounds += [abs(n.v)] if n.v and here.moved else []
        bounds += [abs(z) / sum(map(abs, row)) for z, row in zipped(n.z, here.rows) if p.kinked and z and any(row)]
    if radius is None:
        need(not bounds, "the neighbourhood is too large")
    else:
        need(0 < rational(radius) <= min(bounds, default=rational(radius)), "the neighbourhood is too large or empty")
    where = "with the same frozen ones" if radius is None else f"within {radius} of the point in the max norm"
    p.minima.append((point, proofs))
    return f"No parameters {where} have a loss below the point's, {loss}."


# -- not a local minimum; a lower point; a path --


def course(p, here, way, step):
    """Along a way, up to a step, the predictions are those at the point + first * s + second * s^2."""
    weights, biases = way
    first, second = [sum(biases[-1]) + (0 if p.layers else dot(weights[0][0], row)) for row in p.x], [0] * len(p.x)
    for i, n in enumerate(here.neurons):
        u, kappa = [*weights[0][i], *biases[0][i : i + 1]], weights[1][0][i]
        for t, (z, row) in enumerate(zipped(n.z, here.lifted)):
            q = dot(u, row)
            need(not p.kinked or z * (z + step * q) >= 0, "a kink is crossed on the way")
            slope = p.slopes[0 if (z or q) > 0 else 1]
            first[t] += slope * (n.v * q + kappa * z)
            second[t] += slope * kappa * q
    return first, second


def polynomial(p, here, way, step):
    """Rule `polynomial`: on [0, step] the loss along a way is at most that at its start plus this polynomial."""
    first, second = course(p, here, way, step)
    curvature, r = tangent(p, here)
    terms = [0, 2 * dot(r, first), 2 * dot(r, second) + dot(first, first), 2 * dot(first, second), dot(second, second)]
    return [p.weight * curvature * q for q in terms]


def not_local_minimum(p, claim):
    tree, loss, way, step = fields(claim, "point loss direction step")
    here, way, step = look(p, stated(p, tree, loss)), p.point(way), rational(step)
    need(not any(p.frozen(way)), "the direction moves a frozen parameter")
    terms = polynomial(p, here, way, step)
    low = next((k for k, q in enumerate(terms) if q), 0)
    bound = terms[low] + sum(max(q, 0) * step ** (k - low) for k, q in enumerate(terms) if k > low)
    need(step > 0 and bound < 0, "the loss does not fall")
    text = f"The point, of loss {loss}, is no local minimum: the loss is lower at"
    return f"{text} point + s * direction, 0 < s <= {step}."


def lower_point(p, claim):
    tree, loss, better, better_loss = fields(claim, "point loss better better_loss")
    frozen = p.frozen(stated(p, tree, loss))
    need(frozen == p.frozen(stated(p, better, better_loss)), "the better point has other frozen parameters")
    need(rational(better_loss) < rational(loss), "the better point is not better")
    return f"The point, of loss {loss}, is no global minimum: another one has loss {better_loss}."


def segment(p, one, other):
    """Rule `segment`: the predictions are affine from one point to another, both seen by `look`."""
    for a, b in zipped(one.neurons, other.neurons):
        side = not p.kinked or all(y * z >= 0 for y, z in zipped(a.z, b.z))
        straight = a.w == b.w or (a.v == b.v and (side or a.v == 0))
        scaled = a.v * b.v > 0 and all(a.v * y == b.v * z for y, z in zipped(a.w, b.w))
        need(straight or scaled, "the predictions are not affine along the path")


def path(p, claim):
    tree, loss, points, losses = fields(claim, "point loss points losses")
    points = [stated(p, tree, loss), *(stated(p, *end) for end in zipped(typed(points, list), typed(losses, list)))]
    need(all(p.frozen(point) == p.frozen(points[0]) for point in points), "the path moves a frozen parameter")
    for one, other in pairwise([look(p, point) for point in points]):
        segment(p, one, other)
    ends = f"from the point, of loss {loss}, to one of loss {[loss, *losses][-1]}"
    return f"A path of straight lines and rescalings {ends} never rises above {max(map(rational, [loss, *losses]))}."


# -- lower bounds from a convex loss; the optimum of a basin, and of all --


def dual(p, r, here, affine):
    """Rule `dual`: a bound on the loss at all predictions offset + span(affine) + e with <r, e> >= 0, by convexity."""
    need(p.kind in LOSSES, "the rule needs a loss with rational values")
    _, c, finite = LOSSES[p.kind]
    meter.spend(8 * len(r) * (2 + len(affine)))
    need(not any(dot(r, column) for column in affine), "a dual vector is not balanced")
    need(all(finite(q, y, p.M) for q, (y,) in zipped(r, p.y)), "a dual number is out of its range")
    return p.weight * (dot(r, here.offset) - sum(q * y + c * q * q for q, (y,) in zipped(r, p.y)))


def basin_optimum(p, claim):
    tree, loss, cells, numbers = fields(claim, "point loss cells dual")
    here, r = look(p, stated(p, tree, loss)), vector(numbers, len(p.x))
    need(dual(p, r, here, here.affine) >= rational(loss), "a dual vector gives too low a bound")
    cells = many(cells, len(here.neurons), fields, "signs output multipliers")
    for n, (signs, output, weights) in zipped(here.neurons, cells):
        form(set(typed(signs, str)) <= set("-0+") and len(signs) == len(p.x), "a sign vector is malformed")
        s, size = ["-0+".index(q) - 1 for q in signs], len(here.seen[0])
        need(all(q or not p.kinked or not any(row) for q, row in zipped(s, here.seen)), "a side is left open")
        need(all(q * z >= 0 for q, z in zipped(s, n.z)), "the point is not in the region")
        allowed = whole(output, (-1, 0, 1)) * n.v >= 0 and (output or (n.v == 0 and not here.moved))
        need(allowed, "an output sign is wrong")
        inward = [[q * a for a in row] for q, row in zipped(s, here.seen)]
        wanted = {t: output * q * p.slopes[0 if s[t] > 0 else 1] for t, q in enumerate(r)}
        found = farkas(weights, dict(enumerate(inward)), size)
        need(found == combine(wanted, here.seen, size), "the multipliers do not give the dual vector")
    basin = ", ".join(f"({signs}; {output})" for signs, output, _ in cells)
    return f"No parameters of the basin {basin} have a loss below that of its given point, {loss}."


def count(planes, limit, memo):
    """Regions of distinct linear hyperplanes, by deletion and restriction; no more than ``limit`` are counted."""
    size = len(planes[0]) if planes else 0
    if size <= 2 or planes in memo:
        return memo[planes] if size > 2 else [1, 2, 2 * len(planes)][size]
    total = 1
    meter.spend(2 * size * len(planes) ** 2)
    for k, h in enumerate(planes):
        j = next(j for j, q in enumerate(h) if q)
        cuts = {
            line([h[j] * a - row[j] * b for i, (a, b) in enumerate(zipped(row, h)) if i != j]) for row in planes[:k]
        }
        total += count(tuple(sorted(cuts)), limit, memo)
        need(total <= limit, "regions are missing")
    return memo.setdefault(planes, total)


def complete(rows, regions, height):
    """Rule `complete`: each region holds its point, they differ, and their number is that of all regions.

    ``height``: of affine hyperplanes, rows (normal, -offset), the functional (0, ..., 0, 1); their points are (x, s).
    """
    planes = tuple(sorted({line(row) for row in rows + height if any(row)}))
    silent = sum(1 for row in rows if not any(row))
    meter.spend(2 * len(rows[0]) * len(rows) * len(typed(regions, dict)))
    for cell, point in regions.items():
        point = many(point, len(rows[0]), whole)
        found = signs([dot(row, point) for row in rows])
        need(found == cell and found.count("0") == silent, "a point is not in its region")
        need(all(dot(row, point) > 0 for row in height), "a point is not in the slice")
    number = len(regions) * (2 if height else 1)
    need(count(planes, number, {}) == number, "regions are missing")


def generators(rows):
    """Rays that generate every region of the linear hyperplanes, up to directions on which all rows vanish."""
    scale = lcm(*(q.denominator for row in rows for q in row))
    rows = [[int(q * scale) for q in row] for row in rows]
    basis = sorted(echelon(rows))
    rows = [[row[k] for k in basis] for row in rows]
    lines = sorted({line(row) for row in rows if any(row)})
    few, subsets = min(len(basis) - 1, len(lines) - len(basis) + 1), 1
    for k in range(few):  # as they only become more, none is counted behind the limit
        subsets = subsets * (len(lines) - k) // (k + 1)
        form(subsets <= MAX_CASES, "too many hyperplanes")
    meter.spend(8 * subsets * (len(basis) ** 3 + len(rows)))
    rays = set()
    for subset in combinations(lines, len(basis) - 1) if basis else []:
        found = echelon(subset)
        if len(found) == len(basis) - 1:
            [free] = set(range(len(basis))) - set(found)
            ray = [Fraction(-found[k][free], found[k][k]) if k in found else Fraction(1) for k in range(len(basis))]
            rays |= {primitive(ray), primitive([-q for q in ray])}
    return [[dot(ray, row) for row in rows] for ray in rays]


class Patterns:
    """The patterns (region, sign of the output weight) that one neuron may choose, and which duals each allows.

    A dual vector r bounds the loss on a basin if it allows the pattern of each neuron: <r, b a(z)> >= 0 on its rays.
    """

    def __init__(self, p, here, duals, regions):
        if p.kinked:
            complete([primitive(row) for row in here.seen], regions, [])
            rays, self.regions = generators(here.seen), list(regions)
        else:
            form(regions == {}, "regions of an activation without a kink")
            rays, self.regions = [[b * z for z in c] for c in zipped(*here.seen) for b in (1, -1)], ["0" * len(p.x)]
        self.signs = (1, -1) if here.moved else sorted({n.sign for n in here.neurons} - {0})
        self.every, self.sides = (1 << len(duals)) - 1, {cell: sides(cell) for cell in self.regions}
        meter.spend(16 * len(rays) * len(p.x) * (1 + len(duals)) + len(self.regions) * len(p.x) * (1 + len(rays) // 64))
        # The rays on a side of a row, and those in a region, as bits.
        half = {s: [bits(z >= 0 if s == "+" else z <= 0 for z in row) for row in zipped(*rays)] for s in "+-"}
        half["0"] = [-1] * len(p.x)
        self.inside = {}
        for cell in self.regions:
            self.inside[cell] = (1 << len(rays)) - 1
            for t, s in enumerate(cell):
                self.inside[cell] &= half[s][t]
        # Multiples of the slopes and of the duals will do: integers are faster.
        slopes, duals = primitive(p.slopes), [primitive(r) for r in duals]
        self.good = {1: [], -1: []}
        for ray in rays:
            values = [z * slopes[z <= 0] for z in ray]
            products = [dot(r, values) for r in duals]
            for b, good in self.good.items():
                good.append(bits(b * q >= 0 for q in products))

    def allowed(self, b, *regions):
        """The duals, as bits, that all rays of a region, or of the wall between two, allow."""
        mask, rays = self.every, -1
        for region in regions:
            rays &= self.inside[region]
        while rays:
            mask &= self.good[b][(rays & -rays).bit_length() - 1]
            rays &= rays - 1
        return mask


def signs(z):
    return "".join(["-0+"[(q > 0) - (q < 0) + 1] for q in z])


def bits(flags):
    return int("".join(["01"[flag] for flag in flags][::-1]) or "0", 2)


def sides(cell):
    """The plus and the minus of a sign vector, as bits."""
    return bits(s == "+" for s in cell), bits(s == "-" for s in cell)


def fits(z, cell):
    """Whether numbers lie in a closed cell, both by their `sides`."""
    return not (z[0] & cell[1] or z[1] & cell[0])


def cover(options, every):
    """Rule `cover`: whatever each neuron chooses among its options, sets of duals as bits, some dual allows it all."""
    front = {every}
    for choice in options:
        front = {a & b for a in front for b in choice}
        front = {a for a in front if not any(a != b and a & b == b for b in front)}
        form(len(front) <= MAX_CASES // 1000, "too many dual vectors")
    need(0 not in front, "a basin has no bound")


def global_minimum(p, claim):
    tree, loss, duals, regions = fields(claim, "point loss duals regions")
    point = stated(p, tree, loss)
    if duals == [] and regions is None:  # no loss is negative
        need(rational(loss) == 0, "a bound is missing")
        return "The point is a global minimum: its loss is 0."
    here, duals = look(p, point), many(duals, None, vector, len(p.x))
    columns = here.affine + [n.out for n in here.neurons if here.moved and regions is None]
    if regions is None:
        need(not here.T, "the predictions are not affine in the trained parameters")
        here.offset = here.offset if here.moved else [q + y for q, (y,) in zipped(here.residuals, p.y)]
    bounds = [dual(p, r, here, columns) for r in duals]
    need(min(bounds, default=rational(loss)) >= rational(loss), "a dual vector gives too low a bound")
    if regions is None:
        return f"No parameters have a loss below the point's, {loss}: the predictions are affine in them."
    patterns = Patterns(p, here, duals, regions)
    allowed = {b: {patterns.allowed(b, region) for region in patterns.regions} for b in (1, -1)}
    cover([allowed[1] | allowed[-1] if here.moved else allowed.get(n.sign, {-1}) for n in here.neurons], patterns.every)
    return f"No parameters have a loss below the point's, {loss}: every basin has a bound."


# -- the file, beside it the problem, and the answer --

# version: kind: the companion that has its function, "" for this file
COMPANIONS = {
    "": "local_minimum not_local_minimum lower_point basin_optimum global_minimum path",
    "check_flat.py": "strictness",
    "check_landscape.py": "barrier landscape regions",
    "check_minimum.py": "lower_bound",
    "check_subgradient.py": "subgradient_minimum",
    "check_deep.py": "descent_curve deep_minimum",
    "check_linear.py": "linear_network_minimum",
    "check_symmetry.py": "symmetric_minimum",
    "check_deep_global.py": "deep_global_minimum",
    "check_vector.py": "vector_minimum",
    "check_cells.py": "unrolled_minimum",
    "check_classes.py": "class_minimum class_descent class_global_minimum",
    "check_penalty.py": "penalised_minimum penalised_strictness penalised_descent penalised_bound penalised_basin",
    "check_logistic.py": "ordered_minimum ordered_strictness ordered_descent ordered_lower_point",
    "check_ordered_penalty.py": "ordered_penalised_minimum ordered_penalised_strictness ordered_penalised_descent",
    "check_critical.py": "critical_point",
    "check_probability.py": "basin_probability",
    "check_smooth.py": "smooth_minimum smooth_saddle smooth_descent",
    "check_population.py": "population_minimum",
    "check_ball.py": "ball",
    "check_path.py": "segmented_path",
}
SUBJECTS = {"arrangement": "regions", "population": "population_minimum"}  # what is no problem: its kind of claim
KINDS = {2: {kind: file for file, kinds in COMPANIONS.items() for kind in kinds.split()}}
KINDS[1] = {kind: file for kind, file in KINDS[2].items() if file in ("", "check_landscape.py")}
KINDS[1] |= dict.fromkeys(("local_minimum", "not_local_minimum", "regions"), "check_v1.py")


@cache
def companion(file):
    """A companion, by its path beside this file: no search path has a say. For it this file is ``exactgeo.check``."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("exactgeo." + file.removesuffix(".py"), join(dirname(__file__), file))
    module = importlib.util.module_from_spec(spec)
    sys.modules["exactgeo.check"] = sys.modules[__name__]
    try:
        spec.loader.exec_module(module)
    except FileNotFoundError:
        raise Refused(f"a claim needs {file} beside check.py, and it is not there") from None
    return module


def about(p, tree):
    """The points of a claim by their fields, and the values of what is frozen by their place in a point."""
    given = {key: q for key, q in tree.items() if points_in(q)}
    weights, biases = p.point(tree["point"])
    blocks = {f"weights[{k}]": matrix for k, matrix in enumerate(weights) if not p.trains[k]}
    blocks |= {f"biases[{k}]": bias for k, bias in enumerate(biases) if bias and not p.trains_bias[k]}
    return given, {key: plain(block) for key, block in blocks.items()}


def points_in(value):
    """The points that a field of a claim is made of, none where it is no point and no list of them."""
    every = value if type(value) is list else [value]
    return every if all(type(q) is dict and q.keys() == {"weights", "biases"} for q in every) else []


def plain(block):
    return [plain(q) for q in block] if type(block) is list else str(block)


def subject_of(tree):
    """The version, the problem or the arrangement with what there is to say of it, and the claims."""
    found = [key for key in ("problem", *SUBJECTS) if key in typed(tree, dict)]
    form(len(found) == 1, "neither a problem nor an arrangement nor a population")
    [key] = found
    name, version, subject, claims = fields(tree, f"format version {key} claims")
    form(name == "exactgeo-certificate" and typed(version, int) in KINDS, "another format or version")
    if key == "problem":
        p = Problem(subject)
        slopes = ", then ".join(f"slopes {up} (right) and {down} (left)" for up, down in p.bends[: len(p.pairs) or 1])
        lines = [f"layers of sizes {p.sizes}, activation {p.smooth or slopes}"]
        lines += [f"loss: {subject['loss']['reduction']} of {subject['loss']['kind']} over {len(p.x)} data points"]
        if p.penalty:
            where = "weights and biases" if p.penalty[2] else "weights"
            lines += [f"plus {p.penalty[0]} / 2 of the squares and {p.penalty[1]} of the sizes of the trained {where}"]
        lines += ["frozen parameters keep their values; trained: " + json.dumps(subject["train"])]
        lines += [f"data (x, y as canonical JSON): sha256 {digest(subject['data'])}"]
    else:
        p, lines = vars(companion(KINDS[2][SUBJECTS[key]]))[key](subject)
    return version, p, many(claims, None, typed, dict), lines


def examine(path, beside):
    """What the certificate proves, claim by claim, its hypotheses, and the hash of the file."""
    meter.spent, meter.size = 0, 1
    data, text = read(path)
    version, p, claims, hypotheses = subject_of(tree := parse(text, rational))
    if beside is not None:
        hypotheses += companion("check_problem.py").beside(p, tree, claims, beside, *read(beside))
    form(claims, "there is no claim")
    proved, held = [], None
    for claim in claims:
        kind = claim.pop("kind", None)
        of = next((key for key, other in SUBJECTS.items() if kind == other), "problem")
        known = typed(kind, str) in KINDS[version] and of in tree
        form(known, f"unknown kind {ascii(kind)[:40]}")
        file = KINDS[version][kind]
        # What a file of claims knows of, no other one sees: activations without slopes, the penalty.
        smooth, penalty = (bool(p.smooth), p.penalty is not None) if of == "problem" else (False, False)
        good = smooth if "smooth" in file else not smooth and ("ball" in file or penalty == ("penalty" in file))
        form(good, f"a claim of kind {kind} does not go together with the penalty or the activation")
        sentence = (vars(companion(file)) if file else globals())[kind](p, claim)
        points, frozen = about(p, claim) if "problem" in tree else ({}, None)
        need(held in (None, frozen), "the claims speak of different frozen values")
        held = frozen
        proved.append({"kind": kind, "statement": sentence, "point": points.pop("point", None), "frozen": frozen})
        proved[-1] |= {"points": points} if points else {}
    names = {}  # of all points, in order
    for claim in proved:
        for point in [claim["point"], *claim.get("points", {}).values()] if claim["point"] else []:
            for one in points_in(point):
                names.setdefault(written(one), f"P{len(names) + 1}")
    at = [names.get(written(claim["point"]), "") for claim in proved]
    statement = " ".join((f"At {n}: " if len(set(at)) > 1 else "") + c["statement"] for n, c in zipped(at, proved))
    answer = {"accepted": True, "statement": statement, "claims": proved, "hypotheses": hypotheses}
    answer |= {"points": {name: json.loads(text) for text, name in names.items()}, "sha256": digest(data)}
    return answer | {"report": report(answer)}


def written(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest(data):
    return hashlib.sha256(data if type(data) is bytes else written(data).encode()).hexdigest()


def report(answer):
    """The answer for people: one line a claim, then the points in full, the frozen values, the hypotheses, the hash."""
    names = {written(point): name for name, point in answer["points"].items()}
    lines = ["accepted"]
    for claim in answer["claims"]:
        given = {"point": claim["point"], **claim.get("points", {})} if claim["point"] else {}
        named = [f"{key} {', '.join(names[written(q)] for q in points_in(value))}" for key, value in given.items()]
        lines.append(f"{claim['kind']} ({'; '.join(named)}): {claim['statement']}" if named else claim["statement"])
    for name, point in answer["points"].items():
        lines.append(f"{name}: weights {words(point['weights'])}, biases {words(point['biases'])}")
    if (frozen := answer["claims"][0]["frozen"]) is not None:
        lines.append("frozen: " + (", ".join(f"{key} = {words(q)}" for key, q in frozen.items()) or "nothing"))
    return "\n  ".join([*lines, *answer["hypotheses"], "sha256 " + answer["sha256"]])


def words(value):
    return json.dumps(value).replace('"', "")


def main(arguments):
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    names = [a for a in arguments if a != "--json"]
    answer = {"claims": [], "hypotheses": [], "points": {}, "report": "", "accepted": False, "statement": None}
    answer["sha256"] = None
    try:
        form(len(names) in (1, 2), "usage: check.py CERTIFICATE [PROBLEM] [--json]")
        answer, code = examine(names[0], names[1] if names[1:] else None), 0
    except Rejected as error:
        answer["reason"], code = f"rejected: {error}", 1
    except (Refused, RecursionError, MemoryError) as error:
        answer["reason"], code = f"refused: {error or type(error).__name__}", 2
    except Exception as error:
        answer["reason"], code = f"refused: malformed ({type(error).__name__})", 2
    if "--json" in arguments:
        print(json.dumps(answer))
    elif code:
        print(f"{ascii(names[0])[1:-1] if names else 'check.py'}: {answer['reason']}", file=sys.stderr)
    else:
        print(answer["report"])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
