"""Who is looking: the person that the provider vouches for and `cartera users` knows; here alone, whoever is here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from cartera import sign_in, users
from cartera.clock import utc_now
from cartera.desk import Actor
from cartera.settings import get_settings
from dashboards.queries import session
from dashboards.queries.session import NotSignedInError

LONGEST_NAME, NAMED = 60, "named_as"
Refusal = Literal["signed_out", "expired", "unknown", "unverified"]


@dataclass(frozen=True)
class Refused:
    """Why somebody sees nothing."""

    why: Refusal
    email: str = ""


def claims() -> Mapping[str, Any]:
    """What the provider said of the person; Streamlit has checked its signature, and keeps it in a signed cookie."""
    return st.user.to_dict()


def admitted(said: Mapping[str, Any]) -> Actor | Refused:
    """Who that is to us, asked anew each time: who is removed sees nothing more, whatever cookie they have."""
    if not said.get("is_logged_in"):
        return Refused("signed_out")
    email = str(said.get("email") or "")
    # some providers write it as text; one that says nothing of it, as Entra ID, vouches by its directory (deploy.md)
    if not email or str(said.get("email_verified", True)).lower() != "true":
        return Refused("unverified", email)
    signed_in_at = said.get("iat")
    if not isinstance(signed_in_at, int | float):
        return Refused("expired", email)
    age = utc_now() - dt.datetime.fromtimestamp(signed_in_at, dt.UTC)
    if age > dt.timedelta(hours=get_settings().sign_in_hours):
        return Refused("expired", email)
    user = users.find(email)
    return Refused("unknown", email) if user is None else Actor(user.email, user.role, user.companies)


def looking() -> Actor | Refused:
    """Who looks at the page, or why they may not."""
    if sign_in.is_required(get_settings()):
        return admitted(claims())
    # a name, not a right: on 127.0.0.1 everybody has all of them
    named = " ".join(st.query_params.get("as", st.session_state.get(NAMED, "")).split())[:LONGEST_NAME]
    if not named:
        return Actor.local()
    if st.query_params.get("as") is None:
        # a link to another page has lost it, and what is recorded there would be nobody's
        st.query_params["as"] = named
    st.session_state[NAMED] = named
    return Actor.local(named)


def still(actor: Actor) -> Actor:
    """The same person as they stand now: what they clicked may have been drawn a while ago. Raises NotSignedInError."""
    if not sign_in.is_required(get_settings()):
        return actor
    user = users.find(actor.user)
    if user is None:
        raise NotSignedInError(f"{actor.user} may not sign in any more", "ask an administrator")
    return Actor(user.email, user.role, user.companies)


def current_actor() -> Actor:
    """Who looks at the page; asked once for one run of the script (see app.py). Raises NotSignedInError."""
    found = session.known_actor() or looking()
    if isinstance(found, Refused):
        raise NotSignedInError("nobody is signed in who may see this", "sign in")
    return found
