"""From a row to the page of its customer."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from dashboards.components.tables import Column, table
from dashboards.components.view import View, as_text

CUSTOMER_PAGE, WORKLIST_PAGE = "app_pages/customer.py", "app_pages/worklist.py"


def customers_table(
    view: View,
    rows: pd.DataFrame,
    columns: Mapping[str, Column],
    *,
    alt: str,
    key: str,
    currency_code: str | None = None,
) -> pd.Series | None:
    """A table of rows with customer_id and customer_name; the one that is clicked, under it a link to its customer."""
    selection = table(view, rows, columns, alt=alt, currency_code=currency_code, key=key, selects="single-cell")
    cells = [cell for cell in selection["cells"] if cell[0] < len(rows)]
    if not cells:
        return None
    row: pd.Series = rows.iloc[cells[0][0]]
    to_customer(view, row)
    return row


def to_customer(view: View, row: pd.Series) -> None:
    if row["customer_id"] is None:
        return
    st.page_link(
        CUSTOMER_PAGE,
        label=view.words("campaigns.open_customer", name=as_text(row["customer_name"] or row["customer_id"])),
        icon=":material/person:",
        query_params={"customer": row["customer_id"]},
    )
