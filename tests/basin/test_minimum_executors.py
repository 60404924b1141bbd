"""The search for the global minimum on executors: honest ones change nothing, others are refused or decide nothing."""

from __future__ import annotations

import os
import signal
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction as F
from functools import cache
from multiprocessing import get_context

import numpy as np
import pytest
from command import run
from damage import outcome
from executors import FAULTS, Backwards, Changing, Elsewhere, Faulty, Later, Pool, Stale
from problems import on_integers

import exactgeo as eg
from exactgeo.basin.batch import Solved
from exactgeo.basin.branch import batches, minimum, relaxations, search
from exactgeo.basin.branch.examined import Examined, Examiner
from exactgeo.basin.branch.sides import SideTable
from exactgeo.basin.branch.tree import preorder
from exactgeo.basin.reduction import reduce
from exactgeo.basin.solvers._propose_bases import LeastSquares, Pivoting
from exactgeo.errors import TaskLost
from exactgeo.exact.enclosure import Enclosure

CASES = {
    "squared": on_integers(8, 2, 2, 1),
    "line": on_integers(14, 1, 2, 5),
    "absolute": on_integers(10, 1, 2, 4, "absolute"),
    "huber": on_integers(10, 1, 2, 4, "huber(1)"),
    "logistic": on_integers(5, 2, 1, 3, "logistic", top=2),
}


@pytest.fixture(autouse=True)
def soon_and_small(monkeypatch):
    """Executors are asked at once, and there are enough batches for many to be ahead."""
    monkeypatch.setattr(batches, "PAYS", 0.0)
    for name, value in {"TOGETHER": 4, "LEAST": 2, "AHEAD": 3, "FEW": 2}.items():
        monkeypatch.setattr(search, name, value)


def told(found):
    """All that a search says, byte by byte, and all of its tree."""
    certificate, search = found.certificate, found._search
    assert (certificate is not None) == found.problem.loss.rational
    tree = [(node.split, node.dual, len(node.children)) for node in preorder(search.roots)]
    duals = [(best.value, best.support, best.allowed) for best in search.duals]
    return found.to_json(), tree, duals, certificate and certificate.to_json()


@cache
def plainly(name):
    """Without an executor, with the constants of :func:`soon_and_small`."""
    return minimum(CASES[name])


@cache
def plainly_told(name):
    return told(plainly(name))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("pool", [Later, Backwards, lambda: ThreadPoolExecutor(2), lambda: ThreadPoolExecutor(1)])
def test_an_executor_changes_no_byte(name, pool):
    with pool() as executor:
        assert told(minimum(CASES[name], executor=executor)) == plainly_told(name)


@pytest.mark.parametrize("name", CASES)
def test_an_executor_does_most_of_it(name):
    pool = Later()
    found = minimum(CASES[name], executor=pool)
    assert sum(len(future.result().value) for future in pool.futures) > found.nodes / 4


@pytest.mark.parametrize("fault", ["breaks", "breaks later"])
@pytest.mark.parametrize("at", [0, 2, 9])
def test_an_executor_that_ends_changes_no_byte(fault, at):
    pool = Faulty(fault, at)
    assert told(minimum(CASES["squared"], executor=pool)) == plainly_told("squared")
    assert at <= len(pool.futures) < at + 4


def test_a_worker_that_is_killed_changes_no_byte():
    """Two processes, one of them killed in the middle of the search; the rest is done here."""
    case = on_integers(12, 1, 2, 5)
    plain, killed = minimum(case), []
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        assert pool.submit(divmod, 7, 2).result() == (3, 1)

        def kill(known):
            if known.nodes > plain.nodes / 3 and not killed:
                killed.append(next(iter(pool._processes)))
                os.kill(killed[0], signal.SIGKILL)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("exactgeo.basin.branch.SELDOM", 0.0)
            found = minimum(case, executor=pool, progress=kill)
    assert killed
    assert told(found) == told(plain)


@pytest.mark.parametrize("pool", [Elsewhere, Pool])
def test_a_process_elsewhere_gets_the_problem_once(pool):
    """Where it maps memory each task is small; else the reduction travels with each, and is read once."""
    executor = pool()
    assert told(minimum(CASES["squared"], executor=executor)) == plainly_told("squared")
    small = sum(size < 5000 for size in executor.sent)
    assert small == (len(executor.sent) if pool is Pool else 0)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("at", [1, 6])
def test_a_task_that_is_lost_is_one_error(fault, at):
    with pytest.raises(TaskLost, match=r"^executor: batch \d+: got .*; write") as lost:
        minimum(CASES["squared"], executor=Faulty(fault, at))
    assert str(lost.value).count("\n") == 0


def test_answers_of_another_search_are_not_taken():
    first = Later()
    minimum(CASES["squared"], executor=first)
    with pytest.raises(TaskLost, match="the answer of another run"):
        minimum(CASES["squared"], executor=Stale(first))


def first(**change):
    """The answer with another first node."""
    return lambda answer: [answer[0]._replace(**change), *answer[1:]]


def split_at(index, datum):
    return lambda answer: [seen._replace(split=(index, datum)) if seen.split else seen for seen in answer]


REFUSED = {
    "too few": lambda answer: answer[1:],
    "no list": tuple,
    "none": lambda answer: None,
    "tuples": lambda answer: [tuple(seen) for seen in answer],
    "a basis that is none": first(key=b"basis"),
    "columns that are none": lambda answer: [answer[0]._replace(key=b"\xff" * len(answer[0].key)), *answer[1:]],
    "a number": first(key=3),
    "a float": first(value=1.0),
    "no value": first(value=None),
    "sides that are none": lambda answer: [
        seen._replace(signs=tuple((0,) * len(p) for p in seen.signs)) if seen.signs else seen for seen in answer
    ],
    "too few sides": lambda answer: [seen._replace(signs=seen.signs[1:] or ((),)) for seen in answer],
    "no split": lambda answer: [seen._replace(split=None) for seen in answer],
    "no group": split_at(7, 0),
    "no datum": split_at(0, 99),
    "a text": split_at(0, "0"),
    "a trial that is none": first(trial=(b"", F(1))),
    "a dual vector of an open node that is none": lambda answer: [
        seen._replace(dual=0) if seen.signs else seen for seen in answer
    ],
}

DUALS = {
    "another bound": lambda dual: dual._replace(value=dual.value + 1),
    "a bound that is a float": lambda dual: dual._replace(value=float(dual.value)),
    "a column more": lambda dual: dual._replace(allowed=dual.allowed | dual.allowed + 1),
    "its own columns forbidden": lambda dual: dual._replace(allowed=dual.allowed & ~dual.support),
    "no such columns": lambda dual: dual._replace(allowed=dual.allowed | 1 << 10**4),
    "fewer columns": lambda dual: dual._replace(support=dual.support & dual.support - 1),
    "another basis": lambda dual: dual._replace(basis=dual.basis[1:]),
    "a negative column": lambda dual: dual._replace(basis=(-1, *dual.basis)),
    "a mask of all": lambda dual: dual._replace(allowed=-1),
    "nothing": lambda dual: 0,
    "its numbers": lambda dual: dual.packed(),
}
"""What :func:`of_one` changes."""


def of_one(at, change):
    def changed(answer):
        there = [i for i, seen in enumerate(answer) if seen.dual is not None]
        if len(there) < (2 if at else 1):
            return answer
        i = there[at]
        return [*answer[:i], answer[i]._replace(dual=change(answer[i].dual)), *answer[i + 1 :]]

    return changed


@pytest.mark.parametrize("change", DUALS)
def test_a_dual_vector_that_is_wrong_is_refused(change):
    with pytest.raises(TaskLost, match=r"batch \d+: got (a dual vector that is not|an answer that says)"):
        minimum(CASES["squared"], executor=Changing(of_one(0, DUALS[change])))


@pytest.mark.parametrize(
    "change", sorted(DUALS.keys() - {"another bound", "a column more", "fewer columns", "another basis"})
)
def test_a_dual_vector_that_can_be_none_is_refused(change):
    with pytest.raises(TaskLost, match=r"batch \d+: got an answer that says"):
        minimum(CASES["squared"], executor=Changing(of_one(-1, DUALS[change])))


def test_a_wrong_dual_vector_that_is_not_looked_at_is_refused_by_the_checker():
    """One of each answer is proved again here; those that close the tree are all in the certificate."""

    def changed(answer):
        _, *others = [i for i, seen in enumerate(answer) if seen.dual is not None] or [None]
        return [
            seen._replace(dual=seen.dual._replace(allowed=every)) if i in others else seen
            for i, seen in enumerate(answer)
        ]

    every = reduce(CASES["line"], regions=False).program.full
    found = minimum(CASES["line"], executor=Changing(changed))
    assert found.nodes < plainly("line").nodes
    assert outcome(found.certificate.to_json()).startswith("Rejected: ")


@pytest.mark.parametrize("name", ["squared", "absolute"])
def test_workers_find_the_dual_vectors(name, monkeypatch):
    """Here one of each batch, what a batch could not know, and what is in no batch."""
    asked, there, real = {}, [], batches.Examiner.examine

    def examine(self, *arguments):
        there.append(self.relaxations)
        return real(self, *arguments)

    def duals(self, keys, real=relaxations._Bases.duals):
        asked[id(self)] = asked.get(id(self), 0) + len(keys)
        return real(self, keys)

    monkeypatch.setattr(batches.Examiner, "examine", examine)
    monkeypatch.setattr(relaxations._Bases, "duals", duals)
    pool = Later()
    found = minimum(CASES[name], executor=pool)
    here = asked.pop(id(found._search.relaxations))
    [elsewhere] = asked.values()
    assert here < len(pool.futures) + len(found._search.duals) / 3
    assert elsewhere > len(found._search.duals) / 2


@pytest.mark.parametrize("name", ["squared", "absolute", "huber"])
def test_what_is_forgotten_changes_no_byte(name, monkeypatch):
    forgotten = []
    real = Pivoting.forget
    monkeypatch.setattr(relaxations, "REMEMBERED", 5)
    monkeypatch.setattr(Pivoting, "forget", lambda self: (forgotten.append(self), real(self)))
    assert told(minimum(CASES[name])) == plainly_told(name)
    assert len(forgotten) > 10


def optima_of_others(answer):
    """Of the logistic loss a key is a whole optimum."""
    keys = [seen.key for seen in answer]
    return [seen._replace(key=key) for seen, key in zip(answer, keys[1:] + keys[:1], strict=True)]


def optima_with(**change):
    def changed(answer):
        def wrong(key):
            proof = replace(key.proof, **{name: make(key.proof) for name, make in change.items()})
            return relaxations._whole(proof)

        return [
            seen._replace(key=wrong(seen.key), trial=seen.trial and (wrong(seen.trial[0]), seen.trial[1]))
            for seen in answer
        ]

    return changed


WHOLE = {
    "of others": optima_of_others,
    "higher": optima_with(value=lambda proof: Enclosure(proof.value.lo + 5, proof.value.hi + 5)),
    "lower": optima_with(value=lambda proof: Enclosure(F(0), F(0))),
    "all allowed": optima_with(allowed=lambda proof: reduce(CASES["logistic"], regions=False).program.full),
    "no gradient": optima_with(gradient=lambda proof: ()),
}


@pytest.mark.parametrize("lie", WHOLE)
def test_whole_optima_are_replayed(lie):
    plain, found = plainly("logistic"), minimum(CASES["logistic"], executor=Changing(WHOLE[lie]))
    # Of another incumbent the bounds are other bounds.
    assert found.complete
    assert max(found.minimum.lo, plain.minimum.lo) <= min(found.minimum.hi, plain.minimum.hi)


def test_what_is_said_of_columns_does_not_depend_on_what_was_asked_before():
    """Of the logistic loss the directions of one set serve the next, within a batch alone."""
    program = reduce(on_integers(6, 1, 1, 2, "logistic", top=3), regions=False).program
    members = np.random.default_rng(1).random((12, len(program.columns))) < 0.4
    used = relaxations.relaxations_of(program)
    used.estimates(members[::-1], [None] * 12)
    for row in members:
        fresh = relaxations.relaxations_of(program)
        assert used.estimates(row[None], [None]) == fresh.estimates(row[None], [None])


WHOLE_REFUSED = {
    "a basis": first(key=b"1234"),
    "no proof": lambda answer: [seen._replace(key=seen.key._replace(proof=None)) for seen in answer],
    "another value than its proof": lambda answer: [
        seen._replace(key=seen.key._replace(value=F(0))) for seen in answer
    ],
    "weights of no columns": optima_with(weights=lambda proof: {10**6: F(1)}),
    "weights that are floats": optima_with(weights=lambda proof: {0: 0.5}),
    "no weights": optima_with(weights=lambda proof: None),
    "a dual vector beside it": lambda answer: [
        seen if seen.signs else seen._replace(dual=Solved(F(1), 0, 0)) for seen in answer
    ],
}


@pytest.mark.parametrize("change", WHOLE_REFUSED)
def test_what_is_no_optimum_is_refused(change):
    with pytest.raises(TaskLost, match="batch"):
        minimum(CASES["logistic"], executor=Changing(WHOLE_REFUSED[change]))


def elsewhere(answer):
    """Bases of other nodes, which are proved or refused by their own columns."""
    keys = [seen.key for seen in answer]
    return [seen._replace(key=key, dual=None) for seen, key in zip(answer, keys[1:] + keys[:1], strict=True)]


LIES = {
    "all hopeless": lambda answer: [Examined(seen.key, F(10**9)) for seen in answer],
    "nothing is": lambda answer: [seen._replace(value=F(0)) for seen in answer],
    "bases of others": elsewhere,
    "no trial": lambda answer: [seen._replace(trial=None) for seen in answer],
    "trials of others": lambda answer: [
        seen._replace(trial=(seen.key, F(0))) if seen.signs else seen for seen in answer
    ],
    "other sides": lambda answer: [
        seen._replace(signs=tuple(tuple(-q for q in part) for part in seen.signs)) for seen in answer
    ],
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("name", ["squared", "absolute"])
def test_what_is_wrong_decides_nothing(name, lie):
    """The tree may be another one; what it proves is the same, and the independent checker agrees."""
    plain, found = plainly(name), minimum(CASES[name], executor=Changing(LIES[lie]))
    assert (found.minimum, found.lower_bound, found.complete) == (plain.minimum, plain.minimum, True)
    assert outcome(found.certificate.to_json()).startswith("accepted: ")


def test_a_time_limit_ends_the_wait_for_a_task_that_never_returns():
    found = minimum(CASES["squared"], executor=Faulty("hangs", 3), time_limit=1000)
    plain = plainly("squared")
    assert (found.complete, found.minimum) == (False, None)
    assert found.lower_bound <= plain.minimum <= found.incumbent
    assert found.nodes < plain.nodes
    assert outcome(found.certificate.to_json()).startswith("accepted: ")


@pytest.mark.parametrize("calls", [1, 3, 5])
def test_ctrl_c_with_batches_ahead_loses_no_node(monkeypatch, calls):
    monkeypatch.setattr("exactgeo.basin.branch.SELDOM", 0.0)
    left = [calls]

    def interrupt(known):
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    found = minimum(CASES["squared"], executor=Later(), progress=interrupt)
    assert (found.interrupted, found.complete) == (True, False)
    assert found.lower_bound <= plainly("squared").minimum <= found.incumbent
    assert outcome(found.certificate.to_json()).startswith("accepted: ")


def test_never_more_than_a_few_batches_are_under_way():
    most = [0]

    class Counting(Later):
        def submit(self, function, /, *arguments, **options):
            future = super().submit(function, *arguments, **options)
            most[0] = max(most[0], sum(not Future.done(one) for one in self.futures))
            return future

    minimum(CASES["squared"], executor=Counting())
    assert most == [search.AHEAD]


def test_small_searches_ask_nobody(monkeypatch):
    monkeypatch.undo()
    pool = Later()
    assert eg.minimum(eg.load("swirszcz-prop1"), pool).minimum == 14
    assert pool.futures == []


def test_the_command_takes_workers(capsys, monkeypatch):
    monkeypatch.undo()
    plain = run(capsys, "minimum", "swirszcz-prop1", "--json")
    assert run(capsys, "minimum", "swirszcz-prop1", "--json", "--workers", "2") == plain
    assert plain[0] == 0


def test_random_numbers_of_a_batch_are_its_own():
    """Whoever looks at it, and whatever was looked at before."""
    proposers = [Examiner(reduce(CASES["line"], regions=False)).proposer for _ in range(2)]
    groups = SideTable(reduce(CASES["line"], regions=False)).root(1, 1)
    proposers[0].at(4).starts(groups, 3)
    proposers[1].starts(groups, 5)
    one, other = (proposer.at(7).starts(groups, 6) for proposer in proposers)
    assert one == other != proposers[0].at(8).starts(groups, 6)


def test_numbers_of_a_basis_do_not_depend_on_the_others():
    """To the last bit: branches follow them, in whatever process they were computed."""
    rng = np.random.default_rng(0)
    method = LeastSquares(rng.integers(-9, 9, (60, 30)).tolist(), [], rng.integers(-9, 9, 30).tolist())
    bases = np.full((40, method.bases.shape[1]), 60, dtype=np.int32)
    for row in bases:
        size = rng.integers(1, 25)
        row[:size] = np.sort(rng.choice(60, size, replace=False))
    weights, prices = method._state(bases)
    for k in range(len(bases)):
        alone = method._state(bases[k : k + 1])
        assert (alone[0].tobytes(), alone[1].tobytes()) == (weights[k].tobytes(), prices[k].tobytes())
