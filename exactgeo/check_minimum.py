"""Companion of check.py: the claim `lower_bound`, a branch and bound over the sides of the data."""

from exactgeo.check import (
    bits,
    dot,
    dual,
    fields,
    form,
    generators,
    look,
    many,
    meter,
    need,
    primitive,
    rational,
    stated,
    vector,
    whole,
    zipped,
)


class Columns:
    """What a neuron adds along the rays of its arrangement, and which rays lie on which sides of the data."""

    def __init__(self, p, here, duals):
        if not p.kinked:
            rays = [[b * z for z in column] for column in zipped(*here.seen) for b in (1, -1)]
        else:
            rays = generators(here.seen)
        meter.spend(8 * len(rays) * len(p.x))
        self.every, self.duals = (1 << len(rays)) - 1, [primitive(r) for r in duals]
        # The rays that are not beyond a data point, on either side of it; without a kink no side matters.
        self.halves = [[bits(s * z >= 0 or not p.kinked for z in row) for s in (1, -1)] for row in zipped(*rays)]
        slopes = primitive(p.slopes)
        self.outputs = [primitive([z * slopes[z <= 0] for z in ray]) for ray in rays]
        self.allowed = [{1: 0, -1: 0} for _ in duals]  # the rays that each dual is known to allow

    def children(self, groups, index, t):
        """The children of a node: k = 0, 1, ... neurons of a group on the positive side of data point t."""
        sign, rays, number = groups[index]
        above, below = (rays & half for half in self.halves[t])
        for k in range(number + 1):
            parts = [part for part in ((sign, above, k), (sign, below, number - k)) if part[2]]
            yield [*groups[:index], *parts, *groups[index + 1 :]]

    def close(self, groups, k):
        """A leaf: <r, b a(z)> >= 0 on all rays that are left to a neuron of output sign b."""
        r, known = self.duals[k], self.allowed[k]
        for sign, rays, _ in groups:
            rays &= ~known[sign]
            known[sign] |= rays
            meter.spend(len(r) * rays.bit_count() // 2)
            while rays:
                low = rays & -rays
                need(sign * dot(r, self.outputs[low.bit_length() - 1]) >= 0, "a node's dual vector does not allow it")
                rays ^= low


def lower_bound(p, claim):
    """No parameters have a loss below the bound: each is in a leaf, on whose cone a dual vector bounds the loss.

    The w with given sides of some data points are a union of closed regions, so their outputs are combinations of those
    of the rays on these sides; and neurons of which the same is decided may be put in order.
    """
    tree, loss, bound, duals, steps = fields(claim, "point loss bound duals tree")
    here, low = look(p, stated(p, tree, loss)), rational(bound)
    duals = many(duals, None, vector, len(p.x))
    need(all(dual(p, r, here, here.affine) >= low for r in duals), "a dual vector gives too low a bound")
    need(low <= rational(loss), "the bound is above the loss of the point")
    columns, signs = Columns(p, here, duals), [n.sign for n in here.neurons]
    every, (up, down) = len(signs), (signs.count(1), signs.count(-1))
    roots = [(k, every - k) for k in range(every + 1)] if here.moved else [(up, down)]
    pending = [[(s, columns.every, k) for s, k in zipped((1, -1), root) if k] for root in reversed(roots)]
    for step in many(steps, None, whole):
        need(pending, "the tree has nodes behind its end")
        groups = pending.pop()
        meter.spend(8 + 8 * len(groups))
        if step >= 0:
            form(step < len(duals), "a dual vector that is not there")
            columns.close(groups, step)
        else:
            group, t = divmod(-1 - step, len(p.x))
            form(group < len(groups), "a group that is not there")
            children = list(columns.children(groups, group, t))
            meter.spend(16 * len(children) * (1 + len(groups)))
            pending += reversed(children)
    need(not pending, "the tree leaves something out")
    text = f"No parameters have a loss below {bound}"
    return text + (
        ", that of the point: it is a global minimum." if low == rational(loss) else f"; the point has {loss}."
    )
