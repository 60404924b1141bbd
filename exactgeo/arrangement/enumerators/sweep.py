"""The regions of an arrangement by a sweep along a flag, vectorised over its flats; no linear program, no search.

Take an essential affine arrangement in dimension n and a flag of affine subspaces F^0 < F^1 < ... < F^n, F^k of
dimension k, in general position to it; let y_k vanish on F^(k-1). A region that meets F^k but not F^(k-1) lies on one
side of F^(k-1) and has there a unique point nearest to it in the sense of y_k: a vertex v_X, where a flat X of
codimension k meets F^k. So the regions are counted by pairs (X, rho), rho a region of the local arrangement A_X in F^k
on which |y_k| grows away from v_X, each exactly once; the region is the composition of the signs at v_X with rho.
There are |mu(X)| of them [1]_, |chi(-1)| in all.

*Local regions.* Write Low(X) for the regions of A_X in F^k on which y_k - y_k(v_X) is positive. Cut by a parallel to
F^(k-1) they become the bounded regions of an affine arrangement, whose vertices are the flats Y covered by X
(codimension k - 1). A bounded region has a lowest and a highest vertex, an unbounded one has not both. So Low(X) is
the intersection of {s_Y o Low(Y)} and {s_Y o -Low(Y)}, both over all Y, where s_Y are the signs of A_X along the line
Y: those at v_Y, reversed, times the side of v_X. Where X lies on k hyperplanes only, Low(X) has one element and the s_Y
spell it out.

*Flats.* A flat is reached once, from the flat of its lexicographically first basis without the last element; the
zeros at v_X tell whether that was it. The other flats Y below X follow by index arithmetic: with Y = W v b, b the last
of Y's first basis, and h < b, the join Y v h is (W v h) v b, and the last element of the first basis of W v h is
below b.

In general position all this is subset arithmetic (:class:`_Level` ``remove``). A central arrangement is swept in the
affine space where one hyperplane is 1; the other regions are the negatives.

References
----------
.. [1] C. Greene, T. Zaslavsky, On the interpretation of Whitney numbers through arrangements of hyperplanes, zonotopes,
   non-Radon partitions, and orientations of graphs, Trans. AMS 280 (1983), 97-126.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import comb

import flint
import numpy as np

from exactgeo.arrangement.bits import Bools, Floats, Ints, Words, common, lowest, members, pack
from exactgeo.arrangement.enumerators._filter_minors import Minors, NotGeneric, proved_exact
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import nullspace

__all__ = ["Sweep"]

_RANGES = (1000, 300, 100, 60, 40, 30, 22, 16, 12, 9, 6, 4)
_FAVOUR = (16, 16, 4, 1)
_WIDE = 1 << 20
_CHUNK = 1 << 13
_CELLS = 1 << 22
_LAST = 2
_ATTEMPTS = 40
_PARALLEL = -2
_INSIDE = -1


_Piece = tuple[int, int, int, int]


@dataclass(frozen=True)
class _Level:
    """The flats X of one codimension k that meet the flag, ordered by the last element of their first basis."""

    basis: Ints  # (N, k), the lexicographically first basis
    zero: Words  # (N, W), the hyperplanes through X
    positive: Words  # (N, W), those positive at v_X
    above: Bools  # (N,), y_k(v_X) > 0
    minors: Floats  # (sets, N)
    remove: Ints | None  # (N, k): index, one level down, of the flat of the basis without its j-th element
    join: Ints | None  # (N below, planes): index of Y v h here, or _INSIDE (h contains Y), _PARALLEL
    parent: Ints  # (N,)


@dataclass(frozen=True)
class _Local:
    """Low(X) of the flats of one level, one after the other."""

    starts: Ints  # (N + 1,)
    words: Words  # (L, W)


class Sweep:
    """Regions of distinct hyperplanes as words, one bit a hyperplane.

    Parameters
    ----------
    planes : q integer vectors, no two proportional, of full rank
        Central: length d. Affine: length d + 1, constant last, ``<a, x> + c``.
    central : bool
    uniform : bool
        Every d of the hyperplanes (for affine ones: of these and the one at infinity, d + 1) are independent.
        Must have been verified.

    Attributes
    ----------
    chunks : int
        Number of independent pieces; :meth:`chunk` gives each one.
    """

    def __init__(self, planes: Sequence[Sequence[int]], *, central: bool, uniform: bool) -> None:
        self.planes = [tuple(plane) for plane in planes]
        self.central = central
        self.uniform = uniform
        self.first = int(central)
        self.dimension = len(self.planes[0]) - 1
        count = len(self.planes)
        self.width = max(1, -(-count // 64))
        self.bits = pack(np.eye(count, dtype=np.bool_))
        self.full = np.bitwise_or.reduce(self.bits, axis=0)
        self.block = max(256, min(_CHUNK, _CELLS // count))
        self.before = np.concatenate([np.zeros((1, self.width), dtype=np.uint64), np.bitwise_or.accumulate(self.bits)])
        for attempt in range(_ATTEMPTS):
            try:
                self._prepare(random.Random(attempt), attempt)
            except NotGeneric:
                continue
            break
        else:
            raise InternalError("no flag in general position was found")

    # The flag

    def _prepare(self, rng: random.Random, attempt: int) -> None:
        self.minors = self._draw(rng, attempt)
        rows = self.minors.rows[:, 0]
        base = np.array([[row[0] > 0 for row in self.minors.table]])
        if any(row[0] == 0 for row in self.minors.table):
            raise NotGeneric
        self.levels = [
            _Level(
                basis=np.zeros((1, 0), dtype=np.int64),
                zero=np.zeros((1, self.width), dtype=np.uint64),
                positive=pack(base.reshape(1, len(rows))),
                above=np.ones(1, dtype=np.bool_),
                minors=self.minors.start(),
                remove=np.zeros((1, 0), dtype=np.int64),
                join=None,
                parent=np.zeros(1, dtype=np.int64),
            )
        ]
        self.locals: list[_Local] = []
        if not self.uniform:
            self.locals.append(_Local(np.array([0, 1]), np.zeros((1, self.width), dtype=np.uint64)))
        for order in range(1, self.dimension):
            if self.uniform:
                total = comb(len(self.planes) - self.first, order)
                starts = range(0, total, self.block)
                subsets = (self._subsets(order, np.arange(low, min(total, low + self.block))) for low in starts)
                self.levels.append(_joined((self._children(order, *subset)[0] for subset in subsets), total))
            else:
                self.levels.append(self._with_joins(order))
                self.locals.append(self._low(self.levels[order]))
        self._plan()

    def _draw(self, rng: random.Random, attempt: int) -> Minors:
        """Hyperplanes in the coordinates of a random flag, small enough for exact float64 arithmetic if possible."""
        count, size = len(self.planes[0]), self.dimension
        if self.central:
            kernel = nullspace([self.planes[0]], count)
            frame = [list(map(int, row)) for row in flint.fmpz_mat(kernel).lll().tolist()] if kernel else []
        else:
            frame = [[int(i == j) for j in range(count)] for i in range(size)]
        # Without special position there are no zeros to prove, so nothing is lost by rounding.
        candidates = (_WIDE,) if self.uniform else (*_RANGES[min(attempt // 4, 3) :], _WIDE)
        for reach in candidates:
            # The first points and lines have the most to miss: their numbers may be larger.
            reaches = [reach * _FAVOUR[min(k, len(_FAVOUR) - 1)] for k in range(size + 1)]
            base = [rng.randint(-reaches[0], reaches[0]) for _ in range(count)]
            if self.central:
                height = sum(a * b for a, b in zip(self.planes[0], base, strict=True))
                base = [-q for q in base] if height < 0 else base
            else:
                base[-1] = 1
            steps = []
            for width in reaches[1:]:
                weights = [rng.randint(-width, width) for _ in frame]
                steps.append([sum(w * row[j] for w, row in zip(weights, frame, strict=True)) for j in range(count)])
            flag = [base, *steps]
            self.flag = flag
            table = [[sum(a * b for a, b in zip(plane, v, strict=True)) for v in flag] for plane in self.planes]
            if reach == _WIDE or proved_exact(table):
                return Minors(table)
        raise InternalError("no flag was drawn")

    # From one codimension to the next

    def _free(self, order: int, low: int, high: int) -> tuple[Ints, Ints]:
        """Flats of codimension order - 1 with each of some hyperplanes that lies later than their first bases and does
        not contain them; sorted by hyperplane."""
        above = self.levels[order - 1]
        rows = np.arange(low, high)
        free = (above.zero[:, rows // 64] & self.bits[rows, rows // 64]) == 0
        if order > 1:
            free &= above.basis[:, -1:] < rows
        place = np.flatnonzero(free.T)
        return place % len(free), low + place // len(free)

    def _candidates(self, order: int, step: int) -> list[_Piece]:
        """Pairs of a flat of codimension order - 1 and a later hyperplane not through it, some ``step`` at a time."""
        pieces: list[_Piece] = []
        count = len(self.planes)
        wide = max(1, step // len(self.levels[order - 1].zero))
        for low in range(self.first, count, wide):
            high = min(count, low + wide)
            total = len(self._free(order, low, high)[0])
            pieces += [(low, high, start, start + step) for start in range(0, total, step)]
        return pieces

    def _pairs(self, order: int, piece: _Piece) -> tuple[Ints, Ints]:
        low, high, start, stop = piece
        flats, rows = self._free(order, low, high)
        return flats[start:stop], rows[start:stop]

    def _subsets(self, order: int, index: Ints) -> tuple[Ints, Ints]:
        """Subsets by number in colexicographic order, as (number of the subset without its maximum, maximum)."""
        count = len(self.planes) - self.first
        starts = np.array([comb(h, order) for h in range(count + 1)])
        rows = np.searchsorted(starts, index, side="right") - 1
        return index - starts[rows], rows + self.first

    def _children(self, order: int, parent: Ints, rows: Ints) -> tuple[_Level, Ints, Ints]:
        """New flats among the candidates; for the others (row, earlier hyperplane or a mark) to find them by."""
        above = self.levels[order - 1]
        minors = self.minors.extend(order, above.minors[:, parent], rows)
        basis = np.concatenate([above.basis[parent], rows[:, None]], axis=1)
        known = above.zero[parent] | self.bits[rows]
        kept, positive, zero, side = self.minors.at_vertices(order, minors, basis, known)
        if self.uniform:
            if len(kept) != len(parent) or not np.array_equal(zero, known):
                raise NotGeneric
            assert above.remove is not None
            shift = np.array([comb(max(h - self.first, 0), order - 1) for h in range(len(self.planes))])[rows]
            remove = np.concatenate([above.remove[parent] + shift[:, None], parent[:, None]], axis=1)
            inner = minors if order < self.dimension else minors[:0]
            return _Level(basis, zero, positive, side, inner, remove, None, parent), parent[:0], rows[:0]
        partner = np.full(len(parent), _PARALLEL)
        partner[kept] = rows[kept]
        extra = zero & ~known[kept]
        early = (extra & self.before[rows[kept]]).any(axis=1)
        partner[kept[early]] = lowest(extra[early])
        new = kept[~early]
        inner = minors[:, new]
        fresh = zero[~early]
        if order < self.dimension and extra[~early].any():
            some = np.flatnonzero(extra[~early].any(axis=1))
            self.minors.prove_closed(order, inner[:, some], fresh[some])
        level = _Level(basis[new], fresh, positive[~early], side[~early], inner, None, None, parent[new])
        return level, new, partner

    def _with_joins(self, order: int) -> _Level:
        """The level with the table of all joins Y v h."""
        above = self.levels[order - 1]
        count = len(self.planes)
        join = np.full((len(above.zero), count), _INSIDE, dtype=np.int64)
        partner = np.full((len(above.zero), count), _INSIDE, dtype=np.int64)
        parts = []
        start = 0
        for piece in self._candidates(order, self.block):
            parent, rows = self._pairs(order, piece)
            part, new, mates = self._children(order, parent, rows)
            parts.append(part)
            partner[parent, rows] = mates
            join[parent[new], rows[new]] = start + np.arange(len(new))
            start += len(new)
        level = _joined(parts, sum(len(part.zero) for part in parts))
        level = replace(level, remove=self._removed(level))
        join[partner == _PARALLEL] = _PARALLEL
        if order == 1:
            return replace(level, join=join)
        last = above.basis[:, -1]
        groups = np.searchsorted(last, np.arange(count + 1))
        below = above.join
        assert below is not None
        for b in range(self.first, count):
            group = np.arange(groups[b], groups[b + 1])
            if not len(group):
                continue
            # Y v h for h < b: through W v h, W = Y without b.
            through = below[above.parent[group], self.first : b]
            found = join[np.maximum(through, 0), b]
            found[through < 0] = through[through < 0]
            inside = (above.zero[group][:, None, :] & self.bits[None, self.first : b]).any(axis=2)
            found[inside] = _INSIDE
            join[group, self.first : b] = found
            # Y v h for h > b where an earlier hyperplane passes through it too.
            mates = partner[group]
            where = np.argwhere((mates >= 0) & (mates != np.arange(count)))
            join[group[where[:, 0]], where[:, 1]] = join[group[where[:, 0]], mates[where[:, 0], where[:, 1]]]
        return replace(level, join=join)

    def _removed(self, level: _Level) -> Ints:
        """For each flat and j, the flat one level down spanned by its first basis without the j-th element."""
        order = level.basis.shape[1]
        above = self.levels[order - 1]
        if order == 1:
            return level.parent[:, None]
        assert above.join is not None
        assert above.remove is not None
        rest = above.join[above.remove[level.parent], level.basis[:, -1:]]
        return np.concatenate([rest, level.parent[:, None]], axis=1)

    # Local regions

    def _below(self, level: _Level) -> tuple[Ints, Ints, Words]:
        """The flats Y that some flats X of one codimension cover: X, Y and the hyperplanes of X not through Y that are
        negative at v_Y, sorted by X."""
        order = level.basis.shape[1]
        above = self.levels[order - 1]
        simple = np.bitwise_count(level.zero).sum(axis=1) == order
        few, many = np.flatnonzero(simple), np.flatnonzero(~simple)
        assert level.remove is not None
        xs, ys = [np.repeat(few, order)], [level.remove[few].reshape(-1)]
        step = max(1, _CELLS // (len(self.planes) * 4**order))
        for start in range(0, len(many), step):
            x, y = self._descend(level, many[start : start + step])
            xs.append(x)
            ys.append(y)
        x, y = np.concatenate(xs), np.concatenate(ys)
        if len(few) and len(many):
            turn = np.argsort(x, kind="stable")
            x, y = x[turn], y[turn]
        return x, y, level.zero[x] & ~above.zero[y] & ~above.positive[y]

    def _descend(self, level: _Level, some: Ints) -> tuple[Ints, Ints]:
        """All Y covered by some X, each along its first basis."""
        x, z = some, np.zeros(len(some), dtype=np.int64)
        for order in range(1, level.basis.shape[1]):
            above, here = self.levels[order - 1], self.levels[order]
            assert here.join is not None
            known = above.zero[z]
            if order > 1:
                known |= self.before[above.basis[z, -1]]
            row, h = members(level.zero[x] & ~known)
            child = here.join[z[row], h]
            # Only where z v h is first reached.
            once = (here.parent[child] == z[row]) & (here.basis[child, -1] == h)
            x, z = x[row[once]], child[once]
        return x, z

    def _low(self, level: _Level) -> _Local:
        x, y, sign = self._below(level)
        count = len(level.zero)
        bounds = np.searchsorted(x, np.arange(count + 1))
        # Blocks of flats, so that the candidates of one block stay small.
        sizes = np.diff(self.locals[level.basis.shape[1] - 1].starts)[y]
        weight = np.concatenate([[0], np.cumsum(sizes)])[bounds]
        begin = 0
        parts: list[tuple[Ints, Words]] = []
        while begin < count:
            end = int(np.searchsorted(weight, weight[begin] + 32 * _CHUNK, side="right")) - 1
            end = min(count, max(end, begin + 1))
            part = slice(bounds[begin], bounds[end])
            parts.append(self._low_block(level, x[part], y[part], sign[part], sizes[part]))
            begin = end
        owner = np.concatenate([p for p, _ in parts]) if parts else np.zeros(0, dtype=np.int64)
        words = np.concatenate([w for _, w in parts]) if parts else np.zeros((0, self.width), dtype=np.uint64)
        down = ~level.above[owner]
        words[down] ^= level.zero[owner[down]]
        return _Local(np.searchsorted(owner, np.arange(count + 1)), words)

    def _low_block(self, level: _Level, x: Ints, y: Ints, sign: Words, sizes: Ints) -> tuple[Ints, Words]:
        """The local regions that grow away from v_X, with their X, for some flats X."""
        above, low = self.levels[level.basis.shape[1] - 1], self.locals[level.basis.shape[1] - 1]
        starts = np.flatnonzero(np.diff(x, prepend=-1))
        lengths = np.diff(np.append(starts, len(x)))
        # A flat on as many hyperplanes as its codimension covers as many flats, each of its kind.
        simple = lengths == level.basis.shape[1]
        simple &= np.bitwise_count(level.zero[x[starts]]).sum(axis=1) == level.basis.shape[1]
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
        found = common(owner, lowest, highest)
        owners = np.concatenate([x[starts][simple], owner[found]])
        words = np.concatenate([plain, lowest[found]])
        turn = np.argsort(owners, kind="stable")
        return owners[turn], words[turn]

    # What comes out

    def _plan(self) -> None:
        self._covers: dict[int, tuple[Ints, Ints, Words]] = {}
        self._pieces: list[tuple[int, int, int]] = []
        for order in range(self.dimension + 1 if self.uniform else self.dimension):
            total = comb(len(self.planes) - self.first, order) if self.uniform else len(self.locals[order].words)
            self._pieces += [(order, low, min(total, low + 16 * _CHUNK)) for low in range(0, total, 16 * _CHUNK)]
        self._last = [] if self.uniform else self._candidates(self.dimension, _LAST * self.block)
        self.chunks = len(self._pieces) + len(self._last)

    def _lowest_dimension(self, index: int) -> tuple[_Level, _Local]:
        """Some of the vertices in special position, with their local regions: nobody keeps them all."""
        parent, rows = self._pairs(self.dimension, self._last[index])
        parts = [
            self._children(self.dimension, parent[low : low + self.block], rows[low : low + self.block])[0]
            for low in range(0, len(parent), self.block)
        ]
        level = _joined(parts, sum(len(part.zero) for part in parts))
        level = replace(level, remove=self._removed(level))
        return level, self._low(level)

    def complete(self) -> None:
        """Keep the last level too."""
        if self.uniform or len(self.levels) > self.dimension:
            return
        found = [self._lowest_dimension(index) for index in range(len(self._last))]
        sizes = [0, *(int(local.starts[-1]) for _, local in found)]
        starts = [local.starts[:-1] + start for (_, local), start in zip(found, np.cumsum(sizes), strict=False)]
        self.levels.append(_joined([level for level, _ in found], sum(len(level.zero) for level, _ in found)))
        words = np.concatenate([local.words for _, local in found])
        self.locals.append(_Local(np.concatenate([*starts, [len(words)]]), words))

    @property
    def exact(self) -> bool:
        """Float arithmetic was proved free of rounding."""
        return self.minors.exact

    @property
    def fallbacks(self) -> int:
        """Signs that integers decided."""
        return self.minors.fallbacks

    def chunk(self, index: int) -> Words:
        """Regions as words, shape (., W); central: only those where the first hyperplane is positive.

        Raises
        ------
        InternalError
            The arrangement was said to be in general position and is not.
        """
        try:
            return self._chunk(index)
        except NotGeneric:
            raise InternalError("an arrangement taken for one in general position is not") from None

    def _chunk(self, index: int) -> Words:
        if index >= len(self._pieces):
            level, local = self._lowest_dimension(index - len(self._pieces))
            return self._composed(level, local, 0, len(local.words))
        order, low, high = self._pieces[index]
        if not self.uniform:
            return self._composed(self.levels[order], self.locals[order], low, high)
        parts = []
        for begin in range(low, high, self.block):
            end = min(begin + self.block, high)
            if order < self.dimension or not order:
                level = self.levels[order]
                positive, basis = level.positive[begin:end], level.basis[begin:end]
                assert level.remove is not None
                remove = level.remove[begin:end]
            else:
                level, _, _ = self._children(order, *self._subsets(order, np.arange(begin, end)))
                positive, basis = level.positive, level.basis
                assert level.remove is not None
                remove = level.remove
            words = positive.copy()
            for j in range(order):
                words |= self.bits[basis[:, j]] & ~self.levels[order - 1].positive[remove[:, j]]
            parts.append(words)
        return np.concatenate(parts)

    @staticmethod
    def _composed(level: _Level, local: _Local, low: int, high: int) -> Words:
        """The regions of some local regions: signs at v_X, and theirs."""
        owner = np.searchsorted(local.starts, np.arange(low, high), side="right") - 1
        words = local.words[low:high].copy()
        down = ~level.above[owner]
        words[down] ^= level.zero[owner[down]]
        return np.asarray(words | level.positive[owner])

    def coatoms(self, order: int, elements: Ints) -> tuple[_Level, Ints, Ints, Ints]:
        """What spans the local regions of some elements of this codimension, numbered as in the chunks.

        Returns
        -------
        level, flat : a level and the index in it of each element's X
        item, lower : flats Y one level down, such that the ray from v_Y through v_X, beyond v_X, is one of those that
            span the local region of element ``item``
        """
        if self.uniform:
            if 0 < order == self.dimension:
                level, _, _ = self._children(order, *self._subsets(order, elements))
                flat = np.arange(len(elements))
            else:
                level, flat = self.levels[order], elements
            assert level.remove is not None
            return level, flat, np.repeat(np.arange(len(elements)), order), level.remove[flat].reshape(-1)
        level, local = self.levels[order], self.locals[order]
        owner = np.searchsorted(local.starts, elements, side="right") - 1
        if not order:
            return level, owner, elements[:0], elements[:0]
        words = local.words[elements]
        down = ~level.above[owner]
        words[down] ^= level.zero[owner[down]]
        if order not in self._covers:
            self._covers[order] = self._below(level)
        x, y, sign = self._covers[order]
        starts = np.searchsorted(x, np.arange(len(level.zero) + 1))
        lengths = np.diff(starts)[owner]
        item = np.repeat(np.arange(len(elements)), lengths)
        pair = np.arange(len(item)) + np.repeat(starts[owner] - np.cumsum(lengths) + lengths, lengths)
        new = level.zero[x[pair]] & ~self.levels[order - 1].zero[y[pair]]
        spans = ((words[item] & new) == sign[pair]).all(axis=1)
        return level, owner, item[spans], y[pair[spans]]

    def locate(self, elements: Ints) -> tuple[Ints, Ints]:
        """Codimension and number within it, from the position in :meth:`words`."""
        sizes = [0] * self.dimension
        for order, _, high in self._pieces:
            if order < self.dimension:
                sizes[order] = high
        starts = np.concatenate([[0], np.cumsum(sizes)])
        codimension = np.asarray(np.searchsorted(starts, elements, side="right") - 1, dtype=np.int64)
        return codimension, elements - starts[codimension]

    def words(self) -> Words:
        """All chunks, in order."""
        return np.concatenate([self.chunk(i) for i in range(self.chunks)])


def _joined(parts: Iterable[_Level], total: int) -> _Level:
    """One level of this many flats, written as its parts come."""
    whole: _Level | None = None
    start = 0
    for part in parts:
        if whole is None:
            whole = _Level(
                basis=np.empty((total, part.basis.shape[1]), dtype=np.int64),
                zero=np.empty((total, part.zero.shape[1]), dtype=np.uint64),
                positive=np.empty((total, part.zero.shape[1]), dtype=np.uint64),
                above=np.empty(total, dtype=np.bool_),
                minors=np.empty((len(part.minors), total)),
                remove=None if part.remove is None else np.empty((total, part.remove.shape[1]), dtype=np.int64),
                join=None,
                parent=np.empty(total, dtype=np.int64),
            )
        here = slice(start, start + len(part.zero))
        whole.basis[here], whole.zero[here], whole.positive[here] = part.basis, part.zero, part.positive
        whole.above[here], whole.minors[:, here], whole.parent[here] = part.above, part.minors, part.parent
        if whole.remove is not None and part.remove is not None:
            whole.remove[here] = part.remove
        start = here.stop
    if whole is None or start != total:
        raise InternalError(f"{start} flats of a level of {total}")
    return whole
