"""Saving a segment under a name that a reminder policy can ask for in its `audience`."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from cartera.desk import Actor
from cartera.desk.rights import DECIDERS
from cartera.errors import ConfigError, NotAllowed
from cartera.money import minor_units
from cartera.reminders.audience import Audience
from cartera.reminders.saved_segments import Saved, delete_segment, save_segment, saved_versions
from dashboards.components.actor import current_actor
from dashboards.components.clicks import clicked, drawn_anew, one_of, told
from dashboards.components.narrowed import narrowed
from dashboards.components.view import View, as_text
from dashboards.i18n import Words
from dashboards.queries.segments import Asked

SAVED, REFUSED = "segment_saved", "segment_refused"
NAME, AT_LEAST, REPLACES = "segment_name", "segment_at_least", "segment_replaces"


def save_for_policies(view: View, asked: Asked, segment: str) -> None:
    """The segment that is shown, in its company and currency, and from an amount on; and those that are saved.

    Policies are the managers' affair, each in their own companies.
    """
    words, actor = view.words, current_actor()
    if actor.role not in DECIDERS:
        return
    with st.popover(words("segments.save_for"), icon=":material/bookmark_add:"):
        st.caption(words("segments.save_for_help"))
        with st.form("segment_save", border=False):
            st.text_input(words("segments.save_name"), max_chars=60, placeholder="slow_in_lima", key=NAME)
            st.text_input(words("segments.save_at_least", currency=asked.currency_code), key=AT_LEAST,
                          placeholder=words.decimal(Decimal(1000)))  # fmt: skip
            st.checkbox(words("segments.save_replaces"), key=REPLACES)
            st.form_submit_button(words("segments.save"), icon=":material/save:", on_click=_save,
                                  args=(words, asked, segment))  # fmt: skip
        drawn_anew(REFUSED)
        for saved, seen in saved_versions().items():
            if not all(_in_scope(actor, company) for company in seen.audience.companies or (None,)):
                continue
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"`{saved}` · {as_text(_said(words, seen.audience))}")
                st.button(words("segments.delete"), key=f"segment_delete_{saved}", type="tertiary",
                          on_click=_delete, args=(saved, seen))  # fmt: skip
        saved_as, refused = told(SAVED), told(REFUSED)
        if saved_as:
            st.success(words("segments.saved", name=as_text(saved_as)), icon=":material/check_circle:")
        if refused:
            st.error(as_text(refused.told(words)))


def _said(words: Words, audience: Audience) -> str:
    """What the forms of this page ask for, as it says it elsewhere."""
    of = [
        f"{words.named('scheme', scheme)}: {', '.join(words.named('segment', name) for name in names)}"
        for scheme, names in audience.segments.items()
    ]
    of += [
        f"{words('segments.save_at_least', currency=code)}: {words.amount(amount.at_least, code)}"
        for code, amount in audience.open_amount.items()
        if amount.at_least is not None
    ]
    return " · ".join(narrowed(words, *of, company=", ".join(audience.companies)))


def _delete(saved: str, seen: Saved) -> None:
    with clicked(REFUSED), one_of(REFUSED):
        delete_segment(saved, _decider().companies, seen)


def _decider() -> Actor:
    """Who clicks, as they stand now: what they see may have been drawn a while ago. Raises NotAllowed."""
    actor = current_actor()
    if actor.role not in DECIDERS:
        raise NotAllowed(f"{actor.user} is {actor.role} and may not record a segment", "ask a manager")
    return actor


def _in_scope(actor: Actor, company_id: str | None) -> bool:
    """None: all companies."""
    return actor.companies is None or company_id in actor.companies


def _save(words: Words, asked: Asked, segment: str) -> None:
    """What the popover was of when it was clicked, under the name that stands in it."""
    name, typed = (str(st.session_state.get(field) or "").strip() for field in (NAME, AT_LEAST))
    with clicked(REFUSED) as kept:
        actor = _decider()
        at_least = words.read_amount(typed, minor_units(asked.currency_code))
        if typed and at_least is None:
            raise ConfigError(words("reports.no_amount"))
        save_segment(
            actor.user,
            name,
            asked.scheme,
            segment,
            company_id=asked.company_id,
            currency_code=asked.currency_code,
            at_least=at_least,
            companies=actor.companies,
            replaces=bool(st.session_state.get(REPLACES)),
        )
        # the next one is another
        st.session_state[REPLACES] = False
        kept[SAVED] = name
