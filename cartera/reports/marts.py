"""What reports can be made of: one small declaration per mart.

Every identifier and every expression of a report's SQL stands here; what a person chooses is a name that is looked up
here, or a value that is bound. `{items}`, `{cells}`, `{members}` and `{kpis}` of a relation are the open items, the
aging, the segments and the KPIs at the two clocks, which every mart takes: %(as_of)s, %(known_at)s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from cartera.warehouse.read import BUCKETS

Kind = Literal["text", "date", "number", "yes_no", "money", "figure"]
CURRENCY = "currency_code"
"""Every mart has it, and every row of every report shows it."""


@dataclass(frozen=True)
class Dimension:
    """A column to part rows by, and to filter by. Of the relation, or of the customer as known then."""

    name: str
    kind: Kind = "text"
    of: Literal["cells", "known"] = "cells"


@dataclass(frozen=True)
class Measure:
    """A figure of each row. `adds`: the figures of rows of one currency may be added."""

    name: str
    sql: str
    kind: Kind = "money"
    adds: bool = True


@dataclass(frozen=True)
class Documents:
    """The rows that the figures of a mart add up: one per `key`. `relation` where the mart's own rows are sums already;
    it has all columns of the mart and `further` ones, so that the same expressions give the same figures."""

    key: str
    shown: tuple[str, ...]
    relation: str | None = None
    further: tuple[Dimension, ...] = ()


@dataclass(frozen=True)
class Mart:
    """`always`: dimensions that no report of it may leave out. `one_of`: those that must be filtered by one value, and
    which one unless asked, because over several values debts would be counted several times."""

    name: str
    relation: str
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    shown: tuple[str, ...]
    always: tuple[str, ...] = ()
    one_of: Mapping[str, str] | None = None
    documents: Documents | None = None

    def by_document(self) -> Mart:
        """The same figures over the rows that they add up."""
        assert self.documents is not None
        return replace(
            self,
            relation=self.documents.relation or self.relation,
            dimensions=(*self.dimensions, *self.documents.further),
            always=(),
        )

    def dimension(self, name: str) -> Dimension | None:
        return next((each for each in self.dimensions if each.name == name), None)

    def measure(self, name: str) -> Measure | None:
        return next((each for each in self.measures if each.name == name), None)


def _texts(*names: str) -> tuple[Dimension, ...]:
    return tuple(Dimension(name) for name in names)


def _dates(*names: str) -> tuple[Dimension, ...]:
    return tuple(Dimension(name, "date") for name in names)


CODE = (Dimension(CURRENCY),)
ATTRIBUTES = tuple(
    Dimension(name, of="known")
    for name in ("country_code", "collector", "sector", "customer_type", "risk_class", "parent_id")
)
CUSTOMER = (*_texts("company_id", CURRENCY, "customer_id"), Dimension("customer_name", of="known"), *ATTRIBUTES)

DEBTS = (
    "select items.*, 1 as open_items, case when is_disputed then open_amount else 0 end as disputed_amount,"
    " case when promised_date is not null then open_amount else 0 end as promised_amount"
    " from {items} as items where item_type = 'instalment'"
)
"""The open items that aging adds up, with its columns."""
OF_ITEM = (
    *_texts("item_id", "invoice_id", "document_number"),
    *_dates("due_date"),
    Dimension("days_past_due", "number"),
)
ITEM_SHOWN = (
    "company_id", "customer_id", "customer_name", "item_id", "invoice_id", "document_number", "due_date",
    "days_past_due",
)  # fmt: skip

OPEN = "coalesce(sum(cells.open_amount) filter (where {}), 0)"

OPEN_ITEMS = Mart(
    "open_items",
    "select * from {items} as items",
    (
        *_texts("company_id", CURRENCY, "customer_id", "customer_name"),
        *ATTRIBUTES,
        *_texts("item_id", "item_type", "invoice_id", "document_number"),
        *_dates("issue_date", "due_date", "promised_date"),
        Dimension("days_past_due", "number"),
        Dimension("bucket"),
        Dimension("is_disputed", "yes_no"),
    ),
    (
        Measure("open_amount", OPEN.format("cells.item_type = 'instalment'")),
        Measure("overdue_amount", OPEN.format("cells.bucket <> 'not_due'")),
        Measure("credit_amount", OPEN.format("cells.item_type = 'unapplied_credit'")),
        Measure("net_amount", "sum(cells.open_amount)"),
        Measure("disputed_amount", OPEN.format("cells.is_disputed")),
        Measure("item_amount", "coalesce(sum(cells.item_amount) filter (where cells.item_type = 'instalment'), 0)"),
        Measure("items", "count(*)", "number"),
    ),
    ("customer_name", "document_number", "due_date", "days_past_due", "open_amount"),
    documents=Documents("item_id", ITEM_SHOWN),
)

AGING = Mart(
    "aging",
    "select * from {cells} as cells",
    (*CUSTOMER, Dimension("bucket")),
    (
        *(Measure(bucket, OPEN.format(f"cells.bucket = '{bucket}'")) for bucket in BUCKETS),
        Measure("overdue_amount", OPEN.format("cells.bucket <> 'not_due'")),
        Measure("open_amount", "sum(cells.open_amount)"),
        Measure("disputed_amount", "sum(cells.disputed_amount)"),
        Measure("promised_amount", "sum(cells.promised_amount)"),
        Measure("items", "sum(cells.open_items)::bigint", "number"),
    ),
    ("customer_name", "open_amount", *BUCKETS),
    documents=Documents("item_id", ITEM_SHOWN, DEBTS, OF_ITEM),
)

INVOICES = Mart(
    "invoices",
    # as the ledger does, what is void, deleted or a draft is left out
    "select *, to_char(issue_date, 'YYYY-MM') as issue_month from serve.fct_invoices where document_type = 'invoice'"
    " and status not in ('void', 'deleted', 'draft') and issue_date <= %(as_of)s"
    " and recorded_from <= %(known_at)s and recorded_to > %(known_at)s",
    (*CUSTOMER, *_texts("invoice_id", "document_number", "issue_month"), *_dates("issue_date", "due_date")),
    (Measure("invoiced_amount", "sum(cells.total_amount)"), Measure("invoices", "count(*)", "number")),
    ("issue_month", "company_id", "invoiced_amount", "invoices"),
    documents=Documents(
        "invoice_id",
        ("company_id", "customer_id", "customer_name", "invoice_id", "document_number", "issue_date", "due_date"),
    ),
)

PAYMENTS = Mart(
    "payments",
    "select *, to_char(received_date, 'YYYY-MM') as received_month from serve.fct_payments where status <> 'cancelled'"
    " and received_date <= %(as_of)s and recorded_from <= %(known_at)s and recorded_to > %(known_at)s",
    (*CUSTOMER, *_texts("payment_id", "document_number", "received_month"), *_dates("received_date")),
    (Measure("paid_amount", "sum(cells.payment_amount)"), Measure("payments", "count(*)", "number")),
    ("received_month", "company_id", "paid_amount", "payments"),
    documents=Documents(
        "payment_id", ("company_id", "customer_id", "customer_name", "payment_id", "document_number", "received_date")
    ),
)

PROMISES = Mart(
    "promises",
    # as the KPI does: to the company that the invoice is owed to, else the one named, else the customer's own; and none
    # of nothing, where there is nothing to keep
    "select promise.promise_id, promise.customer_id, promise.invoice_id, promise.item_id, promise.currency_code,"
    " promise.promised_amount, promise.made_date, promise.promised_date, promise.source,"
    " coalesce(item.company_id, promise.company_id, customer.company_id) as company_id,"
    " case when promised_date > %(as_of)s then 'not_yet_due' when promised_date = %(as_of)s then 'due_today'"
    " else 'day_passed' end as promise_state"
    " from serve.fct_promises as promise left join ("
    " select distinct on (customer_id) customer_id, company_id from serve.dim_customers"
    " where recorded_from <= %(known_at)s and recorded_to > %(known_at)s order by customer_id, recorded_from desc"
    ") as customer using (customer_id) left join lateral ("
    " select company_id from serve.dim_items where invoice_id = promise.invoice_id and item_type = 'instalment'"
    " and recorded_from <= %(known_at)s and recorded_to > %(known_at)s limit 1"
    ") as item on true where made_date <= %(as_of)s and promised_amount > 0"
    " and promise.recorded_from <= %(known_at)s and promise.recorded_to > %(known_at)s",
    (*CUSTOMER, *_texts("promise_id", "invoice_id", "item_id", "promise_state"), *_dates("made_date", "promised_date")),
    (Measure("promised_amount", "sum(cells.promised_amount)"), Measure("promises", "count(*)", "number")),
    ("customer_name", "promised_date", "promise_state", "promised_amount"),
    documents=Documents(
        "promise_id",
        ("company_id", "customer_id", "customer_name", "promise_id", "invoice_id", "made_date", "promised_date"),
    ),
)

DISPUTES = Mart(
    "disputes",
    # an item may have several disputes: what is open of it stands with one of them, and with one that is over only
    # where none is open, so that who asks for the open ones has it; of those alike with the one that was opened last
    "select dispute.dispute_id, dispute.invoice_id, dispute.item_id, dispute.reason, dispute.opened_date,"
    " dispute.resolved_date, dispute.resolved_date is null or dispute.resolved_date > %(as_of)s as is_open,"
    " coalesce(invoice.company_id, own.company_id) as company_id,"
    " coalesce(invoice.customer_id, own.customer_id) as customer_id,"
    " coalesce(invoice.currency_code, own.currency_code) as currency_code,"
    " coalesce(invoice.document_number, own.document_number) as document_number,"
    " coalesce(claimed.open_amount, 0) as open_amount"
    " from serve.fct_disputes as dispute left join ("
    " select distinct on (invoice_id) * from serve.fct_invoices"
    " where recorded_from <= %(known_at)s and recorded_to > %(known_at)s order by invoice_id, recorded_from desc"
    ") as invoice using (invoice_id) left join ("
    " select item_id, company_id, customer_id, currency_code, document_number from serve.dim_items"
    " where item_id in (select item_id from serve.fct_disputes)"
    " and recorded_from <= %(known_at)s and recorded_to > %(known_at)s"
    ") as own using (item_id) left join ("
    " select dispute_id, sum(open_amount) as open_amount from ("
    " select distinct on (items.item_id) claim.dispute_id, items.open_amount from ("
    " select d.dispute_id, d.opened_date, coalesce(d.item_id, i.item_id) as item_id,"
    " d.resolved_date is null or d.resolved_date > %(as_of)s as is_open"
    " from serve.fct_disputes as d left join serve.dim_items as i on d.item_id is null and i.invoice_id = d.invoice_id"
    " and i.recorded_from <= %(known_at)s and i.recorded_to > %(known_at)s"
    " where d.opened_date <= %(as_of)s and d.recorded_from <= %(known_at)s and d.recorded_to > %(known_at)s"
    ") as claim join {items} as items on items.item_id = claim.item_id where items.item_type = 'instalment'"
    " order by items.item_id, claim.is_open desc, claim.opened_date desc, claim.dispute_id desc"
    ") as each_item group by dispute_id"
    ") as claimed using (dispute_id) where dispute.opened_date <= %(as_of)s"
    " and dispute.recorded_from <= %(known_at)s and dispute.recorded_to > %(known_at)s",
    (
        *CUSTOMER,
        *_texts("dispute_id", "invoice_id", "item_id", "document_number", "reason"),
        *_dates("opened_date", "resolved_date"),
        Dimension("is_open", "yes_no"),
    ),
    (Measure("open_amount", "sum(cells.open_amount)"), Measure("disputes", "count(*)", "number")),
    ("customer_name", "document_number", "reason", "opened_date", "open_amount"),
    documents=Documents(
        "dispute_id",
        (
            "company_id",
            "customer_id",
            "customer_name",
            "dispute_id",
            "invoice_id",
            "document_number",
            "reason",
            "opened_date",
        ),
    ),
)

SEGMENTS = Mart(
    "segments",
    "select cells.*, member.scheme, member.segment from {cells} as cells"
    " join {members} as member using (company_id, customer_id)",
    (*_texts("scheme", "segment"), *CUSTOMER, Dimension("bucket")),
    (
        Measure("open_amount", "sum(cells.open_amount)"),
        Measure("overdue_amount", OPEN.format("cells.bucket <> 'not_due'")),
        # who is in two rows would be counted twice
        Measure("customers", "count(distinct cells.customer_id)", "number", adds=False),
        Measure("items", "sum(cells.open_items)::bigint", "number"),
    ),
    ("segment", "customers", "open_amount", "overdue_amount"),
    one_of={"scheme": "payer_behaviour"},
    documents=Documents(
        "item_id",
        ITEM_SHOWN,
        "select items.*, 1 as open_items, member.scheme, member.segment from {items} as items"
        " join {members} as member using (company_id, customer_id) where item_type = 'instalment'",
        OF_ITEM,
    ),
)

KPIS = Mart(
    "kpis",
    "select kpi.*, catalogue.unit from {kpis} as kpi"
    " left join unnest(%(kpi_names)s::text[], %(kpi_units)s::text[]) as catalogue (kpi, unit) using (kpi)",
    _texts("company_id", CURRENCY, "kpi", "unit", "reason"),
    tuple(Measure(name, f"max(cells.{name})", "figure", adds=False) for name in ("value", "numerator", "denominator")),
    ("kpi", "unit", "value", "reason"),
    always=("company_id", "kpi"),
)

MARTS: Mapping[str, Mart] = {
    mart.name: mart for mart in (OPEN_ITEMS, AGING, INVOICES, PAYMENTS, PROMISES, DISPUTES, SEGMENTS, KPIS)
}
