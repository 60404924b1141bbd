"""The page: everything that is known of a problem and its point as one HTML file, offline, without a script."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactgeo import files, formats
from exactgeo.deadline import Deadline
from exactgeo.errors import OutOfScope, OutOfTime
from exactgeo.problem import Point, Problem
from exactgeo.problem import scope as scopes
from exactgeo.report.html import visible
from exactgeo.report.page import evidence, references, sections
from exactgeo.report.page.layout import page
from exactgeo.report.page.section import Material, Section, State, left_out, out_of_scope

if TYPE_CHECKING:
    from exactgeo.standing import Verdict

__all__ = ["Report", "Section", "State", "report"]

Maker = Callable[[Material, float], Section]


@dataclass(frozen=True)
class _Stage:
    """One section: its heading, its part of the time that is left, and who makes it."""

    key: str
    title: str
    part: float
    make: Maker


STAGES = (
    _Stage("verdict", "Verdict", 0.3, sections.certified),
    _Stage("hypotheses", "Hypotheses", 0, sections.scope),
    _Stage("problem", "Problem", 0, sections.file),
    _Stage("data", "Data and fit", 0, sections.data),
    _Stage("minima", "Minima", 0.3, sections.minima),
    _Stage("landscape", "Landscape", 0.3, sections.valleys),
    _Stage("path", "The path down", 0.4, sections.down),
    _Stage("starts", "Random starts", 0.5, sections.random_starts),
    _Stage("certificates", "Certificates", 0, evidence.certificates),
    _Stage("statements", "Statements used", 0, references.statements),
    _Stage("versions", "Versions", 0, evidence.versions),
)
"""In the order of the page. Sections with no part of the time are made whatever the time is."""

EARLY = ("hypotheses", "problem", "data")
"""Sections that are there at once, before anything is searched for."""

LAST = ("certificates", "statements", "versions")
"""Sections about all others: made again after each, so that a run that is ended has them too."""

CHECKS = 0.5
"""Of the time left, for the certificates of one section."""


@dataclass(frozen=True, repr=False)
class Report:
    """A page, or as much of it as there is so far.

    Attributes
    ----------
    problem : Problem
    point : Point or None
    verdict : Verdict or None
        None where there is no point, or not yet.
    sections : tuple of Section
        In their order on the page; each says how complete it is.
    certificates : tuple of dict
        What the page carries: ``of``, ``file``, ``sha256``.
    """

    problem: Problem
    point: Point | None
    verdict: Verdict | None
    sections: tuple[Section, ...]
    certificates: tuple[dict[str, str], ...] = ()

    def __repr__(self) -> str:
        name = self.problem.name or "a problem"
        return f"<report on {name}: {len(self.sections)} sections{'' if self.complete else ', incomplete'}>"

    @property
    def complete(self) -> bool:
        """Whether every section in scope has all of its answer."""
        return all(one.state not in (State.PARTIAL, State.NOT_REACHED) for one in self.sections)

    @property
    def reason(self) -> str:
        """What is missing; "" where nothing is."""
        missing = [one for one in self.sections if one.state in (State.PARTIAL, State.NOT_REACHED)]
        return "; ".join(f"{one.title.lower()}: {one.reason}" for one in missing)

    @cached_property
    def html(self) -> str:
        """The whole file; the same input gives the same text."""
        return page(self.problem, self.verdict, self.sections)

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, whole or not at all.

        Raises
        ------
        InputError
            It cannot be written.
        """
        with files.replacing_text(path) as stream:
            stream.write(self.html)
        return Path(path)

    def to_json(self) -> dict[str, Any]:
        """The answer of ``exactgeo report --json``, but for the file's name: the verdict as ``certify`` answers it."""
        answer: dict[str, Any] = {
            "verdict": None if self.verdict is None else self.verdict.to_json(),
            "sections": [one.to_json() for one in self.sections],
            "certificates": list(self.certificates),
            "complete": self.complete,
        }
        return answer | ({"reason": self.reason} if self.reason else {})


def report(
    problem: Problem,
    point: Point | Mapping[str, Any] | None = None,
    *,
    time_limit: float = 60.0,
    known: Callable[[Report], None] = lambda found: None,
) -> Report:
    """Everything that is known of a problem and its point, as one page.

    Parameters
    ----------
    problem : Problem
    point : Point or mapping with weights and biases, optional
        ``problem.point`` when left out; without one the page is about the problem alone.
    time_limit : float
        Seconds for all sections together. What they do not allow is said in the section.
    known : callable, optional
        Told the page so far after each section; those to come say that they were not reached.

    Returns
    -------
    Report
        ``.html``, ``.write(path)``; ``.verdict``, ``.sections``, ``.complete``. Cost: that of :func:`exactgeo.certify`,
        :func:`~exactgeo.basins`, :func:`~exactgeo.landscape`, :func:`~exactgeo.path`, :func:`~exactgeo.probabilities`
        and of checking their certificates, each within its part of the time.

    Raises
    ------
    InputError
        A point whose shape is not the network's.
    InternalError
        The independent checker rejects a certificate.

    Examples
    --------
    >>> import exactgeo as eg
    >>> found = eg.report(eg.load("kink-global"), time_limit=600)
    >>> found.complete, found.html.startswith("<!DOCTYPE html>")
    (True, True)
    """
    scopes.expect_problem(problem)
    given = problem.point if point is None else formats.point_from_mapping(point, problem)
    about = problem if given is None else problem.at(given)
    # No file has other names; from Python anything may come.
    about = replace(about, name=visible(about.name), source=visible(about.source))
    material = Material(about, given, Deadline.after(time_limit))
    made: dict[str, Section] = {}

    def so_far() -> Report:
        parts = tuple(made.get(one.key) or _waiting(one) for one in STAGES)
        return Report(about, given, material.verdict, parts, tuple(one.to_json() for one in material.carried))

    last = [one for one in STAGES if one.key in LAST]
    searched = sorted((one for one in STAGES if one.key not in LAST), key=lambda one: one.key not in EARLY)
    for stage in searched:
        made[stage.key] = _made(stage, material)
        evidence.carry(material, CHECKS * material.deadline.left)
        made |= {one.key: _made(one, material) for one in last}
        known(so_far())
    return so_far()


def _waiting(stage: _Stage) -> Section:
    return left_out(stage.key, stage.title, "this was not reached before the run was ended", State.NOT_REACHED)


def _made(stage: _Stage, material: Material) -> Section:
    left = material.deadline.left
    if stage.part and not left and stage.key != "verdict":
        seconds = material.deadline.seconds
        why = f"this was not reached within {seconds:g} s; raise --time-limit"
        return left_out(stage.key, stage.title, why, State.NOT_REACHED)
    try:
        return stage.make(material, stage.part * left)
    except OutOfScope as error:
        return out_of_scope(stage.key, stage.title, error)
    except OutOfTime as error:
        return left_out(stage.key, stage.title, f"the time ended {error}; raise --time-limit", State.NOT_REACHED)
