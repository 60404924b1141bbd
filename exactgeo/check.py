"""The independent checker of exactgeo certificates, format version 1 (docs/certificate-v1.md).

    python -I -S check.py CERTIFICATE [PROBLEM] [--json]

One file, standard library only. No field is believed: whatever a statement needs is computed again from the data, in
rational arithmetic. With a PROBLEM file (TOML or JSON) the certificate must speak of that problem. Exit code:
0 accepted, 1 rejected (the file does not prove its statement), 2 refused (no certificate of this format, or too large).
"""

import hashlib
import json
import re
import sys
from collections import Counter
from copy import copy
from fractions import Fraction
from functools import partial
from itertools import combinations, islice, pairwise, product
from math import comb, gcd, lcm, prod
from operator import mul
from types import SimpleNamespace

MAX_BYTES = 64 * 2**20
MAX_DIGITS, MAX_LONG = 50_000, 500_000  # of one number; of all numbers above 50 digits together
MAX_CASES = 1_000_000  # of one enumeration: modes, subsets of hyperplanes

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
    return many(value, length, rational)


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


def echelon(rows):
    """The reduced echelon form, {pivot column: integer row}; its length is the rank."""
    found = {}
    for row in rows:
        for pivot, other in found.items():
            if row[pivot]:
                row = [other[pivot] * a - row[pivot] * b for a, b in zipped(row, other)]
        row = primitive(row)
        if any(row):
            new = next(k for k, q in enumerate(row) if q)
            for key, other in found.items():
                found[key] = primitive([row[new] * a - other[new] * b for a, b in zipped(other, row)])
            found[new] = row
    return found


# -- problem, point, loss (rule `evaluate`) --

# kind: loss at a prediction q, c of its conjugate r y + c r r, and where that is finite; target y, M of huber(M)
LOSSES = {
    "squared": (lambda q, y, M: (q - y) ** 2, Fraction(1, 4), lambda r, y, M: True),
    "half_squared": (lambda q, y, M: (q - y) ** 2 / 2, Fraction(1, 2), lambda r, y, M: True),
    "absolute": (lambda q, y, M: abs(q - y), 0, lambda r, y, M: abs(r) <= 1),
    "huber": (
        lambda q, y, M: ((q - y) ** 2 - max(0, abs(q - y) - M) ** 2) / 2,
        Fraction(1, 2),
        lambda r, y, M: abs(r) <= M,
    ),
    "hinge": (lambda q, y, M: max(0, 1 - y * q), 0, lambda r, y, M: 0 <= -r * y <= 1),
    "squared_hinge": (lambda q, y, M: max(0, 1 - y * q) ** 2, Fraction(1, 4), lambda r, y, M: r * y <= 0),
}


# kind: the largest curvature a of its pieces, and r = l'(q) / 2a; the losses with a derivative everywhere
SMOOTH = {
    "squared": (Fraction(1), lambda q, y, M: q - y),
    "half_squared": (Fraction(1, 2), lambda q, y, M: q - y),
    "huber": (Fraction(1, 2), lambda q, y, M: max(-M, min(M, q - y))),
    "squared_hinge": (Fraction(1), lambda q, y, M: -y * max(0, 1 - y * q)),
}


class Problem:
    def __init__(self, tree):
        data, net, loss, train = fields(tree, "data network loss train")
        x, y = fields(data, "x y")
        form(many(x, None, typed, list) and x[0] and many(y, len(x), typed, list) and y[0], "there is no data")
        self.x, self.y = many(x, None, vector, len(x[0])), many(y, None, vector, len(y[0]))
        widths, slopes, hidden_bias, output_bias = fields(net, "widths activation hidden_bias output_bias")
        self.sizes = [len(x[0]), *many(widths, None, whole, range(MAX_CASES)), len(y[0])]
        self.layers, self.slopes = len(widths), vector(slopes, 2)
        self.kinked = self.slopes[0] != self.slopes[1]
        self.bias = [*many(hidden_bias, self.layers, typed, bool), typed(output_bias, bool)]
        kind, reduction = fields(loss, "kind reduction")
        self.kind, _, bound = typed(kind, str).partition("(")
        self.M = rational(bound.removesuffix(")")) if self.kind == "huber" else None
        form(self.kind in LOSSES and kind == (f"huber({self.M})" if self.M else self.kind), "a loss not in the format")
        form(self.M is None or self.M > 0, "huber(M) needs M > 0")
        form("hinge" not in kind or all(abs(q) == 1 for row in self.y for q in row), "hinge losses need y = 1 or -1")
        form(reduction in ("sum", "mean"), "a reduction not in the format")
        self.weight = Fraction(1, len(x) if reduction == "mean" else 1)
        hidden, bias, output, output_bias = fields(train, "hidden hidden_bias output output_bias")
        self.trains = [*many(hidden, self.layers, typed, bool), typed(output, bool)]
        self.trains_bias = [*many(bias, self.layers, typed, bool), typed(output_bias, bool)]
        form(all(a <= b for a, b in zipped(self.trains_bias, self.bias)), "a bias that is not there is trained")

    def point(self, tree, *loss):
        """Weights and biases, one matrix and one vector a layer; with a ``loss`` the point must have it."""
        weights, biases = fields(tree, "weights biases")
        many(weights, self.layers + 1, typed, list), many(biases, self.layers + 1, typed, list)
        weights = [many(w, self.sizes[k + 1], vector, self.sizes[k]) for k, w in enumerate(weights)]
        biases = [vector(b, self.sizes[k + 1] if self.bias[k] else 0) for k, b in enumerate(biases)]
        rows = self.x
        for k, (matrix, bias) in enumerate(zipped(weights, biases)):
            rows = [[dot(unit, row) + b for unit, b in zipped(matrix, bias or [0] * len(matrix))] for row in rows]
            rows = rows if k == self.layers else [[self.activate(z) for z in row] for row in rows]
        value = LOSSES[self.kind][0]
        total = sum(value(q, y, self.M) for row, target in zipped(rows, self.y) for q, y in zipped(row, target))
        need(not loss or self.weight * total == rational(*loss), "the loss at a point is another one")
        return weights, biases

    def smooth(self, here):
        """Rule `tangent`: the curvature a and r_t, with l(q + e) between l(q) + 2a r e and that plus a e^2."""
        need(self.kind in SMOOTH, "the rule needs a loss with a derivative")
        curvature, slope = SMOOTH[self.kind]
        return curvature, [slope(q + y, y, self.M) for q, (y,) in zipped(here.residuals, self.y)]

    def quadratic(self, here):
        """The problem with the data at which the loss is a square near the point; at the others it is constant."""
        if self.kind == "huber":
            need(all(abs(q) < self.M for q in here.residuals), "the loss is no square near the point")
        if self.kind != "squared_hinge":
            return self
        margins = [y * (q + y) for q, (y,) in zipped(here.residuals, self.y)]
        need(min(margins) < 1 and 1 not in margins, "the loss is no square near the point")
        near, kept = copy(self), [t for t, margin in enumerate(margins) if margin < 1]
        near.x, near.y = [self.x[t] for t in kept], [self.y[t] for t in kept]
        return near

    def frozen(self, point):
        """The parameters that are not trained, in a list."""
        kept = [row for matrix, trained in zipped(point[0], self.trains) if not trained for row in matrix]
        kept += [bias for bias, trained in zipped(point[1], self.trains_bias) if not trained]
        return [q for row in kept for q in row]

    def activate(self, z):
        return z * self.slopes[0 if z > 0 else 1]


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
    here.residuals = [a + b - y for a, b, (y,) in zipped(predictions, fixed, p.y)]
    return here


# -- coverings: every cone is visited, and every leaf proved --


def visit(cover, root, step_at):
    """Preorder: ``step_at(place, step)`` checks a step and returns the places below it, none at a leaf."""
    pending = [root]
    for step in typed(cover, list):
        need(pending, "a covering has steps behind its end")
        pending += reversed(step_at(pending.pop(), typed(step, dict)))
    need(not pending, "a covering leaves something out")


def nonnegative(linear, bends, parts):
    """``<linear, u> + sum over bends of (right * q if q > 0 else left * q), q = <form, u>``, is >= 0 for all u.

    The parts share out linear and the bends; each is proved on a covering by cones, where some bends have a side.
    Rules: `split` a cone in two; `farkas` (also for a side that the others imply): nonnegative combinations.
    """
    total, seen, size = [0] * len(linear), [], len(linear)
    for rows, base, cover in many(parts, None, fields, "rows linear cover"):
        mine, base = {row: bends[row] for row in many(rows, None, whole, bends)}, vector(base, size)
        seen += rows
        total = [a + b for a, b in zipped(total, base)]

        def step_at(sides, step, mine=mine, base=base):
            cone = {row: [side * q for q in bends[row][0]] for row, side in sides.items()}
            if step.get("rule") == "farkas":
                _, weights, slopes = fields(step, "rule multipliers slopes")
                slopes, total = sparse(slopes, mine.keys() - sides, None), base
                for row, (shape, right, left) in mine.items():
                    slope = (right if sides[row] > 0 else left) if row in sides else slopes.get(row, 0)
                    need(row in sides or left <= slope <= right, "a slope outside those of its kink")
                    total = [a + slope * b for a, b in zipped(total, shape)]
                need(combine(sparse(weights, cone), cone, size) == total, "the multipliers do not give the function")
                return []
            row = whole(step.get("row"))
            need(row in mine and row not in sides, "a cone is cut by no open kink of its part")
            if step.get("rule") == "split":
                fields(step, "rule row")
                return [{**sides, row: 1}, {**sides, row: -1}]
            rule, _, side, weights = fields(step, "rule row sign multipliers")
            form(rule == "implied" and whole(side, (-1, 1)), "an unknown step in a covering")
            implied = combine(sparse(weights, cone), cone, size)
            need(implied == [side * q for q in bends[row][0]], "a side is not implied by the others")
            return [{**sides, row: side}]

        visit(cover, {}, step_at)
    need(sorted(seen) == sorted(bends) and total == linear, "the parts do not add up to the function")


# -- local minimum --


def local_minimum(p, claim):
    tree, loss, radius, proofs, strictness, dimension, flatness = fields(
        claim, "point loss radius neurons strictness flat_dimension flatness"
    )
    here = look(p, point := p.point(tree, loss))
    (_, r), bounds = p.smooth(here), []
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
    text = f"No parameters {where} have a loss below the point's, {loss}"
    if flatness is None:
        form(strictness is None and dimension is None, "a strictness without its proof")
        return text + "."
    near = p.quadratic(here)
    flat(near, look(near, point), whole(dimension), *fields(flatness, "covers largest"))
    inside = [n for n in here.neurons if not any(q for k, q in enumerate(n.w) if k not in here.T)]
    orbit = sum(1 for n in inside if (here.moved if n.v else any(n.w)))
    kind = "strict" if dimension == 0 else "strict_modulo_symmetry" if dimension == orbit else "flat"
    need(strictness == kind, "the strictness is another one")
    return f"{text} ({kind}, flat dimension {dimension})."


def moves(p, here, mode):
    """The small moves that a mode of the idle neurons allows, as variables (docs/certificate-v1.md, "Flat dimension").

    ``columns``: change of the predictions by each variable; ``pairs``: (plus, minus) of each kink; ``signs`` of the
    variables that have one; ``active``: (k, its t) of each idle neuron that moves; ``rows``: equations.
    """
    at = SimpleNamespace(columns=[], pairs=[], signs={}, active=[])
    m, extra = len(p.x), []

    def add(column):
        at.columns.append(column)
        return len(at.columns) - 1

    def inputs(n, outer, inner):
        weights = [outer * inner * (s or 0) for s in n.slope]
        places = [add([q * row[k] for q, row in zipped(weights, here.rows)]) for k in range(len(here.T))]
        for shape, members in n.kinks.values():
            plus, minus = (add([outer * p.activate(q * members.get(t, 0)) for t in range(m)]) for q in (1, -1))
            at.pairs.append((plus, minus))
            at.signs |= {plus: 1, minus: 1}
            extra.append({**{k: inner * q for k, q in zipped(places, shape)}, plus: -1, minus: 1})
        return places

    for n in (n for n in here.neurons if n.v):
        first = len(at.columns)
        inputs(n, n.sign, 1)
        if n.kinks:  # at a local minimum equal loss needs the neuron's own share of the first-order change to be 0
            extra.append({k: dot(here.residuals, at.columns[k]) for k in range(first, len(at.columns))})
        if here.moved:
            add(n.out)
    for n, sign in zipped(here.idle, mode):
        if sign:
            places = inputs(n, sign, sign)
            at.active.append((add(n.out), places))
            at.signs[at.active[-1][0]] = sign
    at.columns += here.affine
    at.size = len(at.columns)
    at.rows = [[column[t] for column in at.columns] for t in range(m)]
    at.rows += [[row.get(k, 0) for k in range(at.size)] for row in extra]
    at.rows = [primitive(row) for row in at.rows]
    at.paired = {k for pair in at.pairs for k in pair}
    return at


def span(at, zero, rows=()):
    """Rule `rank`: dimension of the solutions with the variables ``zero`` at 0; plus and minus follow from the rest."""
    kept = [k for k in range(at.size) if k not in zero]
    hidden = [k for k in kept if k in at.paired]
    ranks = [len(echelon([[row[k] for k in part] for row in (*at.rows, *rows)])) for part in (hidden, kept)]
    return len(kept) - len(hidden) + ranks[0] - ranks[1]


def widest(at, zero):
    """A bound on the dimension of every cone in which each kink still open takes a side.

    All of them lie in one space; where the open kinks have plus = minus, that is 0 = 0, they are known exactly.
    """
    loose = [pair for pair in at.pairs if not zero & set(pair)]
    tied = [[(k == plus) - (k == minus) for k in range(at.size)] for plus, minus in loose]
    return span(at, zero) - span(at, zero, tied) + span(at, zero.union(*loose))


def bounded(at, room, cover):
    """No cone of moves that approach the point has a dimension above ``room``. Rules `split`, `farkas`, `rank`."""

    def step_at(zero, step):
        if step.get("rule") == "split":
            pair = at.pairs[whole(fields(step, "rule pair")[1], range(len(at.pairs)))]
            return [zero | {place} for place in pair]
        rule, still, proofs = fields(step, "rule still zero")
        form(rule == "bound", "an unknown step in a covering")
        still = [at.active[j] for j in many(still, None, whole, range(len(at.active)))]
        known, gone = zero.union(*(places for _, places in still)), set(zero)
        for variable, bounds, equations in many(proofs, None, fields, "variable bounds equations"):
            need(whole(variable) in at.signs, "only a variable with a sign can be shown to vanish")
            bounds = sparse(bounds, at.signs)
            total = combine(sparse(equations, range(len(at.rows)), None), at.rows, at.size)
            for k in at.signs:
                total[k] += at.signs[k] * (bounds.get(k, 0) + (k == variable))
            need(not any(q for k, q in enumerate(total) if k not in known), "a variable need not vanish")
            gone.add(variable)
        if still:
            need(all(k in gone for k, _ in still), "an output weight need not stay 0")
        else:
            need(widest(at, gone) <= room, "the set of equal loss may have a larger dimension")
        return []

    visit(cover, frozenset(), step_at)


def flat(p, here, dimension, covers, largest):
    """``dimension`` is the largest local dimension of the set of equal loss at a local minimum."""
    size, resting = len(here.T), [n for n in here.neurons if not n.v]
    dead = [
        n for n in resting if not (n.kinks or any(n.out) or any(s and any(q) for s, q in zipped(n.slope, here.rows)))
    ]
    here.idle = [n for n in resting if here.moved and n not in dead]
    base = len(dead) * (size + 1) if here.moved else len(resting) * size
    form(3 ** len(here.idle[:99]) <= MAX_CASES // 100, "too many neurons with output weight 0")
    table = {}
    for mode, cover in many(covers, None, fields, "mode cover"):
        mode = tuple(many(mode, len(here.idle), whole, (-1, 0, 1)))
        need(table.setdefault(mode, cover) is cover, "a mode stands twice")
    for mode in product((-1, 0, 1), repeat=len(here.idle)):
        at, room = moves(p, here, mode), dimension - base - size * mode.count(0)
        if mode in table:
            bounded(at, room, table[mode])
        else:
            need(at.size - 2 * len(at.pairs) <= room, "a mode is left out")
    mode, zero, curve = fields(largest, "mode zero curve")
    at = moves(p, here, mode := many(mode, len(here.idle), whole, (-1, 0, 1)))
    zero, curve = set(many(zero, None, whole)), many(curve, None, many, at.size, whole)
    # Rule `curve`: sum of eps^e * curve[e] lies inside the cone for small eps > 0.
    order = [next((e for e, step in enumerate(curve) if step[k]), None) for k in range(at.size)]
    lead = {k: at.signs[k] * curve[order[k]][k] if order[k] is not None else 0 for k in at.signs}
    need(zero <= at.paired and all(zero & set(pair) for pair in at.pairs), "a kink of the largest cone is open")
    need(not any(dot(row, step) for row in at.rows for step in curve), "the curve leaves the cone")
    need(all(lead[k] == 0 if k in zero else lead[k] > 0 for k in at.signs), "the curve is not inside the cone")
    late = [order[t] is None or order[t] > order[k] for k, places in at.active for t in places]
    need(all(late), "the curve does not approach the point")
    need(base + size * mode.count(0) + span(at, zero) == dimension, "the flat dimension is another one")


# -- not a local minimum (rule `polynomial`); a lower point --


def not_local_minimum(p, claim):
    tree, loss, way, step, after, polynomial = fields(claim, "point loss direction step loss_after polynomial")
    here, (weights, biases), step = look(p, p.point(tree, loss)), p.point(way), rational(step)
    need(not any(p.frozen((weights, biases))), "the direction moves a frozen parameter")
    # The predictions along the way are those at the point + first * s + second * s^2.
    first, second = [sum(biases[-1]) + (0 if p.layers else dot(weights[0][0], row)) for row in p.x], [0] * len(p.x)
    for i, n in enumerate(here.neurons):
        u, kappa = [*weights[0][i], *biases[0][i : i + 1]], weights[1][0][i]
        for t, (z, row) in enumerate(zipped(n.z, here.lifted)):
            q = dot(u, row)
            need(not p.kinked or z * (z + step * q) >= 0, "a kink is crossed on the way")
            slope = p.slopes[0 if (z or q) > 0 else 1]
            first[t] += slope * (n.v * q + kappa * z)
            second[t] += slope * kappa * q
    curvature, r = p.smooth(here)
    terms = [0, 2 * dot(r, first), 2 * dot(r, second) + dot(first, first), 2 * dot(first, second), dot(second, second)]
    terms = [p.weight * curvature * q for q in terms]
    need(terms == vector(polynomial, 5), "the loss along the direction is another polynomial")
    ends = [q + y + step * (a + step * b) for q, (y,), a, b in zipped(here.residuals, p.y, first, second)]
    value = LOSSES[p.kind][0]
    need(rational(after) == p.weight * sum(value(q, y, p.M) for q, (y,) in zipped(ends, p.y)), "another loss after")
    low = next((k for k, q in enumerate(terms) if q), 0)
    bound = terms[low] + sum(max(q, 0) * step ** (k - low) for k, q in enumerate(terms) if k > low)
    need(step > 0 and bound < 0, "the loss does not fall")
    return (
        f"The point, of loss {loss}, is no local minimum: the loss is lower at point + s * direction, 0 < s <= {step}."
    )


def lower_point(p, claim):
    tree, loss, better, better_loss = fields(claim, "point loss better better_loss")
    frozen = p.frozen(p.point(tree, loss))
    need(frozen == p.frozen(p.point(better, better_loss)), "the better point has other frozen parameters")
    need(rational(better_loss) < rational(loss), "the better point is not better")
    return f"The point, of loss {loss}, is no global minimum: another one has loss {better_loss}."


# -- rule `dual`: lower bounds from a convex loss; the optimum of a basin, and of all --


def dual_bound(p, r, here, affine):
    """A bound on the loss at all predictions offset + span(affine) + e with <r, e> >= 0, by convexity."""
    _, c, finite = LOSSES[p.kind]
    need(not any(dot(r, column) for column in affine), "a dual vector is not balanced")
    need(all(finite(q, y, p.M) for q, (y,) in zipped(r, p.y)), "a dual number is out of its range")
    return p.weight * (dot(r, here.offset) - sum(q * y + c * q * q for q, (y,) in zipped(r, p.y)))


def basin_optimum(p, claim):
    tree, loss, cells, dual = fields(claim, "point loss cells dual")
    here, r = look(p, p.point(tree, loss)), vector(dual, len(p.x))
    need(dual_bound(p, r, here, here.affine) >= rational(loss), "a dual vector gives too low a bound")
    cells = many(cells, len(here.neurons), fields, "signs output multipliers")
    for n, (signs, output, weights) in zipped(here.neurons, cells):
        form(set(typed(signs, str)) <= set("-0+") and len(signs) == len(p.x), "a sign vector is malformed")
        s, size = ["-0+".index(q) - 1 for q in signs], len(here.seen[0])
        need(all(q or not p.kinked or not any(row) for q, row in zipped(s, here.seen)), "a side is left open")
        need(all(q * z >= 0 for q, z in zipped(s, n.z)), "the point is not in the region")
        need(
            whole(output, (-1, 0, 1)) * n.v >= 0 and (output or (n.v == 0 and not here.moved)),
            "an output sign is wrong",
        )
        inward = [[q * a for a in row] for q, row in zipped(s, here.seen)]
        wanted = {t: output * q * p.slopes[0 if s[t] > 0 else 1] for t, q in enumerate(r)}
        found = combine(sparse(weights, range(len(s))), inward, size)
        need(found == combine(wanted, here.seen, size), "the multipliers do not give the dual vector")
    basin = ", ".join(f"({signs}; {output})" for signs, output, _ in cells)
    return f"No parameters of the basin {basin} have a loss below that of its given point, {loss}."


def count(planes, limit, memo):
    """Regions of distinct linear hyperplanes, by deletion and restriction; no more than ``limit`` are counted."""
    size = len(planes[0]) if planes else 0
    if size <= 2 or planes in memo:
        return memo[planes] if size > 2 else [1, 2, 2 * len(planes)][size]
    total = 1
    for k, h in enumerate(planes):
        j = next(j for j, q in enumerate(h) if q)
        cuts = {
            line([h[j] * a - row[j] * b for i, (a, b) in enumerate(zipped(row, h)) if i != j]) for row in planes[:k]
        }
        total += count(tuple(sorted(cuts)), limit, memo)
        need(total <= limit, "regions are missing")
    return memo.setdefault(planes, total)


def complete(rows, regions, height):
    """Rule `regions`: each region holds its point, they differ, and their number is that of all regions.

    ``height``: of affine hyperplanes, rows (normal, -offset), the functional (0, ..., 0, 1); their points are (x, s).
    """
    planes = tuple(sorted({line(row) for row in rows + height if any(row)}))
    silent = sum(1 for row in rows if not any(row))
    for signs, point in typed(regions, dict).items():
        point = many(point, len(rows[0]), whole)
        found = "".join(["-0+"[(q > 0) - (q < 0) + 1] for q in [dot(row, point) for row in rows]])
        need(found == signs and found.count("0") == silent, "a point is not in its region")
        need(all(dot(row, point) > 0 for row in height), "a point is not in the slice")
    number = len(regions) * (2 if height else 1)
    need(count(planes, number, {}) == number, "regions are missing")


def regions(arrangement, claim):
    number, listed = fields(claim, "count regions")
    normals, offsets = arrangement
    rows = normals if offsets is None else [[*row, -q] for row, q in zipped(normals, offsets)]
    rows = [primitive(row) for row in rows]
    complete(rows, listed, [] if offsets is None else [(*[0] * len(normals[0]), 1)])
    need(whole(number) == len(listed), "the count is another one")
    return f"The arrangement has exactly {number} regions, those of the list."


def generators(rows):
    """Rays that generate every region of the linear hyperplanes, up to directions on which all rows vanish."""
    basis = sorted(echelon(rows))
    lines = sorted({line([row[k] for k in basis]) for row in rows if any(row)})
    form(comb(len(lines), max(0, len(basis) - 1)) <= MAX_CASES, "too many hyperplanes")
    rays = set()
    for subset in combinations(lines, len(basis) - 1) if basis else []:
        found = echelon(subset)
        if len(found) == len(basis) - 1:
            [free] = set(range(len(basis))) - set(found)
            ray = [Fraction(-found[k][free], found[k][k]) if k in found else Fraction(1) for k in range(len(basis))]
            rays |= {primitive(ray), primitive([-q for q in ray])}
    return [[dot(ray, [row[k] for k in basis]) for row in rows] for ray in rays]


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
        self.every = (1 << len(duals)) - 1
        self.inside = {cell: {k for k, ray in enumerate(rays) if fits(ray, cell)} for cell in self.regions}
        self.good = {b: [sum(1 << k for k, r in enumerate(duals) if b * dot(r, [p.activate(z) for z in ray]) >= 0)
                         for ray in rays] for b in (1, -1)}  # fmt: skip

    def allowed(self, b, *regions):
        """The duals, as bits, that all rays of a region, or of the wall between two, allow."""
        mask = self.every
        for k in set.intersection(*map(self.inside.get, regions)):
            mask &= self.good[b][k]
        return mask


def fits(z, cell):
    return all(q * ("-0+".index(s) - 1) >= 0 for s, q in zipped(cell, z))


def global_minimum(p, claim):
    tree, loss, duals, regions = fields(claim, "point loss duals regions")
    point = p.point(tree, loss)
    if duals == [] and regions is None:  # no loss is negative
        need(rational(loss) == 0, "a bound is missing")
        return "The point is a global minimum: its loss is 0."
    here, duals = look(p, point), many(duals, None, vector, len(p.x))
    columns = here.affine
    if regions is None:
        need(not here.T, "the predictions are not affine in the trained parameters")
        columns = columns + [n.out for n in here.neurons if here.moved]
        here.offset = here.offset if here.moved else [q + y for q, (y,) in zipped(here.residuals, p.y)]
    bounds = [dual_bound(p, r, here, columns) for r in duals]
    need(min(bounds, default=rational(loss)) >= rational(loss), "a dual vector gives too low a bound")
    if regions is None:
        need(duals, "a bound is missing")
        return f"No parameters have a loss below the point's, {loss}: the predictions are affine in them."
    patterns = Patterns(p, here, duals, regions)
    # For each output sign and region the duals, as bits; basins are choices of n of them.
    allowed = {b: {patterns.allowed(b, region) for region in patterns.regions} for b in (1, -1)}
    front = {patterns.every}
    for n in here.neurons:
        options = allowed[1] | allowed[-1] if here.moved else allowed.get(n.sign, {-1})
        front = {a & b for a in front for b in options}
        front = {a for a in front if not any(a != b and a & b == b for b in front)}
        form(len(front) <= MAX_CASES // 1000, "too many dual vectors")
    need(0 not in front, "a basin has no bound")
    return f"No parameters have a loss below the point's, {loss}: every basin has a bound."


# -- basins and the walls between them; a set of basins that the walls close off --


class Graph:
    """Basins, as tuples of indices into ``patterns``, one a neuron that is not frozen at output weight 0.

    {L < level} in a basin is connected, and basins that meet below the level are joined through walls that are: that
    of two regions on either side of a hyperplane, and, where output weights are trained, that of a neuron without
    influence. ``full``: the copies of a basin under permutations of neurons with equal output weights differ.
    """

    def __init__(self, p, here, duals, regions, full):
        need(not p.layers or len(here.T) == len(here.seen[0]), "input weights are frozen")
        duals = sorted([(dual_bound(p, r, here, here.affine), r) for r in many(duals, None, vector, len(p.x))])[::-1]
        patterns = Patterns(p, here, [r for _, r in duals], regions)
        self.p, self.here, self.bounds, self.every = p, here, [bound for bound, _ in duals], patterns.every
        self.patterns = [(b, cell) for b in patterns.signs for cell in patterns.regions]
        self.masks = [patterns.allowed(b, cell) for b, cell in self.patterns]
        keys = {i: i if full else here.moved or n.v for i, n in enumerate(here.neurons) if here.moved or n.v}
        self.neurons = sorted(keys, key=keys.get)
        self.keys = [keys[i] for i in self.neurons]
        planes, index = {}, {pattern: k for k, pattern in enumerate(self.patterns)}
        for t, row in enumerate(here.seen):
            if p.kinked and any(row):
                planes.setdefault(line(row), set()).add(t)
        self.next = []
        for b, cell in self.patterns:
            flipped = [
                "".join("+-"[s == "+"] if t in plane else s for t, s in enumerate(cell)) for plane in planes.values()
            ]
            walls = [(index[b, other], patterns.allowed(b, cell, other)) for other in flipped if (b, other) in index]
            self.next.append(walls + ([(index[-b, cell], patterns.every)] if here.moved else []))

    def bound(self, mask):
        """The best bound of a set of duals; no loss is below 0."""
        return self.bounds[(mask & -mask).bit_length() - 1] if mask else Fraction(-1)

    def mask(self, chosen):
        found = self.every
        for k in chosen:
            found &= self.masks[k]
        return found

    def basin(self, chosen):
        """The name of a basin: modulo permutation they are in order."""
        return tuple(k for _, k in sorted(zipped(self.keys, chosen)))

    def basins(self):
        groups = [[k for k, (b, _) in enumerate(self.patterns) if self.here.moved or b == self.here.neurons[i].sign]
                  for i in self.neurons]  # fmt: skip
        found = [()]
        for i, group in enumerate(groups):
            tied = i and self.keys[i] == self.keys[i - 1]
            more = ((*chosen, k) for chosen in found for k in group if not tied or chosen[-1] <= k)
            found = list(islice(more, MAX_CASES + 1))
            form(len(found) <= MAX_CASES, "too many basins")
        return found

    def holding(self, point):
        """The basins that contain a point."""
        near = look(self.p, point).neurons
        options = [[k for k, (b, cell) in enumerate(self.patterns) if b * near[i].v >= 0 and fits(near[i].z, cell)]
                   for i in self.neurons]  # fmt: skip
        form(prod(map(len, options)) <= MAX_CASES, "too many basins")
        return {self.basin(chosen) for chosen in product(*options)}

    def walls(self, basin):
        """The basins beyond, the duals that the wall to each allows, and the patterns on it: the others, then both."""
        for i, k in enumerate(basin):
            others = (*basin[:i], *basin[i + 1 :])
            mask = self.mask(others)
            for other, allowed in self.next[k]:
                yield self.basin((*basin[:i], other, *basin[i + 1 :])), mask & allowed, (others, (k, other))


def barrier(p, claim):
    tree, loss, other, other_loss, level, floor, full, duals, regions = fields(
        claim, "point loss other other_loss level floor full duals regions"
    )
    point, goal, high, low = p.point(tree, loss), p.point(other, other_loss), rational(level), rational(floor)
    need(p.frozen(point) == p.frozen(goal), "the other point has other frozen parameters")
    need(rational(loss) < high, "the level is not above the point")
    graph = Graph(p, look(p, point), duals, regions, typed(full, bool))
    pending = list(reached := graph.holding(point))
    while pending:
        basin = pending.pop()
        need(graph.bound(graph.mask(basin)) >= low, "the loss may go below the floor")
        beyond = {there for there, mask, _ in graph.walls(basin) if graph.bound(mask) < high} - reached
        pending += beyond
        reached |= beyond
        form(len(reached) <= MAX_CASES, "too many basins")
    need(not reached & graph.holding(goal), "the points may be joined below the level")
    ends = f"Every path from the point, of loss {loss}, to the other, of loss {other_loss}"
    text = f"{ends}, reaches {level}; before it does, the loss is at least {floor}"
    return text + (": the point is in a bad valley." if rational(other_loss) < low else ".")


def path(p, claim):
    tree, loss, points, losses = fields(claim, "point loss points losses")
    points = [p.point(tree, loss), *(p.point(*end) for end in zipped(typed(points, list), typed(losses, list)))]
    need(all(p.frozen(point) == p.frozen(points[0]) for point in points), "the path moves a frozen parameter")
    for one, other in pairwise([look(p, point) for point in points]):
        for a, b in zipped(one.neurons, other.neurons):
            side = not p.kinked or all(y * z >= 0 for y, z in zipped(a.z, b.z))
            straight = a.w == b.w or (a.v == b.v and (side or a.v == 0))
            scaled = a.v * b.v > 0 and all(a.v * y == b.v * z for y, z in zipped(a.w, b.w))
            need(straight or scaled, "the predictions are not affine along the path")
    losses = [loss, *losses]
    ends = f"from the point, of loss {loss}, to one of loss {losses[-1]}"
    return f"A path of straight lines and rescalings {ends} never rises above {max(map(rational, losses))}."


def landscape(p, claim):
    """Basins have the best bound of their duals as their minimum if a solution attains it; walls likewise."""
    tree, loss, full, duals, regions, solutions, values, valleys, wide = fields(
        claim, "point loss full duals regions solutions values valleys infinite_width"
    )
    here = look(p, p.point(tree, loss))
    graph, attained, places = Graph(p, here, duals, regions, typed(full, bool)), {}, {}
    for terms, affine in many(solutions, None, fields, "terms affine"):
        predictions = combine(dict(enumerate(vector(affine, len(here.affine)))), here.affine, len(p.x))
        predictions = [a + b for a, b in zipped(predictions, here.offset)]
        fitting = []
        for sign, w in many(terms, None, fields, "sign weights"):
            z = [dot(w, row) for w in [vector(w, len(here.seen[0]))] for row in here.seen]
            predictions = [q + whole(sign, (1, -1)) * p.activate(a) for q, a in zipped(predictions, z)]
            if (ray := (sign, primitive(z))) not in places:
                places[ray] = {k for k, (b, cell) in enumerate(graph.patterns) if b == sign and fits(z, cell)}
            fitting.append(places[ray])
        value = sum(LOSSES[p.kind][0](q, y, p.M) for q, (y,) in zipped(predictions, p.y))
        attained.setdefault(p.weight * value, []).append(fitting)

    def reaches(level, others, pair=()):
        return any(
            all(not fit.isdisjoint(others) or (pair and fit.issuperset(pair)) for fit in fitting)
            for fitting in attained.get(level, ())
        )

    lows = {basin: graph.bound(graph.mask(basin)) for basin in graph.basins()}
    need(all(reaches(low, basin) for basin, low in lows.items()), "a basin may have a higher minimum")
    listed = [(rational(q), whole(n)) for q, n in many(values, None, fields, "value basins")]
    need(listed == sorted(Counter(lows.values()).items()), "the values are other ones")
    among = "" if full else " modulo permutation"
    text = f"The {len(lows)} basins{among} have the minima " + shown([f"{q} ({n})" for q, n in listed])
    if valleys is not None:
        read = many(valleys, None, fields, "value escapes_at number")
        levels = [(rational(q), None if e is None else rational(e), whole(n)) for q, e, n in read]
        need(levels == merged(graph, lows, reaches), "the valleys are other ones")
        ways = [f"{q} ({n}, " + (f"escape at {e})" if e else "without escape)") for q, e, n in levels]
        text += f"; the valleys{among} are " + shown(ways)
    if wide is not None:
        every = range(len(graph.patterns))
        level = graph.bound(graph.mask(every))
        known = here.moved and reaches(level, every) and level == rational(wide)
        need(known, "the least loss of all widths is another one")
        text += f"; no width has a loss below {wide}, and some width has it"
    return text + "."


def shown(items):
    if len(items) > 12:
        return f"the {len(items)} listed, from {items[0]} to {items[-1]}"
    return ", ".join(items)


def merged(graph, lows, reaches):
    """Value, level at which its component holds something lower, and number of the valleys: Kruskal's algorithm.

    At each level the walls of that bound join no more than the walls that a solution reaches: so both are the truth.
    """
    births, walls, root, part, found = {}, {}, {}, {}, Counter()
    for basin, low in lows.items():
        births.setdefault(low, []).append(basin)
        for there, mask, chosen in graph.walls(basin):
            if basin < there:
                walls.setdefault(graph.bound(mask), []).append((basin, there, chosen))

    def find(basin):
        while root[basin] != basin:
            root[basin] = basin = root[root[basin]]
        return basin

    for level in sorted({*births, *walls}):
        born, open_walls = births.get(level, []), walls.get(level, [])
        root |= {basin: basin for basin in born}
        part |= dict.fromkeys(born, (level, 0))  # least value, and number of valleys that have it
        for one, other, chosen in open_walls:
            low, high = sorted([find(one), find(other)], key=part.get)
            if low != high and reaches(level, *chosen):
                root[high], tie = low, part[low][0] == part[high][0]
                part[low] = (part[low][0], part[low][1] + part[high][1] * tie)
                found[part[high][0], level] += part[high][1] * (not tie)
        need(all(find(one) == find(other) for one, other, _ in open_walls), "a wall may be higher than its bound")
        for basin in map(find, born):
            part[basin] = max(part[basin], (level, 1)) if part[basin][0] == level else part[basin]
    for basin in {find(basin) for basin in lows}:
        found[part[basin][0], None] += part[basin][1]
    return sorted([(*key, n) for key, n in found.items() if n], key=lambda valley: (valley[0], valley[1] or 0))


# -- the file, beside it the problem, and the answer --

KINDS = (
    local_minimum,
    not_local_minimum,
    lower_point,
    basin_optimum,
    global_minimum,
    regions,
    barrier,
    path,
    landscape,
)
KINDS = {kind.__name__: kind for kind in KINDS}
OWN_POINT = ("local_minimum", "not_local_minimum", "lower_point", "barrier", "path")


def restate(text):
    """The problem or arrangement of a problem file in the certificate's form, and its point if it has one."""

    def number(value):
        text = re.fullmatch(r"\s*([-+0-9.]+(?:[eE][+-]?[0-9]{1,5})?|[-+0-9]+\s*/\s*[0-9]+)\s*", str(value))
        form(type(value) in (int, str) and text, f"{ascii(value)[:40]} in the problem file is no number")
        return str(Fraction("".join(text[1].split())))

    def numbers(value):
        return [numbers(q) for q in value] if type(value) is list else number(value)

    def call(value):
        name, _, rest = value.replace(" ", "").partition("(")
        return name, numbers(rest.removesuffix(")").split(",")) if rest else []

    if text.lstrip()[:1] == "{":
        tree = parse(text, str)
    else:
        import tomllib

        form(not re.search(r"(?<![\w-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){32}", text), "a dotted key of too many parts")
        tree = tomllib.loads(text, parse_float=str)
    if "normals" in tree:
        offsets = numbers(tree.get("offsets", []))
        return {"normals": numbers(tree["normals"]), "offsets": offsets if set(offsets) - {"0"} else None}, None
    odd = set(tree) - {"name", "source", "data", "network", "loss", "train", "point"}
    form(not odd, f"unknown keys {ascii(odd)[:60]} in the problem file")
    net, loss, train = tree["network"], tree.get("loss", {}), tree.get("train", {})
    layers = len(net["widths"])

    def each(value):
        return value if type(value) is list else [value] * layers

    name, arguments = call(net.get("activation", "relu"))
    named = {"relu": ["1", "0"], "abs": ["1", "-1"], "linear": ["1", "1"], "leaky_relu": ["1", *arguments]}
    kind, bound = call(loss.get("kind", "squared"))
    bias, output_bias = each(net.get("hidden_bias", True)), net.get("output_bias", True)
    trains = {"hidden": each(train.get("hidden", True)), "output": train.get("output", True)}
    trains["hidden_bias"] = [a and b for a, b in zipped(each(train.get("hidden_bias", True)), bias)]
    trains["output_bias"] = train.get("output_bias", True) and output_bias
    slopes = named.get(name, arguments) if layers else ["1", "1"]
    y = numbers(tree["data"]["y"])
    problem = {
        "data": {"x": numbers(tree["data"]["x"]), "y": [q if type(q) is list else [q] for q in y]},
        "network": {"widths": net["widths"], "activation": slopes, "hidden_bias": bias, "output_bias": output_bias},
        "loss": {"kind": f"huber({bound[0]})" if bound else kind, "reduction": loss.get("reduction", "sum")},
        "train": trains,
    }
    point = tree.get("point")
    empty = [[]] * (layers + 1)
    return problem, point and {"weights": numbers(point["weights"]), "biases": numbers(point.get("biases", empty))}


def examine(path, beside):
    """What the certificate proves, as one sentence, its hypotheses, and the hash of the file."""
    data, text = read(path)
    tree = parse(text, rational)
    form(type(tree) is dict and ("problem" in tree) != ("arrangement" in tree), "neither a problem nor an arrangement")
    key = "problem" if "problem" in tree else "arrangement"
    name, version, subject, claims = fields(tree, f"format version {key} claims")
    form((name, version) == ("exactgeo-certificate", 1) and typed(version, int), "another format or version")
    if key == "problem":
        p = Problem(subject)
        hypotheses = [f"layers of sizes {p.sizes}, activation slopes {p.slopes[0]} (right) and {p.slopes[1]} (left)"]
        hypotheses += [f"loss: {subject['loss']['reduction']} of {subject['loss']['kind']} over {len(p.x)} data points"]
        hypotheses += ["frozen parameters keep their values; trained: " + json.dumps(subject["train"])]
    else:
        normals, offsets = fields(subject, "normals offsets")
        form(many(normals, None, typed, list) and normals[0], "there is no hyperplane")
        p = many(normals, None, vector, len(normals[0])), offsets and vector(offsets, len(normals))
        hypotheses = [f"{len(normals)} hyperplanes <normal, w> = offset in dimension {len(normals[0])}"]
    if beside is not None:
        derived, point = restate(read(beside)[1])
        need(derived == subject, "the certificate speaks of another problem than the file beside it")
        listing = typed(claims, list) and claims[0].get("kind") == "landscape"
        for claim in claims if point else []:
            own = claim.get("kind") in OWN_POINT and not listing
            same = claim.get("point") == point if own else p.frozen(p.point(claim["point"])) == p.frozen(p.point(point))
            need(same, "the certificate speaks of another point than the file beside it")
        hypotheses += ["the points are those of the claims, not that of the file"] * bool(listing and point)
        hypotheses += ["the problem is that of the file beside the certificate"]
    statements = []
    for claim in many(claims, None, typed, dict):
        kind = claim.pop("kind", None)
        form(kind in KINDS and (kind == "regions") == (key == "arrangement"), f"unknown kind {ascii(kind)[:40]}")
        statements.append(KINDS[kind](p, claim))
    form(statements, "there is no claim")
    return " ".join(statements), hypotheses, hashlib.sha256(data).hexdigest()


def main(arguments):
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    names = [a for a in arguments if a != "--json"]
    answer = {"accepted": False, "statement": None, "hypotheses": [], "sha256": None}
    try:
        form(len(names) in (1, 2), "usage: check.py CERTIFICATE [PROBLEM] [--json]")
        answer["statement"], answer["hypotheses"], answer["sha256"] = examine(names[0], names[1] if names[1:] else None)
        answer["accepted"], code = True, 0
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
        print(f"accepted: {answer['statement']}", *answer["hypotheses"], "sha256 " + answer["sha256"], sep="\n  ")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
