"""The models that are read, with the columns the staging models use; all other fields land in `other`.

The lines of the receivable accounts are the whole truth about money: what is owed, what was paid, what was
reconciled with what. Names of related fields are theirs with `_` for the dot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cartera.connectors.api import (
    Record,
    Resource,
    amount,
    amounts,
    boolean,
    date,
    integer,
    rate,
    raw_entity,
    text,
    texts,
    timestamp,
)
from cartera.connectors.api import json as json_column
from cartera.connectors.tryton.lines import line_amount, with_currencies, with_invoice, with_lines, with_reconciled
from cartera.landing.entities import Column

__all__ = ["OPEN_LINES", "READINGS", "RESOURCES", "Reading", "line_amount"]

DATES = ("write_date", "create_date")
"""The first is null until a record changes. It has the moment at which the transaction began."""

RECEIVABLE = ["account.type.receivable", "=", True]
MOVE_STATES = ("draft", "posted")


@dataclass(frozen=True)
class Reading:
    """`fields` may be paths; `dates`: the paths of all dates of change of a record and of what is read with it."""

    resource: Resource
    fields: tuple[str, ...]
    domain: tuple[Any, ...] = ()
    dates: tuple[str, ...] = DATES
    is_optional: bool = False

    @property
    def model(self) -> str:
        return self.resource.path


LINE_FIELDS = (
    "debit", "credit", "amount_second_currency", "second_currency.code", "move.company.currency.code",
)  # fmt: skip


def reading(
    model: str,
    fields: Sequence[str],
    *columns: Column,
    domain: tuple[Any, ...] = (),
    dates: tuple[str, ...] = (),
    company: str = "",
    enrich: Callable[[Any, Sequence[Record]], Sequence[Record]] | None = None,
    prepare: Callable[[Record], Record] | None = None,
    is_optional: bool = False,
    **money: str,
) -> Reading:
    dates = (*DATES, *dates)
    entity = raw_entity(
        model.replace(".", "_"),
        "id",
        timestamp("changed_at", required=True),
        *columns,
        changed_at="changed_at",
        **money,
    )
    resource = Resource(
        entity,
        path=model,
        company=company,
        enrich=enrich,
        prepare=prepare,
        ignored=frozenset({path.replace(".", "_") for path in dates}),
        swept=True,
    )
    return Reading(resource, (*fields, *dates), domain, dates, is_optional)


def with_country(party: Record) -> Record:
    """That of the first address that has one."""
    found = [code for address in party.get("addresses") or () if (code := address.get("country_code"))]
    return {**party, "country_code": found[0] if found else None}


_READINGS = (
    # what refers to others comes first
    reading(
        "account.dunning",
        (
            "line", "line.move", "line.account", "level.sequence", "level.rec_name", "date", "state", "blocked",
            "company.rec_name",
        ),
        text("line", required=True),
        text("state"),
        boolean("blocked"),
        date("date"),
        integer("level_sequence"),
        *texts("invoice", "company_rec_name"),
        company="company_rec_name",
        enrich=with_invoice,
        is_optional=True,
    ),
    reading(
        "account.invoice",
        (
            "type", "state", "number", "reference", "description", "party", "party.name", "currency.code",
            "total_amount", "invoice_date", "account", "move", "cancel_move", "payment_lines", "company.rec_name",
            "company.currency.code",
        ),
        text("state", required=True, choices=("draft", "validated", "posted", "paid", "cancelled")),
        *texts("number", "reference", "description", "party_name", "move", "cancel_move"),
        *texts("party", "currency_code", "company_rec_name", "company_currency_code", required=True),
        amount("total_amount", required=True),
        amount("company_amount"),
        date("invoice_date"),
        json_column("payment_lines", text("line", required=True)),
        domain=(["type", "=", "out"],),
        company="company_rec_name",
        enrich=with_lines,
        amount="total_amount",
        currency="currency_code",
    ),
    reading(
        "account.move.line",
        (
            *LINE_FIELDS, "account", "party", "party.name", "maturity_date", "reconciliation", "description", "move",
            "move.number", "move.date", "move.state", "move.origin", "move.description", "move.journal.type",
            "move.company.rec_name",
        ),
        text("move_state", required=True, choices=MOVE_STATES),
        *texts("move", "account", "move_company_rec_name", "move_company_currency_code", "currency", required=True),
        *texts("move_number", "move_origin", "move_journal_type", "move_description", "description"),
        *texts("party", "party_name", "reconciliation", "reconciled_currency", "invoice"),
        *amounts("debit", "credit", "amount", required=True),
        amount("amount_second_currency"),
        date("move_date", required=True),
        date("maturity_date"),
        boolean("is_credit_note", required=True),
        boolean("is_cancellation", required=True),
        boolean("is_mixed", required=True),
        json_column(
            "reconciled",
            *texts("line", "currency", required=True),
            text("invoice"),
            *amounts("amount", "own_amount", required=True),
            date("move_date", required=True),
            date("due_date", required=True),
        ),
        domain=(RECEIVABLE,),
        dates=("move.write_date",),
        company="move_company_rec_name",
        enrich=with_reconciled,
        # what was ever charged: the balance may fall by half on a good day
        amount="debit",
        currency="move_company_currency_code",
    ),
    reading(
        "party.party",
        (
            "name", "code", "active", "lang.code", "tax_identifier.code", "email", "phone", "mobile",
            "contact_mechanisms.type", "contact_mechanisms.value", "contact_mechanisms.name",
            "addresses.country.code",
        ),
        *texts("name", "code", "lang_code", "tax_identifier_code", "country_code", "email", "phone", "mobile"),
        boolean("active", required=True),
        json_column("contact_mechanisms"),
        json_column("addresses"),
        prepare=with_country,
        dates=("contact_mechanisms.write_date", "contact_mechanisms.create_date"),
    ),
    reading(
        "currency.currency.rate",
        ("currency.code", "date", "rate"),
        text("currency_code", required=True),
        date("date", required=True),
        rate("rate"),
        json_column("company_rates", text("currency", required=True), rate("rate", required=True)),
        enrich=with_currencies,
    ),
    reading(
        "company.company",
        ("rec_name", "currency.code"),
        text("rec_name", required=True),
        text("currency_code", required=True),
        company="rec_name",
    ),
)  # fmt: skip

READINGS = {one.resource.name: one for one in _READINGS}
RESOURCES = tuple(one.resource for one in _READINGS)

OPEN_LINES = Reading(
    READINGS["account_move_line"].resource,
    (*LINE_FIELDS, "move.company.rec_name"),
    (RECEIVABLE, ["reconciliation", "=", None], ["move.state", "=", "posted"]),
)
