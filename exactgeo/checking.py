"""The independent checker, in a process of its own, and its answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exactgeo.errors import InternalError

__all__ = ["CHECKER", "Checked", "check"]

CHECKER = Path(__file__).with_name("check.py")
"""The independent checker: files that import nothing else of exactgeo."""


@dataclass(frozen=True)
class Checked:
    """The checker's answer.

    Attributes
    ----------
    accepted : bool
    statement : str or None
        What has been proved, in one sentence a claim; None unless accepted. Where the claims are about several points,
        each sentence says about which of ``points``.
    claims : tuple of dict
        One a claim: ``kind``, ``statement``, ``point``, ``frozen`` (the values of what is not trained, by their place
        in the point), and ``points``, the other points of the claim by their fields.
    points : dict
        The points of all claims by their names in the statement.
    hypotheses : tuple of str
        What the statement speaks of.
    sha256 : str or None
        Of the certificate's file.
    reason : str
        Why it was not accepted, "" if it was.
    code : int
        0 accepted, 1 rejected, 2 not a certificate of this format (or unreadable, or too large).
    report : str
        The same for people; "" unless accepted.
    """

    accepted: bool
    statement: str | None
    claims: tuple[dict[str, Any], ...]
    points: dict[str, Any]
    hypotheses: tuple[str, ...]
    sha256: str | None
    reason: str
    code: int
    report: str

    def __repr__(self) -> str:
        said = "accepted" if self.accepted else f"not accepted: {self.reason}"
        kinds = ", ".join(claim["kind"] for claim in self.claims)
        return f"<check: {said if len(said) <= 160 else said[:157] + '...'}{': ' if kinds else ''}{kinds}>"

    def __str__(self) -> str:
        return self.report or self.reason

    def to_json(self) -> dict[str, Any]:
        """The dict that ``exactgeo check --json`` prints."""
        answer: dict[str, Any] = {"accepted": self.accepted, "statement": self.statement}
        answer |= {"claims": list(self.claims), "points": self.points}
        answer |= {"hypotheses": list(self.hypotheses), "sha256": self.sha256}
        return answer | ({"reason": self.reason} if self.reason else {})


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
        tuple(answer["claims"]),
        answer["points"],
        tuple(answer["hypotheses"]),
        answer["sha256"],
        answer.get("reason", ""),
        done.returncode,
        answer["report"],
    )
