"""The losses of the registry as the tests run over them, targets each allows, and one more loss: no more than a class."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import basin_brute
import numpy as np

from exactgeo.losses import LOSSES, Loss, Pieces, PiecewiseQuadratic, make_loss


@dataclass(frozen=True)
class Pinball(PiecewiseQuadratic):
    """``max(q (y - p), (q - 1) (y - p))``, 0 < q < 1: least at the quantile."""

    quantile: Fraction

    kind = "pinball"
    example = "pinball(1/3)"
    differentiable = False

    @classmethod
    def refuse_parameters(cls, parameters):
        return None if 0 < parameters[0] < 1 else "pinball(q) with 0 < q < 1"

    def pieces(self, y: Fraction) -> Pieces:
        q = self.quantile
        return Pieces((y,), ((Fraction(0), -q, q * y), (Fraction(0), 1 - q, (q - 1) * y)))


# Whoever has registered one of that name means that one.
Pinball = LOSSES.get("pinball", Pinball)


def example(kind: str) -> Loss:
    """The loss that a problem file would hold: its example."""
    numbers = re.findall(r"-?\d+(?:/\d+)?", LOSSES[kind].example.removeprefix(kind))
    return make_loss(kind, *map(Fraction, numbers))


def loss_names(property: Callable[[Loss], bool] = lambda loss: True) -> list[str]:
    """The names of all registered losses with a property, as written in a problem file."""
    return [loss.name for loss in map(example, LOSSES) if property(loss)]


def named(name: str) -> Loss:
    kind, *parameters = re.split(r"[(),]+", name.rstrip(")").replace(" ", ""))
    return make_loss(kind, *map(Fraction, parameters))


def is_rational(loss: Loss) -> bool:
    return loss.rational


def is_irrational(loss: Loss) -> bool:
    return not loss.rational


def is_smooth(loss: Loss) -> bool:
    """Rational, with a derivative everywhere."""
    return loss.rational and loss.differentiable


def is_kinked(loss: Loss) -> bool:
    return loss.rational and not loss.differentiable


def takes_numbers(loss: Loss) -> bool:
    """Rational, and every rational is a target."""
    return loss.rational and loss.targets is None


def brute_kind(name: str) -> dict[str, object]:
    """How the second algorithms know a loss: by name if they have a formula of their own, else by its pieces."""
    loss = named(name)
    if loss.kind in basin_brute.LOSSES:
        return {"kind": loss.kind, "bound": next(iter(loss.parameters), Fraction(1))}

    def pieces(y):
        found = loss.pieces(y)
        return found.breaks, found.quadratics

    return {"kind": pieces}


def target(loss: Loss, y: Fraction) -> Fraction:
    """y, or the label that stands for its sign where the loss takes labels only (of two classes)."""
    if loss.targets is None:
        return Fraction(y)
    return next(q for q in ((Fraction(1),) if y > 0 else (Fraction(-1), Fraction(0))) if loss.allows(q))


def targets(name: str, y: Sequence[Fraction]) -> list[Fraction]:
    return [target(named(name), Fraction(q)) for q in y]


def in_floats(loss: Loss, y: Fraction) -> Callable[[np.ndarray], np.ndarray]:
    """The loss for one target of an array of predictions."""
    pieces = loss.pieces(y)
    assert pieces is not None
    breaks = np.array(pieces.breaks, dtype=float)
    table = np.array([[float(q) for q in row] for row in pieces.quadratics])

    def losses(p: np.ndarray) -> np.ndarray:
        a, b, c = np.moveaxis(table[np.searchsorted(breaks, p)], -1, 0)
        return (a * p + b) * p + c

    return losses
