"""Companion of check.py: claims about a loss with weight decay (docs/certificate-v2.md).

The loss of a point is that of the data, by the core, plus ``l2 / 2`` times the squares and ``l1`` times the sizes of
the penalised parameters: the trained weights, and with ``biases`` the trained biases.
"""

from itertools import product
from math import prod
from types import SimpleNamespace

from exactgeo.check import (
    combine,
    cone_of,
    cut,
    dot,
    dual,
    echelon,
    evaluate,
    farkas,
    fields,
    form,
    look,
    many,
    meter,
    need,
    nonnegative,
    polynomial,
    rational,
    sparse,
    split,
    tangent,
    typed,
    vector,
    whole,
    zipped,
)

MAX_CHOICES = 512  # of rays of equal loss


def penalised(p, point):
    """The parameters that have a penalty, in a list."""
    kept = [row for matrix, trained in zipped(point[0], p.trains) if trained for row in matrix]
    kept += [bias for bias, trained in zipped(point[1], p.trains_bias) if trained and p.penalty[2]]
    return [q for row in kept for q in row]


def loss_at(p, point):
    sizes = penalised(p, point)
    return evaluate(p, point) + p.penalty[0] / 2 * dot(sizes, sizes) + p.penalty[1] * sum(map(abs, sizes))


def stated(p, tree, loss):
    """The point of a statement, which must have the loss that the statement says, and that point from near by."""
    point = p.point(tree)
    need(loss_at(p, point) == rational(loss), "the penalised loss at a point is another one")
    return point, look(p, point)


def units(p, here):
    """The residuals, the factor of the squares in their units, and the coordinates of T with and without a penalty."""
    curvature, r = tangent(p, here)
    shrunk = [j for j, k in enumerate(here.T) if k < len(p.x[0]) or p.penalty[2]]
    free = [j for j in range(len(here.T)) if j not in shrunk]
    return r, p.penalty[0] / (2 * curvature * p.weight), shrunk, free


def slope_of(p, here, r, n, factor):
    """``factor * phi``: a linear part, and {kink: (form, right slope, left slope)} of those that bend."""
    weights = {t: factor * q * s for t, (q, s) in enumerate(zipped(r, n.slope)) if s}
    linear, bends = combine(weights, here.rows, len(here.T)), {}
    for row, (shape, members) in n.kinks.items():
        right = factor * sum(r[t] * p.activate(q) for t, q in members.items())
        left = -factor * sum(r[t] * p.activate(-q) for t, q in members.items())
        if right == left:
            linear = [a + right * b for a, b in zipped(linear, shape)]
        else:
            bends[row] = shape, right, left
    return linear, bends


def bounded(linear, bends, cover, free, square):
    """``f(u) = <linear, u> + bends`` is at most ``|q| |u|``, |q|^2 <= square, without the free coordinates: a q a cone.

    By `split` and `farkas`: on its cone f(u) <= <q, u>, since a concave bend is at most slope * <form, u>.
    """
    found, size = [], len(linear)

    def step_at(sides, step):
        meter.spend((1 + size) * (1 + len(sides) + 8 * len(bends) * (step.get("rule") == "norm")))
        if step.get("rule") != "norm":
            return cut(sides, step, bends)
        _, weights, slopes = fields(step, "rule multipliers slopes")
        slopes, q = sparse(slopes, bends.keys() - sides, None), linear
        for row, (shape, right, left) in bends.items():
            slope = (right if sides[row] > 0 else left) if row in sides else slopes.get(row, 0)
            need(row in sides or right <= slope <= left, "a slope that does not lie above its kink")
            q = [a + slope * b for a, b in zipped(q, shape)]
        q = [a + b for a, b in zipped(q, farkas(weights, cone_of(sides, bends), size))]
        need(not any(q[j] for j in free), "a slope in a bias without penalty")
        need(dot(q, q) <= square, "a slope beyond the penalty")
        found.append(q)
        return []

    split(cover, {}, step_at)
    return found


def penalised_minimum(p, claim):
    tree, loss, radius, proofs = fields(claim, "point loss radius neurons")
    point, here = stated(p, tree, loss)
    need(p.penalty[1] == 0, "the proof is for squares alone")
    (r, shrink, shrunk, free), bounds = units(p, here), []
    inputs = [] if p.layers or not p.trains[-1] else point[0][0][0]
    for k, column in enumerate(here.affine):
        value = inputs[k] if k < len(inputs) else p.penalty[2] * point[1][-1][0]
        need(dot(r, column) + shrink * value == 0, "the penalised loss has a slope in an affine parameter")
    here.leaves, here.resisting = [], False
    for n, (parts, above, below) in zipped(here.neurons, many(proofs, len(here.neurons), fields, "parts above below")):
        need(not here.moved or dot(r, n.out) + shrink * n.v == 0, "the penalised loss has a slope in an output weight")
        linear, bends = slope_of(p, here, r, n, n.v)
        own = [n.w[here.T[j]] for j in shrunk]
        for j, w in zipped(shrunk, own):
            linear[j] += shrink * w
        nonnegative(linear, bends, parts)
        leaves = []
        if here.moved and here.T and n.v:
            need(dot(own, own) <= n.v * n.v, "the input weights are longer than the output weight")
        if here.moved and here.T and not n.v and above == below == []:
            here.resisting = True
        elif here.moved and here.T and not n.v:
            for factor, cover in ((1, above), (-1, below)):
                found = bounded(*slope_of(p, here, r, n, factor), cover, free, shrink * shrink)
                leaves += [(factor, tuple(q)) for q in found]
        else:
            need(above == below == [], "a covering of a neuron with nothing to cover")
        here.leaves.append(leaves)
        bounds += [abs(n.v)] if n.v and here.moved and here.T else []
        bounds += [abs(z) / sum(map(abs, row)) for z, row in zipped(n.z, here.rows) if p.kinked and z and any(row)]
    if radius is None:
        need(not bounds, "the neighbourhood is too large")
    else:
        need(0 < rational(radius) <= min(bounds, default=rational(radius)), "the neighbourhood is too large or empty")
    if here.resisting:
        need(radius is not None, "the second order of the loss holds in a neighbourhood alone")
        second_order(p, here, rational(radius))
    where = "with the same frozen ones" if radius is None else f"within {radius} of the point in the max norm"
    p.minima.append((point, here))
    return f"No parameters {where} have a penalised loss below the point's, {loss}."


def second_order(p, here, rho):
    """`second`: where no slope is left, the penalised loss of all moves within rho is at least a form >= 0.

    The change of a prediction is first + mixed, |mixed| <= rho * sum of heights * |change of an output weight|, so its
    square is at least first^2 - rho * (a sum of squares of moves); it counts as far as the loss stays curved.
    """
    r, shrink, shrunk, _ = units(p, here)
    need(not any(n.kinks for n in here.neurons), "a neuron on a kink has no second order")
    size = len(here.affine) + len(here.neurons) * (len(here.T) + here.moved)
    meter.spend(size**3 + len(p.x) * size**2)
    columns, square, heights = list(here.affine), [[0] * size for _ in range(size)], [{} for _ in p.x]
    for k in range(len(here.affine)):  # of a network with neurons: the output bias
        square[k][k] += shrink * p.penalty[2]
    for n in here.neurons:
        first, output = len(columns), len(columns) + len(here.T)
        for j in range(len(here.T)):
            slopes = [(s or 0) * row[j] for s, row in zipped(n.slope, here.rows)]
            columns.append([n.v * q for q in slopes])
            square[first + j][first + j] += shrink * (j in shrunk)
            if here.moved:
                slope = dot(r, slopes)
                square[first + j][output] += slope
                square[output][first + j] += slope
                for t, q in enumerate(slopes):
                    heights[t][output] = heights[t].get(output, 0) + abs(q)
        if here.moved:
            columns.append(n.out)
            square[output][output] += shrink
    for t, (q, (y,)) in enumerate(zipped(here.residuals, p.y)):
        first, total = [column[t] for column in columns], sum(heights[t].values())
        length = sum(map(abs, first))
        moved, room = rho * length + rho * rho * total, p.M - abs(q) if p.kind == "huber" else 1 - y * (q + y)
        if p.kind not in ("huber", "squared_hinge") or moved <= room:
            for a, one in enumerate(first):
                square[a] = [e + one * other for e, other in zipped(square[a], first)]
                square[a][a] -= rho * (abs(one) * total + heights[t].get(a, 0) * length)
    need(semidefinite(square), "the second order of the loss is negative somewhere")


def semidefinite(rows):
    """Whether a symmetric matrix has no negative value, by elimination."""
    while rows:
        pivot, *line = rows[0]
        if pivot < 0 or (pivot == 0 and any(line)):
            return False
        rows = [
            [q - row[0] * other / pivot for q, other in zipped(row[1:], line)] if pivot else row[1:] for row in rows[1:]
        ]
    return True


# -- the set of equal loss --


def penalised_strictness(p, claim):
    tree, loss, strictness, dimension = fields(claim, "point loss strictness flat_dimension")
    point, _ = stated(p, tree, loss)
    here = next((here for known, here in p.minima if known == point), None)
    need(here is not None, "no claim before has shown that the point is a local minimum")
    need(not here.resisting, "a minimum by its second order may be part of a set of equal loss")
    found = largest(moves(p, here))
    need(whole(dimension) == found, "the flat dimension is another one")
    need(strictness == ("flat" if found else "strict"), "the strictness is another one")
    return f"The set of equal loss around it is {'of dimension ' + str(found) if found else 'the point alone'}."


def bending(p, here):
    """The data at which the loss is strictly convex; at the others it must be affine."""
    if p.kind == "huber":
        need(all(abs(q) != p.M for q in here.residuals), "the loss bends to one side only of a prediction")
        return [t for t, q in enumerate(here.residuals) if abs(q) < p.M]
    if p.kind == "squared_hinge":
        margins = [y * (q + y) for q, (y,) in zipped(here.residuals, p.y)]
        need(1 not in margins, "the loss bends to one side only of a prediction")
        return [t for t, margin in enumerate(margins) if margin < 1]
    return list(range(len(p.x)))


def moves(p, here):
    """Columns with a weight of either sign, groups of which one may have a positive weight, idle moves."""
    (r, shrink, shrunk, free), kept = units(p, here), bending(p, here)
    at = SimpleNamespace(lines=[], groups=[], idle=0)
    if p.trains_bias[-1] and not p.penalty[2]:
        at.lines.append([1] * len(kept))
    for n, leaves in zipped(here.neurons, here.leaves) if here.T else ():
        if not n.v:
            at.idle += len(free)
            rays = tight(p, here, r, n, leaves, shrink)
            below = not any(dot(q, q) == shrink * shrink for _, q in leaves)
            need(below or not free, "a neuron at its bound has a bias without penalty")
            need(not rays or not any(n.out), "a neuron at its bound has an output")
            at.groups += [[[ray[t] for t in kept] for ray in rays]] * bool(rays)
            continue
        own = [n.w[here.T[j]] for j in shrunk]
        if here.moved and dot(own, own) == n.v * n.v:
            need(not any(q for k, q in enumerate(n.w) if k not in here.T), "a balanced neuron has a frozen bias")
            at.lines.append([n.v * n.out[t] for t in kept])
        for j in free:
            columns = []
            for sign in (1, -1):
                change = [
                    sign * row[j] * s if s is not None else p.activate(sign * row[j])
                    for row, s in zipped(here.rows, n.slope)
                ]
                columns += [[n.v * change[t] for t in kept]] if dot(r, change) == 0 else []
            if None in n.slope:
                at.groups += [columns] * bool(columns)
            else:
                at.lines += columns[:1]
    return at


def tight(p, here, r, n, leaves, shrink):
    """The changes of the predictions along the rays u with |phi(u)| = bound * |u|: they are among the q of leaves."""
    found = {}
    for factor, q in leaves:
        z = [dot(q, row) for row in here.rows]
        change = [a * s if s is not None else p.activate(a) for a, s in zipped(z, n.slope)]
        if dot(q, q) == factor * dot(r, change) == shrink * shrink:
            found[factor, q] = [-factor * a for a in change]
    return list(found.values())


def largest(at):
    """The dimension of the largest cone of moves that keep the predictions."""
    need(prod(len(group) + 1 for group in at.groups) <= MAX_CHOICES, "too many choices of rays")
    lines, best = [], 0
    for column in at.lines:  # independent ones, to read circuits off
        lines += [column] if len(echelon([*lines, column])) > len(lines) else []
    for choice in product(*([None, *group] for group in at.groups)):
        chosen = [column for column in choice if column is not None]
        if positive(lines, chosen):
            best = max(best, len(at.lines) + len(chosen) - len(echelon([*lines, *chosen])))
    return best + at.idle


def positive(lines, chosen):
    """Whether the chosen with positive weights, and lines, can add up to 0: each is in a positive circuit."""
    covered = set()
    for bits in range(1, 2 ** len(chosen)):
        part = [k for k in range(len(chosen)) if bits >> k & 1]
        columns = [*lines, *(chosen[k] for k in part)]
        # Rows of the echelon form are equations of the weights; one weight is free if the columns are a circuit.
        rows = echelon([list(row) for row in zipped(*columns)])
        if len(rows) == len(columns) - 1:
            (last,) = set(range(len(columns))) - set(rows)
            sides = {last: 1} | {pivot: -row[last] * row[pivot] for pivot, row in rows.items()}
            covered |= set(part) if all(sides[len(lines) + i] > 0 for i in range(len(part))) else set()
    return covered == set(range(len(chosen)))


# -- not a local minimum --


def penalised_descent(p, claim):
    tree, loss, way, step = fields(claim, "point loss direction step")
    (point, here), way, step = stated(p, tree, loss), p.point(way), rational(step)
    need(not any(p.frozen(way)), "the direction moves a frozen parameter")
    terms, (l2, l1, _) = polynomial(p, here, way, step), p.penalty
    for value, move in zipped(penalised(p, point), penalised(p, way)):
        need(not l1 or value * (value + step * move) >= 0, "a penalised parameter changes sign on the way")
        side = value or move
        terms[1] += l2 * value * move + l1 * move * ((side > 0) - (side < 0))
        terms[2] += l2 / 2 * move * move
    low = next((k for k, q in enumerate(terms) if q), 0)
    bound = terms[low] + sum(max(q, 0) * step ** (k - low) for k, q in enumerate(terms) if k > low)
    need(step > 0 and bound < 0, "the penalised loss does not fall")
    return (
        f"The point, of penalised loss {loss}, is no local minimum: "
        f"the penalised loss is lower at point + s * direction, 0 < s <= {step}."
    )


# -- no parameters, at any width --


def dual_vector(p, here, biases, numbers, bound):
    """The dual vector of a bound, the factor of the penalty in its units, and the coordinates without a penalty."""
    need(p.penalty[1] == 0, "the bound is for squares alone")
    need(p.layers and here.neurons and all(p.trains), "the bound needs a hidden layer, and both layers trained")
    need(p.trains_bias[0] or not any(biases[0]), "a hidden bias is frozen at another value than 0")
    r, shrink, paid = vector(numbers, len(p.x)), p.penalty[0] / p.weight, p.penalty[2] * p.trains_bias[1]
    total = dual(p, r, here, [] if paid else here.affine) - paid * p.weight * sum(r) ** 2 / (2 * shrink)
    need(total >= rational(bound), "the dual vector gives a lower bound")
    return r, shrink, [j for j, k in enumerate(here.T) if k >= len(p.x[0]) and not p.penalty[2]]


def penalised_basin(p, claim):
    """As `basin_optimum`, where v w costs shrink times its length: the sides leave of each slope a q no longer."""
    tree, loss, bound, cells, numbers = fields(claim, "point loss bound cells dual")
    (_, biases), here = stated(p, tree, loss)
    r, shrink, free = dual_vector(p, here, biases, numbers, bound)
    cells = many(cells, len(here.neurons), fields, "signs output multipliers")
    for n, (signs, output, weights) in zipped(here.neurons, cells):
        form(set(typed(signs, str)) <= set("-0+") and len(signs) == len(p.x), "a sign vector is malformed")
        s, size = ["-0+".index(q) - 1 for q in signs], len(here.seen[0])
        need(all(q or not p.kinked or not any(row) for q, row in zipped(s, here.seen)), "a side is left open")
        need(all(q * z >= 0 for q, z in zipped(s, n.z)), "the point is not in the region")
        need(whole(output, (-1, 1)) * n.v >= 0, "an output sign is wrong")
        inward = {t: [q * a for a in row] for t, (q, row) in enumerate(zipped(s, here.seen))}
        slope = {t: -output * q * p.slopes[0 if s[t] > 0 else 1] for t, q in enumerate(r)}
        q = [a + b for a, b in zipped(combine(slope, here.seen, size), farkas(weights, inward, size))]
        need(not any(q[j] for j in free) and dot(q, q) <= shrink**2, "a slope beyond the penalty")
    basin = ", ".join(f"({signs}; {output})" for signs, output, _ in cells)
    return f"No parameters of the basin {basin} have a penalised loss below {bound}; a point of it has {loss}."


def penalised_bound(p, claim):
    """By `dual`, and the bound of a neuron at 0, whose inputs may then be anything."""
    tree, loss, bound, numbers, above, below = fields(claim, "point loss bound dual above below")
    (weights, biases), here = stated(p, tree, loss)
    r, shrink, free = dual_vector(p, here, biases, numbers, bound)
    zero = [[0] * len(row) for row in weights[1]]
    rest = look(p, ([[[0] * len(row) for row in weights[0]], zero], [[0] * len(biases[0]), biases[1]]))
    for factor, cover in ((1, above), (-1, below)):
        bounded(*slope_of(p, rest, r, rest.neurons[0], factor), cover, free, shrink * shrink)
    text = (
        f"No parameters with the same frozen ones, however many neurons there are, have a penalised loss below {bound}"
    )
    return f"{text}, the point's." if bound == loss else f"{text}; the point has {loss}."
