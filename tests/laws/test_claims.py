"""The laws of claims, over the registry: what is written is read back, each kind has one file, one section, one check."""

from __future__ import annotations

import json
import re
from dataclasses import FrozenInstanceError, fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, get_args, get_type_hints

import pytest
from damage import checker
from made import ACCEPT, MAKERS

import exactgeo
from exactgeo.claims import CLAIMS, Claim, read_claim
from exactgeo.claims.fields import FrozenDict, Misread, to_data

ACCEPTED = {path.stem: json.loads(path.read_text()) for path in sorted(ACCEPT.glob("*.json"))}
DATA: dict[str, list[dict[str, Any]]] = {kind: [] for kind in CLAIMS}
for tree in ACCEPTED.values():
    for data in tree["claims"]:
        DATA.setdefault(data["kind"], []).append(data)
PACKAGE = Path(exactgeo.__file__).parent
DOCS = Path(__file__).parents[2] / "docs"


def subclasses(kind: type) -> set[type]:
    return {kind}.union(*(subclasses(below) for below in kind.__subclasses__()))


def unregistered() -> set[type]:
    """The types that are a kind of claim and not in the registry."""
    return {kind for kind in subclasses(Claim) if "kind" in vars(kind)} - set(CLAIMS.values())


def records(kind: Any, seen: frozenset[type] = frozenset()) -> set[type]:
    """The record types that a type is made of; one may hold others of its own type."""
    if is_dataclass(kind):
        if kind in seen:
            return set()
        hints = get_type_hints(kind)
        return {kind}.union(*(records(hints[item.name], seen | {kind}) for item in fields(kind)))
    return set[type]().union(*(records(part, seen) for part in get_args(kind)))


# -- the registry --


def test_the_registry_has_every_type_of_claim():
    assert not unregistered()
    assert all(CLAIMS[kind].kind == kind for kind in CLAIMS)


def test_a_type_outside_the_registry_is_found():
    class Stranger(Claim):
        kind: ClassVar[str] = "stranger"

    assert unregistered() == {Stranger}
    del Stranger.kind  # the base class may remember the type for a while; it is no kind any more
    assert not unregistered()


@pytest.mark.parametrize("kind", CLAIMS)
def test_one_file_one_section_one_check(kind):
    assert CLAIMS[kind].__module__ == f"exactgeo.claims.{kind}"
    assert kind in checker().KINDS[2]
    # What version 2 has in another form stands in its document, the rest in that of version 1.
    documents = [(DOCS / f"certificate-v{version}.md").read_text() for version in (2, 1)]
    named = next(found for text in documents for found in re.findall(rf"### `{kind}`: (.+)", text))
    assert sorted(named.split(", ")) == sorted(item.name for item in fields(CLAIMS[kind]))


def test_the_checker_has_no_other_kind():
    assert set(checker().KINDS[2]) == set(CLAIMS)


@pytest.mark.parametrize("kind", CLAIMS)
def test_records_are_frozen(kind):
    for record in records(CLAIMS[kind]):
        with pytest.raises(FrozenInstanceError):
            object.__new__(record).kind = "another"


# -- reading and writing --


@pytest.mark.parametrize("kind", CLAIMS)
def test_read_and_write_are_inverse(kind):
    assert DATA[kind], "no accepted certificate has a claim of this kind"
    for data in DATA[kind]:
        claim = read_claim(data)
        assert type(claim) is CLAIMS[kind]
        assert claim.write() == data
        again = CLAIMS[kind].read(claim.write())
        assert again == claim
        assert hash(again) == hash(claim)


@pytest.mark.parametrize("name", MAKERS)
def test_what_a_prover_makes_is_read_back(name):
    """The fields hold what they are annotated with: tuples where tuples are meant, Fractions and no integers."""
    certificate = MAKERS[name]()
    for claim in certificate.claims:
        assert read_claim(claim.write()) == claim
        assert read_claim(json.loads(json.dumps(claim.write()))) == claim


def leaves(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to all parts of JSON data."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(deeper for key, part in items for deeper in leaves(part, (*path, key)))]


def changed(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    key, *rest = path
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[key] = changed(data[key], tuple(rest), value)
    return copy


@pytest.mark.parametrize("kind", CLAIMS)
def test_what_is_not_written_so_is_refused(kind):
    """Whatever stands in place of a part of a claim, reading refuses it or writing gives it back."""
    data = min(DATA[kind], key=lambda claim: abs(len(json.dumps(claim)) - 1500))
    refusals = 0
    for path in leaves(data):
        for value in (None, True, 7, "2/4", "07", "1/0", "0.5", "-0", "no", [], {}, [[]], {"rule": []}, {"a": "1"}):
            damaged = changed(data, path, value)
            try:
                claim = read_claim(damaged)
            except Misread:
                refusals += 1
                continue
            assert claim.write() == damaged
    assert refusals > 8 * len(leaves(data))


@pytest.mark.parametrize("kind", CLAIMS)
def test_every_field_is_needed_and_no_other_is_allowed(kind):
    data = DATA[kind][0]
    for name in data:
        with pytest.raises(Misread):
            read_claim({key: value for key, value in data.items() if key != name})
    with pytest.raises(Misread, match="exactly the keys"):
        read_claim({**data, "note": "true, I promise"})


def test_a_misread_says_where():
    data = changed(DATA["barrier"][0], ("duals", 1, 2), 5)
    with pytest.raises(Misread) as refusal:
        read_claim(data)
    assert (refusal.value.path, refusal.value.found) == (".duals[1][2]", "5")
    with pytest.raises(Misread) as refusal:
        read_claim({"kind": "conjecture"})
    assert refusal.value.path == ".kind"


# -- the mapping --


def test_frozen_mappings():
    one, other = FrozenDict({3: Fraction(1), 1: Fraction(2)}), FrozenDict([(1, Fraction(2)), (3, Fraction(1))])
    assert one == other
    assert hash(one) == hash(other)
    assert to_data(one) == {"1": "2", "3": "1"}
    with pytest.raises(TypeError):
        one[3] = Fraction(4)
    with pytest.raises(TypeError, match="no place in a certificate"):
        to_data({1: 2})
    with pytest.raises(TypeError, match="no place in a certificate"):
        to_data(0.5)
