"""What weight decay asks of each neuron in turn, whatever the slopes of the loss are numbers of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Generic, TypeVar

from exactgeo.errors import OutOfScope
from exactgeo.exact.combination import Number, sign
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.decayed_point import DecayedPoint
from exactgeo.local_minimum.decision import Descent
from exactgeo.local_minimum.ordered_decayed_point import OrderedDecayedPoint
from exactgeo.local_minimum.two_layer_point import NeuronState
from exactgeo.problem import scope

__all__ = ["Resisting", "bound_each", "downhill", "resists"]

Proof = TypeVar("Proof")


@dataclass(frozen=True)
class Resisting(Generic[Proof]):
    """Proofs of all neurons but for the bound of some with outputs, which the second order may decide together."""

    outside: OutOfScope
    proofs: tuple[Proof, ...]


def bound_each(
    local: DecayedPoint | OrderedDecayedPoint,
    slopes: Sequence[Proof],
    bound: Callable[[NeuronState], Proof | OutOfScope | Resisting[Proof] | Descent],
) -> tuple[Proof, ...] | Resisting[Proof] | Descent | OutOfScope:
    """The proofs of all neurons; or a descent; or, where there is none at first order, what keeps the point open.

    Parameters
    ----------
    local : the point
    slopes : one proof a neuron
        That no slope is negative.
    bound : callable
        The condition of an output weight of 0, proved or refuted.
    """
    outside = scope.sparse_penalty() if local.sparse else None
    both = local.output and bool(local.at.trained)
    resisting, proofs = None, []
    for neuron, proof in zip(local.at.neurons, slopes, strict=True):
        if both and neuron.v and local.longer(neuron) > 0:
            outside = scope.unbalanced(neuron.index)
        found = proof if neuron.v or not both or local.sparse else bound(neuron)
        if isinstance(found, Descent):
            return found
        if isinstance(found, OutOfScope):
            outside = found
        elif isinstance(found, Resisting):
            resisting = found.outside
            proofs.append(proof)
        else:
            proofs.append(found)
    if outside is not None:
        return outside
    return tuple(proofs) if resisting is None else Resisting(resisting, tuple(proofs))


def resists(local: DecayedPoint | OrderedDecayedPoint, proofs: Sequence[Any]) -> bool:
    """Whether the bound of an output weight of 0 is left to the second order of the loss."""
    pairs = zip(local.at.neurons, proofs, strict=True)
    return bool(local.output and local.at.trained) and any(not n.v and not proof.above for n, proof in pairs)


def downhill(slope: Number, value: Fraction, sparse: Fraction) -> int:
    """The direction in which ``slope * q + sparse * |value + q|`` falls at q = 0; 0 if there is none."""
    for way in (1, -1):
        side = value or way
        if sign(slope * Fraction(way) + sparse * way * ((side > 0) - (side < 0))) < 0:
            return way
    return 0
