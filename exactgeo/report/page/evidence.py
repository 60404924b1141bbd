"""The sections that let a reader check: the certificates, each with its hash and the command, and the versions."""

from __future__ import annotations

import base64
import platform
import re
import tempfile
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from exactgeo.checking import Checked, check
from exactgeo.deadline import Deadline
from exactgeo.errors import InternalError
from exactgeo.report.html import Html, code, element, facts, fold, join, shortened, table
from exactgeo.report.page.section import Carried, Material, Proof, Section, left_out, section

__all__ = ["carry", "certificates", "file_stem", "versions"]

ENCLOSED = 480_000
"""Bytes of certificates that a page carries; encoded they are a third more."""

SHOWN = 40_000
"""Characters of a certificate that are shown, not only carried."""

OPEN, OTHERS, STATED = 6, 2, 60
"""Statements that are read at once, of the verdict and of all else; and that are on the page at all."""

DEPENDENCIES = ("sympy", "python-flint", "numpy", "scipy", "networkx", "cvxpy", "clarabel", "matplotlib")


def file_stem(name: str) -> str:
    """A file's name from that of a problem.

    Examples
    --------
    >>> file_stem("../My <problem>.toml"), file_stem("")
    ('My-problem', 'problem')
    """
    base = re.sub(r"\.(toml|json)$", "", name.replace("\\", "/").rpartition("/")[2])
    return re.sub(r"[^A-Za-z0-9._-]+", "-", base)[:60].strip("-.") or "problem"


def carry(material: Material, seconds: float) -> None:
    """Check the certificates that are new, each in its part of the time, and keep them for the page."""
    new, deadline = material.proofs[len(material.carried) :], Deadline.after(seconds)
    stem = file_stem(material.problem.name)
    for k, proof in enumerate(new):
        content = proof.certificate.to_json().encode("ascii")
        room = ENCLOSED - sum(len(one.content) for one in material.carried if one.fits)
        answer = _checked(content, deadline.left / (len(new) - k))
        name = f"{stem}.{_word(proof)}.json"
        material.carried.append(Carried(proof, name, content, len(content) <= room, answer))


def certificates(material: Material, seconds: float) -> Section:
    """Every certificate of the page so far."""
    title = "Certificates"
    if not material.carried:
        return left_out("certificates", title, "nothing on this page was proved in a form that a certificate can hold")
    late = [one for one in material.carried if one.answer is None]
    reason = f"{len(late)} of {len(material.carried)} certificates were not checked in time" if late else ""
    blocks = [_block(one, file_stem(material.problem.name)) for one in material.carried]
    return section("certificates", title, element("p", HOW), blocks, reason=reason)


HOW = (
    "A certificate is a file with the problem and the numbers that prove the statements below. The checker shares no "
    "code with the program that found them: a few files of Python with the standard library alone (exactgeo/check.py)."
)


def _word(proof: Proof) -> str:
    """certify, basins, landscape, path, probabilities: the command that writes it."""
    return proof.command.split()[1]


def _checked(content: bytes, seconds: float) -> Checked | None:
    """What the independent checker says of a certificate."""
    if not seconds:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certificate.json"
        path.write_bytes(content)
        answer = check(path, time_limit=seconds)
    if answer is not None and not answer.accepted:
        raise InternalError(f"the checker rejects a certificate of this page: {answer.reason}")
    return answer


def _block(one: Carried, stem: str) -> Html:
    """One certificate: the file, its hash, the command that checks it again, and what it proves."""
    word, size = _word(one.proof), f"{len(one.content):,} bytes"
    where: Any = f"too large for this page; {one.proof.command.format(file=stem + '.toml', name=one.name)} writes it"
    if one.fits:
        address = f"data:application/json;base64,{base64.b64encode(one.content).decode()}"
        where = element("a", one.name, href=address, download=one.name, id=f"certificate-{word}")
    verdict: Any = "not checked in time"
    if one.answer is not None:
        verdict = join([element("strong", "accepted", class_="good"), " while this page was made"])
    again = f"exactgeo check {one.name}\npython exactgeo/check.py {one.name}"
    opened = OPEN if word == "certify" else OTHERS
    rows = [
        ("file", join([where, f" ({size})"])),
        ("sha256", element("code", one.sha256, id=f"sha256-{word}")),
        ("checked", verdict),
        ("check again", code(again, label="command")),
        ("it proves", _statement(one.answer, opened)) if one.answer is not None else None,
    ]
    shown = one.content.decode("ascii")
    whole = fold("the certificate itself", element("pre", element("code", shown), tabindex=0, aria_label="certificate"))
    heading = element("h3", f"Of {one.proof.of}")
    return element("div", heading, facts(rows), whole if one.fits and len(shown) <= SHOWN else None)


def _statement(answer: Checked, opened: int) -> Html:
    """The checker's own sentences: the first ones, the others and what they are about folded."""
    lines = list(dict.fromkeys(claim["statement"] for claim in answer.claims))
    first, others = lines[:opened], lines[opened:STATED]
    more = [f"… and {len(lines) - STATED:,} more"] if len(lines) > STATED else []
    about = fold("for the problem with", _list(answer.hypotheses))
    rest = fold(f"{len(lines) - opened:,} more", _list([*others, *more])) if others else None
    return join([_list(first), rest, about])


def _list(lines: Iterable[str]) -> Html:
    return element("ul", [element("li", shortened(line)) for line in lines])


def versions(material: Material, seconds: float) -> Section:
    """What the page was made with."""
    stem = file_stem(material.problem.name)
    again = code(f"exactgeo report {stem}.toml -o {stem}.html", label="command")
    words = "Made by the command below; the same input gives the same bytes, but where the time limit ends a search."
    found = table(["", "version"], _versions(), label="versions")
    return section("versions", "Versions", element("p", words), again, found)


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    rows = [("exactgeo", version("exactgeo")), ("Python", python)]
    for name in DEPENDENCIES:
        try:
            rows.append((name, version(name)))
        except PackageNotFoundError:
            rows.append((name, "not installed"))
    return tuple(rows)
