"""Money is a Decimal with its currency beside it; amounts of two currencies are never added."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision, list_currencies

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


@cache
def minor_units(currency_code: str) -> int:
    """Decimals of a currency: 2 for PEN, 0 for CLP, 3 for KWD."""
    return get_currency_precision(currency_code)


def plain(amount: Decimal, currency_code: str) -> str:
    """A decimal string for machines: `1234.50`, never an exponent, no digit lost.

    At least the currency's minor units are shown; further digits only where they are not zero.
    """
    text = f"{amount:f}"
    whole, _, fraction = text.partition(".")
    units = minor_units(currency_code)
    fraction = fraction.rstrip("0").ljust(units, "0")
    return f"{whole}.{fraction}" if fraction else whole


def human(amount: Decimal, currency_code: str, locale: str = "en") -> str:
    """An amount for people, by locale: `S/ 1,234.50`, `COP 1.234,50`."""
    return format_currency(amount, currency_code, locale=locale)
