"""Each document here is one test, its slow blocks another, each paper's table one: the engine of `exactgeo proofs`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exactgeo import documents


class _Failed(Exception):
    """What a document or the table says went wrong."""


class _Document(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        name = self.path.stem
        try:
            slow, quick = bool(documents.read(self.path).slow), self._is_quick()
        except documents.DocumentError:
            slow = quick = False  # the item itself says what is wrong
        item = _Item.from_parent(self, name=name)
        if quick:
            item.add_marker("quick")
        yield item
        if slow:
            item = _Item.from_parent(self, name=f"{name}-slow", slow=True)
            item.add_marker("slow")
            yield item

    def _is_quick(self) -> bool:
        (paper,) = [one for one in documents.papers(self.path.parent.parent) if one.folder == self.path.parent]
        return self.path.name in paper.quick


class _Item(pytest.Item):
    def __init__(self, *, slow: bool = False, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.slow = slow

    def runtest(self) -> None:
        try:
            if self.path.suffix == ".toml":
                (paper,) = [one for one in documents.papers(self.path.parent.parent) if one.folder == self.path.parent]
                failures = []
                for name in {claim.document for claim in paper.claims}:
                    claims = [claim for claim in paper.claims if claim.document == name]
                    failures.append(documents.check(claims, execute=False).failure)
                outcome = documents.Outcome(0, "".join(failures))
            else:
                outcome = documents.run(documents.read(self.path), slow=self.slow)
        except documents.DocumentError as error:
            raise _Failed(str(error)) from None
        if not outcome.passed:
            raise _Failed(outcome.failure)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, _Failed) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"{self.path.parent.name}/{self.name}"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> _Document | None:
    if file_path.parent.parent == Path(__file__).parent and (
        file_path.suffix == ".md" or file_path.name == "paper.toml"
    ):
        return _Document.from_parent(parent, path=file_path)
    return None
