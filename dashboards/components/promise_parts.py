"""Promises to pay: what is due today, kept and broken, by whom; each count leads to its promises."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import streamlit as st

from dashboards.charts.promises import promise_weeks
from dashboards.components import filters
from dashboards.components.card_grid import card, headline, places
from dashboards.components.customer_link import customers_table
from dashboards.components.export import audit_view, csv_button
from dashboards.components.matrix import matrix
from dashboards.components.narrowed import narrowed
from dashboards.components.tables import CUSTOMER, Column, telling
from dashboards.components.view import View, as_text
from dashboards.queries import promises
from dashboards.queries.session import Clocks, actor

ALL = "promises"
"""The column that counts promises of every state."""
PROMISES = {
    "customer_name": CUSTOMER,
    "promised_amount": Column("promises.col_promised", "money"),
    "promised_date": Column("promises.col_promised_for", "date"),
    "document_number": Column("column.document"),
    "kept_amount": Column("promises.col_kept", "money_or_dash"),
    "state_name": Column("promises.col_state"),
    "later_amount": Column("promises.col_later", "money_or_dash"),
    "made_date": Column("promises.col_made", "date"),
    "collector": Column("promises.col_collector"),
    "company_id": Column("column.company"),
    "source": Column("column.source"),
}

ASIDES = ("document_number", "kept_amount", "later_amount", "state_name", "collector", "company_id", "source")


def cards(view: View, sums: pd.DataFrame, asked: promises.Asked) -> None:
    """Due today, in the days of grace, broken, still open, and the part of the judged that was kept."""
    words, code = view.words, asked.currency_code or ""
    of = {row["state"]: row for row in sums.to_dict("records")}
    judged, kept = int(sum(sums["judged"])), int(sum(sums["kept_judged"]))
    *of_states, last = places(view, 5)
    for place, state in zip(of_states, ("due_today", "in_grace", "broken", "open"), strict=True):
        row = of[state]
        with place:
            card(
                view,
                words(f"promises.card_{state}", currency=code),
                headline(view, row["promised_amount"], code),
                note=words.counted("promises.count", row["promises"]),
                help_text=f"**{words.money(row['promised_amount'], code)}**\n\n{words(f'promises.{state}_help')}",
            )
    with last:
        card(
            view,
            words("promises.kept_rate"),
            words.percent(Decimal(kept) / judged if judged else None),
            note=words("promises.kept_of", kept=words.number(kept), judged=words.number(judged)),
            help_text=words("promises.kept_rate_help", days=asked.days),
        )


def weeks(view: View, asked: promises.Asked) -> None:
    words = view.words
    st.subheader(words("promises.weeks"), anchor=False)
    st.caption(words("promises.weeks_sub", currency=asked.currency_code or ""))
    st.plotly_chart(
        promise_weeks(promises.by_week(view.reading, asked), asked.currency_code or "", words, view.is_dark),
        key=f"promise_weeks_{asked.currency_code}_{asked.company_id}_{asked.days}_{words.language}",
        config={"displayModeBar": False},
        alt=words("promises.weeks"),
    )


def promises_part(view: View, sums: pd.DataFrame, asked: promises.Asked) -> None:
    """Who promised, by collector or customer; the promises of the count that is clicked, or of the state chosen."""
    words = view.words
    st.subheader(words("promises.who"), anchor=False)
    st.caption(words("promises.who_sub"))
    kinds = {name: words(f"promises.by_{name}") for name in ("collector", "customer")}
    by: promises.By = (
        "customer" if filters.choice(view, "promised_to", kinds, "collector") == "customer" else "collector"
    )
    rows = promises.grouped(view.reading, asked, by)
    names = {
        row["key"]: str(row["name"] or (words("promises.nobody") if by == "collector" else row["key"]))
        for row in rows.to_dict("records")
    }
    cell = _matrix(view, rows, names, by, asked)
    states = {"": words("promises.any_state"), **{state: words(f"promises.state.{state}") for state in promises.STATES}}
    with st.container(horizontal=True):
        clicked = None if cell is None else "" if cell[1] == ALL else cell[1]
        state = filters.clickable(view, "promise_state", states, clicked, promises.opening_state(sums) or "")
        labels = {"": words("promises.anybody"), **{f"={key}": name for key, name in names.items()}}
        who = filters.clickable(view, "promised_by", labels, f"={cell[0]}" if cell else None)
    chosen = next((each for each in promises.STATES if each == state), None)
    to = narrowed(
        words,
        company=asked.company_id,
        judged_in=words("promises.days", days=asked.days),
        promise_state=states[state] if state else None,
        promised_by=labels[who] if who else None,
    )
    _list(view, asked, chosen, who[1:] if who else None, by, _expected(sums, rows, state, who), to)


def _count(sums: pd.DataFrame, state: str) -> int:
    return int(sum(sums.loc[sums["state"] == state, "promises"])) if state else int(sum(sums["promises"]))


def _expected(sums: pd.DataFrame, rows: pd.DataFrame, state: str, who: str) -> int:
    """How many the list must have: what the cards or the matrix count."""
    if not who:
        return _count(sums, state)
    return int(sum(rows.loc[rows["key"] == who[1:], state or ALL]))


def _matrix(
    view: View, rows: pd.DataFrame, names: dict[str, str], by: promises.By, asked: promises.Asked
) -> tuple[str, str] | None:
    words = view.words
    # broken first, by which the rows are ordered: a phone shows few
    ordered = sorted(promises.STATES, key=lambda state: state != "broken")
    columns = {ALL: words("promises.all"), **{state: words(f"promises.state.{state}") for state in ordered}}
    values = {(row["key"], name): row[name] for row in rows.to_dict("records") for name in columns if row[name]}
    shares = {cell: float(count) / values[cell[0], ALL] for cell, count in values.items() if cell[1] == "broken"}
    return matrix(
        view,
        values,
        shares,
        names,
        columns,
        alt=words("promises.who"),
        corner=words(f"promises.by_{by}"),
        kind="number",
        key=f"promises_{by}_{asked.currency_code}_{asked.company_id}_{asked.days}_{asked.as_of}",
    )


def _list(
    view: View,
    asked: promises.Asked,
    state: promises.State | None,
    who: str | None,
    by: promises.By,
    expected: int,
    to: tuple[str, ...],
) -> None:
    words, code, clocks = view.words, asked.currency_code or "", Clocks(asked.as_of, asked.known_at)
    collector, customer_id = (who, None) if by == "collector" else (None, who)
    if customer_id is not None:
        audit_view(actor(), customer_id)
    rows = promises.promises(view.reading, asked, state, collector, customer_id)
    title = words(f"promises.state.{state}") if state else words("promises.any_state")
    with st.container(border=True):
        st.subheader(words("promises.list", state=title), anchor=False)
        if rows.empty:
            st.caption(words("promises.none"))
            return
        amount = as_text(words.money(sum(rows["promised_amount"], Decimal(0)), code))
        if len(rows) == expected:
            st.markdown(
                f":material/check_circle: {words.counted('promises.add_up', len(rows), amount=f'**{amount}**')}"
            )
        elif len(rows) == promises.LISTED:
            st.caption(words("promises.capped", shown=words.number(len(rows)), count=words.number(expected)))
        else:
            st.error(words("promises.differ", shown=words.number(len(rows)), count=words.number(expected)))
        data = rows.assign(state_name=[words(f"promises.state.{name}") for name in rows["state"]])
        customers_table(
            view,
            clocks,
            data,
            telling(view, data, PROMISES, ASIDES),
            alt=words("promises.list", state=title),
            key=f"promises_{state}_{who}_{code}_{asked.company_id}_{asked.days}_{asked.as_of}_{asked.known_at}",
            currency_code=code,
        )
        csv_button(
            view,
            clocks,
            code,
            "promises",
            lambda: promises.promises_csv(words, asked, state, collector, customer_id, to),
            narrowed=to,
            of=f"{who}/{state}",
        )
