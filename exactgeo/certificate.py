"""What a verdict rests on, as data: the writer of certificates.

A certificate is a problem, a point's claims, and for each claim the numbers from which anyone can check it
again. Rationals are strings in lowest terms; the file holds no float and no hash of itself.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactgeo.exact.rational import format_rational

if TYPE_CHECKING:
    import sympy

__all__ = ["FORMAT", "VERSION", "Certificate", "plain"]

FORMAT = "exactgeo-certificate"
VERSION = 1


def plain(value: Any) -> Any:
    """Nested tuples, mappings and rationals as JSON data: rationals become strings, tuples lists."""
    if isinstance(value, Fraction):
        return format_rational(value)
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no place in a certificate")


@dataclass(frozen=True)
class Certificate:
    """A problem, and a conjunction of claims about it, each with its proof.

    Attributes
    ----------
    problem : dict
        The data that the claims speak of, written out.
    claims : tuple of dict
        Each has ``kind``, what it states, and its proof.
    """

    problem: dict[str, Any]
    claims: tuple[dict[str, Any], ...]

    def to_json(self) -> str:
        """Canonical text: sorted keys, no spaces, ASCII; equal certificates are equal bytes."""
        data = {"format": FORMAT, "version": VERSION, "problem": self.problem, "claims": list(self.claims)}
        return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True) + "\n"

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the file at once or not at all.

        Raises
        ------
        OSError
            The folder does not exist or cannot be written.
        """
        target = Path(path)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(self.to_json())
            os.chmod(name, 0o644)
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return target

    def identity(self, signs: Mapping[tuple[int, int], int] | None = None) -> sympy.Expr:
        """The polynomial identity behind the first claim, as a sympy expression that expands to zero.

        For a local minimum, on the cone where data point t lies on side ``signs[i, t]`` (1 or -1; 1 where
        left out) of a kink of neuron i: ``loss(point + delta) - loss(point)`` minus a sum of squares and
        nonnegative multiples of the cone's constraints. For a descent: ``loss(point + s direction) -
        loss(point)`` minus its polynomial in s.

        Returns
        -------
        sympy.Expr
            ``sympy.expand`` of it is 0.

        Raises
        ------
        ValueError
            The first claim has no identity of this form.
        """
        from exactgeo._identity import identity

        return identity(self.problem, self.claims[0], signs or {})
