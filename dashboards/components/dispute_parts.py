"""Disputes: what is contested, for which reason and for how long; each amount leads to its invoices."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from dashboards.components.customer_link import customers_table
from dashboards.components.export import csv_button
from dashboards.components.matrix import matrix
from dashboards.components.narrowed import narrowed
from dashboards.components.tables import Column, telling
from dashboards.components.view import View, as_text
from dashboards.queries import promises, receivables
from dashboards.queries.session import Clocks

ALL = "all"
DISPUTES = {
    "customer_name": Column("column.customer", width=170, is_pinned=True, lines=2),
    "open_amount": Column("column.open", "money"),
    "reason_name": Column("promises.col_reason", width="medium", lines=2),
    "document_number": Column("column.document"),
    "opened_date": Column("promises.col_opened", "date"),
    "days_open": Column("promises.col_days_open", "number"),
    "collector": Column("promises.col_collector"),
    "company_id": Column("column.company"),
    "source": Column("column.source"),
}


def disputes_part(view: View, asked: promises.Disputed) -> None:
    """With the amount in dispute that the open items have, which this must add up to."""
    words, code = view.words, asked.currency_code
    st.subheader(words("promises.disputes"), anchor=False)
    st.caption(words("promises.disputes_sub", currency=code))
    rows = promises.by_reason(view.reading, asked)
    if rows.empty:
        st.info(words("promises.no_disputes"), icon=":material/handshake:")
        return
    whole = sum(rows["open_amount"], Decimal(0))
    stated = receivables.disputed(view.reading, Clocks(asked.as_of, asked.known_at), code, asked.company_id)
    amount = as_text(words.money(whole, code))
    if whole == stated:
        text = words.counted("promises.disputes_add_up", int(sum(rows["invoices"])), amount=f"**{amount}**")
        st.markdown(f":material/check_circle: {text}")
    else:
        st.error(words("drill.differs", sum=amount, amount=as_text(words.money(stated, code))))
    values: dict[tuple[str, str], Decimal] = {}
    for row in rows.to_dict("records"):
        reason = row["reason"] or ""
        for place in ((reason, row["age"]), (reason, ALL), (ALL, row["age"]), (ALL, ALL)):
            values[place] = values.get(place, Decimal(0)) + row["open_amount"]
    reasons = {ALL: words("promises.all_reasons")}
    reasons |= {row["reason"] or "": _reason(view, row["reason"]) for row in rows.to_dict("records")}
    ages = {age: _age(view, age) for age in promises.AGES if (ALL, age) in values}
    cell = matrix(
        view,
        values,
        {place: float(value / values[place[0], ALL]) for place, value in values.items() if place[1] != ALL},
        reasons,
        {ALL: words("promises.all"), **ages},
        alt=words("promises.disputes"),
        corner=words("promises.col_reason"),
        kind="money",
        key=f"disputes_{code}_{asked.company_id}_{asked.as_of}",
        currency_code=code,
    )
    place = cell or (ALL, ALL)
    title = words("promises.disputed", reason=as_text(reasons[place[0]]))
    _list(
        view, asked, None if place[0] == ALL else place[0], None if place[1] == ALL else place[1], values[place], title
    )


def _reason(view: View, reason: str | None) -> str:
    return reason or view.words("promises.no_reason")


def _age(view: View, age: str) -> str:
    return view.words("promises.age_unknown") if age == "unknown" else view.words("promises.age_days", days=age)


def _list(
    view: View, asked: promises.Disputed, reason: str | None, age: str | None, amount: Decimal, title: str
) -> None:
    words, code, clocks = view.words, asked.currency_code, Clocks(asked.as_of, asked.known_at)
    rows = promises.disputes(view.reading, asked, reason, age)
    with st.container(border=True):
        st.subheader(title, anchor=False)
        added, stated = sum(rows["open_amount"], Decimal(0)), as_text(words.money(amount, code))
        if added == amount:
            # one of which several instalments are contested, each by itself, has as many rows; a chargeback names none
            invoices = rows["invoice_id"].fillna(rows["dispute_id"]).nunique()
            text = words.counted("promises.disputed_add_up", invoices, amount=f"**{stated}**")
            st.markdown(f":material/check_circle: {text}")
        elif len(rows) == promises.LISTED:
            st.caption(words("promises.disputed_capped", shown=words.number(len(rows)), amount=stated))
        else:
            st.error(words("drill.differs", sum=as_text(words.money(added, code)), amount=stated))
        data = rows.assign(reason_name=[_reason(view, reason) for reason in rows["reason"]])
        columns = telling(view, data, DISPUTES, ("collector", "company_id", "source"))
        key = f"disputed_{reason}_{age}_{code}_{asked.company_id}_{asked.as_of}_{asked.known_at}"
        customers_table(view, clocks, data, columns, alt=title, key=key, currency_code=code)
        to = narrowed(
            words,
            None if reason is None else f"{words('promises.col_reason')}: {_reason(view, reason)}",
            None if age is None else _age(view, age),
            company=asked.company_id,
        )
        csv_button(
            view,
            clocks,
            code,
            "disputes",
            lambda: promises.disputes_csv(words, asked, reason, age, to),
            narrowed=to,
            of=f"{reason}_{age}",
        )
