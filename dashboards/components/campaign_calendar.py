"""Campaigns: how many contacts on each day, and the days on which the contact rules allow none."""

from __future__ import annotations

import datetime as dt

import streamlit as st
from babel import Locale

from dashboards.charts.campaigns import contact_calendar
from dashboards.components import filters
from dashboards.components.campaign_results import contacts_table
from dashboards.components.view import View, as_text
from dashboards.i18n import rules
from dashboards.queries import campaigns

AHEAD = dt.timedelta(days=28)
BACK = dt.timedelta(days=35)
CREDIT_DAYS, LISTED_DAYS = 14, 12
CHANNELS = ("email", "sms", "whatsapp", "voice", "letter", "call", "push")


def calendar_part(view: View) -> None:
    words, clocks = view.words, view.reading.clocks
    with st.container(horizontal=True):
        homes = campaigns.countries(view.reading, clocks.known_at)
        names = {"": words("campaigns.all_countries"), **{code: _country(view, code) for code in homes}}
        # the first that is asked for: where most customers live
        country = filters.clickable(view, "lives_in", names, None, homes[0] if homes else "")
        channel = filters.clickable(
            view, "by_channel", {name: words(f"campaigns.channel.{name}") for name in CHANNELS}, None, "email"
        )
    kept = _kept(view, country or None)
    first, last = kept.asked.from_date, clocks.as_of + AHEAD
    rows = campaigns.by_day(view.reading, kept, last)
    counts = {row["day"]: row["contacts"] for row in rows[rows["channel"] == channel].to_dict("records")}
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    closed = campaigns.closed(country, channel, days) if country else {}
    st.subheader(words("campaigns.calendar"), anchor=False)
    st.caption(words("campaigns.calendar_sub" if country else "campaigns.calendar_choose"))
    st.plotly_chart(
        contact_calendar(counts, first, last, closed, words, view.is_dark),
        key=f"calendar_{country}_{channel}_{words.language}",
        config={"displayModeBar": False},
        alt=words("campaigns.calendar"),
    )
    _why_closed(view, closed)
    broken = sorted(day for day in closed if counts.get(day))
    if broken:
        text = words("campaigns.on_closed", days=", ".join(map(words.date, broken)))
        st.warning(text, icon=":material/gavel:")
    _day(view, kept, counts, channel)


def _kept(view: View, country_code: str | None) -> campaigns.Kept:
    clocks, event_id = view.reading.clocks, campaigns.last_event(view.reading)
    asked = campaigns.Asked(
        clocks.as_of - BACK, CREDIT_DAYS, clocks.as_of, clocks.known_at, country_code=country_code
    )  # fmt: skip
    return campaigns.Kept(asked, event_id)


def _country(view: View, code: str) -> str:
    """`Peru`, in the reader's language; what is no country as it is."""
    return Locale.parse(view.words.locale).territories.get(code, code)


def _why_closed(view: View, closed: dict[dt.date, str]) -> None:
    """Each rule that closes days, with the days."""
    words, by_rule = view.words, dict[str, list[dt.date]]()
    for day, rule in sorted(closed.items()):
        by_rule.setdefault(rule, []).append(day)
    if by_rule:
        with st.expander(words.counted("campaigns.closed_days", len(closed)), icon=":material/event_busy:"):
            for rule, days in by_rule.items():
                listed = ", ".join(map(words.date, days[:LISTED_DAYS])) + (" …" if len(days) > LISTED_DAYS else "")
                st.markdown(f"- {as_text(rules.rule(words, rule))}  \n  {as_text(listed)}")


def _day(view: View, kept: campaigns.Kept, counts: dict[dt.date, int], channel: str) -> None:
    """The contacts of one day."""
    words = view.words
    named = {day.isoformat(): f"{words.date(day)}: {words.number(counts[day])}" for day in sorted(counts, reverse=True)}
    chosen = filters.clickable(view, "contact_day", {"": words("campaigns.no_day_chosen"), **named}, None)
    if not chosen:
        return
    day = dt.date.fromisoformat(chosen)
    group = campaigns.Group(channel=channel, day=day)
    title = words("campaigns.contacts_on", day=words.date(day))
    with st.container(border=True):
        st.subheader(title, anchor=False)
        contacts_table(view, kept, group, "any", counts[day], title)
