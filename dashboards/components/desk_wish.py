"""What the customer says of how to be reached: what is in force, and what recording it will do, said before."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from cartera import desk
from cartera.desk.wishes import ALL, SAYS
from cartera.errors import ConfigError
from dashboards.components.desk_fields import CHANNELS, LONGEST_ADDRESS, Form
from dashboards.components.view import as_text
from dashboards.i18n import Words

NOW = {True: "customer.said_yes", False: "customer.said_no", None: "customer.said_nothing"}


def wish_fields(form: Form) -> None:
    """No channel is chosen for who asks: a slip would silence all of them."""
    words = form.words
    ways = {each.channel: each for each in desk.ways(form.actor, form.owing.customer_id)}
    _says_now(words, ways)
    with st.container(horizontal=True):
        said = form.choice("said", {each: words(f"desk.says.{each}") for each in SAYS}, default=SAYS[0])
        channel = form.choice("channel", {each: words(f"channel.{each}") for each in (ALL, *CHANNELS)})
    if channel and channel != ALL:
        form.text("to", longest=LONGEST_ADDRESS)
        if known := ways[channel].known:
            form.suggested("to", known, label="desk.known_addresses")
    form.text("statement", needed=said == "authorised")
    if channel and said:
        st.info(_will(form, channel, said), icon=":material/campaign:")


def _says_now(words: Words, ways: Mapping[str, desk.Way]) -> None:
    """As the part of contacts and consents shows it; where nothing is used, what is known."""
    lines = [
        " · ".join(filter(None, (
            words(f"channel.{channel}"), words(NOW[ways[channel].is_authorised]),
            ways[channel].address or ", ".join(ways[channel].known),
        )))
        for channel in CHANNELS
    ]  # fmt: skip
    st.caption("".join([f"**{words('desk.wish_now')}**", *(f"\n- {as_text(line)}" for line in lines)]))


def _will(form: Form, channel: str, said: str) -> str:
    """What recording it does."""
    words, address = form.words, _address(form, channel)
    to = "_all" if channel == ALL else "_to" if address else ""
    told = [words(f"desk.will_{said}{to}", channel=as_text(words(f"channel.{channel}")), address=as_text(address))]
    if said == "opted_out" and channel in (ALL, "call") and not address:
        told.append(words("desk.will_no_calls"))
    return " ".join(told)


def _address(form: Form, channel: str) -> str:
    """One that was typed before all channels were chosen is not meant."""
    return "" if channel == ALL else form.given("to")


def record_wish(form: Form) -> tuple[str, str | None]:
    words, channel = form.words, form.given("channel")
    said = next((each for each in SAYS if each == form.given("said")), None)
    if said is None:
        raise ConfigError("whether it wants no more or authorises is not chosen", "choose one")
    if not channel:
        raise ConfigError("the channel is not chosen", "choose one, or all")
    made = desk.wish(form.actor, form.draft.action_id, form.owing.customer_id, channel=channel, said=said,
                     address=_address(form, channel), statement=form.given("statement"),
                     seen=form.draft.seen)  # fmt: skip
    where = " ".join(filter(None, (words(f"channel.{made.channel}"), made.address)))
    return words(f"desk.done_{made.said}", where=as_text(where)), None
