"""The fixed cost of small things: ``python benchmarks/small.py [--against FOLDER] [--seconds S]``.

Regions of small arrangements, a census of width 1, and the start of ``exactgeo certify`` of a proposition: processor time,
the least of as many runs as there is time for. The command is beside a process that imports the modules the command has
loaded at its end and that are not ours, numpy, flint, click and the standard library among them: what it needs and no
more. Its own bytecode is compiled beforehand, as that of an installed package is. ``--against`` measures another tree
(``git worktree add FOLDER main``) in the same run, one after the other in turn.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from arrangement_regions import Rows, braid, coxeter_b, generic, resonance

HERE = Path(__file__).resolve()

ARRANGEMENTS: dict[str, Callable[[], Rows]] = {
    "6 planes of R^3, generic": lambda: generic(3, 6),
    "10 planes of R^3, generic": lambda: generic(3, 10),
    "20 planes of R^3, generic": lambda: generic(3, 20),
    "resonance-3": lambda: resonance(3),
    "braid-5": lambda: braid(5),
    "8 hyperplanes of R^4, generic": lambda: generic(4, 8, 9),
    "B-4": lambda: coxeter_b(4),
    "resonance-4": lambda: resonance(4),
}

# The command as its script runs it: `-m` finds it first.
COMMAND = "import sys; sys.argv = ['exactgeo', 'certify', 'swirszcz-prop1']; from exactgeo.__main__ import run; run()"
LOADED = """
import sys
from exactgeo.cli import main
try:
    main(["certify", "swirszcz-prop1"])
except SystemExit:
    pass
print(*[name for name in sys.modules if name.partition(".")[0] not in ("exactgeo", "__main__")], file=sys.stderr)
print(len([name for name in sys.modules if name.partition(".")[0] == "exactgeo"]), file=sys.stderr)
"""
BARE = """
for name in {names}:
    try:
        __import__(name)
    except ImportError:
        pass
"""


def least(work: Callable[[], Any], runs: int = 60) -> float:
    """Processor milliseconds."""
    best = float("inf")
    for _ in range(runs):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return 1e3 * best


def random_problem(m: int, d: int) -> dict[str, Any]:
    rng = random.Random(3)
    x = [[rng.randint(-9, 9) for _ in range(d)] for _ in range(m)]
    return {"data": {"x": x, "y": [rng.randint(-9, 9) for _ in range(m)]}, "network": {"widths": [1]}}


def inside() -> None:
    """What is measured in one process, a line each."""
    import exactgeo as eg

    for name, rows in ARRANGEMENTS.items():
        listed = rows()
        count = eg.Arrangement(listed).regions().count
        spent = least(lambda listed=listed: eg.Arrangement(listed).regions())
        print(f"regions, {name}\t{count}\t{spent:.3f}", flush=True)
    problems = {"Proposition 1": eg.load("swirszcz-prop1")}
    problems |= {"line, m = 10": eg.load(random_problem(10, 1)), "plane, m = 10": eg.load(random_problem(10, 2))}
    for name, problem in problems.items():
        count = len(eg.basins(problem))
        spent = least(lambda problem=problem: eg.basins(problem))
        print(f"census of width 1, {name}\t{count}\t{spent:.3f}", flush=True)


def of_child(code: str, environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Elsewhere: `-c` looks for modules where it is run.
    subprocess.run([sys.executable, "-c", code], env=environment, cwd="/", capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, help="another tree of the repository")
    parser.add_argument("--seconds", type=float, default=40.0, help="for the start of the command")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        inside()
        return
    trees = {"here": HERE.parents[1]} | ({} if given.against is None else {"against": given.against.resolve()})
    with tempfile.TemporaryDirectory() as folder:
        environments = {}
        for name, tree in trees.items():
            known = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
            paths = os.pathsep.join([str(tree), str(HERE.parent)])
            environments[name] = known | {"PYTHONPATH": paths, "PYTHONPYCACHEPREFIX": str(Path(folder, name))}
        table(environments)
        start(environments, given.seconds)


def table(environments: dict[str, dict[str, str]]) -> None:
    rows: dict[tuple[str, str], dict[str, float]] = {}
    for _ in range(3):
        for name, environment in environments.items():
            run = [sys.executable, str(HERE), "--inside"]
            out = subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout
            for line in out.splitlines():
                what, count, spent = line.split("\t")
                row = rows.setdefault((what, count), {})
                row[name] = min(row.get(name, float("inf")), float(spent))
    print(f"| what | regions or basins | {' | '.join(f'{name}, ms' for name in environments)} |")
    print("|---" * (2 + len(environments)) + "|")
    for (what, count), row in rows.items():
        print(f"| {what} | {count} | {' | '.join(f'{spent:.2f}' for spent in row.values())} |")


def start(environments: dict[str, dict[str, str]], seconds: float) -> None:
    jobs, sizes = {}, {}
    for name, environment in environments.items():
        run = [sys.executable, "-c", LOADED]
        # Twice: the first writes the bytecode.
        for _ in range(2):
            done = subprocess.run(run, env=environment, cwd="/", capture_output=True, text=True, check=True)
        *_, names, ours = done.stderr.splitlines()
        jobs[name, "command"] = COMMAND
        jobs[name, "bare"] = BARE.format(names=names.split())
        sizes[name] = ours, len(names.split())
    spent = dict.fromkeys(jobs, float("inf"))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for (name, what), code in jobs.items():
            spent[name, what] = min(spent[name, what], of_child(code, environments[name]))
    print("\n| tree | modules, ours and others | the command, s | the others alone, s | ratio |\n|---|---|---|---|---|")
    for name, (ours, others) in sizes.items():
        whole, bare = spent[name, "command"], spent[name, "bare"]
        print(f"| {name} | {ours} and {others} | {whole:.3f} | {bare:.3f} | {whole / bare:.2f} |")


if __name__ == "__main__":
    main()
