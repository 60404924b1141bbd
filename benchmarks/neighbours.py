"""The same questions to exactgeo and to its neighbours: what each one answers, with which proof, in which time.

    pip install '.[test]' z3-solver dreal passagemath-polyhedra
    python benchmarks/neighbours.py [QUESTION ...]

What is not installed is said to be so and left out. Each answer is given in a process of its own, ended after --limit seconds
(60); the time is that of its processor, without imports. Questions: local, three, twenty, refute, global, regions.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import queue
import time
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import exactgeo as eg

Answer = Callable[[], str]


@cache
def problem_of(name: str) -> Any:
    """A named problem; ``zigzag`` is four ReLU units on twenty points, at the exact local minimum beside where training ends."""
    if name != "zigzag":
        return eg.load(name)
    x, y = [[t] for t in range(20)], [(t * t) % 7 for t in range(20)]
    first = [[[1], [-1], [1], [1]], [[-0.5, 0.25, 0.75, -0.5]]]
    start = eg.from_arrays(x, y, first, [[-2.5, 7.5, -12.5, -16.5], [2.0]], reduction="sum")
    return start.at(eg.polish(start).point)


def parts(name: str) -> tuple[Any, list[int], list[int], list[Fraction]]:
    """A problem with one input and one hidden layer, its data, and its point as one list: all w, all b, all v, c."""
    problem = problem_of(name)
    (first, second), (bias, output) = problem.point.weights, problem.point.biases
    point = [*(row[0] for row in first), *bias, *second[0], *output]
    return problem, [row[0] for row in problem.x], [row[0] for row in problem.y], point


def loss(q: Any, x: Any, y: Any, relu: Callable[[Any], Any]) -> Any:
    """The squared loss in any arithmetic."""
    h = (len(q) - 1) // 3
    w, b, v, c = q[:h], q[h : 2 * h], q[2 * h : 3 * h], q[-1]
    fits = [sum(v[i] * relu(w[i] * s + b[i]) for i in range(h)) + c for s in x]
    return sum((p - t) ** 2 for p, t in zip(fits, y, strict=True))


# -- is the point a local minimum? -------------------------------------------------------------------------------------


def exactgeo_certify(name: str) -> str:
    """The local question alone, as it is put to the others."""
    verdict = eg.certify(problem_of(name), strictness=False, time_limit=0)
    assert verdict.certificate is not None
    return f"{verdict.kind}, proved; certificate"


def numpy_hessian(name: str) -> str:
    """Central differences in float64, as the usual diagnostics have them."""
    import numpy as np

    _, x, y, point = parts(name)
    q0 = np.array([float(q) for q in point])
    xs, ys = [float(s) for s in x], [float(t) for t in y]

    def f(q: Any) -> float:
        return float(loss(list(q), xs, ys, lambda z: max(z, 0.0)))

    n, step = len(q0), 1e-4
    unit = np.eye(n) * step
    gradient = np.array([(f(q0 + e) - f(q0 - e)) / (2 * step) for e in unit])
    hessian = np.array(
        [[(f(q0 + a + b) - f(q0 + a - b) - f(q0 - a + b) + f(q0 - a - b)) / (4 * step**2) for b in unit] for a in unit]
    )
    least = float(np.linalg.eigvalsh(hessian)[0])
    return f"gradient {np.abs(gradient).max():.1e}, least eigenvalue {least:.1e}: no proof"


def sympy_hessian(name: str) -> str:
    """Symbolic derivatives of sum (v relu(w x + b) + c - y)^2, then the point put in."""
    import sympy

    _, x, y, point = parts(name)
    names = sympy.symbols(f"q0:{len(point)}", real=True)
    f = loss(
        list(names), [sympy.Rational(str(s)) for s in x], [sympy.Rational(str(t)) for t in y], lambda z: sympy.Max(z, 0)
    )
    at = {one: sympy.Rational(str(q)) for one, q in zip(names, point, strict=True)}
    gradient = [sympy.diff(f, one).subs(at) for one in names]
    hessian = sympy.Matrix(len(names), len(names), lambda i, j: sympy.diff(f, names[i], names[j]).subs(at))
    if any(not entry.is_finite or entry.has(sympy.DiracDelta, sympy.Heaviside) for entry in hessian):
        return f"gradient {max(abs(q) for q in gradient)}; the Hessian does not exist (a kink)"
    eigenvalues = sorted(sympy.re(sympy.N(q)) for q in hessian.eigenvals())
    return f"gradient {max(abs(q) for q in gradient)}, least eigenvalue {float(eigenvalues[0]):.1e}"


def z3_lower(name: str, radius: Fraction | None, below: Fraction) -> str:
    """Is there a point with a lower loss, within a box or anywhere, over the reals?"""
    import z3

    _, x, y, point = parts(name)
    q = [z3.Real(f"q{k}") for k in range(len(point))]
    solver = z3.Solver()
    f = loss(
        q,
        [z3.Q(s.numerator, s.denominator) for s in x],
        [z3.Q(t.numerator, t.denominator) for t in y],
        lambda z: z3.If(z > 0, z, 0),
    )
    solver.add(f < z3.Q(below.numerator, below.denominator))
    if radius is not None:
        for one, centre in zip(q, point, strict=True):
            low, high = centre - radius, centre + radius
            solver.add(one >= z3.Q(low.numerator, low.denominator), one <= z3.Q(high.numerator, high.denominator))
    found = solver.check()
    return {"unsat": "no lower point, decided", "sat": "a lower point, decided"}.get(str(found), str(found))


def dreal_lower(name: str, radius: Fraction, below: Fraction, delta: float) -> str:
    """The same in delta-decisions: unsat is proved, delta-sat says that a disturbed question has a solution."""
    import dreal

    _, x, y, point = parts(name)
    q = [dreal.Variable(f"q{k}") for k in range(len(point))]
    f = loss(q, [float(s) for s in x], [float(t) for t in y], lambda z: dreal.Max(z, 0))
    box = [dreal.And(one >= float(c - radius), one <= float(c + radius)) for one, c in zip(q, point, strict=True)]
    found = dreal.CheckSatisfiability(dreal.And(f < float(below), *box), delta)
    return (
        f"no lower point in the box (delta {delta})" if found is None else f"delta-sat (delta {delta}): may be, may not"
    )


# -- the global minimum ------------------------------------------------------------------------------------------------


def exactgeo_minimum(name: str) -> str:
    found = eg.minimum(eg.load(name))
    return f"{found.minimum}, proved; certificate"


def scipy_annealing(name: str) -> str:
    from scipy.optimize import dual_annealing

    _, x, y, point = parts(name)
    xs, ys = [float(s) for s in x], [float(t) for t in y]
    found = dual_annealing(
        lambda q: loss(list(q), xs, ys, lambda z: max(z, 0.0)), [(-20, 20)] * len(point), rng=0, maxiter=300
    )
    return f"{found.fun:.9f}: no proof"


def cvxpy_patterns(name: str) -> str:
    """One hidden unit: a convex program for each activation pattern of the data and each output sign, in floats."""
    import cvxpy as cp
    import numpy as np

    _, x, y, _ = parts(name)
    xs, ys = np.array([[float(s), 1.0] for s in x]), np.array([float(t) for t in y])
    order = sorted(xs[:, 0])
    cuts = [order[0] - 1, *[(a + b) / 2 for a, b in itertools.pairwise(order)], order[-1] + 1]
    patterns = {tuple((s * (xs[:, 0] - cut) > 0).astype(float)) for cut in cuts for s in (1, -1)}
    best = np.inf
    for pattern in sorted(patterns):
        on = np.array(pattern)
        for sign in (1, -1):
            z, c = cp.Variable(2), cp.Variable()
            side = cp.multiply(2 * on - 1, xs @ z) >= 0
            program = cp.Problem(cp.Minimize(cp.sum_squares(sign * cp.multiply(on, xs @ z) + c - ys)), [side])
            program.solve(solver="CLARABEL")
            best = min(best, program.value)
    return f"{best:.9f} over {2 * len(patterns)} programs: floats, patterns listed by hand"


# -- regions of an arrangement -----------------------------------------------------------------------------------------

ROWS = [[1, t, t**2, t**3] for t in range(1, 15)]
"""14 hyperplanes through 0 in R^4, in general position."""


def exactgeo_regions() -> str:
    found = eg.Arrangement(ROWS).regions("sweep")
    return f"{found.count} regions, all sign vectors; their number proved"


def exactgeo_count() -> str:
    return f"{eg.Arrangement(ROWS).count()} regions, counted"


def sage_regions() -> str:
    arrangements = _sage()
    return f"{len(arrangements.regions())} regions, as polyhedra"


def sage_count() -> str:
    return f"{_sage().n_regions()} regions, counted"


def _sage() -> Any:
    from sage.all__sagemath_polyhedra import QQ, HyperplaneArrangements

    names = tuple(f"x{k}" for k in range(len(ROWS[0])))
    space = HyperplaneArrangements(QQ, names)
    variables = space.gens()
    return space([sum(a * one for a, one in zip(row, variables, strict=True)) for row in ROWS])


def zigzag_loss() -> Fraction:
    problem = problem_of("zigzag")
    return problem.loss_at(problem.point)


def questions() -> dict[str, tuple[str, list[tuple[str, Answer]]]]:
    prop1, prop2, prop3 = "swirszcz-prop1", "swirszcz-prop2-local", "swirszcz-prop3-local"
    eighth, low2, low3 = Fraction(1, 8), Fraction(23, 3), Fraction(2, 3)
    return {
        "local": (
            "Is the point of swirszcz-prop1 (loss 18, on a kink, a true local minimum) one?",
            [
                ("exactgeo certify", lambda: exactgeo_certify(prop1)),
                ("numpy, central differences", lambda: numpy_hessian(prop1)),
                ("sympy, Hessian", lambda: sympy_hessian(prop1)),
                ("z3, lower point within 1/8", lambda: z3_lower(prop1, eighth, Fraction(18))),
                ("dReal, a loss below 18 within 1/8", lambda: dreal_lower(prop1, eighth, Fraction(18), 1e-3)),
            ],
        ),
        "three": (
            "Is the point of swirszcz-prop3-local (three units, loss 2/3, a true local minimum) one?",
            [
                ("exactgeo certify", lambda: exactgeo_certify(prop3)),
                ("numpy, central differences", lambda: numpy_hessian(prop3)),
                ("sympy, Hessian", lambda: sympy_hessian(prop3)),
                ("z3, lower point within 1/8", lambda: z3_lower(prop3, eighth, low3)),
                ("z3, lower point within 1/1000", lambda: z3_lower(prop3, Fraction(1, 1000), low3)),
            ],
        ),
        "twenty": (
            "Is the exact local minimum of four units on twenty points one?",
            [
                ("exactgeo certify", lambda: exactgeo_certify("zigzag")),
                ("numpy, central differences", lambda: numpy_hessian("zigzag")),
                ("sympy, Hessian", lambda: sympy_hessian("zigzag")),
                ("z3, lower point within 1/1000", lambda: z3_lower("zigzag", Fraction(1, 1000), zigzag_loss())),
            ],
        ),
        "refute": (
            "Is the point of swirszcz-prop2-local (loss 23/3, not a local minimum) one?",
            [
                ("exactgeo certify", lambda: exactgeo_certify(prop2)),
                ("numpy, central differences", lambda: numpy_hessian(prop2)),
                ("sympy, Hessian", lambda: sympy_hessian(prop2)),
                ("z3, lower point within 1/8", lambda: z3_lower(prop2, eighth, low2)),
                ("dReal, a loss below 23/3 within 1/8", lambda: dreal_lower(prop2, eighth, low2, 1e-3)),
            ],
        ),
        "global": (
            "What is the least loss of one ReLU unit on the data of swirszcz-prop1 (14)?",
            [
                ("exactgeo minimum", lambda: exactgeo_minimum(prop1)),
                ("scipy, dual annealing in [-20, 20]", lambda: scipy_annealing(prop1)),
                ("cvxpy, one program a pattern", lambda: cvxpy_patterns(prop1)),
                ("z3, a loss below 14", lambda: z3_lower(prop1, None, Fraction(14))),
            ],
        ),
        "regions": (
            "Regions of 14 hyperplanes through 0 in R^4 in general position (756)?",
            [
                ("exactgeo, all regions", exactgeo_regions),
                ("Sage, regions", sage_regions),
                ("exactgeo, their number", exactgeo_count),
                ("Sage, n_regions", sage_count),
            ],
        ),
    }


def _child(question: str, number: int, out: Any) -> None:
    answer = questions()[question][1][number][1]
    try:
        _warm(question, number)
        start = time.process_time()
        said = answer()
        out.put((said, time.process_time() - start))
    except ImportError as missing:
        out.put((f"not measured: {missing}", None))


def _warm(question: str, number: int) -> None:
    """Import what the answer imports, and read the problem, so that only the work is timed."""
    name = questions()[question][1][number][0].split(",")[0].split()[0]
    module = {"exactgeo": "exactgeo.basin.branch", "dReal": "dreal", "Sage": "sage.all__sagemath_polyhedra"}.get(
        name, name
    )
    __import__(module)
    eg.certify(eg.load("kink-global"))
    eg.certify(problem_of("zigzag") if question == "twenty" else eg.load("kink-global"), time_limit=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", nargs="*", default=[])
    parser.add_argument("--limit", type=float, default=60.0)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    for question in options.questions or questions():
        title, answers = questions()[question]
        print(f"\n{title}\n")
        for number, (who, _) in enumerate(answers):
            out = context.Queue()
            child = context.Process(target=_child, args=(question, number, out))
            child.start()
            try:
                said, seconds = out.get(timeout=options.limit + 20)
                spent = "" if seconds is None else f"{seconds:.3f} s"
            except queue.Empty:
                said, spent = f"no answer in {options.limit:.0f} s", ""
            child.kill()
            child.join()
            print(f"| {who} | {said} | {spent} |", flush=True)


if __name__ == "__main__":
    main()
