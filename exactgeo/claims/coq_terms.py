"""What every theorem for Coq is written with: numbers, the loss as a function of all parameters, and its pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from exactgeo.claims.subject import square_factor
from exactgeo.errors import InternalError
from exactgeo.exact.vectors import ZERO
from exactgeo.losses.piecewise_quadratic import Pieces
from exactgeo.problem import Direction, Point, Problem

__all__ = ["Costs", "Terms", "number", "plus"]

_HEADER = """(* Written by exactgeo from a certificate. Check with: coqc FILE.v
   Standard library only; every theorem is closed under the global context.

   The theorems are about the rationals: parameters and steps are in Q, and so are the losses. A weak inequality (<=)
   holds over the reals as well, both sides being continuous; a strict one (<) is said of rational steps only.
   Left out of this file: {left_out}. *)

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

{straight}Lemma square_nonneg (q : Q) : 0 <= q * q.
Proof. nra. Qed.

Lemma times_zero (a b : Q) : 0 == b -> 0 == a * b.
Proof. intro H. rewrite <- H. ring. Qed.

Ltac sides :=
  repeat match goal with
  | |- context [act ?z] => first [{how}rewrite (act_pos z) by lra | rewrite (act_neg z) by lra]
  end; lra.

{costs}(* The training loss, as a function of all parameters. *)
Definition loss ({parameters} : Q) : Q :=
  {scale} * ({squares}){sizes}.
"""

_STRAIGHT = """Lemma act_straight (z : Q) : act z == {right} * z.
Proof. unfold act. destruct (Qle_bool 0 z); reflexivity. Qed.

"""

_COST = """(* The loss of one prediction p, of target {y}. *)
Definition {name} (p : Q) : Q :=
  {body}.

"""

_PIECE = """Lemma {name}_{k} (p : Q) : {sides}{name} p == {quadratic}.
Proof.
  intros. unfold {name}. repeat match goal with |- context [Qlt_le_dec ?b p] => destruct (Qlt_le_dec b p) end;
    first [reflexivity | exfalso; lra{at_breaks}].
Qed.

"""

_UPPER = """Lemma upper_{name} (p : Q) : {cost} p <= {bound}.
Proof.
  unfold {cost}. {squares}
  repeat match goal with |- context [Qlt_le_dec ?b p] => destruct (Qlt_le_dec b p) end; lra.
Qed.

"""


_BELOW = """Lemma {name} (p : Q) : {value} + {slope} * (p - {q}) <= {cost} p.
Proof.
  unfold {cost}. {squares}
  repeat match goal with |- context [Qlt_le_dec ?b p] => destruct (Qlt_le_dec b p) end; lra.
Qed.

"""


def number(value: Fraction | int) -> str:
    value = Fraction(value)
    if value.denominator != 1:
        return f"({value.numerator} # {value.denominator})"
    return str(value) if value >= 0 else f"({value})"


def plus(terms: Sequence[str]) -> str:
    return " + ".join(terms) if terms else "0"


class Costs:
    """The loss of one prediction for each target, as pieces, where it is no square."""

    def __init__(self, problem: Problem, targets: Sequence[Fraction]) -> None:
        self.pieces: dict[Fraction, Pieces] = {}
        for y in targets:
            pieces = problem.loss.pieces(y)
            assert pieces is not None
            self.pieces[y] = pieces
        self.names = {y: f"cost{j}" for j, y in enumerate(self.pieces)}
        self.curvature = max(a for pieces in self.pieces.values() for a, _, _ in pieces.quadratics)

    def quadratic(self, y: Fraction, k: int, p: str) -> str:
        a, b, c = self.pieces[y].quadratics[k]
        return f"({number(a)} * ({p} * {p}) + {number(b)} * {p} + {number(c)})"

    def definitions(self) -> str:
        """The functions, and that each of them is its quadratic on each of its pieces."""
        texts = []
        for y, pieces in self.pieces.items():
            breaks, last = pieces.breaks, len(pieces.breaks)
            body = self.quadratic(y, last, "p")
            for k in reversed(range(last)):
                body = f"(if Qlt_le_dec {number(breaks[k])} p then {body} else {self.quadratic(y, k, 'p')})"
            texts.append(_COST.format(y=number(y), name=self.names[y], body=body))
            at_breaks = "".join(f" | assert (F : p == {number(b)}) by lra; rewrite F; reflexivity" for b in breaks)
            for k in range(last + 1):
                sides = f"{number(breaks[k - 1])} <= p -> " if k else ""
                sides += f"p <= {number(breaks[k])} -> " if k < last else ""
                texts.append(
                    _PIECE.format(
                        name=self.names[y], k=k, sides=sides, quadratic=self.quadratic(y, k, "p"), at_breaks=at_breaks
                    )
                )
        return "".join(texts)

    def bound(self, y: Fraction, q: Fraction, p: str) -> str:
        """``l(q) + l'(q) (p - q) + curvature (p - q)^2``."""
        pieces = self.pieces[y]
        error = f"({p} - {number(q)})"
        value, slope, curvature = map(number, (pieces.at(q), pieces.slopes(q)[0], self.curvature))
        return f"({value} + {slope} * {error} + {curvature} * ({error} * {error}))"

    def upper(self, name: str, y: Fraction, q: Fraction) -> str:
        """That this is an upper bound, no piece being more curved: the difference is a square at an end of each."""
        squares = self._squares(y, q)
        return _UPPER.format(name=name, cost=self.names[y], bound=self.bound(y, q, "p"), squares=squares)

    def below(self, name: str, y: Fraction, q: Fraction, slope: Fraction) -> str:
        """That the loss lies above its line of this slope, a subgradient at q: on each piece by a square at its end."""
        stated = {"value": number(self.pieces[y].at(q)), "slope": number(slope), "q": number(q)}
        return _BELOW.format(name=name, cost=self.names[y], squares=self._squares(y, q), **stated)

    def touched(self, y: Fraction, slope: Fraction) -> Fraction:
        """A prediction at which this is a subgradient of the loss.

        Raises
        ------
        InternalError
            There is none.
        """
        pieces = self.pieces[y]
        for q in pieces.breaks:
            left, right = pieces.slopes(q)
            if left <= slope <= right:
                return q
        for a, b, _ in pieces.quadratics:
            q = (slope - b) / (2 * a) if a else ZERO
            left, right = pieces.slopes(q)
            if left <= slope <= right:
                return q
        raise InternalError("a dual number that is no slope of its loss")

    def _squares(self, y: Fraction, q: Fraction) -> str:
        ends = (*self.pieces[y].breaks, q)
        return " ".join(f"pose proof (square_nonneg (p - {number(e)}))." for e in ends)


class Terms:
    """Names and terms of one problem: ``factor * (p - y)^2`` of a prediction, or pieces by target."""

    def __init__(self, problem: Problem) -> None:
        net, train = problem.network, problem.train
        self.x = problem.x
        self.y = tuple(q for (q,) in problem.y)
        square = square_factor(problem)
        self.factor = square or Fraction(1)
        self.scale = self.factor * problem.weight
        self.weight, self.l2 = problem.weight, problem.penalty.l2
        self.costs = None if square else Costs(problem, self.y)
        self.hidden = bool(net.widths)
        self.right, self.left = (net.activation.slopes if self.hidden else None) or (Fraction(1), Fraction(1))
        self.bent = self.right != self.left
        width, d = net.widths[0] if self.hidden else 0, problem.d
        self.output_bias = net.output_bias
        self.lifted = problem.lifted
        # Names of the parameters with whether they are trained, in the order of the arguments of the loss.
        self.inputs = [[f"w{i}_{k}" if k < d else f"b{i}" for k in range(len(self.lifted[0]))] for i in range(width)]
        self.trained: dict[str, bool] = {}
        for row in self.inputs:
            for k, name in enumerate(row):
                self.trained[name] = train.hidden[0] if k < d else train.hidden_bias[0]
        self.outputs = [f"v{i}" for i in range(width)] if self.hidden else [f"w{k}" for k in range(d)]
        self.trained |= dict.fromkeys(self.outputs, train.output)
        if self.output_bias:
            self.trained["c"] = train.output_bias
        biases = {"c", *(name for row in self.inputs for name in row[d:])}
        self.penalised = [
            name for name, trained in self.trained.items() if trained and (name not in biases or problem.penalty.biases)
        ]

    def pre(self, i: int, t: int, at: Mapping[str, str]) -> str:
        """The pre-activation of a neuron at a data point, each parameter written as in ``at``."""
        terms = [f"{number(q)} * {at[name]}" for name, q in zip(self.inputs[i], self.lifted[t], strict=True)]
        return plus(terms)

    def prediction(self, t: int, at: Mapping[str, str]) -> str:
        if self.hidden:
            terms = [f"{at[v]} * act ({self.pre(i, t, at)})" for i, v in enumerate(self.outputs)]
        else:
            terms = [f"{at[w]} * {number(q)}" for w, q in zip(self.outputs, self.x[t], strict=True)]
        return plus([*terms, *([at["c"]] if self.output_bias else [])])

    def sizes(self, at: Mapping[str, str]) -> str:
        """What the penalty adds to a loss, as " + ..."; nothing where there is none."""
        if not self.l2:
            return ""
        return f" + {number(self.l2 / 2)} * ({plus([f'{at[name]} * {at[name]}' for name in self.penalised])})"

    def header(self, left_out: str) -> str:
        own = {name: name for name in self.trained}
        errors = [f"({self.prediction(t, own)} - {number(y)})" for t, y in enumerate(self.y)]
        terms = [f"{error} * {error}" for error in errors]
        if self.costs:
            terms = [f"{self.costs.names[y]} ({self.prediction(t, own)})" for t, y in enumerate(self.y)]
        squares = "\n    + ".join(terms)
        costs = self.costs.definitions() if self.costs else ""
        names = " ".join(self.trained) or "nothing"
        slopes = {"right": number(self.right), "left": number(self.left)}
        whole = {"scale": number(self.scale), "squares": squares, "costs": costs, "sizes": self.sizes(own)}
        if not self.bent:
            slopes |= {"straight": _STRAIGHT.format(**slopes), "how": "rewrite (act_straight z) | "}
        return _HEADER.format(**{"straight": "", "how": ""} | slopes, left_out=left_out, parameters=names, **whole)

    def values(self, point: Point | Direction) -> dict[str, Fraction]:
        """The parameters of a point (or a direction) by name."""
        found: dict[str, Fraction] = {}
        for names, neuron in zip(self.inputs, point.neurons, strict=True):
            found |= dict(zip(names, neuron.w, strict=True))
        outputs = [neuron.v for neuron in point.neurons] if self.hidden else point.inputs
        found |= dict(zip(self.outputs, outputs, strict=True))
        if self.output_bias:
            found["c"] = point.shift
        return found

    def call(self, at: Mapping[str, str]) -> str:
        arguments = [at[name] for name in self.trained] or ["0"]
        return "loss " + " ".join(q if q.isidentifier() or q.startswith("(") else f"({q})" for q in arguments)

    def slope(self, z: Fraction) -> Fraction:
        return self.right if z > 0 else self.left

    def fixed(self, i: int, t: int, point: Point) -> str:
        """The output of a neuron at a point, for output weight 1."""
        z = self.pre_activations(self.values(point))[i][t]
        return number(z * self.slope(z))

    def predictions(self, point: Point) -> list[Fraction]:
        values = self.values(point)
        z = self.pre_activations(values)
        return [self.value_at(t, values, z) for t in range(len(self.y))]

    def pre_activations(self, point: Mapping[str, Fraction]) -> list[list[Fraction]]:
        return [
            [sum((point[n] * q for n, q in zip(row, x, strict=True)), ZERO) for x in self.lifted] for row in self.inputs
        ]

    def value_at(self, t: int, point: Mapping[str, Fraction], z: Sequence[Sequence[Fraction]]) -> Fraction:
        total = point["c"] if self.output_bias else ZERO
        for i, v in enumerate(self.outputs):
            total += point[v] * (z[i][t] * self.slope(z[i][t]) if self.hidden else self.x[t][i])
        return total
