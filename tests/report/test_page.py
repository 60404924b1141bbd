"""The page of ``exactgeo report``: nothing missing without a word, everything from a file escaped, every certificate accepted."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from command import run
from markup import Markup

import exactgeo as eg
from exactgeo.checking import CHECKER
from exactgeo.deadline import Deadline
from exactgeo.report.page import STAGES, State, evidence, pictures
from exactgeo.report.page import _made as made
from exactgeo.report.page.section import Material

POINT = {"weights": [[[1]], [[1]]], "biases": [[0], [0]]}
KEYS = [stage.key for stage in STAGES]
HOSTILE = '<script>alert("1")</script>&amp; \u05d0\u05d1 ' + "w" * 150


@pytest.fixture(scope="module")
def full():
    return eg.report(eg.load("swirszcz-prop1"), time_limit=600)


@pytest.fixture
def plain(monkeypatch):
    """Pages without pictures, which take most of the time."""
    monkeypatch.setattr(pictures, "find_spec", lambda _: None)


def data_set(**more):
    return {"data": {"x": [[1], [2], [4]], "y": [1, 0, 2]}, "network": {"widths": [1]}, **more}


def certificates(markup):
    """File name and bytes of each certificate that a page carries."""
    start = "data:application/json;base64,"
    links = [a for a in markup.of("a") if a["href"].startswith(start)]
    return {a["download"]: base64.b64decode(a["href"].removeprefix(start), validate=True) for a in links}


# -- what the page says ------------------------------------------------------------------------------------------------


def test_every_section_is_there_and_the_verdict_comes_first(full):
    markup = Markup(full.html)
    assert [s["id"] for s in markup.of("section")] == KEYS
    assert [one.state for one in full.sections] == [State.COMPLETE] * len(KEYS)
    sentence = (
        "The point is a local minimum of loss 18, strict up to rescaling of neurons, and not a global one: the global minimum is 14, "
        "and no path that stays below 106/5 = 21.2 leads to it."
    )
    assert markup.texts["sentence"] == sentence
    assert markup.words.index("swirszcz-prop1") < markup.words.index(sentence) < markup.words.index("Hypotheses")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("verdict", ["a local minimum, proved exactly", "no lower loss while each parameter moves by at most 1/8 = 0.125", "weights = [[[1]], [[1]]]"]),
        ("hypotheses", ["1 input, one hidden layer of 1 unit (relu) with biases", "squared: (p - y)^2", "sum over 5 data points", "all parameters"]),
        ("minima", ["20; 20 modulo permutation", "75/4 = 18.75", "614/29 ≈ 21.1724", "the point's loss", "strict modulo symmetry, dimension 1"]),
        ("landscape", ["escapes at", "106/5 = 21.2", "16/5 = 3.2", "lies in a bad valley that goes down to 18, and escapes at 106/5 = 21.2"]),
        ("path", ["no path that never rises above the start goes lower", "The path stays where it is"]),
        ("starts", ["≈ 0.1618959", "width 10", "Assumption 1"]),
        ("statements", ["Proposition 1", "proved symbolically", "swirszcz-2017/proposition-1", "@article{zaslavsky-1975", "@software{exactgeo", "\\begin{proposition}"]),
        ("versions", ["exactgeo report swirszcz-prop1.toml -o swirszcz-prop1.html", "python-flint"]),
    ],
)  # fmt: skip
def test_what_each_section_says(full, key, said):
    words = Markup(full.html).texts[key]
    assert [text for text in said if text not in words] == []


def test_the_problem_on_the_page_is_the_problem(full):
    written = Markup(full.html).texts["problem-file"]
    again = eg.load(written.encode())
    assert (again, again.point, again.name, again.source) == (
        full.problem,
        full.point,
        full.problem.name,
        full.problem.source,
    )


def test_the_data_stand_beside_the_predictions(full):
    rows = re.findall(r"<tr><td.*?</tr>", full.html[full.html.index('id="data"') :].partition("</section>")[0])
    cells = [re.sub("<[^>]*>", " ", row).split() for row in rows]
    assert cells == [
        ["0", "5", "2", "2", "0"],
        ["1", "4", "1", "1", "0"],
        ["2", "3", "0", "0", "0"],
        ["3", "1", "-3", "0", "3"],
        ["4", "-1", "3", "0", "-3"],
        # Where the one unit bends, and the datum there.
        ["0", "x", "=", "3", "2"],
    ]


# -- the certificates --------------------------------------------------------------------------------------------------


def test_a_saved_certificate_is_accepted_and_has_the_hash_on_the_page(full, tmp_path):
    markup = Markup(full.html)
    carried = certificates(markup)
    assert list(carried) == [
        f"swirszcz-prop1.{word}.json" for word in ("certify", "basins", "landscape", "path", "probabilities")
    ]
    for entry in full.certificates:
        name = entry["file"]
        (tmp_path / name).write_bytes(carried[name])
        assert (
            hashlib.sha256(carried[name]).hexdigest() == entry["sha256"] == markup.texts[f"sha256-{name.split('.')[1]}"]
        )
        assert f"exactgeo check {name}\npython exactgeo/check.py {name}" in markup.texts["certificates"]
    problem = tmp_path / "problem.toml"
    problem.write_text(markup.texts["problem-file"], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(CHECKER), "swirszcz-prop1.certify.json", str(problem)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("accepted")
    for claim in eg.check(tmp_path / "swirszcz-prop1.certify.json").claims:
        assert claim["statement"] in markup.texts["certificates"]


def test_a_certificate_that_the_checker_rejects_is_never_shown(monkeypatch):
    from exactgeo.claims.certificate import Certificate

    problem = eg.load("swirszcz-prop1")
    honest, proof = Certificate.to_json, eg.certify(problem, time_limit=0).certificate
    material = Material(problem, problem.point, Deadline.after(600))
    material.keep("the verdict", "exactgeo certify {file} --certificate {name}", proof)
    evidence.carry(material, 600)
    assert evidence.certificates(material, 0).state is State.COMPLETE
    material.keep("the verdict", "exactgeo certify {file} --certificate {name}", proof)
    monkeypatch.setattr(Certificate, "to_json", lambda self: honest(self).replace('"loss":"18"', '"loss":"17"'))
    with pytest.raises(eg.InternalError, match="the checker rejects a certificate"):
        evidence.carry(material, 600)


def test_a_certificate_that_is_too_large_is_named_and_left_out(monkeypatch):
    problem = eg.load("swirszcz-prop1")
    material = Material(problem, problem.point, Deadline.after(600))
    material.keep(
        "the verdict", "exactgeo certify {file} --certificate {name}", eg.certify(problem, time_limit=0).certificate
    )
    monkeypatch.setattr(evidence, "ENCLOSED", 100)
    evidence.carry(material, 600)
    words = Markup(evidence.certificates(material, 0).body).words
    assert (
        "too large for this page; exactgeo certify swirszcz-prop1.toml --certificate swirszcz-prop1.certify.json writes it"
        in words
    )
    assert "accepted" in words


# -- offline, whole, the same twice ------------------------------------------------------------------------------------


def test_the_page_loads_nothing_and_runs_nothing(full):
    markup = Markup(full.html)
    policy = next(m["content"] for m in markup.of("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert {tag for tag, _ in markup.elements}.isdisjoint({"script", "link", "img", "iframe", "object", "form", "base"})
    assert [key for _, found in markup.elements for key in found if key.startswith("on") or key == "src"] == []
    assert re.findall(r"@import|url\((?!#)", full.html) == []
    places = [found["href"] for _, found in markup.elements if "href" in found]
    anchors = [place[1:] for place in places if place.startswith("#")]
    assert [name for name in anchors if name not in markup.texts] == []
    assert all(place.startswith(("#", "https://", "data:application/json;")) for place in places)
    for _, found in markup.elements:
        for name in re.findall(r"url\(#([^)]*)\)", " ".join(map(str, found.values()))):
            assert name in markup.texts
    assert len(full.html.encode()) < 1_000_000


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes(full):
    assert eg.report(eg.load("swirszcz-prop1"), time_limit=600).html == full.html


def test_a_page_says_nothing_of_time_and_machine(full):
    import datetime
    import os

    assert str(datetime.date.today().year) not in re.sub(r"base64,[^\"]*", "", full.html)
    assert os.getcwd() not in full.html


def test_pictures_have_a_name_for_those_who_do_not_see_them(full):
    pytest.importorskip("matplotlib")
    markup = Markup(full.html)
    drawn = markup.of("svg")
    assert len(drawn) == 3
    for found in drawn:
        assert (found["role"], found["viewbox"][:4]) == ("img", "0 0 ")
        assert markup.texts[found["aria-labelledby"]]
    assert "DejaVu" not in re.sub(r"style=\"[^\"]*\"", "", full.html.partition("<body")[2])


def test_every_colour_of_a_picture_has_one_for_dark_pages(full):
    pytest.importorskip("matplotlib")
    body = full.html.partition("<body")[2]
    used = set(re.findall(r"var\(--c([0-9a-f]{6})\)", body))
    light, dark = full.html.split("@media screen and (prefers-color-scheme: dark) { :root { --c")[:2]
    for colour in used:
        assert f"--c{colour}: {'var(--paper)' if colour == 'ffffff' else f'#{colour}'};" in light
        assert f"--c{colour}: " in "--c" + dark.partition("}")[0]
    assert re.findall(r"(?:fill|stroke): ?#[0-9a-f]{3,6}", body) == []


def test_without_matplotlib_the_page_says_so(plain):
    found = eg.report(eg.load("swirszcz-prop1"), time_limit=0)
    assert "<svg" not in found.html
    assert "Pictures need the optional extra: pip install &#x27;exactgeo[plot]&#x27;." in found.html


# -- everything from a file is text ------------------------------------------------------------------------------------


def test_names_and_sources_are_text(plain):
    problem = eg.load(
        data_set(name=HOSTILE, source="</style></pre><img src=x onerror=alert(1)>" + HOSTILE, point=POINT)
    )
    markup = Markup(eg.report(problem, time_limit=0).html)
    assert markup.of("script") == markup.of("img") == []
    assert [key for _, attributes in markup.elements for key in attributes if key.startswith("on")] == []
    assert HOSTILE in markup.words
    again = eg.load(markup.texts["problem-file"].encode())
    assert (again.name, again.source) == (problem.name, problem.source)


@pytest.mark.parametrize("name", ["$x^2$", "$\\frac{$", "\u4e2d\u6587", "a_b^c"])
def test_names_are_no_formulas_in_pictures_and_need_no_font(name):
    pytest.importorskip("matplotlib")
    html = eg.report(eg.load(data_set(name=name)), time_limit=0).html
    picture = re.search("<svg.*?</svg>", html, flags=re.DOTALL)[0]
    assert f">{name}</text>" in picture


@pytest.mark.parametrize(
    "character", ["\x00", "\x85", "\u00a0", "\u2028", "\u202e", "\ufeff", "\U000e0001", "\ud800", "\t"]
)
def test_what_a_reader_could_not_see_is_written_out(plain, character):
    # Only from Python: files with such names are refused.
    problem = replace(eg.load(data_set()), name=f"a{character}b")
    html = eg.report(problem, time_limit=0).html
    assert character not in html
    code = f"{ord(character):04x}" if ord(character) < 0x10000 else f"{ord(character):08x}"
    assert f"a\\u{code}b" in html or f"a\\U{code}b" in html
    html.encode()


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("../x/<b>.toml", "b"),
        ("", "problem"),
        ('a b"c', "a-b-c"),
        ("w" * 900, "w" * 60),
        ("\u05d0", "problem"),
        ("..", "problem"),
    ],
)
def test_files_on_the_page_have_plain_names(name, stem):
    assert evidence.file_stem(name) == stem


def test_long_numbers_are_folded_and_whole(plain):
    number = 10**999 + 7
    problem = eg.load(data_set(point={"weights": [[[1]], [[1]]], "biases": [[f"1/{number}"], [0]]}))
    found = eg.report(problem, time_limit=0)
    folded = re.findall(r'<details class="long"><summary>([^<]*)</summary><code>([^<]*)</code></details>', found.html)
    assert folded
    assert all(summary.startswith("≈ ") and len(summary) < 60 and len(whole) > 900 for summary, whole in folded)
    sentence = Markup(found.html).texts["sentence"]
    assert len(sentence) < 400


# -- what is missing is said -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"network": {"widths": [1, 1]}, "point": {"weights": [[[1]], [[1]], [[1]]], "biases": [[0], [0], [0]]}},
         {"minima": "2 hidden layers", "landscape": "2 hidden layers", "starts": "2 hidden layers"}),
        ({"penalty": {"l2": "1/10"}}, {"landscape": "[penalty]", "path": "[penalty]", "starts": "[penalty]"}),
        ({"network": {"widths": [1], "activation": "tanh"}}, {"minima": "tanh", "landscape": "tanh", "path": "tanh", "starts": "tanh"}),
        ({"point": None}, {"verdict": "no [point]", "path": "no [point]"}),
    ],
)  # fmt: skip
def test_what_is_out_of_scope_is_one_sentence(plain, change, missing):
    given = {key: value for key, value in data_set(**{"point": POINT, **change}).items() if value is not None}
    problem = eg.load(given)
    material = Material(problem, problem.point, Deadline.after(600))
    for stage in STAGES:
        if stage.key in missing:
            one = made(stage, material)
            assert one.state in (State.OUT_OF_SCOPE, State.LEFT_OUT)
            words = Markup(one.body).words
            assert missing[stage.key] in one.reason
            assert missing[stage.key] in words
            assert (words.endswith("."), words.count(". ")) == (True, 0)


def test_what_the_time_does_not_reach_is_said(plain):
    found = eg.report(eg.load("swirszcz-prop1"), time_limit=0)
    late = [one.key for one in found.sections if one.state is State.NOT_REACHED]
    assert late == ["minima", "landscape", "path", "starts"]
    (proof,) = [one for one in found.sections if one.key == "certificates"]
    assert (proof.state, proof.reason) == (State.PARTIAL, "1 of 1 certificates were not checked in time")
    assert found.verdict.kind == "local_minimum"
    assert not found.complete
    assert "minima: this was not reached within 0 s; raise --time-limit" in found.reason
    assert Markup(found.html).texts["path"] == "The path downThis was not reached within 0 s; raise --time-limit."


def test_the_page_so_far_is_whole_at_any_moment(plain):
    told = []
    found = eg.report(eg.load("kink-global"), time_limit=0, known=told.append)
    assert told[-1].html == found.html
    assert len(told) == len(KEYS) - 3
    first = Markup(told[0].html)
    assert [s["id"] for s in first.of("section")] == KEYS
    assert "This was not reached before the run was ended." in first.texts["verdict"]
    assert "weights" in Markup(told[1].html).texts["problem-file"]


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_writes_the_page_and_says_the_verdict(plain, capsys, tmp_path):
    out = tmp_path / "out.html"
    code, text, err = run(capsys, "report", "kink-global", "-o", str(out), "--time-limit", "0")
    assert (code, err) == (0, "")
    assert text.splitlines()[2].strip() == Markup(out.read_text("utf-8")).texts["sentence"]
    assert text.endswith(f"  page            {out}\n")


@pytest.mark.parametrize(
    ("name", "code", "verdict"),
    [
        ("swirszcz-prop2-local", 1, "not_local_minimum"),
        ("kink-global", 0, "local_minimum"),
        ("undecided", 3, "undecided"),
    ],
)
def test_exit_codes_and_json_are_those_of_certify(plain, capsys, tmp_path, name, code, verdict):
    if name == "undecided":
        open_ = {"data": {"x": [[1], [2]], "y": [1, -1]}, "network": {"widths": [1], "activation": "tanh"},
                 "point": {"weights": [[[0]], [[0]]], "biases": [[0], [0]]}}  # fmt: skip
        (tmp_path / "undecided.json").write_text(json.dumps(open_))
        name = str(tmp_path / "undecided.json")
    out = tmp_path / "out.html"
    got, text, _ = run(capsys, "report", name, "-o", str(out), "--time-limit", "0", "--json")
    answer = json.loads(text)
    assert (got, answer["verdict"]["verdict"], answer["file"]) == (code, verdict, str(out))
    assert [one["section"] for one in answer["sections"]] == KEYS
    assert out.exists()


@pytest.mark.parametrize("arguments", [["-o", "page.txt"], ["-o", "no/such/folder/page.html"], ["-o", "-"], []])
def test_a_page_that_cannot_be_written_is_refused_before_the_work(capsys, arguments):
    code, out, err = run(capsys, "report", "kink-global", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_a_point_of_another_shape_is_refused(capsys, tmp_path):
    out = tmp_path / "out.html"
    code, _, err = run(capsys, "report", "kink-global", "--point", "xor-2", "-o", str(out))
    assert (code, out.exists()) == (2, False)
    assert "point" in err


def test_ctrl_c_leaves_the_page_so_far(plain, capsys, tmp_path, monkeypatch):
    from exactgeo.report import page

    def interrupted(material, seconds):
        raise KeyboardInterrupt

    stages = tuple(replace(one, make=interrupted) if one.key == "minima" else one for one in page.STAGES)
    monkeypatch.setattr(page, "STAGES", stages)
    out = tmp_path / "out.html"
    code, text, err = run(capsys, "report", "kink-global", "-o", str(out))
    assert (code, err) == (130, "exactgeo: interrupted\n")
    markup = Markup(out.read_text("utf-8"))
    assert "was not reached before the run was ended" in markup.texts["minima"]
    assert markup.texts["sentence"] in text


@pytest.mark.slow
@pytest.mark.parametrize("name", eg.examples())
def test_every_shipped_example_has_a_page_below_a_megabyte(name):
    found = eg.report(eg.load(name), time_limit=600)
    # A path may rise on its way although it is never above its start; everything else is complete.
    assert {one.key for one in found.sections if one.state is not State.COMPLETE} <= {"path"}
    assert len(found.html.encode()) < 1_000_000
    markup = Markup(found.html)
    assert len(certificates(markup)) == len(found.certificates) == 5
