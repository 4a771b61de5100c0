"""Amounts as text, and the decimals of currencies: the standard's, in Python and in the warehouse alike."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from babel.numbers import get_currency_precision

from cartera.money import UNITS_OUT_OF_USE, minor_units, plain

SEED = Path(__file__).resolve().parents[1] / "dbt_project" / "seeds" / "currencies.csv"


def _seed() -> dict[str, str]:
    with SEED.open(encoding="utf-8", newline="") as file:
        return {row["currency_code"]: row["minor_units"] for row in csv.DictReader(file)}


@pytest.mark.parametrize(
    ("code", "units"),
    [
        *(("PEN", 2), ("USD", 2), ("COP", 2), ("CLP", 0), ("PYG", 0), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("UYI", 0)),
        # where CLDR says 0
        *((code, 2) for code in ["AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"]),
        ("IQD", 3),
    ],
)
def test_the_decimals_of_the_standard(code: str, units: int) -> None:
    assert minor_units(code) == units
    assert _seed()[code] == str(units)


def test_the_seed_and_the_code_agree() -> None:
    assert {code: int(units) for code, units in _seed().items() if units} == {
        code: minor_units(code) for code, units in _seed().items() if units
    }
    assert {code for code, units in _seed().items() if not units} == {"XAG", "XAU", "XDR", "XPD", "XPT"}


def test_only_what_differs_from_cldr_is_listed() -> None:
    assert [code for code, units in UNITS_OUT_OF_USE.items() if get_currency_precision(code) == units] == []


@pytest.mark.parametrize(
    ("amount", "code", "text"),
    [("1234.500000", None, "1234.5"), ("10.000000", None, "10")]
    + [("1234.5", "PEN", "1234.50"), ("1000", "CLP", "1000"), ("7.1", "IQD", "7.100"), ("10.5", "AFN", "10.50")]
    + [("0.123456", "CLP", "0.123456"), ("-2", "KWD", "-2.000"), ("1E+3", "USD", "1000.00")],
)
def test_an_amount_for_machines(amount: str, code: str, text: str) -> None:
    assert plain(Decimal(amount), code) == text
