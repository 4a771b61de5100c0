"""How a customer can be reached, what it said of that, and the next moment that the rules allow, with the reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import streamlit as st

from cartera.warehouse.read import Row
from dashboards.components.tables import Column, table
from dashboards.components.view import View, as_text
from dashboards.i18n import rules
from dashboards.queries import customer
from dashboards.queries.receivables import frame

WAYS = {
    "channel": Column("customer.channel", width=120, is_pinned=True),
    "next": Column("customer.next_allowed", width=165),
    "said": Column("customer.consent", width=120),
    "address": Column("customer.address", width=240, is_cut=True),
}
SAID = {
    "said_at": Column("customer.col_recorded", "moment"),
    "channel": Column("customer.channel"),
    "address": Column("customer.address", width="medium"),
    "said": Column("customer.consent"),
    "reason": Column("customer.why", width="medium"),
    "recorded_by": Column("customer.col_by"),
}
MOST_DAYS = 3
HOLDS = {
    "held_at": Column("customer.col_recorded", "moment"),
    "reason": Column("customer.why", width="medium"),
    "held_until": Column("customer.until", "date"),
    "held_by": Column("customer.col_by"),
    "released_at": Column("customer.released", "moment"),
}


def contacts(view: View, customer_id: str) -> None:
    """Channels, consents and holds, as they are at this moment."""
    words, kept = view.words, customer.dossier(customer_id)
    zone = kept.customer.timezone
    place = as_text(words.city(zone)) if zone else words("customer.no_zone")
    st.caption(words("customer.contacts_sub", zone=place))
    rows = [_way(view, each, kept.customer.timezone) for each in kept.ways]
    table(view, frame(rows, list(WAYS)), WAYS, alt=words("customer.part_contacts"))
    # as text, which wraps: a sentence for each is longer than any column
    reasons = [f"- **{as_text(row['channel'])}**: {as_text(row['why'])}" for row in rows if row["why"]]
    if reasons:
        st.markdown("\n".join([f"**{words('customer.why')}**", "", *reasons]))
    with st.expander(words("customer.rules_asked"), icon=":material/gavel:"):
        if not any(each.refusals for each in kept.ways):
            st.caption(words("customer.no_refusals"))
        for each in kept.ways:
            for text in (text for text in each.refusals if text != "hold"):
                st.markdown(f"- **{as_text(words(f'channel.{each.channel}'))}**: {as_text(rules.rule(words, text))}")
        # of the country and region, and so the same for most channels
        for note in dict.fromkeys(note for each in kept.ways for note in each.notes):
            st.caption(as_text(rules.saw(words, note)))
    st.subheader(words("customer.said"), anchor=False)
    if not kept.said:
        st.caption(words("customer.nothing_said"))
    else:
        told = [each | _said(view, each) for each in kept.said]
        table(view, frame(told, list(SAID)), SAID, alt=words("customer.said"))
    if kept.holds:
        st.subheader(words("customer.holds"), anchor=False)
        held = [hold | {"reason": _held(view, hold)} for hold in kept.holds]
        table(view, frame(held, list(HOLDS)), HOLDS, alt=words("customer.holds"))


def _said(view: View, each: Row) -> dict[str, str]:
    return {
        "said": view.words("customer.said_yes" if each["is_authorised"] else "customer.said_no"),
        "channel": view.words(f"channel.{each['channel'] or 'all'}"),
    }


def _held(view: View, hold: Row) -> str:
    return " · ".join(filter(None, (view.words.named("hold", hold["kind"]), hold["reason"])))


def why(view: View, way: customer.Next, *, is_short: bool = False) -> str:
    """Why not now, and which days in between are closed; by which rule, unless it has to be short."""
    if way.refusals == ("hold",):
        return view.words("customer.on_hold", reason=rules.saw(view.words, way.why))
    if not way.address and way.why in ("", "none"):
        return view.words("customer.no_address")
    closed = [
        view.words("customer.closed_on", days=_days(view, days))
        + ("" if is_short else f": {rules.rule(view.words, rule)}")
        for rule, days in way.closing
    ]
    return "; ".join([rules.saw(view.words, way.why), *closed])


def _days(view: View, days: Sequence[dt.date]) -> str:
    """Many by the first and the last: they follow each other, as a rule of hours closes weeks."""
    told = [view.words.date(day) for day in days]
    return ", ".join(told) if len(told) <= MOST_DAYS else f"{told[0]} … {told[-1]}"


def _way(view: View, way: customer.Next, zone: str | None) -> dict[str, str]:
    words = view.words
    said = {True: "customer.said_yes", False: "customer.said_no", None: "customer.said_nothing"}[way.said]
    if way.address is None:
        following = words("customer.not_by_this")
    elif way.is_allowed_now:
        following = words("customer.allowed_now")
    else:
        following = words.moment_at(way.at, zone) if way.at else words("customer.none_as_things_stand")
    told = why(view, way)
    if way.address == "":
        # a call may be made all the same, to a number that a person finds
        told = "; ".join(filter(None, (words("saw.no_number"), way.why and told)))
    return {
        "channel": words(f"channel.{way.channel}"),
        "address": way.address or "",
        "said": words(said),
        "next": following,
        "why": told,
    }
