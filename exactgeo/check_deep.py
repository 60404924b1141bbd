"""Companion of check.py: claims about networks of any depth and any number of outputs, piecewise linear everywhere.

`deep_minimum`: a local minimum, by what small moves can reach, or unit by unit on unrolled copies. `descent_curve`: no
local minimum, by a polynomial curve along which the loss falls: the network is run over Q[s].
"""

from copy import copy
from types import SimpleNamespace

from exactgeo.check import (
    SMOOTH,
    companion,
    dot,
    echelon,
    fields,
    form,
    local_minimum,
    many,
    meter,
    need,
    rational,
    sparse,
    split,
    stated,
    typed,
    whole,
    zipped,
)

# -- a curve of descent: polynomials in s, as lists of coefficients without zeros at the end --


def shortened(a):
    while a and not a[-1]:
        a = a[:-1]
    return a


def add(a, b):
    size = max(len(a), len(b))
    return shortened([x + y for x, y in zipped([*a, *[0] * (size - len(a))], [*b, *[0] * (size - len(b))])])


def times(a, b):
    meter.spend(8 * len(a) * len(b))
    total = [0] * max(len(a) + len(b) - 1, 0)
    for i, p in enumerate(a):
        for j, q in enumerate(b):
            total[i + j] += p * q
    return shortened(total)


def one_sign(a, step):
    """Rule `one_sign`: the sign of a polynomial on (0, step], whose lowest coefficient outweighs the others."""
    low = next((k for k, q in enumerate(a) if q), None)
    if low is None:
        return 0
    sign = 1 if a[low] > 0 else -1
    rest = sum(max(-sign * q, 0) * step ** (k - low) for k, q in enumerate(a) if k > low)
    need(sign * a[low] > rest, "something may change its sign on the way")
    return sign


def run(p, point, curve, step):
    """Rule `run`: the predictions along a curve, which are polynomials as no pre-activation changes its sign."""
    rows = [[shortened([q]) for q in row] for row in p.x]
    for k, (matrix, bias) in enumerate(zipped(*point)):
        matrix = [[shortened(list(q)) for q in zipped(*unit)] for unit in zipped(matrix, *(w[0][k] for w in curve))]
        bias = [shortened(list(q)) for q in zipped(bias, *(w[1][k] for w in curve))] or [[]] * len(matrix)
        meter.spend(8 * len(rows) * len(matrix) * (1 + p.sizes[k]))
        inputs, rows = rows, []
        for row in inputs:
            units = []
            for weights, z in zipped(matrix, bias):
                for weight, q in zipped(weights, row):
                    z = add(z, times(weight, q)) if weight and q else z
                if k < p.layers:
                    up, down = p.bends[k]
                    slope = up if up == down or one_sign(z, step) > 0 else down
                    z = shortened([slope * q for q in z])
                units.append(z)
            rows.append(units)
    return rows


def change_along(p, point, curve, step):
    """The change of the loss along a curve, up to a positive factor, on [0, step]; near 0 where the step is 0."""
    need(not any(q for way in curve for q in p.frozen(way)), "the curve moves a frozen parameter")
    pieces, total = companion("check_subgradient.py").PIECES, []
    form(p.kind in pieces, "a curve of a loss that is not quadratic between breaks")
    for row, target in zipped(run(p, point, curve, step), p.y):
        for after, y in zipped(row, target):
            q, change = after[0] if after else 0, [0, *after[1:]]
            breaks, parts = pieces[p.kind](y, p.M)
            sign = one_sign(change, step)
            a, b = parts[sum(1 for e in breaks if e < q) + (q in breaks and sign > 0)]
            ahead = [abs(e - q) for e in breaks if (e - q) * sign > 0]
            reach = sum(max(sign * c, 0) * step**k for k, c in enumerate(change))
            need(reach <= min(ahead, default=reach), "a prediction may pass a break of the loss")
            total = add(total, add(times([2 * a * q + b], change), times([a], times(change, change))))
    return total


def descent_curve(p, claim):
    tree, loss, curve, step = fields(claim, "point loss curve step")
    point, step = stated(p, tree, loss), rational(step)
    curve = [p.point(way) for way in typed(curve, list)]
    need(curve and step > 0, "there is no curve")
    need(one_sign(change_along(p, point, curve, step), step) < 0, "the loss does not fall")
    what = (
        "point + s * direction"
        if len(curve) == 1
        else f"point + s * curve_1 + ... + s^{len(curve)} * curve_{len(curve)}"
    )
    return f"The point, of loss {loss}, is no local minimum: the loss is lower at {what}, 0 < s <= {step}."


# -- a local minimum --


def forward(p, point):
    """Rule `layers`: a point layer by layer, at the data points: inputs, pre-activations z, outputs, slopes (None on a
    kink)."""
    here, rows = SimpleNamespace(hidden=[], inputs=[list(column) for column in zipped(*p.x)]), None
    for k, (matrix, bias) in enumerate(zipped(*point)):
        inputs, m = here.inputs if rows is None else rows, len(p.x)
        meter.spend(8 * m * len(matrix) * (1 + len(inputs)))
        columns = list(zipped(*inputs)) if inputs else [[]] * m
        z = [[dot(unit, column) + b for column in columns] for unit, b in zipped(matrix, bias or [0] * len(matrix))]
        layer = SimpleNamespace(weights=matrix, trains=p.trains[k], trains_bias=p.trains_bias[k], inputs=inputs, z=z)
        layer.own = inputs * layer.trains + [[1] * m] * layer.trains_bias
        if k == p.layers:
            here.last = layer
            break
        here.hidden.append(layer)
        layer.bends, (up, down) = p.bends[k], p.bends[k]
        layer.slope = [[up if q > 0 or up == down else down if q else None for q in row] for row in z]
        rows = layer.out = [[p.activate(q, k) for q in row] for row in z]
    here.multipliers = sparse
    return here


def layers(p, point):
    """The same, and the derivatives of the loss of each prediction, output by output."""
    here = forward(p, point)
    need(p.kind in SMOOTH, "the rule needs a loss with a derivative")
    (a, r), pairs = SMOOTH[p.kind], zipped(here.last.z, zipped(*p.y))
    here.gradient = [[2 * a * r(q, y, p.M) for q, y in zipped(row, ys)] for row, ys in pairs]
    return here


def steady(p, here, radius):
    """Rule `steady`: within the radius no pre-activation that is not 0 changes its sign where that matters, and neither
    does a trained weight behind the first layer."""
    need(radius > 0, "the neighbourhood is empty")
    moves, kept = [[0] * len(p.x)] * len(here.inputs), []  # kept: (what may not become 0, how far it moves)
    for k, layer in enumerate(here.hidden):
        step, shift = radius * layer.trains, radius * layer.trains_bias
        meter.spend(16 * len(p.x) * len(layer.weights) * (1 + len(layer.inputs)))
        kept += [(w, step) for row in layer.weights for w in row if k]
        sizes = [
            [shift + sum((abs(w) + step) * d[t] + step * abs(h[t]) for w, d, h in zipped(row, moves, layer.inputs))
             for t in range(len(p.x))]
            for row in layer.weights
        ]  # fmt: skip
        kept += [pair for rows in zipped(layer.z, sizes) for pair in zipped(*rows) if len({*layer.bends}) > 1]
        moves = [[max(map(abs, layer.bends)) * d for d in row] for row in sizes]
    kept += [(w, radius * here.last.trains) for row in here.last.weights for w in row]
    need(all(abs(q) > d for q, d in kept if q and d), "the neighbourhood is too large")


def reachable(p, here):
    """Rule `reachable`: the slopes of the loss are orthogonal to all changes of predictions that small moves reach."""
    span = []
    for layer in here.hidden:
        span = list(echelon([*span, *layer.own]).values())
        found, units = [], {tuple(row) for row in layer.slope}
        meter.spend(8 * len(p.x) * len(units) * (len(span) + len(p.x)))
        for row in units:
            found += [[0 if s is None else s * q for s, q in zipped(row, vector)] for vector in span]
            kinks = [t for t, s in enumerate(row) if s is None and any(vector[t] for vector in span)]
            found += [[int(i == t) for i in range(len(p.x))] for t in kinks]
        span = list(echelon(found).values())
    orthogonal = all(not dot(g, vector) for vector in [*span, *here.last.own] for g in here.gradient)
    need(orthogonal, "the loss has a slope along a change within reach")


def living(p, here):
    """Whether a pre-activation can move: by layer, unit and data point."""
    found, below = [], [[False] * len(p.x)] * len(here.inputs)
    for layer in here.hidden:
        rows = []
        for unit in layer.weights:
            near = [below[j] for j, w in enumerate(unit) if w or layer.trains]
            rows.append([any(own[t] for own in layer.own) or any(row[t] for row in near) for t in range(len(p.x))])
        found.append(rows)
        below = [[a and s != 0 for a, s in zipped(row, slopes)] for row, slopes in zipped(rows, layer.slope)]
    return found


def copies(p, here, k, i, numbers, visit, c):
    """An unrolled copy of a unit, in preorder: the kinks get numbers, ``visit`` says what passes each of them of the
    coefficients c of its outputs; no trained parameter may have a derivative, and the rest goes to the copies below."""
    layer, passed = here.hidden[k], []
    meter.spend(8 * len(p.x) * (2 + len(layer.own)))
    for t, (slope, q) in enumerate(zipped(layer.slope[i], c)):
        if slope is None:
            passed.append(visit(numbers.pop(0), q, layer.bends) if here.living[k][i][t] else 0)
        else:
            passed.append(slope * q)
    need(not any(dot(passed, own) for own in layer.own), "a leaf leaves a derivative")
    for j, w in enumerate(layer.weights[i] if k else []):
        for sign in [1] * (w > 0 or (not w and layer.trains)) + [-1] * (w < 0 or (not w and layer.trains)):
            copies(p, here, k - 1, j, numbers, visit, [sign * q for q in passed])


def kinks(p, here, k, i):
    """How many kinks an unrolled copy of a unit has."""
    layer = here.hidden[k]
    meter.spend(8 * (1 + len(p.x)))
    number = sum(1 for slope, alive in zipped(layer.slope[i], here.living[k][i]) if slope is None and alive)
    for j, w in enumerate(layer.weights[i] if k else []):
        number += kinks(p, here, k - 1, j) * (1 if w else 2) if w or layer.trains else 0
    return number


def unrolled(p, here, proofs, radius):
    """Rule `unrolled`: <v, change of the outputs> at the slopes of the loss is >= 0 on an unrolled copy of each unit of
    the last hidden layer, for all v near its output weights."""
    layer, last, k = here.hidden[-1], here.last, p.layers - 1
    need(not any(dot(g, own) for own in last.own for g in here.gradient), "the loss has a slope in the last layer")
    here.living = living(p, here)
    for i, (margin, covers) in enumerate(many(proofs, len(layer.weights), fields, "margin covers")):
        v, margin = [row[i] for row in last.weights], rational(margin)
        if last.trains and len(v) > 1:
            need(len(v) * radius <= margin, "the neighbourhood is larger than a margin")
            near = [[q + s * margin * (o == j) for j, q in enumerate(v)] for o in range(len(v)) for s in (1, -1)]
        else:
            form(margin == 0, "a margin that is none")
            near = [v] if any(v) else [[1], [-1]] * last.trains
        number = kinks(p, here, k, i)
        for weights, cover in zipped(near, many(covers, len(near), typed, list)):
            c = [dot(weights, column) for column in zipped(*here.gradient)]
            split(cover, {}, lambda sides, step, c=c, i=i, number=number: branch(p, here, i, number, c, sides, step))


def branch(p, here, i, number, c, sides, step):
    """Rule `branch`: a kink is split, or the slopes at all kinks leave no derivative."""
    if step.get("rule") == "split":
        k = whole(fields(step, "rule kink")[1], range(number))
        need(k not in sides, "a kink has a side already")
        return [{**sides, k: 1}, {**sides, k: -1}]
    rule, slopes = fields(step, "rule slopes")
    form(rule == "slopes", "an unknown step in a covering")
    slopes = here.multipliers(slopes, range(number), None)

    def visit(k, q, bends):
        slope = slopes.get(k, 0)
        need(sides.get(k) == -1 or slope <= q * bends[0], "a slope above that on the right of its kink")
        need(sides.get(k) == 1 or slope >= q * bends[1], "a slope below that on the left of its kink")
        return slope

    copies(p, here, p.layers - 1, i, list(range(number)), visit, c)
    return []


def smaller(p, weights, biases, bends, **changes):
    """A network with other layers, and the point in it."""
    q = copy(p)
    vars(q).update(changes, layers=len(weights) - 1, evaluated=(None, None), minima=[])
    q.bends, q.slopes, q.kinked = bends, bends[0], bends[0][0] != bends[0][1]
    q.bias = [bool(b) for b in biases]
    q.sizes = [len(q.x[0]), *map(len, weights)]
    return q, (weights, biases)


MINIMA = {"local_minimum": "", "deep_minimum": "check_deep.py", "linear_network_minimum": "check_linear.py"}
MINIMA |= {"symmetric_minimum": "check_symmetry.py", "vector_minimum": "check_vector.py"}
MINIMA |= {"unrolled_minimum": "check_cells.py", "ordered_minimum": "check_logistic.py"}
MINIMA |= dict.fromkeys(("class_minimum", "class_global_minimum"), "check_classes.py")


def resting(p, claim, reduced, radius):
    """Rule `resting`: the claim of a minimum of a smaller network, and how far it holds, None for everywhere; a claim
    about parameters near enough is no more for the whole."""
    q, point = reduced
    kind = typed(claim.get("kind"), str)
    form(kind in MINIMA, "a claim that is no minimum")
    need(q.point(claim.get("point")) == point, "the claim speaks of another point of the smaller network")
    prove = local_minimum if kind == "local_minimum" else vars(companion(MINIMA[kind]))[kind]
    prove(q, {key: value for key, value in claim.items() if key != "kind"})
    near = "radius" not in claim and kind not in ("linear_network_minimum", "class_global_minimum")
    near = near or (kind in ("deep_minimum", "class_minimum") and claim["radius"] is None)
    need(radius is None or not near, "no neighbourhood is known of the smaller network")
    return rational(claim["radius"]) if claim.get("radius") is not None else None


def net_behind(p, here, point, k):
    """The network behind a hidden layer, with its outputs as data, and the point in it."""
    form(here.hidden[k].out, "a layer without units")
    weights, biases = (part[k + 1 :] for part in point)
    trains = {"trains": p.trains[k + 1 :], "trains_bias": p.trains_bias[k + 1 :]}
    return smaller(p, weights, biases, p.bends[k + 1 :], x=[list(row) for row in zipped(*here.hidden[k].out)], **trains)


def behind(p, here, point, k, claim, radius):
    """Rule `behind`: the outputs of a layer do not move, and the point is a minimum of the network behind it."""
    below = here.hidden[: k + 1]
    dead = all(s == 0 and s is not None for row in below[-1].slope for s in row)
    need(dead or not any(layer.own for layer in below), "the outputs of the layer may move")
    inner = resting(p, claim, net_behind(p, here, point, k), radius)
    need(inner is None or (radius or 0) <= inner, "the neighbourhood is larger than that of the smaller network")


def net_merged(p, here, point, k):
    """The network in which a layer whose units keep one slope each, and the next, are one layer; the point in it."""
    (weights, biases), layer = point, here.hidden[k]
    need(all(len(set(row)) == 1 and row[0] is not None for row in layer.slope), "a unit of the layer has two slopes")
    slopes, width = [row[0] for row in layer.slope], len(layer.inputs)
    bias, other = (biases[j] or [0] * len(weights[j]) for j in (k, k + 1))
    layer.lifted, rows = [[*row, b] for row, b in zipped(weights[k], bias)], []
    meter.spend(16 * len(weights[k + 1]) * (1 + len(layer.lifted)) * (2 + width))
    for row, b in zipped(weights[k + 1], other):
        rows.append([sum(w * d * q[j] for w, d, q in zipped(row, slopes, layer.lifted)) for j in range(width + 1)])
        rows[-1][-1] += b
    has = p.bias[k] or p.bias[k + 1]
    free = (p.bias[k] and (p.trains_bias[k] or p.trains[k + 1])) or p.trains_bias[k + 1]
    new = [row[:-1] for row in rows], [row[-1] for row in rows] if has else []
    points = ([*part[:k], q, *part[k + 2 :]] for part, q in zipped(point, new))
    trains = {"trains": [*p.trains[:k], p.trains[k] or p.trains[k + 1], *p.trains[k + 2 :]]}
    trains |= {"trains_bias": [*p.trains_bias[:k], free, *p.trains_bias[k + 2 :]]}
    return smaller(p, *points, [*p.bends[:k], *p.bends[k + 1 :]], **trains)


def merged_layers(p, here, point, k, claim, radius):
    """Rule `merged_layers`: a layer whose units keep one slope each is linear: with the next it is one layer, which
    moves no further than the radius of the smaller network."""
    inner = resting(p, claim, net_merged(p, here, point, k), radius)
    layer, last, size = here.hidden[k], [*here.hidden, here.last][k + 1], radius or 0
    high, steps = size * last.trains, [size * layer.trains] * len(layer.inputs) + [size * layer.trains_bias]
    own, parts = layer.lifted, [(j, s, row) for row in point[0][k + 1] for j, s in enumerate(steps)]
    sizes = [
        sum(abs(d) * (abs(w) * s + high * abs(q[j]) + high * s) for w, [d, *_], q in zipped(row, layer.slope, own))
        + size * last.trains_bias * (j == len(layer.inputs))
        for j, s, row in parts
    ]
    need(inner is None or max([size, *sizes]) <= inner, "the neighbourhood is larger than that of the smaller network")


def deep_minimum(p, claim):
    tree, loss, radius, proof = fields(claim, "point loss radius proof")
    here = layers(p, point := stated(p, tree, loss))
    need(here.hidden, "the rule needs a hidden layer")
    rule = typed(typed(proof, dict).get("rule"), str)
    radius = None if radius is None and rule in ("behind", "merged") else rational(radius)
    if radius is not None:
        steady(p, here, radius)
    if rule == "reachable":
        fields(proof, "rule")
        reachable(p, here)
    elif rule == "unrolled":
        unrolled(p, here, fields(proof, "rule units")[1], radius)
    else:
        form(rule in ("behind", "merged"), "an unknown proof")
        _, k, inner = fields(proof, "rule layer claim")
        k = whole(k, range(p.layers))
        (behind if rule == "behind" else merged_layers)(p, here, point, k, typed(inner, dict), radius)
    where = "near enough to the point" if radius is None else f"within {radius} of the point in the max norm"
    return f"No parameters {where} have a loss below the point's, {loss}."
