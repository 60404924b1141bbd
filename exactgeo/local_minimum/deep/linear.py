"""Deep linear networks, completely: widths and data of any rank, all weights trained, the squared loss.

With X the data as columns (centred where an output bias is trained, lifted where only the first layer has a bias), the
predictions are R X, ``R = W_H ... W_1``; ``A_l = W_H ... W_{l+1}``, ``B_l = W_l ... W_1``, ``G = r X^T``, and p the
least of rank X and the widths. A point is a local minimum iff G = 0, or the derivatives ``A_l^T G B_{l-1}^T`` are 0,
rank(R X) = p, and the second-order form at a layer l of width p is positive semidefinite. Then it is global. Everything
else descends along a curve that is written down.

References
----------
docs/mathematics.md, "Deep networks", L; Trager, Kohn, Bruna, arXiv 1910.01671; Laurent, von Brecht, ICML 2018.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import nullspace, rank, solve
from exactgeo.exact.quadratic_form import negative_vector
from exactgeo.exact.vectors import ONE, ZERO, dot
from exactgeo.local_minimum.along import centred
from exactgeo.problem import Direction, Point, Problem

__all__ = ["LinearNetwork"]

Rows = list[list[Fraction]]


def product(a: Sequence[Sequence[Fraction]], b: Sequence[Sequence[Fraction]], width: int) -> Rows:
    """a b, where b has ``width`` columns."""
    columns = list(zip(*b, strict=True)) if b else [()] * width
    return [[dot(row, column) for column in columns] for row in a]


def transposed(rows: Sequence[Sequence[Fraction]], width: int) -> Rows:
    """The columns of rows of ``width`` entries."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


@dataclass
class LinearNetwork:
    """A linear network at a point.

    Attributes
    ----------
    problem : Problem
        In scope of :func:`exactgeo.problem.scope.linear_network`.
    point : Point
    check : callable
        Called between pieces of work.
    """

    problem: Problem
    point: Point
    check: Check = unlimited

    @cached_property
    def factors(self) -> list[Rows]:
        """W_1, ..., W_H, each but the first with the slope of the layer before it in it."""
        found = []
        slopes = [activation.derivatives(ZERO)[0] for activation in self.problem.network.activations]
        for matrix, slope in zip(self.point.weights, [ONE, *slopes], strict=True):
            found.append([[slope * q for q in row] for row in matrix])
        if self._lifted:
            found[0] = [[*row, b] for row, b in zip(found[0], next(iter(self.point.biases)), strict=True)]
        return found

    @cached_property
    def _lifted(self) -> bool:
        """Whether the bias of the first layer is a weight of one more coordinate of the data."""
        return any(self.problem.network.hidden_bias[:1]) and not self.shift

    @cached_property
    def shift(self) -> bool:
        """Whether an output bias is trained."""
        return self.problem.network.output_bias and self.problem.train.output_bias

    @cached_property
    def data(self) -> Rows:
        """X, one row a coordinate."""
        rows = transposed(self.problem.x, self.problem.d)
        if self._lifted:
            rows.append([ONE] * self.problem.m)
        if self.shift:
            rows = [[q - sum(row, ZERO) / len(row) for q in row] for row in rows]
        return rows

    @cached_property
    def residuals(self) -> Rows:
        predictions = self.problem.predictions(self.point)
        return transposed(
            [
                [p - y for p, y in zip(row, ys, strict=True)]
                for row, ys in zip(predictions, self.problem.y, strict=True)
            ],
            self.problem.outputs,
        )

    @cached_property
    def widths(self) -> list[int]:
        """rank X, then the rows of each factor."""
        return [rank(self.data, self.problem.m), *map(len, self.factors)]

    @property
    def least(self) -> int:
        """p."""
        return min(self.widths)

    @cached_property
    def below(self) -> list[Rows]:
        """B_0, ..., B_H."""
        d = len(self.data)
        found: list[Rows] = [[[ONE if i == j else ZERO for j in range(d)] for i in range(d)]]
        for factor in self.factors:
            self.check()
            found.append(product(factor, found[-1], d))
        return found

    @cached_property
    def above(self) -> list[Rows]:
        """A_0, ..., A_H."""
        size = len(self.factors[-1])
        found: list[Rows] = [[[ONE if i == j else ZERO for j in range(size)] for i in range(size)]]
        for k, factor in reversed(list(enumerate(self.factors))):
            width = len(self.factors[k - 1]) if k else len(self.data)
            found.append(product(found[-1], factor, width))
        return found[::-1]

    @cached_property
    def gradient(self) -> Rows:
        """G."""
        return product(self.residuals, transposed(self.data, self.problem.m), len(self.data))

    @property
    def optimal(self) -> bool:
        """Whether G = 0: no R is better."""
        return not any(map(any, self.gradient))

    def behind(self, k: int) -> Rows:
        """B_k X."""
        return product(self.below[k], self.data, self.problem.m)

    # -- no local minimum -----------------------------------------------------------------------------------------

    def curves(self) -> Iterator[tuple[Direction, ...]]:
        """Curves of which one descends, where the point is no minimum; none where it is one."""
        if self.optimal or (self.shift and any(sum(row) for row in self.residuals)):
            return
        slopes = self._slopes()
        if any(any(map(any, matrix)) for matrix in slopes):
            yield self._curve([[[[-q for q in row] for row in matrix] for matrix in slopes]])
        elif rank(self.behind(len(self.factors)), self.problem.m) < self.least:
            yield from self._degenerate()
        else:
            form = self.form()
            x = None if form is None else negative_vector(form.rows)
            if form is not None and x is not None:
                yield self._curve([form.moves(x)])

    def _slopes(self) -> list[Rows]:
        """``A_l^T G B_{l-1}^T``, the derivative in each factor."""
        found, d = [], len(self.data)
        for k, factor in enumerate(self.factors, 1):
            width = len(factor)
            up = product(transposed(self.above[k], width), self.gradient, d)
            found.append(product(up, transposed(self.below[k - 1], d), len(self.below[k - 1])))
        return found

    def _degenerate(self) -> Iterator[tuple[Direction, ...]]:
        """rank(R X) < p and G != 0: a chain of products that does not change R X opens a way for one more."""
        last = len(self.factors)
        ranks = [rank(self.behind(k), self.problem.m) for k in range(last + 1)]
        star = max(k for k in range(last) if ranks[k] == self.widths[k])
        i, j = next((i, j) for i, row in enumerate(self.gradient) for j, q in enumerate(row) if q)
        ends = {last: _unit(i, len(self.gradient))}
        for k in range(star + 1, last):
            # Orthogonal to B_l X from the left.
            ends[k] = nullspace(transposed(self.behind(k), self.problem.m), len(self.factors[k - 1]))[0]
        starts = {0: _unit(j, len(self.data))}
        for k in range(1, star + 1):
            starts[k] = nullspace(self.above[k], len(self.factors[k - 1]))[0]
        first = [[[ZERO] * len(row) for row in factor] for factor in self.factors]
        for k in range(star + 1, last):
            first[k] = _outer(ends[k + 1], ends[k])
        for k in range(1, star + 1):
            first[k - 1] = _outer(starts[k], starts[k - 1])
        step = _outer(ends[star + 1], starts[star])
        none = [[[ZERO] * len(row) for row in factor] for factor in self.factors]
        for power in range(1, last + 1):
            for sign in (1, -1):
                scales = [first, *([none] * (power - 1))]
                top = list(scales[power - 1])
                signed = [[sign * q for q in row] for row in step]
                top[star] = [[p + q for p, q in zip(a, b, strict=True)] for a, b in zip(top[star], signed, strict=True)]
                scales[power - 1] = top
                yield self._curve(scales)

    def _curve(self, scales: Sequence[Sequence[Rows]]) -> tuple[Direction, ...]:
        """The curve with these moves of the factors at s, s^2, ...; a trained output bias follows the mean."""
        zero = Direction.zero(self.point)
        slopes = [ONE, *(activation.derivatives(ZERO)[0] for activation in self.problem.network.activations)]
        found = []
        for moves in scales:
            weights = [
                tuple(tuple(q / slope for q in row) for row in matrix)
                for matrix, slope in zip(moves, slopes, strict=True)
            ]
            biases = zero.biases
            if self._lifted:
                first, *behind = weights
                _, *others = biases
                biases = (tuple(row[-1] for row in first), *others)
                weights = [tuple(row[:-1] for row in first), *behind]
            found.append(Direction(tuple(weights), biases))
        return centred(self.problem, self.point, found) if self.shift else tuple(found)

    # -- a local minimum --------------------------------------------------------------------------------------------

    def form(self) -> _Form | None:
        """The second-order form at a layer of width p where rank(R X) = p; None elsewhere."""
        layer = next((k for k in range(1, len(self.factors)) if self.widths[k] == self.least), None)
        return None if layer is None else _Form(self, layer)

    @property
    def minimal(self) -> bool:
        """Whether the point is a local minimum, which is then global."""
        if self.shift and any(sum(row) for row in self.residuals):
            return False
        if self.optimal:
            return True
        if any(any(map(any, matrix)) for matrix in self._slopes()):
            return False
        if rank(self.behind(len(self.factors)), self.problem.m) < self.least:
            return False
        form = self.form()
        return form is not None and negative_vector(form.rows) is None


class _Form:
    """``|A B V'^T|^2 + |U' C V^T|^2 + 2 <r, U' C B V'^T>`` of B and C, for ``R X = A V^T`` at a layer of width p.

    A = A_l, V^T = B_l X; U' and V' span the rest of Q^k and of the rows of X.
    """

    def __init__(self, net: LinearNetwork, layer: int) -> None:
        self.net, self.layer = net, layer
        m, k = net.problem.m, len(net.factors[-1])
        self.width = len(net.factors[layer - 1])
        self.a = net.above[layer]
        self.v = net.behind(layer)
        self.other = [list(map(Fraction, row)) for row in nullspace(transposed(self.a, self.width), k)]
        # The moves of the inputs of layer l: rows T X orthogonal to V, independent.
        gram = product(self.v, transposed(net.data, m), len(net.data))
        inputs = nullspace(gram, len(net.data))
        self.inputs: list[tuple[Fraction, ...]] = []
        self.rest: Rows = []
        for move in inputs:
            row = product([list(map(Fraction, move))], net.data, m)[0]
            if rank([*self.rest, row], m) > len(self.rest):
                self.inputs.append(tuple(map(Fraction, move)))
                self.rest.append(row)

    @cached_property
    def rows(self) -> Rows:
        """The form's matrix: B first (p rows of those of V'), then C (rows of U', p each)."""
        p, q = self.width, len(self.rest)
        of_a = product(transposed(self.a, p), self.a, p)
        of_rest = product(self.rest, transposed(self.rest, self.net.problem.m), q)
        of_other = product(self.other, transposed(self.other, len(self.a)), len(self.other))
        of_v = product(self.v, transposed(self.v, self.net.problem.m), p)
        slopes = product(self.other, self.net.residuals, self.net.problem.m)
        cross = product(slopes, transposed(self.rest, self.net.problem.m), q)
        size = p * q + len(self.other) * p
        rows = [[ZERO] * size for _ in range(size)]
        for i in range(p):
            self.net.check()
            for j in range(q):
                for other in range(p):
                    for last in range(q):
                        rows[i * q + j][other * q + last] = of_a[i][other] * of_rest[j][last]
        for i in range(len(self.other)):
            self.net.check()
            for j in range(p):
                at = p * q + i * p + j
                for other in range(len(self.other)):
                    for last in range(p):
                        rows[at][p * q + other * p + last] = of_other[i][other] * of_v[j][last]
                for last in range(q):
                    # The coefficient of C_ij B_jl is 2 <r, u_i v'_l>, half of it on each side.
                    rows[at][j * q + last] = rows[j * q + last][at] = cross[i][last]
        return rows

    def moves(self, x: Sequence[int]) -> list[Rows]:
        """Moves of the factors with ``dA = U' C``, ``dB_l X = B V'^T``: the last factor, and the first."""
        net, p, q = self.net, self.width, len(self.rest)
        b = [[Fraction(x[i * q + j]) for j in range(q)] for i in range(p)]
        c = [[Fraction(x[p * q + i * p + j]) for j in range(p)] for i in range(len(self.other))]
        found: list[Rows] = [[[ZERO] * len(row) for row in factor] for factor in net.factors]
        # dW_H (W_{H-1} ... W_{l+1}) = U' C: the product in brackets has full column rank.
        inner = _chain(net.factors[self.layer : -1], p)
        change = product(transposed(self.other, len(self.a)), c, p)
        found[-1] = [_solved(transposed(inner, p), row, len(inner)) for row in change]
        # (W_l ... W_2) dW_1 = B T: it has full row rank.
        outer = _chain(net.factors[1 : self.layer], len(net.factors[0]))
        goal = transposed(product(b, self.inputs, len(net.data)), len(net.data))
        found[0] = transposed([_solved(outer, column, len(net.factors[0])) for column in goal], len(net.factors[0]))
        return found


def _chain(factors: Sequence[Rows], width: int) -> Rows:
    """The product of factors, the first one applied first, to Q^width."""
    found: Rows = [[ONE if i == j else ZERO for j in range(width)] for i in range(width)]
    for factor in factors:
        found = product(factor, found, width)
    return found


def _solved(rows: Rows, goal: Sequence[Fraction], width: int) -> list[Fraction]:
    """x of this width with rows x = goal, which has a solution."""
    found = solve(rows, list(goal)) if rows else (ZERO,) * width
    if found is None:
        raise InternalError("a product of factors is not of full rank")
    return list(found)


def _unit(i: int, size: int) -> tuple[int, ...]:
    return tuple(int(i == j) for j in range(size))


def _outer(a: Sequence[int], b: Sequence[int]) -> Rows:
    return [[Fraction(p * q) for q in b] for p in a]
