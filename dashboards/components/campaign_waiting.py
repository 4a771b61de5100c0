"""Campaigns: what waits for approval, how it will look, and who is left in peace and why."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import streamlit as st

from cartera.errors import ConfigError
from dashboards.components import filters
from dashboards.components.actor import current_actor
from dashboards.components.approval import approval_form, say_what_was_approved
from dashboards.components.customer_link import customers_table
from dashboards.components.export import audit_view
from dashboards.components.message import message
from dashboards.components.tables import CUSTOMER, Column, table
from dashboards.components.view import View, as_text
from dashboards.i18n import refusals, rules
from dashboards.queries import campaigns

PLANS = {
    "plan_id": Column("campaigns.col_plan", "number"),
    "policy_name": Column("campaigns.col_policy"),
    "as_of_date": Column("column.as_of", "date"),
    "planned_at": Column("campaigns.col_planned_at", "moment"),
    "planned_by": Column("campaigns.col_by"),
    "contacts": Column("campaigns.col_waiting", "number"),
    "ghosts": Column("campaigns.col_ghosts", "number"),
}
STEPS = {
    "step_name": Column("campaigns.by_step", is_pinned=True),
    "contacts": Column("campaigns.col_waiting", "number"),
    "amounts": Column("campaigns.col_asked_for", "amounts"),
    "customers": Column("column.customers", "number"),
    "channel_name": Column("campaigns.col_channel"),
    "policy_name": Column("campaigns.col_policy"),
}
CONTACTS = {
    "customer_name": CUSTOMER,
    "asked_amounts": Column("campaigns.col_asked_for", "amounts", width=140),
    "planned_date": Column("campaigns.col_planned_for", "date"),
    "send_from": Column("campaigns.col_send_from", "moment"),
    "send_until": Column("campaigns.col_send_until", "moment"),
    "language_code": Column("campaigns.col_language"),
    "customer_id": Column("column.customer_id"),
    "company_id": Column("column.company"),
}
REASONS = {
    "reason": Column("campaigns.col_reason"),
    "skips": Column("campaigns.col_left_in_peace", "number"),
    "customers": Column("column.customers", "number"),
}
SKIPS = {
    "customer_name": CUSTOMER,
    "customer_id": Column("column.customer_id"),
    "company_id": Column("column.company"),
    "policy_name": Column("campaigns.col_policy"),
}


def waiting_part(view: View) -> None:
    words = view.words
    say_what_was_approved(view)
    plans = campaigns.plans(view.reading)
    if plans.empty:
        st.info(f"**{words('campaigns.none_wait')}**\n\n{words('campaigns.none_wait_do')}", icon=":material/inbox:")
    else:
        _waiting(view, plans)
    _skips(view)


def _waiting(view: View, plans: pd.DataFrame) -> None:
    words = view.words
    names = {
        str(row["plan_id"]): f"{row['plan_id']} · {row['policy_name']} · {words.date(row['as_of_date'])}"
        for row in plans.to_dict("records")
    }
    plan_id = _plan(view, names)
    st.subheader(words("campaigns.waiting"), anchor=False)
    st.caption(words("campaigns.waiting_sub"))
    of_plan = plans if plan_id is None else plans[plans["plan_id"] == plan_id]
    table(view, of_plan, PLANS, alt=words("campaigns.plans"))
    steps = campaigns.steps(view.reading, plan_id)
    total = int(sum(steps["contacts"]))
    if total == int(sum(of_plan["contacts"])):
        st.markdown(f":material/check_circle: {words.counted('campaigns.steps_add_up', total)}")
    else:
        st.error(words("campaigns.steps_differ"))
    several = steps["policy_name"].nunique() > 1
    columns = {name: column for name, column in STEPS.items() if name != "policy_name" or several}
    title = words("campaigns.steps")
    data = steps.assign(
        channel_name=[words(f"campaigns.channel.{name}") for name in steps["channel"]],
        step_name=[words.named("step", name) for name in steps["step_name"]],
    )
    selection = table(view, data, columns, alt=title, key=f"steps_{plan_id}_{total}", selects="single-cell")
    if selection["cells"] and selection["cells"][0][0] < len(steps):
        _contacts(view, steps.iloc[selection["cells"][0][0]], plan_id)
    if view.is_phone:
        # what is decided here stands above a message as long as the screen
        right, left = st.container(), st.container()
    else:
        left, right = st.columns([11, 8], gap="large")
    with left:
        _samples(view, plan_id)
    with right:
        approval_form(view, plan_id)


def _plan(view: View, names: dict[str, str]) -> int | None:
    """None: all that wait, which a single one is as well."""
    if len(names) == 1:
        filters.the_only(view, "plan", names)
        return None
    chosen = filters.choice(view, "plan", {"": view.words("campaigns.all_plans"), **names}, "")
    return int(chosen) if chosen else None


def _contacts(view: View, step: pd.Series, plan_id: int | None) -> None:
    """The contacts behind one line."""
    words = view.words
    group = campaigns.Group(step["policy_name"], step["step_name"], step["channel"], plan_id)
    rows = campaigns.waiting_contacts(view.reading, group)
    title = words(
        "campaigns.contacts_of",
        step=as_text(words.named("step", step["step_name"])),
        channel=words(f"campaigns.channel.{step['channel']}"),
    )
    with st.container(border=True):
        st.subheader(title, anchor=False)
        count_says(view, len(rows), int(step["contacts"]))
        key = f"waiting_{step['policy_name']}_{step['step_name']}_{step['channel']}_{plan_id}"
        customers_table(view, view.reading.clocks, rows, CONTACTS, alt=title, key=key)


def count_says(view: View, listed: int, count: int) -> None:
    """Whether the rows listed are all that a count counted."""
    words = view.words
    if listed == count:
        st.markdown(f":material/check_circle: {words.counted('campaigns.counted', count)}")
    elif listed == campaigns.LISTED < count:
        st.caption(words("campaigns.capped", shown=words.number(listed), count=words.number(count)))
    else:
        st.error(words("campaigns.count_differs", shown=words.number(listed), count=words.number(count)))


def _samples(view: View, plan_id: int | None) -> None:
    words, found = view.words, campaigns.samples(view.reading, plan_id)
    st.subheader(words("campaigns.samples"), anchor=False)
    st.caption(words("campaigns.samples_sub"))
    named = {
        "/".join((row["policy_name"], row["step_name"], row["channel"], row["language_code"])): row for row in found
    }
    # policies may have steps of one name: of two that are called alike the list would open the last
    several = len({row["policy_name"] for row in found}) > 1
    labels = {
        key: " · ".join(
            (
                words.named("step", row["step_name"]),
                words(f"campaigns.channel.{row['channel']}"),
                words(f"campaigns.language.{row['language_code']}"),
                *((row["policy_name"],) if several else ()),
            )
        )
        for key, row in named.items()
    }
    if not labels:
        return
    chosen = filters.clickable(view, "sample", labels, None, next(iter(labels)))
    # the text is judged by any that would go out: somebody may have promised since it was planned
    for contact_id in (named[chosen]["contact_id"], *named[chosen]["others"]):
        shown = campaigns.sample(contact_id)
        if not isinstance(shown, ConfigError):
            break
    if isinstance(shown, ConfigError):
        problem = as_text(refusals.told(words, shown))
        st.warning(words("campaigns.no_sample", problem=problem), icon=":material/block:")
    else:
        audit_view(current_actor(), shown.contact.customer_id)
        message(view, shown, contact_id)


def _skips(view: View) -> None:
    """Why debts got no message on a day that was planned for; a reason leads to its customers, one to what was seen."""
    words, days = view.words, campaigns.skip_days(view.reading)
    if not days:
        return
    st.subheader(words("campaigns.skips"), anchor=False)
    st.caption(words("campaigns.skips_sub"))
    offered = {day.isoformat(): words.date(day) for day in days}
    day = dt.date.fromisoformat(filters.clickable(view, "planned_day", offered, None, next(iter(offered))))
    reasons = campaigns.skip_reasons(view.reading, day)
    if reasons.empty:
        st.caption(words("campaigns.no_skips"))
        return
    data = reasons.assign(reason=[words.named("campaigns.skip", code) for code in reasons["reason_code"]])
    selection = table(view, data, REASONS, alt=words("campaigns.skips"), key=f"reasons_{day}", selects="single-cell")
    cells = [cell for cell in selection["cells"] if cell[0] < len(data)]
    named = {"": words("campaigns.no_reason_chosen"), **dict(zip(data["reason_code"], data["reason"], strict=True))}
    clicked = data["reason_code"].iloc[cells[0][0]] if cells else None
    reason = filters.clickable(view, "skip_reason", named, clicked)
    if reason:
        _skipped(view, day, reasons[reasons["reason_code"] == reason].iloc[0], named[reason])


def _skipped(view: View, day: dt.date, figure: pd.Series, name: str) -> None:
    words = view.words
    rows = campaigns.skips(view.reading, day, figure["reason_code"])
    title = words("campaigns.skipped", reason=name)
    with st.container(border=True):
        st.subheader(title, anchor=False)
        count_says(view, len(rows), int(figure["skips"]))
        key = f"skips_{day}_{figure['reason_code']}"
        row = customers_table(view, view.reading.clocks, rows, SKIPS, alt=title, key=key)
        if row is not None:
            audit_view(current_actor(), row["customer_id"])
            st.markdown(words("campaigns.said_no", name=as_text(row["customer_name"])))
            answers = campaigns.refusals(row["skip_id"])
            for answer in answers:
                rule, saw = rules.rule(words, answer["rule"]), rules.saw(words, answer["saw"])
                st.markdown(f"- {as_text(rule)}: **{as_text(saw)}**")
            if not answers:
                st.caption(words("campaigns.no_answers"))
