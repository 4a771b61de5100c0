"""Everything that happened with a customer, by when it took effect, each with when we knew."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.components import filters
from dashboards.components.export import csv_button
from dashboards.components.narrowed import narrowed
from dashboards.components.sent_message import sent_message
from dashboards.components.tables import Column, table
from dashboards.components.view import View, as_text
from dashboards.queries import customer, worklist
from dashboards.queries.session import Clocks

COLUMNS = {
    "effective_date": Column("customer.col_effective", "date", width=84),
    "what": Column("customer.col_kind", width=140, is_cut=True),
    "amount": Column("customer.col_amount", "money"),
    "effect_amount": Column("customer.effect", "money"),
    "detail": Column("customer.col_detail", width=276, is_cut=True),
    "by": Column("customer.col_by", width=66),
    "recorded_at": Column("customer.col_recorded", "moment", width=148),
}
"""When, what and how much first: a phone shows no more. The file has documents and details apart."""
DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
GROUPS = {
    "all": (),
    "money": customer.MONEY_KINDS,
    "messages": ("message_", "call", "authorised", "opted_out", "repair"),
    "agreements": (
        "promise",
        "plan",
        "dispute",
        "source_",
        "hold",
        "release",
        "note",
        "cancel",
        "close",
        "break",
        "due",
    ),
}


def timeline(view: View, clocks: Clocks, customer_id: str) -> None:
    """One table per currency that occurs: what is money adds up to the balance, which is said."""
    words = view.words
    facts, kept = customer.ledger(view.reading, clocks, customer_id), customer.dossier(customer_id)
    is_now = clocks == view.reading.clocks
    rows = customer.timeline(words, facts, kept, worklist.file_of(customer_id), clocks, is_now=is_now)
    if rows.empty:
        st.info(words("customer.no_events"), icon=":material/inbox:")
        return
    codes = sorted(set(rows["currency_code"].dropna()))
    offered = {name: words(f"customer.group_{name}") for name in GROUPS}
    with st.container(horizontal=True):
        group = filters.choice(view, "events", offered, "all")
        code = filters.choice(view, "currency_of", {code: code for code in codes}, codes[0]) if len(codes) > 1 else None
    code = code or (codes[0] if codes else "")
    if code:
        _adds_up(view, clocks, customer_id, facts, code)
    of_group = rows[[_shows(row, group, code) for row in rows.to_dict("records")]]
    shown = of_group.head(customer.LISTED_EVENTS)
    if shown.empty:
        st.caption(words("customer.no_events_of", group=offered[group]))
        return
    if len(of_group) > len(shown):
        st.caption(words("customer.events_capped", shown=words.number(len(shown)), count=words.number(len(of_group))))
    data = shown.assign(
        what=[customer.event(words, kind) for kind in shown["kind"]],
        detail=[_detail(view, row) for row in shown.to_dict("records")],
    )
    key = f"timeline_{customer_id}_{group}_{code}_{clocks.as_of}_{clocks.known_at}"
    selection = table(view, data, COLUMNS, alt=words("customer.part_timeline"), currency_code=code or None, height=700,
                      key=key, selects="single-cell")  # fmt: skip
    clicked = [shown["contact_id"].iloc[cell[0]] for cell in selection["cells"] if cell[0] < len(shown)]
    told = set(rows["contact_id"])
    sent_message(view, [each for each in kept.contacts if each["contact_id"] in told], clicked)
    to = narrowed(words, customer=customer_id)
    csv_button(view, clocks, code, "timeline", lambda: customer.timeline_csv(words, rows, clocks, code, to),
               narrowed=to, of=customer_id)  # fmt: skip


def _shows(row: dict[str, object], group: str, code: str) -> bool:
    if row["currency_code"] not in (None, code):
        return False
    return group == "all" or str(row["kind"]).startswith(GROUPS[group])


def _detail(view: View, row: Mapping[Hashable, Any]) -> str | None:
    """Document and detail, of a message what it said first; dates in the reader's way, what was said as it was."""
    kind, document, detail, until = row["kind"], row["document_number"], row["detail"], row["until_date"]
    if detail and kind == "invoiced":
        dates = DAY.sub(lambda day: view.words.date(dt.date.fromisoformat(day[0])), detail)
        detail = view.words("customer.due_on", dates=dates)
    parts = [detail, document] if kind.startswith("message_") else [document, detail]
    if until:
        parts.append(view.words.date(until))
    return " · ".join(filter(None, parts)) or None


def _adds_up(view: View, clocks: Clocks, customer_id: str, facts: pd.DataFrame, code: str) -> None:
    """The effects of all entries are the balance: open instalments less unapplied credit."""
    words, owed = view.words, customer.balances(view.reading, clocks, customer_id)
    of_code = owed[owed["currency_code"] == code]
    balance = sum([*of_code["open_amount"], *of_code["unapplied_amount"]], Decimal(0))
    effects = facts[(facts["currency_code"] == code) & facts["effect_amount"].notna()]["effect_amount"]
    added = sum(effects, Decimal(0))
    amount = as_text(words.money(balance, code))
    if added == balance:
        st.markdown(f":material/check_circle: {words.counted('customer.adds_up', len(effects), amount=amount)}")
    else:
        st.error(words("drill.differs", sum=as_text(words.money(added, code)), amount=amount))
