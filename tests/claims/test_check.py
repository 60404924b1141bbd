"""The checker against its two folders: what it accepts is true and made by the tool, what it rejects says why."""

from __future__ import annotations

import ast
import io
import json
import random
import re
import shutil
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest
from damage import CHECKER, checker, command, damaged
from forge import FORGED
from forge_v1 import FORGED_V1
from forging import OLD, modern, written
from made import ACCEPT, MAKERS
from replay import holds

from exactgeo.claims.certificate import Certificate

REJECT = ACCEPT.parent / "reject"
ACCEPTED = sorted(ACCEPT.glob("*.json"))
REJECTED = sorted(path for path in REJECT.glob("*.json") if path.name != "index.json")
INDEX = json.loads((REJECT / "index.json").read_text())
ACCEPTED_V1 = sorted((OLD / "accept").glob("*.json"))
INDEX_V1 = json.loads((OLD / "reject" / "index.json").read_text())
TREES = [json.loads(path.read_text()) for path in ACCEPTED]
TREES_V1 = [json.loads(path.read_text()) for path in ACCEPTED_V1]
FILES = [CHECKER, *sorted(CHECKER.parent.glob("check_*.py"))]


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_accepted(path):
    text = path.read_text()
    assert checker().run(text)
    assert MAKERS[path.stem]().to_json() == text, "the tool writes another certificate now"
    assert holds(json.loads(text))


@pytest.mark.parametrize("path", ACCEPTED_V1, ids=lambda path: path.stem)
def test_accepted_in_version_1(path):
    """The files of version 1 are read as ever; the tool reads them too, and writes them in version 2."""
    tree = json.loads(path.read_text())
    assert tree["version"] == 1
    said = [re.sub("At P[0-9]+: ", "", checker().run(text)) for text in (path.read_text(), written(modern(tree)))]
    assert said[0] == said[1]
    assert Certificate.read(path).to_json() == written(modern(tree))
    # What the tool writes of it today has proofs of its own, and may say more.
    assert checker().run((ACCEPT / path.name).read_text())


@pytest.mark.parametrize("name", INDEX_V1)
def test_rejected_in_version_1(name):
    text = (OLD / "reject" / f"{name}.json").read_text()
    assert text == written(FORGED_V1[name][0])
    kind, reason = INDEX_V1[name]["reason"].split(": ", 1)
    with pytest.raises(getattr(checker(), kind)) as refusal:
        checker().run(text)
    assert str(refusal.value) == reason


def test_every_maker_has_its_file():
    assert {path.stem for path in ACCEPTED} == set(MAKERS)


@pytest.mark.parametrize("path", REJECTED, ids=lambda path: path.stem)
def test_rejected(path):
    entry = INDEX[path.stem]
    kind, reason = entry["reason"].split(": ", 1)
    assert entry["false_theorem"]
    assert path.read_text() == written(FORGED[path.stem][0])
    with pytest.raises(getattr(checker(), kind)) as refusal:
        checker().run(path.read_text())
    assert str(refusal.value) == reason


def test_every_obligation_has_a_forged_certificate():
    """Each ``need(...)`` of the checker is the reason of some file in reject/; those of a problem beside are below."""
    reasons = {entry["reason"].split(": ", 1)[1] for entry in (*INDEX.values(), *INDEX_V1.values())}
    reasons |= {f"the certificate speaks of another {what} than the file beside it" for what in ("problem", "point")}
    nodes = [node for path in FILES for node in ast.walk(ast.parse(path.read_text()))]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    needs = [node.args[1] for node in calls if isinstance(node.func, ast.Name) and node.func.id == "need"]
    assert len(needs) > 40
    assert {ast.literal_eval(why) for why in needs} <= reasons


def test_many_forged_statements_are_false():
    """The forged files are no pedantry: most of their statements are false, the others prove them wrongly."""

    def false(tree):
        try:
            return not holds(tree)
        except (ArithmeticError, AssertionError, KeyError, IndexError, TypeError, ValueError, AttributeError):
            return False  # no statement that the replay could read

    assert sum(false(tree) for tree, _ in FORGED.values()) >= 35


DAMAGED_EACH = 60


@pytest.mark.parametrize(
    ("trees", "number"),
    [
        pytest.param(trees, number, id=f"{version}{path.stem}")
        for trees, version, paths in ((TREES, "", ACCEPTED), (TREES_V1, "version 1-", ACCEPTED_V1))
        for number, path in enumerate(paths)
    ],
)
def test_damaged(trees, number):
    """Of more than 10,000 damaged certificates none is accepted whose statement is not true all the same."""
    module, rng = checker(), random.Random(number)
    if number >= len(trees):
        return  # version 1 has fewer
    original = written(trees[number])
    survivors = done = 0
    each = DAMAGED_EACH if trees is TREES else DAMAGED_EACH // 5
    while done < each:
        tree = damaged(trees[number], trees, rng)
        text = written(tree)
        if text == original:
            continue
        done += 1
        try:
            module.run(text)
        except (module.Rejected, module.Refused):
            continue
        survivors += 1
        assert holds(tree), text
    assert survivors < each / 2


def test_that_is_more_than_ten_thousand():
    assert DAMAGED_EACH * len(ACCEPTED) > 10_000


def test_a_hundred_damaged_ones_through_the_command(tmp_path):
    rng = random.Random(0)
    module = checker()
    for number in range(100):
        tree = damaged(rng.choice(TREES), TREES, rng)
        path = tmp_path / f"{number}.json"
        path.write_text(written(tree))
        done = command(path, "--json")
        try:
            expected = 0 if module.run(written(tree)) else None
        except module.Rejected:
            expected = 1
        except module.Refused:
            expected = 2
        assert done.returncode == expected, (done, written(tree))
        assert done.stderr == ""
        assert json.loads(done.stdout)["accepted"] is (expected == 0)


@pytest.mark.slow
@pytest.mark.timeout(3600)  # a judge may take half a minute of processor time over one certificate
@pytest.mark.parametrize("chunk", range(100))
def test_damaged_at_length(chunk):
    module, rng = checker(), random.Random(1000 + chunk)
    for _ in range(1000):
        tree = damaged(rng.choice(TREES), TREES, rng)
        try:
            module.run(written(tree))
        except (module.Rejected, module.Refused):
            continue
        assert holds(tree), written(tree)


def lines_of_code(path: Path) -> int:
    """Blank lines, comments and docstrings do not count."""
    text, code = path.read_text(), set()
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in quiet:
            code |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            code -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return len(code)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_checker_is_short(path):
    """To be read in one sitting, for ever: the core about 600 lines of code (one more a kind), each companion 300."""
    assert lines_of_code(path) <= (630 if path == CHECKER else 300)


# -- the companions --


def alone(folder: Path, certificate: Path, *companions: str) -> subprocess.CompletedProcess[str]:
    """The core with these companions and nothing else beside it."""
    for name in ("check.py", *companions):
        shutil.copy(CHECKER.with_name(name), folder / name)
    line = [sys.executable, "-I", "-S", str(folder / "check.py"), str(certificate)]
    return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False, cwd="/")


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        (ACCEPT / "census.json", ()),
        (ACCEPT / "descent.json", ()),
        (ACCEPT / "cones.json", ("check_flat.py",)),
        (ACCEPT / "prop1.json", ("check_flat.py", "check_landscape.py")),
        (ACCEPT / "landscape.json", ("check_landscape.py",)),
        (ACCEPT / "penalised-ray.json", ("check_penalty.py",)),
        (ACCEPT / "vector-tied-flat.json", ("check_deep.py", "check_vector.py")),
        (ACCEPT / "ordered-penalised-ray.json", ("check_ordered_penalty.py", "check_logistic.py", "check_penalty.py")),
        (ACCEPT / "ball-kink.json", ("check_ball.py", "check_critical.py")),
        (ACCEPT / "start.json", ("check_probability.py", "check_solid_angle.py")),
        (ACCEPT / "regions-central.json", ("check_landscape.py",)),
        (ACCEPT / "smooth-saddle.json", ("check_smooth.py", "check_logistic.py")),
        (ACCEPT / "smooth-minimum.json", ("check_smooth.py", "check_logistic.py", "check_critical.py")),
        (ACCEPT / "population-one-student.json", ("check_population.py", "check_smooth.py", "check_critical.py")),
        (OLD / "accept" / "descent.json", ("check_v1.py",)),
        (OLD / "accept" / "cones.json", ("check_v1.py", "check_flat.py", "check_modes.py")),
    ],
    ids=lambda value: value.stem if isinstance(value, Path) else "",
)
def test_the_core_alone_with_the_companions_of_the_claims(path, needed, tmp_path):
    """A companion is loaded for its claims only, from the folder of the core, and named where it is missing."""
    done = alone(tmp_path, path, *needed)
    assert (done.returncode, done.stderr) == (0, "")
    for missing in needed:
        (tmp_path / missing).unlink()
        done = alone(tmp_path, path)
        assert done.returncode == 2
        assert done.stderr.endswith(f"refused: a claim needs {missing} beside check.py, and it is not there\n")
        shutil.copy(CHECKER.with_name(missing), tmp_path / missing)


def test_every_kind_has_its_function_in_the_file_that_the_core_names():
    """The core names every kind that exists; nothing is discovered."""
    module = checker()
    for kinds in module.KINDS.values():
        for kind, file in kinds.items():
            owner = vars(module.companion(file)) if file else vars(module)
            assert owner[kind].__name__ == kind
    files = {file for kinds in module.KINDS.values() for file in kinds.values() if file}
    # The problem beside the certificate, the proof of a flat dimension of version 1, and solid angles are no kinds.
    assert files == {path.name for path in FILES} - {
        "check.py",
        "check_problem.py",
        "check_modes.py",
        "check_solid_angle.py",
    }


def test_an_unknown_kind_is_no_claim():
    tree = json.loads((ACCEPT / "descent.json").read_text())
    for kind in ("theorem", "dot", "strictness "):
        tree["claims"][0]["kind"] = kind
        with pytest.raises(checker().Refused, match=f"unknown kind '{kind}'"):
            checker().run(written(tree))


def test_a_companion_imports_the_core_and_the_standard_library():
    for path in FILES:
        nodes = list(ast.walk(ast.parse(path.read_text())))
        names = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
        names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        foreign = {name for name in names if name.split(".")[0] not in sys.stdlib_module_names}
        assert foreign == (set() if path == CHECKER else {"exactgeo.check"})
