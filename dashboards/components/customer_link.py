"""From a row to the page of its customer, as of the clocks of the row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from dashboards.components import filters
from dashboards.components.saved_views import opening
from dashboards.components.tables import Column, table
from dashboards.components.view import View, as_text
from dashboards.queries.session import Clocks

CUSTOMER_PAGE, WORKLIST_PAGE = "app_pages/customer.py", "app_pages/worklist.py"


def customers_table(
    view: View,
    clocks: Clocks,
    rows: pd.DataFrame,
    columns: Mapping[str, Column],
    *,
    alt: str,
    key: str,
    currency_code: str | None = None,
) -> pd.Series | None:
    """A table of rows with customer_id and customer_name; the one that is clicked, under it a link to its customer.

    `clocks`: of the rows.
    """
    selection = table(view, rows, columns, alt=alt, currency_code=currency_code, key=key, selects="single-cell")
    cells = [cell for cell in selection["cells"] if cell[0] < len(rows)]
    if not cells:
        return None
    row: pd.Series = rows.iloc[cells[0][0]]
    to_customer(view, clocks, row)
    return row


def to_customer(view: View, clocks: Clocks, row: pd.Series) -> None:
    if row["customer_id"] is None:
        return
    st.page_link(
        CUSTOMER_PAGE,
        label=view.words("campaigns.open_customer", name=as_text(row["customer_name"] or row["customer_id"])),
        icon=":material/person:",
        query_params=customer_query(view, clocks, row["customer_id"]),
    )


def customer_query(view: View, clocks: Clocks, customer_id: str) -> dict[str, str]:
    """What a link to the page of a customer asks for: that page begins with the clocks in force, and these may be
    others. A page that stands at the publication leaves in force what was chosen elsewhere."""
    published = view.reading.clocks
    begins = Clocks(
        filters.in_force("as_of") or published.as_of,
        filters.known_until(filters.in_force("known_at"), published.known_at),
    )
    if clocks == begins:
        return {"customer": customer_id}
    days = {}
    if clocks.as_of != published.as_of:
        days["as_of"] = clocks.as_of.isoformat()
    if clocks.known_at != published.known_at:
        days["known_at"] = clocks.known_at.astimezone(dt.UTC).date().isoformat()
    return opening(customer=customer_id, **days)
