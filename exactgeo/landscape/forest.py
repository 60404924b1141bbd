"""Components of a sublevel set as they grow: union-find over basins, and of each tree what the merge tree has of it."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from exactgeo.basin.census import Census
from exactgeo.landscape.permutations import (
    Perm,
    PermutationGroup,
    compose,
    identity,
    inverse,
    replaced,
    sorter,
    stabiliser,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Forest", "FullForest"]


class Forest:
    """Modulo permutation.

    Attributes
    ----------
    parents : array of int32, (basins,)
        Itself for a root; others may look at it, and attach what they know to be joined.
    parts : dict
        For each root the nodes of the merge tree that are in its tree, each with the permutation that takes the node's
        representative into the root's component.
    fresh : dict
        For each root the basins that joined since its last node.
    """

    full = False
    unit: Perm = ()

    def __init__(self, basins: int) -> None:
        self._parent = array("i", range(basins))
        self.parts: dict[int, list[tuple[int, Perm]]] = {}
        self.fresh: dict[int, list[int]] = {}

    @property
    def parents(self) -> npt.NDArray[np.int32]:
        import numpy as np

        return np.frombuffer(self._parent, dtype=np.int32)

    def birth(self, u: int) -> None:
        """From now on there is this basin, alone."""
        self.parts[u], self.fresh[u] = [], [u]

    def find(self, u: int) -> int:
        """The root of a basin's tree."""
        parent, root = self._parent, u
        while (above := parent[root]) != root:
            root = above
        while u != root:
            above = parent[u]
            parent[u] = root
            u = above
        return root

    def perm(self, u: int) -> Perm:
        """What takes a basin's representative into the component of its root's."""
        return ()

    def group(self, root: int) -> PermutationGroup | None:
        """The permutations that map the component of a root to itself."""
        return None

    def joined(self, u: int, v: int) -> bool:
        """Whether the wall between u and v would change nothing."""
        return self.find(u) == self.find(v)

    def join(self, u: int, v: int) -> tuple[int, bool]:
        """Open a wall: the root of the joined component, and whether two components became one."""
        r, s = self.find(u), self.find(v)
        if r != s:
            self._attach(r, s)
        return r, r != s

    def _attach(self, r: int, s: int) -> None:
        self._parent[s] = r
        self.fresh[r] += self.fresh.pop(s)
        self.parts[r] += self.parts.pop(s)

    def whole(self, universe: PermutationGroup | None) -> bool:
        """Whether all is one component (all basins born)."""
        return len(self.parts) == 1


class FullForest(Forest):
    """In the full space: each link carries the permutation that takes the child's representative into the component of
    its parent's."""

    full = True

    def __init__(self, census: Census) -> None:
        super().__init__(len(census))
        size = sum(len(group.neurons) for group in census.reduction.exchangeable)
        self.unit = identity(size)
        self._orbits = [basin.patterns for basin in census]
        self._link: list[Perm] = [self.unit] * len(census)
        self._groups: dict[int, PermutationGroup] = {}
        self._trivial = PermutationGroup.trivial(size)
        self._stabilisers: dict[tuple[Perm, ...], PermutationGroup] = {}

    def birth(self, u: int) -> None:
        super().birth(u)
        generators = tuple(stabiliser(self._orbits[u]))
        if generators not in self._stabilisers:
            self._stabilisers[generators] = self._trivial.joined(generators)
        self._groups[u] = self._stabilisers[generators]

    def find(self, u: int) -> int:
        path = []
        while self._parent[u] != u:
            path.append(u)
            u = self._parent[u]
        perm = self.unit
        for w in reversed(path):
            perm = self._link[w] = compose(perm, self._link[w])
            self._parent[w] = u
        return u

    def perm(self, u: int) -> Perm:
        self.find(u)
        return self._link[u]

    def group(self, root: int) -> PermutationGroup | None:
        return self._groups[root]

    def _crossing(self, u: int, v: int) -> Perm:
        """g such that a wall leads from u's representative to g times v's: one entry of u replaced by one of v."""
        crossed = []
        for one, other in zip(self._orbits[u], self._orbits[v], strict=True):
            part = list(one)
            if one != other:
                old, new = replaced(one, other)
                part[part.index(old)] = new
            crossed.append(part)
        return sorter(crossed)

    def _relation(self, u: int, v: int) -> tuple[int, int, Perm]:
        """Roots r, s of u and v, and h such that the wall joins r's representative to h times s's."""
        r, s = self.find(u), self.find(v)
        return r, s, compose(compose(self._link[u], self._crossing(u, v)), inverse(self._link[v]))

    def joined(self, u: int, v: int) -> bool:
        r, s, h = self._relation(u, v)
        return r == s and h in self._groups[r]

    def join(self, u: int, v: int) -> tuple[int, bool]:
        r, s, h = self._relation(u, v)
        if r == s:
            self._groups[r] = self._groups[r].joined([h])
            return r, False
        back = inverse(h)
        generators = self._groups.pop(s).generators
        self._groups[r] = self._groups[r].joined(compose(compose(h, g), back) for g in generators)
        self._link[s] = h
        self.parts[s] = [(node, compose(h, t)) for node, t in self.parts[s]]
        self._attach(r, s)
        return r, True

    def whole(self, universe: PermutationGroup | None) -> bool:
        if not super().whole(universe):
            return False
        (group,) = self._groups.values()
        return universe is None or len(group) == len(universe)
