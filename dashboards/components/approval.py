"""Approving what waits: of what was looked at, once, whatever is clicked twice; and what happened meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cartera.errors import PlanChanged
from cartera.warehouse.read import Row
from dashboards.components.actor import current_actor
from dashboards.components.clicks import clicked, drawn_anew, once, one_of, told
from dashboards.components.states import Refusal
from dashboards.components.view import View, as_text
from dashboards.queries import campaigns

LAST = "approval"


def approval_form(view: View, plan_id: int | None) -> None:
    """The form is of the same moment as the counts above it: what is approved is what was seen."""
    words, actor = view.words, current_actor()
    seen = campaigns.look(view.reading, plan_id, actor.companies)
    with st.container(border=True):
        st.subheader(words("campaigns.approve_title"), anchor=False)
        st.caption(words("campaigns.approve_sub"))
        if not campaigns.may_approve(actor):
            st.caption(words("campaigns.not_yours"))
            return
        if actor.companies is not None:
            st.caption(words("campaigns.approve_yours", companies=as_text(", ".join(sorted(actor.companies)))))
        key = f"limit_{seen.plan_id}_{seen.digest}"
        # without bounds of its own: the browser leaves a number that is out of them where it was typed, and unsaid
        limit = st.number_input(
            words("campaigns.limit"),
            value=None,
            step=1,
            placeholder=words("campaigns.limit_all"),
            key=key,
            on_change=_within,
            args=(key, seen.contacts),
            help=words("campaigns.limit_help"),
            width=260,
        )
        drawn_anew(LAST)
        count = seen.contacts if limit is None else min(int(limit), seen.contacts)
        if count < seen.contacts:
            st.markdown(words("campaigns.these_first") + _lines(view, campaigns.first(view.reading, seen, count)))
        st.button(
            words.counted("campaigns.approve", count),
            icon=":material/check:",
            # a second click is of this form, and not of the next one, which would approve the rest
            key=f"approve_{seen.plan_id}_{seen.digest}",
            on_click=_approve,
            args=(seen, key),
        )


def _within(key: str, most: int) -> None:
    """The number that stands in the field is the one that counts."""
    if st.session_state[key] is not None:
        st.session_state[key] = min(max(int(st.session_state[key]), 1), max(most, 1))


def _approve(seen: campaigns.Seen, key: str) -> None:
    """Runs before the page is drawn again: with the number that was typed by then, which the button may not say yet."""
    limit: int | None = st.session_state.get(key)
    with clicked(LAST, lambda refusal: seen if isinstance(refusal.error, PlanChanged) else refusal) as kept:
        form = ("approve", seen.plan_id, seen.digest, seen.event_id)
        with one_of(LAST):
            kept[LAST] = once(form, lambda: campaigns.approve(current_actor(), seen, limit))


def say_what_was_approved(view: View) -> None:
    """Once: what the last click did, or why it did nothing."""
    words, last = view.words, told(LAST)
    if last is None:
        return
    if isinstance(last, campaigns.ApproveReport):
        said = f"{words.counted('campaigns.approved', last.approved)} {words.counted('campaigns.left', last.left)}"
        st.success(said + _lines(view, last.parts), icon=":material/check_circle:")
    elif isinstance(last, Refusal):
        st.error(words("campaigns.not_approved", problem=as_text(last.told(words))), icon=":material/error:")
    else:
        lines = "".join(
            "\n- " + words(
                "campaigns.meanwhile",
                count=words.number(row["contacts"]),
                status=words(f"campaigns.status.{row['to_status']}"),
                actor=as_text(row["actor"]),
                moment=words.moment(row["at"]),
            )
            for row in campaigns.since(view.reading, last)
        )  # fmt: skip
        st.warning(words("campaigns.changed") + lines, icon=":material/sync_problem:")


def _lines(view: View, parts: Sequence[Row]) -> str:
    """Which messages they are: by step and channel how many, and to whom the first of them go."""
    words, names, lines = view.words, campaigns.named(view.reading, parts), ""
    for part in parts:
        of = " · ".join(
            (part["policy_name"], words.named("step", part["step_name"]), words(f"campaigns.channel.{part['channel']}"))
        )
        more = " …" if part["contacts"] > len(part["customer_ids"]) else ""
        to = ", ".join(names.get(customer_id, customer_id) for customer_id in part["customer_ids"])
        lines += f"\n- {words.number(part['contacts'])} × {as_text(f'{of}: {to}')}{more}"
    return "\n" + lines
