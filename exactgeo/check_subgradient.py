"""Companion of check.py: claims for every convex piecewise quadratic loss, with or without a derivative.

`subgradient_minimum`: a local minimum, by one vector of subgradients for each case of moves.
"""

from fractions import Fraction

from exactgeo.check import (
    combine,
    cut,
    dot,
    fields,
    form,
    look,
    many,
    meter,
    need,
    nonnegative,
    rational,
    sparse,
    split,
    stated,
    typed,
    whole,
    zipped,
)

HALF = Fraction(1, 2)

# kind: the breaks of the loss in the prediction, ascending, and a, b of each piece a q q + b q + constant
PIECES = {
    "squared": lambda y, M: ([], [(1, -2 * y)]),
    "half_squared": lambda y, M: ([], [(HALF, -y)]),
    "absolute": lambda y, M: ([y], [(0, -1), (0, 1)]),
    "huber": lambda y, M: ([y - M, y + M], [(0, -M), (HALF, -y), (0, M)]),
    "hinge": lambda y, M: ([y], [(0, -y), (0, 0)][:: int(y)]),
    "squared_hinge": lambda y, M: ([y], [(1, -2 * y), (0, 0)][:: int(y)]),
}


def germ(p, here):
    """Rule `germ`: for each data point the prediction, the breaks of its loss, the pieces on the left and the right."""
    found = []
    for residual, (y,) in zipped(here.residuals, p.y):
        q = residual + y
        breaks, pieces = PIECES[p.kind](y, p.M)
        below = sum(1 for b in breaks if b < q)
        found.append((q, breaks, pieces[below], pieces[below + (q in breaks)]))
    return found


def subgradient_minimum(p, claim):
    tree, loss, radius, proofs, joint = fields(claim, "point loss radius neurons joint")
    here = look(p, point := stated(p, tree, loss))
    slopes = [(2 * a * q + b, 2 * c * q + d) for q, _, (a, b), (c, d) in germ(p, here)]
    here.low, free = [left for left, _ in slopes], {t for t, (left, right) in enumerate(slopes) if left < right}
    parts = [
        (many(neurons, None, whole, range(len(here.neurons))), many(data, None, whole, free), cover)
        for neurons, data, cover in many(joint, None, fields, "neurons data cover")
    ]
    shared = [t for _, data, _ in parts for t in data]
    coupled = [i for neurons, _, _ in parts for i in neurons]
    need(len(set(shared)) == len(shared) and len(set(coupled)) == len(coupled), "two parts share something")
    affine = [[] for _ in parts]
    for column in here.affine:
        touched = {t for t in free if column[t]}
        need(touched or not dot(here.low, column), "the loss has a slope in an affine parameter")
        if touched:
            homes = [k for k, (_, data, _) in enumerate(parts) if touched <= set(data)]
            need(homes, "no part has all the data of an affine parameter")
            affine[homes[0]].append(column)
    bounds = []
    for i, (n, [shares]) in enumerate(zipped(here.neurons, many(proofs, len(here.neurons), fields, "parts"))):
        idle = not (n.v or here.moved)
        need(shares == [] or not (idle or i in coupled), "parts of a neuron with nothing to share out")
        bounds += [abs(n.v)] if n.v and here.moved else []
        bounds += [abs(z) / sum(map(abs, row)) for z, row in zipped(n.z, here.rows) if p.kinked and z and any(row)]
        if i not in coupled and not idle:
            need(not any(depends(here, n, t) for t in free), "a neuron depends on a slope that is not known")
            alone(here, n, bends(p, here, n, here.low), shares)
    for (neurons, data, cover), columns in zipped(parts, affine):
        seen = [t for i in neurons for t in free if depends(here, here.neurons[i], t)]
        need(set(seen) <= set(data), "a neuron depends on a slope of another part")
        need(all(here.neurons[i].v or here.moved for i in neurons), "a neuron without moves is in a part")
        bounds += joint_part(p, here, slopes, (neurons, data, columns), cover)
    if radius is None:
        need(not bounds, "the neighbourhood is too large")
    else:
        need(0 < rational(radius) <= min(bounds, default=rational(radius)), "the neighbourhood is too large or empty")
    # No covering goes with it: these have the slopes of the loss itself, those of a strictness half or all of them.
    p.minima.append((point, [{"parts": []}] * len(here.neurons)))
    where = "with the same frozen ones" if radius is None else f"within {radius} of the point in the max norm"
    return f"No parameters {where} have a loss below the point's, {loss}."


def depends(here, n, t):
    """Whether the first-order change of the loss by a neuron depends on the slope at a data point."""
    return bool((here.moved and n.out[t]) or (n.slope[t] != 0 and any(here.rows[t])))


def bends(p, here, n, r):
    """phi of a neuron with these slopes: <r, out>, the linear part on T, {row: (form, right, left)} of the kinks."""
    linear = combine({t: q * s for t, (q, s) in enumerate(zipped(r, n.slope)) if s}, here.rows, len(here.T))
    found = {}
    for row, (shape, members) in n.kinks.items():
        right = sum(r[t] * p.activate(factor) for t, factor in members.items())
        left = -sum(r[t] * p.activate(-factor) for t, factor in members.items())
        found[row] = shape, right, left
    return dot(r, n.out), linear, found


def times(sign, linear, found):
    """The same for sign * phi."""
    kinks = {row: (shape, sign * right, sign * left) for row, (shape, right, left) in found.items()}
    return [sign * q for q in linear], kinks


def alone(here, n, phi, parts):
    """A neuron whose slopes are known, as for a loss with a derivative."""
    value, linear, kinks = phi
    need(not here.moved or not value, "the loss has a slope in an output weight")
    linear, kinks = straight(*times(n.sign or 1, linear, kinks))
    need(n.v or not kinks, "phi bends at a neuron whose output weight is 0")
    nonnegative(linear, kinks, parts)


def straight(linear, kinks):
    """The same without the kinks that do not bend."""
    for row, (shape, right, left) in list(kinks.items()):
        if right == left:
            linear = [a + right * b for a, b in zipped(linear, shape)]
            del kinks[row]
    return linear, kinks


def joint_part(p, here, slopes, part, cover):
    """The cases of a part, cut by signs of output weights and sides of kinks; bounds of the neighbourhood."""
    neurons, bounds = part[0], []

    def step_at(case, step):
        signs, sides = case
        rule = step.get("rule")
        if rule == "sign":
            i = whole(fields(step, "rule neuron")[1], neurons)
            need(not here.neurons[i].v and i not in signs, "an output weight has a sign already")
            return [({**signs, i: sign}, sides) for sign in (1, -1)]
        if rule in ("subgradient", "covered"):
            bounds.extend(subgradient(p, here, slopes, part, case, step))
            return []
        i = whole(step.get("neuron"), neurons)
        meter.spend((1 + len(here.T)) * (1 + len(sides)))
        known = {k: side for (j, k), side in sides.items() if j == i}
        others = {key: side for key, side in sides.items() if key[0] != i}
        cones = cut(known, step, here.neurons[i].kinks, "neuron row")
        return [(signs, others | {(i, row): side for row, side in cone.items()}) for cone in cones]

    split(cover, ({}, {}), step_at)
    return bounds


def subgradient(p, here, slopes, part, case, step):
    """Rule `subgradient`: one vector of slopes shows a first-order change >= 0 for all moves of a case."""
    (neurons, data, columns), (signs, sides) = part, case
    covered = step["rule"] == "covered"
    _, given, proofs, strict = fields(
        step, "rule slopes neurons strict" if covered else "rule slopes multipliers strict"
    )
    meter.spend(8 * len(p.x) * (2 + len(columns) + len(neurons) * (2 + len(here.T))))
    r, given = list(here.low), sparse(given, data, None)
    for t in data:
        r[t] = given.get(t, Fraction(0))
        need(slopes[t][0] <= r[t] <= slopes[t][1], "a slope outside those of the loss")
    need(not any(dot(r, column) for column in columns), "the subgradient has a slope in an affine parameter")
    strict = many(strict, None, whole, neurons)
    names = {str(i): i for i in neurons}
    form(typed(proofs, dict).keys() <= names.keys(), "multipliers of a neuron of another part")
    proofs = {names[key]: item for key, item in proofs.items()}
    size = max(map(abs, p.slopes)) * sum(abs(q) * sum(map(abs, row)) for q, row in zipped(r, here.rows))
    bounds = []
    for i in neurons:
        n = here.neurons[i]
        value, linear, kinks = bends(p, here, n, r)
        sign = n.sign or signs.get(i, 0)
        if i in strict:
            need(not n.v and sign * value > 0, "an output weight has no slope of its sign")
            form(i not in proofs, "multipliers of a neuron without a cone")
            bounds += [sign * value / size] if size else []
            continue
        fair = sign * value >= 0 if not n.v and sign else not value or not here.moved
        need(fair, "the subgradient has a slope in an output weight")
        form(sign or i not in proofs, "multipliers of a neuron without a cone")
        meter.spend(8 * (2 + len(here.T)) * len(kinks))
        linear, kinks = times(sign or 1, linear, kinks)
        known = {row: side for (j, row), side in sides.items() if j == i}
        if covered:
            covering(sign, linear, kinks, known, proofs.get(i, {"steep": {}, "parts": []}))
        else:
            multipliers(sign, linear, kinks, known, proofs.get(i, {}))
    return bounds


def multipliers(sign, linear, kinks, sides, given):
    """phi is a sum of multiples of the forms of kinks, each at most what its kink is on the sides of the case."""
    m = {row: Fraction(0) for row in kinks} | sparse(given, kinks, None)
    for row, (_, right, left) in kinks.items():
        m[row] = m[row] if sign else right
        need(sides.get(row, 0) < 0 or m[row] <= right, "a multiplier above the slope on the right of its kink")
        need(sides.get(row, 0) > 0 or m[row] >= left, "a multiplier below the slope on the left of its kink")
        need(sign or right == left, "phi bends in moves of both signs")
    total = combine(m, {row: shape for row, (shape, _, _) in kinks.items()}, len(linear))
    need(not any(a + b for a, b in zipped(linear, total)), "the multipliers do not give the function of a neuron")


def covering(sign, linear, kinks, sides, given):
    """Rule `covered`: phi >= 0 by a covering, where a kink with one side has any slope on the other."""
    steep, parts = fields(given, "steep parts")
    for row, slope in sparse(steep, sides, None).items():
        shape, right, left = kinks[row]
        kinks[row] = (shape, right, slope) if sides[row] > 0 else (shape, slope, left)
    linear, kinks = straight(linear, kinks)
    need(sign or not kinks, "phi bends in moves of both signs")
    nonnegative(linear, kinks, parts)
