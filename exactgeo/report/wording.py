"""Sentences: a verdict in one, the network, the loss, what is trained; without a line break, for text and for pages."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from exactgeo.exact.rational import format_rational
from exactgeo.kinds import Argument, Globality, Kind, Strictness
from exactgeo.report.html import inline
from exactgeo.report.tables import MEANS

if TYPE_CHECKING:
    from exactgeo.problem import Problem
    from exactgeo.standing import Verdict

__all__ = [
    "activation_sentences",
    "loss_sentence",
    "network_sentence",
    "penalty_sentence",
    "ranges",
    "strictness_sentence",
    "trained_sentence",
    "verdict_sentence",
]


def verdict_sentence(verdict: Verdict) -> str:
    """A verdict in one sentence, with its loss and where the point stands.

    Examples
    --------
    >>> import exactgeo as eg
    >>> verdict_sentence(eg.certify(eg.load("swirszcz-prop1-better")))
    'The point is a local minimum of loss 14, flat in 2 dimensions, and a global one.'
    >>> verdict_sentence(eg.certify(eg.load("swirszcz-prop2-local")))
    'The point, of loss 23/3 ≈ 7.66667, is not a local minimum: the loss falls along a line, to 37/6 ≈ 6.16667.'
    """
    if verdict.kind is Kind.NOT_LOCAL_MINIMUM:
        return f"The point{_of_loss(verdict)} is not a local minimum{_down(verdict)}."
    if verdict.kind is Kind.UNDECIDED:
        why = verdict.detail or (verdict.reason.message if verdict.reason is not None else "no argument reaches it")
        return f"Whether the point{_of_loss(verdict)} is a local minimum is undecided: {why}."
    what = f"The point is a local minimum{_loss(verdict, ' of loss ')}"
    if verdict.rung in (Argument.BALL, Argument.SMOOTH_CRITICAL):
        what = f"Exactly one local minimum lies in a box around the point{_loss(verdict, ', of loss ')}"
    elif verdict.rung is Argument.CRITICAL_PREDICTIONS:
        what = f"Beside the point lie local minima with one vector of predictions{_loss(verdict, ', of loss ')}"
    return f"{what}{_strict(verdict)}{_among_all(verdict)}."


def _loss(verdict: Verdict, words: str) -> str:
    loss = verdict.exact_loss if verdict.exact_loss is not None else verdict.loss_enclosure
    return "" if loss is None else words + inline(loss)


def _of_loss(verdict: Verdict) -> str:
    found = _loss(verdict, ", of loss ")
    return f"{found}," if found else ""


def _down(verdict: Verdict) -> str:
    descent = verdict.descent
    if descent is None:
        return ""
    way = "a line" if descent.direction is not None else "a curve"
    return f": the loss falls along {way}, to {inline(descent.loss_after)}"


def _strict(verdict: Verdict) -> str:
    words = {
        None: "",
        Strictness.STRICT: ", strict",
        Strictness.STRICT_MODULO_SYMMETRY: ", strict up to rescaling of neurons",
        Strictness.FLAT: f", flat in {verdict.flat_dimension} dimension{'s' * (verdict.flat_dimension != 1)}",
    }
    return words[verdict.strictness]


def _among_all(verdict: Verdict) -> str:
    if verdict.globality is Globality.GLOBAL:
        return ", and a global one"
    if verdict.globality is Globality.UNKNOWN:
        return "; whether it is a global one is not known"
    better = verdict.better
    if better is None:
        return ", and not a global one"
    what = "the global minimum is" if better.complete else "a lower loss is"
    words = f", and not a global one: {what} {inline(better.loss)}"
    if verdict.bad_valley and verdict.escapes_at is not None:
        words += f", and no path that stays below {inline(verdict.escapes_at)} leads to it"
    elif verdict.bad_valley is False:
        words += ", to which a path leads that never rises above the point"
    return words


def strictness_sentence(verdict: Verdict) -> str:
    """What the points of equal loss around a local minimum are; why that is not known; "" of other points."""
    if verdict.strictness is None:
        return f"not known: {verdict.strictness_reason}" if verdict.strictness_reason else ""
    if verdict.strictness is Strictness.STRICT:
        return "strict: every other point nearby has a larger loss"
    size = f"equal loss on a set of dimension {verdict.flat_dimension}"
    if verdict.strictness is Strictness.STRICT_MODULO_SYMMETRY:
        return f"strict up to rescaling (w, v) -> (s w, v / s); {size}"
    return f"flat: {size}"


def network_sentence(problem: Problem) -> str:
    """The layers in words.

    Examples
    --------
    >>> import exactgeo as eg
    >>> network_sentence(eg.load("swirszcz-prop1"))
    '1 input, one hidden layer of 1 unit (relu) with biases, 1 output with a bias; 4 parameters'
    """
    net = problem.network
    parts = [_counted(net.inputs, "input")]
    for k, (width, activation, bias) in enumerate(zip(net.widths, net.activations, net.hidden_bias, strict=True)):
        which = "one hidden layer" if len(net.widths) == 1 else f"hidden layer {k + 1}"
        parts.append(f"{which} of {_counted(width, 'unit')} ({activation.name}) {'with' if bias else 'without'} biases")
    last = "" if not _bends(problem) else f", output activation {net.output_activation.name}"
    parts.append(f"{_counted(net.outputs, 'output')} {'with' if net.output_bias else 'without'} a bias{last}")
    sizes = zip(net.sizes, net.sizes[1:], net.biases, strict=False)
    total = sum(a * b + (b if bias else 0) for a, b, bias in sizes)
    return f"{', '.join(parts)}; {_counted(total, 'parameter')}"


def _bends(problem: Problem) -> bool:
    slopes = getattr(problem.network.output_activation, "slopes", None)
    return slopes is None or slopes[0] != slopes[1] or slopes[0] != 1


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def activation_sentences(problem: Problem) -> list[str]:
    """What each activation of the network is, once."""
    net, found = problem.network, []
    bending = [net.output_activation] if _bends(problem) else []
    for activation in dict.fromkeys([*net.activations, *bending]):
        if activation.slopes is None:
            found.append(f"{activation.name}: smooth")
            continue
        right, left = map(format_rational, activation.slopes)
        found.append(f"{activation.name}: slope {right} to the right of 0, {left} to the left")
    return found


def loss_sentence(problem: Problem) -> str:
    """The loss as a formula, and how the data points are put together.

    Examples
    --------
    >>> import exactgeo as eg
    >>> loss_sentence(eg.load("swirszcz-prop1"))
    'squared: (p - y)^2 (p prediction, y target); sum over 5 data points'
    """
    loss = problem.loss
    formula = _formula(type(loss).__doc__ or "")
    values = ", ".join(map(format_rational, loss.parameters))
    named = loss.name if not values or values in loss.name else f"{loss.name} with {values}"
    how = (
        f"{MEANS[problem.reduction]}" if problem.reduction != "sum" else f"sum over {_counted(problem.m, 'data point')}"
    )
    return f"{named}: {formula} (p prediction, y target); {how}" if formula else f"{named}; {how}"


def _formula(documentation: str) -> str:
    """The first sentence of a loss's documentation, which is its formula."""
    first = " ".join(documentation.split("\n\n")[0].split())
    return re.sub(r"`+", "", first).removesuffix(".")


def penalty_sentence(problem: Problem) -> str:
    """What is added for the size of the weights; "" where nothing is."""
    penalty = problem.penalty
    parts = []
    if penalty.l2:
        parts.append(f"{format_rational(penalty.l2 / 2)} times the sum of squares")
    if penalty.l1:
        parts.append(f"{format_rational(penalty.l1)} times the sum of absolute values")
    of = "weights and biases" if penalty.biases else "weights"
    return f"{' plus '.join(parts)} of the trained {of}, added after the reduction" if parts else ""


def trained_sentence(problem: Problem) -> str:
    """Which blocks are trained, and which keep the point's values."""
    net, train = problem.network, problem.train
    blocks = []
    for k, (free, bias) in enumerate(zip(train.weights, train.biases, strict=True)):
        blocks.append((f"W{k + 1}", free))
        blocks += [(f"b{k + 1}", bias)] if net.biases[k] else []
    parts = {free: [name for name, value in blocks if value is free] for free in (True, False)}
    if not parts[False]:
        return "all parameters"
    trained = ", ".join(parts[True]) or "nothing"
    return f"{trained}; {', '.join(parts[False])} frozen at the point's values"


def ranges(numbers: list[int]) -> str:
    """Whole numbers, runs as their ends.

    Examples
    --------
    >>> ranges([0, 1, 2, 5])
    '0-2, 5'
    """
    runs = [[n for _, n in run] for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
