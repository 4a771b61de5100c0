"""One customer: found by what a person knows of it, what it owes, and every entry that made the balance.

All figures are as of a date, known at a moment; callers read in one transaction (see `read`).
"""

from __future__ import annotations

import datetime as dt
import re

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Identifier

from cartera.warehouse import read

TELEPHONE = re.compile(r"\+?[\d\s().-]+")
LEAST_DIGITS = 6

FOUND_COLUMNS = ("customer_id", "customer_name", "tax_id", "country_code", "found_by")
PROFILE_COLUMNS = (
    "customer_id", "company_id", "name", "tax_id", "country_code", "language_code", "timezone", "email", "phone",
    "collector", "is_active", "sector", "customer_type", "risk_class", "source", "recorded_from",
)  # fmt: skip
BALANCE_COLUMNS = (
    "company_id", "currency_code", "open_items", *read.PARTS, "oldest_days", *read.BUCKETS,
)  # fmt: skip
ENTRY_COLUMNS = (
    "effective_date", "recorded_at", "entry_type", "company_id", "currency_code", "amount", "effect_amount",
    "document_number", "due_dates", "invoice_id", "item_id",
)  # fmt: skip


def find(connection: Connection, known_at: dt.datetime, text: str, limit: int) -> list[read.Row]:
    """FOUND_COLUMNS: who has the text in its name, or it as its id, tax id, e-mail address, telephone number or the
    number of a document of its own.

    The exact ones first. `found_by`: id, tax_id, document, email, phone or name. A telephone number is found by its
    last digits, LEAST_DIGITS or more, however it is parted.
    """
    asked = " ".join(text.split())
    if not asked:
        return []
    digits = "".join(filter(str.isdecimal, asked)) if TELEPHONE.fullmatch(asked) else ""
    bound = {"known_at": known_at, "text": asked, "pattern": containing(asked), "limit": limit}
    bound["phone"] = f"%{digits}" if len(digits) >= LEAST_DIGITS else None
    return read.rows(connection, _FIND, bound)


def containing(text: str) -> str:
    """What `ilike` finds the text by, wherever it stands, every character of it as it is written."""
    literally = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{literally}%"


# a document number is looked up as it is written: a search inside millions of numbers takes too long to wait for
_FIND = """
with by_document as (
    select distinct customer_id from serve.dim_items
    where document_number = %(text)s and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
),
known as (
    select distinct on (customer_id) customer_id, coalesce(name, customer_id) as customer_name, tax_id, country_code,
        case
            when lower(customer_id) = lower(%(text)s) or lower(split_part(customer_id, ':', 2)) = lower(%(text)s)
                then 'id'
            when lower(tax_id) = lower(%(text)s) then 'tax_id'
            when customer_id in (select customer_id from by_document) then 'document'
            when lower(email) = lower(%(text)s) then 'email'
            when regexp_replace(phone, '[^0-9]', '', 'g') like %(phone)s then 'phone'
            when name ilike %(pattern)s or customer_id ilike %(pattern)s then 'name'
        end as found_by
    from serve.dim_customers
    where recorded_from <= %(known_at)s and recorded_to > %(known_at)s
    order by customer_id, is_active desc
)
select customer_id, customer_name, tax_id, country_code, found_by from known where found_by is not null
order by array_position(array['id', 'tax_id', 'document', 'email', 'phone', 'name'], found_by), customer_name,
    customer_id
limit %(limit)s
"""


def profile(connection: Connection, known_at: dt.datetime, customer_id: str) -> list[read.Row]:
    """PROFILE_COLUMNS as known then, one row per company that lists the customer; empty where nobody knew it."""
    return read.rows(connection, _PROFILE, {"known_at": known_at, "customer": customer_id})


_PROFILE = """
select customer_id, company_id, coalesce(name, customer_id) as name, tax_id, country_code, language_code, timezone,
    email, phone, collector, is_active, sector, customer_type, risk_class, source, recorded_from
from serve.dim_customers
where customer_id = %(customer)s and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
order by company_id
"""


def balances(connection: Connection, as_of: dt.date, known_at: dt.datetime, customer_id: str) -> list[read.Row]:
    """BALANCE_COLUMNS, one row per company and currency in which something is open or unapplied.

    `open_amount` is of instalments, gross; `unapplied_amount` <= 0 is the credit that no invoice has used yet;
    `balance` is both.
    """
    parts = SQL(", ").join(
        SQL("coalesce(sum(open_amount) filter (where {}), 0) as {}").format(items, Identifier(name))
        for name, items in read.PARTS.items()
    )
    buckets = ", ".join(f"coalesce(sum(open_amount) filter (where bucket = %(b{n})s), 0) as bucket_{n}"
                        for n in range(len(read.BUCKETS)))  # fmt: skip
    query = SQL(
        "select company_id, currency_code, count(*) filter (where {debt}) as open_items,"
        " {parts}, max(days_past_due) filter (where {debt}) as oldest_days, {buckets}"
        " from {items} as items where customer_id = %(customer)s"
        " group by company_id, currency_code order by company_id, currency_code"
    ).format(
        debt=read.PARTS["open_amount"],
        parts=parts,
        buckets=SQL(buckets),
        items=read.items_at(connection, as_of, known_at),
    )
    names = {f"b{number}": name for number, name in enumerate(read.BUCKETS)}
    found = read.rows(connection, query, {"as_of": as_of, "known_at": known_at, "customer": customer_id} | names)
    for row in found:
        for number, name in enumerate(read.BUCKETS):
            row[name] = row.pop(f"bucket_{number}")
    return found


def entries(connection: Connection, as_of: dt.date, known_at: dt.datetime, customer_id: str) -> list[read.Row]:
    """ENTRY_COLUMNS: every ledger entry of the customer until `as_of`, as known then, the latest first.

    The sum of `effect_amount` by company and currency is what is open there, less what is unapplied. Applying a
    payment moves nothing in all: its `effect_amount` is 0 where both ends are the customer's, and `amount` says how
    much. `recorded_at` is when we knew.
    """
    return read.rows(connection, _ENTRIES, {"as_of": as_of, "known_at": known_at, "customer": customer_id})


_ENTRIES = """
with items as (
    select item_id, item_type, invoice_id, document_number, due_date
    from serve.dim_items
    where customer_id = %(customer)s and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
),
families as (
    select distinct case when item_type = 'instalment' then 'invoice:' || invoice_id else item_id end as family_id
    from items
),
entries as (
    select entry.*
    from serve.fct_ledger_entries as entry join families using (family_id)
    where entry.customer_id = %(customer)s and entry.effective_date <= %(as_of)s
        and entry.recorded_from <= %(known_at)s and entry.recorded_to > %(known_at)s
),
documents as (
    select invoice_id, max(document_number) as document_number,
        string_agg(distinct to_char(due_date, 'YYYY-MM-DD'), ', ') as due_dates
    from items where item_type = 'instalment' group by invoice_id
),
moves as (
    select effective_date, max(recorded_from) as recorded_at, entry_type, company_id, currency_code,
        invoice_id, settlement_id, sum(amount) as effect_amount,
        coalesce(sum(amount) filter (where item_type = 'instalment'), 0) as on_debts,
        sum(amount) as on_all, min(item_id) as item_id
    from entries
    group by effective_date, entry_type, company_id, currency_code, invoice_id, settlement_id, origin_id
)
select moves.effective_date, moves.recorded_at, moves.entry_type, moves.company_id, moves.currency_code,
    case when moves.on_debts <> 0 then moves.on_debts else moves.on_all end as amount, moves.effect_amount,
    case
        when moves.entry_type in ('applied', 'credited')
            then concat_ws(' → ', settlement.document_number, coalesce(documents.document_number, moves.invoice_id))
        else coalesce(
            case when moves.settlement_id is null then documents.document_number end, settlement.document_number,
            documents.document_number, moves.settlement_id, moves.invoice_id, moves.item_id
        )
    end as document_number,
    case when moves.entry_type = 'invoiced' then documents.due_dates end as due_dates,
    moves.invoice_id, moves.item_id
from moves
left join documents using (invoice_id)
left join items as settlement on settlement.item_id = moves.settlement_id
order by moves.effective_date desc, moves.recorded_at desc, moves.entry_type, moves.item_id
"""


def instalments(connection: Connection, as_of: dt.date, known_at: dt.datetime, customer_id: str) -> list[read.Row]:
    """due_date, recorded_at, company_id, currency_code, amount, document_number of every instalment due by `as_of`."""
    return read.rows(connection, _INSTALMENTS, {"as_of": as_of, "known_at": known_at, "customer": customer_id})


_INSTALMENTS = """
select due_date, recorded_from as recorded_at, company_id, currency_code, item_amount as amount, document_number
from serve.dim_items
where customer_id = %(customer)s and item_type = 'instalment' and due_date <= %(as_of)s
    and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
order by due_date desc, item_id
"""


def claims(connection: Connection, as_of: dt.date, known_at: dt.datetime, customer_id: str) -> list[read.Row]:
    """Disputes and promises that a source told of, as known then: kind, effective_date, recorded_at, until_date,
    currency_code, amount, document_number, reason, desk_id. `until_date`: resolved, or promised for.

    `desk_id`: the desk's own id of what it recorded, of which there is a row for each invoice; None of other sources.
    """
    return read.rows(connection, _CLAIMS, {"as_of": as_of, "known_at": known_at, "customer": customer_id})


_CLAIMS = """
with invoices as (
    select distinct on (invoice_id) invoice_id, document_number, customer_id from serve.dim_items
    where customer_id = %(customer)s and item_type = 'instalment'
        and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
    order by invoice_id, item_id
), chargebacks as (
    select distinct on (item_id) item_id, document_number from serve.dim_items
    where customer_id = %(customer)s and item_type = 'chargeback'
        and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
    order by item_id, recorded_from desc
)
select 'dispute' as kind, opened_date as effective_date, recorded_from as recorded_at, resolved_date as until_date,
    null::text as currency_code, null::numeric as amount,
    coalesce(chargebacks.document_number, invoices.document_number) as document_number, reason,
    case when source = 'desk' then split_part(dispute_id, ':', 2) end as desk_id
from serve.fct_disputes left join invoices using (invoice_id) left join chargebacks using (item_id)
where (invoices.invoice_id is not null or chargebacks.item_id is not null)
    and opened_date <= %(as_of)s and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
union all
select 'promise', coalesce(made_date, (recorded_from at time zone 'UTC')::date), recorded_from, promised_date,
    currency_code, promised_amount, coalesce(chargebacks.document_number, invoices.document_number), null,
    case when source = 'desk' then split_part(promise_id, ':', 2) end
from serve.fct_promises as promise left join invoices using (invoice_id) left join chargebacks using (item_id)
where (promise.customer_id = %(customer)s or invoices.invoice_id is not null)
    and coalesce(made_date, (recorded_from at time zone 'UTC')::date) <= %(as_of)s
    and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
"""
