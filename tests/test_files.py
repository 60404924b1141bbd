"""Files are written whole or not at all, nothing but a regular file is ever replaced, and refusals come before the work."""

from __future__ import annotations

import importlib
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from command import run
from problems import D1, problem

from exactgeo import files
from exactgeo.basin import census
from exactgeo.errors import InputError
from exactgeo.landscape import landscape
from exactgeo.pictures import save


def put(path: Path | str, content: bytes = b"new") -> None:
    with files.replacing(path) as stream:
        stream.write(content)


def half(path: Path, error: BaseException | type[BaseException]) -> None:
    with files.replacing_text(path) as stream:
        stream.write("half")
        assert len(os.listdir(path.parent)) == 2 or stat.S_ISFIFO(path.stat().st_mode)
        raise error


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere/a.csv", "got no folder"),
        ("file/a.csv", "Not a directory"),
        ("folder", "got a folder"),
        ("folder/", "got a folder"),
        ("loop", "Too many levels of symbolic links"),
        ("a" * 300, "File name too long"),
        ("nul\0", "null"),
        ("", "got no name"),
        ("-", "got no name"),
        ("a.jpg", "ending in .svg, .png or .pdf"),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path, name, message, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(InputError, match=message):
        files.writable(name, (".svg", ".png", ".pdf") if name == "a.jpg" else ())
    if name != "a.jpg":
        with pytest.raises(InputError, match=message):
            put(name)
    assert sorted(os.listdir(tmp_path)) == before


def test_a_read_only_file_or_folder_is_refused(tmp_path, monkeypatch):
    """As for other users than root, who may write anywhere; for one, see the read-only folder in test_store.py."""
    path = tmp_path / "a.csv"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="must not be written"):
        files.writable(path)

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    with pytest.raises(InputError, match="Permission denied"):
        files.writable(tmp_path / "b.csv")
    assert os.listdir(tmp_path) == ["a.csv"]


def test_a_refusal_before_the_work_changes_nothing(tmp_path):
    path = tmp_path / "a.csv"
    files.writable(path)
    assert os.listdir(tmp_path) == []
    path.write_text("old")
    files.writable(path)
    assert path.read_text() == "old"


DRAWN = ("certify", "basins", "minimum", "polish", "explain", "starts", "probabilities")
OUTPUTS = [
    ("certify", "swirszcz-prop1", "--certificate"),
    ("basins", "swirszcz-prop1", "--certificate"),
    ("basins", "swirszcz-prop1", "--out"),
    ("minimum", "swirszcz-prop1", "--certificate"),
    ("landscape", "swirszcz-prop1", "--certificate"),
    ("landscape", "swirszcz-prop1", "--plot"),
    ("landscape", "swirszcz-prop1", "--out"),
    ("path", "swirszcz-prop1", "--to", "swirszcz-prop1-better", "--certificate"),
    ("path", "swirszcz-prop1", "--to", "swirszcz-prop1-better", "--plot"),
    ("regions", "ARRANGEMENT", "--certificate"),
    ("regions", "ARRANGEMENT", "--plot"),
    *((name, "swirszcz-prop1", "--plot") for name in DRAWN),
    ("slice", "swirszcz-prop1", "--to", "swirszcz-prop1-better", "-o"),
    ("export", "--coq", "CERTIFICATE", "-o"),
]
TABLES = {"--out": ("basins", "landscape"), "--plot": ("landscape", "path", *DRAWN), "-o": ("slice",)}


@pytest.fixture
def no_work(monkeypatch):
    """Whatever a command works with fails: a refusal that comes has come before."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("work before the refusal")

    for module, name in (
        ("api", "certify"),
        ("api", "minimum"),
        ("api", "path"),
        ("basin.census", "reduce"),
        ("checking", "check"),
        ("formats", "read_arrangement"),
        ("slices", "slice_line"),
    ):
        monkeypatch.setattr(importlib.import_module(f"exactgeo.{module}"), name, never)


@pytest.mark.parametrize("command", OUTPUTS, ids=" ".join)
def test_every_command_refuses_before_the_work(capsys, tmp_path, command, no_work):
    suffix = {"--plot": ".svg", "--out": ".sqlite", "-o": ".svg"}.get(command[-1], ".json")
    (tmp_path / f"folder{suffix}").mkdir()
    for name, message in ((f"nowhere/a{suffix}", "no folder"), (f"folder{suffix}", "folder|no regular file")):
        code, out, err = run(capsys, *command, str(tmp_path / name))
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert name in err
        assert any(part in err.partition("got ")[2] for part in message.split("|"))


@pytest.mark.parametrize(("option", "command"), [(o, c) for o, cs in TABLES.items() for c in cs])
def test_a_suffix_nobody_writes_is_refused_before_the_work(capsys, tmp_path, option, command, no_work):
    to = ("--to", "swirszcz-prop1-better") if command in ("path", "slice") else ()
    code, out, err = run(capsys, command, "swirszcz-prop1", *to, option, str(tmp_path / "o.jpg"))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"exactgeo: {option}: got ")
    assert "expected a file name ending in" in err


def test_what_is_not_installed_is_found_out_before_the_work(capsys, tmp_path, monkeypatch, no_work):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setattr("exactgeo.pictures.find_spec", lambda _: None)
    for arguments, message in (
        (("basins", "swirszcz-prop1", "--out", str(tmp_path / "a.parquet")), "pyarrow to be installed"),
        (("landscape", "swirszcz-prop1", "--plot", str(tmp_path / "a.svg")), "pip install 'exactgeo[plot]'"),
    ):
        code, out, err = run(capsys, *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert message in err
    assert os.listdir(tmp_path) == []


# -- what is replaced, and what is not ---------------------------------------------------------------------------------


def test_the_umask_holds_and_a_mode_is_kept(tmp_path):
    path = tmp_path / "a.json"
    for mask, mode in ((0o022, 0o644), (0o077, 0o600), (0o002, 0o664)):
        old = os.umask(mask)
        try:
            path.unlink(missing_ok=True)
            put(path)
        finally:
            os.umask(old)
        assert stat.S_IMODE(path.stat().st_mode) == mode
    os.chmod(path, 0o640)
    put(path, b"newer")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"newer", 0o640)


def test_a_link_stays_a_link(tmp_path):
    target, link, chain = tmp_path / "deep" / "target.csv", tmp_path / "link.csv", tmp_path / "chain.csv"
    target.parent.mkdir()
    link.symlink_to("deep/target.csv")
    chain.symlink_to(link)
    # To nothing yet: it is made where the link points.
    for content in (b"one", b"two"):
        inode = target.stat().st_ino if target.exists() else None
        put(chain, content)
        assert link.is_symlink()
        assert chain.is_symlink()
        assert target.read_bytes() == content
        assert target.stat().st_ino != inode
    assert sorted(os.listdir(tmp_path)) == ["chain.csv", "deep", "link.csv"]
    assert os.listdir(target.parent) == ["target.csv"]


def test_a_device_is_written_through(tmp_path):
    null = tmp_path / "null"
    null.symlink_to("/dev/null")
    for path in ("/dev/null", null):
        files.writable(path)
        put(path)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert null.is_symlink()


def test_a_pipe_gets_all_of_it_or_nothing(tmp_path):
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    put(pipe, b"x" * 100_000)
    reader.join()
    assert got == [b"x" * 100_000]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    # Nobody reads: had it been opened, this would not come back.
    with pytest.raises(ZeroDivisionError):
        half(pipe, ZeroDivisionError)


def test_standard_output_in_a_file_keeps_its_lines(tmp_path):
    log = tmp_path / "log"
    with log.open("wb") as stream:
        script = "import sys; from exactgeo import files; print('line', flush=True)\n"
        script += "with files.replacing_text('/dev/stdout') as s: _ = s.write('content')"
        subprocess.run([sys.executable, "-c", script], stdout=stream, check=True)
    assert log.read_text() == "line\ncontent"


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_writer_that_fails_leaves_what_was_there(tmp_path, error):
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("old")
    for path in (old, new):
        expected = InputError if isinstance(error, OSError) else error
        with pytest.raises(expected):
            half(path, error)
    assert old.read_text() == "old"
    assert os.listdir(tmp_path) == ["old.csv"]


KILLED = """
import os, signal, sys
from exactgeo import files
with files.replacing(sys.argv[1]) as stream:
    stream.write(b"half" * 10000)
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_leaves_the_old_file_and_a_name_that_says_so(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")
    assert subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False).returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    (left,) = set(os.listdir(tmp_path)) - {"a.csv"}
    assert left.startswith(".a.csv.")
    assert left.endswith(".partial")


# -- what is written by it ---------------------------------------------------------------------------------------------


def writers() -> dict[str, object]:
    found = census(problem(*D1, 1))
    valleys = landscape(problem(*D1, 1))
    proof = found.certificate
    assert proof is not None
    tables = dict.fromkeys((".csv", ".json", ".parquet"), found.write)
    pictures = {suffix: lambda path: save(valleys.plot(), str(path)) for suffix in (".svg", ".png", ".pdf")}
    return {**tables, **pictures, ".cert": proof.write}


def test_every_kind_of_file_is_written_whole_and_links_stay(tmp_path, monkeypatch):
    kinds = writers()
    pytest.importorskip("pyarrow")
    for suffix, writer in kinds.items():
        target, link = tmp_path / f"target{suffix}", tmp_path / f"link{suffix}"
        link.symlink_to(target)
        writer(link)
        assert link.is_symlink()
        assert target.stat().st_size > 100
        assert stat.S_IMODE(target.stat().st_mode) & 0o044
        before = target.read_bytes()
        # The last step fails: the old file stays and no other.
        monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(InputError, match="No space left"):
            writer(link)
        monkeypatch.undo()
        assert target.read_bytes() == before
    assert len(os.listdir(tmp_path)) == 2 * len(kinds)


def test_the_certificate_to_the_null_device(capsys):
    code, _, err = run(capsys, "certify", "swirszcz-prop1", "--certificate", "/dev/null")
    assert (code, err) == (0, "")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
