"""The checker against its two folders: what it accepts is true and made by the tool, what it rejects says why."""

from __future__ import annotations

import ast
import io
import json
import random
import tokenize

import pytest
from damage import CHECKER, checker, command, damaged
from forge import FORGED
from forging import written
from made import ACCEPT, MAKERS
from replay import holds

REJECT = ACCEPT.parent / "reject"
ACCEPTED = sorted(ACCEPT.glob("*.json"))
REJECTED = sorted(path for path in REJECT.glob("*.json") if path.name != "index.json")
INDEX = json.loads((REJECT / "index.json").read_text())
TREES = [json.loads(path.read_text()) for path in ACCEPTED]


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_accepted(path):
    text = path.read_text()
    assert checker().run(text)
    assert MAKERS[path.stem]().to_json() == text, "the tool writes another certificate now"
    assert holds(json.loads(text))


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
    reasons = {entry["reason"].split(": ", 1)[1] for entry in INDEX.values()}
    reasons |= {f"the certificate speaks of another {what} than the file beside it" for what in ("problem", "point")}
    calls = [node for node in ast.walk(ast.parse(CHECKER.read_text())) if isinstance(node, ast.Call)]
    needs = [node.args[1] for node in calls if isinstance(node.func, ast.Name) and node.func.id == "need"]
    assert len(needs) > 40
    assert {ast.literal_eval(why) for why in needs} <= reasons


def test_many_forged_statements_are_false():
    """The forged files are no pedantry: most of their statements are false, the others prove them wrongly."""

    def false(tree):
        try:
            return not holds(tree)
        except (AssertionError, KeyError, IndexError, TypeError, ValueError, AttributeError):
            return False  # no statement that the replay could read

    assert sum(false(tree) for tree, _ in FORGED.values()) >= 35


DAMAGED_EACH = 150


@pytest.mark.parametrize("number", range(len(ACCEPTED)), ids=[path.stem for path in ACCEPTED])
def test_damaged(number):
    """Of more than 10,000 damaged certificates none is accepted whose statement is not true all the same."""
    module, rng = checker(), random.Random(number)
    original = written(TREES[number])
    survivors = done = 0
    while done < DAMAGED_EACH:
        tree = damaged(TREES[number], TREES, rng)
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
    assert survivors < DAMAGED_EACH / 2


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


def test_the_checker_is_short():
    """To be read in one sitting: blank lines, comments and docstrings aside, 600 lines of code for verdicts, basins
    and regions, 170 for landscapes, and 25 for losses that are no squares."""
    text = CHECKER.read_text()
    code: set[int] = set()
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in quiet:
            code |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            code -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    assert len(code) <= 795
