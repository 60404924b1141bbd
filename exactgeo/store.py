"""One SQLite file that holds a census, so that it can be ended at any moment and resumed.

One process writes, one transaction a block; others may read meanwhile (write-ahead log). Tables: ``basin`` (an orbit's
number, patterns, multiplicity, optimum), ``slot`` (what pattern a number is), ``optimum`` (exact value, masks of
columns), ``block``, ``meta``; the view ``basins`` joins number, patterns, multiplicity and value. A landscape adds the
table ``wall`` (columns of a facet, its optimum).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactgeo.errors import InputError, InternalError
from exactgeo.exact.rational import format_rational

if TYPE_CHECKING:
    from exactgeo.basin.batch import Numbers, Solved
    from exactgeo.basin.cone_program import Optimum, Program
    from exactgeo.basin.reduction import Reduction
    from exactgeo.basin.schedule import Block
    from exactgeo.exact.enclosure import Value

__all__ = ["SCHEMA", "Store"]

SCHEMA = 2
APPLICATION = 0x65786763

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE slot (grouping INTEGER, slot INTEGER, region TEXT, output INTEGER, PRIMARY KEY (grouping, slot))
                   WITHOUT ROWID;
CREATE TABLE optimum (id INTEGER PRIMARY KEY, value TEXT NOT NULL, support BLOB NOT NULL, allowed BLOB NOT NULL,
                      basis TEXT, whole TEXT);
CREATE TABLE basin (id INTEGER PRIMARY KEY, slots TEXT NOT NULL, multiplicity INTEGER NOT NULL,
                    optimum INTEGER NOT NULL);
CREATE TABLE block (id INTEGER PRIMARY KEY, orbits INTEGER NOT NULL, optima BLOB NOT NULL);
CREATE VIEW basins AS SELECT basin.id, slots, multiplicity, value FROM basin JOIN optimum ON optimum.id = optimum;
"""

WALL = """
CREATE TABLE IF NOT EXISTS wall (id INTEGER PRIMARY KEY, columns BLOB NOT NULL UNIQUE, value TEXT NOT NULL,
                                 allowed BLOB NOT NULL, optimum TEXT NOT NULL);
"""


class Store:
    """Keeps the blocks of a census in a file; the ``store`` of :func:`exactgeo.basin.census`.

    Parameters
    ----------
    path : str or Path
        Made if it is not there; what it holds of this problem is taken up.
    resume : bool
        Refuse when there is nothing to take up.

    Raises
    ------
    InputError
        It cannot be read or written, or holds something else: another problem's census, another version's, no census.

    Examples
    --------
    >>> import tempfile
    >>> from exactgeo.basin import census
    >>> from exactgeo.library import load
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Store(f"{folder}/run.sqlite") as store:
    ...         first = census(load("swirszcz-prop1"), store=store)
    ...     with Store(f"{folder}/run.sqlite", resume=True) as store:
    ...         again = census(load("swirszcz-prop1"), store=store)
    >>> first.values == again.values
    True
    """

    def __init__(self, path: str | Path, *, resume: bool = False) -> None:
        self.path = str(path)
        self._ids: dict[tuple[int, ...], int] = {}
        self._next = 0
        self._width = 1
        if resume and not Path(path).exists():
            raise InputError(self.path, "no such file", "a file of an earlier run to resume", "leave out --resume")
        with self._refusing():
            self._base = sqlite3.connect(self.path, timeout=2, isolation_level=None)
            self._base.execute("PRAGMA synchronous = NORMAL")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Every failure of the file in the one form refusals have."""
        try:
            yield
        except sqlite3.IntegrityError:
            raise InputError(self.path, "another writer", "one run at a time", "another file for this run") from None
        except sqlite3.Error as error:
            write = "another path, or room on its disk"
            raise InputError(self.path, str(error), "an SQLite file that can be read and written", write) from None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._refusing():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._base.execute("COMMIT")
            except BaseException:
                # A full disk has rolled back already.
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                raise

    # -- blocks of a census -----------------------------------------------------------------------------------------

    def blocks(self, reduction: Reduction) -> Iterator[tuple[list[Solved], Numbers]]:
        """Optima and owners of the blocks in the file, in order.

        Raises
        ------
        InputError
            The file is of another problem or version.
        """
        import numpy as np

        self._width = 8 * max(1, -(-len(reduction.program.columns) // 64))
        self._open(reduction)
        with self._refusing():
            optima = {row[0]: _solved(row[1:]) for row in self._base.execute("SELECT * FROM optimum")}
            blocks = self._base.execute("SELECT id, orbits, optima FROM block ORDER BY id").fetchall()
        self._ids = {best.basis: key for key, best in optima.items() if best.proof is None}
        self._next = len(optima)
        first = 0
        for _, orbits, ids in blocks:
            keys = np.frombuffer(ids, dtype="<i4")
            with self._refusing():
                rows = self._base.execute(
                    "SELECT optimum FROM basin WHERE id >= ? AND id < ? ORDER BY id", (first, first + orbits)
                ).fetchall()
            order = np.argsort(keys, kind="stable")
            mine = np.array(rows, dtype=np.int32).reshape(-1)
            first += orbits
            yield [optima[int(k)] for k in keys], order[np.searchsorted(keys[order], mine)].astype(np.int32)

    def add(self, reduction: Reduction, block: Block) -> None:
        """Add the next block, wholly or not at all.

        Raises
        ------
        InputError
            The file cannot be written, or another process wrote to it.
        """
        import numpy as np

        # A basis is kept once; optima without one are each their own.
        fresh: dict[tuple[int, ...], int] = {}
        ids: list[int] = []
        new: list[tuple[Any, ...]] = []
        for best in block.optima:
            key = None if best.proof is not None else self._ids.get(best.basis, fresh.get(best.basis))
            if key is None:
                key = self._next + len(new)
                new.append((key, *_row(best, self._width)))
                if best.proof is None:
                    fresh[best.basis] = key
            ids.append(key)
        owners = np.array(ids, dtype=np.int64)[block.owner].tolist()
        with self._transaction():
            first = self._base.execute("SELECT coalesce(max(id) + 1, 0) FROM basin").fetchone()[0]
            blob = np.array(ids, dtype="<i4").tobytes()
            self._base.execute("INSERT INTO block VALUES (?, ?, ?)", (block.number, len(owners), blob))
            self._base.executemany("INSERT INTO optimum VALUES (?, ?, ?, ?, ?, ?)", new)
            rows = (
                (first + i, " ".join(map(str, row)), reduction.copies(reduction.split(row)), owner)
                for i, (row, owner) in enumerate(zip(block.choices.tolist(), owners, strict=True))
            )
            self._base.executemany("INSERT INTO basin VALUES (?, ?, ?, ?)", rows)
        self._next += len(new)
        self._ids.update(fresh)

    # -- walls of a landscape ------------------------------------------------------------------------------------

    def walls(self, program: Program) -> Iterator[tuple[int, Optimum]]:
        """Columns and optimum of each wall in the file, replayed; after :meth:`blocks`.

        Raises
        ------
        InputError
            A wall does not stand its replay: the file was changed.
        """
        from exactgeo.basin.cone_program import loss_value, replay

        with self._refusing():
            self._base.execute(WALL)
            rows = self._base.execute("SELECT columns, value, allowed, optimum FROM wall ORDER BY id").fetchall()
        for columns, value, allowed, text in rows:
            mask = int.from_bytes(columns, "little")
            try:
                best = _optimum(json.loads(text), _value(value), int.from_bytes(allowed, "little"))
                replay(program, mask, best)
                if best.value != loss_value(program, best.prediction) or best.allowed != program.allowed(best.gradient):
                    raise ValueError("another value")
            except (InternalError, ValueError, KeyError, TypeError, IndexError):
                raise InputError(
                    self.path, "a wall that does not stand its replay", "a file as the run left it", "another path"
                ) from None
            yield mask, best

    def add_walls(self, answers: Sequence[tuple[int, Optimum]]) -> None:
        """Add solved walls, wholly or not at all."""
        rows = [
            (
                mask.to_bytes(self._width, "little"),
                _text(best.value),
                best.allowed.to_bytes(self._width, "little"),
                json.dumps(_plain(best)),
            )
            for mask, best in answers
        ]
        with self._transaction():
            self._base.executemany("INSERT INTO wall (columns, value, allowed, optimum) VALUES (?, ?, ?, ?)", rows)

    # -- the file -------------------------------------------------------------------------------------------------

    def _open(self, reduction: Reduction) -> None:
        with self._refusing():
            application = self._base.execute("PRAGMA application_id").fetchone()[0]
            tables = self._base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        wanted = _identity(reduction)
        if not tables and not application:
            with self._refusing():
                self._base.execute("PRAGMA journal_mode = WAL")
            patterns = [
                (k, s, "".join("-0+"[q + 1] for q in reduction.regions[pattern.region]), pattern.sign)
                for k, group in enumerate(reduction.exchangeable)
                for s, pattern in enumerate(group.patterns)
            ]
            with self._transaction():
                self._base.execute(f"PRAGMA application_id = {APPLICATION}")
                for statement in TABLES.split(";\n"):
                    self._base.execute(statement)
                self._base.executemany("INSERT INTO slot VALUES (?, ?, ?, ?)", patterns)
                self._base.executemany("INSERT INTO meta VALUES (?, ?)", wanted.items())
            return
        if application != APPLICATION:
            raise InputError(
                self.path, "an SQLite file of something else", "a census of exactgeo, or no file", "another path"
            )
        with self._refusing():
            found = dict(self._base.execute("SELECT key, value FROM meta"))
        if found.get("schema") != wanted["schema"]:
            raise InputError(
                self.path, f"schema version {found.get('schema')}", f"version {SCHEMA}", "another path, to start anew"
            )
        if found.get("problem") != wanted["problem"]:
            raise InputError(self.path, "the census of another problem", "one of this problem", "another path")
        if found != wanted:
            raise InputError(
                self.path, "a census whose basins are listed otherwise", "one of this version", "another path"
            )


def _identity(reduction: Reduction) -> dict[str, str]:
    """What a file must agree with: the version, the problem, and how its basins are numbered."""
    from exactgeo.basin.schedule import BLOCK
    from exactgeo.claims.subject import problem_data

    def digest(data: Any) -> str:
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()

    program = reduction.program
    frozen = [[str(group.frozen), group.neurons] for group in reduction.exchangeable]
    patterns = [
        [[pattern.region, pattern.sign, pattern.mask] for pattern in group.patterns] for group in reduction.exchangeable
    ]
    weight = [] if program.weight == 1 else [str(program.weight)]
    return {
        "schema": str(SCHEMA),
        "problem": digest([problem_data(reduction.problem), frozen, list(map(str, program.offset))]),
        # Values are those of the loss, but files of means held sums once.
        "layout": digest([BLOCK, reduction.regions, program.columns, program.lines, patterns, *weight]),
    }


def _row(best: Solved, width: int) -> tuple[str, bytes, bytes, str | None, str | None]:
    support, allowed = (mask.to_bytes(width, "little") for mask in (best.support, best.allowed))
    if best.proof is not None:
        return _text(best.value), support, allowed, None, json.dumps(_plain(best.proof))
    return _text(best.value), support, allowed, " ".join(map(str, best.basis)), None


def _solved(row: tuple[str, bytes, bytes, str | None, str | None]) -> Solved:
    from exactgeo.basin.batch import Solved

    value, support, allowed, basis, text = row
    proof = None if text is None else _optimum(json.loads(text), _value(value), int.from_bytes(allowed, "little"))
    return Solved(
        _value(value),
        int.from_bytes(support, "little"),
        int.from_bytes(allowed, "little"),
        proof is None or proof.attained,
        tuple(map(int, (basis or "").split())),
        proof,
    )


def _text(value: Value) -> str:
    return format_rational(value) if isinstance(value, Fraction) else f"{value.lo} {value.hi}"


def _value(text: str) -> Value:
    from exactgeo.exact.enclosure import Enclosure

    low, *high = map(Fraction, text.split())
    return Enclosure(low, high[0]) if high else low


def _plain(optimum: Optimum) -> dict[str, Any]:
    def texts(vector: Any) -> list[str]:
        return [format_rational(q) for q in vector]

    return {
        "prediction": texts(optimum.prediction),
        "gradient": texts(optimum.gradient),
        "weights": [[j, format_rational(q)] for j, q in optimum.weights.items()],
        "lines": texts(optimum.lines),
        "attained": optimum.attained,
        "recession": [[j, format_rational(q)] for j, q in optimum.recession.items()],
        "recession_lines": texts(optimum.recession_lines),
    }


def _optimum(data: dict[str, Any], value: Value, allowed: int) -> Optimum:
    from exactgeo.basin.cone_program import Optimum

    def vector(key: str) -> tuple[Fraction, ...]:
        return tuple(map(Fraction, data[key]))

    def weights(key: str) -> dict[int, Fraction]:
        return {j: Fraction(q) for j, q in data[key]}

    return Optimum(
        value,
        vector("prediction"),
        vector("gradient"),
        weights("weights"),
        vector("lines"),
        allowed,
        data["attained"],
        weights("recession"),
        vector("recession_lines"),
    )
