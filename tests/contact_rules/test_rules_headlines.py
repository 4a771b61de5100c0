"""The headline rules of each pack, one by one, as the facts state them."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cartera.contact_rules import (
    Channel,
    Event,
    Hold,
    HoldKind,
    Outcome,
    Place,
    Question,
    Recipient,
    Standing,
    Verdict,
    product_rulebook,
)

MAIN = {
    "CO": "America/Bogota", "PE": "America/Lima", "CL": "America/Santiago", "MX": "America/Mexico_City",
    "AR": "America/Argentina/Buenos_Aires", "UY": "America/Montevideo", "EC": "America/Guayaquil",
    "CR": "America/Costa_Rica", "GT": "America/Guatemala", "BR": "America/Sao_Paulo", "ES": "Europe/Madrid",
    "GB": "Europe/London", "US": "America/New_York", "DE": "Europe/Berlin",
}  # fmt: skip
ALL = frozenset(Channel)


def local(country: str, text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(MAIN[country]))


def question(country: str, channel: str, text: str, **more: Any) -> Question:
    """A consumer who has authorised every channel and lives in the country's main time zone."""
    settled = {"is_business": False, "authorised": ALL, "timezone": MAIN[country]} | more
    return Question(local(country, text), Channel(channel), country, **settled)


def ask(country: str, channel: str, text: str, **more: Any) -> Verdict:
    return product_rulebook().check(question(country, channel, text, **more))


def said_no(country: str, channel: str, text: str, **more: Any) -> set[str]:
    return {answer.rule.id for answer in ask(country, channel, text, **more).refusals}


def event(country: str, channel: str, text: str, outcome: str = "answered", **more: Any) -> Event:
    return Event(local(country, text), Channel(channel), Outcome(outcome), **more)


# 2026-11-20 is a Friday, 21 a Saturday, 22 a Sunday
HOURS = [
    # country, region, channel, day, first minute that is allowed, first that is not, rule
    ("CO", None, "sms", "2026-11-20", "07:00", "19:00", "co_hours"),
    ("CO", None, "email", "2026-11-21", "08:00", "15:00", "co_hours"),
    ("PE", None, "call", "2026-11-20", "07:00", "20:00", "pe_hours"),
    ("PE", None, "sms", "2026-11-20", "07:00", "20:00", "pe_message_hours"),
    ("CL", None, "call", "2026-11-20", "08:00", "20:00", "cl_hours"),
    ("CL", None, "voice", "2026-11-21", "08:00", "20:00", "cl_hours"),
    ("CL", None, "sms", "2026-11-22", "07:00", "22:00", "general_quiet_hours"),
    ("MX", None, "call", "2026-11-22", "07:00", "22:00", "mx_hours"),
    ("AR", "X", "call", "2026-11-20", "08:00", "20:00", "ar_hours"),
    ("AR", "C", "sms", "2026-11-21", "10:00", "12:00", "ar_c_hours"),
    ("UY", None, "email", "2026-11-21", "09:00", "13:00", "uy_hours"),
    ("EC", None, "whatsapp", "2026-11-20", "07:00", "20:00", "ec_hours"),
    ("CR", None, "call", "2026-11-21", "08:00", "12:00", "cr_hours"),
    ("GT", None, "call", "2026-11-20", "08:00", "18:00", "gt_hours"),
    ("BR", "PR", "email", "2026-11-21", "09:00", "13:00", "br_hours"),
    ("BR", "SP", "call", "2026-11-19", "09:00", "19:00", "br_hours"),
    ("BR", "RJ", "call", "2026-11-19", "09:00", "19:00", "br_rj_hours"),
    ("ES", None, "call", "2026-11-20", "09:00", "21:00", "es_hours"),
    ("GB", None, "call", "2026-11-21", "09:00", "17:00", "uk_hours"),
    ("US", "TX", "sms", "2026-11-22", "08:00", "21:00", "us_hours"),
    ("US", "MA", "call", "2026-11-22", "08:00", "21:00", "us_ma_hours"),
    ("US", "DC", "call", "2026-11-21", "08:00", "21:00", "us_dc_hours"),
    ("DE", None, "email", "2026-11-20", "09:00", "18:00", "unknown_hours"),
]


@pytest.mark.parametrize(("country", "region", "channel", "day", "opens", "closes", "rule"), HOURS)
def test_hours_open_and_close_to_the_minute(
    country: str, region: str | None, channel: str, day: str, opens: str, closes: str, rule: str
) -> None:
    first = local(country, f"{day}T{opens}")
    last = local(country, f"{day}T{closes}")
    at = [first - dt.timedelta(minutes=1), first, last - dt.timedelta(seconds=1), last]
    answers = [
        product_rulebook().check(
            Question(moment, Channel(channel), country, region, MAIN[country], False, authorised=ALL)
        )
        for moment in at
    ]
    assert [answer.is_allowed for answer in answers] == [False, True, True, False]
    for refused in (answers[0], answers[3]):
        assert rule in {answer.rule.id for answer in refused.refusals}
        assert refused.reason == "hours"


@pytest.mark.parametrize(
    ("country", "region", "channel", "rule"),
    [
        ("CO", None, "email", "co_hours"),
        ("PE", None, "call", "pe_hours"),
        ("CL", None, "call", "cl_hours"),
        ("AR", "C", "sms", "ar_c_hours"),
        ("EC", None, "sms", "ec_hours"),
        ("GT", None, "email", "gt_business_days"),
        ("BR", "SP", "call", "br_sp_hours"),
        ("BR", "RJ", "call", "br_rj_hours"),
        ("BR", "ES", "voice", "br_es_hours"),
        ("BR", "AM", "call", "br_am_hours"),
        ("BR", "AL", "sms", "br_al_hours"),
        ("ES", None, "call", "es_hours"),
        ("GB", None, "email", "uk_hours"),
    ],
)
def test_nothing_on_sundays_and_on_christmas_which_is_a_friday(
    country: str, region: str | None, channel: str, rule: str
) -> None:
    assert rule in said_no(country, channel, "2026-11-22T10:00", region=region)
    assert rule in said_no(country, channel, "2026-12-25T10:00", region=region)


def test_peru_no_calls_on_saturdays_nor_on_holidays() -> None:
    assert said_no("PE", "call", "2026-11-21T10:00") == {"pe_hours"}
    assert said_no("PE", "call", "2026-07-28T10:00") == {"pe_hours"}
    answer = ask("PE", "call", "2026-07-28T10:00").refusals[0]
    assert "Independ" in answer.saw
    assert answer.rule.standing is Standing.law
    assert answer.rule.sources[0].title.startswith("Ley 29571")


def test_colombia_has_moveable_holidays() -> None:
    # All Saints of 2026 is a Sunday: its holiday is Monday, 2 November
    assert "co_hours" in said_no("CO", "email", "2026-11-02T10:00")
    assert said_no("CO", "email", "2026-11-03T10:00") == set()


def test_colombia_one_contact_a_day_and_one_channel_a_week() -> None:
    monday = event("CO", "sms", "2026-11-23T09:00", "delivered")
    assert said_no("CO", "sms", "2026-11-23T18:00", history=(monday,)) == {"co_one_a_day"}
    assert said_no("CO", "sms", "2026-11-24T08:00", history=(monday,)) == set()
    assert said_no("CO", "email", "2026-11-28T08:00", history=(monday,)) == {"co_one_channel_a_week"}
    assert said_no("CO", "email", "2026-11-30T08:00", history=(monday,)) == set()


def test_colombia_an_unanswered_call_or_a_bounce_is_no_contact() -> None:
    tried = (event("CO", "call", "2026-11-24T09:00", "no_answer"), event("CO", "email", "2026-11-24T08:00", "failed"))
    assert said_no("CO", "sms", "2026-11-24T18:00", history=tried) == set()
    maybe = (event("CO", "call", "2026-11-24T09:00", "unknown"),)
    assert said_no("CO", "sms", "2026-11-24T18:00", history=maybe) == {"co_one_a_day", "co_one_channel_a_week"}


def test_colombia_only_authorised_channels_and_no_references_and_no_visits() -> None:
    assert said_no("CO", "sms", "2026-11-24T10:00", authorised=frozenset({Channel.email})) == {"co_authorised_channels"}
    assert said_no("CO", "sms", "2026-11-24T10:00", authorised=None) == {"co_authorised_channels"}
    assert "co_no_references" in said_no("CO", "call", "2026-11-24T10:00", recipient=Recipient.reference)
    assert said_no("CO", "call", "2026-11-24T10:00", recipient=Recipient.guarantor) == set()
    assert said_no("CO", "visit", "2026-11-24T10:00") == {"co_no_visits"}


def test_chile_one_call_or_visit_a_week() -> None:
    call = event("CL", "call", "2026-11-20T10:00")
    assert said_no("CL", "visit", "2026-11-26T19:59", history=(call,)) == {"cl_one_call_a_week"}
    assert said_no("CL", "call", "2026-11-27T08:00", history=(call,)) == set()
    assert said_no("CL", "sms", "2026-11-20T11:00", history=(call,)) == set()


def test_chile_two_messages_a_week_two_days_apart() -> None:
    first = event("CL", "sms", "2026-11-23T10:00", "delivered")
    assert said_no("CL", "email", "2026-11-25T09:59", history=(first,)) == {"cl_messages_apart"}
    assert said_no("CL", "email", "2026-11-25T10:00", history=(first,)) == set()
    second = event("CL", "email", "2026-11-25T10:00", "sent")
    assert said_no("CL", "whatsapp", "2026-11-28T10:00", history=(first, second)) == {"cl_two_messages_a_week"}
    assert said_no("CL", "whatsapp", "2026-11-30T10:00", history=(first, second)) == set()


def test_chile_stops_on_a_suit_or_an_insolvency() -> None:
    for kind in (HoldKind.litigation, HoldKind.insolvency):
        verdict = ask("CL", "email", "2026-11-24T10:00", holds=(Hold(kind, dt.date(2026, 11, 1)),))
        assert verdict.reason == "hold"
        assert verdict.refusals[0].rule.id == "cl_stop"


def test_chile_hours_bind_calls_and_in_strict_mode_messages_too() -> None:
    assert said_no("CL", "call", "2026-11-22T10:00") == {"cl_hours"}
    assert said_no("CL", "sms", "2026-11-22T10:00") == set()
    assert said_no("CL", "sms", "2026-11-22T10:00", is_strict=True) == {"cl_message_hours"}


def test_mexico_seven_to_ten_in_the_debtors_own_zone() -> None:
    at = dt.datetime(2026, 11, 20, 21, 30, tzinfo=ZoneInfo("America/Cancun"))
    book = product_rulebook()
    for zone, is_allowed in (("America/Cancun", True), ("America/Tijuana", True), ("Europe/Madrid", False)):
        assert book.check(Question(at, Channel.call, "MX", None, zone, False)).is_allowed == is_allowed
    early = dt.datetime(2026, 11, 20, 7, 30, tzinfo=ZoneInfo("America/Cancun"))
    assert not book.check(Question(early, Channel.call, "MX", None, "America/Tijuana", False)).is_allowed
    # no zone: it must be seven in Tijuana and not yet ten in Cancun
    assert not book.check(Question(early, Channel.call, "MX", None, None, False)).is_allowed
    assert "mx_strict_hours" in said_no("MX", "call", "2026-11-22T10:00", is_strict=True)


def test_ecuador_one_a_day_whatever_the_means_tries_counted() -> None:
    tried = event("EC", "call", "2026-11-24T09:00", "no_answer")
    assert said_no("EC", "sms", "2026-11-24T15:00", history=(tried,)) == {"ec_one_a_day"}
    assert said_no("EC", "sms", "2026-11-25T07:00", history=(tried,)) == set()


def test_costa_rica_and_guatemala_keep_to_unverified_numbers_as_cautions() -> None:
    day = [event("CR", "email", f"2026-11-24T{hour:02}:00", "delivered") for hour in (9, 10, 11)]
    verdict = ask("CR", "email", "2026-11-24T15:00", history=tuple(day))
    assert [(each.rule.id, each.rule.standing) for each in verdict.refusals] == [("cr_three_a_day", Standing.caution)]
    week = [
        event("CR", "email", f"2026-11-{day:02}T09:{n:02}", "delivered") for day in (18, 19, 20, 23) for n in range(3)
    ]
    assert said_no("CR", "email", "2026-11-24T15:00", history=tuple(week[:10])) == {"cr_ten_a_week"}
    two = (event("GT", "sms", "2026-11-24T09:00", "delivered"), event("GT", "call", "2026-11-24T10:00"))
    assert said_no("GT", "email", "2026-11-24T11:00", history=two) == {"gt_two_a_day"}
    assert said_no("GT", "email", "2026-11-24T11:00", history=two[:1]) == set()


def test_buenos_aires_city_only_the_debtor_and_never_at_work() -> None:
    assert said_no("AR", "call", "2026-11-24T10:00", region="C", place=Place.work) == {"ar_c_work"}
    assert said_no("AR", "call", "2026-11-24T10:00", region="CABA", recipient=Recipient.guarantor) == {"ar_c_others"}
    assert said_no("AR", "call", "2026-11-24T10:00", region="X", recipient=Recipient.guarantor) == set()


def test_sao_paulo_limits_calls_and_alagoas_sms_too() -> None:
    assert said_no("BR", "call", "2026-11-21T13:30", region="SP") == {"br_hours"}
    assert "br_sp_hours" in said_no("BR", "call", "2026-11-21T14:00", region="São Paulo")
    assert "br_sp_hours" not in said_no("BR", "sms", "2026-11-21T14:00", region="SP")
    assert "br_al_hours" in said_no("BR", "sms", "2026-11-21T14:00", region="BR-AL", timezone="America/Maceio")


def test_brazil_without_a_state_keeps_to_every_states_rules_as_cautions() -> None:
    verdict = ask("BR", "call", "2026-11-21T10:00")
    assert {each.rule.id for each in verdict.refusals} == {"br_rj_hours", "br_es_hours", "br_am_hours"}
    assert all(each.rule.standing is not Standing.law for each in verdict.answers if each.rule.pack_id == "BR-SP")
    assert any("BR-RJ" in note for note in verdict.notes)
    assert said_no("BR", "call", "2026-11-21T10:00", region="PR") == set()


def test_us_seven_calls_in_seven_days_per_debt() -> None:
    calls = tuple(
        event("US", "call", f"2026-11-{day}T10:00", "no_answer", debts=frozenset({"a"})) for day in range(16, 23)
    )
    about = {"region": "TX", "history": calls}
    assert said_no("US", "call", "2026-11-22T15:00", debts=frozenset({"a"}), **about) == {"us_seven_in_seven"}
    assert said_no("US", "call", "2026-11-22T15:00", debts=frozenset({"b"}), **about) == set()
    assert said_no("US", "call", "2026-11-22T15:00", **about) == {"us_seven_in_seven"}
    assert said_no("US", "sms", "2026-11-22T15:00", debts=frozenset({"a"}), **about) == set()
    assert said_no("US", "call", "2026-11-23T08:00", debts=frozenset({"a"}), **about) == set()


def test_us_seven_days_of_silence_after_a_conversation_whoever_called() -> None:
    talk = event("US", "call", "2026-11-16T10:00", is_inbound=True, debts=frozenset({"a"}))
    about = {"region": "TX", "history": (talk,)}
    assert said_no("US", "call", "2026-11-22T20:00", debts=frozenset({"a"}), **about) == {"us_after_conversation"}
    assert said_no("US", "call", "2026-11-23T08:00", debts=frozenset({"a"}), **about) == set()
    assert said_no("US", "call", "2026-11-22T20:00", debts=frozenset({"b"}), **about) == set()


def test_us_attorney_cease_and_opt_out() -> None:
    assert ask("US", "call", "2026-11-20T10:00", region="TX", holds=(Hold(HoldKind.attorney),)).reason == "hold"
    assert "us_cease" in said_no("US", "sms", "2026-11-20T10:00", region="TX", holds=(Hold(HoldKind.cease_request),))
    out = frozenset({Channel.sms})
    assert "us_opt_out" in said_no("US", "sms", "2026-11-20T10:00", region="TX", opted_out=out)
    assert said_no("US", "email", "2026-11-20T10:00", region="TX", opted_out=out) == set()


def test_us_without_a_zone_it_must_be_day_in_hawaii_and_in_new_york() -> None:
    book = product_rulebook()
    for hour, is_allowed in ((8, False), (12, False), (13, True), (20, True), (21, False)):
        at = local("US", f"2026-11-20T{hour:02}:00")
        assert book.check(Question(at, Channel.email, "US", "TX")).is_allowed == is_allowed, hour


def test_massachusetts_and_dc_have_their_own_numbers() -> None:
    two = tuple(event("US", "call", f"2026-11-{day}T10:00", "no_answer") for day in (18, 19))
    assert said_no("US", "call", "2026-11-20T10:00", region="MA", history=two) == {"us_ma_two_in_seven"}
    assert said_no("US", "call", "2026-11-25T10:00", region="MA", history=two) == set()
    at_work = tuple(event("US", "call", f"2026-11-{day:02}T10:00", "no_answer", place=Place.work) for day in (2, 3))
    assert said_no("US", "call", "2026-11-20T10:00", region="MA", history=at_work, place=Place.work) == {
        "us_ma_two_in_thirty"
    }
    assert said_no("US", "call", "2026-11-20T10:00", region="DC", history=two) == set()
    third = (*two, event("US", "voice", "2026-11-20T09:00", "no_answer", debts=frozenset({"z"})))
    assert said_no("US", "call", "2026-11-20T10:00", region="DC", history=third) == {"us_dc_three_in_seven"}


def test_uk_breathing_space_lasts_sixty_days() -> None:
    hold = (Hold(HoldKind.breathing_space, dt.date(2026, 10, 1)),)
    verdict = ask("GB", "email", "2026-11-27T10:00", holds=hold)
    assert [each.rule.id for each in verdict.refusals] == ["uk_breathing_space"]
    assert "until 2026-11-29" in verdict.refusals[0].saw
    assert said_no("GB", "email", "2026-11-30T10:00", holds=hold) == set()
    assert product_rulebook().next_allowed(question("GB", "email", "2026-11-27T10:00", holds=hold)) == local(
        "GB", "2026-11-30T08:00"
    )


def test_uk_mental_health_crisis_has_no_end_of_its_own() -> None:
    hold = (Hold(HoldKind.mental_health_crisis, dt.date(2025, 1, 1)),)
    assert said_no("GB", "email", "2026-11-27T10:00", holds=hold) == {"uk_mental_health"}
    assert product_rulebook().next_allowed(question("GB", "email", "2026-11-27T10:00", holds=hold)) is None


def test_a_hold_comes_before_everything() -> None:
    verdict = ask("CO", "sms", "2026-11-22T03:00", holds=(Hold(HoldKind.deceased),), authorised=None)
    assert verdict.reason == "hold"
    assert {"hours", "authorisation"} <= {answer.rule.kind for answer in verdict.refusals}


def test_a_disputed_debt_is_left_alone_and_another_is_not() -> None:
    hold = (Hold(HoldKind.dispute, debt="a"),)
    assert "general_hold" in said_no("CO", "sms", "2026-11-24T10:00", holds=hold, debts=frozenset({"a"}))
    assert said_no("CO", "sms", "2026-11-24T10:00", holds=hold, debts=frozenset({"b"})) == set()
    assert "general_hold" in said_no("CO", "sms", "2026-11-24T10:00", holds=hold)


def test_whatsapp_needs_an_opt_in_everywhere() -> None:
    assert said_no("PE", "whatsapp", "2026-11-24T10:00", authorised=None) == {"whatsapp_opt_in"}
    answer = ask("PE", "whatsapp", "2026-11-24T10:00", authorised=None).refusals[0]
    assert answer.rule.standing is Standing.platform
    assert said_no("PE", "sms", "2026-11-24T10:00", authorised=None) == set()


def test_hours_of_a_company_that_owes_are_no_law_where_the_law_is_for_consumers() -> None:
    for country, standing in (("US", Standing.default), ("MX", Standing.default), ("CO", Standing.caution)):
        verdict = ask(country, "call", "2026-11-20T23:30", region="TX", is_business=True)
        hours = [each for each in verdict.refusals if each.rule.pack_id == country]
        assert [each.rule.standing for each in hours] == [standing]
    calls = tuple(event("US", "call", f"2026-11-{day}T10:00") for day in range(16, 23))
    assert said_no("US", "call", "2026-11-22T15:00", region="TX", history=calls, is_business=True) == set()
    assert said_no("US", "call", "2026-11-22T15:00", region="TX", history=calls, is_business=None) != set()


def test_an_unknown_residence_is_never_safe_and_says_why() -> None:
    book = product_rulebook()
    at = local("PE", "2026-11-24T10:00")
    verdict = book.check(Question(at, Channel.email))
    assert verdict.reason == "time_zone"
    assert any("country is not known" in note for note in verdict.notes)
    assert book.next_allowed(Question(at, Channel.email)) is None
    in_lima = book.check(Question(at, Channel.email, timezone="America/Lima"))
    assert in_lima.is_allowed
    assert any("no law" in note for note in in_lima.notes)


def test_a_country_without_a_pack_has_the_strict_default_and_its_own_holidays() -> None:
    assert said_no("DE", "email", "2026-11-21T10:00") == {"unknown_hours"}
    assert said_no("DE", "email", "2026-10-03T10:00") == {"unknown_hours"}
    assert said_no("DE", "email", "2027-05-06T10:00") == {"unknown_hours"}  # Ascension, a Thursday
    assert any("no pack of rules for DE" in note for note in ask("DE", "email", "2026-11-20T10:00").notes)
