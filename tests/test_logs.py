"""What is logged: under one name, silent unless somebody listens, and no part of an answer."""

from __future__ import annotations

import logging
import subprocess
import sys

import exactgeo as eg

PROBLEM = eg.load("swirszcz-prop1")


def test_every_rung_is_told_with_its_time(caplog):
    quiet = eg.certify(PROBLEM, time_limit=1000).to_json()
    assert not caplog.records
    with caplog.at_level(logging.INFO, logger="exactgeo"):
        told = eg.certify(PROBLEM, time_limit=1000)
    assert told.to_json() == quiet
    rungs = [record.message for record in caplog.records if record.message.startswith("rung ")]
    tried = [one for one in told.tries if one.outcome != "out_of_scope"]
    assert [line.split()[1].rstrip(":") for line in rungs] == [one.rung for one in tried]
    assert all(" s" in line for line in rungs)
    assert any(record.message.startswith("globality: spurious in ") for record in caplog.records)
    assert all(record.name.startswith("exactgeo.") for record in caplog.records)


def test_censuses_blocks_stores_and_searches_are_told(caplog, tmp_path):
    with caplog.at_level(logging.DEBUG, logger="exactgeo"):
        eg.basins(PROBLEM, store=tmp_path / "run.sqlite")
        eg.minimum(PROBLEM)
    text = "\n".join(record.message for record in caplog.records)
    assert "census of swirszcz-prop1: listed" in text
    assert "run.sqlite opened: new" in text
    assert "block 0: " in text
    assert "20 of 20 basins done" in text
    assert "branch and bound: 6 nodes, complete" in text


def test_nothing_is_printed_where_nobody_listens():
    code = "import exactgeo as eg; eg.certify(eg.load('swirszcz-prop1')); import logging; "
    code += "logging.getLogger('exactgeo').warning('unheard'); print(logging.getLogger('exactgeo').handlers)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[<NullHandler (NOTSET)>]\n", "")
