"""A verdict for a paper: a proposition with its proof in LaTeX, exact numbers, and the certificate that is named."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from exactgeo.activations import LINEAR
from exactgeo.exact.combination import Combination, Number
from exactgeo.exact.enclosure import Enclosure, Value
from exactgeo.exact.rational import decimal, format_rational
from exactgeo.kinds import Globality, Kind, Strictness
from exactgeo.report.text import minima_of

if TYPE_CHECKING:
    from exactgeo.local_minimum import Descent
    from exactgeo.problem import Direction, Point, Problem
    from exactgeo.standing import Verdict

__all__ = ["escaped", "verdict_latex"]

WRITTEN = 40
"""Characters of a number up to which it is written out."""
DATA, ENTRIES = 12, 4
"""Data points, and entries of each, up to which a table has them."""
HEAD = (
    "% Written by exactgeo {version}. Needs \\usepackage{{amsmath,amsthm}} and "
    "\\newtheorem{{proposition}}{{Proposition}}."
)

SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
SPECIAL |= {c: f"\\{c}" for c in "{}$&#_%"} | {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}
SPECIAL |= {'"': "''", "`": "'", "ß": r"\ss{}", "ø": r"\o{}", "Ø": r"\O{}", "ł": r"\l{}", "Ł": r"\L{}"}
SPECIAL |= {"æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "\u2013": "--", "\u2019": "'"}
ACCENTS = dict(zip(map(chr, (0x300, 0x301, 0x302, 0x303, 0x304, 0x307, 0x308)), "`'^~=.\"", strict=True))
ACCENTS |= dict(zip(map(chr, (0x306, 0x30A, 0x30B, 0x30C, 0x327)), "urHvc", strict=True))

DOWN = Context(prec=15, rounding=ROUND_FLOOR, Emax=MAX_EMAX, Emin=MIN_EMIN)
UP = Context(prec=15, rounding=ROUND_CEILING, Emax=MAX_EMAX, Emin=MIN_EMIN)


def verdict_latex(verdict: Verdict, certificate_path: str | None = None) -> str:
    """A proposition and its proof; of an undecided point a comment alone, for nothing is proved of it.

    Examples
    --------
    >>> import exactgeo as eg
    >>> text = eg.certify(eg.load("swirszcz-prop1")).to_latex()
    >>> [line for line in text.splitlines() if "local minimum of" in line]
    ['the loss is $L = 18$, and they are a local minimum of $L$:']
    """
    head = HEAD.format(version=version("exactgeo"))
    if verdict.kind is Kind.UNDECIDED:
        why = " ".join((verdict.detail or verdict.message).split())
        return f"{head}\n% Undecided, nothing to state: {_ascii(why)}\n"
    problem = verdict.problem
    title = f"[{{{escaped(problem.name)}}}]" if problem.name else ""
    at = ["At the parameters", *_point(verdict.point, "W", "b")]
    text = "\n".join([*_setting(problem), *_data(problem), *at, *_claim(verdict)])
    if r"\ldots" in text:
        text += "\nNumbers that end in $\\ldots$ are cut here and exact in the certificate."
    source = [f"% {_ascii(problem.source)}"] if problem.source else []
    lines = [head, *source, rf"\begin{{proposition}}{title}", text, r"\end{proposition}"]
    return "\n".join([*lines, r"\begin{proof}", *_proof(verdict, certificate_path), r"\end{proof}", ""])


# -- the problem -----------------------------------------------------------------------------------------------------


def _setting(problem: Problem) -> list[str]:
    net = problem.network
    inner, kinds = "x", [activation.latex or rf"\text{{{escaped(activation.name)}}}" for activation in net.activations]
    several = len(set(kinds)) > 1
    for k, has in enumerate(net.biases, 1):
        inner = f"W_{k} {inner}" if k == 1 else f"W_{k}\\,{inner}"
        inner += f" + b_{k}" if has else ""
        if k <= len(net.widths):
            inner = f"\\sigma{f'_{k}' if several else ''}({inner})"
    if net.output_activation != LINEAR:
        inner = f"\\tau({inner})"
    named = [rf"\sigma{f'_{k}' if several else ''}(z) = {kind}" for k, kind in enumerate(kinds, 1)]
    named = named if several else named[:1]
    if net.output_activation != LINEAR:
        named.append(rf"\tau(z) = {net.output_activation.latex}")
    widths = f", hidden width{'s' * (len(net.widths) > 1)} {', '.join(f'${n}$' for n in net.widths)}"
    kinds_text = "".join(f", ${name}$" for name in named)
    return [f"Let $f(x) = {inner}${kinds_text}{widths if net.widths else ''}, and", _loss(problem)]


def _loss(problem: Problem) -> str:
    entries = len(problem.y[0])
    scale = {"sum": "", "mean": rf"\frac{{1}}{{{problem.m}}}"}
    factor = scale.get(problem.reduction, rf"\frac{{1}}{{{problem.m * entries}}}")
    terms, pair = rf"\sum_{{t=1}}^{{{problem.m}}}", r"\ell(f(x_t), y_t)"
    if entries > 1:
        terms, pair = rf"{terms} \sum_{{j=1}}^{{{entries}}}", r"\ell(f(x_t)_j, y_{tj})"
    kind = problem.loss.latex or rf"\text{{the {escaped(problem.loss.name)} loss}}"
    return rf"\[ L = {factor} {terms} {pair}{_penalty(problem)}, \qquad \ell(p, y) = {kind}, \]".replace("=  ", "= ")


def _penalty(problem: Problem) -> str:
    penalty, text = problem.penalty, ""
    if penalty:
        over = r"\theta \text{ trained weight" + (" or bias}" if penalty.biases else "}")
        text += rf" + \frac{{1}}{{2}} \cdot {_number(penalty.l2)} \sum_{{{over}}} \theta^2" if penalty.l2 else ""
        text += rf" + {_number(penalty.l1)} \sum_{{{over}}} |\theta|" if penalty.l1 else ""
    return text


def _data(problem: Problem) -> list[str]:
    numbers = [q for row in (*problem.x, *problem.y) for q in row]
    if problem.m > DATA or problem.d > ENTRIES or any(len(format_rational(q)) > WRITTEN // 4 for q in numbers):
        where = escaped(problem.name) if problem.name else "given"
        return [f"with the {problem.m} data points $(x_t, y_t)$ of the problem \\texttt{{{where}}}."]
    rows = [["t", *map(str, range(1, problem.m + 1))]]
    for name, table in (("x_t", problem.x), ("y_t", problem.y)):
        rows += [[name if k == 0 else "", *map(_number, column)] for k, column in enumerate(zip(*table, strict=True))]
    lines = [" & ".join(row) + r" \\" for row in rows]
    head, *rest = lines
    return ["with the data", rf"\[ \begin{{array}}{{r|{'r' * problem.m}}}", head, r"\hline", *rest, r"\end{array} \]"]


# -- what is claimed -------------------------------------------------------------------------------------------------


def _point(point: Point | Direction, weights: str, biases: str) -> list[str]:
    parts = []
    vectors = [*point.biases, *[()] * len(point.weights)]
    for k, (matrix, bias) in enumerate(zip(point.weights, vectors, strict=False), 1):
        parts.append(f"{weights}_{k} = {_matrix(matrix)}")
        if bias:
            parts.append(f"{biases}_{k} = {_matrix([[q] for q in bias])}")
    return [r"\[ " + r", \quad ".join(parts) + r" \]"]


def _matrix(rows: Sequence[Sequence[Fraction]]) -> str:
    if not rows or not rows[0]:
        return "()"
    if len(rows) == len(rows[0]) == 1:
        return _number(rows[0][0])
    return r"\begin{pmatrix} " + r" \\ ".join(" & ".join(map(_number, row)) for row in rows) + r" \end{pmatrix}"


def _claim(verdict: Verdict) -> list[str]:
    loss = verdict.exact_loss if verdict.exact_loss is not None else verdict.loss_enclosure
    known = "" if loss is None else f"the loss is ${_equal('L', loss)}$, and "
    held = _held(verdict.problem)
    if verdict.descent is not None:
        return [f"{known}they are not a local minimum of $L${held}:", *_fall(verdict.descent)]
    lines = [f"{known}they are a local minimum of $L${held}:", _neighbourhood(verdict)]
    lines += _strictness(verdict)
    return [*lines, *_standing(verdict), *_valley(verdict)]


def _held(problem: Problem) -> str:
    net, train = problem.network, problem.train
    names = [f"W_{k}" for k, free in enumerate(train.weights, 1) if not free]
    pairs = zip(train.biases, net.biases, strict=True)
    names += [f"b_{k}" for k, (free, has) in enumerate(pairs, 1) if has and not free]
    return f" with ${', '.join(names)}$ held fixed" if names else ""


def _fall(descent: Descent) -> list[str]:
    names = ["D"] if descent.direction is not None else [f"D^{{({k})}}" for k in range(1, len(descent.curve) + 1)]
    moves = " + ".join(f"s^{k} {name}" if k > 1 else f"s {name}" for k, name in enumerate(names, 1))
    step, after = _number(descent.step), _equal("L", descent.loss_after)
    lines = [f"$L$ is lower at these parameters plus ${moves}$ for every $0 < s \\le {step}$, where"]
    for name, direction in zip(names, descent.curve, strict=True):
        lines += _point(direction, f"{name}_W", f"{name}_b")
    lines = [re.sub(r"_([Wb])_(\d+)", r"_{\1_{\2}}", line) for line in lines]
    return [*lines, f"and ${after}$ at $s = {step}$."]


def _neighbourhood(verdict: Verdict) -> str:
    minimum = next(iter(minima_of(verdict)), None)
    if minimum is None or minimum.radius is None:
        return "no trained parameters near them have a lower loss."
    return f"no parameters that differ from them by at most ${_number(minimum.radius)}$ each have a lower loss."


def _strictness(verdict: Verdict) -> list[str]:
    dimension = f"a set of dimension ${verdict.flat_dimension}$"
    said = {
        Strictness.STRICT: "Every other point near them has a larger loss.",
        Strictness.STRICT_MODULO_SYMMETRY: "Near them the loss is equal on the orbit of the rescalings "
        rf"$(w_i, v_i) \mapsto (s w_i, v_i / s)$ alone, {dimension}.",
        Strictness.FLAT: f"Near them the loss is equal on {dimension}.",
    }
    return [] if verdict.strictness is None else [said[verdict.strictness]]


def _standing(verdict: Verdict) -> list[str]:
    if verdict.globality is Globality.GLOBAL:
        return ["No parameters have a lower loss: the minimum is global."]
    better = verdict.better
    if better is None:
        return []
    least = ", the least of all" if better.complete else ""
    return [f"It is not global: ${_equal('L', better.loss)}${least}, at", *_point(better.point, "W", "b")]


def _valley(verdict: Verdict) -> list[str]:
    low, level = verdict.component_infimum, verdict.escapes_at
    if not verdict.bad_valley or not isinstance(low, Fraction) or level is None:
        return []
    return [f"Every path from it to a loss below ${_number(low)}$ passes a loss of at least ${_number(level)}$."]


def _proof(verdict: Verdict, path: str | None) -> list[str]:
    lines = ["By exact arithmetic."]
    if verdict.rung is not None:
        lines.append(escaped(verdict.rung.message))
    if path is not None:
        file = Path(path)
        digest = sha256(file.read_bytes()).hexdigest()
        halves = r"\allowbreak ".join(digest[k : k + 8] for k in range(0, 64, 8))
        lines += [
            f"The numbers that prove it are in the certificate \\texttt{{{escaped(file.name)}}}",
            f"(SHA-256 \\texttt{{{halves}}});",
            f"\\texttt{{exactgeo check {escaped(file.name)}}} checks them without the program that found them.",
        ]
    return lines


# -- numbers and words -----------------------------------------------------------------------------------------------


def _equal(name: str, value: Number | Value) -> str:
    if isinstance(value, Enclosure):
        return rf"{name} \in [{_rounded(value.lo, DOWN)}, {_rounded(value.hi, UP)}]"
    if isinstance(value, Combination):
        text, digits = str(value), value.decimal(12)
        shown = "" if digits is None else rf" \approx {_power(digits)}"
        if len(text) > 2 * WRITTEN:
            return f"{name}{shown}" if shown else rf"{name} > 0"
        return f"{name} = {_form(text)}{shown}"
    return f"{name} = {_number(value)}"


def _form(text: str) -> str:
    """A closed form: ``1/2*log(2)`` and the like."""
    text = re.sub(r"(\d+)/(\d+)", r"\\tfrac{\1}{\2}", text)
    return re.sub(r"\b(log|exp|tanh)\(", r"\\\1(", text).replace("*", r"\,")


def _number(q: Fraction | int) -> str:
    text = format_rational(q)
    if len(text) > WRITTEN:
        return _power(decimal(q)) + r"\ldots"
    top, _, bottom = text.removeprefix("-").partition("/")
    shown = rf"\tfrac{{{top}}}{{{bottom}}}" if bottom else top
    return f"-{shown}" if text.startswith("-") else shown


def _rounded(q: Fraction, context: Context) -> str:
    # Of a long number the digits that decide the rounding are far to the right: integers of any length divide exactly.
    return _power(str(context.divide(Decimal(q.numerator), Decimal(q.denominator))))


def _power(digits: str) -> str:
    mantissa, _, exponent = digits.upper().partition("E")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def escaped(text: str) -> str:
    r"""Text of a file as LaTeX sets it, in ASCII; letters that it does not know without a package as their code.

    Examples
    --------
    >>> print(escaped("50% of x_1"), escaped("\u015awirszcz"), escaped("\u4e2d"), escaped("a--b"))
    50\% of x\_1 \'{S}wirszcz [U+4E2D] a-{}-b
    """
    words = re.sub("-(?=-)", "-\x00", " ".join(text.replace("\x00", " ").split()))
    return "".join(map(_character, words)).replace("\x00", "{}")


def _character(c: str) -> str:
    if c in SPECIAL or c == "\x00":
        return SPECIAL.get(c, c)
    base, *marks = list(unicodedata.normalize("NFD", c))
    if " " <= base <= "~" and len(marks) < 2 and all(mark in ACCENTS for mark in marks):
        return f"\\{ACCENTS[marks[0]]}{{{base}}}" if marks else base
    return f"[U+{ord(c):04X}]"


def _ascii(words: str | Iterable[str]) -> str:
    """For a comment: one line, whatever the file held."""
    return ascii(" ".join("".join(words).split()))[1:-1]
