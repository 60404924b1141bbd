"""Bad input: one line each, the whole of it asserted; and no bytes at all bring out anything but that line."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exactgeo import library
from exactgeo.errors import InputError
from exactgeo.formats import (
    arrangement_from_mapping,
    point_from_mapping,
    problem_from_mapping,
    read_arrangement,
    read_point,
    read_problem,
)
from exactgeo.formats._text import MAX_JSON_BYTES, MAX_TOML_BYTES
from exactgeo.problem import Point, Problem


def toml(x="[[1], [2]]", y="[1, 2]", net="widths = [1]", rest=""):
    return f"[data]\nx = {x}\ny = {y}\n[network]\n{net}\n{rest}"


def js(x="[[1], [2]]", y="[1, 2]", net='"widths": [1]', rest=""):
    return f'{{"data": {{"x": {x}, "y": {y}}}, "network": {{{net}}}{rest}}}'


P = "[point]\n"

# Name of the case, file, message. The JSON cases that are no object are read as a.json, all others as f.toml.
# fmt: off
FILES = [
    ("empty", b"", 'f.toml: got an empty file, expected a problem; write [data] with x and y, and [network] with widths'),
    ("blank", b" \n\t\n", 'f.toml: got an empty file, expected a problem; write [data] with x and y, and [network] with widths'),
    ("bom-only", b"\xef\xbb\xbf", 'f.toml: got an empty file, expected a problem; write [data] with x and y, and [network] with widths'),
    ("nul", b"a = 1\0", 'f.toml: got a NUL byte at offset 5, expected a text file; write TOML or JSON in UTF-8'),
    ("not-utf8", b"name = \"\xff\"", 'f.toml: got bytes that are not UTF-8 at offset 8, expected a text file; write TOML or JSON in UTF-8'),
    ("utf16", "name".encode("utf-16"), 'f.toml: got a NUL byte at offset 3, expected a text file; write TOML or JSON in UTF-8'),
    ("png", b"\x89PNG\r\n\x1a\n", 'f.toml: got bytes that are not UTF-8 at offset 0, expected a text file; write TOML or JSON in UTF-8'),
    ("json-list", b"[1, 2]", 'a.json: got a list of 2 entries, expected a table; write a table with the keys name, source, data, network, loss, penalty, train, point'),
    ("json-number", b"7", 'a.json: got 7, expected a table; write a table with the keys name, source, data, network, loss, penalty, train, point'),
    ("json-null", b"null", 'a.json: got null, expected a table; write a table with the keys name, source, data, network, loss, penalty, train, point'),
    ("json-cut", b'{"data": ', 'f.toml: line 1, column 10: got text that is not JSON (Expecting value), expected JSON; write it as JSON or TOML'),
    ("json-trailing", b'{} {}', 'f.toml: line 1, column 4: got text that is not JSON (Extra data), expected JSON; write it as JSON or TOML'),
    ("toml-text", b"hello world", "f.toml: line 1, column 7: got text that is not TOML (Expected '=' after a key in a key/value pair), expected TOML; write it as TOML or JSON"),
    ("toml-bad-date", b"a = 2026-02-30", 'f.toml: line 1, column 5: got text that is not TOML (Invalid date or datetime), expected TOML; write it as TOML or JSON'),
    ("toml-deep", b"a = " + b"[" * 100_000, 'f.toml: got lists nested hundreds deep, expected at most four levels; write x as [[5], [4]], weights as [[[1]]]'),
    ("json-deep", b'{"a":' * 100_000, 'f.toml: got lists nested hundreds deep, expected at most four levels; write x as [[5], [4]], weights as [[[1]]]'),
    ("json-deep-list", b'{"data": ' + b"[" * 100_000, 'f.toml: got lists nested hundreds deep, expected at most four levels; write x as [[5], [4]], weights as [[[1]]]'),
    ("dotted", b"a." * 100_000 + b"a = 1", 'f.toml: got a dotted key of more than 32 parts, expected the keys of a problem file; write data.x = [[5], [4]]'),
    ("toml-duplicate", b"name = \"a\"\nname = \"b\"", 'f.toml: end of file: got a key or table given twice, expected each one once; write it only once'),
    ("toml-duplicate-table", toml(rest="[data]\n"), 'f.toml: line 6, column 6: got a key or table given twice, expected each one once; write it only once'),
    ("json-duplicate", js(rest=', "name": "a", "name": "b"'), 'f.toml: name: got a key given twice, expected each key once; write it only once'),
    ("json-duplicate-in", b'{"data": {"x": [[1]], "x": [[2]], "y": [1]}, "network": {"widths": []}}', 'f.toml: data.x: got a key given twice, expected each key once; write it only once'),
    ("no-data", b"name = \"a\"", 'f.toml: data: got nothing, expected a table with x and y; write [data] with x = [[5], [4]] and y = [2, 1]'),
    ("no-network", b"[data]\nx = [[1]]\ny = [1]", 'f.toml: network: got nothing, expected a table with widths; write [network] with widths = [1]'),
    ("unknown-top", toml(rest="[netwrok]"), 'f.toml: netwrok: got an unknown key, expected name, source, data, network, loss, penalty, train or point; write network'),
    ("unknown-top-far", toml(rest="[zzz]"), 'f.toml: zzz: got an unknown key, expected name, source, data, network, loss, penalty, train or point; write the problem without this key'),
    ("unknown-data", toml().replace("y =","yy ="), 'f.toml: data.yy: got an unknown key, expected x or y; write y'),
    ("unknown-network", toml(net="width = [1]"), 'f.toml: network.width: got an unknown key, expected widths, activation, output_activation, hidden_bias, output_bias or outputs; write widths'),
    ("unknown-loss", toml(rest="[loss]\ntype = \"squared\""), 'f.toml: loss.type: got an unknown key, expected kind or reduction; write the problem without this key'),
    ("unknown-train", toml(rest="[train]\nweights = true"), 'f.toml: train.weights: got an unknown key, expected hidden, hidden_bias, output or output_bias; write the problem without this key'),
    ("unknown-point", toml(rest=P+"weigths = []"), 'f.toml: point.weigths: got an unknown key, expected weights or biases; write weights'),
    ("data-list", b"data = [1]\n[network]\nwidths = []", 'f.toml: data: got a list of 1 entry, expected a table; write a table with the keys x, y'),
    ("network-null", b'{"data": {"x": [[1]], "y": [1]}, "network": null}', 'f.toml: network: got null, expected a table; write a table with the keys widths, activation, output_activation, hidden_bias, output_bias, outputs'),
    ("loss-string", 'loss = "squared"\n'+toml(), 'f.toml: loss: got "squared", expected a table; write a table with the keys kind, reduction'),
    ("control-key", js(rest=', "\\u001b[31m": 1'), 'f.toml: "\\x1b[31m": got an unknown key, expected name, source, data, network, loss, penalty, train or point; write the problem without this key'),
    ("surrogate-key", js(rest=', "\\ud800": 1'), 'f.toml: "\\ud800": got an unknown key, expected name, source, data, network, loss, penalty, train or point; write the problem without this key'),
    ("long-key", js(rest=', "'+"k"*100000+'": 1'), 'f.toml: ' + 'k' * 109 + '...: got an unknown key, expected name, source, data, network, loss, penalty, train or point; write the problem without this key'),
    ("empty-key", js(rest=', "": 1'), 'f.toml: "": got an unknown key, expected name, source, data, network, loss, penalty, train or point; write the problem without this key'),
    ("name-number", 'name = 0.5\n'+toml(), 'f.toml: name: got 0.5, expected a string; write text in quotes'),
    ("name-int", 'name = 5\n'+toml(), 'f.toml: name: got 5, expected a string; write text in quotes'),
    ("name-list", 'name = []\n'+toml(), 'f.toml: name: got an empty list, expected a string; write text in quotes'),
    ("name-control", js(rest=', "name": "a\\u0007"'), 'f.toml: name: got "a\\x07", expected printable characters; write it without control characters'),
    ("name-surrogate", js(rest=', "name": "\\udc00"'), 'f.toml: name: got "\\udc00", expected printable characters; write it without control characters'),
    ("name-long", f'name = "{"n"*201}"\n'+toml(), 'f.toml: name: got 201 characters, expected at most 200; write a shorter one'),
    ("source-bool", 'source = true\n'+toml(), 'f.toml: source: got true, expected a string; write text in quotes'),
    ("no-x", toml().replace("x =","#"), 'f.toml: data.x: got nothing, expected one entry per data point; write x = [[5], [4]]'),
    ("no-y", toml().replace("y =","#"), 'f.toml: data.y: got nothing, expected one entry per data point; write y = [2, 1]'),
    ("x-empty", toml(x="[]"), 'f.toml: data.x: got an empty list, expected at least one data point; write [[5], [4]]'),
    ("x-empty-both", toml(x="[]",y="[]"), 'f.toml: data.x: got an empty list, expected at least one data point; write [[5], [4]]'),
    ("x-row-empty", toml(x="[[], []]"), 'f.toml: data.x[0]: got an empty list, expected at least one number; write [5] for one'),
    ("x-flat", toml(x="[1, 2]"), 'f.toml: data.x[0]: got 1, expected a row of numbers; write numbers in brackets, such as [5]'),
    ("x-scalar", toml(x="3"), 'f.toml: data.x: got 3, expected one row of numbers per data point; write [[5], [4]]'),
    ("x-string", toml(x='"[[1]]"'), 'f.toml: data.x: got "[[1]]", expected one row of numbers per data point; write [[5], [4]]'),
    ("x-ragged", toml(x="[[1], [2, 3]]"), 'f.toml: data.x[1]: got 2 entries, expected 1 (entries of row 0); write rows of one length'),
    ("x-mixed", toml(x="[[1], 2]"), 'f.toml: data.x[1]: got 2, expected a row of numbers; write numbers in brackets, such as [5]'),
    ("x-deep", toml(x="[[[1]], [[2]]]"), 'f.toml: data.x[0][0]: got a list of 1 entry, expected a rational number; write "1/2", 0.5 or 3'),
    ("y-short", toml(y="[1]"), 'f.toml: data.y: got 1 target, expected 2 (rows of data.x); write one target per data point'),
    ("y-empty", toml(y="[]"), 'f.toml: data.y: got 0 targets, expected 2 (rows of data.x); write one target per data point'),
    ("y-scalar", toml(y="1"), 'f.toml: data.y: got 1, expected a list of targets; write [2, 1]'),
    ("y-mixed", toml(y="[1, [2]]"), 'f.toml: data.y[1]: got a list of 1 entry, expected a rational number; write "1/2", 0.5 or 3'),
    ("y-mixed2", toml(y="[[1], 2]"), 'f.toml: data.y[1]: got 2, expected a row of numbers; write numbers in brackets, such as [5]'),
    ("y-ragged", toml(y="[[1], [2, 3]]"), 'f.toml: data.y[1]: got 2 entries, expected 1 (entries of row 0); write rows of one length'),
    ("y-row-empty", toml(y="[[], []]"), 'f.toml: data.y[0]: got an empty list, expected at least one number; write [5] for one'),
    ("y-table", toml(y="{a = 1}"), 'f.toml: data.y: got a table, expected a list of targets; write [2, 1]'),
    ("zero-denominator", toml(x='[[1], ["1/0"]]'), 'f.toml: data.x[1][0]: got "1/0", expected a rational number; write "1/2", 0.5 or 3'),
    ("zero-over-zero", toml(y='["0/0", 1]'), 'f.toml: data.y[0]: got "0/0", expected a rational number; write "1/2", 0.5 or 3'),
    ("nan", toml(y="[nan, 1]"), 'f.toml: data.y[0]: got "nan", expected a rational number; write "1/2", 0.5 or 3'),
    ("minus-inf", toml(y="[1, -inf]"), 'f.toml: data.y[1]: got "-inf", expected a rational number; write "1/2", 0.5 or 3'),
    ("json-nan", js(y="[NaN, 1]"), 'f.toml: data.y[0]: got "NaN", expected a rational number; write "1/2", 0.5 or 3'),
    ("json-inf", js(y="[1, -Infinity]"), 'f.toml: data.y[1]: got "-Infinity", expected a rational number; write "1/2", 0.5 or 3'),
    ("nan-string", toml(y='["nan", 1]'), 'f.toml: data.y[0]: got "nan", expected a rational number; write "1/2", 0.5 or 3'),
    ("bool", toml(y="[true, 1]"), 'f.toml: data.y[0]: got true, expected a rational number; write "1/2", 0.5 or 3'),
    ("null", js(y="[null, 1]"), 'f.toml: data.y[0]: got null, expected a rational number; write "1/2", 0.5 or 3'),
    ("object", js(y="[1, {}]"), 'f.toml: data.y[1]: got a table, expected a rational number; write "1/2", 0.5 or 3'),
    ("date", toml(y="[1, 2026-01-01]"), 'f.toml: data.y[1]: got a date or time, expected a rational number; write "1/2", 0.5 or 3'),
    ("time", toml(y="[1, 07:32:00]"), 'f.toml: data.y[1]: got a date or time, expected a rational number; write "1/2", 0.5 or 3'),
    ("word", toml(y='["one", 1]'), 'f.toml: data.y[0]: got "one", expected a rational number; write "1/2", 0.5 or 3'),
    ("empty-number", toml(y='["", 1]'), 'f.toml: data.y[0]: got "", expected a rational number; write "1/2", 0.5 or 3'),
    ("expression", toml(y='["1+1", 1]'), 'f.toml: data.y[0]: got "1+1", expected a rational number; write "1/2", 0.5 or 3'),
    ("two-slashes", toml(y='["1/2/3", 1]'), 'f.toml: data.y[0]: got "1/2/3", expected a rational number; write "1/2", 0.5 or 3'),
    ("decimal-fraction", toml(y='["0.5/2", 1]'), 'f.toml: data.y[0]: got "0.5/2", expected a rational number; write "1/2", 0.5 or 3'),
    ("hex-string", toml(y='["0x10", 1]'), 'f.toml: data.y[0]: got "0x10", expected a rational number; write "1/2", 0.5 or 3'),
    ("comma", toml(y='["0,5", 1]'), 'f.toml: data.y[0]: got "0,5", expected a rational number; write "1/2", 0.5 or 3'),
    ("arabic", toml(y='["١", 1]'), 'f.toml: data.y[0]: got "١", expected a rational number; write "1/2", 0.5 or 3'),
    ("newline", js(y='["1\\n2", 1]'), 'f.toml: data.y[0]: got "1 2", expected a rational number; write "1/2", 0.5 or 3'),
    ("huge-exponent", toml(y="[1e999999999, 1]"), 'f.toml: data.y[0]: got "1e999999999", expected a number of at most 10000 digits when written out; write "1/2", 0.5 or 3'),
    ("huge-exponent-json", js(y="[1E+99999999999999999999, 1]"), 'f.toml: data.y[0]: got "1E+99999999999999999999", expected a number of at most 10000 digits when written out; write "1/2", 0.5 or 3'),
    ("tiny-exponent", toml(y="[1e-10000, 1]"), 'f.toml: data.y[0]: got "1e-10000", expected a number of at most 10000 digits when written out; write "1/2", 0.5 or 3'),
    ("huge-string", toml(y='["1e10000", 1]'), 'f.toml: data.y[0]: got "1e10000", expected a number of at most 10000 digits when written out; write "1/2", 0.5 or 3'),
    ("digits", toml(y=f"[{'1'*10001}, 1]"), 'f.toml: data.y[0]: got "' + '1' * 116 + '..., expected a number of at most 10000 digits when written out; write "1/2", 0.5 or 3'),
    ("digits-json", js(y=f"[{'1'*10001}, 1]"), 'f.toml: data.y[0]: got "' + '1' * 116 + '..., expected a number of at most 10000 digits when written out; write "1/2", 0.5 or 3'),
    ("digits-fraction", js(y=f'["1/{"1"*10001}", 1]'), 'f.toml: data.y[0]: got "1/' + '1' * 114 + '..., expected a number of at most 10000 digits; write "1/2", 0.5 or 3'),
    ("digits-hex", toml(y=f"[0x{'f'*9000}, 1]"), 'f.toml: data.y[0]: got a number of 36000 bits, expected a number of at most 10000 digits; write "1/2", 0.5 or 3'),
    ("no-widths", toml(net=""), 'f.toml: network.widths: got nothing, expected one whole number per hidden layer; write widths = [1]'),
    ("widths-number", toml(net="widths = 1"), 'f.toml: network.widths: got 1, expected one whole number per hidden layer; write [1]'),
    ("widths-negative", toml(net="widths = [-1]"), 'f.toml: network.widths[0]: got -1, expected a whole number from 0 to 1000000; write 3 for three units'),
    ("widths-fraction", toml(net="widths = [1.5]"), 'f.toml: network.widths[0]: got 1.5, expected a whole number; write 3 for three units'),
    ("widths-whole-decimal", toml(net="widths = [1.0]"), 'f.toml: network.widths[0]: got 1.0, expected a whole number; write 3 for three units'),
    ("widths-string", toml(net='widths = ["1"]'), 'f.toml: network.widths[0]: got "1", expected a whole number; write 3 for three units'),
    ("widths-bool", toml(net="widths = [true]"), 'f.toml: network.widths[0]: got true, expected a whole number; write 3 for three units'),
    ("widths-huge", toml(net="widths = [1, 1000001]"), 'f.toml: network.widths[1]: got 1000001, expected a whole number from 0 to 1000000; write 3 for three units'),
    ("widths-digits", js(net=f'"widths": [{"1"*5000}]'), 'f.toml: network.widths[0]: got ' + '1' * 117 + '..., expected a whole number; write 3 for three units'),
    ("widths-nested", toml(net="widths = [[1]]"), 'f.toml: network.widths[0]: got a list of 1 entry, expected a whole number; write 3 for three units'),
    ("widths-null", js(net='"widths": null'), 'f.toml: network.widths: got null, expected one whole number per hidden layer; write [1]'),
    ("activation", toml(net='widths = [1]\nactivation = "rleu"'), 'f.toml: network.activation: got "rleu", expected relu, leaky_relu(1/10), pl(2, -1/3), abs, linear, sigmoid or tanh; write "relu"'),
    ("activation-gelu", toml(net='widths = [1]\nactivation = "softplus"'), 'f.toml: network.activation: got "softplus", expected relu, leaky_relu(1/10), pl(2, -1/3), abs, linear, sigmoid or tanh; write "relu"'),
    ("activation-list", toml(net='widths = [1]\nactivation = ["relu", "abs"]'), 'f.toml: network.activation: got 2 entries, expected 1 (hidden layers); write "relu", or one activation per hidden layer'),
    ("activation-entry", toml(net='widths = [1]\nactivation = ["rleu"]'), 'f.toml: network.activation[0]: got "rleu", expected relu, leaky_relu(1/10), pl(2, -1/3), abs, linear, sigmoid or tanh; write "relu"'),
    ("output-activation", toml(net='widths = [1]\noutput_activation = "step"'), 'f.toml: network.output_activation: got "step", expected relu, leaky_relu(1/10), pl(2, -1/3), abs, linear, sigmoid or tanh; write "relu"'),
    ("activation-number", toml(net='widths = [1]\nactivation = 0.5'), 'f.toml: network.activation: got 0.5, expected relu, leaky_relu(1/10), pl(2, -1/3), abs, linear, sigmoid or tanh; write "relu"'),
    ("leaky-bare", toml(net='widths = [1]\nactivation = "leaky_relu"'), 'f.toml: network.activation: got "leaky_relu", expected leaky_relu with 1 argument; write "leaky_relu(1/10)"'),
    ("leaky-word", toml(net='widths = [1]\nactivation = "leaky_relu(x)"'), 'f.toml: network.activation: got "x", expected a rational number; write "1/2", 0.5 or 3'),
    ("leaky-zero", toml(net='widths = [1]\nactivation = "leaky_relu(1/0)"'), 'f.toml: network.activation: got "1/0", expected a rational number; write "1/2", 0.5 or 3'),
    ("pl-one", toml(net='widths = [1]\nactivation = "pl(1)"'), 'f.toml: network.activation: got "pl(1)", expected pl with 2 arguments; write "pl(2, -1/3)"'),
    ("relu-argument", toml(net='widths = [1]\nactivation = "relu(1)"'), 'f.toml: network.activation: got "relu(1)", expected relu with no argument; write "relu"'),
    ("relu-parens", toml(net='widths = [1]\nactivation = "relu()"'), 'f.toml: network.activation: got "relu()", expected relu with no argument; write "relu"'),
    ("activation-long", js(net='"widths": [1], "activation": "'+"("*100000+'"'), 'f.toml: network.activation: got "' + '(' * 116 + '..., expected relu, leaky_relu(1/10), pl(2, -1/3), abs, linear, sigmoid or tanh; write "relu"'),
    ("hidden-bias-list", toml(net="widths = [1]\nhidden_bias = [true, false]"), 'f.toml: network.hidden_bias: got 2 entries, expected 1 (hidden layers); write true, or one boolean per hidden layer'),
    ("hidden-bias-number", toml(net="widths = [1]\nhidden_bias = 1"), 'f.toml: network.hidden_bias: got 1, expected a boolean or one per hidden layer; write true or false'),
    ("hidden-bias-entry", toml(net="widths = [1]\nhidden_bias = [0]"), 'f.toml: network.hidden_bias[0]: got 0, expected a boolean; write true or false'),
    ("hidden-bias-linear", toml(net="widths = []\nhidden_bias = [true]"), 'f.toml: network.hidden_bias: got 1 entry, expected 0 (hidden layers); write true, or one boolean per hidden layer'),
    ("output-bias-string", toml(net='widths = [1]\noutput_bias = "yes"'), 'f.toml: network.output_bias: got "yes", expected a boolean; write true or false'),
    ("output-bias-list", toml(net='widths = [1]\noutput_bias = [true]'), 'f.toml: network.output_bias: got a list of 1 entry, expected a boolean; write true or false'),
    ("outputs", toml(net="widths = [1]\noutputs = 2"), 'f.toml: network.outputs: got 2, expected 1 (entries of data.y); write 1'),
    ("outputs-zero", toml(net="widths = [1]\noutputs = 0"), 'f.toml: network.outputs: got 0, expected a whole number from 1 to 1000000; write 1'),
    ("loss-kind", toml(rest='[loss]\nkind = "mse"'), 'f.toml: loss.kind: got "mse", expected squared, half_squared, absolute, huber(1), hinge, squared_hinge, logistic or cross_entropy; write "squared"'),
    ("loss-typo", toml(rest='[loss]\nkind = "sqared"'), 'f.toml: loss.kind: got "sqared", expected squared, half_squared, absolute, huber(1), hinge, squared_hinge, logistic or cross_entropy; write "squared"'),
    ("loss-case", toml(rest='[loss]\nkind = "Hinge"'), 'f.toml: loss.kind: got "Hinge", expected squared, half_squared, absolute, huber(1), hinge, squared_hinge, logistic or cross_entropy; write "hinge"'),
    ("huber-bare", toml(rest='[loss]\nkind = "huber"'), 'f.toml: loss.kind: got "huber", expected huber with 1 argument; write "huber(1)"'),
    ("huber-zero", toml(rest='[loss]\nkind = "huber(0)"'), 'f.toml: loss.kind: got "huber(0)", expected huber(M) with M > 0; write "huber(1)"'),
    ("huber-negative", toml(rest='[loss]\nkind = "huber(-1/2)"'), 'f.toml: loss.kind: got "huber(-1/2)", expected huber(M) with M > 0; write "huber(1)"'),
    ("huber-nan", toml(rest='[loss]\nkind = "huber(nan)"'), 'f.toml: loss.kind: got "nan", expected a rational number; write "1/2", 0.5 or 3'),
    ("reduction", toml(rest='[loss]\nreduction = "average"'), 'f.toml: loss.reduction: got "average", expected sum, mean or mean_entries; write "sum" or "mean"'),
    ("reduction-list", toml(rest='[loss]\nreduction = []'), 'f.toml: loss.reduction: got an empty list, expected sum, mean or mean_entries; write "sum" or "mean"'),
    ("hinge-target", toml(y="[1, 0]",rest='[loss]\nkind = "hinge"'), 'f.toml: data.y[1]: got 0, expected -1 or 1 (hinge); write -1 or 1'),
    ("logistic-target", toml(y='[1, "1/2"]',rest='[loss]\nkind = "logistic"'), 'f.toml: data.y[1]: got 1/2, expected -1 or 1 (logistic); write -1 or 1'),
    ("squared-hinge-rows", toml(y="[[1, 1], [1, 1]]",rest='[loss]\nkind = "squared_hinge"'), 'f.toml: data.y[0]: got 2 entries, expected one target per data point (squared_hinge); write [1, -1]'),
    ("class-fraction", toml(y="[1, 0.5]",rest='[loss]\nkind = "cross_entropy"'), 'f.toml: data.y[1]: got 1/2, expected a class index 0, 1, ... (cross_entropy); write 0, 1 or 2'),
    ("class-negative", toml(y="[1, -1]",rest='[loss]\nkind = "cross_entropy"'), 'f.toml: data.y[1]: got -1, expected a class index 0, 1, ... (cross_entropy); write 0, 1 or 2'),
    ("class-huge", toml(y="[1, 1000000]",rest='[loss]\nkind = "cross_entropy"'), 'f.toml: data.y[1]: got 1000000, expected a class index 0, 1, ... (cross_entropy); write 0, 1 or 2'),
    ("class-outputs", toml(y="[0, 2]",net="widths = [1]\noutputs = 2",rest='[loss]\nkind = "cross_entropy"'), 'f.toml: network.outputs: got 2, expected at least 3 (largest class index + 1); write 3'),
    ("class-point", toml(y="[0, 2]",rest='[loss]\nkind = "cross_entropy"\n'+P+"weights = [[[1]], [[1], [1]]]\nbiases = [[0], [0, 0]]"), 'f.toml: point.weights[1]: got 2 rows, expected 3 (outputs); write one row per unit'),
    ("train-list", toml(rest="[train]\nhidden = [true, true]"), 'f.toml: train.hidden: got 2 entries, expected 1 (hidden layers); write true, or one boolean per hidden layer'),
    ("train-number", toml(rest="[train]\noutput = 0"), 'f.toml: train.output: got 0, expected a boolean; write true or false'),
    ("train-output-list", toml(rest="[train]\noutput = [true]"), 'f.toml: train.output: got a list of 1 entry, expected a boolean; write true or false'),
    ("train-null", js(rest=', "train": {"hidden": null}'), 'f.toml: train.hidden: got null, expected a boolean or one per hidden layer; write true or false'),
    ("point-no-weights", toml(rest=P+"biases = [[0], [0]]"), 'f.toml: point.weights: got nothing, expected one matrix per layer; write weights = [[[1]], [[1]]]'),
    ("point-no-biases", toml(rest=P+"weights = [[[1]], [[1]]]"), 'f.toml: point.biases: got nothing, expected one vector per layer; write biases = [[0], [0]]'),
    ("point-layers", toml(rest=P+"weights = [[[1]]]\nbiases = [[0], [0]]"), 'f.toml: point.weights: got 1 layer, expected 2 (hidden layers + 1); write [[[1]], [[1]]] for one hidden unit'),
    ("point-units", toml(rest=P+"weights = [[[1], [2]], [[1]]]\nbiases = [[0], [0]]"), 'f.toml: point.weights[0]: got 2 rows, expected 1 (units of layer 0); write one row per unit'),
    ("point-inputs", toml(net="widths = [2]", rest=P+"weights = [[[1], [1, 2]], [[1, 1]]]\nbiases = [[0, 0], [0]]"), 'f.toml: point.weights[0][1]: got 2 entries, expected 1 (inputs of layer 0); write one number per input'),
    ("point-outputs", toml(rest=P+"weights = [[[1]], [[1], [1]]]\nbiases = [[0], [0]]"), 'f.toml: point.weights[1]: got 2 rows, expected 1 (outputs); write one row per unit'),
    ("point-bias-layers", toml(rest=P+"weights = [[[1]], [[1]]]\nbiases = [[0]]"), 'f.toml: point.biases: got 1 layer, expected 2 (hidden layers + 1); write [[0], [0]]'),
    ("point-bias-size", toml(rest=P+"weights = [[[1]], [[1]]]\nbiases = [[0, 1], [0]]"), 'f.toml: point.biases[0]: got 2 entries, expected 1 (units of layer 0); write one number per unit'),
    ("point-bias-absent", toml(net="widths = [1]\nhidden_bias = false", rest=P+"weights = [[[1]], [[1]]]\nbiases = [[0], [0]]"), 'f.toml: point.biases[0]: got 1 entry, expected 0 (layer 0 has no bias); write []'),
    ("point-bias-flat", toml(rest=P+"weights = [[[1]], [[1]]]\nbiases = [0, 0]"), 'f.toml: point.biases[0]: got 0, expected a list of numbers; write numbers in brackets, such as [5]'),
    ("point-matrix-flat", toml(rest=P+"weights = [[1], [1]]\nbiases = [[0], [0]]"), 'f.toml: point.weights[0][0]: got 1, expected a row of numbers; write numbers in brackets, such as [5]'),
    ("point-matrix-scalar", toml(rest=P+"weights = [1, 1]\nbiases = [[0], [0]]"), 'f.toml: point.weights[0]: got 1, expected one row of numbers per unit; write [[1]] for one unit with one input'),
    ("point-weights-scalar", toml(rest=P+"weights = 1"), 'f.toml: point.weights: got 1, expected one matrix per layer; write [[[1]], [[1]]] for one hidden unit'),
    ("point-number", toml(rest=P+"weights = [[[\"1/0\"]], [[1]]]\nbiases = [[0], [0]]"), 'f.toml: point.weights[0][0][0]: got "1/0", expected a rational number; write "1/2", 0.5 or 3'),
    ("point-deep", toml(rest=P+"weights = [[[[1]]], [[1]]]\nbiases = [[0], [0]]"), 'f.toml: point.weights[0][0][0]: got a list of 1 entry, expected a rational number; write "1/2", 0.5 or 3'),
    ("point-list", js(rest=', "point": [[1]]'), 'f.toml: point: got a list of 1 entry, expected a table; write a table with the keys weights, biases'),
    ("point-null", js(rest=', "point": null'), 'f.toml: point: got null, expected a table; write a table with the keys weights, biases'),
    ("point-width-zero", toml(net="widths = [0]", rest=P+"weights = [[], [[1]]]\nbiases = [[], [0]]"), 'f.toml: point.weights[1][0]: got 1 entry, expected 0 (inputs of layer 1); write one number per input'),
]
# fmt: on


def refusal(function, *arguments, **options):
    with pytest.raises(InputError) as caught:
        function(*arguments, **options)
    error = caught.value.with_traceback(None)
    # Where dask is loaded, an exception is pickled with what it came from: a thousand frames of the parser.
    error.__context__ = None
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert "\n" not in str(error)
    str(error).encode()
    return str(error)


@pytest.mark.parametrize(("file", "message"), [row[1:] for row in FILES], ids=[row[0] for row in FILES])
def test_file(file, message):
    data = file if isinstance(file, bytes) else file.encode()
    assert refusal(read_problem, data, name=message.split(":")[0]) == message


@pytest.mark.parametrize("stdin", [False, True])
def test_the_source_is_named(stdin, tmp_path, monkeypatch):
    path = tmp_path / "f.toml"
    path.write_text(toml(y="[nan, 1]"))
    if stdin:
        with path.open("rb") as file:
            monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": file}))
            found = refusal(read_problem, "-")
        where = "stdin"
    else:
        monkeypatch.chdir(tmp_path)
        found, where = refusal(read_problem, "f.toml"), "f.toml"
    assert found == f'{where}: data.y[0]: got "nan", expected a rational number; write "1/2", 0.5 or 3'


def test_a_long_path_leaves_room_for_the_place(tmp_path):
    folder = tmp_path / ("d" * 100)
    folder.mkdir()
    path = folder / "f.toml"
    path.write_text(toml(y="[nan, 1]"))
    assert refusal(read_problem, path).startswith("f.toml: data.y[0]: got")


FILE = "expected a TOML or JSON file; write the path of one, or - for standard input"


def test_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "f.toml").write_text(toml())
    assert refusal(read_problem, "none.toml") == f"none.toml: got no such file, {FILE}"
    assert refusal(read_problem, "") == f": got no such file, {FILE}"
    assert refusal(read_problem, "folder") == f"folder: got a directory, {FILE}"
    assert refusal(read_problem, "loop") == f"loop: got too many levels of symbolic links, {FILE}"
    assert refusal(read_problem, "f.toml/x") == f"f.toml/x: got not a directory, {FILE}"
    assert refusal(read_problem, "n" * 300) == f"{'n' * 117}...: got file name too long, {FILE}"
    assert refusal(read_problem, "a\0b") == f"a\\x00b: got a path with a NUL character, {FILE}"
    assert refusal(read_problem, 3) == 'source: got int, expected a path, - or bytes; write a path such as "prop1.toml"'
    for read in (read_arrangement, lambda path: read_point(path, library.load("xor-1"))):
        assert refusal(read, "none.toml") == f"none.toml: got no such file, {FILE}"


def test_unreadable(tmp_path, monkeypatch):
    def refuse(*_arguments, **_options):
        raise PermissionError

    monkeypatch.setattr("builtins.open", refuse)
    assert refusal(read_problem, "f.toml") == f"f.toml: got a file that may not be read, {FILE}"


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs an endless file")
def test_endless_file():
    limit = "expected at most 4 MiB of TOML or 16 MiB of JSON; write a smaller problem, as JSON"
    assert refusal(read_problem, "/dev/zero") == f"/dev/zero: got more than 16 MiB, {limit}"


def test_size():
    limit = "expected at most 4 MiB of TOML or 16 MiB of JSON; write a smaller problem, as JSON"
    assert refusal(read_problem, b"#" * (MAX_TOML_BYTES + 1)) == f"bytes: got more than 4 MiB, {limit}"
    assert refusal(read_problem, b"{" * (MAX_JSON_BYTES + 1)) == f"bytes: got more than 16 MiB, {limit}"


POINTS = [
    ("empty", b"", "f.toml: got an empty file, expected a point; write weights and biases"),
    (
        "unknown",
        b"weight = []",
        "f.toml: weight: got an unknown key, expected weights, biases, name or source; write weights",
    ),
    (
        "nothing",
        b"name = 'a'",
        "f.toml: weights: got nothing, expected one matrix per layer; write weights = [[[1]], [[1]]]",
    ),
    (
        "top",
        b"weights = [[[1, 1, 1]], [[1]]]\nbiases = [[0], [0]]",
        "f.toml: weights[0][0]: got 3 entries, expected 2 (inputs of layer 0); write one number per input",
    ),
    (
        "table",
        b"[point]\nweights = [[[1, 1]], [[1]]]\nbiases = [[0], [0, 0]]",
        "f.toml: point.biases[1]: got 2 entries, expected 1 (outputs); write one number per unit",
    ),
    (
        "list",
        b"[[point]]",
        "f.toml: point: got a list of 1 entry, expected a table; write a table with the keys weights, biases",
    ),
    (
        "both",
        b"weights = [[[1, 1]], [[1]]]\nbiases = [[0], [0]]\n[point]",
        "f.toml: point: got an unknown key, expected weights, biases, name or source; write the problem without this key",
    ),
]


@pytest.mark.parametrize(("file", "message"), [row[1:] for row in POINTS], ids=[row[0] for row in POINTS])
def test_point_file(file, message):
    assert refusal(read_point, file, library.load("xor-1"), name="f.toml") == message


ARRANGEMENTS = [
    ("empty", b"", "f.toml: got an empty file, expected an arrangement; write normals, and offsets if it is affine"),
    (
        "nothing",
        b"name = 'a'",
        "f.toml: normals: got nothing, expected one row of numbers per hyperplane; write normals = [[1, 0], [0, 1]]",
    ),
    (
        "key",
        b"normal = [[1]]",
        "f.toml: normal: got an unknown key, expected normals, offsets, name or source; write normals",
    ),
    (
        "none",
        b"normals = []",
        "f.toml: normals: got an empty list, expected at least one hyperplane; write [[1, 0], [0, 1]]",
    ),
    (
        "zero-dimensional",
        b"normals = [[]]",
        "f.toml: normals[0]: got an empty list, expected at least one number; write [5] for one",
    ),
    (
        "ragged",
        b"normals = [[1, 0], [1]]",
        "f.toml: normals[1]: got 1 entry, expected 2 (entries of row 0); write rows of one length",
    ),
    (
        "offsets",
        b"normals = [[1], [2]]\noffsets = [1]",
        "f.toml: offsets: got 1 entry, expected 2 (rows of normals); write one number per hyperplane",
    ),
    (
        "offset",
        b"normals = [[1]]\noffsets = ['1/0']",
        'f.toml: offsets[0]: got "1/0", expected a rational number; write "1/2", 0.5 or 3',
    ),
    (
        "offset-rows",
        b"normals = [[1]]\noffsets = [[1]]",
        'f.toml: offsets[0]: got a list of 1 entry, expected a rational number; write "1/2", 0.5 or 3',
    ),
    ("name", b"normals = [[1]]\nname = 1", "f.toml: name: got 1, expected a string; write text in quotes"),
]


@pytest.mark.parametrize(("file", "message"), [row[1:] for row in ARRANGEMENTS], ids=[row[0] for row in ARRANGEMENTS])
def test_arrangement_file(file, message):
    assert refusal(read_arrangement, file, name="f.toml") == message


def mapping(**changes):
    tree = {"data": {"x": [[1], [2]], "y": [1, 2]}, "network": {"widths": [1]}}
    for path, value in changes.items():
        table, key = path.split("__")
        tree[table][key] = value
    return tree


def test_python_values():
    import numpy as np

    number = 'expected a rational number; write "1/2", 0.5 or 3'
    cyclic: list = []
    cyclic.append(cyclic)
    for value, found in [
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (np.float64("inf"), "inf"),
        (1j, "complex"),
        (np.complex128(1), "complex128"),
        (np.bool_(True), "true"),
        (np.datetime64("2026-01-01"), "2026-01-01"),
        (object, "type"),
        (b"1", "bytes"),
        (cyclic, "a list of 1 entry"),
        ({1}, "set"),
    ]:
        message = refusal(problem_from_mapping, mapping(data__y=[1, value]))
        assert message.startswith("problem: data.y[1]: got "), message
        assert message.endswith(number)
        if not isinstance(value, np.datetime64):
            assert message == f"problem: data.y[1]: got {found}, {number}"
    assert refusal(problem_from_mapping, mapping(data__y=[10**20_000, 1])) == (
        "problem: data.y[0]: got a number of 66439 bits, "
        'expected a number of at most 10000 digits; write "1/2", 0.5 or 3'
    )
    assert refusal(problem_from_mapping, mapping(data__x=np.ma.masked_array([[1], [2]], [[True], [False]]))) == (
        f"problem: data.x[0][0]: got null, {number}"
    )
    assert refusal(problem_from_mapping, mapping(data__x=np.zeros((2, 0)))) == (
        "problem: data.x[0]: got an empty list, expected at least one number; write [5] for one"
    )
    assert refusal(problem_from_mapping, [1]) == (
        "problem: got a list of 1 entry, expected a table; "
        "write a table with the keys name, source, data, network, loss, penalty, train, point"
    )
    assert refusal(problem_from_mapping, {3: 1}) == (
        'problem: "3": got an unknown key, expected name, source, data, network, loss, penalty, train or point; '
        "write the problem without this key"
    )
    assert refusal(arrangement_from_mapping, {"normals": np.array([1, 2])}) == (
        "arrangement: normals[0]: got 1, expected a row of numbers; write numbers in brackets, such as [5]"
    )
    problem = library.load("xor-1")
    assert refusal(point_from_mapping, Point((((Fraction(1),),),), ((),)), problem) == (
        "point: weights: got 1 layer, expected 2 (hidden layers + 1); write [[[1]], [[1]]] for one hidden unit"
    )
    assert refusal(point_from_mapping, None, problem) == (
        "point: got null, expected a table; write a table with the keys weights, biases"
    )


# Nothing but a Problem or the one line.


def outcome(read, *arguments):
    try:
        return read(*arguments)
    except InputError as error:
        text = str(error)
        assert text.count("\n") == 0
        assert ": got " in text
        assert ", expected " in text
        assert "; write " in text
        assert len(text) < 700
        text.encode()
        return None


XOR = library.load("xor-2")
VALID = library.text("swirszcz-prop3-better").encode()
VALID_JSON = json.dumps(XOR.to_dict()).encode()
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1/2", "-0.5", "1e3", "1/0", "relu", "pl(1, 2)", "huber(1)", "cross_entropy", "hinge", "mean"])
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["x", "y", "widths", "kind", "weights", "biases", "hidden", "z"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes(data):
    for read in (read_problem, read_arrangement, lambda source: read_point(source, XOR)):
        outcome(read, data)
        outcome(read, b"{" + data)


def places(tree, at=()):
    yield at
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield from places(value, (*at, key))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_valid_tree_with_one_place_changed(data):
    """As JSON and as a mapping; both must give the same problem or both refuse."""
    tree = XOR.to_dict()
    tree["loss"] |= data.draw(st.dictionaries(st.sampled_from(["kind", "reduction"]), TREES, max_size=1))
    at = data.draw(st.sampled_from([place for place in places(tree) if place]))
    inner = tree
    for key in at[:-1]:
        inner = inner[key]
    if data.draw(st.booleans()):
        inner[at[-1]] = data.draw(TREES)
    else:
        del inner[at[-1]]
    kept = copy.deepcopy(tree)
    text = json.dumps(tree)
    read = outcome(read_problem, text.encode())
    assert read is None or isinstance(read, Problem)
    floats = "." in text or "e" in text.lower().replace("true", "").replace("false", "") or "N" in text or "I" in text
    if not floats:
        assert outcome(problem_from_mapping, tree) == read
    assert repr(tree) == repr(kept)
    if read is not None:
        assert read_problem(read.to_toml().encode()) == read


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([VALID, VALID_JSON]),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 3), st.binary(max_size=3)), min_size=1, max_size=3),
)
def test_a_valid_file_with_bytes_changed(file, changes):
    data = bytearray(file)
    for at, cut, new in changes:
        at %= len(data) + 1
        data[at : at + cut] = new
    read = outcome(read_problem, bytes(data))
    if read is not None:
        assert read_problem(read.to_toml().encode()) == read


HOSTILE = {
    "exponent": b"[data]\nx = [[1e999999999]]\ny = [1]\n[network]\nwidths = [1]",
    "list": b"a = " + b"[" * 2_000_000,
    "object": b'{"a":' * 1_000_000,
    "keys": b"a." * 1_000_000 + b"a = 1",
    "table": b"[" + b"a." * 1_000_000 + b"a]",
    "digits": b"a = " + b"1" * 1_000_000,
    "string": b'a = "' + b'\\"' * 300_000,
    "quotes": b'a = """' + b'"" ' * 300_000 + b"1" * 5_000,
    "underscores": b"a = 1" + b"_1" * 300_000,
    "width": b'{"data": {"x": [[1]], "y": [1]}, "network": {"widths": [1000000000000]}}',
    "class": b'{"data": {"x": [[1]], "y": [1e9]}, "network": {"widths": []}, "loss": {"kind": "cross_entropy"}}',
}


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_input_within_limits(case, tmp_path):
    """A gibibyte of memory and ten seconds of processor time, under any limit on integer digits."""
    program = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (10, 10))\n"
        "from exactgeo.errors import InputError\n"
        "from exactgeo.formats import read_problem\n"
        "for digits in (4300, 0):\n"
        "    sys.set_int_max_str_digits(digits)\n"
        "    try:\n"
        "        read_problem(sys.argv[1])\n"
        "    except InputError:\n"
        "        print('refused')\n"
    )
    path = tmp_path / "hostile"
    path.write_bytes(HOSTILE[case])
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, check=False)
    assert (done.stdout.split(), done.stderr) == ([b"refused", b"refused"], b"")
