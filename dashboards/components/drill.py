"""From a figure to the invoices behind it, which add up to it, and from one of them to all that is known of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from cartera.warehouse import read
from cartera.warehouse.groups import Group
from dashboards.components.customer_link import CUSTOMER_PAGE, customer_query
from dashboards.components.export import audit_view, csv_button
from dashboards.components.invoice_parts import document
from dashboards.components.narrowed import narrowed
from dashboards.components.tables import CUSTOMER, Column, table
from dashboards.components.view import View, as_text
from dashboards.queries import export, receivables
from dashboards.queries.session import Clocks, actor

COLUMNS = {
    "customer_name": CUSTOMER,
    "open_amount": Column("column.open", "money"),
    "document_number": Column("column.document"),
    "days_past_due": Column("column.days", "number"),
    "due_date": Column("column.due", "date"),
    "item_amount": Column("column.item_amount", "money"),
    "issue_date": Column("column.issued", "date"),
    "is_disputed": Column("column.disputed", "yes_no"),
}
OF_CUSTOMER = {"document_number": COLUMNS["document_number"]} | {
    name: column for name, column in COLUMNS.items() if name != "customer_name"
}


@dataclass(frozen=True)
class Figure:
    """A figure on screen and the filters that give its rows; None means not filtered by it."""

    amount: Decimal
    open_items: int | None
    currency_code: str
    company_id: str | None = None
    customer_id: str | None = None
    customer_name: str | None = None
    bucket: str | None = None
    title: str | None = None
    """Of a figure that is neither a bucket's nor a customer's."""

    item_ids: tuple[str, ...] | None = None
    expected_until: dt.date | None = None
    group: Group | None = None
    group_name: str | None = None
    """In the reader's words."""

    part: read.Part = "open_amount"
    """Which open items of a customer it adds up."""

    @property
    def has_credit(self) -> bool:
        return self.part in export.WITH_CREDIT


def drill(view: View, clocks: Clocks, figure: Figure) -> None:
    """The invoices of a figure, whether they add up to it, and all of them as CSV."""
    rows = (figure.currency_code, figure.company_id, figure.customer_id, figure.bucket)
    more: dict[str, Any] = {
        "item_ids": figure.item_ids, "expected_until": figure.expected_until, "group": figure.group,
        "part": figure.part,
    }  # fmt: skip
    to = _narrowed(view, figure)
    if figure.customer_id is not None:
        audit_view(actor(), figure.customer_id)
    items = receivables.open_items(view.reading, clocks, *rows, limit=receivables.LISTED_ITEMS, **more)
    with st.container(border=True):
        st.subheader(as_text(_title(view, figure)), anchor=False)
        _sum_up(view, figure, items)
        columns = OF_CUSTOMER if figure.customer_id else COLUMNS
        if figure.has_credit:
            columns = columns | {name: replace(columns[name], heading=key) for name, key in export.OF_CREDIT.items()}
        of = figure.title or f"{figure.customer_id}/{figure.bucket}"
        selection = table(
            view,
            items,
            columns,
            alt=_title(view, figure),
            currency_code=figure.currency_code,
            key=f"drill_{figure.currency_code}_{figure.company_id}_{clocks.as_of}_{clocks.known_at}_{of}",
            selects="single-cell",
        )
        cells = [cell for cell in selection["cells"] if cell[0] < len(items)]
        row = items.iloc[cells[0][0]] if cells else None
        _to_customer(view, clocks, figure, row)
        _credit(view, clocks, figure)
        csv_button(
            view,
            clocks,
            figure.currency_code,
            "invoices",
            lambda: export.open_items_csv(view.words, clocks, *rows, **more, narrowed=to),
            narrowed=to,
            of=of,
        )
    if row is not None:
        audit_view(actor(), row["customer_id"])
        document(view, clocks, row, figure.currency_code)


def _to_customer(view: View, clocks: Clocks, figure: Figure, row: pd.Series | None) -> None:
    """To the page of the customer, of the figure or of the row that was clicked, as of the figure's clocks."""
    customer_id, name = figure.customer_id, figure.customer_name
    if customer_id is None and row is not None:
        customer_id, name = row["customer_id"], row["customer_name"]
    if customer_id is not None:
        label = view.words("drill.open_customer", name=as_text(name or customer_id))
        st.page_link(CUSTOMER_PAGE, label=label, icon=":material/person:",
                     query_params=customer_query(view, clocks, customer_id))  # fmt: skip


def _narrowed(view: View, figure: Figure) -> tuple[str, ...]:
    words = view.words
    return narrowed(
        words,
        figure.group_name,
        words.bucket(figure.bucket) if figure.bucket else None,
        # of what no filter names: these disputes, this month
        figure.title if figure.item_ids or figure.expected_until or figure.part != "open_amount" else None,
        company=figure.company_id,
        customer=figure.customer_name or figure.customer_id,
    )


def _title(view: View, figure: Figure) -> str:
    """As plain text."""
    if figure.title:
        return figure.title
    name = figure.customer_name or figure.customer_id or ""
    bucket = view.words.bucket(figure.bucket) if figure.bucket else ""
    if figure.customer_id and bucket:
        return view.words("drill.customer_bucket", name=name, bucket=bucket)
    if figure.customer_id:
        return view.words("drill.customer", name=name)
    return view.words("drill.bucket", bucket=bucket) if bucket else view.words("drill.all")


def _sum_up(view: View, figure: Figure, items: pd.DataFrame) -> None:
    words, added = view.words, sum(items["open_amount"], Decimal(0))
    chosen = as_text(words.money(figure.amount, figure.currency_code))
    if len(items) == receivables.LISTED_ITEMS and added != figure.amount:
        shown = words.number(len(items))
        count = words.number(figure.open_items) if figure.open_items is not None else "…"
        st.caption(words("drill.capped", shown=shown, count=count, amount=chosen))
    elif added == figure.amount:
        key = "drill.items_add_up" if figure.has_credit else "drill.adds_up"
        text = words.counted(key, len(items), amount=f"**{chosen}**")
        st.markdown(f":material/check_circle: {text}")
    else:
        st.error(words("drill.differs", sum=as_text(words.money(added, figure.currency_code)), amount=chosen))


def _credit(view: View, clocks: Clocks, figure: Figure) -> None:
    if figure.customer_id is None or figure.has_credit:
        return
    credit = receivables.unapplied_of(view.reading, clocks, figure.currency_code, figure.company_id, figure.customer_id)
    if credit:
        amount = as_text(view.words.money(credit, figure.currency_code))
        st.caption(view.words("drill.credit", amount=amount))
