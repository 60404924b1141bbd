"""What ``--help`` says: every example runs and ends as it says, and every command says its exit codes."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner
from command import run

from exactgeo.cli import cli, main

LONG = {"selftest"}
"""Whose examples take long; another test runs them."""


def help_of(*names: str) -> str:
    return CliRunner().invoke(cli, [*names, "--help"], prog_name="exactgeo", terminal_width=200).output


def examples(text: str) -> list[tuple[str, int]]:
    """Each line under "Examples:", and the exit code that it says."""
    block = re.search(r"Examples:\n(.*?)\n\n", text, flags=re.DOTALL).group(1)
    found = []
    for line in block.splitlines():
        command, _, note = line.strip().partition("  # exit ")
        found.append((command, int(note or 0)))
    return found


def models(folder) -> None:
    """The files that the examples of `import` speak of."""
    x = np.array([[1.0], [2.0], [-1.0]])
    np.savez(folder / "net.npz", W1=[[1.0]], b1=[0.5], W2=[[2.0]], b2=[0.0], X=x, y=[0.75, 1.25, 0.25])
    (folder / "data.csv").write_text("x,y\n1,0.75\n2,1.25\n-1,0.25\n")


def shell(command: str, capsys, monkeypatch) -> int:
    """A line of a shell, as far as the examples use it: ``a | b``, ``a > file``, ``echo``."""
    given, code = "", 0
    for part in re.split(r" \| (?=exactgeo)", command):
        part, _, target = part.partition(" > ")
        word, *arguments = shlex.split(part)
        if word == "echo":
            given = arguments[0] + "\n"
        else:
            assert word == "exactgeo"
            stdin = type("Stdin", (), {"buffer": io.BytesIO(given.encode()), "isatty": lambda _: False})()
            monkeypatch.setattr(sys, "stdin", stdin)
            code, given, _ = run(capsys, *arguments)
        if target:
            with open(target, "w") as file:
                file.write(given)
    return code


@pytest.mark.parametrize("name", sorted(set(cli.commands) - LONG))
def test_every_example_ends_as_it_says(capsys, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    models(tmp_path)
    listed = examples(help_of(name))
    assert any(f"exactgeo {name}" in command for command, _ in listed)
    for command, expected in listed:
        assert shell(command, capsys, monkeypatch) == expected, command


def test_the_examples_of_all_commands(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = help_of()
    assert [shell(command, capsys, monkeypatch) for command, _ in examples(text)] == [0, 0, 0]
    assert all(re.search(rf"^  {name} ", text, flags=re.MULTILINE) for name in cli.commands)


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_says_its_exit_codes(name):
    text = help_of(name)
    said = re.search(r"Exit codes: (.*)\Z", text, flags=re.DOTALL).group(1)
    codes = [int(code) for code in re.findall(r"(?:^|[,;]\s+)(\d+) ", said)]
    limited = any(option.name == "time_limit" for option in cli.commands[name].params)
    assert codes[0] == 0
    assert codes[-3:] == [2, 4, 130]
    assert (3 in codes) == limited
    assert (1 in codes) == (name in {"certify", "check", "proofs", "report", "selftest"})


# -- completion ------------------------------------------------------------------------------------------------------


def completed(*words: str) -> dict[str, list[str]]:
    """What bash is offered for the last of some words."""
    shell = BashComplete(cli, {}, "exactgeo", "_EXACTGEO_COMPLETE")
    found: dict[str, list[str]] = {}
    for item in shell.get_completions(list(words[:-1]), words[-1]):
        found.setdefault(item.type, []).append(item.value)
    return found


def test_the_command_answers_bash():
    asked = {"_EXACTGEO_COMPLETE": "bash_complete", "COMP_WORDS": "exactgeo cer", "COMP_CWORD": "1"}
    code = "from exactgeo.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | asked, check=True
    )
    assert done.stdout == "plain,certify\n"


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["cer"], {"plain": ["certify"]}),
        (["certify", "kink"], {"plain": ["kink-global"], "file": ["kink"]}),
        (["certify", "kink-global", "--expect", "not"], {"plain": ["not_local_minimum"]}),
        (["certify", "kink-global", "--point", "kink"], {"plain": ["kink-global"], "file": ["kink"]}),
        (["examples", "kink"], {"plain": ["kink-global"]}),
        (["starts", "kink-global", "--init", "g"], {"plain": ["gaussian", "glorot"]}),
        (["starts", "kink-global", "--optimizer", "l"], {"plain": ["lbfgs"]}),
        (["import", "net.npz", "--loss", "hu"], {"plain": ["huber(1)"]}),
        (["import", "net.npz", "--activation", "t"], {"plain": ["tanh"]}),
        (["schema", "cert"], {"plain": ["certify"]}),
        (["polish", "kink-global", "--method", "b"], {"plain": ["balls"]}),
    ],
)
def test_completion_offers_names_and_words(words, offered):
    assert completed(*words) == offered


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(monkeypatch, capsys, shell_name):
    monkeypatch.setenv("_EXACTGEO_COMPLETE", f"{shell_name}_source")
    monkeypatch.setattr("click.shell_completion.BashComplete._check_version", lambda _: None, raising=False)
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code in (0, None)
    assert "_EXACTGEO_COMPLETE" in capsys.readouterr().out


# -- -v --------------------------------------------------------------------------------------------------------------


def test_verbose_tells_on_stderr_and_changes_no_answer(capsys, tmp_path):
    code, answer, quiet = run(capsys, "certify", "swirszcz-prop1", "--time-limit", "1000", "--json")
    assert quiet == ""
    again, same, told = run(capsys, "certify", "swirszcz-prop1", "--time-limit", "1000", "--json", "--verbose")
    assert (code, json.loads(answer)) == (again, json.loads(same))
    assert re.search(
        r"^exactgeo: +\d+ ms  exactgeo\.local_minimum: rung two_layer: local_minimum in ", told, re.MULTILINE
    )
    assert run(capsys, "certify", "swirszcz-prop1", "--time-limit", "1000", "--json")[2] == ""
    store = str(tmp_path / "run.sqlite")
    # A problem that no other test has: what is remembered of one is not proposed again.
    fresh = {"data": {"x": [[17], [4], [3], [-11]], "y": [5, 1, "1/23", 3]}, "network": {"widths": [2]}}
    (tmp_path / "fresh.json").write_text(json.dumps(fresh))
    assert "refused by exact arithmetic" in run(capsys, "basins", str(tmp_path / "fresh.json"), "-vv")[2]
    told = run(capsys, "basins", "swirszcz-prop1", "--out", store, "-v")[2]
    assert f"store {store} opened: new" in told
    assert "block 0: " in told
    assert f"store {store} opened: taken up" in run(capsys, "basins", "swirszcz-prop1", "--out", store, "-v")[2]
