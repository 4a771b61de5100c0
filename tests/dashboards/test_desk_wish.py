"""The form of what a customer says of how to be reached: it tells before, and all of the page knows at once."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from support.customer_page import table_of
from support.desk_page import ALSO, action_id, day_of, field_of, publish_today, record, three_customers
from support.pages import OpenPage, said

from cartera import desk
from cartera.db import Role, transaction
from cartera.desk import day
from cartera.desk.model import Said
from dashboards.i18n import LOCALES, Words

ID, MOBILE, OTHER = "files:C-1", "+51987654321", "+51987654322"


@pytest.fixture(autouse=True)
def _reachable(database: str) -> None:
    publish_today(three_customers())
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update marts_a.dim_customers set email = 'a@example.com', phone = %s, country_code = 'PE',"
            " timezone = 'America/Lima' where customer_id = %s",
            (MOBILE, ID),
        )


def _form(open_page: OpenPage, channel: str = "", wants: str = "opted_out", lang: str = "EN") -> AppTest:
    app = open_page("worklist", customer=ID, do="wish", lang=lang)
    if wants != "opted_out":
        app = field_of(app, "said").set_value(wants).run()
    app = field_of(app, "channel").set_value(channel).run() if channel else app
    assert not app.exception
    return app


def _told(app: AppTest) -> str:
    return "\n".join([said(app), *(each.value for each in app.success)]).replace("\\", "")


def test_it_says_what_it_will_do_before_it_is_recorded(open_page: OpenPage) -> None:
    app = _form(open_page)
    assert "- WhatsApp · nothing said · +51987654321" in _told(app), "what is in force"
    assert "skipped from now on" not in _told(app), "nothing is said of a channel that nobody chose"
    for channel in ("call", "all"):
        assert "The customer is off the worklist." in _told(_form(open_page, channel))
    app = field_of(app, "channel").set_value("whatsapp").run()
    assert "No more by **WhatsApp**, to any address. What is planned by it is skipped" in _told(app)
    [known] = [each for each in app.button_group if str(each.key).startswith("suggested_")]
    app = known.set_value(MOBILE).run()
    assert f"No more by **WhatsApp** to {MOBILE}. What is planned for it is skipped from now on" in _told(app)
    assert "off the worklist" not in _told(app)
    app = field_of(_form(open_page, "sms", "authorised"), "to").set_value(OTHER).run()
    assert f"Authorised from now on: **SMS** to {OTHER}, which is used instead of any other." in _told(app)
    assert day.customer_file(ID).actions == ()


def test_recorded_once_the_page_knows_it_and_so_does_the_timeline(open_page: OpenPage) -> None:
    app = _form(open_page, "whatsapp")
    field_of(app, "to").set_value("987 654 321").run()
    app = field_of(app, "statement").set_value("my boss reads that").run()
    button = next(each for each in app.button if str(each.key).startswith("record_"))
    app = record(app)
    assert not app.exception and f"Recorded: no more by WhatsApp {MOBILE}." in _told(app)
    assert f"- WhatsApp · opted out · {MOBILE}" in _told(app), "what is in force now"
    [made] = day.customer_file(ID).wishes
    assert (made.channel, made.address, made.said, made.statement) == (
        "whatsapp", MOBILE, "opted_out", "my boss reads that",
    )  # fmt: skip
    assert not [each for each in app.button if each.key == button.key], "a second click finds no such button"
    page = open_page("customer", customer=ID, part="contacts")
    way = table_of(page, "next").set_index("channel").loc["WhatsApp"]
    assert (way["next"], way["said"]) == ("not by this channel", "opted out")
    assert "- **WhatsApp**: the customer opted out" in _told(page)
    [kept] = table_of(page, "recorded_by").to_dict("records")
    assert (kept["channel"], kept["address"].lstrip("'"), kept["said"], kept["reason"], kept["recorded_by"]) == (
        "WhatsApp", MOBILE, "opted out", "my boss reads that", "local",
    )  # fmt: skip
    for events in ("all", "messages"):
        rows = table_of(open_page("customer", customer=ID, events=events), "what")
        assert [(row["what"], row["detail"]) for row in rows.to_dict("records") if row["by"] == "local"] == [
            ("Opted out", f"WhatsApp {MOBILE} my boss reads that")
        ], "told once, with who and when"


def test_who_wants_no_calls_is_off_the_list_and_none_may_be_made(open_page: OpenPage) -> None:
    assert "chance of" in _told(open_page("worklist", customer=ID))
    app = record(_form(open_page, "all"))
    told = _told(app)
    assert "Left in peace: no calls wanted" in told and "May not be called: the customer opted out" in told
    page = open_page("customer", customer=ID, part="contacts")
    assert list(table_of(page, "recorded_by")["channel"]) == ["all channels"]


def _wish(number: int, said: Said, channel: str, address: str = "") -> None:
    desk.wish(ALSO, action_id(number), ID, channel=channel, said=said, address=address, statement="so be it")


def test_who_wanted_no_calls_and_authorised_a_number_is_back_on_the_list(open_page: OpenPage) -> None:
    _wish(1, "opted_out", "all")
    assert [(left.late["customer_id"], left.why) for left in day_of().left] == [(ID, "opted_out")]
    _wish(2, "authorised", "call", OTHER)
    [way] = [each for each in desk.ways(ALSO, ID) if each.channel == "call"]
    assert way.address == OTHER and ID in {task.key[0] for task in day_of().tasks}, "the list says what the panel does"
    assert "no calls wanted" not in _told(open_page("worklist", customer=ID))
    _wish(3, "opted_out", "call", OTHER)
    assert [(left.late["customer_id"], left.why) for left in day_of().left] == [(ID, "opted_out")]


def test_whose_only_number_was_refused_is_off_the_list(database: str) -> None:
    _wish(1, "opted_out", "whatsapp", MOBILE)
    assert not day_of().left, "another channel is another"
    _wish(2, "opted_out", "call", OTHER)
    assert not day_of().left, "there is one more to call"
    _wish(3, "opted_out", "call", MOBILE)
    assert [(left.late["customer_id"], left.why) for left in day_of().left] == [(ID, "opted_out")]


def test_another_window_records_the_same_form_once_with_what_was_typed(open_page: OpenPage) -> None:
    app = _form(open_page, "sms", "authorised")
    field_of(app, "to").set_value(OTHER).run()
    field_of(app, "statement").set_value("yes, by SMS").run()
    again = open_page("worklist", customer=ID, do="wish")
    kept = {name: field_of(again, name).value for name in ("said", "channel", "to", "statement")}
    assert kept == {"said": "authorised", "channel": "sms", "to": OTHER, "statement": "yes, by SMS"}
    again, app = record(again), record(app)
    assert not again.exception and not app.exception and len(day.customer_file(ID).wishes) == 1
    assert f"Recorded: SMS {OTHER} authorised." in _told(again)
    assert f"- SMS · authorised · {OTHER}" in _told(open_page("worklist", customer=ID, do="wish"))


def test_what_is_missing_or_wrong_is_told_in_words(open_page: OpenPage) -> None:
    app = record(_form(open_page))
    assert "No channel is chosen: choose one, or all of them" in _told(app)
    app = record(_form(open_page, "email", "authorised"))
    assert "“What the customer said” is empty" in _told(app), "who may be written to said so"
    field_of(app, "statement").set_value("yes").run()
    app = record(field_of(_form(open_page, "sms", lang="ES"), "to").set_value("12").run())
    assert "Ese no es un número de teléfono (SMS)" in _told(app)
    assert field_of(app, "to").value == "12", "what was typed is still there"
    assert day.customer_file(ID).actions == ()
    # one that was typed before all channels were chosen is not meant
    field_of(app, "channel").set_value("all")
    record(app)
    assert [each.address for each in day.customer_file(ID).wishes] == [None]


def test_an_authorisation_over_what_a_colleague_was_told_shows_both(open_page: OpenPage) -> None:
    app = _form(open_page, "sms", "authorised")
    app = field_of(app, "statement").set_value("yes").run()
    desk.wish(ALSO, action_id(1), ID, channel="sms", said="opted_out", statement="never again")
    app = record(app)
    told = _told(app)
    assert "Somebody else recorded" in told and "bea" in told and "How to be reached" in told
    assert "What the customer said: never again" in told and "What it wants: No more" in told
    assert "What it wants: Authorises" in told and "Channel: SMS" in told, "each in the reader's words"
    assert len(day.customer_file(ID).wishes) == 1
    app = next(button for button in app.button if str(button.key).startswith("again_")).click().run()
    assert [each.said for each in day.customer_file(ID).wishes] == ["authorised", "opted_out"]


@pytest.mark.parametrize("lang", LOCALES)
def test_it_speaks_the_language_of_the_page(open_page: OpenPage, lang: str) -> None:
    words = Words(lang)
    told = _told(_form(open_page, "whatsapp", lang=lang))
    assert words("desk.will_opted_out", channel="WhatsApp") in told and words("desk.wish_now") in told
    assert len({Words(each)("desk.will_opted_out", channel="WhatsApp") for each in LOCALES}) == len(LOCALES)
