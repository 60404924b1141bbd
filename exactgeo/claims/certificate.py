"""What a verdict rests on, as data: the writer of certificates.

A certificate is a problem (or an arrangement) and claims about it, each with the numbers from which anyone can check it
again. Rationals are strings in lowest terms; the file holds no float and no hash of itself. The format is described in
``docs/certificate-v1.md``; ``exactgeo/check.py`` is the program that checks it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactgeo.errors import InternalError
from exactgeo.exact.rational import format_rational

if TYPE_CHECKING:
    import sympy

__all__ = [
    "CHECKER",
    "FORMAT",
    "VERSION",
    "Certificate",
    "Checked",
    "arrangement_data",
    "barrier",
    "basin_optimum",
    "check",
    "global_minimum",
    "landscape",
    "lower_point",
    "path",
    "plain",
    "problem_data",
    "regions",
]

FORMAT = "exactgeo-certificate"
VERSION = 1
CHECKER = Path(__file__).parent.with_name("check.py")
"""The independent checker: one file that imports nothing of exactgeo."""

Dual = Sequence[Fraction]


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


def problem_data(problem: Any) -> dict[str, Any]:
    """A :class:`~exactgeo.problem.Problem` as the ``problem`` of a certificate: no names, no point, one form.

    Targets are rows, the activation is its pair of slopes (right, left), and no bias that is not there is trained.
    """
    data: dict[str, Any] = problem.to_dict()
    net, train = data["network"], data["train"]
    # A linear model has no use for its activation; a smooth one has no slopes and no claims.
    slopes = problem.network.activation.slopes if net["widths"] else (Fraction(1), Fraction(1))
    net["activation"] = plain(slopes)
    train["hidden_bias"] = [a and b for a, b in zip(train["hidden_bias"], net["hidden_bias"], strict=True)]
    train["output_bias"] = train["output_bias"] and net["output_bias"]
    shape = {"x": problem.x, "y": problem.y}
    return {"data": plain(shape), "network": net, "loss": data["loss"], "train": train}


def arrangement_data(normals: Sequence[Dual], offsets: Dual | None) -> dict[str, Any]:
    """Hyperplanes ``<normal, w> = offset`` as the ``arrangement`` of a certificate; central without offsets."""
    return {
        "normals": [[format_rational(q) for q in row] for row in normals],
        "offsets": None if offsets is None else [format_rational(q) for q in offsets],
    }


def lower_point(point: Any, loss: Fraction, better: Any, better_loss: Fraction) -> dict[str, Any]:
    """Claim: the point is not a global minimum, because ``better`` (same frozen parameters) has a lower loss."""
    claim = {"kind": "lower_point", "point": point.to_dict(), "loss": plain(loss)}
    return claim | {"better": better.to_dict(), "better_loss": plain(better_loss)}


def global_minimum(
    point: Any,
    loss: Fraction,
    duals: Sequence[Dual] = (),
    regions: Mapping[str, Sequence[int]] | None = None,
) -> dict[str, Any]:
    """Claim: no parameters with the point's frozen ones have a lower loss.

    Parameters
    ----------
    point : Point
    loss : Fraction
        At the point.
    duals : vectors of m rationals
        Dual vectors whose bound is ``loss``, such that every basin is allowed by one of them. None for loss 0.
    regions : mapping from sign vector (text of +, -, 0) to an integer interior point, optional
        All regions of one neuron's arrangement; None where the predictions are affine in the trained parameters, empty
        where the activation has no kink.
    """
    claim = {"kind": "global_minimum", "point": point.to_dict(), "loss": loss, "duals": duals, "regions": regions}
    return dict(plain(claim))


def basin_optimum(
    point: Any,
    loss: Fraction,
    cells: Sequence[tuple[str, int, Mapping[int, Fraction]]],
    dual: Dual,
) -> dict[str, Any]:
    """Claim: the point is in the basin of the given cells, and none of its points has a lower loss.

    Parameters
    ----------
    cells : for each neuron its sign vector (text), the sign of its output weight, and multipliers by data point
        ``output * sum_t dual_t a'(s_t) x_t = sum_t multiplier_t s_t x_t``.
    dual : m rationals
    """
    names = ("signs", "output", "multipliers")
    listed = [dict(zip(names, cell, strict=True)) for cell in cells]
    return dict(plain({"kind": "basin_optimum", "point": point.to_dict(), "loss": loss, "cells": listed, "dual": dual}))


def regions(listed: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Claim: these are all regions; sign vectors as text, each with an integer point (x, or (x, s) for x / s)."""
    return {"kind": "regions", "count": len(listed), "regions": {key: list(point) for key, point in listed.items()}}


def barrier(
    point: Any,
    loss: Fraction,
    other: Any,
    other_loss: Fraction,
    level: Fraction,
    floor: Fraction,
    duals: Sequence[Dual],
    regions: Mapping[str, Sequence[int]],
    *,
    full: bool = False,
) -> dict[str, Any]:
    """Claim: every path from the point to the other reaches ``level``, and before it does no loss is below ``floor``.

    Parameters
    ----------
    duals : vectors of m rationals
        That bound the basins around the point by ``floor`` and the walls that close them off by ``level``.
    regions : mapping
        As for :func:`global_minimum`.
    full : bool
        Whether the other point is outside only as it is labelled, though a permutation of it is inside.
    """
    claim = {"kind": "barrier", "point": point.to_dict(), "loss": loss, "other": other.to_dict()}
    claim |= {"other_loss": other_loss, "level": level, "floor": floor, "full": full}
    claim |= {"duals": duals, "regions": regions}
    return dict(plain(claim))


def path(points: Sequence[Any], losses: Dual) -> dict[str, Any]:
    """Claim: the loss on the straight lines from point to point is nowhere above the largest of these losses.

    On each line every neuron keeps its input weights, or keeps its output weight and crosses no kink of the data.
    """
    (first, *points), (loss, *losses) = points, losses
    ends = [point.to_dict() for point in points]
    return dict(plain({"kind": "path", "point": first.to_dict(), "loss": loss, "points": ends, "losses": losses}))


def landscape(
    point: Any,
    loss: Fraction,
    values: Sequence[tuple[Fraction, int]],
    *,
    duals: Sequence[Dual],
    regions: Mapping[str, Sequence[int]],
    solutions: Sequence[tuple[Sequence[tuple[int, Dual]], Dual]],
    valleys: Sequence[tuple[Fraction, Fraction | None, int]] | None = None,
    infinite_width: Fraction | None = None,
    full: bool = False,
) -> dict[str, Any]:
    """Claim: the minima of all basins, and, where they are given, all valleys and the least loss of all widths.

    Parameters
    ----------
    point, loss
        Any parameters with the frozen values that are meant.
    values : (minimum, number of basins), ascending
    duals, regions
        As for :func:`global_minimum`, one for each basin and for each wall that joins no two components.
    solutions : (terms, affine)
        Terms (b, w) stand for neurons of output weight b = 1, -1 and (lifted) input weights w; affine are the
        coefficients of what is affine. One for each basin and for each wall that joins two components.
    valleys : (value, level of escape or None, number), ascending, None before the levels
    infinite_width : Fraction, optional
    full : bool
        Basins and valleys of the full space, not modulo permutation.
    """
    shown = [{"terms": [{"sign": b, "weights": w} for b, w in terms], "affine": rest} for terms, rest in solutions]
    listed = None
    if valleys is not None:
        listed = [{"value": value, "escapes_at": escape, "number": number} for value, escape, number in valleys]
    claim = {"kind": "landscape", "point": point.to_dict(), "loss": loss, "full": full, "duals": duals}
    claim |= {"regions": regions, "solutions": shown, "valleys": listed, "infinite_width": infinite_width}
    claim["values"] = [{"value": value, "basins": number} for value, number in values]
    return dict(plain(claim))


@dataclass(frozen=True)
class Certificate:
    """A problem or an arrangement, and a conjunction of claims about it, each with its proof.

    Attributes
    ----------
    problem : dict
        The data that the claims speak of, written out: :func:`problem_data` or :func:`arrangement_data`.
    claims : tuple of dict
        Each has ``kind``, what it states, and its proof.
    """

    problem: dict[str, Any]
    claims: tuple[dict[str, Any], ...]

    def to_json(self) -> str:
        """Canonical text: sorted keys, no spaces, ASCII; equal certificates are equal bytes."""
        subject = "arrangement" if "normals" in self.problem else "problem"
        data = {"format": FORMAT, "version": VERSION, subject: self.problem, "claims": list(self.claims)}
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
        from exactgeo.claims.identity import identity

        return identity(self.problem, self.claims[0], signs or {})


@dataclass(frozen=True)
class Checked:
    """The checker's answer.

    Attributes
    ----------
    accepted : bool
    statement : str or None
        What has been proved, in one sentence a claim; None unless accepted.
    hypotheses : tuple of str
        What the statement speaks of.
    sha256 : str or None
        Of the certificate's file.
    reason : str
        Why it was not accepted, "" if it was.
    code : int
        0 accepted, 1 rejected, 2 not a certificate of this format (or unreadable, or too large).
    """

    accepted: bool
    statement: str | None
    hypotheses: tuple[str, ...]
    sha256: str | None
    reason: str
    code: int

    def to_json(self) -> dict[str, Any]:
        """The dict that ``exactgeo check --json`` prints."""
        answer = {"accepted": self.accepted, "statement": self.statement, "hypotheses": list(self.hypotheses)}
        return answer | {"sha256": self.sha256} | ({"reason": self.reason} if self.reason else {})


def check(
    certificate: str | os.PathLike[str],
    problem: str | os.PathLike[str] | None = None,
    *,
    time_limit: float | None = None,
) -> Checked | None:
    """Check a certificate with the independent checker, in a process of its own.

    Parameters
    ----------
    certificate : path
        ``-`` is standard input.
    problem : path, optional
        TOML or JSON; the certificate must speak of this problem.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    Checked, or None when the time limit ended the check

    Raises
    ------
    InternalError
        The checker ended in another way than its three answers.

    Examples
    --------
    >>> import tempfile, exactgeo as eg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = eg.certify(eg.load("swirszcz-prop1")).certificate.write(folder + "/prop1.json")
    ...     answer = check(path)
    >>> answer.accepted, answer.code
    (True, 0)
    """
    command = [sys.executable, "-I", "-S", str(CHECKER), "--json", os.fspath(certificate)]
    if problem is not None:
        command.append(os.fspath(problem))
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=time_limit, check=False)
    except subprocess.TimeoutExpired:
        return None
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise InternalError(f"the checker ended with code {done.returncode} and no answer") from None
    return Checked(
        answer["accepted"],
        answer["statement"],
        tuple(answer["hypotheses"]),
        answer["sha256"],
        answer.get("reason", ""),
        done.returncode,
    )
