"""The button that exports a table."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboards.components.view import View
from dashboards.queries.session import Clocks


def csv_button(
    view: View,
    clocks: Clocks,
    currency_code: str,
    name: str,
    content: Callable[[], bytes],
    *,
    of: str = "",
    help_text: str = "",
) -> None:
    """A button whose file is made when it is clicked; `content` opens its own transaction.

    `of` tells apart two tables of the same name on one page. `currency_code` may be the currency view of a table of
    several currencies, whose `help_text` says so.
    """
    words = view.words
    st.download_button(
        words("export.csv"),
        content,
        file_name=f"cartera-{name}-{currency_code}-{clocks.as_of.isoformat()}.csv",
        mime="text/csv",
        key=f"export_{name}_{of}",
        icon=":material/download:",
        on_click="ignore",
        help=help_text or words("export.csv_help", currency=currency_code, date=words.date(clocks.as_of)),
    )


def xlsx_button(view: View, clocks: Clocks, name: str, content: Callable[[], bytes], *, help_text: str) -> None:
    """As `csv_button`, for a workbook of all companies and currencies."""
    st.download_button(
        view.words("export.xlsx"),
        content,
        file_name=f"cartera-{name}-{clocks.as_of.isoformat()}.xlsx",
        mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        key=f"export_{name}_xlsx",
        icon=":material/table_view:",
        on_click="ignore",
        help=help_text,
    )
