"""The rows behind a figure: that they add up to it, the largest of them, all of them as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd
import streamlit as st

from dashboards.components.customer_link import customers_table, to_customer
from dashboards.components.export import audit_view, csv_button
from dashboards.components.invoice_parts import document
from dashboards.components.tables import Column
from dashboards.components.view import View, as_text
from dashboards.queries.session import Clocks, actor

CLOSE = Decimal("0.005")
"""Shares of a credit and products of rates are divided; a figure of theirs ends where money does."""


@dataclass(frozen=True)
class Sum:
    """What a column of rows must add up to, or, of the column `rows`, how many there must be."""

    column: str
    label: str
    figure: Decimal
    is_money: bool = True


def rows_behind(
    view: View,
    clocks: Clocks,
    found: pd.DataFrame,
    columns: Mapping[str, Column],
    sums: Sequence[Sum],
    *,
    title: str,
    currency_code: str,
    key: str,
    name: str,
    content: Callable[[], bytes],
    of: str,
    note: str = "",
    opens_one: bool = False,
) -> None:
    """`found` has `rows` and a total_<column> of each sum; `title` is plain text; the others as in `csv_button`.

    `opens_one`: a single row is opened without a click of its own.
    """
    with st.container(border=True):
        st.subheader(as_text(title), anchor=False)
        if sums:
            _sum_up(view, found, sums, currency_code)
        if note:
            st.caption(note)
        listed(view, clocks, found, columns, alt=title, currency_code=currency_code, key=key, name=name,
               content=content, of=of, opens_one=opens_one)  # fmt: skip


def listed(
    view: View,
    clocks: Clocks,
    found: pd.DataFrame,
    columns: Mapping[str, Column],
    *,
    alt: str,
    currency_code: str,
    key: str,
    name: str,
    content: Callable[[], bytes],
    of: str,
    opens_one: bool = False,
) -> None:
    """The rows, whether these are all, their file, and of the one that is clicked its customer's page and document."""
    words, count = view.words, total(found, "rows")
    if len(found) < count:
        st.caption(words("rows.capped", shown=words.number(len(found)), count=words.number(count)))
    row = customers_table(view, clocks, found, columns, alt=alt, currency_code=currency_code, key=key)
    csv_button(view, clocks, currency_code, name, content, of=of)
    if row is None and opens_one and len(found) == 1:
        row = found.iloc[0]
        to_customer(view, clocks, row)
    if row is not None:
        if row["customer_id"] is not None:
            # what somebody looks at of one customer
            audit_view(actor(), row["customer_id"])
        # in a view of another currency an invoice is in its own
        document(view, clocks, row, row.get("document_currency_code", currency_code), of=key)


def total(found: pd.DataFrame, column: str) -> Decimal:
    """Of all rows, also of those that are not listed."""
    value = found[column].iloc[0] if len(found) else None
    return Decimal(0 if value is None else value)


def _sum_up(view: View, found: pd.DataFrame, sums: Sequence[Sum], code: str) -> None:
    words = view.words

    def written(each: Sum, value: Decimal) -> str:
        return f"{each.label} " + (words.money(value, code) if each.is_money else words.number(int(value)))

    added = {each: total(found, each.column) for each in sums}
    said = as_text(" · ".join(written(each, each.figure) for each in sums))
    if all(abs(value - each.figure) < CLOSE for each, value in added.items()):
        text = words.counted("rows.add_up", int(total(found, "rows")), sums=f"**{said}**")
        st.markdown(f":material/check_circle: {text}")
    else:
        other = as_text(" · ".join(written(each, value) for each, value in added.items()))
        st.error(words("rows.differ", added=other, said=said))
