"""What users call: load a problem, certify a point."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from exactgeo.errors import InputError
from exactgeo.problem import Point, Problem, scope
from exactgeo.standing import Better, Verdict, verdict_on
from exactgeo.standing.many_points import certify_many

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from exactgeo.basin import Census
    from exactgeo.basin.branch import GlobalMinimum
    from exactgeo.basin.penalised import PenalisedCensus
    from exactgeo.landscape import Landscape
    from exactgeo.local_minimum import DeepExplanation, Explanation
    from exactgeo.local_minimum.critical_point import CriticalPoint, NotProved
    from exactgeo.path_search import FoundPath
    from exactgeo.polishing import Polished
    from exactgeo.probability import Probabilities
    from exactgeo.random_starts import Starts

__all__ = [
    "Better",
    "Verdict",
    "basins",
    "certify",
    "certify_many",
    "critical_point_near",
    "examples",
    "explain",
    "landscape",
    "load",
    "minimum",
    "own_point",
    "path",
    "polish",
    "probabilities",
    "starts",
]

PointLike = Point | Mapping[str, Any]


def load(source: str | os.PathLike[str] | bytes | BinaryIO | Mapping[str, Any]) -> Problem:
    """Load a problem from a file, a named problem of the library, ``"-"`` (standard input), or a mapping.

    Parameters
    ----------
    source : path, name, bytes, binary file or mapping with the keys of the problem file
        A name of ``exactgeo examples`` counts as a name unless a file of that name exists.

    Raises
    ------
    InputError
        The file is missing or malformed; the message names the place, what stood there and what to write.

    Examples
    --------
    >>> import exactgeo as eg
    >>> eg.load("swirszcz-prop1").m
    5
    """
    from exactgeo import formats, library

    if isinstance(source, Mapping):
        return formats.problem_from_mapping(source)
    if isinstance(source, str) and source != "-" and _looks_like_name(source):
        return library.load(source)
    if hasattr(source, "read"):
        # One byte more than any file may have: the reader refuses it by its size.
        data = source.read(formats.MAX_BYTES + 1)
        return formats.read_problem(data.encode() if isinstance(data, str) else data)
    return formats.read_problem(source)


def _looks_like_name(source: str) -> bool:
    """A bare word without a suffix that is not a file here."""
    if len(source) > 200 or source.endswith((".toml", ".json")) or os.sep in source:
        return False
    return not Path(source).exists()


def examples() -> dict[str, str]:
    """The named problems that ship with exactgeo, each with one line about it; ``load`` takes the names.

    Examples
    --------
    >>> import exactgeo as eg
    >>> eg.examples()["swirszcz-prop1"]
    'Proposition 1: a spurious local minimum of one ReLU unit on D1, loss 18.'
    """
    from exactgeo import library

    return dict(library.names())


def own_point(problem: Problem) -> Point:
    """The point that came with a problem.

    Raises
    ------
    InputError
        There is none.
    """
    scope.expect_problem(problem)
    if problem.point is None:
        where = problem.name or "problem"
        raise InputError(where, "no point", "a [point] table", "weights and biases, or pass --point FILE")
    return problem.point


def certify(
    problem: Problem,
    point: PointLike | None = None,
    *,
    time_limit: float = 5.0,
    strictness: bool = True,
    known: Callable[[Verdict], None] | None = None,
) -> Verdict:
    """Decide exactly whether a point is a local minimum, and where it stands among all points.

    Parameters
    ----------
    problem : Problem
    point : Point or mapping with weights and biases, optional
        ``problem.point`` when left out. Many points of one problem are decided without rebuilding it.
    time_limit : float
        Seconds for the local verdict (half a second at least), then for ``strictness`` (half of what is left, or half a
        second) and for the searches behind ``globality`` and ``bad_valley``, 0 for none of these. What was not found in
        time is None, with why.
    strictness : bool
        Whether to look for ``strictness`` and ``flat_dimension`` at all.
    known : callable, optional
        Told the verdict as soon as it is known, before the searches.

    Returns
    -------
    Verdict
        ``kind`` is undecided where time ends the decision. It is never so in time for at most one hidden layer, one
        output, a piecewise-linear activation and a loss with rational values (squared, half_squared, huber,
        squared_hinge, absolute, hinge); nor for logistic and cross_entropy of two classes, unless a number is below
        every rational of use; for every other loss it is
        decided where the point is a global minimum. Under a [penalty] with l2 alone it is undecided in the few cases
        that docs/mathematics.md names.

    Raises
    ------
    InputError
        No point, or one whose shape is not the network's.

    References
    ----------
    Wu, Simsek, Ged, arXiv 2402.05626 (criterion); Zaslavsky 1975 (completeness of the census behind globality).

    Examples
    --------
    >>> import exactgeo as eg
    >>> v = eg.certify(eg.load("swirszcz-prop1"))
    >>> print(v.kind, v.loss, v.strictness, v.globality)
    local_minimum 18 strict_modulo_symmetry spurious
    """
    from exactgeo import formats

    parameters = formats.point_from_mapping(own_point(problem) if point is None else point, problem)
    return verdict_on(problem, parameters, time_limit, strictness=strictness, known=known)


def explain(problem: Problem, point: PointLike | None = None) -> Explanation | DeepExplanation:
    """The numbers behind a verdict: residuals or one-sided derivatives of the loss, kinks and phi of each neuron.

    Parameters
    ----------
    problem : Problem
    point : Point or mapping with weights and biases, optional
        ``problem.point`` when left out.

    Raises
    ------
    InputError
        There is no point, or it is none of this network.
    OutOfScope
        The loss or an activation has no rational values there.

    Examples
    --------
    >>> import exactgeo as eg
    >>> [str(residual) for residual in eg.explain(eg.load("swirszcz-prop1")).residuals]
    ['0', '0', '0', '3', '-3']
    """
    from exactgeo import formats
    from exactgeo.local_minimum import explain

    return explain(problem, formats.point_from_mapping(own_point(problem) if point is None else point, problem))


def critical_point_near(
    problem: Problem, point: PointLike | None = None, *, rho: Fraction | int | str
) -> CriticalPoint | NotProved:
    """Prove that near a rational point lies exactly one critical prediction vector, and a local minimum that has it.

    For losses whose minima are not rational: the logistic one, and cross-entropy of two classes.

    Parameters
    ----------
    problem : Problem
    point : Point or mapping with weights and biases, optional
        ``problem.point`` when left out. Close to the minimum; its pre-activations that are 0 stay 0.
    rho : rational, > 0
        The critical vector lies within it of the point's predictions, in the Euclidean norm.

    Returns
    -------
    exactgeo.local_minimum.critical_point.CriticalPoint or NotProved
        ``.value``, an enclosure of the loss; ``.radius``, within which parameters have it; ``.certificate``. Or
        ``.reason``.

    Raises
    ------
    exactgeo.OutOfScope
        Another loss, or a network outside the complete decision.
    InputError
        No point, or one whose shape is not the network's.
    ValueError
        rho is not positive.

    References
    ----------
    docs/mathematics.md, "Critical points that are not rational".

    Examples
    --------
    Two of three labels are 1: the score is log 2 at the minimum.

    >>> import exactgeo as eg
    >>> problem = eg.load({"data": {"x": [[0], [0], [0]], "y": [1, 1, -1]}, "network": {"widths": []},
    ...     "loss": {"kind": "logistic"}, "point": {"weights": [[[0]]], "biases": [["693147/1000000"]]}})
    >>> found = eg.critical_point_near(problem, rho="1/100000")
    >>> found.value.hi - found.value.lo < Fraction(1, 10**10), found.radius < Fraction(1, 10**4)
    (True, True)
    """
    from exactgeo import formats
    from exactgeo.local_minimum.critical_point import critical_point_near as near

    parameters = formats.point_from_mapping(own_point(problem) if point is None else point, problem)
    return near(problem, parameters, Fraction(rho))


def basins(
    problem: Problem,
    executor: Executor | None = None,
    *,
    store: str | os.PathLike[str] | None = None,
    time_limit: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Census | PenalisedCensus:
    """Every basin of a one-hidden-layer, scalar-output problem with its exact value.

    Parameters
    ----------
    problem : Problem
        Needs a point only where output weights or biases are frozen.
    executor : concurrent.futures.Executor, optional
        Where blocks of basins are settled; the result does not depend on it.
    store : path, optional
        An SQLite file, made if it is not there, that keeps every settled block: the same call goes on where an earlier
        one ended, however it ended, and gives the same answer.
    time_limit : float, optional
        Seconds; afterwards the census holds what is known and ``complete`` is False.
    progress : callable(done, total), optional

    Returns
    -------
    exactgeo.basin.Census
        Iterable; ``.minimum``, ``.values``, ``.local_minimum_values``, ``.containing(point)``, ``.to_records()``.
        Of a penalised problem an :class:`exactgeo.basin.penalised.PenalisedCensus` with bounds on ``.minimum``,
        ``.values`` and ``.infinite_width_minimum``.

    Raises
    ------
    exactgeo.OutOfScope
        Named: what puts the problem outside (Safran and Shamir, Definition 2, for one hidden layer).
    InputError
        ``store`` cannot be read or written, or holds something else.

    Examples
    --------
    >>> import exactgeo as eg
    >>> found = eg.basins(eg.load("swirszcz-prop1"))
    >>> found.count, str(found.minimum)
    (20, '14')

    Ended by a time limit, or killed, a run with a file goes on at the next call:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ended = eg.basins(eg.load("swirszcz-prop1"), store=f"{folder}/run.sqlite", time_limit=0)
    ...     found = eg.basins(eg.load("swirszcz-prop1"), store=f"{folder}/run.sqlite")
    >>> ended.complete, found.complete, str(found.minimum)
    (False, True, '14')
    """
    from exactgeo.basin import census

    scope.expect_problem(problem)
    if problem.penalty:
        from exactgeo.basin.penalised import penalised_census

        if store is not None:
            raise InputError(
                "store", os.fspath(store), "none: a penalised census is not resumed", "a problem without [penalty]"
            )
        return penalised_census(problem, time_limit=time_limit, progress=progress)
    if store is None:
        return census(problem, executor=executor, time_limit=time_limit, progress=progress)
    from exactgeo.store import Store

    with Store(os.fspath(store)) as opened:
        return census(problem, executor=executor, time_limit=time_limit, progress=progress, store=opened)


def landscape(
    problem: Problem,
    executor: Executor | None = None,
    *,
    full: bool = False,
    store: str | os.PathLike[str] | None = None,
    time_limit: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Landscape:
    """The exact topology of all sublevel sets of the training loss: valleys, barriers, merge tree.

    Parameters
    ----------
    problem : Problem
        In scope of :func:`basins`, any loss but the logistic one.
    executor, time_limit, progress
        As for :func:`basins`.
    full : bool
        The full space instead of the space modulo permutation of neurons.
    store : path, optional
        As for :func:`basins`, which may share the file; it keeps the solved walls as well.

    Returns
    -------
    exactgeo.landscape.Landscape
        ``.valleys``, ``.bad_valleys``, ``.merge_tree``, ``.graph``, ``.critical_level(a, b)``, ``.component(point)``,
        ``.certificate``, ``.to_records()``, ``.plot()``.

    Raises
    ------
    exactgeo.OutOfScope
        Named: what puts the problem outside.
    InputError
        ``store`` cannot be read or written, or holds something else.

    Examples
    --------
    >>> import exactgeo as eg
    >>> found = eg.landscape(eg.load("swirszcz-prop1"))
    >>> found.bad_valleys, [str(v.escapes_at) for v in found.valleys]
    (2, ['None', '106/5', '106/5'])
    """
    from exactgeo.landscape import landscape as build

    if store is None:
        return build(problem, executor=executor, full=full, time_limit=time_limit, progress=progress)
    from exactgeo.store import Store

    with Store(os.fspath(store)) as opened:
        return build(problem, executor=executor, full=full, time_limit=time_limit, progress=progress, store=opened)


def minimum(
    problem: Problem,
    executor: Executor | None = None,
    *,
    time_limit: float | None = None,
    progress: Callable[[GlobalMinimum], None] | None = None,
) -> GlobalMinimum:
    """The global minimum of the training loss with its proof, by branch and bound: docs/mathematics.md.

    Parameters
    ----------
    problem : Problem
        In scope of :func:`basins`; needs a point only where output weights or biases are frozen.
    executor : concurrent.futures.Executor, optional
        Where nodes are looked at in a search longer than a second; the result does not depend on it.
    time_limit : float, optional
        Seconds; afterwards ``complete`` is False, with the least loss found and a proved lower bound.
    progress : callable, optional
        Told now and then what is known so far, an answer of the same type.

    Returns
    -------
    exactgeo.basin.branch.GlobalMinimum
        ``.minimum``, ``.point``; ``.incumbent``, ``.lower_bound``, ``.complete``, ``.nodes``; ``.certificate``.

    Raises
    ------
    exactgeo.OutOfScope
        Named: what puts the problem outside.

    Examples
    --------
    >>> import exactgeo as eg
    >>> found = eg.minimum(eg.load("swirszcz-prop1"))
    >>> print(found.minimum, found.lower_bound, found.complete)
    14 14 True
    """
    from exactgeo.basin.branch import minimum as search

    scope.expect_problem(problem)
    return search(problem, time_limit=time_limit, progress=progress, executor=executor)


def path(
    problem: Problem,
    point: PointLike | None = None,
    to: PointLike | None = None,
    *,
    time_limit: float | None = None,
    known: Callable[[FoundPath], None] = lambda found: None,
) -> FoundPath:
    """An exact path between two points, as low as can be proved; or, without an end, down from one point.

    Parameters
    ----------
    problem : Problem
        A network of any depth and width with piecewise-linear activations; no penalty. Any loss: without rational
        values (logistic, cross_entropy) levels are enclosures, and there is no certificate.
    point : Point or mapping with weights and biases, optional
        Where the path starts; ``problem.point`` when left out.
    to : Point or mapping, optional
        Where it ends. Without it the path goes down, and never rises: to the infimum where a theorem says how, to the
        minimum of the valley where all basins can be listed, else as low as a search proves.
    time_limit : float, optional
        Seconds; afterwards what is known.
    known : callable, optional
        Told what is known before each search that may be long.

    Returns
    -------
    exactgeo.path_search.FoundPath
        ``.points``, ``.segments``, ``.losses``, ``.highest``, ``.loss_at(time)``, ``.plot()``, ``.to_records()``;
        ``.complete``, ``.at_least``, ``.end``, ``.how``, ``.missing``, ``.reason``; ``.certificate``.

    Raises
    ------
    exactgeo.OutOfScope
        Named: what puts the problem outside.
    InputError
        A point whose shape is not the network's; points that differ in what is frozen.

    References
    ----------
    docs/paths.md

    Examples
    --------
    >>> import exactgeo as eg
    >>> problem, other = eg.load("swirszcz-prop1"), eg.load("swirszcz-prop1-better")
    >>> found = eg.path(problem, to=other.point)
    >>> print(found.highest, found.complete, found.how)
    106/5 True the landscape: no path is lower
    """
    from exactgeo import formats
    from exactgeo.path_search import down, join

    scope.expect_problem(problem)
    start = formats.point_from_mapping(own_point(problem) if point is None else point, problem)
    if to is None:
        return down(problem, start, time_limit=time_limit, known=known)
    return join(problem, start, formats.point_from_mapping(to, problem), time_limit=time_limit, known=known)


def probabilities(problem: Problem, *, seed: int = 0) -> Probabilities:
    """Where a random start lands: the regions of a neuron, and the law of the basin value at every width.

    Parameters
    ----------
    problem : Problem
        In scope of :func:`basins`, with a hidden layer.
    seed : int
        Of the samples, where nothing is proved: data of rank 6 or more that are no orthogonal parts of lower rank.

    Returns
    -------
    exactgeo.probability.Probabilities
        ``.rank``, ``.regions``, ``.law(alpha, widths=[...])``. The start is that of Assumption 1 of Safran and Shamir:
        independent neurons, each with (lifted) input weights whose distribution no rotation changes and an output
        weight of random sign.

    Raises
    ------
    exactgeo.OutOfScope
        Named: what puts the problem outside; or too many regions of a neuron, and no closed form.

    References
    ----------
    docs/mathematics.md, "Random starts"; Safran and Shamir, On the Quality of the Initial Basin in Overspecified Neural
    Networks, Section 4.

    Examples
    --------
    >>> import exactgeo as eg
    >>> law = eg.probabilities(eg.load("swirszcz-prop1")).law(14, widths=[1, 10])
    >>> [row.probability.lo[:8] for row in law], law.rate.hi[:8]
    (['0.161895', '0.980893'], '0.663989')
    """
    from exactgeo.probability import Probabilities

    return Probabilities(problem, seed=seed)


def polish(
    problem: Problem,
    point: PointLike | None = None,
    *,
    method: str | None = None,
    time_limit: float = 60.0,
    known: Callable[[Polished], None] = lambda found: None,
) -> Polished:
    """The certified local minimum beside a trained network, and how far it is.

    Parameters
    ----------
    problem : Problem
        At most one hidden layer, one output, a piecewise-linear activation; a loss of one score, and with squared
        penalties one that has a derivative. Of an importer (:func:`exactgeo.from_sklearn`, ...) or of a file.
    point : Point or mapping with weights and biases, optional
        ``problem.point`` when left out.
    method : "exact" or "balls", optional
        Rationals, or a box that holds exactly one local minimum. When left out: rationals while numbers are short.
    time_limit : float
        Seconds; then the best point so far, and ``status`` is ``undecided``.
    known : callable, optional
        Told after each cell how far the walk has come.

    Returns
    -------
    exactgeo.polishing.Polished
        ``.point``, ``.loss``, ``.none_within``, ``.one_within``, ``.verdict``.

    Raises
    ------
    exactgeo.OutOfScope
        Named: what puts the problem, or the method, outside.
    InputError
        No point, or one whose shape is not the network's; another method.

    Examples
    --------
    >>> import exactgeo as eg
    >>> problem = eg.from_arrays([[1.0], [2.0], [-1.0]], [0.75, 1.25, 0.25], [[[0.7]], [[0.7]]], [None, [0.1]])
    >>> found = eg.polish(problem)
    >>> print(found.status, found.verdict.kind, found.loss, found.none_within > 0)
    exact local_minimum 0 True
    """
    from exactgeo import formats
    from exactgeo.polishing import METHODS
    from exactgeo.polishing import polish as walk

    if method not in (None, *METHODS):
        raise InputError("method", repr(method), "None, " + " or ".join(METHODS), "None for what the numbers ask for")
    start = formats.point_from_mapping(own_point(problem) if point is None else point, problem)
    return walk(problem, start, method=method, time_limit=time_limit, known=known)


def starts(
    problem: Problem,
    count: int = 1000,
    seed: int = 0,
    *,
    init: str = "gaussian",
    scale: float = 1.0,
    bias_scale: float | None = None,
    mean: float = 0.0,
    optimizer: str = "adam",
    rate: float | None = None,
    steps: int = 10_000,
    cooling: float = 0.3,
    within: float | None = None,
    time_limit: float | None = None,
    known: Callable[[Starts], None] = lambda part: None,
    progress: Callable[[int, int], None] | None = None,
) -> Starts:
    """Train random starts and say at which exact local minimum value each of them ends.

    Parameters
    ----------
    problem : Problem
        Any that :class:`exactgeo.numeric.NumericNetworks` takes, without [penalty]; the exact list and the basins are
        there where :func:`basins` lists them. Frozen blocks stay.
    count, seed : int
        The same seed gives the same starts, whatever the machine; ends may differ where floats round otherwise.
    init : str
        ``gaussian`` (Assumption 1 of Safran and Shamir), ``lecun``, ``glorot``, ``he``, ``uniform``.
    scale, bias_scale, mean : float
        Factor of the distribution; deviation of the biases; what is added to each weight.
    optimizer : str
        ``gradient_descent``, ``backtracking``, ``adam``, ``lbfgs``; full batch.
    rate : float, optional
        The optimizer's own by default: 0.1, and 0.01 for adam.
    steps : int
    cooling : float
        In this last part of the steps the rate of gradient_descent and adam is halved again and again; 0 for a
        constant rate.
    within : float, optional
        An end counts for a value within this of it (relative to the value or 1), 10^-6 by default; it must be nearly
        stationary, and lie in a basin of just that value, too.
    time_limit : float, optional
        Seconds; then what is known. Half of them, or a minute, for the exact list.
    known, progress : callable, optional
        Told after each batch of starts.

    Returns
    -------
    exactgeo.random_starts.Starts
        ``.ends``, ``.clusters``, ``.not_converged``, ``.basins``, ``.to_records()``. Values of ends and basins are
        exact; which start ended where is numeric.

    Raises
    ------
    exactgeo.OutOfScope
        A [penalty], or a loss or activation without a float form.
    InputError
        A name or number that is none.

    Examples
    --------
    >>> import exactgeo as eg
    >>> found = eg.starts(eg.load("swirszcz-prop1"), count=40, optimizer="lbfgs")
    >>> [str(end.value) for end in found.ends], sum(end.proportion.count for end in found.ends) + found.not_converged
    (['14', '18', '75/4', '614/29', '106/5'], 40)
    """
    from exactgeo.numeric.classification import Closeness
    from exactgeo.random_starts import Settings
    from exactgeo.random_starts import starts as run

    closeness = Closeness() if within is None else Closeness(loss=within)
    settings = Settings(seed, init, scale, bias_scale, mean, optimizer, rate, steps, cooling, closeness)
    return run(problem, count, settings, time_limit=time_limit, known=known, progress=progress)
