"""Disputes: what a customer contests, until somebody has decided it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from cartera.desk import checked
from cartera.desk.journal import Asked, Desk, Done, act, require_seen
from cartera.desk.model import Actor, Dispute
from cartera.desk.rights import require_company
from cartera.errors import ConfigError
from cartera.warehouse.read import Row, rows


def dispute(
    actor: Actor,
    action_id: str,
    customer_id: str,
    company_id: str,
    currency_code: str,
    *,
    item_ids: Sequence[str] = (),
    amount: Decimal | None = None,
    reason: str,
    note: str = "",
    seen: int | None = None,
) -> Dispute:
    """The customer contests some items, or all that it owes in the currency; `amount`: only so much of them.

    `seen`: the version of the customer's file. Raises NotAllowed, Conflict, ConfigError.
    """
    if amount is not None:
        amount = checked.amount(amount, currency_code)
    reason, note = checked.words(reason, "reason", is_needed=True), checked.words(note, "note")
    values = {"currency": currency_code, "items": list(item_ids), "amount": amount, "reason": reason, "note": note}
    asked = Asked(actor, action_id, "dispute", customer_id, values, company_id, seen)
    return act(asked, Dispute, lambda desk: _open(desk, currency_code, item_ids, amount, reason, note))


def _open(
    desk: Desk, currency_code: str, item_ids: Sequence[str], amount: Decimal | None, reason: str, note: str
) -> Done[Dispute]:
    company_id = desk.asked.company_id
    assert company_id is not None
    meant = checked.covered(desk, company_id, currency_code, item_ids, amount, all_items=True)
    opened = Dispute(
        dispute_id=desk.asked.action_id,
        version=1,
        customer_id=desk.asked.customer_id,
        company_id=company_id,
        currency_code=currency_code,
        item_ids=meant.item_ids,
        amount=amount,
        reason=reason,
        note=note,
        opened_date=desk.day,
        resolved_date=None,
        resolution="",
        by=desk.by,
        at=desk.at,
    )
    bound = {
        "id": opened.dispute_id, "customer": opened.customer_id, "company": company_id, "currency": currency_code,
        "items": list(meant.item_ids), "invoices": meant.invoice_ids, "invoice_items": meant.invoice_item_ids,
        "amount": amount, "reason": reason, "note": note, "day": desk.day,
    }  # fmt: skip
    rows(desk.connection, _ADD, bound)
    return Done(opened.dispute_id, 1, opened)


_ADD = """
insert into ops.desk_disputes (
    dispute_id, customer_id, company_id, currency_code, item_ids, invoice_ids, invoice_item_ids, disputed_amount,
    reason, note, opened_date
) values (
    %(id)s::uuid, %(customer)s, %(company)s, %(currency)s, %(items)s::text[], %(invoices)s::text[],
    %(invoice_items)s::text[], %(amount)s, %(reason)s, %(note)s, %(day)s
) returning dispute_id
"""


def close_dispute(
    actor: Actor, action_id: str, customer_id: str, dispute_id: str, *, seen: int, resolution: str
) -> Dispute:
    """It is decided; what is owed is asked for again. `seen`: the version of the dispute.

    Raises NotAllowed, Conflict, ConfigError.
    """
    resolution = checked.words(resolution, "resolution", is_needed=True)
    values = {"dispute_id": dispute_id, "seen": seen, "resolution": resolution}
    asked = Asked(actor, action_id, "close_dispute", customer_id, values)
    return act(asked, Dispute, lambda desk: _close(desk, dispute_id, seen, resolution))


def _close(desk: Desk, dispute_id: str, seen: int, resolution: str) -> Done[Dispute]:
    query = DISPUTES + " and d.dispute_id::text = %(dispute)s"
    found = rows(desk.connection, query, {"id": desk.asked.customer_id, "dispute": dispute_id})
    if not found:
        raise ConfigError(f"{desk.asked.customer_id!r} has no dispute {dispute_id!r}", "see `cartera desk file`")
    before = as_dispute(found[0])
    require_company(desk.asked.actor, before.company_id)
    require_seen(desk, dispute_id, before.version, seen)
    if before.resolved_date is not None:
        raise ConfigError(f"this dispute was closed on {before.resolved_date}", "record a new one")
    # a day later here may be a day earlier there: it does not end before it began
    day: dt.date = max(desk.day, before.opened_date)
    after = replace(
        before, version=seen + 1, resolved_date=day, resolution=resolution, by=desk.by, at=desk.at
    )  # fmt: skip
    rows(desk.connection, _CLOSE, {"id": dispute_id, "version": after.version, "day": day, "resolution": resolution})
    return Done(dispute_id, after.version, after, before)


_CLOSE = """
update ops.desk_disputes set resolved_date = %(day)s, resolution = %(resolution)s, version = %(version)s
where dispute_id = %(id)s::uuid returning dispute_id
"""


def as_dispute(row: Row) -> Dispute:
    return Dispute(**row | {"item_ids": tuple(row["item_ids"])})


DISPUTES = """
select d.dispute_id::text as dispute_id, d.version, d.customer_id, d.company_id, d.currency_code, d.item_ids,
    d.disputed_amount as amount, d.reason, d.note, d.opened_date, d.resolved_date, d.resolution,
    coalesce(a.acted_by, 'erased') as by,
    coalesce(a.acted_at, d.resolved_date, d.opened_date) as at
from ops.desk_disputes as d
left join ops.desk_actions as a on a.thing = 'dispute' and a.thing_id = d.dispute_id::text and a.version = d.version
where d.customer_id = %(id)s
"""
