"""Local regions: how the regions with lowest vertex v_X lie around it.

Write Low(X) for the regions of A_X in F^k on which y_k - y_k(v_X) is positive. Cut by a parallel to F^(k-1) they become
the bounded regions of an affine arrangement, whose vertices are the flats Y covered by X (codimension k - 1). A bounded
region has a lowest and a highest vertex, an unbounded one has not both. So Low(X) is the intersection of
{s_Y o Low(Y)} and {s_Y o -Low(Y)}, both over all Y, where s_Y are the signs of A_X along the line Y: those at v_Y,
reversed, times the side of v_X. Where X lies on k hyperplanes only, Low(X) has one element and the s_Y spell it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from exactgeo.arrangement.bits import Ints, Words, common, members
from exactgeo.arrangement.enumerators.flag import BATCH, ENTRIES, Level
from exactgeo.arrangement.enumerators.flats import FlatsByJoins, piece_by_piece

__all__ = ["Local", "LocalRegions", "flip", "one_after_another"]

_CUT = 1 << 12
"""Flats whose local regions are found at a time."""


@dataclass(frozen=True)
class Local:
    """Low(X) of the flats of one level, one after the other."""

    starts: Ints  # (N + 1,)
    words: Words  # (L, W)

    def owners(self, elements: Ints) -> Ints:
        """The flats X of some elements."""
        return np.asarray(np.searchsorted(self.starts, elements, side="right") - 1, dtype=np.int64)


def flip(level: Level, owner: Ints, words: Words) -> None:
    """From Low(X) to the local regions on which |y_k| grows away from v_X, or back, in place: opposite where v_X lies
    below F^(k-1)."""
    down = ~level.above[owner]
    words[down] ^= level.zero[owner[down]]


def one_after_another(parts: Sequence[Local]) -> Local:
    """Those of neighbours."""
    sizes = np.cumsum([0, *(len(local.words) for local in parts)])
    starts = [local.starts[:-1] + start for local, start in zip(parts, sizes, strict=False)]
    return Local(np.concatenate([*starts, sizes[-1:]]), np.concatenate([local.words for local in parts]))


class LocalRegions:
    """The local regions of the levels that are kept.

    Attributes
    ----------
    kept : list of Local
        By codimension.
    """

    def __init__(self, flats: FlatsByJoins, executor: Executor | None = None) -> None:
        self._flats = flats
        self._width = flats.flag.width
        self.kept = [Local(np.array([0, 1]), np.zeros((1, self._width), dtype=np.uint64))]
        bare = [level.without_minors() for level in flats.levels]
        for order in range(1, len(bare)):
            # Of what is kept the last is read.
            alone = object.__new__(LocalRegions)
            alone._flats, alone._width = flats.sent(bare[: order + 1], flats.joins), self._width
            alone.kept = self.kept[-1:] * order
            cuts = range(0, len(bare[order].zero), _CUT)
            self.kept.append(one_after_another(list(piece_by_piece(executor, LocalRegions.of_some, alone, cuts))))

    def of_some(self, low: int) -> Local:
        """Those of some neighbours on the last level."""
        return self.of(self._flats.levels[-1].part(low, low + _CUT))

    def covers(self, level: Level) -> tuple[Ints, Ints, Words]:
        """The flats Y that some flats X of one codimension cover: X, Y and the hyperplanes of X not through Y that are
        negative at v_Y, sorted by X."""
        order = level.basis.shape[1]
        above = self._flats.levels[order - 1]
        simple = np.bitwise_count(level.zero).sum(axis=1) == order
        few, many = np.flatnonzero(simple), np.flatnonzero(~simple)
        xs, ys = [np.repeat(few, order)], [level.remove[few].reshape(-1)]
        step = max(1, ENTRIES // (self._flats.flag.count * 4**order))
        for start in range(0, len(many), step):
            x, y = self._descend(level, many[start : start + step])
            xs.append(x)
            ys.append(y)
        x, y = np.concatenate(xs), np.concatenate(ys)
        if len(few) and len(many):
            by_x = np.argsort(x, kind="stable")
            x, y = x[by_x], y[by_x]
        return x, y, level.zero[x] & ~above.zero[y] & ~above.positive[y]

    def _descend(self, level: Level, some: Ints) -> tuple[Ints, Ints]:
        """All Y covered by some X, each along its first basis."""
        levels, joins, before = self._flats.levels, self._flats.joins, self._flats.flag.before
        x, z = some, np.zeros(len(some), dtype=np.int64)
        for order in range(1, level.basis.shape[1]):
            above, reached = levels[order - 1], levels[order]
            known = above.zero[z]
            if order > 1:
                known |= before[above.basis[z, -1]]
            row, h = members(level.zero[x] & ~known)
            child = joins[order][z[row], h]
            # Only where z v h is first reached.
            once = (reached.parent[child] == z[row]) & (reached.basis[child, -1] == h)
            x, z = x[row[once]], child[once]
        return x, z

    def of(self, level: Level) -> Local:
        """Those of all flats of a level, or of a part of the last one."""
        x, y, sign = self.covers(level)
        count = len(level.zero)
        bounds = np.searchsorted(x, np.arange(count + 1))
        # Some flats at a time, so that their candidates stay few.
        sizes = np.diff(self.kept[level.basis.shape[1] - 1].starts)[y]
        weight = np.concatenate([[0], np.cumsum(sizes)])[bounds]
        begin = 0
        parts: list[tuple[Ints, Words]] = []
        while begin < count:
            end = int(np.searchsorted(weight, weight[begin] + 32 * BATCH, side="right")) - 1
            end = min(count, max(end, begin + 1))
            part = slice(bounds[begin], bounds[end])
            parts.append(self._low(level, x[part], y[part], sign[part], sizes[part]))
            begin = end
        owner = np.concatenate([p for p, _ in parts]) if parts else np.zeros(0, dtype=np.int64)
        words = np.concatenate([w for _, w in parts]) if parts else np.zeros((0, self._width), dtype=np.uint64)
        flip(level, owner, words)
        return Local(np.searchsorted(owner, np.arange(count + 1)), words)

    def _low(self, level: Level, x: Ints, y: Ints, sign: Words, sizes: Ints) -> tuple[Ints, Words]:
        """The local regions that grow away from v_X, with their X, for some flats X."""
        order = level.basis.shape[1]
        above, low = self._flats.levels[order - 1], self.kept[order - 1]
        starts = np.flatnonzero(np.diff(x, prepend=-1))
        lengths = np.diff(np.append(starts, len(x)))
        # A flat on as many hyperplanes as its codimension covers as many flats, each of its kind.
        simple = lengths == order
        simple &= np.bitwise_count(level.zero[x[starts]]).sum(axis=1) == order
        plain = np.bitwise_or.reduceat(sign, starts, axis=0)[simple] if len(starts) else sign
        rest = np.flatnonzero(~np.repeat(simple, lengths))
        if not len(rest):
            return x[starts], plain
        pair = np.repeat(rest, sizes[rest])
        offset = np.cumsum(sizes[rest]) - sizes[rest]
        element = np.arange(len(pair)) + np.repeat(low.starts[y[rest]] - offset, sizes[rest])
        local = low.words[element]
        lowest = sign[pair] | local
        highest = sign[pair] | (above.zero[y[pair]] ^ local)
        owner = x[pair]
        both = common(owner, lowest, highest)
        owners = np.concatenate([x[starts][simple], owner[both]])
        words = np.concatenate([plain, lowest[both]])
        by_owner = np.argsort(owners, kind="stable")
        return owners[by_owner], words[by_owner]
