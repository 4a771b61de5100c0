"""The KPIs of contacts by policy or channel: whom each of them reached, and its part of the cost of collecting."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Identifier

from cartera.warehouse import metrics, read

By = Literal["policy", "channel"]
GROUPS: dict[By, tuple[str, ...]] = {"policy": ("policy_name",), "channel": ("channel",)}


def group(by: str) -> tuple[str, ...]:
    """The columns of GROUPS, none for anything else."""
    return next((columns for name, columns in GROUPS.items() if name == by), ())


def kpis(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    by: By,
    window_days: int | None = None,
    view: read.View = "transaction",
) -> list[read.Row]:
    """company_id, currency_code, GROUPS[by], kpi, value, numerator, denominator, reason: as `metrics.kpis`.

    Rates are of each group's own accounts and answers; a customer contacted by two channels is an account of both.
    What came in is the company's, so that the costs of the groups add up to its cost to collect.
    """
    (column,) = GROUPS[by]
    query = SQL(_KPIS).format(column=Identifier(column), window=metrics.WINDOW if window_days else metrics.NO_WINDOW)
    return read.rows(connection, query, {"as_of": as_of, "known_at": known_at, "window": window_days, "view": view})


_KPIS = """
with contacts as (
    select company_id, currency_code, {column},
        count(distinct customer_id) as attempted,
        count(distinct customer_id) filter (where is_answered) as reached,
        count(is_right_party) as known,
        count(*) filter (where is_right_party) as right_party,
        case when bool_or(has_cost) and not bool_or(has_cost and cost_amount is null) then sum(cost_amount) end as cost,
        coalesce(min(missing_cost), 'no contact that went out in the window has a recorded cost') as missing_cost
    from serve.contacts_valued(%(as_of)s, %(known_at)s, {window}p_view => %(view)s)
    group by company_id, currency_code, {column}
),
whole as (
    select company_id, currency_code, kpi, denominator, reason
    from serve.kpis(%(as_of)s, %(known_at)s, {window}p_view => %(view)s)
),
figures as (
    select contacts.*, kpi, part.*, whole.reason as reason_of_whole
    from contacts join whole using (company_id, currency_code)
    cross join lateral (values
        ('contact_rate_pct', 100, reached, attempted::numeric, null),
        ('right_party_contact_pct', 100, right_party, known, 'no contact of the window has a record of who answered'),
        ('cost_to_collect', 1, cost, whole.denominator, 'nothing was received in the window'),
        ('cost_per_payment', 1, cost, whole.denominator, 'nothing was received in the window')
    ) as part (name, factor, numerator, denominator, without)
    where kpi ~ ('^' || part.name || '_[0-9]+d$')
)
select company_id, currency_code, {column}, kpi,
    (case when denominator > 0 then factor * numerator / denominator end)::numeric(24, 6) as value,
    numerator::numeric(24, 6) as numerator, denominator::numeric(24, 6) as denominator,
    case
        when numerator is null then missing_cost
        when denominator is null then reason_of_whole
        when denominator <= 0 then without
    end as reason
from figures
"""
