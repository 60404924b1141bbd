"""One SQLite file that holds a census, so that it can be ended at any moment and resumed.

One process writes, one transaction a block; others may read meanwhile (write-ahead log; a run that ends by itself
leaves one plain file, which can be read where nothing can be written). Tables: ``basin`` (an orbit's number,
patterns, multiplicity, optimum), ``slot`` (what pattern a number is), ``optimum`` (exact value, masks of columns),
``block``, ``meta``; the view ``basins`` joins number, patterns, multiplicity and value. A landscape adds the table
``wall`` (columns of a facet, its optimum).

Nothing that is read is believed. Each block and each wall has a hash, of the version, the problem, its number and all
that it holds, its optima too: a changed bit is refused. The hash of the block before is not in it, for what is in a
block depends on the problem and its number alone: with the right number it is the right one, whichever run wrote it.
A hash proves no value, so each optimum is replayed as well, and each orbit's columns are compared with those its
optimum is proved for.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactgeo import files
from exactgeo.errors import InputError, InternalError
from exactgeo.exact.rational import format_rational
from exactgeo.logs import logger
from exactgeo.spool import Spool

if TYPE_CHECKING:
    from exactgeo.basin.batch import Solved
    from exactgeo.basin.cone_program import Optimum, Program
    from exactgeo.basin.optima import Optima
    from exactgeo.basin.reduction import Reduction
    from exactgeo.basin.schedule import Block, Kept
    from exactgeo.exact.enclosure import Value

__all__ = ["SCHEMA", "Store"]

LOG = logger(__name__)

SCHEMA = 3
MARK = hashlib.sha256().digest_size
APPLICATION = 0x65786763

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE slot (grouping INTEGER, slot INTEGER, region TEXT, output INTEGER, PRIMARY KEY (grouping, slot))
                   WITHOUT ROWID;
CREATE TABLE optimum (id INTEGER PRIMARY KEY, value TEXT NOT NULL, support BLOB NOT NULL, allowed BLOB NOT NULL,
                      basis TEXT, whole TEXT);
CREATE TABLE basin (id INTEGER PRIMARY KEY, slots TEXT NOT NULL, multiplicity INTEGER NOT NULL,
                    optimum INTEGER NOT NULL);
CREATE TABLE block (id INTEGER PRIMARY KEY, orbits INTEGER NOT NULL, optima BLOB NOT NULL, hash BLOB NOT NULL);
CREATE VIEW basins AS SELECT basin.id, slots, multiplicity, value FROM basin JOIN optimum ON optimum.id = optimum;
"""

WALL = """
CREATE TABLE IF NOT EXISTS wall (id INTEGER PRIMARY KEY, columns BLOB NOT NULL UNIQUE, value TEXT NOT NULL,
                                 allowed BLOB NOT NULL, optimum TEXT NOT NULL, hash BLOB NOT NULL);
"""

DAMAGE = (
    sqlite3.Error,
    InternalError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading a file leads to that is not as it was written."""


class Store:
    """Keeps the blocks of a census in a file; the ``store`` of :func:`exactgeo.basin.census`.

    Parameters
    ----------
    path : str or Path
        Made if it is not there; what it holds of this problem is taken up. A name, never a URI.
    resume : bool
        Refuse when there is nothing to take up.

    Raises
    ------
    InputError
        It cannot be read or written, was changed, or holds something else: another problem's census, another version's,
        none.

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
        self.path = os.fspath(path)
        # From the root: SQLite takes what begins with "file:" for a URI, and ":memory:" for no file.
        self._file = os.path.abspath(self.path)
        there = os.path.exists(self._file)
        if resume and not there:
            raise InputError(self.path, "no such file", "a file of an earlier run to resume", "leave out --resume")
        if there and not os.path.isfile(self._file):
            raise InputError(self.path, "no regular file", "an SQLite file, or no file", "another path")
        if not there:
            files.writable(self.path)
        self._read_only = there and not all(os.access(p, os.W_OK) for p in (self._file, os.path.dirname(self._file)))
        self.folder = None if self._read_only else os.path.dirname(self._file)
        self._marks = Spool(self.folder)
        self._orbits = 0
        self._walls = 0
        self._names: list[str] = []
        self._width = 1
        self._identity = b""
        self._writing = False
        with self._refusing():
            self._base = self._connect()
            self._base.execute("PRAGMA synchronous = NORMAL")
        self._new = self._inspect(resume)
        state = "new" if self._new else "taken up"
        LOG.info("store %s opened: %s%s", self.path, state, ", read only" * self._read_only)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writing:
            # One plain file, unless somebody reads it just now.
            with suppress(sqlite3.Error):
                self._base.execute("PRAGMA busy_timeout = 0")
                self._base.execute("PRAGMA journal_mode = DELETE")
        self._base.close()

    def _connect(self) -> sqlite3.Connection:
        """Where the folder cannot be written a log cannot be made; then the file is read as it is, if it is whole."""
        base = sqlite3.connect(self._file, timeout=2, isolation_level=None)
        try:
            base.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            base.close()
            if _code(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                raise
            log = f"{self._file}-wal"
            if os.path.exists(log) and os.path.getsize(log):
                found = "a run that was killed, where nothing can be written"
                raise InputError(
                    self.path, found, "a folder that can be written", f"a copy, with {os.path.basename(log)}"
                ) from None
            self._read_only = True
            base = sqlite3.connect(f"{Path(self._file).as_uri()}?immutable=1", uri=True, isolation_level=None)
        except BaseException:
            base.close()
            raise
        return base

    def _inspect(self, resume: bool) -> bool:
        """Whether there is nothing in the file; else it is a store of this version."""
        try:
            with self._refusing():
                application = self._base.execute("PRAGMA application_id").fetchone()[0]
                tables = self._base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
                if not tables and not application:
                    if resume:
                        write = "leave out --resume"
                        raise InputError(self.path, "an empty file", "a file of an earlier run to resume", write)
                    return True
                if application != APPLICATION:
                    expected = "a census of exactgeo, or no file"
                    raise InputError(self.path, "an SQLite file of something else", expected, "another path")
                found = dict(self._base.execute("SELECT key, value FROM meta")).get("schema")
            if found != str(SCHEMA):
                write = "another path, or delete the file: its census is made anew"
                raise InputError(self.path, f"a store of version {found}", f"one of version {SCHEMA}", write)
        except BaseException:
            self._base.close()
            raise
        return False

    # -- refusals ---------------------------------------------------------------------------------------------------

    def changed(self, what: str) -> InputError:
        """The refusal of what no run has written."""
        found = f"a file that was changed or damaged ({what})"
        return InputError(self.path, found, "a store as its run left it", "another path, or delete the file")

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Every failure of the file in the one form refusals have."""
        try:
            yield
        except sqlite3.IntegrityError:
            raise InputError(self.path, "another writer", "one run at a time", "another file for this run") from None
        except sqlite3.OperationalError as error:
            write = "another path, or room on its disk"
            raise InputError(self.path, str(error), "an SQLite file that can be read and written", write) from None
        except sqlite3.Error as error:
            raise self.changed(str(error)) from None
        except UnicodeDecodeError:
            # What SQLite says of a damaged table may quote it.
            raise self.changed("its tables") from None

    @contextmanager
    def _reading(self, what: str) -> Iterator[None]:
        """Whatever reading leads to but what a run has written."""
        try:
            yield
        except DAMAGE as error:
            if _code(error) == sqlite3.SQLITE_BUSY:
                write = "the same again when the other run has ended"
                raise InputError(self.path, "another writer", "one run at a time", write) from None
            raise self.changed(what) from None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._refusing():
            if not self._writing:
                self._base.execute("PRAGMA journal_mode = WAL")
                self._writing = True
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

    def blocks(self, reduction: Reduction) -> Iterator[Kept]:
        """The blocks in the file, in order; whoever takes them replays their optima.

        Raises
        ------
        InputError
            The file is of another problem or version, was changed, or lacks blocks and cannot be written.
        """
        self._width = 8 * max(1, -(-len(reduction.program.columns) // 64))
        self._names = list(map(str, range(max((len(group.patterns) for group in reduction.exchangeable), default=0))))
        self._open(reduction)
        with self._reading("its tables"):
            numbers = [row[0] for row in self._base.execute("SELECT id FROM block ORDER BY id")]
        for number, key in enumerate(numbers):
            with self._reading(f"block {number}"):
                if key != number:
                    raise ValueError("another block")
                found = self._block(number)
            yield found
        if self._read_only and self._orbits < reduction.orbits:
            half = "a run that is not finished, where nothing can be written"
            raise InputError(self.path, half, "a folder that can be written", "a copy of the file elsewhere")

    def _block(self, number: int) -> Kept:
        """One block as it was written."""
        import numpy as np

        from exactgeo.basin.schedule import Kept

        orbits, ids, mark = self._base.execute(
            "SELECT orbits, optima, hash FROM block WHERE id = ?", (number,)
        ).fetchone()
        first, known, numbers = self._orbits, self._optima, np.frombuffer(ids, dtype="<i4").tolist()
        basins = self._rows("SELECT id, slots, multiplicity, optimum FROM basin", first, first + orbits)
        # A block's own optima follow those before it.
        end = max([known, *(k + 1 for k in numbers)])
        fresh = self._rows("SELECT * FROM optimum", known, end)
        for row in fresh:
            self._marks.append(_mark(row))
        good = (
            # A damaged number may be large: no list of its length before it is one of what is there.
            (len(basins), len(fresh)) == (orbits, end - known)
            and [parts[0] for parts in basins] == list(range(first, first + orbits))
            and [parts[0] for parts in fresh] == list(range(known, end))
            and mark == self._hash(number, numbers, [parts[1:] for parts in basins])
        )
        if not good:
            raise ValueError("another hash")
        self._orbits += orbits
        return Kept(number, [_solved(parts[1:]) for parts in fresh], np.array([q[3] for q in basins], dtype=np.int32))

    def _rows(self, select: str, first: int, end: int) -> list[tuple[Any, ...]]:
        """The rows of a table with a range of numbers."""
        return self._base.execute(f"{select} WHERE id >= ? AND id < ? ORDER BY id", (first, end)).fetchall()

    @property
    def _optima(self) -> int:
        """How many there are."""
        return len(self._marks) // MARK

    def _hash(self, number: int, optima: Sequence[int], basins: Sequence[tuple[str, int, int]]) -> bytes:
        """Of a block: its identity and its content, the optima as they are written."""
        import numpy as np

        total = hashlib.sha256(self._identity)
        total.update(repr((number, len(basins), list(optima))).encode())
        total.update(self._marks.rows(MARK, np.array(optima, dtype=np.int64)).tobytes())
        for texts in zip(*basins, strict=True):
            total.update(" / ".join(map(str, texts)).encode())
        return total.digest()

    def add(self, reduction: Reduction, block: Block, optima: Optima) -> None:
        """Add the next block, wholly or not at all; after that nothing can be added.

        Raises
        ------
        InputError
            The file cannot be written, or another process wrote to it.
        """
        import numpy as np

        # In the order in which the orbits need them.
        names, first = np.unique(block.owner, return_index=True)
        ids = names[np.argsort(first)]
        new = [(k, *_row(best, self._width)) for k, best in zip(block.fresh, optima[block.fresh.start :], strict=True)]
        choices = reduction.numbering.rows(np.arange(block.first, block.first + len(block.owner)))
        slots = [" ".join([self._names[k] for k in row]) for row in choices.tolist()]
        basins = list(zip(slots, reduction.multiplicities(choices), block.owner.tolist(), strict=True))
        for row in new:
            self._marks.append(_mark(row))
        with self._transaction():
            blob, mark = ids.astype("<i4").tobytes(), self._hash(block.number, ids.tolist(), basins)
            self._base.execute("INSERT INTO block VALUES (?, ?, ?, ?)", (block.number, len(basins), blob, mark))
            # What blocks that are gone have left.
            self._base.execute("DELETE FROM optimum WHERE id >= ?", (block.fresh.start,))
            self._base.execute("DELETE FROM basin WHERE id >= ?", (self._orbits,))
            self._base.executemany("INSERT INTO optimum VALUES (?, ?, ?, ?, ?, ?)", new)
            rows = ((k, *basin) for k, basin in enumerate(basins, self._orbits))
            self._base.executemany("INSERT INTO basin VALUES (?, ?, ?, ?)", rows)
        self._orbits += len(basins)

    # -- walls of a landscape ------------------------------------------------------------------------------------

    def walls(self, program: Program) -> Iterator[tuple[int, Optimum]]:
        """Columns and optimum of each wall in the file, replayed; after :meth:`blocks`.

        Raises
        ------
        InputError
            A wall was changed.
        """
        from exactgeo.basin import solvers

        solver = solvers.of(program)
        with self._reading("its walls"):
            there = self._base.execute("SELECT count(*) FROM sqlite_master WHERE name = 'wall'").fetchone()[0]
            rows = self._base.execute("SELECT * FROM wall ORDER BY id").fetchall() if there else []
        for number, (*parts, mark) in enumerate(rows):
            with self._reading(f"wall {number}"):
                if mark != self._wall_hash(number, parts):
                    raise ValueError("another hash")
                _, columns, value, allowed, text = parts
                mask = int.from_bytes(columns, "little")
                best = _optimum(json.loads(text), _value(value), int.from_bytes(allowed, "little"))
                solver.replay(mask, best)
            yield mask, best
        self._walls = len(rows)

    def add_walls(self, answers: Sequence[tuple[int, Optimum]]) -> None:
        """Add solved walls, wholly or not at all."""
        rows = []
        for number, (mask, best) in enumerate(answers, self._walls):
            columns, allowed = (part.to_bytes(self._width, "little") for part in (mask, best.allowed))
            parts = (number, columns, _text(best.value), allowed, json.dumps(_plain(best)))
            rows.append((*parts, self._wall_hash(number, parts)))
        with self._transaction():
            self._base.execute(WALL)
            self._base.executemany("INSERT INTO wall VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._walls += len(rows)

    def _wall_hash(self, number: int, parts: Iterable[Any]) -> bytes:
        return hashlib.sha256(self._identity + repr((number, *parts)).encode()).digest()

    # -- the file -------------------------------------------------------------------------------------------------

    def _open(self, reduction: Reduction) -> None:
        """Make the tables, or make sure that they are those of this problem."""
        wanted = _identity(reduction)
        self._identity = hashlib.sha256(json.dumps(wanted).encode()).digest()
        slots = [
            (k, s, "".join("-0+"[q + 1] for q in reduction.regions[pattern.region]), pattern.sign)
            for k, group in enumerate(reduction.exchangeable)
            for s, pattern in enumerate(group.patterns)
        ]
        if self._new:
            with self._transaction():
                self._base.execute(f"PRAGMA application_id = {APPLICATION}")
                for statement in TABLES.split(";\n"):
                    self._base.execute(statement)
                self._base.executemany("INSERT INTO slot VALUES (?, ?, ?, ?)", slots)
                self._base.executemany("INSERT INTO meta VALUES (?, ?)", wanted.items())
            self._new = False
            return
        with self._reading("its head"):
            found = dict(self._base.execute("SELECT key, value FROM meta"))
            listed = self._base.execute("SELECT * FROM slot ORDER BY grouping, slot").fetchall()
        if found.get("problem") != wanted["problem"]:
            raise InputError(self.path, "the census of another problem", "one of this problem", "another path")
        if found != wanted:
            raise InputError(
                self.path, "a census whose basins are listed otherwise", "one of this version", "another path"
            )
        if listed != slots:
            raise self.changed("its patterns")


def _code(error: BaseException) -> int:
    """SQLite's primary code of an error; 0 for those of Python's own module."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


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


def _mark(row: tuple[Any, ...]) -> bytes:
    """The hash of an optimum as it is written."""
    return hashlib.sha256(repr(row).encode()).digest()


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
