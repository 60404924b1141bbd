"""The enumerators of regions, by name: one file and one entry each, so that the laws are tested over all of them.

A new enumerator is a function that obeys :class:`.protocol.Enumerator`, in a file of its own, and an entry of
``ENUMERATORS``. What they take, what they return and the laws are in :mod:`.protocol`.
"""

from __future__ import annotations

from exactgeo.arrangement.enumerators.deletion import deletion_restriction
from exactgeo.arrangement.enumerators.protocol import Enumerator
from exactgeo.arrangement.enumerators.sweep import sweep

__all__ = ["ENUMERATORS"]

ENUMERATORS: dict[str, Enumerator] = {
    "sweep": sweep,
    "deletion-restriction": deletion_restriction,
}
