"""Reports that come with Cartera. Titles that begin with `ready.` are texts in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from cartera.reports.document import Document, Filter, Part
from cartera.reports.wording import SMALLEST
from cartera.warehouse.read import BUCKETS

AGED = ("open_amount", "overdue_amount", *BUCKETS)
"""What is open first: rows go by the first amount, and a phone shows it beside the name."""

BOARD_KPIS = (
    "dso_simple_90d", "best_possible_dso_90d", "average_days_delinquent_90d", "cei_whole_period_90d", "past_due_pct",
    "disputed_pct", "weighted_days_to_pay_90d", "write_off_pct_90d", "top_10_share_pct", "promise_kept_pct_90d",
)  # fmt: skip

AUDITOR_AGING = Document(
    parts=(
        Part(
            mart="aging",
            title="ready.aging_by_customer",
            dimensions=("company_id", "customer_id", "customer_name"),
            measures=AGED,
        ),
        Part(
            mart="open_items",
            title="ready.every_item",
            dimensions=(
                "company_id", "customer_id", "customer_name", "item_type", "document_number", "issue_date", "due_date",
                "days_past_due", "bucket", "item_id",
            ),
            measures=("item_amount", "open_amount", "credit_amount"),
            is_summed_on_paper=True,
        ),
    ),
    with_certificate=True,
)  # fmt: skip

COLLECTORS_WEEK = Document(
    parts=(
        Part(
            mart="aging",
            title="ready.past_due",
            dimensions=("collector", "customer_name", "customer_id"),
            measures=("overdue_amount", "open_amount", "disputed_amount", "promised_amount"),
            filters=(Filter(column="overdue_amount", at_least=SMALLEST),),
        ),
        Part(
            mart="promises",
            title="ready.promised_last",
            dimensions=("collector", "customer_name", "customer_id", "promised_date", "invoice_id"),
            measures=("promised_amount",),
            filters=(Filter(column="promised_date", period="last_7_days"),),
        ),
        Part(
            mart="promises",
            title="ready.promised_next",
            dimensions=("collector", "customer_name", "customer_id", "promised_date", "invoice_id"),
            measures=("promised_amount",),
            filters=(Filter(column="promised_date", period="next_7_days"),),
        ),
        Part(
            mart="payments",
            title="ready.paid_last",
            dimensions=("collector", "customer_name", "customer_id", "received_date"),
            measures=("paid_amount", "payments"),
            filters=(Filter(column="received_date", period="last_7_days"),),
        ),
        Part(
            mart="disputes",
            title="ready.in_dispute",
            dimensions=("collector", "customer_name", "customer_id", "document_number", "reason", "opened_date"),
            measures=("open_amount",),
            filters=(Filter(column="is_open", among=("yes",)),),
        ),
    ),
)

BOARD_PACK = Document(
    parts=(
        Part(
            mart="kpis",
            title="ready.kpis",
            dimensions=("company_id", "kpi", "unit"),
            measures=("value",),
            filters=(Filter(column="kpi", among=BOARD_KPIS),),
        ),
        Part(mart="aging", title="ready.aging_by_company", dimensions=("company_id",), measures=AGED),
        Part(
            mart="segments",
            title="ready.by_segment",
            dimensions=("segment",),
            measures=("customers", "overdue_amount", "open_amount"),
        ),
        Part(
            mart="payments",
            title="ready.paid_this_year",
            dimensions=("received_month",),
            measures=("paid_amount", "payments"),
            filters=(Filter(column="received_date", period="this_year"),),
        ),
    ),
    as_of="last_month_end",
    with_certificate=True,
)

READY: Mapping[str, Document] = {
    "auditor_aging": AUDITOR_AGING,
    "collectors_week": COLLECTORS_WEEK,
    "board_pack": BOARD_PACK,
}
