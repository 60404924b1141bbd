"""docs/mathematics.md: every statement has a number of its own, what is cited is there, and in full."""

from __future__ import annotations

import re

import pytest
import ratchets
from site_pages import DEFINED, labels

from exactgeo.claims import CLAIMS

TEXT = (ratchets.PACKAGE.parent / "docs" / "mathematics.md").read_text(encoding="utf-8")
BODY, _, REFERENCES = TEXT.partition("\n## References\n")
TABLE = BODY[: BODY.index("\nNotation.")]
ROWS = re.findall(r"^\| ([A-Z][^|]*) \| [^|]* \| ([^|]*) \|$", TABLE, re.MULTILINE)
SECTIONS = set(re.findall(r"^## (.*)$", TEXT, re.MULTILINE))


def test_every_statement_has_a_number_and_the_table_has_them_all():
    assert not re.findall(r"\*\*(?:Theorem|Claim|Lemma|Proposition)(?:\.| \()", BODY)
    listed = [label for row, _ in ROWS for label in row.split(", ")]
    defined = labels(BODY)
    assert len(defined) == len(set(defined)) >= 40
    assert sorted(listed) == sorted(defined)


def test_a_statement_without_a_number_is_not_found_as_one():
    assert labels("**Theorem M1 (words).** a **V1**: b **P3 (no bias\\*).** c **Deciding 3.** d **Basins.** e") == [
        "M1",
        "V1",
        "P3",
    ]
    assert DEFINED.search("**Theorem.** a") is None


def test_what_uses_a_statement_is_a_kind_of_claim():
    named = {name for _, used in ROWS for name in re.findall(r"`(\w+)`", used)}
    assert named <= {*CLAIMS, "strictness", "critical_point"}, named - set(CLAIMS)


CITED = [
    (name, section, numbers)
    for name, text in ratchets.package_sources().items()
    for section, numbers in re.findall(
        r'mathematics\.md,\s+"([^"]+)"(?:, ((?:[A-Z]\d*[a-z]?(?:, | to | and )?)+))?', text
    )
]


def test_what_the_code_cites_is_there():
    assert len(CITED) > 30
    wrong = [row for row in CITED if re.sub(r"\s+", " ", row[1]) not in SECTIONS]
    assert not wrong
    known = {*labels(BODY), "D0"}
    for _, _, numbers in CITED:
        assert set(re.findall(r"\b[A-Z]\d+[a-z]?\b", numbers)) <= known, numbers


@pytest.mark.parametrize("entry", re.findall(r"^\* (.*)$", REFERENCES, re.MULTILINE))
def test_a_reference_has_authors_a_title_and_a_year_and_is_used(entry):
    whole = re.fullmatch(r"([^*]+), \*([^*]+)\*, (.*\b\d{4}\b.*)\.", entry)
    assert whole is not None
    surname = whole[1].split(",")[0].split()[-1]
    plain = surname.replace("ä", "ae").replace("Świr", "Swir")
    pages = [
        BODY,
        *(
            (ratchets.PACKAGE.parent / "docs" / f"{name}.md").read_text("utf-8")
            for name in ("trust", "certificate-v2", "statements", "experiments")
        ),
    ]
    assert any(plain in text or surname in text for text in pages), surname
