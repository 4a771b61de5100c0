"""The doctypes that are read, with the columns the staging models use; all other fields land in `other`."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from cartera.connectors.api import (
    Record,
    Resource,
    amount,
    amounts,
    boolean,
    booleans,
    date,
    integer,
    rate,
    raw_entity,
    text,
    texts,
    timestamp,
)
from cartera.connectors.api import json as json_column
from cartera.connectors.api.applied import spread
from cartera.connectors.api.http import Http
from cartera.connectors.api.paging import Seek
from cartera.connectors.api.values import OF
from cartera.landing.entities import Column

DOCSTATUS = integer("docstatus", required=True, choices=("0", "1", "2"))
"""Draft, submitted, cancelled."""

POSTED = (DOCSTATUS, text("company", required=True), date("posting_date", required=True))


SETTLED = ("Sales Invoice", "Journal Entry")
"""What stands for a debt; an order does not."""

SETTLEMENTS = json_column(
    "settlements",
    *texts("row", "kind", required=True),
    *texts("party", "currency", "invoice_type", "invoice", "note_type", "note"),
    amount("amount", required=True),
)
"""What we make of the rows: see `payment` and `journal`."""


def filters(*conditions: tuple[str, str, Any]) -> Mapping[str, str]:
    return {"filters": json.dumps(conditions)}


def written(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def since(moment: dt.datetime) -> Mapping[str, str]:
    return filters(("modified", ">=", written(moment)))


SEEK = Seek(
    after=lambda moment, key: filters(("modified", "=", written(moment)), ("name", ">", key)),
    later=lambda moment: filters(("modified", ">", written(moment))),
    size="limit_page_length",
)


def with_children(parent: str, child: str, field: str, http: Http, records: Sequence[Record]) -> Sequence[Record]:
    """The records with the rows of a child table: lists don't carry them."""
    names = [record["name"] for record in records]
    if not names:
        return records
    wanted = filters(("parenttype", "=", parent), ("parentfield", "=", field), ("parent", "in", names))
    params = {"parent": parent, "fields": '["*"]', "limit_page_length": "0", "order_by": "idx asc", **wanted}
    rows: dict[str, list[Record]] = {name: [] for name in names}
    for row in http.get(f"api/resource/{child}", params).json["data"]:
        rows[row["parent"]].append(row)
    return [{**record, field: rows[record["name"]]} for record in records]


def payment(record: Record) -> Record:
    """With what it settles: of a credit note the part is negative. One that pays back settles none.

    `settled_amount`: what the customer's account gets of it, what the payment itself deducts included.
    """
    owed, credit = defaultdict[tuple[str, str], Decimal](Decimal), defaultdict[tuple[str, str], Decimal](Decimal)
    for row in record.get("references") or []:
        part, doctype, name = number(row["allocated_amount"]), row["reference_doctype"], row["reference_name"]
        if doctype in SETTLED and (part < 0 or record.get("payment_type") == "Pay"):
            credit[doctype, name] += abs(part)
        elif doctype in SETTLED:
            owed[doctype, name] += part
    rows = [settlement("", "", debt, note, part) for debt, note, part in spread(owed, credit)]
    by_money = sum((row["amount"] for row in rows if not row["note"]), Decimal(0))
    rest = number(record.get("unallocated_amount"))
    known = record.get("unallocated_amount") is not None and record.get("payment_type") == "Receive"
    settled = by_money + rest if known else number(record["paid_amount"])
    return {**record, "settlements": rows, "settled_amount": settled}


def sales_invoice(record: Record) -> Record:
    """With what was paid at the counter, change taken off, and what it wrote off itself, in the currency of the debt.
    Of a return the first is negative: it was given back."""
    is_own = record.get("party_account_currency") in (None, "", record.get("currency"))

    def money(name: str) -> Decimal:
        return number(record.get(name if is_own else f"base_{name}"))

    paid = money("paid_amount") - money("change_amount") if record.get("is_pos") else Decimal(0)
    # points are kept in the company's currency, and settle as a write-off does
    points = number(record.get("loyalty_amount")) if record.get("redeem_loyalty_points") else Decimal(0)
    return {**record, "counter_amount": paid, "written_off_amount": money("write_off_amount") + points}


def journal(record: Record) -> Record:
    """With what its rows of customers do: a debit that names a credit uses it up, a credit that names a debt settles
    it, first with one another; a row that names nothing is a debt, or money on account."""
    accounts = defaultdict[tuple[str, str], list[Record]](list)
    for row in record.get("accounts") or []:
        if row.get("party_type") == "Customer" and row.get("party"):
            accounts[row["party"], row.get("account_currency") or ""].append(row)
    rows = [row for (party, currency), some in accounts.items() for row in of_customer(party, currency, some)]
    return {**record, "settlements": rows}


def of_customer(party: str, currency: str, accounts: Sequence[Record]) -> Iterator[Record]:
    owed, credit = defaultdict[tuple[str, str], Decimal](Decimal), defaultdict[tuple[str, str], Decimal](Decimal)
    loose = {"debt": Decimal(0), "on_account": Decimal(0)}
    for row in accounts:
        net = number(row.get("debit_in_account_currency")) - number(row.get("credit_in_account_currency"))
        doctype, name = row.get("reference_type") or "", row.get("reference_name") or ""
        if net > 0 and doctype in ("Sales Invoice", "Payment Entry"):
            credit[doctype, name] += net
        elif net < 0 and doctype in SETTLED:
            owed[doctype, name] -= net
        else:
            loose["debt" if net > 0 else "on_account"] += abs(net)
    for debt, note, part in spread(owed, credit):
        yield settlement(party, currency, debt, note, part)
    for kind, part in loose.items():
        if part:
            yield {**settlement(party, currency, None, None, part), "row": f"{party}:{currency}:{kind}", "kind": kind}


def settlement(
    party: str, currency: str, debt: tuple[str, str] | None, note: tuple[str, str] | None, part: Decimal
) -> Record:
    kind = "matched" if debt and note else "money" if debt else "paid_back"
    named = dict(zip(("invoice_type", "invoice"), debt or (None, None), strict=True))
    named |= dict(zip(("note_type", "note"), note or (None, None), strict=True))
    row = ":".join([party, currency, *(name or "" for name in (named["invoice"], named["note"]))])
    return {"row": row, "kind": kind, "party": party, "currency": currency, "amount": part, **named}


def number(value: Any) -> Decimal:
    found: Decimal | None = OF["amount"](value)
    return found or Decimal(0)


def resource(doctype: str, *columns: Column, child: tuple[str, str] | None = None, **more: Any) -> Resource:
    """`more`: amount and currency of the table, and the field that names the company."""
    company, prepare = more.pop("company", ""), more.pop("prepare", None)
    name, modified = doctype.lower().replace(" ", "_"), timestamp("modified", required=True)
    return Resource(
        raw_entity(name, "name", modified, *columns, changed_at="modified", **more),
        path=f"api/resource/{doctype}",
        params={"fields": '["*"]', "order_by": "modified asc, name asc"},
        paging=SEEK,
        records="data",
        company=company,
        since=since,
        prepare=prepare,
        enrich=partial(with_children, doctype, *child) if child else None,
        ignored=frozenset({"_user_tags", "_comments", "_assign", "_liked_by", "_seen", "idx", "owner", "modified_by"}),
        swept=True,
    )


RESOURCES = (
    # what refers to others comes first
    resource(
        "Payment Entry",
        *POSTED,
        text("payment_type", required=True),
        *texts("party_type", "party", "paid_from_account_currency", "paid_to_account_currency", "reference_no"),
        amount("paid_amount", required=True, is_signed=False),
        amount("received_amount", required=True, is_signed=False),
        json_column(
            "references",
            *texts("name", "reference_doctype", "reference_name", required=True),
            amount("allocated_amount", required=True),
        ),
        amount("unallocated_amount"),
        amount("settled_amount", required=True),
        SETTLEMENTS,
        prepare=payment,
        amount="paid_amount",
        currency="paid_from_account_currency",
        company="company",
        child=("Payment Entry Reference", "references"),
    ),
    resource(
        "Journal Entry",
        *POSTED,
        *texts("voucher_type", "title", "cheque_no", "user_remark"),
        SETTLEMENTS,
        prepare=journal,
        company="company",
        child=("Journal Entry Account", "accounts"),
    ),
    resource(
        "Sales Invoice",
        *POSTED,
        *booleans("is_return", "update_outstanding_for_self"),
        *texts("customer", "currency", required=True),
        *texts("customer_name", "contact_email", "return_against", "party_account_currency"),
        date("due_date"),
        rate("conversion_rate"),
        *amounts("grand_total", "base_grand_total", "outstanding_amount", required=True),
        *amounts("rounded_total", "base_rounded_total"),
        json_column(
            "payment_schedule",
            text("name", required=True),
            date("due_date", required=True),
            amount("payment_amount", required=True),
            amount("base_payment_amount"),
        ),
        *amounts("counter_amount", "written_off_amount"),
        prepare=sales_invoice,
        amount="grand_total",
        company="company",
        child=("Payment Schedule", "payment_schedule"),
    ),
    resource(
        "Customer",
        *texts("customer_name", "customer_type", "industry", "tax_id", "language", "email_id", "mobile_no"),
        *texts("account_manager", "default_currency"),
        boolean("disabled"),
    ),
    resource(
        "Currency Exchange",
        date("date", required=True),
        *texts("from_currency", "to_currency", required=True),
        rate("exchange_rate", required=True),
        boolean("for_selling"),
    ),
    resource("Company", text("default_currency", required=True), company="name"),
)
