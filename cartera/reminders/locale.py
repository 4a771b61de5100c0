"""Money and dates as the debtor's country writes them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from cartera.money import minor_units
from cartera.reminders.policy import Language


@cache
def locale_of(language: Language, country_code: str | None) -> Locale:
    """The locale for money and dates: language and country where CLDR knows the pair, else the language."""
    try:
        return Locale.parse(f"{language}_{(country_code or '').strip().upper()}")
    except (UnknownLocaleError, ValueError):
        # Spanish of no known country is that of Latin America
        return Locale.parse("es_419" if language == "es" else language)


def money(amount: Decimal, currency_code: str, locale: Locale) -> str:
    """With the ISO code, as `$` alone is many currencies; and never rounded, as nobody owes the difference."""
    pattern = f"¤¤\xa0{pattern_of(amount, currency_code)}"
    return format_currency(amount, currency_code, pattern, locale, currency_digits=False)


def pattern_of(amount: Decimal, currency_code: str) -> str:
    """`#,##0.00`: the decimals of the currency, more where the amount has them. Spreadsheets read it too."""
    exponent = amount.normalize().as_tuple().exponent
    digits = max(minor_units(currency_code), -exponent if isinstance(exponent, int) else 0)
    return "#,##0" + ("." + "0" * digits if digits else "")


def number(value: Decimal, locale: Locale) -> str:
    return format_decimal(value.normalize(), "#,##0.######", locale)


def date(value: dt.date, locale: Locale) -> str:
    return format_date(value, "medium", locale)
