"""What somebody sees who may see nothing: how to sign in, or whom to ask."""

from __future__ import annotations

import streamlit as st

from cartera.desk import Actor
from cartera.settings import get_settings
from dashboards.components.access import ROLES
from dashboards.components.actor import Refused
from dashboards.components.view import as_text, current_words


def refused(refusal: Refused) -> None:
    """No figure, no page, no name of one."""
    words = current_words()
    st.title("Cartera", anchor=False)
    if refusal.why in ("signed_out", "expired"):
        st.markdown(words(f"sign_in.{refusal.why}"))
        if st.button(words("sign_in.do"), type="primary", icon=":material/login:"):
            st.login()
        return
    said = words(f"sign_in.{refusal.why}", email=as_text(refusal.email or "—"))
    st.warning(f"{said}\n\n{_whom_to_ask()}", icon=":material/lock:")
    if st.button(words("sign_in.leave"), icon=":material/logout:"):
        st.logout()


def _whom_to_ask() -> str:
    words, contact = current_words(), get_settings().sign_in_contact
    return words("sign_in.ask", contact=as_text(contact)) if contact else words("sign_in.ask_administrator")


def closed(actor: Actor, page: str, title: str) -> None:
    """At the address of a page that is not for who follows a link there."""
    words = current_words()
    st.title(words(title), anchor=False)
    if actor.role in ROLES.get(page, ()) and actor.companies is not None:
        said = words("sign_in.of_all_companies", companies=as_text(", ".join(sorted(actor.companies))))
    else:
        said = words("sign_in.not_for_role", role=words(f"role.{actor.role}"))
    st.warning(f"{said}\n\n{_whom_to_ask()}", icon=":material/lock:")


def who_is_here(actor: Actor, *, is_signed_in: bool) -> None:
    """At the foot of the sidebar: the person and what they may see, or that there is no sign-in."""
    words = current_words()
    if not is_signed_in:
        is_local = st.get_option("server.address") in ("127.0.0.1", "localhost", "::1")
        st.sidebar.caption(words("sign_in.none_local" if is_local else "sign_in.none_open"))
        return
    companies = words("filter.all_companies") if actor.companies is None else ", ".join(sorted(actor.companies))
    with st.sidebar.container(border=True, gap="xsmall"):
        st.markdown(f"**{as_text(actor.user)}**")
        st.caption(f"{words(f'role.{actor.role}')} · {as_text(companies)}")
        if st.button(words("sign_in.leave"), icon=":material/logout:", type="tertiary"):
            st.logout()
