"""The schema of what ``--json`` prints: valid, strict, as complete as the code, and true of every command.

``command.run`` holds every answer of all tests to it; here are those that no other test asks for.
"""

from __future__ import annotations

import copy
import json

import answers
import jsonschema
import pytest
from command import run

import exactgeo as eg
from exactgeo import library
from exactgeo.cli import cli
from exactgeo.kinds import Argument, Globality, Kind, Strictness
from exactgeo.local_minimum import LADDER
from exactgeo.path_search.answer import End
from exactgeo.paths.segment import Kind as SegmentKind
from exactgeo.problem import REDUCTIONS

WHOLE = eg.schema()
DEFS = WHOLE["$defs"]


def test_no_such_command_is_refused():
    with pytest.raises(eg.InputError, match=r'^schema: got "nosuch", expected a command; write basins or certify'):
        eg.schema("nosuch")


def test_it_is_a_schema_of_every_command():
    jsonschema.Draft202012Validator.check_schema(WHOLE)
    assert {entry["$ref"].rpartition("/")[2] for entry in WHOLE["anyOf"]} == {*cli.commands, "refusal"}
    for name in cli.commands:
        part = eg.schema(name)
        jsonschema.Draft202012Validator.check_schema(part)
        assert set(part["$defs"]) <= set(DEFS)
        assert {name, "refusal"} <= set(part["$defs"])


def test_every_definition_is_used_and_every_reference_is_defined():
    text = json.dumps(WHOLE)
    used = {word.split('"')[0] for word in text.split("#/$defs/")[1:]}
    assert used == set(DEFS)


OPEN = ({"$schema", "$defs"}, {"kind", "statement"})
"""Objects that are not closed: a schema itself; and mappings from names, which have `additionalProperties` of a kind."""


def closed(part, path="") -> list[str]:
    """Objects with properties that allow others."""
    if isinstance(part, list):
        return [fault for item in part for fault in closed(item, path)]
    if not isinstance(part, dict):
        return []
    faults = [fault for key, value in part.items() for fault in closed(value, f"{path}/{key}")]
    inside = path.rpartition("/")[2] in ("properties", "anyOf", "oneOf")
    if "properties" in part and "type" in part and part.get("additionalProperties") is not False and not inside:
        faults.append(path)
    return faults


def test_no_object_allows_keys_that_are_not_described():
    assert closed(DEFS) == []


def test_words_are_those_of_the_code():
    verdict = DEFS["verdict"]["properties"]
    words = {key: verdict[key]["enum"] for key in ("verdict", "rung", "strictness", "globality")}
    assert words["verdict"] == list(Kind)
    assert words["rung"] == [*Argument, None]
    assert words["strictness"] == [*Strictness, None]
    assert words["globality"] == list(Globality)
    assert DEFS["rung"]["properties"]["rung"]["enum"] == [rung.name for rung in LADDER]
    assert set(DEFS["path"]["properties"]["end"]["enum"]) == set(End)
    kinds = DEFS["path_down"]["properties"]["segments"]["items"]["properties"]["kind"]["enum"]
    assert set(kinds) == set(SegmentKind)
    assert DEFS["problem"]["properties"]["loss"]["properties"]["reduction"]["enum"] == list(REDUCTIONS)


def spoilt(answer):
    """The answer with one more key, in each of its objects, one at a time; without each of its keys; with a float."""

    def places(part, path=()):
        if isinstance(part, dict):
            yield path
            for key, value in part.items():
                yield from places(value, (*path, key))
        elif isinstance(part, list) and part:
            yield from places(part[0], (*path, 0))

    for path in places(answer):
        if "reasons" in path:
            continue
        wrong = copy.deepcopy(answer)
        inner = wrong
        for key in path:
            inner = inner[key]
        inner["unknown_key"] = "1"
        yield path, wrong
    for key in answer:
        if not key.endswith("_decimal"):
            yield (f"without {key}",), {name: value for name, value in answer.items() if name != key}
    yield ("a float",), {**answer, "loss": 18.0}


def test_a_key_that_is_not_described_turns_red(capsys):
    for name in ("swirszcz-prop1", "swirszcz-prop2-local"):
        answer = json.loads(run(capsys, "certify", name, "--json")[1])
        assert answers.faults(["certify"], answer) == []
        for path, wrong in spoilt(answer):
            assert answers.faults(["certify"], wrong), path
    minima = json.loads(run(capsys, "basins", "swirszcz-prop1", "--minima", "--json")[1])
    assert answers.faults(["basins"], minima | {"unknown_key": 1})
    assert answers.faults(["minimum"], minima)
    assert answers.faults(["certify"], {"error": {"where": "a", "found": "b", "expected": "c"}})


EACH = {
    "basins": ["--minima"],
    "certify": [],
    "explain": [],
    "landscape": [],
    "minimum": [],
    "path": ["--down"],
    "polish": [],
    "probabilities": ["--regions"],
    "starts": ["--count", "5", "--optimizer", "lbfgs"],
}


@pytest.mark.parametrize("name", ["kink-global", "swirszcz-d1-plateau"])
@pytest.mark.parametrize("command", EACH)
def test_answers_about_examples(capsys, command, name):
    # The schema is asked in `run`.
    assert run(capsys, command, name, *EACH[command], "--json")[0] in (0, 1, 3)


@pytest.mark.parametrize("command", EACH)
def test_answers_of_no_time_at_all(capsys, command):
    limit = [] if command == "explain" else ["--time-limit", "0"]
    code, out, _ = run(capsys, command, "swirszcz-prop3-local", *EACH[command], *limit, "--json")
    assert code in (0, 1, 3)
    assert json.loads(out)


PICTURES = [
    name
    for name, command in cli.commands.items()
    # Of `slice` the picture is the answer.
    if name != "slice" and any("--plot" in option.opts for option in command.params)
]


def test_pictures_are_part_of_the_answers(capsys, tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "planes.json").write_text('{"normals": [[1, 0], [0, 1], [1, 1]]}')
    for name in PICTURES:
        subject = str(tmp_path / "planes.json") if name == "regions" else "kink-global"
        options = [*(EACH.get(name) or []), "--plot", str(tmp_path / f"{name}.svg"), "--json"]
        code, out, _ = run(capsys, name, subject, *options)
        assert (code in (0, 3), json.loads(out)["plot"]) == (True, str(tmp_path / f"{name}.svg")), name


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", [name for name, _ in library.names()])
def test_answers_about_every_example(capsys, name):
    for command, options in EACH.items():
        limit = [] if command == "explain" else ["--time-limit", "5"]
        assert run(capsys, command, name, *options, *limit, "--json")[0] in (0, 1, 2, 3)


def test_the_page_is_that_of_the_schema():
    assert answers.PAGE.read_text(encoding="utf-8") == answers.written(), "write it again: tests/shared/answers.py"


def test_the_example_of_the_page_runs():
    block = answers.HEAD.partition("```python\n")[2].partition("```")[0]
    exec(block, {})
