"""Below a certificate: the open items that add up to the line that was clicked, and the way to Aging."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from cartera.reports.behind import Place
from cartera.reports.document import Part
from cartera.reports.marts import CURRENCY
from dashboards.components import report_rows
from dashboards.components.access import may_open
from dashboards.components.aging_filters import EVERYBODY
from dashboards.components.saved_views import opening
from dashboards.components.view import View, as_text
from dashboards.queries.session import Clocks, actor

FIGURES = {"open_amount": "open_items_amount", "credit_amount": "unapplied_amount", "net_amount": "ledger_amount"}
"""What the open items add up to, and what the certificate calls it. Buckets are the open items by age; what the source
states is one figure of its own, without rows here."""
ITEMS = Part(mart="open_items", dimensions=("company_id",), measures=tuple(FIGURES))


def certificate_rows(
    view: View, clocks: Clocks, lines: pd.DataFrame, cells: Sequence[tuple[int, str]], key: str
) -> None:
    """Of the line that was clicked, as of the clocks of the certificate."""
    if not cells or cells[0][0] >= len(lines):
        return
    line = lines.iloc[cells[0][0]]
    company_id, code = line["company_id"], line[CURRENCY]
    row: dict[str, Any] = {figure: line[name] for figure, name in FIGURES.items()} | {CURRENCY: code}
    report_rows.documents(view, clocks, Place(ITEMS, (("company_id", company_id), (CURRENCY, code))), row, key)
    if may_open(actor(), "aging") and line["buckets_amount"]:
        st.page_link(
            "app_pages/aging.py",
            label=view.words("health.open_aging", company=as_text(company_id), currency=code),
            icon=":material/stacked_bar_chart:",
            query_params=opening(
                company=company_id,
                currency=code,
                customer=EVERYBODY,
                as_of=clocks.as_of.isoformat(),
                known_at=clocks.known_at.date().isoformat(),
            ),
        )
