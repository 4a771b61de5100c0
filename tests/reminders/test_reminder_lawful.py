"""What planning and sending are told of the contact rules: pure, for a debtor, a channel and a day or a moment."""

from __future__ import annotations

import datetime as dt

import pytest

from cartera.contact_rules import Channel, CompanyRules, Event, Outcome, rulebook
from cartera.reminders.lawful import Debtor, Lawful
from cartera.reminders.model import Answer, Customer, History, Reason

THURSDAY, FRIDAY = dt.date(2026, 11, 19), dt.date(2026, 11, 20)
PERU = Debtor("c", "PE", "America/Lima")


def asked(
    debtor: Debtor, channel: str, day: dt.date, *events: Event, company: CompanyRules | None = None, **more: dt.datetime
) -> tuple[Answer, ...]:
    company = company or CompanyRules()
    return Lawful(rulebook(company), company, {debtor.customer_id: events} if events else {}, **more).allow(
        debtor, channel, day
    )


def utc(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=dt.UTC)


def test_the_window_is_the_lawful_stretch_of_the_debtors_day() -> None:
    answers = asked(PERU, "email", FRIDAY)
    assert all(each.passed for each in answers)
    assert answers[-1].window == (utc(20, 12), utc(21, 1))
    assert "pe_message_hours (default)" in [each.rule for each in answers]


def test_a_day_without_a_lawful_moment_is_refused_with_the_next_one() -> None:
    answers = asked(PERU, "call", FRIDAY + dt.timedelta(days=1))
    assert [(each.reason, each.passed) for each in answers] == [(Reason.not_now_by_law, False)] * 2
    assert "art. 62 b" in answers[0].rule
    assert "[pe_hours, law]" in answers[0].rule
    assert answers[-1].saw.startswith("the next is 2026-11-23 12:00 UTC")


def test_what_time_alone_does_not_mend_is_another_reason() -> None:
    colombia = Debtor("c", "CO", "America/Bogota")
    refused = asked(colombia, "sms", FRIDAY)
    assert {each.reason for each in refused} == {Reason.not_by_law}
    assert any("authorised" in each.rule for each in refused)
    allowed = asked(Debtor("c", "CO", "America/Bogota", authorised=frozenset({Channel.sms})), "sms", FRIDAY)
    assert allowed[-1].window == (utc(20, 12), utc(21, 0))


def test_what_was_sent_before_moves_the_window() -> None:
    before = Event(utc(18, 15), Channel.email, Outcome.delivered)
    chile = Debtor("c", "CL", "America/Santiago")
    # 48 hours after Wednesday, 15:00 UTC
    assert asked(chile, "sms", FRIDAY, before)[-1].window == (utc(20, 15), utc(21, 1))
    again = Event(utc(20, 15), Channel.sms, Outcome.sent)
    refused = asked(chile, "email", dt.date(2026, 11, 21), before, again)
    assert {each.reason for each in refused} == {Reason.not_now_by_law}


def test_a_moment_is_asked_for_at_sending() -> None:
    assert all(each.passed for each in asked(PERU, "email", FRIDAY, moment=utc(20, 12)))
    late = asked(PERU, "email", FRIDAY, moment=utc(21, 1))
    assert {each.reason for each in late} == {Reason.not_now_by_law}


def test_what_is_left_of_today_is_all_there_is() -> None:
    assert asked(PERU, "email", FRIDAY, not_before=utc(20, 20))[-1].window == (utc(20, 20), utc(21, 1))
    assert {each.passed for each in asked(PERU, "email", FRIDAY, not_before=utc(21, 1))} == {False}


def test_without_country_and_zone_nobody_is_written_to_unless_the_company_says_where_they_live() -> None:
    nowhere = Debtor("c")
    refused = asked(nowhere, "email", FRIDAY)
    assert {each.reason for each in refused} == {Reason.not_by_law}
    assert "country is not known" in refused[-1].saw
    company = CompanyRules(unknown_country="PE")
    assert asked(nowhere, "email", FRIDAY, company=company)[-1].window == (utc(20, 12), utc(21, 1))


@pytest.mark.parametrize(
    ("customer_type", "company", "is_allowed"),
    [
        (None, CompanyRules(), False),
        (None, CompanyRules(unknown_debtors="business"), True),
        ("Persona", CompanyRules(unknown_debtors="business", customer_types={"persona": "consumer"}), False),
        ("SA", CompanyRules(customer_types={"sa": "business"}), True),
    ],
)
def test_consent_is_asked_for_consumers_and_for_those_who_may_be(
    customer_type: str | None, company: CompanyRules, is_allowed: bool
) -> None:
    debtor = Debtor("c", "CO", "America/Bogota", customer_type)
    assert all(each.passed for each in asked(debtor, "email", FRIDAY, company=company)) == is_allowed


def test_debtors_alike_are_asked_once_and_those_with_a_history_each() -> None:
    rules = Lawful(rulebook(), CompanyRules(), {"b": (Event(utc(20, 13), Channel.email, Outcome.sent),)})
    chile = {name: Debtor(name, "CL", "America/Santiago") for name in "abc"}
    first = rules.allow(chile["a"], "email", FRIDAY)
    assert rules.allow(chile["c"], "email", FRIDAY) is first
    assert not all(each.passed for each in rules.allow(chile["b"], "email", FRIDAY))


def test_a_region_that_is_not_known_is_taken_the_strict_way_and_said() -> None:
    company = CompanyRules(regions={"c": "ES"}, default_regions={"US": "TX"})
    rules = Lawful(rulebook(company), company, {})

    def ask(customer: Customer) -> tuple[set[str], str]:
        answers = rules(customer, History(), "call", "+5511987654321", THURSDAY)
        return {each.rule.split()[0].split("_")[1] for each in answers if each.rule.startswith("br_")}, answers[-1].saw

    regions, said = ask(Customer("unknown", country_code="BR", timezone="America/Sao_Paulo"))
    assert {"sp", "rj", "es"} <= regions
    assert "no region is given: the rules of every region that has its own are kept to" in said
    regions, said = ask(Customer("c", country_code="BR", timezone="America/Sao_Paulo"))
    assert "es" in regions and not {"sp", "rj"} & regions
    assert "region" not in said
    assert "region" not in ask(Customer("d", country_code="US", timezone="America/Chicago"))[1]
