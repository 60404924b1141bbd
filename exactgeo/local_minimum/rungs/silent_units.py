"""The rung of silent units: what they do at no cost to first order costs nothing at all (V3)."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.deadline import Check
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent, Minimum
from exactgeo.local_minimum.rungs.vector_rung import VectorRung
from exactgeo.local_minimum.vector.layer import VectorLayer

__all__ = ["SilentUnits"]


class SilentUnits(VectorRung):
    """A sufficient condition: on all that is critical of each unit Phi is 0.

    References
    ----------
    docs/mathematics.md, "Vector outputs", V3.
    """

    name: ClassVar[str] = "silent_units"

    def look(self, layer: VectorLayer, check: Check) -> Minimum | Descent | str:
        if layer.model.loud:
            return f"unit {layer.model.loud[0]} is loud, which proves nothing"
        layer.work.units(layer.model)
        return self.minimum(layer, "silent", Argument.SILENT)
