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
        found = faults(arguments, json.loads(captured.out))
        assert not found, "\n".join(found)
    return int(stop.value.code or 0), captured.out, captured.err
