"""How long after ``--time-limit`` each command ends, on work that would take for ever; and after Ctrl-C.

``python benchmarks/limits.py`` prints a table: for each command and input the wall time of the whole process for limits of
0.5, 1, 2 and 5 seconds, and of Ctrl-C one second after the start; ``late`` marks what ended more than 1 s + 10 % after its
limit. ``--only WORD`` takes the rows that hold the word.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LIMITS = (0.5, 1.0, 2.0, 5.0)


def problem(m: int, d: int, n: int, *, digits: int = 1, loss: str = "squared", point: bool = False, **more: Any) -> Any:
    rng = random.Random(m * 1000 + d * 10 + n)

    def number() -> Any:
        size = 10**digits - 1
        return rng.randint(-size, size) if digits < 10 else f"{rng.randint(1, size)}/{rng.randint(1, size)}"

    signs = loss in ("hinge", "logistic", "squared_hinge")
    y: list[Any] = [rng.choice([-1, 1]) if signs else number() for _ in range(m)]
    if loss == "cross_entropy":
        y = [rng.randint(0, 1) for _ in range(m)]
    tree = {
        "data": {"x": [[number() for _ in range(d)] for _ in range(m)], "y": y},
        "network": {"widths": [n], **({"outputs": 2} if loss == "cross_entropy" else {}), **more},
        "loss": {"kind": loss},
    }
    if point:
        outputs = 2 if loss == "cross_entropy" else 1
        weights = [
            [[number() for _ in range(d)] for _ in range(n)],
            [[number() for _ in range(n)] for _ in range(outputs)],
        ]
        tree["point"] = {"weights": weights, "biases": [[number() for _ in range(n)], [0] * outputs]}
    return tree


def planes(m: int, d: int, *, digits: int = 1, affine: bool = True) -> Any:
    rng = random.Random(m + d)
    size = 10**digits - 1
    tree = {"normals": [[rng.randint(-size, size) for _ in range(d)] for _ in range(m)]}
    return tree | ({"offsets": [rng.randint(-size, size) for _ in range(m)]} if affine else {})


def rows(folder: Path) -> list[tuple[str, list[str]]]:
    """A name and the command line of each row."""

    def file(name: str, tree: Any) -> str:
        path = folder / f"{name}.json"
        path.write_text(json.dumps(tree))
        return str(path)

    losses = ("squared", "half_squared", "absolute", "huber(1)", "hinge", "squared_hinge", "logistic", "cross_entropy")
    found = []
    for loss in losses:
        tree = problem(12, 1, 3, loss=loss)
        found.append((f"basins m=12 d=1 n=3 {loss}", ["basins", file(f"b-{loss}", tree)]))
        found.append((f"basins --minima m=12 d=1 n=3 {loss}", ["basins", file(f"b-{loss}", tree), "--minima"]))
    hopeless = file("hopeless", problem(100, 10, 5, point=True))
    many = file("many", problem(14, 2, 3, point=True))
    long = file("long", problem(6, 2, 2, digits=9_000, point=True))
    found += [
        ("basins m=100 d=10 n=5", ["basins", hopeless]),
        ("basins m=14 d=2 n=3", ["basins", many]),
        ("basins 9,000 digits", ["basins", long]),
        ("landscape m=100 d=10 n=5", ["landscape", hopeless]),
        ("landscape m=14 d=2 n=3", ["landscape", many]),
        ("landscape --full m=11 d=1 n=4", ["landscape", file("full", problem(11, 1, 4)), "--full"]),
        (
            "landscape --plot m=12 d=1 n=3",
            ["landscape", file("pl", problem(12, 1, 3)), "--plot", str(folder / "o.svg")],
        ),
        ("landscape 9,000 digits", ["landscape", long]),
        ("path m=14 d=2 n=3", ["path", many, "--to", file("many-to", problem(14, 2, 3, point=True))]),
        ("path 9,000 digits", ["path", long, "--to", long]),
        ("slice plane m=1000 d=20 n=50", _slice(file, folder)),
        ("explain m=1000 d=20 n=100", ["explain", file("explain", problem(1000, 20, 100, point=True))]),
        ("explain 9,000 digits", ["explain", long]),
        ("certify m=1000 d=5 n=100", ["certify", file("certify", problem(1000, 5, 100, point=True))]),
        ("certify 9,000 digits", ["certify", long]),
        ("regions 40 in 12", ["regions", file("r12", planes(40, 12))]),
        ("regions 80 in 40", ["regions", file("r40", planes(80, 40))]),
        ("regions 60 in 9", ["regions", file("r9", planes(60, 9))]),
        ("regions 300 in 6 central", ["regions", file("r6", planes(300, 6, affine=False))]),
        ("regions --count-only 40 in 12", ["regions", file("r12", planes(40, 12)), "--count-only"]),
        ("regions --count-only 300 in 7", ["regions", file("r7", planes(300, 7)), "--count-only"]),
        ("regions 3,000 digits, 30 in 5", ["regions", file("rl", planes(30, 5, digits=3000))]),
        ("proofs", ["proofs"]),
    ]
    box = [[s * int(i == j) for j in range(12)] for s in (1, -1) for i in range(12)]
    inside = file("box", {"polytope": {"A": box, "b": [1] * 24}})
    found.append(("regions --inside a box, 40 in 12", ["regions", file("r12", planes(40, 12)), "--inside", inside]))
    return found


def _slice(file: Any, folder: Path) -> list[str]:
    ends = [file(f"s{k}", problem(1000, 20, 50, point=True) | {"name": f"s{k}"}) for k in range(3)]
    for k, end in enumerate(ends):
        tree = json.loads(Path(end).read_text())
        tree["point"]["biases"][0][k] += k + 1
        Path(end).write_text(json.dumps(tree))
    return ["slice", ends[0], "--to", ends[1], "--to", ends[2], "-o", str(folder / "slice.png")]


def timed(arguments: list[str], limit: float) -> str:
    begun = time.monotonic()
    command = [sys.executable, "-m", "exactgeo", *arguments, "--time-limit", str(limit), "--json"]
    done = subprocess.run(command, capture_output=True, check=False)
    seconds = time.monotonic() - begun
    json.loads(done.stdout)
    late = " late" if seconds > 1 + 1.1 * limit else ""
    return f"{seconds:.2f} ({done.returncode}){late}"


def interrupted(arguments: list[str]) -> str:
    command = [sys.executable, "-m", "exactgeo", *arguments, "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    json.loads(out)
    trace = " TRACEBACK" if b"Traceback" in err else ""
    return f"{time.monotonic() - begun:.2f} ({process.returncode}){trace}"


def main() -> None:
    sys.set_int_max_str_digits(0)
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--limits", type=float, nargs="*", default=LIMITS)
    chosen = parser.parse_args()
    print("| command | " + " | ".join(f"{limit:g} s" for limit in chosen.limits) + " | Ctrl-C |")
    print("|---|" + "---|" * (len(chosen.limits) + 1))
    with tempfile.TemporaryDirectory() as name:
        for label, arguments in rows(Path(name)):
            if chosen.only in label:
                cells = [timed(arguments, limit) for limit in chosen.limits] + [interrupted(arguments)]
                print(f"| {label} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
