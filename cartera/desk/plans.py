"""Payment plans: an agreed series of promises, which changes as a whole."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from pydantic import TypeAdapter

from cartera.desk import checked, promises
from cartera.desk.journal import Asked, Desk, Done, act, require_seen
from cartera.desk.model import Actor, Part, Plan, Promise, Shortfall
from cartera.desk.rights import require_company
from cartera.errors import ConfigError
from cartera.warehouse.read import Row, rows

MOST_PARTS = 120


def plan(
    actor: Actor,
    action_id: str,
    customer_id: str,
    company_id: str,
    currency_code: str,
    parts: Sequence[tuple[dt.date, Decimal]],
    *,
    item_ids: Sequence[str] = (),
    note: str = "",
    seen: int | None = None,
) -> Plan:
    """The customer will pay in parts. While each is paid by its day, reminders keep silent until the last.

    `seen`: the version of the customer's file. Raises NotAllowed, Conflict, ConfigError.
    """
    ordered = tuple((day, checked.amount(amount, currency_code)) for day, amount in sorted(parts))
    if not 2 <= len(ordered) <= MOST_PARTS:
        raise ConfigError(f"a plan has from 2 to {MOST_PARTS} parts", "one part is a promise")
    if len({day for day, _ in ordered}) < len(ordered):
        raise ConfigError("two parts are due on the same day", "make them one")
    note = checked.words(note, "note")
    values = {"currency": currency_code, "parts": ordered, "items": list(item_ids), "note": note}
    asked = Asked(actor, action_id, "plan", customer_id, values, company_id, seen)
    return act(asked, Plan, lambda desk: _plan(desk, currency_code, ordered, item_ids, note))


def _plan(
    desk: Desk, currency_code: str, parts: Sequence[tuple[dt.date, Decimal]], item_ids: Sequence[str], note: str
) -> Done[Plan]:
    plan_id, company_id = desk.asked.action_id, desk.asked.company_id
    assert company_id is not None
    whole = sum((amount for _, amount in parts), Decimal(0))
    meant = checked.covered(desk, company_id, currency_code, item_ids, whole)
    made = Plan(
        plan_id=plan_id,
        version=1,
        customer_id=desk.asked.customer_id,
        company_id=company_id,
        currency_code=currency_code,
        made_date=desk.day,
        parts=tuple(
            Part(str(uuid.uuid5(uuid.UUID(plan_id), str(number))), checked.future_day(day, desk, most), amount)
            for number, (day, amount) in enumerate(parts, 1)
            for most in (checked.MOST_PLAN_DAYS,)
        ),
        item_ids=meant.item_ids,
        note=note,
        is_cancelled=False,
        by=desk.by,
        at=desk.at,
    )
    bound = {
        "id": plan_id, "customer": made.customer_id, "company": company_id, "currency": currency_code,
        "made": made.made_date, "items": list(meant.item_ids), "note": note,
    }  # fmt: skip
    rows(desk.connection, _ADD, bound)
    left = meant
    for part in made.parts:
        promises.add(desk, _promise(made, part), left)
        left = left.less(part.amount)
    return Done(plan_id, 1, made)


def _promise(made: Plan, part: Part) -> Promise:
    return Promise(
        promise_id=part.promise_id,
        version=made.version,
        customer_id=made.customer_id,
        company_id=made.company_id,
        currency_code=made.currency_code,
        amount=part.amount,
        made_date=made.made_date,
        promised_date=part.promised_date,
        item_ids=made.item_ids,
        note="",
        is_cancelled=False,
        plan_id=made.plan_id,
        by=made.by,
        at=made.at,
    )


_ADD = """
insert into ops.desk_plans (plan_id, customer_id, company_id, currency_code, made_date, item_ids, note)
values (%(id)s::uuid, %(customer)s, %(company)s, %(currency)s, %(made)s, %(items)s::text[], %(note)s)
returning plan_id
"""


def cancel_plan(actor: Actor, action_id: str, customer_id: str, plan_id: str, *, seen: int, note: str = "") -> Plan:
    """It no longer holds. Parts whose day has passed stay kept or broken; the others are withdrawn.

    `seen`: the version of the plan. Raises NotAllowed, Conflict, ConfigError.
    """
    note = checked.words(note, "note")
    asked = Asked(actor, action_id, "cancel_plan", customer_id, {"plan_id": plan_id, "seen": seen, "note": note})
    return act(asked, Plan, lambda desk: end(desk, plan_id, seen, note))


def end(desk: Desk, plan_id: str, seen: int, note: str = "", shortfall: Shortfall | None = None) -> Done[Plan]:
    """Withdraw the parts whose day has not passed. `shortfall`: of one that was not kept."""
    found = plans_of(desk, plan_id)
    if not found:
        raise ConfigError(f"{desk.asked.customer_id!r} has no plan {plan_id!r}", "see `cartera desk file`")
    before = found[0]
    require_company(desk.asked.actor, before.company_id)
    require_seen(desk, plan_id, before.version, seen)
    if before.is_cancelled:
        raise ConfigError("this plan is cancelled already", "see `cartera desk file`")
    after = replace(
        before,
        version=seen + 1,
        is_cancelled=True,
        note=note or before.note,
        shortfall=shortfall,
        by=desk.by,
        at=desk.at,
    )
    bound = {"id": plan_id, "version": after.version, "note": after.note, "day": desk.day}
    rows(desk.connection, _CANCEL, bound)
    rows(desk.connection, _CANCEL_PARTS, bound)
    return Done(plan_id, after.version, after, before)


_CANCEL = """
update ops.desk_plans set is_cancelled = true, version = %(version)s, note = %(note)s
where plan_id = %(id)s::uuid returning plan_id
"""
_CANCEL_PARTS = """
update ops.desk_promises set is_cancelled = promised_date >= %(day)s, version = %(version)s
where plan_id = %(id)s::uuid returning promise_id
"""


def plans_of(desk: Desk, plan_id: str) -> list[Plan]:
    bound = {"id": desk.asked.customer_id, "plan": plan_id}
    return [as_plan(row) for row in rows(desk.connection, PLANS + " and p.plan_id::text = %(plan)s", bound)]


def as_plan(row: Row) -> Plan:
    parts = tuple(
        Part(each["promise_id"], dt.date.fromisoformat(each["promised_date"]), Decimal(each["amount"]))
        for each in row["parts"]
    )
    shortfall = row["shortfall"] and _SHORTFALL.validate_python(row["shortfall"])
    return Plan(**row | {"parts": parts, "item_ids": tuple(row["item_ids"]), "shortfall": shortfall})


_SHORTFALL = TypeAdapter(Shortfall)


# of an erased customer the journal tells nothing more; what was agreed holds on all the same, and can be ended
PLANS = """
select p.plan_id::text as plan_id, p.version, p.customer_id, p.company_id, p.currency_code, p.made_date, p.item_ids,
    p.note, p.is_cancelled, coalesce(a.acted_by, 'erased') as by,
    coalesce(a.acted_at, p.made_date) as at, a.after -> 'shortfall' as shortfall, (
        select json_agg(json_build_object(
            'promise_id', promise_id, 'promised_date', promised_date, 'amount', promised_amount::text
        ) order by promised_date)
        from ops.desk_promises as part where part.plan_id = p.plan_id
    ) as parts
from ops.desk_plans as p
left join ops.desk_actions as a on a.thing = 'plan' and a.thing_id = p.plan_id::text and a.version = p.version
where p.customer_id = %(id)s
"""
