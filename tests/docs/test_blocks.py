"""Every fenced block of the README and of docs/ does what its page says; what is not run says why, and is counted."""

from __future__ import annotations

from pathlib import Path

import pages
import pytest
from pages import ROOT, PageError, Session, blocks

HEAVY = {"docs/gallery.md"}
"""Pages of pictures alone, which the build of the site draws."""

NEEDS = {
    "docs/cluster.md": "distributed",
    "docs/experiments.md": "sklearn",
    "docs/tutorials/trained.md": "sklearn",
}

NOT_RUN = {"README.md": 1, "CONTRIBUTING.md": 1, "docs/certificate-v1.md": 1, "docs/quickstart.md": 1}
"""How many blocks of each page cannot be run: a new one is a decision."""

PAGES = [str(path.relative_to(ROOT)) for path in pages.pages()]
WITH_CODE = [
    name
    for name in PAGES
    if any(block.mark in ("", "file") and block.language not in pages.DIRECTIVES for block in blocks(ROOT / name))
]


def marked() -> list[object]:
    return [pytest.param(name, marks=pytest.mark.slow if name in HEAVY else ()) for name in WITH_CODE]


@pytest.mark.parametrize("name", marked())
def test_the_blocks_of_a_page_do_what_stands_below_them(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    if any(block.image for block in blocks(ROOT / name)):
        pytest.importorskip("matplotlib")
    for image, svg in pages.run(ROOT / name).items():
        kept = (ROOT / name).parent / image
        if pages.MADE not in kept.resolve().parents:
            # Another release of matplotlib draws other outlines; what is written is the same.
            assert pages.texts(svg) == pages.texts(kept.read_bytes()), f"{image}: python tests/shared/pages.py"


def test_what_is_not_run_says_why_and_is_counted():
    found: dict[str, int] = {}
    for name in PAGES:
        for block in blocks(ROOT / name):
            if block.mark == "held by":
                assert (ROOT / block.about).exists(), block.place
                assert Path(name).name in (ROOT / block.about).read_text(encoding="utf-8"), block.place
            if block.mark == "not run":
                assert len(block.about) > 15, block.place
                found[name] = found.get(name, 0) + 1
    assert found == NOT_RUN


def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Path:
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    return path


GOOD = """
```python
x = 2
print(x)
```

```text
2
```

```python
>>> x + 1
3
```

<!-- file: a.toml -->
```toml
normals = [[1, 0], [0, 1]]
```

```text
$ exactgeo regions a.toml --count-only
regions                     4
relatively bounded          0
rank of the normals         2
characteristic polynomial   1 -2 1
$ exactgeo certify nothing
$ echo $?
2
```
"""


def test_a_page_is_one_session(tmp_path, monkeypatch):
    Session(tmp_path).run(page(tmp_path, monkeypatch, GOOD))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("print(x)", "print(x + 1)", "page.md:2: prints"),
        ("```text\n2\n```", "Words.\n\n```text\n2\n```", "page.md:2: prints"),
        ("3\n", "4\n", "Expected"),
        (">>> x + 1", ">>> y + 1", "NameError"),
        ("regions                     4", "regions                     5", "the page shows"),
        ("$ echo $?\n2\n", "", "exit 2"),
        ("$ echo $?\n2\n", "$ echo $?\n1\n", "the page shows"),
        ("<!-- file: a.toml -->\n", "", "normals"),
        ("```toml", "```tml", "page.md:16"),
        ("```\n", "", "open at the end"),
    ],
)
def test_a_page_that_says_something_else_is_found(tmp_path, monkeypatch, old, new, said):
    assert old in GOOD
    text = GOOD.replace(old, new) if old != "```\n" else GOOD.rstrip().removesuffix("```")
    if old == "```toml":
        text = text.replace("<!-- file: a.toml -->\n", "")
    with pytest.raises(Exception, match=said.replace("(", r"\(")) as raised:
        Session(tmp_path).run(page(tmp_path, monkeypatch, text))
    assert raised.type.__name__ in ("PageError", "InputError"), raised.value


def test_a_block_of_another_language_is_not_skipped(tmp_path, monkeypatch):
    with pytest.raises(PageError, match="does not say why"):
        Session(tmp_path).run(page(tmp_path, monkeypatch, "```yaml\na: 1\n```\n"))
