"""The tree of a branch and bound: nodes that are open, split, or closed by a dual vector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from exactgeo.basin.branch.relaxations import Key
from exactgeo.basin.branch.sides import Groups

__all__ = ["Node", "preorder"]


@dataclass(eq=False, slots=True)
class Node:
    """Neurons with some of their sides decided.

    Attributes
    ----------
    groups : tuple of Neurons
    start : Key
        The relaxation of the node above; None where there is none.
    above : int
        The mask of the columns that the node above allows.
    estimate : Fraction
        About its relaxation's value.
    split : (int, int)
        The group and the data point that the children decide.
    children : list of Node
        None where it is open or closed.
    dual : int
        What closes it, by its number; -1 where nothing does.
    """

    groups: Groups
    start: Key
    above: int
    estimate: Fraction
    split: tuple[int, int] = (-1, -1)
    children: list[Node] = field(default_factory=list)
    dual: int = -1


def preorder(roots: Sequence[Node]) -> Iterator[Node]:
    """All nodes, each before its children."""
    pending = list(reversed(roots))
    while pending:
        node = pending.pop()
        yield node
        pending += reversed(node.children)
