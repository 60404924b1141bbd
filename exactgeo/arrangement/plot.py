"""Pictures: points of a line, lines of a plane, planes of space, and central planes on the projective disc or sphere.

Each hyperplane has its two sides marked + and -. Vertices, rays and the polygons of regions are exact; floats enter
where matplotlib draws them. An arrangement whose normals do not span is drawn in as many coordinates as its rank.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise, product
from math import atan2, cos, hypot, pi, sin
from typing import TYPE_CHECKING, Any

from exactgeo.errors import InputError
from exactgeo.exact.vectors import Integers, Vector
from exactgeo.pictures import CLOSE, DATA, FAINT, LINE, PALETTE, SMALL, axes_of, label, position, sparse, styled, titled

if TYPE_CHECKING:
    from exactgeo.arrangement.arrangement import Arrangement

__all__ = ["draw_arrangement", "polygon", "refuse"]

LABELS = 40
"""Vertices, or hyperplanes, that have names."""

FILLED = 40
"""Lines whose regions have colours and numbers."""

LINES, CIRCLES, PLANES = 400, 60, 24
"""Hyperplanes of a picture: lines of a plane (and points of a line), circles on the disc, planes of space."""

Pair = tuple[Fraction, Fraction]


def refuse(given: Arrangement) -> None:
    """Refuse, before its regions are listed, what has no picture.

    Raises
    ------
    InputError
        More than three dimensions, or more hyperplanes than can be told apart; or none that cuts.
    """
    rank, central = given.rank, given.central and given.rank == 3
    if rank > 3:
        expected = "a rank of at most 3: a picture has three dimensions"
        raise InputError("plot", f"hyperplanes of rank {rank}", expected, "restriction() or decone(), or no picture")
    if not rank:
        raise InputError("plot", "no hyperplane that cuts", "at least one normal that is not 0", "no picture")
    count = sum(any(row) for row in given.normals)
    most = CIRCLES if central else PLANES if rank == 3 else LINES
    if count > most:
        kind = "circles on a disc" if central else "planes of space" if rank == 3 else "hyperplanes"
        raise InputError("plot", f"{count} {kind}", f"at most {most}: more cannot be told apart", "deletion() of some")


@styled
def draw_arrangement(given: Arrangement, ax: Any = None) -> Any:
    """The picture of an arrangement, on new or given axes, which are returned; see :meth:`Arrangement.plot`.

    Raises
    ------
    InputError
        As :func:`refuse`; or planes of space on axes that are not three-dimensional.
    """
    refuse(given)
    flat = given.rank < given.dimension and given.dimension > 2
    drawn = given.essentialization() if flat else given
    if drawn.dimension == 1:
        axes = _line(drawn, axes_of(ax, 6.0, 1.8))
    elif drawn.dimension == 2:
        axes = _plane(drawn, axes_of(ax, 6.2, 6.2))
    elif drawn.central and not hasattr(ax, "get_zlim"):
        axes = _disc(drawn, axes_of(ax, 6.2, 6.2))
    else:
        axes = axes_of(ax, 6.2, 6.0, projection="3d")
        if not hasattr(axes, "get_zlim"):
            raise InputError("ax", "axes of a plane", "three-dimensional axes", 'add_subplot(projection="3d")')
        axes = _sphere(drawn, axes) if drawn.central else _space(drawn, axes)
    if flat:
        titled(axes, f"{axes.get_title(loc='left')}; the other coordinates are 0, no region is lost")
    return axes


def _words(given: Arrangement, note: str = "") -> str:
    text = f"{given.m} hyperplanes, {given.count()} regions"
    text += "" if given.central else f", {given.bounded} of them relatively bounded"
    return text + (f"; {note}" if note else "")


def _text(point: Sequence[Any]) -> str:
    """Coordinates, exact where they are short."""
    parts = [label(Fraction(q), decimal=False) for q in point]
    return f"({', '.join(parts)})"


def _side(axes: Any, text: str, at: Any, offset: Any) -> Any:
    """The sign of a side, beside a hyperplane."""
    return axes.annotate(
        text, at, offset, textcoords="offset points", ha="center", va="center", color=DATA, fontsize=SMALL + 2
    )


def _left_out(gone: int) -> str:
    return f"{gone} label{'s' * (gone > 1)} left out" if gone else ""


def _shade(index: int) -> str:
    return PALETTE[index % (len(PALETTE) - 1)]


# -- a line ------------------------------------------------------------------------------------------------------------


def _line(given: Arrangement, axes: Any) -> Any:
    """Points of a line; hyperplane t has its + side where the arrow points."""
    at = [
        (t, row[0], q / row[0]) for t, (row, q) in enumerate(zip(given.normals, given.offsets, strict=True)) if row[0]
    ]
    points = sorted({x for _, _, x in at})
    margin = (points[-1] - points[0]) / 4 or Fraction(1)
    low, high = points[0] - margin, points[-1] + margin
    axes.plot([position(low), position(high)], [0, 0], color=LINE)
    names = []
    for x in points:
        own = [f"$H_{{{t}}}$ {'- | +' if normal > 0 else '+ | -'}" for t, normal, y in at if y == x]
        axes.plot([position(x)], [0], "|", color=LINE, markersize=14)
        name = "\n".join([*own[:4], *(["..."] if len(own) > 4 else [])])
        names.append(axes.annotate(name, (position(x), 0), (0, 10), textcoords="offset points", ha="center"))
        names.append(
            axes.annotate(
                label(x), (position(x), 0), (0, -10), textcoords="offset points", ha="center", va="top", fontsize=SMALL
            )
        )
    ends = [low, *points, high]
    for index, middle in enumerate(_middles(given, ends)):
        names.append(axes.text(position(middle), 0.25, str(index), color=_shade(index), ha="center", va="bottom"))
    axes.set_ylim(-1, 1.6)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("$w_1$")
    titled(axes, _words(given))
    sparse(axes, names)
    return axes


def _middles(given: Arrangement, ends: Sequence[Fraction]) -> Iterator[Fraction]:
    """Of each region, in their order, a point between its ends."""
    middles = [(a + b) / 2 for a, b in pairwise(ends)]
    found = {given.region_containing_point([q]): q for q in middles}
    return (found[index] for index in range(given.count()))


# -- a plane -----------------------------------------------------------------------------------------------------------


def polygon(corners: Sequence[Pair], normal: Sequence[Fraction], offset: Fraction, side: int) -> list[Pair]:
    """The part of a convex polygon where ``side * (<normal, w> - offset) >= 0``, exactly; corners in order.

    Examples
    --------
    >>> square = [(Fraction(x), Fraction(y)) for x, y in ((0, 0), (2, 0), (2, 2), (0, 2))]
    >>> [tuple(map(int, p)) for p in polygon(square, (Fraction(1), Fraction(0)), Fraction(1), -1)]
    [(0, 0), (1, 0), (1, 2), (0, 2)]
    """
    kept: list[Pair] = []
    values = [side * (normal[0] * x + normal[1] * y - offset) for x, y in corners]
    for i, (corner, value) in enumerate(zip(corners, values, strict=True)):
        after, following = corners[(i + 1) % len(corners)], values[(i + 1) % len(corners)]
        if value >= 0:
            kept.append(corner)
        if value * following < 0:
            t = value / (value - following)
            kept.append((corner[0] + t * (after[0] - corner[0]), corner[1] + t * (after[1] - corner[1])))
    return kept


def _window(normals: Sequence[Vector], offsets: Sequence[Fraction], vertices: Sequence[Vector]) -> tuple[Pair, Pair]:
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


def _plane(given: Arrangement, axes: Any) -> Any:
    """Lines of a plane with their sides, the regions with their numbers, the vertices."""
    normals, offsets, vertices = given.normals, given.offsets, given.vertices()
    axes.set_aspect("equal")
    low, high = _window(normals, offsets, vertices)
    box = [low, (high[0], low[1]), high, (low[0], high[1])]
    wide = position(high[0] - low[0])
    filled = given.m <= FILLED
    numbers = _regions(given, axes, box) if filled else []
    names: list[Any] = []
    for t, (row, q) in enumerate(zip(normals, offsets, strict=True)):
        edge = polygon(polygon(box, row, q, 1), row, q, -1) if any(row) else []
        ends = sorted(set(edge))
        if len(ends) < 2:
            continue
        (x, y), (u, v) = (tuple(map(position, end)) for end in (ends[0], ends[-1]))
        axes.plot([x, u], [y, v], color=DATA, linewidth=1 if filled else 0.5)
        if given.m > LABELS:
            continue
        a, b = map(position, row)
        size = hypot(a, b)
        names.append(axes.annotate(f"$H_{{{t}}}$", (u, v), (5, 5), textcoords="offset points", annotation_clip=False))
        # Near the end that has the name, in the window.
        at = u + 0.07 * (x - u), v + 0.07 * (y - v)
        for side, text in ((1, "+"), (-1, "\N{MINUS SIGN}")):
            names.append(_side(axes, text, at, (7 * side * a / size, 7 * side * b / size)))
    xs, ys = ([position(p[i]) for p in vertices] for i in range(2))
    axes.plot(xs, ys, "o", color=DATA, markersize=3.5)
    if len(vertices) <= LABELS:
        for p in vertices:
            names.append(
                axes.annotate(
                    _text(p), (position(p[0]), position(p[1])), (6, -10), textcoords="offset points", fontsize=SMALL
                )
            )
    axes.set_xlim(position(low[0]) - wide / 50, position(high[0]) + wide / 50)
    axes.set_ylim(position(low[1]) - wide / 50, position(high[1]) + wide / 50)
    axes.set_xlabel("$w_1$")
    axes.set_ylabel("$w_2$")
    titled(axes, _words(given))
    gone = sparse(axes, [*numbers, *names])
    titled(axes, _words(given, _left_out(gone)))
    return axes


def _regions(given: Arrangement, axes: Any, box: list[Pair]) -> list[Any]:
    """The regions as polygons with their numbers."""
    texts = []
    for index, signs in enumerate(given.regions()):
        corners = box
        for row, q, sign in zip(given.normals, given.offsets, signs, strict=True):
            if any(row):
                corners = polygon(corners, row, q, sign)
        if len(corners) < 3:
            continue
        xs, ys = [position(x) for x, _ in corners], [position(y) for _, y in corners]
        axes.fill(xs, ys, color=_shade(index), alpha=0.18, linewidth=0)
        at = sum(xs) / len(xs), sum(ys) / len(ys)
        texts.append(axes.text(*at, str(index), ha="center", va="center", color=_shade(index), fontsize=SMALL + 1))
    return texts


# -- the projective disc -----------------------------------------------------------------------------------------------


def _frame(row: Vector) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Unit normal of a plane through the origin, a horizontal direction in it, and the one upwards across that."""
    a, b, c = (position(q) for q in row)
    size = hypot(a, b, c)
    a, b, c = a / size, b / size, c / size
    across = hypot(a, b)
    u = (-b / across, a / across, 0.0) if across else (1.0, 0.0, 0.0)
    v = (b * u[2] - c * u[1], c * u[0] - a * u[2], a * u[1] - b * u[0])
    return (a, b, c), u, v if v[2] >= 0 else (-v[0], -v[1], -v[2])


def _disc(given: Arrangement, axes: Any) -> Any:
    """Planes through the origin of space, seen from above: each a half circle on the disc, with its sides."""
    from matplotlib.patches import Circle

    axes.set_aspect("equal")
    axes.add_patch(Circle((0, 0), 1, facecolor="whitesmoke", edgecolor=FAINT, linestyle="--"))
    names: list[Any] = []
    for t, row in enumerate(given.normals):
        if not any(row):
            continue
        n, u, v = _frame(row)
        tilted = hypot(n[0], n[1]) > 0
        angles = [pi * k / 90 for k in range(91 if tilted else 181)]
        arc = [(cos(s) * u[0] + sin(s) * v[0], cos(s) * u[1] + sin(s) * v[1]) for s in angles]
        axes.plot(*zip(*arc, strict=True), color=DATA, linewidth=1)
        if given.m > LABELS:
            continue
        # At different angles along their arcs, since many hyperplanes share a ray.
        angle = pi * (0.12 + 0.7 * (t + 0.5) / given.m)
        at = tuple(cos(angle) * u[i] + sin(angle) * v[i] for i in range(2))
        names.append(axes.text(*at, f"$H_{{{t}}}$", ha="center", va="center", fontsize=SMALL + 1, bbox=CLOSE))
        # The normal seen from above; of the equator inwards.
        a, b = (n[0], n[1]) if tilted else (-at[0] * n[2], -at[1] * n[2])
        for side, text in ((1, "+"), (-1, "\N{MINUS SIGN}")):
            offset = 13 * side * a / hypot(a, b), 13 * side * b / hypot(a, b)
            names.append(_side(axes, text, at, offset))
    shown = [ray for ray in given.rays() if ray[2] >= 0]
    for ray in shown:
        size = hypot(*map(position, ray))
        x, y = position(ray[0]) / size, position(ray[1]) / size
        axes.plot([x], [y], "o", color=DATA, markersize=3.5)
        if len(shown) <= LABELS:
            names.append(axes.annotate(_text(ray), (x, y), (5, -9), textcoords="offset points", fontsize=SMALL))
    numbers = [
        axes.text(x, y, str(index), ha="center", va="center", color=_shade(index), fontsize=SMALL + 1)
        for index, (x, y) in _seen(given)
    ]
    axes.set_xlim(-1.2, 1.2)
    axes.set_ylim(-1.2, 1.2)
    axes.axis("off")
    note = "one of each antipodal pair drawn"
    titled(axes, _words(given, note))
    gone = sparse(axes, [*numbers, *names])
    titled(axes, _words(given, "; ".join(filter(None, [note, _left_out(gone)]))))
    return axes


def _seen(given: Arrangement) -> Iterator[tuple[int, tuple[float, float]]]:
    """Of each region and its opposite the one that looks up, of two that look sideways the first, and its middle."""
    rays: list[Integers] = given.rays()
    for index, around in enumerate(given.rays_by_region()):
        total = [0.0, 0.0, 0.0]
        for k in around:
            size = hypot(*map(position, rays[k]))
            total = [p + q / size for p, q in zip(total, rays[k], strict=True)]
        if total[2] > 0 or (total[2] == 0 and 2 * index < given.count()):
            size = hypot(*total)
            yield index, (total[0] / size, total[1] / size)


# -- space -------------------------------------------------------------------------------------------------------------


def _sphere(given: Arrangement, axes: Any) -> Any:
    """Planes through the origin of space as great circles."""
    for t, row in enumerate(given.normals):
        if any(row):
            n, u, v = _frame(row)
            around = [tuple(cos(s) * u[i] + sin(s) * v[i] for i in range(3)) for s in (pi * k / 60 for k in range(121))]
            axes.plot(*zip(*around, strict=True), color=_shade(t), linewidth=1)
            at = [1.06 * q for q in around[(7 * t + 5) % 60]]
            axes.text(*at, f"$H_{{{t}}}$", fontsize=SMALL + 1)
            for side, text in ((1, "+"), (-1, "\N{MINUS SIGN}")):
                axes.text(
                    *(p + 0.12 * side * q for p, q in zip(at, n, strict=True)), text, color=DATA, fontsize=SMALL + 2
                )
    axes.set_box_aspect((1, 1, 1))
    _names(axes)
    titled(axes, _words(given, "great circles of the sphere"))
    return axes


def _space(given: Arrangement, axes: Any) -> Any:
    """Planes of space in a box around their vertices, with their sides."""
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    vertices = given.vertices()
    reach = [(min(v[i] for v in vertices), max(v[i] for v in vertices)) for i in range(3)]
    most = max(b - a for a, b in reach) / 2 or Fraction(1)
    box = [((a + b) / 2 - Fraction(3, 2) * most, (a + b) / 2 + Fraction(3, 2) * most) for a, b in reach]
    for t, (row, q) in enumerate(zip(given.normals, given.offsets, strict=True)):
        corners = _section(row, q, box) if any(row) else []
        if len(corners) < 3:
            continue
        axes.add_collection3d(
            Poly3DCollection([corners], facecolor=_shade(t), edgecolor=LINE, alpha=0.22, linewidth=0.6)
        )
        n, _, _ = _frame(row)
        at = corners[t % len(corners)]
        axes.text(*at, f"$H_{{{t}}}$", fontsize=SMALL + 1)
        middle = [(0.8 * p + 0.2 * sum(c[i] for c in corners) / len(corners)) for i, p in enumerate(at)]
        for side, text in ((1, "+"), (-1, "\N{MINUS SIGN}")):
            step = position(most) * 0.14 * side
            axes.text(*(p + step * r for p, r in zip(middle, n, strict=True)), text, color=DATA, fontsize=SMALL + 2)
    axes.plot(*([position(v[i]) for v in vertices] for i in range(3)), "o", color=DATA, markersize=3)
    if len(vertices) <= LABELS // 3:
        for v in vertices:
            axes.text(*map(position, v), f" {_text(v)}", fontsize=SMALL)
    for i, (a, b) in enumerate(box):
        (axes.set_xlim, axes.set_ylim, axes.set_zlim)[i](position(a), position(b))
    axes.set_box_aspect((1, 1, 1))
    _names(axes)
    titled(axes, _words(given))
    return axes


def _names(axes: Any) -> None:
    axes.set_xlabel("$w_1$")
    axes.set_ylabel("$w_2$")
    axes.set_zlabel("$w_3$")


def _section(row: Vector, offset: Fraction, box: Sequence[Pair]) -> list[tuple[float, ...]]:
    """The corners, in order, of a plane's part of a box: exact points on its edges."""
    found: set[tuple[Fraction, ...]] = set()
    for axis in range(3):
        others = [i for i in range(3) if i != axis]
        for p, q in product(*(box[i] for i in others)):
            if row[axis]:
                x = (offset - row[others[0]] * p - row[others[1]] * q) / row[axis]
                if box[axis][0] <= x <= box[axis][1]:
                    corner = [x, x, x]
                    corner[others[0]], corner[others[1]] = p, q
                    found.add(tuple(corner))
    if not found:
        return []
    _, u, v = _frame(row)
    points = [tuple(map(position, corner)) for corner in found]
    middle = [sum(p[i] for p in points) / len(points) for i in range(3)]

    def angle(p: Sequence[float]) -> float:
        away = [a - b for a, b in zip(p, middle, strict=True)]
        return atan2(sum(a * b for a, b in zip(away, v, strict=True)), sum(a * b for a, b in zip(away, u, strict=True)))

    return sorted(points, key=angle)
