"""Mutation testing of the checker, fast: mutmut makes the mutants, each runs in a fork against the pinned outcomes.

In a copy of the repository::

    mutmut run 'no_such_mutant'
    PYTHONPATH=.:tests/brute:tests/shared:tests/claims python tests/forged/mutants.py mutants/exactgeo/check_flat.py

One file or several; then names of mutants or of their functions (x_germ), if not all are to run. Of the pinned outcomes a mutant runs those that enter
its function, the quick ones and those that killed its neighbours first: ten milliseconds a mutant that dies.

A mutant is killed when any outcome differs from the original's: on the accepted, the forged and some damaged
certificates, on texts that are refused, on problem files beside, and of the command itself. Survivors are printed, each
as its function and the changed line: under these words its reason stands in ``survivors.txt``, whatever its number.
"""

from __future__ import annotations

import contextlib
import difflib
import gc
import importlib.util
import inspect
import io
import json
import os
import random
import re
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import beside
import edits
import test_check_intervals as intervals
import test_check_verdicts as pinned
from damage import CHECKER, checker, damaged
from degenerate import generate, to_problem
from forging import FOLDER, OLD, accepted, written
from labelled import labelled, two_outputs
from open_slopes import absolute_case, idle_case, with_loss

import exactgeo as eg
from exactgeo import library

SECONDS = 2  # of processor time of one outcome, and ten times as long as the original takes
MEMORY = 4 * 2**30
Steps = list[tuple[str, Any]]
Pinned = list[tuple[tuple[str, Any], str, float]]  # what is done, the outcome, the time it takes


def load(path: Path) -> ModuleType:
    """mutmut's file with the mutants as a table instead of its trampolines."""
    text = path.read_text()
    line = re.search(r"^from mutmut\.mutation\.trampoline import .*$", text, re.MULTILINE)
    assert line is not None, "not a file made by mutmut"
    text = text.replace(line[0], "MutantDict = dict\n_mutmut_mutated = lambda table: lambda function: function")
    spec = importlib.util.spec_from_loader(f"exactgeo.{path.stem}", None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    # Companions lie beside the checker itself, and find it under its name.
    module.__file__ = str(CHECKER.with_name(path.name))
    if path.name == CHECKER.name:
        sys.modules[spec.name] = module
    exec(compile(text, str(path), "exec"), module.__dict__)
    return module


def together(paths: list[Path]) -> dict[str, ModuleType]:
    """The files as mutmut wrote them, which the core then loads in the place of its companions, and the core."""
    core = next((load(path) for path in paths if path.name == CHECKER.name), None) or checker()
    made, loaded = {CHECKER.name: core}, core.companion
    core.companion = lambda file: made[file] if file in made else loaded(file)
    for path in paths:
        if path.name not in made:
            made[path.name] = load(path)
    return made


def mutants(module: ModuleType) -> Iterator[tuple[str, FunctionType, FunctionType]]:
    """Name, function and changed function of each mutant."""
    holders = [module, *(value for value in vars(module).values() if isinstance(value, type))]
    for key, table in [item for holder in holders for item in vars(holder).items()]:
        if not key.startswith("mutants_x"):
            continue
        for name, function in table.items():
            if name == "_mutmut_orig":
                continue
            plain = re.sub(r"__mutmut_\d+$", "", name)
            if "ǁ" in plain:
                _, owner, attribute = plain.split("ǁ")
                yield name, vars(vars(module)[owner])[attribute], function
            else:
                yield name, vars(module)[plain.removeprefix("x_")], function


def changed(function: FunctionType, other: FunctionType) -> str:
    """The function and the lines in which the mutant is another: its name in ``survivors.txt``."""
    texts = [re.sub(r"def \S*?\(", "def (", inspect.getsource(f)).splitlines() for f in (function, other)]
    lines = [line[2:].strip() for line in difflib.ndiff(*texts) if line.startswith("+ ")]
    return f"{function.__qualname__} | {' '.join(lines)}"


def steps(folder: Path) -> Steps:
    """Everything whose outcome is compared: texts, problem files beside, calls of the command."""
    trees = [accepted(path.stem) for path in sorted((FOLDER / "accept").glob("*.json"))]
    problems = [eg.load(name) for name, _ in library.names()]
    problems += [to_problem(generate(random.Random(seed), seed % 2 == 0)) for seed in range(25)]
    for seed in range(60):
        rng = random.Random(seed)
        kind = rng.choice(("absolute", "absolute", "hinge", "huber", "squared_hinge"))
        problems.append(with_loss(idle_case(rng) if seed % 4 == 0 else absolute_case(rng), kind, rng))
        problems.append(two_outputs(labelled(rng), rng) if seed % 8 == 0 else labelled(rng))
    for problem in problems:
        certificate = eg.certify(problem, time_limit=0).certificate
        trees += [json.loads(certificate.to_json())] if certificate is not None else []
    found: Steps = [("text", written(tree)) for tree in trees]
    for folder_v in (FOLDER / "reject", OLD / "reject", OLD / "accept"):
        found += [("text", path.read_text()) for path in sorted(folder_v.glob("*.json"))]
    rng = random.Random(5)
    found += [("text", written(damaged(tree, trees, rng))) for tree in trees for _ in range(4)]
    prop1 = pinned.PROP1
    found += [("rays", rows) for rows in pinned.arrangements()]
    found += [("enclosures", name) for name in pinned.GENERATORS]
    found += [("intervals", family) for family in intervals.FAMILIES]
    found += [("restated", item) for item in beside.NAMED]
    found += [
        ("forms", None),
        ("shares", None),
        ("logarithms", None),
        ("roots", pinned.ROOTS),
        ("cancelling", pinned.CANCELLING),
        ("signs", None),
        ("meter", None),
    ]
    found += [("text", written(tree)) for tree, _ in pinned.STATED.values()]
    found += [("text", edits.text_of(item)) for item in edits.pinned()]
    found += [("shown", [str(k) for k in range(number)]) for number in (12, 13)]
    for old, new in REFUSED:
        found.append(("text", prop1.replace(old, new)))
    found += [("text", text) for text in ("", "{}", "[]", "[" * 5000, '{"a":' * 5000, prop1[:-3], prop1 * 2)]
    marks = [mark for mark in pinned.test_the_problem_beside.pytestmark if mark.name == "parametrize"]
    for old, new, _ in marks[0].args[1]:
        found.append(("beside", (prop1, pinned.TOML.replace(old, new, 1) if old else pinned.TOML)))
    frozen = '{"data":{"x":[[0],[1],[2]],"y":[-3,4,-3]},"network":{"widths":[3]},"train":{"output":false,"output_bias":false},'
    frozen += '"point":{"weights":[[[0],[0],[0]],[[1,-2,0]]],"biases":[[0,0,0],[%s]]}}'
    minima = eg.basins(eg.load("swirszcz-prop1")).prove(minima=True)
    assert minima is not None
    for text in (minima.to_json(), written(accepted("prop1-global")), written(accepted("landscape-linear-model"))):
        found.append(("beside", (text, pinned.TOML)))
    census = written(accepted("census-frozen"))
    found += [("beside", (census, frozen % value)) for value in ("1", "2", '" 2/ 2 "', "1e9999999", "0.10e1")]
    affine = written(accepted("regions-affine"))
    for offset in ("3", "4"):
        text = '{"normals":[[1,0],[10000000,1],[0,1],[0,0]],"offsets":[0,1,2,' + offset + "]}"
        found.append(("beside", (affine, text)))
    found.append(("beside", (written(accepted("regions-central")),
                             '{"normals":[[1,0,0],[0,1,0],[1,1,0],[2,0,0],[0,0,0],[1,2,3]],"offsets":[0,0,0,0,0,0]}')))  # fmt: skip
    found += [
        ("beside", (prop1, text)) for text in (".".join("a" * 50) + " = 1", "x = [", "", "[]", '{"data":1,"data":2}')
    ]
    files = {"good.json": prop1.encode(), "latin.json": b"\xff", "mark.json": b"\xef\xbb\xbf" + prop1.encode()}
    for digits in (49, 50_000, 50_001, 12_000):
        number = b'"' + b"7" * digits + b'"'
        files[f"{digits}.json"] = prop1.encode().replace(b'"18"', number)
        files[f"many-{digits}.json"] = prop1.encode().replace(b'"18"', b",".join([number] * 42))
    for name, data in files.items():
        (folder / name).write_bytes(data)
        found.append(("main", [str(folder / name)]))
    (folder / "prop1.toml").write_text(pinned.TOML)
    short = accepted("plateau")
    short["claims"][-1]["losses"].pop()
    (folder / "malformed.json").write_text(written(short))
    found.append(("main", [str(folder / "malformed.json")]))
    good = str(folder / "good.json")
    found += [("main", arguments) for arguments in (
        [], ["--json"], [good, "--json"], ["--json", good], [good, good, good], [good, str(folder / "prop1.toml")],
        [good, good], [str(folder / "missing.json")], [str(folder)], [str(folder / "latin.json"), "--json"])]  # fmt: skip
    return found


REFUSED = [
    ('"18"', text)
    for text in ("18.0", "1e2", "NaN", "18", '"36/2"', '"18/1"', '"+18"', '"018"', '"-0"', '"18/0"', "null")
] + [
    ('"version":2', '"version":3'),
    ('"version":2', '"version":true'),
    ('"version":2', '"version":1,"version":1'),
    ('"version":2', '"version":1,"note":""'),
    ('"exactgeo-certificate"', '"vipr"'),
    ('"radius":"1/8",', ""),
    ('"kind":"local_minimum"', '"kind":"theorem"'),
    ('"kind":"local_minimum"', '"kind":"regions"'),
    ('"kind":"local_minimum",', ""),
    ('"kind":"squared"', '"kind":"logistic"'),
    ('"kind":"squared"', '"kind":"huber(2/4)"'),
    ('"kind":"squared"', '"kind":"huber(-1)"'),
    ('"kind":"squared"', '"kind":"huber(0)"'),
    ('"kind":"squared"', '"kind":"huber(1"'),
    ('"kind":"squared"', '"kind":"hinge"'),
    ('"reduction":"sum"', '"reduction":"max"'),
    ('"widths":[1]', '"widths":[1000000]'),
    ('"widths":[1]', '"widths":[-1]'),
    ('"widths":[1]', '"widths":[1,1]'),
    ('"activation":["1","0"]', '"activation":["1"]'),
    ('"output_bias":true,"widths"', '"output_bias":1,"widths"'),
    ('"output_bias":true,"widths"', '"output_bias":false,"widths"'),
    ('"hidden_bias":[true]', '"hidden_bias":[]'),
    ('"hidden":[true]', '"hidden":[1]'),
    ('"hidden":[true]', '"hidden":["no"]'),
    ('"hidden":[true]', '"hidden":[]'),
    ('[["5"],["4"],', '[["5","1"],["4"],'),
    ('[["5"],["4"],["3"],["1"],["-1"]]', "[]"),
    ('[["2"],["1"],["0"],["-3"],["3"]]', "[[],[],[],[],[]]"),
]


def outcome(module: ModuleType, kind: str, step: Any) -> str:
    """What is seen of a step, and the work that was counted: a limit that no test reaches is held by its count."""
    forget(module)
    module.meter.spent, module.meter.size = 0, 1
    return f"{seen_of(module, kind, step)} {module.meter.spent} {module.meter.size}"


def seen_of(module: ModuleType, kind: str, step: Any) -> str:
    if kind == "main":
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = module.main(list(step))
        return f"{code} {out.getvalue()} {err.getvalue()}"
    if kind == "shown":
        return str(module.companion("check_landscape.py").shown(step))
    if kind == "restated":
        return beside.read(module.companion("check_problem.py"), *step)
    if kind == "roots":
        return str([module.companion("check_critical.py").root(q) for q in step])
    if kind == "cancelling":
        return str([module.companion("check_penalty.py").positive(lines, rays) for lines, rays, _ in step])
    if kind == "forms":
        return str(pinned.forms(module))
    if kind == "shares":
        return str(pinned.shares(module))
    if kind == "logarithms":
        return str(pinned.logarithms(module))
    if kind == "meter":
        return str(pinned.metered(module))
    if kind == "signs":
        return str(pinned.signs(module.companion("check_logistic.py")))
    if kind == "enclosures":
        return str(pinned.enclosed(module.companion("check_logistic.py"), step))
    if kind == "intervals":
        return str(intervals.seen(module, step))
    if kind == "rays":
        try:
            planes = tuple(sorted({module.line(row) for row in step if any(row)}))
            return f"{sorted(map(module.primitive, module.generators(step)))} {module.count(planes, 10**9, {})}"
        except Exception as error:
            return type(error).__name__
    texts = {"certificate": step} if kind == "text" else {"certificate": step[0], "problem": step[1]}
    kept, module.read = module.read, lambda path: (texts[path].encode(), texts[path])
    try:
        return repr(module.examine("certificate", None if kind == "text" else "problem"))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        module.read = kept


def measured(core: ModuleType, todo: Steps, functions: set[FunctionType]) -> dict[FunctionType, Pinned]:
    """For each function the outcomes that enter it, the quickest first: no other can see its mutants."""
    codes = {function.__code__: function for function in functions}
    seen: dict[FunctionType, Pinned] = {function: [] for function in functions}
    for step in todo:
        before = time.process_time()
        old = outcome(core, *step)
        spent = time.process_time() - before
        entered: set[Any] = set()
        sys.setprofile(lambda frame, event, _, entered=entered: entered.add(frame.f_code))
        try:
            again = outcome(core, *step)
        finally:
            sys.setprofile(None)
        assert again == old, "an outcome changes by itself"
        for code in entered & codes.keys():
            seen[codes[code]].append((step, old, spent))
    for pins in seen.values():
        pins.sort(key=lambda pin: pin[2])
    return seen


def forget(core: ModuleType) -> None:
    """What was remembered by functions that a mutant may change; companions stay loaded."""
    for path in CHECKER.parent.glob("check_*.py"):
        for value in vars(core.companion(path.name)).values():
            if hasattr(value, "cache_clear") and value.__name__ != "companion":
                value.cache_clear()


def first_difference(core: ModuleType, function: FunctionType, other: FunctionType, todo: Pinned) -> int | None:
    """The first outcome that a mutant changes (0 if it does not end), None if it survives."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        # The code and not the name: tables and companions hold the function itself.
        function.__code__, function.__defaults__ = other.__code__, other.__defaults__
        function.__kwdefaults__ = other.__kwdefaults__
        for place, (step, old, spent) in enumerate(todo):
            signal.setitimer(signal.ITIMER_PROF, SECONDS + 10 * spent)
            try:
                same = outcome(core, *step) == old
            except BaseException:
                same = False
            if not same:
                os.write(writer, str(place).encode())
                os._exit(1)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    return None if os.waitpid(child, 0)[1] == 0 else int(text or 0)


def main(paths: list[Path], only: set[str]) -> None:
    made = together(paths)
    core = made[CHECKER.name]
    survivors = Path(__file__).with_name("survivors.txt")
    known = set(survivors.read_text().splitlines()) if survivors.exists() else set()
    with tempfile.TemporaryDirectory() as folder:
        every = {path.name: list(mutants(made[path.name])) for path in paths}
        seen = measured(core, steps(Path(folder)), {function for found in every.values() for _, function, _ in found})
        gc.freeze()
        for file, found in every.items():
            killed = left = 0
            for name, function, other in found:
                if only and not only & {name, name.partition("__mutmut_")[0]}:
                    continue
                todo = seen[function]
                place = first_difference(core, function, other, todo)
                if place is None:
                    left += 1
                    line = changed(function, other)
                    print(f"{file} {name}{'' if line in known else ' NEW'}\n{line}", flush=True)
                else:
                    killed += 1
                    # What kills one mutant of a function often kills the next.
                    todo.insert(0, todo.pop(place))
            print(f"{file}: {len(found)} mutants, {killed} killed, {left} survive", flush=True)


if __name__ == "__main__":
    files = [Path(name) for name in sys.argv[1:] if name.endswith(".py")]
    main(files, {name for name in sys.argv[1:] if not name.endswith(".py")})
