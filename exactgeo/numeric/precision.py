"""The float types in which the engine works at size, and the bounds on rounding that each one gives."""

from __future__ import annotations

from typing import Any

import numpy as np

from exactgeo.errors import InputError
from exactgeo.frozen import dataclass

__all__ = ["PRECISIONS", "Precision", "precision_of"]


@dataclass(frozen=True)
class Precision:
    """One float type.

    Attributes
    ----------
    name : str
    dtype : numpy.dtype
    unit : float
        Unit roundoff: a result errs by at most this times itself, unless it underflows.
    tiny : float
        Least normal number: bounds what underflow can lose, flushed to zero or not.
    """

    name: str
    dtype: np.dtype[Any]
    unit: float
    tiny: float

    @property
    def floor(self) -> float:
        """Added to factors of absolute bounds, so that these cover underflow: ``unit * floor >= tiny``."""
        return self.tiny / self.unit

    def of_sum(self, terms: int) -> float:
        """Bound on the error of a sum of products, added in any order, relative to its absolute terms.

        Twice what Higham (2002, section 3.1) proves: factors may have been rounded to the type before.
        """
        return self.unit * 2 * (terms + 16)


PRECISIONS = {
    "float32": Precision("float32", np.dtype(np.float32), 2.0**-24, 2.0**-126),
    "float64": Precision("float64", np.dtype(np.float64), 2.0**-53, 2.0**-1022),
}


def precision_of(dtype: str) -> Precision:
    """The float type of a name, refused if there is none.

    Examples
    --------
    >>> precision_of("float32").unit
    5.960464477539063e-08
    """
    if not isinstance(dtype, str) or dtype not in PRECISIONS:
        raise InputError("dtype", str(dtype), " or ".join(PRECISIONS), '"float64"')
    return PRECISIONS[dtype]
