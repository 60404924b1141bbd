"""How often training ends where: many random starts, trained in floats, their ends beside the exact list.

The list of losses at which the training loss has a local minimum is exact, and so are the values of the basins in which
the starts lie; where a training ends is numeric. At a local minimum every basin around it has just its value. So an end
counts for a value of the list only where the basin that it lies in has that very value (exactly), its loss is close to
it, and the gradients around it say that it is nearly stationary. All others are said not to have converged.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactgeo.basin import Census, census
from exactgeo.basin.reduction import Reduction, reduce
from exactgeo.basin.size import size_of
from exactgeo.basin.table import counted_together
from exactgeo.errors import InputError, OutOfScope, expect_type
from exactgeo.exact.enclosure import Value, low, plain
from exactgeo.exact.rational import format_rational
from exactgeo.exact.vectors import ZERO
from exactgeo.frozen import dataclass
from exactgeo.numeric import INITIALISATIONS, OPTIMIZERS, DescentStatus, NumericNetworks, Trained, random_starts, train
from exactgeo.numeric.classification import Closeness, closest, clusters
from exactgeo.numeric.constructors import at_least_0
from exactgeo.numeric.optimizers import Optimizer
from exactgeo.numeric.proportions import Proportion, proportion_of
from exactgeo.numeric.stationarity import stationarity
from exactgeo.problem import Point, Problem, scope
from exactgeo.random_starts.patterns import BasinValues
from exactgeo.records import Records
from exactgeo.shown import Reported, Shown, brief, value_line

__all__ = ["Cluster", "Ending", "Settings", "Starts", "starts"]

UNKNOWN = "not computed here"

WITHIN = 60.0
"""Seconds for the exact list where there is no time limit."""

BATCH = 4096
"""Starts drawn and trained together; each batch leaves only its losses and the values of its basins."""


@dataclass(frozen=True)
class Settings:
    """How the starts are drawn and trained.

    Attributes
    ----------
    seed : int
    init : str
        A name of :data:`exactgeo.numeric.INITIALISATIONS`.
    scale, bias_scale, mean : float
        As for :func:`exactgeo.numeric.random_starts`.
    optimizer : str
        A name of :data:`exactgeo.numeric.OPTIMIZERS`.
    rate : float or None
        The optimizer's own when None.
    steps : int
        Of each start at most.
    cooling : float
        In this last part of the steps the rate of gradient descent and Adam is halved again and again, so that what
        swings around a kink comes to rest; 0 for a constant rate.
    closeness : Closeness
    """

    seed: int = 0
    init: str = "gaussian"
    scale: float = 1.0
    bias_scale: float | None = None
    mean: float = 0.0
    optimizer: str = "adam"
    rate: float | None = None
    steps: int = 10_000
    cooling: float = 0.3
    closeness: Closeness = field(default_factory=Closeness)

    def __post_init__(self) -> None:
        for name, table in (("optimizer", OPTIMIZERS), ("init", INITIALISATIONS)):
            if getattr(self, name) not in table:
                raise InputError(name, str(getattr(self, name)), " or ".join(table), "adam" if "op" in name else "he")
        for name in ("scale", "bias_scale"):
            if getattr(self, name) is not None:
                at_least_0(getattr(self, name), name)
        if not (isinstance(self.mean, int | float) and abs(self.mean) < math.inf):
            raise InputError("mean", str(self.mean), "a number", "0")
        if type(self.seed) is not int or self.seed < 0:
            raise InputError("seed", str(self.seed), "a whole number of at least 0", "0")
        if type(self.steps) is not int or self.steps < 0:
            raise InputError("steps", str(self.steps), "a whole number of at least 0", "10000")
        if self.rate is not None and not (isinstance(self.rate, int | float) and 0 < self.rate < math.inf):
            raise InputError("rate", str(self.rate), "a number above 0", "0.01")
        if not (isinstance(self.cooling, int | float) and 0 <= self.cooling <= 1):
            raise InputError("cooling", str(self.cooling), "a number from 0 to 1", "0.3")

    def optimizer_of(self) -> Optimizer:
        """The optimizer, ready to train."""
        kind = OPTIMIZERS[self.optimizer]
        arguments: dict[str, float] = {} if self.rate is None else {"rate": float(self.rate)}
        return kind(**arguments, **({"cooling": float(self.cooling)} if kind.cools else {}))

    @property
    def assumption_1(self) -> bool:
        """Whether each neuron's vector is spherically symmetric, so that probabilities of basins are those of the
        starts."""
        found = INITIALISATIONS[self.init]
        return found.spherical and not self.mean and self.bias_scale in (None, self.scale)


@dataclass(frozen=True)
class Ending(Shown):
    """An exact value, and the ``proportion`` of the starts that ended there or lay in basins of it."""

    value: Value
    proportion: Proportion

    def to_json(self) -> dict[str, Any]:
        """As the command answers it."""
        return {"value": plain(self.value), **self.proportion.to_json()}


@dataclass(frozen=True)
class Cluster(Shown):
    """Ends of one loss, numeric: ``about`` is the least of them as a float."""

    about: float
    proportion: Proportion

    def to_json(self) -> dict[str, Any]:
        return {"about": _digits(self.about), "status": "numeric", **self.proportion.to_json()}


@dataclass(frozen=True)
class Starts(Reported, Records):
    """Where random starts ended. Made by :func:`starts`.

    Attributes
    ----------
    problem : Problem
    count : int
        Starts that were trained; fewer than asked for where the time limit ended it.
    settings : Settings
    ends : tuple of Ending or None
        One for each loss of the exact list of local minima, ascending, also where no start ended; None with a
        ``reason`` where the list is not known.
    clusters : tuple of Cluster
        Without the exact list, nearly stationary ends by their losses; with it, those of them at the minimum of their
        basin although its value is not on the list, which would contradict it. Numeric.
    not_converged : int
        Starts that count for no value of the list, those of the clusters among them; where there is no list, those in
        no cluster.
    best : float or None
        The least loss of these; numeric.
    overflows : int
        How many of them left the range of floats.
    basins : tuple of Ending or None
        By the values of the basins in which the starts lay, ascending; None with a ``basins_reason``.
    losses : float64, shape (count,)
        At the ends; numeric.
    end_of : int64, shape (count,)
        Which of the ``ends`` each start counts for, -1 for none.
    points : dict from index of an end to Point
        The first network that ended there, as the dyadics its floats are.
    complete : bool
    """

    problem: Problem
    count: int
    settings: Settings
    ends: tuple[Ending, ...] | None
    reason: str
    clusters: tuple[Cluster, ...]
    not_converged: int
    best: float | None
    overflows: int
    basins: tuple[Ending, ...] | None
    basins_reason: str
    losses: NDArray[np.float64]
    end_of: NDArray[np.int64]
    points: dict[int, Point]
    complete: bool = True

    def to_json(self, probabilities: Callable[[Value], Any] | None = None) -> dict[str, Any]:
        """The answer of ``exactgeo starts --json``.

        Parameters
        ----------
        probabilities : callable (value), optional
            The probability that a start lies in a basin of this value; without it null, with the reason.
        """
        settings = self.settings
        answer: dict[str, Any] = {
            "starts": self.count,
            "ends": None if self.ends is None else [end.to_json() for end in self.ends],
            "clusters": [cluster.to_json() for cluster in self.clusters],
            "not_converged": {
                "starts": self.not_converged,
                "best": None if self.best is None else _digits(self.best),
                "beyond_floats": self.overflows,
                "status": "numeric",
            },
            "basins": None,
            "seed": settings.seed,
            "optimizer": settings.optimizer,
            "init": settings.init,
            "scale": settings.scale,
            "bias_scale": settings.bias_scale,
            "rate": settings.optimizer_of().rate,
            "steps": settings.steps,
            "cooling": settings.cooling,
            "assumption_1": settings.assumption_1,
            "complete": self.complete,
        }
        reasons = {"ends": self.reason, "basins": self.basins_reason}
        if self.basins is not None:
            known = probabilities or (lambda value: None)
            answer["basins"] = [{**entry.to_json(), "probability": known(entry.value)} for entry in self.basins]
            if probabilities is None:
                reasons["basins.probability"] = UNKNOWN
        answer["reasons"] = {key: reason for key, reason in reasons.items() if reason}
        return answer

    def plot(self, ax: Any = None) -> Any:
        """A histogram of the losses at the ends, and the exact local minimum values as lines, on matplotlib axes, which
        are returned.

        Raises
        ------
        InputError
            Matplotlib is not installed.
        """
        from exactgeo.random_starts.plot import draw_starts

        return draw_starts(self, ax)

    COLUMNS = ("start", "loss", "ends_at")
    EXACT = ("ends_at",)

    def records(self) -> Iterator[dict[str, Any]]:
        """One flat dict a start: its loss (float, numeric) and the exact value it counts for, or None."""
        values = [format_rational(end.value) for end in self.ends or () if isinstance(end.value, Fraction)]
        for index, (loss, end) in enumerate(zip(self.losses.tolist(), self.end_of.tolist(), strict=True)):
            yield {"start": index, "loss": loss, "ends_at": values[end] if end >= 0 else None}

    def _shown(self) -> str:
        best = max(self.ends or (), key=lambda end: end.proportion.count, default=None)
        most = "" if best is None else f", {best.proportion.count} at {value_line(best.value)}"
        return (
            f"starts: {self.count} of {brief(self.problem.name) or 'a problem'}{most}, {self.not_converged} at no value"
        )


def starts(
    problem: Problem,
    count: int,
    settings: Settings | None = None,
    *,
    found: Census | None = None,
    time_limit: float | None = None,
    known: Callable[[Starts], None] = lambda part: None,
    progress: Callable[[int, int], None] | None = None,
) -> Starts:
    """Train ``count`` random starts and say at which exact local minimum value each ends.

    See :func:`exactgeo.starts`, which calls this.

    Parameters
    ----------
    found : Census, optional
        Of this problem, where there is one already.
    known : callable, optional
        Told after each batch what is known.
    """
    scope.expect_problem(problem)
    outside = scope.without_penalty(problem)
    if outside is not None:
        raise outside
    if type(count) is not int or count < 1:
        raise InputError("count", str(count), "a whole number of at least 1", "1000")
    settings = Settings() if settings is None else settings
    expect_type(settings, Settings, "settings", "an exactgeo.random_starts.Settings")
    settings.optimizer_of()
    end = math.inf if time_limit is None else time.monotonic() + time_limit
    base = NumericNetworks.from_points(problem, [_base(problem)])
    exact = _Exact.of(problem, found, time_limit)
    parts: list[_Batch] = []
    for part in _batches(base, count, settings, exact, end):
        parts.append(part)
        done = sum(len(batch.losses) for batch in parts)
        if progress is not None:
            progress(done, count)
        if done < count:
            known(_gathered(problem, settings, exact, parts, complete=False))
    done = sum(len(batch.losses) for batch in parts)
    return _gathered(problem, settings, exact, parts, complete=done == count and not any(b.ended for b in parts))


def _base(problem: Problem) -> Point:
    """The frozen values, and 0 for what is trained."""
    if problem.point is not None:
        return problem.point
    net = problem.network
    zero = Point(
        tuple(((ZERO,) * inputs,) * units for inputs, units in pairwise(net.sizes)),
        tuple((ZERO,) * (units * bias) for units, bias in zip(net.sizes[1:], net.biases, strict=True)),
    )
    return zero if problem.frozen is None else problem.frozen


# -- what is exact -----------------------------------------------------------------------------------------------------


@dataclass
class _Exact:
    """What is known exactly before any start is trained."""

    values: list[Fraction] | None
    reason: str
    basins: BasinValues | None
    basins_reason: str

    @classmethod
    def of(cls, problem: Problem, found: Census | None, time_limit: float | None) -> _Exact:
        outside = scope.basins(problem)
        if outside is not None:
            return cls(None, _sentence(outside), None, _sentence(outside))
        if found is None:
            # Half of the time is for the exact list, half for the trainings.
            found = census(problem, time_limit=WITHIN if time_limit is None else time_limit / 2)
        values, reason = _listed(found)
        reduction: Reduction = found.reduction
        if not reduction.listed:
            size = found.size or size_of(problem)
            reason = found.reason
            if size.regions[1] > REGIONS:
                return cls(values, reason, None, f"too many regions of one neuron to list: at most {size.regions[1]}")
            reduction = reduce(problem)
        return cls(values, reason, BasinValues(reduction), "")


def _listed(found: Census) -> tuple[list[Fraction] | None, str]:
    """Every loss at a local minimum, or why they are not known; the search without a budget where the other has one."""
    values, reason = found.local_minimum_values, found.local_minimum_values_reason
    if values is None and not found.ended and found.local_minima is not None:
        values = [level.value for level in found.local_minima]
    return values, "" if values is not None else found.local_minima_reason or reason


REGIONS = 20_000
"""Regions of one neuron above which the basins of the starts are not looked up where there is no census."""


def _sentence(outside: OutOfScope) -> str:
    return f"{outside.reason}; in scope: {outside.in_scope}"


# -- the trainings -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Batch:
    """What is kept of some starts."""

    losses: NDArray[np.float64]
    elsewhere: NDArray[np.bool_]
    ends: NDArray[np.int64]
    basins: list[Value | None]
    overflows: int
    points: dict[int, Point]
    ended: bool


def _batches(base: NumericNetworks, count: int, settings: Settings, exact: _Exact, end: float) -> Iterator[_Batch]:
    generator = np.random.default_rng(settings.seed)
    for first in range(0, count, BATCH):
        if time.monotonic() > end:
            return
        drawn = random_starts(
            base,
            min(BATCH, count - first),
            seed=generator,
            init=settings.init,
            scale=settings.scale,
            bias_scale=settings.bias_scale,
            mean=settings.mean,
        )
        left = None if end == math.inf else max(0.0, end - time.monotonic())
        trained = train(drawn, settings.optimizer_of(), iterations=settings.steps, time_limit=left)
        closeness = settings.closeness
        stationary = stationarity(trained.networks, enough=closeness.slope) <= closeness.slope
        overflow = np.array([trained.status(k) is DescentStatus.OVERFLOW for k in range(len(drawn))], dtype=np.bool_)
        stationary &= ~overflow
        ends, elsewhere = np.full(len(drawn), -1, dtype=np.int64), stationary
        if exact.values is not None:
            ends, elsewhere = _ends(trained, stationary, exact.values, exact.basins, closeness)
        numbers, where = np.unique(ends, return_index=True)
        yield _Batch(
            trained.losses,
            elsewhere,
            ends,
            [] if exact.basins is None else exact.basins.of(drawn),
            int(overflow.sum()),
            {int(k): trained.networks.point(int(i)) for k, i in zip(numbers, where, strict=True) if k >= 0},
            time.monotonic() > end,
        )


def _ends(
    trained: Trained,
    stationary: NDArray[np.bool_],
    values: Sequence[Fraction],
    basins: BasinValues | None,
    closeness: Closeness,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Which value each end counts for, and the ends at the minimum of a basin that is none of the values.

    On a boundary of basins the loss alone says which value.
    """
    own: list[Value | None] = [None] * len(trained.losses)
    if basins is not None:
        chosen = np.flatnonzero(stationary)
        for index, value in zip(chosen.tolist(), basins.of(trained.networks[chosen]), strict=True):
            own[index] = value
    number: dict[Value, int] = {value: k for k, value in enumerate(values)}
    levels = np.array([math.nan if value is None else float(low(value)) for value in own])
    with np.errstate(invalid="ignore"):
        bottom = np.abs(trained.losses - levels) <= closeness.reach(levels)
    listed = np.array([-1 if value is None else number.get(value, -1) for value in own], dtype=np.int64)
    listed = np.where(np.isnan(levels), closest(trained.losses, list(map(float, values)), closeness), listed)
    counted = stationary & (listed >= 0) & (bottom | np.isnan(levels))
    return np.where(counted, listed, -1), stationary & bottom & (listed < 0)


def _gathered(
    problem: Problem, settings: Settings, exact: _Exact, parts: Sequence[_Batch], *, complete: bool
) -> Starts:
    empty = [np.zeros(0)]
    losses = np.concatenate([part.losses for part in parts] or empty)
    elsewhere = np.concatenate([part.elsewhere for part in parts] or empty).astype(np.bool_)
    end_of = np.concatenate([part.ends for part in parts] or empty).astype(np.int64)
    count = len(losses)
    others = end_of < 0
    groups = clusters(losses[elsewhere], settings.closeness)
    found = tuple(Cluster(about, proportion_of(size, count)) for about, size in groups)
    ends: tuple[Ending, ...] | None = None
    lost = others
    if exact.values is None:
        lost = ~elsewhere
    else:
        counts = np.bincount(end_of[~others], minlength=len(exact.values)).tolist()
        ends = tuple(
            Ending(value, proportion_of(number, count)) for value, number in zip(exact.values, counts, strict=True)
        )
    finite = losses[lost & np.isfinite(losses)]
    points: dict[int, Point] = {}
    for part in reversed(parts):
        points.update(part.points)
    basins, basins_reason = _basins(parts, exact, count)
    return Starts(
        problem,
        count,
        settings,
        ends,
        exact.reason,
        found,
        int(lost.sum()),
        float(finite.min()) if len(finite) else None,
        sum(part.overflows for part in parts),
        basins,
        basins_reason,
        losses,
        end_of,
        points,
        complete,
    )


def _basins(parts: Sequence[_Batch], exact: _Exact, count: int) -> tuple[tuple[Ending, ...] | None, str]:
    if exact.basins is None:
        return None, exact.basins_reason
    counts: dict[Value, int] = {}
    boundary = 0
    for part in parts:
        for value in part.basins:
            if value is None:
                boundary += 1
            else:
                counts[value] = counts.get(value, 0) + 1
    entries = tuple(Ending(value, proportion_of(number, count)) for value, number in counted_together(counts))
    reason = f"{boundary} starts lie on the boundary of basins: a pre-activation or an output weight is 0"
    return entries, reason if boundary else ""


def _digits(number: float) -> str:
    """A float as a decimal of nine digits: numeric."""
    return f"{number:.9g}"
