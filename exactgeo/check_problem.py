"""Companion of check.py: a problem file (TOML or JSON) beside a certificate, read strictly.

It never reads more than the tool does: every key, every name with its number of arguments, every shape. What strays
from them is refused.
"""

import json
import re
from fractions import Fraction

from exactgeo.check import MAX_LONG, Refused, digest, form, need, zipped

MAX_JSON, MAX_TOML = 16 * 2**20, 4 * 2**20  # bytes
MAX_WRITTEN = 10_000  # digits of one number, written out
MAX_WIDTH, MAX_CLASSES = 10**6, 10_000

ACTIVATIONS = {"relu": 0, "leaky_relu": 1, "pl": 2, "abs": 0, "linear": 0, "sigmoid": 0, "tanh": 0}  # with arguments
LOSSES = {"squared": 0, "half_squared": 0, "absolute": 0, "huber": 1, "hinge": 0, "squared_hinge": 0}
LOSSES |= {"logistic": 0, "cross_entropy": 0}
REDUCTIONS = ("sum", "mean", "mean_entries")
SIGNS = ("hinge", "squared_hinge", "logistic")  # with targets 1 and -1

DECIMAL = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?0*[0-9]{1,6}))?")
FRACTION = re.compile(r"([+-]?[0-9]+)\s*/\s*([0-9]+)", re.ASCII)
CALL = re.compile(r"\s*(\w{1,40})\s*(?:\((.*)\)\s*)?", re.ASCII | re.DOTALL)
DOTTED = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}""")


class Bare(str):
    """A number as it stood in the file; every other text stood in quotes."""


def tree_of(text, name):
    """The file as dicts, lists, texts, booleans, integers and bare numbers."""
    form("\0" not in text and text.strip(), "the problem file is empty, or no text")
    if text.lstrip()[0] == "{" or name.lower().endswith(".json"):
        form(len(text.encode()) <= MAX_JSON, "the problem file is too long")
        return json.loads(text, parse_float=Bare, parse_constant=Bare, object_pairs_hook=once)
    import tomllib

    form(len(text.encode()) <= MAX_TOML, "the problem file is too long")
    form(not DOTTED.search(text), "a dotted key of too many parts in the problem file")
    return tomllib.loads(text, parse_float=lambda number: Bare(number.replace("_", "")))


def once(pairs):
    form(len(dict(pairs)) == len(pairs), "a key stands twice in one table of the problem file")
    return dict(pairs)


def table(value, known, needed=""):
    """A table of known keys, with all the needed ones."""
    form(type(value) is dict, "something in the problem file is no table")
    odd = sorted({*value} - {*known.split()}) + sorted({*needed.split()} - {*value})
    form(not odd, f"unknown or missing key {odd[:1]!a} in the problem file, where the keys are {known}")
    return value


def a(kind, value):
    form(type(value) is kind, f"{ascii(value)[:40]} in the problem file is no {kind.__name__}")
    return value


def several(value, length, item, *arguments):
    """A list, of this length unless it is None, as the list of what ``item`` makes of its entries."""
    form(length in (None, len(a(list, value))), f"a list of length {len(value)} in the problem file, not {length}")
    return [item(entry, *arguments) for entry in value]


def text_of(value, limit):
    form(len(a(str, value)) <= limit and value.replace("\n", "").isprintable(), "a text in the problem file is too odd")


class Reader:
    """Reads numbers, and counts their digits written out."""

    def __init__(self):
        self.digits = 0

    def number(self, value):
        """A rational in lowest terms, as text."""
        why = f"{ascii(value)[:40]} in the problem file is no number, or one of too many digits"
        if type(value) is int:
            form(abs(value) < 10**MAX_WRITTEN, why)
            top, bottom, written = value, 1, value.bit_length() // 3
        else:
            form(type(value) in (str, Bare) and len(value) <= 2 * MAX_WRITTEN + 100, why)
            if found := FRACTION.fullmatch(value.strip()):
                written = max(len(found[1].lstrip("+-")), len(found[2]))
                form(written <= MAX_WRITTEN and int(found[2]), why)
                top, bottom = int(found[1]), int(found[2])
            else:
                found = DECIMAL.fullmatch(value.strip())
                form(found and (found[2] or found[3]), why)
                digits, exponent = found[2] + (found[3] or ""), int(found[4] or 0) - len(found[3] or "")
                written = max(len(digits) + max(exponent, 0), 1 - exponent)
                form(written <= MAX_WRITTEN, why)
                top, bottom = int(found[1] + digits) * 10 ** max(exponent, 0), 10 ** max(-exponent, 0)
        self.digits += written if written > 50 else 0
        form(self.digits <= MAX_LONG, "numbers of too many digits in the problem file")
        return str(Fraction(top, bottom))

    def row(self, value, length=None):
        return several(value, length, self.number)

    def rows(self, value):
        """At least one row, all of one length of at least one."""
        form(a(list, value) and a(list, value[0]), "the problem file has no numbers where some are needed")
        return several(value, None, self.row, len(value[0]))

    def call(self, value, names):
        """Name and arguments of ``name`` or ``name(argument, ...)``."""
        found = CALL.fullmatch(a(str, value))
        form(found and found[1] in names, f"{ascii(value)[:40]} in the problem file is none of {', '.join(names)}")
        arguments = [] if found[2] is None else found[2].split(",")
        right = len(arguments) == names[found[1]] and (found[2] is None) == (not arguments)
        form(right, f"{ascii(value)[:40]} in the problem file has another number of arguments")
        return found[1], self.row(arguments)

    def slopes(self, value):
        """Right and left slope; the name where there are none."""
        name, arguments = self.call(value, ACTIVATIONS)
        named = {"relu": ["1", "0"], "abs": ["1", "-1"], "linear": ["1", "1"], "leaky_relu": ["1", *arguments]}
        return named.get(name, arguments or [name])

    def loss(self, tree):
        keys = table(tree, "kind reduction")
        name, arguments = self.call(keys.get("kind", "squared"), LOSSES)
        form(name != "huber" or Fraction(arguments[0]) > 0, "huber(M) in the problem file needs M > 0")
        reduction = a(str, keys.get("reduction", "sum"))
        form(reduction in REDUCTIONS, f"a reduction in the problem file is none of {', '.join(REDUCTIONS)}")
        return name, {"kind": f"huber({arguments[0]})" if arguments else name, "reduction": reduction}

    def penalty(self, tree):
        """The penalty; nothing where there is none."""
        keys = table(tree, "l2 l1 biases")
        l2, l1 = (self.number(keys.get(key, 0)) for key in ("l2", "l1"))
        form(not keys or {"l2", "l1"} & {*keys}, "a penalty in the problem file has neither l2 nor l1")
        form(min(Fraction(l2), Fraction(l1)) >= 0, "a penalty in the problem file is negative")
        found = {"l2": l2, "l1": l1, "biases": a(bool, keys.get("biases", False))}
        return {"penalty": found} if {l2, l1} != {"0"} else {}

    def point(self, tree, sizes, biases):
        keys = table(tree, "weights biases", "weights")
        depth = len(biases)
        matrices = zipped(several(keys["weights"], depth, a_list), sizes[1:], sizes[:-1])
        weights = [several(matrix, rows, self.row, columns) for matrix, rows, columns in matrices]
        lengths = [size if has else 0 for size, has in zipped(sizes[1:], biases)]
        empty = None if any(lengths) else [[]] * depth
        vectors = several(keys.get("biases", empty), depth, a_list)
        return {"weights": weights, "biases": [self.row(vector, n) for vector, n in zipped(vectors, lengths)]}


def a_list(value):
    return a(list, value)


def flags(value, layers):
    """One boolean a hidden layer, or one for all."""
    return several(value, layers, lambda flag: a(bool, flag)) if type(value) is list else [a(bool, value)] * layers


def width(value):
    form(0 <= a(int, value) <= MAX_WIDTH, "a width in the problem file is out of range")
    return value


def restate(text, name=""):
    """The problem or arrangement of a problem file in the certificate's form, and its point if it has one."""
    try:
        tree = tree_of(text, name)
    except ValueError as error:
        raise Refused(f"the problem file is neither TOML nor JSON: {ascii(str(error))[:80]}") from None
    reader = Reader()
    if type(tree) is dict and "normals" in tree:
        keys = table(tree, "normals offsets name source")
        normals = reader.rows(keys["normals"])
        offsets = reader.row(keys["offsets"], len(normals)) if "offsets" in keys else []
        found = {"normals": normals, "offsets": offsets if {*offsets} - {"0"} else None}, None
    else:
        keys = table(tree, "name source data network loss penalty train point", "data network")
        found = problem(reader, keys)
    for key, limit in (("name", 200), ("source", 10_000)):
        text_of(keys.get(key, ""), limit)
    return found


def problem(reader, keys):
    data = table(keys["data"], "x y", "x y")
    known = "widths activation output_activation hidden_bias output_bias outputs"
    net = table(keys["network"], known, "widths")
    x, y = reader.rows(data["x"]), a(list, data["y"])
    y = reader.rows(y) if y and type(y[0]) is list else [[q] for q in reader.row(y)]
    widths = several(net["widths"], None, width)
    layers, activation = len(widths), net.get("activation", "relu")
    form(len(y) == len(x), "the problem file has not one target a data point")
    if type(activation) is list:
        slopes = several(activation, layers, reader.slopes)
    else:
        slopes = [reader.slopes(activation)] * (layers or 1)
    last = reader.slopes(net.get("output_activation", "linear"))
    kind, loss = reader.loss(keys.get("loss", {}))
    form(kind not in SIGNS or all(row in (["1"], ["-1"]) for row in y), f"the {kind} loss needs y = 1 or -1")
    scores = len(y[0])
    if (scores, loss["reduction"]) == (1, "mean_entries"):
        loss["reduction"] = "mean"  # one entry a target: the same
    if kind == "cross_entropy":
        good = all(len(row) == 1 and row[0].isdecimal() and int(row[0]) < MAX_WIDTH for row in y)
        form(good, "classes are 0, 1, ... in the problem file")
        least = max(int(row[0]) for row in y) + 1
        scores = max(least, width(net.get("outputs", least)))
        form(1 < scores <= MAX_CLASSES, f"a certificate speaks of two classes or more, up to {MAX_CLASSES}")
    form(width(net.get("outputs", scores)) == scores, "the problem file has not one target an output")
    bias = flags(net.get("hidden_bias", True), layers)
    output_bias = a(bool, net.get("output_bias", True))
    train = table(keys.get("train", {}), "hidden hidden_bias output output_bias")
    trains = {"hidden": flags(train.get("hidden", True), layers), "output": a(bool, train.get("output", True))}
    asked = flags(train.get("hidden_bias", True), layers)
    trains["hidden_bias"] = [one and other for one, other in zipped(asked, bias)]
    trains["output_bias"] = a(bool, train.get("output_bias", True)) and output_bias
    point = reader.point(keys["point"], [len(x[0]), *widths, scores], [*bias, output_bias]) if "point" in keys else None
    slopes = slopes[:layers]
    if last != ["1", "1"]:
        # The output activation is one more hidden layer, and a frozen identity passes its outputs on.
        form(len(last) == 2, "no certificate has a smooth output activation")
        widths, slopes, bias, output_bias = [*widths, scores], [*slopes, last], [*bias, output_bias], False
        hidden, shifts = ([*trains[a], trains[b]] for a, b in (("hidden", "output"), ("hidden_bias", "output_bias")))
        trains = {"hidden": hidden, "output": False, "hidden_bias": shifts, "output_bias": False}
        if point:
            point["weights"].append([[str(int(i == j)) for j in range(scores)] for i in range(scores)])
            point["biases"].append([])
    one = all(pair == slopes[0] for pair in slopes)
    form(one or all(len(pair) == 2 for pair in slopes), "no certificate has several activations, if one is smooth")
    activation = (slopes[0] if slopes else ["1", "1"]) if one else slopes
    network = {"widths": widths, "activation": activation if len(activation) > 1 else activation[0]}
    network |= {"hidden_bias": bias, "output_bias": output_bias}
    network |= {"outputs": scores} if kind == "cross_entropy" and scores > 2 else {}
    found = {"data": {"x": x, "y": y}, "network": network, "loss": loss, "train": trains}
    return found | reader.penalty(keys.get("penalty", {})), point


OWN_POINT = (
    "local_minimum",
    "strictness",
    "subgradient_minimum",
    "symmetric_minimum",
    "unrolled_minimum",
    "deep_minimum",
    "linear_network_minimum",
    "descent_curve",
    "not_local_minimum",
    "lower_point",
    "barrier",
    "path",
    "critical_point",
)
OWN_POINT += ("penalised_minimum", "penalised_strictness", "penalised_descent")
OWN_POINT += ("smooth_descent", "class_minimum", "class_descent", "class_global_minimum")
OWN_POINT += ("ordered_minimum", "ordered_strictness", "ordered_descent", "ordered_lower_point")
OWN_POINT += ("ordered_penalised_minimum", "ordered_penalised_strictness", "ordered_penalised_descent")


def beside(p, tree, claims, path, data, text):
    """That the certificate speaks of the problem of a file, and of its point; what there is to say of it."""
    derived, point = restate(text, path)
    subject = tree.get("problem", tree.get("arrangement"))
    need(derived == subject, "the certificate speaks of another problem than the file beside it")
    listing = bool(claims) and claims[0].get("kind") == "landscape"
    for claim in claims if point else []:
        own = claim.get("kind") in OWN_POINT and not listing
        same = claim.get("point") == point if own else p.frozen(p.point(claim["point"])) == p.frozen(p.point(point))
        need(same, "the certificate speaks of another point than the file beside it")
    lines = ["the points are those of the claims, not that of the file"] * bool(listing and point)
    return [
        *lines,
        f"the problem is that of the file beside the certificate, sha256 {digest(data)}",
    ]
