"""The rung of dependent outputs: a loud unit that others can stand in for, or of output weights 0, descends (V2)."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.deadline import Check
from exactgeo.local_minimum.decision import Descent, Minimum
from exactgeo.local_minimum.rungs.vector_rung import VectorRung
from exactgeo.local_minimum.vector.exchange import exchange
from exactgeo.local_minimum.vector.layer import VectorLayer

__all__ = ["DependentOutputs"]


class DependentOutputs(VectorRung):
    """Two necessary conditions, each with its way down.

    References
    ----------
    docs/mathematics.md, "Vector outputs", V2.
    """

    name: ClassVar[str] = "dependent_outputs"

    def look(self, layer: VectorLayer, check: Check) -> Minimum | Descent | str:
        move = layer.model.necessary()
        if move is not None:
            return layer.descent(move)
        check()
        curve = exchange(layer.model)
        if curve is not None:
            return layer.descent(*curve)
        return "no loud unit has output weights 0 or outputs in the span of the others', which is necessary only"
