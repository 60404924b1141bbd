"""Orbits of basins by number: the k-th one, and the number of each, without a list of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from math import comb, prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from exactgeo.basin.batch import Indices, Numbers

__all__ = ["Numbering"]


class Numbering:
    """Ascending tuples, one a group, in lexicographic order.

    With a_i ascending and b_i = a_i + i there are C(M - 1 - b_i, n - i) tuples behind, for the first i in which they
    differ: the combinatorial number system.

    Parameters
    ----------
    sizes : sequence of (patterns, neurons)
        One pair a group: from how many patterns so many neurons choose.

    Examples
    --------
    >>> import numpy as np
    >>> pairs = Numbering([(3, 2)])
    >>> pairs.rows(np.arange(6)).tolist()
    [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]]
    >>> pairs.numbers(np.array([[1, 2], [0, 0]])).tolist(), pairs.number([1, 2])
    ([4, 0], 4)
    """

    def __init__(self, sizes: Sequence[tuple[int, int]]) -> None:
        self.sizes = tuple(sizes)
        self._totals = [comb(patterns + neurons - 1, neurons) for patterns, neurons in self.sizes]
        self.total = prod(self._totals)
        self.width = sum(neurons for _, neurons in self.sizes)

    @cached_property
    def _behind(self) -> list[list[Indices]]:
        """By group and place: how many tuples lie behind with a larger number there, by number."""
        import numpy as np

        return [
            [
                np.array([comb(patterns + neurons - 2 - a - i, neurons - i) for a in range(patterns)], dtype=np.int64)
                for i in range(neurons)
            ]
            for patterns, neurons in self.sizes
        ]

    def number(self, row: Sequence[int]) -> int | None:
        """The number of one orbit, all its groups in a row; None where it is no orbit."""
        number, first = 0, 0
        if len(row) != self.width:
            return None
        for (patterns, neurons), total, behind in zip(self.sizes, self._totals, self._behind, strict=True):
            part = row[first : first + neurons]
            if any(not 0 <= a < patterns for a in part) or any(a > b for a, b in pairwise(part)):
                return None
            after = sum(int(behind[i][a]) for i, a in enumerate(part))
            number = number * total + total - 1 - after
            first += neurons
        return number

    def numbers(self, rows: npt.NDArray[np.integer]) -> Indices:
        """The numbers of orbits, shape (orbits, neurons)."""
        import numpy as np

        number: Indices = np.zeros(len(rows), dtype=np.int64)
        first = 0
        for (_, neurons), total, behind in zip(self.sizes, self._totals, self._behind, strict=True):
            number = number * total + (total - 1)
            for i in range(neurons):
                number -= behind[i][rows[:, first + i]]
            first += neurons
        return number

    def rows(self, numbers: Indices) -> Numbers:
        """The orbits with these numbers, shape (orbits, neurons)."""
        import numpy as np

        rows: Numbers = np.empty((len(numbers), self.width), dtype=np.int32)
        last, rest = self.width, np.asarray(numbers, dtype=np.int64)
        for (_, neurons), total, behind in zip(
            reversed(self.sizes), reversed(self._totals), reversed(self._behind), strict=True
        ):
            rest, mine = np.divmod(rest, total)
            after = total - 1 - mine
            for i in range(neurons):
                # The first number with no more tuples behind than there are.
                choice = np.searchsorted(-behind[i], -after)
                after = after - behind[i][choice]
                rows[:, last - neurons + i] = choice
            last -= neurons
        return rows
