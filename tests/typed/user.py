"""How a user writes with types: `mypy --strict` on this file alone, against the installed package, finds nothing."""

from __future__ import annotations

from fractions import Fraction
from typing import assert_type

import exactgeo as eg


def verdict(name: str) -> str:
    problem = eg.load(name)
    assert_type(problem, eg.Problem)
    found = eg.certify(problem, time_limit=1.0)
    assert_type(found, eg.Verdict)
    assert_type(found.loss, Fraction | None)
    assert_type(found.better, eg.Better | None)
    if found.certificate is not None:
        assert_type(found.certificate, eg.Certificate)
    return f"{found.kind}: {found.message} {found.to_latex()}"


def minima(problem: eg.Problem) -> list[Fraction]:
    census = eg.basins(problem)
    rows = census.to_records()
    values = [Fraction(row["value"]) for row in rows]
    found = eg.landscape(problem)
    levels = [valley.escapes_at for valley in found.valleys]
    assert_type(levels, list[Fraction | None])
    least = eg.minimum(problem)
    assert_type(least.lower_bound, Fraction)
    return values


def checked(path: str) -> bool:
    answer = eg.check(path)
    return answer is not None and answer.accepted


def regions() -> int:
    planes = eg.Arrangement([[1, 0], [0, 1], [1, 1]])
    return len(planes.regions())


def refused(source: bytes) -> str:
    try:
        return repr(eg.load(source).point)
    except eg.InputError as error:
        return error.write
    except eg.OutOfScope as error:
        return error.try_instead


print(verdict("swirszcz-prop1"), minima(eg.load("swirszcz-prop1")), regions(), eg.__version__, sorted(eg.examples()))
