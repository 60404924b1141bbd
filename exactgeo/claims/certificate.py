"""What a verdict rests on, as data: the writer of certificates.

A certificate is a problem (or an arrangement) and claims about it, each with the numbers from which anyone can check it
again. Rationals are strings in lowest terms; the file holds no float and no hash of itself. The format is described in
``docs/certificate-v1.md``; ``exactgeo/check.py`` is the program that checks it.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from exactgeo.claims.claim import Claim
from exactgeo.claims.subject import Subject, subject_data

if TYPE_CHECKING:
    import sympy

__all__ = ["FORMAT", "VERSION", "Certificate"]

FORMAT = "exactgeo-certificate"
VERSION = 1

C = TypeVar("C", bound=Claim)


@dataclass(frozen=True)
class Certificate:
    """A problem or an arrangement, and a conjunction of claims about it, each with its proof.

    Attributes
    ----------
    subject : Problem or HyperplaneList
        What the claims speak of.
    claims : tuple of Claim
        Each has its ``kind``, what it states, and its proof.
    """

    subject: Subject
    claims: tuple[Claim, ...]

    @cached_property
    def _subject(self) -> dict[str, Any]:
        # The data set is most of the text: its numbers are converted once, however often the certificate is written.
        return subject_data(self.subject)

    def to_data(self) -> dict[str, Any]:
        """The JSON data of the file."""
        claims = [claim.write() for claim in self.claims]
        return {"format": FORMAT, "version": VERSION, **self._subject, "claims": claims}

    def to_json(self) -> str:
        """Canonical text: sorted keys, no spaces, ASCII; equal certificates are equal bytes."""
        return json.dumps(self.to_data(), sort_keys=True, separators=(",", ":"), ensure_ascii=True) + "\n"

    def first(self, kind: type[C]) -> C | None:
        """The first claim of a type, None when there is none."""
        return next((claim for claim in self.claims if isinstance(claim, kind)), None)

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
        from exactgeo.claims.identity import identity

        return identity(self._subject["problem"], self.claims[0].write(), signs or {})
