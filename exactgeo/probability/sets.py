"""The maximal sets of types whose basins stay above a level, jointly with the minimal ones that reach it.

The value of a set of types falls as the set grows, so {value > level} is closed under taking subsets, and its maximal
members B_1, ..., B_k say all of it. The minimal transversals of their complements are the minimal sets that lie in
none of them: as long as one of these has a value above the level it grows to a further maximal set; when none has,
they are the minimal sets that reach the level, and both lists are complete.

References
----------
D. Gunopulos, R. Khardon, H. Mannila, H. Toivonen, Data mining, hypergraph transversals, and machine learning, PODS
1997; C. Berge, Hypergraphs (1989), Section 2.1 (transversals, one edge after the other).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from exactgeo.basin import solvers
from exactgeo.basin.cone_program import Optimum, Program, indices
from exactgeo.errors import OutOfTime
from exactgeo.exact.enclosure import Value
from exactgeo.frozen import dataclass
from exactgeo.probability.neuron_types import NeuronTypes

__all__ = ["LevelSets", "Transversals", "Values", "level_sets"]

TRANSVERSALS = 10_000
"""Sets that are held at once; where there are more, the search ends with what it has."""


class Values:
    """The exact optima of sets of types of one problem, each found once.

    Parameters
    ----------
    program : Program
    types : NeuronTypes
    """

    def __init__(self, program: Program, types: NeuronTypes) -> None:
        self.types = types
        self._solve = solvers.of(program).series()
        self._by_columns: dict[int, Optimum] = {}
        self._found: list[Optimum] = []

    def optimum(self, types: int) -> Optimum:
        """The optimum over everything that some types reach."""
        columns = self.types.reach(types)
        if columns not in self._by_columns:
            known = next((q for q in self._found if not (q.support & ~columns or columns & ~q.allowed)), None)
            if known is None:
                known = self._solve(columns)
                self._found.append(known)
            self._by_columns[columns] = known
        return self._by_columns[columns]

    def value(self, types: int) -> Value:
        return self.optimum(types).value

    def closure(self, types: int) -> int:
        """All types that may be added without changing the value: those that the gradient of the optimum allows."""
        return types | self.types.within(self.optimum(types).allowed)

    def enough(self, types: int) -> int:
        """Few of some types, with the same value: types that have the columns of the optimum, greedily."""
        missing = self.optimum(types).support
        chosen, candidates = 0, indices(types)
        while missing:
            best = max(candidates, key=lambda k: (self.types.columns[k] & missing).bit_count())
            missing &= ~self.types.columns[best]
            chosen |= 1 << best
        return chosen


@dataclass(frozen=True)
class LevelSets:
    """What is known about a level.

    Attributes
    ----------
    bad : tuple of int
        Sets of types whose value is above the level, none inside another; all maximal ones when ``complete``.
    good : tuple of int
        Sets of types whose value is at most the level; all minimal ones when ``complete``.
    complete : bool
    """

    bad: tuple[int, ...]
    good: tuple[int, ...]
    complete: bool


class Transversals:
    """The minimal transversals of some sets, kept as sets are added.

    Attributes
    ----------
    minimal : set of int
        Sets, as bits, that meet every set added so far, and of which no proper subset does.

    Examples
    --------
    >>> sets = Transversals()
    >>> sets.add(0b011), sets.add(0b110)
    (None, None)
    >>> sorted(map(bin, sets.minimal))
    ['0b10', '0b101']
    """

    def __init__(self) -> None:
        self.minimal: set[int] = {0}

    def add(self, edge: int, check: Callable[[], None] = lambda: None) -> None:
        """One more set to meet; ``check`` is called now and then and may raise."""
        kept = {h for h in self.minimal if h & edge}
        missed = self.minimal - kept
        longer = set()
        for k in indices(edge):
            check()
            # What lies inside h and k, h missing the edge, meets the edge in k alone.
            inside = [q ^ 1 << k for q in kept if q & edge == 1 << k]
            longer |= {h | 1 << k for h in missed if not any(q & ~h == 0 for q in inside)}
        self.minimal = kept | longer

    @property
    def many(self) -> bool:
        """More than can be held."""
        return len(self.minimal) > TRANSVERSALS


def level_sets(values: Values, above: Callable[[Value], bool], check: Callable[[], None]) -> LevelSets:
    """The sets of types above and at a level.

    Parameters
    ----------
    values : Values
    above : callable
        Whether a value is above the level; true for whatever is larger as well.
    check : callable
        Raises OutOfTime when there is no time left; then the answer is what is known.

    Returns
    -------
    LevelSets
        Cost: at most T optima a maximal set for T types, and the transversals.
    """
    search = _Search(values, above, check)
    try:
        complete = search.run()
    except OutOfTime:
        complete = False
    good = search.transversals.minimal if complete else _minimal(search.good)
    return LevelSets(tuple(search.bad), tuple(sorted(good)), complete)


class _Search:
    def __init__(self, values: Values, above: Callable[[Value], bool], check: Callable[[], None]) -> None:
        self._values, self._above, self._check = values, above, check
        self.bad: list[int] = []
        self.good: set[int] = set()
        self.transversals = Transversals()

    def run(self) -> bool:
        full = self._values.types.full
        tested: set[int] = set()
        while True:
            open_sets = self.transversals.minimal - tested
            if not open_sets:
                return True
            # The largest first: they are inside the fewest sets.
            for h in sorted(open_sets, key=lambda h: (-h.bit_count(), h)):
                if self._is_above(h):
                    self.bad.append(self._grown(h))
                    self.transversals.add(full & ~self.bad[-1], self._check)
                    if self.transversals.many:
                        return False
                    break
                tested.add(h)

    def _is_above(self, types: int) -> bool:
        if any(not q & ~types for q in self.good):
            return False
        if any(not types & ~q for q in self.bad):
            return True
        self._check()
        above = self._above(self._values.value(types))
        if not above:
            self.good.add(self._values.enough(types))
        return above

    def _grown(self, types: int) -> int:
        """A maximal set above the level around one that is above it."""
        grown = self._values.closure(types)
        for k in range(len(self._values.types.columns)):
            more = grown | 1 << k
            if more != grown and self._is_above(more):
                grown = self._values.closure(more)
        return grown


def _minimal(sets: Iterable[int]) -> list[int]:
    """Those that contain no other."""
    found: list[int] = []
    for h in sorted(sets, key=int.bit_count):
        if not any(q & ~h == 0 for q in found):
            found.append(h)
    return found
