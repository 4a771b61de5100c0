"""Money is a Decimal with its currency beside it; amounts of two currencies are never added."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from babel.core import get_global
from babel.numbers import get_currency_precision, list_currencies

SCALE = 6
"""Decimals kept in raw and marts: numeric(24,6) holds every ISO 4217 minor unit and unit prices."""


@cache
def currencies() -> frozenset[str]:
    """ISO 4217 codes in circulation, now or in the past."""
    return frozenset(list_currencies())


@cache
def country_currency(country_code: str) -> str | None:
    """The currency in use in an ISO 3166 country, or None (CLDR territory data, by Babel)."""
    history = get_global("territory_currencies").get(country_code.upper(), [])
    current = [code for code, _start, end, tender in history if tender and end is None]
    return current[0] if current else None


UNITS_OUT_OF_USE = {
    "AFN": 2, "ALL": 2, "IQD": 3, "IRR": 2, "KPW": 2, "LAK": 2, "LBP": 2, "MGA": 2, "MMK": 2, "RSD": 2, "SOS": 2,
    "SYP": 2, "YER": 2,
}  # fmt: skip
"""Minor units of ISO 4217 (list one of 2026-01-01) whose coins nobody has any more: CLDR, for which Babel speaks,
writes these currencies without. Ledgers and banks still count them."""


@cache
def minor_units(currency_code: str) -> int:
    """Decimals of a currency by ISO 4217: 2 for PEN, 0 for CLP, 3 for KWD; 2 for what it gives none, as gold."""
    return UNITS_OUT_OF_USE.get(currency_code, get_currency_precision(currency_code))


def plain(amount: Decimal, currency_code: str | None) -> str:
    """A decimal string for machines: `1234.50`, never an exponent, no digit lost.

    At least the currency's minor units are shown, none where it is not known; further digits only where not zero.
    """
    text = f"{amount:f}"
    whole, _, fraction = text.partition(".")
    units = minor_units(currency_code) if currency_code else 0
    fraction = fraction.rstrip("0").ljust(units, "0")
    return f"{whole}.{fraction}" if fraction else whole
