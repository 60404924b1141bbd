"""The proof of a flat dimension as format version 1 has it, with a covering for every mode: it is read, not written."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.fields import Weights
from exactgeo.frozen import dataclass

__all__ = [
    "Bound",
    "Branch",
    "Cone",
    "ModeCovering",
    "Modes",
    "PairSplit",
    "Vanishing",
]


@dataclass(frozen=True)
class Vanishing:
    """On the cone of moves this relies on, ``variable`` is 0.

    ``-variable = sum bounds[j] * variable_j + sum equations[e] * equation_e`` with ``bounds >= 0``, where each
    variable counts with its sign, modulo the variables already known to be 0.
    """

    variable: int
    bounds: Weights
    equations: Weights


@dataclass(frozen=True)
class PairSplit:
    """The moves are split by a kink: first its plus is 0, then its minus."""

    rule: ClassVar[str] = "split"

    pair: int


@dataclass(frozen=True)
class Bound:
    """The end of a branch, proved.

    With ``still`` empty, the variables in ``zero`` vanish and what is left has dimension at most the claimed one; else
    no move has t_j / k_j -> 0 for the active neurons numbered in ``still``, because with their t_j = 0 their k_j
    vanish.
    """

    rule: ClassVar[str] = "bound"

    still: tuple[int, ...] = ()
    zero: tuple[Vanishing, ...] = ()


Branch = PairSplit | Bound


@dataclass(frozen=True)
class ModeCovering:
    """A covering of the moves of one mode, in preorder.

    A mode gives each of the other neurons with trained v = 0 the sign 1 or -1 of v', or 0: v' = 0.
    """

    mode: tuple[int, ...]
    cover: tuple[Branch, ...]


@dataclass(frozen=True)
class Cone:
    """The largest cone of moves: its mode, the kink variables that are 0 on it, and a curve in its interior.

    The curve is moves x_1, x_2, ... such that ``sum eps^k x_k`` lies in the interior for small eps > 0, with
    t_j / k_j -> 0.
    """

    mode: tuple[int, ...]
    zero: tuple[int, ...]
    curve: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Modes:
    """Both halves of the proof of a flat dimension.

    Attributes
    ----------
    covers : tuple of ModeCovering
        That the set of equal loss is not larger; modes whose number of moves is within the dimension are left out.
    largest : Cone
        That it is not smaller.
    """

    covers: tuple[ModeCovering, ...]
    largest: Cone
