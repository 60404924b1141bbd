"""What loads when it is first asked for: names of packages, registries, ladders."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import exactgeo
from exactgeo.claims import CLAIMS
from exactgeo.local_minimum import LADDER
from exactgeo.losses import LOSSES
from exactgeo.registry import Gradual, Registry


def test_every_name_of_a_package_is_there_and_stays_what_it_is():
    for package in (
        exactgeo,
        exactgeo_package("landscape"),
        exactgeo_package("paths"),
        exactgeo_package("local_minimum"),
    ):
        for name, file in package._names.items():
            value = getattr(package, name)
            assert value is getattr(sys.modules[f"{package.__name__}.{file}"], name)
            assert not inspect.ismodule(value)
        with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'guess'"):
            _ = package.guess


def test_a_function_stays_one_where_a_file_of_its_name_loads_later():
    code = "import exactgeo.local_minimum as m; f = m.explain; m.Explanation; print(m.explain is f, callable(f))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"


def exactgeo_package(name):
    __import__(f"exactgeo.{name}")
    return sys.modules[f"exactgeo.{name}"]


def test_every_entry_of_a_registry_has_its_name():
    assert all(CLAIMS[kind].kind == kind for kind in CLAIMS)
    assert all(LOSSES[kind].kind == kind for kind in LOSSES)


def test_a_registry_takes_and_gives():
    found = Registry("exactgeo", {"kind": "kinds:Kind"})
    assert "kind" in found
    assert "reason" not in found
    with pytest.raises(KeyError):
        found["reason"]
    found["reason"] = int
    assert (found["reason"], len(found)) == (int, 2)
    del found["reason"]
    assert list(found) == ["kind"]


def test_a_ladder_is_looked_at_no_further_than_asked():
    seen = []

    def members():
        for k in range(4):
            seen.append(k)
            yield k

    found = Gradual(members)
    assert seen == []
    assert next(k for k in found if k) == 1
    assert seen == [0, 1]
    assert found[-1] == 3
    assert found[:-1] == (0, 1, 2)
    assert list(found) == [*found] == seen
    assert len(found) == 4
    assert LADDER[0].name == "linear_model"
