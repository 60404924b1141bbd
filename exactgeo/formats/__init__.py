"""Problem, point and arrangement files: TOML or JSON in, exact frozen values out, or one line that says why not.

Defaults of a problem file: ``activation = "relu"``, ``hidden_bias = true``, ``output_bias = true``,
``kind = "squared"``, ``reduction = "sum"``, and every block trained. ``data.x``, ``data.y`` and
``network.widths`` have none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from exactgeo.exact.vectors import Matrix, Vector
from exactgeo.formats._problem import build_point, build_points, build_problem
from exactgeo.formats._text import MAX_JSON_BYTES, Source, read_tree
from exactgeo.problem import Point, Problem

MAX_BYTES = MAX_JSON_BYTES
"""Largest file read, in bytes (TOML: a quarter of it)."""

__all__ = [
    "MAX_BYTES",
    "arrangement_from_mapping",
    "point_from_mapping",
    "points_from_list",
    "problem_from_mapping",
    "read_arrangement",
    "read_point",
    "read_points",
    "read_polytope",
    "read_problem",
]


def read_problem(source: Source, *, name: str | None = None) -> Problem:
    """Read a problem file.

    Parameters
    ----------
    source : path, ``"-"`` for standard input, or bytes
        TOML or JSON; text that begins with ``{`` is JSON whatever its suffix. Decimals are exact:
        0.1 is 1/10.
    name : str or None
        What errors call the source; by default the path as given.

    Returns
    -------
    Problem
        Frozen and exact. A width of 0 is a constant model, no width at all a linear one. The number of
        outputs is the length of a row of ``data.y``; for cross_entropy, whose ``y`` holds class
        indices, it is ``network.outputs``, else the units of the point's last layer, else the largest
        index + 1. ``train`` is false for a bias the network does not have.

    Raises
    ------
    InputError
        Unreadable, malformed, or against the rules of the problem file.

    Examples
    --------
    >>> text = b'data = {x = [[1], [2]], y = [0.1, "1/3"]}' + bytes([10]) + b"network = {widths = [1]}"
    >>> problem = read_problem(text)
    >>> print(problem.y[0][0], problem.y[1][0], problem.network.activation.name)
    1/10 1/3 relu
    """
    tree, label = read_tree(source, name, "a problem", "[data] with x and y, and [network] with widths")
    return build_problem(tree, label, stacklevel=2)


def problem_from_mapping(mapping: Mapping[str, Any], where: str = "problem") -> Problem:
    """Build a problem from the keys of the problem file.

    Parameters
    ----------
    mapping : Mapping
        Numbers are ints, Fractions, strings such as ``"1/3"`` or floats; lists may be tuples or arrays.
        Floats are taken as the dyadics they are, with one :class:`FloatTakenExactly` for all of them.
    where : str
        What errors call it.

    Raises
    ------
    InputError
        Against the rules of the problem file.

    Examples
    --------
    >>> data = {"x": [[0], [1]], "y": [0, "1/2"]}
    >>> problem = problem_from_mapping({"data": data, "network": {"widths": []}})
    >>> problem.m, problem.d, problem.outputs, problem.network.depth
    (2, 1, 1, 1)
    """
    return build_problem(mapping, where, stacklevel=2)


def read_point(source: Source, problem: Problem, *, name: str | None = None) -> Point:
    """Read a point of a problem: a file with ``weights`` and ``biases``, or with a [point] table.

    A whole problem file will do; only its [point] is used. Parameters and errors are those of
    :func:`read_problem`; shapes are checked against ``problem``.

    Examples
    --------
    >>> problem = problem_from_mapping({"data": {"x": [[5]], "y": [2]}, "network": {"widths": [1]}})
    >>> point = read_point(b'{"weights": [[[1]], [[2]]], "biases": [[-3], ["1/2"]]}', problem)
    >>> print(problem.loss_at(point))
    25/4
    """
    tree, label = read_tree(source, name, "a point", "weights and biases")
    return build_point(tree, label, problem, stacklevel=2)


def point_from_mapping(mapping: Mapping[str, Any] | Point, problem: Problem, where: str = "point") -> Point:
    """Build a point of a problem from ``weights`` and ``biases``, or check a Point's shapes.

    Raises
    ------
    InputError
        Shapes that are not the problem's, or numbers that are none.

    Examples
    --------
    >>> problem = problem_from_mapping({"data": {"x": [[5]], "y": [2]}, "network": {"widths": []}})
    >>> point_from_mapping({"weights": [[["1/3"]]], "biases": [[0]]}, problem).to_dict()
    {'weights': [[['1/3']]], 'biases': [['0']]}
    """
    return build_point(mapping, where, problem, stacklevel=2)


def read_points(source: Source, problem: Problem, *, name: str | None = None) -> tuple[Point, ...]:
    """Read many points of a problem: a JSON file with a list of them, or a table whose one key ``points`` is that list.

    Parameters and errors are those of :func:`read_point`; the message on a bad point names its index.

    Examples
    --------
    >>> problem = problem_from_mapping({"data": {"x": [[5]], "y": [2]}, "network": {"widths": []}})
    >>> points = read_points(b'{"points": [{"weights": [[[1]]], "biases": [[0]]}]}', problem)
    >>> [str(problem.loss_at(point)) for point in points]
    ['9']
    """
    tree, label = read_tree(source, name, "a list of points", "a list of points, each with weights and biases")
    return build_points(tree, label, problem, stacklevel=2)


def points_from_list(points: Iterable[Mapping[str, Any] | Point], problem: Problem) -> tuple[Point, ...]:
    """Build points of a problem, each as :func:`point_from_mapping`; one warning for the floats of all.

    Raises
    ------
    InputError
        As :func:`point_from_mapping`, with the index: ``points[3].weights``.
    """
    return build_points(points, "points", problem, stacklevel=2)


def read_arrangement(source: Source, *, name: str | None = None) -> tuple[Matrix, Vector | None]:
    """Read a hyperplane arrangement: ``normals`` (m x d) and, if affine, ``offsets`` (m).

    Returns
    -------
    normals, offsets
        Tuples of Fractions; ``offsets`` is None for a central arrangement.

    Raises
    ------
    InputError
        As for :func:`read_problem`.

    Examples
    --------
    >>> normals, offsets = read_arrangement(b"normals = [[1, 0], [1, 1]]")
    >>> len(normals), offsets
    (2, None)
    """
    from exactgeo.formats._arrangement import build_arrangement

    tree, label = read_tree(source, name, "an arrangement", "normals, and offsets if it is affine")
    return build_arrangement(tree, label, stacklevel=2)


def read_polytope(source: Source, dimension: int, *, name: str | None = None) -> tuple[Matrix, Vector]:
    """Read a polyhedron ``A x <= b``: a table ``[polytope]`` with ``A`` (rows of ``dimension`` numbers) and ``b``.

    Returns
    -------
    A, b
        Tuples of Fractions.

    Raises
    ------
    InputError
        As for :func:`read_problem`.

    Examples
    --------
    >>> rows, bounds = read_polytope(b"polytope = {A = [[1], [-1]], b = [1, 0]}", 1)
    >>> len(rows), str(bounds[0])
    (2, '1')
    """
    from exactgeo.formats._arrangement import build_polytope

    tree, label = read_tree(source, name, "a polytope", "[polytope] with A and b")
    return build_polytope(tree, label, dimension, stacklevel=2)


def arrangement_from_mapping(mapping: Mapping[str, Any], where: str = "arrangement") -> tuple[Matrix, Vector | None]:
    """Normals and offsets from lists, tuples or arrays, as :func:`read_arrangement` gives them.

    Examples
    --------
    >>> print(arrangement_from_mapping({"normals": [[2]], "offsets": ["1/2"]})[1][0])
    1/2
    """
    from exactgeo.formats._arrangement import build_arrangement

    return build_arrangement(mapping, where, stacklevel=2)
