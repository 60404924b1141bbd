"""The kinds of answer, each with its message. An undecided answer is a value, never an exception."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Argument", "Globality", "Kind", "Reason", "Strictness"]


class _Worded(StrEnum):
    """A string enumeration whose members carry a message for people."""

    message: str

    def __new__(cls, value: str, message: str) -> _Worded:
        member = str.__new__(cls, value)
        member._value_ = value
        member.message = message
        return member


class Kind(_Worded):
    """Is the point a local minimum of the loss in the trained parameters?"""

    LOCAL_MINIMUM = "local_minimum", "No point of an explicit neighbourhood has a lower loss."
    NOT_LOCAL_MINIMUM = "not_local_minimum", "The loss falls along a direction, at every step up to the one given."
    UNDECIDED = "undecided", "No argument available here settles it; see the reason."


class Argument(_Worded):
    """Which argument decided: what answers call the rung."""

    LINEAR_MODEL = "linear_model", "The predictions are affine in the trained parameters: the loss is convex."
    TWO_LAYER = "two_layer", "Complete criterion for one hidden layer, scalar output, convex differentiable loss."
    SUBGRADIENT = (
        "subgradient",
        "For each cone of moves a vector of subgradients: complete, whether or not the loss bends.",
    )
    WEIGHT_DECAY = "weight_decay", "Criterion for one hidden layer, scalar output and squared penalties of the weights."
    ORDERED_SLOPES = (
        "ordered_slopes",
        "Complete criterion at a rational point: slopes that are not rational, with exact signs.",
    )
    SMOOTH_CRITICAL = (
        "smooth_critical",
        "Exactly one critical point in a box around the point, and the signs of all curvatures there.",
    )
    SMOOTH_GRADIENT = "smooth_gradient", "Smooth activations: an enclosed derivative that is not 0."
    CRITICAL_PREDICTIONS = (
        "critical_predictions",
        "Exactly one critical vector of predictions near the point's, and local minima near the point that have it.",
    )
    BALL = "ball", "Exactly one local minimum in a box around the point, enclosed by intervals."
    REACHABLE = (
        "reachable_span",
        "The slopes of the loss are orthogonal to every change of the predictions that small moves can reach.",
    )
    UNROLLED = "unrolled", "Each unit of the last hidden layer costs nothing on a copy of the network below it."
    BEHIND = "fixed_features", "The outputs of a layer do not move, and behind it the point is a local minimum."
    MERGED = "merged_layer", "A layer is linear near the point; with one layer less the point is a local minimum."
    SMOOTH_POINT = (
        "smooth_point",
        "Off all kinks the Hessian has no negative value and vanishes along symmetries of the loss, or a curve tells.",
    )
    UNROLLED_FACES = (
        "unrolled_faces",
        "The second-order form of the loss is positive on products of critical faces of copies of the network below.",
    )
    SILENT = (
        "silent_units",
        "Whatever a unit does that costs nothing at first order changes no sum of the loss's slopes.",
    )
    DEFINITE = "definite_faces", "The second-order form of the loss is positive on every product of critical faces."
    TIED = (
        "tied_faces",
        "The second-order form of the loss is nonnegative on every product of critical faces, which is enough there.",
    )
    LINEAR_NETWORK = (
        "linear_network",
        "Deep linear network: critical, of full rank, the best approximation of that rank; the minimum is global.",
    )
    FIRST_ORDER = "first_order", "A one-sided first-order derivative is negative."
    SECOND_ORDER = "second_order", "First-order flat, lower at second order (an output weight is zero)."
    CURVE = "curve", "The loss falls along a polynomial curve; neurons with output weight zero move on several scales."
    GLOBAL_MINIMUM = "global_minimum", "No parameters have a lower loss: the census of all basins, or a convex problem."


class Strictness(_Worded):
    """What the points of equal loss near a local minimum are."""

    STRICT = "strict", "The point alone."
    STRICT_MODULO_SYMMETRY = "strict_modulo_symmetry", "The rescaling orbit (w_i, v_i) -> (s w_i, v_i / s) alone."
    FLAT = "flat", "More than the rescaling orbit."


class Globality(_Worded):
    """Where the point's loss stands among all points."""

    GLOBAL = "global", "No parameters have a lower loss."
    SPURIOUS = "spurious", "Some parameters have a lower loss."
    UNKNOWN = "unknown", "Not settled; see the reason."


class Reason(_Worded):
    """Why an answer is undecided or unknown, and what to try."""

    OUT_OF_SCOPE = "out_of_scope", "outside what exactgeo decides exactly"
    BUDGET = "budget", "the time limit ended the search; raise --time-limit"
