"""The headline figures of one currency."""

from __future__ import annotations

import streamlit as st

from dashboards.components.view import View
from dashboards.queries.receivables import Headline
from dashboards.queries.session import Clocks


def headline_cards(view: View, clocks: Clocks, line: Headline) -> None:
    """Total open, overdue, overdue share, unapplied credit; each explains itself and its dates on hover."""
    words, code = view.words, line.currency_code
    stamp = view.stamp(clocks, code)
    items = words("overview.items", count=words.number(line.open_items))
    late = words("overview.items", count=words.number(line.overdue_items))
    disputed = words("overview.disputed", amount=words.money(line.disputed_amount, code))
    credits = words("overview.credits", count=words.number(line.unapplied_items))
    cards = (
        ("open", words.money(line.open_amount, code), items),
        ("overdue", words.money(line.overdue_amount, code), late),
        ("overdue_pct", words.percent(line.overdue_pct), disputed),
        ("unapplied", words.money(line.unapplied_amount, code), credits),
    )
    for column, (name, value, detail) in zip(st.columns(4), cards, strict=True):
        column.metric(
            words(f"overview.{name}"),
            value,
            delta=detail,
            delta_color="off",
            delta_arrow="off",
            border=True,
            help=words(f"overview.{name}_help", stamp=stamp),
        )
