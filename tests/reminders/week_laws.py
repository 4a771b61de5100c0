"""The laws, asked of every message that arrived by readers that share no code with what sends. Each breach raises."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from reminder_world import query
from support.naive_rules import read_packs, refusals
from week_books import truth
from week_gateways import SOURCES
from week_till import WeekTill

from cartera.reminders.audit import verify
from cartera.sandbox.mailbox.store import StoredMessage

KINDS = {"Empresa": True, "Persona natural": False}
"""What the sandbox says of a customer."""


class Laws:
    """`customers`: how many messages each has had."""

    def __init__(self, till: WeekTill) -> None:
        self.packs, self.till = read_packs(), till
        self.seen: set[str] = set()
        self.told: set[tuple[Any, ...]] = set()
        self.history: dict[str, list[dict[str, Any]]] = {}
        self.customers: Counter[str] = Counter()
        self.looked_at = 0

    def look(self, messages: Iterable[StoredMessage], moment: dt.datetime) -> Counter[str]:
        """The messages that are new, at the true moment; how many of each step."""
        new = [message for message in messages if message.id not in self.seen]
        if not new:
            return Counter()
        keys = "', '".join(message.message_id for message in new)
        contacts = {row["message_id"]: row for row in query(_CONTACTS % keys)}
        items, open_now = query(_ITEMS % keys), truth()
        steps: Counter[str] = Counter()
        for message in new:
            self.seen.add(message.id)
            contact = contacts[message.message_id]
            self._once(message, contact)
            self._in_lawful_hours(contact, moment)
            stated = [item for item in items if item["message_id"] == message.message_id]
            self._still_true(contact, stated, open_now, moment.date())
            self.looked_at += 1
            self.customers[contact["customer_id"]] += 1
            steps[contact["step_name"]] += 1
        return steps

    def _once(self, message: StoredMessage, contact: dict[str, Any]) -> None:
        step = (contact["customer_id"], contact["policy_name"], contact["step_name"], contact["cycle"])
        for key in (("message", message.message_id), ("step", *step)):
            assert key not in self.told, f"twice: {key}"
            self.told.add(key)
        assert message.recipients == (contact["recipient"],)

    def _in_lawful_hours(self, contact: dict[str, Any], moment: dt.datetime) -> None:
        customer = contact["customer_id"]
        history = self.history.setdefault(customer, [])
        question = {
            "at": moment, "channel": "email", "country": contact["country_code"], "timezone": contact["timezone"],
            "region": None, "history": history, "holds": [], "debts": [], "opted_out": [],
            "authorised": ["email"] if contact["is_authorised"] else None,
            "is_business": KINDS.get(contact["customer_type"]),
        }  # fmt: skip
        said_no = refusals(self.packs, question)
        assert not said_no, f"{customer} at {moment}: {said_no}"
        history.append({"at": moment, "channel": "email", "outcome": "sent"})

    def _still_true(
        self, contact: dict[str, Any], stated: list[dict[str, Any]], open_now: dict[str, Any], day: dt.date
    ) -> None:
        customer = contact["customer_id"]
        assert stated, f"{customer}: a message about nothing"
        for item in stated:
            now = open_now.get(item["item_id"])
            assert now, f"{customer}: {item['item_id']} is paid"
            left = self._left(now, open_now)
            assert left == item["stated_amount"] > 0, f"{customer}: {item} states another amount than {left}"
            assert not now["is_disputed"], f"{customer}: {item['item_id']} is disputed"
            promised = now["promised_date"]
            assert promised is None or promised < day, f"{customer}: {item['item_id']} is promised for {promised}"

    def _left(self, asked: dict[str, Any], open_now: dict[str, Any]) -> Decimal:
        """What is open of an item, and was not paid at the gateway: there the oldest of an invoice is paid first."""
        invoice = asked["invoice_id"] or ""
        paid = self.till.paid.get(invoice, Decimal(0)) if invoice.partition(":")[0] in SOURCES else Decimal(0)
        of_it = [item for item in open_now.values() if item["invoice_id"] == invoice and item["open_amount"] > 0]
        before = sum(
            item["open_amount"]
            for item in of_it
            if (item["due_date"], item["item_id"]) < (asked["due_date"], asked["item_id"])
        )
        return Decimal(asked["open_amount"] - min(max(paid - before, 0), asked["open_amount"]))

    def end(self, messages: Iterable[StoredMessage]) -> None:
        """When the week is over: the record is whole, and it is about what arrived, no more and no less."""
        report = verify()
        assert report.is_whole, report.broken
        arrived = {message.message_id for message in messages}
        sent = {row["message_id"] for row in query("select message_id from ops.contacts where status = 'sent'")}
        assert sent == arrived, "the ledger and the mailbox differ"
        open_ends = query("select count(*)::int as n from ops.contacts where status in ('unknown', 'reserved')")
        assert open_ends == [{"n": 0}], "something was left open"
        forgotten = query(_FORGOTTEN)
        assert not forgotten, f"forgotten: {forgotten}"


_CONTACTS = """
select c.message_id, c.customer_id, c.policy_name, c.step_name, c.cycle, c.recipient, d.country_code, d.timezone,
    d.customer_type,
    exists (
        select 1 from ops.contact_preferences as p
        where p.customer_id = c.customer_id and p.kind = 'authorised' and coalesce(p.channel, 'email') = 'email'
    ) as is_authorised
from ops.contacts as c
left join serve.dim_customers as d on d.customer_id = c.customer_id and d.recorded_to > '9999-01-01'
where c.message_id in ('%s')
"""
_ITEMS = """
select c.message_id, i.item_id, i.stated_amount
from ops.contacts as c join ops.contact_items as i using (contact_id)
where i.left_out_reason is null and c.message_id in ('%s')
"""
# who owes something overdue has had a message, or the ledger says why not
_FORGOTTEN = """
select distinct customer_id from serve.fct_open_items as o
where item_type <> 'unapplied_credit' and open_amount > 0 and due_date < (select as_of_date from serve.publication)
    and not exists (select 1 from ops.contacts as c where c.customer_id = o.customer_id)
    and not exists (select 1 from ops.contact_skips as s where s.customer_id = o.customer_id)
"""
