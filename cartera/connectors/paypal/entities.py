"""The records that are read, with the columns the staging models use; all other fields land in `other`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial

from cartera.connectors.api import Resource, raw_entity
from cartera.connectors.api import columns as col
from cartera.connectors.api.http import Answer, Http
from cartera.connectors.api.paging_dates import Windows
from cartera.connectors.api.system import flat
from cartera.connectors.api.values import moment_of
from cartera.errors import SourceError

STATUSES = ("D", "F", "P", "S", "V")
"""Denied, refunded in part, pending, done, reversed: the reversal is a transaction of its own."""

TRANSACTION = {
    "transaction_amount": "transaction_amount.value",
    "currency_code": "transaction_amount.currency_code",
    "fee_amount": "fee_amount.value",
    # the day in UTC, as it is written
    "transaction_date": "transaction_initiation_date",
    "payer_email": "payer_info.email_address",
    "payer_name": "payer_info.payer_name.alternate_full_name",
    "payer_country_code": "payer_info.country_code",
}
DISPUTE = {"amount": "dispute_amount.value", "currency": "dispute_amount.currency_code"}
BALANCES = ("total_balance", "available_balance", "withheld_balance")


def asked(first: dt.datetime, last: dt.datetime) -> Mapping[str, str]:
    written = (moment.astimezone(dt.UTC).isoformat(timespec="seconds") for moment in (first, last))
    return dict(zip(("start_date", "end_date"), (moment.replace("+00:00", "Z") for moment in written), strict=True))


def refreshed(http: Http) -> dt.datetime:
    """Up to when PayPal has transactions."""
    answer = http.get("v1/reporting/balances")
    moment = moment_of(answer.json.get("last_refresh_time"))
    if moment is None:
        raise SourceError(f"{answer.where}: does not say of when the figures are", "run again later")
    return moment


def is_too_much(answer: Answer) -> bool:
    return isinstance(answer.json, dict) and answer.json.get("name") == "RESULTSET_TOO_LARGE"


RESOURCES = (
    Resource(
        raw_entity(
            "disputes",
            "dispute_id",
            col.timestamp("update_time", required=True),
            col.timestamp("create_time"),
            *col.texts("reason", "status", "dispute_state", "dispute_life_cycle_stage", "dispute_channel", "currency"),
            col.amount("amount"),
            amount="amount",
            changed_at="update_time",
        ),
        path="v1/customer/disputes",
        records="items",
        prepare=partial(flat, paths=DISPUTE),
        ignored=frozenset({"links"}),
        only_grows=True,
    ),
    Resource(
        raw_entity(
            "transactions",
            "transaction",
            col.timestamp("transaction_initiation_date", required=True),
            *col.texts("transaction_id", "transaction_event_code", "currency_code", required=True),
            col.text("transaction_status", required=True, choices=STATUSES),
            *col.texts("paypal_reference_id", "paypal_reference_id_type", "invoice_id", "custom_field"),
            *col.texts("paypal_account_id", "payer_email", "payer_name", "payer_country_code"),
            col.amount("transaction_amount", required=True),
            col.amount("fee_amount"),
            col.date("transaction_date", required=True),
            col.timestamp("transaction_updated_date"),
            amount="transaction_amount",
            currency="currency_code",
            changed_at="transaction_initiation_date",
        ),
        path="v1/reporting/transactions",
        params={"fields": "transaction_info,payer_info"},
        paging=Windows(asked, refreshed, dt.timedelta(days=31), "total_items", "total_pages", is_too_much),
        records="transaction_details",
        # an id may stand for two: one that moves the balance and one that does not
        key=("transaction_id", "transaction_event_code"),
        prepare=partial(flat, paths=TRANSACTION),
        ignored=frozenset({"transaction_info", "ending_balance", "available_balance"}),
        only_grows=True,
    ),
    Resource(
        raw_entity("balances", "currency", *col.amounts(*BALANCES)),
        path="v1/reporting/balances",
        records="balances",
        prepare=partial(flat, paths={name: f"{name}.value" for name in BALANCES}),
    ),
)
