"""The claim that a point is a local minimum, and the records of its proof, which the prover fills."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.claims.fields import Weights
from exactgeo.kinds import Strictness

__all__ = [
    "Bound",
    "Branch",
    "Cone",
    "Flatness",
    "Implied",
    "Leaf",
    "LocalMinimumClaim",
    "ModeCovering",
    "NeuronProof",
    "PairSplit",
    "Part",
    "Split",
    "Step",
    "Vanishing",
]


@dataclass(frozen=True)
class Split:
    """The cone is cut by ``<form_row, u> = 0``: the positive side follows, then the negative one."""

    rule: ClassVar[str] = "split"

    row: int


@dataclass(frozen=True)
class Implied:
    """On this cone ``sign * form_row = sum multipliers[s] * sign_s * form_s``, so the side is known."""

    rule: ClassVar[str] = "implied"

    row: int
    sign: int
    multipliers: Weights


@dataclass(frozen=True)
class Leaf:
    """Proof on one cone of signs: linear + decided slopes + subgradients = sum multipliers[t] * sign_t * form_t.

    ``slopes`` holds, for each undecided (convex) term, a slope between its left and its right one.
    """

    rule: ClassVar[str] = "farkas"

    multipliers: Weights
    slopes: Weights


Step = Split | Implied | Leaf


@dataclass(frozen=True)
class Part:
    """One component: its terms, its part of the linear function, and the covering in preorder."""

    rows: tuple[int, ...]
    linear: tuple[Fraction, ...]
    cover: tuple[Step, ...]


@dataclass(frozen=True)
class NeuronProof:
    """That a neuron's condition holds: phi is the sum of the parts, and each of them is nonnegative."""

    parts: tuple[Part, ...]


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
class Flatness:
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


@dataclass(frozen=True)
class LocalMinimumClaim(PointClaim):
    """No parameters within ``radius`` of the point (max norm) have a lower loss.

    Attributes
    ----------
    radius : Fraction or None
        None when every radius will do.
    neurons : tuple of NeuronProof
        One a hidden neuron.
    strictness : Strictness or None
    flat_dimension : int or None
        Of the set of equal loss around the point, rescalings included.
    flatness : Flatness or None
        All three, or none of them where nothing is claimed.
    """

    kind: ClassVar[str] = "local_minimum"

    radius: Fraction | None
    neurons: tuple[NeuronProof, ...]
    strictness: Strictness | None
    flat_dimension: int | None
    flatness: Flatness | None
