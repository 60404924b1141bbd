"""The solvers of cone programs: one file each, and the registry from which a loss's properties choose.

A new solver is a class that obeys the laws of :class:`Solver`, in a file of its own, and an entry of :data:`SOLVERS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exactgeo.basin.cone_program import Optimum, Program
from exactgeo.basin.solvers.solver import BasisSolver, Refined, Solver
from exactgeo.exact.vectors import Vector
from exactgeo.losses import Loss
from exactgeo.problem import scope
from exactgeo.registry import Gradual

__all__ = ["SOLVERS", "BasisSolver", "Refined", "Solver", "choose", "of", "solve"]


def _solvers() -> Iterator[type[Solver]]:
    from exactgeo.basin.solvers.projection import Projection

    yield Projection
    from exactgeo.basin.solvers.simplex import Simplex

    yield Simplex
    from exactgeo.basin.solvers.enclosure import EnclosureSolver

    yield EnclosureSolver


SOLVERS: Sequence[type[Solver]] = Gradual(_solvers)
"""In the order in which they are asked whether they accept a loss."""


def choose(loss: Loss, y: Vector) -> type[Solver]:
    """The first solver that accepts a loss at these targets.

    Raises
    ------
    OutOfScope
        None does.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from exactgeo.losses import LOSSES
    >>> [choose(LOSSES[kind](), (Fraction(1),)).__name__ for kind in ("squared_hinge", "hinge", "logistic")]
    ['Projection', 'Simplex', 'EnclosureSolver']
    """
    for solver in SOLVERS:
        if solver.accepts(loss, y):
            return solver
    raise scope.no_solver(loss)


def of(program: Program) -> Solver:
    """The solver of a program, made once."""
    found = program.derived.get("solver")
    if not isinstance(found, Solver):
        found = program.derived["solver"] = choose(program.loss, program.y)(program)
    return found


def solve(program: Program, mask: int) -> Optimum:
    """The exact optimum over the columns of ``mask``, replayed.

    Parameters
    ----------
    program : Program
    mask : int
        Bit j set: column j may be used.

    Returns
    -------
    Optimum
        Cost: a float proposal and one exact solve on its support when the proposal is right, else a few more exact
        ones; for piecewise linear losses one exact linear program.

    Raises
    ------
    InternalError
        The answer failed its replay.
    OutOfScope
        No solver accepts the loss.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from exactgeo.losses import make_loss
    >>> y, zero = (Fraction(1), Fraction(2)), (Fraction(0), Fraction(0))
    >>> found = solve(Program(make_loss("squared"), Fraction(1), y, zero, ((1, 0), (0, -1)), ()), 3)
    >>> str(found.value), {j: str(q) for j, q in found.weights.items()}, [str(q) for q in found.gradient]
    ('4', {0: '1'}, ['0', '-4'])
    """
    return of(program).optimum(mask)
