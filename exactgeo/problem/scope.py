"""What each question is answered for. Every sentence "outside what we treat" of the house stands here, once.

Each function gives None for a problem in scope, or an :class:`~exactgeo.errors.OutOfScope` to raise or to show: its
three fields say what puts the problem outside, what would be inside, and what serves this very problem.
"""

from __future__ import annotations

from exactgeo.activations import LINEAR
from exactgeo.errors import OutOfScope, expect_type
from exactgeo.losses import Loss
from exactgeo.problem.network import Network
from exactgeo.problem.problem import Problem

__all__ = [
    "basins",
    "complete_decision",
    "decision",
    "deep",
    "derivative",
    "exact_values",
    "expect_problem",
    "explanation",
    "full_space",
    "linear_network",
    "many_cells",
    "many_regions",
    "no_float_form",
    "no_slope",
    "no_solver",
    "not_decided",
    "not_linear",
    "numeric_conditions",
    "ordered_slopes",
    "ordered_weight_decay",
    "paths",
    "penalised_basins",
    "polish",
    "polish_by",
    "probabilities",
    "rational_slopes",
    "resisting",
    "slices",
    "smooth",
    "sparse_penalty",
    "unbalanced",
    "unresolved",
    "vector",
    "weight_decay",
    "without_penalty",
]

CERTIFY = "`exactgeo certify`, which decides one point of this problem"
BASINS = "`exactgeo basins`, whose values are proved enclosures here"
NUMERIC = "`exactgeo.numeric`, float64 and no proof"
CERTIFY_RUNGS = "the other rungs of `exactgeo certify`"
LARGEST = 300_000
"""Products of a forward pass up to which points of deep networks are looked at: each rung takes several."""

WITHOUT = "the problem without its [penalty]"
ONE_NETWORK = "`one_sided_derivatives`, or `certify(index)`, which hands one network to the exact decision"


def expect_problem(problem: Problem) -> None:
    """Refuse what is no Problem, at the door of every question.

    Raises
    ------
    WrongType
    """
    expect_type(problem, Problem, "problem", "exactgeo.load(file, name or mapping)")


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


def _penalty(problem: Problem) -> tuple[str, str] | None:
    """What no room but those of weight decay treats."""
    return ("a [penalty] on the parameters", "the loss alone, without [penalty]") if problem.penalty else None


def _differentiable_square(problem: Problem) -> tuple[str, str] | None:
    """What is no loss with rational slopes."""
    loss = problem.loss
    if not (loss.rational and loss.differentiable):
        return f"the {loss.name} loss", "a loss with rational values and a derivative everywhere"
    return None


def _slopes(problem: Problem) -> tuple[str, str] | None:
    """What is not one score with slopes whose signs are known."""
    loss = problem.loss
    scalar = loss.as_scalar(problem.outputs, problem.y)
    if problem.outputs > 1 and (scalar is None or not scalar[0].ordered):
        return f"{problem.outputs} outputs", "one output, or the two classes of cross_entropy"
    if scalar is not None and scalar[0].ordered:
        return None
    if any(loss.pieces(y) is None for row in problem.y for y in row):
        return (
            f"the {loss.name} loss",
            "a loss that is quadratic between breaks, or whose signs are known at rational points",
        )
    return None


def complete_decision(problem: Problem) -> OutOfScope | None:
    """Is this point a local minimum? (:mod:`exactgeo.local_minimum`)"""
    expect_problem(problem)
    found = _architecture(problem.network) or _slopes(problem) or _penalty(problem)
    return None if found is None else OutOfScope(*found, _instead(problem))


def decision(problem: Problem) -> OutOfScope | None:
    """What every rung of the ladder refuses, in one sentence: None where one of them may decide."""
    if problem.penalty:
        outside = _decay(problem)
        return None if outside is None else OutOfScope(*outside, _instead(problem))
    found, widths = complete_decision(problem), problem.network.widths
    if found is None or deep(problem) is None:
        return None
    several = problem.outputs > 1 and problem.loss.as_scalar(problem.outputs, problem.y) is None
    return deep(problem) if len(widths) > 1 or (several and (widths or problem.loss.classes)) else found


def _instead(problem: Problem) -> str:
    """What serves a problem that the complete decisions do not."""
    if problem.penalty:
        return BASINS if _penalised_basins(problem) is None else WITHOUT
    return BASINS if basins(problem) is None else NUMERIC


def weight_decay(problem: Problem) -> OutOfScope | None:
    """Is this point a local minimum of the penalised loss? (:mod:`exactgeo.local_minimum.weight_decay`)"""
    expect_problem(problem)
    found = _weight_decay(problem)
    return None if found is None else OutOfScope(*found, _instead(problem))


def _weight_decay(problem: Problem) -> tuple[str, str] | None:
    found = _architecture(problem.network)
    if found is None and problem.outputs > 1:
        found = f"{problem.outputs} outputs", "one output"
    if found is None:
        found = _differentiable_square(problem)
    if found is None and not problem.penalty:
        found = "no penalty", "a [penalty]"
    return found


def ordered_weight_decay(problem: Problem) -> OutOfScope | None:
    """The same where slopes are not rational (:mod:`exactgeo.local_minimum.ordered_weight_decay`)."""
    expect_problem(problem)
    found = _ordered_decay(problem)
    return None if found is None else OutOfScope(*found, CERTIFY_RUNGS)


def _ordered_decay(problem: Problem) -> tuple[str, str] | None:
    found, scalar = _architecture(problem.network), problem.loss.as_scalar(problem.outputs, problem.y)
    if found is None and (scalar is None or not scalar[0].ordered):
        found = f"the {problem.loss.name} loss", "the logistic loss, or cross_entropy of two classes"
    if found is None and not problem.penalty:
        found = "no penalty", "a [penalty]"
    return found


def _decay(problem: Problem) -> tuple[str, str] | None:
    """What neither criterion of weight decay treats."""
    if _ordered_decay(problem) is None:
        return None
    found = _architecture(problem.network)
    if found is None and problem.outputs > 1:
        found = f"{problem.outputs} outputs", "one output, or the two classes of cross_entropy"
    if found is None and not (problem.loss.rational and problem.loss.differentiable):
        found = f"the {problem.loss.name} loss", "a loss with a derivative everywhere"
    return found


def smooth(problem: Problem) -> OutOfScope | None:
    """Slopes of a loss with two continuous derivatives (:mod:`exactgeo.local_minimum.smooth_loss`)."""
    expect_problem(problem)
    net, found = problem.network, None
    if all(activation.homogeneous for activation in net.layer_activations):
        found = "no smooth activation", "sigmoid or tanh"
    kinked = [activation.name for activation in net.layer_activations if activation.has_kink]
    if found is None and kinked:
        found = f"the activation {kinked[0]}, which has a kink", "sigmoid and tanh alone"
    elif found is None and not problem.loss.smooth:
        found = (
            f"the {problem.loss.name} loss",
            "a loss with two continuous derivatives: squared, half_squared, logistic",
        )
    elif found is None and problem.penalty.l1:
        found = "the key l1 of [penalty], which has no derivative at 0", "l2 alone"
    return None if found is None else OutOfScope(*found, "the other rungs of `exactgeo certify`")


def no_slope() -> OutOfScope:
    """A point of a smooth loss whose gradient is not told from 0."""
    reason = "no derivative of the loss is proved to differ from 0, and a critical point is rarely rational"
    advice = "`exactgeo polish`, which encloses the critical point beside it"
    return OutOfScope(reason, f"points with a slope; else {advice}", advice)


def sparse_penalty() -> OutOfScope:
    """A point with the key l1 of [penalty] and no slope down: the conditions of first order are only necessary."""
    reason = "with the key l1 of [penalty] the conditions of first order hold, and they are not sufficient"
    return OutOfScope(reason, "points with a slope down, or l2 alone", WITHOUT)


def unbalanced(neuron: int) -> OutOfScope:
    """A neuron whose inputs are longer than its output weight, where the rescalings do not balance them."""
    reason = f"the input weights of neuron {neuron} are longer than its output weight and cannot be balanced against it"
    return OutOfScope(
        f"{reason}, for its bias is frozen at another value than 0", "hidden biases trained or 0", WITHOUT
    )


def many_cells(neuron: int, cells: int) -> OutOfScope:
    """A neuron at 0 whose covering would be too large."""
    reason = f"neuron {neuron} is 0, and its bound may take {cells} cells to prove; no descent was met without them"
    return OutOfScope(reason, "fewer data points, or fewer inputs", WITHOUT)


def resisting(neuron: int) -> OutOfScope:
    """A neuron of output weight 0 whose outputs are not: moving the weight costs loss at second order."""
    reason = f"the output weight of neuron {neuron} is 0 and its outputs are not, which is decided only to one side"
    return OutOfScope(reason, "outputs that are 0, or that a trained output bias without penalty can follow", WITHOUT)


def derivative(problem: Problem) -> OutOfScope | None:
    """What is in scope of the complete decision and has one slope at each prediction, with which one can calculate."""
    found = rational_slopes(problem)
    if found is None and not problem.loss.differentiable:
        return OutOfScope(f"the {problem.loss.name} loss", "a loss with a derivative everywhere", CERTIFY)
    return found


def rational_slopes(problem: Problem) -> OutOfScope | None:
    """The criterion in rational arithmetic: for the rungs that ask for it."""
    if problem.penalty or problem.loss.rational:
        return complete_decision(problem)
    reason = f"the {problem.loss.name} loss has slopes that are not rational"
    return OutOfScope(reason, "a loss with rational values", CERTIFY_RUNGS)


def ordered_slopes(problem: Problem) -> OutOfScope | None:
    """The criterion over an ordered space: for the rung that asks for it, and for critical points."""
    scalar = problem.loss.as_scalar(problem.outputs, problem.y)
    if scalar is not None and scalar[0].ordered:
        return complete_decision(problem)
    inside = "the logistic loss, or cross_entropy of two classes"
    return OutOfScope(f"the {problem.loss.name} loss", inside, CERTIFY_RUNGS)


def unresolved(reason: str) -> OutOfScope:
    """A point whose numbers are too small for the arithmetic of signs."""
    return OutOfScope(reason, "points with predictions of moderate size", "a point nearby with fewer digits")


def unfinished(end: str) -> OutOfScope:
    """A decision that a time limit ended; ``end`` says which."""
    reason = f"the decision ended {end}; raise --time-limit"
    return OutOfScope(reason, "more time, or fewer kinks that depend on each other", WITHOUT)


def explanation(problem: Problem) -> OutOfScope | None:
    """The numbers behind a verdict: predictions, derivatives of the loss, kinks (:mod:`exactgeo.local_minimum`)."""
    expect_problem(problem)
    if ordered_slopes(problem) is None or deep(problem) is None:
        return None
    found = _architecture(problem.network)
    if found is None and problem.penalty:
        return without_penalty(problem)
    if found is None and problem.outputs > 1:
        found = f"{problem.outputs} outputs", "one output"
    return None if found is None else OutOfScope(*found, BASINS if basins(problem) is None else NUMERIC)


def deep(problem: Problem) -> OutOfScope | None:
    """The arguments for any depth and any number of outputs (:mod:`exactgeo.local_minimum.deep`)."""
    net, loss = problem.network, problem.loss
    scalar = loss.as_scalar(problem.outputs, problem.y) is not None
    found = _penalty(problem)
    if found is None and not net.widths and (scalar or not loss.classes):
        found = "no hidden layer", "a hidden layer, or more than two classes"
    if found is None and not ((loss.rational and loss.differentiable) or loss.classes):
        found = f"the {loss.name} loss", "a loss with rational values and a derivative everywhere, or with classes"
    if found is None and loss.classes and net.outputs < 2:
        found = "one class", "two classes or more"
    if found is None and len(net.widths) == 1 and scalar:
        found = "one hidden layer and one score", "more of either: other rungs decide these completely"
    if found is None and not all(activation.homogeneous for activation in net.layer_activations):
        found = "a smooth activation", "piecewise linear activations"
    if found is None and net.output_activation != LINEAR:
        found = "an activation of the outputs", "linear outputs: another layer of their own has it"
    if found is None and problem.products > LARGEST:
        found = f"{problem.products} products a forward pass", f"at most {LARGEST}"
    return None if found is None else OutOfScope(*found, NUMERIC)


def vector(problem: Problem) -> OutOfScope | None:
    """The second order of one hidden layer with several outputs (:mod:`exactgeo.local_minimum.vector`)."""
    found = deep(problem)
    if found is None and len(problem.network.widths) > 1:
        found = OutOfScope(f"{len(problem.network.widths)} hidden layers", "one hidden layer", CERTIFY_RUNGS)
    if found is None and not problem.train.output:
        found = OutOfScope("frozen output weights", "trained ones: else first order decides", CERTIFY_RUNGS)
    return found


def linear_network(problem: Problem) -> OutOfScope | None:
    """The complete decision for deep linear networks (:mod:`exactgeo.local_minimum.deep.linear`)."""
    net, train = problem.network, problem.train
    found = _penalty(problem)
    if found is None and complete_decision(problem) is None:
        found = "at most one hidden layer and one output", "more of either: other rungs decide these completely"
    straight = all(a.slopes is not None and a.slopes[0] == a.slopes[1] != 0 for a in net.layer_activations)
    if found is None and not straight:
        found = f"the activations {', '.join(sorted({a.name for a in net.layer_activations}))}", "linear activations"
    if found is None and not _one_square(problem):
        found = f"the {problem.loss.name} loss", "the squared loss"
    if found is None and not all(train.weights):
        found = "frozen weights", "all weights trained"
    free = net.output_bias and train.output_bias
    behind = any(net.hidden_bias[1:]) or (any(net.hidden_bias[:1]) and not all(train.hidden_bias[:1]))
    if found is None and behind and not free:
        found = (
            "hidden biases without a trained output bias",
            "a trained output bias, or trained ones in the first layer",
        )
    if found is None and problem.products > LARGEST:
        found = f"{problem.products} products a forward pass", f"at most {LARGEST}"
    return None if found is None else OutOfScope(*found, CERTIFY_RUNGS)


def _one_square(problem: Problem) -> bool:
    """Whether the loss of each prediction is one multiple of ``(p - y)^2``."""
    for y in {y for row in problem.y for y in row}:
        pieces = problem.loss.pieces(y)
        if pieces is None or pieces.breaks:
            return False
        a, b, c = pieces.quadratics[0]
        if not a or (b, c) != (-2 * a * y, a * y * y):
            return False
    return not problem.loss.classes


def not_decided(reason: str) -> OutOfScope:
    """A point that an argument for deep networks leaves open, and why."""
    return OutOfScope(reason, "points that one of the rungs decides", NUMERIC)


def not_linear(problem: Problem) -> OutOfScope:
    """What a linear model is not: for the rung that asks for one."""
    hidden = sum(map(bool, problem.network.widths))
    reason = f"{hidden} hidden layer{'s' * (hidden != 1)} with units"
    return OutOfScope(reason, "a linear model", CERTIFY_RUNGS)


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
    expect_problem(problem)
    found = _basins(problem) or _penalty(problem)
    if found is None:
        return None
    if problem.penalty:
        return OutOfScope(*found, _certify(problem))
    outside = _architecture(problem.network) or _slopes(problem)
    return OutOfScope(*found, NUMERIC if outside else CERTIFY)


def penalised_basins(problem: Problem) -> OutOfScope | None:
    """Every basin of a penalised loss with an enclosure of its value (:mod:`exactgeo.basin.penalised`)."""
    expect_problem(problem)
    found = _penalised_basins(problem)
    return None if found is None else OutOfScope(*found, _certify(problem))


def _certify(problem: Problem) -> str:
    """What serves a problem with a penalty that is outside all but perhaps the decision of a point."""
    return CERTIFY if _decay(problem) is None else WITHOUT


def _penalised_basins(problem: Problem) -> tuple[str, str] | None:
    found, net, train = _basins(problem), problem.network, problem.train
    if found is None and not problem.penalty:
        found = "no penalty", "a [penalty]"
    if found is None and problem.penalty.l1:
        found = "the key l1 of [penalty]: along the rescalings it is no norm of v_i w_i", "l2 alone"
    if found is None and any(net.widths) and not train.output:
        found = "the output weights are frozen, so their squares are no part of [penalty]", "both layers trained"
    if found is None and problem.outputs > 1:
        found = f"{problem.outputs} outputs under a [penalty]", "one output"
    if found is None and not net.widths:
        found = "a linear model under a [penalty], which has one basin", "a hidden layer"
    return found


def without_penalty(problem: Problem) -> OutOfScope | None:
    """What is about the loss alone: pictures, explanations, and the numeric engine with its derivatives."""
    found = _penalty(problem)
    return None if found is None else OutOfScope(*found, _certify(problem))


def no_solver(loss: Loss) -> OutOfScope:
    """What every exact solver of basins refuses (:mod:`exactgeo.basin.solvers`)."""
    inside = "a loss that is one parabola with straight ends, two half-lines that meet, or logistic"
    return OutOfScope(f"the {loss.name} loss, which no exact solver takes", inside, NUMERIC)


def polish(problem: Problem) -> OutOfScope | None:
    """From floats to the local minimum beside them (:mod:`exactgeo.polishing`): in rationals or in balls."""
    expect_problem(problem)
    if smooth(problem) is None:
        return None
    net, train = problem.network, problem.train
    reason = _architecture(net) or _slopes(problem)
    if reason is not None:
        pass
    elif problem.outputs > 1 and problem.penalty:
        reason = f"{problem.loss.name} with {problem.outputs} outputs under a [penalty]", "one output, or no penalty"
    elif problem.penalty.l1:
        reason = "the key l1 of [penalty]", "l2 alone"
    elif problem.penalty and not problem.loss.differentiable:
        reason = f"the {problem.loss.name} loss under a [penalty]", "a loss with a derivative everywhere"
    elif net.widths:
        moving = (train.hidden[0], *([train.hidden_bias[0]] if net.hidden_bias[0] else []))
        if train.output and any(moving) and not all(moving):
            reason = "trained output weights with input weights that are partly frozen", "both trained, or one of them"
    if reason is None:
        return None
    return OutOfScope(*reason, CERTIFY if decision(problem) is None else _instead(problem))


def polish_by(problem: Problem, method: str | None) -> OutOfScope | None:
    """One of the two methods of :mod:`exactgeo.polishing`, for a problem that is in scope of it; None means either."""
    if method == "exact" and smooth(problem) is None:
        return OutOfScope(
            "critical points of sigmoid and tanh, irrational as a rule", "ReLU and its like", "method balls"
        )
    if method == "exact" and problem.penalty:
        return OutOfScope("minima with a [penalty], irrational as a rule", "a loss without [penalty]", "method balls")
    if method == "exact" and not problem.loss.rational:
        reason = f"minima of the {problem.loss.name} loss, irrational as a rule"
        return OutOfScope(reason, "a loss with rational values", "method balls")
    if method == "balls" and not problem.loss.differentiable:
        reason = f"the {problem.loss.name} loss, whose minima lie on its kinks"
        return OutOfScope(reason, "a loss with a derivative everywhere", "method exact")
    return None


def exact_values(problem: Problem) -> OutOfScope | None:
    """Landscapes and paths (:mod:`exactgeo.landscape`): basins whose values can be compared exactly."""
    found = basins(problem)
    if found is not None or problem.loss.rational:
        return found
    reason = f"the values of the {problem.loss.name} loss are enclosures, and equal ones cannot be told from close ones"
    return OutOfScope(reason, "the other losses", BASINS)


def probabilities(problem: Problem) -> OutOfScope | None:
    """Where a random start lands (:mod:`exactgeo.probability`): basins of networks with neurons."""
    found = basins(problem)
    if found is None and not any(problem.network.widths):
        return OutOfScope("no hidden neuron, so nothing is drawn", "a hidden layer with neurons", BASINS)
    return found


def many_regions(regions: int, most: int) -> OutOfScope:
    """Probabilities of so many regions of a neuron, where no closed form serves."""
    inside = f"up to {most} regions, or data on orthogonal lines without biases"
    return OutOfScope(f"about {regions} regions of one neuron", inside, "`exactgeo certify`, which decides one point")


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


def paths(problem: Problem) -> OutOfScope | None:
    """Exact paths (:mod:`exactgeo.paths`): networks of any depth and any number of outputs."""
    expect_problem(problem)
    for activation in problem.network.layer_activations:
        if activation.slopes is None:
            return OutOfScope(f"the smooth activation {activation.name}", "piecewise linear activations", CERTIFY)
    if problem.penalty:
        return without_penalty(problem)
    return None


def slices(problem: Problem) -> OutOfScope | None:
    """Pictures of the loss on lines and planes."""
    expect_problem(problem)
    for activation in problem.network.layer_activations:
        if not activation.homogeneous:
            return OutOfScope(f"the smooth activation {activation.name}", "piecewise linear activations", NUMERIC)
    return None
