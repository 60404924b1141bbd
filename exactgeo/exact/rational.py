"""Rationals in and out: the one place where a number from outside becomes exact."""

from __future__ import annotations

import math
import re
import warnings
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from numbers import Integral, Rational
from typing import Any

from exactgeo.errors import InputError

__all__ = [
    "MAX_DIGITS",
    "FloatTakenExactly",
    "beside",
    "decimal",
    "format_rational",
    "parse_rational",
    "read_rational",
    "short",
    "with_decimal",
]

MAX_DIGITS = 10_000
"""Longest number accepted, in decimal digits of numerator or denominator when written out."""

_BIT_LIMIT = int(MAX_DIGITS * math.log2(10)) + 1
_DIGITS_15 = Context(prec=15, Emax=MAX_EMAX, Emin=MIN_EMIN)
_DECIMAL = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?)0*(\d+))?", re.ASCII)
_WRITTEN = re.compile(r"(-?)(0|[1-9][0-9]*)(?:/([1-9][0-9]*))?")
_FRACTION = re.compile(r"[+-]?\d+\s*/\s*\d+", re.ASCII)
_WRITE = '"1/2", 0.5 or 3'


class FloatTakenExactly(UserWarning):
    """A Python float was taken as the dyadic rational it is; 0.1 is not 1/10."""


def _refuse(where: str, found: str, expected: str = "a rational number") -> InputError:
    return InputError(where, found, expected, _WRITE)


def _int(digits: str) -> int:
    # int() refuses more than 4,300 digits in stock CPython; split instead of touching the global limit.
    if len(digits) <= 4000:
        return int(digits)
    half = len(digits) // 2
    return _int(digits[:-half]) * int(10**half) + _int(digits[-half:])


def _parse_text(text: str, where: str) -> Fraction:
    stripped = text.strip()
    shown = f'"{text}"'
    if len(stripped) > 2 * MAX_DIGITS + 2:
        raise _refuse(where, shown, f"a number of at most {MAX_DIGITS} digits")
    if _FRACTION.fullmatch(stripped):
        top, bottom = (part.strip() for part in stripped.split("/"))
        sign = -1 if top.startswith("-") else 1
        top = top.lstrip("+-")
        if max(len(top), len(bottom)) > MAX_DIGITS:
            raise _refuse(where, shown, f"a number of at most {MAX_DIGITS} digits")
        denominator = _int(bottom)
        if denominator == 0:
            raise _refuse(where, shown)
        return Fraction(sign * _int(top), denominator)
    match = _DECIMAL.fullmatch(stripped)
    if match is None or not (match[2] or match[3]):
        raise _refuse(where, shown)
    sign_text, whole, digits, exponent_sign, exponent_text = match.groups()
    digits = digits or ""
    # Nine digits are too many already; leading zeros are none of them.
    exponent = int((exponent_sign or "") + (exponent_text or "0")[:9]) - len(digits)
    length = len(whole) + len(digits)
    if max(length + max(exponent, 0), 1 - min(exponent, 0)) > MAX_DIGITS:
        raise _refuse(where, shown, f"a number of at most {MAX_DIGITS} digits when written out")
    mantissa = _int((whole + digits) or "0") * (-1 if sign_text == "-" else 1)
    return Fraction(mantissa * 10**exponent) if exponent >= 0 else Fraction(mantissa, 10**-exponent)


def parse_rational(value: Any, where: str = "number", *, warn_float: bool = True) -> Fraction:
    """The exact rational that ``value`` denotes.

    Parameters
    ----------
    value : int, str, Fraction, Decimal, float, numpy scalar, flint or sympy rational
        Text is ``"13/3"``, an integer or a decimal (``"0.1"`` is exactly 1/10). A float is the dyadic it is.
    where : str
        What an error names.
    warn_float : bool
        Warn (:class:`FloatTakenExactly`) when a float is taken exactly.

    Raises
    ------
    InputError
        Not a number, not finite, zero denominator, or more than ``MAX_DIGITS`` digits when written out.

    Examples
    --------
    >>> print(parse_rational("0.1"), parse_rational("-13/3"), parse_rational("1e3"))
    1/10 -13/3 1000
    """
    if getattr(value, "shape", None) == () and not isinstance(value, str):
        value = value[()]  # a numpy array without axes
    numpy_kind = getattr(getattr(value, "dtype", None), "kind", "")
    if type(value) is Fraction and type(value.numerator) is int and type(value.denominator) is int:
        result = value
    elif isinstance(value, bool) or numpy_kind in ("b", "m"):
        raise _refuse(where, str(value).lower())
    elif isinstance(value, str | Decimal):
        return _parse_text(str(value), where)
    elif isinstance(value, Integral) or type(value).__name__ == "fmpz":
        result = Fraction(int(value))
    elif isinstance(value, Rational):
        # numpy and flint integers inside a Fraction overflow or do not hash: rebuild from int.
        result = Fraction(int(value.numerator), int(value.denominator))
    elif isinstance(value, float) or numpy_kind == "f":
        # Exact for every width: float() would round numpy's long double.
        try:
            top, bottom = value.as_integer_ratio()
        except (AttributeError, OverflowError, ValueError):
            raise _refuse(where, str(value)) from None
        result = Fraction(int(top), int(bottom))
        if warn_float:
            warnings.warn(
                f"{where}: the float {value} is taken as the exact dyadic {format_rational(result)}; "
                "pass a string or a Fraction for another rational",
                FloatTakenExactly,
                stacklevel=2,
            )
    elif hasattr(value, "p") and hasattr(value, "q"):
        try:
            result = Fraction(int(value.p), int(value.q))
        except (TypeError, ValueError, ZeroDivisionError):
            raise _refuse(where, type(value).__name__) from None
    else:
        raise _refuse(where, type(value).__name__)
    bits = max(result.numerator.bit_length(), result.denominator.bit_length())
    if bits > _BIT_LIMIT:
        raise _refuse(where, f"a number of {bits} bits", f"a number of at most {MAX_DIGITS} digits")
    return result


def _digits(number: int) -> str:
    # str() refuses more than 4,300 digits in stock CPython; split instead of touching the global limit.
    if number < 0:
        return "-" + _digits(-number)
    if number.bit_length() < 13_000:
        return str(number)
    half = int(number.bit_length() * math.log10(2)) // 2
    high, low = divmod(number, 10**half)
    return _digits(high) + _digits(low).rjust(half, "0")


def format_rational(value: Any) -> str:
    """``"p/q"`` in lowest terms, ``"n"`` for an integer, of any length.

    Examples
    --------
    >>> format_rational(Fraction(-6, 4)), format_rational(Fraction(8, 4))
    ('-3/2', '2')
    """
    if type(value) is int:
        return _digits(value)
    if not isinstance(value, Fraction):
        value = parse_rational(value, "number", warn_float=False)
    top = _digits(value.numerator)
    return top if value.denominator == 1 else f"{top}/{_digits(value.denominator)}"


def decimal(value: Fraction | int) -> str:
    """A rational in 15 significant digits, rounded to nearest: what stands beside an exact value for the eye.

    Examples
    --------
    >>> decimal(Fraction(106, 5)), decimal(Fraction(-1, 3)), decimal(Fraction(1, 3**80)), decimal(7)
    ('21.2', '-0.333333333333333', '6.76549570118538E-39', '7')
    """
    top, bottom = value.numerator, value.denominator
    if max(top.bit_length(), bottom.bit_length()) > 13_000:
        # Decimal reads no more digits than int writes: a few bits more than are shown, the rest a power of ten.
        shift = (abs(top).bit_length() - bottom.bit_length()) * 30103 // 100000 - 25
        whole = top // (bottom * 10**shift) if shift > 0 else top * 10**-shift // bottom
        return _plain(_DIGITS_15.scaleb(_DIGITS_15.create_decimal(whole), shift))
    return _plain(_DIGITS_15.divide(Decimal(top), Decimal(bottom)))


def _plain(number: Decimal) -> str:
    shown = number.normalize(_DIGITS_15)
    return f"{shown:f}" if -6 < shown.adjusted() < 15 else str(shown)


def with_decimal(value: Fraction | int) -> str:
    """For people: a rational that is no integer with its decimal, ``=`` where six digits are all of it, else ``~``.

    Examples
    --------
    >>> with_decimal(Fraction(106, 5)), with_decimal(Fraction(1, 3)), with_decimal(7)
    ('106/5 = 21.2', '1/3 ~ 0.333333', '7')
    """
    text = format_rational(value)
    if "/" not in text:
        return text
    short_form = Decimal(decimal(value)).normalize(Context(prec=6))
    shown = _plain(short_form)
    return f"{text} {'=' if Fraction(shown) == value else '~'} {shown}"


def beside(name: str, value: Fraction | int | None) -> dict[str, str | None]:
    """A single exact value of an answer, and the decimal beside it.

    Examples
    --------
    >>> beside("loss", Fraction(106, 5)), beside("loss", None)
    ({'loss': '106/5', 'loss_decimal': '21.2'}, {'loss': None, 'loss_decimal': None})
    """
    if value is None:
        return {name: None, f"{name}_decimal": None}
    return {name: format_rational(value), f"{name}_decimal": decimal(value)}


def short(count: int) -> str:
    """A count for people.

    Examples
    --------
    >>> short(4096), short(123456789), short(10**400)
    ('4096', '1.2e+8', '1e+400')
    """
    if count < 10**6:
        return str(count)
    digits = str(count) if count < 10**300 else "1" + "0" * int(count.bit_length() * 0.30103)
    return f"{digits[0]}.{digits[1]}e+{len(digits) - 1}" if digits[1] != "0" else f"{digits[0]}e+{len(digits) - 1}"


def read_rational(text: str) -> Fraction:
    """The rational of any length that :func:`format_rational` writes as ``text``, its inverse.

    Raises
    ------
    ValueError
        ``format_rational`` writes no rational so: not in lowest terms, say.

    Examples
    --------
    >>> print(read_rational("-3/2"))
    -3/2
    """
    match = _WRITTEN.fullmatch(text)
    if match is None or text == "-0":
        raise ValueError("no rational p/q in lowest terms")
    top, bottom = _int(match[2]), _int(match[3] or "1")
    if math.gcd(top, bottom) != 1 or (match[3] is not None and bottom == 1):
        raise ValueError("a rational that is not in lowest terms")
    return Fraction(-top if match[1] else top, bottom)
