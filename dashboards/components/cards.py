"""The headline figures of one currency."""

from __future__ import annotations

import streamlit as st

from cartera.warehouse.headline import Point
from dashboards.components.headline_extras import change, sparkline
from dashboards.components.view import View
from dashboards.queries import overview
from dashboards.queries.receivables import Headline
from dashboards.queries.session import Clocks


def headline_cards(view: View, clocks: Clocks, line: Headline, points: list[Point] | None) -> None:
    """Total open, overdue, overdue share, unapplied credit; each explains itself and its dates on hover.

    With the points of the trend, the first two say their change since the last one; all but credit draw them.
    """
    words, code = view.words, line.currency_code
    stamp = view.stamp(clocks, code)
    items = words.counted("overview.items", line.open_items)
    late = words.counted("overview.late", line.overdue_items)
    disputed = words("overview.disputed", amount=words.money(line.disputed_amount, code))
    credits = words.counted("overview.credits", line.unapplied_items)
    against = words("overview.change_help", days=overview.step_days())
    cards = (
        ("open", line.open_amount, items, "open_amount"),
        ("overdue", line.overdue_amount, late, "overdue_amount"),
        ("overdue_pct", None, disputed, "overdue_share"),
        ("unapplied", line.unapplied_amount, credits, None),
    )
    for column, (name, amount, detail, drawn) in zip(st.columns(4), cards, strict=True):
        moved = change(view, points, drawn) if drawn and amount is not None else None
        exact = "" if amount is None else f"**{words.money(amount, code)}**\n\n"
        column.metric(
            words(f"overview.{name}", currency=code),
            words.percent(line.overdue_pct) if amount is None else words.headline(amount, code),
            delta=moved or detail,
            delta_description=detail if moved else None,
            chart_data=sparkline(points, drawn) if drawn else None,
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
            help=exact + words(f"overview.{name}_help", stamp=stamp) + (f" {against}" if moved else ""),
        )
