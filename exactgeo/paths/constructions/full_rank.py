"""Full rank at constant outputs: of what a layer puts out, and of the weights above it.

*Clear.* Units of a layer that are combinations of others get no outgoing weights, and the others take their part.

*Raise.* A cleared unit may become anything. Let the activation have right and left slopes r and l, r not l: then
``a(z) + a(-z)`` is ``(r - l)|z|``. Where u takes N >= 2 values u_t on the N distinct inputs, the matrix ``|u_s -
u_t|`` is regular; so while the rank is below N one of the columns ``a(+-(u - u_t))`` raises it. Where N = 1 a number
beside the value does. Without a bias units bend on planes through 0 alone (:func:`_rotated`). If the inputs have rank N
already every pre-activation can be had, and ``a(+-e_t)`` will do, with a kink or without.

*Complete.* W(l) gets independent rows for l = k + 2, ..., L, upwards. Let B be independent rows of W(l), and E unit
rows that complete them. ``F(l - 1)`` goes straight to F' with ``W_B F' = W_B F`` and ``E F' = 0``, by the weights of
layer k + 1 alone; then E is added to the dependent rows. Neither moves Z(l).

References
----------
Q. Nguyen, On Connected Sublevel Sets in Deep Learning, ICML 2019.
docs/mathematics.md, "Paths in networks of any depth", P1 to P5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import count

from exactgeo.errors import InternalError
from exactgeo.exact.matrix import nullspace, rank
from exactgeo.exact.one_sided import added, product, right_inverse, spanning, transposed, weighted
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector, dot
from exactgeo.paths.builder import PathRefused
from exactgeo.paths.constructions.route import Layers, Route, Unit
from exactgeo.problem import Point

__all__ = ["bends", "clear", "cleared", "complete_weights", "raise_rank", "separating"]


def cleared(
    at: Layers, layer: int, first: Sequence[int] = (), *, constant_first: bool = False
) -> tuple[list[int], Point]:
    """Independent units of a hidden layer, and the point with the same outputs where no other has outgoing weights.

    Parameters
    ----------
    first : sequence of int
        Units to keep where they are independent; then those with outgoing weights.
    constant_first : bool
        Whether what is constant goes into the bias of the layer above, which is trained; the units are independent
        of it, too.
    """
    out, above, bias = at.features(layer), at.weights(layer + 1), list(at.bias(layer + 1))
    used = [j for j in range(len(out)) if any(row[j] for row in above)]
    order = list(dict.fromkeys([*first, *used, *range(len(out))]))
    shift = 1 if constant_first else 0
    chosen, coefficients = spanning([(ONE,) * len(at.rows)] * shift + [out[j] for j in order])
    kept = [order[k - shift] for k in chosen[shift:]]
    weights = [list(row) for row in above]
    for j, parts in zip(order, coefficients[shift:], strict=True):
        if j in kept:
            continue
        for unit, row in enumerate(weights):
            gone, row[j] = row[j], ZERO
            if shift:
                bias[unit] += gone * parts[0]
            for i, part in zip(kept, parts[shift:], strict=True):
                row[i] += gone * part
    return sorted(kept), at.with_layer(layer + 1, tuple(map(tuple, weights)), bias if shift else None)


def clear(route: Route, layer: int, first: Sequence[int] = (), *, constant_first: bool = False) -> list[int]:
    """Go to the point of :func:`cleared`: one segment, which moves nothing that a unit puts out."""
    kept, end = cleared(route.at, layer, first, constant_first=constant_first)
    route.straight(end, f"clear layer {layer}")
    return kept


def bends(at: Layers, layer: int) -> None:
    """Whether :func:`raise_rank` can give a hidden layer full rank, by its own weights and bias.

    Raises
    ------
    PathRefused
    """
    size, reached = len(set(at.inputs(layer))), len(spanning([column for column, _ in _bent(at, layer)])[0])
    if reached < size:
        has = "trained bias" if at.slopes(layer)[0] != at.slopes(layer)[1] else "kink"
        raise PathRefused(
            f"hidden layer {layer} has no {has}: its units reach rank {reached} at {size} distinct inputs"
        )


def raise_rank(route: Route, layer: int) -> list[int]:
    """Give what a hidden layer puts out as much rank as it has distinct inputs, at constant outputs: three segments.

    The layer has as many units, :func:`bends` accepts it, its weights and those of the layer above are trained, and so
    is its bias unless it is 0.

    Returns
    -------
    list of int
        As many independent units.
    """
    inputs = list(dict.fromkeys(route.at.inputs(layer)))
    independent, _ = spanning(route.at.features(layer))
    if len(independent) == len(inputs):
        return independent
    kept = clear(route, layer)
    free = [j for j in range(len(route.at.weights(layer))) if j not in kept]
    found = [route.at.features(layer)[j] for j in kept]
    units: dict[int, Unit] = {}
    for column, incoming in _bent(route.at, layer):
        if len(found) < len(inputs) and len(spanning([*found, column])[0]) > len(found):
            found.append(column)
            units[free[len(units)]] = incoming
    if len(found) < len(inputs):
        raise InternalError("the bent inputs of a layer do not span")
    route.send(layer, units, f"raise rank of layer {layer}")
    return sorted([*kept, *units])


def _bent(at: Layers, layer: int) -> Iterator[tuple[Vector, Unit]]:
    """What units of a layer may put out (an entry a distinct row of the data), and their weights and biases: enough to
    span all that they can."""
    rows = at.inputs(layer)
    inputs = list(dict.fromkeys(rows))
    if at.slopes(layer)[0] == at.slopes(layer)[1]:
        found = [*transposed(rows), (ONE,) * len(rows)]
    else:
        found = (_levels if at.incoming(layer, (ONE,) * len(rows)) else _rotated)(rows, inputs)
    found += [tuple(ONE if row == inner else ZERO for row in rows) for inner in inputs]
    for z in found:
        for side in (z, tuple(-q for q in z)):
            incoming = at.incoming(layer, side)
            if incoming is not None:
                (column,) = at.activate(layer, (side,))
                yield column, incoming


def _levels(rows: Matrix, inputs: Sequence[Vector]) -> list[Vector]:
    """A function of the inputs that takes as many values as they, from each of its values."""
    w = separating(inputs)
    u = [dot(w, row) for row in rows]
    levels = sorted(set(u))
    return [tuple(q - level for q in u) for level in (levels if len(levels) > 1 else [levels[0] - 1])]


def _rotated(rows: Matrix, inputs: Sequence[Vector]) -> list[Vector]:
    """Without a bias: planes through 0 that turn a little around each input, and the inputs themselves.

    With w on x and on no input off the line of x, and t small, ``|w + t x| - 2 |w| + |w - t x|`` at the inputs is 0 off
    the line of x, and not at x: these span all even functions of lines, which is what ``|<w, input>|`` can be.
    """
    found = list(transposed(rows))
    for x in inputs:
        basis = [tuple(map(Fraction, row)) for row in nullspace([x], len(x))] if any(x) else []
        beside = [row for row in inputs if rank([x, row], len(x)) == 2]
        for base in count(1):
            w = weighted(basis, [ONE * base**j for j in range(len(basis))]) if basis else (ZERO,) * len(x)
            if all(dot(w, row) for row in beside):
                break
        t = min((abs(dot(w, row)) / (1 + abs(dot(x, row))) for row in beside), default=ONE)
        t = Fraction(1, -(-t.denominator // t.numerator))
        found += [tuple(dot(w, row) + share * dot(x, row) for row in rows) for share in (ZERO, t, -t)]
    return found


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
        if len({row[k] for row in distinct}) == len(distinct):
            return tuple(ONE if j == k else ZERO for j in range(size))
    # Two rows differ by a polynomial in the base that is not 0: it has few zeros.
    for base in count(1):
        w = tuple(ONE * base**j for j in range(size))
        if len({dot(w, row) for row in distinct}) == len(distinct):
            return w
    raise AssertionError


def complete_weights(route: Route, wide: int) -> None:
    """Give the weights of layers wide + 2, ..., L independent rows, at constant outputs.

    ``F(wide)`` has independent columns; the activations above are bijective, no layer widens, all is trained.
    """
    for layer in range(wide + 2, route.depth + 1):
        present = route.at.weights(layer)
        units, width = len(present), len(route.at.weights(layer - 1))
        kept, _ = spanning(present)
        if len(kept) == units:
            continue
        unit = [tuple(ONE if i == j else ZERO for j in range(width)) for i in range(width)]
        independent: Matrix = tuple(present[i] for i in kept)
        fresh = [k - len(kept) for k in spanning([*independent, *unit])[0][len(kept) : units]]
        goal = _emptied(route.at.features(layer - 1), independent, fresh)
        route.by_features(layer - 1, goal, f"make room below layer {layer}", moved=wide + 1)
        rows = list(route.at.weights(layer))
        for i, k in zip((i for i in range(units) if i not in kept), fresh, strict=True):
            rows[i] = tuple(p + q for p, q in zip(rows[i], unit[k], strict=True))
        route.straight(route.at.with_layer(layer, tuple(rows)), f"complete the weights of layer {layer}")


def _emptied(features: Matrix, weights: Matrix, fresh: Sequence[int]) -> Matrix:
    """Features with 0 in the ``fresh`` units, and the same products with independent rows of weights."""
    rest = [j for j in range(len(features)) if j not in fresh]
    goal = list(features)
    for j in fresh:
        goal[j] = (ZERO,) * len(features[j])
    if weights and fresh:
        taken = product(tuple(tuple(row[j] for j in fresh) for row in weights), tuple(features[j] for j in fresh))
        back = product(right_inverse(tuple(tuple(row[j] for j in rest) for row in weights)), taken)
        for j, row in zip(rest, added(tuple(features[j] for j in rest), back), strict=True):
            goal[j] = row
    return tuple(goal)
