"""One customer open beside the worklist: why now, whether it may be called, what it owes, what is agreed, the forms."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cartera import desk
from cartera.clock import utc_now
from dashboards.components.actor import current_actor
from dashboards.components.contact_parts import why
from dashboards.components.customer_link import CUSTOMER_PAGE, customer_query
from dashboards.components.customer_parts import others
from dashboards.components.desk_agreements import agreements, last_said
from dashboards.components.desk_forms import Owing, forms
from dashboards.components.drill import Figure, drill
from dashboards.components.export import audit_view
from dashboards.components.view import View, as_text
from dashboards.components.worklist_parts import OPEN, Opened, walk
from dashboards.queries import customer, worklist
from dashboards.queries.desk import dispute_reasons


def panel(view: View, asked: worklist.Asked, opened: Opened, tasks: tuple[worklist.Task, ...]) -> None:
    """Everything to act on: the next one, why this one, how to reach it, forms, agreements."""
    words, customer_id = view.words, opened.customer_id
    audit_view(current_actor(), customer_id)
    balances = customer.balances(view.reading, asked.clocks, customer_id)
    with st.container(border=True, key="desk_panel"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader(as_text(opened.name), anchor=OPEN)
            st.page_link(CUSTOMER_PAGE, label=words("worklist.open_customer"), icon=":material/person:",
                         query_params=customer_query(view, asked.clocks, customer_id))  # fmt: skip
        walk(view, tasks, opened)
        others(view, customer_id)
        if opened.task:
            _why(view, asked, opened.task)
        elif opened.why:
            st.info(words("worklist.now_left", why=words(f"worklist.left_{opened.why}")), icon=":material/spa:")
        else:
            _not_late(view, asked, balances)
        kept = customer.dossier(customer_id)
        _how(view, kept)
        last_said(view, customer_id)
        places, first = _places(balances), (opened.company_id or "", asked.currency_code)
        # where it is about is what the list is of, unless it owes nothing there
        places.sort(key=lambda place: (place != first, place[0] != first[0], place))
        items = customer.items(view.reading, asked.clocks, customer_id)
        today = desk.day_in(kept.customer.timezone, utc_now())
        owing = Owing(customer_id, today, tuple(places), tuple(items), tuple(dispute_reasons(view.reading)))
        forms(view, owing, st.query_params.get("customer"))
        agreements(view, customer_id, today)


def invoices(view: View, asked: worklist.Asked, opened: Opened) -> None:
    """What is open in the list's currency, as wide as the page."""
    code, company = asked.currency_code, opened.company_id
    balances = customer.balances(view.reading, asked.clocks, opened.customer_id)
    rows = balances[(balances["company_id"] == company) & (balances["currency_code"] == code)]
    for row in rows.to_dict("records"):
        figure = Figure(row["open_amount"], row["open_items"], code, company, opened.customer_id, opened.name)
        drill(view, asked.clocks, figure)


def _places(balances: pd.DataFrame) -> list[tuple[str, str]]:
    return [(row["company_id"], row["currency_code"]) for row in balances.to_dict("records") if row["open_amount"] > 0]


def _why(view: View, asked: worklist.Asked, task: worklist.Task) -> None:
    """The rank in words: every fact with its factor, and the sum that they make."""
    words, worth = view.words, task.worth
    sentence = words(
        "worklist.worth",
        asked=as_text(words.money(task.asked, asked.currency_code)),
        chance=as_text(words.percent(worth.chance)),
        expected=as_text(words.money(worklist.expected(task, asked.currency_code), asked.currency_code)),
    )
    st.markdown(f":material/lightbulb: {sentence}")
    first, *rest = worth.reasons
    facts = [f"{worklist.reason_text(words, first)}: {words.percent(first.factor)}"]
    facts += [f"{worklist.reason_text(words, each)}: × {words.decimal(each.factor)}" for each in rest]
    st.caption(as_text(" · ".join(facts)))


def _not_late(view: View, asked: worklist.Asked, balances: pd.DataFrame) -> None:
    """Nothing in this list; and where there is something."""
    words = view.words
    late = [
        f"{row['company_id']} {words.money(row['overdue_amount'], row['currency_code'])}"
        for row in balances.to_dict("records")
        if row["overdue_amount"] > 0
    ]
    told = [words("worklist.not_late", currency=asked.currency_code)]
    told += [words("worklist.late_elsewhere", amounts=as_text(" · ".join(late)))] if late else []
    st.info(" ".join(told), icon=":material/info:")


def _how(view: View, kept: customer.Dossier) -> None:
    """The number, and whether the rules allow a call now; else from when on, and why."""
    words = view.words
    way = next(each for each in kept.ways if each.channel == "call")
    if way.address == "" and way.is_allowed_now:
        st.warning(words("worklist.call_unknown"), icon=":material/phone_disabled:")
    elif way.is_allowed_now:
        st.success(words("worklist.call_now", number=as_text(way.address)), icon=":material/call:")
    elif way.at is None:
        # without an address, or by a rule that no later day changes
        st.warning(words("worklist.call_not", why=as_text(why(view, way))), icon=":material/phone_disabled:")
    else:
        later = "worklist.call_later" if way.address else "worklist.call_unknown_later"
        moment = as_text(words.moment_at(way.at, kept.customer.timezone))
        told = words(later, number=as_text(way.address), moment=moment, why=as_text(why(view, way, is_short=True)))
        st.warning(told, icon=":material/schedule:")
