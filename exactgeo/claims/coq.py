"""A claim as a theorem for Coq: one self-contained file over Q, whose theorem is the statement itself.

The loss is written out as a function of all parameters; the theorem quantifies over the trained ones. The proofs follow
the certificate: the side of each pre-activation by linear arithmetic, the inequality of each neuron by cases on its
kinks, and the squares and products of the final identity as named facts, so that ``lra`` has a linear problem left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from exactgeo.errors import InputError

__all__ = ["KINDS", "coq"]

KINDS = ("local_minimum", "not_local_minimum", "lower_point", "basin_optimum")
"""Kinds of claims that can be exported (for the squared losses)."""

_HEADER = """(* Written by exactgeo from a certificate. Check with: coqc FILE.v
   Standard library only; every theorem is closed under the global context. *)

Require Import QArith Qminmax Lqa.
Open Scope Q_scope.

(* The activation: slope {right} for z >= 0, {left} for z <= 0. *)
Definition act (z : Q) : Q := if Qle_bool 0 z then {right} * z else {left} * z.

Lemma act_pos (z : Q) : 0 <= z -> act z == {right} * z.
Proof. intro H. unfold act. apply Qle_bool_iff in H. rewrite H. reflexivity. Qed.

Lemma act_neg (z : Q) : z <= 0 -> act z == {left} * z.
Proof.
  intro H. unfold act. destruct (Qle_bool 0 z) eqn:E; [| reflexivity].
  apply Qle_bool_iff in E. assert (F : z == 0) by lra. rewrite F. lra.
Qed.

Lemma square_nonneg (q : Q) : 0 <= q * q.
Proof. nra. Qed.

Lemma times_zero (a b : Q) : 0 == b -> 0 == a * b.
Proof. intro H. rewrite <- H. ring. Qed.

Ltac settle :=
  repeat match goal with
  | |- context [act ?z] => first [rewrite (act_pos z) by lra | rewrite (act_neg z) by lra]
  end; lra.

(* The training loss, as a function of all parameters. *)
Definition loss ({parameters} : Q) : Q :=
  {scale} * ({squares}).
"""


def _q(value: Fraction | int) -> str:
    value = Fraction(value)
    if value.denominator != 1:
        return f"({value.numerator} # {value.denominator})"
    return str(value) if value >= 0 else f"({value})"


def _sum(terms: Sequence[str]) -> str:
    return " + ".join(terms) if terms else "0"


def coq(certificate: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Text of the Coq file of a certificate, and the kinds of claims left out of it.

    Parameters
    ----------
    certificate : mapping
        The certificate's JSON data.

    Raises
    ------
    InputError
        Nothing in it can be exported: no claim of the kinds in ``KINDS``, or not the squared loss of a network with at
        most one hidden layer and one output.

    References
    ----------
    F. Besson, Fast reflexive arithmetic tactics: the linear case and beyond (``lra``).
    """
    problem = certificate.get("problem")
    claims = certificate.get("claims", [])
    chosen = [claim for claim in claims if claim["kind"] in KINDS]
    expected = "a claim of kind " + ", ".join(KINDS)
    if problem is None or not chosen:
        kinds = ", ".join(claim["kind"] for claim in claims)
        raise InputError("certificate", kinds or "no claim", expected, "the certificate of a verdict")
    loss, net = problem["loss"]["kind"], problem["network"]
    if loss not in ("squared", "half_squared") or len(net["widths"]) > 1 or len(problem["data"]["y"][0]) > 1:
        found = f"the {loss} loss, widths {net['widths']}, {len(problem['data']['y'][0])} outputs"
        raise InputError(
            "certificate", found, "the squared loss, at most one hidden layer, one output", "such a problem"
        )
    theory = _Theory(problem)
    text = theory.header() + "".join("\n" + "".join(theory.theorem(k, claim)) for k, claim in enumerate(chosen))
    return text, [claim["kind"] for claim in claims if claim["kind"] not in KINDS]


class _Theory:
    """Names and terms of one problem."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        net, train = problem["network"], problem["train"]
        self.x = [[Fraction(q) for q in row] for row in problem["data"]["x"]]
        self.y = [Fraction(q) for (q,) in problem["data"]["y"]]
        self.right, self.left = (Fraction(q) for q in net["activation"])
        self.bent = self.right != self.left
        m, d = len(self.x), len(self.x[0])
        self.halved = problem["loss"]["kind"] == "half_squared"
        self.scale = Fraction(1, 2 if self.halved else 1)
        self.scale /= m if problem["loss"]["reduction"] == "mean" else 1
        self.hidden = bool(net["widths"])
        self.width = net["widths"][0] if self.hidden else 0
        self.bias = self.hidden and net["hidden_bias"][0]
        self.output_bias = net["output_bias"]
        self.lifted = [[*row, Fraction(1)] for row in self.x] if self.bias else self.x
        # Names of the parameters with whether they are trained, in the order of the arguments of the loss.
        self.inputs = [
            [f"w{i}_{k}" for k in range(d)] + ([f"b{i}"] if self.bias else []) for i in range(max(self.width, 0))
        ]
        self.trained: dict[str, bool] = {}
        for row in self.inputs:
            for k, name in enumerate(row):
                self.trained[name] = train["hidden"][0] if k < d else train["hidden_bias"][0]
        self.outputs = [f"v{i}" for i in range(self.width)] if self.hidden else [f"w{k}" for k in range(d)]
        self.trained |= dict.fromkeys(self.outputs, train["output"])
        if self.output_bias:
            self.trained["c"] = train["output_bias"]

    # -- terms --------------------------------------------------------------------------------------------------

    def pre(self, i: int, t: int, at: Mapping[str, str]) -> str:
        """The pre-activation of a neuron at a data point, each parameter written as in ``at``."""
        terms = [f"{_q(q)} * {at[name]}" for name, q in zip(self.inputs[i], self.lifted[t], strict=True)]
        return _sum(terms)

    def prediction(self, t: int, at: Mapping[str, str]) -> str:
        if self.hidden:
            terms = [f"{at[v]} * act ({self.pre(i, t, at)})" for i, v in enumerate(self.outputs)]
        else:
            terms = [f"{at[w]} * {_q(q)}" for w, q in zip(self.outputs, self.x[t], strict=True)]
        return _sum([*terms, *([at["c"]] if self.output_bias else [])])

    def header(self) -> str:
        own = {name: name for name in self.trained}
        errors = [f"({self.prediction(t, own)} - {_q(y)})" for t, y in enumerate(self.y)]
        squares = "\n    + ".join(f"{error} * {error}" for error in errors)
        names = " ".join(self.trained) or "nothing"
        return _HEADER.format(
            right=_q(self.right), left=_q(self.left), parameters=names, scale=_q(self.scale), squares=squares
        )

    def values(self, point: Mapping[str, Any]) -> dict[str, Fraction]:
        """The parameters of a point by name."""
        weights, biases = point["weights"], point["biases"]
        found: dict[str, str] = {}
        for i, names in enumerate(self.inputs):
            entries = [*weights[0][i], *([biases[0][i]] if self.bias else [])]
            found |= dict(zip(names, entries, strict=True))
        found |= dict(zip(self.outputs, weights[-1][0], strict=True))
        if self.output_bias:
            found["c"] = biases[-1][0]
        return {name: Fraction(found[name]) for name in self.trained}

    def call(self, at: Mapping[str, str]) -> str:
        arguments = [at[name] for name in self.trained] or ["0"]
        return "loss " + " ".join(q if q.isidentifier() or q.startswith("(") else f"({q})" for q in arguments)

    def slope(self, z: Fraction) -> Fraction:
        return self.right if z > 0 else self.left

    # -- theorems -----------------------------------------------------------------------------------------------

    def theorem(self, k: int, claim: Mapping[str, Any]) -> Iterator[str]:
        name = claim["kind"] + (f"_{k}" if k else "")
        here = self.values(claim["point"])
        at = {key: _q(q) for key, q in here.items()}
        yield f"Lemma loss_at_point_{k} : {self.call(at)} == {_q(Fraction(claim['loss']))}.\n"
        yield "Proof. vm_compute. reflexivity. Qed.\n"
        writer = {
            "local_minimum": self._minimum,
            "not_local_minimum": self._descent,
            "lower_point": self._lower,
            "basin_optimum": self._basin,
        }[claim["kind"]]
        yield from writer(name, k, claim, here, at)
        yield f"Print Assumptions {name}.\n"

    def _lower(
        self, name: str, k: int, claim: Mapping[str, Any], here: dict[str, Fraction], at: dict[str, str]
    ) -> Iterator[str]:
        other = {key: _q(q) for key, q in self.values(claim["better"]).items()}
        yield f"Theorem {name} : {self.call(other)} < {self.call(at)}.\nProof. vm_compute. reflexivity. Qed.\n"

    def _descent(
        self, name: str, k: int, claim: Mapping[str, Any], here: dict[str, Fraction], at: dict[str, str]
    ) -> Iterator[str]:
        way, step = self.values(claim["direction"]), Fraction(claim["step"])
        moved = {key: f"({_q(q)} + s * {_q(way[key])})" if way[key] else _q(q) for key, q in here.items()}
        low = next(e for e, q in enumerate(claim["polynomial"]) if q != "0")
        yield (
            f"Theorem {name} :\n  forall s : Q, 0 < s -> s <= {_q(step)} ->\n"
            f"  {self.call(moved)} < {self.call(at)}.\nProof.\n"
            f"  intros s S0 S1. rewrite loss_at_point_{k}. unfold loss.\n"
        )
        # Powers of s as facts: each is positive, and at most the step times the one before.
        power = "s"
        for e in range(2, 5):
            yield f"  assert (T{e} : s * ({power}) <= {_q(step)} * ({power})) by (apply Qmult_le_compat_r; lra).\n"
            power = f"s * ({power})"
            yield f"  assert (U{e} : 0 < {power}) by (apply Qmult_lt_0_compat; lra).\n"
        yield f"  (* the lowest power of s in the change of the loss is {low} *)\n  settle.\nQed.\n"

    def _minimum(
        self, name: str, k: int, claim: Mapping[str, Any], here: dict[str, Fraction], at: dict[str, str]
    ) -> Iterator[str]:
        radius = None if claim["radius"] is None else Fraction(claim["radius"])
        moved = {key: f"({_q(q)} + d{key})" if self.trained[key] else _q(q) for key, q in here.items()}
        names = [f"d{key}" for key, trained in self.trained.items() if trained]
        yield f"Theorem {name} :\n"
        if names:
            yield f"  forall {' '.join(names)} : Q,\n"
        for d in names if radius is not None else []:
            yield f"  -{_q(radius or 0)} <= {d} -> {d} <= {_q(radius or 0)} ->\n"
        yield f"  {self.call(at)} <= {self.call(moved)}.\nProof.\n  intros. rewrite loss_at_point_{k}. unfold loss.\n"
        z = [
            [sum((here[n] * q for n, q in zip(row, x, strict=True)), Fraction(0)) for x in self.lifted]
            for row in self.inputs
        ]
        before = [self._value(t, here, z) for t in range(len(self.y))]
        residuals = [p - y for p, y in zip(before, self.y, strict=True)]
        for i, v in enumerate(self.outputs if self.hidden else []):
            if here[v] == 0 and not self.trained[v]:
                continue
            sign = -1 if here[v] < 0 else 1
            terms = [
                f"{_q(sign * r)} * (act ({self.pre(i, t, moved)}) - {_q(z[i][t] * self.slope(z[i][t]))})"
                for t, r in enumerate(residuals)
                if r
            ]
            phi = _sum(terms)
            relation = "0 <=" if here[v] else "0 =="
            yield from self._inequality(i, claim["neurons"][i]["parts"], z[i], [sign * r for r in residuals], moved)
            yield f"  assert (P{i} : {relation} {phi}) by settle.\n"
            side = moved[v] if sign > 0 else f"(- {moved[v]})"
            if here[v]:
                yield f"  assert (V{i} : 0 <= {side}) by lra.\n"
                yield f"  assert (M{i} : 0 <= {side} * ({phi})) by (apply Qmult_le_0_compat; assumption).\n"
            else:
                yield f"  assert (M{i} : 0 == {side} * ({phi})) by (apply times_zero; assumption).\n"
        for t, p in enumerate(before):
            yield f"  pose proof (square_nonneg ({self.prediction(t, moved)} - {_q(p)})) as S{t}.\n"
        yield "  lra.\nQed.\n"

    def _value(self, t: int, here: Mapping[str, Fraction], z: Sequence[Sequence[Fraction]]) -> Fraction:
        total = here["c"] if self.output_bias else Fraction(0)
        for i, v in enumerate(self.outputs):
            total += here[v] * (z[i][t] * self.slope(z[i][t]) if self.hidden else self.x[t][i])
        return total

    def _inequality(
        self, i: int, parts: Sequence[Any], z: Sequence[Fraction], weights: Sequence[Fraction], at: Mapping[str, str]
    ) -> Iterator[str]:
        """Facts about the kinks of a neuron: each part is nonnegative, each kink that does not bend is linear."""
        kinks = self._kinks(i, z)
        terms = {
            row: _sum([f"{_q(weights[t])} * act ({self.pre(i, t, at)})" for t in members if weights[t]])
            for row, (_, members) in kinks.items()
        }
        bent = [row for part in parts for row in part["rows"]]
        for row, (form, _) in kinks.items():
            if row not in bent and terms[row] != "0":
                factors = kinks[row][1].items()
                slope = sum((weights[t] * f * (self.right if f > 0 else self.left) for t, f in factors), Fraction(0))
                yield f"  assert (L{i}_{row} : {terms[row]} == {_q(slope)} * ({form})).\n"
                yield f"  {{ destruct (Qlt_le_dec 0 ({form})) as [K | K]; settle. }}\n"
        moves = [f"d{name}" for name in self.inputs[i] if self.trained[name]]
        for j, part in enumerate(parts):
            share = [f"{_q(Fraction(q))} * {d}" for q, d in zip(part["linear"], moves, strict=True) if q != "0"]
            yield f"  assert (R{i}_{j} : 0 <= {_sum(share + [terms[row] for row in part['rows']])}).\n  {{\n"
            pending: list[tuple[int, ...]] = [()]
            for step in part["cover"]:
                decided = pending.pop()
                if step["rule"] == "split":
                    row = step["row"]
                    yield f"    destruct (Qlt_le_dec 0 ({kinks[row][0]})) as [K{row} | K{row}].\n"
                    pending += [(*decided, row), (*decided, row)]
                elif step["rule"] == "implied":
                    row, form = step["row"], kinks[step["row"]][0]
                    side = f"0 <= {form}" if step["sign"] > 0 else f"{form} <= 0"
                    yield f"    assert (K{row} : {side}) by lra.\n"
                    pending.append((*decided, row))
                else:
                    for row in part["rows"]:
                        if row not in decided:
                            slope, form = step["slopes"].get(str(row), "0"), kinks[row][0]
                            yield f"    assert (C{row} : {_q(Fraction(slope))} * ({form}) <= {terms[row]}).\n"
                            yield f"    {{ destruct (Qlt_le_dec 0 ({form})) as [K | K]; settle. }}\n"
                    yield "    settle.\n"
            yield "  }\n"

    def _kinks(self, i: int, z: Sequence[Fraction]) -> dict[int, tuple[str, dict[int, Fraction]]]:
        """By first data point: the linear form of the trained moves, and the factors of the data points on it."""
        found: dict[int, tuple[str, dict[int, Fraction]]] = {}
        first: dict[tuple[int, ...], int] = {}
        for t, q in enumerate(z):
            row = [(n, a) for n, a in zip(self.inputs[i], self.lifted[t], strict=True) if self.trained[n]]
            if q != 0 or not self.bent or not any(a for _, a in row):
                continue
            scale = lcm(*(a.denominator for _, a in row))
            whole = [int(a * scale) for _, a in row]
            common = gcd(*whole)
            shape = tuple(a // common for a in whole)
            line: tuple[int, ...] = max(shape, tuple(-a for a in shape))
            if line not in first:
                first[line] = t
                form = _sum([f"{_q(a)} * d{n}" for (n, _), a in zip(row, shape, strict=True) if a])
                found[t] = form, {t: Fraction(common, scale)}
                continue
            leader = first[line]
            members = found[leader][1]
            k = next(k for k, a in enumerate(whole) if a)
            unit = [a for n, a in zip(self.inputs[i], self.lifted[leader], strict=True) if self.trained[n]]
            members[t] = row[k][1] / (unit[k] / members[leader])
        return found

    def _basin(
        self, name: str, k: int, claim: Mapping[str, Any], here: dict[str, Fraction], at: dict[str, str]
    ) -> Iterator[str]:
        moved = {key: key if self.trained[key] else _q(q) for key, q in here.items()}
        names = [key for key, trained in self.trained.items() if trained]
        yield f"Theorem {name} :\n"
        if names:
            yield f"  forall {' '.join(names)} : Q,\n"
        labels = []
        for i, cell in enumerate(claim["cells"]):
            for t, sign in enumerate(cell["signs"]):
                if sign in "+-" and cell["output"]:
                    z = self.pre(i, t, moved)
                    yield f"  {'0 <= ' + z if sign == '+' else z + ' <= 0'} ->\n"
                    labels.append(f"Z{i}_{t}")
            if cell["output"]:
                v = moved[self.outputs[i]]
                yield f"  {'0 <= ' + v if cell['output'] > 0 else v + ' <= 0'} ->\n"
                labels.append(f"O{i}")
        yield f"  {self.call(at)} <= {self.call(moved)}.\n"
        yield f"Proof.\n  intros {' '.join(names + labels)}. rewrite loss_at_point_{k}. unfold loss.\n"
        dual = [Fraction(q) for q in claim["dual"]]
        for i, cell in enumerate(claim["cells"]):
            if not cell["output"]:
                continue
            v = moved[self.outputs[i]]
            side = v if cell["output"] > 0 else f"(- {v})"
            for t, sign in enumerate(cell["signs"]):
                z = self.pre(i, t, moved)
                slope = self.right if sign == "+" else self.left
                if sign == "0" and self.bent:
                    how = "settle"
                else:
                    lemma = "act_neg" if sign == "-" else "act_pos"
                    how = f"apply {lemma}; lra" if sign != "0" else "unfold act; destruct Qle_bool; reflexivity"
                yield f"  assert (A{i}_{t} : act ({z}) == {_q(slope)} * ({z})) by ({how}).\n"
                yield f"  rewrite A{i}_{t}. clear A{i}_{t}.\n"
            for t in map(int, cell["multipliers"]):
                z = self.pre(i, t, moved)
                inward = z if cell["signs"][t] == "+" else f"- ({z})"
                yield f"  assert (M{i}_{t} : 0 <= {side} * ({inward})) by (apply Qmult_le_0_compat; lra).\n"
        # (p - y)^2 >= r p - its conjugate, by one square each; the factor is that of the loss of one prediction.
        half = 1 if self.halved else 2
        for t, (y, r) in enumerate(zip(self.y, dual, strict=True)):
            error = self._linear(t, moved, claim["cells"])
            yield f"  pose proof (square_nonneg ({error} - {_q(y + r / half)})) as S{t}.\n"
        yield "  lra.\nQed.\n"

    def _linear(self, t: int, at: Mapping[str, str], cells: Sequence[Mapping[str, Any]]) -> str:
        """The prediction on a basin, without the activation."""
        terms = []
        for i, (v, cell) in enumerate(zip(self.outputs, cells, strict=True)):
            slope = self.right if cell["signs"][t] == "+" else self.left
            if cell["output"]:
                terms.append(f"{at[v]} * ({_q(slope)} * ({self.pre(i, t, at)}))")
        return _sum([*terms, *([at["c"]] if self.output_bias else [])])
