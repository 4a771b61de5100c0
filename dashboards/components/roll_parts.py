"""How debts age: roll rates, the matrix of transitions, and customers who became current again."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import streamlit as st

from cartera.warehouse import risk
from dashboards.charts.recovery import rate_bars
from dashboards.components import filters
from dashboards.components.export import csv_button
from dashboards.components.matrix import Cell, matrix
from dashboards.components.moved_parts import gone_on, moved_debts, rolled_debts, state_name
from dashboards.components.recovery_rows import clicked, cure_debts
from dashboards.components.tables import Column, foremost, table
from dashboards.components.view import View
from dashboards.queries import recovery, recovery_rows
from dashboards.queries.session import Clocks


def roll_part(view: View, clocks: Clocks, place: str) -> None:
    words, code = view.words, place.rpartition("/")[2]
    with st.container(horizontal=True):
        spans = {str(n): words.counted("recovery.periods", n) for n in recovery.PERIODS}
        periods = int(filters.choice(view, "periods", spans, str(recovery.OPENING_PERIODS)))
        bases = {name: words(f"recovery.by_{name}") for name in recovery.BASES}
        counted = filters.choice(view, "count_by", bases, recovery.BASES[0])
        methods = {name: words(f"recovery.{name}") for name in recovery.METHODS}
        followed = filters.choice(view, "method", methods, recovery.METHODS[0])
    basis = next(name for name in recovery.BASES if name == counted)
    method = next(name for name in recovery.METHODS if name == followed)
    rates = recovery.of_place(recovery.roll_rates(view.reading, clocks, method, basis, periods), place)
    rate = _rates(view, rates, method, code if basis == "amount" else None, periods, f"rates_{place}_{basis}_{clocks}")
    # files of recovery are of all companies and currencies: neither their names nor the log say the page's
    csv_button(view, clocks, "", f"roll-rates-{method}",
               lambda: recovery.roll_rates_csv(words, clocks, method, basis, periods),
               of="all", help_text=words("recovery.export_help"))  # fmt: skip
    moved = recovery.of_place(recovery.transitions(view.reading, clocks, periods), place)
    if rate:
        figures = rates.iloc[rate[0]]
        asked = recovery_rows.rolled(place, clocks, periods, basis, method, figures, rate[1])
        rolled_debts(view, clocks, asked, figures, moved)
    cell = _transitions(
        view, moved, code, "items" if basis == "count" else "amount", f"{place}_{periods}_{basis}_{clocks}"
    )
    csv_button(view, clocks, "", "transitions", lambda: recovery.transitions_csv(words, clocks, periods),
               of="all", help_text=words("recovery.export_help"))  # fmt: skip
    if cell:
        moved_debts(view, clocks, recovery_rows.moved(place, clocks, periods, basis, *cell), moved)
    cured = recovery.of_place(recovery.cures(view.reading, clocks), place)
    column = _cures(view, clocks, cured, code, f"cures_{place}_{clocks}")
    if column:
        cure_debts(view, clocks, place, cured, column)


def _rates(
    view: View, rows: pd.DataFrame, method: risk.Method, code: str | None, periods: int, key: str
) -> tuple[int, str] | None:
    """The row and the column of the figure that was clicked."""
    words, is_tracked = view.words, method == "tracked"
    st.subheader(words("recovery.roll"), anchor=False, help=words("recovery.roll_help"))
    st.caption(words("recovery.roll_sub", days=recovery.PERIOD_DAYS * periods))
    if rows.empty:
        st.info(words("recovery.none"), icon=":material/hourglass_empty:")
        return None
    pairs = [
        f"{state_name(view, one)} ↓ {state_name(view, other)}"
        for one, other in zip(rows["bucket"], rows["next_bucket"], strict=True)
    ]
    amount = (lambda value: words.money(value, code)) if code else words.number
    told = [
        words("recovery.rolled", numerator=amount(row.numerator), denominator=amount(row.denominator))
        for row in rows.itertuples(index=False)
    ]
    shares = [_share(value) for value in rows["roll_rate_pct"]]
    st.plotly_chart(
        rate_bars(pairs, shares, told, words, view.is_dark),
        key="roll_rates",
        config={"displayModeBar": False},
        alt=words("recovery.roll"),
    )
    data = rows.assign(
        bucket=[state_name(view, name) for name in rows["bucket"]],
        next_bucket=[(gone_on if is_tracked else state_name)(view, name) for name in rows["next_bucket"]],
        roll_rate_pct=shares,
        flow_through_pct=[_share(value) for value in rows["flow_through_pct"]],
        reason=[words.reason(reason) for reason in rows["reason"]],
    )
    kind = "money" if code else "number"
    columns = {
        "bucket": Column("column.from_bucket", is_pinned=True),
        "denominator": Column("column.at_start", kind),
        "next_bucket": Column("column.to_bucket"),
        "numerator": Column("column.went_on" if is_tracked else "column.at_end", kind),
        "roll_rate_pct": Column("column.roll_rate", "percent"),
        "flow_through_pct": Column("column.flow_through", "percent"),
    }
    columns |= {"reason": Column("column.note", width=210, lines=2)} if any(data["reason"]) else {}
    columns = foremost(view, columns, "bucket", "roll_rate_pct", "numerator", "denominator")
    selection = table(
        view, data, columns, alt=words("recovery.roll"), currency_code=code, key=f"{key}_{method}_{periods}",
        selects="single-cell",
    )  # fmt: skip
    return clicked(selection, rows)


def _transitions(view: View, rows: pd.DataFrame, code: str, measure: str, key: str) -> Cell | None:
    """The square; the cell that was clicked."""
    words = view.words
    st.subheader(words("recovery.matrix"), anchor=False, help=words("recovery.matrix_help"))
    st.caption(words("recovery.matrix_sub"))
    if rows.empty:
        st.info(words("recovery.none"), icon=":material/hourglass_empty:")
        return None
    rows = rows[rows[measure].notna()]
    values = {(row["from_state"], row["to_state"]): row[measure] for row in rows.to_dict("records")}
    of_row: dict[str, Decimal] = {}
    for (start, _), value in values.items():
        of_row[start] = of_row.get(start, Decimal(0)) + value
    shares = {cell: float(value / of_row[cell[0]]) for cell, value in values.items() if of_row[cell[0]]}
    shown = filters.choice(
        view, "cells", {name: words(f"recovery.cells_{name}") for name in ("share", "value")}, "share"
    )
    exact = {cell: Decimal(value) / of_row[cell[0]] for cell, value in values.items() if of_row[cell[0]]}
    starts = {name for name, _ in values}
    ends = {name for _, name in values}
    return matrix(
        view,
        exact if shown == "share" else values,
        shares,
        {name: state_name(view, name) for name in recovery.STATES if name in starts},
        {name: state_name(view, name) for name in recovery.STATES if name in ends},
        alt=words("recovery.matrix"),
        corner=words("moves.corner"),
        kind="percent" if shown == "share" else "money" if measure == "amount" else "number",
        key=f"transitions_{key}_{shown}",
        currency_code=code,
    )


def _cures(view: View, clocks: Clocks, rows: pd.DataFrame, code: str, key: str) -> str | None:
    """The column of the figure that was clicked."""
    words = view.words
    st.subheader(words("recovery.cures"), anchor=False, help=words("recovery.cures_help"))
    end = clocks.as_of - dt.timedelta(days=recovery.CURE_DAYS)
    start = end - dt.timedelta(days=recovery.HORIZON_DAYS)
    days = {"start": words.date(start), "end": words.date(end), "as_of": words.date(clocks.as_of)}
    st.caption(words("recovery.cures_sub", horizon=recovery.HORIZON_DAYS, days=recovery.CURE_DAYS, **days))
    if rows.empty:
        st.info(words("recovery.none"), icon=":material/hourglass_empty:")
        return None
    counted = ("delinquent", "cured", "redefaulted", "written_off")
    data = pd.DataFrame(
        [
            {
                "basis": words(f"recovery.cures_{row['basis']}", currency=code),
                **{
                    name: words.figure(row[name], "count" if row["basis"] == "count" else "amount", code)
                    for name in counted
                },
                "cure_rate": words.figure(row["cure_rate_pct"], "percent"),
                "redefault_rate": words.figure(row["redefault_rate_pct"], "percent"),
                "reason": words.reason(row["reason"]),
            }
            for row in rows.to_dict("records")
        ],
        dtype=object,
    )
    columns = {"basis": Column("column.counted_by", is_pinned=True)}
    columns |= {name: Column(f"column.customers_{name}", "figure") for name in counted}
    columns |= {name: Column(f"column.{name}", "figure") for name in ("cure_rate", "redefault_rate")}
    columns |= {"reason": Column("column.note", width=300)} if any(data["reason"]) else {}
    columns = foremost(view, columns, "basis", "cure_rate", "cured", "delinquent")
    selection = table(view, data, columns, alt=words("recovery.cures"), key=key, selects="single-cell")
    return selection["cells"][0][1] if selection["cells"] else None


def _share(percent: Decimal | None) -> Decimal | None:
    return None if percent is None else percent / 100
