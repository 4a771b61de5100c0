"""Promises to pay: made, and withdrawn before their day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from cartera.desk import checked
from cartera.desk.journal import Asked, Desk, Done, act, require_seen
from cartera.desk.model import Actor, Promise
from cartera.desk.rights import require_company
from cartera.errors import ConfigError
from cartera.warehouse.read import Row, rows


def promise(
    actor: Actor,
    action_id: str,
    customer_id: str,
    company_id: str,
    currency_code: str,
    amount: Decimal,
    promised_date: dt.date,
    *,
    item_ids: Sequence[str] = (),
    note: str = "",
    seen: int | None = None,
) -> Promise:
    """The customer will pay an amount by a day: for some items, or for all that it owes in the currency.

    `seen`: the version of the customer's file. Raises NotAllowed, Conflict, ConfigError.
    """
    amount = checked.amount(amount, currency_code)
    note = checked.words(note, "note")
    values = {
        "currency": currency_code, "amount": amount, "date": promised_date, "items": list(item_ids), "note": note,
    }  # fmt: skip
    asked = Asked(actor, action_id, "promise", customer_id, values, company_id, seen)
    return act(asked, Promise, lambda desk: _promise(desk, currency_code, amount, promised_date, item_ids, note))


def _promise(
    desk: Desk, currency_code: str, amount: Decimal, promised_date: dt.date, item_ids: Sequence[str], note: str
) -> Done[Promise]:
    company_id = desk.asked.company_id
    assert company_id is not None
    meant = checked.covered(desk, company_id, currency_code, item_ids, amount)
    made = Promise(
        promise_id=desk.asked.action_id,
        version=1,
        customer_id=desk.asked.customer_id,
        company_id=company_id,
        currency_code=currency_code,
        amount=amount,
        made_date=desk.day,
        promised_date=checked.future_day(promised_date, desk),
        item_ids=meant.item_ids,
        note=note,
        is_cancelled=False,
        plan_id=None,
        by=desk.by,
        at=desk.at,
    )
    add(desk, made, meant)
    return Done(made.promise_id, 1, made)


def add(desk: Desk, made: Promise, meant: checked.Covered) -> None:
    bound = {
        **{name: getattr(made, name) for name in ("promise_id", "plan_id", "customer_id", "company_id", "currency_code",
                                                  "amount", "made_date", "promised_date", "note")},
        "item_ids": list(meant.item_ids), "invoice_ids": meant.invoice_ids, "invoice_amounts": meant.split(made.amount),
        "invoice_item_ids": meant.invoice_item_ids,
    }  # fmt: skip
    rows(desk.connection, _ADD, bound)


_ADD = """
insert into ops.desk_promises (
    promise_id, plan_id, customer_id, company_id, currency_code, promised_amount, made_date, promised_date, note,
    item_ids, invoice_ids, invoice_amounts, invoice_item_ids
) values (
    %(promise_id)s::uuid, %(plan_id)s::uuid, %(customer_id)s, %(company_id)s, %(currency_code)s, %(amount)s,
    %(made_date)s, %(promised_date)s, %(note)s, %(item_ids)s::text[], %(invoice_ids)s::text[],
    %(invoice_amounts)s::numeric[], %(invoice_item_ids)s::text[]
) returning promise_id
"""


def cancel_promise(
    actor: Actor, action_id: str, customer_id: str, promise_id: str, *, seen: int, note: str = ""
) -> Promise:
    """It no longer holds, and is neither kept nor broken. After its day it is one of the two, for good.

    `seen`: the version of the promise. Raises NotAllowed, Conflict, ConfigError.
    """
    note = checked.words(note, "note")
    values = {"promise_id": promise_id, "seen": seen, "note": note}
    asked = Asked(actor, action_id, "cancel_promise", customer_id, values)
    return act(asked, Promise, lambda desk: _cancel(desk, promise_id, seen, note))


def _cancel(desk: Desk, promise_id: str, seen: int, note: str) -> Done[Promise]:
    before = _promise_of(desk, promise_id)
    require_company(desk.asked.actor, before.company_id)
    require_seen(desk, promise_id, before.version, seen)
    if before.plan_id:
        raise ConfigError("this promise is a part of a plan", "cancel the plan")
    if before.is_cancelled:
        raise ConfigError("this promise is cancelled already", "see `cartera desk file`")
    if before.promised_date < desk.day:
        raise ConfigError(f"its day was {before.promised_date}: it is kept or broken", "record a new promise")
    after = replace(
        before, version=seen + 1, is_cancelled=True, note=note or before.note, by=desk.by, at=desk.at
    )  # fmt: skip
    bound = {"id": promise_id, "version": after.version, "note": after.note}
    rows(desk.connection, _CANCEL, bound)
    return Done(promise_id, after.version, after, before)


_CANCEL = """
update ops.desk_promises set is_cancelled = true, version = %(version)s, note = %(note)s
where promise_id = %(id)s::uuid returning promise_id
"""


def _promise_of(desk: Desk, promise_id: str) -> Promise:
    query = PROMISES + " and p.promise_id::text = %(promise)s"
    found = rows(desk.connection, query, {"id": desk.asked.customer_id, "promise": promise_id})
    if not found:
        raise ConfigError(f"{desk.asked.customer_id!r} has no promise {promise_id!r}", "see `cartera desk file`")
    return as_promise(found[0])


def as_promise(row: Row) -> Promise:
    return Promise(**row | {"item_ids": tuple(row["item_ids"])})


PROMISES = """
select p.promise_id::text as promise_id, p.version, p.customer_id, p.company_id, p.currency_code,
    p.promised_amount as amount, p.made_date, p.promised_date, p.item_ids, p.note, p.is_cancelled,
    p.plan_id::text as plan_id, coalesce(a.acted_by, 'erased') as by,
    coalesce(a.acted_at, p.made_date) as at
from ops.desk_promises as p
left join ops.desk_actions as a
    on a.thing = case when p.plan_id is null then 'promise' else 'plan' end
    and a.thing_id = coalesce(p.plan_id, p.promise_id)::text and a.version = p.version
where p.customer_id = %(id)s
"""
