"""The doctypes that are read, with the columns the staging models use; all other fields land in `other`."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
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
from cartera.connectors.api.http import Http
from cartera.connectors.api.paging import Seek
from cartera.landing.entities import Column

DOCSTATUS = integer("docstatus", required=True, choices=("0", "1", "2"))
"""Draft, submitted, cancelled."""

POSTED = (DOCSTATUS, text("company", required=True), date("posting_date", required=True))


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


def resource(doctype: str, *columns: Column, child: tuple[str, str] | None = None, **more: Any) -> Resource:
    """`more`: amount and currency of the table, and the field that names the company."""
    company = more.pop("company", "")
    name, modified = doctype.lower().replace(" ", "_"), timestamp("modified", required=True)
    return Resource(
        raw_entity(name, "name", modified, *columns, changed_at="modified", **more),
        path=f"api/resource/{doctype}",
        params={"fields": '["*"]', "order_by": "modified asc, name asc"},
        paging=SEEK,
        records="data",
        company=company,
        since=since,
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
        amount="paid_amount",
        currency="paid_from_account_currency",
        company="company",
        child=("Payment Entry Reference", "references"),
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
    resource("Company", text("default_currency", required=True), company="name"),
)
