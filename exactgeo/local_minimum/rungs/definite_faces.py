"""The rung of definite faces: the second-order form of the loss on products of critical faces (V4c)."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.deadline import Check
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent, Minimum
from exactgeo.local_minimum.rungs.vector_rung import VectorRung
from exactgeo.local_minimum.vector.forms import Reduced, descent
from exactgeo.local_minimum.vector.layer import VectorLayer

__all__ = ["DefiniteFaces"]


class DefiniteFaces(VectorRung):
    """Negative somewhere: no minimum. Positive, of a loss that is one square near the point: a minimum, strict but for
    symmetries.

    References
    ----------
    docs/mathematics.md, "Vector outputs", V4c.
    """

    name: ClassVar[str] = "definite_faces"

    def look(self, layer: VectorLayer, check: Check) -> Minimum | Descent | str:
        move = descent(layer.model, check)
        if move is not None:
            return layer.descent(move)
        if layer.square is None:
            return layer.bent
        if Reduced(layer.square, "definite", layer.work).strict(check):
            return self.minimum(layer, "definite", Argument.DEFINITE)
        return "the second-order form on some product of critical faces is nonnegative, and not positive"
