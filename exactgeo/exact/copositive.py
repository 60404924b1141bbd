"""Is a rational quadratic form nonnegative where some variables are free and the others, on rays, are nonnegative?

*Free variables first.* ``H`` restricted to them must be positive semidefinite and its kernel orthogonal to the rays;
what is left on the rays is the Schur complement S. *Rays.* S is copositive iff no principal ``S_J`` has an x >= 0 with
``S_J x = -1`` (every entry): of a form that is not, a least J that is not has a regular S_J with S_J^-1 <= 0. A
copositive S is 0 on no ray iff no S_J has a kernel spanned by one vector with all entries positive: on the least set of
rays that carries a zero z, S_J z = 0, and another kernel vector would lead from z to a zero on fewer of them.

References
----------
R. W. Cottle, G. J. Habetler, C. E. Lemke, On classes of copositive matrices, Linear Algebra Appl. 3 (1970);
K. P. Hadeler, On copositive matrices, Linear Algebra Appl. 49 (1983).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import nullspace, primitive, solve, solve_regular
from exactgeo.exact.quadratic_form import negative_vector
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.frozen import dataclass

__all__ = ["Copositivity", "copositivity"]

Rows = Sequence[Sequence[Fraction]]


@dataclass(frozen=True)
class Copositivity:
    """What a form is on its cone.

    Attributes
    ----------
    negative : tuple of int or None
        A vector of the cone where it is negative; None where it is nonnegative.
    zeros : tuple of tuples of int
        Nonnegative, yet 0 on these vectors of the cone: those that span the kernel on the free variables, and one for
        each least set of rays that carries a zero. Without any it is positive on the cone but at 0.
    """

    negative: tuple[int, ...] | None
    zeros: tuple[tuple[int, ...], ...] = ()

    @property
    def strict(self) -> bool:
        return self.negative is None and not self.zeros


def copositivity(rows: Rows, free: int, check: Check = unlimited) -> Copositivity:
    """The form ``x^T H x`` where all but the first ``free`` entries of x are nonnegative.

    Parameters
    ----------
    rows : n rows of n rationals
        The symmetric matrix H. Cost: an elimination of the free part, and one for each set of rays: 2^(n - free).
    free : int
    check : callable
        Called before each set of rays.

    Raises
    ------
    InternalError
        A vector failed its replay.

    Examples
    --------
    >>> one = Fraction(1)
    >>> copositivity([[one, -2 * one], [-2 * one, one]], 0).negative
    (1, 1)
    >>> copositivity([[one, 2 * one], [2 * one, one]], 0).strict
    True
    """
    inner = [row[:free] for row in rows[:free]]
    below = negative_vector(inner) if free else None
    if below is not None:
        return Copositivity(_replayed(rows, [*below, *[0] * (len(rows) - free)], negative=True))
    kernel = [[*map(Fraction, z), *[ZERO] * (len(rows) - free)] for z in (nullspace(inner, free) if free else [])]
    for z in kernel:
        for ray in range(free, len(rows)):
            slope = dot(rows[ray], z)
            if slope:
                # q(e + t z) = H_ee + 2 t slope.
                scale = -(abs(rows[ray][ray]) + 1) / slope
                x = [scale * q for q in z]
                x[ray] = ONE
                return Copositivity(_replayed(rows, x, negative=True))
    shifts = [_shift(inner, [row[ray] for row in rows[:free]]) for ray in range(free, len(rows))]
    size = len(rows) - free
    schur = [
        [rows[free + i][free + j] + dot([row[free + i] for row in rows[:free]], shifts[j]) for j in range(size)]
        for i in range(size)
    ]
    lower, zeros = _on_rays(schur, check)
    found = [] if lower is None else [lower]
    lifted: list[list[Fraction]] = [
        [sum((q * shift[k] for q, shift in zip(x, shifts, strict=True)), ZERO) for k in range(free)] + [*x]
        for x in (found or zeros)
    ]
    if found:
        return Copositivity(_replayed(rows, lifted[0], negative=True))
    return Copositivity(None, tuple(_replayed(rows, z, negative=False) for z in (*kernel, *lifted)))


def _shift(inner: Rows, column: Sequence[Fraction]) -> Vector:
    """Where the free variables go on a unit of a ray: they minimise the form."""
    if not inner:
        return ()
    found = solve(inner, [-q for q in column])
    if found is None:
        raise InternalError("a column that is orthogonal to the kernel is no combination of the rows")
    return found


def _on_rays(schur: Rows, check: Check) -> tuple[Vector | None, list[Vector]]:
    """A vector x >= 0 with a negative value, or the zeros on least sets of rays."""
    size, zeros = len(schur), list[Vector]()
    for count in range(1, size + 1):
        for chosen in combinations(range(size), count):
            check()
            part = [[schur[i][j] for j in chosen] for i in chosen]
            x = solve_regular(part, [-ONE] * count)
            if x is not None:
                if min(x) >= 0:
                    return _filled(x, chosen, size), []
                continue
            kernel = nullspace(part, count)
            if len(kernel) == 1 and (min(kernel[0]) > 0 or max(kernel[0]) < 0):
                zeros.append(_filled([Fraction(abs(q)) for q in kernel[0]], chosen, size))
    return None, zeros


def _filled(x: Sequence[Fraction], chosen: Sequence[int], size: int) -> Vector:
    values = dict(zip(chosen, x, strict=True))
    return tuple(values.get(k, ZERO) for k in range(size))


def _replayed(rows: Rows, x: Sequence[Fraction | int], *, negative: bool) -> tuple[int, ...]:
    value = dot(x, [dot(row, x) for row in rows])
    if (value >= 0) if negative else value:
        raise InternalError("a vector of a quadratic form failed its replay")
    return primitive(x)
