"""Weight decay by hand: points that are stationary by construction, exact values, and samples at many scales.

Shares nothing with exactgeo but the form of a problem file.
"""

from __future__ import annotations

from fractions import Fraction as F

SLOPES = {"relu": (F(1), F(0)), "leaky_relu(1/2)": (F(1), F(1, 2)), "abs": (F(1), F(-1)), "linear": (F(1), F(1))}
BALANCED = {
    1: [(1,), (-1,), (2,)],
    2: [(3, 4), (-3, 4), (4, -3), (0, 5), (-5, 0)],
    3: [(1, 2, 2), (-2, 1, 2), (0, 3, 4), (0, 0, 2)],
}


def act(slopes, z):
    return slopes[0] * z if z > 0 else slopes[1] * z


def length(w):
    square = sum(q * q for q in w)
    root = F(int(square.numerator**0.5 + 0.5), int(square.denominator**0.5 + 0.5))
    assert root * root == square
    return root


def reduced(rows, size):
    """Row echelon form of augmented rows, and the pivots."""
    rows, pivots = [list(row) for row in rows], []
    for column in range(size):
        found = next((i for i in range(len(pivots), len(rows)) if rows[i][column]), None)
        if found is None:
            continue
        place = len(pivots)
        rows[place], rows[found] = rows[found], rows[place]
        head = rows[place][column]
        rows[place] = [q / head for q in rows[place]]
        for i, row in enumerate(rows):
            if i != place and row[column]:
                factor = row[column]
                rows[i] = [a - factor * b for a, b in zip(row, rows[place], strict=True)]
        pivots.append(column)
    return rows, pivots


def solved(equations, size, rng):
    """A random solution of ``<row[:-1], r> = row[-1]``; None where there is none."""
    rows, pivots = reduced(equations, size)
    if any(row[-1] and not any(row[:-1]) for row in rows):
        return None
    found = [F(0)] * size
    for k in range(size):
        if k not in pivots:
            found[k] = F(rng.randint(-4, 4), rng.choice([1, 1, 2, 3, 4]))
    for row, k in zip(rows, pivots, strict=False):
        found[k] = row[-1] - sum(row[j] * found[j] for j in range(size) if j != k)
    return found


def generate(rng, kind="half_squared", freeze=False):
    """A problem file with a point at which many conditions hold, half of them moved off by a little."""
    d, m, n = rng.choice([1, 1, 2]), rng.randint(1, 5), rng.choice([1, 1, 2, 3])
    bias, shift, decayed = rng.random() < 0.5, rng.random() < 0.5, rng.random() < 0.4
    name = rng.choice(list(SLOPES))
    slopes, curvature = SLOPES[name], 2 if kind in ("squared", "squared_hinge") else 1
    x = [[F(rng.randint(-2, 2)) for _ in range(d)] for _ in range(m)]
    lifted = [[*row, F(1)] if bias else row for row in x]
    size, lam = d + bias, F(rng.choice([1, 1, 2, 3]), rng.choice([1, 1, 2, 5]))
    mean = rng.random() < 0.3
    neurons = []
    for _ in range(n):
        if rng.random() < 0.45:
            w = [F(0)] * size
            if bias and not decayed and rng.random() < 0.5:
                w[-1] = F(rng.choice([1, -1]))
            neurons.append((w, F(0)))
            continue
        scale = F(1, rng.choice([1, 2, 5]))
        w = [scale * q for q in rng.choice(BALANCED[size if decayed or not bias else d])]
        v = length(w) * rng.choice([1, -1])
        neurons.append((w if len(w) == size else [*w, F(rng.randint(-2, 2), rng.choice([1, 2]))], v))
    c = F(rng.randint(-1, 1)) if shift else F(0)
    outputs = [[act(slopes, sum(a * b for a, b in zip(w, row, strict=True))) for row in lifted] for w, _ in neurons]
    predictions = [c + sum(v * out[t] for (_, v), out in zip(neurons, outputs, strict=True)) for t in range(m)]
    big = lam * (m if mean else 1) / curvature
    equations = [[F(1)] * m + [-big * c if decayed else F(0)]] if shift else []
    for (w, v), out in zip(neurons, outputs, strict=True):
        equations.append([*out, -big * v])
        if not v:
            continue
        for k in range(size):
            pay = big * w[k] if k < d or decayed else F(0)
            sides = [sum(a * b for a, b in zip(w, row, strict=True)) for row in lifted]
            equations.append(
                [
                    v * (slopes[0] if z > 0 else slopes[1] if z < 0 else F(0)) * row[k]
                    for z, row in zip(sides, lifted, strict=True)
                ]
                + [-pay]
            )
    r = solved(equations, m, rng) if rng.random() < 0.85 else None
    if r is None:
        r = [F(rng.randint(-3, 3), rng.choice([1, 2])) for _ in range(m)]
    y = [p - q for p, q in zip(predictions, r, strict=True)]
    if kind == "squared_hinge":
        # r = p - y where the margin is below 1 and y = 1 or -1: an output bias frozen at the right value is not to be had.
        y = [F(rng.choice([1, -1])) for _ in range(m)]
    if rng.random() < 0.15:
        i = rng.randrange(n)
        factor = rng.choice([F(2), F(1, 2), F(3, 2)])
        neurons[i] = ([factor * q for q in neurons[i][0]], neurons[i][1] / factor)
    return {
        "data": {"x": [[str(q) for q in row] for row in x], "y": [str(q) for q in y]},
        "network": {"widths": [n], "activation": name, "hidden_bias": bias, "output_bias": shift},
        "loss": {"kind": kind, "reduction": "mean" if mean else "sum"},
        "penalty": {"l2": str(lam), "biases": decayed},
        "train": {key: rng.random() < 0.6 for key in ("hidden", "hidden_bias", "output", "output_bias")}
        if freeze
        else {},
        "point": {
            "weights": [[[str(q) for q in w[:d]] for w, _ in neurons], [[str(v) for _, v in neurons]]],
            "biases": [[str(w[-1]) for w, _ in neurons] if bias else [], [str(c)] if shift else []],
        },
    }


def loss_of(kind, p, y):
    if kind == "squared":
        return (p - y) ** 2
    if kind == "half_squared":
        return (p - y) ** 2 / 2
    if kind == "squared_hinge":
        return max(F(0), 1 - y * p) ** 2
    bound = F(kind.removeprefix("huber(").removesuffix(")"))
    e = abs(p - y)
    return e * e / 2 if e <= bound else bound * e - bound * bound / 2


def value(case, parameters):
    """F at parameters in the order w_1 (with its bias), v_1, w_2, ..., c."""
    net, x, y = case["network"], case["data"]["x"], [F(q) for q in case["data"]["y"]]
    bias, shift, n = net["hidden_bias"], net["output_bias"], net["widths"][0]
    slopes, d = SLOPES[net["activation"]], len(x[0])
    size, train, penalty = d + bias, case.get("train", {}), case["penalty"]
    blocks = [parameters[i * (size + 1) : (i + 1) * (size + 1)] for i in range(n)]
    c = parameters[-1] if shift else F(0)
    total = F(0)
    for row, target in zip(x, y, strict=True):
        lifted = [*map(F, row), F(1)] if bias else [*map(F, row)]
        p = c + sum(
            block[-1] * act(slopes, sum(a * b for a, b in zip(block[:-1], lifted, strict=True))) for block in blocks
        )
        total += loss_of(case["loss"]["kind"], p, target)
    if case["loss"]["reduction"] == "mean":
        total /= len(y)
    squares = F(0)
    for block in blocks:
        squares += sum(q * q for q in block[:d]) if train.get("hidden", True) else 0
        squares += block[-1] ** 2 if train.get("output", True) else 0
        if bias and penalty["biases"] and train.get("hidden_bias", True):
            squares += block[d] ** 2
    if shift and penalty["biases"] and train.get("output_bias", True):
        squares += c * c
    return total + F(penalty["l2"]) / 2 * squares


def parameters(case, point=None):
    """The parameters of the case's point, or of a direction in its form, and which of them are trained."""
    point = case["point"] if point is None else point
    train, net = case.get("train", {}), case["network"]
    found, trained = [], []
    for i, w in enumerate(point["weights"][0]):
        found += [F(q) for q in w]
        trained += [train.get("hidden", True)] * len(w)
        if net["hidden_bias"]:
            found.append(F(point["biases"][0][i]))
            trained.append(train.get("hidden_bias", True))
        found.append(F(point["weights"][1][0][i]))
        trained.append(train.get("output", True))
    if net["output_bias"]:
        found.append(F(point["biases"][1][0]))
        trained.append(train.get("output_bias", True))
    return found, trained


def lower(case, rng, samples, radius=None):
    """Parameters near the point with a lower loss, found by exact samples at many scales; None where there are none."""
    start, trained = parameters(case)
    level = value(case, start)
    for _ in range(samples):
        scale = F(1, 2 ** rng.choice([3, 5, 8, 12, 20]))
        moves = [
            F(rng.choice([-2, -1, 0, 0, 1, 2, 3])) * scale ** rng.choice([1, 1, 1, 2, 3]) if free else F(0)
            for free in trained
        ]
        if rng.random() < 0.5:
            # One neuron alone, or all in proportion to themselves.
            n, block = (
                case["network"]["widths"][0],
                (len(start) - case["network"]["output_bias"]) // case["network"]["widths"][0],
            )
            i = rng.randrange(n)
            moves = [q if i * block <= k < (i + 1) * block or k >= n * block else F(0) for k, q in enumerate(moves)]
        if radius is not None:
            moves = [max(-radius, min(radius, q)) for q in moves]
        if value(case, [a + b for a, b in zip(start, moves, strict=True)]) < level:
            return moves
    return None
