"""What each question is answered for. Every sentence "outside what we treat" of the house stands here, once.

Each function gives None for a problem in scope, or an :class:`~exactgeo.errors.OutOfScope` to raise or to show: its
three fields say what puts the problem outside, what would be inside, and what serves this very problem.
"""

from __future__ import annotations

from exactgeo.activations import LINEAR
from exactgeo.errors import OutOfScope
from exactgeo.losses import Loss
from exactgeo.problem.network import Network
from exactgeo.problem.problem import Problem

__all__ = [
    "basins",
    "complete_decision",
    "exact_values",
    "full_space",
    "no_float_form",
    "no_solver",
    "not_linear",
    "numeric_conditions",
    "polish",
    "slices",
]

CERTIFY = "`exactgeo certify`, which decides one point of this problem"
BASINS = "`exactgeo basins`, whose values are proved enclosures here"
NUMERIC = "`exactgeo.numeric`, float64 and no proof"
ONE_NETWORK = "`one_sided_derivatives`, or `certify(index)`, which hands one network to the exact decision"


def _architecture(net: Network) -> tuple[str, str] | None:
    """What no room treats beyond one hidden layer with one score; the reason and what would be in scope."""
    if len(net.widths) > 1:
        return f"{len(net.widths)} hidden layers", "at most one hidden layer"
    for activation in net.activations:
        if not activation.homogeneous:
            return f"the smooth activation {activation.name}", "a piecewise linear activation"
    if net.output_activation != LINEAR:
        return f"the output activation {net.output_activation.name}", "linear outputs"
    return None


def _differentiable_square(problem: Problem) -> tuple[str, str] | None:
    loss = problem.loss
    if not (loss.rational and loss.differentiable):
        return f"the {loss.name} loss", "a loss with rational values and a derivative everywhere"
    return None


def complete_decision(problem: Problem) -> OutOfScope | None:
    """Is this point a local minimum? (:mod:`exactgeo.local_minimum`)"""
    found = _architecture(problem.network)
    if found is None and problem.outputs > 1:
        found = f"{problem.outputs} outputs", "one output"
    if found is None:
        found = _differentiable_square(problem)
    return None if found is None else OutOfScope(*found, BASINS if basins(problem) is None else NUMERIC)


def not_linear(problem: Problem) -> OutOfScope:
    """What a linear model is not: for the rung that asks for one."""
    hidden = sum(map(bool, problem.network.widths))
    reason = f"{hidden} hidden layer{'s' * (hidden != 1)} with units"
    return OutOfScope(reason, "a linear model", "the other rungs of `exactgeo certify`")


def _basins(problem: Problem) -> tuple[str, str] | None:
    found = _architecture(problem.network)
    if found is not None:
        return found
    net, train, frozen = problem.network, problem.train, problem.frozen
    if problem.loss.as_scalar(problem.outputs, problem.y) is None:
        if problem.loss.classes:
            return f"{problem.loss.name} with {problem.outputs} classes, which is no scalar score", "two classes"
        return f"{problem.outputs} outputs: v_i w_i has rank one and a basin is not convex", "one output"
    if frozen is None and net.output_bias and not train.output_bias:
        return "the output bias is frozen and no point says at which value", "a file with [point]"
    if not net.widths:
        if frozen is None and not train.output:
            return "the weights of a linear model are frozen and no point says at which values", "a file with [point]"
        return None
    if not any(net.widths):
        # No hidden neuron has anything to freeze.
        return None
    if not train.hidden[0]:
        return "the hidden weights are frozen: the model is linear in what is trained", "trained hidden weights"
    if net.hidden_bias[0] and not train.hidden_bias[0] and (frozen is None or any(frozen.biases[0])):
        reason = "the hidden bias is frozen and not 0: what a basin reaches is not a cone"
        return reason, "a hidden bias that is trained, absent or frozen at 0"
    if frozen is None and not train.output:
        return "the output weights are frozen and no point says at which values", "a file with [point]"
    return None


def basins(problem: Problem) -> OutOfScope | None:
    """Every basin with its value (:mod:`exactgeo.basin`): cones over convex programs."""
    found = _basins(problem)
    if found is None:
        return None
    outside = _architecture(problem.network) or (problem.outputs > 1) or _differentiable_square(problem)
    return OutOfScope(*found, NUMERIC if outside else CERTIFY)


def no_solver(loss: Loss) -> OutOfScope:
    """What every exact solver of basins refuses (:mod:`exactgeo.basin.solvers`)."""
    inside = "a loss that is one parabola with straight ends, two half-lines that meet, or logistic"
    return OutOfScope(f"the {loss.name} loss, which no exact solver takes", inside, NUMERIC)


def polish(problem: Problem) -> OutOfScope | None:
    """From floats to the local minimum beside them (:mod:`exactgeo.polishing`): cells that are one parabola."""
    found = complete_decision(problem)
    if found is not None:
        return found
    net, train = problem.network, problem.train
    reason = None
    pieces = problem.loss.pieces(problem.y[0][0])
    if pieces is None or pieces.breaks:
        reason = f"the {problem.loss.name} loss", "a loss that is one parabola a target: squared, half_squared"
    elif not net.widths:
        reason = "no hidden layer", "one hidden layer"
    else:
        moving = (train.hidden[0], *([train.hidden_bias[0]] if net.hidden_bias[0] else []))
        if train.output and any(moving) and not all(moving):
            reason = "trained output weights with input weights that are partly frozen", "both trained, or one of them"
    return None if reason is None else OutOfScope(*reason, CERTIFY)


def exact_values(problem: Problem) -> OutOfScope | None:
    """Landscapes and paths (:mod:`exactgeo.landscape`): basins whose values can be compared exactly."""
    found = basins(problem)
    if found is not None or problem.loss.rational:
        return found
    reason = f"the values of the {problem.loss.name} loss are enclosures, and equal ones cannot be told from close ones"
    return OutOfScope(reason, "the other losses", BASINS)


def numeric_conditions(net: Network, loss: Loss, *, quadratic: bool) -> OutOfScope | None:
    """The local minimum conditions in floats: ``quadratic`` says that the loss is one quadratic a target."""
    found = _architecture(net)
    if found is None and len(net.widths) != 1:
        found = "no hidden layer", "one hidden layer"
    if found is None and net.outputs > 1:
        found = f"{net.outputs} outputs", "one output"
    if found is None and not quadratic:
        found = f"the {loss.name} loss", "a loss that is one quadratic of the prediction: squared, half_squared"
    return None if found is None else OutOfScope(*found, ONE_NETWORK)


def no_float_form(what: str) -> OutOfScope:
    """A loss or an activation that the numeric engine cannot evaluate."""
    return OutOfScope(f"{what} has no form in floats", "a loss with pieces, an activation with slopes", CERTIFY)


def full_space(copies: int, most: int) -> OutOfScope | None:
    """The landscape of the full space: ``copies`` permutations of exchangeable neurons, treated up to ``most``."""
    if copies <= most:
        return None
    reason = f"{copies} permutations of neurons in the full space"
    return OutOfScope(reason, f"up to {most} of them", "the landscape modulo permutation, without --full")


def slices(problem: Problem) -> OutOfScope | None:
    """Pictures of the loss on lines and planes."""
    found = _architecture(problem.network)
    if found is None and problem.outputs > 1:
        found = f"{problem.outputs} outputs", "one output"
    if found is None and not problem.network.widths:
        found = "no hidden layer", "one hidden layer"
    if found is None and not problem.loss.rational:
        found = f"the {problem.loss.name} loss has no rational values", "a loss with rational values"
    return None if found is None else OutOfScope(*found, NUMERIC)
