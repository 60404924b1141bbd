"""A claim as a theorem for Coq: one self-contained file over Q, whose theorem is the statement itself.

The loss is written out as a function of all parameters; the theorem quantifies over the trained ones. The proofs follow
the certificate: the side of each pre-activation by linear arithmetic, the inequality of each neuron by cases on its
kinks, and the squares and products of the final identity as named facts, so that ``lra`` has a linear problem left.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from math import gcd, lcm

from exactgeo.claims.basin_optimum import BasinCell, BasinOptimumClaim
from exactgeo.claims.certificate import Certificate
from exactgeo.claims.claim import Claim, PointClaim
from exactgeo.claims.descent_curve import DescentCurveClaim
from exactgeo.claims.global_minimum import GlobalMinimumClaim
from exactgeo.claims.local_minimum import Implied, LocalMinimumClaim, Part, Split
from exactgeo.claims.lower_point import LowerPointClaim
from exactgeo.claims.not_local_minimum import NotLocalMinimumClaim
from exactgeo.claims.path import PathClaim
from exactgeo.claims.subject import square_factor
from exactgeo.errors import InputError
from exactgeo.exact.vectors import ZERO, Vector
from exactgeo.losses.piecewise_quadratic import Pieces
from exactgeo.problem import Direction, Point, Problem

__all__ = ["EXPORTED", "coq"]

EXPORTED = (
    LocalMinimumClaim,
    NotLocalMinimumClaim,
    LowerPointClaim,
    BasinOptimumClaim,
    GlobalMinimumClaim,
    PathClaim,
    DescentCurveClaim,
)
"""Kinds of claims that can be exported; not each claim of them, see :func:`exported`."""

_OF_EVERY_LOSS = (NotLocalMinimumClaim, LowerPointClaim, DescentCurveClaim)
"""Those that are exported for every piecewise quadratic loss; the others for the squared losses alone."""

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

Lemma square_nonneg (q : Q) : 0 <= q * q.
Proof. nra. Qed.

Lemma times_zero (a b : Q) : 0 == b -> 0 == a * b.
Proof. intro H. rewrite <- H. ring. Qed.

Ltac sides :=
  repeat match goal with
  | |- context [act ?z] => first [rewrite (act_pos z) by lra | rewrite (act_neg z) by lra]
  end; lra.

{costs}(* The training loss, as a function of all parameters. *)
Definition loss ({parameters} : Q) : Q :=
  {scale} * ({squares}).
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


def _q(value: Fraction | int) -> str:
    value = Fraction(value)
    if value.denominator != 1:
        return f"({value.numerator} # {value.denominator})"
    return str(value) if value >= 0 else f"({value})"


def _conj(lemmas: Sequence[str]) -> str:
    return lemmas[0] if len(lemmas) == 1 else f"(conj {lemmas[0]} {_conj(lemmas[1:])})"


def _sum(terms: Sequence[str]) -> str:
    return " + ".join(terms) if terms else "0"


def coq(certificate: Certificate) -> tuple[str, list[str]]:
    """Text of the Coq file of a certificate, and the kinds of claims left out of it.

    Parameters
    ----------
    certificate : Certificate

    Raises
    ------
    InputError
        Nothing in it can be exported: no claim of the kinds in ``EXPORTED``, or not a piecewise quadratic loss of a
        network with at most one hidden layer and one output. Of a loss other than the squared one only refutations
        are exported: ``not_local_minimum``, ``descent_curve``, ``lower_point``.

    References
    ----------
    F. Besson, Fast reflexive arithmetic tactics: the linear case and beyond (``lra``).
    """
    problem, claims = certificate.subject, certificate.claims
    square = isinstance(problem, Problem) and square_factor(problem) is not None
    kinds_here = EXPORTED if square else _OF_EVERY_LOSS
    chosen = [claim for claim in claims if isinstance(claim, kinds_here) and exported(claim)]
    if not isinstance(problem, Problem) or not chosen:
        kinds = ", ".join(claim.kind for claim in claims)
        expected = "a claim of kind " + ", ".join(kind.kind for kind in kinds_here)
        raise InputError("certificate", kinds or "no claim", expected, "the certificate of a verdict")
    net = problem.network
    pieced = all(problem.loss.pieces(y) is not None for row in problem.y for y in row)
    if not pieced or len(net.widths) > 1 or problem.outputs > 1:
        found = f"the {problem.loss.name} loss, widths {list(net.widths)}, {problem.outputs} outputs"
        raise InputError(
            "certificate", found, "a piecewise quadratic loss, at most one hidden layer, one output", "such a problem"
        )
    theory = _Theory(problem)
    left_out = [claim.kind for claim in claims if claim not in chosen]
    theorems = ["".join(theory.theorem(k, claim)) for k, claim in enumerate(chosen)]
    text = "\n".join([theory.header(", ".join(left_out) or "nothing"), *theorems])
    return text, left_out


def exported(claim: Claim) -> bool:
    """Whether a claim of an exported kind is itself exported.

    Not a global minimum that rests on a list of regions, and no path on which a neuron is rescaled: its weights on the
    way are no polynomials of the step.
    """
    if isinstance(claim, GlobalMinimumClaim):
        return claim.regions is None
    if isinstance(claim, PathClaim):
        return not any(_rescaled(one, other) for one, other in pairwise([claim.point, *claim.points]))
    return True


def _rescaled(one: Point, other: Point) -> bool:
    pairs = zip(one.neurons, other.neurons, strict=True)
    return any(a.w != b.w and a.v != b.v for a, b in pairs)


class _Costs:
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
        return f"({_q(a)} * ({p} * {p}) + {_q(b)} * {p} + {_q(c)})"

    def definitions(self) -> str:
        """The functions, and that each of them is its quadratic on each of its pieces."""
        texts = []
        for y, pieces in self.pieces.items():
            breaks, last = pieces.breaks, len(pieces.breaks)
            body = self.quadratic(y, last, "p")
            for k in reversed(range(last)):
                body = f"(if Qlt_le_dec {_q(breaks[k])} p then {body} else {self.quadratic(y, k, 'p')})"
            texts.append(_COST.format(y=_q(y), name=self.names[y], body=body))
            at_breaks = "".join(f" | assert (F : p == {_q(b)}) by lra; rewrite F; reflexivity" for b in breaks)
            for k in range(last + 1):
                sides = f"{_q(breaks[k - 1])} <= p -> " if k else ""
                sides += f"p <= {_q(breaks[k])} -> " if k < last else ""
                texts.append(
                    _PIECE.format(
                        name=self.names[y], k=k, sides=sides, quadratic=self.quadratic(y, k, "p"), at_breaks=at_breaks
                    )
                )
        return "".join(texts)

    def bound(self, y: Fraction, q: Fraction, p: str) -> str:
        """``l(q) + l'(q) (p - q) + curvature (p - q)^2``."""
        pieces = self.pieces[y]
        error = f"({p} - {_q(q)})"
        return (
            f"({_q(pieces.at(q))} + {_q(pieces.slopes(q)[0])} * {error} + {_q(self.curvature)} * ({error} * {error}))"
        )

    def upper(self, name: str, y: Fraction, q: Fraction) -> str:
        """That this is an upper bound, no piece being more curved: the difference is a square at an end of each."""
        ends = (*self.pieces[y].breaks, q)
        squares = " ".join(f"pose proof (square_nonneg (p - {_q(e)}))." for e in ends)
        return _UPPER.format(name=name, cost=self.names[y], bound=self.bound(y, q, "p"), squares=squares)


class _Terms:
    """Names and terms of one problem: ``factor * (p - y)^2`` of a prediction, or pieces by target."""

    def __init__(self, problem: Problem) -> None:
        net, train = problem.network, problem.train
        self.x = problem.x
        self.y = tuple(q for (q,) in problem.y)
        square = square_factor(problem)
        self.factor = square or Fraction(1)
        self.scale = self.factor * problem.weight
        self.costs = None if square else _Costs(problem, self.y)
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

    def header(self, left_out: str) -> str:
        own = {name: name for name in self.trained}
        errors = [f"({self.prediction(t, own)} - {_q(y)})" for t, y in enumerate(self.y)]
        terms = [f"{error} * {error}" for error in errors]
        if self.costs:
            terms = [f"{self.costs.names[y]} ({self.prediction(t, own)})" for t, y in enumerate(self.y)]
        squares = "\n    + ".join(terms)
        costs = self.costs.definitions() if self.costs else ""
        names = " ".join(self.trained) or "nothing"
        slopes = {"right": _q(self.right), "left": _q(self.left)}
        whole = {"scale": _q(self.scale), "squares": squares, "costs": costs}
        return _HEADER.format(**slopes, left_out=left_out, parameters=names, **whole)

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

    def predictions(self, point: Point) -> list[Fraction]:
        values = self.values(point)
        z = self._pre_activations(values)
        return [self._value(t, values, z) for t in range(len(self.y))]

    def _pre_activations(self, point: Mapping[str, Fraction]) -> list[list[Fraction]]:
        return [
            [sum((point[n] * q for n, q in zip(row, x, strict=True)), ZERO) for x in self.lifted] for row in self.inputs
        ]

    def _value(self, t: int, point: Mapping[str, Fraction], z: Sequence[Sequence[Fraction]]) -> Fraction:
        total = point["c"] if self.output_bias else ZERO
        for i, v in enumerate(self.outputs):
            total += point[v] * (z[i][t] * self.slope(z[i][t]) if self.hidden else self.x[t][i])
        return total


class _Theory(_Terms):
    """The theorems of a certificate, one a claim."""

    def theorem(self, k: int, claim: PointClaim) -> Iterator[str]:
        name = claim.kind + (f"_{k}" if k else "")
        point = self.values(claim.point)
        at = {key: _q(q) for key, q in point.items()}
        yield f"Lemma loss_at_point_{k} : {self.call(at)} == {_q(claim.loss)}.\n"
        yield "Proof. vm_compute. reflexivity. Qed.\n"
        match claim:
            case LocalMinimumClaim():
                yield from self._minimum(name, k, claim, point)
            case NotLocalMinimumClaim():
                yield from self._descent(name, k, claim, (claim.direction,), claim.step)
            case DescentCurveClaim():
                yield from self._descent(name, k, claim, claim.curve, claim.step)
            case LowerPointClaim():
                yield from self._lower(name, claim, at)
            case BasinOptimumClaim():
                yield from self._basin(name, k, claim, point)
            case GlobalMinimumClaim():
                yield from self._global(name, k, claim, point)
            case PathClaim():
                yield from self._path(name, k, claim, at)
        yield f"Print Assumptions {name}.\n"

    def _lower(self, name: str, claim: LowerPointClaim, at: dict[str, str]) -> Iterator[str]:
        other = {key: _q(q) for key, q in self.values(claim.better).items()}
        yield f"Theorem {name} : {self.call(other)} < {self.call(at)}.\nProof. vm_compute. reflexivity. Qed.\n"

    def _global(self, name: str, k: int, claim: GlobalMinimumClaim, point: dict[str, Fraction]) -> Iterator[str]:
        """All parameters: squares are not negative, or by one dual vector, the predictions being affine."""
        at = {key: _q(q) for key, q in point.items()}
        moved = {key: key if self.trained[key] else _q(q) for key, q in point.items()}
        names = [key for key, trained in self.trained.items() if trained]
        quantified = f"forall {' '.join(names)} : Q, " if names else ""
        yield f"Theorem {name} : {quantified}{self.call(at)} <= {self.call(moved)}.\n"
        yield f"Proof.\n  intros. rewrite loss_at_point_{k}. unfold loss.\n"
        predictions = [self.prediction(t, moved) for t in range(len(self.y))]
        duals = claim.duals[0] if claim.duals else [-2 * self.factor * y for y in self.y]
        if claim.duals:
            for i in range(len(self.inputs)):
                for t in range(len(self.y)):
                    z = sum((point[n] * q for n, q in zip(self.inputs[i], self.lifted[t], strict=True)), ZERO)
                    pre, value = self.pre(i, t, moved), _q(z * self.slope(z))
                    yield f"  assert (A{i}_{t} : act ({pre}) == {value}) by (vm_compute; reflexivity).\n"
                    yield f"  rewrite A{i}_{t}.\n"
                    predictions[t] = predictions[t].replace(f"act ({pre})", value)
        for t, (p, y, r) in enumerate(zip(predictions, self.y, duals, strict=True)):
            target = y + r / (2 * self.factor) if claim.duals else y
            yield f"  pose proof (square_nonneg (({p}) - {_q(target)})) as S{t}.\n"
        yield "  lra.\nQed.\n"

    def _path(self, name: str, k: int, claim: PathClaim, at: dict[str, str]) -> Iterator[str]:
        """Line by line: the predictions are affine in the step, so the loss is convex, and s (1 - s) >= 0."""
        level = _q(max((claim.loss, *claim.losses)))
        statements, lemmas = [], []
        for j, (one, other) in enumerate(pairwise([claim.point, *claim.points])):
            start, end = self.values(one), self.values(other)
            moved = {key: f"({_q(q)} + s * {_q(end[key] - q)})" if end[key] != q else _q(q) for key, q in start.items()}
            statements.append(f"(forall s : Q, 0 <= s -> s <= 1 -> {self.call(moved)} <= {level})")
            lemmas.append(f"line_{k}_{j}")
            yield f"Lemma {lemmas[-1]} : {statements[-1]}.\nProof.\n  intros s S0 S1. unfold loss.\n"
            yield "  assert (T : 0 <= s * (1 - s)) by (apply Qmult_le_0_compat; lra).\n  sides.\nQed.\n"
        yield f"Theorem {name} :\n  " + " /\\\n  ".join(statements or [f"{self.call(at)} <= {level}"]) + ".\n"
        yield f"Proof. {f'exact {_conj(lemmas)}' if lemmas else f'rewrite loss_at_point_{k}. lra'}. Qed.\n"

    def _descent(
        self, name: str, k: int, claim: PointClaim, curve: Sequence[Direction], step: Fraction
    ) -> Iterator[str]:
        point, ways = self.values(claim.point), [self.values(way) for way in curve]
        at = {key: _q(q) for key, q in point.items()}
        moved = {}
        for key, q in point.items():
            powers = [f"{'s * ' * e}{_q(way[key])}" for e, way in enumerate(ways, 1) if way[key]]
            moved[key] = f"({_sum([_q(q), *powers])})" if powers else _q(q)
        if self.costs and isinstance(claim, NotLocalMinimumClaim):
            for t, p in enumerate(self.predictions(claim.point)):
                yield self.costs.upper(f"{k}_{t}", self.y[t], p)
        yield (
            f"Theorem {name} :\n  forall s : Q, 0 < s -> s <= {_q(step)} ->\n"
            f"  {self.call(moved)} < {self.call(at)}.\nProof.\n"
            f"  intros s S0 S1. rewrite loss_at_point_{k}. unfold loss.\n"
        )
        # Powers of s as facts: each is positive, and at most the step times the one before.
        power = "s"
        for e in range(2, 4 * len(ways) + 1):
            yield f"  assert (T{e} : s * ({power}) <= {_q(step)} * ({power})) by (apply Qmult_le_compat_r; lra).\n"
            power = f"s * ({power})"
            yield f"  assert (U{e} : 0 < {power}) by (apply Qmult_lt_0_compat; lra).\n"
        if self.costs and isinstance(claim, DescentCurveClaim):
            yield from self._on_pieces(claim, moved)
        elif self.costs:
            yield from self._under_squares(k, claim.point, moved)
        yield "  sides.\nQed.\n"

    def _on_pieces(self, claim: DescentCurveClaim, moved: Mapping[str, str]) -> Iterator[str]:
        """No prediction passes a break on the way, so its piece is the one on which the way ends."""
        assert self.costs is not None
        seen = set()
        ends = zip(self.y, self.predictions(claim.point), self.predictions(claim.at(claim.step)), strict=True)
        for t, (y, p, end) in enumerate(ends):
            breaks = self.costs.pieces[y].breaks
            piece = bisect_right(breaks, p) if end > p else bisect_left(breaks, p)
            prediction, name = self.prediction(t, moved), self.costs.names[y]
            if (name, prediction) in seen:  # all of equal data points are rewritten at once
                continue
            seen.add((name, prediction))
            value = self.costs.quadratic(y, piece, f"({prediction})")
            yield f"  assert (E{t} : {name} ({prediction}) == {value}) by (apply {name}_{piece}; sides).\n"
            yield f"  rewrite E{t}. clear E{t}.\n"

    def _under_squares(self, k: int, point: Point, moved: Mapping[str, str]) -> Iterator[str]:
        """The loss of a prediction is at most that of its squares at the point, on whatever piece."""
        assert self.costs is not None
        texts = [self.prediction(t, moved) for t in range(len(self.y))]
        pairs = zip(self.y, self.predictions(point), texts, strict=True)
        bounds = [self.costs.bound(y, p, f"({text})") for y, p, text in pairs]
        yield f"  apply (Qle_lt_trans _ ({_q(self.scale)} * ({_sum(bounds)}))).\n  {{\n"
        for t, text in enumerate(texts):
            yield f"    pose proof (upper_{k}_{t} ({text})) as B{t}.\n"
        yield "    lra.\n  }\n"

    def _minimum(self, name: str, k: int, claim: LocalMinimumClaim, point: dict[str, Fraction]) -> Iterator[str]:
        radius = claim.radius
        at = {key: _q(q) for key, q in point.items()}
        moved = {key: f"({_q(q)} + d{key})" if self.trained[key] else _q(q) for key, q in point.items()}
        names = [f"d{key}" for key, trained in self.trained.items() if trained]
        yield f"Theorem {name} :\n"
        if names:
            yield f"  forall {' '.join(names)} : Q,\n"
        for d in names if radius is not None else []:
            yield f"  -{_q(radius or 0)} <= {d} -> {d} <= {_q(radius or 0)} ->\n"
        yield f"  {self.call(at)} <= {self.call(moved)}.\nProof.\n  intros. rewrite loss_at_point_{k}. unfold loss.\n"
        z = self._pre_activations(point)
        before = [self._value(t, point, z) for t in range(len(self.y))]
        residuals = tuple(p - y for p, y in zip(before, self.y, strict=True))
        for i, v in enumerate(self.outputs if self.hidden else []):
            if point[v] == 0 and not self.trained[v]:
                continue
            yield from self._neuron(i, claim.neurons[i].parts, point[v], z[i], residuals, moved)
        for t, p in enumerate(before):
            yield f"  pose proof (square_nonneg ({self.prediction(t, moved)} - {_q(p)})) as S{t}.\n"
        yield "  lra.\nQed.\n"

    def _neuron(
        self,
        i: int,
        parts: Sequence[Part],
        v: Fraction,
        z: Sequence[Fraction],
        residuals: Vector,
        moved: Mapping[str, str],
    ) -> Iterator[str]:
        """That a neuron does not lower the loss: phi has the sign of v on all moves, or is 0 for v = 0."""
        sign = -1 if v < 0 else 1
        terms = [
            f"{_q(sign * r)} * (act ({self.pre(i, t, moved)}) - {_q(z[t] * self.slope(z[t]))})"
            for t, r in enumerate(residuals)
            if r
        ]
        phi = _sum(terms)
        yield from self._inequality(i, parts, z, [sign * r for r in residuals], moved)
        yield f"  assert (P{i} : {'0 <=' if v else '0 =='} {phi}) by sides.\n"
        output = moved[self.outputs[i]]
        side = output if sign > 0 else f"(- {output})"
        if v:
            yield f"  assert (V{i} : 0 <= {side}) by lra.\n"
            yield f"  assert (M{i} : 0 <= {side} * ({phi})) by (apply Qmult_le_0_compat; assumption).\n"
        else:
            yield f"  assert (M{i} : 0 == {side} * ({phi})) by (apply times_zero; assumption).\n"

    def _inequality(
        self, i: int, parts: Sequence[Part], z: Sequence[Fraction], weights: Sequence[Fraction], at: Mapping[str, str]
    ) -> Iterator[str]:
        """Facts about the kinks of a neuron: each part is nonnegative, each kink that does not bend is linear."""
        kinks = self._kinks(i, z)
        terms = {
            row: _sum([f"{_q(weights[t])} * act ({self.pre(i, t, at)})" for t in members if weights[t]])
            for row, (_, members) in kinks.items()
        }
        bent = [row for part in parts for row in part.rows]
        for row, (form, _) in kinks.items():
            if row not in bent and terms[row] != "0":
                factors = kinks[row][1].items()
                slope = sum((weights[t] * f * (self.right if f > 0 else self.left) for t, f in factors), ZERO)
                yield f"  assert (L{i}_{row} : {terms[row]} == {_q(slope)} * ({form})).\n"
                yield f"  {{ destruct (Qlt_le_dec 0 ({form})) as [K | K]; sides. }}\n"
        moves = [f"d{name}" for name in self.inputs[i] if self.trained[name]]
        forms = {row: form for row, (form, _) in kinks.items()}
        for j, part in enumerate(parts):
            linear = [f"{_q(q)} * {d}" for q, d in zip(part.linear, moves, strict=True) if q]
            yield f"  assert (R{i}_{j} : 0 <= {_sum(linear + [terms[row] for row in part.rows])}).\n  {{\n"
            yield from self._cover(part, forms, terms)
            yield "  }\n"

    def _cover(self, part: Part, forms: Mapping[int, str], terms: Mapping[int, str]) -> Iterator[str]:
        """The covering of a part in preorder: cases on its kinks, and linear arithmetic at the leaves."""
        pending: list[tuple[int, ...]] = [()]
        for step in part.cover:
            decided = pending.pop()
            match step:
                case Split(row):
                    yield f"    destruct (Qlt_le_dec 0 ({forms[row]})) as [K{row} | K{row}].\n"
                    pending += [(*decided, row), (*decided, row)]
                case Implied(row, sign):
                    side = f"0 <= {forms[row]}" if sign > 0 else f"{forms[row]} <= 0"
                    yield f"    assert (K{row} : {side}) by lra.\n"
                    pending.append((*decided, row))
                case _:
                    for row in part.rows:
                        if row not in decided:
                            slope, form = step.slopes.get(row, ZERO), forms[row]
                            yield f"    assert (C{row} : {_q(slope)} * ({form}) <= {terms[row]}).\n"
                            yield f"    {{ destruct (Qlt_le_dec 0 ({form})) as [K | K]; sides. }}\n"
                    yield "    sides.\n"

    def _kinks(self, i: int, z: Sequence[Fraction]) -> dict[int, tuple[str, dict[int, Fraction]]]:
        """By first data point: the linear form of the trained moves, and the factors of the data points on it."""
        found: dict[int, tuple[str, dict[int, Fraction]]] = {}
        first: dict[tuple[int, ...], int] = {}
        for t, q in enumerate(z):
            row = [(n, a) for n, a in zip(self.inputs[i], self.lifted[t], strict=True) if self.trained[n]]
            if q != 0 or not self.bent or not any(a for _, a in row):
                continue
            scale = lcm(*(a.denominator for _, a in row))
            integers = [int(a * scale) for _, a in row]
            common = gcd(*integers)
            shape = tuple(a // common for a in integers)
            line: tuple[int, ...] = max(shape, tuple(-a for a in shape))
            if line not in first:
                first[line] = t
                form = _sum([f"{_q(a)} * d{n}" for (n, _), a in zip(row, shape, strict=True) if a])
                found[t] = form, {t: Fraction(common, scale)}
                continue
            leader = first[line]
            members = found[leader][1]
            k = next(k for k, a in enumerate(integers) if a)
            unit = [a for n, a in zip(self.inputs[i], self.lifted[leader], strict=True) if self.trained[n]]
            members[t] = row[k][1] / (unit[k] / members[leader])
        return found

    def _basin(self, name: str, k: int, claim: BasinOptimumClaim, point: dict[str, Fraction]) -> Iterator[str]:
        at = {key: _q(q) for key, q in point.items()}
        moved = {key: key if self.trained[key] else _q(q) for key, q in point.items()}
        names = [key for key, trained in self.trained.items() if trained]
        yield f"Theorem {name} :\n"
        if names:
            yield f"  forall {' '.join(names)} : Q,\n"
        labels = []
        for i, cell in enumerate(claim.cells):
            for t, sign in enumerate(cell.signs):
                if sign in "+-" and cell.output:
                    z = self.pre(i, t, moved)
                    yield f"  {'0 <= ' + z if sign == '+' else z + ' <= 0'} ->\n"
                    labels.append(f"Z{i}_{t}")
            if cell.output:
                v = moved[self.outputs[i]]
                yield f"  {'0 <= ' + v if cell.output > 0 else v + ' <= 0'} ->\n"
                labels.append(f"O{i}")
        yield f"  {self.call(at)} <= {self.call(moved)}.\n"
        yield f"Proof.\n  intros {' '.join(names + labels)}. rewrite loss_at_point_{k}. unfold loss.\n"
        for i, cell in enumerate(claim.cells):
            if cell.output:
                yield from self._cell(i, cell, moved)
        # (p - y)^2 >= r p - its conjugate, by one square each; the factor is that of the loss of one prediction.
        for t, (y, r) in enumerate(zip(self.y, claim.dual, strict=True)):
            error = self._linear(t, moved, claim.cells)
            yield f"  pose proof (square_nonneg ({error} - {_q(y + r / (2 * self.factor))})) as S{t}.\n"
        yield "  lra.\nQed.\n"

    def _cell(self, i: int, cell: BasinCell, moved: Mapping[str, str]) -> Iterator[str]:
        """What a neuron is in its cell: its activations are linear, and the multipliers' products are nonnegative."""
        v = moved[self.outputs[i]]
        side = v if cell.output > 0 else f"(- {v})"
        for t, sign in enumerate(cell.signs):
            z = self.pre(i, t, moved)
            slope = self.right if sign == "+" else self.left
            if sign == "0" and self.bent:
                how = "sides"
            else:
                lemma = "act_neg" if sign == "-" else "act_pos"
                how = f"apply {lemma}; lra" if sign != "0" else "unfold act; destruct Qle_bool; reflexivity"
            yield f"  assert (A{i}_{t} : act ({z}) == {_q(slope)} * ({z})) by ({how}).\n"
            yield f"  rewrite A{i}_{t}. clear A{i}_{t}.\n"
        for t in sorted(cell.multipliers, key=str):
            z = self.pre(i, t, moved)
            inward = z if cell.signs[t] == "+" else f"- ({z})"
            yield f"  assert (M{i}_{t} : 0 <= {side} * ({inward})) by (apply Qmult_le_0_compat; lra).\n"

    def _linear(self, t: int, at: Mapping[str, str], cells: Sequence[BasinCell]) -> str:
        """The prediction on a basin, without the activation."""
        terms = []
        for i, (v, cell) in enumerate(zip(self.outputs, cells, strict=True)):
            slope = self.right if cell.signs[t] == "+" else self.left
            if cell.output:
                terms.append(f"{at[v]} * ({_q(slope)} * ({self.pre(i, t, at)}))")
        return _sum([*terms, *([at["c"]] if self.output_bias else [])])
