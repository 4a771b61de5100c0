"""The ledger once more, in plain Python: what the SQL must say, for one source.

`open_items` takes the versions of one history and answers for one (as of, known at) by walking the
documents known then, one after the other. It shares no code and no order of steps with the dbt models.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from ledger_history import Values, Version
from settings_model import Settings

ZERO = Decimal(0)


class OpenItem(NamedTuple):
    """What is compared: everything that decides a figure, a bucket or a reminder."""

    item_id: str
    item_type: str
    customer_id: str
    customer_name: str | None
    currency_code: str
    open_amount: Decimal
    due_date: dt.date | None
    days_past_due: int | None
    bucket: str | None
    is_disputed: bool
    promised_date: dt.date | None


@dataclass
class Item:
    item_id: str
    kind: str
    customer_id: str
    currency: str
    amount: Decimal
    start: dt.date
    due: dt.date | None = None
    invoice_id: str | None = None
    is_disputed: bool = False
    balance: Decimal = ZERO


@dataclass
class Books:
    """The documents known at one moment, and what of them has taken effect by one date."""

    versions: list[Version]
    as_of: dt.date
    known_at: dt.datetime
    settings: Settings
    items: dict[str, Item] = field(default_factory=dict)
    pools: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def __post_init__(self) -> None:
        self._said: dict[str, list[Version]] = defaultdict(list)
        self._records: dict[str, dict[str, Values]] = defaultdict(dict)
        for version in self.versions:
            if version.recorded_from <= self.known_at:
                self._said[version.entity].append(version)
                if self.known_at < version.recorded_to and not version.is_deleted:
                    self._records[version.entity][version.key] = version.values
        self._invoices = {
            key: values
            for key, values in self.records("invoices").items()
            if (values["document_type"] or "invoice") == "invoice" and (values["status"] or "open") in ("open", "paid")
        }

    def records(self, entity: str) -> dict[str, Values]:
        """What the source said at that moment, by key."""
        return self._records[entity]

    def ever(self, entity: str) -> list[Version]:
        """All that had been said until that moment."""
        return self._said[entity]

    # -- what is known of an invoice in more detail than its own row

    def is_itemised(self, invoice_id: str) -> bool:
        return any(v.values["invoice_id"] == invoice_id for v in self.ever("instalments"))

    def is_settled_in_detail(self, invoice_id: str, by: str) -> bool:
        own_instalments = {
            v.values["instalment_id"] for v in self.ever("instalments") if v.values["invoice_id"] == invoice_id
        }
        return any(
            v.values[by] is not None
            and (
                v.values["invoice_id"] == invoice_id
                if v.values["invoice_id"] is not None
                else v.values["instalment_id"] in own_instalments
            )
            for v in self.ever("allocations")
        )

    def invoices(self) -> dict[str, Values]:
        return self._invoices

    # -- debits and credits

    def enter_instalments(self) -> None:
        for invoice_id, invoice in self.invoices().items():
            if self.is_itemised(invoice_id):
                for key, instalment in self.records("instalments").items():
                    if instalment["invoice_id"] == invoice_id:
                        self._debit(key, invoice_id, invoice, instalment["due_date"], instalment["amount"])
            else:
                due = invoice["due_date"] or invoice["issue_date"]
                self._debit(f"{invoice_id}:1", invoice_id, invoice, due, invoice["total_amount"])

    def _debit(self, key: str, invoice_id: str, invoice: Values, due: dt.date, amount: Decimal) -> None:
        item = self._item(key, "instalment", invoice, amount, invoice["issue_date"])
        item.due = self.settings.due(invoice["company_id"], due)
        item.invoice_id, item.is_disputed = invoice_id, bool(invoice["is_disputed"])
        if item.start <= self.as_of:
            item.balance += amount

    def enter_settlements(self) -> None:
        for key, payment in self.records("payments").items():
            if payment["status"] in (None, "received"):
                self._credit(f"payment:{key}", "payment", payment, payment["amount"], payment["received_date"])
        listed = {v.key for v in self.ever("credit_notes")}
        in_invoices = {
            key: values
            for key, values in self.records("invoices").items()
            if values["document_type"] == "credit_note" and key not in listed
        }
        for key, note in {**in_invoices, **self.records("credit_notes")}.items():
            if (note["status"] or "open") in ("open", "paid"):
                self._credit(f"credit_note:{key}", "credit_note", note, note["total_amount"], note["issue_date"])

    def _credit(self, key: str, kind: str, document: Values, amount: Decimal, day: dt.date) -> Item:
        item = self._item(key, kind, document, amount, day)
        if day <= self.as_of:
            item.balance -= amount
        return item

    def _item(self, key: str, kind: str, document: Values, amount: Decimal, day: dt.date) -> Item:
        item = Item(key, kind, document["customer_id"], document["currency_code"], amount, day)
        assert key not in self.items
        self.items[key] = item
        return item

    def apply_allocations(self) -> None:
        for allocation in self.records("allocations").values():
            if allocation["payment_id"] is not None:
                settlement = self.items.get(f"payment:{allocation['payment_id']}")
            else:
                settlement = self.items.get(f"credit_note:{allocation['credit_note_id']}")
            if settlement is not None:
                day = max(allocation["allocated_date"] or settlement.start, settlement.start)
                self._reduce(
                    allocation["invoice_id"], allocation["instalment_id"], allocation["amount"], day, settlement
                )

    def apply_write_offs(self) -> None:
        for write_off in self.records("write_offs").values():
            day, undone = write_off["write_off_date"], write_off["reversed_date"]
            self._reduce(write_off["invoice_id"], write_off["instalment_id"], write_off["amount"], day, None)
            if undone is not None:
                undone = max(day, undone)
                self._reduce(write_off["invoice_id"], write_off["instalment_id"], -write_off["amount"], undone, None)

    def pay_back_refunds(self) -> None:
        for key, refund in self.records("refunds").items():
            named = refund["payment_id"] and f"payment:{refund['payment_id']}"
            named = named or (refund["credit_note_id"] and f"credit_note:{refund['credit_note_id']}")
            if named is None:
                item = self._item(f"refund:{key}", "refund", refund, refund["amount"], refund["refund_date"])
            elif named in self.items and self.items[named].currency == refund["currency_code"]:
                item = self.items[named]
            else:
                continue
            if max(refund["refund_date"], item.start) <= self.as_of:
                item.balance += refund["amount"]

    def charge_back(self) -> None:
        for key, chargeback in self.records("chargebacks").items():
            item = self._charged_back(f"chargeback:{key}", chargeback)
            if item is None or item.currency != chargeback["currency_code"]:
                continue
            lost, won = chargeback["chargeback_date"], chargeback["reversed_date"]
            if lost <= self.as_of and not (won is not None and won <= self.as_of):
                item.balance += chargeback["amount"]

    def _charged_back(self, key: str, chargeback: Values) -> Item | None:
        """The debt that is open again: the one it names, or one of its own."""
        invoice_id, instalment_id = chargeback["invoice_id"], chargeback["instalment_id"]
        if invoice_id in self.invoices() and not self.is_itemised(invoice_id):
            return self.items[f"{invoice_id}:1"]
        if instalment_id is not None:
            item = self.items.get(instalment_id)
            return item if item and invoice_id in (None, item.invoice_id) else None
        document = chargeback if invoice_id is None else self.invoices().get(invoice_id)
        if document is None or document["currency_code"] != chargeback["currency_code"]:
            return None
        item = self._item(key, "chargeback", document, chargeback["amount"], chargeback["chargeback_date"])
        item.due, item.invoice_id = chargeback["chargeback_date"], invoice_id
        return item

    def _reduce(
        self, invoice_id: str | None, instalment_id: str | None, amount: Decimal, day: dt.date, source: Item | None
    ) -> None:
        """Take an amount off an instalment or off the pool of its invoice, and use up the money it comes from."""
        invoice = self.invoices().get(invoice_id or "")
        target: Item | None = None
        if invoice is not None and invoice_id is not None and not self.is_itemised(invoice_id):
            target = self.items[f"{invoice_id}:1"]
        elif instalment_id is not None:
            target = self.items.get(instalment_id)
            if target is None or (invoice_id is not None and target.invoice_id != invoice_id):
                return
        elif invoice is None:
            return
        currency = target.currency if target else invoice["currency_code"]  # type: ignore[index]
        if (source is not None and source.currency != currency) or day > self.as_of:
            return
        if target is not None:
            target.balance -= amount
        else:
            self.pools[str(invoice_id)] += amount
        if source is not None:
            source.balance += amount

    def apply_wide_rows(self) -> None:
        """What an invoice's own row says was credited and paid, unless allocations have said it in detail."""
        for invoice_id, invoice in self.invoices().items():
            total, credited = invoice["total_amount"], invoice["credited_amount"] or ZERO
            room = total - min(credited, total)
            paid = invoice["paid_amount"]
            if paid is None:
                paid = room if invoice["paid_date"] else ZERO
            if credited > 0 and not self.is_settled_in_detail(invoice_id, "credit_note_id"):
                day = invoice["paid_date"] or invoice["issue_date"]
                self._settle_wide("invoice_credit", "credit_note", invoice_id, invoice, credited, total, day)
            if paid > 0 and not self.is_settled_in_detail(invoice_id, "payment_id"):
                day = invoice["paid_date"] or self._first_heard(invoice_id, invoice["paid_amount"])
                self._settle_wide("invoice_payment", "payment", invoice_id, invoice, paid, room, day)

    def _settle_wide(
        self, prefix: str, kind: str, invoice_id: str, invoice: Values, amount: Decimal, room: Decimal, day: dt.date
    ) -> None:
        item = self._credit(f"{prefix}:{invoice_id}", kind, invoice, amount, day)
        self._reduce(invoice_id, None, min(amount, room), day, item)

    def _first_heard(self, invoice_id: str, paid_amount: Decimal) -> dt.date:
        """Of this amount, while the invoice was one: since it was itemised, if that was later."""
        moments = [
            v.recorded_from
            for v in self.ever("invoices")
            if v.key == invoice_id
            and v.values["paid_amount"] == paid_amount
            and not v.is_deleted
            and (v.values["document_type"] or "invoice") == "invoice"
            and (v.values["status"] or "open") in ("open", "paid")
        ]
        return min(moments).date()

    # -- what is left

    def spread_pools(self) -> None:
        """What was paid on an invoice as a whole pays the instalment due first; the rest is its credit."""
        for invoice_id, pool in self.pools.items():
            own = [i for i in self.items.values() if i.kind == "instalment" and i.invoice_id == invoice_id]
            for item in sorted(own, key=lambda item: (item.due, item.item_id)):
                share = min(pool, max(item.balance, ZERO))
                item.balance -= share
                pool -= share
            invoice = self.invoices()[invoice_id]
            excess = Item(
                f"invoice:{invoice_id}", "pool", invoice["customer_id"], invoice["currency_code"], pool, self.as_of
            )
            excess.balance = -pool
            self.items[excess.item_id] = excess

    def describe(self, item: Item) -> OpenItem:
        is_debt = item.kind in ("instalment", "chargeback") and item.balance > 0
        days = (self.as_of - item.due).days if is_debt and item.due else None
        return OpenItem(
            item.item_id,
            "instalment" if is_debt else "unapplied_credit",
            item.customer_id,
            self.customer_name(item.customer_id),
            item.currency,
            item.balance,
            item.due,
            days,
            bucket(days),
            is_debt and (item.is_disputed or self.is_disputed(item.invoice_id)),
            self.promised(item) if is_debt else None,
        )

    def is_disputed(self, invoice_id: str | None) -> bool:
        return any(
            d["invoice_id"] == invoice_id
            and d["opened_date"] <= self.as_of
            and (d["resolved_date"] is None or d["resolved_date"] > self.as_of)
            for d in self.records("disputes").values()
        )

    def promised(self, item: Item) -> dt.date | None:
        days = [
            p["promised_date"]
            for p in self.records("promises").values()
            if p["made_date"] <= self.as_of <= p["promised_date"]
            and (
                p["invoice_id"] == item.invoice_id
                if p["invoice_id"] is not None
                else (p["customer_id"], p["currency_code"]) == (item.customer_id, item.currency)
            )
        ]
        return max(days, default=None)

    def customer_name(self, customer_id: str) -> str:
        """As the list of customers has it, once it has; until then as the newest document with a name has it."""
        listed = [v for v in self.ever("customers") if v.key == customer_id]
        if listed:
            return max(listed, key=lambda v: v.recorded_from).values["name"] or customer_id
        named = [
            v
            for v in self.ever("invoices")
            if v.values["customer_id"] == customer_id and not v.is_deleted and v.values["customer_name"]
        ]
        newest = max((v.recorded_from for v in named), default=None)
        names = [v.values["customer_name"] for v in sorted(named, key=lambda v: v.key) if v.recorded_from == newest]
        return names[0] if names else customer_id


def bucket(days: int | None) -> str | None:
    if days is None:
        return None
    if days <= 0:
        return "not_due"
    names = ["1-30", "31-60", "61-90", "91-120"]
    return names[(days - 1) // 30] if days <= 120 else "120+"


def open_items(versions: list[Version], as_of: dt.date, known_at: dt.datetime, settings: Settings) -> set[OpenItem]:
    """The open items of one history as of a date, known at a moment; ids without the source's prefix.

    `settings`: of its company among others, as known at that moment.
    """
    books = Books(versions, as_of, known_at, settings)
    books.enter_instalments()
    books.enter_settlements()
    books.apply_wide_rows()
    books.apply_allocations()
    books.apply_write_offs()
    books.pay_back_refunds()
    books.charge_back()
    books.spread_pools()
    return {books.describe(item) for item in books.items.values() if item.balance != 0}
