"""What exactgeo raises: bad input, problems out of scope (exit 2), lost tasks (3), and its own bugs (4)."""

from __future__ import annotations

__all__ = [
    "ExactgeoError",
    "InputError",
    "InternalError",
    "OutOfScope",
    "OutOfTime",
    "TaskLost",
    "WrongType",
    "expect_type",
    "failure",
    "interruption",
]


def _shorten(text: str, limit: int = 120) -> str:
    # Control characters and lone surrogates of a hostile file reach neither a terminal nor an encoder.
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in " ".join(text[: 8 * limit].split()))
    return text if len(text) <= limit else text[: limit - 3] + "..."


class ExactgeoError(Exception):
    """Base class of every error exactgeo raises on purpose."""


class InputError(ExactgeoError):
    """Bad input, in the one form every refusal has.

    Parameters
    ----------
    where : str
        File and path into it, e.g. ``prop1.toml: data.x[2][0]``.
    found, expected : str
        What stood there and what belongs there. ``found`` is shortened to one line.
    write : str
        What to write instead.

    Examples
    --------
    >>> print(InputError("prop1.toml: data.x[2][0]", '"1/0"', "a rational number", '"1/2", 0.5 or 3'))
    prop1.toml: data.x[2][0]: got "1/0", expected a rational number; write "1/2", 0.5 or 3
    """

    def __init__(self, where: str, found: str, expected: str, write: str) -> None:
        self.where = _shorten(where)
        self.found = _shorten(found)
        self.expected = expected
        self.write = write
        super().__init__(f"{self.where}: got {self.found}, expected {expected}; write {write}")

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str, str]]:
        return type(self), (self.where, self.found, self.expected, self.write)

    @property
    def fields(self) -> dict[str, str]:
        """What ``--json`` says of it."""
        return {"where": self.where, "found": self.found, "expected": self.expected, "write": self.write}


class WrongType(InputError, TypeError):
    """An argument of another type, given from Python: a TypeError in the one form of every refusal."""


def expect_type(value: object, kind: type, where: str, write: str) -> None:
    """Refuse what is no ``kind``; ``write`` says how one is made.

    Raises
    ------
    WrongType

    Examples
    --------
    >>> expect_type([1, 2], dict, "point", "{...}")
    Traceback (most recent call last):
    exactgeo.errors.WrongType: point: got a list, expected a dict; write {...}
    """
    if not isinstance(value, kind):
        found, expected = (f"{'an' if t.__name__[0] in 'aeiouAE' else 'a'} {t.__name__}" for t in (type(value), kind))
        raise WrongType(where, "None" if value is None else found, expected, write)


class OutOfScope(ExactgeoError):
    """A well-formed problem outside what a question is answered for. The sentences are in ``problem/scope.py``.

    Parameters
    ----------
    reason : str
        Which property of the problem puts it outside.
    in_scope : str
        What would be inside.
    try_instead : str
        What serves this very problem.

    Examples
    --------
    >>> print(OutOfScope("3 outputs", "one output", "exactgeo.numeric"))
    3 outputs; in scope: one output; try exactgeo.numeric
    """

    def __init__(self, reason: str, in_scope: str, try_instead: str) -> None:
        self.reason = reason
        self.in_scope = in_scope
        self.try_instead = try_instead
        super().__init__(f"{reason}; in scope: {in_scope}; try {try_instead}")

    def __reduce__(self) -> tuple[type[OutOfScope], tuple[str, str, str]]:
        return OutOfScope, (self.reason, self.in_scope, self.try_instead)

    @property
    def fields(self) -> dict[str, str]:
        """What ``--json`` says of it."""
        return {"reason": self.reason, "in_scope": self.in_scope, "try_instead": self.try_instead}


class TaskLost(ExactgeoError):
    """An executor did not give the answer of a task. What was done before is kept in the store, if there is one.

    Parameters
    ----------
    task : str
        Which.
    found : str
        What it gave instead, shortened to one line.

    Examples
    --------
    >>> print(TaskLost("block 7", "the answer of block 9"))
    executor: block 7: got the answer of block 9, expected its own; write the same again: a store goes on where it ended
    """

    def __init__(self, task: str, found: str) -> None:
        self.task = task
        self.where = f"executor: {task}"
        self.found = _shorten(found)
        self.expected = "its own"
        self.write = "the same again: a store goes on where it ended"
        super().__init__(f"{self.where}: got {self.found}, expected {self.expected}; write {self.write}")

    @property
    def fields(self) -> dict[str, str]:
        """What ``--json`` says of it."""
        return {"where": self.where, "found": self.found, "expected": self.expected, "write": self.write}

    def __reduce__(self) -> tuple[type[TaskLost], tuple[str, str]]:
        return TaskLost, (self.task, self.found)


class OutOfTime(ExactgeoError):
    """A time limit ended a search; the message says which one, as "after 5 s". Caught where the search was begun."""


class InternalError(ExactgeoError):
    """A result failed its own replay. Never caught inside exactgeo; please report it."""


def interruption(where: str) -> InputError:
    """Ctrl-C before anything was known, in the form of every refusal."""
    return InputError(where, "Ctrl-C", "time to finish", "the same command again")


def failure(where: str, found: str) -> InputError:
    """A bug of ours in the form of every refusal."""
    return InputError(where, f"internal error: {found}", "an answer", "a report with the input, please")
