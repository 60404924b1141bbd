"""The records of a census in a file: csv, json or parquet, written as they are listed."""

from __future__ import annotations

import csv
import importlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from exactgeo.errors import InputError

__all__ = ["write"]

FIELDS = ("index", "regions", "outputs", "multiplicity", "value", "attained")

ROWS = 2**13
"""Rows of a group in a parquet file, and of the part that is in memory."""


def write(path: str | Path, records: Iterable[dict[str, Any]], summary: Callable[[], Mapping[str, Any]]) -> None:
    """Write one row an orbit; values are exact, as text.

    Parameters
    ----------
    path : str or Path
        ``.csv`` and ``.parquet`` hold the records; ``.json`` holds them under ``basins`` beside the summary. Parquet
        needs pyarrow.
    records : iterable of dict
        Those of :meth:`exactgeo.basin.table.Table.records`.
    summary : callable
        Gives that of :meth:`exactgeo.basin.Census.to_json`; called for ``.json`` only.

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
                writer.writerows(records)
        elif target.suffix == ".json":
            _json(records, summary(), target)
        else:
            _parquet(iter(records), target)
    except OSError as error:
        raise InputError(
            str(path), error.strerror or str(error), "a file that can be written", "another path"
        ) from None


def _json(records: Iterable[dict[str, Any]], summary: Mapping[str, Any], target: Path) -> None:
    head = json.dumps(summary, indent=1)
    with target.open("w", encoding="utf-8") as stream:
        stream.write(head.removesuffix("\n}") + ',\n "basins": [')
        empty = True
        for record in records:
            stream.write("\n  " if empty else ",\n  ")
            stream.write(json.dumps(record, indent=1).replace("\n", "\n  "))
            empty = False
        stream.write("]\n}\n" if empty else "\n ]\n}\n")


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
