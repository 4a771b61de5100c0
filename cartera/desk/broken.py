"""Plans that were not kept end by themselves: what is left of them silences no reminder."""

from __future__ import annotations

import logging
import uuid
from decimal import Decimal

from cartera.db import Role, transaction
from cartera.desk.journal import Asked, act
from cartera.desk.model import Actor, Plan, Shortfall
from cartera.desk.plans import end
from cartera.errors import ConfigError, Conflict, NotAllowed
from cartera.money import plain
from cartera.warehouse import read
from cartera.warehouse.read import Row, rows
from cartera.warehouse.variables import number

log = logging.getLogger(__name__)
CARTERA = Actor("cartera", "administrator")


def end_broken_plans() -> int:
    """Judged by what is published: a plan of which less was paid than had come due, and its days of grace. How many.

    One that can't be ended is logged, and judged again after the next run: it stops neither the others nor the run.
    """
    with transaction(Role.desk) as connection:
        published = read.publication(connection)
        bound = {
            "as_of": published.as_of_date,
            "known_at": published.known_at,
            "grace": number("promise_grace_days"),
        }
        broken = rows(connection, _BROKEN, bound)
    return sum(_end(row) for row in broken)


def _end(row: Row) -> bool:
    paid, due = (Decimal(plain(row[name], row["currency_code"])) for name in ("paid_amount", "due_amount"))
    shortfall = Shortfall(paid, due, row["due_date"])
    action_id = str(uuid.uuid5(uuid.UUID(row["plan_id"]), f"broken, version {row['version']}"))
    asked = Asked(CARTERA, action_id, "break_plan", row["customer_id"], {"plan_id": row["plan_id"]})
    try:
        act(asked, Plan, lambda desk: end(desk, row["plan_id"], row["version"], shortfall=shortfall))
    except Conflict:
        # somebody changed it just now: they have seen it
        return False
    except (ConfigError, NotAllowed) as error:
        log.warning("the plan %s is broken, and could not be ended: %s", row["plan_id"], error)
        return False
    return True


# as the KPI of promises judges: money applied to the items, or to their invoices as a whole, since the plan was made
_BROKEN = """
with plans as (
    select p.plan_id, p.version, p.customer_id, p.company_id, p.currency_code, p.made_date, p.item_ids,
        sum(part.promised_amount) as due_amount, max(part.promised_date) as due_date
    from ops.desk_plans as p
    join ops.desk_promises as part using (plan_id)
    where not p.is_cancelled and part.promised_date + %(grace)s < %(as_of)s
        and exists (
            select from ops.desk_promises as later
            where later.plan_id = p.plan_id and later.promised_date >= %(as_of)s
        )
    group by p.plan_id
), families as (
    select distinct plans.plan_id,
        case item.item_type when 'instalment' then 'invoice:' || item.invoice_id else item.item_id end as family_id
    from plans
    join serve.dim_items as item on item.customer_id = plans.customer_id
    where item.item_type = 'instalment' and plans.item_ids = '{}'
        or item.item_type in ('instalment', 'chargeback') and item.item_id = any(plans.item_ids)
), paid as (
    select plans.plan_id, coalesce(sum(-entry.amount), 0) as paid_amount
    from plans
    left join families using (plan_id)
    left join serve.fct_ledger_entries as entry
        on entry.family_id = families.family_id and entry.customer_id = plans.customer_id
            and entry.company_id = plans.company_id and entry.currency_code = plans.currency_code
            and (entry.entry_type, entry.item_type)
                in (('applied', 'instalment'), ('chargeback_reversed', 'chargeback'))
            and (plans.item_ids = '{}' or entry.item_id is null or entry.item_id = any(plans.item_ids))
            and entry.effective_date between plans.made_date and %(as_of)s
            and entry.recorded_from <= %(known_at)s and entry.recorded_to > %(known_at)s
    group by plans.plan_id
)
select plan_id::text as plan_id, version, customer_id, currency_code, due_amount, due_date, paid_amount
from plans join paid using (plan_id)
where paid_amount < due_amount
order by plan_id
"""
