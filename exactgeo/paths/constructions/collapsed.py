"""Stub."""
from exactgeo.paths.constructions.walk import Unmet, Walk

def separate(walk: Walk, layer: int) -> None:
    if len(set(zip(*walk.at.features(layer - 1), strict=True))) < len(walk.rows):
        raise Unmet("collapsed")
