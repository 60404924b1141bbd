"""One orbit of basins: its value with the proof, its minimiser, its convex program."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from exactgeo.basin.cone_program import Optimum
from exactgeo.basin.table import Orbit, Table
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import Value
from exactgeo.exact.lp import Separator, cone_member
from exactgeo.exact.vectors import ZERO, dot
from exactgeo.frozen import dataclass
from exactgeo.problem import Point
from exactgeo.shown import Shown, value_line

if TYPE_CHECKING:
    from exactgeo.claims.certificate import Certificate

__all__ = ["Basin"]


@dataclass(frozen=True)
class Basin(Shown):
    """One orbit of basins: for each neuron a region and the sign of its output weight.

    Attributes
    ----------
    table : Table
        Of the census it belongs to.
    index : int
        Its row there; iteration over the census follows it.
    patterns : for each group of exchangeable neurons, ascending numbers of their patterns in the reduction
    """

    table: Table
    index: int
    patterns: Orbit

    def _shown(self) -> str:
        return f"basin {self.index} of {len(self.table)}: value {value_line(self.value)}"

    @property
    def signs(self) -> tuple[tuple[tuple[int, ...], int], ...]:
        """For each neuron (dropped ones left out) the sign vector of its region and the sign of its output weight."""
        reduction = self.table.reduction
        found = {
            neuron: (reduction.regions[group.patterns[s].region], group.patterns[s].sign)
            for group, part in zip(reduction.exchangeable, self.patterns, strict=True)
            for neuron, s in zip(group.neurons, part, strict=True)
        }
        return tuple(found[i] for i in sorted(found))

    @property
    def multiplicity(self) -> int:
        """Number of basins in the orbit."""
        return self.table.reduction.copies(self.patterns)

    @property
    def optimum(self) -> Optimum:
        """The certificate shared by the basins with the same optimum; its gradient is that of the sum over the data."""
        return self.table.optimum(self.index)

    @property
    def value(self) -> Value:
        """Infimum of the loss on the basin: exact, or a proved enclosure for the logistic loss."""
        return self.table.value(self.index)

    @property
    def attained(self) -> bool:
        """Whether some point of the basin has this loss; only the logistic loss can fail to."""
        return self.optimum.attained

    @cached_property
    def minimiser(self) -> Point | None:
        """A point of the basin with the loss ``value``; for the logistic loss one within the enclosure, None if the
        infimum is not attained."""
        return self.table.minimiser(self.index)

    def plot(self, ax: Any = None) -> Any:
        """The function of the minimiser beside the data, on matplotlib axes, which are returned.

        Raises
        ------
        InputError
            Matplotlib is not installed.
        ValueError
            The infimum is not attained.
        """
        from exactgeo.pictures import label
        from exactgeo.problem.plot import draw_fit

        if self.minimiser is None:
            raise ValueError("the infimum of this basin is not attained")
        name = f"basin {self.index}, value {label(self.value)}"
        return draw_fit(self.table.problem, self.minimiser, ax, name=name)

    @cached_property
    def multipliers(self) -> tuple[tuple[Fraction, ...], ...]:
        """KKT multipliers mu_it >= 0 of the constraints ``b_i s_it <z_i, x_t> >= 0``, one row a neuron, m numbers each.

        They satisfy dL/dz_i = sum_t mu_it b_i s_it x_t and mu_it <z_i, x_t> = 0 at the minimiser, exactly (for the
        logistic loss with its rational dual point in place of the derivatives). For a loss with kinks dL stands for the
        subgradient of the certificate.
        """
        weight = self.table.problem.weight
        return tuple(tuple(weight * q for q in row) for row in self._duals)

    @cached_property
    def _duals(self) -> tuple[tuple[Fraction, ...], ...]:
        """The multipliers for the sum over the data."""
        reduction = self.table.reduction
        right, left = reduction.problem.network.activation.slopes or (ZERO, ZERO)
        result = []
        for region, b in self.signs:
            parts = [r * (right if s >= 0 else left) for r, s in zip(self.optimum.gradient, region, strict=True)]
            target = [dot(parts, column) for column in zip(*reduction.rows, strict=True)]
            generators = [[b * s * q for q in row] for s, row in zip(region, reduction.rows, strict=True)]
            found = cone_member(target, generators)
            if isinstance(found, Separator):
                raise InternalError("the derivative at a basin's optimum is outside the dual cone of its region")
            result.append(found.generators)
        return tuple(result)

    @property
    def certificate(self) -> Certificate | None:
        """That no point of the basin has a loss below ``value``; None where that is an enclosure."""
        from exactgeo.basin.claims import basin_certificate

        problem, minimiser, value = self.table.problem, self.minimiser, self.value
        if minimiser is None or not isinstance(value, Fraction) or not problem.network.widths:
            return None
        neurons = [(*signs, duals) for signs, duals in zip(self.signs, self._duals, strict=True)]
        return basin_certificate(problem, minimiser, value, neurons, self.optimum.gradient)

    def program(self) -> Any:
        """The basin's convex program as a ``cvxpy.Problem`` in H-form; see
        :func:`exactgeo.basin.cvxpy_model.basin_program`."""
        from exactgeo.basin.cvxpy_model import basin_program

        return basin_program(self.table.reduction, self.signs)

    def certificate_data(self) -> dict[str, Any]:
        """What a checker needs to verify the value: support, lambda, gradient, and the sign of <gradient, column>
        for all columns."""
        reduction, best = self.table.reduction, self.optimum
        mask = reduction.mask(self.patterns)
        signs = reduction.program.signs(best.gradient)
        return {
            "columns": [list(column) for column in reduction.program.columns],
            "lines": [list(line) for line in reduction.program.lines],
            "offset": list(reduction.program.offset),
            "allowed": [j for j in range(len(signs)) if mask >> j & 1],
            "weights": dict(best.weights),
            "line_weights": list(best.lines),
            "prediction": list(best.prediction),
            "gradient": list(best.gradient),
            "residual": [y - p for y, p in zip(reduction.program.y, best.prediction, strict=True)],
            "signs": list(signs),
            "value": self.value,
            "attained": best.attained,
        }
