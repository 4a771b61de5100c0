"""Promises and disputes recorded by people: what the warehouse does not know yet, and what can still be changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd
import streamlit as st

from cartera import desk as cartera_desk
from cartera.errors import Conflict
from dashboards.components import filters, kept_words, states
from dashboards.components.access import may_open
from dashboards.components.actor import current_actor
from dashboards.components.clicks import answers, clicked
from dashboards.components.customer_link import WORKLIST_PAGE, customers_table
from dashboards.components.states import Refusal
from dashboards.components.tables import CUSTOMER, Column
from dashboards.components.view import View, as_text
from dashboards.queries import desk

Thing = Literal["promise", "dispute"]
ANSWER = "desk_answer"
FIND, LONGEST_FIND = "find", 120
DONE: dict[Thing, str] = {"promise": "promises.done_promise", "dispute": "promises.done_dispute"}
SINCE = {
    "what": Column("promises.col_what", is_pinned=True),
    "customer_name": Column("column.customer", width="medium"),
    "company_id": Column("column.company"),
    "amount_text": Column("promises.col_amount", "figure"),
    "day": Column("promises.col_day", "date"),
    "acted_by": Column("promises.col_by"),
    "acted_at": Column("promises.col_at", "moment"),
}
PROMISES = {
    "customer_name": CUSTOMER,
    "company_id": Column("column.company"),
    "amount_text": Column("promises.col_promised", "figure"),
    "promised_date": Column("promises.col_promised_for", "date"),
    "made_date": Column("promises.col_made", "date"),
    "acted_by": Column("promises.col_by"),
    "note": Column("column.note", width=190, lines=2),
}
DISPUTES = {
    "customer_name": CUSTOMER,
    "company_id": Column("column.company"),
    "reason": Column("promises.col_reason", width=190, lines=2),
    "amount_text": Column("promises.col_amount", "figure"),
    "opened_date": Column("promises.col_opened", "date"),
    "acted_by": Column("promises.col_by"),
    "note": Column("column.note", width=190, lines=2),
}


def desk_part(view: View) -> None:
    words, actor = view.words, current_actor()
    _say(view)
    recent = desk.since(view.reading, actor)
    if not recent.empty:
        st.subheader(words("promises.since"), anchor=False)
        st.info(words("promises.since_sub"), icon=":material/pending:")
        recent = _listed(view, recent, "promises.since_capped")
        data = _worded(view, recent).assign(what=[words.named("promises.did", kind) for kind in recent["kind"]])
        _clicked(view, data, SINCE, alt=words("promises.since"), key=f"desk_since_{hash(tuple(data['acted_at']))}")
    promises, disputes = desk.promises_to_come(view.reading, actor), desk.open_disputes(view.reading, actor)
    if promises.empty and disputes.empty:
        return
    st.subheader(words("promises.desk"), anchor=False)
    st.caption(words("promises.desk_sub"))
    if may_open(actor, "worklist"):
        st.page_link(WORKLIST_PAGE, label=words("promises.plans_there"), icon=":material/edit_note:")
    if max(len(promises), len(disputes)) > desk.LISTED and (customer := _customer(view)):
        promises = desk.promises_to_come(view.reading, actor, customer)
        disputes = desk.open_disputes(view.reading, actor, customer)
        if promises.empty and disputes.empty:
            st.caption(words("promises.desk_nobody", text=as_text(customer)))
    if not promises.empty:
        _changeable(view, promises, PROMISES, "promise", actor)
    if not disputes.empty:
        _changeable(view, disputes, DISPUTES, "dispute", actor)


def _customer(view: View) -> str:
    """Of whom the lists are, where not all fit: what is typed, or empty.

    In the URL it is `find`, of which erasing a customer and the record of files know that it may hold a name.
    """
    words, key = view.words, f"find_at_desk_{view.words.language}"
    linked = filters.linked_to(FIND, key)
    if linked is not None:
        st.session_state[key] = linked[:LONGEST_FIND]
    st.text_input(words("column.customer"), key=key, max_chars=LONGEST_FIND, type="search", live="400ms", width=340,
                  placeholder=words("promises.desk_find"))  # fmt: skip
    return filters.link(FIND, " ".join(str(st.session_state[key] or "").split()), "")


def _listed(view: View, rows: pd.DataFrame, capped: str) -> pd.DataFrame:
    """As many as are shown, and whether there are more."""
    if len(rows) > desk.LISTED:
        st.caption(view.words(capped, shown=view.words.number(desk.LISTED)))
    return rows.head(desk.LISTED)


def _worded(view: View, rows: pd.DataFrame) -> pd.DataFrame:
    """Each amount in the currency of its row, the whole where none is said; and who recorded it."""
    words = view.words
    pairs = zip(rows["amount"], rows["currency_code"], strict=True)
    return rows.assign(
        amount_text=[
            words("promises.whole") if amount is None else words.money(amount, code) for amount, code in pairs
        ],
        acted_by=[desk.who(words, by) for by in rows["acted_by"]],
    )


def _clicked(
    view: View, rows: pd.DataFrame, columns: Mapping[str, Column], *, alt: str, key: str
) -> dict[Any, Any] | None:  # fmt: skip
    """The row that is clicked, with the ways to its customer: the page, and the worklist, where plans are changed."""
    row = customers_table(view, view.reading.clocks, rows, columns, alt=alt, key=key)
    if row is None:
        return None
    if may_open(current_actor(), "worklist"):
        st.page_link(
            WORKLIST_PAGE,
            label=view.words("promises.on_worklist", name=as_text(row["customer_name"])),
            icon=":material/edit_note:",
            query_params={"customer": row["customer_id"]},
        )
    return row.to_dict()


def _changeable(
    view: View, rows: pd.DataFrame, columns: Mapping[str, Column], thing: Thing, actor: cartera_desk.Actor
) -> None:  # fmt: skip
    """A row that is clicked can be withdrawn, or decided."""
    words, title = view.words, view.words(f"promises.desk_{thing}s")
    st.markdown(f"**{title}**")
    rows = _listed(view, rows, f"promises.desk_{thing}s_capped")
    # a selection is of a place: with other rows in it, another table, or a late click would be of somebody else's
    key = f"desk_{thing}s_{hash(tuple(rows[f'{thing}_id']))}"
    row = _clicked(view, _worded(view, rows), columns, alt=title, key=key)
    if row is None:
        return
    kind = "cancel_promise" if thing == "promise" else "close_dispute"
    if not cartera_desk.may(actor, kind):
        st.caption(words("promises.may_not"))
        return
    _end_form(view, thing, row, kind)


@st.fragment
def _end_form(view: View, thing: Thing, row: dict[Any, Any], kind: str) -> None:
    """What is typed is kept; once it is done, or refused, the page tells it above."""
    words = view.words
    if ANSWER in answers():
        st.rerun()
    drawn = f"{row[f'{thing}_id']}/{row['version']}"
    with states.plainly(words), st.container(border=True):
        st.markdown(words(f"promises.{kind}_title", customer=as_text(row["customer_name"])))
        kept_words.line(words, f"promises.{kind}_note", current_actor(), row["customer_id"], drawn, ANSWER)
        st.button(words(f"promises.{kind}"), key=f"end_{drawn}", on_click=_change, args=(thing, row, drawn))


def _change(thing: Thing, row: dict[Any, Any], drawn: str) -> None:
    change = desk.cancel_promise if thing == "promise" else desk.close_dispute

    with clicked(ANSWER) as told:
        actor = current_actor()
        change(actor, kept_words.action_id(actor, drawn), row, kept_words.typed(drawn))
        kept_words.drop(actor, row["customer_id"], drawn)
        told[ANSWER] = DONE[thing]


def _say(view: View) -> None:
    """Once: what the last form did, or why it did nothing; what was typed stays in the form."""
    words, answer = view.words, answers().pop(ANSWER, None)
    if isinstance(answer, Refusal) and isinstance(answer.error, Conflict):
        lines = "".join(
            "\n- " + words(
                "promises.theirs", what=words.named("promises.did", each.kind), by=as_text(each.by),
                moment=words.moment(each.at),
            )
            for each in answer.error.theirs
        )  # fmt: skip
        st.warning(words("promises.conflict") + lines, icon=":material/sync_problem:")
    elif isinstance(answer, Refusal):
        st.error(words("promises.not_done", problem=as_text(answer.told(words))), icon=":material/error:")
    elif answer:
        st.success(words(answer), icon=":material/check_circle:")
