"""Damages certificates on purpose: numbers, signs, indices, fields, cells, kinds, problems.

``python tests/forged/damage.py CERT.json [COUNT] [SEED]`` prints damaged certificates, one a line.
"""

from __future__ import annotations

import copy
import importlib.util
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

# Beside the tests in a checkout; in an installed package the tests lie within it.
CHECKER = next(
    p / "check.py"
    for p in (Path(__file__).parents[2] / "exactgeo", Path(__file__).parents[3])
    if (p / "check.py").exists()
)


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", str(CHECKER), *map(str, arguments)], capture_output=True, text=True, timeout=60
    )


@cache
def checker() -> ModuleType:
    """The checker loaded from its file, without the package around it; ``run`` checks a text."""
    spec = importlib.util.spec_from_file_location("exactgeo.check", CHECKER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # A companion finds the checker under this name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)

    def run(text: str) -> str:
        module.read = lambda path: (text.encode(), text)
        try:
            return str(module.examine("certificate", None)["statement"])
        except (module.Rejected, module.Refused):
            raise
        except Exception as error:
            # What the command calls malformed.
            raise module.Refused(f"malformed ({type(error).__name__})") from error

    module.run = run
    return module


def outcome(text: str) -> str:
    """The statement, or the reason for not accepting it."""
    module = checker()
    try:
        return f"accepted: {module.run(text)}"
    except (module.Rejected, module.Refused) as error:
        return f"{type(error).__name__}: {error}"


def places(tree: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every entry of a tree."""
    if way:
        yield way
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield from places(value, (*way, key))


def _at(tree: Any, way: tuple[Any, ...]) -> Any:
    for step in way:
        tree = tree[step]
    return tree


def _number(text: str, rng: random.Random) -> str:
    q = Fraction(text)
    return str(
        rng.choice(
            [
                q + 1,
                q - 1,
                -q,
                2 * q,
                q / 2,
                Fraction(0),
                Fraction(1),
                q + Fraction(1, 10**9),
                Fraction(rng.randint(-5, 5)),
            ]
        )
    )


def _leaf(value: Any, rng: random.Random) -> Any:
    """Another value of the same type, or sometimes of another."""
    if rng.random() < 0.04:
        return rng.choice([None, 0, 1.5, "1/0", "2/4", "00", "-0", "", [], {}, True, "1e9", " 1"])
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return rng.choice([value + 1, value - 1, -value, 0, 1, 10**6, rng.randint(-4, 12)])
    if isinstance(value, str):
        try:
            return _number(value, rng)
        except (ValueError, ZeroDivisionError):
            pass
        if value and set(value) <= set("+-0"):
            place = rng.randrange(len(value))
            return rng.choice(
                [value[:place] + rng.choice("+-0") + value[place + 1 :], value[1:], value + "+", value[::-1]]
            )
        words = ["squared", "half_squared", "absolute", "huber(1)", "hinge", "squared_hinge", "sum", "mean", "split"]
        words += ["implied", "farkas", "bound", "strict", "strict_modulo_symmetry", "flat", "local_minimum", "regions"]
        words += [
            "not_local_minimum",
            "lower_point",
            "global_minimum",
            "lower_bound",
            "basin_optimum",
            "strictness",
            "landscape",
            "barrier",
            "path",
            "penalised_minimum",
            "penalised_descent",
            "norm",
            "exactgeo-certificate",
            value + " ",
        ]
        return rng.choice(words)
    return rng.choice(["0", 0, None, []])


def damaged(tree: dict[str, Any], others: list[dict[str, Any]], rng: random.Random) -> dict[str, Any]:
    """One damaged copy: one to three changes somewhere in the certificate."""
    result = copy.deepcopy(tree)
    for _ in range(rng.choice([1, 1, 1, 1, 2, 3])):
        ways = list(places(result))
        way = rng.choice(ways)
        inner = [w for w in ways if not isinstance(_at(result, w), dict | list)]
        holder, key = _at(result, way[:-1]), way[-1]
        kind = rng.random()
        if kind < 0.55 and inner:
            way = rng.choice(inner)
            _at(result, way[:-1])[way[-1]] = _leaf(_at(result, way), rng)
        elif kind < 0.67:
            del holder[key]
        elif kind < 0.74 and isinstance(holder, list):
            holder.insert(rng.randrange(len(holder) + 1), copy.deepcopy(holder[key]))
        elif kind < 0.84:
            other = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            holder[key], holder[other] = holder[other], holder[key]
        elif kind < 0.88 and isinstance(holder, dict):
            holder[rng.choice(["note", str(rng.randint(0, 9)), key + "2"])] = holder[key]
        elif kind < 0.93:
            # Something from elsewhere in the same place.
            source = rng.choice(ways)
            holder[key] = copy.deepcopy(_at(tree, source)) if _exists(tree, source) else holder[key]
        else:
            donor = rng.choice(others)
            part = rng.choice(["problem", "claims", "arrangement"])
            if part in donor:
                result[part] = copy.deepcopy(donor[part])
    return result


def _exists(tree: Any, way: tuple[Any, ...]) -> bool:
    try:
        _at(tree, way)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def main(arguments: list[str]) -> None:
    tree = json.loads(Path(arguments[0]).read_text())
    rng = random.Random(int(arguments[2]) if arguments[2:] else 0)
    for _ in range(int(arguments[1]) if arguments[1:] else 10):
        print(json.dumps(damaged(tree, [tree], rng), sort_keys=True, separators=(",", ":")))


if __name__ == "__main__":
    main(sys.argv[1:])
