"""Companion of check.py: the claim `strictness`, how large the set of equal loss around a local minimum is."""

from copy import copy
from types import SimpleNamespace

from exactgeo.check import (
    SMOOTH,
    combine,
    companion,
    dot,
    echelon,
    fields,
    form,
    look,
    many,
    meter,
    need,
    primitive,
    rational,
    split,
    stated,
    tangent,
    typed,
    whole,
    zipped,
)

MEANING = {
    "strict": "the only point nearby of its loss",
    "strict_modulo_symmetry": "up to rescalings of neurons the only point nearby of its loss",
    "flat": "not the only point nearby of its loss",
}


def strictness(p, claim):
    tree, loss, kind, dimension, flatness = fields(claim, "point loss strictness flat_dimension flatness")
    point = stated(p, tree, loss)
    before = [proofs for minimum, proofs in p.minima if minimum == point]
    need(before, "no claim before says that the point is a local minimum")
    here = look(p, point)
    if "rule" not in typed(flatness, dict):
        companion("check_modes.py").flat(p, point, whole(dimension), *fields(flatness, "covers largest"))
    else:
        rule, slants, steps, largest = fields(flatness, "rule slants tree largest")
        form(rule == "tree", "an unknown proof of a flat dimension")
        at = every_move(p, here, slants)
        bounded_by(at, faces_of(at, here, next(filter(None, before), None)), whole(dimension), steps)
        reached(at, dimension, largest)
    inside = [n for n in here.neurons if not any(q for k, q in enumerate(n.w) if k not in here.T)]
    orbit = sum(1 for n in inside if (here.moved if n.v else any(n.w)))
    found = "strict" if dimension == 0 else "strict_modulo_symmetry" if dimension == orbit else "flat"
    need(typed(kind, str) == found, "the strictness is another one")
    return f"The local minimum, of loss {loss}, is {MEANING[kind]} ({kind}, flat dimension {dimension})."


def rank(at, zero, rows=()):
    """Rule `rank`: dimension of the solutions with the variables ``zero`` at 0; plus and minus follow from the rest."""
    kept = [k for k in range(at.size) if k not in zero]
    hidden = [k for k in kept if k in at.paired]
    ranks = [len(echelon([[row[k] for k in part] for row in (*at.rows, *rows)])) for part in (hidden, kept)]
    return len(kept) - len(hidden) + ranks[0] - ranks[1]


def widest(at, zero):
    """A bound on the dimension of every cone in which each kink still open takes a side.

    All of them lie in one space; where the open kinks have plus = minus, that is 0 = 0, they are known exactly.
    """
    loose = [pair for pair in at.pairs if not zero & set(pair)]
    tied = [[(k == plus) - (k == minus) for k in range(at.size)] for plus, minus in loose]
    return rank(at, zero) - rank(at, zero, tied) + rank(at, zero.union(*loose))


def curve(at, zero, steps):
    """Rule `curve`: for small eps > 0 sum of eps^e * steps[e] is inside the cone with the variables ``zero`` at 0."""
    order = [next((e for e, step in enumerate(steps) if step[k]), None) for k in range(at.size)]
    lead = {k: at.signs[k] * steps[order[k]][k] if order[k] is not None else 0 for k in at.signs}
    need(not any(dot(row, step) for row in at.rows for step in steps), "the curve leaves the cone")
    need(all(lead[k] == 0 if k in zero else lead[k] > 0 for k in at.signs), "the curve is not inside the cone")
    late = [order[t] is None or order[t] > order[k] for k, places in at.active for t in places]
    need(all(late), "the curve does not approach the point")


PRIME, WIDTH = 2**30 - 35, 10  # bytes a number: 2**20 products of two numbers below the prime fit


def germs(p, here):
    """For each data point the left and the right slope, and whether the loss is affine there."""
    if p.kind not in SMOOTH:
        for q, _, (a, b), (c, d) in companion("check_subgradient.py").germ(p, here):
            yield 2 * a * q + b, 2 * c * q + d, a == 0, c == 0
        return
    _, slopes = tangent(p, here)
    for r, q, (y,) in zipped(slopes, here.residuals, p.y):
        sides = (False, False)
        if p.kind == "huber":
            sides = q <= -p.M or q > p.M, q >= p.M or q < -p.M
        if p.kind == "squared_hinge":
            margin = y * (q + y)
            sides = margin > 1 or (margin == 1 and y < 0), margin > 1 or (margin == 1 and y > 0)
        yield r, r, *sides


def every_move(p, here, slants):
    """All moves at once, as variables; a branch sets some to 0.

    ``pairs``: (plus, minus) of each kink; ``kinks``: their numbers by neuron and row; ``signs`` of the variables that
    have one whatever the units do; ``paired``: what the other variables determine; ``rows``: equations; ``units``: the
    idle neurons; ``free``: dimensions that have no variable.
    """
    at = SimpleNamespace(p=p, pairs=[], kinks={}, signs={}, units=[], free=0, inputs=len(here.T))
    shape, columns, extra = list(germs(p, here)), [], []
    still = {t for t, (low, high, left, right) in enumerate(shape) if left and right and low == high == 0}
    smooth = all(low == high for low, high, _, _ in shape)

    def add(column):
        columns.append(column)
        return len(columns) - 1

    def inputs(i, n, sign):
        weights = [sign * (s or 0) for s in n.slope]
        places = [add([q * row[k] for q, row in zipped(weights, here.rows)]) for k in range(at.inputs)]
        first = len(columns)
        for row, (line, members) in n.kinks.items():
            if not still.issuperset(members):
                pair = tuple(add([sign * p.activate(q * members.get(t, 0)) for t in range(len(p.x))]) for q in (1, -1))
                at.kinks[i, row] = len(at.pairs)
                at.pairs.append(pair)
                extra.append({**dict(zipped(places, line)), pair[0]: -1, pair[1]: 1})
        return places, list(range(first, len(columns)))

    for i, n in enumerate(here.neurons):
        lively = n.kinks or any(n.out) or any(s and any(q) for s, q in zipped(n.slope, here.rows))
        if n.v:
            places, sides = inputs(i, n, n.sign)
            if sides and smooth:  # at a local minimum equal loss needs the neuron's own first-order change to be 0
                extra.append({k: dot([r for r, *_ in shape], columns[k]) for k in (*places, *sides)})
            at.signs |= dict.fromkeys(sides, 1)
            columns.extend([n.out] * here.moved)
        elif here.moved and lively:
            places, sides = inputs(i, n, 1)
            at.units.append(SimpleNamespace(n=n, t=places, sides=sides, k=add(n.out), slanted=None, alike=None))
        else:
            at.free += at.inputs + here.moved
    columns += here.affine
    last = {}
    for j, (unit, u) in enumerate(zipped(at.units, many(slants, len(at.units), many, None, whole))):
        form(len(u) == (0 if unit.sides else at.inputs), "a slant of another length")
        if not unit.sides:
            unit.slanted = add(
                [a + (s or 0) * dot(u, row) for a, s, row in zipped(unit.n.out, unit.n.slope, here.rows)]
            )
        ray = tuple(primitive(unit.n.w)), not unit.sides
        unit.alike, last[ray] = last.get(ray), j
    rows, slack, steep = [], len(columns), {}
    for t, (low, high, left, right) in enumerate(shape):
        if not (left and right and smooth):
            rows.append(dict(enumerate(column[t] for column in columns)))
            for allowed, way, slope in ((right, -1, high), (left, 1, -low)):
                if allowed:
                    rows[-1][slack], steep[slack] = way, slope
                    slack += 1
    if not smooth:  # the first-order change of the loss is 0: it is never less, and may not be more
        extra.append({**steep, slack: 1})
        slack += 1
    at.signs |= dict.fromkeys(range(len(columns), slack), 1)
    at.paired = {k for pair in at.pairs for k in pair} | set(range(len(columns), slack))
    at.size = slack
    at.rows = [primitive([row.get(k, 0) for k in range(slack)]) for row in (*rows, *extra)]
    return at


def faces_of(at, here, proofs):
    """For each part of a covering of phi_i >= 0, v_i != 0: which variables are 0 where phi_i is 0, by its leaves.

    On a leaf phi_i is a sum of terms >= 0: multipliers times forms, and what convex bends leave above their slope.
    ``proofs``: of a claim `local_minimum`, whose slopes are those of `tangent`; None where there is none.
    """

    def alternatives(i, number):
        form(proofs is not None and i in range(len(here.neurons)), "no such neuron, or no coverings")
        n, parts = here.neurons[i], proofs[i]["parts"]
        form(n.v and number in range(len(parts)), "no such part of a covering")
        rows, forms = parts[number]["rows"], {row: shape for row, (shape, _) in n.kinks.items()}
        pairs = {row: at.pairs[at.kinks[i, row]] for row in rows}
        found, known = [], {}

        def face(sides, zero):
            key = frozenset(zero)
            if key not in known:
                base = echelon([forms[row] for row in zero])
                known[key] = {k for row in rows if not any(reduced(forms[row], base)) for k in pairs[row]}
            found.append(frozenset(known[key] | {pairs[row][1 if side > 0 else 0] for row, side in sides.items()}))

        def step_at(sides, step):
            if step["rule"] == "farkas":
                zero = [int(row) for row, q in step["multipliers"].items() if rational(q)]
                flat_sides = dict(sides)
                for row in set(rows) - set(sides):
                    slope, (right, left) = rational(step["slopes"].get(str(row), "0")), at.bends[i][row]
                    if slope in (right, left):
                        flat_sides[row] = 1 if slope == right else -1
                    else:
                        zero.append(row)
                face(flat_sides, zero)
                return []
            row = step["row"]
            return [{**sides, row: side} for side in ((1, -1) if step["rule"] == "split" else (step["sign"],))]

        split(parts[number]["cover"], {}, step_at)
        distinct = list(dict.fromkeys(found))
        return [one for one in distinct if not any(other < one for other in distinct)]

    if proofs is not None:
        _, r = tangent(at.p, here)
        at.bends = [bends_of(at.p, n, r) if n.v else {} for n in here.neurons]
    return alternatives


def bends_of(p, n, r):
    """The slopes of sign(v) phi at the right and the left of each kink."""
    sums = {
        row: [sum(r[t] * p.activate(q * f) for t, f in at.items()) for q in (1, -1)] for row, (_, at) in n.kinks.items()
    }
    return {row: (n.sign * right, -n.sign * left) for row, (right, left) in sums.items()}


def reduced(row, base):
    """What an echelon form leaves of a row."""
    for pivot, other in base.items():
        if row[pivot]:
            row = [other[pivot] * a - row[pivot] * b for a, b in zipped(row, other)]
    return row


def absent(at, states, zero):
    """The variables that are 0 on a branch. A unit left open counts with one column: that of k at a fixed u."""
    gone = set(zero)
    for unit, state in zipped(at.units, states):
        gone.update([] if state else [*unit.t, *unit.sides])
        gone.update([] if unit.slanted is None or state is None else [unit.slanted])
        gone.update([unit.k] if state == 0 or (state is None and unit.slanted is not None) else [])
    return gone


def signs_of(at, states):
    """The variables that have a sign on a branch; a unit with kinks lends them that of its k."""
    signs = dict(at.signs)
    for unit, state in zipped(at.units, states):
        signs |= dict.fromkeys([*unit.sides, unit.k], state) if state and unit.sides else {}
    return signs


def bounded_by(at, faces, dimension, steps):
    """No cone of moves that approach the point is larger. Rules `split` (by units, faces, kinks), `farkas`, `rank`."""
    order = {1: 0, -1: 1, 0: 2}

    def step_at(branch, step):
        states, zero = branch
        rule = step.get("rule")
        if rule == "unit":
            j = whole(fields(step, "rule unit")[1], range(len(at.units)))
            need(states[j] is None, "a unit is decided twice")
            unit, before = at.units[j], at.units[j].alike
            need(before is None or states[before] is not None, "units that may be exchanged are decided in order")
            least = 0 if before is None else order[states[before]]
            allowed = [s for s in ((0, 1, -1) if unit.sides else (0, 1)) if order[s] >= least]
            return [((*states[:j], s, *states[j + 1 :]), zero) for s in allowed]
        if rule == "cover":
            _, i, number = fields(step, "rule neuron part")
            return [(states, zero | face) for face in faces(whole(i), whole(number))]
        if rule == "split":
            pair = at.pairs[whole(fields(step, "rule pair")[1], range(len(at.pairs)))]
            return [(states, zero | {place}) for place in pair]
        form(rule == "bound", "an unknown step in a tree")
        ended(at, states, zero, step, dimension)
        return []

    split(steps, ((None,) * len(at.units), frozenset()), step_at)


def ended(at, states, zero, step, dimension):
    """The end of a branch: what vanishes there, and the dimension that is left; or no move approaches the point."""
    _, still, proofs = fields(step, "rule still zero")
    still, signs = [at.units[j] for j in many(still, None, whole, range(len(at.units)))], signs_of(at, states)
    need(None not in states or not still, "a unit approaches nothing while another one is open")
    need(all(states[at.units.index(unit)] for unit in still), "a unit at rest approaches nothing")
    gone = absent(at, states, zero).union(*(unit.t for unit in still))
    held = {
        k for unit, state in zipped(at.units, states) if state is None for k in (*unit.t, *unit.sides, unit.k)
    } - zero
    for weights, equations in many(proofs, None, fields, "weights equations"):
        weights, equations = integers(weights, range(at.size)), integers(equations, range(len(at.rows)))
        alone = len(weights) == 1 and None not in states
        need(all(q * signs.get(k, 0) > 0 or alone for k, q in weights.items()), "terms of both signs may cancel")
        total = combine(equations, at.rows, at.size)
        # A unit left open counts with one column, and yet it may be active with all its variables.
        rest = [k for k in range(at.size) if total[k] != weights.get(k, 0) and k not in gone - held]
        need(not rest and all(weights.values()), "a variable need not vanish")
        gone |= set(weights)
    if still:
        need(all(unit.k in gone for unit in still), "an output weight need not stay 0")
    else:
        free = at.free + at.inputs * sum(not state for state in states)
        need(
            free + at_most(at, frozenset(gone), dimension - free) <= dimension,
            "the set of equal loss may have a larger dimension",
        )


def integers(value, allowed):
    names = {str(index): index for index in allowed}
    form(names.keys() >= typed(value, dict).keys(), "a weight on something that is not there")
    return {names[key]: whole(q) for key, q in value.items()}


def at_most(at, zero, enough):
    """A bound on the dimension, as low as is ``enough`` if it can be.

    It is `widest`; where no kink is open a rank modulo a prime will do, which is never too large.
    """
    if any(not zero & set(pair) for pair in at.pairs):
        return widest(at, zero)
    kept = [k for k in range(at.size) if k not in zero]
    hidden = [k for k in kept if k in at.paired]
    under = len(echelon([[row[k] for k in hidden] for row in at.rows])) if hidden else 0
    return (
        len(kept)
        - len(hidden)
        + under
        - modular([[row[k] for k in kept] for row in at.rows], len(kept) - len(hidden) + under - enough)
    )


def modular(rows, most):
    """The rank modulo a prime: at most the rank. It is ``most`` at most, and not looked for beyond.

    A row is one integer, its entries so far apart that nothing is reduced before it is needed: an entry is below
    PRIME at first, and each earlier row adds less than PRIME squared.
    """

    def packed(entries):
        return int.from_bytes(b"".join([(q % PRIME).to_bytes(WIDTH, "little") for q in entries]), "little")

    found, mask = {}, 2 ** (8 * WIDTH) - 1
    for row in rows:
        if len(found) == most:
            break
        meter.spend(len(row) * (6 + len(found) // 32) + 6 * len(found))
        rest = packed(row)
        for k in range(len(row)):
            if q := (rest & mask) % PRIME:
                if k not in found:
                    left = rest.to_bytes(WIDTH * (len(row) - k), "little")
                    entries = [int.from_bytes(left[i : i + WIDTH], "little") for i in range(0, len(left), WIDTH)]
                    inverse = pow(q, -1, PRIME)
                    found[k] = packed([e * inverse for e in entries])
                    break
                rest += (PRIME - q) * found[k]
            rest >>= 8 * WIDTH
    return len(found)


def reached(at, dimension, largest):
    """A cone of moves that approach the point has the dimension. Rules `curve`, `rank`."""
    states, zero, steps, basis = fields(largest, "states zero curve basis")
    states, zero = tuple(many(states, len(at.units), whole, (-1, 0, 1))), set(many(zero, None, whole, range(at.size)))
    need(absent(at, states, ()) <= zero, "a variable that is not there")
    need(all(zero & set(pair) for pair in at.pairs), "a kink of the largest cone is open")
    need(all(s >= 0 for unit, s in zipped(at.units, states) if not unit.sides), "a sign of a unit that has none")
    steps = many(steps, None, many, at.size, whole)
    inner = copy(at)
    inner.signs = signs_of(at, states) | dict.fromkeys(zero, 1)
    inner.active = [(unit.k, unit.t) for unit, s in zipped(at.units, states) if s]
    need(all(any(step[k] for step in steps) for k, _ in inner.active), "an active unit whose output weight stays 0")
    curve(inner, zero, steps)
    free = at.free + at.inputs * states.count(0)
    if basis is None:
        need(free + rank(at, zero) == dimension, "the flat dimension is another one")
        return
    basis = many(basis, None, integers, range(at.size))
    need(not any(zero & set(vector) for vector in basis), "a vector of the basis leaves the cone's space")
    for row in at.rows:
        need(not any(sum(row[k] * q for k, q in vector.items()) for vector in basis), "a vector solves no equations")
    # In the variables that the others determine nothing is counted.
    seen = [k for k in range(at.size) if k not in at.paired]
    spanned = modular([[vector.get(k, 0) for k in seen] for vector in basis], len(basis))
    need(free + spanned == dimension, "the flat dimension is another one")
