"""What exactgeo raises: bad input (exit 2) and its own bugs (exit 4)."""

from __future__ import annotations

__all__ = ["ExactgeoError", "InputError", "InternalError"]


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
        return InputError, (self.where, self.found, self.expected, self.write)


class InternalError(ExactgeoError):
    """A result failed its own replay. Never caught inside exactgeo; please report it."""
