"""What each part and each customer owes by buckets; a click, or an arrow key, narrows the page to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from cartera.warehouse.read import BUCKETS
from dashboards.components import filters
from dashboards.components.aging_figures import identity, narrowed_by, shades, standing
from dashboards.components.aging_filters import EVERYBODY, Chosen, called
from dashboards.components.drill import Figure
from dashboards.components.export import csv_button
from dashboards.components.matrix import Line, line_list
from dashboards.components.narrowed import narrowed
from dashboards.components.tables import CUSTOMER, Column, Kind, table
from dashboards.components.view import View
from dashboards.queries import aging, export

Cell = tuple[int, str]
"""The place of a row and the name of a column."""

MOST_CHARACTERS = 74
"""Of the widest amounts of a row, for all of its buckets to be in sight on a screen of 1,280 pixels."""


def parts_matrix(view: View, chosen: Chosen) -> None:
    """The companies, currencies, countries, collectors or segments by buckets."""
    words, asked, rows = view.words, chosen.asked, chosen.parts
    if rows is None or rows.empty:
        return
    title = words(f"aging.parts_{asked.by}", scheme=words.named("scheme", asked.scheme or ""))
    st.subheader(title, anchor=False)
    # a row of another currency is not added to anything
    is_one_currency = asked.by != "currency"
    told = "aging.parts_sub" if is_one_currency else "aging.currencies_sub"
    st.caption(words(told, currency=asked.currency_code))
    shown = aging.with_total(rows) if is_one_currency else rows
    labels = [words("aging.total") if part is None else called(view, asked.by, part) for part in shown["part"]]

    stands = standing("aging_parts", (_part_chosen(chosen) or "", asked.bucket or ""))

    def clicked(cell: Cell | None) -> None:
        part, bucket = "", stands.drawn[1]
        if cell:
            part, bucket = shown["part"].iloc[cell[0]] or "", _bucket(shown, cell) or bucket
        filters.choose(view, **{asked.by if asked.by in ("company", "currency") else "group": part, "bucket": bucket})
        narrowed_by("aging_parts", (part, bucket))

    columns = _columns(view, "part", f"aging.by_{asked.by}" if asked.by != "segment" else "column.segment", shown)
    _drawn(
        view,
        shown.assign(part=labels),
        columns,
        clicked,
        alt=title,
        currency_code=asked.currency_code if is_one_currency else None,
        key=f"parts_{identity(view, _widened(asked))}_{stands.times}",
        headings=[0] if is_one_currency else [],
        shades=shades(view, list(shown["part"]), list(columns), asked.bucket, _part_chosen(chosen)),
    )
    _say_rounded(view, shown)
    if is_one_currency:
        named = rows.assign(part=[called(view, asked.by, part) for part in rows["part"]])
        by = words(f"aging.by_{asked.by}", scheme=words.named("scheme", asked.scheme or ""))
        to = narrowed(words, by=by, company=asked.company_id if asked.by != "company" else None)
        csv_button(
            view, asked.clocks, asked.currency_code, "aging-parts", lambda: aging.parts_csv(words, asked, named, to),
            narrowed=to, of=f"{asked.by}_{asked.scheme}",
        )  # fmt: skip


def _part_chosen(chosen: Chosen) -> str | None:
    asked = chosen.asked
    return {"company": asked.company_id, "currency": asked.currency_code}.get(asked.by, asked.part)


def _widened(asked: aging.Asked) -> aging.Asked:
    """Without what the cells of its parts choose, and what their amounts are not of."""
    widened = replace(asked, part=None, bucket=None, customer_id=None)
    if asked.by == "company":
        return replace(widened, company_id=None)
    return replace(widened, currency_code="") if asked.by == "currency" else widened


def _bucket(rows: pd.DataFrame, cell: Cell) -> str | None:
    """That of the cell, where there is an amount in it."""
    place, column = cell
    return column if column in BUCKETS and rows[column].iloc[place] else None


def customers_matrix(view: View, chosen: Chosen) -> None:
    """Customers by buckets, or what they have in the bucket chosen; the largest first, the one chosen on top.

    By a cell of its own neither is moved: all rows and columns stay where the keyboard left them.
    """
    words, asked = view.words, chosen.asked
    customer = EVERYBODY if chosen.is_everybody else asked.customer_id or ""
    stands = standing("aging_customers", (customer, asked.bucket or ""))
    on_top, bucket = stands.drawn
    rows = (
        chosen.customers
        if bucket == (asked.bucket or "")
        else aging.customers(view.reading, replace(asked, bucket=bucket or None))
    )
    total, listed = rows.iloc[0], len(rows) - 1
    st.subheader(words("aging.matrix"), anchor=False)
    st.caption(words("aging.matrix_sub", currency=asked.currency_code))
    is_chosen = rows["customer_id"] == on_top
    if any(is_chosen):
        # in sight also when the list is long
        rows = pd.concat([rows.iloc[:1], rows[is_chosen], rows.iloc[1:][~is_chosen.iloc[1:]]])
    everybody = words.counted("aging.all_customers", total["customers"])
    data = rows.assign(customer_name=[everybody, *rows["customer_name"].iloc[1:]]).reset_index(drop=True)

    columns = _columns(view, "customer_name", "column.customer", data)

    def clicked(cell: Cell | None) -> None:
        now = ("", bucket)
        if cell:
            now = (data["customer_id"].iloc[cell[0]] or EVERYBODY, _bucket(data, cell) or bucket)
        filters.choose(view, customer=now[0], bucket=now[1])
        narrowed_by("aging_customers", now)

    if bucket:
        whole = total["open_amount"]
        data["share"] = [float(amount / whole) if whole else 0.0 for amount in data["open_amount"]]
        columns = {
            "customer_name": columns["customer_name"],
            "open_amount": Column(words.bucket(bucket), "money", is_plain=True),
            "share": Column("column.share", "share"),
            "open_items": columns["open_items"],
        }
    _drawn(
        view,
        data,
        columns,
        clicked,
        alt=words("aging.matrix"),
        currency_code=asked.currency_code,
        key=f"customers_{identity(view, replace(asked, customer_id=None, bucket=None))}_{stands.times}",
        headings=[0],
        shades=shades(view, list(data["customer_id"]), list(columns), asked.bucket, asked.customer_id),
    )
    if not bucket:
        _say_rounded(view, data)
    if listed < total["customers"]:
        st.caption(words("aging.capped", shown=words.number(listed), count=words.number(total["customers"])))
    what = (asked.currency_code, asked.company_id, bucket or None, asked.group)
    # whatever cell is chosen, the whole table is in it
    to = [label for name, label in chosen.labels.items() if name != "customer" and (name != "bucket" or bucket)]
    csv_button(
        view,
        asked.clocks,
        asked.currency_code,
        "aging",
        lambda: export.customers_csv(words, asked.clocks, *what, to),
        narrowed=to,
    )


def _drawn(
    view: View,
    data: pd.DataFrame,
    columns: Mapping[str, Column],
    clicked: Callable[[Cell | None], None],
    *,
    alt: str,
    currency_code: str | None,
    key: str,
    headings: Sequence[int],
    shades: pd.DataFrame,
) -> None:
    """The table; `clicked` is given the place of the row and the column, or that none is selected any more."""
    if view.is_phone and BUCKETS[0] in columns:
        return _listed(view, data, columns, clicked, alt=alt, key=key, shades=shades)

    def on_select() -> None:
        cells: list[Cell] = st.session_state[key]["selection"]["cells"]
        clicked(next((cell for cell in cells if cell[0] < len(data)), None))

    table(view, data, columns, alt=alt, currency_code=currency_code, key=key, selects="single-cell",
          on_select=on_select, headings=headings, shades=shades)  # fmt: skip


def _listed(
    view: View,
    data: pd.DataFrame,
    columns: Mapping[str, Column],
    clicked: Callable[[Cell | None], None],
    *,
    alt: str,
    key: str,
    shades: pd.DataFrame,
) -> None:
    """As wide as a phone: under each row with what it owes the buckets in which that is."""
    name, whole = next(iter(columns)), "open_amount"
    lines = [
        Line(
            str(data[name].iloc[place]) if column == whole else f"· {view.words.bucket(column)}",
            view.words.units(data[column].iloc[place]),
            style=shades[column].iloc[place],
            is_heading=column == whole,
            of=(place, column),
        )
        for place in range(len(data))
        for column in (whole, *BUCKETS)
        if column == whole or data[column].iloc[place]
    ]
    line_list(view, lines, alt=alt, corner=view.words(columns[name].heading), key=key, on_select=clicked)


def _columns(view: View, name: str, heading: str, amounts: pd.DataFrame) -> dict[str, Column]:
    """Whole units where no amount has cents, or where they would push the last buckets out of sight."""
    kind: Kind = "units_or_dash" if _is_whole(amounts) or _is_wide(amounts) else "money_or_dash"
    return {
        name: replace(CUSTOMER, heading=heading),
        "open_amount": Column("column.open", kind),
        **{bucket: Column(view.words.bucket(bucket), kind, is_plain=True) for bucket in BUCKETS},
        "open_items": Column("column.items", "number"),
    }


def _is_whole(amounts: pd.DataFrame) -> bool:
    return all(amount == int(amount) for name in BUCKETS for amount in amounts[name])


def _is_wide(amounts: pd.DataFrame) -> bool:
    return sum(len(f"{amounts[name].max():,.2f}") for name in ("open_amount", *BUCKETS)) > MOST_CHARACTERS


def _say_rounded(view: View, amounts: pd.DataFrame) -> None:
    if _is_wide(amounts) and not _is_whole(amounts):
        st.caption(view.words("aging.rounded"))


def invoices_of(view: View, chosen: Chosen) -> Figure | None:
    """The figure whose invoices are listed below."""
    asked, row = chosen.asked, chosen.figure
    if row is None:
        return None
    title = None
    if asked.part is not None and asked.customer_id is None:
        parts = [view.words.bucket(asked.bucket) if asked.bucket else "", called(view, asked.by, asked.part)]
        title = view.words("aging.invoices_of", what=" · ".join(filter(None, parts)))
    return Figure(
        amount=row["open_amount"],
        open_items=row["open_items"],
        currency_code=asked.currency_code,
        company_id=asked.company_id,
        customer_id=asked.customer_id,
        customer_name=row["customer_name"] if asked.customer_id else None,
        bucket=asked.bucket,
        title=title,
        group=asked.group,
        group_name=chosen.labels.get("group"),
    )
