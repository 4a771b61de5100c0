"""A message as it went out, opened from the timeline. What it says is outside text: shown as text, never as a page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cartera.warehouse.read import Row
from dashboards.components import filters
from dashboards.components.view import View, as_text
from dashboards.queries import customer


def sent_message(view: View, contacts: Sequence[Row], clicked: Sequence[str | None]) -> None:
    """Choose one of the messages, in a list or by a click on its line above; its words below."""
    words = view.words
    offered = {each["contact_id"]: _label(view, each) for each in contacts}
    if not offered:
        return
    chosen = filters.clickable(
        view, "message", {"": words("customer.no_message_open"), **offered}, clicked[0] if clicked else None
    )
    if not chosen:
        return
    found = customer.message(chosen)
    if found is None:
        st.info(words("customer.no_words"), icon=":material/speaker_notes_off:")
        return
    said, template = found["words"], f"{found['template']} ({(found['template_hash'] or '—')[:12]})"
    with st.container(border=True):
        # not as Markdown, which would make a link of an address
        recipients = [said[name] for name in ("recipient", "redirected_to") if said.get(name)]
        st.text(words("campaigns.to", recipient=" → ".join(recipients) or "—"))
        st.caption(words("customer.words_kept", moment=words.moment(found["kept_at"]), template=as_text(template)))
        if said.get("subject"):
            st.markdown(f"**{as_text(said['subject'])}**")
        st.code(said["text"], language=None, wrap_lines=True)
        for file in said.get("attachments", ()):
            st.caption(words("customer.attached", name=as_text(file["name"]), digest=file["sha256"][:12]))


def _label(view: View, contact: Row) -> str:
    words, day = view.words, contact["contact_date"]
    parts = (
        words.date(day) if day else "—",
        words.named("step", contact["step"]),
        words(f"channel.{contact['channel']}"),
        words(f"campaigns.status.{contact['status']}"),
    )
    return " · ".join(parts)
