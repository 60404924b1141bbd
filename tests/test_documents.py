"""The executable proofs can fail: each datum changed, each hole in the machinery tried."""

from __future__ import annotations

import dataclasses
import doctest
import io
import json
import re
import shutil
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
import statements

from exactgeo import documents as proofs

FOLDER = Path(__file__).parent.parent / "proofs"
DOCUMENTS = sorted(FOLDER.glob("*/*.md"))
BY_NAME = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
SAMPLE = 4
"""How many of a document's data the test command changes; all of them in the slow suite."""


def _altered(document: proofs.Document) -> Iterator[tuple[str, proofs.Document]]:
    """The document with one number raised by 1, for every number in a statement that sets up data (prints nothing)."""
    for place, example in enumerate(document.examples):
        if example.want or "time_limit" in example.source or place in document.slow:
            continue
        lines = example.source.splitlines(keepends=True)
        for token in tokenize.generate_tokens(io.StringIO(example.source).readline):
            if token.type != tokenize.NUMBER:
                continue
            row, column = token.start
            line = lines[row - 1]
            other = line[:column] + str(int(token.string) + 1) + line[column + len(token.string) :]
            source = "".join([*lines[: row - 1], other, *lines[row:]])
            altered = doctest.Example(source, example.want, example.exc_msg, example.lineno, example.indent)
            examples = [*document.examples[:place], altered, *document.examples[place + 1 :]]
            yield other.strip(), dataclasses.replace(document, examples=tuple(examples))


def _spread(altered: list[tuple[str, proofs.Document]], count: int) -> list[tuple[str, proofs.Document]]:
    return altered if len(altered) <= count else [altered[place * len(altered) // count] for place in range(count)]


def _survivors(altered: list[tuple[str, proofs.Document]]) -> list[str]:
    return [line for line, other in altered if proofs.run(other, stop_early=True).passed]


@BY_NAME
def test_a_datum_changed_turns_a_document_red(path: Path) -> None:
    assert _survivors(_spread(list(_altered(proofs.read(path))), SAMPLE)) == []


def test_there_are_data_to_change() -> None:
    altered = [sum(1 for _ in _altered(proofs.read(path))) for path in DOCUMENTS]
    assert sum(altered) >= 20 * len(DOCUMENTS)


@pytest.mark.slow
@BY_NAME
def test_every_datum_changed_turns_a_document_red(path: Path) -> None:
    assert _survivors(list(_altered(proofs.read(path)))) == []


def _misprint(want: str) -> str:
    digit = re.search(r"\d", want)
    if digit:
        return want.replace(digit[0], str((int(digit[0]) + 1) % 10), 1)
    return re.sub(r"True|local_minimum|[A-Za-z]", "Other", want, count=1)


@BY_NAME
def test_every_printed_value_is_compared(path: Path) -> None:
    document = proofs.read(path)
    document = dataclasses.replace(
        document, slow=frozenset(), examples=tuple(e for n, e in enumerate(document.examples) if n not in document.slow)
    )
    examples = [doctest.Example(e.source, _misprint(e.want), e.exc_msg, e.lineno, e.indent) for e in document.examples]
    assert all(a.want != b.want for a, b in zip(examples, document.examples, strict=True) if b.want)
    outcome = proofs.run(dataclasses.replace(document, examples=tuple(examples)))
    assert outcome.failure.count("Failed example:") == sum(bool(e.want) for e in examples)


def test_documents_name_certificates_that_exist() -> None:
    """Of problems that ship with the package, or of a kind that is about none; or they say that there is none."""
    from exactgeo import library
    from exactgeo.claims import CLAIMS

    known = dict(library.names())
    for path in DOCUMENTS:
        certificate = proofs.read(path).fields["certificate"]
        named, kinds = (
            re.findall(r"`exactgeo \w+ ([\w-]+)", certificate),
            re.findall(r"of kind `(\w+)`", certificate),
        )
        assert named or kinds or certificate.startswith("none"), path.name
        assert set(named) <= set(known), path.name
        assert set(kinds) <= set(CLAIMS), path.name


def test_the_page_of_statements_is_made_from_the_tables() -> None:
    assert statements.DOCUMENT.read_text(encoding="utf-8") == statements.written()


HEAD = """# A title

- **Claim.** One and one
  make two.
- **Source.** Here.
- **Hypotheses.** None.
- **Status.** proved symbolically
- **Open.** Nothing.
- **Certificate.** `exactgeo certify swirszcz-prop1`

"""
BLOCK = "```python\n>>> one = 1\n>>> one + one\n2\n```\n"
ROW = ("Nobody 1900", "One and one", "paper/sum", "proved symbolically")
SLOW = BLOCK.replace("python", "python slow").replace("one + one", "one + one + one")
PAPER = """[paper]
short = "Nobody 1900"
title = "Sums"
authors = "Nobody"
year = 1900
where = "nowhere"

"""
CLAIMS = """[[claim]]
statement = "One and one"
document = "sum.md"
status = "proved symbolically"
how = ["symbolic"]
"""
SLIP = CLAIMS.replace("proved symbolically", "false as printed, corrected")
FAR = '[[claim]]\nstatement = "All sums"\nstatus = "out of reach"\nnote = "too many"\n'


def _write(folder: Path, text: str, claims: str = CLAIMS) -> Path:
    (folder / "paper").mkdir(exist_ok=True)
    (folder / "paper" / "paper.toml").write_text(PAPER + claims)
    path = folder / "paper" / "sum.md"
    path.write_text(text)
    return path


def test_a_document_in_form_passes(tmp_path: Path) -> None:
    # The closing fence right after the output is the trap of pytest's own glob.
    document = proofs.read(_write(tmp_path, HEAD + BLOCK))
    assert document.fields["claim"] == "One and one make two."
    assert proofs.run(document) == proofs.Outcome(2, "")
    (paper,) = proofs.papers(tmp_path)
    assert (paper.short, paper.claims[0].name) == ("Nobody 1900", "paper/sum")
    assert proofs.check(paper.claims).passed


def test_slow_blocks_run_on_request_and_count_for_nothing_else(tmp_path: Path) -> None:
    document = proofs.read(_write(tmp_path, HEAD + BLOCK + SLOW))
    assert proofs.run(document) == proofs.Outcome(2, "")
    assert proofs.run(document, slow=True).failure.count("Failed example:") == 1
    with pytest.raises(proofs.DocumentError, match="no executed example"):
        proofs.read(_write(tmp_path, HEAD + SLOW))


def test_the_report_names_the_line_of_the_file(tmp_path: Path) -> None:
    path = _write(tmp_path, HEAD + BLOCK.replace("\n2\n", "\n3\n"))
    outcome = proofs.run(proofs.read(path))
    assert not outcome.passed
    line = path.read_text().splitlines().index(">>> one + one") + 1
    assert f'sum.md", line {line}' in outcome.failure


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEAD + "Words only.\n", "no executed example"),
        (HEAD + "```python\n>>> one = 1\n```\n", "no executed example"),
        (HEAD + BLOCK + "```python\none = 1\n```\n", "python block without an example"),
        (HEAD + BLOCK + "```pycon\n>>> 1 + 1\n3\n```\n", "prompt outside a python block"),
        (HEAD + BLOCK + "```py\n>>> 1 + 1\n3\n```\n", "prompt outside a python block"),
        (HEAD + BLOCK + "```\n>>> 1 + 1\n3\n```\n", "prompt outside a python block"),
        (HEAD + BLOCK + ">>> 1 + 1\n3\n", "prompt outside a python block"),
        (HEAD + BLOCK + "    >>> 1 + 1\n    3\n", "prompt outside a python block"),
        (HEAD + BLOCK + "> >>> 1 + 1\n> 3\n", "prompt outside a python block"),
        (HEAD + BLOCK[:-4], "open at the end"),
        (HEAD + BLOCK.replace("+ one", "+ one  # doctest: +SKIP"), "directive"),
        (HEAD + BLOCK.replace("+ one", "+ one  # doctest: +ELLIPSIS"), "directive"),
        (HEAD + BLOCK.replace("\n2\n", "\n2.0\n"), "integers, rationals"),
        (HEAD + BLOCK.replace("\n2\n", "\n2e5\n"), "integers, rationals"),
        (HEAD.replace("# A title", "A title") + BLOCK, "title"),
        (HEAD.replace("proved symbolically", "mostly true") + BLOCK, "status"),
        (HEAD.replace("- **Source.** Here.\n", "") + BLOCK, "expected claim, source"),
        (HEAD.replace("**Source.**", "**Author.**") + BLOCK, "expected claim, source"),
        (HEAD.replace("- **Source.** Here.\n", 2 * "- **Source.** Here.\n") + BLOCK, "twice"),
        ("", "title"),
    ],
)
def test_a_document_that_proves_nothing_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(proofs.DocumentError, match=reason):
        proofs.read(_write(tmp_path, text))


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ("", "no claim for sum.md"),
        (CLAIMS.replace("sum.md", "other.md"), "no claim for sum.md"),
        (CLAIMS + CLAIMS.replace("One and one", "Two").replace("sum.md", "other.md"), "no document other.md"),
        (CLAIMS + CLAIMS, "more than once"),
        (CLAIMS.replace("proved symbolically", "true"), "status"),
        (CLAIMS.replace("statement", "claim"), "expected document, how, note, statement, status"),
        (CLAIMS.replace('"One and one"', '""'), "expected document, how, note, statement, status"),
        (CLAIMS.replace('["symbolic"]', '["by eye"]'), "expected some of: symbolic"),
        (CLAIMS.replace('["symbolic"]', "[]"), "expected document, how, note, statement, status"),
        (CLAIMS.replace('document = "sum.md"\n', ""), "expected a document"),
        (SLIP, "expected one line"),
        (CLAIMS + FAR.replace('note = "too many"\n', ""), "expected one line"),
        (CLAIMS + '[[typo]]\nwhere = "page 1"\n', "expected slip, where"),
        ("[[claim]\n", "paper.toml"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, claims: str, reason: str) -> None:
    _write(tmp_path, HEAD + BLOCK, claims)
    with pytest.raises(proofs.DocumentError, match=reason):
        proofs.papers(tmp_path)


def test_a_status_other_than_the_documents_fails(tmp_path: Path) -> None:
    _write(tmp_path, HEAD + BLOCK, SLIP + 'note = "One and one are two."\n')
    (paper,) = proofs.papers(tmp_path)
    assert "status" in proofs.check(paper.claims).failure


def test_several_statements_of_one_document_each_have_a_status(tmp_path: Path) -> None:
    two = CLAIMS + CLAIMS.replace("One and one", "Two").replace("proved symbolically", "verified on instances")
    said = "One and one: proved symbolically. Two: verified on instances."
    _write(tmp_path, HEAD.replace("proved symbolically", said) + BLOCK, two + FAR)
    (paper,) = proofs.papers(tmp_path)
    assert proofs.check(paper.claims[:2]) == proofs.Outcome(2, "")
    assert proofs.check(paper.claims[2:]) == proofs.Outcome(0, "")
    _write(tmp_path, HEAD + BLOCK, two)
    assert "One and one: proved symbolically" in proofs.check(paper.claims[:2]).failure


def test_the_test_command_sees_it(tmp_path: Path) -> None:
    cases = {
        "fine": (HEAD + BLOCK, CLAIMS),
        "datum": (HEAD + BLOCK.replace("one = 1", "one = 2"), CLAIMS),
        "empty": (HEAD, CLAIMS),
        "stranger": (HEAD + BLOCK, ""),
        "slow": (HEAD + BLOCK + SLOW, CLAIMS),
    }
    for name, (text, claims) in cases.items():
        (tmp_path / name).mkdir()
        _write(tmp_path / name, text, claims)
        shutil.copy(FOLDER / "conftest.py", tmp_path / name)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow\n  quick\n")
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "--color=no"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    found = {
        kind: set(re.findall(rf"^{kind} (\w+)/\S+::([\w-]+)", run.stdout, re.MULTILINE))
        for kind in ("PASSED", "FAILED")
    }
    failed = {("datum", "sum"), ("empty", "sum"), ("empty", "paper"), ("stranger", "paper"), ("slow", "sum-slow")}
    passed = {("fine", "sum"), ("fine", "paper"), ("datum", "paper"), ("stranger", "sum")}
    assert found["FAILED"] == failed
    assert found["PASSED"] == passed | {("slow", "sum"), ("slow", "paper")}
    assert run.returncode == 1


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """``exactgeo proofs`` on a folder of its own: options -> exit code, stdout, stderr."""
    from exactgeo.cli import main

    monkeypatch.setattr(proofs, "folder", lambda: tmp_path)

    def call(*options: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as exit_:
            main(["proofs", *options])
        captured = capsys.readouterr()
        return exit_.value.code, captured.out, captured.err

    return call


def test_command_passes_and_fails(tmp_path: Path, command) -> None:
    _write(tmp_path, HEAD + BLOCK)
    code, out, err = command()
    assert (code, err) == (0, "")
    assert re.split("  +", out.splitlines()[1]) == [*ROW, "2", "passed"]
    _write(tmp_path, HEAD + BLOCK.replace("one = 1", "one = 2"))
    code, out, err = command()
    assert code == 1
    assert out.splitlines()[1].endswith("failed")
    assert "Expected:\n    2\nGot:\n    4" in err
    _write(tmp_path, HEAD)
    assert command()[0] == 1
    _write(tmp_path, HEAD + BLOCK, "")
    code, _, err = command()
    assert (code, "no claim for sum.md" in err) == (1, True)


def test_command_table_runs_nothing(tmp_path: Path, command) -> None:
    _write(tmp_path, HEAD + BLOCK.replace("one = 1", "one = 2"))
    code, out, _ = command("--table", "--json")
    row = {"paper": "Nobody 1900", "statement": "One and one", "document": "paper/sum", "status": "proved symbolically"}
    row |= {"how": ["symbolic"], "note": ""}
    assert code == 0
    assert json.loads(out) == {"proofs": [{**row, "examples": 0, "result": "listed"}], "passed": True}
    code, out, _ = command("--json")
    assert code == 1
    assert json.loads(out) == {"proofs": [{**row, "examples": 2, "result": "failed"}], "passed": False}


def test_command_prints_a_document_and_refuses_other_names(tmp_path: Path, command) -> None:
    _write(tmp_path, HEAD + BLOCK)
    assert command("sum") == command("paper/sum") == (0, HEAD + BLOCK, "")
    code, _, err = command("product")
    assert (code, err) == (2, 'exactgeo: proofs: got "product", expected the name of a document; write paper/sum\n')


def test_command_runs_the_slow_blocks_on_request(tmp_path: Path, command) -> None:
    _write(tmp_path, HEAD + BLOCK + SLOW)
    assert command()[0] == 0
    code, out, _ = command("--slow", "--json")
    assert (code, json.loads(out)["proofs"][0]["examples"]) == (1, 4)
