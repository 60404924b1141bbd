"""What a solver of cone programs is: the laws that :mod:`exactgeo.basin.batch` and the tests rely on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from exactgeo.basin.cone_program import Optimum, Program, loss_value, replay
from exactgeo.errors import InternalError
from exactgeo.exact.vectors import Integers, Vector
from exactgeo.losses import Loss

if TYPE_CHECKING:
    from exactgeo.basin.solvers._propose_bases import Pivoting
    from exactgeo.exact._filter_signs import Signs

__all__ = ["BasisSolver", "Refined", "Solver"]


class Solver(ABC):
    """The exact optimum of one program over any set of its columns.

    Laws, tested over :data:`exactgeo.basin.solvers.SOLVERS`:

    * A solver is made of a program whose loss and targets it accepts, and of nothing else.
    * What it says was replayed from the data alone: nothing rests on a proposal or on the solver's own arithmetic.
    * What it says of a set of columns depends on the program and the set only, but for what :meth:`series` says.

    Parameters
    ----------
    program : Program
    """

    def __init__(self, program: Program) -> None:
        self.program = program

    @classmethod
    @abstractmethod
    def accepts(cls, loss: Loss, y: Vector) -> bool:
        """Whether it solves programs with this loss and these targets.

        Law: it asks for properties of the loss, its pieces first, never for its name.
        """

    @abstractmethod
    def optimum(self, mask: int) -> Optimum:
        """The optimum over the columns of ``mask``, replayed.

        Law: ``support <= mask <= allowed``, and the value is the infimum over every set of columns between ``support``
        and ``allowed``, or bounds on it.

        Raises
        ------
        InternalError
            The answer failed its replay.
        """

    def series(self) -> Callable[[int], Optimum]:
        """:meth:`optimum` for a series of sets, where what one call finds may serve the next.

        Law: then too an optimum obeys the laws of :meth:`optimum`; it may be another one than without the series.
        """
        return self.optimum

    def replay(self, mask: int, optimum: Optimum) -> None:
        """Make sure that an optimum, from anywhere, is one over the columns of ``mask``, from the data alone.

        Law: it stands exactly when :meth:`optimum` might have said it.

        Raises
        ------
        InternalError
            It is none, or another field is not what follows from its prediction and gradient.
        """
        replay(self.program, mask, optimum)
        value, allowed = loss_value(self.program, optimum.prediction), self.program.allowed(optimum.gradient)
        if (optimum.value, optimum.allowed, optimum.attained) != (value, allowed, True) or optimum.recession:
            raise InternalError("an optimum with another value than that of its prediction")


class Refined(NamedTuple):
    """What exact arithmetic makes of a proposed basis; the gradient's signs are not known yet.

    Attributes
    ----------
    basis : list of int
        Columns of the solver that determine the rest.
    used : list of int
        Those of the program that have a weight.
    value : Fraction
        Of the program.
    witness : (dict of int to int, int)
        What the signs are computed from: numerators and their common denominator.
    """

    basis: list[int]
    used: list[int]
    value: Fraction
    witness: tuple[dict[int, int], int]


class BasisSolver(Solver):
    """A solver whose optima a basis determines: a few of its columns, from which linear equations give the rest.

    So many sets can be solved at once: floats propose bases, each distinct one is refined exactly, and its signs say
    which sets it solves.

    Attributes
    ----------
    columns : tuple of vectors of ints
        One a column of the program, then those that every set may use.
    """

    columns: tuple[Integers, ...]

    @property
    def count(self) -> int:
        """Number of the program's columns."""
        return len(self.program.columns)

    @property
    def always(self) -> range:
        """Indices of the columns that every set may use."""
        return range(self.count, len(self.columns))

    @abstractmethod
    def pivoting(self) -> Pivoting:
        """Float proposals of bases, for sets of :attr:`columns`."""

    @abstractmethod
    def estimate(self, worth: float, weights: Mapping[int, float]) -> tuple[Fraction, dict[int, Fraction]]:
        """What :meth:`Pivoting.weights` proposes, as the program's value and weights of its columns: near the truth, no
        more."""

    @abstractmethod
    def refined(self, basis: Sequence[int]) -> Refined | None:
        """What a proposed basis says, exact; None when it is no basis, or not a feasible one.

        The basis may become smaller. What the columns outside say is for :meth:`signs`.
        """

    @abstractmethod
    def signs(self, refined: Sequence[Refined]) -> Signs:
        """For each basis the sign of <gradient, column> for every column of the program, exact.

        Further columns may follow, of those that every set may use: a negative sign there says that the basis is of no
        optimum at all. Law: where none is negative, the signs are those of the gradient of :meth:`on_support`.
        """

    @abstractmethod
    def gradient(self, basis: Sequence[int]) -> Vector | None:
        """The gradient at a basis, exact, of which the signs are those of :meth:`signs`; None where there is none."""

    @abstractmethod
    def on_support(self, basis: Sequence[int]) -> Optimum | None:
        """The optimum at a basis, replayed over the columns that it uses; None when there is none.

        Law: value, used columns and allowed columns are those of :meth:`refined` and :meth:`signs`.
        """
