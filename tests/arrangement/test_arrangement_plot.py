"""Pictures of arrangements: exact vertices, both sides of every hyperplane, a refusal where there is no picture."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from command import run
from matplotlib.figure import Figure
from pictures import texts, unreadable

from exactgeo.arrangement import Arrangement
from exactgeo.errors import InputError

F = Fraction
MINUS = "\N{MINUS SIGN}"


def written(axes):
    return [text.get_text() for text in axes.texts]


def sides(axes):
    """Where each + and each - is, on the screen."""
    axes.figure.draw_without_rendering()
    return {
        sign: [axes.transData.inverted().transform(text.get_window_extent().get_points().mean(axis=0)) for text in axes.texts if text.get_text() == sign]
        for sign in ("+", MINUS)
    }  # fmt: skip


def test_lines_of_a_plane():
    plane = Arrangement([[1, 0], [0, 1], [1, 1], [0, 0]], [0, 0, "1/2", 1])
    axes = plane.plot()
    assert {"(0, 1/2)", "(1/2, 0)", "(0, 0)"} <= set(written(axes))
    assert {str(i) for i in range(plane.count())} <= set(written(axes))
    assert len(axes.patches) == plane.count()
    drawn = next(line for line in axes.lines if line.get_marker() == "o")
    assert sorted(zip(drawn.get_xdata(), drawn.get_ydata(), strict=True)) == [(0, 0), (0, 0.5), (0.5, 0)]
    assert unreadable(axes.figure) == []
    # Region 0 is on the - side of all lines: its number is.
    numbers = {text.get_text(): text.get_position() for text in axes.texts if text.get_text().isdigit()}
    for index, signs in enumerate(plane.regions()):
        x, y = numbers[str(index)]
        assert [(s > 0) == (value > 0) for s, value in zip(signs, (x, y, x + y - 0.5), strict=False)] == [True] * 3


def test_the_signs_stand_on_their_sides():
    for normals, offsets in (([[1, 0]], [3]), ([[-2, 1]], [1]), ([[0, -1]], ["1/2"])):
        (row,), (q,) = Arrangement(normals, offsets).normals, Arrangement(normals, offsets).offsets
        found = sides(Arrangement(normals, offsets).plot())
        for sign, way in (("+", 1), (MINUS, -1)):
            ((x, y),) = found[sign]
            assert way * (float(row[0]) * x + float(row[1]) * y - float(q)) > 0


def test_points_of_a_line():
    axes = Arrangement([[1], [2], [-1]], [0, 3, 2]).plot()
    assert {"$H_{0}$ - | +", "$H_{1}$ - | +", "$H_{2}$ + | -", "3/2 = 1.5"} <= set(written(axes))
    ticks = sorted(line.get_xdata()[0] for line in axes.lines if line.get_marker() == "|")
    assert ticks == [-2, 0, 1.5]
    numbers = {int(t.get_text()): F(t.get_position()[0]) for t in axes.texts if t.get_text().isdigit()}
    arrangement = Arrangement([[1], [2], [-1]], [0, 3, 2])
    assert {arrangement.region_containing_point([x]) for x in numbers.values()} == set(numbers)
    assert all(arrangement.region_containing_point([x]) == index for index, x in numbers.items())


def test_central_planes_on_the_disc():
    disc = Arrangement([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
    axes = disc.plot()
    numbers = {int(text) for text in written(axes) if text.isdigit()}
    count = disc.count()
    assert len(numbers) == count // 2
    assert all((count - 1 - i in numbers) != (i in numbers) for i in range(count))
    assert {"(1, 0, 0)", "(0, 0, 1)", "(-1, 1, 0)"} <= set(written(axes))
    assert unreadable(axes.figure) == []
    # The + of the first plane is where w_1 > 0, the - where it is not.
    found = sides(axes)
    assert any(x > 0 for x, _ in found["+"])
    assert any(x < 0 for x, _ in found[MINUS])


def test_a_smaller_rank_is_drawn_in_fewer_coordinates():
    axes = Arrangement([[1, -1, 0], [0, 1, -1], [1, 0, -1]]).plot()
    assert axes.name != "3d"
    assert "6 regions; the other coordinates are 0" in axes.get_title(loc="left").replace("\n", " ")
    line = Arrangement([[1, 1, 1], [2, 2, 2]], [0, 1]).plot()
    assert "2 hyperplanes, 3 regions" in line.get_title(loc="left")


def test_planes_of_space_and_great_circles():
    simplex = Arrangement([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], [0, 0, 0, 1])
    axes = simplex.plot()
    assert axes.name == "3d"
    assert len(axes.collections) == 4
    shown = written(axes)
    assert shown.count("+") == shown.count(MINUS) == 4
    assert {" (0, 0, 0)", " (1, 0, 0)"} <= set(shown)
    assert "15 regions, 1 of them relatively bounded" in axes.get_title(loc="left")
    given = Figure().add_subplot(projection="3d")
    assert Arrangement([[1, 0, 0], [0, 1, 0], [0, 0, 1]]).plot(given) is given
    assert len(given.lines) == 3
    with pytest.raises(InputError, match="three-dimensional axes"):
        simplex.plot(Figure().add_subplot())


def test_many_lines_keep_their_labels_apart():
    rng = random.Random(1)
    rows = [[rng.randint(-9, 9) or 1, rng.randint(-9, 9) or 1] for _ in range(12)]
    axes = Arrangement(rows, [rng.randint(-9, 9) for _ in rows]).plot()
    assert unreadable(axes.figure) == []
    assert "labels left out" in axes.get_title(loc="left")


def test_what_has_no_picture_is_refused_before_the_regions(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(Arrangement, "regions", lambda *args, **kwargs: pytest.fail("regions were listed"))
    for normals, offsets, match in (
        ([[int(i == j) for j in range(4)] for i in range(4)], None, "rank 4"),
        ([[0, 0]], [1], "no hyperplane that cuts"),
        ([[1, t, t * t] for t in range(70)], None, "70 circles"),
        ([[1, t] for t in range(500)], [t * t for t in range(500)], "500 hyperplanes"),
    ):
        with pytest.raises(InputError, match=match):
            Arrangement(normals, offsets).plot()
    file = tmp_path / "four.toml"
    file.write_text("normals = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]\n")
    out = tmp_path / "out.svg"
    code, text, err = run(capsys, "regions", str(file), "--plot", str(out))
    assert (code, text, out.exists()) == (2, "", False)
    assert "rank of at most 3" in err


def test_the_command_draws(capsys, tmp_path):
    file = tmp_path / "lines.toml"
    file.write_text('normals = [[1, 0], [0, 1], [1, 1]]\noffsets = [0, 0, "1/2"]\n')
    out = tmp_path / "lines.svg"
    code, text, _ = run(capsys, "regions", str(file), "--plot", str(out))
    assert code == 0
    assert text.endswith(f"plot            {out}\n")
    assert "(1/2, 0)" in out.read_text()
    for other in (["--count-only"], ["--inside", str(file)]):
        code, text, err = run(capsys, "regions", str(file), "--plot", str(out), *other)
        assert (code, text) == (2, "")
        assert "--plot" in err


def test_pictures_hold_the_names_of_all_lines():
    axes = Arrangement([[1, 0], [0, 1], [1, -1]]).plot()
    shown = [text for text, _ in texts(axes.figure)]
    assert {"$H_{0}$", "$H_{1}$", "$H_{2}$"} <= set(shown)
