"""Shortest vectors where the pivots of Lemke's method are degenerate."""

from __future__ import annotations

from fractions import Fraction

from exactgeo.exact import least_norm as module
from exactgeo.exact.least_norm import Box, least_norm


def vector(*entries):
    return tuple(map(Fraction, entries))


def test_ties_between_rows_do_not_make_the_pivots_cycle(monkeypatch):
    """Without the lexicographic rule the method goes round in circles here."""
    pivot, count = module._Integers.pivot, 0

    def counted(self, leaving, entering):
        nonlocal count
        count += 1
        assert count < 200, "the pivots cycle"
        pivot(self, leaving, entering)

    monkeypatch.setattr(module._Integers, "pivot", counted)
    box = Box(vector(-1, 0, -1, -1, 0), Fraction(-1), Fraction(-1))
    rays = [
        (1, 0, 0, 1, 0),
        (-1, 0, -1, 1, 1),
        (1, 1, -1, 1, 0),
        (-1, -1, -1, -1, 1),
        (0, 1, 0, 0, 0),
        (-1, 1, 0, 0, 0),
        (0, 1, -1, 1, 0),
    ]
    found = least_norm(vector(1, -1, -1, -1, 0), [box], rays, (3, 2))
    assert found is not None
    assert found.vector == vector(Fraction(1, 2), Fraction(1, 2), 0, 0, 0)
