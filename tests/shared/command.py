"""The command as the tests call it, in this process."""

from __future__ import annotations

import json

import pytest
from answers import faults

from exactgeo.cli import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main([*arguments])
    captured = capsys.readouterr()
    if "--json" in arguments:
        for answer in _answers(arguments, captured.out):
            found = faults(arguments, answer)
            assert not found, "\n".join(found)
    return int(stop.value.code or 0), captured.out, captured.err


def _answers(arguments: tuple[str, ...], out: str) -> list[object]:
    """The object, or those of a stream, one a line."""
    stream = "--points" in arguments and out.startswith('{"')
    return [json.loads(line) for line in (out.splitlines() if stream else [out])]
