"""Several policies, channels with fallback, caps, steps that follow one another, the end of the ladder. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from cartera.errors import ConfigError
from cartera.reminders.audience import Audience, Debt, Range
from cartera.reminders.charges import Charge, charge_lines
from cartera.reminders.choose import decide_debts
from cartera.reminders.decide import decide
from cartera.reminders.model import Answer, Consent, Customer, Decision, History, Item, Reason, Standing, Status, Tried
from cartera.reminders.policies import Policies, load_policies
from cartera.reminders.policy import Caps, Creditor, EndOfLadder, Policy, Step, StopWhen

AS_OF = dt.date(2026, 6, 30)
CREDITOR = Creditor(name="Acreedor", contact_name="Cobranzas", email="cobranzas@acreedor.pe")
POLICY = Policy(
    name="test",
    steps=(
        Step(name="first", offset_days=1, template="overdue"),
        Step(
            name="second",
            days_after_previous=7,
            template="overdue",
            channels=("email", "sms", "call"),
            fallback_after_days=4,
        ),
        Step(name="third", days_after_previous=10, template="overdue"),
    ),
    end_of_ladder=EndOfLadder(days_after_last=5),
    creditor=CREDITOR,
)
ANA = Customer("ana", "Ana", "ana@cliente.pe", "es", "PE", source="files", phone="987 654 321")
GOOD = Standing(landed_on={"files": AS_OF}, tied=frozenset({("main", "PEN"), ("main", "USD"), ("other", "PEN")}))


def item(item_id: str = "i", days: int = 30, amount: str = "100", **columns: object) -> Item:
    due = AS_OF - dt.timedelta(days=days)
    given = {
        "company_id": "main", "customer_id": "ana", "document_number": "F1", "issue_date": due, "due_date": due,
        "currency_code": "PEN", "item_amount": Decimal(amount), "open_amount": Decimal(amount),
    }  # fmt: skip
    return Item(item_id=item_id, **(given | columns))  # type: ignore[arg-type]


def ago(days: int) -> dt.date:
    return AS_OF - dt.timedelta(days=days)


def told(step: str, days: int, owed: Item | None = None, *tried: tuple[str, Status, int]) -> History:
    """One item told a step so many days ago; `tried`: channel, what became of it, days ago."""
    owed = owed or item()
    offset = next(each.offset_days for each in POLICY.ladder if each.name == step)
    passage, cycle = (owed.item_id, owed.due_date), f"{owed.item_id}@{owed.due_date}"
    return History(
        told={passage: offset},
        told_on={passage: ago(days)},
        last_contact_date=ago(days),
        contact_dates=(ago(days),),
        tried={("test", step, cycle): tuple(Tried(c, s, ago(d)) for c, s, d in tried)},  # type: ignore[arg-type]
    )


def ask(history: History, customer: Customer = ANA, policy: Policy = POLICY, *items: Item) -> Decision:
    decision = decide(items or (item(),), customer, history, policy, AS_OF, GOOD)
    assert decision is not None
    return decision


def outcome(decision: Decision) -> str:
    contact = decision.contact
    return f"{contact.step.name} by {contact.channel}" if contact else str(decision.reason)


@pytest.mark.parametrize(
    ("history", "result"),
    [
        (History(), "first by email"),
        (told("first", 6), "step_done"),
        (told("first", 7), "second by email"),
        (told("second", 4, None, ("email", Status.sent, 4)), "second by sms"),
        (told("second", 3, None, ("email", Status.sent, 3)), "step_done"),
        (told("second", 4, None, ("email", Status.answered, 4)), "step_done"),
        (told("second", 4, None, ("email", Status.unknown, 4)), "step_done"),
        (told("second", 9, None, ("email", Status.sent, 9), ("sms", Status.delivered, 4)), "second by call"),
        (
            told("second", 9, None, ("email", Status.sent, 9), ("sms", Status.sent, 8), ("call", Status.sent, 5)),
            "step_done",
        ),
        (told("second", 10, None, ("email", Status.sent, 10)), "third by email"),
        (told("third", 4), "step_done"),
        (told("third", 5), "hand_over by call"),
        (told("hand_over", 90), "step_done"),
    ],
)
def test_a_step_follows_the_one_before_and_falls_back_without_an_answer(history: History, result: str) -> None:
    assert outcome(ask(history)) == result


def failed(status: Status, *channels: str) -> History:
    """The second step was tried and surely did not arrive; the first was told ten days ago."""
    before = told("first", 10)
    cycle = f"i@{item().due_date}"
    tried = tuple(Tried(channel, status, ago(5)) for channel in channels)  # type: ignore[arg-type]
    return replace(before, tried={("test", "second", cycle): tried})


@pytest.mark.parametrize(
    ("history", "result"),
    [
        (failed(Status.failed, "email"), "second by sms"),
        (failed(Status.bounced, "email"), "second by sms"),
        (failed(Status.failed, "email", "sms"), "second by call"),
        (failed(Status.failed, "email", "sms", "call"), "second by email"),
    ],
)
def test_what_surely_failed_goes_by_the_next_channel_and_is_never_lost(history: History, result: str) -> None:
    assert outcome(ask(history)) == result


@pytest.mark.parametrize(
    ("customer", "consents", "result"),
    [
        (replace(ANA, email=None), (), "second by sms"),
        (replace(ANA, email="nothing"), (), "second by sms"),
        (replace(ANA, email=None, phone="01 234 5678"), (), "second by call"),
        (replace(ANA, email=None, phone=None), (), "second by call"),
        (ANA, (Consent("email", None, False),), "second by sms"),
        (ANA, (Consent("email", "ana@cliente.pe", False),), "second by sms"),
        (ANA, (Consent("email", "other@cliente.pe", False),), "second by email"),
        (ANA, (Consent("email", None, False), Consent("email", None, True)), "second by email"),
        (ANA, (Consent(None, None, False),), "opted_out"),
        (ANA, (Consent(None, None, False), Consent("sms", None, True)), "second by sms"),
    ],
)
def test_the_first_channel_that_reaches_the_customer_is_taken(
    customer: Customer, consents: tuple[Consent, ...], result: str
) -> None:
    decision = ask(replace(told("first", 10), consents=consents), customer)
    assert outcome(decision) == result


def test_an_address_authorised_by_the_customer_goes_before_that_of_the_source() -> None:
    consents = (Consent("email", "pagos@cliente.pe", True), Consent("sms", "+51999888777", True))
    assert ask(History(consents=consents)).contact.recipient == "pagos@cliente.pe"  # type: ignore[union-attr]
    by_sms = ask(replace(told("first", 10), consents=consents), replace(ANA, email=None))
    assert by_sms.contact and by_sms.contact.recipient == "pagos@cliente.pe", "an authorised e-mail address is one"


def test_what_else_must_allow_a_channel_is_asked_for_each() -> None:
    def allow(customer: Customer, history: History, channel: str, address: str, day: dt.date) -> list[Answer]:
        return [Answer("the law", f"{channel} to {address} on {day}", channel != "email")]

    decision = decide([item()], ANA, told("first", 10), POLICY, AS_OF, GOOD, allow=allow)
    assert decision and decision.contact and decision.contact.channel == "sms"
    assert decision.contact.recipient == "+51987654321"
    assert Answer("the law", f"email to ana@cliente.pe on {AS_OF}", False) in decision.answers
    first = decide([item()], ANA, History(), POLICY, AS_OF, GOOD, allow=allow)
    assert first and first.reason is Reason.not_allowed


@pytest.mark.parametrize(
    ("changes", "history", "items", "reason"),
    [
        ({"caps": Caps(messages_per_week=1)}, History(contact_dates=(ago(6),)), [item()], Reason.capped),
        ({"caps": Caps(messages_per_week=1)}, History(contact_dates=(ago(7),)), [item()], None),
        ({"caps": Caps(messages_per_month=2)}, History(contact_dates=(ago(29), ago(9))), [item()], Reason.capped),
        ({"caps": Caps(messages_per_month=2)}, History(contact_dates=(ago(30), ago(9))), [item()], None),
        (
            {"stop_when": StopWhen(any_item_disputed=True)},
            History(),
            [item(), item("d", is_disputed=True)],
            Reason.disputed,
        ),
        ({}, History(), [item(), item("d", is_disputed=True)], None),
        (
            {"stop_when": StopWhen(any_item_promised=True)},
            History(),
            [item(), item("p", promised_date=AS_OF)],
            Reason.promised_not_due,
        ),
        ({"stop_when": StopWhen(answered_within_days=7)}, History(answered_on=ago(6)), [item()], Reason.stopped),
        ({"stop_when": StopWhen(answered_within_days=7)}, History(answered_on=ago(7)), [item()], None),
        ({"stop_when": StopWhen(older_than_days=29)}, History(), [item(days=30)], Reason.stopped),
        ({"stop_when": StopWhen(older_than_days=30)}, History(), [item(days=30)], None),
    ],
)
def test_caps_and_stops(changes: dict[str, object], history: History, items: list[Item], reason: Reason | None) -> None:
    policy = POLICY.model_copy(update=changes)
    assert ask(history, ANA, policy, *items).reason is reason


DEBT = Debt("main", "PE", "company", "high", {"PEN": Decimal(1000), "USD": Decimal(5)}, 30, {"value": "large"})


@pytest.mark.parametrize(
    ("audience", "holds"),
    [
        ({}, True),
        ({"companies": ["main"], "countries": ["PE", "CO"]}, True),
        ({"countries": ["CO"]}, False),
        ({"customer_types": ["person"]}, False),
        ({"risk_classes": ["low", "high"]}, True),
        ({"segments": {"value": ["large"]}}, True),
        ({"segments": {"value": ["small"]}}, False),
        ({"segments": {"other": ["large"]}}, False),
        ({"open_amount": {"PEN": {"at_least": "1000"}}}, True),
        ({"open_amount": {"PEN": {"below": "1000"}}}, False),
        ({"open_amount": {"PEN": {"below": "1000"}, "USD": {"at_least": "5"}}}, True),
        ({"open_amount": {"EUR": {"at_least": "0"}}}, False),
        ({"oldest_days": {"at_least": 30, "below": 31}}, True),
        ({"oldest_days": {"at_least": 31}}, False),
        ({"countries": ["PE"], "risk_classes": ["low"]}, False),
    ],
)
def test_an_audience(audience: dict[str, object], holds: bool) -> None:
    assert Audience.model_validate(audience).holds(DEBT) is holds


def policies(*audiences: tuple[str, dict[str, object]]) -> Policies:
    made = [
        Policy(
            name=name,
            priority=priority,
            audience=Audience.model_validate(audience),
            steps=(Step(name="first", offset_days=1, template="overdue"),),
            creditor=CREDITOR,
        )
        for priority, (name, audience) in enumerate(audiences)
    ]
    return Policies(reversed(made))


def chosen(found: Policies, companies: dict[str, list[Item]], customer: Customer = ANA) -> dict[str, str]:
    segments = {("ana", "main"): {"value": "large"}}
    decided = decide_debts(companies, customer, History(), found, AS_OF, GOOD, segments)
    return {company: f"{each.policy_name}: {outcome(each.decision)}" for (company, _), each in decided.items()}


def test_a_debt_falls_under_the_first_policy_that_fits_and_never_under_two() -> None:
    found = policies(("large", {"segments": {"value": ["large"]}}), ("peru", {"countries": ["PE"]}), ("rest", {}))
    owed = {"main": [item()], "other": [item("o", company_id="other")]}
    assert chosen(found, owed) == {"main": "large: first by email", "other": "peru: first by email"}
    assert chosen(found, owed, replace(ANA, country_code="CO"))["other"] == "rest: first by email"


def test_a_debt_under_no_policy_is_told() -> None:
    found = policies(("colombia", {"countries": ["CO"]}), ("chile", {"countries": ["CL"]}))
    decided = decide_debts({"main": [item()]}, ANA, History(), found, AS_OF, GOOD, {})
    decision = decided["main", ""].decision
    assert decision.reason is Reason.no_policy
    assert [answer.rule for answer in decision.answers] == [
        "policy colombia: country is CO",
        "policy chile: country is CL",
    ]
    assert not decide_debts({"main": [item(days=-2)]}, ANA, History(), found, AS_OF, GOOD, {})


def test_a_message_of_its_own_for_each_currency() -> None:
    policy = POLICY.model_copy(update={"grouping": "currency"})
    owed = {"main": [item("a"), item("b", currency_code="USD"), item("c", 20)]}
    decided = decide_debts(owed, ANA, History(), Policies([policy]), AS_OF, GOOD, {})
    listed = {
        currency: [line.item.item_id for line in each.decision.contact.lines]
        for (_, currency), each in decided.items()
        if each.decision.contact
    }
    assert listed == {"PEN": ["a", "c"], "USD": ["b"]}


INTEREST = Charge(
    kind="interest", contract="clause 8", law="art. 1242 CC", countries=("PE",), annual_rate_percent=Decimal("12.5"),
    days_in_year=360, customer_types=("company",),
)  # fmt: skip
FEE = Charge(kind="fee", contract="clause 9", law="Ley 3/2004", countries=("ES",), amount={"EUR": Decimal(40)})


def test_interest_is_exact_and_rounded_once_to_the_smallest_coin() -> None:
    # 1000 x 30 + 333.33 x 7 = 32333.31 day amounts; x 12.5 / 36000 = 11.22684...
    (line,) = charge_lines([INTEREST], [(Decimal(1000), 30), (Decimal("333.33"), 7), (Decimal(50), 0)], "PEN")
    assert line.amount == Decimal("11.23") and line.parts == ((Decimal(1000), 30), (Decimal("333.33"), 7))
    (even,) = charge_lines([INTEREST], [(Decimal("3.6"), 20)], "PEN")
    assert even.amount == Decimal("0.02"), "0.025 is as far from 0.02 as from 0.03"
    (yen,) = charge_lines([INTEREST], [(Decimal(100000), 30)], "JPY")
    assert yen.amount == Decimal(1042)


def test_a_fee_is_per_overdue_document_and_only_in_its_currency() -> None:
    (line,) = charge_lines([FEE], [(Decimal(10), 1), (Decimal(10), 2), (Decimal(10), 0)], "EUR")
    assert line.amount == 80 and not charge_lines([FEE], [(Decimal(10), 1)], "PEN")


def test_a_charge_is_shown_only_where_contract_and_law_allow() -> None:
    assert INTEREST.applies("main", "PE", "company")
    assert not INTEREST.applies("main", "CO", "company") and not INTEREST.applies("main", "PE", None)


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


GOOD_FILE = """\
name: NAME
priority: PRIORITY
steps:
  - {name: first, offset_days: 1, template: overdue}
creditor: {name: A, contact_name: C, email: c@acreedor.pe}
"""


def file(name: str, priority: int, extra: str = "") -> str:
    return GOOD_FILE.replace("NAME", name).replace("PRIORITY", str(priority)) + extra


def test_policies_are_asked_from_the_lowest_priority(tmp_path: Path) -> None:
    for name, priority in (("a", 30), ("b", 10), ("c", 20)):
        write(tmp_path, name, file(name, priority))
    assert [policy.name for policy in load_policies(tmp_path)] == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (file("a", 20), "b.yaml:1: name 'a' is that of a.yaml too"),
        (file("b", 10), "b.yaml:2: priority 10 is that of a.yaml too"),
        (file("b", 20, "audience: {countrys: [PE]}"), "b.yaml:6: audience.countrys: there is no such key"),
        (file("b", 20, "audience:\n  open_amount:\n    PNE: {below: 3}"), "b.yaml:7: audience.open_amount"),
        (file("b", 20, "audience:\n  oldest_days: {at_least: 5, below: 5}"), "b.yaml:7: audience.oldest_days"),
        (file("b", 20, "end_of_ladder: {days_after_last: 0}"), "b.yaml:6: end_of_ladder.days_after_last"),
        (file("b", 20, "caps: {messages_per_wek: 2}"), "did you mean messages_per_week?"),
        (file("b", 20, "charges:\n  - {kind: fee, law: Ley 3/2004, countries: [ES]}"), "b.yaml:7: charges.0.contract"),
        (
            file("b", 20, "charges:\n  - {kind: fee, law: Ley 3/2004, contract: clause 9, countries: [ES]}"),
            "b.yaml:7: charges.0: a fee has an amount per currency",
        ),
        (
            file("b", 20).replace("offset_days: 1", "days_after_previous: 3"),
            "b.yaml:3: steps: steps: first is the first",
        ),
        (file("b", 20).replace("offset_days: 1, ", ""), "b.yaml:4: steps.0: say offset_days"),
        (
            file("b", 20).replace("offset_days: 1", "offset_days: 1, channels: [fax]"),
            "b.yaml:4: steps.0.channels.0: 'fax' is not possible",
        ),
        (
            file("b", 20).replace("offset_days: 1", "offset_days: 1, fallback_after_days: 3"),
            "b.yaml:4: steps.0: fallback_after_days: there is no second channel",
        ),
        (
            file("b", 20).replace("email: c@acreedor.pe", 'email: c@acreedor.pe, payment_link: {PEN: "http://x.pe"}'),
            "b.yaml:5: creditor.payment_link.PEN",
        ),
        (
            file("b", 20).replace("email: c@acreedor.pe", 'email: c@acreedor.pe, payment_link: {PEN: "https://x.pe/{id}"}'),
            "only {customer_id} can be filled in",
        ),
    ],
)  # fmt: skip
def test_each_mistake_has_its_file_and_line(tmp_path: Path, second: str, said: str) -> None:
    write(tmp_path, "a", file("a", 10))
    write(tmp_path, "b", second)
    with pytest.raises(ConfigError) as caught:
        load_policies(tmp_path)
    assert said in str(caught.value)


def test_a_range_that_holds_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="say at_least"):
        Range()
