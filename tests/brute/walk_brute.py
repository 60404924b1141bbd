"""A second program for paths of networks: points, outputs and losses in Fractions and lists, nothing of exactgeo.

A net is a pair (weights, biases), a bias () where a layer has none; slopes are pairs (right, left), one a hidden layer.
A curve is (layer, numerators, denominator): rows of polynomials, the one of the bias last, over one polynomial.
"""

from fractions import Fraction
from itertools import product


def outputs(net, slopes, x):
    """One row of outputs a row of the data."""
    weights, biases = net
    found = []
    for row in x:
        signal = list(row)
        for number, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
            signal = [sum((a * b for a, b in zip(unit, signal, strict=True)), Fraction(0)) for unit in matrix]
            if bias:
                signal = [a + b for a, b in zip(signal, bias, strict=True)]
            if number < len(slopes):
                right, left = slopes[number]
                signal = [right * z if z > 0 else left * z for z in signal]
        found.append(signal)
    return found


def between(one, other, s, curves=()):
    """The net at s on the way from one to another: straight but for the curves."""

    def mix(p, q):
        return [mix(a, b) for a, b in zip(p, q, strict=True)] if isinstance(p, (list, tuple)) else p + s * (q - p)

    weights, biases = mix(one[0], other[0]), mix(one[1], other[1])
    for layer, numerators, denominator in curves:
        bottom = _value(denominator, s)
        rows = [[_value(entry, s) / bottom for entry in row] for row in numerators]
        size = len(weights[layer][0])
        weights[layer] = [row[:size] for row in rows]
        biases[layer] = [row[size] for row in rows] if biases[layer] else []
    return weights, biases


def _value(polynomial, s):
    total = Fraction(0)
    for q in reversed(polynomial):
        total = total * s + q
    return total


LOSSES = {
    "squared": lambda p, y: (p - y) ** 2,
    "half_squared": lambda p, y: (p - y) ** 2 / 2,
    "absolute": lambda p, y: abs(p - y),
    "huber(1)": lambda p, y: (p - y) ** 2 / 2 if abs(p - y) <= 1 else abs(p - y) - Fraction(1, 2),
    "hinge": lambda p, y: max(Fraction(0), 1 - y * p),
}


def loss(kind, predictions, y):
    """The sum of the losses."""
    pairs = ((p, t) for row, targets in zip(predictions, y, strict=True) for p, t in zip(row, targets, strict=True))
    return sum((LOSSES[kind](p, t) for p, t in pairs), Fraction(0))


def infimum(kind, x, y):
    """The least loss over outputs that are equal where the data are, over every place where one can be least."""
    total = Fraction(0)
    for row in set(map(tuple, x)):
        members = [targets for other, targets in zip(x, y, strict=True) if tuple(other) == row]
        for k in range(len(members[0])):
            targets = [member[k] for member in members]
            total += min(sum(LOSSES[kind](p, t) for t in targets) for p in _places(targets))
    return total


def _places(targets):
    yield from targets
    for sides in product((-1, 0, 1), repeat=len(targets)):
        # Where the parabola of the targets of side 0 and the slopes of the others balance.
        inside = [t for t, side in zip(targets, sides, strict=True) if not side]
        if inside:
            yield Fraction(sum(inside) + sum(sides), len(inside))
