"""Promises to pay and what became of them, by the same rule as the KPI promise_kept_pct.

Money applied to the promised invoice (to any of the customer's, where none is named; with the company, where that is)
from the day of the promise to its last day, which is `promise_grace_days` after the promised date, keeps it. Of one
instalment: what was applied to it, or to its invoice as a whole. Two promises of one debt are judged by the same money.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable, Identifier
from psycopg2.sql import Literal as Text

from cartera.warehouse import read, variables

State = Literal["due_today", "in_grace", "broken", "open", "kept"]
STATES: tuple[State, ...] = get_args(State)
By = Literal["collector", "customer"]
COLUMNS = (
    "promise_id", "company_id", "customer_id", "customer_name", "collector", "document_number", "currency_code",
    "promised_amount", "kept_amount", "later_amount", "made_date", "promised_date", "last_date", "state", "source",
)  # fmt: skip

JUDGED_DAYS = 90
"""An older promise says little of whether acting now moves anything."""


@dataclass(frozen=True)
class Asked:
    """Promises made by `as_of`, known at that moment, whose last day lies in the `days` up to it or later."""

    as_of: dt.date
    known_at: dt.datetime
    days: int
    currency_code: str | None = None
    company_id: str | None = None


def totals(connection: Connection, asked: Asked) -> list[read.Row]:
    """company_id, currency_code, state, promises, judged, kept_judged, promised_amount, kept_amount.

    `judged`: those whose last day has come; `kept_judged`: of them the kept. Their ratio is the KPI.
    """
    query = SQL(
        "with {judged} select company_id, currency_code, state, count(*) as promises,"
        " count(*) filter (where last_date <= %(as_of)s) as judged,"
        " count(*) filter (where last_date <= %(as_of)s and state = 'kept') as kept_judged,"
        " sum(promised_amount) as promised_amount, sum(kept_amount) as kept_amount"
        " from judged group by company_id, currency_code, state order by company_id, currency_code, state"
    ).format(judged=SQL(_JUDGED))
    return read.rows(connection, query, _bound(asked))


def by_week(connection: Connection, asked: Asked) -> list[read.Row]:
    """week (its Monday), state, promises, promised_amount: by the day for which payment was promised."""
    query = SQL(
        "with {judged} select date_trunc('week', promised_date)::date as week, state, count(*) as promises,"
        " sum(promised_amount) as promised_amount from judged group by 1, 2 order by 1, 2"
    ).format(judged=SQL(_JUDGED))
    return read.rows(connection, query, _bound(asked))


def grouped(connection: Connection, asked: Asked, by: By, *, limit: int) -> list[read.Row]:
    """key, name, one count per state, promised_amount, broken_amount: the `limit` with most broken first."""
    key, name = ("coalesce(collector, '')", "collector") if by == "collector" else ("customer_id", "customer_name")
    counts = SQL(", ").join(
        SQL("count(*) filter (where state = {}) as {}").format(Text(state), Identifier(state)) for state in STATES
    )
    query = SQL(
        "with {judged} select {key} as key, max({name}) as name, count(*) as promises, {counts},"
        " sum(promised_amount) as promised_amount,"
        " coalesce(sum(promised_amount - kept_amount) filter (where state = 'broken'), 0) as broken_amount"
        " from judged group by 1 order by broken_amount desc, promised_amount desc, 1 limit %(limit)s"
    ).format(judged=SQL(_JUDGED), key=SQL(key), name=SQL(name), counts=counts)
    return read.rows(connection, query, _bound(asked) | {"limit": limit})


def promises(
    connection: Connection,
    asked: Asked,
    *,
    state: State | None = None,
    collector: str | None = None,
    customer_id: str | None = None,
    limit: int,
) -> list[read.Row]:
    """COLUMNS of each: the soonest promised date first. `collector` '' is nobody; None is not asked."""
    query = SQL(
        "with {judged} select {columns} from judged where (%(state)s::text is null or state = %(state)s)"
        " and (%(collector)s::text is null or coalesce(collector, '') = %(collector)s)"
        " and (%(customer)s::text is null or customer_id = %(customer)s)"
        " order by promised_date, promise_id limit %(limit)s"
    ).format(judged=SQL(_JUDGED), columns=_columns())
    bound = {"state": state, "collector": collector, "customer": customer_id, "limit": limit}
    return read.rows(connection, query, _bound(asked) | bound)


Broken = dict[tuple[str, str | None, str], dt.date]
"""By customer, company (None: the promise names neither it nor an invoice), currency: the last day promised in vain."""


def broken(connection: Connection, as_of: dt.date, known_at: dt.datetime, customer_ids: Sequence[str]) -> Broken:
    """Of some customers: promises judged broken, the last day of them in the JUDGED_DAYS before, and not paid since."""
    query = SQL(
        "with {judged} select customer_id, promised_to as company_id, currency_code,"
        " max(promised_date) as broken_on from judged"
        " where state = 'broken' and kept_amount + later_amount < promised_amount group by 1, 2, 3"
    ).format(judged=SQL(_JUDGED))
    found = read.rows(connection, query, _bound(Asked(as_of, known_at, JUDGED_DAYS), customer_ids))
    return {(row["customer_id"], row["company_id"], row["currency_code"]): row["broken_on"] for row in found}


def kept_of_desk(
    connection: Connection, as_of: dt.date, known_at: dt.datetime, customer_ids: Sequence[str]
) -> frozenset[str]:
    """The desk's own ids of promises of some customers that are kept, and whose last day was not judged by `as_of`.

    One of several invoices has a row for each of them, and is kept where all of them are.
    """
    query = SQL(
        "with {judged} select split_part(promise_id, ':', 2) as promise_id from judged where source = 'desk'"
        " group by 1 having bool_and(state = 'kept')"
    ).format(judged=SQL(_JUDGED))
    found = read.rows(connection, query, _bound(Asked(as_of, known_at, 0), customer_ids))
    return frozenset(row["promise_id"] for row in found)


def open_of_broken(connection: Connection, asked: Asked) -> list[str]:
    """The items still open of promises judged broken whose last day lies in the `days` up to the as-of date.

    One that names no invoice is of all that is overdue of its customer in its currency, with its company where it names
    one. A later promise stands for an item.
    """
    query = SQL(
        "with {judged}, broken as materialized (select customer_id, currency_code, invoice_id, item_id,"
        " stated_company_id from judged where state = 'broken' and last_date > %(as_of)s - %(days)s),"
        " of_all as (select * from broken where invoice_id is null and item_id is null)"
        " select item_id from {items} as items where item_type = 'instalment' and promised_date is null"
        " and (%(company)s::text is null or company_id = %(company)s) and ("
        "item_id in (select item_id from broken where item_id is not null)"
        " or (customer_id, currency_code, invoice_id) in (select customer_id, currency_code, invoice_id from broken"
        " where invoice_id is not null and item_id is null)"
        " or days_past_due > 0 and ((customer_id, currency_code) in ("
        "select customer_id, currency_code from of_all where stated_company_id is null)"
        " or (customer_id, currency_code, company_id) in ("
        "select customer_id, currency_code, stated_company_id from of_all where stated_company_id is not null)))"
        " order by item_id"
    ).format(judged=SQL(_JUDGED), items=read.items_at(connection, asked.as_of, asked.known_at))
    # of all companies: what names no invoice may be of items of another than the customer's own
    bound = _bound(replace(asked, company_id=None)) | {"company": asked.company_id}
    return [row["item_id"] for row in read.rows(connection, query, bound)]


def last_broken(broken: Broken, customer_id: str, company_id: str, codes: Iterable[str]) -> dt.date | None:
    """What a customer promised in vain to a company in any of some currencies."""
    places = [(customer_id, company, code) for code in codes for company in (company_id, None)]
    return max((broken[place] for place in places if place in broken), default=None)


def _columns() -> Composable:
    return SQL(", ").join(map(SQL, COLUMNS))


def _bound(asked: Asked, customer_ids: Sequence[str] | None = None) -> dict[str, Any]:
    ids = None if customer_ids is None else list(customer_ids)
    return {**asdict(asked), "ids": ids, "grace": variables.number("promise_grace_days")}


_JUDGED = """
customers as (
    select distinct on (customer_id) customer_id, company_id, name as customer_name, collector
    from serve.dim_customers
    where recorded_from <= %(known_at)s and recorded_to > %(known_at)s
        and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
    order by customer_id, recorded_from desc
),

chosen as (
    select p.promise_id, p.customer_id, p.invoice_id, p.item_id, p.currency_code, p.promised_amount, p.made_date,
        p.promised_date, p.promised_date + %(grace)s as last_date, p.source, c.customer_name, c.collector,
        p.company_id as stated_company_id,
        -- made to whom the invoice is owed, which may be another company than the customer's own
        coalesce(item.company_id, p.company_id) as promised_to,
        coalesce(item.company_id, p.company_id, c.company_id) as company_id
    from serve.fct_promises as p join customers as c using (customer_id)
    left join lateral (
        select i.company_id from serve.dim_items as i
        where i.invoice_id = p.invoice_id and i.item_type = 'instalment'
            and i.recorded_from <= %(known_at)s and i.recorded_to > %(known_at)s
        limit 1
    ) as item on true
    where p.recorded_from <= %(known_at)s and p.recorded_to > %(known_at)s
        and p.promised_amount > 0 and p.made_date <= %(as_of)s
        and p.promised_date > %(as_of)s - %(days)s - %(grace)s
        and (%(ids)s::text[] is null or p.customer_id = any(%(ids)s))
        and (%(currency_code)s::text is null or p.currency_code = %(currency_code)s)
        and (%(company_id)s::text is null or coalesce(item.company_id, p.company_id, c.company_id) = %(company_id)s)
),

-- entries are found by their family: for an instalment that of its invoice, for a chargeback its own
families as (
    select promise_id, 'invoice:' || invoice_id as family_id from chosen where invoice_id is not null
    union all
    select promise_id, item_id from chosen where item_id is not null
    union all
    select distinct chosen.promise_id, 'invoice:' || item.invoice_id
    from chosen join serve.dim_items as item on chosen.customer_id = item.customer_id
    where chosen.invoice_id is null and chosen.item_id is null and item.item_type = 'instalment'
),

moneys as (
    select chosen.promise_id,
        coalesce(sum(-e.amount) filter (where e.effective_date <= chosen.last_date), 0) as in_time,
        coalesce(sum(-e.amount) filter (where e.effective_date > chosen.last_date), 0) as later
    from chosen
    join families using (promise_id)
    join serve.fct_ledger_entries as e
        on e.family_id = families.family_id and e.customer_id = chosen.customer_id
        and e.currency_code = chosen.currency_code
        and e.effective_date between chosen.made_date and %(as_of)s
    where (e.entry_type, e.item_type) in (('applied', 'instalment'), ('chargeback_reversed', 'chargeback'))
        and (chosen.item_id is null or e.item_id is null or e.item_id = chosen.item_id)
        and (chosen.invoice_id is not null or chosen.stated_company_id is null
            or e.company_id = chosen.stated_company_id)
        and e.recorded_from <= %(known_at)s and e.recorded_to > %(known_at)s
    group by chosen.promise_id
),

documents as (
    select distinct on (invoice_id) invoice_id as document_id, document_number
    from serve.dim_items
    where item_type = 'instalment' and invoice_id in (select invoice_id from chosen)
        and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
    order by invoice_id, item_id
),

chargebacks as (
    select item_id as document_id, document_number
    from serve.dim_items
    where item_id in (select item_id from chosen where invoice_id is null)
        and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
),

measured as (
    select chosen.*, coalesce(documents.document_number, chargebacks.document_number) as document_number,
        least(greatest(coalesce(moneys.in_time, 0), 0), chosen.promised_amount) as kept_amount,
        greatest(coalesce(moneys.later, 0), 0) as money_later
    from chosen
    left join moneys using (promise_id)
    left join documents on documents.document_id = chosen.invoice_id
    left join chargebacks on chosen.invoice_id is null and chargebacks.document_id = chosen.item_id
),

judged as (
    select measured.*, least(money_later, promised_amount - kept_amount) as later_amount,
        case
            when kept_amount = promised_amount then 'kept'
            when last_date <= %(as_of)s then 'broken'
            when promised_date < %(as_of)s then 'in_grace'
            when promised_date = %(as_of)s then 'due_today'
            else 'open'
        end as state
    from measured
)
"""
