"""The rung of deep linear networks: complete for the squared loss, all weights trained. A local minimum is global."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.linear_network_minimum import LinearNetworkMinimumClaim
from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError, OutOfScope
from exactgeo.exact.vectors import ZERO
from exactgeo.kinds import Argument
from exactgeo.local_minimum.along import descent_along
from exactgeo.local_minimum.decision import Descent, Minimum
from exactgeo.local_minimum.deep.linear import LinearNetwork as Network
from exactgeo.local_minimum.rungs.rung import Rung
from exactgeo.problem import Direction, Point, Problem, scope

__all__ = ["LinearNetwork"]


class LinearNetwork(Rung):
    """Any widths, any data, rank-deficient included, with the curve of descent written down.

    References
    ----------
    docs/mathematics.md, "Deep networks", L.
    """

    name: ClassVar[str] = "linear_network"

    def accepts(self, problem: Problem) -> OutOfScope | None:
        return scope.linear_network(problem)

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Descent:
        net, loss = Network(problem, point, check), problem.loss_at(point)
        if net.minimal:
            return Minimum(problem, LinearNetworkMinimumClaim(point, loss), Argument.LINEAR_NETWORK)
        for curve in (*net.curves(), _along_shift(net)):
            found = descent_along(problem, point, loss, curve)
            if found is not None:
                return found
        raise InternalError("no curve of a linear network descends")


def _along_shift(net: Network) -> tuple[Direction, ...]:
    """Down the output bias: its derivative is the sum of the residuals."""
    zero = Direction.zero(net.point)
    if not net.shift:
        return (zero,)
    *biases, _ = zero.biases
    return (Direction(zero.weights, (*biases, tuple(-sum(row, ZERO) for row in net.residuals))),)
