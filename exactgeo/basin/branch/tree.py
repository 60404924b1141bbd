"""The tree of a branch and bound: nodes that are open, split, or closed by a dual vector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from exactgeo.basin.branch.cells import Groups

__all__ = ["Node", "preorder"]


@dataclass(eq=False, slots=True)
class Node:
    """Neurons with some of their sides decided.

    Attributes
    ----------
    groups : tuple of Group
    start : int
        The relaxation of the node above, by its number.
    split : (int, int) or None
        The group and the data point that the children decide.
    children : list of Node
    dual : int
        What closes it, by its number; -1 where nothing does.
    """

    groups: Groups
    start: int = 0
    split: tuple[int, int] | None = None
    children: list[Node] = field(default_factory=list)
    dual: int = -1


def preorder(roots: list[Node]) -> Iterator[Node]:
    """All nodes, each before its children."""
    pending = roots[::-1]
    while pending:
        node = pending.pop()
        yield node
        pending += reversed(node.children)
