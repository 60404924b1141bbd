"""The landscape of a training loss: its valleys, the levels they escape at, and where sublevel sets join."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from exactgeo.basin import Basin, Census, census
from exactgeo.basin.cone_program import Optimum
from exactgeo.exact.enclosure import Enclosure, exact
from exactgeo.exact.rational import beside, format_rational
from exactgeo.landscape.frontier import locate
from exactgeo.landscape.merge_tree import Entries, Node, Tree, grow
from exactgeo.landscape.permutations import LARGEST, compose, inverse, sorter, symmetric_order
from exactgeo.landscape.walls import Walls, WallStore
from exactgeo.problem import Point, Problem, scope
from exactgeo.records import Records
from exactgeo.shown import Reported, Shown, Viewed, value_line

if TYPE_CHECKING:
    from exactgeo.claims.certificate import Certificate
    from exactgeo.landscape.component import Component

__all__ = ["Landscape", "Valley", "landscape"]

Progress = Callable[[int, int], None]
PointOrBasin = Basin | Point | int


@dataclass(frozen=True)
class Valley(Shown):
    """A leaf of the merge tree: a component of sublevel sets, from the level at which it is born.

    Attributes
    ----------
    landscape : Landscape
    node : hashable
        Its name in ``landscape.merge_tree``.
    value : Fraction
        The least loss in it.
    escapes_at : Fraction or None
        The least level at which its component holds something lower; None at the global minimum, and where the time
        ran out first: then it is at least ``landscape.known_below``.
    basins : tuple of int
        The orbits of basins with this value that it is made of, as indices in the census.
    """

    landscape: Landscape
    node: Any
    value: Fraction
    escapes_at: Fraction | None
    basins: tuple[int, ...]

    @property
    def bad(self) -> bool:
        """Whether its infimum is above that of the loss."""
        return self.value != self.landscape.global_minimum

    @property
    def barrier(self) -> Fraction | None:
        """How far the loss must rise to get out: ``escapes_at - value``."""
        return None if self.escapes_at is None else self.escapes_at - self.value

    @property
    def point(self) -> Point:
        """A point at the bottom; in the full space its copies are permutations of it."""
        found = self.landscape.census[self.basins[0]].minimiser
        if found is None:  # pragma: no cover - only enclosures are not attained, and they are refused
            raise ValueError("the infimum of this valley is not attained")
        return found

    def _shown(self) -> str:
        level = "an unknown level" if self.escapes_at is None else value_line(self.escapes_at)
        end = f"escapes at {level}" if self.bad else "global"
        return f"valley at {value_line(self.value)}, {end}"

    @property
    def name(self) -> str:
        """What pictures call it: V and its number among the valleys of the landscape, from 0."""
        names = [valley.node for valley in self.landscape.known_valleys]
        return f"V{names.index(self.node)}"

    def plot(self, ax: Any = None) -> Any:
        """The function at the bottom beside the data, on matplotlib axes, which are returned.

        Raises
        ------
        InputError
            Matplotlib is not installed.
        """
        from exactgeo.landscape.plot import draw_valley

        return draw_valley(self, ax)

    def to_json(self) -> dict[str, Any]:
        """As the command answers it."""
        answer = {"value": format_rational(self.value), "escapes_at": _text(self.escapes_at), "bad": self.bad}
        if self.bad and self.escapes_at is None:
            answer["escapes_at_least"] = _text(self.landscape.known_below)
        return answer


class Landscape(Reported, Viewed, Records):
    """The topology of all sublevel sets. Made by :func:`landscape`.

    Attributes
    ----------
    problem : Problem
    census : Census
    full : bool
        Whether the full space is described, or the space modulo permutation of exchangeable neurons.
    """

    COLUMNS = ("value", "escapes_at", "barrier", "bad", "orbits")
    EXACT = ("value", "escapes_at", "barrier")

    def __init__(self, found: Census, walls: Walls, tree: Tree | None, full: bool) -> None:
        self.problem = found.problem
        self.census = found
        self.full = full
        self._tree = tree
        # The graph solves walls of its own later, which must change nothing of what is certified.
        self._walls = walls
        self._looked_at = tuple(walls.optima)

    @property
    def complete(self) -> bool:
        """False when the time limit or Ctrl-C ended the work: then only what lies below :attr:`known_below` is known,
        and only ``known_valleys`` and ``to_json`` speak of it."""
        return self._tree is not None and self._tree.complete

    @property
    def known_below(self) -> Fraction | None:
        """The level below which everything is known; None when all is, or nothing."""
        if self._tree is None or self._tree.complete or self._tree.level is None:
            return None
        return self._tree.level

    @property
    def reason(self) -> str:
        """Why something is None; "" when nothing is."""
        if self.complete:
            return ""
        if self.census.orbits is None:
            return self.census.reason
        if not self.census.complete:
            return "the search was ended before every basin had its value; raise --time-limit"
        if self.known_below is None:
            return "the search was ended before the lowest valley was known; raise --time-limit"
        return f"the search was ended when all below level {self.known_below} was known; raise --time-limit"

    @property
    def global_minimum(self) -> Fraction | None:
        """The least loss of all parameters; None where the census is incomplete."""
        best = self.census.minimum if self.census.complete else None
        return None if isinstance(best, Enclosure) else best

    @property
    def _grown(self) -> Tree:
        """The tree, or as much of it as is known."""
        return self._tree or Tree([], Entries(0), [], None)

    @property
    def _known(self) -> Tree:
        if self._tree is None or not self.complete:
            raise ValueError(self.reason)
        return self._tree

    # -- valleys ------------------------------------------------------------------------------------------------

    @property
    def valleys(self) -> tuple[Valley, ...]:
        """The leaves of the merge tree by value, the long-lived ones first.

        Raises
        ------
        ValueError
            Not complete; see :attr:`known_valleys`.
        """
        _ = self._known
        return self.known_valleys

    @cached_property
    def known_valleys(self) -> tuple[Valley, ...]:
        """All valleys; when the time ran out, those born below :attr:`known_below`."""
        tree = self._grown
        found = []
        for index, node in enumerate(tree.nodes):
            if not node.children:
                for name in self._copies(index):
                    found.append(Valley(self, name, node.level, node.escape, tuple(node.basins)))
        # A leaf that never escapes is a global one, or still open.
        return tuple(sorted(found, key=lambda v: (v.value, v.escapes_at is not None, -(v.escapes_at or 0))))

    @property
    def bad_valleys(self) -> int:
        """Number of leaves above the global minimum."""
        return sum(valley.bad for valley in self.valleys)

    @property
    def global_minima_connected(self) -> bool:
        """Whether the set of global minima is connected."""
        return len(self.valleys) - self.bad_valleys == 1

    # -- tree and graph -----------------------------------------------------------------------------------------

    def _copies(self, index: int) -> list[Any]:
        """Names of a component: its index, or (index, k) for its k-th copy in the full space."""
        if not self.full:
            return [index]
        return [(index, k) for k in range(len(self._cosets[index]))]

    @cached_property
    def _cosets(self) -> list[list[tuple[int, ...]]]:
        tree = self._grown
        universe = tree.universe
        return [node.group.cosets(universe) if node.group and universe else [()] for node in tree.nodes]

    @property
    def merge_tree(self) -> Any:
        """The merge tree as a ``networkx.DiGraph``, edges from a component to those that merge into it.

        A node has ``level`` (birth or merge), ``minimum`` (least loss in the component), ``kind`` (``leaf`` or
        ``merge``), ``basins`` (the orbits that joined there) and, for a leaf, ``escapes_at`` and ``bad``.

        Raises
        ------
        ValueError
            Not complete.
        """
        _ = self._known
        return self._merge_tree

    @cached_property
    def _merge_tree(self) -> Any:
        """The merge tree, or as much of it as is known."""
        import networkx as nx

        tree, graph = self._grown, nx.DiGraph()
        for index, node in enumerate(tree.nodes):
            data: dict[str, Any] = {
                "level": node.level,
                "minimum": node.minimum,
                "kind": "merge" if node.children else "leaf",
                "basins": tuple(node.basins),
            }
            if not node.children:
                data.update(escapes_at=node.escape, bad=node.escape is not None)
            for name in self._copies(index):
                graph.add_node(name, **data)
        for index, node in enumerate(tree.nodes):
            parent = node.parent
            if parent is None:
                continue
            if not self.full:
                graph.add_edge(parent, index)
                continue
            above = tree.nodes[parent].group
            copies = {perm: k for k, perm in enumerate(self._cosets[parent])}
            for k, perm in enumerate(self._cosets[index]):
                lifted = compose(perm, inverse(node.offset))
                graph.add_edge((parent, copies[above.least(lifted) if above else lifted]), (index, k))
        return graph

    @cached_property
    def graph(self) -> Any:
        """Orbits of basins and their walls as a ``networkx.Graph``, every wall with its exact ``value``.

        Nodes are indices in the census with ``value`` and ``multiplicity``; an edge has ``value`` and ``wall`` =
        ``data`` or ``output``. The walls that the merge tree did not need are solved here.
        """
        import networkx as nx

        graph = nx.Graph()
        for basin in self.census:
            graph.add_node(basin.index, value=basin.value, multiplicity=basin.multiplicity)
        for index in range(len(self.census)):
            for target, mask, wall in self.census.facets.around(index):
                if index <= target:
                    hints = (self.census.optimum(index), self.census.optimum(target))
                    value = exact(self._walls.optimum(mask, hints).value)
                    graph.add_edge(index, target, value=value, wall=wall)
        return graph

    def spanning_tree(self) -> list[tuple[int, int, Fraction, dict[str, Any]]]:
        """The walls that joined components, by value: two indices in the census, the value, and its proof.

        The proof holds the wall's columns and the dual vector r with <r, column> >= 0 for each of them: no point
        of the wall has a lower loss.
        """
        result = []
        for edge in self._known.edges:
            hints = (self.census.optimum(edge.one), self.census.optimum(edge.other))
            best = self._walls.optimum(edge.mask, hints)
            proof = {"mask": edge.mask, "gradient": best.gradient, "weights": dict(best.weights), "lines": best.lines}
            result.append((edge.one, edge.other, edge.value, proof))
        return result

    @property
    def opened(self) -> list[tuple[int, int, Optimum]]:
        """The walls that joined components, or copies of one: two indices in the census, the optimum."""
        found = []
        for edge in self._known.opened:
            hints = (self.census.optimum(edge.one), self.census.optimum(edge.other))
            found.append((edge.one, edge.other, self._walls.optimum(edge.mask, hints)))
        return found

    @property
    def solved(self) -> tuple[Optimum, ...]:
        """The optima of all walls that the merge tree looked at: the other walls join nothing."""
        return tuple(map(self._walls.whole, self._looked_at))

    @cached_property
    def certificate(self) -> Certificate | None:
        """The minima of all basins and all valleys with their levels; None where incomplete, or above
        :data:`exactgeo.basin.claims.LISTED` orbits of basins."""
        from exactgeo.landscape.claims import landscape_certificate

        return landscape_certificate(self)

    # -- levels -------------------------------------------------------------------------------------------------

    def critical_level(self, one: PointOrBasin, other: PointOrBasin) -> Fraction:
        """The least level at which two points, or two basins, lie in one component of {L <= level}.

        Parameters
        ----------
        one, other : Point, Basin or index in the census
            For basins: the least level at which something of each is joined. In the full space a basin stands for its
            sorted representative; a point is taken as it is.

        Raises
        ------
        ValueError
            A point without the frozen values of the problem, or not complete.

        Examples
        --------
        >>> import exactgeo as eg
        >>> found = eg.landscape(eg.load("swirszcz-prop1"))
        >>> str(found.critical_level(found.problem.point, found.valleys[0].point))
        '106/5'
        """
        tree = self._known
        a, p, low = self._entry(one)
        b, q, high = self._entry(other)
        floor = max(low, high)
        while a != b:
            if a < b:  # a parent comes after its children
                a, p = self._climb(a, p)
            else:
                b, q = self._climb(b, q)
        while self.full:
            group = tree.nodes[a].group
            if group is None or compose(inverse(p), q) in group:
                break
            (a, p), (_, q) = self._climb(a, p), self._climb(a, q)
        return max(tree.nodes[a].level, floor)

    def _climb(self, index: int, perm: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        node: Node = self._known.nodes[index]
        if node.parent is None:
            raise ValueError("no sublevel set joins them")
        return node.parent, compose(perm, inverse(node.offset))

    def _entry(self, given: PointOrBasin) -> tuple[int, tuple[int, ...], Fraction]:
        """Where the merge tree is entered: a node, the permutation that takes the basin into it, the loss."""
        tree = self._known
        if not isinstance(given, int | Basin):
            self.problem.expect_point(given)
            labelled = locate(self.census.reduction, given)
            node, perm = tree.entry[self.census.table.index_of(tuple(tuple(sorted(part)) for part in labelled))]
            return node, compose(sorter(labelled), inverse(perm)) if self.full else (), self.problem.loss_at(given)
        basin = self.census[given] if isinstance(given, int) else given
        node, perm = tree.entry[basin.index]
        value = basin.value
        if isinstance(value, Enclosure):
            raise ValueError("the value of this basin is an enclosure")
        return node, inverse(perm), value

    def sublevel_sets(self, level: Any) -> list[list[Valley]]:
        """The connected sets of {loss <= level}, each as the valleys that lie in it.

        Examples
        --------
        >>> import exactgeo as eg
        >>> found = eg.landscape(eg.load("swirszcz-prop1"))
        >>> [[str(valley.value) for valley in part] for part in found.sublevel_sets("106/5")]
        [['14', '18', '614/29']]
        """
        from exactgeo.exact.rational import parse_rational
        from exactgeo.landscape.merge_tree import sublevel_components

        parts = sublevel_components(self.merge_tree, parse_rational(level, "level"))
        return [[valley for valley in self.valleys if valley.node in part] for part in parts]

    def component(self, point: Point, *, time_limit: float | None = None) -> Component:
        """Where a point stands; see :func:`exactgeo.landscape.component`."""
        from exactgeo.landscape.component import component

        return component(self.problem, point, census=self.census, time_limit=time_limit)

    def node_of(self, point: Point) -> Any:
        """The node of :attr:`merge_tree` from which the branch goes up on which a point stands, at its loss.

        Raises
        ------
        ValueError
            As :meth:`critical_level`.

        Examples
        --------
        >>> import exactgeo as eg
        >>> found = eg.landscape(eg.load("swirszcz-prop1"))
        >>> found.node_of(found.problem.point) == found.valleys[1].node
        True
        """
        tree = self._known
        index, perm, loss = self._entry(point)
        while (parent := tree.nodes[index].parent) is not None and tree.nodes[parent].level <= loss:
            index, perm = self._climb(index, perm)
        if not self.full:
            return index
        group = tree.nodes[index].group
        return index, self._cosets[index].index(group.least(perm) if group else perm)

    def plot(self, ax: Any = None, *, level: Any = None, point: Point | None = None) -> Any:
        """The merge tree on matplotlib axes, with exact levels; in a new figure with the fits of the valleys beside it,
        where inputs have one or two coordinates. See :mod:`exactgeo.landscape.plot`.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        level : rational, optional
            The connected sets of {loss <= level} are coloured and counted.
        point : Point, optional
            Marked on its branch; the problem's own where there is one and no other.

        Returns
        -------
        matplotlib Axes
            ``.figure`` is the whole picture.

        Raises
        ------
        InputError
            Matplotlib is not installed; or ``level`` is no number.
        ValueError
            Not complete.
        """
        from exactgeo.exact.rational import parse_rational
        from exactgeo.landscape.plot import draw_tree

        number = None if level is None else parse_rational(level, "level")
        shown = self.problem.point if point is None else point
        if point is None and shown is not None:
            try:
                self.node_of(shown)
            except ValueError:
                # It came with the problem, and was not asked for.
                shown = None
        return draw_tree(self, ax, level=number, point=shown)

    # -- output -------------------------------------------------------------------------------------------------

    def _shown(self) -> str:
        if not self.complete:
            return f"landscape: incomplete, {len(self.known_valleys)} valleys known"
        lowest = "unknown" if self.global_minimum is None else value_line(self.global_minimum)
        return f"landscape: {len(self.valleys)} valleys, {self.bad_valleys} bad, minimum {lowest}"

    def records(self) -> Iterator[dict[str, Any]]:
        """One flat dict a valley: value, escapes_at, barrier (text or None), bad, number of orbits of basins."""
        for valley in self.valleys:
            yield {
                "value": format_rational(valley.value),
                "escapes_at": _text(valley.escapes_at),
                "barrier": _text(valley.barrier),
                "bad": valley.bad,
                "orbits": len(valley.basins),
            }

    def to_json(self) -> dict[str, Any]:
        """The answer of ``exactgeo landscape --json``; rationals are strings."""
        result: dict[str, Any] = {
            **beside("global_minimum", self.global_minimum),
            "full": self.full,
            "complete": self.complete,
            "orbits": self.census.orbits,
        }
        graph = self._merge_tree
        names = {node: k for k, node in enumerate(graph)}
        nodes = [
            {
                "id": names[node],
                "kind": data["kind"],
                "level": format_rational(data["level"]),
                "minimum": format_rational(data["minimum"]),
                "orbits": len(data["basins"]),
            }
            for node, data in graph.nodes(data=True)
        ]
        good = sum(not valley.bad for valley in self.known_valleys)
        result |= {
            "valleys": [{**valley.to_json(), "node": names[valley.node]} for valley in self.known_valleys],
            "bad_valleys": self.bad_valleys if self.complete else None,
            "global_minima_connected": good == 1 if good else None,
            **beside("connected_at", self._connected_at),
            "tree": {"nodes": nodes, "edges": sorted([names[a], names[b]] for a, b in graph.edges)},
        }
        if not self.complete:
            result |= {**beside("known_below", self.known_below), "reason": self.reason}
            result |= self.census.size_json()
        return result

    @property
    def connected_at(self) -> Fraction | None:
        """The least level from which on all global minima lie in one component.

        Raises
        ------
        ValueError
            Not complete.
        """
        _ = self._known
        return self._connected_at

    @cached_property
    def _connected_at(self) -> Fraction | None:
        graph = self._merge_tree
        tops: set[Any] = {valley.node for valley in self.known_valleys if not valley.bad}
        level = max((graph.nodes[node]["level"] for node in tops), default=None)
        while len(tops) > 1:
            lowest = min(tops, key=lambda node: (graph.nodes[node]["level"], _birth_order(node)))
            parent = next(iter(graph.predecessors(lowest)), None)
            if parent is None:
                return None
            tops = (tops - {lowest}) | {parent}
            level = graph.nodes[parent]["level"]
        return level


def _birth_order(node: Any) -> tuple[int, ...]:
    """Children before parents among nodes of one level."""
    return node if isinstance(node, tuple) else (node,)


def _text(value: Fraction | None) -> str | None:
    return None if value is None else format_rational(value)


def landscape(
    problem: Problem,
    *,
    executor: Executor | None = None,
    time_limit: float | None = None,
    progress: Progress | None = None,
    full: bool = False,
    basins: Census | None = None,
    store: WallStore | None = None,
) -> Landscape:
    """The exact topology of all sublevel sets of the training loss.

    Parameters
    ----------
    problem : Problem
        In scope of :func:`exactgeo.basin.census`, with any loss but the logistic one.
    executor : concurrent.futures.Executor, optional
        Where blocks of basins are solved, and walls looked for; the latter where the census is made here.
    time_limit : float, optional
        Seconds; afterwards ``complete`` is False, and what is known is kept: the valleys born so far, those that have
        escaped, and a level below which nothing is missing.
    progress : callable (done, total), optional
        Never less done than before, of the same total: twice the number of orbits of basins.
    full : bool
        The full space instead of the space modulo permutation of exchangeable neurons.
    basins : Census, optional
        A complete census of the same problem, so that it is not made again.
    store : WallStore, optional
        Keeps the census and the solved walls, and gives back what it has; see :class:`exactgeo.store.Store`.

    Returns
    -------
    Landscape
        Cost: the census, one pass over the facets of its orbits, and a solve, many at a time, for each wall that may
        join two components and that no optimum of a basin proves.

    Raises
    ------
    OutOfScope
        The census does not apply; or the loss is logistic, whose values are enclosures that cannot be compared; or
        ``full`` with more than eight exchangeable neurons.
    InternalError
        An exact answer failed its replay.
    TaskLost
        The executor gives what is no answer.

    References
    ----------
    Nguyen, On Connected Sublevel Sets in Deep Learning (valleys, bad valleys); Safran and Shamir, On the Quality of
    the Initial Basin in Overspecified Neural Networks, Lemma 1 (a basin's sublevel sets are connected).

    Examples
    --------
    >>> from exactgeo.formats import problem_from_mapping
    >>> data = {"x": [[5], [4], [3], [1], [-1]], "y": [2, 1, 0, -3, 3]}
    >>> one = landscape(problem_from_mapping({"data": data, "network": {"widths": [1]}}))
    >>> [(str(v.value), str(v.escapes_at)) for v in one.valleys]
    [('14', 'None'), ('18', '106/5'), ('614/29', '106/5')]
    >>> two = problem_from_mapping({"data": data, "network": {"widths": [2]}})
    >>> landscape(two).global_minima_connected, landscape(two, full=True).global_minima_connected
    (True, False)
    """
    start = time.monotonic()
    outside = scope.exact_values(problem)
    if outside is not None:
        raise outside
    # One measure of both parts: every basin counts once for its value and once for its place in the tree.
    valued = None if progress is None else lambda done, total: progress(done, 2 * total)
    joined = None if progress is None else lambda done, total: progress(total + done, 2 * total)
    found = basins
    if found is None:
        found = census(problem, executor=executor, time_limit=time_limit, progress=valued, store=store)
    copies = symmetric_order(len(group.neurons) for group in found.reduction.exchangeable)
    outside = scope.full_space(copies, LARGEST) if full else None
    if outside is not None:
        raise outside
    walls = Walls(found.reduction.program, store)
    tree = None
    if found.complete:
        left = None if time_limit is None else max(0.0, time_limit - (time.monotonic() - start))
        # Ctrl-C before the tree is begun.
        with suppress(KeyboardInterrupt):
            # Workers are not started for the tree alone.
            own = executor if basins is None else None
            tree = grow(found, walls, full=full, executor=own, seconds=left, progress=joined)
    walls.close()
    return Landscape(found, walls, tree, full)
