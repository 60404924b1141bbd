"""Weight decay decided by trying every face of every neuron's kinks: fractions and itertools only.

A piecewise linear f that is at most 0 where the norm is 0 has its largest f(u) / |u| on some face, at the projection of
f's gradient on the span of the face; so all sign vectors of the kinks are tried, zeros included. That decides both the
slopes (no f(u) > 0 for f = - slope) and the bound of an output weight of 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction as F
from itertools import combinations, pairwise, product
from typing import Any

from decay_brute import reduced

Vector = tuple[F, ...]


@dataclass
class Case:
    """A penalised problem at a point; w with its bias, c None where there is none."""

    x: list[list[F]]
    y: list[F]
    slopes: list[F]
    w: list[list[F]]
    v: list[F]
    c: F | None
    biased: bool
    linear: bool
    hidden: bool
    hidden_bias: bool
    output: bool
    output_bias: bool
    loss: str
    mean: bool
    l2: F
    biases: bool
    groups: list[Any] = field(default_factory=list)
    r: list[F] | None = None  # slopes of the loss, where they are no rational numbers
    outputs: int = 1  # two outputs are seen as one score, whose squares cost half


def of_problem(problem: dict[str, Any], point: dict[str, Any]) -> Case:
    """From the problem and a point of a certificate."""

    def numbers(tree: Any) -> Any:
        return [numbers(item) for item in tree] if isinstance(tree, list) else F(tree)

    net, train = problem["network"], problem["train"]
    linear = not net["widths"]
    weights, biases = numbers(point["weights"]), numbers(point["biases"])
    biased = not linear and net["hidden_bias"][0]
    return Case(
        x=numbers(problem["data"]["x"]),
        y=[row[0] for row in numbers(problem["data"]["y"])],
        slopes=numbers(net["activation"]),
        w=[] if linear else [[*w, *([biases[0][i]] if biased else [])] for i, w in enumerate(weights[0])],
        v=weights[-1][0],
        c=biases[-1][0] if net["output_bias"] else None,
        biased=biased,
        linear=linear,
        hidden=not linear and train["hidden"][0],
        hidden_bias=not linear and train["hidden_bias"][0],
        output=train["output"],
        output_bias=train["output_bias"],
        loss=problem["loss"]["kind"],
        mean=problem["loss"]["reduction"] == "mean",
        l2=F(problem["penalty"]["l2"]),
        biases=problem["penalty"]["biases"],
    )


def dot(a: Sequence[F], b: Sequence[F]) -> F:
    return sum((p * q for p, q in zip(a, b, strict=True)), F(0))


def slope(loss: str, p: F, y: F) -> F:
    if loss == "squared":
        return 2 * (p - y)
    if loss == "half_squared":
        return p - y
    if loss == "squared_hinge":
        return -2 * y * max(F(0), 1 - y * p)
    bound = F(loss.removeprefix("huber(").removesuffix(")"))
    return max(-bound, min(bound, p - y))


def bends(loss: str, p: F, y: F) -> tuple[bool, bool]:
    """Whether the loss is strictly convex to the left and to the right."""
    if loss == "squared_hinge":
        margin = y * p
        return (margin < 1 or (margin == 1 and y > 0)), (margin < 1 or (margin == 1 and y < 0))
    if loss.startswith("huber"):
        bound = F(loss.removeprefix("huber(").removesuffix(")"))
        return -bound < p - y <= bound, -bound <= p - y < bound
    return True, True


class Near:
    """What is seen from the point: slopes of the loss, trained coordinates, faces."""

    def __init__(self, case: Case) -> None:
        self.case = case
        d, m = len(case.x[0]), len(case.x)
        self.lifted = [[*row, F(1)] if case.biased else row for row in case.x]
        self.T = (
            [k for k in range(len(self.lifted[0])) if (case.hidden if k < d else case.hidden_bias)]
            if not case.linear
            else []
        )
        self.P = [j for j, k in enumerate(self.T) if k < d or case.biases]
        self.rows = [[row[k] for k in self.T] for row in self.lifted]
        self.z = [[dot(w, row) for row in self.lifted] for w in case.w]
        self.out = [[self.act(q) for q in z] for z in self.z]
        c = case.c or F(0)
        if case.linear:
            self.p = [c + dot(case.v, row) for row in case.x]
        else:
            self.p = [c + sum((v * out[t] for v, out in zip(case.v, self.out, strict=True)), F(0)) for t in range(m)]
        self.r = case.r or [slope(case.loss, p, y) for p, y in zip(self.p, case.y, strict=True)]
        self.shrink = case.l2 * (m if case.mean else 1)
        self.outward = self.shrink / case.outputs
        self.kinked = case.slopes[0] != case.slopes[1]

    def act(self, q: F) -> F:
        return q * self.case.slopes[0 if q > 0 else 1]

    def turn(self, i: int, u: Sequence[F]) -> list[F]:
        """a'(z_i; u) at each data point."""
        found = []
        for z, row in zip(self.z[i], self.rows, strict=True):
            q = dot(u, row)
            found.append(q * self.case.slopes[0 if z > 0 else 1] if z else self.act(q))
        return found

    def phi(self, i: int, u: Sequence[F]) -> F:
        return dot(self.r, self.turn(i, u))

    def faces(self, i: int, factor: F, extra: Sequence[F], seen: Sequence[int]) -> Iterator[tuple[F, Vector]]:
        """``f = factor * phi_i + <extra, u>``: f(u) and u at each projection that lies on its face."""
        size = len(self.T)
        forms: list[list[F]] = []
        for z, row in zip(self.z[i], self.rows, strict=True):
            if not z and any(row) and self.kinked and all(len(reduced([row, other], size)[1]) > 1 for other in forms):
                forms.append(row)
        for signs in product((-1, 0, 1), repeat=len(forms)):
            flat = [form for form, s in zip(forms, signs, strict=True) if not s]
            basis = kernel(flat, size)
            gradient = [factor * q + e for q, e in zip(self.gradient(i, forms, signs), extra, strict=True)]
            for u in peaks(basis, gradient, seen, forms, signs):
                sides = [dot(form, u) for form in forms]
                if all((q > 0) - (q < 0) == s for q, s in zip(sides, signs, strict=True)):
                    yield factor * self.phi(i, u) + dot(extra, u), u

    def gradient(self, i: int, forms: Sequence[Sequence[F]], signs: Sequence[int]) -> list[F]:
        """Of phi on a face, for moves along it."""
        total = [F(0)] * len(self.T)
        for r, z, row in zip(self.r, self.z[i], self.rows, strict=True):
            side = (z > 0) - (z < 0)
            if not side:
                for form, s in zip(forms, signs, strict=True):
                    if any(row) and len(reduced([row, form], len(row))[1]) == 1:
                        side = s if dot(row, form) > 0 else -s
            weight = (
                r * self.case.slopes[0 if side >= 0 and (side or z >= 0) else 1] if side or not self.kinked else F(0)
            )
            total = [a + weight * b for a, b in zip(total, row, strict=True)]
        return total


def kernel(rows: Sequence[Sequence[F]], size: int) -> list[list[F]]:
    table, pivots = reduced([[*row] for row in rows], size)
    found = []
    for free in range(size):
        if free not in pivots:
            vector = [F(int(k == free)) for k in range(size)]
            for row, pivot in zip(table, pivots, strict=False):
                vector[pivot] = -row[free]
            found.append(vector)
    return found


def peaks(
    basis: Sequence[Sequence[F]], gradient: Sequence[F], seen: Sequence[int], forms: Any, signs: Any
) -> Iterator[Vector]:
    """u in the span with <gradient - u_seen, .> = 0 on it; with a free coordinate in the span, some that lie on the face."""
    size, count = len(gradient), len(basis)
    table, pivots = reduced(
        [[sum((a[k] * b[k] for k in seen), F(0)) for b in basis] + [dot(gradient, a)] for a in basis], count
    )
    if any(row[-1] and not any(row[:-1]) for row in table):
        return
    weights = [F(0)] * count
    for row, pivot in zip(table, pivots, strict=False):
        weights[pivot] = row[-1]
    u = [sum((w * b[k] for w, b in zip(weights, basis, strict=True)), F(0)) for k in range(size)]
    yield tuple(u)
    hidden = [k for k in range(size) if k not in seen]
    if len(pivots) == count or not hidden:
        return
    # The coordinate without norm may be anything: one value between any two at which a side changes.
    (k,) = hidden
    ends = sorted({u[k] - dot(form, u) / form[k] for form in forms if form[k]} | {F(0)})
    for value in [ends[0] - 1, *((a + b) / 2 for a, b in pairwise(ends)), ends[-1] + 1]:
        yield tuple(value if j == k else q for j, q in enumerate(u))


def decide(case: Case) -> str:
    """``minimum``, ``descent``, or ``open`` where the conditions are not known to be both necessary and sufficient."""
    near = Near(case)
    case.groups = []
    if case.output_bias and dot(near.r, [F(1)] * len(near.r)) + (near.outward * (case.c or 0) if case.biases else 0):
        return "descent"
    if case.linear:
        columns = zip(*case.x, strict=True) if case.output else ()
        return (
            "descent"
            if any(dot(near.r, a) + near.outward * v for a, v in zip(columns, case.v, strict=False))
            else "minimum"
        )
    answer = "minimum"
    for i, (w, v) in enumerate(zip(case.w, case.v, strict=True)):
        if case.output and dot(near.r, near.out[i]) + near.outward * v:
            return "descent"
        if not near.T:
            case.groups.append([])
            continue
        pay = [near.shrink * w[k] if j in near.P else F(0) for j, k in enumerate(near.T)]
        if any(value > 0 for value, _ in near.faces(i, -v, [-q for q in pay], range(len(near.T)))):
            return "descent"
        own = sum((w[near.T[j]] ** 2 for j in near.P), F(0))
        case.groups.append([])
        if v or not case.output:
            if v and case.output and near.shrink * own > near.outward * v * v:
                answer = "open"
            continue
        verdict = silent(near, i)
        if verdict == "descent":
            return verdict
        answer = verdict if verdict == "open" else answer
    return answer


def silent(near: Near, i: int) -> str:
    """An output weight of 0 that is trained."""
    for j in range(len(near.T)):
        if j not in near.P and any(near.phi(i, [F(s * int(k == j)) for k in range(len(near.T))]) for s in (1, -1)):
            return "descent"
    beyond = False
    for sign in (1, -1):
        for value, u in near.faces(i, F(sign), [F(0)] * len(near.T), near.P):
            square = sum((u[k] ** 2 for k in near.P), F(0))
            if value > 0 and value * value > near.shrink * near.outward * square:
                beyond = True
            if value > 0 and value * value == near.shrink * near.outward * square:
                near.case.groups[-1].append([-sign * q for q in near.turn(i, u)])
    if not beyond:
        return "minimum"
    follows = near.case.output_bias and not near.case.biases and len(set(near.out[i])) == 1
    return "descent" if not any(near.out[i]) or follows else "open"


def dimension(case: Case) -> int | None:
    """Of the set of equal loss at a local minimum; None where it is not known."""
    assert decide(case) == "minimum"
    near = Near(case)
    sides = [bends(case.loss, p, y) for p, y in zip(near.p, case.y, strict=True)]
    if any(a != b for a, b in sides):
        return None
    kept = [t for t, (a, _) in enumerate(sides) if a]
    lines, groups, idle = [], [], 0
    if case.output_bias and not case.biases:
        lines.append([F(1)] * len(near.r))
        idle += case.outputs - 1
    for i, (w, v) in enumerate(zip(case.w, case.v, strict=not case.linear)):
        if not near.T:
            continue
        own = sum((w[near.T[j]] ** 2 for j in near.P), F(0))
        hidden = [j for j in range(len(near.T)) if j not in near.P]
        if not v:
            idle += len(hidden)
            if case.groups[i] and (hidden or any(near.out[i])):
                return None
            groups += [case.groups[i]] if case.groups[i] else []
            continue
        if case.output and near.shrink * own == near.outward * v * v:
            if any(q for k, q in enumerate(w) if k not in near.T):
                return None
            lines.append([v * q for q in near.out[i]])
        for j in hidden:
            half = []
            for s in (1, -1):
                e = [F(s * int(k == j)) for k in range(len(near.T))]
                if not near.phi(i, e):
                    half.append([v * q for q in near.turn(i, e)])
            if near.kinked and any(not z for z in near.z[i]):
                groups += [half] if half else []
            else:
                lines += half[:1]
    lines = [[column[t] for t in kept] for column in lines]
    best = 0
    for choice in product(*([None, *unique([[c[t] for t in kept] for c in group])] for group in groups)):
        chosen = [column for column in choice if column is not None]
        if positive(chosen, lines, len(kept)):
            columns = [*lines, *chosen]
            best = max(best, len(columns) - (len(reduced(columns, len(kept))[1]) if kept else 0))
    return best + idle


def unique(columns: list[list[F]]) -> list[list[F]]:
    """One of each direction."""
    found: list[list[F]] = []
    for column in columns:
        size = sum(map(abs, column), F(0)) or F(1)
        scaled = [q / size for q in column]
        found += [scaled] if scaled not in found else []
    return found


def positive(chosen: Sequence[Sequence[F]], lines: Sequence[Sequence[F]], size: int) -> bool:
    """Whether weights >= 1 of the chosen and some of the lines add up to 0: all supports are tried."""
    target = [-sum((c[t] for c in chosen), F(0)) for t in range(size)]
    for count in range(len(chosen) + 1):
        for part in combinations(chosen, count):
            columns = [*part, *lines]
            table, pivots = reduced([[c[t] for c in columns] + [target[t]] for t in range(size)], len(columns))
            if any(row[-1] and not any(row[:-1]) for row in table):
                continue
            if set(range(count)) <= set(pivots) and all(
                row[-1] >= 0 for row, k in zip(table, pivots, strict=False) if k < count
            ):
                return True
    return False


def bound(case: Case, r: Sequence[F]) -> F | None:
    """What a dual vector of the plain sum proves of all parameters and widths; None where it proves nothing."""
    if case.linear or not case.w or not (case.hidden and case.output):
        return None
    if case.biased and not case.hidden_bias and any(w[-1] for w in case.w):
        return None
    total, shrink = F(0), case.l2 * (len(case.x) if case.mean else 1)
    for q, y in zip(r, case.y, strict=True):
        limit = F(case.loss[6:-1]) if case.loss.startswith("huber") else abs(q)
        if abs(q) > limit or (case.loss == "squared_hinge" and q * y > 0):
            return None
        total -= q * y + q * q / (4 if case.loss in ("squared", "squared_hinge") else 2)
    if case.c is not None and not case.output_bias:
        total += case.c * sum(r, F(0))
    elif case.c is not None and case.biases:
        total -= sum(r, F(0)) ** 2 / (2 * shrink)
    elif case.c is not None and sum(r, F(0)):
        return None
    zero = Near(replace(case, w=[[F(0)] * len(case.w[0])], v=[F(0)]))
    zero.r = list(r)
    for j in range(len(zero.T)):
        if j not in zero.P and any(zero.phi(0, [F(s * int(k == j)) for k in range(len(zero.T))]) for s in (1, -1)):
            return None
    for sign in (1, -1):
        for value, u in zero.faces(0, F(sign), [F(0)] * len(zero.T), zero.P):
            if value > 0 and value * value > shrink**2 * sum((u[k] ** 2 for k in zero.P), F(0)):
                return None
    return total / (len(case.x) if case.mean else 1)
