"""A census as a table: csv, json or parquet."""

from __future__ import annotations

import csv
import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactgeo.errors import InputError

if TYPE_CHECKING:
    from exactgeo.basin.census import Census

__all__ = ["write"]

FIELDS = ("index", "regions", "outputs", "multiplicity", "value", "attained")


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
    records = census.to_records()
    try:
        if target.suffix == ".csv":
            with target.open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(records)
        elif target.suffix == ".json":
            text = json.dumps({**census.to_json(), "basins": records}, indent=1)
            target.write_text(text + "\n", encoding="utf-8")
        elif target.suffix == ".parquet":
            _parquet(records, target)
        else:
            raise InputError("--out", str(path), "a file name ending in .csv, .json or .parquet", "basins.csv")
    except OSError as error:
        raise InputError(
            str(path), error.strerror or str(error), "a file that can be written", "another path"
        ) from None


def _parquet(records: list[dict[str, Any]], target: Path) -> None:
    try:
        pyarrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise InputError("--out", target.name, "pyarrow to be installed", "pip install pyarrow, or a .csv") from None
    # The schema is written out: an empty census has no rows to infer it from.
    kinds = [pyarrow.int64(), pyarrow.string(), pyarrow.string(), pyarrow.int64(), pyarrow.string(), pyarrow.bool_()]
    schema = pyarrow.schema(list(zip(FIELDS, kinds, strict=True)))
    parquet.write_table(pyarrow.Table.from_pylist(records, schema=schema), target)
