"""What a delivery can hold, column by column, and the conformed entities that files hold.

One description serves the readers (types), landing (keys, amounts), the raw tables and `docs/`. The systems
that are read through an API declare their own entities, named as in the system. Design: shared/design.md
"The conformed entities".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["text", "date", "amount", "rate", "integer", "boolean", "timestamp", "json"]
"""`timestamp` is a moment in UTC; `json` a value of the other system as it came."""

SQL_TYPES: dict[ColumnType, str] = {
    "text": "text",
    "date": "date",
    "amount": "numeric(24,6)",
    "rate": "numeric(24,12)",
    "integer": "bigint",
    "boolean": "boolean",
    "timestamp": "timestamp with time zone",
    "json": "jsonb",
}

DOCUMENT_STATUSES = ("open", "paid", "void", "deleted", "draft")
DOCUMENT_TYPES = ("invoice", "credit_note", "bill")
DUE_DATE_RULES = ("as_stated", "next_business_day", "previous_business_day")


@dataclass(frozen=True)
class Column:
    """One column: `required` values may not be empty; `choices` are the words we accept.

    `items`: of a json column that holds a list of objects, the fields that staging reads, typed like columns.
    """

    name: str
    type: ColumnType = "text"
    required: bool = False
    may_be_negative: bool = False
    may_be_zero: bool = True
    choices: tuple[str, ...] = ()
    items: tuple[Column, ...] = ()


@dataclass(frozen=True)
class Entity:
    """One kind of record. `key` is unique within a source; `amount` is what law 1 adds up, in cents.

    `currency` names the column with the amount's currency, where there is one; `changed_at` the one that says
    when the system changed the record, which never goes back.
    """

    name: str
    columns: tuple[Column, ...]
    amount: str | None = None
    currency: str = "currency_code"
    changed_at: str | None = None

    @property
    def key(self) -> str:
        return self.columns[0].name

    @property
    def has_currency(self) -> bool:
        return any(column.name == self.currency for column in self.columns)

    @property
    def has_company(self) -> bool:
        """Whether every record belongs to one company, so that a source can say it for all of them."""
        return any(column.name == "company_id" and column.required for column in self.columns[1:])

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


def _amount(name: str, *, required: bool = False, may_be_negative: bool = False) -> Column:
    return Column(name, "amount", required=required, may_be_negative=may_be_negative)


def _date(name: str, *, required: bool = False) -> Column:
    return Column(name, "date", required=required)


def _required(name: str) -> Column:
    return Column(name, required=True)


_ENTITIES = (
    Entity(
        "customers",
        (
            _required("customer_id"),
            _required("company_id"),
            Column("name"),
            Column("tax_id"),
            Column("country_code"),
            Column("language_code"),
            Column("timezone"),
            Column("email"),
            Column("phone"),
            Column("payment_terms_days", "integer"),
            _amount("credit_limit_amount"),
            Column("currency_code"),
            Column("collector"),
            Column("is_active", "boolean"),
            Column("parent_id"),
            Column("sector"),
            Column("customer_type"),
            Column("risk_class"),
        ),
    ),
    Entity(
        "invoices",
        (
            _required("invoice_id"),
            _required("company_id"),
            _required("customer_id"),
            Column("number"),
            Column("document_type", choices=DOCUMENT_TYPES),
            Column("status", choices=DOCUMENT_STATUSES),
            _date("issue_date", required=True),
            _date("due_date"),
            _required("currency_code"),
            _amount("total_amount", required=True),
            Column("company_currency_code"),
            Column("document_fx_rate", "rate"),
            Column("payment_reference"),
            Column("document_url"),
            # the wide invoice list: what other entities say elsewhere, in the invoice's own row
            Column("customer_name"),
            Column("customer_email"),
            _date("paid_date"),
            _amount("paid_amount"),
            _amount("credited_amount"),
            _amount("open_amount", may_be_negative=True),
            Column("is_disputed", "boolean"),
        ),
        amount="total_amount",
    ),
    Entity(
        "instalments",
        (
            _required("instalment_id"),
            _required("invoice_id"),
            _date("due_date", required=True),
            _amount("amount", required=True),
        ),
        amount="amount",
    ),
    Entity(
        "credit_notes",
        (
            _required("credit_note_id"),
            _required("company_id"),
            _required("customer_id"),
            Column("invoice_id"),
            Column("number"),
            Column("status", choices=DOCUMENT_STATUSES),
            _date("issue_date", required=True),
            _required("currency_code"),
            _amount("total_amount", required=True),
            Column("company_currency_code"),
            Column("document_fx_rate", "rate"),
        ),
        amount="total_amount",
    ),
    Entity(
        "payments",
        (
            _required("payment_id"),
            _required("company_id"),
            _required("customer_id"),
            _date("received_date", required=True),
            _required("currency_code"),
            _amount("amount", required=True),
            _amount("fee_amount"),
            Column("method"),
            Column("reference"),
            Column("status", choices=("received", "cancelled")),
            Column("company_currency_code"),
            Column("document_fx_rate", "rate"),
        ),
        amount="amount",
    ),
    Entity(
        "allocations",
        (
            _required("allocation_id"),
            Column("payment_id"),
            Column("credit_note_id"),
            Column("invoice_id"),
            Column("instalment_id"),
            _amount("amount", required=True),
            _date("allocated_date"),
        ),
        amount="amount",
    ),
    Entity(
        "write_offs",
        (
            _required("write_off_id"),
            _required("invoice_id"),
            Column("instalment_id"),
            _amount("amount", required=True),
            _date("write_off_date", required=True),
            Column("reason"),
            _date("reversed_date"),
        ),
        amount="amount",
    ),
    Entity(
        "disputes",
        (
            _required("dispute_id"),
            _required("invoice_id"),
            _date("opened_date", required=True),
            _date("resolved_date"),
            Column("reason"),
        ),
    ),
    Entity(
        "promises",
        (
            _required("promise_id"),
            _required("customer_id"),
            Column("invoice_id"),
            _date("made_date", required=True),
            _date("promised_date", required=True),
            _required("currency_code"),
            _amount("amount", required=True),
        ),
        amount="amount",
    ),
    Entity(
        "refunds",
        (
            _required("refund_id"),
            _required("company_id"),
            _required("customer_id"),
            Column("payment_id"),
            Column("credit_note_id"),
            _date("refund_date", required=True),
            _required("currency_code"),
            _amount("amount", required=True),
            Column("reason"),
        ),
        amount="amount",
    ),
    # money that the bank took back; reversed_date: when the case was won and it came again
    Entity(
        "chargebacks",
        (
            _required("chargeback_id"),
            _required("company_id"),
            _required("customer_id"),
            Column("payment_id"),
            Column("invoice_id"),
            Column("instalment_id"),
            _date("chargeback_date", required=True),
            _date("reversed_date"),
            _required("currency_code"),
            _amount("amount", required=True),
            Column("reason"),
        ),
        amount="amount",
    ),
    # what a company decides: its currency, its calendar, what becomes of a due date on which it is closed
    Entity(
        "companies",
        (
            _required("company_id"),
            Column("name"),
            Column("currency_code"),
            Column("calendar_id"),
            Column("due_date_rule", choices=DUE_DATE_RULES),
        ),
    ),
    Entity(
        "closed_days",
        (
            _required("closed_day_id"),
            _required("calendar_id"),
            _date("closed_date", required=True),
            Column("name"),
            _date("next_business_date", required=True),
            _date("previous_business_date", required=True),
        ),
    ),
    # company currency for one unit of the other currency; without company_id for all companies
    Entity(
        "fx_rates",
        (
            _required("fx_rate_id"),
            Column("company_id"),
            _required("currency_code"),
            _required("company_currency_code"),
            _date("rate_date", required=True),
            Column("rate", "rate", required=True, may_be_zero=False),
        ),
    ),
)

ENTITIES: dict[str, Entity] = {entity.name: entity for entity in _ENTITIES}
