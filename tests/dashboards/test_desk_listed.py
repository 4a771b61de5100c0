"""What the page of promises lists of the desk: whether there is more, and until when a promise can be withdrawn."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.pages import OpenPage, said
from support.serve_fixture import AS_OF, item, publish_items
from support.serve_promises import promised

from cartera import desk
from cartera.db import Role, transaction
from cartera.desk import Actor, journal
from dashboards.queries import desk as queries
from dashboards.queries.session import reading

ME = Actor.local("ana")
EVENING = dt.datetime(2026, 11, 30, 4, tzinfo=dt.UTC)
"""20:00 of the day before in Los Angeles, 13:00 in Tokyo."""


def _promise(customer_id: str, day: dt.date) -> desk.Promise:
    return desk.promise(ME, str(uuid.uuid4()), customer_id, "main", "PEN", Decimal(1), day)


def _id(number: int) -> str:
    return f"files:C-{number}"


def _publish(customers: int) -> None:
    publish_items([item(str(n), AS_OF, "500", customer_id=_id(n), customer_name=f"No. {n}") for n in range(customers)])


def test_lists_say_whether_there_is_more(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    _publish(3)
    promised("of the source", _id(0), "1", made=-5, promised=-4)
    monkeypatch.setattr(queries, "LISTED", 2)
    told = ("The newest 2 are listed", "The 2 with the soonest day", "The 2 that wait longest")
    for number in range(3):
        # on another day each: those that are listed are the soonest
        _promise(_id(number), queries.utc_now().date() + dt.timedelta(days=3 - number))
        desk.dispute(ME, str(uuid.uuid4()), _id(number), "main", "PEN", reason="precio")
        app = open_page("promises")
        assert not app.exception and not app.error, said(app)
        there = [text in said(app) for text in told]
        assert there == ([False] * 3, [True, False, False], [True] * 3)[number]
    to_come, contested = [frame.value for frame in app.dataframe if "note" in frame.value]
    assert list(to_come["customer_name"]) == ["No. 2", "No. 1"] and len(contested) == 2
    recent = next(frame.value for frame in app.dataframe if "acted_at" in frame.value)
    assert list(recent["what"]) == ["dispute", "promise"]


NAMES = {0: "Café 100% Sur", 1: "Andina_Norte", 2: "ANDINA Centro", 3: "Bodega 1000"}
FOUND = {
    "andina": {1, 2}, " Andina  centro ": {2}, "_": {1}, "0%": {0}, "%": {0}, "c-3": {3}, "FILES:C-": {0, 1, 2, 3},
    "café": {0}, "\\": set(), "nobody": set(), " ": {0, 1, 2, 3},
}  # fmt: skip


@pytest.fixture
def four_of_each(database: str) -> None:
    """A promise and a dispute of four customers, the newest of the last."""
    publish_items([item(str(n), AS_OF, "500", customer_id=_id(n), customer_name=name) for n, name in NAMES.items()])
    for number in NAMES:
        _promise(_id(number), queries.utc_now().date() + dt.timedelta(days=3 + number))
        desk.dispute(ME, str(uuid.uuid4()), _id(number), "main", "PEN", reason="precio")


@pytest.mark.parametrize("text", FOUND)
def test_lists_are_narrowed_to_a_name_or_an_id(four_of_each: None, text: str) -> None:
    with reading() as opened:
        for listed in (queries.promises_to_come, queries.open_disputes):
            assert set(listed(opened, ME, text)["customer_id"]) == {_id(number) for number in FOUND[text]}, listed


def _desk_lists(app: AppTest) -> list[list[str]]:
    return [list(frame.value["customer_name"]) for frame in app.dataframe if "note" in frame.value]


def _field(app: AppTest) -> Any:
    return next(field for field in app.text_input if str(field.key).startswith("find_at_desk"))


@pytest.mark.parametrize(
    ("lang", "capped", "nobody"),
    [
        ("EN", "name a customer above", "recorded here is of “nobody”"),
        ("ES", "indique arriba un cliente", "registrada aquí es de «nobody»"),
        ("PT", "informe um cliente acima", "registrada aqui é de “nobody”"),
    ],
)
def test_what_is_cut_off_is_found_by_naming_its_customer(
    open_page: OpenPage, four_of_each: None, monkeypatch: pytest.MonkeyPatch, lang: str, capped: str, nobody: str
) -> None:
    app = open_page("promises", lang=lang)
    assert not [field for field in app.text_input if "find" in str(field.key)], "all are listed"
    monkeypatch.setattr(queries, "LISTED", 2)
    app = open_page("promises", lang=lang)
    assert said(app).count(capped) == 2
    to_come, contested = _desk_lists(app)
    assert NAMES[3] not in to_come and len(to_come) == len(contested) == 2
    app = _field(app).set_value("bodega").run()
    assert not app.exception and _desk_lists(app) == [[NAMES[3]], [NAMES[3]]] and capped not in said(app)
    assert app.query_params["find"] == "bodega", "kept, and known to who erases a customer"
    app = open_page("promises", lang=lang, find="bodega")
    assert _field(app).value == "bodega" and _desk_lists(app) == [[NAMES[3]], [NAMES[3]]]
    app = _field(app).set_value("nobody").run()
    assert nobody in said(app) and not _desk_lists(app), "and the field is still there"
    app = _field(app).set_value("").run()
    assert len(_desk_lists(app)) == 2 and "find" not in app.query_params


def test_a_promise_is_listed_until_its_day_is_over_where_the_customer_is(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """So long it can be withdrawn; those whose day is over stand in nobody's way."""
    _publish(4)
    zones = {_id(0): "America/Los_Angeles", _id(1): "Asia/Tokyo", _id(2): None, _id(3): "America/Los_Angeles"}
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        for customer_id, zone in zones.items():
            cursor.execute("update marts_a.dim_customers set timezone = %s where customer_id = %s", (zone, customer_id))
    monkeypatch.setattr(journal, "utc_now", lambda: EVENING - dt.timedelta(days=1))
    for customer_id in zones:
        _promise(customer_id, dt.date(2026, 11, 29))
    monkeypatch.setattr(journal, "utc_now", lambda: EVENING)
    monkeypatch.setattr(queries, "utc_now", lambda: EVENING)
    for most in (200, 1):
        monkeypatch.setattr(queries, "LISTED", most)
        with reading() as opened:
            rows = queries.promises_to_come(opened, ME)
        assert set(rows["customer_id"]) == {_id(0), _id(3)}, "one more than is listed"
    row = rows[rows["customer_id"] == _id(0)].iloc[0].to_dict()
    queries.cancel_promise(ME, str(uuid.uuid4()), row, "by phone")
    with reading() as opened:
        assert list(queries.promises_to_come(opened, ME)["customer_id"]) == [_id(3)]
