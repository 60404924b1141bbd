"""What is in a store, read without the store."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def dump(path: Path) -> list[str]:
    with sqlite3.connect(path) as base:
        rows = list(base.iterdump())
    base.close()
    return rows
