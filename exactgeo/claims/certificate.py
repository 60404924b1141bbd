"""What a verdict rests on, as data: the writer of certificates.

A certificate is a problem (or an arrangement) and claims about it, each with the numbers from which anyone can check it
again. Rationals are strings in lowest terms; the file holds no float and no hash of itself. The format is described in
``docs/certificate-v2.md``; ``exactgeo/check.py`` is the program that checks it. Files of version 1 are read as well.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from exactgeo import files
from exactgeo.claims import read_claim
from exactgeo.claims.claim import Claim
from exactgeo.claims.fields import Misread
from exactgeo.claims.subject import Subject, has_form, read_subject, subject_data
from exactgeo.errors import InputError
from exactgeo.frozen import dataclass
from exactgeo.problem import Problem
from exactgeo.shown import Shown, brief

if TYPE_CHECKING:
    import sympy

    from exactgeo.claims.identity import Identity

__all__ = ["FORMAT", "MOST_DIGITS", "MOST_DIGITS_OF_A_NUMBER", "VERSION", "Certificate", "certificate_of"]

FORMAT = "exactgeo-certificate"
VERSION = 2

MOST_DIGITS, MOST_DIGITS_OF_A_NUMBER = 500_000, 50_000
"""What the checker reads in one file, of numbers of more than 50 digits together, and of one number."""

C = TypeVar("C", bound=Claim)


@dataclass(frozen=True)
class Certificate(Shown):
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

    def _shown(self) -> str:
        kinds = Counter(claim.kind for claim in self.claims)
        said = ", ".join(kind if number == 1 else f"{number} {kind}" for kind, number in kinds.items())
        return f"certificate about {brief(self.subject)}: {brief(said)}"

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

    @classmethod
    def from_data(cls, data: Any) -> Certificate:
        """The certificate of a file's JSON data. It is read, not checked.

        Raises
        ------
        InputError
            The data are not those of a certificate of this format.
        """
        try:
            version = data.get("version") if isinstance(data, dict) and data.get("format") == FORMAT else None
            if type(version) is not int or version not in (1, VERSION):
                raise Misread(data, f"an object with format {FORMAT} and version {VERSION} (or 1)")
            subject = read_subject(data)
            if type(data.get("claims")) is not list:
                raise Misread(data.get("claims"), "a list").under("claims")
            read = _read_old_claim if version == 1 else _read_claim
            return cls(subject, tuple(claim for k, entry in enumerate(data["claims"]) for claim in read(k, entry)))
        except Misread as error:
            where = f"certificate: {error.path}".removesuffix(": ")
            raise InputError(where, error.found, error.expected, "a file that `exactgeo certify` has written") from None

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Certificate:
        """The certificate of a file: the inverse of :meth:`write`. It is read, not checked.

        Law: what :meth:`write` makes of it is the canonical text of the same statement.

        Raises
        ------
        InputError
            The file holds no certificate of this format.
        OSError
            It cannot be read.
        """
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8-sig"))
        except ValueError as error:
            raise InputError(str(path), str(error), "JSON", "a file that `exactgeo certify` has written") from None
        return cls.from_data(data)

    def first(self, kind: type[C]) -> C | None:
        """The first claim of a type, None when there is none."""
        return next((claim for claim in self.claims if isinstance(claim, kind)), None)

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the file at once or not at all; see :mod:`exactgeo.files`.

        Raises
        ------
        InputError
            It cannot be written.
        """
        with files.replacing_text(path, "ascii") as file:
            file.write(self.to_json())
        return Path(path)

    def identity(
        self,
        signs: Mapping[tuple[int, int], int] | None = None,
        *,
        outputs: Mapping[int, int] | None = None,
        pieces: Mapping[int, int] | None = None,
    ) -> sympy.Expr:
        """The polynomial identity behind the first claim, as a sympy expression that expands to zero.

        The loss after a move minus that at the point, a polynomial in the moves, minus the sum of the products of
        :meth:`inequalities`; for a descent plus that sum. Here for a minimum the moves are ``dw0_i, ..., db_i, dv_i``
        of neuron i and ``dc``, for a descent they are those of a curve at s. A minimum has an identity in each case of
        moves:

        Parameters
        ----------
        signs : mapping from (i, t) to 1 or -1, optional
            The side on which data point t lies of a kink of neuron i; 1 where left out. A side that others imply is
            that one.
        outputs : mapping from i to 1 or -1, optional
            The sign of ``dv_i``, for output weights 0; 1 where left out.
        pieces : mapping from t to k, optional
            The piece of the loss, from the left, in which prediction t lies after the move; that of the prediction
            before where left out, the right one at a break. Also for a descent whose polynomial is a bound.

        Returns
        -------
        sympy.Expr
            ``sympy.expand`` of it is 0.

        Raises
        ------
        ValueError
            The first claim has no identity of this form, or there is no such case.
        """
        return self._identity(signs, outputs, pieces).expression

    def inequalities(
        self,
        signs: Mapping[tuple[int, int], int] | None = None,
        *,
        outputs: Mapping[int, int] | None = None,
        pieces: Mapping[int, int] | None = None,
    ) -> tuple[tuple[sympy.Rational, sympy.Expr], ...]:
        """The products of :meth:`identity`, each as its coefficient and its form: why the loss does not fall, or falls.

        Coefficients are nonnegative numbers. Forms are nonnegative in the case, for moves within the radius; for a
        descent they are so for 0 < s <= step, and the last coefficient and form are positive.

        Raises
        ------
        ValueError
            As :meth:`identity`.
        """
        return self._identity(signs, outputs, pieces).terms

    def _identity(
        self,
        signs: Mapping[tuple[int, int], int] | None,
        outputs: Mapping[int, int] | None,
        pieces: Mapping[int, int] | None,
    ) -> Identity:
        from exactgeo.claims.identity import Case, identity

        return identity(self.subject, self.claims[0], Case(signs or {}, outputs or {}, pieces or {}))


def certificate_of(problem: Problem, claims: Iterable[Claim]) -> Certificate | None:
    """The certificate of claims about a problem; None without claims, or where the format has no form for it.

    A claim that would make the file longer than the checker reads is left out, with those behind it, which may rest on
    it: so every certificate is one that can be checked.
    """
    kept: list[Claim] = []
    total = 0
    for claim in claims if has_form(problem) else ():
        digits, longest = claim.long_numbers
        total += digits
        if total > MOST_DIGITS or longest > MOST_DIGITS_OF_A_NUMBER:
            break
        kept.append(claim)
    return Certificate(problem, tuple(kept)) if kept else None


def _read_claim(index: int, data: Any) -> list[Claim]:
    try:
        return [read_claim(data)]
    except Misread as error:
        raise error.under(f"claims[{index}]") from None


_OLD = {
    "local_minimum": ("strictness", "flat_dimension", "flatness"),
    "not_local_minimum": ("loss_after", "polynomial"),
    "regions": ("count",),
}
"""Fields of version 1 that version 2 has in a claim of its own, or not at all."""


def _read_old_claim(index: int, data: Any) -> list[Claim]:
    """A claim of version 1: a local minimum may state its strictness, which is the next claim of version 2."""
    kind = data.get("kind") if isinstance(data, dict) else None
    old = _OLD.get(kind, ()) if isinstance(kind, str) else ()
    if kind == "strictness" or any(name not in data for name in old):
        raise Misread(kind, "a claim of version 1").under(f"claims[{index}]")
    found = _read_claim(index, {key: value for key, value in data.items() if key not in old} if old else data)
    if kind == "local_minimum" and data["flatness"] is not None:
        flat = {key: data[key] for key in ("point", "loss", *old)}
        found += _read_claim(index, {"kind": "strictness", **flat})
    return found
