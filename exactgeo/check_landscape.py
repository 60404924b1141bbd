"""Companion of check.py: `landscape` and `barrier`, about all basins and the walls between them; and `regions`."""

from collections import Counter
from fractions import Fraction
from itertools import islice, product
from math import prod

from exactgeo.check import (
    LOSSES,
    MAX_CASES,
    Patterns,
    combine,
    complete,
    digest,
    dot,
    dual,
    fields,
    fits,
    form,
    line,
    look,
    many,
    meter,
    need,
    primitive,
    rational,
    sides,
    signs,
    stated,
    typed,
    vector,
    whole,
    zipped,
)


class Graph:
    """Basins, as tuples of indices into ``patterns``, one a neuron that is not frozen at output weight 0.

    {L < level} in a basin is connected, and basins that meet below the level are joined through walls that are: that
    of two regions on either side of a hyperplane, and, where output weights are trained, that of a neuron without
    influence. ``full``: the copies of a basin under permutations of neurons with equal output weights differ.
    """

    def __init__(self, p, here, duals, regions, full):
        need(not p.layers or len(here.T) == len(here.seen[0]), "input weights are frozen")
        duals = sorted([(dual(p, r, here, here.affine), r) for r in many(duals, None, vector, len(p.x))])[::-1]
        patterns = Patterns(p, here, [r for _, r in duals], regions)
        self.p, self.here, self.bounds, self.every = p, here, [bound for bound, _ in duals], patterns.every
        self.sides = patterns.sides
        self.patterns = [(b, cell) for b in patterns.signs for cell in patterns.regions]
        self.masks = [patterns.allowed(b, cell) for b, cell in self.patterns]
        keys = {i: i if full else here.moved or n.v for i, n in enumerate(here.neurons) if here.moved or n.v}
        self.neurons = sorted(keys, key=keys.get)
        self.keys = [keys[i] for i in self.neurons]
        planes, index = {}, {pattern: k for k, pattern in enumerate(self.patterns)}
        for t, row in enumerate(here.seen):
            if p.kinked and any(row):
                planes.setdefault(line(row), set()).add(t)
        self.next = []
        for b, cell in self.patterns:
            flipped = [
                "".join("+-"[s == "+"] if t in plane else s for t, s in enumerate(cell)) for plane in planes.values()
            ]
            walls = [(index[b, other], patterns.allowed(b, cell, other)) for other in flipped if (b, other) in index]
            self.next.append(walls + ([(index[-b, cell], patterns.every)] if here.moved else []))

    def bound(self, mask):
        """The best bound of a set of duals; no loss is below 0."""
        return self.bounds[(mask & -mask).bit_length() - 1] if mask else Fraction(-1)

    def mask(self, chosen):
        found = self.every
        for k in chosen:
            found &= self.masks[k]
        return found

    def basin(self, chosen):
        """The name of a basin: modulo permutation they are in order."""
        return tuple(k for _, k in sorted(zipped(self.keys, chosen)))

    def basins(self):
        groups = [[k for k, (b, _) in enumerate(self.patterns) if self.here.moved or b == self.here.neurons[i].sign]
                  for i in self.neurons]  # fmt: skip
        found = [()]
        for i, group in enumerate(groups):
            tied = i and self.keys[i] == self.keys[i - 1]
            more = ((*chosen, k) for chosen in found for k in group if not tied or chosen[-1] <= k)
            found = list(islice(more, MAX_CASES + 1))
            form(len(found) <= MAX_CASES, "too many basins")
        meter.spend(8 * len(found) * len(self.neurons))
        return found

    def holding(self, point):
        """The basins that contain a point."""
        near = look(self.p, point).neurons
        where = [sides(signs(n.z)) for n in near]
        options = [[k for k, (b, c) in enumerate(self.patterns) if b * near[i].v >= 0 and fits(where[i], self.sides[c])]
                   for i in self.neurons]  # fmt: skip
        form(prod(map(len, options)) <= MAX_CASES, "too many basins")
        return {self.basin(chosen) for chosen in product(*options)}

    def walls(self, basin):
        """The basins beyond, the duals that the wall to each allows, and the patterns on it: the others, then both."""
        for i, k in enumerate(basin):
            meter.spend(16 * len(basin) * (1 + len(self.next[k])))
            others = (*basin[:i], *basin[i + 1 :])
            mask = self.mask(others)
            for other, allowed in self.next[k]:
                yield self.basin((*basin[:i], other, *basin[i + 1 :])), mask & allowed, (others, (k, other))


def barrier(p, claim):
    tree, loss, other, other_loss, level, floor, full, duals, regions = fields(
        claim, "point loss other other_loss level floor full duals regions"
    )
    point, goal, high, low = stated(p, tree, loss), stated(p, other, other_loss), rational(level), rational(floor)
    need(p.frozen(point) == p.frozen(goal), "the other point has other frozen parameters")
    need(rational(loss) < high, "the level is not above the point")
    graph = Graph(p, look(p, point), duals, regions, typed(full, bool))
    pending = list(reached := graph.holding(point))
    while pending:
        basin = pending.pop()
        need(graph.bound(graph.mask(basin)) >= low, "the loss may go below the floor")
        beyond = {there for there, mask, _ in graph.walls(basin) if graph.bound(mask) < high} - reached
        pending += beyond
        reached |= beyond
        form(len(reached) <= MAX_CASES, "too many basins")
    need(not reached & graph.holding(goal), "the points may be joined below the level")
    ends = f"Every path from the point, of loss {loss}, to the other, of loss {other_loss}"
    text = f"{ends}, reaches {level}; before it does, the loss is at least {floor}"
    return text + (": the point is in a bad valley." if rational(other_loss) < low else ".")


def landscape(p, claim):
    """Basins have the best bound of their duals as their minimum if a solution attains it; walls likewise."""
    tree, loss, full, duals, regions, solutions, values, valleys, wide = fields(
        claim, "point loss full duals regions solutions values valleys infinite_width"
    )
    here = look(p, stated(p, tree, loss))
    graph, attained, places = Graph(p, here, duals, regions, typed(full, bool)), {}, {}
    for terms, affine in many(solutions, None, fields, "terms affine"):
        every = len(graph.patterns) + len(here.seen) * (2 + len(here.seen[0]))
        meter.spend(8 * (1 + len(typed(terms, list))) * every)
        predictions = combine(dict(enumerate(vector(affine, len(here.affine)))), here.affine, len(p.x))
        predictions = [a + b for a, b in zipped(predictions, here.offset)]
        fitting = []
        for sign, w in many(terms, None, fields, "sign weights"):
            z = [dot(w, row) for w in [vector(w, len(here.seen[0]))] for row in here.seen]
            predictions = [q + whole(sign, (1, -1)) * p.activate(a) for q, a in zipped(predictions, z)]
            if (ray := (sign, primitive(z))) not in places:
                where = sides(signs(z))
                places[ray] = {
                    k for k, (b, cell) in enumerate(graph.patterns) if b == sign and fits(where, graph.sides[cell])
                }
            fitting.append(places[ray])
        value = sum(LOSSES[p.kind][0](q, y, p.M) for q, (y,) in zipped(predictions, p.y))
        attained.setdefault(p.weight * value, []).append(fitting)

    def reaches(level, others, pair=()):
        return any(
            all(not fit.isdisjoint(others) or (pair and fit.issuperset(pair)) for fit in fitting)
            for fitting in attained.get(level, ())
        )

    lows = {basin: graph.bound(graph.mask(basin)) for basin in graph.basins()}
    need(all(reaches(low, basin) for basin, low in lows.items()), "a basin may have a higher minimum")
    listed = [(rational(q), whole(n)) for q, n in many(values, None, fields, "value basins")]
    need(listed == sorted(Counter(lows.values()).items()), "the values are other ones")
    among = "" if full else " modulo permutation"
    text = f"The {len(lows)} basins{among} have the minima " + shown([f"{q} ({n})" for q, n in listed])
    if valleys is not None:
        read = many(valleys, None, fields, "value escapes_at number")
        levels = [(rational(q), None if e is None else rational(e), whole(n)) for q, e, n in read]
        need(levels == merged(graph, lows, reaches), "the valleys are other ones")
        ways = [f"{q} ({n}, " + (f"escape at {e})" if e else "without escape)") for q, e, n in levels]
        text += f"; the valleys{among} are " + shown(ways)
    if wide is not None:
        every = range(len(graph.patterns))
        level = graph.bound(graph.mask(every))
        known = here.moved and reaches(level, every) and level == rational(wide)
        need(known, "the least loss of all widths is another one")
        text += f"; no width has a loss below {wide}, and some width has it"
    return text + "."


def shown(items):
    if len(items) > 12:
        return f"the {len(items)} listed, from {items[0]} to {items[-1]}"
    return ", ".join(items)


def merged(graph, lows, reaches):
    """Value, level at which its component holds something lower, and number of the valleys: Kruskal's algorithm.

    At each level the walls of that bound join no more than the walls that a solution reaches: so both are the truth.
    """
    births, walls, root, part, found = {}, {}, {}, {}, Counter()
    for basin, low in lows.items():
        births.setdefault(low, []).append(basin)
        for there, mask, chosen in graph.walls(basin):
            if basin < there:
                walls.setdefault(graph.bound(mask), []).append((basin, there, chosen))

    def find(basin):
        while root[basin] != basin:
            root[basin] = basin = root[root[basin]]
        return basin

    for level in sorted({*births, *walls}):
        born, open_walls = births.get(level, []), walls.get(level, [])
        root |= {basin: basin for basin in born}
        part |= dict.fromkeys(born, (level, 0))  # least value, and number of valleys that have it
        for one, other, chosen in open_walls:
            low, high = sorted([find(one), find(other)], key=part.get)
            if low != high and reaches(level, *chosen):
                root[high], tie = low, part[low][0] == part[high][0]
                part[low] = (part[low][0], part[low][1] + part[high][1] * tie)
                found[part[high][0], level] += part[high][1] * (not tie)
        need(all(find(one) == find(other) for one, other, _ in open_walls), "a wall may be higher than its bound")
        for basin in map(find, born):
            part[basin] = max(part[basin], (level, 1)) if part[basin][0] == level else part[basin]
    for basin in {find(basin) for basin in lows}:
        found[part[basin][0], None] += part[basin][1]
    return sorted([(*key, n) for key, n in found.items() if n], key=lambda valley: (valley[0], valley[1] or 0))


def arrangement(subject):
    """Normals and offsets, and what there is to say of them."""
    normals, offsets = fields(subject, "normals offsets")
    form(many(normals, None, typed, list) and normals[0], "there is no hyperplane")
    found = many(normals, None, vector, len(normals[0])), offsets and vector(offsets, len(normals))
    lines = [f"{len(normals)} hyperplanes <normal, w> = offset in dimension {len(normals[0])}"]
    return found, [*lines, f"data (normals, offsets as canonical JSON): sha256 {digest(subject)}"]


def regions(arrangement, claim):
    [listed] = fields(claim, "regions")
    normals, offsets = arrangement
    rows = normals if offsets is None else [[*row, -q] for row, q in zipped(normals, offsets)]
    rows = [primitive(row) for row in rows]
    complete(rows, listed, [] if offsets is None else [(*[0] * len(normals[0]), 1)])
    return f"The arrangement has exactly {len(listed)} regions, those of the list."
