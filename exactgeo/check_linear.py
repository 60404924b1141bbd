"""Companion of check.py: deep linear networks with the squared loss, where a local minimum is a global one.

`linear_network_minimum`: with X the data as columns, R = W_H ... W_1 and r the residuals, r X^T = 0; or all derivatives
are 0, R X has the least rank of X and the widths, and a quadratic form at a layer of that width has no negative value.
"""

from fractions import Fraction

from exactgeo.check import cancel, dot, echelon, fields, form, meter, need, stated, zipped


def transpose(rows, width):
    return [list(column) for column in zipped(*rows)] if rows else [[] for _ in range(width)]


def multiply(a, b, width):
    """a b, where b has so many columns."""
    meter.spend(8 * len(a) * (1 + len(b)) * (1 + width))
    columns = transpose(b, width)
    return [[dot(row, column) for column in columns] for row in a]


def zero(rows):
    return not any(map(any, rows))


def kernel(rows, width):
    """A basis of the vectors that are orthogonal to all rows."""
    found = echelon(rows)
    free = [k for k in range(width) if k not in found]
    return [[Fraction(-found[k][j], found[k][k]) if k in found else int(k == j) for k in range(width)] for j in free]


def nonnegative_form(rows):
    """Rule `nonnegative_form`: a symmetric matrix is positive semidefinite, by elimination."""
    rows, open_ = [list(row) for row in rows], list(range(len(rows)))
    while open_:
        need(all(rows[i][i] >= 0 for i in open_), "the quadratic form is negative somewhere")
        pivot = next((i for i in open_ if rows[i][i]), None)
        if pivot is None:
            need(not any(rows[i][j] for i in open_ for j in open_), "the quadratic form is negative somewhere")
            return
        open_.remove(pivot)
        for i in open_:
            if rows[i][pivot]:
                rows[i] = [Fraction(q) / rows[pivot][pivot] for q in cancel(rows[i], rows[pivot], pivot)]


def linear_network_minimum(p, claim):
    tree, loss = fields(claim, "point loss")
    weights, biases = stated(p, tree, loss)
    need(p.kind in ("squared", "half_squared"), "the rule needs the squared loss")
    need(not p.layers or all(up == down != 0 for up, down in p.bends), "the rule needs a linear activation")
    need(all(p.trains), "a weight is frozen")
    m, shift = len(p.x), p.trains_bias[-1]
    lifted = bool(p.layers) and p.bias[0] and not shift
    covered = shift or (not any(p.bias[1:-1]) and (not lifted or p.trains_bias[0]))
    need(covered, "a hidden bias without a trained output bias")
    slopes = [1, *(up for up, _ in p.bends[: p.layers])]
    factors = [[[slope * q for q in row] for row in matrix] for slope, matrix in zipped(slopes, weights)]
    rows = p.x
    for matrix, bias in zipped(factors, biases):
        bias = bias or [0] * len(matrix)
        rows = [[dot(unit, row) + b for unit, b in zipped(matrix, bias)] for row in rows]
    residuals = transpose([[a - b for a, b in zipped(row, ys)] for row, ys in zipped(rows, p.y)], p.sizes[-1])
    data = transpose(p.x, len(p.x[0])) + [[Fraction(1)] * m] * lifted
    if shift:
        need(not any(map(sum, residuals)), "the loss has a slope in the output bias")
        data = [[q - sum(row) / m for q in row] for row in data]
    if lifted:
        factors[0] = [[*row, b] for row, b in zipped(factors[0], biases[0])]
    gradient = multiply(residuals, transpose(data, m), len(data))
    if not zero(gradient):
        lowest_rank(p, factors, data, residuals, gradient)
    return f"No parameters have a loss below the point's, {loss}: the network is linear."


def lowest_rank(p, factors, data, r, gradient):
    """Rule `lowest_rank`: R X is the best approximation of its rank, which no other parameters exceed."""
    d, m, last = len(data), len(p.x), len(factors)
    below = [[[Fraction(i == j) for j in range(d)] for i in range(d)]]
    for factor in factors:
        below.append(multiply(factor, below[-1], d))
    above = [[[Fraction(i == j) for j in range(p.sizes[-1])] for i in range(p.sizes[-1])]]
    for k in reversed(range(last)):
        above.insert(0, multiply(above[0], factors[k], len(factors[k - 1]) if k else d))
    for k, factor in enumerate(factors, 1):
        up = multiply(transpose(above[k], len(factor)), gradient, d)
        need(zero(multiply(up, transpose(below[k - 1], d), len(below[k - 1]))), "the loss has a slope in a weight")
    widths = [len(echelon(data)), *map(len, factors)]
    least = min(widths)
    need(len(echelon(multiply(below[-1], data, m))) == least, "the product of the weights has a lower rank")
    # Else there would be no slope in what is not 0.
    layer = next((k for k in range(1, last) if widths[k] == least), None)
    form(layer is not None, "no hidden layer has the least width")
    a, v = above[layer], multiply(below[layer], data, m)
    # R X = a v; `other` and `rest` span what is orthogonal to the columns of a, to the rows of v within those of X.
    other = kernel(transpose(a, least), len(a))
    moves = kernel(multiply(v, transpose(data, m), d), d)
    rest = list(echelon(multiply(moves, data, m)).values())
    grams = [multiply(q, transpose(q, width), len(q)) for q, width in ((transpose(a, least), len(a)), (rest, m))]
    grams += [multiply(q, transpose(q, width), len(q)) for q, width in ((other, len(a)), (v, m))]
    cross = multiply(multiply(other, r, m), transpose(rest, m), len(rest))
    # The form of (B, C): |a B rest|^2 + |C' other v|^2 + 2 <r, other C B rest>, C' over B in one list of pairs.
    first = [(i, j) for i in range(least) for j in range(len(rest))]
    second = [(i, j) for i in range(len(other)) for j in range(least)]
    meter.spend(8 * (len(first) + len(second)) ** 3)
    mixed = [[cross[i][n] if j == k else 0 for i, j in second] for k, n in first]
    top = [[grams[0][i][k] * grams[1][j][n] for k, n in first] + row for (i, j), row in zipped(first, mixed)]
    low = [[grams[2][i][k] * grams[3][j][n] for k, n in second] for i, j in second]
    nonnegative_form([*top, *([*column, *row] for column, row in zipped(transpose(mixed, len(second)), low))])
