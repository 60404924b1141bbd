"""A limit that counts questions and reads no clock."""

from __future__ import annotations

from exactgeo.errors import OutOfTime


class Ended:
    """A check that ends the work when it is asked for the n-th time."""

    def __init__(self, left: int) -> None:
        self.left = left

    def __call__(self) -> None:
        if not self.left:
            raise OutOfTime("after 7 s")
        self.left -= 1
