"""Campaigns: what went out, what came back, what was paid after; by policy, step and channel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.charts.campaigns import OUTCOMES, outcome_bars
from dashboards.components import filters
from dashboards.components.campaign_waiting import count_says
from dashboards.components.card_grid import card, places
from dashboards.components.customer_link import customers_table
from dashboards.components.export import csv_button
from dashboards.components.tables import CUSTOMER, Column, last_clicked, table
from dashboards.components.view import View, as_text
from dashboards.queries import campaigns

PERIODS, DAYS = ("7", "30", "90", "365"), ("7", "14", "30")
COUNTED = ("went_out", "delivered", "answered", "too_early", "paid")
OTHERS = ("bounced", "failed", "unknown", "planned", "stopped", "on_its_way")
SHOWN = (*COUNTED, *OTHERS)
BESIDE = 2
"""So many of the others stand beside what was counted, on a screen of 1280; more of them in a table below."""
CONTACTS = {
    "customer_name": CUSTOMER,
    "asked_amounts": Column("campaigns.col_asked_for", "amounts", width=140),
    "paid_amounts": Column("campaigns.col_paid_after", "amounts", width=140),
    "state": Column("campaigns.col_state"),
    "went_on": Column("campaigns.col_day", "date"),
    "step_name": Column("campaigns.by_step"),
    "channel_name": Column("campaigns.col_channel"),
    "why": Column("campaigns.col_reason", width="medium"),
    "customer_id": Column("column.customer_id"),
    "company_id": Column("column.company"),
}


def asked(view: View, default_period: str = "90") -> campaigns.Kept:
    """The period and the days after a contact, of the publication's date; kept by what has happened so far."""
    words, clocks = view.words, view.reading.clocks
    period = filters.choice(view, "sent_in", {n: words("campaigns.last_days", days=n) for n in PERIODS}, default_period)
    days = filters.choice(view, "paid_within", {n: words("campaigns.days", days=n) for n in DAYS}, "14")
    from_date = clocks.as_of - dt.timedelta(days=int(period) - 1)
    event_id = campaigns.last_event(view.reading)
    return campaigns.Kept(campaigns.Asked(from_date, int(days), clocks.as_of, clocks.known_at), event_id)


def results_part(view: View) -> None:
    words = view.words
    with st.container(horizontal=True):
        kept = asked(view)
        offered = {name: words(f"campaigns.by_{name}") for name in campaigns.BYS}
        chosen = filters.choice(view, "sent_by", offered, "step")
    by = next(name for name in campaigns.BYS if name == chosen)
    rows = campaigns.funnel(view.reading, kept, by)
    if rows.empty:
        st.info(words("campaigns.no_contacts"), icon=":material/hourglass_empty:")
        return
    _cards(view, rows, kept.asked.days)
    has_several = by == "step" and rows["policy_name"].nunique() > 1
    labels = [_label(view, row, by, has_several=has_several) for row in rows.to_dict("records")]
    st.subheader(words("campaigns.results"), anchor=False, help=words("campaigns.results_help", days=kept.asked.days))
    st.caption(words("campaigns.results_sub", days=kept.asked.days))
    _too_early(view, rows, kept.asked.days)
    went = [out > 0 for out in rows["went_out"]]
    if any(rows[part].any() for part, _ in OUTCOMES.values()):
        st.plotly_chart(
            outcome_bars(rows[went], [label for label, out in zip(labels, went, strict=True) if out], words,
                         view.is_dark),
            key=f"outcomes_{by}_{words.language}",
            config={"displayModeBar": False},
            alt=words("campaigns.results"),
        )  # fmt: skip
    _table(view, rows.assign(group=labels), kept, by)


def _label(view: View, row: dict[Any, Any], by: campaigns.By, *, has_several: bool) -> str:
    if by == "channel":
        return view.words(f"campaigns.channel.{row['channel']}")
    if by == "policy":
        return str(row["policy_name"])
    step = view.words.named("step", row["step_name"])
    return f"{step} · {row['policy_name']}" if has_several else step


def _cards(view: View, rows: pd.DataFrame, days: int) -> None:
    """Went out, delivered, answered, did not arrive, paid after; a share only where something stands behind it."""
    words, sums = view.words, {name: int(sum(rows[name])) for name in campaigns.STAGES}
    out = sums["went_out"]
    lost = sums["bounced"] + sums["failed"]
    unreported = words("campaigns.not_reported" if out else "campaigns.none_so_far")
    early = words("campaigns.too_early_to_say" if out else "campaigns.none_so_far")
    cards = (
        ("went_out", out, words.counted("campaigns.unsettled", sums["unknown"])),
        ("delivered", _delivered(sums), _of_judged(view, sums, "delivered") or unreported),
        ("answered", sums["answered"], _of_sent(view, sums["answered"], out)),
        ("lost", lost, _of_sent(view, lost, out + sums["failed"])),
        ("paid", sums["paid"], _of_judged(view, sums, "paid") or early),
    )
    for place, (name, count, detail) in zip(places(view, len(cards)), cards, strict=True):
        with place:
            card(
                view,
                words(f"campaigns.stage.{name}"),
                "—" if count is None else words.number(count),
                note=detail,
                help_text=words(f"campaigns.stage.{name}_help", days=days),
            )


def _delivered(row: Mapping[Any, Any]) -> int | None:
    """None where nothing went by a channel that reports it: no report is not the same as none arrived."""
    return int(row["delivered"]) if row["delivered"] or row["reported"] else None


def _of_judged(view: View, sums: dict[str, int], outcome: str) -> str | None:
    """The share with its two counts, as it is not one of all that went out; None where nothing can be said."""
    part, whole = (sums[name] for name in OUTCOMES[outcome])
    if not whole:
        return None
    words = view.words
    share = words.percent(Decimal(part) / whole)
    return words("campaigns.share_of", share=share, part=words.number(part), whole=words.number(whole))


def _of_sent(view: View, part: int, whole: int) -> str:
    """More may come back: nothing so far is no share."""
    if not part:
        return view.words("campaigns.none_so_far")
    return view.words("campaigns.of_sent", share=view.words.percent(Decimal(part) / whole))


def _too_early(view: View, rows: pd.DataFrame, days: int) -> None:
    early, paid = int(sum(rows["too_early"])), int(sum(rows["paid"]) - sum(rows["judged_paid"]))
    if early:
        st.caption(view.words.counted("campaigns.too_early", early, days=days, paid=view.words.number(paid)))


def _table(view: View, rows: pd.DataFrame, kept: campaigns.Kept, by: campaigns.By) -> None:
    words = view.words
    totals: dict[str, Decimal] = {}
    for amounts in rows["amounts"]:
        for code, amount in amounts.items():
            totals[code] = totals.get(code, Decimal(0)) + Decimal(amount)
    total = {name: int(sum(rows[name])) for name in campaigns.STAGES}
    total |= {"group": words("campaigns.all"), "amounts": totals}
    data = pd.concat([pd.DataFrame([total], dtype=object), rows[list(total)]], ignore_index=True)
    data["delivered"] = pd.Series([_delivered(row) for row in data.to_dict("records")], dtype=object)
    group = {"group": Column(words(f"campaigns.by_{by}"), is_plain=True, is_pinned=True, width=150)}
    went = _counts(COUNTED) | {"amounts": Column("campaigns.col_paid_amount", "amounts")}
    # what happened to none is no column
    others = _counts([name for name in OTHERS if total[name]])
    parts = [group | went | others] if len(others) <= BESIDE else [group | went, group | others]
    st.caption(words("campaigns.click_count"))
    titles = (words("campaigns.funnel"), words("campaigns.funnel_others"))
    key = f"funnel_{by}_{kept.asked.from_date}_{kept.asked.days}"
    drawn = [
        table(view, data, columns, alt=titles[number], key=f"{key}_{number}", selects="single-cell", headings=[0])
        for number, columns in enumerate(parts)
    ]
    currency = words("campaigns.file")
    csv_button(view, view.reading.clocks, currency, "reminders", lambda: campaigns.funnel_csv(words, kept, by), of=by,
               help_text=words("campaigns.export_help"))  # fmt: skip
    clicked = last_clicked(key, [each["cells"] for each in drawn])
    if clicked and clicked[0] < len(data):
        place, name = clicked
        stage = name if name in SHOWN else "paid" if name == "amounts" else "planned"
        of = campaigns.ANY if place == 0 else _group(rows.iloc[place - 1], by)
        count = data.iloc[place][stage]
        if count is not None:
            _contacts(view, kept, of, stage, int(count), data.iloc[place]["group"])


def _counts(names: Sequence[str]) -> dict[str, Column]:
    return {name: Column(f"campaigns.stage.{name}", "number") for name in names}


def _group(row: pd.Series, by: campaigns.By) -> campaigns.Group:
    if by == "channel":
        return campaigns.Group(channel=row["channel"])
    return campaigns.Group(row["policy_name"], row["step_name"] if by == "step" else None)


def _contacts(
    view: View, kept: campaigns.Kept, group: campaigns.Group, stage: str, count: int, name: str
) -> None:  # fmt: skip
    title = f"{view.words('campaigns.stage.' + stage)}: {as_text(name)}"
    with st.container(border=True):
        st.subheader(title, anchor=False)
        contacts_table(view, kept, group, stage, count, title)


def contacts_table(
    view: View, kept: campaigns.Kept, group: campaigns.Group, stage: str, count: int, title: str
) -> None:  # fmt: skip
    """The contacts behind a count, whether they are all, and their export."""
    words, rows = view.words, campaigns.contacts(view.reading, kept, group, stage)
    count_says(view, len(rows), count)
    data = rows.assign(
        channel_name=[words(f"campaigns.channel.{name}") for name in rows["channel"]],
        step_name=[words.named("step", name) for name in rows["step_name"]],
        state=[words(f"campaigns.status.{name}") for name in rows["status"]],
        why=[campaigns.reason(words, code) if code else "" for code in rows["reason_code"]],
    )
    several = rows["company_id"].nunique() > 1
    columns = {name: column for name, column in CONTACTS.items() if name != "company_id" or several}
    to = [title, *([kept.asked.country_code] if kept.asked.country_code else [])]
    key = f"contacts_{stage}_{group}_{kept.asked.from_date}_{kept.asked.days}_{kept.asked.country_code}"
    customers_table(view, view.reading.clocks, data, columns, alt=title, key=key)
    csv_button(
        view,
        view.reading.clocks,
        words("campaigns.file"),
        "reminder-contacts",
        lambda: campaigns.contacts_csv(words, kept, group, stage, to),
        narrowed=to,
        of=stage,
        help_text=words("campaigns.export_help"),
    )
