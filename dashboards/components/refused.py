"""What a link asks for and the page does not have: told with what is shown instead, and not passed over in silence.

A link is heard where its filter is first drawn. It is told until another value is chosen there or the page is left.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboards.components.view import View, as_text

KEPT, DRAWN, LONGEST = "refused_in_link", "refused_in_link_drawn", 40


@dataclass(frozen=True)
class Refused:
    """`chosen` is the value shown instead, `shown` what it is called."""

    label: str
    asked: str
    chosen: object
    shown: str


def heard(name: str, asked: str | None, label: str, chosen: object, shown: str) -> None:
    """For every filter whenever it is drawn; `asked` is what the link wants and does not get, None where it does."""
    before, drawn = _of(DRAWN).pop(name, None) or _of(KEPT).get(name), _of(DRAWN)
    if asked:
        drawn[name] = Refused(label, asked, chosen, shown)
    elif before and before.chosen == chosen:
        # its words may be of another language by now
        drawn[name] = Refused(label, before.asked, chosen, shown)


def forget(name: str | None = None) -> None:
    """Of one filter; of all when the page is left."""
    for refused in (_of(KEPT), _of(DRAWN)):
        if name is None:
            refused.clear()
        else:
            refused.pop(name, None)


def say(view: View) -> None:
    """One quiet line for all filters that the page has drawn; what was asked for is text from outside, and long."""
    told = [
        view.words("filter.refused_one", label=as_text(each.label), asked=short(each.asked), shown=as_text(each.shown))
        for each in _of(DRAWN).values()
    ]
    st.session_state[KEPT] = st.session_state.pop(DRAWN)
    if told:
        st.caption(f":material/link_off: {view.words('filter.refused')} {' · '.join(told)}")


def short(asked: str) -> str:
    """Text from outside, legible and as plain text."""
    seen = "".join(letter if letter.isprintable() else " " for letter in asked)
    return as_text(seen if len(seen) <= LONGEST else f"{seen[: LONGEST - 1]}…")


def _of(names: str) -> dict[str, Refused]:
    found: dict[str, Refused] = st.session_state.setdefault(names, {})
    return found
