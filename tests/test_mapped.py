"""Memory that other processes map: read elsewhere as it was written, and not where it cannot be seen."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from exactgeo import mapped
from exactgeo.mapped import Mapped

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="memory without a name is there on Linux alone")

READ = """
import pickle, sys
found = pickle.load(sys.stdin.buffer).get()
print("nothing" if found is None else (found["numbers"].tolist(), found["text"], found["numbers"].flags.writeable))
"""


def elsewhere(what: Mapped) -> str:
    """What another process reads."""
    done = subprocess.run([sys.executable, "-c", READ], input=pickle.dumps(what), capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.fixture(autouse=True)
def forgotten():
    mapped._seen.clear()
    yield
    mapped._seen.clear()


VALUE = {"numbers": np.arange(5), "text": "five"}


def test_another_process_reads_what_was_written_until_it_is_given_back():
    with Mapped(VALUE) as what:
        assert elsewhere(what) == "([0, 1, 2, 3, 4], 'five', False)"
    assert elsewhere(what) == "nothing"


def test_memory_of_another_kind_or_with_other_content_is_not_read(tmp_path):
    other = Mapped({**VALUE, "numbers": np.arange(5) + 1})
    what = pickle.loads(pickle.dumps(other))
    what._token = bytes(16)
    assert elsewhere(what) == "nothing"
    what._token, what._size = other._token, other._size + 1
    assert elsewhere(what) == "nothing"
    # The number of a file that is a pipe, and that of none.
    reader, writer = os.pipe()
    for number in (reader, writer, 10**6):
        what._size, what._file = other._size, number
        assert elsewhere(what) == "nothing"
    other.close()


def test_nothing_is_mapped_where_there_is_no_such_memory(monkeypatch):
    monkeypatch.delattr(os, "memfd_create")
    with Mapped(VALUE) as what:
        assert what.get() is None


def test_a_process_reads_it_once_and_keeps_few():
    several = [Mapped({"number": k}) for k in range(4)]
    first = several[0].get()
    assert several[0].get() is first
    for what in several:
        assert what.get()["number"] == several.index(what)
    assert len(mapped._seen) == 2
    for what in several:
        what.close()


def test_it_goes_with_the_process_that_wrote_it():
    code = (
        "import os, pickle, sys; from exactgeo.mapped import Mapped;"
        "sys.stdout.buffer.write(pickle.dumps(Mapped([1]))); sys.stdout.flush(); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert done.returncode == -9
    assert pickle.loads(done.stdout).get() is None


def test_a_copy_in_another_process_gives_nothing_back():
    with Mapped(VALUE) as what:
        copy = pickle.loads(pickle.dumps(what))
        copy._process = os.getpid() + 1
        copy.close()
        assert what.get()["text"] == "five"
