"""Each document here is one test, and so is the table of claims: the engine is the one behind `exactgeo proofs`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exactgeo import documents as proofs


class _Failed(Exception):
    """What a document or the table says went wrong."""


class _Document(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        yield _Item.from_parent(self, name=self.path.stem)


class _Item(pytest.Item):
    def runtest(self) -> None:
        try:
            if self.path.suffix == ".toml":
                failures = [proofs.check(claim, execute=False).failure for claim in proofs.registry(self.path.parent)]
                outcome = proofs.Outcome(0, "".join(failures))
            else:
                outcome = proofs.run(proofs.read(self.path))
        except proofs.DocumentError as error:
            raise _Failed(str(error)) from None
        if not outcome.passed:
            raise _Failed(outcome.failure)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, _Failed) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.path.name


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> _Document | None:
    if file_path.parent == Path(__file__).parent and (file_path.suffix == ".md" or file_path.name == "claims.toml"):
        return _Document.from_parent(parent, path=file_path)
    return None
