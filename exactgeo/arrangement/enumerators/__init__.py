"""The enumerators of regions, by name: one file and one entry each, so that the laws are tested over all of them.

A new enumerator is a function that obeys :class:`.protocol.Enumerator`, in a file of its own, and an entry of
``ENUMERATORS``. What they take, what they return and the laws are in :mod:`.protocol`.
"""

from __future__ import annotations

from exactgeo.arrangement.enumerators.protocol import Enumerator
from exactgeo.registry import Registry

__all__ = ["ENUMERATORS"]

ENUMERATORS: Registry[Enumerator] = Registry(
    __name__, {"sweep": "sweep:sweep", "deletion-restriction": "deletion:deletion_restriction", "stars": "stars:stars"}
)
