"""Saving a segment under a name that a reminder policy can ask for in its `audience`."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import streamlit as st

from cartera.desk import Actor
from cartera.desk.rights import DECIDERS
from cartera.errors import ConfigError
from cartera.reminders.saved_segments import delete_segment, save_segment, saved_segments
from dashboards.components.actor import current_actor
from dashboards.components.clicks import drawn_anew, one_of, refusing, told
from dashboards.components.view import View, as_text
from dashboards.queries.segments import Asked

SAVED, REFUSED = "segment_saved", "segment_refused"
NAME, AT_LEAST = "segment_name", "segment_at_least"


def save_for_policies(view: View, asked: Asked, segment: str) -> None:
    """The segment that is shown, in its company and currency, and from an amount on; and those that are saved.

    Policies are the managers' affair, each in their own companies.
    """
    words, actor = view.words, current_actor()
    if actor.role not in DECIDERS or not _in_scope(actor, asked.company_id):
        return
    with st.popover(words("segments.save_for"), icon=":material/bookmark_add:"):
        st.caption(words("segments.save_for_help"))
        with st.form("segment_save", border=False):
            st.text_input(words("segments.save_name"), max_chars=60, placeholder="slow_in_lima", key=NAME)
            st.text_input(words("segments.save_at_least", currency=asked.currency_code), placeholder="1000.00",
                          key=AT_LEAST)  # fmt: skip
            st.form_submit_button(words("segments.save"), icon=":material/save:", on_click=_save,
                                  args=(asked, segment))  # fmt: skip
        drawn_anew(REFUSED)
        for saved, audience in saved_segments().items():
            if not all(_in_scope(actor, company) for company in audience.companies or (None,)):
                continue
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"`{saved}` · {as_text(audience.in_words())}")
                st.button(words("segments.delete"), key=f"segment_delete_{saved}", type="tertiary",
                          on_click=_delete, args=(saved,))  # fmt: skip
        saved_as, refused = told(SAVED), told(REFUSED)
        if saved_as:
            st.success(words("segments.saved", name=as_text(saved_as)), icon=":material/check_circle:")
        if refused:
            st.error(as_text(refused.told(words)))


def _delete(saved: str) -> None:
    with refusing(REFUSED), one_of(REFUSED):
        delete_segment(saved, current_actor().companies)


def _in_scope(actor: Actor, company_id: str | None) -> bool:
    """None: all companies."""
    return actor.companies is None or company_id in actor.companies


def _save(asked: Asked, segment: str) -> None:
    """What the popover was of when it was clicked, under the name that stands in it."""
    name, typed = (str(st.session_state.get(field) or "").strip() for field in (NAME, AT_LEAST))
    with refusing(REFUSED) as kept:
        actor = current_actor()
        try:
            at_least = Decimal(typed) if typed else None
        except InvalidOperation:
            problem = "a minimum is an amount of 0 or more of one currency"
            raise ConfigError(problem, "write it as 1000.00") from None
        save_segment(
            actor.user,
            name,
            asked.scheme,
            segment,
            company_id=asked.company_id,
            currency_code=asked.currency_code,
            at_least=at_least,
            companies=actor.companies,
        )
        kept[SAVED] = name
