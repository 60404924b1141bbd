"""A census as a table: csv, json or parquet, written as it is listed."""

from __future__ import annotations

import csv
import importlib
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactgeo.errors import InputError

if TYPE_CHECKING:
    from exactgeo.basin.census import Census

__all__ = ["write"]

FIELDS = ("index", "regions", "outputs", "multiplicity", "value", "attained")


ROWS = 2**13
"""Rows of a group in a parquet file, and of the part that is in memory."""


def write(census: Census, path: str | Path) -> None:
    """Write one row an orbit; values are exact, as text.

    Parameters
    ----------
    census : Census
    path : str or Path
        ``.csv`` and ``.parquet`` hold the rows of :meth:`Census.to_records`; ``.json`` holds them under ``basins``
        beside the summary of :meth:`Census.to_json`. Parquet needs pyarrow.

    Raises
    ------
    InputError
        Another suffix, pyarrow is missing, or the file cannot be written.
    """
    target = Path(path)
    if target.suffix not in (".csv", ".json", ".parquet"):
        raise InputError("--out", str(path), "a file name ending in .csv, .json or .parquet", "basins.csv")
    try:
        if target.suffix == ".csv":
            with target.open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(census.records())
        elif target.suffix == ".json":
            head = json.dumps(census.to_json(), indent=1)
            with target.open("w", encoding="utf-8") as stream:
                stream.write(head.removesuffix("\n}") + ',\n "basins": [')
                for place, record in enumerate(census.records()):
                    stream.write(",\n  " if place else "\n  ")
                    stream.write(json.dumps(record, indent=1).replace("\n", "\n  "))
                stream.write("\n ]\n}\n" if len(census) else "]\n}\n")
        else:
            _parquet(census.records(), target)
    except OSError as error:
        raise InputError(
            str(path), error.strerror or str(error), "a file that can be written", "another path"
        ) from None


def _parquet(records: Iterator[dict[str, Any]], target: Path) -> None:
    try:
        pyarrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise InputError("--out", target.name, "pyarrow to be installed", "pip install pyarrow, or a .csv") from None
    kinds = [pyarrow.int64(), pyarrow.string(), pyarrow.string(), pyarrow.int64(), pyarrow.string(), pyarrow.bool_()]
    schema = pyarrow.schema(list(zip(FIELDS, kinds, strict=True)))
    with parquet.ParquetWriter(target, schema) as writer:
        while rows := list(islice(records, ROWS)):
            writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema))
