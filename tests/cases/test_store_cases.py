"""Small inputs that went wrong: the rows about stores and written files, with the right answers."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sqlite3
from pathlib import Path

from command import run

DATA = Path(__file__).with_name("data")
PROBLEM = str(DATA / "store-problem.toml")


def test_a_store_with_one_changed_value_is_refused(capsys, tmp_path):
    """One bit of a value was flipped, and it was printed as the global minimum: 0, where 1/14 is right."""
    path = tmp_path / "run.sqlite"
    shutil.copy(DATA / "store-one-value-changed.sqlite", path)
    code, out, err = run(capsys, "basins", PROBLEM, "--out", str(path), "--resume")
    assert (code, out, err.count("\n")) == (2, "", 1)
    # It has no hashes: an older version wrote it, and none of these is believed.
    assert "got a store of version 2, expected one of version 3; write another path, or delete the file" in err
    # The same change to a store of today, which the first run writes.
    path.unlink()
    code, text, _ = run(capsys, "basins", PROBLEM, "--out", str(path), "--json")
    assert (code, json.loads(text)["minimum"]) == (0, "1/14")
    with sqlite3.connect(path) as base:
        assert base.execute("UPDATE optimum SET value = '0/14' WHERE value = '1/14'").rowcount
    base.close()
    code, out, err = run(capsys, "basins", PROBLEM, "--out", str(path), "--resume")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "got a file that was changed or damaged (block 0), expected a store as its run left it" in err


def test_a_picture_nobody_can_draw_is_refused_before_the_work(capsys, tmp_path, monkeypatch):
    def never(*_: object, **__: object) -> None:
        raise AssertionError("work before the refusal")

    monkeypatch.setattr(importlib.import_module("exactgeo.landscape.landscape"), "census", never)
    plot = str(tmp_path / "o.jpg")
    code, out, err = run(capsys, "landscape", str(DATA / "plane-landscape.json"), "--plot", plot)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"--plot: got {plot}, expected a file name ending in .svg, .png or .pdf; write --plot FILE.svg" in err
    assert os.listdir(tmp_path) == []
