"""Random damage to stores: the answer is that of the run that wrote them, or one line refuses the file.

    pytest -m slow tests/test_store_damage.py

does 10,000 of them, a few hundred are in the default suite.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from losses import loss_names
from problems import D1, line, problem

from exactgeo.basin import census
from exactgeo.errors import InputError
from exactgeo.landscape import landscape
from exactgeo.store import Store

SCHEDULE, WALLS = "exactgeo.basin.schedule.BLOCK", "exactgeo.landscape.walls.TOGETHER"


def census_answer(case: Any, store: Store | None) -> Any:
    found = census(case, store=store)
    assert found.complete
    return found.count, found.minimum, found.values, found.to_records()


def landscape_answer(case: Any, store: Store | None) -> Any:
    found = landscape(case, store=store)
    assert found.complete
    return found.to_json(), found.census.to_records()


ANSWERS = {"census": census_answer, "landscape": landscape_answer}


class Unfinished(Store):
    """Ends after two blocks, or after some walls."""

    def add(self, reduction, block, optima):
        if block.number == 2:
            raise KeyboardInterrupt
        super().add(reduction, block, optima)

    def add_walls(self, answers):
        super().add_walls(answers[:2])
        raise KeyboardInterrupt


def made(folder: Path, kind: str, finished: bool, case: Any) -> bytes:
    """The bytes of a store."""
    path = folder / f"{kind}-{finished}.sqlite"
    if not finished and kind == "landscape":
        with Store(path) as store:
            census(case, store=store)
    try:
        with (Store if finished else Unfinished)(path) as store:
            ended = (census if kind == "census" else landscape)(case, store=store).complete
    except KeyboardInterrupt:
        ended = False
    assert ended is finished
    return path.read_bytes()


def flipped(content: bytes, rng: random.Random) -> bytes:
    """One bit, a few, a byte, a stretch of zeros, a piece of another place, or the end cut off."""
    data = bytearray(content)
    kind = rng.random()
    if kind < 0.55:
        for _ in range(1 if kind < 0.4 else rng.randint(2, 8)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind < 0.7:
        data[rng.randrange(len(data))] = rng.randrange(256)
    elif kind < 0.8:
        first = rng.randrange(len(data))
        last = min(len(data), first + rng.randint(1, 600))
        data[first:last] = bytes(last - first)
    elif kind < 0.95:
        size = rng.choice((1, 8, 100, 4096))
        one, other = (size * rng.randrange(len(data) // size) for _ in range(2))
        data[one : one + size] = data[other : other + size]
    else:
        del data[rng.randrange(len(data)) :]
    return bytes(data)


def damage(folder: Path, kind: str, finished: bool, case: Any, count: int, seed: int) -> dict[str, int]:
    rng, answer = random.Random(seed), ANSWERS[kind]
    content, wanted = made(folder, kind, finished, case), answer(case, None)
    path, seen = folder / "damaged.sqlite", {"identical": 0, "refused": 0}
    for number in range(count):
        for part in folder.glob("damaged.sqlite*"):
            part.unlink()
        changed = flipped(content, rng)
        path.write_bytes(changed)
        try:
            with Store(path) as store:
                # Nobody cuts the power here.
                store._base.execute("PRAGMA synchronous = OFF")
                found = answer(case, store)
        except InputError as error:
            refusal = str(error)
            seen["refused"] += refusal.startswith(f"{path}: got ") and "\n" not in refusal
        else:
            assert found == wanted, (kind, finished, seed, number)
            seen["identical"] += 1
    assert sum(seen.values()) == count
    return seen


KINDS = [(kind, finished) for kind in ANSWERS for finished in (True, False)]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(SCHEDULE, 16)


@pytest.mark.parametrize(("kind", "finished"), KINDS)
def test_damaged_bits_are_refused_or_change_nothing(tmp_path, kind, finished):
    case = problem(*D1, 2)
    seen = damage(tmp_path, kind, finished, case, 80, seed=3)
    assert min(seen.values()) > 5


@pytest.mark.parametrize("loss", ["logistic", "absolute", "huber(1)"])
def test_damaged_bits_of_other_losses(tmp_path, loss):
    seen = damage(tmp_path, "census", True, line(4, 1, kind=loss), 40, seed=5)
    assert seen["refused"] > 4


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("kind", "finished"), KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_ten_thousand_damages(tmp_path, kind, finished, seed, monkeypatch):
    width = 2 if not seed else 1
    monkeypatch.setattr(SCHEDULE, 16 if width == 2 else 4)
    seen = damage(tmp_path, kind, finished, problem(*D1, width), 500, seed=seed)
    print(kind, finished, seed, seen)
    assert min(seen.values()) > 50


# -- what bits do not reach: a file that somebody changed with its hashes --------------------------------------------------


def changed(path: Path, change: str, *, rehash: bool = True) -> None:
    """Change a store by SQL and give its blocks the hashes that belong to what is there then."""
    with sqlite3.connect(path) as base:
        base.execute(change)
    base.close()
    if rehash:
        hashes: list[bytes] = []

        class Believing(Store):
            def _hash(self, number, optima, basins):
                hashes.append(super()._hash(number, optima, basins))
                return self.stored[number]

        with Believing(path) as store:
            store.stored = [row[0] for row in store._base.execute("SELECT hash FROM block ORDER BY id")]
            with pytest.raises(InputError):
                census(problem(*D1, 2), store=store)
        with sqlite3.connect(path) as base:
            base.executemany("UPDATE block SET hash = ? WHERE id = ?", [(q, k) for k, q in enumerate(hashes)])
        base.close()


FORGED = [
    "UPDATE optimum SET value = '0' WHERE id = 0",
    "UPDATE optimum SET value = '1e3' WHERE id = 1",
    "UPDATE optimum SET basis = (SELECT basis FROM optimum WHERE id = 2) WHERE id = 1",
    "UPDATE optimum SET basis = '-1' WHERE id = 1",
    "UPDATE optimum SET basis = '999' WHERE id = 1",
    "UPDATE optimum SET basis = NULL, whole = '{}' WHERE id = 0",
    "UPDATE optimum SET support = zeroblob(8) WHERE id = 1",
    "UPDATE optimum SET allowed = zeroblob(8) WHERE id = 0",
    "UPDATE basin SET optimum = (optimum + 1) % 3 WHERE id < 16",
    "UPDATE basin SET optimum = 999 WHERE id = 3",
]


@pytest.mark.parametrize("change", FORGED)
def test_a_change_with_its_hashes_does_not_stand_its_replay(tmp_path, change):
    case, path = problem(*D1, 2), tmp_path / "run.sqlite"
    with Store(path) as store:
        census(case, store=store)
    changed(path, change)
    with Store(path) as store, pytest.raises(InputError, match="changed or damaged"):
        census(case, store=store)


@pytest.mark.parametrize("number", [0, 2])
def test_an_optimum_twice_is_refused(tmp_path, monkeypatch, number):
    """In its block, or in an earlier one."""
    monkeypatch.setattr(SCHEDULE, 64)
    case, path = line(5, 2), tmp_path / "run.sqlite"
    with Store(path) as store:
        census(case, store=store)
    first: list[Any] = []

    class Twice(Store):
        def blocks(self, reduction):
            for kept in super().blocks(reduction):
                first.append(kept.fresh[0])
                yield replace(kept, fresh=[*kept.fresh, first[0]]) if kept.number == number else kept

    with Twice(path) as store, pytest.raises(InputError, match=rf"block {number}: an optimum twice"):
        census(case, store=store)


@pytest.mark.parametrize("loss", loss_names())
def test_a_stored_value_that_is_another_is_refused_for_every_loss(tmp_path, loss):
    case, path = line(4, 1, kind=loss), tmp_path / "run.sqlite"
    with Store(path) as store:
        census(case, store=store)
    changed(path, "UPDATE optimum SET value = '7/5' WHERE id = 0", rehash=False)

    class Believing(Store):
        def _hash(self, number, optima, basins):
            return self._base.execute("SELECT hash FROM block WHERE id = ?", (number,)).fetchone()[0]

    with Believing(path) as store, pytest.raises(InputError, match=r"changed or damaged \(block 0\)"):
        census(case, store=store)


CHANGES: dict[str, Callable[[sqlite3.Connection], object]] = {
    "two blocks exchanged": lambda base: base.executescript(
        "UPDATE block SET id = -1 WHERE id = 0; UPDATE block SET id = 0 WHERE id = 1; UPDATE block SET id = 1 WHERE id = -1"
    ),
    "a block gone": lambda base: base.execute("DELETE FROM block WHERE id = 1"),
    "a basin gone": lambda base: base.execute("DELETE FROM basin WHERE id = 5"),
    "another multiplicity": lambda base: base.execute("UPDATE basin SET multiplicity = 3 WHERE id = 5"),
    "other patterns": lambda base: base.execute("UPDATE basin SET slots = '0 0' WHERE id = 5"),
    "another region": lambda base: base.execute("UPDATE slot SET region = '+++++' WHERE slot = 1"),
    "very many orbits": lambda base: base.execute("UPDATE block SET orbits = 1 << 60 WHERE id = 1"),
    "very many optima": lambda base: base.execute("UPDATE block SET optima = x'ffffff7f' WHERE id = 0"),
    "a float": lambda base: base.execute("UPDATE basin SET optimum = optimum + 0.5 WHERE id = 5"),
    "no table": lambda base: base.execute("DROP TABLE optimum"),
    "a longer row": lambda base: base.execute("ALTER TABLE optimum ADD COLUMN more TEXT"),
    "blobs for texts": lambda base: base.execute("UPDATE optimum SET value = CAST(value AS BLOB)"),
    "a problem's name": lambda base: base.execute("UPDATE meta SET value = x'ff' WHERE key = 'problem'"),
    "too many blocks": lambda base: base.execute(
        "INSERT INTO block SELECT 99, orbits, optima, hash FROM block WHERE id = 0"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_tables_are_refused(tmp_path, change):
    case, path = problem(*D1, 2), tmp_path / "run.sqlite"
    with Store(path) as store:
        census(case, store=store)
    with sqlite3.connect(path) as base:
        CHANGES[change](base)
    base.close()
    with Store(path) as store, pytest.raises(InputError, match=r"changed or damaged|another problem"):
        census(case, store=store)


def test_a_block_of_another_problem_is_refused(tmp_path):
    """With its optima and its hash: the hash is of the problem too."""
    one, other = problem(*D1, 2), line(5, 2)
    for name, case in (("one", one), ("other", other)):
        with Store(tmp_path / f"{name}.sqlite") as store:
            census(case, store=store)
    with sqlite3.connect(tmp_path / "one.sqlite") as base:
        base.execute("ATTACH ? AS other", (str(tmp_path / "other.sqlite"),))
        for table in ("optimum", "basin", "block"):
            base.execute(f"DELETE FROM {table}")
            base.execute(f"INSERT INTO {table} SELECT * FROM other.{table}")
    base.close()
    with Store(tmp_path / "one.sqlite") as store, pytest.raises(InputError, match="changed or damaged"):
        census(one, store=store)
