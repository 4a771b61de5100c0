"""A reminder as the debtor will read it. What it says is outside text: it is shown where nothing in it can act."""

from __future__ import annotations

import base64
from functools import partial
from html import escape
from mimetypes import guess_type

import streamlit as st

from cartera.reminders.content import Letter, Rendered
from cartera.reminders.preview import Preview
from dashboards.components.export import file_button, logged
from dashboards.components.view import View, as_text
from dashboards.queries import campaigns

HEIGHT = 560
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"


def boxed(html: str, title: str) -> str:
    """A `data:` address of a page in which the message stands in a frame without any right.

    Three walls: the page has an origin of its own (`data:`), the frame runs no script, opens nothing and sends no
    form (`sandbox`), and nothing is loaded from anywhere (Content-Security-Policy, which the frame inherits).
    """
    page = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}"><title>{escape(title)}</title>'
        "<style>html,body{margin:0;height:100%}iframe{border:0;width:100%;height:100%;background:#fff}</style></head>"
        f'<body><iframe sandbox="" title="{escape(title)}" srcdoc="{escape(html)}"></iframe></body></html>'
    )
    return "data:text/html;charset=utf-8;base64," + base64.b64encode(page.encode()).decode("ascii")


def message(view: View, preview: Preview, contact_id: str) -> None:
    """To whom, by which channel, subject, text as it will look; its files to download."""
    words, contact, content = view.words, preview.contact, preview.content
    facts = [
        words(f"campaigns.channel.{contact.channel}"),
        words(f"campaigns.language.{contact.language}"),
        words("campaigns.cost", amount=as_text(words.money(preview.cost, preview.cost_currency))),
    ]
    if preview.sms:
        facts.append(words("campaigns.sms", segments=preview.sms.segments, units=preview.sms.units))
    # not as Markdown, which would make a link of an address
    st.text(words("campaigns.to", recipient=contact.recipient or "—"))
    st.caption(" · ".join(facts))
    if isinstance(content, Rendered):
        st.markdown(f"**{as_text(content.subject)}**")
        title = words("campaigns.message_alt")
        with st.container(border=True):
            st.iframe(boxed(content.html, title), height=HEIGHT, alt=title)
        with st.expander(words("campaigns.as_text")):
            st.code(preview.text, language=None, wrap_lines=True)
    else:
        st.code(preview.text, language=None, wrap_lines=True)
    with st.container(horizontal=True):
        for name in preview.files:
            if name.endswith(".pdf") or isinstance(content, Letter):
                make = partial(campaigns.sample_file, contact_id, name)
                file_button(
                    view,
                    name,
                    logged(make, name, view.reading.clocks, of=f"{contact.customer_id}/{contact.company_id}"),
                    file_name=name,
                    mime=_mime(name),
                    key=f"file_{name}",
                    icon=":material/download:",
                )


def _mime(name: str) -> str:
    return guess_type(name)[0] or "application/octet-stream"
