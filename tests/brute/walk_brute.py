"""A second forward pass, for the points of walks: Fractions and lists, nothing of exactgeo.

A net is a pair (weights, biases), a bias [] where a layer has none; slopes are (right, left), one pair a hidden layer.
"""

from fractions import Fraction


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


def between(one, other, s):
    """The net at s on the straight line from one to another."""

    def mix(p, q):
        return [mix(a, b) for a, b in zip(p, q, strict=True)] if isinstance(p, (list, tuple)) else p + s * (q - p)

    return mix(one[0], other[0]), mix(one[1], other[1])


def squared(predictions, y):
    return sum(((p - t) ** 2 for r, u in zip(predictions, y, strict=True) for p, t in zip(r, u, strict=True)), Fraction(0))


def huber(predictions, y, bound=Fraction(1)):
    total = Fraction(0)
    for row, targets in zip(predictions, y, strict=True):
        for p, t in zip(row, targets, strict=True):
            r = abs(p - t)
            total += r * r / 2 if r <= bound else bound * (r - bound / 2)
    return total


def absolute(predictions, y):
    return sum((abs(p - t) for r, u in zip(predictions, y, strict=True) for p, t in zip(r, u, strict=True)), Fraction(0))


def class_means(x, y):
    """The least squared loss over outputs that are equal where the data are."""
    total = Fraction(0)
    for row in set(map(tuple, x)):
        members = [t for r, t in zip(x, y, strict=True) if tuple(r) == row]
        for k in range(len(members[0])):
            mean = sum((t[k] for t in members), Fraction(0)) / len(members)
            total += sum(((t[k] - mean) ** 2 for t in members), Fraction(0))
    return total
