"""The second row of the overview: DSO, collection effectiveness, collected this month, expected; each with a trend."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import streamlit as st

from cartera.warehouse.headline import Asked, Point
from dashboards.components import filters
from dashboards.components.access import may_open
from dashboards.components.card_grid import Color, card, headline, places
from dashboards.components.drill import Figure
from dashboards.components.kpi_rows import COLUMNS as ROW_COLUMNS
from dashboards.components.narrowed import in_file
from dashboards.components.rows_behind import Sum, rows_behind
from dashboards.components.saved_views import opening
from dashboards.components.target_note import Goal, Goals
from dashboards.components.view import View, as_text
from dashboards.queries import kpi_export, kpis, overview
from dashboards.queries.session import actor

RECEIVED = "received_amount"
"""Of kpi_rows.PARTS."""
MADE_OF = {
    "overview.kpi_rows": (kpis.DSO, "ar_amount"),
    "column.overdue": ("past_due_pct", "past_due_amount"),
    "column.disputed": ("disputed_pct", "disputed_amount"),
    "column.unapplied": ("unapplied_credit_pct", "unapplied_amount"),
}
"""What cards lead to: of the KPI page the figure, and of kpi_rows.PARTS the sum that the card shows."""


def extra_cards(view: View, asked: Asked, goals: Goals, points: list[Point] | None) -> None:
    """As published; the trend from the same ledger, each of its days as known now."""
    first, second, third, fourth = places(view, 4)
    together = ""
    if len(goals.companies) > 1:
        together = " " + view.words("overview.together", count=view.words.number(len(goals.companies)))
    now = overview.now(view.reading, asked)
    with first:
        _dso(view, now, points, goals.of("dso", now.dso), together)
    with second:
        _cei(view, now, points, goals.of("cei", now.cei), together)
    with third:
        _collected(view, asked, goals.collected(asked.as_of))
    with fourth:
        _expected(view, asked, goals)
    with st.container(horizontal=True):
        # a link to a page that is not offered is an error of Streamlit's
        if may_open(actor(), "kpis"):
            with st.popover(view.words("overview.rows"), icon=":material/functions:"):
                _to_rows(view, asked, goals.companies)
        is_shown = filters.switch(view, "collected_rows", view.words("overview.collected_rows"))
    if is_shown:
        _collected_rows(view, asked)


def _to_rows(view: View, asked: Asked, companies: Sequence[str]) -> None:
    """Links to the rows of figures on the page of KPIs; those are of one company, so each company has its own.

    As published, whatever dates were chosen elsewhere.
    """
    for label, (kpi, part) in MADE_OF.items():
        for company_id in companies:
            of = f" · {as_text(company_id)}" if len(companies) > 1 else ""
            place = f"{company_id}/{asked.currency_code}"
            st.page_link("app_pages/kpis.py", label=view.words(label) + of,
                         query_params=opening(kpi=kpi, rows=part, place=place))  # fmt: skip


def change(view: View, points: Sequence[Point] | None, name: str) -> str | None:
    """Of an amount against the point before, as a share of it; None where there is none."""
    return _share_moved(view, getattr(points[-1], name), getattr(points[-2], name)) if points else None


def _share_moved(view: View, now: Decimal, before: Decimal | None) -> str | None:
    """`+3.2%`; None where nothing was before."""
    if not before:
        return None
    moved = (now - before) / before
    return ("+" if moved > 0 else "") + view.words.percent(moved)


def sparkline(points: Sequence[Point] | None, name: str) -> list[float] | None:
    """What a sparkline draws: no figure is read off it."""
    values = [float(value) for point in points or () if (value := getattr(point, name)) is not None]
    return values if len(values) > 1 else None


def _dso(view: View, now: Point, points: list[Point] | None, goal: Goal | None, together: str) -> None:
    words = view.words
    moved = _moved(points, "dso") if now.dso is not None else None
    card(
        view,
        words("overview.dso"),
        words.figure(now.dso, "days"),
        short=words("overview.dso_short"),
        chip=None if moved is None else words.days(moved, signed=True),
        note=words("overview.dso_best", days=words.figure(now.best_possible_dso, "days")),
        goal=goal,
        chart=sparkline(points, "dso"),
        color=judged(moved, "inverse"),
        help_text=words("overview.dso_help", window=overview.kpis.window(), days=overview.step_days()) + together,
    )


def _cei(view: View, now: Point, points: list[Point] | None, goal: Goal | None, together: str) -> None:
    words = view.words
    moved = _moved(points, "cei") if now.cei is not None else None
    card(
        view,
        words("overview.cei"),
        words.figure(now.cei, "percent"),
        short=words("overview.cei_short"),
        chip=None if moved is None else words.days(moved, signed=True),
        note=None if moved is None else words("overview.cei_points", days=overview.step_days()),
        goal=goal,
        chart=sparkline(points, "cei"),
        color=judged(moved, "normal"),
        help_text=words("overview.cei_help", window=overview.kpis.window()) + together,
    )


def _moved(points: Sequence[Point] | None, name: str) -> Decimal | None:
    if not points or (now := getattr(points[-1], name)) is None or (before := getattr(points[-2], name)) is None:
        return None
    return now - before


def judged(moved: Decimal | None, color: Color) -> Color:
    """What is shown as 0.0 is neither better nor worse."""
    return "off" if moved is not None and not round(moved, 1) else color


def _collected(view: View, asked: Asked, goal: Decimal | None) -> None:
    words, code = view.words, asked.currency_code
    months = overview.collected(view.reading, asked)
    so_far = months[-1][1]
    if goal is None:
        day, before = overview.collected_before(view.reading, asked)
        delta = words.headline(before, code)
        note = whole = words("overview.collected_by", date=words.date(day))
    else:
        delta = words.percent(so_far / goal)
        # beside a share a card has room for little: the hover has the whole
        note = words("overview.collected_target", amount=words.compact(goal))
        whole = words("overview.collected_target", amount=words.headline(goal, code))
    card(
        view,
        words("overview.collected", currency=code, month=words.month(asked.as_of)),
        headline(view, so_far, code),
        short=words("overview.collected_short", currency=code),
        chip=None if view.is_phone else delta,
        # half a phone has no room for what this month stands beside
        note=words("overview.collected_before", month=words.month(asked.as_of)) if view.is_phone else note,
        chart=[float(amount) for _month, amount in months],
        chart_type="bar",
        help_text=f"{delta} {whole}. " + words("overview.collected_help", date=words.date(asked.as_of)),
    )


def _collected_rows(view: View, asked: Asked) -> None:
    """What was received since the first of the month: the window has as many days as the month had so far."""
    words, code, clocks = view.words, asked.currency_code, view.reading.clocks
    month = kpis.Asked(clocks, "transaction", asked.as_of.day)
    place = kpis.place(month, asked.company_id, code)
    columns = {name: column for name, column in ROW_COLUMNS.items() if name != "days"}
    title = words("overview.collected", currency=code, month=words.month(asked.as_of))
    said = in_file(view, asked.company_id, columns, title)
    rows_behind(
        view,
        clocks,
        kpis.part_rows(view.reading, place, RECEIVED),
        columns,
        [Sum("total_amount", words("column.collected"), overview.collected(view.reading, asked)[-1][1])],
        title=title,
        currency_code=code,
        key=f"collected_{place}",
        name="collected",
        content=lambda: kpi_export.rows_csv(place, RECEIVED, said),
        of=asked.company_id or "",
    )


def _expected(view: View, asked: Asked, goals: Goals) -> None:
    words, code = view.words, asked.currency_code
    days = overview.expected(view.reading, asked)
    amount = sum((day["open_amount"] for day in days), Decimal(0))
    # half a phone has room for one of a change and the days ahead
    moved = None if view.is_phone else _share_moved(view, amount, overview.expected_before(view.reading, asked))
    items = words.counted("overview.items", sum(day["open_items"] for day in days))
    weeks = [Decimal(0)] * 5
    for day in days:
        weeks[((day["expected_date"] - asked.as_of).days - 1) // 7] += day["open_amount"]
    card(
        view,
        words("overview.expected", currency=code, days=overview.EXPECTED_DAYS),
        headline(view, amount, code),
        short=words("overview.expected_short", currency=code),
        chip=moved,
        note=words("overview.expected_in", days=overview.EXPECTED_DAYS) if view.is_phone else items,
        goal=goals.of("expected_amount", amount),
        chart=[float(week) for week in weeks],
        chart_type="bar",
        help_text=(f"{items}. " if view.is_phone else "")
        + words("overview.expected_help", until=words.date(_until(asked)))
        + (" " + words("overview.expected_change_help", days=overview.EXPECTED_DAYS) if moved else ""),
    )


def expected_figure(view: View, asked: Asked) -> Figure | None:
    """What the card of the expected leads to; None where nothing is."""
    days = overview.expected(view.reading, asked)
    if not days:
        return None
    return Figure(
        sum((day["open_amount"] for day in days), Decimal(0)),
        sum(day["open_items"] for day in days),
        asked.currency_code,
        asked.company_id,
        title=view.words("attention.expected", days=overview.EXPECTED_DAYS),
        expected_until=_until(asked),
    )


def _until(asked: Asked) -> dt.date:
    return asked.as_of + dt.timedelta(days=overview.EXPECTED_DAYS)
