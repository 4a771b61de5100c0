"""Cells of a file that a spreadsheet opens: plain decimals, ISO dates, and text that stays text (law 10)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from cartera import money

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(value: object, currency_code: str | None) -> object:
    """A cell as it is written: an amount in its currency's digits, a date as ISO writes it, text quoted if need be."""
    if isinstance(value, Decimal):
        return money.plain(value, currency_code)
    if isinstance(value, dt.date):
        return value.isoformat()
    return harmless(value)


def harmless(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula, quoted; anything else as it is."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return "" if value is None else value
