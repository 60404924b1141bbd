"""Float proposals for programs with a group norm: weights of the rays, the output bias, and a dual vector."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from exactgeo.basin.reduction import Reduction
from exactgeo.exact.vectors import ZERO, Vector
from exactgeo.frozen import dataclass
from exactgeo.problem import Penalty

__all__ = ["Proposal", "propose"]

BITS = 52
"""Bits of a proposed number behind the binary point of the largest in its vector."""


@dataclass(frozen=True)
class Proposal:
    """Rounded floats: for each cell the weights of its rays (not negative) and of its lines; the output bias; the dual
    vector of the sum over the data."""

    cells: tuple[tuple[Vector, Vector], ...]
    shift: Fraction
    dual: Vector


def propose(
    reduction: Reduction,
    signs: Sequence[tuple[Sequence[int], int]],
    cones: Sequence[tuple[Sequence[Vector], Sequence[Vector]]],
    penalty: Penalty,
) -> Proposal | None:
    """See :func:`exactgeo.basin.cvxpy_model.group_norm_program`; None where the solver gives up."""
    import cvxpy as cp

    from exactgeo.basin.cvxpy_model import group_norm_program

    program = group_norm_program(reduction, signs, cones, penalty)
    tight = {"tol_gap_abs": 1e-12, "tol_gap_rel": 1e-12, "tol_feas": 1e-12}
    for options in (tight, {}):
        try:
            with warnings.catch_warnings():
                # An answer that is less accurate than asked for is a proposal all the same.
                warnings.simplefilter("ignore", UserWarning)
                program.solve(solver=cp.CLARABEL, max_step_fraction=0.9, **options)
        except cp.error.SolverError:
            continue
        if program.named["predictions"].dual_value is not None and all(
            part.value is not None for parts in program.z for part in parts
        ):
            break
    else:
        return None
    cells = tuple(
        (tuple(max(q, ZERO) for q in _rounded(parts[0].value)), _rounded(parts[1].value) if len(parts) > 1 else ())
        for parts in program.z
    )
    shift = _rounded(program.linear.value)[0] if program.linear is not None else ZERO
    weight = float(reduction.program.weight)
    return Proposal(cells, shift, tuple(-q for q in _rounded(program.named["predictions"].dual_value / weight)))


def _rounded(values: Any) -> Vector:
    found = [float(q) for q in values]
    top = max((abs(q) for q in found), default=0.0)
    unit = 2.0**-BITS * (top or 1.0)
    return tuple(Fraction(q) if abs(q) > unit * 2**8 else ZERO for q in found)
