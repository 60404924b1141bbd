"""What became of trained floats, as text."""

from __future__ import annotations

from exactgeo.local_minimum.ball import Ball
from exactgeo.polishing import Polished, safe_decimal
from exactgeo.polishing.many_minima import ManyMinima
from exactgeo.polishing.smooth import Critical
from exactgeo.problem import scope
from exactgeo.report.tables import labelled, loss_line, title_of
from exactgeo.report.text import verdict_text

__all__ = ["polished_text"]


def polished_text(found: Polished, certificate_path: str | None = None) -> str:
    """The report of ``exactgeo polish``: two radii, then what ``certify`` says of the point."""
    none = safe_decimal(found.none_within, up=False)
    lines = [title_of(found.problem, "the network"), ""]
    if found.none_within:
        lines.append(f"  no local minimum within {none} of your network (largest change of a parameter)")
    else:
        lines.append("  no distance is proved within which there is no local minimum")
    if found.one_within is not None:
        how = "proved exactly" if found.ball is None else "proved by enclosure"
        lines.append(f"  one within {safe_decimal(found.one_within, up=True)}, {how}")
    smooth = scope.smooth(found.problem) is None
    what = ("critical point" if smooth else "cell") + "s" * (found.cells != 1)
    lines.append(labelled("your loss", loss_line(found.problem, found.loss_before)))
    lines.append(labelled("descent", f"{found.cells} {what}, down to {loss_line(found.problem, found.loss)}"))
    if found.ball is not None:
        lines.append(labelled("enclosed", f"within {safe_decimal(found.ball.within, up=True)} of the point below"))
        lines.append(labelled("alone", _alone(found.ball)))
    if found.verdict is None:
        lines.append(labelled("because", found.reason))
        return "\n".join(lines)
    return "\n".join([*lines, "", verdict_text(found.verdict, certificate_path)])


def _alone(ball: Ball | Critical | ManyMinima) -> str:
    if isinstance(ball, ManyMinima):
        return "no: many parameters have its predictions, the only critical ones on these sides"
    rescaled = ball.problem.train.output and not ball.problem.penalty and ball.moving
    held = "held parameters" if ball.free else "output weights" if rescaled else "frozen parameters"
    where = "anywhere" if ball.radius is None else f"within {safe_decimal(ball.radius, up=False)} of it"
    return f"no other local minimum with the same {held} {where}"
