"""Settings all tests share: no clock decides a test, a clean checkout draws the same examples every time, `-m quick`."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("house")

TESTS = Path(__file__).parent
QUICK = ("laws", "formats/test_bad_input.py", "cli/test_refusals.py", "test_house.py")
"""What `pytest -m quick` runs in under a minute, folders and files, beside the doctests of the package."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        doctest = isinstance(item, pytest.DoctestItem)
        quick = doctest or any(item.path.is_relative_to(TESTS / name) for name in QUICK)
        if quick and not item.get_closest_marker("slow"):
            item.add_marker("quick")
