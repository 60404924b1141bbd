"""The page in a real browser: a headless Chromium, where there is one. Widths, schemes, paper, anchors, no script, no error."""

from __future__ import annotations

import re
from pathlib import Path

import browser
import pytest

import exactgeo as eg

if browser.found() is None:
    pytest.skip("no chromium here (Debian: apt-get install chromium)", allow_module_level=True)

# A name that would run, flow out of the page or turn the text around; long rows; thousand digits; a path with a picture.
NUMBER = 10**999 + 7
WIDE = {
    "name": "<script>document.title = 'run'</script>" + "w" * 150,
    "source": "<img src=x onerror=\"document.title = 'run'\"> \u05d0\u05d1\u05d2 " + "v" * 150,
    "data": {"x": [[t, *range(12)] for t in range(30)], "y": [f"{t}/{NUMBER}" for t in range(30)]},
    "network": {"widths": [3], "hidden_bias": False},
    "point": {"weights": [[[f"1/{NUMBER}", *range(12)]] * 3, [[1, 1, "13/7"]]], "biases": [[], [f"{NUMBER}/3"]]},
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Two pages: one that has everything, one that is as wide as can be."""
    folder = tmp_path_factory.mktemp("pages")
    eg.report(eg.load("safran-shamir-c1-d1-bad"), time_limit=600).write(folder / "full.html")
    eg.report(eg.load(WIDE), time_limit=0).write(folder / "wide.html")
    return folder


@pytest.fixture(scope="module")
def chromium():
    with browser.Browser() as one:
        yield one


# What is drawn beyond the window and not inside a box that scrolls.
BEYOND = """[...document.querySelectorAll("body *")].filter(e => {
  const box = e.getBoundingClientRect();
  if (box.width === 0 || box.right <= document.documentElement.clientWidth + 1) return false;
  for (let p = e.parentElement; p; p = p.parentElement)
    if (["auto", "scroll", "hidden"].includes(getComputedStyle(p).overflowX)) return false;
  return true;
}).map(e => e.tagName + "." + e.className).slice(0, 5)"""

OPEN = "document.querySelectorAll('details').forEach(d => d.open = true)"


def show(chromium, pages: Path, name: str, width: int = 1100, **how):
    chromium.show(pages / f"{name}.html", width, **how)


@pytest.mark.parametrize("name", ["full", "wide"])
def test_nothing_is_wider_than_the_window(chromium, pages, name):
    show(chromium, pages, name, 360)
    for width in (360, 700, 1400):
        chromium.look(width)
        for unfold in ("0", OPEN):
            chromium.ask(unfold)
            assert chromium.ask("document.documentElement.scrollWidth") <= width
            assert chromium.ask(BEYOND) == []


def test_the_words_are_there_and_every_anchor_leads_somewhere(chromium, pages):
    show(chromium, pages, "full")
    words = chromium.ask("document.body.innerText")
    for said in (
        "The point is a local minimum of loss 1/2 = 0.5, strict",
        "Hypotheses",
        "Versions",
        "5/8 = 0.625",
        "accepted",
    ):
        assert said in words
    lost = chromium.ask(
        "[...document.links].filter(a => a.hash && !document.getElementById(a.hash.slice(1))).map(a => a.href)"
    )
    assert lost == []
    strange = chromium.ask(
        "[...document.links].map(a => a.protocol).filter(p => !['https:', 'file:', 'data:'].includes(p))"
    )
    assert strange == []
    assert chromium.ask("document.documentElement.lang") == "en"


@pytest.mark.parametrize("name", ["full", "wide"])
def test_no_script_runs_nothing_is_fetched_nothing_is_wrong(chromium, pages, name):
    show(chromium, pages, name)
    assert chromium.ask("document.scripts.length") == 0
    assert chromium.ask("document.title") != "run"
    fetched = [e["params"]["request"]["url"] for e in chromium.events if e.get("method") == "Network.requestWillBeSent"]
    assert [url for url in fetched if not url.endswith(".html")] == []
    assert [
        e["params"] for e in chromium.events if e.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown")
    ] == []


CONTRAST = """(() => {
  const parts = colour => {
    const numbers = colour.match(/[\\d.]+/g).map(Number), [r, g, b] = numbers, opacity = numbers[3] ?? 1;
    return [...(colour.startsWith("color(srgb") ? [r, g, b] : [r / 255, g / 255, b / 255]), opacity];
  };
  const paper = parts(getComputedStyle(document.documentElement).backgroundColor);
  const luminance = ([r, g, b, opacity]) => {
    const mixed = [r, g, b].map((v, k) => opacity * v + (1 - opacity) * paper[k]);
    const [x, y, z] = mixed.map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const below = luminance(paper);
  return [...document.querySelectorAll(SELECTOR)].map(e => {
    const colour = getComputedStyle(e)[PROPERTY], own = luminance(parts(colour));
    return [(Math.max(own, below) + 0.05) / (Math.min(own, below) + 0.05), colour, e.textContent.slice(0, 30)];
  }).sort((a, b) => a[0] - b[0]).slice(0, 3);
})()"""


@pytest.mark.parametrize("dark", [False, True])
def test_text_and_pictures_can_be_read_on_light_and_on_dark(chromium, pages, dark):
    show(chromium, pages, "full", dark=dark)
    paper = chromium.ask("getComputedStyle(document.documentElement).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", paper))) < 300) == dark
    for selector, least in (
        ("p, td, th, dt, dd, h1, h2, h3, li, a, code, strong, summary, figcaption, .good, .bad", 4.5),
        ("svg text", 2.4),
    ):
        kind = '"fill"' if "svg" in selector else '"color"'
        found = chromium.ask(CONTRAST.replace("SELECTOR", repr(selector)).replace("PROPERTY", kind))
        assert found
        assert all(ratio >= least for ratio, *_ in found), found


def test_paper_is_white_and_nothing_is_cut_off(chromium, pages):
    show(chromium, pages, "full", 720, dark=True, media="print")
    assert chromium.ask("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert chromium.ask("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert chromium.ask("document.documentElement.scrollWidth") <= 720
    clipped = chromium.ask(
        "[...document.querySelectorAll('pre')].filter(e => e.scrollHeight > e.clientHeight + 2 && e.clientHeight).length"
    )
    assert clipped == 0
    pdf = chromium.pdf()
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 2


def test_pieces_of_a_notebook_fit_their_window_and_leave_the_rest_alone(chromium, tmp_path):
    problem = eg.load(WIDE)
    arrangement = eg.Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, f"1/{NUMBER}"])
    results = [problem, eg.certify(problem, time_limit=0), arrangement, eg.path(eg.load("swirszcz-d1-plateau"))]
    body = "".join(one._repr_html_() for one in results)
    page = (
        f"<!DOCTYPE html><meta charset=utf-8><meta name=viewport content='width=device-width'><p id=own>own</p>{body}"
    )
    (tmp_path / "notebook.html").write_text(page, encoding="utf-8")
    chromium.show(tmp_path / "notebook.html", 360)
    assert chromium.ask("document.scripts.length") == 0
    chromium.ask(OPEN)
    assert chromium.ask("document.documentElement.scrollWidth") <= 360
    assert chromium.ask("getComputedStyle(document.getElementById('own')).fontSize") == "16px"
