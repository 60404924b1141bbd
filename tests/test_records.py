"""Lists of things as records and as tables of pandas."""

from __future__ import annotations

import math
import sys
from fractions import Fraction

import pytest

import exactgeo as eg
from exactgeo.errors import InputError
from exactgeo.records import frame

PROBLEM = eg.load("swirszcz-prop1")
NET = {"widths": [1], "hidden_bias": False, "output_bias": False}


def lists():
    """Everything that is a list of things, one of each kind."""
    likely = eg.probabilities(PROBLEM)
    path = eg.path(PROBLEM, to=eg.load("swirszcz-prop1-better").point)
    deep = eg.load(
        {
            "data": {"x": [[1], [2]], "y": [0, 1]},
            "network": {"widths": [1, 1], "hidden_bias": False, "output_bias": False},
            "point": {"weights": [[[1]], [[1]], [[1]]]},
        }
    )
    decayed = eg.load({"data": {"x": [[1], [2]], "y": [2, 1]}, "network": NET, "penalty": {"l2": 1}})
    yield from (eg.basins(PROBLEM), eg.basins(decayed), eg.landscape(PROBLEM), path, path.path)
    yield from (likely, likely.law(14, widths=[1, 10**6]), eg.starts(PROBLEM, count=5, optimizer="lbfgs"))
    yield from (eg.explain(PROBLEM), eg.explain(deep), eg.Arrangement([[1, 0], [0, 1]]).regions())


PLAIN = {str, int, float, bool, type(None)}


def test_records_are_flat_dicts_of_plain_values_in_one_order():
    for found in lists():
        records = found.to_records()
        assert records == list(found.records())
        assert records
        for record in records:
            assert tuple(record) == found.COLUMNS
            assert {type(value) for value in record.values()} <= PLAIN
            for name in found.EXACT:
                assert type(record[name]) in (str, type(None)), (type(found), name)


def test_as_a_table_every_exact_column_has_its_floats_beside():
    pandas = pytest.importorskip("pandas")
    for found in lists():
        table, records = found.to_pandas(), found.to_records()
        assert type(table) is pandas.DataFrame
        floats = [(f"{name}_float",) if name in found.EXACT else () for name in found.COLUMNS]
        expected = [n for name, more in zip(found.COLUMNS, floats, strict=True) for n in (name, *more)]
        assert list(table.columns) == expected
        assert len(table) == len(records)
        for name in found.COLUMNS:
            # A text stays what it is, None too.
            kept = [None if value is None or value != value else value for value in table[name].tolist()]
            assert kept == [record[name] for record in records]
        for name in found.EXACT:
            assert table[f"{name}_float"].dtype == "float64"


def test_the_floats_are_those_next_to_the_exact_numbers():
    pytest.importorskip("pandas")
    rows = [{"q": text} for text in ("1/3", "-7", "[1/4, 3/4]", "1" + 400 * "0", "2.5E-3", None)]
    numbers = frame(rows, ("q",), ("q",))["q_float"].tolist()
    assert numbers[:5] == [1 / 3, -7.0, 0.5, math.inf, 0.0025]
    assert math.isnan(numbers[5])
    values = eg.basins(PROBLEM).to_pandas()
    assert values["value_float"].min() == 14.0
    assert [float(Fraction(text)) for text in values["value"]] == values["value_float"].tolist()


def test_a_table_without_rows_has_its_columns():
    pytest.importorskip("pandas")
    assert list(eg.basins(PROBLEM, time_limit=0).to_pandas().columns)[:2] == ["index", "regions"]
    assert list(frame([], ("a", "b"), ("b",)).columns) == ["a", "b", "b_float"]


def test_without_pandas_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match=r"^pandas: got no such module, .*; write pip install 'exactgeo\[pandas\]'$"):
        eg.basins(PROBLEM).to_pandas()
    assert eg.basins(PROBLEM).to_records()
