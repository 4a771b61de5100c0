"""Amounts in a currency view: the SQL that values rows of documents, for reads that have them."""

from __future__ import annotations

import datetime as dt
from importlib.resources import files

from psycopg2.sql import SQL

from cartera.warehouse import read, variables

IN_VIEW = SQL(files("cartera.warehouse").joinpath("sql/in_view.sql").read_text(encoding="utf-8"))
"""CTEs after one named `amounts`; binds known_at and what `bound` gives."""


def bound(view: read.View, as_of: dt.date) -> read.Row:
    """`as_of` is the date whose rates the view `as-of-rate` takes."""
    return {"view": view, "rates_of": as_of, "max_age_days": variables.number("fx_rate_max_age_days")}
