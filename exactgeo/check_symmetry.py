"""Companion of check.py: the claim `symmetric_minimum`, a local minimum off all kinks of a network of any depth.

Near the point the loss is a polynomial. Its gradient is 0, its Hessian has no negative value and vanishes along moves
that are symmetries of the loss, and perhaps one line more, where a curve tells, or several, where a form does.
"""

from fractions import Fraction
from math import comb

from exactgeo.check import companion, dot, echelon, fields, meter, need, stated, typed, zipped

deep, linear = (companion(name) for name in ("check_deep.py", "check_linear.py"))


def product(a, b, size):
    """The first coefficients of a b."""
    meter.spend(8 * len(a) * len(b))
    total = [0] * min(size, max(0, len(a) + len(b) - 1))
    for i, p in enumerate(a):
        for j, q in enumerate(b[: max(0, size - i)] if p else []):
            total[i + j] += p * q
    return total


def plus(parts):
    size = max(map(len, parts), default=0)
    return [sum(part[k] for part in parts if k < len(part)) for k in range(size)]


def smooth(p, here):
    """Rule `smooth`: near the point the loss is a polynomial; the second derivatives of the losses of predictions."""
    need(
        all(s is not None for layer in here.hidden for row in layer.slope for s in row), "a pre-activation is on a kink"
    )
    pieces, found = companion("check_subgradient.py").PIECES, []
    for row, ys in zipped(here.last.z, zipped(*p.y)):
        found.append([])
        for q, y in zipped(row, ys):
            breaks, parts = pieces[p.kind](y, p.M)
            need(q not in breaks, "a prediction is at a break of the loss")
            found[-1].append(2 * parts[sum(1 for e in breaks if e < q)][0])
    return found


def gradient(p, here, bends, point, curve, size):
    """Rule `gradient`: the derivatives of the loss along a curve, the first coefficients in s, by parameter."""
    rows, passes = [[[q] for q in row] for row in here.inputs], []
    for k, layer in enumerate([*here.hidden, here.last]):
        weights = [[list(q) for q in zipped(*unit)] for unit in zipped(point[0][k], *(w[0][k] for w in curve))]
        bias = [list(q) for q in zipped(point[1][k], *(w[1][k] for w in curve))] or [[]] * len(weights)
        passes.append((rows, weights))
        meter.spend(8 * len(weights) * (1 + len(rows)) * len(p.x) * size)
        rows = [[plus([b, *(product(w, row[t], size) for w, row in zipped(unit, rows))]) for t in range(len(p.x))]
                for unit, b in zipped(weights, bias)]  # fmt: skip
        if k < p.layers:
            rows = [[[s * q for q in z] for s, z in zipped(*pair)] for pair in zipped(layer.slope, rows)]
    back = [
        [[g, *(c * q for q in z[1:size])] for g, c, z in zipped(*three)] for three in zipped(here.gradient, bends, rows)
    ]
    found = {}
    for k, (inputs, weights) in reversed(list(enumerate(passes))):
        for i, row in enumerate(back):
            found |= {(k, i, j): plus([product(a, b, size) for a, b in zipped(row, one)])
                      for j, one in enumerate(inputs) if p.trains[k]}  # fmt: skip
            found |= {(k, i, None): plus(row)} if p.trains_bias[k] else {}
        below = here.hidden[k - 1].slope if k else []
        back = [[[s * q for q in plus([product(w[j], b[t], size) for w, b in zipped(weights, back)])]
                 for t, s in enumerate(row)] for j, row in enumerate(below)]  # fmt: skip
    return found


def symmetries(p, here, names):
    """Rule `symmetries`: moves along which, from every point near this one, no prediction changes; as rows."""
    return [[move.get(one, 0) for one in names] for move in Symmetries(p, here, {*names}).moves]


class Symmetries:
    """The moves, as {parameter: number}; a parameter is (layer, unit, input or None for the bias), the outputs last."""

    def __init__(self, p, here, free):
        self.p, self.layers, self.free = p, [*here.hidden, here.last], free
        m = len(p.x)
        self.above = [[[True] * m for _ in here.last.weights]]
        for k in reversed(range(p.layers)):
            rows = self.layers[k].slope
            used = [self.used(k, i, self.above[0]) for i in range(len(rows))]
            self.above.insert(0, [[u and s != 0 for u, s in zipped(*pair)] for pair in zipped(used, rows)])
        self.moves = []
        for k, layer in enumerate(self.layers):
            size = len(layer.weights)
            meter.spend(8 * size * size * m + size * m * (1 + len(layer.inputs)) ** 2)
            self.moves += [move for i in range(size) for move in self.unseen(k, i)]
            if k < p.layers:
                ratios = {(i, j): self.ratio(k, i, j) for i in range(size) for j in range(size)}
                self.moves += [self.pair(k, i, j, c) for (i, j), c in ratios.items() if c]
                self.moves += [self.shift(k, i) for i in range(size)]
                for j in range(size):
                    group = {i: ratios[i, j] for i in range(j, size) if ratios[i, j]}
                    self.moves += self.null(k, group) if len(group) > 1 else []
        self.moves = [move for move in self.moves if move and move.keys() <= free]

    def used(self, k, i, above):
        """Where the output of a unit has influence: some unit above that has takes it, now or by a trained weight."""
        rows = [row for o, row in enumerate(above) if self.layers[k + 1].weights[o][i] or self.p.trains[k + 1]]
        return [any(row[t] for row in rows) for t in range(len(self.p.x))]

    def fixed(self, k):
        """Whether nothing below a layer is trained."""
        return not any(layer.own for layer in self.layers[:k])

    def unseen(self, k, i):
        """Combinations of weights and bias of a unit that are 0 on its inputs, which are fixed; else one weight whose
        input is 0 wherever the unit has influence."""
        seen, layer = [t for t, a in enumerate(self.above[k][i]) if a], self.layers[k]
        own = [(k, i, j) for j in range(len(layer.inputs)) if self.p.trains[k]]
        own += [(k, i, None)] * self.p.trains_bias[k]
        if self.fixed(k):
            rows = [[layer.own[j][t] for j in range(len(own))] for t in seen]
            return [dict(zipped(own, vector)) for vector in linear.kernel(rows, len(own))]
        slopes = self.layers[k - 1].slope
        return [{one: 1} for one in own if not any(one[2] is None or slopes[one[2]][t] for t in seen)]

    def ratio(self, k, i, j):
        """c != 0 where the slopes of unit i are c times those of unit j wherever one of them has influence."""
        either = [a or b for a, b in zipped(*(self.used(k, u, self.above[k + 1]) for u in (i, j)))]
        slopes = [
            (a, b) for a, b, u in zipped(self.layers[k].slope[i], self.layers[k].slope[j], either) if u and (a or b)
        ]
        c = next((Fraction(a) / b for a, b in slopes if a and b), 0)
        return c if all(a == c * b for a, b in slopes) else 0

    def pair(self, k, i, j, c):
        """Unit i takes on what j sees, and the layer above takes from j what that gives."""
        layer = self.layers[k]
        move = {(k, i, n): w for n, w in enumerate(layer.weights[j]) if w}
        move |= {(k, i, None): layer.bias[j]} if any(layer.bias[j : j + 1]) else {}
        return move | {(k + 1, o, j): -c * row[i] for o, row in enumerate(self.layers[k + 1].weights) if row[i]}

    def shift(self, k, i):
        """A unit of one slope takes a constant, and the biases above give it back."""
        slopes = {s for s, u in zipped(self.layers[k].slope[i], self.used(k, i, self.above[k + 1])) if u}
        above = self.layers[k + 1]
        if len(slopes) != 1 or (self.p.trains[k + 1] and not self.p.trains_bias[k + 1]):
            return {}
        [c] = slopes
        return {(k, i, None): 1, **{(k + 1, o, None): -c * row[i] for o, row in enumerate(above.weights) if c * row[i]}}

    def null(self, k, group):
        """Moves of units with slopes c_i s that the weights above cancel; if these are trained they have full row rank,
        so that null vectors move smoothly. Moves of these that z cancels, if its rank is as large as it can be."""
        layer, above, found = self.layers[k], self.layers[k + 1], []
        rows = [[row[i] * c for i, c in group.items()] for row in above.weights]
        if not self.p.trains[k + 1] or len(echelon(rows)) == len(rows):
            for vector in linear.kernel(rows, len(group)):
                for j in [*range(len(layer.inputs)), None]:
                    found.append({(k, i, j): q for i, q in zipped(group, vector) if q})
        seen = [t for t, s in enumerate(layer.slope[min(group)]) if s]
        one = [[1] * len(self.p.x)] * (self.p.trains_bias[k] or any(layer.bias))
        z, inputs = (
            [[row[t] for t in seen] for row in some] for some in ([layer.z[i] for i in group], layer.inputs + one)
        )
        if self.fixed(k) and len(echelon(z)) == len(echelon(inputs)):
            for vector in linear.kernel(list(zipped(*z)), len(group)):
                for o in range(len(above.weights)):
                    found.append({(k + 1, o, i): q / c for (i, c), q in zipped(group.items(), vector) if q})
        return found


def symmetric_minimum(p, claim):
    tree, loss, curve = fields(claim, "point loss curve")
    here, curve = deep.layers(p, point := stated(p, tree, loss)), [p.point(way) for way in typed(curve, list)]
    need(here.hidden, "the rule needs a hidden layer")
    for layer, bias in zipped([*here.hidden, here.last], point[1]):
        layer.bias = bias
    bends, zero = smooth(p, here), [[[0] * len(row) for row in matrix] for matrix in point[0]]
    slopes = gradient(p, here, bends, point, [], 1)
    need(not any(q for row in slopes.values() for q in row), "the loss has a slope")
    # Layer by layer, unit by unit, the bias last: the slice depends on the order.
    names, hessian = sorted(slopes, key=lambda one: (*one[:2], one[2] is None, one[2] or 0)), []
    for k, i, j in names:
        weights, biases = [[list(row) for row in matrix] for matrix in zero], [[0] * len(bias) for bias in point[1]]
        (biases[k] if j is None else weights[k][i])[i if j is None else j] = Fraction(1)
        moved = gradient(p, here, bends, point, [(weights, biases)], 2)
        hessian.append([moved[one][1] if len(moved[one]) > 1 else 0 for one in names])
    meter.spend(len(names) ** 3)
    linear.nonnegative_form(hessian)
    moves = symmetries(p, here, names)
    meter.spend(8 * len(moves) * len(names) ** 2)
    # Each of them is in the kernel; one that is not would be a fault of `Symmetries`, and proves nothing.
    held = echelon([move for move in moves if not any(dot(row, move) for row in hessian)])
    lines = len(names) - len(echelon(hessian)) - len(held)
    if not curve:
        need(lines != 1, "the Hessian vanishes along more than symmetries")
        kept = [k for k in range(len(names)) if k not in held]
        if lines:
            Surface(p, here, bends, point, names, kept, hessian).surface()
    else:
        need(lines == 1, "the Hessian vanishes along more than symmetries and a line, or less")
        tells(p, here, bends, point, curve, names, [k for k in range(len(names)) if k not in held], hessian)
    return f"No parameters near enough to the point have a loss below the point's, {loss}."


def tells(p, here, bends, point, curve, names, kept, hessian):
    """Rule `tells`: the point is a minimum on the slice of the coordinates `kept`, on which the Hessian vanishes along
    one line: the curve starts on it, and the least loss beside it is that along it up to the square of its slopes."""
    free = {names[k]: k for k in kept}
    ways = [[(way[1][k][i] if j is None else way[0][k][i][j]) for k, i, j in names] for way in curve]
    need(not any(q for way in curve for q in p.frozen(way)), "the curve moves a frozen parameter")
    need(all(not q or k in kept for way in ways for k, q in enumerate(way)), "the curve leaves the slice")
    y = next((k for k in kept if ways[0][k]), None)
    need(y is not None and not any(way[y] for way in ways[1:]), "the curve has no coordinate")
    need(len(echelon([[hessian[i][j] for j in kept if j != y] for i in kept if i != y])) == len(kept) - 1, "no line")
    change = deep.change_along(p, point, curve, Fraction(0))
    low = next((k for k, q in enumerate(change) if q), None)
    size = 2 * len(curve) * (p.layers + 1) + 1 if low is None else low // 2 + 1
    along = gradient(p, here, bends, point, curve, size)
    need(not any(q for one, k in free.items() if k != y for q in along[one]), "the loss has a slope beside the curve")
    need(low is None or (low % 2 == 0 and change[low] > 0), "the loss is lower along the curve")


# -- several lines: the least loss beside them, as a function f of the numbers y along them --

TERMS = 4  # of a curve
DEEPEST = 20  # times that a face is cut


def lattice(size, degree):
    """The whole vectors >= 0 of this sum: a form of this degree, or less, that is 0 on them is 0."""
    meter.spend(64)
    if size == 1:
        yield (degree,)
    else:
        yield from ((k, *rest) for k in range(degree + 1) for rest in lattice(size - 1, degree - k))


def through(values):
    """Rule `through`: the form with these values on a lattice, by exponents."""
    total = {}
    for at, value in values.items():
        degree, terms = sum(at), {(0,) * len(at): Fraction(value)}
        for i, k in ((i, k) for i, power in enumerate(at) for k in range(power)):
            meter.spend(64 * len(terms) * len(at))
            raised = {}
            for powers, q in terms.items():
                for j in range(len(at)):
                    new = tuple(power + (n == j) for n, power in enumerate(powers))
                    raised[new] = raised.get(new, 0) + q * Fraction(degree * (i == j) - k, degree * (at[i] - k))
            terms = raised
        for powers, q in terms.items():
            total[powers] = total.get(powers, 0) + q
    return total


def positive(part, depth=0):
    """Rule `positive`: a polynomial is positive where no entry is beyond 1 in size: its constant outweighs what may
    be negative, on the whole or on each half."""
    size = len(next(iter(part)))
    meter.spend(64 * len(part) * (1 + size))
    constant = part.get((0,) * size, 0)
    least = [
        min(q, 0) if all(power % 2 == 0 for power in powers) else -abs(q) for powers, q in part.items() if any(powers)
    ]
    if constant + sum(least) > 0:
        return
    need(constant > 0 and depth < DEEPEST, "the lowest form is not positive")
    j = depth % size
    for side in (1, -1):
        half = {}
        for powers, q in part.items():
            meter.spend(64 * (1 + powers[j]))
            for k in range(powers[j] + 1):
                new = (*powers[:j], k, *powers[j + 1 :])
                half[new] = half.get(new, 0) + Fraction(
                    q * comb(powers[j], k) * side ** (powers[j] - k), 2 ** powers[j]
                )
        positive(half, depth + 1)


def positives(lowest):
    """A form of even degree is positive but at 0: it is so where one variable is 1 and the others are at most 1."""
    for i in range(len(next(iter(lowest)))):
        face = {}
        for powers, q in lowest.items():
            rest = powers[:i] + powers[i + 1 :]
            face[rest] = face.get(rest, 0) + q
        positive(face)


class Surface:
    """The curves of all y at once, on the slice of the coordinates `kept`."""

    def __init__(self, p, here, bends, point, names, kept, hessian):
        self.p, self.here, self.bends, self.point, self.names, self.kept = p, here, bends, point, names, kept
        inside = [[hessian[i][j] for j in kept] for i in kept]
        self.basis = echelon(linear.kernel(inside, len(kept)))
        self.rest = [k for k in range(len(kept)) if k not in self.basis]
        # No vector of the kernel is 0 in all y: in the rest the Hessian is positive.
        self.rows = [[inside[i][j] for j in self.rest] for i in self.rest]

    def way(self, term):
        """A vector of the slice in the shape of points."""
        weights, biases = (
            [[[0] * len(row) for row in matrix] for matrix in self.point[0]],
            [[0] * len(b) for b in self.point[1]],
        )
        for k, q in zipped(self.kept, term):
            layer, i, j = self.names[k]
            (biases[layer] if j is None else weights[layer][i])[i if j is None else j] = q
        return weights, biases

    def slopes(self, ways, size):
        """The derivatives in what is not y along a curve."""
        found = gradient(self.p, self.here, self.bends, self.point, ways, size)
        return [found[self.names[self.kept[k]]] for k in self.rest]

    def curve(self, y, count):
        """The curve of so many terms along y, with the derivatives in the rest of a higher order than their number."""
        rows = [(k, Fraction(q) / row[k], row) for q, (k, row) in zipped(y, self.basis.items())]
        ways = [self.way([sum(q * row[n] for _, q, row in rows) for n in range(len(self.kept))])]
        while len(ways) < count:
            power = len(ways) + 1
            wanted = [row[power] for row in self.slopes(ways, power + 1)]
            meter.spend(16 * (1 + len(self.rest)) ** 3)
            *best, last = linear.kernel([[*row, q] for row, q in zipped(self.rows, wanted)], len(self.rest) + 1)[0]
            term = dict(zipped(self.rest, best))
            ways.append(self.way([Fraction(term.get(k, 0)) / last for k in range(len(self.kept))]))
        return ways

    def change(self, ways):
        return deep.change_along(self.p, self.point, ways, Fraction(0))

    def flat(self, count):
        """Whether along all curves of so many terms the loss, and its derivatives in the rest, are as at the point."""
        degree = 2 * count * (self.p.layers + 1)
        for y in lattice(len(self.basis), degree):
            ways = self.curve(y, count)
            if self.change(ways) or any(map(any, self.slopes(ways, degree + 1))):
                return False
        return True

    def surface(self):
        """Rule `surface`: the lowest form of the loss along the curves is positive, or the loss stays as it is."""
        for degree in range(3, 2 * TERMS + 2):
            if degree % 2 == 0 and self.flat(degree // 2 - 1):
                return
            values = {}
            for y in lattice(len(self.basis), degree):
                change = self.change(self.curve(y, degree // 2))
                values[y] = change[degree] if len(change) > degree else 0
            if any(values.values()):
                need(degree % 2 == 0, "the lowest form is odd")
                positives(through(values))
                return
        need(False, "the loss does not tell up to its order")
