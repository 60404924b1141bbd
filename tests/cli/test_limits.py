"""Limits and interruptions: whatever the work does, the process that waits ends it and says what is known.

No test depends on a clock: the kernel's alarm is set when the work is where the test wants it, work that would never end by
itself, and signals are sent when a line on stderr says so. How long after its limit a command ends is measured by
``benchmarks/limits.py``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import click
import pytest
from command import run

import exactgeo.__main__
from exactgeo.cli import cli
from exactgeo.cli.limited import grace
from exactgeo.errors import interruption

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="limits are kept by a process that is forked")

WORK = """
import ctypes, os, signal, sys, time
from exactgeo.cli.limited import Run

run = Run(subject="prop1.toml", owner=True)

def work():
    run.tell("loss 18", {{"loss": "18"}})
    print("working", file=sys.stderr, flush=True)
    {body}

sys.exit(run.within({seconds}, work, as_json={as_json}))
"""

# Holds the interpreter's lock for ever, as a long call of a library does, and no signal handler of Python's runs.
STUCK = "c = ctypes.PyDLL(None); m = ctypes.create_string_buffer(64); c.pthread_mutex_lock(m); c.pthread_mutex_lock(m)"


def started(body: str, *, seconds: float = 1000, as_json: bool = False) -> subprocess.Popen[str]:
    code = WORK.format(body=body, seconds=seconds, as_json=as_json)
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )


@pytest.mark.parametrize("body", [STUCK, "while True: pass", "time.sleep(1e6)"])
@pytest.mark.parametrize("as_json", [True, False])
def test_work_that_never_ends_is_ended_and_what_is_known_is_said(body, as_json):
    now = "signal.setitimer(signal.ITIMER_REAL, 1e-3); "
    ended = body.replace("while True: pass", "exec('while True: pass')")
    out, err = started(now + ended, as_json=as_json).communicate(timeout=60)
    reason = "not finished within 1000 s; raise --time-limit"
    assert err == f"working\nexactgeo: prop1.toml: {reason}\n"
    if as_json:
        assert json.loads(out) == {"loss": "18", "complete": False, "reason": reason}
    else:
        assert out == "loss 18\n"


LINES = """
import os, signal, sys, time
from exactgeo.cli.limited import Run

run = Run(subject="prop1.toml", owner=True, lines=True)

def work():
    for index in range(3):
        run.line('{"index": %d}' % index)
        run.tell("%d of 9 points" % (index + 1), {"points": index + 1, "of": 9})
    left = signal.getitimer(signal.ITIMER_REAL)[0]
    assert 0 < left <= 1100, left
    signal.setitimer(signal.ITIMER_REAL, 1e-3)
    time.sleep(1e6)

sys.exit(run.within(999, work, as_json=True))
"""


def test_a_stream_of_lines_that_is_ended_is_whole_lines_and_one_that_says_so():
    done = subprocess.run([sys.executable, "-c", LINES], capture_output=True, text=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    reason = "not finished within 999 s; raise --time-limit"
    last = {"points": 3, "of": 9, "complete": False, "reason": reason}
    assert answers == [{"index": 0}, {"index": 1}, {"index": 2}, last]
    assert (done.returncode, done.stderr) == (3, f"exactgeo: prop1.toml: {reason}\n")


def test_points_that_a_limit_does_not_reach_are_said(capsys, monkeypatch, tmp_path):
    """By a clock that stands still until the second point is decided."""
    from exactgeo.deadline import Deadline
    from exactgeo.standing import many_points

    (tmp_path / "points.json").write_text(json.dumps([{"weights": [[[1]], [[1]]], "biases": [[-3], [0]]}] * 4))
    left, honest = [1.0], many_points.verdict_on

    def decided(*arguments, **options):
        found = honest(*arguments, **options)
        left.append(1.0)
        return found

    monkeypatch.setattr(many_points, "verdict_on", decided)
    arguments = ["certify", "swirszcz-prop1", "--points", str(tmp_path / "points.json"), "--time-limit", "1000"]
    ended = property(lambda _: 0.0 if len(left) > 2 else 1000.0)
    monkeypatch.setattr(Deadline, "left", ended)
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, [json.loads(line).get("index") for line in out.splitlines()]) == (3, [0, 1, None])
    said = "2 of 4 points within 1000 s; raise --time-limit"
    assert json.loads(out.splitlines()[-1]) == {"points": 2, "of": 4, "complete": False, "reason": said}
    assert err == f"exactgeo: swirszcz-prop1: {said}\n"


def test_an_answer_that_is_being_read_is_not_cut_off():
    left = "print(signal.getitimer(signal.ITIMER_REAL)[0] > 0, file=sys.stderr)"
    out, err = started(f"{left}; run.answering(); {left}; return 1").communicate(timeout=60)
    assert (out, err) == ("", "working\nTrue\nFalse\n")


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4])
def test_the_exit_code_is_that_of_the_work(code):
    process = started(f"return {code}")
    process.communicate(timeout=60)
    assert process.returncode == code


INTERRUPTED = """
    try:
        print("ready", file=sys.stderr, flush=True)
        while True: time.sleep(0.01)
    except KeyboardInterrupt:
        print("loss 17")
        return 3
"""


def test_ctrl_c_reaches_the_work_once_and_the_work_may_answer():
    process = started(INTERRUPTED.strip())
    assert [process.stderr.readline() for _ in range(2)] == ["working\n", "ready\n"]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (3, "loss 17\n", "")


def test_the_second_ctrl_c_ends_work_that_does_not_hear_the_first():
    deaf = "signal.signal(signal.SIGUSR1, signal.SIG_IGN); print('deaf', file=sys.stderr, flush=True); "
    process = started(deaf + STUCK, as_json=True)
    assert [process.stderr.readline() for _ in range(2)] == ["working\n", "deaf\n"]
    # Again and again: the kernel joins two that come together.
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            continue
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out) == {"loss": "18", "complete": False, "reason": "interrupted"}
    assert err == "exactgeo: interrupted\n"


def test_a_crash_of_a_library_is_an_object_too():
    process = started("os.kill(os.getpid(), signal.SIGSEGV)", as_json=True)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4
    assert json.loads(out)["error"]["found"] == f"internal error: signal {int(signal.SIGSEGV)}"
    assert err.splitlines()[1].startswith("exactgeo: internal error: signal")


@pytest.mark.parametrize("seconds", [0, 0.5, 1, 5, 100])
def test_the_grace_leaves_room_in_one_second_and_a_tenth(seconds):
    assert 0.5 < grace(seconds) < 0.8 * (1 + 0.1 * seconds)


LOADING = """
import signal, sys, time

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            print("loading", file=sys.stderr, flush=True)
            try:
                while True:
                    time.sleep(0.01)
            finally:
                {after}

sys.meta_path.insert(0, Slow())
sys.argv = ["exactgeo", *{arguments}]
from exactgeo.__main__ import run
run()
"""


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    ("module", "after"),
    [
        # Before the command is known; in it; and where the import makes another exception of it.
        ("click", "pass"),
        ("exactgeo.api", "pass"),
        ("exactgeo.formats", "raise ImportError('multiarray failed to import')"),
    ],
)
def test_ctrl_c_while_modules_load_has_no_traceback(module, after, as_json):
    arguments = ["certify", "swirszcz-prop1", "--time-limit", "1000", *["--json"] * as_json]
    code = LOADING.format(module=module, after=after, arguments=arguments)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stderr.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "exactgeo: interrupted\n")
    if as_json:
        assert json.loads(out)["error"]["found"] == "Ctrl-C"
    else:
        assert out == ""


def test_what_is_said_before_anything_is_loaded_is_what_is_said_later():
    assert json.loads(exactgeo.__main__._OBJECT) == {"error": interruption("exactgeo").fields}


# -- every command, whatever happens in it ---------------------------------------------------------------------------

ARGUMENTS = {
    "basins": ["swirszcz-prop1"],
    "certify": ["swirszcz-prop1"],
    "check": ["certificate.json"],
    "examples": [],
    "explain": ["swirszcz-prop1"],
    "export": ["certificate.json", "-o", "out.v"],
    "import": ["model.npz"],
    "landscape": ["swirszcz-prop1"],
    "minimum": ["swirszcz-prop1"],
    "path": ["swirszcz-prop1", "--to", "swirszcz-prop1-better"],
    "polish": ["swirszcz-prop1"],
    "probabilities": ["swirszcz-prop1"],
    "proofs": [],
    "regions": ["planes.json"],
    "report": ["swirszcz-prop1", "-o", "report.html"],
    "schema": [],
    "selftest": [],
    "starts": ["swirszcz-prop1"],
    "slice": ["swirszcz-prop1", "--to", "swirszcz-prop1-better", "-o", "slice.svg"],
}


def test_every_command_is_tried():
    assert ARGUMENTS.keys() == cli.commands.keys()


@pytest.fixture
def failing(monkeypatch):
    """Makes the inside of every command raise an exception."""

    honest = click.Command.invoke

    def fail_with(error):
        def invoke(command, ctx):
            if isinstance(command, click.Group):
                return honest(command, ctx)
            raise error

        monkeypatch.setattr(click.Command, "invoke", invoke)

    return fail_with


@pytest.mark.parametrize("name", ARGUMENTS)
@pytest.mark.parametrize(
    ("error", "code", "key"),
    [
        (RuntimeError("a bug"), 4, "error"),
        (RecursionError(), 4, "error"),
        (KeyboardInterrupt(), 130, "error"),
        (MemoryError(), 3, "reason"),
    ],
)
def test_json_prints_one_object_whatever_happens(capsys, failing, name, error, code, key):
    failing(error)
    got, out, err = run(capsys, name, *ARGUMENTS[name], "--json")
    answer = json.loads(out)
    assert (got, key in answer) == (code, True)
    assert err.splitlines()[-1].startswith("exactgeo: ")
    if key == "error":
        assert list(answer["error"]) == ["where", "found", "expected", "write"]
        assert all(answer["error"].values())
    got, out, again = run(capsys, name, *ARGUMENTS[name])
    assert (got, out, again.splitlines()[-1]) == (code, "", err.splitlines()[-1])


@pytest.mark.parametrize("name", ARGUMENTS)
def test_json_prints_one_object_for_a_command_line_that_cannot_be_read(capsys, name):
    required = [p for p in cli.commands[name].params if p.required]
    wrong = [[*ARGUMENTS[name], "--nosuch"], [*ARGUMENTS[name], *["again"] * 3], *([[]] if required else [])]
    if any(p.name == "time_limit" for p in cli.commands[name].params):
        wrong += [[*ARGUMENTS[name], "--time-limit", text] for text in ("-1", "soon", "")]
    for arguments in wrong:
        code, out, err = run(capsys, name, *arguments, "--json")
        assert (code, err.count("\n")) == (2, 1)
        assert list(json.loads(out)["error"]) == ["where", "found", "expected", "write"]


@pytest.mark.parametrize("limit", ["nan", "inf"])
def test_a_limit_is_a_number_of_seconds(capsys, limit):
    code, out, _ = run(capsys, "basins", "swirszcz-prop1", "--time-limit", limit, "--json")
    assert (code, "error" in json.loads(out)) == (2, True)


LONG = [name for name, command in cli.commands.items() if any(p.name == "time_limit" for p in command.params)]


def test_every_command_whose_work_can_be_long_has_a_limit():
    assert set(ARGUMENTS) - set(LONG) == {"examples", "export", "import", "schema"}
    assert all(type(cli.commands[name]).__name__ == "Limited" for name in LONG)


@pytest.mark.parametrize("name", ["landscape", "path", "probabilities", "slice"])
def test_a_picture_that_cannot_be_drawn_is_refused_before_the_work(capsys, monkeypatch, failing, name):
    failing(AssertionError("the work has begun"))
    option = "-o" if name == "slice" else "--plot"
    arguments = [name, *ARGUMENTS[name], option, "o.jpg"]
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    expected = f"a file name ending in .svg, .png or .pdf; write {option} FILE.svg"
    assert err == f"exactgeo: {option}: got o.jpg, expected {expected}\n"
    monkeypatch.setattr("exactgeo.pictures.find_spec", lambda _: None)
    code, _, err = run(capsys, *arguments[:-1], "o.svg")
    assert (code, "pip install" in err) == (2, True)
