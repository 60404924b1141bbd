"""Pictures: an affine arrangement of the plane, a central arrangement of R^3 on the projective disc.

Vertices, rays and the polygons of regions are exact; floats enter where matplotlib draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import cos, hypot, pi, sin
from typing import Any

from exactgeo.arrangement.regions import Regions
from exactgeo.exact.rational import format_rational
from exactgeo.exact.vectors import Integers, Matrix, Vector

__all__ = ["draw_disc", "draw_plane", "polygon"]

_LABELS = 40
_PAPER = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
_Point = tuple[Fraction, Fraction]


def polygon(corners: Sequence[_Point], normal: Sequence[Fraction], offset: Fraction, side: int) -> list[_Point]:
    """The part of a convex polygon where ``side * (<normal, w> - offset) >= 0``, exactly; corners in order.

    Examples
    --------
    >>> square = [(Fraction(x), Fraction(y)) for x, y in ((0, 0), (2, 0), (2, 2), (0, 2))]
    >>> [tuple(map(int, p)) for p in polygon(square, (Fraction(1), Fraction(0)), Fraction(1), -1)]
    [(0, 0), (1, 0), (1, 2), (0, 2)]
    """
    kept: list[_Point] = []
    values = [side * (normal[0] * x + normal[1] * y - offset) for x, y in corners]
    for i, (corner, value) in enumerate(zip(corners, values, strict=True)):
        after, following = corners[(i + 1) % len(corners)], values[(i + 1) % len(corners)]
        if value >= 0:
            kept.append(corner)
        if value * following < 0:
            t = value / (value - following)
            kept.append((corner[0] + t * (after[0] - corner[0]), corner[1] + t * (after[1] - corner[1])))
    return kept


def _axes(ax: Any) -> Any:
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=(7, 7), layout="constrained")
    ax.set_aspect("equal")
    return ax


def _text(point: Sequence[Any]) -> str:
    return "(" + ", ".join(format_rational(Fraction(q)) for q in point) + ")"


def _window(normals: Matrix, offsets: Vector, vertices: Sequence[Vector]) -> tuple[_Point, _Point]:
    """A box with all vertices and some of every line well inside."""
    points: list[Sequence[Fraction]] = list(vertices)
    if not points:
        for row, q in zip(normals, offsets, strict=True):
            if any(row):
                size = row[0] ** 2 + row[1] ** 2
                points.append((row[0] * q / size, row[1] * q / size))
    points = points or [(Fraction(0), Fraction(0))]
    low = [min(p[i] for p in points) for i in range(2)]
    high = [max(p[i] for p in points) for i in range(2)]
    reach = max(high[0] - low[0], high[1] - low[1]) / 2 or Fraction(1)
    middle = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
    reach *= Fraction(3, 2)
    return (middle[0] - reach, middle[1] - reach), (middle[0] + reach, middle[1] + reach)


def draw_plane(normals: Matrix, offsets: Vector, vertices: Sequence[Vector], regions: Regions, ax: Any = None) -> Any:
    """Lines of the plane, on new or given axes, which are returned; see :meth:`Arrangement.plot`."""
    ax = _axes(ax)
    low, high = _window(normals, offsets, vertices)
    box = [low, (high[0], low[1]), high, (low[0], high[1])]
    wide = float(high[0] - low[0])
    for index, signs in enumerate(regions):
        corners = box
        for row, q, sign in zip(normals, offsets, signs, strict=True):
            if any(row):
                corners = polygon(corners, row, q, sign)
        if len(corners) < 3:
            continue
        xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
        ax.fill(xs, ys, color=f"C{index % 10}", alpha=0.18, linewidth=0)
        if regions.count <= 4 * _LABELS:
            ax.text(sum(xs) / len(xs), sum(ys) / len(ys), str(index), ha="center", va="center", color=f"C{index % 10}")
    for t, (row, q) in enumerate(zip(normals, offsets, strict=True)):
        if not any(row):
            continue
        edge = polygon(polygon(box, row, q, 1), row, q, -1)
        ends = sorted(set(edge))
        if len(ends) < 2:
            continue
        (x, y), (u, v) = ends[0], ends[-1]
        ax.plot([float(x), float(u)], [float(y), float(v)], color="black", linewidth=1)
        ax.annotate(
            f"$H_{{{t}}}$", (float(u), float(v)), xytext=(3, 3), textcoords="offset points", annotation_clip=False
        )
    ax.plot([float(x) for x, _ in vertices], [float(y) for _, y in vertices], "o", color="black", markersize=4)
    if len(vertices) <= _LABELS:
        for p in vertices:
            ax.annotate(_text(p), (float(p[0]), float(p[1])), xytext=(5, -10), textcoords="offset points", fontsize=7)
    ax.set_xlim(float(low[0]) - wide / 50, float(high[0]) + wide / 50)
    ax.set_ylim(float(low[1]) - wide / 50, float(high[1]) + wide / 50)
    ax.set_xlabel("$w_1$")
    ax.set_ylabel("$w_2$")
    ax.set_title(f"{regions.count} regions")
    return ax


def draw_disc(
    normals: Matrix, rays: Sequence[Integers], rays_by_region: Sequence[Sequence[int]], regions: Regions, ax: Any = None
) -> Any:
    """Planes through the origin of R^3, seen from above, on new or given axes, which are returned."""
    ax = _axes(ax)
    ax.add_patch(_circle())
    for t, row in enumerate(normals):
        a, b, c = (float(q) for q in row)
        size = hypot(a, b, c)
        if not size:
            continue
        a, b, c = a / size, b / size, c / size
        across = hypot(a, b)
        # Horizontal direction of the plane, and the one upwards across it.
        u = (-b / across, a / across, 0.0) if across else (1.0, 0.0, 0.0)
        v = (b * u[2] - c * u[1], c * u[0] - a * u[2], a * u[1] - b * u[0])
        if v[2] < 0:
            v = (-v[0], -v[1], -v[2])
        angles = [pi * k / 90 for k in range(91)] if across else [2 * pi * k / 180 for k in range(181)]
        ax.plot(
            [cos(s) * u[0] + sin(s) * v[0] for s in angles],
            [cos(s) * u[1] + sin(s) * v[1] for s in angles],
            color="black",
            linewidth=1,
        )
        # At different angles along their arcs, since many hyperplanes share a ray.
        angle = pi * (0.12 + 0.7 * (t + 0.5) / len(normals))
        x, y = (cos(angle) * u[i] + sin(angle) * v[i] for i in range(2))
        ax.text(x, y, f"$H_{{{t}}}$", ha="center", va="center", fontsize=8, bbox=_PAPER)
    shown = [ray for ray in rays if ray[2] >= 0]
    for ray in shown:
        size = hypot(*map(float, ray))
        x, y = ray[0] / size, ray[1] / size
        ax.plot([x], [y], "o", color="black", markersize=4)
        if len(shown) <= _LABELS:
            ax.annotate(_text(ray), (x, y), xytext=(4, -9), textcoords="offset points", fontsize=7)
    for index, around in enumerate(rays_by_region):
        total = [0.0, 0.0, 0.0]
        for k in around:
            size = hypot(*map(float, rays[k]))
            total = [p + q / size for p, q in zip(total, rays[k], strict=True)]
        # A region and its opposite: the one that looks up; of two that look sideways the first.
        if total[2] > 0 or (total[2] == 0 and 2 * index < regions.count):
            size = hypot(*total)
            ax.text(total[0] / size, total[1] / size, str(index), ha="center", va="center", color=f"C{index % 10}")
    ax.set_xlim(-1.2, 1.2)
    ax.set_ylim(-1.2, 1.2)
    ax.axis("off")
    ax.set_title(f"{regions.count} regions, one of each antipodal pair")
    return ax


def _circle() -> Any:
    from matplotlib.patches import Circle

    return Circle((0, 0), 1, fill=True, facecolor="whitesmoke", edgecolor="grey", linestyle="--")
