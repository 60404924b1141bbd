"""Full rank at constant outputs: of what a layer puts out, and of the weights above it.

*Clear.* Units of a layer that are combinations of others get no outgoing weights, and the others take their part.
*Raise.* A cleared unit may become anything. With a kink at 0, right and left slopes r and l, ``a(z) + a(-z)`` is
``(r - l)|z|``; if u takes N >= 2 values u_t, the matrix ``|u_s - u_t|`` is regular; so while the rank is below N, one of the
columns ``a(+-(u - u_t))`` raises it. Where N = 1 a number off the value does. If the inputs have rank N already, every
pre-activation can be had, and unit vectors will do, whatever the activation is.

*Complete.* W(l) gets independent rows for l = k + 2, ..., L, upwards: features under its independent rows stay, those that
are to carry the new ones become 0, by layer k + 1 alone; then the dependent rows get their new entries.

References
----------
Q. Nguyen, On connected sublevel sets in deep learning, ICML 2019: Lemmas 3.2, 3.3 and 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from exactgeo.exact.matrix import rank
from exactgeo.exact.one_sided import added, product, right_inverse, spanning, transposed
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector, dot
from exactgeo.paths.constructions.walk import Unmet, Walk

__all__ = ["clear", "complete_weights", "need_bijective", "need_trained", "raise_rank", "separating"]


def need_trained(walk: Walk, layers: Sequence[int], biases: Sequence[int] = ()) -> None:
    """Weights of layers, and biases of layers, are trained.

    Raises
    ------
    Unmet
    """
    train, network = walk.problem.train, walk.problem.network
    for layer in layers:
        if not train.weights[layer - 1]:
            raise Unmet(f"the weights of layer {layer} are not trained")
    for layer in biases:
        if not network.biases[layer - 1] or not train.biases[layer - 1]:
            raise Unmet(f"layer {layer} has no trained bias")


def need_bijective(walk: Walk, layers: Sequence[int]) -> None:
    """The activations of layers are bijective.

    Raises
    ------
    Unmet
    """
    for layer in layers:
        activation = walk.problem.network.layer_activations[layer - 1]
        if activation.slopes is None or activation.slopes[0] * activation.slopes[1] <= 0:
            raise Unmet(f"the activation of layer {layer}, {activation.name}, is not bijective and piecewise linear")


def clear(walk: Walk, layer: int, first: Sequence[int] = (), *, constant_first: bool = False) -> list[int]:
    """Leave outgoing weights to independent units of a hidden layer alone, at constant outputs: one segment.

    Parameters
    ----------
    first : sequence of int
        Units that are kept if they can be; then those with outgoing weights, as far as nothing else says.
    constant_first : bool
        Whether what is constant goes into the bias of the layer above, which is trained.

    Returns
    -------
    list of int
        The independent units; with the constant vector where that comes first.
    """
    out, above, bias = walk.at.features(layer), walk.at.weights(layer + 1), walk.at.bias(layer + 1)
    used = [j for j in range(len(out)) if any(row[j] for row in above)]
    order = list(dict.fromkeys([*first, *used, *range(len(out))]))
    extra = [(ONE,) * len(walk.rows)] if constant_first else []
    chosen, coefficients = spanning([*extra, *(out[j] for j in order)])
    shift = len(extra)
    kept = [order[k - shift] for k in chosen if k >= shift]
    weights, sums = [list(row) for row in above], list(bias)
    for k, j in enumerate(order):
        if j in kept:
            continue
        for unit, row in enumerate(weights):
            gone, row[j] = row[j], ZERO
            for position, coefficient in zip(chosen, coefficients[k + shift], strict=True):
                if position < shift:
                    sums[unit] += gone * coefficient
                else:
                    row[order[position - shift]] += gone * coefficient
    walk.straight(walk.at.has(layer + 1, tuple(map(tuple, weights)), sums if extra else None), "clear")
    return sorted(kept)


def raise_rank(walk: Walk, layer: int) -> list[int]:
    """Give what a hidden layer puts out as much rank as it has distinct inputs, at constant outputs: three segments.

    Returns
    -------
    list of int
        As many independent units.

    Raises
    ------
    Unmet
        It has fewer units, is not piecewise linear, or cannot bend its inputs.
    """
    inputs = list(dict.fromkeys(transposed(walk.at.features(layer - 1))))
    size, width = len(inputs), len(walk.at.weights(layer))
    if width < size:
        raise Unmet(f"layer {layer} has {width} units for {size} distinct inputs")
    if walk.problem.network.layer_activations[layer - 1].slopes is None:
        raise Unmet(f"the activation of layer {layer} is not piecewise linear")
    independent, _ = spanning(walk.at.features(layer))
    if len(independent) == size:
        return independent
    need_trained(walk, [layer, layer + 1])
    kept = clear(walk, layer)
    free = [j for j in range(width) if j not in kept]
    found = [walk.at.features(layer)[j] for j in kept]
    units = {}
    for z in _bent(walk, layer, inputs):
        (column,) = walk.at.activate(layer, (z,))
        if len(found) == size:
            break
        if len(spanning([*found, column])[0]) > len(found):
            incoming = walk.incoming(layer, z)
            if incoming is not None:
                found.append(column)
                units[free[len(units)]] = incoming
    if len(found) < size:
        raise Unmet(f"layer {layer} does not bend all its {size} distinct inputs apart")
    walk.send(layer, units, "raise rank")
    return sorted([*kept, *units])


def _bent(walk: Walk, layer: int, inputs: Sequence[Vector]) -> Iterator[Vector]:
    """Pre-activations (one a distinct row of the data) of which enough make outputs independent."""
    columns = transposed(walk.at.features(layer - 1))
    if walk.problem.network.layer_activations[layer - 1].has_kink:
        w = separating(inputs)
        u = [dot(w, column) for column in columns]
        levels = sorted(set(u))
        for level in levels if len(levels) > 1 else [levels[0] - 1]:
            yield tuple(q - level for q in u)
            yield tuple(level - q for q in u)
    if rank(inputs, len(inputs[0])) == len(inputs):
        for inner in inputs:
            yield tuple(ONE if column == inner else ZERO for column in columns)
            yield tuple(-ONE if column == inner else ZERO for column in columns)


def separating(rows: Sequence[Vector]) -> Vector:
    """A short whole vector w with distinct ``<w, row>`` on distinct rows.

    Examples
    --------
    >>> from fractions import Fraction
    >>> [str(q) for q in separating([(Fraction(0), Fraction(0)), (Fraction(0), Fraction(1))])]
    ['0', '1']
    """
    distinct, size = set(rows), len(rows[0])
    for k in range(size):
        w = tuple(ONE if j == k else ZERO for j in range(size))
        if len({row[k] for row in distinct}) == len(distinct):
            return w
    for base in count(1):
        w = tuple(ONE * base**j for j in range(size))
        if len({dot(w, row) for row in distinct}) == len(distinct):
            return w
    raise AssertionError("not reached: a polynomial that is not 0 has few zeros")


def complete_weights(walk: Walk, wide: int) -> None:
    """Give the weights of layers wide + 2, ..., L independent rows, at constant outputs.

    The features of the wide layer have full rank; layers above it have bijective activations and do not widen.

    Raises
    ------
    Unmet
        A layer is wider than the one below it.
    """
    for layer in range(wide + 2, walk.depth + 1):
        weights = walk.at.weights(layer)
        units, width = len(weights), len(weights[0])
        if units > width:
            raise Unmet(f"layer {layer} is wider than layer {layer - 1}: {units} and {width} units")
        kept, _ = spanning(weights)
        if len(kept) == units:
            continue
        need_trained(walk, [layer])
        unit = [tuple(ONE if i == j else ZERO for j in range(width)) for i in range(width)]
        independent: Matrix = tuple(weights[i] for i in kept)
        fresh = [k - len(kept) for k in spanning([*independent, *unit])[0] if k >= len(kept)]
        fresh = fresh[: units - len(kept)]
        walk.by_features(layer - 1, _emptied(walk, layer, independent, fresh), "make room", moved=wide + 1)
        dependent = [i for i in range(units) if i not in kept]
        rows = list(walk.at.weights(layer))
        for i, k in zip(dependent, fresh, strict=True):
            rows[i] = tuple(p + q for p, q in zip(rows[i], unit[k], strict=True))
        walk.straight(walk.at.has(layer, tuple(rows)), "complete the weights")


def _emptied(walk: Walk, layer: int, weights: Matrix, fresh: Sequence[int]) -> Matrix:
    """Features below a layer with 0 in the ``fresh`` units, and the same products with independent rows of weights."""
    features = walk.at.features(layer - 1)
    rest = [j for j in range(len(features)) if j not in fresh]
    goal = [list(row) for row in features]
    for j in fresh:
        goal[j] = [ZERO] * len(walk.rows)
    if weights:
        taken = product(tuple(tuple(row[j] for j in fresh) for row in weights), tuple(features[j] for j in fresh))
        back = product(right_inverse(tuple(tuple(row[j] for j in rest) for row in weights)), taken)
        for j, row in zip(rest, added(tuple(features[j] for j in rest), back), strict=True):
            goal[j] = list(row)
    return tuple(map(tuple, goal))
