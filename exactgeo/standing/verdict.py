"""What is known of a point, all together, and the answer made of it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from exactgeo.claims.certificate import Certificate
from exactgeo.exact.combination import Combination, Number, within
from exactgeo.exact.enclosure import Enclosure, Value, plain
from exactgeo.exact.rational import beside, format_rational
from exactgeo.frozen import dataclass
from exactgeo.kinds import Argument, Globality, Kind, Reason, Strictness
from exactgeo.local_minimum import Descent, Try
from exactgeo.problem import Point, Problem
from exactgeo.shown import Reported, Shown, Viewed, brief, made_of, value_line

if TYPE_CHECKING:
    pass

__all__ = ["Better", "Verdict", "as_value"]


@dataclass(frozen=True)
class Better(Shown):
    """A point of lower loss; ``complete`` when it is a global minimiser.

    Attributes
    ----------
    loss : Fraction or Enclosure
    point : Point
    complete : bool
    """

    loss: Value
    point: Point
    complete: bool

    def to_json(self) -> dict[str, Any]:
        """As the command answers it."""
        return {**_value("loss", self.loss), "point": self.point.to_dict(), "complete": self.complete}


@dataclass(frozen=True)
class Verdict(Reported, Viewed):
    """What is known of a point, exactly.

    Attributes
    ----------
    kind : Kind
        local_minimum, not_local_minimum or undecided (a str; ``kind.message`` says what it means).
    loss : Fraction or None
    loss_enclosure : Enclosure or None
        Of a loss without rational value, where it can be enclosed.
    exact_loss : Fraction, LogCombination or None
        The loss where it is exactly known, rational or a combination of logarithms.
    rung : Argument or None
        Which argument decided.
    strictness, flat_dimension : Strictness, int
        Of the set of equal loss around a local minimum; None otherwise, and where ``strictness_reason`` says why.
    globality : Globality
    better : Better or None
        A lower point; None for a global minimum or when none is known.
    bad_valley : bool or None
        Whether a local minimum lies in a bad valley: a component of a strict sublevel set just above it that
        reaches no global minimum (Nguyen, On Connected Sublevel Sets in Deep Learning). None where the census does
        not cover the problem or did not finish.
    component_infimum : Fraction, Enclosure or None
        How low a path from the point goes that never rises above its loss; None where ``bad_valley`` is None.
    escapes_at : Fraction or None
        The least level at which a path out of the point's bad valley leads to something lower than
        ``component_infimum``; None elsewhere.
    descent : Descent or None
        For a point that is not a local minimum.
    certificate : Certificate or None
        What is proved, locally and globally; None only when nothing is that the format can say, or that was written
        down in time.
    reason : Reason or None; detail : str
        Why the verdict is undecided or the globality unknown.
    strictness_reason : str
        Why a local minimum has no ``strictness``; "" when it has.
    valley_reason : str
        Why ``bad_valley`` or ``escapes_at`` is not known; "" where they are.
    tries : tuple of Try
        The rungs that were asked, in order.
    lower_bound : Fraction or None
        Proved: no parameters have a lower loss. None where no bound is known.
    remarks : tuple of str
        What a person should know of the point: dead layers, and what would revive them.
    """

    problem: Problem
    point: Point
    kind: Kind
    loss: Fraction | None
    rung: Argument | None
    strictness: Strictness | None
    flat_dimension: int | None
    globality: Globality
    better: Better | None
    descent: Descent | None
    certificate: Certificate | None
    reason: Reason | None
    detail: str
    bad_valley: bool | None = None
    component_infimum: Value | None = None
    escapes_at: Fraction | None = None
    loss_enclosure: Value | None = None
    exact_loss: Number | None = None
    strictness_reason: str = ""
    valley_reason: str = ""
    tries: tuple[Try, ...] = ()
    lower_bound: Fraction | None = None
    remarks: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """The verdict in one sentence."""
        text = self.kind.message
        return f"{text} ({self.detail})" if self.kind is Kind.UNDECIDED and self.detail else text

    def _shown(self) -> str:
        loss = self.exact_loss if self.exact_loss is not None else self.loss_enclosure
        parts = [str(self.kind), f"loss {'unknown' if loss is None else value_line(loss)}"]
        parts += [str(self.strictness)] if self.strictness is not None else []
        parts += [f"globality {self.globality}"] if self.kind is not Kind.NOT_LOCAL_MINIMUM else []
        parts += [f"lower by {brief(self.descent)}"] if self.descent is not None else []
        parts += [brief(self.detail)] if self.kind is Kind.UNDECIDED else []
        return f"verdict on {brief(self.problem.name) or 'a point'}: {', '.join(parts)}"

    def to_latex(self, certificate_path: str | None = None) -> str:
        """The verdict as a proposition with its proof, for a paper: exact numbers, the problem, what is proved by what.

        Parameters
        ----------
        certificate_path : path of a certificate's file, optional
            It is named with its SHA-256, and the command that checks it.

        Returns
        -------
        str
            LaTeX for a document with amsmath and amsthm that defines ``proposition``; the first lines say so.
        """
        return made_of(self, "latex.verdict_latex", certificate_path)

    def plot(self, ax: Any = None) -> Any:
        """The fit of the point with its kinks; of one that is no local minimum the loss along the way down. On
        matplotlib axes, which are returned.

        Raises
        ------
        InputError
            Matplotlib is not installed.
        """
        from exactgeo.standing.plot import draw_verdict

        return draw_verdict(self, ax)

    def to_json(self, certificate_path: str | None = None) -> dict[str, Any]:
        """The dict that ``exactgeo certify --json`` prints; rationals are strings."""
        descent = self.descent
        reason = None if self.reason is None else f"{self.reason}: {self.detail or self.reason.message}"
        answer = {
            "verdict": str(self.kind),
            **_value("loss", self.loss if self.loss is not None else self.loss_enclosure),
            **_closed_form(self.exact_loss),
            "rung": None if self.rung is None else str(self.rung),
            "rungs": [{"rung": one.rung, "outcome": one.outcome, "reason": one.reason} for one in self.tries],
            "strictness": None if self.strictness is None else str(self.strictness),
            "flat_dimension": self.flat_dimension,
            "globality": str(self.globality),
            "better": None if self.better is None else self.better.to_json(),
            **beside("lower_bound", self.lower_bound),
            "bad_valley": self.bad_valley,
            **_value("component_infimum", self.component_infimum),
            **beside("escapes_at", self.escapes_at),
            "descent": None
            if descent is None
            else {
                **_way(descent),
                "step": format_rational(descent.step),
                **_value("loss_after", as_value(descent.loss_after)),
            },
            "certificate": certificate_path,
            "reason": reason,
            "remarks": list(self.remarks),
        }
        return {**answer, "reasons": _reasons(self, answer)}


def _reasons(verdict: Verdict, answer: dict[str, Any]) -> dict[str, str]:
    """Why each entry of an answer that is null is null, but for ``reason``."""
    minimum, bottom = verdict.kind is Kind.LOCAL_MINIMUM, verdict.globality is Globality.GLOBAL
    minima = "asked of local minima alone"
    valley = verdict.valley_reason or minima
    why = {
        "loss": "an activation has no rational value here, and the loss no enclosure",
        "rung": "no rung decided the point",
        "strictness": verdict.strictness_reason or minima,
        "lower_bound": "no lower bound was proved",
        "better": "no parameters have a lower loss" if bottom else verdict.detail or "no lower point was found",
        "bad_valley": valley,
        "component_infimum": valley,
        "escapes_at": "asked of points in bad valleys alone" if verdict.bad_valley is False else valley,
        "descent": "the point is a local minimum" if minimum else "no descent was found",
        "certificate": "nothing was proved that a certificate can hold, or not in time"
        if verdict.certificate is None
        else "no file was asked for",
    }
    why["flat_dimension"] = why["strictness"]
    why |= {f"{key}_decimal": why[key] for key in ("loss", "lower_bound", "component_infimum", "escapes_at")}
    for key in answer:
        if f"{key}_enclosure" in answer:
            why[key] = "not rational: its enclosure stands beside it"
    if "loss_form" in answer:
        why["loss_decimal"] = "the loss is below every rational of use"
    return {key: why[key] for key, value in answer.items() if value is None and key != "reason"}


def _way(descent: Descent) -> dict[str, Any]:
    if descent.direction is not None:
        return {"direction": descent.direction.to_dict()}
    return {"curve": [direction.to_dict() for direction in descent.curve]}


def _value(key: str, value: Value | None) -> dict[str, Any]:
    """A rational under its key, its decimal beside it; else null, with the enclosure where there is one."""
    if value is None or isinstance(value, Fraction):
        return {**beside(key, value)}
    return {key: None, f"{key}_enclosure": plain(value)}


def _closed_form(loss: Number | None) -> dict[str, Any]:
    """What stands beside the enclosure of a loss that is a combination of logarithms."""
    if not isinstance(loss, Combination):
        return {}
    return {"loss_form": str(loss), "loss_decimal": loss.decimal(15)}


def as_value(number: Number | Enclosure) -> Value:
    """The number where it is rational, else its enclosure."""
    return within(number) if isinstance(number, Combination) else number
