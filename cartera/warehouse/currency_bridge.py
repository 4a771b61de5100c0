"""From amounts in the documents' currencies to the company's: at the documents' rates, revaluation, as-of rate."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import groupby

from psycopg2.extensions import connection as Connection

from cartera.money import minor_units
from cartera.warehouse import read

COLUMNS = (
    "company_id", "item_type", "currency_code", "amount", "company_currency_code", "document_rate_amount",
    "revaluation_amount", "as_of_rate_amount", "reason",
)  # fmt: skip

QUERY = """
    select
        company_id,
        item_type,
        currency_code,
        sum(open_amount) as amount,
        company_currency_code,
        case when count(document_rate) = count(*) then sum(open_amount * document_rate) end as document_rate_amount,
        case when count(as_of_rate) = count(*) then sum(open_amount * as_of_rate) end as as_of_rate_amount,
        coalesce(min(missing_document_rate), min(missing_as_of_rate)) as reason
    from serve.open_items_valued(%(as_of)s, %(known_at)s)
    group by company_id, item_type, company_currency_code, currency_code
    order by company_id, item_type, company_currency_code, currency_code"""


def bridge(connection: Connection, as_of: dt.date, known_at: dt.datetime) -> list[read.Row]:
    """COLUMNS: one row per company, instalment or unapplied_credit, and currency; then their total.

    The total's currency_code and amount are None: amounts of several currencies are added in the company's alone.
    Each converted amount is rounded half to even to its currency's minor unit; revaluation is what lies between the
    two, and totals are sums of the rounded rows, so all adds up to the cent. A missing rate leaves its amounts and
    their total None, and is named in `reason`.
    """
    found = [_rounded(row) for row in read.rows(connection, QUERY, {"as_of": as_of, "known_at": known_at})]
    answer = []
    for _, rows in groupby(found, key=lambda row: (row["company_id"], row["item_type"], row["company_currency_code"])):
        parts = list(rows)
        answer += [*parts, _total(parts)]
    return answer


def _rounded(row: read.Row) -> read.Row:
    digits = minor_units(row["company_currency_code"])
    at_document, at_as_of = (
        None if row[name] is None else round(row[name], digits)
        for name in ("document_rate_amount", "as_of_rate_amount")
    )
    values = {"document_rate_amount": at_document, "as_of_rate_amount": at_as_of}
    return {name: (row | values | {"revaluation_amount": _difference(at_as_of, at_document)})[name] for name in COLUMNS}


def _difference(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one - other


def _total(parts: list[read.Row]) -> read.Row:
    names = ("document_rate_amount", "revaluation_amount", "as_of_rate_amount")
    amounts = {
        name: None if any(part[name] is None for part in parts) else sum(part[name] for part in parts) for name in names
    }
    reason = next((part["reason"] for part in parts if part["reason"]), None)
    return parts[0] | {"currency_code": None, "amount": None} | amounts | {"reason": reason}
