"""Companion of check.py: the claim `unrolled_minimum`, a minimum of a deep network with several outputs.

Each unit of the last hidden layer has a copy of the network below it, on which its outputs change by vectors of
finitely many cones; then the forms of check_vector.py decide. Cones are given by lines and rays and computed layer by
layer: sums, cut by the kinks, each part multiplied by its slopes. Theory: docs/mathematics.md, "Deep networks", D3v.
"""

from itertools import product
from types import SimpleNamespace

from exactgeo.check import SMOOTH, companion, dot, echelon, fields, form, meter, need, primitive, stated, typed, zipped

deep, vector = companion("check_deep.py"), companion("check_vector.py")
LARGEST = 300  # cones of a unit


def canonical(lines, rays):
    """The same cone, by independent lines and rays that are 0 in their pivots; opposite rays are lines."""
    while True:
        held = echelon(lines)
        found = set()
        for ray in rays:
            meter.spend(16 * (1 + len(held)) * (1 + len(ray)))
            for k, row in held.items():
                ray = [abs(row[k]) * a - ray[k] * b * (1 if row[k] > 0 else -1) for a, b in zipped(ray, row)]
            found |= {primitive(ray)} if any(ray) else set()
        opposite = [ray for ray in found if tuple(-q for q in ray) in found]
        lines, rays = [*held.values(), *opposite], found
        if not opposite:
            return frozenset(lines), frozenset(rays)


def halves(cone, t):
    """The parts of a cone on either side of data point t, which cover it."""
    lines, rays = cone
    way = next((line for line in sorted(lines) if line[t]), None)
    if way is not None:
        flat = [[way[t] * a - other[t] * b for a, b in zipped(other, way)] for other in lines if other != way]
        size, sign = abs(way[t]), 1 if way[t] > 0 else -1
        short = [[size * a - sign * ray[t] * b for a, b in zipped(ray, way)] for ray in rays]
        return [(side, canonical(flat, [*short, [side * sign * q for q in way]])) for side in (1, -1)]
    ahead, behind = ([ray for ray in rays if ray[t] * side > 0] for side in (1, -1))
    if not ahead or not behind:
        return [(-1 if behind else 1, cone)]
    meter.spend(16 * len(ahead) * len(behind) * (1 + len(ahead[0])))
    level = [[p[t] * b - n[t] * a for a, b in zipped(p, n)] for p in ahead for n in behind]
    level += [ray for ray in rays if not ray[t]]
    return [(side, canonical(lines, [*level, *part])) for side, part in ((1, ahead), (-1, behind))]


def cut(cone, layer, i):
    """Rule `cut`: the parts of a cone of changes of a pre-activation between the kinks, multiplied by their slopes."""
    parts = [(cone, {})]
    for t, slope in enumerate(layer.slope[i]):
        if slope is None:
            parts = [(half, {**sides, t: side}) for one, sides in parts for side, half in halves(one, t)]
            form(len(parts) <= LARGEST, "too many cones")
    for (lines, rays), sides in parts:
        factors = [layer.bends[sides[t] < 0] if s is None else s for t, s in enumerate(layer.slope[i])]
        lines, rays = ([[f * q for f, q in zipped(factors, vector)] for vector in some] for some in (lines, rays))
        yield canonical(lines, rays)


def cones_of(layer, i, below):
    """Rule `cones_of`: the cones of the changes of a unit's outputs, from those of the units below it."""
    choices, found = [], set()
    for w, some in zipped(layer.weights[i], below) if below is not None else []:
        signs = [1] * (w > 0 or (not w and layer.trains)) + [-1] * (w < 0 or (not w and layer.trains))
        choices += [[(lines, [[sign * q for q in ray] for ray in rays]) for lines, rays in some] for sign in signs]
    number = 1
    for some in choices:
        number *= len(some)
    form(number <= LARGEST, "too many cones")
    for choice in product(*choices):
        lines = [*layer.own, *(line for cone in choice for line in cone[0])]
        found |= {*cut(canonical(lines, [ray for cone in choice for ray in cone[1]]), layer, i)}
        form(len(found) <= LARGEST, "too many cones")
    meter.spend(64 * len(found) ** 2)
    return [a for a in found if not any(a != b and a[0] <= b[0] and a[1] <= b[1] for b in found)]


def units_of(p, here):
    """Rule `units_of`: the units of the last hidden layer, an output bias one of them, as check_vector.py has them."""
    last, below = here.last, None
    for layer in here.hidden:
        below = [cones_of(layer, i, below) for i in range(len(layer.weights))]
    residuals = [[q / (2 * SMOOTH[p.kind][0]) for q in row] for row in here.gradient]
    slopes = any(dot(r, own) for own in last.own for r in residuals)
    need(last.trains and not slopes, "the loss has a slope in the last layer, or its weights are frozen")

    def phi(s):
        return [dot(row, s) for row in residuals]

    units = []
    for i, feature in enumerate(here.hidden[-1].out):
        weight, faces, loud = [row[i] for row in last.weights], [], False
        for lines, rays in below[i]:
            need(not any(dot(weight, phi(s)) for s in lines), "the loss has a slope along a line")
            need(all(dot(weight, phi(s)) >= 0 for s in rays), "the loss falls along a ray")
            faces.append((sorted(lines), sorted(s for s in rays if not dot(weight, phi(s)))))
            loud = loud or any(any(phi(s)) for part in faces[-1] for s in part)
        faces = largest_of(faces)
        changes = [s for face in faces for part in face for s in part]
        units.append(SimpleNamespace(feature=feature, weight=weight, faces=faces, changes=changes, loud=loud))
    zero = [0] * p.sizes[-1]
    constant = SimpleNamespace(feature=[1] * len(p.x), weight=zero, faces=[([], [])], changes=[], loud=False)
    return units + [constant] * last.trains_bias, phi, residuals


def largest_of(faces):
    """The faces of which no other one has all lines and rays."""
    every = [frozenset([*rays, *lines, *(tuple(-q for q in line) for line in lines)]) for lines, rays in faces]
    first = [k for k, one in enumerate(every) if one not in every[:k]]
    return [faces[k] for k in first if not any(every[k] < other for other in every)]


def unrolled_minimum(p, claim):
    tree, loss, rule = fields(claim, "point loss rule")
    here = deep.layers(p, stated(p, tree, loss))
    good = here.hidden and len(vector.curved(p, here)) == len(p.x)
    need(good, "the rule needs a hidden layer, and a loss that is one square near the point")
    form(typed(rule, str) in ("definite", "tied", "whole"), "an unknown proof")
    vector.positive(*units_of(p, here), rule, p.sizes[-1])
    return f"The point, of loss {loss}, is a local minimum: no parameters near enough to it have a lower loss."
