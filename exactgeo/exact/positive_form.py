"""Forms in a few variables over Q: from their values on a lattice, and whether they are positive but at 0.

*Values.* A form of degree q is known by its values at the whole vectors a >= 0 with sum q: with S the sum of all y_i,
``prod_i prod_{k < a_i} (q y_i - k S) / (q (a_i - k))`` is 1 at a and 0 at the others. A form of a lower degree that is
0 at these vectors is 0 as well: its product with a power of S is.

*Positive.* A form of even degree is positive but at 0 iff it is so on the faces y_i = 1 of the cube |y_j| <= 1. There
it is a polynomial p in u, |u_j| <= 1, and ``p(0) - sum |c_k|`` over its other coefficients, of even powers only the
negative ones, is a lower bound; where that is not positive the face is cut in two, as often as is needed: a positive
polynomial has positive bounds on small enough parts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import comb

from exactgeo.deadline import Check, unlimited
from exactgeo.exact.vectors import ONE, ZERO, Vector

__all__ = ["Form", "form_through", "lattice", "not_positive"]

Form = dict[tuple[int, ...], Fraction]
"""Coefficients by exponents."""

PARTS, DEEPEST = 400, 14
"""Parts of the faces, at most, and how often one is cut."""


def lattice(size: int, degree: int) -> Iterator[tuple[int, ...]]:
    """All whole vectors a >= 0 of a size with sum ``degree``.

    Examples
    --------
    >>> list(lattice(2, 2))
    [(2, 0), (1, 1), (0, 2)]
    """
    if size == 1:
        yield (degree,)
        return
    for first in range(degree, -1, -1):
        for rest in lattice(size - 1, degree - first):
            yield (first, *rest)


def form_through(values: Mapping[tuple[int, ...], Fraction]) -> Form:
    """The form with these values on a lattice.

    Examples
    --------
    >>> found = form_through({(2, 0): Fraction(4), (1, 1): Fraction(0), (0, 2): Fraction(4)})
    >>> {key: str(q) for key, q in found.items() if q}
    {(2, 0): '1', (1, 1): '-2', (0, 2): '1'}
    """
    total: Form = {}
    for at, value in values.items():
        if not value:
            continue
        size, degree = len(at), sum(at)
        term: Form = {(0,) * size: value}
        for i, power in enumerate(at):
            for k in range(power):
                scale = Fraction(1, degree * (power - k))
                term = _times(term, [scale * (degree * (j == i) - k) for j in range(size)])
        for key, q in term.items():
            total[key] = total.get(key, ZERO) + q
    return total


def _times(form: Form, linear: Sequence[Fraction]) -> Form:
    found: Form = {}
    for key, q in form.items():
        for j, factor in enumerate(linear):
            if factor:
                raised = (*key[:j], key[j] + 1, *key[j + 1 :])
                found[raised] = found.get(raised, ZERO) + q * factor
    return found


def not_positive(form: Form, check: Check = unlimited) -> Vector | None:
    """A vector off 0 at which a form of even degree is not positive; None where there is none, which is then proved.

    Where the bounds leave it open for too long it is a vector near which the form is about 0.

    Parameters
    ----------
    form : Form
        In two variables or more.
    check : callable
        Called before each part of a face.

    Examples
    --------
    >>> not_positive({(4, 0): Fraction(1), (2, 2): Fraction(-1), (0, 4): Fraction(1)})
    >>> [str(q) for q in not_positive({(2, 0): Fraction(1), (1, 1): Fraction(-3), (0, 2): Fraction(1)})]
    ['1', '1/2']
    """
    size = len(next(iter(form)))
    rest = size - 1
    # The largest parts first: a value below 0 is found where there is room for it.
    pending = deque((i, _face(form, i), (ZERO,) * rest, (ONE,) * rest, 0) for i in range(size))
    for _ in range(PARTS):
        if not pending:
            return None
        check()
        i, part, centre, half, depth = pending.popleft()
        if _bound(part) > 0:
            continue
        if part.get((0,) * rest, ZERO) <= 0 or depth >= DEEPEST:
            pending.appendleft((i, part, centre, half, depth))
            break
        j = depth % rest
        shorter = tuple(q / 2 if k == j else q for k, q in enumerate(half))
        for side in (1, -1):
            moved = tuple(q + side * shorter[k] if k == j else q for k, q in enumerate(centre))
            pending.append((i, _cut(part, j, side), moved, shorter, depth + 1))
    if not pending:
        return None
    i, _, centre, _, _ = pending[0]
    return (*centre[:i], ONE, *centre[i:])


def _face(form: Form, i: int) -> Form:
    """The polynomial where y_i = 1."""
    found: Form = {}
    for key, q in form.items():
        rest = (*key[:i], *key[i + 1 :])
        found[rest] = found.get(rest, ZERO) + q
    return found


def _bound(part: Form) -> Fraction:
    """Below all values for entries of at most 1."""
    total = ZERO
    for key, q in part.items():
        if not any(key):
            total += q
        elif any(power % 2 for power in key):
            total -= abs(q)
        else:
            total += min(q, ZERO)
    return total


def _cut(part: Form, j: int, side: int) -> Form:
    """The polynomial with (u_j + side) / 2 for u_j."""
    found: Form = {}
    for key, q in part.items():
        for power in range(key[j] + 1):
            new = (*key[:j], power, *key[j + 1 :])
            found[new] = found.get(new, ZERO) + q * comb(key[j], power) * side ** (key[j] - power) / 2 ** key[j]
    return found
