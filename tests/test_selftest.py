"""The self-test can fail: a certificate changed, an example changed, a law broken; and it says what it left out."""

from __future__ import annotations

import json
import shutil
import types
from pathlib import Path

import pytest

from exactgeo import selftest

TESTS = Path(__file__).parent
KEPT = ("prop1", "plateau")


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two true and two false certificates, in place of all."""
    for name in ("accept", "reject"):
        (tmp_path / "certificates" / name).mkdir(parents=True)
    index = json.loads((TESTS / "certificates" / "reject" / "index.json").read_text())
    chosen = dict(list(index.items())[:2])
    (tmp_path / "certificates" / "reject" / "index.json").write_text(json.dumps(chosen))
    for folder, names in (("accept", KEPT), ("reject", tuple(chosen))):
        for name in names:
            shutil.copy(TESTS / "certificates" / folder / f"{name}.json", tmp_path / "certificates" / folder)
    monkeypatch.setattr(selftest, "folder", lambda: tmp_path)
    return tmp_path / "certificates"


def test_certificates_pass_and_fail(small: Path) -> None:
    assert selftest.certificates() == selftest.Part("certificates", 4)
    text = (small / "accept" / "prop1.json").read_text()
    (small / "accept" / "prop1.json").write_text(text.replace('"18"', '"17"', 1))
    false = next((small / "reject").glob("[!i]*.json"))
    shutil.copy(small / "accept" / "plateau.json", false)
    part = selftest.certificates()
    assert [line.partition(":")[0] for line in part.failures] == ["prop1", false.stem]


def test_a_wrong_example_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("exactgeo.wrong", "One and one.\n\n>>> 1 + 1\n3\n")
    monkeypatch.setattr(selftest, "_modules", lambda: iter([module]))
    assert selftest.docstrings() == selftest.Part("docstrings", 1, ("exactgeo.wrong: 1 of 1 examples",))


def test_a_broken_law_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "laws").mkdir()
    shutil.copy(TESTS / "laws" / "selftest.ini", tmp_path / "laws")
    (tmp_path / "laws" / "test_sums.py").write_text(
        "def test_one():\n    assert True\n\ndef test_two():\n    assert False\n"
    )
    monkeypatch.setattr(selftest, "folder", lambda: tmp_path)
    part = selftest.laws()
    assert (part.tried, len(part.failures)) == (2, 1)
    assert "test_two" in part.failures[0]


def test_without_pytest_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest.importlib.util, "find_spec", lambda name: None)
    part = selftest.laws()
    assert part.tried == 0
    assert "pip install 'exactgeo[test]'" in part.skipped
