"""Expected credit losses by the provision matrix, with all that leads to them."""

from __future__ import annotations

import contextlib
from decimal import Decimal, InvalidOperation

import pandas as pd
import streamlit as st

from dashboards.charts.recovery import rate_bars
from dashboards.components import filters, refused
from dashboards.components.card_grid import card, headline, places
from dashboards.components.export import XLSX, file_button, logged
from dashboards.components.moved_parts import state_name
from dashboards.components.recovery_rows import Cell, clicked, loss_debts
from dashboards.components.tables import Column, foremost, table
from dashboards.components.view import View
from dashboards.queries import recovery, recovery_rows
from dashboards.queries.session import Clocks

MOST_FACTOR = 100
COLUMNS = {
    "bucket": Column("column.bucket", is_pinned=True),
    "entered_items": Column("column.entered_items", "number"),
    "entered_amount": Column("column.entered", "money"),
    "unpaid_amount": Column("column.unpaid", "money"),
    "roll_rate": Column("column.roll_rate", "percent"),
    "loss_rate": Column("column.loss_rate", "percent"),
    "applied_rate": Column("column.applied_rate", "percent"),
    "balance_amount": Column("column.balance", "money"),
    "ecl_amount": Column("column.ecl", "money"),
}


def loss_part(view: View, clocks: Clocks, place: str) -> None:
    words, code = view.words, place.rpartition("/")[2]
    provision = _asked(view, clocks)
    rows = recovery.of_place(recovery.losses(view.reading, clocks, provision), place)
    st.subheader(words("recovery.losses"), anchor=False, help=words("recovery.losses_help"))
    st.caption(words("recovery.losses_sub", history=provision.history_days, loss=provision.loss_days))
    if rows.empty:
        st.info(words("recovery.none"), icon=":material/hourglass_empty:")
        return
    for segment in recovery.segments_of(rows):
        if provision.scheme:
            st.markdown(f"**{words.named('segment', segment)}**")
        own = rows[rows["segment"] == segment].reset_index(drop=True)
        asked = recovery_rows.provision(place, clocks, provision, segment)
        cell = _matrix(view, own, code, is_alone=not provision.scheme, key=f"losses_{asked}")
        if cell:
            loss_debts(view, clocks, asked, own, cell)
    _workbook(view, clocks, provision)
    with st.expander(words("recovery.workings"), icon=":material/function:"):
        st.markdown(words("recovery.workings_text", history=provision.history_days, loss=provision.loss_days))


def _workbook(view: View, clocks: Clocks, provision: recovery.Provision) -> None:
    """Of all companies and currencies, which the log says beside the page's own."""
    file_name = f"cartera-provision-{clocks.as_of.isoformat()}.xlsx"
    file_button(
        view,
        view.words("export.xlsx"),
        logged(lambda: recovery.losses_xlsx(clocks, provision), file_name, clocks, of="all"),
        file_name=file_name,
        mime=XLSX,
        key="export_provision_xlsx",
        icon=":material/table_view:",
        help_text=view.words("recovery.xlsx_help"),
    )


def _asked(view: View, clocks: Clocks) -> recovery.Provision:
    words = view.words
    with st.container(horizontal=True):
        factor = _factor(view, "factor")
        days = {str(n): words.number(n) for n in recovery.HISTORY_DAYS}
        history = filters.choice(view, "history", days, str(recovery.HISTORY_DAYS[0]))
        days = {str(n): words.number(n) for n in recovery.LOSS_DAYS}
        lost = filters.choice(view, "loss_after", days, str(recovery.LOSS_DAYS[0]))
        named = {name: words.named("scheme", name) for name in recovery.schemes(view.reading, clocks.known_at)}
        scheme = filters.choice(view, "by_segment", {"all": words("recovery.all_alike"), **named}, "all")
    return recovery.Provision(factor, int(history), int(lost), None if scheme == "all" else scheme)


def _factor(view: View, name: str) -> Decimal:
    """A number from 0 to 100 with up to four decimals, 1 unless chosen; typed with either decimal sign and shown with
    the reader's. Not Streamlit's number field: that has the sign of the browser."""
    words, key, label = view.words, f"{name}_{view.words.language}", view.words(f"filter.{name}")
    wanted = filters.linked_to(name, key) or st.session_state.get(key, "1")
    is_heard, before = _read(wanted) is not None, st.query_params.get(name, "1")
    chosen = next(number for number in map(_read, (wanted, before, "1")) if number is not None)
    refused.heard(name, None if is_heard else wanted, label, chosen, words.decimal(chosen))
    st.session_state[key] = words.decimal(chosen)
    st.text_input(label, key=key, max_chars=10, help=words(f"filter.{name}_help"), width=170)
    return Decimal(filters.link(name, f"{chosen:f}", "1"))


def _read(text: str) -> Decimal | None:
    number = Decimal("NaN")
    with contextlib.suppress(InvalidOperation):
        number = Decimal(text.replace(",", "."))
    return Decimal(f"{number:.4f}").normalize() if number.is_finite() and 0 <= number <= MOST_FACTOR else None


def _matrix(view: View, rows: pd.DataFrame, code: str, *, is_alone: bool, key: str) -> Cell | None:
    """The figure that was clicked."""
    words = view.words
    total, buckets = rows[rows["bucket"] == "total"].iloc[0], rows[rows["bucket"] != "total"]
    if is_alone:
        _cards(view, total, code)
        told = [
            words.money(amount, code) if amount is not None else words.reason(reason)
            for amount, reason in zip(buckets["ecl_amount"], buckets["reason"], strict=True)
        ]
        st.plotly_chart(
            rate_bars([words.bucket(b) for b in buckets["bucket"]], list(buckets["applied_rate"]), told, words,
                      view.is_dark),
            key="applied_rates",
            config={"displayModeBar": False},
            alt=words("recovery.applied"),
        )  # fmt: skip
    data = rows.assign(
        bucket=[state_name(view, bucket) for bucket in rows["bucket"]],
        # of a product of rates, as much as amounts have; the workbook has all of it
        ecl_amount=[None if loss is None else round(loss, 6) for loss in rows["ecl_amount"]],
        reason=[words.reason(reason) for reason in rows["reason"]],
    )
    columns = COLUMNS | ({"reason": Column("column.note", width=300)} if any(data["reason"]) else {})
    columns = foremost(view, columns, "bucket", "balance_amount", "applied_rate", "ecl_amount")
    headings = [place for place, bucket in enumerate(rows["bucket"]) if bucket == "total"]
    selection = table(
        view, data, columns, alt=words("recovery.losses"), currency_code=code, key=key, selects="single-cell",
        headings=headings,
    )  # fmt: skip
    return clicked(selection, rows)


def _cards(view: View, total: pd.Series, code: str) -> None:
    words = view.words
    cards = (
        ("balance", "—" if total["balance_amount"] is None else headline(view, total["balance_amount"], code)),
        ("ecl", "—" if total["ecl_amount"] is None else headline(view, total["ecl_amount"], code)),
        ("coverage", words.figure(total["ecl_pct"], "percent")),
    )
    for place, (name, figure) in zip(places(view, len(cards)), cards, strict=True):
        with place:
            card(view, words(f"recovery.{name}", currency=code), figure, help_text=words(f"recovery.{name}_help"))
    if total["balance_amount"] and total["ecl_amount"] is None:
        st.info(words("recovery.no_history"), icon=":material/info:")
    elif total["reason"]:
        st.info(words.reason(total["reason"]), icon=":material/info:")
