"""Which faces each gradient of a census allows a neuron at a local minimum, for all gradients by matrix products.

See :mod:`exactgeo.basin.minima` for what is asked of a face. A gradient decides it for every face at once, by the
exact signs of the columns against it; most gradients allow too few faces to reach their own predictions, which the
optimum over the columns of all allowed faces tells, by the same batches as in a census. The others are candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from exactgeo.basin import solvers
from exactgeo.basin.batch import Solved, solve_sets
from exactgeo.basin.reduction import Reduction
from exactgeo.basin.solvers import BasisSolver
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import Value

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from exactgeo.exact._filter_signs import Signs

    Bools = npt.NDArray[np.bool_]

__all__ = ["Candidate", "SignedFace", "candidates"]

ENTRIES = 2**20
"""Gradients times faces looked at together."""


@dataclass(frozen=True, slots=True)
class SignedFace:
    """A face and an output sign one neuron may have, with the columns of the face."""

    rays: int
    sign: int
    mask: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A gradient whose predictions the allowed faces reach.

    Attributes
    ----------
    owner : int
        Of its optimum among those given.
    value : Fraction
    faces : for each group of neurons the signed faces of each
    """

    owner: int
    value: Fraction
    faces: tuple[tuple[SignedFace, ...], ...]


def candidates(reduction: Reduction, optima: Sequence[Solved]) -> Iterator[list[Candidate]]:
    """The gradients that may belong to local minima, a block at a time.

    Parameters
    ----------
    reduction : Reduction
        Of a problem with a differentiable loss of rational values.
    optima : sequence of Solved
    """
    import numpy as np

    if not reduction.exchangeable:
        # A linear model: one convex program, whose optimum is the one local minimum.
        yield [
            Candidate(k, optimum.value, ()) for k, optimum in enumerate(optima) if isinstance(optimum.value, Fraction)
        ]
        return
    faces, size = reduction.faces, len(reduction.program.columns)
    wanted = [
        (1, -1, 0) if group.frozen is None else ((1,) if group.frozen > 0 else (-1,))
        for group in reduction.exchangeable
    ]
    inside = _bits([face.rays for face in faces], len(reduction.rays))
    star = _bits([face.star for face in faces], len(reduction.rays))
    masks = {sign: [reduction.face_mask(face, sign) for face in faces] for sign in (1, -1, 0)}
    columns = {sign: _bits(masks[sign], size) for sign in (1, -1)}
    outputs = [reduction.ray_columns[j, 1] for j in range(len(reduction.rays))]
    column_of = np.array([column for column, _ in outputs], dtype=np.intp)
    nonzero = np.array([bool(scale) for _, scale in outputs], dtype=bool)
    # A linear model has no faces.
    step = max(1, ENTRIES // max(1, len(faces)))
    for first in range(0, len(optima), step):
        signs = _signs(reduction, optima[first : first + step])
        sides = np.zeros((len(signs), len(outputs)), dtype=np.int8)
        sides[:, nonzero] = signs[:, column_of[nonzero]]
        off = _meets(sides != 0, inside)
        barred = {1: _meets(sides < 0, star), -1: _meets(sides > 0, star)}
        barred[0] = barred[1] | barred[-1]
        allowed = {sign: ~(off | barred[sign]) for sign in (1, -1, 0)}
        fit = np.ones(len(signs), dtype=bool)
        union = np.zeros((len(signs), size), dtype=bool)
        for group in set(wanted):
            fit &= np.any([allowed[sign].any(axis=1) for sign in group], axis=0)
            for sign in group:
                union |= _meets(allowed[sign], columns[sign].T) if sign else False
        rows = np.flatnonzero(fit)
        reached = _values(reduction, union[rows])
        found = []
        for row, value in zip(rows.tolist(), reached, strict=True):
            if value == optima[first + row].value and isinstance(value, Fraction):
                tables = {group: np.stack([allowed[sign][row] for sign in group], axis=1) for group in set(wanted)}
                signed = {
                    group: tuple(
                        SignedFace(faces[k].rays, group[i], masks[group[i]][k]) for k, i in np.argwhere(table).tolist()
                    )
                    for group, table in tables.items()
                }
                found.append(Candidate(first + row, value, tuple(signed[group] for group in wanted)))
        yield found


def _bits(masks: Sequence[int], size: int) -> npt.NDArray[np.float32]:
    import numpy as np

    data = b"".join(mask.to_bytes(size // 8 + 1, "little") for mask in masks)
    table = np.frombuffer(data, dtype=np.uint8).reshape(len(masks), size // 8 + 1)
    return np.unpackbits(table, axis=1, bitorder="little")[:, :size].astype(np.float32)


def _meets(rows: Bools, table: npt.NDArray[np.float32]) -> Bools:
    """For each row and each set of the table whether they have a member in common; counts are exact in floats."""
    import numpy as np

    return np.asarray(rows.astype(np.float32) @ table.T > 0)


def _signs(reduction: Reduction, optima: Sequence[Solved]) -> Signs:
    """Signs of the program's columns against each gradient."""
    import numpy as np

    program = reduction.program
    replayed = {k: best.proof for k, best in enumerate(optima) if best.proof is not None}
    solver = solvers.of(program)
    if not isinstance(solver, BasisSolver):
        raise InternalError("gradients of a differentiable loss without bases")
    refined = [solver.refined(best.basis) for best in optima if best.proof is None]
    result = np.zeros((len(optima), len(program.columns)), dtype=np.int8)
    rest = [k for k in range(len(optima)) if k not in replayed]
    result[rest] = solver.signs([part for part in refined if part is not None])[:, : len(program.columns)]
    for k, best in replayed.items():
        result[k] = program.signs(best.gradient)
    return result


def _values(reduction: Reduction, union: Bools) -> list[Value]:
    """The infimum over each set of columns."""
    import numpy as np

    width = max(1, -(-union.shape[1] // 64))
    sets = np.zeros((len(union), 8 * width), dtype=np.uint8)
    packed = np.packbits(union, axis=1, bitorder="little")
    sets[:, : packed.shape[1]] = packed
    optima, owner, interrupted = solve_sets(reduction.program, sets.view("<u8"))
    if interrupted:
        raise KeyboardInterrupt
    return [optima[k].value for k in owner.tolist()]
