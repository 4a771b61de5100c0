"""The same questions asked of DuckDB, from Parquet files of the same raw versions, as plainly as a DuckDB user would.

Every versioned record is there with both clocks; a question reads what was known then. The answers are compared
with ours to the cent, so this is a check as well. Left out: days to pay and the count-back DSOs (DuckDB does less).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb

from cartera.db import Role, transaction

ENTITIES = (
    "invoices", "instalments", "credit_notes", "payments", "allocations", "write_offs", "disputes", "promises",
)  # fmt: skip
TYPES = {"text": "varchar", "numeric": "decimal(24, 6)", "timestamp with time zone": "timestamptz"}

BALANCES = """
create macro instalments_owed(as_of, known_at) as table
    select t.instalment_id, i.invoice_id, i.company_id, i.customer_id, i.currency_code, i.issue_date,
        t.due_date, t.amount
    from instalments t join invoices i using (invoice_id)
    where t.recorded_from <= known_at and known_at < t.recorded_to and not t.is_deleted
        and i.recorded_from <= known_at and known_at < i.recorded_to and not i.is_deleted
        and i.issue_date <= as_of;

create macro settlements(as_of, known_at) as table
    select payment_id as id, 'payment' as kind, company_id, customer_id, currency_code, received_date as date, amount
    from payments
    where recorded_from <= known_at and known_at < recorded_to and not is_deleted and status <> 'cancelled'
        and received_date <= as_of
    union all
    select credit_note_id, 'credit_note', company_id, customer_id, currency_code, issue_date, total_amount
    from credit_notes
    where recorded_from <= known_at and known_at < recorded_to and not is_deleted and issue_date <= as_of;

create macro reductions(as_of, known_at) as table
    with taken as (
        select s.date, s.currency_code, a.*
        from allocations a join settlements(as_of, known_at) s on s.id = a.payment_id and s.kind = 'payment'
        union all
        select s.date, s.currency_code, a.*
        from allocations a join settlements(as_of, known_at) s on s.id = a.credit_note_id and s.kind = 'credit_note'
    )
    select a.invoice_id, a.instalment_id, a.amount
    from taken a join invoices i using (invoice_id)
    where a.recorded_from <= known_at and known_at < a.recorded_to and not a.is_deleted
        and i.recorded_from <= known_at and known_at < i.recorded_to and not i.is_deleted
        and a.currency_code = i.currency_code
        and greatest(coalesce(a.allocated_date, a.date), a.date) <= as_of
    union all
    select invoice_id, instalment_id, amount
    from write_offs
    where recorded_from <= known_at and known_at < recorded_to and not is_deleted and write_off_date <= as_of;

create macro open_items(as_of, known_at) as table
    with reduced as materialized (select * from reductions(as_of, known_at)),
    own as (select instalment_id, sum(amount) as amount from reduced where instalment_id is not null group by all),
    pools as (select invoice_id, sum(amount) as amount from reduced where instalment_id is null group by all),
    balances as (
        select t.*, t.amount - coalesce(own.amount, 0) as balance
        from instalments_owed(as_of, known_at) t left join own using (instalment_id)
    ),
    -- what was paid on an invoice as a whole pays the instalment that is due first
    pooled as (
        select b.*, least(greatest(balance, 0), greatest(coalesce(pools.amount, 0) - coalesce(sum(greatest(balance, 0))
            over (partition by b.invoice_id order by due_date, instalment_id
                rows between unbounded preceding and 1 preceding), 0), 0)) as share
        from balances b join pools using (invoice_id)
    ),
    open as (
        select * exclude (share, balance), balance - share as open_amount from pooled
        union all
        select * exclude balance, balance from balances anti join pools using (invoice_id)
    )
    select *, as_of - due_date as days_past_due,
        case when as_of <= due_date then 'not_due' when as_of - due_date <= 30 then '1-30'
            when as_of - due_date <= 60 then '31-60' when as_of - due_date <= 90 then '61-90'
            when as_of - due_date <= 120 then '91-120' else '120+' end as bucket
    from open where open_amount > 0;
"""

AGING = """
    select company_id, currency_code, {by}, count(*) as open_items, sum(open_amount) as open_amount
    from open_items($as_of::date, $known_at::timestamptz) group by all
"""

KPIS = """
    with closing as materialized (select * from open_items($as_of::date, $known_at::timestamptz)),
    settled as materialized (select * from settlements($as_of::date, $known_at::timestamptz)),
    disputed as (
        select distinct invoice_id from disputes
        where recorded_from <= $known_at and $known_at < recorded_to and not is_deleted
            and opened_date <= $as_of and (resolved_date is null or resolved_date > $as_of)
    ),
    ar as (
        select company_id, currency_code, sum(open_amount) as ar,
            sum(open_amount) filter (days_past_due > 0) as past_due,
            coalesce(sum(open_amount) filter (disputed.invoice_id is not null), 0) as disputed
        from closing left join disputed using (invoice_id) group by all
    ),
    opening as (
        select company_id, currency_code, sum(open_amount) as opening
        from open_items($as_of::date - 90, $known_at::timestamptz) group by all
    ),
    invoiced as (
        select company_id, currency_code, sum(amount) as invoiced
        from instalments_owed($as_of::date, $known_at::timestamptz) where issue_date > $as_of::date - 90 group by all
    ),
    moved as (
        select company_id, currency_code,
            coalesce(sum(amount) filter (kind = 'credit_note' and date > $as_of::date - 90), 0) as credited,
            coalesce(sum(amount) filter (kind = 'payment' and date > $as_of::date - 90), 0) as received
        from settled group by all
    ),
    lost as (
        select i.company_id, i.currency_code, sum(w.amount) as written_off
        from write_offs w join invoices i using (invoice_id)
        where w.recorded_from <= $known_at and $known_at < w.recorded_to and not w.is_deleted
            and i.recorded_from <= $known_at and $known_at < i.recorded_to
            and w.write_off_date > $as_of::date - 90 and w.write_off_date <= $as_of
        group by all
    ),
    customers as (select company_id, currency_code, customer_id, sum(open_amount) as amount from closing group by all),
    ranked as (
        select *, row_number() over (partition by company_id, currency_code order by amount desc, customer_id) as place
        from customers
    ),
    concentration as (
        select company_id, currency_code, sum(amount) filter (place <= 10) as largest,
            sum(amount::double * amount::double) as squares
        from ranked group by all
    ),
    measures as (
        select *, invoiced - credited as sales, ar - past_due as current
        from ar left join opening using (company_id, currency_code) left join invoiced using (company_id, currency_code)
            left join moved using (company_id, currency_code) left join lost using (company_id, currency_code)
            left join concentration using (company_id, currency_code)
    ),
    wide as (
        select company_id, currency_code,
            90 * ar / sales as dso_simple_90d, 90 * ar / invoiced as dso_simple_gross_sales_90d,
            90 * (opening + ar) / 2 / sales as dso_average_90d, 90 * current / sales as best_possible_dso_90d,
            90 * past_due / sales as average_days_delinquent_90d,
            100 * (opening + sales / 3 - ar) / (opening + sales / 3 - current) as cei_monthly_average_90d,
            100 * (opening + sales - ar) / (opening + sales - current) as cei_whole_period_90d,
            sales / ((opening + ar) / 2) as ar_turnover_90d, 100 * past_due / ar as past_due_pct,
            100 * disputed / ar as disputed_pct, 100 * coalesce(written_off, 0) / sales as write_off_pct_90d,
            100 * largest / ar as top_10_share_pct, 10000 * squares / (ar::double * ar::double) as hhi
        from measures
    )
    unpivot wide on columns(* exclude (company_id, currency_code)) into name kpi value value
"""

LEDGER = """
create or replace table ledger as
with items as (
    select t.instalment_id, i.invoice_id, i.company_id, i.customer_id, i.currency_code, i.issue_date, t.due_date,
        t.amount, greatest(t.recorded_from, i.recorded_from) as recorded_from,
        least(t.recorded_to, i.recorded_to) as recorded_to
    from instalments t join invoices i
        on t.invoice_id = i.invoice_id and t.recorded_from < i.recorded_to and i.recorded_from < t.recorded_to
    where not t.is_deleted and not i.is_deleted
),
settled as (
    select payment_id as id, 'received' as entry_type, company_id, customer_id, currency_code, received_date as date,
        amount, recorded_from, recorded_to
    from payments where not is_deleted and status <> 'cancelled'
    union all
    select credit_note_id, 'credit_noted', company_id, customer_id, currency_code, issue_date, total_amount,
        recorded_from, recorded_to
    from credit_notes where not is_deleted
),
taken as (
    select 'applied' as entry_type, s.id, s.date, s.currency_code as paid_currency,
        a.* exclude (recorded_from, recorded_to),
        greatest(a.recorded_from, s.recorded_from) as recorded_from, least(a.recorded_to, s.recorded_to) as recorded_to
    from allocations a join settled s on s.id = a.payment_id and s.entry_type = 'received'
    union all
    select 'credited', s.id, s.date, s.currency_code, a.* exclude (recorded_from, recorded_to),
        greatest(a.recorded_from, s.recorded_from), least(a.recorded_to, s.recorded_to)
    from allocations a join settled s on s.id = a.credit_note_id and s.entry_type = 'credit_noted'
),
applied as (
    select a.entry_type, a.id, a.invoice_id, a.instalment_id, i.company_id, i.customer_id, i.currency_code, a.amount,
        greatest(coalesce(a.allocated_date, a.date), a.date) as date,
        greatest(a.recorded_from, i.recorded_from) as recorded_from,
        least(a.recorded_to, i.recorded_to) as recorded_to
    from taken a join invoices i using (invoice_id)
    where not a.is_deleted and not i.is_deleted and a.paid_currency = i.currency_code
        and a.recorded_from < a.recorded_to and a.recorded_from < i.recorded_to and i.recorded_from < a.recorded_to
)
select 'invoiced' as entry_type, instalment_id as item_id, company_id, customer_id, invoice_id, currency_code, amount,
    issue_date as effective_date, recorded_from, recorded_to
from items
union all
select entry_type, id, company_id, customer_id, null, currency_code, -amount, date, recorded_from, recorded_to
from settled
union all
select entry_type, instalment_id, company_id, customer_id, invoice_id, currency_code, -amount, date,
    recorded_from, recorded_to
from applied
union all
select entry_type, id, company_id, customer_id, invoice_id, currency_code, amount, date, recorded_from, recorded_to
from applied
union all
select 'written_off', w.instalment_id, i.company_id, i.customer_id, w.invoice_id, i.currency_code, -w.amount,
    w.write_off_date, greatest(w.recorded_from, i.recorded_from), least(w.recorded_to, i.recorded_to)
from write_offs w join invoices i
    on i.invoice_id = w.invoice_id and w.recorded_from < i.recorded_to and i.recorded_from < w.recorded_to
where not w.is_deleted and not i.is_deleted
"""

SUMS = """
    select company_id, currency_code, entry_type, sum(amount) as amount from {entries}
    where effective_date <= {as_of} and recorded_from <= {known_at} and recorded_to > {known_at}
    group by company_id, currency_code, entry_type having sum(amount) <> 0
"""

Answer = dict[tuple[str, ...], Any]


class Yardstick:
    """A DuckDB database beside Parquet files of all raw versions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "yardstick.duckdb").unlink(missing_ok=True)
        self.connection = duckdb.connect(str(folder / "yardstick.duckdb"))
        self.connection.execute("set threads = 2; set timezone = 'UTC'; set memory_limit = '8GB'")

    def export(self) -> None:
        """Parquet files of what is in raw now, one per entity; views of the same names."""
        with transaction(Role.admin) as connection, connection.cursor() as cursor:
            for entity in ENTITIES:
                cursor.execute(
                    "select column_name, data_type, numeric_precision, numeric_scale from information_schema.columns"
                    " where table_schema = 'raw_files' and table_name = %s order by ordinal_position",
                    [entity],
                )
                columns = {
                    name: f"decimal({precision}, {scale})" if kind == "numeric" else TYPES.get(kind, kind)
                    for name, kind, precision, scale in cursor.fetchall()
                }
                path, parquet = self.folder / f"{entity}.csv", self.folder / f"{entity}.parquet"
                with path.open("wb") as file:
                    cursor.copy_expert(f"copy raw_files.{entity} to stdout with (format csv)", file, size=1 << 20)
                self.connection.execute(
                    f"copy (from read_csv('{path}', header = false, columns = {columns})) to '{parquet}'"
                )
                self.connection.execute(f"create or replace view {entity} as from '{parquet}'")
                path.unlink()

    def prepare(self) -> None:
        for statement in BALANCES.split(";\n"):
            if statement.strip():
                self.connection.execute(statement)

    def aging(self, as_of: dt.date, known_at: dt.datetime, by: str) -> Answer:
        rows = self._ask(AGING.format(by="'big:' || customer_id" if by == "customer" else by), as_of, known_at)
        return {(company, currency, group): (items, amount) for company, currency, group, items, amount in rows}

    def kpis(self, as_of: dt.date, known_at: dt.datetime) -> Answer:
        return {tuple(row[:3]): row[3] for row in self._ask(KPIS, as_of, known_at)}

    def build(self, as_of: dt.date, known_at: dt.datetime) -> None:
        """The ledger with both clocks, the open items, aging and KPIs as tables."""
        self.connection.execute(LEDGER)
        values = {"as_of": as_of, "known_at": known_at}
        self.connection.execute(
            "create or replace table open_items_now as from open_items($as_of::date, $known_at::timestamptz)", values
        )
        self.connection.execute(
            "create or replace table aging as select company_id, currency_code, customer_id, bucket, count(*) as items,"
            " sum(open_amount) as amount from open_items_now group by all"
        )
        self.connection.execute(f"create or replace table kpis as {KPIS}", values)

    def ledger(self, as_of: dt.date, known_at: dt.datetime) -> Answer:
        query = SUMS.format(entries="ledger", as_of="$as_of", known_at="$known_at")
        return {tuple(row[:3]): row[3] for row in self._ask(query, as_of, known_at)}

    def _ask(self, query: str, as_of: dt.date, known_at: dt.datetime) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, {"as_of": as_of, "known_at": known_at}).fetchall()


def differences(ours: Answer, theirs: Answer, tolerance: float = 0) -> list[str]:
    """What the two don't agree on: a missing row, or another figure."""
    found = [f"{key}: only one of the two has it" for key in sorted(ours.keys() ^ theirs.keys())]
    for key in ours.keys() & theirs.keys():
        one, other = ours[key], theirs[key]
        same = abs(float(one) - float(other)) <= tolerance * max(1, abs(float(one))) if tolerance else one == other
        if not same:
            found.append(f"{key}: {one} is not {other}")
    return found
