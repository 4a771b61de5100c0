"""The parts of a customer's page: finding one, who it is, what it owes, how it pays, its statement."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal

import pandas as pd
import streamlit as st

from cartera.clock import utc_now
from cartera.desk import day_in
from cartera.warehouse.read import BUCKETS, PARTS
from dashboards.components import filters, states
from dashboards.components.access import may_open
from dashboards.components.actor import current_actor
from dashboards.components.card_grid import card, places
from dashboards.components.customer_link import WORKLIST_PAGE
from dashboards.components.desk_agreements import agreements, last_said
from dashboards.components.desk_forms import Owing, forms
from dashboards.components.drill import Figure, drill
from dashboards.components.export import XLSX, file_button, logged
from dashboards.components.tables import CUSTOMER, Column, last_clicked, table
from dashboards.components.view import View, as_text
from dashboards.queries import customer, presence, receivables
from dashboards.queries.session import Clocks

FOUND = {
    "customer_name": CUSTOMER,
    "customer_id": Column("column.customer_id"),
    "tax_id": Column("customer.tax_id"),
    "country_code": Column("customer.country"),
    "found_by": Column("customer.found_by"),
}
OFFERED = {
    "customer_name": CUSTOMER,
    "overdue_amount": Column("column.overdue", "money"),
    "open_amount": Column("column.open", "money"),
    "customer_id": Column("column.customer_id"),
}
PLACE = {
    "company_id": Column("column.company", is_pinned=True),
    "currency_code": Column("column.currency", width=80),
}
OWED = PLACE | {
    "balance": Column("customer.net", "money"),
    "open_amount": Column("column.open", "money"),
    "overdue_amount": Column("column.overdue", "money"),
    "unapplied_amount": Column("column.unapplied", "money_or_dash"),
    "disputed_amount": Column("column.disputed", "money_or_dash"),
    "promised_amount": Column("customer.promised", "money_or_dash"),
}
PDF, CHOSEN = "application/pdf", "customer_chosen"
BEAT = dt.timedelta(seconds=20)


def search_box(view: View) -> str:
    """What is looked for; it stays in the URL until one is chosen, and is looked for while it is written."""
    if st.session_state.pop(CHOSEN, False):
        st.session_state["find"] = ""
    return str(
        st.text_input(
            view.words("customer.search"),
            key="find",
            bind="query-params",
            max_chars=120,
            placeholder=view.words("customer.search_hint"),
            type="search",
            live="400ms",
            width=340,
        )
        or ""
    )


def choose(view: View, clocks: Clocks, text: str) -> str | None:
    """The customer of the URL, or the one clicked among those found; None while none is chosen."""
    words, chosen = view.words, st.query_params.get("customer", "")
    if not text.strip():
        if not chosen:
            _offer(view, clocks)
        return chosen or None
    found = customer.find(view.reading, clocks.known_at, text)
    if found.empty:
        st.info(words("customer.none_found", text=as_text(text)), icon=":material/search_off:")
        return chosen or None
    if len(found) == 1:
        return _chosen(found["customer_id"].iloc[0])
    shown = found.head(customer.FOUND)
    told = "customer.found_more" if len(found) > len(shown) else "customer.found"
    st.caption(words(told, count=words.number(len(shown))))
    data = shown.assign(found_by=[words(f"customer.by_{by}") for by in shown["found_by"]])
    selection = table(view, data, FOUND, alt=words("customer.search"), key=f"found_{text}", selects="single-cell")
    _open_clicked(selection["cells"], shown)
    return chosen or None


def _offer(view: View, clocks: Clocks) -> None:
    """What to do where nobody is chosen; and who owes most, to be clicked."""
    words = view.words
    st.info(words("customer.none_chosen"), icon=":material/person_search:")
    codes = [line.currency_code for line in receivables.headlines(receivables.totals(view.reading, clocks), None)]
    if not codes:
        return
    code = next((code for code in codes if code == filters.in_force("currency")), codes[0])
    rows = receivables.by_customer(view.reading, clocks, code, None, customer.FOUND)
    shown = rows[rows["customer_id"].notna()]
    st.subheader(words("customer.owe_most", currency=code), anchor=False)
    selection = table(view, shown, OFFERED, alt=words("customer.owe_most", currency=code), currency_code=code,
                      key=f"offered_{code}", selects="single-cell")  # fmt: skip
    _open_clicked(selection["cells"], shown)


def _open_clicked(cells: Sequence[tuple[int, str]], shown: pd.DataFrame) -> None:
    """Alone: under the list it was clicked in nobody would see it."""
    clicked = next((cell[0] for cell in cells if cell[0] < len(shown)), None)
    if clicked is not None:
        _chosen(shown["customer_id"].iloc[clicked])
        st.session_state[CHOSEN] = True
        st.rerun()


def _chosen(customer_id: str) -> str:
    st.query_params["customer"] = customer_id
    return customer_id


def header(view: View, clocks: Clocks, customer_id: str) -> pd.DataFrame:
    """Who it is; the profile, one row per company, empty where nobody is known by this id."""
    words = view.words
    profile = customer.profile(view.reading, clocks.known_at, customer_id)
    name = profile["name"].iloc[0] if len(profile) else customer_id
    st.subheader(as_text(name), anchor=False)
    if profile.empty:
        companies = current_actor().companies
        told = "customer.unknown" if companies is None else "customer.unknown_yours"
        mine = as_text(", ".join(sorted(companies or ())))
        st.warning(words(told, id=as_text(customer_id), companies=mine), icon=":material/person_off:")
        return profile
    row = profile.iloc[0]
    facts = [
        customer_id,
        *(row[column] for column in ("tax_id", "country_code", "sector", "risk_class") if row[column]),
    ]
    if row["collector"]:
        facts.append(words("customer.collector", name=row["collector"]))
    if not row["is_active"]:
        facts.append(words("customer.inactive"))
    facts.append(words("customer.source", source=row["source"]))
    st.markdown(" · ".join(as_text(fact) for fact in facts))
    if may_open(current_actor(), "worklist"):
        asked = {"customer": customer_id}
        st.page_link(WORKLIST_PAGE, label=words("customer.record"), icon=":material/edit_note:", query_params=asked)
    return profile


def note(view: View, customer_id: str) -> None:
    """For who records nothing but notes, as finance and analysts do: the others have the forms of the worklist."""
    actor = current_actor()
    if may_open(actor, "worklist"):
        return
    with st.expander(view.words("customer.write_note"), icon=":material/edit_note:"):
        forms(view, Owing(customer_id, utc_now().date(), (), ()), st.query_params.get("customer"))


@st.fragment(run_every=BEAT)
def others(view: View, customer_id: str) -> None:
    """Tell others that this page is open, and who else has it open; asked again every few seconds."""
    with states.plainly(view.words):
        for each in presence.beat(current_actor(), customer_id):
            text = view.words("customer.also_here", name=as_text(each.person), ago=view.words.ago(each.seen_at))
            st.info(text, icon=":material/group:")


def agreed(view: View, clocks: Clocks, customer_id: str, profile: pd.DataFrame) -> None:
    """The last word, and what was agreed, as it is now: the figures below know of it after the next publication."""
    if clocks != view.reading.clocks:
        return
    last_said(view, customer_id)
    today = day_in(profile["timezone"].iloc[0], utc_now())
    agreements(view, customer_id, today)


def owes(view: View, clocks: Clocks, customer_id: str, profile: pd.DataFrame) -> None:
    """Balance and age per company and currency; each amount leads to what it is made of."""
    words = view.words
    rows = customer.balances(view.reading, clocks, customer_id)
    st.subheader(words("customer.owes"), anchor=False)
    if rows.empty:
        st.info(words("customer.owes_nothing", date=words.date(clocks.as_of)), icon=":material/event_available:")
        return
    st.caption(words("customer.owes_sub"))
    ages = PLACE | {name: Column(words.bucket(name), "money_or_dash", is_plain=True) for name in BUCKETS}
    key = f"owed_{customer_id}_{clocks.as_of}_{clocks.known_at.isoformat()}"
    # side by side they would be wider than the page
    amounts = table(view, rows, OWED, alt=words("customer.owes"), key=key, selects="single-cell")
    by_age = table(view, rows, ages, alt=words("customer.owes_by_age"), key=f"{key}_ages", selects="single-cell")
    cell = last_clicked(key, [amounts["cells"], by_age["cells"]])
    if cell is None or cell[0] >= len(rows):
        return
    name = profile["name"].iloc[0] if len(profile) else customer_id
    figure = _figure(view, rows.iloc[cell[0]], cell[1], customer_id, name)
    if figure is not None:
        drill(view, clocks, figure)


def _figure(view: View, row: pd.Series, column: str, customer_id: str, name: str) -> Figure | None:
    """What a cell leads to; None where nothing is in it. A balance may be zero of debt and as much credit."""
    of = (row["currency_code"], row["company_id"], customer_id, name)
    if column in BUCKETS and row[column]:
        return Figure(row[column], None, *of, bucket=column)
    if column not in PARTS or not (row[column] or column == "balance"):
        return None
    if column == "open_amount":
        return Figure(row[column], row["open_items"], *of)
    title = f"{view.words(OWED[column].heading)} · {name}"
    return Figure(row[column], None, *of, title=title, part=column)


def behaviour(view: View, clocks: Clocks, customer_id: str) -> None:
    """How it paid in the year before, by company: as the segments know it."""
    words = view.words
    st.subheader(words("customer.behaviour"), anchor=False)
    rows = customer.behaviour(view.reading, clocks, customer_id)
    known = [row for row in rows.to_dict("records") if any(row[name] is not None for name in customer.MEASURES[:3])]
    if not known:
        st.caption(words("customer.no_behaviour"))
        return
    for row in known:
        if len(known) > 1:
            st.caption(words("customer.at_company", company=as_text(row["company_id"])))
        late = row["paid_late_pct"]
        measures = {
            "weighted_days_late": _days(view, row["weighted_days_late"]),
            "days_late_trend": _days(view, row["days_late_trend"], signed=True),
            "paid_late_pct": words.percent(None if late is None else late / 100),
            "late_payments": words.number(int(row["late_payments"] or 0)),
        }
        for place, (name, value) in zip(places(view, len(measures)), measures.items(), strict=True):
            with place:
                card(view, words(f"customer.{name}"), value, help_text=words(f"customer.{name}_help"))


def _days(view: View, value: Decimal | None, *, signed: bool = False) -> str:
    return "—" if value is None else view.words.days(value, signed=signed)


def statements(view: View, clocks: Clocks, customer_id: str) -> None:
    """The statement of account towards each company, as PDF and as a workbook; made when asked for."""
    words = view.words
    rows = customer.balances(view.reading, clocks, customer_id)
    st.caption(words("customer.statement_sub", date=words.date(clocks.as_of)))
    if rows.empty:
        st.info(words("customer.owes_nothing", date=words.date(clocks.as_of)), icon=":material/event_available:")
    for company in dict.fromkeys(rows["company_id"]):
        of_company = rows[rows["company_id"] == company]
        net = [words.money(row["balance"], row["currency_code"]) for row in of_company.to_dict("records")]
        with st.container(border=True):
            st.markdown(f"**{as_text(company)}** · {as_text(' · '.join(net))}")
            with st.container(horizontal=True):
                _download(view, clocks, customer_id, company, "pdf")
                _download(view, clocks, customer_id, company, "xlsx")


def _download(view: View, clocks: Clocks, customer_id: str, company: str, kind: str) -> None:
    make = customer.statement_pdf if kind == "pdf" else customer.statement_xlsx
    # of two companies they lie side by side in a folder
    of = "-".join(re.sub(r"\W", "-", name)[:60] for name in (customer_id, company))
    file_name = f"statement-{of}-{clocks.as_of.isoformat()}.{kind}"
    mime = PDF if kind == "pdf" else XLSX
    file_button(
        view,
        view.words(f"customer.statement_{kind}"),
        logged(lambda: make(customer_id, company, clocks), file_name, clocks, of=f"{customer_id}/{company}"),
        file_name=file_name,
        mime=mime,
        key=f"statement_{kind}_{company}",
        icon=":material/picture_as_pdf:" if kind == "pdf" else ":material/table_view:",
    )
