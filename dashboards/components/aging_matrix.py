"""Customers by buckets; every amount leads to its invoices."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cartera.warehouse.read import BUCKETS
from dashboards.components.drill import Figure
from dashboards.components.tables import Column, table
from dashboards.components.view import View
from dashboards.queries.session import Clocks


def aging_matrix(
    view: View, clocks: Clocks, customers: pd.DataFrame, currency_code: str, company_id: str | None
) -> Figure | None:
    """by_customer's rows, the one for all of them first; the figure of the cell that was clicked."""
    words, total, listed = view.words, customers.iloc[0], len(customers) - 1
    st.subheader(words("aging.matrix"), anchor=False)
    st.caption(words("aging.matrix_sub", currency=currency_code))
    everybody = words.counted("aging.all_customers", total["customers"])
    data = customers.assign(customer_name=[everybody, *customers["customer_name"].iloc[1:]])
    selection = table(
        view,
        data,
        _columns(view),
        alt=words("aging.matrix"),
        currency_code=currency_code,
        key=f"matrix_{currency_code}_{company_id}_{clocks.as_of}_{clocks.known_at}",
        selects="single-cell",
    )
    if listed < total["customers"]:
        st.caption(words("aging.capped", shown=words.number(listed), count=words.number(total["customers"])))
    return _chosen(selection["cells"], customers, currency_code, company_id)


def _columns(view: View) -> dict[str, Column]:
    return {
        "customer_name": Column("column.customer", width=200),
        "open_amount": Column("column.open", "money"),
        **{bucket: Column(view.words.bucket(bucket), "money_or_dash", is_plain=True) for bucket in BUCKETS},
        "open_items": Column("column.items", "number"),
    }


def _chosen(
    cells: list[tuple[int, str]], customers: pd.DataFrame, currency_code: str, company_id: str | None
) -> Figure | None:
    """A cell of a bucket means that bucket, any other cell of a row the whole row."""
    if not cells or cells[0][0] >= len(customers):
        return None
    row, column = customers.iloc[cells[0][0]], cells[0][1]
    bucket = column if column in BUCKETS else None
    return Figure(
        amount=row[bucket or "open_amount"],
        open_items=None if bucket else row["open_items"],
        currency_code=currency_code,
        company_id=company_id,
        customer_id=row["customer_id"],
        customer_name=row["customer_name"],
        bucket=bucket,
    )
