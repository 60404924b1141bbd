"""What can be read off a figure: its texts, and whether they overlap or leave the canvas."""

from __future__ import annotations

from itertools import combinations


def texts(figure):
    """Every text that shows, with its box on the canvas."""
    from matplotlib.text import Text

    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    beyond = set()
    for axes in figure.axes:
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            # Matplotlib keeps labels for ticks beyond the limits and does not draw them.
            beyond |= {
                id(label)
                for t in axis.get_major_ticks()
                if not (axes.axison and low <= t.get_loc() <= high)
                for label in (t.label1, t.label2)
            }
    shown = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text() and id(t) not in beyond]
    return [(t.get_text(), t.get_window_extent(renderer)) for t in shown]


def overlaps(figure, boxes=None):
    boxes = texts(figure) if boxes is None else boxes
    return [(a, b) for (a, p), (b, q) in combinations(boxes, 2) if p.shrunk(0.98, 0.9).overlaps(q.shrunk(0.98, 0.9))]


def outside(figure, boxes=None):
    width, height = figure.canvas.get_width_height()
    boxes = texts(figure) if boxes is None else boxes
    return [t for t, b in boxes if b.x0 < -1 or b.y0 < -1 or b.x1 > width + 1 or b.y1 > height + 1]


def unreadable(figure):
    """Texts that overlap, and texts that leave the canvas; of one drawing."""
    boxes = texts(figure)
    return overlaps(figure, boxes) + outside(figure, boxes)
