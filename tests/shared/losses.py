"""The losses of the registry as the tests run over them: one of each kind, and targets each of them allows."""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from exactgeo.losses import LOSSES, Loss, make_loss


def example(kind: str) -> Loss:
    """The loss that a problem file would hold: its example."""
    numbers = re.findall(r"-?\d+(?:/\d+)?", LOSSES[kind].example.removeprefix(kind))
    return make_loss(kind, *map(Fraction, numbers))


def names(property: Callable[[Loss], bool] = lambda loss: True) -> list[str]:
    """The names of all registered losses with a property, as written in a problem file."""
    return [loss.name for loss in map(example, LOSSES) if property(loss)]


def named(name: str) -> Loss:
    kind, *parameters = re.split(r"[(),]+", name.rstrip(")").replace(" ", ""))
    return make_loss(kind, *map(Fraction, parameters))


def is_rational(loss: Loss) -> bool:
    return loss.rational


def target(loss: Loss, y: Fraction) -> Fraction:
    """y, or what stands for its sign where the loss takes labels only."""
    labels = [Fraction(y), Fraction(1), Fraction(0)] if y > 0 else [Fraction(y), Fraction(-1), Fraction(0)]
    return next(q for q in labels if loss.allows(q))


def targets(name: str, y: Sequence[Fraction]) -> list[Fraction]:
    return [target(named(name), Fraction(q)) for q in y]
