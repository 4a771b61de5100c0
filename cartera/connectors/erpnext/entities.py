"""The doctypes that are read, with the columns the staging models use; all other fields land in `other`."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence

from cartera.connectors.api import (
    Record,
    Resource,
    amount,
    boolean,
    date,
    integer,
    rate,
    raw_entity,
    text,
    timestamp,
)
from cartera.connectors.api import json as json_column
from cartera.connectors.api.http import Http
from cartera.connectors.api.paging import Seek

DOCSTATUSES = ("0", "1", "2")
"""Draft, submitted, cancelled."""


def _written(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def _filters(*conditions: tuple[str, str, str]) -> Mapping[str, str]:
    return {"filters": json.dumps(conditions)}


SEEK = Seek(
    after=lambda moment, key: _filters(("modified", "=", _written(moment)), ("name", ">", key)),
    later=lambda moment: _filters(("modified", ">", _written(moment))),
    size="limit_page_length",
)


def _since(moment: dt.datetime) -> Mapping[str, str]:
    return _filters(("modified", ">=", _written(moment)))


def children(http: Http, parents: Sequence[Record], parent: str, doctype: str, field: str) -> Sequence[Record]:
    """The records with the rows of a child table: lists don't carry them."""
    if not parents:
        return parents
    names = [record["name"] for record in parents]
    rows = http.get(
        f"api/resource/{doctype}",
        {
            "parent": parent,
            "fields": '["*"]',
            "limit_page_length": "0",
            "order_by": "idx asc",
            **_filters(("parenttype", "=", parent), ("parentfield", "=", field), ("parent", "in", names)),  # type: ignore[arg-type]
        },
    ).json["data"]
    by_parent: dict[str, list[Record]] = {name: [] for name in names}
    for row in rows:
        by_parent[row["parent"]].append(row)
    return [{**record, field: by_parent[record["name"]]} for record in parents]


def _resource(doctype: str, *columns, amount=None, currency="currency", company="", child=None):  # type: ignore[no-untyped-def]
    return Resource(
        raw_entity(
            doctype.lower().replace(" ", "_"),
            "name",
            timestamp("modified", required=True),
            *columns,
            amount=amount,
            currency=currency,
            changed_at="modified",
        ),
        path=f"api/resource/{doctype}",
        params={"fields": '["*"]', "order_by": "modified asc, name asc"},
        paging=SEEK,
        records="data",
        company=company,
        since=_since,
        enrich=child and (lambda http, records: children(http, records, doctype, *child)),
        ignored=frozenset({"_user_tags", "_comments", "_assign", "_liked_by", "_seen", "idx", "owner", "modified_by"}),
        swept=True,
    )


RESOURCES = (
    # what refers to others comes first
    _resource(
        "Payment Entry",
        integer("docstatus", required=True, choices=DOCSTATUSES),
        text("payment_type", required=True),
        text("party_type"),
        text("party"),
        text("company", required=True),
        date("posting_date", required=True),
        amount("paid_amount", required=True, is_signed=False),
        amount("received_amount", required=True, is_signed=False),
        text("paid_from_account_currency"),
        text("paid_to_account_currency"),
        text("mode_of_payment"),
        text("reference_no"),
        json_column(
            "references",
            text("name", required=True),
            text("reference_doctype", required=True),
            text("reference_name", required=True),
            amount("allocated_amount", required=True),
        ),
        amount="paid_amount",
        currency="paid_from_account_currency",
        company="company",
        child=("Payment Entry Reference", "references"),
    ),
    _resource(
        "Sales Invoice",
        integer("docstatus", required=True, choices=DOCSTATUSES),
        boolean("is_return"),
        text("return_against"),
        boolean("update_outstanding_for_self"),
        text("customer", required=True),
        text("customer_name"),
        text("contact_email"),
        text("company", required=True),
        text("status"),
        date("posting_date", required=True),
        date("due_date"),
        text("currency", required=True),
        text("party_account_currency"),
        rate("conversion_rate"),
        amount("grand_total", required=True),
        amount("base_grand_total", required=True),
        amount("rounded_total"),
        amount("base_rounded_total"),
        amount("outstanding_amount", required=True),
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
    _resource(
        "Customer",
        text("customer_name"),
        text("customer_type"),
        text("customer_group"),
        text("industry"),
        text("territory"),
        text("tax_id"),
        text("language"),
        text("email_id"),
        text("mobile_no"),
        text("account_manager"),
        text("default_currency"),
        boolean("disabled"),
    ),
    _resource("Company", text("default_currency", required=True), text("country"), company="name"),
)
