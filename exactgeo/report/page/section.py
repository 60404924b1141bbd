"""A section of the page, and what sections are made from: the problem, the point, the time, what is known so far."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from exactgeo.deadline import Deadline
from exactgeo.errors import OutOfScope
from exactgeo.report.html import Child, Html, element, join, prose

if TYPE_CHECKING:
    from exactgeo.basin import Census
    from exactgeo.basin.penalised import PenalisedCensus
    from exactgeo.checking import Checked
    from exactgeo.claims.certificate import Certificate
    from exactgeo.landscape import Landscape
    from exactgeo.path_search import FoundPath
    from exactgeo.probability.probabilities import Laws
    from exactgeo.problem import Point, Problem
    from exactgeo.standing import Verdict

__all__ = ["Carried", "Material", "Proof", "Section", "State", "left_out", "out_of_scope", "section"]


class State(StrEnum):
    """How much of a section there is."""

    COMPLETE = "complete"
    PARTIAL = "partial"  # the time limit, or the size of the problem
    OUT_OF_SCOPE = "out_of_scope"
    LEFT_OUT = "left_out"  # the problem has no point, say
    NOT_REACHED = "not_reached"  # the time limit, or Ctrl-C


@dataclass(frozen=True)
class Section:
    """A part of the page under one heading.

    Attributes
    ----------
    key : str
        Its anchor.
    title : str
    body : Html
    state : State
    reason : str
        One sentence, where it is not complete.
    """

    key: str
    title: str
    body: Html
    state: State = State.COMPLETE
    reason: str = ""

    def to_json(self) -> dict[str, str]:
        return {"section": self.key, "state": str(self.state), **({"reason": self.reason} if self.reason else {})}


@dataclass(frozen=True)
class Proof:
    """A certificate on the page: of what, and the command that writes it again."""

    of: str
    command: str
    certificate: Certificate


@dataclass(frozen=True)
class Carried:
    """A certificate as it stands on the page: its file, whether there is room for it, and what the checker says.

    ``answer`` is None where it was not checked in time.
    """

    proof: Proof
    name: str
    content: bytes
    fits: bool
    answer: Checked | None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def to_json(self) -> dict[str, str]:
        return {"of": self.proof.of, "file": self.name, "sha256": self.sha256}


@dataclass
class Material:
    """What is known so far; each section adds to it.

    Attributes
    ----------
    problem : Problem
        With the point of the report.
    point : Point or None
    deadline : Deadline
        Of the whole page.
    """

    problem: Problem
    point: Point | None
    deadline: Deadline
    verdict: Verdict | None = None
    census: Census | PenalisedCensus | None = None
    landscape: Landscape | None = None
    path: FoundPath | None = None
    laws: Laws | None = None
    proofs: list[Proof] = field(default_factory=list)
    carried: list[Carried] = field(default_factory=list)

    def keep(self, of: str, command: str, certificate: Certificate | None) -> None:
        """A certificate for the page, where there is one."""
        if certificate is not None:
            self.proofs.append(Proof(of, command, certificate))


def section(key: str, title: str, *children: Child, reason: str = "") -> Section:
    """A section that is complete, or partial with a reason, which stands first."""
    note = element("p", prose(f"Not all of this is known: {reason}."), class_="note") if reason else None
    return Section(key, title, join([note, *children]), State.PARTIAL if reason else State.COMPLETE, reason)


def out_of_scope(key: str, title: str, error: OutOfScope) -> Section:
    """A section that the problem does not have, and what would be in scope."""
    reason = f"out of scope: {error.reason}; in scope: {error.in_scope}; try {error.try_instead}"
    return left_out(key, title, reason, State.OUT_OF_SCOPE)


def left_out(key: str, title: str, reason: str, state: State = State.LEFT_OUT) -> Section:
    """A section that is not there, in one sentence."""
    return Section(key, title, element("p", prose(f"{reason[:1].upper()}{reason[1:]}."), class_="note"), state, reason)
