"""What exactgeo tells while it works, under the logger ``exactgeo``: silent unless somebody listens, in no answer.

INFO: rungs with their times, censuses and their blocks, searches, stores that are opened. DEBUG: proposals of floats,
how many were accepted and refused by exact arithmetic.
"""

from __future__ import annotations

import logging

__all__ = ["ROOT", "logger"]

ROOT = logging.getLogger("exactgeo")
ROOT.addHandler(logging.NullHandler())


def logger(name: str) -> logging.Logger:
    """The logger of a module, by its name.

    Examples
    --------
    >>> logger("exactgeo.store").parent is ROOT
    True
    """
    return logging.getLogger(name)
