"""Aging by bucket: the bars, and beside each bucket what it was on the same day last month and last year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

import pandas as pd
import streamlit as st

from cartera.warehouse.read import BUCKETS
from dashboards.charts.aging import aging_bars
from dashboards.charts.theme import theme
from dashboards.components import filters
from dashboards.components.aging_filters import Chosen
from dashboards.components.drill import Figure, drill
from dashboards.components.matrix import Line, line_list
from dashboards.components.tables import Column, table
from dashboards.components.view import View
from dashboards.queries import aging
from dashboards.queries.aging import Asked, Earlier
from dashboards.queries.receivables import frame
from dashboards.queries.session import Clocks


def bars(view: View, asked: Asked, buckets: pd.DataFrame) -> None:
    """A click on a bar narrows the page to its bucket; a second click takes that away."""
    words, code = view.words, asked.currency_code
    st.subheader(words("overview.aging"), anchor=False)
    st.caption(words("aging.bars_sub", currency=code, date=words.date(asked.clocks.as_of)))
    key = f"aging_bars_{identity(view, asked)}"

    def clicked() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points:
            filters.toggle(view, bucket=buckets["bucket"].iloc[points[0]["point_index"]])

    st.plotly_chart(
        aging_bars(buckets, code, words, view.is_dark, chosen=asked.bucket, height=270),
        key=key,
        on_select=clicked,
        selection_mode="points",
        config={"displayModeBar": False},
        alt=words("overview.aging_alt", currency=code),
    )


def beside(view: View, chosen: Chosen, buckets: pd.DataFrame) -> None:
    """Each bucket and the total, now and on the earlier days, with the change; an amount of then leads to invoices."""
    words, asked = view.words, chosen.asked
    code = asked.currency_code
    st.subheader(words("aging.beside"), anchor=False, help=words("aging.beside_help"))
    st.caption(words("aging.beside_sub", currency=code))
    then = aging.earlier(view.reading, asked)
    data = _compared(view, buckets, then, code)
    stands = standing("aging_beside", (asked.bucket or "",))
    key = f"beside_{identity(view, replace(asked, bucket=None))}_{stands.times}"

    def clicked(row: int | None) -> None:
        bucket = buckets["bucket"].iloc[row] if row is not None and row < len(buckets) else ""
        filters.choose(view, bucket=bucket)
        narrowed_by("aging_beside", (bucket,))

    cell = _listed(view, data, then, key, clicked) if view.is_phone else _table(view, asked, data, then, key, clicked)
    first = aging.first_day(view.reading, asked.clocks.known_at, asked.company_id)
    for each in then.values():
        if each.buckets is None and first is not None:
            st.caption(words("aging.nothing_known", date=words.date(each.day), first=words.date(first)))
    if cell:
        _invoices_of_then(view, chosen, then[cell[1]], data["bucket_id"].iloc[cell[0]])


def _table(
    view: View,
    asked: Asked,
    data: pd.DataFrame,
    then: dict[str, Earlier],
    key: str,
    narrow: Callable[[int | None], None],
) -> tuple[int, str] | None:
    """The row and the earlier day of the amount that was clicked; a click on the bucket, or on now, narrows to it."""

    def clicked() -> None:
        cells = st.session_state[key]["selection"]["cells"]
        if not cells:
            narrow(None)
        elif cells[0][1] in ("bucket", "now"):
            narrow(cells[0][0])

    columns = {
        "bucket": Column("column.bucket", width=100, is_pinned=True),
        "now": Column(view.words.date(asked.clocks.as_of), "money", is_plain=True),
    }
    for name, each in then.items():
        columns[name] = Column(view.words.date(each.day), "money", is_plain=True)
        columns[f"{name}_change"] = Column("column.change", "figure")
    selection = table(
        view,
        data,
        columns,
        alt=view.words("aging.beside"),
        currency_code=asked.currency_code,
        key=key,
        selects="single-cell",
        on_select=clicked,
        headings=[len(data) - 1],
        shades=shades(view, list(data["bucket_id"]), list(columns), asked.bucket, None),
    )
    return next(((row, name) for row, name in selection["cells"] if row < len(data) and name in then), None)


def _listed(
    view: View, data: pd.DataFrame, then: dict[str, Earlier], key: str, narrow: Callable[[int | None], None]
) -> tuple[int, str] | None:
    """The same on a phone: under each bucket what it was, and the change since."""
    words, lines = view.words, list[Line]()
    for row, each in enumerate(data.to_dict("records")):
        lines.append(Line(each["bucket"], words.units(each["now"]), is_heading=True, of=(row, "now")))
        for name, earlier in then.items():
            if each[name] is not None:
                figure = f"{words.units(each[name])} · {each[f'{name}_change']}"
                lines.append(Line(words.date(earlier.day), figure, of=(row, name)))

    def clicked(cell: tuple[int, str]) -> None:
        if cell[1] == "now":
            narrow(cell[0])

    cell = line_list(view, lines, alt=words("aging.beside"), corner=words("column.bucket"), key=key, on_select=clicked)
    return cell if cell and cell[1] in then else None


def _compared(view: View, buckets: pd.DataFrame, then: dict[str, Earlier], code: str) -> pd.DataFrame:
    """A row per bucket and one that adds them up; None where nothing was known."""
    places = [*buckets["bucket"], None]
    now = _amounts(buckets)
    rows: dict[str, list[object]] = {
        "bucket_id": list(places),
        "bucket": [view.words.bucket(place) if place else view.words("aging.total") for place in places],
        "now": [now[place] for place in places],
    }
    for name, each in then.items():
        before = {} if each.buckets is None else _amounts(each.buckets)
        was = [before.get(place, None if each.buckets is None else Decimal(0)) for place in places]
        rows[name] = list(was)
        rows[f"{name}_change"] = [
            change(view, now[place], amount, code) for place, amount in zip(places, was, strict=True)
        ]
    return frame(pd.DataFrame(rows, dtype=object).to_dict("records"), list(rows))  # type: ignore[arg-type]


def _amounts(buckets: pd.DataFrame) -> dict[str | None, Decimal]:
    amounts: dict[str | None, Decimal] = dict(zip(buckets["bucket"], buckets["open_amount"], strict=True))
    return amounts | {None: sum(amounts.values(), Decimal(0))}


def change(view: View, now: Decimal, before: Decimal | None, code: str) -> str:
    """`+1,200.00 (+3.1%)`, on a phone the share alone, as both amounts stand beside it; without the share where there
    was nothing, a dash where nothing was known."""
    if before is None:
        return "—"
    moved, words = now - before, view.words
    sign = "+" if moved > 0 else ""
    if view.is_phone and before:
        return sign + words.percent(moved / before)
    text = sign + (words.units(moved) if view.is_phone else words.amount(moved, code))
    return f"{text} ({sign}{words.percent(moved / before)})" if before else text


def _invoices_of_then(view: View, chosen: Chosen, each: Earlier, bucket: str | None) -> None:
    if each.buckets is None:
        return
    asked, words = chosen.asked, view.words
    found = each.buckets if bucket is None else each.buckets[each.buckets["bucket"] == bucket]
    what = words.bucket(bucket) if bucket else words("aging.total")
    figure = Figure(
        amount=sum(found["open_amount"], Decimal(0)),
        open_items=sum(found["open_items"]),
        currency_code=asked.currency_code,
        company_id=asked.company_id,
        customer_id=asked.customer_id,
        customer_name=chosen.labels.get("customer") if asked.customer_id else None,
        bucket=bucket,
        title=words("aging.invoices_then", what=what, date=words.date(each.day)),
        group=asked.group,
        group_name=chosen.labels.get("group"),
    )
    drill(view, Clocks(each.day, asked.clocks.known_at), figure)


def shades(view: View, rows: list[object], columns: list[str], bucket: str | None, part: object) -> pd.DataFrame:
    """The style of a table's cells: the row of what is chosen is coloured, and so is the column of the bucket."""
    look = theme(view.is_dark)
    chosen = f"background-color: {look.tint(0.5)}; color: {look.text}; font-weight: 600"
    styles = pd.DataFrame("", index=range(len(rows)), columns=columns)
    for place, row in enumerate(rows):
        if row is not None and row in (bucket, part):
            styles.loc[place, :] = chosen
    if bucket in BUCKETS and bucket in columns:
        styles[bucket] = chosen
    return styles


@dataclass(frozen=True)
class Standing:
    """How a table whose cells narrow the page stands to what is chosen.

    `drawn`: what was chosen when it was made, by which its rows and columns are; `now`: what is since its own cells
    were clicked, or gone through with the arrow keys; `times`: how often it was made, for its key.
    """

    times: int
    drawn: tuple[str, ...]
    now: tuple[str, ...]


def standing(name: str, now: tuple[str, ...]) -> Standing:
    """After a choice made elsewhere the table is another one, in which nothing is selected. After its own it stays the
    same, so that the keyboard goes on from there."""
    kept: Standing | None = st.session_state.get(name)
    if kept is None or kept.now != now:
        kept = st.session_state[name] = Standing(kept.times + 1 if kept else 0, now, now)
    return kept


def narrowed_by(name: str, now: tuple[str, ...]) -> None:
    """For the callback of a table: what its cell chose."""
    st.session_state[name] = replace(st.session_state[name], now=now)


def identity(view: View, asked: Asked) -> str:
    """For the key of what can be clicked: after each choice it is a new one, in which nothing is selected."""
    parts = (asked.clocks.as_of, asked.clocks.known_at, asked.currency_code, asked.company_id, asked.by, asked.scheme,
             asked.part, asked.bucket, asked.customer_id, view.words.language)  # fmt: skip
    return "_".join(str(part) for part in parts)
