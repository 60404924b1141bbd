"""The rung of tied faces: where a second-order form that is nonnegative, and not positive, is enough (V4a, V4b)."""

from __future__ import annotations

from copy import copy
from typing import ClassVar

from exactgeo.deadline import Check
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent, Minimum
from exactgeo.local_minimum.rungs.vector_rung import VectorRung
from exactgeo.local_minimum.vector.forms import Reduced, tied
from exactgeo.local_minimum.vector.layer import VectorLayer

__all__ = ["TiedFaces"]


class TiedFaces(VectorRung):
    """One loud unit, or loud units that hold one another, without rays: complete. Units that are orthogonal: apart.
    Silent units are projected out, or take part.

    References
    ----------
    docs/mathematics.md, "Vector outputs", V4a and V4b.
    """

    name: ClassVar[str] = "tied_faces"

    def look(self, layer: VectorLayer, check: Check) -> Minimum | Descent | str:
        model = layer.square
        if model is None:
            return layer.bent
        reason = ""
        for rule in ("tied", "whole"):
            reduced = Reduced(model, rule, copy(layer.work))
            if not reduced.independent:
                reason = reason or "the outputs of loud units depend on what silent units can do"
                continue
            failed = next((part for part in reduced.parts() if not tied(reduced, part, check)), None)
            if failed is None:
                return self.minimum(layer, rule, Argument.TIED)
            reason = f"the form of the units {failed} has zeros that it does not decide"
        return reason
