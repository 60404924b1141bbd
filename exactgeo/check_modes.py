"""Companion of check.py: a flat dimension by a covering for every mode, as format version 1 proves it."""

from copy import copy
from itertools import product
from types import SimpleNamespace

from exactgeo.check import (
    MAX_CASES,
    SMOOTH,
    combine,
    companion,
    dot,
    fields,
    form,
    look,
    many,
    need,
    primitive,
    sparse,
    split,
    whole,
    zipped,
)


def tree():
    """The companion with what both proofs share: ranks of moves, and curves."""
    return companion("check_flat.py")


def quadratic(p, here):
    """The problem with the data at which the loss is a square near the point; at the others it is constant."""
    if p.kind == "huber":
        need(all(abs(q) < p.M for q in here.residuals), "the loss is no square near the point")
    if p.kind != "squared_hinge":
        return p
    margins = [y * (q + y) for q, (y,) in zipped(here.residuals, p.y)]
    need(min(margins) < 1 and 1 not in margins, "the loss is no square near the point")
    near, kept = copy(p), [t for t, margin in enumerate(margins) if margin < 1]
    near.x, near.y = [p.x[t] for t in kept], [p.y[t] for t in kept]
    return near


def moves(p, here, mode):
    """The small moves that a mode of the idle neurons allows, as variables (docs/certificate-v1.md, "Flat dimension").

    ``columns``: change of the predictions by each variable; ``pairs``: (plus, minus) of each kink; ``signs`` of the
    variables that have one; ``active``: (k, its t) of each idle neuron that moves; ``rows``: equations.
    """
    at = SimpleNamespace(columns=[], pairs=[], signs={}, active=[])
    m, extra = len(p.x), []

    def add(column):
        at.columns.append(column)
        return len(at.columns) - 1

    def inputs(n, outer, inner):
        weights = [outer * inner * (s or 0) for s in n.slope]
        places = [add([q * row[k] for q, row in zipped(weights, here.rows)]) for k in range(len(here.T))]
        for shape, members in n.kinks.values():
            plus, minus = (add([outer * p.activate(q * members.get(t, 0)) for t in range(m)]) for q in (1, -1))
            at.pairs.append((plus, minus))
            at.signs |= {plus: 1, minus: 1}
            extra.append({**{k: inner * q for k, q in zipped(places, shape)}, plus: -1, minus: 1})
        return places

    for n in (n for n in here.neurons if n.v):
        first = len(at.columns)
        inputs(n, n.sign, 1)
        if n.kinks:  # at a local minimum equal loss needs the neuron's own share of the first-order change to be 0
            extra.append({k: dot(here.residuals, at.columns[k]) for k in range(first, len(at.columns))})
        if here.moved:
            add(n.out)
    for n, sign in zipped(here.idle, mode):
        if sign:
            places = inputs(n, sign, sign)
            at.active.append((add(n.out), places))
            at.signs[at.active[-1][0]] = sign
    at.columns += here.affine
    at.size = len(at.columns)
    at.rows = [[column[t] for column in at.columns] for t in range(m)]
    at.rows += [[row.get(k, 0) for k in range(at.size)] for row in extra]
    at.rows = [primitive(row) for row in at.rows]
    at.paired = {k for pair in at.pairs for k in pair}
    return at


def bounded(at, room, cover):
    """No cone of moves that approach the point has a dimension above ``room``. Rules `split`, `farkas`, `rank`."""

    def step_at(zero, step):
        if step.get("rule") == "split":
            pair = at.pairs[whole(fields(step, "rule pair")[1], range(len(at.pairs)))]
            return [zero | {place} for place in pair]
        rule, still, proofs = fields(step, "rule still zero")
        form(rule == "bound", "an unknown step in a covering")
        still = [at.active[j] for j in many(still, None, whole, range(len(at.active)))]
        known, gone = zero.union(*(places for _, places in still)), set(zero)
        for variable, bounds, equations in many(proofs, None, fields, "variable bounds equations"):
            need(whole(variable) in at.signs, "only a variable with a sign can be shown to vanish")
            bounds = sparse(bounds, at.signs)
            total = combine(sparse(equations, range(len(at.rows)), None), at.rows, at.size)
            for k in at.signs:
                total[k] += at.signs[k] * (bounds.get(k, 0) + (k == variable))
            need(not any(q for k, q in enumerate(total) if k not in known), "a variable need not vanish")
            gone.add(variable)
        if still:
            need(all(k in gone for k, _ in still), "an output weight need not stay 0")
        else:
            need(tree().widest(at, gone) <= room, "the set of equal loss may have a larger dimension")
        return []

    split(cover, frozenset(), step_at)


def flat(p, point, dimension, covers, largest):
    """``dimension`` is the largest local dimension of the set of equal loss at a local minimum."""
    form(p.kind in SMOOTH, "a proof by modes speaks of losses with a derivative")
    p = quadratic(p, look(p, point))
    here = look(p, point)
    size, resting = len(here.T), [n for n in here.neurons if not n.v]
    dead = [
        n for n in resting if not (n.kinks or any(n.out) or any(s and any(q) for s, q in zipped(n.slope, here.rows)))
    ]
    here.idle = [n for n in resting if here.moved and n not in dead]
    base = len(dead) * (size + 1) if here.moved else len(resting) * size
    form(3 ** len(here.idle[:99]) <= MAX_CASES // 100, "too many neurons with output weight 0")
    table = {}
    for mode, cover in many(covers, None, fields, "mode cover"):
        mode = tuple(many(mode, len(here.idle), whole, (-1, 0, 1)))
        need(table.setdefault(mode, cover) is cover, "a mode stands twice")
    for mode in product((-1, 0, 1), repeat=len(here.idle)):
        at, room = moves(p, here, mode), dimension - base - size * mode.count(0)
        if mode in table:
            bounded(at, room, table[mode])
        else:
            need(at.size - 2 * len(at.pairs) <= room, "a mode is left out")
    mode, zero, steps = fields(largest, "mode zero curve")
    at = moves(p, here, mode := many(mode, len(here.idle), whole, (-1, 0, 1)))
    zero = set(many(zero, None, whole))
    need(zero <= at.paired and all(zero & set(pair) for pair in at.pairs), "a kink of the largest cone is open")
    tree().curve(at, zero, many(steps, None, many, at.size, whole))
    need(base + size * mode.count(0) + tree().rank(at, zero) == dimension, "the flat dimension is another one")
