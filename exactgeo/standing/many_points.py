"""Many points of one problem: each gets the verdict it would get alone, and what they have in common is found once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from exactgeo.formats import points_from_list
from exactgeo.problem import Point, Problem
from exactgeo.standing import Verdict, verdict_on

__all__ = ["certify_many"]


def certify_many(
    problem: Problem, points: Iterable[Point | Mapping[str, Any]], *, time_limit: float = 5.0, strictness: bool = True
) -> Iterator[Verdict]:
    """:func:`exactgeo.certify` for many points of one problem; what they have in common is found once.

    Parameters
    ----------
    problem : Problem
    points : iterable of Point, or of mappings with weights and biases
        All are read before the first is decided.
    time_limit : float
        Seconds for each point, as in :func:`exactgeo.certify`.
    strictness : bool
        As in :func:`exactgeo.certify`.

    Returns
    -------
    iterator of Verdict
        One a point, in order, each decided when it is asked for. Within the time limit it is what
        :func:`exactgeo.certify` says of the point alone, certificate included. Common are the census, the branch and
        bound, the claims about their minimum, and the searches around points of one loss in one basin.

    Raises
    ------
    InputError
        At the call: a point whose shape is not the network's, or a number that is none; the message names the index.

    Examples
    --------
    >>> import exactgeo as eg
    >>> points = [{"weights": [[[1]], [[1]]], "biases": [[b], [0]]} for b in (-3, -2)]
    >>> [str(v.kind) for v in eg.certify_many(eg.load("swirszcz-prop1"), points)]
    ['local_minimum', 'not_local_minimum']
    """
    # Not in the generator: a bad point is refused at the call.
    listed = points_from_list(points, problem)
    return (verdict_on(problem, point, time_limit, strictness=strictness) for point in listed)
