"""Bytes in memory and in a file without a name: the same, also where the file cannot be, or its disk is full."""

from __future__ import annotations

import errno
import gc
import os
import pickle
import random
from pathlib import Path

import numpy as np
import pytest

from exactgeo import spool
from exactgeo.spool import Spool


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(spool, "HELD", 100)


def files_open() -> int:
    return len(os.listdir("/proc/self/fd"))


def filled(folder: Path | None) -> tuple[Spool, bytes]:
    rng, found, wanted = random.Random(3), Spool(None if folder is None else str(folder)), b""
    for _ in range(60):
        part = rng.randbytes(8 * rng.randrange(9))
        found.append(part)
        wanted += part
    return found, wanted


def same(found: Spool, wanted: bytes) -> None:
    rng = random.Random(1)
    assert len(found) == len(wanted)
    for _ in range(300):
        first, end = sorted((rng.randrange(len(wanted) + 1), rng.randrange(len(wanted) + 1)))
        assert found.read(first, end) == wanted[first:end]
    numbers = np.array([rng.randrange(len(wanted) // 8) for _ in range(50)])
    assert found.rows(8, numbers).tobytes() == b"".join(wanted[8 * k : 8 * k + 8] for k in numbers.tolist())
    assert pickle.loads(pickle.dumps(found)).read(0, len(wanted)) == wanted
    assert found.array("<u8").tobytes() == wanted


@pytest.mark.parametrize("where", ["memory", "file", "no such folder"])
def test_what_is_read_is_what_was_appended(tmp_path, where):
    folder = {"memory": None, "file": tmp_path, "no such folder": tmp_path / "nowhere"}[where]
    found, wanted = filled(folder)
    assert (found._file >= 0) == (where == "file")
    same(found, wanted)
    found.append(b"more")
    assert found.read(len(wanted) - 2, len(wanted) + 4) == wanted[-2:] + b"more"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("calls", [0, 3])
def test_a_full_disk_leaves_the_rest_in_memory(tmp_path, monkeypatch, calls):
    honest, done = os.pwrite, []

    def full(file, data, at):
        done.append(at)
        if len(done) > calls:
            # Some of it may be there.
            honest(file, data[:5], at)
            raise OSError(errno.ENOSPC, "no space left on device")
        return honest(file, data[:50], at)

    monkeypatch.setattr(os, "pwrite", full)
    found, wanted = filled(tmp_path)
    assert len(done) == calls + 1
    same(found, wanted)


def test_the_file_goes_with_it_and_not_with_what_reads_it(tmp_path):
    before = files_open()
    found, wanted = filled(tmp_path)
    assert files_open() == before + 1
    mapped = found.array("u1")
    del found
    gc.collect()
    assert mapped.tobytes() == wanted
    del mapped
    gc.collect()
    assert files_open() == before


def test_nothing():
    found = Spool()
    assert (len(found), found.read(0, 5), found.array("<i4").tolist()) == (0, b"", [])
