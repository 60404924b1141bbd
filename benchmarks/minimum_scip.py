"""The global minimum: exactgeo with its certificate against SCIP, in one run, in processor time.

    OPENBLAS_NUM_THREADS=1 python benchmarks/minimum_scip.py [--limit SECONDS]

SCIP (pyscipopt) gets the same problem with output weights fixed at +-1, one model for each number of positive ones up to
permutation, all in one go under one time limit; ReLU as z - s, one of the two 0 by a binary variable and bounds of 50 on
inputs weights and biases: what a user would write. It stops at a gap of 1e-6. Its answer is a float, ours a rational with
a certificate, whose making and checking are counted.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import exactgeo as eg
from exactgeo import checking
from exactgeo.formats import problem_from_mapping

BOX = 50


def on_integers(m: int, d: int, n: int, seed: int = 0) -> eg.Problem:
    rng = random.Random(seed)
    x = [[rng.randint(-10, 10) for _ in range(d)] for _ in range(m)]
    y = [rng.randint(-10, 10) for _ in range(m)]
    return problem_from_mapping({"data": {"x": x, "y": y}, "network": {"widths": [n]}})


def named(name: str, n: int) -> eg.Problem:
    problem = eg.load(name)
    data = {"x": [[str(q) for q in row] for row in problem.x], "y": [str(q) for (q,) in problem.y]}
    return problem_from_mapping({"data": data, "network": {"widths": [n]}})


CASES = [
    ("D1, width 1", lambda: named("swirszcz-prop1", 1)),
    ("D2, width 1", lambda: named("swirszcz-prop2-local", 1)),
    ("D1, width 2", lambda: named("swirszcz-prop1", 2)),
    ("D2, width 2", lambda: named("swirszcz-prop2-local", 2)),
    ("line, m = 8, width 2", lambda: on_integers(8, 1, 2)),
    ("plane, m = 8, width 2", lambda: on_integers(8, 2, 2)),
    ("plane, m = 12, width 2", lambda: on_integers(12, 2, 2)),
]


def ours(problem: eg.Problem) -> tuple[float, float, float]:
    """The minimum, and seconds of processor time for it with its certificate, and for the checker."""
    begun = time.process_time()
    found = eg.minimum(problem)
    certificate = found.certificate
    assert found.complete
    assert certificate is not None
    with tempfile.TemporaryDirectory() as folder:
        path = certificate.write(Path(folder) / "minimum.json")
        made = time.process_time() - begun
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(checking.CHECKER), str(path)], stdout=subprocess.PIPE, check=False
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    return float(found.minimum), made, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def scip(problem: eg.Problem, limit: float) -> tuple[float, float, bool]:
    """The least loss over all signs, seconds of processor time, and whether all were solved within the limit."""
    n = problem.network.widths[0]
    begun, least, complete = time.process_time(), float("inf"), True
    for up in range(n + 1):
        left = limit - (time.process_time() - begun)
        if left <= 0:
            return least, time.process_time() - begun, False
        model = model_of(problem, [1] * up + [-1] * (n - up))
        model.setParam("limits/time", left)
        model.setParam("limits/gap", 1e-6)
        model.setParam("timing/clocktype", 1)
        model.optimize()
        complete = complete and model.getStatus() in ("optimal", "gaplimit")
        if model.getNSols():
            least = min(least, model.getObjVal())
    return least, time.process_time() - begun, complete


def model_of(problem: eg.Problem, signs: list[int]):
    from pyscipopt import Model, quicksum

    model = Model()
    model.hideOutput()
    d = problem.d
    w = [[model.addVar(lb=-BOX, ub=BOX) for _ in range(d + 1)] for _ in signs]
    c = model.addVar(lb=None, ub=None)
    terms = []
    for row, (y,) in zip(problem.x, problem.y, strict=True):
        out = []
        for unit in w:
            reach = BOX * (sum(abs(float(q)) for q in row) + 1)
            a, s, side = model.addVar(lb=0, ub=reach), model.addVar(lb=0, ub=reach), model.addVar(vtype="B")
            model.addCons(quicksum(float(q) * v for q, v in zip(row, unit[:d], strict=True)) + unit[d] == a - s)
            model.addCons(a <= reach * side)
            model.addCons(s <= reach * (1 - side))
            out.append(a)
        e = model.addVar(lb=None, ub=None)
        model.addCons(e == quicksum(b * a for b, a in zip(signs, out, strict=True)) + c - float(y))
        terms.append(e * e)
    objective = model.addVar(lb=0, ub=None)
    model.addCons(quicksum(terms) <= objective)
    model.setObjective(objective, "minimize")
    return model


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=float, default=120.0, help="seconds of processor time for SCIP, each case")
    limit = parser.parse_args().limit
    ours(on_integers(4, 1, 1))  # modules are loaded
    print("| case | minimum | exactgeo, s | checker, s | SCIP, s | ratio |\n|---|---|---|---|---|---|")
    for name, make in CASES:
        problem = make()
        mine, made, checked = ours(problem)
        theirs, seconds, complete = scip(problem, limit)
        note = "" if complete else " (limit)"
        assert not complete or abs(mine - theirs) <= 1e-3 * (1 + mine), (name, mine, theirs)
        more = "" if complete else "> "
        print(
            f"| {name} | {mine:.6g} | {made:.3f} | {checked:.2f} | {seconds:.2f}{note} | {more}{seconds / made:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
