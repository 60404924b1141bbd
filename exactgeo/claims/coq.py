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

from exactgeo.claims.basin_optimum import BasinCell, BasinOptimumClaim
from exactgeo.claims.certificate import Certificate
from exactgeo.claims.claim import Claim, PointClaim
from exactgeo.claims.coq_penalised import PenalisedMinima
from exactgeo.claims.coq_terms import number, plus
from exactgeo.claims.descent_curve import DescentCurveClaim
from exactgeo.claims.global_minimum import GlobalMinimumClaim
from exactgeo.claims.local_minimum import LocalMinimumClaim
from exactgeo.claims.lower_point import LowerPointClaim
from exactgeo.claims.not_local_minimum import NotLocalMinimumClaim
from exactgeo.claims.path import PathClaim
from exactgeo.claims.penalised_descent import PenalisedDescentClaim
from exactgeo.claims.penalised_minimum import PenalisedMinimumClaim
from exactgeo.claims.subgradient_minimum import CoveredSubgradient, SubgradientMinimumClaim
from exactgeo.claims.subject import square_factor
from exactgeo.errors import InputError
from exactgeo.exact.vectors import ZERO
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
    SubgradientMinimumClaim,
    PenalisedMinimumClaim,
    PenalisedDescentClaim,
)
"""Kinds of claims that can be exported; not each claim of them, see :func:`exported`."""

_OF_EVERY_LOSS = (
    LocalMinimumClaim,
    SubgradientMinimumClaim,
    NotLocalMinimumClaim,
    LowerPointClaim,
    DescentCurveClaim,
    PenalisedMinimumClaim,
    PenalisedDescentClaim,
    BasinOptimumClaim,
    GlobalMinimumClaim,
)
"""Those that are exported for every piecewise quadratic loss; paths for the squared losses alone."""


def _conj(lemmas: Sequence[str]) -> str:
    return lemmas[0] if len(lemmas) == 1 else f"(conj {lemmas[0]} {_conj(lemmas[1:])})"


def coq(certificate: Certificate) -> tuple[str, list[str]]:
    """Text of the Coq file of a certificate, and the kinds of claims left out of it.

    Parameters
    ----------
    certificate : Certificate

    Raises
    ------
    InputError
        Nothing in it can be exported: no claim of the kinds in ``EXPORTED``, or not a piecewise quadratic loss of a
        network with at most one hidden layer and one output. The kind ``path`` is exported for the squared
        losses alone.

    References
    ----------
    F. Besson, Fast reflexive arithmetic tactics: the linear case and beyond (``lra``).
    """
    problem, claims = certificate.subject, certificate.claims
    square = isinstance(problem, Problem) and square_factor(problem) is not None
    kinds_here = EXPORTED if square else _OF_EVERY_LOSS
    chosen = [claim for claim in claims if isinstance(claim, kinds_here) and exported(claim)]
    if isinstance(problem, Problem) and problem.penalty:
        chosen = [] if problem.penalty.l1 else [claim for claim in chosen if not _by_second_order(problem, claim)]
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
    way are no polynomials of the step. No minimum with a covering of a neuron on one side of a kink.
    """
    if isinstance(claim, SubgradientMinimumClaim):
        steps = [step for part in claim.joint for step in part.cover]
        covers = [cover for step in steps if isinstance(step, CoveredSubgradient) for cover in step.neurons.values()]
        return not any(cover.steep for cover in covers)
    if isinstance(claim, GlobalMinimumClaim):
        return claim.regions is None
    if isinstance(claim, PathClaim):
        return not any(_rescaled(one, other) for one, other in pairwise([claim.point, *claim.points]))
    return True


def _by_second_order(problem: Problem, claim: Claim) -> bool:
    """Whether the bound of some output weight of 0 is left to the second order, which has no theorem here."""
    if not isinstance(claim, PenalisedMinimumClaim) or not problem.network.widths:
        return False
    moves = problem.train.output and (problem.train.hidden[0] or problem.train.hidden_bias[0])
    pairs = zip(claim.point.neurons, claim.neurons, strict=True)
    return moves and any(not neuron.v and not proof.above for neuron, proof in pairs)


def _rescaled(one: Point, other: Point) -> bool:
    pairs = zip(one.neurons, other.neurons, strict=True)
    return any(a.w != b.w and a.v != b.v for a, b in pairs)


class _Theory(PenalisedMinima):
    """The theorems of a certificate, one a claim."""

    def theorem(self, k: int, claim: PointClaim) -> Iterator[str]:
        name = claim.kind + (f"_{k}" if k else "")
        point = self.values(claim.point)
        at = {key: number(q) for key, q in point.items()}
        yield f"Lemma loss_at_point_{k} : {self.call(at)} == {number(claim.loss)}.\n"
        yield "Proof. vm_compute. reflexivity. Qed.\n"
        match claim:
            case LocalMinimumClaim() | SubgradientMinimumClaim():
                yield from self.minimum(name, k, claim)
            case PenalisedMinimumClaim():
                yield from self.penalised_minimum(name, k, claim)
            case NotLocalMinimumClaim() | PenalisedDescentClaim():
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
        other = {key: number(q) for key, q in self.values(claim.better).items()}
        yield f"Theorem {name} : {self.call(other)} < {self.call(at)}.\nProof. vm_compute. reflexivity. Qed.\n"

    def _global(self, name: str, k: int, claim: GlobalMinimumClaim, point: dict[str, Fraction]) -> Iterator[str]:
        """All parameters: squares are not negative, or by one dual vector, the predictions being affine."""
        at = {key: number(q) for key, q in point.items()}
        moved = {key: key if self.trained[key] else number(q) for key, q in point.items()}
        names = [key for key, trained in self.trained.items() if trained]
        quantified = f"forall {' '.join(names)} : Q, " if names else ""
        if self.costs and claim.duals:
            yield from self._touching(k, claim.duals[0])
        yield f"Theorem {name} : {quantified}{self.call(at)} <= {self.call(moved)}.\n"
        yield f"Proof.\n  intros. rewrite loss_at_point_{k}. unfold loss.\n"
        if self.costs:
            yield from self._below_all(k, claim, moved)
            return
        predictions = [self.prediction(t, moved) for t in range(len(self.y))]
        duals = claim.duals[0] if claim.duals else [-2 * self.factor * y for y in self.y]
        if claim.duals:
            for i in range(len(self.inputs)):
                for t in range(len(self.y)):
                    z = sum((point[n] * q for n, q in zip(self.inputs[i], self.lifted[t], strict=True)), ZERO)
                    pre, value = self.pre(i, t, moved), number(z * self.slope(z))
                    yield f"  assert (A{i}_{t} : act ({pre}) == {value}) by (vm_compute; reflexivity).\n"
                    yield f"  rewrite A{i}_{t}.\n"
                    predictions[t] = predictions[t].replace(f"act ({pre})", value)
        for t, (p, y, r) in enumerate(zip(predictions, self.y, duals, strict=True)):
            target = y + r / (2 * self.factor) if claim.duals else y
            yield f"  pose proof (square_nonneg (({p}) - {number(target)})) as S{t}.\n"
        yield "  lra.\nQed.\n"

    def _touching(self, k: int, dual: Sequence[Fraction]) -> Iterator[str]:
        """A line of each dual number, below the loss of its data point."""
        assert self.costs is not None
        for t, (y, r) in enumerate(zip(self.y, dual, strict=True)):
            yield self.costs.below(f"touching_{k}_{t}", y, self.costs.touched(y, r), r)

    def _below_all(self, k: int, claim: GlobalMinimumClaim, moved: Mapping[str, str]) -> Iterator[str]:
        """All parameters of affine predictions: the lines add up to the loss of the point."""
        for i, v in enumerate(self.outputs if self.hidden else []):
            for t in range(len(self.y)):
                act = f"act ({self.pre(i, t, moved)})"
                yield f"  assert (A{i}_{t} : {moved[v]} * {act} == {moved[v]} * {self.fixed(i, t, claim.point)}).\n"
                yield "  { sides. }\n"
        for t in range(len(self.y)):
            yield f"  pose proof (touching_{k}_{t} ({self.prediction(t, moved)})) as S{t}.\n"
        yield "  lra.\nQed.\n"

    def _path(self, name: str, k: int, claim: PathClaim, at: dict[str, str]) -> Iterator[str]:
        """Line by line: the predictions are affine in the step, so the loss is convex, and s (1 - s) >= 0."""
        level = number(max((claim.loss, *claim.losses)))
        statements, lemmas = [], []
        for j, (one, other) in enumerate(pairwise([claim.point, *claim.points])):
            start, end = self.values(one), self.values(other)
            moved = {
                key: f"({number(q)} + s * {number(end[key] - q)})" if end[key] != q else number(q)
                for key, q in start.items()
            }
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
        at = {key: number(q) for key, q in point.items()}
        moved = {}
        for key, q in point.items():
            powers = [f"{'s * ' * e}{number(way[key])}" for e, way in enumerate(ways, 1) if way[key]]
            moved[key] = f"({plus([number(q), *powers])})" if powers else number(q)
        if self.costs and not isinstance(claim, DescentCurveClaim):
            for t, p in enumerate(self.predictions(claim.point)):
                yield self.costs.upper(f"{k}_{t}", self.y[t], p)
        yield (
            f"Theorem {name} :\n  forall s : Q, 0 < s -> s <= {number(step)} ->\n"
            f"  {self.call(moved)} < {self.call(at)}.\nProof.\n"
            f"  intros s S0 S1. rewrite loss_at_point_{k}. unfold loss.\n"
        )
        # Powers of s as facts: each is positive, and at most the step times the one before.
        power = "s"
        for e in range(2, 4 * len(ways) + 1):
            yield f"  assert (T{e} : s * ({power}) <= {number(step)} * ({power})) by (apply Qmult_le_compat_r; lra).\n"
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
        yield f"  apply (Qle_lt_trans _ ({number(self.scale)} * ({plus(bounds)}){self.sizes(moved)})).\n  {{\n"
        for t, text in enumerate(texts):
            yield f"    pose proof (upper_{k}_{t} ({text})) as B{t}.\n"
        yield "    lra.\n  }\n"

    def _basin(self, name: str, k: int, claim: BasinOptimumClaim, point: dict[str, Fraction]) -> Iterator[str]:
        at = {key: number(q) for key, q in point.items()}
        moved = {key: key if self.trained[key] else number(q) for key, q in point.items()}
        names = [key for key, trained in self.trained.items() if trained]
        if self.costs:
            yield from self._touching(k, claim.dual)
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
        if self.costs:
            for t in range(len(self.y)):
                yield f"  pose proof (touching_{k}_{t} ({self.prediction(t, moved)})) as S{t}.\n"
            yield "  lra.\nQed.\n"
            return
        # (p - y)^2 >= r p - its conjugate, by one square each; the factor is that of the loss of one prediction.
        for t, (y, r) in enumerate(zip(self.y, claim.dual, strict=True)):
            error = self._linear(t, moved, claim.cells)
            yield f"  pose proof (square_nonneg ({error} - {number(y + r / (2 * self.factor))})) as S{t}.\n"
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
            yield f"  assert (A{i}_{t} : act ({z}) == {number(slope)} * ({z})) by ({how}).\n"
            if self.costs:
                # The losses stay as they are written: what they are functions of cannot be rewritten.
                yield f"  assert (W{i}_{t} : {v} * act ({z}) == {v} * ({number(slope)} * ({z}))).\n"
                yield f"  {{ rewrite A{i}_{t}. reflexivity. }}\n"
            else:
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
                terms.append(f"{at[v]} * ({number(slope)} * ({self.pre(i, t, at)}))")
        return plus([*terms, *([at["c"]] if self.output_bias else [])])
