"""The border between text, float and exact numbers."""

from __future__ import annotations

import tracemalloc
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exactgeo.errors import InputError
from exactgeo.exact.rational import MAX_DIGITS, FloatTakenExactly, format_rational, parse_rational, read_rational

REFUSED_TEXT = [
    *("nan", "inf", "-inf", "Infinity", "1/0", "-3/0", "0/0", "", " ", ".", "-", "e5", "1e", "1e+", "1/", "/2"),
    *("1/2/3", "1/-2", "1.5/2", "1_000", "1,5", "0x10", "1 2", "--1", "٣", "½", "1\x00", "sqrt(2)", "True"),
]


@pytest.mark.parametrize("text", REFUSED_TEXT)
def test_text_that_is_no_rational_is_refused(text):
    with pytest.raises(InputError, match="expected a rational number; write"):
        parse_rational(text, "here")


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, [1], (1, 2), {}, b"1", 1j, object, np.True_, np.complex128(1 + 2j)),
        *(np.datetime64("2020-01-01"), np.timedelta64(3, "D"), np.array([1]), np.array([1.0])),
    ],
    ids=str,
)
def test_values_that_are_no_rationals_are_refused(value):
    with pytest.raises(InputError, match="here: got"):
        parse_rational(value, "here")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), np.float32("inf"), np.longdouble("nan")])
def test_floats_that_are_not_finite_are_refused(value):
    with pytest.raises(InputError, match=r"here: got (nan|-?inf), expected a rational number"):
        parse_rational(value, "here")


@pytest.mark.parametrize(
    "text",
    ["1e999999", "1e-999999", "1e10000", "-1.5e99999", "9" * 10_001, "1/" + "9" * 10_001],
    ids=lambda text: text[:9],
)
def test_huge_numbers_are_refused_by_their_digits(text):
    with pytest.raises(InputError, match=f"at most {MAX_DIGITS} digits"):
        parse_rational(text)


def test_a_huge_exponent_is_refused_without_writing_the_number_out():
    tracemalloc.start()
    with pytest.raises(InputError):
        parse_rational("1e999999")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000  # bytes; the integer alone takes twice that


@pytest.mark.parametrize("number", [10**MAX_DIGITS * 100, Fraction(1, 10**MAX_DIGITS * 100)], ids=["int", "1/int"])
def test_huge_exact_numbers_are_refused(number):
    with pytest.raises(InputError, match="at most"):
        parse_rational(number)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("13/3", Fraction(13, 3)),
        (" -6 / 4 ", Fraction(-3, 2)),
        ("0.1", Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("-1.25e-2", Fraction(-1, 80)),
        ("1E3", Fraction(1000)),
        ("+7", Fraction(7)),
        ("007", Fraction(7)),
        ("-0", Fraction(0)),
    ],
)
def test_text_is_read_exactly(text, value):
    assert parse_rational(text) == value


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int64, np.uint8, np.uint64])
def test_numpy_integers_become_python_integers(kind):
    result = parse_rational(kind(7))
    assert result == 7
    assert type(result.numerator) is int
    assert type(result.denominator) is int


def test_numpy_integers_inside_a_fraction_are_rebuilt():
    class Odd(Fraction):
        """A Fraction with foreign integers inside, as numpy makes them."""

    odd = Odd.__new__(Odd, 3, 7)
    odd._numerator, odd._denominator = np.int64(3), np.int64(7)
    result = parse_rational(odd)
    assert type(result.numerator) is int
    assert hash(result) == hash(Fraction(3, 7))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_the_dyadic_it_is_with_a_warning(number):
    with pytest.warns(FloatTakenExactly, match="exact dyadic"):
        assert parse_rational(number) == Fraction(number)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_rational(number, warn_float=False) == Fraction(number)


def test_narrow_and_wide_numpy_floats_are_not_rounded():
    third = np.longdouble(1) / 3
    assert parse_rational(np.float16(0.1), warn_float=False) == Fraction(819, 8192)
    assert parse_rational(third, warn_float=False) == Fraction(*map(int, third.as_integer_ratio()))
    assert parse_rational(np.array(0.5), warn_float=False) == Fraction(1, 2)


@given(st.fractions())
def test_text_round_trip(number):
    assert parse_rational(format_rational(number)) == number


def test_five_thousand_digits_round_trip():
    # Longer than the 4,300 digits at which str() and int() of stock CPython give up.
    number = Fraction(-(10**5000 + 12345), 7 * 10**4999 + 1)
    text = format_rational(number)
    assert len(text) == 1 + 5001 + 1 + 5000
    assert text.startswith("-1000")
    assert text.split("/")[0].endswith("00012345")
    assert parse_rational(text) == number
    assert parse_rational(format_rational(3**20_000)) == 3**20_000


def test_flint_and_sympy_numbers_are_read():
    flint = pytest.importorskip("flint")
    assert parse_rational(flint.fmpz(-3)) == -3
    assert parse_rational(flint.fmpq(-3, 6)) == Fraction(-1, 2)
    import sympy

    assert parse_rational(sympy.Rational(-3, 6)) == Fraction(-1, 2)


@pytest.mark.parametrize("length", [1, 30, 4299, 4400, 60_000])
def test_what_is_written_is_read(length):
    for q in (Fraction(10**length - 1), Fraction(-(10**length) - 1, 7), Fraction(-3, 10**length), Fraction(0)):
        assert read_rational(format_rational(q)) == q


@pytest.mark.parametrize(
    "text", ["", "-0", "+1", "01", "2/4", "3/1", "1/0", "0/2", "1/-2", " 1", "1 ", "0.5", "1e3", "١"]
)
def test_nothing_else_is_read_as_written(text):
    with pytest.raises(ValueError, match="rational"):
        read_rational(text)


def test_zeros_before_an_exponent_say_nothing():
    assert parse_rational("1e0000000002") == parse_rational("1e+00000000000002") == 100
    assert parse_rational("1e-0000000002") == Fraction(1, 100)
    assert parse_rational("1e000000000000") == 1
