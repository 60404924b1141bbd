"""The records of a census in a file: csv, json or parquet, written as they are listed, whole or not at all."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from exactgeo import files
from exactgeo.errors import InputError

__all__ = ["FIELDS", "SUFFIXES", "check", "write"]

SUFFIXES = (".csv", ".json", ".parquet")

FIELDS = ("index", "regions", "outputs", "multiplicity", "value", "attained")

ROWS = 2**13
"""Rows of a group in a parquet file, and of the part that is in memory."""


def check(path: str | Path, option: str = "--out", suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """Find out, before the work, whether :func:`write` can write a file.

    Raises
    ------
    InputError
        Another suffix, pyarrow is missing, or the file cannot be written.
    """
    files.writable(path, suffixes, option)
    if Path(path).suffix.lower() == ".parquet":
        _pyarrow(option, path)


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
    check(path)
    suffix = Path(path).suffix.lower()
    if suffix == ".parquet":
        with files.replacing(path) as binary:
            _parquet(iter(records), binary, path)
        return
    with files.replacing_text(path) as stream:
        if suffix == ".json":
            _json(records, summary(), stream)
            return
        import csv

        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)


def _json(records: Iterable[dict[str, Any]], summary: Mapping[str, Any], stream: TextIO) -> None:
    head = json.dumps(summary, indent=1)
    stream.write(head.removesuffix("\n}") + ',\n "basins": [')
    empty = True
    for record in records:
        stream.write("\n  " if empty else ",\n  ")
        stream.write(json.dumps(record, indent=1).replace("\n", "\n  "))
        empty = False
    stream.write("]\n}\n" if empty else "\n ]\n}\n")


def _pyarrow(option: str, path: str | Path) -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise InputError(option, str(path), "pyarrow to be installed", "pip install pyarrow, or a .csv") from None


def _parquet(records: Iterator[dict[str, Any]], stream: BinaryIO, path: str | Path) -> None:
    pyarrow, parquet = _pyarrow("--out", path)
    kinds = [pyarrow.int64(), pyarrow.string(), pyarrow.string(), pyarrow.int64(), pyarrow.string(), pyarrow.bool_()]
    schema = pyarrow.schema(list(zip(FIELDS, kinds, strict=True)))
    with parquet.ParquetWriter(stream, schema) as writer:
        while rows := list(islice(records, ROWS)):
            writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema))
