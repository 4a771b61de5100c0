"""The models that are read, with the fields that the staging models use."""

from __future__ import annotations

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
    rate,
    raw_entity,
    text,
    texts,
    timestamp,
)
from cartera.connectors.api import json as json_column
from cartera.landing.entities import Column

RECEIVABLE = ["account_id.account_type", "=", "asset_receivable"]
DOMAINS: dict[str, list[Any]] = {
    "account_move_line": [RECEIVABLE],
    "account_move": [["move_type", "in", ["out_invoice", "out_refund", "out_receipt"]]],
    "account_payment": [["partner_type", "=", "customer"]],
    # the home addresses of employees are nobody's business
    "res_partner": [["type", "!=", "private"]],
}
"""No condition stands here that can come true without moving `write_date`: customer_rank, for one, does."""

STATE = ("draft", "posted", "cancel")


def plain(names: frozenset[str], flags: frozenset[str], record: Record) -> Record:
    """`false` is nothing unless the field is a flag; [id, name] of `partner_id` are `partner_id` and `partner`."""
    made: Record = {}
    for field, value in record.items():
        if field.endswith("_id") and isinstance(value, list):
            label = field.removesuffix("_id")
            made |= {field: value[0]} | ({label: value[1]} if label in names else {})
        else:
            made[field] = None if value is False and field not in flags else value
    return made


def resource(
    model: str, fields: str, *columns: Column, company: str = "", is_swept: bool = True, **more: Any
) -> Resource:
    """`fields`: what is asked for, besides id and write_date. `more`: amount of the table."""
    names = frozenset(column.name for column in columns)
    flags = frozenset(column.name for column in columns if column.type == "boolean")
    written = timestamp("write_date")
    return Resource(
        raw_entity(model.replace(".", "_"), "id", written, *columns, changed_at="write_date", **more),
        path=model,
        params={"fields": f"id write_date {fields}"},
        company=company,
        prepare=partial(plain, names, flags),
        swept=is_swept,
    )


RESOURCES = (
    # what refers to others comes first
    resource(
        "account.move.line",
        "move_id move_name move_type parent_state ref name date date_maturity partner_id company_id company_currency_id"
        " currency_id amount_currency balance amount_residual_currency journal_id payment_id",
        *texts("move_id", "company", "currency", required=True),
        text("parent_state", required=True, choices=STATE),
        date("date", required=True),
        *amounts("amount_currency", "balance", "amount_residual_currency", required=True),
        *texts("move_name", "move_type", "ref", "name", "partner", "company_currency", "payment_id"),
        date("date_maturity"),
        # what else Odoo knows of the line: see matched.py
        *texts("commercial_partner_id", "journal_type"),
        boolean("is_exchange_difference"),
        amount("converted_amount"),
        json_column(
            "matched_credits",
            *texts("id", "credit_line_id", "credit_move_id", "currency", required=True),
            *amounts("debit_amount_currency", "credit_amount_currency", required=True),
            date("max_date", required=True),
            boolean("is_exchange_difference"),
        ),
        amount="amount_currency",
        company="company",
    ),
    resource(
        "account.payment",
        "name state payment_type date amount currency_id company_id move_id memo ref",
        *texts("state", "payment_type", "company", "currency", required=True),
        amount("amount", required=True),
        *texts("name", "move_id", "memo", "ref"),
        date("date"),
        amount="amount",
        company="company",
    ),
    resource(
        "account.move",
        "name ref move_type state date invoice_date invoice_date_due commercial_partner_id company_id"
        " company_currency_id currency_id amount_total amount_total_signed amount_total_in_currency_signed"
        " amount_residual payment_state reversed_entry_id",
        *texts("move_type", "company", "currency", required=True),
        text("state", required=True, choices=STATE),
        *amounts("amount_total", "amount_total_in_currency_signed", "amount_residual", required=True),
        *texts("name", "ref", "payment_state", "commercial_partner_id", "commercial_partner", "company_currency"),
        *texts("reversed_entry_id"),
        *(date(name) for name in ("date", "invoice_date", "invoice_date_due")),
        amount("amount_total_signed"),
        amount("converted_amount"),
        # ,1,2, of those it has now: see matched.py
        text("receivable_line_ids"),
        amount="amount_total_in_currency_signed",
        company="company",
    ),
    resource(
        "res.partner",
        "name ref commercial_partner_id parent_id type vat lang tz email phone mobile country_code user_id industry_id"
        " company_id is_company active",
        *texts("commercial_partner_id", "name", "parent_id", "type", "vat", "lang", "tz", "email", "phone", "mobile"),
        *texts("country_code", "user", "industry", "company", "invoice_email"),
        *booleans("is_company", "active"),
        *texts("invoice_contact_id", "ref"),
        company="company",
    ),
    resource("res.company", "name currency_id", *texts("name", "currency", required=True), company="name"),
    resource("res.currency", "name active", text("name", required=True), boolean("active"), is_swept=False),
    resource(
        "res.currency.rate",
        "name currency_id company_id rate inverse_company_rate",
        date("name", required=True),
        text("currency", required=True),
        rate("inverse_company_rate", required=True),
        *texts("company", "company_currency"),
        company="company",
    ),
)
