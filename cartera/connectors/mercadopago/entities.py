"""The records that are read, with the columns the staging models use; all other fields land in `other`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from cartera.connectors.api import Record, Resource, raw_entity
from cartera.connectors.api import columns as col
from cartera.connectors.api.paging_dates import SeekDate
from cartera.connectors.api.system import flat
from cartera.connectors.mercadopago.client import with_chargebacks

STATUSES = ("pending", "approved", "authorized", "in_process", "in_mediation", "rejected", "cancelled", "refunded",
            "charged_back")  # fmt: skip

ITEM = (
    *(col.text("id", required=True), col.amount("amount", required=True)),
    col.date("created_date", required=True),
)

FLAT = {
    # days as the account's own clock writes them
    "approved_date": "date_approved",
    "updated_date": "date_last_updated",
    "payer_id": "payer.id",
    "payer_identification": "payer.identification.number",
    "net_received_amount": "transaction_details.net_received_amount",
}


def since(moment: dt.datetime) -> Mapping[str, str]:
    """A millisecond earlier: nobody says whether the begin is included."""
    begin = (moment - dt.timedelta(milliseconds=1)).astimezone(dt.UTC)
    return {"begin_date": begin.isoformat(timespec="milliseconds").replace("+00:00", "Z")}


def dated(items: Sequence[Record] | None) -> list[Record]:
    return [
        {**item, "created_date": item.get("date_created") or changed, "updated_date": changed}
        for item in items or ()
        for changed in (item.get("date_last_updated"),)
    ]


def payment(record: Record) -> Record:
    """Payer and fees flat, and what is refunded but not listed: refunds with the label `hidden`."""
    payer, fees, refunds = record.get("payer") or {}, record.get("fee_details") or (), dated(record.get("refunds"))
    listed = sum(refund["amount"] for refund in refunds if refund.get("status", "approved") == "approved")
    return {
        **flat(record, FLAT),
        # a masked address (XXXXXXXXXXX) is none
        "payer_email": payer.get("email") if "@" in (payer.get("email") or "") else None,
        "payer_name": " ".join(filter(None, (payer.get("first_name"), payer.get("last_name")))),
        "fee_amount": sum(fee["amount"] for fee in fees if fee.get("fee_payer") == "collector"),
        "refunds": refunds,
        "chargebacks": dated(record.get("chargebacks")),
        "unlisted_refund_amount": max(Decimal(0), (record.get("transaction_amount_refunded") or 0) - listed),
    }


RESOURCES = (
    Resource(
        raw_entity(
            "settlement_report",
            "line",
            col.timestamp("date_created", required=True),
            *col.texts("file_name", "external_reference", "source_id", "transaction_type", "transaction_currency"),
            *col.amounts("transaction_amount", "fee_amount", "settlement_net_amount", "real_amount", "taxes_amount"),
            *map(col.timestamp, ("transaction_date", "settlement_date")),
            changed_at="date_created",
        ),
        path="v1/account/settlement_report",
        only_grows=True,
    ),
    Resource(
        raw_entity(
            "payments",
            "id",
            *(col.timestamp(name, required=True) for name in ("date_last_updated", "date_created")),
            col.text("status", required=True, choices=STATUSES),
            col.text("currency_id", required=True),
            *col.texts("collector_id", "external_reference", "operation_type", "payment_type_id", "status_detail"),
            *col.texts("payer_id", "payer_email", "payer_name", "payer_identification"),
            col.amount("transaction_amount", required=True, is_signed=False),
            *col.amounts("transaction_amount_refunded", "net_received_amount", "fee_amount", "unlisted_refund_amount"),
            *map(col.date, ("approved_date", "updated_date")),
            col.json("refunds", *ITEM),
            col.json("chargebacks", *ITEM, col.date("updated_date"), col.boolean("coverage_applied")),
            amount="transaction_amount",
            currency="currency_id",
            changed_at="date_last_updated",
        ),
        path="v1/payments/search",
        params={"sort": "date_last_updated", "criteria": "asc", "range": "date_last_updated", "end_date": "NOW"},
        paging=SeekDate(most=50),
        records="results",
        company="collector_id",
        since=since,
        enrich=with_chargebacks,
        prepare=payment,
        ignored=frozenset({"build_version"}),
        only_grows=True,
    ),
)
