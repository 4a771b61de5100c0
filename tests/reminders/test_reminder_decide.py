"""The pure decision: which step, which items, which reason for silence."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartera.reminders.decide import decide, email_address, language_of
from cartera.reminders.model import Customer, Decision, History, Item, Reason, Standing
from cartera.reminders.policy import Creditor, Policy, Step

AS_OF = dt.date(2026, 6, 30)
POLICY = Policy(
    name="test",
    steps=(
        Step(name="before", offset_days=-3, template="upcoming"),
        Step(name="first", offset_days=1, template="overdue"),
        Step(name="second", offset_days=8, template="overdue"),
        Step(name="last", offset_days=30, template="final"),
    ),
    minimum_amount={"PEN": Decimal(20)},
    minimum_days_between=3,
    promise_grace_days=2,
    max_source_age_days=7,
    creditor=Creditor(name="Acreedor", contact_name="Cobranzas", email="cobranzas@acreedor.pe"),
)
ANA = Customer("ana", "Ana", "ana@cliente.pe", "es", "PE", source="files")
GOOD = Standing(landed_on={"files": AS_OF}, tied=frozenset({("main", "PEN"), ("main", "USD")}), asked_on=None)


def item(item_id: str = "i", days: int = 10, amount: str = "100", **columns: object) -> Item:
    """An instalment so many days past due."""
    due = AS_OF - dt.timedelta(days=days)
    given = {
        "company_id": "main", "customer_id": "ana", "document_number": "F1", "issue_date": due, "due_date": due,
        "currency_code": "PEN", "item_amount": Decimal(amount), "open_amount": Decimal(amount),
    }  # fmt: skip
    return Item(item_id=item_id, **(given | columns))  # type: ignore[arg-type]


def credit(amount: str, currency: str = "PEN") -> Item:
    return item("credit", 5, open_amount=-Decimal(amount), currency_code=currency)


def ask(*items: Item, history: History = History(), customer: Customer = ANA, standing: Standing = GOOD) -> Decision:
    decision = decide(items, customer, history, POLICY, AS_OF, standing)
    assert decision is not None
    return decision


def told(*told_items: tuple[Item, int], last: int = 10) -> History:
    """Items told at offsets; the last message so many days ago."""
    return History({(i.item_id, i.due_date): offset for i, offset in told_items}, AS_OF - dt.timedelta(days=last))


@pytest.mark.parametrize(
    ("days", "step"),
    [(-4, None), (-3, "before"), (0, "before"), (1, "first"), (7, "first"), (8, "second"), (29, "second"),
     (30, "last"), (900, "last")],
)  # fmt: skip
def test_the_latest_step_reached_is_due(days: int, step: str | None) -> None:
    decision = decide([item(days=days)], ANA, History(), POLICY, AS_OF, GOOD)
    assert (decision.contact.step.name if decision and decision.contact else None) == step


def test_all_due_items_are_listed_and_those_not_due_are_not() -> None:
    contact = ask(item("a", 40), item("b", 2), item("c", -2), item("later", -20)).contact
    assert contact and [line.item.item_id for line in contact.lines] == ["a", "b", "c"]
    assert [line.step.name for line in contact.lines] == ["last", "first", "before"]
    assert contact.cycle == f"a@{AS_OF - dt.timedelta(days=40)}"


SILENCE = [
    (Reason.disputed, [item(is_disputed=True)]),
    (Reason.promised_not_due, [item(promised_date=AS_OF)]),
    (Reason.promised_not_due, [item(promised_date=AS_OF - dt.timedelta(days=2))]),
    (Reason.covered_by_unapplied_cash, [item(), credit("100")]),
    (Reason.covered_by_unapplied_cash, [item("a"), item("b", 9), credit("250")]),
    (Reason.below_minimum, [item(amount="19.99")]),
    (Reason.below_minimum, [item(amount="100"), credit("80.01")]),
    (Reason.below_minimum, [item(amount="0.009", currency_code="USD")]),
    (Reason.not_tied_out, [item(currency_code="COP")]),
]


@pytest.mark.parametrize(("reason", "items"), SILENCE)
def test_items_that_keep_us_silent(reason: Reason, items: list[Item]) -> None:
    decision = ask(*items)
    assert (decision.contact, decision.reason) == (None, reason)
    assert not all(answer.passed for answer in decision.answers)


def test_a_broken_promise_is_due_again() -> None:
    assert ask(item(promised_date=AS_OF - dt.timedelta(days=3))).contact


def test_the_minimum_itself_is_worth_a_message() -> None:
    assert ask(item(amount="20")).contact


def test_credit_covers_the_oldest_first_and_the_rest_of_it_is_shown() -> None:
    contact = ask(item("old", 40, "60"), item("new", 2, "80"), credit("100")).contact
    assert contact and [line.item.item_id for line in contact.lines] == ["new"]
    assert contact.credits == {"PEN": Decimal(40)}
    assert contact.step.name == "first", "what is covered does not sharpen the tone"


def test_credit_in_one_currency_covers_nothing_in_another() -> None:
    contact = ask(item(), credit("500", "USD")).contact
    assert contact and contact.credits == {"PEN": Decimal(0)}


CUSTOMERS = [
    (Reason.inactive, replace(ANA, is_active=False), GOOD, History()),
    (Reason.no_address, replace(ANA, email=None), GOOD, History()),
    (Reason.no_address, replace(ANA, email="  "), GOOD, History()),
    (Reason.bad_address, replace(ANA, email="no es una dirección"), GOOD, History()),
    (Reason.bad_address, ANA, GOOD, History(bad_addresses=frozenset({"ana@cliente.pe"}))),
    (Reason.on_hold, ANA, GOOD, History(hold_reason="insolvency")),
    (Reason.source_stale, ANA, replace(GOOD, landed_on={"files": AS_OF - dt.timedelta(days=8)}), History()),
    (Reason.source_stale, ANA, replace(GOOD, landed_on={}), History()),
    (Reason.source_stale, ANA, replace(GOOD, stopped=frozenset({"files"})), History()),
    (Reason.source_stale, ANA, replace(GOOD, asked_on=AS_OF + dt.timedelta(days=8)), History()),
    (Reason.not_tied_out, ANA, replace(GOOD, is_certified=False), History()),
    (Reason.already_contacted_today, ANA, GOOD, told(last=0)),
    (Reason.contacted_recently, ANA, GOOD, told(last=2)),
    (Reason.contacted_recently, ANA, GOOD, told(last=-5)),
    (Reason.step_done, ANA, GOOD, told((item(), 8))),
    (Reason.step_done, ANA, GOOD, told((item(), 30))),
]


@pytest.mark.parametrize(("reason", "customer", "standing", "history"), CUSTOMERS)
def test_what_keeps_us_silent_about_a_customer(
    reason: Reason, customer: Customer, standing: Standing, history: History
) -> None:
    decision = ask(item(), customer=customer, standing=standing, history=history)
    assert (decision.contact, decision.reason) == (None, reason)
    assert not decision.answers[-1].passed


def test_a_new_item_beside_one_told_to_the_end_is_not_forgotten() -> None:
    old, new = item("old", 200), item("new", 2)
    contact = ask(old, new, history=told((old, 30))).contact
    assert contact and contact.step.name == "first"
    assert {line.item.item_id for line in contact.lines} == {"old", "new"}


def test_a_due_date_moved_by_agreement_starts_a_new_passage() -> None:
    before, after = item("i", 40), item("i", 2)
    contact = ask(after, history=told((before, 30))).contact
    assert contact and contact.step.name == "first"


@pytest.mark.parametrize(
    ("language", "country", "spoken"),
    [("pt-BR", "PE", "pt"), ("EN", None, "en"), (None, "BR", "pt"), (None, "US", "en"), ("fr", "CO", "es"),
     (None, None, "es"), ("xx", "??", "es")],
)  # fmt: skip
def test_the_language_is_the_customers_or_its_countrys(language: str | None, country: str | None, spoken: str) -> None:
    assert language_of(replace(ANA, language_code=language, country_code=country), POLICY) == spoken


@pytest.mark.parametrize(
    "text",
    [
     "a@b", "a@b.pe,c@d.pe", "a@b.pe\nBcc: x@y.pe", "a@b.pe\r\nBcc: x@y.pe", "Ana <a@b.pe>",
     "ñ@b.pe", "@b.pe", "a b@c.pe",
     "a@b.pe>", "a@\u202eb.pe", "a@b..pe", "x" * 300 + "@b.pe", "a@[127.0.0.1]", "root@localhost"],
)  # fmt: skip
def test_what_is_not_one_address_is_none(text: str) -> None:
    assert email_address(text) is None


def test_a_domain_in_letters_of_its_own_is_written_in_ascii() -> None:
    assert email_address(" ana@cañete.pe ") == "ana@xn--caete-pta.pe"


days = st.integers(-10, 60)
amounts = st.decimals("0.01", "500", places=2)


@st.composite
def portfolios(draw: st.DrawFn) -> list[Item]:
    count = draw(st.integers(1, 5))
    owed = [
        item(
            f"i{number}",
            draw(days),
            currency_code=draw(st.sampled_from(["PEN", "USD"])),
            open_amount=draw(amounts),
            is_disputed=draw(st.booleans()),
            promised_date=draw(st.none() | st.dates(AS_OF - dt.timedelta(5), AS_OF + dt.timedelta(5))),
        )
        for number in range(count)
    ]
    credits = [credit(str(draw(amounts)), currency) for currency in ("PEN", "USD") if draw(st.booleans())]
    return owed + credits


@settings(max_examples=200, deadline=None)
@given(portfolios())
def test_law_8_no_line_is_disputed_promised_or_covered(items: list[Item]) -> None:
    decision = decide(items, ANA, History(), POLICY, AS_OF, GOOD)
    if decision is None or decision.contact is None:
        return
    for line in decision.contact.lines:
        assert not line.item.is_disputed and line.item.open_amount > 0
        assert line.item.promised_date is None or line.item.promised_date + dt.timedelta(2) < AS_OF
    for currency in {line.item.currency_code for line in decision.contact.lines}:
        listed = sum(x.item.open_amount for x in decision.contact.lines if x.item.currency_code == currency)
        credit_there = -sum(i.open_amount for i in items if i.is_credit and i.currency_code == currency)
        assert listed - decision.contact.credits[currency] >= POLICY.minimum(currency)
        assert 0 <= decision.contact.credits[currency] <= credit_there


@settings(max_examples=200, deadline=None)
@given(portfolios())
def test_asking_again_with_nothing_changed_answers_the_same(items: list[Item]) -> None:
    decision = decide(items, ANA, History(), POLICY, AS_OF, GOOD)
    if decision is None or decision.contact is None:
        return
    listed = {line.item.item_id for line in decision.contact.lines}
    again = decide(items, ANA, History(), POLICY, AS_OF, GOOD, only=listed)
    assert again is not None and again.contact == decision.contact


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-40, 5), st.integers(10, 60)), min_size=1, max_size=4), st.sets(st.integers(0, 80))
)
def test_law_6_no_passage_is_told_a_step_twice(owed: list[tuple[int, int]], run_days: set[int]) -> None:
    """Any portfolio, run on any days: each (step, passage) at most once, spaced, and in the end nothing is missed."""
    start = AS_OF
    items = [item(f"i{n}", 0, due_date=start + dt.timedelta(days=due)) for n, (due, _) in enumerate(owed)]
    history, sent = History(), []
    for day in sorted(run_days):
        today = start + dt.timedelta(days=day)
        decision = decide(items, ANA, history, POLICY, today, replace(GOOD, asked_on=start))
        if decision is None or decision.contact is None:
            continue
        contact = decision.contact
        sent.append((contact.step.name, contact.cycle))
        assert history.last_contact_date is None or (today - history.last_contact_date).days >= 3
        listed = {(line.item.item_id, line.item.due_date): line.step.offset_days for line in contact.lines}
        history = History(dict(history.told) | listed, today)
    assert len(sent) == len(set(sent))
    if run_days:
        settled = start + dt.timedelta(days=max(run_days) + 3)
        decision = decide(items, ANA, history, POLICY, settled, replace(GOOD, asked_on=start))
        reached = {i.item_id for i in items if POLICY.step_at((settled - i.due_date).days)}
        if decision and decision.contact is None:
            assert decision.reason is Reason.step_done
            assert reached <= {item_id for item_id, _ in history.told}
