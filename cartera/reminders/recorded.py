"""What was recorded at the desk, laid over what is published: law 8 waits for no run.

A promise, a plan or a dispute stops reminders from the moment it is recorded. One that was withdrawn stops them until
the next run has told the warehouse: the careful way round.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from psycopg2.extensions import connection as Connection

from cartera.reminders.model import Item
from cartera.warehouse.read import rows

LOOKS_BACK_DAYS = 366
"""No policy has a longer grace than that for a promise whose day has passed."""


@dataclass(frozen=True)
class Agreement:
    """A dispute (`promised_date` None), or a promise alone or as a part of a plan. `item_ids` empty: all items of the
    company and currency."""

    kind: str
    reference: str
    company_id: str
    currency_code: str
    item_ids: frozenset[str]
    since: dt.date
    by: str | None
    promised_date: dt.date | None = None

    def covers(self, item: Item) -> bool:
        return (
            (self.company_id, self.currency_code) == (item.company_id, item.currency_code)
            and not item.is_credit
            and (not self.item_ids or item.item_id in self.item_ids)
        )

    def __str__(self) -> str:
        until = f", to be paid by {self.promised_date}" if self.promised_date else ""
        return (
            f"{self.kind} {self.reference[:8]}, recorded at the desk by {self.by or 'somebody'} on {self.since}{until}"
        )


def agreements(
    connection: Connection, as_of: dt.date, customer_ids: Iterable[str] | None = None
) -> dict[str, tuple[Agreement, ...]]:
    """What holds now, by customer; of all customers or those named."""
    bound = {
        "ids": list(customer_ids) if customer_ids is not None else None,
        "since": as_of - dt.timedelta(days=LOOKS_BACK_DAYS),
    }
    found: dict[str, tuple[Agreement, ...]] = {}
    for row in rows(connection, _AGREEMENTS, bound):
        customer_id, items = row.pop("customer_id"), frozenset(row.pop("item_ids"))
        found[customer_id] = (*found.get(customer_id, ()), Agreement(item_ids=items, **row))
    return found


_AGREEMENTS = """
with recorded as (
    select 'dispute' as kind, 'dispute' as thing, dispute_id::text as reference, customer_id, company_id,
        currency_code, item_ids, opened_date as since, null::date as promised_date
    from ops.desk_disputes
    where resolved_date is null and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
    union all
    select case when plan_id is null then 'promise' else 'plan' end,
        case when plan_id is null then 'promise' else 'plan' end, coalesce(plan_id, promise_id)::text, customer_id,
        company_id, currency_code, item_ids, made_date, promised_date
    from ops.desk_promises
    where not is_cancelled and promised_date >= %(since)s
        and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
)
select r.kind, r.reference, r.customer_id, r.company_id, r.currency_code, r.item_ids, r.since, r.promised_date,
    a.acted_by as by
from recorded as r
left join ops.desk_actions as a on a.thing = r.thing and a.thing_id = r.reference and a.version = 1
order by r.customer_id, reference, promised_date
"""


def laid_over(companies: Mapping[str, Sequence[Item]], agreed: Sequence[Agreement]) -> dict[str, list[Item]]:
    """A customer's items by company, disputed and promised as the desk knows it."""
    return {company_id: [_over(item, agreed) for item in items] for company_id, items in companies.items()}


def _over(item: Item, agreed: Sequence[Agreement]) -> Item:
    for each in agreed:
        if not each.covers(item):
            continue
        if each.promised_date is None:
            item = item._replace(is_disputed=True, because=str(each))
        elif item.promised_date is None or item.promised_date <= each.promised_date:
            because = item.because if item.is_disputed else str(each)
            item = item._replace(promised_date=each.promised_date, because=because)
    return item


def counts(connection: Connection, customer_ids: Sequence[str]) -> dict[str, int]:
    """How many actions were recorded about each customer so far: a number that grows with every one of them."""
    query = "select customer_id, actions from ops.desk_files where customer_id = any(%(ids)s)"
    return {row["customer_id"]: row["actions"] for row in rows(connection, query, {"ids": list(customer_ids)})}
