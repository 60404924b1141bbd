"""What loads when it is first asked for: frozen records, names of packages, registries, ladders."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import subprocess
import sys
from abc import ABC, abstractmethod
from fractions import Fraction
from threading import Barrier, Thread
from typing import ClassVar, Generic, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

import exactgeo
from exactgeo.claims import CLAIMS
from exactgeo.frozen import dataclass
from exactgeo.local_minimum import LADDER
from exactgeo.losses import LOSSES
from exactgeo.registry import Gradual, Registry

T = TypeVar("T")


def make(decorator):
    """The same classes of one decorator: fields with and without defaults, inheritance, methods of their own."""

    @decorator(frozen=True)
    class Base(ABC):
        kind: ClassVar[str] = "base"
        first: Fraction
        second: tuple[int, ...] = (1, 2)

        def __post_init__(self):
            if self.first < 0:
                raise ValueError("negative")

        @property
        def twice(self):
            return 2 * self.first

        @abstractmethod
        def name(self): ...

    @decorator(frozen=True)
    class Derived(Base, Generic[T]):
        third: list[int] = dataclasses.field(default_factory=list, compare=False)
        fourth: T | None = dataclasses.field(default=None, repr=False)

        def name(self):
            return "derived"

    @decorator(frozen=True)
    class Alone:
        only: int

    @decorator(frozen=True, eq=False)
    class Itself:
        value: int = 3

    @decorator(frozen=True)
    class Own:
        value: int

        def __eq__(self, other):
            return isinstance(other, Own) and (self.value - other.value) % 2 == 0

        def __repr__(self):
            return f"<{self.value % 2}>"

    @decorator(frozen=True)
    class Nothing:
        """No field."""

    return {one.__name__: one for one in (Base, Derived, Alone, Itself, Own, Nothing)}


OURS, THEIRS = make(dataclass), make(dataclasses.dataclass)


def both(name, *arguments, **named):
    return OURS[name](*arguments, **named), THEIRS[name](*arguments, **named)


def text(value):
    return repr(value).replace("make.<locals>.", "")


@given(st.fractions(min_value=0), st.lists(st.integers(), max_size=3), st.none() | st.integers())
def test_a_record_is_what_dataclasses_make(first, listed, fourth):
    ours, theirs = both("Derived", first, tuple(listed), listed, fourth=fourth)
    for value in (ours, copy.copy(ours), copy.deepcopy(ours)):
        assert text(value) == text(theirs)
        assert hash(value) == hash(theirs)
        assert value == ours
        assert value == OURS["Derived"](first, tuple(listed), [7], fourth)
        assert value != theirs
        assert value.twice == theirs.twice
    assert (ours == dataclasses.replace(ours, first=first + 1)) is False
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert [f.name for f in dataclasses.fields(ours)] == [f.name for f in dataclasses.fields(theirs)]


@pytest.mark.parametrize("name", OURS)
def test_a_class_looks_the_same(name):
    ours, theirs = OURS[name], THEIRS[name]
    assert dataclasses.is_dataclass(ours)
    assert ours.__match_args__ == theirs.__match_args__
    assert str(inspect.signature(ours)) == str(inspect.signature(theirs))
    assert inspect.isabstract(ours) == inspect.isabstract(theirs)


def test_what_is_refused_is_the_same():
    for name, arguments in (("Derived", ()), ("Derived", (1, 2, 3, 4, 5)), ("Alone", ()), ("Nothing", (1,))):
        messages = set()
        for classes in (OURS, THEIRS):
            with pytest.raises(TypeError) as refusal:
                classes[name](*arguments)
            messages.add(str(refusal.value).replace("make.<locals>.", ""))
        assert len(messages) == 1
    for classes in (OURS, THEIRS):
        with pytest.raises(ValueError, match="negative"):
            classes["Derived"](Fraction(-1))
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'only'"):
            classes["Alone"](1).only = 2
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'only'"):
            del classes["Alone"](1).only


def test_methods_of_its_own_stay():
    for one, other in (both("Own", 3), both("Itself")):
        assert text(one).startswith("<1>") == text(other).startswith("<1>")
        assert (one == type(one)(1)) == (other == type(other)(1))
    assert len({*both("Itself", 1), *both("Itself", 1)}) == 4
    assert hash(OURS["Own"](3)) == hash(THEIRS["Own"](3))


def test_factories_give_each_its_own():
    one, other = OURS["Derived"](Fraction(0)), OURS["Derived"](Fraction(0))
    assert one.third == other.third == []
    assert one.third is not other.third


@dataclass(frozen=True)
class Sent:
    """One that another process reads before it has made any."""

    value: int
    other: str = "x"


def test_a_record_that_is_read_before_one_is_made():
    data = pickle.dumps(Sent(3))

    @dataclass(frozen=True)
    class Fresh:
        value: int
        other: str = "x"

    read = object.__new__(Fresh)
    vars(read).update(vars(pickle.loads(data)))
    assert hash(read) == hash((3, "x"))
    assert repr(read).endswith("Fresh(value=3, other='x')")
    assert read == Fresh(3)
    assert isinstance(dataclasses.replace(read, value=4), Fresh)


def test_nothing_is_made_before_it_is_used_and_then_once_for_all_threads():
    @dataclass(frozen=True)
    class Fresh:
        value: int

    @dataclass(frozen=True)
    class After(Fresh):
        other: int = 1

    pending = vars(Fresh)["__init__"], vars(After)["__init__"]
    assert not any(inspect.isfunction(one) for one in pending)
    together, made = Barrier(8), []

    def work():
        together.wait()
        made.append(After(1))

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [After(1, 1)] * 8
    assert inspect.isfunction(vars(Fresh)["__init__"])


def test_no_signature_is_parsed_for_a_class_without_a_docstring():
    code = """if True:
        import sys
        from exactgeo.frozen import dataclass

        @dataclass(frozen=True)
        class Bare:
            value: int

        sys.modules["tokenize"] = None
        print(Bare(3), Bare.__doc__)
        """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "Bare(value=3) Bare\n"


def test_every_record_of_the_package_can_be_made():
    """An error in a definition shows when the class is first used."""
    names = [module.name for module in pkgutil.walk_packages(exactgeo.__path__, "exactgeo.")]
    made = 0
    for name in names:
        if name.rpartition(".")[2] in ("__main__", "selftest"):
            continue
        module = importlib.import_module(name)
        for one in vars(module).values():
            if inspect.isclass(one) and one.__module__ == name and dataclasses.is_dataclass(one):
                assert inspect.isfunction(one.__init__), one
                made += 1
    assert made > 300


def test_a_field_that_the_initialiser_does_not_take_is_refused():
    @dataclass(frozen=True)
    class Odd:
        value: int = dataclasses.field(default=1, init=False)

    with pytest.raises(TypeError, match=r"Odd\.value: a frozen record takes all its fields"):
        Odd()


# -- packages, registries, ladders --


def test_every_name_of_a_package_is_there_and_stays_what_it_is():
    for package in (
        exactgeo,
        exactgeo_package("landscape"),
        exactgeo_package("paths"),
        exactgeo_package("local_minimum"),
    ):
        for name, file in package._names.items():
            value = getattr(package, name)
            assert value is getattr(sys.modules[f"{package.__name__}.{file}"], name)
            assert not inspect.ismodule(value)
        with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'guess'"):
            _ = package.guess


def test_a_function_stays_one_where_a_file_of_its_name_loads_later():
    code = "import exactgeo.local_minimum as m; f = m.explain; m.Explanation; print(m.explain is f, callable(f))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"


def exactgeo_package(name):
    __import__(f"exactgeo.{name}")
    return sys.modules[f"exactgeo.{name}"]


def test_every_entry_of_a_registry_has_its_name():
    assert all(CLAIMS[kind].kind == kind for kind in CLAIMS)
    assert all(LOSSES[kind].kind == kind for kind in LOSSES)


def test_a_registry_takes_and_gives():
    found = Registry("exactgeo", {"kind": "kinds:Kind"})
    assert "kind" in found
    assert "reason" not in found
    with pytest.raises(KeyError):
        found["reason"]
    found["reason"] = int
    assert (found["reason"], len(found)) == (int, 2)
    del found["reason"]
    assert list(found) == ["kind"]


def test_a_ladder_is_looked_at_no_further_than_asked():
    seen = []

    def members():
        for k in range(4):
            seen.append(k)
            yield k

    found = Gradual(members)
    assert seen == []
    assert next(k for k in found if k) == 1
    assert seen == [0, 1]
    assert found[-1] == 3
    assert found[:-1] == (0, 1, 2)
    assert list(found) == [*found] == seen
    assert len(found) == 4
    assert LADDER[0].name == "linear_model"
