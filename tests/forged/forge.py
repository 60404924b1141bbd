"""The forged certificates of tests/certificates/reject: at least one for each obligation of each rule.

``python tests/forged/forge.py`` writes them, with ``index.json``: for each file the false theorem that a checker without the
obligation would let in, and the reason with which the checker rejects it; those of version 1 in ``v1/reject``. It also
writes ``verdicts.json``, the outcomes that a change of the checker is held to.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from pathlib import Path

from forge_logistic import FORGED_LOGISTIC
from forge_v1 import FORGED_V1
from forging import FOLDER, OLD, Tree, changed, modern, put, written

ONLY_V1 = {
    "strictness-without-its-proof",
    "flat-dimension-without-its-proof",
    "descent-of-huber-as-a-square",
    "descent-of-huber-to-its-bound",
    "descent-to-another-loss",
    "descent-with-another-polynomial",
    "region-count",
}
"""Their fault is in fields that version 2 does not have."""


def still_path(bias: str, loss: str) -> Tree:
    """A path of one point of a network of three neurons that are silent, with this output bias."""
    point = {"weights": [[["0"]] * 3, [["1", "-2", "0"]]], "biases": [["0"] * 3, [bias]]}
    return {"kind": "path", "point": point, "loss": loss, "points": [], "losses": []}


FORGED: dict[str, tuple[Tree, str]] = {
    name: (modern(tree), theorem) for name, (tree, theorem) in FORGED_V1.items() if name not in ONLY_V1
} | {
    "strictness-of-no-minimum": (
        changed("prop1", lambda tree: tree["claims"].pop(0)),
        "The point is a strict minimum, whether or not it is a minimum.",
    ),
    "strictness-before-its-minimum": (
        changed("prop1", lambda tree: tree["claims"].insert(0, tree["claims"].pop(1))),
        "The point is a strict minimum, on which its being a minimum rests.",
    ),
    "paths-with-other-frozen-values": (
        {**changed("census-frozen"), "claims": [still_path("1", "41"), still_path("0", "34")]},
        "Whatever is frozen, the one has a path and the other, read as if about one problem.",
    ),
    "strictness-of-another-point": (
        changed("prop1", put("claims", 1, "point", {"weights": [[["2"]], [["1/2"]]], "biases": [["-6"], ["0"]]})),
        "One point is strict because another is a minimum.",
    ),
}
FORGED |= FORGED_LOGISTIC


def verdicts() -> Tree:
    """A hash of the checker's outcomes on each accepted certificate and on damaged copies of it."""
    from damage import damaged, outcome

    paths = sorted((FOLDER / "accept").glob("*.json"))
    trees = [json.loads(path.read_text()) for path in paths]
    found = {}
    for number, path in enumerate(paths):
        rng = random.Random(number)
        texts = [path.read_text(), *(written(damaged(trees[number], trees, rng)) for _ in range(40))]
        found[path.stem] = hashlib.sha256("\n".join(map(outcome, texts)).encode()).hexdigest()
    return found


def main() -> None:
    from damage import outcome

    for folder, forged in ((FOLDER / "reject", FORGED), (OLD / "reject", FORGED_V1)):
        folder.mkdir(parents=True, exist_ok=True)
        index = {}
        for name, (tree, theorem) in forged.items():
            (folder / f"{name}.json").write_text(written(tree))
            index[name] = {"false_theorem": theorem, "reason": outcome(written(tree))}
        (folder / "index.json").write_text(json.dumps(index, indent=1, sort_keys=True) + "\n")
    (FOLDER / "verdicts.json").write_text(json.dumps(verdicts(), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
