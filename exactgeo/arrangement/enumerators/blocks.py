"""The sweep that suits the hyperplanes: lines in a plane have their own, all others are swept along a flag.

Needs numpy; dimension ``rank - central`` at least 1.
"""

from __future__ import annotations

from concurrent.futures import Executor

from exactgeo.arrangement.enumerators._filter_minors import NotGeneric
from exactgeo.arrangement.enumerators.flag import Flag, FlagSweep
from exactgeo.arrangement.enumerators.general_position import GeneralPosition
from exactgeo.arrangement.enumerators.planar import Planar
from exactgeo.arrangement.enumerators.protocol import DistinctHyperplanes
from exactgeo.arrangement.enumerators.special_position import SpecialPosition
from exactgeo.errors import InternalError

__all__ = ["flag_sweep", "in_blocks"]

_ATTEMPTS = 200


def in_blocks(
    hyperplanes: DistinctHyperplanes, *, keep: bool = True, executor: Executor | None = None
) -> FlagSweep | Planar:
    """Regions in blocks, each found by itself, every region once: central, every one where hyperplane 0 is positive.

    Parameters
    ----------
    keep : bool
        What the blocks have in common to find points of regions too; without it they need less in common.
    executor : concurrent.futures.Executor, optional
        Finds large levels of flats in special position.
    """
    if hyperplanes.rank - hyperplanes.central == 2:
        return Planar(hyperplanes)
    return flag_sweep(hyperplanes, keep=keep, executor=executor)


def flag_sweep(hyperplanes: DistinctHyperplanes, *, keep: bool = True, executor: Executor | None = None) -> FlagSweep:
    """The sweep along the first random flag in general position.

    Raises
    ------
    InternalError
        There was none among those that are tried.
    """
    for attempt in range(_ATTEMPTS):
        try:
            if hyperplanes.uniform:
                return GeneralPosition(Flag(hyperplanes, attempt), keep=keep)
            return SpecialPosition(Flag(hyperplanes, attempt), executor)
        except NotGeneric:
            continue
    raise InternalError("no flag in general position was found")
