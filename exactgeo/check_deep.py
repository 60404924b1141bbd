"""Companion of check.py: claims about networks of any depth and any number of outputs, piecewise linear everywhere.

`descent_curve`: no local minimum, by a polynomial curve along which the loss falls: the network is run over Q[s].
"""

from exactgeo.check import companion, fields, form, meter, need, rational, stated, typed, zipped

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
                    slope = p.slopes[0 if not p.kinked or one_sign(z, step) > 0 else 1]
                    z = shortened([slope * q for q in z])
                units.append(z)
            rows.append(units)
    return rows


def descent_curve(p, claim):
    tree, loss, curve, step = fields(claim, "point loss curve step")
    point, step = stated(p, tree, loss), rational(step)
    curve = [p.point(way) for way in typed(curve, list)]
    need(curve and step > 0, "there is no curve")
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
    need(one_sign(total, step) < 0, "the loss does not fall")
    what = (
        "point + s * direction"
        if len(curve) == 1
        else f"point + s * curve_1 + ... + s^{len(curve)} * curve_{len(curve)}"
    )
    return f"The point, of loss {loss}, is no local minimum: the loss is lower at {what}, 0 < s <= {step}."
